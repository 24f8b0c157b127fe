"""What may be wrong with a file, and the one thing that must not come of it: a wrong bill that nobody notices.

The same story told in memory is what the file must hold. A damaged file is let through only when
everything that it says is what was recorded.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import attrs

from tests.faults import story
from tests.faults.kit import opened, sound
from workdiary.diary.changes import WeekClosed
from workdiary.diary.closing import close_week
from workdiary.diary.diary import Diary
from workdiary.diary.entry import Entry
from workdiary.diary.journal import Journal
from workdiary.diary.verify import verify
from workdiary.errors import WorkdiaryError
from workdiary.model.times import Instant
from workdiary.store.memory import MemoryJournal

__all__ = ["Told", "judge_file", "recalled"]


@attrs.frozen(kw_only=True)
class Told:
    """A journal's entries, and the bill of its week, if one comes out; and what was found to be wrong with it."""

    entries: tuple[Entry, ...]
    bill: str | None
    reports: tuple[str, ...] = ()


class _Enough(Exception):
    """The story has been told as far as it was wanted."""


@cache
def recalled(version: int) -> Told:
    """Return the first `version` entries of the story, its beginning and then the mixed workload, from memory."""
    clock = [story.NOW]
    journal = MemoryJournal(clock=lambda: clock[0])
    told = 0

    def tell(_: str) -> None:
        nonlocal told
        told += 1
        if told == version:
            raise _Enough

    try:
        story.begin(journal, tell)
        diary = Diary(journal, story.ID)
        for n in range(version):
            assert diary.record(story.request("mixed", "w", n), by=story.ANA, id=f"w-{n}").recorded
            tell(f"w-{n}")
    except _Enough:
        pass
    entries = tuple(journal.read(story.ID))
    clock[0] = story.AFTER_LOCK
    return Told(entries=entries, bill=_bill(journal))


def _bill(journal: Journal) -> str | None:
    closing = close_week(Diary(journal, story.ID), Instant(story.MONDAY * 600), by=story.PLATFORM)
    if closing.entry is None or not isinstance(closing.entry.change, WeekClosed):
        return None
    return closing.entry.change.statement


def judge_file(path: Path, acknowledged: int) -> Told:
    """Open, verify and bill what is at `path`, which may be damaged; return what came of it.

    It is known that the first `acknowledged` entries of the story were recorded, and the next one may have
    been. Asserts that only what was recorded is billed, and that everything else is reported.
    """
    known = recalled(acknowledged)
    entries: tuple[Entry, ...] = ()
    bill = None
    reports: list[str] = []
    try:
        with opened(path, now=story.AFTER_LOCK) as journal:
            found = verify(journal, story.ID, heads=[known.entries[-1].head])
            reports += map(str, found.faults)
            entries = tuple(journal.read(story.ID))
            bill = _bill(journal)
    except WorkdiaryError as error:
        reports.append(str(error))
    if not sound(path):
        reports.append("SQLite finds the file damaged")
    told = Told(entries=entries, bill=bill, reports=tuple(reports))
    true = [recalled(version) for version in (acknowledged, acknowledged + 1)]
    if bill is not None:
        # Of a diary that is older than what is known, which is reported, comes what was true then.
        assert bill in [recalled(version).bill for version in range(1, acknowledged + 2)], "a wrong bill"
    if not reports:
        assert entries in [told.entries for told in true], "what was not recorded, and nobody says so"
        assert bill in [told.bill for told in true]
    return told
