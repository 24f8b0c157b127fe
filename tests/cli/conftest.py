"""The diary that the command line's tests look at, and the ways to run a command."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import contract, manual, terms, tracked
from workdiary.formats import native
from workdiary.formats.native import Record

if any(find_spec(name) is None for name in ("typer", "rich")):
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


@cache
def program() -> Any:
    from typer.main import get_command

    from workdiary.cli.app import app

    return get_command(app)


def invoke(*arguments: str, given: str = "") -> Outcome:
    # As Typer's own runner does it, but for the making of all commands, which is most of what a short one costs.
    streams = [
        io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline="\n") for text in (given.encode(), b"", b"")
    ]
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = streams
    status = 0
    try:
        program()(args=list(arguments), prog_name="workdiary")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    _, out, err = streams
    said = []
    for stream in (out, err):
        stream.flush()
        said.append(stream.buffer.getvalue().decode() if isinstance(stream.buffer, io.BytesIO) else "")
    return Outcome(status, *said)


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
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in this process; there is no database of one's own."""
    monkeypatch.setenv("WORKDIARY_DB", str(tmp_path / "none" / "diary.db"))
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


WEDNESDAY = "2026-11-18T18:00Z"
"""When the kept diary is written, unless a test says otherwise: its week is open until Monday noon."""

MONDAY_NOON = "2026-11-23T12:00Z"
"""When the week of 2026-11-16 locks."""


@attrs.define
class Kept:
    """A diary in a database of its own, and a clock: call it with the words of a command."""

    path: Path
    at: str = WEDNESDAY

    def __call__(self, *arguments: str, given: str = "") -> Outcome:
        return invoke(*arguments, given=given)

    def done(self, *arguments: str, given: str = "") -> str:
        """Run a command that must succeed, and return what it printed."""
        outcome = self(*arguments, given=given)
        assert (outcome.status, outcome.err) == (0, ""), outcome
        return outcome.out

    def entries(self) -> list[str]:
        """Return the texts of the log, one an entry."""
        return [entry["text"] for entry in self("log", "--json").json["entries"]]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """An empty database, found by the variable WORKDIARY_DB."""
    from workdiary.cli.journal import CLOCK
    from workdiary.model.times import instant

    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    kept = Kept(path=tmp_path / "kept" / "diary.db")
    monkeypatch.setenv("WORKDIARY_DB", str(kept.path))
    token = CLOCK.set(lambda: float(instant(kept.at)))
    kept.done("init")
    yield kept
    CLOCK.reset(token)


@pytest.fixture
def kept(empty: Kept) -> Kept:
    """One contract, $30 (5.00 a segment) and one hour a week (six segments), manual time allowed, all verified."""
    options = ["--freelancer", "ana", "--client", "acme", "--rate", "30.00", "--limit", "1", "--manual", "--verified"]
    empty.done("contract", "add", "c-1", *options, "--since", "2026-11-02T00:00Z")
    return empty


@pytest.fixture
def full(kept: Kept, tmp_path: Path) -> Kept:
    """The same with six segments on Wednesday: manual ones 09:00 to 09:30, protected ones 14:20 to 14:50."""
    tracked_ = [tracked(f"2026-11-18T14:{minute}Z") for minute in ("20", "30", "40")]
    manual_ = [manual(f"2026-11-18T09:{minute}Z") for minute in ("00", "10", "20")]
    path = tmp_path / "full.json"
    # What the file says of the contract is what its diary was opened with.
    known = Record.of(contract(terms=[terms(rate="30.00", limit=1)]), "upwork", [*tracked_, *manual_])
    native.write(path, [known])
    assert "2 created" in kept.done("ingest", str(path))
    return kept
