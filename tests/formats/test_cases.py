"""Cases: the protocol by which any program can check itself; answers, errors, exit status."""

from __future__ import annotations

import copy
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.require import skip_or_fail
from workdiary import policies
from workdiary.formats import evaluate as command
from workdiary.formats.cases import evaluate_line
from workdiary.plain import destructure

ROOT = Path(__file__).resolve().parents[2]
OPEN = ROOT.parent / "shared" / "vectors" / "open.jsonl"

CASE: dict[str, Any] = {
    "kind": "week",
    "policy": "upwork",
    "contract": {
        "id": "c-1",
        "freelancer": "ana",
        "client": "acme",
        "currency": "USD",
        "terms": [
            {"since": "2026-11-02T00:00:00Z", "rate": "30", "weekly_limit_hours": "40", "manual_time_allowed": True}
        ],
        "status": [{"since": "2026-11-02T00:00:00Z", "status": "active"}],
        "facts": [],
    },
    "week": "2026-11-18T00:00:00Z",
    "segments": [
        {
            "from": "2026-11-16T00:00:00Z",
            "to": "2026-11-16T00:20:00Z",
            "source": "tracked",
            "memo": "m",
            "label": None,
            "activity": {"meter": 7},
            "snapshots": True,
        }
    ],
}
EDITS = {**CASE, "kind": "edits", "attempts": []}
DISPUTE = {
    **CASE,
    "kind": "dispute",
    "dispute": {"at": "2026-11-24T00:00:00Z", "disputed": [], "client_pays": True},
}
CREDIT = {"kind": "credit", "policy": "upwork", "stretches": [], "snapshots": []}


def changed(case: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return `case` with the value at a dotted path replaced."""
    whole = copy.deepcopy(case)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = whole
    for step in steps:
        place = place[step]
    place[last] = value
    return whole


def answer(case: object) -> dict[str, Any]:
    """Return the answer to a case, through text as it goes over the wire."""
    return evaluate_line(json.dumps(case))


def test_a_week_is_answered_with_everything_that_the_protocol_names() -> None:
    assert answer(CASE) == {
        "tracked": [["2026-11-16T00:00:00Z", "2026-11-16T00:20:00Z"]],
        "manual": [],
        "over_limit": [],
        "hours": {"tracked": "0.33", "manual": "0.00", "over_limit": "0.00", "billable": "0.33"},
        "lines": [{"rate": "30.00", "slots": 2, "amount": "10.00"}],
        "amount": "10.00",
        "currency": "USD",
        "protected": [],
        "unprotected": [
            {
                "from": "2026-11-16T00:00:00Z",
                "to": "2026-11-16T00:20:00Z",
                "reasons": ["billing_not_verified", "not_in_good_standing", "identity_not_verified"],
            }
        ],
        "protected_amount": "0.00",
        "calendar": {
            "starts_at": "2026-11-16T00:00:00Z",
            "ends_at": "2026-11-23T00:00:00Z",
            "locks_at": "2026-11-23T12:00:00Z",
            "invoiced_at": "2026-11-23T12:00:00Z",
            "review_ends_at": "2026-11-28T00:00:00Z",
            "available_at": "2026-12-02T00:00:00Z",
        },
    }


def test_optional_parts_of_a_contract_may_be_absent_or_null() -> None:
    for key in ("labels", "usual_rate", "already_protected"):
        assert answer(changed(CASE, f"contract.{key}", None)) == answer(CASE)


def test_snapshots_outside_their_run_are_ignored_and_none_is_none() -> None:
    for given in ([], None, False, ["2026-11-16T05:00:00Z"]):
        found = answer(changed(CASE, "segments.0.snapshots", given))
        assert found["unprotected"][0]["reasons"][0] == "no_snapshot"


def test_what_manual_runs_say_of_evidence_is_ignored() -> None:
    case = changed(changed(CASE, "segments.0.source", "manual"), "segments.0.activity", "whatever")
    assert answer(case)["manual"] == [["2026-11-16T00:00:00Z", "2026-11-16T00:20:00Z"]]


@pytest.mark.parametrize(
    ("case", "path", "value", "error"),
    [
        (CASE, "kind", "month", "kind: 'month' is not a kind of case; choose one of: credit, week, edits, dispute"),
        (CASE, "kind", 5, "kind: 5 is not text; write it in quotes"),
        (CASE, "policy", "upwrok", "policy: 'upwrok' is not a preset; "),
        (CASE, "policy", {}, "policy.name: is missing; give it\n"),
        (CASE, "policy", 5, "policy: 5 is not an object; write it in braces"),
        (CASE, "week", "2026-11-18", "week: '2026-11-18' is not an instant; "),
        (CASE, "week", "2026-11-18T00:00:00", "week: '2026-11-18T00:00:00' has no zone; "),
        (CASE, "contract.currency", "XXX", "contract.currency: 'XXX' has no known minor digits; "),
        (CASE, "contract.terms.0.since", "2026-13-01T00:00:00Z", "contract.terms[0].since: '2026-13-01T00:00:00Z' is not an instant; "),
        (CASE, "contract.terms.0.since", "2026-11-02T00:00:00.5Z", "contract.terms[0].since: '2026-11-02T00:00:00.5Z' has a fraction of a second; "),
        (CASE, "contract.terms.0.rate", 30.5, "contract.terms[0].rate: 30.5 is a float, which cannot hold it exactly; "),
        (CASE, "contract.terms.0.rate", 30, "contract.terms[0].rate: 30 is not a decimal number as text; "),
        (CASE, "contract.terms.0.weekly_limit_hours", "-1", "contract.terms[0].weekly_limit_hours: '-1' is not a decimal number, 0 or more; "),
        (CASE, "contract.terms.0.manual_time_allowed", "yes", "contract.terms[0].manual_time_allowed: 'yes' is not true or false; "),
        (CASE, "contract.terms.0.extra", 1, "contract.terms[0].extra: 'extra' is not a known key; "),
        (CASE, "contract.terms", [], "contract.terms: [] is empty; "),
        (CASE, "contract.status.0.status", "open", "contract.status[0].status: 'open' is not known; choose one of: active, paused, closed"),
        (CASE, "contract", [], "contract"),
        (CASE, "segments", {}, "segments: {} is not a list; write it in brackets"),
        (CASE, "segments.0.from", "2026-11-16T00:01:00Z", "segments[0].from: '2026-11-16T00:01:00Z' is not the start of a ten-minute segment; "),
        (CASE, "segments.0.to", "2026-11-16T00:00:00Z", "segments[0].to: '2026-11-16T00:00:00Z' is not after from, 2026-11-16T00:00:00Z; "),
        (CASE, "segments.0.source", "auto", "segments[0].source: 'auto' is not known; choose one of: tracked, manual"),
        (CASE, "segments.0.activity", [[1, 2, 3]] * 9, "segments[0].activity.minutes: 9 minutes are not the ten of a segment; "),
        (CASE, "segments.0.activity", [[1, -2, 3]] * 10, "segments[0].activity.minutes[0]: -2 is negative; "),
        (CASE, "segments.0.activity", [[1, 2]] * 10, "segments[0].activity.minutes[0]: [1, 2] is not three counts; "),
        (CASE, "segments.0.activity", {"meter": 11}, "segments[0].activity.meter: 11 is not a number of minutes from 0 to 10; "),
        (CASE, "segments.0.activity", {"level": 7}, "segments[0].activity.level: 7 is not a known key; known: meter"),
        (CASE, "segments.0.activity", "busy", "segments[0].activity: 'busy' is not a list of ten minutes; "),
        (CASE, "segments.0.snapshots", ["noon"], "segments[0].snapshots[0]: 'noon' is not an instant; "),
        (CASE, "segments.0.snapshot", True, "segments[0].snapshot: 'snapshot' is not a known key; known: from, to, source, "),
        (CASE, "contract", 5, "contract: 5 is not an object; write it in braces"),
        (CASE, "contract.terms.0", "x", "contract.terms[0]: 'x' is not an object; write it in braces"),
        (CASE, "contract.already_protected", [], "contract.already_protected: [] is not an object; write it in braces"),
        (CASE, "contract.labels", ["design", " "], "contract.labels[1]: ' ' is blank; "),
        (CASE, "segments.0.memo", 5, "segments[0].memo: 5 is not text; "),
        (CASE, "segments.0.label", 5, "segments[0].label: 5 is not text; "),
        (CASE, "segments.0.from", "2026-13-16T00:00:00Z", "segments[0].from: '2026-13-16T00:00:00Z' is not an instant; "),
        (CASE, "segments.0.from", "2016-11-16T00:00:00Z", "segments[0]: 525890 segments make more than the 200000 of one case; split it"),
        (EDITS, "attempts", [{"at": "2026-11-18T00:00:00Z", "by": "admin", "do": {}}], "attempts[0].by: 'admin' is not known; "),
        (EDITS, "attempts", [{"by": "client", "do": {}}], "attempts[0].at: is missing; give it"),
        (DISPUTE, "dispute.at", "soon", "dispute.at: 'soon' is not an instant; "),
        (DISPUTE, "dispute.client_pays", 1, "dispute.client_pays: 1 is not true or false; "),
        (DISPUTE, "dispute.disputed", [["2026-11-16T00:10:00Z", "2026-11-16T00:10:00Z"]], "dispute.disputed[0]: "),
        (CREDIT, "stretches", [["2026-11-16T00:10:00Z"]], "stretches[0]: ['2026-11-16T00:10:00Z'] is not a stretch; give [from, to]"),
        (CREDIT, "stretches", [["2026-11-16T00:10:00Z", "2026-11-16T00:09:00Z"]], "stretches[0][1]: '2026-11-16T00:09:00Z' lies before the start, "),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_path(case: dict[str, Any], path: str, value: object, error: str) -> None:
    assert answer(changed(case, path, value))["error"].startswith(error)


@pytest.mark.parametrize("key", ["memo", "activity", "snapshots", "source", "from", "to"])
def test_a_tracked_run_gives_every_key(key: str) -> None:
    segment = {name: value for name, value in CASE["segments"][0].items() if name != key}
    assert answer(changed(CASE, "segments", [segment]))["error"] == f"segments[0].{key}: is missing; give it"


@pytest.mark.parametrize("key", ["min_average_active_minutes", "lifetime_hours", "lifetime_amount", "memo"])
def test_a_policy_of_a_case_gives_every_key(key: str) -> None:
    policy = destructure(policies.get("upwork"))
    del policy["protection"][key]
    assert answer(changed(CASE, "policy", policy))["error"] == f"policy.protection.{key}: is missing; give it"


def test_segments_far_apart_are_named() -> None:
    late = {**CASE["segments"][0], "from": "2226-11-16T00:00:00Z", "to": "2226-11-16T00:10:00Z"}
    found = answer(changed(CASE, "segments", [CASE["segments"][0], late]))["error"]
    assert found.startswith("segments[1].slots: ")


def test_what_an_edit_says_is_named_with_its_path() -> None:
    range_ = {"from": "2026-11-16T00:10:00Z", "to": "2026-11-16T00:30:00Z"}
    do = {"type": "edit_memo", "memo": "x" * 4001, **range_}
    case = {**EDITS, "attempts": [{"at": "2026-11-18T00:00:00Z", "by": "client", "do": do}]}
    assert answer(case)["error"].startswith("attempts[0].do.memo: 'xxx")
    do["to"] = "2226-11-16T00:30:00Z"
    assert answer(case)["error"].startswith("attempts[0].do.to: '2226-11-16T00:30:00Z' makes the range longer than any")


def test_disputed_runs_of_other_weeks_are_ignored_however_far() -> None:
    far = [["1950-01-01T00:00:00Z", "2200-01-01T00:00:00Z"], ["1950-01-01T00:00:00Z", "1950-01-01T00:10:00Z"]]
    found = answer(changed(DISPUTE, "dispute.disputed", far))
    assert found["refunded"] == [["2026-11-16T00:00:00Z", "2026-11-16T00:20:00Z"]]


def test_bill_1_a_recorded_segment_before_the_first_terms_is_an_error() -> None:
    case = changed(CASE, "contract.terms.0.since", "2026-11-16T00:10:00Z")
    assert answer(case)["error"].startswith("segments: '2026-11-16T00:00:00Z' starts before the contract's first terms")


def test_overlapping_runs_are_an_error() -> None:
    case = changed(CASE, "segments", CASE["segments"] * 2)
    assert answer(case)["error"] == (
        "segments[1]: '2026-11-16T00:00:00Z' is in an earlier run too; segments must not overlap"
    )


@pytest.mark.parametrize(
    "do",
    [
        {"type": "add_time", "memo": "m", "label": None},
        {"type": "delete_time"},
        {"type": "edit_memo", "memo": "x"},
        {"type": "edit_label", "label": "y"},
    ],
)
def test_edits_are_applied_in_turn(do: dict[str, Any]) -> None:
    do = {**do, "from": "2026-11-16T00:10:00Z", "to": "2026-11-16T00:30:00Z"}
    case = {**EDITS, "attempts": [{"at": "2026-11-18T00:00:00Z", "by": "freelancer", "do": do}]}
    found = answer(case)
    edges = ("00:20", "00:30") if do["type"] == "add_time" else ("00:10", "00:20")
    assert found["attempts"] == [{"allowed": True, "changed": [[f"2026-11-16T{edge}:00Z" for edge in edges]]}]
    assert len(found["statement"]["lines"]) == 1


def test_an_unknown_edit_is_an_error() -> None:
    do = {"type": "merge", "from": "2026-11-16T00:10:00Z", "to": "2026-11-16T00:30:00Z"}
    case = {**EDITS, "attempts": [{"at": "2026-11-18T00:00:00Z", "by": "client", "do": do}]}
    assert answer(case)["error"] == (
        "attempts[0].do.type: 'merge' is not a change; choose one of: add_time, delete_time, edit_memo, edit_label"
    )


def test_a_dispute_before_the_invoice_is_refused() -> None:
    early = changed(DISPUTE, "dispute.at", "2026-11-23T11:59:59Z")
    assert answer(early) == {"allowed": False, "reasons": ["review_not_open"]}


def run(text: bytes) -> tuple[int, list[dict[str, Any]]]:
    """Return the status and the answers of `evaluate` for an input."""
    out = io.StringIO()
    status = command.run(io.BytesIO(text), out)
    return status, [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_case_over_several_lines_is_one_case() -> None:
    assert run(json.dumps(CREDIT, indent=2).encode()) == (0, [{"credited": []}])


def test_json_lines_are_a_case_each_and_one_bad_line_spoils_no_other() -> None:
    line = json.dumps(CREDIT).encode()
    status, answers = run(b"\n" + line + b"\n\n{bad}\n" + line)
    assert status == 2
    assert [*map(list, answers)] == [["credited"], ["error"], ["credited"]]


GOOD = json.dumps(CREDIT).encode()


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (b'{"kind": "week"\n' + GOOD + b"\n" + GOOD, ["error", "credited", "credited"]),
        (b"[1]\n" + GOOD, ["error", "credited"]),
        (b"nonsense\n\n" + GOOD + b"\nnonsense", ["error", "credited", "error"]),
        (b'{"zz": {}\n' + GOOD.replace(b"{", b",", 1), ["credited"]),
        (b'{\n"kind": "credit"\n', ["error"]),
        (b'{"kind": "credit",\n"policy": {"name": "x"}\n}', ["error"]),
    ],
)
def test_a_bad_first_line_spoils_no_other_and_one_object_may_take_several(text: bytes, kinds: list[str]) -> None:
    _, answers = run(text)
    assert [next(iter(found)) for found in answers] == kinds


def test_no_input_is_an_error() -> None:
    assert run(b"") == (2, [{"error": "case: b'' is empty; give one JSON value"}])


def test_a_line_without_end_is_refused_and_read_past(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LARGEST", 200)
    monkeypatch.setattr("workdiary.formats.cases.parse_json.__kwdefaults__", {"largest": 200})
    line = json.dumps(CREDIT).encode()
    status, answers = run(line + b"\n" + b'{"a": "' + b"x" * 1000 + b'"}\n' + line + b"\n")
    assert status == 2
    assert [*map(list, answers)] == [["credited"], ["error"], ["credited"]]
    assert "is over the limit of 200" in answers[1]["error"]


def test_the_command_answers_without_any_extra() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "workdiary", "evaluate"],
        input=json.dumps(CREDIT) + "\nnull\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == ""
    assert done.stdout.splitlines()[0] == '{"credited": []}'


def open_cases() -> list[Any]:
    """Return the independent oracle's cases where they are at hand; the project does not need them."""
    lines = OPEN.read_text(encoding="utf-8").splitlines() if OPEN.exists() else []
    return [pytest.param(line, id=json.loads(line)["name"]) for line in lines]


@pytest.mark.parametrize("line", open_cases())
def test_the_rulebooks_cases_are_answered_as_an_independent_implementation_does(line: str) -> None:
    assert evaluate_line(line) == json.loads(line)["expect"]


@pytest.mark.parametrize("closed", [">&-", "<&-"])
def test_a_closed_stream_is_said_in_one_sentence(closed: str) -> None:
    if shutil.which("sh") is None:
        skip_or_fail("there is no shell to close a stream")
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m workdiary evaluate {closed}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "workdiary: standard input and output are needed; leave them open\n"
