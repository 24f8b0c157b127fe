"""The interface, driven by its keys over a scripted engine: the board, on and off, and the memo."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("textual")

from textual.widgets import OptionList

from tests.capture.app_stage import (
    ACME,
    BETA,
    DAY,
    LABELS,
    MIDDLE,
    NARROW,
    WIDE,
    Given,
    Stage,
    picture,
    play,
    staged,
    today,
)
from tests.capture.engines import NOW, ScriptedEngine, books, contract_of, running, shot, tracked_at, waiting
from tests.support import terms
from workdiary.capture.terminal.screens import ChoiceScreen, MemoScreen
from workdiary.errors import InvalidValue, StoreError
from workdiary.model.slots import Slots
from workdiary.model.times import UTC, Instant, zone

# The board.


def test_it_shows_the_contracts_with_rate_and_limit_and_marks_the_running_one() -> None:
    async def scene(stage: Stage) -> None:
        contracts = stage.app.query_one("#contracts", OptionList)
        lines = [str(contracts.get_option_at_index(n).prompt) for n in range(2)]
        assert lines[0].split() == ["●", "c-1", "(acme)", "30.00", "USD/h", "40", "h/week"]
        assert lines[1].split() == ["c-2", "(beta)", "25.00", "EUR/h", "no", "limit"]
        assert "ON" in stage.text("state")
        assert "  c-1 (acme)  2:00:00" in stage.text("state")

    play(scene, ACME, BETA, status={"running": running()})


def test_the_stopwatches_count_what_waits_too() -> None:
    # Twelve are recorded today until 16:00, of which eleven in this session, and that of 16:00 waits... in a
    # session whose open segment is now that of 16:10.
    async def scene(stage: Stage) -> None:
        first = stage.text("watch").splitlines()[0]
        assert first.split() == ["session", "2:00:00", "today", "2:10:00", "week", "2:10:00"]
        assert "now 0:03:20 of 0:10:00   412 keys  20 clicks  3 scrolls" in stage.text("watch")

    session = running(slot=NOW.slot + 1, credited=Slots.range(NOW.slot - 11, NOW.slot + 1))
    play(scene, ACME, status={"now": Instant(NOW + 600), "running": session, "waiting": (waiting(NOW.slot),)})


def test_unknown_activity_is_not_shown_as_zero() -> None:
    async def scene(stage: Stage) -> None:
        assert "activity unknown" in stage.text("watch")
        assert "Capture is lost" in stage.text("notices")
        assert "LOST" in stage.text("state")

    play(scene, ACME, status={"running": running(counts=None, lost=True)})


def test_the_limit_bar_says_when_the_limit_is_reached() -> None:
    # 236 segments of 240 are recorded, the last one ends at 16:00.
    async def scene(stage: Stage) -> None:
        bar, words = stage.text("limit").splitlines()
        assert bar.endswith("39 h 20 min of 40 h, 98 %")
        assert words == "limit reached at 16:40"
        assert "98 % of the weekly limit of 40 h are used, 40 min left" in stage.text("notices")

    play(scene, (contract_of(), today(96 - 236, 96)), status={"running": running()})


def test_after_the_limit_time_is_red_and_unpaid() -> None:
    async def scene(stage: Stage) -> None:
        assert "From now on time is red and unpaid" in stage.text("notices")
        assert stage.text("limit").splitlines()[1] == "limit reached: more time is red and unpaid"
        assert "+0:20:00 unpaid" in stage.text("watch")
        rows = stage.text("day").splitlines()
        assert rows[-2].split()[5:7] == ["O▇◉", "O▇◉"]
        # What is unpaid stays said, however often it is put away.
        await stage.press("x")
        assert "red and unpaid" in stage.text("notices")

    play(scene, (contract_of(terms=[terms(limit=2)]), today(82, 96)), status={"running": running()})


def test_today_grows_in_hourly_rows_of_six() -> None:
    async def scene(stage: Stage) -> None:
        rows = stage.text("day").splitlines()
        assert rows[0].split() == [":00", ":10", ":20", ":30", ":40", ":50"]
        assert [row.split()[0] for row in rows[1:]] == ["14:00", "15:00", "16:00"]
        assert rows[1].split()[1:7] == ["T▇◉"] * 6
        assert rows[3].split()[1] == "…"
        await stage.set(
            now=Instant(NOW + 600), waiting=(waiting(NOW.slot),), running=running(slot=NOW.slot + 1), recorded=1
        )
        # Finished and not in the diary yet: a small letter.
        assert stage.text("day").splitlines()[3].split()[1:3] == ["t▇◉", "…"]

    play(scene, ACME, status={"running": running()})


def test_b27_the_rows_are_those_of_the_zone() -> None:
    # 14:00Z is 19:45 in Kathmandu, where slots begin at :05, :15 and so on.
    async def scene(stage: Stage) -> None:
        rows = stage.text("day").splitlines()
        assert [row.split()[0] for row in rows[1:]] == ["19:00", "20:00", "21:00"]
        assert stage.text("state").endswith("Wed 21:48 Asia/Kathmandu")

    play(scene, ACME, place=zone("Asia/Kathmandu"))


def test_an_empty_list_says_what_to_do() -> None:
    async def scene(stage: Stage) -> None:
        assert "no contract to track for" in stage.text("nothing")
        await stage.press("space", "enter", "m", "l", "d", "x", "down")
        assert stage.calls == []

    play(scene)


@pytest.mark.parametrize(
    ("size", "plain"), [(WIDE, False), (NARROW, False), (MIDDLE, False), ((20, 8), False), (WIDE, True), (NARROW, True)]
)
def test_every_size_with_and_without_colour(
    size: tuple[int, int], plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")

    async def scene(stage: Stage) -> None:
        assert stage.app.no_color is plain
        assert "T▇" in stage.text("day")  # a letter for each colour
        for line in stage.text("day").splitlines():
            assert len(line) <= size[0] or size[0] < 30
        await stage.press("pagedown", "pageup", "question_mark", "escape", "p", "escape", "m", "escape", "n", "escape")
        assert stage.app.export_screenshot()

    many: list[Given] = [(contract_of(f"x-{n}", client=f"client {n}"), []) for n in range(3)]
    play(scene, ACME, *many, size=size, status={"running": running(), "shots": (shot(thumbnail=picture()),)})


def test_no_color_before_there_is_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def scene(stage: Stage) -> None:
        await stage.press("question_mark", "escape")
        assert stage.app.export_screenshot()

    play(scene, ACME)


def test_a_long_memo_is_cut_and_nothing_in_it_is_obeyed() -> None:
    memo = "[red]bold[/red] \x1b[31m" + "very long " * 390

    async def scene(stage: Stage) -> None:
        line = stage.text("memo").splitlines()
        assert len(line) == 1
        assert line[0].startswith("memo [red]bold[/red] [31mvery long")
        assert line[0].endswith("…")
        assert len(line[0]) <= 58

    play(scene, ACME, status={"running": running(memo=memo)}, size=NARROW)


def test_many_contracts_can_all_be_reached() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("end", "enter")
        assert stage.calls == [("start", "c-39", "", None)]

    play(scene, *((contract_of(f"c-{n}", client=f"client {n}"), []) for n in range(40)), size=NARROW)


def test_a_diary_that_cannot_be_read_is_said_and_the_rest_goes_on() -> None:
    _, diaries = books(ACME)
    engine = ScriptedEngine("c-1", "gone")

    async def run() -> None:
        async with staged(engine, diaries, WIDE, UTC) as stage:
            assert "The diary of gone cannot be read" in stage.text("notices")
            assert "2:00:00" in stage.text("watch")

    asyncio.run(run())


def test_an_engine_that_fails_is_said_and_asked_again() -> None:
    engine = ScriptedEngine("c-1")
    engine.fails = StoreError("spool", "x", "cannot be read", "repair the disk")

    async def scene(stage: Stage) -> None:
        assert "cannot be read; repair the disk" in stage.text("notices")
        engine.fails = None
        await stage.set(running=running())
        assert "ON" in stage.text("state")
        assert "repair the disk" not in stage.text("notices")

    play(scene, ACME, engine=engine)


# On and off.


def test_space_switches_on_and_off() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("space")
        assert stage.calls == [("start", "c-1", "Fix the login form", None)]
        assert "ON" in stage.text("state")
        await stage.press("space")
        assert stage.calls[1:] == [("stop",)]
        assert "OFF" in stage.text("state")

    play(scene, ACME, BETA)


def test_enter_switches_over_and_does_nothing_twice() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("enter")
        assert stage.calls == []
        await stage.press("down", "enter")
        assert stage.calls == [("start", "c-2", "", None)]

    play(scene, ACME, BETA, status={"running": running()})


def test_a_click_on_a_contract_marks_it_and_bills_nothing() -> None:
    async def scene(stage: Stage) -> None:
        contracts = stage.app.query_one("#contracts", OptionList)
        await stage.pilot.click("#contracts", offset=(3, 1))
        await stage.pilot.click("#contracts", offset=(3, 1), times=2)
        await stage.settle()
        assert contracts.highlighted == 1
        assert stage.calls == []
        await stage.press("enter")
        assert stage.calls == [("start", "c-2", "", None)]

    play(scene, ACME, BETA)


def test_a_session_that_began_elsewhere_is_looked_at() -> None:
    async def scene(stage: Stage) -> None:
        await stage.set(running=running("c-2"))
        assert stage.app.query_one("#contracts", OptionList).highlighted == 1

    play(scene, ACME, BETA)


def test_nothing_is_captured_before_the_notice_is_agreed_to() -> None:
    engine = ScriptedEngine("c-1")
    engine.notices["c-1"] = "It counts:\n- keys, and\n  clicks;\n- scrolls.\n\nNothing\nelse."

    async def scene(stage: Stage) -> None:
        await stage.press("space")
        assert isinstance(stage.app.screen, ChoiceScreen)
        assert stage.here("body") == "It counts:\n- keys, and clicks;\n- scrolls.\n\nNothing else."
        await stage.press("enter")  # the first answer is no
        assert stage.calls == []
        await stage.press("space", "escape")
        assert stage.calls == []
        await stage.press("space", "y", "enter")
        assert stage.calls == [("consent", "c-1"), ("start", "c-1", "Fix the login form", None)]

    play(scene, ACME, engine=engine)


def test_a_long_notice_can_be_read_by_keys_in_a_small_terminal() -> None:
    engine = ScriptedEngine("c-1")
    engine.notices["c-1"] = "\n".join(f"- point {n}" for n in range(60))

    async def scene(stage: Stage) -> None:
        await stage.press("space")
        text = stage.app.screen.query_one("#text")
        assert "PgUp PgDn: read on" in stage.here("hint")
        await stage.press("pagedown")
        assert text.scroll_offset.y > 0
        await stage.press("pageup")
        assert text.scroll_offset.y == 0
        # The answers are in sight all the time.
        answers = stage.app.screen.query_one(OptionList)
        assert answers.region.bottom < 20
        assert stage.calls == []

    play(scene, ACME, engine=engine, size=NARROW)


def test_a_label_is_required_where_it_is_offered_and_asked_for() -> None:
    async def scene(stage: Stage) -> None:
        assert "none yet: l chooses one, which is asked for" in stage.text("memo")
        await stage.press("space", "escape")
        assert stage.calls == []
        await stage.press("space", "down", "enter")
        assert stage.calls == [("start", "c-3", "", "Development")]
        await stage.press("l")
        assert stage.marked() == "Development"
        await stage.press("down", "enter")
        assert stage.calls[1:] == [("label", "Design")]
        assert "label Design" in stage.text("memo")

    play(scene, LABELS)


def test_without_labels_the_key_says_so() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("l")
        assert "c-1 (acme) offers no activity labels" in stage.text("notices")

    play(scene, ACME)


def test_what_the_engine_refuses_is_shown_until_it_is_put_away() -> None:
    engine = ScriptedEngine("c-1")
    engine.refuses = InvalidValue("contract", "c-1", "is closed", "choose another")

    async def scene(stage: Stage) -> None:
        await stage.press("space")
        assert "contract: 'c-1' is closed; choose another" in stage.text("notices")
        assert "OFF" in stage.text("state")
        await stage.press("x")
        assert "is closed" not in stage.text("notices")

    play(scene, ACME, engine=engine)


# The memo.


def test_a_memo_is_written_while_it_is_on() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("m")
        assert isinstance(stage.app.screen, MemoScreen)
        await stage.press(*"Call", "enter")
        assert stage.calls == [("memo", "Call")]
        assert stage.text("memo") == "memo Call"

    play(scene, ACME, status={"running": running()})


def test_a_memo_written_before_is_the_one_it_begins_with() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("m", *"q m", "enter")  # no key of the main screen acts in the line
        assert stage.calls == []
        await stage.press("space")
        assert stage.calls == [("start", "c-1", "q m", None)]

    play(scene, ACME)


def test_the_history_has_the_memos_used_of_late_the_latest_first() -> None:
    segments = [
        tracked_at(DAY - 200, memo="on Monday"),
        tracked_at(DAY + 10, memo="this morning"),
        tracked_at(DAY + 50, memo="just now"),
    ]

    async def scene(stage: Stage) -> None:
        await stage.press("m", "down")
        assert stage.marked() == "this morning"
        await stage.press("down", "enter", "space")
        assert stage.calls == [("start", "c-1", "on Monday", None)]

    play(scene, (contract_of(), segments))


def test_escape_leaves_the_memo_as_it_is() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("m", *"Call", "escape")
        assert stage.calls == []
        assert stage.text("memo") == "memo Fix the login form"

    play(scene, ACME, status={"running": running()})
