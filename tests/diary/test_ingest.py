"""Ingestion: each item is answered by itself, in order, and a bad one never blocks the others."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.diary.keeping import ACME, ANA, LOCK, NOW, PLATFORM, Kept, opened, terms_changed, upload
from tests.support import PLAIN, WEEK, at, contract, places, refusal
from workdiary import Activity, Actor, ReasonCode, Role, Segment, Slot, add_time, slot_start
from workdiary.diary.changes import TimeTracked
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Answer, AnswerKind
from workdiary.diary.ingest import BATCH, LONGEST, Item, discard, ingest, retry
from workdiary.diary.verify import verify, verify_all
from workdiary.errors import ChainError, DocumentError, InvalidValue, StoreError, WorkdiaryError
from workdiary.store import memory
from workdiary.store.memory import MemoryJournal


def item(request: Request, id: str, *, by: Actor = ANA, contract: str = "c-1") -> Item:
    return Item(contract=contract, id=id, by=by, request=request)


def kinds(answers: Iterator[Answer] | list[Answer]) -> list[str]:
    return [answer.kind.value for answer in answers]


def both(*ids: str) -> Kept:
    """Return a journal with c-1 and the diaries of `ids`."""
    kept = opened()
    for id in ids:
        Diary.open(kept.journal, contract(id=id), PLAIN, by=PLATFORM, id="open")
    return kept


def state(journal: MemoryJournal) -> object:
    """Return everything that a journal holds, without the order of recording of different contracts."""
    return [
        (id, journal.standing(id), [entry.digest for entry in journal.read(id)], journal._diaries[id].weeks)
        for id in journal.contracts()
    ]


# Items.


def test_an_item_is_one_line_and_comes_back_as_it_went() -> None:
    made = item(upload(0, 1), "7d5c")
    line = made.dump()
    assert b"\n" not in line
    assert Item.parse(line) == made
    assert Item.parse(b"  " + line + b"\r\n") == made
    data = json.loads(line)
    assert (data["contract"], data["id"], data["by"]) == ("c-1", "7d5c", {"id": "ana", "role": "freelancer"})
    assert data["request"]["kind"] == "track_time"


GOOD = json.loads(item(upload(0), "a").dump())
GARBAGE: list[tuple[bytes, type[WorkdiaryError], str]] = [
    (b"", DocumentError, "item"),
    (b" \n", DocumentError, "item"),
    (b"{", DocumentError, "item"),
    (b"\xff\xfe", DocumentError, "item"),
    (b"[]", DocumentError, "item"),
    (b"null", DocumentError, "item"),
    (b"NaN", DocumentError, "item"),
    (b"[" * 100_000, DocumentError, "item"),
    (b'{"id": "a", "id": "b"}', DocumentError, "item.id"),
    (b"{}", DocumentError, "contract"),
    (json.dumps({**GOOD, "contract": 5}).encode(), DocumentError, "contract"),
    (json.dumps({**GOOD, "id": ""}).encode(), InvalidValue, "id"),
    (json.dumps({**GOOD, "id": 5}).encode(), InvalidValue, "id"),
    (json.dumps({**GOOD, "id": "x" * 201}).encode(), InvalidValue, "id"),
    (json.dumps({**GOOD, "by": {"id": "ana"}}).encode(), WorkdiaryError, "by.role"),
    (json.dumps({**GOOD, "by": {"id": "ana", "role": "king"}}).encode(), WorkdiaryError, "by.role"),
    (json.dumps({**GOOD, "request": {}}).encode(), DocumentError, "request.kind"),
    (json.dumps({**GOOD, "at": NOW}).encode(), InvalidValue, "at"),
    (json.dumps({key: value for key, value in GOOD.items() if key != "request"}).encode(), DocumentError, "request"),
    (b'{"contract": ' + b"9" * 5000 + b"}", DocumentError, "item"),
    (b'{"contract": "' + b"c" * LONGEST + b'"}', DocumentError, "item"),
]


@pytest.mark.parametrize(("body", "kind", "argument"), GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_wrong_with_an_item_is_named(body: bytes, kind: type[WorkdiaryError], argument: str) -> None:
    with pytest.raises(kind) as caught:
        Item.parse(body)
    assert caught.value.each[0].argument == argument
    assert caught.value.each[0].allowed


# Answers.


def test_b62_a_bad_item_anywhere_blocks_no_other() -> None:
    good = [item(upload(place), str(place)).dump() for place in range(5)]
    for body, _, _ in GARBAGE:
        for place in (0, 2, 5):
            kept = opened()
            answers = [*ingest(kept.journal, [*good[:place], body, *good[place:]])]
            expected = ["created"] * 5
            expected.insert(place, "quarantined")
            assert kinds(answers) == expected
            assert places(kept.week().sheet.tracked) == [0, 1, 2, 3, 4]
            (held,) = kept.journal.quarantined()
            bad = answers[place]
            assert (bad.id, bad.number, bad.error, held.body) == (None, held.number, held.error, body)
            assert not bad.recorded


def test_each_kind_of_answer_is_given_in_the_order_of_the_items() -> None:
    kept = both()
    kept.diary.record(upload(0), by=ANA, id="known")
    kept.clock.set(LOCK)
    given: list[bytes | Item] = [
        item(upload(1008), "new"),
        item(upload(0), "known"),
        item(upload(1), "known"),
        item(upload(5), "late"),
        item(terms_changed("2026-11-23T00:00Z"), "terms"),
        b"garbage",
        item(upload(1009), "x", contract="c-9"),
        item(upload(1009), "close 2026-11-16"),
        item(upload(1010), "last").dump(),
        item(upload(1006, 1011), "over"),
    ]
    answers = [*ingest(kept.journal, given)]
    assert kinds(answers) == [
        "created",
        "exists",
        "conflict",
        "late",
        "refused",
        "quarantined",
        "quarantined",
        "quarantined",
        "created",
        "created",
    ]
    assert [answer.id for answer in answers] == [
        "new", "known", "known", "late", "terms", None, "x", "close 2026-11-16", "last", "over",
    ]  # fmt: skip
    assert [answer.recorded for answer in answers].count(True) == 5
    assert [reason.code for reason in answers[4].reasons] == [ReasonCode.ROLE_NOT_PERMITTED]
    assert [reason.code for reason in answers[9].reasons] == [ReasonCode.WEEK_LOCKED]
    assert answers[6].error == "contract: 'c-9' has no diary here; open one first, or check the id"
    assert "begins like the diary's own" in (answers[7].error or "")
    assert [held.body for held in kept.journal.quarantined()] == [
        b"garbage",
        item(upload(1009), "close 2026-11-16").dump(),
        item(upload(1009), "x", contract="c-9").dump(),
    ]


def test_nothing_is_ingested_of_nothing() -> None:
    kept = opened()
    assert [*ingest(kept.journal, [])] == []
    assert kept.head.version == 1


def test_b65_equal_work_under_two_ids_is_two_and_one_id_is_one() -> None:
    kept = opened()
    same = upload(Segment.tracked(at(0), activity=Activity.of_minutes([(1, 0, 0)] * 10)))
    answers = ingest(kept.journal, [item(same, "a"), item(same, "b"), item(same, "a")])
    assert kinds(answers) == ["created", "created", "exists"]
    (segment,) = kept.diary.segments(WEEK)
    assert segment.activity is not None
    assert segment.activity.keystrokes == 20


def test_ids_that_collide_within_a_batch_and_across_batches_are_told_apart() -> None:
    kept = both("c-2")
    first = [item(upload(0), "a"), item(upload(1), "a"), item(upload(0), "a"), item(upload(0), "a", contract="c-2")]
    assert kinds(ingest(kept.journal, first)) == ["created", "conflict", "exists", "created"]
    head = kept.head
    again = [item(upload(1), "a"), item(upload(0), "a"), item(upload(0), "a", by=ACME)]
    assert kinds(ingest(kept.journal, again)) == ["conflict", "exists", "conflict"]
    assert kept.head == head
    many = [item(upload(place % 300), f"id {place % 1500}") for place in range(BATCH * 3)]
    assert Counter(kinds(ingest(kept.journal, many))) == {"created": 1500, "exists": 1500}


def test_an_item_sees_what_the_items_before_it_did() -> None:
    kept = opened()
    steps = [
        item(add_time(slot_start(at(0)), slot_start(at(3)), memo="Call"), "a"),
        item(add_time(slot_start(at(0)), slot_start(at(3)), memo="Call"), "b"),  # all taken
        item(terms_changed(NOW, manual=False), "c", by=ACME),
        item(add_time(slot_start(at(5)), slot_start(at(6)), memo="Call"), "d"),  # no longer allowed
    ]
    answers = [*ingest(kept.journal, steps)]
    assert [[reason.code.value for reason in answer.reasons] for answer in answers] == [
        [],
        ["slot_taken"],
        [],
        ["manual_time_not_allowed"],
    ]


def test_items_of_several_contracts_may_be_mixed() -> None:
    mixed = [item(upload(n // 3), f"id {n}", contract=f"c-{n % 3 + 1}") for n in range(60)]
    one, other = both("c-2", "c-3"), both("c-2", "c-3")
    assert kinds(ingest(one.journal, mixed)) == ["created"] * 60
    apart = sorted(mixed, key=lambda given: given.contract, reverse=True)
    assert kinds(ingest(other.journal, (given.dump() for given in apart))) == ["created"] * 60
    assert state(one.journal) == state(other.journal)
    for verification in verify_all(one.journal):
        assert verification.is_sound
    for id in one.journal.contracts():
        week = one.journal.week(id, WEEK.start)
        assert week is not None
        assert places(week.sheet.tracked) == [*range(20)]


def test_what_cannot_be_taken_in_is_quarantined_and_leaves_nothing() -> None:
    kept = opened()
    busy = Activity.of_minutes([(600_000, 0, 0)] * 10)
    answers = [
        *ingest(
            kept.journal,
            [
                item(upload(Segment.tracked(at(1), activity=busy)), "a"),
                item(upload(Segment.tracked(at(0)), Segment.tracked(at(1), activity=busy)), "b"),
                item(upload(2), "c"),
            ],
        )
    ]
    assert kinds(answers) == ["created", "quarantined", "created"]
    assert answers[1].id == "b"
    assert places(kept.week().sheet.tracked) == [1, 2]
    assert verify(kept.journal, "c-1").is_sound


# Quarantine.


def test_of_two_who_retry_the_same_at_once_neither_is_told_that_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = both()
    (held,) = ingest(kept.journal, [item(upload(0), "a", contract="c-2")])
    assert held.number is not None
    Diary.open(kept.journal, contract(id="c-2"), PLAIN, by=PLATFORM, id="open")
    number, release = held.number, kept.journal.release
    others: list[None] = []

    def release_second(number: int) -> None:
        if not others:
            others.append(None)
            assert retry(kept.journal, number).kind is AnswerKind.EXISTS
        release(number)

    monkeypatch.setattr(kept.journal, "release", release_second)
    assert retry(kept.journal, number).kind is AnswerKind.CREATED
    assert kept.journal.quarantined() == ()


def test_what_is_in_quarantine_is_retried_or_discarded_by_hand() -> None:
    kept = opened()
    kept.journal.quarantine(b"older", "not ours")
    line = item(upload(0), "a", contract="c-2").dump()
    (answer,) = ingest(kept.journal, [line])
    assert answer.number == 2
    again = retry(kept.journal, 2)
    assert (again.kind, again.number) == (AnswerKind.QUARANTINED, 2)
    assert len(kept.journal.quarantined()) == 2
    other = Diary.open(kept.journal, contract(id="c-2"), PLAIN, by=PLATFORM, id="open")
    done = retry(kept.journal, 2)
    assert (done.kind, done.id) == (AnswerKind.CREATED, "a")
    assert len(other.segments(WEEK)) == 1
    assert [held.body for held in kept.journal.quarantined()] == [b"older"]
    discard(kept.journal, 1)
    assert kept.journal.quarantined() == ()
    said = ("number", 2, "is not in quarantine", "list what is there")
    assert refusal(InvalidValue, retry, kept.journal, 2) == said
    assert refusal(InvalidValue, discard, kept.journal, 2) == said


def test_the_same_garbage_is_held_once_and_what_is_refused_stays() -> None:
    kept = opened()
    answers = [*ingest(kept.journal, [b"x", b"y", b"x"])]
    assert [answer.number for answer in answers] == [1, 2, 1]
    line = item(upload(0), "a", by=ACME, contract="c-2").dump()
    (answer,) = ingest(kept.journal, [line])
    Diary.open(kept.journal, contract(id="c-2"), PLAIN, by=PLATFORM, id="open")
    assert answer.number == 3
    assert retry(kept.journal, 3).kind is AnswerKind.REFUSED
    assert [held.number for held in kept.journal.quarantined()] == [1, 2, 3]


# What goes wrong below.


@pytest.mark.parametrize("when", ["append", "find"])
def test_a_crash_in_the_middle_is_repaired_by_ingesting_all_of_it_again(
    when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = 50
    monkeypatch.setattr("workdiary.diary.ingest.BATCH", batch)
    ids = ("c-2", "c-3")
    items = [item(upload(n // 3), f"id {n}", contract=f"c-{n % 3 + 1}").dump() for n in range(batch * 2 + 10)]
    items[7], items[batch + 7] = b"garbage", b"rubbish"
    whole = both(*ids)
    expected = kinds(ingest(whole.journal, items))
    real = getattr(memory._Writing, when)
    # At each of the 9 blocks, one a batch and contract.
    for crash in range(1, 10):
        kept = both(*ids)
        calls: list[int] = []

        def dies(self: Any, *args: Any, calls: list[int] = calls, crash: int = crash, **kwargs: Any) -> Any:
            calls.append(1)
            found = real(self, *args, **kwargs)
            if len(calls) == crash:
                raise StoreError("diary", "…", "is gone", "open it again")
            return found

        answered: list[Answer] = []
        with monkeypatch.context() as patch:
            patch.setattr(memory._Writing, when, dies)
            with pytest.raises(StoreError):
                answered.extend(ingest(kept.journal, items))
        # What was answered is there, and a block is there as a whole or not at all.
        stored = sum(kept.journal.standing(id).head.version - 1 for id in kept.journal.contracts())
        assert stored >= sum(answer.recorded for answer in answered)
        again = kinds(ingest(kept.journal, items))
        assert [kind if kind != "exists" else "created" for kind in again] == expected
        assert state(kept.journal) == state(whole.journal)
        assert [held.body for held in kept.journal.quarantined()] == [b"garbage", b"rubbish"]


def test_a_damaged_diary_keeps_no_other_from_its_items(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = both("c-2")
    real = memory._Writing.append

    def torn(self: Any, entries: Any, **given: Any) -> None:
        if entries[0].contract == "c-1":
            raise ChainError("entries[0]", "…", "does not follow", "restore a copy that verifies")
        real(self, entries, **given)

    monkeypatch.setattr(memory._Writing, "append", torn)
    answers = [*ingest(kept.journal, [item(upload(n), str(n), contract=f"c-{n % 2 + 1}") for n in range(4)])]
    assert kinds(answers) == ["quarantined", "created", "quarantined", "created"]
    assert answers[0].error == "entries[0]: '…' does not follow; restore a copy that verifies"
    assert len(kept.journal.quarantined()) == 2
    assert kept.head.version == 1
    monkeypatch.undo()
    assert [retry(kept.journal, held.number).kind for held in kept.journal.quarantined()] == [AnswerKind.CREATED] * 2
    assert places(kept.week().sheet.tracked) == [0, 2]


def test_a_store_that_fails_while_an_item_is_judged_stops_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = opened()
    items: list[bytes | Item] = [item(upload(0), "a"), b"garbage"]

    def fails(*_: object, **__: object) -> object:
        raise StoreError("diary", "…", "is gone", "open it again")

    with monkeypatch.context() as patch:
        patch.setattr(memory._Writing, "read", fails)
        with pytest.raises(StoreError, match="is gone"):
            list(ingest(kept.journal, items))
    # Not even the garbage is held: nothing was answered, and all of it comes again.
    assert kept.journal.quarantined() == ()
    assert kept.head.version == 1
    assert kinds(ingest(kept.journal, items)) == ["created", "quarantined"]


def test_many_items_with_garbage_among_them() -> None:
    # 100,000 of them in the deep profile; each hundredth is garbage, of every kind.
    count = 100_000 if os.environ.get("WORKDIARY_HYPOTHESIS") == "deep" else 5_000
    kept = opened(now="2028-11-18T18:00:00Z")
    ids = [f"c-{n}" for n in range(1, 11)]
    for id in ids[1:]:
        Diary.open(kept.journal, contract(id=id), PLAIN, by=PLATFORM, id="open")
    first = PLAIN.week_of("2028-11-13T00:00Z").start
    shuffled = random.Random(7)  # noqa: S311 - an order, the same every time
    garbage = [body for body, _, _ in GARBAGE if len(body) < 5000]
    bodies: list[bytes] = []
    for n in range(count):
        if n % 100 == 50:
            bodies.append(garbage[n // 100 % len(garbage)] + str(n).encode())
            continue
        segment = Segment.tracked(Slot(first + n % 700), memo="Fix", activity=Activity.of_meter(8))
        made = TimeTracked(segments=[segment], made_at="2028-11-18T18:00:00Z")
        bodies.append(
            item(made, f"id {n}", contract=ids[n * 10 // count], by=Actor(id="ana", role=Role.FREELANCER)).dump()
        )
    # Neighbours change places; those of one contract stay near each other, as senders send them.
    for begin in range(0, count, 1500):
        block = bodies[begin : begin + 1500]
        shuffled.shuffle(block)
        bodies[begin : begin + 1500] = block
    answers = [*ingest(kept.journal, iter(bodies))]
    assert Counter(kinds(answers)) == {"created": count * 99 // 100, "quarantined": count // 100}
    for body, answer in zip(bodies, answers, strict=True):
        if answer.id is not None:
            assert f'"id":"{answer.id}"'.encode() in body
    assert len(kept.journal.quarantined()) == count // 100
    assert all(verification.is_sound for verification in verify_all(kept.journal))


def test_several_workers_answer_as_one_does() -> None:
    mixed: list[bytes | Item] = [item(upload(n // 4), f"id {n}", contract=f"c-{n % 4 + 1}") for n in range(400)]
    mixed[7] = b"garbage"
    one, several = both("c-2", "c-3", "c-4"), both("c-2", "c-3", "c-4")
    assert kinds(ingest(one.journal, mixed)) == kinds(ingest(several.journal, mixed, workers=4))
    assert state(one.journal) == state(several.journal)
    assert refusal(InvalidValue, lambda: [*ingest(one.journal, mixed, workers=0)])[:2] == ("workers", 0)
