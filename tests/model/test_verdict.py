"""Decisions as values: reasons with their rules, and verdicts that are never truthy by accident."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tests.support import slots
from workdiary.errors import Refused
from workdiary.model.slots import EMPTY
from workdiary.model.times import Instant
from workdiary.model.verdict import Reason, ReasonCode, Verdict, in_order

# In the rulebook's order: refusals of changes, failures of protection, refusals of disputes.
CODES = {
    "role_not_permitted": "EDIT-1",
    "contract_not_active": "EDIT-2",
    "outside_contract": "EDIT-5",
    "week_locked": "EDIT-3",
    "in_the_future": "MANUAL-2",
    "manual_time_not_allowed": "MANUAL-1",
    "memo_required": "EDIT-5",
    "unknown_label": "EDIT-6",
    "slot_taken": "MANUAL-3",
    "nothing_there": "EDIT-5",
    "manual_time": "MANUAL-1",
    "over_limit": "LIMIT-1",
    "no_snapshot": "PROTECT-1",
    "activity_unknown": "PROTECT-2",
    "no_activity": "PROTECT-2",
    "low_activity": "PROTECT-2",
    "missing_memo": "PROTECT-4",
    "missing_label": "PROTECT-4",
    "billing_not_verified": "PROTECT-5",
    "not_in_good_standing": "PROTECT-5",
    "identity_not_verified": "PROTECT-5",
    "low_average_activity": "PROTECT-3",
    "lifetime_cap": "PROTECT-7",
    "review_not_open": "DISPUTE-1",
    "review_closed": "DISPUTE-1",
    "week_not_locked": "EDIT-3",
    "week_not_closed": "CALENDAR",
    "already_resolved": "CLAIM-1",
    "unknown_session": "CAPTURE-2",
    "wrong_secret": "CAPTURE-2",
    "ended_before_start": "CAPTURE-2",
}


def test_every_reason_has_its_name_its_rule_and_its_place() -> None:
    assert [(code.value, code.rule) for code in ReasonCode] == list(CODES.items())
    assert [code.name for code in ReasonCode] == [name.upper() for name in CODES]


def test_a_reason_has_slots_and_facts_and_the_rule_of_its_code() -> None:
    bare = Reason(code=ReasonCode.WEEK_LOCKED)
    assert (bare.slots, bare.facts, bare.rule) == (EMPTY, (), "EDIT-3")
    full = Reason(code=ReasonCode.LOW_ACTIVITY, slots=slots(1), facts=(("min_active_minutes", 5),))
    assert hash(full) == hash(attrs.evolve(full))


def test_reasons_are_put_in_the_rulebooks_order() -> None:
    backwards = [Reason(code=code) for code in reversed(ReasonCode)]
    assert [reason.code for reason in in_order(backwards)] == list(ReasonCode)
    assert in_order([]) == ()


def test_a_verdict_without_reasons_allows() -> None:
    verdict = Verdict()
    assert verdict.allowed is True
    assert (verdict.reasons, verdict.codes, verdict.changed) == ((), (), EMPTY)
    assert verdict.until is None
    assert verdict.since is None
    assert verdict.require() is verdict


def test_a_verdict_with_reasons_refuses_and_require_raises_all_of_them() -> None:
    verdict = Verdict(reasons=(Reason(code=ReasonCode.WEEK_LOCKED), Reason(code=ReasonCode.MEMO_REQUIRED)))
    assert verdict.allowed is False
    assert verdict.codes == (ReasonCode.WEEK_LOCKED, ReasonCode.MEMO_REQUIRED)
    with pytest.raises(Refused) as caught:
        verdict.require()
    assert caught.value.argument == "change"
    assert caught.value.value is verdict
    assert caught.value.allowed == "refused: week_locked (EDIT-3), memo_required (EDIT-5)"
    assert caught.value.remedy == "nothing was changed"
    assert str(caught.value) == ("change: refused: week_locked (EDIT-3), memo_required (EDIT-5); nothing was changed")
    assert isinstance(caught.value, PermissionError)


@pytest.mark.parametrize("verdict", [Verdict(), Verdict(reasons=(Reason(code=ReasonCode.WEEK_LOCKED),))])
def test_a_verdict_is_never_truthy_by_accident(verdict: Verdict) -> None:
    with pytest.raises(TypeError, match=r"^a Verdict has no truth value; ask verdict\.allowed$"):
        bool(verdict)


def test_a_verdict_is_a_value() -> None:
    verdict: Any = Verdict(changed=slots(1), until=Instant(5))
    assert hash(verdict) == hash(Verdict(changed=slots(1), until=Instant(5)))
    with pytest.raises(AttributeError):
        verdict.reasons = ()
