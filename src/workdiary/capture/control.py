"""The local socket by which a running tracker is told what to do: ``start``, ``stop``, ``switch``, ``memo`` ….

One line of JSON each way, on a socket that is its owner's alone (0600, in a folder of 0700); the other side must be
the same user, where the system says who it is::

    {"do": "start", "contract": "c-1", "memo": "Fix the login form"}   →   {"ok": true, …}
                                                                       ←   {"error": "…"}
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any, Final

from workdiary.errors import NOTHING, DocumentError, StoreError, WorkdiaryError

__all__ = ["NAME", "Server", "ask", "user_of"]

NAME: Final = "control"
"""The name of the socket, in the tracker's folder."""

LARGEST: Final = 64 * 1024
"""The longest request, in bytes."""

_ANSWER: Final = 64 * 1024 * 1024
"""The longest answer, in bytes: it may tell a month of waiting segments."""

_PATIENCE: Final = 1.0
"""How long the server waits for a request, and then for its answer to be taken, in seconds: each as a whole."""

_BACKLOG: Final = 128
"""How many may wait for their turn."""

_AT_ONCE: Final = 16
"""How many are heard at once. Those beyond them wait for a place: who is silent gives his up in a second."""

_BUSY: Final = f"this tracker hears {_AT_ONCE} at once, and all of them wait for the diary: ask again"

_REST: Final = 0.2
"""How long the server waits when it can accept nobody, in seconds, so that it does not run in circles."""

_PATH_LENGTH: Final = 100
"""The longest path of a socket that every system takes, in bytes."""

Answerer = Callable[[dict[str, Any]], dict[str, Any]]


class Server:
    """The tracker's side: answers with what `answer` returns for a request, in threads of its own.

    `answer` is called for several requests at once, so that one that waits for the diary holds up no other; what it
    raises of this library's errors is said to the other side.
    Only the holder of the folder's lock makes one, so a socket that is there already is that of a killed tracker.
    """

    def __init__(self, folder: Path, answer: Answerer) -> None:
        self._folder, self._answer = folder, answer
        self._stop_reader, self._stop_writer = socket.socketpair()
        self._open: dict[socket.socket, threading.Thread | None] = {}
        self._places = threading.Semaphore(_AT_ONCE)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._is_bound = self._is_begun = False
        try:
            _remove_stale(folder / NAME)
            with _reachable(folder) as place:
                self._socket.bind(place)
            self._is_bound = True
            (folder / NAME).chmod(0o600)
            self._socket.listen(_BACKLOG)
        except OSError as error:
            self.close()
            if isinstance(error, StoreError):
                raise
            why = error.strerror or str(error)
            raise StoreError(str(folder / NAME), NOTHING, f"cannot be made ({why})", "name another folder") from error
        self._thread = threading.Thread(target=self._serve, name="workdiary-control", daemon=True)

    def begin(self) -> None:
        """Begin to answer."""
        self._is_begun = True
        self._thread.start()

    def close(self) -> bool:
        """Stop, and remove the socket; a second call does nothing. Return whether nothing is being answered any more.

        What is being answered is waited for, for two seconds in all.
        """
        if self._socket.fileno() < 0:
            return self._is_quiet
        with suppress(OSError):
            self._stop_writer.send(b".")
        # One deadline for all: whatever number of them hangs, the tracker ends.
        until = monotonic() + _PATIENCE * 2
        if self._is_begun:
            self._thread.join(_PATIENCE * 2)
        guests = [*self._open.items()]
        for other, _ in guests:
            # Whoever is talking, or silent, is heard no longer; what is being answered still is.
            with suppress(OSError):
                other.shutdown(socket.SHUT_RD)
        for _, thread in guests:
            if thread is not None:
                thread.join(max(until - monotonic(), 0.0))
        for one in (self._socket, self._stop_reader, self._stop_writer):
            one.close()
        if self._is_bound:
            with suppress(OSError):
                (self._folder / NAME).unlink()
        return self._is_quiet

    @property
    def _is_quiet(self) -> bool:
        return not self._open and not (self._is_begun and self._thread.is_alive())

    def _serve(self) -> None:
        from select import select

        while True:
            try:
                ready, _, _ = select([self._socket, self._stop_reader], [], [])
            except (OSError, ValueError):  # closed already: nobody has waited for this thread any longer
                return
            if self._stop_reader in ready:
                return
            try:
                other, _ = self._socket.accept()
            except OSError:  # gone again, or no descriptor is free: a later one may be luckier
                select([self._stop_reader], [], [], _REST)
                continue
            self._receive(other)

    def _receive(self, other: socket.socket) -> None:
        """Hear `other` in a thread of its own, or in this one where none is to be had (F10)."""
        if not self._places.acquire(timeout=_PATIENCE * 1.5):
            # All hang in the diary. Whoever waited here, too, would take the socket from those who need no diary.
            with other, suppress(OSError):
                other.settimeout(_PATIENCE)
                other.sendall(json.dumps({"error": _BUSY}).encode() + b"\n")
            return
        thread = threading.Thread(target=self._converse, args=(other,), name="workdiary-guest", daemon=True)
        self._open[other] = thread
        try:
            thread.start()
        except RuntimeError:
            self._open[other] = None
            self._converse(other)

    def _converse(self, other: socket.socket) -> None:
        # Nobody who is slow, or says nonsense, holds up the others or ends the thread.
        try:
            with other, suppress(OSError):
                said = self._said(other)
                other.settimeout(_PATIENCE)
                other.sendall(json.dumps(said).encode() + b"\n")
        finally:
            self._open.pop(other, None)
            self._places.release()

    def _said(self, other: socket.socket) -> dict[str, Any]:
        user = user_of(other)
        if user is not None and user != os.geteuid():
            return {"error": "this tracker is another user's"}
        try:
            request = _object(_line(other, within=_PATIENCE))
            return {"ok": True, **self._answer(request)}
        except WorkdiaryError as error:
            return {"error": str(error)}
        except OSError:
            raise
        except Exception as error:  # a fault of ours is said, and the next request is answered
            return {"error": f"this went wrong inside the tracker: {type(error).__name__}: {error}"}


def ask(folder: Path, request: dict[str, Any], *, timeout: float = 10.0) -> dict[str, Any]:
    """Ask the tracker that runs in `folder`, and return what it answers.

    Raises `StoreError` when none runs there, or it does not answer within `timeout` seconds, and `DocumentError`
    with its own words when it refuses.
    """
    path = folder / NAME
    try:
        found = path.lstat()
        if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
            raise StoreError(str(path), NOTHING, "is no socket of yours", "find out who put it there")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.settimeout(timeout)
            with _reachable(folder) as place:
                other.connect(place)
            if user_of(other) not in (None, os.geteuid()):
                raise StoreError(str(path), NOTHING, "is another user's tracker", "find out who put it there")
            other.sendall(json.dumps(request).encode() + b"\n")
            answer = _object(_line(other, longest=_ANSWER, within=timeout))
    except (FileNotFoundError, ConnectionRefusedError):
        remedy = "start one: python -m workdiary.capture"
        raise StoreError(str(folder), NOTHING, "has no running tracker", remedy) from None
    except StoreError:
        raise
    except OSError as error:
        why = str(error) or type(error).__name__
        raise StoreError(str(path), NOTHING, f"does not answer ({why})", "see whether it still runs") from error
    if "error" in answer:
        raise DocumentError("", NOTHING, str(answer["error"]))
    return answer


def user_of(other: socket.socket) -> int | None:
    """Return the number of the user at the other end, `None` where the system does not say."""
    linux = getattr(socket, "SO_PEERCRED", None)
    if linux is not None:
        found = other.getsockopt(socket.SOL_SOCKET, linux, struct.calcsize("3i"))
        return int(struct.unpack("3i", found)[1])
    peer = getattr(socket, "LOCAL_PEERCRED", None)
    if peer is None:
        return None
    # struct xucred: the version, the user, the number of groups, and the groups.
    found = other.getsockopt(0, peer, 76)
    return int(struct.unpack_from("iI", found)[1])


def _remove_stale(path: Path) -> None:
    with suppress(FileNotFoundError):
        found = path.lstat()
        if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
            raise StoreError(str(path), NOTHING, "is no socket of yours", "remove it, or find out who put it there")
        path.unlink()


@contextmanager
def _reachable(folder: Path) -> Iterator[str]:
    """Yield a path to the socket in `folder` that is short enough for the system."""
    path = str(folder / NAME)
    if len(os.fsencode(path)) <= _PATH_LENGTH:
        yield path
        return
    if not Path("/proc/self/fd").is_dir():
        raise StoreError(path, NOTHING, f"is longer than the {_PATH_LENGTH} bytes of a socket", "name another folder")
    above = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{above}/{NAME}"
    finally:
        os.close(above)


def _line(other: socket.socket, *, longest: int = LARGEST, within: float) -> bytes:
    """Return the first line of what the other side sends `within` so many seconds; nothing if it is too long, or none.

    Raises `TimeoutError` when it does not end by then, however steadily it drips.
    """
    heard = bytearray()
    until = monotonic() + within
    while len(heard) <= longest:
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError("no whole line in time")
        other.settimeout(left)
        part = other.recv(65_536)
        heard += part
        if not part or b"\n" in part:
            break
    line, end, _ = bytes(heard).partition(b"\n")
    return line if end and len(line) <= longest else b""


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DocumentError("request", NOTHING, "is not one line with a JSON object", 'such as {"do": "status"}')
    return found
