"""The page: what entries come to. Folding them is all that replaying a diary is, and judges nothing.

A cell is a segment with where its texts come from. Of two uploads for one slot the counts add and the
snapshots unite, whichever comes first; the later memo wins, and *later* is when it was written, not
when it arrived::

    upload a   written 09:20, memo "Fix"       arrives second
    upload b   written 09:50, memo "Review"    arrives first
    the slot's memo: "Review", in either order (UPLOAD-2)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

import attrs

from workdiary.diary.changes import (
    Change,
    ContractOpened,
    DisputeResolved,
    FactsChanged,
    LabelEdited,
    LateEvidence,
    MemoEdited,
    PaymentFailed,
    StatusChanged,
    TermsChanged,
    TimeAdded,
    TimeDeleted,
    TimeDisputed,
    TimeTracked,
    WeekClosed,
    WeekParked,
)
from workdiary.diary.entry import Entry
from workdiary.diary.journal import KeptWeek, WeekState
from workdiary.errors import ChainError
from workdiary.model.contract import Contract
from workdiary.model.policy import DisputeRule
from workdiary.model.segment import Segment
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot, Slots
from workdiary.model.text import is_blank
from workdiary.model.timeline import dated
from workdiary.model.times import Week
from workdiary.rules.dispute import after_dispute
from workdiary.rules.upload import merge

__all__ = ["Cell", "WeekPage", "contract_after", "page_of"]

Written: TypeAlias = tuple[int, str]
"""When a text was written, and the id of the entry that brought it, which orders equal moments."""

_NEVER: Written = (-(2**62), "")


class Cell(NamedTuple):
    """A recorded segment, and when its memo and its label were written."""

    segment: Segment
    memo: Written
    label: Written


@attrs.define(kw_only=True)
class WeekPage:
    """One week of one contract's diary, as far as its entries have been folded into it."""

    week: Week
    state: WeekState = WeekState.OPEN
    cells: dict[Slot, Cell] = attrs.field(factory=dict)
    closed: Entry | None = None
    late: list[Entry] = attrs.field(factory=list)
    objections: list[Entry] = attrs.field(factory=list)
    resolved: dict[str, Entry] = attrs.field(factory=dict)
    _sheet: Sheet = attrs.field(factory=Sheet, init=False)
    _stale: set[Slot] = attrs.field(factory=set, init=False)

    @property
    def taken(self) -> Slots:
        """The slots that have a segment."""
        return Slots(self.cells)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, in time order."""
        return tuple(self.cells[slot].segment for slot in sorted(self.cells))

    def kept(self) -> KeptWeek:
        """Return the week as a journal keeps it."""
        if self._stale:
            fresh = [self.cells[slot].segment for slot in self._stale if slot in self.cells]
            self._sheet = self._sheet.replaced(Slots(self._stale), Sheet.of(fresh, self.week))
            self._stale.clear()
        return KeptWeek(start=self.week.start, stop=self.week.stop, state=self.state, sheet=self._sheet)

    def fold(self, entry: Entry, change: Change) -> None:
        """Take in one `entry`, whose `change` is read already."""
        if isinstance(change, WeekClosed):
            self.state, self.closed = WeekState.CLOSED, entry
        elif isinstance(change, WeekParked):
            self.state = WeekState.PARKED
        elif isinstance(change, TimeDisputed | PaymentFailed):
            self.objections.append(entry)
        elif isinstance(change, DisputeResolved):
            self.resolved[change.of] = entry
        elif isinstance(change, LateEvidence):
            self.late.append(entry)
        else:
            if isinstance(change, TimeTracked) and change.aside:
                self.late.append(entry)
            for slot, cell in _cells_after(self.cells, entry, change, self.week):
                self._stale.add(slot)
                if cell is None:
                    del self.cells[slot]
                else:
                    self.cells[slot] = cell


def page_of(week: Week, entries: Iterable[Entry]) -> WeekPage:
    """Return the page of `week` that `entries`, those that touch it in their order, come to.

    Raises `ChainError` for an entry whose bytes are not those that were sealed.
    """
    page = WeekPage(week=week)
    for entry in entries:
        entry.check_seal()
        page.fold(entry, entry.change)
    return page


def _cells_after(
    cells: Mapping[Slot, Cell], entry: Entry, change: Change, week: Week
) -> Iterator[tuple[Slot, Cell | None]]:
    """Yield what becomes of the slots of `week` that a change of time touches."""
    if isinstance(change, TimeTracked):
        written = (int(change.made_at), entry.id)
        for segment in change.segments:
            if segment.slot in week and (not change.aside or segment.slot not in change.aside):
                yield segment.slot, _uploaded(cells.get(segment.slot), segment, written)
        return
    written = (int(entry.at), entry.id)
    for slot in change.slots.between(week.start, week.stop):
        if isinstance(change, TimeAdded):
            yield slot, Cell(Segment.manual(slot, memo=change.memo, label=change.label), written, written)
            continue
        cell = cells.get(slot)
        if cell is None:
            raise ChainError(f"entries[{entry.number}]", entry.id, f"changes slot {slot}, which has no segment", "")
        if isinstance(change, TimeDeleted):
            yield slot, None
        elif isinstance(change, MemoEdited):
            yield slot, _with_memo(cell, change.memo, written)
        elif isinstance(change, LabelEdited):
            yield slot, _with_label(cell, change.label, written)


def _with_memo(cell: Cell, memo: str, written: Written) -> Cell:
    # An edit was made looking at what is there, so it always shows, whatever the tracker's clock claimed.
    return cell._replace(segment=attrs.evolve(cell.segment, memo=memo), memo=max(written, cell.memo))


def _with_label(cell: Cell, label: str | None, written: Written) -> Cell:
    return cell._replace(segment=attrs.evolve(cell.segment, label=label), label=max(written, cell.label))


def _uploaded(cell: Cell | None, segment: Segment, written: Written) -> Cell:
    memo = _NEVER if is_blank(segment.memo) else written
    label = _NEVER if segment.label is None else written
    if cell is None:
        return Cell(segment, memo, label)
    # UPLOAD-2: the later text wins, and a text that was never written loses to any.
    earlier = cell.segment
    merged = merge(earlier, segment)
    return Cell(
        attrs.evolve(
            merged,
            memo=segment.memo if memo > cell.memo else earlier.memo,
            label=segment.label if label > cell.label else earlier.label,
        ),
        max(memo, cell.memo),
        max(label, cell.label),
    )


def contract_after(contract: Contract, entry: Entry, change: Change, rule: DisputeRule) -> Contract:
    """Return `contract` as `change` leaves it; `rule` says what a dispute does to it (DISPUTE-3)."""
    if isinstance(change, ContractOpened):
        return change.contract
    if isinstance(change, TermsChanged):
        return attrs.evolve(contract, terms=dated(contract.terms, change.terms))
    if isinstance(change, StatusChanged):
        return attrs.evolve(contract, status=dated(contract.status, change.status))
    if isinstance(change, FactsChanged):
        return attrs.evolve(contract, facts=dated(contract.facts, change.facts))
    if isinstance(change, TimeDisputed):
        return after_dispute(contract, at=entry.at, rule=rule)
    return contract
