"""Images go with their segments (EDIT-4), and stay where anything else names them: a journal in memory, real files."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.diary.keeping import ANA, LOCK, NOW, PLATFORM, Kept, opened, rewritten, upload
from tests.support import PLAIN, at, contract, policy, refusal
from workdiary import Actor, Diary, Instant, Segment, add_time
from workdiary.diary.bundle import write_bundle
from workdiary.diary.draft import AnswerKind
from workdiary.diary.entry import Entry
from workdiary.diary.pictures import delete_pictures, live, orphans
from workdiary.errors import NOTHING, ChainError, InvalidValue, StoreError
from workdiary.model.activity import Activity
from workdiary.model.edit import DeleteTime
from workdiary.model.policy import OnTaken
from workdiary.model.segment import Snapshot
from workdiary.model.times import slot_start
from workdiary.store.snapshots import SnapshotFiles

A, B, C = b"image a", b"image b", b"image c"
A_DIGEST, B_DIGEST, C_DIGEST = (sha256(data).hexdigest() for data in (A, B, C))

LAST_WEEK = -500
"""A place in the week before, which was locked on Monday."""


@pytest.fixture
def files(tmp_path: Path) -> SnapshotFiles:
    return SnapshotFiles(tmp_path / "snapshots", clock=lambda: 4_000_000_000)  # so late that a sweep spares nothing


@pytest.fixture
def kept() -> Kept:
    return opened()


def shown(place: int, *digests: str) -> Segment:
    """Return a tracked segment with one snapshot a digest."""
    shots = [Snapshot(at=Instant(slot_start(at(place)) + n), digest=digest) for n, digest in enumerate(digests)]
    return Segment.tracked(at(place), memo="Fix", activity=Activity.of_meter(8), snapshots=shots)


def put(files: SnapshotFiles, *images: bytes) -> None:
    for image in images or (A, B, C):
        files.put(image)


def recorded(diary: Diary, request: Any, id: str, *, by: Actor = ANA, kind: AnswerKind = AnswerKind.CREATED) -> Entry:
    answer = diary.record(request, by=by, id=id)
    assert answer.kind is kind, answer
    assert answer.entry is not None
    return answer.entry


def deleted(kept: Kept, start: int, stop: int | None = None, id: str = "delete") -> Entry:
    return recorded(kept.diary, DeleteTime(start=at(start), stop=at(start + 1 if stop is None else stop)), id)


def test_edit_4_images_are_deleted_with_their_segment(kept: Kept, files: SnapshotFiles) -> None:
    put(files)
    recorded(kept.diary, upload(shown(300, A_DIGEST, B_DIGEST), shown(301, C_DIGEST)), "u")
    entry = deleted(kept, 300)
    assert orphans(kept.journal, entry) == {A_DIGEST, B_DIGEST}
    assert delete_pictures(kept.journal, files, entry) == tuple(sorted([A_DIGEST, B_DIGEST]))
    assert [*files.digests()] == [C_DIGEST]
    assert live(kept.journal) == {C_DIGEST}


def test_all_that_uploads_brought_to_one_slot_goes(kept: Kept, files: SnapshotFiles) -> None:
    put(files)
    recorded(kept.diary, upload(shown(300, A_DIGEST)), "u")
    recorded(kept.diary, upload(shown(300, A_DIGEST, B_DIGEST)), "v")
    assert delete_pictures(kept.journal, files, deleted(kept, 300)) == tuple(sorted([A_DIGEST, B_DIGEST]))


def test_an_image_that_another_segment_shows_stays_until_that_is_deleted_too(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A, B)
    recorded(kept.diary, upload(shown(300, A_DIGEST, B_DIGEST), shown(301, A_DIGEST)), "u")
    assert delete_pictures(kept.journal, files, deleted(kept, 300)) == (B_DIGEST,)
    assert files.get(A_DIGEST) == A
    assert delete_pictures(kept.journal, files, deleted(kept, 301, id="delete 2")) == (A_DIGEST,)


def test_an_image_that_two_deleted_segments_share_goes_with_both_at_once(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A)
    recorded(kept.diary, upload(shown(300, A_DIGEST), shown(310, A_DIGEST)), "u")
    both = deleted(kept, 300, id="1"), deleted(kept, 310, id="2")
    assert delete_pictures(kept.journal, files, *both) == (A_DIGEST,)


def test_an_image_stays_for_a_segment_of_another_week_or_contract(kept: Kept, files: SnapshotFiles) -> None:
    put(files)
    other = Diary.open(kept.journal, contract(id="c-2"), PLAIN, by=PLATFORM, id="open")
    recorded(other, upload(shown(300, A_DIGEST)), "u")
    kept.clock.set("2026-11-23T08:00:00Z")  # Monday before the lock: two weeks are open
    recorded(kept.diary, upload(shown(300, A_DIGEST, B_DIGEST, C_DIGEST), shown(1010, B_DIGEST)), "u")
    assert delete_pictures(kept.journal, files, deleted(kept, 300)) == (C_DIGEST,)
    assert live(kept.journal) == {A_DIGEST, B_DIGEST}


def test_one_deletion_over_two_weeks_takes_the_images_of_both(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A, B)
    kept.clock.set("2026-11-23T08:00:00Z")
    recorded(kept.diary, upload(shown(1007, A_DIGEST), shown(1008, B_DIGEST)), "u")
    entry = deleted(kept, 1007, 1009)
    assert delete_pictures(kept.journal, files, entry) == tuple(sorted([A_DIGEST, B_DIGEST]))
    assert live(kept.journal) == set()


def test_an_image_that_late_evidence_names_stays(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A, B)
    recorded(kept.diary, upload(shown(300, A_DIGEST, B_DIGEST)), "u")
    recorded(kept.diary, upload(shown(LAST_WEEK, A_DIGEST)), "late", kind=AnswerKind.LATE)
    assert delete_pictures(kept.journal, files, deleted(kept, 300)) == (B_DIGEST,)
    assert live(kept.journal) == {A_DIGEST}


def test_an_image_that_the_part_set_aside_of_an_upload_names_stays(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A, B)
    entry = recorded(kept.diary, upload(shown(LAST_WEEK, A_DIGEST), shown(300, A_DIGEST, B_DIGEST)), "u")
    assert LAST_WEEK in [slot - at(0) for slot in entry.change.aside]  # type: ignore[union-attr] # an upload
    assert delete_pictures(kept.journal, files, deleted(kept, 300)) == (B_DIGEST,)
    assert live(kept.journal) == {A_DIGEST}


def test_an_image_of_a_segment_that_came_again_stays(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A)
    recorded(kept.diary, upload(shown(300, A_DIGEST)), "u")
    entry = deleted(kept, 300)
    recorded(kept.diary, upload(shown(300, A_DIGEST)), "v")
    assert delete_pictures(kept.journal, files, entry) == ()
    assert files.get(A_DIGEST) == A


def test_an_image_that_something_in_quarantine_names_stays(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A, B)
    recorded(kept.diary, upload(shown(300, A_DIGEST, B_DIGEST)), "u")
    waiting = kept.journal.quarantine(b"{'digest': '%s'" % A_DIGEST.encode(), "is not JSON")
    entry = deleted(kept, 300)
    assert delete_pictures(kept.journal, files, entry) == (B_DIGEST,)
    assert live(kept.journal) == {A_DIGEST}
    kept.journal.release(waiting.number)
    assert delete_pictures(kept.journal, files, entry) == (A_DIGEST,)


def test_a_memo_that_quotes_a_digest_keeps_no_image(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A)
    quoted = attrs.evolve(shown(301), memo=f'"digest":"{A_DIGEST}"')
    recorded(kept.diary, upload(shown(300, A_DIGEST), quoted), "u")
    assert delete_pictures(kept.journal, files, deleted(kept, 300)) == (A_DIGEST,)


def test_what_is_no_sha256_names_no_file(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A)
    recorded(kept.diary, upload(shown(300, "9f2b", A_DIGEST.upper(), "../" + A_DIGEST, "é"), shown(301, A_DIGEST)), "u")
    assert delete_pictures(kept.journal, files, deleted(kept, 300)) == ()
    assert live(kept.journal) == {A_DIGEST}


def test_manual_time_that_replaces_tracked_time_takes_its_images(files: SnapshotFiles) -> None:
    kept = opened(policy(manual={"on_taken": OnTaken.OVERWRITE}))
    put(files, A, B)
    recorded(kept.diary, upload(shown(300, A_DIGEST), shown(302, B_DIGEST)), "u")
    start = slot_start(at(300))
    entry = recorded(kept.diary, add_time(start, Instant(start + 1200), memo="Call"), "add")
    assert delete_pictures(kept.journal, files, entry) == (A_DIGEST,)


def test_an_entry_that_takes_nothing_away_deletes_nothing(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A)
    entry = recorded(kept.diary, upload(shown(300, A_DIGEST)), "u")
    assert delete_pictures(kept.journal, files, entry) == ()
    assert delete_pictures(kept.journal, files) == ()


def test_a_crash_before_the_files_went_is_healed_by_doing_it_again(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A, B)
    recorded(kept.diary, upload(shown(300, A_DIGEST, B_DIGEST)), "u")
    entry = deleted(kept, 300)
    second = max(A_DIGEST, B_DIGEST)

    class Failing:
        def delete(self, digest: str) -> bool:
            if digest == second:
                raise StoreError(digest, NOTHING, "cannot be written", "delete it again")
            return files.delete(digest)

    with pytest.raises(StoreError, match=second):
        delete_pictures(kept.journal, Failing(), entry)
    assert [*files.digests()] == [second]
    assert delete_pictures(kept.journal, files, entry) == (second,)
    assert delete_pictures(kept.journal, files, entry) == ()


def test_a_crash_before_the_files_went_is_healed_by_a_sweep(kept: Kept, files: SnapshotFiles) -> None:
    put(files)
    recorded(kept.diary, upload(shown(300, A_DIGEST), shown(301, B_DIGEST)), "u")
    recorded(kept.diary, upload(shown(LAST_WEEK, C_DIGEST)), "late", kind=AnswerKind.LATE)
    deleted(kept, 300)
    assert files.sweep(live(kept.journal)) == (f"{A_DIGEST[:2]}/{A_DIGEST}",)
    assert [*files.digests()] == sorted([B_DIGEST, C_DIGEST])


def test_an_entry_that_is_not_on_record_deletes_nothing(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A)
    recorded(kept.diary, upload(shown(300, A_DIGEST)), "u")
    twin = opened()
    recorded(twin.diary, upload(shown(300, A_DIGEST)), "u")
    entry = deleted(twin, 300)
    argument, value, allowed, _ = refusal(InvalidValue, delete_pictures, kept.journal, files, entry)
    assert (argument, value, allowed) == ("entries[0]", "delete", "is not on record in this journal")
    deleted(kept, 300, 301, id="other")
    assert refusal(InvalidValue, delete_pictures, kept.journal, files, entry)[0] == "entries[0]"
    assert files.get(A_DIGEST) == A


def test_a_tampered_diary_costs_no_image(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A)
    recorded(kept.diary, upload(shown(300, A_DIGEST), shown(301, A_DIGEST)), "u")
    entry = deleted(kept, 300)
    entries = [*kept.journal.read("c-1")]
    entries[1] = attrs.evolve(entries[1], body=re.sub(rb"Fix", b"Fax", entries[1].body))
    rewritten(kept.journal, entries)
    for call in (lambda: delete_pictures(kept.journal, files, entry), lambda: live(kept.journal)):
        with pytest.raises(ChainError):
            call()
    assert files.get(A_DIGEST) == A


def test_a_bundle_lists_what_stays_and_nothing_that_was_deleted(
    kept: Kept, files: SnapshotFiles, tmp_path: Path
) -> None:
    put(files)
    recorded(kept.diary, upload(shown(300, A_DIGEST), shown(301, B_DIGEST), shown(302, C_DIGEST)), "u")
    delete_pictures(kept.journal, files, deleted(kept, 300))
    files.delete(C_DIGEST)  # lost in some other way
    made = write_bundle(kept.journal, "c-1", tmp_path / "bundle", week=NOW, snapshots=files.get)
    assert made.missing == (C_DIGEST,)
    assert [path.name for path in (tmp_path / "bundle" / "snapshots").iterdir()] == [B_DIGEST]


def test_a_locked_week_keeps_its_images(kept: Kept, files: SnapshotFiles) -> None:
    put(files, A)
    recorded(kept.diary, upload(shown(300, A_DIGEST)), "u")
    kept.clock.set(LOCK)
    answer = kept.diary.record(DeleteTime(start=at(300), stop=at(301)), by=ANA, id="delete")
    assert (answer.kind, answer.entry) == (AnswerKind.REFUSED, None)
    assert files.sweep(live(kept.journal)) == ()
