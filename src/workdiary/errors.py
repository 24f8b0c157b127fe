"""What can go wrong, as values: each error carries its facts and says what to do next.

Every error names the argument, the value that was given, what is allowed, and the way out.
Leaf errors subclass `WorkdiaryError` and the built-in that a caller would already catch, so
``except ValueError`` keeps working for those who do not know this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, Final, TypeVar

__all__ = [
    "NOTHING",
    "ChainError",
    "DocumentError",
    "FloatRefused",
    "GridError",
    "IdConflict",
    "InvalidValue",
    "JournalError",
    "MissingExtra",
    "NaiveDatetime",
    "OrderError",
    "OutsideContract",
    "OverlapError",
    "PolicyError",
    "Problems",
    "Refused",
    "StoreBusy",
    "StoreError",
    "UnknownContract",
    "UnknownCurrency",
    "UnknownPolicy",
    "UnknownZone",
    "VersionConflict",
    "WorkdiaryError",
]


_E = TypeVar("_E", bound="WorkdiaryError")


class Nothing(Enum):
    """The value of an error about something that was not given at all."""

    NOTHING = "nothing"


NOTHING: Final = Nothing.NOTHING
"""In place of a value where none was given: the message then leaves it out."""


class WorkdiaryError(Exception):
    """Any refusal of this library.

    Attributes: `argument` (a dotted path such as ``contract.terms[1].since``), `value` (what was
    given), `allowed` (what would have been right) and `remedy` (what to do now).

    >>> error = WorkdiaryError("at", "noon", "is not an instant", "write 2026-11-23T12:00:00Z")
    >>> print(error)
    at: 'noon' is not an instant; write 2026-11-23T12:00:00Z
    """

    def __init__(self, argument: str, value: object, allowed: str, remedy: str = "") -> None:
        super().__init__(argument, value, allowed, remedy)
        self.argument = argument
        self.value = value
        self.allowed = allowed
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.argument}: " if self.argument else ""
        way_out = f"; {self.remedy}" if self.remedy else ""
        given = "" if self.value is NOTHING else f"{shown(self.value)} "
        return f"{place}{given}{self.allowed}{way_out}"

    @property
    def each(self) -> tuple[WorkdiaryError, ...]:
        """The single errors that it stands for: itself, or all of its `Problems`."""
        return (self,)

    def under(self: _E, prefix: str) -> _E:
        """Return this error as seen from outside: its argument put below `prefix`."""
        bare = not self.argument or self.argument.startswith("[") or prefix[-1:] in ("", " ")
        joint = "" if bare else "."
        moved = type(self)(f"{prefix}{joint}{self.argument}", self.value, self.allowed, self.remedy)
        return moved.with_traceback(self.__traceback__)


class InvalidValue(WorkdiaryError, ValueError):
    """A value that the argument does not take."""


class NaiveDatetime(InvalidValue):
    """A datetime without a zone: it names no instant (GRID-2)."""


class GridError(InvalidValue):
    """An instant that is not the start of a ten-minute segment where one is meant (GRID-1)."""


class OrderError(InvalidValue):
    """Dated values out of order, twice at one instant, or a status after the last one."""


class OverlapError(InvalidValue):
    """Two segments for one slot."""


class OutsideContract(InvalidValue):
    """A segment or a week at which the contract has no terms (BILL-1)."""


class FloatRefused(WorkdiaryError, TypeError):
    """A float where money or hours are meant: binary fractions cannot hold cents exactly."""


class UnknownZone(WorkdiaryError, LookupError):
    """A name that the tz database does not have."""


class UnknownCurrency(WorkdiaryError, LookupError):
    """A currency whose minor digits ISO 4217 does not give (BILL-1)."""


class UnknownPolicy(WorkdiaryError, LookupError):
    """A policy name that is not among the presets, or an instant before its first date."""


class PolicyError(WorkdiaryError, ValueError):
    """A policy file with an unknown key, an unknown value or a missing source."""


class DocumentError(WorkdiaryError, ValueError):
    """A document that cannot be read: empty, truncated, too large, too deep, or of another shape."""


class Refused(WorkdiaryError, PermissionError):
    """A change that the rules refuse; `value` is the verdict with every reason."""

    def __str__(self) -> str:
        return f"{self.argument}: {self.allowed}" + (f"; {self.remedy}" if self.remedy else "")


class JournalError(WorkdiaryError):
    """A journal that cannot do what is asked of it."""


class UnknownContract(JournalError, LookupError):
    """A contract that the journal does not have."""


class VersionConflict(JournalError, RuntimeError):
    """Entries that do not follow the journal's last one: somebody has recorded in between."""


class IdConflict(JournalError, ValueError):
    """An id that is on record already, with another content."""


class ChainError(JournalError, ValueError):
    """A journal that is not what was recorded: an entry was changed, removed, inserted or moved."""


class StoreError(JournalError, OSError):
    """A store that cannot be opened, read or written.

    After a failed write it is not known whether it took place: repeat it with the same id.
    """

    def __str__(self) -> str:
        return WorkdiaryError.__str__(self)


class StoreBusy(StoreError, TimeoutError):
    """A store that somebody else holds locked for longer than we wait."""


class MissingExtra(WorkdiaryError, ImportError):
    """A part of workdiary whose optional dependency is not installed."""


class Problems(WorkdiaryError, ValueError):
    """Everything that is wrong with one document, not only the first thing.

    Iterate it, or read `errors`, for the single errors in the order they were met.
    """

    def __init__(self, argument: str, errors: Iterable[WorkdiaryError]) -> None:
        self.errors = tuple(errors)
        n = len(self.errors)
        super().__init__(argument, n, f"problem{'s' * (n != 1)}", "")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.argument, self.errors)

    @property
    def each(self) -> tuple[WorkdiaryError, ...]:
        """The single errors, in the order they were met."""
        return self.errors

    def __iter__(self) -> Iterator[WorkdiaryError]:
        return iter(self.errors)

    def __str__(self) -> str:
        head = f"{self.argument}: " if self.argument else ""
        return head + "\n".join(str(error) for error in self.errors)

    def under(self, prefix: str) -> Problems:
        """Return these problems with every argument put below `prefix`."""
        return Problems(self.argument, (error.under(prefix) for error in self.errors))


_LONGEST_SHOWN = 80


def shown(value: Any) -> str:
    """Return `value` as an error message shows it: its repr, cut when it is long."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 256:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = repr(value)
    except RecursionError:
        return f"a deeply nested {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
