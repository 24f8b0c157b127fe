"""The tables of the SQL store, word for word; `workdiary.store._statements` is what uses them.

::

    entries      the chain, append-only: triggers refuse UPDATE and DELETE (and, on PostgreSQL, TRUNCATE)
    contracts    each contract as it stands, and the head of its chain
    weeks        each week as bitmaps; see `workdiary.store._planes`
    quarantine   what could not be read
    workdiary    PostgreSQL only: one row with the version of the schema

SQLite keeps the version in ``user_version``, and ``application_id`` says whose file it is. The text of
a table never changes once it was released: the text in a database is compared with it at opening.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = [
    "APPLICATION_ID",
    "COLUMNS",
    "ENTRY_COLUMNS",
    "LONG",
    "PAGE",
    "POSTGRESQL",
    "SCHEMA_VERSION",
    "SQLITE",
    "WEEK_COLUMNS",
    "Ddl",
]

SCHEMA_VERSION: Final = 2
"""The version of the schema that this program reads and writes."""

APPLICATION_ID: Final = 0x77644A31
"""What SQLite's header says of a file of ours: "wdJ1"."""

PAGE: Final = 2_000
"""How many entries are read at once."""

LONG: Final = 1_008
"""The most slots, a week, that an entry of the first index spans; the few that span more have their own.

An entry that touches the stretch from a to b, and spans at most `LONG`, starts after a - `LONG`: so
the index is read from there to b, however old the diary is.
"""


class Ddl(NamedTuple):
    """The statements that make a schema, by the version that brought them; one each, in order."""

    version: int
    text: str


SQLITE: Final = (
    Ddl(
        1,
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
    ),
    Ddl(1, "CREATE INDEX entries_touching ON entries (contract, start, stop) WHERE stop <= start + 1008"),
    Ddl(1, "CREATE INDEX entries_touching_long ON entries (contract, start, stop) WHERE stop > start + 1008"),
    Ddl(
        1,
        """CREATE TRIGGER entries_update BEFORE UPDATE ON entries BEGIN
    SELECT RAISE(ABORT, 'entries are append-only');
END""",
    ),
    Ddl(
        1,
        """CREATE TRIGGER entries_delete BEFORE DELETE ON entries BEGIN
    SELECT RAISE(ABORT, 'entries are append-only');
END""",
    ),
    # INSERT OR REPLACE deletes without asking the trigger above.
    Ddl(
        1,
        """CREATE TRIGGER entries_replace BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE contract = NEW.contract AND number = NEW.number)
    OR EXISTS (SELECT 1 FROM entries WHERE contract = NEW.contract AND id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'entries are append-only');
END""",
    ),
    Ddl(
        1,
        """CREATE TABLE contracts (
    contract TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    digest BLOB NOT NULL,
    at INTEGER NOT NULL,
    standing TEXT NOT NULL,
    policy TEXT NOT NULL
) STRICT""",
    ),
    Ddl(
        1,
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
    ),
    Ddl(1, "CREATE INDEX weeks_state ON weeks (state, contract, start, stop)"),
    Ddl(2, "CREATE INDEX contracts_at ON contracts (at)"),
    Ddl(
        2,
        """CREATE TABLE quarantine (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL,
    error TEXT NOT NULL
) STRICT""",
    ),
)
"""The schema of SQLite."""

POSTGRESQL: Final = (
    Ddl(1, "CREATE TABLE workdiary (only_row boolean PRIMARY KEY CHECK (only_row), version bigint NOT NULL)"),
    Ddl(
        1,
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
    ),
    Ddl(1, "CREATE INDEX entries_touching ON entries (contract, start, stop) WHERE stop <= start + 1008"),
    Ddl(1, "CREATE INDEX entries_touching_long ON entries (contract, start, stop) WHERE stop > start + 1008"),
    Ddl(
        1,
        """CREATE FUNCTION workdiary_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are append-only' USING ERRCODE = 'restrict_violation';
END $$""",
    ),
    Ddl(
        1,
        "CREATE TRIGGER entries_change BEFORE UPDATE OR DELETE ON entries "
        "FOR EACH ROW EXECUTE FUNCTION workdiary_append_only()",
    ),
    Ddl(
        1,
        "CREATE TRIGGER entries_truncate BEFORE TRUNCATE ON entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION workdiary_append_only()",
    ),
    Ddl(
        1,
        """CREATE TABLE contracts (
    contract text COLLATE "C" NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    digest bytea NOT NULL,
    at bigint NOT NULL,
    standing text NOT NULL,
    policy text NOT NULL
)""",
    ),
    Ddl(
        1,
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
    ),
    Ddl(1, "CREATE INDEX weeks_state ON weeks (state, contract, start, stop)"),
    Ddl(2, "CREATE INDEX contracts_at ON contracts (at)"),
    Ddl(
        2,
        """CREATE TABLE quarantine (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at bigint NOT NULL,
    digest bytea NOT NULL UNIQUE,
    body bytea NOT NULL,
    error text NOT NULL
)""",
    ),
)
"""The schema of PostgreSQL."""

COLUMNS: Final = {
    "entries": {
        "contract": "text",
        "number": "number",
        "id": "text",
        "at": "number",
        "start": "number",
        "stop": "number",
        "body": "bytes",
        "previous": "bytes",
        "digest": "bytes",
    },
    "contracts": {
        "contract": "text",
        "version": "number",
        "digest": "bytes",
        "at": "number",
        "standing": "text",
        "policy": "text",
    },
    "weeks": {
        "contract": "text",
        "start": "number",
        "stop": "number",
        "state": "text",
        "tracked": "bytes",
        "manual": "bytes",
        "snapshot": "bytes",
        "known": "bytes",
        "meter1": "bytes",
        "meter2": "bytes",
        "meter4": "bytes",
        "meter8": "bytes",
        "texts": "text",
    },
    "quarantine": {"number": "number", "at": "number", "digest": "bytes", "body": "bytes", "error": "text"},
}
"""The tables that both dialects have: their columns in order, and what each holds."""

ENTRY_COLUMNS: Final = tuple(COLUMNS["entries"])
WEEK_COLUMNS: Final = tuple(COLUMNS["weeks"])
