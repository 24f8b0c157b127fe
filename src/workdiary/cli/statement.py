"""The week statement on the terminal: hours, bill, calendar, what is not protected, totals, advice.

Years of weeks are printed as a table of plain lines, a week a line, for which nothing needs to be laid
out; only a terminal with colours makes rich take part.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

from workdiary.cli.text import safe
from workdiary.model.money import Money, hours_text, rate_text
from workdiary.model.text import is_blank
from workdiary.model.times import Instant, Moment, Zone, slot_start
from workdiary.statement import ReportRow, WeekStatement

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["print_advice", "print_statement", "print_weeks", "when"]

_NAMES: Final = (
    ("ends_at", "week ends"),
    ("locks_at", "locks"),
    ("invoiced_at", "invoiced"),
    ("review_ends_at", "review until"),
    ("available_at", "available"),
)

_SLOTS_PER_SIGN: Final = 12
"""A sign of a bar stands for two hours, or what is left of them."""


def print_statement(
    console: Console, statement: WeekStatement, zone: Zone, at: Moment | None = None, *, totals: bool = True
) -> None:
    """Print one week of one contract in full; instants are those of `zone`, advice is that of `at`."""
    from rich.table import Table

    from workdiary.cli.screen import put, says

    put(console, _hours_line(console, statement), says())
    sides = Table.grid(padding=(0, 6))
    sides.add_row(_bill(statement), _calendar(statement, zone))
    console.print(sides)
    if statement.unprotected:
        put(console, says(), says(("Not protected", "bold")), *_unprotected(statement, zone))
    if totals and statement.billable:
        put(console, says())
        sides = Table.grid(padding=(0, 6))
        sides.add_row(
            _report("By day", statement.report("day", zone)),
            _report("By memo", statement.report("memo")),
            *([_report("By label", statement.report("label"))] if statement.sheet.labels else []),
        )
        console.print(sides)
    if at is not None:
        print_advice(console, statement, at)


def print_advice(console: Console, statement: WeekStatement, at: Moment) -> None:
    """Print what could still be done at `at`, before the lock."""
    from workdiary.cli.screen import DIM, hanging, put, says

    put(console, says(), says(("Worth doing before the lock", "bold")))
    advice = statement.advice(at=at)
    for single in advice:
        console.print(hanging("  → ", safe(str(single))))
    if not advice:
        put(console, says(("  nothing: the week is locked, or nothing would add to it", DIM)))


def _hours_line(console: Console, statement: WeekStatement) -> Text:
    from workdiary.cli.screen import DIM, has_colour, says

    hours, palette = statement.hours, statement.policy.palette
    line = says("  ")
    for letter, name, words in (
        ("T", "tracked", "tracked"),
        ("M", "manual", "manual"),
        ("O", "over_limit", "over the limit"),
    ):
        slots = len(getattr(statement, name))
        colour = has_colour(console)
        line.append(("▇" if colour else letter) * -(-slots // _SLOTS_PER_SIGN), getattr(palette, name))
        line.append(f" {getattr(hours, name)} h ")
        line.append(f"{words}   ", DIM)
    return line


def _bill(statement: WeekStatement) -> Text:
    from workdiary.cli.screen import DIM, says

    currency = statement.amount.currency
    rows = [(f"{line.hours:>6} h × {rate_text(line.rate, currency)}", line.amount.text, "") for line in statement.lines]
    rows.append((f"{statement.hours.billable:>6} h billed", f"{statement.amount}", "bold"))
    protected = f"{hours_text(len(statement.protected)):>6} h protected"
    rows.append((protected, f"{statement.protected_amount}", "green"))
    left = max(len(words) for words, _, _ in rows) + 3
    wide = max(len(amount.removesuffix(f" {currency}")) for _, amount, _ in rows)
    made = says(("Bill", "bold"))
    for words, amount, style in rows:
        figure = amount.removesuffix(f" {currency}")
        made.append(f"\n  {words:<{left}}", style or DIM)
        made.append(f"{figure:>{wide}}", style)
        made.append(f" {currency}" if figure != amount else "", style)
    return made


def _calendar(statement: WeekStatement, zone: Zone) -> Text:
    from workdiary.cli.screen import DIM, says

    made = says(("Calendar", "bold"))
    for name, words in _NAMES:
        made.append(f"\n  {words:<14}", DIM)
        made.append(when(getattr(statement.calendar, name), zone))
    return made


def when(at: Instant, zone: Zone) -> str:
    """Return `at` on the wall clock of `zone`, with the zone's abbreviation."""
    local = zone.local(at)
    return f"{local:%a} {local.day:>2} {local:%b %Y %H:%M} {local.tzname()}"


def _unprotected(statement: WeekStatement, zone: Zone) -> Iterator[Text]:
    from workdiary.cli.screen import DIM, says

    for finding in statement.unprotected:
        start = zone.local(slot_start(finding.start))
        words = ", ".join(f"{code.value.replace('_', ' ')} ({code.rule})" for code in finding.codes)
        hours = hours_text(finding.stop - finding.start)
        yield says(
            ("  ✗ ", "red"),
            f"{start:%a} {start.day:>2}  {clocks(finding.start, finding.stop, zone)} {hours:>6} h  ",
            (words, DIM),
        )


def clocks(start: int, stop: int, zone: Zone) -> str:
    """Return a stretch on the wall clock; where the clocks change in it, with the zone's abbreviations."""
    first, last = zone.local(slot_start(start)), zone.local(slot_start(stop))
    if first.utcoffset() == last.utcoffset():
        return f"{first:%H:%M}–{last:%H:%M}"
    return f"{first:%H:%M} {first.tzname()}–{last:%H:%M} {last.tzname()}"


def _report(title: str, rows: Iterable[ReportRow]) -> Text:
    from workdiary.cli.screen import DIM, cut, says

    made = says((title, "bold"))
    for row in rows:
        name = f"{row.key:%a} {row.key.day:>2} {row.key:%b}" if isinstance(row.key, date) else _named(row.key, title)
        made.append(f"\n  {row.hours:>6} h  ")
        made.append(cut(name, 10 if isinstance(row.key, date) else 28).rstrip(), DIM)
    return made


def _named(text: str | None, title: str) -> str:
    return text if text and not is_blank(text) else f"(no {title.removeprefix('By ')})"


Part: TypeAlias = "tuple[str, str]"
"""Text and its style."""


def print_weeks(statements: Iterable[WeekStatement]) -> None:
    """Print a table with a line a week of one contract, and its totals."""
    lines = _week_lines(statements)
    if not sys.stdout.isatty():
        sys.stdout.writelines(f"{''.join(text for text, _ in line).rstrip()}\n" for line in lines)
        return
    from workdiary.cli.screen import has_colour, make_console, put, says

    console = make_console()
    colour = has_colour(console)
    for line in lines:
        put(
            console,
            says(*((_blocks(text) if colour and style.startswith("#") else text, style) for text, style in line)),
        )


def _blocks(letters: str) -> str:
    return "▇" * len(letters)


def _week_lines(statements: Iterable[WeekStatement]) -> Iterator[list[Part]]:
    counts: Counter[str] = Counter()
    billed = protected = None
    for statement in statements:
        contract = statement.contract
        if billed is None or protected is None:
            billed = protected = Money(0, contract.currency)
            yield [
                (f"Contract {safe(contract.id)}", "bold"),
                (f"  {safe(contract.freelancer)} for {safe(contract.client)}  ·  {statement.policy.name}", ""),
            ]
            yield [(_HEAD, "dim")]
        sizes = {name: len(getattr(statement, name)) for name in ("tracked", "manual", "over_limit", "protected")}
        counts.update(sizes, weeks=1)
        billed, protected = billed + statement.amount, protected + statement.protected_amount
        palette = statement.policy.palette
        bar = [
            (letter * -(-sizes[name] // _SLOTS_PER_SIGN), str(getattr(palette, name)))
            for letter, name in (("T", "tracked"), ("M", "manual"), ("O", "over_limit"))
        ]
        week = str(statement.week.nominal.date())
        yield [(_row(week, sizes, statement.amount, statement.protected_amount), ""), *bar]
    if billed is not None and protected is not None:
        weeks = counts.pop("weeks")
        yield [(_row(f"{weeks} week{'s' * (weeks != 1)}", counts, billed, protected), "bold")]
        yield []


_HEAD: Final = (
    "  week of       tracked     manual       over   billable           amount  protected           amount  2 h a sign"
)


def _row(name: str, sizes: Mapping[str, int], amount: Money, protected: Money) -> str:
    hours = [sizes["tracked"], sizes["manual"], sizes["over_limit"], sizes["tracked"] + sizes["manual"]]
    figures = "".join(f"{hours_text(slots):>11}" for slots in hours)
    return f"  {name:<10}{figures}{amount!s:>17}{hours_text(sizes['protected']):>11}{protected!s:>17}  "
