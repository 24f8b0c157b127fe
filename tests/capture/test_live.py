"""What the real engine tells of a tracker on its stage: the facts that an interface cannot find out by itself."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest

from tests.capture.stage import ACME as CLIENT
from tests.capture.stage import ANA, PLATFORM, a_contract, picture_of, staged
from tests.capture.test_runner import NINE
from workdiary import policies
from workdiary.capture.events import MarkKind
from workdiary.capture.live import LiveEngine
from workdiary.capture.notice import NOTICE
from workdiary.capture.spool.kept import Standing
from workdiary.diary.changes import CaptureConsented, StatusChanged
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Calendars
from workdiary.errors import InvalidValue, WorkdiaryError
from workdiary.model.contract import ContractStatus, StatusChange
from workdiary.model.policy import Credit, CreditRule, Policy
from workdiary.model.times import instant

_OF_SNAPSHOTS = {MarkKind.SNAPSHOT_FAILED, MarkKind.SNAPSHOT_ODD}


@pytest.mark.parametrize("fails", ["", "The display is gone."])
def test_b80_a_snapshot_is_known_when_its_segment_is_over(fails: str) -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        stage.camera.fails = fails
        stage.runner.start("c-1")
        for _ in range(13):
            stage.work(46)  # to 09:09:58
            assert engine.status().shots == ()
            assert _OF_SNAPSHOTS.isdisjoint(mark.kind for mark in engine.status().marks)
        stage.work(5)
        (shot,) = engine.status().shots
        assert (shot.contract, shot.slot, shot.gone, shot.why) == ("c-1", NINE, False, fails or None)
        # Held back for a minute from the end of the segment on.
        assert shot.until is not None
        assert abs(shot.until - instant("2026-11-18T09:11:00Z")) <= 1


@pytest.mark.parametrize("fails", ["", "The display is gone."])
def test_a_snapshot_is_gone_when_its_segment_is_in_the_diary(fails: str) -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        stage.camera.fails = fails
        stage.runner.start("c-1")
        stage.work(605)
        assert engine.status().sent == frozenset()
        stage.work(60)
        assert stage.recorded() == ["11-18T09:00"]
        assert [shot.gone for shot in engine.status().shots] == [True]
        assert engine.status().sent == {("c-1", NINE)}


def test_a_snapshot_of_a_segment_that_was_broken_off_is_known_in_its_hold() -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        stage.runner.start("c-1")
        stage.work(598)
        stage.runner.stop()
        held = [item.digests for item in stage.items()]
        # Its moment may be the very last second; then it was off, and there is neither segment nor snapshot.
        assert held in ([], [(picture_of(NINE),)])
        assert [shot.gone for shot in engine.status().shots] == [False] * len(held)


def test_a_segment_of_which_a_part_was_sent_is_known_while_the_rest_waits() -> None:
    # By a policy that credits a segment for its time, both parts of one are handed out, each by its session.
    policy = attrs.evolve(policies.get("upwork"), credit=CreditRule(rule=Credit.THRESHOLD, min_seconds=60))
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        diary = Diary.open(stage.journal, a_contract("c-3"), policy, by=PLATFORM, id="open c-3")
        assert diary.record(CaptureConsented(notice=NOTICE), by=ANA, id="consent c-3").recorded
        stage.runner.start("c-3")
        stage.work(120)
        stage.runner.stop()
        assert engine.status().sent == frozenset()  # it is held back
        stage.work(70)
        assert stage.recorded("c-3") == ["11-18T09:00"]
        stage.runner.start("c-3")
        stage.work(120)
        assert engine.status().sent == {("c-3", NINE)}  # the open segment is that of the first part
        stage.runner.stop()
        assert [one.segment.slot for one in engine.status().waiting] == [NINE]
        assert engine.status().sent == {("c-3", NINE)}
        stage.work(2)
        # And it is deleted as a whole.
        assert stage.runner.delete("c-3", NINE)
        stage.work(70)
        assert stage.recorded("c-3") == []


def test_a40_idle_time_has_an_end_once_there_is_an_input() -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        stage.runner.start("c-1")
        stage.keys.each = 0
        for _ in range(610):
            stage.keys.quiet += 1000
            stage.work(1)
        away = engine.status().running
        assert away is not None
        assert (away.is_away, away.idle_until, away.idle_seconds) == (True, None, 610)
        stage.keys.each, stage.keys.quiet = 1, 0
        stage.work(30)
        back = engine.status().running
        assert back is not None
        assert (back.is_away, back.idle_seconds) == (False, 610)
        assert (str(back.idle_since), str(back.idle_until)) == ("2026-11-18T09:00:00Z", "2026-11-18T09:10:10Z")


def test_activity_2_the_active_minutes_are_those_that_are_certain() -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        stage.runner.start("c-1")
        stage.work(125)
        stage.keys.is_lost = True
        stage.work(30)
        stage.keys.is_lost = False
        stage.work(60)
        running = engine.status().running
        assert running is not None
        # Of 09:02 a part is unknown; 09:00, 09:01 and 09:03 had inputs.
        assert (running.counts, running.active) == (None, 3)


def test_idle_time_goes_only_to_contracts_that_can_take_it() -> None:
    with staged(None, "c-1", "c-2") as stage:
        engine = LiveEngine(stage.runner)
        assert [engine.takes_idle_time(id) for id in ("c-1", "c-2", "c-9")] == [True, True, False]
        paused = StatusChanged(status=StatusChange(since=stage.clocks.now, status=ContractStatus.PAUSED))
        assert Diary(stage.journal, "c-2").record(paused, by=CLIENT, id="pause").recorded
        stage.sender.look("c-2")
        assert not engine.takes_idle_time("c-2")


def test_a_contract_and_a_label_are_checked_before_anything_begins() -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        engine.check("c-1", None)
        engine.check("c-1", "Design")  # whoever offers none takes any
        with pytest.raises(WorkdiaryError, match="c-9"):
            engine.check("c-9", None)
        offering = attrs.evolve(a_contract("c-3"), labels=("Design", "Development"))
        Diary.open(stage.journal, offering, "upwork", by=PLATFORM, id="open c-3")
        with pytest.raises(InvalidValue, match="choose one of: Design, Development"):
            engine.check("c-3", "Desing")


# What waits, when it is much.


def test_a_status_reads_what_waits_once_and_makes_no_calendar_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    with staged(None, "c-1", "c-2") as stage:
        stage.is_reachable = False
        for contract in ("c-1", "c-2"):
            stage.runner.start(contract)
            stage.work(3700)
        engine = LiveEngine(stage.runner)
        items, made = stage.spool.items, Calendars.__init__
        read: list[Standing] = []
        calendars: list[object] = []

        def reading(*standings: Standing) -> object:
            read.extend(standings)
            return items(*standings)

        def making(self: Calendars, policy: str | Policy) -> None:
            calendars.append(policy)
            made(self, policy)

        monkeypatch.setattr(stage.spool, "items", reading)
        monkeypatch.setattr(Calendars, "__init__", making)
        waiting = Counter(one.contract for one in engine.status().waiting)
        assert min(waiting["c-1"], waiting["c-2"]) >= 5
        assert read.count(Standing.WAITING) == 1
        assert calendars == []


def test_only_segments_that_wait_are_remembered_and_they_stay_the_same_ones() -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        stage.is_reachable = False
        stage.runner.start("c-1")
        stage.work(3700)
        before, after = engine.status(), engine.status()
        assert len(before.waiting) >= 5
        assert all(one.segment is other.segment for one, other in zip(before.waiting, after.waiting, strict=True))
        assert len(engine._segments) == len(before.waiting)
        stage.is_reachable = True
        stage.runner.stop()
        stage.work(200)
        assert engine.status().waiting == ()
        assert not engine._segments
