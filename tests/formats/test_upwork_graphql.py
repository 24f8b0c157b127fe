"""Upwork's GraphQL work diary: what becomes of a cell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.formats.upwork_documents import NINE, answer, cell, imported, left, only
from workdiary import Activity, Segment, Snapshot, Source, instant
from workdiary.errors import InvalidValue, OverlapError, Problems
from workdiary.formats.upwork import import_upwork


def test_a_full_cell_becomes_a_segment() -> None:
    given = cell(
        memo="Fix the login form",
        activityLevel=70,
        keyboardEventsCount=412,
        mouseEventsCount="96",
        task={"id": "8801", "description": "Backend"},
        snapshotDateTime={"rawValue": str(NINE + 247)},
        hasScreenshot=True,
    )
    assert only(given) == Segment.tracked(
        "2026-10-19T09:00Z",
        memo="Fix the login form",
        label="Backend",
        activity=Activity.of_totals(7, keystrokes=412, mouse_events=96),
        snapshots=[Snapshot(at=instant("2026-10-19T09:04:07Z"))],
    )


def test_the_plain_shape_has_its_contract_from_the_caller() -> None:
    document = answer(cell(), alias="workDiaryContract")
    result = import_upwork({"day.json": document}, contract="41815410")
    assert [str(segment.starts_at) for segment in result.segments_of("41815410")] == ["2026-10-19T09:00:00Z"]


def test_the_plain_shape_without_a_contract_is_refused_and_says_what_to_give() -> None:
    with pytest.raises(Problems) as caught:
        import_upwork({"day.json": answer(cell(), alias="workDiaryContract")})
    assert [str(error) for error in caught.value] == [
        "day.json: data.workDiaryContract: 'workDiaryContract' does not say of which contract it is; "
        "give the contract's id, or name the query like d41815410_20260403"
    ]


def test_a_batch_holds_several_contracts_and_days() -> None:
    document = {
        "data": {
            "d41815410_20261019": {"workDiaryTimeCells": [cell(0), cell(1)]},
            "d41815410_20261020": {"workDiaryTimeCells": [cell(144)]},
            "d38002177_20261019": {"workDiaryTimeCells": [cell(6)]},
            "d50000001_20261019": {"workDiaryTimeCells": []},
        }
    }
    result = import_upwork([document])
    assert result.contracts == ("41815410", "38002177", "50000001")
    assert [str(segment.starts_at) for segment in result.segments_of("41815410")] == [
        "2026-10-19T09:00:00Z",
        "2026-10-19T09:10:00Z",
        "2026-10-20T09:00:00Z",
    ]
    assert [str(segment.starts_at) for segment in result.segments_of("38002177")] == ["2026-10-19T10:00:00Z"]
    assert result.segments_of("50000001") == ()


def test_a_contract_with_cells_inside_names_itself() -> None:
    document = {"data": {"contract": {"id": "41815410", "title": "Acme", "workDiaryTimeCells": [cell()]}}}
    result = import_upwork({"week.json": document})
    assert result.contracts == ("41815410",)
    assert [(entry.path, entry.value) for entry in result.left_over] == [("week.json: data.contract.title", "Acme")]


def test_an_unknown_contract_of_the_result_is_an_error() -> None:
    with pytest.raises(InvalidValue, match=r"contract: '7' is not in the import; choose one of: 41815410"):
        imported(cell()).segments_of("7")


# A13: manual is asked of each cell.


def test_a13_manual_is_kept_cell_by_cell() -> None:
    result = imported(cell(0), cell(1, manual=True), cell(2), cell(3, manual=True))
    sources = [segment.source for segment in result.segments_of("41815410")]
    assert sources == [Source.TRACKED, Source.MANUAL, Source.TRACKED, Source.MANUAL]


@pytest.mark.parametrize("value", [0, "", "N", "no", "false", "0", False])
def test_a13_every_way_to_write_no_is_tracked(value: object) -> None:
    assert only(cell(manual=value)).source is Source.TRACKED


@pytest.mark.parametrize("value", [1, "Y", "yes", "true", "1", True, "True"])
def test_a13_every_way_to_write_yes_is_manual(value: object) -> None:
    assert only(cell(manual=value)).source is Source.MANUAL


def test_a_cell_that_does_not_say_manual_is_tracked_and_this_is_said() -> None:
    bare = {"cellDateTime": {"rawValue": str(NINE)}, "hasScreenshot": False}
    result = imported(bare)
    assert result.segments_of("41815410")[0].source is Source.TRACKED
    assert [str(assumption) for assumption in result.assumptions] == [
        "contract 41815410: a cell that does not say whether it is manual is a tracked one (1 cell)"
    ]


def test_manual_1_the_evidence_of_manual_time_is_left_over() -> None:
    result = imported(
        cell(
            manual=True,
            activityLevel=0,
            mouseEventsCount=3,
            hasScreenshot=True,
            snapshotDateTime={"rawValue": str(NINE + 5)},
        )
    )
    assert result.segments_of("41815410") == (Segment.manual("2026-10-19T09:00Z"),)
    assert left(result) == {
        "workDiaryTimeCells[0].activityLevel": 0,
        "workDiaryTimeCells[0].mouseEventsCount": 3,
        "workDiaryTimeCells[0].hasScreenshot": True,
        "workDiaryTimeCells[0].snapshotDateTime.rawValue": NINE + 5,
    }


# A12 and the scale.


def test_a12_full_activity_is_ten_minutes_of_ten_on_either_scale() -> None:
    assert only(cell(activityLevel=100)).meter == 10
    assert only(cell(activityLevel=10)).meter == 10


def test_the_scale_is_100_when_any_value_of_the_contract_exceeds_10() -> None:
    result = imported(cell(0, activityLevel=10), cell(1, activityLevel=90), cell(2, activityLevel=0))
    assert [segment.meter for segment in result.segments_of("41815410")] == [1, 9, 0]
    assert [str(assumption) for assumption in result.assumptions] == [
        "contract 41815410: activityLevel is read on a scale of 0 to 100, because the highest is 90 (2 cells)"
    ]


def test_the_scale_is_10_when_no_value_exceeds_10() -> None:
    result = imported(cell(0, activityLevel=10), cell(1, activityLevel=4))
    assert [segment.meter for segment in result.segments_of("41815410")] == [10, 4]
    assert [assumption.statement for assumption in result.assumptions] == [
        "activityLevel is read on a scale of 0 to 10, because none is above 10"
    ]


def test_the_scale_is_each_contracts_own_and_looks_at_all_documents() -> None:
    first = answer(cell(0, activityLevel=10))
    second = {
        "data": {
            "d41815410_20261020": {"workDiaryTimeCells": [cell(144, activityLevel=80)]},
            "d7_20261020": {"workDiaryTimeCells": [cell(144, activityLevel=10)]},
        }
    }
    result = import_upwork([first, second])
    assert [segment.meter for segment in result.segments_of("41815410")] == [1, 8]
    assert [segment.meter for segment in result.segments_of("7")] == [10]


def test_a_given_scale_needs_no_assumption() -> None:
    result = imported(cell(activityLevel=10), scale=100)
    assert result.segments_of("41815410")[0].meter == 1
    assert result.assumptions == ()


def test_a_level_above_the_given_scale_is_refused() -> None:
    with pytest.raises(Problems, match=r"Cells\[0\].activityLevel: 30 is more than 10; give a level from 0 to 10"):
        imported(cell(activityLevel=30), scale=10)


@pytest.mark.parametrize("scale", [0, 17, 600])
def test_only_10_and_100_are_scales(scale: int) -> None:
    with pytest.raises(InvalidValue, match="give 10 or 100"):
        imported(cell(), scale=scale)


@pytest.mark.parametrize(("level", "meter"), [(1, 1), (9, 1), (19, 1), (73, 7), (99, 9)])
def test_a_level_between_two_tens_is_the_lower_but_never_none_and_this_is_said(level: int, meter: int) -> None:
    result = imported(cell(0, activityLevel=level), cell(1, activityLevel=100))
    assert result.segments_of("41815410")[0].meter == meter
    assert "an activityLevel between two tens is the lower number of active minutes, but at least 1" in [
        assumption.statement for assumption in result.assumptions
    ]
    assert left(result) == {"workDiaryTimeCells[0].activityLevel": level}


def test_activity_2_unknown_is_not_zero() -> None:
    unknown, zero = imported(cell(0), cell(1, activityLevel=0)).segments_of("41815410")
    assert unknown.activity is None
    assert zero.activity == Activity.of_meter(0)


def test_activity_2_a_level_of_null_is_unknown_and_its_counts_are_left_over() -> None:
    result = imported(cell(activityLevel=None, keyboardEventsCount=5, mouseEventsCount=0))
    assert result.segments_of("41815410")[0].activity is None
    assert left(result) == {
        "workDiaryTimeCells[0].keyboardEventsCount": 5,
        "workDiaryTimeCells[0].mouseEventsCount": 0,
    }


# Minutes.


def minute(n: int, mouse: int = 0, keyboard: int = 0) -> dict[str, Any]:
    return {"time": str(NINE + 60 * n), "mouse": str(mouse), "keyboard": str(keyboard)}


def test_minutes_give_the_meter_and_the_totals_but_no_invented_clicks() -> None:
    rows = [minute(n, mouse=3, keyboard=20 if n < 4 else 0) if n < 6 else minute(n) for n in range(10)]
    result = imported(cell(minutes={"minute": rows}))
    (segment,) = result.segments_of("41815410")
    assert segment.activity == Activity.of_totals(6, keystrokes=80, mouse_events=18)
    assert segment.activity is not None
    assert segment.activity.clicks is None
    assert segment.activity.minutes is None
    assert left(result) == {"workDiaryTimeCells[0].minutes.minute": rows}
    assert result.assumptions == ()


def test_a_minute_without_a_row_had_no_events_and_this_is_said() -> None:
    result = imported(cell(minutes={"minute": minute(2, mouse=1)}))
    assert result.segments_of("41815410")[0].meter == 1
    assert [assumption.statement for assumption in result.assumptions] == ["a minute without a row had no events"]


def test_two_rows_of_one_minute_are_one_active_minute() -> None:
    rows = [minute(n // 2, mouse=1) for n in range(20)]
    result = imported(cell(minutes=rows))
    assert result.segments_of("41815410")[0].activity == Activity.of_totals(10, keystrokes=0, mouse_events=20)
    assert result.assumptions == ()


def test_activity_1_the_minutes_are_right_where_the_level_differs() -> None:
    rows = [minute(n, keyboard=1 if n < 3 else 0) for n in range(10)]
    result = imported(cell(activityLevel=50, minutes={"minute": rows}))
    assert result.segments_of("41815410")[0].meter == 3
    assert left(result)["workDiaryTimeCells[0].activityLevel"] == 50
    assert "where the level and the minutes differ, the minutes are right (ACTIVITY-1)" in [
        assumption.statement for assumption in result.assumptions
    ]


def test_snapshots_by_contract_add_their_minutes_to_the_cells() -> None:
    rows = [minute(n, mouse=2) for n in range(10)]
    shot = {"contractId": "41815410", "time": str(NINE + 400), "id": "s-1", "minutes": {"minute": rows}}
    document = answer(cell(memo="Call", hasScreenshot=True))
    document["data"]["snapshotsByContractId"] = [shot]
    (segment,) = import_upwork([document]).segments_of("41815410")
    assert segment.activity == Activity.of_totals(10, keystrokes=0, mouse_events=20)
    assert segment.snapshots == (Snapshot(at=instant("2026-10-19T09:06:40Z")),)
    assert segment.memo == "Call"


def test_a_snapshot_without_a_cell_makes_no_segment_and_is_left_over() -> None:
    document = answer(cell())
    shot = {"contractId": "41815410", "time": str(NINE + 700), "minutes": []}
    document["data"]["snapshotsByContractId"] = shot
    result = import_upwork({"week.json": document})
    assert len(result.segments_of("41815410")) == 1
    assert [(entry.value, entry.reason) for entry in result.left_over] == [
        (shot, "its time is in no cell of the work diary")
    ]


def test_a_snapshot_that_contradicts_its_cell_is_left_over_where_it_does() -> None:
    document = answer(cell(memo="Call", keyboardEventsCount=4, task={"description": "Backend"}))
    shot = {
        "contractId": 41815410,
        "time": {"rawValue": str(NINE + 9), "displayValue": "9:00"},
        "memo": "Call with Priya",
        "keyboardEventsCount": 4,
        "activityLevel": 60,
        "task": {"description": "Review"},
        "mouseEventsCount": "x",
    }
    document["data"]["snapshotsByContractId"] = [{**shot, "mouseEventsCount": 7}]
    result = import_upwork({"week.json": document}, scale=100)
    assert result.segments_of("41815410") == (
        Segment.tracked(
            "2026-10-19T09:00Z",
            memo="Call",
            label="Backend",
            activity=Activity.of_totals(6, keystrokes=4, mouse_events=7),
        ),
    )
    at = "week.json: data.snapshotsByContractId[0]."
    assert {entry.path: entry.value for entry in result.left_over} == {
        f"{at}memo": "Call with Priya",
        f"{at}task": "Review",
        f"{at}time.displayValue": "9:00",
        f"{at}time": NINE + 9,
    }
    document["data"]["snapshotsByContractId"] = [shot]
    (problem,) = import_upwork({"week.json": document}, partial=True).problems
    assert problem.argument == f"{at}mouseEventsCount"


def test_a_snapshot_of_no_contract_is_a_problem() -> None:
    document = {"data": {"snapshotsByContractId": [{"time": str(NINE), "minutes": []}]}}
    with pytest.raises(Problems, match="does not say of which contract it is; give the contract's id"):
        import_upwork([document])


# Snapshots.


def test_a_snapshot_without_a_time_is_one_somewhere_in_its_cell() -> None:
    result = imported(cell(hasScreenshot=True))
    assert result.segments_of("41815410")[0].snapshots == (Snapshot(),)
    assert [assumption.statement for assumption in result.assumptions] == [
        "a snapshot without a time was taken somewhere in its cell"
    ]


def test_an_address_of_a_picture_is_a_snapshot_too() -> None:
    given = cell(screenshotImageUrl="https://example.org/1.jpg", snapshotDateTime={"rawValue": str(NINE)})
    del given["hasScreenshot"]
    result = imported(given)
    assert result.segments_of("41815410")[0].snapshots == (Snapshot(at=instant("2026-10-19T09:00Z")),)
    assert left(result) == {"workDiaryTimeCells[0].screenshotImageUrl": "https://example.org/1.jpg"}


def test_a_moment_without_a_picture_is_no_snapshot() -> None:
    result = imported(cell(hasScreenshot=False, snapshotDateTime={"rawValue": str(NINE + 1)}))
    assert result.segments_of("41815410")[0].snapshots == ()
    assert left(result) == {"workDiaryTimeCells[0].snapshotDateTime.rawValue": NINE + 1}


def test_a_cell_that_mentions_no_snapshot_has_none_and_this_is_said() -> None:
    given = cell()
    del given["hasScreenshot"]
    result = imported(given)
    assert result.segments_of("41815410")[0].snapshots == ()
    assert [assumption.statement for assumption in result.assumptions] == [
        "a cell that does not mention a snapshot has none"
    ]


# Nothing is dropped in silence.


def test_what_the_model_cannot_keep_is_left_over_with_its_path_and_reason() -> None:
    document = answer(
        cell(
            overtime=True,
            activeWindowTitle="login.py — Editor",
            hideScreenshots=False,
            webcamEnabled=False,
            webcamImageUrl=None,
            snapshotExpired=False,
            task={"id": "8801", "description": "Backend"},
            mood="good",
        ),
        extensions={"cost": 3},
    )
    document["data"]["d41815410_20261019"]["workDiaryMetadata"] = {"timezoneOffset": 3600}
    document["data"]["viewer"] = {"name": "ana"}
    result = import_upwork({"week.json": document})
    at = "week.json: data.d41815410_20261019."
    assert {entry.path: entry.value for entry in result.left_over} == {
        "week.json: extensions": {"cost": 3},
        "week.json: data.viewer": {"name": "ana"},
        f"{at}workDiaryMetadata": {"timezoneOffset": 3600},
        f"{at}workDiaryTimeCells[0].overtime": True,
        f"{at}workDiaryTimeCells[0].activeWindowTitle": "login.py — Editor",
        f"{at}workDiaryTimeCells[0].hideScreenshots": False,
        f"{at}workDiaryTimeCells[0].webcamEnabled": False,
        f"{at}workDiaryTimeCells[0].snapshotExpired": False,
        f"{at}workDiaryTimeCells[0].task.id": "8801",
        f"{at}workDiaryTimeCells[0].mood": "good",
    }
    assert all(entry.reason for entry in result.left_over)
    assert str(result.left_over[0]) == "week.json: extensions: is about the answer, not about the diary"
    assert next(entry.reason for entry in result.left_over if entry.path.endswith("mood")) == (
        "is not a key that this import knows"
    )


def test_a_result_can_be_hashed() -> None:
    result = imported(cell(overtime=True, activityLevel=20))
    assert len({result, result.left_over, result.assumptions}) == 3


@pytest.mark.parametrize(
    ("task", "label"),
    [
        ({"id": "8801", "description": "Backend"}, "Backend"),
        ({"id": "8801", "description": None}, "8801"),
        ({"id": 8801, "description": " "}, "8801"),
        ([], None),
        (None, None),
        ("Backend", "Backend"),
    ],
)
def test_the_label_is_the_tasks_description_else_its_id(task: object, label: str | None) -> None:
    assert only(cell(task=task)).label == label


# Two cells for one slot.


def test_a14_the_cell_on_the_boundary_of_two_days_is_one_segment() -> None:
    document = {
        "data": {
            "d1_20261019": {"workDiaryTimeCells": [cell(89), cell(90)]},
            "d1_20261020": {"workDiaryTimeCells": [cell(90), cell(91)]},
        }
    }
    segments = import_upwork([document]).segments_of("1")
    assert [str(segment.starts_at) for segment in segments] == [
        "2026-10-19T23:50:00Z",
        "2026-10-20T00:00:00Z",
        "2026-10-20T00:10:00Z",
    ]


def test_the_same_export_twice_is_one() -> None:
    document = answer(cell(0, memo="A", activityLevel=40), cell(1, memo="B", activityLevel=50))
    once, twice = import_upwork([document]), import_upwork({"a.json": document, "b.json": document})
    assert twice.segments_by_contract == once.segments_by_contract


def test_two_cells_that_differ_are_an_overlap_that_names_both() -> None:
    with pytest.raises(Problems) as caught:
        import_upwork({"a.json": answer(cell(memo="A")), "b.json": answer(cell(memo="B"))})
    (error,) = caught.value
    assert isinstance(error, OverlapError)
    assert str(error) == (
        "b.json: data.d41815410_20261019.workDiaryTimeCells[0]: '2026-10-19T09:00:00Z' is another segment than that of "
        "a.json: data.d41815410_20261019.workDiaryTimeCells[0]; keep one of the two cells"
    )


def test_of_two_cells_that_differ_a_partial_import_takes_neither() -> None:
    result = imported(cell(0, memo="A"), cell(0, memo="B"), cell(1), partial=True)
    assert [str(segment.starts_at) for segment in result.segments_of("41815410")] == ["2026-10-19T09:10:00Z"]
    assert [type(error) for error in result.problems] == [OverlapError]
    assert {entry.value["memo"] for entry in result.left_over} == {"A", "B"}


def test_one_slot_of_two_contracts_is_no_overlap() -> None:
    document = {
        "data": {"d1_20261019": {"workDiaryTimeCells": [cell()]}, "d2_20261019": {"workDiaryTimeCells": [cell()]}}
    }
    assert [len(segments) for _, segments in import_upwork([document]).segments_by_contract] == [1, 1]
