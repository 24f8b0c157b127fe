"""What can be recorded in a diary: each change is a fact in the past tense, with what it took effect on.

A request (`workdiary.model.edit`, or a change that comes from outside) is judged; what is recorded is
the change, which carries the slots that it really touched, so that replaying needs no judgement.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from operator import attrgetter
from typing import Final, TypeAlias

import attrs

from workdiary.errors import InvalidValue
from workdiary.model.checks import check, check_each
from workdiary.model.contract import Contract, Facts, StatusChange, Terms
from workdiary.model.edit import AddTime, DeleteTime, EditLabel, EditMemo
from workdiary.model.outcome import Settlement
from workdiary.model.policy import Policy
from workdiary.model.segment import Segment, Source
from workdiary.model.slots import EMPTY, Slots
from workdiary.model.times import Instant, Moment, moment

__all__ = [
    "CHANGES",
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


def _tracked(values: Iterable[Segment]) -> tuple[Segment, ...]:
    segments = tuple(sorted(check_each(values, Segment, "segments"), key=attrgetter("slot")))
    before = None
    for segment in segments:
        if segment.source is not Source.TRACKED:
            raise InvalidValue("segments", str(segment.starts_at), "is manual time", "ask for it with add_time")
        if segment.slot == before:
            raise InvalidValue("segments", str(segment.starts_at), "stands twice", "merge the two first (UPLOAD-2)")
        before = segment.slot
    if not segments:
        raise InvalidValue("segments", [], "is empty", "give at least one segment")
    return segments


def _made_at(value: Moment) -> Instant:
    return moment(value, "made_at")


@attrs.frozen(kw_only=True)
class TimeTracked:
    """An upload of the tracker: finished segments, in time order, one a slot.

    `made_at` is when the tracker made it, by the tracker's own clock. It is claimed, never judged by,
    and decides only which of two memos for one slot is the later one, so that uploads may arrive in
    any order (UPLOAD-2). `aside` are the slots that were not accepted: kept as evidence, not credited.
    """

    segments: tuple[Segment, ...] = attrs.field(converter=_tracked)
    made_at: Instant = attrs.field(converter=_made_at)
    aside: Slots = EMPTY

    @cached_property
    def slots(self) -> Slots:
        """What it touches of the diary's time: every slot of its segments."""
        return Slots(segment.slot for segment in self.segments)


@attrs.frozen(kw_only=True)
class LateEvidence:
    """An upload that came after the lock: kept for a dispute, never billed by itself (UPLOAD-1)."""

    segments: tuple[Segment, ...] = attrs.field(converter=_tracked)
    made_at: Instant = attrs.field(converter=_made_at)

    @cached_property
    def slots(self) -> Slots:
        """What it touches of the diary's time: every slot of its segments."""
        return Slots(segment.slot for segment in self.segments)


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
}
"""The kind by which an entry's bytes call each change."""
