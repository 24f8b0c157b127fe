"""Counting for real: an X server, XTEST and xdotool, and both listeners, which must agree."""

from __future__ import annotations

import importlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.capture.xserver import XServer, need_pynput, until, xdotool
from tests.require import skip_or_fail
from workdiary.capture.machine.idle import close_display, open_display
from workdiary.capture.machine.inputs import Tally, WatchedInputs, own_inputs
from workdiary.capture.machine.listeners import Listener, PynputListener, Sink, XListener
from workdiary.capture.machine.record import enable_request
from workdiary.errors import InvalidValue, MissingExtra

KEY_PRESS, KEY_RELEASE, BUTTON_PRESS, BUTTON_RELEASE, MOTION = range(2, 7)
LEFT, WHEEL_DOWN = 1, 5
A_KEY = 38
"""The key that is A on most keyboards; which one is of no matter."""

Make = Callable[[Sink, Callable[[], None]], Listener]
BOTH = pytest.mark.parametrize("listen", [XListener, PynputListener])


class User:
    """Somebody at the keyboard, by the XTEST extension: as fast as the server takes it."""

    def __init__(self) -> None:
        self.display: Any = open_display()

    def press(self, press: int, detail: int, times: int) -> None:
        for n in range(times):
            self.display.xtest_fake_input(press, detail)
            self.display.xtest_fake_input(press + 1, detail)
            if n % 200 == 199:
                self.display.sync()
        self.display.sync()

    def types(self, times: int) -> None:
        self.press(KEY_PRESS, A_KEY, times)

    def clicks(self, times: int, button: int = LEFT) -> None:
        self.press(BUTTON_PRESS, button, times)

    def scrolls(self, times: int) -> None:
        self.press(BUTTON_PRESS, WHEEL_DOWN, times)


@pytest.fixture
def user(xserver: XServer) -> Iterator[User]:
    somebody = User()
    yield somebody
    close_display(somebody.display)


@pytest.fixture
def watched(xserver: XServer) -> Iterator[Callable[[Make], WatchedInputs]]:
    made: list[WatchedInputs] = []

    def make(listen: Make) -> WatchedInputs:
        if listen is PynputListener:
            need_pynput()
        inputs = WatchedInputs(listen, every=0.05, patience=10.0, first_pause=0.02, longest_pause=0.1)
        made.append(inputs)
        inputs.start()
        return inputs

    yield make
    for inputs in made:
        inputs.close()


class Total:
    """What the takes come to."""

    def __init__(self, inputs: WatchedInputs) -> None:
        self.inputs = inputs
        self.counts = [0, 0, 0]

    def add(self) -> list[int]:
        taken = self.inputs.take()
        assert taken is not None, self.inputs.lost()
        self.counts = [had + more for had, more in zip(self.counts, taken, strict=True)]
        return self.counts

    def comes_to(self, keys: int, clicks: int, scrolls: int) -> None:
        """Wait until there are as many, and see that there are no more: call it after a last key and scroll."""
        until(lambda: self.add()[0] >= keys and self.counts[2] >= scrolls, f"{keys} keystrokes, {scrolls} scrolls")
        assert self.add() == [keys, clicks, scrolls]


def settle(inputs: WatchedInputs, user: User) -> None:
    """Return when an input that was made is counted: from here on, every one is."""
    for press in (user.types, user.scrolls):
        press(1)
        until(lambda: sum(inputs.take() or ()) > 0, "the first input")


@BOTH
def test_f63_ten_thousand_keystrokes_clicks_and_scrolls_are_counted_exactly(
    watched: Callable[[Make], WatchedInputs], user: User, listen: Make
) -> None:
    inputs = watched(listen)
    settle(inputs, user)
    total = Total(inputs)
    user.clicks(10_000)
    user.types(10_000)
    user.scrolls(10_000)
    total.comes_to(10_000, 10_000, 10_000)


@BOTH
def test_what_xdotool_does_is_counted_exactly(
    watched: Callable[[Make], WatchedInputs], user: User, listen: Make
) -> None:
    inputs = watched(listen)
    settle(inputs, user)
    total = Total(inputs)
    xdotool("click", "--repeat", "30", "--delay", "0", "3")
    xdotool("type", "--delay", "0", "the quick brown fox jumps over the lazy dog")
    xdotool("click", "--repeat", "20", "--delay", "0", "4", "click", "--repeat", "5", "--delay", "0", "7")
    total.comes_to(43, 30, 25)


@BOTH
def test_moving_the_mouse_and_holding_nothing_is_no_input(
    watched: Callable[[Make], WatchedInputs], user: User, listen: Make
) -> None:
    inputs = watched(listen)
    settle(inputs, user)
    total = Total(inputs)
    for x in range(100):
        user.display.xtest_fake_input(MOTION, x=x, y=x)
    user.types(1)
    user.scrolls(1)
    total.comes_to(1, 0, 1)


@BOTH
def test_f65_a_held_key_that_repeats_is_one_keystroke(
    xservers: Callable[..., XServer], watched: Callable[[Make], WatchedInputs], listen: Make
) -> None:
    xservers(options=("-ardelay", "30", "-arinterval", "10"))
    user, inputs = User(), watched(listen)
    settle(inputs, user)
    total = Total(inputs)
    presses: list[int] = []
    watching, watcher = open_display(), None
    kinds = {"core_requests": (0, 0), "core_replies": (0, 0), "ext_requests": (0,) * 4, "ext_replies": (0,) * 4}
    kinds |= {"delivered_events": (0, 0), "errors": (0, 0)}
    alive: dict[str, Any] = {"client_started": False, "client_died": False, "device_events": (KEY_PRESS, KEY_PRESS)}
    context = watching.record_create_context(0, [3], [{**kinds, **alive}])
    watcher = threading.Thread(
        target=watching.record_enable_context, args=(context, lambda reply: presses.extend(reply.data[::32]))
    )
    watcher.start()
    xdotool("keydown", "a")
    until(lambda: len(presses) > 10, "the repeating of the key")
    xdotool("keyup", "a")
    user.scrolls(1)
    total.comes_to(1, 0, 1)
    user.display.record_disable_context(context)
    user.display.sync()
    watcher.join()
    close_display(watching)
    close_display(user.display)


@BOTH
def test_f58_f59_a_killed_server_is_a_loss_and_a_new_one_counts_again(
    xserver: XServer, watched: Callable[[Make], WatchedInputs], user: User, listen: Make
) -> None:
    inputs = watched(listen)
    settle(inputs, user)
    xserver.kill()
    until(lambda: inputs.take() is None, "noticing that the server is gone")
    assert inputs.take() is None
    assert inputs.idle() is None or inputs.lost() is not None
    xserver.start()
    until(lambda: inputs.take() is not None, "counting again")
    again = User()
    settle(inputs, again)
    total = Total(inputs)
    again.clicks(7)
    again.types(40)
    again.scrolls(3)
    total.comes_to(40, 7, 3)
    close_display(again.display)


@BOTH
def test_f58_a_dead_connection_is_noticed_at_once_and_made_again(
    xserver: XServer, watched: Callable[[Make], WatchedInputs], user: User, listen: Make
) -> None:
    inputs = watched(listen)
    settle(inputs, user)
    xserver.kill()
    xserver.start()  # the server is back before anybody looked; the listener of the old one is dead all the same
    until(lambda: inputs.take() is None, "noticing that the server is another")
    until(lambda: inputs.take() is not None, "counting again")


def test_close_ends_the_thread_at_once_and_the_server_forgets_it(xserver: XServer, user: User) -> None:
    def connections() -> int:
        return sum(str(one.readlink()).startswith("socket:") for one in Path(f"/proc/{xserver.pid}/fd").iterdir())

    if not Path("/proc/self/fd").is_dir():
        skip_or_fail("there is no /proc")
    before = connections()
    died: list[int] = []
    listener = XListener(Tally(), lambda: died.append(1))
    listener.open()
    assert connections() > before
    listener.close()
    assert not listener.alive()
    until(lambda: connections() == before, "the server's noticing")
    listener.close()
    assert died == []


def test_close_ends_the_thread_though_the_server_hangs(xserver: XServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workdiary.capture.machine.listeners._PATIENCE", 3600.0)
    listener = XListener(Tally(), lambda: None)
    listener.open()
    assert xserver.pid is not None
    os.kill(xserver.pid, signal.SIGSTOP)
    try:
        listener.close()  # who waited for the server would wait for an hour
        assert not listener.alive()
    finally:
        os.kill(xserver.pid, signal.SIGCONT)


def test_f58_a_context_that_the_server_does_not_know_is_no_listening(
    xserver: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "workdiary.capture.machine.listeners.enable_request", lambda opcode, _: enable_request(opcode, 7)
    )
    # The thread is not gone yet when it is known that it hears nothing.
    listener = XListener(Tally(), lambda: until(lambda: listener._closing, "being closed"))
    with pytest.raises(InvalidValue, match="does not report its inputs"):
        listener.open()
    assert not listener.alive()


def test_b84_a_server_that_hangs_is_a_loss_and_one_that_goes_on_is_not(xserver: XServer) -> None:
    inputs = WatchedInputs(XListener, every=0.05, patience=0.3)
    inputs.start()
    assert xserver.pid is not None
    os.kill(xserver.pid, signal.SIGSTOP)
    try:
        until(lambda: inputs.take() is None, "noticing that the server hangs")
        assert inputs.lost() == "the display server does not answer"
    finally:
        os.kill(xserver.pid, signal.SIGCONT)
    until(lambda: inputs.take() is not None, "counting again")
    inputs.close()


def test_the_machine_s_own_inputs(xserver: XServer, user: User) -> None:
    inputs = own_inputs()
    inputs.start()
    user.types(1)
    until(lambda: (inputs.take() or (0,))[0] == 1)
    idle = inputs.idle()
    assert idle is not None
    assert 0 <= idle < 30_000
    assert not inputs.locked()
    inputs.close()
    assert inputs.take() is None


def test_without_a_display_start_says_what_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    inputs = WatchedInputs(XListener)
    with pytest.raises(InvalidValue, match="DISPLAY: '' names no display; run it in a desktop session, or replay"):
        inputs.start()
    assert not [thread for thread in threading.enumerate() if thread is inputs._thread]


def test_a_display_that_is_gone_says_so(xserver: XServer) -> None:
    xserver.stop()
    with pytest.raises(InvalidValue, match="names an X server that does not answer"):
        WatchedInputs(XListener).start()


def test_b83_macos_without_permission_is_an_error_and_no_silence(
    xserver: XServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_pynput()
    keyboard = importlib.import_module("pynput.keyboard")
    monkeypatch.setattr(keyboard.Listener, "IS_TRUSTED", False, raising=False)
    listener = PynputListener(Tally(), lambda: None)
    with pytest.raises(InvalidValue, match="Input Monitoring"):
        listener.open()
    assert not listener.alive()


def test_a_server_without_the_record_extension_says_so(xservers: Callable[..., XServer]) -> None:
    xservers(options=("-extension", "RECORD"))
    inputs = WatchedInputs(XListener)
    with pytest.raises(InvalidValue, match="has no RECORD extension"):
        inputs.start()


def test_pynput_without_a_server_is_an_error_and_leaves_no_thread(
    xserver: XServer, watched: Callable[[Make], WatchedInputs]
) -> None:
    watched(PynputListener).close()  # so that pynput has been imported
    xserver.kill()
    before = set(threading.enumerate())
    listener = PynputListener(Tally(), lambda: None)
    with pytest.raises(InvalidValue, match="names an X server that does not answer"):
        listener.open()
    listener.close()
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize(
    ("raised", "expected", "says"),
    [
        (ModuleNotFoundError("No module named 'pynput'"), MissingExtra, r"pip install \"workdiary\[capture\]\""),
        (ImportError("this platform is not supported"), InvalidValue, "run it in a desktop session"),
    ],
)
def test_a_missing_package_and_a_missing_display_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, raised: ImportError, expected: type[Exception], says: str
) -> None:
    def refuse(name: str) -> object:
        raise raised

    monkeypatch.setattr("workdiary.capture.machine.listeners.importlib.import_module", refuse)
    with pytest.raises(expected, match=says):
        PynputListener(Tally(), lambda: None).open()
