"""Weeks and wall-clock offsets: where a week begins and ends, in which slots, and its deadlines (WEEK, CALENDAR)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pendulum
import pytest

from tests.support import refusal
from workdiary.errors import InvalidValue
from workdiary.model.slots import Slots
from workdiary.model.times import UTC, WallOffset, Week, Weekday, instant, slot_at, week_containing, zone

DAYS = [Weekday.MONDAY, Weekday.TUESDAY, Weekday.WEDNESDAY, Weekday.THURSDAY, Weekday.FRIDAY, Weekday.SATURDAY,
        Weekday.SUNDAY]  # fmt: skip


def week(at: str, weekday: Weekday = Weekday.MONDAY, minute: int = 0, name: str = "UTC") -> Week:
    return week_containing(instant(at), weekday, minute, zone(name))


def edges(found: Week) -> tuple[str, str, int]:
    return str(found.starts_at), str(found.ends_at), len(found.slots)


# Weekdays


def test_weekdays_are_numbered_from_monday() -> None:
    assert [day.number for day in DAYS] == [0, 1, 2, 3, 4, 5, 6]
    assert [day.value for day in DAYS] == [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]  # fmt: skip
    assert list(Weekday) == DAYS


# WEEK-1


def test_week_1_monday_to_monday_in_utc() -> None:
    expected = "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z", 1008
    for inside in ("2026-11-16T00:00:00Z", "2026-11-18T09:10Z", "2026-11-22T23:59:59Z"):
        assert edges(week(inside)) == expected
    assert week("2026-11-15T23:59:59Z").starts_at == instant("2026-11-09T00:00Z")
    assert week("2026-11-23T00:00:00Z").starts_at == instant("2026-11-23T00:00Z")


@pytest.mark.parametrize("day", DAYS)
def test_week_1_a_week_may_start_on_any_weekday_and_minute(day: Weekday) -> None:
    starts = f"2026-11-{16 + day.number:02d}T03:07:00Z"
    assert edges(week(starts, day, 187))[:2] == (starts, f"2026-11-{23 + day.number:02d}T03:07:00Z")
    before = f"2026-11-{16 + day.number:02d}T03:06:59Z"
    assert str(week(before, day, 187).ends_at) == starts


def test_week_1_the_hours_before_a_late_start_belong_to_the_week_before() -> None:
    assert str(week("2026-11-16T02:59Z", Weekday.MONDAY, 180).starts_at) == "2026-11-09T03:00:00Z"


WEEKS = [
    # America/New_York: 167 hours in spring, 169 in autumn.
    ("2026-03-05T00:00Z", Weekday.MONDAY, 0, "America/New_York", "2026-03-02T05:00:00Z", "2026-03-09T04:00:00Z", 1002),
    ("2026-10-29T00:00Z", Weekday.MONDAY, 0, "America/New_York", "2026-10-26T04:00:00Z", "2026-11-02T05:00:00Z", 1014),
    # A start in the skipped hour: Sunday 02:30 is 03:30 that day.
    (
        "2026-03-10T00:00Z",
        Weekday.SUNDAY,
        150,
        "America/New_York",
        "2026-03-08T07:30:00Z",
        "2026-03-15T06:30:00Z",
        1002,
    ),
    (
        "2026-03-05T00:00Z",
        Weekday.SUNDAY,
        150,
        "America/New_York",
        "2026-03-01T07:30:00Z",
        "2026-03-08T07:30:00Z",
        1008,
    ),
    # A start in the repeated hour: Sunday 01:30, its first occurrence.
    ("2026-11-03T00:00Z", Weekday.SUNDAY, 90, "America/New_York", "2026-11-01T05:30:00Z", "2026-11-08T06:30:00Z", 1014),
    ("2026-11-01T06:15Z", Weekday.SUNDAY, 90, "America/New_York", "2026-11-01T05:30:00Z", "2026-11-08T06:30:00Z", 1014),
    # Australia/Lord_Howe shifts by half an hour: 168.5 and 167.5 hours.
    (
        "2026-04-03T00:00Z",
        Weekday.MONDAY,
        0,
        "Australia/Lord_Howe",
        "2026-03-29T13:00:00Z",
        "2026-04-05T13:30:00Z",
        1011,
    ),
    (
        "2026-10-01T00:00Z",
        Weekday.MONDAY,
        0,
        "Australia/Lord_Howe",
        "2026-09-27T13:30:00Z",
        "2026-10-04T13:00:00Z",
        1005,
    ),
    # Pacific/Apia had no Friday 2011-12-30: six days.
    ("2011-12-28T00:00Z", Weekday.MONDAY, 0, "Pacific/Apia", "2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z", 864),
    # … so that a week from that Friday begins on Saturday, and the one before is whole.
    ("2011-12-30T10:00Z", Weekday.FRIDAY, 0, "Pacific/Apia", "2011-12-30T10:00:00Z", "2012-01-05T10:00:00Z", 864),
    ("2011-12-30T09:59:59Z", Weekday.FRIDAY, 0, "Pacific/Apia", "2011-12-23T10:00:00Z", "2011-12-30T10:00:00Z", 1008),
    ("2011-12-30T21:59:59Z", Weekday.FRIDAY, 720, "Pacific/Apia", "2011-12-23T22:00:00Z", "2011-12-30T22:00:00Z", 1008),
    ("2011-12-30T22:00Z", Weekday.FRIDAY, 720, "Pacific/Apia", "2011-12-30T22:00:00Z", "2012-01-05T22:00:00Z", 864),
    # Asia/Kathmandu, +05:45: the week begins inside a slot.
    ("2026-11-18T00:00Z", Weekday.MONDAY, 0, "Asia/Kathmandu", "2026-11-15T18:15:00Z", "2026-11-22T18:15:00Z", 1008),
    # America/St_Johns went back from Sunday 00:01 to Saturday 23:01: the second 23:15 is in the new week.
    ("2010-11-07T02:45Z", Weekday.SUNDAY, 0, "America/St_Johns", "2010-11-07T02:30:00Z", "2010-11-14T03:30:00Z", 1014),
    (
        "2010-11-07T02:29:59Z",
        Weekday.SUNDAY,
        0,
        "America/St_Johns",
        "2010-10-31T02:30:00Z",
        "2010-11-07T02:30:00Z",
        1008,
    ),
]


@pytest.mark.parametrize(("inside", "day", "minute", "name", "starts", "ends", "count"), WEEKS)
def test_week_1_seven_calendar_days_of_a_zone(
    inside: str, day: Weekday, minute: int, name: str, starts: str, ends: str, count: int
) -> None:
    assert edges(week(inside, day, minute, name)) == (starts, ends, count)


def test_week_2_the_first_slot_of_a_week_is_the_first_that_starts_in_it() -> None:
    kathmandu = week("2026-11-18T00:00Z", name="Asia/Kathmandu")
    assert kathmandu.start == slot_at("2026-11-15T18:20Z")
    assert kathmandu.stop == slot_at("2026-11-22T18:20Z")
    assert slot_at("2026-11-15T18:10Z") not in kathmandu


def test_a_week_holds_its_slots_half_open() -> None:
    utc = week("2026-11-18T00:00Z")
    assert (utc.start, utc.stop) == (2991312, 2992320)
    assert [slot in utc for slot in (2991311, 2991312, 2992319, 2992320)] == [False, True, True, False]
    assert "2991312" not in utc
    assert 2991312.0 not in utc
    assert utc.slots == Slots.range(2991312, 2992320)


def test_a_week_knows_its_neighbours() -> None:
    utc = week("2026-11-18T00:00Z")
    assert str(utc) == "week of 2026-11-16"
    assert str(utc.next) == "week of 2026-11-23"
    assert str(utc.previous) == "week of 2026-11-09"
    assert utc.next.previous == utc
    spring = week("2026-03-05T00:00Z", name="America/New_York")
    assert edges(spring.next) == ("2026-03-09T04:00:00Z", "2026-03-16T04:00:00Z", 1008)
    assert edges(spring.previous) == ("2026-02-23T05:00:00Z", "2026-03-02T05:00:00Z", 1008)
    assert spring.next.zone == zone("America/New_York")


def test_a_week_is_made_from_its_nominal_start() -> None:
    made = Week.from_nominal(datetime(2026, 11, 16), UTC)  # noqa: DTZ001 - a wall clock has no zone
    assert made == week("2026-11-18T00:00Z")
    assert made.nominal == datetime(2026, 11, 16)  # noqa: DTZ001 - a wall clock has no zone
    assert hash(made) == hash(week("2026-11-18T00:00Z"))


# CALENDAR


def test_calendar_an_offset_is_a_distance_on_the_wall_clock() -> None:
    noon = WallOffset.parse("P7DT12H")
    assert str(week("2026-11-18T00:00Z").after(noon)) == "2026-11-23T12:00:00Z"
    # New York, over the spring shift: Monday noon on the wall, an hour less of time.
    assert str(week("2026-03-05T00:00Z", name="America/New_York").after(noon)) == "2026-03-09T16:00:00Z"


def test_week_3_applies_to_the_sum_of_start_and_offset() -> None:
    skipped = WallOffset.parse("P6DT2H30M")  # Sunday 02:30
    assert str(week("2026-03-05T00:00Z", name="America/New_York").after(skipped)) == "2026-03-08T07:30:00Z"
    repeated = WallOffset.parse("P6DT1H30M")  # Sunday 01:30
    assert str(week("2026-10-29T00:00Z", name="America/New_York").after(repeated)) == "2026-11-01T05:30:00Z"
    # The start itself was moved out of the gap; the deadline counts from the nominal 02:30.
    moved = week("2026-03-10T00:00Z", Weekday.SUNDAY, 150, "America/New_York")
    assert str(moved.after(WallOffset.parse("P1D"))) == "2026-03-09T06:30:00Z"


@pytest.mark.parametrize(
    ("text", "minutes", "printed"),
    [
        ("P7D", 10080, "P7D"),
        ("P7DT12H", 10800, "P7DT12H"),
        ("P1W", 10080, "P7D"),
        ("P2W3D", 24480, "P17D"),
        ("PT45M", 45, "PT45M"),
        ("PT90M", 90, "PT1H30M"),
        ("PT12H", 720, "PT12H"),
        ("PT24H", 1440, "P1D"),
        ("P1DT1M", 1441, "P1DT1M"),
        ("P1DT2H3M", 1563, "P1DT2H3M"),
        ("P0D", 0, "P0D"),
        ("PT0M", 0, "P0D"),
        ("P52W", 52 * 10080, "P364D"),
        ("P366D", 366 * 1440, "P366D"),
        ("PT8784H", 366 * 1440, "P366D"),
        ("PT527040M", 366 * 1440, "P366D"),
    ],
)
def test_calendar_offsets_are_iso_8601_durations(text: str, minutes: int, printed: str) -> None:
    offset = WallOffset.parse(text)
    assert offset.minutes == minutes
    assert str(offset) == printed
    assert WallOffset.parse(printed) == offset
    assert offset.timedelta.total_seconds() == minutes * 60


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "7D", "P-1D", "p7d", "P1.5D", "P1Y", "P1M", "P1DT5S", "P12H", "P10000W", "P100000D",
             "PT100000H", "PT10000000M", "P٧D", " P7D", "P7D\n", None, 7, 7.0]
)  # fmt: skip
def test_calendar_other_durations_are_refused(text: Any) -> None:
    words = "is not a wall-clock offset", "write it like P7DT12H or P16D"
    assert refusal(InvalidValue, WallOffset.parse, text) == ("offset", text, *words)
    assert refusal(InvalidValue, WallOffset.parse, text, "locks_after")[0] == "locks_after"


def test_calendar_offsets_are_compared_by_their_length() -> None:
    assert WallOffset.parse("P7D") < WallOffset.parse("P7DT1M") < WallOffset.parse("P8D")
    assert WallOffset.parse("P7D") == WallOffset.parse("P1W")


def test_week_3_a_wall_clock_moment_of_any_kind_means_its_first_occurrence() -> None:
    new_york = zone("America/New_York")
    twice = datetime.fromisoformat("2026-11-01T01:30").replace(fold=1)
    assert new_york.instant_of(twice) == instant("2026-11-01T05:30Z")
    assert new_york.instant_of(pendulum.naive(2026, 11, 1, 1, 30, 15)) == instant("2026-11-01T05:30:15Z")
    monday = datetime.fromisoformat("2026-11-16T00:00")
    assert Week.from_nominal(pendulum.naive(2026, 11, 16), UTC) == Week.from_nominal(monday, UTC)
