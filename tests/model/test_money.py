"""Money and hours: exact, rounded once, and never a float (BILL-1, BILL-2, LIMIT-1)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest

from tests.support import refusal
from workdiary.errors import FloatRefused, InvalidValue, UnknownCurrency
from workdiary.model.money import (
    Hours,
    Money,
    Rounding,
    amount_of,
    decimal,
    decimal_text,
    hours,
    hours_text,
    rate_text,
)

UP, EVEN = Rounding.HALF_UP, Rounding.HALF_EVEN


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


# Numbers in


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("12.5", "12.5"),
        ("0", "0"),
        ("007", "7"),
        ("30.00", "30.00"),
        (30, "30"),
        (0, "0"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-3"), "0.001"),
        ("9" * 18 + "." + "9" * 18, "9" * 18 + "." + "9" * 18),
        (10**18 - 1, "9" * 18),
    ],
)
def test_a_number_is_a_decimal_an_int_or_text(value: Any, expected: str) -> None:
    assert str(decimal(value)) == expected
    assert type(decimal(value)) is Decimal


@pytest.mark.parametrize("value", [12.5, 0.0, float("nan"), float("inf")])
def test_floats_are_refused_where_a_number_must_be_exact(value: float) -> None:
    argument, given, allowed, remedy = refusal(FloatRefused, decimal, value, "rate")
    assert (argument, allowed) == ("rate", "is a float, which cannot hold it exactly")
    assert given is value
    assert remedy == f'give it as text: "{value}"'
    assert refusal(FloatRefused, hours, 12.5) == (
        "hours",
        12.5,
        "is a float, which cannot hold it exactly",
        'give it as text: "12.5"',
    )
    assert refusal(FloatRefused, Money.of, 10.0, "USD")[0] == "amount"


@pytest.mark.parametrize("value", [True, False, None, b"1", [1], Fraction(1, 2)])
def test_other_kinds_of_value_are_no_numbers(value: Any) -> None:
    words = "is not a decimal number", 'give text such as "30.00"'
    assert refusal(InvalidValue, decimal, value) == ("value", value, *words)
    assert refusal(InvalidValue, decimal, value, "rate") == ("rate", value, *words)


@pytest.mark.parametrize(
    "value",
    ["", " ", "-1", "+1", "-0", "1e5", "1_000", "1,5", " 1", "1 ", "1\n", ".5", "5.", "NaN", "Infinity", "٣", "0x1",
     -1, 10**18, 10**5000, "1" * 19, "0." + "1" * 19, Decimal("-0.01"), Decimal("NaN"), Decimal("Infinity"),
     Decimal("-0"), Decimal("1E+18"), Decimal("1E-19")],
    ids=lambda value: str(value)[:20] if not isinstance(value, int) else f"{value.bit_length()} bits",
)  # fmt: skip
def test_text_that_is_no_plain_number_is_refused(value: Any) -> None:
    argument, given, allowed, remedy = refusal(InvalidValue, decimal, value, "rate")
    assert (argument, allowed) == ("rate", "is not a decimal number, 0 or more")
    assert given is value
    assert remedy == 'give text such as "30.00", at most 18 digits'


def test_a_number_does_not_depend_on_the_programs_decimal_context() -> None:
    with localcontext() as context:
        context.prec = 3
        assert decimal("22.2255") == Decimal("22.2255")
        assert amount_of(72, Decimal("12345.67"), "USD", UP) == usd("148148.04")
        assert str(usd("148148.04").amount) == "148148.04"
        assert hours("123.456").slots == 740


# Numbers out


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        ("30", 2, "30.00"), ("30", 0, "30"), ("30.00", 0, "30"), ("22.225", 2, "22.225"), ("22.5", 2, "22.50"),
        ("22.22500", 2, "22.225"), ("12.50", 0, "12.5"), ("0", 3, "0.000"), ("100", 0, "100"), ("0.10", 1, "0.1"),
    ],
)  # fmt: skip
def test_a_decimal_is_shown_without_needless_zeros_but_with_the_digits_asked_for(
    value: str, digits: int, text: str
) -> None:
    assert decimal_text(Decimal(value), digits) == text


def test_a_decimal_is_shown_without_digits_unless_they_are_asked_for() -> None:
    assert decimal_text(Decimal("30.00")) == "30"
    assert decimal_text(Decimal("1E+3")) == "1000"


def test_bill_1_a_rate_is_printed_with_the_minor_digits_more_when_it_has_more() -> None:
    assert rate_text(Decimal("30"), "USD") == "30.00"
    assert rate_text(Decimal("30.1250"), "USD") == "30.125"
    assert rate_text(Decimal("4071"), "JPY") == "4071"
    assert rate_text(Decimal("4071.50"), "JPY") == "4071.5"
    assert rate_text(Decimal("1.2"), "KWD") == "1.200"


# Hours


@pytest.mark.parametrize(
    ("text", "slots"),
    [
        ("40", 240),
        ("12.5", 75),
        ("0", 0),
        ("0.16", 0),
        ("0.17", 1),
        ("0.5", 3),
        ("0.333333", 1),
        ("0.334", 2),
        ("168", 1008),
    ],
)
def test_limit_1_hours_are_floor_of_hours_times_six_segments(text: str, slots: int) -> None:
    assert hours(text).slots == slots


def test_hours_are_a_value_that_prints_its_unit() -> None:
    assert str(hours("12.50")) == "12.5 h"
    assert str(hours(40)) == "40 h"
    assert hours(hours("1.5")) == hours("1.50") == Hours(Decimal("1.5"))
    assert hours(1) < hours("1.5")
    assert hash(hours(1)) == hash(hours("1.0"))
    kept = hours(2)
    assert hours(kept) is kept
    assert refusal(InvalidValue, hours, "x")[0] == "hours"
    assert refusal(InvalidValue, hours, "x", "weekly_limit")[0] == "weekly_limit"


@pytest.mark.parametrize(
    ("slots", "text"),
    [(0, "0.00"), (1, "0.17"), (2, "0.33"), (3, "0.50"), (4, "0.67"), (5, "0.83"), (6, "1.00"), (16, "2.67"),
     (17, "2.83"), (49, "8.17"), (240, "40.00"), (1008, "168.00")],
)  # fmt: skip
def test_bill_2_hours_are_shown_with_two_decimals_half_up(slots: int, text: str) -> None:
    assert hours_text(slots) == text


# Rounding


def test_roundings_are_called_as_in_a_policy() -> None:
    assert {rounding.name: rounding.value for rounding in Rounding} == {
        "HALF_UP": "half_up",
        "HALF_EVEN": "half_even",
    }


@pytest.mark.parametrize(
    ("numerator", "denominator", "up", "even"),
    [
        (0, 2, 0, 0), (1, 2, 1, 0), (3, 2, 2, 2), (5, 2, 3, 2), (7, 2, 4, 4),
        (1, 3, 0, 0), (2, 3, 1, 1), (4, 3, 1, 1), (5, 3, 2, 2), (6, 3, 2, 2), (9, 6, 2, 2), (15, 6, 3, 2), (7, 1, 7, 7),
    ],
)  # fmt: skip
def test_bill_1_half_up_and_half_even_differ_only_at_exact_halves(
    numerator: int, denominator: int, up: int, even: int
) -> None:
    assert UP.divide(numerator, denominator) == up
    assert EVEN.divide(numerator, denominator) == even


def test_bill_1_half_up_and_half_even_at_a_cent() -> None:
    # 3 segments at 0.05 an hour: 2.5 cents; at 0.03: 1.5 cents.
    assert amount_of(3, Decimal("0.05"), "USD", UP) == usd("0.03")
    assert amount_of(3, Decimal("0.05"), "USD", EVEN) == usd("0.02")
    assert amount_of(3, Decimal("0.03"), "USD", UP) == amount_of(3, Decimal("0.03"), "USD", EVEN) == usd("0.02")


# Money


@pytest.mark.parametrize(
    ("amount", "currency", "minor", "text"),
    [
        ("10.00", "USD", 1000, "10.00"),
        ("10", "USD", 1000, "10.00"),
        ("0.05", "USD", 5, "0.05"),
        ("10.500", "USD", 1050, "10.50"),
        ("4071", "JPY", 4071, "4071"),
        ("4071.0", "JPY", 4071, "4071"),
        ("1.234", "KWD", 1234, "1.234"),
        ("0", "KWD", 0, "0.000"),
        ("1.2345", "CLF", 12345, "1.2345"),
    ],
)
def test_money_is_a_whole_number_of_minor_units(amount: str, currency: str, minor: int, text: str) -> None:
    money = Money.of(amount, currency)
    assert money == Money(minor, currency)
    assert money.text == text
    assert str(money) == f"{text} {currency}"
    assert money.amount == Decimal(text)
    assert str(money.amount) == text


def test_money_may_be_a_negative_difference() -> None:
    assert str(usd("1.00") - usd("1.05")) == "-0.05 USD"
    assert (usd("1.00") - usd("2.50")).text == "-1.50"
    assert str(Money.of(1, "JPY") - Money.of(12, "JPY")) == "-11 JPY"
    assert (usd("1.00") - usd("1.05")).amount == Decimal("-0.05")


def test_money_with_a_fraction_of_a_minor_unit_is_refused() -> None:
    assert refusal(InvalidValue, Money.of, "1.005", "USD") == (
        "amount",
        "1.005",
        "has more than the 2 digits of USD",
        "round it",
    )
    assert refusal(InvalidValue, Money.of, "0.5", "JPY", "paid") == (
        "paid",
        "0.5",
        "has more than the 0 digits of JPY",
        "round it",
    )
    assert refusal(InvalidValue, Money.of, "-1", "USD", "paid")[0] == "paid"
    assert refusal(UnknownCurrency, Money.of, "1", "XAU", "paid")[0] == "paid"


def test_money_of_one_currency_adds_subtracts_and_compares() -> None:
    assert usd("10.00") + usd("0.05") == usd("10.05")
    assert usd("10.00") - usd("0.05") == usd("9.95")
    assert usd("1") < usd("1.01")
    assert not usd("1") < usd("1")
    assert usd("1") <= usd("1")
    assert not usd("1.01") <= usd("1")
    assert usd("2") > usd("1")
    assert usd("2") >= usd("2")
    assert hash(usd("2")) == hash(usd("2.00"))
    assert usd("2") != Money.of("2", "EUR")


def test_money_of_two_currencies_does_neither() -> None:
    euro: Any = Money.of("1", "EUR")
    words = ("currency", "EUR", "is not USD", "convert one of the amounts")
    assert refusal(InvalidValue, lambda: usd("1") + euro) == words
    assert refusal(InvalidValue, lambda: usd("1") - euro) == words
    assert refusal(InvalidValue, lambda: usd("1") < euro) == words
    assert refusal(InvalidValue, lambda: usd("1") <= euro) == words


def test_a_fraction_is_rounded_once_to_the_minor_unit() -> None:
    assert Money.rounded(Fraction(1, 8), "USD", UP) == usd("0.13")
    assert Money.rounded(Fraction(1, 8), "USD", EVEN) == usd("0.12")
    assert Money.rounded(Fraction(5, 2), "JPY", EVEN) == Money(2, "JPY")
    assert Money.rounded(Fraction(0), "USD", UP) == usd("0")


@pytest.mark.parametrize(
    ("slots", "rate", "currency", "expected"),
    [
        (72, "22.22", "USD", "266.64 USD"),
        (72, "27.78", "USD", "333.36 USD"),
        (1, "30.00", "USD", "5.00 USD"),
        (1, "10.00", "USD", "1.67 USD"),
        (2, "10.00", "USD", "3.33 USD"),
        (49, "0", "USD", "0.00 USD"),
        (1, "4071", "JPY", "679 JPY"),
        (1, "10", "KWD", "1.667 KWD"),
        (1, "22.225", "USD", "3.70 USD"),
        (0, "30", "USD", "0.00 USD"),
    ],
)
def test_bill_1_an_amount_is_rate_times_segments_over_six_rounded_once(
    slots: int, rate: str, currency: str, expected: str
) -> None:
    assert str(amount_of(slots, Decimal(rate), currency, UP)) == expected


def test_money_is_a_value() -> None:
    some: Any = usd("1")
    with pytest.raises(AttributeError):
        some.minor = 2
