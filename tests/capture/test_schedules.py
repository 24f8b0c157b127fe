"""Random days at a desk: suspends, steps and drifts of the clocks, and the laws that hold whatever happens.

The plan is made first, and from it what is true: how long the machine was awake, how often a run could begin. The law
is that a run is credited at most its awake time and one slot. Two policies do not count time in parts of a slot: for
them, what of its awake time begins a slot stands for that slot. And who sets the clock gains nothing by it, however
often: that begins runs, but from the second on none by which the credit may be more than the work. The number of
schedules is 20,000; ``WORKDIARY_SCHEDULES`` asks for another.
"""

from __future__ import annotations

import os
from itertools import pairwise
from math import sqrt
from random import Random

import attrs
import pytest

from tests.capture.desk import CARRY, HALF, NINE, SNAPSHOT, TOUCH
from workdiary.capture.events import (
    Answered,
    Choice,
    Effect,
    Finished,
    Input,
    Job,
    MinuteKept,
    Reading,
    SnapshotTaken,
    Start,
    Stop,
    TakeSnapshot,
    Ticked,
    WeekLocks,
)
from workdiary.capture.tracker import State, initial, step
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

SCHEDULES = int(os.environ.get("WORKDIARY_SCHEDULES", "20000"))
PARTS = 8
RULES = (SNAPSHOT, TOUCH, HALF, CARRY)
HOUR = 3_600_000


@attrs.define
class Story:
    """What happened in one schedule, by the plan alone, and what the tracker made of it."""

    state: State = attrs.field(factory=lambda: initial(idle_after=20))
    awake: int = 0
    runs: int = 0
    steps: int = 0
    crept: int = 0
    is_locked: bool = False
    typed: int = 0
    effects: list[Effect] = attrs.field(factory=list)


def _say(story: Story, event: Input, reading: Reading) -> None:
    story.state, effects = step(story.state, event, reading)
    story.effects.extend(effects)
    for effect in effects:
        if isinstance(effect, TakeSnapshot):
            at = Instant(reading.wall // 1000)
            _say(story, SnapshotTaken(slot=effect.slot, at=at, digests=("d",), contract=effect.contract), reading)


def play(random: Random, rule: int) -> Story:
    """Play one schedule of 8 to 24 readings."""
    story = Story()
    jobs = [Job(contract=contract, credit=RULES[rule]) for contract in ("acme", "bolt")]
    wall, mono, boot = NINE * 1000 + random.randrange(1_200_000), random.randrange(10**9), random.randrange(10**9)
    sessions = 0
    is_on = False
    # A drift in millionths, the same for a whole schedule.
    drift = random.choice((0, 0, 0, 500, -500, 50_000, -50_000))
    for _ in range(random.randrange(8, 25)):
        # A gap between two ticks, sometimes with a wall that is set, a suspension, or both.
        passed = random.choice((1000, 1000, 997, 1013, 5000, 14_999, random.randrange(15_001), 15_001, 40_000))
        asleep = random.choice((0,) * 8 + (1999, 2001, 180_000, 8 * HOUR, random.randrange(HOUR)))
        set_by = random.choice(
            (0,) * 8
            + (1000, -1000, 2001, -2001, HOUR, -HOUR, 540_000, -540_000, -random.randrange(2 * HOUR), -604_800_000)
        )
        crept = passed * drift // 1_000_000
        wall += passed + asleep + set_by + crept
        mono += passed
        boot += passed + asleep
        locked = random.random() < 0.05
        # Of less than two seconds nobody takes notice, until it has come to more.
        story.steps += abs(set_by) > 2000
        story.crept += abs(crept) + (abs(set_by) if abs(set_by) <= 2000 else 0)
        if is_on:
            story.awake += passed
            story.runs += bool(passed > 15_000 or asleep or locked or story.is_locked)
        reading = Reading(wall=wall, mono=mono, boot=boot)
        chance = random.random()
        if chance < 0.12 or (not is_on and chance < 0.5):
            sessions += 1
            is_on = True
            story.runs += 1
            job = jobs[random.randrange(2)]
            _say(story, Start(job=job, session=f"s{sessions}", secret=random.randbytes(32)), reading)
        elif chance < 0.2:
            is_on = False
            _say(story, Stop(), reading)
        elif chance < 0.22:
            # Of a week that locks now: it ends here, or with the slot that goes on, or hours ago.
            before = Slot(wall // 600_000 + random.choice((0, 1, 1, -40)))
            contract = jobs[random.randrange(2)].contract
            _say(story, WeekLocks(contract=contract, before=before, is_last=random.random() < 0.3), reading)
        elif story.state.idle_since is not None and chance < 0.5:
            by_nobody = random.random() < 0.2
            job = jobs[random.randrange(2)]
            _say(story, Answered(choice=random.choice([*Choice]), job=job, by_nobody=by_nobody), reading)
        else:
            idle = random.choice((0, 0, None, passed, 60_000, 120_000))
            counts = random.choice(((1, 0, 0), (0, 0, 0), None))
            story.typed += bool(counts and counts[0])
            # How long nobody has known that it is not locked, or whether that is asked at this moment.
            unsure = random.choice((0, 0, 0, 1000, 7000, 20_000, 10**9))
            is_open = locked and random.random() < 0.5
            _say(story, Ticked(counts=counts, idle=idle, locked=None if is_open else locked, unsure=unsure), reading)
            story.is_locked = locked
    _say(story, Stop(), Reading(wall=wall, mono=mono, boot=boot))
    return story


def check(story: Story, rule: int) -> tuple[int, int, float]:
    """Check the laws on one schedule; return the seconds tracked and credited, and the variance of the credit."""
    ledgers = list(story.state.ledgers)
    stretches = sorted(stretch for ledger in ledgers for stretch in ledger.stretches)
    tracked = sum(end - begin for begin, end in stretches)
    # No second is tracked twice, in whichever contract; and none that was not awake.
    assert all(one[1] <= other[0] for one, other in pairwise(stretches))
    assert tracked * 1000 <= story.awake
    # What is on the disk is what is in the ledgers.
    kept = {(one.contract, one.session, one.minute): one for one in story.effects if isinstance(one, MinuteKept)}
    assert sorted(stretch for one in kept.values() for stretch in one.stretches) == stretches
    # One segment a session and slot, one credit a contract and slot.
    finished = [one for one in story.effects if isinstance(one, Finished)]
    assert len({(one.contract, one.id) for one in finished}) == len(finished)
    slots = {(one.contract, one.segment.slot) for one in finished}
    # Nothing is handed out twice: no more keystrokes than there were.
    activities = [one.segment.activity for one in finished]
    assert sum(one.keystrokes or 0 for one in activities if one is not None) <= story.typed
    # One snapshot a slot at most, however many sessions.
    asked = [(one.contract, one.slot) for one in story.effects if isinstance(one, TakeSnapshot)]
    assert len(asked) == len(set(asked))
    shown = [(one.contract, one.segment.slot) for one in finished if one.segment.snapshots]
    assert len(shown) == len(set(shown))
    credited = 600 * len(slots)
    # However often the clock was set, credit and work differ by less than a slot in each of the two contracts: what two
    # more runs could bring to whom every half slot is rounded, and one more to whom any begun slot counts.
    steps = story.steps + story.crept // 2000
    if RULES[rule] is HALF:
        assert credited <= tracked + 600 * (story.runs + min(steps, 2))
    elif RULES[rule] is CARRY:
        assert credited <= tracked + 300 * 2
    else:
        # A run is credited the slots that it fills and those that it begins: at either end one second can be enough.
        assert credited <= (tracked + 2 * 599 * (story.runs + min(steps, 1))) // 600 * 600
    chances = [ledger.tracked / 600 for ledger in ledgers]
    return tracked, credited, sum(600**2 * chance * (1 - chance) for chance in chances)


@pytest.mark.parametrize("part", range(PARTS))
def test_laws_of_time_in_random_schedules(part: int) -> None:
    total, difference, variance = 0, 0, 0.0
    for n in range(part, SCHEDULES, PARTS):
        random = Random(n)  # noqa: S311 - chance for a test
        rule = n // PARTS % len(RULES)
        story = play(random, rule)
        try:
            tracked, credited, spread = check(story, rule)
        except AssertionError as error:
            error.add_note(f"schedule {n}")
            raise
        total += tracked
        if RULES[rule] is SNAPSHOT:
            difference, variance = difference + credited - tracked, variance + spread
    assert total > 0
    # A snapshot at random is right on average: what is credited is what was tracked, as far as chance goes.
    assert abs(difference) < 4 * sqrt(variance)
