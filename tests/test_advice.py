"""Advice: what could still be done before the lock, and what it would be worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support import PLAIN, WEEK, all_facts, at, contract, manual, places, policy, refusal, slots, terms, tracked
from workdiary.advice import Advice, AdviceKind, advise
from workdiary.errors import NaiveDatetime
from workdiary.model.contract import ContractStatus, Role, StatusChange
from workdiary.model.edit import edit_memo
from workdiary.model.money import Money
from workdiary.model.policy import Action, Change, MemoNeed, Permissions, RateCap
from workdiary.model.segment import Segment
from workdiary.model.times import instant
from workdiary.rules.editing import judge
from workdiary.statement import WeekStatement, week_statement

LOCK = instant("2026-11-23T12:00Z")
TUESDAY = "2026-11-17T00:00Z"
ADD_MEMO, SET_LABEL, BOTH, RAISE = AdviceKind


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def statement(*segments: Segment, **values: Any) -> WeekStatement:
    given = {"week": WEEK, "policy": PLAIN, **values}
    on = given.pop("on", contract())
    return week_statement(on, segments, **given)


def advice(*segments: Segment, at: str = TUESDAY, **values: Any) -> tuple[Advice, ...]:
    made = statement(*segments, **values)
    found = advise(made, at)
    assert found == made.advice(at=at)
    return found


def test_the_kinds_of_advice() -> None:
    assert [kind.value for kind in AdviceKind] == ["add_memo", "set_label", "add_memo_and_label", "raise_limit"]
    assert [kind.name for kind in AdviceKind] == ["ADD_MEMO", "SET_LABEL", "ADD_MEMO_AND_LABEL", "RAISE_LIMIT"]


def test_a_memo_is_advised_where_it_would_protect_a_segment() -> None:
    (found,) = advice(tracked(at(0)), tracked(at(1), memo=""), tracked(at(2), memo=" "), tracked(at(3), memo=""))
    assert found == Advice(
        kind=ADD_MEMO,
        role=Role.FREELANCER,
        slots=slots(1, 2, 3),
        gained=slots(1, 2, 3),
        worth=usd("15.00"),
        until=LOCK,
    )
    assert found.hours == "0.50"
    assert "15.00 USD" in str(found)


def test_a_memo_is_not_advised_where_it_would_not_help() -> None:
    assert advice(tracked(at(0), memo="", meter=0), manual(at(1), memo=""), tracked(at(2), memo="", shot=False)) == ()
    (found,) = advice(tracked(at(0), memo="", meter=0), tracked(at(1), memo=""))
    assert found.slots == found.gained == slots(1)
    assert advice(tracked(at(0), memo=""), on=contract(facts=[])) == ()
    assert advice() == ()


def test_a_label_is_advised_where_the_client_offers_labels() -> None:
    offering = contract(labels=["design"])
    (found,) = advice(tracked(at(0)), tracked(at(1), label="design"), on=offering)
    assert (found.kind, found.slots, found.gained, found.worth) == (SET_LABEL, slots(0), slots(0), usd("5.00"))
    assert (found.role, found.until) == (Role.FREELANCER, LOCK)


def test_where_both_are_missing_both_are_advised_together() -> None:
    offering = contract(labels=["design"])
    found = advice(
        tracked(at(0), memo=""),
        tracked(at(1), memo=""),
        tracked(at(2)),
        tracked(at(3), memo="", label="design"),
        on=offering,
    )
    assert [(one.kind, one.slots, one.gained, str(one.worth)) for one in found] == [
        (BOTH, slots(0, 1), slots(0, 1), "10.00 USD"),
        (ADD_MEMO, slots(3), slots(3), "5.00 USD"),
        (SET_LABEL, slots(2), slots(2), "5.00 USD"),
    ]
    assert {one.role for one in found} == {Role.FREELANCER}


def test_a_label_that_suffices_needs_no_memo() -> None:
    suffices = policy(protection={"memo": MemoNeed.LABEL_SUFFICES})
    (found,) = advice(tracked(at(0), memo=""), policy=suffices)
    assert (found.kind, found.slots) == (ADD_MEMO, slots(0))


def test_what_is_not_permitted_to_the_freelancer_is_not_advised() -> None:
    def permitting(*actions: Action) -> Any:
        return policy(editing={"permissions": Permissions(freelancer=actions, client=(Action.EDIT_LABEL,))})

    offering = contract(labels=["design"])
    segments = [tracked(at(0), memo=""), tracked(at(1)), tracked(at(2), memo="", label="design")]

    def kinds(*actions: Action) -> set[AdviceKind]:
        return {one.kind for one in advice(*segments, on=offering, policy=permitting(*actions))}

    assert kinds(Action.EDIT_MEMO, Action.EDIT_LABEL) == {ADD_MEMO, SET_LABEL, BOTH}
    assert kinds(Action.EDIT_MEMO) == {ADD_MEMO}
    assert kinds(Action.EDIT_LABEL) == {SET_LABEL}
    assert kinds(Action.ADD_TIME, Action.DELETE_TIME) == set()


def test_protect_3_what_is_gained_is_what_the_rules_say_of_the_changed_week() -> None:
    # 4 and 6 fail together at an average of 5.5; a memo for the third, of 10, lifts all of them.
    averaged = policy(protection={"min_average_active_minutes": Decimal("5.5")})
    found = advice(tracked(at(0), meter=4), tracked(at(1), meter=6), tracked(at(2), meter=10, memo=""), policy=averaged)
    assert [(one.kind, one.slots, one.gained, str(one.worth)) for one in found] == [
        (ADD_MEMO, slots(2), slots(0, 1, 2), "15.00 USD")
    ]
    assert found[0].hours == "0.50"


def test_protect_6_the_worth_is_at_the_protected_rate() -> None:
    capped = policy(protection={"rate_cap": RateCap.USUAL_RATE})
    (found,) = advice(tracked(at(0)), tracked(at(1), memo=""), on=contract(usual_rate="6"), policy=capped)
    assert found.worth == usd("1.00")


# The limit

FULL = [tracked(at(n)) for n in range(4)]
HALF = contract(terms=[terms(limit="0.5")])


def test_limit_3_a_higher_limit_is_advised_where_it_reaches_back() -> None:
    (found,) = advice(*FULL, on=HALF)
    assert found == Advice(
        kind=RAISE,
        role=Role.CLIENT,
        slots=slots(3),
        gained=slots(3),
        worth=usd("5.00"),
        until=instant("2026-11-23T00:00Z"),
    )
    assert found.hours == "0.17"
    assert "5.00 USD" in str(found)
    assert advice(*FULL, on=HALF, policy=policy(limit={"increase": Change.FROM_THEN_ON})) == ()
    assert advice(*FULL) == ()


def test_limit_3_a_higher_limit_must_be_set_before_the_week_ends() -> None:
    assert [one.kind for one in advice(*FULL, on=HALF, at="2026-11-22T23:59:59.9Z")] == [RAISE]
    assert advice(*FULL, on=HALF, at="2026-11-23T00:00:00Z") == ()


def test_a_lock_before_the_weeks_end_ends_the_advice_too() -> None:
    from workdiary.model.times import WallOffset

    early = policy(editing={"locks_after": WallOffset.parse("P6D")})
    (found,) = advice(*FULL, on=HALF, policy=early)
    assert str(found.until) == "2026-11-22T00:00:00Z"


# When


def test_edit_3_from_the_lock_on_there_is_no_advice() -> None:
    idle = tracked(at(0), memo="")
    assert len(advice(idle, at="2026-11-23T11:59:59.9Z")) == 1
    assert advice(idle, at="2026-11-23T12:00:00Z") == ()


@pytest.mark.parametrize("status", [ContractStatus.PAUSED, ContractStatus.CLOSED])
def test_edit_2_while_the_contract_cannot_be_edited_there_is_no_advice(status: ContractStatus) -> None:
    on = contract(
        status=[
            StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.ACTIVE),
            StatusChange(since="2026-11-17T00:00Z", status=status),
        ]
    )
    assert advice(tracked(at(0), memo=""), on=on, at="2026-11-17T00:00Z") == ()
    assert len(advice(tracked(at(0), memo=""), on=on, at="2026-11-16T23:59:59Z")) == 1


def test_the_most_worthwhile_comes_first() -> None:
    offering = contract(labels=["design"], terms=[terms(limit="0.5")])
    segments = [
        tracked(at(0), memo="", label="design"),
        tracked(at(1)),
        tracked(at(2)),
        tracked(at(3)),
        tracked(at(4)),
        tracked(at(5)),
    ]
    found = advice(*segments, on=offering)
    assert [(one.kind, str(one.worth)) for one in found] == [
        (RAISE, "15.00 USD"),
        (SET_LABEL, "10.00 USD"),
        (ADD_MEMO, "5.00 USD"),
    ]


def test_the_moment_has_a_zone() -> None:
    assert refusal(NaiveDatetime, advise, statement(tracked(at(0))), "2026-11-17T00:00")[0] == "at"


def test_advice_is_a_value() -> None:
    (found,) = advice(tracked(at(0), memo=""), on=contract(facts=[all_facts()]))
    assert hash(found) == hash(advice(tracked(at(0), memo=""))[0])
    some: Any = found
    with pytest.raises(AttributeError):
        some.worth = None


def test_advice_is_worth_what_the_rules_say_of_the_changed_week() -> None:
    """PROTECT-7: where a lifetime cap is reached, a memo on an early segment only moves the cap."""
    capped = policy(protection={"lifetime_hours": Decimal("0.5")})
    week = [tracked(at(0), memo=""), tracked(at(1)), tracked(at(2)), tracked(at(3))]
    before = week_statement(contract(), week, week=WEEK, policy=capped)
    assert places(before.protected) == [1, 2, 3]
    assert before.advice(at="2026-11-20T00:00Z") == ()


def test_advice_where_less_is_more() -> None:
    """PROTECT-3: two memos would pull the average below 5, one keeps it there."""
    lively = policy(protection={"min_average_active_minutes": Decimal(5)})
    week = [tracked(at(0), meter=6), tracked(at(1), memo="", meter=4), tracked(at(2), memo="", meter=3)]
    (found,) = week_statement(contract(), week, week=WEEK, policy=lively).advice(at="2026-11-20T00:00Z")
    assert places(found.slots) == places(found.gained) == [1]
    assert str(found.worth) == "5.00 USD"


def test_advice_holds_until_judge_says_so() -> None:
    closing = [
        StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.ACTIVE),
        StatusChange(since="2026-11-20T00:00Z", status=ContractStatus.CLOSED),
    ]
    on = contract(status=closing)
    week = [tracked(at(0), memo=""), tracked(at(700), memo="")]
    (found,) = week_statement(on, week, week=WEEK, policy=PLAIN).advice(at="2026-11-19T00:00Z")
    # The segment after the closing can no longer be edited, so no memo is advised for it.
    assert places(found.slots) == [0]
    change = edit_memo(at(0), at(1), memo="Fix the login form")
    verdict = judge(change, on=on, segments=week, by=Role.FREELANCER, at="2026-11-19T00:00Z", policy=PLAIN)
    assert found.until == verdict.until == instant("2026-11-20T00:00Z")
    assert week_statement(on, week, week=WEEK, policy=PLAIN).advice(at="2026-11-20T00:00Z") == ()
