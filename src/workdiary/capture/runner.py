"""`Runner`: the loop around the tracker: clocks, inputs and screen in, steps, and what they ask for carried out.

::

    once a second   clocks, counts ─→ step ─→ effects ─┬─→ spool, in one commit    (then nothing is lost)
    commands        ───────────────────┘               ├─→ camera, in its own thread
                                                       └─→ sender, in its own thread ─→ diary

Counting never waits for the diary, nor for a picture. When the spool cannot be written, what was tracked is kept
in memory and written with the next step that can be.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeVar

import attrs

from workdiary.capture.calls import Calls
from workdiary.capture.events import (
    AskIdle,
    Effect,
    Finished,
    Input,
    LabelChosen,
    Mark,
    MarkKind,
    MemoWritten,
    Reading,
    SessionStarted,
    SnapshotDeleted,
    SnapshotFailed,
    SnapshotTaken,
    Start,
    Stop,
    StopReason,
    TakeSnapshot,
    Ticked,
)
from workdiary.capture.jobs import inactive, job_for, look_again
from workdiary.capture.ledger import finished_id
from workdiary.capture.locks import Deadlines
from workdiary.capture.machine.ports import Clocks, Inputs, together
from workdiary.capture.machine.shooting import Camera, Shooting
from workdiary.capture.recovery import recover
from workdiary.capture.sender import Sender
from workdiary.capture.spool.backlog import Backlog
from workdiary.capture.spool.kept import Item, Room, Shot
from workdiary.capture.spool.spool import HOLD, Spool
from workdiary.capture.timing import is_usable
from workdiary.capture.tracker import State, initial, step
from workdiary.capture.troubles import troubles_of
from workdiary.capture.wording import memo_of, text_of, text_or_none
from workdiary.errors import NOTHING, InvalidValue, StoreBusy, StoreError, WorkdiaryError
from workdiary.model.activity import Counts
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = ["Runner"]

_T = TypeVar("_T")

_LOOK_EVERY: Final = 60_000
"""How often the room on the disk is looked at, in milliseconds."""

_TELL_EVERY: Final = 15_000
_TIDY_EVERY: Final = 6 * 3_600_000


class Runner:
    """One tracker at work.

    `hold` is how many milliseconds a finished segment is held back, `idle_after` how many seconds without
    an input are idle time. With `in_background` the camera and the sender have threads of their own, else
    everything is done within `tick`. `watch` hears every effect, and `tell` every 15 seconds the troubles, in the
    thread of the loop. `prefix` begins the ids of the sessions. Made, it recovers what a killed tracker has left; end
    it with `end`.
    """

    def __init__(
        self,
        *,
        clocks: Clocks,
        inputs: Inputs,
        camera: Camera | None,
        spool: Spool,
        sender: Sender,
        hold: int = HOLD,
        idle_after: int | None = None,
        in_background: bool = True,
        size_of: Callable[[str], int] = lambda _: 0,
        watch: Callable[[Effect], None] = lambda _: None,
        tell: Callable[[tuple[str, ...]], None] | None = None,
        chance: Callable[[int], bytes] = os.urandom,
        prefix: str = "",
    ) -> None:
        self.clocks, self.inputs, self.spool, self.sender = clocks, inputs, spool, sender
        self._background = in_background
        self._shooting = Shooting(camera, in_background=in_background)
        self._size_of, self._watch, self._tell, self._chance, self._prefix = size_of, watch, tell, chance, prefix
        self.state: State = initial() if idle_after is None else initial(idle_after=idle_after)
        self.room: Room | None = None
        self._backlog = Backlog(spool, hold)
        self._given: set[Slot] = set()
        self._carried: Counts | None = (0, 0, 0)
        self._room_trouble: str | None = None
        self._own_trouble: str | None = None
        self._death: str | None = None
        self._looked_at: int | None = None
        self._deadlines = Deadlines(sender.locks)
        self._tidied_at: int | None = None
        self._told_at: int | None = None
        self._mutex = threading.RLock()
        self._calls = Calls(self._mutex)
        self._thread: threading.Thread | None = None
        self._ending: StopReason | None = None
        self._is_over = self._is_ended = False
        self._recover()
        if in_background:
            sender.begin()

    # The loop.

    def begin(self) -> None:
        """Run the loop in a thread of its own, until `end`."""
        thread = threading.Thread(target=self._live, name="workdiary-tracker", daemon=True)
        thread.start()
        self._thread = thread

    def _live(self) -> None:
        """Run the loop in its own thread; what ends it before its time is told by `troubles` and `is_dead`."""
        try:
            self.run()
        except BaseException as error:  # nobody above hears it
            self._death = f"{type(error).__name__}: {error}"

    @property
    def is_dead(self) -> bool:
        """Whether the loop has ended though nobody has ended it: nothing is tracked any more."""
        if self._death is None and self._thread is not None and self._ending is None and not self._thread.is_alive():
            self._death = "its thread is gone"
        return self._death is not None

    def run(self, seconds: float | None = None) -> None:
        """Tick once a second, for so many `seconds` or until `end_soon`, in the calling thread."""
        self._calls.begin()
        try:
            first = self.clocks.read().boot
            while self._ending is None:
                self._tick_safely()
                passed = self.clocks.read().boot - first
                if seconds is not None and passed >= seconds * 1000:
                    return
                # To the next whole second of the run, so that slow ticks do not add up.
                self._calls.rest((1000 - passed % 1000) / 1000, unless=lambda: self._ending is not None)
                self._calls.answer()
        finally:
            self._calls.end()

    def end_soon(self, reason: StopReason = StopReason.SHUTDOWN) -> None:
        """Let `run` return; this may be called by a signal's handler."""
        self._ending = reason
        self._calls.wake()

    def switch_off(self, reason: StopReason | None = None, *, timeout: float = 1.5) -> None:
        """Let the loop end, and switch off for good: however long what is left to do takes, it costs no second."""
        self.end_soon(reason or self._ending or StopReason.SHUTDOWN)
        if self._thread is not None:
            self._thread.join(timeout)
        with self._mutex:
            self._is_over = True
            if self.is_on:
                stop = Stop(reason=self._ending or StopReason.SHUTDOWN)
                self._safely("the last tick", self._tick)
                self._safely("switching off", lambda: self._feed(stop, self.clocks.read()))

    def end(self, reason: StopReason | None = None, *, timeout: float = 1.5) -> bool:
        """Switch off, keep everything, send what can be sent within `timeout` seconds, and let the inputs go.

        Returns whether the diary has taken everything; what it has not waits in the spool for the next start.
        """
        self.switch_off(reason, timeout=timeout)
        with self._mutex:
            if self._is_ended:
                return True
            self._is_ended = True
            self._safely("the last snapshot", lambda: self._await_camera(timeout / 2))
            self._flush()
            if self._backlog:
                self._flush()  # the first one has made room, where it could
        done = self.sender.end(timeout)
        self.inputs.close()
        return done and not self.lost

    def _await_camera(self, timeout: float) -> None:
        """Wait for a snapshot that is being taken; whatever is finished without it then is finished."""
        self._shooting.wait(timeout)
        self._safely("a snapshot", lambda: self._take_results(self.clocks.read()))
        if self.state.is_waiting:
            self._feed(Stop(reason=StopReason.SHUTDOWN), self.clocks.read())

    def call(self, action: Callable[[], _T]) -> _T:
        """Do `action` in the thread of the loop, and return or raise what comes of it."""
        return self._calls.call(action)

    def _tick_safely(self) -> None:
        try:
            self.tick()
        except Exception as error:  # F11: the next tick may be luckier, and nothing that was counted is gone
            self._own_trouble = f"a tick went wrong: {type(error).__name__}: {error}"

    def tick(self) -> None:
        """Take what was counted since the last tick, step, and do what is to be done."""
        with self._mutex:
            self._tick()
            if not self._background and self.sender.is_due:
                self.sender.work()

    def _tick(self) -> None:
        reading = self.clocks.read()
        self._safely("a snapshot", lambda: self._take_results(reading))
        try:
            counts, idle = self.inputs.take(), self.inputs.idle()
            locked, unsure = self.inputs.locked(), self.inputs.unsure()
        except Exception as error:  # whatever it is: what was not counted is unknown, and the clock runs on
            counts, idle, locked, unsure = None, None, self.state.is_locked, 0
            self._own_trouble = f"the inputs cannot be read: {type(error).__name__}: {error}"
        counts = together(self._carried, counts)
        try:
            self._feed(Ticked(counts=counts, idle=idle, locked=locked, unsure=unsure), reading)
            self._carried = (0, 0, 0)
        except Exception as error:  # F11: what was counted goes with the next tick
            self._carried = counts
            self._own_trouble = f"a step went wrong: {type(error).__name__}: {error}"
        self._safely("looking at the contract", lambda: self._check_contract(reading))
        self._safely("looking after the rest", lambda: self._look_after(reading))
        if self._backlog:
            self._flush()
        if self._tell is not None and (self._told_at is None or reading.boot - self._told_at >= _TELL_EVERY):
            self._told_at = reading.boot
            self._safely("saying it", partial(self._tell, self.troubles()))

    def _safely(self, what: str, action: Callable[[], None]) -> None:
        """Do `action`; a fault of it is told, and costs nothing else."""
        try:
            action()
        except Exception as error:
            self._own_trouble = f"{what} went wrong: {type(error).__name__}: {error}"

    def _take_results(self, reading: Reading) -> None:
        while self._shooting.results:
            contract, result = self._shooting.results.popleft()
            self._shot(contract, result, reading)

    # Steps, and what they ask for.

    @property
    def is_on(self) -> bool:
        """Whether a session is going on."""
        return self.state.session is not None

    @property
    def now(self) -> Instant:
        """This moment, by the wall clock."""
        return Instant(self.clocks.read().wall // 1000)

    def feed(self, given: Input) -> None:
        """Take in a command. Raises `InvalidValue` for text that cannot be written."""
        if isinstance(given, Start | MemoWritten):
            given = attrs.evolve(given, memo=memo_of(given.memo))
        if isinstance(given, Start | LabelChosen):
            text_or_none(given.label, "label")
        self._needs_the_loop()
        self.call(lambda: self._feed(given, self.clocks.read()))

    def _feed(self, given: Input, reading: Reading) -> None:
        state, effects = step(self.state, given, reading)
        self.state = state
        if isinstance(given, Start) and any(isinstance(effect, SessionStarted) for effect in effects):
            self._backlog.add([given])
        self._carry_out(effects, reading)

    def _carry_out(self, effects: tuple[Effect, ...], reading: Reading) -> None:
        """Keep first, then do: whatever ends us in between, what was done is on the disk."""
        self._backlog.add(effect for effect in effects if not isinstance(effect, TakeSnapshot | AskIdle))
        if self._backlog:
            self._flush(reading)
        for effect in effects:
            if isinstance(effect, SessionStarted) and not effect.is_given:
                self._given = set()
            elif isinstance(effect, Finished) and self._is_own(effect):
                self._given.add(effect.segment.slot)
            elif isinstance(effect, TakeSnapshot):
                self._safely("a snapshot", partial(self._take, effect, reading))
            # Who watches, a closed terminal for one, must not take part in what is tracked.
            self._safely("saying it", partial(self._watch, effect))
        if effects:
            self.sender.wake()

    def _is_own(self, one: Finished) -> bool:
        return self.state.session is not None and one.id == finished_id(self.state.session.session, one.segment.slot)

    def _flush(self, reading: Reading | None = None) -> None:
        self._backlog.write((reading or self.clocks.read()).wall)

    def _take(self, wanted: TakeSnapshot, reading: Reading) -> None:
        # T15: no pictures before counts are lost.
        self._shooting.take(wanted, is_short=self.room is not None and self.room.is_short)
        if not self._background:
            self._take_results(reading)

    def _shot(self, contract: str, result: SnapshotTaken | SnapshotFailed, reading: Reading) -> None:
        if isinstance(result, SnapshotTaken):
            shot = Shot(contract=contract, slot=result.slot, at=result.at, digests=result.digests, flags=result.flags)
            self._backlog.add([shot])
            self._flush(reading)
        self._feed(result, reading)

    # What is looked after.

    def _check_contract(self, reading: Reading) -> None:
        """Stop when the contract is paused or closed, as far as is known."""
        session = self.state.session
        if session is None:
            return
        contract, now = session.job.contract, Instant(reading.wall // 1000)
        try:
            word = inactive(self.sender.book(contract), now)
        except WorkdiaryError:
            return  # it cannot be asked at the moment
        if word is not None:
            self._feed(Stop(reason=StopReason.CONTRACT), reading)
            what = f"The contract {word}: the tracker was switched off."
            self._carry_out((Mark(kind=MarkKind.STOPPED, at=now, what=what, contract=contract),), reading)

    def _look_after(self, reading: Reading) -> None:
        """Do what must be done before a week locks, and look once a minute at the room on the disk."""
        command = self._deadlines.command(self.state, Instant(reading.wall // 1000))
        if command is not None:
            self._feed(command, reading)
        if self._looked_at is None or reading.boot - self._looked_at >= _LOOK_EVERY:
            self._looked_at = reading.boot
            try:
                self.room = self.spool.room(now=reading.wall, size_of=self._size_of)
                if self._tidied_at is None or reading.boot - self._tidied_at >= _TIDY_EVERY:
                    self._tidied_at = reading.boot
                    self.spool.tidy(now=reading.wall)
            except StoreError as error:
                self._room_trouble = str(error)
            else:
                self._room_trouble = None

    @property
    def lost(self) -> str:
        """What an end at this moment would lose, in a sentence, for it could not be written; empty for nothing."""
        return self._backlog.lost

    @property
    def finished(self) -> frozenset[Slot]:
        """The segments that the session which is on has finished, and that were not deleted since."""
        return frozenset(self._given)

    def troubles(self, items: Iterable[Item] | None = None) -> tuple[str, ...]:
        """Return what is wrong at the moment, each in a sentence; `items` as for `troubles_of`."""
        told = (
            self._backlog.trouble or self._room_trouble,
            self.sender.trouble,
            self._own_trouble,
            self.sender.unheard,
            self._backlog.aside,
        )
        own = [trouble for trouble in dict.fromkeys(told) if trouble]
        if self.is_dead:
            own.insert(0, f"the tracker has stopped by a fault of its own, and tracks nothing ({self._death}): restart")
        return (*own, *troubles_of(self.spool, self.sender, self.room, self.now, items))

    # Commands.

    def start(self, contract: str, *, memo: str = "", label: str | None = None, switches: bool = True) -> None:
        """Switch on for `contract`, or, if it `switches`, to it. Raises `InvalidValue` when that cannot be now."""
        text_of(contract, "contract")
        memo = memo_of(memo)
        text_or_none(label, "label")
        self._needs_the_loop()
        look_again(self.sender, contract, self.now, label)
        self.call(lambda: self._start(contract, memo, label, switches=switches))

    def _needs_the_loop(self) -> None:
        if self.is_dead:
            raise StoreBusy("tracker", NOTHING, f"has stopped by a fault of its own ({self._death})", "start it again")

    def _start(self, contract: str, memo: str, label: str | None, *, switches: bool) -> None:
        if self._is_over:  # nobody would switch it off again
            raise StoreBusy("tracker", NOTHING, "is ending, so that nothing was begun", "start it again")
        session = self.state.session
        if session is not None and not switches:
            raise InvalidValue("tracker", session.job.contract, "is being tracked for already", "use switch, or stop")
        reading = self.clocks.read()
        if not is_usable(reading):
            shown = str(Instant(reading.wall // 1000))
            raise InvalidValue("clock", shown, "is before 2015 or after 2099", "set the clock, then switch on")
        job = job_for(self.sender.book(contract), self.now, label)
        if self.is_on:
            self._tick()
        name = f"{self._prefix}{self._chance(16).hex()}"
        start = Start(job=job, session=name, secret=self._chance(32), memo=memo, label=label)
        self._feed(start, self.clocks.read())

    def stop(self, reason: StopReason = StopReason.USER) -> None:
        """Switch off; nothing happens when it is off."""
        self.call(lambda: self._stop(reason))

    def _stop(self, reason: StopReason) -> None:
        if self.is_on:
            self._tick()
            self._feed(Stop(reason=reason), self.clocks.read())

    def delete(self, contract: str, slot: Slot) -> bool:
        """Delete the snapshot of `slot`, and with it the segment (EDIT-4); return whether there was one.

        In its hold it never reaches the diary; later, its deletion is recorded there, and the images go after it.
        """
        return self.call(lambda: self._delete(contract, slot))

    def _delete(self, contract: str, slot: Slot) -> bool:
        reading = self.clocks.read()
        ledger = self.state.ledger(contract, slot)
        had = ledger is not None and not ledger.is_deleted and bool(ledger.minutes or ledger.digests)
        if ledger is not None:
            self._feed(SnapshotDeleted(contract=contract, slot=slot), reading)
        if self._backlog:
            self._flush(reading)
        if self._backlog:
            raise StoreError("delete", slot, self._backlog.trouble or "cannot be kept", "repeat it")
        found = self.spool.delete(contract, slot, id=f"delete {self._chance(16).hex()}", now=reading.wall)
        self._given.discard(slot)
        self.sender.wake()
        return found or had

    # Recovery.

    def _recover(self) -> None:
        """Finish what a killed tracker has begun: nothing that was kept is lost, and it is marked."""
        reading = self.clocks.read()
        self.state, effects = recover(self.state, self.spool.known(), reading)
        self._carry_out(effects, reading)
