"""`Policy` and its parts: the words of a policy, what a section refuses, and the calendar of a week."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any

import attrs
import pytest

from tests.support import MONDAY, ODD, PLAIN, policy, refusal
from workdiary.errors import InvalidValue, NaiveDatetime
from workdiary.model.contract import Role
from workdiary.model.policy import (
    Action,
    Calendar,
    Change,
    Confidence,
    Credit,
    CreditRule,
    DisputeRule,
    FeeTier,
    LabelNeed,
    LimitOrder,
    LimitRule,
    MemoNeed,
    Moments,
    OnTaken,
    Palette,
    Permissions,
    RateCap,
    RuleSource,
    WeekRule,
)
from workdiary.model.times import UTC, Weekday, instant

WORDS: list[tuple[type[Enum], list[str]]] = [
    (Credit, ["snapshot", "threshold", "carry"]),
    (LimitOrder, ["chronological", "tracked_first"]),
    (Change, ["whole_week", "from_then_on", "next_week"]),
    (Action, ["add_time", "delete_time", "edit_memo", "edit_label"]),
    (OnTaken, ["skip", "refuse", "overwrite"]),
    (MemoNeed, ["required", "label_suffices", "optional"]),
    (LabelNeed, ["required_if_offered", "optional"]),
    (Moments, ["worked", "invoiced"]),
    (RateCap, ["none", "usual_rate"]),
    (Confidence, ["platform", "users", "decision"]),
]


@pytest.mark.parametrize(("kind", "values"), WORDS)
def test_the_words_of_a_policy(kind: type[Enum], values: list[str]) -> None:
    assert [member.value for member in kind] == values
    assert [member.name for member in kind] == [value.upper() for value in values]


# Sections


@pytest.mark.parametrize("minute", [0, 1439])
def test_week_1_a_week_starts_at_a_minute_of_the_day(minute: int) -> None:
    assert WeekRule(starts_on=Weekday.MONDAY, starts_at=minute, zone=UTC).starts_at == minute


@pytest.mark.parametrize("minute", [-1, 1440])
def test_week_1_another_minute_is_refused(minute: int) -> None:
    assert refusal(InvalidValue, WeekRule, starts_on=Weekday.MONDAY, starts_at=minute, zone=UTC) == (
        "starts_at",
        minute,
        "is not a minute of the day",
        "give 0 to 1439",
    )


@pytest.mark.parametrize("seconds", [1, 300, 600])
def test_credit_threshold_asks_for_1_to_600_seconds(seconds: int) -> None:
    assert CreditRule(rule=Credit.THRESHOLD, min_seconds=seconds).min_seconds == seconds


@pytest.mark.parametrize("seconds", [0, 601, -1, 300.0, "300", True, None])
def test_credit_threshold_other_seconds_are_refused(seconds: Any) -> None:
    assert refusal(InvalidValue, CreditRule, rule=Credit.THRESHOLD, min_seconds=seconds) == (
        "min_seconds",
        seconds,
        "is not 1 to 600 seconds",
        "1 counts any touch",
    )


def test_limit_3_an_increase_counts_for_the_whole_week_or_from_then_on() -> None:
    def rule(increase: Change) -> LimitRule:
        return LimitRule(order=LimitOrder.CHRONOLOGICAL, increase=increase, decrease=Change.NEXT_WEEK)

    assert rule(Change.WHOLE_WEEK).increase is Change.WHOLE_WEEK
    assert rule(Change.FROM_THEN_ON).increase is Change.FROM_THEN_ON
    assert refusal(InvalidValue, rule, Change.NEXT_WEEK) == (
        "increase",
        "next_week",
        "is not whole_week or from_then_on",
        "choose one",
    )


def test_limit_4_a_decrease_counts_from_the_next_week_or_from_then_on() -> None:
    def rule(decrease: Change) -> LimitRule:
        return LimitRule(order=LimitOrder.CHRONOLOGICAL, increase=Change.WHOLE_WEEK, decrease=decrease)

    assert rule(Change.NEXT_WEEK).decrease is Change.NEXT_WEEK
    assert rule(Change.FROM_THEN_ON).decrease is Change.FROM_THEN_ON
    assert refusal(InvalidValue, rule, Change.WHOLE_WEEK) == (
        "decrease",
        "whole_week",
        "is not next_week or from_then_on",
        "choose one",
    )


def test_edit_1_each_role_has_its_own_permissions() -> None:
    permissions = Permissions(freelancer=(Action.ADD_TIME,), client=(Action.EDIT_LABEL,))
    assert permissions.of(Role.FREELANCER) == (Action.ADD_TIME,)
    assert permissions.of(Role.CLIENT) == (Action.EDIT_LABEL,)


@pytest.mark.parametrize("minutes", [0, 10])
def test_protect_2_the_minimum_of_active_minutes_is_0_to_10(minutes: int) -> None:
    assert policy(protection={"min_active_minutes": minutes}).protection.min_active_minutes == minutes


@pytest.mark.parametrize("minutes", [-1, 11, 5.0, "5", True, None])
def test_protect_2_another_minimum_is_refused(minutes: Any) -> None:
    assert refusal(InvalidValue, policy, protection={"min_active_minutes": minutes}) == (
        "min_active_minutes",
        minutes,
        "is not 0 to 10",
        "0 asks for none",
    )


def test_protect_3_and_7_averages_and_lifetime_caps_are_off_unless_given() -> None:
    rule = PLAIN.protection
    assert rule.min_average_active_minutes is None
    assert rule.lifetime_hours is None
    assert rule.lifetime_amount is None


def test_what_a_policy_need_not_say() -> None:
    assert (PLAIN.title, PLAIN.fees, PLAIN.sources) == ("", (), ())
    assert PLAIN.dispute == DisputeRule() == DisputeRule(pauses_contract=False, weekly_limit_zero=False)
    assert PLAIN.palette == Palette() == Palette(tracked="#3c8224", manual="#e8b923", over_limit="#c9302c")
    source = RuleSource(section="limit", since=date(2026, 1, 1), source="Help", rules=("LIMIT-1",))
    assert source.confidence is Confidence.PLATFORM


@pytest.mark.parametrize("rate", ["0", "0.10", "1"])
def test_bill_3_the_rate_of_a_tier_is_a_fraction(rate: str) -> None:
    assert FeeTier(above=Decimal(0), rate=Decimal(rate)).rate == Decimal(rate)


@pytest.mark.parametrize("rate", ["10", "1.01"])
def test_bill_3_a_rate_in_percent_is_refused(rate: str) -> None:
    assert refusal(InvalidValue, FeeTier, above=Decimal(0), rate=Decimal(rate)) == (
        "rate",
        rate,
        "is not a fraction from 0 to 1",
        "write 10 % as 0.10",
    )


def tiers(*above: int) -> tuple[FeeTier, ...]:
    return tuple(FeeTier(above=Decimal(threshold), rate=Decimal("0.1")) for threshold in above)


@pytest.mark.parametrize("above", [(), (0,), (0, 1), (0, 500, 10_000), (500,)])
def test_bill_3_tiers_rise(above: tuple[int, ...]) -> None:
    assert attrs.evolve(PLAIN, fees=tiers(*above)).fees == tiers(*above)


@pytest.mark.parametrize("above", [(0, 0), (0, 2, 1), (5, 0), (0, 1, 1)])
def test_bill_3_tiers_in_another_order_are_refused(above: tuple[int, ...]) -> None:
    assert refusal(InvalidValue, attrs.evolve, PLAIN, fees=tiers(*above)) == (
        "fees",
        ", ".join(map(str, above)),
        "do not rise",
        "order the tiers by what they are above",
    )


@pytest.mark.parametrize("colour", ["#3c822", "#3c82244", "3c8224", "#3c822g", "green", "", "#3c8224\n"])
@pytest.mark.parametrize("name", ["tracked", "manual", "over_limit"])
def test_status_1_a_colour_is_six_hexadecimal_digits(name: str, colour: str) -> None:
    assert refusal(InvalidValue, Palette, **{name: colour}) == (
        name,
        colour,
        "is not a colour",
        "write it like #3c8224",
    )
    assert getattr(Palette(**{name: "#ABCDEF"}), name) == "#ABCDEF"


# Weeks and calendar


def test_week_1_the_week_of_an_instant() -> None:
    week = PLAIN.week_of("2026-11-22T23:59:59.9Z")
    assert (str(week.starts_at), str(week.ends_at)) == ("2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z")
    assert PLAIN.week_of(week) is week
    assert PLAIN.week.containing(instant("2026-11-18T00:00Z")) == week
    assert refusal(NaiveDatetime, PLAIN.week_of, "2026-11-18T00:00")[0] == "week"


def test_week_2_the_week_of_a_slot_is_that_of_its_start() -> None:
    assert str(PLAIN.week_of_slot(MONDAY)) == "week of 2026-11-16"
    assert str(PLAIN.week_of_slot(MONDAY - 1)) == "week of 2026-11-09"


def calendar(**instants: str) -> Calendar:
    return Calendar(**{name: instant(text) for name, text in instants.items()})


def test_calendar_the_instants_of_a_weeks_life() -> None:
    assert PLAIN.calendar(PLAIN.week_of("2026-11-18T00:00Z")) == calendar(
        starts_at="2026-11-16T00:00Z",
        ends_at="2026-11-23T00:00Z",
        locks_at="2026-11-23T12:00Z",
        invoiced_at="2026-11-23T12:00Z",
        review_ends_at="2026-11-28T00:00Z",
        available_at="2026-12-02T00:00Z",
    )


def test_calendar_a_moderators_example_of_september_2016() -> None:
    # Hours of the week before Monday 19 are billed that day, may be disputed until Friday 23, and are
    # available on Wednesday 28.
    made = PLAIN.calendar(PLAIN.week_of("2016-09-15T10:00Z"))
    assert str(made.invoiced_at) == "2016-09-19T12:00:00Z"
    assert str(made.review_ends_at) == "2016-09-24T00:00:00Z"
    assert str(made.available_at) == "2016-09-28T00:00:00Z"


def test_calendar_each_deadline_is_its_own_offset_on_the_policys_wall_clock() -> None:
    # Lord Howe goes back by half an hour on Sunday 2026-04-05, at 02:00; the week begins on Thursday 03:00.
    week = ODD.week_of("2026-04-03T00:00Z")
    assert ODD.calendar(week) == calendar(
        starts_at="2026-04-01T16:00Z",
        ends_at="2026-04-08T16:30Z",
        locks_at="2026-04-10T18:00Z",
        invoiced_at="2026-04-09T17:15Z",
        review_ends_at="2026-04-11T16:30Z",
        available_at="2026-04-12T21:30Z",
    )
    assert ODD.locks_at(week) == instant("2026-04-10T18:00Z")
    assert len(week.slots) == 1011


def test_a_policy_is_a_value() -> None:
    again = attrs.evolve(ODD, name="odd")
    assert again == ODD != PLAIN
    assert hash(again) == hash(ODD)
    assert attrs.evolve(ODD, fees=()) != ODD
    assert ODD.fees[1].above == Decimal(10)
    for part in (ODD, ODD.week, ODD.credit, ODD.limit, ODD.editing, ODD.editing.permissions, ODD.manual,
                 ODD.protection, ODD.billing, ODD.fees[0], ODD.dispute, ODD.palette,
                 ODD.calendar(ODD.week_of("2026-04-03T00:00Z"))):  # fmt: skip
        some: Any = part
        hash(some)
        with pytest.raises(AttributeError):
            setattr(some, attrs.fields(type(some))[0].name, None)
