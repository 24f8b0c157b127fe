"""The strategies: every public value has one, and what they make is valid, varied and nasty."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from enum import Enum
from importlib.metadata import entry_points
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import workdiary
from tests.require import skip_or_fail
from workdiary import Contract, Edit, Policy, Segment, Slots, StatusChange, Terms, Timeline, WeekStatement, policies
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.testing import hypothesis_plugin
from workdiary.testing import strategies as wd

hypothesis_plugin.register()  # what the entry point does where the package is installed with it

_VALUES = sorted(
    (
        value
        for name in workdiary.__all__
        if inspect.isclass(value := getattr(workdiary, name)) and not issubclass(value, (Exception, workdiary.Diary))
    ),
    key=lambda value: value.__name__,
)


@pytest.mark.parametrize("kind", [*_VALUES, *get_args(Edit)], ids=lambda kind: kind.__name__)
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_public_value_can_be_drawn_by_its_type_and_hashed(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    assert isinstance(value, kind)
    hash(value)


@settings(max_examples=30)
@given(st.from_type(Timeline[StatusChange]))
def test_a_timeline_is_drawn_of_the_values_that_its_type_names(timeline: Timeline[StatusChange]) -> None:
    assert all(isinstance(value, StatusChange) for value in timeline)


@given(wd.recorded_weeks())
def test_recorded_weeks_hold_one_segment_a_slot(segments: tuple[Segment, ...]) -> None:
    assert len({segment.slot for segment in segments}) == len(segments)


@given(wd.worked_weeks())
def test_every_worked_week_has_a_statement(worked: wd.WorkedWeek) -> None:
    assert all(segment.slot in worked.week for segment in worked.segments)
    assert isinstance(worked.statement(), WeekStatement)


_INTERESTING: dict[str, Callable[[WeekStatement], bool]] = {
    "all three colours": lambda statement: bool(statement.over_limit and statement.tracked and statement.manual),
    "partly protected": lambda statement: bool(statement.protected and statement.unprotected),
    "two rates": lambda statement: len(statement.lines) > 1,
    "an empty week": lambda statement: not statement.sheet.worked,
    "a week with a shift": lambda statement: statement.week.stop - statement.week.start != 1008,
}


def test_interesting_weeks_and_every_kind_of_policy_are_drawn() -> None:
    seen: set[str] = set()

    @given(wd.statements())
    def look(statement: WeekStatement) -> None:
        seen.update(name for name, wanted in _INTERESTING.items() if wanted(statement))
        seen.add(statement.policy.name)

    # The usual number in a brief run too: fewer do not meet them all.
    settings(max_examples=max(200, settings().max_examples))(look)()
    assert seen == {*_INTERESTING, *policies.names(), "free"}


@pytest.mark.parametrize("pool", sorted(wd.NASTY))
def test_each_nasty_pool_holds_the_second_before_and_after_each_moment(pool: str) -> None:
    moments = wd.NASTY[pool]
    assert len(moments) % 3 == 0
    for centre, before, after in zip(moments[::3], moments[1::3], moments[2::3], strict=True):
        assert (before, after) == (centre - 1, centre + 1)


def test_nasty_pools_say_the_moments_that_their_names_promise() -> None:
    assert {moment.datetime.weekday() for moment in wd.NASTY["monday_noon"]} == {0}
    assert {str(moment)[11:] for moment in wd.NASTY["monday_noon"]} == {"12:00:00Z", "11:59:59Z", "12:00:01Z"}
    assert any(str(moment).startswith("2024-02-29") for moment in wd.NASTY["leap_day"])
    assert all(moment % SECONDS_PER_SLOT == 300 for moment in wd.NASTY["zones_at_45"][::3])


@given(wd.slot_sets(100, 50))
def test_slot_sets_stay_within_their_bounds(slots: Slots) -> None:
    assert slots <= Slots.range(100, 150)


@given(st.from_type(Terms), st.from_type(Contract), st.from_type(Policy))
def test_types_are_enough_to_draw_a_contract_and_its_policy(terms: Terms, contract: Contract, policy: Policy) -> None:
    assert terms.rate >= 0
    assert contract.terms
    assert policy.name


def test_without_hypothesis_the_error_names_the_extra() -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "from workdiary.errors import MissingExtra\n"
        "try:\n    import workdiary.testing.strategies\n"
        "except MissingExtra as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install workdiary[testing]" in done.stdout


def test_no_enum_of_the_public_surface_is_left_empty() -> None:
    assert all(list(value) for value in _VALUES if issubclass(value, Enum))


def test_hypothesis_finds_the_strategies_by_itself() -> None:
    if not any(
        entry.value == "workdiary.testing.hypothesis_plugin:register" for entry in entry_points(group="hypothesis")
    ):
        skip_or_fail("the installed package does not have the entry point yet: install it again")
    code = "from hypothesis import strategies as st; from workdiary import Segment; st.from_type(Segment).validate()"
    for first in ("", "import workdiary.testing.strategies; ", "import workdiary; "):
        subprocess.run([sys.executable, "-W", "error", "-c", first + code], check=True)
