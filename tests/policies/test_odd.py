"""The rules do not know the presets: a week under a policy of which no value is a preset's.

Its week begins on Thursday 03:00 in Lord Howe, whose clock went back by half an hour on Sunday
2026-04-05, at 02:00. Tracked time goes first, limits change from then on both ways, manual time is
refused on taken slots, tracked seconds are carried, and halves go to the even cent.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from tests.support import ODD, all_facts, refusal
from workdiary import policies
from workdiary.errors import GridError
from workdiary.model.activity import Activity
from workdiary.model.contract import Contract, ContractStatus, Facts, Role, StatusChange, Terms
from workdiary.model.edit import add_time, delete_time, edit_label
from workdiary.model.outcome import Finding
from workdiary.model.segment import Segment
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import instant, slot_at
from workdiary.model.verdict import ReasonCode
from workdiary.rules.credit import credit
from workdiary.rules.editing import judge
from workdiary.statement import WeekStatement, week_statement

WEEK = ODD.week_of("2026-04-03T00:00Z")
FIRST = slot_at("2026-04-01T16:00Z")  # Thursday 2026-04-02, 03:00 in Lord Howe
ACTIVE = ContractStatus.ACTIVE


def contract(**changes: Any) -> Contract:
    values: dict[str, Any] = {
        "id": "c-9",
        "freelancer": "ana",
        "client": "acme",
        "currency": "USD",
        "labels": ["design"],
        "usual_rate": "0.20",
        "terms": [
            Terms(since="2026-03-01T00:00Z", rate="0.15", weekly_limit="1"),
            Terms(since="2026-04-01T18:00Z", rate="0.45", weekly_limit="0.5"),
            Terms(since="2026-04-01T20:00Z", rate="0.45", weekly_limit="2"),
        ],
        "facts": [Facts(since="2026-03-01T00:00Z"), all_facts("2026-04-09T17:15:00Z", identity_verified=False)],
    }
    return Contract(**{**values, **changes})


def tracked(n: int, meter: int | None, label: str | None = "design") -> Segment:
    activity = None if meter is None else Activity.of_meter(meter)
    return Segment.tracked(FIRST + n, label=label, activity=activity)


def manual(n: int) -> Segment:
    return Segment.manual(FIRST + n, label="design")


def here(*numbers: int) -> Slots:
    return Slots(FIRST + n for n in numbers)


SEGMENTS = [
    manual(0), manual(1), tracked(2, 5), tracked(3, 6), tracked(4, 3), tracked(5, 9, label=None),
    # From 18:00 the limit is half an hour: 3 segments, all used up by then.
    tracked(12, 9), manual(13),
    # From 20:00 it is two hours: 12.
    tracked(24, 9), tracked(25, 2), manual(26),
]  # fmt: skip


def statement(**changes: Any) -> WeekStatement:
    return week_statement(contract(**changes), SEGMENTS, week="2026-04-03T00:00Z", policy=ODD)


def test_no_value_of_the_odd_policy_is_a_presets() -> None:
    for name in policies.names():
        other = policies.get(name)
        for section in ("week", "credit", "limit", "editing", "manual", "protection", "billing", "fees"):
            assert getattr(ODD, section) != getattr(other, section)


def test_week_1_the_odd_week_begins_on_thursday_03_00_and_lasts_168_and_a_half_hours() -> None:
    assert (str(WEEK.starts_at), str(WEEK.ends_at)) == ("2026-04-01T16:00:00Z", "2026-04-08T16:30:00Z")
    assert (WEEK.start, len(WEEK.slots)) == (FIRST, 1011)
    assert statement().week == WEEK


def test_limit_2_to_4_tracked_first_and_changes_from_then_on() -> None:
    # Ranks: tracked 2, 3, 4, 5, 12, 24, 25 have 0 to 6; manual 0, 1, 13, 26 have 7 to 10.
    # Allowed: 6 before 18:00, 3 before 20:00, 12 after.
    made = statement()
    assert made.tracked == here(2, 3, 4, 5, 24, 25)
    assert made.manual == here(26)
    assert made.over_limit == here(0, 1, 12, 13)
    assert attrs.astuple(made.hours) == ("1.00", "0.17", "0.67", "1.17")


def test_bill_1_halves_go_to_the_even_cent() -> None:
    # 4 segments at 0.15 an hour are 0.10; 3 at 0.45 are 0.225, which is 0.22.
    made = statement()
    assert [(line.rate, line.slots, str(line.amount)) for line in made.lines] == [
        (Decimal("0.15"), 4, "0.10 USD"),
        (Decimal("0.45"), 3, "0.22 USD"),
    ]
    assert str(made.amount) == "0.32 USD"
    assert str(made.fee()) == "0.16 USD"


def test_protect_the_odd_criteria() -> None:
    # Passing each alone: 2 (5), 3 (6), 4 (3) and 24 (9): 23 over 4 is 5.75, above 5.5.
    made = statement()
    assert made.protected == here(2, 3, 4, 24)
    assert made.protection.why(FIRST + 25)[0].facts == (("min_active_minutes", 3),)
    over, manual_time = ReasonCode.OVER_LIMIT, ReasonCode.MANUAL_TIME
    assert made.unprotected == (
        Finding(Slot(FIRST), Slot(FIRST + 2), (manual_time, over)),
        Finding(Slot(FIRST + 5), Slot(FIRST + 6), (ReasonCode.MISSING_LABEL,)),
        Finding(Slot(FIRST + 12), Slot(FIRST + 13), (over,)),
        Finding(Slot(FIRST + 13), Slot(FIRST + 14), (manual_time, over)),
        Finding(Slot(FIRST + 25), Slot(FIRST + 26), (ReasonCode.LOW_ACTIVITY,)),
        Finding(Slot(FIRST + 26), Slot(FIRST + 27), (manual_time,)),
    )


def test_protect_6_and_8_the_usual_rate_caps_and_each_group_is_rounded_once() -> None:
    # 3 at 0.15 are 0.075, which is 0.08 (even); 1 at 0.20 instead of 0.45 is 0.0333.
    made = statement()
    assert [(str(line.rate), line.slots, str(line.amount)) for line in made.protected_bill.lines] == [
        ("0.15", 3, "0.08 USD"),
        ("0.20", 1, "0.03 USD"),
    ]
    assert str(made.protected_amount) == "0.11 USD"
    assert str(statement(usual_rate=None).protected_amount) == "0.16 USD"


def test_protect_5_good_standing_is_asked_at_the_odd_invoice_only() -> None:
    assert str(statement().calendar.invoiced_at) == "2026-04-09T17:15:00Z"
    a_second_late = [all_facts("2026-04-09T17:15:01Z")]
    made = statement(facts=a_second_late)
    assert not made.protected
    assert {reason.code.value for reason in made.protection.failures} >= {"not_in_good_standing"}


def test_edit_3_the_odd_lock_is_on_saturday_04_30() -> None:
    assert str(statement().calendar.locks_at) == "2026-04-10T18:00:00Z"
    change = add_time("2026-04-02T00:00Z", "2026-04-02T01:00Z", memo="")
    for at, allowed in (("2026-04-10T17:59:59Z", True), ("2026-04-10T18:00:00Z", False)):
        verdict = judge(change, on=contract(), segments=SEGMENTS, by=Role.FREELANCER, at=at, policy=ODD)
        assert verdict.allowed is allowed
        assert (verdict.until if allowed else verdict.since) == instant("2026-04-10T18:00Z")


def test_edit_1_and_2_the_odd_permissions_and_statuses() -> None:
    paused = contract(status=[StatusChange(since="2026-03-01T00:00Z", status=ContractStatus.PAUSED)])
    call: dict[str, Any] = {"on": paused, "segments": SEGMENTS, "at": "2026-04-03T00:00Z", "policy": ODD}
    delete = delete_time(FIRST, FIRST + 1)
    assert judge(delete, by=Role.CLIENT, **call).changed == here(0)
    assert judge(delete, by=Role.FREELANCER, **call).codes == (ReasonCode.ROLE_NOT_PERMITTED,)
    label = edit_label(FIRST, FIRST + 1, label="design")
    assert judge(label, by=Role.CLIENT, **call).codes == (ReasonCode.ROLE_NOT_PERMITTED,)


def test_manual_3_the_odd_policy_refuses_any_taken_slot_and_needs_no_permission() -> None:
    call: dict[str, Any] = {"on": contract(), "segments": SEGMENTS, "at": "2026-04-03T00:00Z", "policy": ODD}
    assert judge(add_time(FIRST + 6, FIRST + 12, memo=""), by=Role.FREELANCER, **call).allowed
    taken = judge(add_time(FIRST + 6, FIRST + 13, memo=""), by=Role.FREELANCER, **call)
    assert taken.codes == (ReasonCode.SLOT_TAKEN,)
    assert taken.reasons[0].slots == here(12)


def test_credit_the_odd_policy_carries() -> None:
    stretches = [("2026-04-01T16:00Z", "2026-04-01T16:03Z"), ("2026-04-01T16:10Z", "2026-04-01T16:12Z")]
    assert credit(stretches, [], ODD.credit) == here(1)


def test_dispute_1_the_odd_review_goes_from_its_invoice_to_its_end() -> None:
    made = statement()
    assert [reason.code for reason in made.settle(here(2), at="2026-04-09T17:14:59Z").reasons] == [
        ReasonCode.REVIEW_NOT_OPEN
    ]
    settlement = made.settle(here(2, 5), at="2026-04-09T17:15:00Z")
    assert (settlement.refunded, settlement.paid) == (here(5), here(2, 3, 4, 24, 25, 26))
    assert [reason.code for reason in made.settle(here(2), at="2026-04-11T16:30:00Z").reasons] == [
        ReasonCode.REVIEW_CLOSED
    ]


def test_grid_1_the_odd_weeks_slots_are_on_the_same_grid() -> None:
    assert refusal(GridError, Segment.manual, "2026-04-01T16:05Z")[0] == "at"
