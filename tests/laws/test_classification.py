"""Laws of classification: which recorded segments are green, yellow and red (RELIABILITY 1 to 13, 39).

1. Green and yellow are min(recorded, limit), and with red they are everything recorded.
2. Green and yellow never exceed the limit; 0 makes all red; 1,008 or no limit makes none red.
3. A billable tracked segment is green, a billable manual one yellow; there is nothing else.
4. Classification ignores the order and the grouping in which segments come.
5. Chronologically, a segment's colour depends only on the segments up to it.
6. Chronologically, a segment later than all others changes no earlier colour.
7. Deleting a segment never adds red and never turns anything red.
8. Adding a segment never lowers what is billed, and recolours at most one other.
9. Raising a limit never makes a segment red; lowering one never takes red away.
10. Memos, labels, snapshots and activity change no colour and no bill.
11. A week moved by seven days has the same colours, seven days later.
12. Status, in every order and under every change of the limit, is the oracle's.
13. Manual time can take green under *chronological*, and never under *tracked_first*.
39. What is recorded is what is tracked and manual is what has a colour.
"""

from __future__ import annotations

from random import Random

import attrs
import pytest
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st

from tests.laws import oracle
from workdiary import Segment, Sheet, Slot, Slots, Source, WeekStatement, policies
from workdiary.model.outcome import Status
from workdiary.model.policy import LimitOrder
from workdiary.rules.limit import Allowance, classify
from workdiary.testing.strategies import WorkedWeek, recorded_weeks, segments, slot_sets, statements, worked_weeks

START = 0
WEEK = 1008
limits = st.none() | st.integers(0, 40) | st.integers(0, WEEK + 10)
orders = st.sampled_from(LimitOrder)
recorded = st.tuples(slot_sets(START, 80) | slot_sets(), slot_sets(START, 80)).map(
    lambda pair: (pair[0], pair[1] - pair[0])
)


def colours(sets: tuple[Slots, Slots], limit: int | None, order: LimitOrder) -> Status:
    return classify(*sets, [Allowance(Slot(START), Slot(START + WEEK), limit)], order)


@given(recorded, limits, orders)
def test_green_and_yellow_are_the_smaller_of_recorded_and_limit(
    sets: tuple[Slots, Slots], limit: int | None, order: LimitOrder
) -> None:
    """Laws 1, 3 and 39: three disjoint colours that add up, each of its own source."""
    status, worked = colours(sets, limit, order), sets[0] | sets[1]
    assert len(status.billable) == (len(worked) if limit is None else min(len(worked), limit))
    assert len(status.tracked) + len(status.manual) + len(status.over_limit) == len(worked)
    assert status.worked == worked
    assert status.tracked <= sets[0]
    assert status.manual <= sets[1]


@given(recorded, limits, orders)
def test_green_and_yellow_never_exceed_the_limit(
    sets: tuple[Slots, Slots], limit: int | None, order: LimitOrder
) -> None:
    """Law 2: a limit of 0 is not "no limit"."""
    status = colours(sets, limit, order)
    assert limit is None or len(status.billable) <= limit
    assert not colours(sets, 0, order).billable
    assert not colours(sets, None, order).over_limit
    assert not colours(sets, WEEK, order).over_limit


@given(worked_weeks(), st.randoms(use_true_random=False))
def test_classification_ignores_insertion_order(worked: WorkedWeek, random: Random) -> None:
    """Law 4."""
    shuffled = list(worked.segments)
    random.shuffle(shuffled)
    assert worked._replace(segments=tuple(shuffled)).statement() == worked.statement()


@given(recorded, limits, st.integers(START, START + 90))
def test_a_colour_depends_only_on_what_came_before(sets: tuple[Slots, Slots], limit: int | None, cut: int) -> None:
    """Laws 5 and 6."""
    whole = colours(sets, limit, LimitOrder.CHRONOLOGICAL)
    early = (sets[0].between(START, cut), sets[1].between(START, cut))
    part = colours(early, limit, LimitOrder.CHRONOLOGICAL)
    assert part == Status(*(found.between(START, cut) for found in (whole.tracked, whole.manual, whole.over_limit)))


@given(recorded, limits, orders, st.data())
def test_deleting_never_adds_red(
    sets: tuple[Slots, Slots], limit: int | None, order: LimitOrder, data: st.DataObject
) -> None:
    """Law 7."""
    worked = sets[0] | sets[1]
    assume(worked)
    gone = Slots([data.draw(st.sampled_from(list(worked)))])
    before, after = colours(sets, limit, order), colours((sets[0] - gone, sets[1] - gone), limit, order)
    assert after.over_limit <= before.over_limit
    assert before.billable - gone <= after.billable


@given(recorded, limits, orders, st.integers(START, START + 90), st.booleans())
def test_adding_never_lowers_what_is_billed(
    sets: tuple[Slots, Slots], limit: int | None, order: LimitOrder, slot: int, by_tracker: bool
) -> None:
    """Law 8."""
    added = Slots([slot])
    assume(added.isdisjoint(sets[0] | sets[1]))
    larger = (sets[0] | added, sets[1]) if by_tracker else (sets[0], sets[1] | added)
    before, after = colours(sets, limit, order), colours(larger, limit, order)
    assert len(after.billable) >= len(before.billable)
    assert len(before.billable - after.billable) <= 1
    assert len((before.over_limit ^ after.over_limit) - added) <= 1


@given(recorded, st.integers(0, 60), st.none() | st.integers(0, 60), orders)
def test_raising_a_limit_never_makes_a_segment_red(
    sets: tuple[Slots, Slots], limit: int, more: int | None, order: LimitOrder
) -> None:
    """Law 9."""
    low, high = colours(sets, limit, order), colours(sets, None if more is None else limit + more, order)
    assert high.over_limit <= low.over_limit
    assert low.billable <= high.billable


@given(worked_weeks(), st.data())
def test_memo_label_snapshot_and_activity_change_no_colour_and_no_bill(worked: WorkedWeek, data: st.DataObject) -> None:
    """Law 10."""
    others = tuple(
        data.draw(segments(segment.slot, segment.source)) if n < 5 else attrs.evolve(segment, memo="")
        for n, segment in enumerate(worked.segments)
    )
    before, after = worked.statement(), worked._replace(segments=others).statement()
    assert (before.status, before.bill) == (after.status, after.bill)


@given(recorded, limits, orders, st.integers(-5, 5))
def test_a_week_moved_by_seven_days_has_the_same_colours(
    sets: tuple[Slots, Slots], limit: int | None, order: LimitOrder, weeks: int
) -> None:
    """Law 11."""
    by = 1008 * weeks
    moved = classify(
        sets[0].shift(by), sets[1].shift(by), [Allowance(Slot(START + by), Slot(START + by + WEEK), limit)], order
    )
    still = colours(sets, limit, order)
    assert moved == Status(*(found.shift(by) for found in (still.tracked, still.manual, still.over_limit)))


@given(statements())
def test_status_is_the_oracles(statement: WeekStatement) -> None:
    """Law 12: with every change of the limit in, before and after the week."""
    rule, week = statement.policy.limit, statement.week
    recorded = [
        (int(slot), "tracked" if slot in statement.sheet.tracked else "manual") for slot in statement.sheet.worked
    ]
    changes = [
        (int(terms.since), None if terms.weekly_limit is None else int(terms.weekly_limit.amount * 6))
        for terms in statement.contract.terms
    ]
    found = oracle.dated_colours(
        recorded, changes, (week.starts_at, week.ends_at), rule.order.value, rule.increase.value, rule.decrease.value
    )
    for name in ("tracked", "manual", "over_limit"):
        assert set(getattr(statement, name)) == {slot for slot, colour in found.items() if colour == name}


@given(recorded_weeks(week=policies.get("upwork").week_of("2026-11-18T00:00Z")))
def test_a_sheet_has_each_segment_once_in_its_own_set(recorded: tuple[Segment, ...]) -> None:
    """Law 39, from segments on."""
    sheet = Sheet.of(recorded, policies.get("upwork").week_of("2026-11-18T00:00Z"))
    assert set(sheet.tracked) == {one.slot for one in recorded if one.source is Source.TRACKED}
    assert set(sheet.manual) == {one.slot for one in recorded if one.source is Source.MANUAL}
    assert len(sheet.worked) == len(recorded)


def _green_lost(case: tuple[tuple[Slots, Slots], int | None, int], order: LimitOrder) -> bool:
    sets, limit, slot = case
    added = Slots([slot])
    if not added.isdisjoint(sets[0] | sets[1]):
        return False
    before, after = colours(sets, limit, order), colours((sets[0], sets[1] | added), limit, order)
    return len(after.tracked) < len(before.tracked)


_additions = st.tuples(recorded, limits, st.integers(START, START + 90))


def test_chronological_manual_time_can_take_green_from_tracked_time() -> None:
    """Law 13 is false under *chronological*: a counterexample exists, and is found."""
    # The usual number in a brief run too: fewer do not meet one.
    patient = settings(derandomize=True, max_examples=max(200, settings().max_examples))
    case = find(_additions, lambda case: _green_lost(case, LimitOrder.CHRONOLOGICAL), settings=patient)
    assert _green_lost(case, LimitOrder.CHRONOLOGICAL)
    assert not _green_lost(case, LimitOrder.TRACKED_FIRST)


@given(_additions)
def test_tracked_first_manual_time_never_takes_green(case: tuple[tuple[Slots, Slots], int | None, int]) -> None:
    """Law 13 holds under *tracked_first*."""
    assert not _green_lost(case, LimitOrder.TRACKED_FIRST)


@pytest.mark.parametrize("order", LimitOrder)
def test_an_empty_week_has_no_colour(order: LimitOrder) -> None:
    """Law 1 at its edge."""
    assert not colours((Slots(), Slots()), 0, order).worked
