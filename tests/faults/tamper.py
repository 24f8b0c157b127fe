"""Somebody with the file and an SQL prompt, who knows how it is made and puts the triggers back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from workdiary.diary.canonical import canonical, entry_digest

__all__ = ["COLUMNS", "OPERATIONS", "at_the_prompt", "rewrite", "roll_back", "tamper"]

COLUMNS: Final = ("id", "at", "start", "stop", "body", "previous", "digest")
"""What of an entry is edited, in turn."""

OPERATIONS: Final = ("edit", "delete", "insert", "swap", "truncate")
"""What is done to a row."""


@contextmanager
def at_the_prompt(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection to the closed journal at `path`, on which nothing is refused; all is one transaction."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous = OFF")
        raw.execute("BEGIN")
        triggers = raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            raw.execute(f"DROP TRIGGER {name}")
        yield raw
        for _, sql in triggers:
            raw.execute(sql)
        raw.execute("COMMIT")


def tamper(path: Path, operation: str, n: int) -> None:
    """Do one of `OPERATIONS` to entry number `n` in the journal at `path`."""
    with at_the_prompt(path) as raw:
        if operation == "edit":
            column = COLUMNS[n % len(COLUMNS)]
            (value,) = raw.execute(f"SELECT {column} FROM entries WHERE number = ?", (n,)).fetchone()  # noqa: S608 - ours
            if value is None:
                column, value = "body", raw.execute("SELECT body FROM entries WHERE number = ?", (n,)).fetchone()[0]
            raw.execute(f"UPDATE entries SET {column} = ? WHERE number = ?", (edited(value), n))  # noqa: S608 - ours
        elif operation == "delete":
            raw.execute("DELETE FROM entries WHERE number = ?", (n,))
        elif operation == "insert":
            move(raw, n, 1)
            raw.execute(
                "INSERT INTO entries SELECT contract, ?, id || '-again', at, start, stop, body, previous, digest"
                " FROM entries WHERE number = ?",
                (n, n + 1),
            )
        elif operation == "swap":
            for old, new in ((n, 2**40), (n + 1, n), (2**40, n + 1)):
                raw.execute("UPDATE entries SET number = ? WHERE number = ?", (new, old))
        else:
            raw.execute("DELETE FROM entries WHERE number >= ?", (n,))


def edited(value: Any) -> Any:
    """Return `value` with as little changed as can be."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + "~"
    place = len(value) // 2
    return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]


def move(raw: sqlite3.Connection, since: int, by: int) -> None:
    """Renumber the entries from `since` on."""
    rows = raw.execute("SELECT number FROM entries WHERE number >= ? ORDER BY number DESC", (since,)).fetchall()
    for (number,) in rows:
        raw.execute("UPDATE entries SET number = ? WHERE number = ?", (number + by, number))


def rewrite(path: Path, n: int) -> None:
    """Write another history from entry `n` on: every digest after it is right again, and so is the kept head."""
    with at_the_prompt(path) as raw:
        rows = raw.execute(
            "SELECT number, body, previous FROM entries WHERE number >= ? ORDER BY number", (n,)
        ).fetchall()
        previous = rows[0][2]
        for number, body, _ in rows:
            if number == n:
                data = json.loads(body)
                data["by"]["id"] = "mallory"
                body = canonical(data)
            digest = entry_digest(previous, body)
            raw.execute(
                "UPDATE entries SET body = ?, previous = ?, digest = ? WHERE number = ?",
                (body, previous, digest, number),
            )
            previous = digest
        raw.execute("UPDATE contracts SET digest = ?", (previous,))


def roll_back(path: Path, older: Path) -> None:
    """Put every table of `older`, a journal of the same diary, in the place of those of `path`."""
    with at_the_prompt(path) as raw:
        raw.execute("COMMIT")
        raw.execute("ATTACH ? AS older", (str(older),))
        raw.execute("BEGIN")
        for table in ("entries", "contracts", "weeks"):
            raw.execute(f"DELETE FROM main.{table}")  # noqa: S608 - ours
            raw.execute(f"INSERT INTO main.{table} SELECT * FROM older.{table}")  # noqa: S608 - ours
