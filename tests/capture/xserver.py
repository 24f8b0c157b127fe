"""A real X server of a test's own: Xvfb on a free display, which can be killed and started again."""

from __future__ import annotations

import os
import secrets
import select
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

from tests.require import skip_or_fail

__all__ = ["XServer", "need_pynput", "until", "xdotool", "xserver", "xservers"]

PATIENCE = 90.0
"""Seconds until a test gives up waiting: far more than anything here takes, even on a busy machine."""


def until(condition: Callable[[], object], what: str = "what the test waits for", seconds: float = PATIENCE) -> None:
    """Return as soon as `condition()` is true; fail when it is not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not happen within {seconds:g} s")
        select.select([], [], [], 0.005)


def xdotool(*arguments: str) -> str:
    """Run xdotool on the test's display and return what it prints."""
    if shutil.which("xdotool") is None:
        skip_or_fail("xdotool is not installed")
    done = subprocess.run(["xdotool", *arguments], check=True, capture_output=True, text=True, timeout=120)
    return done.stdout


_NUMBERS = count()


def need_pynput() -> None:
    """Skip the running test where pynput is missing: on Linux it takes a compiler, and is only compared with."""
    if find_spec("pynput") is None:
        skip_or_fail("pynput is not installed")


class XServer:
    """An Xvfb: `display` is its name, ``":17"``. `kill` ends it as a crash would, `start` brings it back there."""

    def __init__(self, folder: Path, screens: tuple[str, ...] = ("1280x800x24",), options: tuple[str, ...] = ()):
        self.screens = screens
        self.options = options
        self.display = ""
        self.folder = folder
        self.authority = folder / "Xauthority"
        self._cookie = secrets.token_bytes(16)
        self._allow("")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The id of the running server."""
        return None if self._process is None else self._process.pid

    @property
    def env(self) -> dict[str, str]:
        """The environment of a program that is to use this server."""
        return {**os.environ, "DISPLAY": self.display, "XAUTHORITY": str(self.authority)}

    def start(self) -> None:
        """Start the server, on the same display as before if there was one, and wait until it takes clients."""
        assert self._process is None, "the server runs already"
        if shutil.which("Xvfb") is None:
            skip_or_fail("Xvfb is not installed")
        # A number of this process's own, which nobody takes while the server is down.
        self.display = self.display or f":{1000 + os.getpid() % 3000 * 16 + next(_NUMBERS) % 16}"
        reading, writing = os.pipe()
        command = ["Xvfb", self.display, "-displayfd", str(writing)]
        command += ["-nolisten", "tcp", "-noreset", "-auth", str(self.authority), *self.options]
        for number, screen in enumerate(self.screens):
            command += ["-screen", str(number), screen]
        try:
            with (self.folder / "Xvfb.log").open("ab") as log:
                self._process = subprocess.Popen(
                    command, pass_fds=[writing], stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
        finally:
            os.close(writing)
        try:
            self.display = f":{int(_line(reading))}"
        except ValueError:
            self.kill()
            pytest.fail(f"Xvfb did not start: {(self.folder / 'Xvfb.log').read_text(errors='replace')[-500:]}")
        finally:
            os.close(reading)
        self._allow(self.display[1:])

    def kill(self) -> None:
        """End the server at once (SIGKILL), as a crash would; does nothing when it does not run."""
        self._end(subprocess.Popen.kill)

    def stop(self) -> None:
        """Ask the server to end (SIGTERM) and wait for it; does nothing when it does not run."""
        self._end(subprocess.Popen.terminate)

    def _allow(self, number: str) -> None:
        # Who reads this file may use the server: one entry of the X authority format, for this host.
        local = 256
        fields = (socket.gethostname().encode(), number.encode(), b"MIT-MAGIC-COOKIE-1", self._cookie)
        entry = struct.pack(">H", local) + b"".join(struct.pack(">H", len(field)) + field for field in fields)
        self.authority.write_bytes(entry)
        self.authority.chmod(0o600)

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        how(process)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        # A killed server leaves its lock, which names a process that is no more; the next one removes it.


def _line(descriptor: int) -> str:
    """Return the line that the server writes when it is ready, or what came until it closed or time was up."""
    got = b""
    end = time.monotonic() + PATIENCE
    while not got.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
        more = os.read(descriptor, 64) if ready else b""
        if not more:
            break
        got += more
    return got.decode()


@pytest.fixture
def xservers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., XServer]]:
    """Start servers: ``xservers("1280x800x24", "800x600x24", options=("+xinerama",))`` returns a running one.

    DISPLAY and XAUTHORITY name the newest of them until the test is over, when all of them are ended.
    """
    servers: list[XServer] = []

    def make(*screens: str, options: tuple[str, ...] = ()) -> XServer:
        folder = tmp_path / f"x{len(servers)}"
        folder.mkdir()
        server = XServer(folder, screens or ("1280x800x24",), options)
        servers.append(server)
        server.start()
        monkeypatch.setenv("DISPLAY", server.display)
        monkeypatch.setenv("XAUTHORITY", str(server.authority))
        for session in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_SESSION_ID"):
            monkeypatch.delenv(session, raising=False)
        return server

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def xserver(xservers: Callable[..., XServer]) -> XServer:
    """A running server with one screen of 1280×800 pixels; DISPLAY names it until the test is over."""
    return xservers()
