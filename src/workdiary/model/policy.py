"""`Policy`: a platform's rules as data: numbers, enums and tuples, never a callable.

The same object is TOML on disk, JSON on the wire, a table in the docs and a diff in a review. What
data cannot say becomes an enum member here and a branch in a rule, never a lambda.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from itertools import pairwise

import attrs

from workdiary.errors import InvalidValue
from workdiary.model.activity import MINUTES
from workdiary.model.checks import check, check_each
from workdiary.model.contract import ContractStatus, Fact, Role
from workdiary.model.money import DecimalLike, Rounding, decimal
from workdiary.model.slots import SECONDS_PER_SLOT, check_slot
from workdiary.model.times import Instant, Moment, WallOffset, Week, Weekday, Zone, moment, week_containing

__all__ = [
    "Action",
    "BillingRule",
    "Calendar",
    "Change",
    "Confidence",
    "Credit",
    "CreditRule",
    "DisputeRule",
    "EditingRule",
    "FeeTier",
    "LabelNeed",
    "LimitOrder",
    "LimitRule",
    "ManualRule",
    "MemoNeed",
    "Moments",
    "OnTaken",
    "Palette",
    "Permissions",
    "Policy",
    "ProtectionRule",
    "RateCap",
    "RuleSource",
    "WeekRule",
]


class Credit(Enum):
    """How tracked time becomes segments (CREDIT)."""

    SNAPSHOT = "snapshot"
    THRESHOLD = "threshold"
    CARRY = "carry"


class LimitOrder(Enum):
    """In which order segments use up the weekly limit (LIMIT-2)."""

    CHRONOLOGICAL = "chronological"
    TRACKED_FIRST = "tracked_first"


class Change(Enum):
    """From when a changed weekly limit counts (LIMIT-3, LIMIT-4)."""

    WHOLE_WEEK = "whole_week"
    FROM_THEN_ON = "from_then_on"
    NEXT_WEEK = "next_week"


class Action(Enum):
    """What somebody may be permitted to do to a diary (EDIT-1)."""

    ADD_TIME = "add_time"
    DELETE_TIME = "delete_time"
    EDIT_MEMO = "edit_memo"
    EDIT_LABEL = "edit_label"


class OnTaken(Enum):
    """What manual time does about slots that are recorded already (MANUAL-3)."""

    SKIP = "skip"
    REFUSE = "refuse"
    OVERWRITE = "overwrite"


class MemoNeed(Enum):
    """Whether protection needs a memo (PROTECT-4)."""

    REQUIRED = "required"
    LABEL_SUFFICES = "label_suffices"
    OPTIONAL = "optional"


class LabelNeed(Enum):
    """Whether protection needs an activity label (PROTECT-4)."""

    REQUIRED_IF_OFFERED = "required_if_offered"
    OPTIONAL = "optional"


class Moments(Enum):
    """At which moment the accounts must fulfil the facts (PROTECT-5)."""

    WORKED = "worked"
    INVOICED = "invoiced"


class RateCap(Enum):
    """What limits the rate at which segments are protected (PROTECT-6)."""

    NONE = "none"
    USUAL_RATE = "usual_rate"


class Confidence(Enum):
    """How well a rule is known: the platform says so, users report it, or it is a decision where none speaks."""

    PLATFORM = "platform"
    USERS = "users"
    DECISION = "decision"


@attrs.frozen(kw_only=True)
class WeekRule:
    """When a week begins: weekday, minute of the day, zone (WEEK-1)."""

    starts_on: Weekday
    starts_at: int
    zone: Zone

    def __attrs_post_init__(self) -> None:
        check(self, starts_on=Weekday, zone=Zone)
        if type(self.starts_at) is not int or not 0 <= self.starts_at < 24 * 60:
            raise InvalidValue("starts_at", self.starts_at, "is not a minute of the day", "give 0 to 1439")

    def containing(self, seconds: int) -> Week:
        """Return the week that contains Unix second `seconds`."""
        return week_containing(seconds, self.starts_on, self.starts_at, self.zone)


@attrs.frozen(kw_only=True)
class CreditRule:
    """The rounding from tracked seconds to segments; `min_seconds` is 1 to 600."""

    rule: Credit
    min_seconds: int

    def __attrs_post_init__(self) -> None:
        check(self, rule=Credit)
        if type(self.min_seconds) is not int or not 1 <= self.min_seconds <= SECONDS_PER_SLOT:
            raise InvalidValue("min_seconds", self.min_seconds, "is not 1 to 600 seconds", "1 counts any touch")


@attrs.frozen(kw_only=True)
class LimitRule:
    """How the weekly limit is used up, and from when its changes count (LIMIT-2 to LIMIT-4)."""

    order: LimitOrder
    increase: Change
    decrease: Change

    def __attrs_post_init__(self) -> None:
        check(self, order=LimitOrder, increase=Change, decrease=Change)
        if self.increase is Change.NEXT_WEEK:
            raise InvalidValue("increase", self.increase.value, "is not whole_week or from_then_on", "choose one")
        if self.decrease is Change.WHOLE_WEEK:
            raise InvalidValue("decrease", self.decrease.value, "is not next_week or from_then_on", "choose one")


def _actions(values: Iterable[Action]) -> tuple[Action, ...]:
    return check_each(values, Action, "permissions")


def _statuses(values: Iterable[ContractStatus]) -> tuple[ContractStatus, ...]:
    return check_each(values, ContractStatus, "statuses")


def _facts(values: Iterable[Fact]) -> tuple[Fact, ...]:
    return check_each(values, Fact, "requires")


def _moments(values: Iterable[Moments]) -> tuple[Moments, ...]:
    return check_each(values, Moments, "facts_checked")


@attrs.frozen(kw_only=True)
class Permissions:
    """What each role may do (EDIT-1). What is not listed is refused."""

    freelancer: tuple[Action, ...] = attrs.field(converter=_actions)
    client: tuple[Action, ...] = attrs.field(converter=_actions)

    def of(self, role: Role) -> tuple[Action, ...]:
        """Return what `role` may do."""
        return self.freelancer if role is Role.FREELANCER else self.client


@attrs.frozen(kw_only=True)
class EditingRule:
    """Until when, in which statuses and by whom a week may be changed (EDIT-1 to EDIT-3)."""

    locks_after: WallOffset
    statuses: tuple[ContractStatus, ...] = attrs.field(converter=_statuses)
    permissions: Permissions

    def __attrs_post_init__(self) -> None:
        check(self, locks_after=WallOffset, permissions=Permissions)


@attrs.frozen(kw_only=True)
class ManualRule:
    """What manual time needs, and what it does about taken slots (MANUAL-1 to MANUAL-3)."""

    needs_permission: bool
    on_taken: OnTaken
    memo_required: bool

    def __attrs_post_init__(self) -> None:
        check(self, needs_permission=bool, on_taken=OnTaken, memo_required=bool)


def _average(value: DecimalLike | None) -> Decimal | None:
    return None if value is None else decimal(value, "min_average_active_minutes")


def _lifetime_hours(value: DecimalLike | None) -> Decimal | None:
    return None if value is None else decimal(value, "lifetime_hours")


def _lifetime_amount(value: DecimalLike | None) -> Decimal | None:
    return None if value is None else decimal(value, "lifetime_amount")


@attrs.frozen(kw_only=True)
class ProtectionRule:
    """The criteria of payment protection (PROTECT-1 to PROTECT-8)."""

    requires_snapshot: bool
    min_active_minutes: int
    min_average_active_minutes: Decimal | None = attrs.field(default=None, converter=_average)
    memo: MemoNeed
    label: LabelNeed
    requires: tuple[Fact, ...] = attrs.field(converter=_facts)
    facts_checked: tuple[Moments, ...] = attrs.field(converter=_moments)
    rate_cap: RateCap
    lifetime_hours: Decimal | None = attrs.field(default=None, converter=_lifetime_hours)
    lifetime_amount: Decimal | None = attrs.field(default=None, converter=_lifetime_amount)

    def __attrs_post_init__(self) -> None:
        check(self, requires_snapshot=bool, memo=MemoNeed, label=LabelNeed, rate_cap=RateCap)
        if type(self.min_active_minutes) is not int or not 0 <= self.min_active_minutes <= MINUTES:
            raise InvalidValue("min_active_minutes", self.min_active_minutes, "is not 0 to 10", "0 asks for none")


def _above(value: DecimalLike) -> Decimal:
    return decimal(value, "above")


def _fraction(value: DecimalLike) -> Decimal:
    return decimal(value, "rate")


@attrs.frozen(kw_only=True)
class FeeTier:
    """The platform's fee on what a client has paid a freelancer beyond `above`, in currency units (BILL-3).

    `rate` is a fraction: 10 % is ``Decimal("0.10")``.
    """

    above: Decimal = attrs.field(converter=_above)
    rate: Decimal = attrs.field(converter=_fraction)

    def __attrs_post_init__(self) -> None:
        if self.rate > 1:
            raise InvalidValue("rate", str(self.rate), "is not a fraction from 0 to 1", "write 10 % as 0.10")


def check_tiers(tiers: Sequence[FeeTier], argument: str) -> None:
    """Raise `InvalidValue` unless the tiers rise: in another order they would charge something else."""
    thresholds = [tier.above for tier in tiers]
    if any(later <= earlier for earlier, later in pairwise(thresholds)):
        shown = ", ".join(map(str, thresholds))
        raise InvalidValue(argument, shown, "do not rise", "order the tiers by what they are above")


def _tiers(values: Iterable[FeeTier]) -> tuple[FeeTier, ...]:
    return check_each(values, FeeTier, "fees")


@attrs.frozen(kw_only=True)
class BillingRule:
    """The rounding of lines and the calendar of money, as wall-clock offsets (BILL-1, CALENDAR)."""

    rounding: Rounding
    invoiced_after: WallOffset
    review_ends_after: WallOffset
    available_after: WallOffset

    def __attrs_post_init__(self) -> None:
        check(self, rounding=Rounding)
        check(self, invoiced_after=WallOffset, review_ends_after=WallOffset, available_after=WallOffset)
        if self.review_ends_after <= self.invoiced_after:
            raise InvalidValue(
                "review_ends_after",
                str(self.review_ends_after),
                f"is not after invoiced_after, {self.invoiced_after}",
                "the review begins with the invoice (DISPUTE-1)",
            )


@attrs.frozen(kw_only=True)
class DisputeRule:
    """What a dispute does to its contract (DISPUTE-3)."""

    pauses_contract: bool = False
    weekly_limit_zero: bool = False

    def __attrs_post_init__(self) -> None:
        check(self, pauses_contract=bool, weekly_limit_zero=bool)


_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


@attrs.frozen(kw_only=True)
class Palette:
    """The colours of memo bars by status (STATUS-1), as ``#rrggbb``; a matter of display only."""

    tracked: str = "#3c8224"
    manual: str = "#e8b923"
    over_limit: str = "#c9302c"

    def __attrs_post_init__(self) -> None:
        check(self, tracked=str, manual=str, over_limit=str)
        for name in ("tracked", "manual", "over_limit"):
            if _COLOUR.fullmatch(getattr(self, name)) is None:
                raise InvalidValue(name, getattr(self, name), "is not a colour", "write it like #3c8224")


@attrs.frozen(kw_only=True)
class RuleSource:
    """Where a section of a policy is written, since when it holds, and which rules it sets."""

    section: str
    since: date
    source: str
    rules: tuple[str, ...]
    confidence: Confidence = Confidence.PLATFORM


@attrs.frozen(kw_only=True)
class Calendar:
    """The instants of one week's life, from its start to the day its money is available (CALENDAR)."""

    starts_at: Instant
    ends_at: Instant
    locks_at: Instant
    invoiced_at: Instant
    review_ends_at: Instant
    available_at: Instant


@attrs.frozen(kw_only=True)
class Policy:
    """A platform's rules, all of them, as they stand at one date.

    >>> from workdiary import policies
    >>> upwork = policies.get("upwork")
    >>> upwork.limit.increase.value, str(upwork.editing.locks_after)
    ('whole_week', 'P7DT12H')
    """

    name: str
    title: str = ""
    week: WeekRule
    credit: CreditRule
    limit: LimitRule
    editing: EditingRule
    manual: ManualRule
    protection: ProtectionRule
    billing: BillingRule
    fees: tuple[FeeTier, ...] = attrs.field(default=(), converter=_tiers)
    dispute: DisputeRule = DisputeRule()
    palette: Palette = Palette()
    sources: tuple[RuleSource, ...] = ()

    def __attrs_post_init__(self) -> None:
        check(self, week=WeekRule, credit=CreditRule, limit=LimitRule, editing=EditingRule, manual=ManualRule)
        check(self, protection=ProtectionRule, billing=BillingRule, dispute=DisputeRule, palette=Palette)
        check_tiers(self.fees, "fees")

    def week_of(self, at: Moment | Week) -> Week:
        """Return the week that contains `at`.

        >>> from workdiary import policies
        >>> str(policies.get("upwork").week_of("2026-11-18T00:00Z"))
        'week of 2026-11-16'
        """
        return at if isinstance(at, Week) else self.week.containing(moment(at, "week"))

    def week_of_slot(self, slot: int) -> Week:
        """Return the week to which `slot` belongs: that of its start (WEEK-2)."""
        return _week_of_slot(self.week, check_slot(slot, "slot"))

    def calendar(self, week: Week) -> Calendar:
        """Return the instants of `week`'s life under this policy (CALENDAR)."""
        return Calendar(
            starts_at=week.starts_at,
            ends_at=week.ends_at,
            locks_at=self.locks_at(week),
            invoiced_at=week.after(self.billing.invoiced_after),
            review_ends_at=week.after(self.billing.review_ends_after),
            available_at=week.after(self.billing.available_after),
        )

    def locks_at(self, week: Week) -> Instant:
        """Return the first instant at which `week` can no longer be changed (EDIT-3)."""
        return week.after(self.editing.locks_after)


@lru_cache(maxsize=4096)
def _week_of_slot(rule: WeekRule, slot: int) -> Week:
    # Many diaries are of the same few weeks, and a zone is asked five times for one.
    return rule.containing(slot * SECONDS_PER_SLOT)


def check_policy(policy: Policy) -> Policy:
    """Return `policy`; raises `InvalidValue` for its mere name, which is what people try first."""
    if not isinstance(policy, Policy):
        raise InvalidValue("policy", policy, "is not a Policy", "get one by policies.get(name) or policies.load(path)")
    return policy
