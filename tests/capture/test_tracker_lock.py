"""The lock of the screen, which is noticed late: what may have been locked is not tracked, no password is counted."""

from __future__ import annotations

import pytest

from tests.capture.desk import ACME, BOLT, FIRST, HALF, NINE, Desk, key, key_with
from workdiary.capture.events import (
    AskIdle,
    DropSnapshot,
    Finished,
    Job,
    Mark,
    MarkKind,
    SnapshotDeleted,
    StopReason,
    Ticked,
)
from workdiary.capture.moments import second_of
from workdiary.model.slots import Slot

OFFICE = Job(contract="acme", credit=HALF)
HOURS = 8 * 3_600_000
TICK = 1000


def tick(desk: Desk, *, unsure: int, locked: bool | None = False, keys: int = 1) -> None:
    desk.turn(wall=TICK, mono=TICK, boot=TICK)
    desk.say(Ticked(counts=(keys, 0, 0), idle=0, locked=locked, unsure=unsure))


def doubtful(desk: Desk, seconds: int, *, keys: int = 1) -> None:
    """Work for so many seconds after a look that said that the screen is not locked, without another look."""
    for n in range(1, seconds + 1):
        tick(desk, unsure=n * 1000, keys=keys)


def keys_kept(desk: Desk) -> int:
    return sum(one.counts[0] for one in desk.kept.values() if one.counts is not None)


@pytest.mark.parametrize("seconds", [0, 1, 4, 5, 14, 40, 59])
def test_a23_a_lock_takes_back_the_time_since_it_was_last_known_not_to_be_and_what_was_counted(seconds: int) -> None:
    desk = Desk()
    desk.start()
    desk.work(100)
    doubtful(desk, seconds, keys=7)
    assert desk.tracked == 100 + seconds
    tick(desk, unsure=(seconds + 1) * 1000, locked=True)
    assert (desk.tracked, desk.on_disk, keys_kept(desk)) == (100, 100, 100)
    assert desk.state.session_seconds == 100
    assert (desk.state.is_tracking, desk.state.doubts) == (False, ())
    (mark,) = desk.of(Mark)
    assert mark.kind is MarkKind.LOCKED
    assert (f"{seconds} s before it are taken back" in mark.what) is bool(seconds)
    desk.work(50, locked=True)
    desk.work(61)
    desk.stop()
    assert (desk.tracked, desk.on_disk, keys_kept(desk)) == (160, 160, 160)


@pytest.mark.parametrize("seconds", [0, 1, 5, 14, 45])
def test_a_look_that_says_that_it_is_not_locked_keeps_everything(seconds: int) -> None:
    desk = Desk()
    desk.start()
    desk.work(100)
    doubtful(desk, seconds, keys=7)
    tick(desk, unsure=300, keys=7)  # asked 300 ms ago, in this second
    tick(desk, unsure=1300, locked=True)
    assert desk.tracked == 100 + seconds
    desk.stop()
    assert keys_kept(desk) == 100 + 7 * seconds


def test_what_nobody_has_known_for_longer_than_a_minute_is_believed() -> None:
    desk = Desk()
    desk.start()
    desk.work(60)
    doubtful(desk, 300)
    assert len(desk.state.doubts) <= 60
    tick(desk, unsure=301_000, locked=True)
    assert desk.tracked == 301  # 60 s before the tick that is not tracked itself


def test_a_segment_waits_for_the_look_that_says_whether_its_end_was_locked() -> None:
    for locked in (False, True):
        desk = Desk()
        desk.start(OFFICE)
        desk.work(594)
        doubtful(desk, 12, keys=3)  # over the end of the segment, at 600
        assert desk.of(Finished) == []
        tick(desk, unsure=0 if not locked else 13_000, locked=locked)
        desk.stop()
        (finished,) = desk.of(Finished)
        activity = finished.segment.activity
        assert activity is not None
        assert activity.keystrokes == (594 if locked else 594 + 6 * 3)
        assert desk.tracked == (594 if locked else 607)


def test_time_of_two_minutes_is_taken_back_from_both() -> None:
    desk = Desk()
    desk.start()
    desk.work(50)
    for n in (1, 2):
        desk.turn(wall=14_000, mono=14_000, boot=14_000)
        desk.say(Ticked(counts=(5, 0, 0), idle=0, unsure=n * 14_000))
    assert desk.tracked == 78
    tick(desk, unsure=29_000, locked=True)
    assert (desk.tracked, desk.on_disk, keys_kept(desk)) == (50, 50, 50)


def test_unknown_counts_stay_unknown() -> None:
    desk = Desk()
    desk.start()
    desk.work(30, counts=None)
    doubtful(desk, 5)
    tick(desk, unsure=6000, locked=True)
    assert [one.counts for one in desk.kept.values()] == [None]
    assert desk.tracked == 30


def test_a_snapshot_of_a_screen_that_may_have_been_locked_is_no_evidence() -> None:
    desk = Desk()
    desk.start(secret=key_with("acme", FIRST, least=110, most=114))
    desk.work(109)
    doubtful(desk, 8)
    assert desk.pictures == 1
    tick(desk, unsure=9000, locked=True)
    desk.work(500, locked=True)
    assert [one.digests for one in desk.of(DropSnapshot)] == [("picture 1",)]
    desk.stop()
    assert desk.of(Finished) == []


def test_a_moment_before_that_stays() -> None:
    desk = Desk()
    secret = key_with("acme", FIRST, least=50, most=60)
    desk.start(secret=secret)
    desk.work(100)
    doubtful(desk, 8)
    tick(desk, unsure=9000, locked=True)
    desk.stop()
    (finished,) = desk.of(Finished)
    assert [int(one.at or 0) - NINE for one in finished.segment.snapshots] == [second_of(secret, "acme", Slot(FIRST))]


def test_quiet_time_that_is_taken_back_is_not_asked_about() -> None:
    desk = Desk()
    desk.start()
    desk.rest(590)
    for n in range(1, 10):
        desk.turn(wall=1000, mono=1000, boot=1000)
        desk.say(Ticked(counts=(0, 0, 0), idle=590_000 + n * 1000, unsure=n * 1000))
    desk.turn(wall=1000, mono=1000, boot=1000)
    desk.say(Ticked(counts=(0, 0, 0), idle=600_000, locked=True, unsure=10_000))
    assert desk.tracked == 590
    assert desk.of(AskIdle) == []


def test_what_was_worked_before_the_screen_was_locked_does_not_wait_until_it_is_unlocked() -> None:
    """Less idle time than one is asked about is work; on a locked screen no more comes to it."""
    desk = Desk()
    desk.start()
    desk.work(400)
    desk.rest(300)
    desk.work(1, counts=(0, 0, 0), idle=301_000, locked=True)
    assert [slot for _, slot, _ in desk.segments] == [0]


def test_what_ends_while_it_is_in_doubt_is_over() -> None:
    desk = Desk()
    desk.start(ACME)
    desk.work(100)
    doubtful(desk, 5)
    desk.start(BOLT, session="s2", secret=key(1))  # whoever does that sits before it
    tick(desk, unsure=1000, locked=True)
    assert desk.tracked == 105
    desk.stop(StopReason.SHUTDOWN)
    assert desk.state.doubts == ()


def test_time_between_a_tick_and_a_command_is_in_doubt_too() -> None:
    desk = Desk()
    desk.start()
    desk.work(100)
    desk.turn(wall=1000, mono=1000, boot=1000)
    desk.say(SnapshotDeleted(slot=Slot(FIRST + 5)))
    assert desk.tracked == 101
    tick(desk, unsure=2000, locked=True)
    assert desk.tracked == 100


def test_what_was_deleted_meanwhile_is_not_taken_back_twice() -> None:
    desk = Desk()
    desk.start()
    desk.work(100)
    doubtful(desk, 5)
    desk.say(SnapshotDeleted(slot=Slot(FIRST), contract="acme"))
    tick(desk, unsure=6000, locked=True)
    assert (desk.tracked, desk.state.session_seconds) == (0, 0)


# Resumed.


@pytest.mark.parametrize(
    ("locked", "before", "after"),
    [
        # It was not locked: nothing is lost, and time goes on with the answer.
        (False, 104, 60),
        # It is locked: nobody knows since when, so what was in doubt before the suspension goes as well.
        (True, 100, 0),
    ],
)
def test_a23_resumed_and_not_known_to_be_unlocked_is_paused_until_it_is_known(
    locked: bool, before: int, after: int
) -> None:
    desk = Desk()
    desk.start()
    desk.work(100)
    doubtful(desk, 4)
    desk.turn(wall=HOURS, boot=HOURS)
    for n in range(3):
        tick(desk, unsure=(5 + n) * 1000, locked=None, keys=9)
        assert (desk.tracked, desk.state.is_tracking, desk.state.is_locked) == (104, False, True)
    tick(desk, unsure=8000 if locked else 0, locked=locked, keys=9)
    assert desk.tracked == before
    desk.work(60, locked=locked)
    assert desk.tracked == before + after
    desk.stop()
    assert keys_kept(desk) == before + after
    kinds = [mark for mark in desk.marks if mark is not MarkKind.NOT_CREDITED]
    assert kinds[:2] == [MarkKind.LOCKED, MarkKind.SUSPENDED]
    assert (MarkKind.UNLOCKED in kinds) is not locked


def test_a23_a_start_on_a_screen_that_may_be_locked_waits() -> None:
    desk = Desk()
    desk.say(Ticked(counts=(0, 0, 0), locked=None))
    desk.start()
    for _ in range(5):
        tick(desk, unsure=0, locked=None)
    assert desk.tracked == 0
    desk.work(61)
    assert desk.tracked == 60
