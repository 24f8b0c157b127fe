"""What the parts of the conformance suite work with: a clock to set, entries to record, a journal to reopen."""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from workdiary.diary.changes import Change, ContractOpened, MemoEdited
from workdiary.diary.entry import START, Entry, Head
from workdiary.diary.journal import Journal, KeptWeek, WeekState, Writing, head_of
from workdiary.model.activity import Activity
from workdiary.model.contract import Actor, Contract, Role, Terms
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import Instant, Week, Zone, instant, slot_start
from workdiary.model.times import zone as zone_of

__all__ = [
    "ANA",
    "ID",
    "NASTY_TEXTS",
    "NOW",
    "Bench",
    "Clock",
    "Fault",
    "at_once",
    "beside",
    "contract_of",
    "edited",
    "kept_week",
    "seal",
]

_T = TypeVar("_T")

NOW = int(instant("2026-11-18T09:00Z"))
"""The Unix second at which each test begins."""

ID = "c-1"
"""The contract that most tests look at."""

ANA = Actor(id="ana", role=Role.FREELANCER)

NASTY_TEXTS = (
    "",
    " ",
    "nul \x00 inside",
    "astral \U0001f980\U0010ffff",
    "lone \ud800 surrogate",
    "lone \udfff surrogate",
    "right-to-left \u202e עבודה\u200f",
    "composed é, decomposed e\u0301",
    "quotes ' \" ` \\ % ? :x ; -- {}",
    "line\r\nbreaks\u2028\u2029\x85\x0b\x1c",
    "\ufeffmark, \ufffe and \uffff",
    "x" * 4000,
    "\U0001f980" * 4000,
)
"""Memos and names that stores have been seen to lose, cut, normalise or choke on."""


class Clock:
    """A clock that shows what a test sets it to, in Unix seconds, and counts how often it was read.

    Give it to the journal under test. `on_read`, when set, is called at every reading.

    >>> clock = Clock(60)
    >>> clock.now += 0.5
    >>> clock(), clock.readings
    (60.5, 1)
    """

    def __init__(self, now: float = NOW) -> None:
        self.now = now
        self.readings = 0
        self.on_read: Callable[[], None] | None = None

    def __call__(self) -> float:
        """Return the time that it shows."""
        self.readings += 1
        if self.on_read is not None:
            self.on_read()
        return self.now


class Fault(Exception):
    """What the suite raises to make a block end half way."""


def contract_of(id: str = ID, *, rate: str = "30.00", labels: Sequence[str] = (), freelancer: str = "ana") -> Contract:
    """Return a contract of `rate` an hour since 2026-11-02."""
    terms = Terms(since="2026-11-02T00:00Z", rate=rate, weekly_limit=40)
    return Contract(id=id, freelancer=freelancer, client="acme", currency="USD", terms=[terms], labels=labels)


def edited(start: int = 100, stop: int | None = None, memo: str = "Review") -> MemoEdited:
    """Return a change that touches the slots ``start <= slot < stop``, one by default."""
    slots = Slots.range(Slot(start), Slot(start + 1 if stop is None else stop))
    return MemoEdited(asked=slots, memo=memo, slots=slots)


def seal(change: Change, after: Head, *, id: str, contract: str = ID, at: int = NOW) -> Entry:
    """Return the entry of `change` after the head `after`."""
    return Entry.seal(contract=contract, after=after, id=id, at=Instant(at), by=ANA, change=change)


_UTC: Zone = zone_of("UTC")


def kept_week(
    start: int = 1008, *, state: WeekState = WeekState.OPEN, memos: Iterable[str] = ("Fix", "Call"), length: int = 1008
) -> KeptWeek:
    """Return a week from slot `start` with a segment a memo, every third one manual, some with labels and meters."""
    slots = range(start, start + length)
    week = Week(
        slot_start(Slot(start)).datetime.replace(tzinfo=None),
        _UTC,
        slot_start(Slot(start)),
        slot_start(Slot(start + length)),
        Slot(start),
        Slot(start + length),
    )
    segments: list[Segment] = []
    for n, (slot, memo) in enumerate(zip(slots, memos, strict=False)):
        label = memo if n % 2 else None
        if n % 3 == 2:
            segments.append(Segment.manual(slot, memo=memo, label=label))
            continue
        activity = None if n % 4 == 3 else Activity.of_meter(n % 11)
        shots = [slot_start(Slot(slot))] if n % 2 else []
        segments.append(Segment.tracked(slot, memo=memo, label=label, activity=activity, snapshots=shots))
    return KeptWeek(start=week.start, stop=week.stop, state=state, sheet=Sheet.of(segments, week))


class Bench:
    """A journal under test, the clock that it reads, and short ways to record entries in it."""

    def __init__(self, open_journal: Callable[[Clock], Journal]) -> None:
        self._open = open_journal
        self.clock = Clock()
        self._ids = 0
        self._is_open = True
        self.journal: Journal = open_journal(self.clock)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the journal unless that is done."""
        if self._is_open:
            self._is_open = False
            self.journal.close()

    def reopen(self) -> None:
        """Close the journal and open the same one again."""
        self.close()
        self.journal = self._open(self.clock)
        self._is_open = True

    def new_id(self) -> str:
        """Return an id that no entry has yet."""
        self._ids += 1
        return f"e-{self._ids}"

    def open(self, contract: str = ID, **terms: str) -> Entry:
        """Open the diary of `contract` and return its first entry."""
        made = contract_of(contract, **terms)
        return self.record(ContractOpened(contract=made, policy="upwork"), contract=contract, standing=made)[0]

    def opened(self, *contracts: str) -> Bench:
        """Open these diaries, and return itself."""
        for contract in contracts or (ID,):
            self.open(contract)
        return self

    def record(
        self,
        *changes: Change,
        contract: str = ID,
        ids: Sequence[str] | None = None,
        weeks: Iterable[KeptWeek] = (),
        standing: Contract | None = None,
        policy: str | Policy = "upwork",
    ) -> list[Entry]:
        """Append `changes` in one block, and return their entries."""
        with self.journal.writing(contract) as writing:
            return self.append(
                writing, *changes, contract=contract, ids=ids, weeks=weeks, standing=standing, policy=policy
            )

    def append(
        self,
        writing: Writing,
        *changes: Change,
        contract: str = ID,
        ids: Sequence[str] | None = None,
        weeks: Iterable[KeptWeek] = (),
        standing: Contract | None = None,
        policy: str | Policy = "upwork",
    ) -> list[Entry]:
        """Append `changes` in the block `writing`, and return their entries."""
        head = head_of(writing.standing)
        entries: list[Entry] = []
        for n, change in enumerate(changes):
            id = self.new_id() if ids is None else ids[n]
            entries.append(seal(change, head, id=id, contract=contract, at=writing.at))
            head = entries[-1].head
        writing.append(entries, contract=standing or contract_of(contract), policy=policy, weeks=weeks)
        return entries

    def read(self, contract: str = ID, *, since: int = 0, touching: tuple[int, int] | None = None) -> list[Entry]:
        """Return what `Journal.read` yields."""
        return list(self.journal.read(contract, since=since, touching=touching))

    def check_chain(self, contract: str = ID) -> list[Entry]:
        """Return every entry of `contract`, having checked that they are an unbroken chain up to the standing head."""
        head = START
        entries = self.read(contract)
        for entry in entries:
            entry.check(head)
            head = entry.head
        assert self.journal.standing(contract).head == head
        return entries


def beside(work: Callable[[], _T]) -> Callable[[], _T]:
    """Start `work` in a thread of its own; return a function that waits for it, and returns its result or raises."""
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    # A journal that never lets go shall not keep the tests from ending.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> _T:
        thread.join(60)
        if errors:
            raise errors[0]
        assert results, "a thread waits for ever"
        return results[0]

    return result


def at_once(number: int, work: Callable[[int], _T]) -> list[_T]:
    """Return ``work(0)`` to ``work(number - 1)``, each done by a thread of its own, all started together."""
    gate = threading.Barrier(number)

    def begin(n: int) -> _T:
        gate.wait(60)
        return work(n)

    waits = [beside(partial(begin, n)) for n in range(number)]
    return [wait() for wait in waits]
