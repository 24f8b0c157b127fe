"""Fixtures of the tracker's tests: X servers of their own, and a data folder of their own, with the locks in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capture.xserver import xserver, xservers

__all__ = ["xserver", "xservers"]


@pytest.fixture(autouse=True)
def _data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
