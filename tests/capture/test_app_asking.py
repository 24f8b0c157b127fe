"""The interface, driven by its keys over a scripted engine: idle time, snapshots, notices and help."""

from __future__ import annotations

import io

import attrs
import pytest

pytest.importorskip("textual")

from textual.widgets import OptionList

from tests.capture.app_stage import ACME, BETA, NARROW, Stage, picture, play, today
from tests.capture.engines import NOW, contract_of, running, shot, waiting
from workdiary.capture.engine import Status
from workdiary.capture.events import Choice, Mark, MarkKind
from workdiary.capture.terminal.app import TrackerApp
from workdiary.capture.terminal.screens import HelpScreen, IdleScreen, NoticesScreen, ShotsScreen
from workdiary.capture.terminal.style import KEYS
from workdiary.errors import InvalidValue
from workdiary.model.times import Instant

# Idle time (A40).

IDLE = {"running": running(idle_since=Instant(NOW - 725), idle_seconds=725)}


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["escape"], Choice.DISCARD),
        (["enter"], Choice.DISCARD),
        (["k", "escape"], Choice.DISCARD),
        (["k", "d", "enter"], Choice.DISCARD),
        (["k", "enter"], Choice.KEEP),
        (["down", "enter"], Choice.KEEP),
    ],
)
def test_a40_leaving_the_prompt_discards_and_never_keeps(keys: list[str], answer: Choice) -> None:
    async def scene(stage: Stage) -> None:
        assert isinstance(stage.app.screen, IdleScreen)
        assert "since 15:51:15, for 12 min 5 s so far" in stage.here("body")
        assert stage.marked().startswith("d")
        await stage.press(*keys)
        assert stage.calls == [("answer", answer, None)]
        assert not isinstance(stage.app.screen, IdleScreen)

    play(scene, ACME, BETA, status=IDLE)


def test_a40_keys_meant_for_something_else_answer_nothing() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press(*"kick q")
        assert stage.calls == []

    play(scene, ACME, status=IDLE)


def test_idle_time_can_be_reassigned() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("r", "enter")
        assert "beta" in stage.marked()
        await stage.press("escape")  # back to the prompt: nothing is answered yet
        assert isinstance(stage.app.screen, IdleScreen)
        assert stage.calls == []
        await stage.press("r", "enter", "enter")
        assert stage.calls == [("answer", Choice.REASSIGN, "c-2")]

    play(scene, ACME, BETA, status=IDLE)


def test_a40_the_letters_only_mark_and_say_so() -> None:
    async def scene(stage: Stage) -> None:
        answers = stage.app.screen.query_one(OptionList)
        lines = [str(answers.get_option_at_index(n).prompt) for n in range(2)]
        assert lines == [
            "d, then Enter   discard the idle time: it is not billed",
            "k, then Enter   keep it: I was working",
        ]
        assert dict(KEYS)["y n k …"].endswith("only marks an answer, and Enter takes it")
        await stage.press("k")
        assert stage.marked() == lines[1]
        assert stage.calls == []
        # Who clicks into the terminal to come back to it answers nothing, either.
        await stage.pilot.click("#answers", offset=(2, 1))
        await stage.settle()
        assert stage.calls == []

    play(scene, ACME, status=IDLE)


def test_a40_once_somebody_is_back_the_prompt_says_from_when_to_when() -> None:
    async def scene(stage: Stage) -> None:
        assert "PAUSED" in stage.text("state")
        back = running(idle_since=Instant(NOW - 61), idle_until=Instant(NOW - 50), idle_seconds=11)
        await stage.set(running=back)
        words = "There was no input from 16:02:19 to 16:02:30, 11 s. Without an answer it is discarded."
        assert words in stage.here("body")
        await stage.set(now=Instant(NOW + 60))
        assert words in stage.here("body")
        assert stage.text("state").startswith(" ON ?   c-1 (acme)")

    play(scene, ACME, status=IDLE)


def test_with_one_contract_nothing_can_be_reassigned() -> None:
    async def scene(stage: Stage) -> None:
        assert stage.app.screen.query_one(OptionList).option_count == 2

    play(scene, ACME, status=IDLE)


def test_the_prompt_follows_the_clock_and_goes_when_it_is_answered_elsewhere() -> None:
    async def scene(stage: Stage) -> None:
        later = running(idle_since=Instant(NOW - 725), idle_seconds=785)
        await stage.set(now=Instant(NOW + 60), running=later)
        assert "for 13 min 5 s" in stage.here("body")
        await stage.set(running=running())
        assert not isinstance(stage.app.screen, IdleScreen)
        assert stage.calls == []
        await stage.set(**IDLE)  # and it comes again
        assert isinstance(stage.app.screen, IdleScreen)

    play(scene, ACME, status=IDLE)


# Snapshots.


HELD = {
    "now": Instant(NOW + 600),
    "running": running(slot=NOW.slot + 1),
    "waiting": (waiting(NOW.slot, release_at=Instant(NOW + 642)),),
    "shots": (shot(thumbnail=b"?", until=Instant(NOW + 642)),),
}


def test_the_hold_notice_says_how_long_and_what_it_costs() -> None:
    async def scene(stage: Stage) -> None:
        notice = "The snapshot of 16:01:40 goes into the diary in 42 s; d deletes both: −10 minutes, 5.00 USD."
        assert notice in stage.text("notices")
        assert stage.text("shot") == "Wed 16:01:40  c-1  d deletes it for 42 s"
        await stage.set(now=Instant(NOW + 642), waiting=(), recorded=1)
        assert "deletes" not in stage.text("notices")
        assert stage.text("shot") == "Wed 16:01:40  c-1"

    play(scene, ACME, status=HELD)


def test_a_snapshot_is_deleted_after_a_question_that_says_the_price() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("d")
        assert stage.here("title") == "Delete the snapshot of 16:01:40 for c-1?"
        assert stage.here("body") == "The segment 16:00–16:10 goes with it: −10 minutes, 5.00 USD."
        await stage.press("enter")  # the first answer is no
        await stage.press("d", "escape")
        assert stage.calls == []
        await stage.press("d", "y", "enter")
        assert stage.calls == [("delete", "c-1", NOW.slot)]
        assert "today 2:00:00" in " ".join(stage.text("watch").split())

    play(scene, ACME, status=HELD)


def test_b78_a_snapshot_that_is_gone_by_now_is_an_error_that_is_shown() -> None:
    async def scene(stage: Stage) -> None:
        stage.engine.refuses = InvalidValue("slot", "16:00", "is in the diary already", "delete the time there")
        await stage.press("d", "y", "enter")
        assert "is in the diary already; delete the time there" in stage.text("notices")

    play(scene, ACME, status=HELD)


def test_without_anything_to_delete_the_key_says_so() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("d")
        assert "no snapshot that can still be deleted" in stage.text("notices")

    play(scene, ACME, status={"shots": (shot(gone=True),)})


def test_the_snapshots_can_be_looked_through_and_the_one_shown_deleted() -> None:
    shots = (shot(NOW.slot - 1, until=Instant(NOW + 40)), shot(), shot(NOW.slot - 2, gone=True))
    shots = (shots[2], shots[0], shots[1])

    async def scene(stage: Stage) -> None:
        await stage.press("p")
        assert isinstance(stage.app.screen, ShotsScreen)
        assert stage.here("title").startswith("Wed 16:01:40")
        await stage.press("left")
        assert stage.here("title").startswith("Wed 15:51:40")
        await stage.press("left", "left", "d")  # the first is in the diary already
        assert stage.here("title").startswith("Wed 15:41:40")
        refused = "This one can no longer be deleted here; for time in the diary: workdiary delete --help"
        assert stage.here("hint").startswith(refused)
        await stage.poll()
        assert stage.here("hint").startswith(refused)
        await stage.press("right")
        assert stage.here("hint") == "2 of 3   ←→: another   d: delete   Escape: leave"
        await stage.press("d")
        assert stage.here("title") == "Delete the snapshot of 15:51:40 for c-1?"
        # Deleting that one, not the last one, costs its own ten minutes.
        assert stage.here("body") == "The segment 15:50–16:00 goes with it: −10 minutes, 5.00 USD."
        await stage.press("y", "enter")
        assert stage.calls == [("delete", "c-1", NOW.slot - 1)]

    held = (waiting(NOW.slot - 1),)
    play(scene, (contract_of(), today(84, 95)), status={"running": running(), "shots": shots, "waiting": held})


def test_a_snapshot_that_waits_for_a_diary_out_of_reach_is_deleted_on_either_screen() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("d")
        assert stage.here("title") == "Delete the snapshot of 16:01:40 for c-1?"
        await stage.press("escape", "p")
        assert stage.here("title") == "Wed 16:01:40  c-1  d deletes it"
        await stage.press("d")
        assert stage.here("title") == "Delete the snapshot of 16:01:40 for c-1?"
        await stage.press("y", "enter")
        assert stage.calls == [("delete", "c-1", NOW.slot)]

    due = Instant(NOW + 642)
    status = {
        **HELD,
        "now": Instant(due + 300),
        "waiting": (waiting(NOW.slot, release_at=due),),
        "shots": (shot(until=due),),
    }
    play(scene, ACME, status=status)


def test_a_snapshot_whose_segment_the_diary_has_refused_is_deleted_on_neither_screen() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("d")
        assert "no snapshot that can still be deleted" in stage.text("notices")
        await stage.press("p", "d")
        assert stage.here("title") == "Wed 16:01:40  c-1"
        assert stage.here("hint").startswith("This one can no longer be deleted here")
        await stage.set(shots=(), waiting=())
        await stage.press("d")
        assert stage.here("hint").startswith("There is no snapshot here")
        assert stage.calls == []

    held = (waiting(NOW.slot, refused="the week is locked"),)
    play(scene, ACME, status={"now": Instant(NOW + 900), "waiting": held, "shots": (shot(until=Instant(NOW + 642)),)})


def test_a_picture_becomes_half_blocks() -> None:
    from workdiary.capture.terminal.widgets import half_blocks

    lines = half_blocks(picture(), 10, 1)
    assert [[piece.text for piece in line] for line in lines] == [["▀"]]
    style = lines[0][0].style
    assert style is not None
    assert style.color is not None
    assert style.bgcolor is not None
    assert (style.color.get_truecolor(), style.bgcolor.get_truecolor()) == ((255, 0, 0), (0, 0, 255))


def test_a_picture_keeps_its_shape() -> None:
    from PIL import Image

    from workdiary.capture.terminal.widgets import half_blocks

    file = io.BytesIO()
    Image.new("RGB", (160, 90)).save(file, "WEBP", lossless=True)
    # 160 × 90 in 80 × 40 characters, each two pixels high: half as large, 80 × 45 pixels, which is 22 lines.
    lines = half_blocks(file.getvalue(), 80, 40)
    assert (len(lines[0]), len(lines)) == (80, 22)


@pytest.mark.parametrize("data", [b"", b"no picture", b"RIFF\x00\x00\x00\x00WEBPVP8L"])
def test_what_is_no_picture_is_said_to_be_none(data: bytes) -> None:
    from workdiary.capture.terminal.widgets import half_blocks

    assert [[piece.text for piece in line] for line in half_blocks(data, 40, 10)] == [["the picture cannot be read"]]


def test_a_failed_and_an_odd_snapshot_are_shown_as_such() -> None:
    async def scene(stage: Stage) -> None:
        assert stage.text("shot") == "Wed 16:01:40  c-1  blank  d deletes it"
        await stage.set(shots=(shot(why="the display is gone", gone=True),))
        assert stage.text("shot") == "Wed 16:00–16:10  c-1  no picture: the display is gone"

    play(scene, ACME, status={"shots": (shot(flags=("blank",)),)})


def test_b80_nothing_comes_up_when_a_snapshot_is_taken() -> None:
    async def scene(stage: Stage) -> None:
        await stage.set(shots=(shot(thumbnail=picture()),))
        assert len(stage.app.screen_stack) == 1

    play(scene, ACME, status={"running": running()})


def test_b84_tracking_without_a_stored_snapshot_is_said() -> None:
    async def scene(stage: Stage) -> None:
        assert "No snapshot for 2 h: none was stored in this session." in stage.text("notices")
        await stage.set(shots=(shot(NOW.slot - 3, 200),))
        assert "No snapshot for 30 min: the last one is of 15:33." in stage.text("notices")
        await stage.set(shots=(shot(NOW.slot - 3, 200), shot(NOW.slot, 100, why="failed")))
        assert "No snapshot for 30 min" in stage.text("notices")
        await stage.set(shots=(shot(NOW.slot - 1),))
        assert "No snapshot" not in stage.text("notices")

    play(scene, ACME, status={"running": running()})


# Notices.


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ("2026-11-22T11:59:59Z", None),
        ("2026-11-22T12:00:00Z", "locks in 1 d,"),
        ("2026-11-23T08:00:00Z", "locks in 4 h,"),
        ("2026-11-23T11:00:00Z", "locks in 1 h,"),
        ("2026-11-23T12:00:00Z", "is locked since Mon 23 Nov 12:00. Not in the diary by then: 10 min,"),
    ],
)
def test_t16_the_lock_is_counted_down_while_something_is_not_in_the_diary(now: str, words: str | None) -> None:
    from workdiary.model.times import instant

    async def scene(stage: Stage) -> None:
        found = stage.text("notices")
        assert ("lock" in found) is (words is not None)
        assert words is None or words in " ".join(found.split())
        await stage.set(waiting=(), recorded=1)
        assert "lock" not in stage.text("notices")

    play(scene, ACME, status={"now": instant(now), "waiting": (waiting(NOW.slot),)})


def test_put_away_notices_stay_away_until_they_say_something_else() -> None:
    async def scene(stage: Stage) -> None:
        assert "odd" in stage.text("notices")
        await stage.press("x")
        assert "odd" not in stage.text("notices")
        assert "The disk is nearly full." in stage.text("notices")
        later = Mark(kind=MarkKind.CLOCK_STEP, at=NOW, what="The clock was set.")
        await stage.set(marks=(MARK, later))
        assert "The clock was set." in stage.text("notices")
        await stage.set(troubles=())
        assert "disk" not in stage.text("notices")

    play(scene, ACME, status={"marks": (MARK,), "troubles": ("The disk is nearly full.",)})


MARK = Mark(kind=MarkKind.SNAPSHOT_ODD, at=Instant(NOW - 60), what="The snapshot is odd.")


def test_an_old_mark_is_not_shown() -> None:
    async def scene(stage: Stage) -> None:
        assert "odd" not in stage.text("notices")

    play(scene, ACME, status={"marks": (attrs.evolve(MARK, at=Instant(NOW - 900)),)})


def test_what_the_diary_refuses_is_kept_and_shown_and_not_counted() -> None:
    async def scene(stage: Stage) -> None:
        assert "is kept and not in the diary: the contract is closed" in stage.text("notices")
        assert "today 2:00:00" in " ".join(stage.text("watch").split())

    play(scene, ACME, status={"waiting": (waiting(NOW.slot - 30, refused="the contract is closed"),)})


def test_too_many_notices_are_counted_and_shown_in_full_by_a_key() -> None:
    async def scene(stage: Stage) -> None:
        assert "and 3 more: n shows all" in stage.text("notices")
        await stage.press("n")
        assert isinstance(stage.app.screen, NoticesScreen)
        assert [f"Trouble {n}." in stage.here("body") for n in range(5)] == [True] * 5
        await stage.press("escape")
        assert len(stage.app.screen_stack) == 1

    play(scene, ACME, status={"troubles": tuple(f"Trouble {n}." for n in range(5))}, size=NARROW)


def test_a_locked_screen_is_said() -> None:
    async def scene(stage: Stage) -> None:
        assert "PAUSED" in stage.text("state")
        assert "nothing is tracked until it is unlocked" in stage.text("notices")

    play(scene, ACME, status={"running": running(locked=True)})


def test_notices_that_are_put_away_are_still_told_by_the_key_that_tells_all() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("x")
        assert stage.text("notices") == ""
        await stage.press("n")
        assert stage.here("body").splitlines() == ["Put away:", "· 16:02:20 The snapshot is odd."]

    play(scene, ACME, status={"marks": (MARK,)})


def test_notices_that_are_put_away_stay_so_while_another_contract_is_looked_at() -> None:
    async def scene(stage: Stage) -> None:
        assert "d deletes both" in stage.text("notices")
        await stage.press("x", "down")
        assert "d deletes both" not in stage.text("notices")
        await stage.press("up")
        assert "d deletes both" not in stage.text("notices")

    play(scene, ACME, BETA, status=HELD)


# Help.


def test_help_names_every_key() -> None:
    async def scene(stage: Stage) -> None:
        await stage.press("question_mark")
        assert isinstance(stage.app.screen, HelpScreen)
        shown = stage.here("body")
        assert all(key in shown for key, _ in KEYS)
        await stage.press("question_mark")
        assert len(stage.app.screen_stack) == 1

    play(scene, ACME, size=NARROW)


def test_help_has_every_binding() -> None:
    names = {"question_mark": "?", "pageup": "PgUp PgDn", "pagedown": "PgUp PgDn", "delete": "d"}
    names |= {"ctrl+q": "q", "ctrl+c": "q"}
    known = {key for key, _ in KEYS}
    keys = {key for binding in TrackerApp.BINDINGS for key in getattr(binding, "key", "").split(",")}
    assert {names.get(key, key) for key in keys} <= known


def test_the_status_is_a_value() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Status(now=NOW).now = NOW  # type: ignore[misc]  # that it is refused is the test
