"""What the tests of the tracker need: where all is required, none of it may be missing in silence."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

import pytest

from tests.require import skip_or_fail


@pytest.mark.parametrize("module", ["PIL", "Xlib", "mss", "psutil", "pynput", "textual"])
def test_the_package_is_installed(module: str) -> None:
    if find_spec(module) is None:
        skip_or_fail(f"{module} is not installed")


@pytest.mark.parametrize("program", ["Xvfb", "xdotool", "xsetroot", "xrandr"])
def test_the_program_is_installed(program: str) -> None:
    if shutil.which(program) is None:
        skip_or_fail(f"{program} is not installed")
