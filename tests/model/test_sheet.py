"""`Sheet`: a recorded week as the sets that the rules ask for."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.support import MONDAY, ODD, WEEK, at, manual, refusal, run, slots, tracked
from workdiary.errors import OverlapError
from workdiary.model.segment import Source
from workdiary.model.sheet import Sheet, SheetBuilder
from workdiary.model.slots import EMPTY
from workdiary.model.times import slot_at

SEGMENTS = [
    tracked(at(0), memo="A", label="x", meter=8),
    tracked(at(1), memo="", label=None, meter=0),
    tracked(at(2), memo="A", label="y", meter=None, shot=False),
    manual(at(3), memo="B", label="x"),
    tracked(at(6), memo=" ", label=None, meter=10),
]


def test_a_sheet_has_a_set_for_everything_that_the_rules_ask() -> None:
    sheet = Sheet.of(SEGMENTS, WEEK)
    assert sheet.tracked == slots(0, 1, 2, 6)
    assert sheet.manual == slots(3)
    assert sheet.worked == slots(0, 1, 2, 3, 6)
    assert sheet.snapshot == slots(0, 1, 6)
    assert sheet.known == slots(0, 1, 6)
    assert sheet.with_memo == slots(0, 2, 3)
    assert sheet.with_label == slots(0, 2, 3)
    assert sheet.memos == (("A", slots(0, 2)), ("", slots(1)), ("B", slots(3)), (" ", slots(6)))
    assert sheet.labels == (("x", slots(0, 3)), ("y", slots(2)))


def test_activity_2_at_least_n_are_the_slots_whose_meter_is_known_and_n_or_more() -> None:
    sheet = Sheet.of(SEGMENTS, WEEK)
    assert sheet.at_least == (slots(0, 1, 6), *[slots(0, 6)] * 8, slots(6), slots(6))
    every = Sheet.of([tracked(at(n), meter=n) for n in range(11)], WEEK)
    assert every.at_least == tuple(run(n, 11) for n in range(11))


def test_protect_3_the_sum_of_the_known_meters() -> None:
    sheet = Sheet.of(SEGMENTS, WEEK)
    assert sheet.meter_total(sheet.worked) == 18
    assert sheet.meter_total(slots(0)) == 8
    assert sheet.meter_total(slots(1, 2, 3)) == 0
    assert sheet.meter_total(EMPTY) == 0
    every = Sheet.of([tracked(at(n), meter=n) for n in range(11)], WEEK)
    assert [every.meter_total(slots(n)) for n in range(11)] == list(range(11))


def test_a_sheet_says_what_one_slot_has() -> None:
    sheet = Sheet.of(SEGMENTS, WEEK)
    assert [sheet.memo_at(at(n)) for n in range(5)] == ["A", "", "A", "B", ""]
    assert [sheet.label_at(at(n)) for n in range(5)] == ["x", None, "y", "x", None]
    assert [sheet.meter_at(at(n)) for n in (0, 1, 2, 3, 4, 6)] == [8, 0, None, None, None, 10]


def test_a_sheet_does_not_depend_on_the_order_of_its_segments() -> None:
    expected = Sheet.of(SEGMENTS, WEEK)
    assert all(Sheet.of(order, WEEK) == expected for order in permutations(SEGMENTS))


def test_week_2_segments_of_other_weeks_are_left_out() -> None:
    edge = [tracked(MONDAY - 1), tracked(MONDAY), tracked(MONDAY + 1007), tracked(MONDAY + 1008)]
    assert Sheet.of(edge, WEEK).worked == slots(0, 1007)
    assert Sheet.of([], WEEK) == Sheet()
    assert Sheet.of(edge[:1], WEEK) == Sheet()


def test_a_sheet_without_segments_is_empty() -> None:
    empty = Sheet()
    assert (empty.tracked, empty.manual, empty.snapshot, empty.worked, empty.known) == (EMPTY,) * 5
    assert empty.at_least == (EMPTY,) * 11
    assert (empty.memos, empty.labels, empty.with_memo, empty.with_label) == ((), (), EMPTY, EMPTY)


def test_week_1_a_week_of_another_length_is_as_wide_as_it_is() -> None:
    week = ODD.week_of("2026-04-03T00:00Z")
    last = slot_at("2026-04-08T16:20Z")
    assert Sheet.of([tracked(last), tracked(last + 1)], week).worked.runs() == ((last, last + 1),)


@pytest.mark.parametrize("second", [tracked(at(1)), manual(at(1))])
def test_two_segments_in_one_slot_are_refused(second: Any) -> None:
    words = "has two segments", "keep one, or merge the two uploads (UPLOAD-2)"
    for first in (tracked(at(1)), manual(at(1))):
        assert refusal(OverlapError, Sheet.of, [first, tracked(at(0)), second], WEEK) == (
            "segments",
            "2026-11-16T00:10:00Z",
            *words,
        )


def test_a_sheet_is_a_value() -> None:
    sheet: Any = Sheet.of(SEGMENTS, WEEK)
    assert hash(sheet) == hash(Sheet.of(SEGMENTS, WEEK))
    with pytest.raises(AttributeError):
        sheet.tracked = EMPTY


# A run at a time


def added(builder: SheetBuilder, start: int, stop: int, source: Source = Source.TRACKED, **values: Any) -> None:
    given = {"memo": "", "label": None, "meters": (), "snapshots": (), **values}
    builder.add_run(range(at(start), at(stop)), source=source, **given)


def test_a_sheet_built_by_runs_is_the_one_of_the_segments() -> None:
    builder = SheetBuilder(WEEK)
    added(builder, 3, 4, Source.MANUAL, memo="B", label="x")
    added(builder, 0, 1, memo="A", label="x", meters=[8], snapshots=[True])
    added(builder, 1, 2, meters=[0], snapshots=[True])
    added(builder, 2, 3, memo="A", label="y", meters=[None], snapshots=[False])
    added(builder, 6, 7, memo=" ", meters=[10], snapshots=[True])
    assert builder.sheet() == Sheet.of(SEGMENTS, WEEK)


def test_the_items_of_a_run_belong_to_its_slots_in_time_order() -> None:
    builder = SheetBuilder(WEEK)
    added(builder, 10, 14, memo="A", label="x", meters=[1, None, 3, 4], snapshots=[True, False, False, True])
    sheet = builder.sheet()
    assert sheet.tracked == run(10, 14)
    assert [sheet.meter_at(at(n)) for n in range(10, 14)] == [1, None, 3, 4]
    assert sheet.snapshot == slots(10, 13)
    assert sheet.memos == (("A", run(10, 14)),)
    assert sheet.labels == (("x", run(10, 14)),)


def test_manual_1_a_manual_run_has_neither_activity_nor_snapshots() -> None:
    builder = SheetBuilder(WEEK)
    added(builder, 0, 2, Source.MANUAL, memo="B", meters=[5, 5], snapshots=[True, True])
    assert builder.sheet() == Sheet.of([manual(at(0), memo="B"), manual(at(1), memo="B")], WEEK)


@pytest.mark.parametrize(("start", "stop", "twice"), [(5, 8, 5), (0, 6, 5), (6, 7, 6), (0, 20, 5), (7, 9, 7)])
def test_a_run_over_a_marked_slot_is_refused_with_its_earliest(start: int, stop: int, twice: int) -> None:
    builder = SheetBuilder(WEEK)
    added(builder, 5, 8)
    assert refusal(OverlapError, added, builder, start, stop) == (
        "segments",
        f"2026-11-16T{twice // 6:02d}:{twice % 6}0:00Z",
        "has two segments",
        "keep one, or merge the two uploads (UPLOAD-2)",
    )


def test_runs_that_touch_do_not_overlap_and_the_whole_week_is_a_run() -> None:
    builder = SheetBuilder(WEEK)
    added(builder, 5, 8)
    added(builder, 8, 1008)
    added(builder, 0, 5, Source.MANUAL)
    assert builder.sheet().worked == WEEK.slots
