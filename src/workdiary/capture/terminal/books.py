"""What the interface knows of a contract's diary: read in one go, and then a value that nobody can change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import attrs

from workdiary.diary.diary import Diary
from workdiary.errors import OutsideContract, WorkdiaryError
from workdiary.model.contract import Contract, ContractStatus, Terms
from workdiary.model.money import rate_text
from workdiary.model.policy import LabelNeed, Palette
from workdiary.model.text import is_blank
from workdiary.model.times import Instant, Week
from workdiary.statement import WeekStatement

__all__ = ["Book", "read_book"]

_MEMOS: Final = 30
"""How many memos the history has."""


@attrs.frozen(kw_only=True)
class Book:
    """A contract with the statements of the weeks that were asked for, and the memos used of late.

    `statements` are in time order. `memos` begin with the latest. `error` is the sentence why the diary could
    not be read; then the rest is what was known before, and `terms` may be missing.
    """

    id: str
    contract: Contract | None = None
    terms: Terms | None = None
    status: ContractStatus | None = None
    statements: tuple[WeekStatement, ...] = ()
    memos: tuple[str, ...] = ()
    needs_label: bool = False
    palette: Palette = attrs.field(factory=Palette)
    error: str | None = None

    @property
    def client(self) -> str:
        """The client's id, or the contract's own while nothing else is known."""
        return self.id if self.contract is None else self.contract.client

    @property
    def name(self) -> str:
        """The contract by its id, with its client in brackets where that is known to be something else."""
        return self.id if self.client == self.id else f"{self.id} ({self.client})"

    @property
    def hindrance(self) -> str | None:
        """Why nobody can switch on for it, in a word or two; `None` where nothing is known to stand in the way."""
        if self.contract is None or self.status is ContractStatus.ACTIVE:
            return None
        return "not begun" if self.status is None else self.status.value

    @property
    def labels(self) -> tuple[str, ...]:
        """The activity labels that the client offers."""
        return () if self.contract is None else self.contract.labels

    @property
    def rate(self) -> str:
        """The hourly rate in force, with its currency; empty while it is not known."""
        if self.contract is None or self.terms is None:
            return ""
        return f"{rate_text(self.terms.rate, self.contract.currency)} {self.contract.currency}/h"

    @property
    def limit(self) -> str:
        """The weekly limit in force; empty while it is not known."""
        if self.terms is None:
            return ""
        return "no limit" if self.terms.weekly_limit is None else f"{self.terms.weekly_limit}/week"

    def statement_at(self, at: int) -> WeekStatement | None:
        """Return the statement of the week that contains Unix second `at`, where it was read."""
        return next((one for one in self.statements if one.week.starts_at <= at < one.week.ends_at), None)

    def statement_of(self, slot: int) -> WeekStatement | None:
        """Return the statement of the week to which `slot` belongs, where it was read."""
        return next((one for one in self.statements if slot in one.week), None)


def read_book(
    diaries: Callable[[str], Diary], id: str, moments: Iterable[Instant], *, now: Instant, before: Book | None = None
) -> Book:
    """Read what the diary of contract `id` says of the weeks that contain `moments`, and of that before `now`'s.

    Never raises for a diary that cannot be opened or read: that is in the book's `error`, with what `before` knew.
    """
    try:
        diary = diaries(id)
        contract = diary.contract
        policy = diary.policy_of(now)
        current = policy.week_of(now)
        weeks = {(week := diary.policy_of(moment).week_of(moment)).start: week for moment in moments}
        weeks[current.start] = current
        weeks[current.previous.start] = current.previous
        statements = tuple(
            statement for start in sorted(weeks) if (statement := _statement(diary, weeks[start])) is not None
        )
    except WorkdiaryError as error:
        known = Book(id=id) if before is None else before
        return attrs.evolve(known, error=str(error))
    return Book(
        id=id,
        contract=contract,
        terms=contract.terms.at(now),
        status=contract.status_at(now),
        statements=statements,
        memos=_memos(statements),
        needs_label=bool(contract.labels) and policy.protection.label is LabelNeed.REQUIRED_IF_OFFERED,
        palette=policy.palette,
    )


def _statement(diary: Diary, week: Week) -> WeekStatement | None:
    try:
        return diary.statement(week)
    except OutsideContract:
        return None  # before the contract began, or after it was closed


def _memos(statements: Iterable[WeekStatement]) -> tuple[str, ...]:
    """Return the memos by their last use, the latest first."""
    last: dict[str, int] = {}
    for statement in statements:
        for memo, slots in statement.sheet.memos:
            if slots.stop is not None and not is_blank(memo):
                last[memo] = max(last.get(memo, 0), slots.stop)
    return tuple(sorted(last, key=lambda memo: -last[memo])[:_MEMOS])
