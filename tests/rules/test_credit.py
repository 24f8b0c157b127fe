"""CREDIT: which slots are credited for tracked stretches and their snapshots."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import MONDAY, places, refusal
from workdiary.errors import InvalidValue, NaiveDatetime
from workdiary.model.policy import Credit, CreditRule
from workdiary.model.slots import EMPTY, WIDEST
from workdiary.model.times import Instant
from workdiary.rules.credit import credit, tracked_seconds

SNAPSHOT = CreditRule(rule=Credit.SNAPSHOT, min_seconds=1)
ANY_TOUCH = CreditRule(rule=Credit.THRESHOLD, min_seconds=1)
NEAREST = CreditRule(rule=Credit.THRESHOLD, min_seconds=300)
ONLY_FULL = CreditRule(rule=Credit.THRESHOLD, min_seconds=600)
CARRY = CreditRule(rule=Credit.CARRY, min_seconds=1)


def when(second: int) -> Instant:
    return Instant(MONDAY * 600 + second)


def credited(rule: CreditRule, *stretches: tuple[int, int], shots: tuple[int, ...] = ()) -> list[int]:
    """The places credited, for stretches and snapshots in seconds of the week."""
    pairs = [(when(start), when(stop)) for start, stop in stretches]
    return places(credit(pairs, [when(shot) for shot in shots], rule))


# CREDIT-snapshot


def test_credit_snapshot_a_slot_with_a_snapshot_counts_in_full() -> None:
    assert credited(SNAPSHOT, (500, 1500), shots=(510, 1300)) == [0, 2]
    assert credited(SNAPSHOT, (599, 600), shots=(599,)) == [0]


def test_credit_snapshot_a_slot_without_a_snapshot_counts_for_nothing() -> None:
    assert credited(SNAPSHOT, (0, 6000), shots=(650,)) == [1]


def test_credit_snapshot_only_while_the_tracker_was_on() -> None:
    assert credited(SNAPSHOT, (600, 900), shots=(599,)) == []
    assert credited(SNAPSHOT, (600, 900), shots=(600,)) == [1]
    assert credited(SNAPSHOT, (600, 900), shots=(899,)) == [1]
    assert credited(SNAPSHOT, (600, 900), (1200, 1300), shots=(1000,)) == []
    assert credited(SNAPSHOT, (600, 900), (1200, 1300), shots=(1250, 50)) == [2]


def test_credit_snapshot_one_at_a_stretchs_end_is_not_in_it() -> None:
    assert credited(SNAPSHOT, (0, 900), shots=(900,)) == []
    assert credited(SNAPSHOT, (0, 900), (900, 950), shots=(900,)) == [1]


def test_credit_snapshot_without_known_snapshots_falls_back_to_the_threshold() -> None:
    assert credited(SNAPSHOT, (599, 1201)) == [0, 1, 2]
    fallback = CreditRule(rule=Credit.SNAPSHOT, min_seconds=300)
    assert credited(fallback, (301, 1501)) == [1, 2]
    assert credited(fallback, (300, 1500)) == [0, 1, 2]


def test_credit_snapshot_without_stretches_nothing_is_credited() -> None:
    assert credited(SNAPSHOT, shots=(5,)) == []
    assert credited(SNAPSHOT) == []
    assert credit([], [], SNAPSHOT) == EMPTY


# CREDIT-threshold


def test_credit_threshold_counts_a_slot_from_its_minimum_on() -> None:
    assert credited(ANY_TOUCH, (0, 1)) == [0]
    assert credited(ANY_TOUCH, (599, 601)) == [0, 1]
    assert credited(NEAREST, (0, 299)) == []
    assert credited(NEAREST, (0, 300)) == [0]
    assert credited(ONLY_FULL, (0, 599)) == []
    assert credited(ONLY_FULL, (0, 600)) == [0]
    assert credited(ONLY_FULL, (1, 1800)) == [1, 2]


def test_credit_threshold_adds_all_stretches_of_a_slot() -> None:
    assert credited(NEAREST, (0, 100), (200, 300), (400, 500)) == [0]
    assert credited(NEAREST, (0, 100), (200, 300), (400, 499)) == []


def test_credit_threshold_does_not_look_at_snapshots() -> None:
    assert credited(NEAREST, (0, 300), shots=(700,)) == [0]


# All three


def test_credit_overlapping_stretches_are_united_and_a_second_counts_once() -> None:
    assert credited(NEAREST, (0, 200), (100, 299), (50, 60)) == []
    assert credited(NEAREST, (100, 300), (0, 200)) == [0]
    assert credited(ONLY_FULL, (300, 600), (0, 300)) == [0]
    assert credited(ONLY_FULL, (0, 500), (100, 200), (400, 600)) == [0]


def test_credit_stretches_and_snapshots_come_in_any_order() -> None:
    assert credited(SNAPSHOT, (1200, 1800), (0, 600), shots=(1300, 10)) == [0, 2]
    assert credited(SNAPSHOT, (0, 2000), (100, 200), shots=(1900,)) == [3]


def test_grid_2_an_empty_stretch_counts_for_nothing() -> None:
    assert credited(ANY_TOUCH, (5, 5)) == []
    assert credited(SNAPSHOT, (5, 5), shots=(5,)) == []


# CREDIT-carry


def test_credit_carry_credits_a_slot_when_the_balance_reaches_half_a_slot() -> None:
    assert credited(CARRY, (0, 299)) == []
    assert credited(CARRY, (0, 300)) == [0]
    assert credited(CARRY, (0, 600)) == [0]


def test_credit_carry_moves_the_balance_on() -> None:
    # 200 a slot: balances 200, 400 (credited, -200), 0, 200, 400 (credited, -200).
    assert credited(CARRY, *((600 * n, 600 * n + 200) for n in range(5))) == [1, 4]
    # 400 a slot: 400 (c, -200), 200, 600 (c, 0), 400 (c, -200), 200.
    assert credited(CARRY, *((600 * n, 600 * n + 400) for n in range(5))) == [0, 2, 3]


def test_credit_carry_keeps_the_balance_over_a_gap() -> None:
    assert credited(CARRY, (0, 200), (60_000, 60_100)) == [100]
    assert credited(CARRY, (0, 400), (60_000, 60_400), (66_000, 66_100)) == [0, 110]


def test_credit_carry_is_never_off_by_more_than_half_a_slot() -> None:
    stretches = [(n * 997, n * 997 + n * 37 % 900) for n in range(60)]
    pairs = [(when(start), when(stop)) for start, stop in stretches]
    found, balance = set(places(credit(pairs, [], CARRY))), 0
    for slot, seconds in tracked_seconds(pairs).items():
        balance += seconds - 600 * (slot - MONDAY in found)
        assert -300 <= balance < 300


# The seconds of each slot


def test_tracked_seconds_are_given_by_slot_in_time_order() -> None:
    assert list(tracked_seconds([(when(1200), when(1500)), (when(590), when(700))]).items()) == [
        (MONDAY, 10),
        (MONDAY + 1, 100),
        (MONDAY + 2, 300),
    ]
    assert tracked_seconds([]) == {}


# What can go wrong


def test_grid_2_a_stretch_that_ends_before_it_starts_is_refused() -> None:
    good, bad = (when(0), when(600)), (when(600), when(599))
    assert refusal(InvalidValue, credit, [good, bad], [], ANY_TOUCH) == (
        "stretches[1][1]",
        "2026-11-16T00:09:59Z",
        "lies before the start, 2026-11-16T00:10:00Z",
        "swap the two",
    )


def test_grid_2_naive_datetimes_are_refused_with_their_place() -> None:
    naive, good = "2026-11-16T00:00:00", (when(0), when(600))
    given: list[Any] = [[naive, when(600)], [when(0), naive]]
    assert refusal(NaiveDatetime, credit, [good, given[0]], [], ANY_TOUCH)[:2] == ("stretches[1][0]", naive)
    assert refusal(NaiveDatetime, credit, [given[1]], [], ANY_TOUCH)[:2] == ("stretches[0][1]", naive)
    assert refusal(NaiveDatetime, credit, [good], [when(5), naive], SNAPSHOT)[:2] == ("snapshots[1]", naive)
    assert refusal(NaiveDatetime, tracked_seconds, [given[0]])[0] == "stretches[0][0]"


def test_a_stretch_longer_than_any_diary_is_refused() -> None:
    start = Instant(0)
    too_long = Instant(WIDEST * 600 + 1)
    assert refusal(InvalidValue, credit, [(start, too_long)], [], ANY_TOUCH) == (
        "stretches[0]",
        f"1970-01-01T00:00:00Z to {too_long}",
        "is longer than any diary",
        "check the years",
    )
    assert list(credit([("2180-01-01T00:00Z", "2180-01-01T00:10Z")], [], ANY_TOUCH)) == [11_044_944]
    longest = Instant(WIDEST * 600)
    assert places(credit([(start, longest)], [when(5)], SNAPSHOT)) == [0]


@pytest.mark.parametrize("rule", [SNAPSHOT, ANY_TOUCH, CARRY])
def test_credit_takes_iterators(rule: CreditRule) -> None:
    assert places(credit(iter([(when(0), when(600))]), iter([when(5)]), rule)) == [0]


def test_grid_2_only_slots_with_tracked_seconds_are_named() -> None:
    assert tracked_seconds([("2026-11-18T09:00Z", "2026-11-18T09:20Z")]) == {2991654: 600, 2991655: 600}
    assert tracked_seconds([("2026-11-18T09:00Z", "2026-11-18T09:20:01Z")]) == {2991654: 600, 2991655: 600, 2991656: 1}
    assert tracked_seconds([("2026-11-18T09:05Z", "2026-11-18T09:05Z")]) == {}
