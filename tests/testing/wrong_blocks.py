"""Journals that are wrong about locks, undoing and the moment of decision, each by a single flaw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import sleep

from tests.testing.right_journal import Block, RightJournal, caught_by
from workdiary.diary.entry import Entry
from workdiary.diary.journal import KeptWeek, Standing
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.times import Instant

# Blocks.


@caught_by("Undoing")
class UndoesNothing(RightJournal):
    def undo(self, block: Block) -> None:
        self.commit(block)


@caught_by("Undoing")
class KeepsWeeksWithoutTheirEntries(RightJournal):
    def undo(self, block: Block) -> None:
        self.disk.weeks.update({(block.contract, start): week for start, week in block.weeks.items()})


@caught_by("Undoing")
class KeepsStandingsWithoutTheirEntries(RightJournal):
    def undo(self, block: Block) -> None:
        if block.kept is not None and block.contract in self.disk.standings:
            self.disk.standings[block.contract] = block.kept


@caught_by("Undoing")
class UndoesOnlyWhatItExpects(RightJournal):
    @contextmanager
    def writing(self, contract: str, **ahead: object) -> Iterator[Block]:
        self.check_open()
        with self.locked(contract):
            block = self.block(self, contract, self.decide(contract))
            failed = False
            try:
                yield block
            except Exception:
                failed = True
                raise
            finally:
                if not failed:
                    self.commit(block)


@caught_by("Undoing")
class ShowsWhatMayBeUndone(RightJournal):
    class WritingAtOnce(Block):
        def append(
            self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
        ) -> None:
            super().append(entries, contract=contract, policy=policy, weeks=weeks)
            self.journal.commit(self)

    block = WritingAtOnce

    @contextmanager
    def writing(self, contract: str, **ahead: object) -> Iterator[Block]:
        disk = self.disk
        with self.locked(contract):
            before = dict(disk.rows), dict(disk.standings), dict(disk.weeks), disk.latest
            try:
                with super().writing(contract) as block:
                    yield block
            except BaseException:
                disk.rows, disk.standings, disk.weeks, disk.latest = before
                raise


@caught_by("Undoing")
class TakesMoreWhenItIsOver(RightJournal):
    def end(self, block: Block) -> None:
        pass


@caught_by("Undoing")
class WritesWithinABlock(RightJournal):
    @contextmanager
    def locked(self, contract: str) -> Iterator[None]:
        with super().locked(contract):
            self.disk.is_written = False
            yield


@caught_by("Undoing")
class KeepsEntriesWhoseWeeksFail(RightJournal):
    class MakingWeeksLast(Block):
        def append(
            self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
        ) -> None:
            super().append(entries, contract=contract, policy=policy)
            self.weeks.update({week.start: week for week in weeks})

    block = MakingWeeksLast


@caught_by("Undoing")
class KeepsTheLockAfterAFailure(RightJournal):
    patience = 0.05

    def undo(self, block: Block) -> None:
        self.disk.lock.acquire()


@caught_by("Undoing")
class HidesItsOwnAppends(RightJournal):
    class ReadingTheDisk(Block):
        def read(self, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
            return iter(self.journal.select(self.journal.disk.rows.get(self.contract, []), since, touching))

    block = ReadingTheDisk


@caught_by("Undoing")
class HidesItsOwnWeeks(RightJournal):
    class ReadingTheDisk(Block):
        def week(self, start: int) -> KeptWeek | None:
            return self.journal.disk.weeks.get((self.contract, start))

    block = ReadingTheDisk


@caught_by("Undoing")
class StandsWhereTheBlockBegan(RightJournal):
    class StandingStill(Block):
        @property
        def standing(self) -> Standing | None:
            return self.journal.disk.standings.get(self.contract)

    block = StandingStill


@caught_by("Undoing")
class MakesWeeksAfterTheFact(RightJournal):
    class KeepingLast(Block):
        def append(
            self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
        ) -> None:
            super().append(entries, contract=contract, policy=policy)
            self.journal.commit(self)
            self.weeks.update({week.start: week for week in weeks})

    block = KeepingLast


# The moment of decision.


@caught_by("Deciding")
class LetsTheClockGoBack(RightJournal):
    def decide(self, contract: str) -> Instant:
        return Instant(int(self.clock()))


@caught_by("Deciding")
class KnowsTimeByContract(RightJournal):
    def decide(self, contract: str) -> Instant:
        kept = self.disk.standings.get(contract)
        return Instant(max(int(self.clock()), kept.at if kept is not None else 0))


@caught_by("Lasting")
class ForgetsTheTimeWhenClosed(RightJournal):
    def close(self) -> None:
        super().close()
        self.disk.latest = 0


@caught_by("Deciding")
class ReadsTheClockAgainAndAgain(RightJournal):
    class Reading(Block):
        @property
        def at(self) -> Instant:
            return self.journal.decide(self.contract)

    block = Reading


@caught_by("Deciding")
class ReadsTheClockTwice(RightJournal):
    def decide(self, contract: str) -> Instant:
        return max(super().decide(contract), super().decide(contract))


@caught_by("Deciding")
class ReadsTheClockBeforeTheLock(RightJournal):
    @contextmanager
    def writing(self, contract: str, **ahead: object) -> Iterator[Block]:
        self.check_open()
        at = self.decide(contract)
        with self.locked(contract):
            block = self.block(self, contract, at)
            yield block
            self.commit(block)


@caught_by("Deciding")
class RoundsTheSecond(RightJournal):
    def decide(self, contract: str) -> Instant:
        return Instant(max(round(self.clock()), self.disk.latest))


# Races.


class _Slow(RightJournal):
    """A journal whose disk takes its time, so that a missing lock shows on every run."""

    def commit(self, block: Block) -> None:
        sleep(0.002)
        super().commit(block)


@caught_by("Racing")
class LocksNothing(_Slow):
    @contextmanager
    def locked(self, contract: str) -> Iterator[None]:
        self.disk.is_written = False
        yield


@caught_by("Racing")
class LocksOnlyContractsThatItKnows(_Slow):
    @contextmanager
    def locked(self, contract: str) -> Iterator[None]:
        if contract in self.disk.standings:
            with super().locked(contract):
                yield
        else:
            self.disk.is_written = False
            yield


@caught_by("Racing")
class LocksOnlyTheEnd(_Slow):
    @contextmanager
    def writing(self, contract: str, **ahead: object) -> Iterator[Block]:
        self.check_open()
        block = self.block(self, contract, self.decide(contract))
        yield block
        sleep(0.002)
        with self.locked(contract):
            self.commit(block)


@caught_by("Racing")
class WritesEntryByEntry(RightJournal):
    def commit(self, block: Block) -> None:
        rows = self.disk.rows.setdefault(block.contract, [])
        for entry in block.rows[len(rows) :]:
            rows.append(entry)
            sleep(0.001)
        super().commit(block)


@caught_by("Racing")
class GivesUpAtOnce(_Slow):
    patience = 0.0
