"""`Diary`: opened once, judged and recorded under the lock, read by week."""

from __future__ import annotations

from collections.abc import Callable
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
    Clock,
    Kept,
    counted,
    opened,
    rewritten,
    status_changed,
    terms_changed,
    upload,
)
from tests.support import ODD, PLAIN, WEEK, at, contract, manual, places, refusal, slots, tracked
from workdiary import (
    Actor,
    Instant,
    ReasonCode,
    Role,
    Segment,
    add_time,
    delete_time,
    edit_label,
    edit_memo,
    instant,
    policies,
    slot_start,
    week_statement,
)
from workdiary.diary.changes import LateEvidence, TimeAdded
from workdiary.diary.closing import close_week
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import AnswerKind
from workdiary.diary.journal import WeekState
from workdiary.errors import ChainError, IdConflict, InvalidValue, OutsideContract, UnknownContract, UnknownPolicy
from workdiary.store.memory import MemoryJournal

CREATED, EXISTS, CONFLICT = AnswerKind.CREATED, AnswerKind.EXISTS, AnswerKind.CONFLICT
LATE, REFUSED = AnswerKind.LATE, AnswerKind.REFUSED


def range_of(start: int, stop: int) -> tuple[Instant, Instant]:
    return slot_start(at(start)), slot_start(at(stop))


# Opening.


def test_a_diary_opens_with_its_contract_and_policy() -> None:
    kept = opened()
    (entry,) = kept.diary.entries()
    assert (entry.number, entry.id, entry.by, str(entry.at)) == (1, "open", PLATFORM, NOW)
    assert kept.diary.contract == contract()
    assert kept.diary.standing.policy == PLAIN
    assert kept.journal.contracts() == ("c-1",)


def test_opening_it_again_changes_nothing() -> None:
    kept = opened()
    head = kept.head
    kept.diary.record(upload(0), by=ANA, id="u")
    again = Diary.open(kept.journal, contract(), PLAIN, by=PLATFORM, id="open")
    assert places(segment.slot for segment in again.segments(WEEK)) == [0]
    assert kept.head.version == head.version + 1


@pytest.mark.parametrize(
    ("changes", "policy", "by", "id"),
    [
        ({}, PLAIN, PLATFORM, "another"),
        ({}, PLAIN, ACME, "open"),
        ({}, ODD, PLATFORM, "open"),
        ({}, "upwork", PLATFORM, "open"),
        ({"freelancer": "bob"}, PLAIN, PLATFORM, "open"),
    ],
)
def test_a_contract_has_one_diary(changes: dict[str, Any], policy: Any, by: Actor, id: str) -> None:
    kept = opened()
    head = kept.head
    said = refusal(IdConflict, Diary.open, kept.journal, contract(**changes), policy, by=by, id=id)
    assert said == ("contract", "c-1", "has a diary already, opened otherwise", "use it, or give another id")
    assert kept.head == head


def test_what_no_diary_can_be_opened_for_is_named() -> None:
    journal = MemoryJournal(clock=Clock())
    argument, value, allowed, remedy = refusal(
        UnknownPolicy, Diary.open, journal, contract(), "upwerk", by=PLATFORM, id="open"
    )
    assert (argument, value, remedy) == ("policy", "upwerk", "did you mean upwork?")
    assert "odesk, upwork, work_for_impact" in allowed
    assert refusal(InvalidValue, Diary.open, journal, contract(), 5, by=PLATFORM, id="open") == (
        "policy",
        5,
        "is not a Policy",
        "give a preset's name, or policies.load(path)",
    )
    long = "c" * 201
    assert refusal(InvalidValue, Diary.open, journal, contract(id=long), PLAIN, by=PLATFORM, id="open")[:2] == (
        "contract.id",
        long,
    )
    assert refusal(InvalidValue, Diary.open, journal, contract(), PLAIN, by=PLATFORM, id=" ")[:2] == ("id", " ")
    assert journal.contracts() == ()


@pytest.mark.parametrize("id", ["close 2026-11-16", "park 2026-11-16 00", "close ", "park x"])
def test_nobody_takes_an_id_under_which_a_week_is_closed(id: str) -> None:
    kept = opened()
    allowed = "begins like the diary's own, 'close ' and 'park '"
    said = ("id", id, allowed, "give another, such as a random UUID")
    assert refusal(InvalidValue, kept.diary.record, upload(0), by=ANA, id=id) == said
    assert refusal(InvalidValue, Diary.open, kept.journal, contract(id="c-2"), PLAIN, by=PLATFORM, id=id) == said


def test_a_diary_that_nobody_opened_is_unknown() -> None:
    diary = Diary(MemoryJournal(clock=Clock()), "c-9")
    said = ("contract", "c-9", "has no diary here", "open one first, or check the id")
    calls: list[Callable[[], object]] = [
        lambda: diary.contract,
        lambda: diary.segments(WEEK),
        lambda: diary.statement(WEEK),
        lambda: diary.record(upload(0), by=ANA, id="u"),
        lambda: diary.judge(upload(0), by=ANA, at=NOW),
        lambda: [*diary.entries()],
    ]
    for call in calls:
        assert refusal(UnknownContract, call) == said


# Recording.

EACH: list[tuple[str, Request, Actor]] = [
    ("upload", upload(50), ANA),
    ("add", add_time(*range_of(60, 62), memo="Call"), ANA),
    ("delete", delete_time(*range_of(0, 1)), ANA),
    ("memo", edit_memo(*range_of(0, 2), memo="Review"), ANA),
    ("label", edit_label(*range_of(0, 2), label="Design"), ACME),
    ("terms", terms_changed("2026-11-23T00:00Z"), ACME),
    ("status", status_changed("2026-11-23T00:00Z", "paused"), ACME),
]


def begun() -> Kept:
    """Return a diary with three tracked segments, labelled."""
    kept = opened(labels=["Design"])
    kept.diary.record(upload(0, 1, 2, label="Design"), by=ANA, id="begin")
    return kept


@pytest.mark.parametrize(("name", "request_", "by"), EACH, ids=[name for name, *_ in EACH])
def test_i20_the_same_request_twice_is_one_entry(name: str, request_: Request, by: Actor) -> None:
    kept = begun()
    first = kept.diary.record(request_, by=by, id="r")
    assert first.kind is CREATED
    assert first.recorded
    head = kept.head
    # From the same diary, from another one, and long after the lock.
    for diary in (kept.diary, Diary(kept.journal, "c-1")):
        again = diary.record(request_, by=by, id="r")
        assert (again.kind, again.entry) == (EXISTS, first.entry)
        assert again.recorded
    kept.clock.set("2027-06-01T00:00:00Z")
    assert Diary(kept.journal, "c-1").record(request_, by=by, id="r").kind is EXISTS
    assert kept.head == head


@pytest.mark.parametrize(("name", "request_", "by"), EACH, ids=[name for name, *_ in EACH])
def test_i20_the_same_id_with_another_content_or_actor_is_a_conflict(name: str, request_: Request, by: Actor) -> None:
    kept = begun()
    first = kept.diary.record(request_, by=by, id="r")
    head, week = kept.head, kept.week()
    others: list[tuple[Request, Actor]] = [(other, by) for other_name, other, _ in EACH if other_name != name]
    others.append((request_, Actor(id="eve", role=by.role)))
    others.append((request_, Actor(id=by.id, role=Role.PLATFORM)))
    for other, actor in others:
        answer = kept.diary.record(other, by=actor, id="r")
        assert (answer.kind, answer.entry, answer.recorded) == (CONFLICT, first.entry, False)
    assert (kept.head, kept.week()) == (head, week)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (upload(0), upload(1)),
        (upload(0), upload(0, made_at="2026-11-18T18:00:01Z")),
        (upload(0), upload(0, memo="Other")),
        (upload(0), upload(0, 1)),
        (add_time(*range_of(0, 2), memo="Call"), add_time(*range_of(0, 2), memo="Talk")),
        (add_time(*range_of(0, 2), memo="Call"), add_time(*range_of(0, 3), memo="Call")),
        (terms_changed("2026-11-23T00:00Z"), terms_changed("2026-11-23T00:00Z", rate="46")),
    ],
)
def test_i20_a_small_difference_is_a_conflict_too(one: Request, other: Request) -> None:
    kept = opened()
    by = ACME if one == terms_changed("2026-11-23T00:00Z") else ANA
    assert kept.diary.record(one, by=by, id="r").kind is CREATED
    head = kept.head
    assert kept.diary.record(other, by=by, id="r").kind is CONFLICT
    assert kept.head == head


def test_a_repeated_upload_is_the_same_one_whatever_was_put_aside_of_it() -> None:
    kept = opened(status=[status_changed("2026-11-02T00:00Z", "active").status])
    kept.diary.record(status_changed("2026-11-18T00:00Z", "paused"), by=PLATFORM, id="p")
    both = upload(287, 288)  # the second lies in the pause
    answer = kept.diary.record(both, by=ANA, id="u")
    assert answer.kind is CREATED
    assert [reason.code for reason in answer.reasons] == [ReasonCode.CONTRACT_NOT_ACTIVE]
    assert kept.diary.record(both, by=ANA, id="u").kind is EXISTS
    # What a sender claims to be aside is not for him to say.
    assert kept.diary.record(attrs.evolve(both, aside=slots(287)), by=ANA, id="u").kind is EXISTS
    assert kept.diary.record(attrs.evolve(upload(286), aside=slots(286)), by=ANA, id="v").kind is CREATED
    assert places(segment.slot for segment in kept.diary.segments(WEEK)) == [286, 287]


def test_a_refusal_leaves_everything_as_it_was() -> None:
    kept = begun()
    head, week, standing = kept.head, kept.week(), kept.journal.standing("c-1")
    answer = kept.diary.record(delete_time(*range_of(0, 1)), by=ACME, id="d")
    assert (answer.kind, answer.entry, answer.recorded) == (REFUSED, None, False)
    assert answer.verdict is not None
    assert answer.reasons == answer.verdict.reasons
    assert answer.verdict.codes == (ReasonCode.ROLE_NOT_PERMITTED,)
    assert (kept.head, kept.week(), kept.journal.standing("c-1")) == (head, week, standing)
    # A refused id is free: the right person can use it.
    assert kept.diary.record(delete_time(*range_of(0, 1)), by=ANA, id="d").kind is CREATED


@pytest.mark.parametrize(
    ("id", "argument"), [("", "id"), ("  ", "id"), ("x" * 201, "id"), ("a\nb", "id"), ("a\x00", "id"), (None, "id")]
)
def test_an_id_that_cannot_be_one_is_named(id: Any, argument: str) -> None:
    kept = opened()
    named, value, allowed, remedy = refusal(InvalidValue, kept.diary.record, upload(0), by=ANA, id=id)
    assert (named, value, allowed) == (argument, id, "is not an id")
    assert remedy == "give 1 to 200 printable characters, such as a random UUID"
    assert kept.head.version == 1


def test_an_id_of_200_characters_is_one() -> None:
    assert opened().diary.record(upload(0), by=ANA, id="é" * 200).kind is CREATED


def test_what_is_no_request_and_who_is_no_actor_are_named() -> None:
    kept = opened()
    given: Any = "add an hour"
    assert refusal(InvalidValue, kept.diary.record, given, by=ANA, id="r") == (
        "request",
        given,
        "cannot be asked for",
        "give an edit, an upload, or a change of the contract",
    )
    anybody: Any = Role.FREELANCER
    assert refusal(InvalidValue, kept.diary.record, upload(0), by=anybody, id="r") == (
        "by",
        Role.FREELANCER,
        "is not an Actor",
        "give one with its id and role",
    )
    assert kept.head.version == 1


def test_judging_writes_nothing_and_says_what_recording_would() -> None:
    kept = begun()
    head = kept.head
    call = add_time(*range_of(2, 5), memo="Call")
    verdict = kept.diary.judge(call, by=ANA, at=NOW)
    assert places(verdict.changed) == [3, 4]
    assert str(verdict.until) == LOCK
    assert kept.diary.judge(call, by=ANA, at=LOCK).codes == (ReasonCode.WEEK_LOCKED,)
    assert kept.diary.judge(upload(5), by=ACME, at=NOW).codes == (ReasonCode.ROLE_NOT_PERMITTED,)
    closing = status_changed("2026-11-18T18:00Z", "closed")
    assert kept.diary.judge(closing, by=ANA, at=NOW).allowed
    assert kept.head == head
    answer = kept.diary.record(call, by=ANA, id="m")
    assert answer.entry is not None
    assert isinstance(answer.entry.change, TimeAdded)
    assert answer.entry.change.slots == verdict.changed == slots(3, 4)


def test_several_requests_are_recorded_together_or_not_at_all() -> None:
    kept = begun()
    good: list[tuple[Request, str]] = [
        (add_time(*range_of(10, 12), memo="Call"), "a"),
        (delete_time(*range_of(11, 12)), "b"),
    ]
    head = kept.head
    stopped = kept.diary.record_all([*good, (delete_time(*range_of(500, 501)), "c"), (upload(5), "d")], by=ANA)
    assert [answer.kind for answer in stopped] == [CREATED, CREATED, REFUSED]
    assert kept.head == head
    assert places(segment.slot for segment in kept.diary.segments(WEEK)) == [0, 1, 2]
    assert [answer.kind for answer in kept.diary.record_all(good, by=ANA)] == [CREATED, CREATED]
    assert places(segment.slot for segment in kept.diary.segments(WEEK)) == [0, 1, 2, 10]
    assert [answer.kind for answer in kept.diary.record_all(good, by=ANA)] == [EXISTS, EXISTS]
    assert kept.diary.record_all([], by=ANA) == ()
    twice = kept.diary.record_all([(upload(20), "e"), (upload(21), "e")], by=ANA)
    assert [answer.kind for answer in twice] == [CREATED, CONFLICT]
    assert places(segment.slot for segment in kept.diary.segments(WEEK)) == [0, 1, 2, 10]


def test_a_block_that_fails_leaves_nothing_behind() -> None:
    kept = begun()
    head, week = kept.head, kept.week()

    def interrupted() -> None:
        with kept.diary.drafting() as draft:
            assert draft.take(upload(30), by=ANA, id="u").kind is CREATED
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (kept.head, kept.week()) == (head, week)
    assert places(segment.slot for segment in kept.diary.segments(WEEK)) == [0, 1, 2]
    assert kept.diary.record(upload(30), by=ANA, id="u").kind is CREATED
    assert kept.week().sheet == Diary(kept.journal, "c-1").page(WEEK).kept().sheet


def test_a_request_that_cannot_be_taken_in_leaves_nothing_in_its_block() -> None:
    from workdiary import Activity

    kept = opened()
    busy = Activity.of_minutes([(600_000, 0, 0)] * 10)
    with kept.diary.drafting() as draft:
        draft.take(upload(Segment.tracked(at(1), activity=busy)), by=ANA, id="a")
        with pytest.raises(InvalidValue, match="is more than 1000000 events"):
            draft.take(upload(Segment.tracked(at(0)), Segment.tracked(at(1), activity=busy)), by=ANA, id="b")
        draft.take(upload(Segment.tracked(at(2))), by=ANA, id="c")
    assert places(kept.week().sheet.tracked) == [1, 2]
    assert [entry.id for entry in kept.diary.entries()] == ["open", "a", "c"]


# Several diaries over one journal.


def test_what_others_record_is_seen() -> None:
    kept = begun()
    other = Diary(kept.journal, "c-1")
    assert len(other.segments(WEEK)) == 3
    kept.diary.record(upload(3), by=ANA, id="u")
    assert len(other.segments(WEEK)) == 4
    assert other.record(delete_time(*range_of(3, 4)), by=ANA, id="d").kind is CREATED
    assert len(kept.diary.segments(WEEK)) == 3
    assert kept.diary.record(delete_time(*range_of(3, 4)), by=ANA, id="e").reasons[0].code is ReasonCode.NOTHING_THERE


def test_pages_that_nobody_changed_are_kept() -> None:
    kept = begun()
    page, next_page = kept.diary.page(WEEK), kept.diary.page(WEEK.next)
    other = Diary(kept.journal, "c-1")
    other.record(terms_changed("2026-11-23T00:00Z"), by=ACME, id="t")
    assert kept.diary.page(WEEK) is page
    other.record(upload(3), by=ANA, id="u")
    assert kept.diary.page(WEEK) is not page
    assert kept.diary.page(WEEK.next) is next_page


def test_a_diary_put_back_to_an_older_state_is_read_anew() -> None:
    kept = begun()
    kept.diary.record(upload(3), by=ANA, id="u")
    assert len(kept.diary.segments(WEEK)) == 4
    rewritten(kept.journal, kept.journal._diaries["c-1"].entries[:2])
    assert len(kept.diary.segments(WEEK)) == 3


def test_reading_years_keeps_few_weeks() -> None:
    kept = opened(terms=[contract().terms.values[0]], now="2027-06-01T00:00:00Z")
    week = WEEK
    for _ in range(30):
        assert kept.diary.segments(week) == ()
        week = week.next
    assert len(kept.diary._pages) <= 8
    with kept.diary.drafting() as draft:
        for _ in range(30):
            draft.page(week)
            week = week.next
    assert len(kept.diary._pages) <= 8


# Statements.


def test_a_statement_is_that_of_the_segments() -> None:
    kept = begun()
    kept.diary.record(add_time(*range_of(3, 5), memo="Call"), by=ANA, id="m")
    statement = kept.diary.statement("2026-11-18T00:00Z")
    assert str(statement.amount) == "25.00 USD"  # five segments at $30 an hour
    assert (places(statement.tracked), places(statement.manual)) == ([0, 1, 2], [3, 4])
    segments = [*(tracked(at(place), label="Design") for place in range(3)), manual(at(3)), manual(at(4))]
    assert kept.diary.segments(WEEK) == tuple(segments)
    assert statement == week_statement(kept.diary.contract, segments, week=WEEK, policy=PLAIN)
    assert kept.diary.statement(WEEK) == statement


def test_a_week_that_nothing_touches_costs_nothing() -> None:
    kept = opened()
    assert str(kept.diary.statement(WEEK.next).amount) == "0.00 USD"
    assert kept.journal.week("c-1", WEEK.next.start) is None
    with pytest.raises(OutsideContract, match="ends before the contract's first terms"):
        kept.diary.statement("2026-10-01T00:00Z")


def test_a_week_of_another_policy_is_refused() -> None:
    kept = opened()
    odd = ODD.week_of(NOW)
    for call in (kept.diary.statement, kept.diary.page, kept.diary.segments, kept.diary.policy_of, kept.diary.closed):
        argument, value, allowed, remedy = refusal(InvalidValue, call, odd)
        assert (argument, value, remedy) == ("week", str(odd), "give an instant in it")
        assert allowed.startswith("is not a week of this contract; the nearest is the week of 2026-11-")


def test_a_moment_that_is_none_is_named() -> None:
    kept = opened()
    for call in (kept.diary.statement, kept.diary.page, kept.diary.policy_of):
        assert refusal(InvalidValue, call, "soon")[:3] == ("week", "soon", "is not an instant")


def test_weeks_and_policies_are_those_of_the_contract() -> None:
    kept = opened("odesk")
    assert kept.diary.weeks_of(slots()) == ()
    odesk = policies.get("odesk")
    assert kept.diary.weeks_of(slots(0, 1007, 3000)) == (
        odesk.week_of_slot(at(0)),
        odesk.week_of_slot(at(3000)),
    )
    assert kept.diary.policy_of("2009-01-05T00:00Z").editing.locks_after.minutes == 8 * 24 * 60
    assert kept.diary.policy_of("2026-01-05T00:00Z").editing.locks_after.minutes == 7 * 24 * 60 + 720


def test_i33_a_closed_week_is_stated_as_it_was_billed() -> None:
    kept = begun()
    kept.clock.set(LOCK)
    billed = close_week(kept.diary, WEEK, by=PLATFORM)
    assert billed.state is WeekState.CLOSED
    kept.diary.record(terms_changed("2026-11-23T00:00Z", rate="99", limit=0), by=ACME, id="t")
    assert str(kept.diary.statement(WEEK).amount) == "15.00 USD"
    closed = kept.diary.closed(WEEK)
    assert closed is not None
    assert closed.amount == "15.00 USD"
    assert kept.diary.closed(WEEK.next) is None


def test_a_closed_week_whose_kept_sets_are_not_those_that_were_billed_is_not_stated() -> None:
    kept = begun()
    kept.clock.set(LOCK)
    close_week(kept.diary, WEEK, by=PLATFORM)
    week = kept.week()
    sheet = attrs.evolve(week.sheet, tracked=week.sheet.tracked - slots(0))
    kept.journal._diaries["c-1"].weeks[WEEK.start] = attrs.evolve(week, sheet=sheet)
    argument, value, allowed, remedy = refusal(ChainError, kept.diary.statement, WEEK)
    assert (argument, value) == ("entries[3]", "15.00 USD")
    assert allowed == "is not what the diary of the week of 2026-11-16 comes to, 10.00 USD"
    assert remedy == "find out which entries are missing or new; the bill on record stands"


# Time.

WRITES: list[tuple[str, Request]] = [
    ("add", add_time(*range_of(10, 11), memo="Call")),
    ("delete", delete_time(*range_of(0, 1))),
    ("memo", edit_memo(*range_of(0, 1), memo="Review")),
    ("label", edit_label(*range_of(0, 1), label="Design")),
    ("upload", upload(11)),
]


@pytest.mark.parametrize(("name", "request_"), WRITES, ids=[name for name, _ in WRITES])
def test_i25_a_week_is_open_until_the_second_before_its_lock(name: str, request_: Request) -> None:
    kept = begun()
    kept.clock.set(BEFORE_LOCK)
    assert kept.diary.record(request_, by=ANA, id="r").kind is CREATED
    kept = begun()
    kept.clock.set(LOCK)
    answer = kept.diary.record(request_, by=ANA, id="r")
    assert answer.kind is (LATE if name == "upload" else REFUSED)
    assert [reason.code for reason in answer.reasons] == [ReasonCode.WEEK_LOCKED]
    assert places(kept.week().sheet.worked) == [0, 1, 2]


@pytest.mark.parametrize(("name", "request_"), WRITES, ids=[name for name, _ in WRITES])
def test_f49_a_clock_that_goes_back_opens_nothing_again(name: str, request_: Request) -> None:
    kept = begun()
    kept.clock.set(LOCK)
    # An entry of any kind is enough for the journal to know how late it was.
    assert kept.diary.record(upload(1008), by=ANA, id="later").kind is CREATED
    kept.clock.set("2026-11-17T00:00:00Z")
    answer = Diary(kept.journal, "c-1").record(request_, by=ANA, id="r")
    assert ReasonCode.WEEK_LOCKED in [reason.code for reason in answer.reasons]
    assert answer.kind is (LATE if name == "upload" else REFUSED)
    assert [str(entry.at) for entry in kept.diary.entries()][2:] == [LOCK] * (1 + (name == "upload"))


@pytest.mark.parametrize(("name", "request_"), WRITES, ids=[name for name, _ in WRITES])
def test_f49_a_closed_week_stays_closed_even_where_nobody_remembers_how_late_it_was(
    name: str, request_: Request
) -> None:
    kept = begun()
    kept.clock.set(LOCK)
    assert close_week(kept.diary, WEEK, by=PLATFORM).is_new
    kept.clock.set(NOW)
    kept.journal._latest = Instant(0)
    answer = Diary(kept.journal, "c-1").record(request_, by=ANA, id="r")
    codes = [reason.code for reason in answer.reasons]
    assert ReasonCode.WEEK_LOCKED in codes
    assert codes.count(ReasonCode.WEEK_LOCKED) == 1
    assert answer.kind is (LATE if name == "upload" else REFUSED)
    assert places(kept.week().sheet.worked) == [0, 1, 2]


def test_f50_a_decision_is_made_at_one_moment_by_a_clock_that_ticks() -> None:
    now = int(instant("2026-11-23T11:59:58Z"))

    def ticking() -> float:
        nonlocal now
        now += 1
        return now

    journal = MemoryJournal(clock=ticking)
    diary = Diary.open(journal, contract(), PLAIN, by=PLATFORM, id="open")  # 11:59:59
    now -= 1
    first = diary.record(upload(0), by=ANA, id="a")  # 11:59:59 again
    second = diary.record(upload(1), by=ANA, id="b")  # 12:00:00
    assert (first.kind, second.kind) == (CREATED, LATE)
    assert [str(entry.at)[11:19] for entry in diary.entries()] == ["11:59:59", "11:59:59", "12:00:00"]


@pytest.mark.parametrize("name", ["record", "record_all", "close", "open"])
def test_f50_the_clock_is_read_once_a_decision(name: str) -> None:
    reads = 0
    kept = begun()
    kept.clock.set(LOCK)

    def once() -> float:
        nonlocal reads
        reads += 1
        if reads > 1:
            pytest.fail("the clock was read twice for one decision")
        return kept.clock()

    kept.journal._clock = once
    calls: dict[str, Callable[[], object]] = {
        "record": lambda: kept.diary.record(upload(5, 1010), by=ANA, id="u"),
        "record_all": lambda: kept.diary.record_all([(upload(1010), "u"), (upload(1011), "v")], by=ANA),
        "close": lambda: close_week(kept.diary, WEEK, by=PLATFORM),
        "open": lambda: Diary.open(kept.journal, contract(id="c-2"), PLAIN, by=PLATFORM, id="open"),
    }
    calls[name]()
    assert reads == 1


def test_a_fraction_of_a_second_changes_no_decision() -> None:
    kept = begun()
    kept.clock.set(BEFORE_LOCK)
    kept.journal._clock = lambda: kept.clock() + 0.999
    assert kept.diary.record(upload(5), by=ANA, id="u").kind is CREATED
    assert str(kept.diary.standing.at) == BEFORE_LOCK


# What a change comes to.


def test_i35_deleting_takes_one_slot_from_the_bill_or_moves_one_up() -> None:
    kept = opened(terms=[attrs.evolve(contract().terms.values[0], weekly_limit="0.5")])  # three segments
    kept.diary.record(upload(counted(0, 1), counted(1, 1), counted(2, 1), counted(3, 1)), by=ANA, id="u")
    seen = []
    for place in range(4):
        statement = kept.diary.statement(WEEK)
        seen.append((len(statement.billable), len(statement.over_limit), str(statement.amount)))
        assert kept.diary.record(delete_time(*range_of(place, place + 1)), by=ANA, id=f"d{place}").kind is CREATED
    assert seen == [(3, 1, "15.00 USD"), (3, 0, "15.00 USD"), (2, 0, "10.00 USD"), (1, 0, "5.00 USD")]
    assert str(kept.diary.statement(WEEK).amount) == "0.00 USD"


def test_i39_every_slot_that_came_in_is_billable_over_the_limit_or_deleted() -> None:
    kept = opened(terms=[attrs.evolve(contract().terms.values[0], weekly_limit="1")])
    steps: list[Request] = [
        upload(0, 1, 2, 3),
        add_time(*range_of(2, 8), memo="Call"),  # two of them are taken
        delete_time(*range_of(1, 3)),
        upload(1, 6, 9),  # one of them again, one in place of manual time
        delete_time(*range_of(0, 10)),
    ]
    came_in = [4, 8, 8, 10, 10]
    deleted = [0, 0, 2, 2, 10]
    billable = [4, 6, 6, 6, 0]
    for n, step in enumerate(steps):
        assert kept.diary.record(step, by=ANA, id=str(n)).kind is CREATED
        statement = kept.diary.statement(WEEK)
        assert len(statement.billable) == billable[n]
        assert len(statement.billable) + len(statement.over_limit) + deleted[n] == came_in[n]


def test_i26_every_refusal_after_the_closing_leaves_the_diary_as_it_is() -> None:
    kept = begun()
    kept.clock.set(LOCK)
    close_week(kept.diary, WEEK, by=PLATFORM)
    standing, week, version = kept.journal.standing("c-1"), kept.week(), kept.head.version
    for name, request in WRITES[:-1]:
        for by in (ANA, ACME, PLATFORM, Actor(id="eve", role=Role.FREELANCER)):
            for clock in (LOCK, "2026-11-17T00:00:00Z", "2030-01-01T00:00:00Z"):
                kept.clock.set(clock)
                assert kept.diary.record(request, by=by, id=f"{name} {by.id}").kind is REFUSED
    assert (kept.journal.standing("c-1"), kept.week(), kept.head.version) == (standing, week, version)


def test_an_upload_over_the_lock_of_a_week_is_taken_in_part() -> None:
    kept = opened(now=LOCK)
    over = upload(1006, 1007, 1008, 1009)
    answer = kept.diary.record(over, by=ANA, id="u")
    assert answer.kind is CREATED
    assert [(reason.code, places(reason.slots)) for reason in answer.reasons] == [
        (ReasonCode.WEEK_LOCKED, [1006, 1007])
    ]
    assert answer.verdict is not None
    assert places(answer.verdict.changed) == [1008, 1009]
    assert kept.diary.segments(WEEK) == ()
    assert [segment.slot for segment in kept.diary.segments(WEEK.next)] == [at(1008), at(1009)]
    assert [entry.id for entry in kept.diary.page(WEEK).late] == ["u"]
    assert kept.diary.page(WEEK.next).late == []
    assert kept.week().sheet.worked == slots()
    assert str(kept.diary.statement(WEEK).amount) == "0.00 USD"


def test_late_evidence_is_kept_whole_and_never_billed() -> None:
    kept = begun()
    kept.clock.set(LOCK)
    late = upload(counted(0, 3, memo="Late"), counted(50, 1), made_at="2026-11-18T09:00:00Z")
    answer = kept.diary.record(late, by=ANA, id="late")
    assert (answer.kind, answer.recorded) == (LATE, True)
    assert answer.entry is not None
    assert isinstance(answer.entry.change, LateEvidence)
    assert answer.entry.change.segments == late.segments
    assert answer.verdict is not None
    assert not answer.verdict.allowed
    assert places(segment.slot for segment in kept.diary.segments(WEEK)) == [0, 1, 2]
    assert str(kept.diary.statement(WEEK).amount) == "15.00 USD"
    assert kept.diary.record(late, by=ANA, id="late").kind is EXISTS
    assert close_week(kept.diary, WEEK, by=PLATFORM).is_new
    assert kept.diary.record(upload(51), by=ANA, id="later").kind is LATE
    assert [entry.id for entry in kept.diary.page(WEEK).late] == ["late", "later"]
    assert str(kept.diary.statement(WEEK).amount) == "15.00 USD"
