"""Where things are, for the tracker's commands: the diary, the tracker's own folder, the images; and durations."""

from __future__ import annotations

import os
import re
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Final

from workdiary.errors import NOTHING, InvalidValue, MissingExtra, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from workdiary.store.sql import SqlJournal

__all__ = [
    "INSTALL",
    "NOT_THERE",
    "data_folder",
    "diary_place",
    "hold_of",
    "open_journal",
    "seconds_of",
    "tracker_folder",
]

INSTALL: Final = 'install the tracker: pip install "workdiary[capture]"'
"""What to do when a package is missing."""

NOT_THERE: Final = "does not exist"
"""What is wrong with a diary that is not where it should be."""

_DIARY: Final = "WORKDIARY_DB"
_TRACKER: Final = "WORKDIARY_TRACKER"
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_WAIT: Final = 1.0
"""How long a diary that somebody else has locked is waited for: the outbox can wait longer than a shutdown."""


def seconds_of(text: str, argument: str) -> int:
    """Return the seconds of a duration such as ``90s``, ``15m``, ``1h30m`` or ``90``.

    >>> seconds_of("1h30m", "--for"), seconds_of("90", "--for")
    (5400, 90)
    """
    text = text.strip()
    found = _DURATION.fullmatch(f"{text}s" if text.isascii() and text.isdigit() else text)
    total = (
        0 if found is None else sum(int(n or 0) * unit for n, unit in zip(found.groups(), (3600, 60, 1), strict=True))
    )
    if total < 1 or total > 366 * 86_400:
        raise InvalidValue(argument, text, "is not a duration", "write it like 90s, 15m, 8h or 1h30m")
    return total


def hold_of(text: str) -> int:
    """Return the seconds for which a finished segment is held back; 0 is allowed."""
    return 0 if text in ("0", "0s") else seconds_of(text, "--hold")


def data_folder() -> Path:
    """Return the folder in which this user's data of `workdiary` are. Raises `MissingExtra` where nobody can tell."""
    try:
        from platformdirs import user_data_path
    except ImportError:
        raise MissingExtra("workdiary.capture", "platformdirs", "is not installed", INSTALL) from None
    return user_data_path("workdiary", appauthor=False)


def tracker_folder(folder: str | None) -> Path:
    """Return the tracker's folder: what is given, else the variable WORKDIARY_TRACKER, else one in the data folder."""
    chosen = folder if folder is not None else os.environ.get(_TRACKER, "").strip()
    if folder is not None and not folder.strip():
        raise InvalidValue("--folder", folder, "is empty", "name a folder, or leave it out")
    return Path(chosen).expanduser().absolute() if chosen else data_folder() / "tracker"


def open_journal(db: str | None, *, clock: Callable[[], float] = time) -> SqlJournal:
    """Open the diary at `db`, else the variable WORKDIARY_DB, else in the data folder; it must be there."""
    from workdiary.store.sql import SqlJournal

    place = diary_place(db)
    if "://" not in place and not os.path.lexists(place):
        option = "" if db is None else f" --db {db}"
        raise StoreError(place, NOTHING, NOT_THERE, f"create it: workdiary init{option}")
    return SqlJournal.open(place, clock=clock, create=False, wait=_WAIT)


def diary_place(db: str | None) -> str:
    """Return where the diary is: a file, or the address of a server."""
    chosen = db if db is not None else os.environ.get(_DIARY, "").strip()
    if db is not None and not chosen:
        raise InvalidValue("--db", db, "is empty", "give a file, or postgresql://user@host/name")
    if "://" in chosen:
        return chosen
    return str(Path(chosen).expanduser()) if chosen else str(data_folder() / "diary.db")
