"""What a replay leaves on the disk: in a folder of its own, and nothing that the tracker of this machine believes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capture.stage import WEDNESDAY
from workdiary.capture.__main__ import main
from workdiary.capture.events import ClockKept, Finished, Job, Reading, Start
from workdiary.capture.machine.clocks import own_clocks
from workdiary.capture.recovery import recover
from workdiary.capture.spool.spool import Keepable, Spool
from workdiary.capture.state import initial
from workdiary.model.policy import Credit, CreditRule
from workdiary.model.segment import Segment
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

TRACE = """\
{"trace": 1, "starts": "2026-11-18T08:00:00Z"}
{"t": 0, "start": "c-1", "memo": "Search index"}
{"t": 1, "keys": 900, "clicks": 60, "for": 1750}
{"t": 1800, "stop": true}
"""
JOB = Job(contract="c-1", credit=CreditRule(rule=Credit.SNAPSHOT, min_seconds=300))
SEGMENT = Segment.tracked(Slot(WEDNESDAY // 600), memo="Work")
NOW = WEDNESDAY * 1000


@pytest.fixture
def trace(tmp_path: Path) -> str:
    path = tmp_path / "day.jsonl"
    path.write_text(TRACE)
    return str(path)


def test_a_replay_keeps_no_clock_of_this_machine(tmp_path: Path, trace: str) -> None:
    folder = tmp_path / "demo"
    assert main(["--replay", trace, "--folder", str(folder)]) == 0
    with Spool(folder) as spool:
        known = spool.known()
        assert known.minutes != ()
        assert known.clock is None
        state, _ = recover(initial(), known, own_clocks().read())
        assert state.cuts == (), "nobody has set the clock"


def test_a_folder_of_replays_takes_another(tmp_path: Path, trace: str, capsys: pytest.CaptureFixture[str]) -> None:
    for day in ("18", "19"):
        Path(trace).write_text(TRACE.replace("11-18", f"11-{day}"))
        assert main(["--replay", trace, "--folder", str(tmp_path / "demo")]) == 0
        assert "Week of 2026-11-16, c-1: 0.50 h tracked" in capsys.readouterr().out


@pytest.mark.parametrize(
    "kept",
    [
        Start(job=JOB, session="5f1c", secret=bytes(32)),
        ClockKept(reading=Reading(wall=NOW, mono=7, boot=9), cuts=()),
    ],
)
def test_a_folder_with_what_was_really_tracked_is_refused_and_stays_as_it_is(
    kept: Keepable, tmp_path: Path, trace: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "elsewhere"
    with Spool(folder, machine="boot-1") as spool:
        spool.keep([kept], now=NOW)
        before = spool.known()
    assert main(["--replay", trace, "--folder", str(folder)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("workdiary.capture: --folder: ")
    assert "holds what was really tracked; leave --folder out, or name a folder for replays alone" in said
    with Spool(folder, machine="boot-1") as spool:
        assert (spool.known(), spool.books()) == (before, ())


@pytest.mark.parametrize("is_named", [True, False])
def test_the_folder_of_the_own_tracker_is_refused_before_it_is_made(
    is_named: bool,
    tmp_path: Path,
    trace: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "mine" if is_named else tmp_path / "workdiary" / "tracker"
    if is_named:
        monkeypatch.setenv("WORKDIARY_TRACKER", str(folder))
    assert main(["--replay", trace, "--folder", str(folder.parent / "." / folder.name)]) == 2
    assert "is the folder of your own tracker; leave --folder out" in capsys.readouterr().err
    assert not folder.exists()
    assert main(["--replay", trace]) == 0, "without --folder it is in one that is forgotten"
    assert not folder.exists()


def test_what_waits_of_a_real_session_alone_tells_it(tmp_path: Path) -> None:
    with Spool(tmp_path / "tracker", machine="") as spool:
        assert spool.is_made_up("replay-"), "nothing is kept"
        sent = Finished(contract="c-1", id="track replay-1 x", segment=SEGMENT, made_at=Instant(WEDNESDAY + 600))
        spool.keep([Start(job=JOB, session="replay-1", secret=bytes(32)), sent], now=NOW)
        assert spool.is_made_up("replay-")
        spool._connection.execute("DELETE FROM sessions")
        spool._connection.execute("UPDATE outbox SET kind = 'started', id = '5f1c'")
        assert not spool.is_made_up("replay-")
