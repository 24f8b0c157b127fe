"""Hypothesis strategies for every public value, biased towards the moments at which diaries break.

Hypothesis finds them by itself (entry point ``hypothesis``), so ``st.from_type(Segment)`` just works;
import the functions here to say more, such as the week that the segments lie in. Needs the extra
``testing``.

>>> from hypothesis import given, settings
>>> @settings(max_examples=10, database=None)
... @given(worked_weeks())
... def test_the_bill_is_the_sum_of_its_lines(worked: WorkedWeek) -> None:
...     statement = worked.statement()
...     assert statement.amount.minor == sum(line.amount.minor for line in statement.lines)
>>> test_the_bill_is_the_sum_of_its_lines()
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Final, NamedTuple

import attrs

from workdiary.model.activity import MINUTES, Activity, Minute
from workdiary.model.contract import AlreadyProtected, Contract, ContractStatus, Facts, StatusChange, Terms
from workdiary.model.currency import MINOR_DIGITS
from workdiary.model.edit import AddTime, DeleteTime, Edit, EditLabel, EditMemo
from workdiary.model.money import Hours, Money, hours
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.sheet import Sheet
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.timeline import T, Timeline
from workdiary.model.times import Instant, Week, instant
from workdiary.model.verdict import Reason, ReasonCode, Verdict
from workdiary.statement import WeekStatement, week_statement
from workdiary.testing._hypothesis import st
from workdiary.testing._policies import credit_rules, limit_rules, policies, protection_rules
from workdiary.testing._times import (
    instants,
    slot_numbers,
    slot_sets,
    wall_offsets,
    week_rules,
    weeks,
    zones,
)
from workdiary.testing.nasty import LABELS, MEMOS, NASTY, ZONES

__all__ = [
    "LABELS",
    "MEMOS",
    "NASTY",
    "ZONES",
    "WorkedWeek",
    "activities",
    "contracts",
    "credit_rules",
    "currencies",
    "edits",
    "facts",
    "hour_limits",
    "instants",
    "limit_rules",
    "minutes",
    "money",
    "policies",
    "protection_rules",
    "rates",
    "reasons",
    "recorded_weeks",
    "segments",
    "sheets",
    "slot_numbers",
    "slot_sets",
    "snapshots",
    "statements",
    "status_timelines",
    "terms",
    "timelines",
    "tracked_stretches",
    "verdicts",
    "wall_offsets",
    "week_rules",
    "weeks",
    "worked_weeks",
    "zones",
]


_MAY: Final = instant("2026-11-16T00:00Z")


# Segments.


@cache
def minutes() -> st.SearchStrategy[Minute]:
    """Return a strategy for one minute's counts, idle ones often."""
    count = st.just(0) | st.integers(0, 400)
    return st.builds(Minute, keystrokes=count, clicks=count, scrolls=count)


@cache
def activities() -> st.SearchStrategy[Activity]:
    """Return a strategy for a segment's activity: by minutes, by meter, or with totals only."""
    total = st.none() | st.integers(0, 5_000)
    by_minute = st.lists(minutes(), min_size=MINUTES, max_size=MINUTES).map(Activity.of_minutes)
    by_total = st.builds(Activity.of_totals, st.integers(0, MINUTES), keystrokes=total, mouse_events=total)
    return st.integers(0, MINUTES).map(Activity.of_meter) | by_minute | by_total


def snapshots(slot: int | None = None) -> st.SearchStrategy[Snapshot]:
    """Return a strategy for snapshots, within `slot` when given; without a moment sometimes."""
    if slot is None:
        return st.tuples(st.none() | instants(), _digests()).map(lambda pair: Snapshot(at=pair[0], digest=pair[1]))
    return _shots().map(lambda shot: _moved_shot(shot, slot))


@cache
def _digests() -> st.SearchStrategy[str | None]:
    return st.sampled_from((None, "sha256:00", "sha256:ff"))


@cache
def _shots() -> st.SearchStrategy[Snapshot]:
    """Return a strategy for snapshots in slot 0."""
    seconds = st.sampled_from((None, 0, SECONDS_PER_SLOT - 1)) | st.integers(0, SECONDS_PER_SLOT - 1)
    ats = seconds.map(lambda second: None if second is None else Instant(second))
    return st.tuples(ats, _digests()).map(lambda pair: Snapshot(at=pair[0], digest=pair[1]))


def _moved_shot(shot: Snapshot, by: int) -> Snapshot:
    return shot if shot.at is None else attrs.evolve(shot, at=Instant(shot.at + by * SECONDS_PER_SLOT))


@cache
def _memos() -> st.SearchStrategy[str]:
    return st.sampled_from(MEMOS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def segments(slot: int | None = None, source: Source | None = None) -> st.SearchStrategy[Segment]:
    """Return a strategy for recorded segments, of `slot` and `source` when given."""
    if slot is not None:
        return _segments(source).map(lambda segment: _moved(segment, slot))
    return st.tuples(_segments(source), slot_numbers()).map(lambda pair: _moved(*pair))


@cache
def _segments(source: Source | None) -> st.SearchStrategy[Segment]:
    """Return a strategy for segments of slot 0."""
    texts = st.tuples(_memos(), st.sampled_from(LABELS))
    manual = texts.map(lambda pair: Segment.manual(0, memo=pair[0], label=pair[1]))
    evidence = st.tuples(st.none() | activities(), st.lists(_shots(), max_size=2))
    tracked = st.tuples(texts, evidence).map(
        lambda pair: Segment.tracked(0, memo=pair[0][0], label=pair[0][1], activity=pair[1][0], snapshots=pair[1][1])
    )
    if source is not None:
        return manual if source is Source.MANUAL else tracked
    return tracked | manual


@st.composite
def recorded_weeks(draw: st.DrawFn, week: Week | None = None, max_runs: int = 6) -> tuple[Segment, ...]:
    """Draw the segments of a week, in distinct slots and any order; runs of equal ones, as people work."""
    week = draw(weeks()) if week is None else week
    made: list[Segment] = []
    place = int(week.start)
    for gap, length, first in draw(st.lists(_runs(), max_size=max_runs)):
        begin, stop = place + gap, min(place + gap + length, week.stop)
        made.extend(_moved(first, slot) for slot in range(begin, stop))
        place = max(place, stop)
    # Turned at some place and then reversed: no order that a rule could lean on.
    turn = draw(st.integers(0, len(made)))
    return tuple((made[turn:] + made[:turn])[::-1])


@cache
def _runs() -> st.SearchStrategy[tuple[int, int, Segment]]:
    """Return a strategy for runs: the free slots before, the length, and the first segment."""
    gaps = st.sampled_from((0, 0, 1)) | st.integers(0, 250)
    return st.tuples(gaps, st.integers(1, 3) | st.integers(1, 60), _segments(None))


def _moved(segment: Segment, by: int) -> Segment:
    shots = tuple(_moved_shot(shot, by) for shot in segment.snapshots)
    return attrs.evolve(segment, slot=Slot(segment.slot + by), snapshots=shots)


def _half_slots(n: int) -> int:
    return n * SECONDS_PER_SLOT // 2


@st.composite
def tracked_stretches(draw: st.DrawFn, max_size: int = 4) -> tuple[list[tuple[Instant, Instant]], list[Instant]]:
    """Draw what a tracker reports: stretches, perhaps overlapping or empty, and snapshots near them."""
    base = draw(instants())
    begin = st.integers(0, 5_000)
    length = st.sampled_from((0, 1, 299, 300, 301, 599, 600, 601)) | st.integers(0, 4_000)
    if draw(st.booleans()):
        # All in half slots, so that exact ties are met.
        base = Instant(base - base % SECONDS_PER_SLOT)
        begin, length = (st.integers(0, most).map(_half_slots) for most in (10, 5))
    pairs = draw(st.lists(st.tuples(begin, length), max_size=max_size))
    stretches = [(Instant(base + at), Instant(base + at + seconds)) for at, seconds in pairs]
    edges = [edge for pair in stretches for edge in pair]
    shot = st.integers(0, 9_000).map(lambda second: Instant(base + second))
    return stretches, draw(st.lists(shot | st.sampled_from(edges) if edges else shot, max_size=6))


# Money and contracts.


@cache
def currencies() -> st.SearchStrategy[str]:
    """Return a strategy for currencies: mostly of 2 minor digits, also of 0, 3 and 4."""
    return st.sampled_from(("USD", "EUR", "JPY", "KWD", "CLF")) | st.sampled_from(sorted(MINOR_DIGITS))


def money(currency: str | None = None) -> st.SearchStrategy[Money]:
    """Return a strategy for amounts, of one currency when given."""
    return st.builds(Money, st.integers(0, 10**9), currencies() if currency is None else st.just(currency))


@cache
def rates() -> st.SearchStrategy[Decimal]:
    """Return a strategy for hourly rates, among them ones that end in half a cent a segment."""
    usual = ("0", "0.01", "0.03", "10", "10.0", "22.22", "22.225", "27.78", "30.00", "33.33", "99.99", "4071")
    return st.sampled_from(usual).map(Decimal) | st.decimals("0", "1000", places=3).map(abs)


@cache
def hour_limits() -> st.SearchStrategy[Hours | None]:
    """Return a strategy for weekly limits: none, zero, fractions of a segment, and usual ones."""
    usual = (None, "0", "0.16", "0.17", "0.5", "1", "2.5", "5", "12.5", "40", "167.99", "168", "200")
    limits = st.sampled_from(usual) | st.integers(0, 60).map(lambda n: str(Decimal(n) / 4))
    return limits.map(lambda text: None if text is None else hours(text))


def terms(since: Instant | None = None) -> st.SearchStrategy[Terms]:
    """Return a strategy for terms, from `since` when given."""
    return _since(since).flatmap(_terms)


def _since(since: Instant | None) -> st.SearchStrategy[Instant]:
    return instants() if since is None else st.just(since)


def _terms(since: Instant) -> st.SearchStrategy[Terms]:
    return _term_values().map(lambda parts: _terms_of(since, *parts))


@cache
def _term_values() -> st.SearchStrategy[tuple[Decimal, Hours | None, bool]]:
    return st.tuples(rates(), hour_limits(), st.booleans())


def _terms_of(since: Instant, rate: Decimal, limit: Hours | None, manual: bool) -> Terms:
    return Terms(since=since, rate=rate, weekly_limit=limit, manual_time_allowed=manual)


def facts(since: Instant | None = None) -> st.SearchStrategy[Facts]:
    """Return a strategy for facts about the accounts, from `since` when given."""
    return _since(since).flatmap(lambda at: _fact_values().map(lambda known: _facts_of(at, *known)))


@cache
def _fact_values() -> st.SearchStrategy[tuple[bool, bool, bool]]:
    known = st.sampled_from((True, True, False))
    return st.tuples(known, known, known)


def _facts_of(since: Instant, billing: bool, standing: bool, identity: bool) -> Facts:
    return Facts(since=since, billing_verified=billing, good_standing=standing, identity_verified=identity)


def _dates(draw: st.DrawFn, begin: int, end: int, first: int) -> list[Instant]:
    """Draw `first` and instants after it within a stretch, on the grid or off it, in order."""
    made = {first}
    for at, on_grid in draw(_places()):
        second = begin + at * (end - begin) // 1_000_000
        made.add(second - second % SECONDS_PER_SLOT if on_grid else second)
    return [Instant(at) for at in sorted(made) if at >= first]


@cache
def _places() -> st.SearchStrategy[list[tuple[int, bool]]]:
    # Most changes lie in the first days of the week, where most segments are.
    place = st.integers(55_000, 250_000) | st.integers(0, 1_000_000)
    return st.lists(st.tuples(place, st.booleans()), max_size=3)


_OPEN: Final = (ContractStatus.ACTIVE, ContractStatus.ACTIVE, ContractStatus.PAUSED)


@st.composite
def status_timelines(draw: st.DrawFn, week: Week | None = None) -> Timeline[StatusChange]:
    """Draw a contract's statuses from before a week on; *closed* only as the last one (EDIT-6)."""
    begin, end, first = _span(week)
    dates = _dates(draw, begin, end, first)
    statuses = [draw(st.sampled_from(_OPEN)) for _ in dates[:-1]]
    # A week that starts after the closing has no statement.
    may_close = dates[-1] > begin + 86_400
    statuses.append(draw(st.sampled_from((*_OPEN, ContractStatus.CLOSED) if may_close else _OPEN)))
    return Timeline.of(StatusChange(since=at, status=now) for at, now in zip(dates, statuses, strict=True))


def _span(week: Week | None) -> tuple[int, int, int]:
    """Return a week with the days around it, and an instant well before it."""
    starts_at, ends_at = (_MAY, _MAY + 1008 * SECONDS_PER_SLOT) if week is None else (week.starts_at, week.ends_at)
    return starts_at - 86_400, ends_at + 10 * 86_400, starts_at - 14 * 86_400


@st.composite
def contracts(draw: st.DrawFn, week: Week | None = None) -> Contract:
    """Draw a contract that runs in `week`: terms, statuses and facts change before, in and after it."""
    begin, end, first = _span(week)
    # Now and then the contract begins inside the week.
    began = draw(st.just(first) | st.just(first) | st.integers(begin, begin + 3 * 86_400).map(Instant))
    return Contract(
        id="c-1",
        freelancer="ana",
        client="acme",
        currency=draw(currencies()),
        terms=[draw(terms(at)) for at in _dates(draw, begin, end, began)],
        status=draw(status_timelines(week)),
        facts=[draw(facts(at)) for at in (_dates(draw, begin, end, first) if draw(st.booleans()) else ())],
        labels=draw(st.sampled_from(((), ("Design", "Review")))),
        usual_rate=draw(st.none() | rates()),
        already_protected=draw(
            st.builds(AlreadyProtected, slots=st.integers(0, 20), amount=st.sampled_from(("0", "99.99")))
        ),
    )


# Whole diaries.


class WorkedWeek(NamedTuple):
    """A contract, its segments of one week, that week, and the policy that judges it."""

    contract: Contract
    segments: tuple[Segment, ...]
    week: Week
    policy: Policy

    def statement(self) -> WeekStatement:
        """Return the week's statement."""
        return week_statement(self.contract, self.segments, week=self.week, policy=self.policy)


@st.composite
def worked_weeks(draw: st.DrawFn, policy: Policy | None = None) -> WorkedWeek:
    """Draw a week that has a statement: every segment lies at or after the contract's first terms."""
    policy = draw(policies()) if policy is None else policy
    week = draw(weeks(policy.week))
    contract = draw(contracts(week))
    recorded = draw(recorded_weeks(week))
    return WorkedWeek(contract, tuple(one for one in recorded if one.starts_at >= contract.begins_at), week, policy)


@st.composite
def edits(draw: st.DrawFn, week: Week | None = None) -> Edit:
    """Draw any of the four changes, reaching over the edges of `week` now and then."""
    low, high = (_MAY.slot, _MAY.slot + 1008) if week is None else (week.start, week.stop)
    start = Slot(draw(st.integers(low - 6, high + 6) | st.integers(low, low + 60)))
    stop = Slot(start + draw(st.integers(1, 3) | st.integers(1, 60)))
    memo, label = draw(_memos()), draw(st.sampled_from((*LABELS, "Cooking")))
    every: tuple[Edit, ...] = (
        AddTime(start=start, stop=stop, memo=memo, label=label),
        DeleteTime(start=start, stop=stop),
        EditMemo(start=start, stop=stop, memo=memo),
        EditLabel(start=start, stop=stop, label=label),
    )
    return draw(st.sampled_from(every))


# What the rules answer.


def reasons() -> st.SearchStrategy[Reason]:
    """Return a strategy for reasons of every code."""
    facts = st.sampled_from(((), (("status", "paused"),)))
    return st.builds(Reason, code=st.sampled_from(ReasonCode), slots=slot_sets(), facts=facts)


def verdicts() -> st.SearchStrategy[Verdict]:
    """Return a strategy for verdicts: refusals with their reasons, and permissions."""
    since = st.none() | instants()
    refused = st.builds(Verdict, reasons=st.lists(reasons(), min_size=1, max_size=3).map(tuple), since=since)
    return refused | st.builds(Verdict, changed=slot_sets(), until=since)


def sheets() -> st.SearchStrategy[Sheet]:
    """Return a strategy for the sheets of recorded weeks."""
    return weeks().flatmap(lambda week: recorded_weeks(week).map(lambda found: Sheet.of(found, week)))


def statements(policy: Policy | None = None) -> st.SearchStrategy[WeekStatement]:
    """Return a strategy for week statements, under one policy when given."""
    return worked_weeks(policy).map(WorkedWeek.statement)


@st.composite
def timelines(draw: st.DrawFn, values: st.SearchStrategy[T]) -> Timeline[T]:
    """Draw a timeline of dated `values`, empty sometimes."""
    found = draw(st.lists(values, max_size=3, unique_by=lambda value: value.since))
    return Timeline.of(sorted(found, key=lambda value: value.since))
