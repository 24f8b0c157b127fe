"""Lasting: what was acknowledged is there when the journal is opened again."""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

from workdiary.diary.journal import WeekState
from workdiary.errors import IdConflict
from workdiary.testing._journal_asserts import pytest
from workdiary.testing._journal_bench import ID, NASTY_TEXTS, NOW, Bench, Fault, contract_of, edited, kept_week, seal

__all__ = ["Lasting"]


class Lasting:
    """Opened again, a journal is the one that was closed."""

    def test_entries_last(self, bench: Bench) -> None:
        first = bench.open()
        batch = bench.record(*[edited(n, memo=text) for n, text in enumerate(NASTY_TEXTS)])
        other = bench.open("c-2")
        bench.reopen()
        assert bench.check_chain() == [first, *batch]
        assert bench.check_chain("c-2") == [other]
        assert bench.journal.contracts() == (ID, "c-2")
        assert bench.journal.find(ID, [batch[3].id]) == {batch[3].id: batch[3]}
        assert bench.read(touching=(3, 4)) == [batch[3]]

    def test_the_chain_goes_on_after_reopening(self, bench: Bench) -> None:
        first = bench.open()
        (second,) = bench.record(edited(1))
        bench.reopen()
        with bench.journal.writing(ID) as writing, pytest.raises(IdConflict):
            entry = seal(edited(2), second.head, id=second.id)
            writing.append([entry], contract=contract_of(), policy="upwork")
        (third,) = bench.record(edited(2))
        bench.reopen()
        assert bench.check_chain() == [first, second, third]

    def test_what_is_kept_lasts(self, bench: Bench) -> None:
        bench.open()
        week = kept_week(memos=NASTY_TEXTS, state=WeekState.CLOSED)
        bench.record(edited(1008), weeks=[week, kept_week(2016)], standing=contract_of(rate="31"), policy="hourly")
        standing = bench.journal.standing(ID)
        bench.reopen()
        assert bench.journal.standing(ID) == standing
        assert bench.journal.week(ID, 1008) == week
        assert list(bench.journal.weeks(state=WeekState.CLOSED, ends_by=5000)) == [(ID, 1008)]
        assert list(bench.journal.weeks(state=WeekState.OPEN, ends_by=5000)) == [(ID, 2016)]

    def test_what_was_undone_does_not_come_back(self, bench: Bench) -> None:
        first = bench.open()
        with pytest.raises(Fault), bench.journal.writing(ID) as writing:
            bench.append(writing, edited(1), weeks=[kept_week()], standing=contract_of(rate="99"))
            raise Fault
        bench.reopen()
        assert bench.check_chain() == [first]
        assert bench.journal.standing(ID).contract == contract_of()
        assert bench.journal.week(ID, 1008) is None

    def test_the_quarantine_lasts(self, bench: Bench) -> None:
        one, two, three = (bench.journal.quarantine(body, "\x00 é") for body in (b"", bytes(range(256)), b"{"))
        bench.journal.release(three.number)
        bench.reopen()
        assert bench.journal.quarantined() == (one, two)
        assert bench.journal.quarantine(b"", "again") == one
        assert bench.journal.quarantine(b"{", "again").number > three.number
        bench.journal.release(one.number)
        bench.reopen()
        assert [kept.body for kept in bench.journal.quarantined()] == [bytes(range(256)), b"{"]

    def test_f49_the_moment_never_goes_back_when_the_journal_is_opened_again(self, bench: Bench) -> None:
        bench.clock.now = NOW + 7200
        bench.open("c-2")
        bench.clock.now = NOW
        bench.reopen()
        for contract in (ID, "c-2"):
            with bench.journal.writing(contract) as writing:
                assert writing.at == NOW + 7200
