"""EDIT and MANUAL: may this actor make this change now, until when, and every reason against it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.support import PLAIN, at, contract, manual, policy, refusal, run, slots, terms, tracked
from workdiary.errors import InvalidValue, NaiveDatetime, Refused
from workdiary.model.contract import Actor, Contract, ContractStatus, Role, StatusChange
from workdiary.model.edit import Edit, add_time, delete_time, edit_label, edit_memo
from workdiary.model.policy import Action, OnTaken, Permissions, Policy
from workdiary.model.segment import Segment
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import instant
from workdiary.model.verdict import Reason, ReasonCode, Verdict
from workdiary.rules.editing import judge

FREELANCER, CLIENT = Role.FREELANCER, Role.CLIENT
DIARY = (tracked(at(0)), tracked(at(1)), manual(at(3)))
TUESDAY = "2026-11-17T12:00:00Z"
LOCK = "2026-11-23T12:00:00Z"


def decide(
    change: Edit,
    *,
    now: str = TUESDAY,
    by: Role | Actor = FREELANCER,
    on: Contract | None = None,
    segments: Iterable[Segment] | Slots = DIARY,
    under: Policy = PLAIN,
) -> Verdict:
    return judge(change, on=contract() if on is None else on, segments=segments, by=by, at=now, policy=under)


def status(*changes: tuple[str, str]) -> Contract:
    return contract(status=[StatusChange(since=since, status=ContractStatus(value)) for since, value in changes])


def codes(verdict: Verdict) -> list[str]:
    return [code.value for code in verdict.codes]


def add(start: int, stop: int, memo: str = "Call", label: str | None = None) -> Edit:
    return add_time(at(start), at(stop), memo=memo, label=label)


def delete(start: int, stop: int) -> Edit:
    return delete_time(at(start), at(stop))


def memo(start: int, stop: int, text: str = "New") -> Edit:
    return edit_memo(at(start), at(stop), memo=text)


def label(start: int, stop: int, text: str | None = "New") -> Edit:
    return edit_label(at(start), at(stop), label=text)


ALL = (add, delete, memo, label)


# What is allowed


def test_a_change_without_a_reason_against_it_is_allowed() -> None:
    assert decide(add(4, 6)) == Verdict(changed=slots(4, 5), until=instant(LOCK))
    assert decide(delete(0, 1)) == Verdict(changed=slots(0), until=instant(LOCK))
    assert decide(memo(0, 4)) == Verdict(changed=slots(0, 1, 3), until=instant(LOCK))
    assert decide(delete(0, 100)).changed == decide(label(0, 100)).changed == slots(0, 1, 3)  # EDIT-5
    assert decide(label(3, 9)) == Verdict(changed=slots(3), until=instant(LOCK))


def test_segments_may_be_given_as_the_set_of_their_slots() -> None:
    assert decide(delete(0, 4), segments=slots(0, 1, 3)) == decide(delete(0, 4))
    assert decide(add(4, 6), segments=iter(DIARY)).changed == slots(4, 5)


# EDIT-1


def test_edit_1_only_the_freelancer_adds_edits_or_deletes_time() -> None:
    for change, action in ((add, "add_time"), (delete, "delete_time"), (memo, "edit_memo")):
        asked = change(3, 5)
        verdict = decide(asked, by=CLIENT, segments=slots(3) if change is not add else EMPTY)
        facts = (("role", "client"), ("action", action))
        assert verdict.reasons == (Reason(code=ReasonCode.ROLE_NOT_PERMITTED, slots=slots(3, 4), facts=facts),)
        assert verdict.changed == EMPTY


def test_edit_1_the_client_may_change_activity_labels() -> None:
    assert decide(label(0, 1), by=CLIENT).allowed
    nothing = policy(editing={"permissions": Permissions(freelancer=(Action.ADD_TIME,), client=())})
    assert codes(decide(label(0, 1), by=CLIENT, under=nothing)) == ["role_not_permitted"]
    assert codes(decide(label(0, 1), under=nothing)) == ["role_not_permitted"]
    assert decide(add(4, 5), under=nothing).allowed


def test_edit_1_an_actor_is_the_contracts_own_freelancer_or_client() -> None:
    assert decide(add(4, 5), by=Actor(id="ana", role=FREELANCER)).allowed
    assert decide(label(0, 1), by=Actor(id="acme", role=CLIENT)).allowed
    for stranger in (Actor(id="bob", role=FREELANCER), Actor(id="acme", role=FREELANCER)):
        verdict = decide(add(4, 5), by=stranger)
        assert verdict.reasons[0].facts == (("role", "stranger"), ("action", "add_time"))
        assert codes(verdict) == ["role_not_permitted"]
    assert codes(decide(label(0, 1), by=Actor(id="ana", role=CLIENT))) == ["role_not_permitted"]
    assert decide(label(0, 1), by=Actor(id="bob", role=CLIENT)).reasons[0].facts[0] == ("role", "stranger")


# EDIT-2


@pytest.mark.parametrize("change", ALL)
def test_edit_2_a_paused_contracts_diary_cannot_be_edited(change: Any) -> None:
    paused = status(("2026-11-02T00:00Z", "active"), ("2026-11-17T00:00Z", "paused"))
    verdict = decide(change(3, 5), on=paused, segments=slots(3) if change is not add else EMPTY)
    assert verdict == Verdict(
        reasons=(Reason(code=ReasonCode.CONTRACT_NOT_ACTIVE, slots=slots(3, 4), facts=(("status", "paused"),)),),
        since=instant("2026-11-17T00:00Z"),
    )
    also_paused = policy(editing={"statuses": (ContractStatus.ACTIVE, ContractStatus.PAUSED)})
    assert decide(change(3, 5), on=paused, segments=slots(3) if change is not add else EMPTY, under=also_paused).allowed


def test_edit_2_a_closed_contracts_diary_cannot_be_edited_at_all() -> None:
    closed = status(("2026-11-02T00:00Z", "active"), ("2026-11-17T00:00Z", "closed"))
    verdict = decide(memo(0, 1), on=closed)
    assert codes(verdict) == ["contract_not_active"]
    assert verdict.reasons[0].facts == (("status", "closed"),)
    assert codes(decide(label(0, 1), on=closed, by=CLIENT)) == ["contract_not_active"]


def test_edit_5_the_status_is_that_of_the_moment_of_the_change() -> None:
    later = status(("2026-11-02T00:00Z", "active"), ("2026-11-17T00:00Z", "paused"), ("2026-11-18T00:00Z", "active"))
    assert decide(memo(0, 1), on=later, now="2026-11-16T23:59:59Z").allowed
    assert codes(decide(memo(0, 1), on=later, now="2026-11-17T00:00:00Z")) == ["contract_not_active"]
    assert decide(memo(0, 1), on=later, now="2026-11-18T00:00:00Z").allowed


def test_edit_5_before_the_first_status_there_is_none() -> None:
    verdict = decide(memo(0, 1), on=status(("2026-11-18T00:00Z", "active")))
    assert verdict.reasons == (
        Reason(code=ReasonCode.CONTRACT_NOT_ACTIVE, slots=slots(0), facts=(("status", "none"),)),
    )
    assert verdict.since is None


# EDIT-5: outside the contract


@pytest.mark.parametrize("change", ALL)
def test_edit_5_before_the_first_terms_is_outside_the_contract(change: Any) -> None:
    late = contract(
        terms=[terms("2026-11-16T00:35:00Z")],
        status=[StatusChange(since="2026-11-01T00:00Z", status=ContractStatus.ACTIVE)],
    )
    verdict = decide(change(2, 6), on=late, segments=slots(2, 5) if change is not add else EMPTY)
    edges = (("begins_at", instant("2026-11-16T00:35Z")), ("closes_at", None))
    assert verdict.reasons == (Reason(code=ReasonCode.OUTSIDE_CONTRACT, slots=slots(2, 3), facts=edges),)
    assert decide(change(4, 6), on=late, segments=slots(5) if change is not add else EMPTY).allowed


@pytest.mark.parametrize("change", ALL)
def test_edit_5_at_or_after_the_closing_is_outside_the_contract(change: Any) -> None:
    closing = status(("2026-11-02T00:00Z", "active"), ("2026-11-16T00:35:00Z", "closed"))
    verdict = decide(
        change(2, 6), on=closing, now="2026-11-16T00:34:59Z", segments=slots(2) if change is not add else EMPTY
    )
    edges = (("begins_at", instant("2026-11-02T00:00Z")), ("closes_at", instant("2026-11-16T00:35Z")))
    outside = Reason(code=ReasonCode.OUTSIDE_CONTRACT, slots=slots(4, 5), facts=edges)
    assert outside in verdict.reasons
    assert codes(verdict) == ["outside_contract"] + (["in_the_future"] if change is add else [])
    at_closing = status(("2026-11-02T00:00Z", "active"), ("2026-11-16T00:40:00Z", "closed"))
    verdict = decide(change(2, 6), on=at_closing, segments=slots(2) if change is not add else EMPTY)
    assert verdict.reasons[1].slots == slots(4, 5)


# EDIT-3


@pytest.mark.parametrize("change", ALL)
def test_edit_3_a_week_can_be_edited_at_11_59_59_and_not_at_12_00_00(change: Any) -> None:
    segments = slots(3) if change is not add else EMPTY
    assert decide(change(3, 5), now="2026-11-23T11:59:59Z", segments=segments).allowed
    assert decide(change(3, 5), now="2026-11-23T11:59:59.999Z", segments=segments).allowed
    verdict = decide(change(3, 5), now="2026-11-23T12:00:00Z", segments=segments)
    assert verdict == Verdict(
        reasons=(Reason(code=ReasonCode.WEEK_LOCKED, slots=slots(3, 4), facts=(("locks_at", instant(LOCK)),)),),
        since=instant(LOCK),
    )


def test_edit_5_a_lock_looks_at_every_slot_of_the_range_free_or_recorded() -> None:
    # Recorded in the open week only; the range begins in the locked one.
    over_the_edge = delete(1006, 1010)
    verdict = decide(over_the_edge, now=LOCK, segments=slots(1009))
    assert codes(verdict) == ["week_locked"]
    assert verdict.reasons[0].slots == slots(1006, 1007)
    assert decide(delete(1008, 1010), now=LOCK, segments=slots(1009)).allowed


def test_edit_3_of_several_weeks_each_has_its_own_lock() -> None:
    whole = delete(-1, 1009)
    assert decide(whole, now="2026-11-16T11:59:59Z").until == instant("2026-11-16T12:00Z")
    one = decide(whole, now="2026-11-16T12:00:00Z")
    assert one.reasons[0].slots == slots(-1)
    assert one.reasons[0].facts == (("locks_at", instant("2026-11-16T12:00Z")),)
    two = decide(whole, now=LOCK)
    assert two.reasons[0].slots == run(-1, 1008)
    assert two.reasons[0].facts == (("locks_at", instant("2026-11-16T12:00Z")),)
    assert two.since == instant("2026-11-16T12:00Z")
    three = decide(whole, now="2026-11-30T12:00Z")
    assert three.reasons[0].slots == run(-1, 1009)


def test_edit_3_a_range_that_ends_with_its_week_does_not_reach_the_next() -> None:
    assert decide(delete(1000, 1008), segments=slots(1000)).until == instant(LOCK)
    late = decide(delete(1000, 1009), segments=slots(1000), now="2026-11-23T13:00Z")
    assert late.reasons[0].slots == run(1000, 1008)


# MANUAL-2


def test_manual_2_no_slot_that_has_not_ended_yet() -> None:
    assert decide(add(4, 6), now="2026-11-16T01:00:00Z").allowed
    verdict = decide(add(4, 6), now="2026-11-16T00:59:59.9Z")
    facts = (("ends_at", instant("2026-11-16T01:00Z")),)
    assert verdict.reasons == (Reason(code=ReasonCode.IN_THE_FUTURE, slots=slots(5), facts=facts),)
    assert decide(add(4, 6), now="2026-11-16T00:49:59Z").reasons[0].slots == slots(4, 5)


def test_manual_2_the_future_matters_for_adding_only() -> None:
    for change in (delete, memo, label):
        assert decide(change(0, 1), now="2026-11-16T00:00:00Z").allowed


# MANUAL-1


def test_manual_1_manual_time_needs_the_clients_permission_at_the_moment_of_adding() -> None:
    dated = contract(
        terms=[
            terms("2026-11-02T00:00Z", manual=False),
            terms("2026-11-17T00:00Z", manual=True),
            terms("2026-11-18T00:00Z", manual=False),
        ]
    )
    refused = Reason(code=ReasonCode.MANUAL_TIME_NOT_ALLOWED, slots=slots(4))
    assert decide(add(4, 5), on=dated, now="2026-11-16T23:59:59Z").reasons == (refused,)
    assert decide(add(4, 5), on=dated, now="2026-11-17T00:00:00Z").allowed
    assert decide(add(4, 5), on=dated, now="2026-11-18T00:00:00Z").reasons == (refused,)
    free = policy(manual={"needs_permission": False})
    assert decide(add(4, 5), on=dated, now="2026-11-18T00:00:00Z", under=free).allowed
    for change in (delete, memo, label):
        assert decide(change(0, 1), on=dated, now="2026-11-18T00:00:00Z").allowed


def test_manual_1_before_the_first_terms_nobody_has_allowed_it() -> None:
    late = contract(
        terms=[terms("2026-11-18T00:00Z")],
        status=[StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.ACTIVE)],
    )
    assert codes(decide(add(4, 5), on=late)) == ["outside_contract", "manual_time_not_allowed"]


@pytest.mark.parametrize("blank", ["", "  ", "\u2003\n"])
def test_edit_5_manual_time_needs_a_memo_where_the_policy_asks_for_one(blank: str) -> None:
    refused = Reason(code=ReasonCode.MEMO_REQUIRED, slots=slots(4))
    assert decide(add(4, 5, memo=blank)).reasons == (refused,)
    assert decide(add(4, 5, memo=blank), under=policy(manual={"memo_required": False})).allowed


def test_edit_6_a_memo_may_be_blanked_later_also_a_manual_ones() -> None:
    assert decide(memo(0, 4, "")).changed == slots(0, 1, 3)


# EDIT-6: labels


@pytest.mark.parametrize("change", [add, label])
def test_edit_6_a_label_is_one_that_the_client_offers(change: Any) -> None:
    offering = contract(labels=["design", "backend"])
    segments = slots(3) if change is label else EMPTY
    facts = (("label", "chess"), ("labels", ("design", "backend")))

    def asked(text: str | None) -> Edit:
        return label(3, 5, text) if change is label else add(3, 5, label=text)

    assert decide(asked("design"), on=offering, segments=segments).allowed
    assert decide(asked("chess"), on=offering, segments=segments).reasons == (
        Reason(code=ReasonCode.UNKNOWN_LABEL, slots=slots(3, 4), facts=facts),
    )
    for blank in (None, "", "  "):
        assert decide(asked(blank), on=offering, segments=segments).allowed
    assert decide(asked("chess"), segments=segments).allowed


def test_edit_6_labels_matter_for_adding_and_label_edits_only() -> None:
    offering = contract(labels=["design"])
    assert decide(memo(0, 1, "chess"), on=offering).allowed
    assert decide(delete(0, 1), on=offering).allowed


# MANUAL-3


def test_manual_3_skip_fills_only_free_slots() -> None:
    assert decide(add(0, 6)).changed == slots(2, 4, 5)
    assert decide(add(2, 4)).changed == slots(2)


def test_manual_3_skip_refuses_when_every_slot_is_taken() -> None:
    verdict = decide(add(0, 2))
    assert verdict.reasons == (Reason(code=ReasonCode.SLOT_TAKEN, slots=slots(0, 1)),)


def test_manual_3_refuse_refuses_the_whole_for_any_taken_slot() -> None:
    refusing = policy(manual={"on_taken": OnTaken.REFUSE})
    assert decide(add(0, 6), under=refusing).reasons == (Reason(code=ReasonCode.SLOT_TAKEN, slots=slots(0, 1, 3)),)
    assert decide(add(0, 2), under=refusing).reasons == (Reason(code=ReasonCode.SLOT_TAKEN, slots=slots(0, 1)),)
    assert decide(add(4, 6), under=refusing).changed == slots(4, 5)


def test_manual_3_overwrite_takes_the_whole_range() -> None:
    overwriting = policy(manual={"on_taken": OnTaken.OVERWRITE})
    assert decide(add(0, 6), under=overwriting).changed == run(0, 6)
    assert decide(add(0, 2), under=overwriting).changed == slots(0, 1)


# EDIT-5: nothing there


@pytest.mark.parametrize("change", [delete, memo, label])
def test_edit_5_free_slots_are_no_error_unless_there_is_nothing_at_all(change: Any) -> None:
    assert decide(change(2, 4)).changed == slots(3)
    assert decide(change(4, 9)).reasons == (Reason(code=ReasonCode.NOTHING_THERE, slots=run(4, 9)),)
    assert decide(change(2, 3), segments=()).reasons == (Reason(code=ReasonCode.NOTHING_THERE, slots=slots(2)),)


# EDIT-5: every reason, in order


def test_edit_5_every_reason_against_an_addition_is_reported_in_order() -> None:
    on = contract(
        terms=[terms("2026-11-16T00:20Z", manual=False)],
        status=[
            StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.ACTIVE),
            StatusChange(since="2026-11-23T06:00Z", status=ContractStatus.PAUSED),
        ],
        labels=["design"],
    )
    refusing = policy(manual={"on_taken": OnTaken.REFUSE})
    verdict = decide(add(0, 1200, memo="", label="chess"), by=CLIENT, on=on, now=LOCK, under=refusing)
    assert codes(verdict) == [
        "role_not_permitted",
        "contract_not_active",
        "outside_contract",
        "week_locked",
        "in_the_future",
        "manual_time_not_allowed",
        "memo_required",
        "unknown_label",
        "slot_taken",
    ]
    assert [reason.slots for reason in verdict.reasons] == [
        run(0, 1200),
        run(0, 1200),
        slots(0, 1),
        run(0, 1008),
        run(1080, 1200),
        run(0, 1200),
        run(0, 1200),
        run(0, 1200),
        slots(0, 1, 3),
    ]
    assert verdict.changed == EMPTY
    assert verdict.until is None
    # Manual time was never allowed, so that is no moment since which it is no longer; the pause is.
    assert verdict.since == instant("2026-11-23T06:00Z")


def test_edit_5_every_reason_against_a_label_edit_is_reported_in_order() -> None:
    on = contract(
        terms=[terms("2026-11-16T00:20Z")],
        labels=["design"],
        status=[StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.CLOSED)],
    )
    verdict = decide(label(0, 2, "chess"), by=Actor(id="x", role=CLIENT), on=on, now=LOCK, segments=())
    assert codes(verdict) == [
        "role_not_permitted",
        "contract_not_active",
        "outside_contract",
        "week_locked",
        "unknown_label",
        "nothing_there",
    ]
    with pytest.raises(Refused, match="role_not_permitted"):
        verdict.require()


# Until when, since when


def test_until_is_the_first_instant_at_which_time_rules_the_change_out() -> None:
    pausing = status(("2026-11-02T00:00Z", "active"), ("2026-11-19T00:00Z", "paused"), ("2026-11-20T00:00Z", "closed"))
    assert decide(memo(0, 1), on=pausing).until == instant("2026-11-19T00:00Z")
    assert decide(add(4, 5), on=pausing).until == instant("2026-11-19T00:00Z")
    forbidding = contract(
        terms=[terms(), terms("2026-11-18T00:00Z", manual=False), terms("2026-11-18T12:00Z", manual=False)]
    )
    assert decide(add(4, 5), on=forbidding).until == instant("2026-11-18T00:00Z")
    assert decide(memo(0, 1), on=forbidding).until == instant(LOCK)
    free = policy(manual={"needs_permission": False})
    assert decide(add(4, 5), on=forbidding, under=free).until == instant(LOCK)
    after_the_lock = status(("2026-11-02T00:00Z", "active"), ("2026-12-19T00:00Z", "closed"))
    assert decide(memo(0, 1), on=after_the_lock).until == instant(LOCK)


def test_until_is_strictly_after_the_moment_of_the_change() -> None:
    dated = contract(terms=[terms(manual=False), terms("2026-11-17T12:00:00Z", manual=True)])
    assert decide(add(4, 5), on=dated, now=TUESDAY).until == instant(LOCK)
    again = status(("2026-11-02T00:00Z", "active"), ("2026-11-16T00:00Z", "paused"), ("2026-11-17T00:00Z", "active"))
    assert decide(memo(0, 1), on=again).until == instant(LOCK)


def test_since_is_the_first_instant_from_which_time_ruled_the_change_out() -> None:
    pausing = status(("2026-11-02T00:00Z", "active"), ("2026-11-19T00:00Z", "paused"), ("2026-11-20T00:00Z", "closed"))
    assert decide(memo(0, 1), on=pausing, now="2026-11-21T00:00Z").since == instant("2026-11-19T00:00Z")
    assert decide(memo(0, 1), on=pausing, now="2026-11-19T00:00Z").since == instant("2026-11-19T00:00Z")
    assert decide(memo(0, 1), on=pausing, now="2026-12-21T00:00Z").since == instant("2026-11-19T00:00Z")
    twice = status(("2026-11-02T00:00Z", "paused"), ("2026-11-10T00:00Z", "active"), ("2026-11-19T00:00Z", "paused"))
    assert decide(memo(0, 1), on=twice, now="2026-11-20T00:00Z").since == instant("2026-11-19T00:00Z")
    forbidding = contract(terms=[terms(), terms("2026-11-18T00:00Z", manual=False)])
    assert decide(add(4, 5), on=forbidding, now="2026-11-25T00:00Z").since == instant("2026-11-18T00:00Z")
    assert decide(memo(0, 1), on=forbidding, now="2026-11-25T00:00Z").since == instant(LOCK)


def test_since_is_none_where_time_does_not_decide() -> None:
    assert decide(add(0, 2)).since is None
    assert decide(memo(4, 5)).since is None
    assert decide(delete(0, 1), by=CLIENT).since is None
    assert decide(add(4, 5), now="2026-11-16T00:00Z").since is None


def test_grid_2_the_moment_of_a_change_has_a_zone() -> None:
    assert refusal(NaiveDatetime, decide, memo(0, 1), now="2026-11-17T12:00")[0] == "at"


def test_a_mere_name_is_no_policy_no_contract_and_no_role() -> None:
    call: Any = judge
    here: dict[str, Any] = {"on": contract(), "segments": [], "by": FREELANCER, "at": LOCK, "policy": PLAIN}
    words = "is not a Policy", "get one by policies.get(name) or policies.load(path)"
    assert refusal(InvalidValue, call, add(0, 1), **{**here, "policy": "upwork"}) == ("policy", "upwork", *words)
    words = "is not a Contract", "make one with its terms"
    assert refusal(InvalidValue, call, add(0, 1), **{**here, "on": "c-1"}) == ("on", "c-1", *words)
    words = "is not an Actor or a Role", "give Role.FREELANCER, or an Actor with its id"
    assert refusal(InvalidValue, call, add(0, 1), **{**here, "by": "freelancer"}) == ("by", "freelancer", *words)


def test_since_looks_at_every_condition() -> None:
    """A pause that is over rules nothing out; the leave for manual time that was taken back does."""
    on = contract(
        status=status(
            ("2026-11-02T00:00Z", "active"), ("2026-11-10T00:00Z", "paused"), ("2026-11-12T00:00Z", "active")
        ).status,
        terms=[terms(manual=True), terms("2026-11-17T00:00Z", manual=False)],
    )
    verdict = decide(add(4, 5), on=on, now="2026-11-18T00:00Z")
    assert codes(verdict) == ["manual_time_not_allowed"]
    assert verdict.since == instant("2026-11-17T00:00Z")
