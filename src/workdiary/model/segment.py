"""`Segment`: one recorded ten-minute segment, tracked or manual, with its memo and its evidence."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

import attrs

from workdiary.errors import InvalidValue
from workdiary.model.activity import Activity
from workdiary.model.checks import check_each
from workdiary.model.slots import SECONDS_PER_SLOT, Slot, check_slot
from workdiary.model.text import label_or_none
from workdiary.model.times import Instant, Moment, moment, slot_at, slot_start

__all__ = ["MEMO_LENGTH", "Segment", "Snapshot", "Source", "checked_segment", "checked_snapshot"]

MEMO_LENGTH = 4000
"""The longest memo or label, in characters."""


class Source(Enum):
    """Where a segment's time comes from: the tracker, or the freelancer's own entry."""

    TRACKED = "tracked"
    MANUAL = "manual"


def _moment_or_none(value: Moment | None) -> Instant | None:
    return None if value is None else moment(value, "snapshot.at")


@attrs.frozen(kw_only=True)
class Snapshot:
    """A picture of the screen, known by its moment and, where it is stored, by its digest.

    `at` is `None` when a source says that there is one but not when it was taken.
    """

    at: Instant | None = attrs.field(default=None, converter=_moment_or_none)
    digest: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.digest is not None and type(self.digest) is not str:
            raise InvalidValue("digest", self.digest, "is not text", "give the digest in hexadecimal digits")


SnapshotLike: TypeAlias = "Snapshot | Moment"


def _snapshots(values: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    return check_each(values, Snapshot, "snapshots") if values != () else ()


@attrs.frozen(kw_only=True)
class Segment:
    """Ten minutes of recorded work.

    Usually made by `tracked` or `manual`. `slot` says when; `label` is the activity label, `None`
    when blank (EDIT-6); `activity` is `None` when unknown (ACTIVITY-2). Manual time has neither
    activity nor snapshots (MANUAL-1).

    >>> segment = Segment.tracked("2026-11-18T09:10Z", memo="Fix the login form", activity=Activity.of_meter(8))
    >>> print(segment.starts_at, segment.ends_at)
    2026-11-18T09:10:00Z 2026-11-18T09:20:00Z
    """

    slot: Slot
    source: Source
    memo: str = ""
    label: str | None = attrs.field(default=None, converter=label_or_none)
    activity: Activity | None = None
    snapshots: tuple[Snapshot, ...] = attrs.field(default=(), converter=_snapshots)

    def __attrs_post_init__(self) -> None:
        if type(self.slot) is not int:
            raise InvalidValue("slot", self.slot, "is not a slot number", "give unix_seconds // 600, an int")
        check_slot(self.slot, "slot")
        if self.activity is not None and type(self.activity) is not Activity:
            raise InvalidValue("activity", self.activity, "is not an Activity", "leave it out when unknown")
        if type(self.source) is not Source:
            raise InvalidValue("source", self.source, "is not a Source", "give Source.TRACKED or Source.MANUAL")
        check_text(self.memo, "memo")
        if self.label is not None:
            check_text(self.label, "label")
        if self.snapshots:
            for snapshot in self.snapshots:
                if snapshot.at is not None and snapshot.at // SECONDS_PER_SLOT != self.slot:
                    raise InvalidValue(
                        "snapshots",
                        str(snapshot.at),
                        f"is not in the segment of {slot_start(self.slot)}",
                        "give each snapshot to the segment that contains it",
                    )
        if self.source is Source.MANUAL and (self.activity is not None or self.snapshots):
            raise InvalidValue(
                "activity" if self.activity is not None else "snapshots",
                self.activity if self.activity is not None else self.snapshots,
                "cannot belong to manual time (MANUAL-1)",
                "leave it out, or make the segment a tracked one",
            )

    @classmethod
    def tracked(
        cls,
        at: Moment | int,
        *,
        memo: str = "",
        label: str | None = None,
        activity: Activity | None = None,
        snapshots: Iterable[SnapshotLike] = (),
    ) -> Segment:
        """Return the tracked segment that starts at `at`, an instant on the grid or a slot number."""
        if isinstance(snapshots, str):
            raise InvalidValue("snapshots", snapshots, "is a single text", "give a list of snapshots or instants")
        return cls(
            slot=slot_at(at, "at"),
            source=Source.TRACKED,
            memo=memo,
            label=label,
            activity=activity,
            snapshots=tuple(shot if isinstance(shot, Snapshot) else Snapshot(at=shot) for shot in snapshots),
        )

    @classmethod
    def manual(cls, at: Moment | int, *, memo: str = "", label: str | None = None) -> Segment:
        """Return the manual segment that starts at `at`, an instant on the grid or a slot number."""
        return cls(slot=slot_at(at, "at"), source=Source.MANUAL, memo=memo, label=label)

    @property
    def starts_at(self) -> Instant:
        """The instant at which it starts."""
        return slot_start(self.slot)

    @property
    def ends_at(self) -> Instant:
        """The instant at which it ends, exclusive."""
        return slot_start(self.slot + 1)

    @property
    def meter(self) -> int | None:
        """The activity meter, 0 to 10; `None` when unknown and for manual time (ACTIVITY-1)."""
        return None if self.activity is None else self.activity.meter


_set = object.__setattr__


def checked_segment(
    slot: Slot, source: Source, memo: str, label: str | None, activity: Activity | None, snapshots: tuple[Snapshot, ...]
) -> Segment:
    """Return a segment of parts that the caller has checked already, as a reader of whole runs has.

    For a long diary this is most of the reading. Everybody else uses `Segment`, which checks.
    """
    made = Segment.__new__(Segment)
    _set(made, "slot", slot)
    _set(made, "source", source)
    _set(made, "memo", memo)
    _set(made, "label", label)
    _set(made, "activity", activity)
    _set(made, "snapshots", snapshots)
    return made


def checked_snapshot(at: Instant | None, digest: str | None) -> Snapshot:
    """Return a snapshot of parts that the caller has checked already."""
    made = Snapshot.__new__(Snapshot)
    _set(made, "at", at)
    _set(made, "digest", digest)
    return made


def check_text(text: object, argument: str) -> None:
    """Raise `InvalidValue` unless `text` is a string that is short enough for a memo or a label."""
    if not isinstance(text, str):
        raise InvalidValue(argument, text, "is not text", "give a string")
    if len(text) > MEMO_LENGTH:
        raise InvalidValue(argument, text, f"is longer than {MEMO_LENGTH} characters", "shorten it")
