"""From the cells of Upwork's work diary to segments: scale, duplicates, activity and snapshots.

Everything that a cell leaves open is decided here, in one place, and said aloud each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from workdiary.errors import InvalidValue, OverlapError, WorkdiaryError
from workdiary.formats._findings import Findings
from workdiary.formats._upwork_cells import Cell
from workdiary.model.activity import MINUTES, Activity
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, slot_start

__all__ = ["PERCENT", "merged", "segments_of"]

PERCENT: Final = 100
"""The highest activity where it is a share of the segment, and not a number of its minutes."""


def merged(cells: Iterable[Cell], shots: Iterable[Cell], findings: Findings) -> list[Cell]:
    """Return `cells`, each with what the `shots` of its contract and slot know beyond it.

    A snapshot makes no segment: it does not say that its time was recorded as work.
    """
    made = list(cells)
    places: dict[tuple[str, Slot], list[int]] = {}
    for n, cell in enumerate(made):
        places.setdefault((cell.contract, cell.slot), []).append(n)
    for shot in shots:
        found = places.get((shot.contract, shot.slot), [])
        if not found:
            findings.leave(shot.path, shot.raw, "its time is in no cell of the work diary")
        for n in found:
            made[n] = _with(made[n], shot, findings)
    return made


def _with(cell: Cell, shot: Cell, findings: Findings) -> Cell:
    known = {}
    for name in ("memo", "label", "level", "keystrokes", "mouse_events", "moment", "pictured", "minutes"):
        mine, other = getattr(cell, name), getattr(shot, name)
        if other is None or mine == other:
            continue
        if mine is None:
            known[name] = other
        elif name != "minutes":
            shown = int(other) if isinstance(other, Instant) else other
            findings.leave(shot.path_of(name), shown, f"the cell at {cell.path} says otherwise")
    moved = {name: shot.path_of(name) for name in known}
    return attrs.evolve(cell, moved={**cell.moved, **moved}, **known)


def segments_of(
    cells: Iterable[Cell], findings: Findings, *, scale: int | None = None
) -> dict[str, tuple[Segment, ...]]:
    """Return the segments of each contract, in order of time.

    Cells of one slot that make equal segments are one, as when an export is given twice. Where they
    differ, none of them is taken, and an `OverlapError` names both.
    """
    by_contract: dict[str, dict[Slot, list[Cell]]] = {}
    for cell in cells:
        by_contract.setdefault(cell.contract, {}).setdefault(cell.slot, []).append(cell)
    made: dict[str, tuple[Segment, ...]] = {}
    for contract, by_slot in by_contract.items():
        top = _scale_of([cell for same in by_slot.values() for cell in same], findings, scale)
        segments = (_one_of(same, top, findings) for _, same in sorted(by_slot.items()))
        made[contract] = tuple(segment for segment in segments if segment is not None)
    return made


def _scale_of(cells: list[Cell], findings: Findings, given: int | None) -> int:
    """Return the highest value of this contract's levels, and say how it was decided.

    The platform never states it: 0 to 10 in the older interface, 0 to 100 in the newer by report.
    """
    if given is not None:
        return given
    levels = [cell for cell in cells if cell.level and cell.scale is None]
    if not levels:
        return MINUTES
    highest = max(cell.level or 0 for cell in levels)
    top, why = (PERCENT, f"the highest is {highest}") if highest > MINUTES else (MINUTES, f"none is above {MINUTES}")
    for cell in levels:
        statement = f"activityLevel is read on a scale of 0 to {top}, because {why}"
        findings.assume(cell.contract, statement, cell.path_of("level"))
    return top


def _one_of(same: list[Cell], top: int, findings: Findings) -> Segment | None:
    """Return the segment of the cells of one slot."""
    made = [(cell, segment) for cell in same if (segment := _segment(cell, top, findings)) is not None]
    if not made:
        return None
    first, segment = made[0]
    different = [cell for cell, other in made if other != segment]
    if not different:
        return segment
    for cell in different:
        allowed = f"is another segment than that of {first.path}"
        findings.refuse(OverlapError(cell.path, str(slot_start(cell.slot)), allowed, "keep one of the two cells"))
    for cell, _ in made:
        findings.leave(cell.path, cell.raw, "several cells of its slot differ, see the problems")
    return None


def _segment(cell: Cell, top: int, findings: Findings) -> Segment | None:
    if cell.manual is None:
        findings.assume(cell.contract, "a cell that does not say whether it is manual is a tracked one", cell.path)
    try:
        # Without its evidence first: what is wrong with the texts is then known before anything is left over.
        source = Source.MANUAL if cell.manual else Source.TRACKED
        bare = Segment(slot=cell.slot, source=source, memo=cell.memo or "", label=cell.label)
    except WorkdiaryError as error:
        _refuse(cell, error.under(cell.path), findings)
        return None
    if cell.manual:
        _leave_evidence(cell, findings)
        return bare
    highest = top if cell.scale is None else cell.scale
    if cell.level is not None and cell.level > highest:
        remedy = f"give a level from 0 to {highest}, or another scale"
        _refuse(cell, InvalidValue(cell.path_of("level"), cell.level, f"is more than {highest}", remedy), findings)
        return None
    return attrs.evolve(bare, activity=_activity(cell, highest, findings), snapshots=_snapshots(cell, findings))


def _refuse(cell: Cell, error: WorkdiaryError, findings: Findings) -> None:
    findings.refuse(error)
    findings.leave(cell.path, cell.raw, "could not be taken, see the problems")


def _leave_evidence(cell: Cell, findings: Findings) -> None:
    for name in ("level", "keystrokes", "mouse_events", "moment", "pictured"):
        if name != "pictured" or cell.pictured:  # that there is no picture is what MANUAL-1 says as well
            _leave(cell, name, "manual time has neither activity nor snapshots (MANUAL-1)", findings)


def _leave(cell: Cell, name: str, reason: str, findings: Findings) -> None:
    value = getattr(cell, name)
    if value is not None:
        findings.leave(cell.path_of(name), int(value) if isinstance(value, Instant) else value, reason)


def _activity(cell: Cell, top: int, findings: Findings) -> Activity | None:
    """Return the activity of a tracked cell; `None` when its meter is unknown, which is not 0 (ACTIVITY-2)."""
    meter = _meter(cell, top, findings)
    if meter is None:
        for name in ("keystrokes", "mouse_events"):
            _leave(cell, name, "without the activity meter, a count says nothing about minutes", findings)
        return None
    keystrokes, mouse_events = cell.keystrokes, cell.mouse_events
    if cell.minutes is not None:
        keystrokes = cell.minutes.keystrokes if keystrokes is None else keystrokes
        mouse_events = cell.minutes.mouse_events if mouse_events is None else mouse_events
    return Activity.of_totals(meter, keystrokes=keystrokes, mouse_events=mouse_events)


def _meter(cell: Cell, top: int, findings: Findings) -> int | None:
    stated = None if cell.level is None else _minutes_of_level(cell, cell.level, top, findings)
    if cell.minutes is None:
        return stated
    if cell.minutes.known < MINUTES:
        findings.assume(cell.contract, "a minute without a row had no events", cell.path)
    if stated is not None and stated != cell.minutes.active:
        findings.assume(
            cell.contract, "where the level and the minutes differ, the minutes are right (ACTIVITY-1)", cell.path
        )
        _leave(cell, "level", f"the minutes show {cell.minutes.active} active ones", findings)
    return cell.minutes.active


def _minutes_of_level(cell: Cell, level: int, top: int, findings: Findings) -> int:
    """Return the active minutes of `level`: of 10 in ``10/10`` all ten, not 17 % of 600 seconds."""
    minutes, rest = divmod(level * MINUTES, top)
    if not rest:
        return minutes
    findings.assume(
        cell.contract,
        "an activityLevel between two tens is the lower number of active minutes, but at least 1",
        cell.path_of("level"),
    )
    _leave(cell, "level", "is between two whole minutes", findings)
    return max(minutes, 1)  # some activity is not none: PROTECT-2 tells them apart


def _snapshots(cell: Cell, findings: Findings) -> tuple[Snapshot, ...]:
    if cell.pictured is False:
        _leave(cell, "moment", "no picture of this moment is on record", findings)
        return ()
    if cell.pictured is None:
        if cell.moment is None:
            findings.assume(cell.contract, "a cell that does not mention a snapshot has none", cell.path)
            return ()
        findings.assume(cell.contract, "a snapshot's time alone means that there is a snapshot", cell.path_of("moment"))
    elif cell.moment is None:
        findings.assume(cell.contract, "a snapshot without a time was taken somewhere in its cell", cell.path)
    return (Snapshot(at=cell.moment),)
