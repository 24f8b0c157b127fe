"""What the pattern reads is what the reader of all entries reads, for every entry there can be."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workdiary.diary.canonical import canonical, entry_digest
from workdiary.diary.changes import Change, LateEvidence, TimeTracked
from workdiary.diary.entry import START, Entry
from workdiary.diary.uploads import upload_of
from workdiary.errors import InvalidValue, WorkdiaryError
from workdiary.formats.runs import Run, maximal, read_run, runs_of_segments, write_run
from workdiary.model.activity import Activity
from workdiary.model.contract import Actor, Role
from workdiary.model.segment import Segment, Snapshot, Source
from workdiary.model.slots import Slot, Slots
from workdiary.model.times import instant
from workdiary.testing.diary_strategies import changes
from workdiary.testing.strategies import segments

AT = instant("2026-11-18T12:00Z")
START_AT = instant("2026-11-18T08:00Z")
ANA = Actor(id="ana", role=Role.FREELANCER)


def tracked(n: int, **given: Any) -> Segment:
    """Return the tracked segment `n` slots after eight o'clock."""
    return Segment.tracked(START_AT.slot + n, **given)


def sealed(change: Change, **other: Any) -> Entry:
    return Entry.seal(**{"contract": "c-1", "after": START, "id": "up", "at": AT, "by": ANA, "change": change, **other})


def agrees(entry: Entry) -> bool:
    """Return whether the pattern says of `entry` what its change says, or nothing."""
    upload = upload_of(entry)
    if upload is None:
        return True
    change = entry.change
    assert isinstance(change, TimeTracked)
    written, run = upload
    return not change.aside and (run,) == change.runs and written == (change.made_at, entry.id)


@given(changes())
@settings(max_examples=300)
def test_a_change_of_any_kind_is_read_alike(change: Change) -> None:
    assert agrees(sealed(change))


@given(st.lists(segments(), min_size=1, max_size=4, unique_by=lambda one: one.slot), st.text(max_size=8))
@settings(max_examples=300)
def test_an_upload_of_any_segments_is_read_alike(several: list[Segment], memo: str) -> None:
    whole = [attrs.evolve(one, memo=memo) for one in several if one.source.value == "tracked"]
    if whole:
        assert agrees(sealed(TimeTracked(segments=whole, made_at=AT)))


USUAL = (
    tracked(0, memo="Fix", activity=Activity.of_meter(7), snapshots=[instant(START_AT.datetime.add(seconds=13))]),
    tracked(1, memo="Fix", activity=Activity.of_meter(10), snapshots=[instant(START_AT.datetime.add(seconds=613))]),
)
LABELLED = tracked(5, memo="a, {b} [c]", label="Design")
PICTURED = tracked(9, memo="x", activity=Activity.of_meter(0), snapshots=[Snapshot(at=None, digest="0f" * 32)])


@pytest.mark.parametrize("several", [USUAL[:1], USUAL, [LABELLED], [PICTURED]], ids=["one", "run", "label", "digest"])
def test_what_a_tracker_sends_is_read_by_the_pattern(several: list[Segment]) -> None:
    entry = sealed(TimeTracked(segments=several, made_at=AT))
    upload = upload_of(entry)
    assert upload is not None
    assert [*upload[1].segments()] == [*several]
    assert upload[0] == (AT, "up")


OTHERS: dict[str, Change] = {
    "two runs": TimeTracked(segments=[USUAL[0], LABELLED], made_at=AT),
    "aside": TimeTracked(segments=USUAL, made_at=AT, aside=Slots([USUAL[0].slot])),
    "late": LateEvidence(segments=USUAL, made_at=AT),
    "not ASCII": TimeTracked(segments=[tracked(0, memo="Café")], made_at=AT),
    "a quote": TimeTracked(segments=[tracked(0, memo='"')], made_at=AT),
    "minutes": TimeTracked(segments=[tracked(0, activity=Activity.of_minutes([(1, 0, 0)] * 10))], made_at=AT),
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_everything_else_is_left_to_the_reader_of_all(change: Change) -> None:
    assert upload_of(sealed(change)) is None


@given(st.data())
@settings(max_examples=400)
def test_bytes_that_were_changed_are_read_alike_or_not_at_all(data: st.DataObject) -> None:
    """Whatever the pattern takes, the reader of all takes as well, with the same result (S5)."""
    entry = sealed(
        TimeTracked(segments=data.draw(st.sampled_from([USUAL[:1], USUAL, [LABELLED], [PICTURED]])), made_at=AT)
    )
    body = bytearray(entry.body)
    place = data.draw(st.integers(0, len(body) - 1))
    kind = data.draw(st.sampled_from(["replace", "insert", "delete"]))
    new = data.draw(st.sampled_from(sorted(set(entry.body) | set(b'09-+ ."\\{}[],:nul\x00\x7f\xff'))))
    if kind == "replace":
        body[place] = new
    elif kind == "insert":
        body.insert(place, new)
    else:
        del body[place]
    changed = attrs.evolve(entry, body=bytes(body))
    changed = attrs.evolve(changed, digest=entry_digest(changed.previous, changed.body))
    if upload_of(changed) is not None:
        changed.check(START)
        assert agrees(changed)
        assert canonical(json.loads(changed.body)) == changed.body


@pytest.mark.parametrize(
    "beside",
    [
        {"contract": "c-2"},
        {"id": "other"},
        {"number": 2},
        {"at": AT + 1},
        {"start": 1},
        {"stop": None},
        {"start": None},
    ],
    ids=str,
)
def test_what_stands_beside_it_must_be_its_own(beside: dict[str, Any]) -> None:
    entry = sealed(TimeTracked(segments=USUAL, made_at=AT))
    assert upload_of(attrs.evolve(entry, **beside)) is None
    with pytest.raises(WorkdiaryError):
        attrs.evolve(entry, **beside).check(START)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-11-18T12:00:00Z", "2026-11-18T24:00:00Z"),
        ("2026-11-18T12:00:00Z", "2026-11-18T12:60:00Z"),
        ("2026-11-18T12:00:00Z", "2026-11-31T12:00:00Z"),
        ("[7]", "[11]"),
        ("[7]", "[7,7]"),
        ("[13]", "[600]"),
        ("[13]", "[013]"),
        ('"number":1', '"number":01'),
    ],
)
def test_texts_of_the_right_shape_with_no_meaning_are_not_taken(old: str, new: str) -> None:
    entry = sealed(TimeTracked(segments=USUAL[:1], made_at=AT))
    assert old in entry.body.decode()
    assert upload_of(attrs.evolve(entry, body=entry.body.replace(old.encode(), new.encode()))) is None


@given(st.lists(segments(), max_size=6, unique_by=lambda one: one.slot))
def test_equal_segments_have_equal_runs_however_they_were_cut(several: list[Segment]) -> None:
    """Runs in pieces, nulls spelled out and bare meters as objects come to the same maximal runs."""
    ordered = sorted(several, key=lambda one: one.slot)
    pieces = [spelled_out(one) for one in ordered]
    assert maximal(pieces) == maximal(maximal(pieces))
    assert [segment for run in maximal(pieces) for segment in run.segments()] == ordered


def spelled_out(one: Segment) -> Run:
    """Return the run of `one` alone, in the longest of the forms that a file may have it in."""
    plain = json.loads(json.dumps(write_run(next(iter(runs_of_segments([one]))))))
    if one.source.value == "tracked":
        plain |= {name: plain[name] or [None] for name in ("activity", "snapshots")}
        if type(plain["activity"][0]) is int:
            plain["activity"] = [{"meter": plain["activity"][0]}]
    return read_run(plain)


@pytest.mark.parametrize(
    "wrong",
    [
        {"activity": (99,)},
        {"activity": (1, 2, 3)},
        {"snapshots": (700,)},
        {"memo": 5},
        {"memo": "x" * 5000},
        {"label": " "},
    ],
    ids=str,
)
def test_runs_made_by_hand_are_no_upload(wrong: dict[str, Any]) -> None:
    """What nobody has checked would be sealed, and could not be read again."""
    made = {"memo": "Fix", "label": None, "activity": (), "snapshots": ()} | wrong
    run = Run(start=Slot(1), stop=Slot(2), source=Source.TRACKED, **made)
    with pytest.raises(InvalidValue, match="is not a Segment"):
        TimeTracked(segments=[run], made_at=AT)  # type: ignore[list-item]  # that is the point


def test_the_data_of_an_entry_shares_nothing_with_its_upload() -> None:
    upload = TimeTracked(segments=[PICTURED], made_at=AT)
    entry = sealed(upload)
    entry.data["change"]["segments"][0]["snapshots"][0][0]["at"] = 77
    assert upload.segments == (PICTURED,)
    assert hash(upload) == hash(TimeTracked(segments=[PICTURED], made_at=AT))
