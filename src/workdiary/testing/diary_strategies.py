"""Hypothesis strategies for what a diary holds: changes, entries and chains of them, kept weeks, quarantine.

Like those of `workdiary.testing.strategies`, Hypothesis finds them by itself, so ``st.from_type(Entry)``
just works. Needs the extra ``testing``.

>>> from hypothesis import given, settings
>>> @settings(max_examples=10, database=None)
... @given(chains())
... def test_a_chain_holds(entries: tuple[Entry, ...]) -> None:
...     head = START
...     for entry in entries:
...         entry.check(head)
...         head = entry.head
>>> test_a_chain_holds()
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from workdiary import policies as presets
from workdiary.diary.changes import (
    CaptureConsented,
    CaptureEnded,
    CaptureStarted,
    Change,
    ContractOpened,
    DisputeResolved,
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
    WeekClosed,
    WeekParked,
)
from workdiary.diary.entry import ID_LENGTH, START, Entry, Head
from workdiary.diary.journal import KeptWeek, Quarantined, Standing, WeekState
from workdiary.model.contract import Actor, Role
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment, Source
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import Week, instant
from workdiary.testing._hypothesis import st
from workdiary.testing.strategies import (
    LABELS,
    MEMOS,
    contracts,
    facts,
    instants,
    policies,
    recorded_weeks,
    segments,
    slot_sets,
    status_timelines,
    terms,
    weeks,
)

__all__ = [
    "actors",
    "chains",
    "changes",
    "entries",
    "entry_ids",
    "heads",
    "kept_weeks",
    "quarantined",
    "standings",
]

_MONDAY: Final = instant("2026-11-16T00:00Z").slot
_WIDTH: Final = 1008


@cache
def actors() -> st.SearchStrategy[Actor]:
    """Return a strategy for those who record."""
    return st.builds(Actor, id=st.sampled_from(("ana", "acme", "eve", "ünï \U0001f980")), role=st.sampled_from(Role))


@cache
def entry_ids() -> st.SearchStrategy[str]:
    """Return a strategy for the ids of entries: 1 to 200 printable characters."""
    usual = st.sampled_from(("e-1", "E-1", "0", "%", "'", "é", "e\u0301", "x" * ID_LENGTH)) | st.uuids().map(str)
    printable = st.characters(categories=["L", "M", "N", "P", "S"])
    # Python's tables and Hypothesis' may be of two versions of Unicode.
    return usual | st.text(printable, min_size=1, max_size=20).filter(str.isprintable)


@cache
def heads() -> st.SearchStrategy[Head]:
    """Return a strategy for ends of chains, among them the start."""
    digests = st.binary(min_size=32, max_size=32)
    return st.just(START) | st.builds(Head, version=st.integers(1, 10**9), digest=digests)


# Changes.


@cache
def _texts() -> st.SearchStrategy[str]:
    return st.sampled_from(MEMOS) | st.text(max_size=20)


@st.composite
def _ranges(draw: st.DrawFn) -> tuple[Slots, Slots]:
    """Draw a range that was asked for, and the slots of it that were touched: at least one."""
    start = _MONDAY + draw(st.integers(-6, _WIDTH + 6))
    stop = start + draw(st.integers(1, 3) | st.integers(1, 60))
    asked = Slots.range(Slot(start), Slot(stop))
    touched = draw(st.just(asked) | slot_sets(start, stop - start))
    return asked, touched or asked


@cache
def _week_slots() -> st.SearchStrategy[Slots]:
    return weeks().map(lambda week: week.slots)


@st.composite
def _parts_of_a_week(draw: st.DrawFn, number: int) -> tuple[Slots, ...]:
    """Draw a week's slots, and `number` disjoint sets of them."""
    week = draw(_week_slots())
    start = next(iter(week))
    left = Slots.range(start, Slot(start + len(week)))
    parts = [week]
    for _ in range(number):
        parts.append(draw(slot_sets(int(start), len(week))) & left)
        left = left - parts[-1]
    return tuple(parts)


@st.composite
def _uploads(draw: st.DrawFn) -> tuple[Segment, ...]:
    recorded = draw(recorded_weeks(max_runs=3))
    found = tuple(segment for segment in recorded if segment.source is Source.TRACKED)
    return found or (draw(segments(source=Source.TRACKED)),)


@st.composite
def _tracked(draw: st.DrawFn) -> TimeTracked:
    upload = draw(_uploads())
    aside = [segment.slot for segment in upload if draw(st.integers(0, 9)) == 0] if len(upload) < 20 else []
    return TimeTracked(segments=upload, made_at=draw(instants()), aside=Slots(aside), marks=draw(_marks()))


@cache
def _marks() -> st.SearchStrategy[list[str]]:
    return st.just([]) | st.lists(st.from_regex(r"[a-z][a-z_]{0,39}", fullmatch=True), max_size=3, unique=True)


@st.composite
def _resolved(draw: st.DrawFn) -> DisputeResolved:
    week, paid, refunded, covered, unpaid = draw(_parts_of_a_week(4))
    return DisputeResolved(
        week=week,
        of=draw(entry_ids()),
        paid=paid,
        refunded=refunded,
        covered=covered,
        unpaid=unpaid,
        amounts=("10.00 USD", "0.00 USD", "5.55 USD", "0.00 USD"),
    )


@cache
def _digits() -> st.SearchStrategy[str]:
    return st.binary(min_size=32, max_size=32).map(bytes.hex)


@cache
def _policy_names() -> st.SearchStrategy[str | Policy]:
    return st.sampled_from(presets.names()) | policies()


_LABELS: Final = (*(label for label in LABELS if label is None or label.strip()), "é \U0001f980")

_STRATEGY_OF: Final[dict[type[Change], Callable[[], st.SearchStrategy[Change]]]] = {
    ContractOpened: lambda: st.builds(ContractOpened, contract=contracts(), policy=_policy_names()),
    TimeTracked: _tracked,
    LateEvidence: lambda: st.builds(LateEvidence, segments=_uploads(), made_at=instants(), marks=_marks()),
    TimeAdded: lambda: st.tuples(_ranges(), _texts(), st.sampled_from(_LABELS)).map(
        lambda drawn: TimeAdded(asked=drawn[0][0], slots=drawn[0][1], memo=drawn[1], label=drawn[2])
    ),
    TimeDeleted: lambda: _ranges().map(lambda drawn: TimeDeleted(asked=drawn[0], slots=drawn[1])),
    MemoEdited: lambda: st.tuples(_ranges(), _texts()).map(
        lambda drawn: MemoEdited(asked=drawn[0][0], slots=drawn[0][1], memo=drawn[1])
    ),
    LabelEdited: lambda: st.tuples(_ranges(), st.sampled_from(_LABELS)).map(
        lambda drawn: LabelEdited(asked=drawn[0][0], slots=drawn[0][1], label=drawn[1])
    ),
    TermsChanged: lambda: st.builds(TermsChanged, terms=terms()),
    StatusChanged: lambda: status_timelines().map(lambda timeline: StatusChanged(status=timeline.values[-1])),
    FactsChanged: lambda: st.builds(FactsChanged, facts=facts()),
    WeekClosed: lambda: st.builds(
        WeekClosed,
        week=_week_slots(),
        statement=st.just("{}") | _texts(),
        digest=_digits(),
        policy=st.sampled_from(presets.names()),
    ),
    WeekParked: lambda: st.builds(WeekParked, week=_week_slots(), difference=_texts()),
    TimeDisputed: lambda: st.tuples(_parts_of_a_week(1), _texts()).map(
        lambda drawn: TimeDisputed(week=drawn[0][0], disputed=drawn[0][1], reason=drawn[1])
    ),
    PaymentFailed: lambda: st.builds(PaymentFailed, week=_week_slots()),
    DisputeResolved: _resolved,
    CaptureConsented: lambda: st.builds(CaptureConsented, notice=entry_ids()),
    CaptureStarted: lambda: st.builds(CaptureStarted, commitment=_digits(), began=instants()),
    CaptureEnded: lambda: st.builds(CaptureEnded, of=entry_ids(), secret=_digits(), ended=instants()),
}


def changes(kind: type[Change] | None = None) -> st.SearchStrategy[Change]:
    """Return a strategy for changes: of one `kind` when given, else of any."""
    return _any_change() if kind is None else _changes_of(kind.__name__)


@cache
def _changes_of(name: str) -> st.SearchStrategy[Change]:
    return next(make() for kind, make in _STRATEGY_OF.items() if kind.__name__ == name)


@cache
def _any_change() -> st.SearchStrategy[Change]:
    return st.one_of([_changes_of(kind.__name__) for kind in _STRATEGY_OF])


# Entries, and what is kept beside them.


@st.composite
def entries(draw: st.DrawFn, kind: type[Change] | None = None) -> Entry:
    """Draw a sealed entry, of a `kind` of change when given; what it follows is drawn too."""
    return Entry.seal(
        contract=draw(st.sampled_from(("c-1", "c-2", "ü \U0001f980"))),
        after=draw(heads()),
        id=draw(entry_ids()),
        at=draw(instants()),
        by=draw(actors()),
        change=draw(changes(kind)),
    )


@st.composite
def chains(draw: st.DrawFn, contract: str = "c-1", max_size: int = 6) -> tuple[Entry, ...]:
    """Draw entries of `contract` that follow one another from the start on, with ids of their own."""
    head = START
    at = draw(instants())
    found: list[Entry] = []
    for id in draw(st.lists(entry_ids(), max_size=max_size, unique=True)):
        entry = Entry.seal(contract=contract, after=head, id=id, at=at, by=draw(actors()), change=draw(changes()))
        found.append(entry)
        head = entry.head
    return tuple(found)


@st.composite
def kept_weeks(draw: st.DrawFn, week: Week | None = None) -> KeptWeek:
    """Draw a kept week, of `week` when given."""
    week = draw(weeks()) if week is None else week
    sheet = Sheet.of(draw(recorded_weeks(week)), week)
    return KeptWeek(start=week.start, stop=week.stop, state=draw(st.sampled_from(WeekState)), sheet=sheet)


@cache
def standings() -> st.SearchStrategy[Standing]:
    """Return a strategy for contracts as they stand after at least one entry."""
    head = heads().filter(lambda head: head.version > 0)
    return st.builds(Standing, head=head, at=instants(), contract=contracts(), policy=_policy_names())


@cache
def quarantined() -> st.SearchStrategy[Quarantined]:
    """Return a strategy for unreadable bytes in quarantine."""
    return st.builds(
        Quarantined,
        number=st.integers(1, 10**9),
        at=instants(),
        body=st.sampled_from((b"", b"{", b"\xed\xa0\x80")) | st.binary(max_size=100),
        error=_texts(),
    )
