"""``python -m workdiary.capture doctor``: whether the tracker can work on this machine, and what to do if not.

It looks at the machine, then at what is kept, prints a line a check, and changes nothing. The exit status is 0 when
there is no problem (warnings are none), 1 when there is one, and 2 when it was called wrongly.
"""

from __future__ import annotations

import argparse
import importlib
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from workdiary.capture.doctor import books, machine
from workdiary.capture.doctor.findings import Finding, Level, plain, shown, summary
from workdiary.capture.machine.ports import Inputs, Screen
from workdiary.capture.places import diary_place, open_journal, seconds_of, tracker_folder
from workdiary.errors import NOTHING, InvalidValue, StoreBusy, StoreError, WorkdiaryError
from workdiary.model.times import Instant

__all__ = ["PROBLEM", "WELL", "findings", "main"]

WELL: Final = 0
"""The exit status when there is no problem; there may be warnings."""

PROBLEM: Final = 1
"""The exit status when at least one check found a problem."""

_HELP: Final = (
    "exit status: 0 when there is no problem (warnings count as none), 1 when there is a problem,"
    " 2 when it was called wrongly"
)
_WAIT: Final = 20
_WIDEST: Final = 100


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidValue("doctor", NOTHING, message, "see python -m workdiary.capture doctor --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m workdiary.capture doctor",
        description="Say whether the tracker can work on this machine. Nothing is changed, and nothing kept.",
        epilog=_HELP,
        allow_abbrev=False,
    )
    parser.add_argument("--db", metavar="FILE", help="the diary's database; default: WORKDIARY_DB, or your own")
    parser.add_argument(
        "--folder", metavar="FOLDER", help="the tracker's folder; default: WORKDIARY_TRACKER, or your own"
    )
    parser.add_argument("--snapshots", metavar="FOLDER", help="where the images go; default: in --folder")
    parser.add_argument(
        "--ask",
        action=argparse.BooleanOptionalAction,
        help="ask for a key and a click; default: when it is run in a terminal",
    )
    parser.add_argument("--wait", metavar="TIME", default=f"{_WAIT}s", help="how long to wait for them (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print plain data")
    return parser


def main(arguments: Sequence[str]) -> int:
    """Examine this machine as the options in `arguments` say, print what was found, and return the exit status.

    Raises `InvalidValue` for options that are wrong; the command line makes exit status 2 of it.
    """
    given = _parser().parse_args(arguments)
    asks = sys.stdin.isatty() and not given.json if given.ask is None else given.ask
    folder = tracker_folder(given.folder)
    seconds = seconds_of(given.wait, "--wait")
    found = [
        *findings(
            folder,
            db=given.db,
            snapshots=folder / "snapshots"
            if given.snapshots is None
            else Path(given.snapshots).expanduser().absolute(),
            seconds=seconds if asks else None,
        )
    ]
    if given.json:
        _print(json.dumps(plain(found), indent=2, ensure_ascii=False))
    else:
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        _print(f"{shown(found, width)}\n\n{summary(found)}")
    return PROBLEM if any(finding.level is Level.PROBLEM for finding in found) else WELL


def findings(folder: Path, *, db: str | None, snapshots: Path, seconds: float | None) -> Iterator[Finding]:
    """Yield what is found on this machine, in the order in which it is looked at.

    `folder` is the tracker's, `db` the diary's place as for `open_journal`, `snapshots` the folder of the images.
    For `seconds` a key and a click are waited for; with `None` nobody is asked.
    """
    yield from _of_machine(folder, seconds)
    yield from _of_books(folder, db, snapshots, int(time.time()))


def _of_machine(folder: Path, seconds: float | None) -> Iterator[Finding]:
    yield machine.packages()
    display = machine.display()
    yield display
    yield machine.permissions()
    if display.level is not Level.PROBLEM:
        yield machine.counts(_inputs, seconds=seconds, say=_say, clock=time.monotonic, pause=time.sleep)
        yield machine.screen(_screen)
        yield machine.lock(has_loginctl=shutil.which("loginctl") is not None)
    yield machine.disk(folder, _free)
    yield from machine.load(*_load())
    yield machine.antivirus(folder)


def _of_books(folder: Path, db: str | None, snapshots: Path, now: int) -> Iterator[Finding]:
    latest: Instant | None = None
    place = ""
    try:
        place = diary_place(db)
        with open_journal(db) as journal:
            contracts = journal.contracts()
            latest = max((journal.standing(one).at for one in contracts), default=None)
            number = f"{len(contracts)} contract{'' if len(contracts) == 1 else 's'}"
            yield Finding.well("diary", f"{journal.name} can be read: {number}.")
            yield books.consent(journal, db)
    except WorkdiaryError as error:
        # Somebody who writes just now is nothing wrong: the tracker would wait, too.
        is_busy = isinstance(error, StoreBusy)
        yield Finding.of_error("diary", error, Level.WARNING if is_busy else Level.PROBLEM)
    yield books.clock(latest, now)
    state, status = books.tracker(folder)
    yield state
    kept: books.Kept | None = None
    try:
        kept = books.kept_in(folder)
    except StoreError as error:
        yield Finding.of_error("spool", error)
    else:
        yield books.spool(kept, now=now, free=_free_or_none(folder), size_of=lambda one: _size(snapshots, one))
    running = (status or {}).get("running")
    yield books.last_snapshot(
        kept,
        now=now,
        running_seconds=None if running is None else int(running["seconds"]),
        is_there=lambda one: _image(snapshots, one).is_file(),
    )
    yield books.modes(folder, snapshots, place)


def _inputs() -> Inputs:
    from workdiary.capture.machine.inputs import own_inputs

    return own_inputs()


def _screen() -> Screen:
    from workdiary.capture.machine.screen import MonitorScreen

    return MonitorScreen()


def _free(place: Path) -> int:
    return shutil.disk_usage(place).free


def _free_or_none(place: Path) -> int | None:
    try:
        return _free(place)
    except OSError:
        return None


def _load() -> tuple[int | None, float | None]:
    """Return the bytes of memory that are available, and how busy the processor is, over a second, in percent."""
    try:
        psutil: Any = importlib.import_module("psutil")
    except ImportError:
        return None, None
    return int(psutil.virtual_memory().available), float(psutil.cpu_percent(interval=1.0))


def _image(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest


def _size(folder: Path, digest: str) -> int:
    with suppress(OSError):
        return _image(folder, digest).stat().st_size
    return 0


def _say(text: str) -> None:
    # Beside what is printed, which may be data.
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - the command line prints


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command line prints
