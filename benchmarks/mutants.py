"""`make mutants`: measure how many mutants of the rules and the model the tests kill.

Runs mutmut, prints the score, and holds the survivors against `survivors.toml`, where each is listed
with the reason why no test can, or should, tell it from the code. Exit status 1 below 95 %, and when
a survivor is not listed.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
GOAL: Final = 0.95
MUTMUT: Final = str(Path(sys.executable).with_name("mutmut"))

# A time-out and a crash of the interpreter are noticed as surely as a failed test.
KILLED: Final = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}


def main() -> int:
    """Run mutmut and judge its result."""
    subprocess.run([MUTMUT, "run"], cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    results = _results()
    counts = Counter(results.values())
    total = sum(counts.values())
    killed = sum(counts[state] for state in KILLED)
    for state, count in counts.most_common():
        print(f"{count:6} {state}")
    print(f"{killed} of {total} mutants killed: {killed / total:.2%} (goal: {GOAL:.0%})")
    listed = {row["mutant"] for row in tomllib.loads((ROOT / "benchmarks/survivors.toml").read_text())["survivor"]}
    survivors = {name: _change(name) for name, state in results.items() if state not in KILLED}
    unlisted = {name: change for name, change in survivors.items() if change not in listed}
    for name, change in unlisted.items():
        print(f"not listed: {name}\n{change}\n")
    print(f"{len(survivors)} survivors, {len(survivors) - len(unlisted)} of them listed with their reason")
    return int(killed < GOAL * total or bool(unlisted))


def _results() -> dict[str, str]:
    """Return the state of each mutant, by its name."""
    text = subprocess.run([MUTMUT, "results", "--all", "true"], cwd=ROOT, check=True, capture_output=True, text=True)
    found = {}
    for line in text.stdout.splitlines():
        name, colon, state = line.strip().rpartition(": ")
        if colon:
            found[name] = state
    return found


def _change(name: str) -> str:
    """Return what a mutant changes: its function, and the lines taken and given."""
    text = subprocess.run([MUTMUT, "show", name], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    changed = [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    function = name.rsplit("__mutmut_", 1)[0].replace("ǁ", ".").replace(".x.", ".").replace(".x_", ".")
    return "\n".join([function, *(line[0] + " " + line[1:].strip() for line in changed)])


if __name__ == "__main__":
    sys.exit(main())
