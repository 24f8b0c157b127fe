"""A desktop of the benchmarks' own: an X server without a screen, a picture on it, and light work by XTEST."""

from __future__ import annotations

import importlib
import os
import secrets
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from PIL import Image, ImageDraw

__all__ = ["HEIGHT", "WIDTH", "Desktop", "desktop"]

WIDTH: Final = 1920
HEIGHT: Final = 1080

_display: Any = importlib.import_module("Xlib.display")
_protocol: Any = importlib.import_module("Xlib.X")
_xtest: Any = importlib.import_module("Xlib.ext.xtest")

_VARIABLES: Final = ("DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_SESSION_ID")
_LOCAL: Final = 256
_WORDS: Final = (
    "def",
    "index",
    "of",
    "the",
    "old",
    "mapping",
    "return",
    "None",
    "if",
    "not",
    "entry",
    "digest",
    "week",
)


class Desktop:
    """One running server; `change` makes its picture another one, `work` types and clicks in a thread."""

    def __init__(self, name: str) -> None:
        self._display = _display.Display(name)
        screen = self._display.screen()
        self._window = screen.root.create_window(0, 0, WIDTH, HEIGHT, 0, screen.root_depth, override_redirect=True)
        self._pen = self._window.create_gc()
        self._window.map()
        self._window.put_pil_image(self._pen, 0, 0, _picture())
        self._display.sync()
        self._number = 0

    def change(self) -> None:
        """Draw something small that was not there before."""
        self._number += 1
        self._pen.change(foreground=self._number * 7919 & 0xFFFFFF)
        self._window.fill_rectangle(self._pen, 40, 40, 60, 20)
        self._display.sync()

    def close(self) -> None:
        """Leave the server."""
        self._display.close()

    @contextmanager
    def work(self) -> Iterator[None]:
        """Press four keys a second and click now and then, for a block."""
        stop = threading.Event()
        thread = threading.Thread(target=self._work, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _work(self, stop: threading.Event) -> None:
        code = self._display.keysym_to_keycode(ord("a"))
        n = 0
        while not stop.wait(0.25):
            n += 1
            self._press(_protocol.KeyPress, _protocol.KeyRelease, code)
            if n % 8 == 0:
                _xtest.fake_input(self._display, _protocol.MotionNotify, x=n * 13 % WIDTH, y=n * 7 % HEIGHT)
                self._press(_protocol.ButtonPress, _protocol.ButtonRelease, 1)
            self._display.sync()

    def _press(self, down: int, up: int, which: int) -> None:
        _xtest.fake_input(self._display, down, which)
        _xtest.fake_input(self._display, up, which)


@contextmanager
def desktop(folder: Path) -> Iterator[Desktop]:
    """Run an Xvfb of 1920×1080 for a block, with DISPLAY naming it; its files are in `folder`."""
    authority = folder / "Xauthority"
    cookie = secrets.token_bytes(16)
    _allow(authority, b"", cookie)
    reading, writing = os.pipe()
    before = {name: os.environ.pop(name, None) for name in _VARIABLES}
    program = shutil.which("Xvfb") or "Xvfb"
    command = [program, "-displayfd", str(writing), "-nolisten", "tcp", "-noreset", "-auth", str(authority)]
    server = subprocess.Popen(
        [*command, "-screen", "0", f"{WIDTH}x{HEIGHT}x24"],
        pass_fds=[writing],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as ready:
            number = ready.readline().strip()
        _allow(authority, number.encode(), cookie)
        os.environ.update(DISPLAY=f":{number}", XAUTHORITY=str(authority))
        made = Desktop(f":{number}")
        try:
            yield made
        finally:
            made.close()
    finally:
        server.terminate()
        server.wait()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _allow(path: Path, number: bytes, cookie: bytes) -> None:
    """Let whoever reads `path` use the server, and nobody else: one entry of the X authority format."""
    fields = (socket.gethostname().encode(), number, b"MIT-MAGIC-COOKIE-1", cookie)
    path.write_bytes(struct.pack(">H", _LOCAL) + b"".join(struct.pack(">H", len(one)) + one for one in fields))
    path.chmod(0o600)


def _picture() -> Any:
    """Return a window with text beside a picture with soft colours, the same each time."""
    chance = Random(4)  # noqa: S311 - a drawing
    small = Image.frombytes("RGB", (96, 54), chance.randbytes(96 * 54 * 3))
    image = Image.new("RGB", (WIDTH, HEIGHT), (38, 50, 66))
    image.paste(small.resize((640, 360), Image.Resampling.BICUBIC), (1240, 640))
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 60, 1200, 1020), fill=(250, 250, 247))
    for line in range(60):
        words = " ".join(chance.choice(_WORDS) for _ in range(chance.randrange(4, 18)))
        pen.text((80 + 24 * chance.randrange(4), 76 + 15 * line), words, fill=(33, 37, 41))
    return image
