"""How the interface looks: what has room at which size, what is read without colour, and how things are named."""

from __future__ import annotations

from itertools import pairwise

import pytest

pytest.importorskip("textual")

from textual import events
from textual.widgets import Input, OptionList

from tests.capture.app_stage import (
    ACME,
    BETA,
    LABELS,
    MIDDLE,
    NARROW,
    WIDE,
    Given,
    Stage,
    contrast,
    picture,
    play,
    today,
)
from tests.capture.engines import NOW, ScriptedEngine, contract_of, running, shot, waiting
from tests.support import terms
from workdiary.capture.events import Mark, MarkKind
from workdiary.capture.notice import NOTICE, TEXT, paragraphs, shown
from workdiary.capture.terminal.screens import ChoiceScreen, MemoScreen
from workdiary.errors import InvalidValue
from workdiary.model.contract import ContractStatus, StatusChange
from workdiary.model.times import UTC, Instant, instant, zone

SEVEN: list[Given] = [(contract_of(f"c-{n}", client=f"client {n}"), []) for n in range(7)]


def held(status: ContractStatus, since: str = "2026-11-18T00:00Z") -> Given:
    """Return a contract that is paused or closed since then, or begins then."""
    changes = [StatusChange(since=instant(since), status=status)]
    if status is not ContractStatus.ACTIVE:
        changes.insert(0, StatusChange(since=instant("2026-11-02T00:00Z"), status=ContractStatus.ACTIVE))
    return contract_of("c-2", client="beta", status=changes), []


# Room.


@pytest.mark.parametrize("size", [MIDDLE, WIDE])
def test_all_contracts_are_in_sight_where_there_is_room(size: tuple[int, int]) -> None:
    async def scene(stage: Stage) -> None:
        screen = "\n".join(stage.lines())
        assert all(f"c-{n} (client {n})" in screen for n in range(7))
        # And nothing has gone below the edge for it.
        assert "no snapshot yet" in screen
        assert stage.app.query_one("#main").max_scroll_y == 0

    play(scene, *SEVEN, size=size, status={"running": running("c-0")})


@pytest.mark.parametrize(("size", "rows"), [(NARROW, 3), (MIDDLE, 3), (WIDE, 6)])
def test_a_long_list_leaves_the_rest_in_sight(size: tuple[int, int], rows: int) -> None:
    many: list[Given] = [(contract_of(f"c-{n}", client=f"client {n}"), []) for n in range(60)]

    async def scene(stage: Stage) -> None:
        contracts = stage.app.query_one("#contracts")
        assert contracts.size.height >= rows
        screen = "\n".join(stage.lines())
        assert "session 0:00:00" in screen
        assert "nothing is recorded today yet" in screen

    play(scene, *many, size=size)


def test_what_is_about_to_go_into_the_diary_is_in_sight_above_everything_else() -> None:
    async def scene(stage: Stage) -> None:
        assert "d deletes both: −10 minutes, 5.00 USD." in " ".join(stage.text("notices").split())

    # On the last day of a week, with more to say than there is room for.
    now = instant("2026-11-22T16:10:10Z")
    marks = tuple(Mark(kind=MarkKind.LOCKED, at=now, what=f"Mark {n}.") for n in range(3))
    snapshot = shot(now.slot - 1, until=Instant(now + 50))
    held = {"now": now, "waiting": (waiting(now.slot - 1, release_at=Instant(now + 50)),), "shots": (snapshot,)}
    play(scene, ACME, size=NARROW, status={**held, "marks": marks, "troubles": ("One.", "Two.", "Three.")})


def test_the_picture_has_room_and_takes_none_while_there_is_none() -> None:
    async def scene(stage: Stage) -> None:
        assert stage.app.query_one("#picture").size.height == 0
        await stage.set(shots=(shot(thumbnail=picture()),))
        assert stage.app.query_one("#picture").size.height == 14

    play(scene, ACME)


@pytest.mark.parametrize(("width", "least"), [(120, 9), (80, 9), (60, 7), (20, 1)])
def test_the_keys_at_the_bottom_are_whole_and_help_is_the_first(width: int, least: int) -> None:
    keys = "? Help space On/off m Memo d Delete q Quit l Label p Shots n Notices x Put away"

    async def scene(stage: Stage) -> None:
        line = stage.lines()[-1].strip()
        assert line.startswith("? Help")
        assert keys.startswith(line)
        assert (keys + " ")[len(line)] == " "
        words = ["Help", "On/off", "Memo", "Delete", "Quit", "Label", "Shots", "Notices", "away"]
        assert sum(word in line for word in words) >= least

    play(scene, ACME, size=(width, 24))


def test_a_click_on_a_key_at_the_bottom_does_what_the_key_does() -> None:
    async def scene(stage: Stage) -> None:
        await stage.pilot.click("#keys", offset=(stage.lines()[-1].index("Memo"), 0))
        await stage.settle()
        assert isinstance(stage.app.screen, MemoScreen)

    play(scene, ACME)


@pytest.mark.parametrize("width", [40, 80, 115])
def test_the_notice_is_wrapped_to_the_width_and_stays_the_one_that_is_agreed_to(width: int) -> None:
    from hashlib import sha256

    lines = shown(TEXT, width).splitlines()
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(lines).split()) == " ".join(TEXT.split())
    # A paragraph is wrapped as a whole: no short line within one, but for a word that has no room.
    words = {line.split()[0] for line in lines if line}
    for line, after in pairwise(lines):
        if line and after and not after.startswith("-") and after.split()[0] in words:
            assert len(line) + 1 + len(after.split()[0]) > width
    assert sha256(TEXT.encode()).hexdigest() == NOTICE


def test_the_notice_has_no_broken_word_in_a_small_terminal() -> None:
    engine = ScriptedEngine("c-1")
    engine.notices["c-1"] = TEXT

    async def scene(stage: Stage) -> None:
        await stage.press("space")
        assert stage.here("body").splitlines() == paragraphs(TEXT)
        words = set(TEXT.split())
        box = [line.strip(" │╭╮╰╯─") for line in stage.lines()]
        begin = next(n for n, line in enumerate(box) if line.startswith("While the tracker"))
        text = [line.split() for line in box[begin : begin + 6]]
        assert {word for line in text for word in line if word[0].isalnum()} <= words

    play(scene, ACME, engine=engine, size=NARROW)


# Without colour.


@pytest.mark.parametrize("plain", [False, True])
def test_what_is_wrong_can_be_read_without_colour(plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")

    async def scene(stage: Stage) -> None:
        pieces = [piece for line in stage.pieces() for piece in line]
        for words in (" ON ", "✗", "+0:20:00 unpaid", "limit reached:", "no picture"):
            (found,) = {contrast(piece) for piece in pieces if words in piece.text}
            assert found >= 4.5, words  # what WCAG 2 asks of text

    failed = shot(NOW.slot - 5, why="The display is gone.", gone=True)
    play(
        scene,
        (contract_of(terms=[terms(limit=2)]), today(82, 96)),
        status={"running": running(), "shots": (failed,)},
    )


# Names, numbers and times.


def test_the_contract_is_named_and_its_client_where_there_is_room() -> None:
    async def scene(stage: Stage) -> None:
        assert stage.text("state").startswith(" ON   c-1 (acme)  2:00:00 ")
        await stage.pilot.resize_terminal(38, 24)
        await stage.poll()
        assert stage.text("state").startswith(" ON   c-1  2:00:00 ")
        assert stage.text("state").endswith("Wed 16:03 UTC")

    play(scene, ACME, status={"running": running()})


def test_consent_is_asked_for_a_contract_and_not_for_a_client() -> None:
    engine = ScriptedEngine("c-1")
    engine.notices["c-1"] = "It counts."

    async def scene(stage: Stage) -> None:
        await stage.press("space")
        assert stage.here("title") == "Before anything is captured for c-1 (acme)"

    play(scene, ACME, engine=engine)


def test_one_is_said_in_the_singular() -> None:
    async def scene(stage: Stage) -> None:
        assert "1 key  1 click  1 scroll" in stage.text("watch")
        await stage.set(running=running(counts=(0, 2, 0)))
        assert "0 keys  2 clicks  0 scrolls" in stage.text("watch")

    play(scene, ACME, status={"running": running(counts=(1, 1, 1))})


@pytest.mark.parametrize("size", [NARROW, MIDDLE, WIDE])
def test_b27_the_zone_is_named_once_and_all_times_are_in_it(size: tuple[int, int]) -> None:
    async def scene(stage: Stage) -> None:
        screen = "\n".join(stage.lines())
        assert screen.count("Asia/Kathmandu") == 1
        # 10:30Z of that day, when it lies in the past, is 16:15 there.
        assert "The segment 16:15 of c-1 is kept" in " ".join(screen.split())
        assert "Z " not in screen

    refused = waiting(NOW.slot - 33, refused="the contract is closed")
    play(scene, ACME, size=size, place=zone("Asia/Kathmandu"), status={"running": running(), "waiting": (refused,)})


def test_a_part_that_is_unknown_leaves_what_is_certain() -> None:
    async def scene(stage: Stage) -> None:
        assert "at least 3 of 10 minutes active" in stage.text("watch")
        await stage.set(running=running(counts=None, lost=True))
        assert "activity unknown" in stage.text("watch")
        assert "reconnects by itself" in stage.text("notices")

    play(scene, ACME, status={"running": running(counts=None, active=3)})


# Contracts that cannot be switched on.


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (held(ContractStatus.PAUSED), "paused"),
        (held(ContractStatus.CLOSED), "closed"),
        (held(ContractStatus.ACTIVE, "2026-11-30T00:00Z"), "not begun"),
    ],
)
def test_why_a_contract_cannot_be_switched_on_stands_in_the_list(given: Given, word: str) -> None:
    engine = ScriptedEngine("c-1", "c-2")
    engine.notices["c-2"] = "It counts."

    async def scene(stage: Stage) -> None:
        assert stage.rows()[1].split("  ")[-1].strip() == f"{word}: cannot be switched on"
        # Nobody is asked to agree to anything for it: what stands in the way is said at once.
        stage.engine.refuses = InvalidValue("contract", "c-2", f"is {word}", "choose another")
        await stage.press("down", "enter")
        assert not isinstance(stage.app.screen, ChoiceScreen)
        assert f"'c-2' is {word}; choose another" in stage.text("notices")

    play(scene, ACME, given, engine=engine)


def test_idle_time_goes_only_where_it_can_go() -> None:
    engine = ScriptedEngine("c-1", "c-2", "c-3")
    engine.takes_no_idle_time = frozenset({"c-3"})

    async def scene(stage: Stage) -> None:
        await stage.press("r", "enter")
        answers = stage.app.screen.query_one(OptionList)
        assert [str(answers.get_option_at_index(n).prompt) for n in range(answers.option_count)] == ["c-2 (beta)"]

    idle = running(idle_since=Instant(NOW - 725), idle_seconds=725)
    play(scene, ACME, BETA, LABELS, engine=engine, status={"running": idle})


# A memo from elsewhere.


def test_lines_that_are_pasted_into_the_memo_become_one() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("m")
        stage.app.screen.query_one(Input).post_message(events.Paste("Fix the form\r\n  and test\n\nit\n"))
        await stage.settle()
        await stage.press("enter")
        assert stage.calls == [("memo", "Fix the form and test it")]

    play(scene, ACME, status={"running": running(memo="")})


def test_a_memo_that_is_too_long_is_said_to_be_so_and_not_cut() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("m")
        stage.app.screen.query_one(Input).post_message(events.Paste("x" * 4001))
        await stage.settle()
        assert "Too long by 1 character: a memo has 4000 at most." in stage.here("hint")
        await stage.press("enter")
        assert stage.calls == []
        await stage.press("backspace")
        assert "Too long" not in stage.here("hint")
        await stage.press("enter")
        assert stage.calls == [("memo", "x" * 4000)]

    play(scene, ACME, status={"running": running(memo="")})


# What the command line has chosen.


def test_the_contract_memo_and_label_of_the_command_line_are_those_of_the_first_session() -> None:
    async def scene(stage: Stage) -> None:
        assert stage.app.query_one("#contracts", OptionList).highlighted == 2
        assert stage.text("memo").splitlines() == ["memo Sketches", "label Design"]
        assert stage.calls == []
        await stage.press("space")
        assert stage.calls == [("start", "c-3", "Sketches", "Design")]

    play(scene, ACME, BETA, LABELS, contract="c-3", memo="Sketches", label="Design")


def test_a_label_that_nobody_offers_is_shown_all_the_same() -> None:
    async def scene(stage: Stage) -> None:
        assert stage.text("memo").splitlines()[1] == "label Design"

    play(scene, BETA, contract="c-2", label="Design", place=UTC)
