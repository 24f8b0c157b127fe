"""How the meters write durations, moments and numbers."""

from __future__ import annotations

import pytest

from workdiary.capture.meters import clock_text, counted, hours_text, moment_text, span_text
from workdiary.capture.timing import span
from workdiary.model.times import UTC, instant, zone


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 min"), (1, "10 min"), (5, "50 min"), (6, "1 h"), (75, "12 h 30 min"), (240, "40 h"), (241, "40 h 10 min")],
)
def test_hours_are_shown_exactly_and_not_as_rounded_decimals(number: int, text: str) -> None:
    assert hours_text(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59, "0:00:59"), (200, "0:03:20"), (3605, "1:00:05"), (360_000, "100:00:00")]
)
def test_a_stopwatch_has_hours_minutes_and_seconds(seconds: int, text: str) -> None:
    assert clock_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (5 * 86400 + 3 * 3600 + 1800, "5 d 3 h"),
    ],
)
def test_what_is_left_is_rounded_down(seconds: int, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-18T16:40Z", "16:40"),
        ("2026-11-19T00:00Z", "Thu 00:00"),
        ("2026-11-17T23:50Z", "Tue 23:50"),
        ("2026-11-24T12:00Z", "Tue 12:00"),
        ("2026-11-25T12:00Z", "Wed 25 Nov 12:00"),
    ],
)
def test_a_moment_of_another_day_names_it(moment: str, text: str) -> None:
    assert moment_text(instant(moment), instant("2026-11-18T09:00Z"), UTC) == text


def test_b27_a_moment_is_shown_on_the_wall_clock_of_the_zone() -> None:
    # Kathmandu is 5:45 ahead: 16:40Z is 22:25 there, and 18:20Z is already tomorrow.
    there = zone("Asia/Kathmandu")
    now = instant("2026-11-18T09:00Z")
    assert moment_text(instant("2026-11-18T16:40Z"), now, there) == "22:25"
    assert moment_text(instant("2026-11-18T18:20Z"), now, there) == "Thu 00:05"


@pytest.mark.parametrize(("number", "text"), [(0, "0 keys"), (1, "1 key"), (2, "2 keys")])
def test_one_is_counted_in_the_singular(number: int, text: str) -> None:
    assert counted(number, "key") == text


def test_b27_a_segment_is_named_by_the_wall_clock_of_the_zone() -> None:
    slot = instant("2026-11-18T16:00Z").slot
    assert (span_text(slot, UTC), span_text(slot, zone("Asia/Kathmandu"))) == ("16:00–16:10", "21:45–21:55")
