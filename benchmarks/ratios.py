"""The ratios that workdiary promises, and the work that they compare."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks.effort import Effort
from benchmarks.timing import Ratio, Times, alternate, processes, uncollected
from benchmarks.weeks import full_week, reasons_of
from workdiary import ReasonCode, Sheet, Slot, Slots, classify
from workdiary.formats.cases import evaluate_line
from workdiary.model.outcome import Bill
from workdiary.rules.billing import bill
from workdiary.rules.limit import Allowance, allowances

__all__ = ["MEASURES"]

_ROOT = Path(__file__).resolve().parent.parent

DEPENDENCIES = "attrs, cattrs, pendulum"
EXTRAS = ("typer", "click", "rich", "hypothesis")
"""What the extras bring; importing workdiary must load none of it."""

_EVERY_NAME: Final = "import workdiary\nfor name in workdiary.__all__: getattr(workdiary, name)"

_CLASSIFICATIONS: Final = 100
"""How many weeks one timed call classifies, so that it takes about as long as making the segments."""


def stating(effort: Effort) -> Iterator[Ratio]:
    """Yield what the statement of a full week costs, against making its segments."""
    weeks = {
        "lifetime caps reached": full_week(low_average=False),
        "average too low": full_week(low_average=True),
    }
    seen = frozenset[ReasonCode]().union(*map(reasons_of, weeks.values()))
    missing = {code.name for code in _protection_codes()} - {code.name for code in seen}
    if missing:
        raise RuntimeError(f"the full weeks show no {', '.join(sorted(missing))}")
    for name, week in weeks.items():
        sides = {"statement": week.stating(), "segments": week.segments, "direct": week.direct}
        took = alternate(sides, rounds=effort.rounds)
        note = f"{_us(took['statement'])} / {_us(took['segments'])}"
        yield Ratio(
            what=f"statement of 240 segments / making them ({name})",
            value=took.ratio("statement", "segments"),
            goal=1.0,
            note=note,
        )
        yield Ratio(
            what="    the same / making them by calling Segment directly",
            value=took.ratio("statement", "direct"),
            goal=None,
            note=f"{_us(took['statement'])} / {_us(took['direct'])}",
        )


def _protection_codes() -> frozenset[ReasonCode]:
    """Return the thirteen reasons of protection."""
    return frozenset(
        {
            ReasonCode.MANUAL_TIME,
            ReasonCode.OVER_LIMIT,
            ReasonCode.NO_SNAPSHOT,
            ReasonCode.ACTIVITY_UNKNOWN,
            ReasonCode.NO_ACTIVITY,
            ReasonCode.LOW_ACTIVITY,
            ReasonCode.MISSING_MEMO,
            ReasonCode.MISSING_LABEL,
            ReasonCode.BILLING_NOT_VERIFIED,
            ReasonCode.NOT_IN_GOOD_STANDING,
            ReasonCode.IDENTITY_NOT_VERIFIED,
            ReasonCode.LOW_AVERAGE_ACTIVITY,
            ReasonCode.LIFETIME_CAP,
        }
    )


def classifying(effort: Effort) -> Iterator[Ratio]:
    """Yield what classifying a week of ready sets costs, against making its segments."""
    week = full_week(low_average=False)
    sheet = Sheet.of(week.segments(), week.week)
    order = week.policy.limit.order
    start, stop = week.week.start, week.week.stop
    middle = Slot(start + 504)
    one = (Allowance(start, stop, 180),)
    two = (Allowance(start, middle, 120), Allowance(middle, stop, 180))

    def classify_with(allowed: Sequence[Allowance]) -> Callable[[], None]:
        def repeatedly() -> None:
            for _ in range(_CLASSIFICATIONS):
                classify(sheet.tracked, sheet.manual, allowed, order)

        return repeatedly

    took = alternate(
        {"one": classify_with(one), "two": classify_with(two), "segments": week.segments},
        rounds=effort.rounds,
    )
    for name, goal, text in (("one", 0.01, "one limit"), ("two", None, "two limits")):
        yield Ratio(
            what=f"classifying a ready week / making its segments ({text})",
            value=took.ratio(name, "segments") / _CLASSIFICATIONS,
            goal=goal,
            note=f"{_us(took[name] / _CLASSIFICATIONS)} / {_us(took['segments'])}",
        )


def evaluating(effort: Effort) -> Iterator[Ratio]:
    """Yield what evaluating cases costs, against parsing the same lines with the standard library."""
    lines, origin = _cases()
    lines = lines[: effort.cases]

    # Case by case, so that both sides of each meet the machine at one speed.
    passes = [_pass(lines) for _ in range(effort.passes + 1)]
    first, *warm = passes
    took = Times(taken={"evaluate": [one for one, _ in warm], "parse": [other for _, other in warm]})
    each = len(lines)
    yield Ratio(
        what=f"evaluate / json.loads of the same lines ({each} cases, {origin})",
        value=took.ratio("evaluate", "parse"),
        goal=15.0,
        note=f"{_us(took['evaluate'] / each)} / {_us(took['parse'] / each)} a case",
    )
    yield Ratio(what="    the same, first pass of the process", value=first[0] / first[1], goal=None)


def _pass(lines: Sequence[bytes]) -> tuple[float, float]:
    """Return the seconds that evaluating all lines takes, and that parsing them takes."""
    evaluated = parsed = 0.0
    with uncollected():
        for line in lines:
            started = perf_counter()
            json.loads(line)
            between = perf_counter()
            evaluate_line(line)
            evaluated += perf_counter() - between
            parsed += between - started
    return evaluated, parsed


def _cases() -> tuple[list[bytes], str]:
    """Return the lines of cases at hand: the public vectors beside the repository, else the shipped ones."""
    public = _ROOT.parent / "shared" / "vectors" / "open.jsonl"
    if public.is_file():
        return public.read_bytes().splitlines(), "public vectors"
    from workdiary.testing import conformance

    return [vector.line.encode() for vector in conformance.load()], "shipped vectors"


def importing(effort: Effort) -> Iterator[Ratio]:
    """Yield what importing workdiary costs, against importing what it depends on."""
    took = processes(
        {
            "workdiary": [sys.executable, "-c", "import workdiary"],
            "names": [sys.executable, "-c", _EVERY_NAME],
            "dependencies": [sys.executable, "-c", f"import {DEPENDENCIES}"],
            "python": [sys.executable, "-c", "pass"],
        },
        rounds=effort.imports,
    )
    ms = {name: f"{took[name] * 1000:.0f} ms" for name in took.taken}
    yield Ratio(
        what=f"import workdiary / import {DEPENDENCIES} (whole processes)",
        value=took.ratio("workdiary", "dependencies"),
        goal=1.3,
        note=f"{ms['workdiary']} / {ms['dependencies']}, of which python alone {ms['python']}",
    )
    yield Ratio(
        what="    the same, touching every public name",
        value=took.ratio("names", "dependencies"),
        goal=None,
        note=f"{ms['names']} / {ms['dependencies']}",
    )
    added = sorted(loaded(_EVERY_NAME) - loaded(f"import {DEPENDENCIES}"))
    extras = [name for name in added if name.split(".")[0] in EXTRAS]
    others = [name for name in added if name.split(".")[0] not in ("workdiary", *EXTRAS)]
    yield Ratio(
        what="modules of extras loaded by touching every public name",
        value=len(extras),
        goal=0.0,
        note=", ".join(extras),
    )
    yield Ratio(
        what="other modules loaded by it, beside those of the dependencies",
        value=len(others),
        goal=None,
        note=", ".join(others),
    )


def loaded(statement: str) -> frozenset[str]:
    """Return the names of the modules that a new process holds after `statement`."""
    script = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return frozenset(done.stdout.split())


def many_weeks(effort: Effort) -> Iterator[Ratio]:
    """Yield how many ready slots are classified and billed in a second: for information."""
    week = full_week(low_average=False)
    sheet = Sheet.of(week.segments(), week.week)
    terms, currency, rounding = week.contract.terms, week.contract.currency, week.policy.billing.rounding
    allowed = allowances(terms, week.week, week.policy.limit)
    order = week.policy.limit.order
    # A second set of objects for every week, as when they come from a store.
    count = max(effort.slots // len(sheet.worked), 1)
    start = week.week.start
    tracked, manual = sheet.tracked.bits_from(start), sheet.manual.bits_from(start)
    ready = [(Slots.from_bits(start, tracked), Slots.from_bits(start, manual)) for _ in range(count)]
    done: list[Bill] = []
    with uncollected():
        started = perf_counter()
        for green, yellow in ready:
            status = classify(green, yellow, allowed, order)
            done.append(bill(status.billable, terms, currency, rounding))
        seconds = perf_counter() - started
    slots = count * len(sheet.worked)
    yield Ratio(
        what="million slots of ready weeks classified and billed in a second",
        value=slots / seconds / 1e6,
        goal=None,
        note=f"{slots:,} slots in {seconds:.2f} s, {_us(seconds / count)} a week",
    )


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:,.2f} ms"


MEASURES: Final[dict[str, Callable[[Effort], Iterator[Ratio]]]] = {
    "statement": stating,
    "classify": classifying,
    "evaluate": evaluating,
    "import": importing,
    "many-weeks": many_weeks,
}
"""The measurements by name, in the order in which they run."""
