"""The interface over a real tracker on its stage: what it says of snapshots, idle time and lost capture, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

pytest.importorskip("textual")

from tests.capture.app_stage import WIDE, Stage
from tests.capture.app_stage import staged as staged_app
from tests.capture.stage import ACME as CLIENT
from tests.capture.stage import Stage as Machine
from tests.capture.stage import picture_of, staged
from tests.capture.test_runner import NINE
from workdiary.capture.events import SnapshotFailed, SnapshotTaken, TakeSnapshot
from workdiary.capture.live import LiveEngine
from workdiary.capture.terminal.screens import IdleScreen
from workdiary.diary.changes import StatusChanged
from workdiary.diary.diary import Diary
from workdiary.model.contract import ContractStatus, StatusChange
from workdiary.model.times import UTC, instant

Scene = Callable[[Stage, Machine], Awaitable[None]]


def play(scene: Scene, *ids: str) -> None:
    """Run a scene over a tracker that is switched off, at Wednesday 09:00Z, with the contracts `ids` or c-1."""
    with staged(None, *ids) as machine:
        engine = LiveEngine(machine.runner)

        async def run() -> None:
            async with staged_app(engine, lambda id: Diary(machine.journal, id), WIDE, UTC) as stage:
                await scene(stage, machine)

        asyncio.run(run())


def amount(machine: Machine) -> str:
    return str(machine.diary.statement(instant("2026-11-18T09:00Z")).amount)


# Snapshots, and when they are spoken of.


@pytest.mark.parametrize("flag", ["", "unchanged"])
def test_b80_that_a_snapshot_was_taken_is_said_when_its_segment_is_over(flag: str) -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        take = machine.camera.take

        def taken(order: TakeSnapshot) -> SnapshotTaken | SnapshotFailed:
            found = take(order)
            assert isinstance(found, SnapshotTaken)
            return SnapshotTaken(slot=found.slot, at=found.at, digests=found.digests, flags=(flag,) if flag else ())

        machine.camera.take = taken  # type: ignore[method-assign]  # another screen
        machine.runner.start("c-1")
        for _ in range(13):
            machine.work(46)  # to 09:09:58
            await stage.poll()
            assert stage.text("shot") == "no snapshot yet"
            assert stage.text("notices") == ""
        machine.work(5)
        await stage.poll()
        assert machine.camera.taken == 1
        assert stage.text("shot").startswith("Wed 09:0")
        assert "d deletes it for" in stage.text("shot")
        assert "d deletes both: −10 minutes, 5.00 USD." in stage.text("notices")
        assert flag in stage.text("shot")

    play(scene)


def test_b80_a_failure_is_not_told_before_its_segment_is_over_either() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        machine.camera.fails = "The display is gone."
        machine.runner.start("c-1")
        machine.work(598)
        await stage.poll()
        assert (stage.text("shot"), stage.text("notices")) == ("no snapshot yet", "")

    play(scene)


def test_the_open_segment_can_be_deleted_and_is_never_billed() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        machine.runner.start("c-1")
        machine.work(598)
        await stage.poll()
        await stage.press("d")
        assert stage.here("title") == "Delete the open segment 09:00–09:10 for c-1?"
        # The same words whether there is a snapshot or not.
        assert "its snapshot, if there is one, goes with it: −10 minutes, 5.00 USD at most." in stage.here("body")
        await stage.press("y", "enter")
        machine.work(600)
        machine.runner.stop()
        machine.work(70)
        assert "11-18T09:00" not in machine.recorded()
        assert picture_of(NINE) not in machine.files.digests()

    play(scene)


def test_that_the_open_segment_was_deleted_is_said_and_not_asked_again() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        machine.runner.start("c-1")
        machine.work(300)
        await stage.poll()
        await stage.press("d", "y", "enter")
        words = "The open segment of c-1 was deleted: counting begins again with the next one."
        assert words in stage.text("notices")
        depth = len(stage.app.screen_stack)
        await stage.press("d")
        assert len(stage.app.screen_stack) == depth
        machine.work(301)
        await stage.press("x")
        await stage.poll()
        assert words not in stage.text("notices")

    play(scene)


def test_protect_1_a_segment_without_a_picture_is_said_once_with_what_it_costs_to_delete() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        machine.camera.fails = "The display is gone."
        machine.runner.start("c-1")
        machine.work(605)
        await stage.poll()
        words = "The segment 09:00–09:10 has no picture, so it is billed and not protected (PROTECT-1). "
        notice = stage.text("notices")
        assert words in notice
        assert notice.count("delete") == notice.count("d deletes it: −10 minutes, 5.00 USD.") == 1
        assert notice.count("diary") == notice.count("It goes into the diary in 5") == 1
        assert stage.text("shot") == "Wed 09:00–09:10  c-1  no picture: The display is gone"
        machine.work(60)
        await stage.poll()
        assert amount(machine) == "5.00 USD"
        assert words.rstrip() in stage.text("notices")
        assert "deletes" not in stage.text("notices")

    play(scene)


def test_protect_1_a_blank_picture_is_none() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        def blank(order: TakeSnapshot) -> SnapshotTaken | SnapshotFailed:
            digest = machine.files.put(b"blank")
            return SnapshotTaken(slot=order.slot, at=order.at, digests=(digest,), flags=("blank",))

        machine.camera.take = blank  # type: ignore[method-assign]  # another screen
        machine.runner.start("c-1")
        machine.work(605)
        await stage.poll()
        assert "has no picture, so it is billed and not protected (PROTECT-1)." in stage.text("notices")
        assert "goes into the diary with its segment" not in stage.text("notices")
        assert "images are deleted" not in stage.text("notices") + stage.text("shot")

    play(scene)


def test_protect_1_nothing_is_said_to_be_billed_of_which_nobody_knows_it_yet() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        machine.camera.fails = "The display is gone."
        machine.runner.start("c-1")
        machine.work(500)
        # Without an input over its end, it waits for the one that comes, or for the answer to the idle prompt.
        await away(stage, machine, 110)
        assert "has no picture, so it is not protected (PROTECT-1) if it is billed." in stage.text("notices")
        assert "It goes into the diary once all of its time is known; d deletes it" in stage.text("notices")

    play(scene)


def test_a_deletion_costs_what_the_statement_changes_by() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        machine.camera.fails = "The display is gone."
        machine.runner.start("c-1")
        machine.work(605)
        await stage.poll()
        await stage.press("d")
        assert stage.here("title") == "Delete the segment 09:00–09:10 for c-1?"
        assert stage.here("body") == "It has no picture: −10 minutes, 5.00 USD."
        await stage.press("escape")
        machine.work(60)
        await stage.poll()
        # It is in the diary now: what can be deleted here is the open one.
        await stage.press("d")
        assert stage.here("title") == "Delete the open segment 09:10–09:20 for c-1?"
        await stage.press("escape")
        # A part of a segment that was sent is known, for its deletion goes to the diary, too.
        assert LiveEngine(machine.runner).status().sent == {("c-1", NINE)}
        before = amount(machine)
        machine.runner.delete("c-1", NINE)
        machine.work(5)
        assert (before, amount(machine)) == ("5.00 USD", "0.00 USD")

    play(scene)


# Idle time.


async def away(stage: Stage, machine: Machine, seconds: int) -> None:
    """Let so many seconds pass without an input."""
    machine.keys.each = 0
    for _ in range(seconds):
        machine.keys.quiet += 1000
        machine.work(1)
    await stage.poll()


def test_a40_the_idle_time_stands_still_once_somebody_is_back() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        machine.runner.start("c-1")
        machine.work(60)
        await away(stage, machine, 605)
        assert isinstance(stage.app.screen, IdleScreen)
        assert "There was no input since 09:01:00, for 10 min 5 s so far." in stage.here("body")
        assert "PAUSED" in stage.text("state")
        machine.keys.each, machine.keys.quiet = 1, 0
        machine.work(1)
        await stage.poll()
        asked = stage.here("body")
        assert "There was no input from 09:01:00 to 09:11:05, 10 min 5 s." in asked
        machine.work(45)
        await stage.poll()
        assert stage.here("body") == asked
        # The time since is counted, and a question is open.
        assert stage.text("state").startswith(" ON ?   c-1 (acme)  0:11:51")

    play(scene)


def test_idle_time_is_offered_only_to_contracts_that_can_take_it() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        engine = LiveEngine(machine.runner)
        assert [engine.takes_idle_time(id) for id in ("c-1", "c-2", "c-9")] == [True, True, False]
        paused = StatusChanged(status=StatusChange(since=machine.clocks.now, status=ContractStatus.PAUSED))
        assert Diary(machine.journal, "c-2").record(paused, by=CLIENT, id="pause").recorded
        machine.sender.look("c-2")
        assert not engine.takes_idle_time("c-2")

    play(scene, "c-1", "c-2")


# Lost capture.


def test_activity_2_what_is_certain_is_shown_where_a_part_is_unknown() -> None:
    async def scene(stage: Stage, machine: Machine) -> None:
        machine.runner.start("c-1")
        machine.work(125)
        machine.keys.is_lost = True
        machine.work(30)
        await stage.poll()
        assert "reconnects by itself" in stage.text("notices")
        machine.keys.is_lost = False
        machine.work(60)
        await stage.poll()
        # Of 09:02 a part is unknown; 09:00, 09:01 and 09:03 had inputs.
        assert "now 0:03:35 of 0:10:00   at least 3 of 10 minutes active" in stage.text("watch")

    play(scene)
