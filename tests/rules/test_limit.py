"""LIMIT: which limit applies to each slot of a week, and which segments are within it."""

from __future__ import annotations

from itertools import product

import pytest

from tests.support import MONDAY, WEEK, run, slots, terms
from workdiary.model.contract import Terms
from workdiary.model.money import Hours, decimal
from workdiary.model.outcome import Status
from workdiary.model.policy import Change, LimitOrder, LimitRule
from workdiary.model.slots import EMPTY, Slot, Slots
from workdiary.model.timeline import Timeline
from workdiary.model.times import Instant, Weekday, slot_at, week_containing, zone
from workdiary.rules.limit import Allowance, allowances, classify

CHRONOLOGICAL, TRACKED_FIRST = LimitOrder.CHRONOLOGICAL, LimitOrder.TRACKED_FIRST
WHOLE, THEN, NEXT = Change.WHOLE_WEEK, Change.FROM_THEN_ON, Change.NEXT_WEEK

START, DAY, END = 0, 144, 1008
"""Places in the week, in slots."""


def rule(increase: Change, decrease: Change) -> LimitRule:
    return LimitRule(order=CHRONOLOGICAL, increase=increase, decrease=decrease)


UPWORK, ODESK, BOTH, MIXED = rule(WHOLE, NEXT), rule(THEN, NEXT), rule(THEN, THEN), rule(WHOLE, THEN)


def change(place: float, limit: int | str | None) -> Terms:
    """Terms from `place` slots into the week on; a negative one lies before it."""
    return Terms(since=Instant(round((MONDAY + place) * 600)), rate="30", weekly_limit=limit)


def limits(of: LimitRule, *changes: tuple[float, int | str | None]) -> list[tuple[int, int, int | None]]:
    """The allowances as (start, stop, hours), in places of the week."""
    line = Timeline.of([change(place, limit) for place, limit in changes])
    return [
        (piece.start - MONDAY, piece.stop - MONDAY, None if piece.limit is None else piece.limit // 6)
        for piece in allowances(line, WEEK, of)
    ]


# One limit


@pytest.mark.parametrize("of", [UPWORK, ODESK, BOTH, MIXED])
def test_limit_1_the_limit_in_force_at_the_weeks_start_holds_for_the_week(of: LimitRule) -> None:
    assert limits(of, (-1008, 40)) == [(START, END, 40)]
    assert limits(of, (0, 40)) == [(START, END, 40)]
    assert limits(of, (-2000, 10), (-1, 20)) == [(START, END, 20)]
    assert limits(of, (-2000, 10), (0, 5)) == [(START, END, 5)]
    assert limits(of, (-1008, None)) == [(START, END, None)]
    assert limits(of, (-1008, 0)) == [(START, END, 0)]


def test_limit_1_a_limit_is_floor_of_hours_times_six_segments() -> None:
    for text, segments in (("12.5", 75), ("0.16", 0), ("0.34", 2), ("0", 0)):
        line = Timeline.of([change(-1, text)])
        assert allowances(line, WEEK, UPWORK) == (Allowance(Slot(MONDAY), Slot(MONDAY + 1008), segments),)


@pytest.mark.parametrize("of", [UPWORK, ODESK, BOTH, MIXED])
def test_limit_4_a_contract_that_starts_inside_the_week_has_its_first_limit(of: LimitRule) -> None:
    found = limits(of, (3 * DAY, 20))
    assert {hours for _, _, hours in found} == {20}
    assert (found[0][0], found[-1][1]) == (START, END)
    assert [stop for _, stop, _ in found[:-1]] == [start for start, _, _ in found[1:]]


def test_a_contract_without_terms_has_no_limit() -> None:
    nothing: Timeline[Terms] = Timeline.of([])
    assert allowances(nothing, WEEK, UPWORK) == (Allowance(Slot(MONDAY), Slot(MONDAY + 1008), None),)


@pytest.mark.parametrize("of", [UPWORK, ODESK, BOTH, MIXED])
def test_limit_4_a_change_at_the_next_weeks_start_is_not_of_this_week(of: LimitRule) -> None:
    assert limits(of, (-1008, 20), (END, 30)) == [(START, END, 20)]
    assert limits(of, (-1008, 20), (END, 5), (END + 1, 50)) == [(START, END, 20)]


# LIMIT-3


def test_limit_3_an_increase_counts_for_the_whole_week() -> None:
    assert limits(UPWORK, (-1008, 20), (DAY, 30)) == [(START, DAY, 30), (DAY, END, 30)]
    assert {hours for _, _, hours in limits(UPWORK, (-1008, 20), (DAY, 25), (2 * DAY, 30))} == {30}
    assert {hours for _, _, hours in limits(UPWORK, (-1008, 20), (DAY, None))} == {None}
    assert limits(UPWORK, (-1008, 20), (END - 1, 30))[0] == (START, END - 1, 30)


def test_limit_3_an_increase_counts_from_then_on() -> None:
    assert limits(ODESK, (-1008, 20), (DAY, 30)) == [(START, DAY, 20), (DAY, END, 30)]
    assert limits(ODESK, (-1008, 20), (DAY, 25), (2 * DAY, None)) == [
        (START, DAY, 20),
        (DAY, 2 * DAY, 25),
        (2 * DAY, END, None),
    ]
    assert limits(ODESK, (-1008, 0), (DAY, 30)) == [(START, DAY, 0), (DAY, END, 30)]


# LIMIT-4


@pytest.mark.parametrize("of", [UPWORK, ODESK])
def test_limit_4_a_decrease_waits_for_the_next_week(of: LimitRule) -> None:
    assert limits(of, (-1008, 20), (DAY, 5)) == [(START, END, 20)]
    assert limits(of, (-1008, None), (DAY, 20)) == [(START, END, None)]
    assert limits(of, (-1008, 20), (DAY, 0)) == [(START, END, 20)]


@pytest.mark.parametrize("of", [UPWORK, ODESK])
def test_limit_4_20_to_5_to_10_stays_20(of: LimitRule) -> None:
    assert limits(of, (-1008, 20), (DAY, 5), (2 * DAY, 10)) == [(START, END, 20)]


def test_limit_4_an_increase_after_a_waiting_decrease_counts() -> None:
    assert limits(ODESK, (-1008, 20), (DAY, 5), (2 * DAY, 30)) == [(START, 2 * DAY, 20), (2 * DAY, END, 30)]
    assert {hours for _, _, hours in limits(UPWORK, (-1008, 20), (DAY, 5), (2 * DAY, 30))} == {30}
    assert limits(ODESK, (-1008, 20), (DAY, 30), (2 * DAY, 25)) == [(START, DAY, 20), (DAY, END, 30)]


def test_limit_4_of_several_decreases_the_last_counts_next_week() -> None:
    line = Timeline.of([change(-1008, 40), change(DAY, 5), change(2 * DAY, 10)])
    assert [piece.limit for piece in allowances(line, WEEK.next, UPWORK)] == [60]


def test_limit_4_a_decrease_from_then_on_counts_at_once_for_later_segments() -> None:
    assert limits(BOTH, (-1008, 20), (DAY, 5)) == [(START, DAY, 20), (DAY, END, 5)]
    assert limits(BOTH, (-1008, None), (DAY, 0)) == [(START, DAY, None), (DAY, END, 0)]
    assert limits(BOTH, (-1008, 20), (DAY, 5), (2 * DAY, 10)) == [
        (START, DAY, 20),
        (DAY, 2 * DAY, 5),
        (2 * DAY, END, 10),
    ]


def test_limit_4_the_largest_limit_still_to_come_counts_with_both_kinds_of_change() -> None:
    assert limits(MIXED, (-1008, 20), (DAY, 5)) == [(START, DAY, 20), (DAY, END, 5)]
    assert {hours for _, _, hours in limits(MIXED, (-1008, 20), (DAY, 5), (2 * DAY, 30))} == {30}
    assert limits(MIXED, (-1008, 20), (DAY, 30), (2 * DAY, 5), (3 * DAY, 10)) == [
        (START, DAY, 30),
        (DAY, 2 * DAY, 30),
        (2 * DAY, 3 * DAY, 10),
        (3 * DAY, END, 10),
    ]
    assert limits(MIXED, (-1008, None), (DAY, 5)) == [(START, DAY, None), (DAY, END, 5)]


def test_limit_4_an_unchanged_limit_is_neither() -> None:
    assert {hours for _, _, hours in limits(UPWORK, (-1008, 20), (DAY, 20))} == {20}
    assert {hours for _, _, hours in limits(ODESK, (-1008, None), (DAY, None))} == {None}


def test_limit_4_a_change_inside_a_slot_counts_from_the_next_one() -> None:
    assert limits(ODESK, (-1008, 20), (9.5, 30)) == [(START, 10, 20), (10, END, 30)]
    assert limits(ODESK, (-1008, 20), (10, 30)) == [(START, 10, 20), (10, END, 30)]
    assert limits(ODESK, (-1008, 20), (9.2, 30), (9.8, 40)) == [(START, 10, 20), (10, END, 40)]
    assert limits(ODESK, (-1008, 20), (1007.5, 30)) == [(START, END, 20)]
    assert limits(UPWORK, (-1008, 20), (1007.5, 30)) == [(START, END, 30)]


def test_week_1_a_week_that_begins_inside_a_slot_is_covered_from_its_first() -> None:
    week = week_containing(slot_at("2026-11-18T00:00Z") * 600, Weekday.MONDAY, 0, zone("Asia/Kathmandu"))
    line = Timeline.of([terms("2026-11-02T00:00Z", limit=20), terms("2026-11-15T18:17Z", limit=30)])
    first, stop = slot_at("2026-11-15T18:20Z"), slot_at("2026-11-22T18:20Z")
    assert allowances(line, week, ODESK) == (Allowance(first, stop, 180),)


# LIMIT-2


def one(limit: int | None) -> list[Allowance]:
    return [Allowance(Slot(MONDAY), Slot(MONDAY + 1008), limit)]


def test_limit_2_chronological_the_earliest_segments_are_billable() -> None:
    tracked, manual = slots(0, 2, 5), slots(1, 4)
    assert classify(tracked, manual, one(3), CHRONOLOGICAL) == Status(slots(0, 2), slots(1), slots(4, 5))
    assert classify(tracked, manual, one(0), CHRONOLOGICAL) == Status(EMPTY, EMPTY, slots(0, 1, 2, 4, 5))
    assert classify(tracked, manual, one(5), CHRONOLOGICAL) == Status(tracked, manual, EMPTY)
    assert classify(tracked, manual, one(4), CHRONOLOGICAL) == Status(slots(0, 2), manual, slots(5))


def test_limit_2_tracked_first_manual_time_gets_what_tracked_time_leaves() -> None:
    tracked, manual = slots(3, 4, 5), slots(0, 1)
    assert classify(tracked, manual, one(4), TRACKED_FIRST) == Status(tracked, slots(0), slots(1))
    assert classify(tracked, manual, one(3), TRACKED_FIRST) == Status(tracked, EMPTY, manual)
    assert classify(tracked, manual, one(2), TRACKED_FIRST) == Status(slots(3, 4), EMPTY, slots(0, 1, 5))
    assert classify(tracked, manual, one(5), TRACKED_FIRST) == Status(tracked, manual, EMPTY)


@pytest.mark.parametrize("order", LimitOrder)
def test_limit_1_without_a_limit_everything_is_billable(order: LimitOrder) -> None:
    assert classify(slots(3, 4), slots(0), one(None), order) == Status(slots(3, 4), slots(0), EMPTY)
    assert classify(EMPTY, EMPTY, one(None), order) == Status(EMPTY, EMPTY, EMPTY)


def test_limit_3_time_already_red_stays_red_but_counts_towards_the_new_limit() -> None:
    # oDesk: 2 segments until place 4, then 5. Four tracked before, three after.
    allowed = [Allowance(Slot(MONDAY), Slot(MONDAY + 4), 2), Allowance(Slot(MONDAY + 4), Slot(MONDAY + 1008), 5)]
    status = classify(run(0, 7), EMPTY, allowed, CHRONOLOGICAL)
    assert status == Status(slots(0, 1, 4), EMPTY, slots(2, 3, 5, 6))


def test_limit_5_deleting_re_ranks_the_rest() -> None:
    assert classify(run(0, 6), EMPTY, one(4), CHRONOLOGICAL).over_limit == slots(4, 5)
    assert classify(run(1, 6), EMPTY, one(4), CHRONOLOGICAL).over_limit == slots(5)


def expected(kinds: tuple[str, ...], first: int | None, second: int | None, edge: int, order: LimitOrder) -> Status:
    """The rulebook's sentence, segment by segment."""
    recorded = [n for n, kind in enumerate(kinds) if kind != "free"]
    if order is TRACKED_FIRST:
        recorded.sort(key=lambda n: (kinds[n] == "manual", n))
    found: dict[str, list[int]] = {"tracked": [], "manual": [], "over": []}
    for rank, n in enumerate(recorded):
        limit = first if n < edge else second
        found[kinds[n] if limit is None or rank < limit else "over"].append(n)
    return Status(slots(*found["tracked"]), slots(*found["manual"]), slots(*found["over"]))


@pytest.mark.parametrize("order", LimitOrder)
def test_limit_2_every_small_week_is_ranked_as_the_rulebook_says(order: LimitOrder) -> None:
    for kinds in product(("free", "tracked", "manual"), repeat=5):
        tracked = slots(*(n for n, kind in enumerate(kinds) if kind == "tracked"))
        manual = slots(*(n for n, kind in enumerate(kinds) if kind == "manual"))
        for first, second in ((0, 3), (2, 2), (1, 4), (3, 1), (None, 2), (2, None)):
            allowed = [
                Allowance(Slot(MONDAY), Slot(MONDAY + 2), first),
                Allowance(Slot(MONDAY + 2), Slot(MONDAY + 1008), second),
            ]
            assert classify(tracked, manual, allowed, order) == expected(kinds, first, second, 2, order)


def test_limits_are_values() -> None:
    assert hash(one(3)[0]) == hash(one(3)[0])
    assert hash(Hours(decimal("1"))) == hash(Hours(decimal("1.0")))
    assert hash(classify(Slots(), Slots(), one(3), CHRONOLOGICAL)) == hash(Status(EMPTY, EMPTY, EMPTY))
