"""Power cuts, and what people do to the files after one; see `power.py` for what is simulated."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.faults import story
from tests.faults.aftermath import after_a_cut
from tests.faults.damage import judge_file, recalled
from tests.faults.kit import Lab, as_version_1, check, fresh, opened
from tests.faults.power import Operation, killed_states, lay_out, marks, read_record, states
from workdiary.cli.copies import put_back
from workdiary.errors import WorkdiaryError
from workdiary.store.snapshots import SnapshotFiles

SYNCS = 2
"""The kind of call that flushes, in the words of the shim."""

COUNT = 6
"""How many requests follow the beginning of the story, in the record."""


@pytest.fixture(scope="session")
def record(lab: Lab, all_memory: Path) -> tuple[Operation, ...]:
    """What the store does with its files, from the making of the database on."""
    folder = all_memory / "record"
    folder.mkdir(mode=0o700)
    return recorded(lab, folder, "mixed", begin=True, count=COUNT)


def recorded(lab: Lab, folder: Path, operation: str, path: Path | None = None, **job: Any) -> tuple[Operation, ...]:
    if path is None:
        (folder / "journal").mkdir(mode=0o700)
        path = folder / "journal" / "diary.db"
    ended = lab.run(path, operation, record=str(folder / "record"), **job)
    assert ended.status == 0, ended.stderr
    assert not ended.errors, ended.errors
    return read_record(folder / "record", path.parent)


def test_f12_f24_no_power_cut_loses_half_or_changes_what_was_acknowledged(
    record: Sequence[Operation], disk: Path
) -> None:
    cuts, seen = 0, set()
    ids = marks(record)
    assert len(ids) == len(story.BASE) + COUNT
    for state in states(record, 3):
        cuts += 1
        if state.digest in seen:
            continue
        seen.add(state.digest)
        after_a_cut(state, ids, disk)
    assert cuts > 2000
    assert len(seen) > 1000


@pytest.mark.parametrize("operation", ["close", "backup", "migrate"])
def test_f12_no_power_cut_while_closing_copying_or_upgrading_is_seen(
    lab: Lab, tmp_path: Path, template: Path, disk: Path, operation: str
) -> None:
    path = tmp_path / "start" / "diary.db"
    if operation == "migrate":
        path.parent.mkdir(mode=0o700)
        as_version_1(template, path)
        path.chmod(0o600)
    else:
        fresh(path.parent, template)
    files = {"diary.db": path.read_bytes()}
    record = recorded(lab, tmp_path, "nothing" if operation == "migrate" else operation, path, now=story.AFTER_LOCK)
    seen = set()
    for state in states(record, 8, files=files):
        if state.digest in seen:
            continue
        seen.add(state.digest)
        lay_out(state.files, disk)
        done = [story.CLOSING] if operation == "close" and state.acknowledged else []
        check(disk / "diary.db", done, [story.CLOSING] if operation == "close" else [])
        copy = disk / "backup.db"
        if operation == "backup":
            assert copy.exists() or not state.acknowledged
            if copy.exists():
                check(copy, ())
    assert len(seen) > 20


def test_f18_f12_what_is_acknowledged_after_a_failed_fsync_survives_a_power_cut(
    lab: Lab, memory: Path, template: Path, disk: Path
) -> None:
    for at in range(1, 100):
        path = fresh(memory / str(at), template)
        files = {"diary.db": path.read_bytes()}
        kept = memory / f"record-{at}"
        fault = {"how": "once", "at": at, "kinds": SYNCS}
        ended = lab.run(path, "append", fault=fault, retry=True, record=str(kept))
        if ended.steps < at:
            break
        assert ended.acknowledged == ("w-0",)
        holds_after_any_cut(read_record(kept, path.parent), files, disk)
    assert at > 5


@pytest.mark.parametrize("by", ["a new process", "a process that had it open"])
def test_f2_f12_what_is_acknowledged_after_a_kill_survives_a_power_cut(
    lab: Lab, memory: Path, template: Path, disk: Path, by: str
) -> None:
    steps = lab.run(fresh(memory / "whole", template), "append").steps
    for at in range(steps - 7, steps + 1):  # before that the next one rolls back, and records it anew
        path = fresh(memory / str(at), template)
        files = {"diary.db": path.read_bytes()}
        kept = str(memory / f"record-{at}")
        fault = {"how": "kill", "at": at}
        # Sent again: what is found there is acknowledged.
        if by == "a new process":
            killed = lab.run(path, "append", fault=fault, record=kept).status
            ended = lab.run(path, "append", record=kept)
        else:
            ended = lab.run(path, "append", other=fault, record=kept)
            killed = ended.other
        assert killed == -signal.SIGKILL
        assert ended.acknowledged == ("w-0",)
        holds_after_any_cut(read_record(Path(kept), path.parent), files, disk)


def holds_after_any_cut(record: Sequence[Operation], files: dict[str, bytes], disk: Path) -> None:
    """Assert that no power cut after the last acknowledgement in `record` loses it."""
    last = max(n for n, operation in enumerate(record, 1) if operation.letter == "M")
    seen = set()
    for state in states(record, 12, files=files):
        if state.done >= last and state.digest not in seen:
            seen.add(state.digest)
            after_a_cut(state, (*story.BASE, *marks(record)), disk, before=len(story.BASE))


def snapshots_kept(record: Sequence[Operation], disk: Path, outcomes: int) -> int:
    """Assert of every power cut what must hold of image files, and return how many there were."""
    acts = marks(record)
    cuts = 0
    for state in states(record, outcomes):
        cuts += 1
        lay_out(state.files, disk)
        files = SnapshotFiles(disk / "snapshots")
        found = set(files.digests())
        assert all(files.get(digest) for digest in found), "every file is whole"
        there: set[str] = set()
        for act in acts[: state.acknowledged]:
            (there.add if act[0] == "+" else there.discard)(act[1:])
        # The next act may have been done: it adds one digest, or takes one away.
        coming = {act[1:] for act in acts[state.acknowledged : state.acknowledged + 1]}
        assert there - coming <= found <= there | coming
    return cuts


def test_f12_no_power_cut_loses_a_snapshot_that_was_kept_or_brings_one_back_that_was_deleted(
    lab: Lab, memory: Path, disk: Path
) -> None:
    record = recorded(lab, memory, "snapshots")
    assert len(marks(record)) == len(story.SNAPSHOTS)
    assert snapshots_kept(record, disk, 16) > 300
    with pytest.raises((AssertionError, WorkdiaryError)):
        snapshots_kept([op for op in record if op.letter != "S" or op.path.count("/") != 1], disk, 16)


@pytest.mark.parametrize("what", ["nothing", "folders"])
def test_the_model_of_power_cuts_bites(record: Sequence[Operation], disk: Path, what: str) -> None:
    # Without fsync, or without that of the folder, acknowledged entries are lost: so the states above are hard.
    kept = [op for op in record if op.letter != "S" or (what == "folders" and op.path != ".")]
    assert lost(kept, disk) > 0


def lost(record: Sequence[Operation], disk: Path) -> int:
    found = 0
    for state in states(record, 1, seed=5):
        try:
            after_a_cut(state, marks(record), disk)
        except (AssertionError, WorkdiaryError, sqlite3.Error):
            found += 1
            if found == 3:
                break
    return found


def test_f19_what_a_disk_loses_that_lies_about_fsync_is_reported_against_the_known_head(
    record: Sequence[Operation], disk: Path
) -> None:
    reported = 0
    begun = next(n for n, op in enumerate(record) if op.letter == "M")
    for state in states(record, 1, lies=True):
        if state.done <= begun or state.done % 3:
            continue
        lay_out(state.files, disk)
        reported += bool(judge_file(disk / "diary.db", state.acknowledged).reports)
    assert reported > 20


def without_journal(files: dict[str, bytes], _: dict[str, bytes]) -> dict[str, bytes]:
    return {"diary.db": files["diary.db"]}


def with_the_journal_before(files: dict[str, bytes], before: dict[str, bytes]) -> dict[str, bytes]:
    return {"diary.db": files["diary.db"], **before}


@pytest.mark.parametrize("done_to", [without_journal, with_the_journal_before])
def test_f31_f32_a_file_without_its_hot_journal_or_with_another_one_makes_no_wrong_bill(
    record: Sequence[Operation], disk: Path, done_to: Callable[..., dict[str, bytes]]
) -> None:
    reported = hot = 0
    journal: dict[str, bytes] = {}
    before: dict[str, bytes] = {}
    seen = set()
    for state in killed_states(record):
        if state.acknowledged and "diary.db-journal" in state.files:
            hot += 1
            journal = {"diary.db-journal": state.files["diary.db-journal"]}
            damaged = attrs.evolve(state, files=done_to(dict(state.files), before))
            if damaged.digest not in seen:
                seen.add(damaged.digest)
                lay_out(damaged.files, disk)
                reported += bool(judge_file(disk / "diary.db", state.acknowledged).reports)
        elif journal:
            before, journal = journal, {}
    assert hot > 100
    assert reported > 5


def test_f32_a_copy_of_a_live_file_is_not_restored_or_was_whole(
    record: Sequence[Operation], disk: Path, tmp_path: Path
) -> None:
    target = tmp_path / "restored" / "diary.db"
    ids, seen, refused = marks(record), set(), 0
    for state in killed_states(record):
        copy = {"copy.db": state.files.get("diary.db", b"")}
        copied = attrs.evolve(state, files=copy)
        if not state.acknowledged or "diary.db-journal" not in state.files or copied.digest in seen:
            continue
        seen.add(copied.digest)
        lay_out(copy, disk)
        target.unlink(missing_ok=True)
        try:
            status = put_back(str(target), str(disk / "copy.db"), [], lose_newer=False, yes=True, as_json=False)
        except WorkdiaryError:
            status = 1
        assert target.exists() == (status == 0)
        refused += status != 0
        if status == 0:
            check(target, ids[: state.acknowledged], ids[: state.acknowledged + 1], base=())
    assert refused > 20


def test_f9_f12_with_too_few_files_nothing_is_acknowledged_that_a_power_cut_loses(
    lab: Lab, tmp_path: Path, template: Path, disk: Path
) -> None:
    for free in range(4):
        path = fresh(tmp_path / str(free), template)
        files = {"diary.db": path.read_bytes()}
        ended = lab.run(path, "append", count=1, limits={"files": free}, record=str(tmp_path / f"record-{free}"))
        assert ended.status == 0
        record = read_record(tmp_path / f"record-{free}", path.parent)
        for state in states(record, 8, files=files):
            after_a_cut(state, (*story.BASE, *marks(record)), disk, before=len(story.BASE))


def test_f25_a_flipped_bit_is_found_or_was_in_nothing_that_is_used(
    lab: Lab, tmp_path: Path, template: Path, disk: Path
) -> None:
    path = fresh(tmp_path / "sound", template)
    assert lab.run(path, "mixed", count=COUNT).acknowledged
    content = path.read_bytes()
    version = len(story.BASE) + COUNT
    assert judge_file(fresh(tmp_path / "copy", path), version).reports == ()
    reported = 0
    for n in range(200):
        place = n * (7919 * 8 + 1) % (len(content) * 8)
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        lay_out({"diary.db": bytes(flipped)}, disk)
        reported += bool(judge_file(disk / "diary.db", version).reports)
    assert reported > 30


def test_f25_f81_a_flipped_bit_in_the_kept_contract_makes_no_wrong_bill(
    tmp_path: Path, template: Path, disk: Path
) -> None:
    content = template.read_bytes()
    rate = b'"rate":"30.00"'
    places = [place for place in range(len(content)) if content.startswith(rate, place)]
    assert len(places) >= 2, "in the entry that opens the contract, and in the contract that is kept"
    for place in places:
        for number in range(place + 8, place + 13):
            for bit in (0, 3):
                flipped = bytearray(content)
                flipped[number] ^= 1 << bit
                lay_out({"diary.db": bytes(flipped)}, disk)
                judge_file(disk / "diary.db", len(story.BASE))


def test_an_older_copy_is_reported_against_the_known_head(tmp_path: Path, template: Path) -> None:
    path = fresh(tmp_path / "old", template)
    with opened(path) as journal:
        assert journal.standing(story.ID).head == recalled(len(story.BASE)).entries[-1].head
    assert any("missing at the end" in report for report in judge_file(path, len(story.BASE) + 3).reports)
