"""Pitfalls of a diary that many write to: locks, duplicates, synchronisation, poison, and rules that change."""

from __future__ import annotations

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
    counted,
    facts_changed,
    opened,
    rewritten,
    status_changed,
    terms_changed,
    upload,
)
from tests.support import WEEK, at, places, policy, run, slots
from workdiary import (
    Actor,
    Instant,
    Policy,
    ReasonCode,
    Role,
    Segment,
    Snapshot,
    add_time,
    delete_time,
    edit_label,
    edit_memo,
    policies,
    slot_start,
)
from workdiary.diary.changes import (
    CaptureConsented,
    CaptureEnded,
    CaptureStarted,
    PaymentFailed,
    TimeDisputed,
    TimeTracked,
)
from workdiary.diary.closing import close_due, close_week
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import AnswerKind
from workdiary.diary.ingest import Item, ingest, retry
from workdiary.diary.requests import REQUESTS
from workdiary.errors import StoreError, WorkdiaryError
from workdiary.store import memory

CREATED, EXISTS, CONFLICT = AnswerKind.CREATED, AnswerKind.EXISTS, AnswerKind.CONFLICT
LATE, REFUSED = AnswerKind.LATE, AnswerKind.REFUSED


def range_of(start: int, stop: int) -> tuple[Instant, Instant]:
    return slot_start(at(start)), slot_start(at(stop))


def places_of(kept: Kept) -> list[int]:
    return places(segment.slot for segment in kept.diary.segments(WEEK))


def item(request: Request, id: str, contract: str = "c-1") -> Item:
    return Item(contract=contract, id=id, by=ANA, request=request)


EVERY: dict[str, Request] = {
    "add_time": add_time(*range_of(9, 10), memo="Call"),
    "delete_time": delete_time(*range_of(0, 1)),
    "edit_memo": edit_memo(*range_of(0, 1), memo="Review"),
    "edit_label": edit_label(*range_of(0, 1), label="Design"),
    "track_time": upload(9),
    "change_terms": terms_changed("2026-11-18T00:00Z"),
    "change_status": status_changed("2026-11-18T00:00Z", "paused"),
    "change_facts": facts_changed("2026-11-18T00:00Z"),
    "dispute_time": TimeDisputed(week=WEEK.slots, disputed=slots(0)),
    "fail_payment": PaymentFailed(week=WEEK.slots),
    "consent_capture": CaptureConsented(notice="2026-11"),
    "start_capture": CaptureStarted(commitment="ab" * 32, began="2026-11-18T08:00:00Z"),
    "end_capture": CaptureEnded(of="s-1", secret="cd" * 32, ended="2026-11-18T09:00:00Z"),
}


def test_a11_every_way_to_write_is_in_this_table() -> None:
    assert list(EVERY) == list(REQUESTS)


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize("kind", list(EVERY))
def test_a11_a26_every_way_to_write_refuses_a_locked_week(kind: str, is_closed: bool) -> None:
    for now in (LOCK, "2026-11-28T00:00:00Z", "2029-01-01T00:00:00Z"):
        for by in (ANA, ACME, PLATFORM, Actor(id="eve", role=Role.PLATFORM)):
            kept = opened()
            kept.diary.record(upload(0, 1), by=ANA, id="begin")
            kept.clock.set(now)
            if is_closed:
                close_week(kept.diary, WEEK, by=PLATFORM)
            week, bill = kept.week(), str(kept.diary.statement(WEEK).amount)
            for ingested in (False, True):
                if ingested:
                    made = Item(contract="c-1", id="again", by=by, request=EVERY[kind])
                    (answer,) = ingest(kept.journal, [made.dump()])
                else:
                    answer = kept.diary.record(EVERY[kind], by=by, id="r")
                # Objections say something about a closed week, and change nothing in it; sessions are of no week.
                if answer.kind is not CREATED:
                    assert answer.kind in (REFUSED, LATE)
                    assert answer.reasons
                elif kind not in ("consent_capture", "start_capture"):
                    assert is_closed
                    assert kind in ("dispute_time", "fail_payment")
            assert kept.week() == week
            assert str(kept.diary.statement(WEEK).amount) == bill == "10.00 USD"


def test_a18_a_failure_lets_go_of_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = opened()
    for error in (StoreError("diary", "…", "is gone"), RuntimeError("bug"), KeyboardInterrupt()):
        with monkeypatch.context() as patch:

            def fails(*_: object, error: BaseException = error, **__: object) -> object:
                raise error

            patch.setattr(memory._Writing, "append", fails)
            with pytest.raises(type(error)):
                kept.diary.record(upload(0), by=ANA, id="u")
    # The same id again, from any diary: once.
    assert kept.diary.record(upload(0), by=ANA, id="u").kind is CREATED
    assert Diary(kept.journal, "c-1").record(upload(0), by=ANA, id="u").kind is EXISTS
    assert places_of(kept) == [0]


def test_a17_evidence_that_comes_late_from_an_offline_cache_is_kept_whole() -> None:
    kept = opened(now=BEFORE_LOCK)
    shots = [Snapshot(at=slot_start(at(0)), digest="sha256:" + "ab" * 32), Snapshot(at=None, digest="sha256:00")]
    offline = Segment.tracked(at(0), memo="Offline", snapshots=shots)
    made = TimeTracked(segments=[offline], made_at="2026-11-16T00:10:00Z")
    (answer,) = ingest(kept.journal, [item(made, "u").dump()])
    assert answer.kind is CREATED
    rewritten(kept.journal, [attrs.evolve(entry) for entry in kept.diary.entries()])
    assert Diary(kept.journal, "c-1").segments(WEEK) == (offline,)


def test_a19_b62_b63_b64_one_bad_item_blocks_nothing_behind_it() -> None:
    kept = opened(now=LOCK)
    backlog: list[bytes | Item] = [
        b'{"torn',
        item(upload(0), "too old"),  # of a week that has locked
        item(upload(5), "nobody's", contract="c-9"),
        item(upload(1008), "new"),
        item(upload(9999999), "from the future"),
        item(upload(1009), "newer"),
    ]
    kinds = [answer.kind.value for answer in ingest(kept.journal, backlog)]
    assert kinds == ["quarantined", "late", "quarantined", "created", "refused", "created"]
    assert places(kept.week(1).sheet.tracked) == [1008, 1009]
    # Nothing is lost: what could not be taken is held, and can be tried again.
    assert next(held.body for held in kept.journal.quarantined()) == b'{"torn'
    assert retry(kept.journal, 1).kind is AnswerKind.QUARANTINED


def test_a41_a_client_with_a_fast_clock_does_not_always_win() -> None:
    kept = opened()
    fast = upload(0, made_at="2026-11-18T18:06:00Z", memo="From tomorrow")
    assert kept.diary.record(fast, by=ANA, id="fast").reasons[0].code is ReasonCode.IN_THE_FUTURE
    ahead = upload(0, made_at="2026-11-18T18:04:00Z", memo="Ahead")
    assert kept.diary.record(ahead, by=ANA, id="ahead").kind is CREATED
    # What somebody writes while looking at it shows, whatever the tracker's clock claimed.
    assert kept.diary.record(edit_memo(*range_of(0, 1), memo="Edited"), by=ANA, id="e").kind is CREATED
    assert kept.diary.segments(WEEK)[0].memo == "Edited"


def test_b44_deleting_a_segment_and_sending_it_again_changes_ten_minutes_each_time() -> None:
    kept = opened()
    kept.diary.record(upload(0, 1, 2), by=ANA, id="u")
    amounts = [str(kept.diary.statement(WEEK).amount)]
    kept.diary.record(delete_time(*range_of(1, 2)), by=ANA, id="d")
    amounts.append(str(kept.diary.statement(WEEK).amount))
    kept.diary.record(upload(1), by=ANA, id="v")
    amounts.append(str(kept.diary.statement(WEEK).amount))
    assert amounts == ["15.00 USD", "10.00 USD", "15.00 USD"]


def test_b45_b48_a_run_that_comes_in_pieces_is_the_same_run() -> None:
    whole, pieces = opened(), opened()
    whole.diary.record(upload(*range(30)), by=ANA, id="whole")
    for n in range(30):
        pieces.diary.record(upload(n), by=ANA, id=str(n))
    assert whole.diary.segments(WEEK) == pieces.diary.segments(WEEK)
    assert whole.week() == pieces.week()


def test_b46_nothing_is_ever_negative() -> None:
    kept = opened()
    kept.diary.record(upload(0), by=ANA, id="u")
    for n in range(3):
        answer = kept.diary.record(delete_time(*range_of(0, 1)), by=ANA, id=f"d{n}")
        assert answer.kind is (CREATED if n == 0 else REFUSED)
        assert str(kept.diary.statement(WEEK).amount) == "0.00 USD"


def test_b47_a_refused_deletion_changes_nothing() -> None:
    kept = opened()
    kept.diary.record(upload(0), by=ANA, id="u")
    head, page = kept.head, kept.diary.page(WEEK)
    assert kept.diary.record(delete_time(*range_of(0, 1)), by=ACME, id="d").kind is REFUSED
    assert kept.head == head
    assert kept.diary.page(WEEK) is page
    assert kept.diary.record(upload(1), by=ANA, id="v").kind is CREATED


def test_b59_b69_synchronising_over_and_over_multiplies_nothing() -> None:
    kept = opened()
    queue = [item(upload(place), f"id {place}").dump() for place in range(40)]
    for _ in range(6):
        answers = [*ingest(kept.journal, queue)]
        assert all(answer.recorded for answer in answers)
    assert kept.head.version == 41
    assert places_of(kept) == [*range(40)]
    # A queue may also send all of its past with each new item.
    for n in range(5):
        queue.append(item(upload(40 + n), f"id {40 + n}").dump())
        list(ingest(kept.journal, queue))
    assert kept.head.version == 46
    assert str(kept.diary.statement(WEEK).amount) == "225.00 USD"


def test_b61_b66_b68_b70_b73_b74_what_overlaps_becomes_one_segment_a_slot() -> None:
    kept = opened()
    kept.diary.record(upload(counted(0, 1), counted(1, 1)), by=ANA, id="a")
    # Restarted with the old start: the same slots, and one more.
    kept.diary.record(upload(counted(0, 2), counted(1, 2), counted(2, 2)), by=ANA, id="b")
    kept.diary.record(add_time(*range_of(0, 4), memo="Started earlier"), by=ANA, id="m")
    kept.diary.record(upload(counted(3, 3)), by=ANA, id="c")
    assert places_of(kept) == [0, 1, 2, 3]
    assert [segment.meter for segment in kept.diary.segments(WEEK)] == [2, 2, 1, 1]
    assert str(kept.diary.statement(WEEK).amount) == "20.00 USD"


def test_b65_equal_content_at_two_times_or_under_two_ids_is_never_taken_for_one() -> None:
    kept = opened()
    same: dict[str, Any] = {"memo": "Work", "meter": 5, "shot": False}
    for n in range(100):
        assert kept.diary.record(upload(n, **same), by=ANA, id=str(n)).kind is CREATED
    assert len(places_of(kept)) == 100


def test_b67_an_id_means_the_same_for_ever() -> None:
    kept = opened()
    kept.diary.record(upload(0), by=ANA, id="u")
    kept.clock.set("2036-11-18T18:00:00Z")
    assert kept.diary.record(upload(0), by=ANA, id="u").kind is EXISTS
    assert kept.diary.record(upload(1), by=ANA, id="u").kind is CONFLICT


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_b71_b72_what_a_tracker_still_sends_after_the_end_is_not_credited(status: str) -> None:
    kept = opened()
    kept.diary.record(upload(395), by=ANA, id="before")
    kept.diary.record(status_changed(NOW, status), by=ACME, id="stop")
    kept.clock.set("2026-11-18T19:00:00Z")
    over = upload(395, 396, 397, made_at="2026-11-18T19:00:00Z")
    answer = kept.diary.record(over, by=ANA, id="after")
    assert answer.kind is CREATED
    assert {place for reason in answer.reasons for place in places(reason.slots)} == {396, 397}
    assert places_of(kept) == [395]
    assert kept.diary.record(upload(398), by=ANA, id="later").kind is REFUSED


def test_b78_what_was_deleted_elsewhere_is_nothing_there_and_no_failure() -> None:
    kept = opened()
    kept.diary.record(upload(0, 1), by=ANA, id="u")
    other = Diary(kept.journal, "c-1")
    assert len(other.segments(WEEK)) == 2
    kept.diary.record(delete_time(*range_of(0, 1)), by=ANA, id="d")
    answer = other.record(edit_memo(*range_of(0, 1), memo="Review"), by=ANA, id="e")
    assert [reason.code for reason in answer.reasons] == [ReasonCode.NOTHING_THERE]
    assert places(segment.slot for segment in other.segments(WEEK)) == [1]


def test_b91_a_week_is_billed_by_the_rules_of_its_time_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = opened("upwork")
    kept.diary.record(upload(0, 1, meter=1), by=ANA, id="u")
    kept.clock.set(LOCK)
    kept.diary.record(upload(1008, 1009, meter=1), by=ANA, id="v")
    before = close_week(kept.diary, WEEK, by=PLATFORM).closed
    real = policies.get

    def stricter(name: str, *, at: Any = None) -> Policy:
        return policy(real(name, at=at), protection={"min_active_minutes": 5})

    monkeypatch.setattr("workdiary.policies.get", stricter)
    kept.clock.set("2026-11-30T12:00:00Z")
    (after,) = close_due(kept.journal, by=PLATFORM, at=kept.clock.instant)
    assert before is not None
    assert after.closed is not None
    assert (before.policy.protection.min_active_minutes, after.closed.policy.protection.min_active_minutes) == (1, 5)
    assert before.document["protected_amount"] == "10.00 USD"
    assert after.closed.document["protected_amount"] == "0.00 USD"
    again = close_week(Diary(kept.journal, "c-1"), WEEK, by=PLATFORM)
    assert again.closed == before


def test_a35_b97_a_rate_recorded_later_changes_no_billed_week() -> None:
    kept = opened()
    kept.diary.record(upload(0), by=ANA, id="u")
    kept.clock.set(LOCK)
    close_week(kept.diary, WEEK, by=PLATFORM)
    for since in ("2026-11-02T00:00Z", "2026-11-16T00:00Z", "2026-11-22T23:59:59Z"):
        answer = kept.diary.record(terms_changed(since, rate="99"), by=PLATFORM, id=since)
        assert [reason.code for reason in answer.reasons] == [ReasonCode.WEEK_LOCKED]
    assert kept.diary.record(terms_changed("2026-11-23T00:00Z", rate="99"), by=PLATFORM, id="t").kind is CREATED
    assert str(kept.diary.statement(WEEK).amount) == "5.00 USD"


@pytest.mark.parametrize(("now", "kind"), [(BEFORE_LOCK, CREATED), (LOCK, REFUSED)])
def test_b98_the_first_locked_instant_is_locked_in_the_journal_too(now: str, kind: AnswerKind) -> None:
    kept = opened()
    kept.diary.record(upload(0), by=ANA, id="u")
    kept.clock.set(now)
    assert kept.diary.record(delete_time(*range_of(0, 1)), by=ANA, id="d").kind is kind


def test_b99_a_locked_week_does_not_lock_the_days_beside_it() -> None:
    kept = opened(now=LOCK)
    over = kept.diary.record(upload(1006, 1007, 1008, 1009), by=ANA, id="u")
    assert over.kind is CREATED
    assert places(kept.week(1).sheet.tracked) == [1008, 1009]
    assert kept.diary.record(add_time(*range_of(1010, 1012), memo="Call"), by=ANA, id="m").kind is CREATED
    assert kept.diary.record(delete_time(*range_of(1008, 1009)), by=ANA, id="d").kind is CREATED


def test_b100_b102_a_refusal_of_the_journal_names_each_reason_and_since_when() -> None:
    kept = opened(now=LOCK)
    answer = kept.diary.record(add_time(*range_of(0, 1), memo=""), by=ACME, id="m")
    assert [reason.code.value for reason in answer.reasons] == ["role_not_permitted", "week_locked", "memo_required"]
    assert answer.verdict is not None
    assert str(answer.verdict.since) == LOCK
    assert dict(answer.reasons[1].facts) == {"locks_at": kept.clock.instant}
    assert answer.reasons[1].slots == run(0, 1)


def test_a34_where_the_rules_cannot_be_read_nothing_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = opened("upwork")
    kept.diary.record(upload(0), by=ANA, id="u")
    head = kept.head

    def unknown(name: str, *, at: Any = None) -> Policy:
        raise WorkdiaryError("policy", name, "cannot be read", "restore it")

    monkeypatch.setattr("workdiary.policies.get", unknown)
    for request in (EVERY["add_time"], EVERY["delete_time"], EVERY["track_time"]):
        with pytest.raises(WorkdiaryError, match="cannot be read"):
            Diary(kept.journal, "c-1").record(request, by=ANA, id="r")
    assert kept.head == head
