"""Upwork's and oDesk's work diary as the older REST interfaces answered it.

Two shapes, one cell. Of 2009: ``{"snapshots": {"user": …, "snapshot": …}}``. Version 3:
``{"data": {"contract": {"record_id"}, "cells": …}}``. Both were XML first, and it shows: leaves are
text, one element comes as an object and several as a list, what is empty may come as ``""`` or
``[]``, and a gap between cells is nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workdiary.errors import DocumentError, InvalidValue
from workdiary.formats._findings import Findings, Record, is_nothing, several
from workdiary.formats._upwork_cells import Cell, CellReader, Diaries, id_of, moment_of, slot_of_cell, truth, within
from workdiary.formats.reading import text_of
from workdiary.model.activity import MINUTES
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = ["is_rest", "read_rest"]

_NAMES: Final[Mapping[str, str]] = {
    "level": "activity",
    "keystrokes": "keyboard_events_count",
    "mouse_events": "mouse_events_count",
    "pictured": "has_screenshot",
    "manual": "manual",
    "memo": "memo",
    "label": "task",
    "minutes": "minutes",
    "slot": "cell_time",
}
_PICTURES: Final = (
    "screenshot_img",
    "screenshot_img_thmb",
    "screenshot_img_med",
    "screenshot_img_lrg",
    "screenshot_url",
    "large_thumbnail_url",
    "medium_thumbnail_url",
    "small_thumbnail_url",
)

# Whether time of this status is manual. `connected` and `active` are the tracker's.
_BILLED: Final[Mapping[str, bool]] = {"billed.active": False, "billed.connected": False, "billed.disconnected": True}
_NOT_BILLED: Final = "non-billed."

_REASONS: Final[Mapping[str, str]] = {
    "status": "how the tracker's session stood is no part of a segment",
    "active_window_title": "what was on the screen is no part of a segment",
    "overtime": "the platform's own verdict; what is over the limit follows from the contract's terms (LIMIT-1)",
    "time": "the snapshot's time stands in snapshot_time",
    **dict.fromkeys(("uid", "user_id", "user"), "whose diary it is follows from the contract"),
    **dict.fromkeys(("timezone", "timezone_offset"), "a zone changes what is shown, never what is billed (GRID-3)"),
    **dict.fromkeys(
        ("snapshot_api", "company_id", "teamroom_api", "online_presence", "client_version", "computer_name"),
        "is no part of a segment",
    ),
    **dict.fromkeys(_PICTURES, "a snapshot is known by its moment and digest, not by an address"),
    **dict.fromkeys(("webcam_img", "webcam_img_thmb", "webcam_url"), "webcam pictures have no place in a segment"),
}
_ANSWER_REASONS: Final[Mapping[str, str]] = {
    "server_time": "is about the answer, not about the diary",
    "auth_user": "says who asked, not whose diary it is",
    "user": "whose diary it is follows from the contract",
    "contract": "terms are not part of a diary",
}


def is_rest(document: Mapping[str, Any]) -> bool:
    """Return whether `document` is an answer of the REST interfaces."""
    data = document.get("data")
    return "snapshots" in document or (isinstance(data, Mapping) and "cells" in data)


def read_rest(
    document: Mapping[str, Any], path: str, findings: Findings, into: Diaries, *, contract: str | None
) -> None:
    """Read a REST answer of either shape `into` the diaries.

    `contract` is the id for answers that do not say theirs; those of 2009 never do.
    """
    answer = Record(document, path, findings)
    outer, inner = ("snapshots", "snapshot") if "snapshots" in document else ("data", "cells")
    diary = answer.child(outer)
    answer.close(_ANSWER_REASONS)
    owner = contract
    cells: tuple[tuple[Any, str], ...] = ()
    if diary is not None:
        terms = diary.child("contract")
        if terms is not None:
            owner = terms.read("record_id", id_of) or contract
            terms.close(dict.fromkeys(terms.data, "what a contract says beyond its id is no part of a diary"))
        cells = diary.read(inner, lambda value, place: tuple(several(value, place))) or ()
        diary.close(_ANSWER_REASONS)
    if owner is None:
        remedy = "give the contract's id: this shape of Upwork's diary does not name it"
        findings.refuse(DocumentError(answer.path_of(outer), None, "does not say of which contract it is", remedy))
        findings.leave(answer.path_of(outer), document[outer], "could not be taken, see the problems")
        return
    into.contracts.setdefault(owner)
    for cell, place in cells:
        if not is_nothing(cell):  # a gap
            made = _cell(cell, place, findings, owner)
            into.cells.extend(() if made is None else (made,))


def _cell(data: object, path: str, findings: Findings, contract: str) -> Cell | None:
    moment_key = "snapshot_time" if isinstance(data, Mapping) and "snapshot_time" in data else "time"
    reader = CellReader(data, path, findings, {**_NAMES, "moment": moment_key})
    record = reader.record
    billing = record.read("billing_status", text_of)
    if billing is not None and billing.startswith(_NOT_BILLED):
        reader.set_aside("its billing_status says that it is not billed: presence, not work")
        return None
    slot = record.read("cell_time", slot_of_cell)
    moment = record.read(moment_key, lambda value, where: _inside(value, slot, where))
    return reader.cell(
        _REASONS,
        contract=contract,
        slot=slot,
        moment=moment,
        manual=_manual(record, billing, findings),
        pictured=_pictured(reader, contract, findings),
        scale=MINUTES,
        **reader.counts(slot, highest=MINUTES),
    )


def _manual(record: Record, billing: str | None, findings: Findings) -> bool | None:
    """Return whether this cell, and not its neighbours, is manual time."""
    stated = record.read("manual", truth)
    if billing is None:
        return stated
    path = record.path_of("billing_status")
    implied = _BILLED.get(billing)
    if implied is None:
        known = ", ".join((*_BILLED, f"{_NOT_BILLED}*"))
        findings.refuse(InvalidValue(path, billing, "is not a known billing status", f"choose one of: {known}"))
    elif stated is not None and stated != implied:
        word = "manual" if stated else "tracked"
        findings.refuse(
            InvalidValue(path, billing, f"contradicts manual, by which it is {word}", "correct one of them")
        )
    else:
        findings.leave(path, billing, "it is kept as tracked or manual")
    return implied


def _pictured(reader: CellReader, contract: str, findings: Findings) -> bool | None:
    pictured = reader.pictured("has_screenshot", _PICTURES)
    if pictured is None and reader.record.data.get("status") == "PRIVATE":
        findings.assume(contract, "a PRIVATE snapshot has no picture", reader.record.path_of("status"))
        return False
    return pictured


def _inside(value: object, slot: Slot | None, path: str) -> Instant | None:
    at = moment_of(value, path)
    return at if slot is None else within(at, slot, path)
