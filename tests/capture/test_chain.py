"""The outbox as a chain (T4): whoever changes it behind the tracker's back is seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.capture.stage import WEDNESDAY, staged
from tests.capture.test_spool import JOB, NINE, NOW, START, a_minute, a_segment, folder, keep
from workdiary.capture.events import BalanceKept, ClockKept, MarkKind, Reading, SlotKept
from workdiary.capture.recovery import recover
from workdiary.capture.spool.chain import COLUMNS, SEALED, breaks_of
from workdiary.capture.spool.kept import Shot, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.capture.tracker import initial
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = ["folder"]

TABLES = [*SEALED, "gone", "head"]


def chained(folder: Path) -> None:
    """Keep seven items, and tidy away the first two of them and the fifth."""
    keep(folder, *(a_segment(Slot(NINE + n)) for n in range(7)))
    with Spool(folder) as spool:
        for number in (1, 2, 5):
            spool.answer(number, Standing.SENT)
        spool.answer(4, Standing.REFUSED)
        assert spool.tidy(now=NOW + 40 * 86_400_000) == 3
        assert [item.number for item in spool.items()] == [3, 4, 6, 7]
        assert spool.breaks == ()


def test_t4_a_tracker_breaks_no_chain_of_its_own(folder: Path) -> None:
    chained(folder)
    with Spool(folder) as spool:
        assert spool.retry() == 1
        spool.keep([a_segment(Slot(NINE + 6)), a_segment(Slot(NINE + 7))], now=NOW)
        assert [item.number for item in spool.items()] == [3, 4, 6, 7, 8]
    with Spool(folder) as spool:
        assert spool.breaks == ()
        for item in spool.items(Standing.WAITING):
            spool.answer(item.number, Standing.SENT)
        spool.tidy(now=NOW + 40 * 86_400_000)
        assert spool.items() == ()
        spool.keep([a_segment(Slot(NINE + 9))], now=NOW)
        assert [item.number for item in spool.items()] == [9]
    with Spool(folder) as spool:
        assert spool.breaks == ()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("DELETE FROM outbox WHERE number = 3", ["entry 3 of the outbox is missing"]),
        ("DELETE FROM outbox WHERE number = 4", ["entry 4 of the outbox is missing"]),
        ("DELETE FROM outbox WHERE number > 5", ["entries 6 to 7 of the outbox are missing"]),
        (
            "DELETE FROM outbox",
            ["entries 3 to 4 of the outbox are missing", "entries 6 to 7 of the outbox are missing"],
        ),
        ("DELETE FROM gone WHERE number = 5", ["entry 5 of the outbox is missing"]),
        ("DELETE FROM gone WHERE number = 2", ["entries 1 to 2 of the outbox are missing"]),
        ("DELETE FROM head", ["the end of the outbox is not known"]),
        ("UPDATE head SET digest = 'ab'", ["entry 7 of the outbox is not the one that was kept last"]),
        ("UPDATE gone SET digest = 'ab' WHERE number = 2", ["entry 3 of the outbox does not follow the one before it"]),
        (
            "UPDATE outbox SET number = 5 WHERE number = 6; DELETE FROM gone WHERE number = 5",
            ["entry 5 of the outbox was changed", "entry 6 of the outbox is missing"],
        ),
        (
            "UPDATE outbox SET number = 9 WHERE number = 6; UPDATE outbox SET number = 6 WHERE number = 7;"
            " UPDATE outbox SET number = 7 WHERE number = 9",
            [
                "entry 6 of the outbox was changed",
                "entry 7 of the outbox was changed",
                "entry 7 of the outbox is not the one that was kept last",
            ],
        ),
    ],
)
def test_t4_whatever_is_taken_out_or_moved_is_seen(folder: Path, change: str, what: list[str]) -> None:
    chained(folder)
    with closing(sqlite3.connect(folder / "spool.db")) as raw:
        raw.executescript(change)
    with Spool(folder) as spool:
        assert [*spool.breaks] == what


def test_t4_a_row_that_was_put_in_is_seen(folder: Path) -> None:
    keep(folder, a_segment())
    with closing(sqlite3.connect(folder / "spool.db")) as raw:
        raw.executescript(
            "CREATE TEMP TABLE mine AS SELECT * FROM outbox; UPDATE mine SET number = 2, id = 'mine';"
            "INSERT INTO outbox SELECT * FROM mine"
        )
    with Spool(folder) as spool:
        assert spool.breaks == (
            "entry 2 of the outbox was changed",
            "entry 2 of the outbox is not the one that was kept last",
        )


@pytest.mark.parametrize("table", SEALED)
def test_t4_no_byte_of_a_row_can_be_flipped_unseen(folder: Path, table: str) -> None:
    """Each bit of each column of each table that time is made of, and of what tells: the digest, the seal."""
    shot = Shot(contract="c-1", slot=NINE, at=Instant(WEDNESDAY + 5), digests=("ab" * 32,), flags=("partial",))
    slot = SlotKept(job=JOB, slot=NINE, session="s-1", moment=7, is_open=True, sent=frozenset({("s-1", 9)}))
    balance = BalanceKept(contract="c-1", seconds=-60)
    clock = ClockKept(reading=Reading(wall=NOW, mono=5, boot=9), cuts=(NINE,))
    keep(
        folder,
        START,
        a_minute(),
        slot,
        balance,
        clock,
        shot,
        a_segment(NINE, digest="ab" * 32),
        a_segment(Slot(NINE + 1)),
    )
    with Spool(folder) as spool:
        spool.keep_book("c-1", "cd", {"contract": "c-1"})
        rows = {name: [dict(row) for row in spool._rows(f"SELECT * FROM {name}")] for name in TABLES}  # noqa: S608
    given = rows[table][0]
    assert breaks_of(reading(rows)) == ()
    flips = 0
    columns = {*SEALED[table], "seal"} | ({*COLUMNS} if table == "outbox" else set())
    for name in sorted(columns):
        for other in flipped(given[name]):
            flips += 1
            changed = {**rows, table: [{**given, name: other}, *rows[table][1:]]}
            assert breaks_of(reading(changed)), (name, other)
    assert flips > 400


def reading(rows: dict[str, list[dict[str, Any]]]) -> Callable[[str], Any]:
    """What answers a statement with the rows of the table that it reads."""
    return lambda statement: rows[statement.split(" FROM ")[1].split()[0]]


def flipped(value: object) -> list[object]:
    """Every value that differs from `value` in one bit, and for none a zero."""
    if value is None:
        return [0]
    if isinstance(value, int):
        return [value ^ 1 << bit for bit in range(50)]
    if isinstance(value, bytes):
        return [
            value[:n] + bytes([value[n] ^ 1 << bit]) + value[n + 1 :] for n in range(len(value)) for bit in range(8)
        ]
    assert isinstance(value, str)
    return [value[:n] + chr(ord(value[n]) ^ 1 << bit) + value[n + 1 :] for n in range(len(value)) for bit in range(7)]


BAD = [
    ("outbox", "marks = '['"),
    ("outbox", "digests = 'x'"),
    ("outbox", "kind = 'tracket'"),
    ("outbox", "state = 'waitinh'"),
    ("outbox", "state = 'sent'"),
    ("outbox", "origin = 'ab'"),
    ("outbox", "body = '{'"),
    ("minutes", "stretches = '[[1, 2'"),
    ("minutes", "stretches = '[[1763456400, 1763459999]]'"),
    ("slots", "job = '{'"),
    ("slots", "sent = 'x'"),
    ("shots", "digests = 'x'"),
    ("sessions", "job = '{'"),
    ("books", "body = '{'"),
]


@pytest.mark.parametrize(("table", "change"), BAD)
def test_a19_b62_b63_b64_a_row_that_cannot_be_used_holds_up_nobody(table: str, change: str) -> None:
    """The tracker starts again, says what is wrong, records every other segment, and goes on tracking."""
    with staged() as stage:
        stage.is_reachable = False
        stage.runner.start("c-1")
        stage.work(4 * 600)
        numbers = [item.number for item in stage.items()]
        assert len(numbers) >= 3
        only = f" WHERE number = {numbers[0]}" if table == "outbox" else ""
        stage.spool._connection.execute(f"UPDATE {table} SET {change}{only}")  # noqa: S608 - from the table above
        stage.kill()
        stage.is_reachable = True
        stage.start_again()
        assert any("changed" in trouble for trouble in stage.runner.troubles()), stage.runner.troubles()
        stage.runner.start("c-1")
        stage.work(1200)
        stage.runner.stop()
        stage.work(120)
        recorded = {entry.id for entry in stage.diary.entries()}
        items = {item.number: item for item in stage.items()}
        assert {items[number].id for number in numbers[1:]} <= recorded
        if table == "outbox":
            assert items[numbers[0]].standing is Standing.ALTERED
            assert items[numbers[0]].id not in recorded
        assert not stage.items(Standing.WAITING)


def test_t4_a_break_is_marked_once_and_told_as_long_as_it_is_there(folder: Path) -> None:
    keep(folder, a_segment(), a_segment(Slot(NINE + 1)))
    with closing(sqlite3.connect(folder / "spool.db")) as raw:
        raw.execute("DELETE FROM outbox WHERE number = 1")
        raw.commit()
    reading = Reading(wall=NOW, mono=0, boot=0)
    for _ in range(2):
        with Spool(folder) as spool:
            _, effects = recover(initial(), spool.known(), reading)
            spool.keep(effects, now=NOW)
            assert [mark.what for mark in spool.marks() if mark.kind is MarkKind.CHAIN_BREAK] == [
                "entry 1 of the outbox is missing"
            ]
            assert spool.breaks
            # What is left of it is sent all the same.
            assert spool.try_item(2) is not None
