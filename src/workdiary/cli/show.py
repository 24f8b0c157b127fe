"""The diary's page: a week at a glance, and a day in hourly rows of six segments.

::

             :00           :10           :20           :30           :40           :50
    09:00    T Fix the login form ──────────────────── M Call ──────
             ||||||||·· ◉✓ ||||||···· ◉✓ |||||||||· ◉✓ manual      ✗                             40 min

Each row is two lines: the memo bars in the colours of the policy's palette (letters where there is no
colour), and below them each segment's activity meter, snapshot and protection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.text import Text

from workdiary.cli.grid import Bar, Cell, HourRow, Status, bars, cells_of, day_slots, days_of, hour_rows, worked_of
from workdiary.cli.screen import DIM, cut, has_colour, put, says
from workdiary.cli.statement import clocks
from workdiary.cli.text import safe
from workdiary.model.activity import MINUTES
from workdiary.model.money import hours_text
from workdiary.model.policy import Palette
from workdiary.model.slots import SLOTS_PER_HOUR, Slot, Slots
from workdiary.model.text import is_blank
from workdiary.model.times import Zone, slot_start
from workdiary.statement import WeekStatement

__all__ = ["print_day", "print_legend", "print_title", "print_week"]

_TOTAL: Final = 8
_WIDEST_CELL: Final = 14
_NARROWEST_CELL: Final = 5
_BLOCKS: Final = "·▁▂▂▃▄▅▆▇██"
"""The meter as one character, 0 to 10 active minutes, where there is no room for ten strokes."""


def print_title(console: Console, statement: WeekStatement, zone: Zone) -> None:
    """Print whose week this is, under which policy, and in which zone it is shown."""
    contract = statement.contract
    put(
        console,
        says(
            (f"Contract {safe(contract.id)}", "bold"),
            f"  {safe(contract.freelancer)} for {safe(contract.client)}",
            (f"  ·  week of {day_words(statement.week.nominal.date())}", ""),
            (f"  ·  {statement.policy.name}  ·  {zone.name}", DIM),
        ),
    )


def print_week(console: Console, statement: WeekStatement, zone: Zone) -> None:
    """Print the week at a glance: a line a day, three columns an hour, two segments a column."""
    cells = cells_of([statement])
    if not cells:
        put(console, says(("  nothing is recorded in this week", DIM)))
        return
    days = _days_between(days_of(worked_of([statement]), zone))
    rows = {day: {(row.hour, row.turn): row for row in hour_rows(day, zone)} for day in days}
    keys = sorted({key for day in rows.values() for key in day})
    worked = [
        key for key in keys if any(key in day and day[key].slots & worked_of([statement]) for day in rows.values())
    ]
    keys = keys[keys.index(worked[0]) : keys.index(worked[-1]) + 1]
    # Three columns an hour, or as many as there is room for: the hours that would not fit are cut on the right.
    names = "".join(f"{hour:02d} " for hour, _ in keys)
    put(console, says(" " * 13, (f"{names}{'billed':>7}{safe(statement.amount.currency):>12}", DIM)))
    colour = has_colour(console)
    for day in days:
        line = says(f"  {day:%a %d %b} ")
        marks = (mark for key in keys for mark in _glance(rows[day].get(key), cells, statement.policy.palette, colour))
        for style, same in groupby(marks, key=lambda mark: mark[1]):
            line.append("".join(sign for sign, _ in same), style)
        held = day_slots(day, zone)
        billable, over = len(statement.billable & held), len(statement.over_limit & held)
        line.append(f"{hours_text(billable):>6} h" if billable else " " * 8)
        line.append(f" {money_of(statement, held):>10}" if billable else " " * 11)
        line.append(f"  {hours_text(over)} h over" if over else "", _style(Status.OVER_LIMIT, statement, colour))
        put(console, line)


def money_of(statement: WeekStatement, slots: Slots) -> str:
    """Return what the billable ones of `slots` would cost on their own."""
    return statement.worth(statement.billable & slots).text


def _days_between(days: Sequence[date]) -> tuple[date, ...]:
    return tuple(date.fromordinal(n) for n in range(days[0].toordinal(), days[-1].toordinal() + 1))


def _glance(
    row: HourRow | None, cells: Mapping[Slot, Cell], palette: Palette, colour: bool
) -> Iterator[tuple[str, str]]:
    """Yield one hour as three signs with their styles, two segments each; a small letter is half a column."""
    columns = row.columns if row is not None else (None,) * SLOTS_PER_HOUR
    found = [None if slot is None else cells.get(slot) for slot in columns]
    for left, right in zip(found[::2], found[1::2], strict=True):
        first, second = _shade(left, palette), _shade(right, palette)
        if first is None and second is None:
            yield ("·", DIM) if row is not None else (" ", "")
        elif not colour:
            letter = next(cell.status.value for cell in (left, right) if cell is not None)
            yield (letter if left and right else letter.lower()), ""
        elif first == second:
            yield "█", first or ""
        elif first is None:
            yield "▐", second or ""
        else:
            yield "▌", first if second is None else f"{first} on {second}"


def _shade(cell: Cell | None, palette: Palette) -> str | None:
    return None if cell is None else str(getattr(palette, cell.status.key))


def print_day(console: Console, statements: Iterable[WeekStatement], day: date, zone: Zone) -> None:
    """Print local `day` of one contract: its hours, its totals, and why what is unprotected is so.

    `statements` are those of the weeks in which the day lies; near a week's edge these are two.
    """
    weeks = tuple(statements)
    held = day_slots(day, zone)
    cells = cells_of(weeks, held)
    put(console, _day_heading(weeks, day, held))
    if not cells:
        return
    rows = hour_rows(day, zone)
    filled = [n for n, row in enumerate(rows) if any(slot in cells for slot in row.columns)]
    rows = rows[filled[0] : filled[-1] + 1]
    label = max(len(str(row)) for row in rows) + 2
    width = max(_NARROWEST_CELL, min(_WIDEST_CELL, (console.width - label - _TOTAL) // SLOTS_PER_HOUR))
    put(console, _minutes(rows, zone, label, width))
    palette, colour = weeks[0].policy.palette, has_colour(console)
    drawing = _Drawing(rows, cells, palette, colour=colour, label=label, width=width)
    empty: list[HourRow] = []
    for row in rows:
        if not any(slot in cells for slot in row.columns):
            empty.append(row)
            continue
        if empty:
            put(console, says((f"{empty[0]!s:<{label}}{_blank_words(len(empty))}", DIM)))
            empty = []
        for line in drawing.lines(row):
            put(console, line)
    for finding in _unprotected(cells, zone):
        put(console, finding)


def _blank_words(hours: int) -> str:
    return "nothing recorded" + (f" for {hours} hours" if hours > 1 else "")


def _day_heading(weeks: Iterable[WeekStatement], day: date, held: Slots) -> Text:
    def total(name: str) -> str:
        return hours_text(sum(len(getattr(week, name) & held) for week in weeks))

    line = says((day_words(day, weekday=True), "bold"), f"  {total('billable')} h billable")
    if total("manual") != "0.00":
        line.append(f" ({total('manual')} manual)", DIM)
    line.append("" if total("over_limit") == "0.00" else f"  {total('over_limit')} h over the limit")
    line.append(f"  {total('protected')} h protected", "green")
    return line


def _minutes(rows: Iterable[HourRow], zone: Zone, label: int, width: int) -> Text:
    """Return the line above the columns: :00, :10, … or, in zones at :45, :05, :15 and so on."""
    first = next(slot for row in rows for slot in row.columns if slot is not None)
    rest = zone.wall(slot_start(first)).minute % MINUTES
    names = "".join(f":{minute + rest:02d}".ljust(width) for minute in range(0, 60, MINUTES))
    return says(" " * label, (names.rstrip(), DIM))


class _Drawing:
    """The drawing of one day's rows: where each bar's text goes is known before the first row is drawn."""

    def __init__(
        self,
        rows: Iterable[HourRow],
        cells: Mapping[Slot, Cell],
        palette: Palette,
        *,
        colour: bool,
        label: int,
        width: int,
    ) -> None:
        self.cells = cells
        self.palette = palette
        self.colour = colour
        self.label = label
        self.width = width
        self.bar_at = {slot: bar for bar in bars(cells) for slot in map(Slot, range(bar.start, bar.stop))}
        found: dict[Slot, list[tuple[Slot, ...]]] = {}
        for row in rows:
            for _, part in self._parts(row):
                if part:
                    found.setdefault(self.bar_at[part[0]].start, []).append(part)
        # A bar's text stands once: in its first part with room for it, else in the first of the longest.
        self.written_at = {self._roomy(parts)[0] for parts in found.values()}

    def _roomy(self, parts: list[tuple[Slot, ...]]) -> tuple[Slot, ...]:
        wide = len(safe(_memo(self.bar_at[parts[0][0]]))) + 4
        return next((part for part in parts if len(part) * self.width >= wide), max(parts, key=len))

    def lines(self, row: HourRow) -> Iterator[Text]:
        """Yield the two lines of `row`."""
        top, below = says((f"{row!s:<{self.label}}", DIM)), says(" " * self.label)
        worked = 0
        for length, part in self._parts(row):
            worked += len(part)
            top.append_text(self._bar(part) if part else Text(" " * length * self.width))
            for slot in part:
                below.append_text(self._evidence(self.cells[slot]))
            if not part:
                below.append(" " * length * self.width)
        below.append(f"{worked * MINUTES:>3} min", DIM)
        yield top
        yield below

    def _parts(self, row: HourRow) -> Iterator[tuple[int, tuple[Slot, ...]]]:
        """Yield the row from left to right: the columns of each part, and its slots, none where nothing is recorded."""
        for _, group in groupby(row.columns, key=lambda slot: None if slot is None else self.bar_at.get(slot)):
            columns = tuple(group)
            yield len(columns), tuple(slot for slot in columns if slot is not None and slot in self.cells)

    def _bar(self, part: tuple[Slot, ...]) -> Text:
        """Return the part of a bar that is in one row; a bar that goes on fills the row, one that ends leaves a gap."""
        bar = self.bar_at[part[0]]
        gap = part[-1] + 1 == bar.stop
        width = len(part) * self.width - gap
        words = _memo(bar) if part[0] in self.written_at else ""
        shade = getattr(self.palette, bar.status.key)
        if self.colour:
            text = Text(f" {cut(words, width - 2)} ", f"{_ink(shade)} on {shade}")
        else:
            inside = cut(words, width - 2).rstrip()
            line = f"{bar.status.value} {inside} " if inside else f"{bar.status.value} "
            text = Text(line[:-1] if Text(line).cell_len > width else line + "─" * (width - Text(line).cell_len))
        text.append(" " * gap)
        return text

    def _evidence(self, cell: Cell) -> Text:
        """Return one segment's meter, snapshot and protection in a cell's width."""
        wide = self.width >= _WIDEST_CELL
        text = Text()
        if cell.manual:
            text.append("manual" if self.width >= 9 else "man", DIM)
        elif cell.meter is None:
            text.append("unknown" if self.width >= 10 else "?", DIM)
        elif wide:
            text.append("|" * cell.meter, "green")
            text.append("·" * (MINUTES - cell.meter), DIM)
        else:
            text.append(_BLOCKS[cell.meter], "green" if cell.meter else DIM)
            text.append(f"{cell.meter}")
        marks = Text()
        if not cell.manual:
            marks.append("◉" if cell.snapshot else "○", "" if cell.snapshot else DIM)
        marks.append("✓" if cell.protected else "✗", "green" if cell.protected else "red")
        gap = self.width - 1 - text.cell_len - marks.cell_len if wide else 1
        text.append(" " * max(gap, 0))
        text.append_text(marks)
        text.append(" " * max(self.width - text.cell_len, 0))
        return text


def _memo(bar: Bar) -> str:
    memo = "(no memo)" if is_blank(bar.memo) else bar.memo
    return memo if bar.label is None else f"{memo} · {bar.label}"


def _ink(shade: str) -> str:
    """Return black or white, whichever reads better on `shade`, a ``#rrggbb``."""
    red, green, blue = (int(shade[n : n + 2], 16) for n in (1, 3, 5))
    return "#000000" if red * 299 + green * 587 + blue * 114 > 140_000 else "#ffffff"


def _style(status: Status, statement: WeekStatement, colour: bool) -> str:
    return str(getattr(statement.policy.palette, status.key)) if colour else ""


def _unprotected(cells: Mapping[Slot, Cell], zone: Zone) -> Iterator[Text]:
    """Yield a line a run of segments that are unprotected for the same reasons."""
    runs: list[tuple[Slot, Slot, tuple[str, ...]]] = []
    for cell in cells.values():
        words = tuple(f"{reason.code.value.replace('_', ' ')} ({reason.rule})" for reason in cell.reasons)
        if runs and runs[-1][1] == cell.slot and runs[-1][2] == words:
            runs[-1] = (runs[-1][0], Slot(cell.slot + 1), words)
        else:
            runs.append((cell.slot, Slot(cell.slot + 1), words))
    for start, stop, words in runs:
        if words:
            yield says(("  ✗ ", "red"), f"{clocks(start, stop, zone)}  ", (", ".join(words), DIM))


def print_legend(console: Console, palette: Palette) -> None:
    """Print what the signs of the page mean."""
    line = Text("  ")
    for status, words in (
        (Status.TRACKED, "tracked"),
        (Status.MANUAL, "manual"),
        (Status.OVER_LIMIT, "over the limit"),
    ):
        line.append("██" if has_colour(console) else status.value, getattr(palette, status.key))
        line.append(f" {words}   ", DIM)
    line.append("|||· active minutes   ◉ snapshot   ✓ protected   ✗ not", DIM)
    put(console, line)


def day_words(day: date, *, weekday: bool = False) -> str:
    """Return `day` as ``Monday 19 October 2026``."""
    return f"{day:%A} {day.day} {day:%B %Y}" if weekday else f"{day.day} {day:%B %Y}"
