"""Changes to plain data and back: what the canonical bytes of an entry hold under ``change``."""

from __future__ import annotations

from typing import Any, Final

from workdiary.diary.changes import CHANGES, Change, LateEvidence, TimeTracked
from workdiary.errors import DocumentError, Problems, WorkdiaryError
from workdiary.formats.reading import entries, field, object_of
from workdiary.formats.runs import MaximalRuns, Run, maximal, read_run, write_run
from workdiary.model.slots import Slots
from workdiary.model.times import Instant, moment
from workdiary.plain import destructure, structure

__all__ = ["KIND_OF", "change_of", "plain_change", "runs_of"]

KIND_OF: Final = {shape: kind for kind, shape in CHANGES.items()}
"""The kind of each change."""


def plain_change(change: Change) -> dict[str, Any]:
    """Return `change` as plain data."""
    kind = KIND_OF[type(change)]
    if isinstance(change, TimeTracked | LateEvidence):
        plain: dict[str, Any] = {"kind": kind, "made_at": str(change.made_at)}
        plain["segments"] = [write_run(run) for run in change.runs]
        if isinstance(change, TimeTracked):
            plain["aside"] = destructure(change.aside)
        if change.marks:  # left out where there are none, as it was before there were any
            plain["marks"] = [*change.marks]
        return plain
    return {"kind": kind, **destructure(change)}


def change_of(data: object, path: str = "change") -> Change:
    """Return the change that plain `data` describes.

    Raises `Problems` or `DocumentError` with the path of everything that is wrong.
    """
    given = dict(object_of(data, path))
    kind = field(given, "kind", path)
    shape = CHANGES.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise DocumentError(f"{path}.kind", kind, "is not a change", f"known: {', '.join(CHANGES)}")
    del given["kind"]
    if shape is TimeTracked or shape is LateEvidence:
        _refuse_others(given, {"made_at", "segments", "marks"} | ({"aside"} if shape is TimeTracked else set()), path)
        segments = runs_of(field(given, "segments", path), f"{path}.segments")
        made_at = _moment(field(given, "made_at", path), f"{path}.made_at")
        marks = structure(given.get("marks", []), tuple[str, ...], f"{path}.marks")
        try:
            if shape is LateEvidence:
                return LateEvidence(segments=segments, made_at=made_at, marks=marks)
            aside = structure(given.get("aside", []), Slots, f"{path}.aside")
            return TimeTracked(segments=segments, made_at=made_at, aside=aside, marks=marks)
        except Problems:
            raise
        except WorkdiaryError as error:
            raise error.under(path) from None
    return structure(given, shape, path)


def runs_of(data: object, path: str) -> MaximalRuns:
    """Return the native JSON's runs in `data`, as maximal ones in time order; they may overlap."""
    found: list[Run] = []
    for item, place in entries(data, path):
        try:
            found.append(read_run(item))
        except WorkdiaryError as error:
            raise error.under(place) from None
    return maximal(found)


def _moment(value: Any, path: str) -> Instant:
    return moment(value if isinstance(value, str) else repr(value), path)


def _refuse_others(given: dict[str, Any], known: set[str], path: str) -> None:
    for key in sorted(given.keys() - known):
        raise DocumentError(f"{path}.{key}", key, "is not a known key", f"known: {', '.join(sorted(known))}")
