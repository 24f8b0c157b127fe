"""What can be recorded in a diary: each change is a fact in the past tense, with what it took effect on.

A request (`workdiary.model.edit`, or a change that comes from outside) is judged; what is recorded is
the change, which carries the slots that it really touched, so that replaying needs no judgement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise
from operator import attrgetter
from typing import Final, TypeAlias

import attrs

from workdiary.errors import InvalidValue
from workdiary.formats.runs import MaximalRuns, maximal, runs_of_segments
from workdiary.model.checks import check, check_each
from workdiary.model.contract import Contract, Facts, StatusChange, Terms
from workdiary.model.edit import AddTime, DeleteTime, EditLabel, EditMemo
from workdiary.model.outcome import Settlement
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment, Source
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.text import is_blank
from workdiary.model.times import Instant, Moment, moment, slot_start

__all__ = [
    "CHANGES",
    "CaptureConsented",
    "CaptureEnded",
    "CaptureStarted",
    "Change",
    "ContractOpened",
    "DisputeResolved",
    "FactsChanged",
    "LabelEdited",
    "LateEvidence",
    "MemoEdited",
    "PaymentFailed",
    "StatusChanged",
    "TermsChanged",
    "TimeAdded",
    "TimeDeleted",
    "TimeDisputed",
    "TimeTracked",
    "WeekClosed",
    "WeekParked",
]


@attrs.frozen(kw_only=True)
class ContractOpened:
    """The first entry of every diary: the contract, and the policy that it is under.

    `policy` is a preset's name, to be taken as it stood at each week's start, or a whole policy.
    """

    contract: Contract
    policy: str | Policy

    @property
    def slots(self) -> Slots:
        """What it touches of the diary's time: nothing."""
        return EMPTY


def _tracked(values: Iterable[Segment] | MaximalRuns) -> MaximalRuns:
    if isinstance(values, MaximalRuns):
        runs = values
        shared = next((later.start for earlier, later in pairwise(runs) if later.start < earlier.stop), None)
    else:
        segments = sorted(check_each(values, Segment, "segments"), key=attrgetter("slot"))
        shared = next((later.slot for earlier, later in pairwise(segments) if later.slot == earlier.slot), None)
        runs = maximal(runs_of_segments(segments))
    for run in runs:
        if run.source is not Source.TRACKED:
            raise InvalidValue("segments", str(slot_start(run.start)), "is manual time", "ask for it with add_time")
    if shared is not None:
        remedy = "merge the two first (UPLOAD-2)"
        raise InvalidValue("segments", str(slot_start(shared)), "stands twice", remedy)
    if not runs:
        raise InvalidValue("segments", [], "is empty", "give at least one segment")
    return runs


def _made_at(value: Moment) -> Instant:
    return moment(value, "made_at")


_MARK: Final = re.compile(r"[a-z][a-z_]{0,39}", re.ASCII)
_MARKS: Final = 32


def _marks(values: Iterable[str]) -> tuple[str, ...]:
    found = check_each(values, str, "marks")
    for mark in found:
        if not _MARK.fullmatch(mark):
            raise InvalidValue("marks", mark, "is no mark", "give 1 to 40 of a to z and _, such as clock_step")
    if len(found) > _MARKS:
        raise InvalidValue("marks", f"{len(found)} marks", f"are more than {_MARKS}", "send the segments by themselves")
    return tuple(dict.fromkeys(found))


@attrs.frozen(kw_only=True)
class _Upload:
    """What a tracker has sent: segments, held as their maximal runs, of which a day has a few.

    `marks` are what the tracker noted about them, such as ``clock_step`` or ``recovered``: for whoever looks at the
    diary, and no rule's business.
    """

    runs: MaximalRuns = attrs.field(alias="segments", converter=_tracked)
    made_at: Instant = attrs.field(converter=_made_at)
    marks: tuple[str, ...] = attrs.field(default=(), converter=_marks)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, in time order, made when they are asked for."""
        return tuple([segment for run in self.runs for segment in run.segments()])

    @cached_property
    def slots(self) -> Slots:
        """What it touches of the diary's time: every slot of its segments."""
        return Slots.from_runs((run.start, run.stop) for run in self.runs)


@attrs.frozen(kw_only=True)
class TimeTracked(_Upload):
    """An upload of the tracker: finished segments, in time order, one a slot.

    `made_at` is when the tracker made it, by the tracker's own clock. It is claimed, never judged by,
    and decides only which of two memos for one slot is the later one, so that uploads may arrive in
    any order (UPLOAD-2). `aside` are the slots that were not accepted: kept as evidence, not credited. `marks` are
    what the tracker noted about the segments, such as ``clock_step`` or ``recovered``; no rule looks at them.
    """

    aside: Slots = EMPTY


@attrs.frozen(kw_only=True)
class LateEvidence(_Upload):
    """An upload that came after the lock: kept for a dispute, never billed by itself (UPLOAD-1)."""


@attrs.frozen(kw_only=True)
class _OfARange:
    """A change of the time in a range: what was asked for, one run, and what it took effect on."""

    asked: Slots
    slots: Slots

    def __attrs_post_init__(self) -> None:
        if len(self.asked.runs()) != 1:
            raise InvalidValue("asked", self.asked, "is not one run of slots", "give the range that was asked for")
        if not self.slots <= self.asked:
            raise InvalidValue("slots", self.slots, "reach beyond what was asked", "give slots of the range")


@attrs.frozen(kw_only=True)
class TimeAdded(_OfARange):
    """Manual time: the range that was asked for, and the `slots` of it that were added (MANUAL-3)."""

    memo: str
    label: str | None = None

    @property
    def request(self) -> AddTime:
        """What was asked."""
        start, stop = self.asked.runs()[0]
        return AddTime(start=start, stop=stop, memo=self.memo, label=self.label)


@attrs.frozen(kw_only=True)
class TimeDeleted(_OfARange):
    """Whole segments deleted, with their activity and snapshots (EDIT-4)."""

    @property
    def request(self) -> DeleteTime:
        """What was asked."""
        start, stop = self.asked.runs()[0]
        return DeleteTime(start=start, stop=stop)


@attrs.frozen(kw_only=True)
class MemoEdited(_OfARange):
    """Another memo for the recorded segments of a range."""

    memo: str

    @property
    def request(self) -> EditMemo:
        """What was asked."""
        start, stop = self.asked.runs()[0]
        return EditMemo(start=start, stop=stop, memo=self.memo)


@attrs.frozen(kw_only=True)
class LabelEdited(_OfARange):
    """Another activity label, or none, for the recorded segments of a range."""

    label: str | None

    @property
    def request(self) -> EditLabel:
        """What was asked."""
        start, stop = self.asked.runs()[0]
        return EditLabel(start=start, stop=stop, label=self.label)


@attrs.frozen(kw_only=True)
class _OfTheContract:
    """A change of the contract itself."""

    @property
    def slots(self) -> Slots:
        """What it touches of the diary's time: nothing."""
        return EMPTY


@attrs.frozen(kw_only=True)
class TermsChanged(_OfTheContract):
    """Another rate, limit or leave for manual time, from an instant on."""

    terms: Terms

    def __attrs_post_init__(self) -> None:
        check(self, terms=Terms)


@attrs.frozen(kw_only=True)
class StatusChanged(_OfTheContract):
    """The contract paused, active again, or closed for ever, from an instant on."""

    status: StatusChange

    def __attrs_post_init__(self) -> None:
        check(self, status=StatusChange)


@attrs.frozen(kw_only=True)
class FactsChanged(_OfTheContract):
    """What is on record about the two accounts, from an instant on (PROTECT-5)."""

    facts: Facts

    def __attrs_post_init__(self) -> None:
        check(self, facts=Facts)


@attrs.frozen(kw_only=True)
class _OfAWeek:
    """A change of one week as a whole."""

    week: Slots

    def __attrs_post_init__(self) -> None:
        if len(self.week.runs()) != 1:
            raise InvalidValue("week", self.week, "is not one run of slots", "give week.slots")

    @property
    def slots(self) -> Slots:
        """What it touches of the diary's time: the whole week."""
        return self.week


@attrs.frozen(kw_only=True)
class WeekClosed(_OfAWeek):
    """A week billed: its statement as canonical JSON text, the text's digest, and the policy's.

    `statement` is what the client pays, for ever; a correction is an entry of its own.
    """

    statement: str
    digest: str
    policy: str


@attrs.frozen(kw_only=True)
class WeekParked(_OfAWeek):
    """A week that could not be billed, because its figures do not agree; `difference` says which."""

    difference: str


@attrs.frozen(kw_only=True)
class TimeDisputed(_OfAWeek):
    """The client's objection to some segments of a closed week (DISPUTE-1)."""

    disputed: Slots
    reason: str = ""


@attrs.frozen(kw_only=True)
class PaymentFailed(_OfAWeek):
    """The client has not paid a closed week, which makes it a claim on the platform (CLAIM-1)."""


@attrs.frozen(kw_only=True)
class DisputeResolved(_OfAWeek):
    """What the rules make of a dispute, or of a claim: who pays for which segments, and the amounts.

    `of` is the id of the entry that it answers. The four amounts are texts with their currency, each
    computed as a bill (CLAIM-1).
    """

    of: str
    paid: Slots = EMPTY
    refunded: Slots = EMPTY
    covered: Slots = EMPTY
    unpaid: Slots = EMPTY
    amounts: tuple[str, ...]

    @property
    def settlement(self) -> Settlement:
        """The four parts."""
        return Settlement(paid=self.paid, refunded=self.refunded, covered=self.covered, unpaid=self.unpaid)


_LONGEST: Final = 200
"""The most characters of a name: a notice's, or an entry's id."""

_DIGITS: Final = re.compile(r"[0-9a-f]{64}")


def _check_name(argument: str, value: object) -> None:
    if not isinstance(value, str) or is_blank(value) or len(value) > _LONGEST or not value.isprintable():
        remedy = f"give 1 to {_LONGEST} printable characters"
        raise InvalidValue(argument, value, "is not a name on one line", remedy)


def _began(value: Moment) -> Instant:
    return moment(value, "began")


def _ended(value: Moment) -> Instant:
    return moment(value, "ended")


def _check_digits(argument: str, value: object) -> None:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        remedy = "give bytes.hex() of 32 bytes"
        raise InvalidValue(argument, value, "is not 64 hexadecimal digits in lower case", remedy)


@attrs.frozen(kw_only=True)
class CaptureConsented(_OfTheContract):
    """The freelancer's consent to being recorded, before the first session of a contract.

    `notice` says what was agreed to: the digest or the version of the notice, 1 to 200 printable characters.
    """

    notice: str

    def __attrs_post_init__(self) -> None:
        _check_name("notice", self.notice)


@attrs.frozen(kw_only=True)
class CaptureStarted(_OfTheContract):
    """The beginning of a session of the tracker, whose id is that of the entry.

    `commitment` is the digest of the session's secret, from which the moments of its snapshots are drawn
    (`workdiary.diary.canonical.commitment_of`), as 64 hexadecimal digits. `began` is when it began by the
    tracker's own clock: claimed, for the record may come later.
    """

    commitment: str
    began: Instant = attrs.field(converter=_began)

    def __attrs_post_init__(self) -> None:
        _check_digits("commitment", self.commitment)


@attrs.frozen(kw_only=True)
class CaptureEnded(_OfTheContract):
    """The end of a session: its secret, so that either side can check that nobody chose the moments.

    `of` is the id of the entry that began the session, `secret` its 32 bytes as 64 hexadecimal digits. `ended` is
    when it ended by the tracker's own clock, claimed, and not before it began.
    """

    of: str
    secret: str
    ended: Instant = attrs.field(converter=_ended)

    def __attrs_post_init__(self) -> None:
        _check_name("of", self.of)
        _check_digits("secret", self.secret)


Change: TypeAlias = (
    ContractOpened
    | TimeTracked
    | LateEvidence
    | TimeAdded
    | TimeDeleted
    | MemoEdited
    | LabelEdited
    | TermsChanged
    | StatusChanged
    | FactsChanged
    | WeekClosed
    | WeekParked
    | TimeDisputed
    | PaymentFailed
    | DisputeResolved
    | CaptureConsented
    | CaptureStarted
    | CaptureEnded
)
"""Anything that an entry can hold."""

CHANGES: Final[dict[str, type[Change]]] = {
    "contract_opened": ContractOpened,
    "time_tracked": TimeTracked,
    "late_evidence": LateEvidence,
    "time_added": TimeAdded,
    "time_deleted": TimeDeleted,
    "memo_edited": MemoEdited,
    "label_edited": LabelEdited,
    "terms_changed": TermsChanged,
    "status_changed": StatusChanged,
    "facts_changed": FactsChanged,
    "week_closed": WeekClosed,
    "week_parked": WeekParked,
    "time_disputed": TimeDisputed,
    "payment_failed": PaymentFailed,
    "dispute_resolved": DisputeResolved,
    "capture_consented": CaptureConsented,
    "capture_started": CaptureStarted,
    "capture_ended": CaptureEnded,
}
"""The kind by which an entry's bytes call each change."""
