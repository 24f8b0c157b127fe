"""What goes into the diary, each item under its id, in the tracker's file until the diary has answered for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import cached_property
from typing import Any

from workdiary.capture.spool.chain import ALTERED, COLUMNS, breaks_of, link_of, row_digest
from workdiary.capture.spool.file import SpoolFile
from workdiary.capture.spool.kept import LATE, Item, Kind, Standing, item_of
from workdiary.errors import StoreError

__all__ = ["Outbox"]


class Outbox(SpoolFile):
    """The outbox of a `SpoolFile`."""

    def items(self, *standings: Standing) -> tuple[Item, ...]:
        """Return the items of the outbox that are in one of `standings`, all for none given, in order."""
        wanted = [standing.value for standing in standings or Standing]
        places = ", ".join("?" * len(wanted))
        rows = self._rows(f"SELECT * FROM outbox WHERE state IN ({places}) ORDER BY number", wanted)  # noqa: S608 - question marks only
        return tuple(item for item in map(item_of, rows) if not standings or item.standing in standings)

    def try_item(self, number: int) -> Item | None:
        """Note that an item is about to be sent and return it, or `None` when it does not wait any more.

        From here on it may be in the diary, whatever becomes of us.
        """
        with self._writing("noting a try") as write:
            row = write("SELECT * FROM outbox WHERE number = ? AND state = 'waiting'", (number,)).fetchone()
            if row is None:
                return None
            if not link_of(row).is_sound:
                self._set_aside(write, number)
                return None
            write("UPDATE outbox SET tries = tries + 1 WHERE number = ?", (number,))
            self._seal(write, "outbox", "number = ?", (number,))
            row = write("SELECT * FROM outbox WHERE number = ?", (number,)).fetchone()
        return item_of(row)

    def is_sound(self, number: int) -> bool:
        """Return whether an item is as it was kept; one that is not is set aside, and waits no more."""
        row = self._rows("SELECT * FROM outbox WHERE number = ?", (number,))
        if row and not link_of(row[0]).is_sound:
            with self._writing("setting an item aside") as write:
                self._set_aside(write, number)
            return False
        return True

    def _set_aside(self, write: Callable[..., Any], number: int) -> None:
        words = "its bytes are not those that were kept: somebody, or the disk, has changed them"
        write("UPDATE outbox SET state = ?, answer = ? WHERE number = ?", (ALTERED, words, number))
        self._seal(write, "outbox", "number = ?", (number,))

    def set_aside(self) -> None:
        """Set every item aside that is not as it was kept: it holds up nobody, and is never sent."""
        links = [link_of(row) for row in self._rows("SELECT * FROM outbox WHERE state <> ?", (ALTERED,))]
        changed = [link.number for link in links if not link.is_sound]
        if changed:
            with self._writing("setting items aside") as write:
                for number in changed:
                    self._set_aside(write, number)

    def answer(self, number: int, standing: Standing, words: str = "", *, now: int = 0) -> None:
        """Keep what the diary has answered for an item, at the Unix millisecond `now`."""
        with self._writing("keeping an answer") as write:
            write(
                "UPDATE outbox SET state = ?, answer = ?, answered = ? WHERE number = ? AND state = 'waiting'",
                (standing.value, words, now, number),
            )
            self._seal(write, "outbox", "number = ?", (number,))

    def retry(self) -> int:
        """Let what was refused or in conflict wait again, and return how many items that are."""
        with self._writing("letting items wait again") as write:
            again = "state IN ('refused', 'conflict')"
            found = [row[0] for row in write(f"SELECT number FROM outbox WHERE {again}").fetchall()]  # noqa: S608 - a constant
            write(f"UPDATE outbox SET state = 'waiting' WHERE {again}")  # noqa: S608 - a constant
            for number in found:
                self._seal(write, "outbox", "number = ?", (number,))
        return len(found)

    def late(self, since: int) -> int:
        """Return how many segments the diary has answered for since a Unix millisecond: after their week's lock."""
        return int(self._rows(LATE, (since,))[0][0])

    def may_be_shown(self, digest: str) -> bool:
        """Return whether a diary may have been given the image `digest`.

        What was tidied away is not known any more, and one picture is like another when the screen is black: from then
        on it may, whichever it is.
        """
        sent = "SELECT 1 FROM outbox WHERE tries > 0 AND instr(digests, ?) > 0"
        return bool(self._rows(f"{sent} UNION ALL SELECT 1 FROM gone LIMIT 1", (digest,)))  # noqa: S608 - a constant

    @cached_property
    def breaks(self) -> tuple[str, ...]:
        """Where something was changed, taken out or put in by somebody else, each place in a sentence (T4).

        As it is when this is first asked for; what the tracker itself does breaks nothing.
        """
        try:
            return breaks_of(self._each)
        except StoreError:
            return ()  # said by whoever reads it next

    # For the spool, within a step.

    def _put(
        self,
        write: Callable[..., Any],
        contract: str,
        id: str,
        kind: Kind,
        slot: int | None,
        data: dict[str, Any],
        marks: Collection[str],
        digests: Collection[str],
        now: int,
        hold: int,
    ) -> None:
        """Put an item at the end; one with its id that is there already stays as it is."""
        if write("SELECT 1 FROM outbox WHERE contract = ? AND id = ?", (contract, id)).fetchone() is not None:
            return
        origin = (write("SELECT origin FROM books WHERE contract = ?", (contract,)).fetchone() or ("",))[0]
        number, previous = self._end(write)
        body = json.dumps(data, sort_keys=True)
        values = (
            number + 1,
            previous,
            contract,
            id,
            kind.value,
            slot,
            body,
            json.dumps([*marks]),
            json.dumps([*digests]),
            now,
            hold,
            origin,
        )
        digest = row_digest(values)
        names, places = ", ".join(COLUMNS), ", ".join("?" * len(COLUMNS))
        write(f"INSERT INTO outbox ({names}, digest) VALUES ({places}, ?)", (*values, digest))  # noqa: S608 - constants
        self._seal(write, "outbox", "number = ?", (number + 1,))
        write("INSERT OR REPLACE INTO head (only_row, number, digest) VALUES (1, ?, ?)", (number + 1, digest))

    def _end(self, write: Callable[..., Any]) -> tuple[int, str]:
        """Return number and digest of the last item; of what was taken off the end, too, so that it is missed."""
        last = "SELECT number, digest FROM outbox ORDER BY number DESC LIMIT 1"
        ends = [write(statement).fetchone() for statement in ("SELECT number, digest FROM head", last)]
        number, digest = max((tuple(end) for end in ends if end is not None), default=(0, ""))
        return int(number), str(digest)

    def _remove(self, write: Callable[..., Any], before: int) -> int:
        """Remove what was made and answered for before that Unix millisecond; return how many items."""
        old = "max(made, answered) < ? AND state IN ('sent', 'late', 'deleted')"
        write(f"INSERT INTO gone (number, digest) SELECT number, digest FROM outbox WHERE {old}", (before,))  # noqa: S608 - a constant
        gone = write(f"DELETE FROM outbox WHERE {old}", (before,)).rowcount  # noqa: S608 - a constant
        # Of those before the first that is left, the last one alone is needed: the chain begins after it.
        write(
            "DELETE FROM gone WHERE number < (SELECT max(number) FROM gone WHERE number <"
            " (SELECT min(n) FROM (SELECT min(number) AS n FROM outbox UNION ALL SELECT number + 1 FROM head)))"
        )
        return int(gone)

    def _began(self, contract: str, session: str) -> str:
        """Return when `session` began, as its entry says; nothing when that is not kept any more."""
        wanted = "SELECT body FROM outbox WHERE contract = ? AND id = ? AND kind = ?"
        found = self._connection.execute(wanted, (contract, session, Kind.STARTED.value)).fetchone()
        with suppress(ValueError, KeyError, TypeError):
            return str(json.loads(found[0])["began"]) if found is not None else ""
        return ""
