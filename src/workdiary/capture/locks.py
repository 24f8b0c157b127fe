"""When the weeks of segments lock, as far as the tracker knows, and what must be decided before."""

from __future__ import annotations

from typing import Final

from workdiary.capture.sender import Sender
from workdiary.capture.state import State
from workdiary.diary.draft import Calendars
from workdiary.errors import WorkdiaryError
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant, slot_start

__all__ = ["DECIDE", "Locks", "must_decide"]

DECIDE: Final = 600
"""How many seconds before the lock of its week a question about idle time is answered for whoever does not."""


class Locks:
    """When the weeks of segments lock: found out once for each week of a contract, since thousands may wait."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._calendars: dict[str, Calendars | None] = {}
        self._known: dict[tuple[str, Slot], int] = {}

    def of(self, contract: str, slot: Slot) -> int | None:
        """Return when the week of `slot` locks; `None` where nobody knows it."""
        try:
            if contract not in self._calendars:
                self._calendars[contract] = None  # and so it stays where the diary cannot be asked
                self._calendars[contract] = Calendars(self._sender.book(contract).policy)
            calendars = self._calendars[contract]
            if calendars is None:
                return None
            week = calendars.week_of(slot_start(slot))
            key = contract, week.start
            if key not in self._known:
                self._known[key] = int(calendars.of(week).locks_at(week))
        except WorkdiaryError:
            return None
        return self._known[key]


def must_decide(state: State, sender: Sender, now: Instant) -> bool:
    """Return whether the open question about idle time can wait for its answer no longer.

    The work before the idle time is in the same segment, and goes into the diary with the answer. After the lock of
    the week it would be late, and not billed; so the question is then answered as if it were never (RELIABILITY 6.1).
    """
    since = state.idle_since
    if since is None or state.job is None:
        return False
    lock = Locks(sender).of(state.job.contract, Slot(since // SECONDS_PER_SLOT))
    return lock is not None and lock - DECIDE <= now < lock
