"""Advice: what could still be done about a week before its lock, and what it would be worth."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING

import attrs

from workdiary.model.contract import Role
from workdiary.model.money import Money, hours_text
from workdiary.model.policy import Action, Change
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import Instant, Moment, moment
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

    `slots` are the segments to touch. `gained` are those that would then be protected or, for
    `RAISE_LIMIT`, billed, and `worth` is what that adds to the protected or to the billed amount.
    Both are what the rules themselves say of the changed week, not an estimate.
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
    until = statement.calendar.locks_at
    policy, contract = statement.policy, statement.contract
    if now >= until or contract.status_at(now) not in policy.editing.statuses:
        return ()
    found = [*_evidence(statement, until), *_limit(statement, now, until)]
    return tuple(sorted(found, key=lambda advice: (-advice.worth.minor, advice.kind.value)))


def _evidence(statement: WeekStatement, until: Instant) -> Iterator[Advice]:
    """Yield what memos and labels would protect, each tried by the rules themselves."""
    permitted = statement.policy.editing.permissions.freelancer
    missing_memo = _failing(statement, ReasonCode.MISSING_MEMO) & statement.tracked
    missing_label = _failing(statement, ReasonCode.MISSING_LABEL) & statement.tracked
    steps: list[tuple[AdviceKind, Slots, Slots]] = []
    if Action.EDIT_MEMO in permitted:
        steps.append((AdviceKind.ADD_MEMO, missing_memo, EMPTY))
    if Action.EDIT_LABEL in permitted:
        steps.append((AdviceKind.SET_LABEL, EMPTY, missing_label))
    if Action.EDIT_MEMO in permitted and Action.EDIT_LABEL in permitted:
        both = missing_memo & missing_label
        if both:
            steps.append((AdviceKind.ADD_MEMO_AND_LABEL, both, both))
    for kind, memo, label in steps:
        # Only what would help is advised: an idle segment stays unprotected with the best of memos.
        useful = (memo | label) & (_protected_with(statement, memo, label) - statement.protected)
        gained = _protected_with(statement, memo & useful, label & useful) - statement.protected
        worth = statement.protected_worth(statement.protected | gained) - statement.protected_amount
        if gained:
            yield Advice(kind=kind, role=Role.FREELANCER, slots=useful, gained=gained, worth=worth, until=until)


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
