"""Requests to plain data and back: what an item of a batch, or a form, holds under ``request``."""

from __future__ import annotations

from typing import Any, Final

from workdiary.diary.changes import (
    CaptureConsented,
    CaptureEnded,
    CaptureStarted,
    FactsChanged,
    PaymentFailed,
    StatusChanged,
    TermsChanged,
    TimeDisputed,
    TimeTracked,
)
from workdiary.diary.deciding import Request
from workdiary.diary.wire import change_of, plain_change
from workdiary.errors import DocumentError, WorkdiaryError
from workdiary.formats.reading import field, object_of, slot_of, slot_text, text_of
from workdiary.model.edit import AddTime, DeleteTime, Edit, EditLabel, EditMemo

__all__ = ["REQUESTS", "plain_request", "request_of"]

REQUESTS: Final[dict[str, type[Request]]] = {
    "add_time": AddTime,
    "delete_time": DeleteTime,
    "edit_memo": EditMemo,
    "edit_label": EditLabel,
    "track_time": TimeTracked,
    "change_terms": TermsChanged,
    "change_status": StatusChanged,
    "change_facts": FactsChanged,
    "dispute_time": TimeDisputed,
    "fail_payment": PaymentFailed,
    "consent_capture": CaptureConsented,
    "start_capture": CaptureStarted,
    "end_capture": CaptureEnded,
}
"""The kind by which plain data calls each request."""

_KIND_OF: Final = {shape: kind for kind, shape in REQUESTS.items()}
_CHANGE_OF: Final = {
    TimeTracked: "time_tracked",
    TermsChanged: "terms_changed",
    StatusChanged: "status_changed",
    FactsChanged: "facts_changed",
    TimeDisputed: "time_disputed",
    PaymentFailed: "payment_failed",
    CaptureConsented: "capture_consented",
    CaptureStarted: "capture_started",
    CaptureEnded: "capture_ended",
}
_TEXTS: Final[dict[type[Request], tuple[str, ...]]] = {
    AddTime: ("memo", "label"),
    DeleteTime: (),
    EditMemo: ("memo",),
    EditLabel: ("label",),
}


def plain_request(request: Request) -> dict[str, Any]:
    """Return `request` as plain data."""
    kind = _KIND_OF[type(request)]
    if isinstance(request, AddTime | DeleteTime | EditMemo | EditLabel):
        given = {name: getattr(request, name) for name in _TEXTS[type(request)]}
        return {"kind": kind, "from": slot_text(request.start), "to": slot_text(request.stop), **given}
    plain = plain_change(request)
    plain.pop("aside", None)
    return {**plain, "kind": kind}


def request_of(data: object, path: str = "request") -> Request:
    """Return the request that plain `data` describes; every error names its path.

    >>> len(request_of({"kind": "delete_time", "from": "2026-11-18T10:00Z", "to": "2026-11-18T10:20Z"}).slots)
    2
    """
    given = object_of(data, path)
    kind = field(given, "kind", path)
    shape = REQUESTS.get(kind) if isinstance(kind, str) else None
    if shape is None:
        raise DocumentError(f"{path}.kind", kind, "is not a request", f"known: {', '.join(REQUESTS)}")
    if shape in _CHANGE_OF:
        if "aside" in given:
            raise DocumentError(f"{path}.aside", "…", "is not for the sender to say", "leave it out")
        change = change_of({**given, "kind": _CHANGE_OF[shape]}, path)
        assert isinstance(change, shape)  # noqa: S101 - the table says so, and mypy cannot read it
        return change
    try:
        return _edit(shape, given)
    except WorkdiaryError as error:
        raise error.under(path) from None


def _edit(shape: type[Request], given: dict[str, Any]) -> Edit:
    texts = _TEXTS[shape]
    unknown = sorted(given.keys() - {"kind", "from", "to", *texts})
    if unknown:
        known = ", ".join(("kind", "from", "to", *texts))
        raise DocumentError(unknown[0], unknown[0], "is not a known key", f"known: {known}")
    start, stop = slot_of(field(given, "from", ""), "from"), slot_of(field(given, "to", ""), "to")
    if shape is DeleteTime:
        return DeleteTime(start=start, stop=stop)
    label = given.get("label")
    if label is not None:
        label = text_of(label, "label")
    if shape is EditLabel:
        return EditLabel(start=start, stop=stop, label=label)
    memo = text_of(field(given, "memo", ""), "memo")
    if shape is EditMemo:
        return EditMemo(start=start, stop=stop, memo=memo)
    return AddTime(start=start, stop=stop, memo=memo, label=label)
