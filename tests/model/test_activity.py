"""ACTIVITY: the meter counts active minutes, and unknown is not zero."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import refusal
from workdiary.errors import InvalidValue
from workdiary.model.activity import MINUTES, Activity, Minute

QUIET = (0, 0, 0)
BUSY = [(40, 2, 1)] * 7 + [QUIET] * 3


def test_activity_1_a_minute_is_active_with_any_keystroke_click_or_scroll() -> None:
    assert not Minute().active
    assert Minute(keystrokes=1).active
    assert Minute(clicks=1).active
    assert Minute(scrolls=1).active
    assert Minute(keystrokes=3, clicks=2, scrolls=1).counts == (3, 2, 1)
    assert Minute().counts == QUIET


def test_activity_1_the_meter_is_the_number_of_active_minutes() -> None:
    for active in range(11):
        assert Activity.of_minutes([(0, 0, 1)] * active + [QUIET] * (10 - active)).meter == active
    assert MINUTES == 10


def test_activity_of_minutes_knows_every_total() -> None:
    activity = Activity.of_minutes(BUSY)
    assert activity == Activity(meter=7, counts=tuple(BUSY), keystrokes=280, clicks=14, scrolls=7, mouse_events=21)
    assert activity.minutes == tuple(Minute(keystrokes=k, clicks=c, scrolls=s) for k, c, s in BUSY)


def test_activity_takes_minutes_as_values_lists_or_tuples() -> None:
    mixed: list[Any] = [Minute(keystrokes=40, clicks=2, scrolls=1), [40, 2, 1], *BUSY[2:]]
    assert Activity.of_minutes(mixed) == Activity.of_minutes(BUSY)
    assert Activity.of_minutes(iter(BUSY)) == Activity.of_minutes(BUSY)


def test_activity_2_what_is_unknown_is_none_and_not_zero() -> None:
    only = Activity.of_meter(7)
    assert only == Activity(meter=7)
    assert (only.counts, only.keystrokes, only.clicks, only.scrolls, only.mouse_events) == (None,) * 5
    assert only.minutes is None
    zero = Activity.of_totals(0, keystrokes=0, mouse_events=0)
    assert (zero.keystrokes, zero.mouse_events) == (0, 0)
    assert (zero.clicks, zero.scrolls, zero.counts) == (None, None, None)
    assert Activity.of_totals(3, keystrokes=5) == Activity(meter=3, keystrokes=5)
    assert Activity.of_totals(3, mouse_events=5) == Activity(meter=3, mouse_events=5)


@pytest.mark.parametrize("meter", [0, 10])
def test_activity_1_the_meter_goes_from_0_to_10(meter: int) -> None:
    assert Activity.of_meter(meter).meter == meter
    assert Activity.of_totals(meter).meter == meter


@pytest.mark.parametrize("meter", [-1, 11, 5.0, "5", None, True])
def test_activity_1_another_meter_is_refused(meter: Any) -> None:
    words = "is not a number of minutes from 0 to 10", "count the active minutes"
    assert refusal(InvalidValue, Activity.of_meter, meter) == ("meter", meter, *words)
    assert refusal(InvalidValue, Activity.of_totals, meter) == ("meter", meter, *words)
    assert refusal(InvalidValue, Activity, meter=meter) == ("meter", meter, *words)


@pytest.mark.parametrize("n", [0, 9, 11])
def test_activity_is_of_exactly_ten_minutes(n: int) -> None:
    assert refusal(InvalidValue, Activity.of_minutes, [QUIET] * n) == (
        "minutes",
        n,
        "minutes are not the ten of a segment",
        "give one per minute",
    )


@pytest.mark.parametrize("row", [(), (1,), (1, 2), (1, 2, 3, 4)])
def test_a_minute_has_exactly_three_counts(row: tuple[int, ...]) -> None:
    assert refusal(InvalidValue, Activity.of_minutes, [*[QUIET] * 4, row, *[QUIET] * 5]) == (
        "minutes[4]",
        row,
        "is not three counts",
        "give keystrokes, clicks and scrolls",
    )
    assert refusal(InvalidValue, Activity.of_minutes, [row] * 10)[0] == "minutes[0]"


@pytest.mark.parametrize(
    ("count", "allowed", "remedy"),
    [
        (-1, "is negative", "give a count, 0 or more"),
        (1.0, "is not a count", "give a whole number, 0 or more"),
        ("1", "is not a count", "give a whole number, 0 or more"),
        (True, "is not a count", "give a whole number, 0 or more"),
        (None, "is not a count", "give a whole number, 0 or more"),
        (1_000_001, "is more than 1000000 events", "check the counter"),
    ],
)
def test_a_count_is_a_whole_number_that_a_person_can_make(count: Any, allowed: str, remedy: str) -> None:
    for place in range(3):
        row = [0, 0, 0]
        row[place] = count
        rows = [QUIET] * 9 + [tuple(row)]
        assert refusal(InvalidValue, Activity.of_minutes, rows) == ("minutes[9]", count, allowed, remedy)
    for name in ("keystrokes", "clicks", "scrolls"):
        assert refusal(InvalidValue, Minute, **{name: count}) == (name, count, allowed, remedy)


def test_a_million_events_in_a_minute_are_the_most() -> None:
    assert Minute(keystrokes=1_000_000).keystrokes == 1_000_000
    assert Activity.of_minutes([(1_000_000, 0, 0)] * 10).keystrokes == 10_000_000


def test_totals_are_counts_of_ten_minutes_from_two_sources() -> None:
    assert Activity.of_totals(1, keystrokes=20_000_000, mouse_events=20_000_000).keystrokes == 20_000_000
    words = "is more than 20000000 events", "check the counter"
    assert refusal(InvalidValue, Activity.of_totals, 1, keystrokes=20_000_001) == ("keystrokes", 20_000_001, *words)
    assert refusal(InvalidValue, Activity.of_totals, 1, mouse_events=20_000_001) == ("mouse_events", 20_000_001, *words)
    assert refusal(InvalidValue, Activity.of_totals, 1, mouse_events=-1)[0] == "mouse_events"
    assert refusal(InvalidValue, Activity.of_totals, 1, keystrokes=1.5)[2] == "is not a count"


def test_upload_2_counts_per_minute_add() -> None:
    one = Activity.of_minutes([(1, 2, 3), QUIET, *[QUIET] * 8])
    other = Activity.of_minutes([(10, 20, 30), (0, 0, 1), *[QUIET] * 8])
    assert one + other == Activity.of_minutes([(11, 22, 33), (0, 0, 1), *[QUIET] * 8])
    assert (one + other).meter == 2


def test_upload_2_without_minutes_the_larger_meter_is_certain_and_unknown_totals_stay_unknown() -> None:
    minutes = Activity.of_minutes([(1, 2, 3)] * 4 + [QUIET] * 6)
    totals = Activity.of_totals(6, keystrokes=10, mouse_events=5)
    assert minutes + totals == totals + minutes == Activity(meter=6, keystrokes=14, mouse_events=25)
    assert totals + totals == Activity(meter=6, keystrokes=20, mouse_events=10)
    assert minutes + Activity.of_meter(2) == Activity(meter=4)
    both = Activity(meter=1, clicks=1, scrolls=2)
    assert minutes + both == both + minutes == Activity(meter=4, clicks=9, scrolls=14)


def test_an_activity_is_a_value() -> None:
    assert hash(Activity.of_minutes(BUSY)) == hash(Activity.of_minutes(BUSY))
    assert hash(Minute(clicks=1)) == hash(Minute(clicks=1))
    some: Any = Activity.of_meter(3)
    with pytest.raises(AttributeError):
        some.meter = 4


def test_a_wrong_count_after_the_largest_right_one_is_found() -> None:
    rows = [(1_000_000, 0, 0)] + [(0, 0, 0)] * 8 + [(0, 0, -1)]
    assert refusal(InvalidValue, Activity.of_minutes, rows)[:3] == ("minutes[9]", -1, "is negative")
