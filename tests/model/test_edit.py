"""The four changes as values, and what each does to the segments once it is allowed (EDIT-4, EDIT-6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import at, manual, refusal, run, slots, tracked
from workdiary.errors import GridError, InvalidValue, NaiveDatetime
from workdiary.model.edit import (
    AddTime,
    DeleteTime,
    EditLabel,
    EditMemo,
    add_time,
    apply,
    delete_time,
    edit_label,
    edit_memo,
)
from workdiary.model.policy import Action
from workdiary.model.slots import WIDEST, Slot

TEN, ELEVEN = "2026-11-18T10:00Z", "2026-11-18T11:00Z"
FIRST, LAST = 2991660, 2991666
CALLS: list[Any] = [
    lambda start, stop: add_time(start, stop, memo="m"),
    delete_time,
    lambda start, stop: edit_memo(start, stop, memo="m"),
    lambda start, stop: edit_label(start, stop, label="l"),
]


def test_a_change_says_what_is_asked_for() -> None:
    assert add_time(TEN, ELEVEN, memo="Call", label="meeting") == AddTime(
        start=Slot(FIRST), stop=Slot(LAST), memo="Call", label="meeting"
    )
    assert delete_time(TEN, ELEVEN) == DeleteTime(start=Slot(FIRST), stop=Slot(LAST))
    assert edit_memo(TEN, ELEVEN, memo="Call") == EditMemo(start=Slot(FIRST), stop=Slot(LAST), memo="Call")
    assert edit_label(TEN, ELEVEN, label="x") == EditLabel(start=Slot(FIRST), stop=Slot(LAST), label="x")
    assert AddTime(start=Slot(1), stop=Slot(2)) == AddTime(start=Slot(1), stop=Slot(2), memo="", label=None)
    assert add_time(FIRST, LAST, memo="Call") == add_time(TEN, ELEVEN, memo="Call", label=None)


def test_edit_1_each_change_needs_its_own_permission() -> None:
    assert [call(TEN, ELEVEN).action for call in CALLS] == [
        Action.ADD_TIME,
        Action.DELETE_TIME,
        Action.EDIT_MEMO,
        Action.EDIT_LABEL,
    ]


@pytest.mark.parametrize("call", CALLS)
def test_manual_2_a_change_is_of_whole_slots_and_half_open(call: Any) -> None:
    assert call(TEN, ELEVEN).slots.runs() == ((FIRST, LAST),)
    assert call(TEN, "2026-11-18T10:10Z").slots.runs() == ((FIRST, FIRST + 1),)
    assert refusal(GridError, call, "2026-11-18T10:01Z", ELEVEN)[:2] == ("from", "2026-11-18T10:01:00Z")
    assert refusal(GridError, call, TEN, "2026-11-18T11:01Z")[:2] == ("to", "2026-11-18T11:01:00Z")
    assert refusal(NaiveDatetime, call, "2026-11-18T10:00", ELEVEN)[0] == "from"
    assert refusal(NaiveDatetime, call, TEN, "2026-11-18T11:00")[0] == "to"


@pytest.mark.parametrize("call", CALLS)
def test_grid_2_a_range_that_is_empty_or_ends_before_it_starts_is_refused(call: Any) -> None:
    words = "is not after from, 2026-11-18T11:00:00Z", "give a range of at least one segment"
    assert refusal(InvalidValue, call, ELEVEN, ELEVEN) == ("to", "2026-11-18T11:00:00Z", *words)
    assert refusal(InvalidValue, call, ELEVEN, TEN) == ("to", "2026-11-18T10:00:00Z", *words)


@pytest.mark.parametrize("call", CALLS)
def test_a_range_wider_than_any_diary_is_refused(call: Any) -> None:
    assert len(call(0, WIDEST).slots) == WIDEST
    assert refusal(InvalidValue, call, 0, WIDEST + 1)[1] == WIDEST + 1


@pytest.mark.parametrize(
    "make", [lambda memo: add_time(TEN, ELEVEN, memo=memo), lambda memo: edit_memo(TEN, ELEVEN, memo=memo)]
)
def test_a_memo_is_text_of_at_most_4000_characters(make: Any) -> None:
    assert make("x" * 4000).memo == "x" * 4000
    assert refusal(InvalidValue, make, "x" * 4001) == (
        "memo",
        "x" * 4001,
        "is longer than 4000 characters",
        "shorten it",
    )
    assert refusal(InvalidValue, make, None) == ("memo", None, "is not text", "give a string")


@pytest.mark.parametrize(
    "make",
    [lambda label: add_time(TEN, ELEVEN, memo="m", label=label), lambda label: edit_label(TEN, ELEVEN, label=label)],
)
def test_a_label_is_text_of_at_most_4000_characters(make: Any) -> None:
    assert make("x" * 4000).label == "x" * 4000
    assert refusal(InvalidValue, make, "x" * 4001)[0] == "label"
    assert refusal(InvalidValue, make, 5) == ("label", 5, "is not text", "give a string")


@pytest.mark.parametrize("blank", [None, "", " \u2003"])
def test_edit_6_a_blank_label_means_none(blank: str | None) -> None:
    assert add_time(TEN, ELEVEN, memo="m", label=blank).label is None
    assert edit_label(TEN, ELEVEN, label=blank).label is None
    assert edit_label(TEN, ELEVEN, label=" x ").label == " x "


# What an allowed change does


def test_manual_1_added_time_is_manual_on_the_changed_slots_in_time_order() -> None:
    before = [tracked(at(4)), tracked(at(1))]
    change = add_time(at(0), at(4), memo="Call", label="meeting")
    assert apply(change, before, slots(0, 2, 3)) == (
        manual(at(0), memo="Call", label="meeting"),
        tracked(at(1)),
        manual(at(2), memo="Call", label="meeting"),
        manual(at(3), memo="Call", label="meeting"),
        tracked(at(4)),
    )


def test_manual_3_overwriting_replaces_what_is_there() -> None:
    before = (tracked(at(0)), tracked(at(1)), tracked(at(2)))
    after = apply(add_time(at(1), at(2), memo="Call"), before, slots(1))
    assert after == (tracked(at(0)), manual(at(1), memo="Call"), tracked(at(2)))


def test_edit_4_deleting_takes_the_whole_segment() -> None:
    before = [tracked(at(2)), tracked(at(0)), manual(at(1))]
    assert apply(delete_time(at(0), at(2)), before, slots(0, 1)) == (tracked(at(2)),)
    assert apply(delete_time(at(0), at(3)), before, run(0, 3)) == ()


def test_edit_6_a_memo_can_be_changed_and_blanked_on_the_changed_slots_only() -> None:
    before = [manual(at(1), label="x"), tracked(at(0))]
    assert apply(edit_memo(at(0), at(2), memo="New"), before, slots(1)) == (
        tracked(at(0)),
        manual(at(1), memo="New", label="x"),
    )
    assert apply(edit_memo(at(0), at(2), memo=""), before, slots(0, 1)) == (
        tracked(at(0), memo=""),
        manual(at(1), memo="", label="x"),
    )


def test_edit_6_a_label_can_be_changed_and_taken_away() -> None:
    before = [tracked(at(1), label="x"), manual(at(0))]
    assert apply(edit_label(at(0), at(2), label="y"), before, slots(0, 1)) == (
        manual(at(0), label="y"),
        tracked(at(1), label="y"),
    )
    assert apply(edit_label(at(0), at(2), label=" "), before, slots(1)) == (manual(at(0)), tracked(at(1)))


def test_a_change_is_a_value() -> None:
    for call in CALLS:
        some = call(TEN, ELEVEN)
        assert hash(some) == hash(call(TEN, ELEVEN))
        with pytest.raises(AttributeError):
            some.start = 0
