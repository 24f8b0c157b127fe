"""What the system itself knows: how long ago the last input was, whether the screen is locked, and that it answers.

Each `System` is asked every few seconds from the watchdog's thread (`inputs`), never from the tracker's, because a
display server that hangs would hang whoever asks it. What nobody knows is `None`: X knows only of lockers that are
screen savers, so on Linux the session's locked hint of systemd-logind is read too, where there is one.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final, Protocol

import attrs

from workdiary.errors import InvalidValue, MissingExtra

__all__ = ["LockHint", "MacSystem", "Seen", "System", "WindowsSystem", "XSystem", "own_system", "ticks_between"]

_TICKS: Final = 1 << 32

_PATIENCE: Final = 5.0
"""Seconds to wait for somebody to answer a local socket."""


@attrs.frozen(kw_only=True)
class Seen:
    """One answer of the system: milliseconds since any input, and whether the screen is locked; `None` is unknown.

    Of the lock, `None` says that there is no answer this time, and the one before still holds.
    """

    idle: int | None = None
    locked: bool | None = None


class System(Protocol):
    """The system's own view of its user."""

    def look(self, *, anew: bool = False) -> Seen:
        """Ask the system now. Raises any exception when it does not answer, and may wait for as long as it hangs.

        What is dear to ask for is not asked for each time, but is when `anew` is wished.
        """
        ...

    def close(self) -> None:
        """Let the connection go, if there is one; a second call does nothing."""
        ...


def own_system() -> System:
    """Return the system that this program runs on.

    Raises `MissingExtra` when a package is not installed, and `InvalidValue` when there is no display.
    """
    if sys.platform == "win32":  # pragma: no cover: another platform
        return WindowsSystem()
    if sys.platform == "darwin":  # pragma: no cover: another platform
        return MacSystem()
    return XSystem(hint=LockHint.of_session())


class LockHint:
    """The locked hint of a systemd-logind session, which desktops set when they lock the screen.

    It is read by ``loginctl``, at every `third` look only, for that starts a program: some 5 ms of the processor.
    `has_answered` says whether it ever did, so that it is known from then on that there is somebody to ask.
    """

    def __init__(self, read: Callable[[], str], third: int = 3):
        self._read = read
        self._third = third
        self._looks = 0
        self.has_answered = False

    @classmethod
    def of_session(cls) -> LockHint | None:
        """Return the hint of the session that this program belongs to, or `None` where there is no logind."""
        session, program = os.environ.get("XDG_SESSION_ID"), shutil.which("loginctl")
        if not session or program is None:
            return None
        command = [program, "show-session", session, "--property=LockedHint", "--value"]

        def read() -> str:
            done = subprocess.run(command, capture_output=True, text=True, timeout=2, check=True)  # noqa: S603 - a fixed command
            return done.stdout

        return cls(read)

    def locked(self, *, anew: bool = False) -> bool | None:
        """Return whether the session says that it is locked, `None` when it does not answer or was not asked.

        It is asked at this look, and not only at every third, when an answer is wished `anew`.
        """
        if anew:
            self._looks = 0
        is_asked = self._looks % self._third == 0
        self._looks += 1
        if not is_asked:
            return None
        try:
            locked = {"yes": True, "no": False}.get(self._read().strip())
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        self.has_answered = self.has_answered or locked is not None
        return locked


class XSystem:
    """An X server, on a connection of its own: whether it answers, and its screen saver's idle time."""

    def __init__(self, hint: LockHint | None = None):
        self._hint = hint
        self._display = open_display()
        self._saver = bool(self._display.has_extension("MIT-SCREEN-SAVER"))
        self._is_saved = False

    def look(self, *, anew: bool = False) -> Seen:
        """Ask the server, one round trip, and sometimes the session."""
        if not self._saver:
            self._display.sync()
            return Seen(locked=self._hinted(anew=anew))
        saver = self._display.screen().root.screensaver_query_info()
        # A screen that is merely blanked is not locked; an external screen saver that is on is a locker.
        was_saved, self._is_saved = self._is_saved, saver.state == _SAVER_ON and saver.kind == _SAVER_EXTERNAL
        hinted = self._hinted(anew=anew or was_saved is not self._is_saved)
        if self._is_saved:
            return Seen(idle=int(saver.idle), locked=True)
        if hinted is None and not (self._hint is not None and self._hint.has_answered):
            hinted = False  # nobody but the screen saver knows
        return Seen(idle=int(saver.idle), locked=hinted)

    def _hinted(self, *, anew: bool) -> bool | None:
        return None if self._hint is None else self._hint.locked(anew=anew)

    def close(self) -> None:
        """Close the connection."""
        close_display(self._display)


_SAVER_ON: Final = 1
_SAVER_EXTERNAL: Final = 2


class MacSystem:  # pragma: no cover: another platform
    """macOS: Quartz, which pynput needs there too."""

    def __init__(self) -> None:
        self._quartz: Any = _module("Quartz", "pyobjc-framework-Quartz")

    def look(self, *, anew: bool = False) -> Seen:  # noqa: ARG002 - nothing is remembered here
        """Ask the window server."""
        quartz = self._quartz
        seconds = quartz.CGEventSourceSecondsSinceLastEventType(
            quartz.kCGEventSourceStateHIDSystemState, quartz.kCGAnyInputEventType
        )
        session = quartz.CGSessionCopyCurrentDictionary()
        locked = None if session is None else bool(session.get("CGSSessionScreenIsLocked", False))
        return Seen(idle=int(seconds * 1000), locked=locked)

    def close(self) -> None:
        """Nothing is held."""


class WindowsSystem:  # pragma: no cover: another platform
    """Windows: the time of the last input, and whether the input desktop can be opened (it cannot while locked)."""

    class _LastInput(ctypes.Structure):
        _fields_ = (("size", ctypes.c_uint32), ("ticks", ctypes.c_uint32))

    def __init__(self) -> None:
        libraries: Any = ctypes
        self._user: Any = libraries.windll.user32
        self._kernel: Any = libraries.windll.kernel32
        self._user.OpenInputDesktop.restype = ctypes.c_void_p
        self._user.CloseDesktop.argtypes = (ctypes.c_void_p,)

    def look(self, *, anew: bool = False) -> Seen:  # noqa: ARG002 - nothing is remembered here
        """Ask the session."""
        last = self._LastInput(ctypes.sizeof(self._LastInput), 0)
        if not self._user.GetLastInputInfo(ctypes.byref(last)):
            raise OSError("GetLastInputInfo does not answer")
        now = int(self._kernel.GetTickCount()) & (_TICKS - 1)
        switch_desktop = 0x0100
        desktop = self._user.OpenInputDesktop(0, False, switch_desktop)
        if desktop:
            self._user.CloseDesktop(desktop)
        return Seen(idle=ticks_between(int(last.ticks), now), locked=not desktop)

    def close(self) -> None:
        """Nothing is held."""


def ticks_between(then: int, now: int) -> int:
    """Return the milliseconds from `then` to `now` of a 32-bit tick counter, which begins again after 49.7 days.

    >>> ticks_between(4_294_967_290, 4)
    10
    """
    return (now - then) % _TICKS


def open_display() -> Any:
    """Return a new connection to the X server that DISPLAY names.

    Raises `MissingExtra` without python-xlib, and `InvalidValue` when no server answers.
    """
    display = _module("Xlib.display", "python-xlib")
    name = os.environ.get("DISPLAY", "")
    if not name:
        raise InvalidValue("DISPLAY", name, "names no display", "run it in a desktop session, or replay a trace")
    try:
        _knock(name)
        return display.Display()
    except Exception as error:  # python-xlib raises OSError, struct.error and its own, as the server fails
        raise InvalidValue(
            "DISPLAY",
            name,
            f"names an X server that does not answer ({type(error).__name__})",
            "start it, or allow this user by xauth",
        ) from None


def _knock(name: str) -> None:
    """Raise `OSError` when nobody listens on the local display `name`: python-xlib would leave its sockets open."""
    number = name.removeprefix("unix").removeprefix(":").partition(".")[0]
    if not number.isdecimal() or not sys.platform.startswith("linux"):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.settimeout(_PATIENCE)
        try:
            door.connect(f"\0/tmp/.X11-unix/X{number}")
        except OSError:
            door.connect(f"/tmp/.X11-unix/X{number}")  # noqa: S108 (where X has its sockets)


def close_display(display: Any) -> None:
    """Close the connection, which the server may have closed already."""
    try:
        display.close()
    except Exception:  # it is gone, which is all that was wanted
        return


def _module(name: str, package: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise MissingExtra(
            name, package, "is not installed", 'install the tracker: pip install "workdiary[capture]"'
        ) from None
