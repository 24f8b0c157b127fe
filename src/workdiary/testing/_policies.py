"""Strategies for policies: the presets, and free combinations of every rule."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from workdiary import policies as presets
from workdiary.model.activity import MINUTES
from workdiary.model.contract import ContractStatus, Fact
from workdiary.model.money import Rounding
from workdiary.model.policy import (
    Action,
    BillingRule,
    Change,
    Credit,
    CreditRule,
    EditingRule,
    FeeTier,
    LabelNeed,
    LimitOrder,
    LimitRule,
    ManualRule,
    MemoNeed,
    Moments,
    OnTaken,
    Permissions,
    Policy,
    ProtectionRule,
    RateCap,
)
from workdiary.testing._hypothesis import st
from workdiary.testing._times import wall_offsets, week_rules

__all__ = ["credit_rules", "limit_rules", "policies", "protection_rules"]


@cache
def credit_rules() -> st.SearchStrategy[CreditRule]:
    """Return a strategy for the roundings from tracked seconds to segments."""
    seconds = st.sampled_from((1, 300, 600)) | st.integers(1, 600)
    return st.builds(CreditRule, rule=st.sampled_from(Credit), min_seconds=seconds)


@cache
def limit_rules() -> st.SearchStrategy[LimitRule]:
    """Return a strategy for all eight ways in which a weekly limit can work."""
    return st.builds(
        LimitRule,
        order=st.sampled_from(LimitOrder),
        increase=st.sampled_from((Change.WHOLE_WEEK, Change.FROM_THEN_ON)),
        decrease=st.sampled_from((Change.NEXT_WEEK, Change.FROM_THEN_ON)),
    )


@cache
def protection_rules() -> st.SearchStrategy[ProtectionRule]:
    """Return a strategy for criteria of protection in any combination."""
    return st.builds(
        ProtectionRule,
        requires_snapshot=st.booleans(),
        memo=st.sampled_from(MemoNeed),
        label=st.sampled_from(LabelNeed),
        rate_cap=st.sampled_from(RateCap),
        min_active_minutes=st.integers(0, MINUTES),
        min_average_active_minutes=st.none() | st.sampled_from(("0", "4.5", "5", "10")).map(Decimal),
        requires=st.lists(st.sampled_from(Fact), unique=True).map(tuple),
        facts_checked=st.lists(st.sampled_from(Moments), unique=True).map(tuple),
        lifetime_hours=st.none() | st.sampled_from(("0", "0.5", "2.25", "50")).map(Decimal),
        lifetime_amount=st.none() | st.sampled_from(("0", "100", "2500")).map(Decimal),
    )


def _billing_rules() -> st.SearchStrategy[BillingRule]:
    """Return a strategy for bills and their calendar; the review begins with the invoice."""
    return wall_offsets(7 * 24 * 60).flatmap(
        lambda invoiced: st.builds(
            BillingRule,
            rounding=st.sampled_from(Rounding),
            invoiced_after=st.just(invoiced),
            review_ends_after=wall_offsets(invoiced.minutes + 1, 28 * 24 * 60),
            available_after=wall_offsets(7 * 24 * 60),
        )
    )


@cache
def policies() -> st.SearchStrategy[Policy]:
    """Return a strategy for policies: the presets, and free combinations of every rule."""
    actions = st.lists(st.sampled_from(Action), unique=True).map(tuple)
    statuses = st.lists(st.sampled_from(ContractStatus), unique=True).map(tuple)
    tiers = (FeeTier(above=Decimal(0), rate=Decimal("0.12")), FeeTier(above=Decimal(10_000), rate=Decimal("0.07")))
    free = st.builds(
        Policy,
        name=st.just("free"),
        title=st.just("A free combination"),
        week=week_rules(),
        credit=credit_rules(),
        limit=limit_rules(),
        editing=st.builds(
            EditingRule,
            locks_after=wall_offsets(7 * 24 * 60),
            statuses=statuses,
            permissions=st.builds(Permissions, freelancer=st.just(tuple(Action)) | actions, client=actions),
        ),
        manual=st.builds(
            ManualRule,
            needs_permission=st.booleans(),
            on_taken=st.sampled_from(OnTaken),
            memo_required=st.booleans(),
        ),
        protection=protection_rules(),
        billing=_billing_rules(),
        fees=st.sampled_from(((), tiers[:1], tiers)),
    )
    return st.sampled_from(presets.names()).map(presets.get) | free
