"""The tracker's own store: who may read it, who holds it, what it keeps, and what it never removes."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.capture.stage import WEDNESDAY, memory
from workdiary.capture.events import (
    BalanceKept,
    Finished,
    Job,
    Mark,
    MarkKind,
    MinuteKept,
    SessionEnded,
    SessionStarted,
    SlotKept,
    Start,
)
from workdiary.capture.spool.kept import Kind, Shot, Standing
from workdiary.capture.spool.spool import Keepable, Spool
from workdiary.errors import StoreBusy, StoreError
from workdiary.model.policy import Credit, CreditRule
from workdiary.model.segment import Segment, Snapshot
from workdiary.model.slots import Slot
from workdiary.model.times import Instant

NINE = Slot(WEDNESDAY // 600)
NOW = WEDNESDAY * 1000
JOB = Job(contract="c-1", credit=CreditRule(rule=Credit.SNAPSHOT, min_seconds=300))
START = Start(job=JOB, session="s-1", secret=bytes(32))


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(dir=memory()) as made:
        yield Path(made) / "tracker"


def a_minute(n: int = 0, keys: int | None = 7, session: str = "s-1") -> MinuteKept:
    begin = WEDNESDAY + n * 60
    return MinuteKept(
        contract="c-1",
        session=session,
        minute=begin // 60,
        stretches=((begin, begin + 60),),
        counts=None if keys is None else (keys, 0, 0),
        memo="Work",
        label=None,
    )


def a_segment(slot: Slot = NINE, digest: str = "", session: str = "s-1") -> Finished:
    shots = [Snapshot(at=Instant(slot * 600 + 5), digest=digest)] if digest else []
    return Finished(
        contract="c-1",
        id=f"track {session} {slot}",
        segment=Segment.tracked(slot, memo="Work", snapshots=shots),
        made_at=Instant(slot * 600 + 600),
    )


def keep(folder: Path, *things: Keepable) -> None:
    with Spool(folder) as spool:
        spool.keep(things, now=NOW)


# Whose it is (T10, T11).


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_t10_only_its_owner_can_read_it_whatever_the_umask(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        keep(folder, START, a_minute())
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(modes, 0o600)
    assert {"spool.db", "lock"} <= modes.keys()


@pytest.mark.parametrize("name", ["spool.db", "lock", "spool.db-journal"])
@pytest.mark.parametrize("kind", ["symlink", "hardlink"])
def test_t11_a_link_that_was_planted_is_refused_and_its_target_unchanged(folder: Path, name: str, kind: str) -> None:
    folder.mkdir(mode=0o700)
    target = folder.parent / "target"
    target.write_bytes(b"precious")
    target.chmod(0o600)
    if kind == "symlink":
        (folder / name).symlink_to(target)
    else:
        os.link(target, folder / name)
    with pytest.raises(StoreError, match="link"):
        Spool(folder)
    assert target.read_bytes() == b"precious"


def test_t11_a_folder_that_is_a_link_is_refused(folder: Path) -> None:
    real = folder.parent / "real"
    real.mkdir(mode=0o700)
    folder.symlink_to(real)
    with pytest.raises(StoreError, match="symbolic link"):
        Spool(folder)


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_t10_a_folder_that_others_may_enter_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(StoreError, match="chmod 700"):
        Spool(folder)


def test_t10_a_file_that_others_may_read_is_refused(folder: Path) -> None:
    keep(folder, START)
    (folder / "spool.db").chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        Spool(folder)


def test_a_file_that_is_none_of_ours_is_refused(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / "spool.db")) as other:
        other.execute("CREATE TABLE others (a)")
        other.commit()
    (folder / "spool.db").chmod(0o600)
    with pytest.raises(StoreError, match="another program's"):
        Spool(folder)
    (folder / "spool.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"spool\.db"):
        Spool(folder)


def test_f40_a_file_that_is_damaged_says_what_to_do(tmp_path: Path) -> None:
    with Spool(tmp_path / "t"):
        pass
    (tmp_path / "t" / "spool.db").write_bytes(b"garbage" * 999)
    with pytest.raises(StoreError, match=r"is damaged .* move it away and begin anew"):
        Spool(tmp_path / "t")


def test_t5_f66_a_second_tracker_is_refused_and_the_first_lives(folder: Path) -> None:
    with Spool(folder) as first:
        with pytest.raises(StoreBusy, match=f"process {os.getpid()}"):
            Spool(folder)
        first.keep([START], now=NOW)
    Spool(folder).close()


# What it keeps.


def test_a_step_is_kept_whole_or_not_at_all(folder: Path) -> None:
    broken = attrs_broken()
    with Spool(folder) as spool:
        with pytest.raises(AttributeError):
            spool.keep([START, a_minute(), broken], now=NOW)
        assert spool.known().pasts == ()
        spool.keep([START, a_minute()], now=NOW)
        assert len(spool.known().pasts) == 1


def attrs_broken() -> Finished:
    broken = a_segment()
    object.__setattr__(broken, "segment", None)
    return broken


def test_what_is_kept_twice_is_there_once(folder: Path) -> None:
    with Spool(folder) as spool:
        for _ in range(2):
            spool.keep([START, a_minute(), a_segment()], now=NOW)
        (past,) = spool.known().pasts
        assert past.minutes == (a_minute(),)
        assert len(spool.items()) == 1


def test_a_minute_that_comes_again_replaces_the_one_before(folder: Path) -> None:
    keep(folder, START, a_minute(keys=7), a_minute(keys=None))
    with Spool(folder) as spool:
        (past,) = spool.known().pasts
    assert past.minutes == (a_minute(keys=None),)


def test_a_killed_session_is_known_with_everything_that_was_kept(folder: Path) -> None:
    shot = Shot(contract="c-1", slot=NINE, at=Instant(WEDNESDAY + 5), digests=("ab" * 32,), flags=("partial",))
    keep(folder, START, a_minute(0), a_minute(1), shot)
    with Spool(folder) as spool:
        (past,) = spool.known().pasts
        known = spool.known()
    assert (past.session, past.contract, past.secret, past.since) == ("s-1", "c-1", bytes(32), WEDNESDAY)
    assert past.minutes == (a_minute(0), a_minute(1))
    assert (known.pasts, known.minutes) == ((past,), past.minutes)
    assert [(taken.slot, taken.digests, taken.flags) for taken in known.shots] == [(NINE, ("ab" * 32,), ("partial",))]


def test_what_was_decided_about_a_slot_comes_back_as_it_was_last(folder: Path) -> None:
    first = SlotKept(job=JOB, slot=NINE, session="s-1", moment=WEDNESDAY + 7)
    last = SlotKept(
        job=JOB,
        slot=NINE,
        session="s-1",
        moment=WEDNESDAY + 7,
        is_open=False,
        is_deleted=True,
        is_shown=True,
        is_witnessed=True,
        attempts=2,
        carried=-15,
        sent=frozenset({("s-1", 3), ("s-2", 4)}),
        marks=("recovered",),
    )
    other = SlotKept(job=Job(contract="c-2", credit=JOB.credit), slot=NINE, session="s-2", moment=WEDNESDAY + 9)
    balances = [BalanceKept(contract="c-1", seconds=seconds) for seconds in (40, -200)]
    keep(folder, first, other, balances[0])
    keep(folder, last, balances[1])
    with Spool(folder) as spool:
        assert spool.known().slots == (last, other)
        assert spool.known().balances == {"c-1": -200}


def test_a_deletion_of_what_no_tracker_has_open_is_known_to_the_next_one(folder: Path) -> None:
    keep(folder, SlotKept(job=JOB, slot=NINE, session="s-1", moment=WEDNESDAY + 7, is_open=False), a_segment())
    with Spool(folder) as spool:
        assert spool.delete("c-1", NINE, id="delete 1", now=NOW)
        assert [one.is_deleted for one in spool.known().slots] == [True]


@pytest.mark.parametrize(("version", "whose"), [(1, "older"), (99, "newer")])
def test_a_spool_of_another_version_is_refused_and_not_touched(folder: Path, version: int, whose: str) -> None:
    keep(folder, START, a_minute())
    with closing(sqlite3.connect(folder / "spool.db")) as raw:
        raw.execute(f"PRAGMA user_version = {version}")
    before = (folder / "spool.db").read_bytes()
    with pytest.raises(StoreError, match=f"version of an? {whose} workdiary"):
        Spool(folder)
    assert (folder / "spool.db").read_bytes() == before


def test_a_session_that_has_ended_is_not_recovered_and_its_minutes_are_known(folder: Path) -> None:
    end = SessionEnded(contract="c-1", session="s-1", secret=bytes(32).hex(), at=Instant(WEDNESDAY + 60))
    keep(folder, START, a_minute(), end)
    with Spool(folder) as spool:
        assert (spool.known().pasts, spool.known().minutes) == ((), (a_minute(),))


def test_the_session_goes_out_before_its_segments_and_its_end_after_them(folder: Path) -> None:
    started = SessionStarted(contract="c-1", session="s-1", commitment="ab" * 32, at=Instant(WEDNESDAY))
    ended = SessionEnded(contract="c-1", session="s-1", secret=bytes(32).hex(), at=Instant(WEDNESDAY + 600))
    keep(folder, START, started, a_segment(), ended)
    with Spool(folder) as spool:
        assert [item.kind for item in spool.items()] == [Kind.STARTED, Kind.TRACKED, Kind.ENDED]


# The outbox.


def test_only_an_answer_takes_an_item_out_of_the_outbox(folder: Path) -> None:
    keep(folder, a_segment())
    with Spool(folder) as spool:
        (item,) = spool.items(Standing.WAITING)
        for tries in (1, 2, 3):
            again = spool.try_item(item.number)
            assert again is not None
            assert again.tries == tries
        spool.answer(item.number, Standing.SENT)
        assert spool.try_item(item.number) is None
        assert spool.items(Standing.WAITING) == ()


def test_t4_an_item_whose_bytes_were_changed_is_not_sent_but_shown(folder: Path) -> None:
    keep(folder, a_segment(NINE), a_segment(Slot(NINE + 1)))
    change = "UPDATE outbox SET body = replace(body, 'Work', 'Fork') WHERE number = ?"
    with Spool(folder) as spool:
        first, second = spool.items(Standing.WAITING)
        spool._connection.execute(change, (1,))
        assert spool.try_item(1) is None
        assert spool.try_item(2) is not None
        assert [item.id for item in spool.items(Standing.ALTERED)] == [first.id]
        spool._connection.execute(change, (2,))
    with Spool(folder) as spool:
        assert [item.id for item in spool.items(Standing.ALTERED)] == [first.id, second.id]


def test_what_waits_or_was_refused_is_never_tidied_away(folder: Path) -> None:
    standings = [Standing.SENT, Standing.LATE, Standing.REFUSED, Standing.CONFLICT]
    with Spool(folder) as spool:
        spool.keep([a_segment(Slot(NINE + n)) for n in range(5)], now=NOW)
        for item, standing in zip(spool.items(), standings, strict=False):
            spool.answer(item.number, standing)
        assert spool.tidy(now=NOW + 34 * 86_400_000) == 0
        assert spool.tidy(now=NOW + 36 * 86_400_000) == 2
        assert [item.standing for item in spool.items()] == [Standing.REFUSED, Standing.CONFLICT, Standing.WAITING]
        assert spool.retry() == 2
        assert {item.standing for item in spool.items()} == {Standing.WAITING}


def test_tidying_keeps_the_minutes_of_a_session_that_nobody_has_ended(folder: Path) -> None:
    with Spool(folder) as spool:
        spool.keep([START, a_minute()], now=NOW)
        spool.tidy(now=NOW + 400 * 86_400_000)
        (past,) = spool.known().pasts
        assert past.minutes == (a_minute(),)


def test_tidying_keeps_slots_and_snapshots_as_long_as_their_minutes(folder: Path) -> None:
    end = SessionEnded(contract="c-1", session="s-1", secret=bytes(32).hex(), at=Instant(WEDNESDAY + 60))
    shot = Shot(contract="c-1", slot=NINE, at=Instant(WEDNESDAY + 5), digests=("ab" * 32,))
    slot = SlotKept(job=JOB, slot=NINE, session="s-1", moment=WEDNESDAY + 5, is_open=False)
    reassigned = a_minute(20, session="s-1-1")
    keep(folder, START, a_minute(), shot, slot, reassigned, a_segment(Slot(NINE + 9)))
    with Spool(folder) as spool:
        spool.tidy(now=NOW + 300 * 86_400_000)
        known = spool.known()
        assert (len(known.minutes), len(known.slots), len(known.shots)) == (1, 1, 1), "it has not ended"
        spool.keep([end], now=NOW)
        spool.tidy(now=NOW + 34 * 86_400_000)
        assert len(spool.known().slots) == 1
        spool.tidy(now=NOW + 36 * 86_400_000)
        known = spool.known()
        assert (known.pasts, known.minutes, known.slots, known.shots) == ((), (), (), ())


def test_a_deletion_in_the_hold_leaves_nothing_to_send(folder: Path) -> None:
    with Spool(folder) as spool:
        spool.keep([a_segment(digest="ef" * 32)], now=NOW)
        assert spool.delete("c-1", NINE, id="delete 1", now=NOW)
        assert [item.standing for item in spool.items()] == [Standing.DELETED]
        assert spool.dropped() == ("ef" * 32,)
        assert not spool.may_be_shown("ef" * 32)
        assert not spool.delete("c-1", NINE, id="delete 2", now=NOW)


def test_marks_come_back_in_order(folder: Path) -> None:
    marks = [Mark(kind=MarkKind.LOCKED, at=Instant(WEDNESDAY + n), what=f"mark {n}") for n in range(5)]
    with Spool(folder) as spool:
        spool.keep(marks, now=NOW)
        assert spool.marks(3) == tuple(marks[2:])


# Room (T15).


def test_t15_there_is_a_warning_at_four_fifths_and_no_snapshot_beyond(folder: Path) -> None:
    size = 1_000_000
    with Spool(folder, cap=2 * size, free=lambda _: 10**12) as spool:
        spool.keep([a_segment(Slot(NINE + n), f"{n:064x}") for n in range(2)], now=NOW)
        assert not spool.room(now=NOW, size_of=lambda _: size // 2).warns
        assert spool.room(now=NOW, size_of=lambda _: size * 8 // 10).warns
        assert not spool.room(now=NOW, size_of=lambda _: size * 8 // 10).is_short
        assert spool.room(now=NOW, size_of=lambda _: size).is_short


def test_t15_what_waits_for_too_long_stops_the_snapshots_as_well(folder: Path) -> None:
    with Spool(folder, age=1000, free=lambda _: 10**12) as spool:
        spool.keep([a_segment()], now=NOW)
        assert not spool.room(now=NOW + 799_000).warns
        assert spool.room(now=NOW + 800_000).warns
        assert spool.room(now=NOW + 1_000_000).is_short


def test_t15_a_nearly_full_disk_stops_the_snapshots(folder: Path) -> None:
    free = [10**9]
    with Spool(folder, reserve=64 * 1024**2, free=lambda _: free[0]) as spool:
        assert not spool.room(now=NOW).warns
        free[0] = 64 * 1024**2
        assert spool.room(now=NOW).is_short


def test_t15_on_a_full_disk_the_ballast_makes_room_for_counts(folder: Path) -> None:
    with Spool(folder) as spool:
        spool._connection.execute("PRAGMA max_page_count = 12")
        with pytest.raises(StoreError, match="disk is full"):
            spool.keep([START, *(a_minute(n) for n in range(2000))], now=NOW)
        assert not (folder / "ballast").exists()
        assert spool.known().pasts == (), "all of a step or nothing"
        spool._connection.execute("PRAGMA max_page_count = 1000000")
        spool.keep([START, a_minute()], now=NOW)
        assert len(spool.known().pasts) == 1
