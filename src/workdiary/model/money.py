"""`Money`: exact amounts in minor units, and the one place where anything is rounded.

Rates are decimals, time is whole slots, so every amount before rounding is a fraction of integers;
it is rounded once, on a printed line (BILL-1). No decimal context and no float takes part, so the
host program's settings cannot change a bill.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import TypeAlias

import attrs

from workdiary.errors import FloatRefused, InvalidValue
from workdiary.model.currency import minor_digits
from workdiary.model.slots import SLOTS_PER_HOUR

__all__ = [
    "DecimalLike",
    "Hours",
    "Money",
    "Rounding",
    "amount_of",
    "decimal",
    "decimal_text",
    "hours",
    "hours_text",
    "rate_text",
]

DecimalLike: TypeAlias = "Decimal | int | str"
"""What is taken where an exact number is meant: a `Decimal`, an int, or text such as ``"30.00"``."""

_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)


def decimal(value: DecimalLike, argument: str = "value") -> Decimal:
    """Return `value`, 0 or more, as an exact decimal.

    Raises `FloatRefused` for a float, and `InvalidValue` for text that is no plain number, for a
    negative one, and for more than 18 digits before or after the point.

    >>> decimal("12.5")
    Decimal('12.5')
    """
    if isinstance(value, float):
        raise FloatRefused(argument, value, "is a float, which cannot hold it exactly", f'give it as text: "{value}"')
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise InvalidValue(argument, value, "is not a decimal number", 'give text such as "30.00"')
    try:
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    except ValueError:  # an int with more digits than Python prints
        text = ""
    if _NUMBER.fullmatch(text) is None:
        raise InvalidValue(
            argument, value, "is not a decimal number, 0 or more", 'give text such as "30.00", at most 18 digits'
        )
    return Decimal(text)


def decimal_text(value: Decimal, digits: int = 0) -> str:
    """Return `value` without needless zeros, but with at least `digits` digits after the point.

    >>> decimal_text(Decimal("30"), 2), decimal_text(Decimal("22.225"), 2), decimal_text(Decimal("12.50"))
    ('30.00', '22.225', '12.5')
    """
    whole, _, part = f"{value:f}".partition(".")
    part = part.rstrip("0").ljust(digits, "0")
    return f"{whole}.{part}" if part else whole


def rate_text(rate: Decimal, currency: str) -> str:
    """Return `rate` as a bill prints it: with the minor digits, more when it has more (BILL-1).

    >>> rate_text(Decimal("30"), "USD"), rate_text(Decimal("22.225"), "USD"), rate_text(Decimal("4071"), "JPY")
    ('30.00', '22.225', '4071')
    """
    return decimal_text(rate, minor_digits(currency))


def _hours_amount(value: DecimalLike) -> Decimal:
    return decimal(value, "hours")


@attrs.frozen(order=True)
class Hours:
    """A number of hours as a contract states it, and the whole segments in it (LIMIT-1).

    >>> hours("12.5").slots, hours("0.5").slots, hours("0.16").slots
    (75, 3, 0)
    """

    amount: Decimal = attrs.field(converter=_hours_amount)

    @property
    def slots(self) -> int:
        """``floor(hours * 6)``."""
        numerator, denominator = self.amount.as_integer_ratio()
        return numerator * SLOTS_PER_HOUR // denominator

    def __str__(self) -> str:
        return f"{decimal_text(self.amount)} h"


def hours(value: DecimalLike | Hours, argument: str = "hours") -> Hours:
    """Return `value` hours: an int, a `Decimal` or text, never a float.

    >>> print(hours("12.50"))
    12.5 h
    """
    return value if isinstance(value, Hours) else Hours(decimal(value, argument))


def hours_text(slots: int) -> str:
    """Return `slots` as hours with two decimals, half up (BILL-2).

    For reading only: money never passes through it.

    >>> [hours_text(n) for n in (49, 16, 17, 5)]
    ['8.17', '2.67', '2.83', '0.83']
    """
    hundredths = (slots * 100 * 2 + SLOTS_PER_HOUR) // (SLOTS_PER_HOUR * 2)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


class Rounding(Enum):
    """What becomes of an exact half of the smallest unit."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"

    def divide(self, numerator: int, denominator: int) -> int:
        """Return the quotient of two integers, the first 0 or more, rounded to a whole number."""
        quotient, rest = divmod(numerator, denominator)
        up = 2 * rest > denominator or (2 * rest == denominator and (self is Rounding.HALF_UP or quotient % 2 == 1))
        return quotient + up


@attrs.frozen
class Money:
    """An exact amount of a currency, as a whole number of its minor units.

    >>> print(Money.of("10.00", "USD") + Money.of("0.05", "USD"))
    10.05 USD
    """

    minor: int
    currency: str

    def __attrs_post_init__(self) -> None:
        if type(self.minor) is not int:
            raise InvalidValue(
                "minor", self.minor, "is not a whole number of minor units", "use Money.of for an amount"
            )
        minor_digits(self.currency)

    @classmethod
    def of(cls, amount: DecimalLike, currency: str, argument: str = "amount") -> Money:
        """Return `amount` of `currency`; raises `InvalidValue` when it has a fraction of a minor unit."""
        digits = minor_digits(currency, argument)
        scaled = Fraction(decimal(amount, argument)) * 10**digits
        if scaled.denominator != 1:
            raise InvalidValue(argument, str(amount), f"has more than the {digits} digits of {currency}", "round it")
        return cls(scaled.numerator, currency)

    @classmethod
    def rounded(cls, amount: Fraction, currency: str, rounding: Rounding) -> Money:
        """Return `amount`, 0 or more, rounded once to the minor unit of `currency`."""
        scaled = amount * 10 ** minor_digits(currency)
        return cls(rounding.divide(scaled.numerator, scaled.denominator), currency)

    @property
    def amount(self) -> Decimal:
        """The amount as a decimal with the currency's digits."""
        return Decimal(self.text)

    @property
    def text(self) -> str:
        """The amount alone, with the currency's digits: ``"10.00"``."""
        digits = minor_digits(self.currency)
        sign, units = ("-", -self.minor) if self.minor < 0 else ("", self.minor)
        whole, part = divmod(units, 10**digits)
        return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"

    def __str__(self) -> str:
        return f"{self.text} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other).minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other).minor

    def _same(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise InvalidValue("currency", other.currency, f"is not {self.currency}", "convert one of the amounts")
        return other


def amount_of(slots: int, rate: Decimal, currency: str, rounding: Rounding) -> Money:
    """Return ``rate * slots / 6``, rounded once: what one printed line of a bill is worth (BILL-1).

    >>> print(amount_of(72, Decimal("22.22"), "USD", Rounding.HALF_UP))
    266.64 USD
    """
    numerator, denominator = rate.as_integer_ratio()
    units = numerator * slots * 10 ** minor_digits(currency)
    return Money(rounding.divide(units, denominator * SLOTS_PER_HOUR), currency)
