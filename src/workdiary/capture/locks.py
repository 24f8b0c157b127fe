"""When the weeks of segments lock, as far as the tracker knows, and what must be done before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from workdiary.capture.events import Answered, Choice, WeekLocks
from workdiary.capture.state import State
from workdiary.diary.draft import Calendars
from workdiary.errors import WorkdiaryError
from workdiary.model.policy import Policy
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, slot_start

__all__ = ["DECIDE", "HAND_OVER", "RELEASE", "Deadlines", "Lock", "Locks"]

DECIDE: Final = 600
"""How many seconds before the lock of its week a question about idle time is answered for whoever does not."""

HAND_OVER: Final = (20, 8, 2)
"""How many seconds before it what there is of the segments of its week is handed out, be it that one still goes on.

More than once, for the moment of a snapshot may come in between.
"""

RELEASE: Final = 15
"""How many seconds before it nothing is held back any more."""


@attrs.frozen
class Lock:
    """From the instant `at` on, nothing that lies before the slot `before` is billed any more."""

    at: int
    before: Slot


class Locks:
    """When the weeks of segments lock: found out once for each week of a contract, since thousands may wait.

    `policy_of` returns what judges a contract, `None` where that is not known.
    """

    def __init__(self, policy_of: Callable[[str], str | Policy | None]) -> None:
        self._policy_of = policy_of
        self._calendars: dict[str, Calendars] = {}
        self._known: dict[tuple[str, Slot], Lock] = {}

    def of(self, contract: str, slot: Slot) -> Lock | None:
        """Return the lock of the week of `slot`; `None` where nobody knows it."""
        try:
            calendars = self._calendars.get(contract)
            if calendars is None:
                policy = self._policy_of(contract)
                if policy is None:
                    return None
                calendars = self._calendars[contract] = Calendars(policy)
            week = calendars.week_of(slot_start(slot))
            key = contract, week.start
            if key not in self._known:
                self._known[key] = Lock(int(calendars.of(week).locks_at(week)), week.stop)
        except WorkdiaryError:
            return None
        return self._known[key]


class Deadlines:
    """What a tracker is told to do before the weeks of its segments lock, each thing once."""

    def __init__(self, locks: Locks) -> None:
        self._locks = locks
        self._done: dict[tuple[str, int], int] = {}

    def command(self, state: State, now: Instant) -> Answered | WeekLocks | None:
        """Return what is to be done now, if something is.

        A segment in which idle time follows work waits for the answer to the question about that. After the lock of
        its week it would be late, and not billed, so the question is answered as if it were never. And what goes on
        over the end of a week that locks with its end is handed out as far as it has got.
        """
        for contract, lock in self._ahead(state, now).items():
            stage = sum(lock.at - now <= seconds for seconds in (DECIDE, *HAND_OVER))
            done = self._done.get((contract, lock.at), 0)
            if stage == 0:
                self._done.pop((contract, lock.at), None)  # once more, where a clock was wrong
            if stage <= done:
                continue
            self._done[contract, lock.at] = stage
            if stage > 1:
                return WeekLocks(contract=contract, before=lock.before, is_last=stage > len(HAND_OVER))
            if state.idle_since is not None and state.job is not None and state.job.contract == contract:
                return Answered(choice=Choice.DISCARD, by_nobody=True)
        return None

    def _ahead(self, state: State, now: Instant) -> dict[str, Lock]:
        """Return the next lock of each contract of which a segment is not handed out."""
        found: dict[str, Lock] = {}
        for ledger in state.open:
            contract = ledger.job.contract
            lock = self._locks.of(contract, ledger.slot)
            if lock is None or lock.at <= now:
                continue
            if contract not in found or lock.at < found[contract].at:
                found[contract] = lock
        return found
