"""What the tracker does before a week locks, so that nothing that was worked in time is late; and after (T16)."""

from __future__ import annotations

import pytest

from tests.capture.desk import ACME, BOLT, FIRST, NINE, Desk, key, key_with
from tests.capture.stage import ANA, PLATFORM, Stage, a_contract, staged
from workdiary.capture.events import Choice, MarkKind, WeekLocks
from workdiary.capture.herald import Herald
from workdiary.capture.live import LiveEngine
from workdiary.capture.locks import Deadlines, Lock, Locks
from workdiary.capture.notice import NOTICE
from workdiary.capture.sender import Sender
from workdiary.capture.spool.kept import Item, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.diary.changes import CaptureConsented
from workdiary.diary.diary import Diary
from workdiary.errors import InvalidValue
from workdiary.model.contract import ContractStatus
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
    with staged(second=SUNDAY) as stage:
        draws(stage, "c-1", "23T11:50", most=499)  # a moment at which nobody is there
        stage.runner.start("c-1")
        stage.until("2026-11-22T23:25:00Z")
        went = stage.clocks.now
        alone(stage, "2026-11-22T23:36:00Z", went)
        sleep(stage, "2026-11-23T11:45:00Z")
        alone(stage, "2026-11-23T11:59:00Z", went)
        back(stage, 1)
        discarded = [mark.what for mark in stage.spool.marks() if mark.kind is MarkKind.IDLE_DISCARDED]
        assert discarded[1:] == ["9 min without input were discarded."]
        assert stage.runner.state.idle_since is None
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


@pytest.mark.parametrize("back_at", ["23:50:00", "23:59:05", "23:59:15", "23:59:25", "23:59:35", "23:59:40"])
def test_f37_a_diary_that_comes_back_shortly_before_the_lock_has_everything(back_at: str) -> None:
    with staged(second=SUNDAY + 1800) as stage:
        contract = at_impact(stage)
        draws(stage, contract, "22T23:50", most=100)
        stage.runner.start(contract)
        stage.until("2026-11-22T23:45:00Z")
        stage.is_reachable = False
        stage.until("2026-11-22T23:56:00Z")
        stage.runner.stop()
        stage.until(f"2026-11-22T{back_at}Z")
        stage.is_reachable = True
        stage.until("2026-11-23T00:00:10Z")
        assert stage.recorded(contract) == ["11-22T23:30", "11-22T23:40", "11-22T23:50"]


def test_a19_what_is_in_the_way_of_one_contract_makes_no_other_late(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Sender._send

    def sends(sender: Sender, item: Item) -> None:
        if item.contract == "c-1":
            raise ValueError("poison")
        broken(sender, item)

    with staged(second=SUNDAY + 1800) as stage:
        contract = at_impact(stage)
        monkeypatch.setattr(Sender, "_send", sends)
        stage.runner.start("c-1")
        stage.until("2026-11-22T23:50:00Z")
        stage.runner.stop()
        draws(stage, contract, "22T23:50", most=500)
        stage.runner.start(contract)
        stage.until("2026-11-22T23:59:10Z")
        stage.runner.stop()
        stage.work(60)
        assert "poison" in (stage.sender.trouble or "")
        assert stage.recorded(contract) == ["11-22T23:50"]


@pytest.mark.parametrize("moment", [560, 585])
def test_f60_a_picture_that_never_comes_does_not_make_its_segment_late(moment: int) -> None:
    desk = Desk(camera="slow")
    desk.start(secret=key_with("acme", FIRST, least=moment, most=moment))
    desk.work(580)
    for seconds in (12, 6, 0):
        desk.say(WeekLocks(contract="acme", before=Slot(FIRST + 1), is_last=not seconds))
        desk.work(seconds)
    assert [slot for _, slot, _ in desk.segments] == [0]
    assert MarkKind.SNAPSHOT_FAILED in desk.marks


def test_each_contract_has_its_own_lock_and_each_thing_is_said_once() -> None:
    class Stub(Locks):
        def of(self, contract: str, slot: Slot) -> Lock | None:
            return {"acme": Lock(NINE + 1300, Slot(FIRST + 2)), "bolt": Lock(NINE + 1000, Slot(FIRST + 2))}[contract]

    desk, deadlines = Desk(), Deadlines(Stub(lambda _: None))
    desk.camera = "slow"  # so that what was tracked for the one is still open while the other is on
    desk.start(ACME, secret=key_with("acme", FIRST, least=590, most=590))
    desk.work(595)
    desk.start(BOLT, session="s2", secret=key(1))
    said = []
    for second in range(595, 1300):
        command = deadlines.command(desk.state, Instant(NINE + second))
        if command is not None:
            said.append((second, command))
    found = [(at, one.contract, one.is_last) for at, one in said if isinstance(one, WeekLocks)]
    assert found == [
        *((980, "bolt", False), (992, "bolt", False), (998, "bolt", True)),
        *((1280, "acme", False), (1292, "acme", False), (1298, "acme", True)),
    ]
    assert len(said) == len(found)


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


def test_edit_3_what_the_diary_has_refused_is_deleted_whenever() -> None:
    with staged(second=SUNDAY) as stage:
        engine = LiveEngine(stage.runner)
        engine.start("c-1")
        stage.until("2026-11-22T23:05:00Z")
        stage.is_reachable = False
        stage.until("2026-11-22T23:10:00Z")
        stage.client_sets(ContractStatus.CLOSED)
        stage.until("2026-11-22T23:30:00Z")
        engine.stop()
        stage.is_reachable = True
        stage.work(100)
        sleep(stage, "2026-11-23T12:30:00Z")
        stage.work(2)
        refused = [item.slot for item in stage.items(Standing.REFUSED) if item.slot is not None]
        assert refused
        for slot in refused:
            engine.delete_snapshot("c-1", slot)
        assert stage.items(Standing.REFUSED) == []


def test_idle_time_does_not_go_to_a_contract_that_has_locked_its_week() -> None:
    with staged(second=SUNDAY) as stage:
        contract, engine = at_impact(stage), LiveEngine(stage.runner)
        engine.start("c-1")
        stage.until("2026-11-22T23:10:00Z")
        went = stage.clocks.now
        alone(stage, "2026-11-22T23:58:00Z", went)
        assert engine.takes_idle_time(contract)
        alone(stage, "2026-11-23T00:01:00Z", went)
        back(stage, 60)
        assert not engine.takes_idle_time(contract)
        with pytest.raises(InvalidValue, match=r"c-2.*has locked the week of that time.*keep the time, or discard it"):
            engine.answer(Choice.REASSIGN, contract)
        assert stage.runner.state.idle_since == went


def after_the_lock(stage: Stage) -> None:
    """Track for ten minutes of Sunday that nobody hears of before Monday afternoon."""
    stage.runner.start("c-1")
    stage.work(5)
    stage.is_reachable = False
    for _ in range(3):
        stage.work(150)
        stage.runner.stop()
        stage.work(5)
        stage.runner.start("c-1")
    stage.until("2026-11-22T23:10:00Z")
    stage.runner.stop()
    stage.work(2)
    sleep(stage, "2026-11-23T12:30:00Z")


def test_upload_1_parts_of_a_late_segment_are_one_segment() -> None:
    with staged(second=SUNDAY) as stage:
        after_the_lock(stage)
        stage.is_reachable = True
        stage.work(90)
        assert {item.standing for item in stage.items()} == {Standing.LATE}
        (told,) = stage.runner.troubles()
        assert told.startswith("1 segment came after the lock of the week")


def test_upload_1_a_segment_of_which_a_part_was_in_time_is_billed_and_not_called_late() -> None:
    with staged(second=SUNDAY) as stage:
        draws(stage, "c-1", "22T23:00", most=100)
        stage.runner.start("c-1")
        stage.work(200)
        stage.runner.stop()
        stage.work(70)
        stage.is_reachable = False
        stage.runner._chance = stage.chance.randbytes
        stage.runner.start("c-1")
        stage.until("2026-11-22T23:10:00Z")
        stage.runner.stop()
        sleep(stage, "2026-11-23T12:30:00Z")
        stage.is_reachable = True
        stage.work(90)
        assert [item.standing for item in stage.items()] == [Standing.SENT, Standing.LATE]
        assert (stage.recorded(), stage.runner.troubles()) == (["11-22T23:00"], ())


def test_f1_evidence_whose_answer_was_lost_is_late_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with staged(second=SUNDAY) as stage:
        after_the_lock(stage)
        stage.is_reachable = True
        with monkeypatch.context() as killed:
            killed.setattr(Spool, "answer", dies)
            with pytest.raises(Killed):
                stage.sender.work()
        stage.kill()
        stage.start_again()
        stage.work(120)
        assert {item.standing for item in stage.items()} == {Standing.LATE}
        assert len(stage.runner.troubles()) == 1


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
        # A week from then on, however long before it was tracked.
        stage.clocks.pass_by(6 * 86_400, asleep=True)
        assert engine.status().troubles == (told,)
        stage.clocks.pass_by(2 * 86_400, asleep=True)
        assert engine.status().troubles == ()
