"""The shipped vectors are whole and true of this engine, and the runner finds every way of being wrong."""

from __future__ import annotations

import json
import os
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tests.require import skip_or_fail
from workdiary import policies
from workdiary.errors import InvalidValue
from workdiary.formats.cases import evaluate_line
from workdiary.plain import destructure
from workdiary.testing.conformance import Failure, Vector, check, compare, load, report

# Every rule that a case can express; UPLOAD, BILL-3 and DISPUTE-3 have no kind of case.
EXPRESSIBLE = (
    *("GRID-1", "GRID-2", "GRID-3", "WEEK-1", "WEEK-2", "WEEK-3"),
    *("CREDIT-snapshot", "CREDIT-threshold", "CREDIT-carry"),
    *("STATUS-1", "LIMIT-1", "LIMIT-2", "LIMIT-3", "LIMIT-4", "LIMIT-5"),
    *("EDIT-1", "EDIT-2", "EDIT-3", "EDIT-4", "EDIT-5", "EDIT-6", "MANUAL-1", "MANUAL-2", "MANUAL-3"),
    *("ACTIVITY-1", "ACTIVITY-2"),
    *("PROTECT-1", "PROTECT-2", "PROTECT-3", "PROTECT-4", "PROTECT-5", "PROTECT-6", "PROTECT-7", "PROTECT-8"),
    *("BILL-1", "BILL-2", "CALENDAR", "DISPUTE-1", "DISPUTE-2", "CLAIM-1"),
)

REASONS = (
    *("role_not_permitted", "contract_not_active", "outside_contract", "week_locked", "in_the_future"),
    *("manual_time_not_allowed", "memo_required", "unknown_label", "slot_taken", "nothing_there"),
    *("manual_time", "over_limit", "no_snapshot", "activity_unknown", "no_activity", "low_activity"),
    *("missing_memo", "missing_label", "billing_not_verified", "not_in_good_standing", "identity_not_verified"),
    *("low_average_activity", "lifetime_cap", "review_not_open", "review_closed"),
)

VECTORS = load()


# The vectors.


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_our_engine_agrees_with_every_vector(vector: Vector) -> None:
    failure = compare(vector, evaluate_line(vector.line))
    assert failure is None, report([] if failure is None else [failure], 1)


def test_there_are_at_least_70_vectors_with_unique_names() -> None:
    names = [vector.name for vector in VECTORS]
    assert len(names) >= 70
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_vector_names_its_rules_its_source_and_why(vector: Vector) -> None:
    assert vector.rules
    assert set(vector.rules) <= set(EXPRESSIBLE)
    assert vector.source.strip()
    assert vector.why.endswith(".")


@pytest.mark.parametrize("rule", EXPRESSIBLE)
def test_every_rule_that_a_case_can_express_has_a_vector(rule: str) -> None:
    assert [vector.name for vector in VECTORS if rule in vector.rules]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_expected_by_a_vector(reason: str) -> None:
    assert [vector.name for vector in VECTORS if f'"{reason}"' in vector.expected]


def test_every_answer_of_the_limit_rule_is_exercised() -> None:
    used = {json.dumps(json.loads(v.line)["policy"]["limit"]) for v in VECTORS if '"limit": {"order"' in v.line}
    for value in ("tracked_first", "from_then_on", "next_week", "chronological", "whole_week"):
        assert any(value in limit for limit in used)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_a_case_on_the_wire_is_one_line_without_its_expectation(vector: Vector) -> None:
    assert "\n" not in vector.line
    case = json.loads(vector.line)
    assert {"expect", "name", "why"}.isdisjoint(case)
    assert case["kind"] in {"credit", "week", "edits", "dispute"}


def test_an_inline_policy_on_the_wire_has_every_key_and_nothing_of_the_shorthand() -> None:
    inline = [case["policy"] for case in (json.loads(vector.line) for vector in VECTORS) if case["policy"] != "upwork"]
    whole = _common()["policies"]["upwork"]
    for policy in (policy for policy in inline if isinstance(policy, dict)):
        assert _keys(policy) == _keys(whole)


@pytest.mark.parametrize("name", ["upwork", "odesk", "work_for_impact"])
def test_the_vectors_presets_are_the_ones_that_ship(name: str) -> None:
    shipped = destructure(policies.get(name))
    given = _common()["policies"][name]
    assert given == {key: shipped[key] for key in given}


def test_a_week_expectation_is_completed_from_the_empty_statement() -> None:
    vector = _named("week-1-its-first-instant-belongs-to-it")
    assert vector.expect["amount"] == "0.00"
    assert vector.expect["calendar"]["locks_at"] == "2026-11-23T12:00:00Z"


def test_a_segment_is_completed_and_a_list_replaces_the_default() -> None:
    case = json.loads(_named("protect-1-a-snapshot-in-every-segment").line)
    assert case["segments"] == [
        {
            "source": "tracked",
            "memo": "Fix the login form",
            "label": None,
            "activity": {"meter": 8},
            "snapshots": ["2026-11-18T09:14:07Z"],
            "from": "2026-11-18T09:00:00Z",
            "to": "2026-11-18T09:20:00Z",
        }
    ]


def test_a_vector_is_deeply_immutable() -> None:
    vector = _named("limit-1-null-is-no-limit")
    vector.expect["amount"] = "1.00"
    assert vector.expect["amount"] == "5040.00"
    assert hash(vector) == hash(vector)


# Comparing one answer.


def test_an_equal_answer_in_another_order_of_keys_agrees() -> None:
    assert compare(_vector('{"a": 1, "b": [true, null]}'), {"b": [True, None], "a": 1}) is None


@pytest.mark.parametrize(
    ("expected", "got", "difference"),
    [
        ({"allowed": True}, {"allowed": 1}, "allowed: expected true, got 1"),
        ({"slots": 0}, {"slots": False}, "slots: expected 0, got false"),
        ({"amount": "5.00"}, {"amount": 5.0}, 'amount: expected "5.00", got 5.0'),
        ({"a": 1, "b": 2}, {"a": 1}, "b: expected 2, is missing"),
        ({"a": 1}, {"a": 1, "c": {}}, "c: not expected, got {}"),
        ({"hours": {"manual": "0.17"}}, {"hours": {"manual": "0.16"}}, 'hours.manual: expected "0.17", got "0.16"'),
        ({"lines": [{"slots": 1}]}, {"lines": [{"slots": 2}]}, "lines[0].slots: expected 1, got 2"),
        ({"tracked": []}, {"tracked": [["a", "b"]]}, 'tracked: expected [], got [["a", "b"]]'),
        ({"tracked": []}, {"tracked": None}, "tracked: expected [], got null"),
    ],
)
def test_a_difference_names_its_path_and_both_values(expected: Any, got: Any, difference: str) -> None:
    failure = compare(_vector(json.dumps(expected)), got)
    assert failure is not None
    assert [str(found) for found in failure.differences] == [difference]


def test_a_long_value_is_cut() -> None:
    failure = compare(_vector('{"tracked": []}'), {"tracked": ["x" * 1000]})
    assert failure is not None
    assert len(str(failure.differences[0])) < 300


@pytest.mark.parametrize(
    ("expected", "got", "problem"),
    [
        ({"error": "week"}, {"amount": "0"}, "expected an error that names week, got a result"),
        ({"error": "week"}, {"error": "no"}, 'expected an error that names week, got "no"'),
        ({"error": "week"}, {"error": None}, "expected an error that names week, got null"),
        ({"amount": "0"}, {"error": "week: x"}, 'expected a result, got the error "week: x"'),
        ({"amount": "0"}, ["amount"], 'the answer is not an object: ["amount"]'),
    ],
)
def test_an_answer_of_the_wrong_sort_says_so(expected: Any, got: Any, problem: str) -> None:
    failure = compare(_vector(json.dumps(expected)), got)
    assert failure is not None
    assert failure.problem == problem


def test_an_errors_wording_is_free_as_long_as_it_names_the_path() -> None:
    assert compare(_vector('{"error": "week"}'), {"error": "I cannot read week, sorry"}) is None


# Running a program.

GOOD = (
    Vector(name="one", rules=("BILL-1",), source="s", why="One.", line='{"n": 1}', expected='{"n": 1}'),
    Vector(name="two", rules=("BILL-2", "GRID-1"), source="s", why="Two.", line='{"n": 2}', expected='{"n": 2}'),
)
BAD_CASE = Vector(name="bad", rules=("GRID-2",), source="s", why="Bad.", line='{"e": 1}', expected='{"error": "e"}')
ECHO = "import sys; [print(line, end='') for line in sys.stdin]"


def test_a_program_that_answers_right_has_no_failures() -> None:
    assert check(_python(ECHO), GOOD) == ()


def test_every_case_is_sent_by_default() -> None:
    (failure,) = check(_python("import sys; sys.stdin.read()"))
    assert failure.problem.startswith(f"it gave 0 answers to {len(VECTORS)} cases")


def test_a_wrong_answer_is_one_failure_with_the_vectors_facts() -> None:
    (failure,) = check(_python("import sys; [print('{\"n\": 2}') for line in sys.stdin]"), GOOD)
    assert (failure.name, failure.rules, failure.source) == ("one", ("BILL-1",), "s")
    assert [str(found) for found in failure.differences] == ["n: expected 1, got 2"]


def test_exit_status_2_is_right_when_an_answer_is_an_error() -> None:
    program = 'import sys; sys.stdin.read(); print(\'{"n": 1}\'); print(\'{"error": "e: bad"}\'); sys.exit(2)'
    assert check(_python(program), (GOOD[0], BAD_CASE)) == ()


def test_exit_status_0_is_wrong_when_an_answer_is_an_error() -> None:
    (failure,) = check(_python('print(\'{"error": "e: bad"}\')'), [BAD_CASE])
    assert failure.problem == "its exit status is 0; 2 is right when an answer is an error"


def test_exit_status_2_is_wrong_when_no_answer_is_an_error() -> None:
    (failure,) = check(_python(f"{ECHO}; sys.exit(2)"), GOOD)
    assert (failure.name, failure.rules, failure.source) == ("the run", (), "")
    assert failure.problem == "its exit status is 2; 0 is right when no answer is an error"


def test_a_crash_shows_the_end_of_its_standard_error() -> None:
    (failure,) = check(_python("raise SystemExit('out of paper')"), GOOD)
    assert failure.problem == (
        "it gave 0 answers to 2 cases; the first without one is one; "
        "its exit status is 1; 0 is right when no answer is an error; its standard error ends: out of paper"
    )


def test_too_few_answers_name_the_first_case_without_one() -> None:
    (failure,) = check(_python("import sys; print(sys.stdin.readline())"), GOOD)
    assert failure.problem == "it gave 1 answers to 2 cases; the first without one is two"


def test_too_many_answers_are_a_failure() -> None:
    (failure,) = check(_python(f"{ECHO}; print('{{}}')"), GOOD)
    assert failure.problem == "it gave 3 answers to 2 cases; one result a line is right"


def test_an_answer_that_is_not_json_is_shown() -> None:
    failures = check(_python("print('Hello'); print('{\"n\": 2}')"), GOOD)
    assert [(failure.name, failure.problem) for failure in failures] == [("one", "the answer is not JSON: Hello")]


def test_an_answer_that_is_nested_without_end_is_not_json_either() -> None:
    failures = check(_python("print('[' * 100000); print('{\"n\": 2}')"), GOOD)
    assert [failure.name for failure in failures] == ["one"]


def test_bytes_that_are_no_text_are_a_failure_and_not_a_crash() -> None:
    failures = check(_python("import sys; sys.stdout.buffer.write(b'\\xff\\n{\"n\": 2}\\n')"), GOOD)
    assert [failure.name for failure in failures] == ["one"]


def test_a_program_that_hangs_is_ended() -> None:
    (run,) = check(_python("import threading; threading.Event().wait()"), GOOD, timeout=0.2)
    assert run.problem == "it ran for more than 0.2 seconds and was ended, with 0 of 2 answers given"


def test_a_child_that_keeps_the_output_open_does_not_block_the_run(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        skip_or_fail("this system has no named pipes")
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    child = f"open({str(gate)!r}).read()"  # lives until somebody opens the gate for writing
    program = f"import subprocess; subprocess.Popen([sys.executable, '-c', {child!r}])"
    try:
        assert check(_python(f"{ECHO}; {program}"), GOOD) == ()
    finally:
        gate.write_text("")


def test_a_program_that_writes_without_end_is_ended_and_its_answers_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workdiary.testing.conformance._MOST_OUTPUT", 10_000)
    one, two, run = check(_python("while True: print('{}')"), GOOD)
    assert (one.name, two.name) == ("one", "two")
    assert run.problem.startswith("it wrote more than 10000 bytes and was ended, with ")


def test_a_program_that_does_not_exist_is_an_error_that_names_it() -> None:
    with pytest.raises(InvalidValue, match=r"command: 'no-such-program' cannot be started \(No such file"):
        check(["no-such-program"], GOOD)


@pytest.mark.parametrize("command", ["evaluate", [], ()])
def test_a_command_is_a_list_with_a_program(command: Any) -> None:
    with pytest.raises(InvalidValue, match="is not a program with its arguments"):
        check(command, GOOD)


def test_a_file_that_may_not_be_run_is_an_error(tmp_path: Path) -> None:
    place = tmp_path / "evaluate"
    place.write_text("not a program")
    with pytest.raises(InvalidValue, match="cannot be started"):
        check([str(place)], GOOD)


# The report.


def test_the_report_of_a_clean_run_is_one_line() -> None:
    assert report([], 173) == "All 173 vectors agree."


def test_the_report_says_what_which_rule_and_why() -> None:
    failure = compare(GOOD[1], {"n": 3})
    assert failure is not None
    assert report([failure, Failure(problem="its exit status is 1")], 2) == (
        "two  BILL-2, GRID-1\n"
        "  Two.\n"
        "  Source: s\n"
        "  the result differs:\n"
        "    n: expected 2, got 3\n"
        "\n"
        "The run: its exit status is 1.\n"
        "\n"
        "1 of 2 vectors failed."
    )


def test_the_report_of_a_run_that_only_ended_badly() -> None:
    text = report([Failure(problem="its exit status is 1")], 2)
    assert text.endswith("The answers that came agree, but the run as a whole failed.")


def _python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def _vector(expected: str) -> Vector:
    return Vector(name="v", rules=("BILL-1",), source="s", why="w.", line="{}", expected=expected)


def _named(name: str) -> Vector:
    (vector,) = [vector for vector in VECTORS if vector.name == name]
    return vector


def _common() -> dict[str, Any]:
    text = resources.files("workdiary.testing").joinpath("vectors", "common.json").read_text(encoding="utf-8")
    common: dict[str, Any] = json.loads(text)
    return common


def _keys(value: Any) -> Any:
    return {key: _keys(inner) for key, inner in value.items()} if isinstance(value, dict) else None
