"""The tracker at an ordinary desk: sessions, slots, snapshots, activity, memos, switching, deleting."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest

from tests.capture.desk import (
    ACME,
    BOLT,
    CARRY,
    FIRST,
    HALF,
    NINE,
    TOUCH,
    Desk,
    key,
    key_with,
    second,
)
from workdiary.capture.events import (
    Finished,
    Input,
    Job,
    LabelChosen,
    Mark,
    MarkKind,
    MemoWritten,
    MinuteKept,
    SessionEnded,
    SessionStarted,
    Start,
    StopReason,
    TakeSnapshot,
    Ticked,
)
from workdiary.capture.ledger import Ledger, added, is_credited
from workdiary.capture.moments import commitment
from workdiary.capture.tracker import START, initial, step
from workdiary.errors import InvalidValue
from workdiary.model.activity import Activity
from workdiary.model.policy import CreditRule
from workdiary.model.segment import Snapshot
from workdiary.model.slots import Slot
from workdiary.model.times import Instant


def test_an_hour_of_work_is_six_segments_with_a_snapshot_each() -> None:
    desk = Desk()
    desk.start()
    desk.work(3600)
    desk.stop()
    assert desk.segments == [("acme", minute, "s1") for minute in (0, 10, 20, 30, 40, 50)]
    for n, finished in enumerate(desk.of(Finished)):
        at = Instant(NINE + 600 * n + second(key(0), "acme", FIRST + n))
        assert finished.segment.snapshots == (Snapshot(at=at, digest=f"picture {n + 1}"),)
        assert finished.segment.activity == Activity.of_minutes([(60, 0, 0)] * 10)
        assert finished.segment.memo == "Work"
        assert finished.id == f"track s1 {Instant(NINE + 600 * n)}"
        assert finished.marks == ()
    assert desk.marks == [MarkKind.STOPPED]


def test_a_session_opens_with_its_commitment_and_ends_with_its_secret() -> None:
    desk = Desk()
    desk.start()
    desk.work(100)
    desk.stop()
    assert desk.of(SessionStarted) == [
        SessionStarted(contract="acme", session="s1", commitment=commitment(key(0)), at=Instant(NINE))
    ]
    assert desk.of(SessionEnded) == [
        SessionEnded(contract="acme", session="s1", secret=key(0).hex(), at=Instant(NINE + 100))
    ]


def test_the_secret_shows_in_no_repr() -> None:
    desk = Desk()
    desk.start()
    desk.work(700)
    desk.stop()
    assert key(0).hex() not in repr((desk.state, desk.seen))
    assert repr(key(0)) not in repr((desk.state, desk.seen))


def test_what_a_state_tells() -> None:
    desk = Desk()
    assert (desk.state.is_on, desk.state.job, desk.state.memo, desk.state.session_seconds) == (False, None, "", 0)
    desk.start(memo="Review")
    desk.work(700)
    state = desk.state
    assert (state.is_on, state.is_tracking, state.job, state.memo, state.label) == (True, True, ACME, "Review", None)
    assert (state.session_seconds, state.slot, state.slot_seconds) == (700, FIRST + 1, 100)
    assert (state.idle_since, state.idle_seconds, state.is_waiting) == (None, 0, False)


def test_each_minute_is_kept_once_as_it_closes() -> None:
    desk = Desk()
    desk.start()
    desk.work(150)
    assert desk.of(MinuteKept) == [
        MinuteKept(
            contract="acme",
            session="s1",
            minute=NINE // 60 + n,
            stretches=((NINE + 60 * n, NINE + 60 * n + 60),),
            counts=(60, 0, 0),
            memo="Work",
            label=None,
        )
        for n in range(2)
    ]
    desk.stop()
    assert desk.of(MinuteKept)[2].stretches == ((NINE + 120, NINE + 150),)
    assert desk.of(MinuteKept)[2].counts == (30, 0, 0)


@pytest.mark.parametrize(
    ("begin", "seconds", "least", "most", "segments"),
    [
        (0, 600, 0, 599, 1),
        (300, 120, 300, 419, 1),
        (300, 120, 0, 299, 0),
        (300, 120, 420, 599, 0),
        (599, 1, 599, 599, 1),
        (0, 1, 0, 0, 1),
        (1, 598, 0, 0, 0),
        (0, 599, 599, 599, 0),
    ],
)
def test_credit_snapshot_asks_whether_the_tracker_was_on_at_the_moment(
    begin: int, seconds: int, least: int, most: int, segments: int
) -> None:
    desk = Desk(wall=(NINE + begin) * 1000)
    desk.start(secret=key_with("acme", FIRST, least=least, most=most))
    desk.work(seconds)
    desk.stop()
    desk.turn(wall=700_000, mono=700_000, boot=700_000)
    desk.say(Ticked(counts=(0, 0, 0)))
    assert len(desk.of(Finished)) == segments
    assert desk.marks.count(MarkKind.NOT_CREDITED) == 1 - segments


@pytest.mark.parametrize(
    ("rule", "begin", "seconds", "segments"),
    [
        (TOUCH, 599, 2, [0, 10]),
        (TOUCH, 0, 1, [0]),
        (HALF, 301, 299, []),
        (HALF, 300, 300, [0]),
        (HALF, 350, 550, [10]),
        (CARRY, 480, 960, [10, 20]),  # the balance: 120, then 720, 120, then 360
        (CARRY, 480, 120 + 600 + 179, [10]),
        (CARRY, 480, 120 + 600 + 180, [10, 20]),
    ],
)
def test_credit_of_the_other_rules(rule: CreditRule, begin: int, seconds: int, segments: list[int]) -> None:
    desk = Desk(wall=(NINE + begin) * 1000)
    desk.start(Job(contract="acme", credit=rule))
    desk.work(seconds)
    desk.stop()
    assert [minute for _, minute, _ in desk.segments] == segments


def test_a_balance_that_owes_is_carried_too() -> None:
    desk = Desk(wall=(NINE + 250) * 1000)
    desk.start(Job(contract="acme", credit=CARRY))
    desk.work(350 + 600 + 349)  # 350 is credited and owes 250; then 99 is not, and 350 would not have been alone
    desk.stop()
    assert [minute for _, minute, _ in desk.segments] == [0, 10]


def test_a_stop_hands_out_what_is_credited_and_a_later_session_only_what_is_new() -> None:
    desk = Desk()
    desk.start(secret=key_with("acme", FIRST, least=10, most=100))
    desk.work(180)
    desk.stop()
    assert desk.segments == [("acme", 0, "s1")]
    desk.work(60)
    desk.start(session="s2", secret=key(1), memo="More")
    desk.work(360)
    desk.stop()
    assert desk.segments == [("acme", 0, "s1"), ("acme", 0, "s2")]
    first, later = (finished.segment for finished in desk.of(Finished))
    assert first.activity == Activity.of_minutes([(60, 0, 0)] * 3 + [(0, 0, 0)] * 7)
    assert later.activity == Activity.of_minutes([(0, 0, 0)] * 4 + [(60, 0, 0)] * 6)
    assert (len(first.snapshots), len(later.snapshots)) == (1, 0)
    assert (first.memo, later.memo) == ("Work", "More")


def test_a_later_session_brings_what_the_earlier_one_was_not_credited_for() -> None:
    desk = Desk()
    desk.start(secret=key_with("acme", FIRST, least=400, most=500))
    desk.work(120)
    desk.stop()
    assert desk.segments == []
    desk.start(session="s2", secret=key(7))
    desk.work(480)
    assert desk.segments == [("acme", 0, "s2")]
    assert desk.of(Finished)[0].segment.activity == Activity.of_minutes([(60, 0, 0)] * 10)


def test_nobody_draws_again_by_switching_off_and_on() -> None:
    secret = key_with("acme", FIRST, least=500, most=599)
    desk = Desk()
    desk.start(secret=secret)
    for n in range(2, 40):
        desk.work(10)
        desk.stop()
        desk.start(session=f"s{n}", secret=key(n))
    desk.work(220)
    assert [shot.at for shot in desk.of(TakeSnapshot)][:1] == [Instant(NINE + second(secret, "acme", FIRST))]
    assert len([shot for shot in desk.of(TakeSnapshot) if shot.slot == FIRST]) == 1


def test_switching_ends_one_session_and_begins_the_other_without_a_gap() -> None:
    desk = Desk(wall=NINE * 1000 + 400)
    desk.start(ACME)
    desk.work(1000)
    desk.turn(wall=700, mono=700, boot=700)
    desk.start(BOLT, session="s2", secret=key(1))
    desk.work(800)
    desk.stop()
    assert desk.tracked == 1800
    assert sum(ledger.tracked for ledger in desk.state.ledgers if ledger.job == BOLT) == 800
    order = [effect.session for effect in desk.seen if isinstance(effect, SessionStarted | SessionEnded)]
    assert order == ["s1", "s1", "s2", "s2"]


def test_a_second_of_a_switch_belongs_to_one_contract() -> None:
    desk = Desk()
    for n in range(100):
        desk.start((ACME, BOLT)[n % 2], session=f"s{n}", secret=key(n))
        desk.work(3, tick=700)
    desk.stop()
    stretches = sorted(stretch for ledger in desk.state.ledgers for stretch in ledger.stretches)
    assert all(one[1] <= other[0] for one, other in pairwise(stretches))
    assert sum(end - begin for begin, end in stretches) == 100 * 4 * 700 // 1000


@pytest.mark.parametrize("tick", [100, 333, 1000, 1013, 2500, 14_000])
def test_b48_no_second_is_lost_to_ticks_of_any_length(tick: int) -> None:
    desk = Desk(wall=NINE * 1000 + 500)
    desk.start()
    desk.work(7200, tick=tick)
    desk.stop()
    assert desk.tracked == 7200 * 1000 // tick * tick // 1000


def test_memo_and_label_are_those_last_said_in_the_slot() -> None:
    desk = Desk()
    desk.start(memo="Plan")
    desk.work(100)
    desk.say(MemoWritten(memo="Build"))
    desk.say(LabelChosen(label="Coding"))
    desk.work(500)
    desk.say(MemoWritten(memo="Later"))
    desk.work(600)
    assert [(one.segment.memo, one.segment.label) for one in desk.of(Finished)] == [
        ("Build", "Coding"),
        ("Later", "Coding"),
    ]


def test_a_blank_memo_does_not_wipe_one_that_was_said() -> None:
    desk = Desk()
    desk.start(memo="Plan")
    desk.work(200)
    desk.say(MemoWritten(memo="  "))
    desk.work(400)
    assert desk.of(Finished)[0].segment.memo == "Plan"


def test_capture_that_is_lost_is_unknown_and_not_zero() -> None:
    desk = Desk()
    desk.start()
    desk.work(180)
    desk.work(120, counts=None, idle=None)
    desk.work(300)
    assert desk.of(Finished)[0].segment.activity == Activity.of_meter(8)
    assert desk.marks == [MarkKind.CAPTURE_LOST, MarkKind.CAPTURE_BACK]
    assert desk.of(Finished)[0].marks == ("capture_lost", "capture_back")
    # A minute that is broken off is kept there, and again when it is whole.
    kept = {one.minute: one.counts for one in desk.of(MinuteKept)}
    assert [*kept.values()] == [(60, 0, 0)] * 3 + [None] * 2 + [(60, 0, 0)] * 5


def test_a_segment_of_which_nothing_is_known_has_no_activity() -> None:
    desk = Desk()
    desk.start()
    desk.work(590, counts=None, idle=None)
    desk.stop()
    assert desk.of(Finished)[0].segment.activity is None


def test_minutes_that_are_off_are_zero_and_known() -> None:
    desk = Desk(wall=(NINE + 300) * 1000)
    desk.start(secret=key_with("acme", FIRST, least=300, most=500))
    desk.work(300, counts=(0, 2, 1))
    activity = desk.of(Finished)[0].segment.activity
    assert activity == Activity.of_minutes([(0, 0, 0)] * 5 + [(0, 120, 60)] * 5)


def test_more_events_than_a_diary_takes_are_cut_and_lose_no_segment() -> None:
    desk = Desk()
    desk.start()
    desk.work(600, counts=(100_000, 0, 0))
    assert desk.of(Finished)[0].segment.activity == Activity.of_minutes([(1_000_000, 0, 0)] * 10)


def test_a_contract_that_needs_a_label_is_not_started_without_one() -> None:
    job = Job(contract="acme", credit=ACME.credit, needs_label=True)
    desk = Desk()
    desk.start(job)
    assert (desk.state.is_on, desk.marks) == (False, [MarkKind.REFUSED])
    desk.say(Start(job=job, session="s1", secret=key(0), label="Coding"))
    desk.say(LabelChosen(label=None))
    assert (desk.state.label, desk.marks) == ("Coding", [MarkKind.REFUSED] * 2)


def test_a_session_has_one_start() -> None:
    desk = Desk()
    desk.start()
    desk.work(60)
    desk.start()
    assert desk.marks == [MarkKind.REFUSED]
    assert desk.state.session_seconds == 60


@pytest.mark.parametrize(
    "event",
    [
        Start(job=ACME, session="s2", secret=b"short"),
        Start(job=ACME, session="", secret=key(0)),
        Start(job=ACME, session="s2", secret=key(0), memo="m" * 4001),
        Start(job=ACME, session="s2", secret=key(0), label="l" * 4001),
        MemoWritten(memo="m" * 4001),
        LabelChosen(label="l" * 4001),
        Ticked(counts=(0, -1, 0)),
    ],
)
def test_what_nobody_could_record_is_an_error_and_changes_nothing(event: Input) -> None:
    desk = Desk()
    desk.start()
    before = desk.state
    with pytest.raises(InvalidValue):
        desk.say(event)
    assert desk.state == before


def test_a_stop_while_off_and_a_memo_while_off_do_no_harm() -> None:
    desk = Desk()
    desk.stop()
    assert desk.seen == []
    desk.say(MemoWritten(memo="x"))
    assert desk.marks == [MarkKind.REFUSED]


def test_a_state_is_a_value_and_a_step_is_a_function() -> None:
    desk = Desk()
    desk.start()
    desk.work(700)
    event = Ticked(counts=(1, 1, 1))
    one, other = step(desk.state, event, desk.reading), step(desk.state, event, desk.reading)
    assert one == other
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        desk.state.part = 3  # type: ignore[misc]  # what is refused here
    with pytest.raises(TypeError):
        desk.state.closed[Slot(0)] = ()  # type: ignore[index]  # what is refused here


@pytest.mark.parametrize("idle_after", [0, -1, 600.0, "600"])
def test_the_time_until_the_idle_prompt_is_checked(idle_after: object) -> None:
    with pytest.raises(InvalidValue):
        initial(idle_after=idle_after)  # type: ignore[arg-type]  # what is refused here


def test_the_start_is_off_and_knows_nothing() -> None:
    assert (START.is_on, START.now, list(START.ledgers), START.idle_after) == (False, 0, [], 600)


def test_midnight_and_the_end_of_a_week_are_slots_like_others() -> None:
    midnight = 1_795_392_000  # Monday 2026-11-23T00:00Z
    desk = Desk(wall=(midnight - 600) * 1000)
    desk.start()
    desk.work(1200)
    desk.stop()
    assert [finished.segment.slot for finished in desk.of(Finished)] == [midnight // 600 - 1, midnight // 600]


def test_effects_of_a_closed_contract_are_those_of_a_stop() -> None:
    desk = Desk()
    desk.start(secret=key_with("acme", FIRST, most=100))
    desk.work(300)
    desk.stop(StopReason.CONTRACT)
    assert len(desk.of(Finished)) == 1
    assert "contract" in desk.of(Mark)[-1].what


def test_a_start_right_after_a_stop_is_no_step_back() -> None:
    desk = Desk(wall=NINE * 1000 + 900)
    desk.start()
    desk.work(60)
    desk.turn(wall=-1000)
    desk.stop()
    desk.start(session="s2", secret=key(1))
    desk.work(60)
    assert (desk.tracked, desk.marks) == (120, [MarkKind.STOPPED])


@pytest.mark.parametrize(
    ("balance", "tracked", "credited"),
    [(-590, 600, True), (-590, 599, False), (-301, 599, False), (299, 1, True), (450, 1, True), (900, 1, True)],
)
def test_a_balance_that_deletions_leave_beyond_the_rule_is_taken_as_its_end(
    balance: int, tracked: int, credited: bool
) -> None:
    job = Job(contract="acme", credit=CARRY)
    ledger = Ledger(job=job, slot=Slot(FIRST), moment=NINE)
    for begin in range(NINE, NINE + tracked, 60):
        end = min(begin + 60, NINE + tracked)
        ledger = added(ledger, "s1", begin // 60, [(begin, end)], (0, 0, 0), "Work", None)
    assert is_credited(ledger, balance) is credited
