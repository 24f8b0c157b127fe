"""Laws of payment protection (RELIABILITY 36; PROTECT).

1. What is protected is green: billable, tracked, within the limit; manual time never is. Where a policy
   asks for nothing else, everything green is protected.
2. Every recorded segment is either protected or has a reason, never both.
3. The reasons of each segment are the oracle's; they come in the rulebook's order, and runs are maximal.
4. Taking evidence away makes no segment protected, where no average and no lifetime cap ties them together.
5. What protection costs the platform never exceeds a lifetime cap that was not used up before.
6. A claim covers what is protected and nothing else; a dispute never touches it.
"""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.oracle_protection import Account, Worked, failures
from workdiary import Fact, ReasonCode, Segment, Slots, Source, WeekStatement
from workdiary.model.policy import LabelNeed, MemoNeed, ProtectionRule, RateCap
from workdiary.testing.strategies import WorkedWeek, slot_sets, statements, worked_weeks

ORDER = list(ReasonCode)


@given(statements())
def test_what_is_protected_is_green(statement: WeekStatement) -> None:
    """Law 1."""
    assert statement.protected <= statement.tracked
    assert statement.protected.isdisjoint(statement.sheet.manual)
    assert statement.protected.isdisjoint(statement.over_limit)


@given(worked_weeks())
def test_where_nothing_is_asked_for_all_that_is_green_is_protected(worked: WorkedWeek) -> None:
    """Law 1."""
    nothing = ProtectionRule(
        requires_snapshot=False,
        min_active_minutes=0,
        memo=MemoNeed.OPTIONAL,
        label=LabelNeed.OPTIONAL,
        requires=(),
        facts_checked=(),
        rate_cap=RateCap.NONE,
    )
    statement = worked._replace(policy=attrs.evolve(worked.policy, protection=nothing)).statement()
    assert statement.protected == statement.tracked
    for finding in statement.unprotected:
        assert set(finding.codes) <= {ReasonCode.MANUAL_TIME, ReasonCode.OVER_LIMIT}


@given(statements())
def test_every_segment_is_protected_or_has_a_reason(statement: WeekStatement) -> None:
    """Law 2."""
    for slot in statement.sheet.worked:
        assert (slot in statement.protected) == (not statement.protection.why(slot))
    found = Slots.from_runs((finding.start, finding.stop) for finding in statement.unprotected)
    assert found == statement.sheet.worked - statement.protected


@given(statements())
def test_reasons_are_in_order_and_runs_are_maximal(statement: WeekStatement) -> None:
    """Law 3."""
    for finding in statement.unprotected:
        assert [ORDER.index(code) for code in finding.codes] == sorted(ORDER.index(code) for code in finding.codes)
        for slot in range(finding.start, finding.stop):
            assert tuple(reason.code for reason in statement.protection.why(slot)) == finding.codes
    for one, other in pairwise(statement.unprotected):
        assert one.stop < other.start or (one.stop == other.start and one.codes != other.codes)


@given(worked_weeks())
def test_the_reasons_of_each_segment_are_the_oracles(worked: WorkedWeek) -> None:
    """Law 3: every criterion, the average and both lifetime caps."""
    statement, contract = worked.statement(), worked.contract
    recorded = [
        Worked(one.slot, one.source.value, one.memo, one.label, one.meter, bool(one.snapshots))
        for one in worked.segments
    ]
    account = Account(
        labels_offered=bool(contract.labels),
        facts=[
            (int(facts.since), {fact.value for fact in Fact if getattr(facts, fact.value)}) for facts in contract.facts
        ],
        invoiced_at=statement.calendar.invoiced_at,
        rates=[(int(terms.since), Fraction(terms.rate)) for terms in contract.terms],
        usual_rate=None if contract.usual_rate is None else Fraction(contract.usual_rate),
        used_slots=contract.already_protected.slots,
        used_amount=Fraction(contract.already_protected.amount),
    )
    rule = attrs.asdict(worked.policy.protection, value_serializer=_plain)
    expected = failures(recorded, set(statement.over_limit), rule, account)
    found = {one.slot: [reason.code.value for reason in statement.protection.why(one.slot)] for one in recorded}
    assert found == expected


def _plain(_: object, __: object, value: object) -> object:
    return value.value if isinstance(value, Enum) else value


@given(worked_weeks(), st.data())
def test_taking_evidence_away_makes_nothing_protected(worked: WorkedWeek, data: st.DataObject) -> None:
    """Law 4.

    An average can rise when a low meter becomes unknown, and a lifetime cap can reach further when an
    earlier segment no longer uses it; both are meant (PROTECT-3, PROTECT-7), so both are left out.
    """
    alone = attrs.evolve(
        worked.policy.protection, min_average_active_minutes=None, lifetime_hours=None, lifetime_amount=None
    )
    worked = worked._replace(policy=attrs.evolve(worked.policy, protection=alone))
    poorer = tuple(data.draw(st.sampled_from(_poorer(segment))) for segment in worked.segments[:12])
    rest = worked.segments[12:]
    assert worked._replace(segments=(*poorer, *rest)).statement().protected <= worked.statement().protected


def _poorer(segment: Segment) -> list[Segment]:
    less = [segment, attrs.evolve(segment, memo=""), attrs.evolve(segment, label=None)]
    if segment.source is Source.TRACKED:
        less += [attrs.evolve(segment, snapshots=()), attrs.evolve(segment, activity=None)]
    return less


@given(worked_weeks())
def test_protection_stays_within_its_lifetime_caps(worked: WorkedWeek) -> None:
    """Law 5: in exact fractions, before any rounding."""
    statement = worked.statement()
    rule, used = worked.policy.protection, worked.contract.already_protected
    if rule.lifetime_hours is not None and statement.protected:
        assert Fraction(len(statement.protected) + used.slots, 6) <= Fraction(rule.lifetime_hours)
    if rule.lifetime_amount is not None and statement.protected:
        usual = worked.contract.usual_rate
        worth = Fraction(0)
        for slot in statement.protected:
            terms = worked.contract.terms.at(slot * 600)
            assert terms is not None
            capped = rule.rate_cap is RateCap.USUAL_RATE and usual is not None
            worth += Fraction(min(terms.rate, usual) if capped and usual is not None else terms.rate) / 6
        # Free segments after a full cap cost nothing; anything that costs must fit.
        assert worth == 0 or worth + Fraction(used.amount) <= Fraction(rule.lifetime_amount)


@given(statements(), slot_sets(), st.booleans())
def test_a_settlement_divides_the_billable_segments(
    statement: WeekStatement, disputed: Slots, client_pays: bool
) -> None:
    """Law 6: four disjoint parts of what is billable, and protected segments are always paid for."""
    near = disputed.shift(statement.week.start)
    settled = statement.settle(near, at=statement.calendar.invoiced_at, client_pays=client_pays)
    if not settled.allowed:
        assert statement.calendar.invoiced_at >= statement.calendar.review_ends_at
        return
    parts = (settled.paid, settled.refunded, settled.covered, settled.unpaid)
    assert sum(map(len, parts)) == len(statement.billable)
    assert settled.paid | settled.refunded | settled.covered | settled.unpaid == statement.billable
    assert statement.protected <= settled.paid | settled.covered
    assert not client_pays or settled.refunded <= near
