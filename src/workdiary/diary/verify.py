"""Verification: is a diary what was recorded, and is what is kept beside it what it comes to?

First the chain, entry by entry, against its own digests and against any head that somebody kept. Then
the replay: every entry is folded again, and the contract, each week's sets and each bill are compared
with what stands beside the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import attrs

from workdiary.diary.canonical import commitment_of
from workdiary.diary.changes import CaptureEnded, CaptureStarted, ContractOpened, WeekClosed
from workdiary.diary.closed import ClosedWeek, policy_digest
from workdiary.diary.draft import Calendars
from workdiary.diary.entry import START, Entry, Head
from workdiary.diary.journal import Journal, WeekState
from workdiary.diary.page import WeekPage, contract_after
from workdiary.diary.reconcile import unlike
from workdiary.diary.uploads import Upload, upload_of
from workdiary.errors import UnknownContract, WorkdiaryError
from workdiary.formats.runs import Run
from workdiary.model.contract import Contract
from workdiary.model.slots import LAST, Slots
from workdiary.model.times import Instant, Week, slot_start

__all__ = ["Fault", "Verification", "verify", "verify_all", "verify_chain"]


@attrs.frozen(kw_only=True)
class Fault:
    """Something that is not as it was recorded; `number` is the first entry that shows it, if it is one."""

    contract: str
    number: int | None
    what: str

    def __str__(self) -> str:
        return f"{self.contract}: {self.what}"


@attrs.frozen(kw_only=True)
class Verification:
    """What a diary was found to be: its head, how much of it there is, and every fault."""

    contract: str
    head: Head
    weeks: int = 0
    closed: int = 0
    faults: tuple[Fault, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.faults


def verify(journal: Journal, contract: str, *, heads: Iterable[Head] = ()) -> Verification:
    """Return what the diary of `contract` is found to be: its chain first, then everything that it comes to.

    `heads` are ones that somebody kept: on a bill, in a bundle, by the other side. Without any, entries
    cut off the end, or a history that was rewritten as a whole, cannot be told from a shorter or another
    diary. Raises `UnknownContract`.
    """
    kept = [week for state in WeekState for week in journal.weeks(state=state, ends_by=LAST)]
    return _verify(journal, contract, heads, {start for id, start in kept if id == contract})


def verify_all(journal: Journal, *, heads: Iterable[tuple[str, Head]] = ()) -> Iterator[Verification]:
    """Yield what each diary of `journal` is found to be; `heads` are kept ones, each with its contract.

    A contract with a kept head whose diary is gone is a fault too.
    """
    known: dict[str, list[Head]] = {}
    for contract, head in heads:
        known.setdefault(contract, []).append(head)
    starts: dict[str, set[int]] = {}
    for state in WeekState:
        for contract, start in journal.weeks(state=state, ends_by=LAST):
            starts.setdefault(contract, set()).add(start)
    there = journal.contracts()
    for contract in there:
        yield _verify(journal, contract, known.get(contract, ()), starts.get(contract, set()))
    for contract in sorted(known.keys() - set(there)):
        gone = Fault(contract=contract, number=1, what="has no diary here any more, although its head is known")
        yield Verification(contract=contract, head=START, faults=(gone,))


def verify_chain(
    journal: Journal,
    contract: str,
    *,
    heads: Iterable[Head] = (),
    fold: Callable[[Entry, Upload | None], None] | None = None,
) -> Verification:
    """Return what the chain of `contract` alone is found to be.

    Each sound entry is handed to `fold`, with its run when `upload_of` finds one. The first faulty entry ends
    it: what follows hangs on it.
    """
    version, digest, latest = START.version, START.digest, Instant(-(2**62))
    known: dict[int, set[Head]] = {}
    for kept in heads:
        known.setdefault(kept.version, set()).add(kept)
    faults: list[Fault] = []

    def fault(number: int | None, what: str) -> None:
        faults.append(Fault(contract=contract, number=number, what=what))

    number = 1
    try:
        for entry in journal.read(contract):
            number = version + 1
            upload = upload_of(entry)
            if upload is None:
                entry.check(Head(version=version, digest=digest))
            else:
                entry.check_place(version, digest)
            if entry.at < latest:
                fault(entry.number, f"entry {entry.number} was recorded at {entry.at}, before the one before it")
                break
            version, digest, latest = entry.number, entry.digest, entry.at
            others = known and known.get(version, set()) - {entry.head}
            if others:
                what = f"entry {entry.number} is not the one of the head that was kept, {min(map(str, others))}: a fork"
                fault(entry.number, what)
                break
            if fold is not None:
                fold(entry, upload)
            number += 1
    except UnknownContract:
        raise
    except WorkdiaryError as error:
        fault(number, str(error))
    head = Head(version=version, digest=digest)
    if not faults:
        longest = max(known, default=0)
        if longest > head.version:
            cut = f"ends at entry {head.version}, although entry {longest} is known: entries are missing at the end"
            fault(head.version + 1, cut)
        try:
            standing = journal.standing(contract)
        except WorkdiaryError as error:
            fault(None, f"the kept contract cannot be read: {error}")
        else:
            if standing.head != head or standing.at != latest:
                what = f"the kept head is {standing.head} of {standing.at}, the chain's {head} of {latest}"
                fault(head.version + 1, what)
    return Verification(contract=contract, head=head, faults=tuple(faults))


def _verify(journal: Journal, contract: str, heads: Iterable[Head], starts: set[int]) -> Verification:
    replay = _Replay(journal, contract)
    found = verify_chain(journal, contract, heads=heads, fold=replay.take)
    if not found.faults:
        replay.finish(starts)
    return attrs.evolve(found, weeks=len(replay.pages), closed=replay.closed, faults=(*found.faults, *replay.faults))


class _Replay:
    """A whole diary folded again, week by week; a closed week is compared at once and let go of."""

    def __init__(self, journal: Journal, contract: str) -> None:
        self.pages: dict[int, WeekPage] = {}
        self.faults: list[Fault] = []
        self.closed = 0
        self._journal = journal
        self._id = contract
        self._contract: Contract | None = None
        self._calendars: Calendars | None = None
        self._last: Entry | None = None
        self._page: WeekPage | None = None
        self._done: set[int] = set()
        self._sessions: dict[str, str] = {}

    def take(self, entry: Entry, upload: Upload | None) -> None:
        """Fold `entry`, and compare the bill when it closes a week; `upload` is what it is if it is one."""
        if upload is None or not self._take_upload(*upload):
            self._take_change(entry)
        self._last = entry

    def _take_upload(self, written: tuple[int, str], run: Run) -> bool:
        """Take in `run` if it lies in an open week, and return whether it does."""
        page = self._page
        if page is None or not (page.week.start <= run.start < page.week.stop):
            if self._calendars is None:
                return False
            week = next(self._calendars.weeks_of(Slots.range(run.start, run.stop)))
            page = self._page = self.pages.setdefault(week.start, WeekPage(week=week))
        if page.closed is not None or run.stop > page.week.stop:
            return False
        page.add(run, written)
        return True

    def _take_change(self, entry: Entry) -> None:
        change, _ = entry.change, entry.by  # whoever recorded it must be told, too
        if isinstance(change, ContractOpened):
            if self._contract is not None or entry.number != 1:
                self._fault(entry.number, f"entry {entry.number} opens a contract that is open")
            self._contract, self._calendars = change.contract, Calendars(change.policy)
        elif self._contract is None or self._calendars is None:
            self._fault(entry.number, "does not begin with the opening of the contract")
        else:
            self._take_session(entry)
            for week in self._calendars.weeks_of(change.slots):
                self._take_into(week, entry)
            rule = self._calendars.of(self._calendars.week_of(entry.at)).dispute
            self._contract = contract_after(self._contract, entry, change, rule)

    def _take_session(self, entry: Entry) -> None:
        change = entry.change
        if isinstance(change, CaptureStarted):
            self._sessions[entry.id] = change.commitment
        elif isinstance(change, CaptureEnded):
            # CAPTURE-2: an end discloses what its start has committed to, once.
            committed = self._sessions.pop(change.of, None)
            if committed != commitment_of(bytes.fromhex(change.secret)):
                what = f"entry {entry.number} does not end a session with the secret of its start"
                self._fault(entry.number, what)

    def _take_into(self, week: Week, entry: Entry) -> None:
        page = self.pages.get(week.start)
        if page is None:
            page = self.pages[week.start] = WeekPage(week=week)
        change = entry.change
        if isinstance(change, WeekClosed):
            if page.closed is not None:
                self._fault(entry.number, f"entry {entry.number} closes the {week} again")
                return
            self._compare_bill(page, entry, change)
            page.fold(entry, change)
            self._compare_kept(page)
            self._replace(WeekPage(week=week, state=page.state, closed=entry))
            self._done.add(week.start)
            self.closed += 1
        else:
            page.fold(entry, change)
            if page.closed is not None and page.taken:
                self._fault(entry.number, f"entry {entry.number} changes the {week}, which is closed")
                self._replace(WeekPage(week=week, state=page.state, closed=page.closed))

    def _replace(self, page: WeekPage) -> None:
        self.pages[page.week.start] = page
        self._page = None

    def _compare_bill(self, page: WeekPage, entry: Entry, change: WeekClosed) -> None:
        try:
            closed = ClosedWeek.of(entry)
            closed.recompute(page.kept().sheet, page.week)
        except WorkdiaryError as error:
            self._fault(entry.number, str(error))
            return
        said = (closed.document["journal"], closed.contract, policy_digest(closed.policy))
        head = START if self._last is None else self._last.head
        if said != (str(head), self._contract, change.policy):
            what = f"the bill of the {page.week} is not of this diary, contract and policy as they stood"
            self._fault(entry.number, what)

    def finish(self, starts: set[int]) -> None:
        """Compare what is kept with what the whole diary comes to."""
        standing = self._journal.standing(self._id)
        if self._calendars is None or standing.contract != self._contract or standing.policy != self._calendars.policy:
            self._fault(None, "the kept contract is not what its entries come to")
        for start, page in self.pages.items():
            if start not in self._done:
                self._compare_kept(page)
        for start in sorted(starts - self.pages.keys()):
            self._fault(None, f"a week is kept from {slot_start(start)} that no entry touches")

    def _compare_kept(self, page: WeekPage) -> None:
        try:
            kept = self._journal.week(self._id, page.week.start)
        except WorkdiaryError as error:
            self._fault(None, f"the kept {page.week} cannot be read: {error}")
            return
        if kept is None:
            self._fault(None, f"nothing is kept of the {page.week}")
            return
        if (kept.start, kept.stop, kept.state) != (page.week.start, page.week.stop, page.state):
            self._fault(None, f"the {page.week} is kept as {kept.state.value}, and is {page.state.value}")
        names = unlike(page.kept().sheet, kept)
        if names:
            self._fault(None, f"the kept {', '.join(names)} of the {page.week} are not those of its entries")

    def _fault(self, number: int | None, what: str) -> None:
        self.faults.append(Fault(contract=self._id, number=number, what=what))
