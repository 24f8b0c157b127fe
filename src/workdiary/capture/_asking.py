"""When a snapshot is asked for: at its moment, and again when it failed."""

from __future__ import annotations

from typing import Final

import attrs

from workdiary.capture._turn import Turn
from workdiary.capture.events import TakeSnapshot
from workdiary.capture.ledger import Ledger
from workdiary.capture.moments import ATTEMPTS, RETRY
from workdiary.model.slots import SECONDS_PER_SLOT, Slot
from workdiary.model.times import Instant

__all__ = ["ask_for_snapshot"]

_LATE: Final = 15
"""How many seconds after its moment a snapshot may first be asked for: the longest time between two ticks."""

_OVER: Final = 2
"""How many seconds after its slot a snapshot may still be asked for."""


def ask_for_snapshot(turn: Turn) -> None:
    """Ask for the snapshot whose moment has come, or again for one that failed."""
    run, session = turn.run, turn.session
    if run is None or session is None:
        return
    second = run.second
    ledger = turn.open.get((session.job.contract, Slot(second // SECONDS_PER_SLOT)))
    if second % SECONDS_PER_SLOT <= _OVER:
        # The last seconds of a slot can be missed by a tick.
        before = turn.open.get((session.job.contract, Slot(second // SECONDS_PER_SLOT - 1)))
        if before is not None and not before.attempts:
            _ask(turn, before, second)
    if ledger is not None:
        _ask(turn, ledger, second)


def _ask(turn: Turn, ledger: Ledger, second: int) -> None:
    if ledger.is_pending or ledger.digests or ledger.is_deleted or ledger.attempts >= ATTEMPTS:
        return
    if ledger.attempts:
        is_due = second < ledger.end and second >= ledger.asked_at[1] + RETRY
    else:
        is_due = second - _LATE <= ledger.moment <= second and (ledger.moment == second or ledger.has(ledger.moment))
    if is_due:
        attempt = ledger.attempts + 1
        turn.put(attrs.evolve(ledger, attempts=attempt, asked_at=(turn.reading.boot, second), is_pending=True))
        turn.effects.append(
            TakeSnapshot(contract=ledger.job.contract, slot=ledger.slot, at=Instant(ledger.moment), attempt=attempt)
        )
