"""`WeekStatement`: the rules in order, and what they make of one week."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import attrs
import pytest

from tests.support import PLAIN, WEEK, at, contract, manual, policy, refusal, run, slots, terms, tracked
from workdiary.errors import InvalidValue, NaiveDatetime, OutsideContract, OverlapError, UnknownZone
from workdiary.model.contract import Contract, ContractStatus, StatusChange
from workdiary.model.money import Money, Rounding
from workdiary.model.outcome import Finding, Settlement
from workdiary.model.policy import Change, FeeTier, LimitOrder, RateCap
from workdiary.model.segment import Segment
from workdiary.model.sheet import Sheet
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import instant, slot_at, zone
from workdiary.model.verdict import ReasonCode
from workdiary.statement import ReportRow, WeekStatement, week_statement

# Seven segments, a limit of one hour, a raise from place 3 on.
LIMITED = contract(
    terms=[terms(rate="30", limit=1), terms("2026-11-16T00:30Z", "40.00", limit=1)], labels=["design"], usual_rate="35"
)
SEGMENTS = [
    tracked(at(0), label="design"),
    tracked(at(1), label="design", memo=""),
    manual(at(2), label="design"),
    tracked(at(3), label="design", memo="Tests"),
    tracked(at(4), memo="Tests"),
    manual(at(5)),
    tracked(at(6), label="design"),
]


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def statement(*segments: Segment, **values: Any) -> WeekStatement:
    given = {"week": WEEK, "policy": PLAIN, **values}
    on = given.pop("on", LIMITED)
    return week_statement(on, segments or SEGMENTS, **given)


# The parts


def test_a_statement_colours_every_recorded_segment() -> None:
    made = statement()
    assert made.tracked == slots(0, 1, 3, 4)
    assert made.manual == slots(2, 5)
    assert made.over_limit == slots(6)
    assert made.billable == slots(0, 1, 2, 3, 4, 5)


def test_a_statement_gives_hours_lines_and_the_amount() -> None:
    made = statement()
    assert attrs.asdict(made.hours) == {"tracked": "0.67", "manual": "0.33", "over_limit": "0.17", "billable": "1.00"}
    assert [(line.rate, line.slots, line.amount) for line in made.lines] == [
        (Decimal(30), 3, usd("15.00")),
        (Decimal("40.00"), 3, usd("20.00")),
    ]
    assert made.amount == usd("35.00")
    assert made.lines is made.bill.lines


def test_a_statement_says_what_is_protected_and_why_the_rest_is_not() -> None:
    made = statement()
    assert made.protected == slots(0, 3)
    assert made.unprotected == (
        Finding(at(1), at(2), (ReasonCode.MISSING_MEMO,)),
        Finding(at(2), at(3), (ReasonCode.MANUAL_TIME,)),
        Finding(at(4), at(5), (ReasonCode.MISSING_LABEL,)),
        Finding(at(5), at(6), (ReasonCode.MANUAL_TIME, ReasonCode.MISSING_LABEL)),
        Finding(at(6), at(7), (ReasonCode.OVER_LIMIT,)),
    )
    assert made.protected_amount == usd("11.67")
    assert [reason.code for reason in made.protection.why(at(5))] == [ReasonCode.MANUAL_TIME, ReasonCode.MISSING_LABEL]


def test_protect_8_the_protected_amount_is_a_bill_at_the_protected_rates() -> None:
    capped = statement(policy=policy(protection={"rate_cap": RateCap.USUAL_RATE}))
    # 30 stays 30, 40 becomes the usual 35: 5.00 and 5.83.
    assert capped.protected_amount == usd("10.83")
    assert [line.rate for line in capped.protected_bill.lines] == [Decimal(30), Decimal(35)]
    assert capped.amount == usd("35.00")


def test_a_statement_has_the_weeks_calendar() -> None:
    assert statement().calendar == PLAIN.calendar(WEEK)
    assert statement().calendar.invoiced_at == instant("2026-11-23T12:00Z")


def test_bill_1_the_policys_rounding_is_that_of_both_bills() -> None:
    cents = contract(terms=[terms(rate="0.03")])
    up, even = (statement(tracked(at(0)), on=cents, policy=policy(billing={"rounding": how})) for how in Rounding)
    assert (up.amount, even.amount) == (usd("0.01"), usd("0.00"))
    assert (up.protected_amount, even.protected_amount) == (usd("0.01"), usd("0.00"))
    assert (up.worth(slots(0)), even.worth(slots(0))) == (usd("0.01"), usd("0.00"))


def test_limit_the_policys_order_and_changes_are_used() -> None:
    first = statement(policy=policy(limit={"order": LimitOrder.TRACKED_FIRST}))
    assert (first.tracked, first.manual, first.over_limit) == (slots(0, 1, 3, 4, 6), slots(2), slots(5))
    rising = contract(terms=[terms(limit="0.5"), terms("2026-11-16T00:50Z", limit=1)])
    later = statement(on=rising, policy=policy(limit={"increase": Change.FROM_THEN_ON}))
    assert later.over_limit == slots(3, 4, 6)
    assert statement(on=rising).over_limit == slots(6)


def test_bill_3_a_statement_knows_its_fee() -> None:
    tiers = (FeeTier(above=Decimal(0), rate=Decimal("0.10")), FeeTier(above=Decimal(100), rate=Decimal("0.05")))
    made = statement(policy=attrs.evolve(PLAIN, fees=tiers))
    assert made.fee() == usd("3.50")
    assert made.fee(paid_before=usd("100")) == usd("1.75")
    assert statement().fee() == usd("0")


# Reports


def test_limit_1_a_report_shows_billable_time_only_by_day() -> None:
    midnight = [tracked(at(143)), tracked(at(144)), manual(at(145)), tracked(at(146))]
    made = statement(*midnight, on=contract(terms=[terms(limit="0.5")]))
    assert made.report() == made.report("day", "UTC") == made.report(by="day", zone=zone("UTC"))
    assert made.report() == (
        ReportRow(key=date(2026, 11, 16), tracked=slots(143), manual=EMPTY),
        ReportRow(key=date(2026, 11, 17), tracked=slots(144), manual=slots(145)),
    )
    assert [(row.slots, row.hours) for row in made.report()] == [(1, "0.17"), (2, "0.33")]


def test_grid_3_a_zone_changes_the_days_and_never_the_bill() -> None:
    made = statement(tracked("2026-11-16T18:10Z"), tracked("2026-11-16T18:20Z"), on=contract())
    assert [(row.key, row.slots) for row in made.report(zone="Asia/Kathmandu")] == [
        (date(2026, 11, 16), 1),
        (date(2026, 11, 17), 1),
    ]
    assert [(row.key, row.slots) for row in made.report(zone="UTC")] == [(date(2026, 11, 16), 2)]


def test_a_report_by_memo_is_in_order_of_first_use() -> None:
    assert statement().report("memo") == (
        ReportRow(key="Fix the login form", tracked=slots(0), manual=EMPTY),
        ReportRow(key="", tracked=slots(1), manual=EMPTY),
        ReportRow(key="Call", tracked=EMPTY, manual=slots(2, 5)),
        ReportRow(key="Tests", tracked=slots(3, 4), manual=EMPTY),
    )


def test_a_report_by_label_has_time_without_one_last() -> None:
    assert statement().report("label") == (
        ReportRow(key="design", tracked=slots(0, 1, 3), manual=slots(2)),
        ReportRow(key=None, tracked=slots(4), manual=slots(5)),
    )
    assert [row.key for row in statement(tracked(at(0), label="x")).report("label")] == ["x"]


def test_a_report_leaves_out_what_has_no_billable_time() -> None:
    over = [tracked(at(n)) for n in range(6)] + [tracked(at(6), memo="Red", label="red")]
    assert [row.key for row in statement(*over).report("memo")] == ["Fix the login form"]
    assert [row.key for row in statement(*over).report("label")] == [None]


def test_a_report_is_by_day_memo_or_label_in_a_zone_of_the_database() -> None:
    assert refusal(InvalidValue, statement().report, "hour") == (
        "by",
        "hour",
        "is not day, memo or label",
        "choose one of them",
    )
    assert refusal(UnknownZone, statement().report, "day", "Nowhere at all")[:2] == ("zone", "Nowhere at all")


# Disputes


def test_a_statement_settles_a_dispute_with_its_own_segments_and_calendar() -> None:
    made = statement()
    settlement = made.settle(slots(3, 4, 6), at="2026-11-24T00:00Z")
    assert settlement == Settlement(paid=slots(0, 1, 2, 3, 5), refunded=slots(4))
    assert [reason.code for reason in made.settle(slots(4), at="2026-11-23T00:00Z").reasons] == [
        ReasonCode.REVIEW_NOT_OPEN
    ]
    unpaid = made.settle(slots(3), at="2026-11-24T00:00Z", client_pays=False)
    assert unpaid == Settlement(covered=slots(0, 3), unpaid=slots(1, 2, 4, 5))


def test_claim_1_the_four_amounts_are_each_a_bill_and_covered_ones_at_their_protected_rate() -> None:
    made = statement(policy=policy(protection={"rate_cap": RateCap.USUAL_RATE}))
    amounts = made.amounts(made.settle(slots(4), at="2026-11-24T00:00Z"))
    assert (amounts.paid, amounts.refunded) == (usd("28.33"), usd("6.67"))
    assert (amounts.covered, amounts.unpaid) == (usd("0"), usd("0"))
    claimed = made.amounts(made.settle(EMPTY, at="2026-11-24T00:00Z", client_pays=False))
    assert (claimed.paid, claimed.refunded) == (usd("0"), usd("0"))
    assert (claimed.covered, claimed.unpaid) == (usd("10.83"), usd("23.33"))


def test_what_some_slots_are_worth() -> None:
    made = statement(policy=policy(protection={"rate_cap": RateCap.USUAL_RATE}))
    assert made.worth(slots(0, 3, 6)) == usd("18.33")
    assert made.protected_worth(slots(0, 3)) == usd("10.83")
    assert made.worth(EMPTY) == usd("0")


# In and out


def test_segments_come_in_any_order_and_from_any_weeks() -> None:
    expected = statement()
    some = [*SEGMENTS[:4], tracked(at(-1)), tracked(at(1008))]
    assert all(statement(*order) == statement(*SEGMENTS[:4]) for order in list(permutations(some))[::29])
    assert statement(*reversed(SEGMENTS)) == expected
    assert week_statement(LIMITED, iter(SEGMENTS), week=WEEK, policy=PLAIN) == expected


def test_a_sheet_may_be_given_in_place_of_segments() -> None:
    assert week_statement(LIMITED, Sheet.of(SEGMENTS, WEEK), week=WEEK, policy=PLAIN) == statement()


@pytest.mark.parametrize("inside", ["2026-11-16T00:00Z", "2026-11-22T23:59:59Z", instant("2026-11-18T00:00Z"), WEEK])
def test_the_week_is_given_itself_or_by_any_instant_in_it(inside: Any) -> None:
    assert statement(week=inside).week == WEEK


def test_a_week_without_segments_costs_nothing() -> None:
    made = week_statement(LIMITED, [], week=WEEK, policy=PLAIN)
    assert made.billable == EMPTY
    assert (made.amount, made.protected_amount, made.lines, made.unprotected) == (usd("0"), usd("0"), (), ())
    assert made.hours.billable == "0.00"
    assert made.report() == made.report("memo") == made.report("label") == ()


def test_two_segments_in_one_slot_are_refused() -> None:
    assert refusal(OverlapError, statement, tracked(at(1)), manual(at(1)))[:2] == ("segments", "2026-11-16T00:10:00Z")


def test_the_week_has_a_zone() -> None:
    assert refusal(NaiveDatetime, statement, week="2026-11-18T00:00")[0] == "week"


LATE = contract(terms=[terms("2026-11-16T00:20:01Z")])


def test_bill_1_a_week_before_the_first_terms_is_an_error() -> None:
    assert refusal(OutsideContract, statement, on=LATE, week="2026-11-15T23:59:59Z") == (
        "week",
        "week of 2026-11-09",
        "ends before the contract's first terms, 2026-11-16T00:20:01Z",
        "ask for a later week, or add the terms that held then",
    )
    on_the_edge = contract(terms=[terms("2026-11-16T00:00:00Z")])
    assert refusal(OutsideContract, statement, on=on_the_edge, week="2026-11-09T00:00Z")[0] == "week"
    assert week_statement(on_the_edge, [], week="2026-11-16T00:00Z", policy=PLAIN).amount == usd("0")
    in_time = contract(terms=[terms("2026-11-15T23:59:59Z")])
    assert week_statement(in_time, [], week="2026-11-09T00:00Z", policy=PLAIN).amount == usd("0")


def test_bill_1_a_segment_before_the_first_terms_is_an_error() -> None:
    assert refusal(OutsideContract, statement, tracked(at(2)), tracked(at(3)), on=LATE) == (
        "segments",
        "2026-11-16T00:20:00Z",
        "starts before the contract's first terms, 2026-11-16T00:20:01Z",
        "add the terms that held then, or leave the segment out",
    )
    assert statement(tracked(at(3)), on=LATE).tracked == slots(3)
    exactly = contract(terms=[terms("2026-11-16T00:20:00Z")])
    assert statement(tracked(at(2)), on=exactly).tracked == slots(2)


def test_a_week_after_the_closing_is_an_error() -> None:
    def closing(since: str) -> Contract:
        return contract(status=[StatusChange(since=since, status=ContractStatus.CLOSED)])

    assert refusal(OutsideContract, statement, on=closing("2026-11-16T00:00:00Z")) == (
        "week",
        "week of 2026-11-16",
        "is after the contract's closing, 2026-11-16T00:00:00Z",
        "ask for an earlier week",
    )
    assert statement(tracked(at(0)), on=closing("2026-11-16T00:00:01Z")).tracked == slots(0)


def test_explain_and_advice_speak_of_this_statement() -> None:
    made = statement()
    told = made.explain("2026-11-16T00:10Z")
    assert told == made.explain(at(1))
    assert "PROTECT-4" in told
    assert "OVER_LIMIT" not in told
    assert "LIMIT-1" in made.explain(at(6))
    (first, *_) = made.advice(at="2026-11-17T00:00Z")
    assert str(first)
    assert first.slots <= made.billable | made.over_limit


def test_a_statement_is_a_value() -> None:
    one, other = statement(), statement()
    assert one == other
    assert hash(one) == hash(other)
    some: Any = one
    with pytest.raises(AttributeError):
        some.status = None
    for part in (one.hours, one.report()[0], one.amounts(Settlement()), one.calendar, one.bill):
        assert hash(part) == hash(part)
        with pytest.raises(AttributeError):
            setattr(part, attrs.fields(type(part))[0].name, None)


def test_a_whole_week_of_work_is_billed_up_to_its_limit() -> None:
    made = week_statement(contract(), [tracked(slot) for slot in run(0, 1008)], week=WEEK, policy=PLAIN)
    assert (made.tracked, made.over_limit) == (run(0, 240), run(240, 1008))
    assert made.hours.over_limit == "128.00"
    assert made.amount == made.protected_amount == usd("1200.00")
    assert made.report()[1] == ReportRow(key=date(2026, 11, 17), tracked=run(144, 240), manual=Slots())
    assert slot_at("2026-11-16T00:00Z") == at(0)


def test_a_sheet_of_another_week_is_an_error() -> None:
    """A sheet of the wrong week must not be billed to the week that was asked for."""
    earlier = Sheet.of([tracked(at(-5))], WEEK.previous)
    found = refusal(InvalidValue, week_statement, contract(), earlier, week=WEEK, policy=PLAIN)
    assert found == (
        "segments",
        "2026-11-15T23:10:00Z",
        "is not in the week of 2026-11-16",
        "give the sheet of that week: Sheet.of(segments, week)",
    )


def test_statements_and_protections_are_values() -> None:
    made = week_statement(contract(), [tracked(at(0), memo="")], week=WEEK, policy=PLAIN)
    things: list[Any] = [made, made.protection]
    for whole in things:
        assert not hasattr(whole, "__dict__")
        with pytest.raises(AttributeError):
            whole.protected = EMPTY
    assert made.protection.unprotected is made.protection.unprotected
    assert isinstance(hash(made), int)


def test_a_statement_prints_as_a_sentence() -> None:
    made = week_statement(contract(), [tracked(at(0)), manual(at(1))], week=WEEK, policy=PLAIN)
    assert str(made) == (
        "week of 2026-11-16, contract c-1: 10.00 USD for 0.17 h tracked, 0.17 h manual, 0.00 h over the limit; "
        "5.00 USD protected"
    )


def test_a_mere_name_is_no_policy_and_a_mere_row_no_segment() -> None:
    call: Any = week_statement
    words = "is not a Policy", "get one by policies.get(name) or policies.load(path)"
    assert refusal(InvalidValue, call, contract(), [], week=WEEK, policy="upwork") == ("policy", "upwork", *words)
    words = "is not a Contract", "make one with its terms"
    assert refusal(InvalidValue, call, None, [], week=WEEK, policy=PLAIN) == ("contract", None, *words)
    words = "is not a Segment", "give Segment.tracked or Segment.manual"
    assert refusal(InvalidValue, call, contract(), [5], week=WEEK, policy=PLAIN) == ("segments", 5, *words)
