"""Pitfalls of zones and shifted clocks: A2, A3, A31, A37, B1 to B32."""

from __future__ import annotations

from datetime import date

import pytest

from workdiary import (
    Contract,
    Segment,
    Slots,
    Terms,
    WallOffset,
    hours,
    instant,
    policies,
    slot_at,
    week_statement,
    zone,
)
from workdiary.errors import GridError, NaiveDatetime
from workdiary.model.policy import WeekRule
from workdiary.model.times import Weekday

UPWORK = policies.get("upwork")
ZONES = ("UTC", "America/Los_Angeles", "Asia/Kathmandu", "Australia/Eucla", "Pacific/Chatham", "Pacific/Auckland")


def span(start: str, stop: str) -> Slots:
    return Slots.range(slot_at(start), slot_at(stop))


def contract(limit: str = "40") -> Contract:
    terms = Terms(since="2024-01-01T00:00Z", rate="30.00", weekly_limit=hours(limit))
    return Contract(id="c-1", freelancer="ana", client="acme", currency="USD", terms=[terms])


def monday_in(name: str) -> WeekRule:
    return WeekRule(starts_on=Weekday.MONDAY, starts_at=0, zone=zone(name))


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-18T10:05+05:45", "2026-11-18T04:20:00Z"),
        ("2026-11-18T10:05+08:45", "2026-11-18T01:20:00Z"),
        ("2026-11-18T10:05+12:45", "2026-11-17T21:20:00Z"),
    ],
)
def test_a02_the_grid_is_anchored_to_utc_in_zones_at_45(text: str, utc: str) -> None:
    assert str(Segment.tracked(text).starts_at) == utc
    with pytest.raises(GridError):
        Segment.tracked(text.replace(":05", ":00", 1))


def test_a03_fall_back_hour_keeps_both_segments() -> None:
    # New York, 2024-11-03: 01:00 to 02:00 on the wall is 05:00Z to 07:00Z.
    by_hour = span("2024-11-03T05:00Z", "2024-11-03T07:00Z").by_hour(zone("America/New_York"))
    assert [len(slots) for slots in by_hour.values()] == [6, 6]
    segments = [Segment.tracked("2024-11-03T05:30Z"), Segment.tracked("2024-11-03T06:30Z")]
    assert len(week_statement(contract(), segments, week="2024-11-03T00:00Z", policy=UPWORK).tracked) == 2


def test_a31_hours_are_anchored_to_the_declared_zone() -> None:
    slots = span("2026-11-18T04:20Z", "2026-11-18T05:20Z")
    # Kathmandu: 10:05 to 11:05 on the wall, all of it in the hour that began at 10:00 = 04:15Z.
    assert list(slots.by_hour(zone("Asia/Kathmandu"))) == [instant("2026-11-18T04:15Z")]
    assert list(slots.by_hour(zone("Asia/Kolkata"))) == [instant("2026-11-18T03:30Z"), instant("2026-11-18T04:30Z")]


def test_a37_elapsed_time_comes_from_instants() -> None:
    # Berlin, 01:00 to 05:00 on the wall, is three hours on 2026-03-29 and five on 2026-10-25.
    assert len(span("2026-03-29T01:00+01:00", "2026-03-29T05:00+02:00")) == 18
    assert len(span("2026-10-25T01:00+02:00", "2026-10-25T05:00+01:00")) == 30


@pytest.mark.parametrize(
    ("at", "starts_at", "locks_at"),
    [
        ("2026-11-18T00:00Z", "2026-11-15T23:00:00Z", "2026-11-23T11:00:00Z"),
        ("2026-03-25T00:00Z", "2026-03-22T23:00:00Z", "2026-03-30T10:00:00Z"),
        ("2026-10-21T00:00Z", "2026-10-18T22:00:00Z", "2026-10-26T11:00:00Z"),
    ],
)
def test_b01_the_offset_is_that_of_each_instant(at: str, starts_at: str, locks_at: str) -> None:
    week = monday_in("Europe/Berlin").containing(instant(at))
    assert (str(week.starts_at), str(week.after(WallOffset.parse("P7DT12H")))) == (starts_at, locks_at)


def test_b02_a_search_for_a_week_ends_even_where_a_day_is_missing() -> None:
    # Apia went from the end of Thursday 29 December 2011 straight to Saturday 31.
    friday = WeekRule(starts_on=Weekday.FRIDAY, starts_at=0, zone=zone("Pacific/Apia"))
    week = friday.containing(instant("2011-12-30T10:00Z"))
    assert str(week.starts_at) == "2011-12-30T10:00:00Z"
    assert friday.containing(week.starts_at - 1).ends_at == week.starts_at


def test_b03_the_last_local_hour_before_a_shift_belongs_to_its_own_week() -> None:
    # Berlin, Sunday 2026-03-29 23:50 summer time is 21:50Z; Monday 00:00 is 22:00Z.
    week = monday_in("Europe/Berlin").containing(instant("2026-03-29T21:50Z"))
    assert str(week.ends_at) == "2026-03-29T22:00:00Z"
    assert (slot_at("2026-03-29T21:50Z") in week, slot_at("2026-03-29T22:00Z") in week) == (True, False)


@pytest.mark.parametrize(
    ("name", "day"), [("America/Los_Angeles", 17), ("UTC", 18), ("Asia/Kathmandu", 18), ("Pacific/Auckland", 18)]
)
def test_b04_b05_b09_a_local_date_is_found_from_the_instant_once(name: str, day: int) -> None:
    assert zone(name).date_of(slot_at("2026-11-18T07:50Z")) == date(2026, 11, day)


@pytest.mark.parametrize("name", ZONES)
def test_b06_b07_the_same_steps_cost_the_same_in_every_zone(name: str) -> None:
    segments = [Segment.tracked(slot) for slot in span("2026-11-18T07:00Z", "2026-11-18T09:00Z")]
    statement = week_statement(contract(), segments, week="2026-11-18T00:00Z", policy=UPWORK)
    assert sum(row.slots for row in statement.report(zone=name)) == 12
    assert str(statement.amount) == "60.00 USD"


@pytest.mark.parametrize("name", ZONES)
def test_b08_b10_b30_no_segment_is_in_two_weeks(name: str) -> None:
    week = monday_in(name).containing(instant("2026-01-05T12:00Z"))
    for _ in range(60):
        assert week.slots.isdisjoint(week.next.slots)
        assert week.stop == week.next.start
        week = week.next


def test_b11_b12_b13_b15_days_of_a_shift_have_their_own_length() -> None:
    berlin = zone("Europe/Berlin")
    spring = UPWORK.week_of("2026-03-29T00:00Z").slots.by_day(berlin)
    autumn = span("2026-10-24T00:00Z", "2026-10-27T00:00Z").by_day(berlin)
    assert len(spring[date(2026, 3, 29)]) == 23 * 6
    assert len(autumn[date(2026, 10, 25)]) == 25 * 6
    assert len(autumn[date(2026, 10, 26)]) == 24 * 6


def test_b14_a_policy_can_begin_its_week_in_the_customers_zone() -> None:
    week = monday_in("America/Los_Angeles").containing(instant("2026-11-23T07:50Z"))
    assert (str(week.starts_at), str(week.ends_at)) == ("2026-11-16T08:00:00Z", "2026-11-23T08:00:00Z")


@pytest.mark.parametrize("at", ["2026-03-25T00:00Z", "2026-10-21T00:00Z", "2026-11-18T00:00Z"])
def test_b16_no_calendar_day_of_a_week_is_missing(at: str) -> None:
    week = monday_in("Europe/Berlin").containing(instant(at))
    days = list(week.slots.by_day(zone("Europe/Berlin")))
    assert [day.toordinal() - days[0].toordinal() for day in days] == [0, 1, 2, 3, 4, 5, 6]


def test_b20_a_week_whose_first_midnight_does_not_exist_starts_at_the_skip() -> None:
    sunday = WeekRule(starts_on=Weekday.SUNDAY, starts_at=0, zone=zone("America/Havana"))
    week = sunday.containing(instant("2026-03-10T00:00Z"))
    # Sunday 2026-03-08: 00:00 to 01:00 is skipped at 05:00Z, which is Saturday's end.
    assert str(week.starts_at) == "2026-03-08T05:00:00Z"
    assert week.previous.ends_at == week.starts_at


@pytest.mark.parametrize("at", ["2026-03-25T00:00Z", "2026-10-21T00:00Z"])
def test_b21_a_limit_is_not_scaled_by_the_length_of_days(at: str) -> None:
    week = UPWORK.week_of(at)
    segments = [Segment.tracked(slot) for slot in week.slots.first(300)]
    assert len(week_statement(contract("40"), segments, week=week, policy=UPWORK).tracked) == 240


def test_b22_b23_an_ambiguous_hour_is_kept_apart_by_its_offset() -> None:
    first, second = instant("2026-10-25T02:30+02:00"), instant("2026-10-25T02:30+01:00")
    assert second - first == 3600
    berlin = zone("Europe/Berlin")
    assert [instant(berlin.local(at)) for at in (first, second)] == [first, second]
    with pytest.raises(NaiveDatetime):
        instant("2026-10-25T02:30")


@pytest.mark.parametrize(
    ("name", "at", "day"),
    [
        ("Europe/Berlin", "2026-11-18T00:00Z", 18),  # B24: crossing 01:00 on the wall
        ("America/New_York", "2026-11-19T00:10Z", 18),  # B25: 19:10 at UTC-5
        ("Australia/Sydney", "2026-11-18T13:00Z", 19),  # B26
    ],
)
def test_b24_b25_b26_a_report_has_the_local_day(name: str, at: str, day: int) -> None:
    statement = week_statement(contract(), [Segment.tracked(at)], week="2026-11-18T00:00Z", policy=UPWORK)
    assert [row.key for row in statement.report(zone=name)] == [date(2026, 11, day)]


def test_b27_b28_b29_b31_a_zone_of_display_is_no_zone_of_record() -> None:
    segments = [Segment.tracked(slot) for slot in span("2026-11-22T20:00Z", "2026-11-23T00:00Z")]
    statement = week_statement(contract("2"), segments, week="2026-11-18T00:00Z", policy=UPWORK)
    before = (statement.status, statement.bill)
    # In Auckland it is Monday already, yet the week and its limit are those of the record.
    assert [row.key for row in statement.report(zone="Pacific/Auckland")] == [date(2026, 11, 23)]
    assert len(statement.tracked) == 12
    assert (statement.status, statement.bill) == before


def test_b32_a_day_begins_at_midnight() -> None:
    noon = span("2026-11-18T11:50Z", "2026-11-18T12:10Z")
    midnight = span("2026-11-18T23:50Z", "2026-11-19T00:10Z")
    assert [len(slots) for slots in noon.by_day(zone("UTC")).values()] == [2]
    assert [len(slots) for slots in midnight.by_day(zone("UTC")).values()] == [1, 1]
