"""The notice that the freelancer agrees to, for each contract, before anything is captured for it."""

from __future__ import annotations

from hashlib import sha256
from textwrap import wrap
from typing import Final

__all__ = ["NOTICE", "TEXT", "paragraphs", "shown"]

TEXT: Final = """\
While the tracker is switched on for this contract, it records:

- the seconds in which it is on, by ten-minute segments;
- how many keys, clicks and scrolls there were in each minute, and never which key, what text, or where;
- one picture of the screen in each segment, at a random second, with the areas that you have hidden filled in;
- what was out of the ordinary in a segment, in a word: that the machine slept, the screen was locked, the clock was
  set, a picture failed;
- the memo and the activity label that you write yourself.

It records nothing while it is switched off, while the screen is locked, and while the machine is suspended. It
does not record sound, the camera, the clipboard, web addresses, the names of windows or programs, or files.

All of it lies on this machine, in files that only you can read, until it goes into the diary that you named,
where the client of the contract sees it. Of a picture the diary has the digest; the picture itself stays in your
folder until you hand it on. A finished segment is held back for a minute, unless you have told the tracker
another time. When you end the tracker, what is held back goes at once. Until it goes, and later until the week
locks, you can delete its picture; that deletes the segment, too, and it is not paid.
"""
"""What is recorded, what never is, where it lies, and how it is deleted."""

NOTICE: Final = sha256(TEXT.encode()).hexdigest()
"""The digest of the notice, by which the record says which one was agreed to."""


def paragraphs(text: str) -> list[str]:
    r"""Return the paragraphs of `text`, and the points of its lists, each as one line; an empty one between two.

    >>> paragraphs("It counts:\n- keys, and\n  clicks.\n\nNothing\nelse.")
    ['It counts:', '- keys, and clicks.', '', 'Nothing else.']
    """
    lines: list[str] = []
    for line in text.splitlines():
        if lines and line.strip() and lines[-1].strip() and not line.lstrip().startswith(("-", "•")):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return lines


def shown(text: str, width: int) -> str:
    """Return `text` wrapped anew for `width` columns, so that no word is broken; what is agreed to stays `TEXT`."""
    lines = []
    for line in paragraphs(text):
        indent = "  " if line.startswith("-") else ""
        lines += wrap(line, max(width, 20), subsequent_indent=indent, break_on_hyphens=False) or [""]
    return "\n".join(lines)
