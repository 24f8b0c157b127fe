"""Upwork's GraphQL work diary: cells that cannot be taken, and errors of the platform."""

from __future__ import annotations

from typing import Any

import pytest

from tests.formats.upwork_documents import NINE, answer, cell, imported, left, problems
from workdiary.errors import DocumentError, GridError, Problems
from workdiary.formats.upwork import import_upwork


def test_a_cell_off_the_grid_names_the_nearest() -> None:
    given = cell(cellDateTime={"rawValue": str(NINE + 1)})
    with pytest.raises(Problems) as caught:
        imported(given)
    (error,) = caught.value
    assert isinstance(error, GridError)
    assert str(error) == (
        "week.json: data.d41815410_20261019.workDiaryTimeCells[0].cellDateTime.rawValue: '2026-10-19T09:00:01Z' is not "
        "the start of a ten-minute segment; the nearest are 2026-10-19T09:00:00Z and 2026-10-19T09:10:00Z"
    )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cellDateTime": None}, "cellDateTime.rawValue: None is missing; give Unix seconds, a multiple of 600"),
        ({"cellDateTime": {}}, "cellDateTime.rawValue: None is missing; give Unix seconds, a multiple of 600"),
        ({"cellDateTime": {"rawValue": "noon"}}, "cellDateTime.rawValue: 'noon' is not a whole number"),
        ({"cellDateTime": {"rawValue": str(NINE * 1000)}}, "if these are milliseconds, divide by 1000"),
        ({"cellDateTime": "noon"}, "cellDateTime: 'noon' is not an object"),
        ({"activityLevel": -1}, "activityLevel: -1 is negative; give a whole number from 0 to 100"),
        ({"activityLevel": 101}, "activityLevel: 101 is more than 100; give a whole number from 0 to 100"),
        ({"activityLevel": 7.5}, "activityLevel: 7.5 is not a whole number; give one, as a number or as text"),
        ({"activityLevel": True}, "activityLevel: True is not a whole number; give one, as a number or as text"),
        ({"keyboardEventsCount": "-3"}, "keyboardEventsCount: '-3' is negative"),
        ({"mouseEventsCount": "many"}, "mouseEventsCount: 'many' is not a whole number"),
        ({"manual": "perhaps"}, "manual: 'perhaps' is neither yes nor no; give true or false"),
        ({"memo": 3}, "memo: 3 is not text; write it in quotes"),
        ({"memo": "x" * 4001}, "memo: "),
        ({"task": 3}, "task: 3 is not an object"),
        (
            {"snapshotDateTime": {"rawValue": str(NINE + 600)}},
            "snapshotDateTime.rawValue: '2026-10-19T09:10:00Z' is outside its cell; "
            "give a moment with 2026-10-19T09:00:00Z <= t < 2026-10-19T09:10:00Z",
        ),
        ({"snapshotDateTime": {"rawValue": str(NINE - 1)}}, "is outside its cell"),
        ({"minutes": [{"time": str(NINE + 600), "mouse": "1"}]}, "minutes[0].time: '2026-10-19T09:10:00Z' is outside"),
        ({"minutes": [{"mouse": "1"}]}, "minutes[0]: {'mouse': '1'} says no time"),
        ({"minutes": ["1"]}, "minutes[0]: '1' is not an object"),
    ],
)
def test_each_bad_value_has_its_path_and_the_way_out(fields: dict[str, Any], message: str) -> None:
    (found,) = problems(cell(**fields))
    assert found.startswith("week.json: data.d41815410_20261019.workDiaryTimeCells[0].")
    assert message in found


def test_a_cell_that_is_no_object_is_refused() -> None:
    assert problems(3) == [
        "week.json: data.d41815410_20261019.workDiaryTimeCells[0]: 3 is not an object; write it in braces"
    ]


def test_all_problems_are_reported_at_once_in_the_order_of_the_file() -> None:
    found = problems(cell(0, activityLevel=-1, manual="perhaps"), cell(1), cell(2, memo=[1]))
    assert [text.split(": ")[1].rpartition("Cells")[2] for text in found] == [
        "[0].manual",
        "[0].activityLevel",
        "[2].memo",
    ]


def test_every_bad_minute_is_reported() -> None:
    found = problems(cell(minutes=[{"mouse": 1}, {"time": "soon"}, {"keyboard": 1}]))
    assert [text.partition("minutes")[2].split(":")[0] for text in found] == ["[0]", "[1].time", "[2]"]


def test_a_partial_import_takes_the_good_cells_and_keeps_the_bad_whole() -> None:
    bad = cell(0, activityLevel=-1, overtime=True)
    result = imported(bad, cell(1), partial=True)
    assert [str(segment.starts_at) for segment in result.segments_of("41815410")] == ["2026-10-19T09:10:00Z"]
    assert [str(error) for error in result.problems] == [
        "week.json: data.d41815410_20261019.workDiaryTimeCells[0].activityLevel: "
        "-1 is negative; give a whole number from 0 to 100"
    ]
    assert left(result) == {"workDiaryTimeCells[0]": bad}


# Errors of the platform.


def test_errors_beside_data_are_problems_with_their_path() -> None:
    error = {"message": "Exception occurred", "path": ["d7_20261019"]}
    document = answer(cell(), errors=[error])
    document["data"]["d7_20261019"] = None
    with pytest.raises(Problems) as caught:
        import_upwork({"week.json": document})
    assert [str(found) for found in caught.value] == [
        "week.json: errors[0]: 'Exception occurred' is what the platform answered for d7_20261019; "
        "ask for that part again; the rest can be taken as a partial import"
    ]
    result = import_upwork({"week.json": document}, partial=True)
    assert len(result.segments_of("41815410")) == 1
    assert [(entry.path, entry.value) for entry in result.left_over] == [("week.json: errors[0]", error)]


def test_an_answer_of_errors_alone_has_no_further_problem() -> None:
    with pytest.raises(Problems) as caught:
        import_upwork([{"errors": [{"message": "Too many requests"}], "data": None}])
    assert [error.value for error in caught.value] == ["Too many requests"]


def test_a_null_diary_that_no_error_explains_is_a_problem() -> None:
    with pytest.raises(Problems, match=r"data.d1_20261019: None is null, and no error says why"):
        import_upwork([{"data": {"d1_20261019": None}}])


@pytest.mark.parametrize("data", [{}, [], None, {"viewer": {"id": 1}}])
def test_an_answer_without_a_diary_is_a_problem(data: object) -> None:
    with pytest.raises(Problems, match="holds no work diary") as caught:
        import_upwork([{"data": data}])
    assert [type(error) for error in caught.value] == [DocumentError]


@pytest.mark.parametrize("nothing", [[], "", {}])
def test_a_day_without_work_may_arrive_as_an_empty_list(nothing: object) -> None:
    assert import_upwork([{"data": {"d1_20261019": nothing}}]).segments_by_contract == (("1", ()),)


def test_an_alias_and_a_contract_id_that_contradict_are_a_problem() -> None:
    diary = {"contractId": "2", "workDiaryTimeCells": []}
    with pytest.raises(Problems, match="'2' is not the contract 1 of its alias"):
        import_upwork([{"data": {"d1_20261019": diary}}])
