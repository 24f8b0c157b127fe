"""The meters: every expectation is computed by hand, on the week of Monday 2026-11-16 (UTC), at $30 an hour."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import pytest

from tests.support import MONDAY, PLAIN, WEEK, at, contract, manual, policy, run, slots, terms, tracked
from workdiary.capture.meters import (
    Countdown,
    Deletion,
    LimitLevel,
    countdown,
    deletion,
    limit_meter,
    stopwatches,
    with_waiting,
)
from workdiary.model.contract import Contract, ContractStatus, StatusChange
from workdiary.model.money import Money
from workdiary.model.policy import Change, LimitOrder, Policy
from workdiary.model.segment import Segment
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import UTC, instant, slot_start, zone
from workdiary.statement import WeekStatement, week_statement

HOUR = 6
DAY = 144


def stated(
    segments: Iterable[Segment] = (), *, limit: str | int | None = 40, rules: Policy = PLAIN, on: Contract | None = None
) -> WeekStatement:
    whose = contract(terms=[terms(limit=limit)]) if on is None else on
    return week_statement(whose, segments, week=WEEK, policy=rules)


def worked(start: int, stop: int) -> list[Segment]:
    return [tracked(at(place)) for place in range(start, stop)]


# What waits.


def test_waiting_segments_count_as_recorded() -> None:
    before = stated(worked(0, 3))
    after = with_waiting(before, worked(3, 5), now=slot_start(at(5)))
    # Five segments at $5.00 each.
    assert (len(after.billable), str(after.amount)) == (5, "25.00 USD")


def test_nothing_that_waits_leaves_the_statement_as_it_is() -> None:
    before = stated(worked(0, 3))
    assert with_waiting(before, [], now=slot_start(at(5))) is before


def test_a_slot_that_is_tracked_already_counts_once() -> None:
    after = with_waiting(stated(worked(0, 3)), worked(2, 4), now=slot_start(at(5)))
    assert len(after.billable) == 4


def test_upload_2_tracked_time_takes_the_place_of_manual_time() -> None:
    after = with_waiting(stated([manual(at(0)), manual(at(1))]), worked(0, 1), now=slot_start(at(5)))
    assert (after.tracked, after.manual) == (slots(0), slots(1))


def test_segments_of_other_weeks_change_nothing() -> None:
    before = stated(worked(0, 3))
    assert with_waiting(before, [tracked(MONDAY + 1008), tracked(MONDAY - 1)], now=slot_start(at(5))) is before


def test_t16_what_comes_after_the_lock_is_not_counted_as_billed() -> None:
    before = stated(worked(0, 3))
    assert with_waiting(before, worked(3, 5), now=instant("2026-11-23T11:59:59Z")) != before
    assert with_waiting(before, worked(3, 5), now=instant("2026-11-23T12:00Z")) is before


def test_time_of_a_paused_contract_is_not_counted_as_billed() -> None:
    paused = contract(
        status=[
            StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.ACTIVE),
            StatusChange(since="2026-11-16T00:20Z", status=ContractStatus.PAUSED),
        ]
    )
    after = with_waiting(stated(on=paused), worked(0, 5), now=slot_start(at(5)))
    assert after.billable == slots(0, 1)


# Stopwatches.


def test_the_three_stopwatches_count_what_is_billed() -> None:
    # Monday 4 segments, Wednesday 00:00 to 00:50 five, of which the last three are of this session.
    statement = stated([*worked(0, 4), *worked(2 * DAY, 2 * DAY + 5)])
    found = stopwatches(
        [statement],
        credited=run(2 * DAY + 2, 2 * DAY + 5),
        now=instant("2026-11-18T00:55Z"),
        zone=UTC,
    )
    assert (str(found.session), str(found.today), str(found.week)) == ("0:30:00", "0:50:00", "1:30:00")


def test_b43_midnight_ends_the_day_and_not_the_session() -> None:
    # Tracked from Tuesday 23:00 to Wednesday 00:30: nine segments, six of Tuesday.
    statement = stated(worked(2 * DAY - 6, 2 * DAY + 3))
    found = stopwatches([statement], credited=run(2 * DAY - 6, 2 * DAY + 3), now=instant("2026-11-18T00:30Z"), zone=UTC)
    assert (str(found.session), str(found.today), str(found.week)) == ("1:30:00", "0:30:00", "1:30:00")


def test_b27_today_is_the_day_of_the_zone() -> None:
    # In Kathmandu Wednesday begins at 18:15Z, so the first slot of it is that of 18:20Z, 110 slots into Tuesday.
    statement = stated(worked(DAY + 108, DAY + 114))
    now = instant("2026-11-17T19:00Z")
    there = stopwatches([statement], credited=EMPTY, now=now, zone=zone("Asia/Kathmandu"))
    here = stopwatches([statement], credited=EMPTY, now=now, zone=UTC)
    assert (str(there.today), str(here.today)) == ("0:40:00", "1:00:00")


def test_a_session_over_the_end_of_a_week_counts_in_both() -> None:
    segments = [*worked(1006, 1008), tracked(MONDAY + 1008)]
    last, this = (
        week_statement(contract(), segments, week=moment, policy=PLAIN)
        for moment in ("2026-11-22T12:00Z", "2026-11-23T12:00Z")
    )
    found = stopwatches(
        [last, this],
        credited=Slots.range(MONDAY + 1006, MONDAY + 1009),
        now=instant("2026-11-23T00:10Z"),
        zone=UTC,
    )
    assert (str(found.session), str(found.today), str(found.week)) == ("0:30:00", "0:10:00", "0:10:00")


def test_red_time_is_counted_apart() -> None:
    # A limit of half an hour: the first three are billed, two are red.
    found = stopwatches([stated(worked(0, 5), limit="0.5")], credited=run(1, 5), now=slot_start(at(5)), zone=UTC)
    assert (found.session.billed, found.session.over) == (2, 2)
    assert (found.today.billed, found.today.over) == (3, 2)
    assert (found.week.billed, found.week.over) == (3, 2)


def test_nothing_recorded_is_zero() -> None:
    found = stopwatches([stated()], credited=EMPTY, now=slot_start(at(0)), zone=UTC)
    assert [str(watch) for watch in (found.session, found.today, found.week)] == ["0:00:00"] * 3


# The limit.


def test_the_issue_s_example_limit_reached_at_16_40() -> None:
    # 40 h are 240 segments. 236 are recorded: until Wednesday 16:00 four are left, which end at 16:40.
    statement = stated(worked(2 * DAY + 16 * HOUR - 236, 2 * DAY + 16 * HOUR))
    meter = limit_meter(statement, now=instant("2026-11-18T16:00Z"))
    assert (meter.limit, meter.billed, meter.over, meter.percent) == (240, 236, 0, 98)
    assert meter.reached_at == instant("2026-11-18T16:40Z")
    assert meter.words(instant("2026-11-18T16:00Z"), UTC) == "limit reached at 16:40"


def test_the_open_segment_counts_as_the_first_that_is_left() -> None:
    # At 16:07:30 the segment of 16:00 is open; with it four are left.
    statement = stated(worked(2 * DAY + 16 * HOUR - 236, 2 * DAY + 16 * HOUR))
    meter = limit_meter(statement, now=instant("2026-11-18T16:07:30Z"))
    assert meter.reached_at == instant("2026-11-18T16:40Z")


def test_a_segment_that_is_recorded_already_uses_up_nothing_again() -> None:
    # The segment of 16:10 is there as manual time: after 16:00 come 16:20 and 16:30, and the limit ends at 16:40.
    statement = stated([*worked(2 * DAY + 16 * HOUR - 236, 2 * DAY + 16 * HOUR), manual("2026-11-18T16:10Z")])
    meter = limit_meter(statement, now=instant("2026-11-18T16:00Z"))
    assert (meter.billed, meter.reached_at) == (237, instant("2026-11-18T16:40Z"))


@pytest.mark.parametrize(
    ("recorded", "level", "percent"),
    [
        (0, LimitLevel.NONE, 0),
        (53, LimitLevel.NONE, 88),
        (54, LimitLevel.NEAR, 90),
        (59, LimitLevel.NEAR, 98),
        (60, LimitLevel.REACHED, 100),
        (70, LimitLevel.REACHED, 100),
    ],
)
def test_the_notices_come_at_90_and_at_100_per_cent(recorded: int, level: LimitLevel, percent: int) -> None:
    # A limit of 10 h: 60 segments, nine tenths of which are 54.
    meter = limit_meter(stated(worked(0, recorded), limit=10), now=slot_start(at(100)))
    assert (meter.level, meter.percent) == (level, percent)
    assert (meter.notice(slot_start(at(100)), UTC) is None) is (level is LimitLevel.NONE)


def test_the_notices_say_what_is_left_and_that_time_is_red() -> None:
    now = instant("2026-11-16T09:00Z")
    near = limit_meter(stated(worked(0, 54), limit=10), now=now).notice(now, UTC)
    assert near == "90 % of the weekly limit of 10 h are used, 1 h left, until 10:00 without a pause."
    full = limit_meter(stated(worked(0, 60), limit=10), now=instant("2026-11-16T10:00Z"))
    notice = full.notice(instant("2026-11-16T10:00Z"), UTC)
    assert notice == "The weekly limit of 10 h is reached. From now on time is red and unpaid (LIMIT-1)."
    assert full.reached_at is None
    assert full.words(now, UTC) == "limit reached: more time is red and unpaid"


def test_what_is_over_the_limit_is_counted() -> None:
    meter = limit_meter(stated(worked(0, 62), limit=10), now=instant("2026-11-16T10:20Z"))
    assert (meter.billed, meter.over) == (60, 2)


def test_without_a_limit_nothing_is_ever_reached() -> None:
    now = instant("2026-11-18T00:00Z")
    meter = limit_meter(stated(worked(0, 200), limit=None), now=now)
    assert (meter.limit, meter.percent, meter.level, meter.notice(now, UTC)) == (None, None, LimitLevel.NONE, None)
    assert meter.words(now, UTC) == "no weekly limit"


def test_limit_1_a_limit_of_no_hours_is_reached_before_anything_is_tracked() -> None:
    meter = limit_meter(stated(limit=0), now=instant("2026-11-18T00:00Z"))
    assert (meter.limit, meter.level, meter.percent) == (0, LimitLevel.REACHED, 100)


def test_a_limit_that_the_week_has_no_room_for_has_no_forecast() -> None:
    # On Sunday at 23:00 six segments are left of the week, and 240 of the limit.
    now = instant("2026-11-22T23:00Z")
    meter = limit_meter(stated(), now=now)
    assert (meter.reached_at, meter.words(now, UTC)) == (None, "not reached this week")


def test_the_last_segment_of_the_week_can_be_the_last_that_is_paid() -> None:
    # Six are left of the week and six of the limit: nothing red can follow in this week.
    meter = limit_meter(stated(worked(0, 234)), now=instant("2026-11-22T23:00Z"))
    assert (meter.level, meter.reached_at) == (LimitLevel.NEAR, None)


def test_a_forecast_of_another_day_names_it() -> None:
    # 144 segments are left on Wednesday at 16:00: they end on Thursday at 16:00.
    now = instant("2026-11-18T16:00Z")
    meter = limit_meter(stated(worked(0, 96)), now=now)
    assert meter.words(now, UTC) == "limit reached at Thu 16:00"


def test_limit_2_with_tracked_first_red_manual_time_means_that_the_limit_is_reached() -> None:
    # A limit of one hour, four tracked and four manual, of which two are red. A tracked segment more would be
    # green, but it would make a manual one red: the bill does not grow.
    rules = policy(limit={"order": LimitOrder.TRACKED_FIRST})
    statement = stated([*worked(0, 4), *(manual(at(place)) for place in range(4, 8))], limit=1, rules=rules)
    meter = limit_meter(statement, now=slot_start(at(8)))
    assert (meter.billed, meter.over, meter.level) == (6, 2, LimitLevel.REACHED)


def test_limit_3_a_limit_raised_from_a_moment_on_is_the_one_that_counts_then() -> None:
    # Two hours until Wednesday, then four: the 12 recorded are all that Tuesday allows, and Wednesday 12 more.
    rules = policy(limit={"increase": Change.FROM_THEN_ON})
    raised = contract(terms=[terms(limit=2), terms(since="2026-11-18T00:00Z", limit=4)])
    statement = stated(worked(0, 12), on=raised, rules=rules)
    tuesday = limit_meter(statement, now=instant("2026-11-17T09:00Z"))
    assert (tuesday.limit, tuesday.level) == (12, LimitLevel.REACHED)
    wednesday = limit_meter(statement, now=instant("2026-11-18T09:00Z"))
    assert (wednesday.limit, wednesday.level, wednesday.reached_at) == (
        24,
        LimitLevel.NONE,
        instant("2026-11-18T11:00Z"),
    )


def test_after_the_week_there_is_no_forecast() -> None:
    meter = limit_meter(stated(worked(0, 5)), now=instant("2026-11-24T00:00Z"))
    assert (meter.limit, meter.level, meter.reached_at) == (None, LimitLevel.NONE, None)


# The countdown (T16): the week of 2026-11-16 locks on Monday 2026-11-23 at 12:00Z.


@pytest.mark.parametrize(
    ("now", "left", "stage"),
    [
        ("2026-11-20T12:00Z", 3 * 86400, None),
        ("2026-11-22T11:59:59Z", 86401, None),
        ("2026-11-22T12:00Z", 86400, 24),
        ("2026-11-23T07:59:59Z", 4 * 3600 + 1, 24),
        ("2026-11-23T08:00Z", 4 * 3600, 4),
        ("2026-11-23T10:59:59Z", 3601, 4),
        ("2026-11-23T11:00Z", 3600, 1),
        ("2026-11-23T11:59:59Z", 1, 1),
        ("2026-11-23T12:00Z", 0, 0),
        ("2026-11-24T12:00Z", 0, 0),
    ],
)
def test_t16_the_notices_come_24_4_and_1_hours_before_the_lock(now: str, left: int, stage: int | None) -> None:
    found = countdown(run(0, 3), [stated()], now=instant(now))
    assert found == Countdown(week=WEEK, locks_at=instant("2026-11-23T12:00Z"), slots=run(0, 3), left=left, stage=stage)


def test_t16_the_countdown_says_how_long_and_how_much() -> None:
    found = countdown(run(0, 3), [stated()], now=instant("2026-11-23T08:30Z"))
    assert found is not None
    assert found.words(UTC) == (
        "The week of 2026-11-16 locks in 3 h 30 min, Mon 23 Nov 12:00. Not in the diary yet: 30 min."
    )


def test_t16_after_the_lock_it_says_what_becomes_of_late_time() -> None:
    found = countdown(run(0, 1), [stated()], now=instant("2026-11-23T12:00Z"))
    assert found is not None
    assert found.words(zone("Europe/Berlin")) == (
        "The week of 2026-11-16 is locked since Mon 23 Nov 13:00. Not in the diary by then: 10 min, which is "
        "kept as evidence and not billed (UPLOAD-1)."
    )


def test_without_anything_that_waits_there_is_no_countdown() -> None:
    assert countdown(EMPTY, [stated()], now=instant("2026-11-23T11:00Z")) is None


def test_of_two_weeks_the_next_lock_counts_and_a_passed_one_only_alone() -> None:
    both = [
        week_statement(contract(), [], week=moment, policy=PLAIN)
        for moment in ("2026-11-18T12:00Z", "2026-11-25T12:00Z")
    ]
    waiting = Slots([MONDAY, MONDAY + 1008])
    before = countdown(waiting, both, now=instant("2026-11-23T11:00Z"))
    assert before is not None
    assert (str(before.week), before.stage) == ("week of 2026-11-16", 1)
    after = countdown(waiting, both, now=instant("2026-11-23T12:00Z"))
    assert after is not None
    assert (str(after.week), after.stage) == ("week of 2026-11-23", None)


# What a deletion costs.


def test_the_issue_s_example_minus_10_minutes_5_usd() -> None:
    found = deletion(stated(worked(0, 3)), worked(3, 4), at(3), now=slot_start(at(4)))
    assert (found.slots, found.amount) == (-1, Money(-500, "USD"))
    assert str(found) == "−10 minutes, 5.00 USD"


def test_the_open_segment_costs_what_it_would_bring() -> None:
    found = deletion(stated(worked(0, 3)), [], at(3), now=instant("2026-11-16T00:35Z"))
    assert str(found) == "−10 minutes, 5.00 USD"


def test_limit_5_a_deleted_segment_makes_room_for_a_red_one() -> None:
    # A limit of half an hour, five segments: whichever of them goes, three are paid.
    found = deletion(stated(worked(0, 3), limit="0.5"), worked(3, 5), at(3), now=slot_start(at(5)))
    assert str(found) == "−10 minutes, 0.00 USD"


def test_limit_5_where_a_red_segment_of_a_higher_rate_is_paid_instead_the_bill_is_said_to_grow() -> None:
    # A limit of an hour: six segments at 30.00 are paid, 5.00 each, and two at 60.00 are red. Without one of the six,
    # one of the two is paid, at 10.00.
    on = contract(terms=[terms(limit=1), terms("2026-11-16T01:00Z", "60.00", limit=1)])
    before = stated(worked(0, 8), on=on)
    assert str(before.amount) == "30.00 USD"
    found = deletion(before, [], at(0), now=slot_start(at(8)), is_sent=True)
    assert (found.slots, found.amount) == (-1, Money(500, "USD"))
    assert str(found) == "−10 minutes, and the bill grows by 5.00 USD"
    # The seventh is red itself: nothing is paid instead.
    assert str(deletion(before, [], at(6), now=slot_start(at(8)), is_sent=True)) == "−10 minutes, 0.00 USD"


@pytest.mark.parametrize(
    ("minor", "words"), [(500, "the bill grows by 5.00 USD"), (-500, "the bill shrinks by 5.00 USD")]
)
def test_where_only_the_money_changes_no_minutes_are_named(minor: int, words: str) -> None:
    assert str(Deletion(slots=0, amount=Money(minor, "USD"))) == words


def test_a_rate_that_does_not_divide_costs_what_the_line_of_the_bill_loses() -> None:
    # At 10.00 an hour a segment is 1.666…: two are 3.33, three are 5.00, so the third costs 1.67.
    ten = contract(terms=[terms(rate="10.00")])
    third = deletion(stated(worked(0, 2), on=ten), worked(2, 3), at(2), now=slot_start(at(3)))
    assert str(third) == "−10 minutes, 1.67 USD"
    # One is 1.67, two are 3.33: the second costs 1.66.
    second = deletion(stated(worked(0, 1), on=ten), worked(1, 2), at(1), now=slot_start(at(2)))
    assert str(second) == "−10 minutes, 1.66 USD"


def test_a_manual_segment_below_stays_when_the_tracked_one_is_deleted() -> None:
    found = deletion(stated([manual(at(0))]), worked(0, 1), at(0), now=slot_start(at(1)))
    assert (found.slots, found.amount.minor) == (0, 0)


def test_after_the_lock_a_deletion_costs_nothing_for_nothing_would_be_billed() -> None:
    found = deletion(stated(), worked(0, 1), at(0), now=instant("2026-11-23T12:00Z"))
    assert (found.slots, found.amount.minor) == (0, 0)


def test_the_values_cannot_be_changed() -> None:
    meter = limit_meter(stated(), now=instant("2026-11-18T00:00Z"))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        meter.billed = 5  # type: ignore[misc]  # that it is refused is the test


def test_the_price_of_a_segment_of_which_a_part_is_in_the_diary_is_what_the_statement_changes_by() -> None:
    # Switched off and on again in the third segment: its first part is recorded, the rest waits. Its deletion takes
    # both, so that of three segments at $5.00 two are left.
    before = stated(worked(0, 3))
    found = deletion(before, [tracked(at(2))], at(2), now=slot_start(at(3)), is_sent=True)
    assert (found.slots, str(found.amount)) == (-1, "-5.00 USD")
    assert str(found) == "−10 minutes, 5.00 USD"


def test_a_segment_that_another_tracker_has_recorded_stays_on_the_bill() -> None:
    found = deletion(stated(worked(0, 3)), [tracked(at(2))], at(2), now=slot_start(at(3)))
    assert (found.slots, found.amount) == (0, Money(0, "USD"))
    assert str(found) == "the bill stays as it is"
