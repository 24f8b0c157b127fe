"""A slow and plain reference for the rules: lists of (slot, source), sort, take. It shares no code with `src`.

Slots are ints, sources are ``"tracked"`` and ``"manual"``, limits are numbers of slots or `None`,
instants are Unix seconds, amounts are fractions. Written from the rulebook's sentences alone, with no
thought for speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

Segment = tuple[int, str]
Change = tuple[int, int | None]
Stretch = tuple[int, int]

SLOT = 600


def ranked(segments: Iterable[Segment], order: str) -> list[Segment]:
    """LIMIT-2: chronological by slot, or all tracked by slot and then manual by slot."""
    if order == "chronological":
        return sorted(segments)
    return sorted(segments, key=lambda one: (one[1] != "tracked", one[0]))


def colours(segments: Iterable[Segment], limit: int | None, order: str = "chronological") -> dict[int, str]:
    """STATUS-1, LIMIT-2: the status of each slot under one limit for the whole week."""
    return {
        slot: source if limit is None or rank < limit else "over_limit"
        for rank, (slot, source) in enumerate(ranked(segments, order))
    }


def limit_at(second: int, changes: Sequence[Change], begin: int, end: int, increase: str, decrease: str) -> int | None:
    """LIMIT-3, LIMIT-4: the limit that applies to a segment at `second` of the week from `begin` to `end`."""

    def in_force(moment: int) -> int | None:
        """E(moment), by following the changes one by one."""
        before = [limit for since, limit in changes if since <= begin]
        value = before[-1] if before else changes[0][1]
        for since, limit in changes:
            if begin < since < end and since <= moment:
                is_decrease = _height(limit) < _height(value)
                if not (is_decrease and decrease == "next_week"):
                    value = limit
        return value

    if increase == "from_then_on":
        return in_force(second)
    later = [second, *(since for since, _ in changes if second <= since < end)]
    return max((in_force(moment) for moment in later), key=_height)


def _height(limit: int | None) -> float:
    return float("inf") if limit is None else limit


def dated_colours(
    segments: Iterable[Segment],
    changes: Sequence[Change],
    week: Stretch,
    order: str,
    increase: str,
    decrease: str,
) -> dict[int, str]:
    """LIMIT: the status of each slot when the limit changes; ranks are over the whole week."""
    found = {}
    for rank, (slot, source) in enumerate(ranked(segments, order)):
        limit = limit_at(slot * SLOT, changes, *week, increase, decrease)
        found[slot] = source if limit is None or rank < limit else "over_limit"
    return found


def rate_at(second: int, rates: Sequence[tuple[int, Fraction]]) -> Fraction:
    """BILL-1: the rate of the terms in force at `second`."""
    return [rate for since, rate in rates if since <= second][-1]


def lines(
    slots: Iterable[int], rates: Sequence[tuple[int, Fraction]], digits: int, rounding: str
) -> dict[Fraction, int]:
    """BILL-1: minor units by rate, each line rounded once."""
    counts: dict[Fraction, int] = {}
    for slot in sorted(slots):
        rate = rate_at(slot * SLOT, rates)
        counts[rate] = counts.get(rate, 0) + 1
    return {rate: rounded(rate * count / 6 * 10**digits, rounding) for rate, count in counts.items()}


def rounded(value: Fraction, rounding: str) -> int:
    """The nearest whole number; an exact half up, or to the even one."""
    floor = value.numerator // value.denominator
    rest = value - floor
    if rest == Fraction(1, 2):
        return floor + 1 if rounding == "half_up" or floor % 2 else floor
    return floor + 1 if rest > Fraction(1, 2) else floor


def seconds_by_slot(stretches: Iterable[Stretch]) -> dict[int, int]:
    """CREDIT: how many distinct seconds of each slot were tracked, counted one by one."""
    seconds = {second for begin, end in stretches for second in range(begin, end)}
    counts: dict[int, int] = {}
    for second in sorted(seconds):
        counts[second // SLOT] = counts.get(second // SLOT, 0) + 1
    return counts


def credited(stretches: Sequence[Stretch], snapshots: Sequence[int], rule: str, min_seconds: int) -> set[int]:
    """CREDIT: the slots credited under one of the three rules."""
    counts = seconds_by_slot(stretches)
    if rule == "snapshot" and snapshots:
        return {shot // SLOT for shot in snapshots if any(begin <= shot < end for begin, end in stretches)}
    if rule == "carry":
        balance, found = 0, set()
        for slot, seconds in counts.items():
            balance += seconds
            if balance >= 300:
                balance -= 600
                found.add(slot)
        return found
    return {slot for slot, seconds in counts.items() if seconds >= min_seconds}


def local_day(slot: int, name: str) -> date:
    """WEEK-2: the local date at a slot's start."""
    return datetime.fromtimestamp(slot * SLOT, ZoneInfo(name)).date()


def nominal_week(second: int, weekday: int, minute: int, name: str) -> Stretch:
    """WEEK-1, WEEK-3: the first and the last-plus-one second of the week around `second`, by trying each day."""
    zone = ZoneInfo(name)
    near = datetime.fromtimestamp(second, zone).date()
    for back in range(-9, 10):
        day = near - timedelta(days=back)
        if day.weekday() == weekday:
            begin, end = (_start(day + timedelta(days=add), minute, zone) for add in (0, 7))
            if begin <= second < end:
                return begin, end
    raise AssertionError("some week contains every second")


def _start(day: date, minute: int, zone: ZoneInfo) -> int:
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    return int(wall.timestamp())
