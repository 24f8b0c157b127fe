"""What the spool keeps, as values, and how they are written in its rows."""

from __future__ import annotations

import json
import sqlite3
from enum import Enum
from typing import Any, Final

import attrs

from workdiary.capture.events import ClockKept, Finished, Job, MinuteKept, Reading, SlotKept
from workdiary.capture.spool.chain import ALTERED
from workdiary.diary.changes import TimeTracked
from workdiary.diary.wire import plain_change
from workdiary.model.policy import Credit, CreditRule
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = [
    "AGE",
    "CAP",
    "LATE",
    "RESERVE",
    "SCHEMA",
    "Item",
    "Kind",
    "Room",
    "Shot",
    "Standing",
    "clock_of",
    "finished_parts",
    "item_of",
    "job_of",
    "job_text",
    "minute_of",
    "shot_of",
    "slot_of",
]

SCHEMA: Final = """
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE, contract TEXT NOT NULL, job TEXT NOT NULL,
    secret BLOB NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0, seal TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE slots (
    contract TEXT NOT NULL, slot INTEGER NOT NULL, job TEXT NOT NULL, session TEXT NOT NULL, moment INTEGER NOT NULL,
    is_open INTEGER NOT NULL, is_deleted INTEGER NOT NULL, is_shown INTEGER NOT NULL, is_witnessed INTEGER NOT NULL,
    attempts INTEGER NOT NULL, carried INTEGER NOT NULL, is_cut INTEGER NOT NULL, sent TEXT NOT NULL,
    marks TEXT NOT NULL, seal TEXT NOT NULL DEFAULT '', PRIMARY KEY (contract, slot)
) STRICT, WITHOUT ROWID;
CREATE TABLE clock (
    only_row INTEGER PRIMARY KEY CHECK (only_row), machine TEXT NOT NULL, wall INTEGER NOT NULL, mono INTEGER NOT NULL,
    boot INTEGER NOT NULL, cuts TEXT NOT NULL, seal TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE balances (
    contract TEXT PRIMARY KEY, seconds INTEGER NOT NULL, seal TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE TABLE minutes (
    number INTEGER PRIMARY KEY, session TEXT NOT NULL, contract TEXT NOT NULL, minute INTEGER NOT NULL,
    stretches TEXT NOT NULL, keystrokes INTEGER, clicks INTEGER, scrolls INTEGER, memo TEXT NOT NULL, label TEXT,
    seal TEXT NOT NULL DEFAULT '', UNIQUE (session, minute)
) STRICT;
CREATE INDEX minutes_of ON minutes (contract, minute);
CREATE TABLE shots (
    contract TEXT NOT NULL, slot INTEGER NOT NULL, at INTEGER NOT NULL, digests TEXT NOT NULL, flags TEXT NOT NULL,
    seal TEXT NOT NULL DEFAULT '', PRIMARY KEY (contract, slot)
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY, previous TEXT NOT NULL, contract TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    slot INTEGER, body TEXT NOT NULL, marks TEXT NOT NULL, digests TEXT NOT NULL, made INTEGER NOT NULL,
    hold INTEGER NOT NULL, origin TEXT NOT NULL, digest TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting', tries INTEGER NOT NULL DEFAULT 0, answer TEXT NOT NULL DEFAULT '',
    answered INTEGER NOT NULL DEFAULT 0, seal TEXT NOT NULL DEFAULT '', UNIQUE (contract, id)
) STRICT;
CREATE INDEX outbox_state ON outbox (state);
CREATE TABLE head (only_row INTEGER PRIMARY KEY CHECK (only_row), number INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;
CREATE TABLE gone (number INTEGER PRIMARY KEY, digest TEXT NOT NULL) STRICT;
CREATE TABLE marks (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL, contract TEXT, slot INTEGER
) STRICT;
CREATE TABLE books (
    contract TEXT PRIMARY KEY, origin TEXT NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE TABLE announced (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE dropped (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
"""


LATE: Final = """
SELECT count(*) FROM (SELECT DISTINCT contract, slot FROM outbox AS late WHERE kind = 'tracked' AND state = 'late'
AND answered >= ? AND NOT EXISTS (SELECT 1 FROM outbox AS part WHERE part.contract = late.contract
AND part.slot = late.slot AND part.kind = 'tracked' AND part.state = 'sent'))
"""
"""How many segments came after the lock of their week, of those answered since a Unix millisecond.

One of which a part was there in time is billed, and is none of them.
"""

CAP: Final = 2 * 1024**3
"""How many bytes what waits may take, with its images."""

AGE: Final = 30 * 86_400
"""How many seconds it may wait."""

RESERVE: Final = 64 * 1024**2
"""How many bytes of the disk are left to others, before snapshots stop."""


class Kind(Enum):
    """What an item of the outbox is."""

    STARTED = "started"
    TRACKED = "tracked"
    ENDED = "ended"
    DELETED = "deleted"


class Standing(Enum):
    """What has become of an item of the outbox."""

    WAITING = "waiting"
    SENT = "sent"
    LATE = "late"
    REFUSED = "refused"
    CONFLICT = "conflict"
    DELETED = "deleted"
    ALTERED = ALTERED


@attrs.frozen(kw_only=True)
class Item:
    """Something for the diary of `contract`, under its `id`.

    `body` is the change or request as JSON, `made` the Unix millisecond of the tracker at which it was finished,
    `hold` how many milliseconds it is held back from then on, and `origin` the digest of the first entry of the
    diary that it is for. `tries` counts how often it was sent; `answer` is what the diary said, in words.
    """

    number: int
    contract: str
    id: str
    kind: Kind
    slot: Slot | None
    body: str = attrs.field(repr=False)
    marks: tuple[str, ...]
    digests: tuple[str, ...]
    made: int
    hold: int
    origin: str
    standing: Standing
    tries: int
    answer: str

    @property
    def data(self) -> Any:
        """The change or request, as plain data."""
        return json.loads(self.body)


@attrs.frozen(kw_only=True)
class Shot:
    """A snapshot that was taken, with the digests of its images."""

    contract: str
    slot: Slot
    at: Instant
    digests: tuple[str, ...]
    flags: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Room:
    """How much room the tracker takes and has, in bytes, and how old what waits is, in seconds.

    `share` is how much of what it may take is taken, whichever cap is nearest; from 0.8 on there is a warning,
    and from 1 on no snapshots, so that counts are never lost for pictures.
    """

    used: int
    free: int
    oldest: int
    share: float

    @classmethod
    def of(
        cls, *, used: int, free: int | None, oldest: int, cap: int = CAP, age: int = AGE, reserve: int = RESERVE
    ) -> Room:
        """Return the room as it is judged by the caps; unknown is not full."""
        free = reserve * 2 if free is None else free
        return cls(used=used, free=free, oldest=oldest, share=max(used / cap, oldest / age, reserve / max(free, 1)))

    @property
    def warns(self) -> bool:
        """Whether it is time to say so."""
        return self.share >= 0.8

    @property
    def is_short(self) -> bool:
        """Whether snapshots have to stop."""
        return self.share >= 1


def finished_parts(
    effect: Finished,
) -> tuple[str, str, Kind, int, dict[str, Any], tuple[str, ...], tuple[str, ...]]:
    """Return contract, id, kind, slot, plain change, marks and digests of a finished segment's item."""
    digests = tuple(shot.digest for shot in effect.segment.snapshots if shot.digest is not None)
    data = plain_change(TimeTracked(segments=(effect.segment,), made_at=effect.made_at, marks=effect.marks))
    return effect.contract, effect.id, Kind.TRACKED, effect.segment.slot, data, effect.marks, digests


def job_text(job: Job) -> str:
    """Return `job` as its row holds it."""
    return json.dumps(
        {
            "contract": job.contract,
            "rule": job.credit.rule.value,
            "min_seconds": job.credit.min_seconds,
            "needs_label": job.needs_label,
        }
    )


def job_of(text: str) -> Job:
    """Return the job that a row holds."""
    data = json.loads(text)
    credit = CreditRule(rule=Credit(data["rule"]), min_seconds=data["min_seconds"])
    return Job(contract=data["contract"], credit=credit, needs_label=data["needs_label"])


def minute_of(row: sqlite3.Row, shared: dict[str, str]) -> MinuteKept:
    """Return the minute that a row holds; texts that many have are `shared`, for a month of them is kept in memory."""
    counts = (row["keystrokes"], row["clicks"], row["scrolls"])
    return MinuteKept(
        contract=shared.setdefault(row["contract"], row["contract"]),
        session=shared.setdefault(row["session"], row["session"]),
        minute=row["minute"],
        stretches=tuple((begin, end) for begin, end in json.loads(row["stretches"])),
        counts=None if None in counts else counts,
        memo=shared.setdefault(row["memo"], row["memo"]),
        label=row["label"],
    )


def slot_of(row: sqlite3.Row, shared: dict[str, str]) -> SlotKept:
    """Return what a row holds of what was decided about a slot, its texts `shared` as those of the minutes are."""
    return SlotKept(
        job=job_of(row["job"]),
        slot=Slot(row["slot"]),
        session=shared.setdefault(row["session"], row["session"]),
        moment=row["moment"],
        is_open=bool(row["is_open"]),
        is_deleted=bool(row["is_deleted"]),
        is_shown=bool(row["is_shown"]),
        is_witnessed=bool(row["is_witnessed"]),
        attempts=row["attempts"],
        carried=row["carried"],
        is_cut=bool(row["is_cut"]),
        sent=frozenset((shared.setdefault(session, session), minute) for session, minute in json.loads(row["sent"])),
        marks=tuple(json.loads(row["marks"])),
    )


def clock_of(row: sqlite3.Row) -> ClockKept:
    """Return how the clocks stood, as a row holds it."""
    reading = Reading(wall=row["wall"], mono=row["mono"], boot=row["boot"])
    return ClockKept(reading=reading, cuts=tuple(map(Slot, json.loads(row["cuts"]))))


def shot_of(row: sqlite3.Row) -> Shot:
    """Return the snapshot that a row holds."""
    return Shot(
        contract=row["contract"],
        slot=row["slot"],
        at=Instant(row["at"]),
        digests=tuple(json.loads(row["digests"])),
        flags=tuple(json.loads(row["flags"])),
    )


def item_of(row: sqlite3.Row) -> Item:
    """Return the item that a row holds; of one that cannot be read, what can be, as `Standing.ALTERED`."""
    try:
        kind, standing = Kind(row["kind"]), Standing(row["state"])
        marks, digests = tuple(json.loads(row["marks"])), tuple(json.loads(row["digests"]))
    except ValueError:
        kind, standing, marks, digests = Kind.TRACKED, Standing.ALTERED, (), ()
    return Item(
        number=row["number"],
        contract=row["contract"],
        id=row["id"],
        kind=kind,
        slot=row["slot"],
        body=row["body"],
        marks=marks,
        digests=digests,
        made=row["made"],
        hold=row["hold"],
        origin=row["origin"],
        standing=standing,
        tries=row["tries"],
        answer=row["answer"],
    )
