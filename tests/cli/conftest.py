"""The diary that the command line's tests look at, and the ways to run a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import contract, manual, terms, tracked
from workdiary.formats import native
from workdiary.formats.native import Record

if find_spec("typer") is None or find_spec("rich") is None:
    collect_ignore_glob = ["test_*.py"]  # a bare install has no command line beyond `evaluate`

HOSTILE = "Fix \x1b[31mthe\x1b[0m [red]form[/red]\n\u202eevil\u202c \x07:smile:"
"""A memo that would colour, ring, break the line, turn it around and be taken for markup."""


@attrs.frozen
class Outcome:
    """What one run said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Outcome]


def invoke(*arguments: str) -> Outcome:
    from typer.testing import CliRunner

    from workdiary.cli.app import app

    result = CliRunner().invoke(app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


def start(*arguments: str, given: str = "", **environment: str) -> Outcome:
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "TZ")}
    done = subprocess.run(
        [sys.executable, "-m", "workdiary", *arguments],
        input=given.encode(),
        capture_output=True,
        env={**env, "PYTHONUTF8": "1", **environment},
        check=False,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in this process."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return invoke


@pytest.fixture
def process() -> Run:
    """Run a command in a process of its own."""
    return start


MONDAY: list[Any] = [
    tracked("2026-11-16T09:00Z"),
    tracked("2026-11-16T09:10Z"),
    tracked("2026-11-16T09:20Z", memo=""),
    tracked("2026-11-16T09:30Z", meter=0),
    manual("2026-11-16T09:40Z"),
    tracked("2026-11-16T09:50Z", meter=None),
    tracked("2026-11-16T10:00Z"),
]
"""Seven segments under a limit of one hour, six: the last is over it, and each of the four before is unprotected."""


@pytest.fixture
def diary(tmp_path: Path) -> str:
    """One contract, $30, one hour a week, and one recorded Monday."""
    path = tmp_path / "diary.json"
    native.write(path, [Record.of(contract(terms=[terms(limit=1)]), "upwork", MONDAY)])
    return str(path)


@pytest.fixture
def weeks(tmp_path: Path) -> str:
    """Two contracts; the first has two weeks."""
    path = tmp_path / "weeks.json"
    first = [*MONDAY, tracked("2026-11-23T09:00Z")]
    other = contract(id="c-2", currency="EUR", terms=[terms(rate="60.00", limit=None)])
    native.write(
        path,
        [
            Record.of(contract(terms=[terms(limit=1)]), "upwork", first),
            Record.of(other, "odesk", [tracked("2026-11-23T12:00Z", meter=4)]),
        ],
    )
    return str(path)


@pytest.fixture
def hostile(tmp_path: Path) -> str:
    """Five segments with a hostile memo and label."""
    path = tmp_path / "hostile.json"
    minutes = ("00", "10", "20", "30", "40")
    segments = [tracked(f"2026-11-16T09:{minute}Z", memo=HOSTILE, label="\x9b31mred") for minute in minutes]
    native.write(path, [Record.of(contract(), "upwork", segments)])
    return str(path)
