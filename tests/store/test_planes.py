"""A kept week and its row: exactly the same sets come back, the bytes are as described, and damage is refused."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.samples import week
from tests.support import MONDAY, WEEK, manual, tracked
from workdiary.diary.journal import KeptWeek, WeekState
from workdiary.errors import InvalidValue, StoreError
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot, Slots
from workdiary.store._planes import week_of, week_row
from workdiary.store._schema import WEEK_COLUMNS
from workdiary.testing.strategies import recorded_weeks, weeks


@st.composite
def kept_weeks(draw: st.DrawFn) -> KeptWeek:
    whole = draw(weeks())
    state = draw(st.sampled_from(WeekState))
    sheet = Sheet.of(draw(recorded_weeks(whole)), whole)
    return KeptWeek(start=whole.start, stop=whole.stop, state=state, sheet=sheet)


@given(kept_weeks())
def test_every_kept_week_comes_back_as_it_was(kept: KeptWeek) -> None:
    row = week_row("c-1", kept)
    assert week_of(row) == kept
    assert [type(value) for value in row] == [str, int, int, str, *[bytes] * 8, str]


@given(kept_weeks())
def test_the_order_of_memos_and_labels_comes_back(kept: KeptWeek) -> None:
    turned = attrs.evolve(kept, sheet=attrs.evolve(kept.sheet, memos=kept.sheet.memos[::-1]))
    assert week_of(week_row("c-1", turned)).sheet.memos == kept.sheet.memos[::-1]


def test_the_bits_are_where_the_description_says() -> None:
    """The picture in the module's docstring: meters 3, 8, 0, unknown, 10, unknown from the first slot on."""
    meters = (3, 8, 0, None, 10, None)
    segments = [tracked(MONDAY + n, meter=meter, shot=n == 1) for n, meter in enumerate(meters)]
    segments.append(manual(MONDAY + 9, label="Meetings"))
    kept = KeptWeek(start=WEEK.start, stop=WEEK.stop, state=WeekState.PARKED, sheet=Sheet.of(segments, WEEK))
    row = dict(zip(WEEK_COLUMNS, week_row("c-1", kept), strict=True))
    assert (row["contract"], row["start"], row["stop"], row["state"]) == ("c-1", MONDAY, MONDAY + 1008, "parked")
    first_two = {
        "tracked": (0b00111111, 0),
        "manual": (0, 0b10),
        "snapshot": (0b10, 0),
        "known": (0b010111, 0),
        "meter8": (0b010010, 0),
        "meter4": (0, 0),
        "meter2": (0b010001, 0),
        "meter1": (0b000001, 0),
    }
    for name, (first, second) in first_two.items():
        assert row[name] == bytes([first, second]) + bytes(124), name
    texts = json.loads(str(row["texts"]))
    assert texts == {"memos": [["Fix the login form", [0, 6]], ["Call", [9, 10]]], "labels": [["Meetings", [9, 10]]]}


def test_a_week_of_40_hours_takes_about_four_bytes_a_segment() -> None:
    days = [MONDAY + 144 * day + 54 + n for day in range(5) for n in range(48)]
    sheet = Sheet.of([tracked(slot, meter=slot % 11) for slot in days], WEEK)
    row = week_row("c-1", KeptWeek(start=WEEK.start, stop=WEEK.stop, state=WeekState.OPEN, sheet=sheet))
    assert sum(len(plane) for plane in row[4:12] if isinstance(plane, bytes)) == 8 * 126  # 4.2 for each of the 240


@pytest.mark.parametrize("slot", [MONDAY - 1, MONDAY + 1008])
@pytest.mark.parametrize("name", ["tracked", "manual", "snapshot", "memos", "labels"])
def test_a_slot_outside_of_the_week_is_refused(name: str, slot: int) -> None:
    outside = Slots([Slot(slot)])
    changed: dict[str, Any] = {name: (("text", outside),) if name in ("memos", "labels") else outside}
    sheet = Sheet(**changed)
    with pytest.raises(InvalidValue, match="lies outside of the week"):
        week_row("c-1", KeptWeek(start=WEEK.start, stop=WEEK.stop, state=WeekState.OPEN, sheet=sheet))


@pytest.mark.parametrize(
    "levels",
    [(Slots(),) * 10, (Slots(), Slots([Slot(MONDAY)]), *(Slots(),) * 9)],
    ids=["ten levels", "a second level without the first"],
)
def test_levels_that_are_no_meters_are_refused(levels: tuple[Slots, ...]) -> None:
    kept = KeptWeek(start=WEEK.start, stop=WEEK.stop, state=WeekState.OPEN, sheet=Sheet(at_least=levels))
    with pytest.raises(InvalidValue, match="nested"):
        week_row("c-1", kept)


def test_a_week_without_slots_is_refused() -> None:
    with pytest.raises(InvalidValue, match="not the length of a week"):
        week_row("c-1", KeptWeek(start=WEEK.start, stop=WEEK.start, state=WeekState.OPEN, sheet=Sheet()))


_FULL = b"\xff" * 126


@pytest.mark.parametrize(
    "changes",
    [
        {"tracked": b""},
        {"tracked": bytes(127)},
        {"stop": MONDAY},
        {"stop": MONDAY + 1007},  # its last slot is recorded
        {"stop": "x"},
        {"state": "shut"},
        {"meter4": _FULL},  # meters where nothing is known
        {"known": _FULL, "meter8": _FULL, "meter4": _FULL},  # a meter of 12
        {"known": _FULL, "meter8": _FULL, "meter2": _FULL, "meter1": _FULL},  # of 11
        {"texts": ""},
        {"texts": "[]"},
        {"texts": "{}"},
        {"texts": '{"memos":[["x",[1]]],"labels":[]}'},
        {"texts": '{"memos":[["x",[2,1]]],"labels":[]}'},
        {"texts": '{"memos":[["x",[1000,1009]]],"labels":[]}'},
        {"texts": '{"memos":[[7,[0,1]]],"labels":[]}'},
        {"texts": "[" * 100_000},
    ],
)
def test_f25_a_damaged_row_is_refused_by_name(changes: dict[str, object]) -> None:
    row = {**dict(zip(WEEK_COLUMNS, week_row("c-1", week()), strict=True)), **changes}
    with pytest.raises(StoreError, match=r"^weeks\[c-1, 2991312\]: .* makes the kept week unreadable; verify"):
        week_of(tuple(row.values()))


def test_weeks_of_any_length_come_back() -> None:
    """A week with a change of clocks has a few slots more or fewer, and its bitmaps end within a byte."""
    for length in (1, 7, 8, 9, 1002, 1014):
        whole = Slots.range(Slot(MONDAY), Slot(MONDAY + length))
        sheet = Sheet(tracked=whole, at_least=(whole,) * 11, memos=(("", whole),))
        kept = KeptWeek(start=Slot(MONDAY), stop=Slot(MONDAY + length), state=WeekState.CLOSED, sheet=sheet)
        row = week_row("c-1", kept)
        assert isinstance(row[4], bytes)
        assert len(row[4]) == (length + 7) // 8
        assert week_of(row) == kept
