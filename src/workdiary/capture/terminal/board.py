"""The main part of the interface: the panels, and what each of them shows.

::

    wide   state ─────────────────────────────       narrow   state ─────
           contracts  notices  memo      │ today              contracts
           stopwatches  limit  snapshot  │                    notices … today
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets.option_list import Option

from workdiary.capture.engine import Status
from workdiary.capture.terminal.books import Book
from workdiary.capture.terminal.style import BAR, TALL, WIDE
from workdiary.capture.terminal.view import Notice, View
from workdiary.capture.terminal.widgets import (
    Choices,
    Lines,
    Picture,
    contract_line,
    day_text,
    keys_text,
    limit_text,
    memo_text,
    notice_text,
    shades_of,
    shot_text,
    state_text,
    watch_text,
)
from workdiary.model.times import Zone

__all__ = ["Board", "KeyBar"]

_FEW: Final = 3
_MORE: Final = 6
"""So many contracts are in sight wherever there are as many, in a low and in a high terminal."""


class KeyBar(Lines):
    """The keys at the bottom: those that there is room for, the most needed first."""

    def on_resize(self, _: events.Resize) -> None:
        """Show what fits now."""
        self.show(keys_text(BAR, self.size.width))


class Board(Vertical):
    """Everything but the keys: what is going on, and beside it, or below where there is no room, today's diary."""

    def __init__(self, zone: Zone, *, id: str) -> None:
        super().__init__(id=id)
        self._zone = zone
        self._lines: list[Text] = []

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Lines(id="state")
        with VerticalScroll(id="main", can_focus=False):
            with Vertical(id="left"):
                yield Choices(id="contracts", markup=False, compact=True)
                yield Lines(id="nothing")
                yield Lines(id="notices")
                yield Lines(id="memo")
                yield Lines(id="watch")
                yield Lines(id="limit")
                yield Lines(id="shot")
                yield Picture(id="picture")
            with VerticalScroll(id="right", can_focus=False):
                yield Lines(id="day")

    @property
    def place(self) -> int:
        """Which contract of the list is marked."""
        return self.query_one("#contracts", Choices).highlighted or 0

    @place.setter
    def place(self, place: int) -> None:
        self.query_one("#contracts", Choices).highlighted = place

    def list_contracts(self, books: Iterable[Book], running: str | None) -> None:
        """List the contracts, one of them as `running`; the mark stays where it is."""
        contracts = self.query_one("#contracts", Choices)
        width = max(contracts.content_size.width - 2, 20)
        lines = [contract_line(book, width, running=book.id == running) for book in books]
        contracts.display = bool(lines)
        if len(lines) != len(self._lines):
            place = self.place
            contracts.clear_options()
            contracts.add_options([Option(line) for line in lines])
            contracts.highlighted = min(place, len(lines) - 1) if lines else None
        else:
            for n, (line, before) in enumerate(zip(lines, self._lines, strict=True)):
                if line != before:
                    contracts.replace_option_prompt_at_index(n, line)
        self._lines = lines
        nothing = self.query_one("#nothing", Lines)
        nothing.display = not lines
        nothing.show(Text("There is no contract to track for. Open one first: workdiary contract add --help"))

    def draw_state(self, status: Status, owner: Book | None, found: Sequence[Notice]) -> None:
        """Draw what does not depend on the contract that is looked at; `owner` is the one that is tracked for."""
        self.query_one("#state", Lines).show(state_text(status, owner, self._zone, self.size.width))
        self.draw_notices(found)
        last = status.shots[-1] if status.shots else None
        self.query_one("#shot", Lines).show(shot_text(last, status, self._zone))
        picture = self.query_one("#picture", Picture)
        picture.show(None if last is None else last.thumbnail)
        picture.set_class(last is None or last.thumbnail is None, "-empty")

    def draw_notices(self, found: Sequence[Notice]) -> None:
        """Draw the notices that there is room for."""
        lines = self.query_one("#notices", Lines)
        lines.display = bool(found)
        lines.show(notice_text(found, 6 if self.size.height + 1 >= TALL else 3))

    def draw_view(self, status: Status, view: View, memo: str, label: str | None) -> None:
        """Draw what belongs to the contract that is looked at."""
        column = max(self.query_one("#left").content_size.width, 20)
        self.query_one("#memo", Lines).show(memo_text(view.book, memo, label, column))
        self.query_one("#watch", Lines).show(watch_text(view, status))
        self.query_one("#limit", Lines).show(limit_text(view.limit, status.now, self._zone, column))
        room = max(self.query_one("#right").content_size.width - 1, 24)
        few = self.app.console.color_system in ("standard", "windows")
        shades = shades_of(view.book.palette, few=few, none=self.app.no_color)
        self.query_one("#day", Lines).show(day_text(view.rows, shades, room))

    def fit(self) -> None:
        """Give the list of contracts the lines that nothing else needs, once everything is laid out."""
        contracts = self.query_one("#contracts", Choices)
        others = [one for one in self.query_one("#left").children if one is not contracts]
        if self.size.width < WIDE:
            others.append(self.query_one("#right"))
        taken = sum(one.outer_size.height + one.styles.margin.top for one in others if one.display)
        least = _MORE if self.size.height + 1 >= TALL else _FEW
        most = max(self.query_one("#main").size.height - taken, least)
        limit = contracts.styles.max_height
        if limit is None or limit.value != most:
            contracts.styles.max_height = most

    def page(self, by: int) -> None:
        """Move a page up or down where not everything has room."""
        place = self.query_one("#right" if self.size.width >= WIDE else "#main", VerticalScroll)
        if by > 0:
            place.scroll_page_down(animate=False)
        else:
            place.scroll_page_up(animate=False)
