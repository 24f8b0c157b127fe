"""The page: what entries come to, above all when several uploads meet in one slot (UPLOAD-2)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import attrs
import pytest

from tests.diary.keeping import (
    ACME,
    ANA,
    LOCK,
    NOW,
    counted,
    facts_changed,
    sealed,
    status_changed,
    terms_changed,
    upload,
)
from tests.support import MONDAY, WEEK, all_facts, at, contract, manual, places, run, slots, terms, tracked
from workdiary import Activity, Segment, Sheet, Snapshot, Source, hours, instant
from workdiary.diary.changes import (
    Change,
    ContractOpened,
    DisputeResolved,
    LabelEdited,
    LateEvidence,
    MemoEdited,
    PaymentFailed,
    TimeAdded,
    TimeDeleted,
    TimeDisputed,
    TimeTracked,
    WeekClosed,
    WeekParked,
)
from workdiary.diary.journal import WeekState
from workdiary.diary.page import WeekPage, contract_after, page_of
from workdiary.errors import ChainError
from workdiary.model.policy import DisputeRule

NINE, TEN, ELEVEN = "2026-11-18T09:00:00Z", "2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z"
CLOSING = WeekClosed(week=WEEK.slots, statement="{}", digest="", policy="")


def page(*changes: tuple[str, str, Change], of: Any = WEEK) -> WeekPage:
    """Return the page that changes, each with its id and its moment, come to."""
    return page_of(of, sealed((id, when, ANA, change) for id, when, change in changes))


def uploads(*given: tuple[str, TimeTracked]) -> Segment:
    """Return the only segment that these uploads come to."""
    (segment,) = page(*((id, NOW, change) for id, change in given)).segments
    return segment


def one(made_at: str = NINE, **values: Any) -> TimeTracked:
    """Return an upload of one segment at place 0."""
    return TimeTracked(segments=[Segment.tracked(at(0), **values)], made_at=made_at)


def added(*numbers: int, memo: str = "Call", label: str | None = None) -> TimeAdded:
    return TimeAdded(asked=slots(*numbers), memo=memo, label=label, slots=slots(*numbers))


def test_nothing_comes_to_an_empty_open_page() -> None:
    empty = page()
    assert empty.state is WeekState.OPEN
    assert empty.segments == ()
    assert empty.kept().sheet == Sheet()
    assert (empty.kept().start, empty.kept().stop) == (MONDAY, MONDAY + 1008)


def test_counts_add_minute_by_minute() -> None:
    segment = uploads(("a", upload(counted(0, 0, 1, 2))), ("b", upload(counted(0, 2, 9))), ("c", upload(counted(0, 2))))
    assert segment.activity == Activity.of_minutes([(1, 0, 0), (1, 0, 0), (3, 0, 0), *[(0, 0, 0)] * 6, (1, 0, 0)])
    assert segment.meter == 4


def test_snapshots_unite_in_order_of_time() -> None:
    first, second = "2026-11-16T00:04:00Z", "2026-11-16T00:08:00Z"
    one_shot, two = one(snapshots=[second]), one(snapshots=[first, second])
    for given in ([("a", one_shot), ("b", two)], [("b", two), ("a", one_shot)]):
        assert uploads(*given).snapshots == (Snapshot(at=instant(first)), Snapshot(at=instant(second)))


@pytest.mark.parametrize("order", [*permutations("abc")])
def test_the_memo_that_was_written_last_wins_and_not_the_one_that_came_last(order: tuple[str, ...]) -> None:
    made = {"a": one(NINE, memo="Fix"), "b": one(ELEVEN, memo="Review"), "c": one(TEN, memo="Test")}
    assert uploads(*((id, made[id]) for id in order)).memo == "Review"


@pytest.mark.parametrize("order", [*permutations("abc")])
def test_memo_and_label_win_each_by_itself_and_blank_ones_never(order: tuple[str, ...]) -> None:
    made = {
        "a": one(NINE, memo="Fix", label="Design"),
        "b": one(TEN, memo="Review", label=None),
        "c": one(ELEVEN, memo="  ", label=" "),
    }
    segment = uploads(*((id, made[id]) for id in order))
    assert (segment.memo, segment.label) == ("Review", "Design")


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_of_two_memos_of_one_moment_the_one_with_the_later_id_wins(order: str) -> None:
    made = {"a": one(memo="Zebra", label="X"), "b": one(memo="Ant", label="W")}
    segment = uploads(*((id, made[id]) for id in order))
    assert (segment.memo, segment.label) == ("Ant", "W")


@pytest.mark.parametrize("order", [*permutations("abc")])
def test_of_several_blank_memos_the_same_one_stays_in_any_order(order: tuple[str, ...]) -> None:
    made = {"a": one(memo=""), "b": one(memo="  "), "c": one(memo="\t")}
    assert uploads(*((id, made[id]) for id in order)).memo == "  "


@pytest.mark.parametrize("order", [*permutations("abcd")])
def test_uploads_with_minutes_and_with_totals_alone_come_to_the_same_in_any_order(order: tuple[str, ...]) -> None:
    made = {
        "a": upload(counted(0, 0)),
        "b": upload(counted(0, 9)),
        "c": one(activity=Activity.of_meter(1)),
        "d": one(activity=None),
    }
    # Two minutes for certain: which one the third means nobody knows.
    assert uploads(*((id, made[id]) for id in order)).meter == 2


@pytest.mark.parametrize("order", [*permutations("abc")])
def test_totals_that_one_upload_does_not_know_stay_unknown_in_any_order(order: tuple[str, ...]) -> None:
    made = {
        "a": one(activity=Activity.of_totals(3, keystrokes=30)),
        "b": one(activity=Activity.of_totals(5, keystrokes=50, mouse_events=5)),
        "c": one(activity=Activity.of_totals(4, keystrokes=1, mouse_events=7)),
    }
    activity = uploads(*((id, made[id]) for id in order)).activity
    assert activity == Activity.of_totals(5, keystrokes=81)


def test_unknown_activity_is_not_zero_and_adds_nothing() -> None:
    assert uploads(("a", one())).activity is None
    assert uploads(("a", one()), ("b", one(activity=Activity.of_meter(0)))).meter == 0
    assert uploads(("a", one(activity=Activity.of_meter(0))), ("b", one())).meter == 0


def test_tracked_evidence_replaces_manual_time_and_keeps_what_is_written_later() -> None:
    entry = added(0, memo="Call")
    before = one(NINE, memo="Fix", label="Design", activity=Activity.of_meter(3))
    after = one(ELEVEN, memo="Fix", label="Design", activity=Activity.of_meter(3))
    for made, memo in ((before, "Call"), (after, "Fix")):
        (segment,) = page(("m", TEN, entry), ("u", NOW, made)).segments
        # The label wins both times: manual time without one has never written any.
        assert (segment.source, segment.memo, segment.label) == (Source.TRACKED, memo, "Design")
        assert segment.meter == 3


def test_a_blank_memo_of_manual_time_loses_to_any() -> None:
    (segment,) = page(("m", TEN, added(0, memo=" ")), ("u", NOW, one(NINE, memo="Fix"))).segments
    assert segment.memo == "Fix"


def test_an_edit_shows_at_once_and_until_something_later_is_written() -> None:
    edit = MemoEdited(asked=slots(0), memo="Edited", slots=slots(0))
    fast_clock = one("2026-11-18T10:04:00Z", memo="Fix")
    steps: list[tuple[str, str, Change]] = [("u", TEN, fast_clock), ("e", TEN, edit)]
    assert page(*steps).segments[0].memo == "Edited"
    older = ("v", NOW, one(NINE, memo="Old"))
    assert page(*steps, older).segments[0].memo == "Edited"
    newer = ("w", NOW, one(ELEVEN, memo="New"))
    assert page(*steps, newer).segments[0].memo == "New"
    assert page(*steps, older, newer).segments[0].memo == page(*steps, newer, older).segments[0].memo == "New"


def test_an_edit_can_blank_a_memo_and_take_a_label_away() -> None:
    steps: list[tuple[str, str, Change]] = [
        ("u", TEN, one(NINE, memo="Fix", label="Design")),
        ("e", TEN, MemoEdited(asked=slots(0), memo="", slots=slots(0))),
        ("f", TEN, LabelEdited(asked=slots(0), label=None, slots=slots(0))),
    ]
    assert (page(*steps).segments[0].memo, page(*steps).segments[0].label) == ("", None)
    older = ("v", NOW, one(NINE, memo="Old", label="Old"))
    assert (page(*steps, older).segments[0].memo, page(*steps, older).segments[0].label) == ("", None)


def test_edits_change_texts_and_nothing_else() -> None:
    whole = Segment.tracked(
        at(0), memo="Fix", activity=Activity.of_meter(4), snapshots=["2026-11-16T00:03:00Z"], label="Design"
    )
    steps: list[tuple[str, str, Change]] = [
        ("u", TEN, TimeTracked(segments=[whole], made_at=NINE)),
        ("e", TEN, MemoEdited(asked=slots(0, 1), memo="Edited", slots=slots(0))),
        ("f", TEN, LabelEdited(asked=slots(0, 1), label="Test", slots=slots(0))),
    ]
    assert page(*steps).segments == (attrs.evolve(whole, memo="Edited", label="Test"),)


def test_deleting_takes_whole_segments_and_a_later_upload_brings_only_its_own() -> None:
    steps: list[tuple[str, str, Change]] = [
        ("u", TEN, upload(counted(0, 1, 2, memo="Fix"), counted(1, 1))),
        ("d", TEN, TimeDeleted(asked=slots(0), slots=slots(0))),
    ]
    assert places(page(*steps).taken) == [1]
    assert places(page(*steps).kept().sheet.worked) == [1]
    again = page(*steps, ("v", NOW, upload(counted(0, 5))))
    assert again.segments == (counted(0, 5), counted(1, 1))


def test_manual_time_that_overwrites_replaces_the_evidence() -> None:
    steps = page(("u", TEN, upload(0)), ("m", TEN, added(0)))
    assert steps.segments == (manual(at(0)),)
    assert steps.kept().sheet.tracked == slots()


def test_slots_of_other_weeks_are_not_on_the_page() -> None:
    over = upload(1007, 1008)
    assert places(page(("u", NOW, over)).taken) == [1007]
    assert places(page(("u", NOW, over), of=WEEK.next).taken) == [1008]
    both = TimeAdded(asked=run(1006, 1010), memo="Call", slots=run(1006, 1010))
    assert places(page(("m", NOW, both), of=WEEK.next).taken) == [1008, 1009]
    assert page(("u", NOW, over), of=WEEK.previous).segments == ()


def test_what_was_not_accepted_of_an_upload_is_late_and_no_segment() -> None:
    change = attrs.evolve(upload(0, 1, 1008), aside=slots(1))
    found = page(("u", NOW, change))
    assert places(found.taken) == [0]
    assert [entry.id for entry in found.late] == ["u"]
    # Nothing of it is aside in the next week.
    assert page(("u", NOW, change), of=WEEK.next).late == []


def test_late_evidence_is_on_the_pages_that_it_touches_and_on_no_page_in_between() -> None:
    late = LateEvidence(segments=[tracked(at(0)), tracked(at(2016))], made_at=NOW)
    for week, count in ((WEEK, 1), (WEEK.next, 0), (WEEK.next.next, 1)):
        found = page(("l", NOW, late), of=week)
        assert (len(found.late), found.segments) == (count, ())


def test_a_week_is_open_then_parked_then_closed_for_ever() -> None:
    parked = WeekParked(week=WEEK.slots, difference="the lines differ")
    assert page(("p", LOCK, parked)).state is WeekState.PARKED
    closed = page(("p", LOCK, parked), ("c", LOCK, CLOSING), ("q", LOCK, parked))
    assert closed.state is WeekState.CLOSED
    assert closed.closed is not None
    assert closed.closed.id == "c"
    assert closed.kept().state is WeekState.CLOSED


def test_objections_and_their_answers_are_kept_in_order() -> None:
    answer = DisputeResolved(week=WEEK.slots, of="d", amounts=("0", "0", "0", "0"))
    found = page(
        ("d", LOCK, TimeDisputed(week=WEEK.slots, disputed=slots(0))),
        ("f", LOCK, PaymentFailed(week=WEEK.slots)),
        ("r", LOCK, answer),
    )
    assert [entry.id for entry in found.objections] == ["d", "f"]
    assert {of: entry.id for of, entry in found.resolved.items()} == {"d": "r"}


@pytest.mark.parametrize(
    "change",
    [
        TimeDeleted(asked=slots(5), slots=slots(5)),
        MemoEdited(asked=slots(5), memo="", slots=slots(5)),
        LabelEdited(asked=slots(5), label=None, slots=slots(5)),
    ],
)
def test_an_entry_that_changes_what_is_not_there_is_no_entry_of_this_diary(change: Change) -> None:
    with pytest.raises(ChainError, match=r"entries\[2\]: 'e' changes slot 2991317, which has no segment"):
        page(("u", NOW, upload(0)), ("e", NOW, change))


def test_an_entry_whose_bytes_are_not_those_that_were_sealed_is_refused() -> None:
    (entry,) = sealed([("u", NOW, ANA, upload(0))])
    forged = attrs.evolve(entry, body=entry.body.replace(b"Fix", b"Fax"))
    with pytest.raises(ChainError, match="is not the digest of its content"):
        page_of(WEEK, [forged])


def test_a_change_that_cannot_be_taken_in_changes_nothing() -> None:
    busy = Activity.of_minutes([(600_000, 0, 0)] * 10)
    found = page(("u", NOW, upload(tracked(at(1)), Segment.tracked(at(2), activity=busy))))
    (twice,) = sealed([("v", NOW, ANA, upload(tracked(at(0)), Segment.tracked(at(2), activity=busy)))])
    before = found.segments
    with pytest.raises(ValueError, match="is more than 1000000 events"):
        found.fold(twice, twice.change)
    assert found.segments == before
    assert found.kept().sheet == Sheet.of(before, WEEK)


def test_the_kept_sets_follow_each_entry() -> None:
    found = WeekPage(week=WEEK)
    steps: list[tuple[str, Change]] = [
        ("u", upload(0, 1, 2, memo="Fix", label="Design")),
        ("m", added(3, 4)),
        ("e", MemoEdited(asked=slots(0), memo="Call", slots=slots(0))),
        ("d", TimeDeleted(asked=slots(3), slots=slots(3))),
        ("v", upload(4, 5, memo="Fix")),
        ("l", LabelEdited(asked=slots(0, 1, 2), label=None, slots=slots(0, 1, 2))),
    ]
    for entry in sealed((id, NOW, ANA, change) for id, change in steps):
        found.fold(entry, entry.change)
        assert found.kept().sheet == Sheet.of(found.segments, WEEK)
    sheet = found.kept().sheet
    assert places(sheet.tracked) == [0, 1, 2, 4, 5]
    assert [(memo, places(part)) for memo, part in sheet.memos] == [("Call", [0]), ("Fix", [1, 2, 4, 5])]
    assert sheet.labels == ()


# The contract.

NO_RULE = DisputeRule()


def after(*changes: Change, rule: DisputeRule = NO_RULE) -> Any:
    found = contract()
    for entry in sealed((str(n), LOCK, ACME, change) for n, change in enumerate(changes)):
        found = contract_after(found, entry, entry.change, rule)
    return found


def test_the_contract_follows_its_changes() -> None:
    assert after(ContractOpened(contract=contract(id="other"), policy="upwork")).id == "other"
    assert after(terms_changed("2026-11-23T00:00Z", rate="45")).terms.values[-1].rate == 45
    assert after(facts_changed("2026-11-23T00:00Z")).facts.values == (
        all_facts(),
        facts_changed("2026-11-23T00:00Z").facts,
    )
    paused = after(status_changed("2026-11-23T00:00Z", "paused"))
    assert [change.status.value for change in paused.status] == ["active", "paused"]
    assert after(upload(0)) == contract()


def test_the_order_of_recording_changes_nothing_and_the_same_instant_is_replaced() -> None:
    one_way = after(terms_changed("2026-11-18T00:00Z", rate="40"), terms_changed("2026-11-23T00:00Z", rate="45"))
    other_way = after(terms_changed("2026-11-23T00:00Z", rate="45"), terms_changed("2026-11-18T00:00Z", rate="40"))
    assert one_way == other_way
    corrected = after(terms_changed("2026-11-23T00:00Z", rate="45"), terms_changed("2026-11-23T00:00Z", rate="50"))
    assert [str(value.rate) for value in corrected.terms] == ["30.00", "50"]


def test_closing_is_the_last_status_and_what_was_planned_for_later_falls_away() -> None:
    found = after(
        status_changed("2026-11-20T00:00Z", "paused"),
        status_changed("2026-11-25T00:00Z", "active"),
        status_changed("2026-11-23T00:00Z", "closed"),
    )
    assert [(str(change.since)[:10], change.status.value) for change in found.status] == [
        ("2026-11-02", "active"),
        ("2026-11-20", "paused"),
        ("2026-11-23", "closed"),
    ]


def test_a_dispute_does_to_the_contract_what_the_policy_says() -> None:
    dispute = TimeDisputed(week=WEEK.slots, disputed=slots(0))
    assert after(dispute) == contract()
    found = after(dispute, rule=DisputeRule(pauses_contract=True, weekly_limit_zero=True))
    assert found.status_at(instant(LOCK)).value == "paused"
    assert found.terms.values == (terms(), terms(since=LOCK, limit=0))
    assert found.terms.at(instant(LOCK)).weekly_limit == hours(0)
