"""`step`: the tracker as a pure state machine.

A state, an input and a reading of the clocks give the next state and what is to be done::

    commands, ticks ─┐
    snapshots       ─┼─→ step(state, event, reading) ─→ state, effects ─→ keep on disk, take a snapshot,
    three clocks    ─┘                                                    record a segment, ask, show

Nothing in here reads a clock, a file, a screen or chance. What is true whatever the inputs are:

- No second is tracked twice, and no more seconds than really passed while the machine was awake.
- Time that was suspended, locked, or that nobody watched is not tracked.
- A slot has one moment for its snapshot, drawn by the first session in it; a later session inherits it.
- What was handed out in a segment is not handed out again.
- Whatever went wrong is marked, and nothing is repaired in silence.
"""

from __future__ import annotations

from typing import Final

import attrs

from workdiary.capture._asking import ask_for_snapshot
from workdiary.capture._idle import answer, discard, lengthen, watch
from workdiary.capture._turn import Turn
from workdiary.capture._unsure import doubt, take_back, trust
from workdiary.capture.events import (
    Answered,
    DropSnapshot,
    Effect,
    Input,
    LabelChosen,
    MarkKind,
    MemoWritten,
    Reading,
    SessionEnded,
    SessionStarted,
    SnapshotDeleted,
    SnapshotFailed,
    SnapshotTaken,
    Start,
    Stop,
    StopReason,
    Ticked,
    WeekLocks,
)
from workdiary.capture.ledger import Ledger, kept_of, written
from workdiary.capture.moments import check_secret, commitment
from workdiary.capture.state import IDLE_AFTER, START, Session, State, initial
from workdiary.capture.timing import cut, is_usable, seconds_of, span
from workdiary.errors import InvalidValue
from workdiary.model.segment import check_text
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.text import is_blank
from workdiary.model.times import Instant

__all__ = ["IDLE_AFTER", "START", "Session", "State", "initial", "step"]

_NEAR: Final = 3
"""The tracker may be ahead of the wall clock by so many seconds at most, without that being a step back."""

_BLANK: Final = "blank"

_WHY: Final = {
    StopReason.USER: "by you",
    StopReason.SWITCH: "for another session",
    StopReason.SHUTDOWN: "because the tracker ends",
    StopReason.CONTRACT: "because the contract is not active",
    StopReason.CLOCK: "because the clock cannot be meant",
}


def step(state: State, event: Input, reading: Reading) -> tuple[State, tuple[Effect, ...]]:
    """Return what becomes of `state` by `event` at `reading`, and what is to be done, in that order.

    Keep the effects on the disk before anything else is done with them. Raises `InvalidValue` for a memo, label,
    secret or count that nobody could record, and then nothing has happened; what cannot be done now is no error,
    but marked as refused.
    """
    _check(event)
    turn = Turn(state, reading)
    if not is_usable(reading):
        _unusable(turn, event)
        return turn.done()
    if isinstance(event, Ticked):
        _ticked(turn, event)
    else:
        turn.pass_time()
        lengthen(turn)
        doubt(turn)
    turn.keep_closed()
    if isinstance(event, Start):
        _start(turn, event)
    elif isinstance(event, Stop):
        _stop(turn, event.reason)
    elif isinstance(event, MemoWritten | LabelChosen):
        _say(turn, event)
    elif isinstance(event, SnapshotTaken):
        _taken(turn, event)
    elif isinstance(event, SnapshotFailed):
        _failed(turn, event)
    elif isinstance(event, SnapshotDeleted):
        _deleted(turn, event)
    elif isinstance(event, Answered):
        answer(turn, event)
    elif isinstance(event, WeekLocks):
        _hand_over(turn, event)
    turn.settle(hurry=isinstance(event, Stop) and event.reason is StopReason.SHUTDOWN)
    ask_for_snapshot(turn)
    return turn.done()


def _check(event: Input) -> None:
    if isinstance(event, Ticked):
        if event.counts is not None and min(event.counts) < 0:
            raise InvalidValue("counts", event.counts, "are below zero", "count upwards")
        return
    if isinstance(event, Start):
        check_secret(event.secret)
        check_text(event.memo, "memo")
        if not event.session:
            raise InvalidValue("session", event.session, "is empty", "give a random id")
    elif isinstance(event, MemoWritten):
        check_text(event.memo, "memo")
    label = event.label if isinstance(event, Start | LabelChosen) else None
    if label is not None:
        check_text(label, "label")


def _unusable(turn: Turn, event: Input) -> None:
    """With a clock that cannot be meant there is no tracking: what was tracked before ends with its last second."""
    if turn.session is not None:
        last = turn.state.now
        turn.reading = turn.before or turn.reading
        turn.mark(MarkKind.CLOCK_UNUSABLE, "The clock is before 2015 or after 2099; tracking has stopped.", at=last)
        _end(turn, StopReason.CLOCK, last)
    elif isinstance(event, Start):
        turn.mark(MarkKind.CLOCK_UNUSABLE, "The clock is before 2015 or after 2099.", at=turn.state.now)
        turn.mark(MarkKind.REFUSED, "Set the clock, then switch on.", at=turn.state.now)


# Ticks.


def _ticked(turn: Turn, tick: Ticked) -> None:
    session = turn.session
    is_locked = tick.locked is not False
    if session is None:
        turn.pass_time()
        turn.is_locked, turn.is_lost = is_locked, tick.counts is None
        return
    # When exactly it was locked is not known; the time since it was last known not to be is not tracked.
    if tick.locked is not None:
        trust(turn, tick.unsure)
    taken = take_back(turn) if tick.locked else 0
    if is_locked and (taken or not turn.is_locked):
        words = "The screen is locked" if tick.locked else "It is not known yet whether the screen is locked"
        before = f", and {span(taken)} before it are taken back" if taken else ""
        turn.mark_here(MarkKind.LOCKED, f"{words}; nothing is tracked until it is unlocked{before}.")
    if is_locked:
        turn.end_run()
    was_lost, turn.is_lost = turn.is_lost, tick.counts is None
    turn.pass_time(tick.counts, is_told=True)
    if turn.is_lost and not was_lost:
        turn.mark_here(MarkKind.CAPTURE_LOST, "Keys, clicks and scrolls cannot be counted; they are unknown, not zero.")
    elif was_lost and not turn.is_lost:
        turn.mark_here(MarkKind.CAPTURE_BACK, "Keys, clicks and scrolls are counted again.")
    if was_lost is not turn.is_lost and turn.run is not None and turn.now % 60:
        # What is known of the minute, or not, is kept before it goes on otherwise.
        turn.close_minute(turn.now)
    if turn.is_locked and not is_locked:
        turn.begin_run()
        turn.mark_here(MarkKind.UNLOCKED, "The screen is unlocked; tracking goes on as a new run.")
    turn.is_locked = is_locked
    watch(turn, tick)
    doubt(turn)
    if tick.locked is False:
        trust(turn, tick.unsure)


# Commands.


def _start(turn: Turn, start: Start) -> None:
    """Switch on, or over: the time goes on without a break, for another session."""
    at = turn.now
    known = {one.session for ledger in turn.open.values() for one in ledger.minutes}
    if start.session in known or (turn.session is not None and turn.session.session == start.session):
        turn.mark(MarkKind.REFUSED, "A session has one start; this one has had it.")
        return
    if start.job.needs_label and (start.label is None or is_blank(start.label)):
        turn.mark(MarkKind.REFUSED, "This contract needs an activity label: choose one, then switch on.")
        return
    if turn.session is not None:
        second = at
        run = turn.run
        _end(turn, StopReason.SWITCH, at)
    else:
        turn.part, run = 0, None
        # A clock that is behind the tracker by less than a step would have the same second tracked twice.
        second = turn.farthest if 0 < turn.farthest - at <= _NEAR else at
    turn.session = Session(
        job=start.job,
        session=start.session,
        secret=start.secret,
        since=Instant(second),
        memo=start.memo,
        label=start.label,
    )
    turn.quiet, turn.asked, turn.is_away, turn.is_given_up, turn.idle = (), (), False, False, None
    turn.effects.append(
        SessionStarted(
            contract=start.job.contract, session=start.session, commitment=commitment(start.secret), at=Instant(second)
        )
    )
    if not turn.is_locked:
        turn.begin_run(second)
    if run is not None:
        # The same anchor: a clock that creeps is not forgiven at each switch.
        turn.run = run


def _stop(turn: Turn, reason: StopReason) -> None:
    if turn.session is not None:
        _end(turn, reason, turn.now)


def _end(turn: Turn, reason: StopReason, at: int) -> None:
    """End the session: idle time without an answer goes, everything else is handed out."""
    session = turn.session
    if session is None:
        return
    discard(turn)
    session = turn.session or session
    if turn.run is None:
        # On, though locked: whoever is on first has drawn the moment, and no later session of the slot draws.
        turn.here(session, at)
    turn.end_run()
    turn.keep_closed()
    turn.quiet, turn.doubts, turn.is_away, turn.is_given_up = (), (), False, False
    turn.mark(MarkKind.STOPPED, f"Switched off {_WHY[reason]}, after {span(session.tracked)}.", at=at)
    turn.session = None
    turn.settle(hurry=reason is StopReason.SHUTDOWN or reason is StopReason.CLOCK)
    turn.effects.append(
        SessionEnded(
            contract=session.job.contract, session=session.session, secret=session.secret.hex(), at=Instant(at)
        )
    )


def _hand_over(turn: Turn, lock: WeekLocks) -> None:
    """Hand out what there is of a contract's segments of a week, be it that one of them still goes on."""
    if turn.session is not None and turn.session.job.contract == lock.contract:
        discard(turn, by_nobody=True)
        turn.quiet = ()
        if turn.run is not None:
            turn.close_minute(turn.now)
        turn.keep_closed()
    for ledger in sorted(turn.open.values(), key=lambda one: one.slot):
        if ledger.job.contract == lock.contract and ledger.slot < lock.before:
            if ledger.is_pending and not lock.is_last:
                continue
            turn.hand_out(turn.without_snapshot(ledger), is_over=turn.now >= ledger.end)


def _say(turn: Turn, event: MemoWritten | LabelChosen) -> None:
    session = turn.session
    if session is None:
        turn.mark(MarkKind.REFUSED, "The tracker is off: switch on, then say what you work on.")
        return
    if isinstance(event, MemoWritten):
        session = attrs.evolve(session, memo=event.memo)
    elif session.job.needs_label and (event.label is None or is_blank(event.label)):
        turn.mark(MarkKind.REFUSED, "This contract needs an activity label.")
        return
    else:
        session = attrs.evolve(session, label=event.label)
    turn.session = session
    ledger = turn.open.get((session.job.contract, Slot(turn.now // SECONDS_PER_SLOT)))
    if ledger is not None:
        turn.put(written(ledger, session.session, turn.now // 60, session.memo, session.label))


# Snapshots.


def _asked_for(turn: Turn, event: SnapshotTaken | SnapshotFailed) -> Ledger | None:
    for ledger in turn.open.values():
        if ledger.slot == event.slot and ledger.is_pending and event.contract in (None, ledger.job.contract):
            return ledger
    return None


def _taken(turn: Turn, shot: SnapshotTaken) -> None:
    ledger = _asked_for(turn, shot)
    if ledger is None or ledger.is_deleted:
        contract = shot.contract or (turn.session.job.contract if turn.session is not None else "")
        turn.mark(MarkKind.SNAPSHOT_LATE, "A snapshot came that nobody waits for; its images are deleted.")
        turn.effects.append(DropSnapshot(contract=contract, slot=shot.slot, digests=shot.digests))
        return
    turn.put(attrs.evolve(ledger, is_pending=False))
    for flag in shot.flags:
        turn.mark(MarkKind.SNAPSHOT_ODD, f"The snapshot is {flag}.", ledger=turn.open[ledger.job.contract, ledger.slot])
    ledger = turn.open[ledger.job.contract, ledger.slot]
    if _BLANK in shot.flags or not shot.digests:
        # A picture of nothing is no evidence, and must not pass as some.
        turn.effects.append(DropSnapshot(contract=ledger.job.contract, slot=ledger.slot, digests=shot.digests))
        turn.mark(MarkKind.SNAPSHOT_FAILED, "The snapshot shows nothing; its images are deleted.", ledger=ledger)
        return
    if shot.at >= ledger.end:
        what = f"The snapshot was taken {shot.at - ledger.end + 1} s after its segment."
        turn.mark(MarkKind.SNAPSHOT_LATE, what, ledger=ledger)
        ledger = turn.open[ledger.job.contract, ledger.slot]
    at = min(max(int(shot.at), ledger.moment), ledger.end - 1)
    turn.put(attrs.evolve(ledger, digests=shot.digests, shot_at=at))


def _failed(turn: Turn, failure: SnapshotFailed) -> None:
    ledger = _asked_for(turn, failure)
    if ledger is not None:
        ledger = attrs.evolve(ledger, is_pending=False)
        turn.put(ledger)
        turn.mark(MarkKind.SNAPSHOT_FAILED, failure.why, ledger=ledger)


def _deleted(turn: Turn, deletion: SnapshotDeleted) -> None:
    """Delete segments with their snapshots (EDIT-4): nothing of the slot is tracked any more, nor later."""
    found = [ledger for ledger in turn.at_slot(deletion.slot) if deletion.contract in (None, ledger.job.contract)]
    if deletion.contract is None and any(ledger.digests for ledger in found):
        found = [ledger for ledger in found if ledger.digests]
    for ledger in found:
        if ledger.digests:
            turn.effects.append(DropSnapshot(contract=ledger.job.contract, slot=ledger.slot, digests=ledger.digests))
        session = turn.session
        if session is not None:
            gone = [stretch for one in kept_of(ledger, session.session) for stretch in one.stretches]
            turn.session = attrs.evolve(session, tracked=session.tracked - seconds_of(gone))
            turn.quiet, turn.asked = cut(turn.quiet, gone), cut(turn.asked, gone)
        turn.empty(ledger)
        if ledger.carried:
            turn.carry(ledger.job.contract, -ledger.carried)
        nothing = Ledger(
            job=ledger.job, slot=ledger.slot, moment=ledger.moment, drawn_by=ledger.drawn_by, is_deleted=True
        )
        turn.forget(ledger, nothing)
