from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from workdiary.formats import native

TERMS = {
    "since": "2026-11-02T00:00:00Z",
    "rate": "30.00",
    "weekly_limit_hours": "40",
    "manual_time_allowed": True,
}
CONTRACT = {"id": "41815410", "freelancer": "ana", "client": "acme", "currency": "USD", "terms": [TERMS]}


def cell(seconds: int, **changes: Any) -> dict[str, Any]:
    return {
        "cellDateTime": {"rawValue": str(seconds)},
        "memo": "Fix the login form",
        "manual": False,
        "activityLevel": 8,
        "overtime": True,
        **changes,
    }


@pytest.fixture
def answer(tmp_path: Path) -> str:
    """Two cells of 2026-11-18, 11:10Z and 11:20Z; the second is manual."""
    path = tmp_path / "answer.json"
    cells = [cell(1795000200), cell(1795000800, manual=True, activityLevel=None)]
    path.write_text(json.dumps({"data": {"d41815410_20261118": {"workDiaryTimeCells": cells}}}), encoding="utf-8")
    return str(path)


@pytest.fixture
def contracts(tmp_path: Path) -> str:
    path = tmp_path / "contracts.json"
    path.write_text(json.dumps([{"contract": CONTRACT, "policy": "odesk"}]), encoding="utf-8")
    return str(path)


def test_what_was_taken_assumed_and_left_over_is_said(run: Run, answer: str, contracts: str) -> None:
    page = run("import", "upwork", answer, "--contracts", contracts)
    assert page.status == 0
    assert "41815410        2 segments, 0.33 h  (1 tracked, 1 manual)" in page.out
    assert "2 × overtime: the platform's own verdict" in page.out
    assert page.out.endswith("Nothing was written; give --out DIARY to write the diary.\n")


def test_json_has_all_of_it(run: Run, answer: str, contracts: str) -> None:
    plain = run("import", "upwork", answer, "--contracts", contracts, "--json").json
    assert plain["contracts"] == [
        {"contract": "41815410", "segments": 2, "from": "2026-11-18T11:10:00Z", "to": "2026-11-18T11:30:00Z"}
    ]
    assert [one["value"] for one in plain["left_over"]] == [True, True]
    assert plain["problems"] == []
    assert plain["out"] is None
    assert plain["assumptions"]


def test_the_diary_is_written_as_native_json(run: Run, answer: str, contracts: str, tmp_path: Path) -> None:
    out = tmp_path / "diary.json"
    assert run("import", "upwork", answer, "--contracts", contracts, "--out", str(out)).status == 0
    (record,) = native.read(out)
    assert record.policy == "odesk"
    assert [(str(one.starts_at), one.source.value, one.meter) for one in record.segments] == [
        ("2026-11-18T11:10:00Z", "tracked", 8),
        ("2026-11-18T11:20:00Z", "manual", None),
    ]


def test_an_existing_diary_is_not_overwritten_unasked(run: Run, answer: str, contracts: str, tmp_path: Path) -> None:
    out = tmp_path / "diary.json"
    out.write_text("mine", encoding="utf-8")
    refused = run("import", "upwork", answer, "--contracts", contracts, "--out", str(out))
    assert (refused.status, out.read_text(encoding="utf-8")) == (2, "mine")
    assert "--replace" in refused.err
    assert run("import", "upwork", answer, "--contracts", contracts, "--out", str(out), "--replace").status == 0
    assert len(native.read(out)) == 1


def test_standard_output_can_be_the_diary(run: Run, answer: str, contracts: str) -> None:
    (record,) = native.loads(run("import", "upwork", answer, "--contracts", contracts, "--out", "-").out)
    assert len(record.segments) == 2


def test_contracts_may_stand_bare_in_the_list_or_in_a_native_diary(run: Run, answer: str, tmp_path: Path) -> None:
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps([CONTRACT]), encoding="utf-8")
    assert run("import", "upwork", answer, "--contracts", str(bare)).status == 0
    own = tmp_path / "own.json"
    own.write_text(
        json.dumps(
            {
                "format": "workdiary",
                "version": 1,
                "contracts": [{"contract": CONTRACT, "policy": "upwork", "segments": []}],
            }
        ),
        encoding="utf-8",
    )
    assert run("import", "upwork", answer, "--contracts", str(own)).status == 0


def test_a_contract_that_nobody_describes_is_a_problem(run: Run, answer: str, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps([{**CONTRACT, "id": "1"}]), encoding="utf-8")
    refused = run("import", "upwork", answer, "--contracts", str(other))
    assert refused.status == 2
    assert "41815410" in refused.err
    taken = run("import", "upwork", answer, "--contracts", str(other), "--partial", "--json").json
    assert len(taken["problems"]) == 1


def test_bad_cells_stop_the_import_and_partial_takes_the_rest(run: Run, contracts: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    cells = [cell(1795000200), cell(1795000201), cell(1795000800, activityLevel=-1)]
    path.write_text(json.dumps({"data": {"d41815410_20261118": {"workDiaryTimeCells": cells}}}), encoding="utf-8")
    refused = run("import", "upwork", str(path), "--contracts", contracts)
    assert refused.status == 2
    assert refused.err.count("\n") == 1
    assert "1 more problem" in refused.err
    plain = run("import", "upwork", str(path), "--contracts", contracts, "--json")
    assert (plain.status, len(plain.json["problems"])) == (2, 2)
    taken = run("import", "upwork", str(path), "--contracts", contracts, "--partial", "--json")
    assert taken.status == 0
    assert len(taken.json["problems"]) == 2


def test_every_problem_of_the_contracts_is_reported(run: Run, answer: str, tmp_path: Path) -> None:
    path = tmp_path / "contracts.json"
    path.write_text(json.dumps([{**CONTRACT, "currency": "XXX"}, {**CONTRACT, "terms": []}, 3]), encoding="utf-8")
    plain = run("import", "upwork", answer, "--contracts", str(path), "--json")
    assert plain.status == 2
    assert len(plain.json["problems"]) == 3
