"""Changes as values: what each touches, what was asked, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given

from tests.support import all_facts, at, contract, manual, refusal, run, slots, terms, tracked
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
from workdiary.errors import InvalidValue
from workdiary.model.contract import ContractStatus, StatusChange
from workdiary.model.edit import AddTime, DeleteTime, EditLabel, EditMemo
from workdiary.model.outcome import Settlement
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import instant
from workdiary.testing.diary_strategies import changes

NINE = instant("2026-11-18T09:00Z")
WEEK = run(0, 1008)
PAUSED = StatusChange(since="2026-11-18T09:00Z", status=ContractStatus.PAUSED)

TOUCHES: list[tuple[Change, Slots]] = [
    (ContractOpened(contract=contract(), policy="upwork"), EMPTY),
    (TermsChanged(terms=terms()), EMPTY),
    (StatusChanged(status=PAUSED), EMPTY),
    (FactsChanged(facts=all_facts()), EMPTY),
    (TimeTracked(segments=[tracked(at(5)), tracked(at(1))], made_at=NINE, aside=slots(1)), slots(1, 5)),
    (LateEvidence(segments=[tracked(at(5)), tracked(at(1))], made_at=NINE), slots(1, 5)),
    (TimeAdded(asked=run(0, 6), memo="Call", slots=slots(1, 5)), slots(1, 5)),
    (TimeDeleted(asked=run(0, 6), slots=slots(1, 5)), slots(1, 5)),
    (MemoEdited(asked=run(0, 6), memo="Call", slots=slots(1, 5)), slots(1, 5)),
    (LabelEdited(asked=run(0, 6), label=None, slots=slots(1, 5)), slots(1, 5)),
    (WeekClosed(week=WEEK, statement="{}", digest="", policy=""), WEEK),
    (WeekParked(week=WEEK, difference=""), WEEK),
    (TimeDisputed(week=WEEK, disputed=slots(1)), WEEK),
    (PaymentFailed(week=WEEK), WEEK),
    (DisputeResolved(week=WEEK, of="e-1", amounts=()), WEEK),
    (CaptureConsented(notice="2026-11"), EMPTY),
    (CaptureStarted(commitment="ab" * 32, began="2026-11-18T08:00:00Z"), EMPTY),
    (CaptureEnded(of="s-1", secret="cd" * 32, ended="2026-11-18T09:00:00Z"), EMPTY),
]


def test_every_change_is_listed_by_its_kind_and_in_the_union() -> None:
    assert set(CHANGES.values()) == set(get_args(Change)) == {type(change) for change, _ in TOUCHES}
    # In the entry's bytes a kind is the class's name in lower case.
    assert all(kind.replace("_", "") == shape.__name__.lower() for kind, shape in CHANGES.items())


@pytest.mark.parametrize(("change", "touched"), TOUCHES, ids=lambda value: type(value).__name__)
def test_a_change_touches_the_slots_that_it_took_effect_on(change: Change, touched: Slots) -> None:
    assert change.slots == touched


@given(changes())
def test_every_change_is_a_value(change: Change) -> None:
    hash(change)
    again = attrs.evolve(change)
    assert again == change
    assert repr(again) == repr(change)


@pytest.mark.parametrize("shape", CHANGES.values(), ids=lambda shape: shape.__name__)
def test_no_change_can_be_altered(shape: type[Any]) -> None:
    change = next(change for change, _ in TOUCHES if isinstance(change, shape))
    name = attrs.fields(shape)[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(change, name, None)


@pytest.mark.parametrize("shape", [TimeTracked, LateEvidence])
class TestUploads:
    def test_segments_stand_in_order_of_time(self, shape: type[Any]) -> None:
        given_ = [tracked(at(5)), tracked(at(1)), tracked(at(3))]
        assert shape(segments=given_, made_at=NINE).segments == (given_[1], given_[2], given_[0])
        assert shape(segments=iter(given_), made_at=NINE) == shape(segments=given_[::-1], made_at="2026-11-18T09:00Z")

    def test_upload_2_a_slot_twice_is_refused(self, shape: type[Any]) -> None:
        error = refusal(InvalidValue, shape, segments=[tracked(at(1)), tracked(at(0)), tracked(at(1))], made_at=NINE)
        assert error == ("segments", "2026-11-16T00:10:00Z", "stands twice", "merge the two first (UPLOAD-2)")

    def test_manual_time_is_refused(self, shape: type[Any]) -> None:
        error = refusal(InvalidValue, shape, segments=[tracked(at(0)), manual(at(1))], made_at=NINE)
        assert error[:3] == ("segments", "2026-11-16T00:10:00Z", "is manual time")

    def test_marks_stand_once_each_in_their_order(self, shape: type[Any]) -> None:
        marks = ["recovered", "clock_step", "recovered"]
        assert shape(segments=[tracked(at(0))], made_at=NINE, marks=marks).marks == ("recovered", "clock_step")
        assert shape(segments=[tracked(at(0))], made_at=NINE).marks == ()

    @pytest.mark.parametrize("mark", ["", "Clock", "clock step", "a" * 41, "clock_step\n", "é"])
    def test_a_mark_that_is_none_is_refused(self, shape: type[Any], mark: str) -> None:
        error = refusal(InvalidValue, shape, segments=[tracked(at(0))], made_at=NINE, marks=[mark])
        assert error[:3] == ("marks", mark, "is no mark")

    def test_more_marks_than_anybody_reads_are_refused(self, shape: type[Any]) -> None:
        many = ["a" * n for n in range(1, 34)]
        error = refusal(InvalidValue, shape, segments=[tracked(at(0))], made_at=NINE, marks=many)
        assert error[:3] == ("marks", "33 marks", "are more than 32")

    def test_an_empty_upload_is_refused(self, shape: type[Any]) -> None:
        assert refusal(InvalidValue, shape, segments=[], made_at=NINE)[:3] == ("segments", [], "is empty")

    def test_what_is_no_segment_is_refused(self, shape: type[Any]) -> None:
        for given_ in ([tracked(at(0)), "2026-11-16T00:00Z"], [None]):
            with pytest.raises(InvalidValue, match="segments"):
                shape(segments=given_, made_at=NINE)

    def test_a_made_at_that_is_no_instant_is_refused(self, shape: type[Any]) -> None:
        with pytest.raises(InvalidValue, match="made_at: 'noon' is not an instant"):
            shape(segments=[tracked(at(0))], made_at="noon")


def test_an_edit_says_what_was_asked_not_only_what_it_touched() -> None:
    asked, touched = run(0, 3), slots(0, 2)
    added = TimeAdded(asked=asked, memo="Call", label="Design", slots=touched)
    assert added.request == AddTime(start=at(0), stop=at(3), memo="Call", label="Design")
    assert TimeDeleted(asked=asked, slots=touched).request == DeleteTime(start=at(0), stop=at(3))
    assert MemoEdited(asked=asked, memo="x", slots=touched).request == EditMemo(start=at(0), stop=at(3), memo="x")
    assert LabelEdited(asked=asked, label=None, slots=touched).request == EditLabel(start=at(0), stop=at(3), label=None)


OF_A_WEEK: list[Callable[[Slots], Change]] = [
    lambda week: WeekClosed(week=week, statement="{}", digest="", policy=""),
    lambda week: WeekParked(week=week, difference=""),
    lambda week: TimeDisputed(week=week, disputed=EMPTY),
    lambda week: PaymentFailed(week=week),
    lambda week: DisputeResolved(week=week, of="e-1", amounts=()),
]


@pytest.mark.parametrize("make", OF_A_WEEK)
@pytest.mark.parametrize("week", [EMPTY, slots(0, 2)], ids=["empty", "with a hole"])
def test_a_week_is_one_run_of_slots(make: Callable[[Slots], Change], week: Slots) -> None:
    assert refusal(InvalidValue, make, week) == ("week", week, "is not one run of slots", "give week.slots")


@pytest.mark.parametrize(
    ("shape", "name", "wrong"),
    [(TermsChanged, "terms", all_facts()), (StatusChanged, "status", "paused"), (FactsChanged, "facts", None)],
)
def test_a_change_of_the_contract_takes_its_own_value_only(shape: type[Any], name: str, wrong: object) -> None:
    error = refusal(InvalidValue, shape, **{name: wrong})
    assert error[:2] == (name, wrong)


def test_a_resolution_has_four_parts() -> None:
    resolved = DisputeResolved(
        week=WEEK, of="e-1", paid=slots(0), refunded=slots(1), covered=slots(2), unpaid=slots(3), amounts=("",) * 4
    )
    assert resolved.settlement == Settlement(paid=slots(0), refunded=slots(1), covered=slots(2), unpaid=slots(3))


def test_what_a_change_took_effect_on_is_within_what_was_asked() -> None:
    said = ("slots", slots(7), "reach beyond what was asked", "give slots of the range")
    assert refusal(InvalidValue, TimeDeleted, asked=run(0, 6), slots=slots(7)) == said
    assert refusal(InvalidValue, TimeDeleted, asked=slots(0, 2), slots=slots(0))[0] == "asked"
