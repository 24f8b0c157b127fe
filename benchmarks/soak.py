"""``python -m benchmarks.soak``: the deep set of the fault tests, with its figures; takes an hour or so.

It does what ``tests/faults`` does, and all of it, on the SQLite journal:

kills       10,000 processes are killed at a random moment while they record; after each kill the next
            one recovers, and everything that was acknowledged must be there, whole, once, in one chain
steps       a kill, one error, every error from there on, and a disk that is full from there on, at
            every call that changes the disk, of append, edit, delete, close, migrate and backup; and a
            kill at every step of the recovery from a kill at every step of an append
cuts        1,000,000 states that a power cut may leave (strict POSIX, torn at 512 bytes), worked out from
            records of the real store: recording from the making of the database on, closing, upgrading
flips       10,000 single flipped bits: each is found, or was in nothing that is used; no wrong bill
tampering   each of 500 rows is edited, deleted, doubled, swapped and cut off; each time the first bad
            entry must be named

Nothing may be lost, doubled, half done, or told wrong: the exit status is 1 when anything was. States
that are equal byte for byte are looked at once. To try it small: ``--kills 50 --states 2000 --flips 100
--rows 20 --seconds 30``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any, Final

import attrs

from tests.faults import story
from tests.faults.aftermath import AFTERMATHS, after_a_cut, after_an_error
from tests.faults.damage import judge_file
from tests.faults.kit import Lab, as_version_1, build_shim, check, fresh, ids, opened, walk
from tests.faults.power import Operation, lay_out, marks, read_record, states
from tests.faults.tamper import OPERATIONS, tamper
from workdiary.diary.verify import verify

__all__ = ["Figures", "Soak", "main"]

ERRNO_FULL: Final = 28
HOWS: Final = (("kill", 5), ("once", 5), ("onward", 5), ("onward", ERRNO_FULL))
PER_JOURNAL: Final = 25
"""After so many kills a new journal is begun, so that looking at it does not become the longest part."""


@attrs.frozen(kw_only=True)
class Figures:
    """What one part came to: how many faults, something counted meanwhile, and what went wrong."""

    part: str
    faults: int
    noted: int = 0
    what: str = ""
    wrong: tuple[str, ...] = ()
    seconds: float = 0.0

    def __add__(self, other: Figures) -> Figures:
        return attrs.evolve(
            self, faults=self.faults + other.faults, noted=self.noted + other.noted, wrong=self.wrong + other.wrong
        )

    def __str__(self) -> str:
        each = 1000 * self.seconds / max(self.faults, 1)
        noted = f", {self.noted:,} {self.what}" if self.what else ""
        verdict = f"{len(self.wrong)} WRONG" if self.wrong else "0 wrong"
        return f"{self.part:<24} {self.faults:>9,}{noted}: {verdict}   ({self.seconds:.0f} s, {each:.1f} ms each)"


def expect(holds: bool, otherwise: object) -> None:
    """Raise `AssertionError` unless it `holds`."""
    if not holds:
        raise AssertionError(otherwise)


class Soak:
    """One worker: a folder, a server of workloads, and a moment at which it stops."""

    def __init__(self, folder: Path, shim: Path, seed: int, seconds: float) -> None:
        self.folder = folder
        self.lab = Lab(shim)
        self.chance = Random(seed)  # noqa: S311 - no secret
        self.seed = seed
        self.wrong: list[str] = []
        self._numbers = count()
        self._ends_at = monotonic() + seconds
        self.template = self.new_folder() / "diary.db"
        with opened(self.template) as journal:
            story.begin(journal)
        self.disk = self.new_folder()

    @property
    def is_over(self) -> bool:
        """Whether its time is over."""
        return monotonic() >= self._ends_at

    def new_folder(self) -> Path:
        """Return a new folder."""
        path = self.folder / str(next(self._numbers))
        path.mkdir(mode=0o700)
        return path

    def new(self) -> Path:
        """Return a fresh journal."""
        return fresh(self.folder / str(next(self._numbers)), self.template)

    @contextmanager
    def looking(self, what: str) -> Iterator[None]:
        """Note what goes wrong within the block; it does not end the soak."""
        try:
            yield
        except Exception as error:  # whatever it is, it is wrong
            self.wrong.append(f"{what}: {type(error).__name__}: {str(error)[:300]}")

    # The parts.

    def kills(self, faults: int) -> Figures:
        """Kill processes at random while they record."""
        done = told = 0
        while done < faults and not self.is_over:
            path = self.new()
            acknowledged: list[str] = []
            attempted: list[str] = []
            for kill in range(min(PER_JOURNAL, faults - done)):
                prefix = f"k{kill}"
                # Of every four kills one comes while it starts, or recovers from the one before.
                job = {"after_first": kill % 4 != 0, "kill_after": self.chance.uniform(0.001, 0.12)}
                ended = self.lab.run(path, "mixed", prefix=prefix, count=100_000, **job)
                acknowledged += ended.acknowledged
                attempted += ids(prefix, len(ended.acknowledged) + len(ended.refused) + 1)
                done += 1
                with self.looking(f"kill {kill} of {path}"):
                    expect(ended.status == -signal.SIGKILL, ended.stderr)
                    check(path, acknowledged, attempted)
            told += len(acknowledged)
            shutil.rmtree(path.parent)
        return Figures(part="random kills", faults=done, noted=told, what="acknowledgements")

    def steps(self, operation: str, how: str, errno: int) -> Figures:
        """Let every step of `operation` be the one that fails."""
        done = 0
        look = AFTERMATHS[operation] if how == "kill" else after_an_error(AFTERMATHS[operation])
        old = as_version_1(self.template, self.new_folder() / "diary.db") if operation == "migrate" else self.template
        job: dict[str, Any] = {"from_open": True} if operation == "migrate" else {}
        if operation == "close":
            job["now"] = story.AFTER_LOCK
        named = "nothing" if operation == "migrate" else operation

        def begin() -> Path:
            return fresh(self.folder / str(next(self._numbers)), old)

        for path, ended in walk(self.lab, begin, named, how=how, errno=errno, **job):
            done += 1
            with self.looking(f"{how} {errno} at step {done} of {operation}"):
                look(self.lab, path, ended)
            shutil.rmtree(path.parent)
            if self.is_over:
                break
        return Figures(part="faults at every step", faults=done)

    def recoveries(self) -> Figures:
        """Kill at every step of the recovery from a kill at every step of an append."""
        done = 0
        for path, ended in walk(self.lab, self.new, "append"):
            for step in count(1):
                fault = {"how": "kill", "at": step, "torn": step % 2}
                if self.lab.run(path, from_open=True, fault=fault).status == 0:
                    break
                done += 1
            with self.looking(f"{done} recoveries"):
                check(path, ended.acknowledged, ["w-0"])
            shutil.rmtree(path.parent)
            if self.is_over:
                break
        return Figures(part="kills in recoveries", faults=done)

    def record(self, operation: str) -> tuple[tuple[Operation, ...], dict[str, bytes]]:
        """Record `operation`, and return it with the files that were there before."""
        folder, kept = self.new_folder(), self.new_folder() / "record"
        path = folder / "diary.db"
        if operation == "migrate":
            as_version_1(self.template, path)
        elif operation == "close":
            shutil.copyfile(self.template, path)
        files = {"diary.db": path.read_bytes()} if path.exists() else {}
        job: dict[str, Any] = {"begin": True, "count": 18} if operation == "mixed" else {"now": story.AFTER_LOCK}
        ended = self.lab.run(path, "nothing" if operation == "migrate" else operation, record=str(kept), **job)
        expect(not ended.errors, ended.errors)
        return read_record(kept, folder), files

    def cuts(self, operation: str, wanted: int) -> Figures:
        """Lay out states that a power cut may leave while `operation` goes on."""
        record, files = self.record(operation)
        outcomes = 32
        done = 0
        seen: set[bytes] = set()
        ids_there = (*(story.BASE if files else ()), *marks(record))
        for turn in count():
            seed = self.seed * 1_000_000 + turn
            for state in states(record, outcomes, seed=seed, files=files):
                if done >= wanted or self.is_over:
                    return Figures(part="power cuts", faults=done, noted=len(seen), what="different states")
                done += 1
                digest = state.digest
                if digest not in seen:
                    seen.add(digest)
                    with self.looking(f"power cut after {state.done} of {operation}, seed {seed}"):
                        after_a_cut(state, ids_there, self.disk, before=len(story.BASE) if files else 0)
        raise AssertionError("never")

    def flips(self, wanted: int) -> Figures:
        """Flip one bit of a file."""
        path = self.new()
        expect(len(self.lab.run(path, "mixed", count=6).acknowledged) == 6, "the workload does not work")
        content = path.read_bytes()
        done = reported = 0
        while done < wanted and not self.is_over:
            place = self.chance.randrange(len(content) * 8)
            flipped = bytearray(content)
            flipped[place // 8] ^= 1 << place % 8
            lay_out({"diary.db": bytes(flipped)}, self.disk)
            done += 1
            with self.looking(f"bit {place}"):
                reported += bool(judge_file(self.disk / "diary.db", len(story.BASE) + 6).reports)
        return Figures(part="flipped bits", faults=done, noted=reported, what="reported")

    def tampering(self, first: int, stride: int, rows: int) -> Figures:
        """Tamper with rows, each in five ways."""
        path = self.new()
        more = max(0, rows - len(story.BASE))
        expect(len(self.lab.run(path, "mixed", count=more).acknowledged) == more, "the workload does not work")
        with opened(path) as journal:
            head = journal.standing(story.ID).head
        done = 0
        for n in range(1 + first, rows + 1, stride):
            for operation in OPERATIONS:
                if self.is_over or (operation, n) in (("swap", head.version), ("truncate", 1)):
                    continue
                copy = fresh(self.folder / str(next(self._numbers)), path)
                tamper(copy, operation, n)
                done += 1
                with self.looking(f"{operation} of row {n}"), opened(copy) as journal:
                    found = verify(journal, story.ID, heads=[head])
                    expect(not found.is_sound, "not found")
                    expect(found.faults[0].number == n, found.faults[0])
                shutil.rmtree(copy.parent)
        return Figures(part="rows tampered with", faults=done)


def work(folder: Path, shim: Path, seed: int, seconds: float, part: str, *values: Any) -> Figures:
    """Run one part in a process of its own."""
    begun = monotonic()
    place = Path(tempfile.mkdtemp(dir=folder))
    soak = Soak(place, shim, seed, seconds)
    with soak.lab:
        found: Figures = getattr(soak, part)(*values)
    shutil.rmtree(place)
    return attrs.evolve(found, wrong=tuple(soak.wrong), seconds=monotonic() - begun)


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print the figures of each part, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=10_000, help="random kills")
    parser.add_argument("--states", type=int, default=1_000_000, help="states after power cuts")
    parser.add_argument("--flips", type=int, default=10_000, help="flipped bits")
    parser.add_argument("--rows", type=int, default=500, help="rows that are tampered with")
    parser.add_argument("--seconds", type=float, default=7_200, help="the longest that one part may take")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--folder", type=Path, help="where journals are made: on the disk that is meant")
    parser.add_argument("--memory", type=Path, default=Path("/dev/shm"), help="where states are laid out")  # noqa: S108 - a disk in memory
    given = parser.parse_args(arguments)
    workers = max(1, given.workers)
    with tempfile.TemporaryDirectory(dir=given.folder) as on_disk:
        shim = build_shim(Path(on_disk))
        if shim is None:
            print("The soak takes Linux and a C compiler.")
            return 1
        with tempfile.TemporaryDirectory(dir=given.memory if given.memory.is_dir() else None) as in_memory:
            disk, memory = Path(on_disk), Path(in_memory)
            share = partial(shares_of, workers=workers)
            few = given.states // 20
            cuts = [("close", few), ("migrate", few), *(("mixed", n) for (n,) in share(given.states - 2 * few))]
            plan: list[tuple[str, Path, list[tuple[Any, ...]]]] = [
                ("kills", disk, share(given.kills)),
                ("steps", memory, [(name, how, errno) for name in AFTERMATHS for how, errno in HOWS]),
                ("recoveries", memory, [()]),
                ("cuts", memory, cuts),
                ("flips", memory, share(given.flips)),
                ("tampering", memory, [(n, workers, given.rows) for n in range(workers)]),
            ]
            wrong = 0
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
                for part, folder, shares in plan:
                    wrong += soaked(pool, part, folder, shim, given.seconds, shares)
    print("Nothing was lost, doubled, half done or told wrong." if not wrong else f"{wrong} WRONG.")
    return 1 if wrong else 0


def shares_of(total: int, *, workers: int) -> list[tuple[int]]:
    """Return `total` in equal shares, one a worker."""
    return [(len(range(n, total, workers)),) for n in range(workers)]


def soaked(
    pool: ProcessPoolExecutor, part: str, folder: Path, shim: Path, seconds: float, shares: list[tuple[Any, ...]]
) -> int:
    """Run one part in its shares, print its figures, and return how much went wrong."""
    begun = monotonic()
    running = [pool.submit(work, folder, shim, n, seconds, part, *values) for n, values in enumerate(shares)]
    results = [future.result() for future in as_completed(running)]
    total = attrs.evolve(sum(results[1:], results[0]), seconds=monotonic() - begun)
    print(total, flush=True)
    for line in total.wrong[:20]:
        print(f"    {line}", flush=True)
    return len(total.wrong)


if __name__ == "__main__":
    sys.exit(main())
