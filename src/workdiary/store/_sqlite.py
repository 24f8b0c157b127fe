"""SQLite, as a place for pay: one connection a process, settings read back, and no lie after an error.

The lock of the process is taken for one statement at a time, and for the whole of a commit. A diary
that is being written is locked by ``BEGIN IMMEDIATE``, but nothing is written before the commit: so
others read what is committed meanwhile, and a fork never carries half a write away.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from workdiary.errors import NOTHING, InvalidValue, JournalError, StoreBusy, StoreError
from workdiary.store._database import UNKNOWN_OUTCOME, Job, Query, Row
from workdiary.store._migrations import migrate_sqlite
from workdiary.store._opening import RESTORE, check_ours, check_schema, connect, one, put_new
from workdiary.store._place import (
    check_beside,
    check_file,
    check_file_system,
    check_writable,
    discard,
    flush,
    install,
    make_file,
    place_of,
)
from workdiary.store._schema import SCHEMA_VERSION
from workdiary.store._sqlite_errors import ERRORS, is_busy, translated
from workdiary.store._statements import Statements, statements
from workdiary.store._turns import Turns

__all__ = ["MODES", "SqliteDatabase", "has_wal_reset_bug"]

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

MODES: Final = ("delete", "truncate", "persist", "wal")
"""The journal modes that can be asked for."""

_OLDEST: Final = (3, 37, 0)
"""The first SQLite with tables whose columns hold what they say (STRICT)."""


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Return whether SQLite `version` can lose commits in WAL mode.

    The fault was there from 3.7.0 on, and was mended in 3.51.3, 3.50.7 and 3.44.6.

    >>> has_wal_reset_bug((3, 40, 1)), has_wal_reset_bug((3, 44, 6)), has_wal_reset_bug((3, 51, 2))
    (True, False, True)
    """
    if version >= (3, 51, 3):
        return False
    return not ((3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45))


_open_here: weakref.WeakValueDictionary[tuple[int, int], SqliteDatabase] = weakref.WeakValueDictionary()
"""What this process has open, by the file's device and number; never opened a second time."""

_registry = threading.Lock()
_held: list[SqliteDatabase] = []


def _before_fork() -> None:
    # Between commits nothing of a connection is half done, so that the child has nothing to undo.
    _registry.acquire()
    for database in list(_open_here.values()):
        database.lock.acquire()
        _held.append(database)


def _after_fork() -> None:
    while _held:
        _held.pop().lock.release()
    _registry.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


class SqliteDatabase:
    """One SQLite file, open. `wait` is how long it waits for a lock, in seconds."""

    def __init__(self, path: Path, *, create: bool, force_network: bool, journal_mode: str, wait: float) -> None:
        if sqlite3.sqlite_version_info < _OLDEST:
            oldest = ".".join(map(str, _OLDEST))
            raise StoreError("sqlite", sqlite3.sqlite_version, f"is older than {oldest}", "use a newer Python")
        if journal_mode not in MODES:
            raise InvalidValue("journal_mode", journal_mode, "is not known", f"choose one of: {', '.join(MODES)}")
        self.statements: Statements = statements("sqlite")
        self.settings: Mapping[str, str] = {}
        self.lock = threading.RLock()
        self._writer = Turns()
        self._writer_thread = 0
        self._mode = _safe_mode(journal_mode)
        self._wait = wait
        self._pid = os.getpid()
        self._spare = _Spare()
        self._connection: sqlite3.Connection | None = None
        self._path = path = path.absolute()  # not resolved: a link is to be seen, and refused
        self.name = str(path)
        if not force_network:
            check_file_system(path)
        place = place_of(path)
        if place is None:
            if not create:
                raise StoreError(self.name, NOTHING, "does not exist", "create it first, or check the path")
            place = put_new(path)
        check_writable(path)
        check_beside(path)
        with _registry:
            if (place.device, place.inode) in _open_here:
                raise StoreError(
                    self.name,
                    NOTHING,
                    "is open in this process already, or was when this process was forked",
                    "use that journal: it serves all threads; after a fork, start processes anew (spawn)",
                )
            check_file(place)
            _open_here[place.device, place.inode] = self
        self._place = place
        self._is_closed = False
        try:
            with self.lock:
                self._use()
        except BaseException:
            self.close()
            raise

    # Reading and writing.

    def among(self, values: Sequence[int] | Sequence[str]) -> object:
        """Return `values` as a JSON list."""
        return json.dumps(values)

    def rows(self, statement: str, values: Row = ()) -> list[Row]:
        """Return what `statement` finds in what is committed."""
        return self._patiently(lambda: self._fetch(statement, values))

    def integrity(self) -> tuple[str, ...]:
        """Return what SQLite finds wrong with its pages and indices."""
        return tuple(str(row[0]) for row in self.rows("PRAGMA integrity_check(20)") if row[0] != "ok")

    @contextmanager
    def locked(self, keys: Sequence[str], *asked: Query) -> Iterator[_Transaction]:  # noqa: ARG002 - SQLite locks all, and is near
        """Lock the database for writing."""
        until = time.monotonic() + self._wait
        with self._alone():
            transaction = self._patiently(self._begin, until)
            try:
                yield transaction
            finally:
                transaction.end()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other threads of this process from writing."""
        self._check()
        me = threading.get_ident()
        if self._writer_thread == me:
            raise JournalError(
                self.name, NOTHING, "is being written by this thread already", "end that block before this one"
            )
        if not self._writer.acquire(timeout=self._wait):
            raise self._busy()
        try:
            self._writer_thread = me
            yield
        finally:
            self._writer_thread = 0
            self._writer.release()

    def backup(self, path: str) -> None:
        """Write a compact copy, as it stands now, to the new file `path`, 0600."""
        target = Path(path).absolute()
        if place_of(target) is not None:
            raise StoreError(str(target), NOTHING, "is there already", "give a new path: no file is overwritten")
        beside = make_file(target)
        try:
            with self._alone():  # nothing is copied from within a transaction
                self.rows("VACUUM INTO ?", (str(beside),))
        except BaseException:
            discard(beside)
            raise
        if not install(beside, target):
            raise StoreError(str(target), NOTHING, "is there already", "give a new path: no file is overwritten")

    def close(self) -> None:
        """Close the connection, and let go of the file."""
        if os.getpid() != self._pid:
            return  # it is the parent's
        with self.lock:
            self._is_closed = True
            self._drop()
            self._spare.free()
        with _registry:
            _open_here.pop((self._place.device, self._place.inode), None)

    # One connection, made anew after any error that leaves it in doubt.

    def _check(self) -> None:
        if os.getpid() != self._pid:
            remedy = "open it after the fork, in each process, before the parent does; or start processes anew (spawn)"
            raise StoreError(self.name, NOTHING, "was opened before this process was forked", remedy)
        if self._is_closed:
            raise JournalError(self.name, "closed", "can no longer be used", "open it again")

    def _use(self) -> sqlite3.Connection:
        """Return the connection; opens it when there is none. Called under the lock."""
        self._check()
        if self._connection is None:
            place = place_of(self._path)
            if place is None:
                raise StoreError(self.name, NOTHING, "is no longer there", f"put it back, or {RESTORE}")
            if place != self._place:
                raise StoreError(self.name, NOTHING, "was replaced by another file", "open the journal again")
            try:
                self._connection = connection = connect(self._path)
                self._patiently(lambda: self._prepare(connection))
            except BaseException as error:
                self._drop()
                if isinstance(error, ERRORS):
                    raise self._translated(error, "opening it") from error
                raise
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Say how this connection works, check whose file it is, and read everything back."""
        for pragma, value in _FIRST:
            connection.execute(f"PRAGMA {pragma}={value}")
        check_ours(self.name, connection)
        version = one(connection, "PRAGMA user_version")
        if version < SCHEMA_VERSION:
            migrate_sqlite(connection)
        check_schema(self.name, connection, SCHEMA_VERSION)
        # `synchronous` before `journal_mode`: no commit, not even that of the mode, goes without it.
        wanted = {**dict(_FIRST), **dict(_KEPT), "journal_mode": self._mode}
        for pragma, value in _KEPT:
            connection.execute(f"PRAGMA {pragma}={value}")
        mode = one(connection, "PRAGMA journal_mode")
        if mode != self._mode:
            _log.warning("%s: journal_mode is %s; setting it to %s", self.name, mode, self._mode)
            connection.execute(f"PRAGMA journal_mode={self._mode}")
        found = {pragma: str(one(connection, f"PRAGMA {pragma}")) for pragma in wanted}
        if found != wanted:
            wrong = ", ".join(f"{name}={found[name]}" for name in wanted if found[name] != wanted[name])
            raise StoreError(self.name, wrong, "is not what was set", "use another build of SQLite, or another path")
        self.settings = {**found, "user_version": str(SCHEMA_VERSION), "sqlite": sqlite3.sqlite_version}

    def _fetch(self, statement: str, values: Row) -> list[Row]:
        with self.lock:
            connection = self._use()
            try:
                return connection.execute(statement, values).fetchall()
            except ERRORS as error:
                if is_busy(error):
                    raise
                self._drop()
                raise self._translated(error, "reading it") from error

    def _begin(self) -> _Transaction:
        with self.lock:
            connection = self._use()
            place = place_of(self._path)
            if place != self._place:
                self._drop()
                allowed = "is no longer there" if place is None else "was replaced by another file"
                raise StoreError(self.name, NOTHING, allowed, f"put it back, or {RESTORE}; nothing was stored")
            try:
                connection.execute("BEGIN IMMEDIATE")
                # Who committed last may have ended, or met an error, before the folder was flushed: what is
                # found here may be said to be on record only when the deletion of its journal is on the disk.
                self._spare.free()
                flush(self._path.parent)
                self._spare.fill()
            except OSError as error:
                self._drop()
                remedy = "close some, then repeat it with the same id"
                raise StoreError(
                    self.name, NOTHING, f"was not locked ({error.strerror}); nothing was stored", remedy
                ) from error
            except ERRORS as error:
                if is_busy(error):
                    raise
                self._drop()
                raise self._translated(error, "locking it; nothing was stored") from error
            return _Transaction(self, connection)

    def _commit(self, connection: sqlite3.Connection, jobs: Sequence[Job]) -> None:
        with self.lock:
            self._check()
            if self._connection is not connection:
                raise StoreError(
                    self.name, NOTHING, "was lost while it was locked", "nothing was stored: repeat it with the same id"
                )
            doing = "writing it; nothing was stored"
            self._spare.free()
            try:
                for statement, rows in jobs:
                    if len(rows) == 1:
                        connection.execute(statement, rows[0])
                    else:
                        connection.executemany(statement, rows)
                doing = f"committing; {UNKNOWN_OUTCOME}"
                self._patiently(lambda: connection.execute("COMMIT"))
            except StoreBusy:
                raise  # a reader would not end: the block's end undoes it
            except ERRORS as error:
                # After such an error the state of the connection, and of the file, is in doubt: what the
                # next one finds there, having rolled back what must be, is what was stored.
                with suppress(sqlite3.Error):
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                self._drop()
                raise self._translated(error, doing) from error
            finally:
                with suppress(OSError):
                    self._spare.fill()

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        with self.lock:
            if self._connection is not connection or os.getpid() != self._pid:
                return
            try:
                if connection.in_transaction:  # a full disk has ended it already
                    connection.execute("ROLLBACK")
            except sqlite3.Error:
                self._drop()

    def _patiently(self, do: Callable[[], _T], until: float | None = None) -> _T:
        """Return what `do` returns, tried again while somebody else holds a lock, and as long as we wait."""
        until = time.monotonic() + self._wait if until is None else until
        while True:
            try:
                return do()
            except sqlite3.Error as error:
                if not is_busy(error):
                    raise
                if time.monotonic() >= until:
                    raise self._busy() from error
            # Short and uneven, so that of many who wait none is always the last;
            # and who has waited for long tries more often than who has just come.
            waited = self._wait - (until - time.monotonic())
            time.sleep((0.000_5 + os.urandom(1)[0] * 0.000_02) * max(1 - 2 * waited, 0.1))

    def _busy(self) -> StoreBusy:
        return StoreBusy(
            self.name,
            NOTHING,
            f"is locked by somebody else for more than {self._wait:g} s",
            "nothing was stored: end the other program, or repeat it with the same id",
        )

    def _translated(self, error: BaseException, doing: str) -> StoreError:
        return translated(self.name, error, doing)


class _Spare:
    """A few open files, kept so that there is room for the journal and the folder of a commit.

    Where no more files can be opened, SQLite goes on without the flush of the folder, and does not say so.
    """

    def __init__(self) -> None:
        self._handles: list[int] = []

    def fill(self) -> None:
        """Open what is missing; raises `OSError` when the process has too many files open."""
        while len(self._handles) < _SPARE:
            self._handles.append(os.open(os.devnull, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)))

    def free(self) -> None:
        """Close them all."""
        while self._handles:
            os.close(self._handles.pop())

    def __del__(self) -> None:
        self.free()


_SPARE: Final = 3


class _Transaction:
    """A database under ``BEGIN IMMEDIATE``."""

    def __init__(self, database: SqliteDatabase, connection: sqlite3.Connection) -> None:
        self._database = database
        self._connection = connection

    def rows(self, statement: str, values: Row = ()) -> list[Row]:
        return self._database.rows(statement, values)

    def commit(self, jobs: Sequence[Job]) -> None:
        self._database._commit(self._connection, jobs)

    def end(self) -> None:
        self._database._roll_back(self._connection)


_FIRST: Final = (("trusted_schema", "0"), ("cell_size_check", "1"), ("foreign_keys", "1"), ("mmap_size", "0"))
"""What must hold before anything in the file is looked at: no code of its schema runs."""

_KEPT: Final = (
    ("synchronous", "3"),  # EXTRA: the folder is flushed too, when the journal is deleted
    ("secure_delete", "1"),
    ("fullfsync", "1"),  # Apple's real flush; nothing elsewhere
    ("checkpoint_fullfsync", "1"),
    ("temp_store", "2"),  # in memory: no copy of a diary in a temporary file
    ("recursive_triggers", "1"),
    ("locking_mode", "normal"),
)


def _safe_mode(asked: str) -> str:
    if asked == "wal" and has_wal_reset_bug(sqlite3.sqlite_version_info):
        _log.warning(
            "journal_mode=wal is not safe with SQLite %s (it can lose commits); using delete", sqlite3.sqlite_version
        )
        return "delete"
    return asked
