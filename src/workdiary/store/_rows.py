"""Rows of the SQL store and the values that they keep."""

from __future__ import annotations

import json
import threading
from typing import Any, Final

from workdiary.diary.entry import Entry, Head
from workdiary.diary.journal import Quarantined, Standing
from workdiary.errors import StoreError, WorkdiaryError
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.times import Instant
from workdiary.plain import destructure, structure
from workdiary.store._database import Row

__all__ = ["Standings", "entry_of", "entry_row", "is_storable", "quarantined_of", "text_row", "unreadable"]

_KEPT: Final = 2048
"""How many contracts are remembered as they were last read or written."""

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=True)


_ENTRY_KINDS: Final = frozenset((str, int, str, int, slot, slot, bytes, bytes, bytes) for slot in (int, type(None)))
"""The types of an entry's columns; it touches slots or none."""


def is_storable(text: object) -> bool:
    """Return whether `text` can be a key: no database takes a NUL, or half of a surrogate pair."""
    if not isinstance(text, str) or "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def entry_row(entry: Entry) -> Row:
    """Return the row of `entry`."""
    start, stop = entry.start, entry.stop
    return (
        entry.contract,
        entry.number,
        entry.id,
        int(entry.at),
        None if start is None else int(start),
        None if stop is None else int(stop),
        entry.body,
        entry.previous,
        entry.digest,
    )


def entry_of(row: Row) -> Entry:
    """Return the entry of `row`, unchecked but for its types: a damaged page can hold anything."""
    if tuple(map(type, row)) not in _ENTRY_KINDS:
        raise unreadable(f"entries{list(row[:2])}", "a column that is none")
    contract, number, id, at, start, stop, body, previous, digest = row
    return Entry(
        contract=contract,
        number=number,
        id=id,
        at=Instant(at),
        start=start,
        stop=stop,
        body=body,
        previous=previous,
        digest=digest,
    )


def text_row(text: str) -> str:
    """Return `text` as JSON, so that every character can be stored."""
    return _ENCODER.encode(text)


def quarantined_of(row: Row) -> Quarantined:
    """Return what `row` keeps."""
    number, at, body, error = row
    try:
        return Quarantined(number=number, at=Instant(at), body=bytes(body), error=json.loads(error))
    except (ValueError, TypeError, RecursionError):
        raise unreadable(f"quarantine[{number}]", str(error)) from None


class Standings:
    """Contracts as they stand, and their rows; those in use are not read and written anew each time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Contract, str | Policy, str, str]] = {}

    def row(self, contract: str, standing: Standing) -> Row:
        """Return the row of `standing`."""
        known = self._known.get(contract)
        if known is not None and known[0] is standing.contract and known[1] is standing.policy:
            texts = known[2:]
        else:
            texts = _ENCODER.encode(destructure(standing.contract)), _ENCODER.encode(destructure(standing.policy))
            self._remember(contract, standing.contract, standing.policy, *texts)
        return contract, standing.head.version, standing.head.digest, int(standing.at), *texts

    def of(self, contract: str, row: Row) -> Standing:
        """Return the standing of `contract` that `row` keeps, without its id."""
        version, digest, at, text, policy_text = row
        if tuple(map(type, row)) != (int, bytes, int, str, str):
            raise unreadable(f"contracts[{contract}]", "a column that is none")
        known = self._known.get(contract)
        if known is not None and known[2:] == (text, policy_text):
            value, policy = known[:2]
        else:
            try:
                value = structure(json.loads(text), Contract)
                policy = _policy(json.loads(policy_text))
            except (ValueError, RecursionError, WorkdiaryError) as error:
                raise unreadable(f"contracts[{contract}]", str(error)) from None
            self._remember(contract, value, policy, text, policy_text)
        return Standing(head=Head(version=version, digest=digest), at=Instant(at), contract=value, policy=policy)

    def _remember(self, contract: str, value: Contract, policy: str | Policy, text: str, policy_text: str) -> None:
        with self._lock:
            self._known.pop(contract, None)
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            self._known[contract] = value, policy, text, policy_text


def _policy(data: Any) -> str | Policy:
    return data if isinstance(data, str) else structure(data, Policy)


def unreadable(place: str, why: str) -> StoreError:
    """Return the error about what is kept at `place`."""
    return StoreError(place, why, "makes what is kept unreadable", "verify the diary, and restore a copy that verifies")
