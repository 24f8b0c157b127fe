"""Quarantine: what could not be read is kept as it came, once, until somebody takes it out."""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

from workdiary.errors import InvalidValue
from workdiary.testing._journal_asserts import pytest
from workdiary.testing._journal_bench import ID, NASTY_TEXTS, NOW, Bench, at_once, edited

__all__ = ["Quarantining"]


class Quarantining:
    """Unreadable bytes are kept, listed and released one by one."""

    def test_unreadable_bytes_are_kept_as_they_came(self, bench: Bench) -> None:
        bodies = [b"", b"\x00", bytes(range(256)), b"{", "é\U0001f980".encode(), b"\xed\xa0\x80", b"x" * 1_500_000]
        kept = [bench.journal.quarantine(body, f"error {n}") for n, body in enumerate(bodies)]
        assert list(bench.journal.quarantined()) == kept
        assert [one.body for one in kept] == bodies
        assert [one.error for one in kept] == [f"error {n}" for n in range(len(bodies))]
        assert {one.at for one in kept} == {NOW}

    def test_every_character_of_an_error_survives(self, bench: Bench) -> None:
        for n, text in enumerate(NASTY_TEXTS):
            bench.journal.quarantine(bytes([n]), text)
        assert [one.error for one in bench.journal.quarantined()] == list(NASTY_TEXTS)

    def test_the_same_bytes_are_kept_once(self, bench: Bench) -> None:
        first = bench.journal.quarantine(b"{", "not JSON")
        other = bench.journal.quarantine(b"{ ", "not JSON")
        bench.clock.now += 60
        assert bench.journal.quarantine(b"{", "another error") == first
        assert bench.journal.quarantined() == (first, other)

    def test_it_is_listed_in_order_of_arrival(self, bench: Bench) -> None:
        numbers = []
        for n in (5, 3, 9, 1, 7, 20, 11, 2, 8, 6, 4, 10):
            bench.clock.now = NOW + n
            numbers.append(bench.journal.quarantine(bytes([n]), "not JSON").number)
        assert [one.number for one in bench.journal.quarantined()] == numbers
        assert numbers == sorted(set(numbers))

    def test_releasing_takes_out_one_and_no_other(self, bench: Bench) -> None:
        one, two, three = (bench.journal.quarantine(body, "not JSON") for body in (b"1", b"2", b"3"))
        bench.journal.release(two.number)
        assert bench.journal.quarantined() == (one, three)
        with pytest.raises(InvalidValue, match=str(two.number)):
            bench.journal.release(two.number)
        assert bench.journal.quarantined() == (one, three)

    def test_a_number_is_never_given_twice(self, bench: Bench) -> None:
        one = bench.journal.quarantine(b"1", "not JSON")
        bench.journal.release(one.number)
        again = bench.journal.quarantine(b"1", "not JSON")
        assert again.number > one.number
        assert bench.journal.quarantined() == (again,)

    def test_releasing_what_is_not_there_is_refused(self, bench: Bench) -> None:
        for number in (0, 1, -1, 10**6):
            with pytest.raises(InvalidValue, match=str(number)):
                bench.journal.release(number)

    def test_quarantine_is_no_part_of_any_diary(self, bench: Bench) -> None:
        first = bench.open()
        bench.journal.quarantine(first.body, "not JSON")
        bench.journal.release(bench.journal.quarantined()[0].number)
        (second,) = bench.record(edited(1))
        assert bench.check_chain() == [first, second]
        assert bench.journal.contracts() == (ID,)

    def test_threads_that_bring_the_same_bytes_bring_them_once(self, bench: Bench) -> None:
        kept = at_once(16, lambda n: bench.journal.quarantine(bytes([n % 4]), "not JSON"))
        assert len({one.number for one in kept}) == 4
        assert sorted(one.body for one in bench.journal.quarantined()) == [bytes([n]) for n in range(4)]
        assert {one.number for one in bench.journal.quarantined()} == {one.number for one in kept}
