"""Many at once: writers in processes of their own, and readers who take their time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.faults import story
from tests.faults.kit import Lab, check, ids, opened

New = Callable[[], Path]

WRITERS, EACH = 16, 8


def test_f38_sixteen_writers_take_turns_and_none_starves(lab: Lab, new: New) -> None:
    path = new()
    jobs = [
        {"path": str(path), "operation": "append", "prefix": f"p{n}", "first": n * EACH, "count": EACH, "wait": 60}
        for n in range(WRITERS)
    ]
    expected = {id for n in range(WRITERS) for id in ids(f"p{n}", EACH, n * EACH)}
    ended = lab.run_all(jobs)
    assert [found.errors for found in ended] == [()] * WRITERS
    assert {id for found in ended for id in found.acknowledged} == expected
    assert len(check(path, expected)) == len(story.BASE) + WRITERS * EACH


def test_f38_f80_sixteen_closings_at_once_make_one_bill(lab: Lab, new: New) -> None:
    path = new()
    ended = lab.run_all(
        [{"path": str(path), "operation": "close", "now": story.AFTER_LOCK, "wait": 60} for _ in range(WRITERS)]
    )
    assert len({found.bills for found in ended}) == 1
    assert [entry.id for entry in check(path, [story.CLOSING])] == [*story.BASE, story.CLOSING]


def test_f2_of_many_writers_some_are_killed_and_no_one_else_loses_anything(lab: Lab, new: New) -> None:
    path = new()
    jobs = [
        {
            "path": str(path),
            "operation": "append",
            "prefix": f"p{n}",
            "first": n * EACH,
            "count": EACH,
            "wait": 60,
            "fault": {"how": "kill", "at": 30 + n * 37} if n % 2 else {},
        }
        for n in range(8)
    ]
    ended = lab.run_all(jobs)
    attempted = {id for n in range(8) for id in ids(f"p{n}", EACH, n * EACH)}
    acknowledged = {id for found in ended for id in found.acknowledged}
    assert sum(found.status < 0 for found in ended) >= 2
    assert all(found.status < 0 or not found.errors for found in ended), ended
    check(path, acknowledged, attempted)


def test_f39_a_reader_half_way_through_holds_up_no_writer_and_sees_one_diary(lab: Lab, new: New) -> None:
    path = new()
    with opened(path) as journal:
        reading = journal.read(story.ID)
        first = next(reading)
        ended = lab.run(path, "append", count=3)
        assert ended.acknowledged == tuple(ids("w", 3))
        assert [entry.id for entry in (first, *reading)] == [*story.BASE], "as it stood when it began"
        assert [entry.id for entry in journal.read(story.ID)][-3:] == ids("w", 3)
    check(path, ids("w", 3))


def test_f39_a_program_that_keeps_a_transaction_open_makes_writers_busy_and_loses_nothing(lab: Lab, new: New) -> None:
    path = new()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM entries").fetchone() == (len(story.BASE),)
        ended = lab.run(path, "append", count=1, wait=0.2)
        (told,) = ended.errors
        assert told[1] == "StoreBusy"
        assert f"{path}: is locked by somebody else for more than 0.2 s" in told[2]
        assert "repeat it with the same id" in told[2]
        other.execute("COMMIT")
    assert lab.run(path, "append", count=1).acknowledged == ("w-0",)
    check(path, ["w-0"])
