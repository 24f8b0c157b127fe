"""Where keystrokes, clicks and scrolls come from: `XListener` on X, `PynputListener` elsewhere.

Both count an input at its release, so that a key held down is one keystroke, however often it repeats. `XListener`
asks the X server for releases alone and reads the first byte of an event, its type, and of a button's event the
second; it never reads which key it was, and keeps no event (see `record`). `PynputListener` is handed a key by pynput
and does not look at it.
A listener runs in threads of its own and hands everything to a `Sink`, whose methods raise nothing.
"""

from __future__ import annotations

import importlib
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from workdiary.capture.machine.idle import close_display, open_display
from workdiary.capture.machine.record import BUTTON_RELEASE, KEY_RELEASE, Recorded, Sink, enable_request
from workdiary.errors import InvalidValue, MissingExtra

__all__ = ["Listener", "PynputListener", "Sink", "XListener", "own_listener"]


class Listener(Protocol):
    """A source of inputs. It calls the `died` that it was made with, from any thread, when it ends by itself."""

    def open(self) -> None:
        """Begin to listen, and return when it does; raises any exception when it cannot."""
        ...

    def alive(self) -> bool:
        """Return whether it listens, as far as its threads can tell."""
        ...

    def close(self) -> None:
        """Stop listening; a second call does nothing, and it raises nothing."""
        ...


def own_listener(sink: Sink, died: Callable[[], None]) -> Listener:
    """Return the listener for the system that this program runs on, not yet open."""
    if sys.platform in ("win32", "darwin"):  # pragma: no cover: another platform
        return PynputListener(sink, died)
    return XListener(sink, died)


_PATIENCE: Final = 5.0
"""Seconds until a listener that does not get ready is given up."""


class _Beginning:
    """Whether a thread has begun to report, which the one that has started it waits for."""

    def __init__(self) -> None:
        self._is_known = threading.Event()
        self._is_so = False

    def begun(self) -> None:
        """Say that it reports."""
        self._is_so = True
        self._is_known.set()

    def over(self) -> None:
        """Say that it reports no longer, or never has: the thread is about to end, but not gone yet."""
        self._is_so = False
        self._is_known.set()

    def is_seen(self) -> bool:
        """Wait until it is known, for as long as is patient, and return whether it reports."""
        return self._is_known.wait(_PATIENCE) and self._is_so


class XListener:
    """The RECORD extension of an X server, asked for the releases of keys and buttons of all its clients.

    It has a connection of its own, set up by python-xlib. From the request on that begins the report, python-xlib
    receives nothing on it any more (see `record`).
    """

    def __init__(self, sink: Sink, died: Callable[[], None]):
        self._died = died
        self._data: Any = None
        self._beginning = _Beginning()
        self._recorded = Recorded(sink, self._beginning.begun)
        self._thread: threading.Thread | None = None
        self._closing = False

    def open(self) -> None:
        """Connect, and return when the server has begun to report."""
        self._data = open_display()
        if not self._data.has_extension("RECORD"):
            self.close()
            raise InvalidValue("DISPLAY", self._name(), "has no RECORD extension", "start the X server with it")
        wanted = {
            "core_requests": (0, 0),
            "core_replies": (0, 0),
            "ext_requests": (0, 0, 0, 0),
            "ext_replies": (0, 0, 0, 0),
            "delivered_events": (0, 0),
            "errors": (0, 0),
            "client_started": False,
            "client_died": False,
        }
        kinds = (KEY_RELEASE, BUTTON_RELEASE)
        ranges = [{**wanted, "device_events": (kind, kind)} for kind in kinds]
        every_client = 3
        context = self._data.record_create_context(0, [every_client], ranges)
        self._data.sync()
        connection = self._data.display
        if connection.data_recv:  # the beginning of a packet, whose end would be taken for another
            self.close()
            raise InvalidValue("DISPLAY", self._name(), "answers by halves", "see the X server's log")
        connection.socket.sendall(enable_request(connection.get_extension_major("RECORD"), context))
        self._thread = threading.Thread(
            target=self._listen, args=(connection.socket,), name="workdiary-inputs", daemon=True
        )
        self._thread.start()
        if not self._beginning.is_seen():
            self.close()
            raise InvalidValue("DISPLAY", self._name(), "does not report its inputs", "see the X server's log")

    def alive(self) -> bool:
        """Return whether the thread still reads."""
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        """End the connection, which ends the thread, whether the server still answers or not."""
        self._closing = True
        if self._data is None:
            return
        connection: socket.socket = self._data.display.socket
        with suppress(OSError):  # the server has ended it already
            connection.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        # Not by python-xlib, which would first receive what is still there.
        connection.close()
        self._data = None

    def _name(self) -> str:
        return "" if self._data is None else str(self._data.get_display_name())

    def _listen(self, connection: socket.socket) -> None:
        try:
            self._recorded.read(connection.recv_into)
        except Exception:  # noqa: S110 (the server is gone; saying so is what follows)
            pass
        finally:
            self._beginning.over()
            if not self._closing:
                self._died()


class PynputListener:
    """The listeners of pynput: Windows, macOS, and X too.

    On macOS, pynput needs the permissions *Accessibility* and *Input Monitoring*, without which it hears nothing and
    says nothing; `open` asks for that and raises `InvalidValue`.
    """

    def __init__(self, sink: Sink, died: Callable[[], None]):
        self._sink = sink
        self._died = died
        self._listeners: list[Any] = []
        self._closing = False

    def open(self) -> None:
        """Start a listener for the keyboard and one for the mouse, and return when both are ready."""
        try:
            keyboard: Any = importlib.import_module("pynput.keyboard")
            mouse: Any = importlib.import_module("pynput.mouse")
        except ModuleNotFoundError:
            raise MissingExtra(
                "pynput", "pynput", "is not installed", 'install the tracker: pip install "workdiary[capture]"'
            ) from None
        except ImportError:
            raise InvalidValue(
                "DISPLAY", "", "names no display", "run it in a desktop session, or replay a trace"
            ) from None
        if keyboard.Listener.__module__.endswith("_xorg"):
            close_display(open_display())  # so that a server that is gone is told, before pynput meets it in a thread
        sink = self._sink

        def key_released(_key: object = None, _injected: object = None) -> None:
            sink.key()

        def clicked(_x: object, _y: object, _button: object, pressed: object, _injected: object = None) -> None:
            if not pressed:
                sink.click()

        def scrolled(*_where: object) -> None:
            sink.scroll()

        # An untrusted process on macOS gets no event and no error (pynput issues 389 and 143).
        if getattr(keyboard.Listener, "IS_TRUSTED", True) is False:
            raise InvalidValue(
                "permission",
                "Input Monitoring",
                "is not granted to this program",
                "allow it under System Settings, Privacy & Security, Input Monitoring and Accessibility",
            )
        beginnings = []
        for base, callbacks in (
            (keyboard.Listener, {"on_release": key_released}),
            (mouse.Listener, {"on_click": clicked, "on_scroll": scrolled}),
        ):
            beginning = _Beginning()
            listener = self._quiet(base, beginning)(**callbacks)
            self._listeners.append(listener)
            beginnings.append(beginning)
            listener.start()
        if not all(beginning.is_seen() for beginning in beginnings):
            self.close()
            raise InvalidValue("pynput", "listener", "did not get ready in time", "see whether the display answers")

    def alive(self) -> bool:
        """Return whether both threads run."""
        return bool(self._listeners) and all(listener.is_alive() for listener in self._listeners)

    def close(self) -> None:
        """Stop both threads and wait for them."""
        self._closing = True
        for listener in self._listeners:
            if listener.is_alive():
                try:
                    listener.stop()
                    _stop_now(listener)
                except Exception:  # noqa: S112 (the display is gone, and so is the thread, or soon)
                    continue
        for listener in self._listeners:
            threading.Thread.join(listener, _PATIENCE)
        self._listeners = []

    def _quiet(self, base: Any, beginning: _Beginning) -> Any:
        """Return pynput's class `base`, which says when it is ready and ends without a traceback on the terminal."""
        owner = self
        # On X, pynput is ready a moment before the server reports; the first call of the handler says that it does.
        first = "_handler" if base.__module__.endswith("_xorg") else "_mark_ready"

        def run(listener: Any) -> None:
            try:
                base.run(listener)
            except Exception:  # noqa: S110 (the display is gone; saying so is what follows)
                pass
            finally:
                for connection in ("_display_stop", "_display_record"):  # pynput leaves them open when the server dies
                    if hasattr(listener, connection):
                        close_display(getattr(listener, connection))
                beginning.over()
                if not owner._closing:
                    owner._died()

        def began(listener: Any, *arguments: Any) -> Any:
            beginning.begun()
            return getattr(base, first)(listener, *arguments)

        return type("Quiet", (base,), {"run": run, first: began})


def _stop_now(listener: Any) -> None:
    """Stop a listener of pynput on X at once: its own `stop` there waits for the next input to come."""
    control, context = getattr(listener, "_display_stop", None), getattr(listener, "_context", None)
    if control is not None and context is not None:
        control.record_disable_context(context)
        control.flush()
