"""Fixtures of the tracker's tests: X servers of their own."""

from __future__ import annotations

from tests.capture.xserver import xserver, xservers

__all__ = ["xserver", "xservers"]
