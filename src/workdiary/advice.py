"""Advice: what could still be done about a week before its lock, and what it would be worth."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

import attrs

from workdiary.model.activity import MINUTES
from workdiary.model.contract import Role
from workdiary.model.money import Money, hours_text
from workdiary.model.policy import Action, Change
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import Instant, Moment, ceil_slot, moment
from workdiary.model.verdict import ReasonCode
from workdiary.rules.protection import protect

if TYPE_CHECKING:
    from workdiary.statement import WeekStatement

__all__ = ["Advice", "AdviceKind", "advise"]


class AdviceKind(Enum):
    """What could be done."""

    ADD_MEMO = "add_memo"
    SET_LABEL = "set_label"
    ADD_MEMO_AND_LABEL = "add_memo_and_label"
    RAISE_LIMIT = "raise_limit"


@attrs.frozen(kw_only=True)
class Advice:
    """One thing worth doing before the lock: by whom, to which segments, until when, for how much.

    `slots` are the segments to touch. `gained` are those that would then be protected and are not now
    or, for `RAISE_LIMIT`, billed, and `worth` is what that adds to the protected or to the billed
    amount: what the rules themselves say of the changed week, not an estimate.
    """

    kind: AdviceKind
    role: Role
    slots: Slots
    gained: Slots
    worth: Money
    until: Instant

    def __str__(self) -> str:
        from workdiary.explain import advice_words

        return advice_words(self)

    @property
    def hours(self) -> str:
        """The hours gained, with two decimals."""
        return hours_text(len(self.gained))


def advise(statement: WeekStatement, at: Moment) -> tuple[Advice, ...]:
    """Return what could still be done at `at` about the week of `statement`, the most worthwhile first.

    Empty from the lock on, while the contract's status forbids edits, and when nothing would help.
    What a policy does not permit the freelancer is not advised.
    """
    now = moment(at)
    policy, contract = statement.policy, statement.contract
    # As `judge` has it: until the lock, or until a status on record forbids edits before that.
    forbidden = [entry.since for entry in contract.status.after(now) if entry.status not in policy.editing.statuses]
    until = min([statement.calendar.locks_at, *forbidden])
    if now >= until or contract.status_at(now) not in policy.editing.statuses:
        return ()
    found = [*_evidence(statement, until), *_limit(statement, now, until)]
    return tuple(sorted(found, key=lambda advice: (-advice.worth.minor, advice.kind.value)))


def _evidence(statement: WeekStatement, until: Instant) -> Iterator[Advice]:
    """Yield what memos and labels would protect, each tried by the rules themselves."""
    permitted = statement.policy.editing.permissions.freelancer
    editable = statement.tracked
    if statement.contract.closes_at is not None:
        editable = editable.between(statement.week.start, ceil_slot(statement.contract.closes_at))
    missing_memo = _failing(statement, ReasonCode.MISSING_MEMO) & editable
    missing_label = _failing(statement, ReasonCode.MISSING_LABEL) & editable
    both = missing_memo & missing_label
    steps: list[tuple[AdviceKind, Slots, Slots]] = []
    if Action.EDIT_MEMO in permitted:
        steps.append((AdviceKind.ADD_MEMO, missing_memo, EMPTY))
    if Action.EDIT_LABEL in permitted:
        steps.append((AdviceKind.SET_LABEL, EMPTY, missing_label))
    if Action.EDIT_MEMO in permitted and Action.EDIT_LABEL in permitted:
        steps.append((AdviceKind.ADD_MEMO_AND_LABEL, both, both))
    for kind, memo, label in steps:
        best = max(_attempts(statement, memo, label), key=lambda attempt: attempt[2].minor)
        touched, gained, worth = best
        if worth.minor > 0:
            yield Advice(kind=kind, role=Role.FREELANCER, slots=touched, gained=gained, worth=worth, until=until)


def _attempts(statement: WeekStatement, memo: Slots, label: Slots) -> Iterator[tuple[Slots, Slots, Money]]:
    """Yield what could be touched, what would then be protected beyond today, and the protected amount added.

    Where a least average is asked for, less can be more: also only the livelier segments are tried.
    """
    levels = range(MINUTES + 1) if statement.policy.protection.min_average_active_minutes is not None else (0,)
    for level in levels:
        among = statement.sheet.at_least[level] if level else memo | label
        # Only what would help is touched: an idle segment stays unprotected with the best of memos.
        touched = (memo | label) & among & _protected_with(statement, memo & among, label & among)
        after = _protected_with(statement, memo & touched, label & touched)
        worth = statement.protected_worth(after) - statement.protected_amount
        yield touched, after - statement.protected, worth


def _failing(statement: WeekStatement, code: ReasonCode) -> Slots:
    return next((reason.slots for reason in statement.protection.failures if reason.code is code), EMPTY)


def _protected_with(statement: WeekStatement, memo: Slots, label: Slots) -> Slots:
    """Return what would be protected if the slots of `memo` had one, and those of `label` a label."""
    sheet = attrs.evolve(
        statement.sheet,
        memos=(*statement.sheet.memos, ("some memo", memo)),
        labels=(*statement.sheet.labels, ("some label", label)),
    )
    return protect(
        sheet,
        statement.status,
        contract=statement.contract,
        week=statement.week,
        invoiced_at=statement.calendar.invoiced_at,
        rule=statement.policy.protection,
    ).protected


def _limit(statement: WeekStatement, now: Instant, until: Instant) -> Iterator[Advice]:
    """Yield what a higher weekly limit would bill: only one that reaches back, set before the week ends (LIMIT-3)."""
    until = min(until, statement.calendar.ends_at)
    if statement.over_limit and now < until and statement.policy.limit.increase is Change.WHOLE_WEEK:
        yield Advice(
            kind=AdviceKind.RAISE_LIMIT,
            role=Role.CLIENT,
            slots=statement.over_limit,
            gained=statement.over_limit,
            worth=statement.worth(statement.status.worked) - statement.amount,
            until=until,
        )
