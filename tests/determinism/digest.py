"""Evaluate the cases on standard input and print one SHA-256 of all results, after setting the locale.

Run as a process of its own, so that the hash seed, the locale, the zone and the tz database are those
of its environment from the start.
"""

from __future__ import annotations

import hashlib
import locale
import sys
import time
import zoneinfo
from collections.abc import Iterable

from workdiary.formats.cases import dumps, evaluate_line

__all__ = ["digest_of"]


def digest_of(lines: Iterable[str]) -> str:
    """Return the SHA-256 of the results of all cases, one a line."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(dumps(evaluate_line(line)).encode() + b"\n")
    return whole.hexdigest()


if __name__ == "__main__":
    locale.setlocale(locale.LC_ALL, "")
    time.tzset()
    place = zoneinfo.TZPATH[0] if zoneinfo.TZPATH else ""
    print(digest_of(sys.stdin.read().splitlines()), place, locale.setlocale(locale.LC_ALL), sep="\n")  # noqa: T201 - the answer of the process
