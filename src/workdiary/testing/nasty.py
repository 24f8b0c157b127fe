"""Named pools of what breaks diaries: nasty instants, zones, memos and labels, for tests of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workdiary.model.times import Instant, instant

__all__ = ["LABELS", "MEMOS", "NASTY", "SHIFTS", "ZONES"]


def _around(*moments: str) -> tuple[Instant, ...]:
    """Return each moment with the seconds beside it."""
    return tuple(Instant(instant(text) + by) for text in moments for by in (0, -1, 1))


NASTY: Final[Mapping[str, tuple[Instant, ...]]] = {
    "dst_edges": _around(
        "2026-03-29T01:00Z",  # Berlin and London spring forward
        "2026-10-25T01:00Z",  # and fall back
        "2026-03-08T07:00Z",  # New York skips 02:00
        "2026-11-01T06:00Z",  # and repeats 01:00
        "2026-03-08T05:00Z",  # Havana skips midnight
        "2026-04-04T15:00Z",  # Lord Howe falls back by half an hour
        "2026-10-03T15:30Z",  # and springs forward by as much
        "2011-12-30T10:00Z",  # Apia skips a whole day
    ),
    "week_edges": _around("2026-11-16T00:00Z", "2026-11-22T23:50Z", "2026-11-23T00:00Z", "2021-01-04T00:00Z"),
    "monday_noon": _around("2026-11-23T12:00Z", "2016-09-19T12:00Z"),
    "leap_day": _around("2024-02-29T00:00Z", "2024-03-01T00:00Z", "2000-02-29T23:50Z"),
    "year_edges": _around("2026-12-31T23:50Z", "2027-01-01T00:00Z", "2021-01-01T00:00Z"),
    "zones_at_45": _around("2026-11-22T18:15Z", "2026-11-22T15:15Z", "2026-11-22T10:15Z", "2026-06-14T11:15Z"),
    "integer_edges": _around("1970-01-01T00:00Z", "2001-09-09T01:46:40Z", "2038-01-19T03:14:08Z"),
}
"""Named pools of instants at which diaries break: each moment, one second before and one after it."""

ZONES: Final = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)
"""Zones with every kind of offset and shift."""

SHIFTS: Final[Mapping[str, tuple[Instant, ...]]] = {
    name: tuple(map(instant, moments))
    for name, moments in {
        "Europe/Berlin": ("2026-03-29T01:00Z", "2026-10-25T01:00Z"),
        "America/New_York": ("2026-03-08T07:00Z", "2026-11-01T06:00Z"),
        "America/Havana": ("2026-03-08T05:00Z", "2026-11-01T05:00Z"),
        "America/St_Johns": ("2026-03-08T05:30Z", "2026-11-01T04:30Z"),
        "Australia/Lord_Howe": ("2026-04-04T15:00Z", "2026-10-03T15:30Z"),
        "Pacific/Apia": ("2011-12-30T10:00Z", "2020-04-04T14:00Z"),
        "Pacific/Chatham": ("2026-04-04T14:00Z", "2026-09-26T14:00Z"),
    }.items()
}
"""The instants at which some zones change their offset."""

MEMOS: Final = (
    "",
    " ",
    "\t\n",
    "\u2003",
    "\u200b",
    "Fix the login form",
    "Call",
    "réunion ☕",
    "עבודה",
    "0",
    "x" * 200,
)
"""Memos, of which the first four are blank and the fifth, a zero-width space, is not (PROTECT-4)."""

LABELS: Final = (None, "", " ", "Design", "Review", "design")
"""Activity labels, of which the first three are none."""
