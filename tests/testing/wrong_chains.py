"""Journals that are wrong about what joins the chain, each by a single flaw that somebody could well make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import attrs

from tests.testing.right_journal import Block, RightJournal, caught_by
from workdiary.diary.entry import Entry, Head
from workdiary.diary.journal import KeptWeek
from workdiary.errors import (
    ChainError,
    IdConflict,
    InvalidValue,
    VersionConflict,
)
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.slots import Slot

# Appending.


@caught_by("Appending")
class ForgetsTheLastEntryOfABatch(RightJournal):
    def entries_to_keep(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        return entries[:-1] if len(entries) > 1 else entries


@caught_by("Appending")
class TakesAnyVersion(RightJournal):
    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        with suppress(VersionConflict):
            super().check(entries, contract, head, known)


@caught_by("Appending")
class NamesNoVersion(RightJournal):
    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        try:
            super().check(entries, contract, head, known)
        except VersionConflict:
            raise VersionConflict("entries", "these", "come too late", "read again") from None


@caught_by("Appending")
class AllowsAnIdTwice(RightJournal):
    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        with suppress(IdConflict):
            super().check(entries, contract, head, known)


@caught_by("Appending")
class LooksForIdsOnRecordOnly(RightJournal):
    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        for n, entry in enumerate(entries):
            super().check([entry], contract, entries[n - 1].head if n else head, known)
        if not entries:
            super().check(entries, contract, head, known)


@caught_by("Appending")
class AllowsIdsOncePerJournal(RightJournal):
    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        elsewhere = {entry.id: entry for rows in self.disk.rows.values() for entry in rows}
        super().check(entries, contract, head, {**elsewhere, **known})


@caught_by("Appending")
class LooksAtNoChain(RightJournal):
    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        with suppress(ChainError):
            super().check(entries, contract, head, known)


@caught_by("Appending")
class LooksAtDigestsOnly(RightJournal):
    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        try:
            super().check(entries, contract, head, known)
        except ChainError as error:
            if "beside" not in error.allowed:
                raise


@caught_by("Appending")
class TakesEntriesOfOtherContracts(RightJournal):
    def check(self, entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
        try:
            super().check(entries, contract, head, known)
        except InvalidValue:
            if not entries:
                raise


@caught_by("Appending")
class TakesNothing(RightJournal):
    class TakingNothing(Block):
        def append(
            self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
        ) -> None:
            if entries:
                super().append(entries, contract=contract, policy=policy, weeks=weeks)

    block = TakingNothing


@caught_by("Appending")
class KeepsTheGoodPartOfABatch(RightJournal):
    class TakingOneByOne(Block):
        def append(
            self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
        ) -> None:
            for n in range(max(len(entries), 1)):
                super().append(entries[n : n + 1], contract=contract, policy=policy, weeks=weeks)

    block = TakingOneByOne


@caught_by("Appending")
class KeepsTheWeeksOfARefusedBatch(RightJournal):
    class KeepingWeeksFirst(Block):
        def append(
            self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
        ) -> None:
            kept = tuple(weeks)
            self.weeks.update({week.start: week for week in kept})
            super().append(entries, contract=contract, policy=policy, weeks=kept)

    block = KeepingWeeksFirst

    def commit(self, block: Block) -> None:
        self.disk.weeks.update({(block.contract, start): week for start, week in block.weeks.items()})
        super().commit(block)


@caught_by("Appending")
class CutsLargeEntries(RightJournal):
    def entries_to_keep(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        return [attrs.evolve(entry, body=entry.body[:1_000_000]) for entry in entries]


@caught_by("Appending")
class TakesOnlyAThousandAtOnce(RightJournal):
    def entries_to_keep(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        return entries[:1000]


@caught_by("Appending")
class WritesTextWithoutEscapes(RightJournal):
    def entries_to_keep(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        return [attrs.evolve(entry, body=entry.body.replace(b"\\u0000", b"")) for entry in entries]


@caught_by("Appending")
class KnowsNoSlotBefore1970(RightJournal):
    def entries_to_keep(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        return [attrs.evolve(entry, start=entry.start and Slot(max(entry.start, 0))) for entry in entries]


@caught_by("Appending")
class ReturnsBodiesAsText(RightJournal):
    def entries_to_keep(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        kind: Any = bytearray
        return [attrs.evolve(entry, body=kind(entry.body)) for entry in entries]
