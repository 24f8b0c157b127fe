"""Laws of the bill (RELIABILITY 31 to 38; BILL, PROTECT-8).

1. The bill is the sum of its printed lines, and each line is rounded once (31, 38).
2. The bill is the oracle's, line by line, in exact fractions.
3. Every billable segment is in exactly one line (34; that a freelancer's tracked slot is billed on one
   contract only takes a record of several contracts, which a pure statement of one does not see).
4. The statements of two adjacent weeks together are those of the two weeks at once (32).
5. A week recomputes to the same cent whatever is agreed after it ended (33).
6. Deleting one segment takes one from what is billed exactly when the week was within its limit (35).
7. A rate counts from its instant for the slots that start then; when it was written down is nothing (37).
8. The bill never falls when a segment is added at one rate, and never is below 0.
9. A fee lies between nothing and the payment; paying in two parts moves it by less than a minor unit each.
10. Protected time at no cap never costs more than the bill.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws import oracle
from workdiary import Instant, Money, Rounding, Segment, Slots, Terms, Timeline, WeekStatement, policies, week_statement
from workdiary.model.currency import minor_digits
from workdiary.model.policy import FeeTier
from workdiary.rules.billing import bill, fee
from workdiary.testing.strategies import (
    WorkedWeek,
    currencies,
    hour_limits,
    money,
    rates,
    recorded_weeks,
    slot_sets,
    statements,
    worked_weeks,
)

upwork = policies.get("upwork")
roundings = st.sampled_from(Rounding)


def rates_of(terms: Timeline[Terms]) -> list[tuple[int, Fraction]]:
    return [(int(value.since), Fraction(value.rate)) for value in terms]


@given(statements())
def test_the_bill_is_the_sum_of_its_lines(statement: WeekStatement) -> None:
    """Laws 1, 3 and 38."""
    assert statement.amount.minor == sum(line.amount.minor for line in statement.lines)
    assert sum(line.slots for line in statement.lines) == len(statement.billable)
    assert len({line.rate for line in statement.lines}) == len(statement.lines)
    assert statement.amount.minor >= 0


@given(statements())
def test_each_line_is_the_oracles(statement: WeekStatement) -> None:
    """Law 2."""
    digits = minor_digits(statement.contract.currency)
    expected = oracle.lines(
        statement.billable, rates_of(statement.contract.terms), digits, statement.policy.billing.rounding.value
    )
    found = {Fraction(line.rate): line.amount.minor for line in statement.lines}
    assert list(found.items()) == list(expected.items())


@given(slot_sets(), rates(), currencies(), roundings)
def test_a_bill_of_one_rate_is_rounded_once(slots: Slots, rate: Decimal, currency: str, rounding: Rounding) -> None:
    """Law 1, invariant 31: never a rounded segment times a number."""
    terms = Timeline.of([Terms(since=Instant(0), rate=rate, weekly_limit=None)])
    exact = Fraction(rate) * len(slots) / 6 * 10 ** minor_digits(currency)
    found = bill(slots, terms, currency, rounding).amount.minor
    assert found == oracle.rounded(exact, rounding.value)
    assert abs(found - exact) <= Fraction(1, 2)


@given(worked_weeks(upwork), st.data())
def test_two_adjacent_weeks_add_up(worked: WorkedWeek, data: st.DataObject) -> None:
    """Law 4: a week takes its own segments out of any heap, and no segment is in two weeks."""
    following = worked.week.next
    heap = (*worked.segments, *data.draw(recorded_weeks(following)))
    kept = [segment for segment in heap if segment.starts_at >= worked.contract.begins_at]
    closes_at = worked.contract.closes_at
    assume(closes_at is None or closes_at > following.starts_at)
    one = week_statement(worked.contract, kept, week=worked.week, policy=upwork)
    other = week_statement(worked.contract, kept, week=following, policy=upwork)
    assert one.sheet.worked.isdisjoint(other.sheet.worked)
    assert (one.sheet.worked | other.sheet.worked) == Slots(segment.slot for segment in kept)
    alone = week_statement(worked.contract, worked.segments, week=worked.week, policy=upwork)
    assert one == alone


@given(worked_weeks(), hour_limits(), rates(), st.integers(0, 10**7))
def test_a_closed_week_recomputes_to_the_same_cent(
    worked: WorkedWeek, limit: object, rate: Decimal, later: int
) -> None:
    """Law 5: new terms from the week's end on change nothing in it."""
    contract = worked.contract
    kept = [value for value in contract.terms if value.since < worked.week.ends_at]
    since = Instant(worked.week.ends_at + later)
    extra = Terms(since=since, rate=rate, weekly_limit=limit)  # type: ignore[arg-type]  # any that the strategy draws
    before = worked._replace(contract=attrs.evolve(contract, terms=kept)).statement()
    after = worked._replace(contract=attrs.evolve(contract, terms=[*kept, extra])).statement()
    assert (after.status, after.bill, after.protection) == (before.status, before.bill, before.protection)


@given(worked_weeks(), st.data())
def test_deleting_lowers_the_count_exactly_when_the_week_is_within_its_limit(
    worked: WorkedWeek, data: st.DataObject
) -> None:
    """Law 6, with one limit for the whole week; else a red segment moves up."""
    assume(worked.segments)
    contract = attrs.evolve(worked.contract, terms=worked.contract.terms.values[:1])
    worked = worked._replace(contract=contract)
    gone: Segment = data.draw(st.sampled_from(worked.segments))
    before = worked.statement()
    after = worked._replace(segments=tuple(one for one in worked.segments if one is not gone)).statement()
    limit = contract.terms.values[0].weekly_limit
    within = limit is None or len(worked.segments) <= limit.slots
    assert len(before.billable) - len(after.billable) == (1 if within else 0)
    assert after.amount <= before.amount


@given(st.lists(st.tuples(st.integers(0, 200), rates()), min_size=1, max_size=4, unique_by=lambda pair: pair[0]))
def test_each_slot_costs_the_rate_at_its_start(changes: list[tuple[int, Decimal]]) -> None:
    """Law 7: also where a rate changes inside a slot."""
    terms = Timeline.of(
        [
            Terms(since=Instant(-600), rate="1", weekly_limit=None),
            *(Terms(since=Instant(at * 137), rate=rate, weekly_limit=None) for at, rate in sorted(changes)),
        ]
    )
    for slot in range(46):
        expected = oracle.rate_at(slot * 600, rates_of(terms))
        assert [Fraction(line.rate) for line in bill(Slots([slot]), terms, "USD", Rounding.HALF_UP).lines] == [expected]


@given(slot_sets(), slot_sets(), rates(), currencies(), roundings)
def test_more_segments_never_cost_less(
    slots: Slots, more: Slots, rate: Decimal, currency: str, rounding: Rounding
) -> None:
    """Law 8."""
    terms = Timeline.of([Terms(since=Instant(0), rate=rate, weekly_limit=None)])
    assert (
        Money(0, currency)
        <= bill(slots, terms, currency, rounding).amount
        <= bill(slots | more, terms, currency, rounding).amount
    )


TIERS = (FeeTier(above=Decimal(0), rate=Decimal("0.12")), FeeTier(above=Decimal(10_000), rate=Decimal("0.07")))


@given(money("USD"), money("USD"), money("USD"))
def test_a_fee_paid_in_two_parts_moves_by_rounding_only(first: Money, second: Money, before: Money) -> None:
    """Law 9: three roundings of at most half a cent each."""
    whole = fee(first + second, TIERS, paid_before=before)
    parts = fee(first, TIERS, paid_before=before) + fee(second, TIERS, paid_before=before + first)
    assert abs(whole.minor - parts.minor) <= 1
    assert Money(0, "USD") <= whole <= first + second


@given(statements())
def test_protected_time_never_costs_more_than_the_bill(statement: WeekStatement) -> None:
    """Law 10: without a usual rate no two lines become one, so each protected line is part of one."""
    uncapped = attrs.evolve(statement.contract, usual_rate=None)
    amount = bill(statement.protected, uncapped.terms, uncapped.currency, statement.policy.billing.rounding).amount
    assert amount <= statement.amount
