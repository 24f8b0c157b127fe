"""Journals with an old schema are brought forward in one step, whole or not at all; their entries stay as they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.store.postgresql_server import postgresql, postgresql_url
from tests.store.samples import CONTRACT, add, seal, week
from tests.store.schema_1 import POSTGRESQL_1, SQLITE_1
from tests.support import MONDAY
from workdiary.diary.entry import START, Entry
from workdiary.errors import StoreError
from workdiary.store import _migrations
from workdiary.store._planes import week_row
from workdiary.store._schema import COLUMNS, ENTRY_COLUMNS, POSTGRESQL, SCHEMA_VERSION, SQLITE, WEEK_COLUMNS, Ddl
from workdiary.store.sql import SqlJournal

__all__ = ["postgresql", "postgresql_url"]

# The rows of a diary of two entries and a week, by hand.
FIRST = seal(START)
SECOND = seal(FIRST.head, start=MONDAY + 5, stop=MONDAY + 9)
STANDING = (
    '{"already_protected":{"amount":"0","slots":0},"client":"acme","currency":"USD","facts":'
    '[{"billing_verified":true,"good_standing":true,"identity_verified":true,"since":"2026-11-02T00:00:00Z"}],'
    '"freelancer":"ana","id":"c-1","labels":[],"status":[{"since":"2026-11-02T00:00:00Z","status":"active"}],'
    '"terms":[{"manual_time_allowed":true,"rate":"30.00","since":"2026-11-02T00:00:00Z","weekly_limit_hours":"40"}],'
    '"usual_rate":null}'
)
CONTRACT_ROW = ("c-1", 2, SECOND.digest, int(SECOND.at), STANDING, '"upwork"')


def row(entry: Entry) -> tuple[object, ...]:
    return tuple(
        int(value) if isinstance(value, int) else value for value in (getattr(entry, c) for c in ENTRY_COLUMNS)
    )


ROWS = (
    ("entries", row(FIRST)),
    ("entries", row(SECOND)),
    ("contracts", CONTRACT_ROW),
    ("weeks", week_row("c-1", week())),
)


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    path = tmp_path / "diary.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in SQLITE_1:
            connection.execute(statement)
        for table, values in ROWS:
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608 - ours
    return path


@pytest.fixture
def old_database(postgresql_url: str) -> str:
    with psycopg.connect(postgresql_url) as connection:
        for statement in POSTGRESQL_1:
            connection.execute(statement.encode())
        for table, values in ROWS:
            places = ", ".join(["%s"] * len(values))
            connection.execute(f"INSERT INTO {table} VALUES ({places})".encode(), values)  # noqa: S608 - ours
    return postgresql_url


def check(where: Path | str) -> None:
    """Everything of the old journal is there, and what is new works."""
    with SqlJournal.open(where) as journal:
        assert journal.schema_version == 2
        assert list(journal.read(CONTRACT.id)) == [FIRST, SECOND]
        assert list(journal.read(CONTRACT.id, touching=(MONDAY + 8, MONDAY + 9))) == [SECOND]
        standing = journal.standing(CONTRACT.id)
        assert (standing.head, standing.contract, standing.policy) == (SECOND.head, CONTRACT, "upwork")
        assert journal.week(CONTRACT.id, MONDAY) == week()
        assert journal.quarantined() == ()
        assert journal.quarantine(b"x", "not JSON").number == 1
        assert [entry.number for entry in add(journal)] == [3]


def master(path: Path) -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


def test_the_current_version_is_2() -> None:
    """Raising it needs its own step in the schema, and a test here with the version before it, written by hand."""
    assert SCHEMA_VERSION == 2


def test_an_sqlite_journal_of_version_1_is_brought_forward(old_file: Path) -> None:
    check(old_file)


def test_a_file_that_was_brought_forward_is_as_a_new_one(old_file: Path, tmp_path: Path) -> None:
    SqlJournal.open(old_file).close()
    SqlJournal.open(tmp_path / "new.db").close()
    assert master(old_file) == master(tmp_path / "new.db")


def test_a_postgresql_journal_of_version_1_is_brought_forward(old_database: str) -> None:
    check(old_database)


@pytest.fixture
def half_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A step that fails after the others have been taken."""
    wrong = Ddl(2, "CREATE TABLE entries (it_was_there_before TEXT)")
    monkeypatch.setattr(_migrations, "SQLITE", (*SQLITE, wrong))
    monkeypatch.setattr(_migrations, "POSTGRESQL", (*POSTGRESQL, wrong))
    _migrations.sqlite_schema.cache_clear()
    yield
    _migrations.sqlite_schema.cache_clear()


@pytest.mark.usefixtures("half_way")
def test_f83_an_upgrade_of_sqlite_that_fails_half_way_leaves_the_old_schema(
    old_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = master(old_file)
    with pytest.raises(StoreError, match="table entries already exists"):
        SqlJournal.open(old_file)
    assert master(old_file) == before
    monkeypatch.undo()
    check(old_file)


@pytest.mark.usefixtures("half_way")
def test_f83_an_upgrade_of_postgresql_that_fails_half_way_leaves_the_old_schema(
    old_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match='relation "entries" already exists'):
        SqlJournal.open(old_database)
    with psycopg.connect(old_database) as connection:
        assert connection.execute("SELECT version FROM workdiary").fetchall() == [(1,)]
        assert connection.execute("SELECT to_regclass('quarantine')").fetchall() == [(None,)]
    monkeypatch.undo()
    check(old_database)


@pytest.mark.usefixtures("half_way")
def test_f83_a_creation_that_fails_half_way_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be created"):
        SqlJournal.open(tmp_path / "new.db")
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_that_was_altered_is_refused_before_it_is_brought_forward(old_file: Path) -> None:
    with closing(sqlite3.connect(old_file)) as connection:
        connection.execute("CREATE TABLE quarantine (x)")
    before = old_file.read_bytes()
    with pytest.raises(StoreError, match="'quarantine' are not as workdiary makes them"):
        SqlJournal.open(old_file)
    assert old_file.read_bytes() == before


# The columns of which the statements are made are those of the schema.


def test_the_tables_of_the_statements_are_those_of_sqlite(tmp_path: Path) -> None:
    SqlJournal.open(tmp_path / "diary.db").close()
    kinds = {"text": "TEXT", "number": "INTEGER", "bytes": "BLOB"}
    with closing(sqlite3.connect(tmp_path / "diary.db")) as connection:
        for name, columns in COLUMNS.items():
            found = [row[:2] for row in connection.execute("SELECT name, type FROM pragma_table_info(?)", (name,))]
            assert found == [(column, kinds[kind]) for column, kind in columns.items()]
    assert WEEK_COLUMNS[4:12] == ("tracked", "manual", "snapshot", "known", "meter1", "meter2", "meter4", "meter8")
