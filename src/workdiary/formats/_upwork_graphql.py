"""Upwork's work diary as GraphQL answers it: ``workDiaryContract``, alone or in aliased batches.

An answer is ``{"data": {…}, "errors": […]}``. Each entry of ``data`` is a diary of one contract and
day, under ``workDiaryContract`` or an alias that names both (``d41815410_20260403``), or the detail
of single snapshots (``snapshotsByContractId``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from workdiary.errors import DocumentError
from workdiary.formats._findings import Findings, Record, is_nothing, several
from workdiary.formats._upwork_cells import Cell, CellReader, Diaries, id_of, moment_of, slot_of_cell, truth, within
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = ["has_diary", "read_graphql"]

_T = TypeVar("_T")

_CELLS: Final = "workDiaryTimeCells"
_DIARY: Final = "workDiaryContract"
_SHOTS: Final = "snapshotsByContractId"
_ALIAS: Final = re.compile(r"[A-Za-z_]*?(\d+)_\d{8}", re.ASCII)

_NAMES: Final[Mapping[str, str]] = {
    "level": "activityLevel",
    "keystrokes": "keyboardEventsCount",
    "mouse_events": "mouseEventsCount",
    "slot": "cellDateTime.rawValue",
    "moment": "snapshotDateTime.rawValue",
    "pictured": "hasScreenshot",
    "manual": "manual",
    "memo": "memo",
    "label": "task",
    "minutes": "minutes",
}
_SHOT_NAMES: Final[Mapping[str, str]] = {**_NAMES, "slot": "time", "moment": "time"}
_HIGHEST: Final = 100
_PICTURES: Final = (
    "screenshotImageUrl",
    "screenshotImageUrlMedium",
    "screenshotImageThumbnail",
    "screenshotUrl",
    "screenshotUrlMedium",
    "screenshotThumbnail",
)

_REASONS: Final[Mapping[str, str]] = {
    "overtime": "the platform's own verdict; what is over the limit follows from the contract's terms (LIMIT-1)",
    "activeWindowTitle": "what was on the screen is no part of a segment",
    "hideScreenshots": "how snapshots are shown is no part of a segment",
    "snapshotExpired": "how long pictures are kept is no part of a segment",
    **dict.fromkeys(_PICTURES, "a snapshot is known by its moment and digest, not by an address"),
    **dict.fromkeys(
        ("webcamEnabled", "hasWebcam", "webcamUrl", "webcamThumbnail", "webcamImageUrl", "webcamImageThumbnail"),
        "webcam pictures have no place in a segment",
    ),
    **dict.fromkeys(("id", "companyId", "teamName", "status"), "is no part of a segment"),
}
_DIARY_REASONS: Final[Mapping[str, str]] = {
    "workDiaryMetadata": "the zone in which a diary was asked for changes what is shown, never what is billed (GRID-3)",
}
_ANSWER_REASONS: Final[Mapping[str, str]] = {"extensions": "is about the answer, not about the diary"}
_TIME_REASONS: Final[Mapping[str, str]] = {"displayValue": "rawValue says the same"}


def has_diary(document: Mapping[str, Any]) -> bool:
    """Return whether an entry of `document` is a diary, as in an answer taken out of its ``data``."""
    return _SHOTS in document or any(isinstance(value, Mapping) and _CELLS in value for value in document.values())


def read_graphql(
    document: Mapping[str, Any], path: str, findings: Findings, into: Diaries, *, contract: str | None
) -> None:
    """Read a GraphQL answer, or what was its ``data``, `into` the diaries.

    `path` is where the document is; `contract` is the id for diaries that do not say theirs. Errors
    of the platform beside ``data`` are problems: the answer is not whole.
    """
    answer = Record(document, path, findings)
    failed = met = False
    data: Record | None = answer
    if "data" in document or "errors" in document:
        for error, place in answer.read("errors", several) or ():
            _platform_error(error, place, findings)
            failed = True
        data = answer.child("data")
        answer.close(_ANSWER_REASONS)
    entries = () if data is None else [(data.path_of(key), key, value) for key, value in data.data.items()]
    for place, key, value in entries:
        if _is_diary(key, value):
            _diary(key, value, place, findings, into, contract)
        elif value is None:
            if not failed:
                findings.refuse(DocumentError(place, None, "is null, and no error says why", "ask for it again"))
        elif _is_shots(key, value):
            for shot, spot in several(value, place):
                _shot(shot, spot, findings, into, contract)
        else:
            findings.leave(place, value, "is not a work diary")
            continue
        met = True
    if not met and not failed:
        remedy = f"ask for {_CELLS} of {_DIARY}"
        findings.refuse(DocumentError(answer.path_of("data"), document.get("data"), "holds no work diary", remedy))


def _is_diary(key: str, value: object) -> bool:
    if isinstance(value, Mapping) and _CELLS in value:
        return True
    # A map without keys may arrive as an empty list: a day without work.
    return value is not None and is_nothing(value) and (key == _DIARY or _ALIAS.fullmatch(key) is not None)


def _is_shots(key: str, value: object) -> bool:
    return key == _SHOTS or (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(shot, Mapping) and "minutes" in shot for shot in value)
    )


def _platform_error(error: object, place: str, findings: Findings) -> None:
    """Note an error of the platform, with the entry of ``data`` that it is about."""
    message = error.get("message") if isinstance(error, Mapping) else error
    about = error.get("path") if isinstance(error, Mapping) else None
    where = ".".join(map(str, about)) if isinstance(about, list) and about else "the whole answer"
    remedy = "ask for that part again; the rest can be taken as a partial import"
    findings.refuse(DocumentError(place, message, f"is what the platform answered for {where}", remedy))
    findings.leave(place, error, "is an error of the platform")


def _diary(key: str, value: Any, place: str, findings: Findings, into: Diaries, contract: str | None) -> None:
    diary = Record(value if isinstance(value, Mapping) else {}, place, findings)
    alias = _ALIAS.fullmatch(key)
    stated = diary.read("contractId", id_of) or diary.read("id", id_of)
    owner = (alias[1] if alias else stated) or contract
    if owner is None:
        remedy = "give the contract's id, or name the query like d41815410_20260403"
        findings.refuse(DocumentError(place, key, "does not say of which contract it is", remedy))
        findings.leave(place, value, "could not be taken, see the problems")
        return
    if stated is not None and stated != owner:
        allowed = f"is not the contract {owner} of its alias"
        findings.refuse(DocumentError(place, stated, allowed, "correct one of them"))
    into.contracts.setdefault(owner)
    cells = diary.read(_CELLS, lambda cells, path: tuple(several(cells, path)))
    diary.close(_DIARY_REASONS)
    for cell, spot in cells or ():
        if not is_nothing(cell):
            made = _cell(cell, spot, findings, owner)
            into.cells.extend(() if made is None else (made,))


def _cell(data: object, path: str, findings: Findings, contract: str) -> Cell | None:
    reader = CellReader(data, path, findings, _NAMES)
    slot = _time(reader.record, "cellDateTime", slot_of_cell)
    moment = _time(reader.record, "snapshotDateTime", lambda value, where: _inside(value, slot, where))
    return reader.cell(
        _REASONS,
        contract=contract,
        slot=slot,
        moment=moment,
        manual=reader.record.read("manual", truth),
        pictured=reader.pictured("hasScreenshot", _PICTURES),
        **reader.counts(slot, highest=_HIGHEST),
    )


def _shot(data: object, path: str, findings: Findings, into: Diaries, contract: str | None) -> None:
    reader = CellReader(data, path, findings, _SHOT_NAMES)
    record = reader.record
    nested = isinstance(record.data.get("time"), Mapping)
    moment = _time(record, "time", moment_of) if nested else record.read("time", moment_of)
    owner = record.read("contractId", id_of) or contract
    if owner is None:
        findings.refuse(DocumentError(path, None, "does not say of which contract it is", "give the contract's id"))
    slot = None if moment is None else moment.slot
    made = reader.cell(
        _REASONS,
        contract=owner or "",
        slot=slot,
        moment=moment,
        pictured=reader.pictured("hasScreenshot", _PICTURES),
        **reader.counts(slot, highest=_HIGHEST),
    )
    into.shots.extend(() if made is None else (made,))


def _time(record: Record, key: str, reader: Callable[[Any, str], _T | None]) -> _T | None:
    """Return what `reader` makes of ``{rawValue, displayValue}`` at `key`."""
    time = record.child(key)
    if time is None:
        return None
    made = time.read("rawValue", reader)
    time.close(_TIME_REASONS)
    return made


def _inside(value: object, slot: Slot | None, path: str) -> Instant | None:
    at = moment_of(value, path)
    return at if slot is None else within(at, slot, path)
