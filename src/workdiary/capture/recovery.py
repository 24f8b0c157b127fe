"""`recover`: the ledgers of sessions that are past, made again of the minutes that were kept.

Two things are wanted of the past when a tracker starts. What a session had finished when its process was killed must
be there, marked as recovered; at most the minute that was open is lost. And a slot that is still going on must keep
the moment that was drawn for it, whoever was tracking then: otherwise a restart would be a new draw.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from workdiary.capture._turn import ATTEMPTS, Turn
from workdiary.capture.events import Effect, Job, MarkKind, MinuteKept, Reading, SessionEnded, SnapshotTaken
from workdiary.capture.ledger import noted
from workdiary.capture.state import State
from workdiary.capture.timing import cut, is_usable
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant

__all__ = ["Past", "recover"]


@attrs.frozen(kw_only=True)
class Past:
    """A session of an earlier process.

    `minutes` are in the order in which they were kept; a later one takes the place of an earlier one with the same
    number. `shots` are the contract's snapshots as far as they are known, and `finished` the slots whose segments
    were handed out under this session's id. `has_ended` says that it was switched off, and not killed. `since` is
    when it began, `None` when not known.
    """

    job: Job
    session: str
    secret: bytes = attrs.field(repr=False)
    minutes: tuple[MinuteKept, ...] = ()
    shots: tuple[SnapshotTaken, ...] = ()
    finished: frozenset[Slot] = frozenset()
    has_ended: bool = False
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


def recover(state: State, pasts: Iterable[Past], reading: Reading) -> tuple[State, tuple[Effect, ...]]:
    """Return `state` with what `pasts` tracked, and what is to be done: segments, ends of sessions, marks.

    Give the sessions that were killed, and those that have ended in the slot that is going on. To be called once,
    before the first start. Made again after another crash, the segments are the same.
    """
    turn = Turn(state, reading)
    turn.before = reading
    if not is_usable(reading):
        # Whether a slot is over cannot be told; what is credited is handed out all the same.
        turn.reading = attrs.evolve(reading, wall=0)
    killed: list[tuple[Past, int, int]] = []
    for past in sorted(pasts, key=lambda one: (one.first_second, one.session)):
        seconds = _replayed(turn, past)
        if not past.has_ended:
            end = max((end for one in past.kept for _, end in one.stretches), default=past.first_second)
            killed.append((past, seconds, end))
    for _, seconds, end in killed:
        what = f"A session was interrupted; {seconds} s of it that had no segment yet are there."
        turn.mark(MarkKind.RECOVERED, what, at=end)
    turn.settle(hurry=True)
    turn.effects.extend(
        SessionEnded(contract=past.job.contract, session=past.session, secret=past.secret.hex(), at=Instant(end))
        for past, _, end in killed
    )
    turn.reading = reading
    return turn.done()


def _open_minute(past: Past) -> int:
    """Return the number of the minute that was going on when the process was killed."""
    if past.minutes:
        return max(one.minute for one in past.minutes) + 1
    return past.first_second // 60


def _replayed(turn: Turn, past: Past) -> int:
    """Put the minutes of `past` into their ledgers; return how many of its seconds have no segment yet."""
    kept = past.kept
    # Whoever tracked at a slot's beginning has drawn its moment, though no minute of it was kept.
    drawn = [int(past.since)] if past.since is not None else []
    if kept and not past.has_ended:
        drawn.append((kept[-1].minute + 1) * 60)
    seconds = 0
    slots = {one.minute * 60 // SECONDS_PER_SLOT for one in kept}
    for number in sorted(slots | {second // SECONDS_PER_SLOT for second in drawn}):
        slot = Slot(number)
        ledger = turn.ledger(past.job, slot, past.secret)
        mine = []
        for one in kept:
            if one.minute * 60 // SECONDS_PER_SLOT == slot:
                left = one.stretches
                for other in turn.at_slot(slot):
                    left = cut(left, other.stretches)
                mine.append(attrs.evolve(one, stretches=left))
        ledger = attrs.evolve(ledger, minutes=(*ledger.minutes, *mine))
        if slot in past.finished:
            # Its segment had all that was there by then, of earlier sessions, too.
            keys = {(one.session, one.minute) for one in ledger.minutes}
            ledger = attrs.evolve(ledger, sent=ledger.sent | keys, is_shown=True)
        elif mine:
            seconds += sum(end - begin for one in mine for begin, end in one.stretches)
            ledger = ledger if past.has_ended else noted(ledger, MarkKind.RECOVERED)
        for shot in past.shots:
            if shot.slot == slot and shot.digests and "blank" not in shot.flags:
                ledger = attrs.evolve(
                    ledger,
                    digests=shot.digests,
                    shot_at=min(max(int(shot.at), ledger.moment), ledger.end - 1),
                    attempts=ATTEMPTS,
                    # The snapshot is there, and its minute was the open one: the tracker was on.
                    is_witnessed=not past.has_ended and ledger.moment // 60 == _open_minute(past),
                )
        if not past.has_ended and not ledger.digests and ledger.has(ledger.moment):
            ledger = attrs.evolve(noted(ledger, MarkKind.SNAPSHOT_FAILED), attempts=ATTEMPTS)
        turn.put(ledger)
        turn.farthest = max([turn.farthest, *(end for one in mine for _, end in one.stretches)])
    return seconds
