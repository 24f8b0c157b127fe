"""Text that somebody gives to the tracker: refused at the door when it cannot be written down.

A diary takes any memo, half a surrogate pair included. The tracker's own file holds UTF-8, and so does a request over
its socket; a command line in another encoding brings such halves. What was let in could not be kept later, so it is
refused here, where somebody can still write it again.
"""

from __future__ import annotations

from workdiary.errors import InvalidValue
from workdiary.model.segment import check_text

__all__ = ["text_of", "text_or_none"]


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


def text_or_none(given: object, argument: str) -> str | None:
    """Return `given` as `text_of` does, or `None` for `None`."""
    return None if given is None else text_of(given, argument)
