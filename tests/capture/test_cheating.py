"""Who sets the clock after each snapshot is credited what was worked, however it is done (T2)."""

from __future__ import annotations

import pytest

from tests.capture.desk import ACME, NINE, Desk, key
from tests.capture.stage import WEDNESDAY, Stage, staged
from workdiary.capture.events import BalanceKept, ClockKept, Finished, MinuteKept, SlotKept
from workdiary.capture.recovery import Known, recover
from workdiary.capture.tracker import initial
from workdiary.diary.changes import TimeTracked
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.model.times import instant

WORKED = 3 * 3600


def credited(stage: Stage) -> int:
    """Return the seconds that the diary has, of the whole year."""
    return sum(
        len(stage.diary.segments(instant(f"2026-11-{day:02}T00:00Z"))) * SECONDS_PER_SLOT for day in (11, 18, 25)
    )


def to_the_next_slot(stage: Stage, *, backward: bool = False) -> None:
    """Set the clock to where no second of a slot is lost."""
    here = stage.clocks.wall // 1000 % SECONDS_PER_SLOT
    stage.clocks.set(-here - SECONDS_PER_SLOT if backward else SECONDS_PER_SLOT - here)


def cheat(stage: Stage, how: str) -> None:
    """Leave a slot as soon as its picture is taken, and go on in another, until so much was really worked."""
    left = WORKED
    stage.runner.start("c-1")
    while left > 0:
        before = stage.camera.taken
        while left > 0 and stage.camera.taken == before:
            stage.work(1)
            left -= 1
        if how == "off and on":
            stage.runner.stop()
        elif how == "another process":
            stage.runner.stop()
            stage.kill()
        to_the_next_slot(stage, backward=how == "backward")
        if how == "another process":
            stage.start_again()
        if how in ("off and on", "another process"):
            stage.work(1)
            stage.runner.start("c-1")
    stage.runner.stop()


@pytest.mark.parametrize("how", ["forward", "backward", "off and on", "another process"])
def test_t2_f43_setting_the_clock_after_each_picture_earns_nothing(how: str) -> None:
    with staged() as stage:
        if how == "backward":
            stage.journal._clock = lambda: WEDNESDAY + 86_400
        cheat(stage, how)
        assert stage.camera.taken > 25, "18 is what was worked"
        stage.clocks.set(12 * 3600)  # past everything that was claimed
        stage.work(200)
        assert WORKED - 1200 <= credited(stage) <= WORKED + 1200


@pytest.mark.parametrize("how", ["off", "locked", "another process"])
def test_t2_f43_a_clock_that_creeps_while_nothing_is_tracked_earns_nothing(how: str) -> None:
    # Each step alone is small enough to be taken for jitter.
    worked = 1800 if how == "another process" else WORKED
    with staged() as stage:
        left = worked
        stage.runner.start("c-1")
        while left > 0:
            before = stage.camera.taken
            while left > 0 and stage.camera.taken == before:
                stage.work(1)
                left -= 1
            stage.work(1)  # the drawn second itself
            left -= 1
            slot = stage.clocks.wall // 1000 // SECONDS_PER_SLOT
            stage.keys.is_locked = how == "locked"
            if how != "locked":
                stage.runner.stop()
            while stage.clocks.wall // 1000 // SECONDS_PER_SLOT == slot:
                if how == "another process":
                    stage.kill()
                stage.clocks.set(1.9)
                if how == "another process":
                    stage.start_again()
                stage.work(1)
            stage.keys.is_locked = False
            if how != "locked":
                stage.runner.start("c-1")
        stage.runner.stop()
        stage.work(1300)
        assert worked - 1200 <= credited(stage) <= worked + 1200


def test_t2_sessions_of_an_odd_length_cost_nothing_when_the_clock_is_corrected_every_night() -> None:
    desk, worked = Desk(), 0
    for day in range(150):
        if day:
            night = (NINE + day * 86_400 + 10) * 1000 - desk.wall
            desk.wall, desk.boot = desk.wall + night + (3000 if day % 2 else -3000), desk.boot + night
            new = Desk(wall=desk.wall, mono=desk.mono, boot=desk.boot)
            known = Known(
                minutes=tuple({(one.session, one.minute): one for one in desk.of(MinuteKept)}.values()),
                slots=tuple({(one.job.contract, one.slot): one for one in desk.of(SlotKept)}.values()),
                balances={one.contract: one.seconds for one in desk.of(BalanceKept)},
                clock=desk.of(ClockKept)[-1],
            )
            new.state, effects = recover(initial(), known, new.reading)
            new.seen.extend([*desk.seen, *effects])
            desk = new
        desk.start(ACME, session=f"day {day}", secret=key(day))
        length = 300 + day * 211 % 600
        desk.work(length, tick=5000)
        worked += length // 5 * 5
        desk.stop()
        desk.work(900, tick=5000)
    credited = len({one.segment.slot for one in desk.of(Finished)}) * SECONDS_PER_SLOT
    # The last slot of a session is carried. The first is by its moment, but for some seconds worked in full.
    assert abs(credited - worked) <= 4 * SECONDS_PER_SLOT


def test_t2_a_clock_that_was_set_is_on_record() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(700)
        stage.clocks.set(3600)
        stage.work(1300)
        stage.runner.stop()
        stage.work(70)
        changes = [entry.change for entry in stage.entries(TimeTracked)]
        marks = {str(one.segments[0].starts_at)[11:16]: one.marks for one in changes if isinstance(one, TimeTracked)}
        assert marks["09:00"] == ()
        assert marks["10:20"] == ()
        assert [slot for slot, found in marks.items() if "clock_step" in found] in (["09:10"], ["10:10"])


def test_a_clock_that_is_corrected_once_costs_no_segment_that_was_worked_in_full() -> None:
    with staged() as stage:
        stage.runner.start("c-1")
        stage.work(1500)
        stage.clocks.set(3)
        stage.work(1500)
        stage.runner.stop()
        stage.work(70)
        assert len(stage.recorded()) == 5
