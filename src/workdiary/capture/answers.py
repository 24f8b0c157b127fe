"""What an item of the outbox asks of its diary, and what the answer means for it."""

from __future__ import annotations

from typing import Final

from workdiary.capture.spool.kept import Item, Kind, Standing
from workdiary.diary.changes import LateEvidence
from workdiary.diary.draft import Answer, AnswerKind
from workdiary.diary.wire import change_of
from workdiary.explain import reason_words
from workdiary.model.edit import DeleteTime
from workdiary.model.verdict import ReasonCode

__all__ = ["is_early", "request_of", "standing_of", "words_of"]

_STANDING: Final = {
    AnswerKind.CREATED: Standing.SENT,
    AnswerKind.EXISTS: Standing.SENT,
    AnswerKind.LATE: Standing.LATE,
    AnswerKind.REFUSED: Standing.REFUSED,
    AnswerKind.CONFLICT: Standing.CONFLICT,
}


def is_early(answer: Answer, *, others: bool) -> bool:
    """Return whether the only thing against it is that it lies in the future.

    While `others` wait for that, the end of a session may know no start only because that is among them.
    """
    codes = {reason.code for reason in answer.reasons}
    unknown = ReasonCode.UNKNOWN_SESSION
    early = ReasonCode.IN_THE_FUTURE in codes or (others and unknown in codes)
    return answer.kind is AnswerKind.REFUSED and early and codes <= {ReasonCode.IN_THE_FUTURE, unknown}


def request_of(item: Item) -> object:
    """Return the change or request that `item` is."""
    data = item.data
    if item.kind is Kind.DELETED:
        return DeleteTime(start=data["slot"], stop=data["slot"] + 1)
    return change_of(data)


def standing_of(item: Item, answer: Answer) -> Standing:
    """Return what has become of `item` by what its diary has answered."""
    nothing = {ReasonCode.NOTHING_THERE}
    is_refused = item.kind is Kind.DELETED and answer.kind is AnswerKind.REFUSED
    if is_refused and {reason.code for reason in answer.reasons} <= nothing:
        return Standing.SENT  # it never got there, so there is nothing to delete
    if answer.kind is AnswerKind.EXISTS and answer.entry is not None and isinstance(answer.entry.change, LateEvidence):
        return Standing.LATE  # as was said the first time, when nobody heard it any more
    return _STANDING.get(answer.kind, Standing.REFUSED)


def words_of(answer: Answer) -> str:
    """Return why the diary has not taken something, in words; nothing where it has."""
    if answer.kind is AnswerKind.CONFLICT:
        return "another entry has this id"
    return " ".join(map(reason_words, answer.reasons)) or (answer.error or "")
