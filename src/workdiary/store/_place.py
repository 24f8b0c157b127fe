"""The file of an SQLite journal, before SQLite touches it: what may be there, and how it is made.

Everything is asked by name and descriptor here, and nothing opens the database file while a connection
of this process has it: closing any descriptor of a file drops the locks that SQLite holds on it.
"""

from __future__ import annotations

import glob
import os
import re
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from workdiary.errors import NOTHING, StoreError

__all__ = [
    "Place",
    "check_beside",
    "check_file",
    "check_file_system",
    "check_writable",
    "discard",
    "file_system",
    "flush",
    "install",
    "make_file",
    "place_of",
]

_NETWORK: Final = re.compile(
    r"nfs\d*|cifs|smb\d*|smbfs|ncpfs|afs|coda|ceph|9p|lustre|glusterfs|gpfs|beegfs|orangefs|pvfs2|davfs|webdav"
    r"|fuse|fuseblk|fuse\..*"
)
"""The file systems whose locks or flushes are not to be trusted: of a network, or written by anybody."""

_RESTORE: Final = "restore a backup that verifies, or give another path"


class Place(NamedTuple):
    """A database file as the system knows it: its absolute path, and the device and number of what is there."""

    path: Path
    device: int
    inode: int


def place_of(path: Path) -> Place | None:
    """Return the file at `path`, or `None` when nothing is there; raises `StoreError` for what is no file."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # a path with a NUL is no OSError
        raise StoreError(str(path), NOTHING, f"cannot be reached ({_why(error)})", "check the path") from None
    for is_kind, kind in _KINDS:
        if is_kind(found.st_mode):
            raise StoreError(str(path), NOTHING, f"is {kind}, not a file", "give the path of the database itself")
    if found.st_nlink > 1 and not _finished(path, found):
        allowed = f"has {found.st_nlink} names (hard links), and SQLite's journal has only one"
        raise StoreError(str(path), NOTHING, allowed, "remove the other names, or give another path")
    return Place(path, found.st_dev, found.st_ino)


def _finished(path: Path, found: os.stat_result) -> bool:
    """Finish an `install` that was stopped between its two names; return whether the file has one name now."""
    for beside in path.parent.glob(f".{glob.escape(path.name)}-*.new"):
        with suppress(OSError):
            if os.path.samestat(beside.lstat(), found):
                beside.unlink(missing_ok=True)
    with suppress(OSError):
        return path.lstat().st_nlink == 1
    return False


_KINDS: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


def check_file(place: Place) -> None:
    """Raise `StoreError` for a file that is empty: one of ours never is, for it is put in place whole."""
    if place.path.stat().st_size == 0:
        raise StoreError(str(place.path), NOTHING, "is empty: no database, or one that was cut off", _RESTORE)


def check_beside(path: Path) -> None:
    """Raise `StoreError` when what SQLite would open beside the database at `path` is no file: a pipe would hang it."""
    for suffix in ("-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            if not stat.S_ISREG(Path(f"{path}{suffix}").lstat().st_mode):
                raise StoreError(f"{path}{suffix}", NOTHING, "is there, and is not a file", "find out who put it there")


def check_writable(path: Path) -> None:
    """Raise `StoreError` when `path` or its folder cannot be written: SQLite keeps its journal beside it."""
    folder = path.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(str(folder), NOTHING, "is a folder that cannot be written", "allow it, or give another path")
    if os.path.lexists(path) and not os.access(path, os.R_OK | os.W_OK):
        raise StoreError(str(path), NOTHING, "cannot be written", "make it writable for this user, or restore a copy")


def check_file_system(path: Path) -> None:
    """Raise `StoreError` when `path` lies on a network file system, or on one that a program serves (FUSE)."""
    kind = file_system(path)
    if _NETWORK.fullmatch(kind):
        raise StoreError(
            str(path),
            NOTHING,
            f"lies on {kind}, where locks and flushes are not to be trusted",
            "give a path on a local disk, use PostgreSQL, or force it (force_network=True) at the risk of the diary",
        )


def file_system(path: Path, mounts: str | None = None) -> str:
    """Return the kind of file system that `path` lies on, such as ``ext4``; blank where the system does not tell.

    `mounts` is what Linux says in ``/proc/self/mountinfo``.
    """
    if mounts is None:
        if sys.platform == "win32":
            return "smb" if str(path).startswith(("\\\\", "//")) else ""
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
    folder = Path(os.path.realpath(path.parent))
    best, kind = -1, ""
    for line in mounts.splitlines():
        # "36 35 98:0 /root /mount/point options … - ext4 /dev/sda options"
        fields, _, rest = line.partition(" - ")
        if not rest or len(fields.split(" ")) < 5:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields.split(" ")[4]))
        # The innermost, and of several on one point the last: it covers the others.
        if (folder == point or point in folder.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), rest.split(" ")[0]
    return kind


def make_file(path: Path) -> Path:
    """Return a new empty file beside `path`, 0600 under any umask, in a folder that is made 0700 when missing.

    The database is built in there, and put in its place whole by `install`.
    """
    for left_over in ("-journal", "-wal"):
        if os.path.lexists(f"{path}{left_over}"):
            raise StoreError(
                f"{path}{left_over}",
                NOTHING,
                "is there without its database, which was moved or deleted",
                "put the database back beside it; a new one would be spoilt by it",
            )
    beside = path.with_name(f".{path.name}-{os.urandom(8).hex()}.new")
    try:
        _make_folder(path.parent)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        file = os.open(beside, flags, 0o600)
        try:
            if hasattr(os, "fchmod"):
                os.fchmod(file, 0o600)
            os.fsync(file)
        finally:
            os.close(file)
    except (OSError, ValueError) as error:
        discard(beside)
        remedy = "check the path, its permissions and the space on the disk"
        raise StoreError(str(path), NOTHING, f"cannot be created ({_why(error)})", remedy) from None
    return beside


def install(beside: Path, path: Path) -> bool:
    """Put the finished file `beside` at `path`, never over another; return whether nothing was there.

    Both names are on the disk when this returns.
    """
    try:
        flush(beside)
        try:
            os.link(beside, path, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError:
            # A file system without hard links: the name may be taken meanwhile only by who races us.
            if os.path.lexists(path):
                return False
            beside.rename(path)
        flush(path.parent)
    except OSError as error:
        remedy = "check the path, its permissions and the space on the disk"
        raise StoreError(str(path), NOTHING, f"cannot be created ({_why(error)})", remedy) from None
    finally:
        discard(beside)  # should that fail, who opens the file finishes it
    return True


def discard(beside: Path) -> None:
    """Remove what `make_file` made, and what SQLite put beside it, as far as the disk allows."""
    for left_over in ("", "-journal"):
        with suppress(OSError, ValueError):
            Path(f"{beside}{left_over}").unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(mode=0o700, exist_ok=True)
        new.chmod(0o700)
        flush(new.parent)


def flush(path: Path) -> None:
    """Have what is at `path`, a file without a connection or a folder, on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # it opens no folders
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
