from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support import contract, terms, tracked
from workdiary.formats import native

CALENDAR = {
    "starts_at": "2026-11-16T00:00:00Z",
    "ends_at": "2026-11-23T00:00:00Z",
    "locks_at": "2026-11-23T12:00:00Z",
    "invoiced_at": "2026-11-23T12:00:00Z",
    "review_ends_at": "2026-11-28T00:00:00Z",
    "available_at": "2026-12-02T00:00:00Z",
}


def test_one_week_is_printed_in_full(run: Run, diary: str) -> None:
    page = run("statement", diary)
    assert page.status == 0
    assert "Contract c-1  ana for acme  ·  week of 16 November 2026" in page.out
    assert "0.83 h tracked" in page.out
    assert "0.17 h manual" in page.out
    assert "0.17 h over the limit" in page.out
    assert "1.00 h × 30.00" in page.out
    assert page.out.split("0.33 h protected")[1].split()[:2] == ["10.00", "USD"]
    assert "Mon 16  09:20–09:30   0.17 h  missing memo (PROTECT-4)" in page.out
    assert "\x1b" not in page.out


def test_json_of_one_week_has_everything(run: Run, diary: str) -> None:
    (statement,) = run("statement", diary, "--json").json["statements"]
    assert statement["hours"] == {
        "tracked": "0.83",
        "manual": "0.17",
        "over_limit": "0.17",
        "billable": "1.00",
        "protected": "0.33",
    }
    assert statement["lines"] == [{"rate": "30.00", "slots": 6, "hours": "1.00", "amount": "30.00"}]
    assert (statement["amount"], statement["currency"], statement["protected_amount"]) == ("30.00", "USD", "10.00")
    assert statement["protected"] == [["2026-11-16T09:00:00Z", "2026-11-16T09:20:00Z"]]
    assert statement["over_limit"] == [["2026-11-16T10:00:00Z", "2026-11-16T10:10:00Z"]]
    assert [(run["from"], [reason["code"] for reason in run["reasons"]]) for run in statement["unprotected"]] == [
        ("2026-11-16T09:20:00Z", ["missing_memo"]),
        ("2026-11-16T09:30:00Z", ["no_activity"]),
        ("2026-11-16T09:40:00Z", ["manual_time"]),
        ("2026-11-16T09:50:00Z", ["activity_unknown"]),
        ("2026-11-16T10:00:00Z", ["over_limit"]),
    ]
    assert statement["calendar"] == CALENDAR
    assert statement["days"] == [{"date": "2026-11-16", "tracked": "0.83", "manual": "0.17", "billable": "1.00"}]
    assert statement["memos"] == [
        {"memo": "Fix the login form", "billable": "0.67"},
        {"memo": "", "billable": "0.17"},
        {"memo": "Call", "billable": "0.17"},
    ]
    assert "advice" not in statement


def test_advice_is_that_of_the_moment_asked_for(run: Run, diary: str) -> None:
    (statement,) = run("statement", diary, "--at", "2026-11-22T12:00Z", "--json").json["statements"]
    assert [(advice["kind"], advice["worth"]) for advice in statement["advice"]] == [
        ("add_memo", "5.00"),
        ("raise_limit", "5.00"),
    ]
    assert "5.00 USD more protected" in run("statement", diary, "--at", "2026-11-22T12:00Z").out
    assert "the week is locked" in run("statement", diary, "--at", "2026-11-23T12:00Z").out


def test_several_weeks_are_a_table_with_a_line_a_week(run: Run, weeks: str) -> None:
    lines = run("statement", weeks).out.splitlines()
    assert lines[0] == "Contract c-1  ana for acme  ·  upwork"
    assert " ".join(lines[2].split()) == "2026-11-16 0.83 0.17 0.17 1.00 30.00 USD 0.33 10.00 USD TMO"
    assert " ".join(lines[3].split()) == "2026-11-23 0.17 0.00 0.00 0.17 5.00 USD 0.17 5.00 USD T"
    assert " ".join(lines[4].split()) == "2 weeks 1.00 0.17 0.17 1.17 35.00 USD 0.50 15.00 USD"
    assert lines[6] == "Contract c-2  ana for acme  ·  odesk"
    assert " ".join(lines[8].split()) == "2026-11-23 0.17 0.00 0.00 0.17 10.00 EUR 0.00 0.00 EUR T"


def test_on_a_terminal_the_weeks_are_bars_in_the_colours_of_the_palette(weeks: str) -> None:
    pty = pytest.importorskip("pty", reason="a pseudo-terminal needs POSIX")
    parent, child = pty.openpty()
    env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    env |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "COLUMNS": "120"}
    subprocess.run([sys.executable, "-m", "workdiary", "statement", weeks], stdout=child, env=env, check=True)
    os.close(child)
    page = b""
    with contextlib.suppress(OSError):  # Linux ends a closed terminal with an error
        while more := os.read(parent, 65536):
            page += more
    os.close(parent)
    assert "\x1b[38;2;60;130;36m▇\x1b[0m\x1b[38;2;232;185;35m▇\x1b[0m\x1b[38;2;201;48;44m▇" in page.decode()


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_amounts_deadlines_and_hours_are_whole_at_any_width(process: Run, diary: str, weeks: str, columns: str) -> None:
    page = process("statement", diary, "--at", "2026-11-22T12:00Z", "--zone", "Europe/Berlin", COLUMNS=columns).out
    assert "…" not in page
    words = " ".join(page.split())
    for whole in (
        "1.00 h billed 30.00 USD",
        "0.33 h protected 10.00 USD",
        "review until Sat 28 Nov 2026 01:00 CET",
        "available Wed 2 Dec 2026 01:00 CET",
        "10:50–11:00 0.17 h activity unknown (PROTECT-2)",
        "0.67 h Fix the login form",
        "5.00 USD more billed; until Mon 23 Nov 2026 01:00 CET",
    ):
        assert whole in words
    table = process("statement", weeks, COLUMNS=columns).out
    assert max(map(len, (page + table).splitlines())) <= int(columns)
    assert "1.00 30.00 USD 0.33 10.00 USD" in " ".join(table.split())
    assert "2 weeks" in table


def test_a_width_that_is_no_number_is_passed_over(process: Run, weeks: str, diary: str) -> None:
    for file in (weeks, diary):
        usual = process("statement", file).out
        for columns in ("", "0", "-5", "wide", "9" * 5000):
            assert process("statement", file, COLUMNS=columns).out == usual


def test_a_narrow_table_says_the_hours_by_status_below_the_week(process: Run, weeks: str) -> None:
    lines = process("statement", weeks, "--contract", "c-1", COLUMNS="60").out.splitlines()
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "week of billable amount protected amount",
        "2026-11-16 1.00 30.00 USD 0.33 10.00 USD",
        "0.83 h tracked, 0.17 h manual, 0.17 h over",
    ]


def test_hours_stand_below_each_other_on_the_night_when_the_clocks_change(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "autumn.json"
    old = contract(terms=[terms(since="2026-10-01T00:00Z")])
    segments = [tracked(f"2026-10-25T{at}Z", memo="") for at in ("00:50", "01:00", "09:00")]
    native.write(path, [native.Record.of(old, "upwork", segments)])
    page = run("statement", str(path), "--zone", "Europe/Berlin").out
    assert "  ✗ Sun 25  02:50 CEST–02:10 CET   0.33 h  missing memo (PROTECT-4)" in page
    assert "  ✗ Sun 25  10:00–10:10            0.17 h  missing memo (PROTECT-4)" in page


def test_json_of_several_weeks_is_a_summary_a_week(run: Run, weeks: str) -> None:
    found = run("statement", weeks, "--json").json["statements"]
    assert [(one["contract"], one["week"], one["amount"]) for one in found] == [
        ("c-1", "2026-11-16", "30.00"),
        ("c-1", "2026-11-23", "5.00"),
        ("c-2", "2026-11-23", "10.00"),
    ]
    assert "calendar" not in found[0]


def test_week_takes_a_date_and_an_instant(run: Run, weeks: str) -> None:
    for week in ("2026-11-29", "2026-11-23", "2026-11-29T23:59:59Z", "2026-11-23T01:00+01:00"):
        found = run("statement", weeks, "--week", week, "--contract", "c-1", "--json").json["statements"]
        assert [(one["week"], one["amount"]) for one in found] == [("2026-11-23", "5.00")]


def test_a_week_without_segments_is_a_statement_of_nothing(run: Run, weeks: str) -> None:
    (one,) = run("statement", weeks, "--week", "2026-12-01", "--contract", "c-1", "--json").json["statements"]
    assert (one["week"], one["amount"], one["tracked"], one["lines"]) == ("2026-11-30", "0.00", [], [])
    assert run("statement", weeks, "--week", "2026-12-01").status == 0


def test_another_policy_judges_the_same_week(run: Run, diary: str) -> None:
    # oDesk asks for 5 active minutes and lets a label stand for a memo; nothing else differs for this Monday.
    (one,) = run("statement", diary, "--policy", "odesk", "--json").json["statements"]
    assert (one["policy"], one["protected_amount"]) == ("odesk", "10.00")


def test_days_are_those_of_the_zone_and_the_bill_is_not(run: Run, diary: str) -> None:
    (one,) = run("statement", diary, "--zone", "Pacific/Auckland", "--json").json["statements"]
    # 09:00Z is 22:00 in Auckland (+13:00), 10:00Z still the same day.
    assert [day["date"] for day in one["days"]] == ["2026-11-16"]
    (one,) = run("statement", diary, "--zone", "America/Los_Angeles", "--json").json["statements"]
    assert [day["date"] for day in one["days"]] == ["2026-11-16"]
    assert one["amount"] == "30.00"
    assert "Mon 23 Nov 2026 13:00 CET" in run("statement", diary, "--zone", "Europe/Berlin").out


def test_standard_input_is_a_diary_too(process: Run, diary: str) -> None:
    done = process("statement", "-", "--json", given=Path(diary).read_text(encoding="utf-8"))
    assert done.json["statements"][0]["amount"] == "30.00"


def test_an_empty_diary_says_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    native.write(path, [native.Record.of(contract(), "upwork", [])])
    assert run("statement", str(path)).out == "nothing is recorded in this diary\n"
    assert run("statement", str(path), "--json").json == {"statements": []}
    assert run("show", str(path)).out == "nothing is recorded in this diary\n"
