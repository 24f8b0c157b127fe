"""What holds of every Upwork document, found by Hypothesis.

- An import returns or raises `Problems`, whatever a cell holds; in part it always returns.
- Every cell is accounted for: taken, or left over whole with a problem, never lost.
- The order of files and of cells changes nothing; nor does giving them twice.
- What the model has no place for is in the left over, value for value.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.formats.upwork_documents import NINE, answer
from workdiary.errors import WorkdiaryError
from workdiary.formats._findings import is_nothing
from workdiary.formats.upwork import import_upwork

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)
times = st.integers(NINE - 5, NINE + 1300).map(str)
GRAPHQL = ("manual", "memo", "task", "activityLevel", "mouseEventsCount", "hasScreenshot", "minutes", "overtime")
REST = (
    "manual",
    "memo",
    "task",
    "activity",
    "mouse_events_count",
    "billing_status",
    "minutes",
    "status",
    "snapshot_time",
)


def of_keys(keys: tuple[str, ...], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({**fixed}, optional=dict.fromkeys(keys, anything))


wild_graphql = of_keys(GRAPHQL, cellDateTime=st.fixed_dictionaries({"rawValue": times | anything}) | anything)
wild_rest = of_keys(REST, cell_time=times | anything)
good = st.builds(
    lambda n, level, manual, memo: {
        "cellDateTime": {"rawValue": str(NINE + 600 * n)},
        "activityLevel": level,
        "manual": manual,
        "memo": memo,
        "hasScreenshot": False,
    },
    st.integers(0, 5),
    st.none() | st.integers(0, 10),
    st.booleans(),
    st.sampled_from(["", "A", "B"]),
)


@given(st.lists(wild_graphql | anything, max_size=3), st.lists(wild_rest | anything, max_size=3))
def test_law_every_cell_is_taken_or_left_over_with_a_problem(new: list[Any], old: list[Any]) -> None:
    rest = {"data": {"contract": {"record_id": "7"}, "cells": old}}
    result = import_upwork({"a": answer(*new), "b": rest}, partial=True)
    assert all(isinstance(error, WorkdiaryError) and str(error) for error in result.problems)
    whole = {entry.path for entry in result.left_over}
    taken = {(number, segment.slot) for number, segments in result.segments_by_contract for segment in segments}
    for n, cell in enumerate(old):
        if is_nothing(cell) or f"b: data.cells[{n}]" in whole:
            continue
        assert ("7", int(cell["cell_time"]) // 600) in taken
    for n, cell in enumerate(new):
        if is_nothing(cell) or f"a: data.d41815410_20261019.workDiaryTimeCells[{n}]" in whole:
            continue
        assert ("41815410", int(cell["cellDateTime"]["rawValue"]) // 600) in taken


@given(anything | st.dictionaries(st.sampled_from(["data", "errors", "snapshots"]), anything, max_size=3))
def test_law_no_document_is_too_odd_for_a_report(document: Any) -> None:
    result = import_upwork({"odd.json": document}, contract="7", partial=True)
    assert isinstance(result.segments_by_contract, tuple)


@given(st.lists(good, max_size=6), st.randoms(use_true_random=False))
def test_law_the_order_of_cells_and_files_changes_nothing(cells: list[Any], random: Any) -> None:
    expected = import_upwork([answer(*cells)], partial=True).segments_by_contract
    shuffled = random.sample(cells, len(cells))
    half = len(cells) // 2
    parts = [answer(*shuffled[half:]), answer(*shuffled[:half])]
    assert import_upwork(parts, partial=True).segments_by_contract == expected
    assert import_upwork([*parts, *parts], partial=True).segments_by_contract == expected


@given(st.dictionaries(st.text(max_size=4).map(lambda key: f"x{key}"), anything, max_size=4))
def test_law_what_has_no_place_is_left_over_value_for_value(extra: dict[str, Any]) -> None:
    cell = {"cellDateTime": {"rawValue": str(NINE)}, "manual": False, "hasScreenshot": False, **extra}
    result = import_upwork({"a": answer(cell)})
    prefix = "a: data.d41815410_20261019.workDiaryTimeCells[0]."
    kept = {entry.path.removeprefix(prefix): entry.value for entry in result.left_over}
    assert kept == {key: value for key, value in extra.items() if not is_nothing(value)}
