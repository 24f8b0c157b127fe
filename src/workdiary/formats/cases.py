"""Cases: the rulebook as JSON, so that a backend in any language can check itself (VECTORS).

A case is one self-contained JSON object of the kind ``credit``, ``week``, ``edits`` or ``dispute``;
its result is another. `evaluate` takes a parsed case, `evaluate_line` a line of text, and neither
lets anything but a `WorkdiaryError` out for a case that cannot be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from workdiary import policies
from workdiary.errors import DocumentError, GridError, InvalidValue, OverlapError, WorkdiaryError
from workdiary.formats.reading import entries, field, parse_json, slot_of, slot_text, text_of
from workdiary.model.activity import Activity
from workdiary.model.contract import Contract, Role
from workdiary.model.edit import AddTime, DeleteTime, Edit, EditLabel, EditMemo, apply
from workdiary.model.money import rate_text
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.sheet import Sheet, SheetBuilder
from workdiary.model.slots import WIDEST, Slot, Slots
from workdiary.model.times import Instant, Week, instant, slot_start
from workdiary.plain import structure
from workdiary.rules.credit import credit
from workdiary.rules.editing import judge
from workdiary.statement import WeekStatement, week_statement

__all__ = ["MOST_SEGMENTS", "evaluate", "evaluate_line", "runs_of"]

MOST_SEGMENTS: Final = 200_000
"""The most recorded segments of one case: four years without a pause."""


def evaluate_line(line: str | bytes) -> dict[str, Any]:
    """Return the result of the case that `line` holds, or ``{"error": …}`` when it cannot be read."""
    try:
        return evaluate(parse_json(line, "case"))
    except WorkdiaryError as error:
        return {"error": str(error)}


def evaluate(case: object) -> dict[str, Any]:
    """Return what the rulebook says about a parsed `case`; its ``expect`` is ignored.

    Raises a `WorkdiaryError` that names the path and the value of what cannot be read.
    """
    if not isinstance(case, dict):
        raise DocumentError("case", case, "is not an object", "write it in braces")
    kind = text_of(field(case, "kind", ""), "kind")
    answer = _KINDS.get(kind)
    if answer is None:
        raise DocumentError("kind", kind, "is not a kind of case", f"choose one of: {', '.join(_KINDS)}")
    return answer(case)


def runs_of(slots: Slots) -> list[list[str]]:
    """Return `slots` as maximal runs of instants, as results print them."""
    return [[slot_text(start), slot_text(stop)] for start, stop in slots.runs()]


def _credit(case: dict[str, Any]) -> dict[str, Any]:
    stretches = [_pair(pair, path) for pair, path in entries(field(case, "stretches", ""), "stretches")]
    snapshots = [instant(shot, path) for shot, path in entries(field(case, "snapshots", ""), "snapshots")]
    return {"credited": runs_of(credit(stretches, snapshots, _policy(case).credit))}


def _pair(pair: object, path: str) -> tuple[Instant, Instant]:
    items = [instant(item, place) for item, place in entries(pair, path)]
    if len(items) != 2:
        raise DocumentError(path, pair, "is not a stretch", "give [from, to]")
    return items[0], items[1]


def _week(case: dict[str, Any]) -> dict[str, Any]:
    return _statement_result(_statement_of(case))


def _statement_of(case: dict[str, Any]) -> WeekStatement:
    policy, contract = _policy(case), _contract(case)
    week = policy.week_of(instant(field(case, "week", ""), "week"))
    return week_statement(contract, _sheet(case, week), week=week, policy=policy)


def _edits(case: dict[str, Any]) -> dict[str, Any]:
    policy, contract = _policy(case), _contract(case)
    week = policy.week_of(instant(field(case, "week", ""), "week"))
    segments: tuple[Segment, ...] = tuple(_segments(case))
    taken = Slots(segment.slot for segment in segments)
    results: list[dict[str, Any]] = []
    for attempt, path in entries(field(case, "attempts", ""), "attempts"):
        at = instant(field(attempt, "at", path), f"{path}.at")
        by = structure(field(attempt, "by", path), Role, f"{path}.by")
        change = _edit(field(attempt, "do", path), f"{path}.do")
        verdict = judge(change, on=contract, segments=taken, by=by, at=at, policy=policy)
        if verdict.allowed:
            segments = apply(change, segments, verdict.changed)
            taken = Slots(segment.slot for segment in segments) if verdict.changed else taken
            results.append({"allowed": True, "changed": runs_of(verdict.changed)})
        else:
            results.append({"allowed": False, "reasons": [code.value for code in verdict.codes]})
    statement = week_statement(contract, segments, week=week, policy=policy)
    return {"attempts": results, "statement": _statement_result(statement)}


def _edit(do: object, path: str) -> Edit:
    kind = text_of(field(do, "type", path), f"{path}.type")
    start, stop = _range(do, path)
    try:
        return _edit_of(kind, do, path, start, stop)
    except InvalidValue as error:
        raise error.under(path) from None


def _edit_of(kind: str, do: object, path: str, start: Slot, stop: Slot) -> Edit:
    if kind == "add_time":
        label = _label(field(do, "label", path), f"{path}.label")
        return AddTime(start=start, stop=stop, memo=text_of(field(do, "memo", path), f"{path}.memo"), label=label)
    if kind == "delete_time":
        return DeleteTime(start=start, stop=stop)
    if kind == "edit_memo":
        return EditMemo(start=start, stop=stop, memo=text_of(field(do, "memo", path), f"{path}.memo"))
    if kind == "edit_label":
        return EditLabel(start=start, stop=stop, label=_label(field(do, "label", path), f"{path}.label"))
    raise DocumentError(
        f"{path}.type", kind, "is not a change", "choose one of: add_time, delete_time, edit_memo, edit_label"
    )


def _dispute(case: dict[str, Any]) -> dict[str, Any]:
    statement = _statement_of(case)
    dispute = field(case, "dispute", "")
    at = instant(field(dispute, "at", "dispute"), "dispute.at")
    pays = field(dispute, "client_pays", "dispute")
    pays = structure(pays, bool, "dispute.client_pays")
    runs = []
    for pair, path in entries(field(dispute, "disputed", "dispute"), "dispute.disputed"):
        edges = [slot_of(edge, place) for edge, place in entries(pair, path)]
        if len(edges) != 2 or edges[0] >= edges[1]:
            raise DocumentError(path, pair, "is not a run", "give [from, to], from before to")
        runs.append((edges[0], edges[1]))
    # What is of another week is ignored (CLAIM-1).
    week = statement.week
    within = ((max(start, week.start), min(stop, week.stop)) for start, stop in runs)
    disputed = Slots.from_runs((start, stop) for start, stop in within if start < stop)
    settlement = statement.settle(disputed, at=at, client_pays=pays)
    if not settlement.allowed:
        return {"allowed": False, "reasons": [reason.code.value for reason in settlement.reasons]}
    amounts = statement.amounts(settlement)
    parts = ("paid", "refunded", "covered", "unpaid")
    return {
        "allowed": True,
        **{part: runs_of(getattr(settlement, part)) for part in parts},
        "amounts": {part: getattr(amounts, part).text for part in parts},
    }


_KINDS: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "credit": _credit,
    "week": _week,
    "edits": _edits,
    "dispute": _dispute,
}


def _policy(case: dict[str, Any]) -> Policy:
    given = field(case, "policy", "")
    if isinstance(given, str):
        try:
            return policies.get(given)
        except WorkdiaryError as error:
            raise error from None
    policy = structure(given, Policy, "policy")
    # TOML has no null, so a file may leave these out; a case gives every key.
    for key in ("min_average_active_minutes", "lifetime_hours", "lifetime_amount"):
        field(given["protection"], key, "policy.protection")
    return policy


def _contract(case: dict[str, Any]) -> Contract:
    given = field(case, "contract", "")
    if isinstance(given, dict):
        # Optional keys may be given as null.
        given = {key: value for key, value in given.items() if value is not None or key not in _OPTIONAL}
        field(given, "status", "contract")
    return structure(given, Contract, "contract")


_OPTIONAL: Final = ("labels", "usual_rate", "already_protected")


@attrs.frozen(kw_only=True)
class _Run:
    """A run of the case, read and checked: what its segments share, and the snapshots of each."""

    start: Slot
    stop: Slot
    like: Segment
    shots: Callable[[int], tuple[Snapshot, ...]]

    def segments(self) -> list[Segment]:
        like, shots = self.like, self.shots
        return [
            Segment(
                slot=Slot(slot),
                source=like.source,
                memo=like.memo,
                label=like.label,
                activity=like.activity,
                snapshots=shots(slot),
            )
            for slot in range(self.start, self.stop)
        ]


def _segments(case: dict[str, Any]) -> list[Segment]:
    """Return the segments of the case's runs, those of other weeks too."""
    return [segment for run in _runs(case) for segment in run.segments()]


def _sheet(case: dict[str, Any], week: Week) -> Sheet:
    """Return the sheet of the case's runs in `week`, without making their segments one by one."""
    builder = SheetBuilder(week)
    for run in _runs(case):
        slots = range(max(run.start, week.start), min(run.stop, week.stop))
        if slots:
            meter = run.like.meter
            builder.add_run(
                slots,
                source=run.like.source,
                memo=run.like.memo,
                label=run.like.label,
                meters=() if meter is None else [meter] * len(slots),
                snapshots=[bool(run.shots(slot)) for slot in slots],
            )
    return builder.sheet()


def _runs(case: dict[str, Any]) -> Iterator[_Run]:
    seen, count = Slots(), 0
    for run, path in entries(field(case, "segments", ""), "segments"):
        start, stop = _range(run, path)
        slots = Slots.range(start, stop)
        count += len(slots)
        if count > MOST_SEGMENTS:
            raise DocumentError(
                path, len(slots), f"segments make more than the {MOST_SEGMENTS} of one case", "split it"
            )
        twice = (seen & slots).start
        if twice is not None:
            raise OverlapError(path, str(slot_start(twice)), "is in an earlier run too", "segments must not overlap")
        try:
            seen = seen | slots
        except InvalidValue as error:
            raise error.under(path) from None
        yield _run(run, path, start, stop)


_SOURCES: Final = {source.value: source for source in Source}
_RUN_KEYS: Final = dict.fromkeys(("from", "to", "source", "memo", "label", "activity", "snapshots")).keys()


def _run(run: Any, path: str, start: Slot, stop: Slot) -> _Run:
    given = field(run, "source", path)
    # Looked up first: sixty runs a case need no converter to read one of two words.
    source = _SOURCES.get(given) if isinstance(given, str) else None
    if source is None:
        source = structure(given, Source, f"{path}.source")
    if not run.keys() <= _RUN_KEYS:
        unknown = sorted(run.keys() - _RUN_KEYS)
        raise DocumentError(f"{path}.{unknown[0]}", unknown[0], "is not a known key", f"known: {', '.join(_RUN_KEYS)}")
    memo = field(run, "memo", path)
    memo = "" if memo is None else text_of(memo, f"{path}.memo")
    label = _label(run.get("label"), f"{path}.label")
    if source is Source.MANUAL:
        return _Run(start=start, stop=stop, like=Segment.manual(start, memo=memo, label=label), shots=lambda _: ())
    activity = _activity(field(run, "activity", path), f"{path}.activity")
    shots = _snapshots(field(run, "snapshots", path), f"{path}.snapshots")
    like = Segment(slot=start, source=source, memo=memo, label=label, activity=activity)
    return _Run(start=start, stop=stop, like=like, shots=shots)


def _activity(given: object, path: str) -> Activity | None:
    if given is None:
        return None
    try:
        if isinstance(given, dict):
            unknown = sorted(given.keys() - {"meter"})
            if unknown:
                raise DocumentError(unknown[0], given[unknown[0]], "is not a known key", "known: meter")
            return Activity.of_meter(field(given, "meter", ""))
        if not isinstance(given, list):
            raise DocumentError("", given, "is not a list of ten minutes", "give them, a meter, or null when unknown")
        return Activity.of_minutes(given)
    except WorkdiaryError as error:
        raise error.under(path) from None


_ONE_SNAPSHOT: Final = (Snapshot(),)


def _snapshots(given: object, path: str) -> Callable[[int], tuple[Snapshot, ...]]:
    """Return the snapshots of each slot: ``true`` is one in every segment, an instant in none is ignored."""
    if given is True:
        return lambda _: _ONE_SNAPSHOT
    by_slot: dict[int, tuple[Snapshot, ...]] = {}
    for shot, place in entries([] if given is None or given is False else given, path):
        at = instant(shot, place)
        by_slot[at.slot] = (*by_slot.get(at.slot, ()), Snapshot(at=at))
    return lambda slot: by_slot.get(slot, ())


def _range(given: object, path: str) -> tuple[Slot, Slot]:
    start = slot_of(field(given, "from", path), f"{path}.from")
    stop = slot_of(field(given, "to", path), f"{path}.to")
    if stop <= start:
        raise GridError(f"{path}.to", str(slot_start(stop)), f"is not after from, {slot_start(start)}", "swap the two")
    if stop - start > WIDEST:
        raise DocumentError(
            f"{path}.to", str(slot_start(stop)), "makes the range longer than any diary", "check the year"
        )
    return start, stop


def _label(given: object, path: str) -> str | None:
    return None if given is None else text_of(given, path)


def _statement_result(statement: WeekStatement) -> dict[str, Any]:
    hours, calendar = statement.hours, statement.calendar
    return {
        "tracked": runs_of(statement.tracked),
        "manual": runs_of(statement.manual),
        "over_limit": runs_of(statement.over_limit),
        "hours": {
            "tracked": hours.tracked,
            "manual": hours.manual,
            "over_limit": hours.over_limit,
            "billable": hours.billable,
        },
        "lines": [
            {"rate": rate_text(line.rate, line.amount.currency), "slots": line.slots, "amount": line.amount.text}
            for line in statement.lines
        ],
        "amount": statement.amount.text,
        "currency": statement.amount.currency,
        "protected": runs_of(statement.protected),
        "unprotected": [
            {
                "from": slot_text(finding.start),
                "to": slot_text(finding.stop),
                "reasons": [code.value for code in finding.codes],
            }
            for finding in statement.unprotected
        ],
        "protected_amount": statement.protected_amount.text,
        "calendar": {
            name: str(getattr(calendar, name))
            for name in ("starts_at", "ends_at", "locks_at", "invoiced_at", "review_ends_at", "available_at")
        },
    }


def dumps(result: object) -> str:
    """Return `result` as one line of JSON."""
    return json.dumps(result, ensure_ascii=True, separators=(", ", ": "))
