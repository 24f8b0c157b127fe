"""Cells of Upwork's work diary: what all its shapes have in common, and how a cell becomes a segment.

A cell is ten minutes. It may say its time, whether it is manual, a memo, a task, the activity and
when the screen was pictured, or leave any of it out: what it leaves out stays unknown (ACTIVITY-2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from workdiary.errors import DocumentError, InvalidValue, OverlapError, WorkdiaryError
from workdiary.formats.imported import Findings, Record, below, is_nothing, several
from workdiary.formats.reading import text_of
from workdiary.model.activity import MINUTES, Activity
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.text import is_blank
from workdiary.model.times import Instant, instant, slot_at, slot_start

__all__ = ["Cell", "MinuteDetail", "label_of", "minutes_of", "moment_of", "segments_of", "text", "truth", "whole"]

PERCENT: Final = 100
"""The highest activity where it is a share of the segment and not a number of its minutes."""


@attrs.frozen(kw_only=True)
class MinuteDetail:
    """What the rows of a cell's minutes add up to; clicks and scrolls are one number there."""

    rows: int
    active: int
    keystrokes: int
    mouse_events: int


@attrs.frozen(kw_only=True)
class Cell:
    """What one cell says, in one vocabulary for all shapes; `None` is what it does not say.

    `scale` is the highest value that `level` could have, where the shape tells; `raw` is the cell
    as it stood, and `paths` where each of its fields did.
    """

    contract: str
    slot: Slot
    path: str
    raw: Any = attrs.field(eq=False)
    paths: Mapping[str, str] = attrs.field(factory=dict, eq=False)
    manual: bool | None = None
    memo: str | None = None
    label: str | None = None
    level: int | None = None
    scale: int | None = None
    keystrokes: int | None = None
    mouse_events: int | None = None
    moment: Instant | None = None
    pictured: bool | None = None
    minutes: MinuteDetail | None = None


# Reading single values. Numbers come as numbers or as text, truth values in a dozen ways.

_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_MOST: Final = 10_000_000


def whole(value: object, path: str, *, most: int = _MOST) -> int | None:
    """Return the count that `value` is, as a number or as text, or `None` when it says nothing."""
    number = _number(value, path)
    if number is None:
        return None
    if number < 0:
        raise InvalidValue(path, value, "is negative", f"give a whole number from 0 to {most}")
    if number > most:
        raise InvalidValue(path, value, f"is more than {most}", f"give a whole number from 0 to {most}")
    return number


def _number(value: object, path: str) -> int | None:
    if is_nothing(value):
        return None
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise InvalidValue(path, value, "is not a whole number", "give one, as a number or as text")


_FALSE: Final = frozenset({"0", "", "n", "no", "false"})
_TRUE: Final = frozenset({"1", "y", "yes", "true"})


def truth(value: object, path: str) -> bool | None:
    """Return the truth value that `value` is; ``0``, ``""``, ``"N"``, ``"no"`` and ``"false"`` are false.

    ``null``, ``[]`` and ``{}`` say nothing: `None`.
    """
    if value is None or value == [] or value == {}:
        return None
    word = str(value).lower() if isinstance(value, bool | int | str) else None
    if word in _FALSE:
        return False
    if word in _TRUE:
        return True
    raise InvalidValue(path, value, "is neither yes nor no", "give true or false")


def text(value: object, path: str) -> str | None:
    """Return the text that `value` is, or `None` when it says nothing; an empty text stays one."""
    return None if value is None or value == [] or value == {} else text_of(value, path)


def moment_of(value: object, path: str) -> Instant | None:
    """Return the instant that `value` names in Unix seconds, as a number or as text."""
    seconds = _number(value, path)
    if seconds is None:
        return None
    if seconds >= _MILLISECONDS:
        raise InvalidValue(path, value, "is too late for Unix seconds", "if these are milliseconds, divide by 1000")
    return instant(Instant(seconds), path)


_MILLISECONDS: Final = 100_000_000_000  # as seconds the year 5138, as milliseconds 1973


def slot_of_cell(value: object, path: str) -> Slot:
    """Return the slot that starts at `value`, in Unix seconds; raises `GridError` off the grid."""
    at = moment_of(value, path)
    if at is None:
        raise DocumentError(path, value, "says no time", "give Unix seconds, a multiple of 600")
    return slot_at(at, path)


def within(at: Instant | None, slot: Slot, path: str) -> Instant | None:
    """Return `at` if it lies in `slot`: at or after its start, and before its end (half-open)."""
    if at is not None and at // SECONDS_PER_SLOT != slot:
        stretch = f"{slot_start(slot)} <= t < {slot_start(slot + 1)}"
        raise InvalidValue(path, str(at), "is outside its cell", f"give a moment with {stretch}")
    return at


def label_of(value: object, path: str, findings: Findings) -> str | None:
    """Return the activity label of a cell's task: its description, else its id.

    A task is ``{"id", "description"}``, or text alone. What does not become the label is left over.
    """
    if is_nothing(value):
        return None
    if isinstance(value, str):
        return value
    task = Record.of(value, path, findings)
    if task is None:
        return None
    description = task.read("description", text)
    if description is None or is_blank(description):
        # A numbered task without words is still the label that the freelancer chose.
        description = task.read("id", _id)
    task.close({"id": "the label is the task's description"})
    return description


def _id(value: object, path: str) -> str | None:
    return str(value) if type(value) is int else text(value, path)


def minutes_of(value: object, slot: Slot, path: str, findings: Findings) -> MinuteDetail | None:
    """Return what a cell's minutes ``{time, mouse, keyboard}`` add up to; `None` when there are none.

    They come as a list, or as one below ``minute``. The rows are left over: they do not tell clicks
    from scrolls, so the model has no minutes to keep, only the meter and the totals.
    """
    rows = value
    if isinstance(value, Mapping) and "minute" in value:
        rows, path = value["minute"], below(path, "minute")
    before = len(findings.problems)
    active: set[int] = set()
    count = keystrokes = mouse_events = 0
    for row, place in several(rows, path):
        record = Record.of(row, place, findings)
        if record is None:
            continue
        at = record.read("time", lambda time, where: within(moment_of(time, where), slot, where))
        mouse = record.read("mouse", whole) or 0
        keys = record.read("keyboard", whole) or 0
        if at is None and len(findings.problems) == before:
            findings.problems.append(DocumentError(place, row, "says no time", "give Unix seconds inside its cell"))
        if at is not None and mouse + keys:
            active.add((at - slot_start(slot)) // 60)
        count, keystrokes, mouse_events = count + 1, keystrokes + keys, mouse_events + mouse
    if not count or len(findings.problems) > before:
        return None
    findings.leave(path, rows, "its minutes do not tell clicks from scrolls: the meter and the totals are kept")
    return MinuteDetail(rows=count, active=len(active), keystrokes=keystrokes, mouse_events=mouse_events)


# Cells to segments.


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
    highest = max(levels, key=lambda cell: cell.level or 0)
    if (highest.level or 0) > MINUTES:
        top, why = PERCENT, f"the highest is {highest.level}"
    else:
        top, why = MINUTES, f"none is above {MINUTES}"
    for cell in levels:
        findings.assume(
            cell.contract, f"activityLevel is read on a scale of 0 to {top}, because {why}", highest.paths["level"]
        )
    return top


def _one_of(same: list[Cell], top: int, findings: Findings) -> Segment | None:
    """Return the segment of the cells of one slot."""
    made = [(cell, _segment(cell, top, findings)) for cell in same]
    (first, segment), *others = made
    conflict = False
    for cell, other in others:
        if segment is not None and other is not None and other != segment:
            conflict = True
            findings.problems.append(
                OverlapError(
                    cell.path,
                    str(slot_start(cell.slot)),
                    f"is another segment than that of {first.path}",
                    "keep one of the two cells",
                )
            )
    if conflict:
        for cell in same:
            findings.leave(cell.path, cell.raw, "several cells of its slot differ")
        return None
    # A cell that could not be taken does not hide an equal one that could.
    return next((candidate for _, candidate in made if candidate is not None), None)


def _segment(cell: Cell, top: int, findings: Findings) -> Segment | None:
    if cell.manual is None:
        findings.assume(cell.contract, "a cell that does not say whether it is manual is tracked", cell.path)
    try:
        if cell.manual:
            segment = Segment(slot=cell.slot, source=Source.MANUAL, memo=cell.memo or "", label=cell.label)
            _leave_evidence(cell, findings)
            return segment
        return Segment(
            slot=cell.slot,
            source=Source.TRACKED,
            memo=cell.memo or "",
            label=cell.label,
            activity=_activity(cell, top, findings),
            snapshots=_snapshots(cell, findings),
        )
    except WorkdiaryError as error:
        findings.problems.append(error.under(cell.path))
        findings.leave(cell.path, cell.raw, "could not be taken, see the problems")
        return None


def _leave_evidence(cell: Cell, findings: Findings) -> None:
    for name in ("level", "keystrokes", "mouse_events", "moment", "pictured"):
        value = getattr(cell, name)
        if value is not None:
            shown = int(value) if isinstance(value, Instant) else value
            findings.leave(cell.paths[name], shown, "manual time has neither activity nor snapshots (MANUAL-1)")


def _activity(cell: Cell, top: int, findings: Findings) -> Activity | None:
    meter = _meter(cell, top, findings)
    keystrokes, mouse_events = cell.keystrokes, cell.mouse_events
    if meter is None:
        for name, count in (("keystrokes", keystrokes), ("mouse_events", mouse_events)):
            findings.leave_count(cell.paths, name, count) if False else None
        return None
    if cell.minutes is not None:
        keystrokes = cell.minutes.keystrokes if keystrokes is None else keystrokes
        mouse_events = cell.minutes.mouse_events if mouse_events is None else mouse_events
    return Activity.of_totals(meter, keystrokes=keystrokes, mouse_events=mouse_events)


def _meter(cell: Cell, top: int, findings: Findings) -> int | None:
    return None


def _snapshots(cell: Cell, findings: Findings) -> tuple[Snapshot, ...]:
    return ()
