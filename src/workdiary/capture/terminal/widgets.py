"""The pieces of the interface: lines of text with their styles, and a picture of half blocks.

Every status has its letter, so that nothing is said by colour alone. Text of others is shown as it is: no
markup is looked for in it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Final

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment as Piece
from rich.style import Style
from rich.text import Text
from textual import events
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import OptionList, Static

from workdiary.capture.engine import Running, Shot, Status
from workdiary.capture.meters import LimitLevel, LimitMeter, clock_text, counted, hours_text, span_text
from workdiary.capture.terminal.books import Book
from workdiary.capture.terminal.view import Cell, DayRow, Level, Notice, View, can_delete, one_line
from workdiary.capture.timing import span
from workdiary.model.activity import MINUTES
from workdiary.model.policy import Palette
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.model.times import Instant, Zone, slot_start

__all__ = [
    "Choices",
    "Lines",
    "Picture",
    "contract_line",
    "day_text",
    "half_blocks",
    "keys_text",
    "limit_text",
    "memo_text",
    "notice_text",
    "shades_of",
    "shot_text",
    "state_text",
    "watch_text",
]

_BLOCKS: Final = "·▁▂▂▃▄▅▆▇██"
"""The meter as one character, 0 to 10 active minutes."""

_NAMED: Final = {"T": "#008000", "M": "#808000", "O": "#800000"}
"""Exactly three of the sixteen colours: the nearest to a palette's green may be grey, and to its red yellow."""

_RED: Final = "#ff6b6b"
_YELLOW: Final = "#e8b923"
"""Both light enough to be read as the grey that they are without colour."""

_LEVELS: Final = {LimitLevel.NONE: "#3c8224", LimitLevel.NEAR: _YELLOW, LimitLevel.REACHED: _RED}

_DIM: Final = "dim"


class Lines(Static):
    """A static text that is drawn only when it changes."""

    def __init__(self, *, id: str, classes: str = "") -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self._shown: Text | None = None

    def show(self, text: Text) -> None:
        """Show `text`."""
        if text != self._shown or text.spans != (self._shown.spans if self._shown else None):
            self._shown = text
            self.update(text)

    @property
    def text(self) -> str:
        """What is shown, without its styles."""
        return "" if self._shown is None else self._shown.plain


class Choices(OptionList):
    """A list to choose from: a click only marks, as an arrow does; Enter takes what is marked."""

    async def _on_click(self, event: events.Click) -> None:
        event.prevent_default()
        clicked = event.style.meta.get("option")
        if isinstance(clicked, int):
            self.highlighted = clicked


def _join(lines: Iterable[Text]) -> Text:
    return Text("\n").join(lines)


def state_text(status: Status, book: Book | None, zone: Zone, width: int) -> Text:
    """Return the line at the top: whether it is on, for what, for how long, what time it is, and in which zone."""
    running = status.running
    clock = f"{zone.local(status.now):%a %H:%M} {zone.name}"
    if running is None:
        return _beside(Text.assemble((" OFF ", "bold reverse"), "  nothing is tracked"), clock, width)
    ends = f"  {clock_text(running.seconds)}"
    name = one_line(running.contract)
    whole = name if book is None else one_line(book.name)
    word, style = _word(running)
    if len(word) + 2 + cell_len(whole) + len(ends) + 2 + len(clock) <= width:
        name = whole
    return _beside(Text.assemble((word, style), "  ", (name, "bold"), ends), clock, width)


def _word(running: Running) -> tuple[str, str]:
    """Return the word for how it goes, and its style."""
    if running.lost:
        return " LOST ", "bold #ffffff on #c9302c"
    if running.locked or running.is_away:
        return " PAUSED ", f"bold black on {_YELLOW}"
    # Time is counted, though a question about the time before is open.
    return " ON ? " if running.idle_since is not None else " ON ", "bold #ffffff on #2d6a1b"


def _beside(left: Text, right: str, width: int) -> Text:
    gap = width - left.cell_len - len(right)
    if gap < 2:
        return _cut(left, width)
    return left.append(" " * gap).append(right, _DIM)


def contract_line(book: Book, width: int, *, running: bool) -> Text:
    """Return a contract's line in the list: a sign while it is tracked for, the contract, rate and limit.

    Where nobody can switch on for it, that stands in the place of both.
    """
    sign = "●" if running else " "
    if book.contract is None:
        return _cut(Text.assemble(f"{sign} ", one_line(book.id), ("  not read yet", _DIM)), width)
    terms = f"{book.rate}  {book.limit}" if book.hindrance is None else f"{book.hindrance}: cannot be switched on"
    name = one_line(book.name)
    room = width - 3 - len(terms)
    if room < 8:
        return _cut(Text.assemble(f"{sign} ", one_line(book.id), "  ", (terms, _DIM)), width)
    left = _cut(Text(name), room)
    return Text.assemble(f"{sign} ", left, " " * (room - left.cell_len + 1), (terms, _DIM), no_wrap=True)


def _cut(text: Text, width: int) -> Text:
    text.truncate(max(width, 1), overflow="ellipsis")
    text.no_wrap = True
    return text


def memo_text(book: Book, memo: str, label: str | None, width: int) -> Text:
    """Return the memo in one line and, where the client offers labels, the label."""
    line = Text.assemble(("memo ", _DIM), one_line(memo) or ("none yet: m writes one", "italic"))
    line.truncate(max(width, 8), overflow="ellipsis")
    if not book.labels and not label:
        return line
    asked = ", which is asked for" if book.needs_label else ""
    chosen = Text(one_line(label)) if label else Text(f"none yet: l chooses one{asked}", "italic")
    return _join([line, _cut(Text.assemble(("label ", _DIM), chosen), width)])


def watch_text(view: View, status: Status) -> Text:
    """Return the three stopwatches, and what the open segment has so far."""
    line = Text()
    for name, watch in (
        ("session", view.watches.session),
        ("today", view.watches.today),
        ("week", view.watches.week),
    ):
        line.append(f"{name} ", _DIM).append(str(watch), "bold")
        if watch.over:
            line.append(f" +{clock_text(SECONDS_PER_SLOT * watch.over)} unpaid", _RED)
        line.append("   ")
    line.rstrip()
    running = status.running
    if running is None or running.contract != view.book.id:
        return line
    now = f"now {clock_text(running.slot_seconds)} of {clock_text(SECONDS_PER_SLOT)}"
    return _join([line, Text(f"{now}   {_activity(running)}", _DIM)])


def _activity(running: Running) -> str:
    """Return what was counted in the open segment; where a part is unknown, what is certain."""
    if running.counts is not None:
        keys, clicks, scrolls = running.counts
        return f"{counted(keys, 'key')}  {counted(clicks, 'click')}  {counted(scrolls, 'scroll')}"
    if not running.active:
        return "activity unknown"
    return f"at least {running.active} of {MINUTES} minutes active"


def limit_text(limit: LimitMeter | None, now: Instant, zone: Zone, width: int) -> Text:
    """Return the bar of the weekly limit, with its forecast."""
    if limit is None:
        return Text("not a week of this contract", _DIM)
    words = limit.words(now, zone)
    if limit.limit is None:
        return Text.assemble(hours_text(limit.billed), (f"   {words}", _DIM))
    style = _LEVELS[limit.level]
    figures = f" {hours_text(limit.billed)} of {hours_text(limit.limit)}, {limit.percent} %"
    length = max(min(width - len(figures), 40), 4)
    full = length * limit.percent // 100 if limit.percent is not None else 0
    bar = Text.assemble(("█" * full, style), ("░" * (length - full), _DIM), figures)
    return _join([bar, Text(words, style if limit.level is not LimitLevel.NONE else _DIM)])


def notice_text(found: Iterable[Notice], most: int) -> Text:
    """Return the first notices, one a line, each with the sign of its level; the rest are counted."""
    signs = {Level.ERROR: ("✗ ", _RED), Level.WARNING: ("! ", _YELLOW), Level.INFO: ("· ", "")}
    given = tuple(found)
    shown = given if len(given) <= most else given[: max(most - 1, 1)]
    lines = [Text.assemble((signs[notice.level][0], signs[notice.level][1]), notice.text) for notice in shown]
    if len(given) > len(shown):
        lines.append(Text(f"  and {len(given) - len(shown)} more: n shows all", _DIM))
    return _join(lines)


def keys_text(keys: Iterable[tuple[str, str, str]], width: int) -> Text:
    """Return the first of `keys` that there is room for: each its name, a word for it, and what a click on it does."""
    line = Text()
    for key, word, action in keys:
        if line.cell_len + len(key) + len(word) + 2 > width:
            break
        line.append_text(Text.assemble((f" {key}", "bold"), f" {word}", style=Style.from_meta({"@click": action})))
    return line


def shades_of(palette: Palette, *, few: bool, none: bool) -> Mapping[str, str]:
    """Return the colours of the three letters: a terminal with `few` has its own, one with `none` has letters."""
    if none:
        return {}
    return _NAMED if few else {"T": palette.tracked, "M": palette.manual, "O": palette.over_limit}


def day_text(rows: tuple[DayRow, ...], shades: Mapping[str, str], width: int) -> Text:
    """Return today's diary: hourly rows of six segments, green, yellow and red, and the memos beside them.

    `shades` are the colours of the letters, as `shades_of` gives them.
    """
    if not rows:
        return Text("nothing is recorded today yet", _DIM)
    label = max(len(row.name) for row in rows) + 1
    each = max(min((width - label) // 6, 8 if width >= 90 else 6), 3)
    room = width - label - 6 * each - 1
    lines = [Text(" " * label + "".join(f":{minute}0".ljust(each) for minute in range(6)).rstrip(), _DIM)]
    before = ""
    for row in rows:
        line = Text.assemble((f"{row.name:<{label}}", _DIM), no_wrap=True)
        for cell in row.columns:
            line.append_text(_cell(cell, each, shades))
        memos = "; ".join(row.memos)
        if room >= 8 and memos:
            line.append(" ").append_text(_cut(Text(memos if memos != before else "″", _DIM), room))
        before = memos
        lines.append(line)
    return _join(lines)


def _cell(cell: Cell | None, width: int, shades: Mapping[str, str]) -> Text:
    if cell is None:
        return Text("·".ljust(width), _DIM)
    if cell.letter == "·":
        return Text("…".ljust(width), "bold")
    # A small letter: the diary does not have it yet.
    letter = cell.letter if cell.kept else cell.letter.lower()
    inner = width - 1
    meter = "?" if cell.meter is None else _BLOCKS[min(cell.meter, MINUTES)]
    known = "" if cell.letter == "M" else f"{meter}{'◉' if cell.shot else ''}"
    words = f" {letter}{known}" if inner >= 4 else f"{letter}{known}"
    ink = "black" if cell.letter == "M" else "white"
    colours = f"{ink} on {shades[cell.letter]}" if shades else ""
    style = f"{'bold ' if cell.kept else ''}{colours}".strip()
    return Text.assemble((words[:inner].ljust(inner), style), " ")


def shot_text(shot: Shot | None, status: Status, zone: Zone) -> Text:
    """Return what is known of the last snapshot: its moment, what is odd about it, and how long it can be deleted."""
    if shot is None:
        return Text("no snapshot yet", _DIM)
    name = one_line(shot.contract)
    if shot.why is not None:
        begins = zone.local(slot_start(shot.slot))
        line = Text.assemble((f"{begins:%a} {span_text(shot.slot, zone)}", "bold"), f"  {name}")
        # What else was done about it concerns nobody here.
        return line.append(f"  no picture: {one_line(shot.why).partition(';')[0].rstrip('.')}", _RED)
    line = Text.assemble((f"{zone.local(shot.at):%a %H:%M:%S}", "bold"), f"  {name}")
    if shot.flags:
        line.append(f"  {', '.join(map(one_line, shot.flags))}", _YELLOW)
    if can_delete(status, shot):
        # Once it is due it can be deleted for as long as the diary does not take it, which nobody knows.
        left = "" if shot.until is None or shot.until <= status.now else f" for {span(shot.until - status.now)}"
        line.append(f"  d deletes it{left}", _DIM)
    return line


class Picture(Widget):
    """A picture as half blocks: two pixels a character, one above the other."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._data: bytes | None = None
        self._made: tuple[tuple[bytes | None, int, int], list[Strip]] = ((None, 0, 0), [])

    def show(self, data: bytes | None) -> None:
        """Show the picture in the image file `data`, or nothing."""
        if data != self._data:
            self._data = data
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return line `y` of the picture."""
        width, height = self.size
        key = (self._data, width, height)
        if self._made[0] != key:
            lines = [] if self._data is None else half_blocks(self._data, width, height)
            self._made = (key, [Strip(line) for line in lines])
        lines_made = self._made[1]
        if y < len(lines_made):
            return lines_made[y]
        return Strip.blank(width, self.rich_style)  # without any style, NO_COLOR has none to take the colour from


def half_blocks(data: bytes, width: int, height: int) -> list[list[Piece]]:
    """Return the image file `data` in at most `width` columns and `height` lines, its shape kept.

    Nothing is drawn of what is no picture: one line says so.
    """
    if width < 2 or height < 1:
        return []
    from PIL import Image, UnidentifiedImageError  # dear to load, and only needed once there is a picture

    try:
        with Image.open(io.BytesIO(data)) as image:
            scale = min(width / image.width, 2 * height / image.height)
            columns = max(int(image.width * scale), 1)
            lines = max(int(image.height * scale / 2), 1)
            small = image.convert("RGB").resize((columns, 2 * lines), Image.Resampling.BOX)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return [[Piece("the picture cannot be read"[:width])]]
    pixels = small.tobytes()
    row = 3 * columns
    found = []
    for line in range(lines):
        upper, lower = (
            pixels[2 * line * row : (2 * line + 1) * row],
            pixels[(2 * line + 1) * row : (2 * line + 2) * row],
        )
        found.append(
            [
                Piece("▀", Style(color=Color.from_rgb(*upper[x : x + 3]), bgcolor=Color.from_rgb(*lower[x : x + 3])))
                for x in range(0, row, 3)
            ]
        )
    return found
