"""DISPUTE and CLAIM: who pays for which segments when the client objects, or does not pay."""

from __future__ import annotations

import attrs

from workdiary.model.contract import Contract, ContractStatus, StatusChange
from workdiary.model.money import hours
from workdiary.model.outcome import Settlement
from workdiary.model.policy import Calendar, DisputeRule
from workdiary.model.slots import Slots
from workdiary.model.timeline import dated
from workdiary.model.times import Moment, moment
from workdiary.model.verdict import Reason, ReasonCode

__all__ = ["after_dispute", "claim", "settle"]


def settle(
    billable: Slots, protected: Slots, disputed: Slots, *, at: Moment, client_pays: bool = True, calendar: Calendar
) -> Settlement:
    """Return what becomes of a week's billable segments when the client disputes some of them at `at`.

    Taken from the invoice until the review ends, half-open, and only then (DISPUTE-1). `disputed`
    slots that are free, over the limit or of another week are ignored (CLAIM-1).
    """
    now = moment(at)
    # DISPUTE-1: neither before the invoice nor after the review.
    if now < calendar.invoiced_at:
        facts = (("invoiced_at", calendar.invoiced_at),)
        return Settlement(reasons=(Reason(code=ReasonCode.REVIEW_NOT_OPEN, slots=disputed, facts=facts),))
    if now >= calendar.review_ends_at:
        facts = (("review_ends_at", calendar.review_ends_at),)
        return Settlement(reasons=(Reason(code=ReasonCode.REVIEW_CLOSED, slots=disputed, facts=facts),))
    # CLAIM-1: when the client does not pay, disputes change nothing.
    if not client_pays:
        return claim(billable, protected)
    # DISPUTE-2: of the disputed segments, the protected ones stay paid.
    refunded = (billable & disputed) - protected
    return Settlement(paid=billable - refunded, refunded=refunded)


def claim(billable: Slots, protected: Slots) -> Settlement:
    """Return what becomes of a week's billable segments when the client does not pay (CLAIM-1)."""
    covered = billable & protected
    return Settlement(covered=covered, unpaid=billable - covered)


def after_dispute(contract: Contract, *, at: Moment, rule: DisputeRule) -> Contract:
    """Return `contract` as a dispute at `at` leaves it: paused, with a weekly limit of 0, or unchanged.

    What the policy asks for holds from `at` until the next value on record (DISPUTE-3). A contract
    that is not active at `at` is paused or closed already, and keeps its status.

    >>> from workdiary import Terms, instant, policies
    >>> contract = Contract(id="c-1", freelancer="ana", client="acme", currency="USD",
    ...                     terms=[Terms(since="2026-11-02T00:00Z", rate="30", weekly_limit=hours(40))])
    >>> after = after_dispute(contract, at="2026-11-24T09:00Z", rule=policies.get("upwork").dispute)
    >>> print(after.status_at(instant("2026-11-24T09:00Z")).value, after.terms.values[-1].weekly_limit)
    paused 0 h
    """
    now = moment(at)
    status, terms = contract.status.values, contract.terms.values
    if rule.pauses_contract and contract.status_at(now) is ContractStatus.ACTIVE:
        status = dated(status, StatusChange(since=now, status=ContractStatus.PAUSED))
    in_force = contract.terms.at(now)
    if rule.weekly_limit_zero and in_force is not None:
        terms = dated(terms, attrs.evolve(in_force, since=now, weekly_limit=hours(0)))
    return attrs.evolve(contract, status=status, terms=terms)
