"""How SQLite is told to work: read back at every opening, safe where another program has changed it."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.store.samples import CONTRACT, add
from workdiary.errors import InvalidValue, StoreBusy, StoreError
from workdiary.store import _sqlite
from workdiary.store._sqlite import has_wal_reset_bug
from workdiary.store.sql import SqlJournal

WANTED = {
    "journal_mode": "delete",
    "synchronous": "3",  # EXTRA
    "secure_delete": "1",
    "trusted_schema": "0",
    "cell_size_check": "1",
    "foreign_keys": "1",
    "fullfsync": "1",
    "user_version": "2",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "diary.db"
    with SqlJournal.open(path) as journal:
        add(journal)
    return path


def own(journal: SqlJournal) -> sqlite3.Connection:
    """Return the journal's own connection."""
    database = journal._database
    assert isinstance(database, _sqlite.SqliteDatabase)
    assert database._connection is not None
    return database._connection


def test_the_settings_are_those_of_the_connection_itself(path: Path) -> None:
    with SqlJournal.open(path) as journal:
        assert WANTED.items() <= journal.settings.items()
        assert journal.schema_version == 2
        for pragma, value in journal.settings.items():
            if pragma not in ("sqlite", "mmap_size"):
                assert str(own(journal).execute(f"PRAGMA {pragma}").fetchone()[0]) == value, pragma


def test_the_file_says_whose_it_is(path: Path) -> None:
    header = path.read_bytes()[:100]
    assert header[60:64] == b"\0\0\0\x02"
    assert header[68:72] == b"wdJ1"


def test_a_connection_that_is_made_anew_has_the_same_settings(path: Path) -> None:
    with SqlJournal.open(path) as journal:
        before = dict(journal.settings)
        first = own(journal)
        with pytest.raises(StoreError):
            journal._database.rows("SELECT * FROM nowhere")
        journal.contracts()
        assert own(journal) is not first
        assert journal.settings == before
        assert own(journal).execute("PRAGMA synchronous").fetchone() == (3,)


def test_a_setting_that_does_not_hold_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sqlite, "_KEPT", (*_sqlite._KEPT, ("page_count", "7")))
    with pytest.raises(StoreError, match=r"'page_count=\d+' is not what was set"):
        SqlJournal.open(path)


@pytest.mark.parametrize("mode", ["delete", "truncate", "persist"])
def test_the_other_rollback_journals_can_be_chosen(path: Path, mode: str) -> None:
    with SqlJournal.open(path, journal_mode=mode) as journal:
        add(journal)
        assert journal.settings["journal_mode"] == mode
        assert journal.settings["synchronous"] == "3"


@pytest.mark.parametrize("mode", ["off", "memory", "WAL2", "", "delete; DROP TABLE entries"])
def test_a_mode_that_can_lose_a_diary_is_refused(path: Path, mode: str) -> None:
    with pytest.raises(InvalidValue, match=r"^journal_mode: .* is not known; choose one of: delete, truncate, persist"):
        SqlJournal.open(path, journal_mode=mode)


# F35: WAL only where SQLite does not have the WAL-reset bug.


@pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 44, 5), (3, 45, 0), (3, 50, 6), (3, 51, 0), (3, 51, 2)])
def test_f35_these_versions_have_the_wal_reset_bug(version: tuple[int, ...]) -> None:
    assert has_wal_reset_bug(version)


@pytest.mark.parametrize("version", [(3, 44, 6), (3, 44, 7), (3, 50, 7), (3, 51, 3), (3, 52, 0), (4, 0, 0)])
def test_f35_these_versions_are_mended(version: tuple[int, ...]) -> None:
    assert not has_wal_reset_bug(version)


def test_f35_wal_falls_back_to_delete_and_says_so(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_sqlite, "has_wal_reset_bug", lambda _: True)
    with SqlJournal.open(path, journal_mode="wal") as journal:
        assert journal.settings["journal_mode"] == "delete"
    assert [record.getMessage() for record in caplog.records] == [
        f"journal_mode=wal is not safe with SQLite {sqlite3.sqlite_version} (it can lose commits); using delete"
    ]


def test_f35_wal_is_used_with_full_flushes_where_it_is_safe(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sqlite, "has_wal_reset_bug", lambda _: False)
    with SqlJournal.open(path, journal_mode="wal") as journal:
        add(journal)
        assert (journal.settings["journal_mode"], journal.settings["synchronous"]) == ("wal", "3")
        assert path.with_name("diary.db-wal").stat().st_mode & 0o777 == 0o600
    with SqlJournal.open(path, journal_mode="wal") as journal:
        assert len(list(journal.read(CONTRACT.id))) == 2


# F36: another tool has set the pragmas.


def test_f36_a_file_that_another_tool_put_into_wal_is_put_back(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    caplog.set_level(logging.WARNING)
    with SqlJournal.open(path) as journal:
        assert journal.settings["journal_mode"] == "delete"
        assert own(journal).execute("PRAGMA journal_mode").fetchone() == ("delete",)
        add(journal)
    assert [record.getMessage() for record in caplog.records] == [f"{path}: journal_mode is wal; setting it to delete"]
    assert path.read_bytes()[18:20] == b"\x01\x01"  # the header's word on it


def test_f36_a_file_that_another_tool_holds_in_wal_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("SELECT count(*) FROM entries").fetchall()
        with pytest.raises(StoreBusy, match="is locked by somebody else"):
            SqlJournal.open(path, wait=0)


def test_f36_what_another_connection_sets_for_itself_does_not_matter(path: Path) -> None:
    with SqlJournal.open(path) as journal, closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA synchronous=OFF")
        other.execute("PRAGMA secure_delete=OFF")
        assert own(journal).execute("PRAGMA synchronous").fetchone() == (3,)
        assert own(journal).execute("PRAGMA secure_delete").fetchone() == (1,)


# What the file itself refuses, whoever writes.


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET at = at + 1",
        "UPDATE entries SET body = x'00' WHERE number = 1",
        "DELETE FROM entries",
        "DELETE FROM entries WHERE number = 1",
        "INSERT OR REPLACE INTO entries SELECT * FROM entries",
        "INSERT OR REPLACE INTO entries SELECT contract, 9, id, at, start, stop, body, previous, digest FROM entries",
        "REPLACE INTO entries SELECT contract, number, 'other', at, start, stop, body, previous, digest FROM entries",
    ],
)
def test_entries_are_append_only_for_every_program(path: Path, statement: str) -> None:
    before = path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="entries are append-only"):
            connection.execute(statement)
        connection.commit()
    assert path.read_bytes() == before


def test_a_column_holds_only_its_kind(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="cannot store"):
        connection.execute("UPDATE contracts SET at = 'noon'")


def test_what_is_released_from_quarantine_is_gone_from_the_file(path: Path) -> None:
    """secure_delete writes zeros over it."""
    with SqlJournal.open(path) as journal:
        kept = journal.quarantine(b"a secret that was never meant for us", "not JSON")
        journal.close()
    assert b"a secret that was never meant for us" in path.read_bytes()
    with SqlJournal.open(path) as journal:
        journal.release(kept.number)
    assert b"a secret" not in path.read_bytes()
