"""`Herald`: says in lines what concerns a freelancer who has no interface before them.

Each line begins with the moment at which it is so, and the lines follow each other in time::

    2026-11-18T09:00:00Z  on, for c-1
    2026-11-18T09:10:00Z  09:00 to 09:10 for c-1: Fix the login form
    2026-11-18T11:20:00Z  90 % of the weekly limit of 40 h are used, 4 h left, until 15:20 without a pause.
    2026-11-18T11:31:00Z  note: the disk is full while keeping a step …
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Final

from workdiary.capture.events import (
    OF_SNAPSHOTS,
    AskIdle,
    Effect,
    Finished,
    Mark,
    MarkKind,
    SessionEnded,
    SessionStarted,
)
from workdiary.capture.meters import LimitLevel, limit_meter
from workdiary.capture.sender import Sender
from workdiary.diary.diary import Diary
from workdiary.errors import WorkdiaryError
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import UTC, Instant, Zone, slot_start
from workdiary.statement import WeekStatement

__all__ = ["Herald", "sums"]

_IDLE: Final = (MarkKind.IDLE_DISCARDED, MarkKind.IDLE_KEPT, MarkKind.IDLE_REASSIGNED)
"""The marks whose moment is when the time began that they are about."""

_NUMBERS: Final = re.compile(r"\d+")


class Herald:
    """Says what effects, troubles and answers of the diary come to, by `say`, with the times of `zone`.

    `sender` is asked for what is known of a contract, and for its diary. Effects and troubles come in the thread of
    the loop, answers in that of the sender.
    """

    def __init__(self, say: Callable[[str], None], *, zone: Zone | None = None) -> None:
        self._say, self._zone = say, zone
        self._sender: Sender | None = None
        self._now: Callable[[], Instant] = lambda: Instant(0)
        self._told: set[str] = set()
        self._levels: dict[tuple[str, int], LimitLevel] = {}
        self._recorded = 0
        self._contract: str | None = None
        self._later: list[tuple[Slot | None, Instant, str]] = []
        self._mutex = threading.Lock()

    def begin(self, sender: Sender, now: Callable[[], Instant]) -> None:
        """Say the weekly limit as well: `sender` has the diaries, `now` is the wall clock."""
        self._sender, self._now = sender, now

    # Effects.

    def heard(self, effect: Effect) -> None:
        """Say what of an effect concerns the freelancer."""
        if isinstance(effect, SessionStarted | SessionEnded) and effect.is_given:
            return  # a mark says that idle time went there; what is on is on
        if isinstance(effect, SessionStarted):
            self._contract = effect.contract
            self._line(effect.at, f"on, for {effect.contract}")
        elif isinstance(effect, SessionEnded):
            self._line(effect.at, f"off, for {effect.contract}")
        elif isinstance(effect, Finished):
            what = effect.segment.memo or "no memo"
            bare = "" if effect.segment.snapshots or not self._needs_picture(effect) else _BARE
            # It may have been finished long after its last second.
            self._line(
                max(effect.made_at, self._now()),
                f"{self._span(effect.segment.slot)} for {effect.contract}: {what}{bare}",
            )
        elif isinstance(effect, AskIdle):
            ask = "python -m workdiary.capture answer keep, discard, or reassign NAME; unanswered it is discarded"
            self._line(self._now() or effect.since, f"no input since {self._clock(effect.since)}: {ask}")
        elif isinstance(effect, Mark) and effect.kind in _IDLE:
            self._line(self._now() or effect.at, f"from {self._clock(effect.at)} on: {effect.what}")
        elif isinstance(effect, Mark):
            place = "" if effect.slot is None else f"{self._span(effect.slot)} for {effect.contract}: "
            said = (effect.slot, effect.at, f"{place}{effect.what}")
            if effect.kind in OF_SNAPSHOTS:
                # Whoever heard of it at once would know that the drawn second has passed.
                self._later = [*(one for one in self._later if one[2] != said[2]), said]
            else:
                self._line(effect.at, said[2])
        self._say_what_is_over()

    def _say_what_is_over(self) -> None:
        """Say what is to be known of snapshots whose segments are over."""
        now, later = self._now(), self._later
        self._later = [one for one in later if one[0] is not None and now < slot_start(one[0] + 1)]
        for one in later:
            if one not in self._later:
                self._line(max(one[1], now), one[2])

    def _needs_picture(self, effect: Finished) -> bool:
        if self._sender is None:
            return True
        try:
            policy = self._sender.book(effect.contract).policy_at(slot_start(effect.segment.slot))
        except WorkdiaryError:
            return True
        return policy.protection.requires_snapshot

    # Troubles.

    def troubled(self, troubles: tuple[str, ...]) -> None:
        """Say the troubles that were not said yet, and those that are no more; a number alone makes none new."""
        self._say_what_is_over()
        known = {_NUMBERS.sub("#", trouble): trouble for trouble in troubles}
        for key, trouble in known.items():
            if key not in self._told:
                self._line(self._now(), f"note: {trouble.rstrip('.')}.")
        if self._told and not known:
            self._line(self._now(), "note: nothing is in the way any more.")
        self._told = {*known}

    # Answers of the diary.

    def answered(self) -> None:
        """Say how the weekly limit stands, after the diary has taken something."""
        sender, contract = self._sender, self._contract
        if sender is None or contract is None or sender.recorded == self._recorded:
            return
        self._recorded = sender.recorded
        now = self._now()
        try:
            statement = Diary(sender.journal, contract).statement(now)
        except WorkdiaryError:
            return  # the sender says why
        with self._mutex:
            self._limit(contract, statement, now)

    def _limit(self, contract: str, statement: WeekStatement, now: Instant) -> None:
        week = (contract, int(statement.week.starts_at))
        meter = limit_meter(statement, now=now)
        notice = meter.notice(now, self._zone or UTC)
        known = self._levels.get(week)
        # Before it is said: where it cannot be said, a terminal being closed, it is not tried for each segment again.
        self._levels[week] = meter.level
        if notice is not None and known is not meter.level:
            self._line(now, f"{contract}: {notice}")

    # Words.

    def _line(self, at: Instant, text: str) -> None:
        self._say(f"{self._moment(at)}  {text}")

    def _moment(self, at: Instant) -> str:
        return str(at) if self._zone is None else self._zone.local(at).isoformat()

    def _clock(self, at: Instant) -> str:
        return f"{(self._zone or UTC).local(at):%H:%M}"

    def _span(self, slot: Slot) -> str:
        return f"{self._clock(slot_start(slot))} to {self._clock(Instant(slot_start(slot) + SECONDS_PER_SLOT))}"


_BARE: Final = "; without a picture it is not protected (PROTECT-1)"


def sums(statement: WeekStatement) -> str:
    """Return what a week of a contract comes to, in a line."""
    hours = statement.hours
    over = f", {hours.over_limit} h over the limit and not paid" if statement.over_limit else ""
    return (
        f"Week of {statement.week.nominal.date()}, {statement.contract.id}: {hours.tracked} h tracked,"
        f" {hours.billable} h billable{over}, {statement.amount}, of which {statement.protected_amount} is protected"
    )
