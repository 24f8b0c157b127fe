"""Laws of credit: from tracked seconds to segments (RELIABILITY 14 to 19; CREDIT).

1. Every tracked second lies in one slot, and the seconds of all slots are the seconds tracked.
2. The credited slots are the oracle's, under each of the three rules.
3. Splitting a stretch, giving it twice or in another order changes nothing.
4. More tracked seconds never take a slot away, under *threshold* and *snapshot*.
5. Credit and work differ by at most 300 seconds under *carry*, over any span from the start.
6. Credit exceeds work by less than the rule's remainder at each of a stretch's two ends (invariant 19).
7. Credit by one snapshot at a random second is unbiased: the mean over all 600 seconds is the time tracked.
8. The meter is the number of the ten minutes with any event; manual time has none.
9. The sums of the minutes are the segment's totals, for each kind of event.
10. The meters of a week's segments add up to the week's, and day by day as well.
"""

from __future__ import annotations

from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import oracle
from workdiary import Activity, Instant, Minute, Segment, Sheet, Slots, Source, credit, policies, zone
from workdiary.model.policy import Credit, CreditRule
from workdiary.rules.credit import tracked_seconds
from workdiary.testing.strategies import credit_rules, minutes, recorded_weeks, segments, sheets, tracked_stretches

Tracked = tuple[list[tuple[Instant, Instant]], list[Instant]]
tracked = tracked_stretches()
upwork = policies.get("upwork")


def seconds_of(stretches: list[tuple[Instant, Instant]]) -> set[int]:
    return {second for begin, end in stretches for second in range(begin, end)}


@given(tracked)
def test_every_tracked_second_lies_in_one_slot(case: Tracked) -> None:
    """Law 1: the sum over the slots is the time tracked, to the second."""
    found = tracked_seconds(case[0])
    assert found == oracle.seconds_by_slot(case[0])
    assert sum(found.values()) == len(seconds_of(case[0]))
    assert all(1 <= seconds <= 600 for seconds in found.values())


@given(tracked, credit_rules())
def test_the_credited_slots_are_the_oracles(case: Tracked, rule: CreditRule) -> None:
    """Law 2."""
    assert set(credit(*case, rule)) == oracle.credited(*case, rule.rule.value, rule.min_seconds)


@given(tracked, credit_rules(), st.integers(0, 10**6), st.data())
def test_splitting_repeating_and_reordering_stretches_changes_nothing(
    case: Tracked, rule: CreditRule, place: int, data: st.DataObject
) -> None:
    """Law 3."""
    stretches, shots = case
    split = []
    for begin, end in stretches:
        middle = Instant(begin + place % (end - begin + 1))
        split += [(begin, middle), (middle, end)]
    other = data.draw(st.permutations([*split, *stretches[:1]]))
    assert credit(other, shots[::-1], rule) == credit(stretches, shots, rule)


@given(tracked, tracked, credit_rules())
def test_more_tracked_seconds_never_take_a_slot_away(case: Tracked, more: Tracked, rule: CreditRule) -> None:
    """Law 4: *carry* is no part of it, because a second earlier on can move the credit to an earlier slot."""
    for kind in (Credit.THRESHOLD, Credit.SNAPSHOT):
        same = attrs.evolve(rule, rule=kind)
        assert credit(case[0], case[1], same) <= credit(case[0] + more[0], case[1], same)


@given(tracked)
def test_carry_is_off_by_at_most_half_a_slot_at_any_moment(case: Tracked) -> None:
    """Law 5."""
    rule = CreditRule(rule=Credit.CARRY, min_seconds=1)
    credited, worked = credit(*case, rule), 0
    for slot, seconds in oracle.seconds_by_slot(case[0]).items():
        worked += seconds
        assert abs(credited.count_before(slot + 1) * 600 - worked) <= 300


@given(tracked, credit_rules())
def test_credit_exceeds_work_only_at_the_ends_of_stretches(case: Tracked, rule: CreditRule) -> None:
    """Law 6, what invariant 19 says of the pure engine.

    A stretch has at most two slots that it fills in part. *threshold* adds at most
    ``600 - min_seconds`` to each, which is one slot a stretch from 300 on; *snapshot* adds less than a
    slot to each; *carry* adds at most 300 seconds in all.
    """
    worked = len(seconds_of(case[0]))
    n = len(case[0])
    most = {
        Credit.THRESHOLD: 2 * n * (600 - rule.min_seconds),
        Credit.SNAPSHOT: 2 * n * (599 if case[1] else 600 - rule.min_seconds),
        Credit.CARRY: 300,
    }
    assert len(credit(*case, rule)) * 600 <= worked + most[rule.rule]


@pytest.mark.parametrize(
    "stretches",
    [
        [(0, 1)],
        [(0, 600)],
        [(599, 601)],
        [(0, 300)],
        [(17, 254), (300, 301), (580, 600)],
        [(450, 1350), (1500, 1799)],
        [(10, 40), (30, 90), (90, 91)],
    ],
    ids=str,
)
def test_snapshot_credit_is_unbiased(stretches: list[tuple[int, int]]) -> None:
    """Law 7, by enumeration: each slot's snapshot falls on each of its 600 seconds once, nothing is random."""
    rule = CreditRule(rule=Credit.SNAPSHOT, min_seconds=1)
    spans = [(Instant(begin), Instant(end)) for begin, end in stretches]
    slots = range(max(end for _, end in stretches) // 600 + 1)
    expected = Fraction(0)
    for second in range(600):
        # One outcome for each second; slots are independent, and a mean adds up over them.
        credited = credit(spans, [Instant(slot * 600 + second) for slot in slots], rule)
        expected += Fraction(len(credited) * 600, 600)
    assert expected == len(seconds_of(spans))


@given(st.lists(minutes(), min_size=10, max_size=10))
def test_the_meter_counts_the_minutes_with_any_event(given_minutes: list[Minute]) -> None:
    """Laws 8 and 9."""
    activity = Activity.of_minutes(given_minutes)
    busy = [minute for minute in given_minutes if minute.keystrokes or minute.clicks or minute.scrolls]
    assert activity.meter == len(busy)
    assert 0 <= activity.meter <= 10
    assert activity.keystrokes == sum(minute.keystrokes for minute in given_minutes)
    assert activity.clicks == sum(minute.clicks for minute in given_minutes)
    assert activity.scrolls == sum(minute.scrolls for minute in given_minutes)
    assert activity.mouse_events == sum(minute.clicks + minute.scrolls for minute in given_minutes)


@given(segments(source=Source.MANUAL))
def test_manual_time_has_no_meter(segment: Segment) -> None:
    """Law 8."""
    assert segment.meter is None


@given(tracked)
def test_a_snapshot_outside_every_stretch_credits_nothing(case: Tracked) -> None:
    """Law 2 at its edge: a snapshot at a stretch's end is not in it."""
    stretches, _ = case
    inside = seconds_of(stretches)
    ends = [end for _, end in stretches if end not in inside]
    if ends:
        assert credit(stretches, ends, CreditRule(rule=Credit.SNAPSHOT, min_seconds=1)) == Slots()


@given(sheets(), recorded_weeks(upwork.week_of("2026-11-18T00:00Z")))
def test_meters_add_up_over_days_and_weeks(sheet: Sheet, recorded: tuple[Segment, ...]) -> None:
    """Law 10: in whole numbers, so that no grouping loses any."""
    utc = zone("UTC")
    assert sheet.meter_total(sheet.worked) == sum(sheet.meter_at(slot) or 0 for slot in sheet.worked)
    assert sheet.meter_total(sheet.worked) == sum(map(sheet.meter_total, sheet.worked.by_day(utc).values()))
    whole = Sheet.of(recorded, upwork.week_of("2026-11-18T00:00Z"))
    assert whole.meter_total(whole.worked) == sum(segment.meter or 0 for segment in recorded)
    assert len(whole.known) == sum(segment.meter is not None for segment in recorded)
