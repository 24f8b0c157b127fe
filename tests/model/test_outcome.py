"""What the rules find, as values: status, protection with its runs, bill, settlement."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest

from tests.support import at, refusal, run, slots
from workdiary.errors import GridError
from workdiary.model.money import Money
from workdiary.model.outcome import Bill, Finding, Line, Protection, Settlement, Status
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.verdict import Reason, ReasonCode

A, B, C = ReasonCode.MANUAL_TIME, ReasonCode.NO_SNAPSHOT, ReasonCode.MISSING_MEMO


def test_status_1_what_is_billable_and_what_is_worked() -> None:
    status = Status(tracked=slots(0, 1), manual=slots(2), over_limit=slots(3, 4))
    assert status.billable == slots(0, 1, 2)
    assert status.worked == slots(0, 1, 2, 3, 4)


# Protection


def test_without_failures_nothing_is_unprotected() -> None:
    protection = Protection()
    assert (protection.protected, protection.failures, protection.unprotected) == (EMPTY, (), ())
    assert protection.why(at(0)) == ()


def test_protect_why_gives_every_reason_of_one_segment_in_order() -> None:
    first, second = Reason(code=A, slots=slots(0, 1)), Reason(code=B, slots=slots(1, 2))
    protection = Protection(protected=slots(3), failures=(first, second))
    assert protection.why(at(0)) == (first,)
    assert protection.why("2026-11-16T00:10Z") == (first, second)
    assert protection.why(at(2)) == (second,)
    assert protection.why(at(3)) == ()
    assert refusal(GridError, protection.why, "2026-11-16T00:11Z")[0] == "at"


def test_unprotected_segments_are_maximal_runs_of_equal_reasons_in_time_order() -> None:
    failures = (
        Reason(code=A, slots=slots(0, 1, 2, 6)),
        Reason(code=B, slots=slots(2, 3, 6)),
        Reason(code=C, slots=slots(1, 2, 3, 4)),
    )
    assert Protection(failures=failures).unprotected == (
        Finding(start=at(0), stop=at(1), codes=(A,)),
        Finding(start=at(1), stop=at(2), codes=(A, C)),
        Finding(start=at(2), stop=at(3), codes=(A, B, C)),
        Finding(start=at(3), stop=at(4), codes=(B, C)),
        Finding(start=at(4), stop=at(5), codes=(C,)),
        Finding(start=at(6), stop=at(7), codes=(A, B)),
    )


def test_unprotected_runs_say_of_each_slot_exactly_what_why_says() -> None:
    for first, second, third in product(range(0, 16, 3), range(16), range(0, 16, 5)):
        masks = zip((A, B, C), (first, second, third), strict=True)
        protection = Protection(
            failures=tuple(Reason(code=code, slots=Slots.from_bits(at(0), mask)) for code, mask in masks)
        )
        told = {
            slot: finding.codes for finding in protection.unprotected for slot in range(finding.start, finding.stop)
        }
        assert told == {
            at(n): tuple(reason.code for reason in protection.why(at(n))) for n in range(4) if protection.why(at(n))
        }
        runs = protection.unprotected
        assert all(one.stop < two.start or one.codes != two.codes for one, two in pairwise(runs))


# Bills


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def test_bill_2_a_line_prints_its_hours_rate_and_amount() -> None:
    line = Line(Decimal("22.2"), 49, usd("181.30"))
    assert line.hours == "8.17"
    assert str(line) == "8.17 h × 22.20 = 181.30 USD"
    assert str(Line(Decimal("4071.0"), 6, Money(4071, "JPY"))) == "1.00 h × 4071 = 4071 JPY"


def test_bill_1_a_bill_is_the_sum_of_its_printed_lines() -> None:
    bill = Bill((Line(Decimal(10), 1, usd("1.67")), Line(Decimal(20), 2, usd("6.67"))), "USD")
    assert bill.amount == usd("8.34")
    assert bill.slots == 3
    nothing = Bill((), "JPY")
    assert (nothing.amount, nothing.slots) == (Money(0, "JPY"), 0)


# Settlements


def test_a_settlement_without_reasons_was_taken() -> None:
    empty = Settlement()
    assert (empty.paid, empty.refunded, empty.covered, empty.unpaid, empty.reasons) == (EMPTY, EMPTY, EMPTY, EMPTY, ())
    assert empty.allowed is True
    assert Settlement(reasons=(Reason(code=ReasonCode.REVIEW_CLOSED),)).allowed is False


def test_outcomes_are_values() -> None:
    line = Line(Decimal(10), 1, usd("1.67"))
    made: list[tuple[Any, Any]] = [
        (Status(slots(0), slots(1), slots(2)), Status(slots(0), slots(1), slots(2))),
        (Protection(protected=run(0, 3)), Protection(protected=run(0, 3))),
        (Finding(at(0), at(1), (A,)), Finding(at(0), at(1), (A,))),
        (line, Line(Decimal(10), 1, usd("1.67"))),
        (Bill((line,), "USD"), Bill((line,), "USD")),
        (Settlement(paid=slots(1)), Settlement(paid=slots(1))),
    ]
    for one, other in made:
        assert one == other
        assert hash(one) == hash(other)
        with pytest.raises(AttributeError):
            one.reasons = one.lines = one.start = one.rate = one.tracked = one.protected = None
