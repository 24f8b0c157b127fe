"""Closing a week: stated, reconciled and billed once, or parked with the difference.

::

                  ┌────────── figures differ ─────────→ parked ──┐
    open ──lock──┤                                              ├─ figures agree → closed, for ever
                  └────────── figures agree ────────────────────┘

All of it happens under the diary's lock, so that whoever comes second finds the week closed.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from workdiary.diary.canonical import canonical, document_digest
from workdiary.diary.changes import DisputeResolved, PaymentFailed, TimeDisputed, WeekClosed, WeekParked
from workdiary.diary.closed import ClosedWeek, policy_digest, statement_document
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Answer, AnswerKind, Draft
from workdiary.diary.entry import Entry, check_id
from workdiary.diary.journal import Journal, WeekState
from workdiary.diary.page import WeekPage
from workdiary.diary.reconcile import differences
from workdiary.errors import InvalidValue, OutsideContract, StoreError, WorkdiaryError
from workdiary.model.contract import Actor, Role
from workdiary.model.outcome import Settlement
from workdiary.model.sheet import Sheet
from workdiary.model.slots import EMPTY, SECONDS_PER_SLOT, Slots
from workdiary.model.times import Instant, Moment, Week, moment
from workdiary.model.verdict import Reason, ReasonCode
from workdiary.rules.dispute import claim, settle
from workdiary.statement import week_statement

__all__ = ["Closing", "close_due", "close_week", "resolve"]


@attrs.frozen(kw_only=True)
class Closing:
    """What became of a week that was to be closed.

    `state` is what it is now. `entry` is the closing or the parking on record, `closed` the bill of a
    closed week, `difference` why it is parked, `reasons` why it cannot be closed yet. `is_new` says
    whether this call recorded it.
    """

    contract: str
    week: Week
    state: WeekState
    is_new: bool = False
    entry: Entry | None = attrs.field(default=None, repr=False)
    closed: ClosedWeek | None = attrs.field(default=None, repr=False)
    difference: str = ""
    reasons: tuple[Reason, ...] = ()


def close_week(diary: Diary, week: Week | Moment, *, by: Actor) -> Closing:
    """Close `week` of `diary`, once and for ever, when its lock has passed (CALENDAR).

    The statement is computed, reconciled and recorded with its digest and the policy's. A week that is
    closed already stays as it is, and its bill is checked against the diary again. A week whose figures
    do not agree, or cannot be read, is parked: no bill comes out of it, and closing it may be tried again.
    Only the platform closes weeks. Raises `StoreError` when it is not known whether it was recorded.
    """
    if by.role is not Role.PLATFORM:
        raise InvalidValue("by", by.role.value, "does not close weeks", "close them as the platform")
    with diary.drafting() as draft:
        found = week if isinstance(week, Week) else draft.week_of(moment(week, "week"))
        locks_at = draft.policy_of(found).locks_at(found)
        try:
            page = draft.page(found)
            if page.closed is not None:
                return _closed_before(draft, found, page, page.closed)
            if draft.at < locks_at:
                reason = Reason(code=ReasonCode.WEEK_NOT_LOCKED, facts=(("locks_at", locks_at),))
                return Closing(contract=draft.contract.id, week=found, state=page.state, reasons=(reason,))
            return _close(draft, found, page, by)
        except StoreError:
            raise
        except WorkdiaryError as error:
            if isinstance(error, OutsideContract) and draft.kept(found) is None:
                raise  # asked for a week of another time: there is nothing to bill
            # Fail closed: what cannot be read or does not add up is not billed.
            return _park(draft, found, str(error), by)


def _closed_before(draft: Draft, week: Week, page: WeekPage, entry: Entry) -> Closing:
    closed = ClosedWeek.of(entry)
    closed.recompute(page.kept().sheet, week)
    return Closing(contract=draft.contract.id, week=week, state=WeekState.CLOSED, entry=entry, closed=closed)


def _close(draft: Draft, week: Week, page: WeekPage, by: Actor) -> Closing:
    kept = draft.kept(week)
    policy = draft.policy_of(week)
    statement = week_statement(draft.contract, Sheet() if kept is None else kept.sheet, week=week, policy=policy)
    found = differences(statement, page.segments, kept)
    if found:
        return _park(draft, week, "; ".join(found), by)
    text = canonical(statement_document(statement, draft.head))
    change = WeekClosed(
        week=week.slots, statement=text.decode("ascii"), digest=document_digest(text), policy=policy_digest(policy)
    )
    entry = draft.add(change, by=by, id=f"close {week.nominal.date()}")
    contract = draft.contract.id
    return Closing(
        contract=contract, week=week, state=WeekState.CLOSED, is_new=True, entry=entry, closed=ClosedWeek.of(entry)
    )


def _park(draft: Draft, week: Week, difference: str, by: Actor) -> Closing:
    before = draft.head.version
    entry = draft.park(week, difference, by=by)
    assert isinstance(entry.change, WeekParked)  # noqa: S101 - the draft made it, or found it under its own id
    return Closing(
        contract=draft.contract.id,
        week=week,
        state=WeekState.PARKED,
        is_new=entry.number > before,
        entry=entry,
        difference=difference,
    )


def close_due(
    journal: Journal, *, by: Actor, at: Moment, contracts: tuple[str, ...] | None = None
) -> Iterator[Closing]:
    """Close every week in `journal` that ends by `at`, and yield what became of each.

    Weeks that are not locked yet are left out; parked ones are tried again. Weeks without any segment
    cost nothing and are not closed. Each is closed by itself: one that fails does not stop the others.
    """
    ends_by = moment(at) // SECONDS_PER_SLOT
    due = [
        item
        for state in (WeekState.OPEN, WeekState.PARKED)
        for item in journal.weeks(state=state, ends_by=ends_by)
        if contracts is None or item[0] in contracts
    ]
    diaries: dict[str, Diary] = {}
    for contract, start in sorted(due):
        diary = diaries.get(contract)
        if diary is None:
            diaries.clear()  # they come contract by contract
            diary = diaries[contract] = Diary(journal, contract)
        closing = close_week(diary, Instant(start * SECONDS_PER_SLOT), by=by)
        if not closing.reasons:
            yield closing


def resolve(diary: Diary, of: str, *, by: Actor, id: str) -> Answer:
    """Record what the rules make of the dispute, or of the failed payment, with the entry id `of`.

    Of the disputed segments, the protected ones stay paid and the others are refunded (DISPUTE-2); when the
    client does not pay, the platform covers the protected ones (CLAIM-1). The bill of the week stays what it
    is; this entry is its correction. Each is resolved once.
    """
    with diary.drafting() as draft:
        known = draft.find(check_id(id))
        if known is not None:
            same = isinstance(known.change, DisputeResolved) and known.change.of == of and known.by == by
            return Answer(kind=AnswerKind.EXISTS if same else AnswerKind.CONFLICT, id=id, entry=known)
        objection = draft.find(of)
        if objection is None or not isinstance(objection.change, TimeDisputed | PaymentFailed):
            raise InvalidValue("of", of, "is no dispute and no failed payment on record", "look it up in the log")
        if by.role is not Role.PLATFORM:
            reason = Reason(code=ReasonCode.ROLE_NOT_PERMITTED, facts=(("role", by.role.value),))
            return Answer(kind=AnswerKind.REFUSED, id=id, reasons=(reason,))
        week = next(draft.weeks_of(objection.change.week))
        page = draft.page(week)
        if of in page.resolved or page.closed is None:
            return Answer(
                kind=AnswerKind.REFUSED,
                id=id,
                entry=page.resolved.get(of),
                reasons=(Reason(code=ReasonCode.ALREADY_RESOLVED, slots=objection.change.week),),
            )
        closed = ClosedWeek.of(page.closed)
        settlement = settlement_of(objection, page, closed)
        amounts = closed.recompute(page.kept().sheet, week).amounts(settlement)
        change = DisputeResolved(
            week=week.slots,
            of=of,
            paid=settlement.paid,
            refunded=settlement.refunded,
            covered=settlement.covered,
            unpaid=settlement.unpaid,
            amounts=tuple(str(part) for part in (amounts.paid, amounts.refunded, amounts.covered, amounts.unpaid)),
        )
        return Answer(kind=AnswerKind.CREATED, id=id, entry=draft.add(change, by=by, id=id))


def settlement_of(objection: Entry, page: WeekPage, closed: ClosedWeek) -> Settlement:
    """Return what the rules make of one `objection` to a closed week.

    A segment that an earlier dispute was about is not settled again, and what was refunded is no longer
    owed when the client does not pay.
    """
    earlier = EMPTY
    refunded = EMPTY
    for entry in page.objections:
        if entry.number >= objection.number:
            break
        if isinstance(entry.change, TimeDisputed):
            part = entry.change.disputed
            refunded = refunded | _settled(closed, part - earlier, entry.at).refunded
            earlier = earlier | part
    change = objection.change
    if isinstance(change, TimeDisputed):
        return _settled(closed, change.disputed - earlier, objection.at)
    return claim(closed.billable - refunded, closed.protected - refunded)


def _settled(closed: ClosedWeek, disputed: Slots, at: Instant) -> Settlement:
    return settle(closed.billable, closed.protected, disputed, at=at, calendar=closed.calendar)
