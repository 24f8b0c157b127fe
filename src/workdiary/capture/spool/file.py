"""The SQLite file of the spool: opened for its owner alone, locked, written in whole steps, with ballast beside it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from workdiary.capture.spool.chain import SEALED, is_sealed, seal
from workdiary.capture.spool.folder import Lock, check_private_file, make_private_folder
from workdiary.capture.spool.kept import SCHEMA
from workdiary.errors import NOTHING, StoreError, WorkdiaryError

__all__ = ["SpoolFile"]

_FILE: Final = "spool.db"
_BALLAST: Final = "ballast"
_BALLAST_SIZE: Final = 256 * 1024
_APPLICATION_ID: Final = 0x57445350  # "WDSP"
_VERSION: Final = 4

_AT_ONCE: Final = 500
"""How many rows are read at once."""


class SpoolFile:
    """The file in `folder`; `free` returns how many bytes of a folder's disk are free."""

    def __init__(self, folder: str | Path, free: Callable[[Path], int]) -> None:
        self.folder = Path(os.path.abspath(folder))  # noqa: PTH100 - Path.resolve would follow a link
        self.path = self.folder / _FILE
        self._free = free
        self._mutex = threading.RLock()
        make_private_folder(self.folder)
        self._lock = Lock(self.folder)
        try:
            for suffix in ("", "-journal"):
                check_private_file(self.path.with_name(_FILE + suffix))
            self._connection = self._connected()
        except BaseException:
            self._lock.close()
            raise
        self._lay_ballast()

    def _connected(self) -> sqlite3.Connection:
        if not self.path.exists():
            os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self.path.chmod(0o600)
        with self._told("opening it"):
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=0)
            try:
                connection.create_function("seal", -1, seal, deterministic=True)
                for setting in ("synchronous=EXTRA", "journal_mode=DELETE", "trusted_schema=OFF", "secure_delete=ON"):
                    connection.execute(f"PRAGMA {setting}")
                self._check_schema(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _check_schema(self, connection: sqlite3.Connection) -> None:
        kind = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if (kind, version) == (0, 0) and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            connection.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id={_APPLICATION_ID};"
                f" PRAGMA user_version={_VERSION}; COMMIT;"
            )
        elif kind != _APPLICATION_ID:
            raise StoreError(str(self.path), NOTHING, "is another program's database", "name another folder")
        elif version < _VERSION:
            remedy = "start that one once, until nothing waits in it, then remove the folder"
            raise StoreError(str(self.path), version, "is the version of an older workdiary", remedy)
        elif version != _VERSION:
            raise StoreError(str(self.path), version, "is the version of a newer workdiary", "use that one, or upgrade")

    def _lay_ballast(self) -> None:
        # Thrown out when the disk is full, so that the counts of some hours still find room.
        place = self.folder / _BALLAST
        with suppress(OSError):
            if self._free(self.folder) > 4 * _BALLAST_SIZE and not place.exists():
                file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
                try:
                    os.write(file, os.urandom(_BALLAST_SIZE))
                finally:
                    os.close(file)

    def close(self) -> None:
        """Close the file, and let another tracker have the folder; a second call does nothing."""
        with self._mutex:
            self._connection.close()
            self._lock.close()

    def _rows(self, statement: str, values: Collection[Any] = ()) -> list[sqlite3.Row]:
        return [*self._each(statement, values)]

    def _each(self, statement: str, values: Collection[Any] = ()) -> Iterator[sqlite3.Row]:
        """Yield the rows that `statement` finds; a month of minutes is not wanted in memory twice."""
        with self._mutex, self._told("reading"):
            self._connection.row_factory = sqlite3.Row
            cursor = self._connection.execute(statement, tuple(values))
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from rows

    def _sound(self, table: str, rest: str = "", values: Collection[Any] = ()) -> Iterator[sqlite3.Row]:
        """Yield the rows of `table` whose seal is theirs; what else they must be is said by `rest`, with `values`."""
        whole = f"SELECT * FROM {table} {rest}"  # noqa: S608 - constants
        return (row for row in self._each(whole, values) if is_sealed(table, row))

    @staticmethod
    def _seal(write: Callable[..., Any], table: str, where: str, values: Collection[Any]) -> None:
        """Seal the rows of `table` that were just written, within the step that wrote them."""
        columns = ", ".join(SEALED[table])
        write(f"UPDATE {table} SET seal = seal({columns}) WHERE {where}", tuple(values))  # noqa: S608 - constants

    @contextmanager
    def _writing(self, doing: str) -> Iterator[Callable[..., sqlite3.Cursor]]:
        with self._mutex, self._told(doing):
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    with suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                if _is_full(error):
                    # Whoever repeats this will find room.
                    with suppress(OSError):
                        (self.folder / _BALLAST).unlink()
                raise

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, MemoryError, OSError, ValueError, OverflowError) as error:
            if isinstance(error, WorkdiaryError):
                raise
            if _is_full(error):
                remedy = "free some space: counts are kept in memory meanwhile"
                raise StoreError(str(self.path), NOTHING, f"the disk is full while {doing}", remedy) from error
            why = str(error) or type(error).__name__
            if (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                remedy = "restore the folder from a backup, or move it away and begin anew: the diary keeps what it has"
                raise StoreError(str(self.path), NOTHING, f"is damaged ({why})", remedy) from error
            remedy = "check the disk and the folder; what was tracked is kept in memory meanwhile"
            raise StoreError(str(self.path), NOTHING, f"cannot be used ({why}) while {doing}", remedy) from error


def _is_full(error: BaseException) -> bool:
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF == sqlite3.SQLITE_FULL
