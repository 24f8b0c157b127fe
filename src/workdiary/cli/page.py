"""The page that `show` prints: which days of which contracts, in which zone, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import attrs

from workdiary.cli.files import Book, begun, statements_of
from workdiary.cli.grid import Cell, cells_of, day_slots, days_of, hour_rows, worked_of
from workdiary.cli.results import reasons_of
from workdiary.model.money import hours_text
from workdiary.model.times import Moment, Zone, slot_start
from workdiary.statement import WeekStatement

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Page", "print_page", "read_page"]


@attrs.frozen(kw_only=True)
class Leaf:
    """What the page shows of one contract: the days, and the statements of the weeks that they touch."""

    statements: tuple[WeekStatement, ...]
    days: tuple[date, ...]


@attrs.frozen(kw_only=True)
class Page:
    """The diary's page: a leaf a contract, seen in one zone; a whole week, or one day of it."""

    leaves: tuple[Leaf, ...]
    zone: Zone
    whole_week: bool

    def plain(self) -> dict[str, Any]:
        """Return the page as plain data, row by row, with null where nothing is recorded."""
        return {
            "zone": self.zone.name,
            "contracts": [
                {
                    "contract": leaf.statements[0].contract.id,
                    "policy": leaf.statements[0].policy.name,
                    "days": [_plain_day(leaf, day, self.zone) for day in leaf.days],
                }
                for leaf in self.leaves
            ],
        }


def read_page(books: Sequence[Book], *, day: date | None, week: date | Moment | None, zone: Zone) -> Page:
    """Return the page of `day`, of `week`, or of the latest week in `books`."""
    if day is not None:
        around = begun(books, lambda book: _around(book, day, zone))
        leaves = tuple(Leaf(statements=found, days=(day,)) for found in around)
        return Page(leaves=leaves, zone=zone, whole_week=False)
    if week is not None:
        shown_weeks = statements_of(books, week)
    else:
        latest = [book.latest for book in books]
        newest = max((at for at in latest if at is not None), default=None)
        shown_weeks = () if newest is None else statements_of(books, newest)
    leaves = tuple(Leaf(statements=(one,), days=days_of(worked_of([one]), zone)) for one in shown_weeks)
    return Page(leaves=leaves, zone=zone, whole_week=True)


def _around(book: Book, day: date, zone: Zone) -> tuple[WeekStatement, ...]:
    """Return the statements of the weeks that have a segment on `day`; when none has, that of its week."""
    slots = day_slots(day, zone)
    return book.statements_around(slots) or (book.statement(book.week_of(day)),)


def _plain_day(leaf: Leaf, day: date, zone: Zone) -> dict[str, Any]:
    held = day_slots(day, zone)
    cells = cells_of(leaf.statements, held)
    sums = {
        name: sum(len(getattr(one, name) & held) for one in leaf.statements)
        for name in ("tracked", "manual", "over_limit", "billable", "protected")
    }
    rows = [row for row in hour_rows(day, zone) if any(slot in cells for slot in row.columns)]
    return {
        "date": str(day),
        "hours": {name: hours_text(slots) for name, slots in sums.items()},
        "rows": [
            {
                "hour": str(row),
                "minutes": 10 * len(row.slots & worked_of(leaf.statements)),
                "segments": [
                    None if slot is None or slot not in cells else _plain_cell(leaf, cells[slot])
                    for slot in row.columns
                ],
            }
            for row in rows
        ],
    }


def _plain_cell(leaf: Leaf, cell: Cell) -> dict[str, Any]:
    own = next(one for one in leaf.statements if cell.slot in one.week)
    return {
        "at": str(slot_start(cell.slot)),
        "status": cell.status.key,
        "source": "manual" if cell.manual else "tracked",
        "memo": cell.memo,
        "label": cell.label,
        "meter": cell.meter,
        "snapshot": cell.snapshot,
        "protected": cell.protected,
        "reasons": reasons_of(own, cell.slot),
    }


def print_page(console: Console, page: Page) -> None:
    """Print the page: for a whole week first the week at a glance, then every day with a segment."""
    from workdiary.cli.screen import DIM, put, says
    from workdiary.cli.show import Meter, print_day, print_legend, print_title, print_week

    meters: set[Meter] = set()
    if not page.leaves:
        put(console, says(("nothing is recorded in this diary", DIM)))
    for leaf in page.leaves:
        first = leaf.statements[0]
        print_title(console, first, page.zone)
        if page.whole_week:
            print_week(console, first, page.zone)
        put(console, "")
        for day in leaf.days:
            meters |= print_day(console, leaf.statements, day, page.zone)
            put(console, "")
    for leaf in page.leaves[:1]:
        print_legend(console, leaf.statements[0].policy.palette, meters)
