"""`Segment` and `Snapshot`: ten minutes of recorded work, and what cannot be one."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tests.support import refusal
from workdiary.errors import GridError, InvalidValue, NaiveDatetime
from workdiary.model.activity import Activity
from workdiary.model.segment import MEMO_LENGTH, Segment, Snapshot, Source
from workdiary.model.slots import Slot
from workdiary.model.times import Instant, instant

TEN_PAST_NINE = 2991655  # 2026-11-18T09:10Z


def test_a_tracked_segment_has_time_memo_label_activity_and_snapshots() -> None:
    digest = Snapshot(at="2026-11-18T09:19:59Z", digest="sha256:00")
    segment = Segment.tracked(
        "2026-11-18T09:10Z",
        memo="Fix the login form",
        label="backend",
        activity=Activity.of_meter(8),
        snapshots=["2026-11-18T09:10:00.5Z", digest],
    )
    assert segment == Segment(
        slot=Slot(TEN_PAST_NINE),
        source=Source.TRACKED,
        memo="Fix the login form",
        label="backend",
        activity=Activity(meter=8),
        snapshots=(Snapshot(at="2026-11-18T09:10:00Z"), digest),
    )
    assert segment.meter == 8
    assert str(segment.starts_at) == "2026-11-18T09:10:00Z"
    assert str(segment.ends_at) == "2026-11-18T09:20:00Z"


def test_a_segment_needs_no_more_than_its_time_and_source() -> None:
    for segment in (Segment.tracked(TEN_PAST_NINE), Segment(slot=Slot(TEN_PAST_NINE), source=Source.TRACKED)):
        assert segment.slot == TEN_PAST_NINE
        assert segment.source is Source.TRACKED
        assert (segment.memo, segment.label, segment.activity, segment.snapshots) == ("", None, None, ())
        assert segment.meter is None


def test_manual_1_manual_time_has_a_memo_and_a_label_only() -> None:
    segment = Segment.manual("2026-11-18T09:10Z", memo="Call", label="meeting")
    assert segment.source is Source.MANUAL
    assert (segment.slot, segment.memo, segment.label) == (TEN_PAST_NINE, "Call", "meeting")
    assert (segment.activity, segment.snapshots, segment.meter) == (None, (), None)
    bare = Segment.manual(TEN_PAST_NINE)
    assert (bare.memo, bare.label) == ("", None)


def test_manual_1_activity_or_snapshots_cannot_belong_to_manual_time() -> None:
    words = "cannot belong to manual time (MANUAL-1)", "leave it out, or make the segment a tracked one"
    meter, shots = Activity.of_meter(0), (Snapshot(),)
    make: Any = Segment
    some = {"slot": TEN_PAST_NINE, "source": Source.MANUAL}
    assert refusal(InvalidValue, make, **some, activity=meter) == ("activity", meter, *words)
    assert refusal(InvalidValue, make, **some, snapshots=shots) == ("snapshots", shots, *words)
    assert refusal(InvalidValue, make, **some, activity=meter, snapshots=shots)[0] == "activity"


def test_sources_are_called_as_in_a_diary() -> None:
    assert {source.name: source.value for source in Source} == {"TRACKED": "tracked", "MANUAL": "manual"}


def test_grid_1_a_segment_starts_on_the_grid() -> None:
    for make in (Segment.tracked, Segment.manual):
        assert refusal(GridError, make, "2026-11-18T09:12Z") == (
            "at",
            "2026-11-18T09:12:00Z",
            "is not the start of a ten-minute segment",
            "the nearest are 2026-11-18T09:10:00Z and 2026-11-18T09:20:00Z",
        )
        assert refusal(NaiveDatetime, make, "2026-11-18T09:10")[0] == "at"


@pytest.mark.parametrize("slot", [Instant(0), "2026-11-18T09:10Z", 1.0, True, None])
def test_grid_1_a_slot_is_a_number(slot: Any) -> None:
    assert refusal(InvalidValue, Segment, slot=slot, source=Source.TRACKED) == (
        "slot",
        slot,
        "is not a slot number",
        "give unix_seconds // 600, an int",
    )


@pytest.mark.parametrize("source", ["tracked", None, 1])
def test_a_source_is_one_of_the_two(source: Any) -> None:
    assert refusal(InvalidValue, Segment, slot=1, source=source) == (
        "source",
        source,
        "is not a Source",
        "give Source.TRACKED or Source.MANUAL",
    )


@pytest.mark.parametrize("name", ["memo", "label"])
def test_a_memo_and_a_label_are_text_of_at_most_4000_characters(name: str) -> None:
    make: Any = Segment.tracked
    longest = "é" * MEMO_LENGTH
    assert MEMO_LENGTH == 4000
    assert getattr(make(1, **{name: longest}), name) == longest
    assert refusal(InvalidValue, make, 1, **{name: longest + "x"}) == (
        name,
        longest + "x",
        "is longer than 4000 characters",
        "shorten it",
    )
    assert refusal(InvalidValue, make, 1, **{name: 5}) == (name, 5, "is not text", "give a string")
    assert refusal(InvalidValue, make, 1, memo=None) == ("memo", None, "is not text", "give a string")


@pytest.mark.parametrize("blank", [None, "", " ", "\u2003\u00a0"])
def test_edit_6_a_blank_label_is_stored_as_none(blank: str | None) -> None:
    assert Segment.tracked(1, label=blank).label is None
    assert Segment.manual(1, label=blank).label is None
    assert attrs.evolve(Segment.manual(1, label="x"), label=blank).label is None


def test_edit_6_a_label_is_kept_as_it_is_written() -> None:
    assert Segment.tracked(1, label=" design ").label == " design "
    assert Segment.tracked(1, memo="  ").memo == "  "


def test_a_snapshot_belongs_to_the_segment_that_contains_it() -> None:
    inside = ["2026-11-18T09:10:00Z", "2026-11-18T09:19:59.9Z"]
    assert len(Segment.tracked(TEN_PAST_NINE, snapshots=inside).snapshots) == 2
    for outside in ("2026-11-18T09:09:59Z", "2026-11-18T09:20:00Z"):
        assert refusal(InvalidValue, Segment.tracked, TEN_PAST_NINE, snapshots=[*inside, outside]) == (
            "snapshots",
            outside,
            "is not in the segment of 2026-11-18T09:10:00Z",
            "give each snapshot to the segment that contains it",
        )


def test_a_snapshot_may_be_known_without_its_moment_or_its_digest() -> None:
    unknown = Snapshot()
    assert (unknown.at, unknown.digest) == (None, None)
    assert Segment.tracked(1, snapshots=[unknown]).snapshots == (unknown,)
    assert Segment.tracked(1, snapshots=[unknown, Instant(600)]).snapshots == (unknown, Snapshot(at=Instant(600)))
    assert Snapshot(at="2026-11-18T09:14:07.25Z").at == instant("2026-11-18T09:14:07Z")
    assert refusal(NaiveDatetime, Snapshot, at="2026-11-18T09:14:07")[0] == "snapshot.at"


def test_a_segment_is_a_value() -> None:
    one, other = (Segment.tracked(1, activity=Activity.of_meter(1), snapshots=[Snapshot(digest="a")]) for _ in "ab")
    assert one == other
    assert hash(one) == hash(other)
    some: Any = one
    with pytest.raises(AttributeError):
        some.memo = "x"
    make: Any = Segment
    with pytest.raises(TypeError):
        make(1, Source.TRACKED)
