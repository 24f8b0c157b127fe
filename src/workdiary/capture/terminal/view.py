"""What the interface shows of a status and a book, as values: no widget, no clock, no colour.

A `View` is made anew at each look. What is dear in it, the statements with what waits and the forecast, is
made once for the same diary, the same waiting segments and the same open segment.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from enum import Enum
from itertools import groupby
from typing import Final

import attrs

from workdiary.capture.engine import Running, Shot, Status
from workdiary.capture.events import Mark, MarkKind
from workdiary.capture.meters import (
    Deletion,
    LimitMeter,
    Stopwatches,
    countdown,
    deletion,
    limit_meter,
    moment_text,
    span_text,
    stopwatches,
    with_waiting,
)
from workdiary.capture.terminal.books import Book
from workdiary.capture.timing import span
from workdiary.capture.troubles import CAME_LATE
from workdiary.model.contract import ContractStatus
from workdiary.model.segment import Segment
from workdiary.model.slots import EMPTY, SLOTS_PER_HOUR, Slot, Slots
from workdiary.model.times import Instant, Zone, slot_start
from workdiary.statement import WeekStatement

__all__ = [
    "Cell",
    "DayRow",
    "Desk",
    "Level",
    "Notice",
    "View",
    "can_delete",
    "cost_of",
    "day_rows",
    "deletable",
    "deleted_words",
    "notices",
    "one_line",
]

_HEALTHY: Final = 20 * 60
"""Seconds of tracking without a stored snapshot after which something is wrong: two whole segments."""

_RECENT: Final = 15 * 60
"""Seconds for which a mark is shown."""

_MARKS: Final = 3

_JOINERS: Final = "\u200c\u200d"
"""Scripts and emoji need these two; they neither move the cursor nor turn the line around."""


def one_line(text: str) -> str:
    r"""Return stranger's `text` as one line that a terminal can only show: without control characters.

    >>> one_line("fix\n\x1b[31mthe \u202emrof\u202c")
    'fix [31mthe mrof'
    """
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))


class Level(Enum):
    """How much a notice matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@attrs.frozen
class Notice:
    """A line of the notices. `key` is the same while it says the same thing, so that it can be put away."""

    level: Level
    text: str
    key: str


@attrs.frozen(kw_only=True)
class Cell:
    """One segment of today: its status by letter, its meter, and whether the diary has it.

    `letter` is T, M or O as in the diary's page, and a dot for the open segment. `meter` is `None` when unknown.
    """

    slot: Slot
    letter: str
    meter: int | None = None
    shot: bool = False
    kept: bool = True
    memo: str = ""


@attrs.frozen(kw_only=True)
class DayRow:
    """One hour of the wall clock: its name, and its six columns."""

    name: str
    columns: tuple[Cell | None, ...]

    @property
    def memos(self) -> tuple[str, ...]:
        """The memos of the hour, each once, in time order."""
        return tuple(dict.fromkeys(cell.memo for cell in self.columns if cell is not None and cell.memo))


@attrs.frozen(kw_only=True)
class View:
    """What is shown of the contract that is looked at; `statements` are its weeks, with what waits."""

    book: Book
    statements: tuple[WeekStatement, ...]
    watches: Stopwatches
    limit: LimitMeter | None
    rows: tuple[DayRow, ...]
    waiting: int
    cost: Deletion | None


class Desk:
    """Makes views, and remembers what it has made of the same things."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self._key: tuple[object, ...] = ()
        self._statements: tuple[WeekStatement, ...] = ()
        self._limit: LimitMeter | None = None
        self._cost: Deletion | None = None
        self._rows: tuple[DayRow, ...] = ()
        # What the key names by its id, kept alive so that the id stays its own.
        self._alive: tuple[object, ...] = ()

    def view(self, status: Status, book: Book) -> View:
        """Return what to show of `book` now."""
        now = status.now
        waiting = _waiting(status, book.id)
        running = status.running if status.running is not None and status.running.contract == book.id else None
        shot = deletable(status, book.id)
        opened = None if running is None else (running.slot, running.memo)
        held = None if shot is None else (shot.slot, (book.id, shot.slot) in status.sent)
        key = (id(book), tuple(map(id, waiting)), now.slot, opened, held)
        if key != self._key:
            self._statements = tuple(with_waiting(one, waiting, now=now) for one in book.statements)
            this = next((one for one in self._statements if one.week.starts_at <= now < one.week.ends_at), None)
            self._limit = None if this is None else limit_meter(this, now=now)
            self._cost = None if shot is None else cost_of(status, book, shot.slot)
            self._rows = day_rows(self._statements, kept=_kept(book), running=running, now=now, zone=self.zone)
            self._key = key
            self._alive = (book, waiting)
        credited = EMPTY if running is None else running.credited
        return View(
            book=book,
            statements=self._statements,
            watches=stopwatches(self._statements, credited=credited, now=now, zone=self.zone),
            limit=self._limit,
            rows=self._rows,
            waiting=len(waiting),
            cost=self._cost,
        )


def deletable(status: Status, contract: str | None = None) -> Shot | None:
    """Return the last snapshot that can still be deleted, of `contract` where one is given."""
    found = (shot for shot in reversed(status.shots) if contract is None or shot.contract == contract)
    return next((shot for shot in found if can_delete(status, shot)), None)


def can_delete(status: Status, shot: Shot) -> bool:
    """Return whether `shot` can still be deleted: until its segment is in the diary, which may be out of reach."""
    if shot.gone:
        return False
    if shot.until is None or shot.until > status.now:
        return True
    place = (shot.contract, shot.slot)
    return any((one.contract, one.segment.slot) == place for one in status.waiting if one.refused is None)


def cost_of(status: Status, book: Book, slot: Slot) -> Deletion | None:
    """Return what it costs to delete the segment of `slot` of the contract of `book`; `None` where it is not read."""
    statement = book.statement_of(slot)
    if statement is None:
        return None
    is_sent = (book.id, slot) in status.sent
    return deletion(statement, _waiting(status, book.id), slot, now=status.now, is_sent=is_sent)


def _waiting(status: Status, contract: str) -> tuple[Segment, ...]:
    return tuple(one.segment for one in status.waiting if one.contract == contract and one.refused is None)


def _kept(book: Book) -> Slots:
    whole = EMPTY
    for statement in book.statements:
        whole = whole | statement.sheet.worked
    return whole


def day_rows(
    statements: Iterable[WeekStatement], *, kept: Slots, running: Running | None, now: Instant, zone: Zone
) -> tuple[DayRow, ...]:
    """Return the hours of the local day of `now`, from the first with a segment to the last one.

    `kept` are the segments that the diary has. The repeated hour of an autumn night is two rows, and in zones
    at :45 the six segments of a row start at :05, :15, … (GRID-3).
    """
    day = zone.wall(now).date()
    cells: dict[Slot, Cell] = {}
    for statement in statements:
        sheet = statement.sheet
        for letter, slots in (("T", statement.tracked), ("M", statement.manual), ("O", statement.over_limit)):
            for slot in slots.by_day(zone).get(day, EMPTY):
                cells[slot] = Cell(
                    slot=slot,
                    letter=letter,
                    meter=sheet.meter_at(slot),
                    shot=slot in sheet.snapshot,
                    kept=slot in kept,
                    memo=one_line(sheet.memo_at(slot)),
                )
    if running is not None and running.slot not in cells and zone.date_of(running.slot) == day:
        cells[running.slot] = Cell(slot=running.slot, letter="·", kept=False, memo=one_line(running.memo))
    if not cells:
        return ()
    span = (Slot(slot) for slot in range(min(cells), max(cells) + 1) if zone.date_of(slot) == day)
    hours = [tuple(slots) for _, slots in groupby(span, key=zone.hour_of)]
    walls = [zone.local(slot_start(slots[0])) for slots in hours]
    passes = Counter(wall.hour for wall in walls)
    return tuple(
        DayRow(
            name=f"{wall.hour:02d}:00" + (f" {wall.tzname()}" if passes[wall.hour] > 1 else ""),
            columns=_columns(slots, cells, zone),
        )
        for wall, slots in zip(walls, hours, strict=True)
    )


def _columns(slots: Iterable[Slot], cells: dict[Slot, Cell], zone: Zone) -> tuple[Cell | None, ...]:
    columns: list[Cell | None] = [None] * SLOTS_PER_HOUR
    for slot in slots:
        columns[zone.wall(slot_start(slot)).minute * SLOTS_PER_HOUR // 60] = cells.get(slot)
    return tuple(columns)


def notices(status: Status, books: Iterable[Book], view: View | None, *, zone: Zone) -> tuple[Notice, ...]:
    """Return everything worth knowing now, the most important first; before all, what will be gone in a minute."""
    order = list(Level)
    by_id = {book.id: book for book in books}
    found = [*_troubles(status, by_id, zone), *_locks(status, by_id, zone), *_limit(status, view, zone)]
    found += [*_bare(status, view, zone), *_health(status, zone), *_marks(status, view, zone)]
    return (*_held(status, view, zone), *sorted(found, key=lambda notice: order.index(notice.level)))


def _troubles(status: Status, books: dict[str, Book], zone: Zone) -> Iterator[Notice]:
    for trouble in status.troubles:
        level = Level.WARNING if CAME_LATE in trouble else Level.ERROR
        yield Notice(level, one_line(trouble), f"trouble {trouble}")
    for waiting in status.waiting:
        if waiting.refused is not None:
            segment = f"{moment_text(waiting.segment.starts_at, status.now, zone)} of {waiting.contract}"
            what = f"The segment {segment} is kept and not in the diary: {waiting.refused}"
            yield Notice(Level.ERROR, one_line(what), f"refused {waiting.contract} {waiting.segment.slot}")
    for book in books.values():
        if book.error is not None:
            yield Notice(
                Level.ERROR, one_line(f"The diary of {book.id} cannot be read: {book.error}"), f"book {book.id}"
            )
    running = status.running
    if running is None:
        return
    if running.lost:
        what = "Capture is lost, and reconnects by itself: time goes on, and its activity is unknown, not zero."
        yield Notice(Level.ERROR, what, "lost")
    if running.deleted:
        yield Notice(Level.WARNING, deleted_words(running), f"deleted {running.contract} {running.slot}")
    if running.locked:
        yield Notice(Level.WARNING, "The screen is locked: nothing is tracked until it is unlocked.", "locked")
    known = books.get(running.contract)
    held = None if known is None else known.status
    if held is not None and held is not ContractStatus.ACTIVE:
        what = f"The contract {running.contract} is {held.value}: time from then on is not billed."
        yield Notice(Level.ERROR, one_line(what), f"status {running.contract} {held.value}")


def deleted_words(running: Running) -> str:
    """Return that the open segment was deleted, and what comes of it."""
    return one_line(f"The open segment of {running.contract} was deleted: counting begins again with the next one.")


def _locks(status: Status, books: dict[str, Book], zone: Zone) -> Iterator[Notice]:
    for id, group in groupby(sorted(status.waiting, key=lambda one: one.contract), key=lambda one: one.contract):
        book = books.get(id)
        slots = Slots(one.segment.slot for one in group if one.refused is None)
        found = None if book is None else countdown(slots, book.statements, now=status.now)
        if found is None or found.stage is None:
            continue
        level = Level.WARNING if found.stage == 24 else Level.ERROR
        text = one_line(f"{id}: {found.words(zone)}")
        yield Notice(level, text, f"lock {id} {found.week.start} {found.stage}")


def _limit(status: Status, view: View | None, zone: Zone) -> Iterator[Notice]:
    limit = None if view is None else view.limit
    words = None if limit is None else limit.notice(status.now, zone)
    if view is not None and limit is not None and words is not None:
        level = Level.ERROR if limit.percent == 100 else Level.WARNING
        yield Notice(level, words, f"limit {view.book.id} {limit.level.value} {limit.limit}")


def _held(status: Status, view: View | None, zone: Zone) -> Iterator[Notice]:
    shot = None if view is None else deletable(status, view.book.id)
    if view is None or shot is None:
        return
    cost = "" if view.cost is None else f": {view.cost}"
    if shot.why is None:
        words = f"The snapshot of {zone.local(shot.at):%H:%M:%S} {_going(status, shot)}; d deletes both{cost}."
        yield Notice(Level.INFO, words, f"hold {shot.contract} {shot.slot} {shot.at}")
        return
    bare = _without_picture(view, shot, zone)
    if bare is not None:
        yield Notice(Level.WARNING, f"{bare} It {_going(status, shot)}; d deletes it{cost}.", _bare_key(shot))


def _going(status: Status, shot: Shot) -> str:
    if shot.until is None:
        return "goes into the diary once all of its time is known"
    if shot.until <= status.now:
        return "waits for the diary"
    return f"goes into the diary in {span(shot.until - status.now)}"


def _bare(status: Status, view: View | None, zone: Zone) -> Iterator[Notice]:
    """Yield what there is to say of the latest segments without a picture, but for the one that can be deleted."""
    if view is None:
        return
    held = deletable(status, view.book.id)
    for shot in reversed(status.shots):
        is_recent = status.now - slot_start(shot.slot + 1) < _RECENT
        if shot.why is not None and shot.contract == view.book.id and shot is not held and is_recent:
            words = _without_picture(view, shot, zone, is_settled=True)
            if words is not None:
                yield Notice(Level.WARNING, words, _bare_key(shot))


def _bare_key(shot: Shot) -> str:
    return f"bare {shot.contract} {shot.slot}"


def _without_picture(view: View, shot: Shot, zone: Zone, *, is_settled: bool = False) -> str | None:
    """Return what a segment without a picture comes to; `None` where it has one by now, or was not recorded."""
    statement = next((one for one in view.statements if shot.slot in one.week), None)
    if statement is None or shot.slot in statement.sheet.snapshot:
        return None
    # PROTECT-1: snapshot and activity are asked of tracked segments, where the policy asks for them.
    is_asked = statement.policy.protection.requires_snapshot
    if shot.slot in statement.over_limit:
        follows = "and it is over the weekly limit, so it is not billed"
    elif shot.slot in statement.sheet.worked:
        follows = "so it is billed and not protected (PROTECT-1)" if is_asked else "and it is billed all the same"
    elif is_settled:
        return None
    else:
        follows = "so it is not protected (PROTECT-1) if it is billed" if is_asked else "which is not asked for"
    return f"The segment {span_text(shot.slot, zone)} has no picture, {follows}."


def _health(status: Status, zone: Zone) -> Iterator[Notice]:
    # Not whether a thread is alive, but when a snapshot was stored last, says whether anything is recorded.
    running = status.running
    if running is None or running.locked or running.seconds < _HEALTHY:
        return
    last = max((shot.at for shot in status.shots if shot.why is None), default=None)
    since = running.since if last is None else max(last, running.since)
    if status.now - since >= _HEALTHY:
        what = "none was stored in this session" if last is None or last < running.since else "the last one is of"
        when = "" if what.startswith("none") else f" {moment_text(since, status.now, zone)}"
        yield Notice(Level.WARNING, f"No snapshot for {span(status.now - since)}: {what}{when}.", "health")


def _marks(status: Status, view: View | None, zone: Zone) -> Iterator[Notice]:
    here = None if view is None else view.book.id
    bare = {(shot.contract, shot.slot) for shot in status.shots if shot.why is not None and shot.contract == here}
    recent = [mark for mark in status.marks if status.now - mark.at < _RECENT and not _is_told(mark, bare)]
    for mark in reversed(recent[-_MARKS:]):
        other = mark.contract not in (None, here)
        text = one_line(f"{zone.local(mark.at):%H:%M:%S}  {f'{mark.contract}: ' if other else ''}{mark.what}")
        yield Notice(Level.INFO, text, f"mark {mark.at} {mark.kind.value}")


def _is_told(mark: Mark, bare: Container[tuple[str, Slot]]) -> bool:
    """Return whether a mark is about a snapshot of one of the segments without a picture: they have their own words."""
    if mark.contract is None or mark.slot is None or (mark.contract, mark.slot) not in bare:
        return False
    return mark.kind in (MarkKind.SNAPSHOT_FAILED, MarkKind.SNAPSHOT_ODD)
