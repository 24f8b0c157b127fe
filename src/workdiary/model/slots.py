"""`Slot` and `Slots`: the idea of workdiary, a week as a set of ten-minute slots.

Slot *k* is the half-open stretch of Unix seconds ``[600k, 600k + 600)``, UTC (GRID-1):

    seconds   0        600       1200      1800
              ├─────────┼─────────┼─────────┤
    slot      0         1         2         3 …

`Slots` keeps a set of them as one Python integer: bit *i* stands for slot ``offset + i``. Union,
difference and counting are then single operations on machine words, and the rules can be written
as the sentences that they implement::

    worked   = tracked | manual
    billable = worked.first(limit)
    red      = worked - billable
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, NewType, TypeAlias, TypeVar, cast, final

from workdiary.errors import InvalidValue

if TYPE_CHECKING:
    from workdiary.model.times import Instant, Zone

__all__ = [
    "EMPTY",
    "FIRST",
    "LAST",
    "SECONDS_PER_SLOT",
    "SLOTS_PER_HOUR",
    "WIDEST",
    "Slot",
    "SlotLike",
    "Slots",
    "check_slot",
]

_K = TypeVar("_K")

Slot = NewType("Slot", int)
"""The number of a ten-minute segment of time: ``unix_seconds // 600``."""

SlotLike: TypeAlias = "int | str | datetime | Instant"
"""What is taken where a slot is meant: its number, or the instant at which it starts, on the grid."""

SECONDS_PER_SLOT: Final = 600
"""The seconds of a slot (GRID-1)."""

SLOTS_PER_HOUR: Final = 6
"""The slots of an hour."""

FIRST: Final = -3_681_648
"""The earliest slot: 1900-01-01T00:00Z."""

LAST: Final = 422_236_511
"""The latest slot, a month into 9998: the week in which 9997 ends is a whole one."""

WIDEST: Final = 1 << 23
"""The widest stretch that one set may span, in slots: 159 years, a megabyte."""


_ONE: Final = ord("1")
_INT: Final = {int}


@final
class Slots:
    """An immutable set of slots, as a bitmap with an offset.

    Build it from slots, from runs or from a range; a slot is given by its number, or by the instant at
    which it starts. It has the operators of `frozenset` (``| & - ^ <= in len == hash``), iterates in
    time order, and is false when empty.

    >>> morning = Slots.range(Slot(6), Slot(12))
    >>> break_ = Slots([Slot(8)])
    >>> (morning - break_).runs()
    ((6, 8), (9, 12))
    >>> len(morning - break_), Slot(8) in morning
    (5, True)
    """

    __slots__ = ("_bits", "_offset")

    _offset: int
    _bits: int

    def __init__(self, slots: Iterable[SlotLike] = ()) -> None:
        given = list(slots)
        # Numbers alone are looked at together: if the first and the last are slots, so are all between.
        numbers = (
            cast("list[int]", given) if set(map(type, given)) <= _INT else [_slot(each, "slots") for each in given]
        )
        offset = min(numbers, default=0)
        bits = 0
        if numbers:
            last = max(numbers)
            check_slot(offset, "slots")
            check_slot(last, "slots")
            width = last - offset + 1
            _check_width(width)
            # One pass over a byte string, then one conversion: a long import stays linear.
            marks = bytearray(b"0" * width)
            for number in numbers:
                marks[offset - number - 1] = _ONE  # from the right: bit 0 is the last character
            bits = int(marks, 2)
        self._offset = offset
        self._bits = bits

    @classmethod
    def from_bits(cls, offset: int, bits: int) -> Slots:
        """Return the set whose bit *i* stands for slot ``offset + i``.

        >>> Slots.from_bits(100, 0b1011).runs()
        ((100, 102), (103, 104))
        """
        if bits < 0:
            raise InvalidValue("bits", bits, "is negative", "give a non-negative integer")
        start = _slot(offset, "offset")
        _check_width(bits.bit_length())
        check_slot(start + max(bits.bit_length() - 1, 0), "bits")
        return _make(start, bits)

    @classmethod
    def range(cls, start: SlotLike, stop: SlotLike) -> Slots:
        """Return the slots ``start <= slot < stop``; half-open, as everywhere (GRID-2).

        >>> len(Slots.range("2026-11-18T09:00Z", "2026-11-18T10:00Z"))
        6
        """
        first, end = _slot(start, "start"), _slot(stop, "stop")
        if end < first:
            raise InvalidValue("stop", stop, f"lies before start, {start}", "swap the two")
        _check_width(end - first)
        return _make(first, (1 << (end - first)) - 1)

    @classmethod
    def from_runs(cls, runs: Iterable[tuple[SlotLike, SlotLike]]) -> Slots:
        """Return the union of half-open runs ``(start, stop)``, in any order.

        >>> Slots.from_runs([(6, 8), (7, 9)]).runs()
        ((6, 9),)
        """
        whole = EMPTY
        for start, stop in runs:
            whole = whole | cls.range(start, stop)
        return whole

    # The algebra. Sets of one week share their offset, so the first branch is the usual one.

    def __or__(self, other: Slots, /) -> Slots:
        if self._offset == other._offset:
            return _make(self._offset, self._bits | other._bits)
        if not other._bits:
            return self
        if not self._bits:
            return other
        low = min(self._offset, other._offset)
        high = max(self._offset + self._bits.bit_length(), other._offset + other._bits.bit_length())
        _check_width(high - low)
        return _make(low, _shifted(self, low) | _shifted(other, low))

    def __and__(self, other: Slots, /) -> Slots:
        if self._offset == other._offset:
            return _make(self._offset, self._bits & other._bits)
        if not self._bits:
            return self  # an empty set has an offset too: seen from there, the other one would be wide
        return _make(self._offset, self._bits & _shifted(other, self._offset))

    def __sub__(self, other: Slots, /) -> Slots:
        if self._offset == other._offset:
            return _make(self._offset, self._bits & ~other._bits)
        if not self._bits:
            return self
        return _make(self._offset, self._bits & ~_shifted(other, self._offset))

    def __xor__(self, other: Slots, /) -> Slots:
        return (self | other) - (self & other)

    def __le__(self, other: Slots, /) -> bool:
        return not (self - other)._bits

    def __ge__(self, other: Slots, /) -> bool:
        return not (other - self)._bits

    def isdisjoint(self, other: Slots, /) -> bool:
        """Return whether the two sets share no slot."""
        return not (self & other)._bits

    # What it holds.

    def __contains__(self, slot: object) -> bool:
        if type(slot) is not int:
            if isinstance(slot, bool) or not isinstance(slot, int | str | datetime):
                return False
            slot = _slot(slot, "slot")  # a mistyped instant is an error, not an absent slot
        place = slot - self._offset
        # The bound keeps a far slot from shifting a huge integer.
        return 0 <= place < self._bits.bit_length() and bool(self._bits >> place & 1)

    def __len__(self) -> int:
        return self._bits.bit_count()

    def __bool__(self) -> bool:
        return self._bits != 0

    def __iter__(self) -> Iterator[Slot]:
        for start, stop in self.runs():
            yield from map(Slot, range(start, stop))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Slots):
            return NotImplemented
        if self._offset == other._offset:
            return self._bits == other._bits
        return _canonical(self) == _canonical(other)

    def __hash__(self) -> int:
        return hash(_canonical(self))

    def __repr__(self) -> str:
        return f"Slots.from_runs({list(self.runs())!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return (Slots.from_bits, _canonical(self))

    def runs(self) -> tuple[tuple[Slot, Slot], ...]:
        """Return the maximal half-open runs ``(start, stop)``, in time order."""
        found = []
        # A one where a run begins and where it has ended: they come in pairs, the lowest first.
        edges = self._bits ^ self._bits << 1
        before = self._offset - 1
        while edges:
            begin = edges & -edges
            edges ^= begin
            end = edges & -edges
            edges ^= end
            found.append((Slot(before + begin.bit_length()), Slot(before + end.bit_length())))
        return tuple(found)

    def first(self, n: int | None) -> Slots:
        """Return the `n` earliest slots; all of them for `None` or when there are no more.

        The place of the n-th one is found by halving the bitmap and counting its ones.

        >>> Slots.range(6, 12).first(2).runs()
        ((6, 8),)
        """
        bits = self._bits
        if n is None or n >= bits.bit_count():
            return self
        if n <= 0:
            return _make(self._offset, 0)
        # Skip the longest prefix that holds fewer than n ones; the n-th one stands right after it.
        prefix, rest = 0, bits
        step = 1 << (bits.bit_length().bit_length() - 1)
        while step:
            ones = (rest & ((1 << step) - 1)).bit_count()
            if ones < n:
                n -= ones
                rest >>= step
                prefix += step
            step >>= 1
        return _make(self._offset, bits & ((2 << prefix) - 1))

    def count_before(self, slot: int) -> int:
        """Return how many of these slots start before `slot`: the rank that it has or would have.

        >>> Slots.range(6, 12).count_before(8)
        2
        """
        place = slot - self._offset
        if place <= 0:
            return 0
        if place >= self._bits.bit_length():
            return self._bits.bit_count()
        return (self._bits & ((1 << place) - 1)).bit_count()

    def between(self, start: int, stop: int) -> Slots:
        """Return those of these slots in ``start <= slot < stop``.

        >>> Slots.range(6, 12).between(8, 100).runs()
        ((8, 12),)
        """
        low = max(start - self._offset, 0)
        high = min(stop - self._offset, self._bits.bit_length())
        if high <= low:
            return _make(self._offset, 0)
        return _make(self._offset, self._bits & ((1 << high) - (1 << low)))

    def shift(self, by: int) -> Slots:
        """Return every slot moved `by` slots later (earlier when negative).

        >>> Slots.range(6, 8).shift(1008).runs()
        ((1014, 1016),)
        """
        if type(by) is not int:
            raise InvalidValue("by", by, "is not a whole number of slots", "give an int")
        check_slot(self._offset + by, "by")
        check_slot(self._offset + by + max(self._bits.bit_length() - 1, 0), "by")
        return _make(self._offset + by, self._bits)

    @property
    def start(self) -> Slot | None:
        """The first slot, or `None` when empty."""
        return Slot(_canonical(self)[0]) if self._bits else None

    @property
    def stop(self) -> Slot | None:
        """The slot after the last one, or `None` when empty."""
        return Slot(self._offset + self._bits.bit_length()) if self._bits else None

    def bits_from(self, offset: int) -> int:
        """Return the bitmap whose bit *i* stands for slot ``offset + i``, for storage and transport.

        Slots before `offset` are not in it; those out of reach of one set after it are an error.
        """
        if self._bits:
            _check_width(self._offset + self._bits.bit_length() - offset)
        return _shifted(self, offset)

    # What a person sees: days and hours on the wall.

    def by_day(self, zone: Zone) -> dict[date, Slots]:
        """Return the slots of each local day that has any, by date; a slot is where it starts (WEEK-2)."""
        return {day: Slots(numbers) for day, numbers in _grouped(self, zone.date_of).items()}

    def by_hour(self, zone: Zone) -> dict[int, Slots]:
        """Return the slots of each local hour that has any, by the instant at which that hour began.

        The repeated hour of an autumn night is two hours, and in zones at :45 an hour's six slots
        start at :05, :15, … (GRID-3). Keys are Unix seconds.
        """
        return {hour: Slots(numbers) for hour, numbers in _grouped(self, zone.hour_of).items()}


_new: Final = Slots.__new__


def _make(offset: int, bits: int) -> Slots:
    # The one place that fills the fields: a rule builds ten sets, and validation was done at the door.
    made = _new(Slots)
    made._offset = offset
    made._bits = bits
    return made


EMPTY: Final = _make(0, 0)
"""The set without slots."""


def _shifted(slots: Slots, offset: int) -> int:
    """Return the bitmap of `slots` as seen from `offset`; earlier slots fall off."""
    by = slots._offset - offset
    if by < 0:
        return slots._bits >> -by
    if not slots._bits:
        return 0
    if by > WIDEST:
        # Out of reach of any set that this one could be compared with.
        return 0
    return slots._bits << by


def _canonical(slots: Slots) -> tuple[int, int]:
    """Return the offset and bitmap that equal sets share: the lowest bit is set."""
    bits = slots._bits
    if not bits:
        return 0, 0
    gap = (bits & -bits).bit_length() - 1
    return slots._offset + gap, bits >> gap


def check_slot(number: int, argument: str) -> int:
    """Return `number`; raises `InvalidValue` outside the years 1900 to 9997, where no clock can show it."""
    if not FIRST <= number <= LAST:
        raise InvalidValue(argument, number, "is a slot outside the years 1900 to 9997", "give unix_seconds // 600")
    return number


def _slot(given: SlotLike, argument: str) -> int:
    if type(given) is int:
        return check_slot(given, argument)
    if isinstance(given, bool) or not isinstance(given, int | str | datetime):
        raise InvalidValue(argument, given, "is not a slot", "give its number, or the instant at which it starts")
    from workdiary.model.times import slot_at  # instants enter there, and that file builds on this one

    return slot_at(given, argument)


def _check_width(width: int) -> None:
    if width > WIDEST:
        raise InvalidValue("slots", width, f"slots is wider than the {WIDEST} that one set may span", "split it")


def _grouped(slots: Slots, key: Callable[[Slot], _K]) -> dict[_K, list[Slot]]:
    groups: dict[_K, list[Slot]] = {}
    for slot in slots:
        groups.setdefault(key(slot), []).append(slot)
    return groups
