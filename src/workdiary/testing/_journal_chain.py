"""Appending: what joins the chain, what is refused, and that a refused batch leaves nothing behind."""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

import re
from typing import Any, Final

import attrs

from workdiary.diary.entry import START, Entry, Head
from workdiary.diary.journal import WeekState
from workdiary.errors import ChainError, IdConflict, InvalidValue, VersionConflict, WorkdiaryError
from workdiary.model.slots import Slot
from workdiary.model.times import Instant
from workdiary.testing._journal_asserts import pytest
from workdiary.testing._journal_bench import ID, NASTY_TEXTS, NOW, Bench, contract_of, edited, kept_week, seal

__all__ = ["Appending"]


def _refused(bench: Bench, kind: type[WorkdiaryError], entries: list[Entry], contract: str = ID) -> WorkdiaryError:
    """Return the error that appending `entries` raises, having checked that nothing of them is kept."""
    before = bench.read()
    standing = bench.journal.standing(ID)
    with bench.journal.writing(contract) as writing:
        with pytest.raises(kind) as caught:
            changed = contract_of(contract, rate="99")
            writing.append(entries, contract=changed, policy="odd", weeks=[kept_week(state=WeekState.CLOSED)])
        assert type(caught.value) is kind
    # The block ended without an error, and still nothing of the batch is there.
    assert bench.read() == before
    assert bench.journal.standing(ID) == standing
    assert bench.journal.week(contract, 1008) is None
    assert list(bench.journal.weeks(state=WeekState.CLOSED, ends_by=5000)) == []
    known = {entry.id: entry for entry in before}
    assert bench.journal.find(ID, [entry.id for entry in entries]) == {
        entry.id: known[entry.id] for entry in entries if entry.id in known
    }
    return caught.value


class Appending:
    """Entries join the chain of their contract in order, whole batches or nothing."""

    def test_an_entry_is_read_as_it_was_appended(self, bench: Bench) -> None:
        first = bench.open()
        (second,) = bench.record(edited(100, 112))
        assert bench.read() == [first, second]
        for read, appended in zip(bench.read(), [first, second], strict=True):
            assert type(read.body) is type(read.previous) is type(read.digest) is bytes
            assert read.change == appended.change
            assert read.by == appended.by
        assert (second.start, second.stop, second.number) == (100, 112, 2)

    def test_a_batch_is_appended_whole_and_in_order(self, bench: Bench) -> None:
        first = bench.open()
        batch = bench.record(*[edited(100 + n) for n in range(25)])
        assert bench.check_chain() == [first, *batch]
        assert bench.journal.standing(ID).head == Head(version=26, digest=batch[-1].digest)

    def test_one_block_takes_several_batches(self, bench: Bench) -> None:
        first = bench.open()
        with bench.journal.writing(ID) as writing:
            second = bench.append(writing, edited(1), edited(2))
            third = bench.append(writing, edited(3), standing=contract_of(rate="31"))
        assert bench.check_chain() == [first, *second, *third]
        assert bench.journal.standing(ID).contract == contract_of(rate="31")

    def test_a_batch_of_thousands_is_one_batch(self, bench: Bench) -> None:
        bench.open()
        batch = bench.record(*[edited(n) for n in range(2_500)])
        assert len(bench.check_chain()) == 2_501
        assert bench.read(since=2_499) == batch[-2:]

    def test_an_empty_batch_is_refused(self, bench: Bench) -> None:
        _refused(bench.opened(), InvalidValue, [])

    def test_a_version_conflict_names_both_versions(self, bench: Bench) -> None:
        bench.open()
        stale = bench.journal.standing(ID).head
        for n in range(6):
            bench.record(edited(n))
        error = _refused(bench, VersionConflict, [seal(edited(), stale, id="late")])
        assert set(re.findall(r"\b\d+\b", str(error).partition(";")[0])) >= {"2", "7"}, (
            "the message names both versions"
        )

    def test_entries_ahead_of_the_journal_are_a_version_conflict(self, bench: Bench) -> None:
        first = bench.open()
        ahead = Head(version=5, digest=first.digest)
        error = _refused(bench, VersionConflict, [seal(edited(), ahead, id="early")])
        assert set(re.findall(r"\b\d+\b", str(error).partition(";")[0])) >= {"6", "1"}

    def test_a_new_diary_begins_with_number_one(self, bench: Bench) -> None:
        first = bench.open()
        ahead = seal(edited(), first.head, id="x", contract="c-2")
        _refused(bench, VersionConflict, [ahead], contract="c-2")
        assert bench.journal.contracts() == (ID,)

    def test_a_second_first_entry_is_a_version_conflict(self, bench: Bench) -> None:
        _refused(bench.opened(), VersionConflict, [seal(edited(), START, id="x")])

    def test_an_id_on_record_is_a_conflict_even_with_the_same_content(self, bench: Bench) -> None:
        first = bench.open()
        (second,) = bench.record(edited(1))
        for change in (edited(1), edited(2)):
            error = _refused(bench, IdConflict, [seal(change, second.head, id=second.id)])
            assert second.id in str(error)
        error = _refused(bench, IdConflict, [seal(edited(3), second.head, id=first.id)])
        assert first.id in str(error)

    def test_an_id_twice_in_a_batch_is_a_conflict(self, bench: Bench) -> None:
        first = bench.open()
        one = seal(edited(1), first.head, id="twice")
        other = seal(edited(2), one.head, id="twice")
        _refused(bench, IdConflict, [one, other])

    def test_an_id_twice_in_a_block_is_a_conflict(self, bench: Bench) -> None:
        bench.open()
        with bench.journal.writing(ID) as writing:
            bench.append(writing, edited(1), ids=["twice"])
            with pytest.raises(IdConflict):
                bench.append(writing, edited(2), ids=["twice"])
        assert [entry.id for entry in bench.check_chain()][1:] == ["twice"]

    def test_ids_differ_by_every_character(self, bench: Bench) -> None:
        bench.open()
        ids = ["a", "A", "á", "a\u0301", "a%", "a_", "1", "01", "'", "𝒶", "é" * 200]
        batch = bench.record(*[edited(n) for n in range(len(ids))], ids=ids)
        for id, entry in zip(ids, batch, strict=True):
            assert bench.journal.find(ID, [id]) == {id: entry}

    def test_two_contracts_may_use_the_same_id(self, bench: Bench) -> None:
        bench.opened(ID, "c-2")
        (one,) = bench.record(edited(1), ids=["same"])
        (two,) = bench.record(edited(2), ids=["same"], contract="c-2")
        assert bench.journal.find(ID, ["same"]) == {"same": one}
        assert bench.journal.find("c-2", ["same"]) == {"same": two}

    def test_a_gap_within_a_batch_is_refused(self, bench: Bench) -> None:
        first = bench.open()
        entries = [seal(edited(1), first.head, id="a")]
        entries.append(seal(edited(2), entries[0].head, id="b"))
        entries.append(seal(edited(3), entries[1].head, id="c"))
        _refused(bench, ChainError, [entries[0], entries[2]])
        _refused(bench, ChainError, [entries[0], attrs.evolve(entries[1], previous=first.digest)])

    def test_a_chain_that_forks_is_refused(self, bench: Bench) -> None:
        first = bench.open()
        bench.record(edited(1))
        # The right number after another past: somebody rewrote the second entry.
        other = seal(edited(7), first.head, id="other")
        _refused(bench, ChainError, [seal(edited(2), other.head, id="x")])

    def test_an_entry_that_is_not_what_was_sealed_is_refused(self, bench: Bench) -> None:
        first = bench.open()
        good = seal(edited(100), first.head, id="x")
        for name, value in _TAMPERED.items():
            error = _refused(bench, ChainError, [attrs.evolve(good, **{name: value})])
            assert "entries[2]" in str(error), f"{name} was changed"

    def test_an_entry_of_another_contract_is_refused(self, bench: Bench) -> None:
        first = bench.opened(ID, "c-2").read()[0]
        error = _refused(bench, InvalidValue, [seal(edited(), first.head, id="x", contract="c-2")])
        assert "c-2" in str(error)
        assert ID in str(error)

    def test_after_a_refusal_the_block_goes_on(self, bench: Bench) -> None:
        first = bench.open()
        with bench.journal.writing(ID) as writing:
            one = bench.append(writing, edited(1))
            with pytest.raises(VersionConflict):
                writing.append([seal(edited(2), first.head, id="x")], contract=contract_of(rate="99"), policy="odd")
            assert writing.find(["x"]) == {}
            assert writing.standing is not None
            assert writing.standing.contract == contract_of()
            two = bench.append(writing, edited(3))
        assert bench.check_chain() == [first, *one, *two]

    def test_a_large_entry_is_kept_whole(self, bench: Bench) -> None:
        bench.open()
        (large,) = bench.record(edited(1, memo="é" * 700_000))
        assert len(large.body) > 4_000_000
        assert bench.check_chain()[-1] == large

    def test_every_character_of_a_memo_survives(self, bench: Bench) -> None:
        bench.open()
        entries = bench.record(*[edited(n, memo=text) for n, text in enumerate(NASTY_TEXTS)])
        assert bench.check_chain()[1:] == entries
        assert [entry.data["change"]["memo"] for entry in bench.read(since=1)] == list(NASTY_TEXTS)

    def test_slots_before_1970_and_far_away_are_kept(self, bench: Bench) -> None:
        bench.open()
        entries = bench.record(edited(-3_681_648, -3_681_600), edited(-1, 1), edited(422_236_000))
        assert bench.check_chain()[1:] == entries
        assert bench.read(touching=(-2, 0)) == [entries[1]]


_TAMPERED: Final[dict[str, Any]] = {
    "body": seal(edited(100, memo="review"), START, id="x").body,
    "digest": bytes(32),
    "previous": bytes(32),
    "id": "y",
    "at": Instant(NOW + 1),
    "start": Slot(99),
    "stop": Slot(102),
}
"""Another value for each part of an entry."""
