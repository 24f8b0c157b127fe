"""`Engine`: what the interface sees of a running tracker, as values, and the few things it can tell it to do.

The interface polls: once a second it takes a `Status` and draws it. A status never changes, holds no clock
and no file, and carries its own `now`, so that a scripted engine in a test shows exactly what a real one
would. Of the contracts themselves it says nothing: their diaries do.
"""

from __future__ import annotations

from typing import Protocol

import attrs

from workdiary.capture.events import Choice, Mark
from workdiary.model.activity import Counts
from workdiary.model.segment import Segment
from workdiary.model.slots import EMPTY, Slot, Slots
from workdiary.model.times import Instant

__all__ = ["Engine", "Running", "Shot", "Status", "Waiting"]


@attrs.frozen(kw_only=True)
class Running:
    """A session that is switched on.

    `seconds` are those tracked since it was switched on at `since`, `credited` the segments of it that are
    finished. `slot` is the open segment, with `slot_seconds` tracked in it and the `counts` of it so far
    (`None` when nobody could count all of it) and the minutes known to be `active`. `locked`: the screen is locked,
    so nothing is tracked at the moment. `lost`: capture is lost, so that activity is unknown. `deleted`: the open
    segment was deleted, so that nothing counts before the next one. `idle_since` is set while the idle prompt is open,
    which is about `idle_seconds`; `idle_until` is when they ended, `None` as long as there is still no input.
    """

    contract: str
    session: str
    since: Instant
    seconds: int
    credited: Slots = EMPTY
    slot: Slot
    slot_seconds: int = 0
    counts: Counts | None = None
    active: int = 0
    memo: str = ""
    label: str | None = None
    locked: bool = False
    lost: bool = False
    idle_since: Instant | None = None
    deleted: bool = False
    idle_until: Instant | None = None
    idle_seconds: int = 0

    @property
    def is_away(self) -> bool:
        """Whether there is still no input since `idle_since`."""
        return self.idle_since is not None and self.idle_until is None


@attrs.frozen(kw_only=True)
class Waiting:
    """A finished segment that the diary has not answered for yet: held back until `release_at`, or sent since.

    `refused` says in a sentence why the diary did not take it, where it did not; then it is kept.
    """

    contract: str
    segment: Segment
    release_at: Instant
    refused: str | None = None


@attrs.frozen(kw_only=True)
class Shot:
    """A snapshot, taken or failed: the one of `slot`, at the moment `at`.

    `thumbnail` is a small picture as the bytes of an image file, `None` when there is none; `why` is a
    sentence when it failed, and `flags` name what is odd about it: ``blank``, ``unchanged``, ``partial``.
    `until` is when its segment goes into the diary, `None` while that is not finished. Before that it can be
    deleted, which deletes the segment; `gone` says that this was done, or that it is in the diary already.
    """

    contract: str
    slot: Slot
    at: Instant
    thumbnail: bytes | None = attrs.field(default=None, repr=False)
    flags: tuple[str, ...] = ()
    why: str | None = None
    until: Instant | None = None
    gone: bool = False


@attrs.frozen(kw_only=True)
class Status:
    """Everything that the interface shows of a tracker at the moment `now`.

    `waiting` and `shots` are in time order: every finished segment that is not in the diary, and the last
    few snapshots, among them each that can still be deleted. `marks` are the latest ones, oldest first. Neither says
    anything of the snapshot of a segment that is not over: who knew that it was taken could switch off.
    `troubles` are sentences that are true at the moment: the disk is nearly full, the diary cannot be
    reached. `recorded` grows whenever the diary has taken something, so that it is read again. `sent` are
    those of the segments in here, by contract, of which something was sent there: deleting one deletes it there, too.
    """

    now: Instant
    running: Running | None = None
    waiting: tuple[Waiting, ...] = ()
    shots: tuple[Shot, ...] = ()
    marks: tuple[Mark, ...] = ()
    troubles: tuple[str, ...] = ()
    recorded: int = 0
    sent: frozenset[tuple[str, Slot]] = frozenset()


class Engine(Protocol):
    """A tracker, as the interface uses it, from one thread.

    No call blocks for longer than a disk takes. A command has taken effect when it returns: the next
    `status` shows it. What is not possible raises a `workdiary.errors` error, whose sentence is shown;
    then nothing has changed.
    """

    def contracts(self) -> tuple[str, ...]:
        """Return the ids of the contracts that can be tracked for, in the order in which to list them."""
        ...

    def status(self) -> Status:
        """Return how things stand."""
        ...

    def notice(self, contract: str) -> str | None:
        """Return what is to be agreed to before anything of `contract` is captured; `None` once it has been."""
        ...

    def consent(self, contract: str) -> None:
        """Record that the freelancer agrees to the notice for `contract`."""
        ...

    def start(self, contract: str, *, memo: str = "", label: str | None = None) -> None:
        """Switch on for `contract`; while it is on for another one, switch to this one."""
        ...

    def stop(self) -> None:
        """Switch off; an open idle prompt counts as discarded. Nothing happens when it is off."""
        ...

    def memo(self, text: str) -> None:
        """Say what is worked on, from now on."""
        ...

    def label(self, label: str | None) -> None:
        """Choose an activity label, or none, from now on."""
        ...

    def answer(self, choice: Choice, contract: str | None = None) -> None:
        """Answer the idle prompt; `contract` says where the time goes when it is reassigned."""
        ...

    def takes_idle_time(self, contract: str) -> bool:
        """Return whether idle time can be reassigned to `contract` now."""
        ...

    def delete_snapshot(self, contract: str, slot: Slot) -> None:
        """Delete the snapshot of `slot` and with it the segment, open or not in the diary yet (EDIT-4)."""
        ...
