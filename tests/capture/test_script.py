"""Traces and their replay: what a line may say, and that a virtual machine does exactly that."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.capture.events import Choice
from workdiary.capture.machine.ports import Clocks, Inputs, Screen
from workdiary.capture.script import Script
from workdiary.capture.trace import (
    SCREENS,
    Begins,
    Does,
    Ends,
    Event,
    Labels,
    Locks,
    Loses,
    Notes,
    Replies,
    SetsWall,
    Shows,
    Suspends,
    Trace,
    Works,
    read_trace,
    trace_of,
    trace_text,
)
from workdiary.errors import DocumentError, Problems
from workdiary.model.times import instant

HEAD = '{"trace": 1, "starts": "2026-11-18T08:00:00Z"}'
STARTS = instant("2026-11-18T08:00:00Z")
DAY = Path(__file__).parents[2] / "examples" / "day.jsonl"


def script_of(*lines: str) -> Script:
    return Script(trace_of("\n".join((HEAD, *lines))))


# The format.


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{"t": 0, "start": "c-1"}', Begins(contract="c-1")),
        ('{"t": 0, "start": "c-1", "memo": "Fix", "label": null}', Begins(contract="c-1", memo="Fix")),
        ('{"t": 0, "start": "c-1", "label": "Design"}', Begins(contract="c-1", label="Design")),
        ('{"t": 0, "stop": true}', Ends()),
        ('{"t": 0, "memo": "Fix"}', Notes(memo="Fix")),
        ('{"t": 0, "label": null}', Labels(label=None)),
        ('{"t": 0, "label": "Design"}', Labels(label="Design")),
        ('{"t": 0, "answer": "keep"}', Replies(choice=Choice.KEEP)),
        ('{"t": 0, "answer": "reassign", "to": "c-2"}', Replies(choice=Choice.REASSIGN, to="c-2")),
        ('{"t": 0, "keys": 40, "clicks": 3, "scrolls": 1, "for": 60}', Works(counts=(40, 3, 1), milliseconds=60_000)),
        ('{"t": 0, "scrolls": 2}', Works(counts=(0, 0, 2), milliseconds=1000)),
        ('{"t": 0, "suspend": 3600}', Suspends(milliseconds=3_600_000)),
        ('{"t": 0, "wall": -3600}', SetsWall(milliseconds=-3_600_000)),
        ('{"t": 0, "wall": 0.25}', SetsWall(milliseconds=250)),
        ('{"t": 0, "lock": true}', Locks(on=True)),
        ('{"t": 0, "lost": false}', Loses(on=False)),
        ('{"t": 0, "screen": "black"}', Shows(what="black")),
        ('{"t": 0, "screen": null}', Shows(what=None)),
    ],
)
def test_a_line_says_one_thing(line: str, what: Does) -> None:
    assert trace_of(f"{HEAD}\n\n{line}\n").events == (Event(at=0, what=what),)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('{"t": 0}', "line 2: 't' says nothing that is known; give one of start, keys"),
        ('{"t": 0, "strat": "c-1"}', "give one of start"),
        ('{"lock": true}', "line 2: t: is missing"),
        ('{"t": -1, "lock": true}', "line 2: t: -1 is not a number of seconds from 0 to 2678400"),
        ('{"t": true, "lock": true}', "t: True is not a number of seconds"),
        ('{"t": "5", "lock": true}', "t: '5' is not a number of seconds"),
        ('{"t": 0.0001, "lock": true}', "t: 0.0001 is finer than a millisecond"),
        ('{"t": NaN, "lock": true}', "line 2"),
        ('{"t": 0, "lock": 1}', "lock: 1 is not a truth value; write true or false"),
        ('{"t": 0, "stop": false}', "stop: False stops nothing"),
        ('{"t": 0, "start": ""}', "start: '' is no contract"),
        ('{"t": 0, "start": 7}', "start: 7 is not text"),
        ('{"t": 0, "start": "c-1", "memo": null}', "memo: None is not text"),
        ('{"t": 0, "start": "c-1", "lock": true}', "lock: does not belong there; what may be there: t, start, memo"),
        ('{"t": 0, "lock": true, "lock": true}', "stands twice"),
        ('{"t": 0, "keys": -1}', "keys: -1 is not a whole number from 0 to 1000000"),
        ('{"t": 0, "keys": 1.5}', "keys: 1.5 is not a whole number"),
        ('{"t": 0, "keys": 1, "for": 0}', "for: 0 is not a number of seconds"),
        ('{"t": 0, "suspend": 0}', "suspend: 0 is not a number of seconds"),
        ('{"t": 0, "answer": "maybe"}', "answer: 'maybe' is not an answer; give one of keep, discard, reassign"),
        ('{"t": 0, "answer": "reassign"}', "to: is missing; name the contract"),
        ('{"t": 0, "answer": "keep", "to": "c-2"}', "to: 'c-2' does not go with keep"),
        ('{"t": 0, "screen": "blue"}', "screen: 'blue' is not known; give one of black, same, fail, or null"),
        ('{"t": 0, "wall": 1e11}', "is not a number of seconds"),
        ("[]", "line 2: [] is not an object"),
        ('{"t": 0, "lock"', "line 2: "),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_a_way_out(line: str, says: str) -> None:
    with pytest.raises(Problems) as caught:
        trace_of(f"{HEAD}\n{line}", "day.jsonl")
    assert says in str(caught.value)
    assert "day.jsonl, line 2" in str(caught.value)


@pytest.mark.parametrize(
    "head", ["{}", '{"trace": 2, "starts": "2026-11-18T08:00Z"}', '{"trace": 1}', '{"trace": 1, "starts": "today"}']
)
def test_the_first_line_says_that_it_is_a_trace(head: str) -> None:
    with pytest.raises(Problems, match="line 1: "):
        trace_of(head)


def test_an_empty_file_and_one_that_is_not_text(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is empty; begin with"):
        trace_of("\n")
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b"\xff")
    with pytest.raises(DocumentError, match="UTF-8"):
        read_trace(path)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(Problems) as caught:
        trace_of(f'{HEAD}\n{{"t": 9}}\n{{"t": 5, "lock": true}}\n{{"t": 3, "stop": true}}\n{{"t": 4, "memo": 0}}')
    said = str(caught.value)
    assert all(f"line {n}: " in said for n in (2, 4, 5))
    assert "line 3" not in said


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (('{"t": 9, "lock": true}', '{"t": 8.5, "lock": false}'), "line 3: t: 8.5 is before 9 above; sort the lines"),
        (('{"t": 1, "suspend": 10}', '{"t": 10.999, "lock": true}'), "line 3: t: 10.999 is while the machine is susp"),
        (('{"t": 1, "suspend": 10}', '{"t": 1, "lock": true}'), "give a t from 11 on"),
        (('{"t": 0, "keys": 9, "for": 60}', '{"t": 59, "suspend": 5}'), "line 3: suspend: 59 is in the middle of work"),
    ],
)
def test_what_cannot_have_happened_is_refused(lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(Problems) as caught:
        trace_of("\n".join((HEAD, *lines)))
    assert says in str(caught.value)


def test_work_may_end_as_a_suspension_begins_and_life_goes_on_as_it_ends() -> None:
    script_of('{"t": 0, "keys": 9, "for": 60}', '{"t": 60, "suspend": 5}', '{"t": 65, "lock": true}')


TEXT = st.text(max_size=8)
DOES: st.SearchStrategy[Does] = st.one_of(
    st.builds(Begins, contract=st.text(min_size=1, max_size=8), memo=TEXT, label=st.none() | TEXT),
    st.just(Ends()),
    st.builds(Notes, memo=TEXT),
    st.builds(Labels, label=st.none() | TEXT),
    st.sampled_from([Replies(choice=Choice.KEEP), Replies(choice=Choice.REASSIGN, to="c-2")]),
    st.builds(Works, counts=st.tuples(*[st.integers(0, 10**6)] * 3), milliseconds=st.integers(1, 86_400_000)),
    st.builds(SetsWall, milliseconds=st.integers(-(10**13), 10**13)),
    st.builds(Locks, on=st.booleans()),
    st.builds(Loses, on=st.booleans()),
    st.builds(Shows, what=st.none() | st.sampled_from(SCREENS)),
)


@given(st.lists(st.tuples(st.integers(0, 10**9), DOES), max_size=8))
def test_what_is_written_reads_back_the_same(events: list[tuple[int, Does]]) -> None:
    ordered = sorted(events, key=lambda event: event[0])
    trace = Trace(starts=STARTS, events=tuple(Event(at=at, what=what) for at, what in ordered))
    assert trace_of(trace_text(trace)) == trace


# The replay.


def test_it_keeps_the_contracts_of_the_ports() -> None:
    script = script_of()
    assert isinstance(script.clocks, Clocks)
    assert isinstance(script.inputs, Inputs)
    assert isinstance(script.screen, Screen)


def test_a_beat_a_second_and_one_for_each_thing_that_happens() -> None:
    script = script_of('{"t": 0, "start": "c-1"}', '{"t": 1.5, "memo": "Fix"}', '{"t": 3, "stop": true}')
    beats = [(beat.at, beat.commands) for beat in script.play()]
    begins, notes, ends = Begins(contract="c-1"), Notes(memo="Fix"), Ends()
    assert beats == [(0, (begins,)), (1000, ()), (1500, (notes,)), (2000, ()), (3000, (ends,))]


def test_a_trace_of_nothing_is_one_beat() -> None:
    assert [beat.at for beat in script_of().play()] == [0]


def test_a23_a_suspension_moves_the_wall_and_the_boot_clock_alone_and_has_no_beats() -> None:
    script = script_of('{"t": 2, "suspend": 3600}', '{"t": 3603, "stop": true}')
    first = script.clocks.read()
    seen = []
    for beat in script.play():
        now = script.clocks.read()
        seen.append((beat.at, now.wall - first.wall, now.mono - first.mono, now.boot - first.boot))
    assert first.wall == STARTS * 1000
    assert seen == [
        (0, 0, 0, 0),
        (1000, 1000, 1000, 1000),
        (2000, 2000, 2000, 2000),
        (3_602_000, 3_602_000, 2000, 3_602_000),
        (3_603_000, 3_603_000, 3000, 3_603_000),
    ]


def test_a_set_wall_clock_moves_alone() -> None:
    script = script_of('{"t": 1, "wall": -7}', '{"t": 2, "stop": true}')
    first = script.clocks.read()
    walls = [(script.clocks.read().wall - first.wall, script.clocks.read().boot - first.boot) for _ in script.play()]
    assert walls == [(0, 0), (-6000, 1000), (-5000, 2000)]


@given(st.integers(0, 5000), st.integers(1, 20_000), st.integers(0, 5000))
def test_work_is_spread_evenly_and_comes_to_exactly_what_was_said(keys: int, over: int, begins: int) -> None:
    works = Event(at=begins, what=Works(counts=(keys, 1, 0), milliseconds=over))
    script = Script(Trace(starts=STARTS, events=(works,)))
    taken = [script.inputs.take() for _ in script.play()]
    counts = [count for count in taken if count is not None]
    assert len(counts) == len(taken)
    assert (sum(k for k, _, _ in counts), sum(c for _, c, _ in counts)) == (keys, 1)
    assert all(k <= keys * 1000 / over + 1 for k, _, _ in counts)


def test_a25_lost_capture_is_unknown_for_every_second_that_it_touches() -> None:
    script = script_of('{"t": 0, "keys": 5, "for": 5}', '{"t": 1.5, "lost": true}', '{"t": 2.5, "lost": false}')
    taken = [(beat.at, script.inputs.take()) for beat in script.play()]
    unknown = [at for at, counts in taken if counts is None]
    assert unknown == [1500, 2000, 2500]
    assert taken[-1] == (5000, (1, 0, 0))


def test_a30_idle_time_does_not_know_the_wall_clock() -> None:
    script = script_of(
        '{"t": 0, "keys": 1}', '{"t": 3, "wall": -3600}', '{"t": 5, "lost": true}', '{"t": 6, "stop": true}'
    )
    idle = [script.inputs.idle() for _ in script.play()]
    assert idle == [0, 0, 1000, 2000, 3000, None, None]


def test_a_lock_is_seen_until_it_is_opened() -> None:
    script = script_of('{"t": 1, "lock": true}', '{"t": 3, "lock": false}')
    assert [script.inputs.locked() for _ in script.play()] == [False, True, True, False]


def test_pictures_are_what_the_trace_says_and_otherwise_new_ones() -> None:
    script = script_of(
        '{"t": 2, "screen": "same"}',
        '{"t": 3, "screen": "black"}',
        '{"t": 4, "screen": "fail"}',
        '{"t": 5, "screen": null}',
    )
    pictures = [script.screen.grab()[0] for _ in script.play()]
    new, newer, same, black, failed, newest = pictures
    assert len({new.rgb, newer.rgb, newest.rgb, black.rgb}) == 4
    assert same == newer
    assert set(black.rgb or b"x") == {0}
    assert failed.rgb is None
    assert failed.why
    assert (new.width, new.height) == (640, 360)


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (320, 200), (1920, 1080)])
def test_pictures_of_any_size(size: tuple[int, int]) -> None:
    width, height = size
    script = Script(trace_of(HEAD), width, height)
    assert len(script.screen.grab()[0].rgb or b"") == width * height * 3


def test_two_replays_are_the_same() -> None:
    def told() -> list[object]:
        script = Script(read_trace(DAY))
        return [(beat, script.clocks.read(), script.inputs.take(), script.inputs.idle()) for beat in script.play()]

    assert told() == told()


def test_the_recorded_day_has_everything_in_it() -> None:
    trace = read_trace(DAY)
    assert DAY.stat().st_size < 30_000
    assert {type(event.what) for event in trace.events} >= {
        Begins, Ends, Notes, Replies, Works, Suspends, SetsWall, Locks, Loses, Shows,
    }  # fmt: skip
    assert trace.contracts == ("c-1", "c-2")
    script = Script(trace)
    idle = 0
    for _ in script.play():
        idle = max(idle, script.inputs.idle() or 0)
    assert idle > 600_000  # long enough for the prompt
    end = script.clocks.read()
    assert end.boot - end.mono > 45 * 60_000  # lunch
