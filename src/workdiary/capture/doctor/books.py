"""The doctor's look at what is kept: the diary and its clock, consent, what waits, the last snapshot, who may read.

The tracker's file is read beside a tracker that may be running, in a transaction that writes nothing, and never
opened for writing: the doctor changes nothing, and makes no file and no folder.
"""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from shlex import quote
from typing import Any, Final
from urllib.parse import quote as quoted

import attrs

from workdiary.capture.consent import consented
from workdiary.capture.control import ask
from workdiary.capture.doctor.findings import Finding, Level
from workdiary.capture.notice import NOTICE
from workdiary.capture.spool.chain import breaks_of
from workdiary.capture.spool.kept import LATE, RESERVE, Room, Standing
from workdiary.diary.journal import Journal
from workdiary.errors import StoreError, WorkdiaryError
from workdiary.model.times import Instant, instant

__all__ = ["AHEAD", "Kept", "clock", "consent", "kept_in", "last_snapshot", "modes", "spool", "tracker"]

AHEAD: Final = 300
"""How many seconds the latest entry of a diary may be ahead of this machine's clock."""

_LONG: Final = 3600
_OVERDUE: Final = 1800
_FIRST, _LAST = int(instant("2015-01-01T00:00:00Z")), int(instant("2100-01-01T00:00:00Z"))
_OPEN: Final = (Standing.WAITING.value, Standing.REFUSED.value, Standing.CONFLICT.value, Standing.ALTERED.value)
_MOST_NAMED: Final = 3


def clock(latest: Instant | None, now: int) -> Finding:
    """Compare this machine's clock, the Unix second `now`, with the latest entry that a diary has."""
    if not _FIRST <= now < _LAST:
        what = "This machine's clock is not within the years 2015 to 2099; the tracker refuses to run by it."
        return Finding.problem("clock", what, "Set the clock, best by the network (NTP).")
    shown = str(Instant(now))
    if latest is None:
        return Finding.well("clock", f"It shows {shown}; there is no entry to compare it with.")
    if latest - now > AHEAD:
        what = f"It shows {shown}, {_span(latest - now)} before the diary's latest entry, of {latest}."
        do = "One of the two is wrong: set the clock by the network (NTP), and see workdiary log."
        return Finding.problem("clock", what, do)
    return Finding.well("clock", f"It shows {shown}; the diary's latest entry is of {latest}.")


def consent(journal: Journal, db: str | None = None) -> Finding:
    """Look for the freelancer's consent to today's notice, for each contract of `journal`, which `db` has named."""
    contracts = journal.contracts()
    if not contracts:
        do = "Open one: workdiary contract add."
        return Finding.problem("consent", "There is no contract in the diary to track for.", do)
    missing = [one for one in contracts if consented(journal, one) != NOTICE]
    if missing:
        what = f"Not on record for {_named(missing)}: nothing is captured before."
        do = f"Read the notice and agree: python -m workdiary.capture consent --contract {quote(missing[0])}"
        do += f" --db {quote(db)}" if db is not None else ""
        return Finding.warning("consent", what, do)
    return Finding.well("consent", f"On record for {_named(contracts)}.")


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def tracker(folder: Path) -> tuple[Finding, dict[str, Any] | None]:
    """Ask the tracker that runs in `folder`, if one does; return its status as plain data too."""
    try:
        status = ask(folder, {"do": "status"})
    except StoreError as error:
        if error.allowed == "has no running tracker":
            return Finding.well("tracker", "None is running."), None
        return Finding.of_error("tracker", error), None
    except WorkdiaryError as error:
        return Finding.of_error("tracker", error, Level.WARNING), None
    running = status.get("running")
    what = f"It runs, on for {running['contract']}." if running else "It runs, and is switched off."
    if running and running.get("capture_lost"):
        do = "See whether the display server answers; it connects again by itself."
        return Finding.problem("tracker", f"{what} Capture is lost: nobody counts.", do), status
    troubles = [str(one) for one in status.get("troubles") or ()]
    if troubles:
        return Finding.warning("tracker", f"{what} It says: {'; '.join(troubles)}.", "See what it says."), status
    return Finding.well("tracker", what), status


@attrs.frozen(kw_only=True)
class Kept:
    """What the tracker's file says: items by standing, breaks of the chain, what waits longest, the last snapshot."""

    items: dict[str, int]
    breaks: tuple[str, ...] = ()
    oldest: int | None
    images: tuple[str, ...]
    late: int = 0
    shot: tuple[int, tuple[str, ...]] | None
    size: int


def kept_in(folder: Path) -> Kept | None:
    """Return what the tracker's file in `folder` says, `None` when there is none. Raises `StoreError`."""
    path = folder / "spool.db"
    if not os.path.lexists(path):
        return None
    try:
        with closing(sqlite3.connect(f"file:{quoted(str(path))}?mode=ro", uri=True, timeout=2)) as connection:
            connection.row_factory = sqlite3.Row
            connection.execute("BEGIN")
            items = dict(connection.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())
            places = ", ".join("?" * len(_OPEN))
            kept = connection.execute(
                f"SELECT made, digests, state FROM outbox WHERE state IN ({places}) AND json_valid(digests)",  # noqa: S608 - question marks only
                _OPEN,
            ).fetchall()
            late = connection.execute(LATE, (0,)).fetchone()[0]
            breaks = breaks_of(connection.execute)
            shot = connection.execute(
                "SELECT at, digests FROM shots WHERE json_valid(digests) ORDER BY at DESC LIMIT 1"
            ).fetchone()
        return Kept(
            items=items,
            breaks=breaks,
            oldest=min((made for made, _, state in kept if state == Standing.WAITING.value), default=None),
            images=tuple(str(digest) for _, digests, _ in kept for digest in json.loads(digests)),
            late=late,
            shot=None if shot is None else (shot[0], tuple(map(str, json.loads(shot[1])))),
            size=path.stat().st_size,
        )
    except (sqlite3.Error, OSError, ValueError) as error:
        raise StoreError(
            str(path),
            "",
            f"cannot be read ({error})",
            "start the tracker: it repairs this, or says what it is",
        ) from error


def spool(kept: Kept | None, *, now: int, free: int | None, size_of: Callable[[str], int]) -> Finding:
    """Judge what waits for the diary: how much, how long, how near the caps, and what was not taken."""
    if kept is None:
        return Finding.well("spool", "There is none yet: the tracker has not run in this folder.")
    used = kept.size + sum(size_of(digest) for digest in kept.images)
    oldest = 0 if kept.oldest is None else max(now - kept.oldest // 1000, 0)
    room = Room.of(used=used, free=free, oldest=oldest)
    waiting = kept.items.get(Standing.WAITING.value, 0)
    words = f"{waiting} {'entry waits' if waiting == 1 else 'entries wait'} for the diary"
    words += f", the oldest for {_span(oldest)}; {room.share:.0%} of the room is taken" if waiting else ""
    if late := kept.late:
        words += f"; {late} came after the lock of the week, and {'is' if late == 1 else 'are'} not billed"
    if altered := kept.items.get(Standing.ALTERED.value, 0):
        what = f"{words}. The bytes of {altered} are not those that were kept, and are never sent."
        return Finding.problem("spool", what, "Find out who, or which disk, has changed them.")
    if kept.breaks:
        what = f"{words}. Not by the tracker: {'; '.join(kept.breaks[:_MOST_NAMED])}."
        return Finding.problem("spool", what, "Find out who, or which disk, has changed the tracker's file.")
    if room.is_short:
        do = "Make sure that the diary can be reached, and start the tracker, which sends them."
        if free is not None and free <= RESERVE:
            do = "Free some space on the disk."
        return Finding.problem("spool", f"{words}: no snapshots are taken any more.", do)
    if refused := sum(kept.items.get(one.value, 0) for one in (Standing.REFUSED, Standing.CONFLICT)):
        what = f"{words}. The diary did not take {refused}, which {'is' if refused == 1 else 'are'} kept."
        do = "See why: python -m workdiary.capture status; then python -m workdiary.capture retry."
        return Finding.warning("spool", what, do)
    if room.warns or (waiting and oldest > _LONG):
        do = "Make sure that the diary can be reached, and start the tracker, which sends them."
        return Finding.warning("spool", f"{words}.", do)
    return Finding.well("spool", f"{words[0].upper()}{words[1:]}.")


def last_snapshot(
    kept: Kept | None, *, now: int, running_seconds: int | None, is_there: Callable[[str], bool]
) -> Finding:
    """Judge the age of the last snapshot; `running_seconds` is how long the tracker has been on, `None` when off."""
    if kept is None or kept.shot is None:
        if running_seconds is not None and running_seconds > _OVERDUE:
            return Finding.problem("snapshot", "The tracker is on, and has not stored a single one.", _SEE_SCREEN)
        return Finding.well("snapshot", "None was stored yet.")
    at, digests = kept.shot
    ago = f"{_span(now - at)} ago" if at <= now else "in the future by this machine's clock"
    words = f"The last one is of {Instant(at)}, {ago}"
    if running_seconds is not None and min(running_seconds, now - at) > _OVERDUE:
        return Finding.problem("snapshot", f"{words}, although the tracker is on.", _SEE_SCREEN)
    if not all(map(is_there, digests)):
        do = "Name the folder with --snapshots; deleted with its segment, it is rightly gone."
        return Finding.warning("snapshot", f"{words}; its file is not in the folder of the images.", do)
    return Finding.well("snapshot", f"{words}.")


_SEE_SCREEN: Final = "See screen and disk above."


def modes(folder: Path, snapshots: Path, diary: str = "") -> Finding:
    """Look whether the folders are 0700 and the files 0600, their owner's, and no links; and the file `diary`."""
    if os.name != "posix":
        return Finding.well("modes", "The folder is in your profile, which other users may not enter.")
    if not os.path.lexists(folder):
        return Finding.well("modes", f"{folder} is not there yet; it is made for you alone.")
    wrong = [*_wrong(folder)]
    if os.path.lexists(snapshots) and folder not in snapshots.parents:
        wrong += _wrong(snapshots)
    if not wrong:
        with suppress(OSError):
            mode = Path(diary).stat().st_mode if diary and "://" not in diary else 0
            if mode & 0o077:
                what = f"The diary, {diary}, can be reached by others (mode {stat.S_IMODE(mode):04o})."
                return Finding.warning("modes", what, f"If that is not meant: chmod 600 {quote(diary)}.")
        return Finding.well("modes", f"{folder} is yours alone.")
    first, why = wrong[0]
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    do = f"If they are yours: chmod -R u=rwX,go= {quote(str(folder))}; else find out who put them there."
    if why == "is a symbolic link":
        do = "Name the folder that it leads to, or remove the link."
    return Finding.problem("modes", f"{first} {why}{more}.", do)


def _wrong(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what in `folder`, and it, is not for its owner alone, with what is wrong."""
    places = [folder]
    while places:
        place = places.pop()
        try:
            found = place.lstat()
            if stat.S_ISLNK(found.st_mode):
                yield place, "is a symbolic link"
                continue
            if found.st_uid != os.geteuid():
                yield place, "is not yours"
            elif found.st_mode & 0o077:
                yield place, f"can be reached by others (mode {stat.S_IMODE(found.st_mode):04o})"
            if stat.S_ISDIR(found.st_mode):
                places.extend(sorted(place.iterdir()))
        except FileNotFoundError:
            continue
        except OSError as error:
            yield place, f"cannot be looked at ({error.strerror})"


def _span(seconds: int) -> str:
    """Return a duration in its largest unit.

    >>> _span(59), _span(60), _span(7200), _span(3 * 86400)
    ('59 s', '1 min', '2 h', '3 d')
    """
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
