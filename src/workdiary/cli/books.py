"""A diary in a database, read like one in a file: what ``statement``, ``show`` and ``why`` ask of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from workdiary.cli.files import Book, Rules, own_policy, policy_file, read_books
from workdiary.cli.journal import contract_of, is_url, opened, place_of
from workdiary.diary.diary import Diary
from workdiary.diary.journal import Journal, WeekState
from workdiary.errors import NOTHING, InvalidValue, StoreError
from workdiary.model.sheet import Sheet
from workdiary.model.slots import LAST, Slots
from workdiary.model.times import Instant, Week, slot_start
from workdiary.statement import WeekStatement

__all__ = ["KeptBook", "books_of"]


@attrs.frozen(kw_only=True)
class KeptBook(Book):
    """A diary in a journal; a closed week is stated as it was billed, unless another policy was asked for."""

    journal: Journal = attrs.field(repr=False)
    is_own: bool = True
    """Whether it is judged by the policy that it is under."""
    diary: Diary = attrs.field(init=False, repr=False, eq=False)

    @diary.default
    def _of_the_journal(self) -> Diary:
        return Diary(self.journal, self.contract.id)

    def weeks(self) -> Iterator[tuple[Week, Sheet]]:
        """Yield each week with any segment, in time order."""
        for start in self._starts():
            kept = self.journal.week(self.contract.id, start)
            if kept is not None and kept.sheet.worked:
                yield self.rules.newest.week_of(slot_start(start)), kept.sheet

    def _starts(self) -> list[int]:
        found = (item for state in WeekState for item in self.journal.weeks(state=state, ends_by=LAST))
        return sorted(start for id, start in found if id == self.contract.id)

    @property
    def latest(self) -> Instant | None:
        """The start of the last segment, or `None` for an empty diary."""
        for start in reversed(self._starts()):
            kept = self.journal.week(self.contract.id, start)
            if kept is not None and kept.sheet.worked.stop is not None:
                return slot_start(kept.sheet.worked.stop - 1)
        return None

    def statement(self, week: Week) -> WeekStatement:
        """Return the statement of `week`, also of one without any segment."""
        kept = self.journal.week(self.contract.id, week.start)
        return self.judged(week, Sheet() if kept is None else kept.sheet)

    def statements_around(self, slots: Slots) -> tuple[WeekStatement, ...]:
        """Return the statements of the weeks that have a segment among `slots`."""
        weeks = self.diary.weeks_of(slots)
        kept = ((week, self.journal.week(self.contract.id, week.start)) for week in weeks)
        return tuple(
            self.judged(week, found.sheet) for week, found in kept if found is not None and found.sheet.worked & slots
        )

    def judged(self, week: Week, sheet: Sheet) -> WeekStatement:
        """Return the statement of `week` with the segments of `sheet`."""
        if self.is_own:
            kept = self.journal.week(self.contract.id, week.start)
            if kept is not None and kept.state is WeekState.CLOSED:
                return self.diary.statement(week)
        return Book.judged(self, week, sheet)


_SQLITE: Final = b"SQLite format 3\0"


def _is_database(path: str) -> bool:
    """Return whether `path` is an address, or an SQLite file; read before the file is opened as one."""
    if is_url(path):
        return True
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except (OSError, ValueError):
        return False  # said by whoever reads it as a document


@contextmanager
def books_of(path: str | None, db: str | None, *, contract: str | None, policy: str | None) -> Iterator[Sequence[Book]]:
    """Open the diaries of the file or the database `path`, or without one of the database `db`, for a block."""
    if path is not None and db is not None:
        raise InvalidValue("--db", db, "is given together with DIARY", "give one of them")
    if path is not None and not _is_database(path):
        yield read_books(path, contract=contract, policy=policy)
        return
    place = place_of(db) if path is None else path
    if path is None and db is None and not is_url(place) and not os.path.lexists(place):
        remedy = "give DIARY, a file or a database, or create your own: workdiary init"
        raise StoreError(place, NOTHING, "does not exist", remedy)
    override = None if policy is None else policy_file(policy)
    with opened(place) as journal:
        ids = journal.contracts() if contract is None else (contract_of(journal, contract),)
        if not ids:
            raise InvalidValue("DIARY", place, "has no contract yet", "add one: workdiary contract add")
        standings = [journal.standing(id) for id in ids]
        yield tuple(
            KeptBook(
                contract=one.contract,
                rules=Rules(override or own_policy(one.policy)),
                path=place,
                journal=journal,
                is_own=override is None,
            )
            for one in standings
        )
