"""Errors carry their facts, compute their sentence, and are what a caller would already catch."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from workdiary import errors
from workdiary.errors import (
    NOTHING,
    ChainError,
    DocumentError,
    FloatRefused,
    GridError,
    IdConflict,
    InvalidValue,
    JournalError,
    MissingExtra,
    NaiveDatetime,
    OrderError,
    OutsideContract,
    OverlapError,
    PolicyError,
    Problems,
    Refused,
    StoreBusy,
    StoreError,
    UnknownContract,
    UnknownCurrency,
    UnknownPolicy,
    UnknownZone,
    VersionConflict,
    WorkdiaryError,
    shown,
)

FAMILY: list[tuple[type[WorkdiaryError], type[Exception]]] = [
    (InvalidValue, ValueError),
    (NaiveDatetime, ValueError),
    (GridError, ValueError),
    (OrderError, ValueError),
    (OverlapError, ValueError),
    (OutsideContract, ValueError),
    (FloatRefused, TypeError),
    (UnknownZone, LookupError),
    (UnknownCurrency, LookupError),
    (UnknownPolicy, LookupError),
    (PolicyError, ValueError),
    (DocumentError, ValueError),
    (Refused, PermissionError),
    (MissingExtra, ImportError),
    (JournalError, WorkdiaryError),
    (UnknownContract, LookupError),
    (VersionConflict, RuntimeError),
    (IdConflict, ValueError),
    (ChainError, ValueError),
    (StoreError, OSError),
    (StoreBusy, TimeoutError),
]


@pytest.mark.parametrize(("kind", "builtin"), FAMILY)
def test_each_error_is_also_the_builtin_that_a_caller_would_catch(
    kind: type[WorkdiaryError], builtin: type[Exception]
) -> None:
    error = kind("rate", 30.0, "is not allowed", "do this")
    assert isinstance(error, builtin)
    assert isinstance(error, WorkdiaryError)
    assert (error.argument, error.value, error.allowed, error.remedy) == ("rate", 30.0, "is not allowed", "do this")


def test_the_family_is_complete() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WorkdiaryError)}
    assert kinds == {kind for kind, _ in FAMILY} | {WorkdiaryError, Problems}
    assert {kind.__name__ for kind in kinds} | {"NOTHING"} == set(errors.__all__)
    for kind in (NaiveDatetime, GridError, OrderError, OverlapError, OutsideContract):
        assert issubclass(kind, InvalidValue)


def test_an_error_is_a_sentence_of_its_facts() -> None:
    assert str(WorkdiaryError("at", "noon", "is not an instant", "write 2026-11-23T12:00:00Z")) == (
        "at: 'noon' is not an instant; write 2026-11-23T12:00:00Z"
    )
    assert str(WorkdiaryError("at", "noon", "is not an instant")) == "at: 'noon' is not an instant"
    assert str(WorkdiaryError("", 5, "is not text", "quote it")) == "5 is not text; quote it"
    assert WorkdiaryError("at", "noon", "is not an instant").remedy == ""


def test_an_error_about_what_was_not_given_leaves_the_value_out() -> None:
    assert str(DocumentError("week", NOTHING, "is missing", "give it")) == "week: is missing; give it"
    assert str(DocumentError("week", None, "is missing")) == "week: None is missing"
    assert NOTHING.value == "nothing"


def test_a_refusal_does_not_print_its_verdict() -> None:
    assert str(Refused("change", object(), "refused: week_locked", "nothing was changed")) == (
        "change: refused: week_locked; nothing was changed"
    )
    assert str(Refused("change", object(), "refused: week_locked")) == "change: refused: week_locked"


@pytest.mark.parametrize(
    ("prefix", "argument", "expected"),
    [
        ("contract", "since", "contract.since"),
        ("contract.terms", "[1].since", "contract.terms[1].since"),
        ("contract", "", "contract"),
        ("", "since", "since"),
        ("", "", ""),
    ],
)
def test_an_error_is_put_below_the_path_from_which_it_is_seen(prefix: str, argument: str, expected: str) -> None:
    error = UnknownZone(argument, "x", "is unknown", "look it up")
    moved = error.under(prefix)
    assert type(moved) is UnknownZone
    assert (moved.argument, moved.value, moved.allowed, moved.remedy) == (expected, "x", "is unknown", "look it up")
    assert error.argument == argument


def test_an_error_below_a_path_keeps_its_traceback() -> None:
    with pytest.raises(GridError) as caught:
        raise GridError("from", 1, "is off the grid")
    assert caught.value.under("do").__traceback__ is caught.value.__traceback__ is not None


def sent(error: WorkdiaryError) -> Any:
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - pickled right here


@pytest.mark.parametrize("again", [copy.copy, sent])
def test_an_error_can_be_copied_and_sent_to_another_process(again: Any) -> None:
    error = again(OrderError("terms[1].since", "x", "stands twice", "keep one"))
    assert type(error) is OrderError
    assert (error.argument, error.value, error.allowed, error.remedy) == (
        "terms[1].since",
        "x",
        "stands twice",
        "keep one",
    )


# All problems of a document

ONE, TWO = InvalidValue("a", 1, "is wrong", "fix it"), UnknownZone("[0].b", 2, "is unknown")


def test_problems_are_everything_that_is_wrong_in_order() -> None:
    problems = Problems("case", [ONE, TWO])
    assert problems.errors == (ONE, TWO)
    assert list(problems) == [ONE, TWO]
    assert isinstance(problems, ValueError)
    assert (problems.argument, problems.value, problems.allowed, problems.remedy) == ("case", 2, "problems", "")
    assert str(problems) == "case: a: 1 is wrong; fix it\n[0].b: 2 is unknown"
    assert str(Problems("", iter([ONE]))) == "a: 1 is wrong; fix it"


def test_problems_are_counted() -> None:
    assert [Problems("", [ONE] * n).allowed for n in range(3)] == ["problems", "problem", "problems"]


def test_problems_below_a_path_move_every_error() -> None:
    moved = Problems("case", [ONE, TWO]).under("contract")
    assert type(moved) is Problems
    assert moved.argument == "case"
    assert [error.argument for error in moved] == ["contract.a", "contract[0].b"]
    assert [type(error) for error in moved] == [InvalidValue, UnknownZone]


# Values in messages


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("noon", "'noon'"),
        (None, "None"),
        (True, "True"),
        (2**256 - 1, str(2**256 - 1)),
        (2**256, "an integer of 257 bits"),
        (10**5000, "an integer of 16610 bits"),
        (-(2**256), "an integer of 257 bits"),
        ("x" * 78, "'" + "x" * 78 + "'"),
        ("x" * 79, "'" + "x" * 78 + "…"),
        ([1] * 1000, "[" + "1, " * 26 + "…"),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_a_value_is_shown_by_its_repr_cut_when_it_is_long(value: object, text: str) -> None:
    assert shown(value) == text
    assert len(shown(value)) <= 80


def test_a_deeply_nested_value_is_shown_by_its_kind() -> None:
    class Endless:
        def __repr__(self) -> str:
            raise RecursionError

    assert shown(Endless()) == "a deeply nested Endless"


def test_each_error_stands_for_itself_and_problems_for_all_of_theirs() -> None:
    one, other = InvalidValue("a", 1, "is wrong"), InvalidValue("b", 2, "is wrong")
    assert one.each == (one,)
    assert Problems("", [one, other]).each == (one, other)
