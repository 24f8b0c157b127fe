"""BILL: what segments cost: one line a rate, each rounded once, and the platform's fee."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from workdiary.errors import OutsideContract
from workdiary.model.contract import Terms
from workdiary.model.money import Money, Rounding, amount_of
from workdiary.model.outcome import Bill, Line
from workdiary.model.policy import FeeTier, check_tiers
from workdiary.model.slots import Slots
from workdiary.model.timeline import Timeline
from workdiary.model.times import slot_start

__all__ = ["bill", "fee"]


def bill(
    slots: Slots, terms: Timeline[Terms], currency: str, rounding: Rounding, *, rate_cap: Decimal | None = None
) -> Bill:
    """Return the bill for `slots`: a line per rate, in order of its first use, and their sum.

    The rate of a segment is that of the terms in force at its start; two rates that are the same
    number, or that `rate_cap` makes the same, are one line (BILL-1, PROTECT-8). Raises
    `OutsideContract` for a segment before the first terms.

    >>> from workdiary import Terms
    >>> terms = Timeline.of([Terms(since="2026-11-02T00:00Z", rate="22.22", weekly_limit=None)])
    >>> print(bill(Slots.range(2991600, 2991672), terms, "USD", Rounding.HALF_UP).amount)
    266.64 USD
    """
    counts: dict[Decimal, int] = {}
    if slots.start is not None and slots.stop is not None:
        for piece in terms.pieces(slots.start, slots.stop):
            n = len(slots.between(piece.start, piece.stop))
            if not n:
                continue
            if piece.value is None:
                raise OutsideContract(
                    "segments",
                    str(slot_start(slots.start)),
                    "lies before the contract's first terms",
                    "give the terms that held then, or leave the segment out",
                )
            rate = piece.value.rate if rate_cap is None else min(piece.value.rate, rate_cap)
            # A Decimal finds its equal in a dict whatever its trailing zeros.
            counts[rate] = counts.get(rate, 0) + n
    lines = tuple(Line(rate, n, amount_of(n, rate, currency, rounding)) for rate, n in counts.items())
    return Bill(lines, currency)


def fee(payment: Money, tiers: Sequence[FeeTier], *, paid_before: Money | None = None) -> Money:
    """Return the platform's fee on one payment, to the nearest minor unit, half up (BILL-3).

    `paid_before` is what this client has paid this freelancer so far; a payment that crosses a
    threshold is split there. Without tiers there is no fee.

    >>> tiers = (FeeTier(above=Decimal(0), rate=Decimal("0.12")), FeeTier(above=Decimal(10_000), rate=Decimal("0.07")))
    >>> print(fee(Money.of(6000, "USD"), tiers, paid_before=Money.of(5000, "USD")))
    670.00 USD
    """
    check_tiers(tiers, "tiers")
    so_far = Money(0, payment.currency) if paid_before is None else paid_before
    before, after = Fraction(so_far.amount), Fraction((payment + so_far).amount)
    total = Fraction(0)
    for n, tier in enumerate(tiers):
        upper = Fraction(tiers[n + 1].above) if n + 1 < len(tiers) else after
        within = min(after, upper) - max(before, Fraction(tier.above))
        total += max(within, Fraction(0)) * Fraction(tier.rate)
    return Money.rounded(total, payment.currency, Rounding.HALF_UP)
