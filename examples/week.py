"""One week of two contracts, from Upwork's files to the bill: what is billed, what is protected, and why.

Run it: python examples/week.py, or make run. With --svg FILE it draws the first diary instead.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from rich.console import Console

from workdiary import WeekStatement, policies, slot_at, week_statement, zone
from workdiary.cli.importing import print_imported
from workdiary.cli.screen import make_console, make_recorder, svg_of
from workdiary.cli.show import Meter, print_day, print_legend, print_title, print_week
from workdiary.cli.statement import print_statement
from workdiary.cli.why import print_why
from workdiary.formats import native
from workdiary.formats.upwork import import_upwork

DATA = Path(__file__).parent / "data"
BERLIN = zone("Europe/Berlin")
WEEK = "2026-10-19T00:00Z"
MONDAY_MORNING = "2026-10-26T08:00Z"
"""The week is over, and locks at noon: the last moment to make it better."""

DAYS = {"41815410": [date(2026, 10, 21), date(2026, 10, 25)], "38002177": [date(2026, 10, 22)]}
WHY = ["2026-10-25T01:00Z", "2026-10-21T11:00Z", "2026-10-22T13:00Z"]
"""A segment over the limit, a manual one, and an idle one."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Print a week of two contracts.")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draw the first diary instead")
    svg = parser.parse_args().svg

    files = sorted((DATA / "upwork").glob("*.json"))
    imported = import_upwork({file.name: file.read_bytes() for file in files})
    upwork = policies.get("upwork", at=WEEK)
    statements = [
        week_statement(record.contract, imported.segments_of(record.contract.id), week=WEEK, policy=upwork)
        for record in native.read(DATA / "contracts.json")
    ]
    if svg is not None:
        recorder = make_recorder()
        diary(recorder, statements[0])
        svg.write_text(svg_of(recorder, "workdiary show week.json --zone Europe/Berlin"), encoding="utf-8")
        return

    console = make_console()
    print_imported(console, imported)
    for statement in statements:
        console.print()
        diary(console, statement)
        print_statement(console, statement, BERLIN, at=MONDAY_MORNING, totals=False)
    console.rule("Why?")
    for at in WHY:
        print_why(console, statements[0], slot_at(at), BERLIN)
        console.print()


def diary(console: Console, statement: WeekStatement) -> None:
    """Print the week at a glance, and its interesting days hour by hour."""
    print_title(console, statement, BERLIN)
    print_week(console, statement, BERLIN)
    console.print()
    meters: set[Meter] = set()
    for day in DAYS[statement.contract.id]:
        meters |= print_day(console, [statement], day, BERLIN)
        console.print()
    print_legend(console, statement.policy.palette, meters)
    console.print()


if __name__ == "__main__":
    main()
