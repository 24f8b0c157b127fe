"""Strategies for times: instants, zones, slots, wall-clock offsets and weeks."""

from __future__ import annotations

from functools import cache

from workdiary.model.policy import WeekRule
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import Instant, WallOffset, Week, Weekday, Zone, instant, zone
from workdiary.testing._hypothesis import st
from workdiary.testing.nasty import NASTY, SHIFTS, ZONES

__all__ = ["instants", "slot_numbers", "slot_sets", "wall_offsets", "week_rules", "weeks", "zones"]

_EARLY, _LATE = int(instant("2005-01-01T00:00Z")), int(instant("2035-01-01T00:00Z"))


@cache
def instants(pool: str | None = None) -> st.SearchStrategy[Instant]:
    """Return a strategy for instants: of one named pool of `NASTY`, or any, nasty ones often."""
    if pool is not None:
        return st.sampled_from(NASTY[pool])
    nasty = st.sampled_from([moment for moments in NASTY.values() for moment in moments])
    return nasty | st.integers(_EARLY, _LATE - 1).map(Instant)


@cache
def zones() -> st.SearchStrategy[Zone]:
    """Return a strategy for zones with every kind of offset."""
    return st.sampled_from(ZONES).map(zone)


@cache
def slot_numbers() -> st.SearchStrategy[Slot]:
    """Return a strategy for slots, often at a nasty instant."""
    return instants().map(lambda at: at.slot)


@cache
def slot_sets(start: int = 0, width: int = 1008) -> st.SearchStrategy[Slots]:
    """Return a strategy for sets of slots within ``start <= slot < start + width``, sparse or dense."""
    offset = st.integers(start, start + width - 1)
    sparse = st.lists(offset, max_size=12).map(Slots)
    run = st.tuples(offset, st.integers(0, width)).map(lambda pair: (pair[0], min(sum(pair), start + width)))
    return sparse | st.lists(run, max_size=5).map(Slots.from_runs)


@cache
def wall_offsets(low: int = 0, high: int = 21 * 24 * 60) -> st.SearchStrategy[WallOffset]:
    """Return a strategy for wall-clock offsets of `low` to `high` minutes."""
    usual = [WallOffset(minute) for minute in (10080, 10800, 11520, 17280, 23040) if low <= minute <= high]
    return st.sampled_from(usual or [WallOffset(low)]) | st.integers(low, high).map(WallOffset)


@cache
def week_rules() -> st.SearchStrategy[WeekRule]:
    """Return a strategy for when weeks begin: usually Monday 00:00 UTC, else anywhen anywhere."""
    monday = st.just(WeekRule(starts_on=Weekday.MONDAY, starts_at=0, zone=zone("UTC")))
    minute = st.sampled_from((0, 60, 90, 120, 150, 180, 1430, 1439)) | st.integers(0, 1439)
    return monday | st.builds(WeekRule, starts_on=st.sampled_from(Weekday), starts_at=minute, zone=zones())


def weeks(rule: WeekRule | None = None) -> st.SearchStrategy[Week]:
    """Return a strategy for weeks, of one rule or of any; where the zone has shifts, often around one."""
    if rule is None:
        return week_rules().flatmap(weeks)
    shifts = SHIFTS.get(rule.zone.name, ())
    return (st.sampled_from(shifts) | instants() if shifts else instants()).map(rule.containing)
