"""PROTECT: which segments are covered by payment protection, and every reason why the others are not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from workdiary.model.contract import Contract, Fact, Facts
from workdiary.model.outcome import Protection, Status
from workdiary.model.policy import LabelNeed, MemoNeed, Moments, ProtectionRule, RateCap
from workdiary.model.sheet import Sheet
from workdiary.model.slots import EMPTY, SLOTS_PER_HOUR, Slots
from workdiary.model.times import Instant, Week
from workdiary.model.verdict import Reason, ReasonCode

__all__ = ["protect", "rate_cap_of"]

_FACT_CODES = {
    Fact.BILLING_VERIFIED: ReasonCode.BILLING_NOT_VERIFIED,
    Fact.GOOD_STANDING: ReasonCode.NOT_IN_GOOD_STANDING,
    Fact.IDENTITY_VERIFIED: ReasonCode.IDENTITY_NOT_VERIFIED,
}


def protect(
    sheet: Sheet, status: Status, *, contract: Contract, week: Week, invoiced_at: Instant, rule: ProtectionRule
) -> Protection:
    """Return which of a week's segments are protected, with the reasons for all the others.

    A billable, tracked segment is protected when no criterion fails; every failing criterion of every
    recorded segment is reported, in the rulebook's order.
    """
    failures = [
        Reason(code=code, slots=slots, facts=facts)
        for code, slots, facts in _criteria(sheet, status, contract, week, invoiced_at, rule)
        if slots
    ]
    candidates = status.worked
    for failure in failures:
        candidates = candidates - failure.slots
    # PROTECT-3: a low average fails all that pass so far, the ones of unknown activity too.
    low = _low_average(sheet, candidates, rule)
    if low is not None:
        failures.append(low)
        candidates = EMPTY
    # PROTECT-7: what passes everything else uses up the lifetime protection, in time order.
    passing = _within_lifetime(candidates, contract, rule)
    if passing != candidates:
        caps = (("lifetime_hours", rule.lifetime_hours), ("lifetime_amount", rule.lifetime_amount))
        known = tuple((name, cap) for name, cap in caps if cap is not None)
        failures.append(Reason(code=ReasonCode.LIFETIME_CAP, slots=candidates - passing, facts=known))
    return Protection(protected=passing, failures=tuple(failures))


_Criterion = tuple[ReasonCode, Slots, tuple[tuple[str, object], ...]]


def _criteria(
    sheet: Sheet, status: Status, contract: Contract, week: Week, invoiced_at: Instant, rule: ProtectionRule
) -> Iterator[_Criterion]:
    """Yield each criterion that looks at one segment alone, with the segments that fail it."""
    worked, tracked = status.worked, sheet.tracked
    # MANUAL-1: manual time is never protected.
    yield ReasonCode.MANUAL_TIME, sheet.manual, ()
    # LIMIT-1: only time within the weekly limit is billed.
    yield ReasonCode.OVER_LIMIT, status.over_limit, ()
    # PROTECT-1: snapshot and activity are asked of tracked segments only.
    if rule.requires_snapshot:
        yield ReasonCode.NO_SNAPSHOT, tracked - sheet.snapshot, ()
    # PROTECT-2: unknown, none and too little are three things; a minimum of 0 asks for none of them.
    minimum = rule.min_active_minutes
    if minimum:
        yield ReasonCode.ACTIVITY_UNKNOWN, tracked - sheet.known, ()
        yield ReasonCode.NO_ACTIVITY, sheet.known - sheet.at_least[1], ()
        low = sheet.at_least[1] - sheet.at_least[minimum]
        yield ReasonCode.LOW_ACTIVITY, low, (("min_active_minutes", minimum),)
    # PROTECT-4: memo and label are asked of every segment.
    if rule.memo is not MemoNeed.OPTIONAL:
        missing = worked - sheet.with_memo
        if rule.memo is MemoNeed.LABEL_SUFFICES:
            missing = missing - sheet.with_label
        yield ReasonCode.MISSING_MEMO, missing, ()
    if rule.label is LabelNeed.REQUIRED_IF_OFFERED and contract.labels:
        yield ReasonCode.MISSING_LABEL, worked - sheet.with_label, (("labels", contract.labels),)
    # PROTECT-5: the accounts, at the moments that the policy names.
    yield from _account_criteria(worked, contract, week, invoiced_at, rule)


def _account_criteria(
    worked: Slots, contract: Contract, week: Week, invoiced_at: Instant, rule: ProtectionRule
) -> Iterator[_Criterion]:
    when_worked = contract.facts.pieces(week.start, week.stop) if Moments.WORKED in rule.facts_checked else ()
    at_invoice = contract.facts.at(invoiced_at)
    for fact, code in _FACT_CODES.items():
        if fact not in rule.requires:
            continue
        failing, moments = EMPTY, []
        for piece in when_worked:
            if not _fulfils(piece.value, fact):
                failing = failing | worked.between(piece.start, piece.stop)
        if failing:
            moments.append(Moments.WORKED.value)
        if Moments.INVOICED in rule.facts_checked and not _fulfils(at_invoice, fact):
            failing = worked
            moments.append(Moments.INVOICED.value)
        yield code, failing, (("moments", tuple(moments)), ("invoiced_at", invoiced_at))


def _fulfils(facts: Facts | None, fact: Fact) -> bool:
    # PROTECT-5: no fact on record means not fulfilled.
    return facts is not None and facts.fulfils(fact)


def _low_average(sheet: Sheet, candidates: Slots, rule: ProtectionRule) -> Reason | None:
    """Return the failure of PROTECT-3, or `None`: exactly at the minimum passes, and so does no average."""
    minimum = rule.min_average_active_minutes
    if minimum is None or not candidates:
        return None
    known = candidates & sheet.known
    total, count = sheet.meter_total(known), len(known)
    if total >= Fraction(minimum) * count:
        return None
    facts = (("min_average_active_minutes", minimum), ("active_minutes", total), ("segments", count))
    return Reason(code=ReasonCode.LOW_AVERAGE_ACTIVITY, slots=candidates, facts=facts)


def rate_cap_of(contract: Contract, rule: ProtectionRule) -> Decimal | None:
    """Return the highest rate at which segments are protected, or `None` for no cap (PROTECT-6, -8)."""
    return contract.usual_rate if rule.rate_cap is RateCap.USUAL_RATE else None


def _within_lifetime(candidates: Slots, contract: Contract, rule: ProtectionRule) -> Slots:
    """Return the candidates up to the first that would pass a lifetime cap (PROTECT-7)."""
    passing = candidates
    used = contract.already_protected
    if rule.lifetime_hours is not None:
        whole = Fraction(rule.lifetime_hours) * SLOTS_PER_HOUR // 1
        passing = passing.first(max(int(whole) - used.slots, 0))
    if rule.lifetime_amount is not None and passing.start is not None and passing.stop is not None:
        # Sixths of the currency's unit: the exact worth of a segment is its rate in sixths.
        left = (Fraction(rule.lifetime_amount) - Fraction(used.amount)) * SLOTS_PER_HOUR
        cap = rate_cap_of(contract, rule)
        within = EMPTY
        for piece in contract.terms.pieces(passing.start, passing.stop):
            slots = passing.between(piece.start, piece.stop)
            rate = Fraction(0) if piece.value is None else Fraction(piece.value.rate)
            rate = rate if cap is None else min(rate, Fraction(cap))
            fitting = slots if rate * len(slots) <= left else slots.first(int(left // rate) if left > 0 else 0)
            within = within | fitting
            left -= rate * len(fitting)
            if fitting != slots:
                break
        passing = within
    return passing
