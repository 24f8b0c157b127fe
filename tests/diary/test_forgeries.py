"""Lies in a bundle that are sealed as an honest keeper would seal them: the chain holds, and they are found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.diary.evidence import NINE, bundled, entries_of, faults_in, kind, plain, reseal, restate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return bundled(tmp_path / "evidence").folder


STATEMENTS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "the amount": (lambda said: said.update(amount="43.34 USD"), "they come to 43.33 USD"),
    "a line's amount": (lambda said: said["lines"][0].update(amount="10.01 USD"), "they come to 43.33 USD"),
    "a line's segments": (lambda said: said["lines"][0].update(segments=3), "they come to 43.33 USD"),
    "a line's hours": (lambda said: said["lines"][0].update(hours="0.34"), "they come to 43.33 USD"),
    "a line's rate": (lambda said: said["lines"][0].update(rate="30.01"), "they come to 43.33 USD"),
    "a line too many": (lambda said: said["lines"].append(said["lines"][0]), "they come to 43.33 USD"),
    "the lines' order": (lambda said: said["lines"].reverse(), "they come to 43.33 USD"),
    "what is protected": (lambda said: said.update(protected_amount="26.66 USD"), "they come to 26.67 USD"),
    "the hours": (lambda said: said["hours"].update(billable="1.34"), "has other hours"),
    "a deleted segment": (
        lambda said: said["tracked"][0].__setitem__(0, "2026-11-18T09:00:00Z"),
        "is not of the 8 segments on record",
    ),
    "time that nobody recorded": (
        lambda said: said["manual"].append(["2026-11-18T12:00:00Z", "2026-11-18T12:10:00Z"]),
        "is not of the 8 segments on record",
    ),
    "a segment left out": (
        lambda said: said["manual"][0].__setitem__(1, "2026-11-18T10:20:00Z"),
        "is not of the 8 segments on record",
    ),
    "late evidence billed": (
        lambda said: said["tracked"].append(["2026-11-18T19:00:00Z", "2026-11-18T19:10:00Z"]),
        "is not of the 8 segments on record",
    ),
    "manual time as tracked": (
        lambda said: said.update(tracked=[["2026-11-18T09:10:00Z", "2026-11-18T10:30:00Z"]], manual=[]),
        "is not of the 8 segments on record",
    ),
    "a segment both billed and over": (
        lambda said: said.update(over_limit=said["manual"]),
        "is not of the 8 segments on record",
    ),
    "protection of free time": (
        lambda said: said["protected"][0].__setitem__(0, "2026-11-18T09:00:00Z"),
        "protects others",
    ),
    "protection left open": (lambda said: said["unprotected"].clear(), "protects others"),
    "another week": (
        lambda said: said.update(week=[["2026-11-09T00:00:00Z", "2026-11-16T00:00:00Z"]]),
        "is not of this week and these entries",
    ),
    "another head": (lambda said: said.update(journal="7:" + "0" * 64), "is not of this week and these entries"),
    "another version": (lambda said: said.update(version=2), "is not of this week and these entries"),
    "an early lock": (
        lambda said: said["calendar"].update(locks_at="2026-11-23T12:00:01Z"),
        "came before the lock",
    ),
    "another client": (lambda said: said["contract"].update(client="evil"), "is of another contract"),
    "another rate": (lambda said: said["contract"]["terms"][0].update(rate="31"), "that nobody recorded"),
    "terms left out": (lambda said: said["contract"]["terms"].pop(), "leaves out terms"),
    "facts of another day": (
        lambda said: said["contract"]["facts"][0].update(since="2026-11-01T00:00:00Z"),
        "leaves out facts",
    ),
    "a pause that nobody made": (
        lambda said: said["contract"]["status"].append({"since": "2026-11-17T00:00:00Z", "status": "paused"}),
        "that nobody recorded",
    ),
    "a float": (lambda said: said.update(version=1.0), "is not a whole number"),
    "a rate that is no number": (lambda said: said["lines"][0].update(rate="1e9"), "is not a decimal number"),
    "half to even": (
        # 3 segments at 33.33 are 16.665: of the protected lines the second comes to 16.66 then.
        lambda said: said["policy"]["billing"].update(rounding="half_even"),
        "they come to 26.66 USD",
    ),
}


@pytest.mark.parametrize("lie", STATEMENTS)
def test_a_lie_in_the_statement_is_found_however_well_it_is_sealed(folder: Path, lie: str) -> None:
    tell, expected = STATEMENTS[lie]
    restate(folder, tell)
    assert expected in "\n".join(faults_in(folder))


def test_the_forger_of_these_tests_leaves_no_other_trace(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    restate(folder, lambda said: None)
    assert {path: path.read_bytes() for path in before} == before
    reseal(folder, entries_of(folder))
    assert {path: path.read_bytes() for path in before} == before


def _set(name: str, **values: Any) -> Callable[[list[dict[str, Any]]], object]:
    return lambda entries: kind(entries, name)["change"].update(values)


def _again(name: str, **values: Any) -> Callable[[list[dict[str, Any]]], object]:
    def lie(entries: list[dict[str, Any]]) -> None:
        copy = json.loads(plain(kind(entries, name)))
        copy["change"].update(values)
        entries.append({**copy, "id": "again 2", "number": len(entries) + 1, "at": entries[-1]["at"]})

    return lie


ENTRIES: dict[str, tuple[Callable[[list[dict[str, Any]]], object], str]] = {
    "the refund": (_set("dispute_resolved", amounts=["26.67 USD", "16.66 USD", "0.00 USD", "0.00 USD"]), "outcome"),
    "too much refunded": (
        _set(
            "dispute_resolved",
            paid=[],
            refunded=[["2026-11-18T09:10:00Z", "2026-11-18T10:30:00Z"]],
            amounts=["0.00 USD", "43.33 USD", "0.00 USD", "0.00 USD"],
        ),
        "the outcome of dispute is not what",
    ),
    "nothing refunded": (
        _set(
            "dispute_resolved",
            paid=[["2026-11-18T09:10:00Z", "2026-11-18T10:30:00Z"]],
            refunded=[],
            amounts=["43.33 USD", "0.00 USD", "0.00 USD", "0.00 USD"],
        ),
        "the outcome of dispute is not what",
    ),
    "resolved twice": (_again("dispute_resolved"), "or not the first"),
    "closed twice": (_again("week_closed"), "is not of this week and these entries"),
    "an outcome of nothing": (_set("dispute_resolved", of="call"), "KeyError"),
    "a dispute before the invoice": (
        lambda entries: [entry["change"] for entry in entries][7].update(
            statement=entries[7]["change"]["statement"].replace(
                '"invoiced_at":"2026-11-23T12:00:00Z"', '"invoiced_at":"2026-11-24T12:00:01Z"'
            )
        ),
        "came before the invoice",
    ),
    "a dispute after the review": (
        lambda entries: [entry.update(at="2026-11-28T00:00:00Z") for entry in entries[8:]],
        "came after the review",
    ),
    "an edit after the closing": (_again("time_deleted"), "of a week that is closed"),
    "an upload after the closing": (_again("time_tracked"), "of a week that is closed"),
    "a deletion of nothing": (
        lambda entries: entries[5].update(change=entries[4]["change"], slots=entries[4]["slots"]),
        "which is free",
    ),
    "slots that are not touched": (lambda entries: entries[1].update(slots=[NINE, NINE + 7]), "does not touch"),
    "an opening in the middle": (_again("contract_opened"), "opens a contract that is open"),
    "no opening": (lambda entries: entries.pop(0), "says that it is entry 2"),
    "another contract": (lambda entries: entries[2].update(contract="c-2"), "of c-2"),
    "an id twice": (lambda entries: entries[3].update(id="call"), "repeats an id"),
    "time that goes back": (lambda entries: entries[3].update(at="2026-11-18T17:59:59Z"), "or came before"),
    "a key too many": (lambda entries: entries[3].update(more=1), "the keys of an entry"),
    "an unknown change": (_set("status_changed", kind="status_read"), "status_read is not a change"),
    "a run of ages": (
        _set("time_added", slots=[["0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"]]),
        "is not in order",
    ),
    "a run backwards": (
        _set("time_added", slots=[["2026-11-18T10:30:00Z", "2026-11-18T10:00:00Z"]]),
        "is not in order",
    ),
    "an instant that is none": (_set("time_added", slots=[["2026-11-18 10:00", 7]]), "is not an instant"),
}


@pytest.mark.parametrize("lie", ENTRIES)
def test_a_lie_in_the_entries_is_found_however_well_it_is_sealed(folder: Path, lie: str) -> None:
    tell, expected = ENTRIES[lie]
    entries = entries_of(folder)
    tell(entries)
    reseal(folder, entries)
    assert expected in "\n".join(faults_in(folder))
