"""What a change comes to: the rules on the week before it and after it, and the difference in words.

::

    before   T T T T T T T T | O      a limit of eight segments
    after    M T T T T T T T | O O    one more before: the last that was paid is now over the limit
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from workdiary.cli.results import runs
from workdiary.cli.when import stretches
from workdiary.model.contract import Role
from workdiary.model.money import Money, hours_text
from workdiary.model.slots import Slots
from workdiary.model.times import Zone
from workdiary.statement import WeekStatement

__all__ = ["WeekChange", "costs_of", "effects_of", "plain_change_of", "signed"]


@attrs.frozen(kw_only=True)
class WeekChange:
    """One week as it stands, and as it would be."""

    before: WeekStatement
    after: WeekStatement

    @property
    def unpaid(self) -> Slots:
        """The recorded segments that would no longer be paid: pushed over the weekly limit (LIMIT-5)."""
        return self.after.over_limit & self.before.billable

    @property
    def added_unpaid(self) -> Slots:
        """The new segments that would not be paid: over the weekly limit themselves (LIMIT-1)."""
        return self.after.over_limit - self.before.sheet.worked

    @property
    def paid(self) -> Slots:
        """The recorded segments that would be paid and were not."""
        return self.after.billable & self.before.over_limit

    @property
    def unprotected(self) -> Slots:
        """The segments that stay paid and would no longer be protected."""
        return (self.before.protected & self.after.billable) - self.after.protected

    @property
    def evidence(self) -> Slots:
        """The tracked segments that would be gone, with their activity and snapshots (EDIT-4)."""
        return self.before.sheet.tracked - self.after.sheet.worked

    @property
    def slots(self) -> int:
        """How many segments there would be more; negative for fewer."""
        return len(self.after.sheet.worked) - len(self.before.sheet.worked)

    @property
    def amount(self) -> Money:
        """What the week would cost more; negative for less."""
        return self.after.amount - self.before.amount

    @property
    def protected_amount(self) -> Money:
        """How much more would be protected; negative for less."""
        return self.after.protected_amount - self.before.protected_amount

    @property
    def is_one(self) -> bool:
        """Whether anything would be another."""
        return bool(self.slots or self.amount.minor or self.protected_amount.minor or self.unpaid or self.paid)


def costs_of(changes: Iterable[WeekChange], role: Role, doing: str, zone: Zone) -> tuple[str, ...]:
    """Return what `role` would lose by it, a sentence each: nothing lost, nothing returned.

    `doing` begins a sentence, such as "This manual entry". A client loses what has to be paid more; for
    everybody else it is the freelancer's money that counts.
    """
    return tuple(words for change in changes for words in _costs(change, role, doing, zone))


def _costs(change: WeekChange, role: Role, doing: str, zone: Zone) -> Iterator[str]:
    week = f"the week of {change.after.week.nominal.date()}"
    if role is Role.CLIENT:
        if change.amount.minor > 0:
            yield f"{doing} makes {week} cost {change.amount} more: {change.after.amount} (BILL-1)."
        return
    if change.unpaid:
        yield f"{doing} makes {stretches(change.unpaid, zone)} unpaid: it is then over the weekly limit (LIMIT-5)."
    if change.added_unpaid:
        yield f"{doing} is not paid itself at {stretches(change.added_unpaid, zone)}: over the weekly limit (LIMIT-1)."
    if change.amount.minor < 0:
        minutes = f"{_minutes(change.slots)}, " if change.slots else ""
        yield f"{doing} takes {minutes}{_off(change.amount)} off the bill of {week}: {change.after.amount} are left."
    elif change.evidence:
        gone = stretches(change.evidence, zone)
        yield f"{doing} deletes tracked time for good, {gone}, although the bill stays what it is (EDIT-4)."
    if change.unprotected:
        lost = stretches(change.unprotected, zone)
        yield f"{doing} leaves {lost} unprotected, {_off(change.protected_amount)} (PROTECT)."


def _minutes(slots: int) -> str:
    return f"{10 * abs(slots)} minutes"


def _off(amount: Money) -> str:
    return str(Money(abs(amount.minor), amount.currency))


def signed(amount: Money) -> str:
    """Return `amount` with its sign, a real minus.

    >>> signed(Money(-500, "USD")), signed(Money(0, "USD"))
    ('−5.00 USD', '±0.00 USD')
    """
    return f"{_sign(amount.minor)}{Money(abs(amount.minor), amount.currency)}"


def _sign(number: int) -> str:
    return "±" if number == 0 else "+" if number > 0 else "−"


def effects_of(changes: Iterable[WeekChange], zone: Zone) -> Iterator[str]:
    """Yield what each week comes to, and by how much that is another."""
    for change in changes:
        after = change.after
        parts = []
        if change.slots:
            parts.append(f"{_sign(change.slots)}{_minutes(change.slots)}")
        if change.amount.minor:
            parts.append(signed(change.amount))
        if change.protected_amount.minor:
            parts.append(f"{signed(change.protected_amount)} protected")
        difference = f" ({', '.join(parts)})" if parts else ""
        yield (
            f"The week of {after.week.nominal.date()}: {after.hours.billable} h billed, {after.amount}, "
            f"of which {after.protected_amount} protected{difference}."
        )
        if change.paid:
            yield f"Paid from now on: {stretches(change.paid, zone)}."


def plain_change_of(change: WeekChange) -> dict[str, Any]:
    """Return `change` as plain data."""
    return {
        "week": str(change.after.week.nominal.date()),
        "currency": change.after.amount.currency,
        "amount": {"before": change.before.amount.text, "after": change.after.amount.text},
        "protected_amount": {
            "before": change.before.protected_amount.text,
            "after": change.after.protected_amount.text,
        },
        "hours": {
            "before": hours_text(len(change.before.sheet.worked)),
            "after": hours_text(len(change.after.sheet.worked)),
        },
        "unpaid": runs(change.unpaid | change.added_unpaid),
        "paid": runs(change.paid),
        "unprotected": runs(change.unprotected),
    }
