"""Pitfalls of rules, edits, limits and policies: A4 to A7, A11, A25, A34, A38, A39, B65, B66, B98 to B107."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import attrs
import pytest

from workdiary import (
    Activity,
    Actor,
    Contract,
    ContractStatus,
    Edit,
    Instant,
    ReasonCode,
    Role,
    Segment,
    Slots,
    StatusChange,
    Terms,
    add_time,
    apply,
    delete_time,
    edit_label,
    edit_memo,
    hours,
    instant,
    judge,
    policies,
    slot_at,
    week_statement,
)
from workdiary.errors import InvalidValue, OverlapError, UnknownPolicy, WorkdiaryError
from workdiary.model.timeline import Timeline
from workdiary.model.verdict import Verdict

UPWORK = policies.get("upwork")
NINE, TEN, ELEVEN = (f"2026-11-18T{hour:02d}:00Z" for hour in (9, 10, 11))
LOCK = instant("2026-11-23T12:00Z")
CONTRACT = Contract(
    id="c-1",
    freelancer="ana",
    client="acme",
    currency="USD",
    terms=[Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(40), manual_time_allowed=True)],
)


def worked(start: str = TEN, stop: str = ELEVEN) -> list[Segment]:
    return [Segment.tracked(slot, memo="Work") for slot in Slots.range(slot_at(start), slot_at(stop))]


def ask(edit: Edit, at: str = "2026-11-19T00:00Z", by: Role | Actor = Role.FREELANCER) -> Verdict:
    return judge(edit, on=CONTRACT, segments=worked(), by=by, at=at, policy=UPWORK)


EVERY_CHANGE: list[Edit] = [
    add_time(NINE, TEN, memo="Call"),
    delete_time(TEN, ELEVEN),
    edit_memo(TEN, ELEVEN, memo="Other"),
    edit_label(TEN, ELEVEN, label="Design"),
]


def test_a04_merging_adds_and_a_segment_of_clicks_alone_keeps_them() -> None:
    clicks = Activity.of_minutes([(0, 3, 0)] * 4 + [(0, 0, 0)] * 6)
    assert (clicks.meter, clicks.clicks, clicks.keystrokes) == (4, 12, 0)
    both = clicks + Activity.of_minutes([(0, 0, 0)] * 3 + [(5, 1, 0)] * 2 + [(0, 0, 0)] * 5)
    assert (both.meter, both.clicks, both.keystrokes) == (5, 14, 10)


@pytest.mark.parametrize(
    ("start", "stop", "deleted"),
    [
        ("09:30", "10:20", ("10:00", "10:20")),  # left
        ("10:40", "11:30", ("10:40", "11:00")),  # right
        ("10:20", "10:40", ("10:20", "10:40")),  # inside
        ("09:00", "12:00", ("10:00", "11:00")),  # outside
        ("10:00", "11:00", ("10:00", "11:00")),  # equal
        ("09:00", "10:00", None),  # touching before
        ("11:00", "12:00", None),  # touching after
    ],
)
def test_a05_a06_a07_a_span_meets_recorded_time_in_seven_ways(
    start: str, stop: str, deleted: tuple[str, str] | None
) -> None:
    edit = delete_time(f"2026-11-18T{start}Z", f"2026-11-18T{stop}Z")
    verdict = ask(edit)
    if deleted is None:
        assert verdict.codes == (ReasonCode.NOTHING_THERE,)
        return
    first, last = (slot_at(f"2026-11-18T{clock}Z") for clock in deleted)
    assert verdict.changed == Slots.range(first, last)
    assert len(apply(edit, worked(), verdict.changed)) == 6 - (last - first)


@pytest.mark.parametrize("edit", EVERY_CHANGE, ids=lambda edit: edit.action.value)
def test_a11_a_locked_week_refuses_every_change(edit: Edit) -> None:
    assert ask(edit, "2026-11-23T11:59:59Z").allowed
    assert ask(edit, "2026-11-23T12:00:00Z").codes == (ReasonCode.WEEK_LOCKED,)


def test_a12_activity_is_minutes_of_ten_and_nothing_else() -> None:
    assert Activity.of_meter(10).meter == 10
    with pytest.raises(InvalidValue):
        Activity.of_meter(600)


def test_a25_no_counts_are_unknown_and_not_zero() -> None:
    statement = week_statement(CONTRACT, worked(), week=TEN, policy=UPWORK)
    codes = [reason.code for reason in statement.protection.why(TEN)]
    assert ReasonCode.ACTIVITY_UNKNOWN in codes
    assert ReasonCode.NO_ACTIVITY not in codes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('locks_after = "P7DT12H"', 'locks_after = "sometime"'),
        ('locks_after = "P7DT12H"', 'locks_after = "-P1D"'),
        ('locks_after = "P7DT12H"', 'locks_after = "P"'),
        ('statuses = ["active"]', 'statuses = ["open"]'),
        ('locks_after = "P7DT12H"', "locks = 12"),
    ],
)
def test_a34_a_lock_that_cannot_be_read_is_an_error_and_never_editable(tmp_path: Path, old: str, new: str) -> None:
    text = (Path(policies.__file__).parent / "upwork.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "own.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(WorkdiaryError, match="editing"):
        policies.load(tmp_path / "own.toml")


def test_a34_with_no_permission_on_record_nothing_is_permitted() -> None:
    closed = attrs.evolve(UPWORK, editing=attrs.evolve(UPWORK.editing, statuses=()))
    verdict = judge(
        EVERY_CHANGE[1], on=CONTRACT, segments=worked(), by=Role.FREELANCER, at="2026-11-19T00:00Z", policy=closed
    )
    assert verdict.codes == (ReasonCode.CONTRACT_NOT_ACTIVE,)


def test_a38_an_id_matches_whole_or_not_at_all() -> None:
    assert ask(EVERY_CHANGE[1], by=Actor(id="ana", role=Role.FREELANCER)).allowed
    for near in ("an", "ANA", "ana ", "anana"):
        assert ask(EVERY_CHANGE[1], by=Actor(id=near, role=Role.FREELANCER)).codes == (ReasonCode.ROLE_NOT_PERMITTED,)
    with pytest.raises(UnknownPolicy):
        policies.get("up")


@pytest.mark.parametrize(
    "text", ["2026-13-01T00:00Z", "2026-11-31T00:00Z", "2026-02-29T00:00Z", "9999999-01-01T00:00Z"]
)
def test_a39_b104_a_date_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        Terms(since=text, rate="1", weekly_limit=None)


def test_a39_dates_are_ordered_as_dates() -> None:
    # As text, "2026-09-02T23:00-05:00" stands before "2026-09-03T00:00Z", and is after it.
    late, early = "2026-09-02T23:00-05:00", "2026-09-03T00:00Z"
    ordered = Timeline.of(Terms(since=since, rate="1", weekly_limit=None) for since in (early, late))
    assert [str(value.since) for value in ordered] == ["2026-09-03T00:00:00Z", "2026-09-03T04:00:00Z"]


def test_b65_equal_segments_at_two_times_are_two() -> None:
    twins = [Segment.tracked(TEN, memo="Same"), Segment.tracked(ELEVEN, memo="Same")]
    assert len(week_statement(CONTRACT, twins, week=TEN, policy=UPWORK).tracked) == 2


def test_b66_an_overlap_is_an_error_that_names_the_segment() -> None:
    with pytest.raises(OverlapError, match="2026-11-18T10:00:00Z"):
        week_statement(CONTRACT, [*worked(), Segment.manual(TEN)], week=TEN, policy=UPWORK)


@pytest.mark.parametrize(("by", "allowed"), [(-1, True), (0, False), (1, False)])
def test_b98_the_first_locked_instant_is_locked(by: int, allowed: bool) -> None:
    assert ask(EVERY_CHANGE[2], str(Instant(LOCK + by))).allowed is allowed


def test_b99_a_locked_week_does_not_lock_the_next() -> None:
    segments = worked("2026-11-22T23:00Z", "2026-11-23T01:00Z")

    def asked(start: str, stop: str) -> Verdict:
        edit = delete_time(start, stop)
        return judge(edit, on=CONTRACT, segments=segments, by=Role.FREELANCER, at="2026-11-23T12:00Z", policy=UPWORK)

    assert asked("2026-11-23T00:00Z", "2026-11-23T01:00Z").allowed
    (reason,) = asked("2026-11-22T23:00Z", "2026-11-23T01:00Z").reasons
    assert reason.code is ReasonCode.WEEK_LOCKED
    assert reason.slots == Slots.range(slot_at("2026-11-22T23:00Z"), slot_at("2026-11-23T00:00Z"))


def test_b100_b101_a_refusal_says_when_and_by_which_rule_the_window_closed() -> None:
    verdict = ask(EVERY_CHANGE[1], "2026-11-24T00:00Z")
    (reason,) = verdict.reasons
    assert (reason.rule, reason.facts, verdict.since) == ("EDIT-3", (("locks_at", LOCK),), LOCK)
    assert str(UPWORK.editing.locks_after) == "P7DT12H"


def test_b102_each_thing_that_speaks_against_a_change_has_its_own_reason() -> None:
    paused = attrs.evolve(
        CONTRACT,
        terms=[attrs.evolve(CONTRACT.terms.values[0], manual_time_allowed=False)],
        status=[StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.PAUSED)],
    )
    verdict = judge(
        add_time(TEN, ELEVEN, memo=" "),
        on=paused,
        segments=worked(),
        by=Role.CLIENT,
        at="2026-11-24T00:00Z",
        policy=UPWORK,
    )
    assert [code.value for code in verdict.codes] == [
        "role_not_permitted",
        "contract_not_active",
        "week_locked",
        "manual_time_not_allowed",
        "memo_required",
        "slot_taken",
    ]


@pytest.mark.parametrize(("limit", "billed"), [("0", 0), ("0.16", 0), ("0.17", 1), ("0.5", 3), ("168", 6), (None, 6)])
def test_b103_a_weekly_limit_holds_whole_segments_and_zero_is_a_limit(limit: str | None, billed: int) -> None:
    terms = Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=None if limit is None else hours(limit))
    contract = attrs.evolve(CONTRACT, terms=[terms])
    assert len(week_statement(contract, worked(), week=TEN, policy=UPWORK).tracked) == billed


def test_b105_rules_do_not_run_out() -> None:
    assert policies.get("upwork", at="2090-01-01T00:00Z").limit == UPWORK.limit


def test_b106_a_dated_value_holds_until_the_next_one() -> None:
    terms = Timeline.of(
        Terms(since=since, rate=rate, weekly_limit=None)
        for since, rate in (("2026-01-01T00:00Z", "10"), ("2026-02-01T00:00Z", "20"))
    )
    for at in ("2026-02-01T00:00Z", "2026-02-01T00:00:01Z", "2031-07-01T00:00Z"):
        found = terms.at(instant(at))
        assert found is not None
        assert str(found.rate) == "20"


def test_b107_each_unprotected_segment_has_its_own_reasons() -> None:
    good = Segment.tracked(TEN, memo="Work", activity=Activity.of_meter(8), snapshots=["2026-11-18T10:04Z"])
    bare = attrs.evolve(good, slot=slot_at(ELEVEN), memo="", snapshots=())
    policy = policies.get("work_for_impact")
    statement = week_statement(CONTRACT, [good, bare], week=TEN, policy=policy)
    assert statement.protection.why(TEN) == ()
    assert [reason.code.value for reason in statement.protection.why(ELEVEN)] == ["no_snapshot", "missing_memo"]


def test_b105_a_week_far_ahead_has_its_calendar() -> None:
    assert UPWORK.week_of("2090-01-04T00:00Z").nominal.date() == date(2090, 1, 2)
