"""All wrong journals: each does everything as the port says, but for a single flaw that somebody could well make."""

from __future__ import annotations

from tests.testing import wrong_blocks, wrong_chains, wrong_keeps, wrong_reads
from tests.testing.right_journal import WRONG, Disk, RightJournal

__all__ = ["WRONG", "Disk", "RightJournal", "wrong_blocks", "wrong_chains", "wrong_keeps", "wrong_reads"]
