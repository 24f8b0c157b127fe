"""The changes that people ask for: add time, delete time, edit a memo, edit an activity label.

A request is a value. Whether it may be made is judged by `workdiary.rules.editing`; what it does to
the segments once it is allowed is `apply` here, which knows no policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import attrs

from workdiary.errors import InvalidValue
from workdiary.model.policy import Action
from workdiary.model.segment import Segment, check_text
from workdiary.model.slots import Slot, Slots
from workdiary.model.text import label_or_none
from workdiary.model.times import Moment, slot_at, slot_start

__all__ = [
    "AddTime",
    "DeleteTime",
    "Edit",
    "EditLabel",
    "EditMemo",
    "add_time",
    "apply",
    "delete_time",
    "edit_label",
    "edit_memo",
]


def _is_memo(_: object, field: attrs.Attribute[str], memo: str) -> None:
    check_text(memo, field.name)


def _is_label(_: object, field: attrs.Attribute[str | None], label: str | None) -> None:
    if label is not None:
        check_text(label, field.name)


@attrs.frozen(kw_only=True)
class _Range:
    """A half-open range of whole slots, not empty (MANUAL-2, GRID-2)."""

    start: Slot
    stop: Slot

    def __attrs_post_init__(self) -> None:
        if self.stop <= self.start:
            raise InvalidValue(
                "to",
                str(slot_start(self.stop)),
                f"is not after from, {slot_start(self.start)}",
                "give a range of at least one segment",
            )
        Slots.range(self.start, self.stop)  # refuses a range wider than any diary

    @property
    def slots(self) -> Slots:
        """Every slot of the range, free or recorded."""
        return Slots.range(self.start, self.stop)


@attrs.frozen(kw_only=True)
class AddTime(_Range):
    """Manual time for every slot of a range (MANUAL-1)."""

    memo: str = attrs.field(default="", validator=_is_memo)
    label: str | None = attrs.field(default=None, converter=label_or_none, validator=_is_label)

    @property
    def action(self) -> Action:
        """What it needs permission for."""
        return Action.ADD_TIME


@attrs.frozen(kw_only=True)
class DeleteTime(_Range):
    """The deletion of whole segments: time, activity and snapshots together (EDIT-4)."""

    @property
    def action(self) -> Action:
        """What it needs permission for."""
        return Action.DELETE_TIME


@attrs.frozen(kw_only=True)
class EditMemo(_Range):
    """Another memo; a blank one is allowed (EDIT-6)."""

    memo: str = attrs.field(validator=_is_memo)

    @property
    def action(self) -> Action:
        """What it needs permission for."""
        return Action.EDIT_MEMO


@attrs.frozen(kw_only=True)
class EditLabel(_Range):
    """Another activity label; a blank one means none (EDIT-6)."""

    label: str | None = attrs.field(converter=label_or_none, validator=_is_label)

    @property
    def action(self) -> Action:
        """What it needs permission for."""
        return Action.EDIT_LABEL


Edit: TypeAlias = AddTime | DeleteTime | EditMemo | EditLabel
"""Any of the four changes."""


def add_time(start: Moment | int, stop: Moment | int, *, memo: str, label: str | None = None) -> AddTime:
    """Return the request to add manual time from `start` to `stop`, two instants on the grid.

    >>> len(add_time("2026-11-18T10:00Z", "2026-11-18T11:00Z", memo="Review").slots)
    6
    """
    return AddTime(start=slot_at(start, "from"), stop=slot_at(stop, "to"), memo=memo, label=label)


def delete_time(start: Moment | int, stop: Moment | int) -> DeleteTime:
    """Return the request to delete every segment from `start` to `stop`."""
    return DeleteTime(start=slot_at(start, "from"), stop=slot_at(stop, "to"))


def edit_memo(start: Moment | int, stop: Moment | int, *, memo: str) -> EditMemo:
    """Return the request to give every segment from `start` to `stop` the memo `memo`."""
    return EditMemo(start=slot_at(start, "from"), stop=slot_at(stop, "to"), memo=memo)


def edit_label(start: Moment | int, stop: Moment | int, *, label: str | None) -> EditLabel:
    """Return the request to give every segment from `start` to `stop` the activity label `label`."""
    return EditLabel(start=slot_at(start, "from"), stop=slot_at(stop, "to"), label=label)


def apply(edit: Edit, segments: Iterable[Segment], changed: Slots) -> tuple[Segment, ...]:
    """Return `segments`, in time order, after an allowed `edit` that touches the slots `changed`.

    `changed` is the verdict's: the free slots that time is added to (the taken ones too where a
    policy overwrites), or the recorded ones that are edited or deleted.
    """
    if isinstance(edit, AddTime):
        kept = [segment for segment in segments if segment.slot not in changed]
        added = [Segment.manual(slot, memo=edit.memo, label=edit.label) for slot in changed]
        return tuple(sorted(kept + added, key=_slot_of))
    ordered = sorted(segments, key=_slot_of)
    if isinstance(edit, DeleteTime):
        return tuple(segment for segment in ordered if segment.slot not in changed)
    return tuple(_edited(edit, segment) if segment.slot in changed else segment for segment in ordered)


def _edited(edit: EditMemo | EditLabel, segment: Segment) -> Segment:
    if isinstance(edit, EditMemo):
        return attrs.evolve(segment, memo=edit.memo)
    return attrs.evolve(segment, label=edit.label)


def _slot_of(segment: Segment) -> Slot:
    return segment.slot
