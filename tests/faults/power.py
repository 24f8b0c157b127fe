"""Power cuts, worked out: every state that a disk may be in after one, by strict POSIX.

The shim writes down what the real store does with its files, byte by byte, with the acknowledgements
in between. That is the real schema, the real statements and the real SQLite, and also what happens
outside of SQLite when a database is made; a virtual file system inside of SQLite would see less, and
would be another SQLite than the one that is used.

From the record, for every place where the power may go:

    bytes that were synced are there; of all others each write is there, or not, or torn at 512 bytes
    names that were synced (fsync of the folder) are there; every later create, link, rename and unlink
    has happened or not, each by itself

Recording is done once; a state costs one look at a small database.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

import attrs

__all__ = ["Disk", "Operation", "State", "killed_states", "lay_out", "marks", "read_record", "states"]

_HEAD: Final = struct.Struct("=c3xIqQ")
_SECTOR: Final = 512


@attrs.frozen(kw_only=True)
class Operation:
    """One thing that was done.

    `letter` says what: Create, make a folder (D), Write, truncate (X), Sync, a failed sync (E),
    Unlink, Rename, Link, or a Mark.

    `path` is relative to the folder, which itself is `"."`; a mark's is the id that was acknowledged.
    `number` is an offset or a size, `data` the bytes, or the second path.
    """

    letter: str
    path: str
    number: int
    data: bytes

    @property
    def target(self) -> str:
        """The second path."""
        return self.data.decode()


def read_record(path: Path, folder: Path) -> tuple[Operation, ...]:
    """Return what the shim wrote down at `path` of the files in `folder`, in order."""
    data = path.read_bytes()
    found = []
    place = 0
    while place < len(data):
        letter, length, number, size = _HEAD.unpack_from(data, place)
        place += _HEAD.size
        name = data[place : place + length].decode()
        place += length
        content = data[place : place + size]
        place += size
        if letter != b"M":
            name = os.path.relpath(name, folder)
        if letter in b"RL":
            content = os.path.relpath(content.decode(), folder).encode()
        found.append(Operation(letter=letter.decode(), path=name, number=number, data=content))
    return tuple(found)


class _File:
    """What one file holds for sure, and what was done to it since it was last synced."""

    def __init__(self, content: bytes = b"", *, is_folder: bool = False) -> None:
        self.is_folder = is_folder
        self.content = bytearray(content)
        self.since: list[Operation] = []

    def whole(self) -> bytes:
        """Return what it holds when everything was done."""
        content = bytearray(self.content)
        for operation in self.since:
            _do(content, operation)
        return bytes(content)

    def by_chance(self, chance: Random) -> bytes:
        """Return what it may hold after a power cut."""
        content = bytearray(self.content)
        for operation in self.since:
            lot = chance.random()
            if lot < 0.4:
                _do(content, operation)
            elif lot < 0.6:
                _do_torn(content, operation, chance)
        return bytes(content)


def _do(content: bytearray, operation: Operation) -> None:
    if operation.letter == "X":
        del content[operation.number :]
        content.extend(bytes(operation.number - len(content)))
        return
    end = operation.number + len(operation.data)
    content.extend(bytes(max(0, end - len(content))))
    content[operation.number : end] = operation.data


def _do_torn(content: bytearray, operation: Operation, chance: Random) -> None:
    """Do some sectors of a write; a truncation is done whole."""
    if operation.letter == "X":
        _do(content, operation)
        return
    for start in range(0, len(operation.data), _SECTOR):
        if chance.random() < 0.5:
            part = operation.data[start : start + _SECTOR]
            _do(content, attrs.evolve(operation, number=operation.number + start, data=part))


class Disk:
    """A folder as a strict file system has it while operations are done, one after another.

    With `lies`, syncing does nothing: a disk that says done and is not (F19).
    """

    def __init__(self, files: Mapping[str, bytes] | None = None, *, lies: bool = False) -> None:
        self.names = {name: _File(content) for name, content in (files or {}).items()}
        self.names["."] = _File(is_folder=True)
        self.synced = dict(self.names)
        self.since: list[tuple[Operation, _File | None]] = []
        self._lies = lies

    def do(self, operation: Operation) -> None:
        """Do the next operation."""
        letter, path = operation.letter, operation.path
        if letter == "S" and self._lies:
            return
        if letter == "S":
            file = self.names.get(path, _File())
            if file.is_folder:
                self._sync_names(path)
            else:
                file.content[:] = file.whole()
                file.since.clear()
        elif letter == "E":
            # What was not flushed is given up by the system: a later fsync that succeeds says nothing of it.
            if path in self.names:
                self.names[path].since.clear()
        elif letter in "WX":
            if path in self.names:  # or of a file that has no name any more
                self.names[path].since.append(operation)
        elif letter != "M":
            self.since.append((operation, _File(is_folder=letter == "D") if letter in "CD" else None))
            _name(self.names, *self.since[-1])

    def _sync_names(self, folder: str) -> None:
        """Have the names in `folder` on the disk."""
        left = []
        for operation, file in self.since:
            if _above(operation.path) == folder:
                _name(self.synced, operation, file)
            else:
                left.append((operation, file))
        self.since = left

    def killed(self) -> dict[str, bytes]:
        """Return the files as they are when only the process ends."""
        return {name: file.whole() for name, file in self.names.items() if not file.is_folder}

    def cut(self, chance: Random) -> dict[str, bytes]:
        """Return the files as they may be when the power goes."""
        names = dict(self.synced)
        for operation, file in self.since:
            if chance.random() < 0.5:
                _name(names, operation, file)
        content: dict[int, bytes] = {}
        for file in names.values():  # two names of one file see the same
            if id(file) not in content:
                content[id(file)] = file.by_chance(chance)
        return {
            name: content[id(file)] for name, file in names.items() if not file.is_folder and _is_reached(name, names)
        }

    @property
    def is_certain(self) -> bool:
        """Whether a power cut can leave only one state."""
        return not self.since and not any(file.since for file in self.names.values())


def _above(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _is_reached(path: str, names: Mapping[str, _File]) -> bool:
    """Return whether every folder above `path` is there."""
    while path != ".":
        path = _above(path)
        if path not in names:
            return False
    return True


def _name(names: dict[str, _File], operation: Operation, made: _File | None) -> None:
    """Do what an operation does to names, as far as what it is about is there."""
    if operation.letter in "CD":
        assert made is not None
        names[operation.path] = made
    elif operation.letter == "U":
        names.pop(operation.path, None)
    elif operation.path in names:
        file = names[operation.path] if operation.letter == "L" else names.pop(operation.path)
        names[operation.target] = file


@attrs.frozen(kw_only=True)
class State:
    """What may be on the disk after `done` operations: its files, and how many ids were acknowledged by then."""

    done: int
    files: Mapping[str, bytes]
    acknowledged: int

    @property
    def digest(self) -> bytes:
        """A digest of the files, to know a state again."""
        whole = sha256()
        for name, content in sorted(self.files.items()):
            whole.update(f"{name} {len(content)}\n".encode())
            whole.update(content)
        return whole.digest()


def states(
    record: Sequence[Operation],
    outcomes: int,
    *,
    seed: int = 0,
    files: Mapping[str, bytes] | None = None,
    lies: bool = False,
) -> Iterator[State]:
    """Yield, for the place after each operation of `record`, `outcomes` states that a power cut may leave.

    A place that leaves nothing to chance yields one. `files` are those that were there before.
    """
    disk = Disk(files, lies=lies)
    acknowledged = 0
    for done, operation in enumerate(record, 1):
        disk.do(operation)
        acknowledged += operation.letter == "M"
        for n in range(1 if disk.is_certain else outcomes):
            yield State(
                done=done,
                files=disk.cut(Random(f"{seed}/{done}/{n}")),  # noqa: S311 - no secret
                acknowledged=acknowledged,
            )


def killed_states(record: Sequence[Operation], *, files: Mapping[str, bytes] | None = None) -> Iterator[State]:
    """Yield the state after each operation of `record` when only the process ends there."""
    disk = Disk(files)
    acknowledged = 0
    for done, operation in enumerate(record, 1):
        disk.do(operation)
        acknowledged += operation.letter == "M"
        yield State(done=done, files=disk.killed(), acknowledged=acknowledged)


def marks(record: Sequence[Operation]) -> tuple[str, ...]:
    """Return the ids that were acknowledged, in order."""
    return tuple(operation.path for operation in record if operation.letter == "M")


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Have exactly `files` in `folder`, each for its owner alone, and so the folders that they are in."""
    for old in folder.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink()
    for name, content in files.items():
        path = folder / name
        if path.parent != folder:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for above in path.relative_to(folder).parents[:-1]:
                (folder / above).chmod(0o700)
        path.touch(mode=0o600)
        path.write_bytes(content)
