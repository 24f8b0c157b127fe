"""The example week of Upwork files: what the README and `make run` show of it, counted by hand.

Acme's sessions of ten minutes, in UTC: Monday 20 + 26, Tuesday 19 + 25, Wednesday 21 + 4 + 20,
Thursday 19 + 25, Friday 18 + 17 + 3, Saturday 19, Sunday 12 + 6: 254, 14 over the limit of 240.
Globe's: Monday 16, Tuesday 14, Wednesday 1, Thursday 16, Saturday 18, Sunday 10: 75, the limit exactly.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from workdiary import Contract, ReasonCode, Slots, WeekStatement, policies, slot_at, week_statement, zone
from workdiary.formats import native
from workdiary.formats.imported import Imported
from workdiary.formats.upwork import import_upwork

DATA = Path(__file__).parents[2] / "examples" / "data"


@pytest.fixture(scope="module")
def week() -> Imported:
    files = sorted((DATA / "upwork").glob("*.json"))
    return import_upwork({path.name: path.read_bytes() for path in files})


def contract(number: str) -> Contract:
    return next(record.contract for record in native.read(DATA / "contracts.json") if record.contract.id == number)


def statement(week: Imported, number: str) -> WeekStatement:
    return week_statement(
        contract(number), week.segments_of(number), week="2026-10-19T00:00Z", policy=policies.get("upwork")
    )


def worked(week: Imported, number: str) -> Slots:
    return Slots(segment.slot for segment in week.segments_of(number))


def run(start: str, stop: str) -> Slots:
    return Slots.range(slot_at(f"2026-10-{start}Z"), slot_at(f"2026-10-{stop}Z"))


def test_every_file_is_small_enough_to_read() -> None:
    assert all(path.stat().st_size < 200_000 for path in DATA.rglob("*.json"))


def test_the_two_contracts_and_their_segments(week: Imported) -> None:
    assert {number: len(segments) for number, segments in week.segments_by_contract} == {
        "41815410": 254,
        "38002177": 75,
    }
    assert week.problems == ()


def test_acme_is_over_its_limit_from_the_repeated_hour_on(week: Imported) -> None:
    acme = statement(week, "41815410")
    assert acme.over_limit == run("25T00:40", "25T02:00") | run("25T17:00", "25T18:00")
    assert acme.manual == run("21T11:00", "21T11:40") | run("23T14:30", "23T15:00")
    assert (acme.hours.billable, acme.hours.over_limit, acme.hours.manual) == ("40.00", "2.33", "1.17")


def test_the_platforms_own_verdict_on_overtime_is_ours(week: Imported) -> None:
    overtime = [entry for entry in week.left_over if entry.path.endswith(".overtime")]
    assert [entry.value for entry in overtime].count(True) == 14
    assert [entry.value for entry in overtime][-14:] == [True] * 14


def test_acme_pays_30_until_wednesday_and_34_50_from_then_on(week: Imported) -> None:
    # 90 segments are 15 hours at 30.00; 150 are 25 hours at 34.50.
    acme = statement(week, "41815410")
    assert [(str(line.rate), line.slots, line.amount.text) for line in acme.lines] == [
        ("30.00", 90, "450.00"),
        ("34.50", 150, "862.50"),
    ]
    assert str(acme.amount) == "1312.50 USD"


def test_each_reason_for_missing_protection_has_its_example(week: Imported) -> None:
    found: dict[ReasonCode, Slots] = {}
    for finding in statement(week, "41815410").unprotected:
        (code,) = finding.codes
        found[code] = found.get(code, Slots()) | Slots.range(finding.start, finding.stop)
    assert found == {
        ReasonCode.MISSING_MEMO: run("20T13:00", "20T14:20"),
        ReasonCode.NO_SNAPSHOT: run("21T08:30", "21T08:40"),
        ReasonCode.NO_ACTIVITY: run("22T13:00", "22T13:50"),
        ReasonCode.MISSING_LABEL: run("23T11:10", "23T11:30"),
        ReasonCode.MANUAL_TIME: run("21T11:00", "21T11:40") | run("23T14:30", "23T15:00"),
        ReasonCode.OVER_LIMIT: run("25T00:40", "25T02:00") | run("25T17:00", "25T18:00"),
    }


def test_globe_reaches_its_limit_exactly(week: Imported) -> None:
    # 12.5 hours at 45.00; three segments have no memo.
    globe = statement(week, "38002177")
    assert (globe.hours.billable, str(globe.amount)) == ("12.50", "562.50 EUR")
    assert not globe.over_limit
    assert str(globe.protected_amount) == "540.00 EUR"


def test_grid_3_the_night_of_the_clock_change_has_the_hour_of_two_twice_in_berlin(week: Imported) -> None:
    night = worked(week, "41815410") & run("25T00:00", "25T02:00")
    hours = night.by_hour(zone("Europe/Berlin"))
    assert [(zone("Europe/Berlin").local(hour).hour, len(slots)) for hour, slots in hours.items()] == [(2, 6), (2, 6)]


def test_a_freelancer_never_works_for_both_at_once(week: Imported) -> None:
    assert worked(week, "41815410").isdisjoint(worked(week, "38002177"))
