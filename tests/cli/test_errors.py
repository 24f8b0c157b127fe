from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.require import skip_or_fail
from tests.support import contract, terms, tracked
from workdiary.formats import native
from workdiary.formats.native import Record


def one_sentence(text: str) -> bool:
    return text.startswith("workdiary: ") and text.count("\n") == 1 and "Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["statement"], "does not exist; give DIARY, a file or a database, or create your own: workdiary init"),
        (["statement", "DIARY", "--bogus"], "No such option"),
        (["statement", "DIARY", "--week"], "requires an argument; see workdiary statement --help"),
        (["statement", "--zone"], "requires an argument; see workdiary statement --help"),
        (["vectors", "check", "--command"], "requires an argument; see workdiary vectors check --help"),
        (["statement", "DIARY", "--week", "2026-13-01"], "'2026-13-01' is not a date"),
        (["statement", "DIARY", "--week", "2026-W47"], "'2026-W47' is not a date"),
        (["statement", "DIARY", "--week", "2026-11-16T00:00"], "has no zone"),
        (["statement", "DIARY", "--week", "2026-10-01"], "ends before the contract's first terms"),
        (["statement", "DIARY", "--at", "now"], "'now' is not an instant"),
        (["statement", "DIARY", "--zone", "Mars/Olympus"], "'Mars/Olympus' is not a zone"),
        (["statement", "DIARY", "--contract", "c-9"], "choose one of: c-1"),
        (["statement", "DIARY", "--policy", "upwrok"], "did you mean upwork, or a path that ends in .toml?\n"),
        (["statement", "DIARY", "--policy", "zzzzz"], "work_for_impact; give a path that ends in .toml\n"),
        (["statement", "DIARY", "--policy", "no.toml"], "no.toml"),
        (["statement", "no-such-file.json"], "cannot be read"),
        (["show", "DIARY", "--day", "16.11.2026"], "is not a date"),
        (["show", "DIARY", "--day", "0001-01-01"], "--day: '0001-01-01' is outside the years 1900 to 9997"),
        (["show", "DIARY", "--day", "1899-12-31"], "--day: '1899-12-31' is outside the years 1900 to 9997"),
        (["show", "DIARY", "--day", "9998-01-01"], "--day: '9998-01-01' is outside the years 1900 to 9997"),
        (["show", "DIARY", "--day", "9999-12-31"], "--day: '9999-12-31' is outside the years 1900 to 9997"),
        (["show", "DIARY", "--day", "1900-01-01"], "ends before the contract's first terms"),
        (["show", "DIARY", "--week", "0001-01-01"], "--week: '0001-01-01' is outside the years 1900 to 9997"),
        (["statement", "DIARY", "--week", "9999-12-31"], "--week: '9999-12-31' is outside the years 1900 to 9997"),
        (["policies", "odesk", "--at", "0001-01-01"], "--at: '0001-01-01' is outside the years 1900 to 9997"),
        (["statement", "a\0b"], "cannot be read ("),
        (["statement", "DIARY", "--policy", "a\0b.toml"], "cannot be read ("),
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


@pytest.mark.parametrize("arguments", [["statement", "absent.json"], ["policies", "--json"], ["--help"]])
def test_a_closed_standard_output_is_one_sentence(arguments: list[str]) -> None:
    if shutil.which("sh") is None:
        skip_or_fail("there is no shell to close standard output")
    command = ["sh", "-c", '"$0" -m workdiary "$@" >&-', sys.executable, *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "workdiary: standard output is closed; leave it open, or send it to a file\n"


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


@pytest.mark.parametrize("arguments", [["-m", "workdiary", "evaluate"], ["-c", "ENTRY", "evaluate"]])
def test_a_reader_of_results_that_has_seen_enough_is_no_error(arguments: list[str]) -> None:
    entry = "import sys; from workdiary.__main__ import main; sys.exit(main())"  # as the installed script has it
    command = [sys.executable, *(entry if word == "ENTRY" else word for word in arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdin is not None
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        done.stdin.write(b'{"kind": "none"}\n' * 10)
        done.stdin.close()
        assert done.stderr.read() == b""
    assert done.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [["statement", "absent.json", "--json"], ["--help"], ["--version"], ["policies", "--json"], ["vectors", "list"]],
)
def test_a_closed_reader_is_no_error_even_where_output_waits_for_the_end(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "workdiary", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        said = done.stderr.read()
    assert b"Traceback" not in said
    assert b"Exception ignored" not in said
    assert done.returncode == 1


@pytest.mark.parametrize("arguments", [["evaluate"], ["policies", "--json"], ["--help"], ["vectors", "list"]])
def test_a_full_disk_is_one_sentence(arguments: list[str]) -> None:
    if not Path("/dev/full").exists():
        skip_or_fail("this system has no disk that is always full")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "workdiary", *arguments],
            input=b'{"kind": "none"}',
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == b"workdiary: standard output: No space left on device\n"


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kathmandu"])
def test_the_first_and_last_days_of_the_calendar_are_a_page_or_one_sentence(run: Run, diary: str, zone: str) -> None:
    for day in ("9997-12-25", "9997-12-31"):
        done = run("show", diary, "--day", day, "--zone", zone)
        assert (done.status, done.err) == (0, "")
    done = run("show", diary, "--day", "1900-01-01", "--zone", zone)
    assert (done.status, one_sentence(done.err)) == (2, True)


def test_a_segment_before_the_first_rules_names_the_contract_the_week_and_the_way_out(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    old = contract(terms=[terms(since="2001-01-01T00:00Z")])
    native.write(
        path,
        [
            Record.of(contract(id="c-2"), "upwork", [tracked("2026-11-16T09:00Z")]),
            Record.of(old, "upwork", [tracked("2001-01-01T09:00Z"), tracked("2026-11-16T09:00Z")]),
        ],
    )
    sentence = (
        f"{path}: contract c-1: 'week of 2001-01-01' is before upwork's first week rule, 2015-05-05; "
        "give --policy FILE.toml with rules that hold then, or remove the segments of that week"
    )
    for arguments in (
        ["statement", str(path)],
        ["statement", str(path), "--week", "2001-01-01", "--contract", "c-1"],
        ["show", str(path), "--day", "2001-01-01"],
        ["why", "2001-01-01T09:00Z", str(path)],
    ):
        done = run(*arguments)
        assert (done.status, done.out, done.err) == (2, "", f"workdiary: {sentence}\n")
    assert run("statement", str(path), "--week", "2026-11-16").status == 0
    empty = run("statement", str(path), "--week", "2001-01-08", "--contract", "c-1")
    assert "'week of 2001-01-08' is before upwork's first week rule, 2015-05-05; ask for a later week" in empty.err
    early = run("statement", str(path), "--week", "2000-12-18")
    assert "ends before the contract's first terms" in early.err


def test_standard_input_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with (tmp_path / "only-written").open("wb") as file:
        command = [sys.executable, "-m", "workdiary", "statement", "-"]
        done = subprocess.run(command, stdin=file, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"workdiary: standard input: cannot be read (Bad file descriptor); check what feeds it\n"


def test_a_terminal_without_the_letters_gets_others(process: Run, diary: str) -> None:
    done = process("show", diary, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.status == 0
    assert "Fix the login form" in done.out
