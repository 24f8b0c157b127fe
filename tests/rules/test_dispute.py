"""DISPUTE and CLAIM: who pays for which segments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import PLAIN, WEEK, refusal, run, slots
from workdiary.errors import NaiveDatetime
from workdiary.model.outcome import Settlement
from workdiary.model.slots import EMPTY
from workdiary.model.times import instant
from workdiary.model.verdict import Reason, ReasonCode
from workdiary.rules.dispute import claim, settle

CALENDAR = PLAIN.calendar(WEEK)
OPENS, CLOSES = "2026-11-23T12:00:00Z", "2026-11-28T00:00:00Z"
BILLABLE, PROTECTED = run(0, 6), slots(0, 1, 9)


def settled(*disputed: int, at: str = OPENS, **values: Any) -> Settlement:
    return settle(BILLABLE, PROTECTED, slots(*disputed), at=at, calendar=CALENDAR, **values)


def test_dispute_2_protected_segments_stay_paid_and_the_others_are_refunded() -> None:
    assert settled(1, 2) == Settlement(paid=slots(0, 1, 3, 4, 5), refunded=slots(2))
    assert settled(0, 1) == Settlement(paid=run(0, 6))
    assert settled(*range(6)) == Settlement(paid=slots(0, 1), refunded=run(2, 6))


def test_dispute_2_undisputed_segments_stay_paid() -> None:
    assert settled() == Settlement(paid=run(0, 6), refunded=EMPTY)


def test_claim_1_disputed_slots_that_are_not_billable_are_ignored() -> None:
    assert settled(5, 6, 9, 2000, -3) == Settlement(paid=run(0, 5), refunded=slots(5))


@pytest.mark.parametrize("at", ["2026-11-23T12:00:00Z", "2026-11-25T00:00:00Z", "2026-11-27T23:59:59.9Z"])
def test_dispute_1_the_review_goes_from_the_invoice_to_its_end(at: str) -> None:
    assert settled(2, at=at).allowed


def test_dispute_1_before_the_invoice_the_review_is_not_open() -> None:
    expected = Reason(code=ReasonCode.REVIEW_NOT_OPEN, slots=slots(2, 3), facts=(("invoiced_at", instant(OPENS)),))
    assert settled(2, 3, at="2026-11-23T11:59:59.9Z") == Settlement(reasons=(expected,))


def test_dispute_1_from_its_end_on_the_review_is_closed() -> None:
    expected = Reason(code=ReasonCode.REVIEW_CLOSED, slots=slots(2, 3), facts=(("review_ends_at", instant(CLOSES)),))
    assert settled(2, 3, at=CLOSES) == Settlement(reasons=(expected,))
    assert settled(2, 3, at="2027-01-01T00:00Z") == Settlement(reasons=(expected,))


def test_claim_1_when_the_client_does_not_pay_protected_segments_are_covered() -> None:
    assert claim(BILLABLE, PROTECTED) == Settlement(covered=slots(0, 1), unpaid=run(2, 6))
    assert claim(BILLABLE, EMPTY) == Settlement(covered=EMPTY, unpaid=run(0, 6))


def test_claim_1_disputes_then_change_nothing() -> None:
    assert settled(1, 2, client_pays=False) == claim(BILLABLE, PROTECTED)
    assert settled(client_pays=False) == claim(BILLABLE, PROTECTED)


def test_claim_1_outside_the_review_a_dispute_is_refused_all_the_same() -> None:
    for at, code in (("2026-11-23T11:59:59Z", ReasonCode.REVIEW_NOT_OPEN), (CLOSES, ReasonCode.REVIEW_CLOSED)):
        assert [reason.code for reason in settled(1, at=at, client_pays=False).reasons] == [code]


def test_grid_2_the_moment_of_a_dispute_has_a_zone() -> None:
    assert refusal(NaiveDatetime, settled, 1, at="2026-11-25T00:00")[0] == "at"
