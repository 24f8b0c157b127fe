"""Thumbnails beside their pictures: they come and go with them, whatever happens in between."""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest

from tests.diary.keeping import ANA, opened, upload
from tests.store.test_snapshots import Cut, Steps
from tests.support import at, refusal
from workdiary import Instant, Segment
from workdiary.diary.pictures import delete_pictures, live, orphans
from workdiary.errors import InvalidValue, StoreError
from workdiary.model.edit import DeleteTime
from workdiary.model.segment import Snapshot
from workdiary.model.times import slot_start
from workdiary.store import snapshots, thumbnails
from workdiary.store.snapshots import LARGEST, SnapshotFiles
from workdiary.store.thumbnails import LARGEST_THUMBNAIL, PictureFiles

FULL, SMALL = b"one image", b"its thumbnail"
# What `printf 'one image' | sha256sum` prints.
DIGEST = "7ae68a389899aa13ac859143c5bb313bb7046212e2010b80d94c9de07cdbbc12"
ABSENT = "00" * 32
BESIDE = f"7a/{DIGEST}.small"
LATE = 4_000_000_000
"""A clock that shows so late a time that a sweep spares nothing."""


@pytest.fixture
def files(tmp_path: Path) -> PictureFiles:
    return PictureFiles(tmp_path / "snapshots", clock=lambda: LATE)


def names(files: SnapshotFiles) -> list[str]:
    return sorted(str(p.relative_to(files.folder)) for p in files.folder.rglob("*") if not p.is_dir())


def test_a_thumbnail_is_beside_its_picture_for_its_owner_alone(files: PictureFiles) -> None:
    mask = os.umask(0)
    try:
        assert files.put(FULL, SMALL) == DIGEST
    finally:
        os.umask(mask)
    assert names(files) == [f"7a/{DIGEST}", BESIDE]
    assert (files.get(DIGEST), files.thumbnail(DIGEST)) == (FULL, SMALL)
    assert {stat.S_IMODE((files.folder / name).stat().st_mode) for name in names(files)} == {0o600}
    assert stat.S_IMODE((files.folder / "7a").stat().st_mode) == 0o700


def test_a_picture_can_be_without_a_thumbnail(files: PictureFiles) -> None:
    files.put(FULL)
    assert (files.thumbnail(DIGEST), files.thumbnail(ABSENT)) == (None, None)
    files.put(FULL, SMALL)
    files.put(FULL)
    assert files.thumbnail(DIGEST) == SMALL
    files.put(FULL, b"another")
    assert files.thumbnail(DIGEST) == b"another"


def test_it_is_the_same_folder_as_without_thumbnails(files: PictureFiles) -> None:
    plain = SnapshotFiles(files.folder, clock=lambda: LATE)
    plain.put(FULL)
    assert files.get(DIGEST) == FULL
    files.put(FULL, SMALL)
    assert [*plain.digests()] == [*files.digests()] == [DIGEST]
    assert plain.sweep({DIGEST}) == ()


@pytest.mark.parametrize("size", [0, LARGEST_THUMBNAIL + 1])
def test_what_is_no_thumbnail_is_refused_before_anything_is_written(files: PictureFiles, size: int) -> None:
    assert refusal(InvalidValue, files.put, FULL, bytes(size))[:2] == ("thumbnail", f"{size} bytes")
    assert refusal(InvalidValue, files.put, bytes(0), SMALL)[0] == "data"
    assert refusal(InvalidValue, files.put, bytes(LARGEST + 1), SMALL)[0] == "data"
    assert names(files) == []


def test_only_a_digest_names_a_thumbnail(files: PictureFiles) -> None:
    assert refusal(InvalidValue, files.thumbnail, "../secret")[0] == "digest"


def test_deleting_a_picture_deletes_its_thumbnail(files: PictureFiles) -> None:
    files.put(FULL, SMALL)
    assert files.delete(DIGEST)
    assert names(files) == []
    assert not files.delete(DIGEST)
    assert not files.delete(ABSENT)


def test_a_thumbnail_whose_picture_is_gone_is_deleted_all_the_same(files: PictureFiles) -> None:
    files.put(FULL, SMALL)
    (files.folder / "7a" / DIGEST).unlink()
    assert not files.delete(DIGEST)
    assert names(files) == []


def test_edit_4_the_diary_decides_by_pictures_and_thumbnails_follow(files: PictureFiles) -> None:
    kept = opened()
    start = slot_start(at(300))
    shot = Snapshot(at=Instant(start), digest=files.put(FULL, SMALL))
    answer = kept.diary.record(upload(Segment.tracked(at(300), snapshots=[shot])), by=ANA, id="u")
    assert answer.entry is not None
    assert live(kept.journal) == {DIGEST}
    assert files.sweep(live(kept.journal)) == ()
    assert files.thumbnail(DIGEST) == SMALL
    gone = kept.diary.record(DeleteTime(start=at(300), stop=at(301)), by=ANA, id="d").entry
    assert gone is not None
    assert orphans(kept.journal, gone) == {DIGEST}
    assert delete_pictures(kept.journal, files, gone) == (DIGEST,)
    assert names(files) == []


# Sweeping.


def test_a_sweep_removes_a_thumbnail_with_its_picture_and_without_one(files: PictureFiles) -> None:
    other = files.put(b"another image", SMALL)
    lonely = sha256(b"a third").hexdigest()
    files.put(b"a third", SMALL)
    (files.folder / lonely[:2] / lonely).unlink()
    files.put(FULL, SMALL)
    removed = files.sweep({other})
    assert set(removed) == {f"7a/{DIGEST}", BESIDE, f"{lonely[:2]}/{lonely}.small"}
    assert names(files) == [f"{other[:2]}/{other}", f"{other[:2]}/{other}.small"]


def test_a_sweep_spares_what_is_young_and_what_is_not_ours(tmp_path: Path) -> None:
    young = PictureFiles(tmp_path / "snapshots", clock=lambda: 0)
    young.put(FULL, SMALL)
    (young.folder / "7a" / DIGEST).unlink()
    (young.folder / "7a" / "notes.small").write_text("mine")
    assert young.sweep(()) == ()
    old = PictureFiles(young.folder, clock=lambda: LATE)
    assert old.sweep(()) == (BESIDE,)
    assert names(old) == ["7a/notes.small"]


# Links, and crashes.


def test_no_link_is_followed(files: PictureFiles, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    files.put(FULL)
    (files.folder / BESIDE).symlink_to(secret)
    with pytest.raises(StoreError, match="link"):
        files.thumbnail(DIGEST)
    files.put(FULL, SMALL)
    assert secret.read_bytes() == b"secret"
    assert files.thumbnail(DIGEST) == SMALL


def test_what_is_too_large_or_empty_is_no_thumbnail(files: PictureFiles) -> None:
    files.put(FULL)
    for size in (0, LARGEST_THUMBNAIL + 1):
        (files.folder / BESIDE).write_bytes(bytes(size))
        assert files.thumbnail(DIGEST) is None


@pytest.mark.parametrize("error", [Cut(), OSError(28, "No space left on device")], ids=["crash", "error"])
@pytest.mark.parametrize("call", ["put", "delete"])
def test_wherever_it_stops_nothing_is_half_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: BaseException
) -> None:
    for n in range(1, 60):
        files = PictureFiles(tmp_path / str(n), clock=lambda: LATE)
        if call == "delete":
            files.put(FULL, SMALL)
        steps = Steps(n, error)
        with monkeypatch.context() as patched:
            patched.setattr(snapshots, "os", steps)
            patched.setattr(thumbnails, "os", steps)
            try:
                files.put(FULL, SMALL) if call == "put" else files.delete(DIGEST)
            except (Cut, StoreError):
                pass
            else:
                assert n > 3, "nothing was stopped"
                return
        after = PictureFiles(files.folder, clock=lambda: LATE)
        there = f"7a/{DIGEST}" in names(after)
        assert after.thumbnail(DIGEST) in (SMALL, None)
        if there:
            assert after.get(DIGEST) == FULL
        if call == "put" and there:
            assert after.thumbnail(DIGEST) == SMALL  # the thumbnail comes first
        if call == "delete" and not there:
            assert after.thumbnail(DIGEST) is None  # and goes first
        if isinstance(error, OSError):
            assert [name for name in names(after) if name.endswith(".tmp")] == []
        assert after.put(FULL, SMALL) == DIGEST
        after.sweep({DIGEST})
        assert names(after) == [f"7a/{DIGEST}", BESIDE]
        after.delete(DIGEST)
        after.sweep(())
        assert names(after) == []
    pytest.fail("it never ends")


def test_both_are_on_the_disk_before_they_have_their_names(
    files: PictureFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put(FULL)  # so that its folder is there
    steps = Steps()
    monkeypatch.setattr(snapshots, "os", steps)
    monkeypatch.setattr(thumbnails, "os", steps)
    files.put(FULL, SMALL)
    # Each looks for its shard; five bytes are written at a time.
    small = ["mkdir", "create", "fchmod", "write", "write", "write", "fsync", "rename"]
    full = ["mkdir", "create", "fchmod", "write", "write", "fsync", "rename", "fsync"]
    assert steps.done == small + full
