"""Ingestion into a journal that locks several diaries at once: the same answers, and each diary by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.diaries import PLATFORM, START, contract, uploads
from tests.store.postgresql_server import postgresql, postgresql_url
from workdiary.diary.diary import Diary
from workdiary.diary.draft import AnswerKind
from workdiary.diary.ingest import Item, ingest
from workdiary.diary.journal import WeekState, WritesSeveral
from workdiary.diary.verify import verify
from workdiary.errors import StoreBusy
from workdiary.model.slots import LAST
from workdiary.store.memory import MemoryJournal
from workdiary.store.sql import SqlJournal

__all__ = ["postgresql", "postgresql_url"]

SATURDAY = START + 5 * 86_400
CONTRACTS = [f"c-{n:02}" for n in range(70)]
"""More than are locked at once."""


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "d.db") if request.param == "sqlite" else str(request.getfixturevalue("postgresql_url"))


def opened(journal: Any, *contracts: str) -> None:
    for id in contracts:
        Diary.open(journal, contract(id), "upwork", by=PLATFORM, id="open")


def items(*contracts: str) -> list[Item]:
    return [item for id in contracts for item in uploads(id, [0])]


def kinds(journal: Any, given: Sequence[bytes | Item], workers: int = 1) -> list[AnswerKind]:
    return [answer.kind for answer in ingest(journal, given, workers=workers)]


@pytest.mark.parametrize("workers", [1, 4])
def test_the_same_as_one_by_one(where: str, workers: int) -> None:
    given: list[bytes | Item] = [*items(*CONTRACTS), b"{", *items("c-00", "nobody's", "c-69")]
    memory = MemoryJournal(clock=lambda: SATURDAY)
    opened(memory, *CONTRACTS)
    expected = kinds(memory, given)
    assert set(expected) == {AnswerKind.CREATED, AnswerKind.EXISTS, AnswerKind.QUARANTINED}
    with SqlJournal.open(where, clock=lambda: SATURDAY) as journal:
        assert isinstance(journal, WritesSeveral)
        opened(journal, *CONTRACTS)
        assert kinds(journal, given, workers) == expected
        for id in CONTRACTS:
            assert [*journal.read(id)] == [*memory.read(id)]
            assert verify(journal, id).is_sound
        found = [*journal.weeks(state=WeekState.OPEN, ends_by=LAST)]
        assert found == [*memory.weeks(state=WeekState.OPEN, ends_by=LAST)]
        assert kinds(journal, given[:350], workers) == [AnswerKind.EXISTS] * 350


def test_a_damaged_diary_keeps_no_other_from_being_recorded(tmp_path: Path) -> None:
    with SqlJournal.open(tmp_path / "d.db", clock=lambda: SATURDAY) as journal:
        opened(journal, "c-1", "c-2", "c-3")
    with closing(sqlite3.connect(tmp_path / "d.db")) as connection, connection:
        connection.execute("UPDATE contracts SET version = 7 WHERE contract = 'c-2'")
    with SqlJournal.open(tmp_path / "d.db", clock=lambda: SATURDAY) as journal:
        answers = [*ingest(journal, items("c-1", "c-2", "c-3"))]
        assert [answer.kind for answer in answers] == [
            *[AnswerKind.CREATED] * 5,
            *[AnswerKind.QUARANTINED] * 5,
            *[AnswerKind.CREATED] * 5,
        ]
        assert "another last entry than the head" in str(answers[5].error)
        assert verify(journal, "c-3").is_sound


def test_what_was_drafted_is_forgotten_when_it_is_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SqlJournal.open(tmp_path / "d.db", clock=lambda: SATURDAY) as journal:
        opened(journal, "c-1", "c-2")
        real = SqlJournal.writing_several

        @contextmanager
        def fails(self: SqlJournal, wanted: Any) -> Iterator[Any]:
            with real(self, wanted) as writings:
                yield writings
                raise StoreBusy("diary", "d.db", "is locked by somebody else", "repeat it")

        monkeypatch.setattr(SqlJournal, "writing_several", fails)
        with pytest.raises(StoreBusy):
            [*ingest(journal, items("c-1", "c-2"))]
        monkeypatch.undo()
        assert [len([*journal.read(id)]) for id in ("c-1", "c-2")] == [1, 1]
        assert set(kinds(journal, items("c-1", "c-2"))) == {AnswerKind.CREATED}
