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

from collections.abc import Iterable, Mapping
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

__all__ = ["Sheet"]

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
        start, last = week.start, week.stop - 1
        width = week.stop - start
        # A character a slot, the latest first, so that one int(…, 2) a set makes its bitmap.
        blank = b"0" * width
        taken, tracked, snapshot = bytearray(blank), bytearray(blank), bytearray(blank)
        meters: dict[int, bytearray] = {}
        memos: dict[str, list[int]] = {}
        labels: dict[str, list[int]] = {}
        for segment in segments:
            slot = segment.slot
            if not start <= slot <= last:
                continue
            place = last - slot
            if taken[place] == _ONE:
                raise OverlapError(
                    "segments",
                    str(slot_start(slot)),
                    "has two segments",
                    "keep one, or merge the two uploads (UPLOAD-2)",
                )
            taken[place] = _ONE
            if segment.source is Source.TRACKED:
                tracked[place] = _ONE
                if segment.snapshots:
                    snapshot[place] = _ONE
                if segment.activity is not None:
                    meter = segment.activity.meter
                    try:
                        meters[meter][place] = _ONE
                    except KeyError:
                        marks = meters[meter] = bytearray(blank)
                        marks[place] = _ONE
            try:
                memos[segment.memo].append(slot)
            except KeyError:
                memos[segment.memo] = [slot]
            if segment.label is not None:
                labels.setdefault(segment.label, []).append(slot)

        def bits(marks: bytearray) -> int:
            return int(marks, 2)

        tracked_bits = bits(tracked)
        by_meter = [bits(meters[meter]) if meter in meters else 0 for meter in range(MINUTES, -1, -1)]
        at_least = list(accumulate(by_meter, or_))
        return cls(
            tracked=Slots.from_bits(start, tracked_bits),
            manual=Slots.from_bits(start, bits(taken) & ~tracked_bits),
            snapshot=Slots.from_bits(start, bits(snapshot)),
            at_least=tuple(Slots.from_bits(start, level) for level in reversed(at_least)),
            memos=_by_time(memos),
            labels=_by_time(labels),
        )

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


def _by_time(groups: Mapping[str, list[int]]) -> tuple[tuple[str, Slots], ...]:
    # By first slot, not by insertion: a sheet does not depend on the order of its segments.
    return tuple((text, Slots(slots)) for text, slots in sorted(groups.items(), key=lambda item: min(item[1])))


def _union(sets: Iterable[Slots]) -> Slots:
    whole = EMPTY
    for slots in sets:
        whole = whole | slots
    return whole
