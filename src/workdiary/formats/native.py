"""The native JSON: contracts with their recorded segments, versioned, exact in both directions.

::

    {"format": "workdiary", "version": 1,
     "contracts": [{"contract": {"id": "c-1", …}, "policy": "upwork",
                    "segments": [{"from": "2026-11-18T09:10:00Z", "to": "2026-11-18T09:30:00Z",
                                  "source": "tracked", "memo": "Fix the login form", "label": null,
                                  "activity": [7, null], "snapshots": [247, null]}]}]}

A run holds consecutive segments of one source, memo and label. `activity` and `snapshots` have one
item a segment, or are null for a run that has none at all. An activity is a meter, an object with a
meter and known totals, ten minutes of ``[keystrokes, clicks, scrolls]``, or null when unknown. A
snapshot is its second within the segment, 0 to 599, or null for none; a list holds several, each a
second, null where the moment is unknown, or ``{"at": second, "digest": text}``.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import attrs

from workdiary import policies
from workdiary.errors import DocumentError, OrderError, OverlapError, Problems, WorkdiaryError
from workdiary.files import read_bytes, write_bytes
from workdiary.formats.reading import entries, field, parse_json
from workdiary.formats.runs import Run, read_run, runs_of_segments, write_run
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment
from workdiary.model.sheet import Sheet, SheetBuilder
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, Week, slot_start
from workdiary.plain import destructure, structure

__all__ = ["VERSION", "Record", "dumps", "loads", "read", "write"]

FORMAT: Final = "workdiary"
VERSION: Final = 1
"""The version of the format that is written, and the only one that is read."""


@attrs.frozen(kw_only=True)
class Record:
    """One contract's recorded diary: the contract, the policy that it is under, the segments.

    `policy` is a preset's name, to be taken as it stood at each week's start, or a whole policy.
    """

    contract: Contract
    policy: str | Policy
    runs: tuple[Run, ...] = attrs.field(repr=False)

    @classmethod
    def of(cls, contract: Contract, policy: str | Policy, segments: Iterable[Segment]) -> Record:
        """Return the record of `segments`, in any order, one a slot."""
        ordered = sorted(segments, key=lambda segment: segment.slot)
        for earlier, later in pairwise(ordered):
            if earlier.slot == later.slot:
                raise OverlapError("segments", str(later.starts_at), "has two segments", "keep one of them")
        return cls(contract=contract, policy=policy, runs=tuple(runs_of_segments(ordered)))

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Every segment, in time order."""
        return tuple(segment for run in self.runs for segment in run.segments())

    def policy_at(self, week_start: Instant) -> Policy:
        """Return the policy in force at `week_start`: a week is judged by that of its start, for ever."""
        return policies.get(self.policy, at=week_start) if isinstance(self.policy, str) else self.policy

    def weeks(self, policy: Policy | None = None) -> Iterator[tuple[Week, Sheet]]:
        """Yield each week that has any segment, with its sheet, in time order.

        Reads runs, not segments, which makes it the fast way through years of diary.
        """
        calendar = policy or (self.policy if isinstance(self.policy, Policy) else policies.get(self.policy))
        builder: SheetBuilder | None = None
        week: Week | None = None
        for run in self.runs:
            start = run.start
            while start < run.stop:
                if week is None or builder is None or start >= week.stop:
                    if week is not None and builder is not None:
                        yield week, builder.sheet()
                    week = calendar.week_of_slot(start)
                    builder = SheetBuilder(week)
                stop = min(run.stop, week.stop)
                run.part(start, stop).mark(builder)
                start = stop
        if week is not None and builder is not None:
            yield week, builder.sheet()


def read(path: str | Path) -> tuple[Record, ...]:
    """Return the records in the file at `path`; every error names the file and the place in it."""
    try:
        return loads(read_bytes(path))
    except WorkdiaryError as error:
        raise error if error.argument == str(path) else error.under(f"{path}: ") from None


def write(path: str | Path, records: Iterable[Record]) -> None:
    """Write `records` to the file at `path`, whole or not at all; `read` gives back equal ones.

    Raises `DocumentError`, naming the file, when it cannot be written; what was there is then untouched.
    """
    write_bytes(path, dumps(records).encode("ascii"))


def dumps(records: Iterable[Record]) -> str:
    """Return `records` as JSON text in ASCII, one run a line.

    Other characters are escaped, so that half of a surrogate pair, which UTF-8 cannot hold, is kept too.
    Raises `DocumentError` when two records are of one contract.
    """
    contracts = []
    ids: dict[str, str] = {}
    for n, record in enumerate(records):
        refuse_twice(record.contract, ids, f"contracts[{n}]", "contract.id")
        policy = record.policy if isinstance(record.policy, str) else destructure(record.policy)
        head = json.dumps({"contract": destructure(record.contract), "policy": policy}, indent=1)
        runs = ",\n  ".join(json.dumps(write_run(run)) for run in record.runs)
        contracts.append(f'{head[:-2]},\n "segments": [\n  {runs}\n ]}}')
    body = ",\n".join(contracts)
    return f'{{"format": "{FORMAT}", "version": {VERSION}, "contracts": [\n{body}\n]}}\n'


def loads(text: str | bytes) -> tuple[Record, ...]:
    """Return the records that native JSON `text` holds.

    Raises `Problems` with everything that is wrong, each with its path, a contract that stands twice
    among it, for it would be billed twice; and `DocumentError` for text
    that is no JSON, of another format, or of a newer version.
    """
    document = parse_json(text, "document")
    if not isinstance(document, dict):
        raise DocumentError("document", document, "is not an object", "write it in braces")
    if field(document, "format", "") != FORMAT:
        raise DocumentError("format", document["format"], "is not workdiary's", 'import it, or write "workdiary"')
    version = field(document, "version", "")
    if type(version) is not int or version != VERSION:  # true and 1.0 equal 1
        raise DocumentError(
            "version", version, f"is not {VERSION}, the one known here", "update workdiary, or export again"
        )
    found: list[Record] = []
    problems: list[WorkdiaryError] = []
    ids: dict[str, str] = {}
    for entry, path in entries(field(document, "contracts", ""), "contracts"):
        try:
            record = _record(entry, path)
            refuse_twice(record.contract, ids, path, "contract.id")
            found.append(record)
        except WorkdiaryError as error:
            problems.extend(error.each)
    if problems:
        raise Problems("", problems)
    return tuple(found)


def refuse_twice(contract: Contract, seen: dict[str, str], path: str, key: str) -> None:
    """Note in `seen` that `contract` stands at `path`; raise `DocumentError` when it has stood elsewhere before."""
    first = seen.setdefault(contract.id, path)
    if first != path:
        allowed = f"stands twice, it is in {first} too"
        raise DocumentError(f"{path}.{key}", contract.id, allowed, "keep one of them, or give each its own id")


def _record(entry: object, path: str) -> Record:
    contract = structure(field(entry, "contract", path), Contract, f"{path}.contract")
    policy = field(entry, "policy", path)
    if isinstance(policy, str):
        try:
            policies.get(policy)
        except WorkdiaryError as error:
            raise error.under(path) from None
    else:
        policy = structure(policy, Policy, f"{path}.policy")
    given = field(entry, "segments", path)
    entries(given, f"{path}.segments")
    problems: list[WorkdiaryError] = []
    runs: list[Run] = []
    places: list[int] = []
    for n, item in enumerate(given):
        try:
            run = read_run(item)
            if runs and run.start < runs[-1].stop:
                raise _misplaced(run, runs, places, f"{path}.segments")
            runs.append(run)
            places.append(n)
        except WorkdiaryError as error:
            problems.append(error.under(f"{path}.segments[{n}]"))
    if problems:
        raise Problems("", problems)
    return Record(contract=contract, policy=policy, runs=tuple(runs))


def _misplaced(run: Run, runs: Sequence[Run], places: Sequence[int], path: str) -> WorkdiaryError:
    """Return what is wrong with a run that starts before the last of `runs`, which stood at `places`, ends."""
    # Of the runs, in order as they are, the first that ends after this one starts is the first that it can meet.
    n = bisect_right(runs, run.start, key=lambda earlier: earlier.stop)
    earlier = runs[n]
    if earlier.start < run.stop:
        shared = str(slot_start(Slot(max(earlier.start, run.start))))
        allowed = f"has two segments, this one and that of {path}[{places[n]}]"
        return OverlapError("", shared, allowed, "keep one of them")
    return OrderError("from", str(slot_start(run.start)), "is not after the run before it", "order the runs by time")
