from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support import contract, tracked
from workdiary.formats import native


def test_why_names_the_rules_that_decided(run: Run, diary: str) -> None:
    page = run("why", "2026-11-16T10:00Z", diary)
    assert page.status == 0
    assert "over the weekly limit and not billable" in page.out
    assert "LIMIT-2" in page.out
    assert "Protection: none" in page.out


def test_json_has_codes_beside_the_words(run: Run, diary: str) -> None:
    (found,) = run("why", "2026-11-16T09:20Z", diary, "--json").json["segments"]
    text = found.pop("text")
    assert found == {
        "contract": "c-1",
        "policy": "upwork",
        "segment": "2026-11-16T09:20:00Z",
        "status": "tracked",
        "protected": False,
        "reasons": [{"code": "missing_memo", "rule": "PROTECT-4"}],
    }
    assert any("PROTECT-4" in line for line in text)


@pytest.mark.parametrize(
    ("zone", "at", "said"),
    [
        ("Asia/Tokyo", "2026-11-16T09:20Z", "09:20–09:30 UTC = 18:20–18:30 Asia/Tokyo, contract c-1"),
        ("Asia/Tokyo", "2026-11-16T15:00Z", "UTC = Tuesday 17 November 2026, 00:00–00:10 Asia/Tokyo, contract"),
        ("Europe/Berlin", "2027-10-31T01:00Z", "01:00–01:10 UTC = 02:00–02:10 CET Europe/Berlin, contract"),
        ("UTC", "2026-11-16T09:20Z", "Monday 16 November 2026, 09:20–09:30 UTC, contract c-1"),
    ],
)
def test_the_time_of_the_segment_is_said_in_the_zone_too(run: Run, diary: str, zone: str, at: str, said: str) -> None:
    assert said in " ".join(run("why", at, diary, "--zone", zone).out.split())


def test_grid_1_an_instant_inside_a_segment_names_the_two_nearest(run: Run, diary: str) -> None:
    page = run("why", "2026-11-16T09:05Z", diary)
    assert (page.status, page.out) == (2, "")
    assert "the nearest are 2026-11-16T09:00:00Z and 2026-11-16T09:10:00Z" in page.err


def test_only_the_contract_that_recorded_it_answers(run: Run, weeks: str) -> None:
    found = run("why", "2026-11-23T12:00Z", weeks, "--json").json["segments"]
    assert [one["contract"] for one in found] == ["c-2"]


def test_a_free_segment_is_said_to_be_free(run: Run, diary: str) -> None:
    (found,) = run("why", "2026-11-16T12:00Z", diary, "--json").json["segments"]
    assert (found["status"], found["protected"], found["reasons"]) == (None, False, [])
    assert "Nothing is recorded" in run("why", "2026-11-16T12:00Z", diary).out


def test_a_memo_cannot_forge_a_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "forged.json"
    memo = "x\nProtection: protected; no criterion fails."
    native.write(path, [native.Record.of(contract(), "upwork", [tracked("2026-11-16T09:00Z", memo=memo, meter=0)])])
    lines = run("why", "2026-11-16T09:00Z", str(path)).out.splitlines()
    assert not any(line.startswith("Protection: protected") for line in lines)


@pytest.mark.parametrize("memo", ["\n", " ", "\t \n", "\u2028", "e", "."])
@pytest.mark.parametrize("label", [None, "\n", " ", "i"])
def test_a_memo_of_white_space_or_one_letter_leaves_the_other_words_alone(
    run: Run, tmp_path: Path, memo: str, label: str | None
) -> None:
    path = tmp_path / "blank.json"
    segments = [tracked("2026-11-16T09:00Z", memo=memo, label=label)]
    native.write(path, [native.Record.of(contract(), "upwork", segments)])
    lines = run("why", "2026-11-16T09:00Z", str(path), "--json").json["segments"][0]["text"]
    assert lines[0].startswith("Monday 16 November 2026, 09:00–09:10 UTC, contract c-1")
    assert lines[2] == "Status: tracked and billable (green)."
    assert lines[3].startswith("  LIMIT-2: It is number 1 of 1 segment in order of time;")
