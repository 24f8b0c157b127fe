"""What must hold after a fault in the middle of each operation, and that it can simply be done again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.faults import story
from tests.faults.kit import Ended, Lab, check, check_told, ids
from tests.faults.power import State, lay_out
from workdiary.store._migrations import sqlite_schema
from workdiary.store._schema import SCHEMA_VERSION

__all__ = [
    "AFTERMATHS",
    "Aftermath",
    "after_a_cut",
    "after_an_error",
    "after_closing",
    "after_copying",
    "after_recording",
    "after_upgrading",
    "schema_of",
]

Aftermath = Callable[[Lab, Path, Ended], None]


def after_recording(operation: str, count: int = 1) -> Aftermath:
    """Return the check of `operation` on `count` requests: all of each or nothing, and once when sent again."""

    def look(lab: Lab, path: Path, ended: Ended) -> None:
        check(path, ended.acknowledged, ids("w", count))
        assert lab.run(path, operation, count=count).acknowledged == tuple(ids("w", count))
        assert len(check(path, ids("w", count))) == len(story.BASE) + count

    return look


def after_closing(lab: Lab, path: Path, ended: Ended) -> None:
    """Check that the week is closed once or not at all, and that closing again gives the same bill for ever."""
    check(path, ended.acknowledged, [story.CLOSING])
    bills = set(ended.bills)
    for _ in range(2):
        again = lab.run(path, "close", now=story.AFTER_LOCK)
        assert again.acknowledged == (story.CLOSING,)
        bills.update(again.bills)
    assert len(bills) == 1
    assert [entry.id for entry in check(path, [story.CLOSING])] == [*story.BASE, story.CLOSING]


def after_copying(lab: Lab, path: Path, ended: Ended) -> None:
    """Check that there is a whole copy or none, and that one can be made."""
    check(path, ())
    copy = path.with_name("backup.db")
    assert copy.exists() or not ended.acknowledged
    if copy.exists():
        check(copy, ())
        copy.unlink()
    assert lab.run(path, "backup").acknowledged == ("backup",)
    check(copy, ())


def after_upgrading(lab: Lab, path: Path, ended: Ended) -> None:
    """Check that the file is one of the old schema, or of the new one, and that it is upgraded when it is opened."""
    version, schema = schema_of(path)
    assert schema == sqlite_schema(version)
    assert len(check(path, ())) == len(story.BASE)
    assert schema_of(path)[0] == SCHEMA_VERSION


def schema_of(path: Path) -> tuple[int, dict[str, str]]:
    """Return the version that a file says it has, and its schema."""
    with closing(sqlite3.connect(path)) as raw:
        found = raw.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%'").fetchall()
        return raw.execute("PRAGMA user_version").fetchone()[0], dict(found)


AFTERMATHS: Final[dict[str, Aftermath]] = {
    "append": after_recording("append"),
    "edit": after_recording("edit"),
    "delete": after_recording("delete"),
    "close": after_closing,
    "migrate": after_upgrading,
    "backup": after_copying,
}
"""Every operation, and what must hold after it."""


def after_an_error(look: Aftermath) -> Aftermath:
    """Return the check `look`, and before it that every error was told as it should be."""

    def look_at_both(lab: Lab, path: Path, ended: Ended) -> None:
        check_told(ended, path)
        look(lab, path, ended)

    return look_at_both


def after_a_cut(state: State, marks: Sequence[str], disk: Path, *, before: int = 0) -> None:
    """Lay `state` out in `disk`, and check it.

    `marks` are the ids that the record acknowledges, in order; so many of them as `before` says were on the
    disk before the record began.
    """
    lay_out(state.files, disk)
    done = before + state.acknowledged
    path = disk / "diary.db"
    if done or path.exists():
        stored = check(path, marks[:done], marks[: done + 1], base=())
        assert [entry.id for entry in stored] == [*marks[: len(stored)]]
