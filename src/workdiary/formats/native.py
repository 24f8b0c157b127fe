"""The native JSON: contracts with their recorded segments, versioned, exact in both directions.

::

    {"format": "workdiary", "version": 1,
     "contracts": [{"contract": {"id": "c-1", …}, "policy": "upwork",
                    "segments": [{"from": "2026-11-18T09:10:00Z", "to": "2026-11-18T09:30:00Z",
                                  "source": "tracked", "memo": "Fix the login form", "label": null,
                                  "activity": [7, null], "snapshots": [[247], []]}]}]}

A run holds consecutive segments of one source, memo and label. `activity` and `snapshots` have one
item a segment, or are null for a run that has none at all. An activity is a meter, an object with a
meter and known totals, ten minutes of ``[keystrokes, clicks, scrolls]``, or null when unknown. A
snapshot is its second within the segment, null where the moment is unknown, or an object with the
picture's digest.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, pairwise
from pathlib import Path
from types import NoneType
from typing import Any, Final

import attrs

from workdiary import policies
from workdiary.errors import NOTHING, DocumentError, OverlapError, Problems, WorkdiaryError
from workdiary.formats.reading import LARGEST, entries, field, parse_json, slot_of, text_of
from workdiary.model.activity import MINUTES, Activity
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment, Snapshot, Source, check_text
from workdiary.model.sheet import Sheet, SheetBuilder
from workdiary.model.slots import SECONDS_PER_SLOT, Slot, Slots
from workdiary.model.times import Instant, Week, slot_start
from workdiary.plain import destructure, structure

__all__ = ["VERSION", "Record", "dumps", "loads", "read", "write"]

FORMAT: Final = "workdiary"
VERSION: Final = 1
"""The version of the format that is written, and the only one that is read."""


@attrs.frozen(kw_only=True)
class Run:
    """Consecutive segments that share source, memo and label, as the file holds them, checked."""

    start: Slot
    stop: Slot
    source: Source
    memo: str
    label: str | None
    activity: tuple[Activity | int | None, ...]
    snapshots: tuple[tuple[Any, ...], ...]

    def segments(self) -> Iterator[Segment]:
        """Yield the segments one by one."""
        shots: Iterable[tuple[Any, ...]] = self.snapshots or ((),) * (self.stop - self.start)
        activity = self.activity or (None,) * (self.stop - self.start)
        for slot, counts, seen in zip(range(self.start, self.stop), activity, shots, strict=True):
            yield Segment(
                slot=Slot(slot),
                source=self.source,
                memo=self.memo,
                label=self.label,
                activity=Activity.of_meter(counts) if isinstance(counts, int) else counts,
                snapshots=tuple(_snapshot(shot, slot) for shot in seen),
            )


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
        return cls(contract=contract, policy=policy, runs=tuple(_runs(ordered)))

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
                low, high = start - run.start, stop - run.start
                builder.add_run(
                    range(start, stop),
                    source=run.source,
                    memo=run.memo,
                    label=run.label,
                    meters=[
                        counts.meter if isinstance(counts, Activity) else counts for counts in run.activity[low:high]
                    ],
                    snapshots=[bool(shots) for shots in run.snapshots[low:high]],
                )
                start = stop
        if week is not None and builder is not None:
            yield week, builder.sheet()


def read(path: str | Path) -> tuple[Record, ...]:
    """Return the records in the file at `path`; raises `Problems` with everything that is wrong in it."""
    place = Path(path)
    try:
        size = place.stat().st_size
        if size > LARGEST:
            raise DocumentError(str(path), f"{size} bytes", f"is over the limit of {LARGEST}", "split it by year")
        return loads(place.read_bytes())
    except OSError as error:
        raise DocumentError(str(path), NOTHING, f"cannot be read ({error.strerror})", "check the path") from None


def write(path: str | Path, records: Iterable[Record]) -> None:
    """Write `records` to the file at `path`; `read` gives back equal ones."""
    Path(path).write_text(dumps(records), encoding="utf-8")


def dumps(records: Iterable[Record]) -> str:
    """Return `records` as JSON text, one run a line."""
    contracts = []
    for record in records:
        policy = record.policy if isinstance(record.policy, str) else destructure(record.policy)
        head = json.dumps({"contract": destructure(record.contract), "policy": policy}, ensure_ascii=False, indent=1)
        runs = ",\n  ".join(json.dumps(_run_out(run), ensure_ascii=False) for run in record.runs)
        contracts.append(f'{head[:-2]},\n "segments": [\n  {runs}\n ]}}')
    body = ",\n".join(contracts)
    return f'{{"format": "{FORMAT}", "version": {VERSION}, "contracts": [\n{body}\n]}}\n'


def loads(text: str | bytes) -> tuple[Record, ...]:
    """Return the records that native JSON `text` holds.

    Raises `Problems` with everything that is wrong, each with its path, and `DocumentError` for text
    that is no JSON, of another format, or of a newer version.
    """
    document = parse_json(text, "document")
    if field(document, "format", "") != FORMAT:
        raise DocumentError("format", document["format"], "is not workdiary's", 'import it, or write "workdiary"')
    if field(document, "version", "") != VERSION:
        raise DocumentError(
            "version", document["version"], f"is not {VERSION}, the one known here", "update workdiary, or export again"
        )
    found: list[Record] = []
    problems: list[WorkdiaryError] = []
    for entry, path in entries(field(document, "contracts", ""), "contracts"):
        try:
            found.append(_record(entry, path))
        except Problems as several:
            problems.extend(several)
        except WorkdiaryError as one:
            problems.append(one)
    if problems:
        raise Problems("", problems)
    return tuple(found)


def _record(entry: object, path: str) -> Record:
    contract = structure(field(entry, "contract", path), Contract, f"{path}.contract")
    policy = field(entry, "policy", path)
    if isinstance(policy, str):
        policies.get(policy)
    else:
        policy = structure(policy, Policy, f"{path}.policy")
    problems: list[WorkdiaryError] = []
    runs: list[Run] = []
    for given, place in entries(field(entry, "segments", path), f"{path}.segments"):
        try:
            run = _run_in(given, place)
            if runs and run.start < runs[-1].stop:
                raise OverlapError(
                    f"{place}.from",
                    str(slot_start(run.start)),
                    "is not after the run before it",
                    "order the runs by time",
                )
            runs.append(run)
        except WorkdiaryError as error:
            problems.append(error)
    if problems:
        raise Problems("", problems)
    return Record(contract=contract, policy=policy, runs=tuple(runs))


_KEYS: Final = {"from", "to", "source", "memo", "label", "activity", "snapshots"}
_SOURCES: Final = {source.value: source for source in Source}


def _run_in(given: object, path: str) -> Run:
    start, stop = slot_of(field(given, "from", path), f"{path}.from"), slot_of(field(given, "to", path), f"{path}.to")
    assert isinstance(given, dict)  # noqa: S101 - field has looked
    if given.keys() - _KEYS:
        key = min(given.keys() - _KEYS)
        raise DocumentError(f"{path}.{key}", key, "is not a known key", f"known: {', '.join(sorted(_KEYS))}")
    if stop <= start:
        raise DocumentError(f"{path}.to", str(slot_start(stop)), "is not after from", "swap the two")
    Slots.range(start, stop)  # refuses a run wider than any diary
    source = _SOURCES.get(text_of(field(given, "source", path), f"{path}.source"))
    if source is None:
        raise DocumentError(f"{path}.source", given["source"], "is not tracked or manual", "choose one")
    label = given.get("label")
    run = Run(
        start=start,
        stop=stop,
        source=source,
        memo=text_of(field(given, "memo", path), f"{path}.memo"),
        label=None if label is None else text_of(label, f"{path}.label"),
        activity=_activities_in(_each(given.get("activity"), f"{path}.activity", stop - start), f"{path}.activity"),
        snapshots=_snapshots_in(_each(given.get("snapshots"), f"{path}.snapshots", stop - start), f"{path}.snapshots"),
    )
    if source is Source.MANUAL and (run.activity or run.snapshots):
        key = "activity" if run.activity else "snapshots"
        raise DocumentError(f"{path}.{key}", "a list", "cannot belong to manual time (MANUAL-1)", "give null")
    check_text(run.memo, f"{path}.memo")
    if run.label is not None:
        check_text(run.label, f"{path}.label")
    return run


_PLAIN: Final = {int, NoneType}


def _each(given: object, path: str, length: int) -> list[Any]:
    """Return what a run says of each of its segments; nothing for null."""
    if given is None:
        return []
    if not isinstance(given, list) or len(given) != length:
        size = len(given) if isinstance(given, list) else given
        raise DocumentError(path, size, f"is not a list of {length}, one item a segment", "give null for none at all")
    return given


def _activities_in(given: list[Any], path: str) -> tuple[Activity | int | None, ...]:
    # Bare meters are most of a long diary: looked at together, and kept as they are.
    if set(map(type, given)) <= _PLAIN and _METERS.issuperset(given):
        return tuple(given)
    return tuple([_activity_in(item, f"{path}[{n}]") for n, item in enumerate(given)])


_METERS: Final = frozenset({None, *range(MINUTES + 1)})


def _activity_in(given: Any, path: str) -> Activity | int | None:
    if given is None or (type(given) is int and given in _METERS):
        return given
    try:
        if isinstance(given, dict):
            unknown = given.keys() - set(_TOTALS) - {"meter"}
            if unknown:
                raise DocumentError(
                    min(unknown), min(unknown), "is not a known key", f"known: meter, {', '.join(_TOTALS)}"
                )
            field(given, "meter", "")
            return Activity(**given)
        if isinstance(given, list):
            return Activity.of_minutes(given)
        return Activity.of_meter(given)
    except WorkdiaryError as error:
        raise error.under(path) from None


_TOTALS: Final = ("keystrokes", "clicks", "scrolls", "mouse_events")


def _snapshots_in(given: list[Any], path: str) -> tuple[tuple[Any, ...], ...]:
    if set(map(type, given)) <= {list}:
        seconds = list(chain.from_iterable(given))
        if set(map(type, seconds)) <= _PLAIN and _SECONDS.issuperset(seconds):
            return tuple(map(tuple, given))
    for n, shots in enumerate(given):
        for shot, place in entries(shots, f"{path}[{n}]"):
            if isinstance(shot, dict):
                if shot.keys() != {"at", "digest"} or not isinstance(shot["digest"], str):
                    raise DocumentError(place, shot, "is not a snapshot", 'give {"at": second, "digest": text}')
                _check_second(shot["at"], f"{place}.at")
            else:
                _check_second(shot, place)
    return tuple(map(tuple, given))


_SECONDS: Final = frozenset({None, *range(SECONDS_PER_SLOT)})


def _check_second(given: Any, path: str) -> None:
    if type(given) not in _PLAIN or given not in _SECONDS:
        raise DocumentError(path, given, "is not a second of the segment", "give 0 to 599, or null when unknown")


def _snapshot(shot: Any, slot: int) -> Snapshot:
    second, digest = (shot["at"], shot["digest"]) if isinstance(shot, dict) else (shot, None)
    return Snapshot(at=None if second is None else Instant(slot_start(slot) + second), digest=digest)


def _runs(ordered: Iterable[Segment]) -> Iterator[Run]:
    """Yield ordered segments as maximal runs."""

    def kind(numbered: tuple[int, Segment]) -> tuple[int, Source, str, str | None]:
        place, segment = numbered
        return segment.slot - place, segment.source, segment.memo, segment.label

    for _, group in groupby(enumerate(ordered), key=kind):
        segments = [segment for _, segment in group]
        first = segments[0]
        activity = tuple(_activity_out(segment.activity) for segment in segments)
        snapshots = tuple(tuple(map(_snapshot_out, segment.snapshots)) for segment in segments)
        yield Run(
            start=first.slot,
            stop=Slot(first.slot + len(segments)),
            source=first.source,
            memo=first.memo,
            label=first.label,
            activity=activity if any(counts is not None for counts in activity) else (),
            snapshots=snapshots if any(snapshots) else (),
        )


def _activity_out(activity: Activity | None) -> Activity | int | None:
    # A bare meter is written, and read again, as its number.
    return activity.meter if activity is not None and activity == Activity.of_meter(activity.meter) else activity


def _snapshot_out(snapshot: Snapshot) -> Any:
    second = None if snapshot.at is None else snapshot.at % SECONDS_PER_SLOT
    return second if snapshot.digest is None else {"at": second, "digest": snapshot.digest}


def _run_out(run: Run) -> dict[str, Any]:
    return {
        "from": str(slot_start(run.start)),
        "to": str(slot_start(run.stop)),
        "source": run.source.value,
        "memo": run.memo,
        "label": run.label,
        "activity": [_plain_activity(counts) for counts in run.activity] or None,
        "snapshots": [list(shots) for shots in run.snapshots] or None,
    }


def _plain_activity(counts: Activity | int | None) -> Any:
    if not isinstance(counts, Activity):
        return counts
    if counts.counts is not None:
        return counts.counts
    known = ((name, getattr(counts, name)) for name in _TOTALS)
    return {"meter": counts.meter, **{name: total for name, total in known if total is not None}}
