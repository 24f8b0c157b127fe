"""Calls that fail: a disk that is full or broken, too few files, too little memory, an fsync that takes long.

Always: what was acknowledged is there, an error says which file and what to do, and when the trouble is
over the same journal goes on, with the same ids.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults import story
from tests.faults.kit import Ended, Lab, check, check_told, fresh, ids, walk
from tests.require import skip_or_fail

New = Callable[[], Path]

WRITES, SYNCS, CREATES = 1, 2, 32


@pytest.mark.parametrize(
    ("fault", "job"),
    [
        pytest.param({"how": "once", "errno": errno.EIO}, {"retry": True}, id="f17_eio_once"),
        pytest.param({"how": "onward", "errno": errno.EIO}, {"retry": True}, id="f17_eio_for_ever"),
        pytest.param({"how": "once", "errno": errno.EIO, "kinds": SYNCS}, {"retry": True}, id="f18_fsync_once"),
        pytest.param({"how": "onward", "errno": errno.EIO, "kinds": SYNCS}, {}, id="f18_fsync_for_ever"),
        pytest.param({"how": "onward", "errno": errno.ENOSPC, "kinds": WRITES}, {}, id="f14_disk_full"),
        pytest.param({"how": "onward", "errno": errno.ENOSPC, "kinds": CREATES}, {}, id="f15_inodes_gone"),
        pytest.param({"how": "onward", "errno": errno.EROFS}, {}, id="f21_read_only"),
    ],
)
def test_an_error_at_any_step_is_told_and_the_same_id_sent_again_is_one_entry(
    lab: Lab, new: New, fault: dict[str, Any], job: dict[str, Any]
) -> None:
    hit = told = 0
    stride = {SYNCS: 1, CREATES: 1, WRITES: 4}.get(fault.get("kinds", 0), 5)
    for path, ended in walk(lab, new, "append", stride=stride, fault=fault, count=2, **job):
        check_told(ended, path)
        hit += 1
        told += bool(ended.errors)
        check(path, ended.acknowledged, ids("w", 2))
        if "retry" in job:
            # In the same process and journal, as soon as the trouble was over.
            assert set(ended.acknowledged) == {"w-0", "w-1"}
        else:
            assert lab.run(path, "append", count=2).acknowledged == ("w-0", "w-1")
        assert len(check(path, ids("w", 2))) == len(story.BASE) + 2
    assert hit
    assert told


@pytest.mark.parametrize("kinds", [WRITES, SYNCS, 63])
def test_f18_an_error_is_never_success(lab: Lab, new: New, kinds: int) -> None:
    for path, ended in walk(lab, new, "append", stride=3, how="once", fault={"kinds": kinds}, count=1):
        check_told(ended, path)
        stored = [entry.id for entry in check(path, ended.acknowledged, ["w-0"])]
        # What is told is what is there: only an error leaves both open.
        assert ("w-0" in stored) or ended.errors


@pytest.mark.parametrize("how", ["once", "onward"])
def test_f79_f81_an_error_at_any_step_of_closing_a_week_makes_no_second_bill(lab: Lab, new: New, how: str) -> None:
    reference = lab.run(new(), "close", now=story.AFTER_LOCK).bills
    for path, ended in walk(lab, new, "close", stride=4, how=how, now=story.AFTER_LOCK, retry=True):
        check_told(ended, path)
        assert ended.acknowledged == (story.CLOSING,)
        assert set(ended.bills) == set(reference)
        assert [entry.id for entry in check(path, [story.CLOSING])] == [*story.BASE, story.CLOSING]


def test_f14_f16_a_backup_that_fails_is_told_and_leaves_no_part_of_a_copy(lab: Lab, new: New) -> None:
    for path, ended in walk(lab, new, "backup", stride=3, how="onward", errno=errno.ENOSPC):
        check_told(ended, path)
        check(path, ())
        if ended.errors:
            assert ended.acknowledged == ()
        assert lab.run(path.with_name("diary.db"), "append").acknowledged == ("w-0",)


@contextmanager
def small_disk(folder: Path, option: str) -> Iterator[Path]:
    """Mount a small file system in memory for a block."""
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"{option},mode=0700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        skip_or_fail("a small disk is mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_f14_a_full_disk_keeps_what_was_acknowledged_and_goes_on_when_there_is_room(
    lab: Lab, tmp_path: Path, template: Path
) -> None:
    with small_disk(tmp_path / "disk", "size=160k") as disk:
        path = fresh(disk / "journal", template)
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(12_000))
        ended = lab.run(path, "append", count=60)
        check_told(ended, path)
        assert ended.acknowledged, "some fitted in"
        assert all("the disk is full" in text for _, _, text in ended.errors)
        assert ended.errors, "not all did"
        check(path, ended.acknowledged, ids("w", 60))
        ballast.unlink()
        remount(disk, "size=4m")
        assert lab.run(path, "append", count=60).acknowledged == tuple(ids("w", 60))
        check(path, ids("w", 60))


def test_f15_a_disk_without_room_for_a_file_more_is_told_and_goes_on_when_there_is(
    lab: Lab, tmp_path: Path, template: Path
) -> None:
    with small_disk(tmp_path / "disk", "nr_inodes=3") as disk:  # itself, a folder and the database
        path = fresh(disk / "journal", template)
        ended = lab.run(path, "append", count=3)
        check_told(ended, path)
        assert len(ended.errors) == 3
        remount(disk, "nr_inodes=9")
        assert lab.run(path, "append", count=3).acknowledged == tuple(ids("w", 3))
        check(path, ids("w", 3))


def remount(disk: Path, option: str) -> None:
    """Give a small disk more room."""
    subprocess.run(["mount", "-o", f"remount,{option}", str(disk)], check=True)


def test_f16_a_limit_on_the_size_of_files_keeps_what_was_acknowledged(lab: Lab, new: New) -> None:
    path = new()
    ended = lab.run(path, "append", count=60, limits={"size": path.stat().st_size + 8_000}, retry=True)
    assert ended.errors
    check_told(ended, path)
    assert set(ended.acknowledged) == set(ids("w", 60)), "in the same process, when the limit was lifted"
    check(path, ids("w", 60))


@pytest.mark.parametrize("files", range(6))
def test_f9_too_few_files_are_told_and_the_journal_goes_on(lab: Lab, new: New, files: int) -> None:
    path = new()
    ended = lab.run(path, "append", count=3, limits={"files": files}, retry=True)
    check_told(ended, path)
    assert ended.errors or files > 0
    assert set(ended.acknowledged) == set(ids("w", 3))
    check(path, ids("w", 3))


def test_f9_too_few_files_to_open_the_journal(lab: Lab, new: New) -> None:
    for files in range(5):
        path = new()
        ended = lab.run(path, "append", count=1, limits={"files": files}, limits_from_open=True, retry=True)
        check_told(ended, path)
        assert ended.acknowledged == ("w-0",)
        check(path, ["w-0"])


@pytest.fixture(scope="module")
def starved(lab: Lab, all_memory: Path, template: Path) -> tuple[Path, dict[str, Ended]]:
    """A journal, and what was said of each request while one allocation of Python failed; each is sent again."""
    path = fresh(all_memory / "starved", template)
    allocations = range(5, 6000, 197)
    said = {
        f"m{n}-{n % 300}": lab.run(path, "append", prefix=f"m{n}", first=n % 300, nomemory=n, retry=True)
        for n in allocations
    }
    return path, said


def test_f8_a_failed_allocation_leaves_no_half_state(starved: tuple[Path, dict[str, Ended]]) -> None:
    path, said = starved
    for id, ended in said.items():
        # Python itself may crash. If it did not, the same journal has gone on.
        assert ended.status < 0 or ended.acknowledged + ended.refused == (id,), ended
    stored = [id for ended in said.values() for id in ended.acknowledged]
    assert len(stored) > 10
    assert sum(bool(ended.errors) for ended in said.values()) > 10
    check(path, stored, said)


def test_f8_memory_that_runs_out_is_not_taken_for_a_damaged_diary(starved: tuple[Path, dict[str, Ended]]) -> None:
    _, said = starved
    for ended in said.values():
        for _, kind, text in ended.errors:
            assert "restore" not in text, text
            assert kind not in ("Problems", "DocumentError", "ChainError"), text


def test_f8_too_little_memory_for_sqlite_is_told_and_the_journal_goes_on(lab: Lab, new: New) -> None:
    if not hasattr(ctypes.CDLL(_sqlite3.__file__), "sqlite3_hard_heap_limit64"):
        skip_or_fail("this Python does not show the SQLite that it is linked with")
    told = 0
    for heap in range(0, 120_000, 5_000):
        path = new()
        ended = lab.run(path, "append", count=3, limits={"heap": heap}, retry=True)
        assert ended.status == 0, ended.stderr
        told += bool(ended.errors)
        for _, kind, text in ended.errors:
            assert kind == "MemoryError" or ("no memory" in text and str(path) in text), text
        assert set(ended.acknowledged) == set(ids("w", 3)), heap
        check(path, ids("w", 3))
    assert told


def test_f20_a_slow_fsync_makes_others_wait_and_loses_nothing(lab: Lab, new: New) -> None:
    path = new()
    jobs = [
        {
            "path": str(path),
            "operation": "append",
            "prefix": f"p{n}",
            "first": 3 * n,
            "count": 3,
            "slow": slow,
            "wait": 60,
        }
        for n, slow in enumerate((30, 0))
    ]
    for n, ended in enumerate(lab.run_all(jobs)):
        assert ended.acknowledged == tuple(ids(f"p{n}", 3, 3 * n))
    check(path, [*ids("p0", 3), *ids("p1", 3, 3)])
