"""The vectors on the command line: check a program in any language against them, or list them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Any, Final

from workdiary.cli.results import print_json
from workdiary.cli.text import safe
from workdiary.errors import NOTHING, InvalidValue
from workdiary.testing import conformance
from workdiary.testing.conformance import Failure

__all__ = ["check_command", "list_vectors"]


_SHOWN: Final = 20
"""Failures that people read at once; --all and --json have all of them."""


def check_command(command: str, timeout: float, *, whole: bool, as_json: bool) -> int:
    """Check the program that `command` starts; return 0 when every vector agrees, else 1.

    The result comes first, then the first failures, or all where `whole` is true.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InvalidValue("--command", command, f"is not a command ({error})", "check its quotes") from None
    if not words:
        raise InvalidValue("", NOTHING, "--command is empty", 'give a program, such as "python -m workdiary evaluate"')
    if not timeout > 0:
        raise InvalidValue("--timeout", timeout, "is not a number of seconds above 0", "60 is the default")
    asked = conformance.load()
    failures = conformance.check(words, asked, timeout=timeout)
    if as_json:
        print_json({"vectors": len(asked), "failures": [_plain(failure) for failure in failures]})
    else:
        # The program's answers are strangers' text too.
        for line in _report(failures, len(asked), whole=whole):
            print(" " * (len(line) - len(line.lstrip(" "))) + safe(line))
    return 1 if failures else 0


def _report(failures: Sequence[Failure], total: int, *, whole: bool) -> Iterator[str]:
    """Yield the lines for people: the result, what is wrong with the run as a whole, and the failures."""
    if not failures:
        yield conformance.report((), total)
        return
    run = [failure for failure in failures if failure.vector is None]
    wrong = [failure for failure in failures if failure.vector is not None]
    if wrong:
        yield f"{len(wrong)} of {total} vectors failed."
    for failure in run:
        yield f"The run failed: {failure.problem}."
    shown = wrong if whole else wrong[:_SHOWN]
    for failure in shown:
        # One at a time, without the result that stands above already.
        yield from ("", *conformance.report([failure], total).split("\n")[:-2])
    if len(shown) < len(wrong):
        yield from ("", f"And {len(wrong) - len(shown)} more; --all prints them all.")


def _plain(failure: Failure) -> dict[str, Any]:
    return {
        "name": failure.name,
        "rules": list(failure.rules),
        "source": failure.source,
        "problem": failure.problem,
        "differences": [{"path": one.path, "expected": one.expected, "got": one.got} for one in failure.differences],
    }


def list_vectors(*, as_json: bool) -> None:
    """Print each vector's name, rules and the reason for its result."""
    found = conformance.load()
    if as_json:
        print_json(
            {
                "vectors": [
                    {"name": one.name, "rules": list(one.rules), "source": one.source, "why": one.why} for one in found
                ]
            }
        )
        return
    width = max(len(one.name) for one in found)
    for one in found:
        print(f"{one.name:<{width}}  {', '.join(one.rules)}")
