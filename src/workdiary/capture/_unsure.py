"""Time in doubt: whether the screen is locked is asked every few seconds, and a lock is noticed only then.

What is tracked after the last question to which the answer was "not locked" is in doubt until the next answer. It is
tracked, but its slots are not handed out. When the answer is "locked", it is taken back, with what was counted in it:
some of that may be a password::

    asked   ○ not locked          ○ not locked          ● locked
    doubt                         ├─────────────────────┤ taken back
    the user        works         works    locks, types
"""

from __future__ import annotations

from typing import Final

import attrs

from workdiary.capture._turn import Turn
from workdiary.capture.ledger import fewer, kept_of, without
from workdiary.capture.state import Doubt
from workdiary.capture.timing import cut

__all__ = ["LONGEST", "doubt", "take_back", "trust"]

LONGEST: Final = 60_000
"""The most milliseconds that are in doubt: when nobody has answered for longer, the last answer is believed."""


def doubt(turn: Turn) -> None:
    """Have what was tracked and counted in this turn in doubt; only a tick knows more."""
    if turn.session is not None and (turn.new or turn.counted):
        one = Doubt(mono=turn.reading.mono, stretches=turn.new, counted=turn.counted)
        turn.doubts = (*turn.doubts, one)


def trust(turn: Turn, unsure: int) -> None:
    """Believe what was tracked before the last `unsure` milliseconds."""
    since = turn.reading.mono - min(max(unsure, 0), LONGEST)
    turn.doubts = tuple(one for one in turn.doubts if one.mono > since)


def take_back(turn: Turn) -> int:
    """Take what is in doubt out of what was tracked, with its counts, and return how many seconds that were."""
    doubts, turn.doubts, session = turn.doubts, (), turn.session
    if not doubts or session is None:
        return 0
    gone = tuple(stretch for one in doubts for stretch in one.stretches)
    minutes = {one.counted[0] for one in doubts if one.counted is not None}
    for begin, end in gone:
        minutes.update(range(begin // 60, (end - 1) // 60 + 1))
    seconds = 0
    for key, ledger in [*turn.open.items()]:
        if ledger.job.contract != session.job.contract:
            continue
        left = without(ledger, session.session, gone)
        for one in doubts:
            if one.counted is not None:
                left = fewer(left, session.session, *one.counted)
        seconds += ledger.tracked - left.tracked
        turn.open[key] = left
        turn.keep([one for one in kept_of(left, session.session) if one.minute in minutes], always=True)
    turn.quiet, turn.asked = cut(turn.quiet, gone), cut(turn.asked, gone)
    turn.is_away = turn.is_away and bool(turn.asked)
    turn.session = attrs.evolve(session, tracked=session.tracked - seconds)
    return seconds
