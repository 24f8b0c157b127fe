"""The ratios that the journal promises: appending, growth, batches, verification, memory."""

from __future__ import annotations

import gc
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from benchmarks.diaries import PLATFORM, SEGMENTS_A_WEEK, START, contract, days, grow, uploads
from benchmarks.effort import Effort
from benchmarks.timing import Ratio, alternate
from workdiary import Diary, Instant, Segment, ingest, slot_start
from workdiary.diary.entry import Entry
from workdiary.diary.journal import KeptWeek, Standing
from workdiary.diary.verify import verify, verify_chain
from workdiary.store.memory import MemoryJournal
from workdiary.store.sql import SqlJournal

__all__ = ["MEASURES"]


def appending(effort: Effort) -> Iterator[Ratio]:
    """Yield what recording one segment costs, against a bare INSERT of the same bytes with the same pragmas."""
    clock = [0]
    with TemporaryDirectory() as folder, SqlJournal.open(f"{folder}/diary.db", clock=lambda: clock[0]) as journal:
        grow(journal, clock, "c-1", range(2))
        clock[0] = START + 30 * 86_400
        diary = Diary(journal, "c-1")
        requests = iter([*uploads("c-1", range(2, 4), each=1)])
        bodies = [entry.body for entry in journal.read("c-1")]
        with closing(_bare(Path(folder) / "bare.db")) as bare:
            number = count()

            def insert() -> None:
                with bare:
                    bare.execute("INSERT INTO t VALUES (?, ?)", (next(number), body))

            def record() -> None:
                item = next(requests)
                diary.record(item.request, by=item.by, id=item.id)

            body = bodies[-1][:500]
            took = alternate({"record": record, "insert": insert}, rounds=min(effort.appends, 450))
    note = f"{took['record'] * 1e6:.0f} µs / {took['insert'] * 1e6:.0f} µs"
    yield Ratio(
        what="recording a segment / a bare INSERT with the same pragmas",
        value=took.ratio("record", "insert"),
        goal=2.0,
        note=note,
    )


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    for pragma in ("synchronous=EXTRA", "journal_mode=DELETE", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)").close()
    return connection


def growing(effort: Effort) -> Iterator[Ratio]:
    """Yield what the last week of an old diary costs, against the same week of a young one."""
    weeks = effort.weeks
    clock = [0]
    with TemporaryDirectory() as folder:
        journals = {}
        for name, first in (("old", 0), ("young", max(weeks - 4, 0))):
            journals[name] = SqlJournal.open(f"{folder}/{name}.db", clock=lambda: clock[0])
            grow(journals[name], clock, "c-1", range(first, weeks))
        week = slot_start(START.slot + 1008 * (weeks - 1))
        amounts = {str(Diary(journal, "c-1").statement(week).amount) for journal in journals.values()}
        if amounts != {f"{SEGMENTS_A_WEEK * 5}.00 USD"}:
            raise RuntimeError(f"the two diaries state {amounts}")
        for what, work in (("statement", _state), ("page", _page)):
            sides = {name: work(journal, week) for name, journal in journals.items()}
            took = alternate(sides, rounds=effort.rounds // 4 or 1)
            yield Ratio(
                what=f"the {what} of this week in a diary of {weeks} weeks / of 4",
                value=took.ratio("old", "young"),
                goal=1.5,
                note=f"{took['old'] * 1e6:.0f} µs / {took['young'] * 1e6:.0f} µs",
            )
        for journal in journals.values():
            journal.close()


def _state(journal: SqlJournal, week: Instant) -> Callable[[], object]:
    return lambda: Diary(journal, "c-1").statement(week)


def _page(journal: SqlJournal, week: Instant) -> Callable[[], object]:
    return lambda: Diary(journal, "c-1").segments(week)


def ingesting(effort: Effort) -> Iterator[Ratio]:
    """Yield what ingesting 100,000 segments costs on PostgreSQL, against COPY of them as bare rows.

    That is all of `ingest`: uploads of a day, read from JSON, judged, merged, sealed and kept. The second line is
    the store alone, an entry a segment, sealed already, against COPY of the rows that it writes.
    """
    try:
        from tests.store.postgresql_server import Server
    except ImportError:
        return
    import psycopg

    contracts = [f"c-{n:04}" for n in range(effort.contracts)]
    batches = [_sealed(id) for id in contracts]
    lines = [item.dump() for id in contracts for item in uploads(id, range(1))]
    rows = [_row(entry) for batch in batches for entry in batch[0]]
    slim = [_slim(id, segment) for id in contracts for day in days(range(1)) for segment in day]
    segments = len(contracts) * SEGMENTS_A_WEEK
    took: dict[str, list[float]] = {"append": [], "ingest": [], "copy": [], "slim": []}
    gc.collect()
    gc.freeze()  # a million values that were prepared are not for the collector to walk while others are timed
    with Server() as server:
        for _ in range(3):
            url = server.url(server.create())
            with SqlJournal.open(url, clock=lambda: _SATURDAY) as journal, _timed(took["append"]):
                for entries, week, standing in batches:
                    with journal.writing(standing.contract.id) as writing:
                        writing.append(entries, contract=standing.contract, policy=standing.policy, weeks=[week])
            url = server.url(server.create())
            with SqlJournal.open(url, clock=lambda: _SATURDAY) as journal:
                for id in contracts:
                    Diary.open(journal, contract(id), "upwork", by=PLATFORM, id="open")
                with _timed(took["ingest"]):
                    kinds = {answer.kind.value for answer in ingest(journal, lines, workers=4)}
            if kinds != {"created"}:
                raise RuntimeError(f"not everything was recorded: {kinds}")
            with psycopg.connect(url) as connection:
                connection.execute(
                    "CREATE TABLE bare (contract text, number bigint, id text, at bigint, start bigint, stop bigint,"
                    " body bytea, previous bytea, digest bytea, PRIMARY KEY (contract, number))"
                )
                connection.commit()
                with _timed(took["copy"]):
                    with connection.cursor().copy("COPY bare FROM STDIN") as copy:
                        for row in rows:
                            copy.write_row(row)
                    connection.commit()
                connection.execute(
                    "CREATE TABLE slim (contract text, slot bigint, source text, memo text, label text,"
                    " meter int, snapshot int, PRIMARY KEY (contract, slot))"
                )
                connection.commit()
                text = "".join(slim)
                with _timed(took["slim"]):
                    with connection.cursor().copy("COPY slim FROM STDIN") as copy:
                        copy.write(text)
                    connection.commit()
    gc.unfreeze()
    for side, base, what, goal in (
        ("ingest", "slim", "ingesting {} segments on PostgreSQL / COPY of them as bare rows", 5.0),
        ("append", "copy", "    appending them to the store, an entry each / COPY of the same rows", None),
    ):
        one, other = min(took[side]), min(took[base])
        yield Ratio(
            what=what.format(f"{segments:,}"),
            value=one / other,
            goal=goal,
            note=f"{segments / one:,.0f} / {segments / other:,.0f} segments a second",
        )


_SATURDAY: Final = START + 6 * 86_400


@contextmanager
def _timed(times: list[float]) -> Iterator[None]:
    started = perf_counter()
    yield
    times.append(perf_counter() - started)


def _sealed(id: str) -> tuple[list[Entry], KeptWeek, Standing]:
    """Return a week of the contract `id` as a diary hands it to its journal: an entry a segment."""
    journal, clock = MemoryJournal(clock=lambda: clock[0]), [int(_SATURDAY)]
    grow(journal, clock, id, [0], each=1)
    week = journal.week(id, START.slot)
    if week is None:
        raise RuntimeError("nothing was recorded")
    return [*journal.read(id)], week, journal.standing(id)


def _slim(contract_id: str, segment: Segment) -> str:
    shot = segment.snapshots[0].at or 0
    return f"{contract_id}\t{segment.slot}\ttracked\t{segment.memo}\t\\N\t{segment.meter}\t{shot % 600}\n"


def _row(entry: Entry) -> tuple[object, ...]:
    beside = (entry.contract, entry.number, entry.id, int(entry.at), entry.start, entry.stop)
    return (*beside, entry.body, entry.previous, entry.digest)


def verifying(effort: Effort) -> Iterator[Ratio]:
    """Yield what verifying one entry takes, in terms of the 20 µs that 50,000 a second allow."""
    entries = effort.entries
    clock = [0]
    with TemporaryDirectory() as folder, SqlJournal.open(f"{folder}/diary.db", clock=lambda: clock[0]) as journal:
        grow(journal, clock, "c-1", range(-(-entries // SEGMENTS_A_WEEK)), each=1)
        for name, check in (("its chain", verify_chain), ("its chain, and replaying it", verify)):
            started = perf_counter()
            found = check(journal, "c-1")
            each = (perf_counter() - started) / found.head.version
            if not found.is_sound:
                raise RuntimeError(str(found.faults[0]))
            yield Ratio(
                what=f"verifying a diary of {found.head.version:,} entries, {name}: µs an entry / 20",
                value=each * 1e6 / 20,
                goal=1.0,
                note=f"{1 / each:,.0f} entries a second",
            )


def replaying(effort: Effort) -> Iterator[Ratio]:
    """Yield the memory that replaying ten years takes, in terms of 200 MB."""
    weeks = effort.weeks
    clock = [0]
    with TemporaryDirectory() as folder:
        path = f"{folder}/diary.db"
        with SqlJournal.open(path, clock=lambda: clock[0]) as journal:
            grow(journal, clock, "c-1", range(weeks), each=1)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.journal", path], check=True, capture_output=True, text=True
        )
        peak = int(done.stdout)
    yield Ratio(
        what=f"memory for replaying {weeks * SEGMENTS_A_WEEK:,} segments, the whole process / 200 MB",
        value=peak / 200_000_000,
        goal=1.0,
        note=f"{peak / 1e6:.0f} MB",
    )


def _replay(path: str) -> None:
    """Replay the diary at `path` as one page a week, and print the most memory that the process had, in bytes."""
    with SqlJournal.open(path) as journal:
        found = verify(journal, "c-1")
    if not found.is_sound:
        raise RuntimeError(str(found.faults[0]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


MEASURES: Final[dict[str, Callable[[Effort], Iterator[Ratio]]]] = {
    "append": appending,
    "growth": growing,
    "ingest": ingesting,
    "verify": verifying,
    "replay": replaying,
}


if __name__ == "__main__":
    _replay(sys.argv[1])
