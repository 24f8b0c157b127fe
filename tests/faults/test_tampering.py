"""F82: whoever writes into the database past the program is found, and the first bad entry is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import attrs
import pytest

from tests.faults import story
from tests.faults.kit import Lab, fresh, opened
from tests.faults.tamper import OPERATIONS, at_the_prompt, edited, rewrite, roll_back, tamper
from tests.support import refusal
from workdiary.diary.diary import Diary
from workdiary.diary.entry import Head
from workdiary.diary.verify import Verification, verify, verify_all
from workdiary.errors import StoreError, WorkdiaryError

ENTRIES = 500

New = Callable[[], Path]


@pytest.fixture(scope="session")
def long(lab: Lab, all_memory: Path, template: Path) -> Path:
    """A closed journal of `ENTRIES` entries."""
    path = fresh(all_memory / "long", template)
    ended = lab.run(path, "mixed", count=ENTRIES - len(story.BASE))
    assert len(ended.acknowledged) == ENTRIES - len(story.BASE)
    return path


@pytest.fixture(scope="session")
def heads(long: Path) -> tuple[Head, ...]:
    """The head after each entry."""
    with opened(long) as journal:
        return tuple(entry.head for entry in journal.read(story.ID))


def found_in(path: Path, *heads: Head) -> Verification:
    with opened(path) as journal:
        return verify(journal, story.ID, heads=heads)


def reported(path: Path, *heads: Head) -> list[str]:
    """Return everything that is said of the whole journal at `path`."""
    try:
        with opened(path) as journal:
            known = [(story.ID, head) for head in heads]
            return [str(fault) for found in verify_all(journal, heads=known) for fault in found.faults]
    except WorkdiaryError as error:
        return [str(error)]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_f82_the_first_row_that_was_tampered_with_is_named(
    tmp_path: Path, long: Path, heads: tuple[Head, ...], operation: str
) -> None:
    last = ENTRIES - (operation == "swap")
    chance = Random(operation)  # noqa: S311 - no secret
    first = 1 + (operation == "truncate")  # without any entry there is no diary: see below
    for n in {first, 2, 14, last - 1, last, *chance.sample(range(3, last), 7)}:
        path = fresh(tmp_path / f"{operation}-{n}", long)
        tamper(path, operation, n)
        found = found_in(path, heads[-1])
        assert not found.is_sound, n
        assert found.faults[0].number == n, (n, found.faults)


@pytest.mark.parametrize("operation", ["edit", "delete", "insert", "swap"])
def test_f82_what_was_done_inside_of_the_chain_is_found_without_any_head(
    tmp_path: Path, long: Path, operation: str
) -> None:
    path = fresh(tmp_path / operation, long)
    tamper(path, operation, 250)
    assert found_in(path).faults[0].number == 250


def test_f82_a_history_that_was_written_anew_is_found_against_any_head_of_the_true_one(
    tmp_path: Path, long: Path, heads: tuple[Head, ...]
) -> None:
    path = fresh(tmp_path / "rewritten", long)
    rewrite(path, 100)
    for known in (100, 250, 500):
        found = found_in(path, heads[known - 1])
        assert found.faults[0].number == known
        assert "fork" in found.faults[0].what
    assert found_in(path, *heads).faults[0].number == 100
    assert found_in(path, heads[98]).is_sound, "a head from before the fork says nothing about it"


def test_f82_a_diary_that_was_cut_cleanly_is_found_against_a_later_head(
    tmp_path: Path, long: Path, template: Path, heads: tuple[Head, ...]
) -> None:
    path = fresh(tmp_path / "cut", long)
    roll_back(path, template)
    assert found_in(path).is_sound, "nobody can tell it from a shorter diary, without a head"
    fault = found_in(path, heads[-1]).faults[0]
    assert fault.number == len(story.BASE) + 1
    assert "missing at the end" in fault.what


@pytest.mark.parametrize("table", ["contracts", "weeks"])
def test_f82_what_is_kept_beside_the_chain_is_compared_with_it_in_every_column(
    tmp_path: Path, long: Path, heads: tuple[Head, ...], table: str
) -> None:
    with closing(sqlite3.connect(long)) as raw:
        columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
    for column in columns:
        path = fresh(tmp_path / f"{table}-{column}", long)
        with at_the_prompt(path) as raw:
            (value,) = raw.execute(f"SELECT {column} FROM {table}").fetchone()  # noqa: S608 - ours
            value = "parked" if column == "state" else b"\1" if value == b"" else edited(value)
            raw.execute(f"UPDATE {table} SET {column} = ?", (value,))  # noqa: S608 - ours
        reports = reported(path, heads[-1])
        assert reports, column
        assert all(str(path) in report or story.ID in report for report in reports), (column, reports)


@pytest.mark.parametrize("table", ["contracts", "weeks"])
def test_f82_a_row_that_is_gone_or_one_too_many_is_found(
    tmp_path: Path, long: Path, heads: tuple[Head, ...], table: str
) -> None:
    gone, more = fresh(tmp_path / "gone", long), fresh(tmp_path / "more", long)
    with at_the_prompt(gone) as raw:
        raw.execute(f"DELETE FROM {table}")  # noqa: S608 - ours
    with at_the_prompt(more) as raw:
        key, other = ("contract", "'c-2'") if table == "contracts" else ("start", "start - 1008")
        columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
        values = ", ".join(other if column == key else column for column in columns)
        raw.execute(f"INSERT INTO {table} SELECT {values} FROM {table}")  # noqa: S608 - ours
    for path in (gone, more):
        assert reported(path, heads[-1]), path


def test_f82_a_diary_whose_entries_are_all_gone_is_reported_and_the_others_are_verified(
    tmp_path: Path, template: Path, heads: tuple[Head, ...]
) -> None:
    path = fresh(tmp_path / "empty", template)
    with opened(path) as journal:
        Diary.open(journal, attrs.evolve(story.CONTRACT, id="d-1"), "upwork", by=story.PLATFORM, id="open")
    with at_the_prompt(path) as raw:
        raw.execute("DELETE FROM entries WHERE contract = ?", (story.ID,))
    with opened(path) as journal:
        gone, other = verify_all(journal, heads=[(story.ID, heads[len(story.BASE) - 1])])
    assert gone.faults[0].number == 1
    assert other.is_sound


def test_f82_a_journal_whose_triggers_are_gone_is_refused(new: New) -> None:
    path = new()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TRIGGER entries_delete")
    found, value, allowed, remedy = refusal(StoreError, lambda: found_in(path))
    assert found == str(path)
    assert value == "entries_delete"
    assert "removed" in allowed
    assert "restore" in remedy
