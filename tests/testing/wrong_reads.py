"""Journals that are wrong about reading, each by a single flaw that somebody could well make."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from tests.testing.right_journal import Block, Disk, RightJournal, caught_by
from workdiary.diary.entry import Entry
from workdiary.diary.journal import KeptWeek, WeekState
from workdiary.errors import (
    StoreBusy,
)
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

# Reading.


@caught_by("Reading")
class TouchesOneSlotTooEarly(RightJournal):
    def touches(self, low: int, high: int, start: int, stop: int) -> bool:
        return low < stop and start <= high


@caught_by("Reading")
class TouchesOneSlotTooLate(RightJournal):
    def touches(self, low: int, high: int, start: int, stop: int) -> bool:
        return low <= stop and start < high


@caught_by("Reading")
class TouchesOnlyWhatBeginsWithin(RightJournal):
    def touches(self, low: int, high: int, start: int, stop: int) -> bool:
        return start <= low < stop


@caught_by("Reading")
class TouchesOnlyWhatHasAnEdgeWithin(RightJournal):
    def touches(self, low: int, high: int, start: int, stop: int) -> bool:
        return start <= low < stop or start < high <= stop


@caught_by("Reading")
class TouchesOnlyWhatLiesAround(RightJournal):
    def touches(self, low: int, high: int, start: int, stop: int) -> bool:
        return low <= start < high or low < stop <= high


@caught_by("Reading")
class TouchesWithEveryChange(RightJournal):
    def select(self, rows: list[Entry], since: int, touching: tuple[int, int] | None) -> list[Entry]:
        chosen = super().select(rows, since, touching)
        return [entry for entry in rows if entry in chosen or (entry.number > since and entry.start is None)]


@caught_by("Reading")
class ReadsFromThatNumberOn(RightJournal):
    def select(self, rows: list[Entry], since: int, touching: tuple[int, int] | None) -> list[Entry]:
        return super().select(rows, since - 1, touching)


@caught_by("Reading")
class ReadsBySlotFromTheStart(RightJournal):
    def select(self, rows: list[Entry], since: int, touching: tuple[int, int] | None) -> list[Entry]:
        return super().select(rows, since if touching is None else 0, touching)


@caught_by("Reading")
class ReadsInOrderOfSlots(RightJournal):
    def select(self, rows: list[Entry], since: int, touching: tuple[int, int] | None) -> list[Entry]:
        chosen = super().select(rows, since, touching)
        return chosen if touching is None else sorted(chosen, key=lambda entry: entry.start or 0)


@caught_by("Reading")
class ReadsTheLatestFirst(RightJournal):
    def select(self, rows: list[Entry], since: int, touching: tuple[int, int] | None) -> list[Entry]:
        return super().select(rows, since, touching)[::-1]


@caught_by("Reading")
class ReadsUnknownContractsAsEmpty(RightJournal):
    def read(self, contract: str, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        self.check_open()
        return iter(self.select(self.disk.rows.get(contract, []), since, touching))


@caught_by("Reading")
class LocksWhileSomebodyReads(RightJournal):
    readers = 0

    def read(self, contract: str, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        rows = list(super().read(contract, since=since, touching=touching))

        def yielded() -> Iterator[Entry]:
            self.readers += 1
            yield from rows
            self.readers -= 1

        return yielded()

    @contextmanager
    def locked(self, contract: str) -> Iterator[None]:
        if self.readers:
            raise StoreBusy("journal", contract, "is being read", "try again")
        with super().locked(contract):
            yield


@caught_by("Reading")
class FindsInEveryContract(RightJournal):
    def find(self, contract: str, ids: Collection[str]) -> dict[str, Entry]:
        self.check_open()
        return self.found([entry for rows in self.disk.rows.values() for entry in rows], ids)


@caught_by("Appending")
class FindsInAnyCase(RightJournal):
    def found(self, rows: list[Entry], ids: Collection[str]) -> dict[str, Entry]:
        wanted = {id.casefold() for id in ids}
        return {entry.id: entry for entry in rows if entry.id.casefold() in wanted}


@caught_by("Reading")
class FindsAThousandAtMost(RightJournal):
    def found(self, rows: list[Entry], ids: Collection[str]) -> dict[str, Entry]:
        return super().found(rows, list(ids)[:1000])


@caught_by("Reading")
class ListsContractsInAnyCase(RightJournal):
    def contracts(self) -> tuple[str, ...]:
        return tuple(sorted(super().contracts(), key=str.casefold))


@caught_by("Reading")
class ListsContractsByTheirUtf16(RightJournal):
    def contracts(self) -> tuple[str, ...]:
        return tuple(sorted(super().contracts(), key=lambda id: id.encode("utf-16-be", "surrogatepass")))


@caught_by("Reading")
class ListsContractsThatWereOnlyLocked(RightJournal):
    def __init__(self, disk: Disk, clock: Callable[[], float]) -> None:
        super().__init__(disk, clock)
        self.locked_once: set[str] = set()

    def decide(self, contract: str) -> Instant:
        self.locked_once.add(contract)
        return super().decide(contract)

    def contracts(self) -> tuple[str, ...]:
        return tuple(sorted({*super().contracts(), *self.locked_once}))


@caught_by("Reading")
class TrimsContracts(RightJournal):
    @contextmanager
    def writing(self, contract: str, **ahead: object) -> Iterator[Block]:
        with super().writing(contract) as block:
            block.rows = list(self.disk.rows.get(contract.rstrip(), block.rows))
            yield block


@caught_by("Reading")
class ListsWeeksThatEndLater(RightJournal):
    def weeks(self, *, state: WeekState, ends_by: int) -> Iterator[tuple[str, Slot]]:
        return super().weeks(state=state, ends_by=ends_by + 1)


@caught_by("Reading")
class ListsWeeksThatEndBefore(RightJournal):
    def weeks(self, *, state: WeekState, ends_by: int) -> Iterator[tuple[str, Slot]]:
        return super().weeks(state=state, ends_by=ends_by - 1)


@caught_by("Reading")
class ListsParkedWeeksAsOpen(RightJournal):
    def weeks(self, *, state: WeekState, ends_by: int) -> Iterator[tuple[str, Slot]]:
        also = [WeekState.PARKED] if state is WeekState.OPEN else []
        return iter(
            sorted(
                week for each in [state, *also] for week in super(type(self), self).weeks(state=each, ends_by=ends_by)
            )
        )


@caught_by("Reading")
class ListsWeeksByTheirStart(RightJournal):
    def weeks(self, *, state: WeekState, ends_by: int) -> Iterator[tuple[str, Slot]]:
        return iter(sorted(super().weeks(state=state, ends_by=ends_by), key=lambda week: week[1]))


@caught_by("Reading")
class FindsTheWeekAround(RightJournal):
    def week(self, contract: str, start: int) -> KeptWeek | None:
        self.check_open()
        weeks = (week for (id, _), week in self.disk.weeks.items() if id == contract)
        return next((week for week in weeks if week.start <= start < week.stop), None)


@caught_by("Reading")
class FindsSomethingForEveryId(RightJournal):
    def found(self, rows: list[Entry], ids: Collection[str]) -> dict[str, Entry]:
        return super().found(rows, ids) if len(ids) else {entry.id: entry for entry in rows}


@caught_by("Reading")
class HasAnExample(RightJournal):
    def contracts(self) -> tuple[str, ...]:
        return super().contracts() or ("example",)


@caught_by("Reading")
class CutsIdsAtNul(RightJournal):
    def contracts(self) -> tuple[str, ...]:
        return tuple(sorted({id.partition("\0")[0] for id in super().contracts()}))
