"""The PostgreSQL of the tests: real, private to this process, new for each test, and gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.require import skip_or_fail
from tests.store.postgresql_server import NoServer, Server, postgresql, postgresql_url

__all__ = ["postgresql", "postgresql_url"]

ROOT = Path(__file__).parents[2]


def _own() -> Server:
    try:
        return Server()
    except NoServer as error:
        skip_or_fail(str(error))


def test_it_is_postgresql_and_listens_on_no_network(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        version = connection.execute("SHOW server_version_num").fetchone()
        addresses = connection.execute("SHOW listen_addresses").fetchone()
    assert version is not None
    assert int(version[0]) >= 140_000
    assert addresses == ("",)


@pytest.mark.parametrize("n", [1, 2])
def test_each_test_gets_an_empty_database(postgresql_url: str, n: int) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute(f"CREATE TABLE only_mine AS SELECT {n} AS n")
        assert connection.execute("SELECT n FROM only_mine").fetchall() == [(n,)]


def test_what_a_test_leaves_behind_is_removed(postgresql: Server) -> None:
    # An open transaction with its locks, a table, and a schema of its own.
    with psycopg.connect(postgresql.url(postgresql.empty())) as connection:
        connection.execute('CREATE SCHEMA "Left Behind"')
        connection.execute("CREATE TABLE public.left_behind AS SELECT 1 AS n")
        connection.commit()
        connection.execute("LOCK TABLE public.left_behind")
        database = postgresql.empty()
        with psycopg.connect(postgresql.url(database)) as other:
            found = other.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information'").fetchall()
            tables = other.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert (found, tables) == ([("public",)], [(0,)])
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")


def test_a_database_can_be_copied_from_another(postgresql: Server) -> None:
    first = postgresql.create()
    postgresql.execute("CREATE TABLE copied AS SELECT 7 AS n", first)
    second = postgresql.create(first)
    with psycopg.connect(postgresql.url(second)) as connection:
        assert connection.execute("SELECT n FROM copied").fetchall() == [(7,)]
    postgresql.drop(first)
    postgresql.drop(second)


def test_what_was_committed_is_there_after_a_crash() -> None:
    with _own() as own:
        own.execute("CREATE TABLE kept AS SELECT 1 AS n")
        with psycopg.connect(own.url()) as connection:
            own.crash()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        own.restart()
        with psycopg.connect(own.url()) as connection:
            assert connection.execute("SELECT n FROM kept").fetchall() == [(1,)]


def test_it_is_gone_when_the_tests_are_killed() -> None:
    # A process that starts a server and dies by its own hand, with no chance to clean up.
    script = (
        "import os, signal\n"
        "from tests.store.postgresql_server import NoServer, Server\n"
        "try: own = Server()\n"
        "except NoServer as error: print('none', error, flush=True); os._exit(0)\n"
        "pid = (own.folder / 'data' / 'postmaster.pid').read_text().split()[0]\n"
        "print(own.folder, pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # Its keeper holds the other end of this pipe too: reading ends when the keeper has ended.
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    folder, _, pid = said.stdout.decode().strip().partition(" ")
    if folder == "none":
        skip_or_fail(pid)
    assert pid.isdigit(), said.stderr
    assert not Path(folder).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
