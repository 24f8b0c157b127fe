"""A diary in a database reads like one in a file: the same statement, page and explanation."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Kept
from tests.cli.test_errors import one_sentence


@pytest.fixture
def same(empty: Kept, weeks: str) -> Kept:
    """The two contracts of the file `weeks`, in the database; recorded while the weeks were open."""
    empty.at = "2026-11-23T11:50Z"
    assert empty("ingest", weeks).status == 1  # what lies in the future is refused, and asked for again
    empty.at = "2026-11-23T13:00Z"
    empty("ingest", weeks)
    return empty


@pytest.mark.parametrize(
    "arguments",
    [
        ["statement"],
        ["statement", "--week", "2026-11-16", "--contract", "c-1"],
        ["statement", "--contract", "c-1", "--policy", "odesk"],
        ["statement", "--week", "2026-11-23", "--at", "2026-11-23T15:00Z"],
        ["show"],
        ["show", "--day", "2026-11-16", "--contract", "c-1", "--zone", "Europe/Berlin"],
        ["show", "--week", "2026-11-16", "--contract", "c-1"],
        ["why", "2026-11-16T09:20Z"],
        ["why", "2026-11-23T12:00Z"],
    ],
)
def test_the_database_says_what_the_file_says(same: Kept, weeks: str, arguments: list[str]) -> None:
    place = 2 if arguments[0] == "why" else 1
    with_file = [*arguments[:place], weeks, *arguments[place:]]
    with_database = [*arguments[:place], str(same.path), *arguments[place:]]
    for more in ([], ["--json"]):
        theirs = same.done(*with_file, *more)
        assert same.done(*arguments, *more) == theirs
        assert same.done(*with_database, *more) == theirs
        assert same.done(*arguments, "--db", str(same.path), *more) == theirs


def test_a_database_and_a_file_together_are_one_too_many(same: Kept, weeks: str) -> None:
    done = same("statement", weeks, "--db", str(same.path))
    assert (done.status, one_sentence(done.err)) == (2, True)
    assert "is given together with DIARY; give one of them" in done.err


def test_a_database_without_a_contract_says_so(empty: Kept) -> None:
    done = empty("show")
    assert (done.status, one_sentence(done.err)) == (2, True)
    assert "has no contract yet; add one: workdiary contract add" in done.err
    assert "choose one of" not in done.err


def test_an_unknown_contract_names_those_that_are_there(same: Kept) -> None:
    assert "choose one of: c-1, c-2" in same("statement", "--contract", "c-9").err


def test_a_contract_without_time_has_an_empty_page(kept: Kept) -> None:
    assert kept.done("statement") == "nothing is recorded in this diary\n"
    assert kept.done("show") == "nothing is recorded in this diary\n"
    assert "Nothing is recorded in this segment." in kept.done("why", "2026-11-18T09:00Z")


@pytest.mark.parametrize("width", ["60", "80", "110"])
def test_pages_fit_their_width_and_nothing_of_a_head_is_cut(
    full: Kept, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    for command in (["contract", "list"], ["doctor"], ["statement"], ["show"]):
        assert max(map(len, full.done(*command).splitlines())) <= int(width), command
    head = full("log", "--json").json["head"]
    for command in (["doctor"], ["verify"]):
        assert head in "".join(full.done(*command).split())
