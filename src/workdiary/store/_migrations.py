"""New schemas, and old ones brought forward: everything in one transaction, so that there is no between."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Final

from workdiary.store._schema import APPLICATION_ID, POSTGRESQL, SCHEMA_VERSION, SQLITE, Ddl

__all__ = ["create_sqlite", "migrate_sqlite", "postgresql_steps", "sqlite_schema"]

_NAME: Final = re.compile(r"CREATE (?:TABLE|INDEX|TRIGGER) (\w+)")


def create_sqlite(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty SQLite file."""
    _step(connection, since=0)


def migrate_sqlite(connection: sqlite3.Connection) -> None:
    """Bring an SQLite file of ours forward from whatever version it has."""
    connection.execute("PRAGMA synchronous=EXTRA")
    _step(connection, since=None)


def _step(connection: sqlite3.Connection, since: int | None) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Under the lock: who waited for it may find the work done.
        version = connection.execute("PRAGMA user_version").fetchone()[0] if since is None else since
        for statement in _after(SQLITE, version):
            connection.execute(statement)
        if version < SCHEMA_VERSION:
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _after(schema: Sequence[Ddl], version: int) -> tuple[str, ...]:
    return tuple(ddl.text for ddl in schema if ddl.version > version)


def postgresql_steps(version: int) -> tuple[str, ...]:
    """Return the statements that bring a PostgreSQL schema forward from `version`; 0 is an empty one."""
    return _after(POSTGRESQL, version)


@cache
def sqlite_schema(version: int) -> dict[str, str]:
    """Return what SQLite's schema table holds at `version`, by name."""
    found = {}
    for ddl in SQLITE:
        name = _NAME.match(ddl.text)
        if name is not None and ddl.version <= version:
            found[name[1]] = ddl.text
    return found
