"""The rulebook as hand-written vectors, and a runner for any program that answers them.

A vector is one small case with its expected result, worked out by hand from the rulebook. The files
under ``vectors/`` hold a list each, a file for a group of rules::

    {"name": "limit-1-zero-is-not-no-limit",           unique
     "rules": ["LIMIT-1"], "source": "…", "why": "…",   which rule, who says so, and the arithmetic
     "kind": "week", "case": {…}, "expect": {…}}        only what differs from ``common.json``

So that a vector shows what it is about and nothing else, `load` completes it from ``common.json``:

1. ``case`` is laid over ``diary`` (over ``credit`` for that kind), and each segment over ``segment``.
   Laying over goes into objects, key by key; everything else, lists too, replaces.
2. A policy ``{"preset": NAME, …}`` is laid over ``policies[NAME]``, since the protocol wants every key.
3. ``expect`` of a week, and ``expect.statement`` of edits, is laid over ``statement``, the result of an
   empty week. All other expectations stand in full, and ``{"error": PATH}`` asks for an error that
   names that path.

The program reads one case a line and writes one result a line, in order. Its exit status is 2 when it
answered any with an error, else 0.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib import resources
from tempfile import TemporaryFile
from time import monotonic
from typing import Any, Final

import attrs

from workdiary.errors import InvalidValue

__all__ = ["Difference", "Failure", "Vector", "check", "compare", "load", "report"]

# In bytes; a program that writes more than this is not answering.
_MOST_OUTPUT: Final = 64 * 1024 * 1024


@attrs.frozen(kw_only=True)
class Vector:
    """One case and the result that the rulebook asks for, both complete and as JSON text.

    Attributes: `name`, `rules` (ids of the rulebook), `source` (who says so), `why` (one sentence, with
    the arithmetic), `line` (the case as it goes to the program) and `expected` (the result).
    """

    name: str
    rules: tuple[str, ...]
    source: str
    why: str
    line: str
    expected: str

    @property
    def expect(self) -> Any:
        """The expected result, parsed; a new one on each use."""
        return json.loads(self.expected)

    @property
    def error(self) -> str | None:
        """The path that an expected error must name, or `None` when a result is expected."""
        path: str | None = self.expect.get("error")
        return path


@attrs.frozen(kw_only=True)
class Difference:
    """One place where a result differs: its path, and both values as JSON text (`None`: not there)."""

    path: str
    expected: str | None
    got: str | None

    def __str__(self) -> str:
        place = self.path or "the result"
        if self.got is None:
            return f"{place}: expected {self.expected}, is missing"
        if self.expected is None:
            return f"{place}: not expected, got {self.got}"
        return f"{place}: expected {self.expected}, got {self.got}"


@attrs.frozen(kw_only=True)
class Failure:
    """What is wrong with the answer to one vector, or, when `vector` is `None`, with the run."""

    vector: Vector | None = None
    problem: str
    differences: tuple[Difference, ...] = ()

    @property
    def name(self) -> str:
        """The vector's name, or ``the run``."""
        return "the run" if self.vector is None else self.vector.name

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that the vector is about."""
        return () if self.vector is None else self.vector.rules

    @property
    def source(self) -> str:
        """Where the vector's rule is written."""
        return "" if self.vector is None else self.vector.source


@cache
def load() -> tuple[Vector, ...]:
    """Return every vector, completed, in the order of the files' names.

    >>> [vector.rules for vector in load() if vector.name == "limit-1-zero-is-not-no-limit"]
    [('LIMIT-1',)]
    """
    folder = resources.files("workdiary.testing").joinpath("vectors")
    texts = {item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".json")}
    common = json.loads(texts.pop("common.json"))
    return tuple(_vector(given, common) for name in sorted(texts) for given in json.loads(texts[name]))


def _vector(given: dict[str, Any], common: dict[str, Any]) -> Vector:
    kind, expect = given["kind"], given["expect"]
    case = {"kind": kind, **_over(common["credit" if kind == "credit" else "diary"], given["case"])}
    if "segments" in case:
        case["segments"] = [_over(common["segment"], run) for run in case["segments"]]
    if isinstance(case["policy"], dict):
        changes = {key: value for key, value in case["policy"].items() if key != "preset"}
        case["policy"] = _over(common["policies"][case["policy"]["preset"]], changes)
    if kind == "week" and "error" not in expect:
        expect = _over(common["statement"], expect)
    if kind == "edits" and "error" not in expect:
        expect = {**expect, "statement": _over(common["statement"], expect.get("statement", {}))}
    return Vector(
        name=given["name"],
        rules=tuple(given["rules"]),
        source=given["source"],
        why=given["why"],
        line=json.dumps(case),
        expected=json.dumps(expect),
    )


def _over(base: Any, changes: Any) -> Any:
    """Return `changes` laid over `base`: key by key in objects, replacing anything else."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    return {**base, **{key: _over(base.get(key), value) for key, value in changes.items()}}


def check(
    command: Sequence[str], vectors: Iterable[Vector] | None = None, *, timeout: float = 60.0
) -> tuple[Failure, ...]:
    """Return how the answers of `command` differ from `vectors`, by default all of them; empty when none does.

    `command` is a program and its arguments, such as ``("python", "-m", "workdiary", "evaluate")``. It is
    started once, without a shell, and gets every case on its standard input; after `timeout` seconds it
    is ended. Raises `InvalidValue` when it cannot be started; everything that it does wrong is a `Failure`.
    """
    asked = load() if vectors is None else tuple(vectors)
    ran = _run(command, "".join(f"{vector.line}\n" for vector in asked), timeout)
    # Two results on a line, or one over several, are the program's mistake and not guessed at.
    lines = [line for line in ran.output.split("\n") if line.strip()]
    failures: list[Failure] = []
    answers: list[Any] = []
    for vector, line in zip(asked, lines, strict=False):
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            failures.append(Failure(vector=vector, problem=f"the answer is not JSON: {_short(line)}"))
            continue
        answers.append(answer)
        failure = compare(vector, answer)
        failures.extend([] if failure is None else [failure])
    wanted = 2 if any(isinstance(answer, dict) and "error" in answer for answer in answers) else 0
    run: list[str] = []
    if ran.status is None:
        run.append(f"{ran.ended} and was ended, with {len(lines)} of {len(asked)} answers given")
    elif len(lines) < len(asked):
        first = asked[len(lines)].name
        run.append(f"it gave {len(lines)} answers to {len(asked)} cases; the first without one is {first}")
    elif len(lines) > len(asked):
        run.append(f"it gave {len(lines)} answers to {len(asked)} cases; one result a line is right")
    if ran.status is not None and ran.status != wanted:
        reason = "an answer is an error" if wanted else "no answer is an error"
        run.append(f"its exit status is {ran.status}; {wanted} is right when {reason}")
    if run and ran.complaint.strip():
        run.append(f"its standard error ends: {_short(ran.complaint.strip().splitlines()[-1])}")
    if run:
        failures.append(Failure(problem="; ".join(run)))
    return tuple(failures)


def compare(vector: Vector, answer: Any) -> Failure | None:
    """Return how a parsed `answer` differs from what `vector` expects, or `None`.

    Results are compared exactly, as JSON: ``true`` is not ``1``, and the order of keys means nothing.

    >>> vector = Vector(name="v", rules=("BILL-1",), source="s", why="w", line="{}", expected='{"amount": "5.00"}')
    >>> [str(difference) for difference in compare(vector, {"amount": "5.0"}).differences]
    ['amount: expected "5.00", got "5.0"']
    """
    if not isinstance(answer, dict):
        return Failure(vector=vector, problem=f"the answer is not an object: {_short(json.dumps(answer))}")
    path = vector.error
    if path is not None:
        if "error" not in answer:
            return Failure(vector=vector, problem=f"expected an error that names {path}, got a result")
        if path not in str(answer["error"]):
            text = _short(json.dumps(answer["error"]))
            return Failure(vector=vector, problem=f"expected an error that names {path}, got {text}")
        return None
    if "error" in answer:
        text = _short(json.dumps(answer["error"]))
        return Failure(vector=vector, problem=f"expected a result, got the error {text}")
    differences = tuple(_differences(vector.expect, answer, ""))
    return Failure(vector=vector, problem="the result differs", differences=differences) if differences else None


def _differences(expected: Any, got: Any, path: str) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in (*expected, *(key for key in got if key not in expected)):
            place = f"{path}.{key}" if path else key
            if key in expected and key in got:
                yield from _differences(expected[key], got[key], place)
            elif key in expected:
                yield Difference(path=place, expected=_short(json.dumps(expected[key])), got=None)
            else:
                yield Difference(path=place, expected=None, got=_short(json.dumps(got[key])))
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for n, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from _differences(one, other, f"{path}[{n}]")
    # In Python True equals 1; in JSON it does not.
    elif isinstance(expected, bool) is not isinstance(got, bool) or expected != got:
        yield Difference(path=path, expected=_short(json.dumps(expected)), got=_short(json.dumps(got)))


def report(failures: Iterable[Failure], total: int) -> str:
    """Return what `check` found as plain text for people; `total` is the number of vectors asked.

    >>> print(report((), 92))
    All 92 vectors agree.
    """
    paragraphs: list[str] = []
    found = tuple(failures)
    for failure in found:
        if failure.vector is None:
            paragraphs.append(f"The run: {failure.problem}.")
            continue
        lines = [
            f"{failure.name}  {', '.join(failure.rules)}",
            f"  {failure.vector.why}",
            f"  Source: {failure.source}",
            f"  {failure.problem}{':' if failure.differences else ''}",
            *(f"    {difference}" for difference in failure.differences),
        ]
        paragraphs.append("\n".join(lines))
    wrong = sum(failure.vector is not None for failure in found)
    if not found:
        paragraphs.append(f"All {total} vectors agree.")
    elif wrong:
        paragraphs.append(f"{wrong} of {total} vectors failed.")
    else:
        paragraphs.append("The answers that came agree, but the run as a whole failed.")
    return "\n\n".join(paragraphs)


@attrs.frozen(kw_only=True)
class _Run:
    """What a program did: its exit status, or `None` and why it was `ended`, and what it wrote."""

    status: int | None
    ended: str
    output: str
    complaint: str


def _run(command: Sequence[str], text: str, timeout: float) -> _Run:
    """Return what `command` does when it is given `text`."""
    if isinstance(command, str) or not command:
        remedy = 'give a list such as ["python", "-m", "workdiary", "evaluate"]'
        raise InvalidValue("command", command, "is not a program with its arguments", remedy)
    # Files, not pipes: a program that never reads, or leaves a child behind, cannot block us.
    with TemporaryFile() as given, TemporaryFile() as answered, TemporaryFile() as complained:
        given.write(text.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - running the caller's program is the purpose
                list(command), stdin=given, stdout=answered, stderr=complained, start_new_session=True
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            remedy = "check its name and that it may be run"
            raise InvalidValue("command", command[0], f"cannot be started ({reason})", remedy) from None
        try:
            ended = _wait(process, (answered.fileno(), complained.fileno()), timeout)
        finally:
            _end(process)
        answered.seek(0)
        complained.seek(0)
        return _Run(
            status=None if ended else process.returncode,
            ended=ended,
            output=answered.read(_MOST_OUTPUT).decode(errors="replace"),
            complaint=complained.read(_MOST_OUTPUT).decode(errors="replace"),
        )


def _wait(process: subprocess.Popen[bytes], files: Sequence[int], timeout: float) -> str:
    """Return why `process` must be ended, or an empty text once it has ended by itself."""
    deadline = monotonic() + timeout
    while True:
        left = deadline - monotonic()
        try:
            process.wait(max(0.0, min(left, 0.1)))
        except subprocess.TimeoutExpired:
            if any(os.fstat(file).st_size > _MOST_OUTPUT for file in files):
                return f"it wrote more than {_MOST_OUTPUT} bytes"
            if left <= 0:
                return f"it ran for more than {timeout:g} seconds"
        else:
            return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End `process` when it still runs, and with it the children of its session where there are sessions."""
    if process.poll() is None:
        # It may end by itself at this very moment.
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        process.wait()


def _short(text: str, longest: int = 200) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
