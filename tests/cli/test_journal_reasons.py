"""What a diary refuses is said in words, with the facts that it has."""

from __future__ import annotations

import pytest

from tests.support import slots
from workdiary.explain import reason_words
from workdiary.model.times import instant
from workdiary.model.verdict import Reason, ReasonCode

LOCK = instant("2026-11-23T12:00Z")


@pytest.mark.parametrize(
    ("code", "facts", "words"),
    [
        (ReasonCode.ROLE_NOT_PERMITTED, {"role": "stranger"}, "The stranger may not do that here."),
        (
            ReasonCode.ROLE_NOT_PERMITTED,
            {"role": "client", "action": "add_time"},
            "The client may not add time here.",
        ),
        (
            ReasonCode.OUTSIDE_CONTRACT,
            {"closes_at": LOCK},
            "Time is recorded after Monday 23 November 2026, 12:00 UTC, where the contract would end.",
        ),
        (
            ReasonCode.IN_THE_FUTURE,
            {"at": instant("2026-11-18T09:00Z"), "made_at": instant("2026-11-18T09:06Z")},
            "It lies in the future: it was made at Wednesday 18 November 2026, 09:06 UTC, "
            "and now it is Wednesday 18 November 2026, 09:00 UTC.",
        ),
        (ReasonCode.WEEK_LOCKED, {}, "The week is closed."),
        (
            ReasonCode.WEEK_LOCKED,
            {"locks_at": LOCK},
            "The week has been locked since Monday 23 November 2026, 12:00 UTC.",
        ),
        (
            ReasonCode.WEEK_LOCKED,
            {"since": instant("2026-11-09T00:00Z"), "locks_at": instant("2026-11-16T00:00Z")},
            "Monday 9 November 2026, 00:00 UTC is in time that has been locked or invoiced; "
            "a change may hold from Monday 16 November 2026, 00:00 UTC on.",
        ),
        (
            ReasonCode.WEEK_NOT_LOCKED,
            {"locks_at": LOCK},
            "The week can still be edited, until Monday 23 November 2026, 12:00 UTC; it is billed after that.",
        ),
        (ReasonCode.WEEK_NOT_CLOSED, {}, "The week is not closed yet, so there is no bill."),
        (ReasonCode.ALREADY_RESOLVED, {}, "That is settled already; nobody pays, or is refunded, twice."),
        (
            ReasonCode.ALREADY_RESOLVED,
            {"ended_by": "end\n8e1f"},
            "That session has ended already, with the entry “end 8e1f”.",
        ),
        (ReasonCode.UNKNOWN_SESSION, {"session": "8e1f"}, "No session with the id “8e1f” has begun in this diary."),
        (
            ReasonCode.WRONG_SECRET,
            {"session": "8e1f"},
            "The secret is not the one that the session “8e1f” has committed to.",
        ),
        (
            ReasonCode.ENDED_BEFORE_START,
            {"session": "8e1f", "began": LOCK, "ended": "9:00"},
            "The session “8e1f” began at Monday 23 November 2026, 12:00 UTC, and cannot have ended at 9:00.",
        ),
    ],
)
def test_a_reason_is_said_with_the_facts_that_it_has(code: ReasonCode, facts: dict[str, object], words: str) -> None:
    assert reason_words(Reason(code=code, slots=slots(0), facts=tuple(facts.items()))) == words
