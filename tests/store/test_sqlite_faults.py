"""SQLite journals under faults: what was acknowledged stays, what failed is said, and the next use works."""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.store.samples import CONTRACT, NOW, add, program, seal, week
from tests.support import MONDAY
from workdiary.diary.journal import head_of
from workdiary.errors import ChainError, JournalError, StoreBusy, StoreError
from workdiary.store._sqlite import SqliteDatabase
from workdiary.store.sql import SqlJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "diary.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SqlJournal]:
    with SqlJournal.open(path, wait=0, clock=lambda: NOW) as journal:
        add(journal)
        yield journal


def database(journal: SqlJournal) -> SqliteDatabase:
    assert isinstance(journal._database, SqliteDatabase)
    return journal._database


def connection(journal: SqlJournal) -> sqlite3.Connection:
    found = database(journal)._connection
    assert found is not None
    return found


def numbers(journal: SqlJournal) -> list[int]:
    return [entry.number for entry in journal.read(CONTRACT.id)]


class Faulty:
    """A connection that calls `fault` instead of running the statements for which `hits` is true."""

    def __init__(
        self, journal: SqlJournal, hits: Callable[[str], bool], fault: Callable[[sqlite3.Connection, str], Any]
    ) -> None:
        self.real = connection(journal)
        self.closed = False
        self._hits, self._fault = hits, fault
        database(journal)._connection = self  # type: ignore[assignment]  # in its place

    def execute(self, statement: str, values: Any = ()) -> Any:
        if self._hits(statement):
            return self._fault(self.real, statement)
        return self.real.execute(statement, values)

    def executemany(self, statement: str, rows: Any) -> Any:
        return self.real.executemany(statement, rows)

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction

    def close(self) -> None:
        self.closed = True
        self.real.close()


def error(name: str, kind: type[sqlite3.Error] = sqlite3.OperationalError) -> sqlite3.Error:
    """Return SQLite's error `name`, such as ``SQLITE_IOERR_FSYNC``."""
    made = kind("as injected")
    made.sqlite_errorcode = getattr(sqlite3, name)
    made.sqlite_errorname = name
    return made


def raising(name: str) -> Callable[[sqlite3.Connection, str], Any]:
    def fault(_: sqlite3.Connection, __: str) -> Any:
        raise error(name)

    return fault


# F14, F16: no room.


def test_f14_a_full_disk_is_said_and_undone_and_works_again(journal: SqlJournal) -> None:
    pages = connection(journal).execute("PRAGMA page_count").fetchone()[0]
    connection(journal).execute(f"PRAGMA max_page_count={pages}")
    stretches = [(MONDAY + n, MONDAY + n + 1) for n in range(1000)]
    with pytest.raises(
        StoreError, match=r"diary\.db: the disk is full \(SQLITE_FULL\) while writing it; nothing was stored; free some"
    ):
        add(journal, *stretches, weeks=[week()])
    assert numbers(journal) == [1]
    assert journal.week(CONTRACT.id, MONDAY) is None
    add(journal, *stretches)  # a new connection, without the limit
    assert numbers(journal) == list(range(1, 1002))


@pytest.mark.skipif(not hasattr(sqlite3, "SQLITE_IOERR"), reason="no codes")
def test_f16_a_limit_on_the_size_of_files_is_said_and_undone(path: Path) -> None:
    found = program(
        """
import resource, signal
from tests.store.samples import CONTRACT, add
from workdiary.errors import StoreError
from workdiary.store.sql import SqlJournal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with SqlJournal.open(sys.argv[1]) as journal:
    add(journal)
    resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, resource.RLIM_INFINITY))
    try:
        add(journal, *[(n, n + 1) for n in range(2000)])
    except StoreError as error:
        print(error)
    print(len(list(journal.read(CONTRACT.id))))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    add(journal)
    print(len(list(journal.read(CONTRACT.id))))
""",
        path,
    )
    said, *counts = found.stdout.splitlines()
    assert found.stderr == ""
    assert "diary.db: the disk" in said
    assert counts == ["1", "2"]


@pytest.mark.skipif(sys.platform != "linux", reason="counts files as Linux does")
def test_f9_a_commit_has_the_files_that_it_needs_or_is_not_begun(path: Path) -> None:
    """SQLite goes on without the flush of the folder when it cannot open it, so room for that is kept."""
    found = program(
        """
import os, resource
from tests.store.samples import CONTRACT, add
from workdiary.errors import StoreError
from workdiary.store.sql import SqlJournal
with SqlJournal.open(sys.argv[1]) as journal:
    add(journal)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, most))
    taken = []
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        add(journal)  # with the files that were kept
    journal._database._spare.free()
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    try:
        add(journal)
    except StoreError as error:
        print(error)
    for file in taken:
        os.close(file)
    add(journal)
    print(len(list(journal.read(CONTRACT.id))))
""",
        path,
    )
    assert found.stderr == ""
    said, count = found.stdout.splitlines()
    assert said.endswith(
        "diary.db: was not locked (Too many open files); nothing was stored; close some, then repeat"
        " it with the same id"
    )
    assert count == "3"


# F17, F18: errors of the disk.


@pytest.mark.parametrize("name", ["SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_FULL", "SQLITE_READONLY"])
def test_f18_an_error_in_the_commit_is_never_success(journal: SqlJournal, name: str) -> None:
    faulty = Faulty(journal, lambda statement: statement == "COMMIT", raising(name))
    with pytest.raises(StoreError) as caught:
        add(journal, id="mine")
    assert f"({name}) while committing; it is not known whether it was stored: repeat it with the same id" in str(
        caught.value
    )
    assert faulty.closed
    assert numbers(journal) == [1]
    add(journal, id="mine")
    assert numbers(journal) == [1, 2]


def test_f18_what_was_stored_in_spite_of_the_error_is_found_by_its_id(journal: SqlJournal) -> None:
    """An error is not "not stored": who repeats it asks for the id first, and finds it."""

    def fault(real: sqlite3.Connection, statement: str) -> Any:
        real.execute(statement)
        raise error("SQLITE_IOERR_DELETE")

    Faulty(journal, lambda statement: statement == "COMMIT", fault)
    with pytest.raises(StoreError, match="it is not known whether it was stored"):
        add(journal, id="mine")
    assert list(journal.find(CONTRACT.id, ["mine"])) == ["mine"]
    assert numbers(journal) == [1, 2]


@pytest.mark.parametrize("name", ["SQLITE_IOERR_WRITE", "SQLITE_FULL", "SQLITE_NOMEM", "SQLITE_CORRUPT"])
def test_f17_an_error_before_the_commit_stores_nothing(journal: SqlJournal, name: str) -> None:
    faulty = Faulty(journal, lambda statement: statement.startswith("INSERT INTO contracts"), raising(name))
    with pytest.raises(StoreError, match=rf"\({name}\) while writing it; nothing was stored; "):
        add(journal)
    assert faulty.closed
    assert numbers(journal) == [1]
    add(journal)
    assert numbers(journal) == [1, 2]


def test_f8_no_memory_in_the_commit_is_an_unknown_outcome(journal: SqlJournal) -> None:
    def fault(_: sqlite3.Connection, __: str) -> Any:
        raise MemoryError

    Faulty(journal, lambda statement: statement == "COMMIT", fault)
    with pytest.raises(StoreError, match=r"there is no memory \(MemoryError\) while committing; it is not known"):
        add(journal)
    assert numbers(journal) == [1]


@pytest.mark.parametrize("name", ["SQLITE_IOERR_READ", "SQLITE_CANTOPEN", "SQLITE_CORRUPT"])
def test_f17_an_error_at_reading_or_locking_is_said_and_the_next_use_works(journal: SqlJournal, name: str) -> None:
    Faulty(journal, lambda statement: statement.startswith("SELECT"), raising(name))
    with pytest.raises(StoreError, match=rf"\({name}\) while reading it; "):
        journal.contracts()
    assert journal.contracts() == (CONTRACT.id,)
    Faulty(journal, lambda statement: statement.startswith("BEGIN"), raising(name))
    with pytest.raises(StoreError, match=rf"\({name}\) while locking it; nothing was stored; "):
        add(journal)
    add(journal)
    assert numbers(journal) == [1, 2]


def test_f17_a_lock_that_was_lost_with_its_connection_stores_nothing(journal: SqlJournal) -> None:
    """Another thread met an error, so the connection that held the lock is gone."""

    def other_thread() -> None:
        Faulty(journal, lambda statement: statement.startswith("SELECT"), raising("SQLITE_IOERR_READ"))
        with pytest.raises(StoreError):
            journal.contracts()

    with pytest.raises(StoreError, match="was lost while it was locked; nothing was stored"):
        add(journal, then=other_thread)
    assert numbers(journal) == [1]
    add(journal)


def test_an_interrupted_block_is_undone(journal: SqlJournal) -> None:
    def fault(_: sqlite3.Connection, __: str) -> Any:
        raise KeyboardInterrupt

    Faulty(journal, lambda statement: statement.startswith("INSERT INTO contracts"), fault)
    with pytest.raises(KeyboardInterrupt):
        add(journal)
    assert not connection(journal).in_transaction
    assert numbers(journal) == [1]


# F26, F27, F31: the file goes away, or is another.


def test_f27_nothing_is_acknowledged_after_the_file_was_deleted(journal: SqlJournal, path: Path) -> None:
    path.unlink()
    with pytest.raises(StoreError, match=r"diary\.db: is no longer there; put it back"):
        add(journal)
    assert not path.exists()


def test_f27_nothing_is_acknowledged_when_the_file_is_deleted_within_a_block(journal: SqlJournal, path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        add(journal, then=path.unlink)
    assert not path.exists()


def test_f26_a_file_that_was_replaced_is_not_written(journal: SqlJournal, path: Path) -> None:
    journal.backup(path.with_name("copy.db"))
    path.with_name("copy.db").replace(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"diary\.db: was replaced by another file"):
        add(journal)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("becomes", "said"), [("nothing", "is no longer there"), ("another", "was replaced")])
def test_f26_after_an_error_only_the_same_file_is_opened_again(
    journal: SqlJournal, path: Path, becomes: str, said: str
) -> None:
    Faulty(journal, lambda statement: statement.startswith("SELECT"), raising("SQLITE_IOERR_READ"))
    with pytest.raises(StoreError):
        journal.contracts()
    path.rename(path.with_name("moved.db"))
    if becomes == "another":
        path.write_bytes(path.with_name("moved.db").read_bytes())
    with pytest.raises(StoreError, match=said):
        journal.contracts()


def test_f37_threads_wait_no_longer_than_other_processes(journal: SqlJournal) -> None:
    found: list[BaseException] = []

    def work() -> None:
        try:
            add(journal)
        except StoreBusy as error:
            found.append(error)

    with journal.writing(CONTRACT.id):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(found) == 1
    add(journal)


def test_f31_a_chain_that_lost_its_end_is_not_built_upon(journal: SqlJournal, path: Path) -> None:
    """A file that lost its journal can have the contract's new head without its entry, or the other way round."""
    add(journal)
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE contracts SET version = 1")
        other.commit()
    with pytest.raises(ChainError, match="contract c-1: has another last entry than the head that was stored with it"):
        add(journal)
    with closing(sqlite3.connect(path)) as other:
        other.execute("DELETE FROM contracts")
        other.commit()
    with pytest.raises(ChainError, match="verify it, and restore a copy that verifies"):
        add(journal)
    assert numbers(journal) == [1, 2]


# F37: somebody else has the lock.


def test_f37_a_lock_of_another_process_is_waited_for_and_then_said(journal: SqlJournal, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        sentence = "diary.db: is locked by somebody else for more than 0 s; nothing was stored: end the other program"
        with pytest.raises(StoreBusy, match=sentence):
            add(journal)
        with pytest.raises(StoreBusy):
            journal.contracts()
        with pytest.raises(StoreBusy):
            journal.quarantine(b"x", "not JSON")
        other.execute("ROLLBACK")
    add(journal)
    assert numbers(journal) == [1, 2]


def test_f37_the_wait_is_5_seconds_unless_another_is_given(path: Path) -> None:
    with SqlJournal.open(path) as journal:
        assert database(journal)._wait == 5.0


def test_f37_a_lock_that_ends_in_time_is_had(path: Path) -> None:
    with (
        SqlJournal.open(path, wait=30) as journal,
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        timer = threading.Timer(0.05, other.execute, ["COMMIT"])
        timer.start()
        add(journal)
        timer.join()
        assert numbers(journal) == [1]


def test_f39_a_reader_that_does_not_end_makes_the_commit_busy_and_undone(journal: SqlJournal, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM entries").fetchall()
        with pytest.raises(StoreBusy, match="nothing was stored"):
            add(journal)
        other.execute("COMMIT")
    assert numbers(journal) == [1]
    add(journal)
    assert numbers(journal) == [1, 2]


def test_f39_a_reader_of_the_journal_holds_up_nobody(journal: SqlJournal, path: Path) -> None:
    reading = journal.read(CONTRACT.id)
    next(reading)
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("ROLLBACK")
    add(journal)
    assert list(reading) == []  # only what there was


def test_a_block_within_a_block_of_the_same_thread_is_refused(journal: SqlJournal) -> None:
    with journal.writing(CONTRACT.id):
        for again in (lambda: add(journal), lambda: journal.quarantine(b"x", "y"), lambda: journal.release(1)):
            with pytest.raises(JournalError, match="is being written by this thread already; end that block"):
                again()
    add(journal)


def test_other_threads_read_what_is_committed_while_one_writes(journal: SqlJournal) -> None:
    found: list[list[int]] = []
    with journal.writing(CONTRACT.id) as writing:
        writing.append([seal(head_of(writing.standing), at=writing.at)], contract=CONTRACT, policy="upwork")
        thread = threading.Thread(target=lambda: found.append(numbers(journal)))
        thread.start()
        thread.join()
        assert [entry.number for entry in writing.read()] == [1, 2]
    assert found == [[1]]
    assert numbers(journal) == [1, 2]


def test_f38_writers_of_several_processes_take_turns(path: Path) -> None:
    text = """
from tests.store.samples import add
from workdiary.store.sql import SqlJournal
with SqlJournal.open(sys.argv[1], wait=60) as journal:
    for n in range(20):
        add(journal, id=f"{sys.argv[2]}-{n}")
"""
    found: list[str] = []
    threads = [threading.Thread(target=lambda n=n: found.append(program(text, path, n).stderr)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["", "", ""]
    with SqlJournal.open(path) as journal:
        assert numbers(journal) == list(range(1, 61))
        assert len(journal.find(CONTRACT.id, [f"{n}-{m}" for n in range(3) for m in range(20)])) == 60


# Backups (F32).


def test_f32_a_backup_is_a_whole_journal(journal: SqlJournal, path: Path) -> None:
    add(journal, weeks=[week()])
    journal.quarantine(b"x", "not JSON")
    journal.backup(path.with_name("copy.db"))
    add(journal)
    with SqlJournal.open(path.with_name("copy.db")) as copy:
        assert numbers(copy) == [1, 2]
        assert copy.week(CONTRACT.id, MONDAY) == week()
        assert [kept.body for kept in copy.quarantined()] == [b"x"]
        assert copy.standing(CONTRACT.id).head == list(journal.read(CONTRACT.id))[1].head
        add(copy)


def test_f32_a_backup_overwrites_nothing(journal: SqlJournal, path: Path) -> None:
    other = path.with_name("other")
    other.write_text("mine")
    with pytest.raises(StoreError, match="other: is there already; give a new path"):
        journal.backup(other)
    with pytest.raises(StoreError, match="is there already"):
        journal.backup(path)
    assert other.read_text() == "mine"
    assert sorted(file.name for file in path.parent.iterdir()) == ["diary.db", "other"]


def test_f32_a_backup_never_takes_the_place_of_a_file_that_came_meanwhile(journal: SqlJournal, path: Path) -> None:
    copy = path.with_name("copy.db")

    def fault(real: sqlite3.Connection, statement: str) -> Any:
        copy.write_text("mine")
        return real.execute("SELECT 1")

    Faulty(journal, lambda statement: statement.startswith("VACUUM"), fault)
    with pytest.raises(StoreError, match="is there already"):
        journal.backup(copy)
    assert copy.read_text() == "mine"
    assert sorted(file.name for file in path.parent.iterdir()) == ["copy.db", "diary.db"]


def test_f32_a_backup_that_fails_leaves_nothing(journal: SqlJournal, path: Path) -> None:
    Faulty(journal, lambda statement: statement.startswith("VACUUM"), raising("SQLITE_FULL"))
    with pytest.raises(StoreError, match="the disk is full"):
        journal.backup(path.with_name("copy.db"))
    assert [file.name for file in path.parent.iterdir()] == ["diary.db"]


def test_f32_a_backup_within_a_block_of_the_same_thread_is_refused(journal: SqlJournal, path: Path) -> None:
    with journal.writing(CONTRACT.id), pytest.raises(JournalError, match="is being written by this thread already"):
        journal.backup(path.with_name("copy.db"))
    journal.backup(path.with_name("copy.db"))
