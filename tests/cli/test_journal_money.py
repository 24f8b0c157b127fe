"""Bills on the command line: weeks closed once, disputed, claimed for and settled.

The diary `full`: six segments of 5.00 in the week of 2026-11-16, three manual and three protected: 30.00 and 15.00.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import MONDAY_NOON, Kept
from tests.cli.test_errors import one_sentence

WEEK = ["--week", "2026-11-16"]


@pytest.fixture
def closed(full: Kept) -> Kept:
    """The full diary with its week billed, at Monday noon."""
    full.at = MONDAY_NOON
    full.done("close")
    return full


def test_all_weeks_that_are_due_are_closed_once(full: Kept) -> None:
    assert full.done("close") == "No week is due.\n"
    full.at = "2026-11-23T11:59:59Z"
    assert full.done("close") == "No week is due.\n"
    full.at = MONDAY_NOON
    assert full.done("close") == (
        "c-1, week of 2026-11-16: closed, 30.00 USD, of which 15.00 USD protected; entry 4.\n"
    )
    assert full.done("close") == "No week is due.\n"
    assert full.done("close", *WEEK).startswith("c-1, week of 2026-11-16: was closed before, 30.00 USD")
    assert len(full.entries()) == 4


def test_edit_3_a_week_that_can_still_be_edited_is_not_closed(full: Kept) -> None:
    done = full("close", *WEEK)
    assert (done.status, done.err) == (1, "")
    assert done.out == (
        "c-1, week of 2026-11-16: not closed. EDIT-3: The week can still be edited, until "
        "Monday 23 November 2026, 12:00 UTC; it is billed after that.\n"
    )
    (week,) = full("close", *WEEK, "--json").json["weeks"]
    assert (week["state"], week["amount"], week["reasons"][0]["code"]) == ("open", None, "week_not_locked")


def test_json_has_the_statement_word_for_word(full: Kept) -> None:
    full.at = MONDAY_NOON
    (week,) = full("close", "--json").json["weeks"]
    assert (week["state"], week["is_new"], week["amount"], week["protected_amount"]) == (
        "closed",
        True,
        "30.00 USD",
        "15.00 USD",
    )
    assert week["statement"]["hours"] == {"tracked": "0.50", "manual": "0.50", "over_limit": "0.00", "billable": "1.00"}


def test_a_week_whose_figures_do_not_agree_is_parked_and_status_1(full: Kept) -> None:
    full.at = MONDAY_NOON
    with closing(sqlite3.connect(full.path)) as connection:
        connection.execute("UPDATE weeks SET manual = tracked")
        connection.commit()
    done = full("close")
    assert done.status == 1
    assert done.out.startswith("c-1, week of 2026-11-16: parked, no bill comes out of it (BILL-1): ")
    looked = full("doctor", "--json")
    assert looked.status == 1
    assert [one["text"].split(":")[0] for one in looked.json["findings"] if one["name"] == "weeks parked"] == [
        "c-1 2026-11-16T00"
    ]


def test_a_closed_week_is_stated_as_it_was_billed(closed: Kept) -> None:
    # New terms hold from this week on; the bill of the last one is what it was.
    closed.done("contract", "terms", "--rate", "99.00")
    (one,) = closed("statement", *WEEK, "--json").json["statements"]
    assert (one["amount"], one["lines"][0]["rate"]) == ("30.00", "30.00")
    assert "30.00 USD" in closed.done("statement")
    assert closed.done("verify").startswith("c-1: sound; 5 entries, 1 week, 1 of them closed.")


def test_dispute_says_what_it_does_to_the_contract_and_asks(closed: Kept) -> None:
    done = closed("dispute", "2026-11-18T09:00Z", "09:30")
    assert (done.status, one_sentence(done.err)) == (2, True)
    assert "A dispute pauses the contract and sets the weekly limit to 0 h (DISPUTE)" in done.err
    assert len(closed.entries()) == 4


def test_dispute_2_manual_time_is_refunded_and_protected_time_stays_paid(closed: Kept) -> None:
    closed.done("dispute", *WEEK, "--reason", "Not agreed", "--yes", "--id", "d1")
    assert closed.entries()[-1] == "disputed the week Mon 16 Nov – Sun 22 Nov, “Not agreed”"
    assert "paused" in closed.done("contract", "list").splitlines()[0]
    assert "0 h a week" in closed.done("contract", "list").splitlines()[1]
    assert closed.done("resolve") == ("c-1, entry 5: disputed the week Mon 16 Nov – Sun 22 Nov, “Not agreed”; id d1\n")
    assert closed.done("resolve", "d1", "--id", "r1").splitlines() == [
        "Settled.",
        "  15.00 USD stay paid by the client: Wed 18 Nov 14:20–14:50",
        "  15.00 USD refunded to the client: Wed 18 Nov 09:00–09:30",
        "The week's bill stays as it is; entry 6 is its correction.",
    ]
    assert closed.done("resolve") == "No dispute and no claim is open.\n"
    assert closed.done("resolve", "5", "--id", "r1").startswith("Settled before; nothing was changed.")
    again = closed("resolve", "d1")
    assert (again.status, again.out.partition(":")[0]) == (1, "Refused. CLAIM-1")


def test_single_segments_can_be_disputed(closed: Kept) -> None:
    closed.done("dispute", "--segments", "2026-11-18T09:00Z", "09:20", "--yes", "--id", "d1")
    made = closed("resolve", "d1", "--json").json
    assert made["settlement"]["refunded"] == {
        "segments": [
            ["2026-11-18T09:00:00Z", "2026-11-18T09:10:00Z"],
            ["2026-11-18T09:20:00Z", "2026-11-18T09:30:00Z"],
        ],
        "amount": "10.00 USD",
    }


def test_claim_1_the_platform_pays_what_is_protected(closed: Kept) -> None:
    closed.done("claim", *WEEK, "--id", "k1")
    said = closed.done("resolve", "k1").splitlines()
    assert said[1:3] == [
        "  15.00 USD paid by the platform: Wed 18 Nov 14:20–14:50",
        "  15.00 USD paid by nobody: Wed 18 Nov 09:00–09:30",
    ]
    twice = closed("claim", *WEEK)
    assert (twice.status, twice.out.partition(":")[0]) == (1, "Refused. CLAIM-1")


def test_dispute_1_only_the_client_in_the_review_disputes_a_closed_week(full: Kept) -> None:
    open_ = full("dispute", *WEEK, "--yes")
    assert open_.out.startswith("Refused. CALENDAR: The week is not closed yet, so there is no bill")
    full.at = MONDAY_NOON
    full.done("close")
    stranger = full("dispute", *WEEK, "--yes", "--as", "freelancer")
    assert stranger.out.startswith("Refused. EDIT-1: The freelancer may not do that here.")
    full.at = "2026-11-28T00:00Z"
    late = full("dispute", *WEEK, "--yes")
    assert late.status == 1
    assert late.out.startswith("Refused. DISPUTE-1: The review ended Saturday 28 November 2026, 00:00 UTC")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dispute"], "FROM: is missing; give FROM and TO, or --week for all of a week"),
        (["dispute", "2026-11-22T23:50Z", "2026-11-23T00:10Z"], "is not all in one week; dispute each week by itself"),
        (["dispute", "2026-11-18T09:00Z", "10:00", "--week", "2026-11-09"], "is not in the week of --week"),
        (["resolve", "nothing"], "ID: 'nothing' is no dispute and no failed payment on record"),
        (["resolve", "2"], "ID: '2' is no dispute and no failed payment on record"),
        (["close", "--week", "soon"], "--week: 'soon' is not a date"),
        (["close", "--contract", "c-7"], "choose one of: c-1"),
        (["close", "--week", "2026-10-01"], "ends before the contract's first terms"),
        (["claim"], "Missing option '--week'"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(closed: Kept, arguments: list[str], said: str) -> None:
    done = closed(*arguments)
    assert (done.status, done.out, one_sentence(done.err)) == (2, "", True)
    assert said in done.err
