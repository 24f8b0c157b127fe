"""``evaluate``: cases on standard input, one result object a line on standard output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from workdiary.errors import DocumentError
from workdiary.formats.cases import dumps, evaluate_line
from workdiary.formats.reading import LARGEST, parse_json

__all__ = ["run"]


def run(cases: IO[bytes], results: IO[str]) -> int:
    """Answer every case in `cases`; return 0, or 2 when one of them could not be read.

    The input is one JSON object, over as many lines as it likes, or JSON lines, one case a line.
    Blank lines are passed over; each result is written and flushed before the next case is read.
    """
    status = 0
    for result in _answers(cases):
        results.write(dumps(result) + "\n")
        results.flush()
        if "error" in result:
            status = 2
    return status


def _answers(cases: IO[bytes]) -> Iterator[dict[str, object]]:
    first = _line(cases)
    while first and not first.strip():
        first = _line(cases)
    if _is_json(first):
        yield from _each(first, cases)
        return
    # Its first line alone is no JSON: one object over several lines, or a bad line before good ones.
    rest = cases.read(LARGEST)
    lines = [line for line in rest.splitlines() if line.strip()]
    if not _is_json(first + rest) and any(_is_object(line) for line in lines):
        yield evaluate_line(first)
        for line in lines:
            yield evaluate_line(line)
    else:
        yield evaluate_line(first + rest)


def _each(line: bytes, cases: IO[bytes]) -> Iterator[dict[str, object]]:
    while line:
        if line.strip():
            yield evaluate_line(line)
        line = _line(cases)


def _is_json(text: bytes) -> bool:
    try:
        parse_json(text, "case")
    except DocumentError:
        return False
    return True


def _is_object(line: bytes) -> bool:
    return line.lstrip().startswith(b"{") and _is_json(line)


def _line(cases: IO[bytes]) -> bytes:
    """Return the next line; one that never ends is cut where no case can reach, and read past."""
    line = cases.readline(LARGEST + 1)
    rest = line
    while len(rest) > LARGEST and not rest.endswith(b"\n"):
        rest = cases.readline(LARGEST + 1)
    return line
