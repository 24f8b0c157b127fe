"""What is said where there is no interface: to whoever reads the lines of a tracker, and is paid by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.capture.stage import PLATFORM, WEDNESDAY, Stage, staged
from workdiary.capture.__main__ import main
from workdiary.capture.events import Choice
from workdiary.capture.herald import Herald
from workdiary.capture.live import LiveEngine
from workdiary.capture.places import seconds_of
from workdiary.capture.spool.kept import Standing
from workdiary.capture.wording import memo_of
from workdiary.diary.changes import TermsChanged, TimeTracked
from workdiary.errors import InvalidValue
from workdiary.model.contract import Terms
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, instant, zone
from workdiary.store.sql import SqlJournal


def heralded(stage: Stage, where: str | None = None) -> list[str]:
    """Have a herald speak on `stage`, and return the lines that it will say."""
    lines: list[str] = []
    herald = Herald(lines.append, zone=None if where is None else zone(where))
    stage.runner._watch, stage.runner._tell = herald.heard, herald.troubled
    stage.sender._changed = herald.answered
    herald.begin(stage.sender, lambda: stage.clocks.now)
    return lines


def test_a_segment_is_said_when_it_is_finished_with_its_time_and_its_memo() -> None:
    with staged() as stage:
        lines = heralded(stage)
        stage.runner.start("c-1", memo="Fix the login form")
        stage.work(601)
        assert lines == [
            "2026-11-18T09:00:00Z  on, for c-1",
            "2026-11-18T09:10:00Z  09:00 to 09:10 for c-1: Fix the login form",
        ]


def test_the_times_are_those_of_a_zone_when_one_is_named() -> None:
    with staged() as stage:
        lines = heralded(stage, "Asia/Kathmandu")
        stage.runner.start("c-1", memo="Call")
        stage.work(601)
        assert lines == [
            "2026-11-18T14:45:00+05:45  on, for c-1",
            "2026-11-18T14:55:00+05:45  14:45 to 14:55 for c-1: Call",
        ]


def test_protect_1_a_segment_without_a_picture_is_said_to_be_unprotected() -> None:
    with staged() as stage:
        lines = heralded(stage)
        stage.camera.fails = "the display cannot be opened"
        stage.runner.start("c-1", memo="Call")
        stage.work(660)
        assert any(line.endswith("Call; without a picture it is not protected (PROTECT-1)") for line in lines), lines


def test_credit_snapshot_what_is_not_credited_is_named_with_its_reason() -> None:
    with staged() as stage:
        lines = heralded(stage)
        stage.runner._chance = lambda number: b"k" * number
        stage.runner.start("c-1")
        ledger = stage.runner.state.ledger("c-1", stage.runner.state.slot)
        assert ledger is not None
        moment = str(Instant(ledger.moment))[11:19]
        stage.work(90)
        stage.runner.stop()
        stage.work(600)
        assert any(
            f"09:00 to 09:10 for c-1: 1 min 30 s were tracked, and are not credited: the tracker was off at the drawn"
            f" second, {moment} UTC (CREDIT-snapshot)." in line
            for line in lines
        ), lines


def test_limit_1_the_weekly_limit_is_said_at_nine_tenths_and_when_it_is_reached_once_each() -> None:
    with staged(second=int(instant("2026-11-25T09:00:00Z"))) as stage:
        terms = Terms(since="2026-11-23T00:00Z", rate="30", weekly_limit="2")
        assert stage.diary.record(TermsChanged(terms=terms), by=PLATFORM, id="limit").recorded
        lines = heralded(stage)
        stage.runner.start("c-1", memo="Work")
        stage.work(3 * 3600)
        said = [line[22:] for line in lines if "weekly limit" in line]
        assert len(said) == 2, said
        assert said[0].startswith("c-1: 91 % of the weekly limit of 2 h are used, 10 min left")
        assert said[1] == "c-1: The weekly limit of 2 h is reached. From now on time is red and unpaid (LIMIT-1)."


def test_limit_1_idle_time_that_goes_to_another_contract_switches_nothing_over() -> None:
    """What is on is on: its limit is told of as before, and its session has what it had (B44)."""
    with staged(None, "c-1", "c-2", second=int(instant("2026-11-25T09:00:00Z"))) as stage:
        terms = Terms(since="2026-11-23T00:00Z", rate="30", weekly_limit="2")
        assert stage.diary.record(TermsChanged(terms=terms), by=PLATFORM, id="limit").recorded
        lines = heralded(stage)
        engine = LiveEngine(stage.runner)
        engine.start("c-1", memo="Work")
        stage.work(3600)
        stage.keys.each = 0
        for n in range(700):
            stage.keys.quiet = (n + 1) * 1000
            stage.work(1)
        stage.keys.each, stage.keys.quiet = 1, 0
        stage.work(1)
        assert len(stage.runner.finished) == 6
        engine.answer(Choice.REASSIGN, "c-2")
        assert len(stage.runner.finished) == 6
        stage.work(2 * 3600)
        assert [line[22:] for line in lines if "  on, " in line or "  off, " in line] == ["on, for c-1"]
        said = [line[22:] for line in lines if "weekly limit" in line]
        assert [line.split(" of ")[0] for line in said] == ["c-1: 91 %", "c-1: The weekly limit"]


def test_b84_a_trouble_is_said_once_and_so_is_its_end() -> None:
    with staged() as stage:
        lines = heralded(stage)
        stage.is_reachable = False
        stage.runner.start("c-1", memo="Work")
        stage.work(1300)
        notes = [line for line in lines if "note:" in line]
        assert len(notes) == 1
        assert "cannot be reached" in notes[0]
        stage.is_reachable = True
        stage.work(120)
        assert [line for line in lines if "note:" in line][1:] == [
            f"{lines[-1][:20]}  note: nothing is in the way any more."
        ]


def test_b80_what_tells_that_a_snapshot_was_due_is_said_when_its_segment_is_over() -> None:
    with staged() as stage:
        lines = heralded(stage)
        stage.runner._chance = lambda number: b"k" * number  # the same moment in every run
        stage.camera.fails = "The display is gone."
        stage.runner.start("c-1", memo="Work")
        stage.work(599)
        assert stage.camera.taken >= 1
        assert not any("display is gone" in line for line in lines)
        stage.work(2)
        said = [line for line in lines if "display is gone" in line]
        assert said == ["2026-11-18T09:10:00Z  09:00 to 09:10 for c-1: The display is gone."], "once, however often"


# Nobody hears it any more.


def test_a_closed_terminal_holds_up_nothing_that_is_sent() -> None:
    with staged() as stage:
        stage.is_reachable = False
        stage.runner.start("c-1", memo="Work")
        stage.work(3 * 3600)
        stage.runner.stop()
        stage.work(1200)

        def closed() -> None:
            raise BrokenPipeError(32, "Broken pipe")

        stage.sender._changed = closed
        stage.is_reachable = True
        asked_before = stage.sender._looked_at
        stage.sender.work()
        assert len(stage.items(Standing.SENT)) >= 17
        assert stage.items(Standing.WAITING) == []
        assert stage.sender.trouble is None
        assert stage.sender._looked_at != asked_before  # how the contracts stand is asked all the same
        assert stage.runner.troubles() == ("saying it went wrong: BrokenPipeError: [Errno 32] Broken pipe",)
        stage.sender._changed = lambda: None
        stage.runner.start("c-1")
        stage.work(2)
        assert stage.runner.troubles() == ()


def test_limit_1_a_notice_that_cannot_be_said_is_not_tried_for_each_segment_again() -> None:
    with staged(second=int(instant("2026-11-25T09:00:00Z"))) as stage:
        terms = Terms(since="2026-11-23T00:00Z", rate="30", weekly_limit="2")
        assert stage.diary.record(TermsChanged(terms=terms), by=PLATFORM, id="limit").recorded
        tried: list[str] = []

        def closed(line: str) -> None:
            tried.append(line)
            raise BrokenPipeError(32, "Broken pipe")

        herald = Herald(closed)
        stage.runner._watch, stage.runner._tell = herald.heard, herald.troubled
        stage.sender._changed = herald.answered
        herald.begin(stage.sender, lambda: stage.clocks.now)
        stage.runner.start("c-1", memo="Work")
        stage.work(3 * 3600)
        assert len([line for line in tried if "weekly limit" in line]) == 2
        assert len(stage.recorded()) >= 16


# The lock of a week.


def test_t16_a_segment_in_its_hold_is_no_alarm_on_the_last_day_of_a_week() -> None:
    with staged(second=int(instant("2026-11-22T18:00:00Z"))) as stage:
        stage.runner.start("c-1")
        for _ in range(1900):
            stage.work(1)
            assert stage.runner.troubles() == ()


def test_t16_a_segment_that_should_be_there_is_counted_once_with_what_to_do() -> None:
    with staged(second=int(instant("2026-11-22T20:00:00Z"))) as stage:
        stage.is_reachable = False
        stage.runner.start("c-1")
        stage.work(700)
        stage.runner.stop()
        stage.runner.start("c-1")
        stage.work(1800)
        number = len({item.slot for item in stage.items(Standing.WAITING)})
        held = sum(item.made + item.hold >= (stage.clocks.now - 60) * 1000 for item in stage.items(Standing.WAITING))
        (note,) = (one for one in stage.runner.troubles() if "locks within" in one)
        assert note == (
            f"{number - held} segments are not in the diary, and the week locks within 24 h: see that the diary can"
            " be reached"
        )


# Commands.


def test_a_deletion_says_what_it_costs_and_that_nothing_counts_until_the_next_segment() -> None:
    with staged() as stage:
        engine = LiveEngine(stage.runner)
        stage.runner.start("c-1", memo="Work")
        stage.work(700)
        asked = {"contract": "c-1", "at": "2026-11-18T09:00Z"}
        assert engine.asked({"do": "price", **asked}) == {"costs": "−10 minutes, 5.00 USD"}
        assert engine.asked({"do": "delete", **asked})["costs"] == "−10 minutes, 5.00 USD"
        stage.work(2)
        assert stage.recorded() == []
        done = engine.asked({"do": "delete", "contract": "c-1", "at": "2026-11-18T09:10Z"})
        assert done["running"]["deleted"]
        stage.work(520)
        assert not engine.asked({"do": "status"})["running"]["deleted"]


def test_a_memo_is_one_line_that_a_terminal_can_show() -> None:
    assert memo_of("  Fix\tthe\r\nlogin form ") == "Fix the login form"
    assert memo_of("   ") == ""
    assert memo_of("Família 👨‍👩‍👧") == "Família 👨‍👩‍👧"
    for memo in ("\x1b[31mred", "ring\x07", "evil\u202etxt", "nul\x00"):
        with pytest.raises(InvalidValue, match=r"^memo: .* no terminal can show"):
            memo_of(memo)


@pytest.mark.parametrize("text", ["1h30", "90s5", "1h30m20", "-5", "1.5h", "", "0", "1m1h"])
def test_a_duration_that_could_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="--for"):
        seconds_of(text, "--for")


# Replays.


TRACE = """\
{"trace": 1, "starts": "2026-11-18T09:00:00Z"}
{"t": 0, "start": "c-1", "memo": "Search index"}
{"t": 1, "keys": 900, "for": 1750}
{"t": 1800, "stop": true}
"""


@pytest.fixture
def demo(tmp_path: Path) -> tuple[str, str]:
    """A trace, and a diary for it."""
    from tests.capture.stage import open_in

    place = str(tmp_path / "demo.db")
    with SqlJournal.open(place, clock=lambda: WEDNESDAY - 60) as journal:
        open_in(journal, "c-1")
    (tmp_path / "day.jsonl").write_text(TRACE)
    return str(tmp_path / "day.jsonl"), place


def test_a_replay_that_is_there_already_says_so(demo: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    trace, place = demo
    assert main(["--replay", trace, "--db", place]) == 0
    first = capsys.readouterr().out
    assert "Week of 2026-11-16, c-1: 0.50 h tracked" in first
    assert main(["--replay", trace, "--db", place]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "This trace is in the diary already: nothing is added.",
        first.splitlines()[-1],
    ]


def test_a_replay_goes_into_no_diary_with_time_that_was_really_tracked(
    demo: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.capture.stage import ANA
    from workdiary.diary.diary import Diary
    from workdiary.model.segment import Segment

    trace, place = demo
    with SqlJournal.open(place, clock=lambda: WEDNESDAY) as journal:
        upload = TimeTracked(
            segments=[Segment.tracked(Slot(WEDNESDAY // 600 - 2), memo="Real")], made_at=Instant(WEDNESDAY)
        )
        assert Diary(journal, "c-1").record(upload, by=ANA, id="track 5f1c 1").recorded
    assert main(["--replay", trace, "--db", place]) == 2
    said = capsys.readouterr()
    assert "really tracked, for c-1" in said.err
    assert "workdiary init --db demo.db" in said.err
    assert "Week of" not in said.out


def test_a_replay_of_a_locked_week_says_that_it_is_not_billed(
    demo: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.capture.stage import ANA
    from workdiary.diary.changes import CaptureConsented
    from workdiary.diary.diary import Diary

    trace, place = demo
    with SqlJournal.open(place, clock=lambda: WEDNESDAY + 8 * 86_400) as journal:
        assert Diary(journal, "c-1").record(CaptureConsented(notice="later"), by=ANA, id="later").recorded
    assert main(["--replay", trace, "--db", place, "--consent"]) == 0
    out = capsys.readouterr().out
    words = "segments came after the lock of the week: kept in the diary as evidence, and not billed (UPLOAD-1)."
    assert out.count(words) == 1
    assert "0.00 h tracked" in out


def test_a_replay_before_a_contract_has_begun_is_refused_before_anything_is_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.capture.stage import open_in

    place = str(tmp_path / "demo.db")
    with SqlJournal.open(place, clock=lambda: WEDNESDAY - 60) as journal:
        open_in(journal, "c-1")
        before = len([*journal.read("c-1")])
    (tmp_path / "old.jsonl").write_text(TRACE.replace("2026-11-18", "2026-10-14"))
    assert main(["--replay", str(tmp_path / "old.jsonl"), "--db", place, "--consent"]) == 2
    said = capsys.readouterr()
    assert "c-1" in said.err
    assert "has not begun when the trace begins, at 2026-10-14" in said.err
    assert said.err.count("\n") == 1
    with SqlJournal.open(place) as journal:
        assert len([*journal.read("c-1")]) == before


def test_what_is_no_trace_is_said_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("# Not a trace\n\nby far.\n" * 40)
    assert main(["--replay", str(tmp_path / "README.md")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("beside", [["--headless"], ["--contract", "c-1"], ["--memo", "Work"], ["--for", "9s"]])
def test_what_a_trace_says_itself_does_not_go_with_a_replay(
    demo: tuple[str, str], capsys: pytest.CaptureFixture[str], beside: list[str]
) -> None:
    assert main(["--replay", demo[0], *beside]) == 2
    assert f"{beside[0]}: does not go with --replay" in capsys.readouterr().err


def test_edit_4_without_a_terminal_to_ask_in_nothing_is_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["delete", "c-1", "2026-11-18T09:10Z"]) == 2
    assert "repeat it with --yes" in capsys.readouterr().err


def test_a_replay_in_memory_says_that_nothing_is_recorded(
    demo: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--replay", demo[0]]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("Nothing is recorded: this was a made-up contract")


def test_status_and_answers_are_plain_data(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        stage.runner.start("c-1", memo="Work", label="Code")
        stage.work(5)
        said = json.loads(json.dumps(LiveEngine(stage.runner).asked({"do": "status"})))
        assert said["running"]["label"] == "Code"
        assert said["running"]["deleted"] is False
