"""Instants, zones, wall-clock offsets and weeks: everything that turns a clock into an integer.

Inside workdiary, time is integers: Unix seconds and slot numbers. Instants enter here, as ISO 8601
text or aware datetimes, and leave here, as pendulum's. This is the only file that knows a zone.

Naive datetimes are refused (GRID-2). A wall-clock moment that occurs twice means its first
occurrence, and one that is skipped means the instant as many minutes after the skip began (WEEK-3)::

    wall clock   01:30   02:30 (skipped)   03:30        01:30  01:30' (repeated)
    instant      ──┼───────────╳─────────────┼──        ──┼──────┼──
                               └─> 03:30                  └─> this one
"""

from __future__ import annotations

import re
from datetime import UTC as _UTC
from datetime import date, datetime, time, timedelta, tzinfo
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from workdiary.errors import GridError, InvalidValue, NaiveDatetime, UnknownZone
from workdiary.model.slots import SECONDS_PER_SLOT, Slot, Slots, check_slot

if TYPE_CHECKING:
    import pendulum

__all__ = [
    "UTC",
    "Instant",
    "Moment",
    "WallOffset",
    "Week",
    "Weekday",
    "Zone",
    "ceil_slot",
    "instant",
    "moment",
    "slot_at",
    "slot_start",
    "zone",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=_UTC)
_SECOND: Final = timedelta(seconds=1)

# Wide enough for every diary, narrow enough that no week or deadline can overflow a datetime.
_EARLIEST: Final = -2_208_988_800  # 1900-01-01T00:00:00Z
_LATEST: Final = 253_339_228_800  # 9998-01-01T00:00:00Z
_FARTHEST: Final = 253_402_300_799  # 9999-12-31T23:59:59Z, past the deadlines of the latest week

_USUAL: Final = len("2026-11-18T09:10:00Z")
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?P<fraction>[.,]\d+)?)?(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)


class Instant(int):
    """A moment of Unix time in whole seconds; an int that prints as ISO 8601.

    >>> locks_at = instant("2026-11-23T13:00+01:00")
    >>> str(locks_at), int(locks_at)
    ('2026-11-23T12:00:00Z', 1795435200)
    >>> locks_at.datetime.to_day_datetime_string()
    'Mon, Nov 23, 2026 12:00 PM'
    """

    __slots__ = ()

    def __str__(self) -> str:
        return _text(int(self))

    def __repr__(self) -> str:
        return f"instant('{self}')"

    def __format__(self, spec: str) -> str:
        # An integer's presentation asks for the number, anything else for the text.
        return format(int(self) if spec[-1:] in ("b", "c", "d", "o", "x", "X") else str(self), spec)

    @property
    def datetime(self) -> pendulum.DateTime:
        """The moment as pendulum's aware datetime, in UTC."""
        import pendulum  # half of what this package costs to load, and no rule needs it

        return pendulum.from_timestamp(_within_reach(int(self), str(self), "instant", _FARTHEST))

    @property
    def slot(self) -> Slot:
        """The slot that contains this moment (GRID-1)."""
        return Slot(self // SECONDS_PER_SLOT)


Moment: TypeAlias = "str | datetime | Instant"
"""What is taken where an instant is meant: ISO 8601 text with ``Z`` or an offset, an aware datetime
(the standard library's or pendulum's), or an `Instant`."""


def instant(value: Moment, argument: str = "instant") -> Instant:
    """Return the instant that `value` names, in whole seconds.

    Raises `NaiveDatetime` without a zone, and `InvalidValue` for anything that is no instant or
    has a fraction of a second (VECTORS: fractions are refused).

    >>> instant("2026-11-18T09:10Z")
    instant('2026-11-18T09:10:00Z')
    """
    seconds = _seconds(value, argument, True)
    return seconds if isinstance(seconds, Instant) else Instant(seconds)


def moment(value: Moment, argument: str = "at") -> Instant:
    """Return the whole second that `value` lies in.

    For the present moment and a snapshot's, where half-open stretches of whole seconds make the
    fraction irrelevant: ``12:00:00.9`` is at or after 12:00:00 and before 12:00:01.
    """
    seconds = _seconds(value, argument, False)
    return seconds if isinstance(seconds, Instant) else Instant(seconds)


def _seconds(value: Moment, argument: str, whole: bool) -> int:
    if isinstance(value, str):
        return _parsed(value, argument, whole)
    if isinstance(value, Instant):
        # Its text is for the error: most instants are in reach, and a diary has a hundred thousand.
        return value if _EARLIEST <= value < _LATEST else _within_reach(value, str(value), argument)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise NaiveDatetime(argument, str(value), "has no zone", "attach one, such as datetime.timezone.utc")
        # The base class's subtraction: pendulum's own gives an Interval, which divides by nothing else.
        since = datetime.__sub__(value, _EPOCH)
        if whole and since.microseconds:
            raise InvalidValue(
                argument, str(value), "has a fraction of a second", "round it: value.replace(microsecond=0)"
            )
        return _within_reach(since // _SECOND, str(value), argument)
    raise InvalidValue(
        argument,
        value,
        "is not an instant",
        "give ISO 8601 text such as 2026-11-18T09:10:00Z or an aware datetime",
    )


def _within_reach(seconds: int, value: str | None, argument: str, latest: int = _LATEST - 1) -> int:
    if not _EARLIEST <= seconds <= latest:
        value = _text(seconds) if value is None else value
        raise InvalidValue(argument, value, "is outside the years 1900 to 9997", "check the year")
    return seconds


@lru_cache(maxsize=4096)
def _parsed(text: str, argument: str, whole: bool) -> int:
    # The usual form, of which a long diary has tens of thousands, needs no pattern to be told apart.
    usual = len(text) == _USUAL and text[19] == "Z" and text[4] == text[7] == "-" and text[13] == text[16] == ":"
    if not (usual and text[10] == "T"):
        shape = _ISO.fullmatch(text)
        if shape is None:
            raise InvalidValue(argument, text, "is not an instant", "write it like 2026-11-18T09:10:00Z")
        if shape["zone"] is None:
            raise NaiveDatetime(argument, text, "has no zone", "end it in Z or an offset such as +01:00")
        if whole and shape["fraction"] and shape["fraction"].strip(".,0"):
            raise InvalidValue(argument, text, "has a fraction of a second", "give whole seconds")
    try:
        seconds = (datetime.fromisoformat(text.upper()) - _EPOCH) // _SECOND
    except (ValueError, OverflowError):
        raise InvalidValue(
            argument, text, "is not an instant", "check the month, the day, the time and the offset"
        ) from None
    return _within_reach(seconds, text, argument)


@lru_cache(maxsize=4096)
def _text(seconds: int) -> str:
    # An Instant made by arithmetic can lie anywhere; printing it never fails.
    if not _EARLIEST <= seconds <= _FARTHEST:
        return "an instant out of reach"
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def slot_at(value: Moment | int, argument: str = "slot") -> Slot:
    """Return the slot that starts at `value`; a plain int is a slot number already.

    Raises `GridError` for an instant off the grid, and names the two nearest on it (GRID-1).
    """
    if isinstance(value, int) and not isinstance(value, Instant):
        return Slot(check_slot(value, argument))
    slot, rest = divmod(_seconds(value, argument, True), SECONDS_PER_SLOT)
    if rest:
        raise GridError(
            argument,
            str(instant(value)),
            "is not the start of a ten-minute segment",
            f"the nearest are {slot_start(slot)} and {slot_start(slot + 1)}",
        )
    return Slot(slot)


def ceil_slot(seconds: int) -> Slot:
    """Return the first slot that starts at or after `seconds`."""
    return Slot(-(-seconds // SECONDS_PER_SLOT))


def slot_start(slot: int) -> Instant:
    """Return the instant at which `slot` starts.

    >>> slot_start(Slot(2992392))
    instant('2026-11-23T12:00:00Z')
    """
    return Instant(slot * SECONDS_PER_SLOT)


@attrs.frozen
class Zone:
    """A time zone by its name in the tz database; what it changes is shown, never billed (GRID-3)."""

    name: str
    _tz: tzinfo = attrs.field(eq=False, repr=False)

    def __str__(self) -> str:
        return self.name

    def local(self, at: int) -> pendulum.DateTime:
        """Return the wall clock at Unix second `at`."""
        import pendulum

        return pendulum.instance(datetime.fromtimestamp(_clock(at), self._tz))

    def date_of(self, slot: int) -> date:
        """Return the local date on which `slot` starts (WEEK-2)."""
        return datetime.fromtimestamp(_clock(slot * SECONDS_PER_SLOT), self._tz).date()

    def hour_of(self, slot: int) -> int:
        """Return a key, the same for all slots that start in one local hour: where its minute 0 is, in Unix seconds.

        A clock that jumps inside an hour (Lord Howe, by 30 minutes) makes that hour two rows, and its
        second key lies where minute 0 would have been.
        """
        seconds = _clock(slot * SECONDS_PER_SLOT)
        local = datetime.fromtimestamp(seconds, self._tz)
        return seconds - local.minute * 60 - local.second

    def instant_of(self, wall: datetime) -> Instant:
        """Return the instant that a naive wall-clock moment means here (WEEK-3)."""
        # Made anew: a plain datetime, whatever its kind, and the first of two occurrences.
        clock = wall.hour, wall.minute, wall.second
        local = datetime(wall.year, wall.month, wall.day, *clock, tzinfo=self._tz)
        return Instant((local - _EPOCH) // _SECOND)

    def wall(self, at: int) -> datetime:
        """Return the naive wall-clock moment at Unix second `at`."""
        return datetime.fromtimestamp(_clock(at), self._tz).replace(tzinfo=None, fold=0)


def _clock(seconds: int) -> int:
    """Return `seconds` if a clock can show it."""
    # Every slot of a week may be asked for its date: the text is made for the error alone.
    return _within_reach(seconds, None, "at", _FARTHEST - 86_400)


def zone(name: str, argument: str = "zone") -> Zone:
    """Return the zone called `name` in the tz database.

    Raises `UnknownZone`, with the nearest names, for any other.

    >>> zone("Asia/Kathmandu").date_of(2992392)
    datetime.date(2026, 11, 23)
    """
    if not isinstance(name, str):
        raise UnknownZone(argument, name, "is not a name", "give one of the tz database, such as Europe/Berlin")
    return UTC if name.upper() == "UTC" else _named_zone(name, argument)


@lru_cache(maxsize=1024)
def _named_zone(name: str, argument: str) -> Zone:
    import pendulum

    try:
        return Zone(name, pendulum.timezone(name))
    except (ValueError, OSError, LookupError):
        from difflib import get_close_matches

        near = get_close_matches(name, pendulum.timezones(), n=3)
        remedy = f"did you mean {', '.join(near)}?" if near else "give a tz database name such as Europe/Berlin"
        raise UnknownZone(argument, name, "is not a zone of the tz database", remedy) from None


UTC: Final = Zone("UTC", _UTC)
"""Universal time: the zone of the grid, and of the presets' weeks."""


class Weekday(Enum):
    """A day of the week; its number is `datetime.date.weekday`'s."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """0 for Monday to 6 for Sunday."""
        return list(Weekday).index(self)


_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,7})M)?)?", re.ASCII)


_YEAR: Final = 366 * 24 * 60


@attrs.frozen(order=True)
class WallOffset:
    """A distance on the wall clock, from a week's nominal start to a deadline (CALENDAR).

    Days are calendar days of the policy's zone, so ``P7DT12H`` is Monday noon on the wall also when
    the clocks change in between.

    >>> print(WallOffset.parse("P7DT12H"))
    P7DT12H
    """

    minutes: int

    def __attrs_post_init__(self) -> None:
        if type(self.minutes) is not int or not 0 <= self.minutes <= _YEAR:
            raise InvalidValue("minutes", self.minutes, "is not 0 to 366 days", "give whole minutes, at most 527040")

    @classmethod
    def parse(cls, text: str, argument: str = "offset") -> WallOffset:
        """Return the offset that ISO 8601 duration `text` gives, in weeks, days, hours and minutes."""
        shape = _DURATION.fullmatch(text) if isinstance(text, str) else None
        if shape is None or text[-1] in "PT":
            raise InvalidValue(argument, text, "is not a wall-clock offset", "write it like P7DT12H or P16D")
        weeks, days, hours, minutes = (int(part or 0) for part in shape.groups())
        total = ((weeks * 7 + days) * 24 + hours) * 60 + minutes
        if total > _YEAR:
            raise InvalidValue(argument, text, "is longer than 366 days", "write it like P7DT12H or P16D")
        return cls(total)

    def __str__(self) -> str:
        days, rest = divmod(self.minutes, 24 * 60)
        hours, minutes = divmod(rest, 60)
        time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
        return "P" + (f"{days}D" if days or not time else "") + (f"T{time}" if time else "")

    @property
    def timedelta(self) -> timedelta:
        """The same distance as the standard library's."""
        return timedelta(minutes=self.minutes)


@attrs.frozen
class Week:
    """One week of a work diary: 7 calendar days of a zone from its nominal start (WEEK-1).

    `nominal` is the wall-clock start, `starts_at` and `ends_at` are instants; the week's slots are
    those that start in between (WEEK-2)::

        Kathmandu, Monday 00:00 = Sunday 18:15Z, inside a slot:

        18:10Z ├──────────┤ 18:20Z ├──────────┤
                     ↑ the week begins; its first slot is that of 18:20Z
    """

    nominal: datetime
    zone: Zone
    starts_at: Instant
    ends_at: Instant
    start: Slot
    stop: Slot

    @classmethod
    def from_nominal(cls, nominal: datetime, zone: Zone) -> Week:
        """Return the week that starts at the wall-clock moment `nominal`, naive, of `zone`."""
        starts_at = zone.instant_of(nominal)
        ends_at = zone.instant_of(nominal + timedelta(days=7))
        return cls(nominal, zone, starts_at, ends_at, ceil_slot(starts_at), ceil_slot(ends_at))

    def __contains__(self, slot: object) -> bool:
        return isinstance(slot, int) and self.start <= slot < self.stop

    def __str__(self) -> str:
        return f"week of {self.nominal.date()}"

    @property
    def slots(self) -> Slots:
        """All slots of the week: 1,008 in UTC."""
        return Slots.range(self.start, self.stop)

    def after(self, offset: WallOffset) -> Instant:
        """Return the instant `offset` after the nominal start, on the wall clock (WEEK-3)."""
        return self.zone.instant_of(self.nominal + offset.timedelta)

    @property
    def next(self) -> Week:
        """The week after this one."""
        return Week.from_nominal(self.nominal + timedelta(days=7), self.zone)

    @property
    def previous(self) -> Week:
        """The week before this one."""
        return Week.from_nominal(self.nominal - timedelta(days=7), self.zone)


def week_containing(at: int, weekday: Weekday, minute_of_day: int, zone: Zone) -> Week:
    """Return the week that contains Unix second `at`, for weeks from `weekday` at `minute_of_day`.

    The candidate from the wall clock can be one week off where the clock jumps across the week's
    start (Apia lost a whole day), so it is checked against its own instants; no loop is open-ended.
    """
    wall = zone.wall(at)
    days = (wall.weekday() - weekday.number) % 7
    midnight = datetime.combine(wall, time())
    nominal = midnight - timedelta(days=days) + timedelta(minutes=minute_of_day)
    week = Week.from_nominal(nominal, zone)
    if at < week.starts_at:
        week = week.previous
    elif at >= week.ends_at:
        week = week.next
    return week
