"""Each benchmark runs and prints its ratios; how fast anything is, no test says."""

from __future__ import annotations

import gc

import pytest

from benchmarks import weeks
from benchmarks.__main__ import main
from benchmarks.ratios import MEASURES
from workdiary import ReasonCode

TINY = ["--report-only", "--rounds=1", "--imports=1", "--passes=1", "--cases=3", "--slots=1000"]

PRINTED = {
    "statement": "statement of 240 segments / making them",
    "classify": "classifying a week over the limit / making its segments",
    "evaluate": "evaluate / json.loads of the same lines (3 cases",
    "import": "import workdiary / import attrs, cattrs, pendulum",
    "many-weeks": "million slots of ready weeks classified and billed in a second",
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
