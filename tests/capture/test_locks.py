"""What the tracker does before a week locks, so that nothing that was worked in time is late; and after (T16)."""

from __future__ import annotations

import pytest

from tests.capture.desk import key_with
from tests.capture.stage import ANA, PLATFORM, Stage, a_contract, staged
from workdiary.capture.events import AskIdle, MarkKind
from workdiary.capture.herald import Herald
from workdiary.capture.live import LiveEngine
from workdiary.capture.notice import NOTICE
from workdiary.capture.spool.kept import Standing
from workdiary.diary.changes import CaptureConsented
from workdiary.diary.diary import Diary
from workdiary.errors import InvalidValue
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, instant

SUNDAY = int(instant("2026-11-22T23:00:00Z"))
"""An hour before the week ends, which `upwork` locks on Monday at noon, and `work_for_impact` at its end."""


def draws(stage: Stage, contract: str, time: str, *, least: int = 0, most: int) -> None:
    """Have the snapshot of the slot at `time` fall between two of its seconds, whatever is drawn else."""
    secret = key_with(contract, instant(f"2026-11-{time}:00Z") // 600, least=least, most=most)
    stage.runner._chance = lambda number: secret[:number]


def alone(stage: Stage, until: str, since: Instant) -> None:
    """Let a tick a second pass, with nobody there `since` then."""
    while stage.clocks.now < instant(until):
        stage.clocks.pass_by(1)
        stage.keys.each, stage.keys.quiet = 0, (stage.clocks.now - since) * 1000
        stage.runner.tick()


def back(stage: Stage, seconds: int) -> None:
    stage.keys.each, stage.keys.quiet, stage.keys.is_locked = 1, 0, False
    stage.work(seconds)


def sleep(stage: Stage, until: str) -> None:
    stage.clocks.pass_by(instant(until) - stage.clocks.now, asleep=True)


def late(stage: Stage) -> list[Standing]:
    return [item.standing for item in stage.items() if item.standing is not Standing.SENT]


def at_impact(stage: Stage) -> str:
    """Open a diary by the policy that locks a week with its end."""
    diary = Diary.open(stage.journal, a_contract("c-2"), "work_for_impact", by=PLATFORM, id="open c-2")
    assert diary.record(CaptureConsented(notice=NOTICE), by=ANA, id="consent c-2").recorded
    stage.sender.look_at_all()
    return "c-2"


def test_work_before_idle_time_that_nobody_answers_for_is_in_the_diary() -> None:
    """Eight minutes of work on Sunday night, then nobody: who does not answer is not late with the work."""
    with staged(second=SUNDAY + 2400) as stage:
        draws(stage, "c-1", "22T23:50", most=479)  # in the eight minutes
        stage.runner.start("c-1")
        stage.until("2026-11-22T23:58:00Z")
        went = stage.clocks.now
        alone(stage, "2026-11-23T00:09:00Z", went)
        sleep(stage, "2026-11-23T11:45:00Z")
        alone(stage, "2026-11-23T11:49:59Z", went)
        assert stage.runner.state.idle_since == went
        assert stage.recorded() == ["11-22T23:40"]
        alone(stage, "2026-11-23T11:53:00Z", went)
        discarded = [mark.what for mark in stage.spool.marks() if mark.kind is MarkKind.IDLE_DISCARDED]
        assert discarded == ["15 min 59 s without input were discarded."]
        assert stage.recorded() == ["11-22T23:40", "11-22T23:50"]
        assert late(stage) == []


def test_who_is_still_away_after_the_question_was_answered_is_paid_for_nothing() -> None:
    heard: list[object] = []
    with staged(second=SUNDAY) as stage:
        draws(stage, "c-1", "23T11:50", most=499)  # a moment at which nobody is there
        stage.runner.start("c-1")
        stage.until("2026-11-22T23:25:00Z")
        went = stage.clocks.now
        alone(stage, "2026-11-22T23:36:00Z", went)
        sleep(stage, "2026-11-23T11:45:00Z")
        stage.runner._watch = heard.append
        alone(stage, "2026-11-23T11:59:00Z", went)
        # The question is open anew, for the time since the answer.
        (again,) = [one for one in heard if isinstance(one, AskIdle)]
        assert str(again.since) == "2026-11-23T11:50:00Z"
        assert stage.runner.state.idle_since == again.since
        back(stage, 1200)
        stage.runner.stop()
        stage.work(90)
        assert "11-23T11:50" not in stage.recorded()


def test_a_screen_that_locks_itself_holds_back_nothing() -> None:
    """It does so after five minutes, which is less than is asked about, and stays locked over the lock of the week."""
    with staged(second=SUNDAY) as stage:
        stage.runner.start("c-1")
        stage.until("2026-11-22T23:19:00Z")
        went = stage.clocks.now
        alone(stage, "2026-11-22T23:24:00Z", went)
        stage.keys.is_locked = True
        alone(stage, "2026-11-22T23:26:00Z", went)
        assert stage.recorded() == ["11-22T23:00", "11-22T23:10"]


@pytest.mark.parametrize("how", ["asked", "killed"])
def test_nothing_is_held_back_over_the_lock(how: str) -> None:
    with staged(second=SUNDAY) as stage:
        draws(stage, "c-1", "22T23:10", most=499)
        stage.runner.start("c-1")
        stage.until("2026-11-22T23:18:30Z")
        if how == "asked":
            went = stage.clocks.now
            alone(stage, "2026-11-22T23:29:30Z", went)
            sleep(stage, "2026-11-23T11:59:10Z")
        else:
            stage.kill()
            sleep(stage, "2026-11-23T11:59:10Z")
            stage.start_again()
        back(stage, 20)
        assert stage.recorded() == ["11-22T23:00"], "it is held back, that it can be deleted"
        back(stage, 29)
        assert stage.recorded() == ["11-22T23:00", "11-22T23:10"]
        assert late(stage) == []


@pytest.mark.parametrize(("least", "most"), [(0, 570), (590, 597)])
def test_edit_3_a_week_that_locks_with_its_end_has_what_was_worked_up_to_it(least: int, most: int) -> None:
    """Be the moment of the last snapshot before what there is is handed out for the first time, or after."""
    with staged(second=SUNDAY + 1800) as stage:
        contract = at_impact(stage)
        draws(stage, contract, "22T23:50", least=least, most=most)
        stage.runner.start(contract)
        stage.until("2026-11-23T00:20:00Z")
        stage.runner.stop()
        stage.work(90)
        found = [f"11-{slot}" for slot in ("22T23:30", "22T23:40", "22T23:50", "23T00:00", "23T00:10")]
        assert stage.recorded(contract) == found
        assert late(stage) == []
        stopped = [one.what for one in stage.spool.marks() if one.kind is MarkKind.STOPPED]
        assert stopped == ["Switched off by you, after 50 min."]


def test_edit_3_a_week_that_locks_with_its_end_waits_for_no_answer() -> None:
    with staged(second=SUNDAY + 1800) as stage:
        contract = at_impact(stage)
        draws(stage, contract, "22T23:40", most=400)
        stage.runner.start(contract)
        stage.until("2026-11-22T23:47:00Z")
        alone(stage, "2026-11-23T00:00:10Z", stage.clocks.now)
        assert stage.recorded(contract) == ["11-22T23:30", "11-22T23:40"]
        discarded = [one.what for one in stage.spool.marks() if one.kind is MarkKind.IDLE_DISCARDED]
        assert discarded == [f"{time} without input were discarded." for time in ("12 min 40 s", "12 s", "6 s")]


# After the lock.


def test_edit_3_what_the_diary_has_of_a_locked_week_is_deleted_by_nobody_here() -> None:
    with staged(second=SUNDAY) as stage:
        engine = LiveEngine(stage.runner)
        engine.start("c-1")
        stage.until("2026-11-22T23:30:00Z")
        engine.stop()
        stage.work(70)
        deleted = {"contract": "c-1", "at": "2026-11-22T23:10:00Z"}
        engine.asked({"do": "delete", **deleted})
        stage.work(5)
        assert stage.recorded() == ["11-22T23:00", "11-22T23:20"]
        sleep(stage, "2026-11-23T12:00:00Z")
        stage.work(5)
        items = [*stage.spool.items()]
        for do in ("price", "delete"):
            with pytest.raises(InvalidValue, match=r"23:20:00.*its week is locked since 2026-11-23T12:00:00Z"):
                engine.asked({"do": do, "contract": "c-1", "at": "2026-11-22T23:20:00Z"})
        assert [*stage.spool.items()] == items


def test_upload_1_what_came_after_the_lock_is_reported_and_stays_evidence() -> None:
    heard: list[str] = []
    with staged(second=SUNDAY) as stage:
        herald = Herald(heard.append)
        herald.begin(stage.sender, lambda: stage.runner.now)
        engine = LiveEngine(stage.runner)
        engine.start("c-1")
        stage.until("2026-11-22T23:05:00Z")
        stage.is_reachable = False
        stage.until("2026-11-22T23:30:00Z")
        engine.stop()
        sleep(stage, "2026-11-23T12:30:00Z")
        stage.work(5)
        herald.troubled(stage.runner.troubles())
        stage.is_reachable = True
        stage.work(120)
        herald.troubled(stage.runner.troubles())
        assert {item.standing for item in stage.items()} == {Standing.LATE}
        (told,) = engine.status().troubles
        assert told == (
            "3 segments came after the lock of the week: kept in the diary as evidence, and not billed (UPLOAD-1)"
        )
        assert heard[-1].endswith(f"note: {told}.")
        with pytest.raises(InvalidValue, match="is kept as evidence"):
            engine.delete_snapshot("c-1", stage.items()[0].slot or Slot(0))
        stage.clocks.pass_by(8 * 86_400, asleep=True)
        assert engine.status().troubles == ()
