"""The memory of the tracker while somebody types: no event is in it, and no keys in their order."""

from __future__ import annotations

import re
import resource
import secrets
import string
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.capture.test_headless import place, tracker
from tests.capture.test_privacy import memory_of, traces_of
from tests.capture.xserver import XServer, until, xdotool
from workdiary.capture.control import ask
from workdiary.capture.machine.idle import close_display, open_display

__all__ = ["place"]

ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

CONTROL = """
from Xlib.display import Display
nothing = dict(core_requests=(0, 0), core_replies=(0, 0), ext_requests=(0, 0, 0, 0), ext_replies=(0, 0, 0, 0),
               delivered_events=(0, 0), errors=(0, 0), client_started=False, client_died=False)
kept, keys = [], bytearray()
def take(reply):
    if reply.category == 0:
        kept.append(reply.data)
        keys.extend(reply.data[1::32])
    print(len(keys), flush=True)
display = Display()
context = display.record_create_context(0, [3], [{**nothing, "device_events": (3, 3)}])
display.record_enable_context(context, take)
"""
"""A program that keeps what the tracker must not: every event, and the keys in their order."""


@contextmanager
def a_key_logger(server: XServer) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", CONTROL], env=server.env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "0\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def events_in(data: bytes, keys: bytes, began: int, ended: int) -> dict[tuple[int, int], int]:
    """Return the X events of `keys` in `data`, wherever they begin: the key of each by its time and type.

    An event of a key is 2 or 3 (0x82 or 0x83 when a program sent it), the key, two bytes, the time in milliseconds,
    twenty bytes, the state of the modifiers below 0x2000, and whether it is the same screen.
    """
    one = re.escape(bytes(sorted(set(keys))))
    pattern = rb"([\x02\x03\x82\x83])(?=([%s])..(.{4}).{20}.[\x00-\x1f][\x00\x01])" % one
    found = {}
    for match in re.finditer(pattern, data, re.DOTALL):
        at = int.from_bytes(match[3], sys.byteorder)
        if began <= at <= ended:
            found[at, match[1][0]] = match[2][0]
    return found


def typed_in(pid: int, keys: bytes, began: int, ended: int) -> tuple[bytes, int]:
    """Return what the memory of a process tells: the keys of its events by their times, and pieces of `keys`."""
    events: dict[tuple[int, int], int] = {}
    pieces = 0
    for part in memory_of(pid):
        events |= events_in(part, keys, began, ended)
        pieces += traces_of(keys.decode("latin-1"), part)
    return bytes(key for _, key in sorted(events.items())), pieces


def now() -> int:
    """The time of the X server, in milliseconds: on Linux that of the monotonic clock."""
    return time.monotonic_ns() // 1_000_000


def keys_of(text: str) -> bytes:
    display = open_display()
    try:
        return bytes(display.keysym_to_keycode(ord(character)) for character in text)
    finally:
        close_display(display)


@ON_LINUX
def test_b87_what_was_typed_cannot_be_read_out_of_the_tracker_s_memory(place: Path, xserver: XServer) -> None:
    secret = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(24))
    keys = keys_of(secret)
    with tracker(place, xserver) as process, a_key_logger(xserver) as control:
        slot = time.time() // 600
        began = now() - 100
        xdotool("type", "--delay", "6", secret)
        ended = now() + 100
        assert control.stdout is not None
        while control.stdout.readline() != "24\n":
            pass

        def is_counted() -> bool:
            counts = ask(place / "tracker", {"do": "status"})["running"]["counts"]
            return counts[0] >= 24 or time.time() // 600 != slot  # another segment begins at zero

        until(is_counted, "counting what was typed")
        typed, pieces = typed_in(control.pid, keys, began, ended)
        assert typed == keys, "the search does not find what is there"
        assert pieces >= 4
        assert typed_in(process.pid, keys, began, ended) == (b"", 0)
        # Nor when it has counted something else since, and nothing overwrites what it might have left.
        xdotool("click", "--repeat", "5", "1")
        assert typed_in(process.pid, keys, began, ended) == (b"", 0)


@pytest.mark.parametrize("before", range(33))
def test_the_search_finds_an_event_wherever_it_begins(before: int) -> None:
    event = bytes([3, 38, 0, 0]) + (5000).to_bytes(4, sys.byteorder) + bytes(12) + b"\x80\x02\x90\x01" * 2
    event += b"\x10\x00\x01\x00"
    assert len(event) == 32
    assert events_in(b"\x03" * before + event, b"\x26", 4999, 5001) == {(5000, 3): 38}
    assert events_in(b"\x03" * before + event, b"\x26", 5001, 5002) == {}
    assert events_in(b"\x03" * before + event, b"\x27", 4999, 5001) == {}


@ON_LINUX
def test_b87_the_tracker_s_memory_is_never_written_to_a_core_file(place: Path, xserver: XServer) -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    with suppress(ValueError, OSError):  # who may not raise it has none to begin with
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    try:
        with tracker(place, xserver) as process:
            assert resource.prlimit(process.pid, resource.RLIMIT_CORE) == (0, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)
