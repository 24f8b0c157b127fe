"""A scripted engine: it shows the status that a test sets, and remembers what it was told to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from tests.support import all_facts, terms
from workdiary.capture.engine import Running, Shot, Status, Waiting
from workdiary.capture.events import Choice
from workdiary.diary.changes import TimeTracked
from workdiary.diary.diary import Diary
from workdiary.errors import WorkdiaryError
from workdiary.model.activity import Activity
from workdiary.model.contract import Actor, Contract, Role
from workdiary.model.segment import Segment
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, instant, slot_start
from workdiary.store.memory import MemoryJournal

__all__ = ["NOW", "ScriptedEngine", "books", "contract_of", "running", "shot", "tracked_at", "waiting"]

NOW = instant("2026-11-18T16:03:20Z")
"""Wednesday afternoon; the week began on Monday and locks on Monday 2026-11-23 at 12:00Z."""


def contract_of(id: str = "c-1", **changes: Any) -> Contract:
    """Return a contract of $30 and 40 hours a week, every fact on record."""
    values: dict[str, Any] = {
        "id": id,
        "freelancer": "ana",
        "client": "acme",
        "currency": "USD",
        "terms": [terms()],
        "facts": [all_facts()],
    }
    return Contract(**{**values, **changes})


def tracked_at(slot: int, *, memo: str = "Fix the login form", meter: int = 8) -> Segment:
    """Return the tracked segment of `slot`, with a snapshot in it."""
    moment = Instant(slot_start(slot) + 127)
    return Segment.tracked(slot, memo=memo, activity=Activity.of_meter(meter), snapshots=[moment])


def books(
    *given: tuple[Contract, list[Segment]], now: Instant = NOW, policy: str = "upwork"
) -> tuple[MemoryJournal, Callable[[str], Diary]]:
    """Return a journal with these contracts and their recorded segments, and what gives their diaries."""
    journal = MemoryJournal(clock=lambda: now)
    platform = Actor(id="platform", role=Role.PLATFORM)
    for contract, segments in given:
        diary = Diary.open(journal, contract, policy, by=platform, id=f"open {contract.id}")
        if segments:
            ana = Actor(id=contract.freelancer, role=Role.FREELANCER)
            answer = diary.record(TimeTracked(segments=segments, made_at=now), by=ana, id=f"days of {contract.id}")
            assert answer.recorded, answer
    return journal, lambda id: Diary(journal, id)


def running(contract: str = "c-1", **changes: Any) -> Running:
    """Return a session that has been on since 14:03:20, in the segment of 16:00."""
    values: dict[str, Any] = {
        "contract": contract,
        "session": "session-1",
        "since": Instant(NOW - 7200),
        "seconds": 7200,
        "slot": NOW.slot,
        "slot_seconds": 200,
        "counts": (412, 20, 3),
        "memo": "Fix the login form",
    }
    return Running(**{**values, **changes})


def shot(slot: int = NOW.slot, after: int = 100, **changes: Any) -> Shot:
    """Return the snapshot of `slot`, `after` seconds into it."""
    values: dict[str, Any] = {"contract": "c-1", "slot": Slot(slot), "at": Instant(slot_start(slot) + after)}
    return Shot(**{**values, **changes})


def waiting(slot: int, contract: str = "c-1", **changes: Any) -> Waiting:
    """Return the finished segment of `slot`, held back for another 40 seconds."""
    values: dict[str, Any] = {
        "contract": contract,
        "segment": tracked_at(slot),
        "release_at": Instant(NOW + 40),
    }
    return Waiting(**{**values, **changes})


class ScriptedEngine:
    """An engine of which a test sets everything; `calls` is what it was told, in order."""

    def __init__(self, *contracts: str, now: Instant = NOW) -> None:
        self.ids = tuple(contracts)
        self.now_status = Status(now=now)
        self.calls: list[tuple[Any, ...]] = []
        self.notices: dict[str, str] = {}
        self.refuses: WorkdiaryError | None = None
        self.fails: WorkdiaryError | None = None
        self.takes_no_idle_time: frozenset[str] = frozenset()

    def set(self, **changes: Any) -> None:
        """Change the status."""
        self.now_status = attrs.evolve(self.now_status, **changes)

    def contracts(self) -> tuple[str, ...]:
        return self.ids

    def status(self) -> Status:
        if self.fails is not None:
            raise self.fails
        return self.now_status

    def notice(self, contract: str) -> str | None:
        return self.notices.get(contract)

    def consent(self, contract: str) -> None:
        self._take("consent", contract)
        del self.notices[contract]

    def start(self, contract: str, *, memo: str = "", label: str | None = None) -> None:
        self._take("start", contract, memo, label)
        name = f"session-{len(self.calls)}"
        now = self.now_status.now
        self.set(
            running=Running(
                contract=contract, session=name, since=now, seconds=0, slot=now.slot, memo=memo, label=label
            )
        )

    def stop(self) -> None:
        self._take("stop")
        self.set(running=None)

    def memo(self, text: str) -> None:
        self._take("memo", text)
        assert self.now_status.running is not None
        self.set(running=attrs.evolve(self.now_status.running, memo=text))

    def label(self, label: str | None) -> None:
        self._take("label", label)
        assert self.now_status.running is not None
        self.set(running=attrs.evolve(self.now_status.running, label=label))

    def answer(self, choice: Choice, contract: str | None = None) -> None:
        self._take("answer", choice, contract)
        assert self.now_status.running is not None
        self.set(running=attrs.evolve(self.now_status.running, idle_since=None))

    def takes_idle_time(self, contract: str) -> bool:
        return contract not in self.takes_no_idle_time

    def delete_snapshot(self, contract: str, slot: Slot) -> None:
        self._take("delete", contract, slot)
        shots = tuple(
            attrs.evolve(one, gone=True, thumbnail=None) if (one.contract, one.slot) == (contract, slot) else one
            for one in self.now_status.shots
        )
        held = tuple(one for one in self.now_status.waiting if (one.contract, one.segment.slot) != (contract, slot))
        self.set(shots=shots, waiting=held)

    def _take(self, *call: Any) -> None:
        self.calls.append(call)
        if self.refuses is not None:
            raise self.refuses
