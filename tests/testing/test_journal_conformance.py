"""The journal in memory keeps every promise of the port; our stores on disk are tested where they live."""

from __future__ import annotations

import pytest

from workdiary.store.memory import MemoryJournal
from workdiary.testing.journal import JournalConformance, Opener


class TestMemoryJournal(JournalConformance):
    lasts = False

    @pytest.fixture
    def open_journal(self) -> Opener:
        return lambda clock: MemoryJournal(clock=clock)
