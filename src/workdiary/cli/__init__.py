"""The command line (extra ``cli``): diaries in files read and explained, and kept in a database of one's own."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from workdiary.errors import MissingExtra

__all__ = ["run_cli"]


def run_cli(arguments: Sequence[str]) -> int:
    """Run ``workdiary`` with `arguments` and return its exit status.

    It is 0 when all is done, 1 for a refusal or a fault that was found, 2 for an error. Prints to standard
    output, and each error as one sentence to standard error. Raises `MissingExtra` when Typer or rich is not
    installed, and `BrokenPipeError` when nobody reads the output any more.
    """
    for name in ("typer", "rich"):
        # Looked for, not imported: rich is for pages that people read, and costs more than most commands.
        if find_spec(name) is None:
            raise MissingExtra("workdiary", name, "is not installed", 'pip install "workdiary[cli]"')
    if getattr(sys, "stdout", None) is None:
        print("workdiary: standard output is closed; leave it open, or send it to a file", file=sys.stderr)
        return 2
    # A command reads, judges, prints and ends: what the collector would look for is soon gone with the process.
    gc.set_threshold(100_000, 50, 1000)
    from workdiary.cli.app import app

    try:
        app(args=list(arguments), prog_name="workdiary")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
