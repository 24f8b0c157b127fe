"""What several blocks are sure to ask first, asked at once for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from workdiary.diary.journal import Wanted
from workdiary.store._database import Database, Job, Query, Row, Transaction
from workdiary.store._rows import is_storable
from workdiary.store._schema import LONG

__all__ = ["Ahead", "finding", "touching_of", "within"]

_FAR: Final = 1 << 62

_ID: Final = 2
"""The place of the id in the row of an entry."""


class Ahead:
    """The questions of the blocks that are `wanted`: three for all of them, instead of three for each."""

    def __init__(self, database: Database, wanted: Sequence[Wanted]) -> None:
        self._database = database
        self._wanted = wanted
        self._ids = [[id for id in one.ids if is_storable(id)] for one in wanted]
        stretches = Counter(one.touching for one in wanted if one.touching is not None)
        # Nearly always the same week; whoever is about another asks for it then.
        self._touching = stretches.most_common(1)[0][0] if stretches else None
        contracts = database.among([one.contract for one in wanted])
        sql = database.statements
        every = [id for ids in self._ids for id in ids]
        self.asked: list[Query] = [(sql.locked_several, (contracts,))]
        self.asked.append((sql.find_several, (database.among(list(dict.fromkeys(every))), contracts)))
        if self._touching is not None:
            start, stop = map(within, self._touching)
            values = (contracts, start - LONG, stop, start, contracts, stop, start)
            self.asked.append((sql.touching_several, values))

    def answered(self, transaction: Transaction) -> list[Transaction]:
        """Return the transaction as each of the blocks sees it: with its own answers at hand."""
        standings, entries, *touching = [transaction.rows(*query) for query in self.asked]
        at = {row[0]: row[1:] for row in standings}
        by_contract: dict[str, list[Row]] = {}
        for row in entries:
            by_contract.setdefault(row[0], []).append(row)
        numbers: dict[str, list[Row]] = {}
        for contract, number in touching[0] if touching else ():
            numbers.setdefault(contract, []).append((number,))
        sql = self._database.statements
        found: list[Transaction] = []
        for one, ids in zip(self._wanted, self._ids, strict=True):
            contract, own = one.contract, set(ids)
            known: list[tuple[Query, list[Row]]] = [
                ((sql.locked, (contract,) * 3), [at.get(contract, (None,) * 8)]),
                (finding(self._database, contract, ids), [r for r in by_contract.get(contract, ()) if r[_ID] in own]),
            ]
            if one.touching is not None and one.touching == self._touching:
                query = touching_of(self._database, contract, *map(within, one.touching))
                known.append((query, numbers.get(contract, [])))
            found.append(_Known(transaction, known))
        return found


class _Known:
    """A transaction that some answers are known of."""

    def __init__(self, transaction: Transaction, known: Sequence[tuple[Query, list[Row]]]) -> None:
        self._transaction = transaction
        self._known = known

    def rows(self, statement: str, values: Row = ()) -> list[Row]:
        for query, found in self._known:
            if query == (statement, values):
                return found
        return self._transaction.rows(statement, values)

    def commit(self, jobs: Sequence[Job]) -> None:
        self._transaction.commit(jobs)


def finding(database: Database, contract: str, ids: Sequence[str]) -> Query:
    """Return the query for the entries of `contract` with one of `ids`."""
    return database.statements.find, (database.among(ids), contract)


def touching_of(database: Database, contract: str, start: int, stop: int) -> Query:
    """Return the query for the numbers of the entries of `contract` that share a slot with that stretch."""
    return database.statements.touching, (contract, start - LONG, stop, start, contract, stop, start)


def within(number: int) -> int:
    """Return `number`, or one that is as far beyond every slot and version, which a database can take."""
    return max(-_FAR, min(int(number), _FAR))
