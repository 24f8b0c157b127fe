"""Idle time: when to ask, and what becomes of it.

Time since the last input is *quiet*. It is tracked, but its slots are not handed out: nobody knows yet whether
somebody was there. When it has lasted long enough, the question is asked::

    input  x                                        x
    quiet  ├──────────────────┤ asked ──────────────┤
           └ kept on the disk ┘ emptied on the disk  └ the answer decides; none is "discard"

Silence never counts as "keep", neither at the next prompt, nor at the end of the session, nor after a crash. And a
display that answers nobody for as long is no sign of anybody, either: it is asked about like a quiet one.
"""

from __future__ import annotations

import attrs

from workdiary.capture._turn import Turn
from workdiary.capture.events import (
    Answered,
    AskIdle,
    Choice,
    Job,
    MarkKind,
    MinuteKept,
    SessionEnded,
    SessionStarted,
    Ticked,
)
from workdiary.capture.ledger import Ledger, added, kept_of, without
from workdiary.capture.moments import commitment, derived
from workdiary.capture.timing import Stretch, appended, newest, seconds_of, span
from workdiary.errors import InvalidValue
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant

__all__ = ["answer", "discard", "lengthen", "watch"]


def lengthen(turn: Turn) -> None:
    """Add what was tracked in this turn to the time without input, of which only a tick knows better."""
    if turn.state.idle_after is None or turn.idle is None:
        return
    for stretch in turn.new:
        if turn.is_away:
            if not turn.asked and not turn.is_given_up and turn.session is not None:
                # The segments of what was asked about were deleted: what is left is asked about anew.
                turn.effects.append(AskIdle(contract=turn.session.job.contract, since=Instant(stretch[0])))
            turn.asked = appended(turn.asked, stretch)
        else:
            turn.quiet = appended(turn.quiet, stretch)


def watch(turn: Turn, tick: Ticked) -> None:
    """Add what the tick tracked to the quiet time, or end that; ask when it has lasted long enough."""
    after = turn.state.idle_after
    if after is None or turn.session is None:
        return
    idle = tick.idle
    if idle is None:
        # Nobody measures it. Whoever counts an input knows of one; where nobody does, nobody knows of any.
        elapsed = 0 if turn.before is None else max(0, turn.reading.mono - turn.before.mono)
        idle = 0 if any(tick.counts or ()) else (turn.idle or 0) + elapsed
    was, turn.idle = turn.idle, idle
    if turn.is_away and (was is None or idle < was):
        if turn.is_given_up:
            discard(turn)
        turn.is_away = turn.is_given_up = False
    lengthen(turn)
    if turn.is_away:
        return
    # On a locked screen nothing more comes to it: it was less than is asked about, so it is work.
    turn.quiet = () if tick.locked else newest(turn.quiet, idle // 1000)
    if seconds_of(turn.quiet) >= after:
        # An earlier prompt without an answer by now is answered.
        discard(turn)
        turn.asked, turn.quiet, turn.is_away = turn.quiet, (), True
        turn.effects.append(AskIdle(contract=turn.session.job.contract, since=Instant(turn.asked[0][0])))
        turn.keep(_touched(turn), always=True)


def answer(turn: Turn, answered: Answered) -> None:
    """Do with the idle time what was said."""
    if not turn.asked or turn.session is None:
        turn.mark(MarkKind.REFUSED, "There is no idle time to answer for.")
        return
    if answered.choice is Choice.REASSIGN and answered.job is None:
        raise InvalidValue("job", None, "is missing", "say which contract the time goes to")
    if answered.choice is Choice.DISCARD:
        discard(turn, by_nobody=answered.by_nobody)
    elif answered.choice is Choice.KEEP or (
        answered.job is not None and answered.job.contract == turn.session.job.contract
    ):
        seconds, at = seconds_of(turn.asked), turn.asked[0][0]
        touched = _touched(turn)
        turn.asked, turn.is_away, turn.is_given_up = (), False, False
        turn.keep(touched)
        turn.mark(MarkKind.IDLE_KEPT, f"{span(seconds)} without input were kept.", at=at)
    elif answered.job is not None:
        _reassign(turn, answered.job)


def discard(turn: Turn, *, by_nobody: bool = False) -> None:
    """Take the idle time that was asked about out of what was tracked; the work before it stays.

    Whoever answers is there. That nobody has brings nobody back: what passes until there is an input goes with it.
    """
    if turn.asked and turn.session is not None:
        seconds, at, is_away = seconds_of(turn.asked), turn.asked[0][0], turn.is_away
        _cut(turn)
        turn.is_away = turn.is_given_up = is_away and by_nobody
        turn.mark(MarkKind.IDLE_DISCARDED, f"{span(seconds)} without input were discarded.", at=at)


def _touched(turn: Turn) -> list[MinuteKept]:
    session = turn.session
    return [
        one
        for ledger in turn.open.values()
        for one in (() if session is None else kept_of(ledger, session.session))
        if any(a < end and begin < b for a, b in one.stretches for begin, end in turn.asked)
    ]


def _cut(turn: Turn) -> tuple[tuple[Stretch, bool], ...]:
    """Take the time asked about out of the session's ledgers; return it by minutes, with whether counts are known."""
    session, asked = turn.session, turn.asked
    if session is None:
        return ()
    touched = _touched(turn)
    keys = [(one.minute, one.counts is not None) for one in touched]
    pieces = tuple(
        ((max(a, begin), min(b, end)), known)
        for (_, known), one in zip(keys, touched, strict=True)
        for a, b in one.stretches
        for begin, end in asked
        if max(a, begin) < min(b, end)
    )
    turn.asked, turn.is_away, turn.is_given_up = (), False, False
    for key, ledger in [*turn.open.items()]:
        if any(begin < ledger.end and end > ledger.begin for begin, end in asked):
            turn.open[key] = without(ledger, session.session, asked)
    numbers = {minute for minute, _ in keys}
    left = [one for ledger in turn.open.values() for one in kept_of(ledger, session.session) if one.minute in numbers]
    turn.keep(left, always=True)
    gone = sum(end - begin for (begin, end), _ in pieces)
    turn.session = attrs.evolve(session, tracked=session.tracked - gone)
    return pieces


def _reassign(turn: Turn, job: Job) -> None:
    """Give the idle time to another contract, as a session of its own that is over at once."""
    session = turn.session
    if session is None:
        return
    seconds, at = seconds_of(turn.asked), turn.asked[0][0]
    pieces = _cut(turn)
    if not pieces:
        # Its segments were deleted meanwhile, and the time with them.
        turn.mark(MarkKind.REFUSED, "There is no idle time left to go anywhere.", at=at)
        return
    turn.mark(MarkKind.IDLE_REASSIGNED, f"{span(seconds)} without input went to {job.contract}.", at=at)
    if turn.session is not None:
        turn.session = attrs.evolve(turn.session, given=session.given + 1)
    secret = derived(session.secret, job.contract, session.given)
    name = f"{session.session}-{session.given + 1}"
    until = max(end for (_, end), _ in pieces)
    turn.effects.append(
        SessionStarted(
            contract=job.contract, session=name, commitment=commitment(secret), at=Instant(at), is_given=True
        )
    )
    given: dict[int, Ledger] = {}
    for (begin, end), known in pieces:
        ledger = turn.ledger(job, Slot(begin // SECONDS_PER_SLOT), name, secret)
        if ledger.is_deleted:
            continue
        counts = (0, 0, 0) if known else None
        ledger = added(ledger, name, begin // 60, ((begin, end),), counts, "", None)
        turn.put(ledger)
        given[ledger.slot] = ledger
    for ledger in given.values():
        turn.keep(kept_of(ledger, name))
        turn.hand_out(ledger, is_over=turn.now >= ledger.end)
    turn.effects.append(
        SessionEnded(contract=job.contract, session=name, secret=secret.hex(), at=Instant(until), is_given=True)
    )
