"""Times as people write them on a command line: with a zone, in one, or as a bare clock after a full one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from workdiary.cli.files import zone_of
from workdiary.cli.statement import clocks
from workdiary.errors import InvalidValue, NaiveDatetime
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import UTC, Instant, Zone, instant, slot_at, slot_start

__all__ = ["instant_of", "moment_words", "ranges_of", "shown_zone", "stretch", "stretches"]

_FULL: Final = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d)?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_CLOCK: Final = re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)


def shown_zone(zone: str | None) -> Zone:
    """Return the zone in which times are shown: that of ``--zone``, or UTC."""
    return UTC if zone is None else zone_of(zone)


def instant_of(text: str, zone: str | None, argument: str) -> Instant:
    """Return the instant that `text` gives; without a zone of its own it is on the wall clock of `zone`.

    Raises `NaiveDatetime` when there is neither, and `InvalidValue` for a wall clock that the night of a
    change skips or repeats.
    """
    shape = _FULL.fullmatch(text)
    if shape is None or shape["zone"] is not None:
        return instant(text, argument)
    if zone is None:
        remedy = "end it in Z or an offset such as +01:00, or give --zone"
        raise NaiveDatetime(argument, text, "has no zone", remedy)
    place = zone_of(zone)
    try:
        wall = datetime.fromisoformat(text.upper().replace(" ", "T"))
    except ValueError:
        raise InvalidValue(argument, text, "is not an instant", "check the month, the day and the time") from None
    first = place.instant_of(wall)
    # Clocks jump by three hours at the most, in steps of at least ten minutes.
    meant = {first + 600 * step for step in range(-18, 19) if place.wall(first + 600 * step) == wall}
    if len(meant) != 1:
        allowed = f"comes twice in {place.name}" if meant else f"is skipped by the clocks of {place.name}"
        raise InvalidValue(argument, text, allowed, "write it with its offset, such as +01:00")
    return Instant(meant.pop())


def ranges_of(times: Sequence[str], zone: str | None, *, segments: bool) -> tuple[tuple[Slot, Slot], ...]:
    """Return the half-open ranges of slots that `times` give: pairs of from and to, or starts of single segments.

    A bare clock such as ``10:30`` takes its day and its zone from the time before it. Overlapping ranges
    become one; a segment named twice is one.
    """
    slots: list[Slot] = []
    before: re.Match[str] | None = None
    for text in times:
        full = text
        if _CLOCK.fullmatch(text):
            if before is None:
                raise InvalidValue("FROM", text, "has no date", "write the first time like 2026-11-18T09:10Z")
            full = f"{before[1]}T{text}{before['zone'] or ''}"
        before = _FULL.fullmatch(full)
        argument = "SEGMENT" if segments else ("FROM", "TO")[len(slots) % 2]
        at = instant_of(full, zone, argument)
        try:
            slots.append(slot_at(at, argument))
        except InvalidValue as error:
            raise InvalidValue(error.argument, text, error.allowed, error.remedy) from None
    if segments:
        if not slots:
            raise InvalidValue("SEGMENT", "", "is missing", "give the start of at least one segment")
        return tuple((slot, Slot(slot + 1)) for slot in sorted(set(slots)))
    if len(slots) % 2 or not slots:
        raise InvalidValue("TO", times[-1] if times else "", "has no partner", "give FROM and TO, or --segments")
    pairs = list(zip(slots[::2], slots[1::2], strict=True))
    for start, stop in pairs:
        if stop <= start:
            begins = slot_start(start)
            raise InvalidValue("TO", str(slot_start(stop)), f"is not after FROM, {begins}", "give the end of the range")
    return Slots.from_runs(pairs).runs()


def stretch(start: int, stop: int, zone: Zone) -> str:
    """Return a stretch of slots on the wall clock of `zone`, with its day; whole days by their first and last."""
    first, last = zone.local(slot_start(start)), zone.local(slot_start(stop - 1))
    if first.date() == last.date():
        return f"{first:%a} {first.day} {first:%b} {clocks(start, stop, zone)}"
    if f"{zone.local(slot_start(stop)):%H:%M}" == f"{first:%H:%M}" == "00:00":
        return f"{first:%a} {first.day} {first:%b} – {last:%a} {last.day} {last:%b}"
    last = zone.local(slot_start(stop))
    return f"{first:%a} {first.day} {first:%b} {first:%H:%M} – {last:%a} {last.day} {last:%b} {last:%H:%M}"


_SHOWN: Final = 6


def stretches(slots: Slots, zone: Zone) -> str:
    """Return the runs of `slots` on the wall clock of `zone`, the first few of many."""
    runs = slots.runs()
    words = []
    day = None
    for start, stop in runs[:_SHOWN]:
        text = stretch(start, stop, zone)
        same = zone.date_of(start) == day and zone.date_of(stop - 1) == day
        # Of several on one day the day is said once.
        words.append(clocks(start, stop, zone) if same else text)
        day = zone.date_of(start)
    more = len(runs) - _SHOWN
    return ", ".join(words) + (f" and {more} more" if more > 0 else "")


def moment_words(at: int, zone: Zone) -> str:
    """Return an instant on the wall clock of `zone`, for a column: ``2026-11-18 09:10:05``."""
    return f"{zone.local(at):%Y-%m-%d %H:%M:%S}"
