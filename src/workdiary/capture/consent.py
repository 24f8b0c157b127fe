"""The freelancer's consent in the diary: recorded, and found again."""

from __future__ import annotations

from workdiary.diary.changes import CaptureConsented
from workdiary.diary.diary import Diary
from workdiary.diary.journal import Journal
from workdiary.errors import InvalidValue
from workdiary.explain import reason_words
from workdiary.model.contract import Actor, Role

__all__ = ["consented", "latest_consent", "record_consent"]


def consented(journal: Journal, contract: str) -> str | None:
    """Return the notice that the freelancer of `contract` has last agreed to, `None` before the first time."""
    return latest_consent(journal, contract, since=0)[0]


def latest_consent(journal: Journal, contract: str, *, since: int) -> tuple[str | None, int]:
    """Return the notice that was last agreed to after the entry with number `since`, and the number of the last entry.

    So a diary that was read once need not be read again: only what has come since.
    """
    found: str | None = None
    for entry in journal.read(contract, since=since):
        since = entry.number
        if b"capture_consented" in entry.body and isinstance(entry.change, CaptureConsented):
            found = entry.change.notice
    return found, since


def record_consent(journal: Journal, contract: str, notice: str, *, id: str) -> None:
    """Record under `id` that the freelancer of `contract` agrees to `notice`.

    Raises `InvalidValue` with the reasons when the diary refuses it.
    """
    by = Actor(id=journal.standing(contract).contract.freelancer, role=Role.FREELANCER)
    answer = Diary(journal, contract).record(CaptureConsented(notice=notice), by=by, id=id)
    if not answer.recorded:
        why = " ".join(map(reason_words, answer.reasons)) or answer.error or answer.kind.value
        raise InvalidValue("consent", contract, f"is refused: {why}", "see workdiary log")
