"""A small diary with everything in it, its bundle, and a forger who seals his lies as an honest keeper would.

The week of 2026-11-16 under Upwork's policy, at 30.00 USD an hour and from Wednesday 09:30 on at 33.33:

    entry  1  the contract is opened
           2  09:00-10:00 tracked, each segment with a snapshot, that of 09:10 with its image
           3  10:00-10:30 added by hand
           4  the new rate
           5  09:00-09:10 deleted
           6  another memo
           7  an upload that came after the lock
           8  the week is closed: 2 segments at 30.00 and 6 at 33.33
           9  the client disputes all of it
          10  of which the three manual segments are refunded
          11  the contract, which the dispute has paused, is active again
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from workdiary.diary import _verifier
from workdiary.diary.bundle import Bundle, write_bundle
from workdiary.diary.changes import StatusChanged, TermsChanged, TimeDisputed, TimeTracked
from workdiary.diary.closing import close_week, resolve
from workdiary.diary.diary import Diary
from workdiary.model.activity import Activity
from workdiary.model.contract import Actor, Contract, ContractStatus, Facts, Role, StatusChange, Terms
from workdiary.model.edit import add_time, delete_time, edit_memo
from workdiary.model.money import hours
from workdiary.model.segment import Segment, Snapshot
from workdiary.model.slots import Slots
from workdiary.model.times import Instant, instant
from workdiary.store.memory import MemoryJournal

PLATFORM, ANA, ACME = (
    Actor(id="platform", role=Role.PLATFORM),
    Actor(id="ana", role=Role.FREELANCER),
    Actor(id="acme", role=Role.CLIENT),
)

IMAGE = b"an image of a login form"
IMAGE_DIGEST = sha256(IMAGE).hexdigest()
LATE_DIGEST = sha256(b"an image that came too late").hexdigest()

WEEK = "2026-11-18T00:00Z"
MONDAY, NEXT_MONDAY = 2991312, 2992320
NINE = 2991654
"""The slot of Wednesday 2026-11-18T09:00Z."""


class Clock:
    """The journal's clock, set by hand."""

    def __init__(self, at: str) -> None:
        self.now = float(instant(at))

    def __call__(self) -> float:
        return self.now

    def set(self, at: str) -> None:
        self.now = float(instant(at))


def contract(**given: Any) -> Contract:
    values: dict[str, Any] = {
        "id": "c-1",
        "freelancer": "ana",
        "client": "acme",
        "currency": "USD",
        "terms": [Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(40), manual_time_allowed=True)],
        "facts": [
            Facts(since="2026-11-02T00:00Z", billing_verified=True, good_standing=True, identity_verified=True),
        ],
    }
    return Contract(**{**values, **given})


def tracked(first: int, stop: int, *, digests: dict[int, str] | None = None) -> TimeTracked:
    """An upload of slots ``first <= slot < stop`` of eight active minutes each, with a snapshot each."""
    segments = [
        Segment.tracked(
            slot,
            memo="Fix the login form",
            activity=Activity.of_meter(8),
            snapshots=[Snapshot(at=Instant(slot * 600 + 300), digest=(digests or {}).get(slot))],
        )
        for slot in range(first, stop)
    ]
    return TimeTracked(segments=segments, made_at=Instant(stop * 600))


def story(opened: Contract | None = None, policy: str = "upwork") -> tuple[MemoryJournal, Clock]:
    """Return a journal with the diary that the module describes."""
    clock = Clock("2026-11-16T08:00:00Z")
    journal = MemoryJournal(clock=clock)
    diary = Diary.open(journal, opened or contract(), policy, by=PLATFORM, id="open")
    clock.set("2026-11-18T18:00:00Z")
    diary.record(tracked(NINE, NINE + 6, digests={NINE: "9f2b", NINE + 1: IMAGE_DIGEST}), by=ANA, id="upload 1")
    diary.record(add_time("2026-11-18T10:00Z", "2026-11-18T10:30Z", memo="Call"), by=ANA, id="call")
    rise = Terms(since="2026-11-18T09:30Z", rate="33.33", weekly_limit=hours(40), manual_time_allowed=True)
    diary.record(TermsChanged(terms=rise), by=PLATFORM, id="rise")
    diary.record(delete_time("2026-11-18T09:00Z", "2026-11-18T09:10Z"), by=ANA, id="delete")
    diary.record(edit_memo("2026-11-18T09:10Z", "2026-11-18T09:30Z", memo="Caf\u00e9 login"), by=ANA, id="memo")
    clock.set("2026-11-23T12:00:00Z")
    diary.record(tracked(NINE + 60, NINE + 61, digests={NINE + 60: LATE_DIGEST}), by=ANA, id="upload 2")
    close_week(diary, WEEK, by=PLATFORM)
    clock.set("2026-11-24T12:00:00Z")
    week = Slots.range(MONDAY, NEXT_MONDAY)
    diary.record(TimeDisputed(week=week, disputed=week, reason="Not agreed"), by=ACME, id="dispute")
    resolve(diary, "dispute", by=PLATFORM, id="outcome")
    clock.set("2026-11-25T12:00:00Z")
    again = StatusChange(since="2026-11-25T12:00Z", status=ContractStatus.ACTIVE)
    diary.record(StatusChanged(status=again), by=ACME, id="again")
    return journal, clock


def images(digest: str) -> bytes:
    """The store of snapshots, in which one image is left."""
    return {IMAGE_DIGEST: IMAGE}[digest]


def bundled(folder: Path) -> Bundle:
    journal, _ = story()
    return write_bundle(journal, "c-1", folder, dispute="dispute", snapshots=images)


def sums(folder: Path) -> None:
    """Write SHA256SUMS anew, as somebody would who has changed a file."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in paths]
    (folder / "SHA256SUMS").write_text("".join(lines))


def plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def entries_of(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "entries.jsonl").read_text("ascii").splitlines()
    return [json.loads(line)["entry"] for line in lines]


def reseal(folder: Path, entries: list[dict[str, Any]], *, rewritten: bool = False) -> None:
    """Write `entries` as a chain without a fault, with a bundle.json and sums that agree with it.

    With `rewritten`, the statement names the new head that it was made from.
    """
    digest, lines = bytes(32), []
    for entry in entries:
        if rewritten and entry["change"]["kind"] == "week_closed":
            said = json.loads(entry["change"]["statement"])
            said["journal"] = f"{entry['number'] - 1}:{digest.hex()}"
            entry["change"].update(statement=plain(said), digest=document(plain(said)))
            (folder / "statement.json").write_text(plain(said))
        body = plain(entry)
        digest = sha256(b"workdiary/entry/1\n" + digest + body.encode()).digest()
        lines.append(f'{{"digest":"{digest.hex()}","entry":{body}}}\n')
    (folder / "entries.jsonl").write_text("".join(lines))
    about = json.loads((folder / "bundle.json").read_text())
    about["head"] = f"{len(entries)}:{digest.hex()}"
    (folder / "bundle.json").write_text(plain(about) + "\n")
    sums(folder)


def restate(folder: Path, lie: Callable[[dict[str, Any]], object]) -> None:
    """Tell `lie` in the statement, and give it its digest, its place in the chain and its file."""
    entries = entries_of(folder)
    change = next(entry["change"] for entry in entries if entry["change"]["kind"] == "week_closed")
    said = json.loads(change["statement"])
    lie(said)
    change["statement"] = plain(said)
    change["digest"] = document(plain(said))
    change["policy"] = document(plain(said["policy"]))
    (folder / "statement.json").write_text(plain(said))
    (folder / "policy.json").write_text(plain(said["policy"]))
    reseal(folder, entries)


def document(text: str) -> str:
    return sha256(b"workdiary/document/1\n" + text.encode("ascii")).hexdigest()


def kind(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the first entry whose change is of the kind `name`."""
    return next(entry for entry in entries if entry["change"]["kind"] == name)


def faults_in(folder: Path, *heads: str) -> list[str]:
    """Return what the verifier finds, in this process."""
    bundle = _verifier.Bundle(folder, [*heads])
    bundle.check()
    return bundle.faults
