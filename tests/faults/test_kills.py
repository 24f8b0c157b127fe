"""Processes that are killed: at random, at every step, while they recover, while they close, migrate, copy.

A step is a call that changes the disk: a write, fsync, truncate, unlink, rename, link, or the making of
a file. At every other one, half of the bytes are written before the kill.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from random import Random

import pytest

from tests.faults import story
from tests.faults.aftermath import AFTERMATHS, after_closing, after_copying, after_upgrading, schema_of
from tests.faults.kit import Lab, as_version_1, check, check_told, fresh, ids, walk
from tests.require import skip_or_fail

New = Callable[[], Path]


def test_f1_random_kills_lose_nothing_that_was_acknowledged(lab: Lab, new: New) -> None:
    path, chance = new(), Random(1)  # noqa: S311 - no secret
    acknowledged: list[str] = []
    attempted: list[str] = []
    for kill in range(40):
        prefix = f"k{kill}"
        # Of every four kills one comes while it starts, or recovers from the one before.
        job = {"after_first": kill % 4 != 0, "kill_after": chance.uniform(0.001, 0.04)}
        ended = lab.run(path, "mixed", prefix=prefix, count=100_000, **job)
        assert ended.status == -signal.SIGKILL, ended.stderr
        acknowledged += ended.acknowledged
        attempted += ids(prefix, len(ended.acknowledged) + len(ended.refused) + 1)
        check(path, acknowledged, attempted)
    assert len(acknowledged) >= 30


@pytest.mark.parametrize(("operation", "stride"), [("append", 1), ("edit", 5), ("delete", 5)])
def test_f2_a_kill_at_any_step_of_recording_leaves_all_of_it_or_nothing(
    lab: Lab, new: New, operation: str, stride: int
) -> None:
    steps = 0
    for path, ended in walk(lab, new, operation, stride=stride):
        AFTERMATHS[operation](lab, path, ended)
        steps += 1
    assert steps * stride > 20


def test_f3_a_kill_while_recovering_from_a_kill_is_recovered_from(lab: Lab, new: New) -> None:
    recovered = 0
    for path, ended in walk(lab, new, "append", stride=7, count=1):
        for step in range(1, 100):
            recovery = lab.run(path, from_open=True, fault={"how": "kill", "at": step, "torn": step % 2})
            recovered += recovery.status != 0
            if recovery.status == 0:
                break
        check(path, ended.acknowledged, ["w-0"])
    assert recovered > 10


def test_f79_a_kill_at_any_step_of_closing_a_week_bills_it_once_or_not_at_all(lab: Lab, new: New) -> None:
    reference = lab.run(new(), "close", now=story.AFTER_LOCK).bills
    for path, ended in walk(lab, new, "close", stride=3, now=story.AFTER_LOCK):
        after_closing(lab, path, ended)
        assert lab.run(path, "close", now=story.AFTER_LOCK + 999_999).bills == reference, "byte for byte"


@pytest.mark.parametrize("how", ["kill", "onward"])
def test_f83_an_upgrade_that_is_stopped_at_any_step_leaves_the_old_schema_or_the_new(
    lab: Lab, tmp_path: Path, template: Path, how: str
) -> None:
    old = as_version_1(template, tmp_path / "version-1.db")
    numbers = count()
    versions = set()
    for path, ended in walk(
        lab, lambda: fresh(tmp_path / str(next(numbers)), old), "nothing", how=how, errno=errno.ENOSPC, from_open=True
    ):
        if how == "onward":
            check_told(ended, path)
        versions.add(schema_of(path)[0])
        after_upgrading(lab, path, ended)
    assert versions == {1, 2}


def test_f2_a_kill_at_any_step_of_a_backup_leaves_a_whole_copy_or_none(lab: Lab, new: New) -> None:
    for path, ended in walk(lab, new, "backup", stride=2):
        after_copying(lab, path, ended)


def test_f7_a_process_that_is_killed_for_its_memory_has_stored_all_or_nothing(lab: Lab, new: New) -> None:
    path = new()
    ended = lab.run(path, "hog")
    assert ended.status == -signal.SIGKILL
    assert len(check(path, ())) == len(story.BASE)
    assert lab.run(path, "append").acknowledged == ("w-0",)


@contextmanager
def group_with_little_memory() -> Iterator[Path]:
    """Make a control group of 60 MB, of the first or the second kind, for a block."""
    top = Path("/sys/fs/cgroup")
    is_second = (top / "cgroup.controllers").exists()
    group = (top if is_second else top / "memory") / f"workdiary-{os.getpid()}"
    limits = (
        ("memory.max", "memory.swap.max") if is_second else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    )
    try:
        group.mkdir()
    except OSError:
        skip_or_fail("a group with a limit of memory takes root and control groups")
    try:
        try:
            if is_second:
                (top / "cgroup.subtree_control").write_text("+memory")
            (group / limits[0]).write_text("60000000")
        except OSError:
            skip_or_fail("control groups here do not limit memory")
        with suppress(OSError):  # where swap is not counted there is none, or none to be had
            (group / limits[1]).write_text("0" if is_second else "60000000")
        yield group
    finally:
        group.rmdir()


def test_f7_the_out_of_memory_killer(lab: Lab, new: New) -> None:
    path = new()
    with group_with_little_memory() as group:
        ended = lab.run(path, "hog", cgroup=str(group))
    assert ended.status == -signal.SIGKILL
    assert len(check(path, ())) == len(story.BASE)
    assert lab.run(path, "append").acknowledged == ("w-0",)
