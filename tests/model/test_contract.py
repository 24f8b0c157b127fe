"""`Contract` and what is dated in it: terms, status, facts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.support import all_facts, contract, refusal, terms
from workdiary.errors import FloatRefused, InvalidValue, NaiveDatetime, OrderError, UnknownCurrency
from workdiary.model.contract import (
    Actor,
    AlreadyProtected,
    Contract,
    ContractStatus,
    Fact,
    Facts,
    Role,
    StatusChange,
    Terms,
)
from workdiary.model.money import hours
from workdiary.model.times import instant

ACTIVE, PAUSED, CLOSED = ContractStatus.ACTIVE, ContractStatus.PAUSED, ContractStatus.CLOSED


def status(since: str, value: ContractStatus) -> StatusChange:
    return StatusChange(since=since, status=value)


def test_the_words_of_a_contract() -> None:
    assert [(role.name, role.value) for role in Role] == [
        ("FREELANCER", "freelancer"),
        ("CLIENT", "client"),
        ("PLATFORM", "platform"),
    ]
    assert {one.name: one.value for one in ContractStatus} == {
        "ACTIVE": "active",
        "PAUSED": "paused",
        "CLOSED": "closed",
    }
    assert {fact.name: fact.value for fact in Fact} == {
        "BILLING_VERIFIED": "billing_verified",
        "GOOD_STANDING": "good_standing",
        "IDENTITY_VERIFIED": "identity_verified",
    }


# Terms


def test_terms_hold_a_rate_a_limit_and_the_leave_for_manual_time() -> None:
    some = Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(40), manual_time_allowed=True)
    assert some.since == instant("2026-11-02T00:00Z")
    assert some.rate == Decimal("30.00")
    assert some.weekly_limit == hours(40)
    assert some.manual_time_allowed is True


def test_terms_do_not_allow_manual_time_unless_they_say_so() -> None:
    assert Terms(since="2026-11-02T00:00Z", rate="30", weekly_limit=None).manual_time_allowed is False


def test_limit_1_no_limit_is_none_and_differs_from_0_and_must_be_said() -> None:
    assert Terms(since="2026-11-02T00:00Z", rate=30, weekly_limit=None).weekly_limit is None
    assert Terms(since="2026-11-02T00:00Z", rate=30, weekly_limit=0).weekly_limit == hours(0)
    assert Terms(since="2026-11-02T00:00Z", rate=30, weekly_limit="12.5").weekly_limit == hours("12.5")
    make: Any = Terms
    with pytest.raises(TypeError, match="weekly_limit"):
        make(since="2026-11-02T00:00Z", rate="30")


def test_terms_refuse_floats_and_naive_datetimes_by_name() -> None:
    given = {"since": "2026-11-02T00:00Z", "rate": "30", "weekly_limit": 40}
    assert refusal(FloatRefused, Terms, **{**given, "rate": 30.0})[0] == "rate"
    assert refusal(FloatRefused, Terms, **{**given, "weekly_limit": 12.5})[0] == "weekly_limit"
    assert refusal(NaiveDatetime, Terms, **{**given, "since": "2026-11-02T00:00"})[0] == "since"
    assert refusal(InvalidValue, Terms, **{**given, "rate": "-1"})[0] == "rate"
    assert refusal(NaiveDatetime, StatusChange, since="2026-11-02T00:00", status=ACTIVE)[0] == "since"
    assert refusal(NaiveDatetime, Facts, since="2026-11-02T00:00")[0] == "since"


# Facts


def test_protect_5_no_fact_holds_unless_it_is_on_record() -> None:
    none = Facts(since="2026-11-02T00:00Z")
    assert [none.fulfils(fact) for fact in Fact] == [False, False, False]
    for fact in Fact:
        one = Facts(since="2026-11-02T00:00Z", **{fact.value: True})
        assert [one.fulfils(other) for other in Fact] == [other is fact for other in Fact]


def test_protect_7_what_is_already_protected_is_nothing_unless_said() -> None:
    none = AlreadyProtected()
    assert (none.slots, none.amount) == (0, Decimal(0))
    some = AlreadyProtected(slots=188, amount="90.50")
    assert (some.slots, some.amount) == (188, Decimal("90.50"))
    assert refusal(FloatRefused, AlreadyProtected, amount=1.5)[0] == "amount"
    assert refusal(InvalidValue, AlreadyProtected, amount="-1")[0] == "amount"


@pytest.mark.parametrize("slots", [-1, 1.0, "1", True, None])
def test_protect_7_what_is_already_protected_is_a_number_of_segments(slots: Any) -> None:
    assert refusal(InvalidValue, AlreadyProtected, slots=slots) == (
        "slots",
        slots,
        "is not a number of segments",
        "give an int, 0 or more",
    )


# Contracts


def test_a_contract_needs_no_more_than_two_parties_a_currency_and_terms() -> None:
    made = Contract(id="c-1", freelancer="ana", client="acme", currency="USD", terms=[terms()])
    assert (made.id, made.freelancer, made.client, made.currency) == ("c-1", "ana", "acme", "USD")
    assert made.terms.values == (terms(),)
    assert made.facts.values == ()
    assert made.labels == ()
    assert made.usual_rate is None
    assert made.already_protected == AlreadyProtected()
    assert made.begins_at == instant("2026-11-02T00:00Z")
    assert made.closes_at is None


def test_without_a_status_a_contract_is_active_from_its_first_terms_on() -> None:
    made = contract(terms=[terms("2026-11-02T00:00Z"), terms("2026-11-09T00:00Z", "40")])
    assert made.status.values == (status("2026-11-02T00:00Z", ACTIVE),)
    assert made.status_at(instant("2026-11-01T23:59:59Z")) is None
    assert made.status_at(instant("2026-11-02T00:00Z")) is ACTIVE


def test_edit_5_the_status_is_that_in_force_and_before_the_first_there_is_none() -> None:
    made = contract(
        status=[
            status("2026-11-03T00:00Z", ACTIVE),
            status("2026-11-10T00:00Z", PAUSED),
            status("2026-11-20T00:00Z", CLOSED),
        ]
    )
    assert made.status_at(instant("2026-11-02T12:00Z")) is None
    assert made.status_at(instant("2026-11-09T23:59:59Z")) is ACTIVE
    assert made.status_at(instant("2026-11-10T00:00:00Z")) is PAUSED
    assert made.status_at(instant("2030-01-01T00:00:00Z")) is CLOSED
    assert made.closes_at == instant("2026-11-20T00:00Z")


def test_edit_6_closed_is_the_last_status() -> None:
    assert refusal(
        OrderError, contract, status=[status("2026-11-03T00:00Z", CLOSED), status("2026-11-10T00:00Z", ACTIVE)]
    ) == (
        "status[1]",
        "2026-11-10T00:00:00Z",
        "follows the closing of the contract at 2026-11-03T00:00:00Z",
        "drop it: closed is the last status (EDIT-6)",
    )
    twice = [status("2026-11-03T00:00Z", CLOSED), status("2026-11-10T00:00Z", CLOSED)]
    assert refusal(OrderError, contract, status=twice)[1] == "2026-11-10T00:00:00Z"


def test_a_contract_that_is_not_closed_has_no_closing() -> None:
    assert contract(status=[status("2026-11-03T00:00Z", PAUSED)]).closes_at is None
    assert contract(status=[]).closes_at is None
    assert contract(status=[]).status_at(instant("2026-11-20T00:00Z")) is None


@pytest.mark.parametrize("name", ["id", "freelancer", "client"])
@pytest.mark.parametrize("value", ["", " ", "\u2003", None, 5])
def test_the_parties_and_the_contract_have_ids(name: str, value: Any) -> None:
    assert refusal(InvalidValue, contract, **{name: value}) == (name, value, "is not an id", "give non-blank text")


def test_bill_1_the_currency_must_have_known_minor_digits() -> None:
    assert refusal(UnknownCurrency, contract, currency="XAU")[:2] == ("currency", "XAU")
    assert contract(currency="JPY").currency == "JPY"


def test_a_contract_has_terms() -> None:
    assert refusal(InvalidValue, contract, terms=[]) == (
        "terms",
        [],
        "is empty",
        "give at least the first terms, with their rate and limit",
    )


def test_dated_lists_are_in_order_without_two_entries_at_one_instant() -> None:
    early, late = "2026-11-02T00:00Z", "2026-11-09T00:00Z"
    assert refusal(OrderError, contract, terms=[terms(late), terms(early)])[0] == "terms[1].since"
    assert refusal(OrderError, contract, terms=[terms(late), terms(late)])[2] == "stands twice"
    assert refusal(OrderError, contract, facts=[all_facts(late), all_facts(early)])[0] == "facts[1].since"
    changes = [status(late, ACTIVE), status(early, PAUSED)]
    assert refusal(OrderError, contract, status=changes)[0] == "status[1].since"


def test_protect_4_the_labels_are_a_list_and_an_empty_one_offers_none() -> None:
    some = contract(labels=["design", "backend"])
    assert some.labels == ("design", "backend")
    assert some.offers("design")
    assert not some.offers("desig")
    assert not contract().offers("design")
    assert refusal(InvalidValue, contract, labels="design") == (
        "labels",
        "design",
        "is a single text",
        "give a list",
    )


def test_protect_6_the_usual_rate_is_exact() -> None:
    assert contract(usual_rate="10.50").usual_rate == Decimal("10.50")
    assert contract(usual_rate=None).usual_rate is None
    assert refusal(FloatRefused, contract, usual_rate=10.5)[0] == "usual_rate"


def test_a_contract_is_a_value() -> None:
    one, other = (contract(labels=["a"], usual_rate="9", status=[status("2026-11-03T00:00Z", ACTIVE)]) for _ in "ab")
    assert one == other
    assert hash(one) == hash(other)
    for value in (one, one.terms.values[0], one.facts.values[0], one.status.values[0], one.already_protected):
        some: Any = value
        hash(some)
        with pytest.raises(AttributeError):
            some.since = some.id = 0


def test_an_actor_has_an_id_and_a_role() -> None:
    actor = Actor(id="ana", role=Role.FREELANCER)
    assert (actor.id, actor.role) == ("ana", Role.FREELANCER)
    assert hash(actor) == hash(Actor(id="ana", role=Role.FREELANCER))
