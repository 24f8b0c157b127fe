"""The terminal: a console that shows text as it is, and the few styles that all pages share."""

from __future__ import annotations

import io
import os
import re
import sys
from html import unescape
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workdiary.cli.text import safe

__all__ = ["DIM", "PAGE", "cut", "hanging", "has_colour", "make_console", "make_recorder", "put", "says", "svg_of"]

PAGE: Final = 104
"""The width of a page where none is known, as when the output is a file."""

DIM: Final = "dim"


def make_console(*, colour: bool | None = None, width: int | None = None) -> Console:
    """Return a console on standard output.

    Nothing is guessed about the text: no markup, no emoji codes, no highlighting. `colour` forces true
    colour, or none, where it is not `None`.
    """
    if width is None and not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        width = PAGE
    forced = {} if colour is None else _forced(colour)
    return Console(width=width, highlight=False, markup=False, emoji=False, **forced)


def make_recorder(width: int = PAGE) -> Console:
    """Return a console that prints nowhere and keeps everything, in true colour, for `svg_of`."""
    return Console(
        width=width, highlight=False, markup=False, emoji=False, record=True, file=io.StringIO(), **_forced(True)
    )


def _forced(colour: bool) -> dict[str, Any]:
    return {"color_system": "truecolor" if colour else None, "force_terminal": colour, "no_color": not colour}


def has_colour(console: Console) -> bool:
    """Return whether colours reach the reader; letters stand for them where they do not."""
    return console.color_system is not None and not console.no_color


def says(*parts: str | tuple[str, str]) -> Text:
    """Return parts, each plain or with its style, as one line of text that does not wrap."""
    return Text.assemble(*parts, no_wrap=True, overflow="ellipsis")


def put(console: Console, *lines: Text | str) -> None:
    """Print each line as one line: cut where it does not fit, never wrapped."""
    for line in lines:
        text = says(line) if isinstance(line, str) else line
        if not has_colour(console):
            text.rstrip()
        console.print(text, no_wrap=True, overflow="ellipsis")


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
