"""The examples run as a reader would run them, and print the figures that were worked out by hand."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def output_of(script: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / script)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PYTHONIOENCODING": "utf-8"},
        check=False,
        cwd=EXAMPLES.parent,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def rows(output: str) -> list[list[str]]:
    return [line.split() for line in output.splitlines()]


@pytest.fixture(scope="module")
def backend() -> list[str]:
    return output_of("backend.py").split("\n\n")


def test_the_backend_bills_two_rates_up_to_the_limit(backend: list[str]) -> None:
    # 3.5 h are 21 segments: 12 + 3 at 30.00 are 75.00, the first 6 of Wednesday's 8 at 33.00 are 33.00.
    first = backend[0]
    assert "3.50 h billable, 0.33 h over the limit" in first
    assert "2.50 h × 30.00 = 75.00 USD" in first
    assert "1.00 h × 33.00 = 33.00 USD" in first
    # Unprotected: one segment without a memo and three manual ones, 20.00 in all.
    assert "to pay 108.00 USD, of which 88.00 USD protected" in first


def test_the_backend_advises_what_is_worth_more_first(backend: list[str]) -> None:
    limit, memo = (line for line in backend[0].splitlines() if "advice" in line)
    assert "0.33 h, 11.00 USD more billed" in limit
    assert "0.17 h, 5.00 USD more protected" in memo


def test_limit_5_time_added_on_tuesday_pushes_wednesday_over_the_limit(backend: list[str]) -> None:
    # 18 segments at 30.00 are 90.00; 3 remain for Wednesday, 16.50; protected are 11 × 5.00 + 3 × 5.50.
    assert backend[1].startswith("Allowed: 3 segments would change.")
    assert "3.50 h billable, 0.83 h over the limit" in backend[1]
    assert "to pay 106.50 USD, of which 71.50 USD protected" in backend[1]


def test_edit_3_the_backend_refuses_at_the_lock(backend: list[str]) -> None:
    assert backend[2].startswith("Refused. EDIT-3: The week has been locked since Monday 23 November 2026, 12:00 UTC.")


def test_the_backend_judges_a_week_by_the_rules_in_force_when_it_starts() -> None:
    # Upwork's fee is 10 % since Wednesday 3 May 2023; for the week in which that day lies no fee is on record.
    policy_of = runpy.run_path(str(EXAMPLES / "backend.py"))["policy_of"]
    assert policy_of("2023-05-07T23:50Z").fees == ()
    assert [str(tier.rate) for tier in policy_of("2023-05-08T00:00Z").fees] == ["0.10"]


def test_a_platforms_own_policy_judges_each_week_by_its_own_date() -> None:
    _, before, since, difference = output_of("own_policy.py").split("\n\n")
    for part in (before, since):
        # Tracked time first: all 4 tracked segments, then 2 of the 4 manual ones within one hour at 45.00.
        assert "tracked 0.67 h, manual 0.33 h, over the limit 0.33 h: 45.00 USD" in part
        assert "fee: 2.25 USD" in part
    assert "protected: 30.00 USD" in before
    # Since 2026 two active minutes are too few: 3 × 7.50.
    assert "protected: 22.50 USD" in since
    assert "low_activity (PROTECT-2): 1" in since
    # Sunday midnight in New York is 05:00 in UTC in winter; the lock is eight days on.
    assert "week of 2026-11-15, from 2026-11-15T05:00:00Z to 2026-11-23T05:00:00Z" in since
    assert "limit.order: upwork chronological, harbour tracked_first" in difference


def test_limit_3_comparing_policies_shows_what_an_increase_is_worth() -> None:
    table, difference = output_of("compare_policies.py").split("\n\n")
    _, odesk, upwork, work_for_impact = rows(table)
    # oDesk: 12 of Monday's 18 segments stay within 2 h, and all 6 of Wednesday's are below 24.
    # They have 3 active minutes, where 5 are asked for: 12 × 5.00 are protected.
    assert odesk == ["odesk", "3.00", "1.00", "90.00", "60.00", "0.00", "2026-11-23T12:00:00Z"]
    # Upwork: the increase counts for the whole week; 10 % of 120.00.
    assert upwork == ["upwork", "4.00", "0.00", "120.00", "120.00", "12.00", "2026-11-23T12:00:00Z"]
    # Work for Impact: 12 % of 120.00, and the lock at the week's end.
    assert work_for_impact == ["work_for_impact", "4.00", "0.00", "120.00", "120.00", "14.40", "2026-11-23T00:00:00Z"]
    assert "limit.increase: upwork whole_week, odesk from_then_on" in difference


def test_a_diary_is_recorded_once_billed_once_and_verified() -> None:
    lines = output_of("journal.py").splitlines()
    assert lines[:5] == [
        "u-1 created",
        "u-2 created",
        "u-3 created",
        "u-3 exists",
        "by the client: role_not_permitted",
    ]
    # Six segments of 5.00 are within one hour: the four manual ones of the morning and two of the three tracked.
    assert "30.00 USD for 0.33 h tracked, 0.67 h manual, 0.17 h over the limit; 10.00 USD protected" in lines[6]
    # The two are protected and stay paid; the four manual ones, 20.00, are refunded.
    assert lines[7:] == [
        "closed the week of 2026-11-16: 30.00 USD",
        "u-4 late",
        "settled: 10.00 USD stay paid, 20.00 USD are refunded",
        "the contract is paused",
        "9 entries, sound: True",
    ]
