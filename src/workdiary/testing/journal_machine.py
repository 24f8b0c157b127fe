"""A state machine that compares any journal with the one in memory, through everything that can happen.

Hypothesis makes up histories of appended batches, refused ones, blocks that end half way, clocks that
jump, races, quarantines and, for a journal that lasts, reopenings; after each step both journals must
say the same. `JournalConformance` runs it; by itself::

    TestMyJournal = journal_machine(lambda clock: MyJournal(path, clock=clock)).TestCase

All histories of one machine are written into the same journal, each with contracts of its own, since a
journal forgets nothing. Needs the extra ``testing``, and pytest.
"""

# ruff: noqa: S101 - a test suite asserts

from __future__ import annotations

from collections.abc import Callable
from itertools import count, pairwise
from typing import ClassVar, TypeAlias

from workdiary.diary.changes import Change
from workdiary.diary.entry import Entry
from workdiary.diary.journal import Journal, KeptWeek, WeekState, Writing, head_of
from workdiary.errors import ChainError, IdConflict, InvalidValue, VersionConflict, WorkdiaryError
from workdiary.store.memory import MemoryJournal
from workdiary.testing._hypothesis import st, stateful
from workdiary.testing._journal_bench import NOW, Clock, Fault, at_once, contract_of, edited, kept_week, seal
from workdiary.testing.diary_strategies import changes
from workdiary.testing.nasty import MEMOS

__all__ = ["JournalMachine", "Opener", "journal_machine"]

Opener: TypeAlias = "Callable[[Callable[[], float]], Journal]"
"""Opens the journal under test with a clock; called again after `close`, it opens the same one again."""

_NAMES = ("a", "b", "ü")
_WEEK = 1008
_HISTORIES = count(1)

_names = st.sampled_from(_NAMES)
_places = st.integers(-3, 4 * _WEEK)
_some_places = st.lists(st.integers(0, 1000), min_size=1, max_size=3)
_lengths = st.integers(1, 3) | st.integers(1, 2 * _WEEK)


@st.composite
def _changes(draw: st.DrawFn) -> Change:
    """Draw changes that touch a few slots often, and any change now and then."""
    if draw(st.integers(0, 4)) == 0:
        return draw(changes())
    start = draw(_places)
    return edited(start, start + draw(st.integers(1, 12)), draw(st.sampled_from(MEMOS)))


@st.composite
def _weeks(draw: st.DrawFn) -> tuple[KeptWeek, ...]:
    starts = draw(st.lists(st.integers(-1, 3), max_size=2, unique=True))
    memos = st.lists(st.sampled_from(MEMOS), max_size=5)
    return tuple(
        kept_week(start * _WEEK, state=draw(st.sampled_from(WeekState)), memos=draw(memos)) for start in starts
    )


_batches = st.lists(_changes(), min_size=1, max_size=4)
_rates = st.sampled_from(("30.00", "31", "22.225"))


class JournalMachine(stateful.RuleBasedStateMachine):
    """A journal and `MemoryJournal` side by side: subclass it with `open_journal`, or call `journal_machine`."""

    open_journal: ClassVar[Opener]
    """Opens the journal with a clock; called again, the same journal."""

    lasts: ClassVar[bool] = True
    """Whether the journal outlives `close`."""

    def __init__(self) -> None:
        super().__init__()
        self.history = next(_HISTORIES)
        self.clock = Clock()
        self.ids = count(1)
        self.journal: Journal = type(self).open_journal(self.clock)
        self.model: Journal = MemoryJournal(clock=self.clock)
        self.latest = NOW
        self.decided = NOW
        # What earlier histories have left behind: their quarantine, and the latest moment on record.
        for kept in self.journal.quarantined():
            self.journal.release(kept.number)
        with self.journal.writing(self.named("a")) as writing:
            self.latest = self.decided = self.clock.now = writing.at

    def teardown(self) -> None:
        """Close both."""
        self.journal.close()
        self.model.close()

    def named(self, name: str) -> str:
        """Return the id of this history's contract `name`."""
        return f"{self.history:06}-{name}"

    def sealed(self, writing: Writing, contract: str, changes: list[Change]) -> list[Entry]:
        """Return `changes` as the next entries of the block `writing`."""
        head = head_of(writing.standing)
        entries: list[Entry] = []
        for change in changes:
            id = f"e-{next(self.ids)}"
            entries.append(seal(change, head, id=id, contract=contract, at=writing.at))
            head = entries[-1].head
        return entries

    def check_moment(self, at: int) -> None:
        """Check that `at` is the clock's second, or what a decision before it demands."""
        now = int(self.clock.now)
        assert max(now, self.latest) <= at <= max(now, self.decided)
        self.decided = max(self.decided, at)

    # What can happen.

    @stateful.rule(by=st.integers(-100_000, 100_000) | st.sampled_from((0.25, 0.75, 1, 600)))
    def the_clock_jumps(self, by: float) -> None:
        """Set the clock forward or back."""
        self.clock.now += by

    @stateful.rule(name=_names, batches=st.lists(st.tuples(_batches, _weeks(), _rates), min_size=1, max_size=3))
    def a_block_appends(self, name: str, batches: list[tuple[list[Change], tuple[KeptWeek, ...], str]]) -> None:
        """Append batches in one block, comparing what stands after each."""
        id = self.named(name)
        with self.journal.writing(id) as writing, self.model.writing(id) as model:
            self.check_moment(writing.at)
            for changes, weeks, rate in batches:
                entries = self.sealed(writing, id, changes)
                for block in (writing, model):
                    block.append(entries, contract=contract_of(id, rate=rate), policy="upwork", weeks=weeks)
                self.compare_blocks(writing, model, entries, weeks)
            self.latest = max(self.latest, writing.at)

    @stateful.rule(name=_names, changes=_batches, weeks=_weeks(), bare=st.booleans())
    def a_block_ends_half_way(self, name: str, changes: list[Change], weeks: tuple[KeptWeek, ...], bare: bool) -> None:
        """Append, then raise, so that all of it is undone."""
        id = self.named(name)
        try:
            with self.journal.writing(id) as writing:
                self.check_moment(writing.at)
                if not bare:
                    entries = self.sealed(writing, id, changes)
                    writing.append(entries, contract=contract_of(id, rate="99"), policy="odd", weeks=weeks)
                raise Fault
        except Fault:
            pass

    @stateful.rule(
        name=_names,
        good=_batches,
        flaw=st.sampled_from(("stale", "ahead", "known id", "twice", "gap", "fork", "other contract", "empty")),
        change=_changes(),
        weeks=_weeks(),
        caught=st.booleans(),
    )
    def a_batch_is_refused(
        self, name: str, good: list[Change], flaw: str, change: Change, weeks: tuple[KeptWeek, ...], caught: bool
    ) -> None:
        """Append a good batch and then a bad one; whether the first stays depends on who catches the refusal."""
        id = self.named(name)
        refusals: list[tuple[type[WorkdiaryError], str]] = []
        entries: list[Entry] | None = None
        bad: list[Entry] = []
        for journal in (self.journal, self.model):
            try:
                with journal.writing(id) as writing:
                    if entries is None:
                        self.check_moment(writing.at)
                        entries = self.sealed(writing, id, good)
                        bad = self.flawed(flaw, entries, change)
                        if caught:
                            self.latest = max(self.latest, writing.at)
                    writing.append(entries, contract=contract_of(id), policy="upwork")
                    try:
                        writing.append(bad, contract=contract_of(id, rate="99"), policy="odd", weeks=weeks)
                    except (ChainError, IdConflict, InvalidValue, VersionConflict) as error:
                        refusals.append((type(error), str(error)))
                        if not caught:
                            raise
            except (ChainError, IdConflict, InvalidValue, VersionConflict):
                pass
        assert len(refusals) == 2, f"only one of both refused {flaw}"
        assert refusals[0] == refusals[1]

    def flawed(self, flaw: str, after: list[Entry], change: Change) -> list[Entry]:
        """Return a batch that has `flaw`, to follow the entries `after`."""
        last = after[-1]
        id, at = f"e-{next(self.ids)}", last.at
        fine = seal(change, last.head, id=id, contract=last.contract, at=at)
        match flaw:
            case "stale":
                return [after[0]]
            case "ahead":
                return [seal(change, fine.head, id="x", contract=last.contract, at=at)]
            case "known id":
                return [seal(change, last.head, id=after[0].id, contract=last.contract, at=at)]
            case "twice":
                return [fine, seal(change, fine.head, id=id, contract=last.contract, at=at)]
            case "gap":
                next_one = seal(change, fine.head, id="x", contract=last.contract, at=at)
                return [fine, seal(change, next_one.head, id="y", contract=last.contract, at=at)]
            case "fork":
                other = seal(edited(7), last.head, id="other", contract=last.contract, at=at)
                return [fine, seal(change, other.head, id="x", contract=last.contract, at=at)]
            case "other contract":
                return [seal(change, last.head, id=id, contract="another", at=at)]
            case _:
                return []

    @stateful.rule(plan=st.lists(st.tuples(_names, _changes(), st.booleans()), min_size=2, max_size=6))
    def threads_race(self, plan: list[tuple[str, Change, bool]]) -> None:
        """Let a thread an item append at once, some failing; the model then gets them in the order that came about."""
        ids = [f"e-{next(self.ids)}" for _ in plan]

        def work(n: int) -> None:
            name, change, fails = plan[n]
            id = self.named(name)
            try:
                with self.journal.writing(id) as writing:
                    entry = seal(change, head_of(writing.standing), id=ids[n], contract=id, at=writing.at)
                    writing.append([entry], contract=contract_of(id), policy="upwork")
                    if fails:
                        raise Fault
            except Fault:
                pass

        at_once(len(plan), work)
        for id in sorted({self.named(name) for name, _, _ in plan}):
            with self.model.writing(id) as model:
                known = 0 if model.standing is None else model.standing.head.version
                wanted = {ids[n] for n, (name, _, fails) in enumerate(plan) if self.named(name) == id and not fails}
                entries = list(self.journal.read(id, since=known)) if wanted or known else []
                assert {entry.id for entry in entries} == wanted
                assert all(entry.at <= later.at for entry, later in pairwise(entries))
                for entry in entries:
                    model.append([entry], contract=contract_of(id), policy="upwork")
                    self.latest = max(self.latest, entry.at)
        self.decided = max(self.decided, self.latest, int(self.clock.now))

    @stateful.rule(body=st.sampled_from((b"", b"{", b"\x00\xff", b"\xed\xa0\x80")) | st.binary(max_size=20))
    def something_is_quarantined(self, body: bytes) -> None:
        """Keep unreadable bytes."""
        kept, wanted = (journal.quarantine(body, f"error {body!r}") for journal in (self.journal, self.model))
        assert (kept.body, kept.error) == (wanted.body, wanted.error)
        assert kept in self.journal.quarantined()

    @stateful.precondition(lambda self: self.model.quarantined())
    @stateful.rule(place=st.integers(0, 1000))
    def something_is_released(self, place: int) -> None:
        """Take one out of quarantine."""
        place %= len(self.model.quarantined())
        for journal in (self.journal, self.model):
            journal.release(journal.quarantined()[place].number)

    @stateful.precondition(lambda self: self.lasts)
    @stateful.rule()
    def the_journal_is_opened_again(self) -> None:
        """Close the journal, and open the same one."""
        self.journal.close()
        self.journal = type(self).open_journal(self.clock)

    @stateful.rule(name=_names, since=st.integers(0, 12), places=_some_places, length=_lengths)
    def somebody_reads(self, name: str, since: int, places: list[int], length: int) -> None:
        """Read parts of a diary: since a number, and what touches ranges that end or begin at an entry's edge."""
        id = self.named(name)
        if id not in self.model.contracts():
            return
        assert list(self.journal.read(id, since=since)) == list(self.model.read(id, since=since))
        edges = sorted(
            {edge for entry in self.model.read(id) for edge in (entry.start, entry.stop) if edge is not None}
        )
        for place in places if edges else []:
            edge = edges[place % len(edges)]
            for touching in ((edge - length, edge), (edge, edge + length)):
                for number in (0, since):
                    found = list(self.journal.read(id, since=number, touching=touching))
                    assert found == list(self.model.read(id, since=number, touching=touching))

    @stateful.rule(by=st.integers(-1, 0), start=_places)
    def somebody_lists_weeks(self, by: int, start: int) -> None:
        """List the weeks that end by the end of each, or one slot before it; and look for a week at any slot."""
        for state in WeekState:
            for end in range(0, 5 * _WEEK, _WEEK):
                self.compare_weeks(state, end + by)
        for id in self.model.contracts():
            assert self.journal.week(id, start) == self.model.week(id, start)

    # What must hold after each step.

    @stateful.invariant()
    def both_list_the_same(self) -> None:
        """Compare contracts, weeks and quarantine."""
        mine = f"{self.history:06}-"
        contracts = tuple(id for id in self.journal.contracts() if id.startswith(mine))
        assert contracts == self.model.contracts()
        for state in WeekState:
            self.compare_weeks(state, 10 * _WEEK)
        kept, expected = self.journal.quarantined(), self.model.quarantined()
        assert [(one.body, one.error) for one in kept] == [(one.body, one.error) for one in expected]
        assert all(one.number < later.number for one, later in pairwise(kept))

    @stateful.invariant()
    def both_hold_the_same(self) -> None:
        """Compare each diary: its entries, what stands, its weeks."""
        for id in self.model.contracts():
            entries = list(self.model.read(id))
            assert list(self.journal.read(id)) == entries
            assert self.journal.standing(id) == self.model.standing(id)
            ids = [entry.id for entry in entries[-3:]]
            assert self.journal.find(id, [*ids, "absent"]) == self.model.find(id, ids)
            for start in range(-_WEEK, 4 * _WEEK, _WEEK):
                kept = self.model.week(id, start)
                # That there is no other week than these was seen in the list.
                assert kept is None or self.journal.week(id, start) == kept

    def compare_weeks(self, state: WeekState, ends_by: int) -> None:
        """Compare the lists of weeks in `state` that end by a slot."""
        mine = f"{self.history:06}-"
        found = [week for week in self.journal.weeks(state=state, ends_by=ends_by) if week[0].startswith(mine)]
        assert found == list(self.model.weeks(state=state, ends_by=ends_by))

    def compare_blocks(
        self, writing: Writing, model: Writing, entries: list[Entry], weeks: tuple[KeptWeek, ...]
    ) -> None:
        """Compare what two blocks show of themselves."""
        assert writing.standing == model.standing
        assert list(writing.read()) == list(model.read())
        first = entries[0]
        assert list(writing.read(since=first.number - 1)) == entries
        assert writing.find([first.id]) == {first.id: first}
        assert [writing.week(week.start) for week in weeks] == list(weeks)


def journal_machine(open_journal: Opener, *, lasts: bool = True) -> type[JournalMachine]:
    """Return a machine for the journal that `open_journal` opens; `lasts` says whether it outlives `close`."""

    class Machine(JournalMachine):
        pass

    Machine.open_journal = staticmethod(open_journal)
    Machine.lasts = lasts
    return Machine
