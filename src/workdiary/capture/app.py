"""The tracker's interface: a terminal app over an `Engine`, which keys alone can use.

It polls the engine once a second and draws what it says; the diaries are read in a thread, so that a slow
disk does not stop the clock on the screen. Nothing pops up when a snapshot is taken: that it was taken is
said afterwards, for otherwise people would sit up for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import ClassVar, Final

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, OptionList

from workdiary.capture.app_board import Board
from workdiary.capture.app_books import Book, read_book
from workdiary.capture.app_screens import (
    Answer,
    ChoiceScreen,
    HelpScreen,
    IdleScreen,
    MemoScreen,
    NoticesScreen,
    ShotsScreen,
)
from workdiary.capture.app_style import CSS, KEYS, SIGNS, TALL, WIDE
from workdiary.capture.app_view import Desk, Level, Notice, cost_of, deletable, notices, one_line
from workdiary.capture.engine import Engine, Shot, Status
from workdiary.capture.events import Choice
from workdiary.capture.meters import LimitLevel
from workdiary.diary.diary import Diary
from workdiary.errors import WorkdiaryError
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.model.times import UTC, Instant, Zone, slot_start

__all__ = ["TrackerApp"]

_NO_LABEL: Final = ""

_ENGINE: Final = "engine"
"""The key of the notice that the engine did not answer: it goes when the engine does."""


class TrackerApp(App[None]):
    """The interface of a tracker. `diaries` gives the diary of a contract, to whichever thread asks.

    `every` is how often the engine is asked, in seconds; with `None` only `poll` asks, which tests call.
    """

    TITLE = "workdiary"
    CSS = CSS
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", "On/off"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("m", "memo", "Memo"),
        Binding("l", "label", "Label"),
        Binding("d,delete", "delete", "Delete", key_display="d"),
        Binding("p", "pictures", "Shots"),
        Binding("n", "notices", "Notices"),
        Binding("x", "put_away", "Put away"),
        Binding("pageup", "page(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Down", show=False),
        Binding("q,ctrl+q", "quit", "Quit", key_display="q"),
    ]

    def __init__(
        self, engine: Engine, diaries: Callable[[str], Diary], *, zone: Zone = UTC, every: float | None = 1.0
    ) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]
        self._engine = engine
        self._diaries = diaries
        self._zone = zone
        self._every = every
        self._desk = Desk(zone)
        self._status: Status | None = None
        self._books: dict[str, Book] = {}
        self._wanted: tuple[object, ...] = ()
        self._reading = False
        self._memos: dict[str, str] = {}
        self._labels: dict[str, str | None] = {}
        self._error: Notice | None = None
        self._away: set[str] = set()
        self._shown: tuple[Notice, ...] = ()
        self._rung: set[str] = set()
        self._asking = False
        self._session = ""

    # Laying out and polling.

    def compose(self) -> ComposeResult:
        """Lay it out: the board, and the keys below it."""
        yield Board(self._zone, id="board")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """Begin to poll."""
        self._board.query_one("#contracts").focus()
        self.poll()
        if self._every is not None:
            self.set_interval(self._every, self.poll)

    def on_resize(self, _: events.Resize) -> None:
        """Draw for the new size, once it is laid out."""
        self.call_after_refresh(self._draw)

    def poll(self) -> None:
        """Ask the engine how things stand, and show it."""
        try:
            self._status = self._engine.status()
            contracts = self._engine.contracts()
        except WorkdiaryError as error:
            self._fail(error, _ENGINE)
            return
        if self._error is not None and self._error.key == _ENGINE:
            self._error = None
        status = self._status
        if list(self._books) != list(contracts):
            self._books = {id: self._books.get(id, Book(id=id)) for id in contracts}
        self._follow_session(status)
        self._read(status)
        self._draw()
        self._ask_if_idle(status)
        for screen in self.screen_stack:
            if isinstance(screen, ShotsScreen) and screen.is_mounted:
                screen.follow(status)

    def _follow_session(self, status: Status) -> None:
        """Look at the contract of a session that has just begun, wherever it was switched on."""
        running = status.running
        session = "" if running is None else running.session
        if session == self._session:
            return
        self._session = session
        if running is not None:
            self._board.list_contracts(self._books.values(), running.contract)
            if running.contract in self._books:
                self._board.place = list(self._books).index(running.contract)

    def _read(self, status: Status) -> None:
        """Read the diaries in a thread when something may have changed; once a minute others may have changed it."""
        running = status.running
        waiting = tuple((one.contract, one.segment.slot, one.refused) for one in status.waiting)
        wanted = (tuple(self._books), status.recorded, status.now // 60, waiting, running and running.session)
        if self._reading or wanted == self._wanted:
            return
        self._wanted = wanted
        self._reading = True
        moments = {id: tuple(_moments(status, id, self._zone)) for id in self._books}
        books = dict(self._books)

        def read() -> None:
            read_books = {
                id: read_book(self._diaries(id), id, moments[id], now=status.now, before=book)
                for id, book in books.items()
            }
            self.call_from_thread(self._take, read_books)

        self.run_worker(read, thread=True, group="books")

    @property
    def reading(self) -> bool:
        """Whether the diaries are being read at the moment."""
        return self._reading

    def _take(self, books: dict[str, Book]) -> None:
        self._reading = False
        self._books = {id: books.get(id, book) for id, book in self._books.items()}
        self._draw()

    # Drawing.

    @property
    def _board(self) -> Board:
        return self.screen_stack[0].query_one(Board)

    def _draw(self) -> None:
        status = self._status
        if status is None or not self.is_running:
            return
        board, running = self._board, status.running
        board.list_contracts(self._books.values(), None if running is None else running.contract)
        book = self._chosen()
        view = None if book is None else self._desk.view(status, book)
        found = notices(status, self._books.values(), view, zone=self._zone)
        if self._error is not None:
            found = (self._error, *found)
        self._away &= {notice.key for notice in found}
        self._shown = tuple(notice for notice in found if notice.key not in self._away)
        owner = None if running is None else self._books.get(running.contract)
        board.draw_state(status, owner, self._shown)
        if view is not None and book is not None:
            board.draw_view(status, view, *self._texts(status, book))
            if view.limit is not None and view.limit.level is LimitLevel.REACHED:
                self._ring(f"{view.book.id} {view.limit.limit}", status)

    def _ring(self, key: str, status: Status) -> None:
        """Ring once when paid time ends while it is tracked: the terminal may be behind other windows then."""
        if key not in self._rung and status.running is not None:
            self._rung.add(key)
            self.bell()

    def _texts(self, status: Status, book: Book) -> tuple[str, str | None]:
        """Return the memo and the label of the running session, or those that the next one will have."""
        running = status.running
        if running is not None and running.contract == book.id:
            return running.memo, running.label
        memo = self._memos.get(book.id, book.memos[0] if book.memos else "")
        return memo, self._labels.get(book.id)

    def _chosen(self) -> Book | None:
        """Return the contract that is looked at: the highlighted one."""
        ids, place = list(self._books), self._board.place
        return self._books[ids[place]] if place < len(ids) else None

    # Commands.

    def _do(self, command: Callable[[], None]) -> bool:
        """Carry out a command; what is not possible is said, and everything else shown at once."""
        try:
            command()
        except WorkdiaryError as error:
            self._fail(error)
            return False
        self._error = None
        self.poll()
        return True

    def _fail(self, error: WorkdiaryError, key: str = "command") -> None:
        self._error = Notice(Level.ERROR, one_line(str(error)), key)
        self._draw()
        if self._status is None:
            self._board.draw_notices([self._error])

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
            notice = self._engine.notice(id)
        except WorkdiaryError as error:
            self._fail(error)
            return
        if notice is not None:
            answers = [Answer("no", "n", "not now"), Answer("yes", "y", "I agree: record it and begin")]
            title = f"Before anything is captured for {self._books[id].client}"
            if await self.push_screen_wait(ChoiceScreen(title, notice, answers, escape="no")) != "yes":
                return
            if not self._do(lambda: self._engine.consent(id)):
                return
        book = self._books[id]
        memo, label = self._texts(status, book)
        if book.needs_label and label is None:
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

        self.push_screen(MemoScreen(memo, history), take)

    def action_label(self) -> None:
        """Choose another activity label."""
        book, status = self._chosen(), self._status
        if book is None or status is None:
            return
        if not book.labels:
            self._say(f"{book.client} offers no activity labels.")
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
        """Delete the last snapshot that can be deleted, and its segment, after a question that says the price."""
        status = self._status
        book = self._chosen()
        shot = None if status is None else deletable(status, None if book is None else book.id) or deletable(status)
        if shot is None:
            self._say(
                "There is no snapshot that can still be deleted here; for time in the diary: workdiary delete --help"
            )
        else:
            self.run_worker(self._delete(shot), group="delete", exclusive=True)

    async def _delete(self, shot: Shot) -> None:
        status, book = self._status, self._books.get(shot.contract)
        cost = None if status is None or book is None else cost_of(status, book, shot)
        local = self._zone.local
        start, stop = slot_start(shot.slot), slot_start(shot.slot + 1)
        body = f"The segment {local(start):%H:%M} to {local(stop):%H:%M} goes with it" + (f": {cost}." if cost else ".")
        answers = [Answer("no", "n", "keep both"), Answer("yes", "y", "delete both")]
        title = f"Delete the snapshot of {local(shot.at):%H:%M:%S}?"
        if await self.push_screen_wait(ChoiceScreen(title, body, answers, escape="no")) == "yes":
            self._do(lambda: self._engine.delete_snapshot(shot.contract, shot.slot))

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
        self.push_screen(NoticesScreen(self._shown))

    def action_put_away(self) -> None:
        """Put the notices away that are no lasting trouble; they come back when they say something else."""
        self._error = None
        self._away |= {notice.key for notice in self._shown if notice.level is not Level.ERROR}
        self._draw()

    def action_help(self) -> None:
        """Show what each key does."""
        self.push_screen(HelpScreen(KEYS, SIGNS))

    def action_page(self, by: int) -> None:
        """Move a page up or down where not everything has room."""
        self._board.page(by)

    async def action_quit(self) -> None:
        """Leave; while the tracker is on, only after a question."""
        if self._status is None or self._status.running is None:
            self.exit()
            return
        answers = [Answer("no", "n", "stay"), Answer("yes", "y", "switch off and leave")]

        def take(answer: str | None) -> None:
            if answer == "yes" and self._do(self._engine.stop):
                self.exit()

        self.push_screen(ChoiceScreen("The tracker is on", "Leaving switches it off.", answers, escape="no"), take)

    def _say(self, words: str) -> None:
        self._error = Notice(Level.INFO, one_line(words), "command")
        self._draw()

    # Idle time.

    def _ask_if_idle(self, status: Status) -> None:
        since = None if status.running is None else status.running.idle_since
        prompt = next((screen for screen in self.screen_stack if isinstance(screen, IdleScreen)), None)
        if since is None:
            if prompt is not None and prompt is self.screen:
                prompt.dismiss(None)  # it was answered elsewhere, or the session is over
        elif prompt is not None:
            prompt.say(IdleScreen.words(since, status.now, self._zone))
        elif not self._asking:
            self._asking = True
            self.run_worker(self._ask(since), group="idle")

    async def _ask(self, since: Instant) -> None:
        try:
            while (status := self._status) is not None and status.running is not None:
                others = [id for id in self._books if id != status.running.contract]
                screen = IdleScreen(since, status.now, self._zone, others=bool(others))
                answer = await self.push_screen_wait(screen)
                if answer is None:
                    return
                if answer != "reassign":
                    self._do(partial(self._engine.answer, Choice(answer)))
                    return
                names = [Answer(id, "", f"{self._books[id].client}  {id}") for id in others]
                body = "To which contract does the idle time belong?"
                chosen = await self.push_screen_wait(ChoiceScreen("Reassign", body, names))
                if chosen is not None:
                    self._do(partial(self._engine.answer, Choice.REASSIGN, chosen))
                    return
        finally:
            self._asking = False


def _moments(status: Status, id: str, zone: Zone) -> Iterable[Instant]:
    """Yield a moment of each week that is to be read for contract `id`."""
    now, running = status.now, status.running
    wall = zone.wall(now)
    yield now
    yield zone.instant_of(wall.replace(hour=0, minute=0, second=0, microsecond=0))
    if running is not None and running.contract == id:
        yield running.since
    for one in status.waiting:
        if one.contract == id:
            yield slot_start(one.segment.slot)
    for shot in status.shots:
        if shot.contract == id and not shot.gone:
            yield Instant(shot.slot * SECONDS_PER_SLOT)
