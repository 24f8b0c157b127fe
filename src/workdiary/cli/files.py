"""What the commands read: a diary, the policy to judge it by, and the words of dates, weeks and zones."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final, TypeVar

import attrs

from workdiary import policies
from workdiary.errors import NOTHING, DocumentError, InvalidValue, OutsideContract, UnknownPolicy, UnknownZone
from workdiary.files import LARGEST, read_bytes
from workdiary.formats import native
from workdiary.formats.native import Record
from workdiary.model.contract import Contract
from workdiary.model.policy import Policy
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slots
from workdiary.model.times import UTC, Instant, Moment, Week, Zone, instant, moment, slot_start, zone
from workdiary.policies.catalogue import preset
from workdiary.policies.reader import PolicyFile
from workdiary.statement import WeekStatement, week_statement

__all__ = [
    "Book",
    "FileBook",
    "Rules",
    "begun",
    "calendar_week",
    "date_of",
    "input_bytes",
    "moment_of",
    "own_policy",
    "policy_file",
    "read_books",
    "statements_of",
    "zone_of",
]

MINE = "mine"

_T = TypeVar("_T")


@attrs.frozen
class Rules:
    """The policy that a diary is judged by: one policy for ever, or a file of dated rules."""

    source: Policy | PolicyFile
    _made: dict[tuple[int, ...], Policy] = attrs.field(factory=dict, init=False, eq=False, repr=False)

    @property
    def newest(self) -> Policy:
        """The policy in its newest form; its weeks are those of the diary."""
        return self.source if isinstance(self.source, Policy) else self.source.at()

    def at(self, week_start: Instant) -> Policy:
        """Return the policy in force at `week_start`: a week is judged by that of its start, for ever."""
        if isinstance(self.source, Policy):
            return self.source
        # Ten years of weeks are judged by few different policies: each is built once.
        places = self.source.places(week_start)
        if places not in self._made:
            self._made[places] = self.source.build(places)
        return self._made[places]


@attrs.frozen(kw_only=True)
class Book(ABC):
    """One contract's diary with the policy to judge it by; where its weeks come from, its kinds say."""

    contract: Contract
    rules: Rules
    path: str
    """Where it was read from, as an error names it."""

    @abstractmethod
    def weeks(self) -> Iterator[tuple[Week, Sheet]]:
        """Yield each week with any segment, in time order."""

    def week_of(self, at: date | Moment) -> Week:
        """Return the week that contains `at`; a date means its week in the policy's own calendar."""
        return calendar_week(self.rules.newest, at)

    @property
    @abstractmethod
    def latest(self) -> Instant | None:
        """The start of the last segment, or `None` for an empty diary."""

    def statements(self) -> Iterator[WeekStatement]:
        """Yield the statement of each week with any segment, in time order."""
        for week, sheet in self.weeks():
            yield self.judged(week, sheet)

    def statement(self, week: Week) -> WeekStatement:
        """Return the statement of `week`, also of one without any segment."""
        sheet = next((sheet for found, sheet in self.weeks() if found.starts_at == week.starts_at), Sheet())
        return self.judged(week, sheet)

    def statements_around(self, slots: Slots) -> tuple[WeekStatement, ...]:
        """Return the statements of the weeks that have a segment among `slots`."""
        return tuple(self.judged(week, sheet) for week, sheet in self.weeks() if sheet.worked & slots)

    def judged(self, week: Week, sheet: Sheet) -> WeekStatement:
        """Return the statement of `week` with the segments of `sheet`."""
        contract = self.contract
        try:
            policy = self.rules.at(week.starts_at)
        except UnknownPolicy as error:
            if week.ends_at > contract.begins_at:
                remedy = "give --policy FILE.toml with rules that hold then, or remove the segments of that week"
                raise UnknownPolicy(
                    f"{self.path}: contract {contract.id}",
                    str(week),
                    error.allowed,
                    remedy if sheet.worked else "ask for a later week",
                ) from None
            policy = self.rules.newest  # before the contract as well, which is what its statement says
        return week_statement(contract, sheet, week=week, policy=policy)


@attrs.frozen(kw_only=True)
class FileBook(Book):
    """A diary from a file."""

    record: Record = attrs.field(repr=False)

    @property
    def latest(self) -> Instant | None:
        """The start of the last segment, or `None` for an empty diary."""
        return slot_start(self.record.runs[-1].stop - 1) if self.record.runs else None

    def weeks(self) -> Iterator[tuple[Week, Sheet]]:
        """Yield each week with any segment, in time order; reads runs, never single segments."""
        return self.record.weeks(self.rules.newest)


def calendar_week(policy: Policy, at: date | Moment) -> Week:
    """Return the week of `policy` that contains `at`; a date means its week in the policy's own calendar."""
    if isinstance(at, date) and not isinstance(at, datetime):
        # A week from Thursday 03:00 is known by its Thursday, so the day is entered at 03:00.
        at = policy.week.zone.instant_of(datetime.combine(at, time()) + timedelta(minutes=policy.week.starts_at))
    return policy.week_of(at)


def input_bytes(path: str) -> bytes:
    """Return what is in the file at `path`; ``-`` is standard input."""
    if path != "-":
        return read_bytes(path)
    try:
        return sys.stdin.buffer.read(LARGEST + 1)
    except OSError as error:
        raise DocumentError(_INPUT, NOTHING, f"cannot be read ({error.strerror})", "check what feeds it") from None


_INPUT: Final = "standard input"


def read_books(path: str, *, contract: str | None = None, policy: str | None = None) -> tuple[FileBook, ...]:
    """Return the diaries in the native JSON at `path`, ``-`` being standard input.

    `contract` chooses one by its id; `policy` is a preset's name or a TOML file, and replaces each
    diary's own. Raises `DocumentError` for a file without any contract.
    """
    records = native.loads(input_bytes(path)) if path == "-" else native.read(path)
    known = ", ".join(record.contract.id for record in records)
    if not records:
        raise DocumentError(path, NOTHING, "has no contract", "import some")
    if contract is not None:
        records = tuple(record for record in records if record.contract.id == contract)
        if not records:
            raise InvalidValue("--contract", contract, "is not in the diary", f"choose one of: {known}")
    override = None if policy is None else policy_file(policy)
    place = _INPUT if path == "-" else path
    return tuple(
        FileBook(
            contract=record.contract, rules=Rules(override or own_policy(record.policy)), path=place, record=record
        )
        for record in records
    )


def own_policy(policy: str | Policy) -> Policy | PolicyFile:
    """Return the policy that a diary is under, through time."""
    return preset(policy) if isinstance(policy, str) else policy


def policy_file(name: str) -> PolicyFile:
    """Return the policy called `name` through time: a preset, or a platform's own TOML file by its path."""
    if name in policies.names():
        return preset(name)
    if name.endswith(".toml") or Path(name).is_file():
        return policies.load(name)
    try:
        return preset(name)
    except UnknownPolicy as error:
        # The library's own remedies are a question, or a call that nobody makes on a command line.
        near = error.remedy.endswith("?")
        remedy = f"{error.remedy[:-1]}, or a path that ends in .toml?" if near else "give a path that ends in .toml"
        raise UnknownPolicy("policy", name, error.allowed, remedy) from None


def statements_of(books: Iterable[Book], at: date | Moment) -> tuple[WeekStatement, ...]:
    """Return the statement of each contract for the week of `at`, but for those that had not begun.

    Raises `OutsideContract` when none had.
    """
    return begun(books, lambda book: book.statement(book.week_of(at)))


def begun(books: Iterable[Book], read: Callable[[Book], _T]) -> tuple[_T, ...]:
    """Return what `read` makes of each book whose contract had begun; the error of the last when none had."""
    found: list[_T] = []
    refused: OutsideContract | None = None
    for book in books:
        try:
            found.append(read(book))
        except OutsideContract as error:
            # Only a week may lie before a contract; a segment that does is a mistake in the diary.
            if error.argument != "week":
                raise
            refused = error
    if refused is not None and not found:
        raise refused
    return tuple(found)


def zone_of(name: str) -> Zone:
    """Return the zone called `name`; ``mine`` is that of this machine."""
    if name != MINE:
        return zone(name, "--zone")
    local = instant("1970-01-01T00:00Z").datetime.in_timezone("local").timezone_name or "UTC"
    try:
        return UTC if local in ("UTC", "Etc/UTC") else zone(local, "--zone")
    except UnknownZone:
        raise UnknownZone("--zone", MINE, "cannot be told on this machine", "name it, such as Europe/Berlin") from None


def date_of(text: str, argument: str) -> date:
    """Return the date that `text` gives as ``YYYY-MM-DD``."""
    try:
        if len(text) != len("2026-10-19"):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(argument, text, "is not a date", "write it like 2026-10-19") from None
    if not _EARLIEST <= day <= _LATEST:
        raise InvalidValue(argument, text, "is outside the years 1900 to 9997", "check the year")
    return day


_EARLIEST: Final = date(1900, 1, 1)
_LATEST: Final = date(9997, 12, 31)


def moment_of(text: str, argument: str) -> date | Instant:
    """Return the date or the instant that `text` gives."""
    return date_of(text, argument) if len(text) <= len("2026-10-19") else moment(text, argument)
