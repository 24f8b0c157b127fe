"""`WeekStatement`: the week, put together: the rules in order, and what they make of one diary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Literal

import attrs

from workdiary.errors import InvalidValue, OutsideContract
from workdiary.model.contract import Contract
from workdiary.model.money import Money, hours_text
from workdiary.model.outcome import Bill, Finding, Line, Protection, Settlement, Status
from workdiary.model.policy import Calendar, Policy, check_policy
from workdiary.model.segment import Segment
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slots
from workdiary.model.times import Moment, Week, Zone, slot_start, zone
from workdiary.rules.billing import bill, fee
from workdiary.rules.dispute import settle
from workdiary.rules.limit import allowances, classify
from workdiary.rules.protection import protect, rate_cap_of

if TYPE_CHECKING:
    from workdiary.advice import Advice

__all__ = ["Amounts", "ReportRow", "WeekHours", "WeekStatement", "week_statement"]


@attrs.frozen(kw_only=True)
class WeekHours:
    """The hours of a week as text with two decimals, for reading only (BILL-2)."""

    tracked: str
    manual: str
    over_limit: str
    billable: str


@attrs.frozen(kw_only=True)
class ReportRow:
    """The billable time of one day, memo or label: only time within the limit is in reports (LIMIT-1)."""

    key: date | str | None
    tracked: Slots
    manual: Slots

    @property
    def slots(self) -> int:
        """The number of billable segments."""
        return len(self.tracked) + len(self.manual)

    @property
    def hours(self) -> str:
        """The billable hours, with two decimals."""
        return hours_text(self.slots)


@attrs.frozen(kw_only=True)
class Amounts:
    """What the four parts of a settlement are worth, each computed as a bill (CLAIM-1)."""

    paid: Money
    refunded: Money
    covered: Money
    unpaid: Money


@attrs.frozen(kw_only=True)
class WeekStatement:
    """What a week of one contract says: colours, hours, bill, protection, calendar.

    `tracked`, `manual` and `over_limit` are the status of every recorded segment. Nothing here
    depends on a clock, on the order of the segments or on a zone of display.
    """

    contract: Contract
    policy: Policy
    week: Week
    sheet: Sheet
    status: Status
    bill: Bill
    protection: Protection
    protected_bill: Bill
    calendar: Calendar

    def __str__(self) -> str:
        hours = self.hours
        parts = f"{hours.tracked} h tracked, {hours.manual} h manual, {hours.over_limit} h over the limit"
        return f"{self.week}, contract {self.contract.id}: {self.amount} for {parts}; {self.protected_amount} protected"

    @property
    def tracked(self) -> Slots:
        """Tracked and billable: green."""
        return self.status.tracked

    @property
    def manual(self) -> Slots:
        """Manual and billable: yellow."""
        return self.status.manual

    @property
    def over_limit(self) -> Slots:
        """Over the weekly limit and not billable: red."""
        return self.status.over_limit

    @property
    def billable(self) -> Slots:
        """Everything that the client pays."""
        return self.status.billable

    @property
    def hours(self) -> WeekHours:
        """The hours by status, and the billable ones."""
        sets = (self.tracked, self.manual, self.over_limit, self.billable)
        tracked, manual, over_limit, billable = (hours_text(len(slots)) for slots in sets)
        return WeekHours(tracked=tracked, manual=manual, over_limit=over_limit, billable=billable)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the bill, one a rate."""
        return self.bill.lines

    @property
    def amount(self) -> Money:
        """What the week costs: the sum of the printed lines."""
        return self.bill.amount

    @property
    def protected(self) -> Slots:
        """The segments covered by payment protection."""
        return self.protection.protected

    @property
    def unprotected(self) -> tuple[Finding, ...]:
        """The other recorded segments, as maximal runs with equal reasons."""
        return self.protection.unprotected

    @property
    def protected_amount(self) -> Money:
        """What the protected segments are worth at their protected rate (PROTECT-8)."""
        return self.protected_bill.amount

    def fee(self, *, paid_before: Money | None = None) -> Money:
        """Return the platform's fee on this week's bill (BILL-3)."""
        return fee(self.amount, self.policy.fees, paid_before=paid_before)

    def report(self, by: Literal["day", "memo", "label"] = "day", zone: str | Zone = "UTC") -> tuple[ReportRow, ...]:
        """Return the billable time by local day, by memo or by activity label.

        Days are those of `zone`, which changes what is shown and never what is billed (GRID-3). Days
        come in order, memos and labels by first use, time without a label last, under `None`.
        """
        groups: Iterable[tuple[date | str | None, Slots]]
        if by == "day":
            groups = self.billable.by_day(_zone(zone)).items()
        elif by == "memo":
            groups = self.sheet.memos
        elif by == "label":
            groups = (*self.sheet.labels, (None, self.billable - self.sheet.with_label))
        else:
            raise InvalidValue("by", by, "is not day, memo or label", "choose one of them")
        rows = (ReportRow(key=key, tracked=self.tracked & slots, manual=self.manual & slots) for key, slots in groups)
        return tuple(row for row in rows if row.slots)

    def settle(self, disputed: Slots, *, at: Moment, client_pays: bool = True) -> Settlement:
        """Return what becomes of this week when the client disputes, or does not pay (DISPUTE, CLAIM)."""
        return settle(self.billable, self.protected, disputed, at=at, client_pays=client_pays, calendar=self.calendar)

    def amounts(self, settlement: Settlement) -> Amounts:
        """Return what the four parts of `settlement` are worth; covered ones at their protected rate."""
        return Amounts(
            paid=self.worth(settlement.paid),
            refunded=self.worth(settlement.refunded),
            covered=self.protected_worth(settlement.covered),
            unpaid=self.worth(settlement.unpaid),
        )

    def worth(self, slots: Slots) -> Money:
        """Return what `slots` would cost, computed as a bill is (BILL-1)."""
        return bill(slots, self.contract.terms, self.contract.currency, self.policy.billing.rounding).amount

    def protected_worth(self, slots: Slots) -> Money:
        """Return what `slots` are worth at the rate at which they would be protected (PROTECT-8)."""
        return _protected_bill(slots, self.contract, self.policy).amount

    def explain(self, at: Moment | int) -> str:
        """Return every decision about the segment at `at` in plain words, with rule ids and sources."""
        from workdiary.explain import explain_segment

        return explain_segment(self, at)

    def advice(self, *, at: Moment) -> tuple[Advice, ...]:
        """Return what could still be done at `at`, before the week's lock, and what it would be worth."""
        from workdiary.advice import advise

        return advise(self, at)


def week_statement(
    contract: Contract, segments: Iterable[Segment] | Sheet, *, week: Week | Moment, policy: Policy
) -> WeekStatement:
    """Return the statement of the `week` of `contract` that holds, or is, `week`.

    `segments` may come in any order and from any weeks; those of other weeks are left out. Raises
    `OverlapError` for two segments in one slot, and `OutsideContract` for a week before the contract's
    first terms or after its closing, and for a segment before the first terms (BILL-1).

    >>> from workdiary import Contract, Segment, Terms, hours, policies, week_statement
    >>> contract = Contract(
    ...     id="c-1", freelancer="ana", client="acme", currency="USD",
    ...     terms=[Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(40))],
    ... )
    >>> statement = week_statement(
    ...     contract, [Segment.tracked("2026-11-18T09:10Z"), Segment.manual("2026-11-18T09:20Z")],
    ...     week="2026-11-18T00:00Z", policy=policies.get("upwork"),
    ... )
    >>> print(statement.amount, statement.hours.billable)
    10.00 USD 0.33
    """
    if not isinstance(contract, Contract):
        raise InvalidValue("contract", contract, "is not a Contract", "make one with its terms")
    week = check_policy(policy).week_of(week)
    if week.ends_at <= contract.begins_at:
        raise OutsideContract(
            "week",
            str(week),
            f"ends before the contract's first terms, {contract.begins_at}",
            "ask for a later week, or add the terms that held then",
        )
    if contract.closes_at is not None and week.starts_at >= contract.closes_at:
        raise OutsideContract(
            "week", str(week), f"is after the contract's closing, {contract.closes_at}", "ask for an earlier week"
        )
    sheet = segments if isinstance(segments, Sheet) else Sheet.of(segments, week)
    worked = sheet.worked
    stray = worked - week.slots
    if stray.start is not None:
        raise InvalidValue(
            "segments",
            str(slot_start(stray.start)),
            f"is not in the {week}",
            "give the sheet of that week: Sheet.of(segments, week)",
        )
    if worked.start is not None and slot_start(worked.start) < contract.begins_at:
        raise OutsideContract(
            "segments",
            str(slot_start(worked.start)),
            f"starts before the contract's first terms, {contract.begins_at}",
            "add the terms that held then, or leave the segment out",
        )
    calendar = policy.calendar(week)
    status = classify(sheet.tracked, sheet.manual, allowances(contract.terms, week, policy.limit), policy.limit.order)
    protection = protect(
        sheet, status, contract=contract, week=week, invoiced_at=calendar.invoiced_at, rule=policy.protection
    )
    return WeekStatement(
        contract=contract,
        policy=policy,
        week=week,
        sheet=sheet,
        status=status,
        bill=bill(status.billable, contract.terms, contract.currency, policy.billing.rounding),
        protection=protection,
        protected_bill=_protected_bill(protection.protected, contract, policy),
        calendar=calendar,
    )


def _protected_bill(slots: Slots, contract: Contract, policy: Policy) -> Bill:
    cap = rate_cap_of(contract, policy.protection)
    return bill(slots, contract.terms, contract.currency, policy.billing.rounding, rate_cap=cap)


def _zone(value: str | Zone) -> Zone:
    return value if isinstance(value, Zone) else zone(value)
