"""Instants and zones: what is taken as a moment, what is refused, and what a zone shows (GRID, WEEK-3)."""

from __future__ import annotations

from datetime import UTC as STD_UTC
from datetime import date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import available_timezones

import pendulum
import pytest

from tests.support import refusal
from workdiary.errors import GridError, InvalidValue, NaiveDatetime, UnknownZone
from workdiary.model.times import UTC, Instant, Zone, ceil_slot, instant, moment, slot_at, slot_start, zone

NOON = 1_795_435_200  # 2026-11-23T12:00:00Z


# Instants


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:00:00Z",
        "2026-11-23T12:00Z",
        "2026-11-23t12:00z",
        "2026-11-23 12:00:00Z",
        "2026-11-23T12:00:00.000Z",
        "2026-11-23T12:00:00,0Z",
        "2026-11-23T13:00+01:00",
        "2026-11-23T13:00:00+0100",
        "2026-11-23T17:45+05:45",
        "2026-11-23T06:30:00-05:30",
    ],
)
def test_an_instant_is_read_from_iso_8601_text_with_z_or_an_offset(text: str) -> None:
    assert instant(text) == moment(text) == NOON
    assert type(instant(text)) is Instant


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 11, 23, 12, tzinfo=STD_UTC),
        datetime(2026, 11, 23, 7, tzinfo=timezone(timedelta(hours=-5))),
        pendulum.datetime(2026, 11, 23, 12),
        pendulum.datetime(2026, 11, 23, 13, tz="Europe/Berlin"),
        pendulum.datetime(2026, 11, 23, 17, 45, tz="Asia/Kathmandu"),
        Instant(NOON),
    ],
)
def test_an_instant_is_read_from_any_aware_datetime(value: Any) -> None:
    assert instant(value) == moment(value) == NOON


def test_an_instant_stays_the_object_that_it_is() -> None:
    noon = Instant(NOON)
    assert instant(noon) is noon


def test_the_repeated_hour_of_an_aware_datetime_keeps_its_fold() -> None:
    new_york = pendulum.timezone("America/New_York")
    first = datetime(2026, 11, 1, 1, 30, tzinfo=new_york, fold=0)
    assert str(instant(first)) == "2026-11-01T05:30:00Z"
    assert str(instant(first.replace(fold=1))) == "2026-11-01T06:30:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "now",
        "2026-11-23",
        "2026-11-23T12Z",
        "20261123T1200Z",
        "2026-11-23T12:00ZZ",
        "1795435200",
        "2026-W48-1T12:00Z",
        " 2026-11-23T12:00Z",
        "2026-11-23T12:00Z\n",
        "２026-11-23T12:00Z",
        "2026-11-23T12:00.5Z",
    ],
)
def test_other_text_is_no_instant(text: str) -> None:
    assert refusal(InvalidValue, instant, text, "since") == (
        "since",
        text,
        "is not an instant",
        "write it like 2026-11-18T09:10:00Z",
    )


@pytest.mark.parametrize(
    "text",
    ["2026-13-01T00:00:00Z", "2026-02-29T00:00Z", "2026-11-23T25:00Z", "2026-11-23T12:60Z", "2026-11-23T12:00+24:00",
     "0000-01-01T00:00Z"],
)  # fmt: skip
def test_text_of_the_right_shape_that_names_no_instant_is_refused(text: str) -> None:
    assert refusal(InvalidValue, instant, text) == (
        "instant",
        text,
        "is not an instant",
        "check the month, the day, the time and the offset",
    )


@pytest.mark.parametrize("value", [None, 5, 1.5, date(2026, 11, 23), b"2026-11-23T12:00Z"])
def test_other_values_are_no_instants(value: Any) -> None:
    assert refusal(InvalidValue, instant, value, "at") == (
        "at",
        value,
        "is not an instant",
        "give ISO 8601 text such as 2026-11-18T09:10:00Z or an aware datetime",
    )


def test_grid_2_naive_datetimes_are_refused_with_argument_and_value() -> None:
    words = "has no zone"
    assert refusal(NaiveDatetime, instant, datetime(2026, 11, 23, 12)) == (  # noqa: DTZ001 - naive on purpose
        "instant",
        "2026-11-23 12:00:00",
        words,
        "attach one, such as datetime.timezone.utc",
    )
    assert refusal(NaiveDatetime, instant, "2026-11-23T12:00:00", "since") == (
        "since",
        "2026-11-23T12:00:00",
        words,
        "end it in Z or an offset such as +01:00",
    )
    assert refusal(NaiveDatetime, moment, "2026-11-23T12:00:00")[0] == "at"


def test_a_fraction_of_a_second_is_no_instant() -> None:
    assert refusal(InvalidValue, instant, "2026-11-23T12:00:00.5Z", "since") == (
        "since",
        "2026-11-23T12:00:00.5Z",
        "has a fraction of a second",
        "give whole seconds",
    )
    assert refusal(InvalidValue, instant, "2026-11-23T12:00:00,000001Z")[2] == "has a fraction of a second"
    assert refusal(InvalidValue, instant, datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=STD_UTC), "at") == (
        "at",
        "2026-11-23 12:00:00.000001+00:00",
        "has a fraction of a second",
        "round it: value.replace(microsecond=0)",
    )


def test_a_moment_is_the_whole_second_that_it_lies_in() -> None:
    assert moment("2026-11-23T11:59:59.999999Z") == NOON - 1
    assert moment("2026-11-23T12:00:00.5Z") == NOON
    assert moment(datetime(2026, 11, 23, 11, 59, 59, 999_999, tzinfo=STD_UTC)) == NOON - 1
    assert moment(datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=STD_UTC)) == -1
    assert moment(pendulum.datetime(2026, 11, 23, 12, 0, 0, 999_999)) == NOON
    assert type(moment("2026-11-23T12:00:00.5Z")) is Instant


def test_a_moment_is_called_at_and_an_instant_instant_unless_said_otherwise() -> None:
    assert refusal(InvalidValue, moment, "x")[0] == "at"
    assert refusal(InvalidValue, moment, "x", "week")[0] == "week"
    assert refusal(InvalidValue, instant, "x")[0] == "instant"


def test_instants_lie_in_the_years_1900_to_9997() -> None:
    words = "is outside the years 1900 to 9997", "check the year"
    assert str(instant("1900-01-01T00:00:00Z")) == "1900-01-01T00:00:00Z"
    assert str(instant("9997-12-31T23:59:59Z")) == "9997-12-31T23:59:59Z"
    assert refusal(InvalidValue, instant, "1899-12-31T23:59:59Z", "at") == ("at", "1899-12-31T23:59:59Z", *words)
    assert refusal(InvalidValue, instant, "9998-01-01T00:00:00Z", "at") == ("at", "9998-01-01T00:00:00Z", *words)
    early = datetime(1800, 1, 1, tzinfo=STD_UTC)
    assert refusal(InvalidValue, instant, early) == ("instant", "1800-01-01 00:00:00+00:00", *words)
    assert refusal(InvalidValue, instant, Instant(10**15)) == ("instant", "an instant out of reach", *words)


def test_an_offset_can_carry_text_past_the_years_that_datetime_knows() -> None:
    assert refusal(InvalidValue, instant, "0001-01-01T00:00+10:00")[2] in {
        "is not an instant",
        "is outside the years 1900 to 9997",
    }


def test_an_instant_is_an_int_that_prints_as_iso_8601() -> None:
    noon = Instant(NOON)
    assert noon == NOON
    assert str(noon) == f"{noon}" == "2026-11-23T12:00:00Z"
    assert repr(noon) == "instant('2026-11-23T12:00:00Z')"
    assert f"{noon:>22}" == "  2026-11-23T12:00:00Z"
    assert str(Instant(-1)) == "1969-12-31T23:59:59Z"
    assert str(instant("1900-01-01T00:00Z")) == "1900-01-01T00:00:00Z"


def test_printing_an_instant_never_fails() -> None:
    assert str(Instant(10**15)) == str(Instant(-(10**5000))) == "an instant out of reach"
    assert str(Instant(-(10**30))) == "an instant out of reach"
    assert str(Instant(253_402_300_799)) == "9999-12-31T23:59:59Z"
    assert str(Instant(253_402_300_800)) == "an instant out of reach"


def test_an_instant_gives_pendulums_datetime_in_utc_and_its_slot() -> None:
    noon = Instant(NOON)
    assert noon.datetime.isoformat() == "2026-11-23T12:00:00+00:00"
    assert noon.datetime.timezone_name == "UTC"
    assert [Instant(NOON + n).slot for n in (-1, 0, 599, 600)] == [2992391, 2992392, 2992392, 2992393]
    assert Instant(-1).slot == -1


# The grid


def test_grid_1_a_slot_is_named_by_its_start_or_its_number() -> None:
    assert slot_at("2026-11-23T12:00Z") == 2992392
    assert slot_at(Instant(NOON)) == 2992392
    assert slot_at(datetime(2026, 11, 23, 12, tzinfo=STD_UTC)) == 2992392
    assert slot_at(2992392) == 2992392
    assert slot_at(-7) == -7


def test_grid_1_an_instant_off_the_grid_is_refused_and_the_two_nearest_named() -> None:
    assert refusal(GridError, slot_at, "2026-11-23T12:05Z") == (
        "slot",
        "2026-11-23T12:05:00Z",
        "is not the start of a ten-minute segment",
        "the nearest are 2026-11-23T12:00:00Z and 2026-11-23T12:10:00Z",
    )
    assert refusal(GridError, slot_at, "2026-11-23T11:59:59Z", "from") == (
        "from",
        "2026-11-23T11:59:59Z",
        "is not the start of a ten-minute segment",
        "the nearest are 2026-11-23T11:50:00Z and 2026-11-23T12:00:00Z",
    )
    assert refusal(GridError, slot_at, Instant(1))[0] == "slot"


def test_grid_2_a_naive_start_of_a_segment_is_refused_under_its_own_name() -> None:
    assert refusal(NaiveDatetime, slot_at, "2026-11-23T12:00", "from")[0] == "from"


def test_grid_1_a_slot_starts_on_the_grid_and_the_next_one_is_found() -> None:
    assert slot_start(2992392) == NOON
    assert type(slot_start(2992392)) is Instant
    assert [ceil_slot(NOON + n) for n in (-600, -599, -1, 0, 1, 600)] == [
        2992391, 2992392, 2992392, 2992392, 2992393, 2992393,
    ]  # fmt: skip
    assert ceil_slot(-1) == 0


# Zones


def test_a_zone_is_known_by_its_name_in_the_tz_database() -> None:
    berlin = zone("Europe/Berlin")
    assert berlin.name == str(berlin) == "Europe/Berlin"
    assert repr(berlin) == "Zone(name='Europe/Berlin')"
    assert berlin == zone("Europe/Berlin") != zone("Europe/Paris")
    assert hash(berlin) == hash(zone("Europe/Berlin"))
    assert zone("UTC") is UTC
    assert UTC.name == "UTC"


def test_an_unknown_zone_is_refused_with_the_nearest_names() -> None:
    argument, value, allowed, remedy = refusal(UnknownZone, zone, "Europe/Berln", "week.zone")
    assert (argument, value, allowed) == ("week.zone", "Europe/Berln", "is not a zone of the tz database")
    assert remedy.startswith("did you mean Europe/Berlin, ")
    near = remedy.removeprefix("did you mean ").removesuffix("?").split(", ")
    assert len(near) == 3
    assert set(near) <= available_timezones()
    assert "America/New_York" in refusal(UnknownZone, zone, "America/New York")[3]


@pytest.mark.parametrize("name", ["", "Nowhere at all", "+01:00"])
def test_a_name_that_is_near_to_no_zone_is_refused_with_an_example(name: str) -> None:
    assert refusal(UnknownZone, zone, name) == (
        "zone",
        name,
        "is not a zone of the tz database",
        "give a tz database name such as Europe/Berlin",
    )


def test_the_wall_clock_of_an_instant_and_back() -> None:
    kathmandu = zone("Asia/Kathmandu")
    assert kathmandu.wall(NOON) == datetime(2026, 11, 23, 17, 45)  # noqa: DTZ001 - a wall clock has no zone
    assert kathmandu.instant_of(datetime(2026, 11, 23, 17, 45)) == NOON  # noqa: DTZ001 - a wall clock has no zone
    assert type(kathmandu.instant_of(datetime(2026, 11, 23, 17, 45))) is Instant  # noqa: DTZ001 - as above
    assert kathmandu.local(NOON).isoformat() == "2026-11-23T17:45:00+05:45"
    assert kathmandu.wall(NOON).tzinfo is None


def test_week_3_the_wall_clock_of_a_repeated_hour_has_no_fold() -> None:
    new_york = zone("America/New_York")
    second = instant("2026-11-01T06:30Z")
    assert new_york.wall(second) == datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001 - a wall clock has no zone
    assert new_york.wall(second).fold == 0


WALLS = [
    # zone, wall clock, instant: a repeated moment means its first occurrence …
    ("America/New_York", (2026, 11, 1, 1, 30), "2026-11-01T05:30:00Z"),
    ("America/New_York", (2026, 11, 1, 1, 0), "2026-11-01T05:00:00Z"),
    ("America/New_York", (2026, 11, 1, 2, 0), "2026-11-01T07:00:00Z"),
    ("Australia/Lord_Howe", (2026, 4, 5, 1, 45), "2026-04-04T14:45:00Z"),
    ("Australia/Lord_Howe", (2026, 4, 5, 2, 0), "2026-04-04T15:30:00Z"),
    # … and a skipped one as many minutes after the skip began.
    ("America/New_York", (2026, 3, 8, 2, 30), "2026-03-08T07:30:00Z"),
    ("America/New_York", (2026, 3, 8, 1, 59), "2026-03-08T06:59:00Z"),
    ("America/New_York", (2026, 3, 8, 3, 0), "2026-03-08T07:00:00Z"),
    ("Australia/Lord_Howe", (2026, 10, 4, 2, 15), "2026-10-03T15:45:00Z"),
    ("Pacific/Apia", (2011, 12, 30, 12, 0), "2011-12-30T22:00:00Z"),
    ("Pacific/Apia", (2011, 12, 31, 0, 0), "2011-12-30T10:00:00Z"),
    ("Asia/Kathmandu", (2026, 11, 23, 0, 0), "2026-11-22T18:15:00Z"),
    ("UTC", (2026, 11, 23, 0, 0), "2026-11-23T00:00:00Z"),
]


@pytest.mark.parametrize(("name", "wall", "expected"), WALLS)
def test_week_3_what_a_wall_clock_moment_means(name: str, wall: tuple[int, ...], expected: str) -> None:
    year, month, day, hour, minute = wall
    clock = datetime(year, month, day, hour, minute)  # noqa: DTZ001 - a wall clock has no zone
    assert str(zone(name).instant_of(clock)) == expected
    assert str(zone(name).instant_of(clock.replace(fold=1))) == expected


def test_week_2_the_local_date_of_a_slot_is_that_of_its_start() -> None:
    kathmandu = zone("Asia/Kathmandu")
    assert kathmandu.date_of(slot_at("2026-11-22T18:10Z")) == date(2026, 11, 22)
    assert kathmandu.date_of(slot_at("2026-11-22T18:20Z")) == date(2026, 11, 23)


def test_grid_3_the_local_hour_of_a_slot_begins_before_or_at_its_start() -> None:
    assert zone("Asia/Kathmandu").hour_of(slot_at("2026-11-22T18:20Z")) == instant("2026-11-22T18:15Z")
    assert zone("Australia/Eucla").hour_of(slot_at("2026-11-22T18:10Z")) == instant("2026-11-22T17:15Z")
    assert zone("Pacific/Chatham").hour_of(slot_at("2026-07-22T18:20Z")) == instant("2026-07-22T18:15Z")
    assert UTC.hour_of(slot_at("2026-11-22T18:50Z")) == instant("2026-11-22T18:00Z")


def test_grid_3_an_offset_with_seconds_of_old_times_moves_the_hour_by_them() -> None:
    old = zone("Africa/Monrovia")  # -00:44:30 until 1972
    assert old.hour_of(slot_at("1971-06-01T12:00Z")) == instant("1971-06-01T11:44:30Z")


def test_a_zone_is_a_value() -> None:
    some: Any = zone("Europe/Berlin")
    with pytest.raises(AttributeError):
        some.name = "UTC"
    assert isinstance(some, Zone)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-18X09:10:00Z",
        "2026-11-18_09:10:00Z",
        "2026/11-18T09:10:00Z",
        "2026-11/18T09:10:00Z",
        "2026-11-18T09.10:00Z",
        "2026-11-18T09:10.00Z",
        "2026-11-18T09:10:000",
        "2026-11-18T09:10:0Z",
        "2026-11-18T09:10:00ZZ",
    ],
)
def test_text_of_nearly_the_usual_form_is_no_instant(text: str) -> None:
    assert refusal(InvalidValue, instant, text) == (
        "instant",
        text,
        "is not an instant",
        "write it like 2026-11-18T09:10:00Z",
    )


@pytest.mark.parametrize(
    "text", ["2O26-11-18T09:10:00Z", "２026-11-18T09:10:00Z", " 026-11-18T09:10:00Z", "2026-11-18T09:1 :00Z"]
)
def test_text_of_the_usual_form_has_digits_only(text: str) -> None:
    assert refusal(InvalidValue, instant, text)[:3] == ("instant", text, "is not an instant")


def test_the_usual_form_is_read_like_any_other() -> None:
    assert instant("2026-11-23T12:00:00Z") == instant("2026-11-23t12:00:00z") == instant("2026-11-23 12:00:00Z") == NOON
    assert refusal(InvalidValue, instant, "2026-02-30T00:00:00Z")[3] == (
        "check the month, the day, the time and the offset"
    )


def test_an_instant_is_formatted_as_text_or_as_the_number_that_is_asked_for() -> None:
    at = instant("2026-11-16T00:00Z")
    assert f"{at}|{at:>22}|{at:s}" == "2026-11-16T00:00:00Z|  2026-11-16T00:00:00Z|2026-11-16T00:00:00Z"
    assert f"{at:d} {at:#_d}" == "1794787200 1_794_787_200"
    assert [f"{at:b}", f"{at:o}", f"{at:x}", f"{at:X}"] == [f"{1794787200:{kind}}" for kind in "boxX"]
    assert f"{instant('1970-01-01T00:01:05Z'):c}" == "A"


def test_a_slot_starts_at_a_whole_second_and_the_first_instant_is_one() -> None:
    assert refusal(InvalidValue, slot_at, "2026-11-18T09:10:00.5Z")[2] == "has a fraction of a second"
    assert int(instant("1900-01-01T00:00:00Z")) == -2_208_988_800
    assert refusal(InvalidValue, instant, "1899-12-31T23:59:59Z")[2] == "is outside the years 1900 to 9997"
    assert str(instant("9997-12-31T23:59:59Z")) == "9997-12-31T23:59:59Z"


@pytest.mark.parametrize("seconds", [-2_208_988_801, 253_402_300_799, 10**30])
def test_no_clock_shows_what_is_out_of_reach(seconds: int) -> None:
    berlin = zone("Europe/Berlin")
    shows: list[Any] = [berlin.local, berlin.wall, berlin.date_of, berlin.hour_of]
    for show in shows:
        argument, value, allowed, _ = refusal(InvalidValue, show, seconds)
        assert (argument, allowed) == ("at", "is outside the years 1900 to 9997")
        assert isinstance(value, str)
    if seconds != 253_402_300_799:
        assert refusal(InvalidValue, lambda: Instant(seconds).datetime)[0] == "instant"
    assert berlin.wall(253_402_300_799 - 86_400).year == 9999


def test_utc_is_utc_in_any_spelling() -> None:
    assert zone("utc") is zone("Utc") is zone("UTC") is UTC


def test_the_first_instant_is_also_the_first_of_a_datetime() -> None:
    assert int(instant(datetime(1900, 1, 1, tzinfo=STD_UTC))) == -2_208_988_800
