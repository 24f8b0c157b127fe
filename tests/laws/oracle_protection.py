"""A slow and plain reference for PROTECT: one segment after the other, one criterion after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from tests.laws import oracle


class Worked(NamedTuple):
    """One recorded segment: its meter is None when unknown, its label None when there is none."""

    slot: int
    source: str
    memo: str
    label: str | None
    meter: int | None
    snapshot: bool


class Account(NamedTuple):
    """What protection knows beside the segments and the rule."""

    labels_offered: bool
    facts: Sequence[tuple[int, set[str]]]
    invoiced_at: int
    rates: Sequence[tuple[int, Fraction]]
    usual_rate: Fraction | None
    used_slots: int
    used_amount: Fraction


_CODES = {
    "billing_verified": "billing_not_verified",
    "good_standing": "not_in_good_standing",
    "identity_verified": "identity_not_verified",
}


def failures(
    recorded: Sequence[Worked], red: set[int], rule: Mapping[str, Any], account: Account
) -> dict[int, list[str]]:
    """The failing criteria of each segment, by slot in time order; protected ones have none."""
    found = {one.slot: _own(one, one.slot in red, rule, account) for one in sorted(recorded)}
    # PROTECT-3: one average over what passes so far; exactly at the minimum passes.
    passing = [one for one in sorted(recorded) if not found[one.slot]]
    known = [one.meter for one in passing if one.meter is not None]
    minimum = rule["min_average_active_minutes"]
    if minimum is not None and known and Fraction(sum(known), len(known)) < Fraction(minimum):
        for one in passing:
            found[one.slot].append("low_average_activity")
    # PROTECT-7: in time order, each at its exact protected rate; after the first that does not fit, none does.
    slots, amount, ended = account.used_slots, account.used_amount, False
    for one in sorted(recorded):
        if found[one.slot]:
            continue
        rate = oracle.rate_at(one.slot * 600, account.rates)
        if rule["rate_cap"] == "usual_rate" and account.usual_rate is not None:
            rate = min(rate, account.usual_rate)
        too_long = rule["lifetime_hours"] is not None and Fraction(slots + 1, 6) > Fraction(rule["lifetime_hours"])
        too_dear = rule["lifetime_amount"] is not None and amount + rate / 6 > Fraction(rule["lifetime_amount"])
        ended = ended or too_long or too_dear
        if ended:
            found[one.slot].append("lifetime_cap")
        else:
            slots, amount = slots + 1, amount + rate / 6
    return found


def _own(one: Worked, red: bool, rule: Mapping[str, Any], account: Account) -> list[str]:
    """What one segment alone fails, in the rulebook's order."""
    tracked, minimum = one.source == "tracked", rule["min_active_minutes"]
    asked = tracked and minimum > 0
    no_memo = not one.memo.strip(_BLANK)
    wanting_memo = {"required": no_memo, "label_suffices": no_memo and one.label is None, "optional": False}
    wanting_label = rule["label"] == "required_if_offered" and account.labels_offered and one.label is None
    criteria = [
        ("manual_time", not tracked),
        ("over_limit", red),
        ("no_snapshot", tracked and rule["requires_snapshot"] and not one.snapshot),
        ("activity_unknown", asked and one.meter is None),
        ("no_activity", asked and one.meter == 0),
        ("low_activity", asked and one.meter is not None and 0 < one.meter < minimum),
        ("missing_memo", wanting_memo[rule["memo"]]),
        ("missing_label", wanting_label),
    ]
    moments = {"worked": one.slot * 600, "invoiced": account.invoiced_at}
    for fact, code in _CODES.items():
        lacking = any(fact not in _on_record(account, moments[moment]) for moment in rule["facts_checked"])
        criteria.append((code, fact in rule["requires"] and lacking))
    return [code for code, failing in criteria if failing]


def _on_record(account: Account, second: int) -> set[str]:
    known = [facts for since, facts in account.facts if since <= second]
    return known[-1] if known else set()


# Unicode's White_Space, written out.
_BLANK = "".join(
    map(chr, [*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000])
)
