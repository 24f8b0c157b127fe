"""The journal in a database keeps every promise of the port."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.postgresql_server import postgresql, postgresql_url
from workdiary.store.sql import SqlJournal
from workdiary.testing.journal import JournalConformance, Opener

__all__ = ["postgresql", "postgresql_url"]


class TestSqliteJournal(JournalConformance):
    @pytest.fixture
    def open_journal(self, tmp_path: Path) -> Opener:
        return lambda clock: SqlJournal.open(tmp_path / "diary.db", clock=clock)


class TestPostgresqlJournal(JournalConformance):
    histories = 6  # each is a database of its own

    @pytest.fixture
    def open_journal(self, postgresql_url: str) -> Opener:
        return lambda clock: SqlJournal.open(postgresql_url, clock=clock)
