"""Requests as plain data: every one of them comes back as it went, and what is wrong is named by its path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.diary.keeping import facts_changed, status_changed, terms_changed, upload
from tests.support import WEEK, at, refusal, slots
from workdiary import Activity, Segment, add_time, delete_time, edit_label, edit_memo
from workdiary.diary.canonical import canonical
from workdiary.diary.changes import (
    CaptureConsented,
    CaptureEnded,
    CaptureStarted,
    PaymentFailed,
    TimeDisputed,
    TimeTracked,
)
from workdiary.diary.deciding import Request
from workdiary.diary.requests import REQUESTS, plain_request, request_of
from workdiary.errors import DocumentError, GridError, InvalidValue, Problems, WorkdiaryError

TEN, ELEVEN = "2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z"
FULL = TimeTracked(
    segments=[
        Segment.tracked(at(0), memo="Fix", label="Design", activity=Activity.of_minutes([(40, 2, 1)] * 10)),
        Segment.tracked(at(1), activity=Activity.of_totals(3, keystrokes=5, mouse_events=6)),
        Segment.tracked(at(3), memo="é\n😀", snapshots=["2026-11-16T00:31:00Z", "2026-11-16T00:30:00Z"]),
    ],
    made_at="2026-11-16T01:00:00Z",
)

EACH: list[Request] = [
    add_time(TEN, ELEVEN, memo="Call", label="Design"),
    add_time(TEN, ELEVEN, memo=""),
    delete_time(TEN, ELEVEN),
    edit_memo(TEN, ELEVEN, memo="Review"),
    edit_label(TEN, ELEVEN, label="Design"),
    edit_label(TEN, ELEVEN, label=None),
    upload(0, 1, 2),
    FULL,
    terms_changed("2026-11-23T00:00Z", limit="12.5"),
    terms_changed("2026-11-23T00:00Z", limit=None, manual=False),
    status_changed("2026-11-23T00:00Z", "paused"),
    facts_changed("2026-11-23T00:00Z", good_standing=True),
    TimeDisputed(week=WEEK.slots, disputed=slots(0, 1, 9), reason="What was this?"),
    PaymentFailed(week=WEEK.slots),
    CaptureConsented(notice="2026-11 é"),
    CaptureStarted(commitment="ab" * 32, began="2026-11-18T08:00:00Z"),
    CaptureEnded(of="s-1", secret="cd" * 32, ended="2026-11-18T09:00:00Z"),
]


@pytest.mark.parametrize("request_", EACH)
def test_a_request_comes_back_as_it_went(request_: Request) -> None:
    plain = plain_request(request_)
    assert request_of(json.loads(canonical(plain))) == request_
    assert request_of(json.loads(json.dumps(plain, ensure_ascii=False))) == request_


def test_every_kind_of_request_is_among_them() -> None:
    assert {plain_request(request)["kind"] for request in EACH} == set(REQUESTS)
    assert {type(request) for request in EACH} == set(REQUESTS.values())


def test_plain_data_is_what_a_person_would_write() -> None:
    assert plain_request(add_time(TEN, ELEVEN, memo="Call", label="Design")) == {
        "kind": "add_time",
        "from": TEN,
        "to": ELEVEN,
        "memo": "Call",
        "label": "Design",
    }
    assert plain_request(delete_time(TEN, ELEVEN)) == {"kind": "delete_time", "from": TEN, "to": ELEVEN}
    assert plain_request(status_changed(TEN, "paused")) == {
        "kind": "change_status",
        "status": {"since": TEN, "status": "paused"},
    }
    tracked = plain_request(FULL)
    assert tracked.keys() == {"kind", "made_at", "segments"}
    assert (tracked["kind"], tracked["made_at"]) == ("track_time", "2026-11-16T01:00:00Z")


def test_a_label_can_be_left_out_where_it_is_added_and_where_it_is_taken_away() -> None:
    given = {"from": TEN, "to": ELEVEN}
    assert request_of({"kind": "add_time", **given, "memo": "Call"}) == add_time(TEN, ELEVEN, memo="Call")
    assert request_of({"kind": "edit_label", **given}) == edit_label(TEN, ELEVEN, label=None)


RANGE = {"from": TEN, "to": ELEVEN}


@pytest.mark.parametrize(
    ("data", "kind", "argument", "allowed"),
    [
        (5, DocumentError, "request", "is not an object"),
        ([], DocumentError, "request", "is not an object"),
        ({}, DocumentError, "request.kind", "is missing"),
        ({"kind": "round_time"}, DocumentError, "request.kind", "is not a request"),
        ({"kind": ["add_time"]}, DocumentError, "request.kind", "is not a request"),
        ({"kind": "week_closed"}, DocumentError, "request.kind", "is not a request"),
        ({"kind": "late_evidence"}, DocumentError, "request.kind", "is not a request"),
        ({"kind": "time_tracked"}, DocumentError, "request.kind", "is not a request"),
        ({"kind": "delete_time"}, DocumentError, "request.from", "is missing"),
        ({"kind": "delete_time", "from": TEN}, DocumentError, "request.to", "is missing"),
        ({"kind": "delete_time", **RANGE, "memo": ""}, DocumentError, "request.memo", "is not a known key"),
        (
            {"kind": "delete_time", "from": ELEVEN, "to": TEN},
            InvalidValue,
            "request.to",
            f"is not after from, {ELEVEN}",
        ),
        ({"kind": "delete_time", **RANGE, "from": 5}, DocumentError, "request.from", "is not text"),
        (
            {"kind": "delete_time", **RANGE, "from": "2026-11-18T10:01:00Z"},
            GridError,
            "request.from",
            "is not the start of a ten-minute segment",
        ),
        ({"kind": "add_time", **RANGE}, DocumentError, "request.memo", "is missing"),
        ({"kind": "add_time", **RANGE, "memo": None}, DocumentError, "request.memo", "is not text"),
        (
            {"kind": "add_time", **RANGE, "memo": "x" * 4001},
            InvalidValue,
            "request.memo",
            "is longer than 4000 characters",
        ),
        ({"kind": "add_time", **RANGE, "memo": "", "label": 5}, DocumentError, "request.label", "is not text"),
        ({"kind": "edit_memo", **RANGE}, DocumentError, "request.memo", "is missing"),
        ({"kind": "edit_memo", **RANGE, "memo": "", "label": ""}, DocumentError, "request.label", "is not a known key"),
        ({"kind": "edit_label", **RANGE, "label": 5}, DocumentError, "request.label", "is not text"),
        ({"kind": "track_time"}, DocumentError, "request.segments", "is missing"),
        ({"kind": "track_time", "segments": []}, DocumentError, "request.made_at", "is missing"),
        ({"kind": "track_time", "segments": {}, "made_at": TEN}, DocumentError, "request.segments", "is not a list"),
        ({"kind": "track_time", "segments": [], "made_at": TEN}, InvalidValue, "request.segments", "is empty"),
        (
            {"kind": "track_time", "segments": [5], "made_at": TEN},
            DocumentError,
            "request.segments[0]",
            "is not an object",
        ),
        (
            {"kind": "track_time", "segments": [], "made_at": "soon"},
            InvalidValue,
            "request.made_at",
            "is not an instant",
        ),
        (
            {"kind": "track_time", "segments": [], "made_at": TEN, "aside": []},
            DocumentError,
            "request.aside",
            "is not for the sender to say",
        ),
        (
            {"kind": "track_time", "segments": [], "made_at": TEN, "late": []},
            DocumentError,
            "request.late",
            "is not a known key",
        ),
        (
            {
                "kind": "track_time",
                "made_at": TEN,
                "segments": [{**RANGE, "source": "manual", "memo": "", "label": None}],
            },
            InvalidValue,
            "request.segments",
            "is manual time",
        ),
        (
            {
                "kind": "track_time",
                "made_at": TEN,
                "segments": [{**RANGE, "source": "tracked", "memo": "", "label": None}] * 2,
            },
            InvalidValue,
            "request.segments",
            "stands twice",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(data: Any, kind: type[WorkdiaryError], argument: str, allowed: str) -> None:
    named, _, said, remedy = refusal(kind, request_of, data)
    assert (named, said) == (argument, allowed)
    assert remedy


@pytest.mark.parametrize(
    ("data", "arguments"),
    [
        ({"kind": "change_terms"}, ["request.terms"]),
        (
            {"kind": "change_terms", "terms": {"since": TEN, "rate": 30.5, "weekly_limit_hours": "40"}},
            ["request.terms.rate"],
        ),
        ({"kind": "change_status", "status": {"since": TEN, "status": "gone"}}, ["request.status.status"]),
        ({"kind": "change_facts", "facts": {"since": TEN, "good": True}}, ["request.facts.good"]),
        ({"kind": "dispute_time", "week": []}, None),
        ({"kind": "consent_capture", "notice": ""}, ["request.notice"]),
        ({"kind": "start_capture", "commitment": "AB" * 32, "began": TEN}, ["request.commitment"]),
        ({"kind": "end_capture", "of": "s-1", "secret": "cd" * 31, "ended": TEN}, ["request.secret"]),
        ({"kind": "end_capture", "of": 5, "secret": "cd" * 32, "ended": TEN, "why": ""}, ["request.why", "request.of"]),
        ({"kind": "fail_payment", "week": 5, "why": 6}, None),
    ],
)
def test_what_is_wrong_with_a_change_of_the_contract_is_named_by_its_path(
    data: Any, arguments: list[str] | None
) -> None:
    with pytest.raises(WorkdiaryError) as caught:
        request_of(data)
    found = [error.argument for error in caught.value.each]
    assert all(argument.startswith("request") for argument in found)
    if arguments is not None:
        assert found == arguments


def test_the_path_is_the_callers() -> None:
    assert refusal(DocumentError, request_of, {}, "items[3]")[0] == "items[3].kind"
    assert refusal(DocumentError, request_of, {"kind": "delete_time"}, "items[3]")[0] == "items[3].from"
    with pytest.raises(Problems):
        request_of({"kind": "change_terms", "terms": {"since": 5, "rate": 30.5, "weekly_limit_hours": "x", "more": 5}})
