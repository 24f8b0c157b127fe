from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.cli.conftest import Run

CASE = {
    "kind": "credit",
    "stretches": [["2026-11-18T09:00:00Z", "2026-11-18T09:20:00Z"]],
    "snapshots": ["2026-11-18T09:14:07Z"],
    "policy": "upwork",
}
ANSWER = '{"credited": [["2026-11-18T09:10:00Z", "2026-11-18T09:20:00Z"]]}\n'


def test_evaluate_answers_a_case_a_line(process: Run) -> None:
    done = process("evaluate", given=json.dumps(CASE) + "\n")
    assert (done.status, done.out, done.err) == (0, ANSWER, "")


def test_evaluate_ends_with_2_when_a_case_is_an_error(process: Run) -> None:
    done = process("evaluate", given='{"kind": "riddle"}\n' + json.dumps(CASE))
    assert done.status == 2
    assert done.out.splitlines()[1] + "\n" == ANSWER
    assert "error" in json.loads(done.out.splitlines()[0])


def test_check_is_0_when_every_vector_agrees(run: Run) -> None:
    done = run("vectors", "check", "--command", f"{sys.executable} -m workdiary evaluate")
    assert (done.status, done.out.splitlines()[-1].endswith("vectors agree.")) == (0, True)


def test_check_is_1_when_some_fail(run: Run) -> None:
    done = run("vectors", "check", "--command", f"{sys.executable} -c pass", "--json")
    assert done.status == 1
    assert done.json["failures"][0]["problem"].startswith("it gave 0 answers")


def test_a_command_that_cannot_be_started_is_an_error(run: Run) -> None:
    for command in ("no-such-program-anywhere", "", " ", '"unclosed'):
        done = run("vectors", "check", "--command", command)
        assert done.status == 2
        assert done.err.count("\n") == 1


def test_an_empty_command_says_what_to_give(run: Run) -> None:
    assert run("vectors", "check", "--command", "").err == (
        'workdiary: --command is empty; give a program, such as "python -m workdiary evaluate"\n'
    )


def test_no_answer_at_all_is_not_called_agreement(run: Run) -> None:
    page = run("vectors", "check", "--command", f"{sys.executable} -c pass")
    assert page.status == 1
    assert page.out.startswith("The run failed: it gave 0 answers to ")
    assert "agree" not in page.out


def test_many_failures_are_a_summary_the_first_twenty_and_how_to_see_all(run: Run, tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    program.write_text("import sys\nfor line in sys.stdin:\n    print('{}')\n", encoding="utf-8")
    total = len(run("vectors", "list").out.splitlines())
    command = ("vectors", "check", "--command", f"{sys.executable} {program}")
    lines = run(*command).out.splitlines()
    assert lines[0] == f"{total} of {total} vectors failed."
    assert sum(line.startswith("  Source: ") for line in lines) == 20
    assert lines[-1] == f"And {total - 20} more; --all prints them all."
    assert sum(line.startswith("  Source: ") for line in run(*command, "--all").out.splitlines()) == total


def test_list_names_each_vector_with_its_rules(run: Run) -> None:
    plain = run("vectors", "list", "--json").json["vectors"]
    assert {"name", "rules", "source", "why"} == set(plain[0])
    assert len(run("vectors", "list").out.splitlines()) == len(plain)
