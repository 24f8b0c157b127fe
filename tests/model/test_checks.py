"""What a type checker promises is looked at once more: a text is no truth value, a list is no tuple."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any

import attrs
import pytest

from tests.support import ODD, PLAIN, contract, refusal, terms
from workdiary.errors import FloatRefused, InvalidValue, UnknownCurrency, UnknownZone
from workdiary.model.activity import Activity
from workdiary.model.contract import Actor, ContractStatus, Facts, Role, StatusChange, Terms
from workdiary.model.money import Hours, Money
from workdiary.model.policy import DisputeRule, FeeTier, Palette, Policy
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.slots import LAST
from workdiary.model.times import WallOffset, zone

TRUTH = "is not a truth value", "give True or False"


@pytest.mark.parametrize("bad", ["no", 1, None])
def test_manual_1_a_text_is_no_leave_for_manual_time(bad: Any) -> None:
    found = refusal(
        InvalidValue, Terms, since="2026-11-02T00:00Z", rate="1", weekly_limit=None, manual_time_allowed=bad
    )
    assert found == ("manual_time_allowed", bad, *TRUTH)


@pytest.mark.parametrize("fact", ["billing_verified", "good_standing", "identity_verified"])
def test_protect_5_a_text_fulfils_no_fact(fact: str) -> None:
    assert refusal(InvalidValue, Facts, since="2026-11-02T00:00Z", **{fact: "no"}) == (fact, "no", *TRUTH)


def test_edit_2_a_status_is_a_member() -> None:
    allowed = "is not a ContractStatus"
    remedy = "give one of ContractStatus.ACTIVE, ContractStatus.PAUSED, ContractStatus.CLOSED"
    found = refusal(InvalidValue, StatusChange, since="2026-11-02T00:00Z", status="active")
    assert found == ("status", "active", allowed, remedy)


def test_an_actor_has_an_id_and_a_role() -> None:
    roles = "give one of Role.FREELANCER, Role.CLIENT, Role.PLATFORM"
    assert refusal(InvalidValue, Actor, id="ana", role="client") == ("role", "client", "is not a Role", roles)
    assert refusal(InvalidValue, Actor, id=5, role=Role.CLIENT) == ("id", 5, "is not text", "give a string")


def test_a_contract_takes_only_its_own_kinds() -> None:
    assert refusal(InvalidValue, contract, terms=[1]) == ("terms[0]", 1, "is not a Terms", "give a Terms")
    wrong = StatusChange(since="2026-11-02T00:00Z", status=ContractStatus.ACTIVE)
    assert refusal(InvalidValue, contract, terms=[terms(), wrong])[:2] == ("terms[1]", wrong)
    assert refusal(InvalidValue, contract, facts=[wrong])[:1] == ("facts[0]",)
    assert refusal(InvalidValue, contract, status=[terms()])[:1] == ("status[0]",)
    assert refusal(InvalidValue, contract, labels=["a", 5]) == ("labels[1]", 5, "is not text", "give a string")
    assert refusal(InvalidValue, contract, already_protected=5)[:3] == (
        "already_protected",
        5,
        "is not a AlreadyProtected",
    )


SECTIONS = ("week", "credit", "limit", "editing", "manual", "protection", "billing", "dispute", "palette")
FIELDS = [(section, field.name) for section in SECTIONS for field in attrs.fields(type(getattr(PLAIN, section)))]


@pytest.mark.parametrize(("section", "name"), FIELDS)
@pytest.mark.parametrize("whole", [PLAIN, ODD])
def test_every_field_of_every_section_refuses_what_it_is_not(section: str, name: str, whole: Policy) -> None:
    part = getattr(whole, section)
    with pytest.raises(InvalidValue) as caught:
        attrs.evolve(part, **{name: object()} if not isinstance(getattr(part, name), tuple) else {name: [object()]})
    assert caught.value.argument in (name, f"{name}[0]")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_policy_refuses_a_section_of_another_kind(section: str) -> None:
    assert refusal(InvalidValue, attrs.evolve, PLAIN, **{section: "x"})[:2] == (section, "x")


@pytest.mark.parametrize("name", ["freelancer", "client"])
def test_edit_1_permissions_are_actions(name: str) -> None:
    found = refusal(InvalidValue, attrs.evolve, PLAIN.editing.permissions, **{name: ["add_time"]})
    assert found[:3] == ("permissions[0]", "add_time", "is not a Action")
    assert refusal(InvalidValue, attrs.evolve, PLAIN.editing.permissions, **{name: "add_time"}) == (
        "permissions",
        "add_time",
        "is a single text",
        "give a list",
    )


def test_lists_become_tuples() -> None:
    editing = attrs.evolve(PLAIN.editing, statuses=[ContractStatus.ACTIVE])
    rules = attrs.evolve(PLAIN.protection, requires=list(PLAIN.protection.requires), facts_checked=[])
    fees = [FeeTier(above=Decimal(0), rate=Decimal("0.1"))]
    whole = attrs.evolve(PLAIN, editing=editing, protection=rules, fees=fees)
    assert (whole.editing.statuses, whole.protection.facts_checked, whole.fees) == (
        (ContractStatus.ACTIVE,),
        (),
        tuple(fees),
    )
    assert isinstance(hash(whole), int)
    assert whole.protection.requires == PLAIN.protection.requires


def test_bill_3_fee_tiers_are_exact_and_rise_from_0() -> None:
    assert refusal(FloatRefused, FeeTier, above=0, rate=0.1)[:2] == ("rate", 0.1)
    assert refusal(FloatRefused, FeeTier, above=0.5, rate="0.1")[:2] == ("above", 0.5)
    for bad in (Decimal("-0.01"), Decimal("NaN"), "x"):
        assert refusal(InvalidValue, FeeTier, above=0, rate=bad)[:2] == ("rate", bad)
        assert refusal(InvalidValue, FeeTier, above=bad, rate=0)[:2] == ("above", bad)
    assert refusal(InvalidValue, FeeTier, above=0, rate="1.01") == (
        "rate",
        "1.01",
        "is not a fraction from 0 to 1",
        "write 10 % as 0.10",
    )
    for edge in ("0", "1"):
        assert FeeTier(above=Decimal(0), rate=Decimal(edge)).rate == Decimal(edge)
    first, second = FeeTier(above=Decimal(0), rate=Decimal("0.2")), FeeTier(above=Decimal(10), rate=Decimal("0.1"))
    assert attrs.evolve(PLAIN, fees=[first, second]).fees == (first, second)
    assert attrs.evolve(PLAIN, fees=[second]).fees == (second,)
    for wrong, shown in (([first, first], "0, 0"), ([second, first], "10, 0"), ([first, second, second], "0, 10, 10")):
        assert refusal(InvalidValue, attrs.evolve, PLAIN, fees=wrong) == (
            "fees",
            shown,
            "do not rise",
            "order the tiers by what they are above",
        )


@pytest.mark.parametrize("name", ["tracked", "manual", "over_limit"])
def test_status_1_a_colour_is_six_hexadecimal_digits(name: str) -> None:
    assert getattr(Palette(**{name: "#0aF9bC"}), name) == "#0aF9bC"
    for bad in ("red", "#12345", "#1234567", "123456", "#12345g"):
        assert refusal(InvalidValue, Palette, **{name: bad}) == (name, bad, "is not a colour", "write it like #3c8224")


def test_status_1_the_usual_colours() -> None:
    assert Palette() == Palette(tracked="#3c8224", manual="#e8b923", over_limit="#c9302c")


def test_dispute_3_by_default_nothing_happens() -> None:
    assert DisputeRule() == DisputeRule(pauses_contract=False, weekly_limit_zero=False)


def test_money_is_whole_minor_units_of_a_known_currency() -> None:
    assert refusal(InvalidValue, Money, 1.5, "USD") == (
        "minor",
        1.5,
        "is not a whole number of minor units",
        "use Money.of for an amount",
    )
    assert refusal(UnknownCurrency, Money, 5, "XXX")[:2] == ("currency", "XXX")


@pytest.mark.parametrize("bad", [-1, 366 * 1440 + 1, 1.5, True, None])
def test_a_wall_offset_is_at_most_a_year(bad: Any) -> None:
    words = "is not 0 to 366 days", "give whole minutes, at most 527040"
    assert refusal(InvalidValue, WallOffset, bad) == ("minutes", bad, *words)


@pytest.mark.parametrize("text", ["P367D", "P53W", "PT527041M"])
def test_an_offset_in_words_is_at_most_a_year(text: str) -> None:
    words = "is longer than 366 days", "write it like P7DT12H or P16D"
    assert refusal(InvalidValue, WallOffset.parse, text, "locks_after") == ("locks_after", text, *words)


def test_the_latest_week_has_all_its_deadlines() -> None:
    late = attrs.evolve(PLAIN.billing, available_after=WallOffset.parse("P366D"))
    last = attrs.evolve(PLAIN, billing=late).week_of("9997-12-31T23:59:59Z")
    assert str(attrs.evolve(PLAIN, billing=late).calendar(last).available_at).startswith("9998-12-30")
    assert len(last.slots) == 1008
    latest = attrs.evolve(PLAIN, billing=late).week_of_slot(LAST)
    assert str(attrs.evolve(PLAIN, billing=late).calendar(latest).available_at).startswith("9999-01")


@pytest.mark.parametrize("bad", [3600, None, [], 1.5])
def test_a_zone_is_a_name(bad: Any) -> None:
    words = "is not a name", "give one of the tz database, such as Europe/Berlin"
    assert refusal(UnknownZone, zone, bad) == ("zone", bad, *words)


def test_snapshots_are_a_list_and_not_one_text() -> None:
    found = refusal(InvalidValue, Segment.tracked, "2026-11-16T00:00Z", snapshots="2026-11-16T00:01Z")
    assert found == ("snapshots", "2026-11-16T00:01Z", "is a single text", "give a list of snapshots or instants")


def test_members_are_enums() -> None:
    """The words about a wrong member list every right one."""

    class Colour(Enum):
        RED = "red"

    from workdiary.model.checks import check_each

    assert refusal(InvalidValue, check_each, ["red"], Colour, "colours") == (
        "colours[0]",
        "red",
        "is not a Colour",
        "give one of Colour.RED",
    )


def evolved(part: Any, name: str, value: Any) -> Any:
    """Return `part` with one field replaced."""
    return attrs.evolve(part, **{name: value})


def test_a_list_is_asked_for_by_name() -> None:
    assert refusal(InvalidValue, attrs.evolve, PLAIN, fees=["x"])[:3] == ("fees[0]", "x", "is not a FeeTier")
    assert refusal(InvalidValue, attrs.evolve, PLAIN, fees=5) == ("fees", 5, "is not a list", "give a list")
    assert refusal(InvalidValue, attrs.evolve, PLAIN.editing, statuses=["x"])[0] == "statuses[0]"
    assert refusal(InvalidValue, attrs.evolve, PLAIN.protection, requires=["x"])[0] == "requires[0]"
    assert refusal(InvalidValue, attrs.evolve, PLAIN.protection, facts_checked=["x"])[0] == "facts_checked[0]"
    assert refusal(InvalidValue, contract, terms=None) == ("terms", None, "is not a list", "give a list")


@pytest.mark.parametrize("name", ["min_average_active_minutes", "lifetime_hours", "lifetime_amount"])
def test_protect_figures_are_exact(name: str) -> None:
    assert getattr(evolved(PLAIN.protection, name, "5.5"), name) == Decimal("5.5")
    assert getattr(evolved(PLAIN.protection, name, None), name) is None
    assert refusal(FloatRefused, attrs.evolve, PLAIN.protection, **{name: 5.5})[0] == name
    for bad in (Decimal("NaN"), Decimal(-1), "x"):
        assert refusal(InvalidValue, attrs.evolve, PLAIN.protection, **{name: bad})[0] == name


def test_hours_are_exact() -> None:
    assert refusal(FloatRefused, Hours, 40.0)[:2] == ("hours", 40.0)
    for bad in (Decimal("NaN"), Decimal("Infinity"), Decimal(-5)):
        assert refusal(InvalidValue, Hours, bad)[:2] == ("hours", bad)
    assert Hours("12.5").slots == 75


def test_evidence_is_of_its_kind() -> None:
    here = "2026-11-16T00:00Z"
    words = "is not an Activity", "leave it out when unknown"
    assert refusal(InvalidValue, Segment.tracked, here, activity=5) == ("activity", 5, *words)
    shots: dict[str, Any] = {"slot": 2991312, "source": Source.TRACKED}
    assert refusal(InvalidValue, Segment, **shots, snapshots=(None,))[:3] == ("snapshots[0]", None, "is not a Snapshot")
    assert Segment(**shots, snapshots=[Snapshot()]).snapshots == (Snapshot(),)
    words = "do not agree with the meter and the totals", "make it by Activity.of_minutes"
    rows: Any = ((1, 0, 0),) * 10
    assert refusal(InvalidValue, Activity, meter=0, counts=rows) == ("counts", rows, *words)
    assert refusal(InvalidValue, Activity, meter=10, counts=list(rows)) == ("counts", list(rows), *words)
    whole = Activity.of_minutes(rows)
    for wrong in (rows[:9], ((1, 0),) * 10, ([1, 0, 0],) * 10, ((True, 0, 0),) * 10, ((-1, 2, 0),) * 10, rows):
        # The last one has no totals, which the reader of its minutes would give it (B67).
        assert refusal(InvalidValue, Activity, meter=10, counts=wrong) == ("counts", wrong, *words)
    assert attrs.evolve(whole) == whole
    assert refusal(InvalidValue, Snapshot, digest=5)[:3] == ("digest", 5, "is not text")


def test_protect_4_a_blank_label_is_none_that_a_client_could_offer() -> None:
    words = "is blank", "leave it out: a blank label is no label (EDIT-6)"
    assert refusal(InvalidValue, contract, labels=["a", "\u2003"]) == ("labels[1]", "\u2003", *words)


def test_dispute_1_the_review_ends_after_the_invoice() -> None:
    same = WallOffset.parse("P7DT12H")
    assert refusal(InvalidValue, attrs.evolve, PLAIN.billing, review_ends_after=same) == (
        "review_ends_after",
        "P7DT12H",
        "is not after invoiced_after, P7DT12H",
        "the review begins with the invoice (DISPUTE-1)",
    )
    later = WallOffset.parse("P7DT12H1M")
    assert attrs.evolve(PLAIN.billing, review_ends_after=later).review_ends_after == later
