"""The same commands with a diary on a server."""

from __future__ import annotations

from tests.cli.conftest import MONDAY_NOON, Kept
from tests.store.postgresql_server import postgresql, postgresql_url

__all__ = ["postgresql", "postgresql_url"]


def test_a_diary_on_a_server_lives_like_one_in_a_file(empty: Kept, postgresql_url: str) -> None:
    db = ["--db", postgresql_url]
    empty.done("init", *db)
    options = ["--freelancer", "ana", "--client", "acme", "--rate", "30.00", "--limit", "1", "--manual"]
    empty.done("contract", "add", "c-1", *options, *db)
    empty.done("add", "2026-11-18T14:00Z", "15:00", "--memo", "Call", *db)
    costly = empty("add", "2026-11-18T13:00Z", "13:20", "--memo", "Call", *db)
    assert "makes Wed 18 Nov 14:40–15:00 unpaid" in costly.err
    assert "30.00 USD" in empty.done("statement", *db)
    assert empty.done("statement", postgresql_url) == empty.done("statement", *db)
    empty.at = MONDAY_NOON
    assert "closed, 30.00 USD" in empty.done("close", *db)
    assert empty.done("verify", *db).startswith("c-1: sound; 3 entries, 1 week, 1 of them closed.")
    assert empty.done("log", *db).count("\n") == 4
    assert "✗" not in empty.done("doctor", *db)
    refused = empty("backup", "copy.db", *db)
    assert (refused.status, "pg_dump" in refused.err) == (2, True)
