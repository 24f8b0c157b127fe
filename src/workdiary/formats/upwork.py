"""Upwork's work diary, in whichever of its shapes: `import_upwork` finds out and takes it.

What becomes of a cell:

==================================  =====================================================
in the file                         in the segment
==================================  =====================================================
its time                            ``slot``
``manual``, or ``billing_status``   ``source``, each cell for itself
``memo``                            ``memo``
the task's description, else its id ``label``
the activity, of 10 or of 100       ``activity.meter``, the active minutes
keyboard and mouse counts           ``activity.keystrokes``, ``activity.mouse_events``
the snapshot's time                 ``snapshots``
==================================  =====================================================

Everything else is left over, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from workdiary.errors import DocumentError, InvalidValue, Problems, WorkdiaryError
from workdiary.formats._findings import Findings, Record, is_nothing
from workdiary.formats._upwork_cells import Diaries
from workdiary.formats._upwork_graphql import has_diary, read_graphql
from workdiary.formats._upwork_rest import is_rest, read_rest
from workdiary.formats._upwork_segments import PERCENT, merged, segments_of
from workdiary.formats.imported import Imported
from workdiary.formats.reading import entries, parse_json
from workdiary.model.activity import MINUTES
from workdiary.model.text import is_blank

__all__ = ["Documents", "import_upwork"]

Documents: TypeAlias = "str | bytes | Mapping[str, Any] | Iterable[Any]"
"""One document, several, or documents by name. A document is JSON text or parsed JSON."""

_SCALES: Final = (MINUTES, PERCENT)


def import_upwork(
    documents: Documents, *, contract: str | None = None, scale: int | None = None, partial: bool = False
) -> Imported:
    """Return the segments in Upwork's `documents`, and what could not be kept.

    Give documents by name, such as the files' paths, and each path in the result begins with the
    name of its file. `contract` is the id of the contract for documents that do not name theirs.
    `scale`, 10 or 100, is the highest ``activityLevel``, where you know better than the guess that
    it is 100 when any value of a contract exceeds 10.

    Raises `InvalidValue` for a blank `contract` or another `scale`, and `Problems` with everything that
    is wrong in all documents. With `partial` the good cells
    are taken, and the problems are in the result.

    >>> cell = {"cellDateTime": {"rawValue": "1795000200"}, "memo": "Fix the login form", "manual": True}
    >>> diary = {"data": {"d41815410_20261118": {"workDiaryTimeCells": [cell]}}}
    >>> import_upwork({"monday.json": diary}).segments_of("41815410")[0].starts_at
    instant('2026-11-18T11:10:00Z')
    """
    if scale is not None and (type(scale) is not int or scale not in _SCALES):
        raise InvalidValue("scale", scale, "is not a scale of activity", "give 10 or 100")
    if contract is not None and (not isinstance(contract, str) or is_blank(contract)):
        raise InvalidValue("contract", contract, "is not a contract's id", "give its text, or leave it out")
    findings, read = Findings(), Diaries()
    for name, document in _named(documents):
        try:
            whole = parse_json(document, name) if isinstance(document, str | bytes) else document
            _read(whole, f"{name}: ", findings, read, contract)
        except WorkdiaryError as error:
            findings.refuse(error)
    segments = segments_of(merged(read.cells, read.shots, findings), findings, scale=scale)
    if findings.problems and not partial:
        raise Problems("", findings.problems)
    return Imported(
        segments_by_contract=tuple((contract, segments.get(contract, ())) for contract in read.contracts),
        left_over=tuple(findings.left_over),
        assumptions=findings.assumptions,
        problems=tuple(findings.problems),
    )


def _named(documents: Documents) -> Iterable[tuple[str, Any]]:
    if isinstance(documents, str | bytes) or _is_document(documents):
        return [("document", documents)]
    if isinstance(documents, Mapping):
        return [(str(name), document) for name, document in documents.items()]
    return [(f"document[{n}]", document) for n, document in enumerate(documents)]


_DIARY_KEYS: Final = ("data", "snapshots", "errors")
_OTHER_KEYS: Final = ("server_time", "auth_user", "extensions")


def _is_document(documents: object) -> bool:
    """Return whether what was given is one parsed document, and not documents by name."""
    if not isinstance(documents, Mapping):
        return False
    if has_diary(documents) or any(key in documents for key in _OTHER_KEYS):
        return True
    # A file may be called data, but JSON text is no part of an answer.
    given = [documents[key] for key in _DIARY_KEYS if key in documents]
    return any(is_nothing(value) or not isinstance(value, str | bytes) for value in given)


def _read(document: object, path: str, findings: Findings, into: Diaries, contract: str | None) -> None:
    """Read one document, or several in a list, by its shape."""
    if isinstance(document, list):
        for single, place in entries(document, path):
            if isinstance(single, Mapping):
                _read(single, place, findings, into, contract)
            else:
                findings.refuse(DocumentError(place, single, "is not an object", "write it in braces"))
    elif not isinstance(document, Mapping):
        findings.refuse(DocumentError(path.removesuffix(": "), document, "is not a work diary", _REMEDY))
    elif is_rest(document):
        read_rest(document, path, findings, into, contract=contract)
    elif "data" in document or "errors" in document or has_diary(document):
        read_graphql(document, path, findings, into, contract=contract)
    else:
        Record(document, path, findings)  # says which keys are no text
        shown = ", ".join(map(str, document)) or "{}"
        findings.refuse(DocumentError(path.removesuffix(": "), shown, "has no key of a work diary", _REMEDY))


_REMEDY: Final = "give an answer of Upwork with data.workDiaryContract, data.cells or snapshots"
