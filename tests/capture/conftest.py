"""Fixtures of the tracker's tests: X servers of their own, and a folder of their own for what lives while one runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capture.xserver import xserver, xservers

__all__ = ["xserver", "xservers"]


@pytest.fixture(autouse=True)
def _runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
