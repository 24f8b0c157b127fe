"""Cells of Upwork's work diary: what all its shapes have in common, and how their values are read.

A cell is ten minutes. It may say its time, whether it is manual, a memo, a task, the activity and
when the screen was pictured, or leave any of it out: what it leaves out stays unknown (ACTIVITY-2).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from workdiary.errors import DocumentError, InvalidValue
from workdiary.formats._findings import Findings, Record, below, is_nothing, several
from workdiary.formats.reading import text_of
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.text import is_blank
from workdiary.model.times import Instant, instant, slot_at, slot_start

__all__ = ["Cell", "CellReader", "Diaries", "MinuteDetail", "id_of", "moment_of", "slot_of_cell", "truth", "within"]


@attrs.frozen(kw_only=True)
class MinuteDetail:
    """What the rows of a cell's minutes add up to; clicks and scrolls are one number there.

    `known` minutes have a row, and `active` ones any event.
    """

    known: int
    active: int
    keystrokes: int
    mouse_events: int


@attrs.frozen(kw_only=True)
class Cell:
    """What one cell says, in one vocabulary for all shapes; `None` is what it does not say.

    `scale` is the highest value that `level` could have, where the shape tells; `raw` is the cell
    as it stood, `names` the key of each field in it, and `moved` the paths of those that stood elsewhere.
    """

    contract: str
    slot: Slot
    path: str
    raw: Any = attrs.field(eq=False)
    names: Mapping[str, str] = attrs.field(eq=False)
    moved: Mapping[str, str] = attrs.field(factory=dict, eq=False)
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

    def path_of(self, field: str) -> str:
        """Where `field` stood in its document."""
        return self.moved.get(field) or below(self.path, self.names[field])


@attrs.define
class Diaries:
    """What was read so far: cells, single snapshots, and the ids of all contracts met, cells or none."""

    cells: list[Cell] = attrs.Factory(list)
    shots: list[Cell] = attrs.Factory(list)
    contracts: dict[str, None] = attrs.Factory(dict)


class CellReader:
    """Reads one cell, collecting everything that is wrong with it.

    `names` maps a field of `Cell` to its key in this shape.
    """

    def __init__(self, data: object, path: str, findings: Findings, names: Mapping[str, str]) -> None:
        self.findings = findings
        self._before = len(findings.problems), len(findings.left_over)
        self._names = names
        self._path = path
        self._raw = data
        self.record = Record.of(data, path, findings) or Record({}, path, findings)

    def counts(self, slot: Slot | None, *, highest: int) -> dict[str, Any]:
        """Return the fields that all shapes spell alike but for their keys; levels go up to `highest`."""
        read, names = self.record.read, self._names
        return {
            "memo": read("memo", text),
            "label": read("task", lambda value, path: label_of(value, path, self.findings)),
            "level": read(names["level"], lambda value, path: whole(value, path, most=highest)),
            "keystrokes": read(names["keystrokes"], whole),
            "mouse_events": read(names["mouse_events"], whole),
            "minutes": None
            if slot is None
            else read("minutes", lambda value, path: minutes_of(value, slot, path, self.findings)),
        }

    def pictured(self, flag: str, addresses: tuple[str, ...]) -> bool | None:
        """Return whether there is a picture: what `flag` says, else whether any address is given."""
        stated = self.record.read(flag, truth)
        if stated is not None:
            return stated
        given = [self.record.data[key] for key in addresses if key in self.record.data]
        return any(not is_nothing(address) for address in given) if given else None

    def set_aside(self, reason: str) -> None:
        """Leave over the cell as it stood."""
        del self.findings.left_over[self._before[1] :]
        self.findings.leave(self._path, self._raw, reason)

    def cell(self, reasons: Mapping[str, str], *, contract: str, slot: Slot | None, **fields: Any) -> Cell | None:
        """Return the cell, or `None` when anything is wrong with it; it is then left over whole."""
        if slot is None and len(self.findings.problems) == self._before[0]:
            place = below(self._path, self._names["slot"])
            self.findings.refuse(DocumentError(place, None, "is missing", "give Unix seconds, a multiple of 600"))
        if slot is None or len(self.findings.problems) > self._before[0]:
            self.set_aside("could not be taken, see the problems")
            return None
        self.record.close(reasons)
        return Cell(contract=contract, slot=slot, path=self._path, raw=self._raw, names=self._names, **fields)


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


_FALSE: Final[frozenset[str | int]] = frozenset({0, "0", "", "n", "no", "false"})
_TRUE: Final[frozenset[str | int]] = frozenset({1, "1", "y", "yes", "true"})


def truth(value: object, path: str) -> bool | None:
    """Return the truth value that `value` is; ``0``, ``""``, ``"N"``, ``"no"`` and ``"false"`` are false.

    ``null``, ``[]`` and ``{}`` say nothing: `None`.
    """
    if value is None or value == [] or value == {}:
        return None
    word = value.lower() if isinstance(value, str) else value
    if isinstance(word, int | str):
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


def slot_of_cell(value: object, path: str) -> Slot | None:
    """Return the slot that starts at `value`, in Unix seconds; raises `GridError` off the grid."""
    at = moment_of(value, path)
    return None if at is None else slot_at(at, path)


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
        description = task.read("id", id_of)
    task.close({"id": "the label is the task's description"})
    return description


def id_of(value: object, path: str) -> str | None:
    """Return the id that `value` is, which some answers write as a number; `None` for a blank one."""
    found = str(value) if type(value) is int and abs(value) < 10**18 else text(value, path)
    return None if is_blank(found) else found


def minutes_of(value: object, slot: Slot, path: str, findings: Findings) -> MinuteDetail | None:
    """Return what a cell's minutes ``{time, mouse, keyboard}`` add up to; `None` when there are none.

    They come as a list, or as one below ``minute``. The rows are left over: they do not tell clicks
    from scrolls, so the model has no minutes to keep, only the meter and the totals.
    """
    rows = value
    if isinstance(value, Mapping) and "minute" in value:
        rows, path = value["minute"], below(path, "minute")
    before = len(findings.problems)
    seen: set[int] = set()
    active: set[int] = set()
    keystrokes = mouse_events = 0
    for row, place in several(rows, path):
        known = len(findings.problems)
        record = Record.of(row, place, findings)
        if record is None:
            continue
        at = record.read("time", lambda time, where: within(moment_of(time, where), slot, where))
        mouse = record.read("mouse", whole) or 0
        keys = record.read("keyboard", whole) or 0
        if at is None and len(findings.problems) == known:
            findings.refuse(DocumentError(place, row, "says no time", "give Unix seconds inside its cell"))
        if at is not None:
            minute = (at - slot_start(slot)) // 60
            seen.add(minute)
            if mouse + keys:
                active.add(minute)
        keystrokes, mouse_events = keystrokes + keys, mouse_events + mouse
    if not seen or len(findings.problems) > before:
        return None
    findings.leave(path, rows, "its minutes do not tell clicks from scrolls: the meter and the totals are kept")
    return MinuteDetail(known=len(seen), active=len(active), keystrokes=keystrokes, mouse_events=mouse_events)
