"""Judge and bill from a backend's own tables: no journal, no import, only rows and plain values.

Run it: python examples/backend.py
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from workdiary import (
    Activity,
    Contract,
    Edit,
    Facts,
    Instant,
    Policy,
    Role,
    Segment,
    Terms,
    Verdict,
    WeekStatement,
    add_time,
    apply,
    instant,
    judge,
    policies,
    slot_start,
    week_statement,
)
from workdiary.explain import verdict_words

TABLES = """
CREATE TABLE contract (id TEXT PRIMARY KEY, freelancer TEXT, client TEXT, currency TEXT);
CREATE TABLE terms (contract TEXT, since INTEGER, rate TEXT, weekly_limit TEXT, manual_time INTEGER);
CREATE TABLE verified (contract TEXT, since INTEGER, billing INTEGER, standing INTEGER, identity INTEGER);
CREATE TABLE segment (contract TEXT, starts_at INTEGER, source TEXT, memo TEXT, meter INTEGER, shot_at INTEGER,
                      PRIMARY KEY (contract, starts_at));
"""


def policy_of(at: str | Instant) -> Policy:
    """Return Upwork's rules for the week that contains `at`: those in force when it starts, for ever."""
    week = policies.get("upwork").week_of(at)
    return policies.get("upwork", at=week.starts_at)


def contract_of(db: sqlite3.Connection, contract: str) -> Contract:
    """Return the contract with its dated terms and facts; rates and limits are text in the database, never floats."""
    _, freelancer, client, currency = db.execute("SELECT * FROM contract WHERE id = ?", [contract]).fetchone()
    terms = db.execute("SELECT * FROM terms WHERE contract = ? ORDER BY since", [contract])
    facts = db.execute("SELECT * FROM verified WHERE contract = ? ORDER BY since", [contract])
    return Contract(
        id=contract,
        freelancer=freelancer,
        client=client,
        currency=currency,
        terms=[
            Terms(since=Instant(since), rate=rate, weekly_limit=limit, manual_time_allowed=bool(manual))
            for _, since, rate, limit, manual in terms
        ],
        facts=[
            Facts(
                since=Instant(since),
                billing_verified=bool(billing),
                good_standing=bool(standing),
                identity_verified=bool(identity),
            )
            for _, since, billing, standing, identity in facts
        ],
    )


def segments_of(db: sqlite3.Connection, contract: str, start: int, stop: int) -> Iterator[Segment]:
    """Yield the segments recorded in ``start <= slot < stop``; an unknown meter is NULL, which is not 0."""
    rows = db.execute(
        "SELECT starts_at, source, memo, meter, shot_at FROM segment"
        " WHERE contract = ? AND ? <= starts_at AND starts_at < ?",
        [contract, int(slot_start(start)), int(slot_start(stop))],
    )
    for starts_at, source, memo, meter, shot_at in rows:
        if source == "manual":
            yield Segment.manual(Instant(starts_at), memo=memo)
        else:
            yield Segment.tracked(
                Instant(starts_at),
                memo=memo,
                activity=None if meter is None else Activity.of_meter(meter),
                snapshots=[] if shot_at is None else [Instant(shot_at)],
            )


def statement_of(db: sqlite3.Connection, contract: str, at: str) -> WeekStatement:
    """Return the statement of the week that contains `at`."""
    policy = policy_of(at)
    week = policy.week_of(at)
    segments = segments_of(db, contract, week.start, week.stop)
    return week_statement(contract_of(db, contract), segments, week=week, policy=policy)


def request(db: sqlite3.Connection, contract: str, change: Edit, *, at: str) -> Verdict:
    """Judge a freelancer's change and, when it is allowed, store what it changes in one transaction."""
    # The week that the change is about decides, not the one in which it is asked for.
    policy = policy_of(slot_start(change.start))
    with db:
        # Only what is recorded in the range of the change can speak for or against it.
        before = list(segments_of(db, contract, change.start, change.stop))
        verdict = judge(change, on=contract_of(db, contract), segments=before, by=Role.FREELANCER, at=at, policy=policy)
        if verdict.allowed:
            after = {segment.slot: segment for segment in apply(change, before, verdict.changed)}
            for slot in verdict.changed:
                key = [contract, int(slot_start(slot))]
                db.execute("DELETE FROM segment WHERE contract = ? AND starts_at = ?", key)
                if slot in after:
                    db.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)", row_of(contract, after[slot]))
    return verdict


def row_of(contract: str, segment: Segment) -> tuple[object, ...]:
    """Return the row of one segment."""
    shots = [shot.at for shot in segment.snapshots if shot.at is not None]
    shot_at = int(shots[0]) if shots else None
    return contract, int(segment.starts_at), segment.source.value, segment.memo, segment.meter, shot_at


def database() -> sqlite3.Connection:
    """Return a small platform: one contract of 3.5 hours a week, with a rate change on Wednesday."""
    db = sqlite3.connect(":memory:")
    db.executescript(TABLES)
    monday, hour, day = int(instant("2026-11-16T00:00Z")), 3600, 86400
    db.execute("INSERT INTO contract VALUES ('c-1', 'ana', 'acme', 'USD')")
    db.execute("INSERT INTO terms VALUES ('c-1', ?, '30.00', '3.5', 1)", [monday - 14 * day])
    db.execute("INSERT INTO terms VALUES ('c-1', ?, '33.00', '3.5', 1)", [monday + 2 * day])
    db.execute("INSERT INTO verified VALUES ('c-1', ?, 1, 1, 1)", [monday - 14 * day])
    tracked = [(monday + 9 * hour + n * 600, "" if n == 6 else "Fix the login form") for n in range(12)]
    tracked += [(monday + 2 * day + 14 * hour + n * 600, "Review the release") for n in range(8)]
    for starts_at, memo in tracked:
        db.execute("INSERT INTO segment VALUES ('c-1', ?, 'tracked', ?, 8, ?)", [starts_at, memo, starts_at + 247])
    for n in range(3):
        starts_at = monday + day + 10 * hour + n * 600
        db.execute("INSERT INTO segment VALUES ('c-1', ?, 'manual', 'Call', NULL, NULL)", [starts_at])
    db.commit()
    return db


def show(statement: WeekStatement) -> None:
    """Print a week in a few lines."""
    hours = statement.hours
    print(f"{statement.week}: {hours.billable} h billable, {hours.over_limit} h over the limit")
    for line in statement.lines:
        print(f"  {line}")
    print(f"  to pay {statement.amount}, of which {statement.protected_amount} protected")


def main() -> None:
    thursday = "2026-11-19T08:00:00Z"
    with closing(database()) as db:
        statement = statement_of(db, "c-1", thursday)
        show(statement)
        for advice in statement.advice(at=thursday):
            print(f"  advice: {advice}")

        call = add_time("2026-11-17T12:00Z", "2026-11-17T12:30Z", memo="Call about the release")
        print()
        print(verdict_words(request(db, "c-1", call, at=thursday)))
        show(statement_of(db, "c-1", thursday))

        late = add_time("2026-11-20T12:00Z", "2026-11-20T12:30Z", memo="Forgotten")
        print()
        print(verdict_words(request(db, "c-1", late, at="2026-11-23T12:00:00Z")))


if __name__ == "__main__":
    main()
