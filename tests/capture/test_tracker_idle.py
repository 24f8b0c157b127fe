"""Idle time and locked screens: asked about, never kept by silence; and paused, never shifted."""

from __future__ import annotations

import pytest

from tests.capture.desk import ACME, BOLT, FIRST, HALF, NINE, Desk, key, key_with
from workdiary.capture.events import (
    Answered,
    AskIdle,
    Choice,
    DropSnapshot,
    Finished,
    Job,
    Mark,
    MarkKind,
    SessionEnded,
    SessionStarted,
    SnapshotDeleted,
    Start,
    Ticked,
)
from workdiary.capture.tracker import initial
from workdiary.errors import InvalidValue
from workdiary.model.activity import Activity
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

OFFICE = Job(contract="acme", credit=HALF)
SHOP = Job(contract="bolt", credit=HALF)


def idle_desk() -> Desk:
    """Twenty minutes of work, ten and a half without input, and the question."""
    desk = Desk()
    desk.start(OFFICE)
    desk.work(1200)
    desk.rest(630)
    return desk


def test_the_question_comes_after_ten_minutes_and_says_since_when() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(1200)
    desk.rest(599)
    assert desk.of(AskIdle) == []
    desk.rest(1, since=599)
    assert desk.of(AskIdle) == [AskIdle(contract="acme", since=Instant(NINE + 1200))]
    assert (desk.state.idle_since, desk.state.idle_seconds) == (Instant(NINE + 1200), 600)
    desk.rest(300, since=600)
    assert len(desk.of(AskIdle)) == 1
    assert desk.state.idle_seconds == 900


def test_other_times_than_ten_minutes_and_never() -> None:
    for after, asked in ((60, 1), (None, 0)):
        desk = Desk(state=initial(idle_after=after))
        desk.start()
        desk.rest(1500)
        assert len(desk.of(AskIdle)) == asked


def test_an_answer_of_keep_keeps() -> None:
    desk = idle_desk()
    desk.work(570)
    assert desk.segments == [("acme", 0, "s1"), ("acme", 10, "s1")]
    desk.answer(Choice.KEEP)
    assert desk.segments == [("acme", minute, "s1") for minute in (0, 10, 20, 30)]
    assert (desk.tracked, desk.on_disk, desk.state.session_seconds) == (2400, 2400, 2400)
    assert desk.marks == [MarkKind.IDLE_KEPT]


def test_an_answer_of_discard_takes_the_idle_time_and_nothing_else() -> None:
    desk = idle_desk()
    desk.work(570)
    desk.answer(Choice.DISCARD)
    assert desk.segments == [("acme", 0, "s1"), ("acme", 10, "s1"), ("acme", 30, "s1")]
    assert (desk.tracked, desk.on_disk, desk.state.session_seconds) == (1770, 1770, 1770)
    assert desk.marks == [MarkKind.IDLE_DISCARDED]


def test_an_answer_of_reassign_gives_the_time_to_the_other_contract() -> None:
    desk = idle_desk()
    desk.work(570)
    desk.answer(Choice.REASSIGN, SHOP)
    assert ("bolt", 20, "s1-1") in desk.segments
    assert [minute for contract, minute, _ in desk.segments if contract == "acme"] == [0, 10, 30]
    assert (desk.tracked, desk.on_disk, desk.state.session_seconds) == (2400, 2400, 1770)
    assert [one.session for one in desk.of(SessionStarted)] == ["s1", "s1-1"]
    assert [(one.contract, one.session) for one in desk.of(SessionEnded)] == [("bolt", "s1-1")]
    assert desk.of(SessionEnded)[0].secret != key(0).hex()
    given = next(one for one in desk.of(Finished) if one.contract == "bolt")
    assert given.segment.activity is not None
    assert (given.segment.activity.meter, given.segment.snapshots) == (0, ())


def test_reassigning_to_the_same_contract_is_keeping() -> None:
    desk = idle_desk()
    desk.answer(Choice.REASSIGN, OFFICE)
    assert desk.marks == [MarkKind.IDLE_KEPT]


def test_reassigning_needs_a_contract() -> None:
    desk = idle_desk()
    with pytest.raises(InvalidValue, match="which contract"):
        desk.answer(Choice.REASSIGN)


def test_an_answer_without_a_question_is_refused() -> None:
    desk = Desk()
    desk.start()
    desk.answer(Choice.KEEP)
    assert desk.marks == [MarkKind.REFUSED]


@pytest.mark.parametrize("how", ["stop", "switch", "again"])
def test_silence_is_discard(how: str) -> None:
    desk = idle_desk()
    desk.work(60)
    if how == "stop":
        desk.stop()
    elif how == "switch":
        desk.start(SHOP, session="s2", secret=key(1))
    else:
        desk.rest(610)
        assert len(desk.of(AskIdle)) == 2
        desk.stop()
    assert MarkKind.IDLE_DISCARDED in desk.marks
    assert sum(ledger.tracked for ledger in desk.state.ledgers if ledger.job == OFFICE) == 1260


def test_after_a_crash_idle_time_without_an_answer_is_not_on_the_disk() -> None:
    desk = idle_desk()
    assert desk.on_disk == 1200
    desk.rest(600, since=630)
    assert desk.on_disk == 1200


def test_no_slot_is_handed_out_before_it_is_known_that_somebody_was_there() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(300)
    desk.rest(500)
    assert desk.segments == []
    desk.work(1)
    assert desk.segments == [("acme", 0, "s1")]


def test_a_stop_before_the_question_keeps_the_quiet_time() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(300)
    desk.rest(500)
    desk.stop()
    assert desk.segments == [("acme", 0, "s1")]
    assert desk.tracked == 800


def test_a_snapshot_of_discarded_time_is_dropped() -> None:
    desk = Desk()
    desk.start(ACME, secret=key_with("acme", FIRST, least=400, most=500))
    desk.work(200)
    desk.rest(650)
    desk.answer(Choice.DISCARD)
    desk.work(10)
    assert desk.segments == []
    assert [drop.digests for drop in desk.of(DropSnapshot)] == [("picture 1",)]


def test_where_nobody_measures_idle_time_the_counts_tell() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(60, idle=None)
    desk.work(599, counts=(0, 0, 0), idle=None)
    assert desk.of(AskIdle) == []
    desk.work(1, counts=(0, 0, 0), idle=None)
    assert [asked.since for asked in desk.of(AskIdle)] == [Instant(NINE + 60)]


def test_f58_a_display_that_answers_nobody_earns_nothing_without_end() -> None:
    """Eight hours in which nobody counts and nobody knows of an input: asked about, and without an answer discarded."""
    desk = Desk()
    desk.start(OFFICE)
    desk.work(900)
    desk.work(8 * 3600, counts=None, idle=None)
    assert [asked.since for asked in desk.of(AskIdle)] == [Instant(NINE + 900)]
    desk.stop()
    assert len(desk.of(Finished)) == 2, "15 minutes, of which 5 are half a slot"
    assert sum(ledger.tracked for ledger in desk.state.ledgers) == 900


def test_f58_a_discard_while_nobody_can_count_is_an_answer() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(700, counts=None, idle=None)
    desk.answer(Choice.DISCARD)
    desk.work(590, counts=None, idle=None)
    assert (len(desk.of(AskIdle)), desk.state.idle_since) == (1, None)


def test_f58_a_display_that_is_away_for_less_than_that_costs_nothing() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(300)
    desk.work(590, counts=None, idle=None)
    desk.work(310)
    assert desk.of(AskIdle) == []
    assert [one.segment.activity for one in desk.of(Finished)] == [Activity.of_meter(5), Activity.of_meter(5)]


def test_f58_what_nobody_knew_of_can_be_kept_by_saying_so() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(1800, counts=None, idle=None)
    desk.work(1)
    desk.answer(Choice.KEEP)
    desk.stop()
    assert [one.segment.activity for one in desk.of(Finished)] == [None] * 3
    assert sum(ledger.tracked for ledger in desk.state.ledgers) == 1801


def test_a_locked_screen_pauses_and_an_unlocked_one_goes_on_where_the_clock_is() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(600)
    desk.work(300, locked=True)
    assert (desk.state.is_on, desk.state.is_tracking) == (True, False)
    desk.work(301)
    desk.stop()
    assert desk.marks == [MarkKind.LOCKED, MarkKind.UNLOCKED, MarkKind.NOT_CREDITED, MarkKind.STOPPED]
    begins = min(one.stretches[0][0] for one in desk.kept.values() if one.minute >= NINE // 60 + 10)
    assert (begins, desk.tracked) == (NINE + 901, 900)
    assert [minute for _, minute, _ in desk.segments] == [0]


def test_a_start_on_a_locked_screen_waits_for_it() -> None:
    desk = Desk()
    desk.say(Ticked(counts=(0, 0, 0), locked=True))
    desk.say(Start(job=OFFICE, session="s1", secret=key(0)))
    desk.work(60, locked=True)
    assert (desk.state.is_on, desk.state.session_seconds) == (True, 0)
    desk.work(61)
    assert desk.state.session_seconds == 60


def test_the_answer_is_one_of_three() -> None:
    assert {choice.value for choice in Choice} == {"keep", "discard", "reassign"}
    assert Answered(choice=Choice.KEEP).job is None


def test_two_contracts_have_their_own_idle_time() -> None:
    desk = Desk()
    desk.start(ACME)
    desk.rest(500)
    desk.start(BOLT, session="s2", secret=key(1))
    desk.rest(599, since=500)
    assert desk.of(AskIdle) == []


def test_of_idle_time_whose_segment_was_deleted_meanwhile_only_the_rest_is_asked_about() -> None:
    desk = Desk()
    desk.start()
    desk.work(300)
    desk.rest(700)
    desk.say(SnapshotDeleted(slot=Slot(FIRST), contract="acme"))
    assert (desk.state.idle_since, desk.state.idle_seconds) == (Instant(NINE + 600), 400)
    desk.answer(Choice.KEEP)
    assert [mark.what for mark in desk.of(Mark)] == ["6 min 40 s without input were kept."]
    assert (desk.tracked, desk.state.session_seconds) == (400, 400)


def test_idle_time_whose_segments_were_deleted_meanwhile_goes_nowhere() -> None:
    desk = Desk()
    desk.start()
    desk.rest(610)
    for slot in (FIRST, FIRST + 1):
        desk.say(SnapshotDeleted(slot=Slot(slot), contract="acme"))
    desk.answer(Choice.REASSIGN, BOLT)
    assert MarkKind.REFUSED in desk.marks
    assert [one.contract for one in desk.of(SessionStarted)] == ["acme"]
    assert desk.tracked == 0
