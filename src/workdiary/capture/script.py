"""`Script`: replays a trace on a virtual clock, as fast as it can, with generated pictures.

It stands in for the machine (`clocks`, `inputs` and `screen` keep the contracts of `ports`) and for its user
(`play` says what is commanded, and when to tick). Nothing in it depends on when, where or how fast it runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final, TypeAlias

import attrs

from workdiary.capture.events import Reading
from workdiary.capture.machine.ports import Picture
from workdiary.capture.trace import (
    Begins,
    Ends,
    Event,
    Labels,
    Locks,
    Loses,
    Notes,
    Replies,
    SetsWall,
    Shows,
    Suspends,
    Trace,
    Works,
)
from workdiary.model.activity import Counts

__all__ = ["Beat", "Command", "Script", "ScriptedClocks", "ScriptedInputs", "ScriptedScreen"]

Command: TypeAlias = Begins | Ends | Notes | Labels | Replies
"""What the user of a script does; all else in a trace happens to the machine."""

_TICK: Final = 1000
_SINCE_BOOT: Final = 3_600_000
"""The virtual machine has been on for an hour when a trace starts."""


@attrs.frozen(kw_only=True)
class Beat:
    """One moment of a replay: carry out `commands`, in order, and then tick. `at` is in milliseconds from the start."""

    at: int
    commands: tuple[Command, ...] = ()


class ScriptedClocks:
    """Three clocks that move only when they are told to."""

    def __init__(self, wall: int):
        self._wall, self._mono, self._boot = wall, _SINCE_BOOT, _SINCE_BOOT

    def read(self) -> Reading:
        """Return what the three clocks show."""
        return Reading(wall=self._wall, mono=self._mono, boot=self._boot)

    def run(self, milliseconds: int) -> None:
        """Let time pass, awake."""
        self._wall += milliseconds
        self._mono += milliseconds
        self._boot += milliseconds

    def sleep(self, milliseconds: int) -> None:
        """Let time pass, suspended."""
        self._wall += milliseconds
        self._boot += milliseconds

    def step(self, milliseconds: int) -> None:
        """Set the wall clock, by so much."""
        self._wall += milliseconds


class ScriptedInputs:
    """Counts that a script adds to; `lost` and `is_locked` are what it says."""

    def __init__(self, clocks: ScriptedClocks):
        self._clocks = clocks
        self._counts = [0, 0, 0]
        self._last = clocks.read().mono
        self._spoilt = False
        self._lost = False
        self.is_locked = False

    @property
    def lost(self) -> bool:
        """Whether nobody counts at the moment."""
        return self._lost

    @lost.setter
    def lost(self, value: bool) -> None:
        self._lost = value
        self._spoilt = True

    def add(self, counts: Counts) -> None:
        """Count these."""
        self._counts = [had + more for had, more in zip(self._counts, counts, strict=True)]
        if any(counts):
            self._last = self._clocks.read().mono

    def start(self) -> None:
        """Nothing has to be done."""

    def take(self) -> Counts | None:
        """Return the counts since the last call, `None` when capture was lost meanwhile."""
        keys, clicks, scrolls = self._counts
        self._counts = [0, 0, 0]
        spoilt, self._spoilt = self._spoilt, False
        return None if self._lost or spoilt else (keys, clicks, scrolls)

    def idle(self) -> int | None:
        """Return the milliseconds since the last input, `None` while capture is lost."""
        return None if self._lost else self._clocks.read().mono - self._last

    def locked(self) -> bool:
        """Return whether the screen is locked."""
        return self.is_locked

    def unsure(self) -> int:
        """Return 0: a script always knows."""
        return 0

    def close(self) -> None:
        """Nothing has to be done."""


class ScriptedScreen:
    """One monitor with made-up windows, which differ from picture to picture; `shows` is as `trace.Shows` has it."""

    def __init__(self, clocks: ScriptedClocks, width: int = 640, height: int = 360):
        self._clocks, self._width, self._height = clocks, width, height
        self._before: Picture | None = None
        self.shows: str | None = None

    def grab(self) -> tuple[Picture, ...]:
        """Return the picture of this moment."""
        if self.shows == "fail":
            return (Picture.failed(0, "the trace says that the picture fails"),)
        if self.shows == "black":
            return (self._picture(bytes(self._width * self._height * 3)),)
        if self.shows == "same" and self._before is not None:
            return (self._before,)
        self._before = self._picture(_desktop(self._width, self._height, self._clocks.read().boot))
        return (self._before,)

    def _picture(self, rgb: bytes) -> Picture:
        return Picture(monitor=0, width=self._width, height=self._height, rgb=rgb)


class Script:
    r"""A trace being replayed, once.

    >>> from workdiary.capture.trace import trace_of
    >>> script = Script(trace_of('{"trace": 1, "starts": "2026-11-18T08:00:00Z"}\n{"t": 1, "keys": 7}'))
    >>> [(beat.at, script.inputs.take()) for beat in script.play()]
    [(0, (0, 0, 0)), (1000, (0, 0, 0)), (2000, (7, 0, 0))]
    """

    def __init__(self, trace: Trace, width: int = 640, height: int = 360):
        self.trace = trace
        self.clocks = ScriptedClocks(trace.starts * 1000)
        self.inputs = ScriptedInputs(self.clocks)
        self.screen = ScriptedScreen(self.clocks, width, height)
        self._now = 0
        self._works: list[Event] = []

    def play(self) -> Iterator[Beat]:
        """Yield a beat for each second that the machine is awake, and for each moment at which something happens.

        The clocks, inputs and screen show that moment until the next one is asked for. A suspension is a beat when
        it begins and one when it is over; the last beat is when the trace ends.
        """
        for at, events in self._moments():
            self._pass_until(at)
            commands: list[Command] = []
            suspends: Suspends | None = None
            for event in events:
                if isinstance(event.what, Suspends):
                    suspends = event.what
                elif isinstance(event.what, Works):
                    self._works.append(event)
                elif isinstance(event.what, Begins | Ends | Notes | Labels | Replies):
                    commands.append(event.what)
                else:
                    self._happen(event.what)
            yield Beat(at=at, commands=tuple(commands))
            if suspends is not None:
                self.clocks.sleep(suspends.milliseconds)
                self._now += suspends.milliseconds

    def _moments(self) -> Iterator[tuple[int, list[Event]]]:
        """Yield when to beat, and what happens then, without the whole seconds of a suspension."""
        happens: dict[int, list[Event]] = {}
        beats = {self.trace.ends}
        awake_from = 0
        for event in self.trace.events:
            happens.setdefault(event.at, []).append(event)
            beats.add(event.at)
            if isinstance(event.what, Suspends):
                beats.update(range(awake_from, event.at, _TICK))
                awake_from = event.until
                beats.add(awake_from)
        beats.update(range(awake_from, self.trace.ends, _TICK))
        for at in sorted(beats):
            yield at, happens.get(at, [])

    def _pass_until(self, at: int) -> None:
        if at <= self._now:
            return
        before, self._now = self._now, at
        self.clocks.run(at - before)
        for event in self._works:
            if isinstance(event.what, Works):
                self.inputs.add(_between(event, event.what, before, at))
        self._works = [event for event in self._works if event.until > at]

    def _happen(self, what: SetsWall | Locks | Loses | Shows) -> None:
        match what:
            case SetsWall():
                self.clocks.step(what.milliseconds)
            case Locks():
                self.inputs.is_locked = what.on
            case Loses():
                self.inputs.lost = what.on
            case Shows():
                self.screen.shows = what.what


def _between(event: Event, work: Works, begins: int, ends: int) -> Counts:
    """Return how many inputs of `event` lie between two moments, so that the parts come to exactly the whole."""
    first = min(max(begins - event.at, 0), work.milliseconds)
    last = min(max(ends - event.at, 0), work.milliseconds)
    keys, clicks, scrolls = (n * last // work.milliseconds - n * first // work.milliseconds for n in work.counts)
    return keys, clicks, scrolls


_Colour: TypeAlias = tuple[int, int, int]
_DESK: Final = (38, 50, 66)
_BAR: Final = (222, 226, 230)
_PAPER: Final = (250, 250, 247)
_INKS: Final[tuple[_Colour, ...]] = ((33, 37, 41), (13, 110, 90), (52, 84, 160), (160, 66, 52))


def _desktop(width: int, height: int, moment: int) -> bytes:
    """Return pixels that look like a window with lines of text, other ones at each `moment`."""
    chance = hashlib.sha256(b"desktop" + moment.to_bytes(8, "big")).digest()
    rows = [bytes(_DESK) * width] * height
    left, top = width // 12 + chance[0] % 24, height // 10 + chance[1] % 16
    wide, high = width * 3 // 4, height * 3 // 4
    margin, line = width // 40, max(height // 30, 2)

    def row(middle: bytes) -> bytes:
        whole = bytes(_DESK) * left + middle
        return (whole + bytes(_DESK) * width)[: width * 3]

    for y in range(top, min(top + high, height)):
        rows[y] = row(bytes(_BAR if y < top + line else _PAPER) * wide)
    for n, y in enumerate(range(top + 2 * line, min(top + high - line, height), 2 * line)):
        byte = chance[n % len(chance)]
        length = (wide - 2 * margin) * (byte % 97 + 20) // 120
        ink = _INKS[byte % len(_INKS)]
        text = bytes(_PAPER) * margin + bytes(ink) * length
        text += bytes(_PAPER) * (wide - margin - length)
        for thick in range(max(line // 2, 1)):
            if y + thick < height:
                rows[y + thick] = row(text)
    return b"".join(rows)
