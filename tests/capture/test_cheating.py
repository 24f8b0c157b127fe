"""Who sets the clock after each snapshot is credited what was worked, however it is done (T2)."""

from __future__ import annotations

import pytest

from tests.capture.stage import WEDNESDAY, Stage, staged
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
