"""What SQLite's errors come to, and what to do about each."""

from __future__ import annotations

import sqlite3
from typing import Final

from workdiary.errors import NOTHING, StoreError
from workdiary.store._opening import RESTORE

__all__ = ["ERRORS", "is_busy", "translated"]

_SAYS: Final = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space, then repeat it with the same id"),
    sqlite3.SQLITE_IOERR: ("the disk gave an error", "check the disk, then repeat it with the same id"),
    sqlite3.SQLITE_READONLY: ("cannot be written", "make the file and its folder writable, then repeat it"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "check the file, its folder and how many files are open"),
    sqlite3.SQLITE_PERM: ("is not permitted", "make the file and its folder writable, then repeat it"),
    sqlite3.SQLITE_NOMEM: ("there is no memory", "free some, then repeat it with the same id"),
    sqlite3.SQLITE_CORRUPT: ("is damaged: half a database, or altered", RESTORE),
    sqlite3.SQLITE_NOTADB: ("is not an SQLite database", f"give another path, or {RESTORE}"),
}
"""What the primary result codes come to, and what to do."""


ERRORS: Final = (sqlite3.Error, MemoryError, UnicodeError)
"""What the driver raises; the last when a message, or a text, of a damaged file is none."""


def is_busy(error: BaseException) -> bool:
    """Return whether `error` says that somebody else holds a lock."""
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def translated(name: str, error: BaseException, doing: str) -> StoreError:
    """Return `error`, which SQLite gave while `doing` something with the file `name`, as ours."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    if isinstance(error, MemoryError):
        code = sqlite3.SQLITE_NOMEM
    elif isinstance(error, UnicodeError):
        code = sqlite3.SQLITE_CORRUPT
    what, remedy = _SAYS.get(code & 0xFF, (str(error), f"check the file, and {RESTORE} if it is damaged"))
    kind = getattr(error, "sqlite_errorname", "") or type(error).__name__
    return StoreError(name, NOTHING, f"{what} ({kind}) while {doing}", remedy)
