"""`MonitorScreen`: one picture of each monitor, or of the one with the pointer, through mss.

It connects to the display for each snapshot and leaves it afterwards. One snapshot in ten minutes can afford
that, and a monitor that was plugged in, a resolution that was changed and an X server that was started again
are then nothing special. What goes wrong with one monitor is said of that monitor, and the others are kept.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from io import BytesIO
from typing import Any, Final, Protocol

import attrs

from workdiary.capture.machine.idle import close_display, open_display
from workdiary.capture.machine.ports import Area, Monitor, Picture
from workdiary.errors import NOTHING, InvalidValue, MissingExtra, WorkdiaryError

__all__ = ["MOST_PIXELS", "Grabber", "MonitorScreen", "Which", "pointer_position"]

MOST_PIXELS: Final = 7680 * 4320
"""The most pixels that a picture of one monitor may have: those of an 8K display."""

_BAND: Final = 64
"""How many lines of a picture are converted at a time."""

_INSTALL: Final = 'install the tracker: pip install "workdiary[capture]"'
_WAYLAND: Final = (
    "this is a Wayland session, in which no program may take a picture of the screen: log in to an X11 session"
)
_NO_DISPLAY: Final = "DISPLAY names no display: run it in a desktop session, or replay a trace"
_NO_MONITOR: Final = "no monitor is connected"


class Which(Enum):
    """Which monitors a snapshot shows: all of them, or only the one with the pointer."""

    ALL = "all"
    ACTIVE = "active"


class Grabber(Protocol):
    """What is needed of an ``mss.MSS``."""

    @property
    def monitors(self) -> list[dict[str, Any]]:
        """The whole desktop, then each monitor: ``left``, ``top``, ``width``, ``height``; an origin may be negative."""
        ...

    def grab(self, monitor: dict[str, Any], /) -> Any:
        """Return ``raw``, four bytes a pixel in the order BGRX, and ``size`` in pixels."""
        ...

    def close(self) -> None:
        """Leave the display."""
        ...


class MonitorScreen:
    """The monitors of this machine, as the port `Screen` wants them.

    `which` says whether all are shown. With `Which.ACTIVE` it is the one with the pointer, or the nearest to it;
    when nobody knows where the pointer is, the snapshot fails, for the other monitors are not to be seen.
    `open_grabber` and `pointer` are what is asked of the machine; leave them out.
    """

    def __init__(
        self,
        which: Which = Which.ALL,
        *,
        open_grabber: Callable[[], Grabber] | None = None,
        pointer: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        self.which = which
        self._open = open_grabber or _open_mss
        self._pointer = pointer or pointer_position

    def grab(self) -> tuple[Picture, ...]:
        """Return one `Picture` for each monitor that is to be shown; see `workdiary.capture.machine.ports.Screen`."""
        try:
            grabber = self._open()
        except Exception as error:  # the port raises nothing, and each system has its own errors
            return (Picture.failed(0, _sentence(error, "the display cannot be opened")),)
        try:
            return self._grab(grabber)
        except Exception as error:  # as above
            return (Picture.failed(0, _sentence(error, "the monitors cannot be listed")),)
        finally:
            with suppress(Exception):  # the server may be gone, and then there is nothing left to leave
                grabber.close()

    def monitors(self) -> tuple[Monitor, ...]:
        """Return each monitor that there is, shown or not, in their order.

        No more than a point of each is looked at. Raises `InvalidValue` when they cannot be.
        """
        try:
            grabber = self._open()
            try:
                return tuple(_monitor(grabber, monitor) for monitor in grabber.monitors[1:])
            finally:
                with suppress(Exception):  # as above
                    grabber.close()
        except Exception as error:  # each system has its own errors
            why = _sentence(error, "they cannot be listed")
            raise InvalidValue(
                "monitors", NOTHING, f"cannot be looked at ({why})", "see what python -m workdiary.capture doctor says"
            ) from None

    def _grab(self, grabber: Grabber) -> tuple[Picture, ...]:
        monitors = grabber.monitors[1:]  # the first is the whole desktop
        if not monitors:
            return (Picture.failed(0, _NO_MONITOR),)
        chosen = range(len(monitors))
        if self.which is Which.ACTIVE and len(monitors) > 1:
            try:
                nearest = _nearest(monitors, self._pointer())
            except Exception as error:  # as above
                return (Picture.failed(0, _sentence(error, "it is not known which monitor the pointer is on")),)
            chosen = range(nearest, nearest + 1)
        among = tuple(map(_area, monitors))
        return tuple(attrs.evolve(_one(grabber, number, monitors[number]), among=among) for number in chosen)


def pointer_position() -> tuple[int, int]:
    """Return where the pointer is, in the coordinates of the whole desktop.

    Raises `MissingExtra` without the package that can tell, and a `WorkdiaryError` or an error of the system's when
    nobody can.
    """
    if sys.platform in ("win32", "darwin"):
        controller: Any = _module("pynput.mouse", "pynput").Controller()
        left, top = controller.position
        return int(left), int(top)
    display = open_display()
    try:
        found = display.screen().root.query_pointer()
        return int(found.root_x), int(found.root_y)
    finally:
        close_display(display)


def _one(grabber: Grabber, number: int, monitor: dict[str, Any]) -> Picture:
    pixels = int(monitor["width"]) * int(monitor["height"])
    if pixels > MOST_PIXELS:
        return Picture.failed(number, _too_large(int(monitor["width"]), int(monitor["height"])))
    try:
        shot = grabber.grab(monitor)
        width, height = int(shot.size[0]), int(shot.size[1])
        if width * height > MOST_PIXELS:  # a monitor's own pixels can be more than the desktop's points
            return Picture.failed(number, _too_large(width, height))
        return Picture(monitor=number, width=width, height=height, rgb=_rgb(shot.raw, width, height))
    except Exception as error:  # one monitor does not lose the others, whatever is wrong with it
        return Picture.failed(number, _sentence(error, f"monitor {number} cannot be captured"))


def _area(monitor: dict[str, Any]) -> Area:
    return int(monitor["left"]), int(monitor["top"]), int(monitor["width"]), int(monitor["height"])


def _monitor(grabber: Grabber, monitor: dict[str, Any]) -> Monitor:
    area = _area(monitor)
    # A point of the desktop can have several pixels.
    point = grabber.grab({**monitor, "width": 1, "height": 1}).size
    return Monitor(area=area, size=(area[2] * int(point[0]), area[3] * int(point[1])))


def _rgb(raw: bytes | bytearray, width: int, height: int) -> bytes:
    """Return the pixels of a grab as RGB, band by band: at once, that would need three times the room."""
    image: Any = _module("PIL.Image", "Pillow")
    made = BytesIO()
    line = width * 4
    with memoryview(raw) as pixels:
        for top in range(0, height, _BAND):
            rows = min(_BAND, height - top)
            band = pixels[top * line : (top + rows) * line]
            made.write(image.frombuffer("RGB", (width, rows), band, "raw", "BGRX", 0, 1).tobytes())
            band.release()
    return made.getvalue()


def _too_large(width: int, height: int) -> str:
    return f"it has {width} x {height} pixels, more than the {MOST_PIXELS} of an 8K display"


def _nearest(monitors: list[dict[str, Any]], at: tuple[int, int]) -> int:
    """Return the number of the monitor that contains the point `at`, or is the nearest to it."""

    def distance(number: int) -> int:
        monitor: Mapping[str, int] = monitors[number]
        aside = _outside(at[0], monitor["left"], monitor["width"])
        above = _outside(at[1], monitor["top"], monitor["height"])
        return aside * aside + above * above

    return min(range(len(monitors)), key=distance)


def _outside(at: int, start: int, length: int) -> int:
    return max(start - at, at - (start + length - 1), 0)


def _open_mss() -> Grabber:
    if sys.platform not in ("win32", "darwin"):
        if os.environ.get("XDG_SESSION_TYPE") == "wayland" or os.environ.get("WAYLAND_DISPLAY"):
            # What XWayland shows is black, or lacks every window that is not its own: no evidence of anything.
            raise _Plain(_WAYLAND)
        if not os.environ.get("DISPLAY"):
            raise _Plain(_NO_DISPLAY)
    grabber: Grabber = _module("mss", "mss").MSS()
    return grabber


class _Plain(Exception):
    """A reason that is a sentence already."""


def _sentence(error: Exception, what: str) -> str:
    """Return why, as one line for people."""
    if isinstance(error, _Plain | WorkdiaryError):
        return str(error)
    said = " ".join(str(error).split())
    return f"{what}: {type(error).__name__}{f', {said}' if said else ''}"


def _module(name: str, package: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise MissingExtra(name, package, "is not installed", _INSTALL) from None
