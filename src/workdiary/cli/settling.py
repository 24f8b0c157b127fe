"""What ``close``, ``dispute``, ``claim`` and ``resolve`` do: bills, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from workdiary.cli.changing import How, change, plain_answer, plain_reasons, reason_lines
from workdiary.cli.files import moment_of
from workdiary.cli.journal import actor_of, contract_of, diary_of, entry_id, new_id, now, opened
from workdiary.cli.logbook import change_words
from workdiary.cli.results import print_json, runs
from workdiary.cli.text import say
from workdiary.cli.when import ranges_of, shown_zone, stretches
from workdiary.diary.changes import DisputeResolved, PaymentFailed, TimeDisputed
from workdiary.diary.closing import Closing, close_due, close_week, resolve
from workdiary.diary.diary import Diary
from workdiary.diary.draft import AnswerKind
from workdiary.diary.entry import Entry, check_id
from workdiary.diary.journal import Journal, WeekState
from workdiary.errors import NOTHING, InvalidValue
from workdiary.explain import reason_words
from workdiary.model.contract import Role
from workdiary.model.slots import LAST, Slots
from workdiary.model.times import Week, Zone, slot_start

__all__ = ["claim_week", "close_weeks", "dispute_time", "list_open", "resolve_one"]


def week_of(diary: Diary, text: str, argument: str = "--week") -> Week:
    """Return the week of `diary` that a date or an instant lies in."""
    from workdiary.cli.files import calendar_week

    return calendar_week(diary.policy_of(now()), moment_of(text, argument))


def close_weeks(db: str | None, contract: str | None, week: str | None, *, as_json: bool) -> int:
    """Close one week, or all that are due; return 0 when none is left parked or open."""
    with opened(db) as journal:
        ids = journal.contracts() if contract is None and week is None else (contract_of(journal, contract),)
        found: Iterator[Closing]
        if week is not None:
            diary = Diary(journal, ids[0])
            platform = actor_of(diary.contract, Role.PLATFORM)
            found = iter([close_week(diary, week_of(diary, week), by=platform)])
        elif ids:
            platform = actor_of(journal.standing(ids[0]).contract, Role.PLATFORM)
            found = close_due(journal, by=platform, at=now(), contracts=ids)
        else:
            found = iter(())
        status, plain, any_ = 0, [], False
        for closing in found:
            any_ = True
            if closing.state is not WeekState.CLOSED:
                status = 1
            if as_json:
                plain.append(_plain_closing(closing))
            else:
                for line in _closing_lines(closing):
                    say(line)
    if as_json:
        print_json({"weeks": plain})
    elif not any_:
        say("No week is due.")
    return status


def _closing_lines(closing: Closing) -> Iterator[str]:
    name = f"{closing.contract}, week of {closing.week.nominal.date()}"
    if closing.closed is not None:
        done = "closed" if closing.is_new else "was closed before"
        entry = closing.closed.entry
        amount, protected = closing.closed.amount, closing.closed.document["protected_amount"]
        yield f"{name}: {done}, {amount}, of which {protected} protected; entry {entry.number}."
    elif closing.reasons:
        reasons = " ".join(f"{reason.rule}: {reason_words(reason)}" for reason in closing.reasons)
        yield f"{name}: not closed. {reasons}"
    else:
        yield f"{name}: parked, no bill comes out of it (BILL-1): {closing.difference}"


def _plain_closing(closing: Closing) -> dict[str, Any]:
    closed = closing.closed
    return {
        "contract": closing.contract,
        "week": str(closing.week.nominal.date()),
        "state": closing.state.value,
        "is_new": closing.is_new,
        "entry": None if closing.entry is None else closing.entry.number,
        "amount": None if closed is None else closed.amount,
        "protected_amount": None if closed is None else closed.document["protected_amount"],
        "statement": None if closed is None else closed.document,
        "difference": closing.difference,
        "reasons": plain_reasons(closing.reasons),
    }


def dispute_time(
    db: str | None,
    contract: str | None,
    times: Sequence[str],
    how: How,
    *,
    week: str | None,
    reason: str,
    segments: bool,
) -> int:
    """Record the client's objection to some time of a closed week, or to all of it."""
    if not times and week is None:
        raise InvalidValue("FROM", NOTHING, "is missing", "give FROM and TO, or --week for all of a week")
    with opened(db) as journal:
        diary = diary_of(journal, contract)
        id = diary.contract.id
        if times:
            ranges = Slots.from_runs(ranges_of(times, how.zone, segments=segments))
            weeks = diary.weeks_of(ranges)
            chosen = weeks[0]
            if len(weeks) > 1 or (week is not None and week_of(diary, week).start != chosen.start):
                allowed = "is not all in one week" if len(weeks) > 1 else "is not in the week of --week"
                raise InvalidValue("FROM", times[0], allowed, "dispute each week by itself")
        else:
            assert week is not None  # noqa: S101 - asked above
            chosen = week_of(diary, week)
            ranges = chosen.slots
        rule = diary.policy_of(now()).dispute
    request = TimeDisputed(week=chosen.slots, disputed=ranges, reason=reason)
    does = [
        *(["pauses the contract"] if rule.pauses_contract else []),
        *(["sets the weekly limit to 0 h"] if rule.weekly_limit_zero else []),
    ]
    final = f"A dispute {' and '.join(does)} (DISPUTE)." if does else ""
    return change(db, id, [request], how, doing="This dispute", final=final)


def claim_week(db: str | None, contract: str | None, week: str, how: How) -> int:
    """Record that a closed week has not been paid."""
    with opened(db) as journal:
        diary = diary_of(journal, contract)
        chosen = week_of(diary, week)
        id = diary.contract.id
    return change(db, id, [PaymentFailed(week=chosen.slots)], how, doing="This claim")


def _open_entries(journal: Journal, contract: str) -> Iterator[Entry]:
    """Yield the disputes and claims of `contract` that nobody has settled, in order."""
    diary = Diary(journal, contract)
    for id, start in journal.weeks(state=WeekState.CLOSED, ends_by=LAST):
        if id == contract:
            page = diary.page(slot_start(start))
            yield from (entry for entry in page.objections if entry.id not in page.resolved)


def list_open(db: str | None, contract: str | None, *, zone: str | None, as_json: bool) -> None:
    """Print the disputes and claims that are to be settled."""
    shown = shown_zone(zone)
    with opened(db) as journal:
        ids = journal.contracts() if contract is None else (contract_of(journal, contract),)
        found = [entry for id in ids for entry in _open_entries(journal, id)]
    if as_json:
        print_json(
            {
                "open": [
                    {"contract": one.contract, "id": one.id, "entry": one.number, "text": change_words(one, shown)}
                    for one in found
                ]
            }
        )
        return
    for one in found:
        say(f"{one.contract}, entry {one.number}: {change_words(one, shown)}; id {one.id}")
    if not found:
        say("No dispute and no claim is open.")


def resolve_one(
    db: str | None, contract: str | None, of: str, *, id: str | None, zone: str | None, as_json: bool
) -> int:
    """Record what the rules make of the dispute or claim `of`: its id, or the number of its entry."""
    shown = shown_zone(zone)
    with opened(db) as journal:
        diary = diary_of(journal, contract)
        by = actor_of(diary.contract, Role.PLATFORM)
        own = new_id() if id is None else check_id(id, "--id")
        try:
            answer = resolve(diary, entry_id(journal, diary, of), by=by, id=own)
        except InvalidValue as error:
            raise InvalidValue("ID", of, error.allowed, "list them: workdiary resolve") from None
        settled = answer.entry.change if answer.entry is not None else None
        known = settled if answer.recorded and isinstance(settled, DisputeResolved) else None
        if as_json:
            made = plain_answer(answer)
            if known is not None:
                names = ("paid", "refunded", "covered", "unpaid")
                made["settlement"] = {
                    name: {"segments": runs(getattr(known, name)), "amount": amount}
                    for name, amount in zip(names, known.amounts, strict=True)
                }
            print_json({"contract": diary.contract.id, **made})
        else:
            for line in _settled_lines(known, answer.kind, shown) if known else reason_lines(answer, shown):
                say(line)
            if known is not None and answer.entry is not None:
                say(f"The week's bill stays as it is; entry {answer.entry.number} is its correction.")
    return 0 if answer.recorded else 1


_WHO = (
    ("paid", "stay paid by the client"),
    ("refunded", "refunded to the client"),
    ("covered", "paid by the platform"),
    ("unpaid", "paid by nobody"),
)


def _settled_lines(settled: DisputeResolved, kind: AnswerKind, zone: Zone) -> Iterator[str]:
    yield "Settled." if kind is AnswerKind.CREATED else "Settled before; nothing was changed."
    for (name, words), amount in zip(_WHO, settled.amounts, strict=True):
        slots = getattr(settled, name)
        if slots:
            yield f"  {amount} {words}: {stretches(slots, zone)}"
