"""`Entry`: one recorded change, sealed into the chain of its diary; and `Head`, the chain's end."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, Final

import attrs

from workdiary.diary.canonical import NO_DIGEST, canonical, entry_digest
from workdiary.diary.changes import Change
from workdiary.diary.wire import change_of, plain_change
from workdiary.errors import ChainError, InvalidValue
from workdiary.model.contract import Actor, Role
from workdiary.model.slots import Slot
from workdiary.model.text import is_blank
from workdiary.model.times import Instant

__all__ = ["ID_LENGTH", "START", "Entry", "Head", "check_id"]

_REMEDY: Final = "restore a copy that verifies, and find out who wrote here"

ID_LENGTH: Final = 200
"""The longest id of an entry, in characters."""


@attrs.frozen(kw_only=True)
class Head:
    """The end of a diary's chain: how many entries it has, and the digest of the last one.

    Printed, it is what both sides should keep: who has an old head can later tell a rewritten diary.

    >>> print(Head(version=2, digest=bytes(32)))
    2:0000000000000000000000000000000000000000000000000000000000000000
    """

    version: int
    digest: bytes

    def __str__(self) -> str:
        return f"{self.version}:{self.digest.hex()}"

    @classmethod
    def parse(cls, text: str, argument: str = "head") -> Head:
        """Return the head that was printed as `text`."""
        number, colon, digest = text.strip().partition(":")
        try:
            head = cls(version=int(number), digest=bytes.fromhex(digest))
        except ValueError:
            head = cls(version=-1, digest=b"")
        if not colon or head.version < 0 or len(head.digest) != len(NO_DIGEST):
            raise InvalidValue(argument, text, "is not a head", "give a number, a colon and 64 hexadecimal digits")
        return head


START: Final = Head(version=0, digest=NO_DIGEST)
"""The head of a diary without entries."""


def check_id(text: object, argument: str = "id") -> str:
    """Return `text` if it can be an entry's id: 1 to 200 printable characters."""
    if not isinstance(text, str) or is_blank(text) or len(text) > ID_LENGTH or not text.isprintable():
        raise InvalidValue(
            argument, text, "is not an id", f"give 1 to {ID_LENGTH} printable characters, such as a random UUID"
        )
    return text


@attrs.frozen(kw_only=True)
class Entry:
    """One entry of a diary, as it is stored: its canonical bytes and its place in the chain.

    `number` counts from 1; `at` is when it was recorded, by the journal's clock; `start` and `stop`
    are the slots that it touches, `None` for a change of the contract itself. `body` are the canonical
    bytes, from which `by` and `change` are read when they are asked for.
    """

    contract: str
    number: int
    id: str
    at: Instant
    start: Slot | None
    stop: Slot | None
    body: bytes = attrs.field(repr=False)
    previous: bytes = attrs.field(repr=False)
    digest: bytes = attrs.field(repr=False)

    @classmethod
    def seal(cls, *, contract: str, after: Head, id: str, at: Instant, by: Actor, change: Change) -> Entry:
        """Return the entry that records `change` next after the head `after`."""
        touched = change.slots
        number = after.version + 1
        data = {
            "at": str(at),
            "by": {"id": by.id, "role": by.role.value},
            "change": plain_change(change),
            "contract": contract,
            "id": check_id(id),
            "number": number,
            "slots": None if touched.start is None else [touched.start, touched.stop],
        }
        body = canonical(data)
        entry = cls(
            contract=contract,
            number=number,
            id=id,
            at=at,
            start=touched.start,
            stop=touched.stop,
            body=body,
            previous=after.digest,
            digest=entry_digest(after.digest, body),
        )
        # What the bytes say is known here: they need not be read again to be recorded.
        for name, value in (("data", data), ("by", by), ("change", change)):
            object.__setattr__(entry, name, value)
        return entry

    @property
    def head(self) -> Head:
        """The head of the diary when this was its last entry."""
        return Head(version=self.number, digest=self.digest)

    @cached_property
    def data(self) -> dict[str, Any]:
        """What the canonical bytes hold; raises `ChainError` when they are no entry."""
        try:
            data = json.loads(self.body)
            if isinstance(data, dict):
                return data
        except (ValueError, RecursionError):
            pass
        raise ChainError(f"entries[{self.number}]", self.body[:60], "is not an entry", "restore a copy that verifies")

    @cached_property
    def by(self) -> Actor:
        """Who recorded it."""
        place = f"entries[{self.number}].by"
        try:
            return Actor(id=self.data["by"]["id"], role=Role(self.data["by"]["role"]))
        except (KeyError, TypeError, ValueError):
            raise ChainError(place, self.body[:60], "is not an actor", _REMEDY) from None

    @cached_property
    def change(self) -> Change:
        """What it records."""
        return change_of(self.data.get("change"), f"entries[{self.number}].change")

    def check_seal(self) -> None:
        """Raise `ChainError` unless the digest is that of the canonical bytes and the digest before them."""
        if self.digest != entry_digest(self.previous, self.body):
            place = f"entries[{self.number}]"
            raise ChainError(place, self.digest.hex(), "is not the digest of its content", _REMEDY)

    def check_place(self, version: int, digest: bytes) -> None:
        """Raise `ChainError` unless this was sealed after the head of `version` and `digest`, whatever it says."""
        place = self.number
        if place != version + 1:
            allowed = f"is not the number after {version}: an entry was removed, inserted or moved"
            raise ChainError(f"entries[{place}]", place, allowed, _REMEDY)
        if self.previous != digest:
            allowed = "is not the digest of the entry before it"
            raise ChainError(f"entries[{place}]", self.previous.hex(), allowed, _REMEDY)
        self.check_seal()

    def check(self, after: Head) -> None:
        """Raise `ChainError` unless this is what was sealed after the head `after`, unchanged.

        Everything that stands beside the canonical bytes is compared with them.
        """
        self.check_place(after.version, after.digest)
        place = f"entries[{self.number}]"
        data = self.data
        slots = data.get("slots")
        beside = [
            self.contract,
            self.number,
            self.id,
            None if self.start is self.stop is None else [self.start, self.stop],
        ]
        if beside != [data.get("contract"), data.get("number"), data.get("id"), slots]:
            raise ChainError(place, beside, "does not stand beside its own content", _REMEDY)
        if str(self.at) != data.get("at"):
            raise ChainError(place, str(self.at), "is not the instant of its content", _REMEDY)
