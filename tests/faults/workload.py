"""The side that suffers: a server that forks one child a job, with the shim below its C library.

Each line on its standard input is a list of jobs in JSON, which run at the same time; each line on its
standard output the list of what became of them. A child opens a journal, records, and says what it was
told, each time with one `write`, only after it was told so:

    {"ok": id}   {"refused": id}   {"error": [id, kind, text]}   {"steps": …}
"""

from __future__ import annotations

import _sqlite3
import ctypes
import errno
import json
import os
import resource
import select
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from tests.faults import story
from workdiary.diary.changes import WeekClosed
from workdiary.diary.closing import close_week
from workdiary.diary.diary import Diary
from workdiary.model.times import Instant
from workdiary.store.memory import MemoryJournal
from workdiary.store.snapshots import SnapshotFiles
from workdiary.store.sql import SqlJournal

__all__ = ["main"]

Action: TypeAlias = Callable[[], bool]

_SHIM = ctypes.CDLL(None)
_IS_LOADED = hasattr(_SHIM, "fault_arm")
_SQLITE = ctypes.CDLL(_sqlite3.__file__)  # finds what the module is linked with
_HOW = {"never": 0, "kill": 1, "once": 2, "onward": 3}
_PATIENCE = 120.0


def arm(fault: dict[str, Any]) -> None:
    """Arm the shim: from here on its calls count."""
    if _IS_LOADED:
        _SHIM.fault_arm(
            _HOW[fault.get("how", "once")],
            ctypes.c_long(fault.get("at", 0)),
            fault.get("errno", errno.EIO),
            fault.get("kinds", 63),
            int(fault.get("torn", False)),
        )


def disarm() -> None:
    """Let every call through again."""
    arm({"how": "never"})


def say(**what: Any) -> None:
    """Tell the server, in one piece."""
    os.write(1, json.dumps(what).encode() + b"\n")


def limit_sqlite(size: int) -> None:
    """Let SQLite have no more than `size` bytes in all; 0 is no limit."""
    _SQLITE.sqlite3_hard_heap_limit64(ctypes.c_int64(size))


@contextmanager
def limited(limits: dict[str, int]) -> Iterator[None]:
    """Let the process have no more than `limits` within the block: files, bytes in a file, more bytes for SQLite."""
    before = {kind: resource.getrlimit(kind) for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE)}
    try:
        if "files" in limits:
            free = os.dup(0)
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + limits["files"], before[resource.RLIMIT_NOFILE][1]))
        if "size" in limits:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limits["size"], before[resource.RLIMIT_FSIZE][1]))
        if "heap" in limits:
            limit_sqlite(_SQLITE.sqlite3_memory_used() + limits["heap"])
        yield
    finally:
        for kind, values in before.items():
            resource.setrlimit(kind, values)
        if "heap" in limits:
            limit_sqlite(0)


class Child:
    """One job, in a process of its own."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.path = Path(job["path"])
        self.journal: SqlJournal | None = None
        self.diary: Diary | None = None
        self.allocations = job.get("nomemory", 0)
        self.other = self.begin_other = -1

    def run(self) -> None:
        """Open the journal, arm, do the work, and do again what failed when the job says so."""
        job = self.job
        if _IS_LOADED:
            _SHIM.fault_under(str(self.path.parent).encode())
            _SHIM.fault_slow(job.get("slow", 0))
            if "record" in job:
                _SHIM.fault_record(job["record"].encode())
        if "other" in job:
            self.fork_other()
        if job.get("from_open"):
            arm(job.get("fault", {}))
        failed: list[tuple[str | None, Action]] = []
        limits = job.get("limits", {})
        with limited(limits if job.get("limits_from_open") else {}):
            is_open = self.attempt(None, self.open)
        if "other" in job:
            self.await_other()
        if not job.get("from_open"):
            arm(job.get("fault", {}))
        with limited(limits):
            failed = [item for item in self.work() if not is_open or not self.attempt(*item)]
        if _IS_LOADED:
            say(steps=_SHIM.fault_counted())
        if job.get("retry"):
            disarm()
            if not is_open:
                self.attempt(None, self.open)
            self.allocations = 0
            for item in failed:
                self.attempt(*item)
        if self.journal is not None:
            self.attempt(None, self.close)

    def fork_other(self) -> None:
        """Fork another process, which does the same work later, and suffers for it."""
        begin, self.begin_other = os.pipe()
        self.other = os.fork()
        if self.other == 0:
            os.read(begin, 1)
            self.open()
            arm(self.job["other"])
            for _, action in self.work():
                action()
            os._exit(0)

    def await_other(self) -> None:
        """Let the other process work, now that this one has the journal open, until it ends."""
        assert self.journal is not None
        self.journal.contracts()
        os.write(self.begin_other, b".")
        _, status = os.waitpid(self.other, 0)
        say(other=os.waitstatus_to_exitcode(status))

    def open(self) -> bool:
        """Open the journal, and begin the diary when the job says so."""
        if self.job.get("operation") == "snapshots":
            return True
        self.journal = SqlJournal.open(
            self.path, clock=lambda: self.job.get("now", story.NOW), wait=self.job.get("wait", 5.0)
        )
        if self.job.get("begin"):
            story.begin(self.journal, self.acknowledge)
        self.diary = Diary(self.journal, story.ID)
        return True

    def close(self) -> bool:
        """Close the journal."""
        assert self.journal is not None
        self.journal.close()
        return True

    def work(self) -> Iterator[tuple[str | None, Action]]:
        """Yield what there is to do, each with the id that it is acknowledged by."""
        job, operation = self.job, self.job.get("operation", "nothing")
        if operation in ("append", "edit", "delete", "mixed"):
            prefix, first = job.get("prefix", "w"), job.get("first", 0)
            for n in range(first, first + job.get("count", 1)):
                yield f"{prefix}-{n}", lambda n=n: self.record(operation, prefix, n)  # type: ignore[misc]  # binds n
        elif operation == "close":
            yield story.CLOSING, self.close_week
        elif operation == "backup":
            yield "backup", self.backup
        elif operation == "hog":
            yield "hog", self.hog
        elif operation == "snapshots":
            yield from self.snapshots()

    def snapshots(self) -> Iterator[tuple[str, Action]]:
        """Yield the putting (+) and deleting (-) of a few image files, each with its digest."""
        files = SnapshotFiles(self.path.parent / "snapshots")
        for sign, data in story.SNAPSHOTS:
            digest = sha256(data).hexdigest()
            if sign == "+":
                yield f"+{digest}", lambda data=data: bool(files.put(data))  # type: ignore[misc]  # binds data
            else:
                yield f"-{digest}", lambda digest=digest: files.delete(digest)  # type: ignore[misc]  # binds digest

    def record(self, operation: str, prefix: str, n: int) -> bool:
        """Record one request, as everybody does."""
        assert self.diary is not None
        answer = self.diary.record(story.request(operation, prefix, n), by=story.ANA, id=f"{prefix}-{n}")
        return answer.recorded

    def close_week(self) -> bool:
        """Close the week of the story."""
        assert self.diary is not None
        closing = close_week(self.diary, Instant(story.MONDAY * 600), by=story.PLATFORM)
        if closing.entry is None or not isinstance(closing.entry.change, WeekClosed):
            say(open=[str(reason) for reason in closing.reasons], difference=closing.difference)
            return False
        say(bill=closing.entry.change.statement)
        return True

    def backup(self) -> bool:
        """Make a backup beside the journal."""
        assert self.journal is not None
        self.journal.backup(self.path.with_name("backup.db"))
        return True

    def hog(self) -> bool:
        """Take all the memory there is, or end at once, with a change written and not committed."""
        assert self.diary is not None
        with self.diary.drafting() as draft:
            draft.take(story.request("append", "hog", 0), by=story.ANA, id="hog")
            draft.save()
            say(inside=True)
            if "cgroup" in self.job:
                Path(self.job["cgroup"], "cgroup.procs").write_text(str(os.getpid()))
                hoard = []
                while True:
                    hoard.append(b"x" * 1_000_000)
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    def attempt(self, id: str | None, action: Action) -> bool:
        """Do `action`, and say what became of it."""
        try:
            done = action() if id is None else self.starved(action)
        except Exception as error:  # whatever it is: what the store makes of a fault is what is tested
            say(error=[id, type(error).__name__, str(error)])
            return False
        if id is not None:
            if done:
                self.acknowledge(id)
            else:
                say(refused=id)
        return True

    def starved(self, action: Action) -> bool:
        """Do `action` with the n-th allocation of Python failing, when the job says so."""
        if not self.allocations:
            return action()
        python = import_module("_testcapi")
        python.set_nomemory(self.allocations, self.allocations + 1)
        try:
            return action()
        finally:
            python.remove_mem_hooks()

    def acknowledge(self, id: str) -> None:
        """Say that `id` is on record, and note it between the calls that it took."""
        if _IS_LOADED and "record" in self.job:
            _SHIM.fault_mark(id.encode())
        say(ok=id)


class Running:
    """One forked child, as the server sees it."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.job = job
        self.heard = b""
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `ended`
        self.out, out = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.dup2(out, 1)
                os.dup2(self.errors.fileno(), 2)
                os.close(self.out)
                os.close(out)
                Child(job).run()
                status = 0
            except BaseException:
                disarm()
                sys.excepthook(*sys.exc_info())
            finally:
                sys.stderr.flush()
                os._exit(status)
        os.close(out)
        self.ends_at = time.monotonic() + (_PATIENCE if job.get("after_first") else job.get("kill_after", _PATIENCE))
        self.is_late = False

    def hear(self) -> bool:
        """Take what the child has said; return whether it is still there."""
        part = os.read(self.out, 1 << 16)
        if part and not self.heard and self.job.get("after_first"):
            self.ends_at = time.monotonic() + self.job["kill_after"]
        self.heard += part
        return bool(part)

    def end(self) -> None:
        """Kill it: its time has come."""
        self.is_late = "kill_after" not in self.job
        os.kill(self.pid, signal.SIGKILL)
        self.ends_at = float("inf")

    def ended(self) -> dict[str, Any]:
        """Return what became of it."""
        os.close(self.out)
        _, status = os.waitpid(self.pid, 0)
        self.errors.seek(0)
        errors = self.errors.read().decode(errors="replace")
        self.errors.close()
        said = [json.loads(line) for line in self.heard.split(b"\n")[:-1]]
        return {
            "status": os.waitstatus_to_exitcode(status),
            "said": said,
            "stderr": errors,
            "is_late": self.is_late,
        }


def serve(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run `jobs` at the same time, and return what became of each."""
    children = [Running(job) for job in jobs]
    alive = {child.out: child for child in children}
    while alive:
        wait = max(0.0, min(child.ends_at for child in alive.values()) - time.monotonic())
        ready, _, _ = select.select([*alive], [], [], min(wait, _PATIENCE))
        for out in ready:
            if not alive[out].hear():
                del alive[out]
        for child in [*alive.values()]:
            if child.ends_at <= time.monotonic():
                child.end()
    return [child.ended() for child in children]


def warm() -> None:
    """Do everything once in memory, so that no child spends its time on reading policies."""
    journal = MemoryJournal(clock=lambda: story.AFTER_LOCK)
    story.begin(MemoryJournal(clock=lambda: story.NOW))
    diary = Diary.open(journal, story.CONTRACT, "upwork", by=story.PLATFORM, id="open")
    close_week(diary, Instant(story.MONDAY * 600), by=story.PLATFORM)


def main() -> None:
    """Serve until the input ends."""
    warm()
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
