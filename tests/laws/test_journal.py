"""Laws of a diary: uploads in any order, once or often, and whatever is recorded, stay one sound story.

- Any permutation, duplication and interleaving of uploads comes to the same segments and kept sets (I21).
- The same requests again change nothing (I20), and a refused one leaves no trace (I26).
- What is kept follows the entries, and is the same read anew; verification holds at every step (I43).
- A head that was kept is one of this diary's, and never one of a fork's (I44).
- The order in which dated changes are recorded changes nothing (I37).
- A closed week comes to the same bytes whatever follows (I33).
"""

from __future__ import annotations

import json
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diary.keeping import (
    ACME,
    ANA,
    LOCK,
    PLATFORM,
    Clock,
    facts_changed,
    opened,
    status_changed,
    terms_changed,
)
from tests.support import MONDAY, ODD, PLAIN, WEEK, at, contract, terms
from workdiary import (
    Actor,
    Instant,
    Role,
    Segment,
    Sheet,
    Slot,
    Source,
    add_time,
    delete_time,
    edit_label,
    edit_memo,
    instant,
    slot_start,
)
from workdiary.diary.canonical import commitment_of
from workdiary.diary.changes import CaptureConsented, CaptureEnded, CaptureStarted, TimeDisputed, TimeTracked
from workdiary.diary.closing import close_due, close_week
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import AnswerKind
from workdiary.diary.entry import Entry
from workdiary.diary.journal import WeekState
from workdiary.diary.page import page_of
from workdiary.diary.verify import verify
from workdiary.diary.wire import change_of
from workdiary.model.policy import Policy
from workdiary.store.memory import MemoryJournal
from workdiary.testing import strategies


def few(examples: int) -> settings:
    """Return settings for so many examples of the usual 200: a diary is much work for a single one."""
    return settings(max_examples=examples * settings().max_examples // 200)


TUESDAY = int(instant("2026-11-17T00:00Z"))


def tracked_at(slot: int) -> st.SearchStrategy[Segment]:
    return strategies.segments(slot, Source.TRACKED)


@st.composite
def uploads(draw: st.DrawFn, low: int = 0, high: int = 6) -> TimeTracked:
    """Draw an upload of some of a few slots, made at one of a few moments: uploads that meet each other."""
    places = draw(st.lists(st.integers(low, high), min_size=1, max_size=3, unique=True))
    made_at = Instant(TUESDAY - draw(st.integers(0, 3)))
    return TimeTracked(segments=[draw(tracked_at(MONDAY + place)) for place in places], made_at=made_at)


@st.composite
def edits(draw: st.DrawFn) -> Request:
    start = draw(st.integers(0, 8))
    first, last = slot_start(MONDAY + start), slot_start(MONDAY + start + draw(st.integers(1, 4)))
    memo, label = draw(st.sampled_from(("", "Call", "Review"))), draw(st.sampled_from((None, "Design")))
    every: tuple[Request, ...] = (
        add_time(first, last, memo=memo, label=label),
        delete_time(first, last),
        edit_memo(first, last, memo=memo),
        edit_label(first, last, label=label),
    )
    return draw(st.sampled_from(every))


BEGAN = "2026-11-16T00:00:00Z"

CHANGES: tuple[Request, ...] = (
    terms_changed("2026-11-16T00:00Z", rate="33.33", limit="0.5"),
    terms_changed("2026-11-17T00:00Z", limit=None, manual=False),
    terms_changed("2026-11-30T00:00Z", rate="60"),
    status_changed("2026-11-16T00:30Z", "paused"),
    status_changed("2026-11-16T01:00Z", "active"),
    status_changed("2026-11-20T00:00Z", "closed"),
    facts_changed("2026-11-16T12:00:01Z", good_standing=True),
    TimeDisputed(week=WEEK.slots, disputed=WEEK.slots),
    CaptureConsented(notice="2026-11"),
    CaptureStarted(commitment=commitment_of(bytes(32)), began=BEGAN),
    *(CaptureEnded(of=str(of), secret=bytes(32).hex(), ended=BEGAN) for of in range(3)),
)

STEPS = st.lists(
    st.tuples(
        uploads() | uploads(1004, 1012) | edits() | st.sampled_from(CHANGES),
        st.sampled_from((ANA, ANA, ANA, ACME, PLATFORM, Actor(id="eve", role=Role.CLIENT))),
        st.integers(0, 9).map(str),
        st.sampled_from(
            (
                "2026-11-17T00:00:00Z",
                "2026-11-18T00:00:00Z",
                "2026-11-23T11:59:59Z",
                LOCK,
                "2026-11-25T00:00:00Z",
                "2026-11-30T12:00:00Z",
            )
        ),
    ),
    max_size=10,
)


def kept_of(journal: MemoryJournal) -> object:
    weeks = journal._diaries["c-1"].weeks
    return {start: attrs.evolve(week) for start, week in sorted(weeks.items())}


@few(100)
@given(
    given_uploads=st.lists(uploads(), min_size=1, max_size=5),
    before=st.none() | edits(),
    data=st.data(),
    policy=st.sampled_from((PLAIN, ODD)),
)
def test_i21_uploads_in_any_order_and_any_number_come_to_the_same(
    given_uploads: list[TimeTracked], before: Request | None, data: st.DataObject, policy: Policy
) -> None:
    named = [(f"u{n}", upload) for n, upload in enumerate(given_uploads)]
    delivered = data.draw(st.permutations([*named, *data.draw(st.lists(st.sampled_from(named), max_size=3))]))
    found = []
    for order in (named, delivered):
        kept = opened(policy, now="2026-11-17T00:00:00Z")
        if before is not None:
            kept.diary.record(before, by=ANA, id="before")
        for n, (id, upload) in enumerate(order):
            kept.clock.now = TUESDAY + n  # when it arrives makes no difference
            answer = Diary(kept.journal, "c-1").record(upload, by=ANA, id=id)
            assert answer.kind in (AnswerKind.CREATED, AnswerKind.EXISTS)
        weeks = kept.diary.weeks_of(WEEK.slots)
        found.append((kept_of(kept.journal), [kept.diary.segments(week) for week in weeks]))
        assert kept.head.version <= 2 + len(named)
        assert verify(kept.journal, "c-1").is_sound
    assert found[0] == found[1]


@few(100)
@given(upload=uploads() | uploads(1004, 1012))
def test_i20_an_upload_comes_back_from_its_bytes_as_it_went(upload: TimeTracked) -> None:
    kept = opened(now="2026-11-25T00:00:00Z")
    kept.diary.record(upload, by=ANA, id="u")
    entries = kept.journal._diaries["c-1"].entries
    assert len(entries) == 2
    # As after a restart: nothing but the bytes is known.
    entries[:] = [attrs.evolve(entry) for entry in entries]
    kept.journal._diaries["c-1"].by_id.update({entry.id: entry for entry in entries})
    (_, entry) = entries
    assert change_of(json.loads(entry.body)["change"]).segments == upload.segments  # type: ignore[union-attr]  # an upload
    assert Diary(kept.journal, "c-1").record(upload, by=ANA, id="u").kind is AnswerKind.EXISTS
    assert kept.head.version == 2


@few(80)
@given(steps=STEPS, policy=st.sampled_from((PLAIN, PLAIN, ODD)))
def test_i26_i43_whatever_is_asked_the_diary_is_sound_and_a_refusal_leaves_no_trace(
    steps: list[tuple[Request, Actor, str, str]], policy: Policy
) -> None:
    kept = opened(policy, now="2026-11-16T12:00:00Z", labels=["Design"])
    heads = [kept.head]
    for request, by, id, now in steps:
        kept.clock.now = max(kept.clock.now, int(instant(now)))
        list(close_due(kept.journal, by=PLATFORM, at=kept.clock.instant))
        before, weeks = kept.journal.standing("c-1"), kept_of(kept.journal)
        allowed = None
        try:
            if kept.journal.find("c-1", [id]) == {}:
                allowed = kept.diary.judge(request, by=by, at=kept.clock.instant).allowed
            answer = kept.diary.record(request, by=by, id=id)
        except ValueError as error:  # a week that is none of the odd policy's
            assert "is not a week of this contract's policy" in str(error)  # noqa: PT017 - the only one
            answer = None
        if answer is None or answer.kind not in (AnswerKind.CREATED, AnswerKind.LATE):
            assert (kept.journal.standing("c-1"), kept_of(kept.journal)) == (before, weeks)
        elif allowed is not None:
            assert allowed == (answer.kind is AnswerKind.CREATED)
        heads.append(kept.head)
        for start, week in kept.journal._diaries["c-1"].weeks.items():
            page = kept.diary.page(slot_start(start))
            touching = kept.journal.read("c-1", touching=(week.start, week.stop))
            anew = page_of(page.week, [attrs.evolve(entry) for entry in touching])  # by their bytes alone
            assert page.segments == anew.segments
            assert page.kept() == anew.kept() == week
            assert week.sheet == Sheet.of(page.segments, page.week)
            assert week.state is not WeekState.PARKED
    found = verify(kept.journal, "c-1", heads=heads)
    assert found.faults == ()
    # All of it once more, long after: nothing changes.
    head, weeks = kept.head, kept_of(kept.journal)
    kept.clock.set("2028-01-01T00:00:00Z")
    for id in {id for _, _, id, _ in steps} & {entry.id for entry in kept.diary.entries()}:
        request, by = next(
            (request, by)
            for request, by, other, _ in steps
            if other == id and kept.diary.record(request, by=by, id=id).kind is AnswerKind.EXISTS
        )
        assert Diary(kept.journal, "c-1").record(request, by=by, id=id).kind is AnswerKind.EXISTS
    assert (kept.head, kept_of(kept.journal)) == (head, weeks)


@few(60)
@given(steps=STEPS, other=uploads())
def test_i44_a_fork_has_none_of_the_heads_after_it(
    steps: list[tuple[Request, Actor, str, str]], other: TimeTracked
) -> None:
    kept, fork = opened(now="2026-11-17T00:00:00Z"), opened(now="2026-11-17T00:00:00Z")
    shared = kept.head
    assert fork.head == shared
    fork.diary.record(other, by=ANA, id="fork")
    heads = []
    for request, by, id, _ in [*steps, (terms_changed("2026-12-07T00:00Z"), ACME, "last", "")]:
        if kept.diary.record(request, by=by, id=id).kind is AnswerKind.CREATED:
            heads.append(kept.head)
        fork.diary.record(request, by=by, id=id)
    assert verify(fork.journal, "c-1", heads=[shared]).is_sound
    for head in heads:
        assert not verify(fork.journal, "c-1", heads=[head]).is_sound
        assert verify(kept.journal, "c-1", heads=[head]).is_sound


@few(60)
@given(data=st.data())
def test_i37_the_order_in_which_dated_changes_are_recorded_changes_nothing(data: st.DataObject) -> None:
    hours = data.draw(st.lists(st.integers(0, 167), min_size=1, max_size=4, unique=True))
    changes = [
        terms_changed(str(slot_start(at(hour * 6))), rate=str(10 + n), limit=str(n + 1)) for n, hour in enumerate(hours)
    ]
    found = []
    for order in (changes, data.draw(st.permutations(changes))):
        kept = opened(now="2026-11-18T00:00:00Z")
        kept.diary.record(
            TimeTracked(
                segments=[tracked_plain(place) for place in range(0, 287, 7)], made_at=LOCK[:8] + "17T00:00:00Z"
            ),
            by=ANA,
            id="u",
        )
        for n, change in enumerate(order):
            assert kept.diary.record(change, by=PLATFORM, id=f"{n}").kind is AnswerKind.CREATED
        found.append((kept.diary.contract, kept.diary.statement(WEEK).bill))
    assert found[0] == found[1]


def tracked_plain(place: int) -> Segment:
    return Segment.tracked(Slot(MONDAY + place))


@few(60)
@given(
    recorded=strategies.recorded_weeks(WEEK, max_runs=3),
    after=STEPS,
    limit=st.sampled_from(("0", "0.5", "1", None)),
    rate=strategies.rates(),
)
def test_i33_a_closed_week_comes_to_the_same_bytes_whatever_follows(
    recorded: tuple[Segment, ...], after: list[tuple[Request, Actor, str, str]], limit: Any, rate: Any
) -> None:
    kept = opened(now="2026-11-22T23:59:59Z", terms=[terms(rate=str(rate), limit=limit)])
    made = [segment for segment in recorded if segment.source is Source.TRACKED]
    if made:
        kept.diary.record(TimeTracked(segments=made, made_at="2026-11-22T00:00:00Z"), by=ANA, id="begin")
    before = kept.diary.statement(WEEK)
    kept.clock.set(LOCK)
    closed = close_week(kept.diary, WEEK, by=PLATFORM)
    assert closed.closed is not None
    assert closed.closed.amount == str(before.amount)
    week = kept.week()
    for request, by, id, now in after:
        kept.clock.now = max(kept.clock.now, int(instant(now)))
        kept.diary.record(request, by=by, id=id)
    again = close_week(Diary(kept.journal, "c-1"), WEEK, by=PLATFORM)
    assert (again.is_new, again.closed) == (False, closed.closed)
    assert attrs.evolve(kept.diary.statement(WEEK), contract=before.contract) == before
    assert kept.week() == week
    # All that is billed lies within the limit, and every recorded slot is billed or over it (I39).
    assert len(before.billable) + len(before.over_limit) == len(made)


@few(60)
@given(given_uploads=st.lists(uploads(0, 20), min_size=1, max_size=4), data=st.data())
def test_i35_deleting_one_segment_takes_one_slot_from_the_bill_or_none(
    given_uploads: list[TimeTracked], data: st.DataObject
) -> None:
    kept = opened(now="2026-11-17T00:00:00Z", terms=[terms(limit="0.5")])
    for n, upload in enumerate(given_uploads):
        kept.diary.record(upload, by=ANA, id=str(n))
    before = kept.diary.statement(WEEK)
    worked = [segment.slot for segment in kept.diary.segments(WEEK)]
    slot = data.draw(st.sampled_from(worked))
    kept.diary.record(delete_time(slot_start(slot), slot_start(slot + 1)), by=ANA, id="delete")
    after = kept.diary.statement(WEEK)
    assert len(after.billable) == min(len(worked) - 1, 3)
    assert len(before.billable) - len(after.billable) == (len(worked) <= 3)


def test_the_bytes_of_an_entry_depend_on_nothing_but_what_it_says() -> None:
    found: set[tuple[Entry, ...]] = set()
    for _ in range(2):
        journal = MemoryJournal(clock=Clock())
        diary = Diary.open(journal, contract(), PLAIN, by=PLATFORM, id="open")
        diary.record(
            TimeTracked(segments=[tracked_plain(1), tracked_plain(0)], made_at=LOCK[:8] + "17T00:00:00Z"),
            by=ANA,
            id="u",
        )
        found.add(tuple(diary.entries()))
    assert len(found) == 1
