"""`Slots` against Python's frozenset, on every small set, and the edges of its representation."""

from __future__ import annotations

import copy
import pickle
from datetime import date
from itertools import product
from typing import Any

import pytest

from tests.support import PLAIN, refusal
from workdiary.errors import GridError, InvalidValue
from workdiary.model.segment import Segment, Source
from workdiary.model.slots import EMPTY, FIRST, LAST, SECONDS_PER_SLOT, SLOTS_PER_HOUR, WIDEST, Slot, Slots
from workdiary.model.times import instant, slot_at, slot_start, zone

UNIVERSE = range(5)
SETS = [frozenset(n for n in UNIVERSE if mask >> n & 1) for mask in range(1 << len(UNIVERSE))]


def forms(numbers: frozenset[int]) -> list[Slots]:
    """The same set under every offset from which it can be written."""
    padded = [Slots.from_bits(low, sum(1 << (n - low) for n in numbers)) for low in (-3, 0)]
    return [Slots(numbers), *padded]


PAIRS = [(a, b, x, y) for a, b in product(SETS, SETS) for x, y in product(forms(a), forms(b))]


def slot_of(text: str) -> int:
    return instant(text).slot


# GRID-1


def test_grid_1_a_slot_is_ten_minutes_and_an_hour_has_six() -> None:
    assert SECONDS_PER_SLOT == 600
    assert SLOTS_PER_HOUR == 6
    assert WIDEST == 8_388_608


def test_grid_1_a_slot_starts_at_600_times_its_number() -> None:
    assert instant("2026-11-16T00:00Z").slot == 1_794_787_200 // 600 == 2_991_312


# The algebra


def test_union_intersection_difference_and_symmetric_difference_are_those_of_frozenset() -> None:
    for a, b, x, y in PAIRS:
        assert frozenset(x | y) == a | b
        assert frozenset(x & y) == a & b
        assert frozenset(x - y) == a - b
        assert frozenset(x ^ y) == a ^ b


def test_inclusion_disjointness_and_equality_are_those_of_frozenset() -> None:
    for a, b, x, y in PAIRS:
        assert (x <= y) is (a <= b)
        assert (x >= y) is (a >= b)
        assert x.isdisjoint(y) is a.isdisjoint(b)
        assert (x == y) is (a == b)
        assert (x != y) is (a != b)
        assert a != b or hash(x) == hash(y)


def test_equal_sets_of_different_offsets_hash_alike() -> None:
    assert len({Slots([7]), Slots.from_bits(0, 1 << 7), Slots.from_bits(-9, 1 << 16)}) == 1
    assert hash(Slots()) == hash(Slots.from_bits(77, 0)) == hash(EMPTY)
    assert Slots() == Slots.from_bits(77, 0) == EMPTY


def test_sets_are_told_apart_by_more_than_their_shape() -> None:
    assert Slots([0, 1]) != Slots([1, 2])
    assert len({hash(Slots([n])) for n in range(50)}) > 40


def test_a_set_is_equal_to_no_other_kind_of_value() -> None:
    assert Slots([1]) != {1}
    assert Slots([1]) != 1
    assert Slots([1]).__eq__({1}) is NotImplemented


def test_size_truth_membership_and_edges_are_those_of_frozenset() -> None:
    for a in SETS:
        for x in forms(a):
            assert len(x) == len(a)
            assert bool(x) is bool(a)
            assert [n in x for n in range(-4, 9)] == [n in a for n in range(-4, 9)]
            assert x.start == min(a, default=None)
            assert x.stop == (max(a) + 1 if a else None)


def test_membership_of_far_slots_and_of_other_values_is_false() -> None:
    some = Slots([5])
    assert 10**30 not in some
    assert -(10**30) not in some
    assert True not in Slots([1])
    assert 5.0 not in some
    assert None not in some


def test_iteration_is_in_time_order() -> None:
    assert list(Slots([9, 2, 5, 3, 2])) == [2, 3, 5, 9]
    assert list(Slots.from_bits(-4, 0b1010011)) == [-4, -3, 0, 2]
    assert list(EMPTY) == []


def test_runs_are_maximal_and_half_open() -> None:
    assert Slots([3, 1, 2, 7, 9, 10]).runs() == ((1, 4), (7, 8), (9, 11))
    assert Slots([-2, -1, 0]).runs() == ((-2, 1),)
    assert Slots.from_bits(-8, 0b11000).runs() == ((-5, -3),)
    assert EMPTY.runs() == ()
    for a in SETS:
        for x in forms(a):
            assert x.runs() == tuple(
                (n, next(m for m in range(n, 9) if m not in a)) for n in sorted(a) if n - 1 not in a
            )


def test_from_runs_unites_in_any_order() -> None:
    assert Slots.from_runs([(7, 9), (1, 3), (2, 5), (4, 4)]).runs() == ((1, 5), (7, 9))
    assert Slots.from_runs([]) == EMPTY


# Ranks


def test_limit_2_first_keeps_the_n_earliest() -> None:
    for a in SETS:
        for x in forms(a):
            for n in range(-2, 8):
                assert list(x.first(n)) == sorted(a)[: max(n, 0)]
            assert x.first(None) == x


def test_limit_2_first_of_wide_sets_finds_the_nth_slot() -> None:
    spread = sorted({n * n % 5003 for n in range(400)})
    wide = Slots(spread)
    for n in range(len(spread) + 2):
        assert list(wide.first(n)) == spread[:n]


def test_count_before_is_the_rank_of_a_slot() -> None:
    for a in SETS:
        for x in forms(a):
            for slot in range(-5, 10):
                assert x.count_before(slot) == sum(n < slot for n in a)
    assert Slots([5]).count_before(10**30) == 1
    assert Slots([5]).count_before(-(10**30)) == 0


def test_between_keeps_what_is_in_the_half_open_range() -> None:
    for a in SETS:
        for x in forms(a):
            for start, stop in product(range(-5, 9), repeat=2):
                assert frozenset(x.between(start, stop)) == {n for n in a if start <= n < stop}


def test_shift_moves_every_slot() -> None:
    for a in SETS:
        for by in (-1008, -1, 0, 1, 1008):
            assert frozenset(Slots(a).shift(by)) == {n + by for n in a}


def test_bits_from_writes_the_set_as_seen_from_an_offset() -> None:
    assert Slots([3, 5]).bits_from(0) == 0b101000
    assert Slots([3, 5]).bits_from(3) == 0b101
    assert Slots([3, 5]).bits_from(4) == 0b10
    assert Slots([3, 5]).bits_from(6) == 0
    assert EMPTY.bits_from(-10) == 0
    assert Slots.from_bits(4, 0).bits_from(0) == 0
    assert Slots([WIDEST - 1]).bits_from(0) == 1 << (WIDEST - 1)
    assert Slots([WIDEST + 9]).bits_from(10) == 1 << (WIDEST - 1)
    assert refusal(InvalidValue, Slots([WIDEST]).bits_from, 0)[:2] == ("slots", WIDEST + 1)


# What can go wrong


def test_a_range_of_nothing_is_empty_and_one_that_ends_before_it_starts_is_refused() -> None:
    assert Slots.range(6, 6) == EMPTY
    assert list(Slots.range(6, 7)) == [6]
    assert refusal(InvalidValue, Slots.range, 6, 5) == ("stop", 5, "lies before start, 6", "swap the two")


def test_a_slot_is_its_number_or_the_instant_at_which_it_starts() -> None:
    nine = instant("2026-11-18T09:00Z")
    assert Slots(["2026-11-18T09:00Z", nine, nine.datetime, 2991654]) == Slots([2991654])
    assert Slots.range("2026-11-18T09:00Z", "2026-11-18T10:00Z").runs() == ((2991654, 2991660),)
    assert Slots.from_runs([("2026-11-18T09:00Z", 2991655)]) == Slots([2991654])
    assert "2026-11-18T09:00Z" in Slots([2991654])
    assert nine in Slots([2991654])
    assert "2026-11-18T09:10Z" not in Slots([2991654])


def test_grid_1_an_instant_off_the_grid_is_no_slot() -> None:
    remedy = "the nearest are 2026-11-18T09:00:00Z and 2026-11-18T09:10:00Z"
    off = "2026-11-18T09:05:00Z", "is not the start of a ten-minute segment", remedy
    assert refusal(GridError, Slots, ["2026-11-18T09:05Z"]) == ("slots", *off)
    assert refusal(GridError, Slots([1]).__contains__, "2026-11-18T09:05Z") == ("slot", *off)
    assert refusal(InvalidValue, Slots([1]).__contains__, "6")[:2] == ("slot", "6")


@pytest.mark.parametrize("bad", [True, False, 6.0, None])
def test_anything_else_is_no_slot(bad: Any) -> None:
    words = "is not a slot", "give its number, or the instant at which it starts"
    assert refusal(InvalidValue, Slots, [1, bad]) == ("slots", bad, *words)
    assert refusal(InvalidValue, Slots.range, bad, 9) == ("start", bad, *words)
    assert refusal(InvalidValue, Slots.range, 0, bad) == ("stop", bad, *words)
    assert refusal(InvalidValue, Slots.from_bits, bad, 1) == ("offset", bad, *words)


def test_a_shift_by_a_fraction_is_refused() -> None:
    words = "is not a whole number of slots", "give an int"
    assert refusal(InvalidValue, Slots([1]).shift, 0.5) == ("by", 0.5, *words)


def test_a_negative_bitmap_is_refused() -> None:
    assert refusal(InvalidValue, Slots.from_bits, 0, -1) == (
        "bits",
        -1,
        "is negative",
        "give a non-negative integer",
    )
    assert Slots.from_bits(3, 0) == EMPTY


def test_a_set_spans_at_most_the_widest() -> None:
    words = f"slots is wider than the {WIDEST} that one set may span", "split it"
    assert len(Slots([0, WIDEST - 1])) == 2
    assert refusal(InvalidValue, Slots, [0, WIDEST]) == ("slots", WIDEST + 1, *words)
    assert refusal(InvalidValue, Slots, [-5, WIDEST]) == ("slots", WIDEST + 6, *words)
    assert len(Slots.range(7, 7 + WIDEST)) == WIDEST
    assert refusal(InvalidValue, Slots.range, 7, 8 + WIDEST) == ("slots", WIDEST + 1, *words)
    assert Slots.from_bits(9, 1 << (WIDEST - 1)).start == WIDEST + 8
    assert refusal(InvalidValue, Slots.from_bits, 9, 1 << WIDEST) == ("slots", WIDEST + 1, *words)


def test_a_union_of_far_apart_sets_is_refused_and_what_they_share_is_nothing() -> None:
    near, far = Slots([0]), Slots([WIDEST])
    words = f"slots is wider than the {WIDEST} that one set may span", "split it"
    assert refusal(InvalidValue, lambda: near | far) == ("slots", WIDEST + 1, *words)
    assert refusal(InvalidValue, lambda: far | near) == ("slots", WIDEST + 1, *words)
    assert list(Slots([5_000_000]) | Slots([5_000_002])) == [5_000_000, 5_000_002]
    assert len(near | Slots([WIDEST - 1])) == len(Slots([WIDEST - 1]) | near) == 2
    for other in (far, Slots([WIDEST + 1]), Slots([LAST])):
        assert near & other == other & near == EMPTY
        assert near - other == near
        assert other - near == other
        assert near.isdisjoint(other)


def test_an_empty_set_joins_a_set_however_far() -> None:
    far = Slots([LAST])
    assert EMPTY | far == far | EMPTY == far
    assert Slots.from_bits(-5, 0) | far == far | Slots.from_bits(-5, 0) == far


def test_slots_lie_in_the_years_1900_to_9997() -> None:
    words = "is a slot outside the years 1900 to 9997", "give unix_seconds // 600"
    assert (str(slot_start(FIRST)), str(slot_start(LAST))) == ("1900-01-01T00:00:00Z", "9998-01-31T23:50:00Z")
    assert list(Slots([FIRST])) == [FIRST]
    assert list(Slots([LAST])) == [LAST]
    for far in (FIRST - 1, LAST + 1, 10**5000):
        assert refusal(InvalidValue, Slots, [far]) == ("slots", far, *words)
        assert refusal(InvalidValue, Slots.from_bits, far, 1) == ("offset", far, *words)
        assert refusal(InvalidValue, slot_at, far) == ("slot", far, *words)
        assert refusal(InvalidValue, Segment.manual, far) == ("at", far, *words)
        assert refusal(InvalidValue, Segment, slot=far, source=Source.MANUAL) == ("slot", far, *words)
        assert refusal(InvalidValue, PLAIN.week_of_slot, far) == ("slot", far, *words)
    assert refusal(InvalidValue, Slots.from_bits, LAST, 0b11) == ("bits", LAST + 1, *words)
    assert Slots.from_bits(LAST, 0b01) == Slots([LAST])
    assert Slots.from_bits(LAST, 0) == EMPTY
    assert refusal(InvalidValue, Slots([LAST]).shift, 1) == ("by", LAST + 1, *words)
    assert refusal(InvalidValue, Slots([FIRST]).shift, -1) == ("by", FIRST - 1, *words)
    assert Slots([FIRST]).shift(1).shift(-1) == Slots([FIRST])
    assert Slots([LAST - 1]).shift(1) == Slots([LAST])
    assert Slots([LAST - 5, LAST - 1]).shift(1) == Slots([LAST - 4, LAST])
    assert refusal(InvalidValue, Slots([LAST - 5, LAST - 1]).shift, 2) == ("by", LAST + 1, *words)


# A value


def test_a_set_offers_nothing_to_change() -> None:
    some: Any = Slots([1])
    for name in ("start", "stop", "other", "__dict__"):
        with pytest.raises(AttributeError):
            setattr(some, name, 0)
    with pytest.raises(TypeError):
        some[0] = True
    assert not hasattr(some, "add")
    assert some == Slots([1])


def test_pickling_and_copying_keep_the_set() -> None:
    for form in forms(frozenset({1, 4})):
        assert pickle.loads(pickle.dumps(form)) == form  # noqa: S301 - pickled right here
        assert copy.copy(form) == copy.deepcopy(form) == form
        assert form.__reduce__() == (Slots.from_bits, (1, 0b1001))
    assert Slots.from_bits(77, 0).__reduce__() == (Slots.from_bits, (0, 0))


def test_repr_can_be_evaluated() -> None:
    assert repr(Slots([6, 7, 9])) == "Slots.from_runs([(6, 8), (9, 10)])"
    assert eval(repr(Slots([6, 7, 9]))) == Slots([6, 7, 9])  # noqa: S307 - our own repr
    assert repr(EMPTY) == "Slots.from_runs([])"


# What a person sees


def test_week_2_a_slot_belongs_to_the_day_of_its_start() -> None:
    days = Slots.range(slot_of("2026-11-17T22:00Z"), slot_of("2026-11-18T02:00Z")).by_day(zone("UTC"))
    assert {day: len(slots) for day, slots in days.items()} == {date(2026, 11, 17): 12, date(2026, 11, 18): 12}
    assert list(days) == [date(2026, 11, 17), date(2026, 11, 18)]
    assert days[date(2026, 11, 18)].start == slot_of("2026-11-18T00:00Z")


def test_grid_3_a_day_in_kathmandu_begins_at_18_15_so_its_first_slot_is_that_of_18_20() -> None:
    days = Slots.range(slot_of("2026-11-16T00:00Z"), slot_of("2026-11-18T00:00Z")).by_day(zone("Asia/Kathmandu"))
    assert days[date(2026, 11, 17)].runs() == ((slot_of("2026-11-16T18:20Z"), slot_of("2026-11-17T18:20Z")),)
    assert [len(slots) for slots in days.values()] == [110, 144, 34]


def test_grid_3_an_hour_in_kathmandu_has_its_six_slots_at_five_past_and_so_on() -> None:
    hours = Slots.range(slot_of("2026-11-16T18:00Z"), slot_of("2026-11-16T19:20Z")).by_hour(zone("Asia/Kathmandu"))
    assert {key: slots.runs() for key, slots in hours.items()} == {
        int(instant("2026-11-16T17:15Z")): ((slot_of("2026-11-16T18:00Z"), slot_of("2026-11-16T18:20Z")),),
        int(instant("2026-11-16T18:15Z")): ((slot_of("2026-11-16T18:20Z"), slot_of("2026-11-16T19:20Z")),),
    }


def test_grid_3_the_twelve_slots_of_new_yorks_repeated_hour_are_two_rows() -> None:
    hours = Slots.range(slot_of("2026-11-01T05:00Z"), slot_of("2026-11-01T07:00Z")).by_hour(zone("America/New_York"))
    assert {key: len(slots) for key, slots in hours.items()} == {
        int(instant("2026-11-01T05:00Z")): 6,
        int(instant("2026-11-01T06:00Z")): 6,
    }


def test_grid_3_the_autumn_day_of_new_york_has_150_slots() -> None:
    whole = Slots.range(slot_of("2026-10-31T04:00Z"), slot_of("2026-11-03T05:00Z"))
    assert [len(slots) for slots in whole.by_day(zone("America/New_York")).values()] == [144, 150, 144]


def test_grid_3_lord_howes_half_hour_back_makes_a_row_of_three_more_slots() -> None:
    # Sunday 2026-04-05 02:00 (+11:00) becomes 01:30 (+10:30) at 15:00Z.
    hours = Slots.range(slot_of("2026-04-04T14:00Z"), slot_of("2026-04-04T16:30Z")).by_hour(zone("Australia/Lord_Howe"))
    assert [(key, len(slots)) for key, slots in hours.items()] == [
        (int(instant("2026-04-04T14:00Z")), 6),
        (int(instant("2026-04-04T14:30Z")), 3),
        (int(instant("2026-04-04T15:30Z")), 6),
    ]


def test_grid_3_lord_howes_half_hour_forward_leaves_a_row_of_three_slots() -> None:
    # Sunday 2026-10-04 02:00 (+10:30) becomes 02:30 (+11:00) at 15:30Z.
    hours = Slots.range(slot_of("2026-10-03T14:30Z"), slot_of("2026-10-03T17:00Z")).by_hour(zone("Australia/Lord_Howe"))
    assert [len(slots) for slots in hours.values()] == [6, 3, 6]


def test_grid_3_apia_had_no_30_december_2011() -> None:
    days = Slots.range(slot_of("2011-12-29T10:00Z"), slot_of("2011-12-31T10:00Z")).by_day(zone("Pacific/Apia"))
    assert {day: len(slots) for day, slots in days.items()} == {date(2011, 12, 29): 144, date(2011, 12, 31): 144}


def test_a_set_without_slots_has_no_days_and_no_hours() -> None:
    assert EMPTY.by_day(zone("UTC")) == {}
    assert EMPTY.by_hour(zone("UTC")) == {}


def test_slot_numbers_come_back_as_ints() -> None:
    assert all(type(number) is int for number in Slots([Slot(3)]))
