"""`Contract`: who works for whom, on which terms, in which status, with which facts on record."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from itertools import pairwise

import attrs

from workdiary.errors import InvalidValue, OrderError
from workdiary.model.checks import check, check_each
from workdiary.model.currency import minor_digits
from workdiary.model.money import DecimalLike, Hours, decimal, hours
from workdiary.model.text import is_blank
from workdiary.model.timeline import Timeline
from workdiary.model.times import Instant, Moment, instant

__all__ = [
    "Actor",
    "AlreadyProtected",
    "Contract",
    "ContractStatus",
    "Fact",
    "Facts",
    "Role",
    "StatusChange",
    "Terms",
]


class Role(Enum):
    """What somebody is to a contract.

    The *platform* opens contracts, puts facts on record, closes weeks and resolves disputes; time it
    never touches (EDIT-1).
    """

    FREELANCER = "freelancer"
    CLIENT = "client"
    PLATFORM = "platform"


@attrs.frozen(kw_only=True)
class Actor:
    """Who makes a change: an id, and the role in which they act."""

    id: str
    role: Role

    def __attrs_post_init__(self) -> None:
        check(self, id=str, role=Role)


class ContractStatus(Enum):
    """Whether work goes on. *closed* is the last one (EDIT-6)."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class Fact(Enum):
    """What must be on record about the two accounts for a segment to be protected (PROTECT-5)."""

    BILLING_VERIFIED = "billing_verified"
    GOOD_STANDING = "good_standing"
    IDENTITY_VERIFIED = "identity_verified"


def _since(value: Moment) -> Instant:
    return instant(value, "since")


def _rate(value: DecimalLike) -> Decimal:
    return decimal(value, "rate")


def _limit(value: DecimalLike | Hours | None) -> Hours | None:
    return None if value is None else hours(value, "weekly_limit")


@attrs.frozen(kw_only=True)
class Terms:
    """What holds from an instant on: the hourly rate, the weekly limit, the leave for manual time.

    `weekly_limit` is required, because its absence is a decision: `None` is "no limit", and differs
    from 0 hours (LIMIT-1).

    >>> Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(40)).weekly_limit.slots
    240
    """

    since: Instant = attrs.field(converter=_since)
    rate: Decimal = attrs.field(converter=_rate)
    weekly_limit: Hours | None = attrs.field(converter=_limit)
    manual_time_allowed: bool = False

    def __attrs_post_init__(self) -> None:
        check(self, manual_time_allowed=bool)


@attrs.frozen(kw_only=True)
class StatusChange:
    """A status and the instant from which it holds."""

    since: Instant = attrs.field(converter=_since)
    status: ContractStatus

    def __attrs_post_init__(self) -> None:
        check(self, status=ContractStatus)


@attrs.frozen(kw_only=True)
class Facts:
    """What is on record about the accounts from an instant on (PROTECT-5)."""

    since: Instant = attrs.field(converter=_since)
    billing_verified: bool = False
    good_standing: bool = False
    identity_verified: bool = False

    def __attrs_post_init__(self) -> None:
        check(self, billing_verified=bool, good_standing=bool, identity_verified=bool)

    def fulfils(self, fact: Fact) -> bool:
        """Return whether `fact` is on record."""
        return bool(getattr(self, fact.value))


def _amount(value: DecimalLike) -> Decimal:
    return decimal(value, "amount")


@attrs.frozen(kw_only=True)
class AlreadyProtected:
    """What earlier weeks have used of the lifetime protection of this client and freelancer (PROTECT-7)."""

    slots: int = 0
    amount: Decimal = attrs.field(default=Decimal(0), converter=_amount)

    def __attrs_post_init__(self) -> None:
        if type(self.slots) is not int or self.slots < 0:
            raise InvalidValue("slots", self.slots, "is not a number of segments", "give an int, 0 or more")


def _terms(values: Iterable[Terms]) -> Timeline[Terms]:
    return Timeline.of(check_each(values, Terms, "terms"), "terms")


def _facts(values: Iterable[Facts]) -> Timeline[Facts]:
    return Timeline.of(check_each(values, Facts, "facts"), "facts")


def _status(values: Iterable[StatusChange]) -> Timeline[StatusChange]:
    return Timeline.of(check_each(values, StatusChange, "status"), "status")


def _labels(values: Iterable[str]) -> tuple[str, ...]:
    labels = check_each(values, str, "labels")
    for n, label in enumerate(labels):
        if is_blank(label):
            raise InvalidValue(f"labels[{n}]", label, "is blank", "leave it out: a blank label is no label (EDIT-6)")
    return labels


def _usual_rate(value: DecimalLike | None) -> Decimal | None:
    return None if value is None else decimal(value, "usual_rate")


@attrs.frozen(kw_only=True)
class Contract:
    """An hourly contract: two parties, a currency, and what is dated.

    `terms`, `status` and `facts` are given as lists in order of time and kept as timelines. Without
    `status` the contract is active from its first terms on. `labels` are the activity labels that
    the client offers; `usual_rate` is the freelancer's own (PROTECT-6).

    >>> contract = Contract(
    ...     id="c-1", freelancer="ana", client="acme", currency="USD",
    ...     terms=[Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(40))],
    ... )
    >>> contract.status_at(instant("2026-11-18T09:10Z"))
    <ContractStatus.ACTIVE: 'active'>
    """

    id: str
    freelancer: str
    client: str
    currency: str
    terms: Timeline[Terms] = attrs.field(converter=_terms)
    status: Timeline[StatusChange] = attrs.field(converter=_status)
    facts: Timeline[Facts] = attrs.field(default=(), converter=_facts)
    labels: tuple[str, ...] = attrs.field(default=(), converter=_labels)
    usual_rate: Decimal | None = attrs.field(default=None, converter=_usual_rate)
    already_protected: AlreadyProtected = attrs.field(factory=AlreadyProtected)

    @status.default
    def _active_from_the_first_terms(self) -> tuple[StatusChange, ...]:
        return tuple(StatusChange(since=terms.since, status=ContractStatus.ACTIVE) for terms in self.terms.values[:1])

    def __attrs_post_init__(self) -> None:
        for name in ("id", "freelancer", "client"):
            if not isinstance(getattr(self, name), str) or is_blank(getattr(self, name)):
                raise InvalidValue(name, getattr(self, name), "is not an id", "give non-blank text")
        check(self, already_protected=AlreadyProtected)
        minor_digits(self.currency)
        if not self.terms:
            raise InvalidValue("terms", [], "is empty", "give at least the first terms, with their rate and limit")
        for n, (change, later) in enumerate(pairwise(self.status), 1):
            if change.status is ContractStatus.CLOSED:
                raise OrderError(
                    f"status[{n}]",
                    str(later.since),
                    f"follows the closing of the contract at {change.since}",
                    "drop it: closed is the last status (EDIT-6)",
                )

    @property
    def begins_at(self) -> Instant:
        """The instant of the first terms."""
        return self.terms.values[0].since

    @property
    def closes_at(self) -> Instant | None:
        """The instant of the closing, or `None` while there is none on record."""
        last = self.status.values[-1:]
        return last[0].since if last and last[0].status is ContractStatus.CLOSED else None

    def status_at(self, seconds: int) -> ContractStatus | None:
        """Return the status in force at Unix second `seconds`; `None` before the first (EDIT-5)."""
        change = self.status.at(seconds)
        return None if change is None else change.status

    def offers(self, label: str) -> bool:
        """Return whether the client offers `label`; an empty list offers none (PROTECT-4)."""
        return label in self.labels
