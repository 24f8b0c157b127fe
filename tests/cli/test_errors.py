from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support import contract, terms, tracked
from workdiary.formats import native
from workdiary.formats.native import Record


def one_sentence(text: str) -> bool:
    return text.startswith("workdiary: ") and text.count("\n") == 1 and "Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["statement"], "Missing argument 'DIARY'"),
        (["statement", "DIARY", "--bogus"], "No such option"),
        (["statement", "DIARY", "--week"], "requires an argument"),
        (["statement", "DIARY", "--week", "2026-13-01"], "'2026-13-01' is not a date"),
        (["statement", "DIARY", "--week", "2026-W47"], "'2026-W47' is not a date"),
        (["statement", "DIARY", "--week", "2026-11-16T00:00"], "has no zone"),
        (["statement", "DIARY", "--week", "2026-10-01"], "ends before the contract's first terms"),
        (["statement", "DIARY", "--at", "now"], "'now' is not an instant"),
        (["statement", "DIARY", "--zone", "Mars/Olympus"], "'Mars/Olympus' is not a zone"),
        (["statement", "DIARY", "--contract", "c-9"], "choose one of: c-1"),
        (["statement", "DIARY", "--policy", "upwrok"], "did you mean upwork?"),
        (["statement", "DIARY", "--policy", "no.toml"], "no.toml"),
        (["statement", "no-such-file.json"], "cannot be read"),
        (["show", "DIARY", "--day", "16.11.2026"], "is not a date"),
        (["show", "DIARY", "--day", "2026-11-16", "--week", "2026-11-16"], "give one of them"),
        (["why", "2026-11-16T09:05Z", "DIARY"], "the nearest are"),
        (["why", "2026-11-16", "DIARY"], "is not an instant"),
        (["policies", "--diff", "odesk"], "write NAME before it"),
        (["policies", "nope"], "is not a preset"),
        (["policies", "odesk", "--at", "1999-01-01"], "is before odesk's first"),
        (["import", "upwork", "DIARY"], "Missing option '--contracts'"),
        (["vectors", "check", "--command", "true", "--timeout", "0"], "is not a number of seconds"),
        (["vectors", "check", "--command", "true", "--timeout", "soon"], "Invalid value for '--timeout'"),
    ],
)
def test_an_error_is_one_sentence_and_status_2(run: Run, diary: str, arguments: list[str], said: str) -> None:
    done = run(*(diary if argument == "DIARY" else argument for argument in arguments))
    assert done.status == 2
    assert done.out == ""
    assert one_sentence(done.err)
    assert said in done.err


def test_json_errors_are_json_too(run: Run) -> None:
    done = run("statement", "no-such-file.json", "--json")
    assert done.status == 2
    assert one_sentence(done.err)
    assert done.json["problems"] == [done.json["error"]]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"format": "other"}', '{"format": "workdiary", "version": 2, "contracts": []}']
)
def test_a_file_that_is_no_diary(run: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text, encoding="utf-8")
    done = run("statement", str(path))
    assert done.status == 2
    assert one_sentence(done.err)


def test_several_problems_are_counted_and_json_lists_them(run: Run, diary: str) -> None:
    path = Path(diary)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["contracts"][0]["contract"]["terms"][0] |= {"rate": 30, "since": "yesterday"}
    path.write_text(json.dumps(document), encoding="utf-8")
    done = run("statement", diary)
    assert one_sentence(done.err)
    assert "(and 1 more problem; --json lists them all)" in done.err
    assert len(run("statement", diary, "--json").json["problems"]) == 2


def test_an_error_of_the_system_is_a_sentence_too(run: Run, diary: str) -> None:
    done = run("statement", diary, "--policy", "a" * 5000)
    assert (done.status, one_sentence(done.err)) == (2, True)


def test_only_contracts_that_had_begun_have_a_week(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "two.json"
    late = contract(id="c-2", terms=[terms(since="2026-11-23T00:00Z")])
    records = [
        Record.of(contract(), "upwork", [tracked("2026-11-16T09:00Z")]),
        Record.of(late, "upwork", [tracked("2026-11-23T09:00Z")]),
    ]
    native.write(path, records)
    (one,) = run("statement", str(path), "--week", "2026-11-16", "--json").json["statements"]
    assert one["contract"] == "c-1"
    (leaf,) = run("show", str(path), "--day", "2026-11-16", "--json").json["contracts"]
    assert leaf["contract"] == "c-1"
    assert run("show", str(path), "--day", "2026-11-16", "--contract", "c-2").status == 2


def test_a_hostile_file_name_cannot_reach_the_terminal(run: Run) -> None:
    assert "\x1b" not in run("statement", "\x1b[31mred.json").err


def test_a_process_ends_with_2_and_one_line(process: Run) -> None:
    done = process("statement", "no-such-file.json")
    assert (done.status, done.out, one_sentence(done.err)) == (2, "", True)


def test_version_and_help(run: Run, process: Run) -> None:
    assert process("--version").out.startswith("workdiary 0.")
    for command in ([], ["statement"], ["show"], ["why"], ["policies"], ["import", "upwork"], ["vectors", "check"]):
        done = run(*command, "--help")
        assert done.status == 0
        assert "Usage: " in done.out


@pytest.mark.parametrize("group", [[], ["import"], ["vectors"]])
def test_a_group_alone_prints_its_help(run: Run, group: list[str]) -> None:
    done = run(*group)
    assert (done.status, done.err) == (0, "")
    assert "Commands:" in done.out


def test_a_missing_extra_names_what_to_install() -> None:
    code = "import sys; sys.modules['typer'] = None; from workdiary.__main__ import main; sys.exit(main(['policies']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'pip install "workdiary[cli]"' in done.stderr


def test_json_loads_no_rich(diary: str) -> None:
    code = (
        "import sys; from workdiary.__main__ import main; status = main(sys.argv[1:]);"
        "print(status, 'rich' in sys.modules, file=sys.stderr)"
    )
    for arguments in (["statement", diary, "--json"], ["show", diary, "--json"], ["policies", "--json"]):
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
        assert done.stderr.split() == ["0", "False"]


def test_a_reader_that_has_seen_enough_is_no_error(weeks: str) -> None:
    command = [sys.executable, "-m", "workdiary", "statement", weeks]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        assert done.stderr.read() == b""
    assert done.returncode == 1


def test_a_terminal_without_the_letters_gets_others(process: Run, diary: str) -> None:
    done = process("show", diary, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.status == 0
    assert "Fix the login form" in done.out
