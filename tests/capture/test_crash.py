"""Trackers that are killed, at random and at every step of their disk: what was kept is there at the next start."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest

from tests.capture.stage import WEDNESDAY, Hands, Keys, Painter, memory, open_in
from tests.faults.kit import build_shim
from tests.require import skip_or_fail
from workdiary.capture.events import MarkKind
from workdiary.capture.runner import Runner
from workdiary.capture.sender import Sender
from workdiary.capture.spool.kept import Kind, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.diary.changes import CaptureEnded, CaptureStarted, TimeTracked
from workdiary.diary.diary import Diary
from workdiary.diary.pictures import live
from workdiary.diary.verify import verify
from workdiary.model.times import instant
from workdiary.store.snapshots import SnapshotFiles
from workdiary.store.sql import SqlJournal

_ROOT = Path(__file__).parents[2]
SECONDS = 1500


@attrs.frozen
class Ended:
    status: int
    said: list[dict[str, Any]]

    def all(self, what: str) -> list[Any]:
        return [line[what] for line in self.said if what in line]


class Server:
    """The server of trackers to be killed, with the shim below it."""

    def __init__(self, shim: Path) -> None:
        paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "LD_PRELOAD": str(shim)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.capture.crashing"],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, now: int = WEDNESDAY, seconds: int = SECONDS, **job: Any) -> Ended:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps({"folder": str(folder), "now": now, "seconds": seconds, **job})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    shim = build_shim(tmp_path_factory.mktemp("shim"))
    if shim is None:
        skip_or_fail("faults are injected with a C compiler, on Linux")
    made = Server(shim)
    yield made
    made.close()


@pytest.fixture
def new() -> Iterator[Callable[[], Path]]:
    """Return a new folder with a diary at each call."""
    with TemporaryDirectory(dir=memory()) as top:
        template = Path(top) / "template.db"
        with SqlJournal.open(template, clock=lambda: WEDNESDAY - 60) as journal:
            open_in(journal)
        numbers = count()

        def make() -> Path:
            folder = Path(top) / str(next(numbers))
            folder.mkdir(mode=0o700)
            shutil.copyfile(template, folder / "diary.db")
            (folder / "diary.db").chmod(0o600)
            return folder

        yield make


def after(folder: Path, ended: Ended, *, begin: int = WEDNESDAY) -> tuple[set[str], list[str]]:
    """Start a tracker again where one was killed, assert what must hold, and return the segments and the marks."""
    at = max(ended.all("at"), default=begin)
    # Ten minutes later: nothing is going on any more, and everything is to be sent.
    clocks = Hands(begin + SECONDS + 1200)
    spool = Spool(folder / "tracker")
    with (
        closing(spool),
        SqlJournal.open(folder / "diary.db", clock=lambda: clocks.wall / 1000) as journal,
    ):
        known = spool.known()
        if known.pasts:
            stored = {(one.session, one.minute) for one in known.minutes}
            assert {(session, minute) for session, minute in ended.all("minute")} <= stored, "a kept minute is lost"
            last = max((m.stretches[-1][1] for p in known.pasts for m in p.kept), default=begin)
            assert last >= at - 60, "more than the open minute is lost"
        before = {item.id for item in spool.items(Standing.SENT)}
        diary = Diary(journal, "c-1")
        assert before <= {entry.id for entry in diary.entries()}, "acknowledged, and not stored"
        files = SnapshotFiles(folder / "pictures")
        sender = Sender(spool, lambda: journal, clocks=clocks, files=files)
        runner = Runner(
            clocks=clocks,
            inputs=Keys(),
            camera=Painter(files, spool.announce),
            spool=spool,
            sender=sender,
            in_background=False,
        )
        for _ in range(70):
            clocks.pass_by(1)
            runner.tick()
        assert runner.troubles() == ()
        assert not spool.items(Standing.WAITING)
        ids = [entry.id for entry in diary.entries()]
        assert len(ids) == len(set(ids))
        assert {*ended.all("finished")} <= set(ids), "finished, and not in the diary"
        started = {entry.id for entry in diary.entries() if isinstance(entry.change, CaptureStarted)}
        over = {entry.change.of for entry in diary.entries() if isinstance(entry.change, CaptureEnded)}
        assert started == over, "every session has its end, and so its secret"
        assert verify(journal, "c-1").is_sound
        shown = live(journal)
        assert shown <= {*files.digests()}, "a picture that the diary names is gone"
        assert {*files.digests()} <= shown | spool.digests(), "a picture that nothing names is left"
        segments = {str(one.starts_at)[11:16] for one in diary.segments(instant("2026-11-18T00:00Z"))}
        tracked = [entry for entry in diary.entries() if isinstance(entry.change, TimeTracked)]
        assert len(tracked) == len([item for item in spool.items() if item.kind is Kind.TRACKED])
        return segments, [mark.kind.value for mark in spool.marks()]


def full_slots(until: int) -> set[str]:
    """Return the starts of the segments that were tracked in full before the last kept minute before `until`."""
    kept = (until // 60 - 1) * 60
    return {f"09:{minute:02}" for minute in range(0, 60, 10) if WEDNESDAY + minute * 60 + 600 <= kept}


def test_f1_a_tracker_killed_at_random_loses_at_most_the_open_minute(server: Server, new: Callable[[], Path]) -> None:
    chance = Random(7)  # noqa: S311 - no secret
    recovered = 0
    for _ in range(12):
        folder = new()
        ended = server.run(folder, kill_after=chance.uniform(0.005, 0.25))
        if ended.status == 0:
            continue
        assert ended.status == -signal.SIGKILL
        segments, marks = after(folder, ended)
        assert full_slots(max(ended.all("at"), default=WEDNESDAY)) <= segments
        recovered += MarkKind.RECOVERED.value in marks
    assert recovered >= 3


def test_f2_a_kill_at_any_step_of_the_disk_loses_nothing_that_was_kept(server: Server, new: Callable[[], Path]) -> None:
    steps, marked = 0, 0
    for step in range(1, 10_000, 29):
        folder = new()
        ended = server.run(folder, fault={"how": "kill", "at": step})
        if ended.status == 0:
            break
        assert ended.status == -signal.SIGKILL
        segments, marks = after(folder, ended)
        assert full_slots(max(ended.all("at"), default=WEDNESDAY)) <= segments
        marked += MarkKind.RECOVERED.value in marks
        steps += 1
    assert steps > 10
    assert marked > 5


def test_f3_a_kill_while_it_recovers_is_recovered_from(server: Server, new: Callable[[], Path]) -> None:
    template = new()
    first = server.run(template, fault={"how": "kill", "at": 160})
    assert first.status == -signal.SIGKILL
    for step in range(1, 60, 6):
        folder = new()
        shutil.rmtree(folder)
        shutil.copytree(template, folder)
        second = server.run(folder, WEDNESDAY + SECONDS, seconds=120, fault={"how": "kill", "at": step})
        assert second.status == -signal.SIGKILL
        segments, _ = after(folder, Ended(second.status, [*first.said, *second.said]), begin=WEDNESDAY)
        assert full_slots(max(first.all("at"), default=WEDNESDAY)) <= segments


@pytest.mark.parametrize("what", [errno.ENOSPC, errno.EIO])
def test_t15_a_disk_that_fails_once_at_any_step_loses_nothing(
    server: Server, new: Callable[[], Path], what: int
) -> None:
    for step in range(80, 400, 37):
        folder = new()
        ended = server.run(folder, fault={"how": "once", "at": step, "errno": what})
        assert ended.status == 0
        segments, _ = after(folder, ended)
        assert {"09:00", "09:10"} <= segments
