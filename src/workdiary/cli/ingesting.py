"""What ``ingest`` and ``quarantine`` do: many requests at once, a bad one never in the way of the others."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final

from workdiary.cli.changing import ask, plain_answer, reason_lines
from workdiary.cli.files import Rules, own_policy
from workdiary.cli.journal import actor_of, opened
from workdiary.cli.opening import open_all
from workdiary.cli.results import print_json
from workdiary.cli.text import safe, say
from workdiary.cli.when import moment_words, shown_zone
from workdiary.diary.canonical import canonical
from workdiary.diary.changes import TimeTracked
from workdiary.diary.deciding import Request
from workdiary.diary.draft import Answer, AnswerKind
from workdiary.diary.ingest import LONGEST, Item, discard, ingest, retry
from workdiary.diary.requests import plain_request
from workdiary.errors import NOTHING, DocumentError, InvalidValue, StoreError
from workdiary.formats import native
from workdiary.formats.native import Record
from workdiary.model.contract import Role
from workdiary.model.edit import AddTime
from workdiary.model.segment import Source
from workdiary.model.slots import Slots
from workdiary.model.times import Zone

__all__ = ["discard_quarantined", "ingest_file", "items_of", "list_quarantine", "retry_quarantined"]

_SHOWN: Final = 20
_NATIVE: Final = re.compile(rb'\s*\{\s*"format"\s*:')


def ingest_file(db: str | None, file: str, *, whole: bool, zone: str | None, as_json: bool) -> int:
    """Ingest the requests, or the native diary, in `file`; return 0 when everything in it is on record."""
    shown = shown_zone(zone)
    with _reading(file) as stream, opened(db) as journal:
        numbers: list[int] = []
        items: Iterable[bytes | Item]
        first = stream.readline()
        if _NATIVE.match(first):
            records = native.loads(first + stream.read())
            open_all(journal, [(record.contract, record.policy) for record in records])
            items = [item for record in records for item in items_of(record)]
            numbers.extend(range(1, len(items) + 1))
        else:
            items = _lines(first, stream, numbers)
        try:
            return _report(zip(_numbered(numbers), ingest(journal, items), strict=False), shown, whole, as_json)
        except StoreError as error:
            remedy = f"{error.remedy}; then ingest the whole file again: what is on record is not recorded twice"
            raise type(error)(error.argument, error.value, error.allowed, remedy) from None


@contextmanager
def _reading(file: str) -> Iterator[IO[bytes]]:
    if file == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(file).open("rb"))
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise DocumentError(file, NOTHING, f"cannot be read ({why})", "check the path") from None
        yield stream


def _lines(first: bytes, stream: IO[bytes], numbers: list[int]) -> Iterator[bytes]:
    """Yield each line that is not blank, and note its number."""
    number, line = 1, first
    while line:
        if line.strip():
            numbers.append(number)
            yield line.rstrip(b"\r\n")
        number, line = number + 1, _line(stream)


def _line(stream: IO[bytes]) -> bytes:
    """Return the next line; of one that is longer than any item only so much that it is refused as one."""
    line = stream.readline(LONGEST + 1)
    rest = line
    while len(rest) > LONGEST and not rest.endswith(b"\n"):
        rest = stream.readline(LONGEST + 1)
    return line


def _numbered(numbers: list[int]) -> Iterator[int]:
    # The list grows as the lines are read, a batch ahead of their answers.
    n = 0
    while True:
        yield numbers[n] if n < len(numbers) else n + 1
        n += 1


def items_of(record: Record) -> Iterator[Item]:
    """Yield the requests that make the diary `record`: an upload a week, and each run of manual time.

    Their ids come from their content, so that a diary that is ingested again is recorded once.
    """
    by = actor_of(record.contract, Role.FREELANCER)
    calendar = Rules(own_policy(record.policy)).newest
    requests: list[Request] = []
    tracked = [segment for segment in record.segments if segment.source is Source.TRACKED]
    weeks: dict[int, list[Any]] = {}
    for segment in tracked:
        weeks.setdefault(calendar.week_of_slot(segment.slot).start, []).append(segment)
    requests.extend(TimeTracked(segments=found, made_at=found[-1].ends_at) for found in weeks.values())
    groups: dict[tuple[int, str, str | None], list[int]] = {}
    for segment in record.segments:
        if segment.source is Source.MANUAL:
            key = (calendar.week_of_slot(segment.slot).start, segment.memo, segment.label)
            groups.setdefault(key, []).append(segment.slot)
    requests.extend(
        AddTime(start=start, stop=stop, memo=memo, label=label)
        for (_, memo, label), slots in groups.items()
        for start, stop in Slots(slots).runs()
    )
    for request in requests:
        id = f"import {sha256(canonical(plain_request(request))).hexdigest()[:32]}"
        yield Item(contract=record.contract.id, id=id, by=by, request=request)


def _report(answers: Iterable[tuple[int, Answer]], zone: Zone, whole: bool, as_json: bool) -> int:
    counts: Counter[AnswerKind] = Counter()
    plain: list[dict[str, Any]] = []
    told = 0
    for number, answer in answers:
        counts[answer.kind] += 1
        if as_json:
            plain.append({"item": number, **plain_answer(answer)})
        elif not answer.recorded or answer.reasons:
            told += 1
            if whole or told <= _SHOWN:
                first, *rest = reason_lines(answer, zone)
                say(f"{number}: {first}")
                for line in rest:
                    say(line)
    left = {kind.value: counts[kind] for kind in AnswerKind if counts[kind]}
    if as_json:
        print_json({"counts": left, "answers": plain})
    else:
        if told > _SHOWN and not whole:
            say(f"And {told - _SHOWN} more; --all prints them all.")
        words = ", ".join(f"{count} {kind}" for kind, count in left.items())
        total = sum(counts.values())
        say(f"{total} item{'s' * (total != 1)}: {words}." if counts else "There is no item in it.")
        if counts[AnswerKind.QUARANTINED]:
            say("See workdiary quarantine list.")
    bad = (AnswerKind.REFUSED, AnswerKind.CONFLICT, AnswerKind.QUARANTINED)
    return 1 if any(counts[kind] for kind in bad) else 0


def list_quarantine(db: str | None, *, zone: str | None, as_json: bool) -> None:
    """Print what is in quarantine."""
    shown = shown_zone(zone)
    with opened(db) as journal:
        found = journal.quarantined()
    if as_json:
        print_json(
            {
                "quarantine": [
                    {
                        "number": one.number,
                        "at": str(one.at),
                        "error": one.error,
                        "body": one.body.decode("utf-8", "backslashreplace"),
                    }
                    for one in found
                ]
            }
        )
        return
    from workdiary.cli.screen import DIM, cut, make_console, put, says

    console = make_console()
    if not found:
        put(console, "Nothing is in quarantine.")
    for one in found:
        put(console, says((f"{one.number}  ", "bold"), f"{moment_words(one.at, shown)}  {safe(one.error)}"))
        begins = cut(one.body[:400].decode("utf-8", "replace"), max(console.width - 4, 20)).rstrip()
        put(console, says((f"    {begins}", DIM)))


def _chosen(known: Sequence[int], numbers: Sequence[int], whole: bool) -> list[int]:
    if whole == bool(numbers):
        raise InvalidValue("NUMBER", NOTHING, "or --all is needed, and not both", "see workdiary quarantine list")
    wrong = [number for number in numbers if number not in known]
    if wrong:
        raise InvalidValue("NUMBER", wrong[0], "is not in quarantine", "see workdiary quarantine list")
    return list(known) if whole else list(dict.fromkeys(numbers))


def retry_quarantined(db: str | None, numbers: Sequence[int], *, whole: bool, zone: str | None, as_json: bool) -> int:
    """Ingest what is in quarantine under `numbers`, or all of it, once more."""
    with opened(db) as journal:
        chosen = _chosen([one.number for one in journal.quarantined()], numbers, whole)
        answers = [(number, retry(journal, number)) for number in chosen]
        return _report(answers, shown_zone(zone), True, as_json)


def discard_quarantined(db: str | None, numbers: Sequence[int], *, whole: bool, yes: bool, as_json: bool) -> int:
    """Throw away what is in quarantine under `numbers`, or all of it."""
    with opened(db) as journal:
        chosen = _chosen([one.number for one in journal.quarantined()], numbers, whole)
        warning = f"This throws away {', '.join(map(str, chosen))} for good."
        if chosen and not yes and not ask([warning], as_json=as_json, remedy="give --yes to do it"):
            return 1
        for number in chosen:
            discard(journal, number)
    if as_json:
        print_json({"discarded": chosen})
    else:
        say(f"Discarded {', '.join(map(str, chosen)) or 'nothing'}.")
    return 0
