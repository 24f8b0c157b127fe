"""The folder of image files that ``--snapshots`` names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workdiary.errors import InvalidValue

if TYPE_CHECKING:
    from workdiary.store.thumbnails import PictureFiles

__all__ = ["image_files"]


def image_files(folder: str) -> PictureFiles:
    """Return the image files in `folder`, which must be there: a mistyped one would be made, and be empty."""
    if not Path(folder).is_dir():
        raise InvalidValue("--snapshots", folder, "is not a folder", "name the one that the image files are in")
    from workdiary.store.thumbnails import PictureFiles  # on POSIX alone; a deletion without images works anywhere

    return PictureFiles(folder)
