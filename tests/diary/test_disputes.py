"""Disputes and claims through the diary: who may, when, what comes of it, and that no segment is paid for twice.

The week of 2026-11-16 has nine segments at 30.00 USD an hour, 5.00 each: six tracked ones, which are
protected, and three manual ones, which are not. With two more over the limit, which nobody pays.

                    Upwork               Work for Impact
    closed from     2026-11-23T12:00Z    2026-11-23T00:00Z
    invoiced        2026-11-23T12:00Z    2026-11-24T00:00Z
    review ends     2026-11-28T00:00Z    2026-12-02T00:00Z
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.diary.evidence import ACME, ANA, MONDAY, NEXT_MONDAY, NINE, PLATFORM, WEEK, Clock, contract, tracked
from workdiary.diary.bundle import write_bundle
from workdiary.diary.changes import DisputeResolved, PaymentFailed, StatusChanged, TermsChanged, TimeDisputed
from workdiary.diary.closing import close_week, resolve
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Answer, AnswerKind
from workdiary.diary.verify import verify
from workdiary.errors import InvalidValue
from workdiary.model.contract import Actor, ContractStatus, Role, StatusChange, Terms
from workdiary.model.edit import add_time
from workdiary.model.money import hours
from workdiary.model.slots import Slots
from workdiary.model.times import Instant, instant
from workdiary.store.memory import MemoryJournal

WHOLE = Slots.range(MONDAY, NEXT_MONDAY)
TRACKED, MANUAL, OVER = range(NINE, NINE + 6), range(NINE + 6, NINE + 9), range(NINE + 9, NINE + 11)
STRANGER = Actor(id="another client", role=Role.CLIENT)


class Case:
    """A closed week under a policy, with the clock in the hand of the test."""

    def __init__(self, policy: str = "upwork", *, closed: bool = True) -> None:
        self.clock = Clock("2026-11-18T18:00:00Z")
        self.journal = MemoryJournal(clock=self.clock)
        terms = Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours("1.5"), manual_time_allowed=True)
        self.diary = Diary.open(self.journal, contract(terms=[terms]), policy, by=PLATFORM, id="open")
        assert self.diary.record(tracked(NINE, NINE + 6), by=ANA, id="upload").recorded
        added = add_time("2026-11-18T10:00Z", "2026-11-18T10:50Z", memo="Call")
        assert self.diary.record(added, by=ANA, id="call").recorded
        if closed:
            self.at("2026-11-23T12:00:00Z")
            bill = close_week(self.diary, WEEK, by=PLATFORM).closed
            assert bill is not None
            assert (bill.amount, bill.document["protected_amount"]) == ("45.00 USD", "30.00 USD")

    def at(self, moment: str) -> Case:
        self.clock.set(moment)
        return self

    def dispute(self, *ranges: range, id: str = "d", by: Actor = ACME, reason: str = "Not agreed") -> Answer:
        disputed = Slots(slot for each in ranges for slot in each) if ranges else WHOLE
        return self.diary.record(TimeDisputed(week=WHOLE, disputed=disputed, reason=reason), by=by, id=id)

    def fail(self, *, id: str = "f", by: Actor = PLATFORM) -> Answer:
        return self.diary.record(PaymentFailed(week=WHOLE), by=by, id=id)

    def outcome(self, of: str = "d", id: str = "") -> DisputeResolved:
        answer = resolve(self.diary, of, by=PLATFORM, id=id or f"outcome of {of}")
        assert answer.kind is AnswerKind.CREATED
        assert answer.entry is not None
        assert isinstance(answer.entry.change, DisputeResolved)
        return answer.entry.change

    @property
    def head(self) -> str:
        return str(self.diary.standing.head)


def codes(answer: Answer) -> tuple[AnswerKind, list[str]]:
    return answer.kind, [reason.code.value for reason in answer.reasons]


def refused(*reasons: str) -> tuple[AnswerKind, list[str]]:
    return AnswerKind.REFUSED, [*reasons]


CREATED: tuple[AnswerKind, list[str]] = (AnswerKind.CREATED, [])


# DISPUTE-1: when, and who


@pytest.mark.parametrize("at", ["2026-11-18T18:00:00Z", "2026-11-23T11:59:59Z", "2026-11-24T00:00:00Z"])
def test_dispute_1_a_week_that_is_not_closed_is_not_disputed(at: str) -> None:
    case = Case(closed=False).at(at)
    assert codes(case.dispute()) == refused("week_not_closed")
    assert codes(case.fail()) == refused("week_not_closed")


@pytest.mark.parametrize(
    ("policy", "at", "expected"),
    [
        ("upwork", "2026-11-23T12:00:00Z", CREATED),
        ("upwork", "2026-11-27T23:59:59Z", CREATED),
        ("upwork", "2026-11-28T00:00:00Z", refused("review_closed")),
        ("upwork", "2027-06-01T00:00:00Z", refused("review_closed")),
        ("work_for_impact", "2026-11-23T23:59:59Z", refused("review_not_open")),
        ("work_for_impact", "2026-11-24T00:00:00Z", CREATED),
        ("work_for_impact", "2026-12-01T23:59:59Z", CREATED),
        ("work_for_impact", "2026-12-02T00:00:00Z", refused("review_closed")),
    ],
)
def test_dispute_1_from_the_invoice_until_the_review_ends(
    policy: str, at: str, expected: tuple[AnswerKind, list[str]]
) -> None:
    case = Case(policy).at(at)
    before = case.head
    answer = case.dispute()
    assert codes(answer) == expected
    assert (case.head == before) is (answer.kind is AnswerKind.REFUSED)


def test_dispute_1_a_clock_that_went_back_opens_no_review() -> None:
    case = Case().at("2026-11-28T00:00:00Z")
    closed = StatusChange(since="2026-11-29T00:00Z", status=ContractStatus.PAUSED)
    assert case.diary.record(StatusChanged(status=closed), by=ACME, id="pause").recorded
    assert codes(case.at("2026-11-27T12:00:00Z").dispute()) == refused("review_closed")


@pytest.mark.parametrize("by", [ANA, PLATFORM, STRANGER, Actor(id="acme", role=Role.FREELANCER)])
def test_dispute_1_only_the_contracts_client_disputes(by: Actor) -> None:
    case = Case()
    before = case.head
    assert codes(case.dispute(by=by)) == refused("role_not_permitted")
    assert case.head == before


@pytest.mark.parametrize("by", [ANA, ACME, STRANGER])
def test_claim_1_only_the_platform_says_that_nobody_paid(by: Actor) -> None:
    assert codes(Case().fail(by=by)) == refused("role_not_permitted")


@pytest.mark.parametrize("by", [ANA, ACME, STRANGER])
def test_only_the_platform_resolves(by: Actor) -> None:
    case = Case()
    case.dispute()
    before = case.head
    assert codes(resolve(case.diary, "d", by=by, id="r")) == refused("role_not_permitted")
    assert case.head == before


def test_every_reason_against_a_dispute_is_given_at_once() -> None:
    case = Case().at("2026-11-28T00:00:00Z")
    assert codes(case.dispute(OVER, by=ANA)) == refused("role_not_permitted", "nothing_there", "review_closed")


def test_a_week_of_another_cut_is_not_disputed() -> None:
    case = Case()
    half = Slots.range(MONDAY, MONDAY + 504)
    with pytest.raises(InvalidValue, match="is not a week of this contract's policy"):
        case.diary.record(TimeDisputed(week=half, disputed=half), by=ACME, id="d")


# DISPUTE-2: what comes of it


def test_dispute_2_the_protected_segments_stay_paid_and_the_others_are_refunded() -> None:
    case = Case()
    case.dispute()
    found = case.outcome()
    assert found.paid == Slots(TRACKED)
    assert found.refunded == Slots(MANUAL)
    assert (found.covered, found.unpaid) == (Slots(), Slots())
    assert found.amounts == ("30.00 USD", "15.00 USD", "0.00 USD", "0.00 USD")


def test_dispute_2_what_is_not_disputed_stays_paid() -> None:
    case = Case()
    case.dispute(range(NINE, NINE + 1), range(NINE + 6, NINE + 7))
    found = case.outcome()
    assert found.paid == Slots([*TRACKED, NINE + 7, NINE + 8])
    assert found.refunded == Slots([NINE + 6])
    assert found.amounts == ("40.00 USD", "5.00 USD", "0.00 USD", "0.00 USD")


def test_dispute_2_when_only_protected_segments_are_disputed_nothing_is_refunded() -> None:
    case = Case()
    assert codes(case.dispute(TRACKED)) == CREATED
    assert case.outcome().amounts == ("45.00 USD", "0.00 USD", "0.00 USD", "0.00 USD")


def test_claim_1_free_slots_and_those_over_the_limit_are_ignored() -> None:
    case = Case()
    assert codes(case.dispute(OVER, id="over")) == refused("nothing_there")
    assert codes(case.dispute(range(NINE - 9, NINE), id="free")) == refused("nothing_there")
    assert codes(case.dispute(range(NEXT_MONDAY, NEXT_MONDAY + 9), id="other week")) == refused("nothing_there")
    assert codes(case.dispute(OVER, range(NINE + 8, NINE + 9), id="one")) == CREATED
    assert case.outcome("one").refunded == Slots([NINE + 8])


def test_dispute_2_the_bill_itself_never_changes() -> None:
    case = Case()
    before = case.diary.closed(WEEK)
    case.dispute()
    case.outcome()
    case.fail()
    case.outcome("f")
    assert case.diary.closed(WEEK) == before
    assert str(case.diary.statement(WEEK).amount) == "45.00 USD"
    assert verify(case.journal, "c-1").is_sound


def test_dispute_2_it_is_resolved_by_the_bill_and_not_by_later_terms_and_facts() -> None:
    case = Case()
    case.dispute()
    dearer = Terms(since="2026-11-23T12:00Z", rate="90.00", weekly_limit=hours(40), manual_time_allowed=True)
    assert case.diary.record(TermsChanged(terms=dearer), by=ACME, id="dearer").recorded
    assert case.outcome().amounts == ("30.00 USD", "15.00 USD", "0.00 USD", "0.00 USD")


def test_dispute_2_it_is_resolved_by_when_it_was_made_and_not_by_when_it_is_resolved() -> None:
    case = Case()
    case.dispute()
    case.at("2027-06-01T00:00:00Z")
    assert case.outcome().amounts == ("30.00 USD", "15.00 USD", "0.00 USD", "0.00 USD")


# Twice


def test_the_same_dispute_sent_again_is_one() -> None:
    case = Case()
    case.dispute()
    before = case.head
    assert codes(case.dispute()) == (AnswerKind.EXISTS, [])
    assert codes(case.dispute(reason="Another reason")) == (AnswerKind.CONFLICT, [])
    assert codes(case.dispute(MANUAL)) == (AnswerKind.CONFLICT, [])
    assert case.head == before


def test_the_same_dispute_sent_again_after_the_review_exists() -> None:
    case = Case()
    case.dispute()
    assert codes(case.at("2027-06-01T00:00:00Z").dispute()) == (AnswerKind.EXISTS, [])


def test_what_is_disputed_is_not_disputed_again() -> None:
    case = Case()
    case.dispute(MANUAL)
    assert codes(case.dispute(MANUAL, id="d 2")) == refused("nothing_there")
    assert codes(case.dispute(range(NINE + 7, NINE + 8), id="d 3")) == refused("nothing_there")


@pytest.mark.parametrize("order", [("d", "d 2"), ("d 2", "d")])
def test_of_two_disputes_each_refunds_its_own_part(order: tuple[str, str]) -> None:
    case = Case()
    case.dispute(range(NINE + 6, NINE + 8))
    assert codes(case.dispute(MANUAL, id="d 2")) == CREATED
    found = {of: case.outcome(of) for of in order}
    assert found["d"].refunded == Slots([NINE + 6, NINE + 7])
    assert found["d 2"].refunded == Slots([NINE + 8])
    assert (found["d"].amounts[1], found["d 2"].amounts[1]) == ("10.00 USD", "5.00 USD")


def test_what_was_refunded_before_is_not_said_to_be_paid() -> None:
    case = Case()
    case.dispute(range(NINE + 6, NINE + 7))
    case.outcome()
    case.dispute(range(NINE + 7, NINE + 8), id="d 2")
    found = case.outcome("d 2")
    assert found.refunded == Slots([NINE + 7])
    assert found.paid == Slots([*TRACKED, NINE + 8])
    assert found.amounts == ("35.00 USD", "5.00 USD", "0.00 USD", "0.00 USD")


def test_each_objection_is_resolved_once() -> None:
    case = Case()
    case.dispute()
    case.fail()
    first = case.outcome("d", id="r")
    before = case.head
    again = resolve(case.diary, "d", by=PLATFORM, id="r 2")
    assert codes(again) == refused("already_resolved")
    assert again.entry is not None
    assert again.entry.change == first
    assert codes(resolve(case.diary, "d", by=PLATFORM, id="r")) == (AnswerKind.EXISTS, [])
    assert codes(resolve(case.diary, "f", by=PLATFORM, id="r")) == (AnswerKind.CONFLICT, [])
    other = Actor(id="another", role=Role.PLATFORM)
    assert codes(resolve(case.diary, "d", by=other, id="r")) == (AnswerKind.CONFLICT, [])
    assert case.head == before


@pytest.mark.parametrize("of", ["upload", "open", "close 2026-11-16", "nothing", "outcome of d"])
def test_what_is_no_objection_is_not_resolved(of: str) -> None:
    case = Case()
    case.dispute()
    case.outcome()
    with pytest.raises(InvalidValue, match="no dispute and no failed payment on record"):
        resolve(case.diary, of, by=PLATFORM, id="r")


# CLAIM-1


@pytest.mark.parametrize(
    ("policy", "at", "expected"),
    [
        ("upwork", "2026-11-23T12:00:00Z", CREATED),
        ("upwork", "2026-11-28T00:00:00Z", CREATED),
        ("work_for_impact", "2026-11-23T23:59:59Z", refused("review_not_open")),
        ("work_for_impact", "2026-11-24T00:00:00Z", CREATED),
        ("work_for_impact", "2027-06-01T00:00:00Z", CREATED),
    ],
)
def test_claim_1_from_the_invoice_on(policy: str, at: str, expected: tuple[AnswerKind, list[str]]) -> None:
    assert codes(Case(policy).at(at).fail()) == expected


def test_claim_1_the_platform_covers_what_is_protected_and_nobody_pays_the_rest() -> None:
    case = Case()
    case.fail()
    found = case.outcome("f")
    assert (found.paid, found.refunded) == (Slots(), Slots())
    assert (found.covered, found.unpaid) == (Slots(TRACKED), Slots(MANUAL))
    assert found.amounts == ("0.00 USD", "0.00 USD", "30.00 USD", "15.00 USD")


def test_claim_1_a_week_is_claimed_for_once() -> None:
    case = Case()
    case.fail()
    assert codes(case.fail(id="f 2")) == refused("already_resolved")
    case.outcome("f")
    assert codes(case.fail(id="f 3")) == refused("already_resolved")
    assert codes(case.fail()) == (AnswerKind.EXISTS, [])


def test_claim_1_after_a_dispute_nothing_is_paid_twice() -> None:
    case = Case()
    case.dispute(MANUAL)
    refunded = case.outcome().refunded
    case.fail()
    found = case.outcome("f")
    assert (found.covered, found.unpaid) == (Slots(TRACKED), Slots())
    assert found.amounts == ("0.00 USD", "0.00 USD", "30.00 USD", "0.00 USD")
    assert not found.covered & refunded


def test_claim_1_a_dispute_that_is_not_resolved_yet_counts_when_it_was_made() -> None:
    case = Case()
    case.dispute(range(NINE + 6, NINE + 7))
    case.fail()
    claimed = case.outcome("f")
    assert claimed.unpaid == Slots([NINE + 7, NINE + 8])
    assert claimed.amounts == ("0.00 USD", "0.00 USD", "30.00 USD", "10.00 USD")
    assert case.outcome().refunded == Slots([NINE + 6])


def test_claim_1_after_a_failed_payment_a_dispute_refunds_nothing_that_was_never_paid() -> None:
    case = Case()
    case.fail()
    claimed = case.outcome("f")
    answer = case.dispute()
    if answer.recorded:
        found = case.outcome()
        assert not found.refunded & (claimed.unpaid | claimed.covered)
        assert not found.paid & (claimed.unpaid | claimed.covered)
    assert verify(case.journal, "c-1").is_sound


# DISPUTE-3


def test_dispute_3_upwork_pauses_the_contract_and_sets_its_limit_to_0() -> None:
    case = Case().at("2026-11-24T09:00:00Z")
    before = case.diary.contract
    case.dispute(MANUAL)
    after = case.diary.contract
    moment = instant("2026-11-24T09:00:00Z")
    assert after.status_at(Instant(moment - 1)) is ContractStatus.ACTIVE
    assert after.status_at(moment) is ContractStatus.PAUSED
    (earlier, now) = after.terms.values
    assert earlier == before.terms.values[0]
    assert now == Terms(since=moment, rate="30.00", weekly_limit=hours(0), manual_time_allowed=True)
    refusal = case.diary.record(add_time("2026-11-23T09:00Z", "2026-11-23T09:10Z", memo="Call"), by=ANA, id="more")
    assert "contract_not_active" in codes(refusal)[1]


def test_dispute_3_work_for_impact_leaves_the_contract_as_it_is() -> None:
    case = Case("work_for_impact").at("2026-11-24T09:00:00Z")
    before = case.diary.contract
    assert codes(case.dispute()) == CREATED
    assert case.diary.contract == before
    more = add_time("2026-11-24T08:00Z", "2026-11-24T08:10Z", memo="Call")
    assert codes(case.diary.record(more, by=ANA, id="more")) == CREATED


def test_dispute_3_a_claim_and_an_outcome_change_nothing_about_the_contract() -> None:
    case = Case()
    case.fail()
    before = case.diary.contract
    case.outcome("f")
    assert case.diary.contract == before
    assert before.status_at(instant("2026-11-24T00:00:00Z")) is ContractStatus.ACTIVE


def test_dispute_3_a_refused_dispute_changes_nothing_about_the_contract() -> None:
    case = Case().at("2026-11-28T00:00:00Z")
    before = case.diary.contract
    case.dispute()
    assert case.diary.contract == before


def test_dispute_3_the_client_may_go_on_afterwards() -> None:
    case = Case().at("2026-11-24T09:00:00Z")
    case.dispute()
    case.at("2026-11-25T09:00:00Z")
    active = StatusChange(since="2026-11-25T09:00Z", status=ContractStatus.ACTIVE)
    more = Terms(since="2026-11-25T09:00Z", rate="30.00", weekly_limit=hours(40), manual_time_allowed=True)
    assert codes(case.diary.record(StatusChanged(status=active), by=ACME, id="active")) == CREATED
    assert codes(case.diary.record(TermsChanged(terms=more), by=ACME, id="more")) == CREATED
    case.at("2026-11-25T12:00:00Z")
    added = add_time("2026-11-25T10:00Z", "2026-11-25T10:20Z", memo="Call")
    assert codes(case.diary.record(added, by=ANA, id="call 2")) == CREATED
    assert str(case.diary.statement("2026-11-25T00:00Z").amount) == "10.00 USD"
    assert verify(case.journal, "c-1").is_sound


# Every order of everything


def _money(case: Case) -> dict[int, list[str]]:
    """Return what became of each segment, outcome by outcome: refunded, covered or unpaid."""
    fate: dict[int, list[str]] = {}
    for entry in case.diary.entries():
        change: Any = entry.change
        if isinstance(change, DisputeResolved):
            for name in ("refunded", "covered", "unpaid"):
                for slot in getattr(change, name):
                    fate.setdefault(slot, []).append(name)
    return fate


STEPS = ("dispute one", "dispute all", "fail", "resolve")


@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", STEPS)
@pytest.mark.parametrize("third", STEPS)
def test_in_whatever_order_no_segment_is_settled_twice(first: str, second: str, third: str, tmp_path: Path) -> None:
    case = Case()
    for n, step in enumerate((first, second, third, "resolve")):
        case.at(f"2026-11-24T0{n}:00:00Z")
        if step == "dispute one":
            case.dispute(range(NINE + 6, NINE + 7), id=f"d {n}")
        elif step == "dispute all":
            case.dispute(id=f"d {n}")
        elif step == "fail":
            case.fail(id=f"f {n}")
        else:
            for entry in [*case.diary.page(WEEK).objections]:
                resolve(case.diary, entry.id, by=PLATFORM, id=f"r {n} {entry.id}")
    assert {slot: fate for slot, fate in _money(case).items() if len(fate) > 1} == {}
    assert {slot for slot, fate in _money(case).items() if fate == ["refunded"]} <= {*MANUAL}
    numbers = [entry.number for entry in case.diary.entries()]
    assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
    assert verify(case.journal, "c-1").is_sound
    write_bundle(case.journal, "c-1", tmp_path / "evidence", week=WEEK)  # whose verifier settles everything anew
