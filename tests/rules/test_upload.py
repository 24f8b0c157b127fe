"""UPLOAD: late tracked time is accepted until the lock, and two uploads for one slot are one segment."""

from __future__ import annotations

import pytest

from tests.support import MONDAY, ODD, PLAIN, at, contract, manual, places, refusal, run, slots, terms, tracked
from workdiary.errors import InvalidValue, NaiveDatetime
from workdiary.model.activity import Activity
from workdiary.model.contract import ContractStatus, StatusChange
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.slots import EMPTY
from workdiary.model.times import Instant, instant
from workdiary.model.verdict import ReasonCode
from workdiary.rules.upload import judge_upload, merge

LOCK = "2026-11-23T12:00:00Z"
MINUTES = [(1, 2, 3)] + [(0, 0, 0)] * 9


def status(*entries: tuple[str, str]) -> list[StatusChange]:
    """Return dated statuses."""
    return [StatusChange(since=since, status=ContractStatus(value)) for since, value in entries]


def test_upload_1_an_offline_cache_is_accepted_until_the_lock() -> None:
    found = judge_upload(run(0, 1008), on=contract(), at="2026-11-23T11:59:59Z", policy=PLAIN)
    assert (found.accepted, found.refused, found.reasons) == (run(0, 1008), EMPTY, ())


def test_upload_1_after_the_lock_it_is_refused_and_nothing_of_it_is_dropped() -> None:
    found = judge_upload(run(1000, 1010), on=contract(), at=LOCK, policy=PLAIN)
    assert places(found.accepted) == [1008, 1009]
    assert places(found.refused) == list(range(1000, 1008))
    (reason,) = found.reasons
    assert (reason.code, reason.rule) == (ReasonCode.WEEK_LOCKED, "EDIT-3")
    assert reason.slots == found.refused
    assert reason.facts == (("locks_at", instant(LOCK)),)


def test_upload_1_several_locked_weeks_name_the_last_lock() -> None:
    far = run(-1008 * 2, 10)
    found = judge_upload(far, on=contract(), at=LOCK, policy=PLAIN)
    assert [reason.code.value for reason in found.reasons] == ["week_locked"]
    assert found.reasons[0].facts == (("locks_at", instant(LOCK)),)
    assert found.accepted == EMPTY


def test_upload_1_the_contract_must_have_been_active_during_the_slot() -> None:
    on = contract(
        status=status(
            ("2026-11-16T00:10Z", "active"), ("2026-11-16T00:30Z", "paused"), ("2026-11-16T00:50Z", "active"),
            ("2026-11-16T01:10Z", "closed"),
        )
    )  # fmt: skip
    found = judge_upload(run(0, 9), on=on, at="2026-11-17T00:00Z", policy=PLAIN)
    assert places(found.accepted) == [1, 2, 5, 6]
    assert [reason.code.value for reason in found.reasons] == ["contract_not_active", "outside_contract"]
    assert places(found.reasons[0].slots) == [0, 3, 4, 7, 8]
    assert found.reasons[0].facts == (("status", "not active then"),)
    assert places(found.reasons[1].slots) == [7, 8]
    edges = (("begins_at", instant("2026-11-02T00:00Z")), ("closes_at", instant("2026-11-16T01:10Z")))
    assert found.reasons[1].facts == edges


def test_upload_1_nothing_before_the_first_terms() -> None:
    on = contract(terms=[terms("2026-11-16T00:05Z")], status=status(("2026-11-02T00:00Z", "active")))
    found = judge_upload(run(0, 3), on=on, at="2026-11-17T00:00Z", policy=PLAIN)
    assert places(found.accepted) == [1, 2]
    assert [reason.code.value for reason in found.reasons] == ["outside_contract"]
    assert places(found.reasons[0].slots) == [0]


def test_upload_1_under_a_policy_with_other_weeks_and_locks() -> None:
    week = ODD.week_of(Instant(MONDAY * 600))
    lock = ODD.locks_at(week)
    both = slots(0) | slots(1008)
    assert judge_upload(both, on=contract(), at=Instant(lock - 1), policy=ODD).accepted == both
    assert judge_upload(both, on=contract(), at=lock, policy=ODD).accepted == slots(1008)


def test_upload_1_nothing_uploaded_is_nothing_refused() -> None:
    found = judge_upload(EMPTY, on=contract(), at=LOCK, policy=PLAIN)
    assert (found.accepted, found.refused, found.reasons) == (EMPTY, EMPTY, ())


def test_upload_1_the_moment_has_a_zone() -> None:
    assert refusal(NaiveDatetime, judge_upload, EMPTY, on=contract(), at="2026-11-23T12:00", policy=PLAIN)[0] == "at"


def test_upload_2_counts_per_minute_add_and_snapshots_unite() -> None:
    early, late = (
        Snapshot(at=instant("2026-11-16T00:01Z"), digest="z"),
        Snapshot(at=instant("2026-11-16T00:02Z"), digest="b"),
    )
    blind = Snapshot(digest="a")
    one = Segment.tracked(at(0), activity=Activity.of_minutes(MINUTES), snapshots=[late, blind])
    two = Segment.tracked(at(0), activity=Activity.of_minutes(MINUTES[::-1]), snapshots=[early, late])
    for merged in (merge(one, two), merge(two, one)):
        assert merged.activity == Activity.of_minutes([(1, 2, 3)] + [(0, 0, 0)] * 8 + [(1, 2, 3)])
        assert merged.snapshots == (early, late, blind)
        assert (merged.slot, merged.source) == (at(0), Source.TRACKED)


def test_upload_2_snapshots_of_one_moment_stand_in_a_fixed_order() -> None:
    same = instant("2026-11-16T00:01Z")
    shots = [
        Snapshot(at=same, digest="b"),
        Snapshot(at=same, digest="A"),
        Snapshot(at=same),
        Snapshot(),
        Snapshot(digest="a"),
    ]
    one, two = Segment.tracked(at(0), snapshots=shots[:2]), Segment.tracked(at(0), snapshots=shots[2:])
    expected = (shots[2], shots[1], shots[0], shots[3], shots[4])
    assert merge(one, two).snapshots == merge(two, one).snapshots == expected


@pytest.mark.parametrize(
    ("one", "two", "memo", "label"),
    [
        (("a", "x"), ("b", "y"), "b", "y"),
        (("a", "x"), ("", None), "a", "x"),
        (("a", "x"), (" \u2003", " "), "a", "x"),
        (("", None), ("b", "y"), "b", "y"),
        (("", None), ("", None), "", None),
    ],
)
def test_upload_2_the_later_memo_and_label_win_where_they_are_not_blank(
    one: tuple[str, str | None], two: tuple[str, str | None], memo: str, label: str | None
) -> None:
    merged = merge(tracked(at(0), memo=one[0], label=one[1]), tracked(at(0), memo=two[0], label=two[1]))
    assert (merged.memo, merged.label) == (memo, label)


def test_upload_2_tracked_evidence_replaces_a_manual_entry() -> None:
    for merged in (
        merge(manual(at(0), memo="Call"), tracked(at(0), memo="")),
        merge(tracked(at(0), memo=""), manual(at(0))),
    ):
        assert merged == tracked(at(0), memo="Call")
    assert merge(manual(at(0), memo="a"), manual(at(0), memo="b")) == manual(at(0), memo="b")


def test_activity_2_what_one_upload_counted_is_certain() -> None:
    known, unknown = tracked(at(0), meter=4), tracked(at(0), meter=None)
    assert merge(known, unknown).meter == merge(unknown, known).meter == 4
    assert merge(unknown, unknown).activity is None
    assert merge(known, tracked(at(0), meter=6)).meter == 6


def test_only_one_slots_uploads_are_merged() -> None:
    words = "is not the slot of 2026-11-16T00:00:00Z", "merge one slot's"
    assert refusal(InvalidValue, merge, tracked(at(0)), tracked(at(1))) == ("later", "2026-11-16T00:10:00Z", *words)
