"""Counting and its watchdog, without a display: made-up listeners, systems and clocks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.capture.xserver import until
from workdiary.capture.machine.idle import Seen
from workdiary.capture.machine.inputs import (
    CAUTION,
    EVERY,
    LONGEST_PAUSE,
    PATIENCE,
    NoInputs,
    Tally,
    WatchedInputs,
    own_inputs,
)
from workdiary.capture.machine.ports import Inputs
from workdiary.capture.machine.record import Sink, count_events
from workdiary.errors import InvalidValue

KEY_RELEASE, BUTTON_RELEASE = 3, 5


def event(kind: int, detail: int) -> bytes:
    """An X event of 32 bytes: its type, and which key or button."""
    return bytes([kind, detail]) + bytes(30)


class Listening:
    """A listener that a test can kill, and that says how many there have been."""

    made: list[Listening]
    refuse = False

    def __init__(self, sink: Sink, died: Callable[[], None]):
        self.sink, self.died, self.living = sink, died, False
        type(self).made.append(self)

    def open(self) -> None:
        if type(self).refuse:
            raise RuntimeError("typed: hunter2")
        self.living = True

    def alive(self) -> bool:
        return self.living

    def close(self) -> None:
        self.living = False

    def die(self) -> None:
        self.living = False
        self.died()


class Machine:
    """A system that answers what the test says, or fails, or hangs."""

    def __init__(self) -> None:
        self.seen = Seen(idle=0, locked=None)
        self.fails = False
        self.answers = threading.Event()
        self.answers.set()
        self.asked = self.anew = self.waits = 0

    def look(self, *, anew: bool = False) -> Seen:
        if anew:
            self.anew += 1
        self.waits += 1
        self.answers.wait()
        self.waits -= 1
        self.asked += 1
        if self.fails:
            raise OSError("no answer")
        return self.seen

    def close(self) -> None:
        pass


class Hand:
    """A clock that a test moves by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Rig:
    """Watched inputs with everything made up."""

    def __init__(self, listening: type[Listening]) -> None:
        self.listening, self.machine, self.clock = listening, Machine(), Hand()
        self.asleep = Hand()
        self.inputs = self.make()

    def make(self, every: float = 0.01) -> WatchedInputs:
        return WatchedInputs(
            self.listening,
            lambda: self.machine,
            clock=self.clock,
            asleep=self.asleep,
            every=every,
            patience=5.0,
            first_pause=0.01,
        )

    @property
    def sink(self) -> Sink:
        return self.listening.made[-1].sink

    def looked(self, times: int = 2) -> None:
        """Return when the watchdog has looked again, and once more, so that the first is over."""
        goal = self.machine.asked + times
        until(lambda: self.machine.asked >= goal, "a look of the watchdog")


@pytest.fixture
def rig() -> Iterator[Rig]:
    class Fresh(Listening):
        made: list[Listening] = []  # noqa: RUF012 (the class is made anew for each test)

    made = Rig(Fresh)
    yield made
    made.machine.answers.set()
    made.inputs.close()


# The tally.


def repeat(what: Callable[[], None], times: int) -> None:
    for _ in range(times):
        what()


def test_counts_since_the_last_take() -> None:
    tally = Tally()
    tally.key()
    tally.key()
    tally.click()
    assert tally.take() == (2, 1, 0)
    tally.scroll()
    assert tally.take() == (0, 0, 1)
    assert tally.take() == (0, 0, 0)


def test_f64_with_nobody_taking_not_one_of_many_threads_inputs_is_dropped() -> None:
    tally = Tally()
    threads = [threading.Thread(target=repeat, args=(tally.key, 5000)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.take() == (20_000, 0, 0)


def test_f63_takes_amid_a_flood_lose_nothing() -> None:
    tally = Tally()
    flood = threading.Thread(target=repeat, args=(tally.scroll, 20_000))
    flood.start()
    total = 0
    while flood.is_alive():
        total += tally.take()[2]
    assert total + tally.take()[2] == 20_000


def test_b85_a_flood_makes_nothing_grow() -> None:
    tally = Tally()
    before = {name: type(value) for name, value in vars(tally).items()}
    for _ in range(10_000):
        tally.key()
    assert {name: type(value) for name, value in vars(tally).items()} == before
    assert not any(isinstance(value, list | dict | set | tuple) for value in vars(tally).values())


def test_a_broken_device_is_counted_up_to_a_million() -> None:
    tally = Tally()
    for _ in range(1_000_001):
        tally.click()
    assert tally.take() == (0, 1_000_000, 0)


@pytest.mark.parametrize("k", range(30))
def test_f11_an_exception_in_the_kth_callback_loses_no_count_and_shows_once(
    k: int, caplog: pytest.LogCaptureFixture
) -> None:
    calls = iter(range(10_000))

    def clock() -> float:
        call = next(calls)
        if call > k:  # this one and each after it: the one at 0 is the making of the tally
            raise ZeroDivisionError("typed: hunter2")
        return float(call)

    tally = Tally(clock)
    with caplog.at_level(logging.DEBUG):
        count_events((event(KEY_RELEASE, 38) + event(BUTTON_RELEASE, 1) + event(BUTTON_RELEASE, 5)) * 10, tally)
    assert tally.take() == (10, 10, 10)
    assert tally.trouble == "ZeroDivisionError"
    assert len(caplog.records) == 1
    assert "hunter2" not in caplog.text


# What is counted.


def test_f65_releases_count_and_presses_do_not() -> None:
    tally = Tally()
    key_press, button_press, motion = 2, 4, 6
    count_events(b"".join(event(kind, 1) for kind in (key_press, button_press, motion)), tally)
    assert tally.take() == (0, 0, 0)
    sent_by_a_program = KEY_RELEASE | 0x80
    count_events(event(KEY_RELEASE, 50) + event(sent_by_a_program, 51), tally)
    assert tally.take() == (2, 0, 0)


@pytest.mark.parametrize(
    ("button", "counts"), [(n, (0, 0, 1) if n in (4, 5, 6, 7) else (0, 1, 0)) for n in range(1, 12)]
)
def test_f65_a_wheel_s_four_buttons_scroll_and_the_others_click(button: int, counts: tuple[int, int, int]) -> None:
    tally = Tally()
    count_events(event(BUTTON_RELEASE, button), tally)
    assert tally.take() == counts


def test_an_event_that_is_cut_off_is_none() -> None:
    tally = Tally()
    count_events(event(KEY_RELEASE, 38)[:31], tally)
    count_events(b"", tally)
    assert tally.take() == (0, 0, 0)


# The watchdog.


def test_it_keeps_the_contract_of_inputs() -> None:
    assert isinstance(WatchedInputs(), Inputs)
    assert isinstance(NoInputs(), Inputs)


def test_f58_a_loss_is_noticed_within_15_seconds_and_a_return_within_30() -> None:
    assert EVERY + PATIENCE <= 15
    assert LONGEST_PAUSE + EVERY <= 30


def test_a25_nobody_counting_is_unknown_and_never_zero(rig: Rig) -> None:
    rig.inputs.start()
    rig.sink.key()
    assert rig.inputs.take() == (1, 0, 0)
    rig.listening.refuse = True
    rig.listening.made[-1].die()
    assert rig.inputs.take() is None
    rig.looked(5)
    assert rig.inputs.take() is None


def test_f58_a_listener_that_died_in_silence_is_noticed_at_the_next_look(rig: Rig) -> None:
    rig.inputs.start()
    rig.listening.made[-1].living = False  # it does not say so
    until(lambda: rig.inputs.take() is None)


def test_f59_the_listener_is_made_again_and_the_gap_is_unknown(rig: Rig) -> None:
    rig.inputs.start()
    rig.sink.key()
    rig.listening.made[-1].die()
    until(lambda: len(rig.listening.made) == 2 and rig.inputs.lost() is None)
    rig.sink.click()  # within the second of the gap: nobody knows what else there was
    assert rig.inputs.take() is None
    rig.sink.click()
    assert rig.inputs.take() == (0, 1, 0)


def test_f59_a_gap_between_two_takes_is_unknown_for_both_seconds_that_it_touches(rig: Rig) -> None:
    rig.inputs.start()
    rig.machine.fails = True
    until(lambda: rig.inputs.take() is None)
    rig.machine.fails = False
    until(lambda: rig.inputs.lost() is None)
    assert rig.inputs.take() is None
    assert rig.inputs.take() == (0, 0, 0)


def test_b84_a_system_that_hangs_is_a_loss_though_every_thread_lives(rig: Rig) -> None:
    rig.inputs.start()
    rig.machine.answers.clear()
    rig.clock.now += 5.0  # patience
    assert rig.inputs.take() is not None
    rig.clock.now += 1.0
    assert rig.inputs.take() is None
    assert rig.inputs.lost() == "the display server does not answer"
    assert rig.inputs.idle() is None
    rig.machine.answers.set()
    until(lambda: rig.inputs.lost() is None)


def test_pauses_double_up_to_the_longest_and_begin_again_when_all_is_well(rig: Rig) -> None:
    pauses: list[float | None] = []

    class Recorded(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout)
            if len(pauses) == 7:
                self.set()
            return self.is_set()

    rig.listening.refuse = True
    inputs = WatchedInputs(rig.listening, lambda: rig.machine)
    inputs._stop = Recorded()
    with pytest.raises(InvalidValue):
        inputs.start()
    assert pauses == [1, 2, 4, 8, 15, 15, 15]


def test_a_listener_that_dies_as_soon_as_it_is_made_is_not_made_without_a_pause(rig: Rig) -> None:
    pauses: list[float | None] = []

    class Recorded(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            pauses.append(timeout)
            if len(pauses) == 4:
                self.set()
            return self.is_set()

    class Stillborn(rig.listening):  # type: ignore[name-defined, misc]  # a class of this test alone
        def open(self) -> None:
            self.died()

    inputs = WatchedInputs(Stillborn, lambda: rig.machine)
    inputs._stop = Recorded()
    with pytest.raises(InvalidValue):
        inputs.start()
    inputs.close()
    assert pauses == [1, 2, 4, 8]


def test_start_without_an_answer_says_what_to_do_and_can_be_tried_again(rig: Rig) -> None:
    rig.listening.refuse = True
    with pytest.raises(InvalidValue, match="see whether the display server runs") as caught:
        rig.inputs.start()
    assert "hunter2" not in str(caught.value)
    rig.listening.refuse = False
    rig.inputs.start()
    rig.inputs.start()  # a second does nothing
    assert rig.inputs.take() == (0, 0, 0)


def test_f4_with_a_display_that_hangs_the_end_waits_once_and_not_for_long(rig: Rig) -> None:
    waits: list[float | None] = []

    class Hanging:
        def join(self, timeout: float | None = None) -> None:
            waits.append(timeout)

    inputs = rig.make()
    inputs._thread = Hanging()  # type: ignore[assignment]  # all that is used of a thread
    inputs.close()
    inputs.close()
    assert waits == [1.5]


def test_close_ends_the_threads_and_may_come_twice_or_before_a_start(rig: Rig) -> None:
    rig.inputs.start()
    rig.inputs.close()
    rig.inputs.close()
    assert not rig.listening.made[-1].living
    assert rig.inputs.take() is None
    WatchedInputs().close()
    assert "workdiary-watchdog" not in {thread.name for thread in threading.enumerate() if thread is rig.inputs._thread}


# Idle and locked.


def test_a30_idle_time_is_measured_by_the_monotonic_clock(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: pytest.fail("the wall clock was asked"))
    rig.inputs.start()
    rig.sink.key()
    rig.clock.now += 4.5
    assert rig.inputs.idle() == 4500
    rig.sink.scroll()
    assert rig.inputs.idle() == 0


def test_b86_a_game_pad_that_drifts_is_no_activity(rig: Rig) -> None:
    rig.inputs.start()
    rig.machine.seen = Seen(idle=0)  # the system believes that somebody is there, for ever
    for _ in range(700):
        rig.clock.now += 1.0
    rig.looked()
    assert rig.inputs.idle() == 700_000
    assert rig.inputs.take() == (0, 0, 0)


def test_after_a_start_the_system_says_since_when_nobody_was_there(rig: Rig) -> None:
    rig.machine.seen = Seen(idle=90_000)
    rig.inputs.start()
    assert rig.inputs.idle() == 90_000


def test_while_capture_is_lost_the_system_says_how_long_it_is_idle(rig: Rig) -> None:
    rig.inputs.start()
    rig.machine.seen = Seen(idle=7000)
    rig.listening.refuse = True
    rig.listening.made[-1].die()
    rig.looked()
    assert rig.inputs.idle() == 7000
    rig.machine.seen = Seen(idle=None)
    rig.looked()
    assert rig.inputs.idle() is None


@pytest.mark.parametrize(("hint", "locked"), [(None, False), (False, False), (True, True)])
def test_an_unknown_lock_is_not_locked(rig: Rig, hint: bool | None, locked: bool) -> None:
    rig.machine.seen = Seen(locked=hint)
    rig.inputs.start()
    assert rig.inputs.locked() is locked


@pytest.mark.parametrize("locked", [True, False])
def test_a23_the_last_answer_holds_until_there_is_another(rig: Rig, locked: bool) -> None:
    rig.machine.seen = Seen(locked=locked)
    rig.inputs.start()
    rig.machine.answers.clear()
    for _ in range(100):
        rig.clock.now += 6
        assert rig.inputs.locked() is locked
    rig.machine.seen = Seen(locked=None)
    rig.machine.answers.set()
    rig.looked()
    assert rig.inputs.locked() is locked
    rig.machine.fails = True
    rig.looked()
    assert rig.inputs.locked() is locked
    rig.machine.seen, rig.machine.fails = Seen(locked=not locked), False
    until(lambda: rig.inputs.locked() is not locked, "the new answer")


HOURS = 8 * 3600


@pytest.fixture
def slow(rig: Rig) -> Iterator[WatchedInputs]:
    """Inputs that would look again in an hour, unless they are woken, and have seen a screen that is not locked."""
    inputs = rig.make(every=3600.0)
    rig.machine.seen = Seen(locked=False)
    inputs.start()
    assert inputs.locked() is False
    yield inputs
    rig.machine.answers.set()
    inputs.close()


@pytest.mark.parametrize("locked", [True, False])
def test_a23_after_a_suspension_it_is_asked_at_once_and_may_be_locked_until_it_answers(
    rig: Rig, slow: WatchedInputs, locked: bool
) -> None:
    rig.machine.answers.clear()
    rig.machine.seen = Seen(locked=locked)
    rig.asleep.now += HOURS
    assert slow.locked() is None
    until(lambda: rig.machine.anew == 1, "the question")
    assert slow.locked() is None
    rig.machine.answers.set()
    until(lambda: slow.locked() is locked, "the answer")
    assert rig.machine.anew == 1


def test_a23_an_answer_that_was_asked_for_before_the_suspension_is_none_after_it(rig: Rig) -> None:
    rig.machine.seen = Seen(locked=False)
    rig.inputs.start()
    rig.machine.answers.clear()
    rig.looked(0)
    until(lambda: rig.machine.waits == 1, "a question")
    rig.asleep.now += HOURS  # it waits for its answer meanwhile
    assert rig.inputs.locked() is None
    rig.machine.seen = Seen(locked=True)
    rig.machine.answers.set()
    until(lambda: rig.inputs.locked() is True, "the answer to the question asked since")
    assert rig.machine.anew >= 1


def test_a23_where_nobody_answers_after_a_suspension_it_goes_on_in_a_few_seconds(rig: Rig, slow: WatchedInputs) -> None:
    rig.machine.seen = Seen(locked=None)
    rig.asleep.now += HOURS
    assert slow.locked() is None
    rig.looked(1)
    rig.clock.now += CAUTION
    assert slow.locked() is None
    rig.clock.now += 0.5
    assert slow.locked() is False
    rig.asleep.now += HOURS  # what nobody answers is not asked for ever
    assert slow.locked() is False
    assert CAUTION <= 10


def test_a23_where_nobody_can_be_asked_a_suspension_changes_nothing(rig: Rig) -> None:
    rig.machine.seen = Seen(locked=None)
    rig.inputs.start()
    rig.asleep.now += HOURS
    assert rig.inputs.locked() is False
    rig.clock.now += 100
    assert rig.inputs.unsure() == 0


def test_two_seconds_are_no_suspension(rig: Rig, slow: WatchedInputs) -> None:
    rig.asleep.now += 2.0
    assert slow.locked() is False
    rig.asleep.now += 0.1
    assert slow.locked() is None


def test_a23_unsure_is_the_time_since_the_last_question_whose_answer_was_that_it_is_not_locked(rig: Rig) -> None:
    rig.machine.seen = Seen(locked=False)
    rig.inputs.start()
    rig.looked()
    assert rig.inputs.unsure() == 0
    rig.machine.answers.clear()
    until(lambda: rig.machine.waits == 1, "a question")
    rig.clock.now += 3.0
    assert rig.inputs.unsure() == 3000
    rig.machine.seen = Seen(locked=True)
    rig.machine.answers.set()
    until(lambda: rig.inputs.locked() is True, "the lock")
    rig.clock.now += 2.0
    assert rig.inputs.unsure() == 5000
    rig.machine.seen = Seen(locked=None)
    rig.looked()
    assert rig.inputs.unsure() == 5000


def test_no_inputs_know_nothing() -> None:
    nobody = NoInputs()
    nobody.start()
    assert nobody.take() is None
    assert nobody.idle() is None
    assert nobody.locked() is False
    assert nobody.unsure() == 0
    nobody.close()


@pytest.mark.parametrize(("name", "value"), [("XDG_SESSION_TYPE", "wayland"), ("WAYLAND_DISPLAY", "wayland-0")])
def test_b82_wayland_shows_too_little_and_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    for other in ("XDG_SESSION_TYPE", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert isinstance(own_inputs(), WatchedInputs)
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidValue, match="X11"):
        own_inputs()
