"""PostgreSQL through psycopg 3: a pool of connections, and an advisory lock a contract.

The lock is had before anything is read, and each statement after it sees what is committed by then
(READ COMMITTED): a diary under its lock is read as it stands.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from workdiary.errors import NOTHING, InvalidValue, JournalError, MissingExtra, StoreBusy, StoreError
from workdiary.store._database import UNKNOWN_OUTCOME, Job, Query, Row
from workdiary.store._migrations import postgresql_steps
from workdiary.store._schema import COLUMNS, ENTRY_COLUMNS, SCHEMA_VERSION
from workdiary.store._statements import Statements, statements

try:
    import psycopg
    from psycopg import Pipeline
    from psycopg import errors as pg
    from psycopg.pq import TransactionStatus
    from sqlalchemy import create_engine, event, make_url
    from sqlalchemy.engine import URL
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError
    from sqlalchemy.exc import TimeoutError as PoolTimeout
except ImportError as error:
    missing = (error.name or "psycopg").partition(".")[0]
    raise MissingExtra(
        "workdiary.store.sql", missing, "is not installed", 'run: pip install "workdiary[postgresql]"'
    ) from None

__all__ = ["PostgresqlDatabase"]

_POOL: Final = 4
_AT_MOST: Final = 32
"""How many connections are kept, and how many there are at most."""

_COPY_FROM: Final = 20
"""How many entries make a COPY worth its while."""

_COPY: Final = f"COPY entries ({', '.join(ENTRY_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
_COPY_TYPES: Final = ("text", "int8", "text", "int8", "int8", "int8", "bytea", "bytea", "bytea")

_VALUES_AT_ONCE: Final = 50
"""The most values of a statement that psycopg remembers the making of; those with more are parsed every time."""

_VALUES: Final = re.compile(r"(?<=VALUES )(\([^()]*\))")
"""The row of an INSERT."""

_TYPES: Final = {"text": "text", "number": "bigint", "bytes": "bytea"}
_TRIGGERS: Final = {("entries", "entries_change", "O"), ("entries", "entries_truncate", "O")}

_SETTINGS: Final = ("server_version", "server_encoding", "fsync", "full_page_writes", "synchronous_commit")


class PostgresqlDatabase:
    """One PostgreSQL database. `wait` is how long it waits for a lock, in seconds."""

    def __init__(self, url: str, *, create: bool, wait: float) -> None:
        address = _address(url)
        shown = address.set(query={key: value for key, value in address.query.items() if key != "password"})
        self.name = shown.set(drivername="postgresql").render_as_string(hide_password=True)
        self.statements: Statements = statements("postgresql")
        self.settings: Mapping[str, str] = {}
        self._wait = wait
        self._pid = os.getpid()
        self._is_closed = False
        timeout = {} if "connect_timeout" in address.query else {"connect_timeout": max(2, int(wait))}
        self._engine = create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_size=_POOL,
            max_overflow=_AT_MOST - _POOL,
            pool_timeout=wait,
            connect_args={"autocommit": True, **timeout},
        )
        event.listen(self._engine.pool, "connect", self._greet)
        try:
            self._prepare(create)
        except BaseException:
            self.close()
            raise

    # Reading and writing.

    def among(self, values: Sequence[int] | Sequence[str]) -> object:
        """Return `values` as the list that psycopg makes an array."""
        return list(values)

    def rows(self, statement: str, values: Row = ()) -> list[Row]:
        """Return what `statement` finds in what is committed."""
        try:
            with self._connected() as connection:
                return _fetch(connection, statement, values)
        except psycopg.Error as error:
            if not _is_lost(error):
                raise self._translated(error, "reading it") from error
        # A server that was restarted: every pooled connection is dead, and reading again does no harm.
        self._engine.dispose()
        try:
            with self._connected() as connection:
                return _fetch(connection, statement, values)
        except psycopg.Error as error:
            raise self._translated(error, "reading it") from error

    @contextmanager
    def locked(self, keys: Sequence[str], *asked: Query) -> Iterator[_Transaction]:
        """Lock what `keys` name, in this database and for all processes, and ask what is to be known first."""
        with self._begun(keys, asked) as (connection, answers):
            try:
                yield _Transaction(self, connection, [*zip(asked, answers, strict=True)])
            finally:
                with suppress(psycopg.Error):
                    if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
                        connection.execute("ROLLBACK")

    def backup(self, path: str) -> None:
        """Refuse: a server has its own programs for this."""
        raise StoreError(self.name, NOTHING, f"is not copied to {path} from here", "use pg_dump, which reads one state")

    def integrity(self) -> tuple[str, ...]:
        """Return nothing: a server checks its files by its own programs."""
        return ()

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._is_closed = True
        if os.getpid() == self._pid:
            self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Row]]:
        """Lend a connection of the pool; one that is lost, or in doubt, is not given back to it."""
        if os.getpid() != self._pid:
            remedy = "open it after the fork, in each process"
            raise StoreError(self.name, NOTHING, "was opened before this process was forked", remedy)
        if self._is_closed:
            raise JournalError(self.name, "closed", "can no longer be used", "open it again")
        try:
            lent = self._engine.raw_connection()
        except PoolTimeout as error:
            raise self._busy() from error
        except (psycopg.Error, SQLAlchemyError) as error:
            why = " ".join(str(error).split())
            raise StoreError(self.name, NOTHING, f"cannot be reached ({why})", _remedy(error)) from error
        connection: Any = lent.driver_connection
        try:
            yield connection
        finally:
            if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
                lent.invalidate()
            else:
                lent.close()

    @contextmanager
    def _begun(
        self, keys: Sequence[str], asked: Sequence[Query]
    ) -> Iterator[tuple[psycopg.Connection[Row], Sequence[list[Row]]]]:
        # In one order everywhere, so that two who lock several never wait for each other.
        numbers = sorted(map(_lock_number, keys))
        for is_last in (False, True):
            with self._connected() as connection:
                try:
                    answers = _begin(connection, numbers, asked)
                except psycopg.Error as error:
                    if is_last or not _is_lost(error):
                        raise self._translated(error, "locking it; nothing was stored") from error
                else:
                    yield connection, answers
                    return
            self._engine.dispose()

    def _commit(self, connection: psycopg.Connection[Row], jobs: Sequence[Job]) -> None:
        doing = "writing it; nothing was stored"
        try:
            with connection.cursor() as cursor:
                few = []
                for statement, rows in jobs:
                    if statement == self.statements.add_entry and len(rows) >= _COPY_FROM:
                        with cursor.copy(_COPY) as copy:
                            copy.set_types(_COPY_TYPES)
                            for row in rows:
                                copy.write_row(row)
                    else:
                        few.append((statement, rows))
                # Sent together, so one way there and back. What fails is raised when the block ends, and the server
                # skips what follows it, the COMMIT too; without an answer nobody knows how far it came.
                doing = f"committing; {UNKNOWN_OUTCOME}"
                with _together(connection):
                    for statement, values in _messages(few):
                        cursor.execute(statement, values)
                    cursor.execute("COMMIT", prepare=True)
                if cursor.statusmessage != "COMMIT":
                    raise StoreError(
                        self.name, cursor.statusmessage, "came instead of COMMIT", "nothing was stored: repeat it"
                    )
        except psycopg.Error as error:
            if doing.startswith("committing"):
                if _is_refusal(error):
                    doing = "writing it; nothing was stored"
                else:
                    connection.close()
            raise self._translated(error, doing) from error

    # Connections and the schema.

    def _greet(self, connection: Any, _: object) -> None:
        """Say how a new connection works."""
        milliseconds = max(1, int(self._wait * 1000))
        connection.execute("SET client_encoding = 'UTF8'")
        connection.execute(f"SET lock_timeout = {milliseconds}")
        # Stronger settings, that wait for a second server, stay as they are.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        )

    def _prepare(self, create: bool) -> None:
        settings = ", ".join(f"current_setting('{name}')" for name in _SETTINGS)
        found = self.rows(f"SELECT {settings}")[0]
        self.settings = {**dict(zip(_SETTINGS, found, strict=True)), "schema_version": str(SCHEMA_VERSION)}
        if self.settings["server_encoding"] != "UTF8":
            encoding = self.settings["server_encoding"]
            raise StoreError(self.name, encoding, "cannot hold every text", "use a database with the encoding UTF8")
        if self._version() != SCHEMA_VERSION:
            with self.locked(["\0schema"]) as transaction:
                # Under the lock: who waited for it may find the work done.
                version = self._version()
                if version == 0 and not create:
                    raise StoreError(self.name, NOTHING, "has no work diary", "create it first, or check the address")
                if version == 0:
                    self._check_room(transaction)
                jobs: list[Job] = [(step, [()]) for step in postgresql_steps(version)]
                put = "INSERT INTO workdiary VALUES (true, %s) ON CONFLICT (only_row) DO UPDATE SET version = %s"
                transaction.commit([*jobs, (put, [(SCHEMA_VERSION, SCHEMA_VERSION)])])
        self._check_schema()

    def _version(self) -> int:
        """Return the version of the schema that is there; 0 for none. Raises `StoreError` for a newer one."""
        if self.rows("SELECT to_regclass('workdiary') IS NULL")[0][0]:
            return 0
        rows = self.rows("SELECT version FROM workdiary")
        version = rows[0][0] if len(rows) == 1 else None
        if not isinstance(version, int) or version < 1:
            raise StoreError(self.name, version, "is no version of the schema", "restore a backup that verifies")
        if version > SCHEMA_VERSION:
            allowed = f"has the schema of a newer workdiary: this one knows versions up to {SCHEMA_VERSION}"
            raise StoreError(self.name, version, allowed, "upgrade workdiary; nothing was read or changed")
        return version

    def _check_room(self, transaction: _Transaction) -> None:
        taken = transaction.rows(
            "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            " AND relname = ANY (%s) ORDER BY relname",
            (list(COLUMNS),),
        )
        if taken:
            names = ", ".join(row[0] for row in taken)
            remedy = "give another database, or another schema by ?options=-csearch_path%3Dname"
            raise StoreError(self.name, names, "are tables of another program", remedy)

    def _check_schema(self) -> None:
        """Raise `StoreError` unless the tables have our columns and triggers, and no other triggers."""
        tables = list(COLUMNS)
        columns = self.rows(
            "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = ANY (%s)",
            (tables,),
        )
        wanted = {(table, name, _TYPES[kind]) for table, columns in COLUMNS.items() for name, kind in columns.items()}
        triggers = self.rows(
            "SELECT relname::text, tgname::text, tgenabled::text"
            " FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relnamespace = current_schema()::regnamespace"
            " AND relname = ANY (%s) AND NOT tgisinternal",
            (tables,),
        )
        wrong = sorted({*columns} ^ wanted) + sorted({*triggers} ^ _TRIGGERS)
        if wrong:
            allowed = "are not as workdiary makes them: something was added, changed or removed"
            places = ", ".join(".".join(parts[:2]) for parts in wrong)
            raise StoreError(self.name, places, allowed, "find out who did it, and restore a backup that verifies")

    def _busy(self) -> StoreBusy:
        return StoreBusy(
            self.name,
            NOTHING,
            f"is locked by somebody else for more than {self._wait:g} s",
            "nothing was stored: end the other program, or repeat it with the same id",
        )

    def _translated(self, error: psycopg.Error, doing: str) -> StoreError:
        if isinstance(error, pg.LockNotAvailable | pg.DeadlockDetected):
            return self._busy()
        why = " ".join(str(error).split()) or type(error).__name__
        return StoreError(self.name, NOTHING, f"gave an error while {doing} ({why})", _remedy(error))


class _Transaction:
    """A connection with the lock, in a transaction."""

    def __init__(
        self,
        database: PostgresqlDatabase,
        connection: psycopg.Connection[Row],
        known: Sequence[tuple[Query, list[Row]]],
    ) -> None:
        self._database = database
        self._connection = connection
        self._known = known

    def rows(self, statement: str, values: Row = ()) -> list[Row]:
        for query, found in self._known:
            if query == (statement, values):
                return found
        try:
            return _fetch(self._connection, statement, values)
        except psycopg.Error as error:
            raise self._database._translated(error, "reading it; nothing was stored") from error

    def commit(self, jobs: Sequence[Job]) -> None:
        self._database._commit(self._connection, jobs)


_REMEDIES: Final[tuple[tuple[type[psycopg.Error], str], ...]] = (
    (pg.DiskFull, "free space on the server, then repeat it with the same id"),
    (pg.ReadOnlySqlTransaction, "give the address of the server that takes writes, then repeat it"),
    (pg.InsufficientPrivilege, "grant this user the rights, then repeat it"),
    (pg.InvalidCatalogName, "create the database, or check the address"),
    (pg.InvalidPassword, "check the user and the password"),
    (pg.TooManyConnections, "close some, then repeat it with the same id"),
    (psycopg.OperationalError, "check that the server runs and the address is right, then repeat it with the same id"),
)


def _remedy(error: Exception) -> str:
    return next((remedy for kind, remedy in _REMEDIES if isinstance(error, kind)), "look at the server's log")


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        address = None
    if address is None or address.drivername not in ("postgres", "postgresql", "postgresql+psycopg"):
        scheme, colon, _ = url.partition("://")
        shown = f"{scheme}://…" if colon else "postgresql:…"  # there may be a password in it
        raise InvalidValue("where", shown, "is no address of a journal", "write postgresql://user@host/database")
    return address


def _fetch(connection: psycopg.Connection[Row], statement: str, values: Row) -> list[Row]:
    with connection.cursor(binary=True) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def _together(connection: psycopg.Connection[Row]) -> AbstractContextManager[object]:
    """Return a block whose statements are sent at once, where this libpq can."""
    return connection.pipeline() if Pipeline.is_supported() else nullcontext()


def _lock_number(key: str) -> int:
    return int.from_bytes(sha256(b"workdiary/lock/1\n" + key.encode()).digest()[:8], "big", signed=True)


def _begin(connection: psycopg.Connection[Row], numbers: list[int], asked: Sequence[Query]) -> Sequence[list[Row]]:
    """Begin a transaction, have the advisory locks `numbers`, and return what `asked` find under it.

    Each statement sees what is committed when it starts, so those after the lock see the diary as it stands.
    """
    with ExitStack() as stack:
        cursors = [stack.enter_context(connection.cursor(binary=True)) for _ in range(1 + len(asked))]
        with _together(connection):
            cursors[0].execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", prepare=True)
            cursors[0].execute("SELECT pg_advisory_xact_lock(n) FROM unnest(%s::int8[]) AS n", (numbers,), prepare=True)
            for cursor, (statement, values) in zip(cursors[1:], asked, strict=True):
                cursor.execute(statement, values)
        return [cursor.fetchall() for cursor in cursors[1:]]


def _messages(jobs: Sequence[Job]) -> Iterator[tuple[str, list[object]]]:
    """Yield the statements of `jobs` with their values, several rows as one while the values are few enough."""
    shape: dict[str, int] = {}
    values: list[object] = []
    for statement, rows in jobs:
        for row in rows:
            if shape and (len(values) + len(row) > _VALUES_AT_ONCE or not statement.startswith("INSERT")):
                yield _as_one(tuple(shape.items())), values
                shape, values = {}, []
            if not statement.startswith("INSERT"):
                yield statement, [*row]
                continue
            shape[statement] = shape.get(statement, 0) + 1
            values.extend(row)
    if shape:
        yield _as_one(tuple(shape.items())), values


@lru_cache(maxsize=256)
def _as_one(shape: tuple[tuple[str, int], ...]) -> str:
    """Return one statement for several that insert or put one row, each for so many rows, into tables of their own."""
    parts = []
    for statement, rows in shape:
        before, values, after = _VALUES.split(statement)
        parts.append(f"{before}{', '.join([values] * rows)}{after}")
    *others, last = parts
    first = ", ".join(f"part{n} AS ({part})" for n, part in enumerate(others))
    return f"WITH {first} {last}" if first else last


def _is_refusal(error: psycopg.Error) -> bool:
    """Return whether the server itself refused a statement, and so has stored nothing of the transaction.

    That is what an ERROR says. A FATAL or a PANIC ends the server's side, at whatever it was doing.
    """
    return error.diag.severity_nonlocalized == "ERROR" and not _is_lost(error)


def _is_lost(error: psycopg.Error) -> bool:
    """Return whether the connection itself has ended, not only a statement."""
    return isinstance(error, psycopg.OperationalError) and (
        error.sqlstate is None or isinstance(error, pg.AdminShutdown | pg.CrashShutdown | pg.CannotConnectNow)
    )
