"""Reading: by number, by the slots touched, by id; and what stands in which order."""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

from collections.abc import Callable

from workdiary.diary.journal import Journal, WeekState
from workdiary.errors import JournalError, UnknownContract, WorkdiaryError
from workdiary.testing._journal_asserts import pytest
from workdiary.testing._journal_bench import ID, NASTY_TEXTS, Bench, edited, kept_week

__all__ = ["Closing", "Reading"]


class Reading:
    """What was appended is found again: all of it, and nothing else."""

    def test_an_empty_journal_has_no_contract(self, bench: Bench) -> None:
        assert bench.journal.contracts() == ()
        assert list(bench.journal.weeks(state=WeekState.OPEN, ends_by=10**8)) == []
        assert bench.journal.quarantined() == ()

    def test_an_unknown_contract_is_named(self, bench: Bench) -> None:
        bench.open()
        for call in (bench.journal.standing, lambda id: list(bench.journal.read(id))):
            with pytest.raises(UnknownContract, match="c-404"):
                call("c-404")
        assert bench.journal.find("c-404", ["e-1"]) == {}
        assert bench.journal.week("c-404", 1008) is None

    def test_a_diary_that_was_only_locked_does_not_exist(self, bench: Bench) -> None:
        with bench.journal.writing(ID) as writing:
            assert writing.standing is None
            assert list(writing.read()) == []
            assert writing.find(["e-1"]) == {}
            assert writing.week(1008) is None
        assert bench.journal.contracts() == ()
        with pytest.raises(UnknownContract):
            bench.journal.standing(ID)

    def test_contracts_are_listed_in_order_of_their_characters(self, bench: Bench) -> None:
        # By code point: no locale, no case folding, no UTF-16, in which U+FFFD would come last.
        ids = ["B", "a", "Z", "ä", "z", "10", "9", "a b", "a-b", "ab", "A", "\ufffd", "\U0001f980", "עבודה", "a'--"]
        for id in ids:
            bench.open(id)
        assert bench.journal.contracts() == tuple(sorted(ids))

    def test_contracts_differ_by_every_character(self, bench: Bench) -> None:
        ids = ["c", "C", "c ", " c", "c%", "c_", "é", "e\u0301", "01", "1", "x" * 300]
        firsts = {id: bench.open(id) for id in ids}
        for id, first in firsts.items():
            assert bench.read(id) == [first]
            assert bench.journal.standing(id).contract.id == id

    def test_a_contract_with_a_nasty_id_is_kept_exactly_or_refused(self, bench: Bench) -> None:
        bench.open()
        for id in filter(str.strip, NASTY_TEXTS):
            try:
                first = bench.open(id)
            except WorkdiaryError:
                assert id not in bench.journal.contracts()
                continue
            assert bench.read(id) == [first]
            assert id in bench.journal.contracts()
        assert len(bench.read()) == 1

    def test_reading_since_begins_after_that_number(self, bench: Bench) -> None:
        entries = [bench.open(), *bench.record(*[edited(n) for n in range(1, 6)])]
        for since in range(8):
            assert bench.read(since=since) == entries[since:]

    def test_a5_ranges_are_half_open_at_every_edge(self, bench: Bench) -> None:
        bench.open()
        (entry,) = bench.record(edited(100, 110))
        for name, (start, stop, touches) in _EDGES.items():
            assert bench.read(touching=(start, stop)) == [entry] * touches, name
            with bench.journal.writing(ID) as writing:
                assert list(writing.read(touching=(start, stop))) == [entry] * touches, name

    def test_what_touches_is_read_in_order_of_recording(self, bench: Bench) -> None:
        bench.open()
        spans = [(50, 60), (10, 20), (55, 56), (10, 11), (0, 100), (19, 51), (60, 70)]
        entries = bench.record(*[edited(*span) for span in spans])
        for start, stop in [(50, 60), (10, 20), (19, 20), (20, 21), (0, 10), (99, 100), (100, 101), (56, 57)]:
            # Two half-open ranges share a slot if each begins before the other ends.
            wanted = [entry for entry, (low, high) in zip(entries, spans, strict=True) if low < stop and start < high]
            assert bench.read(touching=(start, stop)) == wanted
            assert bench.read(since=4, touching=(start, stop)) == [entry for entry in wanted if entry.number > 4]

    def test_a_change_of_the_contract_itself_touches_nothing(self, bench: Bench) -> None:
        first = bench.open()
        assert first.start is None
        assert bench.read(touching=(-3_681_648, 422_236_511)) == []
        assert bench.read() == [first]

    def test_reading_one_contract_shows_nothing_of_another(self, bench: Bench) -> None:
        one, two = bench.open(ID), bench.open("c-2")
        (third,) = bench.record(edited(100), contract="c-2")
        assert bench.read(ID) == [one]
        assert bench.read(ID, touching=(0, 200)) == []
        assert bench.read("c-2") == [two, third]
        assert bench.journal.find(ID, [two.id, third.id]) == {}

    def test_finding_returns_those_on_record_by_id(self, bench: Bench) -> None:
        bench.open()
        entries = bench.record(*[edited(n) for n in range(5)])
        wanted = {entry.id: entry for entry in entries[1:3]}
        assert bench.journal.find(ID, [*wanted, "e-404", ""]) == wanted
        assert bench.journal.find(ID, []) == {}
        assert bench.journal.find(ID, {entries[0].id}) == {entries[0].id: entries[0]}

    def test_finding_takes_any_number_of_ids(self, bench: Bench) -> None:
        # More than a database takes as parameters of one statement.
        bench.open()
        entries = bench.record(*[edited(n) for n in range(3)])
        ids = [f"absent-{n}" for n in range(40_000)]
        ids[7] = ids[20_000] = entries[0].id
        ids[39_999] = entries[2].id
        assert bench.journal.find(ID, ids) == {entries[0].id: entries[0], entries[2].id: entries[2]}
        with bench.journal.writing(ID) as writing:
            assert writing.find(ids) == {entries[0].id: entries[0], entries[2].id: entries[2]}

    def test_reading_may_stop_half_way_and_hinders_nobody(self, bench: Bench) -> None:
        bench.open()
        batch = bench.record(*[edited(n) for n in range(10)])
        reading = bench.journal.read(ID, since=1)
        assert next(reading) == batch[0]
        (last,) = bench.record(edited(99))
        assert bench.read()[-1] == last
        # The rest comes in order and without a gap, whether or not the new entry is among it.
        assert [entry.number for entry in reading][:9] == list(range(3, 12))

    def test_weeks_are_kept_by_their_first_slot(self, bench: Bench) -> None:
        bench.open()
        week = kept_week(1008)
        bench.record(edited(1008), weeks=[week])
        assert bench.journal.week(ID, 1008) == week
        for other in (1007, 1009, 2016, 0):
            assert bench.journal.week(ID, other) is None
        assert bench.journal.week("c-2", 1008) is None

    def test_weeks_are_listed_by_state_and_end_in_order(self, bench: Bench) -> None:
        kept = [
            ("c-2", 2016, WeekState.OPEN),
            ("c-2", 1008, WeekState.OPEN),
            ("c-10", 1008, WeekState.OPEN),
            ("C-3", 0, WeekState.OPEN),
            (ID, 1008, WeekState.PARKED),
            (ID, 0, WeekState.CLOSED),
            (ID, -1008, WeekState.OPEN),
        ]
        bench.opened(*sorted({contract for contract, _, _ in kept}))
        for contract, start, state in kept:
            bench.record(edited(start), contract=contract, weeks=[kept_week(start, state=state)])
        for state in WeekState:
            for ends_by in (-1, 0, 1, 1007, 1008, 1009, 2015, 2016, 2017, 3023, 3024, 10_000):
                wanted = sorted((id, start) for id, start, is_in in kept if is_in is state and start + 1008 <= ends_by)
                assert list(bench.journal.weeks(state=state, ends_by=ends_by)) == wanted


_EDGES: dict[str, tuple[int, int, bool]] = {
    # The entry touches 100 <= slot < 110.
    "well before": (50, 60, False),
    "ends where it begins": (90, 100, False),
    "shares its first slot": (90, 101, True),
    "begins with it": (100, 105, True),
    "is its first slot": (100, 101, True),
    "is equal": (100, 110, True),
    "lies inside": (104, 106, True),
    "lies around": (90, 120, True),
    "is its last slot": (109, 110, True),
    "shares its last slot": (109, 120, True),
    "begins where it ends": (110, 120, False),
    "well after": (200, 300, False),
}

_CALLS: dict[str, Callable[[Journal], object]] = {
    "contracts": lambda journal: journal.contracts(),
    "standing": lambda journal: journal.standing(ID),
    "read": lambda journal: list(journal.read(ID)),
    "find": lambda journal: journal.find(ID, ["e-1"]),
    "week": lambda journal: journal.week(ID, 1008),
    "weeks": lambda journal: list(journal.weeks(state=WeekState.OPEN, ends_by=5000)),
    "writing": lambda journal: journal.writing(ID).__enter__(),
    "quarantine": lambda journal: journal.quarantine(b"x", "not JSON"),
    "quarantined": lambda journal: journal.quarantined(),
    "release": lambda journal: journal.release(1),
}


class Closing:
    """A closed journal answers nothing, and says that it is closed."""

    def test_after_close_every_use_is_an_error(self, bench: Bench) -> None:
        bench.open()
        bench.journal.quarantine(b"y", "not JSON")
        bench.close()
        for name, call in _CALLS.items():
            with pytest.raises(JournalError) as caught:
                call(bench.journal)
            assert not isinstance(caught.value, UnknownContract), f"{name} does not know that the journal is closed"
