"""Random hours at a desk, by one process and by many: whoever restarts credits neither more nor less, nor otherwise.

A plan is made first and played twice. Where the one process is switched off and on, the other ends, orderly or by a
kill at the end of a minute, and another begins with what lies in the spool. The number of plans is 160;
``WORKDIARY_RESTARTS`` asks for another.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeAlias

import attrs
import pytest

from tests.capture.desk import CARRY, HALF, NINE, SNAPSHOT, TOUCH, key
from tests.capture.stage import memory
from workdiary.capture.events import (
    Answered,
    AskIdle,
    Choice,
    Effect,
    Finished,
    Input,
    Job,
    MinuteKept,
    Reading,
    SessionEnded,
    SnapshotDeleted,
    SnapshotTaken,
    Start,
    Stop,
    StopReason,
    TakeSnapshot,
    Ticked,
)
from workdiary.capture.recovery import recover
from workdiary.capture.spool.kept import Shot
from workdiary.capture.spool.spool import Spool
from workdiary.capture.tracker import State, initial, step
from workdiary.model.slots import Slot

PLANS = int(os.environ.get("WORKDIARY_RESTARTS", "160"))
PARTS = 4
RULES = (SNAPSHOT, TOUCH, HALF, CARRY)
TICK = 10
IDLE_AFTER = 90

Act: TypeAlias = tuple[str, int, int]
"""What happens, and two numbers that say how."""


@attrs.define
class Player:
    """A tracker; with `restarts` it has a spool, and another process takes over wherever the plan says so."""

    folder: Path
    rule: int
    restarts: bool
    clocks: list[int] = attrs.field(factory=lambda: [NINE, 5000, 9000])
    state: State = attrs.field(factory=lambda: initial(idle_after=IDLE_AFTER))
    seen: list[Effect] = attrs.field(factory=list)
    moments: dict[tuple[str, int], set[int]] = attrs.field(factory=dict)
    sessions: int = 0
    killed: set[int] = attrs.field(factory=set)
    spool: Spool | None = None
    minutes: dict[tuple[str, int], MinuteKept] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if self.restarts:
            self.spool = Spool(self.folder)

    @property
    def reading(self) -> Reading:
        wall, mono, boot = self.clocks
        return Reading(wall=wall * 1000, mono=mono * 1000, boot=boot * 1000)

    def turn(self, wall: int, mono: int, boot: int) -> None:
        self.clocks = [clock + by for clock, by in zip(self.clocks, (wall, mono, boot), strict=True)]

    def say(self, event: Input) -> None:
        self.state, effects = step(self.state, event, self.reading)
        self.keep(effects, *([event] if isinstance(event, Start) else []))

    def keep(self, effects: tuple[Effect, ...], *first: Start) -> None:
        things = [*first, *(one for one in effects if not isinstance(one, TakeSnapshot | AskIdle))]
        if things and self.spool is not None:
            self.spool.keep(things, now=self.reading.wall)
        self.minutes.update({(one.session, one.minute): one for one in effects if isinstance(one, MinuteKept)})
        self.seen.extend(effects)
        for ledger in self.state.open:
            self.moments.setdefault((ledger.job.contract, ledger.slot), set()).add(ledger.moment)
        for effect in effects:
            if isinstance(effect, TakeSnapshot):
                at, digests = effect.at, (f"{effect.contract} {effect.slot}",)
                shot = Shot(contract=effect.contract, slot=effect.slot, at=at, digests=digests)
                if self.spool is not None:
                    self.spool.keep([shot], now=self.reading.wall)
                self.say(SnapshotTaken(contract=effect.contract, slot=effect.slot, at=at, digests=digests))

    def restart(self) -> None:
        self.close()
        self.spool = Spool(self.folder)
        self.state, effects = recover(initial(idle_after=IDLE_AFTER), self.spool.known(), self.reading)
        self.keep(effects)

    def close(self) -> None:
        if self.spool is not None:
            self.spool.close()

    def job(self, n: int) -> Job:
        return Job(contract=("acme", "bolt")[n], credit=RULES[self.rule])

    def act(self, act: Act) -> None:
        name, one, other = act
        if name == "tick":
            self.turn(TICK, TICK, TICK)
            counts = None if other else (0 if one else 2, 0, 0)
            self.say(Ticked(counts=counts, idle=one * 1000))
        elif name == "lock":
            self.turn(TICK, TICK, TICK)
            self.say(Ticked(counts=(0, 0, 0), idle=0, locked=True))
        elif name == "clock":
            self.turn(one, 0, 0)
        elif name == "sleep":
            self.turn(one, 0, one)
        elif name == "off":
            self.turn(one, one, one)
        elif name == "start":
            self.sessions += 1
            secret = key(1000 * other + self.sessions)
            self.say(Start(job=self.job(one), session=f"s{self.sessions}", secret=secret, memo="Work"))
        elif name == "answer":
            self.say(Answered(choice=[*Choice][one], job=self.job(other)))
        elif name == "delete":
            self.say(SnapshotDeleted(slot=Slot(self.reading.wall // 600_000 - one), contract=self.job(other).contract))
        elif name == "end":
            # A kill leaves nothing behind but what was kept.
            if one:
                self.killed.add(self.reading.wall // 1000)
            if not (self.restarts and one):
                self.say(Stop(reason=StopReason.SHUTDOWN))
        elif name == "begin" and self.restarts:
            self.restart()

    @property
    def segments(self) -> dict[tuple[str, str], Finished]:
        found = {}
        for one in self.seen:
            if isinstance(one, Finished):
                assert (one.contract, one.id) not in found, "handed out twice"
                # What it was marked with says that there was a crash, and may differ.
                found[one.contract, one.id] = attrs.evolve(one, marks=())
        return found

    @property
    def stretches(self) -> list[tuple[int, int]]:
        """What was tracked, by the spool where there is one."""
        if self.spool is None:
            return sorted(stretch for one in self.minutes.values() for stretch in one.stretches)
        with closing(sqlite3.connect(self.folder / "spool.db")) as raw:
            rows = raw.execute("SELECT stretches FROM minutes").fetchall()
        return sorted((begin, end) for (row,) in rows for begin, end in json.loads(row))


def plan_of(random: Random, number: int) -> list[Act]:
    """Return the acts of about an hour; the wall clock of the plan is a multiple of `TICK`, so that minutes end."""
    wall, quiet, locked = NINE, 0, False
    plan: list[Act] = [("clock", random.randrange(60) * TICK, 0), ("tick", 0, 0), ("start", 0, number)]
    wall += plan[0][1] + TICK
    while len(plan) < 260:
        chance = random.random()
        quiet = quiet + TICK if quiet and random.random() < 0.97 else TICK * (random.random() < 0.02)
        if locked and random.random() < 0.9:
            plan.append(("lock", 0, 0))
        else:
            locked = random.random() < 0.01
            plan.append(("lock", 0, 0) if locked else ("tick", quiet, int(random.random() < 0.02)))
        wall += TICK
        if chance < 0.01:
            by = TICK * random.choice((1, -1, 6, -6, 60, -60, -100, random.randrange(-200, 200)))
            plan.append(("clock", by, 0))
            wall += by
        elif chance < 0.02:
            by = TICK * random.choice((1, 3, 50, 120))
            plan.append(("sleep", by, 0))
            wall += by
        elif chance < 0.03:
            plan.append(("delete", random.randrange(3), random.randrange(2)))
        elif chance < 0.05:
            plan.append(("answer", random.randrange(3), random.randrange(2)))
        elif chance < 0.06:
            plan.append(("start", random.randrange(2), number))
        elif chance < 0.07 or (chance < 0.25 and wall % 60 == 0):
            off = TICK * random.choice((0, 0, 1, 6, 20, 60, 120))
            # At the end of a minute everything is kept; a kill within one loses that minute, as it may.
            is_killed = int(plan[-1][0] == "tick" and wall % 60 == 0 and random.random() < 0.7)
            plan += [("end", is_killed, 0), ("off", off, 0), ("begin", 0, 0), ("tick", 0, 0)]
            wall += off + TICK
            plan.append(("start", int(random.random() < 0.3), number))
            quiet, locked = 0, False
    return [*plan, ("end", 0, 0), ("off", 1200, 0), ("tick", 0, 0)]


def played(plan: list[Act], rule: int, *, restarts: bool) -> tuple[Player, list[tuple[int, int]]]:
    with TemporaryDirectory(dir=memory()) as folder:
        player = Player(folder=Path(folder) / "tracker", rule=rule, restarts=restarts)
        try:
            for act in plan:
                player.act(act)
            return player, player.stretches
        finally:
            player.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_many_processes_credit_what_one_would_have(part: int) -> None:
    segments = restarts = kills = 0
    for number in range(part, PLANS, PARTS):
        random = Random(number)  # noqa: S311 - chance for a test
        rule = number // PARTS % len(RULES)
        plan = plan_of(random, number)
        one, tracked = played(plan, rule, restarts=False)
        many, also = played(plan, rule, restarts=True)
        if many.killed & {moment for moments in many.moments.values() for moment in moments}:
            # A snapshot in the very second of the kill says that the tracker was on; who stops then was not.
            continue
        try:
            # No second twice, whichever process tracked it, and the same ones.
            assert all(before[1] <= after[0] for before, after in pairwise(also))
            assert sum(end - begin for begin, end in also) == sum(end - begin for begin, end in tracked)
            # One moment a slot, and the same one; the same segments, under the same names; the same balances.
            assert all(len(moments) == 1 for moments in many.moments.values())
            assert {**many.moments, **one.moments} == many.moments
            assert many.segments == one.segments
            assert {**many.state.balances} == {**one.state.balances}
            # Every session is ended once.
            ended = [effect.session for effect in many.seen if isinstance(effect, SessionEnded)]
            assert len(set(ended)) == len(ended)
            assert set(ended) == {effect.session for effect in one.seen if isinstance(effect, SessionEnded)}
        except AssertionError as error:
            error.add_note(f"plan {number}")
            raise
        segments += len(one.segments)
        restarts += sum(name == "begin" for name, _, _ in plan)
        kills += sum(name == "end" and bool(how) for name, how, _ in plan)
    assert min(segments, restarts, kills) >= PLANS // PARTS
