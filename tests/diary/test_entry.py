"""Entries and their chain, against bytes written by hand; and every change of a single byte is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from itertools import combinations
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import at, refusal, run, slots
from workdiary.diary.changes import ContractOpened, FactsChanged, MemoEdited, PaymentFailed, TimeAdded
from workdiary.diary.entry import START, Entry, Head, check_id
from workdiary.errors import ChainError, InvalidValue, WorkdiaryError
from workdiary.model.contract import Actor, Facts, Role
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, instant
from workdiary.testing.diary_strategies import actors, chains, changes, entries, entry_ids, heads

ANA = Actor(id="ana", role=Role.FREELANCER)
NINE = instant("2026-11-18T09:00Z")

# The diary of three entries that most tests look at, byte by byte.
BODIES = (
    b'{"at":"2026-11-18T09:00:00Z","by":{"id":"plat\\u00e9","role":"platform"},'
    b'"change":{"facts":{"billing_verified":true,"good_standing":false,"identity_verified":false,'
    b'"since":"2026-11-02T00:00:00Z"},"kind":"facts_changed"},'
    b'"contract":"c-1","id":"e-1","number":1,"slots":null}',
    b'{"at":"2026-11-18T09:00:00Z","by":{"id":"ana","role":"freelancer"},'
    b'"change":{"asked":[["2026-11-16T00:00:00Z","2026-11-16T00:30:00Z"]],"kind":"time_added","label":null,'
    b'"memo":"Caf\\u00e9 \\ud83e\\udd80","slots":[["2026-11-16T00:00:00Z","2026-11-16T00:10:00Z"],'
    b'["2026-11-16T00:20:00Z","2026-11-16T00:30:00Z"]]},'
    b'"contract":"c-1","id":"e-2","number":2,"slots":[2991312,2991315]}',
    b'{"at":"2026-11-18T09:00:07Z","by":{"id":"acme","role":"client"},'
    b'"change":{"kind":"payment_failed","week":[["2026-11-16T00:00:00Z","2026-11-23T00:00:00Z"]]},'
    b'"contract":"c-1","id":"e-3","number":3,"slots":[2991312,2992320]}',
)


def _digests() -> list[bytes]:
    found = [bytes(32)]
    for body in BODIES:
        found.append(sha256(b"workdiary/entry/1\n" + found[-1] + body).digest())
    return found


DIGESTS = _digests()


def sealed() -> list[Entry]:
    """Return the three entries, as the code under test seals them."""
    facts = Facts(since="2026-11-02T00:00Z", billing_verified=True)
    first = Entry.seal(
        contract="c-1",
        after=START,
        id="e-1",
        at=NINE,
        by=Actor(id="platé", role=Role.PLATFORM),
        change=FactsChanged(facts=facts),
    )
    added = TimeAdded(asked=run(0, 3), memo="Café \U0001f980", slots=slots(0, 2))
    second = Entry.seal(contract="c-1", after=first.head, id="e-2", at=NINE, by=ANA, change=added)
    third = Entry.seal(
        contract="c-1",
        after=second.head,
        id="e-3",
        at=Instant(NINE + 7),
        by=Actor(id="acme", role=Role.CLIENT),
        change=PaymentFailed(week=run(0, 1008)),
    )
    return [first, second, third]


CHAIN = sealed()


def verify(found: list[Entry]) -> str | None:
    """Return what is wrong with the chain `found`, in words."""
    head = START
    for entry in found:
        try:
            entry.check(head)
        except ChainError as error:
            return str(error)
        head = entry.head
    return None


def test_an_entry_has_the_bytes_and_the_digest_of_the_format() -> None:
    for n, entry in enumerate(CHAIN):
        assert entry.body == BODIES[n]
        assert entry.previous == DIGESTS[n]
        assert entry.digest == DIGESTS[n + 1]
        assert entry.number == n + 1
        assert entry.id == f"e-{n + 1}"
    assert [(entry.start, entry.stop) for entry in CHAIN] == [(None, None), (at(0), at(3)), (at(0), at(1008))]
    assert verify(CHAIN) is None


def test_an_entry_is_read_back_from_its_bytes() -> None:
    stored = [
        Entry(
            contract="c-1",
            number=n + 1,
            id=f"e-{n + 1}",
            at=entry.at,
            start=entry.start,
            stop=entry.stop,
            body=BODIES[n],
            previous=DIGESTS[n],
            digest=DIGESTS[n + 1],
        )
        for n, entry in enumerate(CHAIN)
    ]
    assert stored == CHAIN
    assert stored[0].by == Actor(id="platé", role=Role.PLATFORM)
    assert stored[1].change == TimeAdded(asked=run(0, 3), memo="Café \U0001f980", slots=slots(0, 2))
    assert stored[2].change == PaymentFailed(week=run(0, 1008))
    assert hash(stored[1]) == hash(CHAIN[1])


@settings(max_examples=80)
@given(entries())
def test_whatever_is_sealed_is_read_back_the_same(entry: Entry) -> None:
    again = attrs.evolve(entry)
    data = json.loads(entry.body)
    assert again.change == entry.change
    assert (data["id"], data["contract"], data["number"]) == (entry.id, entry.contract, entry.number)
    assert entry.body.isascii()
    assert entry.digest == sha256(b"workdiary/entry/1\n" + entry.previous + entry.body).digest()
    entry.check(Head(version=entry.number - 1, digest=entry.previous))


@settings(max_examples=100)
@given(heads(), entry_ids(), actors(), changes(), st.integers(0, 2**33))
def test_sealing_keeps_what_it_is_given(head: Head, id: str, by: Actor, change: Any, seconds: int) -> None:
    entry = Entry.seal(contract="c-1", after=head, id=id, at=Instant(seconds), by=by, change=change)
    assert (entry.by, entry.change, entry.id, entry.at) == (by, change, id, seconds)
    assert (entry.start, entry.stop) == (change.slots.start, change.slots.stop)
    assert (entry.number, entry.previous) == (head.version + 1, head.digest)


@settings(max_examples=40)
@given(chains(max_size=4))
def test_every_chain_that_was_sealed_holds(found: tuple[Entry, ...]) -> None:
    assert verify(list(found)) is None


# Tampering.


def test_every_change_of_a_single_byte_of_the_content_is_noticed() -> None:
    for n, entry in enumerate(CHAIN):
        for place in range(len(entry.body)):
            for mask in (1, 2, 4, 8, 16, 32, 64, 128, 255):
                body = bytearray(entry.body)
                body[place] ^= mask
                found = [*CHAIN[:n], attrs.evolve(entry, body=bytes(body)), *CHAIN[n + 1 :]]
                problem = verify(found)
                assert problem is not None
                assert problem.startswith(f"entries[{n + 1}]: ")


@pytest.mark.parametrize("column", ["previous", "digest"])
def test_every_change_of_a_single_byte_of_a_digest_is_noticed(column: str) -> None:
    for n, entry in enumerate(CHAIN):
        for place in range(32):
            for mask in (1, 128, 255):
                value = bytearray(getattr(entry, column))
                value[place] ^= mask
                changes: dict[str, Any] = {column: bytes(value)}
                assert verify([*CHAIN[:n], attrs.evolve(entry, **changes), *CHAIN[n + 1 :]]) is not None


def test_every_byte_that_is_cut_off_or_put_in_is_noticed() -> None:
    entry = CHAIN[1]
    for place in range(len(entry.body)):
        shorter = entry.body[:place] + entry.body[place + 1 :]
        longer = entry.body[:place] + b" " + entry.body[place:]
        for body in (shorter, longer, entry.body[:place]):
            assert verify([CHAIN[0], attrs.evolve(entry, body=body)]) is not None


COLUMNS: dict[str, list[Any]] = {
    "contract": ["c-2", "C-1", ""],
    "id": ["e-1", "e-20", ""],
    "at": [Instant(NINE + 1), Instant(NINE - 600), Instant(0)],
    "number": [1, 3, 0, -2],
    "start": [None, Slot(at(0) + 1), Slot(at(0) - 1), Slot(0)],
    "stop": [None, Slot(at(3) + 1), Slot(at(3) - 1)],
}


@pytest.mark.parametrize("column", COLUMNS)
def test_what_stands_beside_the_content_must_be_what_the_content_says(column: str) -> None:
    for value in COLUMNS[column]:
        problem = verify([CHAIN[0], attrs.evolve(CHAIN[1], **{column: value}), CHAIN[2]])
        assert problem is not None, value
        assert problem.startswith(f"entries[{value if column == 'number' else 2}]: ")


def _resealed(entry: Entry, **changes: Any) -> Entry:
    """Return `entry` with another content and the right digest for it, as a forger makes it who knows the format."""
    data = json.loads(entry.body) | changes
    body = json.dumps(data, sort_keys=True, separators=(",", ":")).encode()
    return attrs.evolve(entry, body=body, digest=sha256(b"workdiary/entry/1\n" + entry.previous + body).digest())


def test_a_forged_entry_with_the_right_digest_breaks_the_next_one() -> None:
    data = json.loads(CHAIN[1].body)
    forged = _resealed(CHAIN[1], change=data["change"] | {"memo": "Other"})
    forged.check(CHAIN[0].head)
    problem = verify([CHAIN[0], forged, CHAIN[2]])
    assert problem is not None
    assert problem.startswith("entries[3]: ")


@pytest.mark.parametrize(
    "changes",
    [
        {"contract": "c-2"},
        {"id": "e-9"},
        {"number": 3},
        {"number": "2"},
        {"at": "2026-11-18T09:00:01Z"},
        {"at": "2026-11-18T09:00:00+00:00"},
        {"at": None},
        {"at": 5},
        {"slots": None},
        {"slots": [2991312, 2991316]},
        {"slots": "x"},
    ],
    ids=str,
)
def test_a_forged_content_that_differs_from_what_stands_beside_it_is_noticed(changes: dict[str, Any]) -> None:
    assert refusal(ChainError, _resealed(CHAIN[1], **changes).check, CHAIN[0].head)[0] == "entries[2]"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b"null", b"\xff", b"{}", b"[" * 100_000, b'{"at":NaN}', b"9" * 5000]
)
def test_a_content_that_is_no_entry_is_noticed_even_with_the_right_digest(body: bytes) -> None:
    digest = sha256(b"workdiary/entry/1\n" + bytes(32) + body).digest()
    broken = attrs.evolve(CHAIN[0], body=body, digest=digest)
    error = refusal(ChainError, broken.check, START)
    assert error[0] == "entries[1]"
    for read in (lambda: broken.by, lambda: broken.change):
        with pytest.raises(WorkdiaryError, match=r"^entries\[1\]"):
            read()


def test_an_entry_that_was_removed_is_noticed() -> None:
    for n in range(2):
        problem = verify([*CHAIN[:n], *CHAIN[n + 1 :]])
        assert problem is not None
        assert "was removed, inserted or moved" in problem


def test_an_entry_that_was_cut_off_at_the_end_is_noticed_by_the_head() -> None:
    assert verify(CHAIN[:2]) is None
    assert CHAIN[1].head != CHAIN[2].head


def test_entries_that_were_swapped_are_noticed() -> None:
    for i, j in combinations(range(3), 2):
        found = list(CHAIN)
        found[i], found[j] = found[j], found[i]
        assert verify(found) is not None


def test_an_entry_that_was_put_in_is_noticed() -> None:
    for n in range(3):
        put_in = Entry.seal(
            contract="c-1", after=CHAIN[n - 1].head if n else START, id="x", at=NINE, by=ANA, change=EDIT
        )
        assert verify([*CHAIN[:n], put_in, *CHAIN[n:]]) is not None
    assert verify([CHAIN[0], CHAIN[0], *CHAIN[1:]]) is not None


EDIT = MemoEdited(asked=run(0, 1), memo="x", slots=run(0, 1))


def test_an_entry_of_another_chain_is_noticed() -> None:
    other = Entry.seal(contract="c-2", after=START, id="e-1", at=NINE, by=ANA, change=EDIT)
    stranger = Entry.seal(contract="c-2", after=other.head, id="e-2", at=NINE, by=ANA, change=EDIT)
    assert verify([CHAIN[0], stranger]) is not None


def test_the_messages_name_the_entry_and_what_to_do() -> None:
    number = refusal(ChainError, CHAIN[2].check, CHAIN[0].head)
    assert number[:3] == ("entries[3]", 3, "is not the number after 1: an entry was removed, inserted or moved")
    digest = refusal(ChainError, attrs.evolve(CHAIN[1], body=b"{}").check, CHAIN[0].head)
    assert digest[:2] == ("entries[2]", DIGESTS[2].hex())
    beside = refusal(ChainError, attrs.evolve(CHAIN[1], id="y").check, CHAIN[0].head)
    assert beside[0] == "entries[2]"
    assert "restore a copy that verifies" in beside[3]


# Heads and ids.


def test_a_head_is_printed_as_number_and_hexadecimal_digits_and_read_back() -> None:
    head = CHAIN[2].head
    assert str(head) == f"3:{DIGESTS[3].hex()}"
    assert Head.parse(f" {head}\n") == head
    assert Head.parse(str(head).upper()) == head
    assert Head.parse(str(START)) == START == Head(version=0, digest=bytes(32))


@given(heads())
def test_every_head_is_read_back(head: Head) -> None:
    assert Head.parse(str(head)) == head


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "3:",
        ":" + "0" * 64,
        "3:" + "0" * 62,
        "3:" + "0" * 66,
        "-1:" + "0" * 64,
        "x:" + "0" * 64,
        "3:" + "g" * 64,
        "3;" + "0" * 64,
    ],
)
def test_what_is_no_head_is_refused(text: str) -> None:
    remedy = "give a number, a colon and 64 hexadecimal digits"
    assert refusal(InvalidValue, Head.parse, text, "known") == ("known", text, "is not a head", remedy)


@pytest.mark.parametrize("id", ["e-1", "x" * 200, "é", "\U0001f980" * 200, "'; --", "a b", "0"])
def test_an_id_is_1_to_200_printable_characters(id: str) -> None:
    assert check_id(id) == id


@pytest.mark.parametrize(
    "id", ["", " ", "\u2003", "x" * 201, "a\nb", "a\0", "\ud800", "\u202e", "a\u200bb", None, 5, b"e-1", ["e"]]
)
def test_what_is_no_id_is_refused(id: object) -> None:
    assert refusal(InvalidValue, check_id, id, "items[3].id")[:3] == ("items[3].id", id, "is not an id")


def test_sealing_refuses_what_is_no_id() -> None:
    seal: Callable[..., Entry] = Entry.seal
    with pytest.raises(InvalidValue, match="is not an id"):
        seal(contract="c-1", after=START, id="", at=NINE, by=ANA, change=EDIT)


def test_an_entry_is_shown_without_its_bytes() -> None:
    assert "body" not in repr(CHAIN[1])
    assert "digest" not in repr(CHAIN[1])
    assert "e-2" in repr(CHAIN[1])


def test_a_first_entry_touches_no_slot() -> None:
    from tests.support import contract

    opened = ContractOpened(contract=contract(), policy="upwork")
    entry = Entry.seal(contract="c-1", after=START, id="e-1", at=NINE, by=ANA, change=opened)
    assert (entry.start, entry.stop) == (None, None)
    assert entry.change == opened
