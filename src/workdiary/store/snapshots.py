"""`SnapshotFiles`: image files by their digest, in a folder of their own.

A snapshot with the SHA-256 ``ab12…`` is the file ``ab/ab12…``: what ``sha256sum`` says of it is its
name. No part of a name comes from a user. A file appears under its name only when all of it is on the
disk, and only then does the segment that shows it get recorded:

    write a file beside it │ fsync │ rename │ fsync of the folder │ the segment's entry

A crash at any of these leaves at most a file that no segment refers to, which `SnapshotFiles.sweep`
removes. Deleting goes the other way round: first the entry, then the file. POSIX only: no link is ever
followed, which takes folders opened by descriptor.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Final

from workdiary.errors import NOTHING, InvalidValue, StoreError

__all__ = ["LARGEST", "SnapshotFiles"]

LARGEST: Final = 64 * 1024 * 1024
"""The largest snapshot, in bytes."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SHARD: Final = re.compile(r"[0-9a-f]{2}")
_BESIDE: Final = re.compile(r"\.[0-9a-f]{16}\.tmp")

_PRIVATE_FOLDER: Final = 0o700
_PRIVATE_FILE: Final = 0o600

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: a pipe that somebody has put in the place of a file must not hold us up.
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_REPEAT: Final = "make room or repair the disk, then give the same snapshot again"


class SnapshotFiles:
    """The image files of the diaries that one journal keeps.

    `folder` is made when it is not there, for its owner alone (0700, its files 0600) whatever the
    umask is; one that others may enter is refused. `clock` gives the Unix second, for `sweep`. Nothing
    stays open between two calls, so it can be used by several threads, and after a fork.
    """

    def __init__(self, folder: str | Path, *, clock: Callable[[], float] = time) -> None:
        self.folder = Path(os.path.abspath(folder))  # noqa: PTH100 - Path.resolve would follow a link
        self._clock = clock
        self._lasting: set[str] = set()
        with self._told(self.folder):
            _make_folder(self.folder)
            with self._root() as root:
                found = os.fstat(root)
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise StoreError(
                str(self.folder),
                oct(stat.S_IMODE(found.st_mode)),
                "is a folder that others may enter or own",
                f"chmod 700 {self.folder} if it is yours, or name a new folder",
            )

    def put(self, data: bytes) -> str:
        """Keep `data` and return its SHA-256 as 64 hexadecimal digits.

        The file is on the disk, under its name, when this returns. The same data are one file. Raises
        `StoreError` when it could not be written, and then nothing is promised: give it again.
        """
        if not data or len(data) > LARGEST:
            raise InvalidValue("data", f"{len(data)} bytes", f"is not 1 to {LARGEST} bytes", "give one image")
        digest = sha256(data).hexdigest()
        with self._told(self._path(digest), _REPEAT), self._shard(digest, make=True) as shard:
            # Written anew even when it is there: that repairs an altered file, and it does not take the
            # word of somebody who crashed, or was told of an error, before the folder was on the disk.
            beside = f".{os.urandom(8).hex()}.tmp"
            try:
                _write(beside, data, shard)
                os.rename(beside, digest, src_dir_fd=shard, dst_dir_fd=shard)
            except BaseException:
                with suppress(OSError):
                    _unlink(beside, shard)
                raise
            os.fsync(shard)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the data with `digest`.

        Raises `StoreError`: "evidence missing" when there is no such file, "evidence altered" when it
        holds something else.
        """
        path = self._path(digest)
        lost = "mark the segment's snapshot as lost, or restore the file from a backup"
        with self._told(path):
            try:
                with self._shard(digest) as shard:
                    data = _read(digest, shard)
            except FileNotFoundError:
                raise StoreError(str(path), NOTHING, "evidence missing: there is no such file", lost) from None
        if sha256(data).hexdigest() != digest:
            raise StoreError(str(path), NOTHING, "evidence altered: its content is not what its name says", lost)
        return data

    def delete(self, digest: str) -> bool:
        """Remove the data with `digest` and return whether they were there.

        They are gone from the folder, on the disk too, when this returns. Ask only when no segment
        that is left refers to them.
        """
        with self._told(self._path(digest), "delete it again"):
            try:
                with self._shard(digest) as shard:
                    was_there = _unlink(digest, shard)
                    # Also when it was gone already: perhaps it is not gone from the disk yet.
                    os.fsync(shard)
            except FileNotFoundError:  # not even its shard
                return False
        return was_there

    def digests(self) -> Iterator[str]:
        """Yield the digest of every file here, in order, as its name says it: unchecked."""
        for shard, names in self._listing():
            yield from (name for name in names if _DIGEST.fullmatch(name) and name.startswith(shard))

    def sweep(self, keep: Collection[str], *, spare: int = 3600) -> tuple[str, ...]:
        """Remove what a crash has left: unfinished files, and those whose digest is not in `keep`.

        `keep` are the digests that live segments refer to. What was written in the last `spare` seconds
        stays, for the entry that refers to it may be under way. Names that are not ours stay too.
        Returns the removed names, in order. Raises `StoreError` at a link, and removes nothing behind it.
        """
        kept = {self._path(digest).name for digest in keep}  # checked first: a wrong list would remove everything
        removed: list[str] = []
        before = self._clock() - spare
        for shard, names in self._listing():
            ours = [n for n in names if _BESIDE.fullmatch(n) or (_DIGEST.fullmatch(n) and n.startswith(shard))]
            with self._told(self.folder / shard, "sweep again"), self._shard(shard) as folder:
                gone = [name for name in ours if name not in kept and self._is_old(shard, name, folder, before)]
                for name in gone:
                    _unlink(name, folder)
                if gone:
                    os.fsync(folder)
            removed.extend(f"{shard}/{name}" for name in gone)
        return tuple(removed)

    def _is_old(self, shard: str, name: str, folder: int, before: float) -> bool:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(str(self.folder / shard / name), NOTHING, "is a link, not a file", "remove it by hand")
        return found.st_mtime < before

    def _listing(self) -> Iterator[tuple[str, list[str]]]:
        with self._told(self.folder), self._root() as root:
            shards = [name for name in _names(root) if _SHARD.fullmatch(name)]
        for shard in shards:
            with self._told(self.folder / shard), self._shard(shard) as folder:
                names = _names(folder)
            yield shard, names

    def _path(self, digest: str) -> Path:
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise InvalidValue("digest", digest, "is not a digest", "give 64 hexadecimal digits in lower case")
        return self.folder / digest[:2] / digest

    @contextmanager
    def _root(self) -> Iterator[int]:
        with self._told(self.folder):  # a folder that is gone, such as a disk taken out, is no missing file
            root = os.open(self.folder, _FOLDER)
        try:
            yield root
        finally:
            os.close(root)

    @contextmanager
    def _shard(self, digest: str, *, make: bool = False) -> Iterator[int]:
        name = digest[:2]
        with self._root() as root:
            if make and (_make_private(name, root) or name not in self._lasting):
                # Whoever made it may have crashed before it was on the disk.
                os.fsync(root)
                self._lasting.add(name)
            shard = os.open(name, _FOLDER, dir_fd=root)
            try:
                yield shard
            finally:
                os.close(shard)

    @contextmanager
    def _told(self, path: Path, remedy: str = "check the folder and its permissions") -> Iterator[None]:
        """Turn what the system says into an error that names `path` and the way out."""
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            linked = error.errno in (errno.ELOOP, errno.ENOTDIR)
            why = "there is a link, or no folder, on the way" if linked else error.strerror or str(error)
            raise StoreError(str(path), NOTHING, f"cannot be read or written ({why})", remedy) from error


def _make_folder(folder: Path) -> None:
    """Make `folder` with what is missing above it, each for its owner alone and on the disk."""
    missing = []
    place = folder
    while not os.path.lexists(place):
        missing.append(place)
        place = place.parent
    for place in reversed(missing):
        above = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _make_private(place.name, above)
            os.fsync(above)
        finally:
            os.close(above)


def _make_private(name: str, above: int) -> bool:
    """Make the folder `name` in the open folder `above`, with exactly mode 0700; return whether it was missing."""
    try:
        os.mkdir(name, _PRIVATE_FOLDER, dir_fd=above)
        missing = True
    except FileExistsError:
        missing = False
    found = os.stat(name, dir_fd=above, follow_symlinks=False).st_mode
    # The umask may have taken bits, or a crash may have come in between.
    if stat.S_ISDIR(found) and stat.S_IMODE(found) != _PRIVATE_FOLDER:
        os.chmod(name, _PRIVATE_FOLDER, dir_fd=above)
    return missing


def _write(name: str, data: bytes, folder: int) -> None:
    """Write `data` to the new file `name` in the open `folder`, onto the disk."""
    file = os.open(name, _NEW, _PRIVATE_FILE, dir_fd=folder)
    try:
        os.fchmod(file, _PRIVATE_FILE)
        left = memoryview(data)
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    finally:
        os.close(file)


def _read(name: str, folder: int) -> bytes:
    """Return what is in the file `name` of the open `folder`: nothing if it is too large, or no file."""
    file = os.open(name, _READ, dir_fd=folder)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return b""
        parts = []
        left = found.st_size + 1  # one more than there should be, so that one that grew is not taken for whole
        while left and (part := os.read(file, left)):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
    finally:
        os.close(file)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as found:
        return sorted(entry.name for entry in found)


def _unlink(name: str, folder: int) -> bool:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True
