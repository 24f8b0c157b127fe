"""`Backlog`: what is still to be written into the spool, in order, kept in memory while the disk cannot take it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from workdiary.capture.events import Finished, MinuteKept
from workdiary.capture.spool.spool import Keepable, Spool

__all__ = ["Backlog"]


class Backlog:
    """What goes into `spool`, where a finished segment is held back for `hold` milliseconds.

    What the disk cannot take waits for the next time. What can never be written, whatever the disk, goes aside: it
    must not hold up everything after it.
    """

    def __init__(self, spool: Spool, hold: int) -> None:
        self._spool, self._hold = spool, hold
        self._things: list[Keepable] = []
        self._aside: list[tuple[Keepable, str]] = []
        self.trouble: str | None = None
        """Why the spool cannot be written at the moment, in a sentence."""

    def __bool__(self) -> bool:
        """Return whether something waits to be written."""
        return bool(self._things)

    def add(self, things: Iterable[Keepable]) -> None:
        """Have `things` written next."""
        self._things.extend(things)

    def write(self, now: int) -> None:
        """Write everything, in one step, at the Unix millisecond `now`; what goes wrong is said by `trouble`."""
        try:
            self._spool.keep(self._things, now=now, hold=self._hold)
        except Exception as error:
            self.trouble = str(error)
            if not _is_of_the_disk(error):
                self._write_each(now)
        else:
            self._things.clear()
            self.trouble = None

    def _write_each(self, now: int) -> None:
        left: list[Keepable] = []
        for n, one in enumerate(self._things):
            try:
                self._spool.keep([one], now=now, hold=self._hold)
            except Exception as error:
                if _is_of_the_disk(error):
                    left = self._things[n:]
                    break
                self._aside.append((one, f"{type(one).__name__}: {error.__cause__ or error}"))
        self._things = left
        if not left:
            self.trouble = None

    @property
    def aside(self) -> str:
        """What was put aside, in a sentence; empty for nothing."""
        if not self._aside:
            return ""
        number, (_, why) = len(self._aside), self._aside[-1]
        return f"{number} thing{'' if number == 1 else 's'} can never be written, in memory only; the last: {why}"

    @property
    def lost(self) -> str:
        """What an end at this moment would lose, in a sentence, for it could not be written; empty for nothing."""
        kept = [*self._things, *(thing for thing, _ in self._aside)]
        if not kept:
            return ""
        latest = {(one.session, one.minute): one for one in kept if isinstance(one, MinuteKept)}
        seconds = sum(end - begin for one in latest.values() for begin, end in one.stretches)
        segments = sum(isinstance(one, Finished) for one in kept)
        parts = [f"{seconds} s that were tracked"] if seconds else []
        parts += [f"{segments} finished segment{'' if segments == 1 else 's'}"] if segments else []
        what = " and ".join(parts) or f"{len(kept)} note{'' if len(kept) == 1 else 's'} about the session"
        why = self.trouble or next((why for _, why in self._aside), "")
        return f"{what} could not be written ({why})"


def _is_of_the_disk(error: BaseException) -> bool:
    """Return whether it is the disk that cannot be written, so that it may go another time."""
    cause = error if error.__cause__ is None else error.__cause__
    if isinstance(cause, sqlite3.ProgrammingError):
        return "closed" in str(cause)
    never = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.NotSupportedError)
    if isinstance(cause, never):
        return False
    return isinstance(cause, sqlite3.Error | OSError | MemoryError)
