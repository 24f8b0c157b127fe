"""`recover`: what an earlier process knew, made again of what it kept.

A tracker that starts again goes on where the one before it was, whether that was switched off or killed: with the
same ledgers, moments and balances, the same deletions, the same segments handed out. One process and many credit the
same::

    one process   ├─ session 1 ─┤   ├─ session 2 ─────┤  ├─ 3 ─┤
    three         ├─ session 1 ─┤ ╳ ├─ session 2 ─╳┄┄┄┄  ├─ 3 ─┤    ╳ restart
                                                  └ the minute that was open is lost, at most

A session that was killed is ended where the last of it was kept, and marked as recovered.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

from workdiary.capture._turn import Turn
from workdiary.capture.events import (
    ClockKept,
    Effect,
    MarkKind,
    MinuteKept,
    Reading,
    SessionEnded,
    SlotKept,
    SnapshotTaken,
)
from workdiary.capture.ledger import Ledger, kept_of, noted
from workdiary.capture.moments import ATTEMPTS
from workdiary.capture.state import KNOWN, State
from workdiary.capture.timing import ahead, is_usable, passed, seconds_of, span
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant

__all__ = ["Known", "Past", "recover"]

_MINUTES = SECONDS_PER_SLOT // 60


@attrs.frozen(kw_only=True)
class Past:
    """A session that nobody has ended: its process was killed.

    `minutes` are in the order in which they were kept; a later one takes the place of an earlier one with the same
    number. `since` is when it began, `None` when not known.
    """

    session: str
    contract: str
    secret: bytes = attrs.field(repr=False)
    minutes: tuple[MinuteKept, ...] = ()
    since: Instant | None = None

    @property
    def kept(self) -> tuple[MinuteKept, ...]:
        """What is left of its minutes, one each, in order."""
        latest = {one.minute: one for one in self.minutes}
        return tuple(one for _, one in sorted(latest.items()) if one.stretches)

    @property
    def first_second(self) -> int:
        """When it began, as far as anything tells."""
        known = [int(self.since)] if self.since is not None else []
        return min([*known, *(one.minute * 60 for one in self.minutes)], default=0)

    @property
    def was_asked(self) -> bool:
        """Whether an idle prompt was open: its time is emptied on the disk, and without an answer it is discarded."""
        last = max(self.minutes, key=lambda one: one.minute, default=None)
        return last is not None and not last.stretches

    @property
    def open_minute(self) -> int:
        """The number of the minute that was going on when the process was killed."""
        if self.minutes:
            return max(one.minute for one in self.minutes) + 1
        return self.first_second // 60


@attrs.frozen(kw_only=True)
class Known:
    """What earlier processes kept: the killed sessions, and of all sessions minutes, slots, snapshots, balances.

    `minutes` are in the order in which they were first kept; `slots` is the last that was kept of each. `breaks` are
    places at which somebody else has changed what was kept, each in a sentence, that were not marked before. `clock` is
    how the clocks stood, if the machine has not been started anew since.
    """

    pasts: tuple[Past, ...] = ()
    minutes: tuple[MinuteKept, ...] = ()
    slots: tuple[SlotKept, ...] = ()
    shots: tuple[SnapshotTaken, ...] = ()
    balances: Mapping[str, int] = MappingProxyType({})
    breaks: tuple[str, ...] = ()
    clock: ClockKept | None = None


def recover(state: State, known: Known, reading: Reading) -> tuple[State, tuple[Effect, ...]]:
    """Return `state` with what was `known` before, and what is to be done: segments, ends of sessions, marks.

    To be called once, before the first start. Made again after another crash, the segments are the same.
    """
    turn = Turn(_remembered(state, known), reading)
    if known.clock is not None:
        turn.cuts = known.clock.cuts
        before = known.clock.reading
        if passed(before, reading, before, ahead(before)).stepped:
            turn.cut(before.wall // 1000, reading.wall // 1000)
        else:
            turn.believed = ahead(before)
    turn.before = reading
    if not is_usable(reading):
        # Whether a slot is over cannot be told; what is credited is handed out all the same.
        turn.reading = attrs.evolve(reading, wall=0)
    for broken in known.breaks:
        turn.mark(MarkKind.CHAIN_BREAK, broken)
    ends: list[tuple[Past, int]] = []
    for past in sorted(known.pasts, key=lambda one: one.first_second):
        seconds = 0
        # It was on in every slot whose moment it has drawn.
        drawn = [one.slot * SECONDS_PER_SLOT for one in known.slots if one.session == past.session]
        end = max([past.first_second, *drawn, *(end for one in past.kept for _, end in one.stretches)])
        for ledger in [*turn.open.values()]:
            if ledger.job.contract == past.contract:
                seconds += _interrupted(turn, ledger, past)
        what = f"The session for {past.contract} was interrupted. {span(seconds)} that no segment had are kept;"
        turn.mark(MarkKind.RECOVERED, f"{what} no more than the open minute is lost.", at=end)
        ends.append((past, end))
    turn.settle(hurry=True)
    turn.effects.extend(
        SessionEnded(contract=past.contract, session=past.session, secret=past.secret.hex(), at=Instant(end))
        for past, end in ends
    )
    turn.reading = reading
    return turn.done()


def _remembered(state: State, known: Known) -> State:
    """Return `state` with the ledgers and balances as they were."""
    minutes: dict[tuple[str, int], list[MinuteKept]] = {}
    for one in known.minutes:
        if one.stretches:
            minutes.setdefault((one.contract, one.minute // _MINUTES), []).append(one)
    shots = {(shot.contract, shot.slot): shot for shot in known.shots if shot.digests and "blank" not in shot.flags}
    opened: list[Ledger] = []
    closed: dict[Slot, tuple[Ledger, ...]] = {}
    for kept in sorted(known.slots, key=lambda one: (one.slot, one.job.contract)):
        key = (kept.job.contract, kept.slot)
        ledger = Ledger(
            job=kept.job,
            slot=kept.slot,
            moment=kept.moment,
            drawn_by=kept.session,
            minutes=tuple(minutes.get(key, ())),
            sent=kept.sent,
            attempts=kept.attempts,
            is_shown=kept.is_shown,
            is_witnessed=kept.is_witnessed,
            is_deleted=kept.is_deleted,
            carried=kept.carried,
            is_cut=kept.is_cut,
            marks=kept.marks,
        )
        shot = shots.get(key)
        if shot is not None and not kept.is_deleted:
            at = min(max(int(shot.at), ledger.moment), ledger.end - 1)
            ledger = attrs.evolve(ledger, digests=shot.digests, shot_at=at, attempts=ATTEMPTS)
        if kept.is_open:
            opened.append(ledger)
        else:
            closed[kept.slot] = (*closed.get(kept.slot, ()), ledger)
    farthest = max((end for one in known.minutes for _, end in one.stretches), default=0)
    return attrs.evolve(
        state,
        open=tuple(opened),
        closed=MappingProxyType(dict([*closed.items()][-KNOWN:])),
        balances=MappingProxyType(dict(known.balances)),
        farthest=max(state.farthest, farthest),
    )


def _interrupted(turn: Turn, ledger: Ledger, past: Past) -> int:
    """Note in a ledger that `past` was killed; return how many of its seconds there have no segment yet."""
    if ledger.is_deleted:
        return 0
    mine = [one for one in kept_of(ledger, past.session) if (one.session, one.minute) not in ledger.sent]
    if mine:
        ledger = noted(ledger, MarkKind.RECOVERED)
    if ledger.digests and ledger.moment // 60 == past.open_minute and not past.was_asked:
        # The snapshot is there, and its minute was the open one: the tracker was on.
        ledger = attrs.evolve(ledger, is_witnessed=True)
    elif not ledger.digests and not ledger.is_shown and ledger.has(ledger.moment):
        ledger = attrs.evolve(noted(ledger, MarkKind.SNAPSHOT_FAILED), attempts=ATTEMPTS)
    turn.put(ledger)
    return sum(seconds_of(one.stretches) for one in mine)
