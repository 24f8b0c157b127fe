"""Opening an SQLite file: made whole, connected to, and refused unless it is a work diary of ours, unaltered."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Final

from workdiary.errors import NOTHING, StoreError
from workdiary.store._migrations import create_sqlite, sqlite_schema
from workdiary.store._place import Place, discard, install, make_file, place_of
from workdiary.store._schema import APPLICATION_ID, SCHEMA_VERSION

__all__ = ["RESTORE", "check_ours", "check_schema", "connect", "one", "put_new"]

RESTORE: Final = "restore a backup that verifies"


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the file at `path`, which is there."""
    # No timeout of SQLite's own: it would wait with our lock held.
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False, timeout=0
    )
    defensive = getattr(sqlite3, "SQLITE_DBCONFIG_DEFENSIVE", None)
    if defensive is not None:  # since Python 3.12: not even SQL can damage the file's structure
        set_config: Any = getattr(connection, "setconfig")  # noqa: B009 - not there before
        set_config(defensive, True)
    return connection


def one(connection: sqlite3.Connection, statement: str) -> Any:
    """Return the one value that `statement` answers."""
    # A pragma that is not built in answers nothing.
    return (connection.execute(statement).fetchone() or (0,))[0]


def put_new(path: Path) -> Place:
    """Put a new, whole database at `path`, unless somebody else is quicker."""
    beside = make_file(path)
    connection = None
    try:
        connection = connect(beside)
        connection.execute("PRAGMA synchronous=EXTRA")
        create_sqlite(connection)
        connection.close()
    except BaseException as error:
        if connection is not None:
            connection.close()
        discard(beside)
        if not isinstance(error, sqlite3.Error):
            raise
        remedy = "check the space on the disk and the permissions of the folder"
        raise StoreError(str(path), NOTHING, f"cannot be created ({error})", remedy) from error
    install(beside, path)
    place = place_of(path)
    if place is None:
        raise StoreError(str(path), NOTHING, "was deleted as soon as it was created", "try again")
    return place


def check_ours(name: str, connection: sqlite3.Connection) -> None:
    """Raise `StoreError` for another program's database, a newer one, or half of one."""
    if not one(connection, "PRAGMA page_count"):
        raise StoreError(name, NOTHING, "is damaged: half a database, without even its first page", RESTORE)
    if one(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise StoreError(name, NOTHING, "is another program's database", "give the path of a work diary")
    if one(connection, "PRAGMA journal_mode") != "wal":  # there, pages may be in the log yet
        needed = one(connection, "PRAGMA page_count") * one(connection, "PRAGMA page_size")
        if Path(name).stat().st_size < needed:
            raise StoreError(name, NOTHING, f"is damaged: half a database, of {needed} bytes once", RESTORE)
    version = one(connection, "PRAGMA user_version")
    if version > SCHEMA_VERSION:
        allowed = f"has the schema of a newer workdiary: this one knows versions up to {SCHEMA_VERSION}"
        raise StoreError(name, version, allowed, "upgrade workdiary; nothing was read or changed")
    if version < 1:
        raise StoreError(name, version, "is no version of the schema: half a database", RESTORE)
    check_schema(name, connection, version)


_OF_SQLITE: Final = {("table", name) for name in ("sqlite_sequence", "sqlite_stat1", "sqlite_stat4")}
"""The tables that SQLite makes by itself: the last number of the quarantine, and what ANALYZE counted."""


def check_schema(name: str, connection: sqlite3.Connection, version: int) -> None:
    """Raise `StoreError` unless the tables, indices and triggers are ours, word for word, and no others."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    found = {name: sql for kind, name, sql in rows if (kind, name) not in _OF_SQLITE}
    wanted = sqlite_schema(version)
    wrong = sorted(place for place in found.keys() | wanted.keys() if found.get(place) != wanted.get(place))
    if wrong:
        allowed = "are not as workdiary makes them: something was added, changed or removed"
        raise StoreError(name, ", ".join(map(str, wrong)), allowed, f"find out who did it, and {RESTORE}")
