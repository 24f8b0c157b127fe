"""Who may have what recorded, and when: uploads, changes of the contract, disputes and claims."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.diary.keeping import (
    ACME,
    ANA,
    BEFORE_LOCK,
    LOCK,
    NOW,
    PLATFORM,
    REVIEW_ENDS,
    Kept,
    facts_changed,
    opened,
    status_changed,
    terms_changed,
    upload,
)
from tests.support import ODD, PLAIN, WEEK, all_facts, at, places, policy, refusal, run, slots, terms, tracked
from workdiary import (
    Actor,
    ReasonCode,
    Role,
    Segment,
    Slots,
    StatusChange,
    add_time,
    delete_time,
    edit_label,
    edit_memo,
    instant,
    slot_at,
    slot_start,
)
from workdiary.diary.changes import FactsChanged, PaymentFailed, StatusChanged, TermsChanged, TimeDisputed, TimeTracked
from workdiary.diary.closing import close_week
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.draft import AnswerKind
from workdiary.errors import InvalidValue
from workdiary.model.contract import ContractStatus

CREATED, LATE, REFUSED = AnswerKind.CREATED, AnswerKind.LATE, AnswerKind.REFUSED

EVE = {role: Actor(id="eve", role=role) for role in Role}
MONDAY_AFTER = "2026-11-23T00:00:00Z"


def codes(kept: Kept, request: Request, by: Actor, id: str = "r") -> list[str]:
    """Record `request`, and return the codes of the reasons that were given: none when it was taken whole."""
    return [reason.code.value for reason in kept.diary.record(request, by=by, id=id).reasons]


# Who may.

PAUSE, ACTIVATE, CLOSE = (status_changed(NOW, status) for status in ("paused", "active", "closed"))
TERMS, FACTS = terms_changed(NOW), facts_changed(NOW)
DISPUTE = TimeDisputed(week=WEEK.slots, disputed=WEEK.slots, reason="What was this?")
UNPAID = PaymentFailed(week=WEEK.slots)


@pytest.mark.parametrize(
    ("request_", "may"),
    [
        (TERMS, {ACME, PLATFORM}),
        (PAUSE, {ACME, PLATFORM}),
        (ACTIVATE, {ACME, PLATFORM}),
        (CLOSE, {ANA, ACME, PLATFORM}),
        (FACTS, {PLATFORM}),
        (upload(0), {ANA}),
        (add_time(slot_start(at(0)), slot_start(at(1)), memo="Call"), {ANA}),
        (delete_time(slot_start(at(300)), slot_start(at(301))), {ANA}),
        (edit_memo(slot_start(at(300)), slot_start(at(301)), memo="Call"), {ANA}),
        (edit_label(slot_start(at(300)), slot_start(at(301)), label=None), {ANA}),
        (edit_label(slot_start(at(300)), slot_start(at(301)), label="Review"), {ANA, ACME}),
    ],
)
def test_i40_i41_each_change_is_for_those_who_may_and_for_nobody_else(request_: Request, may: set[Actor]) -> None:
    # Whoever has the client's or the freelancer's id in another role is somebody else.
    others = {
        ANA,
        ACME,
        PLATFORM,
        *EVE.values(),
        Actor(id="ana", role=Role.CLIENT),
        Actor(id="acme", role=Role.FREELANCER),
    }
    for by in others:
        kept = opened()
        kept.diary.record(upload(300), by=ANA, id="begin")
        head = kept.head
        is_platform = by.role is Role.PLATFORM and PLATFORM in may
        if by in may or is_platform:
            assert codes(kept, request_, by) == [], by
        else:
            assert "role_not_permitted" in codes(kept, request_, by), by
            assert kept.head == head


@pytest.mark.parametrize(("request_", "may"), [(DISPUTE, ACME), (UNPAID, PLATFORM)])
def test_only_the_client_disputes_and_only_the_platform_says_that_nobody_paid(request_: Request, may: Actor) -> None:
    for by in (ANA, ACME, PLATFORM, EVE[Role.CLIENT], EVE[Role.FREELANCER]):
        kept = opened()
        kept.diary.record(upload(0), by=ANA, id="begin")
        kept.clock.set(LOCK)
        close_week(kept.diary, WEEK, by=PLATFORM)
        assert codes(kept, request_, by) == ([] if by == may else ["role_not_permitted"])


def test_a_stranger_is_called_one() -> None:
    kept = opened()
    answer = kept.diary.record(TERMS, by=EVE[Role.CLIENT], id="r")
    assert answer.reasons[0].facts == (("role", "stranger"),)
    assert kept.diary.record(TERMS, by=ANA, id="r").reasons[0].facts == (("role", "freelancer"),)
    assert kept.diary.record(upload(0), by=ACME, id="u").reasons[0].facts == (
        ("role", "client"),
        ("action", "track_time"),
    )


# Uploads: the future.


@pytest.mark.parametrize(
    ("now", "taken"),
    [
        ("2026-11-18T10:10:00Z", True),  # the segment of 10:10 begins
        ("2026-11-18T10:05:01Z", True),  # it begins in 4:59
        ("2026-11-18T10:05:00Z", False),  # in 5:00, half-open as everything
        ("2026-11-18T10:04:59Z", False),
    ],
)
def test_a_segment_that_has_not_begun_within_five_minutes_is_refused(now: str, taken: bool) -> None:
    kept = opened(now=now)
    made = TimeTracked(segments=[tracked("2026-11-18T10:10Z")], made_at=now)
    answer = kept.diary.record(made, by=ANA, id="u")
    assert answer.kind is (CREATED if taken else REFUSED)
    if not taken:
        (reason,) = answer.reasons
        assert reason.code is ReasonCode.IN_THE_FUTURE
        assert reason.slots == made.slots
        assert reason.facts == (("at", instant(now)), ("made_at", instant(now)))


@pytest.mark.parametrize(
    ("made_at", "taken"),
    [("2026-11-18T18:05:00Z", True), ("2026-11-18T18:05:01Z", False), ("1999-01-01T00:00:00Z", True)],
)
def test_an_upload_from_more_than_five_minutes_ahead_is_refused(made_at: str, taken: bool) -> None:
    answer = opened().diary.record(upload(0, made_at=made_at), by=ANA, id="u")
    assert [reason.code for reason in answer.reasons] == [] if taken else [ReasonCode.IN_THE_FUTURE]
    assert answer.kind is (CREATED if taken else REFUSED)


def test_an_upload_that_is_partly_in_the_future_is_refused_whole_and_says_which_part() -> None:
    kept = opened()  # 18:00, place 396
    answer = kept.diary.record(upload(395, 396, 397, 398), by=ANA, id="u")
    assert answer.kind is REFUSED
    assert places(answer.reasons[0].slots) == [397, 398]
    assert kept.journal.week("c-1", WEEK.start) is None
    both = kept.diary.record(upload(397), by=ACME, id="v")
    assert [reason.code.value for reason in both.reasons] == ["role_not_permitted", "in_the_future"]


# Uploads: the contract's status.


def test_an_upload_over_a_pause_is_taken_around_it() -> None:
    kept = opened(now="2026-11-18T03:00:00Z")
    kept.diary.record(status_changed("2026-11-18T00:05:00Z", "paused"), by=PLATFORM, id="p")
    kept.clock.set("2026-11-18T04:00:00Z")
    kept.diary.record(status_changed("2026-11-18T00:15:00Z", "active"), by=PLATFORM, id="a")
    # Paused from 00:05 to 00:15: the segment that starts in it, 00:10, and no other.
    over = upload(287, 288, 289, 290, made_at="2026-11-18T04:00:00Z")
    answer = kept.diary.record(over, by=ANA, id="u")
    assert answer.kind is CREATED
    assert [(reason.code.value, places(reason.slots)) for reason in answer.reasons] == [("contract_not_active", [289])]
    assert [segment.slot for segment in kept.diary.segments(WEEK)] == [at(287), at(288), at(290)]
    assert [entry.id for entry in kept.diary.page(WEEK).late] == ["u"]


def test_an_upload_wholly_in_a_pause_is_refused_and_recorded_nowhere() -> None:
    kept = opened()
    kept.diary.record(status_changed("2026-11-18T00:00Z", "paused"), by=PLATFORM, id="p")
    head = kept.head
    assert codes(kept, upload(289), ANA) == ["contract_not_active"]
    assert kept.head == head


def test_an_upload_over_the_closing_of_the_contract_is_taken_before_it() -> None:
    kept = opened()
    kept.diary.record(status_changed("2026-11-18T00:05:00Z", "closed"), by=PLATFORM, id="c")
    answer = kept.diary.record(upload(287, 288, 289), by=ANA, id="u")
    assert answer.kind is CREATED
    assert [(reason.code.value, places(reason.slots)) for reason in answer.reasons] == [
        ("contract_not_active", [289]),
        ("outside_contract", [289]),
    ]
    assert [segment.slot for segment in kept.diary.segments(WEEK)] == [at(287), at(288)]
    assert codes(kept, upload(290), ANA, "v") == ["contract_not_active", "outside_contract"]


def test_an_upload_from_before_the_contract_is_refused_while_its_week_is_open_and_late_after() -> None:
    kept = opened(now="2026-11-03T00:00:00Z", terms=[terms("2026-11-02T09:00Z")])
    early = TimeTracked(segments=[tracked("2026-11-02T08:50Z")], made_at="2026-11-02T09:00Z")
    assert codes(kept, early, ANA) == ["contract_not_active", "outside_contract"]
    kept.clock.set(NOW)
    answer = kept.diary.record(early, by=ANA, id="r")
    assert answer.kind is LATE
    assert [reason.code.value for reason in answer.reasons] == [
        "contract_not_active",
        "outside_contract",
        "week_locked",
    ]


def test_a_late_upload_of_somebody_else_is_no_evidence() -> None:
    kept = opened(now=LOCK)
    assert kept.diary.record(upload(0), by=ACME, id="u").kind is REFUSED
    assert kept.diary.record(upload(0), by=EVE[Role.FREELANCER], id="u").kind is REFUSED
    assert kept.diary.record(upload(0), by=ANA, id="u").kind is LATE


def test_an_upload_over_three_weeks_is_judged_week_by_week() -> None:
    kept = opened(now="2026-12-02T00:00:00Z")
    answer = kept.diary.record(upload(0, 1008, 2016, 2017), by=ANA, id="u")
    assert answer.kind is CREATED
    assert [(reason.code.value, places(reason.slots)) for reason in answer.reasons] == [
        ("week_locked", [0]),
        ("week_locked", [1008]),
    ]
    assert places(kept.week(2).sheet.tracked) == [2016, 2017]


# Edits.


def test_an_edit_over_two_weeks_of_which_one_is_locked_changes_neither() -> None:
    kept = opened(now=BEFORE_LOCK)
    kept.diary.record(upload(1007, 1008), by=ANA, id="begin")
    over = delete_time(slot_start(at(1006)), slot_start(at(1010)))
    kept.clock.set(LOCK)
    assert codes(kept, over, ANA) == ["week_locked"]
    assert len(kept.diary.segments(WEEK)) == len(kept.diary.segments(WEEK.next)) == 1
    kept = opened(now=BEFORE_LOCK)
    kept.diary.record(upload(1007, 1008), by=ANA, id="begin")
    assert codes(kept, over, ANA) == []
    assert kept.diary.segments(WEEK) == kept.diary.segments(WEEK.next) == ()


def test_an_edit_of_a_century_is_answered_like_any_other() -> None:
    kept = opened()
    kept.diary.record(upload(0, 300), by=ANA, id="begin")
    century = delete_time("1950-01-02T00:00Z", "2050-01-02T00:00Z")
    assert codes(kept, century, ANA) == ["outside_contract", "week_locked"]
    assert codes(kept, delete_time("1950-01-02T00:00Z", "1950-01-02T00:10Z"), ANA) == [
        "outside_contract",
        "week_locked",
        "nothing_there",
    ]
    ahead = delete_time(slot_start(at(0)), "2090-01-02T00:00Z")
    answer = kept.diary.record(ahead, by=ANA, id="d")
    assert answer.kind is CREATED
    assert answer.verdict is not None
    assert places(answer.verdict.changed) == [0, 300]
    assert len(kept.diary._pages) <= 8


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_i27_from_its_closing_or_pause_on_nobody_edits(status: str) -> None:
    changes: list[Request] = [
        add_time(slot_start(at(10)), slot_start(at(11)), memo="Call"),
        delete_time(slot_start(at(0)), slot_start(at(1))),
        edit_memo(slot_start(at(0)), slot_start(at(1)), memo="Review"),
        edit_label(slot_start(at(0)), slot_start(at(1)), label="Design"),
    ]
    for n, change in enumerate(changes):
        kept = opened()
        kept.diary.record(upload(0), by=ANA, id="begin")
        kept.diary.record(status_changed("2026-11-18T18:00:01Z", status), by=ACME, id="s")
        assert codes(kept, change, ANA, f"before {n}") == []
        kept.clock.set("2026-11-18T18:00:01Z")
        assert "contract_not_active" in codes(kept, change, ANA, f"after {n}")
        assert "contract_not_active" in codes(kept, change, ACME, f"client {n}")


def test_an_odd_policys_permissions_statuses_and_weeks_are_followed() -> None:
    kept = opened(ODD, now="2026-11-18T18:00:00Z")
    kept.diary.record(upload(300), by=ANA, id="begin")
    kept.diary.record(status_changed(NOW, "paused"), by=ACME, id="p")
    kept.clock.set("2026-11-18T18:10:00Z")
    start, stop = slot_start(at(300)), slot_start(at(301))
    # Paused diaries may be edited here; the client deletes, and the freelancer does not.
    assert codes(kept, delete_time(start, stop), ANA, "a") == ["role_not_permitted"]
    assert codes(kept, edit_memo(start, stop, memo=""), ACME, "b") == []
    assert codes(kept, add_time(start, slot_start(at(302)), memo=""), ANA, "c") == ["slot_taken"]
    assert codes(kept, delete_time(start, stop), ACME, "d") == []
    assert codes(kept, add_time(start, slot_start(at(302)), memo=""), ANA, "e") == []
    # Thursday 2026-11-12 03:00 in Lord Howe is 16:00 the day before in UTC; nine days and 1:30 later it locks.
    first_lock = "2026-11-20T17:30:00Z"
    early = slot_start(slot_at("2026-11-18T15:50Z"))
    kept.clock.set("2026-11-20T17:29:59Z")
    assert codes(kept, add_time(early, slot_start(early.slot + 1), memo=""), ANA, "f") == []
    late = slot_start(slot_at("2026-11-18T16:00Z"))
    kept.clock.set(first_lock)
    assert codes(kept, edit_memo(early, slot_start(early.slot + 1), memo="x"), ACME, "g") == ["week_locked"]
    assert codes(kept, add_time(late, slot_start(late.slot + 1), memo=""), ANA, "h") == []


# Changes of the contract.


@pytest.mark.parametrize(
    ("now", "since", "is_open"),
    [
        (NOW, "2026-11-16T00:00:00Z", True),
        (NOW, "2026-11-15T23:59:59Z", False),
        (BEFORE_LOCK, "2026-11-16T00:00:00Z", True),
        (LOCK, "2026-11-22T23:59:59Z", False),
        (LOCK, "2026-11-16T00:00:00Z", False),
        (LOCK, "2026-11-23T00:00:00Z", True),
        (NOW, "1900-01-01T00:00:00Z", False),
        (NOW, "2030-01-01T00:00:00Z", True),
    ],
)
def test_a_locked_week_is_not_reached_by_what_is_dated_back(now: str, since: str, is_open: bool) -> None:
    for request in (terms_changed(since), status_changed(since, "paused"), status_changed(since, "closed")):
        kept = opened(now=now)
        before = kept.diary.contract
        assert codes(kept, request, PLATFORM) == ([] if is_open else ["week_locked"])
        if not is_open:
            assert kept.diary.contract == before


def test_a_refusal_says_from_when_a_change_can_be_dated() -> None:
    kept = opened(now=LOCK)
    (reason,) = kept.diary.record(terms_changed("2026-11-20T00:00Z"), by=PLATFORM, id="t").reasons
    assert reason.facts == (("since", instant("2026-11-20T00:00Z")), ("locks_at", instant(MONDAY_AFTER)))


@pytest.mark.parametrize(
    ("now", "since", "is_open"),
    [
        (BEFORE_LOCK, "2026-11-16T12:00:00Z", False),  # the invoice of the week before
        (BEFORE_LOCK, "2026-11-16T12:00:01Z", True),  # this week is neither locked nor invoiced
        (LOCK, LOCK, True),  # as it happens, at the invoice itself
        ("2026-11-23T12:00:01Z", LOCK, False),  # the invoice looked a second ago
        ("2026-11-23T12:00:01Z", "2026-11-23T12:00:01Z", True),
        ("2026-11-25T00:00:00Z", "2026-11-23T00:00:00Z", False),
        ("2026-11-25T00:00:00Z", "2026-11-23T12:00:01Z", True),
        ("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z", True),
    ],
)
def test_the_facts_at_an_invoice_are_not_changed_after_it(now: str, since: str, is_open: bool) -> None:
    kept = opened(now=BEFORE_LOCK)
    kept.diary.record(upload(0), by=ANA, id="begin")
    kept.clock.set(now)
    before = kept.diary.statement(WEEK).protected_amount
    assert codes(kept, facts_changed(since), PLATFORM) == ([] if is_open else ["week_locked"])
    if not is_open or instant(since) > instant(LOCK):
        assert kept.diary.statement(WEEK).protected_amount == before
        assert str(before) == "5.00 USD"


def test_a_week_that_is_invoiced_after_its_lock_is_judged_by_what_becomes_known_in_between() -> None:
    from workdiary import WallOffset

    later = policy(PLAIN, billing={"invoiced_after": WallOffset.parse("P8D")})
    kept = opened(later, now="2026-11-23T18:00:00Z")
    assert codes(kept, facts_changed("2026-11-23T17:00:00Z"), PLATFORM) == []


def test_i27_from_its_closing_on_a_contract_is_frozen() -> None:
    changes: list[TermsChanged | StatusChanged | FactsChanged] = [TERMS, FACTS, PAUSE, ACTIVATE, CLOSE]
    for closes_at, now in ((NOW, NOW), ("2026-11-19T00:00:00Z", "2026-11-19T00:00:00Z")):
        kept = opened()
        assert codes(kept, status_changed(closes_at, "closed"), ACME, "c") == []
        frozen = kept.diary.contract
        kept.clock.set(now)
        for n, change in enumerate(changes):
            assert codes(kept, change, PLATFORM, str(n)) == ["contract_not_active"]
        assert kept.diary.contract == frozen
        reason = kept.diary.record(TERMS, by=PLATFORM, id="t").reasons[0]
        assert reason.facts == (("status", "closed"), ("closes_at", instant(closes_at)))


def test_i27_an_end_that_is_planned_takes_no_step_from_the_other_side_until_then() -> None:
    kept = opened()
    assert codes(kept, status_changed("2099-01-01T00:00:00Z", "closed"), ANA, "c") == []
    for since in ("2099-01-01T00:00:00Z", "2099-01-02T00:00:00Z"):
        for change in (status_changed(since, "active"), status_changed(since, "closed"), terms_changed(since)):
            assert codes(kept, change, ACME) == ["contract_not_active"]
    assert codes(kept, status_changed(NOW, "paused"), ACME, "p") == []
    assert codes(kept, terms_changed(NOW, limit=0), ACME, "t") == []
    assert kept.diary.contract.closes_at == instant("2099-01-01T00:00:00Z")
    assert codes(kept, status_changed("2026-11-18T18:00:01Z", "closed"), ACME, "end") == []
    assert kept.diary.contract.closes_at == instant("2026-11-18T18:00:01Z")


@pytest.mark.parametrize(
    ("since", "left"),
    [
        ("2026-11-18T17:50:00Z", [395]),  # the start of a recorded segment
        ("2026-11-18T17:45:00Z", [395]),
        ("2026-11-18T17:40:01Z", [395]),  # inside the segment before: that one began in time
        ("2026-11-18T17:40:00Z", [394, 395]),
        ("2026-11-18T17:50:01Z", []),  # inside the last one
        ("2026-11-18T18:00:00Z", []),
        ("2026-11-16T00:00:00Z", [300, 394, 395]),
        ("2026-11-14T00:00:00Z", [300, 394, 395]),  # locked as well
    ],
)
def test_a_contract_does_not_close_before_recorded_time(since: str, left: list[int]) -> None:
    kept = opened()
    kept.diary.record(upload(300, 394, 395), by=ANA, id="begin")
    answer = kept.diary.record(status_changed(since, "closed"), by=PLATFORM, id="c")
    found = {reason.code.value: places(reason.slots) for reason in answer.reasons}
    found.pop("week_locked", None)
    assert found == ({"outside_contract": left} if left else {})
    assert answer.kind is (REFUSED if left else CREATED)


def test_time_of_a_later_week_and_of_a_tracker_that_is_ahead_keeps_a_contract_open() -> None:
    kept = opened(now=BEFORE_LOCK)
    kept.diary.record(upload(1008), by=ANA, id="begin")
    assert codes(kept, status_changed("2026-11-17T00:00Z", "closed"), PLATFORM, "a") == ["outside_contract"]
    kept = opened(now="2026-11-22T23:56:00Z")
    assert codes(kept, upload(1008, made_at="2026-11-23T00:00:30Z"), ANA, "u") == []
    assert codes(kept, status_changed("2026-11-22T23:56:00Z", "closed"), PLATFORM, "b") == ["outside_contract"]


def test_a_contract_closes_although_a_pause_was_planned_for_later() -> None:
    kept = opened()
    assert codes(kept, status_changed("2026-11-25T00:00:00Z", "paused"), ACME, "p") == []
    assert kept.diary.judge(CLOSE, by=ACME, at=NOW).allowed
    assert codes(kept, CLOSE, ACME, "c") == []
    assert [change.status for change in kept.diary.contract.status] == [ContractStatus.ACTIVE, ContractStatus.CLOSED]


def test_terms_for_later_change_nothing_before() -> None:
    kept = opened()
    kept.diary.record(upload(0, 1), by=ANA, id="begin")
    kept.diary.record(terms_changed(MONDAY_AFTER, rate="60"), by=ACME, id="t")
    assert str(kept.diary.statement(WEEK).amount) == "10.00 USD"
    kept.clock.set("2026-11-24T00:00:00Z")
    kept.diary.record(upload(1008, 1009), by=ANA, id="u")
    assert str(kept.diary.statement(WEEK).amount) == "10.00 USD"
    assert str(kept.diary.statement(WEEK.next).amount) == "20.00 USD"


def test_i37_each_slot_has_the_rate_of_its_start_in_any_order_of_recording() -> None:
    one, two = terms_changed("2026-11-17T00:00Z", rate="60"), terms_changed("2026-11-18T00:05Z", rate="90")
    amounts = []
    for order in ((one, two), (two, one)):
        kept = opened()
        kept.diary.record(upload(143, 144, 288, 289), by=ANA, id="begin")
        for n, change in enumerate(order):
            assert codes(kept, change, PLATFORM, str(n)) == []
        amounts.append(str(kept.diary.statement(WEEK).amount))
    assert amounts == ["40.00 USD", "40.00 USD"]  # 5 + 10 + 10 + 15


def test_i41_the_newest_permission_decides_at_once() -> None:
    kept = opened()
    call = add_time(slot_start(at(0)), slot_start(at(1)), memo="Call")
    kept.diary.record(terms_changed(NOW, manual=False), by=ACME, id="t")
    assert codes(kept, call, ANA, "a") == ["manual_time_not_allowed"]
    kept.diary.record(terms_changed(NOW, manual=True), by=ACME, id="u")
    assert codes(kept, call, ANA, "b") == []


# Disputes and claims.


def billed() -> Kept:
    """Return a diary with a closed week: two protected segments, and one without a snapshot."""
    kept = opened()
    kept.diary.record(upload(0, 1), by=ANA, id="begin")
    kept.diary.record(upload(Segment.tracked(at(2), memo="Fix")), by=ANA, id="more")
    kept.clock.set(LOCK)
    assert close_week(kept.diary, WEEK, by=PLATFORM).is_new
    return kept


def test_a_week_is_disputed_and_claimed_for_once_it_is_closed() -> None:
    kept = opened(now=LOCK)
    assert codes(kept, DISPUTE, ACME) == ["week_not_closed"]
    assert codes(kept, UNPAID, PLATFORM) == ["week_not_closed"]
    assert codes(kept, DISPUTE, ANA) == ["role_not_permitted", "week_not_closed"]


@pytest.mark.parametrize(("now", "found"), [(LOCK, []), ("2026-11-27T23:59:59Z", []), (REVIEW_ENDS, ["review_closed"])])
def test_a_dispute_is_taken_until_the_review_ends(now: str, found: list[str]) -> None:
    kept = billed()
    kept.clock.set(now)
    assert codes(kept, DISPUTE, ACME) == found


def test_only_billed_time_that_is_not_disputed_yet_is_disputed() -> None:
    kept = billed()
    assert codes(kept, TimeDisputed(week=WEEK.slots, disputed=run(3, 9)), ACME, "a") == ["nothing_there"]
    assert codes(kept, TimeDisputed(week=WEEK.slots, disputed=slots(0)), ACME, "b") == []
    assert codes(kept, TimeDisputed(week=WEEK.slots, disputed=slots(0)), ACME, "c") == ["nothing_there"]
    answer = kept.diary.record(TimeDisputed(week=WEEK.slots, disputed=slots(0, 2, 9, 2000)), by=ACME, id="d")
    assert answer.verdict is not None
    assert places(answer.verdict.changed) == [2]


def test_a_week_that_nobody_paid_can_still_be_disputed() -> None:
    kept = billed()
    assert codes(kept, UNPAID, PLATFORM, "a") == []
    assert codes(kept, DISPUTE, ACME, "b") == []
    assert codes(kept, DISPUTE, ACME, "c") == ["nothing_there"]


def test_a_claim_is_made_once_from_the_invoice_on() -> None:
    from workdiary import WallOffset

    kept = billed()
    assert codes(kept, UNPAID, PLATFORM, "a") == []
    assert codes(kept, UNPAID, PLATFORM, "b") == ["already_resolved"]
    later = opened(policy(PLAIN, billing={"invoiced_after": WallOffset.parse("P8D")}))
    later.diary.record(upload(0), by=ANA, id="begin")
    later.clock.set(LOCK)
    close_week(later.diary, WEEK, by=PLATFORM)
    later.clock.set("2026-11-23T23:59:59Z")
    answer = later.diary.record(UNPAID, by=PLATFORM, id="c")
    assert [(reason.code.value, reason.facts) for reason in answer.reasons] == [
        ("review_not_open", (("invoiced_at", instant("2026-11-24T00:00:00Z")),))
    ]
    assert codes(later, DISPUTE, ACME, "d") == ["review_not_open"]
    later.clock.set("2026-11-24T00:00:00Z")
    assert codes(later, UNPAID, PLATFORM, "c") == []


@pytest.mark.parametrize("week", [run(0, 1007), run(1, 1009), run(0, 2016), Slots.range(at(504), at(1512))])
def test_a_week_that_is_none_of_the_policys_is_named(week: Slots) -> None:
    kept = billed()
    head = kept.head
    for request, by in ((TimeDisputed(week=week, disputed=slots(0)), ACME), (PaymentFailed(week=week), PLATFORM)):
        argument, value, allowed, remedy = refusal(InvalidValue, kept.diary.record, request, by=by, id="r")
        assert (argument, value) == ("week", week)
        assert (allowed, remedy) == ("is not a week of this contract's policy", "give policy.week_of(…).slots")
    assert kept.head == head


def test_two_diaries_in_one_journal_know_nothing_of_each_other() -> None:
    from tests.support import contract

    kept = opened()
    other = Diary.open(kept.journal, contract(id="c-2", facts=[all_facts()]), PLAIN, by=PLATFORM, id="open")
    assert kept.diary.record(upload(0), by=ANA, id="u").kind is CREATED
    assert other.record(upload(1), by=ANA, id="u").kind is CREATED
    assert [segment.slot for segment in other.segments(WEEK)] == [at(1)]
    assert other.record(status_changed(NOW, "closed"), by=ANA, id="c").kind is CREATED
    assert kept.diary.contract.closes_at is None
    assert StatusChange(since=NOW, status=ContractStatus.CLOSED) in other.contract.status.values


@pytest.mark.parametrize("change", [terms_changed, lambda since: status_changed(since, "paused")])
def test_only_the_platform_dates_a_change_of_the_contract_back(change: Callable[[str], Request]) -> None:
    # A lower rate, or a pause, from yesterday on would take away what has been worked and not sent yet.
    kept = opened()  # at 18:00
    assert codes(kept, change("2026-11-18T17:54:59Z"), ACME, "a") == ["role_not_permitted"]
    assert codes(kept, change("2026-11-18T17:55:00Z"), ACME, "b") == []
    assert codes(kept, change("2026-11-18T12:00:00Z"), PLATFORM, "c") == []


def test_protect_4_a_client_puts_another_label_on_time_but_takes_none_away() -> None:
    kept = opened(labels=["Design", "Build"])
    kept.diary.record(upload(300, label="Design"), by=ANA, id="u")
    start, stop = slot_start(at(300)), slot_start(at(301))
    assert codes(kept, edit_label(start, stop, label=" "), ACME, "a") == ["role_not_permitted"]
    assert codes(kept, edit_label(start, stop, label="Build"), ACME, "b") == []
    assert kept.diary.segments(WEEK)[0].label == "Build"
    assert codes(kept, edit_label(start, stop, label=None), ANA, "c") == []


def test_limit_4_a_client_does_not_date_a_lower_limit_to_the_week_before() -> None:
    # Dated 30 seconds before Monday, within what clocks may differ, it would hold for the new week at once.
    kept = opened(now="2026-11-23T00:04:00Z")
    assert codes(kept, terms_changed("2026-11-22T23:59:30Z", limit=0), ACME, "a") == ["role_not_permitted"]
    assert codes(kept, terms_changed("2026-11-23T00:00:00Z", limit=0), ACME, "b") == []
