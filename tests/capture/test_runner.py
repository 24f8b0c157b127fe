"""The loop around the tracker, on a stage: what is recorded, held back, refused, late, and what never stops it."""

from __future__ import annotations

import sqlite3

import pytest

from tests.capture.stage import ANA, PLATFORM, WEDNESDAY, a_journal, picture_of, staged
from workdiary.capture.events import MarkKind, StopReason
from workdiary.capture.spool.kept import Kind, Room, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.diary.changes import (
    CaptureConsented,
    CaptureEnded,
    CaptureStarted,
    LateEvidence,
    TimeDeleted,
    TimeTracked,
)
from workdiary.diary.closing import close_week
from workdiary.diary.diary import Diary
from workdiary.diary.verify import verify
from workdiary.errors import InvalidValue
from workdiary.model.contract import ContractStatus
from workdiary.model.segment import Segment
from workdiary.model.slots import Slot
from workdiary.model.times import instant

NINE = Slot(WEDNESDAY // 600)


def test_a_session_is_recorded_with_its_start_its_segments_and_its_end() -> None:
    with staged() as stage:
        stage.runner.start("c-1", memo="Fix the login form")
        stage.work(1800)
        stage.runner.stop()
        stage.work(120)
        assert stage.recorded() == ["11-18T09:00", "11-18T09:10", "11-18T09:20"]
        (started,), (ended,) = stage.entries(CaptureStarted), stage.entries(CaptureEnded)
        assert isinstance(ended.change, CaptureEnded)
        assert ended.change.of == started.id
        first = stage.diary.segments(instant("2026-11-18T09:00Z"))[0]
        assert first.memo == "Fix the login form"
        assert first.activity is not None
        assert first.activity.keystrokes == 600
        assert [shot.digest for shot in first.snapshots] == [picture_of(NINE)]
        assert verify(stage.journal, "c-1").is_sound


def test_a_segment_is_held_back_for_a_minute() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(600)
        assert [item.standing for item in stage.items()] == [Standing.WAITING]
        stage.work(58)
        assert stage.recorded() == []
        stage.work(5)
        assert stage.recorded() == ["11-18T09:00"]


def test_t6_a_snapshot_deleted_in_the_hold_never_reaches_the_diary() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(620)
        assert stage.files.get(picture_of(NINE))
        assert stage.runner.delete("c-1", NINE)
        stage.work(600)
        assert stage.recorded() == []
        assert not stage.entries(TimeTracked)
        assert not stage.entries(TimeDeleted)
        assert picture_of(NINE) not in stage.files.digests()
        assert picture_of(NINE) not in stage.spool.digests() or stage.items(Standing.DELETED)


def test_t6_a_snapshot_deleted_after_the_hold_takes_its_segment_out_of_the_diary() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(1300)
        assert stage.recorded() == ["11-18T09:00", "11-18T09:10"]
        assert stage.runner.delete("c-1", NINE)
        stage.work(5)
        assert stage.recorded() == ["11-18T09:10"]
        assert len(stage.entries(TimeDeleted)) == 1
        assert picture_of(NINE) not in stage.files.digests()
        assert picture_of(NINE + 1) in stage.files.digests()


def test_a_deletion_while_the_answer_to_a_try_is_unknown_deletes_it_in_the_diary_too() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(600)
        (item,) = stage.items()
        assert stage.spool.try_item(item.number) is not None  # and then the answer was lost
        assert stage.runner.delete("c-1", NINE)
        stage.work(120)
        deletion = [one for one in stage.spool.items() if one.kind is Kind.DELETED]
        assert [one.standing for one in deletion] == [Standing.SENT], "there was nothing, and that is all right"
        assert stage.recorded() == []


def test_two_slots_with_the_same_picture_keep_it_until_both_are_gone() -> None:
    with staged() as stage:
        stage.camera.paint = lambda slot: b"the same"  # type: ignore[method-assign]  # every picture alike
        stage.runner.start("c-1")
        stage.work(1290)
        (same,) = stage.files.digests()
        stage.runner.delete("c-1", NINE)
        stage.work(5)
        assert [*stage.files.digests()] == [same]
        stage.runner.stop()
        for later in (NINE + 1, NINE + 2):  # the moment of the third may have come already
            stage.runner.delete("c-1", Slot(later))
        stage.work(5)
        assert [*stage.files.digests()] == []


def test_f37_an_unreachable_diary_never_stops_the_counting_and_gets_everything_later() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(700)
        stage.is_reachable = False
        stage.work(2000)
        assert stage.recorded() == ["11-18T09:00"]
        assert stage.sender.trouble is not None
        assert "cannot be reached" in stage.sender.trouble
        stage.is_reachable = True
        stage.work(130)
        assert stage.recorded() == ["11-18T09:00", "11-18T09:10", "11-18T09:20", "11-18T09:30"]
        assert stage.sender.trouble is None


def test_a17_b77_b79_pictures_taken_offline_reach_the_diary_byte_for_byte() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(1)
        stage.is_reachable = False
        stage.work(1300)
        stage.is_reachable = True
        stage.work(130)
        shown = {one.slot: one.snapshots for one in stage.diary.segments(instant("2026-11-18T09:00Z"))}
        assert [*shown] == [NINE, NINE + 1]
        for slot, (shot,) in shown.items():
            assert shot.digest == picture_of(slot)
            assert stage.files.get(picture_of(slot)) == b"picture %d" % slot


def test_b49_offline_and_hibernated_loses_nothing() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(1)
        stage.is_reachable = False
        stage.work(1199)
        stage.clocks.pass_by(8 * 3600, asleep=True)
        stage.work(2)
        stage.kill()
        stage.clocks.pass_by(3600, asleep=True)
        stage.is_reachable = True
        stage.start_again()
        stage.work(130)
        assert stage.recorded()[:2] == ["11-18T09:00", "11-18T09:10"]
        first, second = stage.diary.segments(instant("2026-11-18T09:00Z"))[:2]
        assert first.activity is not None
        assert second.activity is not None
        assert (first.activity.keystrokes, second.activity.keystrokes) == (600, 600)


def test_a_tracker_starts_for_a_contract_that_it_knows_while_the_diary_is_away() -> None:
    with staged() as stage:
        stage.work(1)
        stage.kill()
        stage.is_reachable = False
        stage.start_again()
        stage.runner.start("c-1")
        stage.work(700)
        stage.is_reachable = True
        stage.work(70)
        assert stage.recorded() == ["11-18T09:00"]


def test_a19_b62_an_item_that_the_diary_refuses_is_kept_and_holds_up_no_other() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(600)
        (poison,) = stage.items()
        # Somebody else has used the id, with another content.
        other = TimeTracked(segments=[_segment(NINE, "Another")], made_at=stage.clocks.now)
        assert stage.diary.record(other, by=ANA, id=poison.id).recorded
        stage.work(700)
        assert [item.standing for item in stage.items()] == [Standing.CONFLICT, Standing.SENT]
        assert any(poison.id in trouble for trouble in stage.runner.troubles())
        stage.spool.tidy(now=(WEDNESDAY + 400 * 86_400) * 1000)
        assert stage.items(Standing.CONFLICT), "what was not taken is never removed"


def test_a18_a_fault_of_the_sender_does_not_stop_it_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        with monkeypatch.context() as broken:
            broken.setattr(Diary, "record", lambda *_, **__: 1 / 0)
            stage.work(800)
            assert "ZeroDivisionError" in (stage.sender.trouble or "")
        stage.work(70)
        assert stage.recorded() == ["11-18T09:00"]


def test_t16_f48_a_week_that_locks_while_offline_goes_into_the_evidence() -> None:
    with staged(second=int(instant("2026-11-22T23:40:00Z"))) as stage:
        stage.runner.start("c-1")
        stage.until("2026-11-22T23:50:01Z")
        stage.is_reachable = False
        stage.runner.stop()
        stage.clocks.pass_by(11 * 3600)  # to Monday, 10:50: an hour and ten minutes before the lock
        stage.runner.tick()
        assert any("locks within 4 h" in trouble for trouble in stage.runner.troubles())
        stage.clocks.pass_by(3600)
        assert any("locks within 1 h" in trouble for trouble in stage.runner.troubles())
        stage.clocks.pass_by(3600)
        assert any("evidence" in trouble for trouble in stage.runner.troubles())
        before = stage.diary.statement(instant("2026-11-22T00:00Z")).amount
        close_week(stage.diary, instant("2026-11-22T00:00Z"), by=PLATFORM)
        stage.is_reachable = True
        stage.work(90)
        assert [item.standing for item in stage.items()] == [Standing.LATE]
        assert len(stage.entries(LateEvidence)) == 1
        assert stage.diary.statement(instant("2026-11-22T00:00Z")).amount == before


@pytest.mark.parametrize("status", [ContractStatus.PAUSED, ContractStatus.CLOSED])
def test_b71_b72_a_contract_that_is_stopped_elsewhere_stops_the_tracker(status: ContractStatus) -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(900)
        stage.client_sets(status)
        stage.work(20)
        assert not stage.runner.is_on
        assert any(mark.kind is MarkKind.STOPPED and status.value in mark.what for mark in stage.spool.marks())
        taken = stage.camera.taken
        stage.work(1200)
        assert stage.camera.taken == taken, "B72: no snapshots go on"
        with pytest.raises(InvalidValue, match=status.value):
            stage.runner.start("c-1")


def test_nothing_is_captured_without_a_consent_on_record() -> None:
    with staged() as stage:
        consent = stage.diary.record(CaptureConsented(notice="another notice"), by=ANA, id="consent 2")
        assert consent.recorded
        stage.sender._consents.clear()
        stage.sender.look("c-1")
        with pytest.raises(InvalidValue, match="consent"):
            stage.runner.start("c-1")
        assert not stage.runner.is_on


def test_midnight_and_the_end_of_the_week_split_nothing() -> None:
    with staged(second=int(instant("2026-11-22T23:40:00Z"))) as stage:
        stage.runner.start("c-1")
        stage.until("2026-11-23T00:20:00Z")
        stage.runner.stop()
        stage.work(90)
        assert stage.recorded() == ["11-22T23:40", "11-22T23:50", "11-23T00:00", "11-23T00:10"]
        assert len(stage.entries(CaptureStarted)) == 1
        assert str(stage.diary.statement(instant("2026-11-22T00:00Z")).amount) == "10.00 USD"
        assert str(stage.diary.statement(instant("2026-11-23T00:00Z")).amount) == "10.00 USD"


def test_f5_f6_a_process_that_stood_still_is_not_billed_for_it() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(1200)
        stage.clocks.pass_by(3600)
        stage.runner.tick()
        stage.work(1200)
        stage.runner.stop()
        stage.work(70)
        assert stage.recorded() == ["11-18T09:00", "11-18T09:10", "11-18T10:20", "11-18T10:30"]


def test_f41_a_suspension_earns_nothing_and_the_outbox_is_sent_after_it() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(1210)
        stage.clocks.pass_by(8 * 3600, asleep=True)
        stage.work(3)
        assert stage.recorded() == ["11-18T09:00", "11-18T09:10"]
        assert any(mark.kind is MarkKind.SUSPENDED for mark in stage.spool.marks())


def test_f44_a_clock_set_back_does_not_stretch_the_hold() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(605)
        stage.clocks.set(-3600)
        stage.runner.stop()
        stage.clocks.set(3600)
        stage.work(1)
        stage.clocks.set(-1800)
        stage.work(62)
        assert not stage.items(Standing.WAITING)


def test_a28_b48_switching_off_loses_no_second() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(59)
        stage.clocks.pass_by(1)
        stage.runner.end(StopReason.SHUTDOWN)
        minutes = stage.spool.known().minutes
        assert [minute.stretches for minute in minutes] == [((WEDNESDAY, WEDNESDAY + 60),)]
        assert [minute.counts for minute in minutes] == [(60, 0, 0)]
        assert stage.keys.is_closed
        assert [item.standing for item in stage.spool.items() if item.kind is Kind.ENDED] == [Standing.SENT]


def test_b45_b47_ten_starts_and_stops_in_a_slot_change_no_total() -> None:
    with staged() as stage:
        for _ in range(10):
            stage.runner.start("c-1")
            stage.work(60)
            stage.runner.stop()
        stage.work(70)
        assert stage.recorded() == ["11-18T09:00"]
        (segment,) = stage.diary.segments(instant("2026-11-18T09:00Z"))
        assert segment.activity is not None
        assert segment.activity.keystrokes == 600


def test_f11_a_fault_in_reading_the_inputs_is_told_and_the_clock_runs_on() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(100)
        stage.keys.breaks = RuntimeError("the listener is gone")
        stage.work(100)
        stage.keys.breaks = None
        stage.work(500)
        assert any("listener is gone" in trouble for trouble in stage.runner.troubles())
        (item,) = stage.items()
        assert "keystrokes" not in item.body or '"keystrokes": null' in item.body


def test_a23_a_fault_in_reading_the_inputs_unlocks_nothing() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(100)
        stage.keys.is_locked = True
        stage.work(10)
        stage.keys.breaks = RuntimeError("the listener is gone")
        stage.work(100)
        assert stage.runner.state.session_seconds == 100
        assert not stage.runner.state.is_tracking


@pytest.mark.parametrize(("locked", "tracked"), [(True, 88), (None, 100), (False, 101)])
def test_a23_what_the_inputs_say_of_the_lock_reaches_the_tracker(locked: bool | None, tracked: int) -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(88)
        stage.keys.doubt = 13_000
        stage.work(12)
        stage.keys.is_locked = locked
        stage.work(1)
        assert stage.runner.state.session_seconds == tracked


def test_f60_a_failing_camera_costs_the_picture_and_not_the_segment() -> None:
    with staged() as stage:
        stage.camera.fails = "no picture to be had"
        stage.runner.start("c-1")
        stage.work(700)
        assert stage.camera.taken <= 2 * 3, "three tries a slot at the most"
        assert stage.recorded() == ["11-18T09:00"]
        (segment,) = stage.diary.segments(instant("2026-11-18T09:00Z"))
        assert segment.snapshots == ()


def test_t15_a_full_disk_stops_the_snapshots_before_the_counts() -> None:
    with staged() as stage:
        stage.work(61)
        stage.spool._free = lambda _: 1024  # the disk is full
        stage.work(61)
        stage.runner.start("c-1")
        stage.work(1300)
        assert stage.camera.taken == 0
        assert any("no snapshots" in trouble for trouble in stage.runner.troubles())
        assert "11-18T09:10" in stage.recorded(), "the counts are there"


def test_t15_what_cannot_be_written_is_kept_in_memory_and_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(70)
        with monkeypatch.context() as full:
            full.setattr(Spool, "_keep", _disk_is_full)
            stage.work(600)
            assert any("disk is full" in trouble for trouble in stage.runner.troubles())
            assert stage.recorded() == []
        stage.work(700)
        assert stage.recorded() == ["11-18T09:00", "11-18T09:10"]
        first = stage.diary.segments(instant("2026-11-18T09:00Z"))[0]
        assert first.activity is not None
        assert first.activity.keystrokes == 600
        assert not any("disk" in trouble for trouble in stage.runner.troubles())


def _disk_is_full(*_: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


def test_a_diary_of_the_same_name_that_is_another_one_gets_nothing() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(600)
        stage.kill()
        stage.clocks.pass_by(2)
        stage.journal = a_journal(lambda: stage.clocks.wall / 1000)
        stage.start_again()
        stage.work(70)
        assert stage.recorded() == []
        assert "another diary" in (stage.sender.trouble or "")


def test_the_room_warns_at_four_fifths() -> None:
    assert Room(used=0, free=1, oldest=0, share=0.8).warns
    assert not Room(used=0, free=1, oldest=0, share=0.79).warns
    assert Room(used=0, free=1, oldest=0, share=1.0).is_short


def _segment(slot: Slot, memo: str) -> Segment:
    return Segment.tracked(slot, memo=memo)
