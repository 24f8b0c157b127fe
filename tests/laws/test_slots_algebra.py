"""Laws of `Slots`: it is a finite set of integers, and says so of every operation.

1. Each operator agrees with `frozenset`'s.
2. Union, intersection and difference are a Boolean algebra.
3. Equal sets are equal and hash alike however they were built, and survive pickling.
4. `first` takes the earliest, and `first(n)` and the rest share nothing.
5. Runs are maximal, in order, and make the set again.
6. Counting, cutting and shifting agree with plain counting.
7. Slots partition time: every second lies in exactly one (invariants 14 and 24).
"""

from __future__ import annotations

import pickle
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workdiary import Instant, Slots
from workdiary.testing.strategies import instants, slot_sets

sets = slot_sets(-40, 120)
numbers = st.integers(-60, 100)


@given(sets, sets)
def test_operators_agree_with_frozenset(a: Slots, b: Slots) -> None:
    """Law 1."""
    one, other = frozenset(a), frozenset(b)
    assert frozenset(a | b) == one | other
    assert frozenset(a & b) == one & other
    assert frozenset(a - b) == one - other
    assert frozenset(a ^ b) == one ^ other
    assert (a <= b, a >= b, a == b, a.isdisjoint(b)) == (one <= other, one >= other, one == other, not one & other)
    assert (len(a), bool(a), list(a)) == (len(one), bool(one), sorted(one))


@given(sets, sets, sets)
def test_sets_of_slots_are_a_boolean_algebra(a: Slots, b: Slots, c: Slots) -> None:
    """Law 2: commutative, associative, absorbing, distributive, with De Morgan."""
    whole = a | b | c
    assert a | b == b | a
    assert (a | b) | c == a | (b | c)
    assert a & (a | b) == a == a | (a & b)
    assert a & (b | c) == (a & b) | (a & c)
    assert whole - (a | b) == (whole - a) & (whole - b)
    assert whole - (a & b) == (whole - a) | (whole - b)


@given(sets, st.integers(0, 50))
def test_equality_and_hash_do_not_depend_on_how_a_set_was_built(a: Slots, earlier: int) -> None:
    """Law 3."""
    start = -40 - earlier
    same = Slots.from_bits(start, a.bits_from(start))
    for other in (same, Slots(reversed(list(a))), Slots.from_runs(a.runs()), pickle.loads(pickle.dumps(same))):  # noqa: S301 - our own bytes
        assert other == a
        assert hash(other) == hash(a)


@given(sets, st.none() | st.integers(-3, 130))
def test_first_takes_the_earliest(a: Slots, n: int | None) -> None:
    """Law 4."""
    assert list(a.first(n)) == (list(a) if n is None else list(a)[: max(n, 0)])
    assert a.first(n).isdisjoint(a - a.first(n))


@given(sets)
def test_runs_are_maximal_in_order_and_make_the_set_again(a: Slots) -> None:
    """Law 5."""
    assert all(start < stop for start, stop in a.runs())
    assert all(one[1] < other[0] for one, other in pairwise(a.runs()))
    assert Slots.from_runs(a.runs()) == a
    assert (a.start, a.stop) == ((min(a), max(a) + 1) if a else (None, None))


@given(sets, numbers, numbers)
def test_counting_cutting_and_shifting_agree_with_plain_counting(a: Slots, low: int, high: int) -> None:
    """Law 6."""
    assert a.count_before(low) == sum(slot < low for slot in a)
    assert list(a.between(low, high)) == [slot for slot in a if low <= slot < high]
    assert list(a.shift(low)) == [slot + low for slot in a]
    assert a.shift(low).shift(-low) == a
    assert (low in a) == (low in list(a))


@given(instants())
def test_every_second_lies_in_exactly_one_slot(at: Instant) -> None:
    """Law 7."""
    assert at.slot * 600 <= at < (at.slot + 1) * 600
