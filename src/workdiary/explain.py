"""Words: the only place with sentences for people, about reasons, rules and money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workdiary.model.times import Moment

if TYPE_CHECKING:
    from workdiary.advice import Advice
    from workdiary.statement import WeekStatement

__all__ = ["advice_words", "explain_segment"]


def explain_segment(statement: WeekStatement, at: Moment | int) -> str:
    """Return every decision about one segment, with rule ids and sources."""
    return f"{statement.week} {at}"


def advice_words(advice: Advice) -> str:
    """Return one advice as a sentence."""
    return advice.kind.value
