"""Ingestion: many requests at once, each answered by itself, so that a bad one never blocks the others.

An item is one JSON object, on a line of its own in a file::

    {"contract": "c-1", "id": "7d5c…", "by": {"id": "ana", "role": "freelancer"},
     "request": {"kind": "track_time", "made_at": "2026-11-18T10:00:05Z", "segments": [ …runs… ]}}

What cannot be read goes to quarantine, as it came; it is listed there, and retried or discarded by hand.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias

import attrs

from workdiary.diary.canonical import canonical
from workdiary.diary.changes import TimeTracked
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Answer, AnswerKind, Calendars, Draft
from workdiary.diary.entry import check_id
from workdiary.diary.journal import Journal, WritesSeveral
from workdiary.diary.requests import plain_request, request_of
from workdiary.errors import InvalidValue, StoreError, UnknownContract, WorkdiaryError
from workdiary.formats.reading import field, object_of, parse_json, text_of
from workdiary.model.contract import Actor, Role
from workdiary.model.slots import EMPTY, Slots
from workdiary.plain import destructure, structure

__all__ = ["BATCH", "LONGEST", "Item", "discard", "ingest", "retry"]

BATCH: Final = 1000
"""How many items are taken at a time: those of one contract share one lock and one commit."""

_TOGETHER: Final = 64
"""How many contracts share one lock and one commit, where the journal can do that."""

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
            by=_actor(field(data, "by", "")),
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


_ROLES: Final = {role.value: role for role in Role}


def _actor(data: Any) -> Actor:
    # Said with every item, and next to always well: what is not is told by the reader of all values.
    if isinstance(data, dict) and data.keys() == {"id", "role"} and type(data["id"]) is type(data["role"]) is str:
        role = _ROLES.get(data["role"])
        if role is not None and data["id"]:
            return Actor(id=data["id"], role=role)
    return structure(data, Actor, "by")


def ingest(journal: Journal, items: Iterable[bytes | Item], *, workers: int = 1) -> Iterator[Answer]:
    """Record each of `items` that may be recorded, and yield an answer for each, in their order.

    Items that come as bytes are read first. They are taken in batches: what a batch answers is on the disk
    when its first answer is yielded. Raises `StoreError` when it is not known whether a batch was
    recorded: ingest all of it again, for ids that are on record answer `EXISTS`.

    `workers` are the threads that record for several contracts at a time: a journal on a server then works while
    the next diary is judged. A journal in one file gains nothing by them.
    """
    if type(workers) is not int or workers < 1:
        raise InvalidValue("workers", workers, "is not a number of threads", "give an int, 1 or more")
    rest = iter(items)
    diaries: OrderedDict[str, Diary] = OrderedDict()
    with ThreadPoolExecutor(workers, "workdiary-ingest") as pool:
        while batch := [*islice(rest, BATCH)]:
            yield from _batch(journal, batch, diaries, pool.map if workers > 1 else map)


def retry(journal: Journal, number: int) -> Answer:
    """Ingest once more what is number `number` in quarantine; it leaves when it is on record now."""
    for kept in journal.quarantined():
        if kept.number == number:
            (answer,) = _batch(journal, [kept.body], OrderedDict(), map)
            if answer.recorded:
                with suppress(InvalidValue):  # somebody else has retried it too, and come first
                    journal.release(number)
            return answer
    raise InvalidValue("number", number, "is not in quarantine", "list what is there")


def discard(journal: Journal, number: int) -> None:
    """Take number `number` out of quarantine for good. Raises `InvalidValue` when it is not there."""
    journal.release(number)


_Taken: TypeAlias = "list[tuple[int, Answer | WorkdiaryError]]"
"""What became of items, each with its place in the batch."""


def _batch(
    journal: Journal, batch: list[bytes | Item], diaries: OrderedDict[str, Diary], each: Callable[..., Iterable[_Taken]]
) -> list[Answer]:
    taken: _Taken = []
    ids: list[str | None] = [None] * len(batch)
    by_contract: dict[str, list[tuple[int, Item]]] = {}
    for place, given in enumerate(batch):
        try:
            item = given if isinstance(given, Item) else Item.parse(given)
            ids[place] = item.id
            by_contract.setdefault(item.contract, []).append((place, item))
        except WorkdiaryError as error:
            taken.append((place, error))
    # In the order of their ids, so that two ingestions never wait for each other.
    contracts = sorted(by_contract)
    calendars = next((diary.calendars for diary in reversed(diaries.values()) if diary.calendars is not None), None)
    if calendars is None and contracts:
        with suppress(WorkdiaryError):  # said below, of its own items
            calendars = Calendars(journal.standing(contracts[0]).policy)
    for contract in contracts:
        # What a diary has read for one batch serves the next, and the weeks of one are mostly those of all.
        known = diaries.pop(contract, None)
        diaries[contract] = Diary(journal, contract, calendars=calendars) if known is None else known
    each_has = [(diaries[contract], by_contract[contract]) for contract in contracts]
    if isinstance(journal, WritesSeveral):
        groups = [each_has[n : n + _TOGETHER] for n in range(0, len(each_has), _TOGETHER)]
        found = each(partial(_of_several, journal), groups)
    else:
        found = each(_of_one, *zip(*each_has, strict=True)) if each_has else ()
    for some in found:
        taken.extend(some)
    while len(diaries) > _DIARIES:
        diaries.popitem(last=False)
    answers: dict[int, Answer] = {}
    for place, what in taken:
        if isinstance(what, Answer):
            answers[place] = what
        else:
            kept = journal.quarantine(_bytes(batch[place]), str(what))
            answers[place] = Answer(kind=AnswerKind.QUARANTINED, id=ids[place], error=str(what), number=kept.number)
    return [answers[place] for place in range(len(batch))]


def _of_several(journal: WritesSeveral, group: Sequence[tuple[Diary, list[tuple[int, Item]]]]) -> _Taken:
    """Record what a batch has for several contracts, in one step, and return what became of each item."""
    taken: _Taken = []
    drafts: list[tuple[Diary, Draft]] = []
    wanted = [diary.wanted([item.id for _, item in of_it], _slots(of_it[0][1].request)) for diary, of_it in group]
    try:
        with journal.writing_several(wanted) as writings:
            for (diary, several), writing in zip(group, writings, strict=True):
                try:
                    with diary.drafted(writing) as draft:
                        draft.look_up([item.id for _, item in several])
                        taken.extend([(place, _take(draft, item)) for place, item in several])
                    drafts.append((diary, draft))
                except UnknownContract as error:
                    taken.extend([(place, error) for place, _ in several])
    except BaseException as error:
        for diary, _ in group:
            diary.forget()
        if isinstance(error, StoreError) or not isinstance(error, WorkdiaryError):
            raise
        # One of them is damaged: nothing was stored, and each is taken by itself.
        return [answer for diary, several in group for answer in _of_one(diary, several)]
    for diary, draft in drafts:
        diary.settle(draft)
    return taken


def _of_one(diary: Diary, several: list[tuple[int, Item]]) -> _Taken:
    """Record what a batch has for one contract, in one step, and return what became of each item."""
    try:
        ids = [item.id for _, item in several]
        with diary.drafting(ids=ids, slots=_slots(several[0][1].request)) as draft:
            draft.look_up(ids)
            return [(place, _take(draft, item)) for place, item in several]
    except StoreError:
        raise
    except WorkdiaryError as error:
        # No diary, or one that is damaged: nothing of the whole block was recorded.
        return [(place, error) for place, _ in several]


def _slots(request: Request) -> Slots:
    return request.slots if isinstance(request, TimeTracked) else EMPTY


def _take(draft: Draft, item: Item) -> Answer | WorkdiaryError:
    try:
        return draft.take(item.request, by=item.by, id=item.id)
    except StoreError:
        raise
    except WorkdiaryError as error:
        return error


def _bytes(given: bytes | Item) -> bytes:
    return given.dump() if isinstance(given, Item) else given
