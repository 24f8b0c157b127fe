"""What passed between two readings of the clocks, and the stretches of whole seconds that it makes.

Only the clocks that nobody can set are added up. The wall clock says where a run begins, and is then only watched::

    wall    ──┬─────────────────────┬──╱╱──┬────────────
    boot    ──┼─────────────────────┼──────┼────────────
    run       ├── anchor + elapsed ─┤      ├── re-anchored ──
                                    step: the run splits

A stretch is half-open and in whole Unix seconds. A run begins at a whole second and keeps what is left over of one,
so that no run, however often it splits, ever earns more than what really passed, nor loses a second to rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import attrs

from workdiary.capture.events import Reading

__all__ = [
    "EARLIEST",
    "GAP",
    "LATEST",
    "TOLERANCE",
    "Passage",
    "Run",
    "Stretch",
    "ahead",
    "appended",
    "cut",
    "is_usable",
    "newest",
    "passed",
    "seconds_of",
    "span",
]

Stretch: TypeAlias = tuple[int, int]
"""A half-open stretch of Unix seconds."""

TOLERANCE: Final = 2_000
"""How many milliseconds two clocks may differ before it is more than jitter."""

GAP: Final = 15_000
"""More milliseconds than this between two readings, and nobody was watching."""

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

EARLIEST: Final = 1_420_070_400_000
"""The earliest wall clock that is taken for one, in milliseconds: 2015-01-01T00:00Z."""

LATEST: Final = 4_102_444_800_000
"""The first wall clock that is not: 2100-01-01T00:00Z."""


@attrs.frozen(kw_only=True)
class Run:
    """Time that is being tracked without a break.

    `anchor` is the reading at which it began, and `second` the one that is going on.
    """

    anchor: Reading
    second: int


@attrs.frozen(kw_only=True)
class Passage:
    """What happened between two readings: `earned` milliseconds, and whatever speaks against the clocks.

    `suspended`, `stepped` and `gap` are milliseconds, 0 when there was none; `broken` says that a clock that only
    ever goes forward went back.
    """

    earned: int
    suspended: int = 0
    stepped: int = 0
    gap: int = 0
    broken: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether nothing happened but time."""
        return not (self.suspended or self.stepped or self.gap or self.broken)


def is_usable(reading: Reading) -> bool:
    """Return whether the wall clock can be meant: 2015 to 2100."""
    return EARLIEST <= reading.wall < LATEST


def ahead(reading: Reading) -> int:
    """Return by how many milliseconds the wall clock is ahead of the boot clock: what changes when it is set."""
    return reading.wall - reading.boot


def passed(before: Reading, now: Reading, anchor: Reading, believed: int) -> Passage:
    """Return what passed from `before` to `now`, in a run that began at `anchor`.

    `believed` is by how much the wall clock was `ahead` when it was last found to have been set, or at first. Small
    differences from it are added up, so that many small steps are noticed as one large one is.
    """
    boot, mono = now.boot - before.boot, now.mono - before.mono
    asleep = (now.boot - now.mono) - (anchor.boot - anchor.mono)
    if boot < 0 or mono < 0 or asleep < -TOLERANCE:
        return Passage(earned=0, broken=True)
    step = (now.wall - before.wall) - boot
    drift = ahead(now) - believed
    stepped = step if abs(step) > TOLERANCE else drift if abs(drift) > TOLERANCE else 0
    # What may have been a short sleep is not earned, either.
    earned = min(boot, mono)
    if asleep > TOLERANCE:
        return Passage(earned=0, suspended=asleep, stepped=stepped)
    if earned > GAP:
        return Passage(earned=0, gap=earned, stepped=stepped)
    return Passage(earned=earned, stepped=stepped)


def span(seconds: int) -> str:
    """Return a duration in words: in its two largest units, rounded down, and in one where the other is 0.

    >>> span(3 * 86400 + 4 * 3600 + 59), span(3600 + 120), span(61), span(600), span(9)
    ('3 d 4 h', '1 h 2 min', '1 min 1 s', '10 min', '9 s')
    """
    left = max(seconds, 0)
    largest = next((n for n, (size, _) in enumerate(_UNITS) if left >= size), len(_UNITS) - 1)
    words: list[str] = []
    for size, unit in _UNITS[largest : largest + 2]:
        number, left = divmod(left, size)
        if number or not words:
            words.append(f"{number} {unit}")
    return " ".join(words)


def seconds_of(stretches: Iterable[Stretch]) -> int:
    """Return the seconds of disjoint stretches."""
    return sum(end - begin for begin, end in stretches)


def appended(stretches: tuple[Stretch, ...], new: Stretch) -> tuple[Stretch, ...]:
    """Return `stretches` with `new` after the last of them, joined to it where the two touch."""
    begin, end = new
    if begin == end:
        return stretches
    if stretches and stretches[-1][1] == begin:
        return (*stretches[:-1], (stretches[-1][0], end))
    return (*stretches, new)


def cut(stretches: Sequence[Stretch], minus: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Return what is left of `stretches` without `minus`.

    >>> cut([(0, 60)], [(10, 20), (50, 90)])
    ((0, 10), (20, 50))
    """
    left = tuple(stretches)
    for begin, end in minus:
        left = tuple(
            (a, b) for one in left for a, b in ((one[0], min(one[1], begin)), (max(one[0], end), one[1])) if a < b
        )
    return left


def newest(stretches: tuple[Stretch, ...], seconds: int) -> tuple[Stretch, ...]:
    """Return the last `seconds` of stretches that follow each other in the order of their tracking.

    >>> newest(((0, 60), (100, 130)), 40)
    ((50, 60), (100, 130))
    """
    spare = seconds_of(stretches) - seconds
    while stretches and spare > 0:
        begin, end = stretches[0]
        taken = min(spare, end - begin)
        spare -= taken
        stretches = ((begin + taken, end), *stretches[1:]) if begin + taken < end else stretches[1:]
    return stretches
