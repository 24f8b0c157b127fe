"""`Spool`: what the tracker keeps on its own disk until the diary has answered for it.

One SQLite file in a folder of its own (0700, the file 0600). It is written in one step for each step of the
tracker, so that whatever ends the process, a step is there whole or not at all::

    minutes ──┐                        hold              the diary answers
    sessions ─┼─ a step, one commit ─→ outbox ─────────→ waiting ───────────→ sent, late, refused, conflict
    images  ──┘                          └ deleted in the hold: it never leaves

Nothing is removed before the diary has answered for it by its id; what it refuses is kept, and shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeAlias

from workdiary.capture.events import (
    BalanceKept,
    ClockKept,
    DropSnapshot,
    Effect,
    Finished,
    Mark,
    MarkKind,
    MinuteKept,
    SessionEnded,
    SessionStarted,
    SlotKept,
    SnapshotTaken,
    Start,
)
from workdiary.capture.machine.clocks import start_of_machine
from workdiary.capture.recovery import Known, Past
from workdiary.capture.spool.kept import (
    AGE,
    CAP,
    RESERVE,
    Kind,
    Room,
    Shot,
    Standing,
    clock_of,
    finished_parts,
    job_text,
    minute_of,
    shot_of,
    slot_of,
)
from workdiary.capture.spool.outbox import Outbox
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = ["HOLD", "Keepable", "Spool"]

Keepable: TypeAlias = Effect | Shot | Start
"""What can be kept of a step."""

HOLD: Final = 60_000
"""How long a finished segment is held back before it goes into the diary, in milliseconds."""


_YEAR: Final = 366 * 86_400_000


def _disk(path: Path) -> int:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def _named(rows: Iterable[Sequence[Any]]) -> frozenset[str]:
    """Return the digests that lists in JSON name; one that somebody has changed names nothing."""
    found: set[str] = set()
    for row in rows:
        with suppress(ValueError):
            found.update(map(str, json.loads(row[0])))
    return frozenset(found)


class Spool(Outbox):
    """The store of one tracker; it serves all threads of its process. Close it, or use it as a context manager.

    `folder` is made when it is not there. `cap` is how many bytes what waits may take, with its images, `age` how
    many seconds it may wait, and `reserve` how many bytes of the disk are left to others, before snapshots stop.
    `machine` names this start of the machine, empty where nobody knows it. Raises `StoreBusy` when another tracker
    runs in `folder`, and `StoreError` for a folder or file that others may read, that is a link, or that is no spool.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        cap: int = CAP,
        age: int = AGE,
        reserve: int = RESERVE,
        free: Callable[[Path], int] = _disk,
        machine: str | None = None,
    ) -> None:
        super().__init__(folder, free)
        self._machine = start_of_machine() if machine is None else machine
        self.set_aside()
        self._drop_orphans()
        self._cap, self._age, self._reserve = cap, age, reserve

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What the tracker keeps.

    def keep(self, things: Iterable[Keepable], *, now: int, hold: int = HOLD) -> None:
        """Keep what a step of the tracker has come to, all of it or nothing; `now` is the Unix millisecond.

        Given again after an error, it is kept once. A `Start` keeps its secret before the session begins, so that
        a crash draws no new moments; a minute that comes again replaces the one before.
        """
        with self._writing("keeping a step") as write:
            for thing in things:
                self._keep(write, thing, now, hold)

    def _keep(self, write: Callable[..., Any], effect: Keepable, now: int, hold: int) -> None:
        if isinstance(effect, Start):
            write(
                "INSERT OR IGNORE INTO sessions (session, contract, job, secret, began) VALUES (?, ?, ?, ?, ?)",
                (effect.session, effect.job.contract, job_text(effect.job), effect.secret, now // 1000),
            )
            self._seal(write, "sessions", "session = ? AND seal = ''", (effect.session,))
        elif isinstance(effect, Shot):
            write(
                "INSERT OR REPLACE INTO shots (contract, slot, at, digests, flags) VALUES (?, ?, ?, ?, ?)",
                (effect.contract, effect.slot, int(effect.at), json.dumps(effect.digests), json.dumps(effect.flags)),
            )
            self._seal(write, "shots", "contract = ? AND slot = ?", (effect.contract, effect.slot))
            for digest in effect.digests:
                write("DELETE FROM announced WHERE digest = ?", (digest,))
                write("DELETE FROM dropped WHERE digest = ?", (digest,))
        elif isinstance(effect, DropSnapshot):
            self._let_go(write, effect.contract, effect.slot, effect.digests)
        elif isinstance(effect, MinuteKept):
            write(
                "INSERT INTO minutes"
                " (session, contract, minute, stretches, keystrokes, clicks, scrolls, memo, label)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session, minute) DO UPDATE SET"
                " contract = excluded.contract, stretches = excluded.stretches, keystrokes = excluded.keystrokes,"
                " clicks = excluded.clicks, scrolls = excluded.scrolls, memo = excluded.memo, label = excluded.label",
                (
                    effect.session,
                    effect.contract,
                    effect.minute,
                    json.dumps(effect.stretches),
                    *(effect.counts or (None, None, None)),
                    effect.memo,
                    effect.label,
                ),
            )
            self._seal(write, "minutes", "session = ? AND minute = ?", (effect.session, effect.minute))
        elif isinstance(effect, SlotKept):
            write(
                "INSERT OR REPLACE INTO slots (contract, slot, job, session, moment, is_open, is_deleted, is_shown,"
                " is_witnessed, attempts, carried, is_cut, sent, marks)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    effect.job.contract,
                    effect.slot,
                    job_text(effect.job),
                    effect.session,
                    effect.moment,
                    effect.is_open,
                    effect.is_deleted,
                    effect.is_shown,
                    effect.is_witnessed,
                    effect.attempts,
                    effect.carried,
                    effect.is_cut,
                    json.dumps(sorted(effect.sent)),
                    json.dumps(effect.marks),
                ),
            )
            self._seal(write, "slots", "contract = ? AND slot = ?", (effect.job.contract, effect.slot))
        elif isinstance(effect, ClockKept):
            clocks = effect.reading
            write(
                "INSERT OR REPLACE INTO clock (only_row, machine, wall, mono, boot, cuts) VALUES (1, ?, ?, ?, ?, ?)",
                (self._machine, clocks.wall, clocks.mono, clocks.boot, json.dumps(effect.cuts)),
            )
            self._seal(write, "clock", "only_row", ())
        elif isinstance(effect, BalanceKept):
            write(
                "INSERT OR REPLACE INTO balances (contract, seconds) VALUES (?, ?)", (effect.contract, effect.seconds)
            )
            self._seal(write, "balances", "contract = ?", (effect.contract,))
        elif isinstance(effect, Finished):
            self._put(write, *finished_parts(effect), now, hold)
        elif isinstance(effect, SessionStarted):
            body = {"kind": "capture_started", "commitment": effect.commitment, "began": str(effect.at)}
            self._put(write, effect.contract, effect.session, Kind.STARTED, None, body, (), (), now, 0)
        elif isinstance(effect, SessionEnded):
            write("UPDATE sessions SET ended = 1 WHERE session = ?", (effect.session,))
            self._seal(write, "sessions", "session = ?", (effect.session,))
            # A clock that was set back must not keep a secret from being disclosed: it ends when it began, at least.
            ended = max(str(effect.at), self._began(effect.contract, effect.session))
            body = {"kind": "capture_ended", "of": effect.session, "secret": effect.secret, "ended": ended}
            self._put(write, effect.contract, f"end {effect.session}", Kind.ENDED, None, body, (), (), now, 0)
        elif isinstance(effect, Mark):
            write(
                "INSERT INTO marks (at, kind, what, contract, slot) VALUES (?, ?, ?, ?, ?)",
                (int(effect.at), effect.kind.value, effect.what, effect.contract, effect.slot),
            )

    # Deleting, and the images.

    def delete(self, contract: str, slot: Slot, *, id: str, now: int) -> bool:
        """Delete the segment of `slot`: in the hold it never leaves, else its deletion goes to the diary under `id`.

        Returns whether there was anything. The images that nothing needs any more are `dropped` then.
        """
        with self._writing("deleting a segment") as write:
            rows = self._connection.execute(
                "SELECT * FROM outbox WHERE contract = ? AND slot = ? AND kind = 'tracked'"
                " AND state IN ('waiting', 'sent', 'refused', 'conflict')",
                (contract, slot),
            ).fetchall()
            shot = self._connection.execute(
                "SELECT digests FROM shots WHERE contract = ? AND slot = ?", (contract, slot)
            ).fetchone()
            write(
                "UPDATE outbox SET state = 'deleted', answer = 'deleted before it was sent'"
                " WHERE contract = ? AND slot = ? AND kind = 'tracked' AND state IN ('waiting', 'refused', 'conflict')",
                (contract, slot),
            )
            for row in rows:
                self._seal(write, "outbox", "number = ?", (row["number"],))
            # Sent, or perhaps sent: the answer of an earlier try may have been lost.
            if any(row["state"] == Standing.SENT.value or row["tries"] for row in rows):
                data = {"kind": "delete_time", "slot": slot}
                self._put(write, contract, id, Kind.DELETED, slot, data, (), (), now, 0)
            write("UPDATE slots SET is_deleted = 1 WHERE contract = ? AND slot = ?", (contract, slot))
            self._seal(write, "slots", "contract = ? AND slot = ?", (contract, slot))
            named = [(row["digests"],) for row in rows] + ([(shot["digests"],)] if shot is not None else [])
            self._let_go(write, contract, slot, sorted(_named(named)))
        return bool(rows) or shot is not None

    def _let_go(self, write: Callable[..., Any], contract: str, slot: int, digests: Iterable[str]) -> None:
        write("DELETE FROM shots WHERE contract = ? AND slot = ?", (contract, slot))
        self._drop(write, digests)

    def _drop(self, write: Callable[..., Any], digests: Iterable[str]) -> None:
        """Have images removed that nothing needs; one that is needed goes with the last that does.

        It must not be noted before: when the diary has long had that one, and it is tidied away here, the note would
        still be there, and nobody would know that the diary shows the image.
        """
        needed = self._needed()
        for digest in digests:
            if digest not in needed:
                write("INSERT OR IGNORE INTO dropped (digest) VALUES (?)", (digest,))

    def dropped(self) -> tuple[str, ...]:
        """Return the digests of the images to be removed that nothing here needs, in order.

        What was sent may be needed by the diary: that is for whoever asks the diary to find out.
        """
        gone = [row[0] for row in self._rows("SELECT digest FROM dropped ORDER BY digest")]
        if not gone:
            return ()
        needed = self._needed()
        return tuple(digest for digest in gone if digest not in needed)

    def _needed(self) -> frozenset[str]:
        """Return the digests of the images that a snapshot names, or something that is still to be sent."""
        needed = _named(self._rows("SELECT digests FROM shots"))
        return needed | _named(self._rows("SELECT digests FROM outbox WHERE state NOT IN ('deleted', 'sent', 'late')"))

    def removed(self, digest: str) -> None:
        """Forget a dropped image that somebody needs."""
        with self._writing("forgetting an image") as write:
            write("DELETE FROM dropped WHERE digest = ?", (digest,))

    def remove(self, digest: str, delete: Callable[[str], object]) -> None:
        """Have `delete` remove the file of a dropped image, unless it is needed anew, and forget it.

        Diaries are read between `dropped` and this. Of a screen that has not changed there may be the same image again
        by now, announced, or in a snapshot that is kept already.
        """
        with self._writing("removing an image") as write:
            is_announced = write("SELECT 1 FROM announced WHERE digest = ?", (digest,)).fetchone() is not None
            if not is_announced and digest not in self._needed():
                delete(digest)
            write("DELETE FROM dropped WHERE digest = ?", (digest,))

    def announce(self, digest: str) -> None:
        """Note that the image with `digest` is about to be a file, so that after a crash it is not left behind."""
        with self._writing("announcing an image") as write:
            write("INSERT OR IGNORE INTO announced (digest) VALUES (?)", (digest,))

    def _drop_orphans(self) -> None:
        """Let the images go that a killed tracker has announced, and that are in no snapshot."""
        left = [row[0] for row in self._rows("SELECT digest FROM announced")]
        if left:
            with self._writing("dropping what a crash has left") as write:
                self._drop(write, left)
                write("DELETE FROM announced")

    # Recovery, and what else is kept.

    def is_made_up(self, prefix: str) -> bool:
        """Return whether all that is kept is of sessions whose ids begin with `prefix`, and by no machine's clock."""
        sessions = "SELECT session FROM sessions UNION SELECT session FROM minutes"
        sent = "SELECT id FROM outbox WHERE kind = 'started'"
        kept = [row[0] for row in self._rows(f"{sessions} UNION {sent}")]
        is_timed = bool(self._rows("SELECT 1 FROM clock WHERE machine <> ''"))
        return not is_timed and all(session.startswith(prefix) for session in kept)

    def known(self) -> Known:
        """Return everything that is known of the time before: what `recover` makes the tracker's state of.

        A row that somebody else has changed is not used; `breaks` says so.
        """
        shared: dict[str, str] = {}
        mine = "WHERE machine = ? AND machine <> ''"
        minutes = [minute_of(row, shared) for row in self._sound("minutes", "ORDER BY number")]
        return Known(
            pasts=tuple(
                Past(
                    session=row["session"],
                    contract=row["contract"],
                    secret=row["secret"],
                    minutes=tuple(one for one in minutes if one.session == row["session"]),
                    since=Instant(row["began"]),
                )
                for row in self._sound("sessions", "WHERE ended = 0 ORDER BY number")
            ),
            minutes=tuple(minutes),
            slots=tuple(slot_of(row, shared) for row in self._sound("slots", "ORDER BY slot, contract")),
            shots=tuple(
                SnapshotTaken(contract=one.contract, slot=one.slot, at=one.at, digests=one.digests, flags=one.flags)
                for one in (shot_of(row) for row in self._sound("shots"))
            ),
            breaks=tuple(what for what in self.breaks if what not in self.marked(MarkKind.CHAIN_BREAK)),
            balances={row["contract"]: row["seconds"] for row in self._sound("balances")},
            clock=next(iter([clock_of(row) for row in self._sound("clock", mine, (self._machine,))]), None),
        )

    def shots(self, contract: str, *, last: int = -1) -> tuple[Shot, ...]:
        """Return the snapshots of `contract` that are known, or the `last` few of them, by slot."""
        found = self._sound("shots", "WHERE contract = ? ORDER BY slot DESC LIMIT ?", (contract, last))
        return tuple(shot_of(row) for row in reversed([*found]))

    def digests(self) -> frozenset[str]:
        """Return the digests of every image that something here names: what a sweep of the files must keep."""
        return _named([*self._rows("SELECT digests FROM shots"), *self._rows("SELECT digests FROM outbox")])

    def marks(self, last: int = 50) -> tuple[Mark, ...]:
        """Return the last few marks, oldest first."""
        rows = self._rows("SELECT * FROM marks ORDER BY number DESC LIMIT ?", (last,))
        return tuple(
            Mark(
                kind=MarkKind(row["kind"]),
                at=Instant(row["at"]),
                what=row["what"],
                contract=row["contract"],
                slot=row["slot"],
            )
            for row in reversed(rows)
        )

    def marked(self, kind: MarkKind) -> frozenset[str]:
        """Return what the marks of one kind say."""
        return frozenset(row[0] for row in self._rows("SELECT what FROM marks WHERE kind = ?", (kind.value,)))

    def keep_book(self, contract: str, origin: str, data: dict[str, Any]) -> None:
        """Keep what is known of a contract, so that it can be tracked for while its diary cannot be reached."""
        body = json.dumps(data, sort_keys=True)
        if self.book(contract) == (origin, data):
            return
        with self._writing("keeping a contract") as write:
            write("INSERT OR REPLACE INTO books (contract, origin, body) VALUES (?, ?, ?)", (contract, origin, body))
            self._seal(write, "books", "contract = ?", (contract,))

    def book(self, contract: str) -> tuple[str, dict[str, Any]] | None:
        """Return the digest of the first entry of the diary of `contract`, and what is known of the contract."""
        row = next(iter([*self._sound("books", "WHERE contract = ?", (contract,))]), None)
        return None if row is None else (row["origin"], json.loads(row["body"]))

    def books(self) -> tuple[str, ...]:
        """Return the contracts that are known."""
        return tuple(row[0] for row in self._rows("SELECT contract FROM books ORDER BY contract"))

    def room(self, *, now: int, size_of: Callable[[str], int] = lambda _: 0) -> Room:
        """Return how much room there is at the Unix millisecond `now`; `size_of` says how large an image is."""
        kept = self.items(Standing.WAITING, Standing.REFUSED, Standing.CONFLICT)
        used = sum(size_of(digest) for item in kept for digest in item.digests)
        with suppress(OSError):
            used += self.path.stat().st_size
        free: int | None = None
        with suppress(OSError):
            free = self._free(self.folder)
        # What the diary has answered for waits no more, however long it is kept.
        oldest = max((now - item.made for item in kept if item.standing is Standing.WAITING), default=0) // 1000
        return Room.of(used=used, free=free, oldest=oldest, cap=self._cap, age=self._age, reserve=self._reserve)

    def tidy(self, *, now: int, keep: int = 35 * 86_400_000) -> int:
        """Remove what the diary has answered for, and is older than `keep` milliseconds; return how many items.

        Nothing goes that waits, or was refused, or belongs to a slot that is not settled. Nothing goes at all when
        `now` is a year away from everything that is kept: it is more likely that the clock is wrong.
        """
        before = now - keep
        with self._writing("tidying") as write:
            newest = write("SELECT max(made) FROM outbox").fetchone()[0]
            if newest is None or abs(now - newest) > _YEAR:
                return 0
            gone = self._remove(write, before)
            settled = "NOT EXISTS (SELECT 1 FROM slots o WHERE o.is_open AND o.contract = minutes.contract"
            settled += " AND o.slot = minutes.minute / 10)"
            # A reassigned session has no row of its own; it is over when it begins.
            over = "session NOT IN (SELECT session FROM sessions WHERE ended = 0)"
            write(f"DELETE FROM minutes WHERE minute < ? AND {over} AND {settled}", (before // 60_000,))  # noqa: S608 - constants
            bare = "NOT EXISTS (SELECT 1 FROM minutes m WHERE m.contract = slots.contract AND m.minute / 10 = slot)"
            write(f"DELETE FROM slots WHERE slot < ? AND NOT is_open AND {bare}", (before // 600_000,))  # noqa: S608 - a constant
            empty = "session NOT IN (SELECT session FROM minutes) AND ended = 1 AND began < ?"
            write(f"DELETE FROM sessions WHERE {empty}", (before // 1000,))  # noqa: S608 - a constant
            write("DELETE FROM marks WHERE at < ?", (before // 1000,))
            same = "o.contract = shots.contract AND o.slot = shots.slot"
            slots, items = f"SELECT 1 FROM slots o WHERE {same}", f"SELECT 1 FROM outbox o WHERE {same}"  # noqa: S608 - constants
            needs = f"EXISTS ({slots}) OR EXISTS ({items})"
            write(f"DELETE FROM shots WHERE slot < ? AND NOT ({needs})", (before // 600_000,))  # noqa: S608 - constants
        return gone
