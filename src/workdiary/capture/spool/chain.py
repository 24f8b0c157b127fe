"""The outbox as a chain: each row has the digest of the row before it, so that nothing goes out of it unseen (T4).

::

    number      1           2           3           4          head
    digest   d1 ←──┐     d2 ←──┐    (removed)    d4 ←──┐        d4
    previous  ""   └──── d1    └──── d2          d3    └── is the last

A row that was changed has another digest, one that was taken out or put in leaves a gap or a fork, and one that was
taken off the end is missed by the head. What the tracker removes itself leaves its digest behind. What becomes of a
row is not in the chain, and neither are the tables that time is recovered from: their rows have a seal each, so that
one that was changed is not used. Whoever owns the machine can make all of it anew: it shows what a disk, another
program or a careless hand has done.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

import attrs

__all__ = [
    "ALTERED",
    "COLUMNS",
    "SEALED",
    "Link",
    "breaks_in",
    "breaks_of",
    "is_sealed",
    "link_of",
    "row_digest",
    "seal",
]

COLUMNS: Final = (
    "number",
    "previous",
    "contract",
    "id",
    "kind",
    "slot",
    "body",
    "marks",
    "digests",
    "made",
    "hold",
    "origin",
)
"""The columns of a row that its digest covers, in order; what becomes of it is written beside them."""

ALTERED: Final = "altered"
"""The state of a row that somebody else has changed."""

SEALED: Final = {
    "sessions": ("session", "contract", "job", "secret", "began", "ended"),
    "slots": (
        "contract",
        "slot",
        "job",
        "session",
        "moment",
        "is_open",
        "is_deleted",
        "is_shown",
        "is_witnessed",
        "attempts",
        "carried",
        "is_cut",
        "sent",
        "marks",
    ),
    "clock": ("machine", "wall", "mono", "boot", "cuts"),
    "balances": ("contract", "seconds"),
    "minutes": (
        "session",
        "contract",
        "minute",
        "stretches",
        "keystrokes",
        "clicks",
        "scrolls",
        "memo",
        "label",
    ),
    "shots": ("contract", "slot", "at", "digests", "flags"),
    "outbox": ("digest", "state", "tries", "answer", "answered"),
    "books": ("contract", "origin", "body"),
}
"""The tables whose rows have a seal, and the columns that it covers, in order."""


def row_digest(values: Iterable[object]) -> str:
    """Return the digest of a row with these values of `COLUMNS`, as 64 hexadecimal digits."""
    return seal(*values)


def seal(*values: object) -> str:
    """Return the seal of a row with these values of `SEALED`, as 64 hexadecimal digits."""
    # A month has some twenty thousand rows: this is the fastest text that no two rows share.
    return sha256(ascii(values).encode()).hexdigest()


@attrs.frozen(kw_only=True)
class Link:
    """A row as a part of the chain; `is_sound` says that its digest and its seal are those of its bytes."""

    number: int
    previous: str
    digest: str
    is_sound: bool


def link_of(row: sqlite3.Row | Mapping[str, Any]) -> Link:
    """Return the link that a row of the outbox is."""
    return Link(
        number=row["number"],
        previous=row["previous"],
        digest=row["digest"],
        is_sound=row["state"] != ALTERED
        and row["digest"] == row_digest(row[name] for name in COLUMNS)
        and row["seal"] == seal(*(row[name] for name in SEALED["outbox"])),
    )


def breaks_in(links: Iterable[Link], gone: Mapping[int, str], head: tuple[int, str] | None) -> tuple[str, ...]:
    """Return where the chain of `links`, by number, is broken, each place in a sentence; nothing when it is whole.

    `gone` are the digests of the rows that the tracker has removed itself, `head` number and digest of the last row.

    >>> links = [Link(number=n, previous=f"d{n - 1}" if n > 1 else "", digest=f"d{n}", is_sound=True) for n in (1, 3)]
    >>> breaks_in(links, {}, (3, "d3"))
    ('entry 2 of the outbox is missing',)
    >>> breaks_in(links, {2: "d2"}, (3, "d3"))
    ()
    """
    digest: str | None
    found: list[str] = []
    places: dict[int, Link | str] = {**gone, **{link.number: link for link in links}}
    # What the tracker has removed before everything that is left is where the chain begins.
    first = min(places, default=1)
    last, digest = (first - 1, None) if first in gone else (0, "")
    for number, place in sorted(places.items()):
        if number > last + 1:
            found.append(_missing(last + 1, number - 1))
            digest = None
        if isinstance(place, str):
            last, digest = number, place
            continue
        if not place.is_sound:
            found.append(f"entry {number} of the outbox was changed")
        elif digest is not None and place.previous != digest:
            found.append(f"entry {number} of the outbox does not follow the one before it")
        last, digest = number, place.digest
    if head is None:
        if places:
            found.append("the end of the outbox is not known")
    elif head[0] > last:
        found.append(_missing(last + 1, head[0]))
    elif head != (last, digest):
        found.append(f"entry {last} of the outbox is not the one that was kept last")
    return tuple(found)


def breaks_of(rows: Callable[[str], Iterable[sqlite3.Row]]) -> tuple[str, ...]:
    """Return where what a tracker has kept was changed by somebody else; `rows` reads its file by a statement."""
    links = [link_of(row) for row in rows("SELECT * FROM outbox ORDER BY number")]
    gone = {row["number"]: row["digest"] for row in rows("SELECT number, digest FROM gone")}
    head = next(((row["number"], row["digest"]) for row in rows("SELECT number, digest FROM head")), None)
    found = [*breaks_in(links, gone, head)]
    for table in SEALED:
        if table != "outbox":
            number = sum(not is_sealed(table, row) for row in rows(f"SELECT * FROM {table}"))  # noqa: S608 - a constant
            if number:
                found.append(f"{number} row{'' if number == 1 else 's'} of the table {table} changed, and not used")
    return tuple(found)


def is_sealed(table: str, row: sqlite3.Row | Mapping[str, Any]) -> bool:
    """Return whether a row of `table` has the seal that is its own."""
    return bool(row["seal"] == seal(*(row[name] for name in SEALED[table])))


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"entry {first} of the outbox is missing"
    return f"entries {first} to {last} of the outbox are missing"
