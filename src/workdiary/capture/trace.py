"""Traces: what a user and a machine did, one JSON object a line, to be replayed by `script`.

    {"trace": 1, "starts": "2026-11-18T08:00:00Z"}
    {"t": 0, "start": "c-1", "memo": "Search index", "label": null}
    {"t": 5, "keys": 400, "clicks": 30, "scrolls": 12, "for": 900}
    {"t": 905, "suspend": 3600}
    {"t": 4600, "stop": true}

`t` is in seconds since the start of the trace, to the millisecond, and goes on through a suspension; a wall clock
that is set does not move it. A line says one thing: ``start`` (with ``memo`` and ``label``), ``stop``, ``memo``,
``label``, ``keys``/``clicks``/``scrolls`` (spread evenly ``for`` that many seconds, 1 unless told), ``suspend`` (for
so many seconds), ``wall`` (set the wall clock by so many), ``lock``, ``lost`` (capture, true until false), ``answer``
to the idle prompt (``to`` a contract when it is ``reassign``), or ``screen`` (what pictures show from now on:
``black``, ``same``, ``fail``, or null for something new each time).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs

from workdiary.capture.events import Choice
from workdiary.errors import NOTHING, DocumentError, InvalidValue, Problems, WorkdiaryError
from workdiary.files import read_bytes
from workdiary.formats.reading import parse_json
from workdiary.model.activity import Counts
from workdiary.model.times import Instant, instant

__all__ = [
    "LONGEST",
    "SCREENS",
    "Begins",
    "Does",
    "Ends",
    "Event",
    "Labels",
    "Locks",
    "Loses",
    "Notes",
    "Replies",
    "SetsWall",
    "Shows",
    "Suspends",
    "Trace",
    "Works",
    "read_trace",
    "trace_of",
    "trace_text",
]

LONGEST: Final = 31 * 86400
"""The longest trace, in seconds."""

SCREENS: Final = ("black", "same", "fail")
"""What a screen can be told to show, besides something new each time."""

_MOST: Final = 1_000_000


@attrs.frozen(kw_only=True)
class Begins:
    """The user switches on for `contract`, or to it."""

    contract: str
    memo: str = ""
    label: str | None = None


@attrs.frozen(kw_only=True)
class Ends:
    """The user switches off."""


@attrs.frozen(kw_only=True)
class Notes:
    """The user writes a memo."""

    memo: str


@attrs.frozen(kw_only=True)
class Labels:
    """The user chooses an activity label, or none."""

    label: str | None


@attrs.frozen(kw_only=True)
class Replies:
    """The user answers the idle prompt; `to` is the contract of time that is reassigned."""

    choice: Choice
    to: str | None = None


@attrs.frozen(kw_only=True)
class Works:
    """Keystrokes, clicks and scrolls, evenly in the next `milliseconds`."""

    counts: Counts
    milliseconds: int = 1000


@attrs.frozen(kw_only=True)
class Suspends:
    """The machine sleeps for `milliseconds`."""

    milliseconds: int


@attrs.frozen(kw_only=True)
class SetsWall:
    """Somebody sets the wall clock by `milliseconds`, back when negative."""

    milliseconds: int


@attrs.frozen(kw_only=True)
class Locks:
    """The screen is locked, or unlocked."""

    on: bool


@attrs.frozen(kw_only=True)
class Loses:
    """Capture is lost, or back."""

    on: bool


@attrs.frozen(kw_only=True)
class Shows:
    """Pictures show `what` from now on: one of `SCREENS`, or `None` for something new each time."""

    what: str | None


Does: TypeAlias = Begins | Ends | Notes | Labels | Replies | Works | Suspends | SetsWall | Locks | Loses | Shows
"""What can stand in a line."""


@attrs.frozen(kw_only=True)
class Event:
    """`what` happens `at` so many milliseconds after the start of the trace."""

    at: int
    what: Does

    @property
    def until(self) -> int:
        """When it is over: where it began, but for work and a suspension."""
        return self.at + (self.what.milliseconds if isinstance(self.what, Works | Suspends) else 0)


@attrs.frozen(kw_only=True)
class Trace:
    """A day, or a minute, of somebody's work: when it `starts` by the wall clock, and what happened, in order."""

    starts: Instant
    events: tuple[Event, ...] = attrs.field(converter=tuple[Event, ...])

    def __attrs_post_init__(self) -> None:
        problems = list(_out_of_order(self.events))
        if problems:
            raise Problems("", problems)

    @property
    def ends(self) -> int:
        """When the last of it is over, in milliseconds after the start."""
        return max((event.until for event in self.events), default=0)

    @property
    def contracts(self) -> tuple[str, ...]:
        """The contracts that it names, in the order in which they come."""
        named = [event.what.contract for event in self.events if isinstance(event.what, Begins)]
        named += [event.what.to for event in self.events if isinstance(event.what, Replies) and event.what.to]
        return tuple(dict.fromkeys(named))


def read_trace(path: str | Path) -> Trace:
    """Return the trace in the file `path`; raises like `trace_of`, and `DocumentError` when it cannot be read."""
    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError:
        raise DocumentError(str(path), NOTHING, "is not UTF-8", "write the trace in UTF-8") from None
    return trace_of(text, str(path))


def trace_of(text: str, name: str = "trace") -> Trace:
    r"""Return the trace that `text` is.

    Raises `Problems` with all that is wrong, each with its line; empty lines are skipped.

    >>> trace_of('{"trace": 1, "starts": "2026-11-18T08:00:00Z"}\n{"t": 2, "lock": true}').events
    (Event(at=2000, what=Locks(on=True)),)
    """
    problems: list[WorkdiaryError] = []
    starts: Instant | None = None
    events: list[tuple[int, Event]] = []
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        raise DocumentError(name, NOTHING, "is empty", 'begin with {"trace": 1, "starts": "2026-11-18T08:00:00Z"}')
    for position, (n, line) in enumerate(lines):
        try:
            data = parse_json(line, "")
            if not isinstance(data, dict):
                raise DocumentError("", data, "is not an object", "write it in braces")
            if position == 0:
                starts = _header(data)
            else:
                events.append((n, _event(data)))
        except WorkdiaryError as error:
            problems.extend(one.under(f"{name}, line {n}" + ": " * bool(one.argument)) for one in error.each)
            if position == 0:
                break  # it is no trace, and what else is wrong with it helps nobody
    places = {index: n for index, (n, _) in enumerate(events)}
    disorder = _out_of_order(tuple(event for _, event in events), places)
    problems.extend(one.under(f"{name}, ") for one in disorder)
    if problems or starts is None:
        raise Problems("", problems)
    return Trace(starts=starts, events=tuple(event for _, event in events))


def trace_text(trace: Trace) -> str:
    """Return `trace` as text, which `trace_of` reads back to the same.

    >>> print(trace_text(Trace(starts=instant("2026-11-18T08:00Z"), events=[Event(at=1500, what=Ends())])), end="")
    {"trace": 1, "starts": "2026-11-18T08:00:00Z"}
    {"t": 1.5, "stop": true}
    """
    lines: list[dict[str, Any]] = [{"trace": 1, "starts": str(trace.starts)}]
    lines += [{"t": _figure(event.at), **_fields(event.what)} for event in trace.events]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _fields(what: Does) -> dict[str, Any]:
    match what:
        case Begins():
            return {"start": what.contract, "memo": what.memo, "label": what.label}
        case Ends():
            return {"stop": True}
        case Notes():
            return {"memo": what.memo}
        case Labels():
            return {"label": what.label}
        case Replies():
            return {"answer": what.choice.value} | ({} if what.to is None else {"to": what.to})
        case Works():
            keys, clicks, scrolls = what.counts
            return {"keys": keys, "clicks": clicks, "scrolls": scrolls, "for": _figure(what.milliseconds)}
        case Suspends():
            return {"suspend": _figure(what.milliseconds)}
        case SetsWall():
            return {"wall": _figure(what.milliseconds)}
        case Locks():
            return {"lock": what.on}
        case Loses():
            return {"lost": what.on}
        case Shows():
            return {"screen": what.what}


def _figure(milliseconds: int) -> int | float:
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def _header(data: dict[str, Any]) -> Instant:
    example = 'begin with {"trace": 1, "starts": "2026-11-18T08:00:00Z"}'
    if "trace" not in data:
        raise DocumentError("trace", NOTHING, "is missing: this is no trace", example)
    if type(data["trace"]) is not int or data["trace"] != 1:
        raise DocumentError("trace", data["trace"], "is not a version that is known", "write 1")
    _only(data, ("trace", "starts"))
    return instant(_text(data, "starts"), "starts")


def _only(data: dict[str, Any], allowed: Iterable[str]) -> None:
    known = tuple(allowed)
    for key in data:
        if key not in known:
            raise DocumentError(key, NOTHING, "does not belong there", f"what may be there: {', '.join(known)}")


_Reader: TypeAlias = Callable[[dict[str, Any]], Does]


def _event(data: dict[str, Any]) -> Event:
    at = _seconds(data, "t", 0, LONGEST)
    for keys, others, read in _KINDS:
        if any(key in data for key in keys):
            _only(data, ("t", *keys, *others))
            return Event(at=at, what=read(data))
    kinds = ", ".join(key for keys, _, _ in _KINDS for key in keys)
    raise DocumentError("", ", ".join(data), "says nothing that is known", f"give one of {kinds}")


def _begins(data: dict[str, Any]) -> Does:
    label = data.get("label")
    contract = _text(data, "start")
    if not contract:
        raise DocumentError("start", contract, "is no contract", "name one")
    memo = _text(data, "memo") if "memo" in data else ""
    return Begins(contract=contract, memo=memo, label=None if label is None else _text(data, "label"))


def _works(data: dict[str, Any]) -> Does:
    counts = []
    for key in ("keys", "clicks", "scrolls"):
        count = data.get(key, 0)
        if type(count) is not int or not 0 <= count <= _MOST:
            raise DocumentError(key, count, f"is not a whole number from 0 to {_MOST}", "count inputs")
        counts.append(count)
    over = _seconds(data, "for", 0.001, 86400) if "for" in data else 1000
    return Works(counts=(counts[0], counts[1], counts[2]), milliseconds=over)


def _ends(data: dict[str, Any]) -> Does:
    if not _truth(data, "stop"):
        raise DocumentError("stop", False, "stops nothing", "write true, or leave the line out")
    return Ends()


def _replies(data: dict[str, Any]) -> Does:
    try:
        choice = Choice(data["answer"])
    except ValueError:
        known = ", ".join(choice.value for choice in Choice)
        raise DocumentError("answer", data["answer"], "is not an answer", f"give one of {known}") from None
    to = _text(data, "to") if "to" in data else None
    if to is None and choice is Choice.REASSIGN:
        raise DocumentError("to", NOTHING, "is missing", "name the contract to which the time goes")
    if to is not None and choice is not Choice.REASSIGN:
        raise DocumentError("to", to, f"does not go with {choice.value}", 'name a contract with "reassign" alone')
    return Replies(choice=choice, to=to)


def _labels(data: dict[str, Any]) -> Does:
    return Labels(label=None if data["label"] is None else _text(data, "label"))


def _shows(data: dict[str, Any]) -> Does:
    what = data["screen"]
    if what is not None and what not in SCREENS:
        raise DocumentError("screen", what, "is not known", f"give one of {', '.join(SCREENS)}, or null")
    return Shows(what=what)


_KINDS: Final[tuple[tuple[tuple[str, ...], tuple[str, ...], _Reader], ...]] = (
    (("start",), ("memo", "label"), _begins),
    (("keys", "clicks", "scrolls"), ("for",), _works),
    (("suspend",), (), lambda data: Suspends(milliseconds=_seconds(data, "suspend", 0.001, LONGEST))),
    (("wall",), (), lambda data: SetsWall(milliseconds=_seconds(data, "wall", -(10**10), 10**10))),
    (("lock",), (), lambda data: Locks(on=_truth(data, "lock"))),
    (("lost",), (), lambda data: Loses(on=_truth(data, "lost"))),
    (("answer",), ("to",), _replies),
    (("screen",), (), _shows),
    (("stop",), (), _ends),
    (("memo",), (), lambda data: Notes(memo=_text(data, "memo"))),
    (("label",), (), _labels),
)
"""What a line can say: the keys of which it has one at least, those that may stand beside them, and its reader."""


def _seconds(data: dict[str, Any], key: str, least: float, most: float) -> int:
    """Return the seconds under `key` in milliseconds."""
    value: Any = data.get(key)
    if type(value) not in (int, float) or not least <= value <= most:
        given = value if key in data else NOTHING
        says = f"is not a number of seconds from {least} to {most}" if key in data else "is missing"
        raise DocumentError(key, given, says, "give seconds, to the millisecond")
    milliseconds: int = round(value * 1000)
    if abs(value * 1000 - milliseconds) > 1e-3:
        raise DocumentError(key, value, "is finer than a millisecond", "round it to three digits")
    return milliseconds


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        given = value if key in data else NOTHING
        raise DocumentError(key, given, "is not text" if key in data else "is missing", "give text in quotes")
    return value


def _truth(data: dict[str, Any], key: str) -> bool:
    value = data[key]
    if not isinstance(value, bool):
        raise DocumentError(key, value, "is not a truth value", "write true or false")
    return value


def _out_of_order(events: tuple[Event, ...], lines: dict[int, int] | None = None) -> Iterable[WorkdiaryError]:
    """Yield what cannot have happened: an event before the one above it, or while the machine slept."""
    last, asleep = 0, (0, 0)
    works: list[tuple[int, int]] = []
    for index, event in enumerate(events):
        place = f"line {lines[index]}" if lines is not None else f"events[{index}]"
        if event.at < last:
            yield InvalidValue(f"{place}: t", _figure(event.at), f"is before {_figure(last)} above", "sort the lines")
            continue
        last = event.at
        if asleep[0] <= event.at < asleep[1]:
            remedy = f"give a t from {_figure(asleep[1])} on"
            yield InvalidValue(f"{place}: t", _figure(event.at), "is while the machine is suspended", remedy)
        if isinstance(event.what, Suspends):
            asleep = (event.at, event.until)
            if any(begins < asleep[1] and asleep[0] < ends for begins, ends in works):
                remedy = "let the work above end before it"
                yield InvalidValue(f"{place}: suspend", _figure(event.at), "is in the middle of work", remedy)
        elif isinstance(event.what, Works):
            works = [(begins, ends) for begins, ends in works if ends > event.at] + [(event.at, event.until)]
