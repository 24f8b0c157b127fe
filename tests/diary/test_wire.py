"""Changes as plain data: each kind as written by hand, both ways; and everything that is refused, with its path."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import all_facts, contract, manual, run, slots, terms, tracked
from workdiary import policies
from workdiary.diary.canonical import canonical
from workdiary.diary.changes import (
    CHANGES,
    CaptureConsented,
    CaptureEnded,
    CaptureStarted,
    Change,
    ContractOpened,
    DisputeResolved,
    FactsChanged,
    LabelEdited,
    LateEvidence,
    MemoEdited,
    PaymentFailed,
    StatusChanged,
    TermsChanged,
    TimeAdded,
    TimeDeleted,
    TimeDisputed,
    TimeTracked,
    WeekClosed,
    WeekParked,
)
from workdiary.diary.wire import KIND_OF, change_of, plain_change, runs_of
from workdiary.errors import DocumentError, InvalidValue, OverlapError, Problems, WorkdiaryError
from workdiary.formats.runs import runs_of_segments, write_run
from workdiary.model.activity import Activity
from workdiary.model.contract import ContractStatus, StatusChange
from workdiary.model.segment import Segment, Snapshot
from workdiary.testing.diary_strategies import changes


def segments_in(plain: object) -> tuple[Segment, ...]:
    return tuple(segment for run in runs_of(plain, "segments") for segment in run.segments())


MONDAY = "2026-11-16T00:00:00Z"
WHOLE_WEEK = [["2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"]]
HALF_HOUR = [["2026-11-16T00:00:00Z", "2026-11-16T00:30:00Z"]]
FIRST_AND_THIRD = [["2026-11-16T00:00:00Z", "2026-11-16T00:10:00Z"], ["2026-11-16T00:20:00Z", "2026-11-16T00:30:00Z"]]
WEEK = run(0, 1008)

BY_HAND: list[tuple[Change, dict[str, Any]]] = [
    (
        ContractOpened(contract=contract(usual_rate="33.30", labels=["Design"]), policy="upwork"),
        {
            "kind": "contract_opened",
            "policy": "upwork",
            "contract": {
                "id": "c-1",
                "freelancer": "ana",
                "client": "acme",
                "currency": "USD",
                "terms": [
                    {
                        "since": "2026-11-02T00:00:00Z",
                        "rate": "30.00",
                        "weekly_limit_hours": "40",
                        "manual_time_allowed": True,
                    }
                ],
                "status": [{"since": "2026-11-02T00:00:00Z", "status": "active"}],
                "facts": [
                    {
                        "since": "2026-11-02T00:00:00Z",
                        "billing_verified": True,
                        "good_standing": True,
                        "identity_verified": True,
                    }
                ],
                "labels": ["Design"],
                "usual_rate": "33.30",
                "already_protected": {"slots": 0, "amount": "0"},
            },
        },
    ),
    (
        TimeTracked(
            segments=[tracked(MONDAY), tracked("2026-11-16T00:10Z", meter=3)],
            made_at="2026-11-16T00:21:07Z",
            aside=slots(1),
        ),
        {
            "kind": "time_tracked",
            "made_at": "2026-11-16T00:21:07Z",
            "segments": [
                {
                    "from": "2026-11-16T00:00:00Z",
                    "to": "2026-11-16T00:20:00Z",
                    "source": "tracked",
                    "memo": "Fix the login form",
                    "label": None,
                    "activity": [8, 3],
                    # The second of its segment at which each picture was taken.
                    "snapshots": [0, 0],
                }
            ],
            "aside": [["2026-11-16T00:10:00Z", "2026-11-16T00:20:00Z"]],
        },
    ),
    (
        LateEvidence(segments=[tracked(MONDAY, memo="é", label="L", shot=False, meter=None)], made_at=MONDAY),
        {
            "kind": "late_evidence",
            "made_at": MONDAY,
            "segments": [
                {
                    "from": "2026-11-16T00:00:00Z",
                    "to": "2026-11-16T00:10:00Z",
                    "source": "tracked",
                    "memo": "é",
                    "label": "L",
                    "activity": None,
                    "snapshots": None,
                }
            ],
        },
    ),
    (
        TimeAdded(asked=run(0, 3), memo="Call", slots=slots(0, 2)),
        {"kind": "time_added", "asked": HALF_HOUR, "memo": "Call", "label": None, "slots": FIRST_AND_THIRD},
    ),
    (
        TimeDeleted(asked=run(0, 3), slots=slots(0, 2)),
        {"kind": "time_deleted", "asked": HALF_HOUR, "slots": FIRST_AND_THIRD},
    ),
    (
        MemoEdited(asked=run(0, 3), memo="\x00 \ud800", slots=run(0, 3)),
        {"kind": "memo_edited", "asked": HALF_HOUR, "memo": "\x00 \ud800", "slots": HALF_HOUR},
    ),
    (
        LabelEdited(asked=run(0, 3), label="Design", slots=run(0, 3)),
        {"kind": "label_edited", "asked": HALF_HOUR, "label": "Design", "slots": HALF_HOUR},
    ),
    (
        TermsChanged(terms=terms("2026-11-18T00:00Z", "22.225", None, manual=False)),
        {
            "kind": "terms_changed",
            "terms": {
                "since": "2026-11-18T00:00:00Z",
                "rate": "22.225",
                "weekly_limit_hours": None,
                "manual_time_allowed": False,
            },
        },
    ),
    (
        StatusChanged(status=StatusChange(since="2026-11-18T09:00:01Z", status=ContractStatus.PAUSED)),
        {"kind": "status_changed", "status": {"since": "2026-11-18T09:00:01Z", "status": "paused"}},
    ),
    (
        FactsChanged(facts=all_facts("2026-11-18T00:00Z", good_standing=False)),
        {
            "kind": "facts_changed",
            "facts": {
                "since": "2026-11-18T00:00:00Z",
                "billing_verified": True,
                "good_standing": False,
                "identity_verified": True,
            },
        },
    ),
    (
        WeekClosed(week=WEEK, statement='{"amount":"10.00 USD"}', digest="ab" * 32, policy="cd" * 32),
        {
            "kind": "week_closed",
            "week": WHOLE_WEEK,
            "statement": '{"amount":"10.00 USD"}',
            "digest": "ab" * 32,
            "policy": "cd" * 32,
        },
    ),
    (
        WeekParked(week=WEEK, difference="lines 10.00, scan 9.95"),
        {"kind": "week_parked", "week": WHOLE_WEEK, "difference": "lines 10.00, scan 9.95"},
    ),
    (
        TimeDisputed(week=WEEK, disputed=slots(0, 2), reason="Not agreed"),
        {"kind": "time_disputed", "week": WHOLE_WEEK, "disputed": FIRST_AND_THIRD, "reason": "Not agreed"},
    ),
    (PaymentFailed(week=WEEK), {"kind": "payment_failed", "week": WHOLE_WEEK}),
    (
        DisputeResolved(week=WEEK, of="e-9", paid=slots(0, 2), amounts=("10.00 USD", "0.00 USD")),
        {
            "kind": "dispute_resolved",
            "week": WHOLE_WEEK,
            "of": "e-9",
            "paid": FIRST_AND_THIRD,
            "refunded": [],
            "covered": [],
            "unpaid": [],
            "amounts": ["10.00 USD", "0.00 USD"],
        },
    ),
    (CaptureConsented(notice="2026-11"), {"kind": "capture_consented", "notice": "2026-11"}),
    (
        CaptureStarted(commitment="ab" * 32, began="2026-11-18T08:00:00Z"),
        {"kind": "capture_started", "commitment": "ab" * 32, "began": "2026-11-18T08:00:00Z"},
    ),
    (
        CaptureEnded(of="s-1", secret="cd" * 32, ended="2026-11-18T09:00:00Z"),
        {"kind": "capture_ended", "of": "s-1", "secret": "cd" * 32, "ended": "2026-11-18T09:00:00Z"},
    ),
]

RUN = {"from": "2026-11-16T00:00Z", "to": "2026-11-16T00:10Z", "source": "tracked", "memo": "Fix"}
UPLOAD: dict[str, Any] = {"kind": "time_tracked", "made_at": MONDAY, "segments": [RUN]}

# What is given, which error, and every line of its message up to the remedy.
REFUSED: dict[str, tuple[object, type[WorkdiaryError], list[str]]] = {
    "no object": (5, DocumentError, ["change: 5 is not an object"]),
    "a list": ([], DocumentError, ["change: [] is not an object"]),
    "no kind": ({}, DocumentError, ["change.kind: is missing"]),
    "an unknown kind": ({"kind": "nap"}, DocumentError, ["change.kind: 'nap' is not a change"]),
    "a kind that is no text": ({"kind": ["x"]}, DocumentError, ["change.kind: ['x'] is not a change"]),
    "everything wrong at once": (
        {"kind": "week_parked", "week": WHOLE_WEEK, "difference": 5, "x": 1},
        Problems,
        ["change.x: 'x' is not a known key", "change.difference: 5 is not text"],
    ),
    "a week that is none": (
        {"kind": "payment_failed", "week": []},
        Problems,
        ["change.week: Slots.from_runs([]) is not one run of slots"],
    ),
    "a week with a hole": (
        {"kind": "payment_failed", "week": FIRST_AND_THIRD},
        Problems,
        ["change.week: Slots.from_runs([(2991312, 2991313), (2991314, 2991315)]) is not one run of slots"],
    ),
    "off the grid, and not text": (
        {"kind": "memo_edited", "asked": [["2026-11-16T00:05Z", "2026-11-16T01:00Z"]], "memo": 5, "slots": []},
        Problems,
        [
            "change.asked.start: '2026-11-16T00:05:00Z' is not the start of a ten-minute segment",
            "change.memo: 5 is not text",
        ],
    ),
    "runs of one": (
        {"kind": "time_deleted", "asked": [["2026-11-16T00:00Z"]], "slots": []},
        Problems,
        ["change.asked: [['2026-11-16T00:00Z']] is not a list of runs"],
    ),
    "terms with a float": (
        {"kind": "terms_changed", "terms": {"since": "2026-13-01", "rate": 30.5, "weekly_limit_hours": None}},
        Problems,
        [
            "change.terms.since: '2026-13-01' is not an instant",
            "change.terms.rate: 30.5 is a float, which cannot hold it exactly",
        ],
    ),
    "an unknown status": (
        {"kind": "status_changed", "status": {"since": MONDAY, "status": "asleep"}},
        Problems,
        ["change.status.status: 'asleep' is not known"],
    ),
    "amounts that are no list": (
        {"kind": "dispute_resolved", "week": WHOLE_WEEK, "of": "e-1", "amounts": "10.00"},
        Problems,
        ["change.amounts: '10.00' is not a list"],
    ),
    "one amount that is no text": (
        {"kind": "dispute_resolved", "week": WHOLE_WEEK, "of": "e-1", "amounts": ["10.00 USD", 1]},
        Problems,
        ["change.amounts[1]: 1 is not text"],
    ),
    "no segments": ({"kind": "time_tracked"}, DocumentError, ["change.segments: is missing"]),
    "an empty upload": (UPLOAD | {"segments": []}, InvalidValue, ["change.segments: [] is empty"]),
    "segments that are no list": (UPLOAD | {"segments": "x"}, DocumentError, ["change.segments: 'x' is not a list"]),
    "a segment twice": (
        UPLOAD | {"segments": [RUN, RUN]},
        InvalidValue,
        ["change.segments: '2026-11-16T00:00:00Z' stands twice"],
    ),
    "manual time": (
        UPLOAD | {"segments": [RUN | {"source": "manual"}]},
        InvalidValue,
        ["change.segments: '2026-11-16T00:00:00Z' is manual time"],
    ),
    "a run that goes backwards": (
        UPLOAD | {"segments": [RUN, RUN | {"to": "2026-11-16T00:00Z"}]},
        DocumentError,
        ["change.segments[1].to: '2026-11-16T00:00:00Z' is not after from"],
    ),
    "a run with another key": (
        UPLOAD | {"segments": [RUN | {"colour": "red"}]},
        DocumentError,
        ["change.segments[0].colour: 'colour' is not a known key"],
    ),
    "no made_at": ({"kind": "late_evidence", "segments": [RUN]}, DocumentError, ["change.made_at: is missing"]),
    "a made_at that is no instant": (
        UPLOAD | {"made_at": "noon"},
        InvalidValue,
        ["change.made_at: 'noon' is not an instant"],
    ),
    "a made_at that is a number": (UPLOAD | {"made_at": 5}, InvalidValue, ["change.made_at: '5' is not an instant"]),
    "an aside that is none": (UPLOAD | {"aside": 5}, Problems, ["change.aside: 5 is not a list"]),
    "an unknown key": (UPLOAD | {"extra": 1}, DocumentError, ["change.extra: 'extra' is not a known key"]),
    "late evidence set aside": (
        UPLOAD | {"kind": "late_evidence", "aside": []},
        DocumentError,
        ["change.aside: 'aside' is not a known key"],
    ),
}


def test_each_kind_of_change_is_written_by_hand_here_and_listed_once() -> None:
    assert {type(change) for change, _ in BY_HAND} == set(CHANGES.values())
    assert sorted(KIND_OF.values()) == sorted(CHANGES)
    assert {KIND_OF[type(change)]: plain["kind"] for change, plain in BY_HAND} == {kind: kind for kind in CHANGES}


@pytest.mark.parametrize(
    ("change", "plain"), BY_HAND, ids=lambda value: value["kind"] if isinstance(value, dict) else ""
)
def test_a_change_becomes_the_data_written_by_hand_and_back(change: Change, plain: dict[str, Any]) -> None:
    # As JSON has it: no tuples.
    assert json.loads(json.dumps(plain_change(change))) == plain
    assert change_of(plain) == change


@given(changes())
def test_a_change_comes_back_from_its_canonical_bytes(change: Change) -> None:
    body = canonical(plain_change(change))
    again = change_of(json.loads(body))
    assert again == change
    assert type(again) is type(change)
    assert canonical(plain_change(again)) == body


@pytest.mark.parametrize("policy", policies.names())
def test_a_whole_policy_comes_back_from_canonical_bytes(policy: str) -> None:
    change = ContractOpened(contract=contract(), policy=policies.get(policy))
    assert change_of(json.loads(canonical(plain_change(change)))) == change


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_where_and_why(name: str) -> None:
    given_, kind, lines = REFUSED[name]
    with pytest.raises(WorkdiaryError) as caught:
        change_of(given_)
    assert type(caught.value) is kind
    assert [str(error).partition(";")[0] for error in caught.value.each] == lines


def test_the_path_begins_where_the_caller_says() -> None:
    for given_ in (5, {"kind": "nap"}, {"kind": "payment_failed"}, UPLOAD | {"segments": []}, UPLOAD | {"extra": 1}):
        with pytest.raises(WorkdiaryError) as caught:
            change_of(given_, "entries[7].change")
        assert all(error.argument.startswith("entries[7].change") for error in caught.value.each)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(MONDAY),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(BY_HAND), st.data())
def test_whatever_stands_in_a_place_it_is_read_or_refused(
    pair: tuple[Change, dict[str, Any]], data: st.DataObject
) -> None:
    _, plain = pair
    key = data.draw(st.sampled_from(sorted(plain)))
    given_ = plain | {key: data.draw(_json)}
    refusal: WorkdiaryError | None = None
    try:
        change = change_of(given_)
    except WorkdiaryError as error:
        refusal = error
    else:
        assert change_of(json.loads(canonical(plain_change(change)))) == change
    assert refusal is None or all(each.argument.startswith("change") for each in refusal.each)


@pytest.mark.parametrize("shape", [TimeTracked, LateEvidence])
def test_marks_are_written_where_there_are_any_and_left_out_where_there_are_none(shape: type[Any]) -> None:
    plain = shape(segments=[tracked(MONDAY)], made_at=MONDAY)
    marked = attrs.evolve(plain, marks=("clock_step", "recovered"))
    assert "marks" not in plain_change(plain)
    assert plain_change(marked) == {**plain_change(plain), "marks": ["clock_step", "recovered"]}
    assert change_of(plain_change(marked)) == marked
    assert change_of({**plain_change(plain), "marks": []}) == plain


@pytest.mark.parametrize("marks", [None, "clock_step", 5, [5], [["clock_step"]], ["Clock step"], {"clock_step": 1}])
def test_marks_that_are_none_are_refused_by_their_path(marks: Any) -> None:
    plain = plain_change(TimeTracked(segments=[tracked(MONDAY)], made_at=MONDAY))
    with pytest.raises(WorkdiaryError) as caught:
        change_of({**plain, "marks": marks})
    assert all(each.argument.startswith("change.marks") for each in caught.value.each)


def test_segments_are_written_as_runs_and_read_one_by_one() -> None:
    given_ = (
        tracked(MONDAY),
        tracked("2026-11-16T00:10Z"),
        tracked("2026-11-16T00:20Z", memo="Test"),
        manual("2026-11-16T00:30Z", memo="Test"),
        tracked("2026-11-16T01:00Z", memo="Test"),
    )
    plain = json.loads(canonical([write_run(run) for run in runs_of_segments(given_)]))
    assert [(each["from"][11:16], each["to"][11:16], each["source"], each["memo"]) for each in plain] == [
        ("00:00", "00:20", "tracked", "Fix the login form"),
        ("00:20", "00:30", "tracked", "Test"),
        ("00:30", "00:40", "manual", "Test"),
        ("01:00", "01:10", "tracked", "Test"),
    ]
    assert segments_in(plain) == given_


def test_unknown_activity_and_pictures_without_a_moment_come_back_as_such() -> None:
    given_ = (
        Segment.tracked(MONDAY, memo="x", activity=None, snapshots=[Snapshot(at=None, digest="sha256:00")]),
        Segment.tracked("2026-11-16T00:10Z", memo="x", activity=Activity.of_meter(0), snapshots=[Snapshot(at=None)]),
        Segment.tracked("2026-11-16T00:20Z", memo="x", activity=Activity.of_totals(5, keystrokes=None, mouse_events=7)),
    )
    plain = json.loads(canonical([write_run(run) for run in runs_of_segments(given_)]))
    assert segments_in(plain) == given_


def test_overlapping_runs_are_read_as_they_stand() -> None:
    # Whether two segments may share a slot is for those who use them.
    with pytest.raises((InvalidValue, OverlapError)):
        change_of(UPLOAD | {"segments": [RUN | {"to": "2026-11-16T00:20Z"}, RUN]})
    assert len(segments_in([RUN | {"to": "2026-11-16T00:20Z"}, RUN])) == 3
