"""Pitfalls of trackers, as far as the state machine answers for them: time, idle time, locks, snapshots, crashes."""

from __future__ import annotations

import pytest

from tests.capture.desk import ACME, FIRST, HALF, NINE, TOUCH, Desk, key, key_with, second
from workdiary.capture.events import (
    AskIdle,
    Choice,
    Finished,
    Job,
    MarkKind,
    MinuteKept,
    SlotKept,
    SnapshotDeleted,
    TakeSnapshot,
    Ticked,
)
from workdiary.capture.recovery import Known, Past, recover
from workdiary.capture.tracker import initial
from workdiary.model.activity import Activity
from workdiary.model.slots import Slot
from workdiary.model.times import Instant
from workdiary.rules.credit import tracked_seconds

OFFICE = Job(contract="acme", credit=HALF)


def test_a8_a_crash_before_the_first_segment_keeps_the_time_and_says_so() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(530)
    minutes = tuple(desk.of(MinuteKept))
    past = Past(contract="acme", session="s1", secret=key(0), minutes=minutes, since=Instant(NINE))
    known = Known(pasts=(past,), minutes=minutes, slots=tuple(desk.of(SlotKept)))
    desk.turn(wall=86_400_000)
    state, effects = recover(initial(), known, desk.reading)
    (finished,) = [effect for effect in effects if isinstance(effect, Finished)]
    assert finished.marks == ("recovered", "snapshot_failed")
    assert sum(ledger.tracked for ledger in state.ledgers) == 480


def test_a15_hours_of_sleep_are_no_work_and_a_clock_set_back_stops_nothing() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(600)
    desk.turn(wall=4 * 3_600_000, boot=4 * 3_600_000)
    desk.work(600)
    desk.turn(wall=-3_600_000)
    desk.work(600)
    desk.stop()
    assert 1798 <= desk.tracked <= 1800
    assert [mark for mark in desk.marks if mark in (MarkKind.SUSPENDED, MarkKind.CLOCK_STEP)] == [
        MarkKind.SUSPENDED,
        MarkKind.CLOCK_STEP,
    ]


@pytest.mark.parametrize("n", range(12))
def test_a16_each_tracked_segment_has_one_snapshot_at_its_drawn_second(n: int) -> None:
    desk = Desk()
    desk.start(secret=key(n))
    desk.work(3000)
    desk.stop()
    drawn = [NINE + 600 * m + second(key(n), "acme", FIRST + m) for m in range(5)]
    assert [int(shot.at) for shot in desk.of(TakeSnapshot)] == drawn
    assert [len(finished.segment.snapshots) for finished in desk.of(Finished)] == [1] * 5


@pytest.mark.parametrize("tick", [1000, 1700, 3300, 7000, 13_000])
def test_a20_ticks_that_come_late_jump_over_nothing_and_count_nothing_twice(tick: int) -> None:
    desk = Desk()
    desk.start(secret=key_with("acme", FIRST, least=20, most=570))
    desk.work(600, tick=tick)
    desk.stop()
    assert desk.tracked == 600_000 // tick * tick // 1000
    assert len([shot for shot in desk.of(TakeSnapshot) if shot.slot == FIRST]) == 1
    assert len(desk.segments) >= 1


def test_a21_discarding_idle_time_keeps_the_work_before_it() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(420)
    desk.rest(900)
    desk.answer(Choice.DISCARD)
    desk.stop()
    assert desk.tracked == 420
    assert desk.segments == [("acme", 0, "s1")]


def test_a22_a_pause_splits_and_shifts_nothing() -> None:
    desk = Desk()
    desk.start()
    desk.work(120)
    desk.work(180, locked=True)
    desk.work(121)
    desk.stop()
    seconds = tuple(stretch for ledger in desk.state.ledgers for stretch in ledger.stretches)
    tracked = {second - NINE for begin, end in seconds for second in range(begin, end)}
    assert tracked == {*range(120), *range(301, 421)}


@pytest.mark.parametrize("locked", [False, True])
def test_a23_time_goes_on_when_resumed_and_unlocked_only(locked: bool) -> None:
    desk = Desk()
    desk.start()
    desk.work(60)
    desk.work(1, locked=True)
    desk.turn(wall=3_600_000, boot=3_600_000)
    desk.work(300, locked=locked)
    assert desk.state.is_tracking is not locked
    assert desk.tracked == (60 if locked else 359)


def test_a30_idle_time_is_measured_and_not_told_by_a_clock_that_jumps() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(60)
    desk.turn(wall=3_600_000)
    desk.work(30)
    desk.turn(wall=-3_600_000)
    desk.work(30)
    assert desk.of(AskIdle) == []
    desk.rest(300)
    desk.turn(wall=3_600_000)
    desk.rest(299, since=300)
    assert desk.of(AskIdle) == []
    desk.rest(2, since=599)
    assert len(desk.of(AskIdle)) == 1


@pytest.mark.parametrize("end", ["stop", "shutdown", "later"])
def test_a40_idle_time_is_never_kept_by_silence(end: str) -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(600)
    desk.rest(1200)
    if end == "later":
        desk.work(3600)
    desk.stop()
    assert desk.tracked == 600 + (3600 if end == "later" else 0)
    assert MarkKind.IDLE_DISCARDED in desk.marks
    assert MarkKind.IDLE_KEPT not in desk.marks


def test_b44_deleting_a_snapshot_takes_ten_minutes_and_no_more() -> None:
    desk = Desk()
    desk.start()
    desk.work(3600)
    desk.say(SnapshotDeleted(slot=Slot(FIRST + 2), contract="acme"))
    assert (desk.state.session_seconds, desk.tracked, desk.on_disk) == (3000, 3000, 3000)


def test_b45_starting_and_stopping_changes_no_total() -> None:
    desk = Desk()
    for n in range(120):
        desk.start(session=f"s{n}", secret=key(n))
        desk.work(10)
        desk.stop()
    assert desk.tracked == 1200
    assert desk.on_disk == 1200


@pytest.mark.parametrize("step", [-86_400_000, -3_600_000, -601_000, -59_000, -2_500, 3_600_000])
def test_b46_no_clock_makes_a_stretch_a_count_or_a_total_negative(step: int) -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(400)
    desk.turn(wall=step)
    desk.work(400)
    desk.turn(mono=-5_000, boot=-5_000)
    desk.work(400)
    desk.stop()
    kept = desk.of(MinuteKept)
    assert kept
    assert all(begin < end for one in kept for begin, end in one.stretches)
    assert all(count >= 0 for one in kept for count in one.counts or ())
    assert 0 < desk.tracked <= 1200
    assert desk.state.session_seconds >= 0


def test_b47_a_deletion_that_comes_to_nothing_does_not_stop_the_timer() -> None:
    desk = Desk()
    desk.start()
    desk.work(900)
    for slot, contract in ((FIRST - 5, "acme"), (FIRST + 9, "acme"), (FIRST, "bolt")):
        desk.say(SnapshotDeleted(slot=Slot(slot), contract=contract))
    desk.work(900)
    desk.stop()
    assert (desk.tracked, desk.on_disk) == (1800, 1800)
    assert len(desk.of(Finished)) == 3


@pytest.mark.parametrize("late", [1, 3, 7, 14])
def test_b53_ticks_that_are_late_leave_no_gap_and_no_overlap(late: int) -> None:
    desk = Desk()
    desk.start(OFFICE)
    for _ in range(60):
        desk.turn(wall=1000 * late, mono=1000 * late, boot=1000 * late)
        desk.say(Ticked(counts=(late, 0, 0), idle=0))
    desk.stop()
    stretches = sorted(one for kept in desk.kept.values() for one in kept.stretches)
    assert [begin for begin, _ in stretches[1:]] == [end for _, end in stretches[:-1]]
    assert desk.tracked == 60 * late


def test_b50_b51_suspended_time_is_neither_work_nor_idle_time() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(600)
    desk.turn(wall=28_800_000, boot=28_800_000)
    desk.say(Ticked(counts=(0, 0, 0), idle=28_800_000))
    desk.work(600)
    desk.stop()
    assert desk.tracked == 1200
    assert desk.of(AskIdle) == []


def test_b53_a_late_tick_makes_no_gap_of_negative_length() -> None:
    desk = Desk()
    desk.start()
    desk.work(100)
    desk.turn(wall=-500, mono=-500, boot=-500)
    desk.say(Ticked(counts=(0, 0, 0), idle=0))
    desk.work(100)
    desk.stop()
    assert all(begin < end for one in desk.of(MinuteKept) for begin, end in one.stretches)
    assert desk.tracked <= 200


@pytest.mark.parametrize("boot", [2**32 - 30_000, 2**31 - 30_000, 2**63 - 30_000])
def test_b54_no_counter_overflows(boot: int) -> None:
    desk = Desk(mono=boot - 1000, boot=boot)
    desk.start()
    desk.work(60)
    assert (desk.tracked, desk.marks) == (60, [])


def test_b54_nor_does_one_that_wraps_do_harm() -> None:
    desk = Desk(mono=2**32 - 30_000, boot=2**32 - 30_000)
    desk.start()
    desk.work(29)
    desk.mono = desk.boot = 0
    desk.turn(wall=1000)
    desk.work(60)
    assert 88 <= desk.tracked <= 89
    assert desk.marks == [MarkKind.CLOCK_STEP]


def test_b60_a_few_seconds_without_counts_make_no_segment_of_their_own() -> None:
    desk = Desk()
    desk.start()
    desk.work(300)
    desk.work(5, counts=None, idle=None)
    desk.work(295)
    assert desk.segments == [("acme", 0, "s1")]
    assert desk.of(Finished)[0].segment.activity == Activity.of_meter(9)


def test_b61_a_start_after_a_sleep_overlaps_nothing() -> None:
    desk = Desk()
    desk.start()
    desk.work(90)
    desk.turn(wall=7_200_000, boot=7_200_000)
    desk.start(session="s2", secret=key(1))
    desk.work(90)
    desk.stop()
    stretches = sorted(stretch for ledger in desk.state.ledgers for stretch in ledger.stretches)
    assert sum(end - begin for begin, end in stretches) == 180
    assert min(begin for begin, _ in stretches if begin > NINE + 600) >= NINE + 7290


def test_b75_a_picture_of_nothing_is_said_and_the_time_is_recorded() -> None:
    desk = Desk(camera="blank")
    desk.start()
    desk.work(600)
    (finished,) = desk.of(Finished)
    assert finished.segment.snapshots == ()
    assert "snapshot_failed" in finished.marks


def test_b76_half_an_hour_from_10_35_has_its_seconds_in_four_slots() -> None:
    desk = Desk(wall=(NINE + 5700) * 1000)
    desk.start(Job(contract="acme", credit=TOUCH))
    desk.work(1800)
    desk.stop()
    by_slot = sorted((int(ledger.slot), ledger.tracked) for ledger in desk.state.ledgers if ledger.tracked)
    assert [seconds for _, seconds in by_slot] == [300, 600, 600, 300]
    begin = Instant(NINE + 5700)
    assert dict(by_slot) == tracked_seconds([(begin, Instant(begin + 1800))])


def test_b77_each_segment_shows_its_own_snapshot_however_late_they_come() -> None:
    desk = Desk(camera="slow")
    desk.start(secret=key_with("acme", FIRST, least=575, most=590, others=((FIRST + 1, 0, 10),)))
    desk.work(615)
    first, later = desk.of(TakeSnapshot)
    desk.shoot(later)
    desk.shoot(first)
    desk.work(585)
    assert [(finished.segment.slot, finished.segment.snapshots[0].digest) for finished in desk.of(Finished)] == [
        (FIRST, "picture 2"),
        (FIRST + 1, "picture 1"),
    ]


def test_b80_the_moment_is_drawn_and_another_secret_draws_another() -> None:
    moments: set[int] = set()
    for n in range(30):
        desk = Desk()
        desk.start(secret=key(n))
        desk.work(600)
        moments.update(int(shot.at) for shot in desk.of(TakeSnapshot) if shot.slot == FIRST)
    assert len(moments) >= 25


def test_b84_lost_capture_is_said_at_once_and_marked_in_the_segment() -> None:
    desk = Desk()
    desk.start(ACME)
    desk.work(10)
    desk.work(1, counts=None, idle=None)
    assert desk.marks == [MarkKind.CAPTURE_LOST]
