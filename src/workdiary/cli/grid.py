"""A diary's page as rows and columns: the hours of a local day, six segments each, and the bars over them.

A row is an hour of the wall clock. The repeated hour of an autumn night is two rows, the skipped one of
spring is none, and in zones at :45 the six segments of a row start at :05, :15, … (GRID-3)::

    02:00 CEST   ▇ ▇ ▇ ▇ ▇ ▇
    02:00 CET    ▇ ▇ · · · ·     the same wall clock, an hour later
    03:00        · · · · · ·
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from itertools import groupby

import attrs

from workdiary.model.slots import EMPTY, FIRST, LAST, SLOTS_PER_HOUR, Slot, Slots
from workdiary.model.times import Zone, ceil_slot, slot_start
from workdiary.model.verdict import Reason
from workdiary.statement import WeekStatement

__all__ = [
    "Bar",
    "Cell",
    "HourRow",
    "Status",
    "bars",
    "cells_of",
    "day_slots",
    "days_of",
    "hour_rows",
    "worked_of",
]

_MARGIN = 18
"""Slots looked at before and after a day's own midnights: more than any clock jumps."""


class Status(Enum):
    """The status of a recorded segment (STATUS-1), by the letter that stands for its colour."""

    TRACKED = "T"
    MANUAL = "M"
    OVER_LIMIT = "O"

    @property
    def key(self) -> str:
        """The name in the policy's palette, and in JSON."""
        return self.name.lower()


@attrs.frozen(kw_only=True)
class Cell:
    """One recorded segment as the page shows it; `meter` is `None` when unknown or manual."""

    slot: Slot
    status: Status
    manual: bool
    memo: str
    label: str | None
    meter: int | None
    snapshot: bool
    reasons: tuple[Reason, ...]

    @property
    def protected(self) -> bool:
        """Whether nothing speaks against its protection."""
        return not self.reasons


@attrs.frozen(kw_only=True)
class HourRow:
    """One hour of the wall clock: where it begins, and the slot in each of its six columns, if any.

    `name` tells the two passes of a repeated hour apart by the zone's abbreviation, and is empty else.
    """

    hour: int
    turn: int
    name: str
    columns: tuple[Slot | None, ...]

    def __str__(self) -> str:
        return f"{self.hour:02d}:00 {self.name}".rstrip()

    @property
    def slots(self) -> Slots:
        """The row's slots."""
        return Slots(slot for slot in self.columns if slot is not None)


@attrs.frozen(kw_only=True)
class Bar:
    """Consecutive segments with one memo, label and status; half-open."""

    start: Slot
    stop: Slot
    status: Status
    memo: str
    label: str | None


def day_slots(day: date, zone: Zone) -> Slots:
    """Return the slots that start on local `day`: 144 of them, 138 or 150 when the clocks change (WEEK-2)."""
    start = ceil_slot(zone.instant_of(datetime.combine(day, time()))) - _MARGIN
    stop = ceil_slot(zone.instant_of(datetime.combine(day + timedelta(days=1), time()))) + _MARGIN
    within = range(max(start, FIRST), min(stop, LAST + 1))
    return Slots(slot for slot in within if zone.date_of(slot) == day)


def hour_rows(day: date, zone: Zone) -> tuple[HourRow, ...]:
    """Return the rows of local `day`, in time order.

    >>> from workdiary import zone
    >>> [str(row) for row in hour_rows(date(2026, 10, 25), zone("Europe/Berlin"))][1:5]
    ['01:00', '02:00 CEST', '02:00 CET', '03:00']
    """
    hours = [(hour, list(slots)) for hour, slots in groupby(day_slots(day, zone), key=zone.hour_of)]
    wall = [zone.wall(slot_start(slots[0])).hour for _, slots in hours]
    passes = Counter(wall)
    seen: Counter[int] = Counter()
    rows = []
    for hour, (_, slots) in zip(wall, hours, strict=True):
        columns: list[Slot | None] = [None] * SLOTS_PER_HOUR
        for slot in slots:
            columns[zone.wall(slot_start(slot)).minute * SLOTS_PER_HOUR // 60] = slot
        name = str(zone.local(slot_start(slots[0])).tzname()) if passes[hour] > 1 else ""
        rows.append(HourRow(hour=hour, turn=seen[hour], name=name, columns=tuple(columns)))
        seen[hour] += 1
    return tuple(rows)


def cells_of(statements: Iterable[WeekStatement], slots: Slots | None = None) -> Mapping[Slot, Cell]:
    """Return the recorded segments of `statements`, those among `slots` where given, by slot in time order."""
    found: dict[Slot, Cell] = {}
    for statement in statements:
        sheet = statement.sheet
        texts = {slot: memo for memo, held in sheet.memos for slot in held}
        labels = {slot: label for label, held in sheet.labels for slot in held}
        failures = statement.protection.failures
        for status, held in (
            (Status.TRACKED, statement.tracked),
            (Status.MANUAL, statement.manual),
            (Status.OVER_LIMIT, statement.over_limit),
        ):
            for slot in held if slots is None else held & slots:
                found[slot] = Cell(
                    slot=slot,
                    status=status,
                    manual=slot in sheet.manual,
                    memo=texts.get(slot, ""),
                    label=labels.get(slot),
                    meter=sheet.meter_at(slot),
                    snapshot=slot in sheet.snapshot,
                    reasons=tuple(reason for reason in failures if slot in reason.slots),
                )
    return {slot: found[slot] for slot in sorted(found)}


def bars(cells: Mapping[Slot, Cell]) -> Iterator[Bar]:
    """Yield the bars over `cells`, which are in time order."""

    def kind(numbered: tuple[int, Cell]) -> tuple[int, Status, str, str | None]:
        place, cell = numbered
        return cell.slot - place, cell.status, cell.memo, cell.label

    for (_, status, memo, label), group in groupby(enumerate(cells.values()), key=kind):
        run = [cell.slot for _, cell in group]
        yield Bar(start=run[0], stop=Slot(run[-1] + 1), status=status, memo=memo, label=label)


def days_of(slots: Slots, zone: Zone) -> tuple[date, ...]:
    """Return the local days on which any of `slots` starts, in order."""
    return tuple(sorted({zone.date_of(slot) for slot in slots}))


def worked_of(statements: Iterable[WeekStatement]) -> Slots:
    """Return every recorded slot of `statements`."""
    whole = EMPTY
    for statement in statements:
        whole = whole | statement.sheet.worked
    return whole
