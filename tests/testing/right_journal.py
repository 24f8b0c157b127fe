"""A right journal that lasts, from which the wrong ones are made.

`RightJournal` is a second implementation of the port, next to the one in memory, in the plainest way: a
block works on copies and puts them on the `Disk` at its end. A wrong journal overrides one step of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from workdiary.diary.entry import Entry, Head
from workdiary.diary.journal import KeptWeek, Quarantined, Standing, WeekState, check_append, head_of
from workdiary.errors import (
    InvalidValue,
    JournalError,
    StoreBusy,
    UnknownContract,
)
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = ["WRONG", "Block", "Disk", "RightJournal", "caught_by"]


class Disk:
    """What lasts: the rows of every table, and one lock."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Entry]] = {}
        self.standings: dict[str, Standing] = {}
        self.weeks: dict[tuple[str, int], KeptWeek] = {}
        self.quarantine: list[Quarantined] = []
        self.arrived = 0
        self.latest = 0
        self.lock = threading.RLock()
        self.is_written = False


class Block:
    """One contract's diary under the lock: copies that the end of the block puts on the disk."""

    def __init__(self, journal: RightJournal, contract: str, at: Instant) -> None:
        self.journal = journal
        self.contract = contract
        self.moment = at
        self.rows = list(journal.disk.rows.get(contract, ()))
        self.kept: Standing | None = journal.disk.standings.get(contract)
        self.weeks: dict[int, KeptWeek] = {}
        self.is_over = False

    @property
    def at(self) -> Instant:
        return self.moment

    @property
    def standing(self) -> Standing | None:
        return self.kept

    def read(self, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        return iter(self.journal.select(self.rows, since, touching))

    def find(self, ids: Collection[str]) -> dict[str, Entry]:
        return self.journal.found(self.rows, ids)

    def week(self, start: int) -> KeptWeek | None:
        return self.weeks.get(start) or self.journal.disk.weeks.get((self.contract, start))

    def append(
        self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
    ) -> None:
        if self.is_over:
            raise JournalError("journal", self.contract, "is no longer locked", "lock it again")
        kept: dict[int, KeptWeek] = {week.start: self.journal.week_to_keep(week) for week in weeks}
        known = self.find([entry.id for entry in entries])
        self.journal.check(entries, self.contract, head_of(self.standing), known)
        self.rows += self.journal.entries_to_keep(entries)
        self.kept = self.journal.standing_to_keep(
            Standing(head=entries[-1].head, at=entries[-1].at, contract=contract, policy=policy)
        )
        self.weeks.update(kept)


class RightJournal:
    """A journal that does everything as the port says; what a wrong one changes are its small methods."""

    block: ClassVar[type[Block]] = Block
    patience: ClassVar[float] = 5.0

    def __init__(self, disk: Disk, clock: Callable[[], float]) -> None:
        self.disk = disk
        self.clock = clock
        self.is_closed = False

    # The steps.

    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        check_append(entries, contract, head, known)

    def touches(self, low: int, high: int, start: int, stop: int) -> bool:
        return low < stop and start < high

    def select(self, rows: list[Entry], since: int, touching: tuple[int, int] | None) -> list[Entry]:
        found = [entry for entry in rows if entry.number > since]
        if touching is None:
            return found
        return [
            entry
            for entry in found
            if entry.start is not None and entry.stop is not None and self.touches(entry.start, entry.stop, *touching)
        ]

    def found(self, rows: list[Entry], ids: Collection[str]) -> dict[str, Entry]:
        wanted = set(ids)
        return {entry.id: entry for entry in rows if entry.id in wanted}

    def entries_to_keep(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        return entries

    def standing_to_keep(self, standing: Standing) -> Standing:
        return standing

    def week_to_keep(self, week: KeptWeek) -> KeptWeek:
        return week

    def decide(self, contract: str) -> Instant:
        return Instant(max(int(self.clock()), self.disk.latest))

    @contextmanager
    def locked(self, contract: str) -> Iterator[None]:
        if not self.disk.lock.acquire(timeout=self.patience):
            raise StoreBusy("journal", contract, "is held by somebody else", "try again")
        try:
            yield
        finally:
            self.disk.lock.release()

    def undo(self, block: Block) -> None:
        pass

    def commit(self, block: Block) -> None:
        if block.kept is None:
            return
        disk = self.disk
        disk.rows[block.contract] = block.rows
        disk.standings[block.contract] = block.kept
        disk.weeks.update({(block.contract, start): week for start, week in block.weeks.items()})
        disk.latest = max(disk.latest, block.moment)

    def check_open(self) -> None:
        if self.is_closed:
            raise JournalError("journal", "closed", "can no longer be used", "open it again")

    def known(self, contract: str) -> list[Entry]:
        self.check_open()
        if contract not in self.disk.standings:
            raise UnknownContract("contract", contract, "has no diary here", "open one first")
        return self.disk.rows[contract]

    # The port.

    def contracts(self) -> tuple[str, ...]:
        self.check_open()
        return tuple(sorted(self.disk.standings))

    def standing(self, contract: str) -> Standing:
        self.known(contract)
        return self.disk.standings[contract]

    def read(self, contract: str, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        return iter(self.select(self.known(contract), since, touching))

    def find(self, contract: str, ids: Collection[str]) -> dict[str, Entry]:
        self.check_open()
        return self.found(self.disk.rows.get(contract, []), ids)

    def week(self, contract: str, start: int) -> KeptWeek | None:
        self.check_open()
        return self.disk.weeks.get((contract, start))

    def weeks(self, *, state: WeekState, ends_by: int) -> Iterator[tuple[str, Slot]]:
        self.check_open()
        for (contract, start), week in sorted(self.disk.weeks.items()):
            if week.state is state and week.stop <= ends_by:
                yield contract, Slot(start)

    @contextmanager
    def writing(self, contract: str, **ahead: object) -> Iterator[Block]:
        self.check_open()
        with self.locked(contract):
            if self.disk.is_written:
                raise JournalError("journal", contract, "is being written by this thread already", "end that first")
            block = self.block(self, contract, self.decide(contract))
            self.disk.is_written = True
            try:
                yield block
            except BaseException:
                self.undo(block)
                raise
            finally:
                self.disk.is_written = False
                self.end(block)
            self.commit(block)

    def end(self, block: Block) -> None:
        block.is_over = True

    def quarantine(self, body: bytes, error: str) -> Quarantined:
        self.check_open()
        with self.disk.lock:
            for kept in self.disk.quarantine:
                if kept.body == body:
                    return kept
            return self.arrive(body, error)

    def arrive(self, body: bytes, error: str) -> Quarantined:
        self.disk.arrived += 1
        kept = Quarantined(number=self.disk.arrived, at=Instant(int(self.clock())), body=body, error=error)
        self.disk.quarantine.append(kept)
        return kept

    def quarantined(self) -> tuple[Quarantined, ...]:
        self.check_open()
        return tuple(self.disk.quarantine)

    def release(self, number: int) -> None:
        self.check_open()
        left = [kept for kept in self.disk.quarantine if kept.number != number]
        if len(left) == len(self.disk.quarantine):
            raise InvalidValue("number", number, "is not in quarantine", "list what is there")
        self.disk.quarantine = left

    def close(self) -> None:
        self.is_closed = True


WRONG: dict[str, tuple[type[RightJournal], str]] = {}
"""Every wrong journal by its name, with the part of the suite that is there to catch it."""


def caught_by(part: str) -> Callable[[type[RightJournal]], type[RightJournal]]:
    def listed(kind: type[RightJournal]) -> type[RightJournal]:
        WRONG[kind.__name__] = (kind, part)
        return kind

    return listed
