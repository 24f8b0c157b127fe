"""The `Journal` port: what a diary asks of the place that keeps it.

A journal holds one chain of entries a contract. Beside the chain it keeps what the chain comes to, so
that no question needs a whole history: each contract as it stands, and each of its weeks as sets. What
is kept is handed over by the diary with the entries that it follows from, and stored with them in one
step; `workdiary.diary.verify` compares it with the chain.

`workdiary.store.memory` is this port in code, and `workdiary.testing.journal` its conformance suite.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol, runtime_checkable

import attrs

from workdiary.diary.entry import START, Entry, Head
from workdiary.errors import IdConflict, InvalidValue, VersionConflict
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = [
    "Journal",
    "KeptWeek",
    "Quarantined",
    "Standing",
    "Wanted",
    "WeekState",
    "WritesSeveral",
    "Writing",
    "check_append",
    "head_of",
]


@attrs.frozen(kw_only=True)
class Standing:
    """A contract as its diary leaves it: the chain's head, when it was recorded, the contract, its policy."""

    head: Head
    at: Instant
    contract: Contract
    policy: str | Policy


class WeekState(Enum):
    """What has become of a week: still open, parked because its figures do not agree, or closed for ever."""

    OPEN = "open"
    PARKED = "parked"
    CLOSED = "closed"


@attrs.frozen(kw_only=True)
class KeptWeek:
    """One week of one contract as the sets that the rules ask for; ``start <= slot < stop``."""

    start: Slot
    stop: Slot
    state: WeekState
    sheet: Sheet


@attrs.frozen(kw_only=True)
class Quarantined:
    """Something that could not be read: kept as it came until somebody retries or discards it.

    `number` is the journal's own, in order of arrival.
    """

    number: int
    at: Instant
    body: bytes
    error: str


class Writing(Protocol):
    """One contract's diary, locked for writing: nobody else appends to it until this ends.

    Everything is read as it stands under the lock.
    """

    @property
    def at(self) -> Instant:
        """The moment of decision: the journal's clock, read once.

        It is never earlier than any moment of decision before it that this journal knows of, in any
        process, as far as that led to an entry: a window that has closed does not open again because
        the clock went back (EDIT-3).
        """
        ...

    @property
    def standing(self) -> Standing | None:
        """The contract as it stands; `None` when it has no diary yet."""
        ...

    def read(self, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        """As `Journal.read`."""
        ...

    def find(self, ids: Collection[str]) -> dict[str, Entry]:
        """As `Journal.find`."""
        ...

    def week(self, start: int) -> KeptWeek | None:
        """As `Journal.week`."""
        ...

    def append(
        self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
    ) -> None:
        """Append `entries`, at least one, and keep what they come to: the contract, and the `weeks` they touch.

        All or nothing, and on the disk before the lock ends without an error. Raises `VersionConflict`
        when the first entry does not follow the head, `IdConflict` for an id on record, and `ChainError`
        for entries that do not form a chain; see `check_append`.
        """
        ...


@attrs.frozen(kw_only=True)
class Wanted:
    """A diary to lock, with the `ids` and the stretch that will be asked for first, as `Journal.writing` takes them."""

    contract: str
    ids: tuple[str, ...] = ()
    touching: tuple[int, int] | None = None


@runtime_checkable
class WritesSeveral(Protocol):
    """What a journal may do beyond the port: lock several diaries at once, and store what is appended in one step.

    Ingestion asks for it, for most of what a small block costs is its lock and its commit.
    """

    def writing_several(self, wanted: Sequence[Wanted]) -> AbstractContextManager[Sequence[Writing]]:
        """Lock the diaries of `wanted`, each another, as `Journal.writing` does one; all is stored or nothing."""
        ...


class Journal(Protocol):
    """A place that keeps diaries. Safe for use by several threads, and by several processes where it is on disk."""

    def contracts(self) -> tuple[str, ...]:
        """Return the ids of all contracts with a diary, in order."""
        ...

    def standing(self, contract: str) -> Standing:
        """Return `contract` as it stands. Raises `UnknownContract`."""
        ...

    def read(self, contract: str, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        """Yield the entries after number `since`, in order.

        With `touching`, only those whose `start` and `stop` share a slot with ``touching[0] <= slot <
        touching[1]``: an entry with a hole reaches over it. Entries come as they are stored, unchecked. Who stops
        reading half way hinders no writer. Raises `UnknownContract`.
        """
        ...

    def find(self, contract: str, ids: Collection[str]) -> dict[str, Entry]:
        """Return the entries with one of `ids`, by id; none for an unknown contract."""
        ...

    def week(self, contract: str, start: int) -> KeptWeek | None:
        """Return the kept week that starts with slot `start`, or `None` when nothing touches it."""
        ...

    def weeks(self, *, state: WeekState, ends_by: int) -> Iterator[tuple[str, Slot]]:
        """Yield the contract and first slot of every week in `state` that ends by slot `ends_by`, in order."""
        ...

    def writing(
        self, contract: str, *, ids: Collection[str] = (), touching: tuple[int, int] | None = None
    ) -> AbstractContextManager[Writing]:
        """Lock the diary of `contract`, which need not exist yet, for one decision.

        `ids` and `touching` are what will be looked up and read first: a server can answer that on the way.
        They change nothing else, so a journal may leave them alone.

        What was appended is durable when the block ends without an error, and undone when it ends with
        one. Raises `StoreBusy` when the lock cannot be had in time, and `JournalError` for a block within a
        block of one thread, and when the block is used after its end.
        """
        ...

    def quarantine(self, body: bytes, error: str) -> Quarantined:
        """Keep `body`, which could not be read because of `error`.

        The same bytes are kept once. A number is never given twice, also not after its release.
        """
        ...

    def quarantined(self) -> tuple[Quarantined, ...]:
        """Return everything in quarantine, in order of arrival."""
        ...

    def release(self, number: int) -> None:
        """Take number `number` out of quarantine. Raises `InvalidValue` when it is not there."""
        ...

    def close(self) -> None:
        """Let go of what it holds. Afterwards it can no longer be used."""
        ...


def check_append(entries: Sequence[Entry], contract: str, head: Head, known: Mapping[str, Entry]) -> None:
    """Raise what `Writing.append` must raise for `entries` of `contract` after `head`.

    `known` are the entries on record among those ids. Every journal calls this, so that none takes
    what another would refuse.
    """
    if not entries:
        raise InvalidValue("entries", [], "is empty", "give at least one entry")
    number = entries[0].number
    if number != head.version + 1:
        allowed = f"does not follow the journal's version, {head.version}"
        raise VersionConflict("entries[0]", number, allowed, "read what was recorded in between, and judge again")
    seen = set(known)
    for n, entry in enumerate(entries):
        if entry.contract != contract:
            raise InvalidValue(f"entries[{n}]", entry.contract, f"is not {contract}, the one locked", "lock its own")
        if entry.id in seen:
            raise IdConflict(f"entries[{n}]", entry.id, "is on record already", "give a new id to a new change")
        seen.add(entry.id)
        entry.check(head)
        head = entry.head


def head_of(standing: Standing | None) -> Head:
    """Return the head of a diary that may not exist yet."""
    return START if standing is None else standing.head
