"""What SQLite journals open, and what they refuse: each in one sentence, without reading or changing anything wrong."""

from __future__ import annotations

import errno
import gc
import os
import re
import socket
import sqlite3
import stat
import sys
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.require import skip_or_fail
from tests.store.samples import CONTRACT, add, program, week
from workdiary.errors import InvalidValue, StoreError, WorkdiaryError
from workdiary.store import _place, _sqlite
from workdiary.store._place import file_system
from workdiary.store.sql import SqlJournal

POSIX = pytest.mark.skipif(os.name != "posix", reason="files have no such kinds or permissions here")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal of two entries and a week, closed."""
    path = tmp_path / "diary.db"
    with SqlJournal.open(path) as journal:
        add(journal, (2991312, 2991313), (2991313, 2991315), weeks=[week()])
    return path


def refusal(where: Path | str, **options: object) -> str:
    """Return the sentence with which opening `where` is refused; whatever is there stays as it was."""
    with pytest.raises(StoreError) as caught:
        SqlJournal.open(where, **options).close()  # type: ignore[arg-type]  # one of its options
    return str(caught.value)


def sql(path: Path, *statements: str) -> None:
    """Run `statements` on the file, as any program with SQLite could."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


# Where it may be.


def test_a_path_and_an_address_name_the_same_file(tmp_path: Path) -> None:
    names: list[Path | str] = [tmp_path / "a b%3F.db", f"sqlite:///{tmp_path}/a b%3F.db"]
    for number, where in enumerate(names):
        with SqlJournal.open(where) as journal:
            assert journal.name == str(tmp_path / "a b%3F.db")
            add(journal, id=f"id {number}")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a b%3F.db"]


def test_a_relative_path_is_of_the_folder_at_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with SqlJournal.open("sqlite:///diary.db") as journal:
        monkeypatch.chdir("/")
        add(journal)
        assert journal.name == str(tmp_path / "diary.db")


@pytest.mark.parametrize("where", ["", ":memory:", "sqlite://", "sqlite:///", "mysql://host/db", "sqlite://host/x.db"])
def test_what_names_no_journal_is_refused(where: str) -> None:
    with pytest.raises(InvalidValue, match=r"^where: .* is no (file|address of a journal); "):
        SqlJournal.open(where)


def test_a_path_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    assert "cannot be reached" in refusal(f"{tmp_path}/nul\0.db")
    assert "cannot be reached" in refusal(tmp_path / ("x" * 300))


def test_without_create_a_missing_file_stays_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "diary.db", create=False).endswith(
        "diary.db: does not exist; create it first, or check the path"
    )
    assert list(tmp_path.iterdir()) == []


# Files and folders.


@POSIX
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_files_are_0600_and_folders_0700_under_any_umask(tmp_path: Path, umask: int) -> None:
    found = program(
        """
import os
from tests.store.samples import add
from workdiary.store.sql import SqlJournal
with SqlJournal.open(sys.argv[1]) as journal:
    add(journal)
    journal.backup(sys.argv[2])
""",
        tmp_path / "new" / "newer" / "diary.db",
        tmp_path / "new" / "copies" / "copy.db",
        umask=umask,
    )
    assert found.stderr == ""
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "new").rglob("*")}
    assert modes == {"newer": 0o700, "copies": 0o700, "diary.db": 0o600, "copy.db": 0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_the_rollback_journal_has_the_permissions_of_its_database(tmp_path: Path) -> None:
    with SqlJournal.open(tmp_path / "diary.db", journal_mode="persist") as journal:
        add(journal)
    assert stat.S_IMODE((tmp_path / "diary.db-journal").stat().st_mode) == 0o600


def test_nothing_is_left_beside_a_closed_journal(path: Path) -> None:
    assert [file.name for file in path.parent.iterdir()] == ["diary.db"]


@POSIX
def test_f26_a_link_a_pipe_a_socket_a_device_or_a_folder_is_refused_without_a_hang(path: Path) -> None:
    folder = path.parent
    (folder / "link").symlink_to(path)
    (folder / "dangling").symlink_to(folder / "not there")
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket"))
    before = path.read_bytes()
    assert "is a symbolic link, not a file" in refusal(folder / "link")
    assert "is a symbolic link, not a file" in refusal(folder / "dangling")
    assert "is a pipe, not a file" in refusal(folder / "pipe")
    assert "is a directory, not a file" in refusal(folder / "folder")
    assert "is a socket, not a file" in refusal(folder / "socket")
    assert "is a device, not a file" in refusal("/dev/null")
    assert path.read_bytes() == before
    assert not (folder / "not there").exists()


@POSIX
@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
def test_f26_a_pipe_in_the_place_of_the_journal_is_refused_without_a_hang(path: Path, suffix: str) -> None:
    os.mkfifo(f"{path}{suffix}")
    assert f"diary.db{suffix}: is there, and is not a file" in refusal(path)


@POSIX
def test_a_file_with_a_second_name_is_refused(path: Path) -> None:
    (path.parent / "other.db").hardlink_to(path)
    assert "has 2 names (hard links)" in refusal(path)


def test_without_hard_links_a_journal_is_created_and_copied_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    with SqlJournal.open(tmp_path / "diary.db") as journal:
        add(journal)
        journal.backup(tmp_path / "copy.db")
    with SqlJournal.open(tmp_path / "copy.db") as copy:
        assert copy.contracts() == (CONTRACT.id,)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "diary.db"]


def test_f18_a_creation_whose_flush_fails_is_said_and_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        assert refusal(tmp_path / "diary.db").endswith(
            "diary.db: cannot be created (Input/output error); "
            "check the path, its permissions and the space on the disk"
        )
    assert list(tmp_path.iterdir()) == []
    SqlJournal.open(tmp_path / "diary.db").close()


def test_a_creation_that_was_stopped_between_its_two_names_is_finished(path: Path) -> None:
    (path.parent / ".diary.db-0123456789abcdef.new").hardlink_to(path)
    with SqlJournal.open(path) as journal:
        assert len(list(journal.read(CONTRACT.id))) == 2
    assert [file.name for file in path.parent.iterdir()] == ["diary.db"]


def test_f26_an_empty_file_is_no_new_journal(tmp_path: Path) -> None:
    (tmp_path / "diary.db").touch()
    assert "is empty: no database, or one that was cut off; restore a backup" in refusal(tmp_path / "diary.db")
    assert (tmp_path / "diary.db").stat().st_size == 0


def test_f26_half_a_database_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for size in (1, 99, 100, 512, 4095, 4096, 5000, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
        path.write_bytes(whole[:size])
        sentence = refusal(path)
        assert re.search("is damaged: half a database|is not an SQLite database|disk gave an error", sentence), sentence
        assert path.read_bytes() == whole[:size]
    path.write_bytes(whole)
    with SqlJournal.open(path) as journal:
        assert journal.contracts() == (CONTRACT.id,)


def test_f26_a_zeroed_file_is_refused(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))
    assert "is not an SQLite database" in refusal(path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, and longer than a header of one hundred bytes " * 20)
    assert "is not an SQLite database (SQLITE_NOTADB)" in refusal(tmp_path / "notes.txt")


def test_another_programs_database_is_refused_unchanged(tmp_path: Path) -> None:
    sql(tmp_path / "theirs.db", "CREATE TABLE entries (x)", "INSERT INTO entries VALUES (1)")
    before = (tmp_path / "theirs.db").read_bytes()
    assert "is another program's database; give the path of a work diary" in refusal(tmp_path / "theirs.db")
    sql(tmp_path / "theirs.db", "PRAGMA application_id=123456", "PRAGMA user_version=2")
    assert "is another program's database" in refusal(tmp_path / "theirs.db")
    sql(tmp_path / "theirs.db", "PRAGMA application_id=0", "PRAGMA user_version=0")
    assert contents(tmp_path / "theirs.db")[1:3] == ["CREATE TABLE entries (x);", 'INSERT INTO "entries" VALUES(1);']
    assert len(before) == (tmp_path / "theirs.db").stat().st_size


@pytest.mark.parametrize("version", [3, 2_000_000_000])
def test_f84_a_newer_schema_is_refused_unchanged(path: Path, version: int) -> None:
    sql(path, f"PRAGMA user_version={version}")
    before = path.read_bytes()
    assert f"{version} has the schema of a newer workdiary: this one knows versions up to 2; upgrade" in refusal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_never_was_is_refused(path: Path, version: int) -> None:
    sql(path, f"PRAGMA user_version={version}")
    assert "is no version of the schema: half a database" in refusal(path)


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE TRIGGER evil AFTER INSERT ON contracts BEGIN DELETE FROM weeks; END", "evil"),
        ("CREATE VIEW extra AS SELECT * FROM entries", "extra"),
        ("CREATE TABLE extra (x)", "extra"),
        ("CREATE INDEX extra ON weeks (stop)", "extra"),
        ("DROP TRIGGER entries_delete", "entries_delete"),
        ("CREATE TRIGGER harmless AFTER DELETE ON weeks BEGIN SELECT 1; END", "harmless"),
        ("DROP INDEX entries_touching", "entries_touching"),
        ("DROP TABLE quarantine", "quarantine"),
        ("ALTER TABLE weeks ADD COLUMN extra TEXT", "weeks"),
        ("ALTER TABLE weeks RENAME COLUMN texts TO words", "weeks"),
    ],
)
def test_f40_a_schema_that_is_not_ours_word_for_word_is_refused(path: Path, statement: str, name: str) -> None:
    sql(path, statement)
    before = path.read_bytes()
    sentence = refusal(path)
    assert f"'{name}' are not as workdiary makes them: something was added, changed or removed" in sentence
    assert path.read_bytes() == before


def test_f40_a_view_in_the_place_of_a_table_runs_nothing(path: Path) -> None:
    sql(
        path,
        "ALTER TABLE contracts RENAME TO hidden",
        "CREATE VIEW contracts AS SELECT load_extension('x') AS contract",
    )
    assert "contracts, contracts_at, hidden" in refusal(path)


def test_f40_a_file_with_any_page_altered_is_read_or_refused(path: Path) -> None:
    """Never a crash, never another error; what the chain says of what is read is for `verify`."""
    whole = path.read_bytes()
    outcomes = set()
    for n in range(0, len(whole), 149):
        path.write_bytes(whole[:n] + bytes([whole[n] ^ 0xFF, 0x80, 0xFF])[: len(whole) - n] + whole[n + 3 :])
        try:
            with SqlJournal.open(path) as journal:
                for contract in journal.contracts():
                    journal.standing(contract)
                    list(journal.read(contract))
                    journal.week(contract, 2991312)
                journal.quarantined()
                outcomes.add("read")
        except WorkdiaryError as error:
            outcomes.add(type(error).__name__)
    assert {"read", "StoreError"} <= outcomes <= {"read", "StoreError", "UnknownContract"}


def test_f31_a_journal_without_its_database_is_not_joined_by_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "diary.db-journal").write_bytes(b"what is needed to recover it")
    sentence = refusal(tmp_path / "diary.db")
    assert "diary.db-journal: is there without its database" in sentence
    assert [file.name for file in tmp_path.iterdir()] == ["diary.db-journal"]


# Permissions (F22) and places.


def _as_nobody(path: Path, tmp_path: Path) -> str:
    if os.name != "posix" or os.geteuid() != 0:
        # Who is not root is refused directly.
        return refusal(path)
    found = program(
        """
import os
from workdiary.errors import StoreError
from workdiary.store.sql import SqlJournal
SqlJournal.open(sys.argv[2]).close()  # loads what that loads while it can be read
os.setuid(65534)
try:
    SqlJournal.open(sys.argv[1]).close()
except StoreError as error:
    print(error)
""",
        path,
        tmp_path / "other.db",
    )
    assert found.stderr == ""
    return found.stdout


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder with a journal that every user can reach: pytest closes its own to others at any time."""
    if os.name != "posix":
        skip_or_fail("permissions are those of POSIX")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with SqlJournal.open(folder / "diary.db") as journal:
            add(journal)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def test_f22_a_read_only_folder_is_said_plainly(reachable: Path, tmp_path: Path) -> None:
    (reachable / "diary.db").chmod(0o666)
    reachable.chmod(0o555)
    said = _as_nobody(reachable / "diary.db", tmp_path)
    assert said.strip() == f"{reachable}: is a folder that cannot be written; allow it, or give another path"
    assert "Permission denied" in _as_nobody(reachable / "new.db", tmp_path)


def test_f22_a_read_only_file_is_said_plainly(reachable: Path, tmp_path: Path) -> None:
    (reachable / "diary.db").chmod(0o444)
    reachable.chmod(0o777)
    assert "diary.db: cannot be written; make it writable for this user" in _as_nobody(reachable / "diary.db", tmp_path)


MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:30 / /home rw - nfs4 server:/home rw,vers=4.2
31 22 0:31 / /mnt/windows\\040share rw - cifs //server/share rw
32 30 254:1 / /home/ana rw - xfs /dev/vdb rw
33 22 0:33 / /srv rw - fuse.sshfs host:/srv rw
34 22 0:34 / /over rw - ext4 /dev/vdc rw
35 22 0:35 / /over rw - fuseblk /dev/sdd rw
broken line
36 22 - x
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/diary.db", "ext4"),
        ("/home/bob/diary.db", "nfs4"),
        ("/home/ana/diary.db", "xfs"),
        ("/home-less/diary.db", "ext4"),
        ("/mnt/windows share/diary.db", "cifs"),
        ("/srv/a/b/c/diary.db", "fuse.sshfs"),
        ("/over/diary.db", "fuseblk"),  # the later mount covers the earlier one
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the table is Linux's")
def test_f34_the_file_system_is_that_of_the_innermost_mount(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


@pytest.mark.skipif(sys.platform != "linux", reason="the table is Linux's")
def test_f34_the_file_system_of_the_root_is_known() -> None:
    assert file_system(Path("/diary.db")) != ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "fuse", "fuseblk", "9p", "afs"])
def test_f34_a_network_file_system_is_refused_unless_forced(
    path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(_place, "file_system", lambda _: kind)
    assert f"lies on {kind}, where locks and flushes are not to be trusted; give a path on a local disk" in refusal(
        path
    )
    assert "lies on" in refusal(path.with_name("new.db"))
    assert not path.with_name("new.db").exists()
    with SqlJournal.open(path, force_network=True) as journal:
        assert journal.contracts() == (CONTRACT.id,)


# One process, one connection.


def test_a_second_opening_by_the_same_process_is_refused(path: Path) -> None:
    with SqlJournal.open(path) as journal:
        assert "is open in this process already" in refusal(path)
        if os.name == "posix":
            assert "is open in this process already" in refusal(path.parent / "." / path.name)
        assert journal.contracts() == (CONTRACT.id,)
    with SqlJournal.open(path):
        pass


def test_a_refused_opening_does_not_bar_the_next(path: Path) -> None:
    sql(path, "PRAGMA user_version=3")
    refusal(path)
    sql(path, "PRAGMA user_version=2")
    SqlJournal.open(path).close()


def test_a_journal_that_was_dropped_unclosed_does_not_bar_the_next(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the driver's, from Python 3.13 on
        SqlJournal.open(path)
        gc.collect()
    SqlJournal.open(path).close()


def test_what_analyze_counted_is_no_alteration(path: Path) -> None:
    sql(path, "ANALYZE")
    SqlJournal.open(path).close()


def test_f40_a_trigger_under_a_name_of_sqlite_is_refused(path: Path) -> None:
    sql(
        path,
        "PRAGMA writable_schema=ON",
        "INSERT INTO sqlite_master VALUES ('trigger', 'sqlite_stat1', 'weeks', 0, 'CREATE TRIGGER sqlite_stat1"
        " AFTER INSERT ON weeks BEGIN DELETE FROM quarantine; END')",
    )
    assert "sqlite_stat1" in refusal(path)


def test_threads_that_create_the_same_file_make_one_journal(tmp_path: Path) -> None:
    def attempt(_: int) -> SqlJournal | str:
        try:
            return SqlJournal.open(tmp_path / "diary.db")
        except StoreError as error:
            return str(error)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(attempt, range(8)))
    (journal,) = (one for one in found if isinstance(one, SqlJournal))
    add(journal)
    journal.close()
    assert all("is open in this process already" in one for one in found if isinstance(one, str))
    assert [file.name for file in tmp_path.iterdir()] == ["diary.db"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_f30_a_journal_is_of_no_use_after_a_fork(path: Path) -> None:
    found = program(
        """
import os
from tests.store.samples import CONTRACT, add
from workdiary.errors import StoreError
from workdiary.store.sql import SqlJournal
journal = SqlJournal.open(sys.argv[1])
uses = (lambda: journal.contracts(), lambda: list(journal.read("c-1")), lambda: add(journal),
        lambda: journal.backup(sys.argv[1] + "2"), lambda: SqlJournal.open(sys.argv[1]))
child = os.fork()
if not child:
    for use in uses:
        try:
            use()
        except StoreError as error:
            print(error, flush=True)
    journal.close()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
add(journal)
print(len(list(journal.read(CONTRACT.id))))
""",
        path,
    )
    *refusals, last = found.stdout.splitlines()
    assert found.stderr == ""
    assert len(refusals) == 5
    for refused in refusals[:4]:
        assert "was opened before this process was forked" in refused
    assert "is open in this process already, or was when this process was forked" in refusals[4]
    assert last == "3"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_f30_a_fork_while_a_diary_is_written_harms_nothing(path: Path) -> None:
    found = program(
        """
import os
from tests.store.samples import CONTRACT, seal
from workdiary.store.sql import SqlJournal
journal = SqlJournal.open(sys.argv[1])
with journal.writing(CONTRACT.id) as writing:
    entry = seal(writing.standing.head, at=writing.at)
    writing.append([entry], contract=CONTRACT, policy="upwork")
    if not os.fork():
        sys.exit(0)  # ends the block there, too, and everything that the interpreter holds
    os.wait()
print(len(list(journal.read(CONTRACT.id))))
""",
        path,
    )
    assert (found.stdout, found.stderr) == ("3\n", "")


SQL_MODULES = ("sqlite", "place", "database", "migrations", "opening", "rows", "schema", "turns")


def test_f29_nothing_in_the_package_opens_the_database_but_its_one_connection() -> None:
    """Closing any descriptor of the file drops SQLite's locks on it, and another process then overwrites a commit."""
    folder = Path(_sqlite.__file__).parent
    opens = re.compile(r"\bopen\(|read_bytes|read_text|write_bytes|write_text|copyfile|shutil|mmap\.|sendfile|copy2?\(")
    found = [
        f"{file.name}: {line.strip()}"
        for file in sorted(folder.glob("*.py"))
        if file.name
        in (
            "sql.py",
            "_sqlite.py",
            "_place.py",
            "_database.py",
            "_migrations.py",
            "_opening.py",
            "_rows.py",
            "_schema.py",
        )
        for line in file.read_text(encoding="utf-8").splitlines()
        if opens.search(line) and not line.strip().startswith(("#", '"""', "...", ">>>"))
    ]
    # The table of mounts, the new file beside the database, and a flush of that file or a folder.
    assert [line for line in found if line.startswith("_place.py")] == [
        '_place.py: mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")',
        "_place.py: file = os.open(beside, flags, 0o600)",
        '_place.py: handle = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))',
    ]
    # The port's `open`, and the files that are kept so that a commit has room for its own.
    assert [line for line in found if not line.startswith("_place.py")] == [
        '_sqlite.py: self._handles.append(os.open(os.devnull, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)))',
        "sql.py: def open(",
    ]


def test_f29_other_modules_of_the_package_do_not_open_journals_as_files() -> None:
    package = Path(_sqlite.__file__).parents[1]
    found = [
        str(file.relative_to(package))
        for file in sorted(package.rglob("*.py"))
        if re.search(r"\bsqlite3\.connect\(|import sqlite3|from sqlite3", file.read_text(encoding="utf-8"))
    ]
    # The tracker's spool is a file of its own, which never is a journal.
    journals = [name for name in found if not name.startswith("capture/")]
    assert journals == [f"store/{name}.py" for name in ("_migrations", "_opening", "_sqlite", "_sqlite_errors")]


def test_f33_the_package_uses_one_sqlite_library() -> None:
    package = Path(_sqlite.__file__).parents[1]
    others = re.compile(r"\b(apsw|pysqlite3|sqlcipher3|aiosqlite|libsql|duckdb)\b")
    assert [str(file) for file in package.rglob("*.py") if others.search(file.read_text(encoding="utf-8"))] == []


def test_f29_the_locks_hold_while_the_journal_is_open(path: Path) -> None:
    """Whatever the journal does at opening and writing, another process sees that it is locked."""
    with SqlJournal.open(path) as journal, journal.writing(CONTRACT.id):
        journal.contracts()
        found = program(
            """
import sqlite3
connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
""",
            path,
        )
        assert (found.stdout, found.stderr) == ("database is locked\n", "")


def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    assert "is older than 3.37.0; use a newer Python" in refusal(path)
