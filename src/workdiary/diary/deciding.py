"""What may be recorded: each request judged against the diary as it stands, and the change it becomes.

The rules judge edits and uploads; what is here is who may change the contract, when a week may be
disputed or claimed for, and that a closed week is closed whatever the calendar says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol, TypeAlias

import attrs

from workdiary.diary.canonical import commitment_of
from workdiary.diary.changes import (
    CaptureConsented,
    CaptureEnded,
    CaptureStarted,
    Change,
    FactsChanged,
    LabelEdited,
    LateEvidence,
    MemoEdited,
    PaymentFailed,
    StatusChanged,
    TermsChanged,
    TimeAdded,
    TimeDeleted,
    TimeDisputed,
    TimeTracked,
)
from workdiary.diary.closed import ClosedWeek
from workdiary.diary.entry import Entry
from workdiary.diary.journal import WeekState
from workdiary.diary.page import WeekPage
from workdiary.errors import InvalidValue
from workdiary.model.contract import Actor, Contract, ContractStatus, Role
from workdiary.model.edit import AddTime, DeleteTime, Edit, EditLabel, EditMemo
from workdiary.model.policy import Policy
from workdiary.model.slots import EMPTY, FIRST, Slots
from workdiary.model.times import Instant, Week, ceil_slot, slot_start
from workdiary.model.verdict import Reason, ReasonCode, Verdict, in_order
from workdiary.rules.dispute import settle
from workdiary.rules.editing import judge
from workdiary.rules.upload import judge_upload

__all__ = ["AHEAD", "Decision", "Request", "View", "decide"]

AHEAD: Final = 300
"""How many seconds another clock may differ from the journal's: a tracker's be ahead, a party's be behind."""

Request: TypeAlias = (
    Edit
    | TimeTracked
    | TermsChanged
    | StatusChanged
    | FactsChanged
    | TimeDisputed
    | PaymentFailed
    | CaptureConsented
    | CaptureStarted
    | CaptureEnded
)
"""Anything that somebody may ask to have recorded."""


class View(Protocol):
    """The diary as it stands while a request is judged."""

    @property
    def contract(self) -> Contract:
        """The contract, with everything recorded so far."""
        ...

    def policy_of(self, week: Week) -> Policy:
        """Return the policy that judges `week`."""
        ...

    def weeks_of(self, slots: Slots) -> Iterator[Week]:
        """Yield each week that `slots` reach into, in order."""
        ...

    def page(self, week: Week) -> WeekPage:
        """Return the page of `week`."""
        ...

    def week_of(self, at: int) -> Week:
        """Return the week that contains the instant `at`."""
        ...

    def find(self, id: str) -> Entry | None:
        """Return the entry on record under `id`, if any."""
        ...

    def since(self, number: int) -> Iterator[Entry]:
        """Yield the entries after number `number`, in order."""
        ...


@attrs.frozen(kw_only=True)
class Decision:
    """A verdict, and the change to record: none when it is refused.

    `aside` says why a part of an upload is not credited, or all of it, when it is late.
    """

    verdict: Verdict
    change: Change | None = None
    aside: tuple[Reason, ...] = ()


def decide(request: Request, view: View, *, by: Actor, at: Instant) -> Decision:
    """Return what becomes of `request` by `by` at the decision instant `at`."""
    if not isinstance(by, Actor):
        raise InvalidValue("by", by, "is not an Actor", "give one with its id and role")
    if isinstance(request, AddTime | DeleteTime | EditMemo | EditLabel):
        return _edit(request, view, by, at)
    if isinstance(request, TimeTracked):
        return _upload(request, view, by, at)
    if isinstance(request, TermsChanged | StatusChanged | FactsChanged):
        reasons = in_order(_against_contract_change(request, view, by, at))
        return _decision(reasons, request)
    if isinstance(request, TimeDisputed):
        return _dispute(request, view, by, at)
    if isinstance(request, PaymentFailed):
        return _decision(in_order(_against_claim(request, view, by, at)), request)
    if isinstance(request, CaptureConsented | CaptureStarted | CaptureEnded):
        return _decision(in_order(_against_session(request, view, by, at)), request)
    raise InvalidValue(
        "request", request, "cannot be asked for", "give an edit, an upload, or a change of the contract"
    )


def _decision(reasons: tuple[Reason, ...], change: Change) -> Decision:
    return Decision(verdict=Verdict(reasons=reasons)) if reasons else Decision(verdict=Verdict(), change=change)


def _edit(edit: Edit, view: View, by: Actor, at: Instant) -> Decision:
    # Nothing is recorded before the first terms or after now: a range of centuries is not read week by week.
    reach = edit.slots.between(view.contract.begins_at.slot, ceil_slot(at + AHEAD))
    weeks = [*view.weeks_of(reach)] or [view.week_of(at)]
    pages = [view.page(week) for week in weeks]
    taken = EMPTY
    for page in pages:
        taken = taken | (page.taken & edit.slots)
    verdict = judge(edit, on=view.contract, segments=taken, by=by, at=at, policy=view.policy_of(weeks[0]))
    if isinstance(edit, EditLabel) and edit.label is None and by.role is Role.CLIENT and verdict.allowed:
        # PROTECT-4: where protection asks for a label, blanking it would take the payment of work away. A client
        # may put another label on time (EDIT-1), not none.
        facts = (("role", by.role.value), ("action", "blank_label"))
        verdict = Verdict(reasons=(Reason(code=ReasonCode.ROLE_NOT_PERMITTED, slots=edit.slots, facts=facts),))
    closed = _closed(edit.slots, pages)
    if closed and ReasonCode.WEEK_LOCKED not in verdict.codes:
        # Closed is closed: neither a clock that went back nor a later policy opens a billed week.
        verdict = Verdict(reasons=in_order([*verdict.reasons, Reason(code=ReasonCode.WEEK_LOCKED, slots=closed)]))
    if not verdict.allowed:
        return Decision(verdict=verdict)
    return Decision(verdict=verdict, change=_recorded(edit, verdict.changed))


def _recorded(edit: Edit, changed: Slots) -> Change:
    if isinstance(edit, AddTime):
        return TimeAdded(asked=edit.slots, memo=edit.memo, label=edit.label, slots=changed)
    if isinstance(edit, DeleteTime):
        return TimeDeleted(asked=edit.slots, slots=changed)
    if isinstance(edit, EditMemo):
        return MemoEdited(asked=edit.slots, memo=edit.memo, slots=changed)
    return LabelEdited(asked=edit.slots, label=edit.label, slots=changed)


def _closed(slots: Slots, pages: list[WeekPage]) -> Slots:
    found = EMPTY
    for page in pages:
        if page.state is WeekState.CLOSED:
            found = found | slots.between(page.week.start, page.week.stop)
    return found


def _upload(upload: TimeTracked, view: View, by: Actor, at: Instant) -> Decision:
    slots = upload.slots
    whole: list[Reason] = []
    if by.role is not Role.FREELANCER or by.id != view.contract.freelancer:
        who = (("role", by.role.value), ("action", "track_time"))
        whole.append(Reason(code=ReasonCode.ROLE_NOT_PERMITTED, slots=slots, facts=who))
    ahead = ceil_slot(at + AHEAD)
    if upload.runs[-1].stop > ahead or upload.made_at > at + AHEAD:
        begun = slots.between(FIRST, ahead)
        # The tracker's clock is wrong: taken now, this would credit time that nobody has worked yet.
        clocks = (("at", at), ("made_at", upload.made_at))
        whole.append(Reason(code=ReasonCode.IN_THE_FUTURE, slots=slots - begun or slots, facts=clocks))
    if whole:
        return Decision(verdict=Verdict(reasons=tuple(whole)))
    aside: list[Reason] = []
    accepted = slots
    for week in view.weeks_of(slots):
        is_whole = week.start <= upload.runs[0].start and upload.runs[-1].stop <= week.stop
        part = slots if is_whole else slots.between(week.start, week.stop)
        reception = judge_upload(part, on=view.contract, at=at, policy=view.policy_of(week))
        refused = reception.reasons
        if view.page(week).state is WeekState.CLOSED and not any(r.code is ReasonCode.WEEK_LOCKED for r in refused):
            refused = (*refused, Reason(code=ReasonCode.WEEK_LOCKED, slots=part))
        aside.extend(refused)
        for reason in refused:
            accepted = accepted - reason.slots
    if accepted:
        aside_slots = slots - accepted
        change = upload if upload.aside == aside_slots else attrs.evolve(upload, aside=aside_slots)
        return Decision(verdict=Verdict(changed=accepted), change=change, aside=tuple(aside))
    verdict = Verdict(reasons=in_order(aside))
    if ReasonCode.WEEK_LOCKED in verdict.codes:
        # UPLOAD-1: late is kept aside, for a dispute.
        late = LateEvidence(segments=upload.runs, made_at=upload.made_at, marks=upload.marks)
        return Decision(verdict=verdict, change=late, aside=verdict.reasons)
    return Decision(verdict=verdict)


_MAY: Final[dict[type[Request], Callable[[Request], tuple[Role, ...]]]] = {
    TermsChanged: lambda _: (Role.CLIENT, Role.PLATFORM),
    FactsChanged: lambda _: (Role.PLATFORM,),
    StatusChanged: lambda change: _may_set(change),
    TimeDisputed: lambda _: (Role.CLIENT,),
    PaymentFailed: lambda _: (Role.PLATFORM,),
    CaptureConsented: lambda _: (Role.FREELANCER,),
    CaptureStarted: lambda _: (Role.FREELANCER,),
    CaptureEnded: lambda _: (Role.FREELANCER,),
}
"""Who may change the contract, dispute, claim or record sessions. Either side may end it; only the client pauses it."""


def _may_set(change: Request) -> tuple[Role, ...]:
    closes = isinstance(change, StatusChanged) and change.status.status is ContractStatus.CLOSED
    return (Role.FREELANCER, Role.CLIENT, Role.PLATFORM) if closes else (Role.CLIENT, Role.PLATFORM)


def _against_role(request: Request, contract: Contract, by: Actor) -> Iterator[Reason]:
    own = {Role.FREELANCER: contract.freelancer, Role.CLIENT: contract.client}.get(by.role, by.id)
    if by.role not in _MAY[type(request)](request) or by.id != own:
        named = by.role.value if by.id == own else "stranger"
        yield Reason(code=ReasonCode.ROLE_NOT_PERMITTED, facts=(("role", named),))


def _against_contract_change(
    change: TermsChanged | StatusChanged | FactsChanged, view: View, by: Actor, at: Instant
) -> Iterator[Reason]:
    contract = view.contract
    against = [*_against_role(change, contract, by)]
    yield from against
    since = _since(change)
    if contract.closes_at is not None and max(at, since) >= contract.closes_at:
        # EDIT-2: a closed contract is frozen. Until its end it can still be paused, or ended sooner: else a side
        # that plans an end in years would take every such step from the other.
        fixed = (("status", "closed"), ("closes_at", contract.closes_at))
        yield Reason(code=ReasonCode.CONTRACT_NOT_ACTIVE, facts=fixed)
    if not against and by.role is not Role.PLATFORM and since < max(at - AHEAD, view.week_of(at).starts_at):
        # Dated back, a lower rate or a pause would take away what has been worked, recorded yet or not; and a
        # lower limit dated to the week before would not wait for the next one (LIMIT-4).
        facts = (("role", by.role.value), ("action", "date_back"))
        yield Reason(code=ReasonCode.ROLE_NOT_PERMITTED, facts=facts)
    open_from = first_open_week(view, at).starts_at
    if isinstance(change, FactsChanged):
        # PROTECT-5: what is on record when a week is invoiced decides about that week.
        before = view.week_of(open_from).previous
        invoiced_at = view.policy_of(before).calendar(before).invoiced_at
        if invoiced_at < at:
            open_from = max(open_from, Instant(invoiced_at + 1))
    if since < open_from:
        # What a locked week was judged by does not change any more.
        yield Reason(code=ReasonCode.WEEK_LOCKED, facts=(("since", since), ("locks_at", open_from)))
    if isinstance(change, StatusChanged) and change.status.status is ContractStatus.CLOSED:
        after = _recorded_from(ceil_slot(max(since, open_from)), view, at)
        if after:
            yield Reason(code=ReasonCode.OUTSIDE_CONTRACT, slots=after, facts=(("closes_at", since),))


def _since(change: TermsChanged | StatusChanged | FactsChanged) -> Instant:
    if isinstance(change, StatusChanged):
        return change.status.since
    return change.facts.since if isinstance(change, FactsChanged) else change.terms.since


def first_open_week(view: View, at: Instant) -> Week:
    """Return the earliest week that is not locked at `at`."""
    week = view.week_of(at)
    while view.policy_of(week.previous).locks_at(week.previous) > at:
        week = week.previous
    return week


def _recorded_from(start: int, view: View, at: Instant) -> Slots:
    """Return the recorded slots from `start` on: time past a closing would belong to no contract."""
    found = EMPTY
    week = view.week_of(slot_start(start))
    while week.starts_at <= at + AHEAD:
        taken = view.page(week).taken
        found = found | taken.between(start, week.stop)
        week = week.next
    return found


def _closed_week(week: Slots, view: View) -> ClosedWeek | None:
    found = [*view.weeks_of(week)]
    if len(found) != 1 or found[0].slots != week:
        raise InvalidValue("week", week, "is not a week of this contract's policy", "give policy.week_of(…).slots")
    page = view.page(found[0])
    return None if page.closed is None else ClosedWeek.of(page.closed)


def _dispute(dispute: TimeDisputed, view: View, by: Actor, at: Instant) -> Decision:
    reasons = [*_against_role(dispute, view.contract, by)]
    closed = _closed_week(dispute.week, view)
    if closed is None:
        reasons.append(Reason(code=ReasonCode.WEEK_NOT_CLOSED, slots=dispute.week))
        return Decision(verdict=Verdict(reasons=in_order(reasons)))
    settled = settle(closed.billable, closed.protected, dispute.disputed, at=at, calendar=closed.calendar)
    reasons.extend(settled.reasons)
    # What is disputed already is not disputed twice; free slots and those over the limit are ignored (CLAIM-1).
    fresh = (dispute.disputed & closed.billable) - _disputed(view.page(next(view.weeks_of(dispute.week))))
    if not fresh:
        reasons.append(Reason(code=ReasonCode.NOTHING_THERE, slots=dispute.disputed))
    if reasons:
        return Decision(verdict=Verdict(reasons=in_order(reasons)))
    return Decision(verdict=Verdict(changed=fresh), change=dispute)


def _disputed(page: WeekPage) -> Slots:
    found = EMPTY
    for entry in page.objections:
        if isinstance(entry.change, TimeDisputed):
            found = found | entry.change.disputed
    return found


def _against_claim(claim: PaymentFailed, view: View, by: Actor, at: Instant) -> Iterator[Reason]:
    yield from _against_role(claim, view.contract, by)
    closed = _closed_week(claim.week, view)
    if closed is None:
        yield Reason(code=ReasonCode.WEEK_NOT_CLOSED, slots=claim.week)
        return
    if at < closed.calendar.invoiced_at:
        yield Reason(code=ReasonCode.REVIEW_NOT_OPEN, facts=(("invoiced_at", closed.calendar.invoiced_at),))
    page = view.page(next(view.weeks_of(claim.week)))
    if any(isinstance(entry.change, PaymentFailed) for entry in page.objections):
        # CLAIM-1: the platform covers a week once.
        yield Reason(code=ReasonCode.ALREADY_RESOLVED, slots=claim.week)


def _against_session(
    change: CaptureConsented | CaptureStarted | CaptureEnded, view: View, by: Actor, at: Instant
) -> Iterator[Reason]:
    yield from _against_role(change, view.contract, by)
    claimed = change.began if isinstance(change, CaptureStarted) else getattr(change, "ended", None)
    if claimed is not None and claimed > at + AHEAD:
        yield Reason(code=ReasonCode.IN_THE_FUTURE, facts=(("at", at), ("made_at", claimed)))
    if isinstance(change, CaptureStarted):
        # CAPTURE-1: no session begins where nothing may be tracked; one that began before can still be ended.
        status = view.contract.status_at(at)
        if status is not ContractStatus.ACTIVE:
            held = "none" if status is None else status.value
            yield Reason(code=ReasonCode.CONTRACT_NOT_ACTIVE, facts=(("status", held),))
    elif isinstance(change, CaptureEnded):
        yield from _against_end(change, view)


def _against_end(end: CaptureEnded, view: View) -> Iterator[Reason]:
    """Yield why `end` is not the end of a session: unknown, ended before, or its secret is another one (CAPTURE-2)."""
    started = view.find(end.of)
    if started is None or not isinstance(started.change, CaptureStarted):
        yield Reason(code=ReasonCode.UNKNOWN_SESSION, facts=(("session", end.of),))
        return
    started.check_seal()
    if commitment_of(bytes.fromhex(end.secret)) != started.change.commitment:
        yield Reason(code=ReasonCode.WRONG_SECRET, facts=(("session", end.of),))
    if end.ended < started.change.began:
        facts = (("session", end.of), ("began", started.change.began), ("ended", end.ended))
        yield Reason(code=ReasonCode.ENDED_BEFORE_START, facts=facts)
    for entry in view.since(started.number):
        # Only what touches no slots can be an end: the others, nearly all, are not read.
        if entry.start is None and isinstance(entry.change, CaptureEnded) and entry.change.of == end.of:
            yield Reason(code=ReasonCode.ALREADY_RESOLVED, facts=(("ended_by", entry.id),))
            return
