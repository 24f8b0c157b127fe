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
from typing import Final, NamedTuple

import attrs

from workdiary import policies as presets
from workdiary.errors import MissingExtra
from workdiary.model.activity import MINUTES, Activity, Minute
from workdiary.model.contract import (
    AlreadyProtected,
    Contract,
    ContractStatus,
    Fact,
    Facts,
    StatusChange,
    Terms,
)
from workdiary.model.currency import MINOR_DIGITS
from workdiary.model.edit import AddTime, DeleteTime, Edit, EditLabel, EditMemo
from workdiary.model.money import Hours, Money, Rounding, hours
from workdiary.model.policy import (
    Action,
    BillingRule,
    Change,
    Credit,
    CreditRule,
    EditingRule,
    FeeTier,
    LabelNeed,
    LimitOrder,
    LimitRule,
    ManualRule,
    MemoNeed,
    Moments,
    OnTaken,
    Permissions,
    Policy,
    ProtectionRule,
    RateCap,
    WeekRule,
)
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.sheet import Sheet
from workdiary.model.slots import SECONDS_PER_SLOT, Slot, Slots
from workdiary.model.timeline import T, Timeline
from workdiary.model.times import Instant, WallOffset, Week, Weekday, Zone, instant, zone
from workdiary.model.verdict import Reason, ReasonCode, Verdict
from workdiary.statement import WeekStatement, week_statement
from workdiary.testing.nasty import LABELS, MEMOS, NASTY, ZONES

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtra(
        "workdiary.testing.strategies", "hypothesis", "is not installed", "run: pip install workdiary[testing]"
    ) from None

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
_EARLY, _LATE = instant("2005-01-01T00:00Z"), instant("2035-01-01T00:00Z")


# Times.


def instants(pool: str | None = None) -> st.SearchStrategy[Instant]:
    """Return a strategy for instants: of one named pool of `NASTY`, or any, nasty ones often."""
    if pool is not None:
        return st.sampled_from(NASTY[pool])
    nasty = st.sampled_from([moment for moments in NASTY.values() for moment in moments])
    return nasty | st.integers(_EARLY, _LATE - 1).map(Instant)


def zones() -> st.SearchStrategy[Zone]:
    """Return a strategy for zones with every kind of offset."""
    return st.sampled_from(ZONES).map(zone)


def slot_numbers() -> st.SearchStrategy[Slot]:
    """Return a strategy for slots, often at a nasty instant."""
    return instants().map(lambda at: at.slot)


def slot_sets(start: int = 0, width: int = 1008) -> st.SearchStrategy[Slots]:
    """Return a strategy for sets of slots within ``start <= slot < start + width``, sparse or dense."""
    offset = st.integers(start, start + width - 1)
    sparse = st.lists(offset, max_size=12).map(Slots)
    run = st.tuples(offset, st.integers(0, width)).map(lambda pair: (pair[0], min(sum(pair), start + width)))
    return sparse | st.lists(run, max_size=5).map(Slots.from_runs)


def wall_offsets(low: int = 0, high: int = 21 * 24 * 60) -> st.SearchStrategy[WallOffset]:
    """Return a strategy for wall-clock offsets of `low` to `high` minutes."""
    usual = [WallOffset(minute) for minute in (10080, 10800, 11520, 17280, 23040) if low <= minute <= high]
    return st.sampled_from(usual or [WallOffset(low)]) | st.integers(low, high).map(WallOffset)


def week_rules() -> st.SearchStrategy[WeekRule]:
    """Return a strategy for when weeks begin: usually Monday 00:00 UTC, else anywhen anywhere."""
    monday = st.just(WeekRule(starts_on=Weekday.MONDAY, starts_at=0, zone=zone("UTC")))
    minute = st.sampled_from((0, 60, 90, 120, 150, 180, 1430, 1439)) | st.integers(0, 1439)
    return monday | st.builds(WeekRule, starts_on=st.sampled_from(Weekday), starts_at=minute, zone=zones())


def weeks(rule: WeekRule | None = None) -> st.SearchStrategy[Week]:
    """Return a strategy for weeks, of one rule or of any."""
    rules = week_rules() if rule is None else st.just(rule)
    return st.builds(lambda rule, at: rule.containing(at), rules, instants())


# Segments.


def minutes() -> st.SearchStrategy[Minute]:
    """Return a strategy for one minute's counts, idle ones often."""
    count = st.just(0) | st.integers(0, 400)
    return st.builds(Minute, keystrokes=count, clicks=count, scrolls=count)


def activities() -> st.SearchStrategy[Activity]:
    """Return a strategy for a segment's activity: by minutes, by meter, or with totals only."""
    total = st.none() | st.integers(0, 5_000)
    by_minute = st.lists(minutes(), min_size=MINUTES, max_size=MINUTES).map(Activity.of_minutes)
    by_total = st.builds(Activity.of_totals, st.integers(0, MINUTES), keystrokes=total, mouse_events=total)
    return st.integers(0, MINUTES).map(Activity.of_meter) | by_minute | by_total


def snapshots(slot: int | None = None) -> st.SearchStrategy[Snapshot]:
    """Return a strategy for snapshots, within `slot` when given; without a moment sometimes."""
    inside = instants()
    if slot is not None:
        seconds = st.sampled_from((0, SECONDS_PER_SLOT - 1)) | st.integers(0, SECONDS_PER_SLOT - 1)
        inside = seconds.map(lambda second: Instant(slot * SECONDS_PER_SLOT + second))
    return st.builds(Snapshot, at=st.none() | inside, digest=st.none() | st.sampled_from(("sha256:00", "sha256:ff")))


def _memos() -> st.SearchStrategy[str]:
    return st.sampled_from(MEMOS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def segments(draw: st.DrawFn, slot: int | None = None, source: Source | None = None) -> Segment:
    """Draw a recorded segment, of `slot` and `source` when given."""
    place = draw(slot_numbers()) if slot is None else slot
    memo, label = draw(_memos()), draw(st.sampled_from(LABELS))
    if (source or draw(st.sampled_from(Source))) is Source.MANUAL:
        return Segment.manual(place, memo=memo, label=label)
    activity = draw(st.none() | activities())
    shots = draw(st.lists(snapshots(place), max_size=2))
    return Segment.tracked(place, memo=memo, label=label, activity=activity, snapshots=shots)


@st.composite
def recorded_weeks(draw: st.DrawFn, week: Week | None = None, max_runs: int = 6) -> tuple[Segment, ...]:
    """Draw the segments of a week, in distinct slots and shuffled; runs of equal ones, as people work."""
    week = draw(weeks()) if week is None else week
    made: list[Segment] = []
    place = week.start
    for _ in range(draw(st.integers(0, max_runs))):
        place = Slot(place + draw(st.just(0) | st.integers(0, 200)))
        stop = min(place + draw(st.integers(1, 3) | st.integers(1, 60)), week.stop)
        if place >= stop:
            break
        first = draw(segments(place))
        made.append(first)
        made.extend(_moved(first, slot) for slot in range(place + 1, stop))
        place = Slot(stop)
    return tuple(draw(st.permutations(made))) if len(made) < 10 else tuple(made[::-1])


def _moved(segment: Segment, slot: int) -> Segment:
    by = (slot - segment.slot) * SECONDS_PER_SLOT
    shots = tuple(attrs.evolve(shot, at=shot.at and Instant(shot.at + by)) for shot in segment.snapshots)
    return attrs.evolve(segment, slot=Slot(slot), snapshots=shots)


@st.composite
def tracked_stretches(draw: st.DrawFn, max_size: int = 4) -> tuple[list[tuple[Instant, Instant]], list[Instant]]:
    """Draw what a tracker reports: stretches, perhaps overlapping or empty, and snapshots near them."""
    base = draw(instants())
    begin = st.integers(0, 5_000)
    length = st.sampled_from((0, 1, 299, 300, 301, 599, 600, 601)) | st.integers(0, 4_000)
    pairs = draw(st.lists(st.tuples(begin, length), max_size=max_size))
    stretches = [(Instant(base + at), Instant(base + at + seconds)) for at, seconds in pairs]
    edges = [edge for pair in stretches for edge in pair]
    shot = st.integers(0, 9_000).map(lambda second: Instant(base + second))
    return stretches, draw(st.lists(shot | st.sampled_from(edges) if edges else shot, max_size=6))


# Money and contracts.


def currencies() -> st.SearchStrategy[str]:
    """Return a strategy for currencies: mostly of 2 minor digits, also of 0, 3 and 4."""
    return st.sampled_from(("USD", "EUR", "JPY", "KWD", "CLF")) | st.sampled_from(sorted(MINOR_DIGITS))


def money(currency: str | None = None) -> st.SearchStrategy[Money]:
    """Return a strategy for amounts, of one currency when given."""
    return st.builds(Money, st.integers(0, 10**9), currencies() if currency is None else st.just(currency))


def rates() -> st.SearchStrategy[Decimal]:
    """Return a strategy for hourly rates, among them ones that end in half a cent a segment."""
    usual = ("0", "0.01", "0.03", "10", "10.0", "22.22", "22.225", "27.78", "30.00", "33.33", "99.99", "4071")
    return st.sampled_from(usual).map(Decimal) | st.decimals("0", "1000", places=3).map(abs)


def hour_limits() -> st.SearchStrategy[Hours | None]:
    """Return a strategy for weekly limits: none, zero, fractions of a segment, and usual ones."""
    usual = (None, "0", "0.16", "0.17", "0.5", "1", "2.5", "5", "12.5", "40", "167.99", "168", "200")
    limits = st.sampled_from(usual) | st.integers(0, 60).map(lambda n: str(Decimal(n) / 4))
    return limits.map(lambda text: None if text is None else hours(text))


def terms(since: Instant | None = None) -> st.SearchStrategy[Terms]:
    """Return a strategy for terms, from `since` when given."""
    return st.builds(
        Terms,
        since=instants() if since is None else st.just(since),
        rate=rates(),
        weekly_limit=hour_limits(),
        manual_time_allowed=st.booleans(),
    )


def facts(since: Instant | None = None) -> st.SearchStrategy[Facts]:
    """Return a strategy for facts about the accounts, from `since` when given."""
    known = st.just(True) | st.booleans()
    return st.builds(
        Facts,
        since=instants() if since is None else st.just(since),
        billing_verified=known,
        good_standing=known,
        identity_verified=known,
    )


def _dates(begin: int, end: int, first: int, max_size: int = 3) -> st.SearchStrategy[list[Instant]]:
    """Return a strategy for `first` and instants after it within a stretch, on the grid or off, in order."""
    on_grid = st.integers(begin // SECONDS_PER_SLOT, end // SECONDS_PER_SLOT).map(lambda slot: slot * SECONDS_PER_SLOT)
    others = st.sets(on_grid | st.integers(begin, end), max_size=max_size)
    return others.map(lambda found: [Instant(at) for at in sorted({first, *(at for at in found if at > first)})])


@st.composite
def status_timelines(draw: st.DrawFn, week: Week | None = None) -> Timeline[StatusChange]:
    """Draw a contract's statuses from before a week on; *closed* only as the last one (EDIT-6)."""
    begin, end, first = _span(week)
    dates = draw(_dates(begin, end, first))
    open_ = st.just(ContractStatus.ACTIVE) | st.sampled_from((ContractStatus.ACTIVE, ContractStatus.PAUSED))
    statuses = [draw(open_) for _ in dates[:-1]] + [draw(open_ | st.sampled_from(ContractStatus))]
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
        terms=[draw(terms(at)) for at in draw(_dates(begin, end, began))],
        status=draw(status_timelines(week)),
        facts=[draw(facts(at)) for at in draw(st.just([]) | _dates(begin, end, first))],
        labels=draw(st.sampled_from(((), ("Design", "Review")))),
        usual_rate=draw(st.none() | rates()),
        already_protected=draw(
            st.builds(AlreadyProtected, slots=st.integers(0, 20), amount=st.sampled_from(("0", "99.99")))
        ),
    )


# Policies.


def credit_rules() -> st.SearchStrategy[CreditRule]:
    """Return a strategy for the roundings from tracked seconds to segments."""
    seconds = st.sampled_from((1, 300, 600)) | st.integers(1, 600)
    return st.builds(CreditRule, rule=st.sampled_from(Credit), min_seconds=seconds)


def limit_rules() -> st.SearchStrategy[LimitRule]:
    """Return a strategy for all eight ways in which a weekly limit can work."""
    return st.builds(
        LimitRule,
        order=st.sampled_from(LimitOrder),
        increase=st.sampled_from((Change.WHOLE_WEEK, Change.FROM_THEN_ON)),
        decrease=st.sampled_from((Change.NEXT_WEEK, Change.FROM_THEN_ON)),
    )


def protection_rules() -> st.SearchStrategy[ProtectionRule]:
    """Return a strategy for criteria of protection in any combination."""
    return st.builds(
        ProtectionRule,
        requires_snapshot=st.booleans(),
        memo=st.sampled_from(MemoNeed),
        label=st.sampled_from(LabelNeed),
        rate_cap=st.sampled_from(RateCap),
        min_active_minutes=st.integers(0, MINUTES),
        min_average_active_minutes=st.none() | st.sampled_from(("0", "4.5", "5", "10")).map(Decimal),
        requires=st.lists(st.sampled_from(Fact), unique=True).map(tuple),
        facts_checked=st.lists(st.sampled_from(Moments), unique=True).map(tuple),
        lifetime_hours=st.none() | st.sampled_from(("0", "0.5", "2.25", "50")).map(Decimal),
        lifetime_amount=st.none() | st.sampled_from(("0", "100", "2500")).map(Decimal),
    )


def policies() -> st.SearchStrategy[Policy]:
    """Return a strategy for policies: the presets, and free combinations of every rule."""
    actions = st.lists(st.sampled_from(Action), unique=True).map(tuple)
    statuses = st.lists(st.sampled_from(ContractStatus), unique=True).map(tuple)
    tiers = (FeeTier(above=Decimal(0), rate=Decimal("0.12")), FeeTier(above=Decimal(10_000), rate=Decimal("0.07")))
    free = st.builds(
        Policy,
        name=st.just("free"),
        title=st.just("A free combination"),
        week=week_rules(),
        credit=credit_rules(),
        limit=limit_rules(),
        editing=st.builds(
            EditingRule,
            locks_after=wall_offsets(7 * 24 * 60),
            statuses=statuses,
            permissions=st.builds(Permissions, freelancer=st.just(tuple(Action)) | actions, client=actions),
        ),
        manual=st.builds(
            ManualRule,
            needs_permission=st.booleans(),
            on_taken=st.sampled_from(OnTaken),
            memo_required=st.booleans(),
        ),
        protection=protection_rules(),
        billing=st.builds(
            BillingRule,
            rounding=st.sampled_from(Rounding),
            invoiced_after=wall_offsets(7 * 24 * 60),
            review_ends_after=wall_offsets(7 * 24 * 60),
            available_after=wall_offsets(7 * 24 * 60),
        ),
        fees=st.sampled_from(((), tiers[:1], tiers)),
    )
    return st.sampled_from(presets.names()).map(presets.get) | free


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
    return draw(
        st.sampled_from(
            (
                AddTime(start=start, stop=stop, memo=memo, label=label),
                DeleteTime(start=start, stop=stop),
                EditMemo(start=start, stop=stop, memo=memo),
                EditLabel(start=start, stop=stop, label=label),
            )
        )
    )


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
