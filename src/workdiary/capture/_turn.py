"""One turn of the tracker: the state taken apart, time passing over its ledgers, and put together again.

A `Turn` lives for one call of `step`. What the commands do with it is in `tracker`.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

import attrs

from workdiary.capture.events import (
    BalanceKept,
    ClockKept,
    DropSnapshot,
    Effect,
    Job,
    Mark,
    MarkKind,
    MinuteKept,
    Reading,
    SessionEnded,
    SessionStarted,
)
from workdiary.capture.ledger import HALF, Ledger, added, is_credited, noted, sent, slot_kept, why_not
from workdiary.capture.moments import ATTEMPTS, moment_of
from workdiary.capture.state import Doubt, Session, State, with_closed
from workdiary.capture.timing import Passage, Run, Stretch, ahead, appended, cut, passed, seconds_of, span
from workdiary.model.activity import Counts
from workdiary.model.policy import Credit
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant

__all__ = ["PATIENCE", "Turn"]

PATIENCE: Final = 30_000
"""How many milliseconds a finished slot waits for a snapshot that was asked for."""

_CUTS: Final = 8
"""How many slots in which the clock was set are remembered, for sessions that are still to begin there."""

_MINUTE: Final = 60


class Turn:
    """The parts of a state while a step changes them, and the effects so far."""

    def __init__(self, state: State, reading: Reading) -> None:
        self.state = state
        self.before = state.reading
        self.reading = reading
        self.session: Session | None = state.session
        self.run: Run | None = state.run
        self.part = state.part
        self.farthest = state.farthest
        self.is_locked = state.is_locked
        self.is_lost = state.is_lost
        self.idle = state.idle
        self.quiet = state.quiet
        self.asked = state.asked
        self.is_away = state.is_away
        self.is_given_up = state.is_given_up
        self.doubts: tuple[Doubt, ...] = state.doubts
        self.open = {(ledger.job.contract, ledger.slot): ledger for ledger in state.open}
        self.closed = state.closed
        self.balances = state.balances
        self.cuts = state.cuts
        self.believed = ahead(state.reading or reading) if state.believed is None else state.believed
        self.new: tuple[Stretch, ...] = ()
        self.counted: tuple[int, Counts] | None = None
        self.closing: dict[tuple[str, Slot, str, int], None] = {}
        self.settled: dict[tuple[str, Slot], Ledger] = {}
        self.effects: list[Effect] = []

    def done(self) -> tuple[State, tuple[Effect, ...]]:
        """Return the state that it has become, and the effects."""
        self._keep_slots()
        is_new = any(isinstance(effect, SessionStarted | SessionEnded) for effect in self.effects)
        if is_new or self.cuts is not self.state.cuts:
            # Not what it shows, but what it should show: what it has crept is not forgiven by a restart.
            due = attrs.evolve(self.reading, wall=self.reading.boot + self.believed)
            self.effects.append(ClockKept(reading=due, cuts=self.cuts))
        state = State(
            idle_after=self.state.idle_after,
            reading=self.reading,
            session=self.session,
            run=self.run,
            part=self.part,
            farthest=self.farthest,
            is_locked=self.is_locked,
            is_lost=self.is_lost,
            idle=self.idle,
            quiet=self.quiet,
            asked=self.asked,
            is_away=self.is_away,
            is_given_up=self.is_given_up,
            doubts=self.doubts,
            open=tuple(self.open.values()),
            closed=self.closed,
            balances=self.balances,
            cuts=self.cuts,
            believed=self.believed,
        )
        return state, tuple(self.effects)

    def _keep_slots(self) -> None:
        """Have kept what was decided in this turn, so that no restart decides it otherwise."""
        before = {(ledger.job.contract, ledger.slot): ledger for ledger in self.state.open}
        for key, ledger in self.open.items():
            old = before.get(key)
            if old is ledger:
                continue
            kept = slot_kept(ledger, is_open=True)
            if old is None or slot_kept(old, is_open=True) != kept:
                self.effects.append(kept)
        for key, ledger in self.settled.items():
            if key not in self.open:
                self.effects.append(slot_kept(ledger, is_open=False))
        if self.balances is not self.state.balances:
            for contract, seconds in self.balances.items():
                if self.state.balances.get(contract) != seconds:
                    self.effects.append(BalanceKept(contract=contract, seconds=seconds))

    # Where it stands.

    @property
    def now(self) -> int:
        """The second that is going on."""
        return self.reading.wall // 1000 if self.run is None else self.run.second

    def mark(self, kind: MarkKind, what: str, *, ledger: Ledger | None = None, at: int | None = None) -> None:
        """Note something; with a `ledger`, about its slot, and its segment will carry it."""
        contract = ledger.job.contract if ledger else self.session.job.contract if self.session else None
        self.effects.append(
            Mark(
                kind=kind,
                at=Instant(self.now if at is None else at),
                what=what,
                contract=contract,
                slot=ledger.slot if ledger else None,
            )
        )
        if ledger is not None:
            self.put(noted(self.open.get((ledger.job.contract, ledger.slot), ledger), kind))

    def mark_here(self, kind: MarkKind, what: str) -> None:
        """Note something about the slot that is being tracked, if one is."""
        here = None if self.session is None else self.open.get((self.session.job.contract, Slot(self.now // 600)))
        self.mark(kind, what, ledger=here)

    # Ledgers.

    def put(self, ledger: Ledger) -> None:
        """Have `ledger` among the open ones."""
        self.open[ledger.job.contract, ledger.slot] = ledger

    def ledger(self, job: Job, slot: Slot, session: str, secret: bytes) -> Ledger:
        """Return the ledger of a slot, made or opened again where it is not open; it keeps the moment it has."""
        found = self.open.get((job.contract, slot))
        if found is None:
            known = self.closed.get(slot, ())
            found = next((one for one in known if one.job.contract == job.contract), None)
            if found is None:
                moment = int(moment_of(secret, job.contract, slot))
                found = Ledger(job=job, slot=slot, moment=moment, drawn_by=session)
                if slot in self.cuts:
                    found = noted(attrs.evolve(found, is_cut=True), MarkKind.CLOCK_STEP)
                elif job.credit.rule is not Credit.CARRY and not -HALF <= self.balances.get(job.contract, 0) < HALF:
                    # Slots that were cut after they were decided have left more than one can: this one makes up for it.
                    found = attrs.evolve(found, is_cut=True)
            else:
                self.closed = with_closed(self.closed, slot, tuple(one for one in known if one is not found))
            self.open[job.contract, slot] = found
        return found

    def here(self, session: Session, second: int) -> Ledger:
        """Return the ledger of `session` for the slot of `second`."""
        return self.ledger(session.job, Slot(second // SECONDS_PER_SLOT), session.session, session.secret)

    def at_slot(self, slot: Slot) -> list[Ledger]:
        """Return every ledger of `slot`, of whichever contract."""
        return [*self.closed.get(slot, ()), *(one for one in self.open.values() if one.slot == slot)]

    def cut(self, *seconds: int) -> None:
        """Have the slots of `seconds` carried: the clock was set from the one to the other.

        A slot that was left early would else be credited by its moment, and the next one at once by another.
        """
        for slot in dict.fromkeys(Slot(second // SECONDS_PER_SLOT) for second in seconds):
            self.cuts = (*(one for one in self.cuts if one != slot), slot)[-_CUTS:]
            for ledger in self.at_slot(slot):
                if not ledger.is_cut:
                    # What is decided already is carried, too, be it that it was credited or that it was not.
                    is_decided = bool(ledger.sent) or (ledger.job.contract, slot) not in self.open
                    cut = noted(attrs.evolve(ledger, is_cut=True), MarkKind.CLOCK_STEP)
                    self.forget(ledger, self._carried(cut) if is_decided and not ledger.is_deleted else cut)

    def _carried(self, ledger: Ledger) -> Ledger:
        """Bring to the balance what was tracked in `ledger` and not credited, or credited and not tracked."""
        self._draw_balance(ledger)
        carried = ledger.tracked - SECONDS_PER_SLOT * bool(ledger.sent)
        if carried == ledger.carried:
            return ledger
        self.carry(ledger.job.contract, carried - ledger.carried)
        return attrs.evolve(ledger, carried=carried)

    def _draw_balance(self, ledger: Ledger) -> None:
        """Begin the balance of a contract whose first slot was cut where the drawn moment says, not at nothing.

        So what is credited of such slots is on average what was tracked in them, however few there are.
        """
        contract, rule = ledger.job.contract, ledger.job.credit.rule
        if ledger.is_cut and rule is not Credit.CARRY and contract not in self.balances:
            self.carry(contract, ledger.moment % SECONDS_PER_SLOT - SECONDS_PER_SLOT // 2)

    # Time.

    def pass_time(self, counts: Counts | None = None, *, is_told: bool = False) -> None:
        """Track what passed since the reading before, and what was counted in it, if it `is_told`."""
        if self.before is None:
            return
        session, run = self.session, self.run
        passage = passed(self.before, self.reading, self.before if run is None else run.anchor, self.believed)
        if passage.stepped or passage.broken:
            self.believed = ahead(self.reading)
        if run is None and passage.stepped:
            self.cut(self.before.wall // 1000, self.reading.wall // 1000)
        if session is None:
            return
        is_earned = passage.is_plain or passage.earned > 0
        # Counts go to the minute in which their time began; those of lost time to the one in which it goes on.
        if run is not None and is_earned:
            if is_told:
                self._count(session, run.second, counts)
            self.earn(run, passage.earned)
        if not passage.is_plain:
            self._split(passage)
        if run is not None and self.run is not None and is_told and not is_earned:
            self._count(session, self.run.second, counts)

    def _split(self, passage: Passage) -> None:
        at = self.now
        if self.run is not None and passage.stepped:
            self.cut(at, self.reading.wall // 1000)
        if passage.broken:
            self.mark_here(
                MarkKind.CLOCK_STEP, "A clock that only goes forward went back; the time since is not known."
            )
        if passage.suspended:
            asleep = span(passage.suspended // 1000)
            self.mark_here(MarkKind.SUSPENDED, f"The machine was suspended for {asleep}, which is not tracked.")
        if passage.gap:
            still = span(passage.gap // 1000)
            self.mark_here(MarkKind.SUSPENDED, f"The tracker stood still for {still}, which is not tracked.")
        if passage.stepped:
            way = "forward" if passage.stepped > 0 else "back"
            ahead = span(abs(passage.stepped) // 1000)
            self.mark_here(MarkKind.CLOCK_STEP, f"The clock was set {way} by {ahead}; what is tracked goes on.")
        if self.run is not None and self.session is not None:
            self.close_minute(at)
            self.begin_run()

    def begin_run(self, second: int | None = None) -> None:
        """Begin to track at the present reading, at the second of the wall clock or at `second`."""
        if self.session is None:
            return
        begin = self.reading.wall // 1000 if second is None else second
        self.run = Run(anchor=self.reading, second=begin)
        self.here(self.session, begin)

    def end_run(self) -> None:
        """Track no more, and keep the minute that is going on."""
        if self.run is not None:
            self.close_minute(self.run.second)
            self.run = None

    def earn(self, run: Run, milliseconds: int) -> None:
        """Track `milliseconds` more."""
        session = self.session
        if session is None:
            return
        seconds, self.part = divmod(self.part + milliseconds, 1000)
        begin, end = run.second, run.second + seconds
        fresh = 0
        while begin < end:
            edge = min(end, begin - begin % _MINUTE + _MINUTE)
            fresh += self._track(session, begin, edge)
            if edge % _MINUTE == 0:
                self.close_minute(edge)
            begin = edge
        if seconds:
            self.run = attrs.evolve(run, second=end)
            if fresh:
                self.session = attrs.evolve(session, tracked=session.tracked + fresh)
            self.here(session, end)
            self.farthest = max(self.farthest, end)

    def _count(self, session: Session, second: int, counts: Counts | None) -> None:
        ledger = self.here(session, second)
        if ledger.is_deleted:
            return
        # What was counted in a second that stands in a ledger already belongs to time that is not counted again.
        if second < self.farthest and any(one.has(second) for one in self.at_slot(ledger.slot)):
            return
        if counts is not None:
            self.counted = (second // _MINUTE, counts)
        self.put(added(ledger, session.session, second // _MINUTE, (), counts, session.memo, session.label))

    def _track(self, session: Session, begin: int, end: int) -> int:
        """Track a stretch within one minute, and return how many of its seconds were new."""
        slot = Slot(begin // SECONDS_PER_SLOT)
        ledger = self.here(session, begin)
        stretches: tuple[Stretch, ...] = ((begin, end),)
        if begin < self.farthest:
            for one in self.at_slot(slot):
                stretches = cut(stretches, one.stretches)
        fresh = seconds_of(stretches)
        if fresh < end - begin and MarkKind.OVERLAP.value not in ledger.marks:
            self.mark(
                MarkKind.OVERLAP, "Tracked already, before the clock was set back: not counted again.", ledger=ledger
            )
            ledger = self.open[session.job.contract, slot]
        if not fresh or ledger.is_deleted:
            return 0
        # While nobody can count, a minute that begins is unknown.
        counts = None if self.is_lost else (0, 0, 0)
        self.put(added(ledger, session.session, begin // _MINUTE, stretches, counts, session.memo, session.label))
        for stretch in stretches:
            self.new = appended(self.new, stretch)
        return fresh

    def close_minute(self, second: int) -> None:
        """Have the minute kept that ends with `second`, or is broken off there."""
        if self.session is not None:
            minute = (second - 1) // _MINUTE
            slot = Slot((second - 1) // SECONDS_PER_SLOT)
            self.closing[self.session.job.contract, slot, self.session.session, minute] = None

    def keep_closed(self) -> None:
        """Keep the minutes that have been closed; only now is it known which of them were idle."""
        for contract, slot, session, minute in self.closing:
            ledger = self.open.get((contract, slot))
            kept = None if ledger is None else ledger.kept(session, minute)
            if kept is not None:
                self.keep([kept], always=bool(self.asked))
        self.closing = {}

    def keep(self, minutes: Iterable[MinuteKept], *, always: bool = False) -> None:
        """Have `minutes` kept on the disk; idle time that is not answered for is not, in case nobody ever does."""
        for one in minutes:
            kept = attrs.evolve(one, stretches=cut(one.stretches, self.asked)) if self.asked else one
            if kept.stretches or always:
                self.effects.append(kept)

    # Settling.

    def settle(self, *, hurry: bool = False) -> None:
        """Hand out the segment of each slot of which all is known; with `hurry`, wait for no snapshot."""
        if len(self.open) == 1 and self.session is not None and not hurry:
            (only,) = self.open.values()
            if self.now < only.end and only.job.contract == self.session.job.contract:
                return
        doubted = tuple(stretch for one in self.doubts for stretch in one.stretches)
        idle = (*self.asked, *self.quiet, *doubted) if self.session is not None else ()
        for ledger in sorted(self.open.values(), key=lambda one: one.slot):
            is_over = self.now >= ledger.end
            is_going_on = self.session is not None and ledger.job.contract == self.session.job.contract
            if is_going_on and not is_over:
                continue
            if ledger.is_pending:
                if not hurry and self.reading.boot - ledger.asked_at[0] <= PATIENCE:
                    continue
                ledger = self.without_snapshot(ledger)
            if is_going_on and any(begin < ledger.end and end > ledger.begin for begin, end in idle):
                continue
            self.hand_out(ledger, is_over=is_over)

    def without_snapshot(self, ledger: Ledger) -> Ledger:
        """Wait no longer for the snapshot of `ledger`, if it is waited for."""
        if ledger.is_pending:
            self.mark(MarkKind.SNAPSHOT_FAILED, "The snapshot did not arrive.", ledger=ledger)
            ledger = attrs.evolve(self.open[ledger.job.contract, ledger.slot], is_pending=False)
            self.put(ledger)
        return ledger

    def hand_out(self, ledger: Ledger, *, is_over: bool) -> None:
        """Hand out what is credited of `ledger`; when its slot is over, that is its end."""
        contract = ledger.job.contract
        self._draw_balance(ledger)
        balance = self.balances.get(contract, 0) - ledger.carried
        credited = is_credited(ledger, balance)
        unsent = ledger.unsent
        if credited and unsent:
            used = {session for session, _ in ledger.sent}
            if unsent[-1].session in used:
                # Only a clock that was set back leads here: one session has one segment a slot.
                self.mark(MarkKind.OVERLAP, "The segment is recorded already: what came later is not.", ledger=ledger)
                ledger = self.open[contract, ledger.slot]
            else:
                if not ledger.digests and ledger.has(ledger.moment) and not ledger.attempts and not ledger.is_shown:
                    what = "The moment for the snapshot passed while nobody watched."
                    self.mark(MarkKind.SNAPSHOT_LATE, what, ledger=ledger)
                    ledger = self.open[contract, ledger.slot]
                ledger, finished = sent(ledger)
                self.effects.append(finished)
        if ledger.carries and not ledger.is_deleted:
            ledger = self._carried(ledger)
        self.put(ledger)
        if is_over:
            if not ledger.sent and ledger.minutes and not ledger.is_deleted and ledger.tracked:
                what = f"{span(ledger.tracked)} were tracked, and are not credited: {why_not(ledger)}."
                self.mark(MarkKind.NOT_CREDITED, what, ledger=ledger)
                ledger = self.open[contract, ledger.slot]
            if ledger.digests and not ledger.is_shown:
                self.effects.append(DropSnapshot(contract=contract, slot=ledger.slot, digests=ledger.digests))
                ledger = attrs.evolve(ledger, digests=(), shot_at=None, attempts=ATTEMPTS)
            del self.open[contract, ledger.slot]
            self.settled[contract, ledger.slot] = ledger
            self.closed = with_closed(self.closed, ledger.slot, (*self.closed.get(ledger.slot, ()), ledger))

    def carry(self, contract: str, seconds: int) -> None:
        """Add to the balance of a policy that carries seconds on (CREDIT-carry)."""
        self.balances = MappingProxyType({**self.balances, contract: self.balances.get(contract, 0) + seconds})

    def empty(self, ledger: Ledger) -> None:
        """Have the kept minutes of `ledger` emptied on the disk."""
        self.effects.extend(attrs.evolve(one, stretches=()) for one in ledger.minutes)

    def forget(self, ledger: Ledger, instead: Ledger) -> None:
        """Put `instead` in the place of `ledger`, open or closed."""
        key = (ledger.job.contract, ledger.slot)
        if key in self.open:
            self.open[key] = instead
        else:
            self.settled[key] = instead
            known = tuple(instead if one is ledger else one for one in self.closed.get(ledger.slot, ()))
            self.closed = with_closed(self.closed, ledger.slot, known)
