"""Bundles: what is in the folder, that it is written whole or not at all, and what is refused."""

from __future__ import annotations

import json
import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.diary.evidence import (
    ACME,
    ANA,
    IMAGE,
    IMAGE_DIGEST,
    LATE_DIGEST,
    MONDAY,
    NEXT_MONDAY,
    NINE,
    PLATFORM,
    WEEK,
    Clock,
    bundled,
    contract,
    document,
    images,
    story,
    tracked,
)
from workdiary.diary.bundle import write_bundle
from workdiary.diary.changes import PaymentFailed, TimeDisputed
from workdiary.diary.closing import close_week
from workdiary.diary.diary import Diary
from workdiary.diary.entry import Entry, Head
from workdiary.errors import ChainError, DocumentError, InvalidValue, StoreError, UnknownContract
from workdiary.model.edit import add_time
from workdiary.model.slots import Slots
from workdiary.store.memory import MemoryJournal

FILES = ["README.txt", "SHA256SUMS", "bundle.json", "entries.jsonl", "policy.json", "snapshots", "statement.json"]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def about(folder: Path) -> Any:
    return json.loads((folder / "bundle.json").read_text())


def test_a_bundle_has_its_files_and_no_others(tmp_path: Path) -> None:
    made = bundled(tmp_path / "evidence")
    assert names_in(made.folder) == [*FILES, "verify.py"]
    assert names_in(made.folder / "snapshots") == [IMAGE_DIGEST]
    assert (made.folder / "snapshots" / IMAGE_DIGEST).read_bytes() == IMAGE
    assert names_in(tmp_path) == ["evidence"]


def test_every_entry_stands_in_it_with_its_digest_byte_for_byte(tmp_path: Path) -> None:
    journal, _ = story()
    write_bundle(journal, "c-1", tmp_path / "evidence", week=WEEK)
    lines = (tmp_path / "evidence/entries.jsonl").read_bytes().splitlines(keepends=True)
    entries = [*journal.read("c-1")]
    assert len(lines) == len(entries) == 11
    for line, entry in zip(lines, entries, strict=True):
        assert line == b'{"digest":"' + entry.digest.hex().encode() + b'","entry":' + entry.body + b"}\n"


def test_what_it_is_about_is_said_in_bundle_json(tmp_path: Path) -> None:
    journal, _ = story()
    made = write_bundle(journal, "c-1", tmp_path / "evidence", dispute="outcome", snapshots=images)
    head = [*journal.read("c-1")][-1].head
    assert about(made.folder) == {
        "format": "workdiary-bundle",
        "version": 1,
        "contract": "c-1",
        "week": [["2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"]],
        "dispute": "dispute",
        "from": "0:" + "0" * 64,
        "head": str(head),
        "closed": 8,
        "snapshots": [["late", LATE_DIGEST, "missing"], ["recorded", IMAGE_DIGEST, "here"]],
    }
    assert (made.head, made.dispute, made.missing) == (head, "dispute", (LATE_DIGEST,))
    assert made.closed is not None
    assert made.closed.amount == "43.33 USD"
    assert made.digest == sha256((made.folder / "SHA256SUMS").read_bytes()).hexdigest()


def test_the_snapshots_of_a_deleted_segment_are_not_in_it(tmp_path: Path) -> None:
    made = bundled(tmp_path / "evidence")
    assert "9f2b" not in str(about(made.folder)["snapshots"])


def test_the_statement_and_the_policy_are_those_of_the_closing_entry(tmp_path: Path) -> None:
    made = bundled(tmp_path / "evidence")
    change = json.loads((made.folder / "entries.jsonl").read_text().splitlines()[7])["entry"]["change"]
    assert (made.folder / "statement.json").read_text() == change["statement"]
    assert document((made.folder / "statement.json").read_text()) == change["digest"]
    assert document((made.folder / "policy.json").read_text()) == change["policy"]


def test_the_same_diary_makes_the_same_bytes(tmp_path: Path) -> None:
    one, two = bundled(tmp_path / "one"), bundled(tmp_path / "two")
    assert one.digest == two.digest
    assert (tmp_path / "one/SHA256SUMS").read_bytes() == (tmp_path / "two/SHA256SUMS").read_bytes()


def test_t10_it_is_for_its_owner_alone_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o277)
    try:
        made = bundled(tmp_path / "evidence")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [made.folder, *made.folder.rglob("*")]}
    folders = {"evidence", "snapshots"}
    assert {name: mode for name, mode in modes.items() if mode != (0o700 if name in folders else 0o600)} == {}


def test_without_a_store_of_snapshots_their_digests_are_listed_alone(tmp_path: Path) -> None:
    journal, _ = story()
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week=WEEK)
    assert about(made.folder)["snapshots"] == [["late", LATE_DIGEST, "listed"], ["recorded", IMAGE_DIGEST, "listed"]]
    assert made.missing == ()


@pytest.mark.parametrize("wrong", [b"another image", b""])
def test_a_snapshot_that_was_altered_is_missing(tmp_path: Path, wrong: bytes) -> None:
    journal, _ = story()
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week=WEEK, snapshots=lambda _: wrong)
    assert made.missing == tuple(sorted([LATE_DIGEST, IMAGE_DIGEST]))
    assert "snapshots" not in names_in(made.folder)


def test_a_snapshot_that_the_store_cannot_give_is_missing(tmp_path: Path) -> None:
    def refuse(digest: str) -> bytes:
        raise StoreError(digest, "", "evidence missing", "")

    journal, _ = story()
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week=WEEK, snapshots=refuse)
    assert len(made.missing) == 2


@pytest.mark.parametrize("text", ["../../outside", "/etc/passwd", "AB" * 32, "sha256:" + "0" * 64, "", "a\nb"])
def test_a_digest_that_is_no_sha_256_never_names_a_file(tmp_path: Path, text: str) -> None:
    asked: list[str] = []

    def give(digest: str) -> bytes:
        asked.append(digest)
        return b"x"

    clock = Clock("2026-11-18T18:00:00Z")
    journal = MemoryJournal(clock=clock)
    diary = Diary.open(journal, contract(), "upwork", by=PLATFORM, id="open")
    diary.record(tracked(NINE, NINE + 1, digests={NINE: text}), by=ANA, id="u")
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week=WEEK, snapshots=give)
    assert asked == []
    assert about(made.folder)["snapshots"] == ([["recorded", text, "listed"]] if text else [])


def test_a_week_that_is_not_closed_has_its_entries_and_no_bill(tmp_path: Path) -> None:
    journal = MemoryJournal(clock=Clock("2026-11-18T18:00:00Z"))
    diary = Diary.open(journal, contract(), "upwork", by=PLATFORM, id="open")
    diary.record(tracked(NINE, NINE + 6), by=ANA, id="u")
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week=diary.weeks_of(Slots([NINE]))[0])
    assert made.closed is None
    assert names_in(made.folder) == ["README.txt", "SHA256SUMS", "bundle.json", "entries.jsonl", "verify.py"]


def later() -> tuple[MemoryJournal, Clock, Head]:
    """The story with another week after it, which is closed, and the head between the two."""
    journal, clock = story()
    between = [*journal.read("c-1")][-1].head
    clock.set("2026-11-27T18:00:00Z")
    diary = Diary(journal, "c-1")
    diary.record(tracked(NINE + 9 * 144, NINE + 9 * 144 + 6), by=ANA, id="upload 3")
    clock.set("2026-11-30T12:00:00Z")
    close_week(diary, "2026-11-27T00:00Z", by=PLATFORM)
    return journal, clock, between


def test_a_bundle_may_begin_after_a_head_that_is_known(tmp_path: Path) -> None:
    journal, _, between = later()
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week="2026-11-27T00:00Z", since=between)
    assert about(made.folder)["from"] == str(between)
    assert len((made.folder / "entries.jsonl").read_text().splitlines()) == 2
    assert "after the head 11:" in (made.folder / "README.txt").read_text()


def test_a_bundle_may_not_begin_after_what_it_is_about(tmp_path: Path) -> None:
    journal, _, between = later()
    with pytest.raises(InvalidValue, match="which touches the week of 2026-11-16"):
        write_bundle(journal, "c-1", tmp_path / "evidence", week=WEEK, since=between)
    with pytest.raises(InvalidValue, match="is the end of the diary"):
        write_bundle(journal, "c-1", tmp_path / "e", week="2026-12-09T00:00Z", since=journal.standing("c-1").head)
    with pytest.raises(ChainError, match="not the digest of the entry before it"):
        write_bundle(journal, "c-1", tmp_path / "e", week="2026-11-27T00:00Z", since=Head(version=11, digest=bytes(32)))
    assert names_in(tmp_path) == []


def test_a_folder_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    journal, _ = story()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("empty", "file", "link"):
        with pytest.raises(InvalidValue, match="is there already"):
            write_bundle(journal, "c-1", tmp_path / name, week=WEEK)
    assert names_in(tmp_path) == ["empty", "file", "link"]
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_comes_meanwhile_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = story()
    target = tmp_path / "evidence"

    def come(digest: str) -> bytes:
        target.mkdir(exist_ok=True)
        (target / "mine").write_text("mine")
        raise KeyError(digest)

    with pytest.raises(InvalidValue, match="is there by now"):
        write_bundle(journal, "c-1", target, week=WEEK, snapshots=come)
    monkeypatch.setattr(os.path, "lexists", lambda _: False)
    with pytest.raises(DocumentError, match="cannot be written"):
        write_bundle(journal, "c-1", target, week=WEEK)
    monkeypatch.undo()
    assert names_in(tmp_path) == ["evidence"]
    assert names_in(target) == ["mine"]


def test_f18_when_a_file_cannot_be_written_there_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = story()
    real, left = os.fsync, [1000]

    def fsync(descriptor: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_bundle(journal, "c-1", tmp_path / "all", week=WEEK, snapshots=images)
    steps = 1000 - left[0]
    assert steps == 11  # eight files, the two folders, and the one above
    for step in range(1, steps):
        left[0] = step
        with pytest.raises(DocumentError, match=r"evidence.*No space left on device"):
            write_bundle(journal, "c-1", tmp_path / "evidence", week=WEEK, snapshots=images)
        assert names_in(tmp_path) == ["all"]


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    journal, _ = story()
    with pytest.raises(DocumentError, match="cannot be written") as found:
        write_bundle(journal, "c-1", tmp_path / "no" / "way", week=WEEK)
    assert found.value.argument == str(tmp_path / "no" / "way")


def test_one_subject_is_asked_for(tmp_path: Path) -> None:
    journal, _ = story()
    for given in ({}, {"week": WEEK, "dispute": "dispute"}):
        with pytest.raises(InvalidValue, match="give one of the two"):
            write_bundle(journal, "c-1", tmp_path / "e", **given)  # type: ignore[arg-type]  # what is given is the point
    for id in ("no such entry", "call"):
        with pytest.raises(InvalidValue, match="is no dispute"):
            write_bundle(journal, "c-1", tmp_path / "e", dispute=id)
    with pytest.raises(UnknownContract):
        write_bundle(journal, "c-2", tmp_path / "e", week=WEEK)
    assert names_in(tmp_path) == []


def test_a_failed_payment_is_a_subject_too(tmp_path: Path) -> None:
    journal, _ = story()
    Diary(journal, "c-1").record(PaymentFailed(week=Slots.range(MONDAY, NEXT_MONDAY)), by=PLATFORM, id="unpaid")
    made = write_bundle(journal, "c-1", tmp_path / "evidence", dispute="unpaid")
    assert made.dispute == "unpaid"


class _Tampered(MemoryJournal):
    """A journal in which somebody has changed one byte of an entry, behind the diary's back."""

    number = 0

    def read(self, contract: str, **given: Any) -> Any:
        for entry in super().read(contract, **given):
            if entry.number == self.number:
                values = {name: getattr(entry, name) for name in ("contract", "number", "id", "at", "start", "stop")}
                body = entry.body.replace(b"Call", b"Ball")
                yield Entry(**values, body=body, previous=entry.previous, digest=entry.digest)
            else:
                yield entry


def test_a_diary_that_does_not_verify_makes_no_bundle(tmp_path: Path) -> None:
    journal = _Tampered(clock=Clock("2026-11-18T18:00:00Z"))
    diary = Diary.open(journal, contract(), "upwork", by=PLATFORM, id="open")
    diary.record(add_time("2026-11-18T10:00Z", "2026-11-18T10:30Z", memo="Call"), by=ANA, id="call")
    journal.number = 2
    with pytest.raises(ChainError, match="is not the digest of its content"):
        write_bundle(journal, "c-1", tmp_path / "evidence", week=WEEK)
    assert names_in(tmp_path) == []


def test_it_says_what_it_proves_and_what_it_does_not(tmp_path: Path) -> None:
    text = (bundled(tmp_path / "evidence").folder / "README.txt").read_text()
    assert text.startswith("The work diary of contract c-1, week of 2026-11-16, objection dispute\n")
    for words in ("python verify.py", "43.33 USD", "What it proves", "What it does not prove", "keep\nthe heads"):
        assert words in text


def test_two_objections_to_one_week_are_both_in_it(tmp_path: Path) -> None:
    journal, clock = story()
    clock.set("2026-11-26T12:00:00Z")
    week = Slots.range(MONDAY, NEXT_MONDAY)
    diary = Diary(journal, "c-1")
    refused = diary.record(TimeDisputed(week=week, disputed=week, reason="again"), by=ACME, id="dispute 2")
    assert not refused.recorded
    diary.record(PaymentFailed(week=week), by=PLATFORM, id="unpaid")
    made = write_bundle(journal, "c-1", tmp_path / "evidence", dispute="dispute")
    assert made.head.version == 12
