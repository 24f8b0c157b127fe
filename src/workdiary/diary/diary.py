"""`Diary`: one contract's diary in a journal: judge a change, record it, read the page, state a week."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager

from workdiary.diary.changes import ContractOpened
from workdiary.diary.closed import ClosedWeek
from workdiary.diary.deciding import Request, decide
from workdiary.diary.draft import Answer, Calendars, Draft, check_opened, check_sent
from workdiary.diary.entry import START, Entry
from workdiary.diary.journal import Journal, Standing, Wanted, WeekState, Writing
from workdiary.diary.page import WeekPage, page_of
from workdiary.errors import ChainError, IdConflict
from workdiary.model.contract import Actor, Contract
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment
from workdiary.model.sheet import Sheet
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import Moment, Week, moment
from workdiary.model.verdict import Verdict
from workdiary.statement import WeekStatement, week_statement

__all__ = ["Diary"]

_PAGES = 8
"""How many weeks a diary keeps read: the open ones, and a few more."""


class Diary:
    """The diary of one contract, in a journal that any number of others write to as well.

    Cheap to make: it reads what it is asked for, week by week. Each thread has its own. `calendars` are those of
    another diary, which this one most likely shares; it makes its own when its policy is another.

    >>> from workdiary import Actor, Contract, Role, Terms, add_time, hours
    >>> from workdiary.store.memory import MemoryJournal
    >>> contract = Contract(
    ...     id="c-1", freelancer="ana", client="acme", currency="USD",
    ...     terms=[Terms(since="2026-11-02T00:00Z", rate="30", weekly_limit=hours(40), manual_time_allowed=True)],
    ... )
    >>> journal = MemoryJournal(clock=lambda: 1795000000)
    >>> platform, ana = Actor(id="platform", role=Role.PLATFORM), Actor(id="ana", role=Role.FREELANCER)
    >>> diary = Diary.open(journal, contract, "upwork", by=platform, id="open c-1")
    >>> call = add_time("2026-11-18T10:00Z", "2026-11-18T11:00Z", memo="Call")
    >>> diary.record(call, by=ana, id="7d5c").kind
    <AnswerKind.CREATED: 'created'>
    >>> diary.record(call, by=ana, id="7d5c").kind
    <AnswerKind.EXISTS: 'exists'>
    >>> print(diary.statement("2026-11-18T00:00Z").amount)
    30.00 USD
    """

    def __init__(self, journal: Journal, contract: str, *, calendars: Calendars | None = None) -> None:
        self._journal = journal
        self._id = contract
        self._version = -1
        self._pages: dict[int, WeekPage] = {}
        self._known = calendars

    @classmethod
    def open(cls, journal: Journal, contract: Contract, policy: str | Policy, *, by: Actor, id: str) -> Diary:
        """Open a diary for `contract` under `policy`, a preset's name or a whole policy, and return it.

        To open it again with the same id and content changes nothing. Raises `IdConflict` when the contract
        has a diary that was opened otherwise.
        """
        opened = ContractOpened(contract=contract, policy=policy)
        check_opened(opened)
        with journal.writing(contract.id) as writing:
            if writing.standing is None:
                entry = Entry.seal(
                    contract=contract.id, after=START, id=check_sent(id), at=writing.at, by=by, change=opened
                )
                writing.append([entry], contract=contract, policy=policy)
            else:
                first = next(writing.read())
                if (first.id, first.by, first.change) != (id, by, opened):
                    raise IdConflict(
                        "contract", contract.id, "has a diary already, opened otherwise", "use it, or give another id"
                    )
        return cls(journal, contract.id)

    @property
    def calendars(self) -> Calendars | None:
        """The weeks that it goes by, once it had to know them."""
        return self._known

    @property
    def standing(self) -> Standing:
        """The contract as it stands, with the head of its chain. Raises `UnknownContract`."""
        return self._journal.standing(self._id)

    @property
    def contract(self) -> Contract:
        """The contract as it stands."""
        return self.standing.contract

    def judge(self, request: Request, *, by: Actor, at: Moment) -> Verdict:
        """Return whether `request` by `by` at `at` would be recorded, with every reason against it.

        Nothing is written. Until it is recorded others may come first: `record` judges again, under the lock.
        """
        return decide(request, _Reading(self), by=by, at=moment(at)).verdict

    def record(self, request: Request, *, by: Actor, id: str) -> Answer:
        """Judge `request` at this moment of the journal's clock, and record it or say why not.

        `id` is the caller's, made before the first try: a repeated request is the same entry, and the same
        id with another content is a conflict that changes nothing. Raises `StoreError` when it is not
        known whether it was recorded: repeat it with the same id.
        """
        with self.drafting(ids=[id]) as draft:
            return draft.take(request, by=by, id=id)

    def record_all(self, requests: Iterable[tuple[Request, str]], *, by: Actor) -> tuple[Answer, ...]:
        """Record several requests, each with its id, or none of them.

        The answers stop at the first that is neither created nor on record; then nothing was recorded.
        """
        answers: list[Answer] = []
        with self.drafting() as draft:
            for request, id in requests:
                answers.append(draft.take(request, by=by, id=id))
                if not answers[-1].recorded:
                    draft.entries.clear()
                    self.forget()
                    break
        return tuple(answers)

    @contextmanager
    def drafting(self, *, ids: Collection[str] = (), slots: Slots = EMPTY) -> Iterator[Draft]:
        """Lock the diary for a block of decisions, which are saved together when the block ends well.

        `ids` and `slots` may say what the block will be about, so that it is asked for at once.
        """
        wanted = self.wanted(ids, slots)
        try:
            with (
                self._journal.writing(self._id, ids=wanted.ids, touching=wanted.touching) as writing,
                self.drafted(writing) as draft,
            ):
                yield draft
        except BaseException:
            # What was folded into the pages may not be on the disk.
            self.forget()
            raise
        self.settle(draft)

    def wanted(self, ids: Collection[str], slots: Slots) -> Wanted:
        """Return what a block about `ids` and `slots` will ask of the journal first."""
        week = None if self._known is None else next(self._known.weeks_of(slots), None)
        touching = None if week is None or week.start in self._pages else (week.start, week.stop)
        return Wanted(contract=self._id, ids=tuple(ids), touching=touching)

    @contextmanager
    def drafted(self, writing: Writing) -> Iterator[Draft]:
        """Draft on a diary that is locked already; say `settle` when that is stored, and `forget` when it is not."""
        standing = writing.standing
        if standing is not None:
            self._catch_up(standing.head.version, lambda since: writing.read(since=since))
        draft = Draft(writing, self._id, self._calendars_of, self._pages)
        yield draft
        draft.save()

    def settle(self, draft: Draft) -> None:
        """Take note that what was drafted is stored."""
        if draft.entries:
            self._version = draft.head.version
        self._let_go()

    def forget(self) -> None:
        """Drop what has been read, so that it is read anew."""
        self._pages.clear()
        self._version = -1

    def statement(self, week: Week | Moment) -> WeekStatement:
        """Return the statement of `week`, open or closed, from the sets that the journal keeps.

        A closed week is stated as it was billed, by the contract and the policy of then. Raises `ChainError`
        when its bill is not what the sets come to, or is gone.
        """
        standing = self.standing
        calendars = self._calendars_of(standing.policy)
        found = calendars.found(week)
        kept = self._journal.week(self._id, found.start)
        sheet = Sheet() if kept is None else kept.sheet
        if kept is not None and kept.state is WeekState.CLOSED:
            closed = self.closed(found)
            if closed is None:
                remedy = "restore a copy that verifies"
                raise ChainError("week", str(found), "was closed, but its closing is not among the entries", remedy)
            return closed.recompute(sheet, found)
        return week_statement(standing.contract, sheet, week=found, policy=calendars.of(found))

    def closed(self, week: Week | Moment) -> ClosedWeek | None:
        """Return `week` as it was billed, or `None` while it is open or parked."""
        page = self.page(week)
        return None if page.closed is None else ClosedWeek.of(page.closed)

    def page(self, week: Week | Moment) -> WeekPage:
        """Return the page of `week`: its segments, late evidence, disputes and closing, read from its entries."""
        standing = self.standing
        self._catch_up(standing.head.version, lambda since: self._journal.read(self._id, since=since))
        calendars = self._calendars_of(standing.policy)
        found = calendars.found(week)
        page = self._pages.get(found.start)
        if page is None:
            page = page_of(found, self._journal.read(self._id, touching=(found.start, found.stop)))
            self._pages[found.start] = page
            self._let_go()
        return page

    def segments(self, week: Week | Moment) -> tuple[Segment, ...]:
        """Return the recorded segments of `week`, in time order."""
        return self.page(week).segments

    def weeks_of(self, slots: Slots) -> tuple[Week, ...]:
        """Return each week that `slots` reach into, in order."""
        return tuple(self._calendars_of(self.standing.policy).weeks_of(slots))

    def policy_of(self, week: Week | Moment) -> Policy:
        """Return the policy that judges `week`."""
        calendars = self._calendars_of(self.standing.policy)
        return calendars.of(calendars.found(week))

    def entries(self, *, since: int = 0) -> Iterator[Entry]:
        """Yield the entries after number `since`, in order."""
        return self._journal.read(self._id, since=since)

    def _calendars_of(self, policy: str | Policy) -> Calendars:
        if self._known is None or self._known.policy != policy:
            self._known = Calendars(policy)
        return self._known

    def _let_go(self) -> None:
        while len(self._pages) > _PAGES:
            del self._pages[min(self._pages)]

    def _catch_up(self, version: int, read: Callable[[int], Iterator[Entry]]) -> None:
        """Drop the pages that somebody else has changed since they were read."""
        if version == self._version:
            return
        if self._pages and 0 <= self._version < version:
            for entry in read(self._version):
                if entry.start is not None and entry.stop is not None:
                    start, stop = entry.start, entry.stop
                    stale = [key for key, page in self._pages.items() if start < page.week.stop and key < stop]
                    for key in stale:
                        del self._pages[key]
        else:
            self._pages.clear()
        self._version = version


class _Reading:
    """The view of a diary that nobody has locked."""

    def __init__(self, diary: Diary) -> None:
        self._diary = diary
        standing = diary.standing
        self.contract = standing.contract
        self._calendars = diary._calendars_of(standing.policy)

    def policy_of(self, week: Week) -> Policy:
        return self._calendars.of(week)

    def weeks_of(self, slots: Slots) -> Iterator[Week]:
        return self._calendars.weeks_of(slots)

    def week_of(self, at: int) -> Week:
        return self._calendars.week_of(at)

    def page(self, week: Week) -> WeekPage:
        return self._diary.page(week)

    def find(self, id: str) -> Entry | None:
        return self._diary._journal.find(self.contract.id, [id]).get(id)

    def since(self, number: int) -> Iterator[Entry]:
        return self._diary.entries(since=number)
