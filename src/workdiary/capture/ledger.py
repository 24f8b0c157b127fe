"""What was tracked in one slot for one contract, and the segment that it comes to.

A ledger is made of the minutes that it kept: the same values that are on the disk for the case of a crash, so that
what is rebuilt from them is what was there. Several sessions may have minutes in one ledger. What was handed out
once, under the id of its session, is never handed out again::

    slot       ├──────────────────────────────────────┤
    session 1  ├─────────┤ stop: its minutes are sent
    session 2                   ├─────────┤ stop: only these are sent; the diary adds the two (UPLOAD-2)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from workdiary.capture.events import Finished, Job, MarkKind, MinuteKept, SlotKept
from workdiary.capture.timing import Stretch, appended, cut, seconds_of, span
from workdiary.model.activity import MINUTES, Activity, Counts
from workdiary.model.policy import Credit, CreditRule
from workdiary.model.segment import Segment, Snapshot
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant, slot_start
from workdiary.rules.credit import credit

__all__ = [
    "HALF",
    "Ledger",
    "added",
    "fewer",
    "finished_id",
    "is_credited",
    "kept_of",
    "noted",
    "sent",
    "slot_kept",
    "why_not",
    "without",
    "written",
]

_MOST: Final = 1_000_000
_NOTHING: Final = (0, 0, 0)

HALF: Final = SECONDS_PER_SLOT // 2
"""A balance from here on is a segment, and from its negative on is owed one (CREDIT-carry)."""


@attrs.frozen(kw_only=True)
class Ledger:
    """One slot of one contract.

    `moment` is the second for its snapshot, drawn by the secret of session `drawn_by`; `attempts` says how often it
    was asked for, `asked_at` when last (boot milliseconds, and the second), and `is_pending` that the answer is still
    to come. `sent` are the minutes that are in a segment that was handed out, by session and number. `is_witnessed`
    says that its snapshot is known to have been taken at the moment, in a minute that a crash has taken. `carried` is
    what it has brought to its contract's balance (CREDIT-carry). `is_cut` says that the clock was set in it, or before
    and that is not made up for: whoever sets a clock could choose which of its seconds count, so its time is carried,
    whatever the policy says.
    """

    job: Job
    slot: Slot
    moment: int
    drawn_by: str = ""
    minutes: tuple[MinuteKept, ...] = ()
    sent: frozenset[tuple[str, int]] = frozenset()
    attempts: int = 0
    asked_at: tuple[int, int] = (0, 0)
    is_pending: bool = False
    digests: tuple[str, ...] = ()
    shot_at: int | None = None
    is_shown: bool = False
    is_witnessed: bool = False
    is_deleted: bool = False
    is_cut: bool = False
    carried: int = 0
    marks: tuple[str, ...] = ()

    @property
    def carries(self) -> bool:
        """Whether its seconds are carried on (CREDIT-carry), rather than credited by its moment or by themselves."""
        return self.is_cut or self.job.credit.rule is Credit.CARRY

    @property
    def begin(self) -> int:
        """The first second of the slot."""
        return self.slot * SECONDS_PER_SLOT

    @property
    def end(self) -> int:
        """The first second after the slot."""
        return self.begin + SECONDS_PER_SLOT

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Everything tracked in it; no second stands in it twice."""
        return tuple(stretch for minute in self.minutes for stretch in minute.stretches)

    @property
    def tracked(self) -> int:
        """The seconds tracked in it."""
        return seconds_of(self.stretches)

    @property
    def unsent(self) -> tuple[MinuteKept, ...]:
        """The minutes that no segment has yet."""
        return tuple(one for one in self.minutes if one.stretches and (one.session, one.minute) not in self.sent)

    def has(self, second: int) -> bool:
        """Return whether `second` was tracked in it."""
        return any(begin <= second < end for one in self.minutes for begin, end in one.stretches)

    def kept(self, session: str, minute: int) -> MinuteKept | None:
        """Return what `session` has of a minute."""
        for one in reversed(self.minutes):
            if one.minute == minute and one.session == session:
                return one
        return None


def _replaced(ledger: Ledger, old: MinuteKept | None, new: MinuteKept) -> Ledger:
    if old is None:
        return attrs.evolve(ledger, minutes=(*ledger.minutes, new))
    if ledger.minutes[-1] is old:
        return attrs.evolve(ledger, minutes=(*ledger.minutes[:-1], new))
    return attrs.evolve(ledger, minutes=tuple(new if one is old else one for one in ledger.minutes))


def added(
    ledger: Ledger,
    session: str,
    minute: int,
    stretches: Iterable[Stretch],
    counts: Counts | None,
    memo: str,
    label: str | None,
) -> Ledger:
    """Return `ledger` with more time and counts of `session` in one minute.

    `counts` of `None` make the minute unknown: what somebody counted of a part of it is not all of it.
    """
    old = ledger.kept(session, minute)
    if old is None:
        before: tuple[Stretch, ...] = ()
        total = counts
    else:
        before = old.stretches
        total = old.counts
        if counts is None or total is None:
            total = None
        elif counts != _NOTHING:
            total = (total[0] + counts[0], total[1] + counts[1], total[2] + counts[2])
    for stretch in stretches:
        before = appended(before, stretch)
    # More events than this a minute no person makes; the diary would refuse the whole segment.
    if total is not None and max(total) > _MOST:
        total = (min(total[0], _MOST), min(total[1], _MOST), min(total[2], _MOST))
    new = MinuteKept(
        contract=ledger.job.contract,
        session=session,
        minute=minute,
        stretches=before,
        counts=total,
        memo=memo,
        label=label,
    )
    return _replaced(ledger, old, new)


def without(ledger: Ledger, session: str, minus: Iterable[Stretch]) -> Ledger:
    """Return `ledger` without the time of `session` that lies in `minus`; its counts stay known."""
    gone = tuple(minus)
    minutes = tuple(
        attrs.evolve(one, stretches=cut(one.stretches, gone)) if one.session == session else one
        for one in ledger.minutes
    )
    return attrs.evolve(ledger, minutes=minutes)


def fewer(ledger: Ledger, session: str, minute: int, counts: Counts) -> Ledger:
    """Return `ledger` without `counts` that were added to a minute of `session`; unknown ones stay unknown."""
    old = ledger.kept(session, minute)
    if old is None or old.counts is None:
        return ledger
    k, c, s = (max(0, had - less) for had, less in zip(old.counts, counts, strict=True))
    return _replaced(ledger, old, attrs.evolve(old, counts=(k, c, s)))


def written(ledger: Ledger, session: str, minute: int, memo: str, label: str | None) -> Ledger:
    """Return `ledger` with another memo and label for a minute that is going on."""
    old = ledger.kept(session, minute)
    return ledger if old is None else _replaced(ledger, old, attrs.evolve(old, memo=memo, label=label))


def noted(ledger: Ledger, kind: MarkKind) -> Ledger:
    """Return `ledger` with a mark that its segment will carry."""
    return ledger if kind.value in ledger.marks else attrs.evolve(ledger, marks=(*ledger.marks, kind.value))


def kept_of(ledger: Ledger, session: str) -> tuple[MinuteKept, ...]:
    """Return the minutes of `session` in it."""
    return tuple(one for one in ledger.minutes if one.session == session)


def is_credited(ledger: Ledger, balance: int = 0) -> bool:
    """Return whether the policy credits the slot for what was tracked in it.

    The drawn moment always goes with it: a tracker that was off then has no snapshot, and no other rule takes its
    place. `balance` are the seconds that a policy which carries them brings in, or the slots that a clock has cut.
    """
    if ledger.is_deleted or not ledger.minutes:
        return False
    stretches = [(Instant(begin), Instant(end)) for begin, end in ledger.stretches]
    if ledger.is_witnessed:
        stretches.append((Instant(ledger.moment), Instant(ledger.moment + 1)))
    rule = CreditRule(rule=Credit.CARRY, min_seconds=1) if ledger.is_cut else ledger.job.credit
    # A deletion may leave more than the rule ever does: from half a slot owed, full slots alone are credited, as by it.
    balance = min(max(balance, -HALF), HALF - 1)
    if rule.rule is Credit.CARRY and balance:
        # The rule finds the balance where it makes one itself: in a slot before, credited if it owes.
        before = ledger.begin - SECONDS_PER_SLOT
        seconds = balance if balance > 0 else SECONDS_PER_SLOT + balance
        stretches.append((Instant(before), Instant(before + seconds)))
    return ledger.slot in credit(stretches, [Instant(ledger.moment)], rule)


def why_not(ledger: Ledger) -> str:
    """Return why a slot in which something was tracked is not credited, as the end of a sentence."""
    if ledger.is_cut:
        return "the clock was set here or before, and they count with the next such segment"
    rule = ledger.job.credit
    if rule.rule is Credit.CARRY:
        return "they are carried to the next segment (CREDIT-carry)"
    if rule.rule is Credit.THRESHOLD:
        return f"{span(rule.min_seconds)} are needed (CREDIT-threshold)"
    return f"the tracker was off at the drawn second, {str(Instant(ledger.moment))[11:19]} UTC (CREDIT-snapshot)"


def slot_kept(ledger: Ledger, *, is_open: bool) -> SlotKept:
    """Return what is to be kept of what was decided about it, beside its minutes and its images."""
    return SlotKept(
        job=ledger.job,
        slot=ledger.slot,
        session=ledger.drawn_by,
        moment=ledger.moment,
        is_open=is_open,
        is_deleted=ledger.is_deleted,
        is_shown=ledger.is_shown,
        is_witnessed=ledger.is_witnessed,
        attempts=ledger.attempts,
        carried=ledger.carried,
        is_cut=ledger.is_cut,
        sent=ledger.sent,
        marks=ledger.marks,
    )


def finished_id(session: str, slot: Slot) -> str:
    """Return the id under which the segment of `slot` is recorded, the same whenever it is made."""
    return f"track {session} {slot_start(slot)}"


def sent(ledger: Ledger) -> tuple[Ledger, Finished]:
    """Return the segment of the minutes that no segment has yet, and the ledger in which they are sent."""
    minutes = ledger.unsent
    last = minutes[-1]
    shows = bool(ledger.digests) and not ledger.is_shown and (ledger.is_witnessed or ledger.has(ledger.moment))
    at = None if ledger.shot_at is None else Instant(ledger.shot_at)
    segment = Segment.tracked(
        ledger.slot,
        memo=next((one.memo for one in reversed(minutes) if one.memo.strip()), ""),
        label=next((one.label for one in reversed(minutes) if one.label is not None), None),
        activity=_activity(ledger.slot, minutes),
        snapshots=[Snapshot(at=at, digest=digest) for digest in ledger.digests] if shows else (),
    )
    finished = Finished(
        contract=ledger.job.contract,
        id=finished_id(last.session, ledger.slot),
        segment=segment,
        # Not the present: what is made again after a crash is then the same change.
        made_at=Instant(max(end for one in minutes for _, end in one.stretches)),
        marks=ledger.marks,
    )
    keys = {(one.session, one.minute) for one in minutes}
    return attrs.evolve(ledger, sent=ledger.sent | keys, is_shown=ledger.is_shown or shows, marks=()), finished


def _activity(slot: Slot, minutes: Iterable[MinuteKept]) -> Activity | None:
    """Return the activity of tracked minutes, those not tracked being zero; `None` when nothing is known."""
    rows: list[Counts] = [_NOTHING] * MINUTES
    unknown = False
    for one in minutes:
        n = one.minute - slot * MINUTES
        if one.counts is None:
            unknown = True
        else:
            k, c, s = rows[n]
            rows[n] = (min(k + one.counts[0], _MOST), min(c + one.counts[1], _MOST), min(s + one.counts[2], _MOST))
    if not unknown:
        return Activity.of_minutes(rows)
    # ACTIVITY-2: unknown is not zero. What is certain is how many minutes were active at least.
    active = sum(map(any, rows))
    return Activity.of_meter(active) if active else None
