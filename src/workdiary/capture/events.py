"""What goes into the tracker and what comes out: values only, with no clock, screen or file behind them.

Every input comes with a `Reading` of the three clocks. All times in here are whole milliseconds, so that a step
of a clock is exact; instants of the diary are whole seconds, and slots are `unix_seconds // 600`.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

import attrs

from workdiary.model.activity import Counts
from workdiary.model.policy import CreditRule
from workdiary.model.segment import Segment
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = [
    "OF_SNAPSHOTS",
    "Answered",
    "AskIdle",
    "BalanceKept",
    "Choice",
    "ClockKept",
    "DropSnapshot",
    "Effect",
    "Finished",
    "Input",
    "Job",
    "LabelChosen",
    "Mark",
    "MarkKind",
    "MemoWritten",
    "MinuteKept",
    "Reading",
    "SessionEnded",
    "SessionStarted",
    "SlotKept",
    "SnapshotDeleted",
    "SnapshotFailed",
    "SnapshotTaken",
    "Start",
    "Stop",
    "StopReason",
    "TakeSnapshot",
    "Ticked",
    "WeekLocks",
]


@attrs.frozen(kw_only=True)
class Reading:
    """The three clocks at one moment, in milliseconds.

    `wall` is Unix time, which anyone may set; `mono` stands still while the machine is suspended; `boot` runs on
    through a suspension. Only `boot` and `mono` measure; `wall` places what they measured.
    """

    wall: int
    mono: int
    boot: int


@attrs.frozen(kw_only=True)
class Job:
    """What the tracker must know of a contract to track for it."""

    contract: str
    credit: CreditRule
    needs_label: bool = False


# Inputs: what the user, the clock and the adapters say.


@attrs.frozen(kw_only=True)
class Start:
    """Switch on, for a contract. `session` is a random id and `secret` 32 random bytes, made by the caller.

    While the tracker is on already, this switches to the contract: one session ends and another begins.
    """

    job: Job
    session: str
    secret: bytes = attrs.field(repr=False)
    memo: str = ""
    label: str | None = None


class StopReason(Enum):
    """Why the tracker is switched off."""

    USER = "user"
    SWITCH = "switch"
    SHUTDOWN = "shutdown"
    CONTRACT = "contract"
    CLOCK = "clock"


@attrs.frozen(kw_only=True)
class Stop:
    """Switch off."""

    reason: StopReason = StopReason.USER


@attrs.frozen(kw_only=True)
class MemoWritten:
    """Say what is worked on, from now on."""

    memo: str


@attrs.frozen(kw_only=True)
class LabelChosen:
    """Choose an activity label, or none, from now on."""

    label: str | None


@attrs.frozen(kw_only=True)
class Ticked:
    """Time has passed, about a second of it.

    `counts` are the keystrokes, clicks and scrolls since the last tick, `None` when nobody could count (capture
    lost). `idle` is how many milliseconds ago the last input was, `None` when unknown. `locked` is whether the
    screen is locked, `None` when it may be and will soon be known. `unsure` is for how many milliseconds it has not
    been known that it is not: when it is locked now, it may have been since.
    """

    counts: Counts | None
    idle: int | None = None
    locked: bool | None = False
    unsure: int = 0


@attrs.frozen(kw_only=True)
class SnapshotTaken:
    """The snapshot of `slot` that was asked for: the moment of it, and the digests of its images in the store.

    `flags` name what is odd about it: ``blank``, ``unchanged``, ``partial``, ``smaller``.
    """

    slot: Slot
    at: Instant
    digests: tuple[str, ...]
    flags: tuple[str, ...] = ()
    contract: str | None = None


@attrs.frozen(kw_only=True)
class SnapshotFailed:
    """The snapshot of `slot` could not be taken; `why` is a sentence. It may be asked for again."""

    slot: Slot
    why: str
    contract: str | None = None


@attrs.frozen(kw_only=True)
class SnapshotDeleted:
    """The user deletes the snapshot of `slot`, and with it the segment (EDIT-4)."""

    slot: Slot
    contract: str | None = None


class Choice(Enum):
    """What becomes of idle time."""

    KEEP = "keep"
    DISCARD = "discard"
    REASSIGN = "reassign"


@attrs.frozen(kw_only=True)
class Answered:
    """The answer to an idle prompt; `job` says where the time goes when it is reassigned.

    `by_nobody` says that it is given because nobody has: what passes until there is an input is discarded as well.
    """

    choice: Choice
    job: Job | None = None
    by_nobody: bool = False


@attrs.frozen(kw_only=True)
class WeekLocks:
    """In a moment the week of `contract` locks that ends where the slot `before` begins: hand out what there is of it.

    As at the end of a session, idle time without an answer is discarded, and less of it than one is asked about is
    work; but tracking goes on. When it is said for the last time, no snapshot is waited for.
    """

    contract: str
    before: Slot
    is_last: bool = False


Input: TypeAlias = (
    Start
    | Stop
    | MemoWritten
    | LabelChosen
    | Ticked
    | SnapshotTaken
    | SnapshotFailed
    | SnapshotDeleted
    | Answered
    | WeekLocks
)
"""Anything that can happen to a tracker."""


# Effects: what is to be done next.


@attrs.frozen(kw_only=True)
class TakeSnapshot:
    """Take the snapshot of `slot` now: its moment, `at`, has come (or it failed, and is tried again)."""

    contract: str
    slot: Slot
    at: Instant
    attempt: int = 1


@attrs.frozen(kw_only=True)
class MinuteKept:
    """A minute of a session that is over: keep it on the disk before anything else, for a crash may follow.

    `minute` is its number, ``unix_seconds // 60``; `seconds` how much of it was tracked; `begins` and `ends` the
    tracked stretches in it, in Unix seconds; `counts` is `None` when nobody could count.
    """

    contract: str
    session: str
    minute: int
    stretches: tuple[tuple[int, int], ...]
    counts: Counts | None
    memo: str
    label: str | None


@attrs.frozen(kw_only=True)
class SlotKept:
    """What was decided about a slot of a contract: keep it, so that another process decides nothing anew.

    `session` is whose secret has drawn `moment`, the instant of its snapshot. `sent` are the minutes, by session and
    number, that are in a segment that was handed out, and `is_shown` says that its snapshot is in one. `is_open` says
    that the slot is not settled; `attempts` how often its snapshot was asked for, and `is_witnessed` that it is known
    to have been taken in a minute that was lost. `carried` is what it has brought to the contract's balance, and
    `is_cut` says that the clock was set in it.
    """

    job: Job
    slot: Slot
    session: str
    moment: int
    is_open: bool = True
    is_deleted: bool = False
    is_shown: bool = False
    is_witnessed: bool = False
    attempts: int = 0
    carried: int = 0
    is_cut: bool = False
    sent: frozenset[tuple[str, int]] = frozenset()
    marks: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ClockKept:
    """How the clocks stood at a moment, by which another process notices that one was set meanwhile.

    `cuts` are the slots in which the wall clock was set, the latest few.
    """

    reading: Reading
    cuts: tuple[Slot, ...] = ()


@attrs.frozen(kw_only=True)
class BalanceKept:
    """The seconds that the policy of `contract` carries on have become `seconds` (CREDIT-carry)."""

    contract: str
    seconds: int


@attrs.frozen(kw_only=True)
class Finished:
    """A credited segment for the diary of `contract`, under an `id` that a repetition will have too."""

    contract: str
    id: str
    segment: Segment
    made_at: Instant
    marks: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SessionStarted:
    """A session has begun: record the digest of its secret, so that nobody can choose its moments later.

    `is_given` says that it only takes idle time that went to its contract: it is over at once, and what is on goes on.
    """

    contract: str
    session: str
    commitment: str
    at: Instant
    is_given: bool = False


@attrs.frozen(kw_only=True)
class SessionEnded:
    """A session is over: record its secret, so that either side can check its snapshot moments.

    `is_given` is that of its `SessionStarted`.
    """

    contract: str
    session: str
    secret: str = attrs.field(repr=False)
    at: Instant
    is_given: bool = False


@attrs.frozen(kw_only=True)
class DropSnapshot:
    """Delete these images: their segment is not to be."""

    contract: str
    slot: Slot
    digests: tuple[str, ...]


@attrs.frozen(kw_only=True)
class AskIdle:
    """Ask what to do with the time since `since`; without an answer it is discarded."""

    contract: str
    since: Instant


class MarkKind(Enum):
    """What is noted about a session, never repaired in silence."""

    CLOCK_STEP = "clock_step"
    CLOCK_UNUSABLE = "clock_unusable"
    SUSPENDED = "suspended"
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    CAPTURE_LOST = "capture_lost"
    CAPTURE_BACK = "capture_back"
    SNAPSHOT_FAILED = "snapshot_failed"
    SNAPSHOT_ODD = "snapshot_odd"
    SNAPSHOT_LATE = "snapshot_late"
    NOT_CREDITED = "not_credited"
    OVERLAP = "overlap"
    IDLE_DISCARDED = "idle_discarded"
    IDLE_KEPT = "idle_kept"
    IDLE_REASSIGNED = "idle_reassigned"
    RECOVERED = "recovered"
    STOPPED = "stopped"
    REFUSED = "refused"
    CHAIN_BREAK = "chain_break"


OF_SNAPSHOTS: Final = frozenset({MarkKind.SNAPSHOT_FAILED, MarkKind.SNAPSHOT_ODD, MarkKind.SNAPSHOT_LATE})
"""The marks that say whether a snapshot was taken: nobody is told of them before their segment is over."""


@attrs.frozen(kw_only=True)
class Mark:
    """Something worth knowing happened at `at`, in one sentence; `slot` is the segment that it is about, if one."""

    kind: MarkKind
    at: Instant
    what: str
    contract: str | None = None
    slot: Slot | None = None


Effect: TypeAlias = (
    TakeSnapshot
    | MinuteKept
    | SlotKept
    | BalanceKept
    | ClockKept
    | Finished
    | SessionStarted
    | SessionEnded
    | DropSnapshot
    | AskIdle
    | Mark
)
"""Anything that a tracker asks to have done."""
