"""`PictureFiles`: image files by their digest, each with its thumbnail beside it.

The thumbnail of the snapshot ``ab/ab12…`` is ``ab/ab12….small``: it is found by the digest of its picture, and
has no digest that anything refers to. So the record names pictures alone, and whatever decides which of them
stay, `workdiary.diary.pictures` above all, need not know that there are thumbnails:

    put      thumbnail, then picture, then the segment's entry
    delete   the segment's entry, then thumbnail, then picture

A crash at any of these leaves a picture without its thumbnail, which can be made again, or a thumbnail without
its picture, which `PictureFiles.sweep` removes. A thumbnail is for looking at and is evidence of nothing: what
it shows is not checked when it is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from contextlib import suppress
from hashlib import sha256
from typing import Final

from workdiary.errors import InvalidValue
from workdiary.store.snapshots import _REPEAT, LARGEST, SnapshotFiles, _read, _unlink, _write

__all__ = ["LARGEST_THUMBNAIL", "PictureFiles"]

LARGEST_THUMBNAIL: Final = 1024 * 1024
"""The largest thumbnail, in bytes."""

_ENDING: Final = ".small"
_SMALL: Final = re.compile(r"[0-9a-f]{64}\.small")


class PictureFiles(SnapshotFiles):
    """The image files of the diaries that one journal keeps, with thumbnails.

    It is a `SnapshotFiles` of the same folder, and reads what that one has written: pictures without thumbnails.
    """

    def put(self, data: bytes, thumbnail: bytes | None = None) -> str:
        """Keep `data` with its `thumbnail` and return the SHA-256 of `data` as 64 hexadecimal digits.

        Both are on the disk when this returns. Without a thumbnail, one that is there already stays. Raises
        `InvalidValue` for one that is empty or too large, and `StoreError` as `SnapshotFiles.put` does.
        """
        if thumbnail is None:
            return super().put(data)
        if not thumbnail or len(thumbnail) > LARGEST_THUMBNAIL:
            what = f"is not 1 to {LARGEST_THUMBNAIL} bytes"
            raise InvalidValue("thumbnail", f"{len(thumbnail)} bytes", what, "make it smaller, or leave it out")
        if not data or len(data) > LARGEST:
            return super().put(data)  # which says so, before a thumbnail of nothing is written
        digest = sha256(data).hexdigest()
        with self._told(self._path(digest), _REPEAT), self._shard(digest, make=True) as shard:
            beside = f".{os.urandom(8).hex()}.tmp"
            try:
                _write(beside, thumbnail, shard)
                os.rename(beside, digest + _ENDING, src_dir_fd=shard, dst_dir_fd=shard)
            except BaseException:
                with suppress(OSError):
                    _unlink(beside, shard)
                raise
        # The picture's own fsync of the folder is that of the thumbnail's name, too.
        return super().put(data)

    def thumbnail(self, digest: str) -> bytes | None:
        """Return the thumbnail of the picture with `digest`, `None` when there is none, or none that can be one."""
        path = self._path(digest)
        with self._told(path):
            try:
                with self._shard(digest) as shard:
                    data = _read(digest + _ENDING, shard)
            except FileNotFoundError:
                return None
        return data if 0 < len(data) <= LARGEST_THUMBNAIL else None

    def delete(self, digest: str) -> bool:
        """Remove the picture with `digest` and its thumbnail, and return whether the picture was there.

        Both are gone from the folder, on the disk too, when this returns; the thumbnail goes first.
        """
        told = self._told(self._path(digest), "delete it again")
        with told, suppress(FileNotFoundError), self._shard(digest) as shard:
            _unlink(digest + _ENDING, shard)
        return super().delete(digest)

    def sweep(self, keep: Collection[str], *, spare: int = 3600) -> tuple[str, ...]:
        """Remove what a crash has left: as `SnapshotFiles.sweep` does, and each thumbnail without its picture.

        Returns the removed names, in order, the thumbnails after the pictures. A thumbnail that was written in the
        last `spare` seconds stays, for its picture may be under way.
        """
        removed = [*super().sweep(keep, spare=spare)]
        before = self._clock() - spare
        for shard, names in self._listing():
            pictures = set(names)
            lonely = [name for name in names if _SMALL.fullmatch(name) and name[: -len(_ENDING)] not in pictures]
            if not lonely:
                continue
            with self._told(self.folder / shard, "sweep again"), self._shard(shard) as folder:
                gone = [name for name in lonely if self._is_old(shard, name, folder, before)]
                for name in gone:
                    _unlink(name, folder)
                os.fsync(folder)
            removed.extend(f"{shard}/{name}" for name in gone)
        return tuple(removed)
