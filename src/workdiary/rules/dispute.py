"""DISPUTE and CLAIM: who pays for which segments when the client objects, or does not pay."""

from __future__ import annotations

from workdiary.model.outcome import Settlement
from workdiary.model.policy import Calendar
from workdiary.model.slots import Slots
from workdiary.model.times import Moment, moment
from workdiary.model.verdict import Reason, ReasonCode

__all__ = ["claim", "settle"]


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
