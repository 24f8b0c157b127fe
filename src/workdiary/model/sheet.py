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
from typing import Final

import attrs

from workdiary.errors import InvalidValue, OverlapError
from workdiary.model.activity import MINUTES
from workdiary.model.segment import Segment, Source
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.text import is_blank
from workdiary.model.times import Week, slot_start

__all__ = ["MANUAL", "TRACKED", "UNKNOWN", "Sheet", "SheetBuilder"]

UNKNOWN: Final = 255
"""The byte of a slot whose meter nobody knows."""

TRACKED: Final = 1
"""The byte by which a builder marks a tracked slot."""

MANUAL: Final = 2
"""The byte by which a builder marks a manual slot."""


def _table(ones: Iterable[int]) -> bytes:
    """Return the table that makes the bytes `ones` a digit 1, and all others a 0."""
    chosen = frozenset(ones)
    return bytes(ord("1") if mark in chosen else ord("0") for mark in range(256))


_IS_TRACKED: Final = _table([TRACKED])
_IS_MANUAL: Final = _table([MANUAL])
_IS_ONE: Final = _table([1])
_AT_LEAST: Final = tuple(_table(range(least, MINUTES + 1)) for least in range(MINUTES + 1))


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
        start, stop = week.start, week.stop
        # Bound once: this loop is most of what a statement costs.
        kinds, meters, snapshot = builder.kinds, builder.meters, builder.snapshot
        memos, labels = builder.memos, builder.labels
        is_tracked = Source.TRACKED
        for segment in segments:
            if type(segment) is not Segment:
                raise InvalidValue("segments", segment, "is not a Segment", "give Segment.tracked or Segment.manual")
            slot = segment.slot
            if not start <= slot < stop:
                continue
            place = slot - start
            if kinds[place]:
                raise _overlap(slot)
            if segment.source is is_tracked:
                kinds[place] = TRACKED
                if segment.snapshots:
                    snapshot[place] = 1
                activity = segment.activity
                if activity is not None:
                    meters[place] = activity.meter
            else:
                kinds[place] = MANUAL
            memo = segment.memo
            try:
                memos[memo] |= 1 << place
            except KeyError:
                memos[memo] = 1 << place
            label = segment.label
            if label is not None:
                labels[label] = labels.get(label, 0) | 1 << place
        return builder.sheet()

    def replaced(self, slots: Slots, new: Sheet) -> Sheet:
        """Return this sheet with what it says of `slots` replaced by what `new`, which lies within them, says.

        So a week of hundreds of segments need not be made again for one of them.
        """
        return Sheet(
            tracked=(self.tracked - slots) | new.tracked,
            manual=(self.manual - slots) | new.manual,
            snapshot=(self.snapshot - slots) | new.snapshot,
            at_least=tuple([(old - slots) | level for old, level in zip(self.at_least, new.at_least, strict=True)]),
            memos=_texts_replaced(self.memos, slots, new.memos),
            labels=_texts_replaced(self.labels, slots, new.labels),
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


class SheetBuilder:
    """The making of one sheet: marks a slot at a time or a run at a time, then turns them into sets.

    A byte a slot, so that one ``translate`` and one ``int(…, 2)`` a set make its bitmap.
    """

    def __init__(self, week: Week) -> None:
        length = week.stop - week.start
        self.week = week
        self.kinds = bytearray(length)
        self.snapshot = bytearray(length)
        self.meters = bytearray([UNKNOWN]) * length
        self.memos: dict[str, int] = {}
        self.labels: dict[str, int] = {}

    def add_run(
        self,
        slots: range,
        *,
        source: Source,
        memo: str,
        label: str | None,
        meters: Sequence[int | None],
        snapshots: Sequence[int],
    ) -> None:
        """Mark a run of consecutive `slots` that lie in the week and share source, memo and label.

        `meters` and `snapshots` (1 or 0) have one item a slot, and are empty for a run without any; an
        unknown meter is `None`, or `UNKNOWN` in bytes. Raises `OverlapError` when one of the slots is marked already.
        """
        low, high = slots[0] - self.week.start, slots[-1] - self.week.start + 1
        if any(self.kinds[low:high]):
            raise _overlap(next(slot for slot in slots if self.kinds[slot - self.week.start]))
        self.kinds[low:high] = bytes([TRACKED if source is Source.TRACKED else MANUAL]) * len(slots)
        if source is Source.TRACKED:
            if meters:
                self.meters[low:high] = (
                    meters
                    if isinstance(meters, bytes)
                    else bytes([UNKNOWN if meter is None else meter for meter in meters])
                )
            if snapshots:
                self.snapshot[low:high] = bytes(snapshots)
        bits = (1 << high) - (1 << low)
        self.memos[memo] = self.memos.get(memo, 0) | bits
        if label is not None:
            self.labels[label] = self.labels.get(label, 0) | bits

    def sheet(self) -> Sheet:
        """Return the sheet of what was marked."""
        start = self.week.start
        # Latest first, and no longer than the week's last recorded slot asks for.
        kinds = self.kinds.rstrip(b"\0")[::-1]
        meters, snapshot = self.meters[: len(kinds)][::-1], self.snapshot[: len(kinds)][::-1]
        return Sheet(
            tracked=_where(kinds, _IS_TRACKED, start),
            manual=_where(kinds, _IS_MANUAL, start),
            snapshot=_where(snapshot, _IS_ONE, start),
            at_least=tuple([_where(meters, table, start) for table in _AT_LEAST]),
            memos=_by_time(self.memos, start),
            labels=_by_time(self.labels, start),
        )


def _where(marks: bytearray, table: bytes, start: int) -> Slots:
    """Return the slots whose mark `table` makes a one; `marks` come latest first."""
    return Slots.from_bits(start, int(b"0" + marks.translate(table), 2))


def _overlap(slot: int) -> OverlapError:
    return OverlapError(
        "segments", str(slot_start(slot)), "has two segments", "keep one, or merge the two uploads (UPLOAD-2)"
    )


def _by_time(groups: Mapping[str, int], start: int) -> tuple[tuple[str, Slots], ...]:
    # By first slot, not by insertion: a sheet does not depend on the order of its segments.
    in_order = sorted(groups.items(), key=lambda item: item[1] & -item[1])
    return tuple([(text, Slots.from_bits(start, bits)) for text, bits in in_order])


def _texts_replaced(
    texts: Iterable[tuple[str, Slots]], slots: Slots, new: Iterable[tuple[str, Slots]]
) -> tuple[tuple[str, Slots], ...]:
    places = {text: kept for text, old in texts if (kept := old - slots)}
    for text, added in new:
        places[text] = places.get(text, EMPTY) | added
    return tuple(sorted(places.items(), key=lambda item: item[1].start or 0))


def _union(sets: Iterable[Slots]) -> Slots:
    whole = EMPTY
    for slots in sets:
        whole = whole | slots
    return whole
