"""A tracker whose diary, clock or owner is not there when it would need them: what it does, and what it never does."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.capture.stage import PLATFORM, WEDNESDAY, a_contract, staged
from tests.capture.test_headless import changes, place, run, tracker
from tests.capture.xserver import XServer, xserver
from workdiary.capture.calls import Calls
from workdiary.capture.events import AskIdle, MarkKind
from workdiary.capture.herald import Herald
from workdiary.capture.notice import NOTICE
from workdiary.capture.spool.kept import Kind, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.diary.changes import CaptureConsented, CaptureStarted
from workdiary.diary.diary import Diary
from workdiary.errors import InvalidValue, StoreBusy, StoreError
from workdiary.model.times import Instant
from workdiary.store.sql import SqlJournal

__all__ = ["place", "xserver"]


# The diary.


def test_f37_a_tracker_starts_while_somebody_else_has_the_diary_locked(place: Path, xserver: XServer) -> None:
    with tracker(place, xserver) as process:
        process.terminate()
        assert process.wait(30) == 0
    with closing(sqlite3.connect(place / "diary.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with tracker(place, xserver) as process:
            process.terminate()
            out, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "")
        assert "What is tracked waits until it can be" in out
        other.execute("ROLLBACK")
    with tracker(place, xserver) as process:
        process.terminate()
        assert process.wait(30) == 0
    assert len(changes(place, CaptureStarted)) == 3


def test_f71_a_tracker_starts_while_the_server_of_the_diary_refuses(place: Path, xserver: XServer) -> None:
    with tracker(place, xserver) as process:
        process.terminate()
        assert process.wait(30) == 0
    with tracker(place, xserver, "--db", "postgresql://ana@127.0.0.1:1/diary") as process:
        process.terminate()
        out, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert "cannot be reached" in out
    with Spool(place / "tracker") as spool:
        assert spool.items(Standing.WAITING)


def test_a_diary_that_is_not_where_it_should_be_is_a_wrong_name(place: Path) -> None:
    with Spool(place / "tracker") as spool:
        spool.keep_book("c-1", "", {})
    ended = run(place, "--headless", "--contract", "c-1", "--db", str(place / "dairy.db"))
    assert ended.returncode == 2
    assert "dairy.db: does not exist; create it: workdiary init" in ended.stderr


def test_consent_is_given_beside_a_tracker_that_runs(place: Path, xserver: XServer) -> None:
    with SqlJournal.open(place / "diary.db") as journal:
        Diary.open(journal, a_contract("c-9"), "upwork", by=PLATFORM, id="open c-9")
    with tracker(place, xserver):
        refused = run(place, "switch", "c-9")
        assert (refused.returncode, "consent --contract c-9" in refused.stderr) == (2, True)
        for _ in range(2):
            assert "is on record" in run(place, "consent", "--contract", "c-9", "--yes").stdout
        assert "Tracking for c-9" in run(place, "switch", "c-9").stdout
    with SqlJournal.open(place / "diary.db") as journal:
        found = [entry for entry in journal.read("c-9") if isinstance(entry.change, CaptureConsented)]
    assert len(found) == 1


def test_a_consent_that_came_while_it_runs_is_found_and_the_diary_is_read_once() -> None:
    with staged() as stage:
        read: list[int] = []
        whole = stage.journal.read

        def counting(contract: str, since: int = 0, touching: tuple[int, int] | None = None) -> object:
            read.append(since)
            return whole(contract, since=since, touching=touching)

        stage.journal.read = counting  # type: ignore[method-assign,assignment]
        stage.sender.look_at_all()
        stage.sender.look_at_all()
        assert read[-1] == len([*stage.diary.entries()])
        stage.sender.consent("c-1", "ab" * 32, id="another notice")
        assert stage.sender.book("c-1").consented == "ab" * 32
        stage.sender.consent("c-1", NOTICE, id="and back")
        assert stage.sender.book("c-1").consented == NOTICE


@pytest.mark.parametrize("error", [StoreError, StoreBusy, ConnectionRefusedError, ConnectionResetError, TimeoutError])
def test_a27_f67_f68_f69_an_item_leaves_the_queue_by_an_answer_and_by_nothing_else(error: type[Exception]) -> None:
    """A diary that fails half of the time, before it has stored something or after: each segment is there once."""
    chance = Random(27)  # noqa: S311 - which calls fail
    failed: list[str] = []

    def sometimes(when: str) -> None:
        if chance.random() < 0.25:
            failed.append(when)
            raise error("diary", "", "does not answer", "repeat it") if issubclass(error, StoreError) else error(when)

    def failing(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def tried(*given: object, **named: object) -> object:
            sometimes(f"before {name}")
            found = call(*given, **named)
            sometimes(f"after {name}")
            return found

        return tried

    with staged() as stage:
        real = stage.journal.writing

        @contextmanager
        def writing(*given: Any, **named: Any) -> Iterator[Any]:
            with real(*given, **named) as block:
                block.append = failing("append", block.append)  # type: ignore[method-assign,assignment]
                yield block
            sometimes("after the commit")  # it is stored, and the answer is lost

        stage.journal.writing = writing  # type: ignore[method-assign]
        stage.journal.standing = failing("standing", stage.journal.standing)  # type: ignore[method-assign,assignment]
        stage.runner.start("c-1", memo="Work")
        stage.work(5 * 3600)
        stage.runner.stop()
        stage.journal.writing = real  # type: ignore[method-assign]
        stage.work(600)
        assert {"after the commit", "before append"} <= set(failed), failed
        assert stage.spool.items(Standing.WAITING) == ()
        tracked = [item for item in stage.items() if item.kind is Kind.TRACKED]
        assert {item.standing for item in tracked} == {Standing.SENT}
        ids = [entry.id for entry in stage.diary.entries()]
        assert len(ids) == len(set(ids))
        assert {item.id for item in tracked} <= set(ids)
        assert len(stage.recorded()) == len(tracked) >= 25


# The clock.


@pytest.mark.parametrize("wall", [-1, 0, 1_400_000_000, 4_102_444_800, 4_294_967_296, 253_402_300_800])
def test_f45_a_start_by_a_clock_that_cannot_be_meant_is_refused_and_leaves_nothing(wall: int) -> None:
    with staged() as stage:
        stage.clocks.wall = wall * 1000
        with pytest.raises(InvalidValue, match=r"^clock: .* is before 2015 or after 2099; set the clock"):
            stage.runner.start("c-1")
        assert not stage.runner.is_on
        assert stage.spool.known().pasts == ()
        stage.clocks.wall = WEDNESDAY * 1000 + 5_000
        stage.runner.tick()
        assert stage.spool.items() == ()
        stage.runner.start("c-1")
        stage.work(1300)
        stage.runner.stop()
        stage.work(70)
        assert stage.recorded()
        assert stage.spool.items(Standing.WAITING) == ()


def test_f45_a_clock_of_another_century_tidies_nothing_away() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(1300)
        before = stage.spool.known()
        wall, stage.clocks.wall = stage.clocks.wall, 2_524_608_000_000
        stage.spool.tidy(now=stage.clocks.wall)
        stage.clocks.wall = wall
        assert stage.spool.known() == before
        assert len(before.minutes) == 21


# Whoever should answer.


def test_an_idle_prompt_is_said_where_there_is_no_interface() -> None:
    lines: list[str] = []
    Herald(lines.append).heard(AskIdle(contract="c-1", since=Instant(WEDNESDAY)))
    (line,) = lines
    assert line.startswith("2026-11-18T09:00:00Z  no input since 09:00: python -m workdiary.capture answer keep")


def test_f13_what_was_told_to_be_undone_is_not_done_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workdiary.capture.calls._PATIENCE", 0)
    calls, done = Calls(threading.RLock()), []
    began, goes_on = threading.Event(), threading.Event()

    def loop() -> None:
        calls.begin()
        began.set()
        goes_on.wait(60)
        calls.answer()

    thread = threading.Thread(target=loop)
    thread.start()
    began.wait(60)
    with pytest.raises(StoreBusy, match="nothing was done"):
        calls.call(lambda: done.append("too late"))
    goes_on.set()
    thread.join(60)
    assert done == []


def test_a_call_that_is_made_while_the_loop_ends_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workdiary.capture.calls._PATIENCE", 0)
    calls = Calls(threading.RLock())
    real = calls._condition

    class LoopEndsFirst:
        """The condition of which the loop gets hold just before the call does."""

        def __enter__(self) -> None:
            calls._condition = real
            calls.end()
            real.__enter__()

        def __exit__(self, *_: object) -> None:
            real.__exit__(None, None, None)

    loop = threading.Thread(target=calls.begin)
    loop.start()
    loop.join(60)
    calls._condition = LoopEndsFirst()  # type: ignore[assignment]  # all that a call uses of it
    assert calls.call(lambda: "done") == "done"


def test_f1_idle_time_that_was_asked_about_is_not_credited_after_a_kill() -> None:
    """The snapshot of its moment is there, and the minute was open; but nobody had answered."""
    with staged() as stage:
        stage.runner.state = type(stage.runner.state)(idle_after=120)
        stage.runner._chance = lambda number: b"k" * number
        stage.runner.start("c-1")
        ledger = stage.runner.state.ledger("c-1", stage.runner.state.slot)
        assert ledger is not None
        moment = ledger.moment - WEDNESDAY
        assert moment > 200, "the secret is chosen so"
        stage.keys.each = 0
        for n in range(1, moment + 2):
            stage.keys.quiet = n * 1000
            stage.work(1)
        assert stage.runner.state.asked
        stage.kill()
        stage.clocks.pass_by(1200)
        stage.start_again()
        stage.work(120)
        assert MarkKind.RECOVERED in [mark.kind for mark in stage.spool.marks()]
        assert stage.recorded() == []
