"""Words: the only place with sentences for people, about reasons, rules, instants and money.

Decisions elsewhere are codes, slots and facts. The wording here is no part of the public promises;
the codes and the rule ids are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from workdiary.errors import InvalidValue
from workdiary.model.money import amount_of, hours_text, rate_text
from workdiary.model.policy import LimitOrder, Policy, RateCap
from workdiary.model.segment import Source
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, Moment, slot_at, slot_start
from workdiary.model.verdict import Reason, ReasonCode, Verdict
from workdiary.rules.limit import allowances
from workdiary.rules.protection import rate_cap_of

if TYPE_CHECKING:
    from workdiary.advice import Advice
    from workdiary.statement import WeekStatement

__all__ = ["advice_words", "explain_segment", "instant_words", "reason_words", "source_of", "verdict_words"]

_REASONS: Final[dict[ReasonCode, str]] = {
    ReasonCode.ROLE_NOT_PERMITTED: "The {role} may not {action} here.",
    ReasonCode.CONTRACT_NOT_ACTIVE: "The contract is not active at that moment; its status is {status}.",
    ReasonCode.OUTSIDE_CONTRACT: "The time is outside the contract, which runs from {begins_at} until {closes_at}.",
    ReasonCode.WEEK_LOCKED: "The week has been locked since {locks_at}.",
    ReasonCode.IN_THE_FUTURE: "Time can be added when it is over; this range ends {ends_at}.",
    ReasonCode.MANUAL_TIME_NOT_ALLOWED: "The client does not allow manual time.",
    ReasonCode.MEMO_REQUIRED: "Manual time needs a memo.",
    ReasonCode.UNKNOWN_LABEL: "“{label}” is not among the activity labels that the client offers: {labels}.",
    ReasonCode.SLOT_TAKEN: "Time is recorded there already.",
    ReasonCode.NOTHING_THERE: "Nothing is recorded there.",
    ReasonCode.MANUAL_TIME: "Manual time is never protected.",
    ReasonCode.OVER_LIMIT: "It is over the weekly limit, so it is not billed, and what is not billed is not protected.",
    ReasonCode.NO_SNAPSHOT: "It has no snapshot.",
    ReasonCode.ACTIVITY_UNKNOWN: "Its activity is unknown, which is not the same as none.",
    ReasonCode.NO_ACTIVITY: "It was idle: no click, scroll or keystroke in any of its ten minutes.",
    ReasonCode.LOW_ACTIVITY: "Fewer than {min_active_minutes} of its ten minutes were active.",
    ReasonCode.MISSING_MEMO: "It has no memo.",
    ReasonCode.MISSING_LABEL: "It has no activity label, and the client offers some: {labels}.",
    ReasonCode.BILLING_NOT_VERIFIED: "The client's billing method was not verified when {moments}.",
    ReasonCode.NOT_IN_GOOD_STANDING: "The accounts were not in good standing when {moments}.",
    ReasonCode.IDENTITY_NOT_VERIFIED: "The freelancer's identity was not verified when {moments}.",
    ReasonCode.LOW_AVERAGE_ACTIVITY: (
        "The average activity is too low: {active_minutes} active minutes in {segments} segments, "
        "where {min_average_active_minutes} a segment are asked for."
    ),
    ReasonCode.LIFETIME_CAP: "The lifetime protection for this client is used up.",
    ReasonCode.REVIEW_NOT_OPEN: "The review has not begun; it opens with the invoice, {invoiced_at}.",
    ReasonCode.REVIEW_CLOSED: "The review ended {review_ends_at}.",
    ReasonCode.WEEK_NOT_LOCKED: "The week can still be edited, until {locks_at}; it is billed after that.",
    ReasonCode.WEEK_NOT_CLOSED: "The week is not closed yet, so there is no bill.",
    ReasonCode.ALREADY_RESOLVED: "That is settled already; nobody pays, or is refunded, twice.",
    ReasonCode.UNKNOWN_SESSION: "No session with the id “{session}” has begun in this diary.",
    ReasonCode.WRONG_SECRET: "The secret is not the one that the session “{session}” has committed to.",
    ReasonCode.ENDED_BEFORE_START: "The session “{session}” began at {began}, and cannot have ended at {ended}.",
}

_OTHERWISE: Final[dict[ReasonCode, tuple[str, str]]] = {
    ReasonCode.ROLE_NOT_PERMITTED: ("action", "The {role} may not do that here."),
    ReasonCode.OUTSIDE_CONTRACT: ("begins_at", "Time is recorded after {closes_at}, where the contract would end."),
    ReasonCode.IN_THE_FUTURE: ("ends_at", "It lies in the future: it was made at {made_at}, and now it is {at}."),
    ReasonCode.WEEK_LOCKED: ("locks_at", "The week is closed."),
}
"""What else a diary says: the fact that the usual sentence needs, and the sentence without that fact."""

_ADVICE: Final = {
    "add_memo": "add a memo to",
    "set_label": "set an activity label on",
    "add_memo_and_label": "add a memo and set an activity label on",
}


def reason_words(reason: Reason) -> str:
    """Return `reason` as a sentence.

    >>> reason_words(Reason(code=ReasonCode.MANUAL_TIME))
    'Manual time is never protected.'
    """
    facts = {name: _fact_words(name, value) for name, value in reason.facts}
    if reason.code is ReasonCode.WEEK_LOCKED and "since" in facts:
        # A change of the contract is told the first instant that it may hold from.
        said = "{since} is in time that has been locked or invoiced; a change may hold from {locks_at} on."
        return said.format_map(facts)
    if reason.code is ReasonCode.ALREADY_RESOLVED and "ended_by" in facts:
        return "That session has ended already, with the entry “{ended_by}”.".format_map(facts)
    fact, otherwise = _OTHERWISE.get(reason.code, ("", ""))
    return (otherwise if fact and fact not in facts else _REASONS[reason.code]).format_map(facts)


def _fact_words(name: str, value: object) -> str:
    if value is None:
        return "further notice"
    if isinstance(value, Instant):
        return instant_words(value)
    if isinstance(value, tuple):
        return (" and when " if name == "moments" else ", ").join(map(_line, value)) if value else "none"
    return _ACTIONS.get(str(value), str(value)) if name == "action" else _line(value)


_ACTIONS: Final = {
    "add_time": "add time",
    "delete_time": "delete time",
    "edit_memo": "edit memos",
    "edit_label": "edit activity labels",
    "track_time": "track time",
    "date_back": "date such a change back",
    "blank_label": "take an activity label away",
}


def _line(text: object) -> str:
    """Return a stranger's text on one line: it must not look like a decision of ours."""
    return " ".join(str(text).split())


def instant_words(at: Instant) -> str:
    """Return an instant for reading, in UTC.

    >>> from workdiary import instant
    >>> instant_words(instant("2026-11-23T12:00Z"))
    'Monday 23 November 2026, 12:00 UTC'
    """
    seconds = "" if at % 60 == 0 else ":ss"
    return at.datetime.format(f"dddd D MMMM YYYY, HH:mm{seconds} [UTC]", locale="en")


def source_of(rule: str, policy: Policy) -> str:
    """Return where `policy` says that `rule` is written; blank when it does not."""
    return next((row.source for row in policy.sources if rule in row.rules), "")


def verdict_words(verdict: Verdict) -> str:
    """Return a verdict as a sentence, or one a reason.

    >>> verdict_words(Verdict(reasons=(Reason(code=ReasonCode.MEMO_REQUIRED),)))
    'Refused. EDIT-5: Manual time needs a memo.'
    """
    if verdict.allowed:
        until = f" Possible until {instant_words(verdict.until)}." if verdict.until is not None else ""
        return f"Allowed: {_segments(len(verdict.changed))} would change.{until}"
    reasons = " ".join(f"{reason.rule}: {reason_words(reason)}" for reason in verdict.reasons)
    # A reason that names the same instant has said it already.
    said = any(value == verdict.since for reason in verdict.reasons for _, value in reason.facts)
    since = "" if verdict.since is None or said else f" No longer possible since {instant_words(verdict.since)}."
    return f"Refused. {reasons}{since}"


def advice_words(advice: Advice) -> str:
    """Return one piece of advice as a sentence."""
    until = f"until {instant_words(advice.until)}"
    if advice.kind.value in _ADVICE:
        doing = f"{_ADVICE[advice.kind.value]} {_these(len(advice.slots))}"
        return f"{doing}: {advice.hours} h, {advice.worth} more protected; {until}"
    return f"ask the client to raise the weekly limit: {advice.hours} h, {advice.worth} more billed; {until}"


def explain_segment(statement: WeekStatement, at: Moment | int) -> str:
    """Return every decision about the segment at `at`: a line each, with its rule and source.

    Raises `InvalidValue` for a segment of another week.
    """
    slot = slot_at(at, "at")
    if slot not in statement.week:
        raise InvalidValue(
            "at", str(slot_start(slot)), f"is not in the {statement.week}", "ask the statement of its own week"
        )
    start, end = slot_start(slot).datetime, slot_start(slot + 1).datetime
    head = f"{start.format('dddd D MMMM YYYY, HH:mm', locale='en')}–{end.format('HH:mm')} UTC"
    title = _line(statement.policy.title or statement.policy.name)
    lines = [f"{head}, contract {_line(statement.contract.id)}, {title}"]
    if slot not in statement.status.worked:
        return "\n".join([*lines, "Nothing is recorded in this segment."])
    lines.append(_recorded(statement, slot))
    lines.extend(_cited(statement, _status(statement, slot)))
    lines.extend(_cited(statement, _protection(statement, slot)))
    lines.extend(_cited(statement, _editing(statement)))
    return "\n".join(lines)


_Decision = tuple[str, str]
"""The id of a rule, and the sentence that it says of a segment; a blank id for a heading."""


def _cited(statement: WeekStatement, decisions: Iterator[_Decision]) -> Iterator[str]:
    for rule, words in decisions:
        source = source_of(rule, statement.policy)
        yield f"  {rule}: {words}" + (f" [{_line(source)}]" if source else "") if rule else words


def _recorded(statement: WeekStatement, slot: Slot) -> str:
    sheet = statement.sheet
    memo, label = sheet.memo_at(slot), sheet.label_at(slot)
    parts = [Source.TRACKED.value if slot in sheet.tracked else Source.MANUAL.value]
    parts.append(f"memo “{_line(memo)}”" if slot in sheet.with_memo else "no memo")
    if label is not None:
        parts.append(f"label “{_line(label)}”")
    if slot in sheet.tracked:
        meter = sheet.meter_at(slot)
        parts.append("activity unknown" if meter is None else f"{meter} of 10 minutes active")
        parts.append("with a snapshot" if slot in sheet.snapshot else "without a snapshot")
    return f"Recorded: {', '.join(parts)}."


def _status(statement: WeekStatement, slot: Slot) -> Iterator[_Decision]:
    contract, policy = statement.contract, statement.policy
    colour, words = next(
        (colour, words)
        for slots, colour, words in (
            (statement.tracked, "green", "tracked and billable"),
            (statement.manual, "yellow", "manual and billable"),
            (statement.over_limit, "red", "over the weekly limit and not billable"),
        )
        if slot in slots
    )
    yield "", f"Status: {words} ({colour})."
    pieces = allowances(contract.terms, statement.week, policy.limit)
    limit = next(piece.limit for piece in pieces if piece.start <= slot < piece.stop)
    order = "in order of time"
    rank = statement.status.worked.count_before(slot)
    if policy.limit.order is LimitOrder.TRACKED_FIRST:
        order = "with tracked time first"
        own = statement.sheet.tracked if slot in statement.sheet.tracked else statement.sheet.manual
        before = 0 if slot in statement.sheet.tracked else len(statement.sheet.tracked)
        rank = before + own.count_before(slot)
    allowed = "there is no weekly limit" if limit is None else f"the limit is {hours_text(limit)} h, {_segments(limit)}"
    yield "LIMIT-2", f"It is number {rank + 1} of {_segments(len(statement.status.worked))} {order}; {allowed}."
    terms = contract.terms.at(slot_start(slot))
    assert terms is not None  # noqa: S101 - a statement refuses segments before the first terms
    rate = rate_text(terms.rate, contract.currency)
    since = f"the terms since {instant_words(terms.since)}"
    if slot in statement.over_limit:
        yield (
            "LIMIT-1",
            f"Nobody pays for it; at {rate} {contract.currency} an hour ({since}) it would have been billed.",
        )
    else:
        worth = amount_of(1, terms.rate, contract.currency, policy.billing.rounding)
        yield "BILL-1", f"Billed at {rate} {contract.currency} an hour, {since}: about {worth} for this segment."


def _protection(statement: WeekStatement, slot: Slot) -> Iterator[_Decision]:
    reasons = statement.protection.why(slot)
    if reasons:
        yield "", f"Protection: none, for {_count(len(reasons), 'reason')}."
        for reason in reasons:
            yield reason.rule, reason_words(reason)
        return
    yield "", "Protection: protected; no criterion fails."
    cap = rate_cap_of(statement.contract, statement.policy.protection)
    if statement.policy.protection.rate_cap is RateCap.USUAL_RATE and cap is not None:
        currency = statement.contract.currency
        yield "PROTECT-6", f"At most at the freelancer's usual rate, {rate_text(cap, currency)} {currency} an hour."


def _editing(statement: WeekStatement) -> Iterator[_Decision]:
    calendar = statement.calendar
    yield "", "Calendar:"
    yield "EDIT-3", f"The week can be edited until {instant_words(calendar.locks_at)}."
    invoiced, ends = instant_words(calendar.invoiced_at), instant_words(calendar.review_ends_at)
    yield "DISPUTE-1", f"The client can dispute it from {invoiced} until {ends}."


def _segments(n: int) -> str:
    return _count(n, "segment")


def _these(n: int) -> str:
    return "this segment" if n == 1 else f"these {n} segments"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
