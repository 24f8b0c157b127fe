"""What is PostgreSQL's own: its schema, its locks, its connections, and what it says when something is wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace

import psycopg
import pytest

from tests.require import skip_or_fail
from tests.store.postgresql_server import NoServer, Server, postgresql, postgresql_url
from tests.store.samples import CONTRACT, NOW, add, program, seal, week
from tests.support import MONDAY
from workdiary.diary.entry import START
from workdiary.diary.journal import head_of
from workdiary.errors import ChainError, InvalidValue, JournalError, StoreBusy, StoreError
from workdiary.store._postgresql import _COPY_FROM, PostgresqlDatabase, _is_refusal
from workdiary.store.sql import SqlJournal

__all__ = ["postgresql", "postgresql_url"]


@pytest.fixture
def journal(postgresql_url: str) -> Iterator[SqlJournal]:
    with SqlJournal.open(postgresql_url, wait=5, clock=lambda: NOW) as journal:
        add(journal)
        yield journal


def sql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def numbers(journal: SqlJournal) -> list[int]:
    return [entry.number for entry in journal.read(CONTRACT.id)]


def refusal(url: str, **options: object) -> str:
    with pytest.raises(StoreError) as caught:
        SqlJournal.open(url, **options).close()  # type: ignore[arg-type]  # one of its options
    return str(caught.value)


# Addresses.


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "postgres"])
def test_every_usual_address_is_taken(postgresql_url: str, scheme: str) -> None:
    with SqlJournal.open(scheme + postgresql_url[postgresql_url.index("://") :]) as journal:
        add(journal)
        assert journal.name.startswith("postgresql://workdiary@")
        assert journal.schema_version == 2


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg2://ana:secret@host/db", "postgresql://ana:secret@host:port/db", "postgresql:secret"]
)
def test_an_address_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidValue, match=r"^where: .* is no address of a journal; ") as caught:
        SqlJournal.open(url)
    assert "secret" not in str(caught.value)


def test_a_server_that_cannot_be_reached_is_said_without_a_password() -> None:
    said = refusal("postgresql://ana:secret@/db?host=/nowhere&password=secret")
    assert said.startswith("postgresql://ana:***@/db?host=%2Fnowhere: cannot be reached (")
    assert said.endswith("check that the server runs and the address is right, then repeat it with the same id")
    assert "secret" not in said


def test_a_database_that_is_not_there_is_said(postgresql: Server) -> None:
    assert 'database "nowhere" does not exist' in refusal(postgresql.url("nowhere"))


# The schema.


def test_what_the_server_is_set_to_can_be_read(journal: SqlJournal) -> None:
    assert journal.settings["server_encoding"] == "UTF8"
    assert journal.settings["synchronous_commit"] == "on"
    assert {"fsync", "full_page_writes", "server_version"} <= set(journal.settings)


def test_a_session_that_acknowledges_too_early_is_corrected(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE workdiary SET synchronous_commit = off")
        try:
            with SqlJournal.open(postgresql_url) as journal:
                assert journal.settings["synchronous_commit"] == "on"
        finally:
            connection.execute("ALTER ROLE workdiary RESET synchronous_commit")


def test_without_create_an_empty_database_stays_empty(postgresql_url: str) -> None:
    assert "has no work diary; create it first, or check the address" in refusal(postgresql_url, create=False)
    with psycopg.connect(postgresql_url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        assert found.fetchone() == (0,)


def test_f84_a_newer_schema_is_refused(journal: SqlJournal, postgresql_url: str) -> None:
    sql(postgresql_url, "UPDATE workdiary SET version = 3")
    assert "3 has the schema of a newer workdiary: this one knows versions up to 2; upgrade" in refusal(postgresql_url)


@pytest.mark.parametrize("statement", ["UPDATE workdiary SET version = 0", "DELETE FROM workdiary"])
def test_a_version_that_never_was_is_refused(journal: SqlJournal, postgresql_url: str, statement: str) -> None:
    sql(postgresql_url, statement)
    assert "is no version of the schema; restore a backup" in refusal(postgresql_url)


def test_another_programs_tables_are_refused(postgresql_url: str) -> None:
    sql(postgresql_url, "CREATE TABLE weeks (x int)", "CREATE TABLE contracts (x int)")
    assert "'contracts, weeks' are tables of another program; give another database" in refusal(postgresql_url)


def test_a_schema_of_its_own_can_be_given_by_the_address(postgresql_url: str) -> None:
    sql(postgresql_url, "CREATE TABLE weeks (x int)", "CREATE SCHEMA diaries")
    url = f"{postgresql_url}{'&' if '?' in postgresql_url else '?'}options=-csearch_path%3Ddiaries"
    for _ in range(2):
        with SqlJournal.open(url) as journal:
            add(journal)
    assert "are tables of another program" in refusal(postgresql_url)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("ALTER TABLE entries DISABLE TRIGGER entries_change", "entries.entries_change"),
        ("DROP TRIGGER entries_truncate ON entries", "entries.entries_truncate"),
        (
            "CREATE TRIGGER evil BEFORE INSERT ON weeks FOR EACH ROW EXECUTE FUNCTION workdiary_append_only()",
            "weeks.evil",
        ),
        ("ALTER TABLE weeks DROP COLUMN texts", "weeks.texts"),
        ("ALTER TABLE contracts ADD COLUMN extra text", "contracts.extra"),
        ("DROP TABLE quarantine", "quarantine.at"),
    ],
)
def test_f40_an_altered_schema_is_refused(journal: SqlJournal, postgresql_url: str, statement: str, name: str) -> None:
    sql(postgresql_url, statement)
    said = refusal(postgresql_url)
    assert name in said
    assert "are not as workdiary makes them: something was added, changed or removed" in said


@pytest.mark.parametrize(
    "statement", ["UPDATE entries SET at = 0", "DELETE FROM entries", "TRUNCATE entries", "TRUNCATE entries CASCADE"]
)
def test_entries_are_append_only_for_every_program(journal: SqlJournal, postgresql_url: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="entries are append-only"):
        sql(postgresql_url, statement)
    assert numbers(journal) == [1]


def test_a_database_that_cannot_hold_every_text_is_refused(postgresql: Server) -> None:
    postgresql.execute("CREATE DATABASE old ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        assert "'LATIN1' cannot hold every text; use a database with the encoding UTF8" in refusal(
            postgresql.url("old")
        )
    finally:
        postgresql.drop("old")


def test_threads_that_create_the_tables_at_once_make_one_journal(postgresql_url: str) -> None:
    opened: list[SqlJournal] = []
    threads = [threading.Thread(target=lambda: opened.append(SqlJournal.open(postgresql_url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, journal in enumerate(opened):
        add(journal, id=f"of {n}")
        journal.close()
    assert len(opened) == 4


# Locks.


def test_f37_a_contract_that_somebody_else_has_locked_is_busy(postgresql_url: str, journal: SqlJournal) -> None:
    with SqlJournal.open(postgresql_url, wait=0) as other:
        with (
            journal.writing(CONTRACT.id),
            pytest.raises(StoreBusy, match="is locked by somebody else for more than 0 s"),
        ):
            add(other)
        add(other)
    assert numbers(journal) == [1, 2]


def test_a_contract_that_does_not_exist_yet_can_be_locked(postgresql_url: str) -> None:
    with SqlJournal.open(postgresql_url, wait=0) as one, SqlJournal.open(postgresql_url, wait=0) as other:
        with one.writing(CONTRACT.id), pytest.raises(StoreBusy):
            add(other)
        add(other)


def test_other_contracts_are_not_locked(postgresql_url: str, journal: SqlJournal) -> None:
    with (
        SqlJournal.open(postgresql_url, wait=0) as other,
        journal.writing(CONTRACT.id),
        other.writing("c-2") as writing,
    ):
        assert writing.standing is None
        assert [entry.number for entry in other.read(CONTRACT.id)] == [1]


def test_who_waited_for_the_lock_sees_what_was_appended_meanwhile(postgresql_url: str, journal: SqlJournal) -> None:
    found: list[int] = []
    with SqlJournal.open(postgresql_url) as other:
        thread = threading.Thread(target=lambda: found.extend(entry.number for entry in add(other, id="second")))
        with journal.writing(CONTRACT.id) as writing:
            thread.start()
            writing.append([seal(head_of(writing.standing), at=writing.at)], contract=CONTRACT, policy="upwork")
        thread.join()
    assert found == [3]


def test_edit_3_the_clock_of_another_process_is_not_undercut(postgresql_url: str, journal: SqlJournal) -> None:
    with SqlJournal.open(postgresql_url, clock=lambda: NOW - 3600) as other, other.writing("c-2") as writing:
        assert writing.at == NOW


# Writing many.


@pytest.mark.parametrize("count", [1, 2, _COPY_FROM - 1, _COPY_FROM, 5000])
def test_a_batch_of_any_size_is_the_same_entries(journal: SqlJournal, count: int) -> None:
    """Large ones go by COPY, so every column is compared."""
    added = add(journal, *[(MONDAY + n, MONDAY + n + 2) for n in range(count)], weeks=[week()])
    assert list(journal.read(CONTRACT.id, since=1)) == added
    assert journal.week(CONTRACT.id, MONDAY) == week()
    assert journal.standing(CONTRACT.id).head == added[-1].head


def test_a_copy_keeps_entries_without_slots(journal: SqlJournal) -> None:
    with journal.writing("c-2") as writing:
        entries = []
        head = START
        for _ in range(_COPY_FROM):
            entry = seal(head, at=writing.at, contract="c-2", touches=False)
            entries.append(entry)
            head = entry.head
        writing.append(entries, contract=CONTRACT, policy="upwork")
    assert list(journal.read("c-2")) == entries
    assert {(entry.start, entry.stop) for entry in journal.read("c-2")} == {(None, None)}


# Faults.


def test_f40_entries_that_another_program_added_are_not_built_upon(journal: SqlJournal, postgresql_url: str) -> None:
    sql(
        postgresql_url,
        "INSERT INTO entries SELECT contract, 2, 'x', at, start, stop, body, previous, digest FROM entries",
    )
    with pytest.raises(ChainError, match="has another last entry than the head that was stored with it"):
        add(journal)


def _backends(url: str) -> None:
    """End every other session of the database, as a restart of the server does."""
    sql(
        url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_sessions_that_have_ended_are_replaced(journal: SqlJournal, postgresql_url: str) -> None:
    _backends(postgresql_url)
    assert numbers(journal) == [1]
    _backends(postgresql_url)
    add(journal)
    assert numbers(journal) == [1, 2]


def test_f18_a_session_that_ends_within_a_block_stores_nothing(journal: SqlJournal, postgresql_url: str) -> None:
    # The entries and the COMMIT go out together: without an answer nobody knows how far the server came.
    with pytest.raises(StoreError, match="it is not known whether it was stored: repeat it with the same id"):
        add(journal, then=lambda: _backends(postgresql_url))
    assert numbers(journal) == [1]
    add(journal)
    assert numbers(journal) == [1, 2]


@pytest.mark.parametrize(
    ("severity", "code", "is_refusal"),
    [
        ("ERROR", "53100", True),
        ("ERROR", "40001", True),
        ("FATAL", "57P01", False),
        ("FATAL", "08P01", False),
        ("PANIC", "58030", False),
        (None, None, False),
    ],
)
def test_f18_only_an_error_of_a_statement_says_that_nothing_was_stored(
    severity: str | None, code: str | None, is_refusal: bool
) -> None:
    class Answered(psycopg.OperationalError):
        sqlstate = code
        diag = SimpleNamespace(severity_nonlocalized=severity)  # type: ignore[assignment]  # what a server would say

    assert _is_refusal(Answered()) is is_refusal


def test_f18_an_error_in_the_commit_is_never_success(journal: SqlJournal, postgresql_url: str) -> None:
    """A constraint that is checked at the commit, as a server does that fails there."""
    sql(
        postgresql_url,
        "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION fails()",
    )
    with pytest.raises(StoreError, match="while committing; it is not known whether it was stored: repeat it with"):
        add(journal, id="mine")
    sql(postgresql_url, "DROP TRIGGER fails ON entries")
    assert numbers(journal) == [1]
    add(journal, id="mine")
    assert numbers(journal) == [1, 2]


def test_a_commit_that_comes_to_a_rollback_is_never_success(journal: SqlJournal) -> None:
    """PostgreSQL answers COMMIT with ROLLBACK, and no error, when a statement has failed before it."""
    database = journal._database
    assert isinstance(database, PostgresqlDatabase)
    with database.locked("x") as transaction:
        with pytest.raises(StoreError, match="division by zero"):
            transaction.rows("SELECT 1 / 0")
        with pytest.raises(StoreError, match="'ROLLBACK' came instead of COMMIT; nothing was stored"):
            transaction.commit([])
    add(journal)


def test_a_server_that_only_reads_is_said(journal: SqlJournal, postgresql_url: str) -> None:
    sql(
        postgresql_url,
        "CREATE ROLE reader LOGIN",
        "GRANT USAGE ON SCHEMA public TO reader",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    )
    try:
        with SqlJournal.open(postgresql_url.replace("workdiary@", "reader@", 1)) as other:
            assert numbers(other) == [1]
            with pytest.raises(StoreError, match="grant this user the rights, then repeat it"):
                add(other)
    finally:
        sql(postgresql_url, "DROP OWNED BY reader", "DROP ROLE reader")
    assert numbers(journal) == [1]


def test_what_was_acknowledged_is_there_after_a_crash_of_the_server() -> None:
    try:
        own = Server()
    except NoServer as error:
        skip_or_fail(str(error))
    with own, SqlJournal.open(own.url()) as journal:
        add(journal)
        own.crash()
        with pytest.raises(StoreError):
            journal.contracts()
        own.restart()
        assert numbers(journal) == [1]
        add(journal)


def test_f30_a_journal_is_of_no_use_after_a_fork(journal: SqlJournal, postgresql_url: str) -> None:
    found = program(
        """
import os
from tests.store.samples import add
from workdiary.errors import StoreError
from workdiary.store.sql import SqlJournal
journal = SqlJournal.open(sys.argv[1])
child = os.fork()
if not child:
    for use in (journal.contracts, lambda: add(journal)):
        try:
            use()
        except StoreError as error:
            print(error, flush=True)
    journal.close()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
add(journal)
print(len(list(journal.read("c-1"))))
journal.close()
""",
        postgresql_url,
    )
    *refusals, last = found.stdout.splitlines()
    assert found.stderr == ""
    assert len(refusals) == 2
    assert all("was opened before this process was forked" in refused for refused in refusals)
    assert last == "2"


def test_a_closed_journal_is_closed(journal: SqlJournal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="can no longer be used; open it again"):
        journal.contracts()


def test_a_backup_is_the_business_of_pg_dump(journal: SqlJournal) -> None:
    with pytest.raises(StoreError, match="use pg_dump"):
        journal.backup("copy.db")
