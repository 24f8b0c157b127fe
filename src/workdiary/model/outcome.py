"""What the rules find: the status of segments, their protection, a bill, a settled dispute."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cached_property

import attrs

from workdiary.model.money import Money, hours_text, rate_text
from workdiary.model.slots import EMPTY, Slot, Slots
from workdiary.model.times import Moment, slot_at
from workdiary.model.verdict import Reason, ReasonCode

__all__ = ["Bill", "Finding", "Line", "Protection", "Reception", "Settlement", "Status"]


@attrs.frozen
class Status:
    """The status of every recorded segment of a week, as three disjoint sets (STATUS-1).

    `tracked` and `manual` are billable; `over_limit` is not.
    """

    tracked: Slots
    manual: Slots
    over_limit: Slots

    @property
    def billable(self) -> Slots:
        """The segments that the client pays: tracked and manual."""
        return self.tracked | self.manual

    @property
    def worked(self) -> Slots:
        """Every recorded segment."""
        return self.tracked | self.manual | self.over_limit


@attrs.frozen
class Finding:
    """A maximal run of unprotected segments that fail the same criteria; half-open."""

    start: Slot
    stop: Slot
    codes: tuple[ReasonCode, ...]


@attrs.frozen(kw_only=True)
class Protection:
    """Which segments are protected, and why the others are not (PROTECT).

    `failures` has one `Reason` a failing criterion, in the rulebook's order, each with its slots.
    """

    protected: Slots = EMPTY
    failures: tuple[Reason, ...] = ()

    def why(self, at: Moment | int) -> tuple[Reason, ...]:
        """Return every reason why the segment at `at` is not protected; none when it is."""
        slot = slot_at(at, "at")
        return tuple(reason for reason in self.failures if slot in reason.slots)

    @cached_property
    def unprotected(self) -> tuple[Finding, ...]:
        """The unprotected segments as maximal runs with equal reasons, in time order."""
        # Refine the partition by one criterion after the other: set algebra instead of a scan, on bitmaps
        # that share their offset, since a bad week has a hundred of these runs.
        offset = min((reason.slots.start for reason in self.failures if reason.slots.start is not None), default=0)
        classes: list[tuple[int, tuple[ReasonCode, ...]]] = []
        for reason in self.failures:
            rest = reason.slots.bits_from(offset)
            for n, (bits, codes) in enumerate(classes[:]):
                both = bits & rest
                if both:
                    classes[n] = both, (*codes, reason.code)
                    if both != bits:
                        classes.append((bits ^ both, codes))
                    rest ^= both
            if rest:
                classes.append((rest, (reason.code,)))
        found = [
            Finding(start, stop, codes)
            for bits, codes in classes
            for start, stop in Slots.from_bits(offset, bits).runs()
        ]
        return tuple(sorted(found, key=lambda finding: finding.start))


@attrs.frozen
class Line:
    """One line of a bill: the billable segments of one rate (BILL-1)."""

    rate: Decimal
    slots: int
    amount: Money

    @property
    def hours(self) -> str:
        """The hours as printed, with two decimals (BILL-2)."""
        return hours_text(self.slots)

    def __str__(self) -> str:
        return f"{self.hours} h × {rate_text(self.rate, self.amount.currency)} = {self.amount}"


@attrs.frozen
class Bill:
    """The lines of a bill and their sum: the bill is the sum of its printed lines, always (BILL-1)."""

    lines: tuple[Line, ...]
    currency: str

    @property
    def amount(self) -> Money:
        """The sum of the printed lines."""
        return Money(sum(line.amount.minor for line in self.lines), self.currency)

    @property
    def slots(self) -> int:
        """The number of segments billed."""
        return sum(line.slots for line in self.lines)


@attrs.frozen(kw_only=True)
class Settlement:
    """Who pays for which segments after a dispute or a failed payment (DISPUTE-2, CLAIM-1).

    The client pays for `paid` and gets `refunded` back; the platform pays for `covered`; nobody pays
    for `unpaid`. Refused when `reasons` says why; then all four are empty.
    """

    paid: Slots = EMPTY
    refunded: Slots = EMPTY
    covered: Slots = EMPTY
    unpaid: Slots = EMPTY
    reasons: tuple[Reason, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the dispute was taken."""
        return not self.reasons


@attrs.frozen(kw_only=True)
class Reception:
    """What becomes of an upload of tracked time: what is accepted, and what is kept aside and why (UPLOAD-1)."""

    accepted: Slots = EMPTY
    refused: Slots = EMPTY
    reasons: tuple[Reason, ...] = ()

    @classmethod
    def of(cls, slots: Slots, reasons: Iterable[Reason]) -> Reception:
        """Return the reception of `slots`, each accepted unless one of `reasons` speaks against it."""
        kept, accepted = tuple(reasons), slots
        for reason in kept:
            accepted = accepted - reason.slots
        return cls(accepted=accepted, refused=slots - accepted, reasons=kept)
