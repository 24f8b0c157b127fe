"""Clocks that jump, stop, creep and lie: faults F5 and F41 to F48, as tables."""

from __future__ import annotations

import pytest

from tests.capture.desk import ACME, BOLT, FIRST, HALF, NINE, Desk, key, key_with
from workdiary.capture.events import Finished, Job, Mark, MarkKind, StopReason, TakeSnapshot, Ticked
from workdiary.capture.tracker import State

HOUR = 3_600_000
DAY = 24 * HOUR

TICK = Ticked(counts=(0, 0, 0), idle=0)


def stretches(state: State) -> list[tuple[int, int]]:
    """What was tracked, in seconds after nine, touching stretches joined."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(stretch for ledger in state.ledgers for stretch in ledger.stretches):
        if joined and joined[-1][1] == begin - NINE:
            joined[-1] = (joined[-1][0], end - NINE)
        else:
            joined.append((begin - NINE, end - NINE))
    return joined


@pytest.mark.parametrize(
    ("wall", "mono", "boot", "expected", "marks"),
    [
        # nothing but time
        (1000, 1000, 1000, [(0, 201)], []),
        (15_000, 15_000, 15_000, [(0, 215)], []),
        # F5: stopped for an hour, the clocks going on
        (HOUR, HOUR, HOUR, [(0, 100), (3700, 3800)], ["suspended"]),
        (15_001, 15_001, 15_001, [(0, 100), (115, 215)], ["suspended"]),
        # F41: suspended for eight hours
        (8 * HOUR, 0, 8 * HOUR, [(0, 100), (28_900, 29_000)], ["suspended"]),
        (8 * HOUR + 1000, 1000, 8 * HOUR + 1000, [(0, 100), (28_901, 29_001)], ["suspended"]),
        (2001, 0, 2001, [(0, 100), (102, 202)], ["suspended"]),
        # too short to be noticed as a sleep, and not earned either
        (2000, 0, 2000, [(0, 200)], []),
        # F43: set forward; the second that passed is earned where it was worked
        (HOUR + 1000, 1000, 1000, [(0, 101), (3701, 3801)], ["clock_step"]),
        (3001, 1000, 1000, [(0, 101), (103, 203)], ["clock_step"]),
        (3000, 1000, 1000, [(0, 201)], []),
        # F44: set back
        (-HOUR + 1000, 1000, 1000, [(-3499, -3399), (0, 101)], ["clock_step"]),
        (-7 * DAY + 1000, 1000, 1000, [(-604_699, -604_599), (0, 101)], ["clock_step"]),
        (-50_000, 1000, 1000, [(0, 150)], ["clock_step", "overlap"]),
        (-100_000, 0, 0, [(0, 100)], ["clock_step", "overlap"]),
        # suspended, and the clock set meanwhile
        (0, 0, HOUR, [(0, 200)], ["suspended", "clock_step"]),
        (2 * HOUR, 0, HOUR, [(0, 100), (7300, 7400)], ["suspended", "clock_step"]),
        # a clock that never goes back went back
        (1000, -5000, 1000, [(0, 100), (101, 201)], ["clock_step"]),
        (1000, 1000, -5000, [(0, 100), (101, 201)], ["clock_step"]),
        (1000, 9000, 1000, [(0, 100), (101, 201)], ["clock_step"]),
    ],
)
def test_what_each_move_of_the_clocks_comes_to(
    wall: int, mono: int, boot: int, expected: list[tuple[int, int]], marks: list[str]
) -> None:
    desk = Desk()
    desk.start()
    desk.work(100)
    desk.turn(wall=wall, mono=mono, boot=boot)
    desk.say(TICK)
    desk.work(100)
    assert stretches(desk.state) == expected
    assert [mark.value for mark in desk.marks if mark is not MarkKind.NOT_CREDITED] == marks
    assert desk.tracked * 1000 <= desk.mono - 5_000_000 + 10_000


def test_f5_a_stopped_process_is_a_gap_and_the_gap_is_not_billed() -> None:
    desk = Desk()
    desk.start(Job(contract="acme", credit=HALF))
    desk.work(600)
    desk.turn(wall=HOUR, mono=HOUR, boot=HOUR)
    desk.say(TICK)
    desk.work(600)
    desk.stop()
    assert [minute for _, minute, _ in desk.segments] == [0, 70]
    assert desk.tracked == 1200


@pytest.mark.parametrize("away", [60, 600, 28_800])
def test_f41_suspended_time_earns_nothing(away: int) -> None:
    desk = Desk()
    desk.start()
    desk.work(900)
    desk.turn(wall=away * 1000, boot=away * 1000)
    desk.say(TICK)
    desk.work(900)
    desk.stop()
    assert desk.tracked == 1800
    assert desk.marks.count(MarkKind.SUSPENDED) == 1


def test_f42_a_sleep_of_three_minutes_at_each_second_of_a_slot() -> None:
    for at in range(600):
        desk = Desk()
        desk.start(Job(contract="acme", credit=HALF))
        desk.work(at // 10 * 10, tick=10_000)
        desk.work(at % 10)
        desk.turn(wall=180_000, boot=180_000)
        desk.say(TICK)
        desk.work((600 - at) // 10 * 10, tick=10_000)
        desk.work((600 - at) % 10)
        desk.stop()
        assert desk.tracked == 600
        # Each minute has as much of the three as was awake.
        slept = range(at, at + 180)
        for one in desk.kept.values():
            minute = range((one.minute - NINE // 60) * 60, (one.minute - NINE // 60) * 60 + 60)
            awake = sum(second not in slept and second < 780 for second in minute)
            assert sum(end - begin for begin, end in one.stretches) == awake


def test_f43_a_clock_set_forward_makes_no_slot_for_the_jump() -> None:
    desk = Desk()
    desk.start()
    desk.work(900)
    desk.turn(wall=HOUR)
    desk.work(900)
    desk.stop()
    assert desk.tracked == 1800
    assert stretches(desk.state) == [(0, 901), (4501, 5400)]
    assert {minute for _, minute, _ in desk.segments} <= {0, 10, 70, 80}


@pytest.mark.parametrize("back", [HOUR, 7 * DAY])
def test_f44_a_clock_set_back_counts_no_slot_twice(back: int) -> None:
    desk = Desk()
    desk.start()
    desk.work(7200)
    desk.turn(wall=-back)
    desk.work(5400)
    desk.stop()
    finished = desk.of(Finished)
    assert len({one.segment.slot for one in finished}) == len(finished)
    again = 3600 if back == HOUR else 0
    assert abs(desk.tracked - (7200 + 5400 - again)) <= 1
    assert MarkKind.CLOCK_STEP in desk.marks
    assert (MarkKind.OVERLAP in desk.marks) == (back == HOUR)


def test_f44_nor_in_another_contract() -> None:
    desk = Desk()
    desk.start(ACME)
    desk.work(1200)
    desk.turn(wall=-1_200_000)
    desk.start(BOLT, session="s2", secret=key(1))
    desk.work(1200)
    desk.stop()
    assert {contract for contract, _, _ in desk.segments} == {"acme"}
    assert desk.tracked == 1200


def test_f44_a_snapshot_is_taken_once_though_its_moment_comes_twice() -> None:
    desk = Desk()
    desk.start(secret=key_with("acme", FIRST, least=100, most=200))
    desk.work(300)
    desk.turn(wall=-300_000)
    desk.work(300)
    assert len(desk.of(TakeSnapshot)) == 1


@pytest.mark.parametrize(
    "wall",
    [
        0,
        -HOUR,
        1_420_070_399_999,
        4_102_444_800_000,
        2**31 * 1000 + 10 * 365 * 24 * HOUR * 10,
        253_402_300_800_000,
        2**63,
    ],
)
def test_f45_a_clock_that_cannot_be_meant_is_refused(wall: int) -> None:
    desk = Desk()
    desk.start()
    desk.work(700)
    before = desk.wall
    desk.wall = wall
    desk.say(TICK)
    assert not desk.state.is_on
    assert [mark for mark in desk.marks if mark is not MarkKind.NOT_CREDITED] == [
        MarkKind.CLOCK_UNUSABLE,
        MarkKind.STOPPED,
    ]
    assert desk.tracked == 700
    desk.start(session="s2", secret=key(1))
    assert not desk.state.is_on
    assert desk.marks[-1] is MarkKind.REFUSED
    assert all(str(mark.at) for mark in desk.of(Mark))
    desk.wall = before + 60_000
    desk.start(session="s3", secret=key(2))
    assert desk.state.is_on


@pytest.mark.parametrize("wall", [1_420_070_400_000, 2**31 * 1000, 4_102_444_799_000])
def test_f45_every_clock_from_2015_to_2099_is_taken(wall: int) -> None:
    desk = Desk(wall=wall)
    desk.start()
    assert desk.state.is_on


@pytest.mark.parametrize("millionths", [500, -500])
def test_f46_a_creeping_clock_gives_the_time_that_both_clocks_have(millionths: int) -> None:
    """A day at 500 ppm: of two clocks that differ by 43 s, no second of either is counted twice."""
    desk = Desk()
    desk.start()
    step = 10_000
    for _ in range(DAY // step):
        desk.turn(wall=step + step * millionths // 1_000_000, mono=step, boot=step)
        desk.say(TICK)
    desk.stop()
    shorter = min(desk.wall - NINE * 1000, DAY) // 1000
    assert abs(desk.tracked - shorter) <= 2
    assert desk.marks.count(MarkKind.CLOCK_STEP) in (20, 21)


def test_f46_two_hundred_steps_of_a_second_change_nothing() -> None:
    desk = Desk()
    desk.start()
    for n in range(200):
        desk.turn(wall=1000 if n % 2 else -1000)
        desk.work(432, tick=12_000)
    desk.stop()
    assert abs(desk.tracked - 86_400) <= 2
    assert MarkKind.CLOCK_STEP not in desk.marks


def test_f46_small_steps_that_add_up_are_a_step() -> None:
    desk = Desk()
    desk.start()
    for _ in range(3):
        desk.turn(wall=900)
        desk.work(10)
    assert desk.marks == [MarkKind.CLOCK_STEP]


@pytest.mark.parametrize("tick", [1000, 7000])
def test_f47_a_clock_that_flips_each_minute_is_bounded_by_what_passed(tick: int) -> None:
    desk = Desk()
    desk.start(Job(contract="acme", credit=HALF))
    for n in range(120):
        desk.work(60, tick=tick)
        desk.turn(wall=540_000 if n % 2 else -540_000)
    desk.stop()
    real = 120 * (60 * 1000 // tick * tick) // 1000
    assert desk.tracked <= real
    assert 600 * len(desk.of(Finished)) <= real + 600
    assert len({one.segment.slot for one in desk.of(Finished)}) == len(desk.of(Finished))


@pytest.mark.parametrize("off", [360_000, -3_110_400_000])
def test_f48_a_wrong_clock_places_time_and_makes_none(off: int) -> None:
    """Whether such segments are taken is for the diary to say, by its own clock."""
    desk = Desk(wall=NINE * 1000 + off)
    desk.start(Job(contract="acme", credit=HALF))
    desk.work(1800)
    desk.stop()
    assert desk.tracked == 1800
    begin = (NINE * 1000 + off) // 1000
    assert all(begin - 600 < one.segment.starts_at < begin + 1800 for one in desk.of(Finished))
    assert all(one.made_at <= begin + 1800 for one in desk.of(Finished))


def test_a_clock_that_becomes_unusable_stops_with_a_reason() -> None:
    desk = Desk()
    desk.start()
    desk.work(60)
    desk.wall = 0
    desk.say(TICK)
    assert StopReason.CLOCK.value in next(mark.what for mark in desk.of(Mark) if mark.kind is MarkKind.STOPPED)
