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
from typing import Final, NamedTuple, TypeAlias

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
from workdiary.diary.uploads import upload_of
from workdiary.errors import ChainError
from workdiary.formats.runs import Run, sheet_of_runs
from workdiary.model.activity import Activity
from workdiary.model.contract import Contract, ContractStatus
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

_NEVER: Final = -(2**62)


class Known(NamedTuple):
    """What the uploads for one slot counted: those that know the minutes together, and those that do not.

    Kept apart, because the sum of the two kinds depends on their order, and uploads come in any.
    """

    minutes: Activity | None = None
    totals: Activity | None = None

    @classmethod
    def of(cls, activity: Activity | None) -> Known:
        """Return what one upload counted."""
        return cls(totals=activity) if activity is None or activity.counts is None else cls(minutes=activity)

    def plus(self, other: Known) -> Known:
        """Return the two taken together, kind by kind."""
        return Known(_sum(self.minutes, other.minutes), _sum(self.totals, other.totals))

    @property
    def activity(self) -> Activity | None:
        """All of it as one."""
        return _sum(self.minutes, self.totals)


def _sum(one: Activity | None, other: Activity | None) -> Activity | None:
    # Unknown is not zero (ACTIVITY-2).
    return other if one is None else one if other is None else one + other


class Cell(NamedTuple):
    """A recorded segment, and when its memo and its label were written; `known` once uploads have merged."""

    segment: Segment
    memo: Written
    label: Written
    known: Known | None = None


Step: TypeAlias = "tuple[Run, ...] | list[tuple[Slot, Cell | None]]"
"""What one change does to a week: runs for slots that were free, or what becomes of each slot."""


@attrs.define(kw_only=True, eq=False)
class WeekPage:
    """One week of one contract's diary, as far as its entries have been folded into it.

    Uploads for slots that were free, which is most of a diary, stay the runs that they came as until somebody
    asks for a segment of theirs.
    """

    week: Week
    state: WeekState = WeekState.OPEN
    closed: Entry | None = None
    late: list[Entry] = attrs.field(factory=list)
    objections: list[Entry] = attrs.field(factory=list)
    resolved: dict[str, Entry] = attrs.field(factory=dict)
    _cells: dict[Slot, Cell] = attrs.field(factory=dict, init=False)
    _fresh: list[tuple[Written, Run]] = attrs.field(factory=list, init=False)
    _unmarked: list[Run] = attrs.field(factory=list, init=False)
    _taken: int = attrs.field(default=0, init=False)
    _sheet: Sheet = attrs.field(factory=Sheet, init=False)
    _stale: set[Slot] = attrs.field(factory=set, init=False)

    @property
    def taken(self) -> Slots:
        """The slots that have a segment."""
        return Slots.from_bits(self.week.start, self._taken)

    @property
    def cells(self) -> Mapping[Slot, Cell]:
        """The recorded segments, by slot."""
        self._settle()
        return self._cells

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, in time order."""
        cells = self.cells
        return tuple([cells[slot].segment for slot in sorted(cells)])

    def kept(self) -> KeptWeek:
        """Return the week as a journal keeps it."""
        if self._unmarked or self._stale:
            new, changed = self._marked()
            self._sheet = self._sheet.replaced(changed, new) if self._sheet.worked else new
            self._unmarked.clear()
            self._stale.clear()
        return KeptWeek(start=self.week.start, stop=self.week.stop, state=self.state, sheet=self._sheet)

    def _marked(self) -> tuple[Sheet, Slots]:
        """Return the sheet of what has changed since the last one, and the slots that it is of."""
        # What was changed slot by slot after it came is as its cells say.
        edited = set(self._stale)
        runs = []
        for run in self._unmarked:
            if edited and not edited.isdisjoint(range(run.start, run.stop)):
                self._stale.update(map(Slot, range(run.start, run.stop)))
            else:
                runs.append(run)
        new = sheet_of_runs(runs, self.week)
        changed = new.worked
        if self._stale:
            cells, stale = self.cells, Slots(self._stale)
            fresh = [cells[slot].segment for slot in self._stale if slot in cells]
            new, changed = new.replaced(stale, Sheet.of(fresh, self.week)), changed | stale
        return new, changed

    def add(self, run: Run, written: Written) -> None:
        """Take in a tracked `run` of the week, as an upload brought it; `written` dates its texts."""
        bits = ((1 << run.stop - run.start) - 1) << run.start - self.week.start
        if self._taken & bits:
            self._change([(segment.slot, self.merged(segment, written)) for segment in run.segments()])
        else:
            self._taken |= bits
            self._fresh.append((written, run))
            self._unmarked.append(run)

    def after(self, entry: Entry, change: Change) -> Step:
        """Return what `change` does to the week, without taking it in."""
        if isinstance(change, TimeTracked) and not change.aside and self.taken.isdisjoint(change.slots):
            start, stop = self.week.start, self.week.stop
            return tuple([run.part(start, stop) for run in change.runs if run.start < stop and start < run.stop])
        return [*_cells_after(self, entry, change)]

    def fold(self, entry: Entry, change: Change, step: Step | None = None) -> None:
        """Take in one `entry`, whose `change` is read already; `step` is what `after` has returned for it."""
        if isinstance(change, WeekClosed):
            self.state, self.closed = WeekState.CLOSED, entry
        elif isinstance(change, WeekParked):
            if self.closed is None:  # closed is for ever
                self.state = WeekState.PARKED
        elif isinstance(change, TimeDisputed | PaymentFailed):
            self.objections.append(entry)
        elif isinstance(change, DisputeResolved):
            self.resolved[change.of] = entry
        elif isinstance(change, LateEvidence):
            self._keep_late(entry, change.slots)
        else:
            if isinstance(change, TimeTracked) and change.aside:
                self._keep_late(entry, change.aside)
            found = self.after(entry, change) if step is None else step
            if isinstance(found, list):
                self._change(found)
            elif isinstance(change, TimeTracked):
                for run in found:
                    self.add(run, (int(change.made_at), entry.id))

    def _settle(self) -> None:
        for written, run in self._fresh:
            for segment in run.segments():
                self._cells[segment.slot] = _new_cell(segment, written)
        self._fresh.clear()

    def merged(self, segment: Segment, written: Written) -> Cell:
        """Return what an upload of `segment` makes of its slot."""
        return _uploaded(self.cells.get(segment.slot), segment, written)

    def _change(self, cells: list[tuple[Slot, Cell | None]]) -> None:
        if cells:
            self._settle()
        for slot, cell in cells:
            bit = 1 << slot - self.week.start
            self._stale.add(slot)
            if cell is None:
                del self._cells[slot]
                self._taken &= ~bit
            else:
                self._cells[slot] = cell
                self._taken |= bit

    def _keep_late(self, entry: Entry, slots: Slots) -> None:
        # An entry can reach over a week without touching it.
        if slots.between(self.week.start, self.week.stop):
            self.late.append(entry)


def page_of(week: Week, entries: Iterable[Entry]) -> WeekPage:
    """Return the page of `week` that `entries`, those that touch it in their order, come to.

    Raises `ChainError` for an entry whose bytes are not those that were sealed.
    """
    page = WeekPage(week=week)
    for entry in entries:
        entry.check_seal()
        upload = upload_of(entry)
        if upload is not None and week.start <= upload[1].start and upload[1].stop <= week.stop:
            page.add(upload[1], upload[0])
        else:
            page.fold(entry, entry.change)
    return page


def _cells_after(page: WeekPage, entry: Entry, change: Change) -> Iterator[tuple[Slot, Cell | None]]:
    """Yield what becomes of the slots of the page's week that a change of time touches."""
    if not isinstance(change, TimeTracked | TimeAdded | TimeDeleted | MemoEdited | LabelEdited):
        return
    cells, week = page.cells, page.week
    if isinstance(change, TimeTracked):
        written = (int(change.made_at), entry.id)
        for segment in change.segments:
            if segment.slot in week and (not change.aside or segment.slot not in change.aside):
                yield segment.slot, page.merged(segment, written)
        return
    written = (int(entry.at), entry.id)
    for slot in change.slots.between(week.start, week.stop):
        if isinstance(change, TimeAdded):
            segment = Segment.manual(slot, memo=change.memo, label=change.label)
            yield slot, _new_cell(segment, written)
            continue
        cell = cells.get(slot)
        if cell is None:
            raise ChainError(f"entries[{entry.number}]", entry.id, f"changes slot {slot}, which has no segment", "")
        if isinstance(change, TimeDeleted):
            yield slot, None
        elif isinstance(change, MemoEdited):
            yield slot, _with_memo(cell, change.memo, written)
        else:
            yield slot, _with_label(cell, change.label, written)


def _new_cell(segment: Segment, written: Written) -> Cell:
    return Cell(segment, _memo_written(segment, written), _label_written(segment, written))


def _memo_written(segment: Segment, written: Written) -> Written:
    # Of two blank memos neither is the later one: which of them stays must not depend on their order.
    return (_NEVER, segment.memo) if is_blank(segment.memo) else written


def _label_written(segment: Segment, written: Written) -> Written:
    return (_NEVER, "") if segment.label is None else written


def _with_memo(cell: Cell, memo: str, written: Written) -> Cell:
    # An edit was made looking at what is there, so it always shows, whatever the tracker's clock claimed.
    return cell._replace(segment=attrs.evolve(cell.segment, memo=memo), memo=max(written, cell.memo))


def _with_label(cell: Cell, label: str | None, written: Written) -> Cell:
    return cell._replace(segment=attrs.evolve(cell.segment, label=label), label=max(written, cell.label))


def _uploaded(cell: Cell | None, segment: Segment, written: Written) -> Cell:
    if cell is None:
        return _new_cell(segment, written)
    memo, label = _memo_written(segment, written), _label_written(segment, written)
    # UPLOAD-2: the later text wins, and a text that was never written loses to any.
    earlier = cell.segment
    known = (cell.known or Known.of(earlier.activity)).plus(Known.of(segment.activity))
    return Cell(
        attrs.evolve(
            merge(earlier, segment),
            memo=segment.memo if memo > cell.memo else earlier.memo,
            label=segment.label if label > cell.label else earlier.label,
            activity=known.activity,
        ),
        max(memo, cell.memo),
        max(label, cell.label),
        known,
    )


def contract_after(contract: Contract, entry: Entry, change: Change, rule: DisputeRule) -> Contract:
    """Return `contract` as `change` leaves it; `rule` says what a dispute does to it (DISPUTE-3)."""
    if isinstance(change, ContractOpened):
        return change.contract
    if isinstance(change, TermsChanged):
        return attrs.evolve(contract, terms=dated(contract.terms, change.terms))
    if isinstance(change, StatusChanged):
        status = dated(contract.status, change.status)
        if change.status.status is ContractStatus.CLOSED:
            # EDIT-6: closed is the last status; what was planned for later falls away.
            status = tuple(planned for planned in status if planned.since <= change.status.since)
        return attrs.evolve(contract, status=status)
    if isinstance(change, FactsChanged):
        return attrs.evolve(contract, facts=dated(contract.facts, change.facts))
    if isinstance(change, TimeDisputed):
        return after_dispute(contract, at=entry.at, rule=rule)
    return contract
