"""Diaries of any age for the benchmarks: made by the rules of a tracker, recorded as a tracker would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from workdiary import (
    Activity,
    Actor,
    Contract,
    Diary,
    Instant,
    Role,
    Segment,
    Terms,
    TimeTracked,
    hours,
    instant,
    slot_start,
)
from workdiary.diary.ingest import Item
from workdiary.diary.journal import Journal
from workdiary.model.slots import SLOTS_PER_HOUR

__all__ = ["ANA", "PLATFORM", "SEGMENTS_A_WEEK", "START", "contract", "days", "grow", "uploads"]

ANA: Final = Actor(id="ana", role=Role.FREELANCER)
PLATFORM: Final = Actor(id="platform", role=Role.PLATFORM)

START: Final = instant("2016-11-21T00:00Z")
"""A Monday, ten years before the week that is stated."""

_DAY: Final = 24 * SLOTS_PER_HOUR
_A_DAY: Final = 46
SEGMENTS_A_WEEK: Final = 5 * _A_DAY
"""Just under 40 hours: 120,060 segments in ten years."""


def contract(id: str) -> Contract:
    """Return an hourly contract that lasts for ever."""
    terms = Terms(since=START, rate="30.00", weekly_limit=hours(40), manual_time_allowed=True)
    return Contract(id=id, freelancer="ana", client="acme", currency="USD", terms=[terms])


def days(weeks: Iterable[int]) -> Iterator[tuple[Segment, ...]]:
    """Yield the segments of each working day of the `weeks` after the start, by their numbers."""
    for week in weeks:
        for day in range(5):
            first = START.slot + (7 * week + day) * _DAY + 8 * SLOTS_PER_HOUR
            yield tuple(_segment(first + n, f"Fix the login form, part {week % 10}") for n in range(_A_DAY))


def _segment(slot: int, memo: str) -> Segment:
    shot = Instant(slot_start(slot) + slot * 37 % 600)
    return Segment.tracked(slot_start(slot), memo=memo, activity=Activity.of_meter(4 + slot % 7), snapshots=[shot])


def uploads(id: str, weeks: Iterable[int], *, each: int = _A_DAY) -> Iterator[Item]:
    """Yield what a tracker sends for `weeks` of the contract `id`: `each` segments an upload."""
    for segments in days(weeks):
        for n in range(0, len(segments), each):
            part = segments[n : n + each]
            request = TimeTracked(segments=part, made_at=part[-1].ends_at)
            yield Item(contract=id, id=f"upload {part[0].starts_at}", by=ANA, request=request)


def grow(journal: Journal, clock: list[int], id: str, weeks: Iterable[int], *, each: int = _A_DAY) -> None:
    """Record `weeks` of the contract `id` in `journal`, whose clock reads `clock`, as time goes by."""
    Diary.open(journal, contract(id), "upwork", by=PLATFORM, id=f"open {id}")
    diary = Diary(journal, id)
    for week in weeks:
        clock[0] = START + (7 * week + 5) * 86_400
        with diary.drafting() as draft:
            for item in uploads(id, [week], each=each):
                draft.take(item.request, by=item.by, id=item.id)
