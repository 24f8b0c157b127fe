"""What the tests of the stores record: entries of one contract, written out by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.support import MONDAY, WEEK, contract, manual, terms, tracked
from workdiary.diary.changes import MemoEdited, TermsChanged
from workdiary.diary.entry import Entry, Head
from workdiary.diary.journal import Journal, KeptWeek, WeekState, head_of
from workdiary.model.contract import Actor, Role
from workdiary.model.sheet import Sheet
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import Instant, instant

ROOT = Path(__file__).parents[2]
NOW = int(instant("2026-11-18T09:00Z"))
ANA = Actor(id="ana", role=Role.FREELANCER)
CONTRACT = contract()


def seal(
    after: Head,
    *,
    start: int = MONDAY,
    stop: int | None = None,
    id: str = "",
    at: int = NOW,
    contract: str = CONTRACT.id,
    touches: bool = True,
) -> Entry:
    """Return the entry that follows `after`, and touches ``start <= slot < stop`` or no slot at all."""
    touched = Slots.range(Slot(start), Slot(start + 1 if stop is None else stop))
    edited = MemoEdited(asked=touched, memo="Fix the login form", slots=touched)
    change = edited if touches else TermsChanged(terms=terms())
    name = id or f"id-{after.version + 1}"
    return Entry.seal(contract=contract, after=after, id=name, at=Instant(at), by=ANA, change=change)


def add(
    journal: Journal,
    *places: tuple[int, int],
    id: str = "",
    weeks: Iterable[KeptWeek] = (),
    then: Callable[[], object] = lambda: None,
) -> list[Entry]:
    """Record an entry for each stretch of `places`, or one for a usual stretch; return them.

    `then` is called before the block ends.
    """
    added: list[Entry] = []
    with journal.writing(CONTRACT.id) as writing:
        head = head_of(writing.standing)
        for start, stop in places or ((MONDAY, MONDAY + 1),):
            added.append(seal(head, start=start, stop=stop, id=id, at=writing.at))
            head = added[-1].head
        writing.append(added, contract=CONTRACT, policy="upwork", weeks=weeks)
        then()
    return added


def week(state: WeekState = WeekState.OPEN) -> KeptWeek:
    """Return the week of 2026-11-16 with three tracked segments and a manual one."""
    segments = [tracked(MONDAY), tracked(MONDAY + 1, meter=None), tracked(MONDAY + 1007, memo=""), manual(MONDAY + 5)]
    return KeptWeek(start=WEEK.start, stop=WEEK.stop, state=state, sheet=Sheet.of(segments, WEEK))


def program(text: str, *arguments: object, umask: int = -1) -> subprocess.CompletedProcess[str]:
    """Run the Python program `text` in a process of its own, which can import what the tests can."""
    given = [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'src')!r}]\n{text}"]
    return subprocess.run(
        [*given, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        umask=umask,
    )
