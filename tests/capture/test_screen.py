"""Pictures of the monitors: of real ones under Xvfb, and of made-up ones for what no server does on request."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.capture.xserver import XServer, xdotool
from tests.require import skip_or_fail
from workdiary.capture.events import SnapshotFailed, SnapshotTaken, TakeSnapshot
from workdiary.capture.machine.idle import close_display, open_display
from workdiary.capture.machine.images import BLANK, PARTIAL, UNCHANGED, ImageSettings, Redaction, Snapshots
from workdiary.capture.machine.ports import Picture, Screen
from workdiary.capture.machine.screen import MOST_PIXELS, MonitorScreen, Which, pointer_position
from workdiary.errors import InvalidValue, MissingExtra
from workdiary.model.slots import Slot
from workdiary.model.times import Instant
from workdiary.store.thumbnails import PictureFiles

ORDER = TakeSnapshot(contract="c-1", slot=Slot(2_991_666), at=Instant(2_991_666 * 600 + 7))
RED, BLUE, BLACK = b"\xff\0\0", b"\0\0\xff", b"\0\0\0"


@pytest.fixture(autouse=True)
def no_wayland(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests are about the display that they name, whatever session they run in."""
    for name in ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def files(tmp_path: Path) -> PictureFiles:
    return PictureFiles(tmp_path / "snapshots")


@pytest.fixture
def mortal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[XServer]:
    """A running server that may be killed: no other server takes over a display with so high a number."""
    server = XServer(tmp_path)
    server.display = f":{1000 + os.getpid() % 40_000}"
    server.start()
    monkeypatch.setenv("DISPLAY", server.display)
    monkeypatch.setenv("XAUTHORITY", str(server.authority))
    yield server
    server.stop()


def run(*command: str) -> None:
    """Run a small program of X's on the test's display."""
    if shutil.which(command[0]) is None:
        skip_or_fail(f"{command[0]} is not installed")
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def paint(pixel: int, left: int, top: int, width: int, height: int) -> None:
    """Fill a rectangle of the desktop with the colour 0xRRGGBB."""
    display = open_display()
    try:
        root = display.screen().root
        gc = root.create_gc(foreground=pixel)
        root.fill_rectangle(gc, left, top, width, height)
        gc.free()
        display.sync()
    finally:
        close_display(display)


def two_monitors() -> None:
    """Split the desktop of 1280×800 pixels: 640×800 on the left, and 640×600 on the right."""
    run("xrandr", "--setmonitor", "left", "640/160x800/200+0+0", "screen")
    run("xrandr", "--setmonitor", "right", "640/160x600/150+640+0", "none")


def rgb_of(picture: Picture) -> bytes:
    assert picture.rgb is not None, picture.why
    return picture.rgb


def colours(picture: Picture) -> set[bytes]:
    rgb = rgb_of(picture)
    return {rgb[at : at + 3] for at in range(0, len(rgb), 3)}


def taken(snapshots: Snapshots) -> SnapshotTaken:
    got = snapshots.take(ORDER)
    assert isinstance(got, SnapshotTaken), got
    return got


# A real display.


def test_a_monitor_is_one_picture_with_its_pixels_in_their_places(xserver: XServer) -> None:
    run("xsetroot", "-solid", "black")
    paint(0xFF0000, 3, 1, 2, 1)
    paint(0x0000FF, 1279, 799, 1, 1)
    (picture,) = MonitorScreen().grab()
    rgb = rgb_of(picture)
    assert (picture.monitor, picture.width, picture.height, len(rgb)) == (0, 1280, 800, 1280 * 800 * 3)
    first = (1280 + 3) * 3
    assert rgb[first - 3 : first + 9] == BLACK + RED + RED + BLACK
    assert (rgb[-3:], rgb.count(b"\xff")) == (BLUE, 3)


def test_two_monitors_are_two_pictures(xserver: XServer) -> None:
    two_monitors()
    run("xsetroot", "-solid", "#0000ff")
    paint(0xFF0000, 0, 0, 640, 800)
    left, right = MonitorScreen().grab()
    assert [(p.monitor, p.width, p.height) for p in (left, right)] == [(0, 640, 800), (1, 640, 600)]
    assert (colours(left), colours(right)) == ({RED}, {BLUE})


def test_the_active_monitor_is_the_one_with_the_pointer(xserver: XServer) -> None:
    two_monitors()
    screen = MonitorScreen(Which.ACTIVE)
    for left, top, monitor in [(5, 5, 0), (639, 799, 0), (640, 0, 1), (1279, 599, 1), (1000, 700, 1), (650, 799, 0)]:
        xdotool("mousemove", str(left), str(top))
        assert pointer_position() == (left, top)
        (picture,) = screen.grab()
        assert picture.monitor == monitor, (left, top)


def test_f62_a_monitor_that_is_plugged_in_and_out_is_seen_at_once(xserver: XServer) -> None:
    screen = MonitorScreen()
    assert len(screen.grab()) == 1
    two_monitors()
    assert len(screen.grab()) == 2
    run("xrandr", "--delmonitor", "right")
    assert [(p.width, p.why) for p in screen.grab()] == [(640, None)]


def test_t7_f61_a_black_screen_is_blank_and_a_frozen_one_unchanged(xserver: XServer, files: PictureFiles) -> None:
    snapshots = Snapshots(MonitorScreen(), files)
    run("xsetroot", "-solid", "black")
    assert taken(snapshots).flags == (BLANK,)
    assert taken(snapshots).flags == (BLANK, UNCHANGED)
    paint(0xFF0000, 10, 10, 10, 10)
    assert taken(snapshots).flags == ()
    assert taken(snapshots).flags == (UNCHANGED,)
    paint(0x0000FF, 10, 10, 1, 1)
    assert taken(snapshots).flags == ()


def test_t7_one_black_monitor_of_two_is_partial(xserver: XServer, files: PictureFiles) -> None:
    two_monitors()
    run("xsetroot", "-solid", "black")
    paint(0xFF0000, 10, 10, 10, 10)
    got = taken(Snapshots(MonitorScreen(), files))
    assert (len(got.digests), got.flags) == (2, (PARTIAL,))


def test_t9_a_canary_on_the_screen_is_in_no_file(xserver: XServer, files: PictureFiles) -> None:
    run("xsetroot", "-solid", "#101010")
    paint(0x0000FF, 0, 0, 100, 100)
    hidden = Redaction(monitor=0, left=200, top=100, width=400, height=300, of=(1280, 800))
    snapshots = Snapshots(MonitorScreen(), files, ImageSettings(redactions=[hidden]))
    written = []
    for canary in (0xC0FFEE, 0x123456):
        paint(canary, 200, 100, 400, 300)
        assert bytes.fromhex(f"{canary:06x}") in colours(MonitorScreen().grab()[0])
        taken(snapshots)
        written.append({p.name: p.read_bytes() for p in files.folder.rglob("*") if p.is_file()})
    assert len(written[0]) == 2
    assert written[0] == written[1]


def test_f58_f59_a_server_that_dies_is_a_failure_and_a_new_one_is_seen(mortal: XServer, files: PictureFiles) -> None:
    snapshots = Snapshots(MonitorScreen(), files)
    assert isinstance(snapshots.take(ORDER), SnapshotTaken)
    mortal.kill()
    for which in Which:
        (picture,) = MonitorScreen(which).grab()
        assert picture.rgb is None
        assert picture.why is not None
        assert picture.why.startswith("the display cannot be opened")
    failed = snapshots.take(ORDER)
    assert isinstance(failed, SnapshotFailed)
    assert failed.contract == ORDER.contract
    mortal.start()
    assert isinstance(snapshots.take(ORDER), SnapshotTaken)


@pytest.mark.parametrize("when", ["after the first monitor", "before the first monitor", "before the list"])
def test_f58_a_server_that_dies_in_the_middle_is_a_failure(mortal: XServer, when: str) -> None:
    import mss

    two_monitors()

    def opened() -> Any:
        real = mss.MSS()
        if when == "before the list":
            mortal.kill()
            return real
        monitors = real.monitors
        done: list[object] = []

        def grab(monitor: dict[str, Any]) -> Any:
            if len(done) == (1 if when.startswith("after") else 0):
                mortal.kill()
            done.append(monitor)
            return real.grab(monitor)

        return SimpleNamespace(monitors=monitors, grab=grab, close=real.close)

    pictures = MonitorScreen(open_grabber=opened).grab()
    assert [p.rgb is not None for p in pictures] == {
        "after the first monitor": [True, False],
        "before the first monitor": [False, False],
        "before the list": [False],
    }[when]
    assert all(p.why for p in pictures if p.rgb is None)


def test_no_connection_is_left_open(xserver: XServer) -> None:
    def open_files() -> int:
        return len([*Path("/proc/self/fd").iterdir()])

    if not Path("/proc/self/fd").is_dir():
        skip_or_fail("there is no /proc")
    screen = MonitorScreen(Which.ACTIVE)
    screen.grab()
    before = open_files()
    for _ in range(5):
        assert screen.grab()[0].why is None
    assert open_files() == before


# No display.


def test_f60_no_display_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    (picture,) = MonitorScreen().grab()
    assert picture.why == "DISPLAY names no display: run it in a desktop session, or replay a trace"
    assert refused_pointer() == "DISPLAY"


def refused_pointer() -> str:
    with pytest.raises(InvalidValue) as caught:
        pointer_position()
    return caught.value.argument


@pytest.mark.parametrize(("name", "value"), [("WAYLAND_DISPLAY", "wayland-0"), ("XDG_SESSION_TYPE", "wayland")])
def test_f60_b81_wayland_is_said_plainly_even_where_xwayland_answers(
    xserver: XServer, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    (picture,) = MonitorScreen().grab()
    assert picture.rgb is None
    assert picture.why is not None
    assert "Wayland" in picture.why


def test_a_display_that_nobody_serves_is_said_plainly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISPLAY", f"{tmp_path}/nobody:0")
    (picture,) = MonitorScreen().grab()
    assert picture.why is not None
    assert picture.why.startswith("the display cannot be opened: ")
    assert "\n" not in picture.why


@pytest.mark.parametrize("gone", ["mss", "PIL.Image"])
def test_a_missing_package_is_named(xserver: XServer, monkeypatch: pytest.MonkeyPatch, gone: str) -> None:
    import importlib

    real = importlib.import_module

    def load(name: str) -> Any:
        if name == gone:
            raise ModuleNotFoundError(name)
        return real(name)

    monkeypatch.setattr("workdiary.capture.machine.screen.importlib.import_module", load)
    (picture,) = MonitorScreen().grab()
    assert picture.why is not None
    assert 'pip install "workdiary[capture]"' in picture.why
    if gone == "PIL.Image":
        with pytest.raises(MissingExtra, match="Pillow"):
            Snapshots(MonitorScreen(), PictureFiles(Path(xserver.folder) / "s"))


# Made-up monitors.


class Desktop:
    """An ``mss.MSS`` with the monitors that it is told to have; one in `broken` fails."""

    def __init__(self, *monitors: tuple[int, int, int, int], broken: tuple[int, ...] = (), scale: int = 1) -> None:
        keys = ("left", "top", "width", "height")
        self.monitors = [dict.fromkeys(keys, 0), *(dict(zip(keys, each, strict=True)) for each in monitors)]
        self.asked: list[dict[str, Any]] = []
        self.closed = 0
        self._broken = broken
        self._scale = scale

    def grab(self, monitor: dict[str, Any]) -> Any:
        if monitor not in self.monitors:
            assert (monitor["width"], monitor["height"]) == (1, 1), "a point, and no more"
            return SimpleNamespace(size=(self._scale, self._scale))
        self.asked.append(monitor)
        number = self.monitors.index(monitor) - 1
        if number in self._broken:
            raise OSError(f"no picture\nof {number}")
        width, height = monitor["width"] * self._scale, monitor["height"] * self._scale
        # Blue, green, red and a byte that means nothing.
        return SimpleNamespace(raw=bytearray([3, 2, number, 99]) * (width * height), size=(width, height))

    def close(self) -> None:
        self.closed += 1


def grabbed(desktop: Desktop, which: Which = Which.ALL, pointer: Any = None) -> tuple[Picture, ...]:
    return MonitorScreen(which, open_grabber=lambda: desktop, pointer=pointer).grab()


def test_it_is_a_screen() -> None:
    assert isinstance(MonitorScreen(), Screen)


def test_f62_no_monitor_is_said_plainly() -> None:
    desktop = Desktop()
    (picture,) = grabbed(desktop)
    assert (picture.monitor, picture.why) == (0, "no monitor is connected")
    assert desktop.closed == 1


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_a24_one_failing_monitor_does_not_lose_the_others(broken: int) -> None:
    desktop = Desktop((0, 0, 4, 3), (4, 0, 4, 3), (8, 0, 4, 3), broken=(broken,))
    pictures = grabbed(desktop)
    assert [p.monitor for p in pictures] == [0, 1, 2]
    assert [p.rgb is None for p in pictures] == [n == broken for n in range(3)]
    assert pictures[broken].why == f"monitor {broken} cannot be captured: OSError, no picture of {broken}"
    assert {p.rgb[:3] for p in pictures if p.rgb} == {bytes([n, 2, 3]) for n in range(3) if n != broken}
    assert desktop.closed == 1


@pytest.mark.parametrize(
    ("at", "monitor"),
    [
        ((-1, 0), 0),
        ((-1920, -200), 0),
        ((0, 0), 1),
        ((-3, 879), 0),
        ((-3, 890), 1),
        ((1919, 1079), 1),
        ((500, 1080), 2),
        ((5000, 0), 1),
    ],
)
def test_f62_a_negative_origin_is_an_origin(at: tuple[int, int], monitor: int) -> None:
    desktop = Desktop((-1920, -200, 1920, 1080), (0, 0, 1920, 1080), (0, 1080, 1920, 1080))
    (picture,) = grabbed(desktop, Which.ACTIVE, lambda: at)
    assert (picture.monitor, picture.why) == (monitor, None)
    assert desktop.asked == [desktop.monitors[monitor + 1]]


def test_f62_a_monitor_larger_than_8k_is_not_even_asked_for() -> None:
    assert MOST_PIXELS == 33_177_600
    desktop = Desktop((0, 0, 8192, 4320), (0, 0, 4, 3), (0, 0, 33_177_601, 1))
    first, second, third = grabbed(desktop)
    assert second.why is None
    assert first.why == "it has 8192 x 4320 pixels, more than the 33177600 of an 8K display"
    assert third.why is not None
    assert desktop.asked == [desktop.monitors[2]]


def test_f62_the_largest_monitor_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workdiary.capture.machine.screen.MOST_PIXELS", 12)
    (most,) = grabbed(Desktop((0, 0, 4, 3)))
    assert (most.width, most.height, most.why) == (4, 3, None)


def test_a_monitor_with_more_pixels_than_points_is_taken_in_pixels() -> None:
    (picture,) = grabbed(Desktop((0, 0, 4, 3), scale=2))
    assert (picture.width, picture.height) == (8, 6)
    (picture,) = grabbed(Desktop((0, 0, 7680, 2), scale=60))
    assert picture.why is not None
    assert "more than" in picture.why


def test_the_size_of_a_monitor_is_that_of_its_picture_and_nothing_is_pictured() -> None:
    desktop = Desktop((-5, 0, 5, 3), (0, 0, 4, 3), scale=2)
    found = MonitorScreen(Which.ACTIVE, open_grabber=lambda: desktop).monitors()
    assert [(one.area, one.size) for one in found] == [((-5, 0, 5, 3), (10, 6)), ((0, 0, 4, 3), (8, 6))]
    assert (desktop.asked, desktop.closed) == ([], 1)


@pytest.mark.parametrize("error", [OSError("x"), InvalidValue("DISPLAY", ":9", "is gone", "start it"), MemoryError()])
def test_monitors_that_cannot_be_looked_at_are_an_error(error: Exception) -> None:
    with pytest.raises(InvalidValue, match="monitors: cannot be looked at"):
        MonitorScreen(open_grabber=_raise(error)).monitors()


def test_when_nobody_knows_where_the_pointer_is_no_monitor_is_shown() -> None:
    def unknown() -> tuple[int, int]:
        raise OSError("no pointer")

    desktop = Desktop((0, 0, 4, 3), (4, 0, 4, 3))
    (picture,) = grabbed(desktop, Which.ACTIVE, unknown)
    assert picture.why == "it is not known which monitor the pointer is on: OSError, no pointer"
    assert (desktop.asked, desktop.closed) == ([], 1)
    assert grabbed(Desktop((0, 0, 4, 3)), Which.ACTIVE, unknown)[0].why is None  # there is but one


def _raise(error: Exception) -> Callable[[], Any]:
    def opened() -> Any:
        raise error

    return opened


@pytest.mark.parametrize("error", [OSError("x"), ValueError(), MemoryError(), KeyError("left")])
def test_f60_whatever_the_system_raises_is_a_failure(error: Exception) -> None:
    (picture,) = MonitorScreen(open_grabber=_raise(error)).grab()
    assert picture.why is not None
    assert type(error).__name__ in picture.why


def test_a_grabber_that_cannot_be_closed_has_taken_its_pictures() -> None:
    desktop = Desktop((0, 0, 4, 3))
    desktop.close = _raise(OSError("gone"))  # type: ignore[method-assign]  # a server that dies as it is left
    assert grabbed(desktop)[0].why is None
