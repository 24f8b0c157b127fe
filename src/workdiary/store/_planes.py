"""A kept week as a row: sets as bitmaps of one bit a slot, about four bytes a recorded segment.

A week of *n* slots from `start` on has bitmaps of ``ceil(n / 8)`` bytes, little-endian: slot
``start + i`` is bit ``i % 8`` of byte ``i // 8``. The meters of ``0 .. 10`` are four of them, the
bits of the number, beside `known`, which says where there is a meter at all::

    slot      0 1 2 3 4 5
    meter     3 8 0 · 10 ·
    known     1 1 1 0 1 0
    meter8    0 1 0 0 1 0
    meter4    0 0 0 0 0 0
    meter2    1 0 0 0 1 0
    meter1    1 0 0 0 0 0

`texts` is JSON: ``{"memos": [[text, [from, to, from, to]], …], "labels": […]}`` with the half-open
runs of each text's slots, counted from `start`, in the order of the sheet.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, Final

from workdiary.diary.journal import KeptWeek, WeekState
from workdiary.errors import InvalidValue, StoreError
from workdiary.model.activity import MINUTES
from workdiary.model.sheet import Sheet
from workdiary.model.slots import WIDEST, Slot, Slots

__all__ = ["week_of", "week_row"]

_STATES: Final = {state.value: state for state in WeekState}
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True)


def week_row(contract: str, week: KeptWeek) -> tuple[object, ...]:
    """Return the row that keeps `week` of `contract`.

    Raises `InvalidValue` for a sheet that has slots outside of the week, or meters that are none.
    """
    width = week.stop - week.start
    if not 0 < width <= WIDEST:
        raise InvalidValue("weeks", width, "is not the length of a week in slots", "give start < stop")
    length = (width + 7) // 8
    sheet = week.sheet

    def bits(slots: Slots) -> int:
        if not slots:
            return 0
        mask = slots.bits_from(week.start)
        if mask.bit_length() > width or mask.bit_count() != len(slots):
            outside = (slots - Slots.range(week.start, week.stop)).runs()[:1]
            raise InvalidValue(f"weeks[{week.start}]", outside, "lies outside of the week", "keep it with its own week")
        return mask

    def runs(slots: Slots) -> list[int]:
        bits(slots)  # for its check
        return [edge - week.start for run in slots.runs() for edge in run]

    levels = [bits(slots) for slots in sheet.at_least]
    if len(levels) != MINUTES + 1 or any(above & ~below for below, above in pairwise(levels)):
        raise InvalidValue(
            f"weeks[{week.start}]", len(levels), "levels of meters are not nested", "give the sheet of segments"
        )
    planes = (
        bits(sheet.tracked),
        bits(sheet.manual),
        bits(sheet.snapshot),
        levels[0],
        # A bit of the number turns at each multiple of its value, and every level below was passed.
        levels[1]
        ^ levels[2]
        ^ levels[3]
        ^ levels[4]
        ^ levels[5]
        ^ levels[6]
        ^ levels[7]
        ^ levels[8]
        ^ levels[9]
        ^ levels[10],
        levels[2] ^ levels[4] ^ levels[6] ^ levels[8] ^ levels[10],
        levels[4] ^ levels[8],
        levels[8],
    )
    texts = {
        "memos": [[text, runs(slots)] for text, slots in sheet.memos],
        "labels": [[text, runs(slots)] for text, slots in sheet.labels],
    }
    return (
        contract,
        int(week.start),
        int(week.stop),
        week.state.value,
        *[plane.to_bytes(length, "little") for plane in planes],
        _ENCODER.encode(texts),
    )


def week_of(row: tuple[Any, ...]) -> KeptWeek:
    """Return the week that `row` keeps; raises `StoreError` when it is not what `week_row` made."""
    contract, start, stop, state, *planes, texts = row
    try:
        width = stop - start
        length = (width + 7) // 8
        if not 0 < width <= WIDEST or any(len(plane) != length for plane in planes):
            raise ValueError("a bitmap has not the length of its week")
        tracked, manual, snapshot, known, one, two, four, eight = [int.from_bytes(plane, "little") for plane in planes]
        every = tracked | manual | snapshot | known | one | two | four | eight
        if every >> width or (one | two | four | eight) & ~known or eight & (four | two & one):
            raise ValueError("a bit stands where none can be")
        low = one | two
        upper = four | eight
        both = one & two
        levels = (
            known,
            upper | low,
            upper | two,
            upper | both,
            upper,
            eight | four & low,
            eight | four & two,
            eight | four & both,
            eight,
            eight & low,
            eight & two,
        )
        kept = json.loads(texts)
        make = Slots.from_bits
        return KeptWeek(
            start=Slot(start),
            stop=Slot(stop),
            state=_STATES[state],
            sheet=Sheet(
                tracked=make(start, tracked),
                manual=make(start, manual),
                snapshot=make(start, snapshot),
                at_least=tuple([make(start, level) for level in levels]),
                memos=_texts(kept["memos"], start, width),
                labels=_texts(kept["labels"], start, width),
            ),
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        remedy = "verify the diary, and restore a copy that verifies"
        raise StoreError(f"weeks[{contract}, {start}]", str(error), "makes the kept week unreadable", remedy) from None


def _texts(kept: list[Any], start: int, width: int) -> tuple[tuple[str, Slots], ...]:
    found = []
    for text, edges in kept:
        bits = 0
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            if not 0 <= begin < end <= width or not isinstance(text, str):
                raise ValueError("a text has slots that are none")
            bits |= (1 << end) - (1 << begin)
        found.append((text, Slots.from_bits(start, bits)))
    return tuple(found)
