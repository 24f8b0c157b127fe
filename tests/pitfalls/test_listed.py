"""The table of pitfalls is complete, and each test that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
TABLE = (TESTS / "pitfalls" / "README.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| ([AB]\d+) \| (.+) \|$", TABLE, re.MULTILINE))


def test_every_pitfall_has_a_row() -> None:
    assert list(ROWS) == [*(f"A{n}" for n in range(1, 42)), *(f"B{n}" for n in range(1, 108))]


def test_every_test_that_the_table_names_exists() -> None:
    named = re.findall(r"`([\w/]+\.py): (test_\w+)`", TABLE)
    missing = [test for path, test in named if f"def {test}(" not in (TESTS / path).read_text(encoding="utf-8")]
    assert missing == []


def test_every_test_named_after_a_pitfall_is_in_the_table() -> None:
    for path in sorted((TESTS / "pitfalls").glob("test_*.py")):
        for test, ids in re.findall(
            r"^def (test_((?:[ab]\d+_)+)\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE
        ):
            for pitfall in ids.rstrip("_").split("_"):
                assert test in ROWS[f"{pitfall[0].upper()}{int(pitfall[1:])}"], test


def test_a_row_is_a_test() -> None:
    assert all(row.startswith("`") for row in ROWS.values())
