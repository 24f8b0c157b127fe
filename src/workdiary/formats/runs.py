"""Runs of native JSON: consecutive segments that share source, memo and label, read and written.

Ten years of one diary are some twenty thousand runs, so the reading is careful with time: paths are
made only for errors, and whole lists of bare numbers are looked at together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from types import NoneType
from typing import Any, Final, TypeAlias, cast

import attrs

from workdiary.errors import DocumentError, WorkdiaryError
from workdiary.formats.reading import entries, field, object_of, slot_of, text_of
from workdiary.model.activity import MINUTES, Activity
from workdiary.model.segment import Segment, Snapshot, Source, check_text, checked_segment, checked_snapshot
from workdiary.model.sheet import TRACKED, Sheet, SheetBuilder
from workdiary.model.slots import SECONDS_PER_SLOT, WIDEST, Slot
from workdiary.model.text import label_or_none
from workdiary.model.times import Instant, Week, slot_start

__all__ = ["MaximalRuns", "Run", "maximal", "read_run", "runs_of_segments", "sheet_of_runs", "write_run"]

Shots: TypeAlias = "int | tuple[Any, ...] | None"
"""A segment's snapshots: none, one at a second, or several, each a second, `None`, or a second and a digest."""


@attrs.frozen(kw_only=True)
class Run:
    """Consecutive segments that share source, memo and label, as the file holds them, checked."""

    start: Slot
    stop: Slot
    source: Source
    memo: str
    label: str | None
    activity: tuple[Activity | int | None, ...]
    snapshots: tuple[Shots, ...]

    @property
    def meters(self) -> Sequence[int | None]:
        """The meter of each segment, `None` when unknown; empty for a run that has none at all."""
        try:
            return bytes(cast("tuple[int, ...]", self.activity))  # numbers alone, as in most runs
        except TypeError:
            return [counts.meter if isinstance(counts, Activity) else counts for counts in self.activity]

    def part(self, start: int, stop: int) -> Run:
        """Return the run of those slots that lie from `start` on and before `stop`, of which there is one or more."""
        if start <= self.start and self.stop <= stop:
            return self
        start, stop = max(start, self.start), min(stop, self.stop)
        low, high = start - self.start, stop - self.start
        return _normal(
            attrs.evolve(
                self,
                start=Slot(start),
                stop=Slot(stop),
                activity=self.activity[low:high],
                snapshots=self.snapshots[low:high],
            )
        )

    def mark(self, builder: SheetBuilder) -> None:
        """Add the run, which lies in the builder's week, to its sheet."""
        builder.add_run(
            range(self.start, self.stop),
            source=self.source,
            memo=self.memo,
            label=self.label,
            meters=self.meters,
            snapshots=[shots is not None for shots in self.snapshots],
        )

    def segments(self) -> Iterator[Segment]:
        """Yield the segments one by one."""
        source, memo, label = self.source, self.memo, self.label
        nothing = (None,) * (self.stop - self.start)
        each = zip(range(self.start, self.stop), self.activity or nothing, self.snapshots or nothing, strict=True)
        for slot, counts, shots in each:
            yield checked_segment(
                Slot(slot),
                source,
                memo,
                label,
                Activity.of_meter(counts) if type(counts) is int else cast("Activity | None", counts),
                _snapshots_at(shots, slot),
            )


def _snapshots_at(shots: Shots, slot: int) -> tuple[Snapshot, ...]:
    if type(shots) is int:
        return (checked_snapshot(Instant(slot * SECONDS_PER_SLOT + shots), None),)
    return tuple([_snapshot(shot, slot) for shot in shots]) if isinstance(shots, tuple) else ()


_KEYS: Final = {"from", "to", "source", "memo", "label", "activity", "snapshots"}
_SOURCES: Final = {source.value: source for source in Source}


def read_run(item: object) -> Run:
    """Return the run that a parsed object describes; raises with the path below it."""
    given = object_of(item, "")
    start, stop = slot_of(field(given, "from", ""), "from"), slot_of(field(given, "to", ""), "to")
    if not given.keys() <= _KEYS:
        key = min(given.keys() - _KEYS)
        raise DocumentError(key, key, "is not a known key", f"known: {', '.join(sorted(_KEYS))}")
    if stop <= start:
        raise DocumentError("to", str(slot_start(stop)), "is not after from", "swap the two")
    if stop - start > WIDEST:
        raise DocumentError("to", str(slot_start(stop)), "makes the run longer than any diary", "check the year")
    source = _SOURCES.get(text_of(field(given, "source", ""), "source"))
    if source is None:
        raise DocumentError("source", given["source"], "is not tracked or manual", "choose one")
    memo, label = text_of(field(given, "memo", ""), "memo"), given.get("label")
    check_text(memo, "memo")
    if label is not None:
        check_text(text_of(label, "label"), "label")
    run = Run(
        start=start,
        stop=stop,
        source=source,
        memo=memo,
        label=label_or_none(label),
        activity=_activities(_each(given, "activity", stop - start)),
        snapshots=_snapshots(_each(given, "snapshots", stop - start)),
    )
    if source is Source.MANUAL and (run.activity or run.snapshots):
        key = "activity" if run.activity else "snapshots"
        raise DocumentError(key, "a list", "cannot belong to manual time (MANUAL-1)", "give null")
    return run


def _each(given: dict[str, Any], key: str, length: int) -> list[Any]:
    """Return what a run says of each of its segments; nothing for null."""
    each = given.get(key)
    if each is None:
        return []
    if not isinstance(each, list) or len(each) != length:
        size = len(each) if isinstance(each, list) else each
        raise DocumentError(key, size, f"is not a list of {length}, one item a segment", "give null for none at all")
    return each


_PLAIN: Final = {int, NoneType}
_METERS: Final = frozenset({None, *range(MINUTES + 1)})
_SECONDS: Final = frozenset({None, *range(SECONDS_PER_SLOT)})


def _activities(given: list[Any]) -> tuple[Activity | int | None, ...]:
    # Bare meters are most of a long diary: looked at together, and kept as they are.
    if set(map(type, given)) <= _PLAIN and _METERS.issuperset(given):
        return tuple(given)
    return tuple([_activity(item, f"activity[{n}]") for n, item in enumerate(given)])


def _activity(given: Any, path: str) -> Activity | int | None:
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


def _snapshots(given: list[Any]) -> tuple[Shots, ...]:
    # One snapshot a segment, at a known second, is the rule.
    if set(map(type, given)) <= _PLAIN and _SECONDS.issuperset(given):
        return tuple(given)
    found: list[Shots] = []
    for n, shots in enumerate(given):
        path = f"snapshots[{n}]"
        if isinstance(shots, list):
            found.append(_shortest(tuple([_shot_in(shot, place) for shot, place in entries(shots, path)])))
        else:
            _check_second(shots, path)
            found.append(shots)
    return tuple(found)


def _shot_in(shot: Any, path: str) -> Any:
    if not isinstance(shot, dict):
        _check_second(shot, path)
        return shot
    if shot.keys() != {"at", "digest"} or not isinstance(shot["digest"], str):
        raise DocumentError(path, shot, "is not a snapshot", 'give {"at": second, "digest": text}')
    _check_second(shot["at"], f"{path}.at")
    return shot["at"], shot["digest"]


def _check_second(given: Any, path: str) -> None:
    if type(given) not in _PLAIN or given not in _SECONDS:
        raise DocumentError(path, given, "is not a second of the segment", "give 0 to 599, or null when unknown")


def _snapshot(shot: Any, slot: int) -> Snapshot:
    second, digest = shot if isinstance(shot, tuple) else (shot, None)
    return Snapshot(at=None if second is None else Instant(slot_start(slot) + second), digest=digest)


def runs_of_segments(ordered: Iterable[Segment]) -> Iterator[Run]:
    """Yield ordered segments as maximal runs."""
    run: list[Segment] = []
    for segment in ordered:
        if run:
            last = run[-1]
            continues = (
                segment.slot == last.slot + 1
                and segment.source is last.source
                and segment.memo == last.memo
                and segment.label == last.label
            )
            if not continues:
                yield _run_of(run)
                run = []
        run.append(segment)
    if run:
        yield _run_of(run)


class MaximalRuns(tuple[Run, ...]):
    """Runs in time order, as long as they can be and in their one form, so that equal segments have equal runs.

    Made by `maximal`, of runs that were read or made of segments: whoever is handed them need not look at them again.
    """

    __slots__ = ()


def maximal(runs: Iterable[Run]) -> MaximalRuns:
    """Return `runs`, which were read or made of segments, as maximal ones; most are, and no segment is made."""
    found = sorted(map(_normal, runs), key=attrgetter("start"))
    joins = any(
        one.stop == other.start and one.source is other.source and one.memo == other.memo and one.label == other.label
        for one, other in pairwise(found)
    )
    return MaximalRuns(runs_of_segments(segment for run in found for segment in run.segments()) if joins else found)


def _normal(run: Run) -> Run:
    activity, snapshots = run.activity, run.snapshots
    if Activity in map(type, activity):
        activity = tuple([_activity_out(counts) if isinstance(counts, Activity) else counts for counts in activity])
    if activity.count(None) == len(activity):
        activity = ()
    if snapshots.count(None) == len(snapshots):
        snapshots = ()
    if activity is run.activity and snapshots is run.snapshots:
        return run
    return attrs.evolve(run, activity=activity, snapshots=snapshots)


def _run_of(segments: list[Segment]) -> Run:
    first = segments[0]
    activity = tuple([_activity_out(segment.activity) for segment in segments])
    snapshots = tuple([_shots_out(segment.snapshots) for segment in segments])
    return Run(
        start=first.slot,
        stop=Slot(first.slot + len(segments)),
        source=first.source,
        memo=first.memo,
        label=first.label,
        activity=activity if any(counts is not None for counts in activity) else (),
        snapshots=snapshots if any(shots is not None for shots in snapshots) else (),
    )


def _activity_out(activity: Activity | None) -> Activity | int | None:
    # A bare meter is written, and read again, as its number.
    if activity is None:
        return None
    bare = Activity.of_meter(activity.meter)
    return activity.meter if activity is bare or activity == bare else activity


def _shots_out(snapshots: tuple[Snapshot, ...]) -> Shots:
    if len(snapshots) == 1 and snapshots[0].digest is None and snapshots[0].at is not None:
        return snapshots[0].at % SECONDS_PER_SLOT  # one at a known second, as in most segments
    return _shortest(tuple(map(_snapshot_out, snapshots)))


def _shortest(shots: tuple[Any, ...]) -> Shots:
    """Return the one form that equal snapshots have: one at a known second goes without brackets.

    A null alone would read as none, so an unknown moment keeps them.
    """
    return shots[0] if len(shots) == 1 and isinstance(shots[0], int) else shots or None


def _snapshot_out(snapshot: Snapshot) -> Any:
    second = None if snapshot.at is None else snapshot.at % SECONDS_PER_SLOT
    return second if snapshot.digest is None else (second, snapshot.digest)


def sheet_of_runs(runs: Iterable[Run], week: Week) -> Sheet:
    """Return the sheet of `runs` that lie in `week`; raises `OverlapError` when two share a slot."""
    builder = SheetBuilder(week)
    start = week.start
    kinds, meters, snapshot, memos = builder.kinds, builder.meters, builder.snapshot, builder.memos
    for run in runs:
        place = run.start - start
        if run.stop - run.start != 1 or run.label is not None or run.source is not Source.TRACKED or kinds[place]:
            run.mark(builder)
            continue
        # One segment a run is what a live tracker sends: a hundred thousand in ten years.
        kinds[place] = TRACKED
        if run.activity:
            counts = run.activity[0]
            meters[place] = cast("int", counts.meter if isinstance(counts, Activity) else counts)
        if run.snapshots:
            snapshot[place] = 1
        memos[run.memo] = memos.get(run.memo, 0) | 1 << place
    return builder.sheet()


def write_run(run: Run) -> dict[str, Any]:
    """Return `run` as the object that the file holds; `read_run` gives back an equal one."""
    return {
        "from": str(slot_start(run.start)),
        "to": str(slot_start(run.stop)),
        "source": run.source.value,
        "memo": run.memo,
        "label": run.label,
        "activity": _plain(run.activity, _plain_activity),
        "snapshots": _plain(run.snapshots, _plain_shots),
    }


def _plain(each: tuple[Any, ...], of: Callable[[Any], Any]) -> list[Any] | None:
    return ([*each] if set(map(type, each)) <= _PLAIN else [of(item) for item in each]) or None


def _plain_shots(shots: Shots) -> Any:
    if not isinstance(shots, tuple):
        return shots
    return [{"at": shot[0], "digest": shot[1]} if isinstance(shot, tuple) else shot for shot in shots]


def _plain_activity(counts: Activity | int | None) -> Any:
    if not isinstance(counts, Activity):
        return counts
    if counts.counts is not None:
        return counts.counts
    known = ((name, getattr(counts, name)) for name in _TOTALS)
    return {"meter": counts.meter, **{name: total for name, total in known if total is not None}}
