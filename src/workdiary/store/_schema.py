"""The tables of the SQL store, word for word, and the statements that use them.

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

from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    Table,
    Text,
    any_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

__all__ = [
    "APPLICATION_ID",
    "ENTRY_COLUMNS",
    "LONG",
    "PAGE",
    "POSTGRESQL",
    "SCHEMA_VERSION",
    "SQLITE",
    "TABLES",
    "WEEK_COLUMNS",
    "Ddl",
    "Statements",
    "statements",
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


_ENTRIES: Final = _table(
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
_CONTRACTS: Final = _table(
    "contracts",
    contract=Text,
    version=BigInteger,
    digest=LargeBinary,
    at=BigInteger,
    standing=Text,
    policy=Text,
)
_WEEKS: Final = _table(
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
_QUARANTINE: Final = _table(
    "quarantine", number=BigInteger, at=BigInteger, digest=LargeBinary, body=LargeBinary, error=Text
)

TABLES: Final = {table.name: table for table in (_ENTRIES, _CONTRACTS, _WEEKS, _QUARANTINE)}
"""The tables that both dialects have, as SQLAlchemy knows them."""

ENTRY_COLUMNS: Final = tuple(_ENTRIES.c.keys())
WEEK_COLUMNS: Final = tuple(_WEEKS.c.keys())


class Statements(NamedTuple):
    """The SQL of one dialect, rendered once; each takes its values by position, as its comment says."""

    contracts: str  # none
    standing: str  # contract
    last: str  # contract
    latest: str  # none
    locked: str  # contract, contract, contract: the latest moment, the last entry, and as `standing`
    page: str  # contract, since, until
    next: str  # contract, since: the next number
    touching: str  # contract, start - LONG, stop, start, contract, stop, start: the numbers
    numbered: str  # contract, numbers
    find: str  # ids, contract
    week: str  # contract, start
    weeks: str  # state, stop, contract, start: those after that one
    add_entry: str  # a row
    put_contract: str  # a row
    put_week: str  # a row
    quarantined: str  # none
    quarantined_numbers: str  # none
    quarantined_body: str  # digest
    add_quarantine: str  # at, digest, body, error
    release: str  # number


@cache
def statements(name: str) -> Statements:
    """Return the statements for the dialect `name`, ``sqlite`` or ``postgresql``."""
    is_sqlite = name == "sqlite"
    # Both by position: a tuple a row is what the drivers take fastest. Each is loaded where it is used, for a tracker
    # counts its megabytes.
    make: Any
    make_dialect: Any
    if is_sqlite:
        from sqlalchemy.dialects.sqlite import dialect as make_dialect
        from sqlalchemy.dialects.sqlite import insert as make
    else:
        from sqlalchemy.dialects.postgresql import insert as make
        from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg as make_dialect
    dialect: Dialect = make_dialect(paramstyle="qmark" if is_sqlite else "format")

    def render(statement: ClauseElement, *order: str) -> str:
        compiled: Any = statement.compile(dialect=dialect)
        if list(order) != list(compiled.positiontup or ()):
            raise AssertionError(f"{compiled.positiontup} are the values of {compiled}, not {order}")
        return str(compiled)

    def among(column: Column[Any], values: str) -> Any:
        """Return the condition that `column` is one of `values`: JSON text for SQLite, an array for PostgreSQL."""
        if is_sqlite:
            return column.in_(select(func.json_each(bindparam(values, type_=Text)).table_valued("value").c.value))
        return column == any_(bindparam(values, type_=ARRAY(type(column.type))))

    def put(table: Table, *key: str) -> str:
        row = make(table)
        changed = {column.name: row.excluded[column.name] for column in table.c if column.name not in key}
        return render(row.on_conflict_do_update(index_elements=list(key), set_=changed), *table.c.keys())

    entry, kept, week, held = _ENTRIES.c, _CONTRACTS.c, _WEEKS.c, _QUARANTINE.c
    of_contract = entry.contract == bindparam("contract")
    page = (
        select(*entry)
        .where(of_contract, entry.number > bindparam("since"), entry.number <= bindparam("until"))
        .order_by(entry.number)
    )
    # One row, also for a contract that does not exist yet.
    stands = _CONTRACTS.alias("stands")
    one: Any = select(literal_column("1").label("one")).subquery("one")

    def last(column: Any) -> Any:
        found: Any = select(column).where(of_contract).order_by(entry.number.desc()).suffix_with("LIMIT 1")
        return found.scalar_subquery()

    locked: Any = select(
        select(func.max(kept.at)).scalar_subquery(),
        last(entry.number),
        last(entry.digest),
        *(stands.c[name] for name in ("version", "digest", "at", "standing", "policy")),
    ).select_from(one.outerjoin(stands, stands.c.contract == bindparam("contract")))
    overlapping = (entry.start < bindparam("stop"), entry.stop > bindparam("start"))
    week_long: Any = literal_column(f"stop <= start + {LONG}")
    longer: Any = literal_column(f"stop > start + {LONG}")
    touching = (
        select(entry.number)
        .where(of_contract, week_long, entry.start > bindparam("after"), *overlapping)
        .union_all(select(entry.number).where(of_contract, longer, *overlapping))
    )
    if is_sqlite:
        # A CROSS JOIN is kept in its order: SQLite would rather scan the contract than look up each id.
        ids = func.json_each(bindparam("ids", type_=Text)).table_valued("value").alias("ids")
        joined = ids.join(_ENTRIES, of_contract & (entry.id == ids.c.value))
        find = render(select(*entry).select_from(joined), "ids", "contract").replace(" JOIN ", " CROSS JOIN ")
    else:
        find = render(select(*entry).where(among(entry.id, "ids"), of_contract), "ids", "contract")
    beyond = tuple_(week.contract, week.start) > tuple_(
        bindparam("contract", type_=Text), bindparam("start", type_=BigInteger)
    )
    return Statements(
        contracts=render(select(kept.contract).order_by(kept.contract)),
        standing=render(
            select(kept.version, kept.digest, kept.at, kept.standing, kept.policy).where(
                kept.contract == bindparam("contract")
            ),
            "contract",
        ),
        last=render(
            select(entry.number, entry.digest).where(of_contract).order_by(entry.number.desc()).suffix_with("LIMIT 1"),
            "contract",
        ),
        latest=render(select(func.max(kept.at))),
        locked=render(locked, "contract", "contract", "contract"),
        page=render(page, "contract", "since", "until"),
        next=render(
            select(func.min(entry.number)).where(of_contract, entry.number > bindparam("since")), "contract", "since"
        ),
        touching=render(touching, "contract", "after", "stop", "start", "contract", "stop", "start"),
        numbered=render(
            select(*entry).where(of_contract, among(entry.number, "numbers")).order_by(entry.number),
            "contract",
            "numbers",
        ),
        find=find,
        week=render(
            select(*week).where(week.contract == bindparam("contract"), week.start == bindparam("start")),
            "contract",
            "start",
        ),
        weeks=render(
            select(week.contract, week.start)
            .where(week.state == bindparam("state"), week.stop <= bindparam("stop"), beyond)
            .order_by(week.contract, week.start)
            .suffix_with(f"LIMIT {PAGE}"),
            "state",
            "stop",
            "contract",
            "start",
        ),
        add_entry=render(insert(_ENTRIES), *ENTRY_COLUMNS),
        put_contract=put(_CONTRACTS, "contract"),
        put_week=put(_WEEKS, "contract", "start"),
        quarantined=render(select(held.number, held.at, held.body, held.error).order_by(held.number)),
        quarantined_numbers=render(select(held.number)),
        quarantined_body=render(
            select(held.number, held.at, held.body, held.error).where(held.digest == bindparam("digest")), "digest"
        ),
        add_quarantine=render(
            insert(_QUARANTINE).values({name: bindparam(name) for name in ("at", "digest", "body", "error")}),
            "at",
            "digest",
            "body",
            "error",
        ),
        release=render(delete(_QUARANTINE).where(held.number == bindparam("number")), "number"),
    )
