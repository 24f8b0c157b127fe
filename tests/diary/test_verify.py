"""Verification finds whatever was done to a diary, and names the first entry that shows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pytest

from tests.diary.keeping import (
    ACME,
    ANA,
    LOCK,
    PLATFORM,
    Kept,
    opened,
    resealed,
    rewritten,
    status_changed,
    terms_changed,
    upload,
)
from tests.support import ODD, PLAIN, WEEK, at, contract, policy, refusal, slots
from workdiary import Instant, Sheet, add_time, delete_time, edit_memo, instant, slot_start
from workdiary.diary.canonical import canonical, document_digest, entry_digest
from workdiary.diary.changes import Change, ContractOpened, TimeAdded, TimeDisputed, WeekClosed, WeekParked
from workdiary.diary.closing import close_week, resolve
from workdiary.diary.entry import START, Entry, Head
from workdiary.diary.journal import WeekState
from workdiary.diary.verify import Fault, Verification, verify, verify_all, verify_chain
from workdiary.errors import ChainError, UnknownContract
from workdiary.store.memory import MemoryJournal

CLOSING = 8
"""The number of the entry that closes the week in `lived`."""


def lived() -> Kept:
    """Return a diary with every kind of change, a closed week and an open one: 14 entries."""
    kept = opened()
    kept.diary.record(upload(0, 1, 2), by=ANA, id="upload")
    kept.diary.record(add_time(slot_start(at(6)), slot_start(at(8)), memo="Call"), by=ANA, id="add")
    kept.diary.record(edit_memo(slot_start(at(0)), slot_start(at(1)), memo="Review"), by=ANA, id="memo")
    kept.diary.record(delete_time(slot_start(at(2)), slot_start(at(3))), by=ANA, id="delete")
    kept.diary.record(terms_changed("2026-11-23T00:00Z"), by=ACME, id="terms")
    kept.diary.record(upload(1), by=ANA, id="again")
    kept.clock.set(LOCK)
    close_week(kept.diary, WEEK, by=PLATFORM)
    kept.diary.record(upload(3), by=ANA, id="late")
    kept.diary.record(upload(4, 1008, 1009), by=ANA, id="over")
    kept.diary.record(TimeDisputed(week=WEEK.slots, disputed=slots(6)), by=ACME, id="dispute")
    resolve(kept.diary, "dispute", by=PLATFORM, id="resolve")
    kept.diary.record(status_changed(LOCK, "paused"), by=ACME, id="pause")
    kept.diary.record(delete_time(slot_start(at(1008)), slot_start(at(1009))), by=ANA, id="none")
    kept.diary.record(status_changed("2026-11-23T13:00Z", "active"), by=ACME, id="active")
    return kept


LAST = 14
NUMBERS = range(1, LAST + 1)


def entries_of(kept: Kept) -> list[Entry]:
    return kept.journal._diaries["c-1"].entries


def found(kept: Kept, *heads: Head) -> Verification:
    return verify(kept.journal, "c-1", heads=heads)


def raw(entry: Entry, after: Head, **changes: Any) -> Entry:
    """Return `entry` with other data in its bytes, and a seal that fits: what only a forger writes."""
    body = canonical({**json.loads(entry.body), "number": after.version + 1, **changes})
    return Entry(
        contract=entry.contract,
        number=after.version + 1,
        id=entry.id,
        at=entry.at,
        start=entry.start,
        stop=entry.stop,
        body=body,
        previous=after.digest,
        digest=entry_digest(after.digest, body),
    )


def forged(kept: Kept, number: int, **changes: Any) -> None:
    """Write other data into entry `number`, and mend the whole chain after it."""
    before = entries_of(kept)[: number - 1]
    chain = [*before, raw(entries_of(kept)[number - 1], before[-1].head if before else START, **changes)]
    for entry in entries_of(kept)[number:]:
        chain.append(raw(entry, chain[-1].head))
    rewritten(kept.journal, chain)


def changed(kept: Kept, number: int, change: Change) -> None:
    """Put `change` in place of that of entry `number`, and mend the whole chain after it."""
    entries = list(entries_of(kept))
    old = entries[number - 1]
    entries[number - 1] = Entry.seal(contract="c-1", after=START, id=old.id, at=old.at, by=old.by, change=change)
    rewritten(kept.journal, resealed(entries))


# What was recorded is sound.


def test_i43_what_was_recorded_is_sound_at_every_step() -> None:
    kept = lived()
    whole = found(kept)
    assert whole == Verification(contract="c-1", head=kept.head, weeks=2, closed=1)
    assert whole.is_sound
    assert whole.head.version == LAST
    heads = [entry.head for entry in kept.diary.entries()]
    assert found(kept, START, *heads, heads[3]).is_sound
    assert [type(entry.change).__name__ for entry in kept.diary.entries()][CLOSING - 1] == "WeekClosed"


def test_an_empty_diary_is_sound() -> None:
    assert found(opened()) == Verification(contract="c-1", head=opened().head)


def test_a_diary_that_nobody_opened_is_unknown() -> None:
    assert refusal(UnknownContract, verify, MemoryJournal(), "c-9") == (
        "contract",
        "c-9",
        "has no diary here",
        "open one first, or check the id",
    )


# The chain: every entry, every way (F82, G18).


@pytest.mark.parametrize("number", NUMBERS)
def test_f82_every_changed_byte_is_found(number: int) -> None:
    kept = lived()
    entries = entries_of(kept)
    good = entries[number - 1]
    for place in {*range(0, len(good.body), 97), len(good.body) - 1}:
        body = bytearray(good.body)
        body[place] ^= 1
        entries[number - 1] = attrs.evolve(good, body=bytes(body))
        (fault,) = found(kept).faults
        assert fault.number == number
        assert fault.what.startswith(f"entries[{number}]: ")
    entries[number - 1] = good
    assert found(kept).is_sound


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contract", "c-2"),
        ("id", "forged"),
        ("number", 99),
        ("at", Instant(0)),
        ("start", 5),
        ("stop", 5),
        ("previous", bytes(range(32))),
        ("digest", bytes(range(32))),
    ],
)
def test_f82_everything_beside_the_bytes_is_compared_with_them(number: int, field: str, value: Any) -> None:
    kept = lived()
    entries = entries_of(kept)
    entries[number - 1] = attrs.evolve(entries[number - 1], **{field: value})
    assert found(kept).faults[0].number == number


@pytest.mark.parametrize("number", NUMBERS)
def test_f82_a_deleted_entry_is_found(number: int) -> None:
    kept = lived()
    del entries_of(kept)[number - 1]
    assert found(kept).faults[0].number == number


@pytest.mark.parametrize("number", NUMBERS)
def test_f82_an_inserted_entry_is_found(number: int) -> None:
    kept = lived()
    entries = entries_of(kept)
    entries.insert(number, entries[number - 1])
    assert found(kept).faults[0].number == number + 1
    kept = lived()
    entries = entries_of(kept)
    after = entries[number - 1].head
    more = Entry.seal(contract="c-1", after=after, id="more", at=entries[number - 1].at, by=ANA, change=upload(1020))
    entries.insert(number, more)
    # It fits where it stands; what follows does not fit after it, or the kept head does not.
    assert found(kept).faults[0].number == number + 2


@pytest.mark.parametrize("number", range(1, LAST))
def test_f82_two_swapped_entries_are_found(number: int) -> None:
    kept = lived()
    entries = entries_of(kept)
    entries[number - 1], entries[number] = entries[number], entries[number - 1]
    assert found(kept).faults[0].number == number


@pytest.mark.parametrize("number", range(LAST))
def test_f82_a_truncated_diary_is_found(number: int) -> None:
    kept = lived()
    head = kept.head
    del entries_of(kept)[number:]
    (fault,) = found(kept).faults
    assert fault.number == number + 1
    assert fault.what.startswith(f"the kept head is {head} of ")
    assert "entries are missing at the end" in found(kept, head).faults[0].what


@pytest.mark.parametrize("number", range(1, LAST))
def test_f82_a_truncation_that_was_covered_up_is_found_by_a_kept_head(number: int) -> None:
    kept = lived()
    head = kept.head
    rewritten(kept.journal, entries_of(kept)[:number])
    fault = found(kept, head).faults[0]
    assert fault.number == number + 1
    assert fault.what == (f"ends at entry {number}, although entry {LAST} is known: entries are missing at the end")


@pytest.mark.parametrize("number", NUMBERS)
def test_i44_a_fork_is_told_apart_by_any_head_that_was_kept_after_it(number: int) -> None:
    kept = lived()
    heads = [entry.head for entry in entries_of(kept)]
    entries = entries_of(kept)
    old = entries[number - 1]
    entries[number - 1] = attrs.evolve(
        old, id="forked", body=canonical({**old.data, "id": "forked"}), previous=b"", digest=b""
    )
    rewritten(kept.journal, resealed(entries))
    for head in heads:
        faults = found(kept, head).faults
        if head.version < number:
            assert not any("a fork" in fault.what for fault in faults)
        else:
            assert faults[0].number == head.version
            assert faults[0].what.startswith(f"entry {head.version} is not the one of the head that was kept, {head}")
    assert found(kept, *heads).faults[0].number == number


def test_i44_two_heads_of_one_version_cannot_both_be_of_this_diary() -> None:
    kept = lived()
    own = entries_of(kept)[4].head
    fault = found(kept, own, Head(version=5, digest=bytes(32))).faults[0]
    assert fault.number == 5
    assert "a fork" in fault.what


def test_a_history_that_was_rewritten_as_a_whole_is_told_by_a_kept_head_alone() -> None:
    kept, head = lived(), lived().head
    other = opened()
    other.diary.record(upload(9), by=ANA, id="other")
    kept.journal._diaries["c-1"] = other.journal._diaries["c-1"]
    assert found(kept).is_sound
    assert not found(kept, head).is_sound


def test_an_entry_from_before_the_one_before_it_is_found() -> None:
    kept = lived()
    entries = entries_of(kept)
    entries[11] = raw(
        attrs.evolve(entries[11], at=instant("2026-11-18T00:00Z")), entries[10].head, at="2026-11-18T00:00:00Z"
    )
    rewritten(kept.journal, entries[:12])
    fault = found(kept).faults[0]
    assert (fault.number, fault.what) == (
        12,
        "entry 12 was recorded at 2026-11-18T00:00:00Z, before the one before it",
    )


# What the entries come to.


@pytest.mark.parametrize(
    "data",
    [
        {"change": {"kind": "time_rounded"}},
        {"change": None},
        {"change": {"kind": "memo_edited", "asked": [], "memo": 5, "slots": []}},
        {"change": {"kind": "time_tracked", "made_at": "soon", "segments": []}},
    ],
)
@pytest.mark.parametrize("number", [1, 2, 4, 14])
def test_an_entry_that_no_program_of_ours_can_have_written_is_named(number: int, data: dict[str, Any]) -> None:
    kept = lived()
    forged(kept, number, **data)
    assert found(kept).faults[0].number == number


def test_an_entry_without_a_change_or_an_actor_is_named() -> None:
    kept = lived()
    entries = list(entries_of(kept))
    body = {key: value for key, value in json.loads(entries[-1].body).items() if key != "change"}
    last = attrs.evolve(entries[-1], body=canonical(body), digest=entry_digest(entries[-2].digest, canonical(body)))
    rewritten(kept.journal, [*entries[:-1], last])
    assert found(kept).faults[0].number == LAST
    for by in ({}, None, {"id": "ana"}, {"id": "ana", "role": "king"}, {"id": 5, "role": "client"}):
        with pytest.raises(ChainError, match=r"entries\[14\]\.by: .* is not an actor"):
            _ = raw(entries[-1], entries[-2].head, by=by).by


def test_an_entry_that_changes_what_is_not_there_is_named() -> None:
    kept = lived()
    opening, _, adding, *rest = entries_of(kept)
    rewritten(kept.journal, resealed([opening, adding, *rest]))
    fault = found(kept).faults[0]
    assert fault.number == 3
    assert "changes slot 2991312, which has no segment" in fault.what


def test_a_diary_opens_once_and_begins_with_that() -> None:
    kept = lived()
    changed(kept, 6, ContractOpened(contract=contract(), policy=PLAIN))
    assert found(kept).faults[0] == Fault(contract="c-1", number=6, what="entry 6 opens a contract that is open")
    kept = lived()
    rewritten(kept.journal, resealed(entries_of(kept)[1:]))
    assert found(kept).faults[0] == Fault(
        contract="c-1", number=1, what="does not begin with the opening of the contract"
    )


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("20.00 USD", "25.00 USD"),
        lambda text: text.replace('"rate":"30.00"', '"rate":"31.00"'),
        lambda text: text.replace('"segments":4', '"segments":5'),
        lambda text: text.replace('"freelancer":"ana"', '"freelancer":"bob"'),
        lambda text: text.replace('"journal":"7:', '"journal":"6:'),
        lambda text: text.replace('"min_active_minutes":1', '"min_active_minutes":2'),
        lambda text: text.replace('"order":"chronological"', '"order":"tracked_first"'),
        lambda text: text.replace('"name":"plain"', '"name":"other"'),
        lambda text: text.replace('"format":"workdiary-statement"', '"format":"x"'),
        lambda text: "{}",
        lambda text: text[:-1] + ',"more":1}',
    ],
)
def test_f82_a_bill_that_was_edited_with_its_digest_and_the_chain_is_found(edit: Callable[[str], str]) -> None:
    kept = lived()
    change = entries_of(kept)[CLOSING - 1].change
    assert isinstance(change, WeekClosed)
    text = edit(change.statement)
    assert text != change.statement
    changed(kept, CLOSING, attrs.evolve(change, statement=text, digest=document_digest(text.encode())))
    faults = [fault for fault in found(kept).faults if fault.number is not None]
    assert faults[0].number == CLOSING
    # With a digest that does not fit, it is found as well.
    changed(kept, CLOSING, attrs.evolve(change, statement=text))
    assert found(kept).faults[0].number == CLOSING


def test_a_bill_under_another_policy_than_it_says_is_found() -> None:
    kept = lived()
    change = entries_of(kept)[CLOSING - 1].change
    assert isinstance(change, WeekClosed)
    changed(kept, CLOSING, attrs.evolve(change, policy="00"))
    fault = found(kept).faults[0]
    assert (fault.number, fault.what) == (
        CLOSING,
        "the bill of the week of 2026-11-16 is not of this diary, contract and policy as they stood",
    )


def test_a_week_that_is_closed_again_is_found() -> None:
    kept = lived()
    entries = list(entries_of(kept))
    entries[CLOSING:CLOSING] = [attrs.evolve(entries[CLOSING - 1])]
    rewritten(kept.journal, resealed(entries))
    assert Fault(contract="c-1", number=9, what="entry 9 closes the week of 2026-11-16 again") in found(kept).faults


@pytest.mark.parametrize("change", [upload(3), TimeAdded(asked=slots(3), memo="Call", slots=slots(3))])
def test_an_entry_that_changes_a_closed_week_is_found(change: Change) -> None:
    kept = lived()
    changed(kept, 9, change)
    (fault,) = found(kept).faults
    assert (fault.number, fault.what) == (9, "entry 9 changes the week of 2026-11-16, which is closed")


def test_a_week_that_was_parked_after_it_was_closed_is_closed() -> None:
    kept = lived()
    changed(kept, 9, WeekParked(week=WEEK.slots, difference="none"))
    assert found(kept).is_sound
    assert kept.diary.page(WEEK).state is WeekState.CLOSED


# What is kept beside the chain.


@pytest.mark.parametrize("week", [0, 1])
@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Sheet)])
def test_f82_each_kept_set_is_compared(week: int, name: str) -> None:
    kept = lived()
    weeks = kept.journal._diaries["c-1"].weeks
    start = at(1008 * week)
    bent = {"at_least": (slots(),) * 11, "memos": (("x", slots(0)),), "labels": (("x", slots(0)),)}
    values: dict[str, Any] = {name: bent.get(name, slots(5))}
    sheet = attrs.evolve(weeks[start].sheet, **values)
    weeks[start] = attrs.evolve(weeks[start], sheet=sheet)
    (fault,) = found(kept).faults
    name_of = ("2026-11-16", "2026-11-23")[week]
    assert (fault.number, fault.what) == (
        None,
        f"the kept {name} of the week of {name_of} are not those of its entries",
    )
    assert str(fault) == f"c-1: {fault.what}"


@pytest.mark.parametrize("week", [0, 1])
def test_f82_a_kept_week_that_is_gone_or_of_another_state_is_found(week: int) -> None:
    name = f"week of {('2026-11-16', '2026-11-23')[week]}"
    start = at(1008 * week)
    kept = lived()
    weeks = kept.journal._diaries["c-1"].weeks
    whole = weeks.pop(start)
    assert [fault.what for fault in found(kept).faults] == [f"nothing is kept of the {name}"]
    for state in WeekState:
        weeks[start] = attrs.evolve(whole, state=state)
        said = [fault.what for fault in found(kept).faults]
        right = whole.state.value
        assert said == ([] if state is whole.state else [f"the {name} is kept as {state.value}, and is {right}"])
    weeks[start] = attrs.evolve(whole, stop=at(1008 * week + 1007))
    assert not found(kept).is_sound


def test_f82_a_kept_week_that_no_entry_touches_is_found() -> None:
    kept = lived()
    weeks = kept.journal._diaries["c-1"].weeks
    weeks[at(3024)] = attrs.evolve(weeks[at(0)], start=at(3024), stop=at(4032))
    assert [fault.what for fault in found(kept).faults] == [
        "a week is kept from 2026-12-07T00:00:00Z that no entry touches"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contract": contract()}, "the kept contract is not what its entries come to"),
        ({"policy": "upwork"}, "the kept contract is not what its entries come to"),
        ({"policy": ODD}, "the kept contract is not what its entries come to"),
        ({"policy": policy(PLAIN, protection={"min_active_minutes": 0})}, "the kept contract is not what"),
        ({"head": START}, "the kept head is 0:0000"),
        ({"head": Head(version=LAST, digest=bytes(32))}, "the kept head is 14:0000"),
        ({"at": Instant(0)}, "the kept head is "),
    ],
)
def test_f82_the_kept_contract_and_head_are_compared(changes: dict[str, Any], said: str) -> None:
    kept = lived()
    diary = kept.journal._diaries["c-1"]
    assert diary.standing is not None
    diary.standing = attrs.evolve(diary.standing, **changes)
    (fault,) = found(kept).faults
    assert fault.what.startswith(said)


@pytest.mark.parametrize(("method", "said"), [("week", "the kept week of"), ("standing", "the kept contract cannot")])
def test_what_is_kept_and_cannot_be_read_is_a_fault(method: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = lived()

    def torn(*_: object, **__: object) -> object:
        raise ChainError(method, "…", "is torn", "restore a copy")

    with monkeypatch.context() as patch:
        patch.setattr(kept.journal, method, torn)
        faults = found(kept).faults
    assert all(fault.what.startswith(said) for fault in faults)
    assert faults
    assert found(kept).is_sound


def test_a_parked_week_is_as_sound_as_any() -> None:
    kept = opened()
    kept.diary.record(upload(0), by=ANA, id="u")
    weeks = kept.journal._diaries["c-1"].weeks
    good = weeks[WEEK.start]
    weeks[WEEK.start] = attrs.evolve(good, sheet=Sheet())
    kept.clock.set(LOCK)
    assert close_week(kept.diary, WEEK, by=PLATFORM).state is WeekState.PARKED
    weeks[WEEK.start] = attrs.evolve(good, state=WeekState.PARKED)
    assert found(kept).is_sound
    assert found(kept).closed == 0


# Several diaries.


def test_all_diaries_are_verified_and_one_that_is_gone_is_missed() -> None:
    kept = lived()
    from workdiary.diary.diary import Diary

    Diary.open(kept.journal, contract(id="c-2"), PLAIN, by=PLATFORM, id="open").record(upload(1008), by=ANA, id="u")
    second = kept.journal.standing("c-2").head
    assert [(one.contract, one.is_sound, one.weeks) for one in verify_all(kept.journal)] == [
        ("c-1", True, 2),
        ("c-2", True, 1),
    ]
    heads: Iterable[tuple[str, Head]] = [("c-1", kept.head), ("c-2", second), ("c-3", second)]
    *there, gone = verify_all(kept.journal, heads=heads)
    assert all(one.is_sound for one in there)
    assert gone == Verification(
        contract="c-3",
        head=START,
        faults=(Fault(contract="c-3", number=1, what="has no diary here any more, although its head is known"),),
    )
    bad = [one for one in verify_all(kept.journal, heads=[("c-2", kept.head)]) if not one.is_sound]
    assert [one.contract for one in bad] == ["c-2"]


def test_the_chain_alone_can_be_verified() -> None:
    kept = lived()
    kept.journal._diaries["c-1"].weeks.clear()
    assert verify_chain(kept.journal, "c-1").is_sound
    numbers: list[int] = []
    verify_chain(kept.journal, "c-1", fold=lambda entry, _: numbers.append(entry.number))
    assert numbers == [*NUMBERS]
    assert not found(kept).is_sound
