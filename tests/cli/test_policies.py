from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A platform's own policy: Upwork's text with another name and another lock."""
    text = resources.files("workdiary.policies").joinpath("upwork.toml").read_text(encoding="utf-8")
    path = tmp_path / "own.toml"
    text = text.replace('name = "upwork"', 'name = "own"').replace('locks_after = "P7DT12H"', 'locks_after = "P9D"')
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_presets_are_listed(run: Run) -> None:
    names = [line.split()[0] for line in run("policies").out.splitlines()]
    assert names == ["odesk", "upwork", "work_for_impact"]
    assert [one["name"] for one in run("policies", "--json").json["policies"]] == names


def test_one_policy_is_shown_with_the_source_and_date_of_every_rule(run: Run) -> None:
    page = run("policies", "upwork").out
    assert "locks_after             P7DT12H" in page
    assert "2015-05-05, Upwork support, Use Your Work Diary; Weekly Billing Cycle: EDIT-1" in " ".join(page.split())
    plain = run("policies", "upwork", "--json").json
    assert plain["editing"]["locks_after"] == "P7DT12H"
    assert {source["section"] for source in plain["sources"]} >= {"week", "limit", "editing", "protection", "billing"}


def test_a_policy_is_shown_as_it_stood(run: Run) -> None:
    # oDesk's week locked on Tuesday 00:00 in 2008, on Monday noon in 2010.
    for at, offset in (("2008-06-02", "P8D"), ("2010-06-07T00:00Z", "P7DT12H")):
        assert run("policies", "odesk", "--at", at, "--json").json["editing"]["locks_after"] == offset


def test_differences_are_in_words(run: Run) -> None:
    assert "limit.increase: upwork whole_week, odesk from_then_on" in run("policies", "upwork", "--diff", "odesk").out
    plain = run("policies", "upwork", "--diff", "odesk", "--json").json
    assert plain["policies"] == ["upwork", "odesk"]
    assert "manual.on_taken: upwork skip, odesk overwrite" in plain["differences"]
    assert run("policies", "upwork", "--diff", "upwork").out == "upwork and upwork do not differ\n"


def test_a_toml_file_is_a_policy_wherever_one_is_named(run: Run, own: str, diary: str) -> None:
    assert run("policies", own, "--json").json["name"] == "own"
    assert run("policies", "upwork", "--diff", own).out == "editing.locks_after: upwork P7DT12H, own P9D\n"
    (one,) = run("statement", diary, "--policy", own, "--json").json["statements"]
    assert (one["policy"], one["calendar"]["locks_at"]) == ("own", "2026-11-25T00:00:00Z")


def test_a_week_is_judged_by_the_rules_of_its_start(run: Run, tmp_path: Path) -> None:
    from tests.support import contract, terms, tracked
    from workdiary.formats import native

    path = tmp_path / "old.json"
    segments = [tracked("2008-06-03T09:00Z"), tracked("2010-06-08T09:00Z")]
    record = native.Record.of(contract(terms=[terms(since="2008-01-01T00:00Z")]), "odesk", segments)
    native.write(path, [record])
    for week, lock in (("2008-06-03", "2008-06-10T00:00:00Z"), ("2010-06-08", "2010-06-14T12:00:00Z")):
        (one,) = run("statement", str(path), "--week", week, "--json").json["statements"]
        assert one["calendar"]["locks_at"] == lock
