"""How the interface looks: what is read without colour, and how things are named."""

from __future__ import annotations

import pytest

pytest.importorskip("textual")


from tests.capture.app_stage import (
    ACME,
    Stage,
    contrast,
    play,
    today,
)
from tests.capture.engines import NOW, contract_of, running, shot
from tests.support import terms

# Without colour.


@pytest.mark.parametrize("plain", [False, True])
def test_what_is_wrong_can_be_read_without_colour(plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")

    async def scene(stage: Stage) -> None:
        pieces = [piece for line in stage.pieces() for piece in line]
        for words in ("✗", "+0:20:00 unpaid", "limit reached:"):
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


def test_one_is_said_in_the_singular() -> None:
    async def scene(stage: Stage) -> None:
        assert "1 key  1 click  1 scroll" in stage.text("watch")
        await stage.set(running=running(counts=(0, 2, 0)))
        assert "0 keys  2 clicks  0 scrolls" in stage.text("watch")

    play(scene, ACME, status={"running": running(counts=(1, 1, 1))})


def test_a_part_that_is_unknown_leaves_what_is_certain() -> None:
    async def scene(stage: Stage) -> None:
        assert "at least 3 of 10 minutes active" in stage.text("watch")
        await stage.set(running=running(counts=None, lost=True))
        assert "activity unknown" in stage.text("watch")

    play(scene, ACME, status={"running": running(counts=None, active=3)})
