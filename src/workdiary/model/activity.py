"""`Activity`: what the tracker counted in one segment, and the activity meter made of it.

Only counts are ever recorded, never what was typed or clicked (ACTIVITY-1). "Unknown" is not zero
(ACTIVITY-2): a count that nobody took is `None`, and a segment without any has no `Activity`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, TypeAlias

import attrs

from workdiary.errors import InvalidValue

__all__ = ["MINUTES", "Activity", "Counts", "Minute"]

MINUTES: Final = 10
"""The minutes of a segment, and so the highest value of the meter."""

Counts: TypeAlias = tuple[int, int, int]
"""Keystrokes, clicks and scrolls of one minute."""

_MOST: Final = 1_000_000
"""More events than this in one minute are a broken counter, not a person."""

_FIELDS: Final = ("meter", "counts", "keystrokes", "clicks", "scrolls", "mouse_events")
_ROWS: Final = {list, tuple}
_THREE: Final = {3}


@attrs.frozen(kw_only=True)
class Minute:
    """The counts of one minute: keystrokes, mouse clicks and scrolls."""

    keystrokes: int = 0
    clicks: int = 0
    scrolls: int = 0

    def __attrs_post_init__(self) -> None:
        for name, count in zip(("keystrokes", "clicks", "scrolls"), self.counts, strict=True):
            _check_count(count, name)

    @property
    def counts(self) -> Counts:
        """The three numbers, in the order of the field names."""
        return self.keystrokes, self.clicks, self.scrolls

    @property
    def active(self) -> bool:
        """Whether there was any click, scroll or keystroke (ACTIVITY-1)."""
        return any(self.counts)


@attrs.frozen(kw_only=True)
class Activity:
    """The activity of one tracked segment: its meter, and as many counts as are known.

    Make it by `of_minutes`, `of_meter` or `of_totals`. `meter` is the number of the ten minutes with
    any event, 0 to 10. A total is `None` where it is not known; `mouse_events` are clicks and
    scrolls together, which some sources do not tell apart.

    >>> activity = Activity.of_minutes([(40, 2, 0)] * 7 + [(0, 0, 0)] * 3)
    >>> activity.meter, activity.keystrokes, activity.mouse_events
    (7, 280, 14)
    >>> Activity.of_meter(7).keystrokes is None
    True
    """

    meter: int
    counts: tuple[Counts, ...] | None = None
    keystrokes: int | None = None
    clicks: int | None = None
    scrolls: int | None = None
    mouse_events: int | None = None

    def __attrs_post_init__(self) -> None:
        if type(self.meter) is not int or not 0 <= self.meter <= MINUTES:
            raise InvalidValue(
                "meter", self.meter, "is not a number of minutes from 0 to 10", "count the active minutes"
            )
        for name in ("keystrokes", "clicks", "scrolls", "mouse_events"):
            total = getattr(self, name)
            if total is not None:
                _check_count(total, name, MINUTES * _MOST * 2)
        if self.counts is not None:
            self._check_counts()

    def _check_counts(self) -> None:
        try:
            made = Activity.of_minutes(self.counts or ())
        except (InvalidValue, TypeError):
            made = None
        # Equal rows of another kind would not be equal to what is read again.
        if made != self or set(map(type, self.counts or ())) != {tuple}:
            remedy = "make it by Activity.of_minutes"
            raise InvalidValue("counts", self.counts, "do not agree with the meter and the totals", remedy)

    @classmethod
    def of_minutes(cls, minutes: Iterable[Minute | Sequence[int]]) -> Activity:
        """Return the activity of exactly ten minutes, each a `Minute` or its three counts.

        Raises `InvalidValue` for another number of minutes and for a negative count.
        """
        rows = tuple(row.counts if isinstance(row, Minute) else row for row in minutes)
        if len(rows) != MINUTES:
            raise InvalidValue("minutes", len(rows), "minutes are not the ten of a segment", "give one per minute")
        if not set(map(type, rows)) <= _ROWS or set(map(len, rows)) != _THREE:
            n = next(n for n, row in enumerate(rows) if type(row) not in _ROWS or len(row) != 3)
            raise InvalidValue(f"minutes[{n}]", rows[n], "is not three counts", "give keystrokes, clicks and scrolls")
        flat = tuple(chain.from_iterable(rows))
        if set(map(type, flat)) != {int} or min(flat) < 0 or max(flat) > _MOST:
            wrong = next(n for n, count in enumerate(flat) if type(count) is not int or not 0 <= count <= _MOST)
            _check_count(flat[wrong], f"minutes[{wrong // 3}]")
        counts = tuple(zip(flat[0::3], flat[1::3], flat[2::3], strict=True))
        keystrokes, clicks, scrolls = sum(flat[0::3]), sum(flat[1::3]), sum(flat[2::3])
        made = cls.__new__(cls)
        totals = (sum(map(any, counts)), counts, keystrokes, clicks, scrolls, clicks + scrolls)
        for name, total in zip(_FIELDS, totals, strict=True):
            object.__setattr__(made, name, total)  # checked above, and the constructor would do it again
        return made

    @classmethod
    def of_meter(cls, meter: int) -> Activity:
        """Return the activity of a segment of which only the meter, 0 to 10, is known."""
        if type(meter) is int and 0 <= meter < len(_OF_METER):
            return _OF_METER[meter]
        return cls.of_totals(meter)

    @classmethod
    def of_totals(cls, meter: int, *, keystrokes: int | None = None, mouse_events: int | None = None) -> Activity:
        """Return the activity of a segment whose meter and some totals are known, but not its minutes."""
        return cls(meter=meter, keystrokes=keystrokes, mouse_events=mouse_events)

    @property
    def minutes(self) -> tuple[Minute, ...] | None:
        """The ten minutes, or `None` when only totals are known."""
        if self.counts is None:
            return None
        return tuple(Minute(keystrokes=k, clicks=c, scrolls=s) for k, c, s in self.counts)

    def __add__(self, other: Activity) -> Activity:
        """Return the two taken together, as two uploads for one slot merge (UPLOAD-2).

        Counts per minute add where both know their minutes. Otherwise the minutes cannot be told
        apart, and the larger meter is what is certain.
        """
        if self.counts is not None and other.counts is not None:
            pairs = zip(self.counts, other.counts, strict=True)
            return Activity.of_minutes([tuple(map(sum, zip(a, b, strict=True))) for a, b in pairs])
        return Activity(
            meter=max(self.meter, other.meter),
            keystrokes=_plus(self.keystrokes, other.keystrokes),
            clicks=_plus(self.clicks, other.clicks),
            scrolls=_plus(self.scrolls, other.scrolls),
            mouse_events=_plus(self.mouse_events, other.mouse_events),
        )


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _check_count(count: object, argument: str, most: int = _MOST) -> None:
    if type(count) is not int:
        raise InvalidValue(argument, count, "is not a count", "give a whole number, 0 or more")
    if count < 0:
        raise InvalidValue(argument, count, "is negative", "give a count, 0 or more")
    if count > most:
        raise InvalidValue(argument, count, f"is more than {most} events", "check the counter")


# There are eleven of them, and a long diary has each ten thousand times.
_OF_METER: tuple[Activity, ...] = ()
_OF_METER = tuple(map(Activity.of_meter, range(MINUTES + 1)))
