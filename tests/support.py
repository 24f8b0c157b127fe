"""Builders that tests share: a contract, segments, a plain policy and an odd one, and a reader of errors.

Everything here is written out by hand; no preset and no rule takes part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import attrs
import pytest

from workdiary.errors import WorkdiaryError
from workdiary.model.activity import Activity
from workdiary.model.contract import Contract, ContractStatus, Fact, Facts, Terms
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
    WeekRule,
)
from workdiary.model.segment import Segment
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import UTC, WallOffset, Week, Weekday, zone

MONDAY = 2991312
"""The slot of Monday 2026-11-16T00:00Z, the first of the week that most tests look at."""

WEEK_SLOTS = 1008

ALL_ACTIONS = (Action.ADD_TIME, Action.DELETE_TIME, Action.EDIT_MEMO, Action.EDIT_LABEL)

PLAIN = Policy(
    name="plain",
    week=WeekRule(starts_on=Weekday.MONDAY, starts_at=0, zone=UTC),
    credit=CreditRule(rule=Credit.SNAPSHOT, min_seconds=1),
    limit=LimitRule(order=LimitOrder.CHRONOLOGICAL, increase=Change.WHOLE_WEEK, decrease=Change.NEXT_WEEK),
    editing=EditingRule(
        locks_after=WallOffset.parse("P7DT12H"),
        statuses=(ContractStatus.ACTIVE,),
        permissions=Permissions(freelancer=ALL_ACTIONS, client=(Action.EDIT_LABEL,)),
    ),
    manual=ManualRule(needs_permission=True, on_taken=OnTaken.SKIP, memo_required=True),
    protection=ProtectionRule(
        requires_snapshot=True,
        min_active_minutes=1,
        memo=MemoNeed.REQUIRED,
        label=LabelNeed.REQUIRED_IF_OFFERED,
        requires=(Fact.BILLING_VERIFIED, Fact.GOOD_STANDING, Fact.IDENTITY_VERIFIED),
        facts_checked=(Moments.WORKED, Moments.INVOICED),
        rate_cap=RateCap.NONE,
    ),
    billing=BillingRule(
        rounding=Rounding.HALF_UP,
        invoiced_after=WallOffset.parse("P7DT12H"),
        review_ends_after=WallOffset.parse("P12D"),
        available_after=WallOffset.parse("P16D"),
    ),
)
"""The usual policy, with Upwork's values."""

ODD = Policy(
    name="odd",
    week=WeekRule(starts_on=Weekday.THURSDAY, starts_at=3 * 60, zone=zone("Australia/Lord_Howe")),
    credit=CreditRule(rule=Credit.CARRY, min_seconds=600),
    limit=LimitRule(order=LimitOrder.TRACKED_FIRST, increase=Change.FROM_THEN_ON, decrease=Change.FROM_THEN_ON),
    editing=EditingRule(
        locks_after=WallOffset.parse("P9DT1H30M"),
        statuses=(ContractStatus.ACTIVE, ContractStatus.PAUSED),
        permissions=Permissions(freelancer=(Action.ADD_TIME,), client=(Action.DELETE_TIME, Action.EDIT_MEMO)),
    ),
    manual=ManualRule(needs_permission=False, on_taken=OnTaken.REFUSE, memo_required=False),
    protection=ProtectionRule(
        requires_snapshot=False,
        min_active_minutes=3,
        min_average_active_minutes=Decimal("5.5"),
        memo=MemoNeed.OPTIONAL,
        label=LabelNeed.REQUIRED_IF_OFFERED,
        requires=(Fact.GOOD_STANDING,),
        facts_checked=(Moments.INVOICED,),
        rate_cap=RateCap.USUAL_RATE,
        lifetime_hours=Decimal("1.5"),
    ),
    billing=BillingRule(
        rounding=Rounding.HALF_EVEN,
        invoiced_after=WallOffset.parse("P8DT45M"),
        review_ends_after=WallOffset.parse("P10D"),
        available_after=WallOffset.parse("P11DT5H"),
    ),
    fees=(FeeTier(above=Decimal(0), rate=Decimal("0.5")), FeeTier(above=Decimal(10), rate=Decimal(0))),
)
"""A deliberately odd policy: no value of it is a preset's, to prove that the rules do not know the presets."""

WEEK: Week = PLAIN.week_of("2026-11-18T00:00Z")
"""The week of Monday 2026-11-16, UTC."""


def policy(base: Policy = PLAIN, **sections: dict[str, Any]) -> Policy:
    """Return `base` with some values of its sections replaced: ``policy(limit={"order": …})``."""
    changed = {section: attrs.evolve(getattr(base, section), **values) for section, values in sections.items()}
    return attrs.evolve(base, **changed)


def terms(
    since: str = "2026-11-02T00:00Z", rate: str = "30.00", limit: str | int | None = 40, manual: bool = True
) -> Terms:
    """Return terms; no limit for `limit` ``None``."""
    return Terms(since=since, rate=rate, weekly_limit=limit, manual_time_allowed=manual)


def all_facts(since: str = "2026-11-02T00:00Z", **changes: bool) -> Facts:
    """Return facts that are all on record, but for `changes`."""
    known = {"billing_verified": True, "good_standing": True, "identity_verified": True}
    return Facts(since=since, **{**known, **changes})


def contract(**changes: Any) -> Contract:
    """Return a contract of $30 and 40 hours a week since 2026-11-02, every fact on record, no labels."""
    values: dict[str, Any] = {
        "id": "c-1",
        "freelancer": "ana",
        "client": "acme",
        "currency": "USD",
        "terms": [terms()],
        "facts": [all_facts()],
    }
    return Contract(**{**values, **changes})


def at(place: int) -> Slot:
    """Return the slot at `place` in the week of 2026-11-16."""
    return Slot(MONDAY + place)


def tracked(
    slot: int | str,
    *,
    memo: str = "Fix the login form",
    label: str | None = None,
    meter: int | None = 8,
    shot: bool = True,
) -> Segment:
    """Return a tracked segment to which no criterion objects."""
    start = Segment.manual(slot).starts_at
    activity = None if meter is None else Activity.of_meter(meter)
    return Segment.tracked(slot, memo=memo, label=label, activity=activity, snapshots=[start] if shot else [])


def manual(slot: int | str, *, memo: str = "Call", label: str | None = None) -> Segment:
    """Return a manual segment."""
    return Segment.manual(slot, memo=memo, label=label)


def slots(*numbers: int) -> Slots:
    """Return the slots at these places in the week of 2026-11-16."""
    return Slots(at(number) for number in numbers)


def places(found: Iterable[int]) -> list[int]:
    """Return the places in the week of 2026-11-16 of the slots `found`."""
    return [number - MONDAY for number in found]


def run(start: int, stop: int) -> Slots:
    """Return the half-open run of places ``start <= place < stop`` in the week of 2026-11-16."""
    return Slots.range(Slot(at(start)), Slot(at(stop)))


def refusal(
    kind: type[WorkdiaryError], call: Callable[..., object], *args: Any, **kwargs: Any
) -> tuple[str, object, str, str]:
    """Return argument, value, what is allowed and the remedy of the error, exactly a `kind`, that `call` raises."""
    with pytest.raises(kind) as caught:
        call(*args, **kwargs)
    error = caught.value
    assert type(error) is kind
    return error.argument, error.value, error.allowed, error.remedy
