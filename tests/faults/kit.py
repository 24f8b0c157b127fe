"""The side that looks on: gives jobs to the workload, and checks what is on the disk afterwards.

Whatever happened, this must hold of a journal:

    acknowledged ⊆ stored ⊆ attempted, nothing twice, the chain whole, the kept weeks what the entries
    come to, the file sound in SQLite's eyes, and every error one that names the place and the way out.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import attrs

from tests.faults import story
from workdiary.diary.entry import START, Entry, Head
from workdiary.diary.verify import verify
from workdiary.model.sheet import Sheet
from workdiary.store._schema import APPLICATION_ID, SQLITE
from workdiary.store.sql import SqlJournal

__all__ = [
    "Ended",
    "Lab",
    "as_version_1",
    "build_shim",
    "check",
    "check_told",
    "fresh",
    "ids",
    "opened",
    "replayed",
    "sound",
    "walk",
]

_SOURCE: Final = Path(__file__).with_name("shim.c")
_ROOT: Final = Path(__file__).parents[2]

TOLD: Final = frozenset({"StoreError", "StoreBusy", "ChainError"})
"""What a store may say of a fault; `MemoryError` is Python's own word for it."""


def build_shim(folder: Path) -> Path | None:
    """Compile the shim into `folder` and return it; `None` where there is no C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / "shim.so"
    flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra"]
    subprocess.run([compiler, *flags, "-o", str(library), str(_SOURCE), "-ldl", "-lpthread"], check=True)
    return library


@attrs.frozen(kw_only=True)
class Ended:
    """What became of one job: its exit status, minus the signal that ended it, and everything that it said."""

    status: int
    said: tuple[Mapping[str, Any], ...]
    stderr: str
    is_late: bool

    def _all(self, what: str) -> tuple[Any, ...]:
        return tuple(line[what] for line in self.said if what in line)

    @property
    def acknowledged(self) -> tuple[str, ...]:
        """The ids that were acknowledged, in order."""
        return self._all("ok")

    @property
    def refused(self) -> tuple[str, ...]:
        """The ids that the rules refused."""
        return self._all("refused")

    @property
    def errors(self) -> tuple[tuple[str | None, str, str], ...]:
        """The id, the kind and the text of every error."""
        return tuple((id, kind, text) for id, kind, text in self._all("error"))

    @property
    def steps(self) -> int:
        """How many calls the shim counted."""
        return int(self._all("steps")[-1])

    @property
    def other(self) -> int:
        """The exit status of the other process that the child had forked."""
        return int(self._all("other")[-1])

    @property
    def bills(self) -> tuple[str, ...]:
        """The text of every bill that closing returned."""
        return self._all("bill")


class Lab:
    """A workload server, with the shim below it when there is one."""

    def __init__(self, shim: Path | None) -> None:
        paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        if shim is not None:
            environment["LD_PRELOAD"] = str(shim)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.workload"],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def run(self, path: Path, operation: str = "nothing", **job: Any) -> Ended:
        """Run one job on the journal at `path`, and return what became of it."""
        return self.run_all([{"path": str(path), "operation": operation, **job}])[0]

    def run_all(self, jobs: Sequence[Mapping[str, Any]]) -> list[Ended]:
        """Run `jobs` at the same time."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(list(jobs)) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        if not answer:
            self._errors.seek(0)
            raise AssertionError(f"the workload has ended: {self._errors.read().decode(errors='replace')}")
        ended = [Ended(**{**found, "said": tuple(found["said"])}) for found in json.loads(answer)]
        for found in ended:
            assert not found.is_late, f"it hangs: {found}"
        return ended

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.communicate()
        self._errors.close()


@contextmanager
def opened(path: Path, now: int = story.NOW) -> Iterator[SqlJournal]:
    """Open the journal at `path` for a block."""
    journal = SqlJournal.open(path, clock=lambda: now)
    try:
        yield journal
    finally:
        journal.close()


def fresh(folder: Path, template: Path) -> Path:
    """Return a copy of the closed journal `template` in the new folder `folder`, for its owner alone."""
    folder.mkdir(mode=0o700)
    path = folder / "diary.db"
    shutil.copyfile(template, path)
    path.chmod(0o600)
    return path


def check(
    path: Path,
    acknowledged: Collection[str],
    attempted: Collection[str] = (),
    *,
    base: Collection[str] = story.BASE,
    heads: Collection[Head] = (),
) -> list[Entry]:
    """Open the journal at `path`, assert what must hold of every one, and return its entries.

    `base` is acknowledged, and attempted, without being named: what the template holds.
    """
    with opened(path) as journal:
        is_begun = story.ID in journal.contracts()
        entries = [*journal.read(story.ID)] if is_begun else []
        head = START
        for entry in entries:
            entry.check(head)
            head = entry.head
        if is_begun:
            assert journal.standing(story.ID).head == head
            found = verify(journal, story.ID, heads=heads)
            assert found.is_sound, [str(fault) for fault in found.faults]
        kept = journal.week(story.ID, story.MONDAY)
    stored = [entry.id for entry in entries]
    assert len(stored) == len(set(stored)), "an id twice"
    assert {*base, *acknowledged} <= set(stored), f"lost: {({*base, *acknowledged}) - set(stored)}"
    assert set(stored) <= {*base, *acknowledged, *attempted}, f"made up: {stored}"
    tracked, memos = replayed(entries)
    sheet = Sheet() if kept is None else kept.sheet
    assert set(sheet.tracked) == tracked
    assert set(sheet.manual) == memos.keys() - tracked
    assert {slot: memo for memo, slots in sheet.memos for slot in slots} == memos
    assert sound(path)
    return entries


def sound(path: Path) -> bool:
    """Return whether SQLite finds nothing wrong with the file at `path`, which nobody has open."""
    with closing(sqlite3.connect(path)) as raw:
        try:
            return bool(raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok")
        except (sqlite3.DatabaseError, UnicodeDecodeError):  # what it says of a damaged file may be no text
            return False


def replayed(entries: Sequence[Entry]) -> tuple[set[int], dict[int, str]]:
    """Return the tracked slots, and the memo of every recorded slot, as the entries' own JSON tells them.

    A second and plain replay, which knows only what the story does.
    """
    tracked: set[int] = set()
    memos: dict[int, str] = {}
    for entry in entries:
        change = entry.data["change"]
        if change["kind"] == "time_tracked":
            tracked |= set(story.TRACKED)
            memos.update(dict.fromkeys(story.TRACKED, "Tracked"))
        elif change["kind"] == "time_deleted":
            for slot in range(*entry.data["slots"]):
                del memos[slot]
                tracked.discard(slot)
        elif change["kind"] in ("time_added", "memo_edited"):
            memos.update(dict.fromkeys(range(*entry.data["slots"]), change["memo"]))
    return tracked, memos


def check_told(ended: Ended, path: Path) -> None:
    """Assert that every error of `ended` is one of the store's, with the place and the way out."""
    assert ended.status == 0, ended.stderr
    for _, kind, text in ended.errors:
        assert kind in TOLD, (kind, text)
        assert str(path) in text or str(path.parent) in text, text
        assert "; " in text, text


def walk(
    lab: Lab, new: Callable[[], Path], operation: str, *, stride: int = 1, how: str = "kill", errno: int = 5, **job: Any
) -> Iterator[tuple[Path, Ended]]:
    """Yield a journal and what was said, for a fault at every `stride`-th step of `operation`, until none is hit."""
    fault = {"how": how, "errno": errno, **job.pop("fault", {})}
    for step in range(1, 10_000, stride):
        path = new()
        ended = lab.run(path, operation, fault={**fault, "at": step, "torn": step // stride % 2}, **job)
        is_hit = ended.status != 0 if fault["how"] == "kill" else ended.steps >= step
        if not is_hit:
            assert step > 1, "nothing was ever written"
            assert (ended.status, ended.errors) == (0, ()), "it does not work without any fault either"
            return
        assert ended.status in (0, -signal.SIGKILL), ended.stderr
        yield path, ended


def as_version_1(template: Path, path: Path) -> Path:
    """Make at `path` what the first version of the program would have made of `template`, and return `path`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("ATTACH ? AS template", (str(template),))
        for ddl in SQLITE:
            if ddl.version == 1:
                raw.execute(ddl.text)
        for table in ("entries", "contracts", "weeks"):
            raw.execute(f"INSERT INTO main.{table} SELECT * FROM template.{table}")  # noqa: S608 - three known names
        raw.execute(f"PRAGMA main.application_id = {APPLICATION_ID}")
        raw.execute("PRAGMA main.user_version = 1")
    return path


def ids(prefix: str, count: int, first: int = 0) -> list[str]:
    """Return the ids that a workload with `prefix` makes."""
    return [f"{prefix}-{n}" for n in range(first, first + count)]
