"""Snapshots as files: redacted, encoded, made small, kept, and what is odd about them said.

A picture is redacted before anything else is done with it, so that what is hidden is in no file, not even in a
temporary one, and in no thumbnail::

    pixels ─→ redact ─→ shrink ─→ lossless WebP ─→ file, fsync, rename
                          └─────→ thumbnail ─────→ file beside it

Images are WebP without loss, and have one chunk: the pixels. No name, no date and no serial number is in them.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from io import BytesIO
from typing import Any, Final

import attrs

from workdiary.capture.events import SnapshotFailed, SnapshotTaken, TakeSnapshot
from workdiary.capture.machine.ports import Area, Monitor, Picture, Screen
from workdiary.capture.machine.screen import Which
from workdiary.capture.moments import RETRY
from workdiary.errors import InvalidValue, MissingExtra, StoreError
from workdiary.model.checks import check, check_each
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.model.times import Instant, slot_start
from workdiary.store.snapshots import LARGEST
from workdiary.store.thumbnails import PictureFiles

__all__ = [
    "BLANK",
    "LATEST",
    "PARTIAL",
    "SMALLER",
    "THUMBNAIL",
    "UNCHANGED",
    "Encoded",
    "ImageSettings",
    "Redaction",
    "Snapshots",
    "encode",
]

BLANK: Final = "blank"
"""The flag of a snapshot all of whose pictures have one colour: a black screen, a single pixel."""

UNCHANGED: Final = "unchanged"
"""The flag of a snapshot that is, byte for byte, what the one before it showed of the same monitors."""

PARTIAL: Final = "partial"
"""The flag of a snapshot of several monitors, of which one failed or is blank."""

SMALLER: Final = "smaller"
"""The flag of a snapshot of which one picture had to be made smaller to be kept at all."""

THUMBNAIL: Final = 320
"""The longest side of a thumbnail, in pixels."""

LATEST: Final = 20
"""How many seconds after it was due a picture may be taken: afterwards it would show another moment."""

_APART: Final = 2
"""By how many seconds the clock may differ from the tracker's before the tracker takes that for a step."""

_SMALLEST: Final = 320
_LONGEST: Final = 16383
"""The longest side that WebP can have, in pixels."""

# Without loss, `quality` is effort. Of a 1920×1080 desktop with text and a photo, method 0 takes 35 ms and makes
# 250 kB, method 1 43 ms and 170 kB, method 4 110 ms, 170 kB and 30 MiB more memory. PNG makes 430 kB in 70 ms.
_LOSSLESS: Final = {"format": "WEBP", "lossless": True, "quality": 0, "method": 1, "exact": True}
_MMAP_THRESHOLD: Final = -3
"""What `mallopt` calls the size from which on a block is mapped by itself: M_MMAP_THRESHOLD of <malloc.h>."""

_HIDDEN: Final = (0, 0, 0)


@attrs.frozen(kw_only=True)
class Redaction:
    """A rectangle of one monitor that no image shows: it is filled with black.

    `monitor` counts from 0; `left`, `top`, `width` and `height` are pixels of its picture. `of` is the size of the
    monitor for which the rectangle was drawn: then a monitor of another size is not captured, for what is to be
    hidden may have moved. It is not captured either when all of the rectangle is outside its picture.

    >>> Redaction(monitor=0, left=0, top=1040, width=1920, height=40).height
    40
    """

    monitor: int
    left: int
    top: int
    width: int
    height: int
    of: tuple[int, int] | None = None

    def __attrs_post_init__(self) -> None:
        check(self, monitor=int, left=int, top=int, width=int, height=int)
        for name, least in (("monitor", 0), ("left", 0), ("top", 0), ("width", 1), ("height", 1)):
            if getattr(self, name) < least:
                raise InvalidValue(name, getattr(self, name), f"is less than {least}", "give whole pixels")
        if self.of is not None and not (
            isinstance(self.of, tuple) and len(self.of) == 2 and all(type(n) is int and n > 0 for n in self.of)
        ):
            raise InvalidValue("of", self.of, "is not a size", "give the width and the height in pixels")


def _redactions(values: Iterable[Redaction]) -> tuple[Redaction, ...]:
    return check_each(values, Redaction, "redactions")


@attrs.frozen(kw_only=True)
class ImageSettings:
    """What a snapshot shows, and how large it is kept.

    `which` monitors are shown (give it to the `MonitorScreen`), `redactions` are hidden. `longest` is the longest
    side that an image may have, in pixels, `None` for the monitor's own. `monitors` are the areas of all
    that there were when the redactions were drawn: with others, or others in their places, no snapshot is taken.

    >>> ImageSettings(longest=1280).which
    <Which.ALL: 'all'>
    """

    which: Which = Which.ALL
    redactions: tuple[Redaction, ...] = attrs.field(default=(), converter=_redactions)
    longest: int | None = None
    monitors: tuple[Area, ...] | None = None

    def __attrs_post_init__(self) -> None:
        check(self, which=Which)
        if self.longest is not None and (type(self.longest) is not int or not _SMALLEST <= self.longest <= _LONGEST):
            raise InvalidValue(
                "longest", self.longest, f"is not {_SMALLEST} to {_LONGEST} pixels", "leave it out for the full size"
            )
        if self.monitors is not None and not isinstance(self.monitors, tuple):
            raise InvalidValue("monitors", self.monitors, "are not areas", "leave them out, or call drawn_for")

    def drawn_for(self, monitors: Sequence[Monitor]) -> ImageSettings:
        """Return the settings with redactions that are for these monitors, in this order, and for no others.

        A redaction keeps the size that it has. Raises `InvalidValue` for one of a monitor that is not there.

        >>> hidden = Redaction(monitor=0, left=0, top=0, width=99, height=9)
        >>> there = Monitor(area=(0, 0, 1280, 800), size=(1280, 800))
        >>> ImageSettings(redactions=[hidden]).drawn_for([there]).redactions[0].of
        (1280, 800)
        """
        for one in self.redactions:
            if one.monitor >= len(monitors):
                area = f"{one.monitor}:{one.left},{one.top},{one.width},{one.height}"
                sizes = (f"{n} ({there.size[0]} x {there.size[1]})" for n, there in enumerate(monitors))
                remedy = f"those that are there: {', '.join(sizes) or 'none'}"
                raise InvalidValue("--hide", area, "is on a monitor that is not there", remedy)
        drawn = [attrs.evolve(one, of=one.of or monitors[one.monitor].size) for one in self.redactions]
        return attrs.evolve(self, redactions=drawn, monitors=tuple(there.area for there in monitors))


@attrs.frozen(kw_only=True)
class Encoded:
    """An image and its thumbnail as the bytes of WebP files.

    `blank` says that it has one colour; `smaller` that it was made smaller than it should be, to be kept at all.
    """

    image: bytes = attrs.field(repr=False)
    thumbnail: bytes = attrs.field(repr=False)
    blank: bool
    smaller: bool


def encode(picture: Picture, settings: ImageSettings, *, largest: int = LARGEST) -> Encoded:
    """Return `picture` redacted, shrunk and encoded; the same pixels always make the same bytes.

    `largest` is the size of a file, in bytes, above which the image is halved until it fits. Raises `InvalidValue`
    for a failed picture, and when a redaction does not fit the monitor; `MissingExtra` without Pillow.
    """
    return _encoded(_opened(picture, settings), settings, largest)


class Snapshots:
    """Takes snapshots: asks the screen, keeps the images, and says what came of it.

    It remembers what each monitor showed last, to tell an unchanged picture. Used from one thread at a time.
    `reasons` are those of the latest `take`: why a monitor could not be seen, redacted or kept, each a sentence.
    `clock` returns the Unix seconds; without one every picture counts as taken at the moment of its order. `announce`
    hears the digest of an image before there is a file of it; what it raises of the store's errors fails the picture.
    """

    def __init__(
        self,
        screen: Screen,
        files: PictureFiles,
        settings: ImageSettings | None = None,
        *,
        clock: Callable[[], float] | None = None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        _pillow()
        _give_back_large_blocks()
        self._announce = announce
        self._clock = clock
        self.settings = settings or ImageSettings()
        self._screen = screen
        self._files = files
        self._last: dict[int, str] = {}
        self.reasons: tuple[str, ...] = ()

    def take(self, order: TakeSnapshot) -> SnapshotTaken | SnapshotFailed:
        """Take the snapshot that `order` asks for, now; its images are on the disk when this returns.

        Its `at` is when the screen was really read. It has failed when not one monitor could be seen, redacted and
        kept, when a monitor is missing of which a part is to be hidden, or the monitors are others than those for which
        that was said, when the screen was read more than `LATEST` seconds after it was due, or in another slot, and
        when the clock was set back meanwhile; the reason is a sentence. When one monitor could, the others are left
        out: the flag `PARTIAL` says so, and `reasons` says why.
        """
        kept: dict[int, tuple[str, Encoded]] = {}
        reasons: list[str] = []
        begins = self._now(order)
        # A display that hangs answers when it likes, so the clock is read before and after.
        late = _untimely(order, begins, begins)
        pictures = [] if late else list(self._screen.grab())
        ends = self._now(order)
        wrong = late or _untimely(order, begins, ends) or _rearranged(self.settings, pictures)
        if wrong:
            self.reasons = (wrong,)
            return SnapshotFailed(slot=order.slot, why=wrong, contract=order.contract)
        while pictures:
            monitor, why = pictures[0].monitor, pictures[0].why
            try:
                if why is not None:
                    pictures.pop(0)
                    reasons.append(why)
                    continue
                # Taken out of the list, so that its pixels are gone before the encoder needs room for its own.
                encoded = _encoded(_opened(pictures.pop(0), self.settings), self.settings, LARGEST)
                self._announce(sha256(encoded.image).hexdigest())
                kept[monitor] = self._files.put(encoded.image, encoded.thumbnail), encoded
            except (InvalidValue, StoreError) as error:
                reasons.append(str(error))
            except (MemoryError, OSError, ValueError) as error:
                reasons.append(f"the picture of monitor {monitor} cannot be encoded: {type(error).__name__}")
        self.reasons = tuple(dict.fromkeys(reasons))
        if not kept:
            why = "; ".join(self.reasons) or "there was no picture to keep"
            return SnapshotFailed(slot=order.slot, why=why, contract=order.contract)
        flags = self._flags(kept, failed=bool(reasons))
        self._last.update((monitor, digest) for monitor, (digest, _) in kept.items())
        # Two monitors that show the same are one file.
        digests = tuple(dict.fromkeys(digest for digest, _ in kept.values()))
        at = max(order.at, _taken_at(begins, ends))
        return SnapshotTaken(slot=order.slot, at=at, digests=digests, flags=flags, contract=order.contract)

    def thumbnail(self, digest: str) -> bytes | None:
        """Return the thumbnail of the image with `digest`, `None` when there is none."""
        return self._files.thumbnail(digest)

    def _now(self, order: TakeSnapshot) -> Instant:
        return order.at if self._clock is None else Instant(int(self._clock()))

    def _flags(self, kept: dict[int, tuple[str, Encoded]], *, failed: bool) -> tuple[str, ...]:
        blank = [encoded.blank for _, encoded in kept.values()]
        found = {
            BLANK: all(blank),
            UNCHANGED: all(self._last.get(monitor) == digest for monitor, (digest, _) in kept.items()),
            PARTIAL: failed or (any(blank) and not all(blank)),
            SMALLER: any(encoded.smaller for _, encoded in kept.values()),
        }
        return tuple(flag for flag, is_so in found.items() if is_so)


def _taken_at(begins: Instant, ends: Instant) -> Instant:
    """Return when a picture was taken: what a display shows that was slow to answer, it showed at the end."""
    return begins if ends <= begins + _APART else ends


def _untimely(order: TakeSnapshot, begins: Instant, ends: Instant) -> str | None:
    """Return why a picture that was taken from `begins` to `ends` is not what was ordered, `None` when it is."""
    if begins < order.at - _APART or ends < begins - _APART:
        return "the clock was set back while the snapshot was taken"
    if _taken_at(begins, ends) >= slot_start(order.slot) + SECONDS_PER_SLOT:
        return "it came too late: its segment was over"
    if ends > order.at + RETRY * (order.attempt - 1) + LATEST:
        return f"it came too late: {ends - order.at} s after its moment"
    return None


def _rearranged(settings: ImageSettings, pictures: Sequence[Picture]) -> str | None:
    """Return why what is to be hidden may be on a monitor of another number, `None` when it is where it was.

    A monitor that is unplugged gives its number to the next, which would be shown as if nothing on it were hidden.
    """
    if not settings.redactions or all(picture.rgb is None for picture in pictures):
        return None
    among = next((picture.among for picture in pictures if picture.among is not None), None)
    there = {picture.monitor for picture in pictures} if among is None else set(range(len(among)))
    missing = sorted({redaction.monitor for redaction in settings.redactions} - there)
    moved = "what is to be hidden may have moved: start the tracker again, and say what to hide"
    if missing:
        return f"monitor {missing[0]}, of which a part is to be hidden, is not there; {moved}"
    if settings.monitors is not None and among is not None and among != settings.monitors:
        return f"the monitors are others, or elsewhere, than when it was said what to hide; {moved}"
    return None


@attrs.frozen
class _Opened:
    """A redacted picture in its own size."""

    image: Any
    blank: bool


def _opened(picture: Picture, settings: ImageSettings) -> _Opened:
    if picture.rgb is None:
        raise InvalidValue("picture", picture.why, "is a failure, without pixels", "encode those that succeeded")
    image = _pillow().frombytes("RGB", (picture.width, picture.height), picture.rgb)
    for redaction in settings.redactions:
        if redaction.monitor == picture.monitor:
            _hide(image, redaction)
    return _Opened(image, _has_one_colour(picture) or image.getcolors(1) is not None)


def _encoded(opened: _Opened, settings: ImageSettings, largest: int) -> Encoded:
    limit = _LONGEST if settings.longest is None else settings.longest
    smaller = settings.longest is None and max(opened.image.size) > limit
    image = _shrunk(opened.image, limit)
    thumbnail = _webp(_shrunk(image, THUMBNAIL))
    data = _webp(image)
    while len(data) > largest and max(image.size) > 1:
        image = _shrunk(image, max(image.size) // 2)
        data = _webp(image)
        smaller = True
    return Encoded(image=data, thumbnail=thumbnail, blank=opened.blank, smaller=smaller)


def _hide(image: Any, redaction: Redaction) -> None:
    """Fill the rectangle of `redaction` in `image`; what of it is outside needs no filling."""
    width, height = image.size
    if redaction.of not in (None, (width, height)):
        raise InvalidValue(
            "redactions",
            redaction.of,
            f"is not the size of monitor {redaction.monitor}, {width} x {height}: what is to be hidden may have moved",
            "set the redaction again",
        )
    if redaction.left >= width or redaction.top >= height:
        raise InvalidValue(
            "redactions",
            (redaction.left, redaction.top),
            f"is outside monitor {redaction.monitor} of {width} x {height}: what is to be hidden may have moved",
            "set the redaction again",
        )
    right, bottom = min(redaction.left + redaction.width, width), min(redaction.top + redaction.height, height)
    image.paste(_HIDDEN, (redaction.left, redaction.top, right, bottom))


def _has_one_colour(picture: Picture) -> bool:
    """Return whether all pixels of `picture` are the same; this mostly ends in its first row, and copies nothing."""
    rgb = picture.rgb or b""
    row = rgb[:3] * picture.width
    return all(rgb.startswith(row, start) for start in range(0, len(rgb), len(row)))


def _shrunk(image: Any, longest: int) -> Any:
    """Return `image` with no side longer than `longest`, and none shorter than a pixel."""
    side = max(image.size)
    if side <= longest:
        return image
    size = tuple(max(1, length * longest // side) for length in image.size)
    return image.resize(size, _pillow().Resampling.BILINEAR, reducing_gap=2.0)


def _webp(image: Any) -> bytes:
    made = BytesIO()
    image.save(made, **_LOSSLESS)
    return made.getvalue()


def _give_back_large_blocks() -> None:
    """Have memory of a mebibyte and more given back when it is let go of, where the C library can be told.

    The one of Linux takes to keeping blocks as large as the largest that was ever let go of, here a whole picture: the
    tracker would hold on to 20 MiB more between two snapshots.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, 1024 * 1024)


def _pillow() -> Any:
    try:
        return importlib.import_module("PIL.Image")
    except ModuleNotFoundError:
        raise MissingExtra(
            "workdiary.capture", "Pillow", "is not installed", 'install the tracker: pip install "workdiary[capture]"'
        ) from None
