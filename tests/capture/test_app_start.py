"""How the interface is started and left: by its keys over a scripted engine, and as a process in a real terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import sqlite3
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import pytest

pytest.importorskip("textual")

from tests.capture.app_stage import ACME, Stage, play
from tests.capture.engines import NOW, ScriptedEngine, books, running, waiting
from tests.capture.test_app_asking import HELD
from tests.capture.test_headless import display_of, environment, place, tracker
from tests.capture.xserver import XServer, xserver
from workdiary.capture.engine import Status
from workdiary.capture.spool.spool import Spool
from workdiary.capture.terminal.app import TrackerApp
from workdiary.capture.terminal.screens import MemoScreen

__all__ = ["place", "xserver"]

# Leaving.


def test_leaving_while_it_is_on_asks_first_and_switches_off() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("q", "enter")
        assert stage.calls == []
        await stage.press("q", "escape")
        assert stage.calls == []
        await stage.press("q", "y", "enter")
        assert stage.calls == [("stop",)]
        assert not stage.app.is_running or stage.app._exit

    play(scene, ACME, status={"running": running()})


def test_leaving_while_something_is_held_back_says_that_it_goes_into_the_diary_now() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("q")
        assert stage.here("body") == "What is held back goes into the diary now: 1 segment, 10 min."
        await stage.press("enter")  # the first answer is to stay
        assert not stage.app._exit
        two = (waiting(NOW.slot - 1), waiting(NOW.slot))
        await stage.set(waiting=(*two, waiting(NOW.slot - 9, refused="it is closed")))
        await stage.press("q")
        assert stage.here("body") == "What is held back goes into the diary now: 2 segments, 20 min."
        await stage.pilot.press("y", "enter")
        assert stage.app._exit

    play(scene, ACME, status={"waiting": (waiting(NOW.slot),)})


def test_leaving_while_it_is_on_says_what_becomes_of_what_is_held_back() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("q")
        assert stage.here("body") == (
            "Leaving switches it off; the open segment goes into the diary now, as far as it is credited. "
            "What is held back goes into the diary now: 1 segment, 10 min."
        )

    play(scene, ACME, status=HELD)


def test_control_and_c_does_what_q_does_wherever_it_is_pressed() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("m", "ctrl+c")
        assert stage.here("title") == "The tracker is on"
        depth = len(stage.app.screen_stack)
        await stage.press("ctrl+c", "ctrl+c")  # it is asked once
        assert len(stage.app.screen_stack) == depth
        await stage.press("escape")
        assert isinstance(stage.app.screen, MemoScreen)
        await stage.press("escape", "ctrl+c")
        await stage.pilot.press("y", "enter")
        assert stage.calls == [("stop",)]
        assert stage.app._exit

    play(scene, ACME, status={"running": running()})


def test_control_and_c_while_it_is_off_leaves() -> None:
    async def scene(stage: Stage) -> None:
        await stage.pilot.press("ctrl+c")
        assert stage.app._exit

    play(scene, ACME)


def test_leaving_while_it_is_off_asks_nothing() -> None:
    async def scene(stage: Stage) -> None:
        await stage.pilot.press("q")
        assert stage.calls == []
        assert stage.app._exit

    play(scene, ACME)


# In a terminal.


_CONTROL = re.compile(r"\x1b\[[0-9;?>=]*[A-Za-z]")
"""What moves the cursor or changes the style."""


class Terminal:
    """A process in a terminal of 24 lines and 80 columns; `text` is what it has written since the last key."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self._own, other = pty.openpty()
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = {**env, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(command, env=env, stdin=other, stdout=other, stderr=other, close_fds=True)
        os.close(other)
        self.text = ""

    def _read(self, seconds: float) -> bool:
        """Take what has been written, waiting so long for it; return whether there may be more."""
        if not select.select([self._own], [], [], seconds)[0]:
            return True
        try:
            self.text = _CONTROL.sub("", self.text + os.read(self._own, 65_536).decode(errors="replace"))
        except OSError:  # the other side is closed
            return False
        return True

    def until(self, words: str) -> None:
        end = monotonic() + 60
        while words not in self.text:
            if monotonic() > end or not self._read(0.1):
                pytest.fail(f"{words!r} was never written: {self.text[-2000:]!r}")

    def press(self, keys: str) -> None:
        self.text = ""
        os.write(self._own, keys.encode())

    def ended(self) -> int:
        """Wait for the end of the process, and return its status."""
        end = monotonic() + 60
        while self._read(0.1) and monotonic() < end:
            pass
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        os.close(self._own)


@contextmanager
def terminal(place: Path, server: XServer, *arguments: str) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "workdiary.capture", *arguments]
    made = Terminal(command, environment(place, display_of(server)))
    try:
        yield made
    finally:
        made.close()


def test_the_contract_of_the_command_line_is_marked_and_control_and_c_leaves(place: Path, xserver: XServer) -> None:
    with terminal(place, xserver, "--contract", "c-2", "--memo", "Answer the mails") as app:
        app.until("Answer the mails")
        app.press(" ")
        app.until("c-2 (acme)  0:00:02")
        app.press("\x03")
        app.until("Leaving switches it off")
        app.press("y\r")
        assert app.ended() == 0
    with Spool(place / "tracker") as spool:
        minutes = spool.known().minutes
    assert {(one.contract, one.memo) for one in minutes} == {("c-2", "Answer the mails")}


def test_f37_the_interface_starts_while_somebody_else_has_the_diary_locked(place: Path, xserver: XServer) -> None:
    with tracker(place, xserver) as process:  # so that the contracts are known
        process.terminate()
        assert process.wait(30) == 0
    with closing(sqlite3.connect(place / "diary.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with terminal(place, xserver) as app:
            app.until("is locked by somebody else")
            app.press("q")
            assert app.ended() == 0
        other.execute("ROLLBACK")


def test_f71_the_interface_starts_while_the_server_of_the_diary_refuses(place: Path, xserver: XServer) -> None:
    with tracker(place, xserver) as process:
        process.terminate()
        assert process.wait(30) == 0
    with terminal(place, xserver, "--db", "postgresql://ana:hunter2@127.0.0.1:1/diary") as app:
        app.until("cannot be reached")
        text = app.text
        app.press("q")
        assert app.ended() == 0
        assert "hunter2" not in text + app.text


def test_t9_a_fault_of_the_interface_shows_nothing_that_is_in_a_variable(capfd: pytest.CaptureFixture[str]) -> None:
    class Broken(ScriptedEngine):
        def status(self) -> Status:
            password = "hunter" + str(len(self.calls) + 2)
            raise RuntimeError(f"broken by {len(password)} characters")

    app = TrackerApp(Broken("c-1"), books(ACME)[1], every=None)
    app.run(headless=True)
    assert str(app.failure) == "broken by 7 characters"
    assert "hunter2" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--contract", "c-9"], "c-9"),
        (["--memo", "Answer the mails"], "choose one of: c-1, c-2"),
        (["--label", "Design"], "choose one of: c-1, c-2"),
    ],
)
def test_what_the_interface_cannot_do_is_said_in_one_sentence(
    place: Path, xserver: XServer, arguments: list[str], words: str
) -> None:
    with terminal(place, xserver, *arguments) as app:
        assert app.ended() == 2
        assert words in app.text
        assert app.text.startswith("workdiary.capture: ")
        assert app.text.count("\n") == 1
