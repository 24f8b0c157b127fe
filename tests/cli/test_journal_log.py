"""The record on the command line: who changed what, that it is what was recorded, and the evidence for strangers."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import MONDAY_NOON, Kept
from tests.cli.test_errors import one_sentence


def test_the_log_says_who_changed_what_and_when(full: Kept) -> None:
    full.at = "2026-11-19T08:30:05Z"
    full.done("delete", "2026-11-18T09:00Z", "09:10", "--yes")
    full.done("contract", "pause")
    head, *lines = full.done("log").splitlines()
    entries = full("log", "--json").json["entries"]
    assert head == f"Contract c-1  ·  head 5:{entries[-1]['digest'][:12]}…  ·  UTC"
    assert [line.rpartition("  ")[0] for line in lines] == [
        "1  2026-11-18 18:00:00  platform: contract opened: ana for acme, 30.00 USD an hour, 1 h a week, "
        "manual time allowed, under upwork",
        "2  2026-11-18 18:00:00  freelancer ana: tracked 0.50 h, Wed 18 Nov 14:20–14:50, “Fix the login form”",
        "3  2026-11-18 18:00:00  freelancer ana: added 0.50 h, Wed 18 Nov 09:00–09:30, “Call”",
        "4  2026-11-19 08:30:05  freelancer ana: deleted 0.17 h, Wed 18 Nov 09:00–09:10",
        "5  2026-11-19 08:30:05  client acme: contract paused from 2026-11-19 08:30:05",
    ]
    assert [line.rpartition("  ")[2] for line in lines] == [entry["digest"][:12] for entry in entries]


def test_the_log_in_json_has_everything(full: Kept) -> None:
    said = full("log", "--json").json
    assert said["contract"] == "c-1"
    first, second, third = said["entries"]
    assert [entry["number"] for entry in said["entries"]] == [1, 2, 3]
    assert first["previous"] == "0" * 64
    assert (second["previous"], third["previous"]) == (first["digest"], second["digest"])
    assert said["head"] == f"3:{third['digest']}"
    assert (second["at"], second["by"]) == ("2026-11-18T18:00:00Z", {"id": "ana", "role": "freelancer"})
    assert third["change"]["kind"] == "time_added"
    assert third["change"]["slots"] == [["2026-11-18T09:00:00Z", "2026-11-18T09:30:00Z"]]


def test_a_part_of_the_log_and_another_zone(full: Kept) -> None:
    assert [line[:1] for line in full.done("log", "--last", "2").splitlines()[1:]] == ["2", "3"]
    assert [line[:1] for line in full.done("log", "--since", "2").splitlines()[1:]] == ["3"]
    assert full.done("log", "--since", "9").count("\n") == 1
    (line,) = full.done("log", "--last", "1", "--zone", "Europe/Berlin").splitlines()[1:]
    assert line.startswith("3  2026-11-18 19:00:00  freelancer ana: added 0.50 h, Wed 18 Nov 10:00–10:30, “Call”")
    assert "--last: 0 is not a number of entries" in full("log", "--last", "0").err
    assert "--since: -1 is not the number" in full("log", "--since", "-1").err


def test_what_was_recorded_verifies(full: Kept) -> None:
    head = full("log", "--json").json["head"]
    assert full.done("verify").splitlines() == ["c-1: sound; 3 entries, 1 week, 0 of them closed.", f"  head {head}"]
    assert full.done("verify", "--chain-only").splitlines()[0] == "c-1: sound; 3 entries."
    assert full.done("verify", "--head", head, "--head", f"c-1={head}").startswith("c-1: sound")
    assert full("verify", "--json").json == {
        "sound": True,
        "contracts": [{"contract": "c-1", "head": head, "sound": True, "weeks": 1, "closed": 0, "faults": []}],
    }


def test_f82_an_altered_entry_is_named(full: Kept) -> None:
    with closing(sqlite3.connect(full.path)) as connection:
        (trigger,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_update'").fetchone()
        connection.execute("DROP TRIGGER entries_update")
        (body,) = connection.execute("SELECT body FROM entries WHERE number = 3").fetchone()
        connection.execute("UPDATE entries SET body = ? WHERE number = 3", (body.replace(b"Call", b"Cull"),))
        connection.execute(trigger)
        connection.commit()
    for more in ([], ["--chain-only"]):
        done = full("verify", *more)
        assert (done.status, done.err) == (1, "")
        assert done.out.startswith("c-1: 1 fault; the first bad entry is number 3.\n  ")
        assert "is not the digest of its content" in done.out
    (fault,) = full("verify", "--json").json["contracts"][0]["faults"]
    assert fault["entry"] == 3
    refused = full("backup", str(full.path.with_name("copy.db")))
    assert refused.status == 1
    assert "as faulty as the database" in refused.out


def test_an_altered_week_beside_a_sound_chain_is_found(full: Kept) -> None:
    with closing(sqlite3.connect(full.path)) as connection:
        connection.execute("UPDATE weeks SET manual = tracked")
        connection.commit()
    done = full("verify")
    assert done.status == 1
    assert done.out.splitlines()[0] == "c-1: 1 fault."
    assert "manual" in done.out
    assert full("verify", "--chain-only").status == 0


def test_a_head_that_was_kept_shows_what_is_missing(full: Kept) -> None:
    later = "4:" + "ab" * 32
    done = full("verify", "--head", later)
    assert done.status == 1
    assert done.out.splitlines() == [
        "c-1: 1 fault; the first bad entry is number 4.",
        "  ends at entry 3, although entry 4 is known: entries are missing at the end",
    ]
    assert full("verify", "--head", "2:" + "ab" * 32, "--chain-only").status == 1
    gone = full("verify", "--head", f"c-7={later}")
    assert gone.status == 1
    assert "c-7: 1 fault" in gone.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "--head", "3"], "--head: '3' is not a head; give a number, a colon and 64 hexadecimal digits"),
        (["verify", "--contract", "c-7"], "choose one of: c-1"),
        (["bundle", "x"], "--week: or --dispute is what a bundle is about; give one of the two"),
        (["bundle", "x", "--week", "2026-11-16", "--since", "7"], "--since: '7' is not a head"),
        (["bundle", "x", "--dispute", "d9"], "is no dispute and no failed payment on record"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(full: Kept, arguments: list[str], said: str) -> None:
    done = full(*arguments)
    assert (done.status, done.out, one_sentence(done.err)) == (2, "", True)
    assert said in done.err


def test_a_bundle_is_checked_by_a_stranger_with_python_alone(full: Kept, tmp_path: Path) -> None:
    full.at = MONDAY_NOON
    full.done("close")
    full.done("dispute", "2026-11-18T09:00Z", "09:10", "--yes", "--id", "d1")
    folder = tmp_path / "evidence"
    said = full.done("bundle", str(folder), "--dispute", "5").splitlines()
    assert said[0] == f"Wrote {folder}: contract c-1, week of 2026-11-16, dispute d1, billed 30.00 USD."
    assert re.fullmatch(r"Its digest: [0-9a-f]{64}", said[-1])
    checked = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py")], capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "SOUND")
    assert "folder" in full("bundle", str(folder), "--week", "2026-11-16").err
    made = full("bundle", str(tmp_path / "week"), "--week", "2026-11-16", "--json").json
    assert (made["contract"], made["week"], made["dispute"], made["amount"]) == ("c-1", "2026-11-16", None, "30.00 USD")


def test_a_log_that_nobody_reads_to_the_end_is_no_error(full: Kept) -> None:
    command = [sys.executable, "-m", "workdiary", "log", "--db", str(full.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout is not None
        assert done.stderr is not None
        done.stdout.close()
        assert done.stderr.read() == b""
    assert done.returncode == 1


def test_json_loads_no_rich(full: Kept) -> None:
    code = (
        "import sys; from workdiary.__main__ import main;"
        "status = [main([*words.split(), '--json', '--db', sys.argv[1]]) for words in sys.argv[2:]];"
        "print(status, 'rich' in sys.modules, file=sys.stderr)"
    )
    commands = ["log", "verify", "contract list", "doctor", "statement"]
    command = [sys.executable, "-c", code, str(full.path), *commands]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == "[0, 0, 0, 0, 0] False\n"
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == len(commands)
