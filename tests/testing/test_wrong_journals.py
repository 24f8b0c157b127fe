"""The conformance suite catches every wrong journal, by the part that is there for its flaw, and passes a right one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache

import pytest
from _pytest.outcomes import OutcomeException
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.testing.wrong_journals import WRONG, Disk, RightJournal
from workdiary.testing._journal_bench import Bench
from workdiary.testing.journal import JournalConformance, Opener
from workdiary.testing.journal_machine import journal_machine

PARTS = {part.__name__: part for part in JournalConformance.__bases__}
"""The parts of the suite by name."""


class TestRightJournal(JournalConformance):
    @pytest.fixture
    def open_journal(self) -> Opener:
        return _opener(RightJournal)


def _opener(kind: type[RightJournal]) -> Opener:
    disk = Disk()
    return lambda clock: kind(disk, clock)


def _tests(part: type) -> Iterator[tuple[str, Callable[[object, Bench], None]]]:
    for name, test in vars(part).items():
        if name.startswith("test_"):
            yield name, test


@cache
def _failures(name: str, part: str) -> frozenset[str]:
    """Return the tests of `part` that fail for the wrong journal `name`."""
    kind, _ = WRONG[name]
    failed: set[str] = set()
    for test_name, test in _tests(PARTS[part]):
        bench = Bench(_opener(kind))
        try:
            test(PARTS[part](), bench)
        except (Exception, OutcomeException):
            failed.add(test_name)
        with suppress(Exception):
            bench.close()
    return frozenset(failed)


@pytest.mark.parametrize("name", sorted(WRONG))
def test_every_wrong_journal_is_caught_by_the_part_for_its_flaw(name: str) -> None:
    assert _failures(name, WRONG[name][1])


def test_every_part_catches_a_wrong_journal() -> None:
    assert {part for _, part in WRONG.values()} == set(PARTS)


def test_every_test_of_the_suite_fails_for_some_wrong_journal() -> None:
    tests = {test for part in PARTS.values() for test, _ in _tests(part)}
    caught = {test for name, (_, part) in WRONG.items() for test in _failures(name, part)}
    assert sorted(tests - caught) == []


# What a history made up by chance can be expected to meet; the rest needs the hand-written tests.
BY_CHANCE = (
    "ForgetsTheLastEntryOfABatch",
    "TakesAnyVersion",
    "AllowsAnIdTwice",
    "LooksAtNoChain",
    "UndoesNothing",
    "KeepsWeeksWithoutTheirEntries",
    "LetsTheClockGoBack",
    "TouchesOneSlotTooEarly",
    "TouchesOneSlotTooLate",
    "ReadsFromThatNumberOn",
    "ListsParkedWeeksAsOpen",
    "ListsWeeksThatEndLater",
    "ForgetsLabels",
    "ForgetsTheLastBlockWhenClosed",
    "LocksNothing",
    "KeepsTheSameBytesTwice",
    "ReleasesEverything",
)


@pytest.mark.parametrize("name", BY_CHANCE)
def test_the_state_machine_catches_what_chance_can_meet(name: str) -> None:
    machine = journal_machine(_opener(WRONG[name][0]))
    # The first failure is enough: nothing is made smaller, nothing is explained.
    found = settings(max_examples=200, stateful_step_count=20, phases=[Phase.generate], database=None)
    with pytest.raises(Exception):  # noqa: B017 - each in its own way
        run_state_machine_as_test(machine, settings=found)
