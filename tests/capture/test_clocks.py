"""The clocks: which is which, and that a lost processor between two of them is no step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from workdiary.capture.machine.clocks import CLOSE, SystemClocks, own_asleep, own_clocks
from workdiary.capture.machine.ports import Clocks


def ticking(*values: int) -> Callable[[], int]:
    """A clock that shows `values`, one a reading, and fails when it is read once more."""
    rest: Iterator[int] = iter(values)
    return lambda: next(rest)


def test_three_clocks_in_milliseconds_rounded_down() -> None:
    reading = SystemClocks(ticking(1_999_999), ticking(2_999_999, 2_999_999), ticking(3_000_000)).read()
    assert (reading.wall, reading.mono, reading.boot) == (1, 2, 3)


def test_close_together_they_are_read_once() -> None:
    SystemClocks(ticking(0), ticking(0, CLOSE), ticking(0)).read()  # a second reading would fail


def test_a_lost_processor_between_two_clocks_is_no_suspension() -> None:
    second = 1_000_000_000
    # The program stands still for three seconds after the first clock; the next attempt is tight.
    mono = ticking(second, 4 * second, 4 * second, 4 * second)
    boot = ticking(4 * second, 4 * second)
    reading = SystemClocks(ticking(9, 9), mono, boot).read()
    assert reading.boot - reading.mono == 0


def test_never_close_together_the_tightest_counts() -> None:
    milli = 1_000_000
    widths = (90, 80, 70, 6, 60, 50, 40, 30)
    mono = [value for n, width in enumerate(widths) for value in (n * 1000 * milli, (n * 1000 + width) * milli)]
    boot = ticking(*(n * 1000 * milli for n in range(8)))
    reading = SystemClocks(ticking(*range(8)), ticking(*mono), boot).read()
    assert (reading.mono, reading.boot) == (3000, 3000)


def test_the_machine_s_own_clocks() -> None:
    clocks: Clocks = own_clocks()
    earlier_wall, earlier = time.time_ns() // 1_000_000, clocks.read()
    later, later_wall = clocks.read(), time.time_ns() // 1_000_000
    assert earlier_wall <= earlier.wall <= later.wall <= later_wall
    assert earlier.mono <= later.mono
    assert earlier.boot <= later.boot
    assert later.boot >= later.mono - 1  # a machine was never awake for longer than it has been on


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="Linux has that clock")
def test_b50_on_linux_boot_is_the_clock_that_runs_on_in_a_suspension() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    reading = own_clocks().read()
    assert before <= reading.boot <= time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def test_where_there_is_no_such_clock_the_monotonic_one_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    monkeypatch.setattr("sys.platform", "freebsd14")
    reading = own_clocks().read()
    assert 0 <= reading.boot - reading.mono <= 100


def test_a23_how_long_the_machine_was_asleep_is_what_its_two_clocks_differ_by() -> None:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system has other clocks")
    expected = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    assert own_asleep()() == pytest.approx(expected, abs=1)
