"""Reading from the SQL stores: by index, a page at a time, and as it stood when the reading began."""

from __future__ import annotations

import re
import sqlite3
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.store.postgresql_server import postgresql, postgresql_url
from tests.store.samples import CONTRACT, NOW, add, program, seal, week
from tests.support import MONDAY, WEEK_SLOTS
from workdiary.diary.entry import START
from workdiary.diary.journal import KeptWeek, WeekState
from workdiary.errors import InvalidValue, JournalError, StoreError, UnknownContract
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot
from workdiary.store._schema import LONG, PAGE
from workdiary.store._statements import Statements, statements
from workdiary.store.sql import SqlJournal

__all__ = ["postgresql", "postgresql_url"]


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(request.getfixturevalue("postgresql_url") if request.param == "postgresql" else tmp_path / "diary.db")


@pytest.fixture
def journal(where: str) -> Iterator[SqlJournal]:
    with SqlJournal.open(where, clock=lambda: NOW) as journal:
        yield journal


def touched(journal: SqlJournal, start: int, stop: int, since: int = 0) -> list[int]:
    return [entry.number for entry in journal.read(CONTRACT.id, since=since, touching=(start, stop))]


def test_reading_goes_over_pages(journal: SqlJournal) -> None:
    count = 2 * PAGE + 1
    added = add(journal, *[(MONDAY + n, MONDAY + n + 1) for n in range(count)])
    assert list(journal.read(CONTRACT.id)) == added
    assert list(journal.read(CONTRACT.id, since=PAGE)) == added[PAGE:]
    assert list(journal.read(CONTRACT.id, since=2 * PAGE)) == added[-1:]
    assert list(journal.read(CONTRACT.id, since=count)) == []
    assert touched(journal, MONDAY, MONDAY + count) == list(range(1, count + 1))
    assert touched(journal, MONDAY + 5, MONDAY + 6, since=4) == [6]
    assert touched(journal, MONDAY + 5, MONDAY + 6, since=6) == []
    assert len(journal.find(CONTRACT.id, [entry.id for entry in added])) == count


def test_entries_of_every_length_are_found_where_they_touch(journal: SqlJournal) -> None:
    """Of one slot, of exactly a week, of one slot more, and of years: the two indices leave none out."""
    lengths = (1, 2, LONG - 1, LONG, LONG + 1, 5 * LONG, 200_000)
    begin = MONDAY + 1000
    add(journal, *[(begin, begin + length) for length in lengths])
    for length in lengths:
        number = lengths.index(length) + 1
        last = begin + length - 1
        assert number in touched(journal, last, last + 1)
        assert number not in touched(journal, last + 1, last + 2)
        assert number in touched(journal, begin - 5, begin + 1)
        assert number not in touched(journal, begin - 5, begin)
    assert touched(journal, -(10**30), 10**30) == list(range(1, 8))


def test_numbers_beyond_every_column_are_no_error(journal: SqlJournal) -> None:
    add(journal, weeks=[week()])
    far = 10**30
    assert list(journal.read(CONTRACT.id, since=far)) == []
    assert len(list(journal.read(CONTRACT.id, since=-far))) == 1
    assert touched(journal, far, far + 1) == []
    assert journal.week(CONTRACT.id, far) is None
    assert list(journal.weeks(state=WeekState.OPEN, ends_by=far)) == [(CONTRACT.id, MONDAY)]
    assert list(journal.weeks(state=WeekState.OPEN, ends_by=-far)) == []
    with pytest.raises(InvalidValue, match="is not in quarantine"):
        journal.release(far)


def test_f25_a_chain_with_gaps_is_read_whole(journal: SqlJournal, where: str) -> None:
    """So that whoever verifies it sees what somebody put at its end, or left out of its middle."""
    add(journal)
    with psycopg.connect(where) if "://" in where else closing(sqlite3.connect(where)) as connection:
        for number in (PAGE, 10 * PAGE, 10**15):
            columns = f"contract, {number}, 'x{number}', at, start, stop, body, previous, digest"
            connection.execute(f"INSERT INTO entries SELECT {columns} FROM entries WHERE number = 1")  # noqa: S608 - ours
        connection.commit()
    assert [entry.number for entry in journal.read(CONTRACT.id)] == [1, PAGE, 10 * PAGE, 10**15]
    assert touched(journal, MONDAY, MONDAY + 1) == [1, PAGE, 10 * PAGE, 10**15]


def test_f82_a_known_contract_without_entries_has_none(journal: SqlJournal, where: str) -> None:
    """So that `verify` says that they are gone."""
    add(journal)
    with psycopg.connect(where) if "://" in where else closing(sqlite3.connect(where)) as connection:
        trigger = "entries_change ON entries" if "://" in where else "entries_delete"
        connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DELETE FROM entries")
        connection.commit()
    assert list(journal.read(CONTRACT.id)) == []
    assert journal.standing(CONTRACT.id).head.version == 1


def test_reading_is_of_the_moment_at_which_it_was_asked_for(journal: SqlJournal) -> None:
    add(journal)
    reading = journal.read(CONTRACT.id)
    add(journal)
    assert [entry.number for entry in reading] == [1]


@pytest.mark.parametrize("id", ["nul\0", "\ud800", "", "unknown", "x" * 100_000])
def test_an_id_that_no_database_takes_is_unknown(journal: SqlJournal, id: str) -> None:
    add(journal)
    with pytest.raises(UnknownContract, match="has no diary here"):
        journal.standing(id)
    with pytest.raises(UnknownContract):
        journal.read(id)
    assert journal.find(id, ["id-1"]) == {}
    assert journal.find(CONTRACT.id, [id]) == {}
    assert journal.week(id, MONDAY) is None


@pytest.mark.parametrize("id", ["nul\0", "\ud800"])
def test_a_contract_that_no_database_takes_is_refused_at_the_lock(journal: SqlJournal, id: str) -> None:
    with pytest.raises(InvalidValue, match="cannot be stored"), journal.writing(id):
        pass


def test_a_block_that_is_over_is_over(journal: SqlJournal) -> None:
    with journal.writing(CONTRACT.id) as writing:
        pass
    entry = seal(START)
    for use in (
        lambda: writing.append([entry], contract=CONTRACT, policy="upwork"),
        lambda: writing.find(["x"]),
        lambda: list(writing.read()),
        lambda: writing.week(MONDAY),
    ):
        with pytest.raises(JournalError, match="c-1: is no longer locked; lock it again"):
            use()


def test_edit_3_the_clock_never_goes_back_over_an_entry_of_any_contract(where: str) -> None:
    with SqlJournal.open(where, clock=lambda: NOW) as journal:
        add(journal)
    with SqlJournal.open(where, clock=lambda: NOW - 3600) as journal, journal.writing("another") as writing:
        assert writing.at == NOW


def test_a_damaged_contract_is_said_by_name(journal: SqlJournal, where: str) -> None:
    add(journal)
    statement = """UPDATE contracts SET standing = '{"id":"c-1"}'"""
    with psycopg.connect(where) if "://" in where else closing(sqlite3.connect(where)) as connection:
        connection.execute(statement)
        connection.commit()
    with pytest.raises(StoreError, match=r"contracts\[c-1\]: .* makes what is kept unreadable; verify the diary"):
        journal.standing(CONTRACT.id)


def test_a_contract_is_not_read_anew_while_it_stays_the_same(journal: SqlJournal) -> None:
    add(journal)
    first = journal.standing(CONTRACT.id)
    add(journal)
    second = journal.standing(CONTRACT.id)
    assert second.contract is first.contract
    assert second.head.version == 2


def test_contracts_are_in_order_of_their_characters(journal: SqlJournal) -> None:
    names = ["a", "B", "é", "Z", "z", "ä", "🦀", "\uffff", "10", "9"]
    for name in names:
        with journal.writing(name) as writing:
            writing.append(
                [seal(START, contract=name, at=writing.at)], contract=CONTRACT, policy="upwork", weeks=[week()]
            )
    assert list(journal.contracts()) == sorted(names)
    assert [found[0] for found in journal.weeks(state=WeekState.OPEN, ends_by=MONDAY + WEEK_SLOTS)] == sorted(names)


def test_weeks_go_over_pages(journal: SqlJournal) -> None:
    starts = [MONDAY + n * 8 for n in range(PAGE + 1)]
    weeks = [KeptWeek(start=Slot(n), stop=Slot(n + 8), state=WeekState.OPEN, sheet=Sheet()) for n in starts]
    add(journal, weeks=weeks)
    found = list(journal.weeks(state=WeekState.OPEN, ends_by=MONDAY + 8 * PAGE))
    assert found == [(CONTRACT.id, start) for start in starts[:-1]]


# What it costs.


def _plan(path: str, statement: str, values: Sequence[object]) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values))


def test_every_statement_of_sqlite_reads_by_index(tmp_path: Path) -> None:
    SqlJournal.open(tmp_path / "diary.db").close()
    sql: Statements = statements("sqlite")
    whole = {"contracts", "quarantined", "quarantined_numbers"}  # which list everything
    for name, statement in sql._asdict().items():
        plan = _plan(str(tmp_path / "diary.db"), statement, [1] * statement.count("?"))
        plan = plan.replace("SCAN CONSTANT ROW\nSCAN one", "")  # what the others are joined to
        assert name in whole or "SCAN" not in re.sub(r"SCAN (ids|json_each) VIRTUAL", "", plan), plan
        assert "TEMP B-TREE" not in plan, f"{name}: {plan}"
    touching = _plan(str(tmp_path / "diary.db"), sql.touching, [1] * 7)
    assert "COVERING INDEX entries_touching (contract=? AND start>? AND start<?)" in touching
    assert "COVERING INDEX entries_touching_long (contract=? AND start<?)" in touching


def test_reading_one_week_of_ten_years_takes_as_many_steps_as_of_one_month(tmp_path: Path) -> None:
    """Counted in steps of SQLite's machine, so that a busy computer makes no difference."""

    def steps(weeks: int) -> int:
        path = tmp_path / f"{weeks}.db"
        begin = MONDAY - (weeks - 1) * WEEK_SLOTS
        with SqlJournal.open(path) as journal:
            add(journal, *[(slot, slot + 12) for slot in range(begin, MONDAY + WEEK_SLOTS, 36)])
        counted = 0

        def count() -> int:
            nonlocal counted
            counted += 1
            return 0

        with closing(sqlite3.connect(path)) as connection:
            connection.set_progress_handler(count, 1)
            values = (CONTRACT.id, MONDAY - LONG, MONDAY + WEEK_SLOTS, MONDAY)
            found = connection.execute(statements("sqlite").touching, (*values, CONTRACT.id, *values[2:])).fetchall()
        assert len(found) == 28
        return counted

    assert steps(521) == steps(4)


def test_replaying_ten_years_keeps_a_page_in_memory(tmp_path: Path) -> None:
    """120,000 segments, as 10,000 entries of 12: what is held at once stays far below 200 MB."""
    with SqlJournal.open(tmp_path / "diary.db") as journal:
        add(journal, *[(MONDAY + n, MONDAY + n + 12) for n in range(0, 120_000, 12)])
        tracemalloc.start()
        try:
            assert sum(1 for _ in journal.read(CONTRACT.id)) == 10_000
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 10_000_000


# What must be installed.


@pytest.mark.parametrize("missing", ["sqlalchemy", "psycopg"])
def test_a_missing_extra_is_named(missing: str) -> None:
    found = program(
        """
sys.modules[sys.argv[1]] = None
from workdiary.errors import MissingExtra
try:
    from workdiary.store.sql import SqlJournal
    SqlJournal.open("postgresql://ana@host/db")
except MissingExtra as error:
    print(error)
""",
        missing,
    )
    assert found.stderr == ""
    sentence = f"workdiary.store.sql: '{missing}' is not installed; run: pip install \"workdiary[postgresql]\"\n"
    assert found.stdout == sentence


def test_sqlite_needs_no_extra(tmp_path: Path) -> None:
    found = program(
        """
sys.modules["psycopg"] = sys.modules["sqlalchemy"] = None
from workdiary.store.sql import SqlJournal
SqlJournal.open(sys.argv[1]).close()
""",
        tmp_path / "diary.db",
    )
    assert (found.stdout, found.stderr) == ("", "")
