"""The tracker as a process: started, told what to do, asked to end, killed; and what it says when it cannot start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from typing import Any

import pytest

from tests.capture.stage import memory, open_in
from tests.capture.xserver import XServer, until
from workdiary.capture.control import ask
from workdiary.capture.events import MarkKind
from workdiary.capture.spool.kept import Kind, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.diary.changes import CaptureEnded, CaptureStarted, TimeTracked
from workdiary.diary.diary import Diary
from workdiary.errors import WorkdiaryError
from workdiary.store.sql import SqlJournal

TRACE = """\
{"trace": 1, "starts": "2026-11-18T08:00:00Z"}
{"t": 0, "start": "c-1", "memo": "Search index"}
{"t": 1, "keys": 900, "clicks": 30, "for": 1750}
{"t": 1800, "stop": true}
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a diary, `diary.db`, in which there is consent for the contracts c-1 and c-2."""
    with TemporaryDirectory(dir=memory()) as made:
        folder = Path(made)
        with SqlJournal.open(folder / "diary.db") as journal:
            open_in(journal, "c-1", "c-2")
        yield folder


def environment(place: Path, display: dict[str, str] | None = None) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    own = {"WORKDIARY_DB": str(place / "diary.db"), "WORKDIARY_TRACKER": str(place / "tracker"), "HOME": str(place)}
    own["XDG_DATA_HOME"] = str(place)
    return {**found, **own, **({} if display is None else display)}


def run(place: Path, *arguments: str, display: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workdiary.capture", *arguments]
    return subprocess.run(
        command,
        env=environment(place, display),
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def display_of(server: XServer) -> dict[str, str]:
    return {"DISPLAY": server.display, "XAUTHORITY": str(server.authority)}


@contextmanager
def tracker(place: Path, server: XServer, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a headless tracker for c-1, and wait until it tracks."""
    command = [sys.executable, "-m", "workdiary.capture", "--headless", "--contract", "c-1", *arguments]
    process = subprocess.Popen(
        command, env=environment(place, display_of(server)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:

        def is_tracking() -> bool:
            if process.poll() is not None:
                pytest.fail(f"it has ended: {process.communicate()}")
            try:
                return ask(place / "tracker", {"do": "status"})["running"] is not None
            except WorkdiaryError:
                return False

        until(is_tracking, "tracking")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def entries(place: Path) -> list[Any]:
    with SqlJournal.open(place / "diary.db") as journal:
        return [*Diary(journal, "c-1").entries()]


def changes(place: Path, kind: type) -> list[Any]:
    return [entry for entry in entries(place) if isinstance(entry.change, kind)]


def test_without_a_display_it_says_what_to_run(place: Path) -> None:
    ended = run(place, "--headless", "--contract", "c-1", "--for", "3s")
    assert ended.returncode == 2
    assert "--replay" in ended.stderr
    assert "DISPLAY" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_consent_it_captures_nothing_and_says_which_command_asks_for_it(place: Path) -> None:
    with SqlJournal.open(place / "other.db") as journal:
        from tests.capture.stage import PLATFORM, a_contract

        Diary.open(journal, a_contract(), "upwork", by=PLATFORM, id="open c-1")
    ended = run(place, "--headless", "--contract", "c-1", "--db", str(place / "other.db"))
    assert ended.returncode == 2
    assert "repeat this with --consent when you agree" in ended.stderr
    assert "never which key" in ended.stdout, "the notice itself"
    asked = run(place, "consent", "--contract", "c-1", "--db", str(place / "other.db"))
    assert (asked.returncode, "repeat this with --yes when you agree" in asked.stderr) == (2, True)
    agreed = run(place, "consent", "--contract", "c-1", "--db", str(place / "other.db"), "--yes")
    assert agreed.returncode == 0
    again = run(place, "consent", "--contract", "c-1", "--db", str(place / "other.db"))
    assert "is on record" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--headless", "--db", "none.db"], "workdiary init --db none.db"),
        (["--headless"], "choose one of: c-1, c-2"),
        (["--headless", "--contract", "c-9"], "c-9"),
        (["--headless", "--contract", "c-1", "--for", "soon"], "90s"),
        (["--for", "90s"], "--headless"),
        (["--replay", "none.jsonl"], "none.jsonl"),
        (["--headless", "--contract", "c-1", "--hide", "here"], "0:0,1040,1920,40"),
        (["status"], "no running tracker"),
        (["dance"], "--help"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(place: Path, arguments: list[str], words: str) -> None:
    ended = run(place, *arguments)
    assert ended.returncode == 2
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("workdiary.capture: ")


def test_one_line_tracks_for_a_while(place: Path, xserver: XServer) -> None:
    ended = run(place, "--headless", "--contract", "c-1", "--for", "2s", display=display_of(xserver))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "on, for c-1" in ended.stdout
    assert len(changes(place, CaptureStarted)) == len(changes(place, CaptureEnded)) == 1


def test_t9_a_part_of_a_monitor_that_is_not_there_cannot_be_hidden(place: Path, xserver: XServer) -> None:
    hide = ("--headless", "--contract", "c-1", "--hide")
    ended = run(place, *hide, "1:0,0,100,100", display=display_of(xserver))
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "--hide: '1:0,0,100,100' is on a monitor that is not there" in ended.stderr
    assert "0 (1280 x 800)" in ended.stderr
    assert changes(place, CaptureStarted) == []
    ended = run(place, *hide, "0:0,0,100,100", "--for", "1s", display=display_of(xserver))
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_f4_a_signal_loses_nothing_and_the_status_is_0(place: Path, xserver: XServer, number: signal.Signals) -> None:
    with tracker(place, xserver) as process:
        until(lambda: ask(place / "tracker", {"do": "status"})["running"]["seconds"] >= 2, "two seconds")
        process.send_signal(number)
        began = time()
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "")
        assert time() - began < 10, "2 s on a machine that does nothing else"
    assert len(changes(place, CaptureEnded)) == 1
    with Spool(place / "tracker") as spool:
        assert {item.standing for item in spool.items()} == {Standing.SENT}
        assert sum(end - begin for one in spool.known().minutes for begin, end in one.stretches) >= 2


def test_t5_f66_the_second_of_two_trackers_is_refused_and_the_first_lives(place: Path, xserver: XServer) -> None:
    with tracker(place, xserver) as process:
        second = run(place, "--headless", "--contract", "c-1", display=display_of(xserver))
        assert second.returncode == 2
        assert f"process {process.pid}" in second.stderr
        assert ask(place / "tracker", {"do": "status"})["running"]["contract"] == "c-1"


def test_t5_a_second_tracker_of_the_display_is_refused_in_another_folder_too(place: Path, xserver: XServer) -> None:
    with tracker(place, xserver) as process:
        elsewhere = ("--headless", "--contract", "c-2", "--folder", str(place / "elsewhere"))
        second = run(place, *elsewhere, display=display_of(xserver))
        assert second.returncode == 2
        assert (
            f"display {xserver.display}: is in use: a tracker runs here already (process {process.pid})"
            in second.stderr
        )
        # As cron or a service would start it, with the other name of the display.
        otherwise = {**display_of(xserver), "DISPLAY": f"{xserver.display}.0", "XDG_RUNTIME_DIR": str(place / "gone")}
        assert f"process {process.pid}" in run(place, *elsewhere, display=otherwise).stderr
        process.kill()
        process.wait(30)
        assert run(place, *elsewhere, "--for", "1s", display=otherwise).returncode == 0, "the kernel let go"


def test_f1_f66_after_a_kill_the_next_start_recovers_it(place: Path, xserver: XServer) -> None:
    with tracker(place, xserver) as first:
        first.kill()
        first.wait(30)
    assert changes(place, CaptureEnded) == []
    with tracker(place, xserver) as second:
        second.terminate()
        assert second.wait(30) == 0
    assert len(changes(place, CaptureStarted)) == len(changes(place, CaptureEnded)) == 2
    with Spool(place / "tracker") as spool:
        assert MarkKind.RECOVERED in [mark.kind for mark in spool.marks()]


def test_the_commands_talk_to_the_running_tracker(place: Path, xserver: XServer) -> None:
    with tracker(place, xserver):
        assert "Tracking for c-1" in run(place, "status").stdout
        assert "Fix the login form" in run(place, "memo", "Fix the login form").stdout
        assert json.loads(run(place, "label", "Code", "--json").stdout)["running"]["label"] == "Code"
        assert "Tracking for c-2, Call" in run(place, "switch", "c-2", "--memo", "Call").stdout
        assert "off" in run(place, "stop").stdout
        refused = run(place, "memo", "Late")
        assert (refused.returncode, "switched off" in refused.stderr) == (2, True)
        assert "Tracking for c-1" in run(place, "start", "c-1").stdout


def test_a_busy_diary_does_not_keep_it_from_ending(place: Path, xserver: XServer) -> None:
    with (
        tracker(place, xserver) as process,
        SqlJournal.open(place / "diary.db") as journal,
        journal.writing("c-1"),  # somebody else has it locked, for as long as it takes
    ):
        process.terminate()
        out, _ = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "goes there at the next start" in out
    with Spool(place / "tracker") as spool:
        waiting = {item.kind for item in spool.items(Standing.WAITING)}
    assert Kind.ENDED in waiting
    with tracker(place, xserver) as process:
        process.terminate()
        assert process.wait(30) == 0
    assert len(changes(place, CaptureStarted)) == len(changes(place, CaptureEnded)) == 2


def test_a_replay_needs_neither_a_screen_nor_a_diary(place: Path) -> None:
    trace = place / "day.jsonl"
    trace.write_text(TRACE)
    ended = run(place, "--replay", str(trace))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Week of 2026-11-16, c-1: 0.50 h tracked, 0.50 h billable, 15.00 USD" in ended.stdout


def test_a_replay_into_a_diary_adds_nothing_the_second_time(place: Path) -> None:
    trace = place / "day.jsonl"
    trace.write_text(TRACE)
    db = place / "demo.db"
    with SqlJournal.open(db, clock=lambda: 1_795_000_000 - 86_400 * 2) as journal:
        open_in(journal)
    for _ in range(2):
        ended = run(place, "--replay", str(trace), "--db", str(db))
        assert (ended.returncode, ended.stderr) == (0, "")
        with SqlJournal.open(db) as journal:
            diary = Diary(journal, "c-1")
            assert len([entry for entry in diary.entries() if isinstance(entry.change, TimeTracked)]) == 3
