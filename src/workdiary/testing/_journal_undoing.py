"""Blocks: one decision under one lock, seen whole or not at all, at one instant that never goes back."""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

import threading
from collections.abc import Iterator

from workdiary.diary.journal import KeptWeek, WeekState
from workdiary.errors import ChainError, JournalError, UnknownContract
from workdiary.model.times import Instant
from workdiary.testing._journal_asserts import pytest
from workdiary.testing._journal_bench import ID, NOW, Bench, Fault, beside, contract_of, edited, kept_week, seal

__all__ = ["Deciding", "Undoing"]

_MOMENT = 0.05
"""How long a wrong journal gets to do what it must not, in seconds; a right one never does it."""


class Undoing:
    """A block that fails leaves nothing, and until a block ends nobody else sees any of it."""

    def test_what_is_foreseen_changes_nothing(self, bench: Bench) -> None:
        first = bench.open()
        (second,) = bench.record(edited(1008, 1010))
        foreseen = [second.id, "nobody's", "half \ud800", first.id]
        with bench.journal.writing(ID, ids=foreseen, touching=(1000, 2000)) as writing:
            assert writing.find(foreseen) == {first.id: first, second.id: second}
            assert [*writing.read(touching=(1000, 2000))] == [second]
            assert [*writing.read(touching=(0, 1000))] == []
            third = bench.append(writing, edited(1500))[0]
            assert writing.find([third.id, *foreseen]) == {entry.id: entry for entry in (first, second, third)}
            assert [*writing.read(touching=(1000, 2000))] == [second, third]
        with bench.journal.writing("c-2", ids=foreseen, touching=(-(2**80), 2**80)) as writing:
            assert writing.standing is None
            assert writing.find(foreseen) == {}

    def test_a_block_shows_what_it_has_appended(self, bench: Bench) -> None:
        first = bench.open()
        week, later = kept_week(memos=["Fix"]), kept_week(memos=["Fix", "Test"])
        with bench.journal.writing(ID) as writing:
            assert writing.standing == bench.journal.standing(ID)
            one = bench.append(writing, edited(1008, 1010), weeks=[week], standing=contract_of(rate="31"))
            assert list(writing.read()) == [first, *one]
            assert list(writing.read(since=1)) == one
            assert list(writing.read(touching=(1009, 1100))) == one
            assert writing.find([first.id, one[0].id]) == {first.id: first, one[0].id: one[0]}
            assert writing.week(1008) == week
            assert writing.standing is not None
            assert writing.standing.head == one[0].head
            assert writing.standing.contract == contract_of(rate="31")
            bench.append(writing, edited(1010), weeks=[later])
            assert writing.week(1008) == later
        assert bench.journal.week(ID, 1008) == later

    def test_a_block_that_fails_is_undone(self, bench: Bench) -> None:
        first = bench.open()
        (second,) = bench.record(edited(1008), weeks=[kept_week()])
        standing = bench.journal.standing(ID)
        for stop in (Fault, KeyboardInterrupt, GeneratorExit):
            with pytest.raises(stop), bench.journal.writing(ID) as writing:
                closed = [kept_week(state=WeekState.CLOSED), kept_week(2016)]
                bench.append(writing, edited(1009), edited(1010), standing=contract_of(rate="99"), weeks=closed)
                bench.append(writing, edited(1011), standing=contract_of(rate="98"), policy="odd", ids=["undone"])
                raise stop
            assert bench.check_chain() == [first, second]
            assert bench.journal.standing(ID) == standing
            assert bench.journal.week(ID, 1008) == kept_week()
            assert bench.journal.week(ID, 2016) is None
            assert list(bench.journal.weeks(state=WeekState.CLOSED, ends_by=5000)) == []
            assert bench.journal.find(ID, ["undone"]) == {}
        # What was undone was never there: the id is free, the number is the next one.
        (third,) = bench.record(edited(1011), ids=["undone"])
        assert bench.check_chain() == [first, second, third]

    def test_a_new_diary_whose_block_fails_does_not_exist(self, bench: Bench) -> None:
        with pytest.raises(Fault), bench.journal.writing(ID) as writing:
            bench.append(writing, edited(1))
            raise Fault
        assert bench.journal.contracts() == ()
        with pytest.raises(UnknownContract):
            bench.journal.standing(ID)
        bench.open()
        assert len(bench.check_chain()) == 1

    def test_a_refusal_that_ends_the_block_undoes_all_of_it(self, bench: Bench) -> None:
        first = bench.open()
        with pytest.raises(ChainError), bench.journal.writing(ID) as writing:
            (second,) = bench.append(writing, edited(1), weeks=[kept_week()])
            other = seal(edited(2), first.head, id="x")
            stray = seal(edited(3), other.head, id="y")
            writing.append([stray], contract=contract_of(), policy="upwork")
        assert bench.check_chain() == [first]
        assert bench.journal.week(ID, 1008) is None
        assert bench.journal.find(ID, [second.id]) == {}

    def test_weeks_that_cannot_be_made_undo_the_block(self, bench: Bench) -> None:
        def weeks() -> Iterator[KeptWeek]:
            yield kept_week()
            raise Fault

        first = bench.open()
        with pytest.raises(Fault):
            bench.record(edited(1), weeks=weeks(), standing=contract_of(rate="99"))
        assert bench.check_chain() == [first]
        assert bench.journal.standing(ID).contract == contract_of()
        assert bench.journal.week(ID, 1008) is None

    def test_a_batch_whose_weeks_cannot_be_made_leaves_nothing_in_the_block(self, bench: Bench) -> None:
        def weeks() -> Iterator[KeptWeek]:
            yield kept_week()
            raise Fault

        first = bench.open()
        with bench.journal.writing(ID) as writing:
            with pytest.raises(Fault):
                bench.append(writing, edited(1), weeks=weeks(), standing=contract_of(rate="99"))
            (second,) = bench.append(writing, edited(2))
        assert bench.check_chain() == [first, second]
        assert bench.journal.week(ID, 1008) is None

    def test_a_block_that_has_ended_takes_nothing_more(self, bench: Bench) -> None:
        first = bench.open()
        with bench.journal.writing(ID) as writing:
            (second,) = bench.append(writing, edited(1))
        late = seal(edited(2), second.head, id="late")
        with pytest.raises(JournalError):
            writing.append([late], contract=contract_of(), policy="upwork")
        assert bench.check_chain() == [first, second]

    def test_a_block_within_a_block_is_refused(self, bench: Bench) -> None:
        # The inner one would decide on what the outer one may still undo.
        first = bench.open()
        with bench.journal.writing(ID) as writing:
            for contract in (ID, "c-2"):
                with pytest.raises(JournalError), bench.journal.writing(contract):
                    pytest.fail("the block was entered")
            (second,) = bench.append(writing, edited(1))
        assert bench.check_chain() == [first, second]
        bench.record(edited(2))

    def test_nobody_sees_what_may_still_be_undone(self, bench: Bench) -> None:
        first = bench.open()
        looked = threading.Event()

        def look() -> list[object]:
            journal = bench.journal
            seen = [journal.standing(ID).head, bench.read(), journal.find(ID, ["undone"]), journal.week(ID, 1008)]
            looked.set()
            return seen

        with pytest.raises(Fault), bench.journal.writing(ID) as writing:
            bench.append(writing, edited(1), ids=["undone"], weeks=[kept_week()])
            seen = beside(look)
            # A reader may see what was there before, or wait for the end of the block; both are right.
            looked.wait(_MOMENT)
            raise Fault
        assert seen() == [first.head, [first], {}, None]

    def test_the_lock_is_free_after_a_failure(self, bench: Bench) -> None:
        bench.open()
        with pytest.raises(Fault), bench.journal.writing(ID):
            raise Fault
        beside(lambda: bench.record(edited(1)))()
        assert len(bench.check_chain()) == 2


class Deciding:
    """The moment of decision is read once, under the lock, and is never earlier than one on record."""

    def test_the_moment_of_decision_is_the_clock_in_whole_seconds(self, bench: Bench) -> None:
        bench.clock.now = NOW + 0.999
        with bench.journal.writing(ID) as writing:
            assert writing.at == NOW
            assert isinstance(writing.at, Instant)

    def test_the_clock_is_read_once_a_decision(self, bench: Bench) -> None:
        bench.open()
        before = bench.clock.readings
        with bench.journal.writing(ID) as writing:
            assert writing.at == NOW
            bench.clock.now += 3600
            assert writing.at == NOW
            bench.append(writing, edited(1))
            assert writing.at == NOW
        assert bench.clock.readings == before + 1
        assert bench.journal.standing(ID).at == NOW
        with bench.journal.writing(ID) as writing:
            assert writing.at == NOW + 3600

    def test_the_moment_is_read_under_the_lock_not_while_waiting_for_it(self, bench: Bench) -> None:
        bench.open()
        read = threading.Event()

        def decide() -> int:
            with bench.journal.writing(ID) as writing:
                return writing.at

        with bench.journal.writing(ID) as writing:
            assert writing.at == NOW
            bench.clock.on_read = read.set
            decided = beside(decide)
            assert not read.wait(_MOMENT), "the clock was read before the lock was had"
            bench.clock.now += 60
        assert decided() == NOW + 60

    def test_f49_the_moment_never_goes_back_when_the_clock_does(self, bench: Bench) -> None:
        bench.clock.now = NOW + 7200
        bench.open()
        bench.clock.now = NOW
        with bench.journal.writing(ID) as writing:
            assert writing.at == NOW + 7200
        (entry,) = bench.record(edited(1))
        assert entry.at == NOW + 7200
        bench.clock.now = NOW + 7201
        (entry,) = bench.record(edited(2))
        assert entry.at == NOW + 7201
        bench.clock.now = -86_400.0
        with bench.journal.writing(ID) as writing:
            assert writing.at == NOW + 7201

    def test_f49_the_moment_never_goes_back_from_one_contract_to_another(self, bench: Bench) -> None:
        bench.clock.now = NOW + 7200
        bench.open("c-2")
        bench.clock.now = NOW
        with bench.journal.writing(ID) as writing:
            assert writing.at == NOW + 7200
