"""The vectors on the command line: check a program in any language against them, or list them."""

from __future__ import annotations

import shlex
from typing import Any

from workdiary.cli.results import print_json
from workdiary.cli.text import safe
from workdiary.errors import InvalidValue
from workdiary.testing import conformance
from workdiary.testing.conformance import Failure

__all__ = ["check_command", "list_vectors"]


def check_command(command: str, timeout: float, *, as_json: bool) -> int:
    """Check the program that `command` starts; return 0 when every vector agrees, else 1."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise InvalidValue("--command", command, f"is not a command ({error})", "check its quotes") from None
    if not timeout > 0:
        raise InvalidValue("--timeout", timeout, "is not a number of seconds above 0", "60 is the default")
    asked = conformance.load()
    failures = conformance.check(words, asked, timeout=timeout)
    if as_json:
        print_json({"vectors": len(asked), "failures": [_plain(failure) for failure in failures]})
    else:
        # The program's answers are strangers' text too.
        for line in conformance.report(failures, len(asked)).split("\n"):
            print(" " * (len(line) - len(line.lstrip(" "))) + safe(line))
    return 1 if failures else 0


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
