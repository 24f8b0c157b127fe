"""BILL: one line a rate, each rounded once, and fees."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support import refusal, run, slots, terms
from workdiary.errors import InvalidValue, OutsideContract, UnknownCurrency
from workdiary.model.contract import Terms
from workdiary.model.money import Money, Rounding
from workdiary.model.outcome import Bill, Line
from workdiary.model.policy import FeeTier
from workdiary.model.slots import EMPTY
from workdiary.model.timeline import Timeline
from workdiary.rules.billing import bill, fee

UP = Rounding.HALF_UP


def line_of(*rates: tuple[str, str]) -> Timeline[Terms]:
    return Timeline.of([terms(since, rate) for since, rate in rates])


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


THIRTY = line_of(("2026-11-02T00:00Z", "30.00"))
RAISED = line_of(("2026-11-02T00:00Z", "10"), ("2026-11-16T01:00Z", "20"), ("2026-11-16T02:00Z", "10.00"))


# BILL-1


def test_bill_1_a_line_is_rate_times_segments_over_six() -> None:
    assert bill(run(0, 9), THIRTY, "USD", UP) == Bill((Line(Decimal("30.00"), 9, usd("45.00")),), "USD")


def test_bill_1_the_rate_is_that_of_the_terms_in_force_at_the_slots_start() -> None:
    made = bill(run(5, 7), RAISED, "USD", UP)
    assert [(line.rate, line.slots, line.amount) for line in made.lines] == [
        (Decimal(10), 1, usd("1.67")),
        (Decimal(20), 1, usd("3.33")),
    ]
    assert made.amount == usd("5.00")


def test_bill_1_rates_are_compared_as_numbers_and_lines_are_in_order_of_first_use() -> None:
    made = bill(slots(0, 6, 7, 12, 13), RAISED, "USD", UP)
    assert [(str(line.rate), line.slots, line.amount) for line in made.lines] == [
        ("10", 3, usd("5.00")),
        ("20", 2, usd("6.67")),
    ]
    later = bill(slots(6, 12), RAISED, "USD", UP)
    assert [str(line.rate) for line in later.lines] == ["20", "10.00"]


def test_bill_1_a_rate_without_billable_segments_has_no_line() -> None:
    assert [line.slots for line in bill(slots(0, 12), RAISED, "USD", UP).lines] == [2]
    assert bill(EMPTY, RAISED, "JPY", UP) == Bill((), "JPY")
    assert str(bill(EMPTY, RAISED, "JPY", UP).amount) == "0 JPY"


def test_bill_1_each_line_is_rounded_once_and_the_bill_is_the_sum_of_its_lines() -> None:
    # 1/6 of 0.03 is half a cent.
    cents = line_of(("2026-11-02T00:00Z", "0.03"), ("2026-11-16T00:10Z", "0.09"))
    assert [str(line.amount) for line in bill(run(0, 2), cents, "USD", UP).lines] == ["0.01 USD", "0.02 USD"]
    assert str(bill(run(0, 2), cents, "USD", UP).amount) == "0.03 USD"
    even = bill(run(0, 2), cents, "USD", Rounding.HALF_EVEN)
    assert [str(line.amount) for line in even.lines] == ["0.00 USD", "0.02 USD"]
    assert str(even.amount) == "0.02 USD"


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "679 JPY"), ("USD", "678.50 USD"), ("KWD", "678.500 KWD")])
def test_bill_1_a_line_is_rounded_to_the_currencys_minor_unit(currency: str, amount: str) -> None:
    assert str(bill(slots(0), line_of(("2026-11-02T00:00Z", "4071")), currency, UP).amount) == amount


def test_bill_1_a_currency_without_known_digits_is_an_error() -> None:
    assert refusal(UnknownCurrency, bill, slots(0), THIRTY, "XAU", UP)[1] == "XAU"


def test_bill_1_a_segment_before_the_first_terms_is_an_error() -> None:
    late = line_of(("2026-11-16T00:30Z", "30"))
    assert refusal(OutsideContract, bill, run(2, 9), late, "USD", UP) == (
        "segments",
        "2026-11-16T00:20:00Z",
        "lies before the contract's first terms",
        "give the terms that held then, or leave the segment out",
    )
    assert bill(run(3, 9), late, "USD", UP).slots == 6


def test_bill_1_a_free_slot_before_the_first_terms_is_none() -> None:
    split = line_of(("2026-11-16T00:30Z", "30"))
    assert bill(slots(3, 4), split, "USD", UP).slots == 2


# PROTECT-6, PROTECT-8


def test_protect_8_two_rates_that_the_cap_makes_equal_are_one_line() -> None:
    rates = line_of(("2026-11-02T00:00Z", "700"), ("2026-11-16T00:10Z", "10.5"), ("2026-11-16T00:20Z", "9"))
    made = bill(run(0, 3), rates, "USD", UP, rate_cap=Decimal(10))
    assert [(line.rate, line.slots, line.amount) for line in made.lines] == [
        (Decimal(10), 2, usd("3.33")),
        (Decimal(9), 1, usd("1.50")),
    ]


def test_protect_6_a_claim_of_700_on_a_profile_of_10_is_worth_10() -> None:
    assert bill(run(0, 6), line_of(("2026-11-02T00:00Z", "700")), "USD", UP, rate_cap=Decimal(10)).amount == usd("10")


# BILL-3

TEN_PERCENT = (FeeTier(above=Decimal(0), rate=Decimal("0.10")),)
TIERED = (
    FeeTier(above=Decimal(0), rate=Decimal("0.12")),
    FeeTier(above=Decimal(10_000), rate=Decimal("0.07")),
)


@pytest.mark.parametrize(
    ("payment", "expected", "net"),
    [("266.64", "26.66", "239.98"), ("333.36", "33.34", "300.02"), ("0.05", "0.01", "0.04")],
)
def test_bill_3_a_fee_is_to_the_nearest_cent_half_up(payment: str, expected: str, net: str) -> None:
    assert fee(usd(payment), TEN_PERCENT) == usd(expected)
    assert usd(payment) - fee(usd(payment), TEN_PERCENT) == usd(net)


def test_bill_3_a_tiered_fee_splits_a_payment_that_crosses_a_threshold() -> None:
    assert fee(usd("5000"), TIERED) == usd("600")
    assert fee(usd("6000"), TIERED, paid_before=usd("5000")) == usd("670")


@pytest.mark.parametrize(
    ("before", "payment", "expected"),
    [
        ("0", "10000", "1200.00"),
        ("0", "10000.01", "1200.00"),
        ("0", "10001", "1200.07"),
        ("10000", "100", "7.00"),
        ("9999.99", "0.01", "0.00"),
        ("9999", "1", "0.12"),
        ("9999", "2", "0.19"),
        ("20000", "1", "0.07"),
        ("0", "0", "0.00"),
    ],
)
def test_bill_3_thresholds_look_at_what_was_paid_before(before: str, payment: str, expected: str) -> None:
    assert fee(usd(payment), TIERED, paid_before=usd(before)) == usd(expected)


def test_bill_3_three_tiers_and_a_first_one_that_is_free() -> None:
    tiers = tuple(
        FeeTier(above=Decimal(above), rate=Decimal(rate))
        for above, rate in ((500, "0.20"), (1000, "0.10"), (2000, "0.05"))
    )
    assert fee(usd("400"), tiers) == usd("0")
    assert fee(usd("600"), tiers) == usd("20.00")
    assert fee(usd("3000"), tiers) == usd("250.00")
    assert fee(usd("1500"), tiers, paid_before=usd("900")) == usd("140.00")


def test_bill_3_without_tiers_there_is_no_fee() -> None:
    assert fee(usd("100"), ()) == usd("0")


def test_bill_3_the_fee_is_in_the_payments_currency_and_no_other_is_added() -> None:
    assert fee(Money.of(105, "JPY"), TEN_PERCENT) == Money(11, "JPY")
    assert refusal(InvalidValue, fee, usd("1"), TIERED, paid_before=Money.of(1, "EUR"))[:2] == ("currency", "EUR")


def test_the_first_slot_is_named_where_terms_are_missing() -> None:
    assert refusal(OutsideContract, bill, slots(-1), line_of(("2026-11-16T00:00Z", "1")), "USD", UP)[1] == (
        "2026-11-15T23:50:00Z"
    )


def test_bill_3_tiers_out_of_order_are_refused_and_nothing_was_paid_before() -> None:
    first, second = FeeTier(above=Decimal(0), rate=Decimal(1)), FeeTier(above=Decimal(1), rate=Decimal(0))
    words = "1, 0", "do not rise", "order the tiers by what they are above"
    assert refusal(InvalidValue, fee, usd("1"), (second, first)) == ("tiers", *words)
    assert fee(usd("1.00"), (first, second)) == usd("1.00")
