"""A stage for the interface: the app over a scripted engine, driven by its keys, and what is asked of it."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("textual")

from rich.segment import Segment as Piece
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.capture.engines import NOW, ScriptedEngine, books, contract_of, tracked_at
from tests.support import terms
from workdiary.capture.engine import Engine
from workdiary.capture.terminal.app import TrackerApp
from workdiary.capture.terminal.widgets import Lines
from workdiary.diary.diary import Diary
from workdiary.model.contract import Contract
from workdiary.model.segment import Segment
from workdiary.model.times import UTC, Zone

__all__ = [
    "ACME",
    "BETA",
    "DAY",
    "LABELS",
    "MIDDLE",
    "NARROW",
    "WIDE",
    "Given",
    "Stage",
    "contrast",
    "picture",
    "play",
    "staged",
    "today",
]

WIDE, NARROW, MIDDLE = (120, 40), (60, 20), (80, 24)
DAY = NOW.slot - 96
"""The slot of midnight."""

Diaries = Callable[[str], Diary]
Given = tuple[Contract, list[Segment]]
Play = Callable[["Stage"], Awaitable[None]]


class Stage:
    """An app that runs, with what a test asks it."""

    def __init__(self, app: TrackerApp, pilot: Pilot[None], engine: Any) -> None:
        self.app = app
        self.pilot = pilot
        self.engine = engine

    def pieces(self) -> list[list[Piece]]:
        """Return the screen as it is sent to the terminal, without what is not on it: by lines, with the styles."""
        return [list(strip) for strip in self.app.screen._compositor.render_strips()]

    def lines(self) -> list[str]:
        """Return the screen as it is read."""
        return ["".join(piece.text for piece in line) for line in self.pieces()]

    def rows(self) -> list[str]:
        """Return the list of contracts, a line each."""
        contracts = self.app.screen_stack[0].query_one("#contracts", OptionList)
        return [str(contracts.get_option_at_index(n).prompt).strip() for n in range(contracts.option_count)]

    async def poll(self) -> None:
        self.app.poll()
        await self.settle()

    async def settle(self) -> None:
        """Wait until the diaries are read and everything is drawn."""
        deadline = time.monotonic() + 120
        await self.pilot.pause()
        # An app that was left while it was reading has nobody any more to be told what was read.
        while self.app.reading and not self.app._exit:
            assert time.monotonic() < deadline, "the diaries are never read"
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def set(self, **changes: Any) -> None:
        self.engine.set(**changes)
        await self.poll()

    def text(self, id: str) -> str:
        return self.app.screen_stack[0].query_one(f"#{id}", Lines).text

    def here(self, id: str) -> str:
        """Return a text of the screen on top."""
        return self.app.screen.query_one(f"#{id}", Lines).text

    def marked(self) -> str:
        answers = self.app.screen.query_one(OptionList)
        assert answers.highlighted is not None
        prompt = answers.get_option_at_index(answers.highlighted).prompt
        assert isinstance(prompt, Text)
        return prompt.plain.strip()

    @property
    def calls(self) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.engine.calls
        return found


@asynccontextmanager
async def staged(
    engine: Engine, diaries: Diaries, size: tuple[int, int], place: Zone, **chosen: Any
) -> AsyncIterator[Stage]:
    app = TrackerApp(engine, diaries, zone=place, every=None, **chosen)
    async with app.run_test(size=size) as pilot:
        stage = Stage(app, pilot, engine)
        await stage.settle()
        yield stage


def play(
    scene: Play,
    *given: Given,
    status: dict[str, Any] | None = None,
    size: tuple[int, int] = WIDE,
    place: Zone = UTC,
    engine: ScriptedEngine | None = None,
    **chosen: Any,
) -> None:
    """Run a scene over an engine with the given contracts and status; `chosen` is what the app is started with."""
    _, diaries = books(*given)
    played = engine if engine is not None else ScriptedEngine(*(contract.id for contract, _ in given))
    if status:
        played.set(**status)

    async def run() -> None:
        async with staged(played, diaries, size, place, **chosen) as stage:
            await scene(stage)

    asyncio.run(run())


def today(start: int = 84, stop: int = 96) -> list[Segment]:
    """Return the segments of 14:00 to 16:00 of today, or of other places in it."""
    return [tracked_at(DAY + place) for place in range(start, stop)]


ACME: Given = (contract_of(), today())
BETA: Given = (contract_of("c-2", client="beta", currency="EUR", terms=[terms(rate="25", limit=None)]), [])
LABELS: Given = (contract_of("c-3", client="gamma", labels=("Design", "Development")), [])


def contrast(piece: Piece) -> float:
    """Return the contrast of a piece of the screen with what is behind it, 1 to 21, as WCAG 2 has it."""
    assert piece.style is not None
    assert piece.style.color is not None
    assert piece.style.bgcolor is not None
    lights = []
    for colour in (piece.style.color, piece.style.bgcolor):
        parts = [part / 255 for part in colour.get_truecolor()]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def picture() -> bytes:
    """Return a picture of two pixels: red above blue."""
    from PIL import Image

    file = io.BytesIO()
    image = Image.new("RGB", (1, 2), (255, 0, 0))
    image.putpixel((0, 1), (0, 0, 255))
    image.save(file, "PNG")
    return file.getvalue()
