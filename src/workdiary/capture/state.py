"""`State`: everything that the tracker knows between two inputs, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from workdiary.capture.events import Job, Reading
from workdiary.capture.ledger import Ledger
from workdiary.capture.timing import Run, Stretch, seconds_of
from workdiary.errors import InvalidValue
from workdiary.model.activity import Counts
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant

__all__ = ["IDLE_AFTER", "KNOWN", "START", "Doubt", "Session", "State", "initial", "with_closed"]

IDLE_AFTER: Final = 600
"""After how many seconds without input the tracker asks what to do with them."""

KNOWN: Final = 5_000
"""How many slots are remembered: a month of day and night."""


@attrs.frozen(kw_only=True)
class Session:
    """From one start to the stop, the next start or the crash: one contract, one secret.

    `tracked` are its seconds so far, without those that were discarded; `given` is how many idle stretches went to
    another contract.
    """

    job: Job
    session: str
    secret: bytes = attrs.field(repr=False)
    since: Instant
    memo: str = ""
    label: str | None = None
    tracked: int = 0
    given: int = 0


@attrs.frozen(kw_only=True)
class Doubt:
    """What was tracked up to a reading, `mono` milliseconds, while it was not known that the screen is not locked.

    `counted` is the number of a minute, and what was counted in it.
    """

    mono: int
    stretches: tuple[Stretch, ...] = ()
    counted: tuple[int, Counts] | None = None


@attrs.frozen(kw_only=True)
class State:
    """The tracker between two inputs: a value, made by `initial` and `step` only.

    `session` is `None` while it is off; `run` is `None` while nothing is tracked, off or paused. `part` are the
    milliseconds left over of a second. `quiet` is the time tracked since the last input, `asked` the time of an
    unanswered idle prompt; `is_away` says that `asked` still grows, and `is_given_up` that nobody has answered in
    time, so that what it grows by is discarded as well. `doubts` is what is taken back if the screen proves to be
    locked. `open` are the ledgers that are not settled, `closed` the others, by slot. `balances` are the seconds that
    are carried on (CREDIT-carry), by contract, and `cuts` the slots in which the clock was set, the latest few.
    `believed` is by how many milliseconds the wall clock was ahead of the boot clock when it was last set, on or off.
    """

    idle_after: int | None = IDLE_AFTER
    reading: Reading | None = None
    session: Session | None = None
    run: Run | None = None
    part: int = 0
    farthest: int = 0
    is_locked: bool = False
    is_lost: bool = False
    idle: int | None = None
    quiet: tuple[Stretch, ...] = ()
    asked: tuple[Stretch, ...] = ()
    is_away: bool = False
    is_given_up: bool = False
    doubts: tuple[Doubt, ...] = ()
    open: tuple[Ledger, ...] = ()
    closed: Mapping[Slot, tuple[Ledger, ...]] = MappingProxyType({})
    balances: Mapping[str, int] = MappingProxyType({})
    cuts: tuple[Slot, ...] = ()
    believed: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether a session is going on; it may be paused."""
        return self.session is not None

    @property
    def is_tracking(self) -> bool:
        """Whether time is being tracked at this moment: on, unlocked and awake."""
        return self.run is not None

    @property
    def job(self) -> Job | None:
        """What is tracked for, `None` while it is off."""
        return None if self.session is None else self.session.job

    @property
    def memo(self) -> str:
        """What is being worked on."""
        return "" if self.session is None else self.session.memo

    @property
    def label(self) -> str | None:
        """The activity label, `None` for none."""
        return None if self.session is None else self.session.label

    @property
    def session_seconds(self) -> int:
        """The seconds tracked in this session, with idle time that is not answered for yet."""
        return 0 if self.session is None else self.session.tracked

    @property
    def now(self) -> int:
        """The second that is going on, as the tracker places it; 0 before the first reading."""
        if self.run is not None:
            return self.run.second
        return 0 if self.reading is None else self.reading.wall // 1000

    @property
    def slot(self) -> Slot:
        """The slot that is going on."""
        return Slot(self.now // SECONDS_PER_SLOT)

    @property
    def slot_seconds(self) -> int:
        """The seconds tracked in the slot that is going on, by this contract's sessions."""
        found = None if self.session is None else self.ledger(self.session.job.contract, self.slot)
        return 0 if found is None else found.tracked

    @property
    def idle_since(self) -> Instant | None:
        """Since when there was no input, while a prompt about it is open; `None` otherwise."""
        return Instant(self.asked[0][0]) if self.asked else None

    @property
    def idle_seconds(self) -> int:
        """The seconds that the open prompt is about."""
        return seconds_of(self.asked)

    @property
    def is_waiting(self) -> bool:
        """Whether a snapshot that was asked for has not arrived, so that its segment is still to come.

        Goes on for 30 seconds at most. ``Stop(reason=StopReason.SHUTDOWN)`` does not wait.
        """
        return any(ledger.is_pending for ledger in self.open)

    @property
    def ledgers(self) -> Iterator[Ledger]:
        """Every ledger it still knows, the settled ones first."""
        for ledgers in self.closed.values():
            yield from ledgers
        yield from self.open

    def ledger(self, contract: str, slot: Slot) -> Ledger | None:
        """Return what was tracked for `contract` in `slot`, `None` when nothing is known."""
        for one in (*self.open, *self.closed.get(slot, ())):
            if one.slot == slot and one.job.contract == contract:
                return one
        return None


def initial(*, idle_after: int | None = IDLE_AFTER) -> State:
    """Return a tracker that is off and knows nothing. `idle_after` are seconds; with `None` it never asks."""
    if idle_after is not None and (type(idle_after) is not int or idle_after < 1):
        raise InvalidValue("idle_after", idle_after, "is not a number of seconds", "give 600, or None to never ask")
    return State(idle_after=idle_after)


START: Final = initial()
"""A tracker that is off and knows nothing, with the usual idle prompt."""


def with_closed(
    closed: Mapping[Slot, tuple[Ledger, ...]], slot: Slot, ledgers: tuple[Ledger, ...]
) -> Mapping[Slot, tuple[Ledger, ...]]:
    """Return `closed` with other ledgers for one slot, and without the oldest when there are too many."""
    changed = dict(closed)
    changed.pop(slot, None)
    if ledgers:
        changed[slot] = ledgers
    while len(changed) > KNOWN:
        del changed[next(iter(changed))]
    return MappingProxyType(changed)
