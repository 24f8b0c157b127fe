"""EDIT and MANUAL: may this actor make this change to the diary now?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise, takewhile

from workdiary.errors import InvalidValue
from workdiary.model.contract import Actor, Contract, Role
from workdiary.model.edit import AddTime, Edit, EditLabel
from workdiary.model.policy import OnTaken, Policy, check_policy
from workdiary.model.segment import Segment
from workdiary.model.slots import SECONDS_PER_SLOT, Slots
from workdiary.model.text import is_blank
from workdiary.model.times import Instant, Moment, Week, ceil_slot, moment, slot_start
from workdiary.model.verdict import Reason, ReasonCode, Verdict

__all__ = ["judge"]


def judge(
    change: Edit,
    *,
    on: Contract,
    segments: Iterable[Segment] | Slots,
    by: Actor | Role,
    at: Moment,
    policy: Policy,
) -> Verdict:
    """Return whether `by` may make `change` at `at`, with every reason against it (EDIT-5).

    `segments` are the recorded ones, or the set of their slots. An `Actor` must be the contract's own
    freelancer or client; a bare `Role` trusts the caller to have checked that.

    >>> from workdiary import Contract, Terms, add_time, policies
    >>> contract = Contract(
    ...     id="c-1", freelancer="ana", client="acme", currency="USD",
    ...     terms=[Terms(since="2026-11-02T00:00Z", rate="30", weekly_limit=None, manual_time_allowed=True)],
    ... )
    >>> call = add_time("2026-11-18T10:00Z", "2026-11-18T11:00Z", memo="Call")
    >>> verdict = judge(call, on=contract, segments=[], by=Role.FREELANCER,
    ...                 at="2026-11-18T12:00Z", policy=policies.get("upwork"))
    >>> verdict.allowed, verdict.until
    (True, instant('2026-11-23T12:00:00Z'))
    """
    if not isinstance(on, Contract):
        raise InvalidValue("on", on, "is not a Contract", "make one with its terms")
    if not isinstance(by, Actor | Role):
        raise InvalidValue("by", by, "is not an Actor or a Role", "give Role.FREELANCER, or an Actor with its id")
    check_policy(policy)
    now = moment(at)
    taken = segments if isinstance(segments, Slots) else Slots(segment.slot for segment in segments)
    changed = _changed(change, taken, policy)
    reasons = tuple(_reasons(change, on, taken, changed, by, now, policy))
    if reasons:
        return Verdict(reasons=reasons, since=min(_ruled_out_since(change, on, now, policy), default=None))
    return Verdict(changed=changed, until=min(_ruled_out_from(change, on, now, policy), default=None))


def _changed(change: Edit, taken: Slots, policy: Policy) -> Slots:
    """Return the slots that `change` would touch."""
    if not isinstance(change, AddTime):
        return change.slots & taken
    # MANUAL-3: overwriting replaces what is there; otherwise only free slots are filled.
    return change.slots if policy.manual.on_taken is OnTaken.OVERWRITE else change.slots - taken


def _reasons(
    change: Edit, contract: Contract, taken: Slots, changed: Slots, by: Actor | Role, now: Instant, policy: Policy
) -> Iterator[Reason]:
    """Yield every reason against `change`, in the rulebook's order."""
    slots = change.slots
    # EDIT-1: what is not permitted to the role is refused, and strangers have no role.
    role = by if isinstance(by, Role) else _role_of(by, contract)
    if role is None or change.action not in policy.editing.permissions.of(role):
        named = "stranger" if role is None else role.value
        facts: tuple[tuple[str, object], ...] = (("role", named), ("action", change.action.value))
        yield Reason(code=ReasonCode.ROLE_NOT_PERMITTED, slots=slots, facts=facts)
    # EDIT-2, EDIT-5: the status at the moment of the change; before the first there is none.
    status = contract.status_at(now)
    if status not in policy.editing.statuses:
        held = "none" if status is None else status.value
        yield Reason(code=ReasonCode.CONTRACT_NOT_ACTIVE, slots=slots, facts=(("status", held),))
    # EDIT-5: every slot of the range, free or recorded.
    outside = slots - _inside(change, contract)
    if outside:
        edges = (("begins_at", contract.begins_at), ("closes_at", contract.closes_at))
        yield Reason(code=ReasonCode.OUTSIDE_CONTRACT, slots=outside, facts=edges)
    # EDIT-3: editable at 11:59:59, refused at 12:00:00. Weeks lock in order, so the first open one ends the search.
    locked = [*takewhile(lambda week: policy.locks_at(week) <= now, _weeks(change, policy))]
    if locked:
        late = slots.between(locked[0].start, locked[-1].stop)
        yield Reason(code=ReasonCode.WEEK_LOCKED, slots=late, facts=(("locks_at", policy.locks_at(locked[0])),))
    if isinstance(change, AddTime):
        # MANUAL-2: none that has not ended yet.
        ended = slots.between(change.start, now // SECONDS_PER_SLOT)
        if ended != slots:
            facts = (("ends_at", slot_start(change.stop)),)
            yield Reason(code=ReasonCode.IN_THE_FUTURE, slots=slots - ended, facts=facts)
        # MANUAL-1: the client's permission, at the moment of adding.
        terms = contract.terms.at(now)
        if policy.manual.needs_permission and not (terms and terms.manual_time_allowed):
            yield Reason(code=ReasonCode.MANUAL_TIME_NOT_ALLOWED, slots=slots)
        if policy.manual.memo_required and is_blank(change.memo):
            yield Reason(code=ReasonCode.MEMO_REQUIRED, slots=slots)
    # EDIT-6: a blank label is no label, and always known.
    label = change.label if isinstance(change, AddTime | EditLabel) else None
    if label is not None and contract.labels and not contract.offers(label):
        facts = (("label", label), ("labels", contract.labels))
        yield Reason(code=ReasonCode.UNKNOWN_LABEL, slots=slots, facts=facts)
    both = slots & taken
    if isinstance(change, AddTime):
        # MANUAL-3: refuse asks for a free range; skip needs at least one free slot.
        if not changed or (both and policy.manual.on_taken is OnTaken.REFUSE):
            yield Reason(code=ReasonCode.SLOT_TAKEN, slots=both)
    elif not both:
        yield Reason(code=ReasonCode.NOTHING_THERE, slots=slots)


def _role_of(actor: Actor, contract: Contract) -> Role | None:
    """Return the role that `actor` really has in `contract`."""
    own = contract.freelancer if actor.role is Role.FREELANCER else contract.client
    return actor.role if actor.id == own else None


def _inside(change: Edit, contract: Contract) -> Slots:
    """Return the slots of `change` that start from the first terms on and before the closing."""
    stop = change.stop if contract.closes_at is None else ceil_slot(contract.closes_at)
    return change.slots.between(ceil_slot(contract.begins_at), stop)


def _weeks(change: Edit, policy: Policy) -> Iterator[Week]:
    """Yield each week that `change` reaches into."""
    week = policy.week_of_slot(change.start)
    while week.start < change.stop:
        yield week
        week = week.next


def _conditions(change: Edit, contract: Contract, policy: Policy) -> Iterator[list[tuple[Instant, bool]]]:
    """Yield what time decides about `change`, each as dated answers whether it is possible."""
    # The first week that it reaches into locks first.
    first = policy.week_of_slot(change.start)
    yield [(min(first.starts_at, policy.locks_at(first)), True), (policy.locks_at(first), False)]
    yield [(entry.since, entry.status in policy.editing.statuses) for entry in contract.status]
    if isinstance(change, AddTime) and policy.manual.needs_permission:
        yield [(terms.since, terms.manual_time_allowed) for terms in contract.terms]


def _ruled_out_from(change: Edit, contract: Contract, now: Instant, policy: Policy) -> Iterator[Instant]:
    """Yield, for each condition, the first instant after `now` at which it rules the change out."""
    for answers in _conditions(change, contract, policy):
        yield from [since for since, possible in answers if since > now and not possible][:1]


def _ruled_out_since(change: Edit, contract: Contract, now: Instant, policy: Policy) -> Iterator[Instant]:
    """Yield, for each condition that allowed the change once and no longer does, the instant since which."""
    for answers in _conditions(change, contract, policy):
        known = [(since, possible) for since, possible in answers if since <= now]
        for (_, before), (since, possible) in reversed([*pairwise(known)]):
            if possible:
                break
            if before:
                yield since
                break
