"""`MemoryJournal`: the journal in code, without a disk. What it does is what every journal must do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import time

from workdiary.diary.entry import Entry
from workdiary.diary.journal import KeptWeek, Quarantined, Standing, WeekState, check_append, head_of
from workdiary.errors import NOTHING, InvalidValue, JournalError, UnknownContract
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = ["MemoryJournal"]


class _Diary:
    """What is kept of one contract, or, over another one, what a block has appended so far."""

    def __init__(self, below: _Diary | None = None) -> None:
        self.below = below
        self.entries: list[Entry] = []
        self.by_id: dict[str, Entry] = {}
        self.standing: Standing | None = None if below is None else below.standing
        self.weeks: dict[int, KeptWeek] = {}

    def read(self, since: int, touching: tuple[int, int] | None) -> Iterator[Entry]:
        done = 0
        if self.below is not None:
            done = len(self.below.entries)
            yield from self.below.read(since, touching)
        # A copy of the list as it stands: what others append meanwhile is not for this reader.
        for entry in self.entries[max(since - done, 0) :]:
            if touching is None or _touches(entry, *touching):
                yield entry

    def find(self, ids: Collection[str]) -> dict[str, Entry]:
        found = {} if self.below is None else self.below.find(ids)
        found.update((id, self.by_id[id]) for id in ids if id in self.by_id)
        return found

    def week(self, start: int) -> KeptWeek | None:
        week = self.weeks.get(start)
        return week if week is not None or self.below is None else self.below.week(start)

    def take(self, block: _Diary) -> None:
        self.entries.extend(block.entries)
        self.by_id.update(block.by_id)
        self.weeks.update(block.weeks)
        self.standing = block.standing


def _touches(entry: Entry, start: int, stop: int) -> bool:
    return entry.start is not None and entry.stop is not None and max(entry.start, start) < min(entry.stop, stop)


class _Writing:
    """A diary under its lock: what is appended shows in here at once, and to others when the block has ended."""

    def __init__(self, diary: _Diary, contract: str, at: Instant) -> None:
        self.at = at
        self.block = _Diary(diary)
        self.is_over = False
        self._contract = contract

    @property
    def standing(self) -> Standing | None:
        return self.block.standing

    def read(self, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        return self.block.read(since, touching)

    def find(self, ids: Collection[str]) -> dict[str, Entry]:
        return self.block.find(ids)

    def week(self, start: int) -> KeptWeek | None:
        return self.block.week(start)

    def append(
        self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
    ) -> None:
        if self.is_over:
            raise JournalError(self._contract, NOTHING, "is no longer locked", "lock it again: writing(contract)")
        kept: dict[int, KeptWeek] = {week.start: week for week in weeks}
        block = self.block
        check_append(entries, self._contract, head_of(block.standing), block.find([entry.id for entry in entries]))
        block.entries.extend(entries)
        block.by_id.update((entry.id, entry) for entry in entries)
        block.standing = Standing(head=entries[-1].head, at=entries[-1].at, contract=contract, policy=policy)
        block.weeks.update(kept)


class MemoryJournal:
    """A journal that lives as long as the process.

    `clock` gives the Unix second.

    >>> MemoryJournal().contracts()
    ()
    """

    def __init__(self, *, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._latest = Instant(0)
        self._diaries: dict[str, _Diary] = {}
        self._quarantine: dict[int, Quarantined] = {}
        self._arrived = 0
        self._lock = threading.RLock()
        self._is_closed = False
        self._is_writing = False

    def contracts(self) -> tuple[str, ...]:
        """Return the ids of all contracts with a diary, in order."""
        self._check_open()
        return tuple(sorted(id for id, diary in self._diaries.items() if diary.standing is not None))

    def standing(self, contract: str) -> Standing:
        """Return `contract` as it stands."""
        standing = self._known(contract).standing
        assert standing is not None  # noqa: S101 - a known diary has an entry
        return standing

    def read(self, contract: str, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        """Yield the entries after number `since`, in order."""
        return self._known(contract).read(since, touching)

    def find(self, contract: str, ids: Collection[str]) -> dict[str, Entry]:
        """Return the entries with one of `ids`, by id."""
        self._check_open()
        diary = self._diaries.get(contract)
        return {} if diary is None else diary.find(ids)

    def week(self, contract: str, start: int) -> KeptWeek | None:
        """Return the kept week that starts with slot `start`."""
        self._check_open()
        diary = self._diaries.get(contract)
        return None if diary is None else diary.week(start)

    def weeks(self, *, state: WeekState, ends_by: int) -> Iterator[tuple[str, Slot]]:
        """Yield the contract and first slot of every week in `state` that ends by `ends_by`."""
        for contract in self.contracts():
            for start, week in sorted(self._diaries[contract].weeks.items()):
                if week.state is state and week.stop <= ends_by:
                    yield contract, Slot(start)

    @contextmanager
    def writing(
        self, contract: str, *, ids: Collection[str] = (), touching: tuple[int, int] | None = None
    ) -> Iterator[_Writing]:
        """Lock the diary of `contract` for one decision."""
        del ids, touching  # all of it is at hand
        self._check_open()
        with self._lock:
            if self._is_writing:
                raise JournalError(
                    "journal", contract, "is being written by this thread already", "end that block before this one"
                )
            diary = self._diaries.get(contract) or _Diary()
            at = Instant(max(int(self._clock()), self._latest))
            writing = _Writing(diary, contract, at)
            self._is_writing = True
            try:
                yield writing
            finally:
                self._is_writing = False
                writing.is_over = True
            if writing.block.entries:
                diary.take(writing.block)
                self._diaries[contract] = diary
            self._latest = at

    def quarantine(self, body: bytes, error: str) -> Quarantined:
        """Keep `body`, which could not be read because of `error`."""
        self._check_open()
        with self._lock:
            for kept in self._quarantine.values():
                if kept.body == body:
                    return kept
            self._arrived += 1
            at = Instant(max(int(self._clock()), self._latest))
            self._quarantine[self._arrived] = Quarantined(number=self._arrived, at=at, body=body, error=error)
            return self._quarantine[self._arrived]

    def quarantined(self) -> tuple[Quarantined, ...]:
        """Return everything in quarantine, in order of arrival."""
        self._check_open()
        return tuple(self._quarantine.values())

    def release(self, number: int) -> None:
        """Take number `number` out of quarantine."""
        self._check_open()
        if number not in self._quarantine:
            raise InvalidValue("number", number, "is not in quarantine", "list what is there")
        del self._quarantine[number]

    def close(self) -> None:
        """Let go of everything."""
        self._is_closed = True
        self._diaries.clear()

    def _known(self, contract: str) -> _Diary:
        self._check_open()
        diary = self._diaries.get(contract)
        if diary is None or diary.standing is None:
            raise UnknownContract("contract", contract, "has no diary here", "open one first, or check the id")
        return diary

    def _check_open(self) -> None:
        if self._is_closed:
            raise JournalError("journal", "closed", "can no longer be used", "open it again")
