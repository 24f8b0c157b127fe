"""The outbox as a chain (T4): whoever changes it behind the tracker's back is seen."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.capture.test_spool import NINE, NOW, a_segment, folder, keep
from workdiary.capture.chain import COLUMNS, breaks_in, link_of
from workdiary.capture.events import MarkKind, Reading
from workdiary.capture.kept import Standing
from workdiary.capture.recovery import recover
from workdiary.capture.spool import Spool
from workdiary.capture.tracker import initial
from workdiary.model.slots import Slot

__all__ = ["folder"]


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


def test_t4_no_byte_of_a_row_can_be_flipped_unseen(folder: Path) -> None:
    """Each byte of each column that the digest covers, and of the digest itself."""
    keep(folder, a_segment(NINE, digest="ab" * 32), a_segment(Slot(NINE + 1)))
    names = [*COLUMNS, "digest"]
    with Spool(folder) as spool:
        (row,) = spool._rows("SELECT * FROM outbox WHERE number = 1")
        values = dict(zip(row.keys(), row, strict=True))
        head = (2, spool._rows("SELECT digest FROM outbox WHERE number = 2")[0][0])
        second = spool._rows("SELECT * FROM outbox WHERE number = 2")[0]
        assert breaks_in([link_of(values), link_of(second)], {}, head) == ()
    flips = 0
    for name in names:
        given = values[name]
        if isinstance(given, str):
            others: list[object] = [
                given[:n] + chr(ord(given[n]) ^ 1 << bit) + given[n + 1 :]
                for n in range(len(given))
                for bit in range(7)
            ]
        else:
            others = [given ^ 1 << bit for bit in range(50)] if given is not None else [0]
        for other in others:
            flips += 1
            assert breaks_in([link_of({**values, name: other}), link_of(second)], {}, head), (name, other)
    assert flips > 3_000


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
