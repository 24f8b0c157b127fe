"""What is under the interface's commands: it polls the engine, reads the diaries and draws what both say.

The engine is asked once a second; the diaries are read in a thread, so that a slow disk does not stop the clock
on the screen. Nothing pops up when a snapshot is taken: that it was taken is said when its segment is over, for
otherwise people would sit up for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from textual import events
from textual.app import App, ComposeResult

from workdiary.capture.engine import Engine, Status
from workdiary.capture.meters import LimitLevel
from workdiary.capture.terminal.board import Board, KeyBar
from workdiary.capture.terminal.books import Book, read_book
from workdiary.capture.terminal.screens import ShotsScreen
from workdiary.capture.terminal.style import CSS, TALL, WIDE
from workdiary.capture.terminal.view import Desk, Level, Notice, notices, one_line
from workdiary.diary.diary import Diary
from workdiary.errors import WorkdiaryError
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.model.times import UTC, Instant, Zone, slot_start

__all__ = ["PollingApp"]

_ENGINE: Final = "engine"
"""The key of the notice that the engine did not answer: it goes when the engine does."""


class PollingApp(App[None]):
    """The interface of a tracker, without its commands. `diaries` gives a contract's diary, to whichever thread asks.

    `every` is how often the engine is asked, in seconds; with `None` only `poll` asks, which tests call. `contract`
    is the one that is marked at first, `memo` and `label` what its next session will have.
    """

    TITLE = "workdiary"
    CSS = CSS
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        engine: Engine,
        diaries: Callable[[str], Diary],
        *,
        zone: Zone = UTC,
        every: float | None = 1.0,
        contract: str | None = None,
        memo: str = "",
        label: str | None = None,
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
        self._marked = contract
        self._memos: dict[str, str] = {contract: memo} if contract is not None and memo else {}
        self._labels: dict[str, str | None] = {contract: label} if contract is not None and label is not None else {}
        self._error: Notice | None = None
        self._notices: tuple[Notice, ...] = ()
        self._away: set[str] = set()
        self._viewed = ""
        self._rung: set[str] = set()
        self._is_asking = self._is_leaving = False
        self._session = ""
        self.failure: Exception | None = None
        """What has ended it, if a fault of ours has."""

    def _handle_exception(self, error: Exception) -> None:
        self.failure = self.failure or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Leave without the traceback that Textual prints: it shows what is in variables, such as a password."""
        self._close_messages_no_wait()

    # Laying out and polling.

    def compose(self) -> ComposeResult:
        """Lay it out: the board, and the keys below it."""
        yield Board(self._zone, id="board")
        yield KeyBar(id="keys")

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
        self._mark()
        self._follow_session(status)
        self._read(status)
        self._draw()
        self.follow_idle(status)
        for screen in self.screen_stack:
            if isinstance(screen, ShotsScreen) and screen.is_mounted:
                screen.follow(status)

    def follow_idle(self, status: Status) -> None:
        """Ask about idle time, or stop asking; whoever has the commands does."""

    def _mark(self) -> None:
        """Mark the contract that was asked for, once it is in the list."""
        if self._marked is not None and self._marked in self._books:
            self._board.list_contracts(self._books.values(), None)
            self._board.place = list(self._books).index(self._marked)
            self._marked = None

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
                id: read_book(self._diaries, id, moments[id], now=status.now, before=book) for id, book in books.items()
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
        viewed = "" if book is None else book.id
        if viewed == self._viewed:
            # What is said no more comes back when it is true again; of another contract's nobody knows.
            self._away -= {notice.key for notice in self._notices} - {notice.key for notice in found}
        self._viewed, self._notices = viewed, found
        owner = None if running is None else self._books.get(running.contract)
        board.draw_state(status, owner, self._in_sight)
        if view is not None and book is not None:
            board.draw_view(status, view, *self._texts(status, book))
            if view.limit is not None and view.limit.level is LimitLevel.REACHED:
                self._ring(f"{view.book.id} {view.limit.limit}", status)
        self.call_after_refresh(board.fit)

    @property
    def _in_sight(self) -> tuple[Notice, ...]:
        """The notices that are not put away."""
        return tuple(notice for notice in self._notices if notice.key not in self._away)

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

    # What comes of a command.

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

    def _say(self, words: str) -> None:
        self._error = Notice(Level.INFO, one_line(words), "command")
        self._draw()


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
