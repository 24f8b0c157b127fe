"""Files of requests: each is answered by itself; what cannot be read waits in quarantine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import MONDAY_NOON, Kept
from tests.cli.test_errors import one_sentence


def item(id: str, start: str, stop: str, contract: str = "c-1", memo: str = "Call") -> str:
    return json.dumps(
        {
            "contract": contract,
            "id": id,
            "by": {"id": "ana", "role": "freelancer"},
            "request": {"kind": "add_time", "from": start, "to": stop, "memo": memo},
        }
    )


LINES = [
    item("a", "2026-11-18T09:00Z", "2026-11-18T09:30Z"),
    "not JSON {",
    "",
    item("b", "2026-11-18T09:00Z", "2026-11-18T09:30Z"),
    item("a", "2026-11-18T11:00Z", "2026-11-18T11:30Z"),
    item("c", "2026-11-18T10:00Z", "2026-11-18T10:10Z", contract="c-9"),
    item("a", "2026-11-18T09:00Z", "2026-11-18T09:30Z"),
]
"""Of the seven lines one is blank; the others: created, unreadable, taken, in conflict, of no contract, on record."""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "items.jsonl"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return str(path)


def test_one_bad_item_never_blocks_the_others(kept: Kept, file: str) -> None:
    done = kept("ingest", file)
    assert (done.status, done.err) == (1, "")
    said = done.out.splitlines()
    assert [line.partition(":")[0] for line in said[:4]] == ["2", "4", "5", "6"]
    assert said[0].startswith("2: Cannot be read, kept in quarantine as number 1: ")
    assert said[1] == "4: Refused. MANUAL-3: Time is recorded there already (Wed 18 Nov 09:00–09:30)."
    assert said[2].startswith("5: Conflict: the id a is on record with something else, entry 2, added 0.50 h")
    assert said[3].startswith("6: Cannot be read, kept in quarantine as number 2: contract: 'c-9'")
    assert said[4:] == [
        "6 items: 1 created, 1 exists, 1 conflict, 1 refused, 2 quarantined.",
        "See workdiary quarantine list.",
    ]
    assert len(kept.entries()) == 2


def test_to_ingest_again_changes_nothing(kept: Kept, file: str) -> None:
    kept("ingest", file)
    head = kept("log", "--json").json["head"]
    again = kept("ingest", file, "--json").json
    assert again["counts"] == {"exists": 2, "conflict": 1, "refused": 1, "quarantined": 2}
    assert [answer["item"] for answer in again["answers"]] == [1, 2, 4, 5, 6, 7]
    assert [answer.get("quarantine") for answer in again["answers"]] == [None, 1, None, None, 2, None]
    assert kept("log", "--json").json["head"] == head


def test_a_file_is_read_from_standard_input_too(kept: Kept) -> None:
    assert kept.done("ingest", "-", given=LINES[0] + "\n") == "1 item: 1 created.\n"
    assert kept.done("ingest", "-", given="") == "There is no item in it.\n"


def test_many_refusals_are_counted_and_all_prints_them(kept: Kept) -> None:
    bad = "\n".join(item(f"x{n}", "2026-11-18T20:00Z", "2026-11-18T20:10Z") for n in range(25))
    few = kept("ingest", "-", given=bad).out.splitlines()
    assert (len(few), few[20], few[21]) == (22, "And 5 more; --all prints them all.", "25 items: 25 refused.")
    assert len(kept("ingest", "-", "--all", given=bad).out.splitlines()) == 26


def test_upload_1_what_comes_after_the_lock_is_kept_as_evidence(kept: Kept, tmp_path: Path, diary: str) -> None:
    kept.at = MONDAY_NOON
    done = kept("ingest", diary)
    # Six tracked segments in one upload, late; the manual one is asked for too late, and refused.
    assert done.status == 1
    assert "Late: kept as evidence, not billed: entry 2, late upload kept as evidence: 1.00 h" in done.out
    assert done.out.splitlines()[-1] == "2 items: 1 late, 1 refused."
    assert kept.done("statement") == "nothing is recorded in this diary\n"


def test_a_native_diary_is_ingested_whole_and_once(empty: Kept, diary: str) -> None:
    assert empty.done("ingest", diary) == "2 items: 2 created.\n"
    assert empty.done("ingest", diary) == "2 items: 2 exists.\n"
    theirs, ours = json.loads(empty.done("statement", diary, "--json")), empty("statement", "--json").json
    assert ours == theirs


def test_the_quarantine_is_listed_retried_and_discarded(kept: Kept, file: str) -> None:
    kept("ingest", file)
    listed = kept("quarantine", "list", "--json").json["quarantine"]
    assert [(one["number"], one["body"]) for one in listed] == [(1, "not JSON {"), (2, LINES[5])]
    shown = kept.done("quarantine", "list").splitlines()
    assert shown[0].startswith("1  2026-11-18 18:00:00  item: 'not JSON {' is not JSON")
    # The contract of the second is opened late.
    kept.done(
        *("contract", "add", "c-9", "--freelancer", "ana", "--client", "globe"),
        *("--rate", "20", "--no-limit", "--manual"),
    )
    retried = kept("quarantine", "retry", "--all")
    assert retried.status == 1
    assert "2 items: 1 created, 1 quarantined." in retried.out
    assert [one["number"] for one in kept("quarantine", "list", "--json").json["quarantine"]] == [1]
    assert "give --yes to do it" in kept("quarantine", "discard", "1").err
    assert kept.done("quarantine", "discard", "1", "--yes") == "Discarded 1.\n"
    assert kept.done("quarantine", "list") == "Nothing is in quarantine.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ingest", "absent.jsonl"], "cannot be read (No such file or directory)"),
        (["ingest", "a\0b"], "cannot be read"),
        (["quarantine", "retry"], "NUMBER: or --all is needed, and not both"),
        (["quarantine", "retry", "7"], "NUMBER: 7 is not in quarantine; see workdiary quarantine list"),
        (["quarantine", "discard", "7", "--all"], "NUMBER: or --all is needed, and not both"),
        (["quarantine", "discard", "x"], "Invalid value for"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(kept: Kept, arguments: list[str], said: str) -> None:
    done = kept(*arguments)
    assert (done.status, done.out, one_sentence(done.err)) == (2, "", True)
    assert said in done.err


def test_a_hostile_item_cannot_reach_the_terminal(kept: Kept) -> None:
    evil: dict[str, Any] = json.loads(item("e", "2026-11-18T09:00Z", "2026-11-18T09:10Z", memo="\x1b[31mred\u202e"))
    kept.done("ingest", "-", given=json.dumps(evil))
    kept("ingest", "-", given="\x1b]0;title\x07 {")
    for command in (["log"], ["quarantine", "list"], ["ingest", "-"]):
        out = kept(*command, given="\x1b]0;title\x07 {").out
        assert "\x1b" not in out
        assert "\u202e" not in out
