"""What the tracker asks of the machine: three Protocols whose docstrings are their contracts, and a `Picture`.

The real ones are in `clocks`, `inputs` and `screen`; `script` has ones that replay a trace. Nothing else in the
tracker may ask the machine for the time, an input or a picture, so that a test can stand in for all of it.
"""

from __future__ import annotations

from typing import Protocol, TypeAlias, runtime_checkable

import attrs

from workdiary.capture.events import Reading
from workdiary.errors import InvalidValue
from workdiary.model.activity import Counts

__all__ = ["Area", "Clocks", "Inputs", "Monitor", "Picture", "Screen", "together"]


Area: TypeAlias = tuple[int, int, int, int]
"""Where a monitor is on the desktop, in its points: left, top, width, height. An origin may be negative."""


@attrs.frozen(kw_only=True)
class Monitor:
    """A monitor: where it is on the desktop, and the width and height of its picture in pixels.

    >>> Monitor(area=(1920, 0, 1280, 800), size=(2560, 1600)).size
    (2560, 1600)
    """

    area: Area
    size: tuple[int, int]


@attrs.frozen(kw_only=True)
class Picture:
    """What one monitor showed, or why it could not be seen: exactly one of `rgb` and `why` is there.

    `monitor` counts from 0, in the order in which the system lists its monitors. `rgb` are `width` × `height`
    pixels of three bytes, row by row from the top, without padding. `why` is a sentence. `among` are the areas of all
    monitors that there were, shown or not; `None` when it is not known.

    >>> Picture(monitor=0, width=1, height=1, rgb=b"abc")
    Picture(monitor=0, width=1, height=1, why=None)
    >>> Picture.failed(1, "the monitor was unplugged").rgb is None
    True
    """

    monitor: int
    width: int = 0
    height: int = 0
    rgb: bytes | None = attrs.field(default=None, repr=False)
    why: str | None = None
    among: tuple[Area, ...] | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if (self.rgb is None) == (self.why is None):
            raise InvalidValue("why", self.why, "does not fit the pixels", "give either rgb or why, and not both")
        if self.rgb is None:
            return
        if self.width < 1 or self.height < 1 or len(self.rgb) != self.width * self.height * 3:
            raise InvalidValue(
                "rgb",
                len(self.rgb),
                f"bytes are not {self.width} x {self.height} pixels of three",
                "give three bytes a pixel, without padding",
            )

    @classmethod
    def failed(cls, monitor: int, why: str) -> Picture:
        """Return the failure to see `monitor`, for the reason that the sentence `why` gives."""
        return cls(monitor=monitor, why=why)


@runtime_checkable
class Clocks(Protocol):
    """The three clocks of the machine."""

    def read(self) -> Reading:
        """Return what the three clocks show, read as close together as can be, in milliseconds.

        `mono` and `boot` never go back. Where a system has no clock that runs on through a suspension, `boot` is
        the nearest that there is.
        """
        ...


@runtime_checkable
class Inputs(Protocol):
    """Counts of what keyboard and mouse did, and never which key, what text or where.

    All methods are called from one thread. None but `start` raises.
    """

    def start(self) -> None:
        """Begin to count; a second call does nothing.

        Raises `MissingExtra` when a package is not installed, and `InvalidValue` when there is no display to listen
        to, or the system does not permit it, with what to do about it. What is lost *after* a start is not raised:
        `take` says so, until it is back.
        """
        ...

    def take(self) -> Counts | None:
        """Return keystrokes, clicks and scroll actions since the last `take`, and begin again at zero.

        `None` means that capture is, or for some of that time was, lost: nobody knows how many there were, and what
        was counted beside the gap is left out. It is never `None` because there was nothing.
        """
        ...

    def idle(self) -> int | None:
        """Return how many milliseconds ago the last input was, `None` when nobody knows."""
        ...

    def locked(self) -> bool | None:
        """Return whether the screen is locked, by the last that is known; what was never known counts as not locked.

        `None` says that it may be locked, and will soon be known: the machine has just been suspended.
        """
        ...

    def unsure(self) -> int:
        """Return for how many milliseconds it has not been known that the screen is not locked.

        They are counted from the last question to which the answer was that it is not, by a clock that stands still
        in a suspension. 0 where there is nobody to ask.
        """
        ...

    def close(self) -> None:
        """Stop listening and let everything go; a second call does nothing, and so does one before `start`."""
        ...


@runtime_checkable
class Screen(Protocol):
    """Pictures of the monitors."""

    def grab(self) -> tuple[Picture, ...]:
        """Return one `Picture` for each monitor, in their order; one that fails does not lose the others.

        Raises nothing: without any monitor, or without a display, it is one failed picture of monitor 0.
        """
        ...


def together(one: Counts | None, other: Counts | None) -> Counts | None:
    """Return the two counts as one; with an unknown one nothing is known (ACTIVITY-2).

    >>> together((1, 2, 0), (3, 0, 1)), together((1, 2, 0), None)
    ((4, 2, 1), None)
    """
    if one is None or other is None:
        return None
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2])
