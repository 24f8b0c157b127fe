"""Pitfalls of weeks, midnights and ranges: A10, A33, B17 to B19, B33 to B46, B52, B55 to B57, B99."""

from __future__ import annotations

from itertools import pairwise

import pytest

from workdiary import Contract, Segment, Slots, Terms, credit, hours, instant, policies, slot_at, week_statement, zone
from workdiary.errors import InvalidValue
from workdiary.model.policy import Credit, CreditRule, WeekRule
from workdiary.model.times import Weekday
from workdiary.rules.credit import tracked_seconds

UPWORK = policies.get("upwork")
TOUCH = CreditRule(rule=Credit.THRESHOLD, min_seconds=1)


def contract(limit: str = "40") -> Contract:
    terms = Terms(since="2026-01-01T00:00Z", rate="30.00", weekly_limit=hours(limit))
    return Contract(id="c-1", freelancer="ana", client="acme", currency="USD", terms=[terms])


def worked(start: str, stop: str) -> list[Segment]:
    return [Segment.tracked(slot) for slot in Slots.range(slot_at(start), slot_at(stop))]


def test_a10_work_over_the_weeks_end_is_split_and_each_week_has_its_whole_limit() -> None:
    night = worked("2026-11-22T23:00Z", "2026-11-23T02:00Z")
    weeks = [
        week_statement(contract("1"), night, week=at, policy=UPWORK)
        for at in ("2026-11-22T00:00Z", "2026-11-23T00:00Z")
    ]
    assert [len(week.sheet.worked) for week in weeks] == [6, 12]
    assert [len(week.tracked) for week in weeks] == [6, 6]


def test_a33_segments_that_touch_do_not_overlap() -> None:
    one = credit([("2026-11-18T09:00Z", "2026-11-18T09:10Z")], [], TOUCH)
    other = credit([("2026-11-18T09:10Z", "2026-11-18T09:20Z")], [], TOUCH)
    assert one.isdisjoint(other)
    assert (
        len(
            week_statement(
                contract(), worked("2026-11-18T09:00Z", "2026-11-18T09:20Z"), week="2026-11-18T00:00Z", policy=UPWORK
            ).tracked
        )
        == 2
    )


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        ("2026-11-22T00:00Z", "2026-11-16"),  # B18: asked on a Sunday
        ("2026-11-22T23:59:59Z", "2026-11-16"),  # B17: Sunday's last second
        ("2026-11-23T00:00Z", "2026-11-23"),
    ],
)
def test_b17_b18_a_week_has_its_sunday_and_a_sunday_has_one_week(at: str, monday: str) -> None:
    assert str(UPWORK.week_of(at)) == f"week of {monday}"


def test_b19_weeks_do_not_drift_over_a_year_of_shifts() -> None:
    week = WeekRule(starts_on=Weekday.MONDAY, starts_at=0, zone=zone("Europe/Berlin")).containing(
        instant("2026-01-07T00:00Z")
    )
    for _ in range(120):
        local = zone("Europe/Berlin").local(week.starts_at)
        assert (local.weekday(), local.hour, local.minute) == (0, 0, 0)
        week = week.next


def test_b33_b34_b35_b38_work_over_midnight_is_on_both_days_once() -> None:
    statement = week_statement(
        contract(), worked("2026-11-18T23:00Z", "2026-11-19T00:30Z"), week="2026-11-18T00:00Z", policy=UPWORK
    )
    assert [(str(row.key), row.hours) for row in statement.report()] == [("2026-11-18", "1.00"), ("2026-11-19", "0.50")]


def test_b36_b37_a_report_clips_to_its_range() -> None:
    night = worked("2026-11-15T23:30Z", "2026-11-16T00:30Z")
    hours_by_week = [
        week_statement(contract(), night, week=at, policy=UPWORK).hours.tracked
        for at in ("2026-11-15T00:00Z", "2026-11-16T00:00Z")
    ]
    assert hours_by_week == ["0.50", "0.50"]


def test_b39_b40_work_past_midnight_is_neither_negative_nor_thousands_of_hours() -> None:
    assert sum(tracked_seconds([("2026-11-18T22:00Z", "2026-11-19T06:00Z")]).values()) == 8 * 3600


@pytest.mark.parametrize("end", ["2026-11-18T08:00Z", "2026-11-18T08:59:59Z"])
def test_b39_b46_b55_b56_b57_a_stretch_that_ends_before_it_starts_is_refused(end: str) -> None:
    with pytest.raises(InvalidValue, match=r"stretches\[0\]\[1\].*before the start"):
        credit([("2026-11-18T09:00Z", end)], [], TOUCH)


def test_b41_a_months_end_divides_no_week() -> None:
    # Monday 2026-11-30 to Sunday 2026-12-06.
    segments = worked("2026-11-30T20:00Z", "2026-12-01T04:00Z")
    statement = week_statement(contract("6"), segments, week="2026-12-01T00:00Z", policy=UPWORK)
    assert (statement.hours.billable, statement.hours.over_limit) == ("6.00", "2.00")


def test_b42_a_week_can_begin_on_any_weekday_at_any_minute() -> None:
    rule = WeekRule(starts_on=Weekday.FRIDAY, starts_at=180, zone=zone("Europe/Berlin"))
    week = rule.containing(instant("2026-11-20T01:59:59Z"))
    assert (str(week.starts_at), str(week.ends_at)) == ("2026-11-13T02:00:00Z", "2026-11-20T02:00:00Z")
    assert rule.containing(instant("2026-11-20T02:00Z")) == week.next


def test_b43_nothing_starts_again_at_midnight() -> None:
    slots = credit([("2026-11-18T23:55Z", "2026-11-19T00:05Z")], [], CreditRule(rule=Credit.CARRY, min_seconds=1))
    assert slots.runs() == ((slot_at("2026-11-18T23:50Z"), slot_at("2026-11-19T00:00Z")),)


def test_b44_deleting_a_segment_takes_ten_minutes_and_no_more() -> None:
    segments = worked("2026-11-18T09:00Z", "2026-11-18T11:00Z")
    statement = week_statement(contract(), segments[:5] + segments[6:], week="2026-11-18T00:00Z", policy=UPWORK)
    assert statement.hours.tracked == "1.83"


def test_b45_b48_starting_and_stopping_changes_no_total() -> None:
    edges = [f"2026-11-18T09:{minute:02d}:00Z" for minute in range(0, 60, 7)]
    pieces = list(pairwise(edges))
    whole = tracked_seconds([(edges[0], edges[-1])])
    assert tracked_seconds(pieces) == whole
    assert sum(whole.values()) == 56 * 60


def test_b52_stretches_with_one_end_have_no_last_among_them() -> None:
    pair = [("2026-11-18T09:00Z", "2026-11-18T09:30Z"), ("2026-11-18T09:20Z", "2026-11-18T09:30Z")]
    assert tracked_seconds(pair) == tracked_seconds(pair[::-1])
    assert sum(tracked_seconds(pair).values()) == 1800
