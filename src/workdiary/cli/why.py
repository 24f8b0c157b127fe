"""Why one segment is what it is: the explanation, safe to print, and the same as plain data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from workdiary.cli.grid import cells_of, hour_rows
from workdiary.cli.results import reasons_of
from workdiary.cli.statement import clocks
from workdiary.cli.text import safe
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import UTC, Zone, slot_start
from workdiary.statement import WeekStatement

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["explanation", "plain_why", "print_why"]

_RULE: Final = re.compile(r"  ([A-Z]+-\w+): (.*?)(?: \[([^\[\]]*)\])?")


def explanation(statement: WeekStatement, slot: Slot, zone: Zone = UTC) -> tuple[str, ...]:
    """Return the lines of the explanation of `slot`, each safe to print; the first has its time in `zone` too."""
    # Strangers' text is on one line there already, so that no line break in it can add a line.
    head, *lines = (_indent(line) + safe(line) for line in statement.explain(slot).split("\n"))
    if zone.name != UTC.name:
        moment, utc, rest = head.partition(" UTC")
        head = f"{moment}{utc} = {_local(slot, zone)}{rest}"
    return (head, *lines)


def _local(slot: Slot, zone: Zone) -> str:
    """Return `slot` on the wall clock of `zone`, with its day where that is not the day in UTC."""
    day = zone.date_of(slot)
    date = "" if day == UTC.date_of(slot) else f"{day:%A} {day.day} {day:%B %Y}, "
    # Of an hour that comes twice it has to be said which one it is.
    turn = next((row.name for row in hour_rows(day, zone) if slot in row.columns), "")
    return " ".join(filter(None, (f"{date}{clocks(slot, slot + 1, zone)}", turn, zone.name)))


def _indent(line: str) -> str:
    return " " * (len(line) - len(line.lstrip(" ")))


def print_why(console: Console, statement: WeekStatement, slot: Slot, zone: Zone = UTC) -> None:
    """Print every decision about `slot`, each with the rule that made it and where the rule is written.

    The segment's own time is said in `zone` beside UTC.
    """
    from rich.table import Table
    from rich.text import Text

    from workdiary.cli.screen import DIM, says

    head, *lines = explanation(statement, slot, zone)
    console.print(says((head, "bold")))
    for line in lines:
        rule = _RULE.fullmatch(line)
        if rule is None:
            console.print(Text(line))
            continue
        words = Text(rule[2])
        words.append(f"  [{rule[3]}]" if rule[3] else "", DIM)
        row = Table.grid(padding=(0, 1))
        row.add_column(width=12, no_wrap=True)
        row.add_row(Text(f"  {rule[1]}", "cyan"), words)
        console.print(row)


def plain_why(statement: WeekStatement, slot: Slot, zone: Zone = UTC) -> dict[str, Any]:
    """Return the decisions about `slot` as codes and rules, beside the words; ``status`` is null where nothing is."""
    cell = cells_of([statement], Slots([slot])).get(slot)
    return {
        "contract": statement.contract.id,
        "policy": statement.policy.name,
        "segment": str(slot_start(slot)),
        "status": None if cell is None else cell.status.key,
        "protected": slot in statement.protected,
        "reasons": reasons_of(statement, slot),
        "text": list(explanation(statement, slot, zone)),
    }
