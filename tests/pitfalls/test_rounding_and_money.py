"""Pitfalls of rounding and money: A1, A9, A32, A35, A36, B58, B76, B88 to B97."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from workdiary import (
    Contract,
    Money,
    Rounding,
    Segment,
    Slots,
    Terms,
    apply,
    credit,
    edit_memo,
    hours,
    policies,
    slot_at,
)
from workdiary import week_statement as statement_of
from workdiary.errors import FloatRefused, UnknownCurrency
from workdiary.model.money import amount_of, hours_text
from workdiary.model.policy import Credit, CreditRule
from workdiary.model.timeline import Timeline
from workdiary.rules.billing import bill
from workdiary.rules.credit import tracked_seconds

UPWORK = policies.get("upwork")
NEAREST = CreditRule(rule=Credit.THRESHOLD, min_seconds=300)


def at(*clocks: str) -> list[tuple[str, str]]:
    return [(f"2026-11-18T{clocks[n]}Z", f"2026-11-18T{clocks[n + 1]}Z") for n in range(0, len(clocks), 2)]


def terms(*rates: tuple[str, str]) -> list[Terms]:
    return [Terms(since=since, rate=rate, weekly_limit=None) for since, rate in rates]


@pytest.mark.parametrize(
    ("clocks", "seconds"),
    [
        (("10:29:59", "10:30:01"), [1, 1]),
        (("10:20:37", "10:40:10"), [563, 600, 10]),
    ],
)
def test_a01_each_slot_gets_exactly_the_seconds_that_fall_into_it(clocks: tuple[str, str], seconds: list[int]) -> None:
    assert list(tracked_seconds(at(*clocks)).values()) == seconds


def test_a09_gaps_stay_gaps() -> None:
    found = tracked_seconds(at("09:00:00", "09:05:00", "09:35:00", "09:40:00"))
    assert found == {slot_at("2026-11-18T09:00Z"): 300, slot_at("2026-11-18T09:30Z"): 300}


def test_a32_a_tie_is_a_stated_rule() -> None:
    assert len(credit(at("09:00:00", "09:05:00"), [], NEAREST)) == 1
    assert len(credit(at("09:00:00", "09:04:59"), [], NEAREST)) == 0
    assert len(credit(at("09:00:00", "09:05:00"), [], CreditRule(rule=Credit.CARRY, min_seconds=1))) == 1
    # 1 segment at 0.03 is exactly half a cent.
    assert amount_of(1, Decimal("0.03"), "USD", Rounding.HALF_UP) == Money(1, "USD")
    assert amount_of(1, Decimal("0.03"), "USD", Rounding.HALF_EVEN) == Money(0, "USD")
    assert amount_of(3, Decimal("0.03"), "USD", Rounding.HALF_EVEN) == Money(2, "USD")


def test_a35_b97_a_new_rate_changes_no_past_segment() -> None:
    dated = terms(("2026-11-02T00:00Z", "30.00"), ("2026-11-18T10:00Z", "60.00"))
    contract = Contract(id="c-1", freelancer="ana", client="acme", currency="USD", terms=dated)
    segments = [Segment.tracked("2026-11-18T09:50Z"), Segment.tracked("2026-11-18T10:00Z")]
    statement = statement_of(contract, segments, week="2026-11-18T00:00Z", policy=UPWORK)
    assert [str(line) for line in statement.lines] == ["0.17 h × 30.00 = 5.00 USD", "0.17 h × 60.00 = 10.00 USD"]


def test_a36_grouping_changes_no_cent() -> None:
    slots = [slot_at(f"2026-11-18T{hour:02d}:00Z") for hour in (9, 11, 13)]
    dated = Timeline.of(terms(("2026-11-02T00:00Z", "33.35")))
    # 3 x 33.35 / 6 = 16.675, half up.
    for order in permutations(slots):
        assert bill(Slots(order), dated, "USD", Rounding.HALF_UP).amount == Money.of("16.68", "USD")
    with pytest.raises(FloatRefused):
        Terms(since="2026-11-02T00:00Z", rate=33.35, weekly_limit=None)  # type: ignore[arg-type]  # what is refused


def test_b58_rounding_up_makes_no_overlap() -> None:
    slots = credit(
        at("09:00:00", "09:03:01", "09:03:02", "09:12:00"), [], CreditRule(rule=Credit.THRESHOLD, min_seconds=1)
    )
    assert len(slots) == 2


def test_b76_half_an_hour_off_the_grid_is_split_300_600_600_300() -> None:
    assert list(tracked_seconds(at("10:35:00", "11:05:00")).values()) == [300, 600, 600, 300]


@pytest.mark.parametrize(
    ("currency", "rate", "amount"), [("USD", "33.33", "38.89"), ("JPY", "4071", "4750"), ("KWD", "12.345", "14.403")]
)
def test_b88_the_total_is_the_sum_of_its_rows_in_the_currencys_digits(currency: str, rate: str, amount: str) -> None:
    # 7 segments: 33.33 x 7 / 6 = 38.885; 4071 x 7 / 6 = 4749.5; 12.345 x 7 / 6 = 14.4025.
    found = bill(Slots(range(7)), Timeline.of(terms(("1970-01-01T00:00Z", rate))), currency, Rounding.HALF_UP)
    assert found.amount.text == amount
    assert found.amount.minor == sum(line.amount.minor for line in found.lines)


def test_b88_a_currency_without_known_digits_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        Contract(id="c", freelancer="a", client="b", currency="XAU", terms=terms(("2026-11-02T00:00Z", "1")))


def test_b89_three_times_twenty_minutes_is_an_hour() -> None:
    assert hours_text(2 + 2 + 2) == "1.00"


def test_b90_amounts_never_pass_through_the_hours_that_are_shown() -> None:
    # 1 segment is shown as 0.17 h, yet costs 30.00 / 6 = 5.00 and not 5.10.
    assert hours_text(1) == "0.17"
    assert amount_of(1, Decimal("30.00"), "USD", Rounding.HALF_UP).text == "5.00"


def test_b91_a_week_is_judged_by_the_rules_of_its_time() -> None:
    assert str(policies.get("odesk", at="2008-06-02T00:00Z").editing.locks_after) == "P8D"
    assert str(policies.get("odesk", at="2010-11-01T00:00Z").editing.locks_after) == "P7DT12H"


def test_b92_a_new_memo_moves_no_time() -> None:
    segments = [Segment.tracked("2026-11-18T09:10Z", memo="old", snapshots=["2026-11-18T09:14:07Z"])]
    edit = edit_memo("2026-11-18T09:10Z", "2026-11-18T09:20Z", memo="new")
    (after,) = apply(edit, segments, edit.slots)
    assert (after.slot, after.snapshots, after.memo) == (segments[0].slot, segments[0].snapshots, "new")


@pytest.mark.parametrize("min_seconds", [1, 300, 600])
def test_b93_b94_b95_time_already_on_the_step_is_not_rounded_again(min_seconds: int) -> None:
    rule = CreditRule(rule=Credit.THRESHOLD, min_seconds=min_seconds)
    exact = at("13:00:00", "13:40:00")
    slots = credit(exact, [], rule)
    assert len(slots) == 4
    again = [(Segment.tracked(slot).starts_at, Segment.tracked(slot).ends_at) for slot in slots]
    assert credit(again, [], rule) == slots


def test_b96_hours_with_two_decimals_are_for_reading_only() -> None:
    # 101 minutes are 1.6833 h; parsed back from 1.68 they would lose a segment's part.
    assert hours("1.68").slots == 10
    assert hours_text(10) == "1.67"
