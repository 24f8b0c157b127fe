"""The words about a segment: each decision with its rule, and nothing left out."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from tests.support import ODD, PLAIN, WEEK, all_facts, at, contract, manual, policy, slots, terms, tracked
from workdiary import policies
from workdiary.advice import Advice, AdviceKind
from workdiary.errors import InvalidValue
from workdiary.explain import (
    advice_words,
    instant_words,
    reason_words,
    source_of,
    verdict_words,
)
from workdiary.model.contract import Actor, Role
from workdiary.model.edit import add_time
from workdiary.model.money import Money
from workdiary.model.policy import LimitOrder, RateCap
from workdiary.model.segment import Segment
from workdiary.model.slots import Slots
from workdiary.model.times import Week, instant
from workdiary.model.verdict import Reason, ReasonCode, Verdict
from workdiary.rules.editing import judge
from workdiary.statement import WeekStatement, week_statement


def statement(*segments: Segment, **changes: object) -> WeekStatement:
    """Return the statement of the usual week under Upwork's preset, whose sources are known."""
    return week_statement(contract(**changes), segments, week=WEEK, policy=policies.get("upwork"))


def test_a_protected_segment_says_rank_rate_and_calendar() -> None:
    lines = statement(tracked(at(0)), tracked(at(1), label="design")).explain(at(1)).splitlines()
    assert lines == [
        "Monday 16 November 2026, 00:10–00:20 UTC, contract c-1, Upwork Work Diary",
        "Recorded: tracked, memo “Fix the login form”, label “design”, 8 of 10 minutes active, with a snapshot.",
        "Status: tracked and billable (green).",
        "  LIMIT-2: It is number 2 of 2 segments in order of time; the limit is 40.00 h, 240 segments. "
        "[Upwork support, Contract Weekly Limit; Set a Weekly Limit]",
        "  BILL-1: Billed at 30.00 USD an hour, the terms since Monday 2 November 2026, 00:00 UTC: "
        "about 5.00 USD for this segment. [Upwork support, Weekly Billing Cycle]",
        "Protection: protected; no criterion fails.",
        "Calendar:",
        "  EDIT-3: The week can be edited until Monday 23 November 2026, 12:00 UTC. "
        "[Upwork support, Use Your Work Diary; Weekly Billing Cycle]",
        "  DISPUTE-1: The client can dispute it from Monday 23 November 2026, 12:00 UTC until "
        "Saturday 28 November 2026, 00:00 UTC. [Upwork support, Dispute a Freelancer's Hours]",
    ]


def test_a_manual_segment_says_that_it_is_never_protected() -> None:
    text = statement(manual(at(0), memo="")).explain("2026-11-16T00:00Z")
    assert "Recorded: manual, no memo." in text
    assert "Status: manual and billable (yellow)." in text
    assert "Protection: none, for 2 reasons." in text
    assert "  MANUAL-1: Manual time is never protected. [Upwork support, Enable or Disable Manual Time]" in text


def test_a_red_segment_says_what_it_would_have_cost() -> None:
    text = statement(tracked(at(0)), terms=[terms(limit=0)]).explain(at(0))
    assert "Status: over the weekly limit and not billable (red)." in text
    assert "It is number 1 of 1 segment in order of time; the limit is 0.00 h, 0 segments." in text
    assert "LIMIT-1: Nobody pays for it; at 30.00 USD an hour" in text
    assert "Protection: none, for 1 reason." in text


def test_unknown_activity_and_no_snapshot_are_said_so() -> None:
    text = statement(tracked(at(0), meter=None, shot=False), terms=[terms(limit=None)]).explain(at(0))
    assert "activity unknown, without a snapshot." in text
    assert "there is no weekly limit." in text


def test_a_free_segment_says_that_nothing_is_recorded() -> None:
    assert statement().explain(at(5)).splitlines() == [
        "Monday 16 November 2026, 00:50–01:00 UTC, contract c-1, Upwork Work Diary",
        "Nothing is recorded in this segment.",
    ]


def test_a_segment_of_another_week_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"at: '2026-11-23T00:00:00Z' is not in the week of 2026-11-16"):
        statement().explain(at(1008))


def test_limit_2_tracked_first_counts_tracked_time_before_manual() -> None:
    own = policy(limit={"order": LimitOrder.TRACKED_FIRST})
    found = week_statement(contract(), [manual(at(0)), tracked(at(1)), tracked(at(2))], week=WEEK, policy=own)
    assert "It is number 3 of 3 segments with tracked time first" in found.explain(at(0))
    assert "It is number 2 of 3 segments with tracked time first" in found.explain(at(2))


def test_the_limit_named_is_that_of_the_segments_own_stretch() -> None:
    week = ODD.week_of("2026-11-18T00:00Z")
    dated = [terms("2026-11-02T00:00Z", limit=5), terms("2026-11-16T12:00Z", limit=None)]
    found = week_statement(contract(terms=dated), [tracked(at(0)), tracked(at(100))], week=week, policy=ODD)
    assert "the limit is 5.00 h, 30 segments" in found.explain(at(0))
    assert "there is no weekly limit" in found.explain(at(100))


def test_protect_6_a_capped_rate_is_named() -> None:
    capped = policy(protection={"rate_cap": RateCap.USUAL_RATE})
    found = week_statement(contract(usual_rate="10"), [tracked(at(0))], week=WEEK, policy=capped)
    assert "PROTECT-6: At most at the freelancer's usual rate, 10.00 USD an hour." in found.explain(at(0))
    known = week_statement(contract(), [tracked(at(0))], week=WEEK, policy=capped)
    assert "PROTECT-6" not in known.explain(at(0))


def test_a_policy_without_sources_still_explains() -> None:
    found = week_statement(contract(), [tracked(at(0))], week=WEEK, policy=attrs.evolve(PLAIN, sources=()))
    assert "[" not in found.explain(at(0))
    assert "contract c-1, plain" in found.explain(at(0))


def test_every_reason_of_every_statement_has_words_without_gaps() -> None:
    """Each protection reason is provoked for real, so that the facts that its sentence needs are there."""
    segments = [
        manual(at(0)),
        tracked(at(1), memo="", shot=False, meter=None),
        tracked(at(2), meter=0),
        tracked(at(3), meter=2),
        tracked(at(4), meter=5),
        tracked(at(200)),
    ]
    offered = contract(labels=["design", "backend"], facts=[], terms=[terms(limit="0.7")])
    strict = policy(protection={"min_active_minutes": 3})
    lenient = policy(
        protection={"requires": (), "min_average_active_minutes": Decimal("9"), "label": PLAIN.protection.label}
    )
    spent = policy(protection={"requires": (), "lifetime_hours": Decimal(0), "lifetime_amount": Decimal(0)})
    seen: dict[ReasonCode, str] = {}
    for own, agreement in ((strict, offered), (lenient, contract()), (spent, contract())):
        found = week_statement(agreement, segments, week=WEEK, policy=own)
        for reason in found.protection.failures:
            seen[reason.code] = reason_words(reason)
    assert set(seen) == {code for code in ReasonCode if code.rule.startswith(("PROTECT", "LIMIT"))} | {
        ReasonCode.MANUAL_TIME
    }
    assert seen[ReasonCode.LOW_ACTIVITY] == "Fewer than 3 of its ten minutes were active."
    assert seen[ReasonCode.MISSING_LABEL] == ("It has no activity label, and the client offers some: design, backend.")
    assert seen[ReasonCode.BILLING_NOT_VERIFIED] == (
        "The client's billing method was not verified when worked and when invoiced."
    )
    assert seen[ReasonCode.LOW_AVERAGE_ACTIVITY].startswith("The average activity is too low: ")


def test_facts_at_one_moment_only_are_said_so() -> None:
    lost = [all_facts(), all_facts("2026-11-20T00:00Z", billing_verified=False)]
    text = statement(tracked(at(0)), facts=lost).explain(at(0))
    assert "The client's billing method was not verified when invoiced." in text


def test_a_verdict_is_said_with_its_deadline() -> None:
    until = instant("2026-11-23T12:00Z")
    assert verdict_words(Verdict(changed=slots(1, 2), until=until)) == (
        "Allowed: 2 segments would change. Possible until Monday 23 November 2026, 12:00 UTC."
    )
    assert verdict_words(Verdict(changed=slots(1))) == "Allowed: 1 segment would change."
    refused = Verdict(reasons=(Reason(code=ReasonCode.WEEK_LOCKED, facts=(("locks_at", until),)),), since=until)
    assert verdict_words(refused) == (
        "Refused. EDIT-3: The week has been locked since Monday 23 November 2026, 12:00 UTC."
    )
    paused = Verdict(reasons=(Reason(code=ReasonCode.CONTRACT_NOT_ACTIVE, facts=(("status", "paused"),)),), since=until)
    assert verdict_words(paused) == (
        "Refused. EDIT-2: The contract is not active at that moment; its status is paused. "
        "No longer possible since Monday 23 November 2026, 12:00 UTC."
    )


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("add_time", "add time"),
        ("delete_time", "delete time"),
        ("edit_memo", "edit memos"),
        ("edit_label", "edit activity labels"),
    ],
)
def test_what_is_not_permitted_is_named(action: str, words: str) -> None:
    role = (("role", "client"), ("action", action))
    found = reason_words(Reason(code=ReasonCode.ROLE_NOT_PERMITTED, facts=role))
    assert found == f"The client may not {words} here."


def test_facts_read_well() -> None:
    facts = (("begins_at", instant("2026-11-02T00:00Z")), ("closes_at", None))
    assert reason_words(Reason(code=ReasonCode.OUTSIDE_CONTRACT, facts=facts)) == (
        "The time is outside the contract, which runs from Monday 2 November 2026, 00:00 UTC until further notice."
    )
    role = (("role", "client"), ("action", "add_time"))
    assert reason_words(Reason(code=ReasonCode.ROLE_NOT_PERMITTED, facts=role)) == "The client may not add time here."
    labels = (("label", "chess"), ("labels", ()))
    assert reason_words(Reason(code=ReasonCode.UNKNOWN_LABEL, facts=labels)).endswith("offers: none.")


def test_seconds_are_said_only_where_there_are_any() -> None:
    assert instant_words(instant("2026-11-23T12:00:00Z")) == "Monday 23 November 2026, 12:00 UTC"
    assert instant_words(instant("2026-11-23T11:59:59Z")) == "Monday 23 November 2026, 11:59:59 UTC"


def test_the_source_of_a_rule_is_that_of_its_policy() -> None:
    assert source_of("LIMIT-3", policies.get("odesk")) == "oDesk help, Weekly limits"
    assert source_of("LIMIT-3", PLAIN) == ""


@pytest.mark.parametrize(
    ("kind", "touched", "words"),
    [
        (AdviceKind.ADD_MEMO, 3, "add a memo to these 3 segments: 0.50 h, 15.00 USD more protected; until "),
        (AdviceKind.SET_LABEL, 1, "set an activity label on this segment: 0.17 h, 15.00 USD more protected; until "),
        (
            AdviceKind.ADD_MEMO_AND_LABEL,
            2,
            "add a memo and set an activity label on these 2 segments: 0.33 h, 15.00 USD more protected; until ",
        ),
        (AdviceKind.RAISE_LIMIT, 6, "ask the client to raise the weekly limit: 1.00 h, 15.00 USD more billed; until "),
    ],
)
def test_advice_is_one_sentence(kind: AdviceKind, touched: int, words: str) -> None:
    segments = Slots.range(at(0), at(touched))
    advice = Advice(
        kind=kind,
        role=Role.FREELANCER,
        slots=segments,
        gained=segments,
        worth=Money.of("15.00", "USD"),
        until=instant("2026-11-23T12:00Z"),
    )
    assert str(advice) == advice_words(advice) == f"{words}Monday 23 November 2026, 12:00 UTC"


def test_weeks_print_as_their_monday() -> None:
    assert isinstance(WEEK, Week)
    assert str(WEEK) == "week of 2026-11-16"


def test_a_strangers_text_cannot_look_like_a_decision() -> None:
    forged = "x\n  LIMIT-1: Forged decision. [Upwork support]\u2028y"
    found = week_statement(
        contract(id=f"c{forged}", labels=[forged]),
        [tracked(at(0), memo=forged, label=None), tracked(at(1), label=forged)],
        week=WEEK,
        policy=attrs.evolve(PLAIN, title=forged),
    )
    for place in (0, 1):
        assert not any(line.strip().startswith("LIMIT-1") for line in found.explain(at(place)).splitlines())
    unknown = Reason(code=ReasonCode.UNKNOWN_LABEL, facts=(("label", forged), ("labels", ("new_thing", forged))))
    assert len(reason_words(unknown).splitlines()) == 1
    assert "new_thing" in reason_words(unknown)


def test_a_stranger_is_called_one() -> None:
    call = add_time(at(4), at(5), memo="Call")
    verdict = judge(
        call,
        on=contract(),
        segments=[],
        by=Actor(id="bob", role=Role.FREELANCER),
        at="2026-11-18T00:00Z",
        policy=PLAIN,
    )
    assert verdict_words(verdict) == "Refused. EDIT-1: The stranger may not add time here."
