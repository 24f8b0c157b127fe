"""The verifier of bundles: it runs anywhere, prints what it has checked, and finds every change and every lie."""

from __future__ import annotations

import ast
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.diary.evidence import (
    ACME,
    ANA,
    IMAGE_DIGEST,
    MONDAY,
    NEXT_MONDAY,
    NINE,
    PLATFORM,
    Clock,
    bundled,
    contract,
    entries_of,
    faults_in,
    kind,
    plain,
    reseal,
    story,
    sums,
    tracked,
)
from workdiary.diary import _verifier
from workdiary.diary.bundle import write_bundle
from workdiary.diary.changes import (
    CHANGES,
    PaymentFailed,
    StatusChanged,
    TermsChanged,
)
from workdiary.diary.closing import close_week, resolve
from workdiary.diary.diary import Diary
from workdiary.model.contract import ContractStatus, Facts, StatusChange, Terms
from workdiary.model.currency import MINOR_DIGITS
from workdiary.model.money import hours
from workdiary.model.slots import Slots
from workdiary.store.memory import MemoryJournal

SOURCE = Path(_verifier.__file__)
IMPORTS = {"__future__", "bisect", "calendar", "fractions", "functools", "hashlib", "json", "pathlib", "re", "sys"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundled(tmp_path_factory.mktemp("bundles") / "evidence").folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "evidence"))


def run(folder: Path, *words: str) -> tuple[int, str]:
    """Run the bundle's own verifier as a stranger would: isolated, without site-packages, somewhere else."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), *words],
        capture_output=True,
        text=True,
        cwd=folder.parent,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def heads_of(folder: Path) -> list[str]:
    """The heads, computed as the format says: every entry's number and digest."""
    digest, found = bytes(32), []
    for number, entry in enumerate(entries_of(folder), 1):
        digest = sha256(b"workdiary/entry/1\n" + digest + plain(entry).encode()).digest()
        found.append(f"{number}:{digest.hex()}")
    return found


PRINTED = """\
files      7, as in SHA256SUMS, whose own SHA-256 is {sums}
chain      11 entries after 0:0000000000000000000000000000000000000000000000000000000000000000
head       {last}
given head {fifth}
segments   5 tracked, 3 manual, 0 over the limit
statement  43.33 USD, of which 26.67 USD protected
           2 segments at 30.00: 10.00 USD
           6 segments at 33.33: 33.33 USD
objections 1, of which 1 resolved
snapshots  2 with a digest, of which 1 are here
SOUND
"""


def test_it_runs_without_workdiary_and_prints_what_it_has_checked(folder: Path) -> None:
    heads = heads_of(folder)
    status, printed = run(folder, "--head", heads[4])
    own = sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
    assert (status, printed) == (0, PRINTED.format(sums=own, last=heads[-1], fifth=heads[4]))


def test_it_prints_every_fault_and_exits_with_1(folder: Path) -> None:
    (folder / "statement.json").write_text("{}")
    status, printed = run(folder)
    assert status == 1
    faults = [line for line in printed.splitlines() if line.startswith("FAULT")]
    assert faults == [
        "FAULT      'statement.json' is not what SHA256SUMS says",
        "FAULT      statement.json is not what the closing entry says",
    ]
    assert printed.endswith("\nNOT SOUND\n")


@pytest.mark.parametrize(
    "words", [["--head"], ["--head", "5"], ["a", "b"], ["--head", "5:" + "G" * 64], ["--head", "05:" + "0" * 64]]
)
def test_it_says_how_it_is_used(folder: Path, words: list[str]) -> None:
    assert run(folder, *words) == (2, "usage: python verify.py [FOLDER] [--head NUMBER:DIGEST]...\n")


def test_it_takes_the_folder_by_name(folder: Path) -> None:
    assert _verifier.main([str(folder)]) == 0
    assert _verifier.main([str(folder / "nowhere")]) == 1


def test_it_is_python_3_8_with_the_standard_library_alone() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module))
    assert imported == IMPORTS | {"typing"}
    # What came after 3.8, by name.
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not used & {"removeprefix", "removesuffix", "cache", "bit_count", "is_relative_to", "pairwise"}


def test_what_comes_with_a_bundle_is_this_very_file(made: Path) -> None:
    assert (made / "verify.py").read_bytes() == SOURCE.read_bytes()


# Changes that somebody makes to the files


def sample(those: range, count: int) -> list[int]:
    return random.Random(16).sample(those, count)  # noqa: S311 - the same every time, on purpose


def places(size: int, most: int) -> list[int]:
    """Every byte of a small file; of a large one the ends and a sample, always the same."""
    if size <= most:
        return [*range(size)]
    return sorted({0, size - 1, *sample(range(size), most - 2)})


def changes_of(path: Path, most: int) -> Iterator[int]:
    """Change one byte of the file after the other, and put it back each time."""
    right = path.read_bytes()
    for place in places(len(right), most):
        wrong = bytearray(right)
        wrong[place] ^= 1 + place % 255
        path.write_bytes(wrong)
        yield place
    path.write_bytes(right)


NAMES = [
    "README.txt",
    "SHA256SUMS",
    "bundle.json",
    "entries.jsonl",
    "policy.json",
    f"snapshots/{IMAGE_DIGEST}",
    "statement.json",
    "verify.py",
]


@pytest.mark.parametrize("name", NAMES)
def test_f82_every_byte_changed_in_any_file_is_found(folder: Path, name: str) -> None:
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == NAMES
    missed = [place for place in changes_of(folder / name, 120) if not faults_in(folder)]
    assert missed == []
    assert faults_in(folder) == []


@pytest.mark.parametrize("name", ["bundle.json", "entries.jsonl", "policy.json", NAMES[5], "statement.json"])
def test_f82_every_byte_changed_is_found_by_the_chain_when_the_sums_agree(folder: Path, name: str) -> None:
    missed = []
    for place in changes_of(folder / name, 150):
        sums(folder)
        if not faults_in(folder):
            missed.append(place)
    # Whether an image that was not at hand is called missing or listed, nothing can prove.
    if name == "bundle.json":
        start = (folder / name).read_bytes().index(b'"missing"')
        missed = [place for place in missed if not start < place < start + 8]
    assert missed == []


def lines_of(folder: Path) -> list[bytes]:
    return (folder / "entries.jsonl").read_bytes().splitlines(keepends=True)


def put(folder: Path, lines: list[bytes]) -> None:
    (folder / "entries.jsonl").write_bytes(b"".join(lines))
    sums(folder)


def test_f82_an_entry_dropped_is_found(folder: Path) -> None:
    lines = lines_of(folder)
    for n in range(len(lines)):
        put(folder, lines[:n] + lines[n + 1 :])
        assert faults_in(folder), n


def test_f82_an_entry_inserted_is_found(folder: Path) -> None:
    lines = lines_of(folder)
    for n in range(len(lines) + 1):
        for other in (lines[0], lines[4], lines[-1]):
            put(folder, [*lines[:n], other, *lines[n:]])
            assert faults_in(folder), n


def test_f82_two_entries_swapped_are_found(folder: Path) -> None:
    lines = lines_of(folder)
    for n in range(len(lines)):
        for m in range(n):
            swapped = lines[:]
            swapped[n], swapped[m] = lines[m], lines[n]
            put(folder, swapped)
            assert faults_in(folder), (n, m)


def test_f82_a_chain_cut_off_is_found_at_every_entry(folder: Path) -> None:
    lines = lines_of(folder)
    for n in range(len(lines)):
        put(folder, lines[:n])
        assert faults_in(folder), n


def test_f82_a_file_torn_in_the_middle_of_an_entry_is_found(folder: Path) -> None:
    whole = (folder / "entries.jsonl").read_bytes()
    for size in sample(range(len(whole)), 60):
        put(folder, [whole[:size]])
        assert faults_in(folder), size


def test_f82_a_shorter_diary_with_a_head_of_its_own_is_found_by_a_head_that_was_kept(folder: Path) -> None:
    kept = heads_of(folder)[-1]
    reseal(folder, entries_of(folder)[:-1])
    assert faults_in(folder) == []
    assert faults_in(folder, kept) == [f"the chain does not pass through {kept}: it is cut off, or another one"]


def test_a_diary_that_was_rewritten_from_its_start_is_found_by_a_head_that_was_kept(folder: Path) -> None:
    kept = heads_of(folder)[4]
    entries = entries_of(folder)
    entries[5]["change"]["memo"] = "Another memo"
    reseal(folder, entries, rewritten=True)
    assert faults_in(folder, kept) == []  # it was rewritten after the head
    entries[2]["change"]["memo"] = "Another call"
    reseal(folder, entries, rewritten=True)
    assert faults_in(folder) == []
    assert faults_in(folder, kept) == [f"the chain does not pass through {kept}: it is cut off, or another one"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_gone_is_found(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert faults_in(folder)


def test_a_file_that_was_added_is_found(folder: Path) -> None:
    (folder / "more.txt").write_text("")
    assert faults_in(folder) == ["'more.txt' is not what SHA256SUMS says"]


def test_a_link_is_found(folder: Path) -> None:
    real = folder.parent / "policy.json"
    (folder / "policy.json").rename(real)
    (folder / "policy.json").symlink_to(real)
    assert "policy.json is a link" in faults_in(folder)


# What others may have written


def test_what_others_wrote_does_not_drive_the_terminal(folder: Path) -> None:
    entries = entries_of(folder)
    entries[8]["id"] = "\x1b[2J\u202e"
    entries[9]["change"].update(of=entries[8]["id"], amounts=[])
    reseal(folder, entries)
    status, printed = run(folder)
    assert status == 1
    assert "the outcome of \\x1b[2J\\u202e is not what" in printed
    assert printed.isascii()
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    "text", ["2026-11-18T1\u0660:00:00Z", "2026-13-18T10:00:00Z", "2026-11-18T10:00Z", 7, None, []]
)
def test_an_instant_is_read_in_one_form_alone(folder: Path, text: Any) -> None:
    entries = entries_of(folder)
    kind(entries, "time_added")["change"]["slots"] = [[text, "2026-11-18T10:30:00Z"]]
    reseal(folder, entries)
    assert any("entry 3" in fault for fault in faults_in(folder))


def test_a_key_that_stands_twice_in_an_entry_is_found(folder: Path) -> None:
    entries = (folder / "entries.jsonl").read_text().splitlines()
    digest, lines = bytes(32), []
    for line in entries:
        body = line[85:-1].replace('"memo":"Call"', '"memo":"Ball","memo":"Call"')
        digest = sha256(b"workdiary/entry/1\n" + digest + body.encode()).digest()
        lines.append(f'{{"digest":"{digest.hex()}","entry":{body}}}\n'.encode())
    put(folder, lines)
    assert any("a key stands twice" in fault for fault in faults_in(folder))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bundle.json", "[]"),
        ("bundle.json", "{}"),
        ("bundle.json", "[" * 100_000),
        ("bundle.json", "\x00"),
        ("entries.jsonl", ""),
        ("entries.jsonl", "\n"),
        ("entries.jsonl", "x" * 5000),
        ("SHA256SUMS", ""),
        ("SHA256SUMS", "\udcff"),
    ],
)
def test_f40_garbage_is_a_fault_and_never_a_traceback(folder: Path, name: str, text: str) -> None:
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    if name != "SHA256SUMS":
        sums(folder)
    status, printed = run(folder)
    assert (status, printed.splitlines()[-1]) == (1, "NOT SOUND")


def test_f40_no_part_of_the_contents_makes_it_crash(folder: Path) -> None:
    # Every value of the closing, the dispute and an upload, put in the place of another.
    values: list[Any] = [None, 7, "text", [], {}, [[]], [None], {"from": 1}, "9" * 30]
    rng = random.Random(40)  # noqa: S311 - the same every time, on purpose
    right = entries_of(folder)
    for _ in range(150):
        entries = json.loads(plain(right))
        change = rng.choice(entries)["change"]
        key = rng.choice(sorted(change))
        value = rng.choice(values)
        if change[key] == value:
            continue
        change[key] = value
        reseal(folder, entries)
        faults_in(folder)  # raises nothing


def test_a_bundle_that_begins_later_is_checked_from_there(tmp_path: Path) -> None:
    journal, clock = story()
    diary = Diary(journal, "c-1")
    clock.set("2026-11-26T18:00:00Z")
    middle = diary.record(tracked(NEXT_MONDAY + 54, NEXT_MONDAY + 56), by=ANA, id="next")
    assert middle.entry is not None
    clock.set("2026-12-03T18:00:00Z")
    rise = Terms(since="2026-11-30T00:00Z", rate="60.00", weekly_limit=hours(40))
    assert diary.record(TermsChanged(terms=rise), by=PLATFORM, id="rise 2").recorded
    assert diary.record(tracked(NEXT_MONDAY + 1008 + 54, NEXT_MONDAY + 1008 + 56), by=ANA, id="last").recorded
    for week in ("2026-11-27T00:00Z", "2026-12-02T00:00Z"):
        clock.set("2026-12-07T12:00:00Z")
        close_week(diary, week, by=PLATFORM)
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week="2026-12-02T00:00Z", since=middle.entry.head)
    status, printed = run(made.folder, "--head", str(middle.entry.head))
    assert status == 0
    assert "2 segments at 60.00: 20.00 USD" in printed
    assert "contract   as the statement says: it was opened before this bundle begins" in printed


def test_a_week_that_is_not_closed_is_said_to_have_no_bill(tmp_path: Path) -> None:
    journal, _ = story()
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week="2026-11-27T00:00Z")
    status, printed = run(made.folder)
    assert status == 0
    assert "statement  none: the week is not closed" in printed


def test_claim_1_the_outcome_of_a_failed_payment_is_computed_anew(tmp_path: Path) -> None:
    journal, _ = story()
    diary = Diary(journal, "c-1")
    diary.record(PaymentFailed(week=Slots.range(MONDAY, NEXT_MONDAY)), by=PLATFORM, id="unpaid")
    resolve(diary, "unpaid", by=PLATFORM, id="claim")
    made = write_bundle(journal, "c-1", tmp_path / "evidence", dispute="claim")
    assert faults_in(made.folder) == []
    entries = entries_of(made.folder)
    assert entries[-1]["change"]["amounts"] == ["0.00 USD", "0.00 USD", "26.67 USD", "0.00 USD"]
    entries[-1]["change"]["amounts"][2] = "26.68 USD"
    reseal(made.folder, entries)
    assert faults_in(made.folder) == ["the outcome of unpaid is not what the bill and the protection come to"]


@pytest.mark.parametrize(
    ("currency", "amount"), [("USD", "43.33 USD"), ("JPY", "43 JPY"), ("KWD", "43.330 KWD"), ("CLF", "43.3300 CLF")]
)
def test_amounts_have_the_digits_of_their_currency(tmp_path: Path, currency: str, amount: str) -> None:
    journal, _ = story(contract(currency=currency))
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week="2026-11-18T00:00Z")
    assert f"statement  {amount}," in run(made.folder)[1]


def test_every_currency_has_its_digits() -> None:
    assert {code: _verifier.DIGITS.get(code, 2) for code in MINOR_DIGITS} == MINOR_DIGITS


@pytest.mark.parametrize("policy", ["upwork", "work_for_impact", "odesk"])
def test_bundles_under_every_policy_are_sound(tmp_path: Path, policy: str) -> None:
    facts = Facts(since="2026-11-02T00:00Z", billing_verified=True, good_standing=True, identity_verified=True)
    journal, clock = story(contract(usual_rate="31", facts=[facts]), policy)
    clock.set("2026-12-01T00:00:00Z")
    close_week(Diary(journal, "c-1"), "2026-11-18T00:00Z", by=PLATFORM)
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week="2026-11-18T00:00Z")
    assert made.closed is not None
    assert faults_in(made.folder) == []


def test_a_planned_status_falls_away_when_the_contract_is_closed(tmp_path: Path) -> None:
    clock = Clock("2026-11-18T18:00:00Z")
    journal = MemoryJournal(clock=clock)
    diary = Diary.open(journal, contract(), "upwork", by=PLATFORM, id="open")
    diary.record(tracked(NINE, NINE + 6), by=ANA, id="upload")
    for id, status, since in (("pause", "paused", "2026-11-21T00:00Z"), ("close", "closed", "2026-11-20T00:00Z")):
        change = StatusChange(since=since, status=ContractStatus(status))
        assert diary.record(StatusChanged(status=change), by=ACME, id=id).recorded
    clock.set("2026-11-23T12:00:00Z")
    assert close_week(diary, "2026-11-18T00:00Z", by=PLATFORM).is_new
    made = write_bundle(journal, "c-1", tmp_path / "evidence", week="2026-11-18T00:00Z")
    assert faults_in(made.folder) == []


def test_the_page_of_the_format_has_every_change_with_its_keys() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/journal.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (`.*?`) \|", page.partition("## The changes")[2], re.MULTILINE)
    said = {kind: sorted(re.findall(r"`(\w+)`", keys)) for kind, keys in rows[: len(CHANGES)]}
    assert said == {kind: sorted(field.alias for field in attrs.fields(shape)) for kind, shape in CHANGES.items()}
