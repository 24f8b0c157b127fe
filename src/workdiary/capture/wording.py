"""Text that somebody gives to the tracker: refused at the door when it cannot be written down.

A diary takes any memo, half a surrogate pair included. The tracker's own file holds UTF-8, and so does a request over
its socket; a command line in another encoding brings such halves. What was let in could not be kept later, so it is
refused here, where somebody can still write it again. A memo is one line besides, without what would ring, colour or
turn around whatever terminal shows it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from workdiary.errors import InvalidValue
from workdiary.model.segment import check_text

__all__ = ["memo_of", "text_of", "text_or_none"]

_SPACE: Final = re.compile(r"\s+")

_JOINERS: Final = "\u200c\u200d"
"""Scripts and emoji need these two invisible characters; all others of their kind hide text, or turn it around."""


def text_of(given: object, argument: str) -> str:
    r"""Return `given`, which has to be text that UTF-8 can hold, as short as a memo.

    Raises `InvalidValue`, which names the `argument`, for anything else.

    >>> text_of("Grüße", "memo")
    'Grüße'
    >>> text_of("caf\udce9", "memo")
    Traceback (most recent call last):
    workdiary.errors.InvalidValue: memo: 'caf\udce9' cannot be written in UTF-8; write it again, in UTF-8
    """
    if not isinstance(given, str):
        raise InvalidValue(argument, given, "is not text", "give a string")
    check_text(given, argument)
    try:
        given.encode()
    except UnicodeEncodeError:
        raise InvalidValue(argument, given, "cannot be written in UTF-8", "write it again, in UTF-8") from None
    return given


def memo_of(given: object, argument: str = "memo") -> str:
    r"""Return `given` as `text_of` does, as one line: white space of any kind becomes one space.

    Raises `InvalidValue` for control characters too, and for those that turn text around.

    >>> memo_of("  Fix the\n login form ")
    'Fix the login form'
    """
    text = _SPACE.sub(" ", text_of(given, argument)).strip()
    if any(unicodedata.category(sign) in ("Cc", "Cf") and sign not in _JOINERS for sign in text):
        raise InvalidValue(argument, given, "has characters that no terminal can show", "write it without them")
    return text


def text_or_none(given: object, argument: str) -> str | None:
    """Return `given` as `text_of` does, or `None` for `None`."""
    return None if given is None else text_of(given, argument)
