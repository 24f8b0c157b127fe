"""What is wrong with a tracker at the moment, in sentences: the room on its disk, and what the diary did not take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from workdiary.capture.sender import Sender
from workdiary.capture.spool.kept import Item, Kind, Room, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.model.times import Instant

__all__ = ["CAME_LATE", "troubles_of"]

_STAGES: Final = (1, 4, 24)
"""Hours before a week locks at which it is said that something of it is not in the diary (T16)."""

CAME_LATE: Final = "came after the lock of the week: kept in the diary as evidence, and not billed (UPLOAD-1)"
"""What is said of segments that came late: there is nothing to be done about them."""

_LATELY: Final = 7 * 86_400
"""For how many seconds it is said that a segment came too late."""

_GRACE: Final = 60
"""How many seconds after it was due a segment may still be on its way."""


def troubles_of(
    spool: Spool, sender: Sender, room: Room | None, now: Instant, items: Iterable[Item] | None = None
) -> Iterator[str]:
    """Yield what is wrong: too little room, segments whose week locks, and items that the diary did not take.

    `items` has those that wait, where they were read already.
    """
    if room is not None and room.warns:
        effect = "no snapshots are taken" if room.is_short else "soon no snapshots will be taken"
        waits = f"{room.used} bytes wait, the oldest for {room.oldest // 3600} h, and {room.free} are free"
        yield f"room is short ({waits}): {effect}; counts go on"
    if sender.early:
        number = sender.early
        what = f"{number} segment{'s lie' if number > 1 else ' lies'} in the future by the clock of the diary, and"
        yield f"{what} wait until that time has come: see whether this machine's clock is right"
    for broken in spool.breaks:
        yield f"{broken}, and not by the tracker: somebody else, or the disk, has changed its file"
    locks: dict[int, set[tuple[str, int]]] = {}
    for item in spool.items(Standing.WAITING) if items is None else items:
        if item.slot is None or item.kind is not Kind.TRACKED or item.standing is not Standing.WAITING:
            continue
        found = sender.locks.of(item.contract, item.slot)
        if found is None:
            continue
        lock = found.at
        # What is only held back goes in time.
        if item.made + item.hold < (now - _GRACE) * 1000 or sender.due_at(item) // 1000 >= lock:
            locks.setdefault(lock, set()).add((item.contract, item.slot))
    for lock, slots in sorted(locks.items()):
        stage = next((hours for hours in _STAGES if now > lock - hours * 3600), None)
        what = f"{len(slots)} segment{'s are' if len(slots) > 1 else ' is'} not in the diary, and the week"
        if now >= lock:
            yield f"{what} is locked: what comes now is kept as evidence and not billed"
        elif stage is not None:
            yield f"{what} locks within {stage} h: see that the diary can be reached"
    late = spool.late(since=(now - _LATELY) * 1000)
    if late:
        yield f"{late} segment{'s' if late > 1 else ''} {CAME_LATE}"
    for item in spool.items(Standing.REFUSED, Standing.CONFLICT, Standing.ALTERED):
        yield f"{item.id} is kept, for the diary did not take it: {item.answer.rstrip('.')}"
