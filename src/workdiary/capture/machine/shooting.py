"""Taking snapshots beside the loop, one at a time, so that counting never waits for a picture."""

from __future__ import annotations

import threading
from collections import deque
from typing import Protocol

import attrs

from workdiary.capture.events import SnapshotFailed, SnapshotTaken, TakeSnapshot

__all__ = ["Camera", "Shooting"]


class Camera(Protocol):
    """What takes snapshots and keeps them, such as `workdiary.capture.machine.images.Snapshots`."""

    def take(self, order: TakeSnapshot, /) -> SnapshotTaken | SnapshotFailed:
        """Take the snapshot that `order` asks for; its images are on the disk when this returns."""
        ...


class Shooting:
    """A camera at work; `results` are what became of what was asked for, each with its contract."""

    def __init__(self, camera: Camera | None, *, in_background: bool) -> None:
        self.camera, self.in_background = camera, in_background
        self.results: deque[tuple[str, SnapshotTaken | SnapshotFailed]] = deque()
        self._thread: threading.Thread | None = None

    def take(self, wanted: TakeSnapshot, *, is_short: bool) -> None:
        """Take the snapshot `wanted`, or say why not; `is_short` is whether there is no room for it."""
        camera = self.camera
        if camera is None:
            self._fail(wanted, "there is no screen to be seen")
        elif is_short:
            self._fail(wanted, "the disk is nearly full, or too much waits: no snapshots, so that counts are not lost")
        elif self._thread is not None and self._thread.is_alive():
            # One picture at a time: a screen that hangs must not cost a thread for each segment.
            self._fail(wanted, "the picture before it is still being taken: the screen does not answer")
        elif not self.in_background:
            self._shoot(camera, wanted)
        else:
            thread = threading.Thread(target=lambda: self._shoot(camera, wanted), name="workdiary-camera", daemon=True)
            try:
                thread.start()
                self._thread = thread
            except RuntimeError as error:  # F10: no thread to be had; counts go on
                self._fail(wanted, f"no thread for it: {error}")

    def wait(self, timeout: float) -> None:
        """Wait for the snapshot that is being taken, for so many seconds."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _shoot(self, camera: Camera, wanted: TakeSnapshot) -> None:
        try:
            self.results.append((wanted.contract, attrs.evolve(camera.take(wanted), contract=wanted.contract)))
        except Exception as error:  # F60: whatever it is, the segment is kept
            self._fail(wanted, f"{type(error).__name__}: {error}")

    def _fail(self, wanted: TakeSnapshot, why: str) -> None:
        self.results.append((wanted.contract, SnapshotFailed(contract=wanted.contract, slot=wanted.slot, why=why)))
