"""Laws of zones and weeks (RELIABILITY 24, 25, 28 to 30; GRID, WEEK).

1. Weeks partition the slots: each slot is in one week, which ends where the next begins (24).
2. A week is the oracle's: seven calendar days of its zone from its nominal start.
3. A UTC week has 1,008 slots; one around a shift has as many more or fewer as the clock was moved.
4. A zone of display never changes a colour, a bill or a protection (28).
5. Local days, and local hours, divide a week's slots: each slot is in exactly one (29).
6. What is printed reads back as the same instant, in every zone, folds and gaps too (30).
7. A wall-clock moment that occurs twice means the first, and a skipped one as long after the skip (30).
8. A deadline is not before the week's start, and a later offset never gives an earlier deadline by more than the shift.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import oracle
from workdiary import Instant, Slot, WallOffset, Week, WeekStatement, Zone, instant, policies, slot_start, zone
from workdiary.errors import NaiveDatetime
from workdiary.model.policy import WeekRule
from workdiary.testing.strategies import instants, slot_numbers, statements, wall_offsets, week_rules, weeks, zones

NASTY_WEEKS = ("2026-03-29T01:00Z", "2026-10-25T01:00Z", "2011-12-30T10:00Z")
upwork = policies.get("upwork")


@given(week_rules(), slot_numbers())
def test_each_slot_is_in_exactly_one_week(rule: WeekRule, slot: Slot) -> None:
    """Law 1."""
    week = rule.containing(slot_start(slot))
    assert slot in week
    assert slot not in week.next
    assert slot not in week.previous
    assert (week.next.start, week.previous.stop) == (week.stop, week.start)
    assert rule.containing(slot_start(week.start)) == rule.containing(slot_start(Slot(week.stop - 1))) == week


@given(week_rules(), instants())
def test_a_week_is_the_oracles(rule: WeekRule, at: Instant) -> None:
    """Law 2."""
    week = rule.containing(at)
    expected = oracle.nominal_week(at, rule.starts_on.number, rule.starts_at, rule.zone.name)
    assert (int(week.starts_at), int(week.ends_at)) == expected


@given(weeks())
def test_a_week_lasts_seven_days_and_the_shifts_in_it(week: Week) -> None:
    """Law 3."""
    shifted = pendulum.from_timestamp(week.starts_at, week.zone.name).utcoffset()
    after = pendulum.from_timestamp(week.ends_at, week.zone.name).utcoffset()
    assert shifted is not None
    assert after is not None
    walked = timedelta(seconds=week.ends_at - week.starts_at) + (after - shifted)
    # Around a skipped or repeated week start, the wall clock itself reads something else (WEEK-3).
    if (week.zone.wall(week.starts_at), week.zone.wall(week.ends_at)) == (week.nominal, week.nominal + timedelta(7)):
        assert walked == timedelta(days=7)
    assert week.zone.name != "UTC" or week.stop - week.start == 1008


@given(statements(), zones())
def test_a_zone_of_display_changes_no_total(statement: WeekStatement, shown: Zone) -> None:
    """Law 4: a report by day in any zone has the same segments as the bill."""
    rows = statement.report(by="day", zone=shown)
    assert sum(row.slots for row in rows) == len(statement.billable)
    assert [row.key for row in rows] == sorted({shown.date_of(slot) for slot in statement.billable})


@given(weeks(), zones())
def test_local_days_and_hours_divide_a_week(week: Week, shown: Zone) -> None:
    """Law 5."""
    for parts in (week.slots.by_day(shown), week.slots.by_hour(shown)):
        assert sum(len(part) for part in parts.values()) == len(week.slots)
        assert sorted(slot for part in parts.values() for slot in part) == list(week.slots)
    for day, part in week.slots.by_day(shown).items():
        assert all(oracle.local_day(slot, shown.name) == day for slot in (part.start, (part.stop or 0) - 1) if slot)
    assert all(len(part) <= 6 for part in week.slots.by_hour(shown).values())


@pytest.mark.parametrize("moment", NASTY_WEEKS)
def test_the_days_of_every_zone_divide_a_nasty_week(moment: str) -> None:
    """Law 5, in all zones of the tz database."""
    for name in pendulum.timezones():
        check_days(upwork.week_of(moment), zone(name))


def test_the_days_of_every_zone_divide_every_week_with_a_shift_from_2005_to_2030() -> None:
    """Law 5, in each of the more than 11,000 weeks of a zone in which its offset changes."""
    checked = 0
    for name in pendulum.timezones():
        shown, tz = zone(name), ZoneInfo(name)
        week = upwork.week_of("2005-01-05T00:00Z")
        for start in range(week.starts_at, instant("2031-01-01T00:00Z"), 604_800):
            days = range(start, start + 604_801, 86_400)
            if len({datetime.fromtimestamp(at, tz).utcoffset() for at in days}) > 1:
                check_days(upwork.week_of(Instant(start)), shown)
                checked += 1
    assert checked > 11_000


def check_days(week: Week, shown: Zone) -> None:
    parts = _days(week, shown)
    dates = [day for day, _, _ in parts]
    assert sum(stop - start for _, start, stop in parts) == 1008, shown
    assert dates == sorted(set(dates)), shown
    assert {shown.date_of(slot) for slot in range(week.start, week.stop, 9)} <= set(dates), shown
    assert max(stop - start for _, start, stop in parts) <= 162, shown


def _days(week: Week, shown: Zone) -> list[tuple[date, int, int]]:
    """The maximal runs of slots of one local date, by halving: dates never go back by a whole day here."""
    found: list[tuple[date, int, int]] = []
    start = int(week.start)
    while start < week.stop:
        day, low, high = shown.date_of(start), start, min(start + 200, week.stop)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if shown.date_of(middle) == day else (low, middle)
        found.append((day, start, high))
        start = high
    return found


@given(instants(), zones())
def test_what_is_printed_reads_back(at: Instant, shown: Zone) -> None:
    """Law 6."""
    local = shown.local(at)
    assert instant(str(at)) == at
    assert instant(local) == at
    assert eval(repr(at), {"instant": instant}) == at  # noqa: S307 - our own repr
    offset = local.utcoffset()
    assert offset is not None
    if offset.seconds % 60 == 0:
        assert instant(local.isoformat()) == at
    with pytest.raises(NaiveDatetime):
        instant(local.naive().isoformat())


@given(instants(), zones())
def test_a_wall_clock_moment_means_its_first_occurrence(at: Instant, shown: Zone) -> None:
    """Law 7."""
    meant = shown.instant_of(shown.wall(at))
    assert meant <= at
    assert shown.wall(meant) == shown.wall(at)
    # A day, as a wall clock moves by at most that.
    assert at - meant < 86_400


@given(weeks(), wall_offsets(), wall_offsets())
def test_deadlines_follow_the_wall_clock(week: Week, one: WallOffset, other: WallOffset) -> None:
    """Law 8: a day of tolerance, because Apia once skipped one."""
    assert week.after(WallOffset(0)) == week.starts_at
    assert week.after(WallOffset(7 * 24 * 60)) == week.ends_at
    early, late = sorted((one, other))
    assert week.after(late) - week.after(early) >= (late.minutes - early.minutes) * 60 - 86_400


@given(instants(), st.sampled_from(("Z", "+00:00", "+05:45", "-09:30", "+12:45")))
def test_an_offset_changes_how_an_instant_is_written_and_nothing_else(at: Instant, offset: str) -> None:
    """Law 6."""
    sign = -1 if offset[0] == "-" else 1
    minutes = 0 if offset == "Z" else sign * (int(offset[1:3]) * 60 + int(offset[4:6]))
    written = str(Instant(at + minutes * 60))[:-1] + offset
    assert instant(written) == at
