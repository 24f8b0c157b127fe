"""UPLOAD: tracked time that arrives later: what is accepted of it, and how two uploads for one slot become one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from workdiary.errors import InvalidValue
from workdiary.model.contract import Contract, ContractStatus
from workdiary.model.outcome import Reception
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.text import is_blank
from workdiary.model.times import Moment, Week, ceil_slot, moment
from workdiary.model.verdict import Reason, ReasonCode

__all__ = ["judge_upload", "merge"]


def judge_upload(slots: Slots, *, on: Contract, at: Moment, policy: Policy) -> Reception:
    """Return which of the uploaded tracked `slots` are accepted at `at`, and why the others are not (UPLOAD-1).

    An offline cache is taken until the lock of each slot's week, where the contract was active during
    the slot. What is refused is to be kept aside and reported, never dropped.

    >>> from workdiary import Contract, Slots, Terms, policies
    >>> contract = Contract(id="c-1", freelancer="ana", client="acme", currency="USD",
    ...                     terms=[Terms(since="2026-11-02T00:00Z", rate="30", weekly_limit=None)])
    >>> late = judge_upload(Slots(["2026-11-22T23:50Z", "2026-11-23T00:00Z"]), on=contract,
    ...                     at="2026-11-23T12:00Z", policy=policies.get("upwork"))
    >>> len(late.accepted), [reason.code.value for reason in late.reasons]
    (1, ['week_locked'])
    """
    now = moment(at)
    return Reception.of(slots, _refused(slots, on, now, policy))


def _refused(slots: Slots, contract: Contract, now: int, policy: Policy) -> Iterator[Reason]:
    """Yield every reason against some of `slots`, in the rulebook's order."""
    first, last = slots.start, slots.stop
    if first is None or last is None:
        return
    inactive = EMPTY
    for piece in contract.status.pieces(first, last):
        if piece.value is None or piece.value.status is not ContractStatus.ACTIVE:
            inactive = inactive | slots.between(piece.start, piece.stop)
    if inactive:
        yield Reason(code=ReasonCode.CONTRACT_NOT_ACTIVE, slots=inactive, facts=(("status", "not active then"),))
    stop = last if contract.closes_at is None else ceil_slot(contract.closes_at)
    begin = ceil_slot(contract.begins_at)
    if first < begin or last > stop:
        outside = slots - slots.between(begin, stop)
        edges = (("begins_at", contract.begins_at), ("closes_at", contract.closes_at))
        yield Reason(code=ReasonCode.OUTSIDE_CONTRACT, slots=outside, facts=edges)
    # Weeks lock in order, so the first open one ends the search.
    locked = [*takewhile(lambda week: policy.locks_at(week) <= now, _weeks(first, last, policy))]
    if locked:
        facts = (("locks_at", policy.locks_at(locked[-1])),)
        yield Reason(code=ReasonCode.WEEK_LOCKED, slots=slots.between(first, locked[-1].stop), facts=facts)


def _weeks(start: int, stop: int, policy: Policy) -> Iterator[Week]:
    week = policy.week_of_slot(start)
    while week.start < stop:
        yield week
        week = week.next


def merge(earlier: Segment, later: Segment) -> Segment:
    """Return the one segment that two different uploads for its slot make (UPLOAD-2).

    Counts per minute add, snapshots unite, the later memo and label win where they are not blank, and
    tracked evidence replaces a manual entry. The same upload twice is no second one: tell uploads
    apart by their ids before. Raises `InvalidValue` for two slots.

    >>> from workdiary import Activity
    >>> begun = Activity.of_minutes([(1, 0, 0)] + [(0, 0, 0)] * 9)
    >>> ended = Activity.of_minutes([(0, 0, 0)] * 9 + [(0, 2, 0)])
    >>> one = Segment.tracked("2026-11-18T09:10Z", memo="Review", activity=begun)
    >>> two = Segment.tracked("2026-11-18T09:10Z", activity=ended)
    >>> merge(one, two).meter, merge(one, two).memo
    (2, 'Review')
    """
    if earlier.slot != later.slot:
        raise InvalidValue("later", str(later.starts_at), f"is not the slot of {earlier.starts_at}", "merge one slot's")
    # Unknown is not zero, but what one upload counted is certain (ACTIVITY-2).
    known = [segment.activity for segment in (earlier, later) if segment.activity is not None]
    is_tracked = Source.TRACKED in (earlier.source, later.source)
    return Segment(
        slot=earlier.slot,
        source=Source.TRACKED if is_tracked else Source.MANUAL,
        memo=earlier.memo if is_blank(later.memo) else later.memo,
        label=earlier.label if later.label is None else later.label,
        activity=known[0] + known[1] if len(known) == 2 else next(iter(known), None),
        snapshots=tuple(sorted({*earlier.snapshots, *later.snapshots}, key=_by_moment)),
    )


def _by_moment(snapshot: Snapshot) -> tuple[bool, int, str]:
    """Order snapshots by moment, unknown ones last, so that the order of the uploads leaves no trace."""
    return snapshot.at is None, snapshot.at or 0, snapshot.digest or ""
