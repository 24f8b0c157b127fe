"""What an import gives back: the segments it took, and everything that it did not, with the reason.

Nothing is dropped in silence. What the model has no place for is *left over*, what the source does
not say and had to be *assumed* is said, and what cannot be taken is a *problem*.
"""

from __future__ import annotations

import json
from typing import Any

import attrs

from workdiary.errors import InvalidValue, WorkdiaryError
from workdiary.model.segment import Segment

__all__ = ["Assumption", "Imported", "LeftOver"]


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
