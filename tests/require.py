"""What a test does when the machine lacks something: skip with the reason, or fail where all is required."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

__all__ = ["REQUIRE_ALL", "skip_or_fail"]

REQUIRE_ALL = os.environ.get("WORKDIARY_REQUIRE") == "all"
"""Whether every test must run: set ``WORKDIARY_REQUIRE=all`` where nothing may be missing."""


def skip_or_fail(reason: str) -> NoReturn:
    """Skip the running test for `reason`; fail it under ``WORKDIARY_REQUIRE=all``."""
    if REQUIRE_ALL:
        pytest.fail(f"required by WORKDIARY_REQUIRE=all, but {reason}", pytrace=False)
    pytest.skip(reason)
