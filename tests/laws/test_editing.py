"""Laws of editing (RELIABILITY 25, and what 26, 27, 40 and 41 say of a pure judge; EDIT, MANUAL).

1. Once a week can no longer be edited, it never can again; the lock itself is already too late (25).
2. At and after the lock nothing is allowed to anyone (26); on a closed contract neither (27).
3. A refused change changes nothing and has its reasons in order, each once.
4. An allowed change is allowed until its `until`, and refused from it on.
5. A change touches only slots of its own range; the others stay as they were.
6. Adding makes manual time in every changed slot, deleting leaves none, an edit keeps the time.
7. What is not in the policy's table is refused, to strangers everything is (40).
8. The judge needs only the set of recorded slots.
"""

from __future__ import annotations

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st

from workdiary import Actor, ContractStatus, Edit, Instant, ReasonCode, Role, Slot, Slots, Source, Verdict, apply, judge
from workdiary.model.edit import AddTime, DeleteTime, EditLabel, EditMemo
from workdiary.model.policy import Action, Permissions
from workdiary.testing.strategies import WorkedWeek, edits, worked_weeks

roles = st.sampled_from(Role)
cases = worked_weeks().flatmap(
    lambda worked: st.tuples(
        st.just(worked),
        edits(worked.week),
        st.integers(-86_400, 16 * 86_400).map(lambda by: Instant(worked.week.starts_at + by)),
    )
)
Case = tuple[WorkedWeek, Edit, Instant]


def lenient(case: Case) -> Case:
    """The same case where the policy permits everything to everyone and the change is where it can be made.

    What is changed or deleted begins at a recorded segment or up to two slots before one, and what is added within the
    contract; it is asked for before the week locks. So most changes are allowed, of each kind.
    """
    worked, edit, now = case
    first = int(edit.start)
    if not isinstance(edit, AddTime) and worked.segments:
        first = worked.segments[edit.start % len(worked.segments)].slot - edit.stop % 3
    first = max(first, (worked.contract.begins_at + 599) // 600)
    edit = attrs.evolve(edit, start=Slot(first), stop=Slot(first + edit.stop - edit.start))
    everything = Permissions(freelancer=tuple(Action), client=tuple(Action))
    editing = attrs.evolve(worked.policy.editing, statuses=tuple(ContractStatus), permissions=everything)
    manual = attrs.evolve(worked.policy.manual, needs_permission=False, memo_required=False)
    policy = attrs.evolve(worked.policy, editing=editing, manual=manual)
    lock = policy.locks_at(policy.week_of_slot(edit.start))
    later = max(min(now, lock - 1), edit.stop * 600, worked.contract.status.values[0].since)
    contract = attrs.evolve(worked.contract, labels=())
    return worked._replace(policy=policy, contract=contract), edit, Instant(later)


mild = cases.map(lenient)
ORDER = list(ReasonCode)


def verdict_on(case: Case, role: Role | Actor = Role.FREELANCER, at: int | None = None) -> Verdict:
    worked, edit, now = case
    moment = Instant(now if at is None else at)
    return judge(edit, on=worked.contract, segments=worked.segments, by=role, at=moment, policy=worked.policy)


def lock_of(case: Case) -> Instant:
    worked, edit, _ = case
    return worked.policy.locks_at(worked.policy.week_of_slot(edit.start))


@given(cases, st.integers(0, 10**7))
def test_a_locked_week_stays_locked(case: Case, later: int) -> None:
    """Laws 1 and 2: half-open, and for good."""
    lock = lock_of(case)
    assert ReasonCode.WEEK_LOCKED in verdict_on(case, at=lock).codes
    assert ReasonCode.WEEK_LOCKED in verdict_on(case, at=lock + later).codes
    worked, edit, _ = case
    first = min(worked.policy.locks_at(worked.policy.week_of_slot(slot)) for slot in (edit.start, edit.stop - 1))
    assert ReasonCode.WEEK_LOCKED not in verdict_on(case, at=first - 1).codes


@given(cases, roles)
def test_a_refusal_changes_nothing_and_says_each_reason_once_in_order(case: Case, role: Role) -> None:
    """Law 3."""
    verdict = verdict_on(case, role)
    places = [ORDER.index(code) for code in verdict.codes]
    assert places == sorted(set(places))
    assert verdict.allowed == (not verdict.reasons)
    assert bool(verdict.changed) == verdict.allowed
    assert all(reason.slots <= case[1].slots for reason in verdict.reasons)


@given(mild, roles, st.integers(0, 10**6))
def test_an_allowed_change_is_possible_until_its_instant(case: Case, role: Role, part: int) -> None:
    """Law 4."""
    verdict = verdict_on(case, role)
    assume(verdict.allowed)
    assert verdict.until is not None
    assert verdict.until > case[2]
    assert not verdict_on(case, role, at=verdict.until).allowed
    assert verdict_on(case, role, at=verdict.until - 1).allowed
    assert verdict_on(case, role, at=case[2] + part % (verdict.until - case[2])).allowed


@given(mild, roles)
def test_a_change_touches_its_own_range_only(case: Case, role: Role) -> None:
    """Laws 5 and 6."""
    worked, edit, _ = case
    verdict = verdict_on(case, role)
    assume(verdict.allowed)
    after = apply(edit, worked.segments, verdict.changed)
    assert verdict.changed <= edit.slots
    old = {segment.slot: segment for segment in worked.segments}
    new = {segment.slot: segment for segment in after}
    assert len(new) == len(after)
    assert list(new) == sorted(new)
    assert {slot: new[slot] for slot in new if slot not in verdict.changed} == {
        slot: old[slot] for slot in old if slot not in verdict.changed
    }
    recorded = Slots(new)
    if isinstance(edit, AddTime):
        assert verdict.changed <= recorded
        assert all(new[slot].source is Source.MANUAL and new[slot].memo == edit.memo for slot in verdict.changed)
    elif isinstance(edit, DeleteTime):
        assert recorded.isdisjoint(verdict.changed)
    elif isinstance(edit, EditMemo):
        assert all(new[slot] == attrs.evolve(old[slot], memo=edit.memo) for slot in verdict.changed)
    elif isinstance(edit, EditLabel):
        assert all(new[slot] == attrs.evolve(old[slot], label=edit.label) for slot in verdict.changed)


@given(cases, roles)
def test_what_the_table_does_not_permit_is_refused(case: Case, role: Role) -> None:
    """Law 7."""
    worked, edit, _ = case
    permitted = edit.action in worked.policy.editing.permissions.of(role)
    assert (ReasonCode.ROLE_NOT_PERMITTED in verdict_on(case, role).codes) == (not permitted)
    assert ReasonCode.ROLE_NOT_PERMITTED in verdict_on(case, Actor(id="eve", role=role)).codes


@given(cases, roles)
def test_a_contract_in_no_permitted_status_takes_no_change(case: Case, role: Role) -> None:
    """Law 2, invariant 27."""
    worked, _, now = case
    status = worked.contract.status_at(now)
    refused = status is None or status not in worked.policy.editing.statuses
    assert (ReasonCode.CONTRACT_NOT_ACTIVE in verdict_on(case, role).codes) == refused
    if status is ContractStatus.CLOSED and ContractStatus.CLOSED not in worked.policy.editing.statuses:
        assert not verdict_on(case, role).allowed


@given(cases, roles)
def test_the_set_of_slots_is_enough_to_judge(case: Case, role: Role) -> None:
    """Law 8."""
    worked, edit, now = case
    taken = Slots(segment.slot for segment in worked.segments)
    assert judge(edit, on=worked.contract, segments=taken, by=role, at=now, policy=worked.policy) == verdict_on(
        case, role
    )
