"""The minor digits of currencies, as ISO 4217 gives them (BILL-1)."""

from __future__ import annotations

from typing import Final

from workdiary.errors import UnknownCurrency

__all__ = ["MINOR_DIGITS", "minor_digits"]

_TWO: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE
    CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
    HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD
    RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
    USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_ZERO: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE: Final = "BHD IQD JOD KWD LYD OMR TND"
_FOUR: Final = "CLF UYW"
# Replaced since 2015, and still on old bills.
_WITHDRAWN: Final = "ANG BGN BYR:0 CUC HRK LTL MRO SLL STD VEF ZWL"

MINOR_DIGITS: Final[dict[str, int]] = {
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_THREE.split(), 3),
    **dict.fromkeys(_FOUR.split(), 4),
    **{code[:3]: int(code[4:] or 2) for code in _WITHDRAWN.split()},
}
"""How many digits follow the point in amounts of each currency."""


def minor_digits(currency: str, argument: str = "currency") -> int:
    """Return how many digits follow the point in amounts of `currency`, an ISO 4217 code.

    Raises `UnknownCurrency` for any other code, gold and test codes included: an amount that cannot
    be rounded cannot be billed.

    >>> minor_digits("USD"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    try:
        return MINOR_DIGITS[currency]
    except (KeyError, TypeError):
        raise UnknownCurrency(
            argument, currency, "has no known minor digits", "give an ISO 4217 code such as USD, EUR or JPY"
        ) from None
