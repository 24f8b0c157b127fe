"""How much the benchmarks do: all of it by default, next to nothing in the test that they run."""

from __future__ import annotations

import attrs

__all__ = ["Effort"]


@attrs.frozen(kw_only=True)
class Effort:
    """How much to measure.

    Rounds in one process, rounds of whole processes, passes, cases and slots; for the journal, the weeks
    of an old diary, single appends, contracts of a batch, and entries to verify; for the tracker, the
    seconds that it runs.
    """

    rounds: int = 401
    imports: int = 41
    passes: int = 7
    cases: int | None = None
    slots: int = 10_000_000
    weeks: int = 522
    appends: int = 300
    contracts: int = 435
    entries: int = 60_000
    seconds: int = 600
