"""The strategies of what a diary holds: every value has one by its type, and what they make is valid and varied."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from workdiary.diary.changes import CHANGES, Change, ContractOpened, MemoEdited, TimeTracked
from workdiary.diary.entry import Entry, Head, check_id
from workdiary.diary.journal import KeptWeek, Quarantined, Standing, WeekState
from workdiary.model.policy import Policy
from workdiary.testing import diary_strategies as wd
from workdiary.testing import hypothesis_plugin

hypothesis_plugin.register()  # what the entry point does where the package is installed with it

KINDS = [*CHANGES.values(), Entry, Head, KeptWeek, Quarantined, Standing, WeekState]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_value_of_a_diary_can_be_drawn_by_its_type_and_hashed(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    assert type(value) is kind
    hash(value)


@pytest.mark.parametrize("kind", CHANGES.values(), ids=lambda kind: kind.__name__)
def test_every_kind_of_change_is_drawn(kind: type[Change]) -> None:
    # Looked for until it is there: what is drawn in which order depends on the modules that are loaded.
    long = settings(max_examples=5_000, phases=[Phase.generate])
    assert type(find(wd.changes(), lambda change: type(change) is kind, settings=long)) is kind


_INTERESTING: dict[str, Callable[[Entry], bool]] = {
    "the first entry of a chain": lambda entry: entry.number == 1,
    "a later entry": lambda entry: entry.number > 1,
    "no slots": lambda entry: entry.start is None,
    "a range with a hole": lambda entry: len(entry.change.slots.runs()) > 1,
    "text beyond ASCII": lambda entry: b"\\u" in entry.body,
    "a whole policy": lambda entry: (
        isinstance(entry.change, ContractOpened) and isinstance(entry.change.policy, Policy)
    ),
    "a slot set aside": lambda entry: isinstance(entry.change, TimeTracked) and bool(entry.change.aside),
}


def test_interesting_entries_are_drawn() -> None:
    seen: set[str] = set()

    for kind in (ContractOpened, TimeTracked, MemoEdited):

        @settings(max_examples=50)
        @given(wd.entries(kind))
        def look(entry: Entry) -> None:
            seen.update(name for name, wanted in _INTERESTING.items() if wanted(entry))

        look()
    assert seen == set(_INTERESTING)


@settings(max_examples=50)
@given(wd.entries(TimeTracked))
def test_entries_of_one_kind_of_change_hold_that_kind(entry: Entry) -> None:
    assert isinstance(entry.change, TimeTracked)
    assert entry.change.aside <= entry.change.slots


@given(wd.entry_ids())
def test_every_drawn_id_is_an_id(id: str) -> None:
    assert check_id(id) == id


@settings(max_examples=50)
@given(wd.kept_weeks())
def test_a_kept_week_holds_slots_of_its_own_only(week: KeptWeek) -> None:
    worked = week.sheet.worked
    assert worked == worked.between(week.start, week.stop)


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [
        ("workdiary.testing.diary_strategies", "hypothesis", "pip install workdiary[testing]"),
        ("workdiary.testing.journal_machine", "hypothesis", "pip install workdiary[testing]"),
        ("workdiary.testing.journal", "hypothesis", "pip install workdiary[testing]"),
        ("workdiary.testing.journal", "pytest", "pip install pytest"),
    ],
)
def test_the_error_about_what_is_not_installed_says_what_to_install(module: str, missing: str, extra: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from workdiary.errors import MissingExtra\n"
        f"try:\n    import {module}\n"
        "except MissingExtra as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert extra in done.stdout
