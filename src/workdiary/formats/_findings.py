"""What an importer is made of: the findings that it fills, and records that know what nobody has read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from workdiary.errors import DocumentError, WorkdiaryError
from workdiary.formats.imported import Assumption, LeftOver
from workdiary.formats.reading import entries

__all__ = ["Findings", "Record", "below", "is_nothing", "several"]

_T = TypeVar("_T")


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
        strange = [key for key in data if not isinstance(key, str)]
        for key in strange:  # a document that was not parsed from JSON
            findings.refuse(DocumentError(below(path, str(key)), key, "is not a key of JSON", "make it text"))
        self.data = {key: value for key, value in data.items() if key not in strange} if strange else data
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
