"""The front door: every public name is there, and nothing is loaded that is not needed."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import workdiary

SOURCE = Path(workdiary.__file__)


def test_every_public_name_is_there() -> None:
    for name in workdiary.__all__:
        assert getattr(workdiary, name) is not None, name
    assert set(workdiary.__all__) <= set(dir(workdiary))


def test_the_table_of_homes_agrees_with_the_imports_that_type_checkers_see() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in typed.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    homes = {name: getattr(workdiary, "_MODULE_OF")[name] for name in workdiary.__all__ if name != "policies"}  # noqa: B009 - private on purpose
    assert seen == {**homes, "policies": "workdiary"}


def test_a_public_name_is_public_where_it_lives() -> None:
    for name, home in getattr(workdiary, "_MODULE_OF").items():  # noqa: B009 - private on purpose
        module = importlib.import_module(home)
        assert name in module.__all__, f"{home}.{name}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        getattr(workdiary, "nonsense")  # noqa: B009 - the name is not there


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import workdiary", ("attrs", "cattrs", "pendulum", "typer", "rich", "hypothesis", "json")),
        (
            "from workdiary import Contract, Segment, Terms, judge, judge_upload, settle, week_statement",
            ("cattrs", "pendulum", "typer", "rich", "hypothesis", "json", "tomllib", "hashlib"),
        ),
        ("from workdiary import *", ("pendulum", "typer", "rich", "hypothesis", "sqlalchemy", "psycopg", "sqlite3")),
        ("import workdiary.formats.evaluate", ("pendulum", "typer", "rich", "hypothesis")),
        ("from workdiary.store.sql import SqlJournal", ("pendulum", "sqlalchemy", "psycopg")),
        ("import workdiary.capture.session", ("pendulum", "sqlalchemy", "psycopg", "typer", "rich", "textual", "PIL")),
    ],
)
def test_an_import_loads_no_extra_and_nothing_that_it_does_not_need(statement: str, absent: tuple[str, ...]) -> None:
    code = f"{statement}\nimport sys\nprint([name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
