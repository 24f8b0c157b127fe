"""``python -m benchmarks.compare``: weekly hours by contract, against what one would use instead.

The same records for every tool, each in its own format; whole processes, started in turn; medians.
workdiary also says which segments are within the limit, which are protected and why the others are
not, and what each week costs; the others total hours and know none of that. Before anything is timed,
the totals of every tool are compared with those of the records.

Tools that are not installed are left out, with the reason. Watson and aw-core get an environment of
their own under ``build/compare-venv``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from io import StringIO
from pathlib import Path
from time import perf_counter
from typing import Final

import attrs

from benchmarks.records import Totals, records, totals, write_all
from benchmarks.timing import alternate

__all__ = ["Tool", "main", "table"]

_ROOT: Final = Path(__file__).resolve().parent.parent
_BUILD: Final = _ROOT / "build"
_SCRIPTS: Final = Path(__file__).resolve().parent / "scripts"
_PACKAGES: Final = ("td-watson", "aw-core")
_BEGIN: Final = "<!-- measured by python -m benchmarks.compare -->"
_END: Final = "<!-- end of what was measured -->"

Minutes = dict[tuple[date, str], Fraction]


@attrs.frozen(kw_only=True)
class Tool:
    """One way to total the hours of each week.

    `read` turns its output into minutes; `None` for a tool that gives no totals by week. A `slow` one
    runs once, and only on one year.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = attrs.Factory(dict)
    read: Callable[[str], Minutes] | None = None
    slow: bool = False

    def run(self) -> str:
        """Run it once and return what it prints."""
        environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8", **self.environment}
        done = subprocess.run(self.command, check=True, capture_output=True, text=True, env=environment)
        return done.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print a table in Markdown, and return 1 when another tool is faster at the longest size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__.splitlines()[0])
    parser.add_argument("--years", type=int, nargs="+", default=[1, 10], help="sizes, of 12,220 records a year")
    parser.add_argument("--rounds", type=int, default=7, help="how often each tool runs")
    parser.add_argument("--only", nargs="+", default=[], help="tools whose name contains one of these, beside ours")
    parser.add_argument("--offline", action="store_true", help="do not install packages")
    parser.add_argument("--write", type=Path, metavar="FILE.md", help="put the table into this page, between its marks")
    parser.add_argument("--report-only", action="store_true", help="exit with status 0 whatever was measured")
    given = parser.parse_args(arguments)
    packages, reasons = _environment(given.offline)
    measured: dict[str, dict[int, float]] = {}
    for years in given.years:
        folder = _BUILD / "compare" / str(years)
        shutil.rmtree(folder, ignore_errors=True)
        rows = records(years)
        write_all(rows, folder)
        tools, missing = _tools(folder, packages)
        tools = [tool for n, tool in enumerate(tools) if not n or not given.only or _named(tool, given.only)]
        reasons.extend(reason for reason in missing if reason not in reasons)
        right = totals(rows)
        for tool in tools:
            if tool.slow and years > 1:
                continue
            seconds, agreement = _try(tool, right)
            print(f"{years} years, {tool.name}: {agreement}", file=sys.stderr, flush=True)
            measured.setdefault(tool.name, {})[years] = seconds
        timed = {tool.name: tool.run for tool in tools if not tool.slow}
        took = alternate(timed, rounds=given.rounds, warm=True)
        for name in timed:
            measured[name][years] = took[name]
    made = table(measured, given.years)
    print(made)
    if given.write:
        head, begin, rest = given.write.read_text(encoding="utf-8").partition(_BEGIN)
        _, end, tail = rest.partition(_END)
        given.write.write_text(f"{head}{begin}\n{made}\n{end}{tail}", encoding="utf-8")
    for reason in reasons:
        print(f"\nLeft out: {reason}.")
    ours, *others = measured.values()
    longest = max(given.years)
    faster = [other for other in others if longest in other and other[longest] <= ours[longest]]
    return 1 if faster and not given.report_only else 0


def table(measured: Mapping[str, Mapping[int, float]], years: Iterable[int]) -> str:
    """Return the seconds, and how many times ours they are, as a table in Markdown; ours comes first."""
    sizes = list(years)
    head = " | ".join(f"{size} year{'s' if size > 1 else ''}, {12_220 * size:,} records" for size in sizes)
    lines = [f"| | {head} |", f"|---|{'---:|' * len(sizes)}"]
    ours = next(iter(measured.values()))
    for name, seconds in measured.items():
        cells = (
            f"{seconds[size]:.2f} s ({seconds[size] / ours[size]:.1f} ×)" if size in seconds else "–" for size in sizes
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _named(tool: Tool, names: Iterable[str]) -> bool:
    return any(name.lower() in tool.name.lower() for name in names)


def _environment(offline: bool) -> tuple[Path | None, list[str]]:
    """Return the folder of programs with Watson and aw-core, made when needed, and why there is none."""
    home = _BUILD / "compare-venv"
    programs = home / ("Scripts" if os.name == "nt" else "bin")
    ready = home / ".ready"
    if ready.exists():
        return programs, []
    if offline:
        return None, ["Watson and aw-core, not installed, and --offline was given"]
    try:
        venv.create(home, with_pip=True)
        install = [str(programs / "python"), "-m", "pip", "install", "--quiet", *_PACKAGES]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        return None, [f"Watson and aw-core, which could not be installed ({error.__class__.__name__})"]
    ready.touch()
    return programs, []


def _tools(folder: Path, packages: Path | None) -> tuple[list[Tool], list[str]]:
    """Return the tools, ours first, that can read the files in `folder`, and why others cannot."""
    return [_ours(folder), *_debian(folder), *_packaged(folder, packages)], [
        f"{name}, not installed" for name in ("timew", "ledger", "hledger") if shutil.which(name) is None
    ]


def _ours(folder: Path) -> Tool:
    return Tool(
        name="**workdiary**, `workdiary statement`, with colours, protection and bills",
        command=(sys.executable, "-m", "workdiary", "statement", str(folder / "diary.json"), "--json"),
        read=_from_ours,
    )


def _debian(folder: Path) -> Iterator[Tool]:
    database = {"TIMEWARRIORDB": str(folder / "timewarrior")}
    clock = str(folder / "diary.timeclock")
    command: tuple[str, ...]
    if shutil.which("timew"):
        yield Tool(
            name="Timewarrior, `timew export` and a script that totals",
            command=(sys.executable, str(_SCRIPTS / "timew_weekly.py")),
            environment=database,
            read=_from_script,
        )
        yield Tool(
            name="Timewarrior, `timew summary` (a list, no totals by week)",
            command=("timew", "summary", ":all"),
            environment=database,
        )
    if shutil.which("ledger"):
        shape = '%(format_date(date, "%Y-%m-%d"))\t%(account)\t%(quantity(amount))\n'
        command = ("ledger", "-f", clock, "reg", "--weekly", "--start-of-week", "1", "--base", "--format", shape)
        yield Tool(name="ledger, `reg --weekly`", command=command, read=_from_ledger)
    if shutil.which("hledger"):
        command = ("hledger", "-f", clock, "balance", "--weekly", "--no-total", "--output-format", "csv")
        yield Tool(name="hledger, `balance --weekly`", command=command, read=_from_hledger)


def _packaged(folder: Path, programs: Path | None) -> Iterator[Tool]:
    if programs is None:
        return
    frames = {"WATSON_DIR": str(folder / "watson")}
    python, watson = str(programs / "python"), str(programs / "watson")
    yield Tool(
        name="Watson, `watson log --json` and a script that totals",
        command=(sys.executable, str(_SCRIPTS / "watson_weekly.py"), watson),
        environment=frames,
        read=_from_script,
    )
    yield Tool(
        name="Watson, `watson report --json` (one total, none by week)",
        command=(watson, "report", "--all", "--json"),
        environment=frames,
    )
    dates = ("--from", "2016-01-04", "--to", "2017-01-01")
    yield Tool(
        name="Watson, `watson aggregate` (totals by day)",
        command=(watson, "aggregate", *dates, "--json"),
        environment=frames,
        slow=True,
    )
    database = folder / "aw.sqlite"
    store = [python, str(_SCRIPTS / "aw_core_store.py"), str(folder / "aw-events.json"), str(database)]
    subprocess.run(store, check=True, stdout=subprocess.DEVNULL)
    yield Tool(
        name="aw-core, its SQLite store and a script that totals",
        command=(python, str(_SCRIPTS / "aw_core_weekly.py"), str(database)),
        read=_from_script,
    )


def _try(tool: Tool, right: Totals) -> tuple[float, str]:
    """Return the seconds that the tool takes, and in words whether its totals are those of the records."""
    started = perf_counter()
    output = tool.run()
    return perf_counter() - started, _agreement(tool, output, right)


def _agreement(tool: Tool, output: str, right: Totals) -> str:
    if tool.read is None:
        return "no totals by week to compare"
    found = tool.read(output)
    if found.keys() != right.keys():
        raise RuntimeError(f"{tool.name} has {len(found)} totals instead of {len(right)}")
    wrong = sum(found[key] != minutes for key, minutes in right.items())
    if not wrong:
        return f"all {len(right)} totals agree"
    whole = Fraction(sum(found.values())) / sum(right.values()) - 1
    return f"{wrong} of {len(right)} totals differ, {float(whole):+.2%} in all"


def _from_ours(output: str) -> Minutes:
    found: Minutes = {}
    for row in json.loads(output)["statements"]:
        worked = sum(Fraction(row["hours"][status]) for status in ("tracked", "manual", "over_limit"))
        # Hours are printed with two decimals; every total is a whole number of ten minutes.
        found[date.fromisoformat(row["week"]), row["contract"]] = Fraction(round(worked * 6) * 10)
    return found


def _from_script(output: str) -> Minutes:
    rows = (line.split("\t") for line in output.splitlines())
    return {(date.fromisoformat(day), name): Fraction(minutes) for day, name, minutes in rows}


def _from_ledger(output: str) -> Minutes:
    rows = (line.split("\t") for line in output.splitlines())
    return {(date.fromisoformat(day), name.strip("()")): Fraction(seconds) / 60 for day, name, seconds in rows}


def _from_hledger(output: str) -> Minutes:
    head, *rows = csv.reader(StringIO(output))
    days = [date.fromisoformat(title[:10]) for title in head[1:]]
    found = {
        (day, name): Fraction(cell.rstrip("h")) * 60
        for name, *cells in rows
        for day, cell in zip(days, cells, strict=True)
    }
    return {key: minutes for key, minutes in found.items() if minutes}


if __name__ == "__main__":
    sys.exit(main())
