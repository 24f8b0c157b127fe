"""What an import gives back: the segments it took, and everything that it did not, with the reason.

Nothing is dropped in silence. What the model has no place for is *left over*, what the source does
not say and had to be *assumed* is said, and what cannot be taken is a *problem*.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import attrs

from workdiary.errors import DocumentError, InvalidValue, WorkdiaryError
from workdiary.formats.reading import entries
from workdiary.model.segment import Segment

__all__ = ["Assumption", "Findings", "Imported", "LeftOver", "Record", "below", "is_nothing", "several"]

_T = TypeVar("_T")


@attrs.frozen(kw_only=True)
class LeftOver:
    """A value that the model has no place for: where it stood, the value as JSON text, and why.

    >>> LeftOver(path="week.json: data.cells[0].uid", json='"2871"', reason="is not kept").value
    '2871'
    """

    path: str
    json: str
    reason: str

    @property
    def value(self) -> Any:
        """The value, parsed anew at each call, so that nobody shares it."""
        return json.loads(self.json)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@attrs.frozen(kw_only=True)
class Assumption:
    """Something that the source does not say and the import had to decide, for `cells` cells of a contract.

    `path` is the first place where it mattered.
    """

    contract: str
    statement: str
    path: str
    cells: int = 1

    def __str__(self) -> str:
        return f"contract {self.contract}: {self.statement} ({self.cells} cell{'s' * (self.cells != 1)})"


@attrs.frozen(kw_only=True)
class Imported:
    """The outcome of an import.

    `segments_by_contract` holds each contract once, in the order of its first appearance, with its
    segments in order of time; a contract whose diary is empty is there with no segments. `left_over`
    is lossless but for values that say nothing (``null``, ``""``, ``[]`` and ``{}``). `problems` is
    empty unless the import was asked to take the good part of a bad document.
    """

    segments_by_contract: tuple[tuple[str, tuple[Segment, ...]], ...]
    left_over: tuple[LeftOver, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    problems: tuple[WorkdiaryError, ...] = ()

    @property
    def contracts(self) -> tuple[str, ...]:
        """The ids of the contracts that were found."""
        return tuple(contract for contract, _ in self.segments_by_contract)

    def segments_of(self, contract: str) -> tuple[Segment, ...]:
        """Return the segments of `contract`; raises `InvalidValue` for one that was not found."""
        for found, segments in self.segments_by_contract:
            if found == contract:
                return segments
        known = ", ".join(self.contracts) or "none"
        raise InvalidValue("contract", contract, "is not in the import", f"choose one of: {known}")


class Findings:
    """The lists that an import fills while it reads."""

    def __init__(self) -> None:
        self.left_over: list[LeftOver] = []
        self.problems: list[WorkdiaryError] = []
        self._assumed: dict[tuple[str, str], list[str]] = {}

    def leave(self, path: str, value: object, reason: str) -> None:
        """Note that `value` is not kept; one that says nothing is no loss."""
        if is_nothing(value):
            return
        try:
            text = json.dumps(value)
        except RecursionError:
            self.refuse(DocumentError(path, value, "is nested too deeply", "flatten it"))
            return
        except (TypeError, ValueError):  # a document that was not parsed from JSON
            self.refuse(DocumentError(path, value, "is not JSON", "give text, numbers, lists and objects"))
            return
        self.left_over.append(LeftOver(path=path, json=text, reason=reason))

    def refuse(self, error: WorkdiaryError) -> None:
        """Note a problem."""
        self.problems.append(error)

    def assume(self, contract: str, statement: str, path: str) -> None:
        """Note that `statement` was assumed for one more cell."""
        self._assumed.setdefault((contract, statement), []).append(path)

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What was assumed, in the order in which it first mattered."""
        return tuple(
            Assumption(contract=contract, statement=statement, path=paths[0], cells=len(paths))
            for (contract, statement), paths in self._assumed.items()
        )


class Record:
    """An object of a document, read key by key, so that what nobody read can be left over."""

    def __init__(self, data: Mapping[str, Any], path: str, findings: Findings) -> None:
        self.data = data
        self.path = path
        self.findings = findings
        self._read: set[str] = set()

    @classmethod
    def of(cls, data: object, path: str, findings: Findings) -> Record | None:
        """Return `data` as a record, or `None` and note the problem when it is no object."""
        if isinstance(data, Mapping):
            return cls(data, path, findings)
        findings.refuse(DocumentError(path, data, "is not an object", "write it in braces"))
        return None

    def path_of(self, key: str) -> str:
        """The path of `key` in this record."""
        return below(self.path, key)

    def read(self, key: str, reader: Callable[[Any, str], _T]) -> _T | None:
        """Return what `reader` makes of the value at `key`; `None` when it is absent.

        What the reader refuses is noted as a problem, and `None` returned.
        """
        if key not in self.data:
            return None
        self._read.add(key)
        try:
            return reader(self.data[key], self.path_of(key))
        except WorkdiaryError as error:
            self.findings.refuse(error)
            return None

    def child(self, key: str) -> Record | None:
        """Return the object at `key` as a record; `None` when it is absent or says nothing."""
        self._read.add(key)
        value = self.data.get(key)
        return None if is_nothing(value) else Record.of(value, self.path_of(key), self.findings)

    def close(self, reasons: Mapping[str, str]) -> None:
        """Leave over what was not read, each for its reason."""
        for key, value in self.data.items():
            if key not in self._read:
                self.findings.leave(self.path_of(key), value, reasons.get(key, _UNKNOWN))


_UNKNOWN: Final = "is not a key that this import knows"


def below(path: str, key: str) -> str:
    """Return the path of `key` below `path`, which may be that of a whole document, ``name: ``.

    >>> below("week.json: ", "data"), below("week.json: data", "cells")
    ('week.json: data', 'week.json: data.cells')
    """
    return f"{path}{key}" if not path or path.endswith(": ") else f"{path}.{key}"


def is_nothing(value: object) -> bool:
    """Return whether `value` says nothing: ``null``, or empty text, list or object."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def several(value: object, path: str) -> Iterator[tuple[Any, str]]:
    """Yield the items, each with its path, of what may be a list, one item alone, or nothing.

    Documents that were XML once write one element as an object and none as ``""``, ``[]`` or ``{}``.
    """
    if is_nothing(value):
        return iter(())
    if isinstance(value, Mapping):
        return iter([(value, path)])
    return entries(value, path)
