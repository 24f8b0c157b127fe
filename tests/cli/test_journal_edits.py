"""Changes of recorded time on the command line: what they cost is said first; all of them are made, or none.

Figures by hand: $30 an hour is 5.00 a segment; the limit of one hour is six segments. The diary `full` has six,
manual ones 09:00 to 09:30 and tracked, protected ones 14:20 to 14:50: 30.00, of which 15.00 protected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import MONDAY_NOON, Kept
from tests.cli.test_errors import one_sentence
from tests.support import contract, terms
from workdiary.cli import changing
from workdiary.cli.journal import opened
from workdiary.diary.diary import Diary
from workdiary.errors import NOTHING, StoreError
from workdiary.formats import native
from workdiary.formats.native import Record
from workdiary.model.activity import Activity
from workdiary.model.contract import Actor, Role
from workdiary.model.edit import delete_time
from workdiary.model.segment import Segment, Snapshot
from workdiary.store.memory import MemoryJournal
from workdiary.store.snapshots import SnapshotFiles
from workdiary.store.sql import SqlJournal

PUSH = ["add", "2026-11-18T10:00Z", "10:40", "--memo", "Call"]
"""Four segments before three that were paid: the last three are pushed over the limit, and one of its own is not."""


def test_limit_5_a_manual_entry_says_which_recorded_time_it_makes_unpaid(full: Kept) -> None:
    # 09:00–09:30 and the first three of 10:00–10:40 fill the six; 10:30 is over the limit, and all of 14:20–14:50.
    done = full(*PUSH)
    assert (done.status, done.out) == (2, "")
    assert one_sentence(done.err)
    assert done.err == (
        "workdiary: This manual entry makes Wed 18 Nov 14:20–14:50 unpaid: it is then over the weekly limit (LIMIT-5). "
        "This manual entry is not paid itself at Wed 18 Nov 10:30–10:40: over the weekly limit (LIMIT-1); "
        "nothing was recorded: give --yes to record it\n"
    )
    assert len(full.entries()) == 3  # opened, tracked, added


def test_yes_records_what_costs_and_says_what_the_week_comes_to(full: Kept) -> None:
    assert full.done(*PUSH, "--yes").splitlines() == [
        "Recorded: entry 4, added 0.67 h, Wed 18 Nov 10:00–10:40, “Call”.",
        "The week of 2026-11-16: 1.00 h billed, 30.00 USD, of which 0.00 USD protected "
        "(+40 minutes, −15.00 USD protected).",
    ]


def test_what_costs_nothing_is_not_asked_about(kept: Kept) -> None:
    assert kept.done("add", "2026-11-18T10:00Z", "10:40", "--memo", "Call").splitlines() == [
        "Recorded: entry 2, added 0.67 h, Wed 18 Nov 10:00–10:40, “Call”.",
        "The week of 2026-11-16: 0.67 h billed, 20.00 USD, of which 0.00 USD protected (+40 minutes, +20.00 USD).",
    ]


def test_a_dry_run_says_verdict_and_cost_and_records_nothing(full: Kept) -> None:
    said = full.done(*PUSH, "--dry-run").splitlines()
    assert said[0] == (
        "It would be recorded; nothing was, for this is a dry run. "
        "It is possible until Monday 23 November 2026, 12:00 UTC."
    )
    assert said[1].startswith("This manual entry makes Wed 18 Nov 14:20–14:50 unpaid")
    assert len(full.entries()) == 3
    plain = full(*PUSH, "--dry-run", "--json").json
    assert plain["dry_run"] is True
    (answer,) = plain["answers"]
    assert (answer["kind"], answer["entry"], answer["until"]) == ("created", None, "2026-11-23T12:00:00Z")
    (week,) = plain["weeks"]
    assert week == {
        "week": "2026-11-16",
        "currency": "USD",
        "amount": {"before": "30.00", "after": "30.00"},
        "protected_amount": {"before": "15.00", "after": "0.00"},
        "hours": {"before": "1.00", "after": "1.67"},
        "unpaid": [
            ["2026-11-18T10:30:00Z", "2026-11-18T10:40:00Z"],
            ["2026-11-18T14:20:00Z", "2026-11-18T14:50:00Z"],
        ],
        "paid": [],
        "unprotected": [],
    }
    assert full("log", "--json").json["head"].startswith("3:")


def test_edit_4_a_deletion_says_what_it_takes_off(full: Kept) -> None:
    done = full("delete", "2026-11-18T14:20Z", "14:30")
    assert (done.status, one_sentence(done.err)) == (2, True)
    assert (
        "This deletion takes 10 minutes, 5.00 USD off the bill of the week of 2026-11-16: 25.00 USD are left"
        in done.err
    )
    assert full.done("delete", "2026-11-18T14:20Z", "14:30", "--yes").splitlines() == [
        "Recorded: entry 4, deleted 0.17 h, Wed 18 Nov 14:20–14:30.",
        "The week of 2026-11-16: 0.83 h billed, 25.00 USD, of which 10.00 USD protected "
        "(−10 minutes, −5.00 USD, −5.00 USD protected).",
    ]


def test_a_deletion_that_makes_room_says_what_is_paid_instead(full: Kept) -> None:
    full.done(*PUSH, "--yes")
    # Of ten, six are paid; without 09:00 the next one, 10:30, is.
    assert full.done("delete", "2026-11-18T09:00Z", "09:10").splitlines()[1:] == [
        "The week of 2026-11-16: 1.00 h billed, 30.00 USD, of which 0.00 USD protected (−10 minutes).",
        "Paid from now on: Wed 18 Nov 10:30–10:40.",
    ]


def test_a_memo_taken_away_says_what_it_leaves_unprotected(full: Kept) -> None:
    done = full("memo", "2026-11-18T14:00Z", "15:00", "--memo", " ")
    assert "This memo leaves Wed 18 Nov 14:20–14:50 unprotected, 15.00 USD (PROTECT)" in done.err
    assert full.done("memo", "2026-11-18T14:00Z", "15:00", "--memo", "Fix").splitlines() == [
        "Recorded: entry 4, memo “Fix”: 0.50 h, Wed 18 Nov 14:20–14:50."
    ]


def test_several_segments_are_changed_together_or_not_at_all(full: Kept) -> None:
    done = full("memo", "--segments", "2026-11-18T14:20Z", "14:40", "15:00", "--memo", "Fix")
    assert done.status == 1
    assert done.out.splitlines() == [
        "Number 3 of the changes stops all of them.",
        "Refused. EDIT-5: Nothing is recorded there (Wed 18 Nov 15:00–15:10).",
    ]
    assert len(full.entries()) == 3
    said = full.done("memo", "--segments", "2026-11-18T14:20Z", "14:40", "--memo", "Fix").splitlines()
    assert said == [
        "Recorded: entry 4, memo “Fix”: 0.17 h, Wed 18 Nov 14:20–14:30.",
        "Recorded: entry 5, memo “Fix”: 0.17 h, Wed 18 Nov 14:40–14:50.",
    ]


def test_several_ranges_are_deleted_together(full: Kept) -> None:
    said = full.done("delete", "2026-11-18T09:00Z", "09:20", "14:40", "14:50", "--yes").splitlines()
    assert said[-1] == (
        "The week of 2026-11-16: 0.50 h billed, 15.00 USD, of which 10.00 USD protected "
        "(−30 minutes, −15.00 USD, −5.00 USD protected)."
    )
    assert len(said) == 3


def test_times_without_a_zone_are_on_the_wall_clock_of_zone(full: Kept) -> None:
    said = full.done("label", "2026-11-18T15:20", "15:30", "--zone", "Europe/Berlin", "--label", "Build").splitlines()
    assert said == ["Recorded: entry 4, label “Build”: 0.17 h, Wed 18 Nov 15:20–15:30."]
    (change,) = [entry["change"] for entry in full("log", "--json").json["entries"] if entry["number"] == 4]
    assert change["slots"] == [["2026-11-18T14:20:00Z", "2026-11-18T14:30:00Z"]]


def test_an_id_given_again_is_one_entry_and_with_another_content_a_conflict(full: Kept) -> None:
    delete = ["delete", "2026-11-18T14:20Z", "14:30", "--id", "x1"]
    full.done(*delete, "--yes")
    # On record already: there is nothing left to ask about.
    again = full.done(*delete)
    assert again == "On record already: entry 4, deleted 0.17 h, Wed 18 Nov 14:20–14:30; nothing was changed.\n"
    other = full("delete", "2026-11-18T14:30Z", "14:40", "--id", "x1", "--yes")
    assert other.status == 1
    assert other.out.startswith("Conflict: the id x1 is on record with something else, entry 4, deleted")
    assert len(full.entries()) == 4


def test_a_dry_run_of_what_is_on_record_says_so(full: Kept) -> None:
    delete = ["delete", "2026-11-18T14:20Z", "14:30", "--id", "x1", "--yes"]
    full.done(*delete)
    assert full.done(*delete, "--dry-run").startswith("On record already: entry 4, deleted")


def test_more_under_a_known_id_is_asked_about_like_anything_new(full: Kept) -> None:
    delete = ["delete", "--segments", "2026-11-18T14:20Z", "14:30", "--id", "x"]
    full.done(*delete, "--yes")
    more = full(*delete[:4], "14:40", *delete[4:])
    assert more.status == 2
    assert "This deletion takes 10 minutes, 5.00 USD off the bill" in more.err


def test_several_changes_under_one_id_are_repeated_safely(full: Kept) -> None:
    memo = ["memo", "--segments", "2026-11-18T14:20Z", "14:40", "--memo", "Fix", "--id", "m"]
    full.done(*memo)
    assert full.done(*memo).count("On record already") == 2
    assert [entry["id"] for entry in full("log", "--json").json["entries"]][-2:] == ["m/1", "m/2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "2026-11-18T10:00Z", "10:10"], "EDIT-5: Manual time needs a memo (Wed 18 Nov 10:00–10:10)."),
        (["add", "2026-11-18T18:00Z", "18:10", "--memo", "x"], "MANUAL-2: Time can be added when it is over"),
        (["add", "2026-11-18T09:00Z", "09:30", "--memo", "x"], "MANUAL-3: Time is recorded there already"),
        (["add", "2026-11-18T09:30Z", "09:40", "--memo", "x", "--as", "client"], "EDIT-1: The client may not add time"),
        (["add", "2026-11-04T09:30Z", "09:40", "--memo", "x"], "EDIT-3: The week has been locked since Monday 9 Nov"),
        (["delete", "2026-11-18T11:00Z", "12:00"], "EDIT-5: Nothing is recorded there"),
        (["delete", "2026-11-18T09:00Z", "10:00", "--as", "platform"], "EDIT-1: The "),
    ],
)
def test_a_refusal_says_every_reason_with_its_rule_and_status_1(full: Kept, arguments: list[str], said: str) -> None:
    done = full(*arguments)
    assert (done.status, done.err) == (1, "")
    assert done.out.startswith("Refused. ")
    assert said in done.out
    (answer,) = full(*arguments, "--json").json["answers"]
    assert answer["kind"] == "refused"
    rule = said.partition(":")[0]
    assert rule in [reason["rule"] for reason in answer["reasons"]]
    assert len(full.entries()) == 3


def test_edit_3_the_journals_clock_decides_and_the_last_second_counts(full: Kept) -> None:
    memo = ["memo", "2026-11-18T14:20Z", "14:30", "--memo", "Fix"]
    full.at = "2026-11-23T11:59:59Z"
    full.done(*memo)
    full.at = MONDAY_NOON
    assert "EDIT-3: The week has been locked since Monday 23 November 2026, 12:00 UTC" in full(*memo).out
    full.at = "2026-11-23T11:59:59Z"
    assert full(*memo).status == 0  # nothing was recorded at noon, so nothing is known of noon


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "2026-11-18T10:00Z"], "TO: '2026-11-18T10:00Z' has no partner; give FROM and TO, or --segments"),
        (["add", "2026-11-18T10:00", "10:10"], "FROM: '2026-11-18T10:00' has no zone"),
        (["add", "2026-11-18T10:05Z", "10:10"], "is not the start of a ten-minute segment; the nearest are"),
        (["memo", "2026-11-18T10:00Z", "10:10"], "--memo: is missing"),
        (["label", "2026-11-18T10:00Z", "10:10"], "--label: is missing"),
        (["delete", "2026-11-18T10:00Z", "10:10", "--id", " "], "--id: ' ' is not an id"),
        (["delete", "2026-11-18T10:00Z", "10:10", "--contract", "c-2"], "choose one of: c-1"),
        (["delete", "2026-11-18T10:00Z", "10:10", "--zone", "Mars"], "'Mars' is not a zone"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(kept: Kept, arguments: list[str], said: str) -> None:
    done = kept(*arguments)
    assert (done.status, done.out, one_sentence(done.err)) == (2, "", True)
    assert said in done.err
    assert kept(*arguments, "--json").json["error"] in done.err


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Put somebody at the keyboard."""
    return lambda: monkeypatch.setattr("workdiary.cli.changing.somebody_is_there", lambda: True)


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "no\n", "what?\n"])
def test_asked_anything_but_yes_records_nothing(full: Kept, somebody: Callable[[], None], answer: str) -> None:
    somebody()
    done = full(*PUSH, given=answer)
    assert (done.status, done.err) == (1, "Nothing was recorded.\n")
    assert done.out.splitlines()[-1].startswith("Go on? [y/N]")
    assert len(full.entries()) == 3


def test_asked_yes_records_it(full: Kept, somebody: Callable[[], None]) -> None:
    somebody()
    assert "Recorded: entry 4, added" in full.done(*PUSH, given="y\n")


def test_what_changed_while_the_question_was_open_is_asked_about_again(
    full: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    journals: list[SqlJournal] = []

    @contextmanager
    def watched(db: str | None) -> Iterator[SqlJournal]:
        with opened(db) as journal:
            journals.append(journal)
            yield journal

    def ask(warnings: Sequence[str], **_: object) -> bool:
        asked.append(warnings[0])
        if len(asked) == 1:
            # Somebody else is quicker.
            request = delete_time("2026-11-18T14:40Z", "2026-11-18T14:50Z")
            Diary(journals[0], "c-1").record(request, by=Actor(id="ana", role=Role.FREELANCER), id="other")
        return True

    monkeypatch.setattr(changing, "opened", watched)
    monkeypatch.setattr(changing, "ask", ask)
    full.done(*PUSH)
    assert asked == [
        "This manual entry makes Wed 18 Nov 14:20–14:50 unpaid: it is then over the weekly limit (LIMIT-5).",
        "This manual entry makes Wed 18 Nov 14:20–14:40 unpaid: it is then over the weekly limit (LIMIT-5).",
    ]
    assert len(full.entries()) == 5


@pytest.mark.parametrize(("ids", "told"), [(["a/b"], "a/b"), (["a/b/1", "a/b/2"], "a/b")])
def test_where_it_is_not_known_what_was_recorded_the_whole_id_is_named(
    monkeypatch: pytest.MonkeyPatch, ids: list[str], told: str
) -> None:
    def broken() -> None:
        raise StoreError("diary.db", NOTHING, "cannot be written", "repeat it with the same id")

    diary = Diary(MemoryJournal(), "c-1")
    monkeypatch.setattr(diary, "drafting", broken)
    deletion = delete_time("2026-11-18T09:00Z", "2026-11-18T09:10Z")
    with pytest.raises(StoreError) as caught:
        changing.record(diary, [(deletion, id) for id in ids], Actor(id="ana", role=Role.FREELANCER), None)
    assert caught.value.remedy == f"repeat it with the same id (the id: {told}; give it with --id)"


@pytest.fixture
def images(kept: Kept, tmp_path: Path) -> SnapshotFiles:
    """Images a, b and c, shown on Wednesday: a and b at 14:20, a at 14:30, c at 14:40."""
    files = SnapshotFiles(tmp_path / "images")
    a, b, c = (Snapshot(digest=files.put(image)) for image in (b"a", b"b", b"c"))
    shown = {"20": [a, b], "30": [a], "40": [c]}
    segments = [
        Segment.tracked(f"2026-11-18T14:{m}Z", memo="Fix", activity=Activity.of_meter(8), snapshots=shots)
        for m, shots in shown.items()
    ]
    path = tmp_path / "shown.json"
    native.write(path, [Record.of(contract(terms=[terms(rate="30.00", limit=1)]), "upwork", segments)])
    kept.done("ingest", str(path))
    return files


# What `printf a | sha256sum` prints, and so on.
IMAGE_A = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
IMAGE_B = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
IMAGE_C = "2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6"


def test_edit_4_snapshots_are_deleted_with_their_segment(kept: Kept, images: SnapshotFiles, tmp_path: Path) -> None:
    delete = ["delete", "2026-11-18T14:20Z", "14:30", "--yes", "--id", "x", "--snapshots", str(images.folder)]
    assert "pictures_deleted" not in kept(*delete, "--dry-run", "--json").json
    assert len([*images.digests()]) == 3
    assert kept.done(*delete).splitlines()[-1] == "Pictures deleted: 1."
    assert [*images.digests()] == [IMAGE_C, IMAGE_A]  # a is shown at 14:30 too
    assert kept.done(*delete).splitlines() == [
        "On record already: entry 3, deleted 0.17 h, Wed 18 Nov 14:20–14:30; nothing was changed.",
        "Pictures deleted: 0.",
    ]
    both = ["delete", "--segments", "2026-11-18T14:30Z", "14:40", "--yes", "--json", "--snapshots", str(images.folder)]
    assert kept(*both).json["pictures_deleted"] == [IMAGE_C, IMAGE_A]
    assert [*images.digests()] == []


def test_pictures_that_a_crash_has_left_go_when_the_deletion_is_repeated(kept: Kept, images: SnapshotFiles) -> None:
    delete = ["delete", "2026-11-18T14:40Z", "14:50", "--yes", "--id", "x"]
    assert "Pictures" not in kept.done(*delete)
    assert images.get(IMAGE_C) == b"c"
    assert kept.done(*delete, "--snapshots", str(images.folder)).splitlines()[-1] == "Pictures deleted: 1."
    assert IMAGE_C not in [*images.digests()]


def test_a_picture_that_cannot_be_deleted_says_how_to_go_on(kept: Kept, images: SnapshotFiles) -> None:
    shard = images.folder / IMAGE_C[:2]
    shard.rename(images.folder / "away")
    shard.symlink_to(images.folder / "away")
    done = kept("delete", "2026-11-18T14:40Z", "14:50", "--yes", "--id", "x", "--snapshots", str(images.folder))
    assert (done.status, one_sentence(done.err)) == (2, True)
    assert "delete it again; the deletion itself is recorded: repeat it with --id x for the rest" in done.err
    assert len(kept.entries()) == 3


def test_a_mistyped_folder_of_pictures_deletes_nothing(kept: Kept, images: SnapshotFiles, tmp_path: Path) -> None:
    wrong = tmp_path / "imags"
    done = kept("delete", "2026-11-18T14:40Z", "14:50", "--yes", "--snapshots", str(wrong))
    assert (done.status, one_sentence(done.err)) == (2, True)
    assert f"--snapshots: '{wrong}' is not a folder" in done.err
    assert len(kept.entries()) == 2
    assert not wrong.exists()


def test_a_refused_deletion_deletes_no_picture(kept: Kept, images: SnapshotFiles) -> None:
    kept.at = MONDAY_NOON
    done = kept("delete", "2026-11-18T14:20Z", "14:50", "--yes", "--snapshots", str(images.folder))
    assert (done.status, "Pictures" in done.out) == (1, False)
    assert len([*images.digests()]) == 3


def test_a_bundle_has_the_pictures_of_what_is_left(kept: Kept, images: SnapshotFiles, tmp_path: Path) -> None:
    kept.done("delete", "2026-11-18T14:40Z", "14:50", "--yes", "--snapshots", str(images.folder))
    images.delete(IMAGE_B)  # lost in some other way
    bundle = ["bundle", str(tmp_path / "evidence"), "--week", "2026-11-18", "--snapshots", str(images.folder), "--json"]
    assert kept(*bundle).json["missing"] == [IMAGE_B]
    assert [path.name for path in (tmp_path / "evidence" / "snapshots").iterdir()] == [IMAGE_A]
    wrong = kept("bundle", str(tmp_path / "more"), "--week", "2026-11-18", "--snapshots", str(tmp_path / "imags"))
    assert (wrong.status, one_sentence(wrong.err)) == (2, True)
    assert "is not a folder; name the one that the image files are in" in wrong.err


def test_edit_4_tracked_time_is_not_deleted_unasked_although_the_bill_stays(full: Kept) -> None:
    full.done(*PUSH, "--yes")  # 14:20 to 15:00 is over the limit now, so that nothing is paid for it
    done = full("delete", "2026-11-18T14:40Z", "14:50")
    assert done.status == 2
    assert "deletes tracked time for good, Wed 18 Nov 14:40–14:50, although the bill stays what it is" in done.err
    assert full("delete", "2026-11-18T14:40Z", "14:50", "--yes").status == 0


def test_the_doctor_counts_pictures_that_are_missing_and_left_over(kept: Kept, images: SnapshotFiles) -> None:
    doctor = ["doctor", "--snapshots", str(images.folder), "--json"]
    found = {one["name"]: (one["state"], one["text"]) for one in kept(*doctor).json["findings"]}
    assert found["images"] == ("ok", "3 named by segments and evidence, 0 missing")
    assert found["images left over"] == ("ok", "0 that nothing names")
    kept.done("delete", "2026-11-18T14:40Z", "14:50", "--yes")
    images.delete(IMAGE_B)
    done = kept(*doctor)
    found = {one["name"]: (one["state"], one["text"]) for one in done.json["findings"]}
    assert done.status == 1
    assert found["images"][0] == "bad"
    assert found["images"][1].startswith(f"2 named by segments and evidence, 1 missing, such as {IMAGE_B}")
    assert found["images left over"] == ("look", "1 that nothing names: a sweep removes them")
