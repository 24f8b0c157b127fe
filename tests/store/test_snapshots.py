"""Image files by digest: what is on the disk after every step of every call, and what is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import refusal
from workdiary.errors import InvalidValue, StoreError
from workdiary.store import snapshots
from workdiary.store.snapshots import LARGEST, SnapshotFiles

# What `printf 'one image' | sha256sum` prints, and so on.
ONE = b"one image"
ONE_DIGEST = "7ae68a389899aa13ac859143c5bb313bb7046212e2010b80d94c9de07cdbbc12"
TWO = b"another image"
ABSENT = "00" * 32

NOW = 1_795_000_000


class Cut(BaseException):
    """The process is gone: nothing of it runs any more, not even what cleans up."""


class Steps:
    """Stands for `os` in the module: counts what changes the disk, and stops or fails at the n-th of it."""

    CHANGES = ("mkdir", "chmod", "fchmod", "write", "fsync", "rename", "unlink")

    def __init__(self, at: int = 0, raises: BaseException | None = None) -> None:
        self.done: list[str] = []
        self._at = at
        self._raises = raises

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name != "open" and name not in self.CHANGES:
            return real

        def step(*args: Any, **kwargs: Any) -> Any:
            if name == "open" and not args[1] & os.O_CREAT:
                return real(*args, **kwargs)
            self.done.append("create" if name == "open" else name)
            gone = isinstance(self._raises, Cut) and self._at and len(self.done) > self._at
            if self._raises is not None and (gone or len(self.done) == self._at):
                raise self._raises
            if name == "write":  # as little as the system may take
                return real(args[0], bytes(args[1])[:5])
            return real(*args, **kwargs)

        return step


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "snapshots"


@pytest.fixture
def files(folder: Path) -> SnapshotFiles:
    return SnapshotFiles(folder, clock=lambda: NOW)


def everything_in(folder: Path) -> Iterator[Path]:
    return (place for place in sorted(folder.rglob("*")) if place.is_symlink() or not place.is_dir())


def age(folder: Path, seconds: int) -> None:
    for file in everything_in(folder):
        os.utime(file, (NOW - seconds, NOW - seconds), follow_symlinks=False)


def test_a_snapshot_is_found_by_the_sha256_of_its_bytes(files: SnapshotFiles, folder: Path) -> None:
    assert files.put(ONE) == ONE_DIGEST
    assert files.get(ONE_DIGEST) == ONE
    assert list(everything_in(folder)) == [folder / "7a" / ONE_DIGEST]


def test_the_same_bytes_are_one_file(files: SnapshotFiles, folder: Path) -> None:
    assert files.put(ONE) == files.put(ONE)
    assert len(list(everything_in(folder))) == 1


def test_digests_come_in_order_and_only_ours(files: SnapshotFiles, folder: Path) -> None:
    made = [files.put(bytes([n])) for n in range(20)]
    (folder / "README").write_bytes(b"not ours")
    (folder / "7a").mkdir(exist_ok=True)
    (folder / "7a" / "notes.txt").write_bytes(b"not ours")
    (folder / "7a" / ABSENT).write_bytes(b"in the wrong place")
    assert list(files.digests()) == sorted(made)


def test_another_process_finds_what_was_put(files: SnapshotFiles, folder: Path) -> None:
    files.put(ONE)
    assert SnapshotFiles(folder).get(ONE_DIGEST) == ONE


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_files_are_0600_and_folders_0700_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        SnapshotFiles(tmp_path / "data" / "snapshots").put(ONE)
    finally:
        os.umask(before)
    found = {p.relative_to(tmp_path).as_posix(): stat.S_IMODE(p.lstat().st_mode) for p in tmp_path.rglob("*")}
    assert found == {
        "data": 0o700,
        "data/snapshots": 0o700,
        "data/snapshots/7a": 0o700,
        f"data/snapshots/7a/{ONE_DIGEST}": 0o600,
    }


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    path, mode, allowed, remedy = refusal(StoreError, SnapshotFiles, tmp_path / "open")
    assert (path, mode) == (str(tmp_path / "open"), "0o755")
    assert "others" in allowed
    assert "chmod 700" in remedy


def test_f28_a_missing_file_is_evidence_missing(files: SnapshotFiles, folder: Path) -> None:
    files.put(ONE)
    (folder / "7a" / ONE_DIGEST).unlink()
    path, _, allowed, remedy = refusal(StoreError, files.get, ONE_DIGEST)
    assert path.endswith(ONE_DIGEST)
    assert allowed.startswith("evidence missing")
    assert "mark the segment's snapshot as lost" in remedy
    assert refusal(StoreError, files.get, ABSENT)[2].startswith("evidence missing")


@pytest.mark.parametrize("altered", [b"", b"one imagE", b"one image ", b"one imag", bytes(LARGEST + 1)])
def test_f28_an_altered_file_is_evidence_altered_and_putting_it_again_repairs_it(
    files: SnapshotFiles, folder: Path, altered: bytes
) -> None:
    files.put(ONE)
    (folder / "7a" / ONE_DIGEST).write_bytes(altered)
    assert refusal(StoreError, files.get, ONE_DIGEST)[2].startswith("evidence altered")
    files.put(ONE)
    assert files.get(ONE_DIGEST) == ONE


def test_f28_a_pipe_in_the_place_of_a_file_holds_nobody_up(files: SnapshotFiles, folder: Path) -> None:
    (folder / "7a").mkdir(mode=0o700)
    os.mkfifo(folder / "7a" / ONE_DIGEST)
    assert refusal(StoreError, files.get, ONE_DIGEST)[2].startswith("evidence altered")


def test_a_folder_that_is_gone_is_not_a_missing_file(files: SnapshotFiles, folder: Path) -> None:
    files.put(ONE)
    folder.rename(folder.with_name("elsewhere"))
    calls: list[Callable[[], object]] = [
        lambda: files.get(ONE_DIGEST),
        lambda: files.delete(ONE_DIGEST),
        lambda: files.put(TWO),
        lambda: list(files.digests()),
        lambda: files.sweep(()),
    ]
    for call in calls:
        path, _, allowed, _ = refusal(StoreError, call)
        assert str(folder) in path
        assert "No such file" in allowed


def test_a_deleted_snapshot_is_gone(files: SnapshotFiles, folder: Path) -> None:
    files.put(ONE)
    assert files.delete(ONE_DIGEST)
    assert not files.delete(ONE_DIGEST)
    assert not files.delete(ABSENT)
    assert list(everything_in(folder)) == []


@pytest.mark.parametrize("size", [0, LARGEST + 1])
def test_nothing_and_too_much_are_refused(files: SnapshotFiles, size: int) -> None:
    argument, value, allowed, _ = refusal(InvalidValue, files.put, bytes(size))
    assert (argument, value, allowed) == ("data", f"{size} bytes", f"is not 1 to {LARGEST} bytes")


@pytest.mark.parametrize(
    "name",
    ["", "7a", "../../etc/passwd", ONE_DIGEST.upper(), ONE_DIGEST + "\n", "7a/" + ONE_DIGEST, "\0" * 64, 7, None],
)
def test_s10_only_a_digest_names_a_file(files: SnapshotFiles, name: Any) -> None:
    for call in (files.get, files.delete, lambda digest: files.sweep([digest])):
        argument, value, allowed, _ = refusal(InvalidValue, call, name)
        assert (argument, value, allowed) == ("digest", name, "is not a digest")


def test_sweep_removes_leftovers_and_nothing_else(files: SnapshotFiles, folder: Path) -> None:
    kept, gone = files.put(ONE), files.put(TWO)
    (folder / gone[:2] / ".0123456789abcdef.tmp").write_bytes(b"half an im")
    (folder / gone[:2] / "notes.txt").write_bytes(b"not ours")
    (folder / "README").write_bytes(b"not ours")
    age(folder, 3601)
    assert files.sweep({kept}) == (f"{gone[:2]}/.0123456789abcdef.tmp", f"{gone[:2]}/{gone}")
    assert list(everything_in(folder)) == sorted(
        [folder / kept[:2] / kept, folder / gone[:2] / "notes.txt", folder / "README"]
    )
    assert files.sweep({kept}) == ()


def test_sweep_spares_what_is_younger_for_its_entry_may_be_under_way(files: SnapshotFiles, folder: Path) -> None:
    digest = files.put(ONE)
    age(folder, 3600)
    assert files.sweep(()) == ()
    age(folder, -100)  # the clock went back
    assert files.sweep(()) == ()
    age(folder, 11)
    assert files.sweep((), spare=10) == (f"7a/{digest}",)


def test_sweep_lets_go_of_what_somebody_else_has_removed_meanwhile(
    files: SnapshotFiles, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "00").mkdir(mode=0o700)
    listed = iter([["00"], [ABSENT]])
    monkeypatch.setattr(snapshots, "_names", lambda _: next(listed))
    assert files.sweep(()) == ()


def test_sweep_refuses_a_list_of_something_else_before_it_removes(files: SnapshotFiles, folder: Path) -> None:
    files.put(ONE)
    age(folder, 9999)
    refusal(InvalidValue, files.sweep, ONE_DIGEST)  # a text is a collection of letters
    assert list(files.digests()) == [ONE_DIGEST]


def test_t11_links_are_refused_and_nothing_behind_them_is_touched(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    (outside / ONE_DIGEST).write_bytes(ONE)
    (outside / ".0123456789abcdef.tmp").write_bytes(b"theirs")

    (tmp_path / "linked").symlink_to(outside)
    assert "link" in refusal(StoreError, SnapshotFiles, tmp_path / "linked")[2]

    shard_linked = SnapshotFiles(tmp_path / "a", clock=lambda: NOW)
    (tmp_path / "a" / "7a").symlink_to(outside)
    for call in (lambda: shard_linked.get(ONE_DIGEST), lambda: shard_linked.put(ONE), lambda: shard_linked.sweep(())):
        assert "link" in refusal(StoreError, call)[2]
    assert "link" in refusal(StoreError, shard_linked.delete, ONE_DIGEST)[2]

    file_linked = SnapshotFiles(tmp_path / "b", clock=lambda: NOW)
    (tmp_path / "b" / "7a").mkdir(mode=0o700)
    (tmp_path / "b" / "7a" / ONE_DIGEST).symlink_to(outside / ONE_DIGEST)
    assert "link" in refusal(StoreError, file_linked.get, ONE_DIGEST)[2]
    assert "link" in refusal(StoreError, file_linked.sweep, ())[2]
    file_linked.put(ONE)  # takes the link's place
    assert not (tmp_path / "b" / "7a" / ONE_DIGEST).is_symlink()

    assert {p.name: p.read_bytes() for p in outside.iterdir()} == {ONE_DIGEST: ONE, ".0123456789abcdef.tmp": b"theirs"}


def test_a_file_is_on_the_disk_before_it_has_its_name_and_the_name_before_put_returns(
    files: SnapshotFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put(bytes([0]))  # another shard
    steps = Steps()
    monkeypatch.setattr(snapshots, "os", steps)
    files.put(ONE)
    made_shard, file, folder = ["mkdir", "fsync"], ["create", "fchmod", "write", "write", "fsync"], ["rename", "fsync"]
    assert steps.done == made_shard + file + folder
    steps.done.clear()
    files.delete(ONE_DIGEST)
    assert steps.done == ["unlink", "fsync"]


def test_a_shard_that_a_crash_left_behind_is_brought_to_the_disk(
    folder: Path, files: SnapshotFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "7a").mkdir(mode=0o700)
    steps = Steps()
    monkeypatch.setattr(snapshots, "os", steps)
    files.put(ONE)
    assert steps.done[:3] == ["mkdir", "fsync", "create"]


def each_step(monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]) -> int:
    steps = Steps()
    monkeypatch.setattr(snapshots, "os", steps)
    call()
    monkeypatch.undo()
    return len(steps.done)


def test_f2_a_crash_at_any_step_of_put_leaves_a_whole_file_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = each_step(monkeypatch, lambda: SnapshotFiles(tmp_path / "count" / "x").put(ONE))
    assert count == 13  # two folders and a shard, each with its fsync, and the seven of the test above
    for n in range(1, count + 1):
        folder = tmp_path / str(n) / "x"
        monkeypatch.setattr(snapshots, "os", Steps(n, Cut()))
        with pytest.raises(Cut):
            SnapshotFiles(folder).put(ONE)
        monkeypatch.undo()
        after = SnapshotFiles(folder, clock=lambda: NOW)
        found = list(after.digests())
        assert found in ([], [ONE_DIGEST])
        assert [after.get(digest) for digest in found] == [ONE] * len(found)
        assert after.put(ONE) == ONE_DIGEST
        age(folder, 9999)
        after.sweep([ONE_DIGEST])
        assert [file.name for file in everything_in(folder)] == [ONE_DIGEST]
        assert after.get(ONE_DIGEST) == ONE


def test_f14_f17_f18_an_error_at_any_step_of_put_is_told_and_putting_again_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = each_step(monkeypatch, lambda: SnapshotFiles(tmp_path / "count" / "x").put(ONE))
    for n in range(1, count + 1):
        folder = tmp_path / str(n) / "x"
        monkeypatch.setattr(snapshots, "os", Steps(n, OSError(28, "No space left on device")))
        with pytest.raises(StoreError) as caught:
            SnapshotFiles(folder).put(ONE)
        monkeypatch.undo()
        assert "No space left on device" in str(caught.value)
        assert str(tmp_path / str(n)) in caught.value.argument
        after = SnapshotFiles(folder, clock=lambda: NOW)
        assert [file.name for file in everything_in(folder)] in ([], [ONE_DIGEST])  # no part is left behind
        assert after.get(after.put(ONE)) == ONE


@pytest.mark.parametrize("raises", [Cut(), OSError(5, "Input/output error")], ids=["crash", "error"])
@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize(
    "call", [lambda files: files.delete(ONE_DIGEST), lambda files: files.sweep(())], ids=["delete", "sweep"]
)
def test_f88_deleting_and_sweeping_can_be_repeated_after_a_failure_at_any_step(
    files: SnapshotFiles,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[SnapshotFiles], object],
    step: int,
    raises: BaseException,
) -> None:
    files.put(ONE)
    age(folder, 9999)
    monkeypatch.setattr(snapshots, "os", Steps(step, raises))
    with pytest.raises((Cut, StoreError)):
        call(files)
    monkeypatch.undo()
    call(files)
    assert list(files.digests()) == []
