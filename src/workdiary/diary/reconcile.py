"""Reconciliation: a bill comes out only when three ways of counting agree on it (BILL-1).

The kept sets, the segments as the entries give them, and the printed lines. The scan below is a
second, slow implementation on purpose: it shares no set algebra with the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import attrs

from workdiary.diary.journal import KeptWeek
from workdiary.model.money import Money
from workdiary.model.segment import Segment, Source
from workdiary.model.sheet import Sheet
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.statement import WeekStatement

__all__ = ["differences", "unlike"]


def differences(statement: WeekStatement, segments: Sequence[Segment], kept: KeptWeek | None) -> tuple[str, ...]:
    """Return what does not agree between a week's statement, its segments and its kept sets; nothing when all does."""
    scanned = Sheet.of(segments, statement.week)
    found = [f"the kept {name} are not those of the entries" for name in unlike(scanned, kept)]
    green = yellow = red = 0
    billed: dict[Decimal, int] = {}
    for segment in segments:
        if segment.slot in statement.over_limit:
            red += 1
            continue
        is_tracked = segment.source is Source.TRACKED
        if segment.slot not in (statement.tracked if is_tracked else statement.manual):
            found.append(f"the segment of {segment.starts_at} has no status")
            continue
        green, yellow = green + is_tracked, yellow + (not is_tracked)
        terms = statement.contract.terms.at(segment.slot * SECONDS_PER_SLOT)
        if terms is None:
            found.append(f"the segment of {segment.starts_at} has no terms")
            continue
        billed[terms.rate] = billed.get(terms.rate, 0) + 1
    for name, counted, stated in (
        ("tracked", green, len(statement.tracked)),
        ("manual", yellow, len(statement.manual)),
        ("over the limit", red, len(statement.over_limit)),
        ("recorded", green + yellow + red, len(segments)),
    ):
        if counted != stated:
            found.append(f"{counted} segments are {name} by scan, {stated} by statement")
    currency, rounding = statement.contract.currency, statement.policy.billing.rounding
    amounts = [Money.rounded(Fraction(rate) * n / 6, currency, rounding).minor for rate, n in billed.items()]
    lines = [line.amount.minor for line in statement.lines]
    for name, minor in (("the scan", sum(amounts)), ("the lines", sum(lines))):
        if minor != statement.amount.minor:
            found.append(f"{name} come to {Money(minor, currency)}, the bill to {statement.amount}")
    return tuple(found)


def unlike(sheet: Sheet, kept: KeptWeek | None) -> tuple[str, ...]:
    """Return the names of the sets in which a kept week is not `sheet`; an absent one has none."""
    stored = Sheet() if kept is None else kept.sheet
    return tuple(
        field.name for field in attrs.fields(Sheet) if getattr(sheet, field.name) != getattr(stored, field.name)
    )
