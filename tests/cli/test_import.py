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


def answer_with(path: Path, *cells: dict[str, Any]) -> str:
    path.write_text(json.dumps({"data": {"d41815410_20261118": {"workDiaryTimeCells": cells}}}), encoding="utf-8")
    return str(path)


def test_half_an_emoji_in_a_memo_is_kept_and_the_diary_is_not_emptied(
    run: Run, answer: str, contracts: str, tmp_path: Path
) -> None:
    diary = str(tmp_path / "d2.json")
    assert run("import", "upwork", answer, "--contracts", contracts, "--out", diary).status == 0
    cut = answer_with(tmp_path / "sur.json", cell(1795001400, memo="cut \ud83d"))
    done = run("import", "upwork", cut, "--contracts", diary, "--out", diary, "--replace")
    assert (done.status, done.err) == (0, "")
    (record,) = native.read(diary)
    assert [one.memo for one in record.segments] == ["Fix the login form", "Fix the login form", "cut \ud83d"]


def test_standard_output_has_the_same_bytes_as_a_file(
    process: Run, answer: str, contracts: str, tmp_path: Path
) -> None:
    cut = answer_with(tmp_path / "sur.json", cell(1795001400, memo="Prüfung \ud83d\r\n"))
    out = tmp_path / "d.json"
    assert process("import", "upwork", answer, cut, "--contracts", contracts, "--out", str(out)).status == 0
    printed = process(
        "import",
        "upwork",
        answer,
        cut,
        "--contracts",
        contracts,
        "--out",
        "-",
        PYTHONIOENCODING="latin-1",
        PYTHONUTF8="0",
    )
    assert (printed.status, printed.err) == (0, "")
    assert printed.out.encode() == out.read_bytes()


def test_a_diary_that_cannot_be_written_is_one_sentence(run: Run, answer: str, contracts: str, tmp_path: Path) -> None:
    for out in (str(tmp_path), str(tmp_path / "absent" / "d.json")):
        done = run("import", "upwork", answer, "--contracts", contracts, "--out", out, "--replace")
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith(f"workdiary: {out}: cannot be written (")
        assert done.err.count("\n") == 1


def test_bill_1_a_contract_that_is_described_twice_is_refused(run: Run, answer: str, tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text(json.dumps([CONTRACT, {"contract": CONTRACT, "policy": "odesk"}]), encoding="utf-8")
    done = run("import", "upwork", answer, "--contracts", str(path))
    assert done.status == 2
    assert done.err == (
        f"workdiary: {path}: [1].contract.id: '41815410' stands twice, it is in [0] too; "
        "keep one of them, or give each its own id\n"
    )


def test_a_wrong_contract_in_a_list_or_a_diary_is_named_with_the_file_and_its_path(
    run: Run, answer: str, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.json"
    wrong = {"contract": {**CONTRACT, "currency": 5}, "policy": "upwork"}
    path.write_text(json.dumps([wrong, {**CONTRACT, "currency": 5}]), encoding="utf-8")
    found = run("import", "upwork", answer, "--contracts", str(path), "--json").json["problems"]
    assert [problem.partition(": 5")[0] for problem in found] == [
        f"{path}: [0].contract.currency", f"{path}: [1].currency",
    ]  # fmt: skip
    whole = {"format": "workdiary", "version": 1, "contracts": [{**wrong, "segments": []}]}
    path.write_text(json.dumps(whole), encoding="utf-8")
    (problem,) = run("import", "upwork", answer, "--contracts", str(path), "--json").json["problems"]
    assert problem.startswith(f"{path}: contracts[0].contract.currency: ")


def test_partial_takes_the_rest_when_one_file_cannot_be_read(
    run: Run, answer: str, contracts: str, tmp_path: Path
) -> None:
    missing, bad = str(tmp_path / "missing.json"), answer_with(tmp_path / "bad.json", cell(1795000201))
    refused = run("import", "upwork", missing, answer, bad, "--contracts", contracts, "--json")
    assert (refused.status, len(refused.json["problems"])) == (2, 2)
    assert refused.json["problems"][0].startswith(f"{missing}: cannot be read (No such file or directory)")
    taken = run("import", "upwork", missing, answer, bad, "--contracts", contracts, "--partial", "--json")
    assert taken.status == 0
    assert taken.json["contracts"][0]["segments"] == 2
    assert taken.json["problems"] == refused.json["problems"]


def test_partial_is_still_an_error_when_no_file_can_be_read(run: Run, contracts: str, tmp_path: Path) -> None:
    missing, out = str(tmp_path / "missing.json"), tmp_path / "out.json"
    done = run("import", "upwork", missing, "--contracts", contracts, "--partial", "--out", str(out))
    assert (done.status, out.exists()) == (2, False)
    assert done.err.startswith(f"workdiary: {missing}: cannot be read (")


def test_partial_is_an_error_when_nothing_can_be_used(run: Run, contracts: str, tmp_path: Path) -> None:
    bad, out = answer_with(tmp_path / "bad.json", cell(1795000201)), tmp_path / "out.json"
    done = run("import", "upwork", bad, "--contracts", contracts, "--partial", "--out", str(out))
    assert (done.status, done.out, out.exists()) == (2, "", False)
    assert done.err.count("\n") == 1


def test_a_contract_that_is_not_among_those_described_is_refused(run: Run, answer: str, contracts: str) -> None:
    done = run("import", "upwork", answer, "--contracts", contracts, "--contract", "7")
    assert (done.status, done.out) == (2, "")
    assert done.err == "workdiary: --contract: '7' is not in --contracts; choose one of: 41815410\n"


def test_all_problems_are_told_at_once_those_of_the_contracts_too(run: Run, answer: str, tmp_path: Path) -> None:
    other, bad = tmp_path / "other.json", answer_with(tmp_path / "bad.json", cell(1795000201))
    other.write_text(json.dumps([{**CONTRACT, "id": "1"}]), encoding="utf-8")
    refused = run("import", "upwork", answer, bad, "--contracts", str(other), "--json")
    assert (refused.status, len(refused.json["problems"])) == (2, 2)


def test_a_file_that_is_named_twice_is_read_once(run: Run, answer: str, contracts: str) -> None:
    plain = run("import", "upwork", answer, answer, "--contracts", contracts, "--json").json
    assert plain["contracts"][0]["segments"] == 2
    assert len(plain["left_over"]) == 2


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_contract_is_refused(run: Run, answer: str, contracts: str, blank: str) -> None:
    done = run("import", "upwork", answer, "--contracts", contracts, "--contract", blank)
    assert (done.status, done.out) == (2, "")
    assert f"contract: {blank!r} is not a contract's id" in done.err


def test_a_segment_that_the_diary_has_already_is_a_problem_that_names_its_contract(
    run: Run, answer: str, contracts: str, tmp_path: Path
) -> None:
    diary = str(tmp_path / "diary.json")
    assert run("import", "upwork", answer, "--contracts", contracts, "--out", diary).status == 0
    before = native.read(diary)
    more = answer_with(
        tmp_path / "more.json", *(cell(1795000200 + 600 * n, memo="Another", activityLevel=3) for n in range(3))
    )
    words = ("import", "upwork", more, str(tmp_path / "missing.json"), "--contracts", diary)
    refused = run(*words, "--out", diary, "--replace", "--json")
    assert (refused.status, native.read(diary)) == (2, before)
    assert refused.json["problems"][1:] == [
        "contract 41815410: '2026-11-18T11:10:00Z' is in the diary of --contracts already, and 1 more; "
        "take the diary before that import, or leave the files of that time out"
    ]
    assert run(*words, "--out", diary, "--replace", "--partial").status == 0
    (record,) = native.read(diary)
    assert [one.memo for one in record.segments] == ["Fix the login form", "Fix the login form", "Another"]
