"""oDesk's and Upwork's older REST work diaries, with their quirks. 1792400400 is Monday 2026-10-19T09:00Z."""

from __future__ import annotations

from typing import Any

import pytest

from workdiary import Activity, Segment, Snapshot, Source, instant
from workdiary.errors import OverlapError, Problems
from workdiary.formats.imported import Imported
from workdiary.formats.upwork import import_upwork

NINE = 1792400400


def old(n: int = 0, **fields: Any) -> dict[str, Any]:
    """A cell as recorded in 2009: every leaf is text."""
    return {
        "cell_time": str(NINE + 600 * n),
        "time": str(NINE + 600 * n + 240),
        "activity": "7",
        "keyboard_events_count": "310",
        "mouse_events_count": "85",
        "billing_status": "billed.connected",
        "status": "NORMAL",
        "memo": "Fix the login form",
        "screenshot_url": "https://example.org/1.jpg",
        **fields,
    }


def of_2009(snapshot: Any) -> dict[str, Any]:
    return {"server_time": "1792450000", "snapshots": {"user": {"uid": "ana"}, "snapshot": snapshot}}


def v3(*cells: Any, contract: Any = None) -> dict[str, Any]:
    return {"data": {"contract": {"record_id": "38002177"} if contract is None else contract, "cells": list(cells)}}


def bare(n: int = 0, **fields: Any) -> dict[str, Any]:
    """A cell of version 3."""
    return {"cell_time": NINE + 600 * n, "manual": False, "screenshot_img": "", **fields}


def import_old(*cells: Any, **options: Any) -> Imported:
    return import_upwork({"diary.json": of_2009(list(cells))}, contract="7", **options)


def refused(document: Any, contract: str | None = "7") -> list[str]:
    with pytest.raises(Problems) as caught:
        import_upwork({"diary.json": document}, contract=contract)
    return [str(error) for error in caught.value]


def test_a_cell_of_2009_becomes_a_segment() -> None:
    assert import_old(old()).segments_of("7") == (
        Segment.tracked(
            "2026-10-19T09:00Z",
            memo="Fix the login form",
            activity=Activity.of_totals(7, keystrokes=310, mouse_events=85),
            snapshots=["2026-10-19T09:04Z"],
        ),
    )


def test_a_cell_of_version_3_becomes_a_segment() -> None:
    given = bare(
        snapshot_time=NINE + 599,
        activity=10,
        keyboard_events_count=900,
        mouse_events_count=12,
        memo="Icons for the map",
        screenshot_img="https://example.org/2.jpg",
        task={"id": "t1", "description": "Design"},
    )
    assert import_upwork([v3(given)]).segments_of("38002177") == (
        Segment.tracked(
            "2026-10-19T09:00Z",
            memo="Icons for the map",
            label="Design",
            activity=Activity.of_totals(10, keystrokes=900, mouse_events=12),
            snapshots=["2026-10-19T09:09:59Z"],
        ),
    )


def test_one_element_comes_as_an_object_and_several_as_a_list() -> None:
    one = import_upwork([of_2009(old())], contract="7")
    several = import_upwork([of_2009([old()])], contract="7")
    assert one.segments_by_contract == several.segments_by_contract
    assert len(one.segments_of("7")) == 1


@pytest.mark.parametrize("nothing", ["", [], {}, None])
def test_a_day_without_cells_may_come_as_anything_empty(nothing: object) -> None:
    assert import_upwork([of_2009(nothing)], contract="7").segments_by_contract == (("7", ()),)
    assert import_upwork([{"snapshots": nothing}], contract="7").segments_by_contract == (("7", ()),)
    document = {"data": {"contract": {"record_id": 38002177}, "cells": nothing}}
    assert import_upwork([document]).segments_by_contract == (("38002177", ()),)


def test_gap_cells_are_absent_or_empty_and_make_no_segment() -> None:
    result = import_old(old(0), "", [], old(3))
    assert [str(segment.starts_at) for segment in result.segments_of("7")] == [
        "2026-10-19T09:00:00Z",
        "2026-10-19T09:30:00Z",
    ]


@pytest.mark.parametrize(
    ("status", "source"),
    [
        ("billed.active", Source.TRACKED),
        ("billed.connected", Source.TRACKED),
        ("billed.disconnected", Source.MANUAL),
    ],
)
def test_a13_the_billing_status_says_whether_a_cell_is_manual(status: str, source: Source) -> None:
    result = import_old(old(0, billing_status=status), old(1))
    assert [segment.source for segment in result.segments_of("7")] == [source, Source.TRACKED]


def test_time_that_is_not_billed_is_no_work_and_is_left_over_whole() -> None:
    presence = old(1, billing_status="non-billed.disconnected")
    result = import_old(old(0), presence)
    assert len(result.segments_of("7")) == 1
    kept = [entry for entry in result.left_over if entry.path == "diary.json: snapshots.snapshot[1]"]
    assert [(entry.value, entry.reason) for entry in kept] == [
        (presence, "its billing_status says that it is not billed: presence, not work")
    ]


def test_an_unknown_billing_status_is_refused_with_the_known_ones() -> None:
    assert refused(of_2009(old(billing_status="billed.maybe"))) == [
        "diary.json: snapshots.snapshot.billing_status: 'billed.maybe' is not a known billing status; "
        "choose one of: billed.active, billed.connected, billed.disconnected, non-billed.*"
    ]


def test_a_billing_status_that_contradicts_manual_is_refused() -> None:
    assert refused(of_2009(old(manual="1"))) == [
        "diary.json: snapshots.snapshot.billing_status: 'billed.connected' contradicts manual, "
        "by which it is manual; correct one of them"
    ]


@pytest.mark.parametrize("value", [0, "0", "", "N", "no", "false", False])
def test_every_way_to_write_no_is_tracked(value: object) -> None:
    assert import_upwork([v3(bare(manual=value))]).segments_of("38002177")[0].source is Source.TRACKED


@pytest.mark.parametrize("value", [1, "1", "Y", "yes", "true", True])
def test_every_way_to_write_yes_is_manual(value: object) -> None:
    assert import_upwork([v3(bare(manual=value))]).segments_of("38002177")[0].source is Source.MANUAL


# A12: activity is of ten.


def test_a12_ten_of_ten_is_ten_minutes_and_not_17_percent() -> None:
    (segment,) = import_old(old(activity="10")).segments_of("7")
    assert segment.meter == 10


def test_the_scale_is_always_10_and_needs_no_assumption() -> None:
    result = import_old(old(0, activity="1"), old(1, activity="2"))
    assert [segment.meter for segment in result.segments_of("7")] == [1, 2]
    assert result.assumptions == ()


@pytest.mark.parametrize("activity", ["11", 70, "-1"])
def test_activity_outside_0_to_10_is_refused(activity: object) -> None:
    (found,) = refused(of_2009([old(activity=activity)]))
    assert found.startswith("diary.json: snapshots.snapshot[0].activity: ")
    assert found.endswith("give a whole number from 0 to 10")


@pytest.mark.parametrize("activity", [None, "", [], {}])
def test_activity_2_activity_that_says_nothing_is_unknown(activity: object) -> None:
    given = old(activity=activity, keyboard_events_count="", mouse_events_count=[])
    assert import_old(given).segments_of("7")[0].activity is None


def test_activity_2_zero_is_known() -> None:
    given = old(activity="0", keyboard_events_count="0", mouse_events_count="0")
    assert import_old(given).segments_of("7")[0].activity == Activity.of_totals(0, keystrokes=0, mouse_events=0)


# Snapshots: cell_time <= time < cell_time + 600.


def test_a14_a_snapshot_on_the_first_second_belongs_to_its_cell() -> None:
    given = old(time=str(NINE))
    assert import_old(given).segments_of("7")[0].snapshots == (Snapshot(at=instant("2026-10-19T09:00Z")),)


@pytest.mark.parametrize("time", [NINE - 1, NINE + 600])
def test_a14_a_snapshot_before_or_at_the_end_of_its_cell_is_refused(time: int) -> None:
    (found,) = refused(of_2009(old(time=str(time))))
    assert found.startswith("diary.json: snapshots.snapshot.time: ")
    assert found.endswith("give a moment with 2026-10-19T09:00:00Z <= t < 2026-10-19T09:10:00Z")


def test_a_private_snapshot_has_no_picture_and_this_is_said() -> None:
    given = old(status="PRIVATE")
    del given["screenshot_url"]
    result = import_old(given)
    assert result.segments_of("7")[0].snapshots == ()
    assert [assumption.statement for assumption in result.assumptions] == ["a PRIVATE snapshot has no picture"]


@pytest.mark.parametrize("status", ["LOGIN", "NORMAL", "EXIT"])
def test_the_time_of_another_snapshot_alone_means_that_there_is_one(status: str) -> None:
    given = old(status=status)
    del given["screenshot_url"]
    result = import_old(given)
    assert result.segments_of("7")[0].snapshots == (Snapshot(at=instant("2026-10-19T09:04Z")),)
    assert [assumption.statement for assumption in result.assumptions] == [
        "a snapshot's time alone means that there is a snapshot"
    ]


def test_an_empty_address_is_no_picture() -> None:
    result = import_old(old(screenshot_url=""))
    assert result.segments_of("7")[0].snapshots == ()


def test_minutes_of_version_3_give_the_meter_and_the_totals() -> None:
    rows = [{"time": NINE + 60 * n, "mouse": n % 2, "keyboard": 0} for n in range(10)]
    (segment,) = import_upwork([v3(bare(minutes=rows))]).segments_of("38002177")
    assert segment.activity == Activity.of_totals(5, keystrokes=0, mouse_events=5)


# What is left over, and what cannot be taken.


def test_what_the_model_cannot_keep_is_left_over() -> None:
    given = old(uid="ana", active_window_title="Editor", timezone="Europe/Berlin", snapshot_api="x", mood="good")
    result = import_upwork({"diary.json": of_2009(given)}, contract="7")
    at = "diary.json: snapshots."
    assert {entry.path: entry.value for entry in result.left_over} == {
        "diary.json: server_time": "1792450000",
        f"{at}user": {"uid": "ana"},
        f"{at}snapshot.billing_status": "billed.connected",
        f"{at}snapshot.status": "NORMAL",
        f"{at}snapshot.screenshot_url": "https://example.org/1.jpg",
        f"{at}snapshot.uid": "ana",
        f"{at}snapshot.active_window_title": "Editor",
        f"{at}snapshot.timezone": "Europe/Berlin",
        f"{at}snapshot.snapshot_api": "x",
        f"{at}snapshot.mood": "good",
    }


def test_manual_1_the_evidence_of_manual_time_is_left_over() -> None:
    result = import_old(old(billing_status="billed.disconnected"))
    assert result.segments_of("7") == (Segment.manual("2026-10-19T09:00Z", memo="Fix the login form"),)
    manual = [entry.path.rpartition(".")[2] for entry in result.left_over if "MANUAL-1" in entry.reason]
    assert manual == ["activity", "keyboard_events_count", "mouse_events_count", "time", "has_screenshot"]


def test_a_diary_of_2009_needs_the_contract_from_the_caller() -> None:
    assert refused(of_2009(old()), contract=None) == [
        "diary.json: snapshots: None does not say of which contract it is; "
        "give the contract's id: this shape of Upwork's diary does not name it"
    ]


def test_the_contract_of_the_document_comes_before_the_callers() -> None:
    assert import_upwork([v3(bare())], contract="7").contracts == ("38002177",)
    assert import_upwork([v3(bare(), contract=[])], contract="7").contracts == ("7",)


def test_a_cell_without_a_time_is_refused() -> None:
    given = bare()
    del given["cell_time"]
    assert refused(v3(given)) == [
        "diary.json: data.cells[0].cell_time: None is missing; give Unix seconds, a multiple of 600"
    ]


def test_a_cell_off_the_grid_is_refused() -> None:
    (found,) = refused(v3(bare(cell_time=NINE + 300)))
    assert found.startswith("diary.json: data.cells[0].cell_time: '2026-10-19T09:05:00Z' is not the start of")


def test_one_file_a_day_and_the_same_day_twice_make_one_week() -> None:
    monday, tuesday = v3(bare(0), bare(1)), v3(bare(144))
    result = import_upwork({"mon.json": monday, "tue.json": tuesday, "mon (1).json": monday})
    assert [str(segment.starts_at) for segment in result.segments_of("38002177")] == [
        "2026-10-19T09:00:00Z",
        "2026-10-19T09:10:00Z",
        "2026-10-20T09:00:00Z",
    ]


def test_the_old_and_the_new_shape_of_one_contract_meet_in_one_diary() -> None:
    graphql = {
        "data": {
            "d38002177_20261019": {
                "workDiaryTimeCells": [
                    {
                        "cellDateTime": {"rawValue": str(NINE)},
                        "manual": False,
                        "hasScreenshot": False,
                        "activityLevel": 50,
                    }
                ]
            }
        }
    }
    result = import_upwork([v3(bare(0, activity="5")), graphql], scale=100)
    assert [segment.meter for segment in result.segments_of("38002177")] == [5]


def test_two_cells_that_differ_are_an_overlap() -> None:
    with pytest.raises(Problems) as caught:
        import_upwork([v3(bare(activity=3), bare(activity=4))])
    assert [type(error) for error in caught.value] == [OverlapError]
