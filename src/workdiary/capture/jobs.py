"""Which contracts can be tracked for at a moment, and what the tracker must know of them."""

from __future__ import annotations

from contextlib import suppress

from workdiary.capture.events import Job
from workdiary.capture.notice import NOTICE
from workdiary.capture.sender import Book, Sender
from workdiary.errors import NOTHING, InvalidValue, WorkdiaryError
from workdiary.model.contract import ContractStatus
from workdiary.model.policy import LabelNeed
from workdiary.model.text import is_blank
from workdiary.model.times import Instant

__all__ = ["check_label", "inactive", "job_for", "job_for_idle_time", "job_of", "look_again"]


def job_of(book: Book, at: Instant) -> Job:
    """Return what the tracker must know of a contract, by the policy of the week of `at`."""
    policy = book.policy_at(at)
    asks = policy.protection.label is LabelNeed.REQUIRED_IF_OFFERED
    return Job(contract=book.contract.id, credit=policy.credit, needs_label=asks and bool(book.contract.labels))


def inactive(book: Book, at: Instant) -> str | None:
    """Return what stands in the way of tracking at a moment, such as "is paused"; `None` where the contract is active.

    That is what is known of it; the diary decides when the time arrives there.
    """
    status = book.contract.status_at(at)
    if status is ContractStatus.ACTIVE:
        return None
    return "has not begun" if status is None else f"is {status.value}"


def job_for(book: Book, at: Instant, label: str | None) -> Job:
    """Return the job of a contract for `label`. Raises `InvalidValue` when it cannot be tracked at the moment."""
    job = _trackable(book, at, label)
    check_label(job, book, label)
    return job


def check_label(job: Job, book: Book, label: str | None) -> None:
    """Raise `InvalidValue` where `job` needs an activity label and `label` is none."""
    if job.needs_label and (label is None or is_blank(label)):
        offered = ", ".join(book.contract.labels)
        raise InvalidValue("label", NOTHING, "is missing: this client asks for one", f"choose one of: {offered}")


def job_for_idle_time(book: Book, at: Instant) -> Job:
    """Return the job of a contract for idle time, which has no label; raises as `job_for` does."""
    job = _trackable(book, at, None)
    if job.needs_label:
        remedy = "discard it, and add the time by hand"
        raise InvalidValue("contract", job.contract, "asks for an activity label, which idle time has not", remedy)
    return job


def look_again(sender: Sender, contract: str, at: Instant, label: str | None) -> None:
    """Ask the diary once more what stands in the way, if something does: it may have come or gone just now.

    In the thread of whoever asks, for the loop waits for no diary; so it is here that an unknown contract is asked for.
    """
    book = sender.book(contract)
    try:
        job_for(book, at, label)
    except InvalidValue:
        with suppress(WorkdiaryError):  # what is known of it decides then
            sender.look(contract)
    except WorkdiaryError:
        return


def _trackable(book: Book, at: Instant, label: str | None) -> Job:
    contract = book.contract.id
    word = inactive(book, at)
    if word is not None:
        raise InvalidValue("contract", contract, f"{word}, so that nothing can be tracked for it", "choose another")
    if book.consented != NOTICE:
        raise InvalidValue(
            "contract",
            contract,
            "has no consent on record: nothing is captured before the freelancer has agreed to what is",
            f"read it and agree: python -m workdiary.capture consent --contract {contract}",
        )
    if label is not None and book.contract.labels and label not in book.contract.labels:
        offered = ", ".join(book.contract.labels)
        raise InvalidValue("label", label, "is not one that the client offers", f"choose one of: {offered}")
    return job_of(book, at)
