"""LIMIT: which recorded segments of a week are within the weekly limit, and which are red."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from workdiary.model.contract import Terms
from workdiary.model.outcome import Status
from workdiary.model.policy import Change, LimitOrder, LimitRule
from workdiary.model.slots import EMPTY, Slot, Slots
from workdiary.model.timeline import Timeline
from workdiary.model.times import Week, ceil_slot

__all__ = ["Allowance", "allowances", "classify"]


@attrs.frozen
class Allowance:
    """The limit, in segments, for those that start in ``start <= slot < stop``; `None` is no limit."""

    start: Slot
    stop: Slot
    limit: int | None


def allowances(terms: Timeline[Terms], week: Week, rule: LimitRule) -> tuple[Allowance, ...]:
    """Return the limit that applies to each slot of `week`: consecutive, covering, and most often one.

    The limit moves with the terms inside the week as LIMIT-3 and LIMIT-4 say::

        terms       20 ───────┐ 5 ──────────┐ 30 ─────────
        whole_week  30 ───────────────────────────────────   an increase counts for the whole week
        from_then_on, next_week
                    20 ─────────────────────┐ 30 ─────────   a decrease waits for the next week
    """
    # LIMIT-4: it starts at the limit in force at the week's start, or at the contract's first terms.
    current = terms.at(week.starts_at) or terms.first
    limit = current.weekly_limit.slots if current and current.weekly_limit else None
    # (instant from which it is in force, limit), by time: E(t) of the rulebook.
    steps: list[tuple[int, int | None]] = [(week.starts_at, limit)]
    for later in terms.after(week.starts_at):
        if later.since >= week.ends_at:
            break
        wanted = later.weekly_limit.slots if later.weekly_limit else None
        # LIMIT-4: a decrease is one against the limit in force just before, not the previous terms.
        if _exceeds(limit, wanted) and rule.decrease is Change.NEXT_WEEK:
            continue
        limit = wanted
        steps.append((later.since, limit))
    # LIMIT-3: an increase that counts for the whole week reaches back over what came before it.
    if rule.increase is Change.WHOLE_WEEK:
        best = limit
        for n in range(len(steps) - 1, -1, -1):
            best = steps[n][1] if _exceeds(steps[n][1], best) else best
            steps[n] = (steps[n][0], best)
    found: list[Allowance] = []
    for n, (since, limit) in enumerate(steps):
        start = max(ceil_slot(since), week.start)
        stop = ceil_slot(steps[n + 1][0]) if n + 1 < len(steps) else week.stop
        if start < stop:
            found.append(Allowance(start, stop, limit))
    return tuple(found)


def _exceeds(one: int | None, other: int | None) -> bool:
    """Return whether limit `one` is above `other`; no limit is above every number (LIMIT-4)."""
    return other is not None and (one is None or one > other)


def classify(tracked: Slots, manual: Slots, allowed: Sequence[Allowance], order: LimitOrder) -> Status:
    """Return the status of every recorded segment of a week.

    A segment is billable when its rank among all recorded segments, in `order`, is below the limit
    that applies to it (LIMIT-2). `tracked` and `manual` are disjoint and lie within `allowed`.

    >>> status = classify(Slots.range(0, 4), Slots([4, 5]), [Allowance(0, 1008, 5)], LimitOrder.CHRONOLOGICAL)
    >>> len(status.tracked), len(status.manual), len(status.over_limit)
    (4, 1, 1)
    """
    worked = tracked | manual
    if len(allowed) == 1:
        billable = _first(worked, tracked, manual, allowed[0].limit, order)
    else:
        # One rank for the whole week, but each stretch asks its own limit.
        billable = EMPTY
        for piece in allowed:
            within = _first(worked, tracked, manual, piece.limit, order)
            billable = billable | within.between(piece.start, piece.stop)
    return Status(tracked & billable, manual & billable, worked - billable)


def _first(worked: Slots, tracked: Slots, manual: Slots, limit: int | None, order: LimitOrder) -> Slots:
    # LIMIT-2: chronological, tracked and manual share one order of time.
    if limit is None or order is LimitOrder.CHRONOLOGICAL:
        return worked.first(limit)
    # LIMIT-2: tracked_first, manual time gets what tracked time leaves.
    return tracked.first(limit) | manual.first(max(limit - len(tracked), 0))
