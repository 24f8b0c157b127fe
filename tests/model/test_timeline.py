"""`Timeline`: any dated value holds from its instant, inclusive, until the next one's (LIMIT-4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import refusal, terms
from workdiary.errors import OrderError
from workdiary.model.contract import Terms
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.timeline import Piece, Timeline
from workdiary.model.times import instant, slot_at

FIRST, SECOND, THIRD = (
    terms(f"2026-11-{day}T00:00Z", rate) for day, rate in (("02", "10"), ("09", "20"), ("16", "30"))
)
LINE: Timeline[Terms] = Timeline.of([FIRST, SECOND, THIRD])
NONE: Timeline[Terms] = Timeline.of([])


def piece(start: int, stop: int, value: Terms | None) -> Piece[Terms]:
    return Piece(Slot(start), Slot(stop), value)


def at(text: str) -> Terms | None:
    return LINE.at(instant(text))


def test_limit_4_a_value_holds_from_its_instant_inclusive_until_the_next() -> None:
    assert at("2026-11-01T23:59:59Z") is None
    assert at("2026-11-02T00:00:00Z") is FIRST
    assert at("2026-11-08T23:59:59Z") is FIRST
    assert at("2026-11-09T00:00:00Z") is SECOND
    assert at("2026-11-16T00:00:00Z") is THIRD
    assert at("2030-01-01T00:00:00Z") is THIRD
    assert NONE.at(0) is None


def test_the_first_value_and_those_after_an_instant() -> None:
    assert LINE.first is FIRST
    assert NONE.first is None
    assert LINE.after(instant("2026-11-01T00:00Z")) == (FIRST, SECOND, THIRD)
    assert LINE.after(instant("2026-11-01T23:59:59Z")) == (FIRST, SECOND, THIRD)
    assert LINE.after(instant("2026-11-02T00:00Z")) == (SECOND, THIRD)
    assert LINE.after(instant("2026-11-16T00:00Z")) == ()
    assert NONE.after(0) == ()


def test_it_is_a_sequence_of_its_values() -> None:
    assert list(LINE) == [FIRST, SECOND, THIRD]
    assert len(LINE) == 3
    assert len(NONE) == 0
    assert not NONE
    assert LINE.values == (FIRST, SECOND, THIRD)
    assert repr(NONE) == "Timeline.of([])"
    assert repr(LINE) == f"Timeline.of({[FIRST, SECOND, THIRD]!r})"


def test_it_is_a_value() -> None:
    again: Timeline[Terms] = Timeline.of(iter([FIRST, SECOND, THIRD]))
    assert again == LINE != NONE
    assert hash(again) == hash(LINE)
    some: Any = LINE
    with pytest.raises(AttributeError):
        some.values = ()


def test_values_out_of_order_are_refused_with_their_place() -> None:
    assert refusal(OrderError, Timeline.of, [FIRST, THIRD, SECOND], "terms") == (
        "terms[2].since",
        "2026-11-09T00:00:00Z",
        "is earlier than 2026-11-16T00:00:00Z before it",
        "put dated values in order of time",
    )
    assert refusal(OrderError, Timeline.of, [SECOND, FIRST])[0] == "timeline[1].since"


def test_two_values_at_one_instant_are_refused_with_their_place() -> None:
    twice = terms("2026-11-09T01:00+01:00", "99")
    assert refusal(OrderError, Timeline.of, [FIRST, SECOND, twice], "terms") == (
        "terms[2].since",
        "2026-11-09T00:00:00Z",
        "stands twice",
        "keep the value that holds",
    )
    assert refusal(OrderError, Timeline.of, [FIRST, FIRST])[0] == "timeline[1].since"


def test_bill_1_pieces_say_what_holds_at_the_start_of_each_slot() -> None:
    edge = slot_at("2026-11-09T00:00Z")
    assert LINE.pieces(edge - 2, edge + 2) == (piece(edge - 2, edge, FIRST), piece(edge, edge + 2, SECOND))
    assert LINE.pieces(edge, edge + 2) == (piece(edge, edge + 2, SECOND),)
    assert LINE.pieces(edge - 2, edge) == (piece(edge - 2, edge, FIRST),)
    assert LINE.pieces(edge - 2, edge + 1) == (piece(edge - 2, edge, FIRST), piece(edge, edge + 1, SECOND))
    assert LINE.pieces(edge, edge) == ()
    assert NONE.pieces(3, 5) == (piece(3, 5, None),)


def test_bill_1_before_the_first_value_a_piece_has_none() -> None:
    first, second, third = (slot_at(f"2026-11-{day}T00:00Z") for day in ("02", "09", "16"))
    assert LINE.pieces(first - 6, third + 6) == (
        piece(first - 6, first, None),
        piece(first, second, FIRST),
        piece(second, third, SECOND),
        piece(third, third + 6, THIRD),
    )


def test_bill_1_a_value_that_begins_inside_a_slot_holds_from_the_next_one() -> None:
    line = Timeline.of([FIRST, terms("2026-11-09T00:05:00Z", "20"), terms("2026-11-09T00:10:01Z", "30")])
    edge = slot_at("2026-11-09T00:00Z")
    assert [(part.start - edge, part.stop - edge, part.value and str(part.value.rate)) for part in
            line.pieces(edge - 1, edge + 4)] == [(-1, 1, "10"), (1, 2, "20"), (2, 4, "30")]  # fmt: skip


def test_bill_1_a_value_that_no_slots_start_meets_is_in_no_piece() -> None:
    line = Timeline.of([FIRST, terms("2026-11-09T00:01:00Z", "20"), terms("2026-11-09T00:02:00Z", "30")])
    edge = slot_at("2026-11-09T00:00Z")
    assert [part.value and str(part.value.rate) for part in line.pieces(edge, edge + 3)] == ["10", "30"]
    assert [part.value and str(part.value.rate) for part in line.pieces(edge + 1, edge + 3)] == ["30"]


def test_pieces_agree_with_asking_slot_by_slot() -> None:
    line = Timeline.of([terms(f"1970-01-01T00:{minute:02d}:00Z", str(minute)) for minute in (3, 10, 14, 16, 40)])
    for start in range(-2, 7):
        for stop in range(start, 8):
            told = [part.value for part in line.pieces(start, stop) for _ in range(part.start, part.stop)]
            assert told == [line.at(slot * SECONDS_PER_SLOT) for slot in range(start, stop)]
