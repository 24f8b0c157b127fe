"""What `workdiary.store.sql` asks of a database, and the two of them answer: SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol, TypeAlias

from workdiary.store._statements import Statements

__all__ = ["UNKNOWN_OUTCOME", "Database", "Job", "Query", "Row", "Transaction"]

Row: TypeAlias = tuple[Any, ...]

Job: TypeAlias = tuple[str, Sequence[Row]]
"""A statement that writes, and the rows that it is run for."""

Query: TypeAlias = tuple[str, Row]
"""A statement that reads, and its values."""

UNKNOWN_OUTCOME: Final = "it is not known whether it was stored: repeat it with the same id"


class Transaction(Protocol):
    """A diary that is locked for writing, in which nothing has been written yet."""

    def rows(self, statement: str, values: Row) -> list[Row]:
        """Return what `statement` finds."""
        ...

    def commit(self, jobs: Sequence[Job]) -> None:
        """Write `jobs`, all or nothing, and have them on the disk."""
        ...


class Database(Protocol):
    """An open database."""

    @property
    def name(self) -> str:
        """What errors call it: a path, or an address without a password."""
        ...

    @property
    def statements(self) -> Statements:
        """The SQL of its dialect."""
        ...

    @property
    def settings(self) -> Mapping[str, str]:
        """What it was asked to be, as read back from it: pragmas, or the server's settings."""
        ...

    def among(self, values: Sequence[int] | Sequence[str]) -> object:
        """Return `values` as the statements that look several of them up take them."""
        ...

    def rows(self, statement: str, values: Row = ()) -> list[Row]:
        """Return what `statement` finds in what is committed."""
        ...

    def locked(self, keys: Sequence[str], *asked: Query) -> AbstractContextManager[Transaction]:
        """Lock what `keys` name for writing; what was not committed when the block ends is undone.

        `asked` are the queries that are sure to come first: a server answers them on the way.
        """
        ...

    def backup(self, path: str) -> None:
        """Write a copy of everything, as it stands now, to the new file `path`."""
        ...

    def integrity(self) -> tuple[str, ...]:
        """Return what the database itself finds wrong with its files."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
