"""Times on the command line: with their zone, in one, or as a bare clock after a full one."""

from __future__ import annotations

import pytest

from tests.support import at, refusal, slots
from workdiary.cli.when import instant_of, ranges_of, stretch, stretches
from workdiary.errors import InvalidValue, NaiveDatetime
from workdiary.model.times import UTC, instant, zone

BERLIN = zone("Europe/Berlin")


def test_ranges_are_pairs_and_a_bare_clock_takes_the_day_and_the_zone_before_it() -> None:
    # The slots of Monday 2026-11-16 from 09:00 UTC on are the 54th and the following.
    assert ranges_of(["2026-11-16T09:00Z", "09:30"], None, segments=False) == ((at(54), at(57)),)
    assert ranges_of(["2026-11-16T10:00+01:00", "10:30"], None, segments=False) == ((at(54), at(57)),)
    assert ranges_of(["2026-11-16T10:00", "10:30"], "Europe/Berlin", segments=False) == ((at(54), at(57)),)
    assert ranges_of(["2026-11-16 10:00", "10:30", "11:00", "11:10"], "Europe/Berlin", segments=False) == (
        (at(54), at(57)),
        (at(60), at(61)),
    )


def test_ranges_that_meet_are_one_and_segments_are_single() -> None:
    touching = ["2026-11-16T09:00Z", "09:20", "09:10", "09:40"]
    assert ranges_of(touching, None, segments=False) == ((at(54), at(58)),)
    named = ["2026-11-16T09:20Z", "09:00", "09:20"]
    assert ranges_of(named, None, segments=True) == ((at(54), at(55)), (at(56), at(57)))


@pytest.mark.parametrize(
    ("times", "segments", "argument", "allowed"),
    [
        ([], False, "TO", "has no partner"),
        ([], True, "SEGMENT", "is missing"),
        (["2026-11-16T09:00Z"], False, "TO", "has no partner"),
        (["09:00", "10:00"], False, "FROM", "has no date"),
        (["2026-11-16T09:00Z", "08:00"], False, "TO", "is not after FROM, 2026-11-16T09:00:00Z"),
        (["2026-11-16T09:05Z", "10:00"], False, "FROM", "is not the start of a ten-minute segment"),
        (["2026-11-16T09:00Z", "noon"], False, "TO", "is not an instant"),
        (["2026-11-16T25:00Z"], True, "SEGMENT", "is not an instant"),
    ],
)
def test_times_that_make_no_range_are_refused(times: list[str], segments: bool, argument: str, allowed: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        ranges_of(times, None, segments=segments)
    assert (caught.value.argument, caught.value.allowed) == (argument, allowed)


def test_a_time_without_a_zone_needs_one() -> None:
    argument, value, allowed, remedy = refusal(NaiveDatetime, instant_of, "2026-11-16T09:00", None, "FROM")
    assert (argument, value, allowed) == ("FROM", "2026-11-16T09:00", "has no zone")
    assert remedy.endswith("or give --zone")


def test_the_hour_that_comes_twice_and_the_one_that_never_comes_are_refused() -> None:
    twice = refusal(InvalidValue, instant_of, "2026-10-25T02:30", "Europe/Berlin", "FROM")
    assert twice[2] == "comes twice in Europe/Berlin"
    never = refusal(InvalidValue, instant_of, "2026-03-29T02:30", "Europe/Berlin", "FROM")
    assert never[2] == "is skipped by the clocks of Europe/Berlin"
    assert instant_of("2026-10-25T02:30+01:00", "Europe/Berlin", "FROM") == instant("2026-10-25T01:30Z")
    # Lord Howe's clocks jump by half an hour.
    assert refusal(InvalidValue, instant_of, "2026-10-04T02:10", "Australia/Lord_Howe", "FROM")[2].startswith("is skip")
    assert instant_of("2026-10-25T03:00", "Europe/Berlin", "FROM") == instant("2026-10-25T02:00Z")


def test_stretches_say_the_day_once_and_whole_days_by_their_names() -> None:
    assert stretch(at(54), at(57), UTC) == "Mon 16 Nov 09:00–09:30"
    assert stretch(at(54), at(57), BERLIN) == "Mon 16 Nov 10:00–10:30"
    assert stretch(at(141), at(150), UTC) == "Mon 16 Nov 23:30 – Tue 17 Nov 01:00"
    assert stretch(at(0), at(1008), UTC) == "Mon 16 Nov – Sun 22 Nov"
    assert stretches(slots(54, 56, 200), UTC) == "Mon 16 Nov 09:00–09:10, 09:20–09:30, Tue 17 Nov 09:20–09:30"
    assert stretches(slots(*range(0, 20, 2)), UTC).endswith("01:40–01:50 and 4 more")
