"""What the commands say under ``--json``: plain objects, with instants and money as text."""

from __future__ import annotations

import json
from typing import Any

from workdiary.model.money import hours_text, rate_text
from workdiary.model.slots import Slots
from workdiary.model.times import Moment, Zone, slot_start
from workdiary.statement import WeekStatement

__all__ = ["advice_of", "full", "print_json", "reasons_of", "runs", "summary"]


def print_json(value: object) -> None:
    """Print `value` as JSON in ASCII, which no terminal can mistake for anything else."""
    print(json.dumps(value))


def summary(statement: WeekStatement) -> dict[str, Any]:
    """Return one week of one contract in short: hours by status, the bill, what is protected of it."""
    hours = statement.hours
    return {
        "contract": statement.contract.id,
        "policy": statement.policy.name,
        "week": str(statement.week.nominal.date()),
        "hours": {
            "tracked": hours.tracked,
            "manual": hours.manual,
            "over_limit": hours.over_limit,
            "billable": hours.billable,
            "protected": hours_text(len(statement.protected)),
        },
        "lines": [
            {
                "rate": rate_text(line.rate, line.amount.currency),
                "slots": line.slots,
                "hours": line.hours,
                "amount": line.amount.text,
            }
            for line in statement.lines
        ],
        "amount": statement.amount.text,
        "currency": statement.amount.currency,
        "protected_amount": statement.protected_amount.text,
    }


def full(statement: WeekStatement, zone: Zone, at: Moment | None) -> dict[str, Any]:
    """Return everything about one week of one contract; days are those of `zone`, advice is that of `at`."""
    calendar = statement.calendar
    made = {
        **summary(statement),
        "freelancer": statement.contract.freelancer,
        "client": statement.contract.client,
        "zone": zone.name,
        "tracked": runs(statement.tracked),
        "manual": runs(statement.manual),
        "over_limit": runs(statement.over_limit),
        "protected": runs(statement.protected),
        "unprotected": [
            {
                "from": str(slot_start(finding.start)),
                "to": str(slot_start(finding.stop)),
                "reasons": [{"code": code.value, "rule": code.rule} for code in finding.codes],
            }
            for finding in statement.unprotected
        ],
        "calendar": {
            name: str(getattr(calendar, name))
            for name in ("starts_at", "ends_at", "locks_at", "invoiced_at", "review_ends_at", "available_at")
        },
        "days": [
            {
                "date": str(row.key),
                "tracked": hours_text(len(row.tracked)),
                "manual": hours_text(len(row.manual)),
                "billable": row.hours,
            }
            for row in statement.report("day", zone)
        ],
        "memos": [{"memo": row.key, "billable": row.hours} for row in statement.report("memo")],
        "labels": [{"label": row.key, "billable": row.hours} for row in statement.report("label")],
    }
    if at is not None:
        made["advice"] = advice_of(statement, at)
    return made


def advice_of(statement: WeekStatement, at: Moment) -> list[dict[str, Any]]:
    """Return what could still be done at `at`, and what it would be worth."""
    return [
        {
            "kind": advice.kind.value,
            "role": advice.role.value,
            "segments": runs(advice.slots),
            "hours": advice.hours,
            "worth": advice.worth.text,
            "until": str(advice.until),
            "text": str(advice),
        }
        for advice in statement.advice(at=at)
    ]


def reasons_of(statement: WeekStatement, slot: int) -> list[dict[str, str]]:
    """Return why `slot` is not protected, as codes with their rules; empty when it is."""
    return [
        {"code": reason.code.value, "rule": reason.rule}
        for reason in statement.protection.failures
        if slot in reason.slots
    ]


def runs(slots: Slots) -> list[list[str]]:
    """Return `slots` as maximal half-open runs of instants."""
    return [[str(slot_start(start)), str(slot_start(stop))] for start, stop in slots.runs()]
