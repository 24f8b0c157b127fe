"""Reconciliation: each way in which a statement, its segments and the kept sets can disagree is found (I38)."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tests.support import PLAIN, WEEK, at, contract, manual, slots, terms, tracked
from workdiary import Money, Segment, Sheet, WeekStatement, week_statement
from workdiary.diary.journal import KeptWeek, WeekState
from workdiary.diary.reconcile import differences, unlike
from workdiary.model.outcome import Bill
from workdiary.model.timeline import Timeline

LIMIT = contract(terms=[terms(limit="0.5"), terms("2026-11-17T00:00Z", rate="60", limit="0.5")])
SEGMENTS = (tracked(at(0), label="Design"), manual(at(1)), tracked(at(200)), tracked(at(201)))
STATEMENT = week_statement(LIMIT, SEGMENTS, week=WEEK, policy=PLAIN)
"""Three billable segments, 5 + 5 + 10 dollars, and one over the limit."""


def kept(*segments: Segment, **changes: Any) -> KeptWeek:
    sheet = attrs.evolve(Sheet.of(segments or SEGMENTS, WEEK), **changes)
    return KeptWeek(start=WEEK.start, stop=WEEK.stop, state=WeekState.OPEN, sheet=sheet)


def status(**sets: Any) -> WeekStatement:
    return attrs.evolve(STATEMENT, status=attrs.evolve(STATEMENT.status, **sets))


def lines(*minors: int) -> WeekStatement:
    """Return the statement with these amounts on its lines, in cents."""
    made = tuple(
        attrs.evolve(line, amount=Money(minor, "USD")) for line, minor in zip(STATEMENT.lines, minors, strict=True)
    )
    return attrs.evolve(STATEMENT, bill=attrs.evolve(STATEMENT.bill, lines=made))


def test_what_agrees_has_no_difference() -> None:
    assert str(STATEMENT.amount) == "20.00 USD"
    assert differences(STATEMENT, SEGMENTS, kept()) == ()
    assert differences(STATEMENT, SEGMENTS[::-1], kept()) == ()
    empty = week_statement(LIMIT, [], week=WEEK, policy=PLAIN)
    assert differences(empty, (), None) == ()
    assert differences(empty, (), attrs.evolve(kept(), sheet=Sheet())) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tracked", slots(0, 200)),
        ("manual", slots(1, 2)),
        ("snapshot", slots(0)),
        ("at_least", Sheet.of(SEGMENTS[:2], WEEK).at_least),
        ("memos", Sheet.of(SEGMENTS, WEEK).memos[::-1]),
        ("labels", ()),
    ],
)
def test_each_kept_set_is_compared(name: str, value: Any) -> None:
    bent = kept(**{name: value})
    assert differences(STATEMENT, SEGMENTS, bent) == (f"the kept {name} are not those of the entries",)
    assert unlike(Sheet.of(SEGMENTS, WEEK), bent) == (name,)


def test_a_week_that_is_not_kept_at_all_is_compared_as_an_empty_one() -> None:
    assert unlike(Sheet(), None) == ()
    assert unlike(Sheet.of(SEGMENTS, WEEK), None) == ("tracked", "manual", "snapshot", "at_least", "memos", "labels")


@pytest.mark.parametrize(
    ("bent", "found"),
    [
        (status(tracked=slots(0)), ["the segment of 2026-11-17T09:20:00Z has no status", "recorded"]),
        (status(tracked=slots(0, 200, 5)), ["2 segments are tracked by scan, 3 by statement"]),
        (status(over_limit=slots(201, 300)), ["1 segments are over the limit by scan, 2 by statement"]),
        (status(over_limit=slots()), ["the segment of 2026-11-17T09:30:00Z has no status"]),
        (status(manual=slots()), ["the segment of 2026-11-16T00:10:00Z has no status"]),
        # Billable and over the limit at once.
        (status(over_limit=slots(200, 201)), ["1 segments are tracked by scan, 2 by statement"]),
        # Tracked time called manual, and the other way round.
        (
            status(tracked=slots(1, 200), manual=slots(0)),
            ["the segment of 2026-11-16T00:00:00Z has no status", "the segment of 2026-11-16T00:10:00Z has no status"],
        ),
    ],
)
def test_each_status_is_counted_again(bent: WeekStatement, found: list[str]) -> None:
    said = "; ".join(differences(bent, SEGMENTS, kept()))
    for words in found:
        assert words in said


def test_a_segment_more_or_less_than_the_statement_has_is_found() -> None:
    less = differences(STATEMENT, SEGMENTS[1:], kept(*SEGMENTS[1:]))
    assert "1 segments are tracked by scan, 2 by statement" in less
    assert "the scan come to 15.00 USD, the bill to 20.00 USD" in less
    more = (*SEGMENTS, tracked(at(300)))
    assert differences(STATEMENT, more, kept(*more)) == (
        "the segment of 2026-11-18T02:00:00Z has no status",
        "4 segments are recorded by scan, 5 by statement",
    )


@pytest.mark.parametrize("minors", [(1001, 1000), (0, 1000), (1000, 999), (2000, 1000)])
def test_each_line_is_computed_again(minors: tuple[int, int]) -> None:
    total = f"{sum(minors) // 100}.{sum(minors) % 100:02}"
    assert differences(lines(*minors), SEGMENTS, kept()) == (f"the scan come to 20.00 USD, the bill to {total} USD",)


def test_a_bill_that_is_not_the_sum_of_its_lines_is_found() -> None:
    class Bent(Bill):
        @property
        def amount(self) -> Money:
            return Money(2001, "USD")

    bent = attrs.evolve(STATEMENT, bill=Bent(STATEMENT.bill.lines, "USD"))
    assert differences(bent, SEGMENTS, kept()) == (
        "the scan come to 20.00 USD, the bill to 20.01 USD",
        "the lines come to 20.00 USD, the bill to 20.01 USD",
    )


def test_time_without_terms_is_found() -> None:
    later = attrs.evolve(STATEMENT.contract, terms=Timeline.of([terms("2026-11-17T00:00Z", rate="60")]))
    found = differences(attrs.evolve(STATEMENT, contract=later), SEGMENTS, kept())
    assert found == (
        "the segment of 2026-11-16T00:00:00Z has no terms",
        "the segment of 2026-11-16T00:10:00Z has no terms",
        "the scan come to 10.00 USD, the bill to 20.00 USD",
    )


def test_a_rate_that_is_not_the_contracts_is_found() -> None:
    dearer = attrs.evolve(STATEMENT.contract, terms=[terms(rate="31"), terms("2026-11-17T00:00Z", rate="60")])
    assert differences(attrs.evolve(STATEMENT, contract=dearer), SEGMENTS, kept()) == (
        "the scan come to 20.33 USD, the bill to 20.00 USD",
    )
