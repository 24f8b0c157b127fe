"""A platform's own policy file: dated rows with sources, and everything that can be wrong with one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import refusal
from workdiary import files, policies
from workdiary.errors import NOTHING, PolicyError, Problems, UnknownPolicy
from workdiary.model.policy import Confidence, DisputeRule, LimitOrder, Palette
from workdiary.model.times import instant

ACME = """
name = "acme"
title = "Acme hours"

[[week]]
since = 2020-01-01
source = "Acme handbook, page 1"
rules = ["WEEK-1"]
starts_on = "thursday"
starts_at = "03:30"
zone = "Asia/Kathmandu"

[[credit]]
since = 2020-01-01
source = "Acme handbook, page 2"
rules = ["CREDIT-carry"]
confidence = "decision"
rule = "carry"
min_seconds = 300

[[limit]]
since = 2020-01-01
source = "Acme handbook, page 3"
rules = ["LIMIT-2"]
order = "chronological"
increase = "whole_week"
decrease = "next_week"

[[limit]]
since = 2024-06-01
source = "Acme handbook, second edition"
rules = ["LIMIT-2"]
order = "tracked_first"
increase = "from_then_on"
decrease = "from_then_on"

[[editing]]
since = 2020-01-01
source = "Acme handbook, page 4"
rules = ["EDIT-1"]
locks_after = "P9DT1H30M"
statuses = ["active", "paused"]
permissions.freelancer = ["add_time"]
permissions.client = []

[[manual]]
since = 2020-01-01
source = "Acme handbook, page 5"
rules = ["MANUAL-3"]
needs_permission = false
on_taken = "refuse"
memo_required = false

[[protection]]
since = 2020-01-01
source = "Acme handbook, page 6"
rules = ["PROTECT-1"]
requires_snapshot = false
min_active_minutes = 0
min_average_active_minutes = "5.5"
memo = "optional"
label = "optional"
requires = []
facts_checked = []
rate_cap = "usual_rate"
lifetime_hours = "50"
lifetime_amount = "2500"

[[billing]]
since = 2020-02-01
source = "Acme handbook, page 7"
rules = ["BILL-1"]
rounding = "half_even"
invoiced_after = "P8D"
review_ends_after = "P10D"
available_after = "P11D"
"""


def changed(*swaps: tuple[str, str]) -> str:
    text = ACME
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def problems(text: str) -> list[tuple[str, object, str, str]]:
    """Every error of a policy file called acme.toml, each exactly a `PolicyError`."""
    with pytest.raises(Problems) as caught:
        policies.parse(text, "acme.toml")
    assert caught.value.argument == ""
    assert all(type(error) is PolicyError for error in caught.value)
    return [(error.argument, error.value, error.allowed, error.remedy) for error in caught.value]


# What a file says


def test_a_platforms_own_policy_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(ACME, encoding="utf-8")
    file = policies.load(path)
    assert (file.name, file.title) == ("acme", "Acme hours")
    assert file == policies.load(str(path)) == policies.parse(ACME)
    policy = file.at()
    assert (policy.name, policy.title) == ("acme", "Acme hours")
    assert policy.week.starts_at == 210
    assert policy.week.zone.name == "Asia/Kathmandu"
    assert str(policy.protection.min_average_active_minutes) == "5.5"
    assert str(policy.editing.locks_after) == "P9DT1H30M"


def test_the_row_that_holds_is_the_latest_whose_date_is_not_after_the_instant() -> None:
    file = policies.parse(ACME)
    assert file.at().limit.order is LimitOrder.TRACKED_FIRST
    assert file.at("2024-06-01T00:00:00Z").limit.order is LimitOrder.TRACKED_FIRST
    assert file.at("2024-05-31T23:59:59Z").limit.order is LimitOrder.CHRONOLOGICAL
    assert file.at(instant("2024-05-31T23:59:59Z")).sources[2].source == "Acme handbook, page 3"
    assert file.dates == ("2020-01-01", "2020-02-01", "2024-06-01")


def test_a_policy_holds_from_the_date_on_which_all_its_sections_do() -> None:
    file = policies.parse(ACME)
    assert file.at("2020-02-01T00:00:00Z").name == "acme"
    assert refusal(UnknownPolicy, file.at, "2020-01-31T23:59:59Z") == (
        "at",
        "2020-01-31T23:59:59Z",
        "is before acme's first billing rule, 2020-02-01",
        "ask later",
    )
    assert refusal(UnknownPolicy, file.at, "2019-12-31T23:59:59Z")[2] == "is before acme's first week rule, 2020-01-01"


def test_each_source_says_its_section_date_rules_and_confidence() -> None:
    sources = policies.parse(ACME).at().sources
    assert [source.section for source in sources] == [
        "week", "credit", "limit", "editing", "manual", "protection", "billing",
    ]  # fmt: skip
    assert attrs.astuple(sources[1]) == (
        "credit", date(2020, 1, 1), "Acme handbook, page 2", ("CREDIT-carry",), Confidence.DECISION,
    )  # fmt: skip
    assert attrs.astuple(sources[2])[1:3] == (date(2024, 6, 1), "Acme handbook, second edition")
    assert sources[0].confidence is Confidence.PLATFORM


def test_fees_dispute_and_palette_may_be_left_out_or_begin_later() -> None:
    assert policies.parse(ACME).at().fees == ()
    assert policies.parse(ACME).at().dispute == DisputeRule()
    assert policies.parse(ACME).at().palette == Palette()
    fees = (
        ACME
        + '[[fees]]\nsince = 2025-01-01\nsource = "x"\nrules = ["BILL-3"]\ntiers = [{ above = "0", rate = "0.5" }]\n'
    )
    assert len(policies.parse(fees).at().fees) == 1
    assert policies.parse(fees).at("2024-12-31T00:00Z").fees == ()
    dispute = ACME + '[[dispute]]\nsince = 2025-01-01\nsource = "x"\nrules = ["DISPUTE-3"]\npauses_contract = true\n'
    assert policies.parse(dispute).at().dispute == DisputeRule(pauses_contract=True)


def test_without_a_title_the_name_is_the_title() -> None:
    assert policies.parse(changed(('title = "Acme hours"', ""))).title == "acme"


def test_the_keys_that_may_be_left_out_of_the_protection() -> None:
    rule = (
        policies.parse(
            changed(
                ('min_average_active_minutes = "5.5"', ""),
                ('lifetime_hours = "50"', ""),
                ('lifetime_amount = "2500"', ""),
            )
        )
        .at()
        .protection
    )
    assert (rule.min_average_active_minutes, rule.lifetime_hours, rule.lifetime_amount) == (None, None, None)


# What can be wrong


def test_an_unknown_key_is_named_with_its_path_and_the_known_ones() -> None:
    assert problems(changed(('order = "chronological"', 'oder = "chronological"'))) == [
        ("acme.toml: limit[0].oder", "oder", "is not a known key", "did you mean order?"),
        ("acme.toml: limit[0].order", NOTHING, "is missing", "give it"),
    ]


def test_an_unknown_value_is_named_with_its_path_and_the_choices() -> None:
    assert problems(changed(('"tracked_first"', '"manual_first"'), ('"half_even"', '"up"'))) == [
        ("acme.toml: limit[1].order", "manual_first", "is not known", "choose one of: chronological, tracked_first"),
        ("acme.toml: billing[0].rounding", "up", "is not known", "choose one of: half_up, half_even"),
    ]


WRONG = [
    (('starts_on = "thursday"', 'starts_on = "donnerstag"'), "week[0].starts_on", "donnerstag", "is not known"),
    (('starts_at = "03:30"', 'starts_at = "24:00"'), "week[0].starts_at", "24:00", "is not a time of day"),
    (('zone = "Asia/Kathmandu"', 'zone = "Utopia"'), "week[0].zone", "Utopia", "is not a zone of the tz database"),
    (("min_seconds = 300", "min_seconds = 0"), "credit[0].min_seconds", 0, "is not 1 to 600 seconds"),
    (("min_seconds = 300", 'min_seconds = "300"'), "credit[0].min_seconds", "300", "is not a whole number"),
    (("min_seconds = 300", "min_seconds = true"), "credit[0].min_seconds", True, "is not a whole number"),
    (
        ('increase = "whole_week"', 'increase = "next_week"'),
        "limit[0].increase",
        "next_week",
        "is not whole_week or from_then_on",
    ),
    (
        ('locks_after = "P9DT1H30M"', 'locks_after = "9 days"'),
        "editing[0].locks_after",
        "9 days",
        "is not a wall-clock offset",
    ),
    (
        ('statuses = ["active", "paused"]', 'statuses = ["active", "idle"]'),
        "editing[0].statuses[1]",
        "idle",
        "is not known",
    ),
    (('statuses = ["active", "paused"]', 'statuses = "active"'), "editing[0].statuses", "active", "is not a list"),
    (('["add_time"]', '["add_times"]'), "editing[0].permissions.freelancer[0]", "add_times", "is not known"),
    (
        ("needs_permission = false", 'needs_permission = "no"'),
        "manual[0].needs_permission",
        "no",
        "is not true or false",
    ),
    (("needs_permission = false", "needs_permission = 0"), "manual[0].needs_permission", 0, "is not true or false"),
    (("min_active_minutes = 0", "min_active_minutes = 11"), "protection[0].min_active_minutes", 11, "is not 0 to 10"),
    (
        ('lifetime_hours = "50"', "lifetime_hours = 50"),
        "protection[0].lifetime_hours",
        50,
        "is not a decimal number as text",
    ),
    (
        ('lifetime_hours = "50"', "lifetime_hours = 50.5"),
        "protection[0].lifetime_hours",
        50.5,
        "is a float, which cannot hold it exactly",
    ),
    (
        ('lifetime_hours = "50"', 'lifetime_hours = "-1"'),
        "protection[0].lifetime_hours",
        "-1",
        "is not a decimal number, 0 or more",
    ),
    (("since = 2020-02-01", 'since = "soon"'), "billing[0].since", "soon", "is not a date"),
    (("since = 2020-02-01", "since = 2020"), "billing[0].since", 2020, "is not a date"),
    (('confidence = "decision"', 'confidence = "sure"'), "credit[0].confidence", "sure", "is not known"),
    (('source = "Acme handbook, page 7"', "source = 7"), "billing[0].source", 7, "is not text"),
    (('rules = ["BILL-1"]', 'rules = "BILL-1"'), "billing[0].rules", "BILL-1", "is not a list"),
]


@pytest.mark.parametrize(("swap", "path", "value", "allowed"), WRONG)
def test_a_wrong_value_is_named_with_its_path(swap: tuple[str, str], path: str, value: Any, allowed: str) -> None:
    (found,) = problems(changed(swap))
    assert found[:3] == (f"acme.toml: {path}", value, allowed)
    assert found[3]


@pytest.mark.parametrize("key", ["since", "source", "rules"])
def test_every_row_says_since_when_it_holds_where_it_is_written_and_what_it_sets(key: str) -> None:
    lines = ACME.splitlines()
    place = lines.index("[[billing]]")
    without = [line for n, line in enumerate(lines) if n < place or not line.startswith(f"{key} =")]
    assert problems("\n".join(without)) == [(f"acme.toml: billing[0].{key}", NOTHING, "is missing", "give it")]


def test_an_empty_source_is_no_source() -> None:
    words = "is empty", "say where the rule is written"
    assert problems(
        changed(('source = "Acme handbook, page 7"', 'source = ""'), ('rules = ["BILL-1"]', "rules = []"))
    ) == [
        ("acme.toml: billing[0].source", "", *words),
        ("acme.toml: billing[0].rules", (), *words),
    ]


@pytest.mark.parametrize("day", ["2020-01-01", "2019-12-31"])
def test_rows_are_in_order_of_time_and_none_stands_twice(day: str) -> None:
    assert problems(changed(("since = 2024-06-01", f"since = {day}"))) == [
        ("acme.toml: limit[1].since", day, "is not after the row before it", "put rows in order")
    ]


def test_an_unknown_section_and_a_missing_one_are_both_named() -> None:
    known = "name, title, week, credit, limit, editing, manual, protection, billing, fees, dispute, palette"
    assert problems(changed(("[[manual]]", "[[manuals]]"))) == [
        ("acme.toml: manuals", "manuals", "is not a section", f"known: {known}"),
        ("acme.toml: manual", NOTHING, "is missing", "write a [[manual]] section"),
    ]


def test_an_empty_file_lacks_everything() -> None:
    found = problems("")
    assert found[0] == ("acme.toml: name", None, "is not a name", 'give one, such as name = "acme"')
    assert [place for place, *_ in found[1:]] == [
        f"acme.toml: {section}" for section in ("week", "credit", "limit", "editing", "manual", "protection", "billing")
    ]


@pytest.mark.parametrize("swap", ['name = ""', "name = 5", 'name = " "', 'name = "\\u2003\\t"'])
def test_a_policy_has_a_name(swap: str) -> None:
    assert [found[0] for found in problems(changed(('name = "acme"', swap)))] == ["acme.toml: name"]


def test_a_title_is_text() -> None:
    assert problems(changed(('title = "Acme hours"', "title = 5"))) == [
        ("acme.toml: title", 5, "is not a name", 'give one, such as name = "acme"')
    ]


def test_a_section_that_is_not_a_list_of_rows_is_refused() -> None:
    ((place, given, allowed, remedy),) = problems(changed(("[[manual]]", "[manual]")))
    assert (place, allowed, remedy) == ("acme.toml: manual", "is not a list of dated rows", "write it as [[manual]]")
    assert isinstance(given, dict)


@pytest.mark.parametrize("line", ["fees = []", "fees = 5", "palette = {}"])
def test_an_optional_section_too_is_a_list_of_rows(line: str) -> None:
    name = line.split()[0]
    assert [found[0::2] for found in problems(f"{line}\n{ACME}")] == [
        (f"acme.toml: {name}", "is not a list of dated rows")
    ]


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    text = changed(
        ("[[week]]", "colour = 1\n[[week]]"),
        ("min_seconds = 300", "min_seconds = 0"),
        ('on_taken = "refuse"', 'on_taken = "x"'),
    )
    assert [found[0] for found in problems(text)] == [
        "acme.toml: colour", "acme.toml: credit[0].min_seconds", "acme.toml: manual[0].on_taken",
    ]  # fmt: skip
    with pytest.raises(Problems, match=r"(?s)acme\.toml: colour: .*\nacme\.toml: credit\[0\]"):
        policies.parse(text, "acme.toml")


@pytest.mark.parametrize("text", ["name = [", "name = 'a'\nname = 'b'", "{}", "x = " + "[" * 5000])
def test_what_is_not_toml_is_refused(text: str) -> None:
    place, _, allowed, remedy = refusal(PolicyError, policies.parse, text, "acme.toml")
    assert (place, allowed, remedy) == ("acme.toml", "is not TOML", "check the line that it names")


@pytest.mark.parametrize("line", ["name = ", "x = -"])
def test_a_number_of_more_digits_than_python_reads_is_refused(line: str) -> None:
    place, given, allowed, remedy = refusal(PolicyError, policies.parse, line + "9" * 5000, "acme.toml")
    assert (place, given, remedy) == ("acme.toml", NOTHING, "check its numbers")
    assert allowed.startswith("is not usable TOML (")


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9998-01-01", "9999-12-31"])
def test_a_date_out_of_reach_is_named_with_its_path_beside_the_other_problems(day: str) -> None:
    text = changed(("since = 2020-02-01", f"since = {day}"), ('"tracked_first"', '"manual_first"'))
    assert problems(text) == [
        ("acme.toml: limit[1].order", "manual_first", "is not known", "choose one of: chronological, tracked_first"),
        ("acme.toml: billing[0].since", day, "is outside the years 1900 to 9997", "check the year"),
    ]


def test_everything_that_is_wrong_with_one_row_is_reported() -> None:
    text = changed(
        ("since = 2020-02-01", "since = 0001-01-01"),
        ('source = "Acme handbook, page 7"', 'source = " "'),
        ('"half_even"', '"up"'),
    )
    assert [found[0] for found in problems(text)] == [
        "acme.toml: billing[0].source", "acme.toml: billing[0].since", "acme.toml: billing[0].rounding",
    ]  # fmt: skip


def test_a_platform_may_have_rules_of_its_own() -> None:
    assert policies.parse(changed(('rules = ["WEEK-1"]', 'rules = ["LIMIT-99"]'))).at().sources[0].rules == (
        "LIMIT-99",
    )


def test_a_policy_text_without_a_name_of_its_file_is_called_policy() -> None:
    assert refusal(PolicyError, policies.parse, "=")[0] == "policy"


def test_a_file_that_cannot_be_read_is_refused_by_its_path(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert refusal(PolicyError, policies.load, missing) == (
        str(missing),
        NOTHING,
        "cannot be read (No such file or directory)",
        "check the path",
    )
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    place, _, allowed, _ = refusal(PolicyError, policies.load, str(binary))
    assert place == str(binary)
    assert allowed.startswith("cannot be read ('utf-8' codec")


def test_a_file_that_never_ends_is_refused_by_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    assert refusal(PolicyError, policies.load, "/dev/zero") == (
        "/dev/zero", "more than 1000 bytes", "is over the limit of 1000", "check that it is a policy",
    )  # fmt: skip


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b", "."])
def test_a_path_that_is_no_file_is_refused(path: str) -> None:
    place, given, allowed, remedy = refusal(PolicyError, policies.load, path)
    assert (place, given, remedy) == (path, NOTHING, "check the path")
    assert allowed.startswith("cannot be read (")


def test_errors_of_a_file_name_the_file_and_not_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("colour = 1", encoding="utf-8")
    with pytest.raises(Problems) as caught:
        policies.load(path)
    assert caught.value.errors[0].argument == "mine.toml: colour"


def test_a_policy_file_is_a_value() -> None:
    file: Any = policies.parse(ACME)
    assert hash(file.at()) == hash(policies.parse(ACME).at())
    with pytest.raises(AttributeError):
        file.name = "x"


FEES = '[[fees]]\nsince = 2025-01-01\nsource = "x"\nrules = ["BILL-3"]\n'


def test_fees_without_their_tiers_are_refused_with_the_path() -> None:
    assert [found[0] for found in problems(ACME + FEES)] == ["acme.toml: fees[0].tiers"]


def test_an_unknown_key_beside_the_tiers_of_fees_is_refused_with_the_path() -> None:
    assert [found[0] for found in problems(ACME + FEES + "tiers = []\nrate = 1\n")] == ["acme.toml: fees[0].rate"]


def test_a_row_that_is_no_table_is_refused_with_the_path() -> None:
    assert [found[0] for found in problems("fees = [1]\n" + ACME)] == ["acme.toml: fees[0]"]


def test_a_row_without_a_source_and_with_a_wrong_value_has_both_reported() -> None:
    text = changed(('source = "Acme handbook, page 7"\n', ""), ('"half_even"', '"up"'))
    assert [found[0] for found in problems(text)] == ["acme.toml: billing[0].source", "acme.toml: billing[0].rounding"]


# Two dates of one policy


def test_policies_of_one_name_are_told_apart_by_the_date_of_their_newest_rule() -> None:
    file = policies.parse(ACME)
    old, new = file.at("2024-05-31T00:00Z"), file.at()
    assert policies.diff(old, new) == (
        "limit.order: acme 2020-02-01 chronological, acme 2024-06-01 tracked_first",
        "limit.increase: acme 2020-02-01 whole_week, acme 2024-06-01 from_then_on",
        "limit.decrease: acme 2020-02-01 next_week, acme 2024-06-01 from_then_on",
    )
    old, new = policies.get("odesk", at="2008-06-02T00:00Z"), policies.get("odesk", at="2010-06-07T00:00Z")
    assert policies.diff(old, new) == ("editing.locks_after: odesk 2008-01-01 P8D, odesk 2010-01-01 P7DT12H",)


def test_policies_of_one_name_and_one_date_are_told_apart_by_their_order() -> None:
    mine, theirs = policies.parse(ACME).at(), policies.parse(changed(('"half_even"', '"half_up"'))).at()
    assert policies.diff(mine, theirs) == ("billing.rounding: acme (first) half_even, acme (second) half_up",)
    bare = attrs.evolve(mine, sources=())
    assert policies.diff(bare, attrs.evolve(theirs, sources=())) == (
        "billing.rounding: acme (first) half_even, acme (second) half_up",
    )
