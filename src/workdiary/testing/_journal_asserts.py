"""pytest, or the error that says how to get it; and its explanations of failed asserts for the suite's parts.

Only what is imported after this is explained.
"""

from __future__ import annotations

import sys

from workdiary.errors import MissingExtra

try:
    import pytest
except ImportError:
    raise MissingExtra("workdiary.testing.journal", "pytest", "is not installed", "run: pip install pytest") from None

__all__ = ["pytest"]

_PARTS = tuple(
    f"workdiary.testing._journal_{part}"
    for part in ("bench", "chain", "keeping", "lasting", "quarantine", "racing", "reading", "undoing")
)

pytest.register_assert_rewrite(*(part for part in _PARTS if part not in sys.modules))
