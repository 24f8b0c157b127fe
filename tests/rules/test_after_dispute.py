"""DISPUTE-3: what a dispute leaves of its contract."""

from __future__ import annotations

import pytest

from tests.support import contract, terms
from workdiary.model.contract import ContractStatus, StatusChange
from workdiary.model.money import hours
from workdiary.model.policy import DisputeRule
from workdiary.model.times import instant
from workdiary.rules.dispute import after_dispute

AT = instant("2026-11-24T09:00Z")
BOTH = DisputeRule(pauses_contract=True, weekly_limit_zero=True)


def status(since: str, value: str) -> StatusChange:
    """Return a dated status."""
    return StatusChange(since=since, status=ContractStatus(value))


def test_dispute_3_pauses_the_contract_and_sets_its_limit_to_0() -> None:
    after = after_dispute(contract(), at=AT, rule=BOTH)
    assert after.status.values == (status("2026-11-02T00:00Z", "active"), status("2026-11-24T09:00Z", "paused"))
    assert after.terms.values == (terms(), terms("2026-11-24T09:00Z", limit=0))


def test_dispute_3_the_defaults_change_nothing() -> None:
    assert after_dispute(contract(), at=AT, rule=DisputeRule()) == contract()


@pytest.mark.parametrize("value", ["paused", "closed"])
def test_dispute_3_a_contract_that_is_not_active_keeps_its_status(value: str) -> None:
    before = contract(status=[status("2026-11-02T00:00Z", "active"), status("2026-11-24T09:00Z", value)])
    after = after_dispute(before, at=AT, rule=DisputeRule(pauses_contract=True))
    assert after == before


def test_dispute_3_values_of_the_same_instant_are_replaced_and_later_ones_stay() -> None:
    dated = [terms(), terms("2026-11-24T09:00Z", rate="35", limit=10), terms("2026-12-01T00:00Z", limit=20)]
    known = [status("2026-11-02T00:00Z", "paused"), status("2026-11-24T09:00Z", "active")]
    after = after_dispute(contract(terms=dated, status=known), at="2026-11-24T09:00Z", rule=BOTH)
    assert after.terms.values == (dated[0], terms("2026-11-24T09:00Z", rate="35", limit=0), dated[2])
    assert after.terms.values[1].weekly_limit == hours(0)
    assert after.status.values == (known[0], status("2026-11-24T09:00Z", "paused"))


def test_dispute_3_before_the_first_terms_there_is_no_limit_to_set() -> None:
    early = after_dispute(contract(), at="2026-11-01T00:00Z", rule=BOTH)
    assert early == contract()
