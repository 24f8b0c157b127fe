"""Files: read to a limit, and written whole or not at all; every error names the path."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from workdiary.errors import NOTHING, DocumentError

__all__ = ["LARGEST", "read_bytes", "write_bytes"]

LARGEST = 64 * 1024 * 1024
"""The largest document that is read, in bytes."""


def read_bytes(path: str | Path) -> bytes:
    """Return what is in the file at `path`, which may be a pipe.

    Raises `DocumentError`, naming the file, when it cannot be read or is larger than `LARGEST`. A huge
    file costs nothing, and one that never ends no more than the limit.
    """
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            data = b"" if size > LARGEST else file.read(LARGEST + 1)
    except (OSError, ValueError) as error:  # a path with a NUL is no OSError
        raise DocumentError(str(path), NOTHING, f"cannot be read ({_why(error)})", "check the path") from None
    if max(size, len(data)) > LARGEST:
        # What a pipe or a device holds is known only when it is read.
        given = f"{size} bytes" if size > LARGEST else f"more than {LARGEST} bytes"
        raise DocumentError(str(path), given, f"is over the limit of {LARGEST}", "split it by year")
    return data


def write_bytes(path: str | Path, data: bytes) -> None:
    """Write `data` to the file at `path`, in the place of what was there.

    A file is replaced when all of `data` is on the disk: should that fail, it stays as it was. It keeps
    its permissions, and a link goes on pointing to it. What is no regular file, such as a pipe, is
    written in place. Raises `DocumentError`, naming the file, when it cannot be written.
    """
    try:
        target = Path(os.path.realpath(path))  # unlike Path.resolve, says nothing of links in a circle
        mode = _mode(target)
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(data)
        else:
            _replace(target, data, mode)
    except (OSError, ValueError) as error:
        raise DocumentError(str(path), NOTHING, f"cannot be written ({_why(error)})", "check the path") from None


def _mode(target: Path) -> int | None:
    try:
        return target.stat().st_mode
    except FileNotFoundError:
        return None


def _replace(target: Path, data: bytes, mode: int | None) -> None:
    # Beside the target, for only within one file system is a file replaced in one step.
    beside = target.with_name(f".workdiary-{os.urandom(8).hex()}.tmp")
    with beside.open("xb") as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if mode is not None:
                beside.chmod(stat.S_IMODE(mode))
            file.close()  # some systems replace no file that is open
            beside.replace(target)
        except BaseException:
            file.close()
            beside.unlink(missing_ok=True)
            raise


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
