"""A stage for the tracker: clocks that are set by hand, inputs and pictures made up, a diary in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import attrs

from workdiary.capture.events import Reading, SnapshotFailed, SnapshotTaken, TakeSnapshot
from workdiary.capture.notice import NOTICE
from workdiary.capture.runner import Runner
from workdiary.capture.sender import Sender
from workdiary.capture.spool.kept import Item, Kind, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.diary.changes import CaptureConsented, StatusChanged
from workdiary.diary.diary import Diary
from workdiary.diary.entry import Entry
from workdiary.diary.journal import Journal
from workdiary.errors import StoreError
from workdiary.model.activity import Counts
from workdiary.model.contract import Actor, Contract, ContractStatus, Role, StatusChange, Terms
from workdiary.model.money import hours
from workdiary.model.times import Instant, instant
from workdiary.store.memory import MemoryJournal
from workdiary.store.snapshots import SnapshotFiles

WEDNESDAY = int(instant("2026-11-18T09:00:00Z"))
ANA = Actor(id="ana", role=Role.FREELANCER)
ACME = Actor(id="acme", role=Role.CLIENT)
PLATFORM = Actor(id="platform", role=Role.PLATFORM)


SEED = int(os.environ.get("WORKDIARY_SEED", "1"))
"""Draws the secrets, and so the moments: a test must hold for any, and is the same every time it runs."""


class Hands:
    """The three clocks, moved by hand; `mono` stands still while it is suspended."""

    def __init__(self, second: int = WEDNESDAY) -> None:
        self.wall, self.mono, self.boot = second * 1000, 5_000, 9_000

    def read(self) -> Reading:
        return Reading(wall=self.wall, mono=self.mono, boot=self.boot)

    def pass_by(self, seconds: float, *, asleep: bool = False) -> None:
        milliseconds = int(seconds * 1000)
        self.wall += milliseconds
        self.boot += milliseconds
        self.mono += 0 if asleep else milliseconds

    def set(self, by: float) -> None:
        self.wall += int(by * 1000)

    @property
    def now(self) -> Instant:
        return Instant(self.wall // 1000)


class Keys:
    """Somebody who presses `each` keys in every tick."""

    def __init__(self, each: int = 1) -> None:
        self.each, self.is_lost, self.quiet, self.is_closed = each, False, 0, False
        self.is_locked: bool | None = False
        self.doubt = 0
        self.breaks: Exception | None = None

    def start(self) -> None: ...

    def take(self) -> Counts | None:
        if self.breaks is not None:
            raise self.breaks
        return None if self.is_lost else (self.each, 0, 0)

    def idle(self) -> int | None:
        return self.quiet

    def locked(self) -> bool | None:
        return self.is_locked

    def unsure(self) -> int:
        return self.doubt

    def close(self) -> None:
        self.is_closed = True


class Painter:
    """A camera whose every picture is another one."""

    def __init__(self, files: SnapshotFiles, announce: Callable[[str], None] = lambda _: None) -> None:
        self.files, self.fails, self.taken, self._announce = files, "", 0, announce

    def take(self, order: TakeSnapshot, /) -> SnapshotTaken | SnapshotFailed:
        self.taken += 1
        if self.fails:
            return SnapshotFailed(slot=order.slot, why=self.fails)
        self._announce(sha256(self.paint(order.slot)).hexdigest())
        return SnapshotTaken(slot=order.slot, at=order.at, digests=(self.files.put(self.paint(order.slot)),))

    def paint(self, slot: int) -> bytes:
        return b"picture %d" % slot


def picture_of(slot: int) -> str:
    """Return the digest of the picture of a slot."""
    return sha256(b"picture %d" % slot).hexdigest()


def a_contract(id: str = "c-1") -> Contract:
    return Contract(
        id=id,
        freelancer="ana",
        client="acme",
        currency="USD",
        terms=[Terms(since="2026-11-02T00:00Z", rate="30", weekly_limit=hours(40))],
    )


def a_journal(clock: Callable[[], float], *ids: str) -> MemoryJournal:
    journal = MemoryJournal(clock=clock)
    open_in(journal, *ids)
    return journal


def open_in(journal: Journal, *ids: str) -> None:
    """Open a diary for each of `ids`, c-1 for none, with the consent to be captured."""
    for id in ids or ("c-1",):
        diary = Diary.open(journal, a_contract(id), "upwork", by=PLATFORM, id=f"open {id}")
        assert diary.record(CaptureConsented(notice=NOTICE), by=ANA, id=f"consent {id}").recorded


@attrs.define
class Stage:
    """A tracker on its stage; `kill` leaves everything as a SIGKILL would, and `start_again` goes on from it."""

    folder: Path
    clocks: Hands
    keys: Keys
    journal: MemoryJournal
    files: SnapshotFiles
    camera: Painter
    spool: Spool
    sender: Sender = attrs.field(init=False)
    runner: Runner = attrs.field(init=False)
    is_reachable: bool = True
    chance: Random = attrs.field(init=False, factory=lambda: Random(SEED))  # noqa: S311 - secrets that nobody keeps

    def work(self, seconds: int) -> None:
        """Let so many seconds pass, a tick each."""
        for _ in range(seconds):
            self.clocks.pass_by(1)
            self.runner.tick()

    def until(self, text: str) -> None:
        """Let time pass, a tick a second, until the instant `text`."""
        self.work(int(instant(text)) - self.clocks.now)

    def kill(self) -> None:
        self.spool.close()

    def start_again(self) -> None:
        self.spool = Spool(self.folder)
        self.start()

    def start(self) -> None:
        self.sender = Sender(self.spool, self.connect, clocks=self.clocks, files=self.files)
        self.runner = Runner(
            clocks=self.clocks,
            inputs=self.keys,
            camera=self.camera,
            spool=self.spool,
            sender=self.sender,
            in_background=False,
            chance=self.chance.randbytes,
        )

    def connect(self) -> Journal:
        if not self.is_reachable:
            raise StoreError("diary.db", "", "cannot be reached", "try again")
        return Gate(self)  # type: ignore[return-value]  # it passes on whatever is asked

    @property
    def diary(self) -> Diary:
        return Diary(self.journal, "c-1")

    def entries(self, kind: type) -> list[Entry]:
        return [entry for entry in self.diary.entries() if isinstance(entry.change, kind)]

    def recorded(self, contract: str = "c-1") -> list[str]:
        """Return the starts of the recorded segments of this week and the next ones, as HH:MM."""
        diary = Diary(self.journal, contract)
        found = []
        for week in ("2026-11-11T00:00Z", "2026-11-18T00:00Z", "2026-11-25T00:00Z"):
            found += [str(segment.starts_at)[5:16] for segment in diary.segments(instant(week))]
        return found

    def items(self, *standings: Standing) -> list[Item]:
        return [item for item in self.spool.items(*standings) if item.kind is Kind.TRACKED]

    def client_sets(self, status: ContractStatus) -> None:
        change = StatusChanged(status=StatusChange(since=self.clocks.now, status=status))
        assert self.diary.record(change, by=ACME, id=f"{status.value} {self.clocks.now}").recorded


class Gate:
    """The journal, behind a door that can be shut: then every call says that it cannot be reached."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __getattr__(self, name: str) -> object:
        if not self._stage.is_reachable:
            raise StoreError("diary.db", "", "cannot be reached", "try again")
        return getattr(self._stage.journal, name)


@contextmanager
def staged(folder: Path | None = None, *ids: str, second: int = WEDNESDAY) -> Iterator[Stage]:
    """Set up a tracker that is switched off, one tick old, in `folder`, or in memory."""
    with ExitStack() as stack:
        if folder is None:
            # In memory where there is one: what is looked at is what is done, not how long a disk takes.
            folder = Path(stack.enter_context(TemporaryDirectory(dir=memory())))
        yield from _staged(folder, ids, second)


def memory() -> str | None:
    """Return a folder in memory, `None` when there is none."""
    there = "/dev/shm"  # noqa: S108 - a disk in memory, on Linux
    return there if os.access(there, os.W_OK) else None


def _staged(folder: Path, ids: tuple[str, ...], second: int) -> Iterator[Stage]:
    clocks = Hands(second)
    journal = a_journal(lambda: clocks.wall / 1000, *ids)
    files = SnapshotFiles(folder / "pictures")
    spool = Spool(folder / "tracker")
    stage = Stage(folder / "tracker", clocks, Keys(), journal, files, Painter(files), spool)
    stage.start()
    try:
        stage.runner.tick()
        yield stage
    finally:
        stage.spool.close()
