"""A full week for the benchmarks: 240 segments, every rule at work, every reason present.

A low average leaves no candidate for the lifetime caps, so no single week can show all thirteen
reasons: `full_week` makes one of two, which have twelve each.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import attrs

from workdiary import (
    Activity,
    AlreadyProtected,
    Contract,
    Facts,
    Policy,
    ReasonCode,
    Segment,
    Slot,
    Snapshot,
    Source,
    Terms,
    Week,
    WeekStatement,
    hours,
    instant,
    policies,
    slot_start,
    week_statement,
)
from workdiary.model.policy import Moments, RateCap

__all__ = ["SEGMENTS", "FullWeek", "full_week", "reasons_of"]

SEGMENTS = 240
"""The segments of the week: 40 hours."""

_MANUAL_FROM = 216
_MEMOS = ("Fix the login form", "Review of the payment branch", "Write tests for the importer", "Plan the release")


@attrs.frozen(kw_only=True)
class Row:
    """What one segment is made of: its slot, and activity and snapshots that are ready."""

    slot: Slot
    manual: bool
    memo: str
    label: str | None
    activity: Activity | None
    snapshots: tuple[Snapshot, ...]


@attrs.frozen(kw_only=True)
class FullWeek:
    """A contract, a policy and the rows of one week, and the three pieces of work that are timed."""

    contract: Contract
    policy: Policy
    week: Week
    rows: tuple[Row, ...]

    def segments(self) -> list[Segment]:
        """Return the segments, made by the public constructors."""
        return [
            Segment.manual(row.slot, memo=row.memo, label=row.label)
            if row.manual
            else Segment.tracked(
                row.slot, memo=row.memo, label=row.label, activity=row.activity, snapshots=row.snapshots
            )
            for row in self.rows
        ]

    def direct(self) -> list[Segment]:
        """Return the same segments, made by calling the class."""
        tracked, manual = Source.TRACKED, Source.MANUAL
        return [
            Segment(slot=row.slot, source=manual, memo=row.memo, label=row.label)
            if row.manual
            else Segment(
                slot=row.slot,
                source=tracked,
                memo=row.memo,
                label=row.label,
                activity=row.activity,
                snapshots=row.snapshots,
            )
            for row in self.rows
        ]

    def stating(self) -> Callable[[], WeekStatement]:
        """Return a function that states the week and reads everything that is computed on demand."""
        segments = self.segments()
        contract, policy, moment = self.contract, self.policy, self.week.starts_at

        def state() -> WeekStatement:
            statement = week_statement(contract, segments, week=moment, policy=policy)
            _ = statement.unprotected, statement.amount, statement.protected_amount, statement.hours
            return statement

        return state


def full_week(*, low_average: bool) -> FullWeek:
    """Return the week that fails `LOW_AVERAGE_ACTIVITY`, or the one that fails `LIFETIME_CAP`."""
    upwork = policies.get("upwork")
    protection = attrs.evolve(
        upwork.protection,
        min_active_minutes=3,
        min_average_active_minutes=Decimal(9) if low_average else Decimal(4),
        facts_checked=(Moments.WORKED,),
        rate_cap=RateCap.USUAL_RATE,
        lifetime_hours=Decimal(50),
        lifetime_amount=Decimal(2000),
    )
    policy = attrs.evolve(upwork, protection=protection)
    contract = Contract(
        id="c-1",
        freelancer="ana",
        client="acme",
        currency="USD",
        terms=[
            Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(30), manual_time_allowed=True),
            Terms(since="2026-11-18T12:00Z", rate="35.00", weekly_limit=hours(38), manual_time_allowed=True),
        ],
        # One fact is missing for an hour on each of three days.
        facts=[
            _facts("2026-11-02T00:00Z"),
            _facts("2026-11-17T10:00Z", billing_verified=False),
            _facts("2026-11-17T11:00Z"),
            _facts("2026-11-18T10:00Z", good_standing=False),
            _facts("2026-11-18T11:00Z"),
            _facts("2026-11-19T10:00Z", identity_verified=False),
            _facts("2026-11-19T11:00Z"),
        ],
        labels=("backend", "frontend"),
        usual_rate="32.00",
        already_protected=AlreadyProtected(slots=270, amount="1400.00"),
    )
    week = policy.week_of("2026-11-16T00:00Z")
    rows = tuple(_row(n, week) for n in range(SEGMENTS))
    return FullWeek(contract=contract, policy=policy, week=week, rows=rows)


def reasons_of(week: FullWeek) -> frozenset[ReasonCode]:
    """Return the reasons that the week's statement gives."""
    return frozenset(code for finding in week.stating()().unprotected for code in finding.codes)


def _facts(
    since: str, *, billing_verified: bool = True, good_standing: bool = True, identity_verified: bool = True
) -> Facts:
    return Facts(
        since=since,
        billing_verified=billing_verified,
        good_standing=good_standing,
        identity_verified=identity_verified,
    )


def _row(n: int, week: Week) -> Row:
    """Return the n-th row: five days of eight hours, each with a break at noon and its flaws."""
    day, place = divmod(n, 48)
    slot = Slot(week.start + day * 144 + 54 + place + (6 if place >= 24 else 0))
    memo = "" if n % 37 == 5 else _MEMOS[n // 7 % len(_MEMOS)]
    label = None if n % 41 == 7 else ("backend", "frontend")[n // 48 % 2]
    if n >= _MANUAL_FROM or n % 29 == 3:
        return Row(slot=slot, manual=True, memo=memo, label=label, activity=None, snapshots=())
    # Most segments have 6 to 9 active minutes; some have 1, none, or nobody counted.
    active = 1 if n % 31 == 9 else 0 if n % 23 == 11 else 6 + n % 4
    minutes = [(40 + n % 13, n % 3, 1) if minute < active else (0, 0, 0) for minute in range(10)]
    activity = None if n % 19 == 4 else Activity.of_minutes(minutes)
    snapshots = () if n % 17 == 6 else (Snapshot(at=instant(slot_start(slot)) if n % 2 else None),)
    return Row(slot=slot, manual=False, memo=memo, label=label, activity=activity, snapshots=snapshots)
