"""`Verdict` and `Reason`: decisions as values. Sentences about them are made in `workdiary.explain`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NoReturn

import attrs

from workdiary.errors import Refused
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import Instant

__all__ = ["Reason", "ReasonCode", "Verdict"]


class ReasonCode(Enum):
    """Every reason that a rule can give, in the rulebook's order within each group."""

    # A change is refused (EDIT-5, UPLOAD-1).
    ROLE_NOT_PERMITTED = "role_not_permitted"
    CONTRACT_NOT_ACTIVE = "contract_not_active"
    OUTSIDE_CONTRACT = "outside_contract"
    WEEK_LOCKED = "week_locked"
    IN_THE_FUTURE = "in_the_future"
    MANUAL_TIME_NOT_ALLOWED = "manual_time_not_allowed"
    MEMO_REQUIRED = "memo_required"
    UNKNOWN_LABEL = "unknown_label"
    SLOT_TAKEN = "slot_taken"
    NOTHING_THERE = "nothing_there"
    # A segment is not protected (PROTECT).
    MANUAL_TIME = "manual_time"
    OVER_LIMIT = "over_limit"
    NO_SNAPSHOT = "no_snapshot"
    ACTIVITY_UNKNOWN = "activity_unknown"
    NO_ACTIVITY = "no_activity"
    LOW_ACTIVITY = "low_activity"
    MISSING_MEMO = "missing_memo"
    MISSING_LABEL = "missing_label"
    BILLING_NOT_VERIFIED = "billing_not_verified"
    NOT_IN_GOOD_STANDING = "not_in_good_standing"
    IDENTITY_NOT_VERIFIED = "identity_not_verified"
    LOW_AVERAGE_ACTIVITY = "low_average_activity"
    LIFETIME_CAP = "lifetime_cap"
    # A dispute is refused (DISPUTE-1).
    REVIEW_NOT_OPEN = "review_not_open"
    REVIEW_CLOSED = "review_closed"
    # A week cannot be closed, disputed or claimed for in a diary.
    WEEK_NOT_LOCKED = "week_not_locked"
    WEEK_NOT_CLOSED = "week_not_closed"
    ALREADY_RESOLVED = "already_resolved"
    # A session of the tracker cannot be ended in a diary.
    UNKNOWN_SESSION = "unknown_session"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a code, no secret
    ENDED_BEFORE_START = "ended_before_start"

    @property
    def rule(self) -> str:
        """The id of the rule that gives this reason."""
        return _RULES[self]


_RULES: Mapping[ReasonCode, str] = {
    ReasonCode.ROLE_NOT_PERMITTED: "EDIT-1",
    ReasonCode.CONTRACT_NOT_ACTIVE: "EDIT-2",
    ReasonCode.OUTSIDE_CONTRACT: "EDIT-5",
    ReasonCode.WEEK_LOCKED: "EDIT-3",
    ReasonCode.IN_THE_FUTURE: "MANUAL-2",
    ReasonCode.MANUAL_TIME_NOT_ALLOWED: "MANUAL-1",
    ReasonCode.MEMO_REQUIRED: "EDIT-5",
    ReasonCode.UNKNOWN_LABEL: "EDIT-6",
    ReasonCode.SLOT_TAKEN: "MANUAL-3",
    ReasonCode.NOTHING_THERE: "EDIT-5",
    ReasonCode.MANUAL_TIME: "MANUAL-1",
    ReasonCode.OVER_LIMIT: "LIMIT-1",
    ReasonCode.NO_SNAPSHOT: "PROTECT-1",
    ReasonCode.ACTIVITY_UNKNOWN: "PROTECT-2",
    ReasonCode.NO_ACTIVITY: "PROTECT-2",
    ReasonCode.LOW_ACTIVITY: "PROTECT-2",
    ReasonCode.MISSING_MEMO: "PROTECT-4",
    ReasonCode.MISSING_LABEL: "PROTECT-4",
    ReasonCode.BILLING_NOT_VERIFIED: "PROTECT-5",
    ReasonCode.NOT_IN_GOOD_STANDING: "PROTECT-5",
    ReasonCode.IDENTITY_NOT_VERIFIED: "PROTECT-5",
    ReasonCode.LOW_AVERAGE_ACTIVITY: "PROTECT-3",
    ReasonCode.LIFETIME_CAP: "PROTECT-7",
    ReasonCode.REVIEW_NOT_OPEN: "DISPUTE-1",
    ReasonCode.REVIEW_CLOSED: "DISPUTE-1",
    ReasonCode.WEEK_NOT_LOCKED: "EDIT-3",
    ReasonCode.WEEK_NOT_CLOSED: "CALENDAR",
    ReasonCode.ALREADY_RESOLVED: "CLAIM-1",
    ReasonCode.UNKNOWN_SESSION: "CAPTURE-2",
    ReasonCode.WRONG_SECRET: "CAPTURE-2",
    ReasonCode.ENDED_BEFORE_START: "CAPTURE-2",
}


@attrs.frozen(kw_only=True)
class Reason:
    """One thing that speaks against a change or a protection: its code, where, and with which facts.

    `facts` are pairs of a name and a value, such as ``("locks_at", instant(...))``.
    """

    code: ReasonCode
    slots: Slots = EMPTY
    facts: tuple[tuple[str, object], ...] = ()

    @property
    def rule(self) -> str:
        """The id of the rule that gives it."""
        return self.code.rule


@attrs.frozen(kw_only=True)
class Verdict:
    """Whether a change is allowed, with all the reasons when it is not.

    `changed` are the segments that it touches; empty when refused. `until` is the first instant at
    which an allowed change is no longer possible as the contract stands, `since` the first instant
    from which a refused one was no longer possible; each is `None` where time does not decide.

    A verdict has no truth value: ask `allowed`.
    """

    reasons: tuple[Reason, ...] = ()
    changed: Slots = EMPTY
    until: Instant | None = None
    since: Instant | None = None

    @property
    def allowed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons

    @property
    def codes(self) -> tuple[ReasonCode, ...]:
        """The codes of the reasons, in the rulebook's order."""
        return tuple(reason.code for reason in self.reasons)

    def require(self) -> Verdict:
        """Return the verdict itself when it allows, and raise `Refused` with all reasons when not."""
        if self.allowed:
            return self
        codes = ", ".join(f"{reason.code.value} ({reason.rule})" for reason in self.reasons)
        raise Refused("change", self, f"refused: {codes}", "nothing was changed")

    def __bool__(self) -> NoReturn:
        raise TypeError("a Verdict has no truth value; ask verdict.allowed")


def in_order(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return `reasons` in the rulebook's order."""
    return tuple(sorted(reasons, key=lambda reason: _PLACE[reason.code]))


_PLACE = {code: place for place, code in enumerate(ReasonCode)}
