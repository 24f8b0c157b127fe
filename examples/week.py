"""One week of two contracts, from Upwork's files and a tracker to the bill: kept, edited, closed and verified.

Run it: python examples/week.py, or make run. With --svg FILE it draws the first diary instead.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import wrap

from rich.console import Console

from workdiary import Actor, Role, WeekStatement, edit_memo, instant, slot_at, zone
from workdiary.advice import AdviceKind
from workdiary.capture.replay import replay
from workdiary.capture.session import Options
from workdiary.capture.trace import read_trace
from workdiary.cli.importing import print_imported
from workdiary.cli.ingesting import items_of
from workdiary.cli.logbook import change_words
from workdiary.cli.screen import make_console, make_recorder, svg_of
from workdiary.cli.show import Meter, print_day, print_legend, print_title, print_week
from workdiary.cli.statement import print_statement
from workdiary.cli.why import print_why
from workdiary.diary.closing import close_due
from workdiary.diary.diary import Diary
from workdiary.diary.ingest import ingest
from workdiary.diary.verify import verify
from workdiary.formats import native
from workdiary.formats.imported import Imported
from workdiary.formats.native import Record
from workdiary.formats.upwork import import_upwork
from workdiary.model.times import UTC
from workdiary.store.sql import SqlJournal

DATA = Path(__file__).parent / "data"
BERLIN = zone("Europe/Berlin")
WEEK = "2026-10-19T00:00Z"
MONDAY_MORNING = instant("2026-10-26T08:00Z")
"""The week is over, and locks at noon: the last moment to make it better."""

MONDAY_NOON = instant("2026-10-26T12:00Z")

PLATFORM = Actor(id="platform", role=Role.PLATFORM)

WIDTH = 100
"""How many columns what the tracker says has, as what is shown of the diary."""

DAYS = {"41815410": [date(2026, 10, 21), date(2026, 10, 25)], "38002177": [date(2026, 10, 22), date(2026, 10, 23)]}
WHY = ["2026-10-25T01:00Z", "2026-10-21T11:00Z", "2026-10-22T13:00Z"]
"""A segment over the limit, a manual one, and an idle one."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Print a week of two contracts.")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draw the first diary instead")
    svg = parser.parse_args().svg

    imported = import_upwork({file.name: file.read_bytes() for file in sorted((DATA / "upwork").glob("*.json"))})
    known = native.read(DATA / "contracts.json")
    clock = [MONDAY_MORNING]
    with TemporaryDirectory() as folder, SqlJournal.open(f"{folder}/diary.db", clock=lambda: clock[0]) as journal:
        diaries = fill(journal, known, imported)
        tracked = track(journal, Path(folder))
        statements = [kept.statement(WEEK) for kept in diaries]
        if svg is not None:
            recorder = make_recorder()
            page(recorder, statements[0])
            svg.write_text(svg_of(recorder, "workdiary show week.json --zone Europe/Berlin"), encoding="utf-8")
            return
        console = make_console()
        print_imported(console, imported)
        console.print()
        for line in tracked:
            console.print(line, highlight=False, soft_wrap=True)
        for statement in statements:
            console.print()
            page(console, statement)
            print_statement(console, statement, BERLIN, at=MONDAY_MORNING, totals=False)
        console.rule("Why?")
        for at in WHY:
            print_why(console, statements[0], slot_at(at), BERLIN)
            console.print()
        console.rule("Kept, changed, billed, verified")
        improve(diaries[0], statements[0])
        clock[0] = MONDAY_NOON
        bill(journal, diaries)


def fill(journal: SqlJournal, known: tuple[Record, ...], imported: Imported) -> list[Diary]:
    """Open the diary of each contract, and record what was imported; to do it again would change nothing."""
    diaries = []
    for record in known:
        contract = record.contract
        diaries.append(Diary.open(journal, contract, record.policy, by=PLATFORM, id=f"open {contract.id}"))
        full = Record.of(contract, record.policy, imported.segments_of(contract.id))
        kinds = Counter(answer.kind.value for answer in ingest(journal, items_of(full)))
        assert set(kinds) == {"created"}, kinds  # noqa: S101 - an example that went wrong should say so
    return diaries


def track(journal: SqlJournal, folder: Path) -> list[str]:
    """Replay Friday's trace through the tracker into the diary, and return what the tracker noticed."""
    said: list[str] = []
    replay(
        read_trace(DATA / "friday.jsonl"), journal, Options(folder=folder / "tracker", consents=True, say=said.append)
    )
    finished = [line for line in said if re.match(r"2026-\S+  \d\d:\d\d to \d\d:\d\d for [^:]+: (?!The|\d)", line)]
    noticed = [line for line in said if re.match(r"2026-\S+  ", line) and line not in finished]
    segments = len(finished)
    lines = [part for line in noticed for part in wrap(f"  {line[11:]}", WIDTH, subsequent_indent=" " * 13)]
    return [f"Tracked on Friday, by a recorded trace: {segments} segments", *lines]


def improve(kept: Diary, statement: WeekStatement) -> None:
    """Do what the statement says is worth doing: give a memo to what has none, while the week can be edited."""
    freelancer = Actor(id=statement.contract.freelancer, role=Role.FREELANCER)
    (advice,) = (one for one in statement.advice(at=MONDAY_MORNING) if one.kind is AdviceKind.ADD_MEMO)
    for n, (start, stop) in enumerate(advice.slots.runs()):
        request = edit_memo(start, stop, memo="Review the release notes")
        kept.record(request, by=freelancer, id=f"memo {n}")
    now = kept.statement(WEEK)
    print(
        f"Memos for {len(advice.slots)} segments: {statement.protected_amount} protected, now {now.protected_amount}."
    )


def bill(journal: SqlJournal, diaries: list[Diary]) -> None:
    """Close the week at its lock, once and for ever, and verify that the diaries are what was recorded."""
    for closing in close_due(journal, by=PLATFORM, at=MONDAY_NOON):
        assert closing.closed is not None, closing.difference  # noqa: S101 - as above
        print(f"Contract {closing.contract}, week of {closing.week.nominal.date()}: billed {closing.closed.amount}.")
    again = list(close_due(journal, by=PLATFORM, at=MONDAY_NOON))
    print(f"Closed again: {len(again)} weeks. Nothing is billed twice.")
    for kept in diaries:
        found = verify(journal, kept.contract.id)
        last = list(kept.entries())[-1]
        print(
            f"Contract {kept.contract.id}: {'sound' if found.is_sound else found.faults}, head {str(found.head)[:20]}…"
        )
        print(f"  last entry, by the {last.by.role.value}: {change_words(last, UTC)}")


def page(console: Console, statement: WeekStatement) -> None:
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
