"""What is hidden stays hidden when monitors come, go and change: real ones under Xvfb, and made-up ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capture.test_images import Shown, noise
from tests.capture.test_screen import ORDER, Desktop, colours, files, no_wayland, paint, run, taken, two_monitors
from tests.capture.xserver import XServer, xdotool
from tests.support import refusal
from workdiary.capture import session
from workdiary.capture.events import SnapshotFailed, SnapshotTaken
from workdiary.capture.machine.images import BLANK, PARTIAL, ImageSettings, Redaction, Snapshots
from workdiary.capture.machine.ports import Monitor, Picture
from workdiary.capture.machine.screen import MonitorScreen, Which
from workdiary.capture.session import Options
from workdiary.errors import InvalidValue
from workdiary.store.thumbnails import PictureFiles

__all__ = ["files", "no_wayland"]

SECRET = 0xC0FFEE


def hiding(monitor: int, which: Which = Which.ALL) -> tuple[MonitorScreen, ImageSettings]:
    """The real monitors, and settings that hide a part of one of them, as the tracker puts them together."""
    screen = MonitorScreen(which)
    hidden = Redaction(monitor=monitor, left=0, top=0, width=640, height=600)
    return screen, ImageSettings(which=which, redactions=[hidden]).drawn_for(screen.monitors())


def test_t9_a_redaction_is_for_a_monitor_of_the_size_that_is_there(xserver: XServer) -> None:
    two_monitors()
    _, settings = hiding(1)
    assert [one.of for one in settings.redactions] == [(640, 600)]
    assert settings.monitors == ((0, 0, 640, 800), (640, 0, 640, 600))


@pytest.mark.parametrize("which", Which)
def test_t9_a_hidden_monitor_that_becomes_the_first_is_not_shown(
    xserver: XServer, files: PictureFiles, which: Which
) -> None:
    two_monitors()
    run("xsetroot", "-solid", "#0000ff")
    paint(SECRET, 640, 0, 640, 600)
    paint(0xFF0000, 10, 10, 10, 10)
    xdotool("mousemove", "700", "20")
    screen, settings = hiding(1, which)
    snapshots = Snapshots(screen, files, settings)
    assert (taken(snapshots).flags == (BLANK,)) is (which is Which.ACTIVE)
    before = {path: path.read_bytes() for path in files.folder.rglob("*") if path.is_file()}
    # What X makes of its own has the number of the hidden one now, and the hidden one is the first.
    run("xrandr", "--delmonitor", "left")
    first, other = MonitorScreen().grab()
    assert (colours(first), other.monitor) == ({bytes.fromhex(f"{SECRET:06x}")}, 1)
    got = snapshots.take(ORDER)
    assert isinstance(got, SnapshotFailed)
    assert "others, or elsewhere" in got.why
    # And now it is the only one.
    run("xrandr", "--delmonitor", "right")
    run("xrandr", "--setmonitor", "right", "640/160x600/150+640+0", "screen")
    (only,) = MonitorScreen().grab()
    assert (only.monitor, colours(only)) == (0, colours(first))
    got = snapshots.take(ORDER)
    assert isinstance(got, SnapshotFailed)
    assert "monitor 1, of which a part is to be hidden, is not there" in got.why
    assert snapshots.reasons == (got.why,)
    assert {path: path.read_bytes() for path in files.folder.rglob("*") if path.is_file()} == before
    run("xrandr", "--delmonitor", "right")
    two_monitors()
    xdotool("mousemove", "5", "5")
    taken(snapshots)


def test_t9_a_monitor_of_another_size_or_place_and_a_new_one_are_others(xserver: XServer, files: PictureFiles) -> None:
    two_monitors()
    paint(0xFF0000, 10, 10, 10, 10)
    screen, settings = hiding(0)
    snapshots = Snapshots(screen, files, settings)
    taken(snapshots)
    for area in ("640/160x500/150+640+0", "640/160x600/150+640+100"):
        run("xrandr", "--delmonitor", "right")
        run("xrandr", "--setmonitor", "right", area, "none")
        got = snapshots.take(ORDER)
        assert isinstance(got, SnapshotFailed)
        assert "others, or elsewhere" in got.why
    run("xrandr", "--delmonitor", "right")
    run("xrandr", "--setmonitor", "right", "640/160x600/150+640+0", "none")
    taken(snapshots)
    run("xrandr", "--setmonitor", "third", "64/16x60/15+0+700", "none")
    assert isinstance(snapshots.take(ORDER), SnapshotFailed)


def test_t9_of_the_monitor_with_the_pointer_nothing_else_has_to_be_shown(xserver: XServer, files: PictureFiles) -> None:
    two_monitors()
    paint(0xFF0000, 10, 10, 10, 10)
    xdotool("mousemove", "5", "5")
    screen, settings = hiding(1, Which.ACTIVE)
    got = taken(Snapshots(screen, files, settings))
    assert (len(got.digests), got.flags) == (1, ())


def test_t9_the_tracker_hides_a_part_of_a_monitor_that_is_there_or_says_which_are(
    xserver: XServer, files: PictureFiles, tmp_path: Path
) -> None:
    two_monitors()

    def options(monitor: int) -> Options:
        hidden = Redaction(monitor=monitor, left=0, top=40, width=99, height=9)
        return Options(folder=tmp_path, images=ImageSettings(redactions=[hidden], longest=640))

    camera = session._camera(files, options(1), lambda _: None)
    assert isinstance(camera, Snapshots)
    assert [one.of for one in camera.settings.redactions] == [(640, 600)]
    assert camera.settings.longest == 640
    with pytest.raises(InvalidValue) as caught:
        session._camera(files, options(2), lambda _: None)
    assert (caught.value.argument, caught.value.value) == ("--hide", "2:0,40,99,9")
    assert "0 (640 x 800), 1 (640 x 600)" in str(caught.value)


# Made-up monitors.


FIRST, SECOND, THIRD = (0, 0, 8, 6), (8, 0, 8, 6), (16, 0, 8, 6)


@pytest.mark.parametrize(
    ("now", "why"),
    [
        # the first of three alike is unplugged, and the others move up: the third is where the second was
        ((FIRST, SECOND), "others"),
        ((FIRST,), "not there"),
        # one is plugged in before them, or after them
        ((FIRST, SECOND, THIRD, (24, 0, 8, 6)), "others"),
        # another one is the first
        ((SECOND, FIRST, THIRD), "others"),
        ((FIRST, SECOND, THIRD), None),
    ],
)
@pytest.mark.parametrize("which", Which)
def test_t9_monitors_alike_that_change_their_numbers_are_not_shown(
    files: PictureFiles, now: tuple[tuple[int, int, int, int], ...], why: str | None, which: Which
) -> None:
    before = MonitorScreen(open_grabber=lambda: Desktop(FIRST, SECOND, THIRD)).monitors()
    hidden = Redaction(monitor=1, left=0, top=0, width=5, height=5)
    settings = ImageSettings(which=which, redactions=[hidden]).drawn_for(before)
    screen = MonitorScreen(which, open_grabber=lambda: Desktop(*now), pointer=lambda: (9, 1))
    got = Snapshots(screen, files, settings).take(ORDER)
    if why is None:
        assert isinstance(got, SnapshotTaken)
    else:
        assert isinstance(got, SnapshotFailed)
        assert why in got.why
        assert not files.folder.exists() or [path for path in files.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("shown", [(noise(1),), (noise(1), noise(2, monitor=2))])
def test_t9_without_the_monitor_that_has_a_redaction_there_is_no_picture(
    files: PictureFiles, shown: tuple[Picture, ...]
) -> None:
    hidden = Redaction(monitor=1, left=0, top=0, width=9, height=9)
    snapshots = Snapshots(Shown(shown), files, ImageSettings(redactions=[hidden]))
    got = snapshots.take(ORDER)
    assert isinstance(got, SnapshotFailed)
    assert got.why.startswith("monitor 1, of which a part is to be hidden, is not there")
    assert [*files.digests()] == []


def test_t9_a_monitor_that_is_there_and_fails_costs_its_own_picture_only(files: PictureFiles) -> None:
    hidden = Redaction(monitor=1, left=0, top=0, width=9, height=9)
    shown = (noise(1), Picture.failed(1, "it does not answer")), (Picture.failed(0, "the display is gone"),)
    snapshots = Snapshots(Shown(*shown), files, ImageSettings(redactions=[hidden]))
    assert taken(snapshots).flags == (PARTIAL,)
    failed = snapshots.take(ORDER)
    assert isinstance(failed, SnapshotFailed)
    assert failed.why == "the display is gone"


def test_a_redaction_keeps_the_size_that_it_has() -> None:
    there = Monitor(area=(0, 0, 64, 40), size=(128, 80))
    drawn = [Redaction(monitor=0, left=0, top=0, width=9, height=9, of=of) for of in (None, (800, 600))]
    settings = ImageSettings(redactions=drawn).drawn_for([there])
    assert [one.of for one in settings.redactions] == [(128, 80), (800, 600)]


def test_a_redaction_of_a_monitor_that_is_not_there_says_which_are() -> None:
    settings = ImageSettings(redactions=[Redaction(monitor=0, left=1, top=2, width=3, height=4)])
    assert refusal(InvalidValue, settings.drawn_for, [])[:2] == ("--hide", "0:1,2,3,4")
