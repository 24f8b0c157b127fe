"""The meters of the tracker: stopwatches in hours billed, the weekly limit with its forecast, the countdown, costs.

Everything here is computed from the statements that the diary gives, with what is waiting to go into it taken
as recorded: the rules themselves are asked, nothing is estimated. No clock is read; `now` is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

import attrs

from workdiary.capture.timing import span
from workdiary.model.money import Money
from workdiary.model.segment import Segment, Source
from workdiary.model.sheet import Sheet
from workdiary.model.slots import EMPTY, SECONDS_PER_SLOT, SLOTS_PER_HOUR, Slot, Slots
from workdiary.model.times import Instant, Week, Zone, slot_start
from workdiary.rules.limit import allowances, classify
from workdiary.rules.upload import judge_upload
from workdiary.statement import WeekStatement, week_statement

__all__ = [
    "Countdown",
    "Deletion",
    "LimitLevel",
    "LimitMeter",
    "Stopwatch",
    "Stopwatches",
    "clock_text",
    "countdown",
    "counted",
    "deletion",
    "hours_text",
    "limit_meter",
    "moment_text",
    "span_text",
    "stopwatches",
    "with_waiting",
]

_NEAR: Final = 9
"""Tenths of the weekly limit from which on there is a notice."""

_STAGES: Final = (1, 4, 24)
"""Hours before the lock at which there is a notice while something is not in the diary."""

_HOUR: Final = 3600


def clock_text(seconds: int) -> str:
    """Return `seconds` as a stopwatch shows them: hours, minutes and seconds.

    >>> clock_text(0), clock_text(3605), clock_text(144_000)
    ('0:00:00', '1:00:05', '40:00:00')
    """
    return f"{seconds // _HOUR}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def hours_text(slots: int) -> str:
    """Return `slots` segments in words, in hours and minutes, exactly.

    >>> hours_text(0), hours_text(3), hours_text(41), hours_text(240)
    ('0 min', '30 min', '6 h 50 min', '40 h')
    """
    hours, rest = divmod(slots, SLOTS_PER_HOUR)
    return _units((hours, "h"), (10 * rest, "min"))


def counted(number: int, one: str) -> str:
    """Return `number` with the name of what is counted, in the singular where it is one.

    >>> counted(1, "click"), counted(0, "click")
    ('1 click', '0 clicks')
    """
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def moment_text(at: Instant, now: Instant, zone: Zone) -> str:
    """Return `at` on the wall clock of `zone`: the time alone on the day of `now`, the weekday with it else.

    A moment more than six days away has its date as well, since its weekday would be taken for a nearer one.
    """
    wall, today = zone.local(at), zone.local(now)
    if wall.date() == today.date():
        return f"{wall:%H:%M}"
    near = abs((wall.date() - today.date()).days) < 7
    return f"{wall:%a %H:%M}" if near else f"{wall:%a} {wall.day} {wall:%b %H:%M}"


def _units(large: tuple[int, str], small: tuple[int, str]) -> str:
    if large[0] and small[0]:
        return f"{large[0]} {large[1]} {small[0]} {small[1]}"
    return f"{large[0]} {large[1]}" if large[0] else f"{small[0]} {small[1]}"


def span_text(slot: int, zone: Zone) -> str:
    """Return from when to when the segment of `slot` is, on the wall clock of `zone`: ``16:00–16:10``."""
    start, stop = zone.local(slot_start(slot)), zone.local(slot_start(slot + 1))
    return f"{start:%H:%M}–{stop:%H:%M}"


def with_waiting(statement: WeekStatement, waiting: Iterable[Segment], *, now: Instant) -> WeekStatement:
    """Return `statement` as it will be once the diary has taken those segments of `waiting` that it would take.

    Segments of other weeks, and those that the rules would refuse at `now`, change nothing (UPLOAD-1). A slot
    that is tracked already stays as it is; a manual one becomes a tracked one (UPLOAD-2).
    """
    within = {segment.slot: segment for segment in waiting if segment.slot in statement.week}
    fresh = Slots(within) - statement.sheet.tracked
    if fresh:
        fresh = judge_upload(fresh, on=statement.contract, at=now, policy=statement.policy).accepted
    if not fresh:
        return statement
    new = Sheet.of([within[slot] for slot in fresh], statement.week)
    return _restated(statement, statement.sheet.replaced(fresh, new))


def _restated(statement: WeekStatement, sheet: Sheet) -> WeekStatement:
    return week_statement(statement.contract, sheet, week=statement.week, policy=statement.policy)


@attrs.frozen(kw_only=True)
class Stopwatch:
    """Segments: those billed, and those that are red and unpaid."""

    billed: int = 0
    over: int = 0

    def __str__(self) -> str:
        return clock_text(SECONDS_PER_SLOT * self.billed)


@attrs.frozen(kw_only=True)
class Stopwatches:
    """The hours billed in the current session, on the local day and in the week of the contract."""

    session: Stopwatch = Stopwatch()
    today: Stopwatch = Stopwatch()
    week: Stopwatch = Stopwatch()


def stopwatches(statements: Iterable[WeekStatement], *, credited: Slots, now: Instant, zone: Zone) -> Stopwatches:
    """Return the three stopwatches at `now`; the day is that of `zone`, the week that of the policy.

    `statements` are those of each week that the session, the day and `now` touch. `credited` are the
    segments of the session, which midnight does not end.
    """
    session = today = week = Stopwatch()
    day = zone.wall(now).date()
    for statement in statements:
        billed, over = statement.billable, statement.over_limit
        session = _plus(session, billed & credited, over & credited)
        today = _plus(today, billed.by_day(zone).get(day, EMPTY), over.by_day(zone).get(day, EMPTY))
        if statement.week.starts_at <= now < statement.week.ends_at:
            week = _plus(week, billed, over)
    return Stopwatches(session=session, today=today, week=week)


def _plus(watch: Stopwatch, billed: Slots, over: Slots) -> Stopwatch:
    return Stopwatch(billed=watch.billed + len(billed), over=watch.over + len(over))


class LimitLevel(Enum):
    """How much of the weekly limit is used."""

    NONE = "none"
    NEAR = "near"
    REACHED = "reached"


@attrs.frozen(kw_only=True)
class LimitMeter:
    """The weekly limit as it stands: `billed` of `limit` segments, and `over` beyond it.

    `limit` is `None` without a limit. `reached_at` is when it is reached by whoever tracks from now on
    without a pause: the end of the last segment that is paid. `None` when that is not in this week, or was.
    """

    limit: int | None
    billed: int
    over: int = 0
    level: LimitLevel = LimitLevel.NONE
    reached_at: Instant | None = None

    @property
    def percent(self) -> int | None:
        """How much is used, rounded down, at most 100; `None` without a limit."""
        if self.limit is None:
            return None
        return 100 if self.level is LimitLevel.REACHED else min(self.billed * 100 // self.limit, 99)

    def words(self, now: Instant, zone: Zone) -> str:
        """Return what stands beside the bar."""
        if self.limit is None:
            return "no weekly limit"
        if self.level is LimitLevel.REACHED:
            return "limit reached: more time is red and unpaid"
        if self.reached_at is None:
            return "not reached this week"
        return f"limit reached at {moment_text(self.reached_at, now, zone)}"

    def notice(self, now: Instant, zone: Zone) -> str | None:
        """Return the notice that belongs to the level, a sentence or two; `None` below 90 %."""
        if self.limit is None or self.level is LimitLevel.NONE:
            return None
        whole = hours_text(self.limit)
        if self.level is LimitLevel.REACHED:
            return f"The weekly limit of {whole} is reached. From now on time is red and unpaid (LIMIT-1)."
        left = hours_text(self.limit - self.billed)
        until = f", until {moment_text(self.reached_at, now, zone)} without a pause" if self.reached_at else ""
        return f"{self.percent} % of the weekly limit of {whole} are used, {left} left{until}."


def limit_meter(statement: WeekStatement, *, now: Instant) -> LimitMeter:
    """Return how the weekly limit of `statement` stands for one who tracks at `now`.

    It is reached when one more segment would add nothing to the bill, by whichever order the policy has.

    ::

        recorded   ███████ ██████          now
        tracked on               ·····├────────────────┤
        limit                                  ↑ reached_at: the end of the last segment that adds to the bill
    """
    billed, over = len(statement.billable), len(statement.over_limit)
    week, sheet, rule = statement.week, statement.sheet, statement.policy.limit
    allowed = allowances(statement.contract.terms, week, rule)
    place = max(now.slot, week.start)
    limit = next((piece.limit for piece in allowed if piece.start <= place < piece.stop), None)
    if limit is None:
        return LimitMeter(limit=None, billed=billed, over=over)
    if billed >= limit:
        return LimitMeter(limit=limit, billed=billed, over=over, level=LimitLevel.REACHED)
    count, reached_at = billed, None
    level = LimitLevel.NEAR if billed * 10 >= limit * _NEAR else LimitLevel.NONE
    tracked, ends = sheet.tracked, now
    # A segment that is recorded already adds nothing by being tracked again.
    for slot in Slots.range(place, week.stop) - sheet.worked if place < week.stop else EMPTY:
        tracked = tracked | Slots([slot])
        more = len(classify(tracked, sheet.manual, allowed, rule.order).billable)
        if more <= count:
            if count == billed:
                level = LimitLevel.REACHED
            else:
                reached_at = ends
            break
        count, ends = more, slot_start(slot + 1)
    return LimitMeter(limit=limit, billed=billed, over=over, level=level, reached_at=reached_at)


@attrs.frozen(kw_only=True)
class Countdown:
    """The next lock of a week of which something is not in the diary yet: `slots`, `left` seconds before it.

    `stage` is 24, 4 or 1 from so many hours before the lock on, 0 from the lock on, and `None` before.
    """

    week: Week
    locks_at: Instant
    slots: Slots
    left: int
    stage: int | None

    def words(self, zone: Zone) -> str:
        """Return what is to be known, a sentence."""
        much = hours_text(len(self.slots))
        wall = zone.local(self.locks_at)
        when = f"{wall:%a} {wall.day} {wall:%b %H:%M}"
        if self.stage == 0:
            return (
                f"The {self.week} is locked since {when}. Not in the diary by then: {much}, which is kept as evidence "
                "and not billed (UPLOAD-1)."
            )
        return f"The {self.week} locks in {span(self.left)}, {when}. Not in the diary yet: {much}."


def countdown(waiting: Slots, statements: Iterable[WeekStatement], *, now: Instant) -> Countdown | None:
    """Return the most urgent countdown: the nearest lock to come, else the latest that has passed.

    `statements` are those of the weeks that `waiting` reach into. `None` when nothing waits.
    """
    found: list[Countdown] = []
    for statement in statements:
        late = waiting & statement.week.slots
        if not late:
            continue
        locks_at = statement.calendar.locks_at
        left = max(locks_at - now, 0)
        stage = 0 if left == 0 else next((hours for hours in _STAGES if left <= hours * _HOUR), None)
        found.append(Countdown(week=statement.week, locks_at=locks_at, slots=late, left=left, stage=stage))
    ahead = [one for one in found if one.left]
    if ahead:
        return min(ahead, key=lambda one: one.left)
    return max(found, key=lambda one: one.locks_at, default=None)


@attrs.frozen(kw_only=True)
class Deletion:
    """What the deletion of a snapshot, and with it of its segment, changes the week by: segments, and the bill.

    The bill may grow: where the week is over its limit, a red segment of a higher rate may be paid instead (LIMIT-5).
    """

    slots: int
    amount: Money

    def __str__(self) -> str:
        if not self.slots and not self.amount.minor:
            return "the bill stays as it is"
        money = Money(abs(self.amount.minor), self.amount.currency)
        minutes = f"−{10 * abs(self.slots)} minutes" if self.slots else ""
        if self.amount.minor > 0:
            return f"{minutes}, and the bill grows by {money}" if minutes else f"the bill grows by {money}"
        return f"{minutes}, {money}" if minutes else f"the bill shrinks by {money}"


def deletion(
    statement: WeekStatement,
    waiting: Sequence[Segment],
    slot: Slot,
    *,
    now: Instant,
    memo: str = "",
    is_sent: bool = False,
) -> Deletion:
    """Return what the deletion of the waiting, or still open, segment of `slot` changes, by the rules on the week.

    `statement` is the diary's own of the week of `slot`. Where the week is over its limit, an unpaid segment
    comes to be paid instead, and the money is that of both together (LIMIT-5). `is_sent` says that a part of the
    segment was sent before, so that it is deleted in the diary, too; where another tracker alone has sent it, the
    diary keeps that, and the bill stays as it is.
    """
    others = [segment for segment in waiting if segment.slot != slot]
    this = next((segment for segment in waiting if segment.slot == slot), None)
    if this is None:
        this = Segment(slot=slot, source=Source.TRACKED, memo=memo)
    before = with_waiting(statement, [*others, this], now=now)
    if is_sent and slot in statement.sheet.worked:
        statement = _restated(statement, statement.sheet.replaced(Slots([slot]), Sheet.of([], statement.week)))
    after = with_waiting(statement, others, now=now)
    return Deletion(slots=len(after.sheet.worked) - len(before.sheet.worked), amount=after.amount - before.amount)
