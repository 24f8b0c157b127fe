"""Checks that constructors share: what a type checker promises is looked at once more where money depends on it.

A text where a truth value is meant is true in Python: ``manual_time_allowed="no"`` would allow it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

from workdiary.errors import InvalidValue

__all__ = ["check", "check_each"]

_V = TypeVar("_V")


def check(owner: object, **kinds: type) -> None:
    """Raise `InvalidValue` unless each named field of `owner` is exactly of its kind."""
    for name, kind in kinds.items():
        value = getattr(owner, name)
        if type(value) is not kind:
            raise InvalidValue(name, value, *_wanted(kind))


def check_each(values: Iterable[_V], kind: type[_V], argument: str) -> tuple[_V, ...]:
    """Return `values` as a tuple; raises `InvalidValue` unless each is of `kind`, and for a single text."""
    if isinstance(values, str):
        raise InvalidValue(argument, values, "is a single text", "give a list")
    if not isinstance(values, Iterable):
        raise InvalidValue(argument, values, "is not a list", "give a list")
    made = tuple(values)
    for n, value in enumerate(made):
        if not isinstance(value, kind):
            raise InvalidValue(f"{argument}[{n}]", value, *_wanted(kind))
    return made


def _wanted(kind: type) -> tuple[str, str]:
    if issubclass(kind, Enum):
        members = ", ".join(f"{kind.__name__}.{member.name}" for member in kind)
        return f"is not a {kind.__name__}", f"give one of {members}"
    return _WORDS.get(kind, (f"is not a {kind.__name__}", f"give a {kind.__name__}"))


_WORDS = {bool: ("is not a truth value", "give True or False"), str: ("is not text", "give a string")}
