"""BILL-1: minor digits are ISO 4217's, and a currency without known digits is an error."""

from __future__ import annotations

from typing import Any

import pytest
from iso4217 import Currency

from tests.support import refusal
from workdiary.errors import UnknownCurrency
from workdiary.model.currency import MINOR_DIGITS, minor_digits

# Replaced since 2015, so that ISO 4217's current list has them no more; their digits are from its list of
# historic codes and its amendments.
WITHDRAWN = {
    "ANG": 2, "BGN": 2, "BYR": 0, "CUC": 2, "HRK": 2, "LTL": 2, "MRO": 2, "SLL": 2, "STD": 2, "VEF": 2, "ZWL": 2,
}  # fmt: skip
PUBLISHED = {currency.code: currency.exponent for currency in Currency}


def test_bill_1_every_currency_of_iso_4217_has_its_minor_digits() -> None:
    assert {code: digits for code, digits in PUBLISHED.items() if digits is not None} == {
        code: digits for code, digits in MINOR_DIGITS.items() if code in PUBLISHED
    }


def test_bill_1_beyond_the_current_list_only_withdrawn_codes_are_known() -> None:
    assert {code: digits for code, digits in MINOR_DIGITS.items() if code not in PUBLISHED} == {
        code: digits for code, digits in WITHDRAWN.items() if code not in PUBLISHED
    }
    assert WITHDRAWN.items() <= MINOR_DIGITS.items()


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("USD", 2),
        ("EUR", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
        ("UYU", 2),
        ("UYW", 4),
        ("HUF", 2),
    ],
)
def test_bill_1_the_digits_of_some_currencies(code: str, digits: int) -> None:
    assert minor_digits(code) == digits


@pytest.mark.parametrize(
    "code", ["XAU", "XXX", "XTS", "XDR", "usd", "US", "USD ", "", "BTC", "ZZZ", None, 840, ["USD"]]
)
def test_bill_1_a_currency_without_known_digits_is_an_error(code: Any) -> None:
    words = "has no known minor digits", "give an ISO 4217 code such as USD, EUR or JPY"
    assert refusal(UnknownCurrency, minor_digits, code) == ("currency", code, *words)
    assert refusal(UnknownCurrency, minor_digits, code, "contract.currency")[0] == "contract.currency"
