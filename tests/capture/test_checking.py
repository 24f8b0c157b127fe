"""A diary's snapshots against its disclosed secrets: who chose a moment is found, and nobody else accused."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.capture.desk import FIRST, NINE, key, second
from tests.diary.keeping import ANA, Kept
from tests.diary.keeping import opened as opened_at
from workdiary.capture.__main__ import main
from workdiary.capture.checking import Judgement, lines_of, moments_of
from workdiary.capture.spool.kept import Standing
from workdiary.diary.changes import CaptureEnded, CaptureStarted, TimeTracked
from workdiary.diary.diary import Diary
from workdiary.model.activity import Activity
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.slots import Slot
from workdiary.model.times import Instant
from workdiary.store.memory import MemoryJournal
from workdiary.store.sql import SqlJournal

AGREES, OPEN, UNCERTAIN, WRONG = Judgement.AGREES, Judgement.OPEN, Judgement.UNCERTAIN, Judgement.WRONG


def opened() -> Kept:
    return opened_at(now="2026-11-18T07:00Z")


def passed_to(kept: Kept, at: int) -> None:
    """Let the diary's clock, which never goes back, show `at` or later: the diary can be reached all the time."""
    kept.clock.now = max(kept.clock.now, at)


def began(kept: Kept, n: int, at: int) -> None:
    passed_to(kept, at)
    commitment = sha256(b"workdiary/capture/1\n" + key(n)).hexdigest()
    assert kept.diary.record(CaptureStarted(commitment=commitment, began=Instant(at)), by=ANA, id=f"s-{n}").recorded


def ended(kept: Kept, n: int, at: int) -> None:
    passed_to(kept, at)
    change = CaptureEnded(of=f"s-{n}", secret=key(n).hex(), ended=Instant(at))
    assert kept.diary.record(change, by=ANA, id=f"end s-{n}").recorded


def sent(kept: Kept, n: int, slot: int, *at: int | None) -> None:
    """Record a segment of session `n` with snapshots at these seconds of its slot, `None` for one without a time."""
    passed_to(kept, 600 * (slot + 1))
    shots = [Snapshot(at=None if one is None else Instant(600 * slot + one)) for one in at]
    segment = Segment(
        slot=Slot(slot), source=Source.TRACKED, memo="x", activity=Activity.of_meter(5), snapshots=tuple(shots)
    )
    answer = kept.diary.record(
        TimeTracked(segments=(segment,), made_at=Instant(NINE)), by=ANA, id=f"track s-{n} {slot}"
    )
    assert answer.recorded


def found(kept: Kept) -> list[tuple[str | None, Judgement]]:
    return [(shot.session, shot.judgement) for shot in moments_of(kept.diary).shots]


def drawn(n: int, slot: int) -> int:
    return second(key(n), "c-1", slot)


def test_snapshots_at_their_moments_agree_and_a_late_one_does_up_to_a_minute() -> None:
    kept = opened()
    slots = [slot for slot in range(FIRST, FIRST + 9) if drawn(0, slot) < 539][:3]
    began(kept, 0, NINE + 30)
    for slot, late in zip(slots, (0, 20, 60), strict=True):
        sent(kept, 0, slot, drawn(0, slot) + late)
    ended(kept, 0, NINE + 5400)
    assert found(kept) == [("s-0", AGREES)] * 3
    assert moments_of(kept.diary).is_sound


def test_b80_a_moment_that_somebody_chose_is_wrong_and_the_drawn_one_is_said() -> None:
    kept = opened()
    began(kept, 0, NINE)
    sent(kept, 0, FIRST, (drawn(0, FIRST) + 61) % 600)
    ended(kept, 0, NINE + 600)
    checked = moments_of(kept.diary)
    assert [shot.judgement for shot in checked.shots] == [WRONG]
    assert not checked.is_sound
    assert f"The moment that was drawn is {Instant(NINE + drawn(0, FIRST))}" in checked.shots[0].why


def test_a_session_without_its_end_is_open_and_nobody_is_accused() -> None:
    kept = opened()
    began(kept, 0, NINE)
    sent(kept, 0, FIRST, 5)
    assert found(kept) == [("s-0", OPEN)]
    assert moments_of(kept.diary).is_sound
    assert any("no secret on record yet" in line for line in lines_of(moments_of(kept.diary)))


def test_a_later_session_in_the_slot_inherits_the_moment_and_another_one_cannot_be_judged() -> None:
    """A screen that was locked over the start of the slot: the second session has drawn it."""
    for n, judgement in ((0, AGREES), (1, UNCERTAIN)):
        kept = opened()
        began(kept, 0, NINE)
        ended(kept, 0, NINE + 100)
        began(kept, 1, NINE + 200)
        sent(kept, 1, FIRST, drawn(n, FIRST))
        ended(kept, 1, NINE + 600)
        assert found(kept) == [(f"s-{n}", judgement)]
        assert moments_of(kept.diary).is_sound


def test_a_snapshot_that_its_own_session_has_drawn_before_the_clock_was_set_back_cannot_be_judged() -> None:
    kept = opened()
    began(kept, 0, NINE + 3600)
    sent(kept, 0, FIRST + 1, drawn(0, FIRST + 1))
    ended(kept, 0, NINE + 3600)
    assert found(kept) == [("s-0", UNCERTAIN)]


def test_a_snapshot_outside_every_session_is_wrong() -> None:
    kept = opened()
    began(kept, 0, NINE + 3600)
    sent(kept, 0, FIRST, (drawn(0, FIRST) + 300) % 600)
    sent(kept, 7, FIRST + 1, 3)
    ended(kept, 0, NINE + 7200)
    assert found(kept) == [(None, WRONG)] * 2
    assert "No session was on at that time" in moments_of(kept.diary).outside[0].why


def test_a_snapshot_without_a_time_is_told() -> None:
    kept = opened()
    began(kept, 0, NINE)
    sent(kept, 0, FIRST, None)
    assert [(shot.judgement, shot.at) for shot in moments_of(kept.diary).outside] == [(UNCERTAIN, Instant(NINE))]


def test_two_monitors_are_one_snapshot() -> None:
    kept = opened()
    began(kept, 0, NINE)
    sent(kept, 0, FIRST, drawn(0, FIRST), drawn(0, FIRST))
    ended(kept, 0, NINE + 600)
    assert found(kept) == [("s-0", AGREES)]


def test_no_secret_is_printed() -> None:
    kept = opened()
    began(kept, 0, NINE)
    ended(kept, 0, NINE + 600)
    checked = moments_of(kept.diary)
    assert key(0).hex() not in json.dumps(checked.dump()) + "".join(lines_of(checked)) + repr(checked)


def test_t2_a_commitment_that_came_after_the_snapshot_has_fixed_nothing() -> None:
    """A diary that was not reached for three hours, or a secret that was chosen when the pictures were there."""
    kept = opened()
    passed_to(kept, NINE + 3 * 3600)
    began(kept, 0, NINE)
    sent(kept, 0, FIRST, drawn(0, FIRST))
    sent(kept, 0, FIRST + 18, drawn(0, FIRST + 18))
    ended(kept, 0, NINE + 4 * 3600)
    assert found(kept) == [("s-0", Judgement.AFTERWARDS), ("s-0", AGREES)]
    checked = moments_of(kept.diary)
    assert checked.is_sound, "nobody is accused"
    lines = [*lines_of(checked)]
    assert "1 as drawn, 1 as drawn, but committed to only afterwards" in lines[0]
    assert "2026-11-18T12:00:00Z, by the clock of the diary" in lines[1]


TRACE = """\
{"trace": 1, "starts": "2026-11-18T08:00:00Z"}
{"t": 0, "start": "c-1", "memo": "Search index"}
{"t": 1, "keys": 900, "for": 1750}
{"t": 1000, "lock": true}
{"t": 2000, "lock": false}
{"t": 2001, "keys": 900, "for": 2190}
{"t": 3000, "wall": -900}
{"t": 4200, "stop": true}
{"t": 4300, "start": "c-1", "memo": "Search index"}
{"t": 4301, "keys": 900, "for": 1090}
{"t": 5400, "stop": true}
"""


@pytest.fixture
def db(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """A database with the diary of a replayed day: a lock, a clock set back, two sessions."""
    from tests.capture.stage import open_in

    place = str(tmp_path / "diary.db")
    with SqlJournal.open(place, clock=lambda: NINE - 7200) as journal:
        open_in(journal, "c-1")
    trace = tmp_path / "day.jsonl"
    trace.write_text(TRACE)
    assert main(["--replay", str(trace), "--db", place, "--folder", str(tmp_path / "tracker")]) == 0
    capsys.readouterr()
    return place


def test_the_command_finds_a_day_sound_with_a_lock_and_a_clock_that_was_set_back(
    db: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["moments", "--contract", "c-1", "--db", db, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"]
    assert said["wrong"] == said["open"] == 0
    # The diary's clock never goes back, so it records the second session later than that one's pictures were taken.
    assert said["agrees"] + said["afterwards"] >= 3
    assert said["agrees"] >= 1
    assert [one["secret"] for one in said["sessions"]] == ["disclosed"] * 2


def test_the_command_ends_with_1_and_says_why_when_a_moment_was_not_drawn(
    db: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at = Instant(NINE - 7200)
    segment = Segment(
        slot=at.slot, source=Source.TRACKED, memo="x", activity=Activity.of_meter(5), snapshots=(Snapshot(at=at),)
    )
    with SqlJournal.open(db, create=False) as journal:
        upload = TimeTracked(segments=(segment,), made_at=at)
        assert Diary(journal, "c-1").record(upload, by=ANA, id="mine").recorded
    assert main(["moments", "--db", db]) == 1
    out = capsys.readouterr().out
    assert f"In no session:\n  {at}  not as drawn. No session was on at that time" in out
    assert out.endswith("Not every snapshot is at the moment that was drawn.\n")


def test_a_session_that_the_diarys_clock_has_not_reached_is_recorded_when_it_has() -> None:
    """Seven minutes ahead, and over within a minute: the start waits, and so does the end that would name it."""
    from tests.capture.stage import staged

    with staged() as stage:
        assert isinstance(stage.journal, MemoryJournal)
        stage.journal._clock = lambda: stage.clocks.wall / 1000 - 420
        stage.work(420)
        stage.runner.start("c-1")
        stage.work(30)
        stage.runner.stop()
        assert stage.entries(CaptureStarted) == stage.entries(CaptureEnded) == []
        stage.work(300)
        assert len(stage.entries(CaptureStarted)) == len(stage.entries(CaptureEnded)) == 1
        assert stage.items(Standing.REFUSED) == []
