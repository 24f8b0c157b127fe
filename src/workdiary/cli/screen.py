"""The terminal: a console that shows text as it is, and the few styles that all pages share."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from itertools import zip_longest
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workdiary.cli.text import safe
from workdiary.cli.width import page_width
from workdiary.model.policy import Palette

__all__ = [
    "DIM",
    "PICTURE",
    "beside",
    "cut",
    "draw",
    "fits",
    "flow",
    "hanging",
    "has_colour",
    "make_console",
    "make_recorder",
    "put",
    "says",
    "shade_of",
    "svg_of",
]

PICTURE: Final = 104
"""The width of a recorded picture: room for ten strokes a segment also beside the names of two zones."""

DIM: Final = "dim"


def make_console(*, colour: bool | None = None, width: int | None = None) -> Console:
    """Return a console on standard output.

    Nothing is guessed about the text: no markup, no emoji codes, no highlighting. `colour` forces true
    colour, or none, where it is not `None`.
    """
    if width is None and not sys.stdout.isatty():
        width = page_width()
    forced = {} if colour is None else _forced(colour)
    return Console(width=width, highlight=False, markup=False, emoji=False, **forced)


def make_recorder(width: int = PICTURE) -> Console:
    """Return a console that prints nowhere and keeps everything, in true colour, for `svg_of`."""
    return Console(
        width=width, highlight=False, markup=False, emoji=False, record=True, file=io.StringIO(), **_forced(True)
    )


def _forced(colour: bool) -> dict[str, Any]:
    return {"color_system": "truecolor" if colour else None, "force_terminal": colour, "no_color": not colour}


def has_colour(console: Console) -> bool:
    """Return whether colours reach the reader; letters stand for them where they do not."""
    return console.color_system is not None and not console.no_color


_NAMED: Final = {"tracked": "green", "manual": "yellow", "over_limit": "red"}


def shade_of(console: Console, palette: Palette, key: str) -> str:
    """Return the colour of the status `key`: that of the palette, or a name where the terminal has few colours.

    The nearest of sixteen colours to a palette's green may be grey, and to its red yellow.
    """
    return str(getattr(palette, key)) if console.color_system == "truecolor" else _NAMED[key]


def says(*parts: str | tuple[str, str]) -> Text:
    """Return parts, each plain or with its style, as one line of text that does not wrap."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def put(console: Console, *lines: Text | str) -> None:
    """Print each line; one that does not fit goes on below, a little to the right, and nothing of it is cut."""
    for line in lines:
        for text in _wrapped(says(line) if isinstance(line, str) else line, console):
            draw(console, text)


def _wrapped(text: Text, console: Console) -> Iterator[Text]:
    if text.cell_len <= console.width:
        yield text
        return
    indent = min(len(text.plain) - len(text.plain.lstrip(" ")) + 2, console.width // 3)
    first = text.wrap(console, console.width, overflow="fold", no_wrap=False)[0]
    yield first
    below = text[len(first.plain) :]
    below = below[len(below.plain) - len(below.plain.lstrip(" ")) :]
    if below:
        for part in below.wrap(console, console.width - indent, overflow="fold", no_wrap=False):
            yield says(" " * indent).append_text(part)


def draw(console: Console, line: Text) -> None:
    """Print one line of a drawing as it is: cut where it does not fit, for a drawing cannot go on below."""
    if not has_colour(console):
        line.rstrip()
    console.print(line, no_wrap=True, overflow="ellipsis")


def flow(console: Console, parts: Iterable[Text], *, gap: int = 3, start: str = "  ", below: str = "  ") -> None:
    """Print `parts` one after the other, over as many lines as they need; none is broken that fits on a line.

    The first line begins with `start`, the others with `below`.
    """
    line, begun = says(start), False
    for part in parts:
        if begun and line.cell_len + gap + part.cell_len > console.width:
            put(console, line)
            line, begun = says(below), False
        line.append(" " * gap if begun else "")
        line.append_text(part)
        begun = True
    put(console, line)


def beside(console: Console, *blocks: Sequence[Text], gap: int = 6) -> None:
    """Print blocks of lines beside each other, or below each other where the page has no room for that."""
    wide = [max(line.cell_len for line in block) for block in blocks]
    if not fits(console, *blocks, gap=gap):
        for n, block in enumerate(blocks):
            put(console, *([""] if n else []), *block)
        return
    for row in zip_longest(*blocks, fillvalue=Text()):
        line = says()
        for n, (text, width) in enumerate(zip(row, wide, strict=True)):
            line.append_text(text)
            line.append(" " * (0 if n == len(row) - 1 else width + gap - text.cell_len))
        line.rstrip()
        draw(console, line)


def fits(console: Console, *blocks: Sequence[Text], gap: int = 6) -> bool:
    """Return whether `beside` has room for `blocks` beside each other."""
    wide = [max(line.cell_len for line in block) for block in blocks]
    return sum(wide) + gap * (len(blocks) - 1) <= console.width


def hanging(sign: str | Text, words: str | Text) -> Table:
    """Return `words`, safe already, wrapped to the right of `sign`."""
    line = Table.grid()
    line.add_column(no_wrap=True)
    line.add_row(Text(sign) if isinstance(sign, str) else sign, Text(words) if isinstance(words, str) else words)
    return line


def svg_of(console: Console, title: str) -> str:
    """Return what `console` has recorded as an SVG that loads nothing, the same at every run."""
    picture = console.export_svg(title=title, unique_id="workdiary", font_aspect_ratio=0.61)
    picture = re.sub(r"@font-face\s*\{.*?\}\s*|<!--.*?-->\s*", "", picture, flags=re.DOTALL)
    picture = picture.replace("Fira Code, monospace", _FONTS).replace("font-family: arial", f"font-family: {_FONTS}")
    picture = _TEXT.sub(_without_margin, picture)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


_TEXT: Final = re.compile(r'(<text [^>]*x=")([\d.]+)("[^>]*textLength=")([\d.]+)("[^>]*>)((?:&#160;)+)([^<]*)(</text>)')


def _without_margin(found: re.Match[str]) -> str:
    """Return a text that begins where its first letter is: some viewers pass over the spaces before it."""
    start, x, middle, length, end, spaces, words, close = found.groups()
    margin = len(spaces) // len("&#160;")
    wide = Text(unescape(words)).cell_len
    column = float(length) / (margin + wide)
    if not wide:
        return ""
    return f"{start}{float(x) + margin * column:.1f}{middle}{wide * column:.1f}{end}{words}{close}"


_FONTS: Final = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"


def cut(text: str, width: int) -> str:
    """Return stranger's `text` made safe, in exactly `width` columns, with … where it was cut."""
    # Bounded first: a memo may hold thousands of characters, of which some take no column.
    shown = Text(safe(text)[: 4 * max(width, 1)])
    shown.truncate(width, overflow="ellipsis", pad=True)
    return shown.plain
