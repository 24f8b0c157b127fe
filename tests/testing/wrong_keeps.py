"""Journals that are wrong about what they keep, and for how long, each by a single flaw."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from time import sleep

import attrs

from tests.testing.right_journal import Block, RightJournal, caught_by
from workdiary.diary.entry import Entry
from workdiary.diary.journal import KeptWeek, Quarantined, Standing
from workdiary.errors import (
    InvalidValue,
    UnknownContract,
)
from workdiary.model.slots import Slot
from workdiary.model.timeline import Timeline

# Keeping.


@caught_by("Keeping")
class DropsSurrogates(RightJournal):
    def week_to_keep(self, week: KeptWeek) -> KeptWeek:
        memos = tuple((memo.encode("utf-8", "ignore").decode(), slots) for memo, slots in week.sheet.memos)
        return attrs.evolve(week, sheet=attrs.evolve(week.sheet, memos=memos))


@caught_by("Keeping")
class CutsTextsAtNul(RightJournal):
    def standing_to_keep(self, standing: Standing) -> Standing:
        contract = attrs.evolve(standing.contract, freelancer=standing.contract.freelancer.partition("\0")[0])
        return attrs.evolve(standing, contract=contract)


@caught_by("Keeping")
class NormalisesTexts(RightJournal):
    def week_to_keep(self, week: KeptWeek) -> KeptWeek:
        memos = tuple((unicodedata.normalize("NFC", memo), slots) for memo, slots in week.sheet.memos)
        return attrs.evolve(week, sheet=attrs.evolve(week.sheet, memos=memos))


@caught_by("Keeping")
class CutsTextsAt255(RightJournal):
    def week_to_keep(self, week: KeptWeek) -> KeptWeek:
        memos = tuple((memo[:255], slots) for memo, slots in week.sheet.memos)
        return attrs.evolve(week, sheet=attrs.evolve(week.sheet, memos=memos))


@caught_by("Keeping")
class TakesUnknownActivityForNone(RightJournal):
    def week_to_keep(self, week: KeptWeek) -> KeptWeek:
        levels = (week.sheet.tracked, *week.sheet.at_least[1:])
        return attrs.evolve(week, sheet=attrs.evolve(week.sheet, at_least=levels))


@caught_by("Keeping")
class ForgetsLabels(RightJournal):
    def week_to_keep(self, week: KeptWeek) -> KeptWeek:
        return attrs.evolve(week, sheet=attrs.evolve(week.sheet, labels=()))


@caught_by("Keeping")
class OrdersMemosByText(RightJournal):
    def week_to_keep(self, week: KeptWeek) -> KeptWeek:
        return attrs.evolve(week, sheet=attrs.evolve(week.sheet, memos=tuple(sorted(week.sheet.memos, key=str))))


@caught_by("Keeping")
class KnowsWeeksOf1008SlotsOnly(RightJournal):
    def week_to_keep(self, week: KeptWeek) -> KeptWeek:
        return attrs.evolve(week, stop=Slot(week.start + 1008))


@caught_by("Keeping")
class KeepsPoliciesByName(RightJournal):
    def standing_to_keep(self, standing: Standing) -> Standing:
        name = standing.policy if isinstance(standing.policy, str) else standing.policy.name
        return attrs.evolve(standing, policy=name)


@caught_by("Keeping")
class KeepsTheFirstContract(RightJournal):
    def standing_to_keep(self, standing: Standing) -> Standing:
        first = self.disk.standings.get(standing.contract.id)
        return standing if first is None else attrs.evolve(standing, contract=first.contract)


@caught_by("Keeping")
class DropsTrailingZeros(RightJournal):
    def standing_to_keep(self, standing: Standing) -> Standing:
        terms = Timeline.of(attrs.evolve(each, rate=each.rate.normalize()) for each in standing.contract.terms)
        return attrs.evolve(standing, contract=attrs.evolve(standing.contract, terms=terms))


@caught_by("Keeping")
class KeepsTheWeeksOfAllContractsTogether(RightJournal):
    def commit(self, block: Block) -> None:
        super().commit(block)
        for contract, start in list(self.disk.weeks):
            if start in block.weeks:
                self.disk.weeks[contract, start] = block.weeks[start]


@caught_by("Keeping")
class ForgetsWeeksThatAreNotGivenAgain(RightJournal):
    def commit(self, block: Block) -> None:
        for contract, start in list(self.disk.weeks):
            if contract == block.contract:
                del self.disk.weeks[contract, start]
        super().commit(block)


@caught_by("Keeping")
class KeepsTheFirstStateOfAWeek(RightJournal):
    def commit(self, block: Block) -> None:
        before = dict(self.disk.weeks)
        super().commit(block)
        self.disk.weeks.update(before)


@caught_by("Keeping")
class IgnoresEmptyWeeks(RightJournal):
    def commit(self, block: Block) -> None:
        block.weeks = {start: week for start, week in block.weeks.items() if week.sheet.worked}
        super().commit(block)


@caught_by("Keeping")
class KeepsAHundredWeeksAtMost(RightJournal):
    def commit(self, block: Block) -> None:
        block.weeks = dict(list(block.weeks.items())[:100])
        super().commit(block)


# Lasting.


@caught_by("Lasting")
class ForgetsTheLastBlockWhenClosed(RightJournal):
    def close(self) -> None:
        super().close()
        for rows in self.disk.rows.values():
            del rows[-1:]


@caught_by("Lasting")
class ForgetsWeeksWhenClosed(RightJournal):
    def close(self) -> None:
        super().close()
        self.disk.weeks.clear()


@caught_by("Lasting")
class ForgetsTheQuarantineWhenClosed(RightJournal):
    def close(self) -> None:
        super().close()
        self.disk.quarantine.clear()


@caught_by("Lasting")
class NumbersTheQuarantineAnewWhenOpened(RightJournal):
    def close(self) -> None:
        super().close()
        self.disk.arrived = max((kept.number for kept in self.disk.quarantine), default=0)


@caught_by("Lasting")
class BringsBackWhatWasUndone(RightJournal):
    journalled: Block | None = None

    def undo(self, block: Block) -> None:
        self.journalled = block

    def close(self) -> None:
        super().close()
        if self.journalled is not None:
            self.commit(self.journalled)


# Quarantine.


@caught_by("Quarantining")
class KeepsTheSameBytesTwice(RightJournal):
    def quarantine(self, body: bytes, error: str) -> Quarantined:
        self.check_open()
        return self.arrive(body, error)


@caught_by("Quarantining")
class LooksForTheSameBytesWithoutALock(RightJournal):
    def quarantine(self, body: bytes, error: str) -> Quarantined:
        for kept in self.quarantined():
            if kept.body == body:
                return kept
        sleep(0.002)
        return self.arrive(body, error)


@caught_by("Quarantining")
class QuarantinesText(RightJournal):
    def arrive(self, body: bytes, error: str) -> Quarantined:
        return super().arrive(body.decode(errors="replace").encode(), error)


@caught_by("Quarantining")
class QuarantinesNothingEmpty(RightJournal):
    def quarantined(self) -> tuple[Quarantined, ...]:
        return tuple(kept for kept in super().quarantined() if kept.body)


@caught_by("Quarantining")
class CutsErrors(RightJournal):
    def arrive(self, body: bytes, error: str) -> Quarantined:
        return super().arrive(body, error[:255])


@caught_by("Quarantining")
class ListsTheQuarantineByBytes(RightJournal):
    def quarantined(self) -> tuple[Quarantined, ...]:
        return tuple(sorted(super().quarantined(), key=lambda kept: kept.body))


@caught_by("Quarantining")
class ListsTheQuarantineByTime(RightJournal):
    def quarantined(self) -> tuple[Quarantined, ...]:
        return tuple(sorted(super().quarantined(), key=lambda kept: kept.at))


@caught_by("Quarantining")
class ReleasesEverything(RightJournal):
    def release(self, number: int) -> None:
        super().release(number)
        self.disk.quarantine.clear()


@caught_by("Quarantining")
class ReleasesNothing(RightJournal):
    def release(self, number: int) -> None:
        before = self.disk.quarantine
        super().release(number)
        self.disk.quarantine = before


@caught_by("Quarantining")
class ReleasesWhatIsNotThere(RightJournal):
    def release(self, number: int) -> None:
        with suppress(InvalidValue):
            super().release(number)


@caught_by("Quarantining")
class GivesNumbersAgain(RightJournal):
    def arrive(self, body: bytes, error: str) -> Quarantined:
        self.disk.arrived = max((kept.number for kept in self.disk.quarantine), default=0)
        return super().arrive(body, error)


@caught_by("Quarantining")
class ReleasesWithTheEntriesOfTheSameBytes(RightJournal):
    def release(self, number: int) -> None:
        bodies = {kept.body for kept in self.disk.quarantine if kept.number == number}
        super().release(number)
        for contract, rows in self.disk.rows.items():
            self.disk.rows[contract] = [entry for entry in rows if entry.body not in bodies]


# Closing.


@caught_by("Closing")
class WorksWhenClosed(RightJournal):
    def check_open(self) -> None:
        pass


@caught_by("Closing")
class KnowsNoContractWhenClosed(RightJournal):
    def known(self, contract: str) -> list[Entry]:
        if self.is_closed:
            raise UnknownContract("contract", contract, "has no diary here", "open one first")
        return super().known(contract)
