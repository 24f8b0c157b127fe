"""Laws of a weekly limit that changes inside the week (LIMIT-3, LIMIT-4).

1. The allowances of a week follow each other without a gap and cover it.
2. What is allowed at each slot is the oracle's.
3. Under *from_then_on* both ways, it is the limit of the terms in force at the slot's start.
4. Under *whole_week* increases, it never rises in the course of the week.
5. Under *next_week*, a week whose changes are all decreases has its first limit throughout.
6. A change at or after the week's end changes nothing in it.
7. An increase inside the week never makes a segment red.
"""

from __future__ import annotations

from itertools import pairwise

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws import oracle
from workdiary import Hours, Instant, Slots, Terms, Timeline, Week, hours
from workdiary.model.policy import Change, LimitRule
from workdiary.rules.limit import Allowance, allowances, classify
from workdiary.testing.strategies import contracts, hour_limits, limit_rules, recorded_weeks, weeks

dated = weeks().flatmap(lambda week: st.tuples(st.just(week), contracts(week).map(lambda contract: contract.terms)))
Dated = tuple[Week, Timeline[Terms]]


def at(slot: int, allowed: tuple[Allowance, ...]) -> int | None:
    return next(piece.limit for piece in allowed if piece.start <= slot < piece.stop)


def slots_of(limit: Hours | None) -> int | None:
    return None if limit is None else int(limit.amount * 6)


def height(limit: int | None) -> float:
    return float("inf") if limit is None else limit


def edges(week: Week, terms: Timeline[Terms]) -> list[int]:
    """The slots of the week at which anything can change, and those beside them."""
    near = {week.start, week.stop - 1, *(value.since // 600 + by for value in terms for by in (-1, 0, 1))}
    return sorted(slot for slot in near if week.start <= slot < week.stop)


@given(dated, limit_rules())
def test_allowances_follow_each_other_and_cover_the_week(case: Dated, rule: LimitRule) -> None:
    """Law 1."""
    week, terms = case
    allowed = allowances(terms, week, rule)
    assert (allowed[0].start, allowed[-1].stop) == (week.start, week.stop)
    assert all(one.stop == other.start for one, other in pairwise(allowed))
    assert all(piece.start < piece.stop for piece in allowed)


@given(dated, limit_rules())
def test_what_is_allowed_at_each_slot_is_the_oracles(case: Dated, rule: LimitRule) -> None:
    """Law 2."""
    week, terms = case
    allowed = allowances(terms, week, rule)
    changes = [(int(value.since), slots_of(value.weekly_limit)) for value in terms]
    for slot in edges(week, terms):
        expected = oracle.limit_at(
            slot * 600, changes, week.starts_at, week.ends_at, rule.increase.value, rule.decrease.value
        )
        assert at(slot, allowed) == expected


@given(dated, limit_rules())
def test_from_then_on_both_ways_is_the_limit_at_the_slots_start(case: Dated, rule: LimitRule) -> None:
    """Law 3."""
    week, terms = case
    rule = attrs.evolve(rule, increase=Change.FROM_THEN_ON, decrease=Change.FROM_THEN_ON)
    allowed = allowances(terms, week, rule)
    for slot in edges(week, terms):
        in_force = ([value for value in terms if value.since <= slot * 600] or [terms.values[0]])[-1]
        assert at(slot, allowed) == slots_of(in_force.weekly_limit)


@given(dated, limit_rules())
def test_with_whole_week_increases_what_is_allowed_never_rises_in_the_week(case: Dated, rule: LimitRule) -> None:
    """Law 4."""
    week, terms = case
    allowed = allowances(terms, week, attrs.evolve(rule, increase=Change.WHOLE_WEEK))
    assert all(height(one.limit) >= height(other.limit) for one, other in pairwise(allowed))


@given(dated, limit_rules())
def test_decreases_wait_for_the_next_week(case: Dated, rule: LimitRule) -> None:
    """Law 5."""
    week, terms = case
    falling = sorted((value.weekly_limit for value in terms), key=lambda limit: height(slots_of(limit)), reverse=True)
    lowered = Timeline.of(attrs.evolve(value, weekly_limit=limit) for value, limit in zip(terms, falling, strict=True))
    allowed = allowances(lowered, week, attrs.evolve(rule, decrease=Change.NEXT_WEEK))
    at_start = lowered.at(week.starts_at) or lowered.values[0]
    assert {piece.limit for piece in allowed} == {slots_of(at_start.weekly_limit)}


@given(dated, limit_rules(), hour_limits(), st.integers(0, 10**6))
def test_a_change_at_the_weeks_end_or_later_changes_nothing_in_it(
    case: Dated, rule: LimitRule, limit: Hours | None, later: int
) -> None:
    """Law 6."""
    week, terms = case
    kept = [value for value in terms if value.since < week.ends_at]
    assume(kept)
    extra = Terms(since=Instant(week.ends_at + later), rate="1", weekly_limit=limit)
    assert allowances(Timeline.of([*kept, extra]), week, rule) == allowances(Timeline.of(kept), week, rule)


@given(dated, limit_rules(), st.integers(0, 2_000), st.data())
def test_an_increase_inside_the_week_never_makes_a_segment_red(
    case: Dated, rule: LimitRule, place: int, data: st.DataObject
) -> None:
    """Law 7: against the same week without the change."""
    week, terms = case
    since = Instant(week.starts_at + 1 + place * 300)
    kept = [value for value in terms if value.since < since]
    assume(kept and since < week.ends_at)
    before = allowances(Timeline.of(kept), week, rule)
    last = at(week.stop - 1, before)
    assume(last is not None)
    assert last is not None
    raised = Terms(since=since, rate="1", weekly_limit=hours(last // 6 + 2))
    after = allowances(Timeline.of([*kept, raised]), week, rule)
    segments = data.draw(recorded_weeks(week))
    worked = Slots(segment.slot for segment in segments)
    assert (
        classify(worked, Slots(), after, rule.order).over_limit
        <= classify(worked, Slots(), before, rule.order).over_limit
    )
