"""``python -m benchmarks``: every ratio with its goal; exit status 1 when one does not hold."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import attrs

from benchmarks import capture, journal, ratios
from benchmarks.effort import Effort

__all__ = ["MEASURES", "main"]

MEASURES = {**ratios.MEASURES, **journal.MEASURES, **capture.MEASURES}
"""The measurements by name, in the order in which they run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a line a ratio, and return the exit status."""
    default = Effort()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--report-only", action="store_true", help="exit with status 0 whatever was measured")
    parser.add_argument("--only", choices=sorted(MEASURES), action="append", help="measure this one; may be repeated")
    parser.add_argument("--rounds", type=int, default=default.rounds, help="alternations in one process")
    parser.add_argument("--imports", type=int, default=default.imports, help="alternations of whole processes")
    parser.add_argument("--passes", type=int, default=default.passes, help="alternations over all cases")
    parser.add_argument("--cases", type=int, default=default.cases, help="how many cases to evaluate (all)")
    parser.add_argument("--slots", type=int, default=default.slots, help="how many ready slots to classify and bill")
    parser.add_argument("--weeks", type=int, default=default.weeks, help="the weeks of an old diary")
    parser.add_argument("--appends", type=int, default=default.appends, help="how many segments to record singly")
    parser.add_argument("--contracts", type=int, default=default.contracts, help="how many contracts to ingest")
    parser.add_argument("--entries", type=int, default=default.entries, help="how many entries to verify")
    parser.add_argument("--seconds", type=int, default=default.seconds, help="how long the tracker runs")
    given = parser.parse_args(arguments)
    effort = Effort(**{field.name: getattr(given, field.name) for field in attrs.fields(Effort)})
    failed = 0
    for name, measure in MEASURES.items():
        if given.only and name not in given.only:
            continue
        for ratio in measure(effort):
            print(ratio, flush=True)
            failed += not ratio.holds
    if failed:
        print(f"{failed} {'goal does' if failed == 1 else 'goals do'} not hold.")
    return 1 if failed and not given.report_only else 0


if __name__ == "__main__":
    sys.exit(main())
