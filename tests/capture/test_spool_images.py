"""Which image files the tracker's own store lets go: those that no snapshot names, now or in the diary."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capture.stage import WEDNESDAY
from tests.capture.test_spool import NINE, NOW, a_segment, folder
from workdiary.capture.events import DropSnapshot
from workdiary.capture.spool.kept import Shot, Standing
from workdiary.capture.spool.spool import Keepable, Spool
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

__all__ = ["folder"]

AGAIN = Slot(NINE + 1)


def test_an_image_that_another_segment_shows_is_not_let_go(folder: Path) -> None:
    same = "cd" * 32
    shots = [
        Shot(contract="c-1", slot=Slot(NINE + n), at=Instant(WEDNESDAY + 600 * n), digests=(same,)) for n in (0, 1)
    ]
    with Spool(folder) as spool:
        spool.keep(shots, now=NOW)
        spool.keep([DropSnapshot(contract="c-1", slot=NINE, digests=(same,))], now=NOW)
        assert spool.dropped() == ()
        spool.keep([DropSnapshot(contract="c-1", slot=Slot(NINE + 1), digests=(same,))], now=NOW)
        assert spool.dropped() == (same,)
        spool.removed(same)
        assert spool.dropped() == ()


def test_f28_an_image_that_no_snapshot_came_of_is_let_go_at_the_next_start(folder: Path) -> None:
    kept, lost = "ab" * 32, "cd" * 32
    with Spool(folder) as spool:
        for digest in (kept, lost):
            spool.announce(digest)
        spool.keep([Shot(contract="c-1", slot=NINE, at=Instant(WEDNESDAY), digests=(kept,))], now=NOW)
        assert spool.dropped() == ()
    with Spool(folder) as spool:
        assert spool.dropped() == (lost,)


def test_an_image_that_is_announced_anew_is_not_removed(folder: Path) -> None:
    gone: list[str] = []
    with Spool(folder) as spool:
        for digest in ("ab" * 32, "cd" * 32):
            spool.keep([DropSnapshot(contract="c-1", slot=NINE, digests=(digest,))], now=NOW)
        assert len(spool.dropped()) == 2
        spool.announce("ab" * 32)
        for digest in ("ab" * 32, "cd" * 32):
            spool.remove(digest, gone.append)
        assert gone == ["cd" * 32]
        assert spool.dropped() == ()


@pytest.mark.parametrize(
    "again",
    [
        Shot(contract="c-1", slot=AGAIN, at=Instant(AGAIN * 600), digests=("ab" * 32,)),
        a_segment(AGAIN, "ab" * 32),
    ],
)
def test_an_image_that_is_named_anew_is_not_removed(folder: Path, again: Keepable) -> None:
    same, gone = "ab" * 32, list[str]()
    with Spool(folder) as spool:
        spool.keep([DropSnapshot(contract="c-1", slot=NINE, digests=(same,))], now=NOW)
        assert spool.dropped() == (same,)
        # While the sender reads the diaries, the screen is pictured, and has not changed.
        if isinstance(again, Shot):
            spool.announce(same)
        spool.keep([again], now=NOW)
        spool.remove(same, gone.append)
        assert (gone, spool.dropped()) == ([], ())
        # It goes with the last that names it.
        assert spool.delete("c-1", AGAIN, id="delete 1", now=NOW)
        assert spool.dropped() == (same,)
        spool.remove(same, gone.append)
        assert gone == [same]


@pytest.mark.parametrize("way", ["dropped", "dropped before", "announced"])
def test_an_image_that_the_diary_shows_is_not_let_go_once_it_is_tidied_away(folder: Path, way: str) -> None:
    same, later = "ab" * 32, NOW + 36 * 86_400_000
    shot = Shot(contract="c-1", slot=NINE, at=Instant(WEDNESDAY), digests=(same,))
    drop = DropSnapshot(contract="c-1", slot=AGAIN, digests=(same,))
    with Spool(folder) as spool:
        spool.keep([drop, shot] if way == "dropped before" else [shot], now=NOW)
        spool.keep([a_segment(digest=same)], now=NOW)
        if way == "dropped":
            spool.keep([drop], now=NOW)
        elif way == "announced":
            spool.announce(same)
    with Spool(folder) as spool:
        (item,) = spool.items()
        spool.try_item(item.number)
        spool.answer(item.number, Standing.SENT)
        spool.keep([a_segment(Slot(later // 600_000))], now=later)
        assert spool.tidy(now=later) == 1
        assert (spool.shots("c-1"), spool.dropped()) == ((), ())


def test_an_image_like_one_that_was_sent_and_tidied_away_is_asked_about(folder: Path) -> None:
    # A black screen is the same file each time.
    same, later = "ab" * 32, NOW + 36 * 86_400_000
    with Spool(folder) as spool:
        spool.keep([a_segment(digest=same)], now=NOW)
        (item,) = spool.items()
        spool.try_item(item.number)
        spool.answer(item.number, Standing.SENT)
        spool.keep([a_segment(Slot(later // 600_000))], now=later)
        assert not spool.may_be_shown("cd" * 32)
        assert spool.tidy(now=later) == 1
        spool.announce(same)
        spool.keep([Shot(contract="c-1", slot=AGAIN, at=Instant(WEDNESDAY), digests=(same,))], now=later)
        spool.keep([DropSnapshot(contract="c-1", slot=AGAIN, digests=(same,))], now=later)
        assert spool.dropped() == (same,)
        assert spool.may_be_shown(same)
