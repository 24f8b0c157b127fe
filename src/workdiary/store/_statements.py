"""The statements of the SQL store, made by SQLAlchemy for either dialect, with the order of their values."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
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

from workdiary.store._schema import CONTRACTS, ENTRIES, ENTRY_COLUMNS, LONG, PAGE, QUARANTINE, WEEKS

__all__ = ["Statements", "statements"]


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
    locked_several: str  # contracts
    find_several: str  # ids, contracts
    touching_several: str  # contracts, after, stop, start, contracts, stop, start
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

    entry, kept, week, held = ENTRIES.c, CONTRACTS.c, WEEKS.c, QUARANTINE.c
    of_contract = entry.contract == bindparam("contract")
    page = (
        select(*entry)
        .where(of_contract, entry.number > bindparam("since"), entry.number <= bindparam("until"))
        .order_by(entry.number)
    )
    # One row, also for a contract that does not exist yet.
    stands = CONTRACTS.alias("stands")
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

    def last_of(column: Any) -> Any:
        of_it = entry.contract == kept.contract
        found: Any = select(column).where(of_it).order_by(entry.number.desc()).suffix_with("LIMIT 1")
        return found.correlate(CONTRACTS).scalar_subquery()

    latest = CONTRACTS.alias("latest")
    locked_several: Any = select(
        kept.contract,
        select(func.max(latest.c.at)).scalar_subquery(),
        last_of(entry.number),
        last_of(entry.digest),
        *(kept[name] for name in ("version", "digest", "at", "standing", "policy")),
    ).where(among(kept.contract, "contracts"))
    overlapping = (entry.start < bindparam("stop"), entry.stop > bindparam("start"))
    week_long: Any = literal_column(f"stop <= start + {LONG}")
    longer: Any = literal_column(f"stop > start + {LONG}")
    touching = (
        select(entry.number)
        .where(of_contract, week_long, entry.start > bindparam("after"), *overlapping)
        .union_all(select(entry.number).where(of_contract, longer, *overlapping))
    )
    of_contracts = among(entry.contract, "contracts")
    touching_several = (
        select(entry.contract, entry.number)
        .where(of_contracts, week_long, entry.start > bindparam("after"), *overlapping)
        .union_all(select(entry.contract, entry.number).where(of_contracts, longer, *overlapping))
    )
    find_several = select(*entry).where(among(entry.id, "ids"), of_contracts)
    if is_sqlite:
        # A CROSS JOIN is kept in its order: SQLite would rather scan the contract than look up each id.
        ids = func.json_each(bindparam("ids", type_=Text)).table_valued("value").alias("ids")
        joined = ids.join(ENTRIES, of_contract & (entry.id == ids.c.value))
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
        locked_several=render(locked_several, "contracts"),
        find_several=render(find_several, "ids", "contracts"),
        touching_several=render(touching_several, "contracts", "after", "stop", "start", "contracts", "stop", "start"),
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
        add_entry=render(insert(ENTRIES), *ENTRY_COLUMNS),
        put_contract=put(CONTRACTS, "contract"),
        put_week=put(WEEKS, "contract", "start"),
        quarantined=render(select(held.number, held.at, held.body, held.error).order_by(held.number)),
        quarantined_numbers=render(select(held.number)),
        quarantined_body=render(
            select(held.number, held.at, held.body, held.error).where(held.digest == bindparam("digest")), "digest"
        ),
        add_quarantine=render(
            insert(QUARANTINE).values({name: bindparam(name) for name in ("at", "digest", "body", "error")}),
            "at",
            "digest",
            "body",
            "error",
        ),
        release=render(delete(QUARANTINE).where(held.number == bindparam("number")), "number"),
    )
