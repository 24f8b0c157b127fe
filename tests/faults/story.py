"""What the workloads record: one contract, and any number of requests by their number.

Written out by hand, so that a reader can tell what a diary must hold without asking it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from workdiary.diary.changes import TimeTracked
from workdiary.diary.deciding import Request
from workdiary.diary.diary import Diary
from workdiary.diary.journal import Journal
from workdiary.model.activity import Activity
from workdiary.model.contract import Actor, Contract, Facts, Role, Terms
from workdiary.model.edit import AddTime, DeleteTime, EditMemo
from workdiary.model.segment import Segment
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = [
    "AFTER_LOCK",
    "ANA",
    "BASE",
    "CLOSING",
    "CONTRACT",
    "FREE",
    "ID",
    "MONDAY",
    "NOW",
    "PLATFORM",
    "SNAPSHOTS",
    "TRACKED",
    "begin",
    "memo_of",
    "request",
]

MONDAY: Final = 2991312
"""The slot of Monday 2026-11-16T00:00Z."""

NOW: Final = MONDAY * 600 + 84 * 3600
"""Thursday 2026-11-19T12:00Z: everything of the week before it can be edited."""

AFTER_LOCK: Final = MONDAY * 600 + 7 * 86400 + 12 * 3600
"""Monday 2026-11-23T12:00Z, at which the week locks (CALENDAR)."""

ID: Final = "c-1"
ANA: Final = Actor(id="ana", role=Role.FREELANCER)
PLATFORM: Final = Actor(id="platform", role=Role.PLATFORM)
CLOSING: Final = "close 2026-11-16"
"""The id under which the week is closed."""

CONTRACT: Final = Contract(
    id=ID,
    freelancer="ana",
    client="acme",
    currency="USD",
    terms=[Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=40, manual_time_allowed=True)],
    facts=[Facts(since="2026-11-02T00:00Z", billing_verified=True, good_standing=True, identity_verified=True)],
)

TRACKED: Final = range(MONDAY, MONDAY + 6)
"""The slots that the tracker sent before any workload begins; the twelve after them were added by hand."""

BASE: Final = ("open", "tracked", *(f"base-{n}" for n in range(12)))
"""The ids of the entries that are on record before any workload begins, in order."""

FREE: Final = MONDAY + 20
"""The first slot that workloads add time to."""


SNAPSHOTS: Final = (
    ("+", b"first image" * 300),
    ("+", b"second image"),
    ("+", b"first image" * 300),
    ("-", b"second image"),
    ("+", b"third image"),
    ("-", b"first image" * 300),
    ("+", b"second image"),
)
"""Image files that are put (+) and deleted (-) in turn."""


def begin(journal: Journal, acknowledged: Callable[[str], None] = lambda id: None) -> None:
    """Record what `BASE` names, and call `acknowledged` with each of it."""
    diary = Diary.open(journal, CONTRACT, "upwork", by=PLATFORM, id="open")
    acknowledged("open")
    segments = [
        Segment.tracked(
            slot, memo="Tracked", activity=Activity.of_meter(slot % 10 + 1), snapshots=[Instant(slot * 600 + 30)]
        )
        for slot in TRACKED
    ]
    requests: list[tuple[Request, str]] = [(TimeTracked(segments=segments, made_at=Instant(NOW - 60)), "tracked")]
    requests += [
        (AddTime(start=Slot(MONDAY + 6 + n), stop=Slot(MONDAY + 7 + n), memo="Base"), f"base-{n}") for n in range(12)
    ]
    for wanted, id in requests:
        assert diary.record(wanted, by=ANA, id=id).recorded
        acknowledged(id)


def memo_of(prefix: str, n: int) -> str:
    """Return the memo of request `n`: long enough that a few of them fill a page of a database."""
    return f"{prefix} {n} " + "x" * (40 + n % 7 * 30)


def request(operation: str, prefix: str, n: int) -> Request:
    """Return request number `n` of a workload: of ``append``, ``edit``, ``delete`` or, in turn, ``mixed``."""
    if operation == "mixed":
        operation, n = ("append", "edit", "delete")[n % 3], n // 3
        slot = FREE + n % 300
    else:
        slot = {"append": FREE, "edit": MONDAY, "delete": MONDAY + 6}[operation] + n
    start, stop = Slot(slot), Slot(slot + 1)
    if operation == "append":
        return AddTime(start=start, stop=stop, memo=memo_of(prefix, n))
    if operation == "edit":
        return EditMemo(start=start, stop=stop, memo=memo_of(prefix, n))
    return DeleteTime(start=start, stop=stop)
