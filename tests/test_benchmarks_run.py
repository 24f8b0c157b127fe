"""Each benchmark runs and prints its ratios; how fast anything is, no test says."""

from __future__ import annotations

import gc
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import compare, records, weeks
from benchmarks.__main__ import MEASURES, main
from workdiary import ReasonCode
from workdiary.formats import native

TINY = ["--report-only", "--rounds=1", "--imports=1", "--passes=1", "--cases=3", "--slots=1000"]
TINY += ["--weeks=5", "--appends=3", "--contracts=1", "--entries=300", "--seconds=2"]

PRINTED = {
    "statement": "statement of 240 segments / making them",
    "classify": "classifying a ready week / making its segments",
    "evaluate": "evaluate / json.loads of the same lines (3 cases",
    "import": "import workdiary / import attrs, cattrs, pendulum",
    "many-weeks": "million slots of ready weeks classified and billed in a second",
    "append": "recording a segment / a bare INSERT with the same pragmas",
    "growth": "the statement of this week in a diary of 5 weeks / of 4",
    "ingest": "ingesting 230 segments on PostgreSQL / COPY of them as bare rows",
    "verify": "verifying a diary of 461 entries, its chain: µs an entry / 20",
    "replay": "memory for replaying 1,150 segments, the whole process / 200 MB",
    "capture": "the tracker at rest: % of a core / those of ActivityWatch's AFK watcher",
}


def test_every_measurement_is_tried_here() -> None:
    assert PRINTED.keys() == MEASURES.keys()


@pytest.mark.parametrize("name", PRINTED)
def test_a_measurement_prints_its_ratios(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    collecting = gc.isenabled()
    assert main([*TINY, "--only", name]) == 0
    assert PRINTED[name] in capsys.readouterr().out
    assert gc.isenabled() is collecting


def test_the_full_weeks_have_240_segments_and_all_thirteen_reasons() -> None:
    reached, low = weeks.full_week(low_average=False), weeks.full_week(low_average=True)
    assert [len(week.segments()) for week in (reached, low)] == [240, 240]
    assert reached.segments() == reached.direct()
    assert weeks.reasons_of(reached) ^ weeks.reasons_of(low) == {
        ReasonCode.LIFETIME_CAP,
        ReasonCode.LOW_AVERAGE_ACTIVITY,
    }
    assert len(weeks.reasons_of(reached) | weeks.reasons_of(low)) == 13


def test_a_year_of_records_is_12220_of_them_in_order_and_104_totals() -> None:
    rows = records.records(1)
    assert len(rows) == 12_220
    assert all(row.slot < later.slot for row, later in pairwise(rows))
    found = records.totals(rows)
    assert len(found) == 104
    assert sum(found.values()) == 122_200
    assert min(found) == (date(2016, 1, 4), "contract-a")


def test_every_tool_gets_a_file_of_the_same_records(tmp_path: Path) -> None:
    rows = records.records(1)[:47]
    records.write_all(rows, tmp_path)
    kept = [segment.slot for record in native.read(tmp_path / "diary.json") for segment in record.segments]
    assert kept == [row.slot for row in rows]
    assert (tmp_path / "diary.timeclock").read_text().startswith("i 2016/01/04 08:00:00 contract-a  ")
    months = tmp_path / "timewarrior" / "data" / "2016-01.data"
    assert months.read_text().startswith("inc 20160104T080000Z - 20160104T081000Z # contract-a")
    assert (tmp_path / "watson" / "frames").is_file()
    assert (tmp_path / "aw-events.json").is_file()


def test_the_table_gives_seconds_and_how_many_times_ours_they_are() -> None:
    assert compare.table({"ours": {1: 0.5, 10: 1.0}, "theirs": {1: 2.0}}, [1, 10]).splitlines() == [
        "| | 1 year, 12,220 records | 10 years, 122,200 records |",
        "|---|---:|---:|",
        "| ours | 0.50 s (1.0 ×) | 1.00 s (1.0 ×) |",
        "| theirs | 2.00 s (4.0 ×) | – |",
    ]
