"""`SqlJournal`: the journal in a database, SQLite (one file, the embedded default) or PostgreSQL.

What it stores, and what a database must do for it, is in `workdiary.store._schema`. SQLite needs nothing but
Python; PostgreSQL needs the extra ``postgresql``.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     with SqlJournal.open(f"{folder}/diary.db") as journal:
...         journal.contracts(), journal.settings["synchronous"]
((), '3')
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import time
from types import TracebackType
from typing import Final

from workdiary.diary.entry import Entry
from workdiary.diary.journal import KeptWeek, Quarantined, Standing, Wanted, WeekState, check_append, head_of
from workdiary.errors import NOTHING, ChainError, InvalidValue, JournalError, StoreError, UnknownContract
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.slots import Slot
from workdiary.model.times import Instant
from workdiary.store._ahead import Ahead, finding, touching_of, within
from workdiary.store._database import Database, Job, Query, Row, Transaction
from workdiary.store._planes import week_of, week_row
from workdiary.store._rows import Standings, entry_of, entry_row, is_storable, quarantined_of, text_row, unreadable
from workdiary.store._schema import PAGE, SCHEMA_VERSION
from workdiary.store._sqlite import SqliteDatabase

__all__ = ["WAIT", "SqlJournal"]

WAIT: Final = 5.0
"""How long a lock that somebody else holds is waited for, in seconds."""

_QUARANTINE_KEY: Final = "\0quarantine"
"""What is locked for the quarantine: no contract can be called so."""


class SqlJournal:
    """A journal in a database; open it with `open`, and close it or use it as a context manager.

    It serves all threads of its process. An SQLite file is opened once a process.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time) -> None:
        self._database = database
        self._sql = database.statements
        self._clock = clock
        self._latest = 0
        self._standings = Standings()
        self._blocks = threading.local()

    @classmethod
    def open(
        cls,
        where: str | Path,
        *,
        clock: Callable[[], float] = time,
        create: bool = True,
        force_network: bool = False,
        journal_mode: str = "delete",
        wait: float = WAIT,
    ) -> SqlJournal:
        """Open the journal at `where`: a path or ``sqlite:///path``, or ``postgresql://user@host/name``.

        `create` makes it when there is none; one with an older schema is brought forward. `clock` gives
        the Unix second, and `wait` is how many seconds a lock is waited for. For SQLite only:
        `force_network` opens a file on a network file system, at the risk of the diary, and
        `journal_mode` may be ``wal`` where SQLite is safe with it (elsewhere it stays ``delete``).

        Raises `StoreError` for what is no work diary of ours, a newer schema, or a place that cannot be
        written; `StoreBusy` when somebody else has it locked; `MissingExtra` without the driver.
        """
        text = str(where)
        if text.startswith(("postgresql:", "postgresql+", "postgres:")):
            from workdiary.store._postgresql import PostgresqlDatabase  # psycopg is an extra of its own

            return cls(PostgresqlDatabase(text, create=create, wait=wait), clock=clock)
        path = _path(text)
        database = SqliteDatabase(
            path, create=create, force_network=force_network, journal_mode=journal_mode, wait=wait
        )
        return cls(database, clock=clock)

    # What it is, for a person who asks.

    @property
    def name(self) -> str:
        """The path of the file, or the address of the server, without a password."""
        return self._database.name

    @property
    def schema_version(self) -> int:
        """The version of the schema that the database has."""
        return SCHEMA_VERSION

    @property
    def settings(self) -> Mapping[str, str]:
        """What the database was asked to be, read back from it: pragmas, or the server's settings."""
        return self._database.settings

    def backup(self, path: str | Path) -> None:
        """Write a copy of the whole journal, as it stands now, to the new file `path` (SQLite only).

        The file, 0600, is there whole or not at all. This is the way to copy a journal in use: a plain
        copy of its file may be torn. Raises `StoreError`, also when `path` is there already.
        """
        self._database.backup(str(path))

    def integrity(self) -> tuple[str, ...]:
        """Return what the database itself finds wrong with its pages and indices (SQLite only).

        That is not what `workdiary.diary.verify` looks for: a sound file may hold a forged diary, and a torn one
        a diary whose chain is right. Each finds what the other cannot.
        """
        return self._database.integrity()

    def __enter__(self) -> SqlJournal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The port.

    def contracts(self) -> tuple[str, ...]:
        """Return the ids of all contracts with a diary, in order."""
        return tuple(_key(row[0], "contracts") for row in self._database.rows(self._sql.contracts))

    def standing(self, contract: str) -> Standing:
        """Return `contract` as it stands."""
        rows = self._database.rows(self._sql.standing, (contract,)) if is_storable(contract) else []
        if not rows:
            raise self._unknown(contract)
        return self._standings.of(contract, rows[0])

    def read(self, contract: str, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        """Yield the entries after number `since`, in order: those that there are at this moment."""
        last = self._database.rows(self._sql.last, (contract,)) if is_storable(contract) else []
        if not last:
            self.standing(contract)  # it may be known, and have lost its entries: then none come
            return iter(())
        if not isinstance(last[0][0], int):
            raise unreadable(f"entries[{contract}]", "a number that is none")
        return _read(self._database, self._database, contract, since, last[0][0], touching)

    def find(self, contract: str, ids: Collection[str]) -> dict[str, Entry]:
        """Return the entries with one of `ids`, by id."""
        return _find(self._database, self._database, contract, ids)

    def week(self, contract: str, start: int) -> KeptWeek | None:
        """Return the kept week that starts with slot `start`."""
        return _week(self._database, self._database, contract, start)

    def weeks(self, *, state: WeekState, ends_by: int) -> Iterator[tuple[str, Slot]]:
        """Yield the contract and first slot of every week in `state` that ends by `ends_by`."""
        after: tuple[str, int] = ("", 0)  # no contract is called so
        while True:
            rows = self._database.rows(self._sql.weeks, (state.value, within(ends_by), *after))
            for contract, start in rows:
                yield _key(contract, "weeks"), Slot(start)
            if len(rows) < PAGE:
                return
            after = rows[-1][0], rows[-1][1]

    @contextmanager
    def writing(
        self, contract: str, *, ids: Collection[str] = (), touching: tuple[int, int] | None = None
    ) -> Iterator[_Writing]:
        """Lock the diary of `contract` for one decision."""
        if not is_storable(contract):
            raise InvalidValue("contract", contract, "cannot be stored", "use an id without control characters")
        asked: list[Query] = [(self._sql.locked, (contract,) * 3)]
        if ids:
            asked.append(finding(self._database, contract, [id for id in ids if is_storable(id)]))
        if touching is not None:
            asked.append(touching_of(self._database, contract, *map(within, touching)))
        with self._block(), self._database.locked([contract], *asked) as transaction:
            writing = _Writing(self, transaction, contract)
            try:
                yield writing
                writing.finish()
            finally:
                writing.is_over = True
            self._latest = max(self._latest, writing.at)

    @contextmanager
    def writing_several(self, wanted: Sequence[Wanted]) -> Iterator[Sequence[_Writing]]:
        """Lock the diaries of `wanted` for a decision each, stored in one transaction."""
        contracts = [one.contract for one in wanted]
        for contract in contracts:
            if not is_storable(contract):
                raise InvalidValue("contract", contract, "cannot be stored", "use an id without control characters")
        ahead = Ahead(self._database, wanted)
        with self._block(), self._database.locked(contracts, *ahead.asked) as transaction:
            known = ahead.answered(transaction)
            writings = [_Writing(self, one, contract) for one, contract in zip(known, contracts, strict=True)]
            try:
                yield writings
                jobs: dict[str, list[Row]] = {}
                for writing in writings:
                    for statement, rows in writing.jobs():
                        jobs.setdefault(statement, []).extend(rows)
                if jobs:
                    transaction.commit([*jobs.items()])
            finally:
                for writing in writings:
                    writing.is_over = True
            self._latest = max([self._latest, *(writing.at for writing in writings)])

    def quarantine(self, body: bytes, error: str) -> Quarantined:
        """Keep `body`, which could not be read because of `error`."""
        digest = sha256(body).digest()
        with self._block(), self._database.locked([_QUARANTINE_KEY]) as transaction:
            if not transaction.rows(self._sql.quarantined_body, (digest,)):
                row = (self._at(transaction.rows(self._sql.latest, ())[0][0]), digest, body, text_row(error))
                transaction.commit([(self._sql.add_quarantine, [row])])
        rows = self._database.rows(self._sql.quarantined_body, (digest,))
        if not rows:
            raise StoreError(self.name, NOTHING, "was changed while it was written", "repeat it")
        return quarantined_of(rows[0])

    def quarantined(self) -> tuple[Quarantined, ...]:
        """Return everything in quarantine, in order of arrival."""
        return tuple(map(quarantined_of, self._database.rows(self._sql.quarantined)))

    def release(self, number: int) -> None:
        """Take number `number` out of quarantine."""
        with self._block(), self._database.locked([_QUARANTINE_KEY]) as transaction:
            if all(row[0] != number for row in transaction.rows(self._sql.quarantined_numbers, ())):
                raise InvalidValue("number", number, "is not in quarantine", "list what is there")
            transaction.commit([(self._sql.release, [(number,)])])

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _unknown(self, contract: str) -> UnknownContract:
        return UnknownContract("contract", contract, "has no diary here", "open one first, or check the id")

    def _at(self, latest: object) -> Instant:
        """Return the moment of decision under a lock, where `latest` is the latest on record."""
        # EDIT-3: no clock that goes back opens a window again that an entry, of any process, found closed.
        if not isinstance(latest, int | None):
            raise unreadable("contracts", "a moment that is none")
        return Instant(max(int(self._clock()), latest or 0, self._latest))

    @contextmanager
    def _block(self) -> Iterator[None]:
        """Refuse a block within a block of one thread: the two would wait for each other."""
        if getattr(self._blocks, "is_open", False):
            raise JournalError(
                self.name, NOTHING, "is being written by this thread already", "end that block before this one"
            )
        self._blocks.is_open = True
        try:
            yield
        finally:
            self._blocks.is_open = False


class _Writing:
    """A diary under its lock: what is appended shows in here at once, and is written when the block ends."""

    def __init__(self, journal: SqlJournal, transaction: Transaction, contract: str) -> None:
        self.is_over = False
        self._journal = journal
        self._transaction = transaction
        self._contract = contract
        self._entries: list[Entry] = []
        self._by_id: dict[str, Entry] = {}
        self._weeks: dict[int, tuple[KeptWeek, Row]] = {}
        self._looked_up: dict[str, Entry | None] = {}
        latest, *head, version, digest, at, standing, policy = transaction.rows(journal._sql.locked, (contract,) * 3)[0]
        self.at = journal._at(latest)
        if head != [version, digest]:
            # Nothing is built on a chain whose end is not the one that was written with it.
            allowed = "has another last entry than the head that was stored with it"
            raise ChainError(f"contract {contract}", NOTHING, allowed, "verify it, and restore a copy that verifies")
        row = (version, digest, at, standing, policy)
        self._stored = None if version is None else journal._standings.of(contract, row)
        self._standing = self._stored

    @property
    def standing(self) -> Standing | None:
        return self._standing

    def read(self, *, since: int = 0, touching: tuple[int, int] | None = None) -> Iterator[Entry]:
        self._check()
        stored = 0 if self._stored is None else self._stored.head.version
        fresh = list(self._entries)
        if stored > since:
            yield from _read(self._journal._database, self._transaction, self._contract, since, stored, touching)
        for entry in fresh[max(since - stored, 0) :]:
            if touching is None or _touches(entry, *touching):
                yield entry

    def find(self, ids: Collection[str]) -> dict[str, Entry]:
        self._check()
        # Under the lock nothing is added by others: who asks before appending need not be asked again.
        known = self._looked_up
        wanted = [id for id in ids if id not in known and id not in self._by_id]
        if wanted and self._stored is not None:
            found = _find(self._journal._database, self._transaction, self._contract, wanted)
            known.update((id, found.get(id)) for id in wanted)
        both = ((id, self._by_id.get(id) or known.get(id)) for id in ids)
        return {id: entry for id, entry in both if entry is not None}

    def week(self, start: int) -> KeptWeek | None:
        self._check()
        if start in self._weeks:
            return self._weeks[start][0]
        return (
            None if self._stored is None else _week(self._journal._database, self._transaction, self._contract, start)
        )

    def append(
        self, entries: Sequence[Entry], *, contract: Contract, policy: str | Policy, weeks: Iterable[KeptWeek] = ()
    ) -> None:
        self._check()
        check_append(entries, self._contract, head_of(self._standing), self.find([entry.id for entry in entries]))
        kept = [(week.start, (week, week_row(self._contract, week))) for week in weeks]
        self._entries.extend(entries)
        self._by_id.update((entry.id, entry) for entry in entries)
        self._standing = Standing(head=entries[-1].head, at=entries[-1].at, contract=contract, policy=policy)
        self._weeks.update(kept)

    def finish(self) -> None:
        """Write everything, in one transaction that is on the disk when this returns."""
        jobs = self.jobs()
        if jobs:
            self._transaction.commit(jobs)

    def jobs(self) -> list[Job]:
        """Return what there is to be written."""
        if self._standing is None or not self._entries:
            return []
        sql = self._journal._sql
        jobs: list[Job] = [
            (sql.add_entry, [entry_row(entry) for entry in self._entries]),
            (sql.put_contract, [self._journal._standings.row(self._contract, self._standing)]),
        ]
        if self._weeks:
            jobs.append((sql.put_week, [row for _, row in self._weeks.values()]))
        return jobs

    def _check(self) -> None:
        if self.is_over:
            raise JournalError(self._contract, NOTHING, "is no longer locked", "lock it again: writing(contract)")


def _path(text: str) -> Path:
    scheme, colon, rest = text.partition("://")
    if not colon:
        path = text
    elif scheme in ("sqlite", "sqlite+pysqlite") and rest.startswith("/"):
        path = rest[1:]
    else:
        raise InvalidValue("where", text, "is no address of a journal", "give a path, sqlite:///path or postgresql://…")
    if path in ("", ":memory:"):
        raise InvalidValue("where", text, "is no file", "give a path, or use MemoryJournal")
    return Path(path)


def _key(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise unreadable(place, "a key that is none")
    return value


def _touches(entry: Entry, start: int, stop: int) -> bool:
    return entry.start is not None and entry.stop is not None and max(entry.start, start) < min(entry.stop, stop)


def _read(
    database: Database,
    source: Database | Transaction,
    contract: str,
    since: int,
    until: int,
    touching: tuple[int, int] | None,
) -> Iterator[Entry]:
    """Yield the entries after `since` up to `until`: a page at a time, so that no lock outlives a page.

    Entries are never changed, so pages that were read one after the other belong together.
    """
    sql = database.statements
    since = within(since)
    if touching is None:
        # By number, not by LIMIT: that a server without statistics would sort the rest of the diary for.
        since = max(since, 0)
        while since < until:
            rows = source.rows(sql.page, (contract, since, since := min(since + PAGE, until)))
            yield from map(entry_of, rows)
            if not rows:  # no chain has such a gap, but a damaged one
                since = (source.rows(sql.next, (contract, since))[0][0] or until + 1) - 1
        return
    start, stop = map(within, touching)
    found = source.rows(*touching_of(database, contract, start, stop))
    numbers = sorted(row[0] for row in found if since < row[0] <= until)
    for place in range(0, len(numbers), PAGE):
        yield from map(entry_of, source.rows(sql.numbered, (contract, database.among(numbers[place : place + PAGE]))))


def _find(database: Database, source: Database | Transaction, contract: str, ids: Collection[str]) -> dict[str, Entry]:
    wanted = [id for id in ids if is_storable(id)]
    if not wanted or not is_storable(contract):
        return {}
    rows = source.rows(*finding(database, contract, wanted))
    return {entry.id: entry for entry in map(entry_of, rows)}


def _week(database: Database, source: Database | Transaction, contract: str, start: int) -> KeptWeek | None:
    rows = source.rows(database.statements.week, (contract, within(start))) if is_storable(contract) else []
    return week_of(rows[0]) if rows else None
