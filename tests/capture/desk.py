"""A desk for the tracker's tests: clocks to turn by hand, and the state machine, driven second by second.

The moments are computed here once more, from the words of the specification, so that no test takes them from the
code under test.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TypeVar

import attrs

from workdiary.capture.events import (
    Answered,
    Choice,
    Effect,
    Finished,
    Input,
    Job,
    Mark,
    MarkKind,
    MinuteKept,
    Reading,
    SnapshotFailed,
    SnapshotTaken,
    Start,
    Stop,
    StopReason,
    TakeSnapshot,
    Ticked,
)
from workdiary.capture.tracker import State, initial, step
from workdiary.model.activity import Counts
from workdiary.model.policy import Credit, CreditRule
from workdiary.model.times import Instant

NINE = 1_794_992_400
"""2026-11-18T09:00:00Z, the start of a slot."""

FIRST = NINE // 600

SNAPSHOT = CreditRule(rule=Credit.SNAPSHOT, min_seconds=1)
TOUCH = CreditRule(rule=Credit.THRESHOLD, min_seconds=1)
HALF = CreditRule(rule=Credit.THRESHOLD, min_seconds=300)
CARRY = CreditRule(rule=Credit.CARRY, min_seconds=1)

ACME = Job(contract="acme", credit=SNAPSHOT)
BOLT = Job(contract="bolt", credit=SNAPSHOT)

_E = TypeVar("_E")


def key(n: int) -> bytes:
    """Return a secret that is the same on every run."""
    return hashlib.sha256(b"secret %d" % n).digest()


def second(secret: bytes, contract: str, slot: int) -> int:
    """Return the drawn second of a slot: the specification once more, in other words."""
    n = 0
    while True:
        text = json.dumps([contract, slot, n], separators=(",", ":"))
        block = hmac.new(secret, b"workdiary/moment/1\n" + text.encode("ascii"), hashlib.sha256).digest()
        for i in range(8):
            number = int(block[4 * i : 4 * i + 4].hex(), 16)
            if number < 4_294_966_800:
                return number % 600
        n += 1


def key_with(
    contract: str, slot: int, *, least: int = 0, most: int = 599, others: tuple[tuple[int, int, int], ...] = ()
) -> bytes:
    """Return a secret whose moment in `slot` lies between two seconds; `others` are more (slot, least, most)."""
    wanted = ((slot, least, most), *others)
    n = 0
    while not all(low <= second(key(n), contract, one) <= high for one, low, high in wanted):
        n += 1
    return key(n)


@attrs.define(kw_only=True)
class Desk:
    """A tracker and three clocks, in milliseconds; `seen` is every effect so far.

    With `camera` every snapshot that is asked for is taken at once; "fail" and "blank" say what becomes of it.
    """

    wall: int = NINE * 1000
    mono: int = 5_000_000
    boot: int = 9_000_000
    state: State = attrs.field(factory=lambda: initial(idle_after=600))
    seen: list[Effect] = attrs.field(factory=list)
    camera: str = "good"
    pictures: int = 0
    awake: int = 0

    @property
    def reading(self) -> Reading:
        return Reading(wall=self.wall, mono=self.mono, boot=self.boot)

    def turn(self, *, wall: int = 0, mono: int = 0, boot: int = 0) -> None:
        """Turn the three clocks, each by so many milliseconds."""
        self.wall, self.mono, self.boot = self.wall + wall, self.mono + mono, self.boot + boot

    def say(self, event: Input) -> tuple[Effect, ...]:
        self.state, effects = step(self.state, event, self.reading)
        self.seen.extend(effects)
        for effect in effects:
            if isinstance(effect, TakeSnapshot) and self.camera != "slow":
                self.shoot(effect)
        return effects

    def shoot(self, asked: TakeSnapshot) -> None:
        """Answer for a snapshot that was asked for."""
        if self.camera == "fail":
            self.say(SnapshotFailed(slot=asked.slot, why="The screen does not answer.", contract=asked.contract))
            return
        self.pictures += 1
        flags = (self.camera,) if self.camera not in ("good", "slow") else ()
        digest = f"picture {self.pictures}"
        at = Instant(self.wall // 1000)
        self.say(SnapshotTaken(slot=asked.slot, at=at, digests=(digest,), flags=flags, contract=asked.contract))

    def start(self, job: Job = ACME, *, session: str = "s1", secret: bytes | None = None, memo: str = "Work") -> None:
        self.say(Start(job=job, session=session, secret=key(0) if secret is None else secret, memo=memo))

    def stop(self, reason: StopReason = StopReason.USER) -> None:
        self.say(Stop(reason=reason))

    def work(
        self,
        seconds: int,
        *,
        counts: Counts | None = (1, 0, 0),
        idle: int | None = 0,
        locked: bool = False,
        tick: int = 1000,
    ) -> None:
        """Let `seconds` pass with a tick each second, all three clocks going."""
        for _ in range(seconds * 1000 // tick):
            self.turn(wall=tick, mono=tick, boot=tick)
            self.say(Ticked(counts=counts, idle=idle, locked=locked))

    def rest(self, seconds: int, *, since: int = 0) -> None:
        """Let `seconds` pass without any input; the last one was `since` seconds before."""
        for n in range(1, seconds + 1):
            self.turn(wall=1000, mono=1000, boot=1000)
            self.say(Ticked(counts=(0, 0, 0), idle=(since + n) * 1000))

    def answer(self, choice: Choice, job: Job | None = None) -> None:
        self.say(Answered(choice=choice, job=job))

    def of(self, kind: type[_E]) -> list[_E]:
        return [effect for effect in self.seen if isinstance(effect, kind)]

    @property
    def segments(self) -> list[tuple[str, int, str]]:
        """The finished segments: contract, minutes after nine at which the slot begins, and session."""
        return [(one.contract, (one.segment.slot - FIRST) * 10, one.id.split()[1]) for one in self.of(Finished)]

    @property
    def marks(self) -> list[MarkKind]:
        return [mark.kind for mark in self.of(Mark)]

    @property
    def tracked(self) -> int:
        """All seconds that stand in a ledger."""
        return sum(ledger.tracked for ledger in self.state.ledgers)

    @property
    def kept(self) -> dict[tuple[str, int], MinuteKept]:
        """The minutes as they lie on the disk: the last one of each session and number counts."""
        latest = {(one.session, one.minute): one for one in self.of(MinuteKept)}
        return {name: one for name, one in latest.items() if one.stretches}

    @property
    def on_disk(self) -> int:
        """The seconds of the minutes on the disk."""
        return sum(end - begin for one in self.kept.values() for begin, end in one.stretches)
