"""The interface: a terminal app over an `Engine`, which keys alone can use.

What it shows is in `app_base`; here are its commands, and what it asks before it carries them out.
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import OptionList

from workdiary.capture.engine import Running, Shot, Status
from workdiary.capture.events import Choice
from workdiary.capture.meters import counted, hours_text, span_text
from workdiary.capture.terminal.base import PollingApp
from workdiary.capture.terminal.books import Book
from workdiary.capture.terminal.screens import (
    Answer,
    ChoiceScreen,
    HelpScreen,
    IdleScreen,
    MemoScreen,
    NoticesScreen,
    ShotsScreen,
)
from workdiary.capture.terminal.style import KEYS, SIGNS
from workdiary.capture.terminal.view import Level, cost_of, deletable, deleted_words
from workdiary.errors import WorkdiaryError
from workdiary.model.slots import Slot

__all__ = ["TrackerApp"]

_NO_LABEL: Final = ""


class TrackerApp(PollingApp):
    """The interface of a tracker, made as a `PollingApp` is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", "On/off"),
        Binding("question_mark", "help", "Help"),
        Binding("m", "memo", "Memo"),
        Binding("l", "label", "Label"),
        Binding("d,delete", "delete", "Delete"),
        Binding("p", "pictures", "Shots"),
        Binding("n", "notices", "Notices"),
        Binding("x", "put_away", "Put away"),
        Binding("pageup", "page(-1)", "Up"),
        Binding("pagedown", "page(1)", "Down"),
        Binding("q,ctrl+q", "quit", "Quit"),
        Binding("ctrl+c", "quit", "Quit", priority=True),
    ]

    @on(OptionList.OptionHighlighted, "#contracts")
    def look_at(self) -> None:
        """Look at another contract."""
        self._draw()

    @on(OptionList.OptionSelected, "#contracts")
    def switch_over(self, event: OptionList.OptionSelected) -> None:
        """Switch on for the contract, or over to it."""
        running = self._status.running if self._status is not None else None
        id = list(self._books)[event.option_index]
        if running is None or running.contract != id:
            self.run_worker(self._begin(id), group="begin", exclusive=True)

    def action_switch(self) -> None:
        """Switch off, or on for the highlighted contract."""
        book = self._chosen()
        if self._status is not None and self._status.running is not None:
            self._do(self._engine.stop)
        elif book is not None:
            self.run_worker(self._begin(book.id), group="begin", exclusive=True)

    async def _begin(self, id: str) -> None:
        """Switch on for contract `id`, after what has to be agreed to and chosen before."""
        status = self._status
        if status is None:
            return
        try:
            # Where nobody can switch on, nothing is to be agreed to: the engine says why.
            notice = None if self._books[id].hindrance else self._engine.notice(id)
        except WorkdiaryError as error:
            self._fail(error)
            return
        if notice is not None:
            answers = [Answer("no", "n", "not now"), Answer("yes", "y", "I agree: record it and begin")]
            title = f"Before anything is captured for {self._books[id].name}"
            if await self.push_screen_wait(ChoiceScreen(title, notice, answers, escape="no")) != "yes":
                return
            if not self._do(lambda: self._engine.consent(id)):
                return
        book = self._books[id]
        memo, label = self._texts(status, book)
        if book.needs_label and label is None and not book.hindrance:
            chosen = await self._pick_label(book, None)
            if chosen is None or chosen == _NO_LABEL:
                return
            label = self._labels[id] = chosen
        self._do(lambda: self._engine.start(id, memo=memo, label=label))

    def action_memo(self) -> None:
        """Write another memo."""
        book, status = self._chosen(), self._status
        if book is None or status is None:
            return
        memo, _ = self._texts(status, book)
        running = status.running is not None and status.running.contract == book.id
        history = [known for known in dict.fromkeys([*self._memos.values(), *book.memos]) if known and known != memo]

        def take(text: str | None) -> None:
            if text is not None:
                self._memos[book.id] = text
                self._do(lambda: self._engine.memo(text) if running else None)

        self.push_screen(MemoScreen(memo, history, book.name), take)

    def action_label(self) -> None:
        """Choose another activity label."""
        book, status = self._chosen(), self._status
        if book is None or status is None:
            return
        if not book.labels:
            self._say(f"{book.name} offers no activity labels.")
            return
        running = status.running is not None and status.running.contract == book.id

        async def choose() -> None:
            chosen = await self._pick_label(book, self._texts(status, book)[1])
            if chosen is not None:
                label = None if chosen == _NO_LABEL else chosen
                self._labels[book.id] = label
                self._do(lambda: self._engine.label(label) if running else None)

        self.run_worker(choose(), group="label", exclusive=True)

    async def _pick_label(self, book: Book, current: str | None) -> str | None:
        """Return the label chosen, empty for none, and `None` when it was left as it is."""
        names = sorted(book.labels, key=lambda name: name != current)
        answers = [Answer(name, "", name) for name in names]
        if not book.needs_label:
            answers.append(Answer(_NO_LABEL, "", "no label"))
        asked = "The client asks for one." if book.needs_label else "It is shown to the client with your time."
        return await self.push_screen_wait(ChoiceScreen("Activity label", asked, answers))

    def action_delete(self) -> None:
        """Delete the last segment that is held back, else the open one, after a question that says the price."""
        status, book = self._status, self._chosen()
        if status is None:
            return
        id, running = "" if book is None else book.id, status.running
        shot = deletable(status, id)
        if shot is None and (running is None or running.contract != id):
            shot = deletable(status)
        if shot is not None:
            self.run_worker(self._delete(shot), group="delete", exclusive=True)
        elif running is not None and running.deleted:
            self._say(deleted_words(running))
        elif running is not None:
            self.run_worker(self._delete_open(running), group="delete", exclusive=True)
        else:
            self._say(
                "There is no snapshot that can still be deleted here; for time in the diary: workdiary delete --help"
            )

    async def _delete(self, shot: Shot) -> None:
        """Delete a snapshot with its segment, or a segment that has none."""
        segment = f"The segment {span_text(shot.slot, self._zone)}"
        cost = self._cost(shot.contract, shot.slot)
        if shot.why is None:
            title = f"Delete the snapshot of {self._zone.local(shot.at):%H:%M:%S} for {shot.contract}?"
            body, both = f"{segment} goes with it{cost}.", ("keep both", "delete both")
        else:
            title, both = f"Delete {segment.lower()} for {shot.contract}?", ("keep it", "delete it")
            body = f"It has no picture{cost}."
        await self._delete_if(title, body, both, shot.contract, shot.slot)

    async def _delete_open(self, running: Running) -> None:
        """Delete the open segment; nothing says whether it has a snapshot already."""
        segment = f"the open segment {span_text(running.slot, self._zone)}"
        cost = self._cost(running.contract, running.slot)
        body = f"Nothing of it is billed, and its snapshot, if there is one, goes with it{cost} at most."
        title = f"Delete {segment} for {running.contract}?"
        await self._delete_if(title, body, ("keep it", "delete it"), running.contract, running.slot)

    def _cost(self, contract: str, slot: Slot) -> str:
        status, book = self._status, self._books.get(contract)
        cost = None if status is None or book is None else cost_of(status, book, slot)
        return "" if cost is None else f": {cost}"

    async def _delete_if(self, title: str, body: str, words: tuple[str, str], contract: str, slot: Slot) -> None:
        answers = [Answer("no", "n", words[0]), Answer("yes", "y", words[1])]
        if await self.push_screen_wait(ChoiceScreen(title, body, answers, escape="no")) == "yes":
            self._do(lambda: self._engine.delete_snapshot(contract, slot))

    def action_pictures(self) -> None:
        """Show the last snapshots."""
        if self._status is None:
            return

        def take(shot: Shot | None) -> None:
            if shot is not None:
                self.run_worker(self._delete(shot), group="delete", exclusive=True)

        self.push_screen(ShotsScreen(self._status, self._zone), take)

    def action_notices(self) -> None:
        """Show all notices in full."""
        away = [notice for notice in self._notices if notice.key in self._away]
        self.push_screen(NoticesScreen(self._in_sight, away))

    def action_put_away(self) -> None:
        """Put the notices away that are no lasting trouble; they come back when they say something else."""
        self._error = None
        self._away |= {notice.key for notice in self._notices if notice.level is not Level.ERROR}
        self._draw()

    def action_help(self) -> None:
        """Show what each key does."""
        self.push_screen(HelpScreen(KEYS, SIGNS))

    def action_page(self, by: int) -> None:
        """Move a page up or down where not everything has room."""
        self._board.page(by)

    async def action_quit(self) -> None:
        """Leave; while the tracker is on, or something is held back, only after a question."""
        status = self._status
        running = None if status is None else status.running
        held = 0 if status is None else sum(one.refused is None for one in status.waiting)
        if running is None and not held:
            self.exit()
        elif not self._is_leaving:
            self._is_leaving = True
            title = "Something is held back" if running is None else "The tracker is on"
            leave = Answer("yes", "y", "leave" if running is None else "switch off and leave")
            answers = [Answer("no", "n", "stay"), leave]
            self.push_screen(ChoiceScreen(title, _left(held, running), answers, escape="no"), self._leave)

    def _leave(self, answer: str | None) -> None:
        self._is_leaving = False
        if answer == "yes" and self._do(self._engine.stop):
            self.exit()

    # Idle time.

    def follow_idle(self, status: Status) -> None:
        """Ask about idle time, or stop asking."""
        running = status.running
        prompt = next((screen for screen in self.screen_stack if isinstance(screen, IdleScreen)), None)
        if running is None or running.idle_since is None:
            if prompt is not None and prompt is self.screen:
                prompt.dismiss(None)  # it was answered elsewhere, or the session is over
        elif prompt is not None:
            prompt.say(IdleScreen.words(running, self._zone))
        elif not self._is_asking:
            self._is_asking = True
            self.run_worker(self._ask(), group="idle")

    async def _ask(self) -> None:
        try:
            while (status := self._status) is not None and (running := status.running) is not None:
                others = bool(self._others(running.contract))
                answer = await self.push_screen_wait(IdleScreen(running, self._zone, others=others))
                if answer is None:
                    return
                if answer != "reassign":
                    self._do(partial(self._engine.answer, Choice(answer)))
                    return
                # What could be chosen may have changed while the question was open.
                names = [Answer(book.id, "", book.name) for book in self._others(running.contract)]
                body = "To which contract does the idle time belong?"
                chosen = await self.push_screen_wait(ChoiceScreen("Reassign", body, names))
                if chosen is not None:
                    self._do(partial(self._engine.answer, Choice.REASSIGN, chosen))
                    return
        finally:
            self._is_asking = False

    def _others(self, contract: str) -> list[Book]:
        """Return the other contracts to which idle time can be given."""
        return [book for id, book in self._books.items() if id != contract and self._engine.takes_idle_time(id)]


def _left(held: int, running: Running | None) -> str:
    """Return what leaving does, with so many segments that are `held` back."""
    words = []
    if running is not None:
        words.append("Leaving switches it off; the open segment goes into the diary now, as far as it is credited.")
        if running.idle_since is not None:
            words.append("Idle time without an answer is discarded.")
    if held:
        words.append(f"What is held back goes into the diary now: {counted(held, 'segment')}, {hours_text(held)}.")
    return " ".join(words)
