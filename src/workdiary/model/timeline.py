"""`Timeline`: a value by effective date, such as the terms of a contract.

Any dated value holds from its instant, inclusive, until the next one's (LIMIT-4)::

    since     t0 ────────────┐ t1 ─────────┐ t2 ──────────────────→
    value      terms of t0   │ terms of t1 │ terms of t2 …
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Generic, NamedTuple, Protocol, TypeVar

import attrs

from workdiary.errors import OrderError
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant, ceil_slot

__all__ = ["Dated", "Piece", "Timeline", "dated"]


class Dated(Protocol):
    """Anything that holds from an instant on."""

    @property
    def since(self) -> Instant:
        """The instant from which it holds."""
        ...


T = TypeVar("T", bound=Dated)


class Piece(NamedTuple, Generic[T]):
    """A stretch of slots ``start <= slot < stop`` in which one value holds; `None` before the first."""

    start: Slot
    stop: Slot
    value: T | None


@attrs.frozen(repr=False)
class Timeline(Generic[T]):
    """Dated values in order, one at an instant.

    >>> from workdiary import Terms, hours, instant
    >>> terms = Timeline.of([Terms(since="2026-11-02T00:00Z", rate="30", weekly_limit=hours(40))])
    >>> terms.at(instant("2026-11-18T09:10Z")).rate
    Decimal('30')
    >>> terms.at(instant("2026-11-01T00:00Z")) is None
    True
    """

    values: tuple[T, ...]
    _instants: tuple[int, ...] = attrs.field(eq=False)

    @classmethod
    def of(cls, values: Iterable[T], argument: str = "timeline") -> Timeline[T]:
        """Return the timeline of `values`.

        Raises `OrderError` when they are out of order or two hold from one instant; sorting them
        here would hide that somebody mixed them up.
        """
        entries = tuple(values)
        for n, (earlier, later) in enumerate(pairwise(entries), 1):
            if later.since == earlier.since:
                raise OrderError(
                    f"{argument}[{n}].since", str(later.since), "stands twice", "keep the value that holds"
                )
            if later.since < earlier.since:
                raise OrderError(
                    f"{argument}[{n}].since",
                    str(later.since),
                    f"is earlier than {earlier.since} before it",
                    "put dated values in order of time",
                )
        return cls(entries, tuple(map(int, (value.since for value in entries))))

    def __iter__(self) -> Iterator[T]:
        return iter(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Timeline.of({list(self.values)!r})"

    @property
    def first(self) -> T | None:
        """The earliest value, or `None` of an empty timeline."""
        return self.values[0] if self.values else None

    def at(self, seconds: int) -> T | None:
        """Return the value in force at Unix second `seconds`, or `None` before the first."""
        place = bisect_right(self._instants, seconds)
        return self.values[place - 1] if place else None

    def after(self, seconds: int) -> tuple[T, ...]:
        """Return the values that begin to hold after Unix second `seconds`."""
        return self.values[bisect_right(self._instants, seconds) :]

    def pieces(self, start: int, stop: int) -> tuple[Piece[T], ...]:
        """Return what holds at each slot of ``start <= slot < stop``, by the slot's start (BILL-1).

        Consecutive, covering, none empty; a value that no slot's start meets is not among them.
        """
        found: list[Piece[T]] = []
        place, value = Slot(start), self.at(start * SECONDS_PER_SLOT)
        for later in self.after(start * SECONDS_PER_SLOT):
            begins = ceil_slot(later.since)
            if begins >= stop:
                break
            if begins > place:
                found.append(Piece(place, begins, value))
                place = begins
            value = later
        if place < stop:
            found.append(Piece(place, Slot(stop), value))
        return tuple(found)


def dated(values: Iterable[T], new: T) -> tuple[T, ...]:
    """Return `values` in order of time with `new` among them, in place of one of the same instant."""
    others = [value for value in values if value.since != new.since]
    return tuple(sorted([*others, new], key=lambda value: value.since))
