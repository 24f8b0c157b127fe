"""The folder of the tracker: for its owner alone, no link on the way, and one tracker at a time in it."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from workdiary.capture.places import data_folder
from workdiary.errors import NOTHING, StoreBusy, StoreError

__all__ = ["Lock", "check_private_file", "make_private_folder", "one_per_desktop"]

_LOCK: Final = "lock"
_NEW: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_AGAIN: Final = "name another folder, or find out who put it there"

_SPARE: Final = Path("/tmp")  # noqa: S108 - a folder in it is used only if it is its owner's alone
"""Where the lock of a desktop is if it cannot be in the data folder: no variable moves it."""

_MACHINE: Final = Path("/etc/machine-id")
_DISPLAY: Final = re.compile(r"(?:(?:unix|tcp)/)?(?P<host>[^/]*):(?P<number>[0-9]{1,9})(?:\.[0-9]+)?", re.ASCII)
_FORWARDED: Final = 10
"""The first number of a display that sshd gives to a desktop that it forwards."""


def make_private_folder(folder: Path) -> None:
    """Make `folder` with mode 0700, if it is not there. Raises `StoreError` unless it is its owner's alone."""
    try:
        missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
        for place in reversed(missing):
            place.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise StoreError(str(folder), NOTHING, f"cannot be made ({error.strerror})", "name another folder") from error
    if stat.S_ISLNK(found.st_mode):
        raise StoreError(str(folder), NOTHING, "is a symbolic link", _AGAIN)
    if not stat.S_ISDIR(found.st_mode):
        raise StoreError(str(folder), NOTHING, "is no folder", _AGAIN)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise StoreError(
            str(folder),
            oct(stat.S_IMODE(found.st_mode)),
            "is a folder that others may enter or own",
            f"chmod 700 {folder} if it is yours, or name a new folder",
        )


def check_private_file(path: Path) -> bool:
    """Return whether there is a file at `path`. Raises `StoreError` unless it is a plain one of its owner's alone."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(str(path), NOTHING, f"cannot be reached ({error.strerror})", "check the path") from error
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(str(path), NOTHING, "is a link, or no file", _AGAIN)
    if found.st_nlink > 1:
        raise StoreError(str(path), NOTHING, f"has {found.st_nlink} names (hard links)", _AGAIN)
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        mode = oct(stat.S_IMODE(found.st_mode))
        raise StoreError(str(path), mode, "can be read by others, or is not yours", f"chmod 600 {path} if it is yours")
    return True


def one_per_desktop() -> Lock:
    """Return the lock that says that a tracker of this user listens to this desktop, whatever its folder is (T5).

    Two would count and picture the same work twice, for two contracts perhaps. So it is where every process of the user
    finds it, of a session, of cron or of a service: in `run` of the data folder, or below `_SPARE` where that cannot be
    locked, as on some disks of a network. Raises `StoreBusy` while there is such a tracker.
    """
    display = os.environ.get("DISPLAY", "").strip()
    name = f"tracker-{sha256(f'{_machine()} {_desktop(display)}'.encode()).hexdigest()[:16]}"
    what = f"display {display}" if display else "this desktop"
    folders = (data_folder() / "run", _SPARE / f"workdiary-{os.geteuid()}")
    errors: list[StoreError] = []
    for folder in folders:
        try:
            make_private_folder(folder)
            return Lock(folder, name=name, what=what)
        except StoreBusy:
            raise
        except StoreError as error:
            errors.append(error)
    first, second = errors
    raise StoreError(
        first.argument,
        first.value,
        f"{first.allowed}, and {second.argument} {second.allowed}: one of them has to hold the lock of {what}",
        "let it be a folder of yours alone (chmod 700), or have XDG_DATA_HOME name a data folder on a disk of its own",
    ) from first


def _desktop(display: str, platform: str = sys.platform) -> str:
    """Return what all names of one desktop have in common; those of two desktops differ.

    >>> [_desktop(name, "linux") for name in (":0", ":0.0", "unix:0.1", "localhost:0")]
    [':0', ':0', ':0', ':0']
    >>> [_desktop(name, "linux") for name in ("localhost:10.0", "studio:0", "")]
    ['localhost:10', 'studio:0', '']
    """
    if platform == "darwin":
        return ""  # it is that of the session, whether or not an X server runs in it as well
    found = _DISPLAY.fullmatch(display)
    if found is None:
        return display
    host, number = found["host"].lower(), int(found["number"])
    # What ssh forwards, from 10 on, is the desktop of another machine, though its name is of this one.
    itself = ("localhost", "127.0.0.1", "[::1]", os.uname().nodename.lower()) if number < _FORWARDED else ()
    return f":{number}" if host in ("", "unix", *itself) else f"{host}:{number}"


def _machine() -> str:
    """Return what names this machine, for those that share a data folder: each has a display :0 of its own."""
    with suppress(OSError, ValueError):
        return _MACHINE.read_text(encoding="ascii").strip()
    return ""


class Lock:
    """The lock of a folder, which the kernel releases however its holder ends: never a number in a file.

    `name` is that of its file; `what` is locked by it, as the error says. Raises `StoreBusy` while another process
    holds it.
    """

    def __init__(self, folder: Path, *, name: str = _LOCK, what: str | None = None) -> None:
        try:
            import fcntl  # POSIX alone, as the image files are
        except ImportError:
            remedy = "use Linux or macOS; --replay does with a folder there, too"
            raise StoreError(str(folder), NOTHING, "cannot be locked: this system is not POSIX", remedy) from None

        path = folder / name
        check_private_file(path)
        try:
            self._file = os.open(path, _NEW, 0o600)
        except OSError as error:
            linked = error.errno == errno.ELOOP
            why = "is a link" if linked else f"cannot be opened ({error.strerror})"
            raise StoreError(str(path), NOTHING, why, _AGAIN) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace")
            os.close(self._file)
            if not isinstance(error, BlockingIOError):
                raise StoreError(str(path), NOTHING, f"cannot be locked ({error.strerror})", _AGAIN) from error
            busy = f"is in use: a tracker runs here already (process {holder})"
            raise StoreBusy(what or str(folder), NOTHING, busy, "stop that one first") from None
        # For a person to read; on a disk that takes nothing the lock holds without a number.
        with suppress(OSError):
            os.fchmod(self._file, 0o600)
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def close(self) -> None:
        """Let go of it; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
