"""Snapshots in the machine: failed, odd, late, deleted, and what becomes of their segments."""

from __future__ import annotations

import pytest

from tests.capture.desk import (
    FIRST,
    NINE,
    Desk,
    key,
    key_with,
    second,
)
from workdiary.capture.events import (
    DropSnapshot,
    Finished,
    MarkKind,
    SnapshotDeleted,
    StopReason,
    TakeSnapshot,
)
from workdiary.model.segment import Snapshot
from workdiary.model.slots import Slot
from workdiary.model.times import Instant


def test_a_failed_snapshot_is_tried_three_times_and_the_time_is_credited_all_the_same() -> None:
    desk = Desk(camera="fail")
    desk.start(secret=key_with("acme", FIRST, least=100, most=400))
    desk.work(600)
    shots = desk.of(TakeSnapshot)
    assert [shot.attempt for shot in shots if shot.slot == FIRST] == [1, 2, 3]
    (finished,) = desk.of(Finished)
    assert (finished.segment.snapshots, finished.marks) == ((), ("snapshot_failed",))
    assert desk.marks.count(MarkKind.SNAPSHOT_FAILED) == 3


def test_a_retry_that_succeeds_is_the_snapshot() -> None:
    secret = key_with("acme", FIRST, least=100, most=400)
    desk = Desk(camera="fail")
    desk.start(secret=secret)
    desk.work(second(secret, "acme", FIRST) + 5)
    desk.camera = "good"
    desk.work(595 - second(secret, "acme", FIRST))
    at = Instant(NINE + second(secret, "acme", FIRST) + 15)
    assert desk.of(Finished)[0].segment.snapshots == (Snapshot(at=at, digest="picture 1"),)


def test_a_failure_in_the_last_seconds_is_not_tried_in_the_next_slot() -> None:
    desk = Desk(camera="fail")
    desk.start(secret=key_with("acme", FIRST, least=590, others=((FIRST + 1, 300, 599),)))
    desk.work(800)
    assert [shot.attempt for shot in desk.of(TakeSnapshot)] == [1]
    assert len(desk.of(Finished)) == 1


def test_a_blank_snapshot_never_passes_as_evidence() -> None:
    desk = Desk(camera="blank")
    desk.start(secret=key_with("acme", FIRST, least=100, most=400))
    desk.work(600)
    (finished,) = desk.of(Finished)
    assert finished.segment.snapshots == ()
    assert finished.marks == ("snapshot_odd", "snapshot_failed")
    assert [drop.digests for drop in desk.of(DropSnapshot)] == [("picture 1",), ("picture 2",), ("picture 3",)]


@pytest.mark.parametrize("flag", ["unchanged", "partial"])
def test_an_odd_snapshot_is_kept_and_marked(flag: str) -> None:
    desk = Desk(camera=flag)
    desk.start()
    desk.work(600)
    (finished,) = desk.of(Finished)
    assert len(finished.segment.snapshots) == 1
    assert finished.marks == ("snapshot_odd",)


def test_a_snapshot_that_is_slow_is_waited_for() -> None:
    desk = Desk(camera="slow")
    desk.start(secret=key_with("acme", FIRST, least=590, others=((FIRST + 1, 100, 599),)))
    desk.work(605)
    assert desk.of(Finished) == []
    assert desk.state.is_waiting
    desk.shoot(desk.of(TakeSnapshot)[0])
    (finished,) = desk.of(Finished)
    assert finished.segment.snapshots == (Snapshot(at=Instant(NINE + 599), digest="picture 1"),)
    assert finished.marks == ("snapshot_late",)


def test_a_snapshot_that_never_comes_is_given_up() -> None:
    desk = Desk(camera="slow")
    desk.start(secret=key_with("acme", FIRST, least=590, others=((FIRST + 1, 100, 599),)))
    desk.work(650)
    (finished,) = desk.of(Finished)
    assert (finished.segment.snapshots, finished.marks) == ((), ("snapshot_failed",))
    desk.shoot(desk.of(TakeSnapshot)[0])
    assert [drop.digests for drop in desk.of(DropSnapshot)] == [("picture 1",)]
    assert len(desk.of(Finished)) == 1


def test_a_stop_waits_for_a_snapshot_but_a_shutdown_does_not() -> None:
    for reason, segments in ((StopReason.USER, 0), (StopReason.SHUTDOWN, 1)):
        secret = key_with("acme", FIRST, least=100, most=400)
        desk = Desk(camera="slow")
        desk.start(secret=secret)
        desk.work(second(secret, "acme", FIRST) + 1)
        desk.stop(reason)
        assert len(desk.of(Finished)) == segments
        desk.shoot(desk.of(TakeSnapshot)[0])
        (finished,) = desk.of(Finished)
        assert len(finished.segment.snapshots) == 1 - segments


def test_deleting_a_snapshot_deletes_the_segment_and_nothing_brings_it_back() -> None:
    secret = key_with("acme", FIRST, least=100, most=200)
    desk = Desk()
    desk.start(secret=secret)
    desk.work(250)
    desk.say(SnapshotDeleted(slot=Slot(FIRST)))
    assert desk.state.session_seconds == 0
    desk.work(100)
    desk.stop()
    desk.start(session="s2", secret=key(3))
    desk.work(250)
    desk.stop()
    assert desk.segments == []
    assert [drop.digests for drop in desk.of(DropSnapshot)] == [("picture 1",)]
    assert desk.on_disk == 0


def test_deleting_a_finished_segment_drops_its_images() -> None:
    desk = Desk()
    desk.start()
    desk.work(700)
    desk.say(SnapshotDeleted(slot=Slot(FIRST), contract="acme"))
    assert [(drop.slot, drop.digests) for drop in desk.of(DropSnapshot)] == [(FIRST, ("picture 1",))]
    assert desk.state.session_seconds == 100
    desk.work(500)
    assert desk.segments == [("acme", 0, "s1"), ("acme", 10, "s1")]
