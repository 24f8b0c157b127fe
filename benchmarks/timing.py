"""Timing two sides against each other: alternately, warm, without the garbage collector, by medians.

A single time says more about the machine than about the code. A ratio of two sides that run in turn,
a fraction of a second apart, says the same on a laptop, on a server and on a machine that is busy.
"""

from __future__ import annotations

import gc
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import attrs

__all__ = ["Ratio", "Times", "alternate", "processes", "uncollected"]


@attrs.frozen(kw_only=True)
class Ratio:
    """One measured ratio and its goal, the highest value that holds; `None` is for information only."""

    what: str
    value: float
    goal: float | None
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the ratio is within its goal; without one it always is."""
        return self.goal is None or self.value <= self.goal

    def __str__(self) -> str:
        value = f"{self.value:.4f}" if self.value < 0.1 else f"{self.value:.2f}"
        if self.goal is None:
            verdict = "for information"
        else:
            verdict = f"goal {self.goal:g}: {'holds' if self.holds else 'DOES NOT HOLD'}"
        return f"{self.what:<72} {value:>8}   {verdict}{f'   {self.note}' if self.note else ''}"


@contextmanager
def uncollected() -> Iterator[None]:
    """Switch the garbage collector off within the block."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@attrs.frozen(kw_only=True)
class Times:
    """What each side took in each round, in seconds."""

    taken: Mapping[str, Sequence[float]]

    def __getitem__(self, side: str) -> float:
        """The median of one side."""
        return median(self.taken[side])

    def ratio(self, one: str, other: str) -> float:
        """Return the median, over all rounds, of what `one` took in terms of `other`.

        Taken round by round, since the two halves of a round meet the machine at one speed.
        """
        return median(a / b for a, b in zip(self.taken[one], self.taken[other], strict=True))


def alternate(sides: Mapping[str, Callable[[], object]], *, rounds: int, warm: bool = False) -> Times:
    """Call every side once a round, every second round in the opposite order, and return what each took.

    Keep a side short: a machine that changes its speed then meets all of them alike. Unless they are
    `warm` already, one untimed call of each comes first.
    """
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for run in () if warm else sides.values():
        run()
    names = list(sides)
    with uncollected():
        for n in range(rounds):
            for name in names if n % 2 == 0 else reversed(names):
                run = sides[name]
                started = perf_counter()
                run()
                taken[name].append(perf_counter() - started)
    return Times(taken=taken)


def processes(commands: Mapping[str, Sequence[str]], *, rounds: int) -> Times:
    """Return what each command takes as a whole process."""

    def runner(command: Sequence[str]) -> Callable[[], object]:
        return lambda: subprocess.run(list(command), check=True, stdout=subprocess.DEVNULL)

    return alternate({name: runner(command) for name, command in commands.items()}, rounds=rounds)
