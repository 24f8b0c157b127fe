"""Races: sixteen threads at once lose nothing, do nothing twice, and never fork a chain."""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

import random
from itertools import pairwise

from workdiary.diary.changes import ContractOpened
from workdiary.diary.entry import START, Entry
from workdiary.diary.journal import WeekState
from workdiary.errors import VersionConflict
from workdiary.testing._journal_bench import (
    ID,
    NOW,
    Bench,
    Fault,
    at_once,
    contract_of,
    edited,
    kept_week,
    seal,
)

__all__ = ["Racing"]

_THREADS = 16


class Racing:
    """Decisions on one contract come one after another, whoever makes them."""

    def test_racing_writers_of_one_contract_are_serialised(self, bench: Bench) -> None:
        bench.open()

        def work(n: int) -> None:
            for k in range(4):
                bench.record(edited(n), ids=[f"{n}.{k}"])

        at_once(_THREADS, work)
        entries = bench.check_chain()
        assert len(entries) == 1 + _THREADS * 4
        assert {entry.id for entry in entries[1:]} == {f"{n}.{k}" for n in range(_THREADS) for k in range(4)}
        for n in range(_THREADS):
            mine = [entry.id for entry in entries if entry.id.startswith(f"{n}.")]
            assert mine == sorted(mine), "a thread's own entries stand in the order in which it recorded them"

    def test_racing_writers_read_what_stands_under_the_lock(self, bench: Bench) -> None:
        # Each adds one to a count that it reads: an update that is lost shows.
        bench.open()
        bench.record(edited(1008), weeks=[kept_week(memos=[])])

        def work(n: int) -> None:
            with bench.journal.writing(ID) as writing:
                week = writing.week(1008)
                assert week is not None
                memos = ["x"] * (len(week.sheet.worked) + 1)
                bench.append(writing, edited(1008), ids=[f"x{n}"], weeks=[kept_week(memos=memos)])

        at_once(_THREADS, work)
        week = bench.journal.week(ID, 1008)
        assert week is not None
        assert len(week.sheet.worked) == _THREADS
        bench.check_chain()

    def test_of_racing_writers_who_judged_the_same_version_one_wins(self, bench: Bench) -> None:
        bench.open()
        head = bench.journal.standing(ID).head

        def work(n: int) -> bool:
            entry = seal(edited(n), head, id=f"x{n}")
            try:
                with bench.journal.writing(ID) as writing:
                    writing.append([entry], contract=contract_of(), policy="upwork")
            except VersionConflict:
                return False
            return True

        assert sum(at_once(_THREADS, work)) == 1
        assert len(bench.check_chain()) == 2

    def test_of_racing_openers_one_opens_the_contract(self, bench: Bench) -> None:
        def work(n: int) -> Entry | None:
            contract = contract_of(freelancer=f"f{n}")
            change = ContractOpened(contract=contract, policy="upwork")
            try:
                with bench.journal.writing(ID) as writing:
                    entry = seal(change, START, id=f"x{n}", at=writing.at)
                    writing.append([entry], contract=contract, policy="upwork", weeks=[kept_week()])
            except VersionConflict:
                return None
            return entry

        (first,) = [entry for entry in at_once(_THREADS, work) if entry is not None]
        assert bench.check_chain() == [first]
        assert bench.journal.standing(ID).contract == contract_of(freelancer=f"f{first.id[1:]}")
        assert bench.journal.contracts() == (ID,)

    def test_a_racing_retry_with_the_same_id_is_recorded_once(self, bench: Bench) -> None:
        bench.open()

        def work(n: int) -> Entry:
            with bench.journal.writing(ID) as writing:
                found = writing.find(["same"])
                return found["same"] if found else bench.append(writing, edited(n), ids=["same"])[0]

        answers = at_once(_THREADS, work)
        entries = bench.check_chain()
        assert len(entries) == 2
        assert {entry.digest for entry in answers} == {entries[1].digest}

    def test_racing_writers_of_several_contracts_do_not_mix(self, bench: Bench) -> None:
        contracts = [f"c-{n}" for n in range(4)]

        def work(n: int) -> None:
            for k in range(4):
                contract = contracts[(n + k) % 4]
                week = kept_week(1008 * n, state=WeekState.OPEN, memos=[f"{n}.{k}"])
                bench.record(edited(n), contract=contract, ids=[f"{n}.{k}"], weeks=[week])

        at_once(_THREADS, work)
        for place, contract in enumerate(contracts):
            entries = bench.check_chain(contract)
            wanted = {(n, k) for n in range(_THREADS) for k in range(4) if (n + k) % 4 == place}
            assert {entry.id for entry in entries} == {f"{n}.{k}" for n, k in wanted}
            for n, k in wanted:
                assert bench.journal.week(contract, 1008 * n) == kept_week(1008 * n, memos=[f"{n}.{k}"])
        assert bench.journal.contracts() == tuple(contracts)

    def test_racing_writers_whose_blocks_fail_leave_nothing(self, bench: Bench) -> None:
        bench.open()

        def work(n: int) -> None:
            for k in range(4):
                try:
                    with bench.journal.writing(ID) as writing:
                        bench.append(writing, edited(n), ids=[f"{n}.{k}"])
                        if (n + k) % 2:
                            raise Fault
                except Fault:
                    pass

        at_once(_THREADS, work)
        wanted = {f"{n}.{k}" for n in range(_THREADS) for k in range(4) if not (n + k) % 2}
        assert {entry.id for entry in bench.check_chain()[1:]} == wanted

    def test_racing_readers_see_whole_decisions(self, bench: Bench) -> None:
        # Every decision is of three entries and says in its week how many there are.
        bench.open()
        bench.record(edited(1), edited(2), weeks=[kept_week(memos=["x"] * 3)])

        def work(n: int) -> None:
            for k in range(6):
                if n % 4:
                    numbers = [entry.number for entry in bench.read()]
                    assert numbers == list(range(1, len(numbers) + 1))
                    assert len(numbers) % 3 == 0
                    assert bench.journal.standing(ID).head.version % 3 == 0
                else:
                    ids = [f"{n}.{k}.{part}" for part in range(3)]
                    bench.record(edited(1), edited(2), edited(3), ids=ids)

        at_once(_THREADS, work)
        assert len(bench.check_chain()) == 3 + _THREADS // 4 * 6 * 3

    def test_f49_racing_decisions_never_go_back_in_time(self, bench: Bench) -> None:
        bench.opened(ID, "c-2")
        jumps = random.Random(49)  # noqa: S311 - the same jumps on every run

        def jump() -> None:
            bench.clock.now = NOW + jumps.randrange(-100_000, 100_000)

        bench.clock.on_read = jump

        def work(n: int) -> None:
            for k in range(3):
                bench.record(edited(n), ids=[f"{n}.{k}"], contract=(ID, "c-2")[n % 2])

        at_once(_THREADS, work)
        for contract in (ID, "c-2"):
            entries = bench.check_chain(contract)
            assert all(earlier.at <= later.at for earlier, later in pairwise(entries))
