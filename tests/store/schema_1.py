"""Version 1 of the schema, written by hand as it was: no list of moments, and no quarantine."""

from __future__ import annotations

from typing import Final

__all__ = ["POSTGRESQL_1", "SQLITE_1"]

SQLITE_1: Final = (
    """CREATE TABLE entries (
    contract TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    start INTEGER,
    stop INTEGER,
    body BLOB NOT NULL,
    previous BLOB NOT NULL,
    digest BLOB NOT NULL,
    PRIMARY KEY (contract, number),
    UNIQUE (contract, id)
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX entries_touching ON entries (contract, start, stop) WHERE stop <= start + 1008",
    "CREATE INDEX entries_touching_long ON entries (contract, start, stop) WHERE stop > start + 1008",
    """CREATE TRIGGER entries_update BEFORE UPDATE ON entries BEGIN
    SELECT RAISE(ABORT, 'entries are append-only');
END""",
    """CREATE TRIGGER entries_delete BEFORE DELETE ON entries BEGIN
    SELECT RAISE(ABORT, 'entries are append-only');
END""",
    """CREATE TRIGGER entries_replace BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE contract = NEW.contract AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM entries WHERE contract = NEW.contract AND id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'entries are append-only');
END""",
    """CREATE TABLE contracts (
    contract TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    digest BLOB NOT NULL,
    at INTEGER NOT NULL,
    standing TEXT NOT NULL,
    policy TEXT NOT NULL
) STRICT""",
    """CREATE TABLE weeks (
    contract TEXT NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    state TEXT NOT NULL,
    tracked BLOB NOT NULL,
    manual BLOB NOT NULL,
    snapshot BLOB NOT NULL,
    known BLOB NOT NULL,
    meter1 BLOB NOT NULL,
    meter2 BLOB NOT NULL,
    meter4 BLOB NOT NULL,
    meter8 BLOB NOT NULL,
    texts TEXT NOT NULL,
    PRIMARY KEY (contract, start)
) STRICT""",
    "CREATE INDEX weeks_state ON weeks (state, contract, start, stop)",
    "PRAGMA application_id=2003061297",  # 0x77644A31
    "PRAGMA user_version=1",
)

POSTGRESQL_1: Final = (
    "CREATE TABLE workdiary (only_row boolean PRIMARY KEY CHECK (only_row), version bigint NOT NULL)",
    "INSERT INTO workdiary VALUES (true, 1)",
    """CREATE TABLE entries (
    contract text COLLATE "C" NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    start bigint,
    stop bigint,
    body bytea NOT NULL,
    previous bytea NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (contract, number),
    UNIQUE (contract, id)
)""",
    "CREATE INDEX entries_touching ON entries (contract, start, stop) WHERE stop <= start + 1008",
    "CREATE INDEX entries_touching_long ON entries (contract, start, stop) WHERE stop > start + 1008",
    """CREATE FUNCTION workdiary_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are append-only' USING ERRCODE = 'restrict_violation';
END $$""",
    "CREATE TRIGGER entries_change BEFORE UPDATE OR DELETE ON entries "
    "FOR EACH ROW EXECUTE FUNCTION workdiary_append_only()",
    "CREATE TRIGGER entries_truncate BEFORE TRUNCATE ON entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION workdiary_append_only()",
    """CREATE TABLE contracts (
    contract text COLLATE "C" NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    digest bytea NOT NULL,
    at bigint NOT NULL,
    standing text NOT NULL,
    policy text NOT NULL
)""",
    """CREATE TABLE weeks (
    contract text COLLATE "C" NOT NULL,
    start bigint NOT NULL,
    stop bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    tracked bytea NOT NULL,
    manual bytea NOT NULL,
    snapshot bytea NOT NULL,
    known bytea NOT NULL,
    meter1 bytea NOT NULL,
    meter2 bytea NOT NULL,
    meter4 bytea NOT NULL,
    meter8 bytea NOT NULL,
    texts text NOT NULL,
    PRIMARY KEY (contract, start)
)""",
    "CREATE INDEX weeks_state ON weeks (state, contract, start, stop)",
)
