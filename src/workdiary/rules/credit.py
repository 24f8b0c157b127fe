"""CREDIT: from the stretches in which the tracker was on to the segments that are credited.

::

    tracker    ├───────────────┤        ├────────┤
    snapshots          x   x                 x
    slots      ├────────┼────────┼────────┼────────┤
    snapshot   █████████ █████████          ████████    a snapshot in it while tracking
    threshold  █████████ ███···             ··██████    seconds in it >= min_seconds
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from workdiary.errors import InvalidValue
from workdiary.model.policy import Credit, CreditRule
from workdiary.model.slots import SECONDS_PER_SLOT, WIDEST, Slots
from workdiary.model.times import Instant, Moment, instant

__all__ = ["credit", "tracked_seconds"]


def credit(stretches: Iterable[tuple[Moment, Moment]], snapshots: Iterable[Moment], rule: CreditRule) -> Slots:
    """Return the slots that are credited for tracked `stretches`, half-open, in any order.

    An empty list of snapshots means that none is known. Raises `InvalidValue` for a stretch that
    ends before it starts (GRID-2). Source: CREDIT-snapshot, CREDIT-threshold, CREDIT-carry.

    >>> credit([("2026-11-18T09:08Z", "2026-11-18T09:24Z")], ["2026-11-18T09:14:07Z"],
    ...        CreditRule(rule=Credit.SNAPSHOT, min_seconds=1)).runs()
    ((2991655, 2991656),)
    """
    united = _united(stretches)
    shots = [instant(shot, f"snapshots[{n}]") for n, shot in enumerate(snapshots)]
    # CREDIT-snapshot: a snapshot taken while the tracker was on credits its slot in full.
    if rule.rule is Credit.SNAPSHOT and shots:
        begins = [begin for begin, _ in united]
        stretch_of = ((shot, bisect_right(begins, shot) - 1) for shot in shots)
        return Slots(shot.slot for shot, n in stretch_of if n >= 0 and shot < united[n][1])
    full, partial = _pieces(united)
    # CREDIT-carry: the balance of seconds moves on; at half a slot, one is credited. A full slot brings
    # 600 and takes 600, so it is always credited and leaves the balance as it is.
    if rule.rule is Credit.CARRY:
        balance, credited = 0, []
        for slot, tracked in partial.items():
            balance += tracked
            if balance >= SECONDS_PER_SLOT // 2:
                credited.append(slot)
                balance -= SECONDS_PER_SLOT
        return full | Slots(credited)
    # CREDIT-threshold, also where no snapshot instants are known at all.
    return full | Slots(slot for slot, tracked in partial.items() if tracked >= rule.min_seconds)


def tracked_seconds(stretches: Iterable[tuple[Moment, Moment]]) -> dict[int, int]:
    """Return the tracked seconds of each slot that has any, in time order; a second counts once.

    >>> tracked_seconds([("2026-11-18T10:35Z", "2026-11-18T11:05Z")])
    {2991663: 300, 2991664: 600, 2991665: 600, 2991666: 300}
    """
    full, partial = _pieces(_united(stretches))
    seconds: dict[int, int] = {**partial, **dict.fromkeys(full, SECONDS_PER_SLOT)}
    return dict(sorted(seconds.items()))


def _united(stretches: Iterable[tuple[Moment, Moment]]) -> list[tuple[Instant, Instant]]:
    """Return the union of the stretches as disjoint ones in time order."""
    ordered = []
    for n, (start, stop) in enumerate(stretches):
        begin, end = instant(start, f"stretches[{n}][0]"), instant(stop, f"stretches[{n}][1]")
        if end < begin:
            raise InvalidValue(f"stretches[{n}][1]", str(end), f"lies before the start, {begin}", "swap the two")
        if end - begin > WIDEST * SECONDS_PER_SLOT:
            raise InvalidValue(f"stretches[{n}]", f"{begin} to {end}", "is longer than any diary", "check the years")
        if begin < end:
            ordered.append((begin, end))
    united: list[tuple[Instant, Instant]] = []
    for begin, end in sorted(ordered):
        if united and begin <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((begin, end))
    return united


def _pieces(united: Iterable[tuple[int, int]]) -> tuple[Slots, dict[int, int]]:
    """Return the slots that one stretch tracks in full, and the seconds of all others, in time order.

    ::

        stretch        ├──────────────────────────────┤
        slots      ├────────┼────────┼────────┼────────┤
                     partial  full     full     partial
    """
    full: list[tuple[int, int]] = []
    partial: dict[int, int] = {}
    for begin, end in united:
        first, last = -(-begin // SECONDS_PER_SLOT), end // SECONDS_PER_SLOT
        if first > last:  # within one slot
            partial[last] = partial.get(last, 0) + end - begin
            continue
        if begin % SECONDS_PER_SLOT:
            partial[first - 1] = partial.get(first - 1, 0) + first * SECONDS_PER_SLOT - begin
        if first < last:
            full.append((first, last))
        if end % SECONDS_PER_SLOT:
            partial[last] = end % SECONDS_PER_SLOT
    return Slots.from_runs(full), partial
