"""The width of a page that no terminal tells; without rich, which plain lines do not need."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["PAGE", "page_width"]

PAGE: Final = 100
"""The width of a page where none is known, as when the output is a file."""


def page_width() -> int:
    """Return the width of a page that is no terminal: that of the variable COLUMNS where it is set, else `PAGE`."""
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and len(columns) < 6 and int(columns) > 0 else PAGE
