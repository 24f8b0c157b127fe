"""The side that is killed: a server that forks one child a job, each a tracker on a virtual clock, with the shim below.

Each line on its standard input is a job in JSON, each line on its standard output what became of it. A child says,
with one `write` each and only afterwards, what its tracker has kept::

    {"minute": [session, minute]}   {"finished": id}   {"at": second}   {"steps": n}
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from tests.capture.stage import Hands, Keys, Painter
from workdiary.capture.events import Effect, Finished, MinuteKept, StopReason
from workdiary.capture.runner import Runner
from workdiary.capture.sender import Sender
from workdiary.capture.spool.spool import Spool
from workdiary.errors import WorkdiaryError
from workdiary.store.snapshots import SnapshotFiles
from workdiary.store.sql import SqlJournal

_SHIM = ctypes.CDLL(None)
_IS_LOADED = hasattr(_SHIM, "fault_arm")
_HOW = {"kill": 1, "once": 2, "onward": 3}


def say(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def heard(effect: Effect) -> None:
    if isinstance(effect, MinuteKept):
        say(minute=[effect.session, effect.minute])
    elif isinstance(effect, Finished):
        say(finished=effect.id)


def child(job: dict[str, Any]) -> None:
    """Track for `seconds` of a virtual clock, from the second `now` on."""
    folder = Path(job["folder"])
    clocks = Hands(job["now"])
    if _IS_LOADED and "fault" in job:
        fault = job["fault"]
        _SHIM.fault_under(str(folder).encode())
        _SHIM.fault_arm(_HOW[fault["how"]], ctypes.c_long(fault["at"]), fault.get("errno", 5), 63, fault["at"] % 2)
    with SqlJournal.open(folder / "diary.db", clock=lambda: clocks.wall / 1000) as journal:
        files = SnapshotFiles(folder / "pictures")
        spool = Spool(folder / "tracker")
        sender = Sender(spool, lambda: journal, clocks=clocks, files=files)
        runner = Runner(
            clocks=clocks,
            inputs=Keys(),
            camera=Painter(files, spool.announce),
            spool=spool,
            sender=sender,
            in_background=False,
            watch=heard,
        )
        while True:  # a disk that gives an error at the wrong moment is asked again
            try:
                runner.start("c-1", memo="Work")
                break
            except WorkdiaryError as error:
                say(error=str(error))
        for second in range(1, job["seconds"] + 1):
            clocks.pass_by(1)
            runner.tick()
            if second % 10 == 0:
                say(at=int(clocks.now))
        if _IS_LOADED:
            say(steps=_SHIM.fault_counted())
        runner.end(StopReason.SHUTDOWN)
        spool.close()


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Fork a child for `job`, kill it when it says so, and return its status and what it said."""
    read, write = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(read)
            os.dup2(write, 1)
            child(job)
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    os.close(write)
    # The time until the kill runs from the first word on: by then it is set up.
    parts = [os.read(read, 1 << 16)]
    timer = threading.Timer(job.get("kill_after", 60), os.kill, (pid, signal.SIGKILL))
    timer.start()
    while part := os.read(read, 1 << 16):
        parts.append(part)
    os.close(read)
    _, status = os.waitpid(pid, 0)
    timer.cancel()
    timer.join()
    said = [json.loads(line) for line in b"".join(parts).split(b"\n")[:-1]]
    return {"status": os.waitstatus_to_exitcode(status), "said": said}


def main() -> None:
    """Serve until the standard input ends."""
    for line in sys.stdin:
        os.write(1, json.dumps(run(json.loads(line))).encode() + b"\n")


if __name__ == "__main__":
    main()
