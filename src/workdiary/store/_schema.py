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

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text

__all__ = [
    "APPLICATION_ID",
    "CONTRACTS",
    "ENTRIES",
    "ENTRY_COLUMNS",
    "LONG",
    "PAGE",
    "POSTGRESQL",
    "QUARANTINE",
    "SCHEMA_VERSION",
    "SQLITE",
    "TABLES",
    "WEEKS",
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

_METADATA: Final = MetaData()


def _table(name: str, **columns: type[BigInteger | Text | LargeBinary]) -> Table:
    return Table(name, _METADATA, *(Column(column, kind) for column, kind in columns.items()))


ENTRIES: Final = _table(
    "entries",
    contract=Text,
    number=BigInteger,
    id=Text,
    at=BigInteger,
    start=BigInteger,
    stop=BigInteger,
    body=LargeBinary,
    previous=LargeBinary,
    digest=LargeBinary,
)
CONTRACTS: Final = _table(
    "contracts",
    contract=Text,
    version=BigInteger,
    digest=LargeBinary,
    at=BigInteger,
    standing=Text,
    policy=Text,
)
WEEKS: Final = _table(
    "weeks",
    contract=Text,
    start=BigInteger,
    stop=BigInteger,
    state=Text,
    tracked=LargeBinary,
    manual=LargeBinary,
    snapshot=LargeBinary,
    known=LargeBinary,
    meter1=LargeBinary,
    meter2=LargeBinary,
    meter4=LargeBinary,
    meter8=LargeBinary,
    texts=Text,
)
QUARANTINE: Final = _table(
    "quarantine", number=BigInteger, at=BigInteger, digest=LargeBinary, body=LargeBinary, error=Text
)

TABLES: Final = {table.name: table for table in (ENTRIES, CONTRACTS, WEEKS, QUARANTINE)}
"""The tables that both dialects have, as SQLAlchemy knows them."""

ENTRY_COLUMNS: Final = tuple(ENTRIES.c.keys())
WEEK_COLUMNS: Final = tuple(WEEKS.c.keys())
