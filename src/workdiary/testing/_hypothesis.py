"""Hypothesis: its settings, state machines and strategies, or the error that names the extra to install."""

from __future__ import annotations

from workdiary.errors import MissingExtra

try:
    from hypothesis import HealthCheck, settings, stateful
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra(
        "workdiary.testing", "hypothesis", "is not installed", "run: pip install workdiary[testing]"
    ) from None

__all__ = ["HealthCheck", "settings", "st", "stateful"]
