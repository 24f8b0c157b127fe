"""After a crash: what was kept is there, marked; what was handed out is not handed out again; no moment is new."""

from __future__ import annotations

import attrs
import pytest

from tests.capture.desk import ACME, BOLT, CARRY, FIRST, HALF, NINE, Desk, key, key_with, second
from workdiary.capture.events import (
    BalanceKept,
    Choice,
    DropSnapshot,
    Finished,
    Job,
    Mark,
    MarkKind,
    MinuteKept,
    SessionEnded,
    SlotKept,
    SnapshotDeleted,
    SnapshotTaken,
    StopReason,
    TakeSnapshot,
)
from workdiary.capture.recovery import Known, Past, recover
from workdiary.capture.tracker import initial
from workdiary.model.activity import Activity
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

OFFICE = Job(contract="acme", credit=HALF)


def past_of(desk: Desk, session: str = "s1", *, secret: bytes | None = None, job: Job = ACME) -> Past:
    """What a disk has of a session: its minutes in the order in which they were kept."""
    return Past(
        session=session,
        contract=job.contract,
        secret=key(0) if secret is None else secret,
        minutes=tuple(one for one in desk.of(MinuteKept) if one.session == session),
        since=Instant(NINE),
    )


def restarted(desk: Desk, *pasts: Past, after: int = 5) -> Desk:
    """A tracker that is started again some seconds later, with all that the desk has kept."""
    new = Desk(wall=desk.wall + after * 1000, mono=500, boot=700)
    known = Known(
        pasts=pasts,
        minutes=tuple({(one.session, one.minute): one for one in desk.of(MinuteKept)}.values()),
        slots=tuple({(one.job.contract, one.slot): one for one in desk.of(SlotKept)}.values()),
        shots=tuple(
            SnapshotTaken(slot=shot.slot, at=Instant(shot.at), digests=(f"picture {n + 1}",), contract="acme")
            for n, shot in enumerate(desk.of(TakeSnapshot))
        ),
        balances={one.contract: one.seconds for one in desk.of(BalanceKept)},
    )
    new.state, effects = recover(initial(), known, new.reading)
    new.seen.extend(effects)
    return new


@pytest.mark.parametrize("at", [0, 1, 59, 60, 61, 119, 299, 360, 480, 599, 600, 601, 1199, 1260])
def test_f1_a_killed_session_has_all_but_its_open_minute(at: int) -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(at)
    new = restarted(desk, past_of(desk, job=OFFICE), after=3600)
    total = sum(end - begin for ledger in new.state.ledgers for begin, end in ledger.stretches)
    assert total == at // 60 * 60
    before, after = {minute for _, minute, _ in desk.segments}, {minute for _, minute, _ in new.segments}
    assert before & after == set()
    assert before | after == {10 * n for n in range(3) if min(600, at // 60 * 60 - 600 * n) >= 300}
    assert [one.session for one in new.of(SessionEnded)] == ["s1"]
    assert new.marks.count(MarkKind.RECOVERED) == 1
    assert all(finished.marks == ("recovered",) for finished in new.of(Finished))


def test_f1_the_segment_is_that_which_would_have_been() -> None:
    secret = key_with("acme", FIRST, least=50, most=200)
    desks = Desk(), Desk()
    for desk in desks:
        desk.start(secret=secret)
        desk.work(540)
        # Nobody knows yet whether somebody was there, so that the segment is held back.
        desk.rest(120)
        assert desk.of(Finished) == []
    stopped, killed = desks
    stopped.stop()
    new = restarted(killed, past_of(killed, secret=secret))
    whole, again = stopped.of(Finished)[0], new.of(Finished)[0]
    assert again.segment.slot == FIRST
    assert (again.id, again.segment, again.made_at) == (whole.id, whole.segment, whole.made_at)
    assert (whole.marks, again.marks) == ((), ("recovered",))


def test_f1_recovering_twice_gives_the_same_segments() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(540)
    desk.rest(570)
    past = past_of(desk, job=OFFICE)
    one, other = restarted(desk, past, after=60), restarted(desk, past, after=86_400)
    assert [(seg.id, seg.segment, seg.made_at) for seg in one.of(Finished)] == [
        (seg.id, seg.segment, seg.made_at) for seg in other.of(Finished)
    ]
    assert len(one.of(Finished)) == 2


def test_f4_a_shutdown_loses_no_second() -> None:
    for at in (1, 61, 359, 600, 725):
        desk = Desk()
        desk.start(OFFICE)
        desk.work(at)
        desk.stop(StopReason.SHUTDOWN)
        assert desk.on_disk == at
        assert not desk.state.is_waiting


def test_nobody_draws_again_by_killing_the_tracker() -> None:
    secret = key_with("acme", FIRST, least=500, most=590)
    for at in (0, 30, 300):
        desk = Desk()
        desk.start(secret=secret)
        desk.work(at)
        new = restarted(desk, past_of(desk, secret=secret))
        new.start(session="s2", secret=key(99))
        new.work(594 - at)
        assert [int(shot.at) - NINE for shot in new.of(TakeSnapshot)] == [second(secret, "acme", FIRST)]


def test_nor_by_killing_it_at_the_beginning_of_a_slot() -> None:
    secret = key_with("acme", FIRST, others=((FIRST + 1, 500, 590),))
    desk = Desk()
    desk.start(secret=secret)
    desk.work(640)
    new = restarted(desk, past_of(desk, secret=secret))
    new.start(session="s2", secret=key(99))
    new.work(555)
    assert [int(shot.at) - NINE - 600 for shot in new.of(TakeSnapshot)] == [second(secret, "acme", FIRST + 1)]


def test_nor_by_a_stop_and_another_process() -> None:
    secret = key_with("acme", FIRST, least=500, most=590)
    desk = Desk()
    desk.start(secret=secret)
    desk.work(120)
    desk.stop()
    new = restarted(desk)
    assert new.of(SessionEnded) == []
    assert new.marks == []
    new.start(session="s2", secret=key(99))
    new.work(475)
    new.stop()
    assert [int(shot.at) - NINE for shot in new.of(TakeSnapshot)] == [second(secret, "acme", FIRST)]
    activity = new.of(Finished)[0].segment.activity
    assert activity is not None
    assert activity.keystrokes == 120 + 475


def test_what_was_handed_out_before_the_crash_is_not_handed_out_again() -> None:
    secret = key_with("acme", FIRST, least=50, most=100)
    desk = Desk()
    desk.start(secret=secret)
    desk.work(180)
    desk.stop()
    assert desk.segments == [("acme", 0, "s1")]
    new = restarted(desk)
    new.start(session="s2", secret=key(99))
    new.work(300)
    new.stop()
    (later,) = new.of(Finished)
    assert later.id.split()[1] == "s2"
    assert later.segment.activity is not None
    assert (later.segment.activity.keystrokes, later.segment.snapshots) == (300, ())


def test_the_snapshot_that_was_taken_before_the_crash_belongs_to_the_segment() -> None:
    secret = key_with("acme", FIRST, least=50, most=100)
    desk = Desk()
    desk.start(secret=secret)
    desk.work(250)
    new = restarted(desk, past_of(desk, secret=secret))
    (finished,) = new.of(Finished)
    assert [snapshot.digest for snapshot in finished.segment.snapshots] == ["picture 1"]
    assert finished.segment.activity == Activity.of_minutes([(60, 0, 0)] * 4 + [(0, 0, 0)] * 6)


def test_a_snapshot_in_the_minute_that_was_lost_says_that_the_tracker_was_on() -> None:
    secret = key_with("acme", FIRST, least=245, most=260)
    desk = Desk()
    desk.start(secret=secret)
    desk.work(270)
    new = restarted(desk, past_of(desk, secret=secret), after=3600)
    (finished,) = new.of(Finished)
    assert [snapshot.digest for snapshot in finished.segment.snapshots] == ["picture 1"]
    assert finished.segment.activity == Activity.of_minutes([(60, 0, 0)] * 4 + [(0, 0, 0)] * 6)


def test_a_snapshot_of_idle_time_that_was_lost_says_nothing() -> None:
    secret = key_with("acme", FIRST + 1, least=330, most=350)
    desk = Desk()
    desk.start(secret=secret)
    desk.work(300)
    desk.rest(945)
    new = restarted(desk, past_of(desk, secret=secret), after=3600)
    assert [one.segment.slot for one in new.of(Finished) if one.segment.slot > FIRST] == []


def test_the_images_of_a_slot_that_is_not_credited_are_dropped() -> None:
    desk = Desk()
    secret = key_with("acme", FIRST, least=50, most=100)
    desk.start(OFFICE, secret=secret)
    desk.work(200)
    new = restarted(desk, past_of(desk, secret=secret, job=OFFICE), after=3600)
    assert new.of(Finished) == []
    assert [drop.digests for drop in new.of(DropSnapshot)] == [("picture 1",)]


def test_idle_time_without_an_answer_does_not_come_back() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(1200)
    desk.rest(700)
    new = restarted(desk, past_of(desk, job=OFFICE), after=3600)
    assert sum(ledger.tracked for ledger in new.state.ledgers) == 1200


def test_idle_time_that_was_kept_does() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(1200)
    desk.rest(700)
    desk.answer(Choice.KEEP)
    new = restarted(desk, past_of(desk, job=OFFICE), after=3600)
    assert sum(ledger.tracked for ledger in new.state.ledgers) == 1900


def test_minutes_that_a_later_session_has_handed_out_are_not_handed_out_again() -> None:
    secret = key_with("acme", FIRST, least=200, most=300)
    desk = Desk()
    desk.start(secret=secret)
    desk.work(120)
    desk.stop()
    desk.start(session="s2", secret=key(1))
    desk.work(240)
    desk.stop()
    assert desk.segments == [("acme", 0, "s2")]
    new = restarted(desk)
    assert new.of(Finished) == []
    new.start(session="s3", secret=key(2))
    new.work(235)
    new.stop()
    activity = new.of(Finished)[0].segment.activity
    assert activity is not None
    assert activity.keystrokes == 235


def test_with_nothing_to_recover_nothing_happens() -> None:
    new = restarted(Desk())
    assert (new.seen, list(new.state.ledgers)) == ([], [])


def test_a_clock_that_cannot_be_meant_loses_nothing() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(420)
    new = restarted(desk, past_of(desk, job=OFFICE), after=-NINE)
    assert new.segments == [("acme", 0, "s1")]
    assert all(str(mark.at).startswith("2026") for mark in new.of(Mark))


def test_the_secret_shows_in_no_repr() -> None:
    past = Past(session="s1", contract="acme", secret=key(0))
    assert repr(key(0)) not in repr(past)


# What another process must not decide anew.


def test_no_restart_draws_anew_after_a_deletion_nor_credits_what_was_deleted() -> None:
    secret = key_with("acme", FIRST, least=50, most=100)
    for ended in (True, False):
        desk = Desk()
        desk.start(secret=secret)
        desk.work(200)
        desk.say(SnapshotDeleted(slot=Slot(FIRST), contract="acme"))
        if ended:
            desk.stop()
        new = restarted(desk, *([] if ended else [past_of(desk, secret=secret)]))
        new.start(session="s2", secret=key(99))
        new.work(400)
        new.stop()
        assert [one for one in new.of(Finished) if one.segment.slot == FIRST] == []
        assert [shot for shot in new.of(TakeSnapshot) if shot.slot == FIRST] == []


def test_nor_after_idle_time_was_discarded() -> None:
    secret = key_with("acme", FIRST, others=((FIRST + 1, 500, 590),))
    desk = Desk()
    desk.start(secret=secret)
    desk.work(300)
    desk.rest(700)
    desk.stop()
    assert [ledger.tracked for ledger in desk.state.ledgers if ledger.slot == FIRST + 1] == [0]
    new = restarted(desk)
    new.start(session="s2", secret=key(99))
    new.work(190)
    assert [int(shot.at) - NINE - 600 for shot in new.of(TakeSnapshot)] == [second(secret, "acme", FIRST + 1)]


def test_nor_after_a_stop_on_the_border_of_a_slot() -> None:
    secret = key_with("acme", FIRST, others=((FIRST + 1, 500, 590),))
    desk = Desk()
    desk.start(secret=secret)
    desk.work(600)
    desk.stop()
    new = restarted(desk)
    new.start(session="s2", secret=key(99))
    new.work(592)
    assert [int(shot.at) - NINE - 600 for shot in new.of(TakeSnapshot)] == [second(secret, "acme", FIRST + 1)]


def test_a_killed_session_judges_no_slot_that_another_has_drawn() -> None:
    secret = key_with("acme", FIRST, least=200, most=300)
    later = key_with("acme", FIRST, least=400, most=590)
    desk = Desk()
    desk.start(secret=secret)
    desk.work(120)
    desk.stop()
    desk.turn(wall=240_000, mono=240_000, boot=240_000)
    desk.start(session="s2", secret=later)
    desk.work(420)
    assert desk.of(Finished) == []
    past = attrs.evolve(past_of(desk, "s2", secret=later), since=Instant(NINE + 360))
    new = restarted(desk, past)
    assert [one for one in new.of(Finished) if one.segment.slot == FIRST] == []


def test_seconds_on_both_sides_of_a_crash_count_together() -> None:
    desk = Desk()
    desk.start(OFFICE)
    desk.work(200)
    desk.stop()
    desk.turn(wall=160_000, mono=160_000, boot=160_000)
    desk.start(OFFICE, session="s2", secret=key(1))
    desk.work(180)
    new = restarted(desk, attrs.evolve(past_of(desk, "s2", secret=key(1), job=OFFICE), since=Instant(NINE + 360)))
    (finished,) = new.of(Finished)
    assert finished.segment.activity == Activity.of_minutes(
        [(60, 0, 0)] * 3 + [(20, 0, 0)] + [(0, 0, 0)] * 2 + [(60, 0, 0)] * 3 + [(0, 0, 0)]
    )


def test_a_clock_set_back_into_what_another_process_tracked_counts_nothing_twice() -> None:
    desk = Desk()
    desk.start()
    desk.work(1500)
    desk.stop()
    new = restarted(desk, after=-900)
    new.start(BOLT, session="s2", secret=key(99))
    new.work(1200)
    new.stop()
    assert MarkKind.OVERLAP in new.marks
    assert sum(ledger.tracked for ledger in new.state.ledgers if ledger.job == BOLT) == 300


def test_a_balance_goes_on_after_a_restart() -> None:
    job = Job(contract="acme", credit=CARRY)
    whole, desk = Desk(), Desk()
    for one in (whole, desk):
        one.start(job)
        one.work(200)
        one.stop()
    desk = restarted(desk, after=0)
    for one in (whole, desk):
        one.turn(wall=700_000, mono=700_000, boot=700_000)
        one.start(job, session="s2", secret=key(1))
        one.work(150)
        one.stop()
        one.turn(wall=700_000, mono=700_000, boot=700_000)
        one.work(1)
    # 200 s and 150 s are more than half a slot, by either process.
    assert [one.segment.slot for one in whole.of(Finished)] == [FIRST + 1]
    assert [one.segment.slot for one in desk.of(Finished)] == [FIRST + 1]
    assert desk.state.balances == whole.state.balances


def test_a_session_that_is_on_though_locked_has_drawn_the_moment() -> None:
    secret = key_with("acme", FIRST, others=((FIRST + 1, 500, 590),))
    desk = Desk()
    desk.start(secret=secret)
    desk.work(590)
    desk.work(100, locked=True)
    desk.stop()
    desk.work(5)
    desk.start(session="s2", secret=key(99))
    desk.work(500)
    shots = [int(shot.at) - NINE - 600 for shot in desk.of(TakeSnapshot) if shot.slot > FIRST]
    assert shots == [second(secret, "acme", FIRST + 1)]


def test_a_killed_session_ends_no_earlier_than_the_slot_whose_moment_it_has_drawn() -> None:
    desk = Desk()
    desk.start()
    desk.work(290)
    desk.turn(wall=400_000, boot=400_000)
    desk.work(20)
    new = restarted(desk, past_of(desk))
    assert [ended.at >= NINE + 600 for ended in new.of(SessionEnded)] == [True]
