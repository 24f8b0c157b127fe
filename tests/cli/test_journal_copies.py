"""Copies of the database, and its health: backup, restore, doctor."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Kept
from tests.cli.test_errors import one_sentence


def head(kept: Kept) -> str:
    return str(kept("log", "--json").json["head"])


@pytest.fixture
def copy(full: Kept, tmp_path: Path) -> str:
    """A copy of the full diary, with its three entries."""
    path = str(tmp_path / "copy.db")
    full.done("backup", path)
    return path


def files(kept: Kept) -> list[str]:
    return sorted(path.name for path in kept.path.parent.iterdir())


def test_a_backup_verifies_is_private_and_says_its_heads(full: Kept, tmp_path: Path) -> None:
    path = tmp_path / "copy.db"
    assert full.done("backup", str(path)).splitlines() == [
        f"Wrote {path}, {path.stat().st_size} bytes.",
        "It verifies. Its heads, to be kept elsewhere:",
        f"  c-1={head(full)}",
    ]
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    again = full("backup", str(path))
    assert (again.status, one_sentence(again.err)) == (2, True)
    assert "is there already; give a new path" in again.err
    assert path.read_bytes() == before
    assert full("backup", str(tmp_path / "other.db"), "--json").json["heads"] == {"c-1": head(full)}


def test_g27_backup_wipe_restore_verify_is_the_same_diary(full: Kept, copy: str) -> None:
    before = full("log", "--json").json
    shutil.rmtree(full.path.parent)
    said = full.done("restore", copy)
    assert said == f"Restored {full.path}; 1 contract.\n"
    assert full("log", "--json").json == before
    assert full.done("verify").startswith("c-1: sound; 3 entries")
    assert files(full) == ["diary.db"]
    if os.name != "nt":
        assert stat.S_IMODE(full.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(full.path.parent.stat().st_mode) == 0o700


def test_s6_an_older_copy_is_refused_and_says_what_it_would_lose(full: Kept, copy: str) -> None:
    full.done("memo", "2026-11-18T14:20Z", "14:30", "--memo", "Fix")
    full.done("memo", "2026-11-18T14:30Z", "14:40", "--memo", "Fix")
    known = head(full)
    done = full("restore", copy)
    assert (done.status, done.err) == (1, "")
    assert done.out.splitlines() == [
        "Nothing was restored: it would lose what the copy does not have; --lose-newer does it all the same:",
        "  c-1: entries 4 to 5",
    ]
    assert head(full) == known
    assert files(full) == ["diary.db"]


def test_what_is_lost_is_named_asked_about_and_kept_aside(full: Kept, copy: str) -> None:
    full.done("memo", "2026-11-18T14:20Z", "14:30", "--memo", "Fix")
    known = head(full)
    asked = full("restore", copy, "--lose-newer")
    assert (asked.status, one_sentence(asked.err)) == (2, True)
    assert "This loses c-1: entry 4; nothing was restored: give --yes to do it" in asked.err
    said = full("restore", copy, "--lose-newer", "--yes", "--json").json
    assert said["lost"] == ["c-1: entry 4"]
    assert head(full).startswith("3:")
    aside = Path(said["aside"])
    assert files(full) == ["diary.db", aside.name]
    assert full("log", "--db", str(aside), "--json").json["head"] == known


def test_a_newer_copy_is_restored_without_a_question(full: Kept, copy: str, tmp_path: Path) -> None:
    full.done("memo", "2026-11-18T14:20Z", "14:30", "--memo", "Fix")
    newer = str(tmp_path / "newer.db")
    full.done("backup", newer)
    full.done("restore", copy, "--lose-newer", "--yes")
    full.done("restore", newer)
    assert head(full).startswith("4:")


def test_another_history_is_no_copy(full: Kept, copy: str) -> None:
    full.done("restore", copy)
    full.done("memo", "2026-11-18T14:20Z", "14:30", "--memo", "Fix")
    other = f"{copy}2"
    full.done("backup", other)
    full.done("restore", copy, "--lose-newer", "--yes")
    full.done("memo", "2026-11-18T14:20Z", "14:30", "--memo", "Other")
    done = full("restore", other)
    assert done.status == 1
    assert done.out.splitlines()[1] == "  c-1: its history, for entry 4 of the copy is another one (a fork)"


def test_a_head_that_somebody_kept_is_known_too(full: Kept, copy: str) -> None:
    full.path.unlink()
    later = "9:" + "ab" * 32
    done = full("restore", copy, "--head", later)
    assert (done.status, done.out.splitlines()[1]) == (1, "  c-1: entries 4 to 9")
    gone = full("restore", copy, "--head", f"c-7={later}")
    assert gone.out.splitlines()[1] == "  c-7: all 9 entries"
    assert not full.path.exists()


def test_what_waits_in_quarantine_is_not_lost_unsaid(full: Kept, copy: str) -> None:
    full("ingest", "-", given="not JSON {")
    assert full("restore", copy).out.splitlines()[1] == "  1 of what is in quarantine"


def test_f32_a_copy_that_does_not_verify_is_refused(full: Kept, copy: str) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE weeks SET manual = tracked")
        connection.commit()
    known = head(full)
    done = full("restore", copy, "--lose-newer", "--yes")
    assert (done.status, done.out.splitlines()[0]) == (1, "Nothing was restored: the copy does not verify:")
    assert head(full) == known
    assert files(full) == ["diary.db"]


@pytest.mark.parametrize("kind", ["half", "text", "empty", "absent", "live", "itself", "folder"])
def test_f26_what_is_no_copy_is_refused_in_one_sentence(full: Kept, copy: str, kind: str) -> None:
    path = Path(copy)
    if kind == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif kind == "text":
        path.write_text("not a database\n" * 1000, encoding="utf-8")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "absent":
        path.unlink()
    elif kind == "live":
        Path(f"{copy}-journal").write_bytes(b"\0" * 512)
    elif kind == "folder":
        path.unlink()
        path.mkdir()
    known = head(full)
    done = full("restore", str(full.path) if kind == "itself" else copy)
    assert (done.status, done.out, one_sentence(done.err)) == (2, "", True)
    assert (str(full.path) if kind == "itself" else copy) in done.err
    assert head(full) == known
    assert files(full) == ["diary.db"]


def test_a_damaged_database_is_replaced_only_when_told_to_and_kept_aside(full: Kept, copy: str) -> None:
    known = head(full)
    full.path.write_bytes(b"no database any more")
    done = full("restore", copy)
    assert done.status == 1
    assert "whatever the present file holds, for it cannot be read: is not an SQLite database" in done.out
    said = full("restore", copy, "--lose-newer", "--yes", "--json").json
    assert Path(said["aside"]).read_bytes() == b"no database any more"
    assert head(full) == known


def test_a_left_over_journal_goes_with_its_own_database(full: Kept, copy: str) -> None:
    full.path.write_bytes(b"")
    left = Path(f"{full.path}-journal")
    left.write_bytes(b"left over")
    aside = full("restore", copy, "--lose-newer", "--yes", "--json").json["aside"]
    assert not left.exists()
    assert Path(f"{aside}-journal").read_bytes() == b"left over"
    full.done("verify")


def test_a_servers_database_is_restored_with_its_own_program(full: Kept, copy: str) -> None:
    done = full("restore", copy, "--db", "postgresql://ana:secret@localhost/diary")
    assert "restore it with pg_restore" in done.err
    assert "secret" not in done.err


def found(kept: Kept) -> dict[str, tuple[str, str]]:
    return {one["name"]: (one["state"], one["text"]) for one in kept("doctor", "--json").json["findings"]}


def test_doctor_says_how_the_database_is(full: Kept) -> None:
    said = full.done("doctor")
    assert "✗" not in said
    looked = found(full)
    assert looked["head"] == ("ok", f"c-1={head(full)}")
    assert looked["integrity"] == ("ok", "ok")
    assert looked["SQLite"] == ("ok", sqlite3.sqlite_version)
    assert looked["weeks due"] == looked["weeks parked"] == ("ok", "none")
    assert looked["quarantine"] == ("ok", "empty")
    assert "synchronous=3" in looked["settings"][1]
    if os.name != "nt":
        assert looked["permissions"] == ("ok", "file 0600, folder 0700")


def test_doctor_says_what_is_wrong_and_status_1(full: Kept) -> None:
    full("ingest", "-", given="not JSON {")
    full.path.chmod(0o644)
    full.at = "2026-11-18T17:00Z"
    assert full("doctor").status == 1
    looked = found(full)
    assert looked["quarantine"] == ("bad", "1 item: see workdiary quarantine list")
    assert looked["clock"][0] == "bad"
    assert "behind the latest entry, 2026-11-18 18:00:00 UTC" in looked["clock"][1]
    if os.name != "nt":
        assert looked["permissions"][0] == "bad"
        assert f"run: chmod 600 {full.path}" in looked["permissions"][1]
    full.path.chmod(0o600)
    full.at = "2026-11-25T00:00Z"
    full.done("quarantine", "discard", "--all", "--yes")
    assert found(full)["weeks due"] == ("look", "c-1 2026-11-16: run workdiary close")
    assert full("doctor").status == 0


def test_doctor_names_a_database_that_cannot_be_opened(full: Kept) -> None:
    shutil.copy(full.path, full.path.with_name("half.db"))
    half = full.path.with_name("half.db")
    half.write_bytes(half.read_bytes()[:20_000])
    done = full("doctor", "--db", str(half))
    assert (done.status, done.err) == (1, "")
    assert "✗ database" in done.out
    assert full("doctor", "--db", str(half.with_name("none.db"))).status == 1
    head_cut = full("doctor").out
    assert head(full) in "".join(head_cut.split())  # whole, though folded where the page is narrow
