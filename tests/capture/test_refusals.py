"""What is refused at the door, and what goes wrong inside without costing what was tracked."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.capture.stage import ACME, ANA, PLATFORM, WEDNESDAY, Hands, Keys, a_contract, open_in, staged
from tests.capture.stage import Stage as Set
from tests.capture.xserver import until
from workdiary.capture import session
from workdiary.capture.commands import _tell
from workdiary.capture.events import (
    Choice,
    Effect,
    LabelChosen,
    MemoWritten,
    Reading,
    SnapshotFailed,
    Start,
    TakeSnapshot,
)
from workdiary.capture.jobs import job_of
from workdiary.capture.live import LiveEngine
from workdiary.capture.machine.shooting import Shooting
from workdiary.capture.notice import NOTICE
from workdiary.capture.sender import Book
from workdiary.capture.session import Options
from workdiary.capture.spool.kept import Standing
from workdiary.capture.spool.spool import Spool
from workdiary.diary.changes import CaptureConsented, StatusChanged
from workdiary.diary.diary import Diary
from workdiary.errors import InvalidValue, StoreError, WorkdiaryError
from workdiary.model.contract import ContractStatus, StatusChange
from workdiary.model.slots import Slot
from workdiary.store.sql import SqlJournal

NINE = Slot(WEDNESDAY // 600)
HALF = "caf\udce9"
"""What Python makes of the bytes of a command line in Latin-1."""


def _starts(stage: Set, **changes: Any) -> None:
    job = job_of(stage.sender.book("c-1"), stage.clocks.now)
    stage.runner.feed(Start(job=job, session="s-2", secret=bytes(32), **changes))


@pytest.mark.parametrize(
    ("argument", "gives"),
    [
        ("memo", lambda stage, engine: engine.memo(HALF)),
        ("label", lambda stage, engine: engine.label(HALF)),
        ("memo", lambda stage, engine: engine.start("c-1", memo=HALF)),
        ("label", lambda stage, engine: engine.start("c-1", label=HALF)),
        ("contract", lambda stage, engine: engine.start(HALF)),
        ("contract", lambda stage, engine: engine.answer(Choice.REASSIGN, HALF)),
        ("contract", lambda stage, engine: engine.delete_snapshot(HALF, NINE)),
        ("memo", lambda stage, engine: stage.runner.feed(MemoWritten(memo=HALF))),
        ("label", lambda stage, engine: stage.runner.feed(LabelChosen(label=HALF))),
        ("memo", lambda stage, engine: _starts(stage, memo=HALF)),
        ("label", lambda stage, engine: _starts(stage, label=HALF)),
        ("memo", lambda stage, engine: engine.asked({"do": "memo", "memo": "\ud800"})),
        ("memo", lambda stage, engine: engine.asked({"do": "memo", "memo": ["a"]})),
        ("memo", lambda stage, engine: engine.asked({"do": "memo"})),
        ("label", lambda stage, engine: engine.asked({"do": "label", "label": 7})),
        ("contract", lambda stage, engine: engine.asked({"do": "switch", "contract": ["c-1"]})),
        ("memo", lambda stage, engine: engine.asked({"do": "switch", "contract": "c-1", "memo": {}})),
        ("label", lambda stage, engine: engine.asked({"do": "switch", "contract": "c-1", "label": []})),
        ("choice", lambda stage, engine: engine.asked({"do": "answer", "choice": 1})),
        ("contract", lambda stage, engine: engine.asked({"do": "answer", "choice": "reassign", "contract": [1]})),
        ("at", lambda stage, engine: engine.asked({"do": "delete", "contract": "c-1", "at": "\ud800"})),
    ],
)
def test_text_that_cannot_be_written_is_refused_by_the_name_of_its_argument(
    argument: str, gives: Callable[[Set, LiveEngine], Any]
) -> None:
    with staged() as stage:
        stage.runner.start("c-1", memo="Before")
        with pytest.raises(WorkdiaryError) as refused:
            gives(stage, LiveEngine(stage.runner))
        assert refused.value.argument == argument
        stage.work(700)
        assert stage.recorded() == ["11-18T09:00"]
        assert stage.items()[0].data["segments"][0]["memo"] == "Before"


@pytest.mark.parametrize("name", ["contract", "memo", "label"])
def test_text_that_cannot_be_written_is_refused_on_the_command_line(name: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {name: HALF}
    with pytest.raises(InvalidValue, match=f"^--{name}: .*UTF-8"):
        Options(folder=tmp_path, **given)
    with pytest.raises(InvalidValue, match=f"^{name}: .*UTF-8"):
        _tell(str(tmp_path), {"do": "start", **given})


def test_what_can_never_be_written_goes_aside_and_holds_up_nothing() -> None:
    with staged() as stage:
        stage.camera.fails = f"no picture of {HALF}"  # it becomes a mark, which the spool cannot hold
        stage.runner.start("c-1")
        stage.work(700)
        assert stage.recorded() == ["11-18T09:00"]
        assert any("can never be written" in trouble for trouble in stage.runner.troubles())
        assert "could not be written" in stage.runner.lost
        assert not any("check the disk" in trouble for trouble in stage.runner.troubles())


def test_a_watcher_that_breaks_costs_no_second_and_counts_nothing_twice() -> None:
    def broken(_: Effect) -> None:
        raise BrokenPipeError("the terminal is gone")

    with staged() as stage:
        stage.runner._watch = broken
        stage.runner.start("c-1")
        stage.work(700)
        (segment,) = stage.diary.segments(stage.clocks.now)
        assert segment.activity is not None
        assert segment.activity.keystrokes == 600
        assert any("terminal is gone" in trouble for trouble in stage.runner.troubles())


def test_a_loop_that_has_died_is_said_and_is_not_on_any_more() -> None:
    class Broken(Hands):
        is_broken = False

        def read(self) -> Reading:
            if self.is_broken and threading.current_thread().name == "workdiary-tracker":
                raise ZeroDivisionError("the clock")
            return super().read()

    with staged() as stage:
        clocks = Broken()
        stage.runner.clocks = clocks
        engine = LiveEngine(stage.runner)
        engine.start("c-1")
        assert engine.status().running is not None
        clocks.is_broken = True
        stage.runner.begin()
        until(lambda: stage.runner.is_dead, "the end of the loop")
        status = engine.status()
        assert status.running is None
        assert any("tracks nothing" in trouble and "the clock" in trouble for trouble in status.troubles)
        with pytest.raises(StoreError, match="start it again"):
            engine.start("c-1")
        with pytest.raises(StoreError, match="start it again"):
            engine.memo("Not heard")
        stage.runner.end()


def test_one_of_two_segments_with_the_same_picture_keeps_it_while_it_is_held_back() -> None:
    with staged() as stage:
        stage.runner._chance = lambda number: b"k" * number  # the same moments in every run
        stage.camera.paint = lambda slot: b"the same"  # type: ignore[method-assign]  # every picture alike
        stage.runner.start("c-1")
        stage.until("2026-11-18T09:20:10Z")  # the first is in the diary, the second one still held back
        assert stage.recorded() == ["11-18T09:00"]
        LiveEngine(stage.runner).delete_snapshot("c-1", NINE)
        stage.work(5)
        assert stage.recorded() == []
        stage.runner.stop()
        stage.work(100)
        assert stage.recorded() == ["11-18T09:10"]
        assert [stage.files.get(digest) for digest in stage.files.digests()] == [b"the same"]


def test_the_snapshot_of_the_open_segment_is_deleted_without_a_complaint() -> None:
    with staged() as stage:
        stage.runner._chance = lambda number: b"k" * number  # the same moments in every run
        engine = LiveEngine(stage.runner)
        engine.start("c-1")
        stage.until("2026-11-18T09:09:58Z")
        assert stage.camera.taken == 1
        engine.delete_snapshot("c-1", NINE)
        stage.work(2)
        assert [*stage.files.digests()] == []
        with pytest.raises(InvalidValue, match="no segment"):
            engine.delete_snapshot("c-1", NINE)
        stage.work(100)
        assert stage.recorded() == []


def _goes_quiet(stage: Set) -> None:
    stage.runner.start("c-1")
    stage.work(60)
    for second in range(700):
        stage.keys.quiet = second * 1000
        stage.work(1)
    assert LiveEngine(stage.runner).status().running
    stage.keys.quiet = 0
    stage.work(1)


def _is_answered_for(stage: Set, words: str) -> None:
    _goes_quiet(stage)
    engine = LiveEngine(stage.runner)
    with pytest.raises(InvalidValue, match=words):
        engine.answer(Choice.REASSIGN, "c-2")
    running = engine.status().running
    assert running is not None
    assert running.idle_since is not None, "it is still asked"


def test_idle_time_does_not_go_to_a_contract_that_is_paused() -> None:
    with staged(None, "c-1", "c-2") as stage:
        paused = StatusChanged(status=StatusChange(since=stage.clocks.now, status=ContractStatus.PAUSED))
        assert Diary(stage.journal, "c-2").record(paused, by=ACME, id="pause").recorded
        stage.work(20)
        _is_answered_for(stage, "paused")


def test_idle_time_does_not_go_to_a_contract_that_asks_for_a_label(monkeypatch: pytest.MonkeyPatch) -> None:
    with staged(None, "c-1", "c-2") as stage:
        real = stage.sender.book

        def with_labels(contract: str) -> Book:
            book = real(contract)
            if contract == "c-1":
                return book
            return attrs.evolve(book, contract=attrs.evolve(book.contract, labels=("Code", "Design")))

        monkeypatch.setattr(stage.sender, "book", with_labels)
        _is_answered_for(stage, "label")


def test_a_label_that_the_client_asks_for_cannot_be_taken_away() -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        contract = attrs.evolve(a_contract("c-3"), labels=("Code", "Design"))
        diary = Diary.open(stage.journal, contract, "upwork", by=PLATFORM, id="open c-3")
        assert diary.record(CaptureConsented(notice=NOTICE), by=ANA, id="consent c-3").recorded
        stage.sender.look_at_all()
        engine.start("c-3", label="Code")
        for none in (None, "", " "):
            with pytest.raises(InvalidValue, match="choose one of: Code, Design"):
                engine.label(none)
        assert stage.runner.state.label == "Code"
        engine.label("Design")
        assert stage.runner.state.label == "Design"


def test_what_lies_in_the_future_of_the_diary_waits_until_its_time_has_come() -> None:
    with staged() as stage:
        stage.runner._chance = lambda number: b"k" * number  # the same moments in every run
        ahead = 420
        stage.journal._clock = lambda: stage.clocks.wall / 1000 - ahead
        stage.runner.start("c-1")
        stage.work(700)
        stage.runner.stop()
        stage.work(10)
        assert stage.items(Standing.REFUSED) == []
        assert any("in the future" in trouble for trouble in stage.runner.troubles())
        stage.work(600)
        assert "11-18T09:00" in stage.recorded()
        assert not any("in the future" in trouble for trouble in stage.runner.troubles())


def test_b71_a_pause_is_noticed_within_15_seconds_though_segments_wait() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(3600)
        stage.client_sets(ContractStatus.PAUSED)
        stage.work(17)
        assert not stage.runner.is_on


def test_f60_a_screen_that_hangs_costs_one_thread_and_not_one_for_each_segment() -> None:
    goes_on, begun = threading.Event(), []

    class Hanging:
        def take(self, order: TakeSnapshot, /) -> SnapshotFailed:
            begun.append(order)
            goes_on.wait(60)
            return SnapshotFailed(slot=order.slot, why="at last")

    with staged() as stage:
        stage.runner._shooting = Shooting(Hanging(), in_background=True)
        stage.runner._background = True
        stage.runner.start("c-1")
        stage.work(3600)
        assert len(begun) == 1
        goes_on.set()
        stage.runner.end()
        assert stage.recorded()[0] == "11-18T09:00"


def test_a_status_reads_what_it_shows_and_not_what_is_in_the_diary(monkeypatch: pytest.MonkeyPatch) -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        engine.start("c-1")
        stage.work(1400)
        read: list[Any] = []
        original = Spool.items

        def watched(spool: Spool, *standings: Standing) -> tuple[Any, ...]:
            found = original(spool, *standings)
            read.extend(found)
            return found

        monkeypatch.setattr(Spool, "items", watched)
        status = engine.status()
        assert read == []
        assert status.running is not None
        assert [*status.running.credited] == [NINE, NINE + 1]
        assert [shot.slot for shot in status.shots][:2] == [NINE, NINE + 1]
        assert [shot.gone for shot in status.shots][:2] == [True, True]


def test_snapshots_of_long_ago_are_forgotten_unless_they_wait() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(700)
        stage.is_reachable = False
        stage.work(601)
        stage.runner.stop()
        assert [shot.slot for shot in stage.spool.shots("c-1")][:2] == [NINE, NINE + 1]
        assert [shot.slot for shot in stage.spool.shots("c-1", last=1)] != [NINE]
        stage.spool.tidy(now=(WEDNESDAY + 300 * 86_400) * 1000)
        assert NINE not in [shot.slot for shot in stage.spool.shots("c-1")]
        assert NINE + 1 in [shot.slot for shot in stage.spool.shots("c-1")]


class _Jumping(Hands):
    """A clock on which a second passes whenever somebody looks."""

    def read(self) -> Reading:
        self.pass_by(1)
        return super().read()


def test_t15_an_end_on_a_full_disk_says_what_is_lost_and_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks = _Jumping()
    with SqlJournal.open(tmp_path / "diary.db", clock=lambda: clocks.wall / 1000) as journal:
        open_in(journal)
    monkeypatch.setattr(session, "_own_clocks", lambda: clocks)
    monkeypatch.setattr(session, "_own_inputs", Keys)
    monkeypatch.setattr(session, "_camera", lambda *_: None)
    monkeypatch.setattr(session, "_signals", lambda _: nullcontext())
    monkeypatch.setattr(Spool, "_keep", _disk_is_full)
    said: list[str] = []
    options = Options(folder=tmp_path / "tracker", db=str(tmp_path / "diary.db"), contract="c-1", say=said.append)
    with pytest.raises(StoreError, match=r"s that were tracked.*could not be written.*disk is full.*lost"):
        session.headless(options, 2)
    assert not any("next start" in line for line in said)


def _disk_is_full(*_: object) -> None:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


def test_nothing_is_lost_when_everything_is_written() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(100)
        assert stage.runner.lost == ""
        assert stage.runner.end()


def test_an_answer_to_no_question_is_refused() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        with pytest.raises(InvalidValue, match="choice: 'keep' answers no question: there is no idle time"):
            LiveEngine(stage.runner).answer(Choice.KEEP)


def test_t15_what_the_diary_refused_a_month_ago_stops_no_snapshot() -> None:
    with staged(None, "c-1", "c-2") as stage:
        stage.runner.start("c-1")
        stage.work(605)
        stage.is_reachable = False
        stage.client_sets(ContractStatus.PAUSED)
        stage.work(1300)
        stage.is_reachable = True
        stage.work(120)
        assert stage.items(Standing.REFUSED)
        stage.clocks.pass_by(31 * 86_400, asleep=True)
        stage.work(61)
        taken = stage.camera.taken
        stage.runner.start("c-2")
        stage.work(1300)
        assert stage.camera.taken >= taken + 2
        assert not any("room" in trouble for trouble in stage.runner.troubles())
