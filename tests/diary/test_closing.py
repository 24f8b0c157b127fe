"""Closing a week: billed once and for ever, or parked with the difference."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import attrs
import pytest

from tests.diary.keeping import (
    ACME,
    ANA,
    BEFORE_LOCK,
    LOCK,
    NOW,
    PLATFORM,
    Kept,
    facts_changed,
    opened,
    rewritten,
    status_changed,
    terms_changed,
    upload,
)
from tests.support import ODD, PLAIN, WEEK, at, contract, places, policy, refusal, slots, terms
from workdiary import (
    Actor,
    Instant,
    Policy,
    ReasonCode,
    Role,
    WallOffset,
    add_time,
    delete_time,
    instant,
    policies,
    slot_at,
    slot_start,
)
from workdiary.diary.canonical import document_digest
from workdiary.diary.changes import LateEvidence, WeekClosed, WeekParked
from workdiary.diary.closed import ClosedWeek, policy_digest
from workdiary.diary.closing import Closing, close_due, close_week
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import AnswerKind
from workdiary.diary.entry import Entry
from workdiary.diary.journal import WeekState
from workdiary.diary.verify import verify
from workdiary.errors import ChainError, DocumentError, InvalidValue, OutsideContract, Problems, StoreBusy, StoreError
from workdiary.store import memory
from workdiary.store.memory import MemoryJournal

OPEN, PARKED, CLOSED = WeekState.OPEN, WeekState.PARKED, WeekState.CLOSED


def worked(now: str = LOCK, policy: str | Policy = PLAIN, **changes: Any) -> Kept:
    """Return a diary with three tracked segments and a manual one, worth 20.00 USD, at `now`."""
    kept = opened(policy, **changes)
    kept.diary.record(upload(0, 1, 2), by=ANA, id="u")
    kept.diary.record(add_time(slot_start(at(6)), slot_start(at(7)), memo="Call"), by=ANA, id="m")
    kept.clock.set(now)
    return kept


def close(kept: Kept) -> Closing:
    """Close the week by a diary that has read nothing yet."""
    return close_week(Diary(kept.journal, "c-1"), WEEK, by=PLATFORM)


def changes_of(kept: Kept, shape: type) -> list[Any]:
    return [entry.change for entry in kept.diary.entries() if isinstance(entry.change, shape)]


def due(kept: Kept, **given: Any) -> list[tuple[str, str, str]]:
    """Return contract, week and state of each week that falls due."""
    found = close_due(kept.journal, by=PLATFORM, at=kept.clock.instant, **given)
    return [(closing.contract, str(closing.week)[8:], closing.state.value) for closing in found]


# The lock.


def test_a_week_is_closed_from_the_second_of_its_lock_on() -> None:
    kept = worked(BEFORE_LOCK)
    head = kept.head
    early = close(kept)
    assert (early.state, early.is_new, early.entry, early.closed) == (OPEN, False, None, None)
    assert [(reason.code, reason.facts) for reason in early.reasons] == [
        (ReasonCode.WEEK_NOT_LOCKED, (("locks_at", instant(LOCK)),))
    ]
    assert kept.head == head
    kept.clock.set(LOCK)
    closing = close(kept)
    assert (closing.contract, closing.week, closing.state, closing.is_new) == ("c-1", WEEK, CLOSED, True)
    assert closing.closed is not None
    assert closing.closed.amount == "20.00 USD"
    assert kept.week().state is CLOSED
    assert kept.head.version == head.version + 1


def test_a_week_is_closed_once_and_its_bill_checked_again() -> None:
    kept = worked()
    first = close(kept)
    for now in (LOCK, "2027-01-01T00:00:00Z", BEFORE_LOCK):
        kept.clock.set(now)
        kept.journal._latest = Instant(0)
        again = close(kept)
        assert (again.state, again.is_new, again.entry, again.reasons) == (CLOSED, False, first.entry, ())
        assert again.closed == first.closed
    assert len(changes_of(kept, WeekClosed)) == 1


def test_only_the_platform_closes_weeks() -> None:
    kept = worked()
    for by, given in ((ANA, "freelancer"), (ACME, "client"), (Role.PLATFORM, Role.PLATFORM)):
        said = ("by", given, "does not close weeks", "close them as the platform")
        assert refusal(InvalidValue, close_week, kept.diary, WEEK, by=by) == said
    assert kept.week().state is OPEN


def test_what_is_no_week_of_this_contract_is_not_closed() -> None:
    kept = worked()
    head = kept.head
    assert refusal(InvalidValue, close_week, kept.diary, ODD.week_of(NOW), by=PLATFORM)[0] == "week"
    assert refusal(InvalidValue, close_week, kept.diary, "Monday", by=PLATFORM)[:2] == ("week", "Monday")
    assert kept.head == head


def test_i33_a_closed_week_takes_no_change_and_its_bill_stays_the_same_bytes() -> None:
    kept = worked()
    first = close(kept)
    assert first.entry is not None
    kept.diary.record(upload(0, 9), by=ANA, id="late")
    kept.diary.record(terms_changed("2026-11-23T00:00Z", rate="1", limit=0), by=ACME, id="t")
    kept.diary.record(status_changed(LOCK, "paused"), by=ACME, id="s")
    kept.diary.record(facts_changed(LOCK), by=PLATFORM, id="f")
    kept.clock.set("2031-01-01T00:00:00Z")
    again = close(kept)
    assert again.entry == first.entry
    assert again.closed is not None
    assert again.closed.amount == "20.00 USD"
    assert str(again.closed.recompute(kept.week().sheet, WEEK).amount) == "20.00 USD"
    assert str(kept.diary.statement(WEEK).amount) == "20.00 USD"
    assert verify(kept.journal, "c-1").is_sound


def test_b91_i33_a_preset_whose_numbers_change_later_changes_no_closed_week(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = worked(policy="upwork")
    kept.clock.set("2026-11-30T12:00:00Z")
    first = close(kept)
    assert first.closed is not None
    kept.clock.set("2026-12-01T00:00:00Z")
    kept.diary.record(upload(2016), by=ANA, id="next")
    real = policies.get

    def later(name: str, *, at: Any = None) -> Policy:
        return policy(real(name, at=at), limit={"order": ODD.limit.order}, protection={"min_active_minutes": 9})

    monkeypatch.setattr("workdiary.policies.get", later)
    assert later("upwork").protection.min_active_minutes == 9
    again = close(kept)
    assert (again.is_new, again.closed) == (False, first.closed)
    statement = Diary(kept.journal, "c-1").statement(WEEK)
    assert statement.policy.protection.min_active_minutes == 1
    assert str(statement.protected_amount) == "15.00 USD"
    # An open week is judged by the rules of today.
    assert Diary(kept.journal, "c-1").statement(WEEK.next.next).policy.protection.min_active_minutes == 9
    assert verify(kept.journal, "c-1").is_sound


# What is recorded.


def test_the_bill_that_is_recorded_says_everything_and_names_what_it_was_made_from() -> None:
    kept = worked()
    before = kept.head
    closing = close(kept)
    assert closing.entry is not None
    change = closing.entry.change
    assert isinstance(change, WeekClosed)
    assert closing.entry.by == PLATFORM
    assert change.week == WEEK.slots
    assert change.digest == document_digest(change.statement.encode())
    assert change.policy == policy_digest(PLAIN)
    document = json.loads(change.statement)
    assert document["format"] == "workdiary-statement"
    assert document["version"] == 1
    assert document["journal"] == str(before)
    assert document["contract"]["id"] == "c-1"
    assert document["policy"]["name"] == "plain"
    assert document["hours"] == {"tracked": "0.50", "manual": "0.17", "over_limit": "0.00", "billable": "0.67"}
    assert document["lines"] == [{"rate": "30.00", "segments": 4, "hours": "0.67", "amount": "20.00 USD"}]
    assert (document["amount"], document["protected_amount"]) == ("20.00 USD", "15.00 USD")
    assert [finding["reasons"] for finding in document["unprotected"]] == [["manual_time"]]


@pytest.mark.parametrize(
    ("preset", "lock", "manual"),
    [
        ("upwork", "2026-11-23T12:00:00Z", "5.00 USD"),
        ("odesk", "2026-11-23T12:00:00Z", "5.00 USD"),
        ("work_for_impact", "2026-11-23T00:00:00Z", "5.00 USD"),
    ],
)
def test_a_week_is_billed_under_each_preset_at_its_own_lock(preset: str, lock: str, manual: str) -> None:
    kept = worked(str(Instant(instant(lock) - 1)), preset)
    assert [reason.code for reason in close(kept).reasons] == [ReasonCode.WEEK_NOT_LOCKED]
    kept.clock.set(lock)
    closing = close(kept)
    assert closing.closed is not None
    assert closing.closed.amount == "20.00 USD"
    assert closing.closed.policy.name == preset
    assert str(kept.diary.statement(WEEK).worth(slots(6))) == manual
    assert verify(kept.journal, "c-1").is_sound


def test_a_week_is_billed_under_an_odd_policy() -> None:
    # From Wednesday 16:00Z, 03:00 in Lord Howe; a limit of one segment, tracked time first, half cents to even.
    kept = opened(ODD, terms=[terms(rate="0.15", limit="0.17")])
    first = "2026-11-18T02:00Z"
    kept.diary.record(add_time(first, "2026-11-18T02:10Z", memo=""), by=ANA, id="m")
    kept.diary.record(upload(slot_at(first) + 1 - at(0)), by=ANA, id="u")
    kept.clock.set("2026-11-20T17:29:59Z")
    assert close_week(kept.diary, first, by=PLATFORM).reasons
    kept.clock.set("2026-11-20T17:30:00Z")
    closing = close_week(kept.diary, first, by=PLATFORM)
    assert closing.entry is not None
    assert closing.entry.id == "close 2026-11-12"
    assert closing.closed is not None
    assert closing.closed.amount == "0.02 USD"
    assert closing.closed.document["hours"]["over_limit"] == "0.17"
    assert verify(kept.journal, "c-1").is_sound


def test_a_week_without_a_segment_is_closed_for_nothing() -> None:
    kept = opened(now="2026-12-01T00:00:00Z")
    closing = close(kept)
    assert (closing.state, closing.is_new) == (CLOSED, True)
    assert closing.closed is not None
    assert closing.closed.amount == "0.00 USD"
    assert closing.closed.document["lines"] == []
    assert kept.diary.record(upload(0), by=ANA, id="late").kind is AnswerKind.LATE
    assert verify(kept.journal, "c-1").is_sound


def test_a_week_of_another_time_than_the_contracts_is_not_closed() -> None:
    kept = opened()
    kept.diary.record(status_changed(NOW, "closed"), by=ACME, id="c")
    kept.clock.set("2027-01-01T00:00:00Z")
    head = kept.head
    with pytest.raises(OutsideContract, match="ends before the contract's first terms, 2026-11-02T00:00:00Z"):
        close_week(kept.diary, "2026-10-28T00:00Z", by=PLATFORM)
    with pytest.raises(OutsideContract, match="is after the contract's closing, 2026-11-18T18:00:00Z"):
        close_week(kept.diary, "2026-11-25T00:00Z", by=PLATFORM)
    assert kept.head == head
    assert close(kept).state is CLOSED


# Parking.


def forged(kept: Kept, place: int) -> None:
    """Change a byte of the entry at `place`, as a disk or a person may."""
    entries = kept.journal._diaries["c-1"].entries
    entries[place] = attrs.evolve(entries[place], body=entries[place].body.replace(b"Fix", b"Fax"))


def test_f81_an_entry_that_cannot_be_read_parks_the_week_and_no_bill_comes_out() -> None:
    kept = worked()
    sound = list(kept.diary.entries())
    forged(kept, 1)
    closing = close(kept)
    assert (closing.state, closing.is_new, closing.closed, closing.reasons) == (PARKED, True, None, ())
    assert "entries[2]" in closing.difference
    assert "is not the digest of its content" in closing.difference
    assert closing.entry is not None
    assert isinstance(closing.entry.change, WeekParked)
    assert closing.entry.change.difference == closing.difference
    assert closing.entry.by == PLATFORM
    assert kept.week().state is PARKED
    assert places(kept.week().sheet.worked) == [0, 1, 2, 6]
    assert changes_of(kept, WeekClosed) == []
    # The same difference again is the same entry.
    again = close(kept)
    assert (again.state, again.is_new, again.entry) == (PARKED, False, closing.entry)
    assert due(kept) == [("c-1", "2026-11-16", "parked")]
    # Repaired, it closes; others never noticed.
    kept.journal._diaries["c-1"].entries[:3] = sound
    assert due(kept) == [("c-1", "2026-11-16", "closed")]
    assert due(kept) == []
    assert str(kept.diary.statement(WEEK).amount) == "20.00 USD"
    assert verify(kept.journal, "c-1").is_sound
    assert [type(entry.change).__name__ for entry in kept.diary.entries()][3:] == ["WeekParked", "WeekClosed"]


def test_f81_a_kept_week_that_is_not_what_the_entries_come_to_parks_the_week() -> None:
    kept = worked()
    week = kept.week()
    weeks = kept.journal._diaries["c-1"].weeks
    weeks[WEEK.start] = attrs.evolve(
        week, sheet=attrs.evolve(week.sheet, tracked=week.sheet.tracked | slots(9), snapshot=slots())
    )
    closing = close(kept)
    assert closing.state is PARKED
    assert "the kept tracked are not those of the entries; the kept snapshot are not" in closing.difference
    assert kept.week().state is PARKED
    first = closing.entry
    # Another difference is another entry.
    weeks[WEEK.start] = attrs.evolve(week, state=PARKED, sheet=attrs.evolve(week.sheet, manual=slots()))
    closing = close(kept)
    assert (closing.state, closing.is_new) == (PARKED, True)
    assert closing.entry != first
    weeks[WEEK.start] = attrs.evolve(week, state=PARKED)
    closing = close(kept)
    assert (closing.state, closing.is_new) == (CLOSED, True)
    assert verify(kept.journal, "c-1").is_sound


def test_f81_a_kept_week_that_is_gone_parks_the_week() -> None:
    kept = worked()
    del kept.journal._diaries["c-1"].weeks[WEEK.start]
    closing = close(kept)
    assert closing.state is PARKED
    assert "the kept tracked are not those of the entries" in closing.difference


@pytest.mark.parametrize("method", ["read", "week"])
@pytest.mark.parametrize("kind", [ChainError, DocumentError])
def test_f81_an_error_while_reading_parks_the_week(
    method: str, kind: type[ChainError], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = worked()
    with monkeypatch.context() as patch:
        patch.setattr(memory._Writing, method, raising(kind("weeks[c-1]", "…", "is torn", "restore a copy")))
        closing = close(kept)
    assert (closing.state, closing.difference) == (PARKED, "weeks[c-1]: '…' is torn; restore a copy")
    assert changes_of(kept, WeekClosed) == []
    assert kept.week().state is PARKED


@pytest.mark.parametrize("error", [StoreError("diary", "…", "cannot be read"), RuntimeError("broken"), MemoryError()])
def test_f81_where_it_is_not_known_what_is_there_nothing_is_recorded(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    for method in ("read", "week", "append"):
        kept = worked()
        head, week = kept.head, kept.week()
        with monkeypatch.context() as patch:
            patch.setattr(memory._Writing, method, raising(error))
            with pytest.raises(type(error)):
                close(kept)
        assert (kept.head, kept.week()) == (head, week)
        assert close(kept).state is CLOSED


def raising(error: Exception) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


def test_a_kept_week_that_fails_while_it_is_parked_is_no_bill_either(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = worked()
    forged(kept, 1)
    real, asked = memory._Writing.week, []

    def fails_later(self: Any, start: int) -> object:
        asked.append(start)
        if len(asked) > 1:
            raise StoreBusy("diary", "…", "is busy")
        return real(self, start)

    head = kept.head
    monkeypatch.setattr(memory._Writing, "week", fails_later)
    with pytest.raises(StoreBusy):
        close(kept)
    assert kept.head == head


def test_an_unreadable_week_that_is_not_locked_yet_is_not_parked() -> None:
    kept = worked(BEFORE_LOCK)
    forged(kept, 1)
    head = kept.head
    with pytest.raises(ChainError, match="is not the digest of its content"):
        close(kept)
    assert (kept.head, kept.week().state) == (head, OPEN)


def test_i33_a_bill_that_does_not_come_out_again_is_an_error_and_stands() -> None:
    kept = worked()
    bill = close(kept).closed
    sound = list(kept.diary.entries())
    # Somebody takes out the manual time, and mends the chain after it.
    for broken in (sound[:2] + sound[3:], [*sound[:1], attrs.evolve(sound[1], body=b"{}"), *sound[2:]]):
        kept.journal._diaries["c-1"].entries[:] = broken
        with pytest.raises(ChainError):
            close(kept)
        assert kept.week().state is CLOSED
        assert [entry.id for entry in kept.diary.entries()][-1] == "close 2026-11-16"
    kept.journal._diaries["c-1"].entries[:] = sound
    assert close(kept).closed == bill


def test_a_week_whose_closing_was_taken_out_is_not_billed_again() -> None:
    kept = worked()
    close(kept)
    entries = list(kept.diary.entries())
    rewritten(kept.journal, entries[:-1])
    head = kept.head
    argument, value, allowed, remedy = refusal(ChainError, close, kept)
    assert (argument, value) == ("week", "week of 2026-11-16")
    assert allowed == "was closed, but its closing is not among the entries"
    assert remedy == "restore a copy that verifies; the week is not billed again"
    assert (kept.head, kept.week().state) == (head, CLOSED)
    with pytest.raises(ChainError, match="its closing is not among the entries"):
        Diary(kept.journal, "c-1").statement(WEEK)


def test_a_closing_that_cannot_be_read_is_not_made_again() -> None:
    kept = worked()
    close(kept)
    entries = kept.journal._diaries["c-1"].entries
    entries[-1] = attrs.evolve(entries[-1], body=entries[-1].body.replace(b"20.00 USD", b"99.00 USD"))
    head = kept.head
    with pytest.raises(ChainError, match="is not the digest of its content"):
        close(kept)
    assert kept.head == head


# Sixteen threads.


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Call all of `calls` at the same time, each in its thread."""
    barrier = Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(one, calls))


@pytest.mark.parametrize("turn", range(5))
def test_s8_sixteen_threads_close_a_week_once(turn: int) -> None:
    kept = worked()
    found = at_once([partial(close, kept)] * 16)
    assert [closing.is_new for closing in found].count(True) == 1
    assert len({closing.entry.digest for closing in found}) == 1
    assert {closing.closed.amount for closing in found} == {"20.00 USD"}
    assert len(changes_of(kept, WeekClosed)) == 1


SINCE = "2026-11-16T00:00:00Z"
MEANWHILE: list[tuple[str, Request, Actor]] = [
    ("rate 10", terms_changed(SINCE, rate="10"), PLATFORM),
    ("rate 11", terms_changed(SINCE, rate="11"), PLATFORM),
    ("limit", terms_changed(SINCE, rate="30", limit="0.34"), PLATFORM),
    ("no limit", terms_changed(SINCE, rate="12", limit=None), PLATFORM),
    ("pause", status_changed(SINCE, "paused"), PLATFORM),
    ("active", status_changed(SINCE, "active"), PLATFORM),
    ("delete", delete_time(slot_start(at(0)), slot_start(at(1))), ANA),
    ("upload", upload(9), ANA),
]


@pytest.mark.parametrize("turn", range(5))
def test_f80_a_bill_is_that_of_some_serial_order_whatever_changes_meanwhile(turn: int) -> None:
    kept = worked(LOCK)
    # Each decision takes a second: the lock falls in the middle of the race.
    now = int(instant(LOCK)) - 9

    def ticking() -> float:
        nonlocal now
        now += 1
        return now

    kept.journal._clock = ticking
    kept.journal._latest = Instant(0)
    calls: list[Callable[[], Any]] = []
    for id, request, by in MEANWHILE:
        calls.append(partial(Diary(kept.journal, "c-1").record, request, by=by, id=id))
        calls.append(partial(close, kept))
    at_once(calls)
    while not close(kept).closed:
        pass
    entries = list(kept.diary.entries())
    (closing,) = [n for n, entry in enumerate(entries) if isinstance(entry.change, WeekClosed)]
    # All that was decided before the lock is in it; of what came after, there may be late evidence before it.
    in_time = [entry for entry in entries if entry.at < instant(LOCK)]
    assert in_time == entries[: len(in_time)]
    assert all(isinstance(entry.change, LateEvidence) for entry in entries[len(in_time) : closing])
    # The same in a row, in the order of the chain.
    again = worked(BEFORE_LOCK)
    requests = {id: request for id, request, _ in MEANWHILE}
    for entry in in_time[3:]:
        assert again.diary.record(requests[entry.id], by=entry.by, id=entry.id).kind is AnswerKind.CREATED
    assert ClosedWeek.of(entries[closing]).amount == str(again.diary.statement(WEEK).amount)
    assert verify(kept.journal, "c-1").is_sound


# Every week that falls due.


def test_all_weeks_that_have_ended_and_locked_are_closed_in_order() -> None:
    kept = worked(LOCK)
    kept.diary.record(upload(1008), by=ANA, id="next")
    for id in ("c-0", "c-2"):
        other = Diary.open(kept.journal, contract(id=id), PLAIN, by=PLATFORM, id="open")
        kept.clock.set(LOCK)
        other.record(upload(1009), by=ANA, id="u")
    assert due(kept) == [("c-1", "2026-11-16", "closed")]
    assert due(kept) == []
    kept.clock.set("2026-11-30T11:59:59Z")
    assert due(kept) == []  # ended, and not locked yet
    kept.clock.set("2026-11-30T12:00:00Z")
    assert due(kept, contracts=("c-0", "c-9")) == [("c-0", "2026-11-23", "closed")]
    assert due(kept) == [("c-1", "2026-11-23", "closed"), ("c-2", "2026-11-23", "closed")]


def test_a_bad_contract_keeps_no_other_from_being_billed() -> None:
    kept = opened()
    for id in ("c-0", "c-2"):
        Diary.open(kept.journal, contract(id=id), PLAIN, by=PLATFORM, id="open").record(upload(0), by=ANA, id="u")
    kept.diary.record(upload(0), by=ANA, id="u")
    forged(kept, 1)
    kept.clock.set(LOCK)
    assert due(kept) == [
        ("c-0", "2026-11-16", "closed"),
        ("c-1", "2026-11-16", "parked"),
        ("c-2", "2026-11-16", "closed"),
    ]


def test_a_contract_that_is_busy_keeps_no_other_from_being_billed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = opened()
    for id in ("c-0", "c-2"):
        Diary.open(kept.journal, contract(id=id), PLAIN, by=PLATFORM, id="open").record(upload(0), by=ANA, id="u")
    kept.clock.set(LOCK)
    real = MemoryJournal.writing

    def busy(self: MemoryJournal, contract: str, **ahead: Any) -> Any:
        if contract == "c-0":
            raise StoreBusy("diary", contract, "is locked by somebody else", "try again")
        return real(self, contract, **ahead)

    monkeypatch.setattr(MemoryJournal, "writing", busy)
    found: Iterator[Closing] = close_due(kept.journal, by=PLATFORM, at=LOCK)
    assert next(found).contract == "c-2"
    with pytest.raises(StoreBusy, match="is locked by somebody else"):
        next(found)


def test_evidence_from_outside_the_contract_is_nothing_to_close() -> None:
    kept = opened()
    kept.diary.record(upload(-3024), by=ANA, id="before")  # three weeks before, and so before the first terms
    kept.diary.record(status_changed("2026-11-22T23:00:00Z", "closed"), by=ACME, id="c")
    kept.clock.set("2026-11-23T02:00:00Z")
    both = upload(1001, 1008, made_at="2026-11-23T01:00:00Z")  # the second lies after the end
    assert kept.diary.record(both, by=ANA, id="after").kind is AnswerKind.CREATED
    kept.clock.set("2027-01-01T00:00:00Z")
    assert due(kept) == [("c-1", "2026-11-16", "closed")]
    assert due(kept) == []
    assert changes_of(kept, WeekParked) == []
    assert verify(kept.journal, "c-1").is_sound


def test_a_week_whose_segments_were_all_deleted_is_not_due_but_may_be_closed_for_nothing() -> None:
    kept = worked(NOW)
    kept.diary.record(delete_time(slot_start(at(0)), slot_start(at(7))), by=ANA, id="d")
    kept.clock.set(LOCK)
    assert due(kept) == []
    assert close(kept).state is CLOSED
    assert str(kept.diary.statement(WEEK).amount) == "0.00 USD"


def test_a_policy_that_locks_later_than_it_did_opens_no_closed_week(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = worked(policy="upwork")
    assert close(kept).state is CLOSED
    real = policies.get
    monkeypatch.setattr(
        "workdiary.policies.get",
        lambda name, at=None: policy(real(name, at=at), editing={"locks_after": WallOffset.parse("P30D")}),
    )
    assert close(kept).state is CLOSED
    answer = Diary(kept.journal, "c-1").record(delete_time(slot_start(at(0)), slot_start(at(1))), by=ANA, id="d")
    assert [reason.code for reason in answer.reasons] == [ReasonCode.WEEK_LOCKED]
    assert Diary(kept.journal, "c-1").record(upload(50), by=ANA, id="v").kind is AnswerKind.LATE


# Reading a bill back.


def test_an_entry_that_closes_nothing_is_no_bill() -> None:
    kept = worked()
    entry = next(kept.diary.entries())
    assert refusal(DocumentError, ClosedWeek.of, entry) == (
        "entries[1]",
        "open",
        "closes no week",
        "give the entry of a WeekClosed",
    )


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("[]", DocumentError, "is not an object"),
        ("{}", DocumentError, "is missing"),
        ("{", DocumentError, "is not JSON"),
        ("é", DocumentError, "is not JSON"),
        ('{"journal": 5}', DocumentError, "is missing"),
    ],
)
def test_a_statement_that_is_none_is_named(text: str, kind: type[Exception], words: str) -> None:
    kept = worked()
    entry = close(kept).entry
    assert entry is not None
    for digest, expected in ((document_digest(text.encode("ascii", "replace")), kind), ("00", ChainError)):
        change = WeekClosed(week=WEEK.slots, statement=text, digest=digest, policy="")
        made = Entry.seal(contract="c-1", after=kept.head, id="x", at=entry.at, by=PLATFORM, change=change)
        with pytest.raises(expected, match=words if expected is kind else "is not the digest of the statement"):
            ClosedWeek.of(made)


def closed_twice(**standing: Any) -> Closing:
    """Close a week, then the next one with `standing` changed beside the chain, and return what became of it."""
    kept = opened(now="2026-11-23T01:00:00Z")
    kept.diary.record(upload(1008), by=ANA, id="next")
    kept.clock.set(LOCK)
    assert close_week(kept.diary, WEEK, by=PLATFORM).state is WeekState.CLOSED
    rewritten(kept.journal, [*kept.journal.read("c-1")], **standing)
    kept.clock.set("2026-11-30T12:00:00Z")
    return close_week(Diary(kept.journal, "c-1"), WEEK.next, by=PLATFORM)


def test_f25_a_week_is_not_billed_by_a_contract_that_its_entries_do_not_leave() -> None:
    assert closed_twice().state is WeekState.CLOSED
    contract = opened().diary.contract
    dearer = attrs.evolve(contract, terms=[attrs.evolve(contract.terms.values[0], rate="30.80")])
    parked = closed_twice(contract=dearer)
    assert (parked.state, parked.closed) == (WeekState.PARKED, None)
    assert "is not kept as its entries leave it" in parked.difference


def test_f25_a_week_is_not_billed_by_a_policy_that_the_diary_was_not_opened_under() -> None:
    parked = closed_twice(policy="odesk")
    assert (parked.state, parked.closed) == (WeekState.PARKED, None)
    assert "is not kept as it was recorded" in parked.difference


def test_what_several_weeks_failed_with_is_raised_together_when_all_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = worked(LOCK)
    for id in ("c-2", "c-3"):
        kept.clock.set(NOW)
        diary = Diary.open(kept.journal, contract(id=id), PLAIN, by=PLATFORM, id="open")
        diary.record(upload(0), by=ANA, id="u")
        kept.clock.set(LOCK)
    real = close_week

    def damaged(diary: Diary, week: Any, *, by: Any) -> Closing:
        if diary.contract.id != "c-2":
            raise ChainError(diary.contract.id, "x", "is damaged", "restore it")
        return real(diary, week, by=by)

    monkeypatch.setattr("workdiary.diary.closing.close_week", damaged)
    with pytest.raises(Problems) as caught:
        list(close_due(kept.journal, by=PLATFORM, at=kept.clock.instant))
    assert [error.argument for error in caught.value] == ["c-1", "c-3"]
    week = kept.journal.week("c-2", WEEK.start)
    assert week is not None
    assert week.state is CLOSED
