"""``python -m workdiary``: the command line, of which `evaluate` needs no extra."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from workdiary.errors import MissingExtra

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with `arguments`, those of the process for `None`; return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    status = 0
    try:
        status = _run(given)
        # Here, and not when the interpreter ends, where nothing could be said or passed over any more.
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # What is left to be flushed goes nowhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        if isinstance(error, BrokenPipeError):
            return 1  # whoever read along has seen enough
        if status == 0:  # else the command line has said it
            print(f"workdiary: standard output: {error.strerror}", file=sys.stderr)
        return 2
    return status


def _run(given: list[str]) -> int:
    # Programs in other languages start this once per check: no extra, no import beyond the rules.
    if given == ["evaluate"]:
        if sys.stdout is None or sys.stdin is None:
            print("workdiary: standard input and output are needed; leave them open", file=sys.stderr)
            return 2
        from workdiary.formats.evaluate import run

        return run(sys.stdin.buffer, sys.stdout)
    from workdiary.cli import run_cli

    try:
        return run_cli(given)
    except MissingExtra as error:
        print(f"workdiary: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
