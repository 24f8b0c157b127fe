"""What the tracker costs: processor and memory at rest and at work, a snapshot, and how soon it tracks.

The tracker runs as it does in earnest, as a process of its own, on a desktop of the benchmark's own. Where
ActivityWatch's AFK watcher is installed, it runs beside it for as long and is measured alike.
"""

from __future__ import annotations

import importlib
import os
import pty
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import attrs

from benchmarks.effort import Effort
from benchmarks.timing import Ratio, alternate
from workdiary import Actor, Contract, Diary, Role, Terms, hours
from workdiary.errors import WorkdiaryError
from workdiary.store.sql import SqlJournal

if TYPE_CHECKING:
    from benchmarks.desktop import Desktop

__all__ = ["MEASURES"]

_AFK_CPU: Final = 0.25
"""Percent of one core that the AFK watcher took where it was measured; with it 41 MiB, and a server beside it."""

_MIB: Final = 1024**2
_HEADLESS: Final = 64.0
_APP: Final = 96.0
_FIRST: Final = "the tracker at rest: % of a core / those of ActivityWatch's AFK watcher"
_NEEDED: Final = {"psutil": "psutil", "mss": "mss", "PIL": "Pillow", "Xlib": "python-xlib", "textual": "textual"}


def cost(effort: Effort) -> Iterator[Ratio]:
    """Yield what the tracker costs; print a sentence instead where it cannot be measured."""
    missing = [name for module, name in _NEEDED.items() if find_spec(module) is None]
    missing += ["Xvfb"] if shutil.which("Xvfb") is None else []
    if missing:
        print(f"{_FIRST}: not measured, for {', '.join(missing)} is not installed.")
        return
    from benchmarks.desktop import desktop

    with TemporaryDirectory(prefix="workdiary-bench-") as made:
        folder = Path(made)
        with desktop(folder) as screen:
            _open_diary(folder)
            yield from _running(folder, screen, effort.seconds)
            yield from _in_terminal(folder, max(effort.seconds / 10, 2.0))
            yield _start(folder, max(min(effort.imports // 8, 5), 1))
            yield _snapshot(folder, screen, min(effort.rounds, 41))


def _open_diary(folder: Path) -> None:
    from workdiary.capture.notice import NOTICE
    from workdiary.diary.changes import CaptureConsented

    terms = Terms(since="2016-01-04T00:00Z", rate="30.00", weekly_limit=hours(40))
    contract = Contract(id="c-1", freelancer="ana", client="acme", currency="USD", terms=[terms])
    with SqlJournal.open(folder / "diary.db") as journal:
        diary = Diary.open(journal, contract, "upwork", by=Actor(id="p", role=Role.PLATFORM), id="open")
        diary.record(CaptureConsented(notice=NOTICE), by=Actor(id="ana", role=Role.FREELANCER), id="yes")


def _command(folder: Path, *more: str) -> list[str]:
    places = ["--db", str(folder / "diary.db"), "--folder", str(folder / "tracker")]
    return [sys.executable, "-m", "workdiary.capture", *places, *more]


# A process, measured from outside.


@attrs.frozen(kw_only=True)
class _Used:
    """What a process took over some time: percent of a core, and MiB of memory, with its own and its peak."""

    cpu: float
    rss: float
    pss: float
    uss: float
    peak: float

    def __str__(self) -> str:
        return f"RSS {self.rss:.1f}, PSS {self.pss:.1f}, USS {self.uss:.1f}, peak {self.peak:.1f} MiB"


def _used(pid: int, seconds: float) -> _Used:
    process = _module("psutil").Process(pid)
    before, began = process.cpu_times(), time.monotonic()
    time.sleep(seconds)
    after, took = process.cpu_times(), time.monotonic() - began
    memory = process.memory_full_info()
    busy = after.user + after.system - before.user - before.system
    return _Used(
        cpu=100 * busy / took,
        rss=memory.rss / _MIB,
        pss=getattr(memory, "pss", memory.rss) / _MIB,
        uss=memory.uss / _MIB,
        peak=_peak(pid, memory.rss) / _MIB,
    )


def _module(name: str) -> Any:
    return importlib.import_module(name)


def _peak(pid: int, otherwise: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return otherwise


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of what is measured: nothing of it goes where a tracker of this user keeps things."""
    return {**os.environ, "XDG_DATA_HOME": str(folder / "data")}


@contextmanager
def _process(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment(folder),
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def _until_on(process: subprocess.Popen[str]) -> None:
    said: list[str] = []
    for line in process.stdout or ():
        said.append(line)
        if "  on, for " in line:
            return
    raise RuntimeError("the tracker did not begin: " + "".join(said))


def _running(folder: Path, screen: Desktop, seconds: float) -> Iterator[Ratio]:
    """Yield what the tracker takes without an interface: half of the time at rest, half at light work."""
    afk = _afk_command()
    with _process(_command(folder, "--headless", "--contract", "c-1"), folder) as tracker:
        _until_on(tracker)
        time.sleep(min(seconds / 10, 3.0))  # what is done once, at the start, is not rest
        watcher = None
        if afk is None:
            rest = _used(tracker.pid, seconds / 2)
        else:
            rest, watcher = _beside(tracker.pid, afk, folder, seconds / 2)
        with screen.work():
            work = _used(tracker.pid, seconds / 2)
    if watcher is None:
        note = f"{rest.cpu:.2f} %; the watcher is not installed, so {_AFK_CPU} % as once measured"
        yield Ratio(what=_FIRST, value=rest.cpu / _AFK_CPU, goal=1.0, note=note)
    else:
        note = f"{rest.cpu:.2f} % / {watcher.cpu:.2f} %, which has {watcher.rss:.1f} MiB"
        yield Ratio(what=_FIRST, value=rest.cpu / max(watcher.cpu, 0.01), goal=1.0, note=note)
    yield Ratio(what="the tracker at light work: % of a core", value=work.cpu, goal=None)
    resident = max(work.rss, rest.rss)
    yield Ratio(what="memory of the headless tracker / 64 MiB", value=resident / _HEADLESS, goal=1.0, note=str(work))
    # The encoder holds the picture four times over, for as long as it takes: more than the rest of the tracker.
    what = "its peak, while a picture is encoded / 64 MiB"
    yield Ratio(what=what, value=work.peak / _HEADLESS, goal=None)


def _afk_command() -> list[str] | None:
    program = shutil.which("aw-watcher-afk")
    if program is not None:
        return [program, "--testing"]
    return [sys.executable, "-m", "aw_watcher_afk", "--testing"] if find_spec("aw_watcher_afk") is not None else None


def _beside(tracker: int, command: Sequence[str], folder: Path, seconds: float) -> tuple[_Used, _Used]:
    """Measure the tracker and the AFK watcher, over the same time."""
    watched: list[_Used] = []
    with _process(command, folder) as watcher:
        time.sleep(min(seconds / 10, 3.0))
        thread = threading.Thread(target=lambda: watched.append(_used(watcher.pid, seconds)))
        thread.start()
        own = _used(tracker, seconds)
        thread.join()
    return own, watched[0]


def _in_terminal(folder: Path, seconds: float) -> Iterator[Ratio]:
    """Yield what the app in a terminal takes while it tracks."""
    terminal, end = pty.openpty()
    environment = {**_environment(folder), "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    app = subprocess.Popen(_command(folder), stdin=end, stdout=end, stderr=end, env=environment, start_new_session=True)
    os.close(end)
    drain = threading.Thread(target=_drain, args=(terminal,), daemon=True)
    drain.start()
    try:
        _switch_on(folder)
        time.sleep(min(seconds / 4, 3.0))
        used = _used(app.pid, seconds)
    finally:
        app.terminate()
        app.wait()
        drain.join(5)
        os.close(terminal)
    yield Ratio(what="memory of the app in a terminal / 96 MiB", value=used.rss / _APP, goal=1.0, note=str(used))
    yield Ratio(what="the app in a terminal: % of a core", value=used.cpu, goal=None)


def _drain(terminal: int) -> None:
    with suppress(OSError):
        while os.read(terminal, 65536):
            pass


def _switch_on(folder: Path) -> None:
    from workdiary.capture.control import ask

    end = time.monotonic() + 30
    while True:
        try:
            ask(folder / "tracker", {"do": "start", "contract": "c-1"})
        except WorkdiaryError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _start(folder: Path, rounds: int) -> Ratio:
    """Return how long it takes from the start of the process to the first second that is tracked."""
    taken: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        with _process(_command(folder, "--headless", "--contract", "c-1"), folder) as tracker:
            _until_on(tracker)
            taken.append(time.perf_counter() - began)
    note = f"{min(taken):.2f} to {max(taken):.2f} s in {rounds}"
    return Ratio(what="seconds from the start to the first tracked second", value=median(taken), goal=1.0, note=note)


def _snapshot(folder: Path, screen: Desktop, rounds: int) -> Ratio:
    """Return a snapshot (grab, redact, encode, thumbnail, fsync) in terms of bare grab plus encode."""
    from PIL import Image

    from workdiary import Instant, slot_at
    from workdiary.capture.events import SnapshotTaken, TakeSnapshot
    from workdiary.capture.machine.images import ImageSettings, Redaction, Snapshots
    from workdiary.capture.machine.screen import MonitorScreen
    from workdiary.store.thumbnails import PictureFiles

    at = Instant(1_763_452_800)
    order = TakeSnapshot(contract="c-1", slot=slot_at(at), at=at)
    hidden = ImageSettings(redactions=[Redaction(monitor=0, left=0, top=1040, width=1920, height=40)])
    camera = Snapshots(MonitorScreen(), PictureFiles(folder / "pictures"), hidden)

    def whole() -> None:
        screen.change()  # a picture that is there already would not be written
        if not isinstance(camera.take(order), SnapshotTaken):
            raise RuntimeError("; ".join(camera.reasons))

    def bare() -> None:
        screen.change()
        with _module("mss").MSS() as grabber:
            shot = grabber.grab(grabber.monitors[1])
        image = Image.frombytes("RGB", shot.size, shot.bgra, "raw", "BGRX")
        image.save(BytesIO(), format="WEBP", lossless=True, quality=0, method=1, exact=True)

    took = alternate({"whole": whole, "bare": bare}, rounds=rounds)
    note = f"{took['whole'] * 1000:.0f} ms / {took['bare'] * 1000:.0f} ms"
    what = "a snapshot of 1920×1080 / bare grab and encode"
    return Ratio(what=what, value=took.ratio("whole", "bare"), goal=2.0, note=note)


MEASURES = {"capture": cost}
"""The measurement by name."""
