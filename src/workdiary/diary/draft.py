"""`Draft`: what a block of recording comes to, one decision after another, until it is saved in one step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, MutableMapping
from enum import Enum
from typing import Final

import attrs

from workdiary import policies
from workdiary.diary.canonical import canonical, document_digest
from workdiary.diary.changes import (
    Change,
    ContractOpened,
    LabelEdited,
    LateEvidence,
    MemoEdited,
    TimeAdded,
    TimeDeleted,
    TimeTracked,
    WeekParked,
)
from workdiary.diary.deciding import Decision, Request, decide
from workdiary.diary.entry import Entry, Head, check_id
from workdiary.diary.journal import KeptWeek, WeekState, Writing, head_of
from workdiary.diary.page import WeekPage, contract_after, page_of
from workdiary.errors import InvalidValue, StoreError, UnknownContract, WorkdiaryError
from workdiary.model.contract import Actor, Contract
from workdiary.model.policy import Policy
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import Instant, Moment, Week, moment
from workdiary.model.verdict import Reason, Verdict

__all__ = ["Answer", "AnswerKind", "Calendars", "Draft"]


OWN_IDS: Final = ("close ", "park ")
"""How the ids begin that a diary gives by itself, so that a week is closed once: nobody else may take them."""


class AnswerKind(Enum):
    """What became of one request. Only a positive answer that names the id ends the sender's duty to send it."""

    CREATED = "created"
    EXISTS = "exists"
    CONFLICT = "conflict"
    LATE = "late"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


@attrs.frozen(kw_only=True)
class Answer:
    """What became of the request with an id.

    `entry` is the one on record, for `CREATED`, `EXISTS` and `LATE`; for `CONFLICT` the other one under
    that id. `reasons` say why it was refused, or which part of an upload is kept aside and why. `error`
    says what could not be read, and `number` is its place in quarantine.
    """

    kind: AnswerKind
    id: str | None
    entry: Entry | None = attrs.field(default=None, repr=False)
    verdict: Verdict | None = attrs.field(default=None, repr=False)
    reasons: tuple[Reason, ...] = ()
    error: str | None = None
    number: int | None = None

    @property
    def recorded(self) -> bool:
        """Whether the request is on record, now or since before."""
        return self.kind in (AnswerKind.CREATED, AnswerKind.EXISTS, AnswerKind.LATE)


class Calendars:
    """The weeks of a contract, and the policy that judges each: that in force when it starts, for ever."""

    def __init__(self, policy: str | Policy) -> None:
        self.policy = policy
        self._weeks = policies.get(policy) if isinstance(policy, str) else policy
        self._policies: dict[int, Policy] = {}
        self._near: list[Week] = []

    def of(self, week: Week) -> Policy:
        """Return the policy that judges `week`."""
        if isinstance(self.policy, Policy):
            return self.policy
        found = self._policies.get(week.start)
        if found is None:
            found = self._policies[week.start] = policies.get(self.policy, at=week.starts_at)
        return found

    def found(self, week: Week | Moment) -> Week:
        """Return the week that is, or contains, `week`. Raises `InvalidValue` for a week of another policy."""
        if not isinstance(week, Week):
            return self.week_of(moment(week, "week"))
        own = self._week_of_slot(week.start)
        if (own.start, own.stop) != (week.start, week.stop):
            raise InvalidValue(
                "week", str(week), f"is not a week of this contract; the nearest is the {own}", "give an instant in it"
            )
        return own

    def week_of(self, at: int) -> Week:
        """Return the week that contains the instant `at`."""
        for week in self._near:
            if week.starts_at <= at < week.ends_at:
                return week
        return self._remembered(self._weeks.week_of(Instant(at)))

    def weeks_of(self, slots: Slots) -> Iterator[Week]:
        """Yield each week that `slots` reach into, in order."""
        first, last = slots.start, slots.stop
        if first is None or last is None:
            return
        week = self._week_of_slot(first)
        while True:
            yield week
            if last <= week.stop:
                return
            rest = slots.between(week.stop, last)
            if rest.start is None:
                return
            week = self._week_of_slot(rest.start)

    def _week_of_slot(self, slot: Slot) -> Week:
        for week in self._near:
            if slot in week:
                return week
        return self._remembered(self._weeks.week_of_slot(slot))

    def _remembered(self, week: Week) -> Week:
        # A diary asks for the same two or three weeks again and again.
        self._near = [week, *self._near[:3]]
        return week


class Draft:
    """A diary under its lock, with what has been decided so far.

    `pages` are the weeks already read, by their first slot; those that change are replaced here and
    handed over in `save`.
    """

    def __init__(
        self,
        writing: Writing,
        contract: str,
        calendars: Callable[[str | Policy], Calendars],
        pages: MutableMapping[int, WeekPage],
    ) -> None:
        standing = writing.standing
        if standing is None:
            raise UnknownContract("contract", contract, "has no diary here", "open one first, or check the id")
        self.contract: Contract = standing.contract
        self.at = writing.at
        self.head: Head = head_of(standing)
        self.calendars = calendars(standing.policy)
        self.entries: list[Entry] = []
        self._writing = writing
        self._pages = pages
        self._touched: dict[int, WeekPage] = {}
        self._found: dict[str, Entry] = {}
        self._looked: set[str] = set()

    def policy_of(self, week: Week) -> Policy:
        """Return the policy that judges `week`."""
        return self.calendars.of(week)

    def weeks_of(self, slots: Slots) -> Iterator[Week]:
        """Yield each week that `slots` reach into, in order."""
        return self.calendars.weeks_of(slots)

    def week_of(self, at: int) -> Week:
        """Return the week that contains the instant `at`."""
        return self.calendars.week_of(at)

    def page(self, week: Week) -> WeekPage:
        """Return the page of `week`, with what has been decided so far."""
        page = self._pages.get(week.start)
        if page is None:
            page = page_of(week, self._writing.read(touching=(week.start, week.stop)))
            self._pages[week.start] = page
        return page

    def read(self, since: int = 0) -> Iterator[Entry]:
        """Yield the entries on record after number `since`, without what has been decided here."""
        return self._writing.read(since=since)

    def since(self, number: int) -> Iterator[Entry]:
        """Yield the entries after number `number`, with what has been decided here."""
        yield from self._writing.read(since=number)
        yield from (entry for entry in self.entries if entry.number > number)

    def look_up(self, ids: Collection[str]) -> None:
        """Ask at once for the entries with `ids`, where many requests are to follow."""
        self._found.update(self._writing.find(ids))
        self._looked.update(ids)

    def find(self, id: str) -> Entry | None:
        """Return the entry on record under `id`, if any."""
        if id not in self._looked:
            self.look_up([id])
        return self._found.get(id)

    def take(self, request: Request, *, by: Actor, id: str) -> Answer:
        """Judge `request` and take it into the draft, or say why not."""
        known = self.find(check_sent(id))
        if known is not None:
            same = known.by == by and is_same(known.change, request)
            return Answer(kind=AnswerKind.EXISTS if same else AnswerKind.CONFLICT, id=id, entry=known)
        decision: Decision = decide(request, self, by=by, at=self.at)
        if decision.change is None:
            return Answer(kind=AnswerKind.REFUSED, id=id, verdict=decision.verdict, reasons=decision.verdict.reasons)
        entry = self.add(decision.change, by=by, id=id)
        kind = AnswerKind.LATE if isinstance(decision.change, LateEvidence) else AnswerKind.CREATED
        return Answer(kind=kind, id=id, entry=entry, verdict=decision.verdict, reasons=decision.aside)

    def add(self, change: Change, *, by: Actor, id: str) -> Entry:
        """Take in `change`, which is decided already."""
        entry = Entry.seal(contract=self.contract.id, after=self.head, id=id, at=self.at, by=by, change=change)
        # All that can fail comes before anything changes: what cannot be taken in leaves no trace.
        pages = [self.page(week) for week in self.weeks_of(change.slots)]
        steps = [page.after(entry, change) for page in pages]
        rule = self.calendars.of(self.calendars.week_of(self.at)).dispute
        self.contract = contract_after(self.contract, entry, change, rule)
        for page, step in zip(pages, steps, strict=True):
            page.fold(entry, change, step)
            self._touched[page.week.start] = page
        self.entries.append(entry)
        self.head = entry.head
        self._found[id] = entry
        self._looked.add(id)
        return entry

    def kept(self, week: Week) -> KeptWeek | None:
        """Return `week` as the journal keeps it, without what has been decided here."""
        return self._writing.week(week.start)

    def park(self, week: Week, difference: str, *, by: Actor) -> Entry:
        """Record that `week` cannot be billed; nothing of it is read, for it may be what is unreadable."""
        change = WeekParked(week=week.slots, difference=difference)
        id = f"park {week.nominal.date()} {document_digest(canonical(difference))[:16]}"
        known = self.find(id)
        if known is not None:
            return known
        entry = Entry.seal(contract=self.contract.id, after=self.head, id=id, at=self.at, by=by, change=change)
        try:
            before = self.kept(week)
        except StoreError:
            raise
        except WorkdiaryError:
            before = None  # unreadable, and so not to be kept as it is either
        kept = before or KeptWeek(start=week.start, stop=week.stop, state=WeekState.OPEN, sheet=Sheet())
        parked = [attrs.evolve(kept, state=WeekState.PARKED)]
        self._writing.append([entry], contract=self.contract, policy=self.calendars.policy, weeks=parked)
        self._pages.pop(week.start, None)
        return entry

    def save(self) -> None:
        """Append what was taken in, with what it comes to."""
        if self.entries:
            weeks = [page.kept() for page in self._touched.values()]
            self._writing.append(self.entries, contract=self.contract, policy=self.calendars.policy, weeks=weeks)


def is_same(change: Change, request: Request) -> bool:
    """Return whether `change`, which is on record, is what `request` asked for."""
    if isinstance(request, TimeTracked):
        if not isinstance(change, TimeTracked | LateEvidence):
            return False
        # What it is marked with may have grown since: the time is the same.
        return (change.runs, change.made_at) == (request.runs, request.made_at)
    if isinstance(change, TimeAdded | TimeDeleted | MemoEdited | LabelEdited):
        return change.request == request
    return change == request


def check_sent(id: str) -> str:
    """Return `id` if a caller may give it to an entry: not one that closing a week is recorded under."""
    if check_id(id).startswith(OWN_IDS):
        own = " and ".join(f"'{own}'" for own in OWN_IDS)
        raise InvalidValue("id", id, f"begins like the diary's own, {own}", "give another, such as a random UUID")
    return id


def check_opened(opened: ContractOpened) -> None:
    """Raise `InvalidValue` or `UnknownPolicy` for a contract that no diary can be opened for."""
    check_id(opened.contract.id, "contract.id")
    if isinstance(opened.policy, str):
        policies.get(opened.policy)
    elif not isinstance(opened.policy, Policy):
        raise InvalidValue("policy", opened.policy, "is not a Policy", "give a preset's name, or policies.load(path)")
