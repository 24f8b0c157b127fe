"""The week statement on the terminal: hours, bill, calendar, what is not protected, totals, advice.

Years of weeks are printed as a table of plain lines, a week a line, for which nothing needs to be laid
out; only a terminal with colours makes rich take part.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

from workdiary.advice import Advice, AdviceKind
from workdiary.cli.text import safe
from workdiary.cli.width import page_width
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
    from workdiary.cli.screen import beside, fits, flow, put, says

    flow(console, _hours(console, statement))
    put(console, "")
    beside(console, _bill(statement), _calendar(statement, zone))
    if statement.unprotected:
        put(console, "", says(("Not protected", "bold")), *_unprotected(statement, zone))
    if totals and statement.billable:
        put(console, "")
        reports = {"By day": statement.report("day", zone), "By memo": statement.report("memo")}
        if statement.sheet.labels:
            reports["By label"] = statement.report("label")
        blocks = [_report(title, rows, _NAME_BESIDE) for title, rows in reports.items()]
        if not fits(console, *blocks):
            # Below each other, their names have the whole page.
            blocks = [_report(title, rows, max(console.width - 13, 1)) for title, rows in reports.items()]
        beside(console, *blocks)
    if at is not None:
        print_advice(console, statement, zone, at)


def print_advice(console: Console, statement: WeekStatement, zone: Zone, at: Moment) -> None:
    """Print what could still be done at `at`, before the lock; deadlines are on the wall clock of `zone`."""
    from workdiary.cli.screen import DIM, flow, put, says

    put(console, "", says(("Worth doing before the lock", "bold")))
    advice = statement.advice(at=at)
    for single in advice:
        flow(console, map(says, _advised(single, zone)), gap=1, start="  → ", below="    ")
    if not advice:
        put(console, says(("  nothing: the week is locked, or nothing would add to it", DIM)))


_DOING: Final = {
    AdviceKind.ADD_MEMO: "add a memo to",
    AdviceKind.SET_LABEL: "set an activity label on",
    AdviceKind.ADD_MEMO_AND_LABEL: "add a memo and set an activity label on",
}


def _advised(advice: Advice, zone: Zone) -> tuple[str, str, str]:
    """Return `advice` in words: what to do, what for, until when; the library itself says the last in UTC."""
    if advice.kind is AdviceKind.RAISE_LIMIT:
        doing, gain = "ask the client to raise the weekly limit", "billed"
    else:
        count = len(advice.slots)
        doing = f"{_DOING[advice.kind]} {'this segment' if count == 1 else f'these {count} segments'}"
        gain = "protected"
    until = when(advice.until, zone, pad=False)
    return f"{doing}:", f"{advice.hours} h, {advice.worth} more {gain};", f"until {until}"


def _hours(console: Console, statement: WeekStatement) -> Iterator[Text]:
    """Yield each status: a sign per two hours, in its colour or as its letter, and the hours."""
    from workdiary.cli.screen import DIM, has_colour, says, shade_of

    hours, palette, colour = statement.hours, statement.policy.palette, has_colour(console)
    for letter, name, words in (
        ("T", "tracked", "tracked"),
        ("M", "manual", "manual"),
        ("O", "over_limit", "over the limit"),
    ):
        slots = len(getattr(statement, name))
        signs = ("▇" if colour else letter) * -(-slots // _SLOTS_PER_SIGN)
        figure = f"{' ' if signs else ''}{getattr(hours, name)} h"
        yield says((signs, shade_of(console, palette, name)), figure, (f" {words}", DIM))


def _bill(statement: WeekStatement) -> list[Text]:
    from workdiary.cli.screen import DIM, says

    currency = statement.amount.currency
    rows = [(f"{line.hours:>6} h × {rate_text(line.rate, currency)}", line.amount.text, "") for line in statement.lines]
    rows.append((f"{statement.hours.billable:>6} h billed", f"{statement.amount}", "bold"))
    protected = f"{hours_text(len(statement.protected)):>6} h protected"
    rows.append((protected, f"{statement.protected_amount}", "green"))
    left = max(len(words) for words, _, _ in rows) + 3
    wide = max(len(amount.removesuffix(f" {currency}")) for _, amount, _ in rows)
    made = [says(("Bill", "bold"))]
    for words, amount, style in rows:
        figure = amount.removesuffix(f" {currency}")
        unit = f" {currency}" if figure != amount else ""
        made.append(says((f"  {words:<{left}}", style or DIM), (f"{figure:>{wide}}{unit}", style)))
    return made


def _calendar(statement: WeekStatement, zone: Zone) -> list[Text]:
    from workdiary.cli.screen import DIM, says

    moments = ((words, when(getattr(statement.calendar, name), zone)) for name, words in _NAMES)
    return [says(("Calendar", "bold")), *(says((f"  {words:<14}", DIM), moment) for words, moment in moments)]


def when(at: Instant, zone: Zone, *, pad: bool = True) -> str:
    """Return `at` on the wall clock of `zone`, with the zone's abbreviation; padded for a column, or not."""
    local = zone.local(at)
    return f"{local:%a} {local.day:>{2 if pad else 1}} {local:%b %Y %H:%M} {local.tzname()}"


def _unprotected(statement: WeekStatement, zone: Zone) -> Iterator[Text]:
    from workdiary.cli.screen import DIM, says

    findings = [(finding, clocks(finding.start, finding.stop, zone)) for finding in statement.unprotected]
    wide = max(len(clock) for _, clock in findings)
    for finding, clock in findings:
        start = zone.local(slot_start(finding.start))
        words = ", ".join(f"{code.value.replace('_', ' ')} ({code.rule})" for code in finding.codes)
        hours = hours_text(finding.stop - finding.start)
        yield says(("  ✗ ", "red"), f"{start:%a} {start.day:>2}  {clock:<{wide}} {hours:>6} h  ", (words, DIM))


def clocks(start: int, stop: int, zone: Zone) -> str:
    """Return a stretch on the wall clock; where the clocks change in it, with the zone's abbreviations."""
    first, last = zone.local(slot_start(start)), zone.local(slot_start(stop))
    if first.utcoffset() == last.utcoffset():
        return f"{first:%H:%M}–{last:%H:%M}"
    return f"{first:%H:%M} {first.tzname()}–{last:%H:%M} {last.tzname()}"


_NAME_BESIDE: Final = 28
"""The columns of a memo or a label where the tables stand beside each other."""


def _report(title: str, rows: Iterable[ReportRow], width: int) -> list[Text]:
    from workdiary.cli.screen import DIM, cut, says

    made = [says((title, "bold"))]
    for row in rows:
        name = f"{row.key:%a} {row.key.day:>2} {row.key:%b}" if isinstance(row.key, date) else _named(row.key, title)
        shown = cut(name, width).rstrip()
        made.append(says(f"  {row.hours:>6} h  ", (shown, DIM)))
    return made


def _named(text: str | None, title: str) -> str:
    return text if text and not is_blank(text) else f"(no {title.removeprefix('By ')})"


Part: TypeAlias = "tuple[str, str]"
"""Text and its style; that of a bar is its status, as the palette names it."""


def print_weeks(statements: Iterable[WeekStatement]) -> None:
    """Print a table with a line a week of one contract, two where the page is narrow, and its totals."""
    if not sys.stdout.isatty():
        lines = _week_lines(statements, page_width())
        sys.stdout.writelines(f"{''.join(text for text, _ in line).rstrip()}\n" for line in lines)
        return
    from workdiary.cli.screen import has_colour, make_console, put, says, shade_of

    console = make_console()
    found = iter(statements)
    for first in found:
        palette, colour = first.policy.palette, has_colour(console)
        for line in _week_lines(chain([first], found), console.width):
            parts = [
                (_blocks(text) if colour else text, shade_of(console, palette, style))
                if style in _BARS
                else (text, style)
                for text, style in line
            ]
            put(console, says(*parts))


def _blocks(letters: str) -> str:
    return re.sub(r"\w", "▇", letters)


_BARS: Final = {"tracked": "T", "manual": "M", "over_limit": "O"}


def _week_lines(statements: Iterable[WeekStatement], width: int) -> Iterator[list[Part]]:
    """Yield the lines of the table of one contract, for a page of `width`."""
    room = width - _TABLE - 2
    per_sign = next((slots for slots, signs in _SCALES if room >= signs), 0)
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
            hours = "" if width < _TABLE else f" {'tracked':>7} {'manual':>6} {'over':>6}"
            scale = f"  {per_sign // 6} h a sign" if per_sign else ""
            head = f"{hours} {'billable':>8} {'amount':>13} {'protected':>9} {'amount':>13}{scale}"
            yield [(f"{'week of':<{_NAME if hours else _NAME - 1}}{head}", "dim")]
        sizes = {name: len(getattr(statement, name)) for name in (*_BARS, "protected")}
        counts.update(sizes, weeks=1)
        billed, protected = billed + statement.amount, protected + statement.protected_amount
        first, *more = _rows(
            str(statement.week.nominal.date()), sizes, statement.amount, statement.protected_amount, width
        )
        yield [(first, ""), *(_bar(sizes, per_sign, room) if per_sign else ())]
        yield from ([(line, "dim")] for line in more)
    if billed is not None and protected is not None:
        weeks = counts.pop("weeks")
        for line in _rows(f"{weeks} week{'s' * (weeks != 1)}", counts, billed, protected, width):
            yield [(line, "bold")]
        yield []


_NAME: Final = 11
_TABLE: Final = 80
"""The width from which a week's hours by status stand in its own line."""

_SCALES: Final = ((12, 24), (24, 12))
"""The slots that a sign of a week's bar stands for, and the signs that there must be room for."""


def _bar(sizes: Mapping[str, int], per_sign: int, room: int) -> Iterator[Part]:
    """Yield a week's bar, cut where it is longer than `room`."""
    yield "  ", ""
    for name, letter in _BARS.items():
        signs = -(-sizes[name] // per_sign)
        yield letter * min(signs, room) if signs <= room else letter * (room - 1) + "…", name
        room -= signs
        if room <= 0:
            return


def _rows(name: str, sizes: Mapping[str, int], amount: Money, protected: Money, width: int) -> Iterator[str]:
    """Yield a week's line: hours and amounts; on a narrow page the hours by status have a line below it."""
    tracked, manual, over = (hours_text(sizes[key]) for key in _BARS)
    billable, guarded = hours_text(sizes["tracked"] + sizes["manual"]), hours_text(sizes["protected"])
    sums = f"{billable:>8} {amount!s:>13} {guarded:>9} {protected!s:>13}"
    if width >= _TABLE:
        yield f"{name:<{_NAME}} {tracked:>7} {manual:>6} {over:>6} {sums}"
    else:
        yield f"{name:<{_NAME - 1}} {sums}"
        yield f"{'':<{_NAME}}{tracked} h tracked, {manual} h manual, {over} h over"
