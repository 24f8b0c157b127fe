"""`Sheet`: a contract's recorded week as the sets that the rules ask for.

The diary's rows become columns here, once; after this no rule looks at a single segment. Drawn
for one hour, a slot a column::

    slot       0 1 2 3 4 5
    tracked    █ █ █ · · █
    manual     · · · █ · ·
    snapshot   █ █ · · · █
    memo       █ █ █ █ · ·
    at_least   █ █ · · · █    meter >= 1
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from operator import or_
from typing import Final

import attrs

from workdiary.errors import OverlapError
from workdiary.model.activity import MINUTES
from workdiary.model.segment import Segment, Source
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.text import is_blank
from workdiary.model.times import Week, slot_start

__all__ = ["Sheet", "SheetBuilder"]

_ONE: Final = ord("1")


@attrs.frozen(kw_only=True)
class Sheet:
    """The sets of one recorded week, or of any stretch.

    `snapshot` and `at_least` hold tracked slots only. `at_least[n]` are the slots whose meter is
    known and n or more, so `at_least[0]` are those whose activity is known, and the sum of the
    meters over a set is the sum of its sizes within ``at_least[1:]``. `memos` and `labels` map each
    text to its slots, in the order of their first use; blank memos are among them, no label is not.
    """

    tracked: Slots = EMPTY
    manual: Slots = EMPTY
    snapshot: Slots = EMPTY
    at_least: tuple[Slots, ...] = (EMPTY,) * (MINUTES + 1)
    memos: tuple[tuple[str, Slots], ...] = ()
    labels: tuple[tuple[str, Slots], ...] = ()

    @classmethod
    def of(cls, segments: Iterable[Segment], week: Week) -> Sheet:
        """Return the sheet of those `segments` that belong to `week`, in any order.

        Raises `OverlapError` when two of them share a slot.
        """
        builder = SheetBuilder(week)
        start, last = week.start, week.stop - 1
        # Bound once: this loop is most of what a statement costs.
        taken, tracked, snapshot = builder.taken, builder.tracked, builder.snapshot
        meters, memos, labels = builder.meters, builder.memos, builder.labels
        is_tracked = Source.TRACKED
        for segment in segments:
            slot = segment.slot
            if not start <= slot <= last:
                continue
            place = last - slot
            if taken[place] == _ONE:
                raise _overlap(slot)
            taken[place] = _ONE
            if segment.source is is_tracked:
                tracked[place] = _ONE
                if segment.snapshots:
                    snapshot[place] = _ONE
                activity = segment.activity
                if activity is not None:
                    meters[activity.meter][place] = _ONE
            try:
                memos[segment.memo][place] = _ONE
            except KeyError:
                builder.new(memos, segment.memo)[place] = _ONE
            label = segment.label
            if label is not None:
                try:
                    labels[label][place] = _ONE
                except KeyError:
                    builder.new(labels, label)[place] = _ONE
        return builder.sheet()

    @property
    def worked(self) -> Slots:
        """Every recorded slot, tracked or manual."""
        return self.tracked | self.manual

    @property
    def known(self) -> Slots:
        """The tracked slots whose activity is known (ACTIVITY-2)."""
        return self.at_least[0]

    @property
    def with_memo(self) -> Slots:
        """The slots whose memo is not blank."""
        return _union(slots for memo, slots in self.memos if not is_blank(memo))

    @property
    def with_label(self) -> Slots:
        """The slots that have an activity label."""
        return _union(slots for _, slots in self.labels)

    def meter_total(self, slots: Slots) -> int:
        """Return the sum of the known meters over `slots`."""
        return sum(len(slots & level) for level in self.at_least[1:])

    def memo_at(self, slot: int) -> str:
        """Return the memo of `slot`, blank when it has none."""
        return next((memo for memo, slots in self.memos if slot in slots), "")

    def label_at(self, slot: int) -> str | None:
        """Return the activity label of `slot`, or `None`."""
        return next((label for label, slots in self.labels if slot in slots), None)

    def meter_at(self, slot: int) -> int | None:
        """Return the activity meter of `slot`, or `None` when it is unknown or manual."""
        levels = sum(slot in level for level in self.at_least)
        return levels - 1 if levels else None


class SheetBuilder:
    """The making of one sheet: marks a slot at a time or a run at a time, then turns them into sets.

    A character a slot, the latest first, so that one ``int(…, 2)`` a set makes its bitmap.
    """

    def __init__(self, week: Week) -> None:
        self.blank = blank = b"0" * (week.stop - week.start)
        self.week = week
        self.taken = bytearray(blank)
        self.tracked = bytearray(blank)
        self.snapshot = bytearray(blank)
        self.meters = [bytearray(blank) for _ in range(MINUTES + 1)]
        self.memos: dict[str, bytearray] = {}
        self.labels: dict[str, bytearray] = {}

    def new(self, groups: dict[str, bytearray], text: str) -> bytearray:
        """Return the marks of a memo or label that is met for the first time."""
        marks = groups[text] = bytearray(self.blank)
        return marks

    def add_run(
        self,
        slots: range,
        *,
        source: Source,
        memo: str,
        label: str | None,
        meters: Sequence[int | None],
        snapshots: Sequence[bool],
    ) -> None:
        """Mark a run of consecutive `slots` that lie in the week and share source, memo and label.

        `meters` and `snapshots` have one item a slot, and are empty for a run without any. Raises
        `OverlapError` when one of the slots is marked already.
        """
        last = self.week.stop - 1
        low, high = last - slots[-1], last - slots[0] + 1
        if _ONE in self.taken[low:high]:
            raise _overlap(next(slot for slot in slots if self.taken[last - slot] == _ONE))
        marks = b"1" * len(slots)
        self.taken[low:high] = marks
        if source is Source.TRACKED:
            self.tracked[low:high] = marks
            place = high - 1
            for meter in meters:
                if meter is not None:
                    self.meters[meter][place] = _ONE
                place -= 1
            place = high - 1
            for shot in snapshots:
                if shot:
                    self.snapshot[place] = _ONE
                place -= 1
        (self.memos.get(memo) or self.new(self.memos, memo))[low:high] = marks
        if label is not None:
            (self.labels.get(label) or self.new(self.labels, label))[low:high] = marks

    def sheet(self) -> Sheet:
        """Return the sheet of what was marked."""
        start = self.week.start
        taken, tracked = int(self.taken, 2), int(self.tracked, 2)
        by_meter = (int(marks, 2) if _ONE in marks else 0 for marks in reversed(self.meters))
        at_least = tuple(Slots.from_bits(start, level) for level in accumulate(by_meter, or_))
        return Sheet(
            tracked=Slots.from_bits(start, tracked),
            manual=Slots.from_bits(start, taken & ~tracked),
            snapshot=Slots.from_bits(start, int(self.snapshot, 2)),
            at_least=at_least[::-1],
            memos=_by_time(self.memos, start),
            labels=_by_time(self.labels, start),
        )


def _overlap(slot: int) -> OverlapError:
    return OverlapError(
        "segments", str(slot_start(slot)), "has two segments", "keep one, or merge the two uploads (UPLOAD-2)"
    )


def _by_time(groups: Mapping[str, bytearray], start: int) -> tuple[tuple[str, Slots], ...]:
    # By first slot, not by insertion: a sheet does not depend on the order of its segments.
    sets = [(text, Slots.from_bits(start, int(marks, 2))) for text, marks in groups.items()]
    return tuple(sorted(sets, key=lambda item: item[1].start or 0))


def _union(sets: Iterable[Slots]) -> Slots:
    whole = EMPTY
    for slots in sets:
        whole = whole | slots
    return whole
