"""The doctor's look at the machine: packages, display, permissions, inputs, screen, lock, disk, memory, processor.

Each check is a function of what it is to judge, which a test can stand in for, and returns a `Finding`. Nothing that
is seen or heard is kept: of the inputs only that they arrive, of the screen only its size and whether it is blank.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from workdiary.capture.doctor.findings import Finding
from workdiary.capture.machine.idle import close_display, open_display
from workdiary.capture.machine.ports import Inputs, Screen
from workdiary.errors import WorkdiaryError

__all__ = [
    "RESERVE",
    "antivirus",
    "counts",
    "disk",
    "display",
    "is_wayland",
    "load",
    "lock",
    "packages",
    "permissions",
    "screen",
]

_INSTALL: Final = 'Install them: pip install "workdiary[capture]".'
_MIB: Final = 1024**2

RESERVE: Final = 64 * _MIB
"""Free bytes on the disk below which the tracker takes no snapshots any more."""

_LITTLE_DISK: Final = 1024 * _MIB
_LEAST_MEMORY: Final = 64 * _MIB
_LITTLE_MEMORY: Final = 256 * _MIB
_BUSY: Final = 90.0
_SETTINGS: Final = "System Settings, Privacy & Security"
_X11: Final = (
    "Log out, and choose a session “on Xorg” or “X11” at the login screen; a recorded trace can be replayed anywhere."
)

_NEEDED: Final = {"PIL": "Pillow", "mss": "mss", "platformdirs": "platformdirs"}
_NEEDED_ON_X: Final = {"Xlib": "python-xlib"}
_NEEDED_ELSEWHERE: Final = {"pynput": "pynput"}
_HELPFUL: Final = {"psutil": "psutil", "textual": "textual"}


def packages(platform: str = sys.platform, find: Callable[[str], object | None] = find_spec) -> Finding:
    """Look whether the packages that the tracker needs are installed; none is imported."""
    needed = {**_NEEDED, **(_NEEDED_ELSEWHERE if platform in ("win32", "darwin") else _NEEDED_ON_X)}
    missing = [name for module, name in needed.items() if find(module) is None]
    lacking = [name for module, name in _HELPFUL.items() if find(module) is None]
    if missing:
        return Finding.problem("packages", f"Not installed: {', '.join([*missing, *lacking])}.", _INSTALL)
    if lacking:
        what = f"Not installed: {', '.join(lacking)}; --headless works without."
        return Finding.warning("packages", what, _INSTALL)
    return Finding.well("packages", "All that the tracker needs is installed.")


def is_wayland(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Return whether this is a Wayland session."""
    if platform in ("win32", "darwin"):
        return False
    return environment.get("XDG_SESSION_TYPE") == "wayland" or bool(environment.get("WAYLAND_DISPLAY"))


def display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Finding:
    """Look for a display that a tracker can listen to: on X the server that DISPLAY names, with RECORD."""
    if platform in ("win32", "darwin"):
        return Finding.well("display", "The system has its own, and needs no setting.")
    if is_wayland(environment, platform):
        what = (
            "This is a Wayland session: in it a program may neither see the screen nor count what goes to other"
            " windows, and what XWayland shows is black or incomplete."
        )
        return Finding.problem("display", what, _X11)
    if not environment.get("DISPLAY"):
        what = "There is no display: DISPLAY is not set."
        do = "Run it in a desktop session, or start Xvfb for a test; --replay FILE does without."
        return Finding.problem("display", what, do)
    try:
        server = open_display()
    except WorkdiaryError as error:
        return Finding.of_error("display", error)
    try:
        name = server.get_display_name()
        if not server.has_extension("RECORD"):
            do = "Start the X server with the extension RECORD; without it nobody can count."
            return Finding.problem("display", f"X server {name} has no RECORD extension.", do)
        return Finding.well("display", f"X server {name} answers and reports inputs.")
    finally:
        close_display(server)


def permissions(platform: str = sys.platform, load_module: Callable[[str], Any] = importlib.import_module) -> Finding:
    """Ask the system for the permissions of this program, as far as it can be asked without asking the user."""
    if platform == "darwin":
        return _of_mac(load_module)
    if platform == "win32":
        return _of_windows(load_module)
    return Finding.well("permissions", "X asks for none: who may use the display may see and count.")


def _of_mac(load_module: Callable[[str], Any]) -> Finding:
    asked = (
        ("Screen Recording", "Quartz", "CGPreflightScreenCaptureAccess", "snapshots are black"),
        ("Input Monitoring", "Quartz", "CGPreflightListenEventAccess", "nothing is counted"),
        ("Accessibility", "ApplicationServices", "AXIsProcessTrusted", "nothing is counted"),
    )
    refused: list[str] = []
    unknown: list[str] = []
    for name, module, function, effect in asked:
        try:
            granted = bool(getattr(load_module(module), function)())
        except (ImportError, AttributeError):  # an older system, or a package less
            unknown.append(name)
            continue
        if not granted:
            refused.append(f"{name} ({effect})")
    if refused:
        do = f"Allow your terminal, or this program, under {_SETTINGS}, and start it again."
        return Finding.problem("permissions", f"Not granted: {', '.join(refused)}.", do)
    if unknown:
        do = f"Look under {_SETTINGS} whether your terminal is allowed."
        return Finding.warning("permissions", f"Cannot be asked for: {', '.join(unknown)}.", do)
    return Finding.well("permissions", "Screen Recording, Input Monitoring and Accessibility are granted.")


def _of_windows(load_module: Callable[[str], Any]) -> Finding:
    try:
        is_raised = bool(load_module("ctypes").windll.shell32.IsUserAnAdmin())
    except (ImportError, AttributeError, OSError):
        is_raised = False
    if is_raised:
        return Finding.well("permissions", "Windows asks for none; inputs of all windows are counted.")
    what = "Windows asks for none, but inputs of windows that run as administrator are not counted."
    return Finding.warning(
        "permissions", what, "Work in windows without raised rights, or start the tracker with them."
    )


def counts(
    make: Callable[[], Inputs],
    *,
    seconds: float | None,
    say: Callable[[str], None],
    clock: Callable[[], float],
    pause: Callable[[float], None],
) -> Finding:
    """Look whether inputs are counted; ask for a key and a click and wait up to `seconds`, or do not for `None`."""
    try:
        inputs = make()
        inputs.start()
    except WorkdiaryError as error:
        return Finding.of_error("counts", error)
    try:
        if seconds is None:
            return Finding.well("counts", "The system lets the tracker listen; no key and click were asked for.")
        # The key that has started this program may be on its way up.
        pause(0.3)
        inputs.take()
        say(f"Press and release a key, then click somewhere, within {seconds:g} seconds.")
        keys = clicks = 0
        until = clock() + seconds
        while clock() < until and not (keys and clicks):
            pause(0.1)
            found = inputs.take()
            if found is None:
                do = "See whether the display server runs, and whether another program has taken its place."
                return Finding.problem("counts", "Capture was lost while it waited: nobody counts.", do)
            keys, clicks = keys + found[0], clicks + found[1]
    finally:
        inputs.close()
    if keys and clicks:
        return Finding.well("counts", f"They arrive: {_times(keys, 'keystroke')}, {_times(clicks, 'click')}.")
    if not keys and not clicks:
        do = "Was one made? Then allow the program to listen (see permissions), or see whether DISPLAY is your own."
        return Finding.problem("counts", f"Neither a key nor a click arrived within {seconds:g} s.", do)
    missing = "click" if keys else "key"
    do = f"Run it once more and make one; without {missing}s your activity reads lower than it is."
    return Finding.problem("counts", f"No {missing} arrived within {seconds:g} s.", do)


def _times(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"


def screen(make: Callable[[], Screen]) -> Finding:
    """Take a picture of each monitor, say how it went, and throw the pictures away."""
    seen: list[str] = []
    blank: list[int] = []
    failed: list[str] = []
    for picture in make().grab():
        if picture.rgb is None:
            failed.append(f"monitor {picture.monitor}: {(picture.why or '').rstrip('.')}")
            continue
        seen.append(f"{picture.width}×{picture.height}")
        if picture.rgb == picture.rgb[:3] * (picture.width * picture.height):
            blank.append(picture.monitor)
    if not seen:
        do = "See display and permissions above; segments without a snapshot are not protected."
        return Finding.problem("screen", f"No monitor can be seen ({'; '.join(failed)}).", do)
    if failed:
        do = "Its part is left out of snapshots, and the others are kept; plug it in again, or start anew."
        return Finding.warning("screen", f"Seen: {', '.join(seen)}. Not seen: {'; '.join(failed)}.", do)
    if blank:
        which = ", ".join(str(number) for number in blank)
        what = f"Seen: {', '.join(seen)}, but monitor {which} shows one colour only."
        do = "An empty desktop does; else it is a missing permission, or a virus scanner that blackens pictures."
        return Finding.warning("screen", what, do)
    return Finding.well("screen", f"{_times(len(seen), 'monitor')} can be seen: {', '.join(seen)}.")


def lock(environment: Mapping[str, str] = os.environ, platform: str = sys.platform, *, has_loginctl: bool) -> Finding:
    """Look whether a locked screen would be noticed."""
    if platform in ("win32", "darwin") or (environment.get("XDG_SESSION_ID") and has_loginctl):
        return Finding.well("lock", "The system says when the screen is locked; nothing is tracked then.")
    what = "Only a locker that is an X screen saver is noticed: there is no session of systemd-logind to ask."
    return Finding.warning("lock", what, "Switch the tracker off before you lock; unanswered idle time is discarded.")


def disk(folder: Path, free: Callable[[Path], int]) -> Finding:
    """Look how much room there is on the disk of `folder`, which need not be there yet."""
    place = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    try:
        left = free(place)
    except OSError as error:
        return Finding.warning("disk", f"The room at {place} is not known ({error.strerror}).", "Check the path.")
    words = f"{left // _MIB:,} MiB are free at {place}"
    if left <= RESERVE:
        what = f"{words}: no snapshots are taken at {RESERVE // _MIB} MiB and below, so that counts are not lost."
        return Finding.problem("disk", what, "Free some space.")
    if left < _LITTLE_DISK:
        return Finding.warning("disk", f"{words}; a day takes about 10 MiB.", "Free some space soon.")
    return Finding.well("disk", f"{words}.")


def load(free_memory: int | None, busy: float | None) -> Iterator[Finding]:
    """Judge the bytes of memory that are available and how busy the processor is, in percent; `None` is unknown."""
    if free_memory is None or busy is None:
        yield Finding.warning("load", "Memory and processor are unknown: psutil is not installed.", _INSTALL)
        return
    words = f"{free_memory // _MIB:,} MiB are available"
    close = "Close what you do not need."
    if free_memory < _LEAST_MEMORY:
        yield Finding.problem("memory", f"{words}, and a snapshot needs about {_LEAST_MEMORY // _MIB}.", close)
    elif free_memory < _LITTLE_MEMORY:
        yield Finding.warning("memory", f"{words}, which is little.", close)
    else:
        yield Finding.well("memory", f"{words}.")
    if busy >= _BUSY:
        what = f"It is busy to {busy:.0f} %: ticks and snapshots may come late; more than 15 s late is a gap."
        yield Finding.warning("processor", what, "See which program takes it.")
    else:
        yield Finding.well("processor", f"It is busy to {busy:.0f} %.")


def antivirus(folder: Path) -> Finding:
    """Give the hint about virus scanners: whether one is in the way cannot be asked."""
    return Finding.well(
        "antivirus",
        "Not examined. A virus scanner may take a program that counts inputs and pictures the screen for spyware, or"
        f" blacken its pictures: if it does, allow this Python in it, and leave {folder} out of its scans.",
    )
