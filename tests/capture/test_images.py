"""Snapshots as files: what is hidden is nowhere, what is shown is exact, and what is odd is said."""

from __future__ import annotations

import stat
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from PIL import Image

from tests.support import refusal
from workdiary.capture.events import SnapshotFailed, SnapshotTaken, TakeSnapshot
from workdiary.capture.machine.images import (
    BLANK,
    PARTIAL,
    SMALLER,
    THUMBNAIL,
    UNCHANGED,
    ImageSettings,
    Redaction,
    Snapshots,
    encode,
)
from workdiary.capture.machine.ports import Picture
from workdiary.capture.machine.screen import Which
from workdiary.errors import InvalidValue, StoreError
from workdiary.model.slots import Slot
from workdiary.model.times import Instant
from workdiary.store.thumbnails import PictureFiles

ORDER = TakeSnapshot(contract="c-1", slot=Slot(2_991_666), at=Instant(2_991_666 * 600 + 7))
CANARY = (0xC0, 0xFF, 0xEE)
WHITE = (255, 255, 255)


def picture(
    colour: tuple[int, int, int] = WHITE, *spots: Any, monitor: int = 0, size: tuple[int, int] = (64, 40)
) -> Picture:
    """A picture of one colour, with `spots` of another: pairs of a colour and its box."""
    image = Image.new("RGB", size, colour)
    for fill, box in spots:
        image.paste(fill, box)
    return Picture(monitor=monitor, width=size[0], height=size[1], rgb=image.tobytes())


def noise(seed: int, *, monitor: int = 0, size: tuple[int, int] = (64, 40)) -> Picture:
    """A picture in which no two rows are the same, and no compression helps."""
    wanted = size[0] * size[1] * 3
    parts = [sha256(f"{seed} {n}".encode()).digest() for n in range(wanted // 32 + 1)]
    return Picture(monitor=monitor, width=size[0], height=size[1], rgb=b"".join(parts)[:wanted])


def opened(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        image.load()
        return image


def chunks(data: bytes) -> list[bytes]:
    """The names of the chunks of a RIFF file."""
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WEBP"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    found, at = [], 12
    while at < len(data):
        found.append(data[at : at + 4])
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return found


class Shown:
    """A screen that shows what it is told to, one tuple of pictures after another."""

    def __init__(self, *shown: tuple[Picture, ...]) -> None:
        self.shown = list(shown)

    def grab(self) -> tuple[Picture, ...]:
        return self.shown.pop(0)


@pytest.fixture
def files(tmp_path: Path) -> PictureFiles:
    return PictureFiles(tmp_path / "snapshots")


def taken(snapshots: Snapshots) -> SnapshotTaken:
    got = snapshots.take(ORDER)
    assert isinstance(got, SnapshotTaken), got
    return got


def flags_of(files: PictureFiles, *shown: tuple[Picture, ...]) -> list[tuple[str, ...]]:
    snapshots = Snapshots(Shown(*shown), files)
    return [taken(snapshots).flags for _ in shown]


# What is shown is exact, and is all that is in the file.


def test_an_image_has_exactly_the_pixels_of_the_monitor() -> None:
    shown = noise(1)
    assert opened(encode(shown, ImageSettings()).image).tobytes() == shown.rgb


def test_the_same_pixels_make_the_same_bytes() -> None:
    assert encode(noise(1), ImageSettings()) == encode(noise(1, monitor=3), ImageSettings())


def test_p6_an_image_and_its_thumbnail_hold_pixels_and_nothing_else() -> None:
    encoded = encode(noise(1, size=(800, 500)), ImageSettings())
    assert chunks(encoded.image) == [b"VP8L"]
    assert chunks(encoded.thumbnail) == [b"VP8L"]
    for data in (encoded.image, encoded.thumbnail):
        image = opened(data)
        assert not image.getexif()
        assert not {"exif", "icc_profile", "xmp"} & set(image.info)


@pytest.mark.parametrize(
    ("size", "small"),
    [((1920, 1080), (320, 180)), ((1080, 1920), (180, 320)), ((200, 100), (200, 100)), ((5000, 2), (320, 1))],
)
def test_a_thumbnail_keeps_the_proportions_and_is_never_larger(size: tuple[int, int], small: tuple[int, int]) -> None:
    assert max(small) <= THUMBNAIL
    assert opened(encode(picture(WHITE, size=size), ImageSettings()).thumbnail).size == small


def test_an_image_is_shrunk_when_that_is_wished() -> None:
    encoded = encode(picture(WHITE, (CANARY, (0, 0, 960, 1080)), size=(1920, 1080)), ImageSettings(longest=960))
    image = opened(encoded.image)
    assert image.size == (960, 540)
    assert (image.getpixel((2, 2)), image.getpixel((957, 2))) == (CANARY, WHITE)
    assert not encoded.smaller  # it is what was wished


def test_f62_an_image_too_large_for_a_file_is_halved_until_it_fits() -> None:
    shown = noise(1, size=(200, 100))
    encoded = encode(shown, ImageSettings(), largest=20_000)  # 60,000 bytes of noise
    assert len(encoded.image) <= 20_000
    assert opened(encoded.image).size == (100, 50)
    assert encoded.smaller


def test_f62_a_monitor_wider_than_webp_can_be_is_shrunk() -> None:
    encoded = encode(picture(WHITE, (CANARY, (0, 0, 9, 2)), size=(20_000, 2)), ImageSettings())
    assert opened(encoded.image).size == (16_383, 1)
    assert encoded.smaller


def test_a_failure_cannot_be_encoded() -> None:
    assert refusal(InvalidValue, encode, Picture.failed(0, "unplugged"), ImageSettings())[:2] == (
        "picture",
        "unplugged",
    )


# Redaction.


def test_t9_nothing_that_is_written_depends_on_what_is_hidden(tmp_path: Path) -> None:
    hidden = Redaction(monitor=0, left=8, top=4, width=32, height=20)
    written = []
    for n, fill in enumerate([CANARY, (1, 2, 3)]):
        shown = picture((9, 9, 9), (WHITE, (50, 30, 64, 40)), (fill, (8, 4, 40, 24)))
        files = PictureFiles(tmp_path / str(n))
        taken(Snapshots(Shown((shown,)), files, ImageSettings(redactions=[hidden], longest=320)))
        written.append({p.name: p.read_bytes() for p in files.folder.rglob("*") if p.is_file()})
    assert len(written[0]) == 2  # the image and its thumbnail
    assert written[0] == written[1]


def test_t9_no_pixel_of_a_canary_is_in_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(elsewhere)
    size = (1280, 800)
    shown = picture((40, 50, 60), (WHITE, (0, 700, 1280, 800)), (CANARY, (100, 100, 900, 600)), size=size)
    hidden = Redaction(monitor=0, left=100, top=100, width=800, height=500, of=size)
    files = PictureFiles(tmp_path / "snapshots")
    got = taken(Snapshots(Shown((shown,)), files, ImageSettings(redactions=[hidden])))
    assert [*elsewhere.iterdir()] == []
    found = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(found) == 2
    for path in found:
        data = path.read_bytes()
        assert bytes(CANARY) * 4 not in data
        # Whatever the filter mixes at the edge, nothing comes near the canary.
        raw = opened(data).tobytes()
        seen = {raw[at : at + 3] for at in range(0, len(raw), 3)}
        assert not any(sum(abs(one - other) for one, other in zip(c, CANARY, strict=True)) < 60 for c in seen)
    full = opened(files.get(got.digests[0]))
    assert {full.getpixel(at) for at in [(100, 100), (899, 599), (500, 300)]} == {(0, 0, 0)}
    assert {full.getpixel(at) for at in [(99, 100), (900, 599), (500, 99), (500, 600)]} == {(40, 50, 60)}


def test_t9_a_redaction_hides_its_own_monitor_only_and_is_cut_at_the_edge() -> None:
    settings = ImageSettings(redactions=[Redaction(monitor=1, left=60, top=0, width=9999, height=9999)])
    other, own = encode(picture(CANARY), settings), encode(picture(CANARY, monitor=1), settings)
    assert opened(other.image).getpixel((63, 39)) == CANARY
    assert [opened(own.image).getpixel(at) for at in [(59, 39), (60, 0), (63, 39)]] == [CANARY, (0, 0, 0), (0, 0, 0)]


@pytest.mark.parametrize(
    "hidden",
    [
        Redaction(monitor=0, left=64, top=0, width=9, height=9),
        Redaction(monitor=0, left=0, top=40, width=9, height=9),
        Redaction(monitor=0, left=0, top=0, width=9, height=9, of=(1920, 1080)),
    ],
    ids=["right of it", "below it", "another size"],
)
def test_t9_a_monitor_whose_redaction_does_not_fit_any_more_is_not_kept(files: PictureFiles, hidden: Redaction) -> None:
    shown = Shown((picture(CANARY), picture(WHITE, monitor=1)), (picture(CANARY),))
    snapshots = Snapshots(shown, files, ImageSettings(redactions=[hidden]))
    got = taken(snapshots)
    assert (len(got.digests), got.flags) == (1, (BLANK, PARTIAL))
    assert "may have moved" in snapshots.reasons[0]
    failed = snapshots.take(ORDER)
    assert isinstance(failed, SnapshotFailed)
    assert "set the redaction again" in failed.why
    assert [*files.digests()] == [*got.digests]


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("monitor", -1),
        ("left", -1),
        ("top", 0.5),
        ("width", 0),
        ("height", True),
        ("of", (0, 5)),
        ("of", (1, 2, 3)),
        ("of", "1920x1080"),
    ],
)
def test_a_redaction_that_is_none_is_refused(argument: str, value: Any) -> None:
    good: dict[str, Any] = {"monitor": 0, "left": 0, "top": 0, "width": 9, "height": 9}
    assert refusal(InvalidValue, Redaction, **(good | {argument: value}))[:2] == (argument, value)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("monitors", 2),
        ("longest", 319),
        ("longest", 16_384),
        ("longest", "800"),
        ("longest", True),
        ("which", "all"),
        ("redactions", 3),
    ],
)
def test_settings_that_are_none_are_refused(argument: str, value: Any) -> None:
    assert refusal(InvalidValue, ImageSettings, **{argument: value})[:2] == (argument, value)


def test_settings_are_values() -> None:
    hidden = Redaction(monitor=0, left=0, top=0, width=1, height=1)
    one, other = (ImageSettings(which=Which.ACTIVE, redactions=[hidden], longest=1280) for _ in range(2))
    assert hash(one) == hash(other)
    assert attrs.evolve(one, redactions=()).redactions == ()


# What is odd about a snapshot.


def test_a_snapshot_is_an_answer_to_its_order(files: PictureFiles) -> None:
    got = taken(Snapshots(Shown((noise(1),)), files))
    assert (got.contract, got.slot, got.at, got.flags) == (ORDER.contract, ORDER.slot, ORDER.at, ())


@pytest.mark.parametrize("colour", [(0, 0, 0), WHITE, (3, 2, 1)])
def test_t7_f61_a_picture_of_one_colour_is_blank(files: PictureFiles, colour: tuple[int, int, int]) -> None:
    assert flags_of(files, (picture(colour),)) == [(BLANK,)]


def test_f61_a_picture_of_one_pixel_is_blank(files: PictureFiles) -> None:
    assert flags_of(files, (picture(CANARY, size=(1, 1)),)) == [(BLANK,)]


@pytest.mark.parametrize("at", [(0, 0, 1, 1), (63, 39, 64, 40), (63, 0, 64, 1), (0, 39, 1, 40)])
def test_f61_a_picture_with_one_other_pixel_is_not_blank(files: PictureFiles, at: tuple[int, int, int, int]) -> None:
    assert flags_of(files, (picture((0, 0, 0), (CANARY, at)),)) == [()]


def test_f61_a_picture_that_shows_nothing_but_what_is_hidden_is_blank(files: PictureFiles) -> None:
    for redaction in [
        Redaction(monitor=0, left=0, top=0, width=64, height=40),  # noise, all of it hidden
        Redaction(monitor=0, left=0, top=0, width=9, height=9),  # white, with a black corner that is our own
    ]:
        shown = noise(1) if redaction.width == 64 else picture(WHITE)
        assert taken(Snapshots(Shown((shown,)), files, ImageSettings(redactions=[redaction]))).flags == (BLANK,)


def test_f61_the_same_picture_again_is_unchanged(files: PictureFiles) -> None:
    shown = [(noise(1),), (noise(1),), (noise(2),), (noise(1),), (noise(1),)]
    assert flags_of(files, *shown) == [(), (UNCHANGED,), (), (), (UNCHANGED,)]


def test_f61_one_monitor_that_changed_is_enough(files: PictureFiles) -> None:
    def both(left: int, right: int) -> tuple[Picture, ...]:
        return noise(left), noise(right, monitor=1)

    assert flags_of(files, both(1, 2), both(1, 3), both(1, 3), both(3, 1)) == [(), (), (UNCHANGED,), ()]


def test_f61_a_failure_in_between_does_not_make_a_frozen_screen_new(files: PictureFiles) -> None:
    snapshots = Snapshots(Shown((noise(1),), (Picture.failed(0, "gone"),), (noise(1),)), files)
    assert taken(snapshots).flags == ()
    assert isinstance(snapshots.take(ORDER), SnapshotFailed)
    assert taken(snapshots).flags == (UNCHANGED,)


def test_t7_one_black_monitor_of_two_is_partial(files: PictureFiles) -> None:
    assert flags_of(files, (noise(1), picture((0, 0, 0), monitor=1))) == [(PARTIAL,)]
    assert flags_of(files, (picture((0, 0, 0)), picture((9, 9, 9), monitor=1))) == [(BLANK,)]


def test_a24_a_monitor_that_fails_does_not_lose_the_other(files: PictureFiles) -> None:
    shown = Shown((Picture.failed(0, "it was unplugged"), noise(1, monitor=1)), (noise(2),))
    snapshots = Snapshots(shown, files)
    got = taken(snapshots)
    assert (len(got.digests), got.flags, snapshots.reasons) == (1, (PARTIAL,), ("it was unplugged",))
    assert (taken(snapshots).flags, snapshots.reasons) == ((), ())


def test_f60_when_every_monitor_fails_the_reasons_are_said_once_each(files: PictureFiles) -> None:
    shown = tuple(Picture.failed(n, why) for n, why in enumerate(["gone", "gone", "locked"]))
    got = Snapshots(Shown(shown), files).take(ORDER)
    assert got == SnapshotFailed(slot=ORDER.slot, why="gone; locked", contract=ORDER.contract)
    assert [*files.folder.iterdir()] == []


def test_f60_no_picture_at_all_is_a_failure(files: PictureFiles) -> None:
    assert isinstance(Snapshots(Shown(()), files).take(ORDER), SnapshotFailed)


def test_a_full_disk_is_a_failure_with_its_reason(files: PictureFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise StoreError("snapshots", 0, "cannot be written (No space left on device)", "make room")

    monkeypatch.setattr(files, "put", full)
    got = Snapshots(Shown((noise(1),)), files).take(ORDER)
    assert isinstance(got, SnapshotFailed)
    assert "No space left on device" in got.why


def test_too_little_memory_is_a_failure_with_its_reason(files: PictureFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image.Image, "save", no_room)
    got = Snapshots(Shown((noise(1),)), files).take(ORDER)
    assert isinstance(got, SnapshotFailed)
    assert "MemoryError" in got.why


def test_f62_smaller_than_it_should_be_is_said(files: PictureFiles) -> None:
    assert flags_of(files, (picture(WHITE, (CANARY, (0, 0, 9, 2)), size=(20_000, 2)),)) == [(SMALLER,)]


# What is on the disk.


def test_two_monitors_are_two_images_in_their_order_and_a_mirror_is_one(files: PictureFiles) -> None:
    left, right = noise(1), noise(2, monitor=1)
    snapshots = Snapshots(Shown((left, right), (left, attrs.evolve(left, monitor=1))), files)
    both, mirror = taken(snapshots), taken(snapshots)
    assert [opened(files.get(digest)).tobytes() for digest in both.digests] == [left.rgb, right.rgb]
    assert mirror.digests == both.digests[:1]


def test_every_file_is_its_owners_alone(files: PictureFiles) -> None:
    taken(Snapshots(Shown((noise(1),)), files))
    modes = {stat.S_IMODE(p.stat().st_mode) for p in files.folder.rglob("*") if p.is_file()}
    assert modes == {0o600}


def test_f28_an_image_is_announced_before_there_is_a_file_of_it(files: PictureFiles) -> None:
    found: list[tuple[str, list[str]]] = []
    snapshots = Snapshots(
        Shown((noise(1), noise(2, monitor=1))),
        files,
        announce=lambda digest: found.append((digest, [*files.digests()])),
    )
    digests = taken(snapshots).digests
    assert found == [(digests[0], []), (digests[1], [digests[0]])]


def test_an_image_that_cannot_be_announced_is_not_kept(files: PictureFiles) -> None:
    def full(_: str) -> None:
        raise StoreError("spool.db", "", "is full", "free some space")

    failed = Snapshots(Shown((noise(1),)), files, announce=full).take(ORDER)
    assert isinstance(failed, SnapshotFailed)
    assert "is full" in failed.why
    assert [*files.digests()] == []


def test_t6_deleting_a_picture_deletes_its_thumbnail(files: PictureFiles) -> None:
    snapshots = Snapshots(Shown((noise(1),)), files)
    (digest,) = taken(snapshots).digests
    small = snapshots.thumbnail(digest)
    assert small is not None
    assert opened(small).size == (64, 40)
    assert files.delete(digest)
    assert snapshots.thumbnail(digest) is None
    assert [p for p in files.folder.rglob("*") if p.is_file()] == []


def test_f28_a_picture_that_is_gone_or_altered_is_told(files: PictureFiles) -> None:
    snapshots = Snapshots(Shown((noise(1),), (noise(2),)), files)
    (gone,), (altered,) = taken(snapshots).digests, taken(snapshots).digests
    (files.folder / gone[:2] / gone).unlink()
    (files.folder / altered[:2] / altered).write_bytes(b"another")
    for digest, what in ((gone, "evidence missing"), (altered, "evidence altered")):
        with pytest.raises(StoreError, match=what):
            files.get(digest)


def test_a16_each_order_is_one_snapshot(files: PictureFiles) -> None:
    snapshots = Snapshots(Shown(*[(noise(n),) for n in range(4)]), files)
    digests = [taken(snapshots).digests for _ in range(4)]
    assert all(len(each) == 1 for each in digests)
    assert all(one != other for one, other in pairwise(digests))


# When it was taken.


class Slow(Shown):
    """A screen that takes its time: `before` seconds pass until it is asked, and `takes` while it answers."""

    def __init__(self, now: int, takes: int, *shown: tuple[Picture, ...]) -> None:
        super().__init__(*shown)
        self.now, self.takes, self.asked = now, takes, 0

    def clock(self) -> float:
        return self.now + 0.9

    def grab(self) -> tuple[Picture, ...]:
        self.asked += 1
        self.now += self.takes
        return super().grab()


def at_that_time(
    files: PictureFiles, begins: int, takes: int = 0, *, order: TakeSnapshot = ORDER
) -> tuple[SnapshotTaken | SnapshotFailed, Slow]:
    """Take a snapshot `begins` seconds after its moment, of a screen that needs so many seconds."""
    screen = Slow(order.at + begins, takes, (noise(1),))
    return Snapshots(screen, files, clock=screen.clock).take(order), screen


@pytest.mark.parametrize(("begins", "takes"), [(0, 0), (3, 1), (0, 20), (15, 5), (20, 0)])
def test_a_snapshot_has_the_time_at_which_it_was_taken(files: PictureFiles, begins: int, takes: int) -> None:
    got, _ = at_that_time(files, begins, takes)
    assert isinstance(got, SnapshotTaken)
    assert got.at == ORDER.at + begins + (takes if takes > 2 else 0)


@pytest.mark.parametrize(("begins", "takes"), [(0, 21), (0, 45), (15, 6), (20, 1), (21, 0), (400, 0)])
def test_f59_a_screen_that_answers_too_late_shows_another_moment(files: PictureFiles, begins: int, takes: int) -> None:
    got, screen = at_that_time(files, begins, takes)
    assert isinstance(got, SnapshotFailed)
    assert got.why == f"it came too late: {begins + takes} s after its moment"
    assert screen.asked == (begins <= 20)
    assert not files.folder.exists() or [path for path in files.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("attempt", "last"), [(1, 20), (2, 35), (3, 50)])
def test_a_retry_is_as_late_as_it_is_and_no_later(files: PictureFiles, attempt: int, last: int) -> None:
    order = attrs.evolve(ORDER, attempt=attempt)
    got, _ = at_that_time(files, last, order=order)
    assert isinstance(got, SnapshotTaken)
    assert got.at == ORDER.at + last
    assert isinstance(at_that_time(files, last + 1, order=order)[0], SnapshotFailed)


def test_a_snapshot_is_of_its_own_segment(files: PictureFiles) -> None:
    end = (ORDER.slot + 1) * 600
    order = attrs.evolve(ORDER, at=Instant(end - 3))
    assert isinstance(at_that_time(files, 2, order=order)[0], SnapshotTaken)
    for begins, takes in ((3, 0), (2, 3)):
        got, _ = at_that_time(files, begins, takes, order=order)
        assert isinstance(got, SnapshotFailed)
        assert got.why == "it came too late: its segment was over"


@pytest.mark.parametrize(("begins", "takes"), [(-3, 0), (-600, 0), (0, -3)])
def test_a_clock_that_is_set_back_meanwhile_tells_no_time(files: PictureFiles, begins: int, takes: int) -> None:
    got, _ = at_that_time(files, begins, takes)
    assert isinstance(got, SnapshotFailed)
    assert got.why == "the clock was set back while the snapshot was taken"


def test_two_seconds_are_no_step_and_no_snapshot_is_before_its_moment(files: PictureFiles) -> None:
    got, _ = at_that_time(files, -2)
    assert isinstance(got, SnapshotTaken)
    assert got.at == ORDER.at
