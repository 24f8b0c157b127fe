"""Strangers' text on a terminal: memos and labels are shown, never obeyed."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
import unicodedata
from typing import Final

__all__ = ["REPLACEMENT", "safe", "safe_line", "say"]

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

# ECMA-48: a control sequence (CSI), a string up to its terminator (OSC, DCS, SOS, PM, APC), any other escape.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[PX\]^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_SPACES = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029 ]+")

_JOINERS: Final = "\u200c\u200d"
"""Scripts and emoji need these two; they neither move the cursor nor turn the line around."""


def safe(text: str) -> str:
    r"""Return `text` as one line that a terminal can only show.

    Escape sequences, control characters and invisible ones (among them the bidirectional overrides) are
    taken out, white space of any kind becomes one space, and half a surrogate pair is replaced.

    >>> safe("fix\n\x1b[31mthe\x1b[0m \u202emrof\u202c \ud800")
    'fix the mrof \ufffd'
    """
    if text.isascii() and text.isprintable():
        return _SPACES.sub(" ", text).strip()
    text = _SPACES.sub(" ", _ESCAPES.sub("", text))
    return "".join(shown for char in text for shown in _shown(char)).strip()


def say(line: str) -> None:
    """Print a sentence or a line of a list, safe; on a terminal it is wrapped between words."""
    line = safe_line(line)
    if not sys.stdout.isatty():
        print(line)
        return
    indent = " " * (len(line) - len(line.lstrip(" ")) + 2)
    width = max(shutil.get_terminal_size().columns, 20)
    for part in textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False):
        print(part)


def safe_line(text: str) -> str:
    r"""Return `text` as `safe` does, with the spaces before it: a line of a list stays where it is.

    >>> safe_line("  one\nline")
    '  one line'
    """
    return " " * (len(text) - len(text.lstrip(" "))) + safe(text)


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cs":
        return REPLACEMENT
    if category in ("Cc", "Cf") and char not in _JOINERS:
        return ""
    return char
