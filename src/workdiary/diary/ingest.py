"""Ingestion: many requests at once, each answered by itself, so that a bad one never blocks the others.

An item is one JSON object, on a line of its own in a file::

    {"contract": "c-1", "id": "7d5c…", "by": {"id": "ana", "role": "freelancer"},
     "request": {"kind": "track_time", "made_at": "2026-11-18T10:00:05Z", "segments": [ …runs… ]}}

What cannot be read goes to quarantine, as it came; it is listed there, and retried or discarded by hand.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import attrs

from workdiary.diary.canonical import canonical
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Answer, AnswerKind, Draft
from workdiary.diary.entry import check_id
from workdiary.diary.journal import Journal
from workdiary.diary.requests import plain_request, request_of
from workdiary.errors import InvalidValue, StoreError, WorkdiaryError
from workdiary.formats.reading import field, object_of, parse_json, text_of
from workdiary.model.contract import Actor
from workdiary.plain import destructure, structure

__all__ = ["BATCH", "LONGEST", "Item", "discard", "ingest", "retry"]

BATCH: Final = 1000
"""How many items share one lock and one commit a contract."""

_DIARIES: Final = 64
"""How many diaries keep what they have read from one batch to the next."""

LONGEST: Final = 4 * 1024 * 1024
"""The longest item, in bytes: a week of segments with all their minutes is a tenth of it."""


@attrs.frozen(kw_only=True)
class Item:
    """One request with all that is needed to record it: for which contract, under which id, by whom."""

    contract: str
    id: str
    by: Actor
    request: Request

    @classmethod
    def parse(cls, body: bytes) -> Item:
        """Return the item that the JSON text `body` holds; every error names its place in it."""
        data = object_of(parse_json(body, "item", largest=LONGEST), "item")
        unknown = sorted(data.keys() - {"contract", "id", "by", "request"})
        if unknown:
            raise InvalidValue(unknown[0], unknown[0], "is not a known key", "known: contract, id, by, request")
        return cls(
            contract=text_of(field(data, "contract", ""), "contract"),
            id=check_id(field(data, "id", "")),
            by=structure(field(data, "by", ""), Actor, "by"),
            request=request_of(field(data, "request", ""), "request"),
        )

    def dump(self) -> bytes:
        """Return the item as one line of JSON, without its end."""
        data: dict[str, Any] = {
            "contract": self.contract,
            "id": self.id,
            "by": destructure(self.by),
            "request": plain_request(self.request),
        }
        return canonical(data)


def ingest(journal: Journal, items: Iterable[bytes | Item]) -> Iterator[Answer]:
    """Record each of `items` that may be recorded, and yield an answer for each, in their order.

    Items that come as bytes are read first. They are taken in batches: what a batch answers is on the disk
    when its first answer is yielded. Raises `StoreError` when it is not known whether a batch was
    recorded: ingest all of it again, for ids that are on record answer `EXISTS`.
    """
    rest = iter(items)
    diaries: OrderedDict[str, Diary] = OrderedDict()
    while batch := [*islice(rest, BATCH)]:
        yield from _batch(journal, batch, diaries)


def retry(journal: Journal, number: int) -> Answer:
    """Ingest once more what is number `number` in quarantine; it leaves when it is on record now."""
    for kept in journal.quarantined():
        if kept.number == number:
            (answer,) = _batch(journal, [kept.body], OrderedDict())
            if answer.recorded:
                journal.release(number)
            return answer
    raise InvalidValue("number", number, "is not in quarantine", "list what is there")


def discard(journal: Journal, number: int) -> None:
    """Take number `number` out of quarantine for good. Raises `InvalidValue` when it is not there."""
    journal.release(number)


def _diary(journal: Journal, contract: str, diaries: OrderedDict[str, Diary]) -> Diary:
    """Return the diary of `contract`, with the weeks that it has read, if a batch before needed it."""
    diary = diaries.pop(contract, None) or Diary(journal, contract)
    diaries[contract] = diary
    if len(diaries) > _DIARIES:
        diaries.popitem(last=False)
    return diary


def _batch(journal: Journal, batch: list[bytes | Item], diaries: OrderedDict[str, Diary]) -> list[Answer]:
    answers: list[Answer | None] = [None] * len(batch)
    unreadable: list[tuple[int, bytes, str, str | None]] = []
    by_contract: dict[str, list[tuple[int, Item]]] = {}
    for place, given in enumerate(batch):
        try:
            item = given if isinstance(given, Item) else Item.parse(given)
            by_contract.setdefault(item.contract, []).append((place, item))
        except WorkdiaryError as error:
            unreadable.append((place, _bytes(given), str(error), None))
    # In the order of their ids, so that two ingestions never wait for each other.
    for contract in sorted(by_contract):
        several = by_contract[contract]
        try:
            with _diary(journal, contract, diaries).drafting() as draft:
                draft.look_up([item.id for _, item in several])
                for place, item in several:
                    answer = _take(draft, item)
                    if isinstance(answer, Answer):
                        answers[place] = answer
                    else:
                        unreadable.append((place, _bytes(batch[place]), str(answer), item.id))
        except StoreError:
            raise
        except WorkdiaryError as error:
            # No diary, or one that is damaged: nothing of the whole block was recorded.
            unreadable.extend((place, _bytes(batch[place]), str(error), item.id) for place, item in several)
    for place, body, why, id in unreadable:
        kept = journal.quarantine(body, why)
        answers[place] = Answer(kind=AnswerKind.QUARANTINED, id=id, error=why, number=kept.number)
    return [answer for answer in answers if answer is not None]


def _take(draft: Draft, item: Item) -> Answer | WorkdiaryError:
    try:
        return draft.take(item.request, by=item.by, id=item.id)
    except StoreError:
        raise
    except WorkdiaryError as error:
        return error


def _bytes(given: bytes | Item) -> bytes:
    return given.dump() if isinstance(given, Item) else given
