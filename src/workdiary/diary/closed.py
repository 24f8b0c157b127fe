"""`ClosedWeek`: a billed week as it was recorded: its statement, word for word, for ever.

The statement is a document of its own: it holds the contract and the policy as they stood, so that
what it says can be computed again without anything else, by anyone, at any time.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from workdiary.diary.canonical import canonical, document_digest
from workdiary.diary.changes import WeekClosed
from workdiary.diary.entry import Entry, Head
from workdiary.errors import NOTHING, ChainError, DocumentError
from workdiary.formats.reading import object_of, parse_json
from workdiary.model.contract import Contract
from workdiary.model.outcome import Bill
from workdiary.model.policy import Calendar, Policy
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slots
from workdiary.model.times import Week
from workdiary.plain import destructure, structure
from workdiary.statement import WeekStatement, week_statement

__all__ = ["ClosedWeek", "policy_digest", "statement_document"]

FORMAT: Final = "workdiary-statement"
VERSION: Final = 1
KEYS: Final = {"journal", "contract", "policy", "tracked", "manual", "protected", "calendar", "amount"}


def statement_document(statement: WeekStatement, head: Head) -> dict[str, Any]:
    """Return everything that `statement` says as plain data; `head` is the diary's, at the moment of closing."""
    hours = statement.hours
    return {
        "format": FORMAT,
        "version": VERSION,
        "journal": str(head),
        "contract": destructure(statement.contract),
        "policy": destructure(statement.policy),
        "week": destructure(statement.week.slots),
        "calendar": destructure(statement.calendar),
        "tracked": destructure(statement.tracked),
        "manual": destructure(statement.manual),
        "over_limit": destructure(statement.over_limit),
        "protected": destructure(statement.protected),
        "unprotected": [
            {
                "slots": destructure(Slots.range(finding.start, finding.stop)),
                "reasons": [code.value for code in finding.codes],
            }
            for finding in statement.unprotected
        ],
        "hours": {
            "tracked": hours.tracked,
            "manual": hours.manual,
            "over_limit": hours.over_limit,
            "billable": hours.billable,
        },
        "lines": _lines(statement.bill),
        "amount": str(statement.amount),
        "protected_lines": _lines(statement.protected_bill),
        "protected_amount": str(statement.protected_amount),
    }


def _lines(bill: Bill) -> list[dict[str, Any]]:
    return [
        {"rate": f"{line.rate:f}", "segments": line.slots, "hours": line.hours, "amount": str(line.amount)}
        for line in bill.lines
    ]


def policy_digest(policy: Policy) -> str:
    """Return the digest of all of `policy`'s numbers: the version that a week was billed by."""
    return document_digest(canonical(destructure(policy)))


@attrs.frozen(kw_only=True)
class ClosedWeek:
    """A closed week, read from its entry."""

    entry: Entry = attrs.field(repr=False)
    document: dict[str, Any] = attrs.field(repr=False)
    contract: Contract
    policy: Policy = attrs.field(repr=False)
    billable: Slots
    protected: Slots
    calendar: Calendar = attrs.field(repr=False)

    @classmethod
    def of(cls, entry: Entry) -> ClosedWeek:
        """Return what the entry of a `WeekClosed` holds.

        Raises `ChainError` when the statement is not the one that the digest is of.
        """
        closed = entry.change
        place = f"entries[{entry.number}]"
        if not isinstance(closed, WeekClosed):
            raise DocumentError(place, entry.id, "closes no week", "give the entry of a WeekClosed")
        if document_digest(closed.statement.encode("ascii", "replace")) != closed.digest:
            raise ChainError(place, closed.digest, "is not the digest of the statement", "restore a copy that verifies")
        document = object_of(parse_json(closed.statement, place), place)
        missing = sorted(KEYS - document.keys())
        if missing:
            raise DocumentError(f"{place}.{missing[0]}", NOTHING, "is missing", "restore a copy that verifies")
        return cls(
            entry=entry,
            document=document,
            contract=structure(document["contract"], Contract, f"{place}.contract"),
            policy=structure(document["policy"], Policy, f"{place}.policy"),
            billable=structure(document["tracked"], Slots, place) | structure(document["manual"], Slots, place),
            protected=structure(document["protected"], Slots, place),
            calendar=structure(document["calendar"], Calendar, place),
        )

    @property
    def amount(self) -> str:
        """What the client pays for the week."""
        return str(self.document["amount"])

    def recompute(self, sheet: Sheet, week: Week) -> WeekStatement:
        """Return the statement computed anew from the week's `sheet`, with the contract and the policy of then.

        Raises `ChainError` when it does not come out to the same bytes.
        """
        statement = week_statement(self.contract, sheet, week=week, policy=self.policy)
        again = canonical(statement_document(statement, Head.parse(str(self.document["journal"]))))
        if again != canonical(self.document):
            raise ChainError(
                f"entries[{self.entry.number}]",
                self.amount,
                f"is not what the diary of the {week} comes to, {statement.amount}",
                "find out which entries are missing or new; the bill on record stands",
            )
        return statement
