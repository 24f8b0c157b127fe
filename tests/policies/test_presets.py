"""The presets are the rulebook's table (section 8), dated, and every rule of theirs has a source."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support import refusal
from workdiary import policies
from workdiary.errors import UnknownPolicy
from workdiary.model.contract import ContractStatus, Fact
from workdiary.model.money import Money, Rounding
from workdiary.model.policy import (
    Action,
    BillingRule,
    Change,
    Confidence,
    Credit,
    CreditRule,
    DisputeRule,
    EditingRule,
    FeeTier,
    LabelNeed,
    LimitOrder,
    LimitRule,
    ManualRule,
    MemoNeed,
    Moments,
    OnTaken,
    Palette,
    Permissions,
    Policy,
    ProtectionRule,
    RateCap,
    WeekRule,
)
from workdiary.model.times import UTC, WallOffset, Weekday
from workdiary.policies.catalogue import preset
from workdiary.rules.billing import fee

NAMES = ("odesk", "upwork", "work_for_impact")
UPWORK, ODESK, IMPACT = (policies.get(name) for name in ("upwork", "odesk", "work_for_impact"))
ALL = (Action.ADD_TIME, Action.DELETE_TIME, Action.EDIT_MEMO, Action.EDIT_LABEL)


def offset(text: str) -> WallOffset:
    return WallOffset.parse(text)


# Section 8, row by row, copied by hand.

WEEK = WeekRule(starts_on=Weekday.MONDAY, starts_at=0, zone=UTC)
CREDIT = CreditRule(rule=Credit.SNAPSHOT, min_seconds=1)


def limit(increase: Change) -> LimitRule:
    return LimitRule(order=LimitOrder.CHRONOLOGICAL, increase=increase, decrease=Change.NEXT_WEEK)


def editing(locks_after: str, client: tuple[Action, ...]) -> EditingRule:
    return EditingRule(
        locks_after=offset(locks_after),
        statuses=(ContractStatus.ACTIVE,),
        permissions=Permissions(freelancer=ALL, client=client),
    )


def manual(on_taken: OnTaken) -> ManualRule:
    return ManualRule(needs_permission=True, on_taken=on_taken, memo_required=True)


def protection(**values: Any) -> ProtectionRule:
    common = {
        "requires_snapshot": True,
        "min_average_active_minutes": None,
        "rate_cap": RateCap.NONE,
        "lifetime_hours": None,
        "lifetime_amount": None,
    }
    return ProtectionRule(**{**common, **values})


def billing(invoiced: str, review: str, available: str) -> BillingRule:
    return BillingRule(
        rounding=Rounding.HALF_UP,
        invoiced_after=offset(invoiced),
        review_ends_after=offset(review),
        available_after=offset(available),
    )


TABLE: dict[str, dict[str, object]] = {
    "upwork": {
        "week": WEEK,
        "credit": CREDIT,
        "limit": limit(Change.WHOLE_WEEK),
        "editing": editing("P7DT12H", (Action.EDIT_LABEL,)),
        "manual": manual(OnTaken.SKIP),
        "protection": protection(
            min_active_minutes=1,
            memo=MemoNeed.REQUIRED,
            label=LabelNeed.REQUIRED_IF_OFFERED,
            requires=(Fact.BILLING_VERIFIED, Fact.GOOD_STANDING, Fact.IDENTITY_VERIFIED),
            facts_checked=(Moments.WORKED, Moments.INVOICED),
        ),
        "billing": billing("P7DT12H", "P12D", "P16D"),
    },
    "odesk": {
        "week": WEEK,
        "credit": CREDIT,
        "limit": limit(Change.FROM_THEN_ON),
        "editing": editing("P7DT12H", (Action.EDIT_LABEL,)),
        "manual": manual(OnTaken.OVERWRITE),
        "protection": protection(
            min_active_minutes=5,
            memo=MemoNeed.LABEL_SUFFICES,
            label=LabelNeed.OPTIONAL,
            requires=(Fact.BILLING_VERIFIED, Fact.GOOD_STANDING),
            facts_checked=(Moments.WORKED, Moments.INVOICED),
        ),
        "billing": billing("P7DT12H", "P12D", "P16D"),
    },
    "work_for_impact": {
        "week": WEEK,
        "credit": CREDIT,
        "limit": limit(Change.WHOLE_WEEK),
        "editing": editing("P7D", ()),
        "manual": manual(OnTaken.SKIP),
        "protection": protection(
            min_active_minutes=1,
            memo=MemoNeed.REQUIRED,
            label=LabelNeed.OPTIONAL,
            requires=(),
            facts_checked=(),
        ),
        "billing": billing("P8D", "P16D", "P16D"),
    },
}


@pytest.mark.parametrize(("name", "section"), [(name, section) for name in NAMES for section in TABLE[name]])
def test_section_8_each_preset_has_the_rulebooks_values(name: str, section: str) -> None:
    assert getattr(policies.get(name), section) == TABLE[name][section]


def test_the_names_of_the_presets() -> None:
    assert policies.names() == NAMES
    assert [policies.get(name).name for name in NAMES] == list(NAMES)
    assert [policies.get(name).title for name in NAMES] == [
        "oDesk Work Diary", "Upwork Work Diary", "Work for Impact worklog",
    ]  # fmt: skip


# Beyond the table


def test_bill_3_the_fees_of_the_presets() -> None:
    assert UPWORK.fees == (FeeTier(above=Decimal(0), rate=Decimal("0.10")),)
    assert ODESK.fees == ()
    assert IMPACT.fees == (
        FeeTier(above=Decimal(0), rate=Decimal("0.12")),
        FeeTier(above=Decimal(10_000), rate=Decimal("0.07")),
    )
    assert str(fee(Money.of("266.64", "USD"), UPWORK.fees)) == "26.66 USD"
    assert str(fee(Money.of(6000, "USD"), IMPACT.fees, paid_before=Money.of(5000, "USD"))) == "670.00 USD"


def test_dispute_3_upwork_pauses_the_contract_and_sets_its_weekly_limit_to_0() -> None:
    assert UPWORK.dispute == DisputeRule(pauses_contract=True, weekly_limit_zero=True)
    assert ODESK.dispute == IMPACT.dispute == DisputeRule(pauses_contract=False, weekly_limit_zero=False)


def test_status_1_older_pages_show_brown_for_over_the_limit_and_newer_ones_red() -> None:
    assert UPWORK.palette == IMPACT.palette == Palette(tracked="#3c8224", manual="#e8b923", over_limit="#c9302c")
    assert ODESK.palette == Palette(tracked="#5cb531", manual="#f2d43d", over_limit="#8b5a2b")


@pytest.mark.parametrize("policy", [UPWORK, ODESK, IMPACT])
def test_colours_are_six_hexadecimal_digits(policy: Policy) -> None:
    for colour in (policy.palette.tracked, policy.palette.manual, policy.palette.over_limit):
        assert re.fullmatch(r"#[0-9a-f]{6}", colour)


# Sources

SECTIONS = ("week", "credit", "limit", "editing", "manual", "protection", "billing", "fees", "dispute", "palette")
RULES = {
    "week": ("GRID-1", "WEEK-1", "WEEK-2", "WEEK-3"),
    "credit": ("CREDIT-snapshot", "CREDIT-threshold"),
    "limit": ("STATUS-1", "LIMIT-1", "LIMIT-2", "LIMIT-3", "LIMIT-4", "LIMIT-5"),
    "editing": ("EDIT-1", "EDIT-2", "EDIT-3", "EDIT-4", "EDIT-5", "EDIT-6", "UPLOAD-1", "UPLOAD-2"),
    "manual": ("MANUAL-1", "MANUAL-2", "MANUAL-3"),
    "protection": (
        "ACTIVITY-1", "ACTIVITY-2", "PROTECT-1", "PROTECT-2", "PROTECT-3", "PROTECT-4", "PROTECT-5", "PROTECT-6",
        "PROTECT-7", "PROTECT-8",
    ),
    "billing": ("BILL-1", "BILL-2", "CALENDAR"),
    "fees": ("BILL-3",),
    "dispute": ("DISPUTE-1", "DISPUTE-2", "DISPUTE-3", "CLAIM-1"),
    "palette": ("STATUS-1",),
}  # fmt: skip
PLATFORMS = {"upwork": "Upwork support, ", "odesk": "oDesk help, ", "work_for_impact": "Work for Impact help, "}


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_row_of_a_preset_has_a_source_a_date_and_its_rules(name: str) -> None:
    rows = [row for _, rows in preset(name).sections for row in rows]
    assert len(rows) >= 9
    for row in rows:
        assert row.source.source.startswith(PLATFORMS[name])
        assert row.source.rules == RULES[row.source.section]
        assert date(2008, 1, 1) <= row.source.since <= date(2026, 11, 1)
        assert isinstance(row.source.confidence, Confidence)


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_carries_the_sources_of_its_rows(name: str) -> None:
    expected = [section for section in SECTIONS if section != "fees" or name != "odesk"]
    assert [source.section for source in policies.get(name).sources] == expected


def test_the_confidence_of_a_source_is_the_rulebooks() -> None:
    told = {name: {row.section: row.confidence.value for row in policies.get(name).sources} for name in NAMES}
    platform = dict.fromkeys(SECTIONS, "platform")
    assert told["upwork"] == {**platform, "credit": "users"}
    assert told["work_for_impact"] == {**platform, "credit": "decision", "dispute": "decision"}
    assert told["odesk"] == {section: how for section, how in told["upwork"].items() if section != "fees"}


# By date


def test_edit_3_odesk_locked_on_tuesday_in_2008_and_at_monday_noon_from_2010_on() -> None:
    assert policies.get("odesk", at="2008-06-02T00:00Z").editing.locks_after == offset("P8D")
    assert policies.get("odesk", at="2009-12-31T23:59:59Z").editing.locks_after == offset("P8D")
    assert policies.get("odesk", at="2010-01-01T00:00:00Z").editing.locks_after == offset("P7DT12H")
    assert ODESK.editing.locks_after == offset("P7DT12H")
    old = policies.get("odesk", at="2008-06-02T00:00Z")
    assert str(old.locks_at(old.week_of("2008-06-02T00:00Z"))) == "2008-06-10T00:00:00Z"
    assert old.sources[3].since == date(2008, 1, 1)
    assert preset("odesk").dates == ("2008-01-01", "2010-01-01")


def test_upworks_fee_is_in_the_policy_from_its_date_on() -> None:
    assert policies.get("upwork", at="2023-05-02T23:59:59Z").fees == ()
    assert policies.get("upwork", at="2023-05-03T00:00:00Z").fees == UPWORK.fees
    assert preset("upwork").dates == ("2015-05-05", "2023-05-03")
    assert preset("work_for_impact").dates == ("2021-01-01",)


@pytest.mark.parametrize(
    ("name", "first"), [("upwork", "2015-05-05"), ("odesk", "2008-01-01"), ("work_for_impact", "2021-01-01")]
)
def test_before_its_first_rules_a_preset_says_nothing(name: str, first: str) -> None:
    assert policies.get(name, at=f"{first}T00:00:00Z").name == name
    before = {"2015-05-05": "2015-05-04", "2008-01-01": "2007-12-31", "2021-01-01": "2020-12-31"}[first]
    assert refusal(UnknownPolicy, policies.get, name, at=f"{before}T23:59:59Z") == (
        "at",
        f"{before}T23:59:59Z",
        f"is before {name}'s first week rule, {first}",
        "ask later",
    )


def test_an_unknown_name_is_refused_with_the_known_ones_and_the_nearest() -> None:
    words = "is not a preset; there are odesk, upwork, work_for_impact"
    assert refusal(UnknownPolicy, policies.get, "upwrk") == ("policy", "upwrk", words, "did you mean upwork?")
    assert refusal(UnknownPolicy, policies.get, "zzz") == (
        "policy",
        "zzz",
        words,
        "or load your own by policies.load(path)",
    )
    assert refusal(UnknownPolicy, policies.get, None)[1] is None


# Differences in words


def test_a_policy_does_not_differ_from_itself() -> None:
    for name in NAMES:
        assert policies.diff(policies.get(name), policies.get(name)) == ()


def test_upwork_and_odesk_differ_in_words() -> None:
    assert policies.diff(UPWORK, ODESK) == (
        "limit.increase: upwork whole_week, odesk from_then_on",
        "manual.on_taken: upwork skip, odesk overwrite",
        "protection.min_active_minutes: upwork 1, odesk 5",
        "protection.memo: upwork required, odesk label_suffices",
        "protection.label: upwork required_if_offered, odesk optional",
        "protection.requires: upwork billing_verified and good_standing and identity_verified, "
        "odesk billing_verified and good_standing",
        "fees: upwork above 0, rate 0.10, odesk none",
        "dispute.pauses_contract: upwork yes, odesk no",
        "dispute.weekly_limit_zero: upwork yes, odesk no",
        "palette.tracked: upwork #3c8224, odesk #5cb531",
        "palette.manual: upwork #e8b923, odesk #f2d43d",
        "palette.over_limit: upwork #c9302c, odesk #8b5a2b",
    )


def test_upwork_and_work_for_impact_differ_in_words() -> None:
    assert policies.diff(UPWORK, IMPACT) == (
        "editing.locks_after: upwork P7DT12H, work_for_impact P7D",
        "editing.permissions.client: upwork edit_label, work_for_impact none",
        "protection.label: upwork required_if_offered, work_for_impact optional",
        "protection.requires: upwork billing_verified and good_standing and identity_verified, work_for_impact none",
        "protection.facts_checked: upwork worked and invoiced, work_for_impact none",
        "billing.invoiced_after: upwork P7DT12H, work_for_impact P8D",
        "billing.review_ends_after: upwork P12D, work_for_impact P16D",
        "fees: upwork above 0, rate 0.10, work_for_impact above 0, rate 0.12 and above 10000, rate 0.07",
        "dispute.pauses_contract: upwork yes, work_for_impact no",
        "dispute.weekly_limit_zero: upwork yes, work_for_impact no",
    )
