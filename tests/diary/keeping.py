"""What tests of diaries share: three actors, a clock that is set by hand, and a diary in memory.

The week is that of Monday 2026-11-16 in UTC, under the plain policy of `tests.support`: it locks, and is
invoiced, on Monday 2026-11-23 at 12:00, and its review ends at midnight before Saturday 2026-11-28.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from tests.support import PLAIN, at, contract, tracked
from workdiary import Actor, ContractStatus, Instant, Policy, Role, Segment, StatusChange, Terms, instant, slot_at
from workdiary.diary.changes import Change, FactsChanged, StatusChanged, TermsChanged, TimeTracked
from workdiary.diary.diary import Diary
from workdiary.diary.entry import START, Entry, Head
from workdiary.diary.journal import KeptWeek, Standing
from workdiary.model.contract import Facts
from workdiary.store.memory import MemoryJournal

ANA = Actor(id="ana", role=Role.FREELANCER)
ACME = Actor(id="acme", role=Role.CLIENT)
PLATFORM = Actor(id="platform", role=Role.PLATFORM)

NOW = "2026-11-18T18:00:00Z"
"""Wednesday evening, when most tests begin: place 396 of the week."""

LOCK = "2026-11-23T12:00:00Z"
BEFORE_LOCK = "2026-11-23T11:59:59Z"
REVIEW_ENDS = "2026-11-28T00:00:00Z"


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now: str = NOW) -> None:
        self.now = int(instant(now))

    def __call__(self) -> float:
        return self.now

    def set(self, now: str) -> Instant:
        self.now = int(instant(now))
        return Instant(self.now)

    @property
    def instant(self) -> Instant:
        return Instant(self.now)


@attrs.frozen
class Kept:
    """A diary, the journal that it is in, and the journal's clock."""

    clock: Clock
    journal: MemoryJournal
    diary: Diary

    @property
    def head(self) -> Head:
        return self.journal.standing("c-1").head

    def week(self, place: int = 0) -> KeptWeek:
        """Return the kept week of 2026-11-16, or the one `place` weeks later."""
        week = self.journal.week("c-1", at(1008 * place))
        assert week is not None
        return week


def opened(policy: str | Policy = PLAIN, now: str = NOW, **changes: Any) -> Kept:
    """Return a diary that has just been opened, for a contract with `changes`."""
    clock = Clock(now)
    journal = MemoryJournal(clock=clock)
    return Kept(clock, journal, Diary.open(journal, contract(**changes), policy, by=PLATFORM, id="open"))


def upload(*places: int | Segment, made_at: str = NOW, **values: Any) -> TimeTracked:
    """Return the upload of these segments, or of plain ones at these places of the week."""
    made = [place if isinstance(place, Segment) else tracked(at(place), **values) for place in places]
    return TimeTracked(segments=made, made_at=made_at)


def counted(place: int | str, *minutes: int, **values: Any) -> Segment:
    """Return a tracked segment with a keystroke in each of `minutes`, 0 to 9."""
    from workdiary import Activity

    slot = at(place) if isinstance(place, int) else slot_at(place)
    rows = [(1, 0, 0) if minute in minutes else (0, 0, 0) for minute in range(10)]
    return Segment.tracked(slot, activity=Activity.of_minutes(rows), **values)


def terms_changed(since: str, rate: str = "45.00", limit: str | int | None = 40, manual: bool = True) -> TermsChanged:
    return TermsChanged(terms=Terms(since=since, rate=rate, weekly_limit=limit, manual_time_allowed=manual))


def status_changed(since: str, status: str) -> StatusChanged:
    return StatusChanged(status=StatusChange(since=since, status=ContractStatus(status)))


def facts_changed(since: str, **known: bool) -> FactsChanged:
    return FactsChanged(facts=Facts(since=since, **known))


def sealed(changes: Iterable[tuple[str, str, Actor, Change]]) -> list[Entry]:
    """Return a chain of ``(id, at, by, change)``."""
    head, entries = START, []
    for id, when, by, change in changes:
        entries.append(Entry.seal(contract="c-1", after=head, id=id, at=instant(when), by=by, change=change))
        head = entries[-1].head
    return entries


def rewritten(journal: MemoryJournal, entries: list[Entry], **standing: Any) -> None:
    """Put `entries` in place of those of contract c-1, as only somebody with the store in his hands can."""
    diary = journal._diaries["c-1"]
    diary.entries[:] = entries
    diary.by_id.clear()
    diary.by_id.update({entry.id: entry for entry in entries})
    assert isinstance(diary.standing, Standing)
    diary.standing = attrs.evolve(diary.standing, **{"head": entries[-1].head, "at": entries[-1].at, **standing})


def resealed(entries: Iterable[Entry]) -> list[Entry]:
    """Return a consistent chain of what `entries` say, numbered anew."""
    head, chain = START, []
    for entry in entries:
        sealed_again = Entry.seal(
            contract=entry.contract, after=head, id=entry.id, at=entry.at, by=entry.by, change=entry.change
        )
        chain.append(sealed_again)
        head = sealed_again.head
    return chain
