"""The diary's page: a week at a glance, and a day in hourly rows of six segments.

::

             :00           :10           :20           :30           :40           :50
    09:00    T Fix the login form ──────────────────── M Call ──────
             ||||||||·· ◉✓ ||||||···· ◉✓ |||||||||· ◉✓ manual      ✗                             40 min

Each row is two lines: the memo bars in the colours of the policy's palette (letters where there is no
colour), and below them each segment's activity meter, snapshot and protection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import Enum
from itertools import groupby, pairwise
from typing import Final

from rich.console import Console
from rich.text import Text

from workdiary.cli.grid import Bar, Cell, HourRow, Status, bars, cells_of, day_slots, days_of, hour_rows, worked_of
from workdiary.cli.screen import DIM, cut, draw, flow, has_colour, put, says, shade_of
from workdiary.cli.statement import clocks
from workdiary.cli.text import safe
from workdiary.model.activity import MINUTES
from workdiary.model.money import hours_text
from workdiary.model.policy import Palette
from workdiary.model.slots import SLOTS_PER_HOUR, Slot, Slots
from workdiary.model.text import is_blank
from workdiary.model.times import Zone, slot_start
from workdiary.statement import WeekStatement

__all__ = ["Meter", "print_day", "print_legend", "print_title", "print_week"]

_TOTAL: Final = 8
_WIDEST_CELL: Final = 14
_NARROWEST_CELL: Final = 5
_NAMED_CELL: Final = 11
"""From here on there is room for the word unknown, else for a question mark."""

_BLOCKS: Final = "·▁▂▂▃▄▅▆▇██"
"""The meter as one character, 0 to 10 active minutes, where there is no room for ten strokes."""


def print_title(console: Console, statement: WeekStatement, zone: Zone) -> None:
    """Print whose week this is, under which policy, and in which zone it is shown."""
    contract = statement.contract
    parts = (
        says((f"Contract {safe(contract.id)}", "bold"), f"  {safe(contract.freelancer)} for {safe(contract.client)}"),
        says(f"·  week of {day_words(statement.week.nominal.date())}"),
        says((f"·  {statement.policy.name}", DIM)),
        says((f"·  {zone.name}", DIM)),
    )
    flow(console, parts, gap=2, start="")


def print_week(console: Console, statement: WeekStatement, zone: Zone) -> None:
    """Print the week at a glance: a line a day, and three signs an hour, or two or one where the page is narrow."""
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
    sums = {day: _sums(statement, day_slots(day, zone)) for day in days}
    money = max(len(amount) for _, amount, _ in sums.values()) + 2
    tail = 8 + money + max(len(over) for _, _, over in sums.values())
    # What is worth knowing to the cent is never cut: the signs share what is left, and the sums go below if need be.
    room = console.width - tail
    signs = next((n for n in (3, 2) if _DAY + n * len(keys) <= room), 1)
    label = _DAY if _DAY + signs * len(keys) <= room else _SHORT_DAY
    below = label + signs * len(keys) > room
    colour, palette = has_colour(console), statement.policy.palette
    glance = _Glance(console, cells, palette, signs)
    heads = "" if below else f"{'billed':>7}{safe(statement.amount.currency):>{money + 1}}"
    draw(console, says(" " * label, (_hour_names(keys, signs) + heads, DIM)))
    for day in days:
        line = says(f"  {day:%a %d %b}"[: label - 1] + " ")
        marks = (mark for key in keys for mark in glance.hour(rows[day].get(key)))
        for style, same in groupby(marks, key=lambda mark: mark[1]):
            line.append("".join(sign for sign, _ in same), style)
        billed, amount, over = sums[day]
        red = shade_of(console, palette, Status.OVER_LIMIT.key) if colour else ""
        words = says(f"{billed:>8}{amount:>{money}}", (over, red))
        if not below:
            draw(console, line.append_text(words))
            continue
        draw(console, line)
        if words.plain.strip():
            put(console, says(" " * (label - 1)).append_text(words))
    put(console, says((f"  a sign is {60 // signs} minutes; {glance.partly}", DIM)))


_DAY: Final = 13
_SHORT_DAY: Final = 9
"""The columns of a day's name: "  Mon 19 Oct " or, where the page is narrow, "  Mon 19 "."""


def _sums(statement: WeekStatement, held: Slots) -> tuple[str, str, str]:
    """Return the hours billed on a day, their price, and the hours over the limit, each empty where there are none."""
    billable, over = len(statement.billable & held), len(statement.over_limit & held)
    return (
        f"{hours_text(billable)} h" if billable else "",
        money_of(statement, held) if billable else "",
        f"  {hours_text(over)} h over" if over else "",
    )


def _hour_names(keys: Sequence[tuple[int, int]], signs: int) -> str:
    """Return the hours over their signs; two digits need two columns and a space, so not each hour has a name."""
    every = -(-3 // signs)
    names = "".join(f"{hour:02d}".ljust(every * signs) for hour, _ in keys[::every])
    return names.ljust(len(keys) * signs)[: len(keys) * signs]


def money_of(statement: WeekStatement, slots: Slots) -> str:
    """Return what the billable ones of `slots` would cost on their own."""
    return statement.worth(statement.billable & slots).text


def _days_between(days: Sequence[date]) -> tuple[date, ...]:
    return tuple(date.fromordinal(n) for n in range(days[0].toordinal(), days[-1].toordinal() + 1))


class _Glance:
    """How the segments of an hour become three signs, two or one."""

    def __init__(self, console: Console, cells: Mapping[Slot, Cell], palette: Palette, signs: int) -> None:
        self.cells = cells
        self.each = SLOTS_PER_HOUR // signs
        self.colour = has_colour(console)
        self.shades = {status: shade_of(console, palette, status.key) for status in Status}

    @property
    def partly(self) -> str:
        """What the legend says of a sign of which only a part is recorded."""
        if self.each == 2:
            return "half a sign, ▌ or ▐, is 10 of them" if self.colour else "a small t, m or o is 10 of them"
        return "a low one, ▄, is a part of them" if self.colour else "a small t, m or o is a part of them"

    def hour(self, row: HourRow | None) -> Iterator[tuple[str, str]]:
        """Yield an hour's signs with their styles."""
        columns = row.columns if row is not None else (None,) * SLOTS_PER_HOUR
        for start in range(0, SLOTS_PER_HOUR, self.each):
            found = [None if slot is None else self.cells.get(slot) for slot in columns[start : start + self.each]]
            yield self._sign([None if cell is None else cell.status for cell in found], row is not None)

    def _sign(self, found: Sequence[Status | None], on_the_clock: bool) -> tuple[str, str]:
        counts = Counter(status for status in found if status is not None)
        if not counts:
            return ("·", DIM) if on_the_clock else (" ", "")
        ((most, _),) = counts.most_common(1)
        whole = counts.total() == len(found)
        if not self.colour:
            return (most.value if whole else most.value.lower()), ""
        if self.each > 2 or (len(counts) == 1 and whole):
            return ("█" if whole else "▄"), self.shades[most]
        first, second = found
        if first is None:
            return "▐", self.shades[most]
        return "▌", self.shades[first] if second is None else f"{self.shades[first]} on {self.shades[second]}"


def print_day(console: Console, statements: Iterable[WeekStatement], day: date, zone: Zone) -> frozenset[Meter]:
    """Print local `day` of one contract: its hours, its totals, and why what is unprotected is so.

    `statements` are those of the weeks in which the day lies; near a week's edge these are two. Returns how
    the activity was drawn, for the legend.
    """
    weeks = tuple(statements)
    held = day_slots(day, zone)
    cells = cells_of(weeks, held)
    flow(console, _day_heading(weeks, day, held), gap=2, start="")
    if not cells:
        return frozenset()
    rows = hour_rows(day, zone)
    filled = [n for n, row in enumerate(rows) if any(slot in cells for slot in row.columns)]
    rows = rows[filled[0] : filled[-1] + 1]
    label = max(len(str(row)) for row in rows) + 2
    totals = _TOTAL if label + SLOTS_PER_HOUR * _NARROWEST_CELL + _TOTAL <= console.width else 0
    width = max(_NARROWEST_CELL, min(_WIDEST_CELL, (console.width - label - totals) // SLOTS_PER_HOUR))
    draw(console, _minutes(rows, zone, label, width))
    drawing = _Drawing(console, rows, cells, weeks[0].policy.palette, label=label, width=width, totals=totals > 0)
    empty: list[HourRow] = []
    for row in rows:
        if not any(slot in cells for slot in row.columns):
            empty.append(row)
            continue
        if empty:
            put(console, says((f"{empty[0]!s:<{label}}{_blank_words(len(empty))}", DIM)))
            empty = []
        for line in drawing.lines(row):
            draw(console, line)
    for finding in _unprotected(cells, zone):
        put(console, finding)
    drawn = {Meter.STROKES if width >= _WIDEST_CELL else Meter.BLOCK}
    if width < _NAMED_CELL and any(cell.meter is None and not cell.manual for cell in cells.values()):
        drawn.add(Meter.UNKNOWN)
    return frozenset(drawn)


def _blank_words(hours: int) -> str:
    return "nothing recorded" + (f" for {hours} hours" if hours > 1 else "")


def _day_heading(weeks: Iterable[WeekStatement], day: date, held: Slots) -> Iterator[Text]:
    def total(name: str) -> str:
        return hours_text(sum(len(getattr(week, name) & held) for week in weeks))

    yield says((day_words(day, weekday=True), "bold"))
    yield says(f"{total('billable')} h billable", (f" ({total('manual')} manual)" * (total("manual") != "0.00"), DIM))
    if total("over_limit") != "0.00":
        yield says(f"{total('over_limit')} h over the limit")
    yield says((f"{total('protected')} h protected", "green"))


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
        console: Console,
        rows: Iterable[HourRow],
        cells: Mapping[Slot, Cell],
        palette: Palette,
        *,
        label: int,
        width: int,
        totals: bool,
    ) -> None:
        self.cells = cells
        self.shades = {status: shade_of(console, palette, status.key) for status in Status}
        self.colour = has_colour(console)
        self.label = label
        self.width = width
        self.totals = totals
        self.bar_at = {slot: bar for bar in bars(cells) for slot in map(Slot, range(bar.start, bar.stop))}
        found: dict[Slot, list[tuple[tuple[Slot, ...], int]]] = {}
        for row in rows:
            for part, columns in self._roomed(row):
                found.setdefault(self.bar_at[part[0]].start, []).append((part, columns))
        # A bar's text stands once: in its first part with room for it, else in the first of the roomiest.
        self.written_at = {self._roomy(parts)[0] for parts in found.values()}

    def _roomed(self, row: HourRow) -> Iterator[tuple[tuple[Slot, ...], int]]:
        """Yield each part of a bar in `row` with the columns its text can have: its own, and the free ones beyond."""
        parts = [*self._parts(row), (0, ())]
        for (length, part), (free, after) in pairwise(parts):
            if part:
                yield part, length + (0 if after else free)

    def _roomy(self, parts: list[tuple[tuple[Slot, ...], int]]) -> tuple[Slot, ...]:
        wide = len(safe(_memo(self.bar_at[parts[0][0][0]]))) + 4
        fitting = (part for part, columns in parts if columns * self.width >= wide)
        return next(fitting, max(parts, key=lambda roomed: roomed[1])[0])

    def lines(self, row: HourRow) -> Iterator[Text]:
        """Yield the two lines of `row`."""
        top, below = says((f"{row!s:<{self.label}}", DIM)), says(" " * self.label)
        worked = spilled = 0
        room = dict(self._roomed(row))
        for length, part in self._parts(row):
            worked += len(part)
            if part:
                bar = self._bar(part, room[part] * self.width)
                top.append_text(bar)
                spilled = bar.cell_len - length * self.width
            else:
                top.append(" " * (length * self.width - spilled))
                spilled = 0
            for slot in part:
                below.append_text(self._evidence(self.cells[slot]))
            if not part:
                below.append(" " * length * self.width)
        below.append(f"{worked * MINUTES:>3} min" if self.totals else "", DIM)
        yield top
        yield below

    def _parts(self, row: HourRow) -> Iterator[tuple[int, tuple[Slot, ...]]]:
        """Yield the row from left to right: the columns of each part, and its slots, none where nothing is recorded."""
        for _, group in groupby(row.columns, key=lambda slot: None if slot is None else self.bar_at.get(slot)):
            columns = tuple(group)
            yield len(columns), tuple(slot for slot in columns if slot is not None and slot in self.cells)

    def _bar(self, part: tuple[Slot, ...], room: int) -> Text:
        """Return the part of a bar that is in one row; its text may go on beyond it, over `room` columns in all.

        A bar that goes on in the next row fills its own; one that ends leaves a gap.
        """
        bar = self.bar_at[part[0]]
        gap = part[-1] + 1 == bar.stop
        own = len(part) * self.width
        width = own - gap
        words = safe(_memo(bar)) if part[0] in self.written_at else ""
        if self.colour:
            shade = self.shades[bar.status]
            long = Text(words).cell_len > width - 2 and room > own
            text = Text(f" {cut(words, room - 2).rstrip() if long else cut(words, width - 2)} ")
            inside = next(n for n in range(len(text), -1, -1) if text[:n].cell_len <= width)
            text.stylize(f"{_ink(shade)} on {shade}", 0, inside)
        else:
            inside_words = cut(words, (room - 1 if room > own else width) - 2).rstrip()
            line = f"{bar.status.value} {inside_words} " if inside_words else f"{bar.status.value} "
            long = Text(line).cell_len > width
            text = Text(line.rstrip() if long else line + "─" * (width - Text(line).cell_len))
        text.append(" " * (own - text.cell_len))
        return text

    def _evidence(self, cell: Cell) -> Text:
        """Return one segment's meter, snapshot and protection in a cell's width."""
        wide = self.width >= _WIDEST_CELL
        text = Text()
        if cell.manual:
            text.append("manual" if self.width >= 9 else "man", DIM)
        elif cell.meter is None:
            text.append("unknown" if self.width >= _NAMED_CELL else "?", DIM)
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
        left = self.width - 1 - text.cell_len - marks.cell_len
        gap = left if wide else min(left, 1)
        text.append(" " * max(gap, 0))
        text.append_text(marks)
        text.append(" " * max(self.width - text.cell_len, 0))
        return text


def _memo(bar: Bar) -> str:
    memo = "(no memo)" if is_blank(bar.memo) else bar.memo
    return memo if bar.label is None else f"{memo} · {bar.label}"


def _ink(shade: str) -> str:
    """Return black or white, whichever reads better on `shade`, a ``#rrggbb`` or a name."""
    if not shade.startswith("#"):
        return "bright_white" if shade == "red" else "black"
    red, green, blue = (int(shade[n : n + 2], 16) for n in (1, 3, 5))
    return "#000000" if red * 299 + green * 587 + blue * 114 > 140_000 else "#ffffff"


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


class Meter(Enum):
    """How a segment's active minutes are drawn, with the example in the legend."""

    STROKES = "|||·"
    BLOCK = "▅6"
    UNKNOWN = "?"


def print_legend(console: Console, palette: Palette, meters: Collection[Meter]) -> None:
    """Print what the signs of the page mean; `meters` are those that it has."""
    colour = has_colour(console)
    statuses = ((Status.TRACKED, "tracked"), (Status.MANUAL, "manual"), (Status.OVER_LIMIT, "over the limit"))
    flow(
        console,
        (
            says(("██" if colour else status.value, shade_of(console, palette, status.key)), (f" {words}", DIM))
            for status, words in statuses
        ),
    )
    drawn = " or ".join(meter.value for meter in (Meter.STROKES, Meter.BLOCK) if meter in meters)
    signs = [(drawn, "active minutes")] if drawn else []
    signs += [(Meter.UNKNOWN.value, "activity unknown")] if Meter.UNKNOWN in meters else []
    signs += [("◉", "snapshot"), ("○", "no snapshot"), ("✓", "protected"), ("✗", "not protected")]
    flow(console, (says((f"{sign} {words}", DIM)) for sign, words in signs))


def day_words(day: date, *, weekday: bool = False) -> str:
    """Return `day` as ``Monday 19 October 2026``."""
    return f"{day:%A} {day.day} {day:%B %Y}" if weekday else f"{day.day} {day:%B %Y}"
