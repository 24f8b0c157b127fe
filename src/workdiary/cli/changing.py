"""Making a change: tried out under the lock, its cost said and asked about, then recorded, or said why not.

::

    try it out ─→ refused: every reason, status 1
         │
         └─→ what it costs ─→ asked ─→ recorded, if nobody has changed the diary since; else tried out again
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import attrs

from workdiary.cli.cost import WeekChange, costs_of, effects_of, plain_change_of
from workdiary.cli.images import image_files
from workdiary.cli.journal import actor_of, diary_of, new_id, opened, role_of
from workdiary.cli.logbook import change_words
from workdiary.cli.results import print_json, runs
from workdiary.cli.text import say
from workdiary.cli.when import shown_zone, stretches
from workdiary.diary.deciding import Request, first_open_week
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Answer, AnswerKind, Draft
from workdiary.diary.entry import Head, check_id
from workdiary.diary.journal import Journal, WeekState
from workdiary.diary.pictures import Pictures, delete_pictures
from workdiary.errors import NOTHING, StoreError, WorkdiaryError
from workdiary.explain import instant_words, reason_words
from workdiary.model.contract import Actor, Contract
from workdiary.model.sheet import Sheet
from workdiary.model.slots import EMPTY, LAST
from workdiary.model.times import Instant, Week, Zone, slot_start
from workdiary.model.verdict import Reason
from workdiary.statement import week_statement

__all__ = ["How", "Trial", "ask", "change", "plain_answer", "plain_reasons", "reason_lines", "record", "try_out"]


@attrs.frozen(kw_only=True)
class How:
    """How a change is to be made: in whose role, under which id, asked about or not, and how it is told.

    `snapshots` is the folder whose image files go with the segments that are deleted.
    """

    role: str
    id: str | None = None
    yes: bool = False
    dry_run: bool = False
    zone: str | None = None
    as_json: bool = False
    snapshots: str | None = None


@attrs.frozen(kw_only=True)
class Trial:
    """What would become of some requests: the answers, and the weeks that they change.

    `head` is the diary's when it was tried out, `at` the moment of decision.
    """

    head: Head
    at: Instant
    answers: tuple[Answer, ...]
    weeks: tuple[WeekChange, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether all of them would be recorded."""
        return all(answer.recorded for answer in self.answers)


class _Undone(Exception):
    """Ends a block of decisions without recording any of them."""


Numbered: TypeAlias = "list[tuple[Request, str]]"


def try_out(journal: Journal, diary: Diary, requests: Numbered, by: Actor) -> Trial:
    """Return what would become of `requests`, decided one after the other under the lock; nothing is recorded."""
    found: list[Trial] = []
    try:
        with diary.drafting() as draft:
            weeks = _weeks(journal, draft, requests)
            contract, head = draft.contract, draft.head
            before = {week.start: draft.page(week).kept().sheet for week in weeks}
            answers = _take(draft, requests, by)
            changes = [_change(draft, week, before[week.start], contract) for week in weeks if answers[-1].recorded]
            real = tuple(change for change in changes if change is not None and change.is_one)
            found.append(Trial(head=head, at=draft.at, answers=answers, weeks=real))
            raise _Undone
    except _Undone:
        return found[0]


def _take(draft: Draft, requests: Numbered, by: Actor) -> tuple[Answer, ...]:
    """Take `requests` into `draft`, up to the first that cannot be recorded."""
    answers: list[Answer] = []
    for request, id in requests:
        answers.append(draft.take(request, by=by, id=id))
        if not answers[-1].recorded:
            break
    return tuple(answers)


def _weeks(journal: Journal, draft: Draft, requests: Numbered) -> list[Week]:
    """Return the weeks that may come out otherwise: those that are touched, or for new terms all open ones."""
    touched = EMPTY
    for request, _ in requests:
        touched = touched | request.slots
    if touched:
        return [*draft.weeks_of(touched)]
    first = first_open_week(draft, draft.at)
    kept = [start for id, start in journal.weeks(state=WeekState.OPEN, ends_by=LAST) if id == draft.contract.id]
    return [draft.week_of(slot_start(start)) for start in kept if start >= first.start]


def _change(draft: Draft, week: Week, before: Sheet, contract: Contract) -> WeekChange | None:
    policy = draft.policy_of(week)
    after = draft.page(week).kept().sheet
    if not before.worked and not after.worked:
        return None  # it may lie after the contract's end, where there is nothing to state
    return WeekChange(
        before=week_statement(contract, before, week=week, policy=policy),
        after=week_statement(draft.contract, after, week=week, policy=policy),
    )


def record(diary: Diary, requests: Numbered, by: Actor, head: Head | None) -> tuple[Answer, ...] | None:
    """Record `requests`, all or none; return `None`, and record none, when the diary no longer ends at `head`.

    The answers stop at the first that is not recorded. With `head` `None` the diary may end anywhere.
    """
    answers: tuple[Answer, ...] | None = None
    try:
        with diary.drafting() as draft:
            if head is not None and draft.head != head:
                raise _Undone
            answers = _take(draft, requests, by)
            if not answers[-1].recorded:
                raise _Undone
    except _Undone:
        pass
    except StoreError as error:
        # Whoever did not choose the id must know it to repeat the request safely.
        id = requests[0][1] if len(requests) == 1 else requests[0][1].removesuffix("/1")
        known = f"{error.remedy} (the id: {id}; give it with --id)"
        raise type(error)(error.argument, error.value, error.allowed, known) from None
    return answers


def change(
    db: str | None, contract: str | None, requests: Sequence[Request], how: How, *, doing: str, final: str = ""
) -> int:
    """Record `requests` for `contract`, all or none, and print what became of them; return the exit status.

    What it costs is said and asked about first; `doing` begins the sentence. `final` says what cannot be
    undone, and is asked about too.
    """
    role, zone = role_of(how.role), shown_zone(how.zone)
    files = None if how.snapshots is None else image_files(how.snapshots)
    id = new_id() if how.id is None else check_id(how.id, "--id")
    numbered = [(request, id if len(requests) == 1 else f"{id}/{n}") for n, request in enumerate(requests, 1)]
    with opened(db) as journal:
        diary = diary_of(journal, contract)
        by = actor_of(diary.contract, role)
        trial = None
        while True:
            known = journal.find(diary.contract.id, [id for _, id in numbered])
            if len(known) == len(numbered) and not how.dry_run:
                # On record, or in conflict with what is: there is nothing to ask about.
                answers = record(diary, numbered, by, None)
                break
            again = try_out(journal, diary, numbered, by)
            costs = costs_of(again.weeks, role, doing, zone)
            asked = trial is not None and costs == costs_of(trial.weeks, role, doing, zone)
            trial = again
            answers = trial.answers
            if how.dry_run or not trial.allowed:
                break
            warnings = (*costs, *([final] if final else []))
            if warnings and not how.yes and not asked and not ask(warnings, as_json=how.as_json):
                print("Nothing was recorded.", file=sys.stderr)
                return 1
            answers = record(diary, numbered, by, trial.head)
            if answers is not None:
                break
        assert answers is not None  # noqa: S101 - without a head to compare there always are some
        status = 0 if all(answer.recorded for answer in answers) else 1
        costs = () if trial is None else costs_of(trial.weeks, role, doing, zone)
        weeks = () if trial is None else trial.weeks
        gone = None
        if files is not None and status == 0 and not how.dry_run:
            gone = _delete_pictures(journal, files, answers, id)
        if how.as_json:
            plain = {
                "contract": diary.contract.id,
                "dry_run": how.dry_run,
                "answers": [plain_answer(answer, dry_run=how.dry_run) for answer in answers],
                "costs": list(costs),
                "weeks": [plain_change_of(week) for week in weeks],
            }
            print_json(plain if gone is None else {**plain, "pictures_deleted": list(gone)})
            return status
        for line in _lines(answers, weeks, costs, zone, dry_run=how.dry_run, final=final):
            say(line)
        if gone is not None:
            say(f"Pictures deleted: {len(gone)}.")
        return status


def _delete_pictures(journal: Journal, files: Pictures, answers: Sequence[Answer], id: str) -> tuple[str, ...]:
    """Delete the images that went with what is on record now, and return their digests."""
    try:
        return delete_pictures(journal, files, *(answer.entry for answer in answers if answer.entry is not None))
    except WorkdiaryError as error:
        known = (
            f"{error.remedy}; the deletion itself is recorded: repeat it with --id {id} for the rest of its pictures"
        )
        raise type(error)(error.argument, error.value, error.allowed, known) from None


def ask(
    warnings: Sequence[str], *, as_json: bool, remedy: str = "nothing was recorded: give --yes to record it"
) -> bool:
    """Say `warnings` and return whether they are accepted.

    Raises `WorkdiaryError` with `remedy` where nobody is there to ask.
    """
    if as_json or not somebody_is_there():
        raise WorkdiaryError("", NOTHING, " ".join(warnings).removesuffix("."), remedy)
    for warning in warnings:
        say(warning)
    print("Go on? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def somebody_is_there() -> bool:
    """Return whether standard input is a terminal, where somebody can answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def _lines(
    answers: Sequence[Answer],
    weeks: Sequence[WeekChange],
    costs: Sequence[str],
    zone: Zone,
    *,
    dry_run: bool,
    final: str,
) -> Iterator[str]:
    last = answers[-1]
    if not last.recorded:
        if len(answers) > 1:
            yield f"Number {len(answers)} of the changes stops all of them."
        yield from reason_lines(last, zone)
        return
    if dry_run and any(answer.kind is not AnswerKind.EXISTS for answer in answers):
        verdicts = [answer.verdict for answer in answers if answer.verdict is not None]
        until = min((verdict.until for verdict in verdicts if verdict.until is not None), default=None)
        possible = "" if until is None else f" It is possible until {instant_words(until)}."
        yield f"It would be recorded; nothing was, for this is a dry run.{possible}"
        yield from costs
        if final:
            yield final
    else:
        for answer in answers:
            yield from reason_lines(answer, zone)
    yield from effects_of(weeks, zone)


def reason_lines(answer: Answer, zone: Zone) -> Iterator[str]:
    """Yield what became of one request, for people; each reason with the id of its rule."""
    kind, entry = answer.kind, answer.entry
    if kind in (AnswerKind.CREATED, AnswerKind.LATE) and entry is not None:
        late = "Late: kept as evidence, not billed" if kind is AnswerKind.LATE else "Recorded"
        yield f"{late}: entry {entry.number}, {change_words(entry, zone)}."
    elif kind is AnswerKind.EXISTS and entry is not None:
        yield f"On record already: entry {entry.number}, {change_words(entry, zone)}; nothing was changed."
    elif kind is AnswerKind.CONFLICT and entry is not None:
        words = f"entry {entry.number}, {change_words(entry, zone)}"
        yield f"Conflict: the id {answer.id} is on record with something else, {words}; give a new change a new id."
    elif kind is AnswerKind.QUARANTINED:
        yield f"Cannot be read, kept in quarantine as number {answer.number}: {answer.error}"
    reasons = [f"{reason.rule}: {_said(reason, zone)}" for reason in answer.reasons]
    if kind is AnswerKind.REFUSED:
        since = None if answer.verdict is None else answer.verdict.since
        # A reason that names the same instant has said it already.
        if since is not None and all(value != since for reason in answer.reasons for _, value in reason.facts):
            reasons.append(f"No longer possible since {instant_words(since)}.")
        yield "Refused. " + " ".join(reasons)
    else:
        yield from (f"  {words}" for words in reasons)


def _said(reason: Reason, zone: Zone) -> str:
    words = reason_words(reason)
    return f"{words.removesuffix('.')} ({stretches(reason.slots, zone)})." if reason.slots else words


def plain_reasons(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return `reasons` as plain data."""
    return [
        {"code": reason.code.value, "rule": reason.rule, "slots": runs(reason.slots), "text": reason_words(reason)}
        for reason in reasons
    ]


def plain_answer(answer: Answer, *, dry_run: bool = False) -> dict[str, Any]:
    """Return `answer` as plain data; of a dry run there is no entry."""
    entry = None if dry_run and answer.kind is not AnswerKind.EXISTS else answer.entry
    made: dict[str, Any] = {
        "id": answer.id,
        "kind": answer.kind.value,
        "entry": None if entry is None else entry.number,
        "digest": None if entry is None else entry.digest.hex(),
        "changed": runs(answer.verdict.changed) if answer.verdict is not None else [],
        "until": str(answer.verdict.until) if answer.verdict is not None and answer.verdict.until is not None else None,
        "reasons": plain_reasons(answer.reasons),
    }
    if answer.error is not None:
        made |= {"error": answer.error, "quarantine": answer.number}
    return made
