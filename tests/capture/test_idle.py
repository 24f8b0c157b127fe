"""What the system itself knows: its idle time, its lock, and whether it answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.capture.xserver import XServer, until, xdotool
from workdiary.capture.machine.idle import (
    LockHint,
    MacSystem,
    XSystem,
    close_display,
    open_display,
    own_system,
    ticks_between,
)
from workdiary.errors import InvalidValue, MissingExtra


def test_idle_time_of_a_real_x_server_begins_again_with_an_input(xserver: XServer) -> None:
    system = XSystem()
    until(lambda: (system.look().idle or 0) > 50, "idle time")
    xdotool("key", "a")
    before = system.look().idle
    assert before is not None
    until(lambda: (system.look().idle or 0) > before, "idle time after a key")
    xdotool("mousemove_relative", "5", "5")  # the server counts movement; whoever asks must know that
    system.close()
    system.close()


def test_a_server_without_the_extension_answers_all_the_same(xservers: Callable[..., XServer]) -> None:
    xservers(options=("-extension", "MIT-SCREEN-SAVER"))
    system = XSystem()
    seen = system.look()
    assert (seen.idle, seen.locked) == (None, None)
    system.close()


def test_a_killed_server_does_not_answer(xserver: XServer) -> None:
    system = own_system()
    system.look()
    xserver.kill()
    with pytest.raises(Exception, match=r"\w"):
        system.look()
    system.close()


def test_a_blanked_screen_is_not_locked(xserver: XServer) -> None:
    system = XSystem()
    display = open_display()
    active = 1
    display.force_screen_saver(active)
    display.sync()
    assert display.screen().root.screensaver_query_info().state == 1  # it is on, and nothing locks it
    assert system.look().locked is False
    close_display(display)
    system.close()


def test_a_screen_saver_of_a_program_is_a_locker_and_its_end_is_noticed(xserver: XServer) -> None:
    system, locker = XSystem(), open_display()
    assert system.look().locked is False
    locker.screen().root.screensaver_set_attributes(0, 0, 100, 100, 0)
    locker.force_screen_saver(1)
    locker.sync()
    assert system.look().locked is True
    locker.force_screen_saver(0)
    locker.sync()
    assert system.look().locked is False
    close_display(locker)
    system.close()


class FakeDisplay:
    """A display whose screen saver is as a test says."""

    def __init__(self, state: int, kind: int) -> None:
        self.saver = SimpleNamespace(state=state, kind=kind, idle=5)

    def has_extension(self, name: str) -> bool:
        return name == "MIT-SCREEN-SAVER"

    def screen(self) -> Any:
        return SimpleNamespace(root=SimpleNamespace(screensaver_query_info=lambda: self.saver))

    def close(self) -> None:
        raise OSError("gone")


@pytest.mark.parametrize(
    ("state", "kind", "hinted", "locked"),
    [
        (1, 2, "no", True),  # on, external: a locker
        (1, 0, "no", False),  # on, blanked
        (0, 2, "no", False),  # off
        (0, 0, "yes", True),
        (0, 0, "?", False),  # off, and there is nobody else
    ],
)
def test_locked_is_what_a_locker_or_the_session_says(
    monkeypatch: pytest.MonkeyPatch, state: int, kind: int, hinted: str, locked: bool | None
) -> None:
    monkeypatch.setattr("workdiary.capture.machine.idle.open_display", lambda: FakeDisplay(state, kind))
    system = XSystem(LockHint(lambda: hinted + "\n"))
    assert system.look().locked is locked
    system.close()


def test_the_hint_is_read_at_every_third_look_and_when_it_is_wished_and_unknown_otherwise() -> None:
    answers = iter(["yes\n", "no\n", "yes\n"])

    def read() -> str:
        try:
            return next(answers)
        except StopIteration:
            raise subprocess.TimeoutExpired("loginctl", 2) from None

    hint = LockHint(read)
    assert not hint.has_answered
    assert [hint.locked() for _ in range(5)] == [True, None, None, False, None]
    assert hint.locked(anew=True) is True
    assert [hint.locked() for _ in range(4)] == [None] * 4  # the last of them is a failure
    assert hint.has_answered


class Saver:
    """An X server with a screen saver, and a session with a hint, that are as the test says; what was asked is kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, has_hint: bool) -> None:
        self.display, self.hinted, self.asked = FakeDisplay(0, 0), "no", 0
        monkeypatch.setattr("workdiary.capture.machine.idle.open_display", lambda: self.display)
        self.system = XSystem(LockHint(self.read) if has_hint else None)

    def read(self) -> str:
        self.asked += 1
        return self.hinted

    def look(self, *, saver: bool) -> bool | None:
        self.display.saver.state, self.display.saver.kind = (1, 2) if saver else (0, 0)
        return self.system.look().locked


def test_a23_a_screen_saver_that_ends_unlocks_unless_the_session_is_locked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Saver(monkeypatch, has_hint=False)
    assert [alone.look(saver=on) for on in (False, True, True, False)] == [False, True, True, False]
    mute = Saver(monkeypatch, has_hint=True)
    mute.hinted = "no such session"
    assert [mute.look(saver=on) for on in (False, True, True, False)] == [False, True, True, False]
    both = Saver(monkeypatch, has_hint=True)
    assert [both.look(saver=on) for on in (False, True)] == [False, True]
    both.hinted, before = "yes", both.asked
    assert both.look(saver=False) is True
    assert both.asked == before + 1  # at once, and not at the third look
    both.hinted = "?"
    assert both.look(saver=True) is True
    assert both.look(saver=False) is None  # it does not answer: what it said last holds


def test_without_a_session_there_is_no_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_SESSION_ID", raising=False)
    assert LockHint.of_session() is None


def test_the_hint_is_what_the_program_of_the_session_prints(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    program = tmp_path / "loginctl"
    program.write_text('#!/bin/sh\n[ "$*" = "show-session 3 --property=LockedHint --value" ] && echo yes\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setenv("XDG_SESSION_ID", "3")
    hint = LockHint.of_session()
    assert hint is not None
    assert hint.locked() is True


@pytest.mark.parametrize(
    ("then", "now", "between"),
    [(0, 0, 0), (5, 7, 2), (2**32 - 1, 0, 1), (2**32 - 10, 10, 20), (1, 2**32 - 1, 2**32 - 2)],
)
def test_b54_a_32_bit_tick_counter_begins_again_after_49_days(then: int, now: int, between: int) -> None:
    assert ticks_between(then, now) == between


def test_without_python_xlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "Xlib" or name.startswith("Xlib.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "Xlib", None)
    with pytest.raises(MissingExtra, match=r"workdiary\[capture\]"):
        open_display()


@pytest.mark.parametrize("name", [":987654", "unix:987654", ":987654.0"])
def test_a_display_without_a_server_is_an_error_with_its_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("DISPLAY", name)
    with pytest.raises(InvalidValue, match=name):
        open_display()


def test_macos_says_seconds_and_its_session_s_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    quartz: Any = ModuleType("Quartz")
    quartz.kCGEventSourceStateHIDSystemState, quartz.kCGAnyInputEventType = 1, -1
    quartz.CGEventSourceSecondsSinceLastEventType = lambda source, kind: 2.5
    quartz.CGSessionCopyCurrentDictionary = lambda: {"CGSSessionScreenIsLocked": 1}
    monkeypatch.setitem(sys.modules, "Quartz", quartz)
    seen = MacSystem().look()
    assert (seen.idle, seen.locked) == (2500, True)
    quartz.CGSessionCopyCurrentDictionary = lambda: None
    assert MacSystem().look().locked is None
