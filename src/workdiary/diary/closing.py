"""Closing a week: stated, reconciled and billed once, or parked with the difference.

::

                  ┌────────── figures differ ─────────→ parked ──┐
    open ──lock──┤                                              ├─ figures agree → closed, for ever
                  └────────── figures agree ────────────────────┘

All of it happens under the diary's lock, so that whoever comes second finds the week closed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from workdiary.diary.canonical import canonical, document_digest
from workdiary.diary.changes import ContractOpened, DisputeResolved, PaymentFailed, TimeDisputed, WeekClosed, WeekParked
from workdiary.diary.closed import ClosedWeek, policy_digest, statement_document
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Answer, AnswerKind, Draft, check_sent
from workdiary.diary.entry import START, Entry
from workdiary.diary.journal import Journal, KeptWeek, WeekState
from workdiary.diary.page import WeekPage, contract_after
from workdiary.diary.reconcile import differences
from workdiary.errors import ChainError, InvalidValue, OutsideContract, Problems, StoreError, WorkdiaryError
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
    Only the platform closes weeks. Raises `StoreError` when it is not known whether it was recorded,
    `OutsideContract` for a week without segments of another time than the contract's, and `ChainError` when
    a bill on record is not what the diary comes to, or cannot be read.
    """
    if not isinstance(by, Actor) or by.role is not Role.PLATFORM:
        given = by.role.value if isinstance(by, Actor) else by
        raise InvalidValue("by", given, "does not close weeks", "close them as the platform")
    with diary.drafting() as draft:
        found = draft.calendars.found(week)
        locks_at = draft.policy_of(found).locks_at(found)
        kept: KeptWeek | None = None
        is_empty = False
        try:
            kept = draft.kept(found)
            page = draft.page(found)
            if page.closed is not None:
                return _closed_before(draft, found, page, page.closed)
            if draft.at < locks_at:
                reason = Reason(code=ReasonCode.WEEK_NOT_LOCKED, facts=(("locks_at", locks_at),))
                return Closing(contract=draft.contract.id, week=found, state=page.state, reasons=(reason,))
            if kept is not None and kept.state is WeekState.CLOSED:
                remedy = "restore a copy that verifies; the week is not billed again"
                raise ChainError("week", str(found), "was closed, but its closing is not among the entries", remedy)
            is_empty = not page.taken and (kept is None or not kept.sheet.worked)
            _check_contract(draft, found)
            return _close(draft, found, page, kept, by)
        except StoreError:
            raise
        except WorkdiaryError as error:
            if draft.at < locks_at or _is_billed(draft, found, kept):
                raise  # it could not be closed now, or is closed for ever
            if is_empty and isinstance(error, OutsideContract):
                raise  # asked for a week of another time: there is nothing to bill
            # Fail closed: what cannot be read or does not add up is not billed.
            return _park(draft, found, str(error), by)


def _is_billed(draft: Draft, week: Week, kept: KeptWeek | None) -> bool:
    """Return whether `week` is closed, also when it cannot be read as a whole."""
    return draft.find(_id_of(week)) is not None or (kept is not None and kept.state is WeekState.CLOSED)


def _id_of(week: Week) -> str:
    return f"close {week.nominal.date()}"


_LOOKED_BACK: Final = 26
"""How many weeks back the last bill is looked for; without one, the whole chain is read."""


def _check_contract(draft: Draft, week: Week) -> None:
    """Raise `ChainError` unless the contract as it is kept is what its entries come to.

    A bill holds the contract as it then stood, so only what came after the last one is read, and checked
    entry by entry, before the next one is made.
    """
    calendars = draft.calendars
    opened = next(draft.read()).change
    if not isinstance(opened, ContractOpened) or opened.policy != calendars.policy:
        raise ChainError("policy", draft.contract.id, "is not kept as it was recorded", _RESTORE)
    contract, head = opened.contract, START
    before, ids = week, []
    for _ in range(_LOOKED_BACK):
        before = before.previous
        ids.append(_id_of(before))
    draft.look_up(ids)
    bills = [entry for entry in map(draft.find, ids) if entry is not None]
    if bills:
        last = max(bills, key=lambda entry: entry.number)
        last.check_seal()
        contract, head = ClosedWeek.of(last).contract, last.head
    for entry in draft.read(head.version):
        entry.check(head)
        head = entry.head
        contract = contract_after(contract, entry, entry.change, calendars.of(calendars.week_of(entry.at)).dispute)
    if head != draft.head or contract != draft.contract:
        raise ChainError("contract", draft.contract.id, "is not kept as its entries leave it", _RESTORE)


_RESTORE: Final = "verify the diary, and restore a copy that verifies"


def _closed_before(draft: Draft, week: Week, page: WeekPage, entry: Entry) -> Closing:
    closed = ClosedWeek.of(entry)
    closed.recompute(page.kept().sheet, week)
    return Closing(contract=draft.contract.id, week=week, state=WeekState.CLOSED, entry=entry, closed=closed)


def _close(draft: Draft, week: Week, page: WeekPage, kept: KeptWeek | None, by: Actor) -> Closing:
    policy = draft.policy_of(week)
    statement = week_statement(draft.contract, Sheet() if kept is None else kept.sheet, week=week, policy=policy)
    found = differences(statement, page.segments, kept)
    if found:
        return _park(draft, week, "; ".join(found), by)
    text = canonical(statement_document(statement, draft.head))
    change = WeekClosed(
        week=week.slots, statement=text.decode("ascii"), digest=document_digest(text), policy=policy_digest(policy)
    )
    entry = draft.add(change, by=by, id=_id_of(week))
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

    Weeks that are not locked yet are left out; parked ones are tried again. Weeks without recorded time,
    such as those that only late evidence touches, are nothing to close. Each is closed by itself: one that fails
    does not stop the others, and what it failed with is raised at the end; of several, `Problems` with all.
    """
    ends_by = moment(at) // SECONDS_PER_SLOT
    due = [
        item
        for state in (WeekState.OPEN, WeekState.PARKED)
        for item in journal.weeks(state=state, ends_by=ends_by)
        if contracts is None or item[0] in contracts
    ]
    failed: list[WorkdiaryError] = []
    diaries: dict[str, Diary] = {}
    for contract, start in sorted(due):
        diary = diaries.get(contract)
        if diary is None:
            diaries.clear()  # they come contract by contract
            diary = diaries[contract] = Diary(journal, contract)
        kept = journal.week(contract, start)
        if kept is not None and kept.state is WeekState.OPEN and not kept.sheet.worked:
            continue  # only late evidence, or time that was deleted again: there is nothing to bill
        try:
            closing = close_week(diary, Instant(start * SECONDS_PER_SLOT), by=by)
        except OutsideContract:
            continue
        except WorkdiaryError as error:
            failed.append(error)
            continue
        if not closing.reasons:
            yield closing
    if failed:
        raise failed[0] if len(failed) == 1 else Problems("", failed)


def resolve(diary: Diary, of: str, *, by: Actor, id: str) -> Answer:
    """Record what the rules make of the dispute, or of the failed payment, with the entry id `of`.

    Of the disputed segments, the protected ones stay paid and the others are refunded (DISPUTE-2); when the
    client does not pay, the platform covers the protected ones (CLAIM-1). The bill of the week stays what it
    is; this entry is its correction. Each is resolved once.
    """
    with diary.drafting() as draft:
        known = draft.find(check_sent(id))
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

    A segment that an earlier dispute was about is not settled again. What was refunded is no longer paid, nor
    owed when the client does not pay; and of a week that is not paid, disputes change nothing.
    """
    disputed, refunded, is_paid = EMPTY, EMPTY, True
    for entry in page.objections:
        if entry.number >= objection.number:
            break
        if isinstance(entry.change, TimeDisputed):
            part = entry.change.disputed
            if is_paid:
                refunded = refunded | _settled(closed, part - disputed, entry.at).refunded
            disputed = disputed | part
        else:
            is_paid = False
    change = objection.change
    if not isinstance(change, TimeDisputed):
        return claim(closed.billable - refunded, closed.protected - refunded)
    if not is_paid:
        return Settlement()
    found = _settled(closed, change.disputed - disputed, objection.at)
    return attrs.evolve(found, paid=found.paid - refunded)


def _settled(closed: ClosedWeek, disputed: Slots, at: Instant) -> Settlement:
    return settle(closed.billable, closed.protected, disputed, at=at, calendar=closed.calendar)
