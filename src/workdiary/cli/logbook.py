"""The log: who changed what, and when, entry by entry, with the digest that chains it to the one before."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any, Final

from workdiary.cli.journal import diary_of, opened
from workdiary.cli.text import safe
from workdiary.cli.when import moment_words, shown_zone, stretch, stretches
from workdiary.diary.changes import (
    CaptureConsented,
    CaptureEnded,
    CaptureStarted,
    ContractOpened,
    DisputeResolved,
    FactsChanged,
    LabelEdited,
    LateEvidence,
    MemoEdited,
    PaymentFailed,
    StatusChanged,
    TermsChanged,
    TimeAdded,
    TimeDeleted,
    TimeDisputed,
    TimeTracked,
    WeekClosed,
    WeekParked,
)
from workdiary.diary.entry import Entry
from workdiary.errors import InvalidValue
from workdiary.model.contract import Contract, ContractStatus, Facts, Terms
from workdiary.model.money import hours_text, rate_text
from workdiary.model.segment import Segment
from workdiary.model.slots import Slots
from workdiary.model.times import Zone

__all__ = ["change_words", "plain_entry", "print_log", "terms_words"]


def change_words(entry: Entry, zone: Zone) -> str:
    """Return what `entry` records, in words; a stranger's text is safe in it."""
    change = entry.change
    return _WORDS[type(change)](change, zone)


def _opened(change: Any, _zone: Zone) -> str:
    contract: Contract = change.contract
    policy = change.policy if isinstance(change.policy, str) else change.policy.name
    first = contract.terms.values[-1]
    parties = f"{safe(contract.freelancer)} for {safe(contract.client)}"
    return f"contract opened: {parties}, {terms_words(first, contract.currency)}, under {safe(policy)}"


def terms_words(terms: Terms, currency: str) -> str:
    """Return `terms` in words."""
    limit = "no weekly limit" if terms.weekly_limit is None else f"{terms.weekly_limit} a week"
    manual = "manual time allowed" if terms.manual_time_allowed else "no manual time"
    return f"{rate_text(terms.rate, currency)} {currency} an hour, {limit}, {manual}"


def _tracked(change: Any, zone: Zone) -> str:
    aside = f", {len(change.aside)} of them kept aside" if change.aside else ""
    return f"tracked {_time(change.slots, zone)}{_memos(change.segments)}{aside}{_marks(change.marks)}"


def _late(change: Any, zone: Zone) -> str:
    words = f"{_time(change.slots, zone)}{_memos(change.segments)}{_marks(change.marks)}"
    return f"late upload kept as evidence: {words}"


def _marks(marks: tuple[str, ...]) -> str:
    return f", marked {', '.join(mark.replace('_', ' ') for mark in marks)}" if marks else ""


def _memos(segments: tuple[Segment, ...]) -> str:
    texts = list(dict.fromkeys(segment.memo for segment in segments if segment.memo.strip()))
    more = f" and {len(texts) - 2} more" if len(texts) > 2 else ""
    return "".join(f", “{safe(text)}”" for text in texts[:2]) + more


def _time(slots: Slots, zone: Zone) -> str:
    return f"{hours_text(len(slots))} h, {stretches(slots, zone)}"


def _added(change: Any, zone: Zone) -> str:
    label = f", label “{safe(change.label)}”" if change.label else ""
    return f"added {_time(change.slots, zone)}, “{safe(change.memo)}”{label}"


def _deleted(change: Any, zone: Zone) -> str:
    return f"deleted {_time(change.slots, zone)}"


def _memo(change: Any, zone: Zone) -> str:
    words = f"memo “{safe(change.memo)}”" if change.memo.strip() else "memo taken away"
    return f"{words}: {_time(change.slots, zone)}"


def _label(change: Any, zone: Zone) -> str:
    words = f"label “{safe(change.label)}”" if change.label else "label taken away"
    return f"{words}: {_time(change.slots, zone)}"


def _terms(change: Any, zone: Zone) -> str:
    terms: Terms = change.terms
    limit = "no weekly limit" if terms.weekly_limit is None else f"{terms.weekly_limit} a week"
    manual = "manual time allowed" if terms.manual_time_allowed else "no manual time"
    return f"terms from {moment_words(terms.since, zone)}: {terms.rate:f} an hour, {limit}, {manual}"


_STATUS: Final = {
    ContractStatus.ACTIVE: "contract active",
    ContractStatus.PAUSED: "contract paused",
    ContractStatus.CLOSED: "contract closed for ever",
}


def _status(change: Any, zone: Zone) -> str:
    return f"{_STATUS[change.status.status]} from {moment_words(change.status.since, zone)}"


def _facts(change: Any, zone: Zone) -> str:
    facts: Facts = change.facts
    names = ("billing_verified", "good_standing", "identity_verified")
    words = ", ".join(f"{name.replace('_', ' ')} {'yes' if getattr(facts, name) else 'no'}" for name in names)
    return f"facts from {moment_words(facts.since, zone)}: {words}"


def _week(change: Any, zone: Zone) -> str:
    start, stop = change.week.runs()[0]
    return f"the week {stretch(start, stop, zone)}"


def _closed(change: Any, zone: Zone) -> str:
    try:
        amount = safe(str(json.loads(change.statement)["amount"]))
    except (ValueError, KeyError, TypeError):
        amount = "an amount that cannot be read"  # a log also shows what does not verify
    return f"closed {_week(change, zone)}: {amount}"


def _parked(change: Any, zone: Zone) -> str:
    return f"parked {_week(change, zone)}, no bill: {safe(change.difference)}"


def _disputed(change: Any, zone: Zone) -> str:
    whole = change.disputed == change.week
    what = _week(change, zone) if whole else _time(change.disputed, zone)
    return f"disputed {what}" + (f", “{safe(change.reason)}”" if change.reason.strip() else "")


def _failed(change: Any, zone: Zone) -> str:
    return f"payment failed, {_week(change, zone)}"


def _resolved(change: Any, _zone: Zone) -> str:
    names = ("paid", "refunded", "covered", "unpaid")
    sums = [f"{amount} {name}" for name, amount in zip(names, change.amounts, strict=True) if getattr(change, name)]
    return f"resolved {safe(change.of)}: {', '.join(sums) or 'nothing to settle'}"


def _consented(change: Any, _zone: Zone) -> str:
    return f"agreed to be recorded, by the notice “{safe(change.notice)}”"


def _began(change: Any, zone: Zone) -> str:
    return f"session begun {moment_words(change.began, zone)}, secret committed to by {change.commitment[:DIGITS]}"


def _ended(change: Any, zone: Zone) -> str:
    ended = moment_words(change.ended, zone)
    return f"session {safe(change.of)} ended {ended}, secret {change.secret[:DIGITS]} disclosed"


_WORDS: Final[dict[type[Any], Callable[[Any, Zone], str]]] = {
    ContractOpened: _opened,
    TimeTracked: _tracked,
    LateEvidence: _late,
    TimeAdded: _added,
    TimeDeleted: _deleted,
    MemoEdited: _memo,
    LabelEdited: _label,
    TermsChanged: _terms,
    StatusChanged: _status,
    FactsChanged: _facts,
    WeekClosed: _closed,
    WeekParked: _parked,
    TimeDisputed: _disputed,
    PaymentFailed: _failed,
    DisputeResolved: _resolved,
    CaptureConsented: _consented,
    CaptureStarted: _began,
    CaptureEnded: _ended,
}

DIGITS: Final = 12
"""How many hexadecimal digits of a digest people are shown."""


def plain_entry(entry: Entry, zone: Zone) -> dict[str, Any]:
    """Return everything about `entry` as plain data."""
    return {
        "number": entry.number,
        "id": entry.id,
        "at": str(entry.at),
        "by": {"id": entry.by.id, "role": entry.by.role.value},
        "text": change_words(entry, zone),
        "change": entry.data["change"],
        "previous": entry.previous.hex(),
        "digest": entry.digest.hex(),
    }


def print_log(
    db: str | None, contract: str | None, *, since: int, last: int | None, zone: str | None, as_json: bool
) -> None:
    """Print the entries of a diary after number `since`, or the `last` few."""
    shown = shown_zone(zone)
    if last is not None and last < 1:
        raise InvalidValue("--last", last, "is not a number of entries", "give 1 or more")
    if since < 0:
        raise InvalidValue("--since", since, "is not the number of an entry", "give 0 or more")
    with opened(db) as journal:
        diary = diary_of(journal, contract)
        standing = diary.standing
        if last is not None:
            since = max(since, standing.head.version - last)
        # Those that there are now: a log in the making would have no end.
        entries = islice(diary.entries(since=since), max(standing.head.version - since, 0))
        if as_json:
            _print_json(entries, standing.contract.id, str(standing.head), shown)
            return
        parts = chain(
            [
                [
                    (f"Contract {safe(standing.contract.id)}", "bold"),
                    (f"  ·  head {_short(str(standing.head))}", "dim"),
                    (f"  ·  {shown.name}", "dim"),
                ]
            ],
            (_parts(entry, shown, len(str(standing.head.version))) for entry in entries),
        )
        if not sys.stdout.isatty():
            # For programs that read lines, and for years of them: an entry a line, however long.
            sys.stdout.writelines("".join(text for text, _ in line) + "\n" for line in parts)
            return
        from workdiary.cli.screen import make_console, put, says

        console = make_console()
        for line in parts:
            put(console, says(*line))


def _parts(entry: Entry, zone: Zone, wide: int) -> list[tuple[str, str]]:
    who = entry.by.role.value if entry.by.id == entry.by.role.value else f"{entry.by.role.value} {safe(entry.by.id)}"
    return [
        (f"{entry.number:>{wide}}  ", "bold"),
        (f"{moment_words(entry.at, zone)}  ", ""),
        (f"{who}: ", "cyan"),
        (change_words(entry, zone), ""),
        (f"  {entry.digest.hex()[:DIGITS]}", "dim"),
    ]


def _short(head: str) -> str:
    number, _, digest = head.partition(":")
    return f"{number}:{digest[:DIGITS]}…"


def _print_json(entries: Iterator[Entry], contract: str, head: str, zone: Zone) -> None:
    """Print one object, an entry at a time: a diary of years need not fit into the memory."""
    sys.stdout.write(f'{{"contract": {json.dumps(contract)}, "head": {json.dumps(head)}, "entries": [')
    for n, entry in enumerate(entries):
        sys.stdout.write((", " if n else "") + json.dumps(plain_entry(entry, zone)))
    sys.stdout.write("]}\n")
