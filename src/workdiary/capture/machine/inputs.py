"""`WatchedInputs`: counts of keystrokes, clicks and scrolls, under a watchdog that notices when nobody counts.

    listener's threads ──key()/click()/scroll()──▶ Tally ──take()──▶ tracker, once a second
    watchdog's thread  ──every 5 s: does the system answer? does the listener live? if not: connect again

What is lost is unknown, never zero: from the moment at which the listener died, or the system stopped answering,
until it is back, `take` returns `None`. Nothing but three numbers and the time of the last input is ever kept.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

import attrs

from workdiary.capture.machine.clocks import own_asleep
from workdiary.capture.machine.idle import Seen, System, own_system
from workdiary.capture.machine.listeners import Listener, Sink, own_listener
from workdiary.errors import InvalidValue, WorkdiaryError
from workdiary.model.activity import Counts

__all__ = ["CAUTION", "EVERY", "LONGEST_PAUSE", "PATIENCE", "NoInputs", "Tally", "WatchedInputs", "own_inputs"]

EVERY: Final = 5.0
"""Seconds between two looks of the watchdog."""

_CLOSING: Final = 1.5
"""Seconds that the end waits for the watchdog, which may hang with the display (F4)."""

PATIENCE: Final = 5.0
"""Seconds that an answer may take. A hanging system is noticed after `EVERY` + `PATIENCE` at the latest."""

LONGEST_PAUSE: Final = 15.0
"""The longest pause, in seconds, between two attempts to connect again; the first is a second."""

CAUTION: Final = 10.0
"""Seconds for which, after a suspension, a screen that was not locked before it may be locked; then it is as before."""

_ASLEEP: Final = 2.0
"""Seconds of suspension after which an answer about the lock is of another time."""

_FIRST_PAUSE: Final = 1.0

_START: Final = 10.0
"""Seconds that the first connection may take."""

_MOST: Final = 1_000_000
"""As high as a count goes: more between two seconds is a broken device, and the model refuses it."""

_log = logging.getLogger("workdiary.capture")


class Tally:
    """Three counts and the time of the last input: takes any number of inputs from any thread, and keeps no more.

    There is no queue, so nothing can overflow or be dropped, however late `take` comes. A callback never fails: an
    input is counted before anything else, and what fails after that is noted once in `trouble`, by its type alone.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._lock = threading.Lock()
        self._keys = self._clicks = self._scrolls = 0
        self._last = clock()
        self.trouble: str | None = None

    def key(self) -> None:
        """Count a keystroke."""
        with self._lock:
            self._keys += 1
        self._happened()

    def click(self) -> None:
        """Count a click."""
        with self._lock:
            self._clicks += 1
        self._happened()

    def scroll(self) -> None:
        """Count a scroll action."""
        with self._lock:
            self._scrolls += 1
        self._happened()

    def take(self) -> Counts:
        """Return the counts since the last `take`, and begin again at zero."""
        with self._lock:
            counts = (min(self._keys, _MOST), min(self._clicks, _MOST), min(self._scrolls, _MOST))
            self._keys = self._clicks = self._scrolls = 0
        return counts

    @property
    def last(self) -> float:
        """When the last input was, or the tally was made, by its clock."""
        return self._last

    def quiet_since(self, moment: float) -> None:
        """Say that the last input was at `moment`, which somebody else saw."""
        self._last = moment

    def _happened(self) -> None:
        try:
            self._last = self._clock()
        except Exception as error:
            if self.trouble is None:
                # The type only: no text that an input might have left in an error goes anywhere.
                self.trouble = type(error).__name__
                _log.warning("noting the time of an input failed (%s); the counts go on", self.trouble)


@attrs.frozen
class _Answer:
    """What was said of the lock, and when it was asked: by the clock, and after how many seconds of suspension."""

    locked: bool
    at: float
    asleep: float


class _State(Enum):
    """How the watchdog found things."""

    WELL = "well"
    NEW = "new"
    FAILED = "failed"


class WatchedInputs:
    """The `Inputs` of a machine (see `ports.Inputs` for what each method promises).

    `listen` makes a listener and `look` a connection to the system; both are made again after a loss. `clock` must
    be monotonic, for idle time is measured by it and a wall clock that is set would make it up. It stands still in a
    suspension, of which `asleep` says the seconds so far.
    """

    def __init__(
        self,
        listen: Callable[[Sink, Callable[[], None]], Listener] = own_listener,
        look: Callable[[], System] = own_system,
        *,
        clock: Callable[[], float] = time.monotonic,
        asleep: Callable[[], float] | None = None,
        every: float = EVERY,
        patience: float = PATIENCE,
        first_pause: float = _FIRST_PAUSE,
        longest_pause: float = LONGEST_PAUSE,
    ):
        self._listen, self._look = listen, look
        self._clock, self._every, self._patience = clock, every, patience
        self._asleep = own_asleep() if asleep is None else asleep
        self._first_pause, self._longest_pause = first_pause, longest_pause
        self._tally = Tally(clock)
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._tried = threading.Event()
        self._thread: threading.Thread | None = None
        self._listener: Listener | None = None
        self._system: System | None = None
        self._seen: tuple[float, Seen] | None = None
        self._answer: _Answer | None = None
        self._unlocked: float | None = None
        self._doubted: tuple[_Answer, float] | None = None
        self._heard: float | None = None
        self._error: WorkdiaryError | None = None
        self._why: str | None = "it has not been started"
        self._spoilt = False

    def start(self) -> None:
        """Connect, and begin to count."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._watch, name="workdiary-watchdog", daemon=True)
        self._thread.start()
        in_time = self._tried.wait(_START)
        if in_time and self._why is None:
            self._tally.take()
            with self._guard:
                self._spoilt = self._why is not None
            return
        error = self._error or InvalidValue(
            "DISPLAY", os.environ.get("DISPLAY", ""), "does not answer", "see whether the display server runs"
        )
        self.close()
        if not self._thread.is_alive():  # so that another start tries again
            self._thread = None
            self._stop.clear()
            self._tried.clear()
        raise error

    def take(self) -> Counts | None:
        """Return the counts since the last call, `None` when they are not known."""
        counts = self._tally.take()
        lost = self.lost() is not None
        with self._guard:
            # What is lost now is lost for a part of the next second too, should it come back in it.
            spoilt, self._spoilt = self._spoilt, lost
        return None if lost or spoilt else counts

    def lost(self) -> str | None:
        """Return why nobody counts at the moment, or `None` when somebody does."""
        with self._guard:
            if self._why is not None:
                return self._why
        if self._thread is None or not self._thread.is_alive():
            return "the watchdog has ended"
        if self._heard is None or self._clock() - self._heard > self._every + self._patience:
            return "the display server does not answer"
        return None

    def idle(self) -> int | None:
        """Return the milliseconds since the last keystroke, click or scroll; movement alone is none.

        While nobody counts, it is what the system says, if it answers. The system is not asked otherwise, for a
        drifting game pad keeps it awake for ever.
        """
        now = self._clock()
        if self.lost() is None:
            return max(0, int((now - self._tally.last) * 1000))
        if self._seen is None or now - self._seen[0] > self._every + self._patience:
            return None
        at, seen = self._seen
        return None if seen.idle is None else seen.idle + int((now - at) * 1000)

    def locked(self) -> bool | None:
        """Return what the system said last, however long ago; `None` when it has been suspended since.

        Then it is asked anew at once, and the screen may be locked until it answers, for `CAUTION` at the longest.
        """
        answer = self._answer
        if answer is None or answer.locked:
            return answer is not None
        if not self._is_outslept(answer):
            return False
        now = self._clock()
        if self._doubted is None or self._doubted[0] is not answer:
            self._doubted = (answer, now)
            self._wake.set()
        return None if now - self._doubted[1] <= CAUTION else False

    def unsure(self) -> int:
        """Return the milliseconds since the system was asked that has said last that the screen is not locked."""
        return 0 if self._unlocked is None else max(0, int((self._clock() - self._unlocked) * 1000))

    def _is_outslept(self, answer: _Answer) -> bool:
        return self._asleep() - answer.asleep > _ASLEEP

    def close(self) -> None:
        """Stop counting and close every connection; a second call does nothing."""
        if self._stop.is_set():
            return
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            # A thread that hangs in a system that does not answer is left behind: it is a daemon.
            self._thread.join(min(self._patience, _CLOSING))
        with self._guard:
            self._why = "it has been closed"

    def _watch(self) -> None:
        pause = self._first_pause
        try:
            while not self._stop.is_set():
                self._wake.clear()
                state = self._look_once()
                self._tried.set()
                if state is _State.FAILED:
                    self._stop.wait(pause)
                    pause = min(2 * pause, self._longest_pause)
                    continue
                if state is _State.WELL:  # a listener that dies as soon as it is made must not be made without a pause
                    pause = self._first_pause
                self._wake.wait(self._every)
        finally:
            self._drop("it has been closed")
            self._tried.set()

    def _look_once(self) -> _State:
        """Look whether all is well, and connect what is not there."""
        try:
            if self._system is None:
                self._system = self._look()
            # Before it is asked: what is answered after a suspension may have been found before it.
            asked, asleep = self._clock(), self._asleep()
            seen = self._system.look(anew=self._answer is not None and self._is_outslept(self._answer))
            self._heard = self._clock()
            self._seen = (self._heard, seen)
            if seen.locked is not None:
                self._answer = _Answer(seen.locked, asked, asleep)
                self._unlocked = self._unlocked if seen.locked else asked
            if self._listener is None:
                self._connect(seen)
                return _State.NEW
            if not self._listener.alive():
                self._drop("the listener has ended")
                return _State.FAILED
        except Exception as error:
            if isinstance(error, WorkdiaryError):
                self._error = error
            self._drop(str(error) if isinstance(error, WorkdiaryError) else f"it failed ({type(error).__name__})")
            return _State.FAILED
        return _State.WELL

    def _connect(self, seen: Seen) -> None:
        listener = self._listen(self._tally, self._died)
        self._listener = listener
        listener.open()
        now = self._clock()
        # The user may have gone long before: the system knows, if anybody does.
        self._tally.quiet_since(now - (seen.idle or 0) / 1000)
        with self._guard:
            self._why = None
        if not listener.alive():
            self._died()

    def _died(self) -> None:
        """Note that the listener has ended, at once, from its own thread; the watchdog connects again."""
        self._lose("the listener has ended")
        self._wake.set()

    def _lose(self, why: str) -> None:
        with self._guard:
            self._spoilt = True
            self._why = why

    def _let_go(self, why: str) -> None:
        self._lose(why)
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    def _drop(self, why: str) -> None:
        self._let_go(why)
        system, self._system = self._system, None
        if system is not None:
            system.close()


class NoInputs:
    """The `Inputs` of a machine where nobody can count: every count is unknown, and so is the idle time."""

    def start(self) -> None:
        """Do nothing."""

    def take(self) -> Counts | None:
        """Return `None`: nobody knows."""
        return None

    def idle(self) -> int | None:
        """Return `None`: nobody knows."""
        return None

    def locked(self) -> bool:
        """Return false: it is not known to be."""
        return False

    def unsure(self) -> int:
        """Return 0: nobody can be asked."""
        return 0

    def close(self) -> None:
        """Do nothing."""


def own_inputs() -> WatchedInputs:
    """Return the inputs of this machine, not yet started.

    Raises `InvalidValue` on Wayland, where a program sees the inputs of its own windows only: what it counted would
    be too little and look like an idle user (pynput issues 647, 628 and 151). `NoInputs` tracks without counts.
    """
    wayland = os.environ.get("XDG_SESSION_TYPE") == "wayland" or bool(os.environ.get("WAYLAND_DISPLAY"))
    if sys.platform not in ("win32", "darwin") and wayland:
        raise InvalidValue(
            "XDG_SESSION_TYPE",
            "wayland",
            "shows a program no inputs but those of its own windows",
            "log in to an X11 session, or replay a trace",
        )
    return WatchedInputs()
