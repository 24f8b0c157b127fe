"""Plain data in and out: nothing is coerced, and everything that is wrong is reported with its path."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from cattrs.errors import ClassValidationError, StructureHandlerNotFoundError

from tests.support import ODD, PLAIN, all_facts, contract, terms
from workdiary.errors import NOTHING, DocumentError, FloatRefused, InvalidValue, Problems, UnknownZone, WorkdiaryError
from workdiary.model.contract import AlreadyProtected, Contract, ContractStatus, StatusChange, Terms
from workdiary.model.money import Hours, hours
from workdiary.model.policy import Policy, RuleSource, WeekRule
from workdiary.model.times import Instant, WallOffset, Zone, instant, zone
from workdiary.plain import destructure, structure

# As VECTORS gives the shape of a policy.
POLICY: dict[str, Any] = {
    "name": "plain",
    "week": {"starts_on": "monday", "starts_at": "00:00", "zone": "UTC"},
    "credit": {"rule": "snapshot", "min_seconds": 1},
    "limit": {"order": "chronological", "increase": "whole_week", "decrease": "next_week"},
    "editing": {
        "locks_after": "P7DT12H",
        "statuses": ["active"],
        "permissions": {
            "freelancer": ["add_time", "delete_time", "edit_memo", "edit_label"],
            "client": ["edit_label"],
        },
    },
    "manual": {"needs_permission": True, "on_taken": "skip", "memo_required": True},
    "protection": {
        "requires_snapshot": True,
        "min_active_minutes": 1,
        "min_average_active_minutes": None,
        "memo": "required",
        "label": "required_if_offered",
        "requires": ["billing_verified", "good_standing", "identity_verified"],
        "facts_checked": ["worked", "invoiced"],
        "rate_cap": "none",
        "lifetime_hours": None,
        "lifetime_amount": None,
    },
    "billing": {
        "rounding": "half_up",
        "invoiced_after": "P7DT12H",
        "review_ends_after": "P12D",
        "available_after": "P16D",
    },
}
DEFAULTS: dict[str, Any] = {
    "title": "",
    "fees": [],
    "dispute": {"pauses_contract": False, "weekly_limit_zero": False},
    "palette": {"tracked": "#3c8224", "manual": "#e8b923", "over_limit": "#c9302c"},
    "sources": [],
}
CONTRACT: dict[str, Any] = {
    "id": "c-1",
    "freelancer": "ana",
    "client": "acme",
    "currency": "USD",
    "terms": [
        {"since": "2026-11-02T00:00:00Z", "rate": "30.00", "weekly_limit_hours": "40", "manual_time_allowed": True},
        {"since": "2026-11-09T00:00:00Z", "rate": "31.5", "weekly_limit_hours": None, "manual_time_allowed": False},
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
    "labels": ["design"],
    "usual_rate": "9.50",
    "already_protected": {"slots": 188, "amount": "90"},
}


def problems(
    data: object, shape: type[Any], path: str = ""
) -> list[tuple[type[WorkdiaryError], str, object, str, str]]:
    with pytest.raises(Problems) as caught:
        structure(data, shape, path)
    assert caught.value.argument == ""
    return [(type(error), error.argument, error.value, error.allowed, error.remedy) for error in caught.value]


def paths(data: object, shape: type[Any], path: str = "") -> list[str]:
    return [found[1] for found in problems(data, shape, path)]


# Whole values


def test_a_policy_is_read_from_the_shape_of_the_cases() -> None:
    assert structure(POLICY, Policy) == PLAIN


def test_a_policy_is_written_in_the_same_shape() -> None:
    assert destructure(PLAIN) == {**POLICY, **DEFAULTS}


def test_an_odd_policy_goes_out_and_comes_back() -> None:
    plain = destructure(ODD)
    assert plain["week"] == {"starts_on": "thursday", "starts_at": "03:00", "zone": "Australia/Lord_Howe"}
    assert plain["protection"]["min_average_active_minutes"] == "5.5"
    assert plain["protection"]["lifetime_hours"] == "1.5"
    assert plain["fees"] == [{"above": "0", "rate": "0.5"}, {"above": "10", "rate": "0"}]
    assert plain["billing"]["available_after"] == "P11DT5H"
    assert structure(plain, Policy) == ODD


def test_a_contract_is_read_and_written_in_the_shape_of_the_cases() -> None:
    made = structure(CONTRACT, Contract)
    assert made == Contract(
        id="c-1",
        freelancer="ana",
        client="acme",
        currency="USD",
        terms=[terms(), terms("2026-11-09T00:00Z", "31.5", None, manual=False)],
        status=[StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.ACTIVE)],
        facts=[all_facts()],
        labels=["design"],
        usual_rate="9.50",
        already_protected=AlreadyProtected(slots=188, amount="90"),
    )
    assert destructure(made) == CONTRACT


def test_what_a_contract_need_not_say() -> None:
    bare = {key: CONTRACT[key] for key in ("id", "freelancer", "client", "currency", "terms")}
    assert structure(bare, Contract).status.values[0].status is ContractStatus.ACTIVE
    assert structure(bare, Contract).labels == ()
    assert destructure(contract())["usual_rate"] is None


def test_figures_keep_their_digits_on_the_way_out() -> None:
    assert destructure(Decimal("30.00")) == "30.00"
    assert destructure(Decimal("1E+3")) == "1000"
    assert destructure(hours("12.50")) == "12.50"
    assert destructure(instant("2026-11-02T00:00Z")) == "2026-11-02T00:00:00Z"
    assert destructure(date(2026, 11, 2)) == "2026-11-02"
    assert destructure(WallOffset.parse("P7DT12H")) == "P7DT12H"
    assert destructure(zone("Asia/Kathmandu")) == "Asia/Kathmandu"


# Single values

WRONG: list[tuple[type[Any], object, type[WorkdiaryError], str, str]] = [
    (str, 5, InvalidValue, "is not text", "write it in quotes"),
    (str, None, InvalidValue, "is not text", "write it in quotes"),
    (int, "5", InvalidValue, "is not a whole number", "write it without quotes and without a point"),
    (int, 5.0, InvalidValue, "is not a whole number", "write it without quotes and without a point"),
    (int, True, InvalidValue, "is not a whole number", "write it without quotes and without a point"),
    (bool, 1, InvalidValue, "is not true or false", "write true or false"),
    (bool, "true", InvalidValue, "is not true or false", "write true or false"),
    (date, "2026-13-01", InvalidValue, "is not a date", "write it like 2010-06-01"),
    (date, 20261101, InvalidValue, "is not a date", "write it like 2010-06-01"),
    (ContractStatus, "open", InvalidValue, "is not known", "choose one of: active, paused, closed"),
    (ContractStatus, ["active"], InvalidValue, "is not known", "choose one of: active, paused, closed"),
    (Decimal, 30, InvalidValue, "is not a decimal number as text", 'write it in quotes, such as "30.00"'),
    (Decimal, None, InvalidValue, "is not a decimal number as text", 'write it in quotes, such as "30.00"'),
    (Decimal, 30.5, FloatRefused, "is a float, which cannot hold it exactly", 'give it as text: "30.5"'),
    (Decimal, "-1", InvalidValue, "is not a decimal number, 0 or more", 'give text such as "30.00", at most 18 digits'),
    (Hours, 40, InvalidValue, "is not a decimal number as text", 'write it in quotes, such as "30.00"'),
    (Hours, 12.5, FloatRefused, "is a float, which cannot hold it exactly", 'give it as text: "12.5"'),
    (WallOffset, "7 days", InvalidValue, "is not a wall-clock offset", "write it like P7DT12H or P16D"),
    (WallOffset, 7, InvalidValue, "is not a wall-clock offset", "write it like P7DT12H or P16D"),
    (Instant, "noon", InvalidValue, "is not an instant", "write it like 2026-11-18T09:10:00Z"),
    (
        Zone,
        "Nowhere at all",
        UnknownZone,
        "is not a zone of the tz database",
        "give a tz database name such as Europe/Berlin",
    ),
]


@pytest.mark.parametrize(("shape", "value", "kind", "allowed", "remedy"), WRONG)
def test_nothing_is_coerced(
    shape: type[Any], value: object, kind: type[WorkdiaryError], allowed: str, remedy: str
) -> None:
    assert problems(value, shape, "here") == [(kind, "here", value, allowed, remedy)]
    assert paths(value, shape) == [""]


@pytest.mark.parametrize(
    ("shape", "value", "expected"),
    [
        (str, "", ""),
        (int, 5, 5),
        (bool, False, False),
        (date, "2026-11-02", date(2026, 11, 2)),
        (date, date(2026, 11, 2), date(2026, 11, 2)),
        (Decimal, "30.00", Decimal("30.00")),
        (Hours, "12.5", hours("12.5")),
        (WallOffset, "P1W", WallOffset(10080)),
        (Instant, "2026-11-02T00:00Z", instant("2026-11-02T00:00Z")),
        (ContractStatus, "paused", ContractStatus.PAUSED),
    ],
)
def test_single_values_are_read(shape: type[Any], value: object, expected: object) -> None:
    made = structure(value, shape)
    assert made == expected
    assert type(made) is shape


@pytest.mark.parametrize(
    ("text", "minute"), [("00:00", 0), ("03:30", 210), ("09:05", 545), ("19:00", 1140), ("23:59", 1439)]
)
def test_week_1_a_time_of_day_is_read_and_written(text: str, minute: int) -> None:
    given = {"starts_on": "monday", "starts_at": text, "zone": "UTC"}
    made = structure(given, WeekRule)
    assert made.starts_at == minute
    assert destructure(made) == given


@pytest.mark.parametrize("text", ["24:00", "3:30", "03:60", "0330", "03:30:00", "", 210, None, "٠٣:٣٠"])
def test_week_1_another_time_of_day_is_refused(text: Any) -> None:
    given = {"starts_on": "monday", "starts_at": text, "zone": "UTC"}
    assert problems(given, WeekRule, "week") == [
        (InvalidValue, "week.starts_at", text, "is not a time of day", "write it like 00:00 or 03:30")
    ]


# Paths


def test_a_missing_key_is_named_with_its_path() -> None:
    given = {key: value for key, value in CONTRACT["terms"][0].items() if key != "weekly_limit_hours"}
    words = NOTHING, "is missing", "give it"
    assert problems(given, Terms) == [(DocumentError, "weekly_limit_hours", *words)]
    assert problems(given, Terms, "terms[1]") == [(DocumentError, "terms[1].weekly_limit_hours", *words)]


def test_an_unknown_key_is_named_with_the_known_ones() -> None:
    given = {**CONTRACT["terms"][0], "weekly_limit": "40", "colour": 1}
    known = "known: since, rate, weekly_limit_hours, manual_time_allowed"
    near = "did you mean weekly_limit_hours?"
    assert problems(given, Terms, "terms[0]") == [
        (DocumentError, "terms[0].colour", "colour", "is not a known key", known),
        (DocumentError, "terms[0].weekly_limit", "weekly_limit", "is not a known key", near),
    ]
    assert paths(given, Terms) == ["colour", "weekly_limit"]


def test_everything_that_is_wrong_is_reported_with_its_path() -> None:
    given = {
        **CONTRACT,
        "currency": 5,
        "terms": [CONTRACT["terms"][0], {**CONTRACT["terms"][1], "since": "2026-13-01T00:00:00Z", "rate": 31.5}],
        "labels": ["design", 7, None],
    }
    assert [(place, value) for _, place, value, _, _ in problems(given, Contract, "contract")] == [
        ("contract.currency", 5),
        ("contract.terms[1].since", "2026-13-01T00:00:00Z"),
        ("contract.terms[1].rate", 31.5),
        ("contract.labels[1]", 7),
        ("contract.labels[2]", None),
    ]


def test_dated_entries_out_of_order_are_named_with_their_place() -> None:
    given = {**CONTRACT, "terms": CONTRACT["terms"][::-1]}
    assert paths(given, Contract, "contract") == ["contract.terms[1].since"]
    given = {**CONTRACT, "terms": CONTRACT["terms"][:1] * 2}
    assert paths(given, Contract, "contract") == ["contract.terms[1].since"]


def test_what_the_values_themselves_refuse_is_put_below_the_path() -> None:
    assert paths({**CONTRACT, "currency": "XAU"}, Contract, "contract") == ["contract.currency"]
    assert paths({**CONTRACT, "id": " "}, Contract, "contract") == ["contract.id"]
    wrong = {**POLICY, "limit": {**POLICY["limit"], "increase": "next_week"}}
    assert paths(wrong, Policy, "policy") == ["policy.limit.increase"]
    assert paths(wrong, Policy) == ["limit.increase"]


@pytest.mark.parametrize("value", ["design", {"0": "design"}, 5, None, True])
def test_a_list_is_a_list(value: object) -> None:
    assert problems({**CONTRACT, "labels": value}, Contract, "contract") == [
        (InvalidValue, "contract.labels", value, "is not a list", "write it in brackets")
    ]
    assert paths({**CONTRACT, "terms": value}, Contract, "contract") == ["contract.terms"]


@pytest.mark.parametrize("value", [5, "x", None, [], True])
def test_an_object_is_an_object(value: object) -> None:
    for shape in (Contract, Terms, RuleSource):
        found = problems(value, shape, "here")
        assert found == [(InvalidValue, "here", value, "is not an object", "write it in braces")]


def test_a_tuple_is_taken_for_a_list_and_nothing_is_changed_in_the_data() -> None:
    given = {**CONTRACT, "labels": ("design",)}
    before = repr(given)
    assert structure(given, Contract).labels == ("design",)
    assert repr(given) == before


def test_f8_a_hook_that_cannot_be_looked_up_is_no_problem_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = StructureHandlerNotFoundError("no hook", type_=str)

    def fails(data: object, shape: object) -> object:
        raise ClassValidationError("Terms", [lost], Terms)

    monkeypatch.setattr("workdiary.plain._CONVERTER", SimpleNamespace(structure=fails))
    with pytest.raises(MemoryError, match="no memory to read plain data with"):
        structure({}, Terms)
