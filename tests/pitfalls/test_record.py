"""Pitfalls of records in and out: A27 (its lesson about None), A29, B59, B65 to B67, B96."""

from __future__ import annotations

import json

import pytest

from workdiary import Activity, Contract, Segment, Snapshot, Terms, hours
from workdiary.errors import OverlapError, WorkdiaryError
from workdiary.formats import native

CONTRACT = Contract(
    id="c-1",
    freelancer="ana",
    client="acme",
    currency="USD",
    terms=[Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours("0"))],
)
SEGMENTS = [
    Segment.tracked("2026-11-18T09:00Z", memo="Same", activity=Activity.of_meter(0), snapshots=["2026-11-18T09:04Z"]),
    Segment.tracked("2026-11-18T09:10Z", memo="Same", snapshots=[Snapshot()]),
    Segment.manual("2026-11-18T09:20Z", memo="Same"),
]


def written() -> str:
    return native.dumps([native.Record.of(CONTRACT, "upwork", SEGMENTS)])


def test_a27_zero_and_unknown_are_kept_apart_on_the_way_out_and_in() -> None:
    (record,) = native.loads(written())
    assert record.segments == tuple(SEGMENTS)
    limit = record.contract.terms.values[0].weekly_limit
    assert limit is not None
    assert limit.slots == 0
    assert [segment.meter for segment in record.segments] == [0, None, None]


def test_a29_what_is_written_is_what_is_read() -> None:
    assert native.dumps(native.loads(written())) == written()


def test_b59_b65_b67_equal_records_at_different_times_are_all_kept() -> None:
    (record,) = native.loads(written())
    assert len({segment.slot for segment in record.segments}) == 3


def test_b66_two_segments_for_one_slot_are_an_error_with_its_place() -> None:
    document = json.loads(written())
    runs = document["contracts"][0]["segments"]
    runs.append(runs[0])
    with pytest.raises(WorkdiaryError, match="contracts"):
        native.loads(json.dumps(document))
    with pytest.raises(OverlapError):
        native.Record.of(CONTRACT, "upwork", [*SEGMENTS, SEGMENTS[0]])


@pytest.mark.parametrize("number", ["1e2", "12.5", "NaN"])
def test_b96_hours_that_came_through_a_float_are_refused(number: str) -> None:
    text = written()
    assert '"weekly_limit_hours": "0"' in text
    with pytest.raises(WorkdiaryError):
        native.loads(text.replace('"weekly_limit_hours": "0"', f'"weekly_limit_hours": {number}'))
