"""What X's RECORD extension sends: events come in, counts go out, and what came in is overwritten at once.

    socket ──receive──▶ one buffer of its own ──the first byte of each event──▶ Sink
                          └── zeros, before anything else is received

Memory that is given back keeps its bytes until somebody needs the room: an event in an object of its own, or in the
buffers of a library, could be read there long after, and by its time it would tell what was typed. So no event is ever
anywhere but in this buffer. Only single bytes are read of it: of a packet what says how long it is and whether it has
events, of an event the first byte, its type, and of a button's event the second. No byte that says which key it was
is ever read.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from typing import Final, Protocol

__all__ = ["BUTTON_RELEASE", "KEY_RELEASE", "ROOM", "Recorded", "Sink", "count_events", "enable_request"]


class Sink(Protocol):
    """What takes the inputs, from any thread. Its methods raise nothing and wait for nobody."""

    def key(self) -> None:
        """Count a keystroke."""
        ...

    def click(self) -> None:
        """Count a click."""
        ...

    def scroll(self) -> None:
        """Count a scroll action."""
        ...


KEY_RELEASE: Final = 3
BUTTON_RELEASE: Final = 5
_SCROLLS: Final = frozenset({4, 5, 6, 7})
"""The buttons that X makes of a wheel: up, down, left and right."""

_EVENT: Final = 32
"""The bytes of an X event, and of the head of a reply or an error."""

ROOM: Final = 16 * 1024
"""The bytes that are received at a time, at most."""

_ERROR: Final = 0
_REPLY: Final = 1
_GENERIC: Final = 35
"""An event that is followed by more, as a reply is."""

# Where things stand in the head of a reply.
_CATEGORY: Final = 1
_LENGTH: Final = (7, 6, 5, 4) if sys.byteorder == "little" else (4, 5, 6, 7)
_SWAPPED: Final = 9

_FROM_SERVER: Final = 0
_START_OF_DATA: Final = 4
_END_OF_DATA: Final = 5

_ENABLE_CONTEXT: Final = 5


def enable_request(opcode: int, context: int) -> bytes:
    """Return the request RecordEnableContext: `opcode` is the extension's, and the byte order this machine's."""
    words = 2
    return struct.pack("=BBHI", opcode, _ENABLE_CONTEXT, words, context)


def count_events(data: bytes | bytearray, sink: Sink, begin: int = 0, end: int | None = None) -> None:
    """Count the X events from `begin` to `end` in `data`, 32 bytes each: releases of keys, and of buttons.

    Of an event of a key, the first byte is read, which says that it is one, and no other. Four buttons scroll.
    """
    for n in range(begin, (len(data) if end is None else end) - _EVENT + 1, _EVENT):
        kind = data[n] & 0x7F  # the highest bit says that a program sent it
        if kind == KEY_RELEASE:
            sink.key()
        elif kind == BUTTON_RELEASE:
            if data[n + 1] in _SCROLLS:
                sink.scroll()
            else:
                sink.click()


class Recorded:
    """The answers to RecordEnableContext, as they come in on a connection.

    `began` is called when the server has begun to report. `buffer` is where everything is received; leave it out.
    """

    def __init__(self, sink: Sink, began: Callable[[], None], buffer: bytearray | None = None):
        self._sink, self._began = sink, began
        self._buffer = bytearray(ROOM) if buffer is None else buffer
        self._left = 0
        self._has_events = False
        self._is_over = False

    def read(self, receive: Callable[[memoryview], int]) -> None:
        """Count until the server has ended its report, or the connection has ended.

        `receive` writes into what it is given, and returns how many bytes, 0 at the end: it is a socket's `recv_into`.
        Raises what it raises, and `ConnectionError` when the server answers by an error. The buffer is zeros then.
        """
        room, zeros = memoryview(self._buffer), memoryview(bytearray(len(self._buffer)))
        filled = 0
        try:
            while not self._is_over:
                got = receive(room[filled:])
                if not got:
                    return
                filled += got
                used = self._take(filled)
                # What is left is less than an event, whose other bytes are still to come.
                rest = filled - used
                room[:rest] = room[used:filled]
                room[rest:filled] = zeros[rest:filled]
                filled = rest
        finally:
            room[:] = zeros

    def _take(self, filled: int) -> int:
        """Count what there is in the buffer up to `filled`, and return up to where it is done with."""
        buffer, at = self._buffer, 0
        while True:
            here = min(self._left, filled - at)
            if self._has_events:
                here -= here % _EVENT
                count_events(buffer, self._sink, at, at + here)
            at += here
            self._left -= here
            if self._has_events and self._left < _EVENT:
                self._has_events = False  # what is left is no event, so there is nothing left
                continue
            if self._left or self._is_over or filled - at < _EVENT:
                return at
            self._head(at)
            at += _EVENT

    def _head(self, at: int) -> None:
        """Read the head of a packet: how much follows it, and what that is."""
        buffer = self._buffer
        kind = buffer[at]
        if kind == _ERROR:
            raise ConnectionError("the X server answers by an error")
        if kind != _REPLY and kind & 0x7F != _GENERIC:
            return  # an event that every client is told, such as that the keyboard has another layout
        length = 0
        for n in _LENGTH:
            length = length << 8 | buffer[at + n]
        self._left = length * 4
        if kind != _REPLY:
            return
        category = buffer[at + _CATEGORY]
        if category == _START_OF_DATA:
            self._began()
        elif category == _END_OF_DATA:
            self._is_over = True
        self._has_events = category == _FROM_SERVER and not buffer[at + _SWAPPED]
