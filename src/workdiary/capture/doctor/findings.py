"""What the doctor finds: one `Finding` for each thing that it looks at, and how a list of them is shown.

A finding says how things are in a sentence and, unless all is well, what to do about it in another. It is a value:
who looks decides nothing about the exit status, and who prints knows nothing of displays and disks.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

import attrs

from workdiary.errors import NOTHING, WorkdiaryError

__all__ = ["Finding", "Level", "plain", "shown", "summary"]

_NARROWEST: Final = 40


class Level(Enum):
    """How a check went: `WARNING` is worth knowing, with a `PROBLEM` the tracker cannot do its work."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@attrs.frozen(kw_only=True)
class Finding:
    """What one check has found: `what` says how it is, `do` what is to be done, which is empty when all is well."""

    check: str
    level: Level
    what: str
    do: str = ""

    @classmethod
    def well(cls, check: str, what: str) -> Finding:
        """Return the finding that all is well."""
        return cls(check=check, level=Level.OK, what=what)

    @classmethod
    def warning(cls, check: str, what: str, do: str) -> Finding:
        """Return something that is worth knowing; the tracker works all the same."""
        return cls(check=check, level=Level.WARNING, what=what, do=do)

    @classmethod
    def problem(cls, check: str, what: str, do: str) -> Finding:
        """Return something with which the tracker cannot do its work."""
        return cls(check=check, level=Level.PROBLEM, what=what, do=do)

    @classmethod
    def of_error(cls, check: str, error: WorkdiaryError, level: Level = Level.PROBLEM) -> Finding:
        """Return what `error` says, as a finding.

        >>> from workdiary.errors import StoreError
        >>> error = StoreError("d.db", NOTHING, "does not exist", "create it: workdiary init")
        >>> found = Finding.of_error("diary", error)
        >>> found.what, found.do
        ('d.db does not exist.', 'Create it: workdiary init.')
        """
        value = "" if error.value is NOTHING or error.value == "" else f" {error.value}"
        return cls(
            check=check,
            level=level,
            what=_sentence(f"{error.argument}{value} {error.allowed}", first=False),
            do=_sentence(error.remedy),
        )


def _sentence(text: str, *, first: bool = True) -> str:
    """Return `text` with a full stop, and with a capital unless it begins with a name."""
    text = " ".join(text.split()).rstrip(".")
    return f"{text[:1].upper() + text[1:] if first else text}." if text else ""


def shown(findings: Sequence[Finding], width: int) -> str:
    r"""Return `findings` as lines of at most `width` columns, without colour.

    >>> print(shown([Finding.warning("disk", "500 MB are free.", "Free some space.")], 60))
    warning  disk  500 MB are free.
                   → Free some space.
    """
    names = max((len(finding.check) for finding in findings), default=0)
    indent = len(Level.PROBLEM.value) + 2 + names + 2
    room = max(width, _NARROWEST) - indent
    lines: list[str] = []
    for finding in findings:
        head = f"{finding.level.value:<{len(Level.PROBLEM.value)}}  {finding.check:<{names}}  "
        parts = _wrapped(finding.what, room)
        if finding.do:
            parts += [f"{'→ ' if n == 0 else '  '}{line}" for n, line in enumerate(_wrapped(finding.do, room - 2))]
        lines += [f"{head if n == 0 else ' ' * indent}{part}".rstrip() for n, part in enumerate(parts or [""])]
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    # A command is to be copied, so nothing is broken but at its spaces.
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def summary(findings: Sequence[Finding]) -> str:
    """Return how many problems and warnings there are, in a sentence.

    >>> summary([Finding.well("disk", "Enough."), Finding.warning("clock", "Odd.", "Look.")])
    'No problem, 1 warning.'
    """
    counts = [sum(finding.level is level for finding in findings) for level in (Level.PROBLEM, Level.WARNING)]
    words = [f"{count or 'no'} {name}{'s' if count > 1 else ''}" for count, name in zip(counts, _NAMES, strict=True)]
    return _sentence(", ".join(words))


_NAMES: Final = ("problem", "warning")


def plain(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return `findings` as plain data: ``ok``, and ``checks`` with ``check``, ``level``, ``what`` and ``do``."""
    return {
        "ok": all(finding.level is not Level.PROBLEM for finding in findings),
        "checks": [
            {"check": finding.check, "level": finding.level.value, "what": finding.what, "do": finding.do}
            for finding in findings
        ],
    }
