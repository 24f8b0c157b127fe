"""What the source must not contain: a clock where none belongs, a float where money or hours are meant."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "workdiary"
COMMAND_LINE = ("cli", "capture", "__main__.py")
TRACKER = ("events", "state", "_turn", "_idle", "ledger", "timing", "tracker", "recovery", "moments", "meters")
"""The pure part of what is otherwise put between a tracker and its machine."""
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("pendulum", "now"),
    ("pendulum", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
    ("time", "perf_counter"),
    ("time", "localtime"),
    ("time", "gmtime"),
}
CHANCE = {"random", "secrets", "uuid"}
EXACT = sorted([*(SOURCE / "rules").glob("*.py"), *(SOURCE / "model").glob("*.py")])


def trees(paths: list[Path]) -> Iterator[tuple[Path, ast.Module]]:
    for path in paths:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def core() -> list[Path]:
    others = [path for path in sorted(SOURCE.rglob("*.py")) if path.relative_to(SOURCE).parts[0] not in COMMAND_LINE]
    return [*others, *(SOURCE / "capture" / f"{name}.py" for name in (*TRACKER, "trace", "script"))]


def clock_reads(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (owner, node.attr) in CLOCKS:
                yield f"{node.lineno}: {owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.lineno}: {node.module}.{n.name}" for n in node.names if (node.module, n.name) in CLOCKS)


def test_the_lint_finds_what_it_looks_for() -> None:
    assert list(clock_reads(ast.parse("import datetime\nx = datetime.datetime.now()\nfrom time import time")))


HAVE_A_CLOCK = {
    "testing/conformance.py": "monotonic",  # gives a foreign program a time limit; no result depends on it
    "store/_sqlite.py": "monotonic",  # waits for a lock, and not for ever
    "store/memory.py": "time",  # a journal has a clock, which whoever opens it may give
    "store/sql.py": "time",
    "store/snapshots.py": "time",
}


def test_nothing_but_the_command_line_and_the_journals_reads_a_clock() -> None:
    found = {
        (str(path.relative_to(SOURCE)), read.rpartition(".")[2])
        for path, tree in trees(core())
        for read in clock_reads(tree)
    }
    assert found == set(HAVE_A_CLOCK.items())


@pytest.mark.parametrize("name", [name for name, clock in HAVE_A_CLOCK.items() if clock == "time"])
def test_a_journal_reads_only_the_clock_that_it_was_given(name: str) -> None:
    tree = ast.parse((SOURCE / name).read_text(encoding="utf-8"))
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "time"]
    assert called == []


def test_nothing_in_the_core_draws_at_random() -> None:
    for path, tree in trees(core()):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if path.parent.name != "testing":  # there, chance comes from a seed
                assert not CHANCE & {name.partition(".")[0] for name in names}, path


@pytest.mark.parametrize("path", EXACT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_model_and_rules_have_no_float(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), where
        assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "float"), where
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            # A division would make a float of two ints; the rules divide by Rounding.divide or Fraction.
            pytest.fail(f"{where}: / outside a fraction")
