"""`SystemClocks`: the wall clock, the clock that stands still in a suspension, and the one that runs on.

system    mono (stands still)            boot (runs on)
Linux     CLOCK_MONOTONIC                CLOCK_BOOTTIME
macOS     CLOCK_UPTIME_RAW               CLOCK_MONOTONIC_RAW
Windows   QueryUnbiasedInterruptTime     GetTickCount64
others    the monotonic clock            the same: a suspension shows as a gap, or not at all
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from workdiary.capture.events import Reading

__all__ = ["CLOSE", "SystemClocks", "own_asleep", "own_clocks", "start_of_machine"]

_MILLI: Final = 1_000_000
"""Nanoseconds in a millisecond."""

CLOSE: Final = 5 * _MILLI
"""Nanoseconds within which the three clocks are to be read, or they are read again."""

_TRIES: Final = 8

_Clock = Callable[[], int]


class SystemClocks:
    """Three clocks in nanoseconds, read as one `Reading` in milliseconds.

    A program can lose the processor between two clocks, and the difference would look like a step or a suspension.
    `mono` is therefore read before and after the others; when that took longer than `CLOSE`, all are read again, a
    few times, and the tightest reading counts.

    >>> SystemClocks(lambda: 1_763_452_800_000_000_000, lambda: 7_000_000, lambda: 9_999_999).read()
    Reading(wall=1763452800000, mono=7, boot=9)
    """

    def __init__(self, wall: _Clock, mono: _Clock, boot: _Clock):
        self._wall, self._mono, self._boot = wall, mono, boot

    def read(self) -> Reading:
        """Return what the three clocks show now."""
        tightest: int | None = None
        reading = (0, 0, 0)
        for _ in range(_TRIES):
            before = self._mono()
            wall, boot = self._wall(), self._boot()
            took = self._mono() - before
            if tightest is None or took < tightest:
                tightest, reading = took, (wall, before, boot)
            if took <= CLOSE:
                break
        wall, mono, boot = reading
        return Reading(wall=wall // _MILLI, mono=mono // _MILLI, boot=boot // _MILLI)


def start_of_machine() -> str:
    """Return what names this start of the machine, by which its clocks are told from those of another; or nothing."""
    with suppress(OSError, ValueError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def own_clocks() -> SystemClocks:
    """Return the clocks of this machine."""
    return SystemClocks(time.time_ns, *_own_two())


def own_asleep() -> Callable[[], float]:
    """Return what says how many seconds this machine has been suspended: a number whose differences mean something.

    Where there is no clock that runs on through a suspension, it is always the same.
    """
    mono, boot = _own_two()
    return lambda: (boot() - mono()) / 1e9


def _own_two() -> tuple[_Clock, _Clock]:
    """Return the clock of this machine that stands still in a suspension, and the one that runs on."""
    if sys.platform == "win32":  # pragma: no cover: another platform
        return _windows()
    if sys.platform == "darwin":  # pragma: no cover: another platform
        return _posix("CLOCK_UPTIME_RAW"), _posix("CLOCK_MONOTONIC_RAW")
    return time.monotonic_ns, _posix("CLOCK_BOOTTIME")


def _posix(name: str) -> _Clock:
    """Return the clock `name`, or the monotonic clock where there is none of that name."""
    number: int | None = getattr(time, name, None)
    if number is None:
        return time.monotonic_ns
    which = number
    return lambda: time.clock_gettime_ns(which)


def _windows() -> tuple[_Clock, _Clock]:  # pragma: no cover: another platform
    """Return the unbiased interrupt time, which a suspension does not move, and the ticks since the start."""
    libraries: Any = ctypes
    kernel: Any = libraries.windll.kernel32
    kernel.GetTickCount64.restype = ctypes.c_uint64
    unit = 100  # nanoseconds

    def unbiased() -> int:
        ticks = ctypes.c_uint64()
        kernel.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value * unit

    return unbiased, lambda: int(kernel.GetTickCount64()) * _MILLI
