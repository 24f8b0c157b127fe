"""The report of the RECORD extension, byte by byte: what is counted, whatever pieces it comes in, and what stays."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import pytest

from workdiary.capture.machine.inputs import Tally
from workdiary.capture.machine.record import ROOM, Recorded, enable_request

KEY_RELEASE, BUTTON_RELEASE, MAPPING_NOTIFY, GENERIC = 3, 5, 34, 35
FROM_SERVER, FROM_CLIENT, START_OF_DATA, END_OF_DATA = 0, 1, 4, 5


def event(kind: int, detail: int) -> bytes:
    """An X event of 32 bytes, none of which is zero."""
    return bytes([kind, detail]) + bytes(range(1, 31))


def reply(category: int, data: bytes = b"", *, swapped: bool = False) -> bytes:
    """A reply to RecordEnableContext: its head of 32 bytes, as the protocol has it, and its data."""
    head = struct.pack("=BBHIBBHIII8x", 1, category, 19, len(data) // 4, 0, swapped, 0, 7, 1_854_810, 49)
    return head + data


KEY, CLICK, SCROLL = event(KEY_RELEASE, 38), event(BUTTON_RELEASE, 1), event(BUTTON_RELEASE, 4)
START, END = reply(START_OF_DATA), reply(END_OF_DATA)


class Wire:
    """A connection on which `pieces` come in, one at each receive; then it ends."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]
        self.kept: list[int] = []

    def receive(self, room: memoryview) -> int:
        assert not any(room), "something is left of what came before"
        self.kept.append(len(room))
        if not self.pieces:
            return 0
        piece, rest = self.pieces[0][: len(room)], self.pieces[0][len(room) :]
        self.pieces[:1] = [rest] if rest else []
        room[: len(piece)] = piece
        return len(piece)


def counted(*pieces: bytes, room: int = ROOM) -> tuple[tuple[int, int, int], int]:
    """What comes to be counted of what comes in, and how often it began; and see that nothing is left."""
    tally, began, buffer = Tally(), [], bytearray(room)
    wire = Wire(pieces)
    Recorded(tally, lambda: began.append(1), buffer).read(wire.receive)
    assert not any(buffer)
    return tally.take(), len(began)


def test_the_request_is_the_one_of_the_protocol() -> None:
    assert struct.unpack("=BBHI", enable_request(146, 0x600000)) == (146, 5, 2, 0x600000)


@pytest.mark.parametrize(
    ("came", "counts"),
    [
        (START, (0, 0, 0)),
        (reply(FROM_SERVER, KEY), (1, 0, 0)),
        (reply(FROM_SERVER, KEY + CLICK + SCROLL + KEY), (2, 1, 1)),
        (reply(FROM_SERVER, KEY) + reply(FROM_SERVER) + reply(FROM_SERVER, CLICK), (1, 1, 0)),
        # a program's own event, another layout of the keyboard, and an event that is longer than 32 bytes
        (reply(FROM_SERVER, event(KEY_RELEASE | 0x80, 38)), (1, 0, 0)),
        (event(MAPPING_NOTIFY, 3) + reply(FROM_SERVER, KEY), (1, 0, 0)),
        (event(KEY_RELEASE, 38) + reply(FROM_SERVER, SCROLL), (0, 0, 1)),
        (bytes([GENERIC, 1, 0, 0]) + struct.pack("=I", 9) + bytes(24) + KEY + bytes(4), (0, 0, 0)),
        (bytes([GENERIC, 1, 0, 0]) + struct.pack("=I", 9) + bytes(24) + KEY + bytes(4) + reply(0, KEY), (1, 0, 0)),
        # what is no event of the server's
        (reply(FROM_CLIENT, KEY), (0, 0, 0)),
        (reply(FROM_SERVER, KEY, swapped=True), (0, 0, 0)),
        # data that is no whole number of events
        (reply(FROM_SERVER, KEY + KEY[:20]) + reply(FROM_SERVER, CLICK), (1, 1, 0)),
        (reply(FROM_SERVER, KEY[:4]) + reply(FROM_SERVER, CLICK), (0, 1, 0)),
        # the server ends its report
        (END + reply(FROM_SERVER, KEY), (0, 0, 0)),
        (reply(FROM_SERVER, KEY) + END + reply(FROM_SERVER, KEY), (1, 0, 0)),
        # the connection ends in the middle
        (reply(FROM_SERVER, KEY + KEY)[:-1], (1, 0, 0)),
        (reply(FROM_SERVER, KEY)[:31], (0, 0, 0)),
    ],
    ids=lambda value: str(value) if isinstance(value, tuple) else "",
)
def test_b87_what_is_counted_is_the_same_wherever_the_pieces_begin(came: bytes, counts: tuple[int, int, int]) -> None:
    assert counted(came)[0] == counts
    for cut in range(1, len(came)):
        assert counted(came[:cut], came[cut:], room=256)[0] == counts, cut
    assert counted(*(came[n : n + 1] for n in range(len(came))), room=32)[0] == counts
    assert counted(*(came[n : n + 7] for n in range(0, len(came), 7)), room=64)[0] == counts


def test_it_has_begun_when_the_server_says_so_and_not_before() -> None:
    assert counted(event(MAPPING_NOTIFY, 1))[1] == 0
    assert counted(START)[1] == 1
    assert counted(START, reply(FROM_SERVER, KEY))[1] == 1


def test_a_reply_that_is_larger_than_the_room_is_counted_whole() -> None:
    assert counted(reply(FROM_SERVER, (KEY + CLICK + SCROLL) * 5000), room=64)[0] == (5000, 5000, 5000)
    assert counted(reply(FROM_SERVER, (KEY + CLICK + SCROLL) * 5000))[0] == (5000, 5000, 5000)


def test_b87_between_two_receives_no_event_is_kept() -> None:
    wire = Wire([START, reply(FROM_SERVER, KEY * 3), reply(FROM_SERVER, KEY + KEY)[:-3], b"abc"])
    Recorded(Tally(), lambda: None).read(wire.receive)
    assert wire.kept == [ROOM, ROOM, ROOM, ROOM - 29, ROOM]


@pytest.mark.parametrize("before", [b"", START + reply(FROM_SERVER, KEY)], ids=["at once", "later"])
def test_f58_an_error_of_the_server_is_an_end_and_leaves_nothing(before: bytes) -> None:
    buffer, tally = bytearray(ROOM), Tally()
    bad_context = bytes([0, 153, 1, 0]) + bytes(range(28))
    with pytest.raises(ConnectionError, match="error"):
        Recorded(tally, lambda: None, buffer).read(Wire([before + bad_context + reply(FROM_SERVER, KEY)]).receive)
    assert not any(buffer)
    assert tally.take() == (1 if before else 0, 0, 0)


def test_f58_a_connection_that_breaks_leaves_nothing() -> None:
    buffer = bytearray(ROOM)

    def breaks(room: memoryview) -> int:
        room[:5] = b"\3\x26abc"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        Recorded(Tally(), lambda: None, buffer).read(breaks)
    assert not any(buffer)
