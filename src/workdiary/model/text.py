"""What counts as a blank memo or label: white space as Unicode's White_Space has it (PROTECT-4)."""

from __future__ import annotations

from typing import Final

__all__ = ["WHITE_SPACE", "is_blank", "label_or_none"]

WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""The 25 characters with the property White_Space. `str.isspace` also takes U+001C to U+001F, which
do not have it, so it is not used."""


def is_blank(text: str | None) -> bool:
    r"""Return whether `text` is absent, empty or only white space.

    A zero-width space is no white space: a memo of one is there, if not good.

    >>> is_blank("\u2003"), is_blank("\u200b"), is_blank(None)
    (True, False, True)
    """
    return not text or not text.strip(WHITE_SPACE)


def label_or_none(text: str | None) -> str | None:
    """Return `text`, or `None` for a blank one: a blank label is no label (EDIT-6)."""
    return None if text is None or (isinstance(text, str) and is_blank(text)) else text
