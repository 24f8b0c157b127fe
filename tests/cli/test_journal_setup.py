"""A database and its contracts on the command line: made, found, opened, changed."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Kept, Run
from tests.cli.test_errors import one_sentence

NEW = ["--freelancer", "ana", "--client", "acme", "--rate", "30.00", "--limit", "40"]


def test_init_makes_a_private_database_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new" / "diary.db"
    first = run("init", "--db", str(path))
    assert (first.status, first.err) == (0, "")
    assert first.out.startswith(f"Created: {path}.")
    before = path.read_bytes()
    again = run("init", "--db", str(path))
    assert again.out == f"{path} is there already, with 0 contracts; nothing was changed.\n"
    assert path.read_bytes() == before
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_without_db_and_variable_the_diary_is_in_the_users_data_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORKDIARY_DB", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    from workdiary.cli.journal import place_of

    place = Path(place_of(None))
    assert place.name == "diary.db"
    assert tmp_path in place.parents
    monkeypatch.setenv("WORKDIARY_DB", "~/other.db")
    assert Path(place_of(None)) == tmp_path / "other.db" or os.name == "nt"
    assert place_of("postgresql://ana@host/diary") == "postgresql://ana@host/diary"


@pytest.mark.parametrize(
    "arguments",
    [
        ["statement"],
        ["show"],
        ["why", "2026-11-16T09:00Z"],
        ["log"],
        ["verify"],
        ["close"],
        ["contract", "list"],
        ["quarantine", "list"],
        ["backup", "copy.db"],
        ["add", "2026-11-16T09:00Z", "10:00", "--memo", "Call"],
    ],
)
def test_a_database_that_is_not_there_says_how_to_make_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("WORKDIARY_DB", str(tmp_path / "none.db"))
    done = run(*arguments)
    assert done.status == 2
    assert one_sentence(done.err)
    assert "does not exist; " in done.err
    assert "workdiary init" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("db", "said"),
    [
        ("", "--db: '' is empty; give a file, or postgresql://user@host/name"),
        ("FOLDER", "is a directory, not a file"),
        ("FOLDER/other.txt", "is not an SQLite database"),
        ("mysql://host/name", "is no address of a journal"),
    ],
)
def test_what_is_no_work_diary_is_refused_in_one_sentence(run: Run, tmp_path: Path, db: str, said: str) -> None:
    (tmp_path / "other.txt").write_text("something else\n" * 100, encoding="utf-8")
    done = run("log", "--db", db.replace("FOLDER", str(tmp_path)))
    assert (done.status, one_sentence(done.err)) == (2, True)
    assert said in done.err


def test_a_contract_begins_with_the_week_and_is_opened_once(empty: Kept) -> None:
    first = empty.done("contract", "add", "c-1", *NEW)
    assert first.splitlines() == [
        "Opened the diary of c-1: ana for acme, 30.00 USD an hour, 40 h a week, no manual time, "
        "from 2026-11-16T00:00:00Z.",
        "Nothing will be protected until the accounts are verified: workdiary contract facts (PROTECT-5).",
    ]
    empty.at = "2026-11-25T12:00Z"  # the same command a week later means the same contract
    assert empty.done("contract", "add", "c-1", *NEW).startswith("On record already: c-1: ana for acme")
    assert len(empty.entries()) == 1
    other = empty("contract", "add", "c-1", *NEW[:-1], "20")
    assert (other.status, one_sentence(other.err)) == (2, True)
    assert "has a diary already, opened otherwise" in other.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["c-1", *NEW[2:]], "--freelancer: is missing"),
        ([*NEW], "ID: is missing"),
        (["c-1", *NEW[:-2]], "--limit: is missing; give the weekly limit in hours, or --no-limit"),
        (["c-1", *NEW, "--no-limit"], "is given together with --no-limit"),
        (["c-1", *NEW, "--policy", "upwrok"], "did you mean upwork"),
        (["c-1", *NEW, "--currency", "XXQ"], "XXQ"),
        (["c-1", *NEW, "--since", "2026-11-16"], "is not an instant"),
        (["c-1", *NEW, "--since", "2026-11-16T00:00"], "has no zone; end it in Z or an offset such as +01:00, or give"),
        (["c-1", *NEW, "--file", "x.json"], "is given together with a contract's own options"),
        (["--file", "absent.json"], "cannot be read"),
    ],
)
def test_a_contract_that_cannot_be_is_refused(empty: Kept, arguments: list[str], said: str) -> None:
    done = empty("contract", "add", *arguments)
    assert (done.status, done.out, one_sentence(done.err)) == (2, "", True)
    assert said in done.err
    assert empty("contract", "list", "--json").json == {"contracts": []}


def test_contracts_come_from_a_file_all_or_none(empty: Kept, weeks: str, tmp_path: Path) -> None:
    said = empty("contract", "add", "--file", weeks, "--json").json["contracts"]
    assert [(one["contract"]["id"], one["policy"], one["created"]) for one in said] == [
        ("c-1", "upwork", True),
        ("c-2", "odesk", True),
    ]
    assert empty.done("contract", "add", "--file", weeks).count("On record already") == 2
    # One that is known otherwise stops the file before any is opened.
    document = json.loads(Path(weeks).read_text(encoding="utf-8"))
    document["contracts"][0]["contract"]["client"] = "globe"
    document["contracts"][1]["contract"]["id"] = "c-3"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document), encoding="utf-8")
    assert empty("contract", "add", "--file", str(other)).status == 2
    assert [one["contract"]["id"] for one in empty("contract", "list", "--json").json["contracts"]] == ["c-1", "c-2"]


def test_where_there_are_several_contracts_one_has_to_be_named(empty: Kept, weeks: str) -> None:
    empty.done("contract", "add", "--file", weeks)
    add = ["add", "2026-11-18T09:00Z", "10:00", "--memo", "Call"]
    done = empty(*add)
    assert "--contract: is needed, for there are 2 contracts; choose one of: c-1, c-2" in done.err
    assert "choose one of: c-1, c-2" in empty(*add, "--contract", "c-3").err
    empty.done(*add, "--contract", "c-2")
    assert "add one: workdiary contract add" in empty("log", "--db", str(_another(empty))).err


def _another(empty: Kept) -> Path:
    path = empty.path.with_name("another.db")
    empty.done("init", "--db", str(path))
    return path


def test_list_says_terms_status_and_head(kept: Kept) -> None:
    first, second, third = kept.done("contract", "list").splitlines()
    assert first == "c-1  ana for acme  ·  active  ·  upwork"
    assert second == "  30.00 USD an hour, 1 h a week, manual time allowed"
    (one,) = kept("contract", "list", "--json").json["contracts"]
    number, _, digest = one["head"].partition(":")
    assert (number, len(digest)) == ("1", 64)
    assert third == f"  head 1:{digest[:12]}…, last entry 2026-11-18 18:00:00 UTC"


def test_terms_keep_what_is_not_given(kept: Kept) -> None:
    kept.done("contract", "terms", "--rate", "33.00")
    kept.done("contract", "terms", "c-1", "--no-limit")
    kept.done("contract", "terms", "c-1", "--no-manual", "--since", "2026-11-20T00:00Z")
    (one,) = kept("contract", "list", "--json").json["contracts"]
    found = [
        (terms["since"], terms["rate"], terms["weekly_limit_hours"], terms["manual_time_allowed"])
        for terms in one["contract"]["terms"]
    ]
    assert found == [
        ("2026-11-02T00:00:00Z", "30.00", "1", True),
        ("2026-11-18T18:00:00Z", "33.00", None, True),
        ("2026-11-20T00:00:00Z", "33.00", None, False),
    ]
    assert "give --rate" in kept("contract", "terms").err


def test_edit_3_terms_do_not_reach_back_into_a_locked_week(kept: Kept) -> None:
    done = kept("contract", "terms", "--rate", "33", "--since", "2026-11-09T00:00Z", "--as", "platform")
    assert (done.status, done.err) == (1, "")
    assert done.out == (
        "Refused. EDIT-3: Monday 9 November 2026, 00:00 UTC is in time that has been locked or invoiced; "
        "a change may hold from Monday 16 November 2026, 00:00 UTC on.\n"
    )


def test_edit_1_nobody_but_the_platform_dates_a_change_back(kept: Kept) -> None:
    done = kept("contract", "terms", "--rate", "33", "--since", "2026-11-16T00:00Z")
    assert (done.status, done.out) == (1, "Refused. EDIT-1: The client may not date such a change back here.\n")


def test_limit_3_a_client_is_asked_before_a_higher_limit_costs_money(full: Kept) -> None:
    # Ten segments under a limit of six: with two hours all ten are paid, four more of 5.00.
    full.done("add", "2026-11-18T10:00Z", "10:40", "--memo", "Call", "--yes")
    done = full("contract", "terms", "--limit", "2")
    assert (done.status, one_sentence(done.err)) == (2, True)
    assert "This change of terms makes the week of 2026-11-16 cost 20.00 USD more: 50.00 USD (BILL-1)" in done.err
    assert full.done("contract", "terms", "--limit", "2", "--yes").splitlines()[1:] == [
        "The week of 2026-11-16: 1.67 h billed, 50.00 USD, of which 15.00 USD protected "
        "(+20.00 USD, +15.00 USD protected).",
        "Paid from now on: Wed 18 Nov 10:30–10:40, 14:20–14:50.",
    ]


def test_edit_1_the_freelancer_does_not_change_the_terms(kept: Kept) -> None:
    done = kept("contract", "terms", "--rate", "99", "--as", "freelancer")
    assert (done.status, done.out) == (1, "Refused. EDIT-1: The freelancer may not do that here.\n")
    assert "choose one of: freelancer, client, platform" in kept("contract", "pause", "--as", "boss").err


def test_edit_2_nothing_is_added_while_paused_and_again_when_resumed(kept: Kept) -> None:
    add = ["add", "2026-11-18T09:00Z", "09:10", "--memo", "Call"]
    kept.done("contract", "pause")
    assert kept(*add).out == (
        "Refused. EDIT-2: The contract is not active at that moment; its status is paused (Wed 18 Nov 09:00–09:10). "
        "No longer possible since Wednesday 18 November 2026, 18:00 UTC.\n"
    )
    kept.done("contract", "resume")
    kept.done(*add)


def test_edit_6_a_contract_is_closed_once_and_after_asking(kept: Kept) -> None:
    asked = kept("contract", "close")
    assert (asked.status, one_sentence(asked.err)) == (2, True)
    assert "contract c-1 is never opened again (EDIT-6); nothing was recorded: give --yes to record it" in asked.err
    kept.done("contract", "close", "--yes")
    assert "closed" in kept.done("contract", "list").splitlines()[0]
    assert kept("contract", "resume").out.startswith("Refused. EDIT-2:")


def test_a_repeated_change_of_the_contract_is_one_entry(kept: Kept) -> None:
    kept.done("contract", "pause", "--id", "p1")
    kept.at = "2026-11-18T19:00Z"  # "this moment" of the repetition is that of the first time
    assert kept.done("contract", "pause", "--id", "p1").startswith("On record already: entry 2, contract paused from")
    assert len(kept.entries()) == 2


def test_protect_5_facts_keep_what_is_not_given(kept: Kept) -> None:
    kept.done("contract", "facts", "--no-good-standing")
    assert kept.entries()[-1] == (
        "facts from 2026-11-18 18:00:00: billing verified yes, good standing no, identity verified yes"
    )
    assert "give one of: --billing-verified" in kept("contract", "facts").err
