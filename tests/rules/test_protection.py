"""PROTECT: which segments are protected, and every one of the thirteen reasons why the others are not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support import PLAIN, WEEK, all_facts, at, contract, manual, policy, run, slots, terms, tracked
from workdiary.model.contract import AlreadyProtected, Contract, Fact, Facts
from workdiary.model.outcome import Protection, Status
from workdiary.model.policy import LabelNeed, MemoNeed, Moments, ProtectionRule, RateCap
from workdiary.model.segment import Segment
from workdiary.model.sheet import Sheet
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import instant
from workdiary.model.verdict import Reason, ReasonCode
from workdiary.rules.protection import protect, rate_cap_of

INVOICED = instant("2026-11-23T12:00Z")
CODES = [
    "manual_time", "over_limit", "no_snapshot", "activity_unknown", "no_activity", "low_activity", "missing_memo",
    "missing_label", "billing_not_verified", "not_in_good_standing", "identity_not_verified", "low_average_activity",
    "lifetime_cap",
]  # fmt: skip


def rule(**changes: Any) -> ProtectionRule:
    return policy(protection=changes).protection


def protection(*segments: Segment, over: Slots = EMPTY, on: Contract | None = None, **changes: Any) -> Protection:
    """The protection of these segments, of which `over` are over the limit."""
    sheet = Sheet.of(segments, WEEK)
    status = Status(sheet.tracked - over, sheet.manual - over, over)
    return protect(
        sheet, status, contract=contract() if on is None else on, week=WEEK, invoiced_at=INVOICED, rule=rule(**changes)
    )


def reasons(found: Protection) -> dict[str, list[int]]:
    return {reason.code.value: [slot - at(0) for slot in reason.slots] for reason in found.failures}


def good(n: int, **values: Any) -> Segment:
    return tracked(at(n), **values)


# Each reason alone


def test_protect_a_segment_to_which_no_criterion_objects_is_protected() -> None:
    assert protection(good(0), good(5)) == Protection(protected=slots(0, 5), failures=())
    assert protection() == Protection()


def test_manual_1_manual_time_is_never_protected() -> None:
    found = protection(good(0), manual(at(1)))
    assert found == Protection(protected=slots(0), failures=(Reason(code=ReasonCode.MANUAL_TIME, slots=slots(1)),))


def test_limit_1_time_over_the_limit_is_not_protected() -> None:
    found = protection(good(0), good(1), over=slots(1))
    assert found == Protection(protected=slots(0), failures=(Reason(code=ReasonCode.OVER_LIMIT, slots=slots(1)),))


def test_protect_1_a_segment_without_a_snapshot_fails_where_one_is_required() -> None:
    found = protection(good(0), good(1, shot=False))
    assert found == Protection(protected=slots(0), failures=(Reason(code=ReasonCode.NO_SNAPSHOT, slots=slots(1)),))
    assert protection(good(0), good(1, shot=False), requires_snapshot=False).failures == ()


def test_protect_2_unknown_none_and_too_little_activity_are_three_things() -> None:
    segments = [good(0, meter=None), good(1, meter=0), good(2, meter=1), good(3, meter=4), good(4, meter=5)]
    found = protection(*segments, min_active_minutes=5)
    assert found == Protection(
        protected=slots(4),
        failures=(
            Reason(code=ReasonCode.ACTIVITY_UNKNOWN, slots=slots(0)),
            Reason(code=ReasonCode.NO_ACTIVITY, slots=slots(1)),
            Reason(code=ReasonCode.LOW_ACTIVITY, slots=slots(2, 3), facts=(("min_active_minutes", 5),)),
        ),
    )


def test_protect_2_a_minimum_of_1_fails_idle_segments_and_none_is_low() -> None:
    found = protection(good(0, meter=None), good(1, meter=0), good(2, meter=1))
    assert reasons(found) == {"activity_unknown": [0], "no_activity": [1]}
    assert found.protected == slots(2)


def test_protect_2_a_minimum_of_0_asks_for_nothing() -> None:
    found = protection(good(0, meter=None), good(1, meter=0), good(2, meter=1), min_active_minutes=0)
    assert found == Protection(protected=run(0, 3))


def test_protect_2_a_minimum_of_10_asks_for_every_minute() -> None:
    found = protection(good(0, meter=9), good(1, meter=10), min_active_minutes=10)
    assert (found.protected, reasons(found)) == (slots(1), {"low_activity": [0]})


def test_protect_4_a_memo_is_required() -> None:
    segments = [good(0), good(1, memo=""), good(2, memo=" \u2003", label="x"), good(3, memo="\u200b")]
    found = protection(*segments)
    assert found == Protection(
        protected=slots(0, 3), failures=(Reason(code=ReasonCode.MISSING_MEMO, slots=slots(1, 2)),)
    )


def test_protect_4_a_label_suffices() -> None:
    segments = [good(0), good(1, memo=""), good(2, memo=" ", label="anything"), good(3, memo="", label=" ")]
    found = protection(*segments, memo=MemoNeed.LABEL_SUFFICES)
    assert reasons(found) == {"missing_memo": [1, 3]}
    assert found.protected == slots(0, 2)


def test_protect_4_a_memo_is_optional() -> None:
    assert protection(good(0, memo=""), memo=MemoNeed.OPTIONAL) == Protection(protected=slots(0))


def test_protect_4_a_label_is_required_where_the_client_offers_labels() -> None:
    offering = contract(labels=["design", "backend"])
    segments = [good(0, label="design"), good(1), good(2, label="chess")]
    found = protection(*segments, on=offering)
    facts = (("labels", ("design", "backend")),)
    assert found == Protection(
        protected=slots(0, 2), failures=(Reason(code=ReasonCode.MISSING_LABEL, slots=slots(1), facts=facts),)
    )
    assert protection(*segments, on=offering, label=LabelNeed.OPTIONAL).failures == ()
    assert protection(*segments, on=contract(labels=[])).failures == ()


def test_protect_1_snapshot_and_activity_are_asked_of_tracked_segments_only_and_the_rest_of_every_one() -> None:
    on = contract(labels=["design"], facts=[])
    found = protection(manual(at(0), memo=""), on=on, min_active_minutes=5)
    assert list(reasons(found)) == [
        "manual_time", "missing_memo", "missing_label", "billing_not_verified", "not_in_good_standing",
        "identity_not_verified",
    ]  # fmt: skip


# PROTECT-5

FACTS = [
    ("billing_verified", "billing_not_verified"),
    ("good_standing", "not_in_good_standing"),
    ("identity_verified", "identity_not_verified"),
]


def off(fact: str) -> Facts:
    """Every fact on record but one."""
    missing: Any = {fact: False}
    return all_facts(**missing)


@pytest.mark.parametrize(("fact", "code"), FACTS)
def test_protect_5_each_fact_has_its_own_reason(fact: str, code: str) -> None:
    found = protection(good(0), on=contract(facts=[off(fact)]))
    facts = (("moments", ("worked", "invoiced")), ("invoiced_at", INVOICED))
    assert found == Protection(failures=(Reason(code=ReasonCode(code), slots=slots(0), facts=facts),))
    alone = protection(good(0), on=contract(facts=[]), requires=(Fact(fact),))
    assert [reason.code.value for reason in alone.failures] == [code]
    others = tuple(other for other in Fact if other.value != fact)
    assert protection(good(0), on=contract(facts=[off(fact)]), requires=others).failures == ()


def test_protect_5_no_fact_on_record_means_not_fulfilled() -> None:
    found = protection(good(0), on=contract(facts=[]))
    assert list(reasons(found)) == [code for _, code in FACTS]
    assert protection(good(0), on=contract(facts=[]), requires=()).failures == ()


DATED = contract(
    facts=[
        all_facts(good_standing=False),
        all_facts("2026-11-16T00:25Z"),
        all_facts("2026-11-23T12:00:01Z", good_standing=False),
    ]
)


def test_protect_5_worked_looks_at_each_slots_start() -> None:
    found = protection(*map(good, range(5)), on=DATED, facts_checked=(Moments.WORKED,))
    facts = (("moments", ("worked",)), ("invoiced_at", INVOICED))
    assert found == Protection(
        protected=slots(3, 4),
        failures=(Reason(code=ReasonCode.NOT_IN_GOOD_STANDING, slots=slots(0, 1, 2), facts=facts),),
    )


def test_protect_5_invoiced_looks_at_the_invoice_instant() -> None:
    assert protection(good(0), on=DATED, facts_checked=(Moments.INVOICED,)).failures == ()
    just = contract(facts=[all_facts(), all_facts("2026-11-23T12:00:00Z", identity_verified=False)])
    found = protection(good(0), good(1), on=just, facts_checked=(Moments.INVOICED,))
    facts = (("moments", ("invoiced",)), ("invoiced_at", INVOICED))
    assert found.failures == (Reason(code=ReasonCode.IDENTITY_NOT_VERIFIED, slots=slots(0, 1), facts=facts),)
    assert found.protected == EMPTY
    assert protection(good(0), on=just, facts_checked=(Moments.WORKED,)).failures == ()


def test_protect_5_both_moments_are_told_apart() -> None:
    both = contract(
        facts=[
            all_facts(billing_verified=False),
            all_facts("2026-11-16T00:10Z"),
            all_facts("2026-11-23T00:00Z", billing_verified=False),
        ]
    )
    found = protection(good(0), good(1), on=both)
    assert found.failures[0].slots == slots(0, 1)
    assert found.failures[0].facts == (("moments", ("worked", "invoiced")), ("invoiced_at", INVOICED))
    only = protection(good(1), on=both)
    assert only.failures[0].facts == (("moments", ("invoiced",)), ("invoiced_at", INVOICED))


def test_protect_5_an_empty_facts_checked_checks_nothing() -> None:
    assert protection(good(0), on=contract(facts=[]), facts_checked=()).failures == ()


# PROTECT-3


def average(minimum: str, *meters: int | None, **changes: Any) -> Protection:
    segments = [good(n, meter=meter) for n, meter in enumerate(meters)]
    return protection(*segments, min_average_active_minutes=Decimal(minimum), min_active_minutes=0, **changes)


def test_protect_3_below_the_average_all_of_them_fail() -> None:
    found = average("5", 4, 5)
    facts = (("min_average_active_minutes", Decimal(5)), ("active_minutes", 9), ("segments", 2))
    assert found == Protection(failures=(Reason(code=ReasonCode.LOW_AVERAGE_ACTIVITY, slots=slots(0, 1), facts=facts),))


def test_protect_3_exactly_at_the_average_they_pass() -> None:
    assert average("5", 4, 6).protected == slots(0, 1)
    assert average("4.5", 4, 5).protected == slots(0, 1)
    assert average("4.500000000000000001", 4, 5).protected == EMPTY
    assert average("0", 0).protected == slots(0)


def test_protect_3_unknown_ones_are_left_out_of_the_average_and_fail_with_the_rest() -> None:
    found = average("5", 4, None)
    assert reasons(found) == {"low_average_activity": [0, 1]}
    assert found.failures[0].facts[1:] == (("active_minutes", 4), ("segments", 1))
    assert average("5", 6, None).protected == slots(0, 1)


def test_protect_3_with_none_known_there_is_no_average_and_no_failure() -> None:
    assert average("10", None, None).protected == slots(0, 1)
    assert average("10") == Protection()


def test_protect_3_only_segments_that_pass_every_other_criterion_count() -> None:
    # The idle one without a snapshot does not spoil the average; a good one does not save it.
    segments = [good(0, meter=6), good(1, meter=0, shot=False)]
    assert protection(*segments, min_average_active_minutes=Decimal(5)).protected == slots(0)
    segments = [good(0, meter=4), good(1, meter=10, shot=False), manual(at(2))]
    found = protection(*segments, min_average_active_minutes=Decimal(5))
    assert reasons(found) == {"manual_time": [2], "no_snapshot": [1], "low_average_activity": [0]}


# PROTECT-6


def test_protect_6_the_rate_cap_is_the_usual_rate_where_the_policy_says_so() -> None:
    known, unknown = contract(usual_rate="10"), contract()
    assert rate_cap_of(known, rule(rate_cap=RateCap.USUAL_RATE)) == Decimal(10)
    assert rate_cap_of(unknown, rule(rate_cap=RateCap.USUAL_RATE)) is None
    assert rate_cap_of(known, rule(rate_cap=RateCap.NONE)) is None


# PROTECT-7


def lifetime(n: int, on: Contract | None = None, **changes: str) -> list[int]:
    caps: dict[str, Any] = {name: Decimal(value) for name, value in changes.items()}
    found = protection(*map(good, range(n)), on=on, **caps)
    return [slot - at(0) for slot in found.protected]


def test_protect_7_segments_use_up_the_lifetime_hours_in_time_order() -> None:
    assert lifetime(4, lifetime_hours="0.5") == [0, 1, 2]
    assert lifetime(3, lifetime_hours="0.5") == [0, 1, 2]
    assert lifetime(4, lifetime_hours="0.66") == [0, 1, 2]
    assert lifetime(4, lifetime_hours="0.67") == [0, 1, 2, 3]
    assert lifetime(4, lifetime_hours="0") == []


def test_protect_7_what_is_already_protected_counts_first() -> None:
    used = contract(already_protected=AlreadyProtected(slots=2, amount="0"))
    assert lifetime(4, used, lifetime_hours="0.5") == [0]
    spent = contract(already_protected=AlreadyProtected(slots=4, amount="0"))
    assert lifetime(4, spent, lifetime_hours="0.5") == []
    paid = contract(already_protected=AlreadyProtected(slots=0, amount="7.50"))
    assert lifetime(4, paid, lifetime_amount="17.50") == [0, 1]
    assert lifetime(4, paid, lifetime_amount="17.49") == [0]
    assert lifetime(4, paid, lifetime_amount="5") == []
    assert lifetime(4, paid, lifetime_amount="7.5") == []


def test_protect_7_reaching_an_amount_exactly_is_within_it() -> None:
    # 30 an hour: 5 a segment.
    assert lifetime(4, lifetime_amount="15") == [0, 1, 2]
    assert lifetime(4, lifetime_amount="14.99") == [0, 1]
    assert lifetime(4, lifetime_amount="20") == [0, 1, 2, 3]
    assert lifetime(4, lifetime_amount="0") == []


def test_protect_7_each_segment_counts_at_its_exact_rate_without_rounding() -> None:
    ten = contract(terms=[terms(rate="10")])
    assert lifetime(6, ten, lifetime_amount="10") == [0, 1, 2, 3, 4, 5]
    assert lifetime(3, ten, lifetime_amount="4.99") == [0, 1]


def test_protect_7_the_earlier_of_two_caps_ends_it() -> None:
    assert lifetime(6, lifetime_hours="0.5", lifetime_amount="25") == [0, 1, 2]
    assert lifetime(6, lifetime_hours="1", lifetime_amount="10") == [0, 1]


def test_protect_7_from_the_first_that_would_pass_a_cap_on_all_later_ones_fail() -> None:
    # 60 an hour is 10 a segment, then 6 an hour is 1 a segment, which would still fit.
    cheaper = contract(terms=[terms(rate="60"), terms("2026-11-16T00:20Z", "6")])
    assert lifetime(4, cheaper, lifetime_amount="15") == [0]
    assert lifetime(4, cheaper, lifetime_amount="21") == [0, 1, 2]
    dearer = contract(terms=[terms(rate="6"), terms("2026-11-16T00:20Z", "60")])
    assert lifetime(4, dearer, lifetime_amount="15") == [0, 1, 2]
    assert lifetime(4, dearer, lifetime_amount="11.99") == [0, 1]


def test_protect_7_a_rate_of_nothing_uses_up_nothing() -> None:
    free = contract(terms=[terms(rate="0"), terms("2026-11-16T00:20Z", "60")])
    assert lifetime(4, free, lifetime_amount="0") == [0, 1]
    over = contract(terms=[terms(rate="0")], already_protected=AlreadyProtected(slots=0, amount="9"))
    assert lifetime(2, over, lifetime_amount="5") == []


def test_protect_7_a_cap_below_a_cent_still_holds_what_fits_it() -> None:
    # Half a dollar an hour is a twelfth a segment.
    assert lifetime(3, contract(terms=[terms(rate="0.5")]), lifetime_amount="0.16") == [0]
    assert lifetime(3, contract(terms=[terms(rate="0.5")]), lifetime_amount="0.17") == [0, 1]


def test_protect_7_time_before_the_first_terms_uses_up_nothing() -> None:
    assert lifetime(4, contract(terms=[terms("2026-11-16T00:20Z")]), lifetime_amount="0") == [0, 1]


def test_protect_7_each_counts_at_its_protected_rate() -> None:
    capped = contract(usual_rate="15")
    segments = [good(n) for n in range(4)]
    found = protection(*segments, on=capped, lifetime_amount=Decimal(5), rate_cap=RateCap.USUAL_RATE)
    assert found.protected == slots(0, 1)
    found = protection(
        *segments, on=contract(usual_rate="60"), lifetime_amount=Decimal(10), rate_cap=RateCap.USUAL_RATE
    )
    assert found.protected == slots(0, 1)
    found = protection(*segments, on=capped, lifetime_amount=Decimal(5))
    assert found.protected == slots(0)


def test_protect_7_only_segments_that_fail_nothing_else_use_it_up() -> None:
    segments = [good(0, memo=""), good(1), manual(at(2)), good(3), good(4)]
    found = protection(*segments, lifetime_hours=Decimal("0.34"))
    assert found.protected == slots(1, 3)
    assert reasons(found) == {"manual_time": [2], "missing_memo": [0], "lifetime_cap": [4]}


def test_protect_7_the_reason_names_the_caps_that_there_are() -> None:
    def facts(**changes: Any) -> tuple[tuple[str, object], ...]:
        return protection(good(0), **changes).failures[0].facts

    assert facts(lifetime_hours=Decimal(0)) == (("lifetime_hours", Decimal(0)),)
    assert facts(lifetime_amount=Decimal(0)) == (("lifetime_amount", Decimal(0)),)
    assert facts(lifetime_hours=Decimal(0), lifetime_amount=Decimal(1)) == (
        ("lifetime_hours", Decimal(0)),
        ("lifetime_amount", Decimal(1)),
    )


def test_protect_7_the_historic_cap_of_50_hours_or_2500() -> None:
    caps: dict[str, Any] = {"lifetime_hours": Decimal(50), "lifetime_amount": Decimal(2500)}
    segments = [good(n) for n in range(310)]
    assert len(protection(*segments, **caps).protected) == 300
    dear = contract(terms=[terms(rate="60")])
    assert len(protection(*segments, on=dear, **caps).protected) == 250


# All thirteen, in order


def test_every_failing_criterion_of_every_segment_is_reported_in_the_rulebooks_order() -> None:
    segments = [
        manual(at(0), memo=""),
        good(1, memo="", shot=False, meter=None),
        good(2, label="x", meter=0),
        good(3, label="x", meter=2),
        good(4, label="x", meter=8),
        good(5, label="x", meter=8),
    ]
    on = contract(labels=["x"], facts=[])
    found = protection(*segments, on=on, over=slots(1), min_active_minutes=5, min_average_active_minutes=Decimal(9))
    assert reasons(found) == {
        "manual_time": [0],
        "over_limit": [1],
        "no_snapshot": [1],
        "activity_unknown": [1],
        "no_activity": [2],
        "low_activity": [3],
        "missing_memo": [0, 1],
        "missing_label": [0, 1],
        "billing_not_verified": [0, 1, 2, 3, 4, 5],
        "not_in_good_standing": [0, 1, 2, 3, 4, 5],
        "identity_not_verified": [0, 1, 2, 3, 4, 5],
    }
    assert list(reasons(found)) == CODES[:11]
    assert found.protected == EMPTY
    averaged = protection(*segments, on=contract(labels=["x"]), over=slots(1), min_average_active_minutes=Decimal(9))
    assert list(reasons(averaged)) == [*CODES[:5], "missing_memo", "missing_label", "low_average_activity"]
    assert reasons(averaged)["low_average_activity"] == [3, 4, 5]
    capped = protection(*segments, on=contract(labels=["x"]), over=slots(1), lifetime_hours=Decimal("0.17"))
    assert list(reasons(capped)) == [*CODES[:5], "missing_memo", "missing_label", "lifetime_cap"]
    assert reasons(capped)["lifetime_cap"] == [4, 5]
    assert capped.protected == slots(3)
    assert [reason.code.value for reason in capped.why(at(1))] == [
        "over_limit", "no_snapshot", "activity_unknown", "missing_memo", "missing_label",
    ]  # fmt: skip


def test_the_codes_of_protection_stand_in_the_rulebooks_order() -> None:
    values = [code.value for code in ReasonCode]
    assert [value for value in values if value in CODES] == CODES
    assert PLAIN.protection.requires == tuple(Fact)
