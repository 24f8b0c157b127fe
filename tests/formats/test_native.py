"""The native JSON: exact in both directions, and every mistake in it is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.support import ODD, PLAIN, WEEK, at, contract, manual, tracked
from workdiary import policies
from workdiary.errors import DocumentError, OrderError, OverlapError, Problems, WorkdiaryError
from workdiary.formats import native
from workdiary.formats.native import Record
from workdiary.model.activity import Activity
from workdiary.model.segment import Segment, Snapshot
from workdiary.model.sheet import Sheet
from workdiary.model.times import instant

MINUTES = [(40, 2, 0)] * 7 + [(0, 0, 0)] * 3
EVERY_KIND = (
    tracked(at(0)),
    tracked(at(1), meter=None, shot=False),
    Segment.tracked(
        at(2),
        memo="Fix the login form",
        activity=Activity.of_minutes(MINUTES),
        snapshots=[Snapshot(), Snapshot(digest="ab12"), Snapshot(at=instant("2026-11-16T00:29:59Z"), digest="cd")],
    ),
    Segment.tracked(at(3), memo="Prüfung — étape 2", activity=Activity.of_totals(3, keystrokes=40, mouse_events=9)),
    manual(at(4), label="meeting"),
    manual(at(9), memo=""),
    tracked(at(1007), label="design"),
    tracked(at(1008), label="design", meter=10),
)


def document(**changes: Any) -> dict[str, Any]:
    """Return a small document, its one run changed."""
    run = {"from": "2026-11-16T00:00:00Z", "to": "2026-11-16T00:20:00Z", "source": "tracked", "memo": "m"}
    whole: dict[str, Any] = json.loads(native.dumps([Record.of(contract(), "upwork", [])]))
    whole["contracts"][0]["segments"] = [{**run, **changes}]
    return whole


def problems(data: object) -> list[str]:
    """Return the messages of everything that is wrong with a document."""
    with pytest.raises(WorkdiaryError) as caught:
        native.loads(json.dumps(data))
    error = caught.value
    return [str(single) for single in error] if isinstance(error, Problems) else [str(error)]


@pytest.mark.parametrize("policy", ["upwork", PLAIN, ODD])
def test_what_is_written_is_read_back_exactly(policy: Any) -> None:
    record = Record.of(contract(labels=["design"], usual_rate="28.50"), policy, reversed(EVERY_KIND))
    other = Record.of(contract(id="c-2"), policy, [])
    text = native.dumps([record, other])
    back = native.loads(text)
    assert back == (record, other)
    assert back[0].segments == EVERY_KIND
    assert native.dumps(back) == text


def test_a_file_is_written_and_read(tmp_path: Path) -> None:
    record = Record.of(contract(), "odesk", EVERY_KIND)
    native.write(tmp_path / "diary.json", [record])
    assert native.read(tmp_path / "diary.json") == (record,)


def test_weeks_are_the_sheets_of_their_segments() -> None:
    record = Record.of(contract(), "upwork", EVERY_KIND)
    weeks = list(record.weeks())
    assert [week for week, _ in weeks] == [WEEK, WEEK.next]
    assert [sheet for _, sheet in weeks] == [Sheet.of(EVERY_KIND, WEEK), Sheet.of(EVERY_KIND, WEEK.next)]
    assert list(Record.of(contract(), ODD, []).weeks()) == []


def test_weeks_are_those_of_the_policy_asked_for() -> None:
    record = Record.of(contract(), "upwork", EVERY_KIND)
    for week, sheet in record.weeks(ODD):
        assert week == ODD.week_of(week)
        assert sheet == Sheet.of(EVERY_KIND, week)


def test_a_preset_is_taken_as_it_stood_at_the_week_and_a_policy_as_it_is() -> None:
    old = Record.of(contract(), "odesk", [])
    assert str(old.policy_at(instant("2008-06-02T00:00Z")).editing.locks_after) == "P8D"
    assert str(old.policy_at(instant("2010-06-07T00:00Z")).editing.locks_after) == "P7DT12H"
    assert Record.of(contract(), PLAIN, []).policy_at(WEEK.starts_at) is PLAIN
    assert policies.get("odesk") == old.policy_at(WEEK.starts_at)


def test_two_segments_for_one_slot_are_refused() -> None:
    with pytest.raises(OverlapError, match="'2026-11-16T00:00:00Z' has two segments"):
        Record.of(contract(), "upwork", [tracked(at(0)), manual(at(0))])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"to": "2026-11-16T00:00:00Z"}, "segments[0].to: '2026-11-16T00:00:00Z' is not after from; swap the two"),
        (
            {"to": "2226-11-16T00:00:00Z"},
            "segments[0].to: '2226-11-16T00:00:00Z' makes the run longer than any diary; ",
        ),
        ({"to": 5}, "segments[0].to: 5 is not text; write it in quotes"),
        (
            {"from": "2026-11-16T00:05:00Z"},
            "segments[0].from: '2026-11-16T00:05:00Z' is not the start of a ten-minute segment; "
            "the nearest are 2026-11-16T00:00:00Z and 2026-11-16T00:10:00Z",
        ),
        ({"source": "guess"}, "segments[0].source: 'guess' is not tracked or manual; choose one"),
        ({"memo": None}, "segments[0].memo: None is not text; write it in quotes"),
        ({"memo": "m" * 4001}, "segments[0].memo: "),
        ({"label": 5}, "segments[0].label: 5 is not text; write it in quotes"),
        ({"colour": "red"}, "segments[0].colour: 'colour' is not a known key; known: activity, from, label, "),
        ({"activity": [7]}, "segments[0].activity: 1 is not a list of 2, one item a segment; "),
        ({"activity": 7}, "segments[0].activity: 7 is not a list of 2, one item a segment; "),
        ({"activity": [7, 11]}, "segments[0].activity[1].meter: 11 is not a number of minutes from 0 to 10; "),
        ({"activity": [7, "x"]}, "segments[0].activity[1].meter: 'x' is not a number of minutes from 0 to 10; "),
        ({"activity": [7, {"keystrokes": 3}]}, "segments[0].activity[1].meter: is missing; give it"),
        ({"activity": [7, {"meter": 3, "keystrokes": -1}]}, "segments[0].activity[1].keystrokes: -1 is negative; "),
        (
            {"activity": [7, {"meter": 3, "typed": "abc"}]},
            "segments[0].activity[1].typed: 'typed' is not a known key; ",
        ),
        (
            {"activity": [7, [[0, 0, 0]] * 9]},
            "segments[0].activity[1].minutes: 9 minutes are not the ten of a segment; ",
        ),
        ({"activity": [7, [5] * 10]}, "segments[0].activity[1].minutes[0]: 5 is not three counts; "),
        ({"snapshots": [[600], []]}, "segments[0].snapshots[0][0]: 600 is not a second of the segment; "),
        ({"snapshots": [[], ["x"]]}, "segments[0].snapshots[1][0]: 'x' is not a second of the segment; "),
        ({"snapshots": [[], [{"at": 5}]]}, "segments[0].snapshots[1][0]: {'at': 5} is not a snapshot; "),
        ({"snapshots": [[], [{"at": -1, "digest": "a"}]]}, "segments[0].snapshots[1][0].at: -1 is not a second "),
        ({"snapshots": [600, None]}, "segments[0].snapshots[0]: 600 is not a second of the segment; "),
        ({"source": "manual", "activity": [1, 2]}, "segments[0].activity: 'a list' cannot belong to manual time"),
        ({"source": "manual", "snapshots": [[], [1]]}, "segments[0].snapshots: 'a list' cannot belong to manual time"),
    ],
)
def test_a_mistake_in_a_run_is_named_with_its_path(changes: dict[str, Any], message: str) -> None:
    (found,) = problems(document(**changes))
    assert found.startswith(f"contracts[0].{message}")


def test_all_mistakes_are_reported_not_only_the_first() -> None:
    whole = document(source="guess")
    whole["contracts"][0]["segments"].append({"from": "x"})
    whole["contracts"].append({"contract": {}, "policy": "upwork", "segments": []})
    whole["contracts"].append({"contract": whole["contracts"][0]["contract"], "policy": "upwrok", "segments": []})
    found = problems(whole)
    assert found[0].startswith("contracts[0].segments[0].source: ")
    assert found[1].startswith("contracts[0].segments[1].from: ")
    assert "contracts[1].contract.terms: is missing; give it" in found
    assert any("'upwrok' is not a preset" in message and "did you mean upwork?" in message for message in found)


def runs(*times: tuple[str, str]) -> dict[str, Any]:
    """Return a document with a run from each time to the other, on 2026-11-16."""
    whole = document()
    (run,) = whole["contracts"][0]["segments"]
    whole["contracts"][0]["segments"] = [
        {**run, "from": f"2026-11-16T{start}:00Z", "to": f"2026-11-16T{stop}:00Z"} for start, stop in times
    ]
    return whole


@pytest.mark.parametrize(
    ("times", "place", "slot", "earlier"),
    [
        ([("00:00", "00:20"), ("00:00", "00:20")], 1, "00:00", 0),
        ([("00:00", "00:20"), ("00:10", "00:30")], 1, "00:10", 0),
        ([("01:00", "01:20"), ("00:50", "01:10")], 1, "01:00", 0),
        ([("00:00", "00:20"), ("01:00", "01:20"), ("00:10", "00:30")], 2, "00:10", 0),
        ([("00:00", "00:20"), ("01:00", "01:20"), ("00:20", "02:00")], 2, "01:00", 1),
    ],
)
def test_two_segments_for_one_slot_in_a_file_are_named_with_the_slot_that_they_share(
    times: list[tuple[str, str]], place: int, slot: str, earlier: int
) -> None:
    with pytest.raises(Problems) as caught:
        native.loads(json.dumps(runs(*times)))
    (found,) = caught.value
    assert type(found) is OverlapError
    assert str(found) == (
        f"contracts[0].segments[{place}]: '2026-11-16T{slot}:00Z' has two segments, "
        f"this one and that of contracts[0].segments[{earlier}]; keep one of them"
    )


def test_runs_that_are_only_out_of_order_are_said_to_be_so() -> None:
    with pytest.raises(Problems) as caught:
        native.loads(json.dumps(runs(("01:00", "01:20"), ("00:00", "01:00"))))
    (found,) = caught.value
    assert type(found) is OrderError
    assert str(found) == (
        "contracts[0].segments[1].from: '2026-11-16T00:00:00Z' is not after the run before it; order the runs by time"
    )


def test_a_run_may_begin_where_the_one_before_it_ends() -> None:
    (record,) = native.loads(json.dumps(runs(("00:00", "00:20"), ("00:20", "00:30"))))
    assert len(record.segments) == 3


def test_bill_1_a_contract_that_stands_twice_is_refused_for_it_would_be_billed_twice() -> None:
    whole = document()
    (one,) = whole["contracts"]
    whole["contracts"] = [one, {**one, "contract": {**one["contract"], "id": "c-2"}}, one, one]
    told = "is in contracts[0] too; keep one of them, or give each its own id"
    assert problems(whole) == [
        f"contracts[2].contract.id: 'c-1' stands twice, it {told}",
        f"contracts[3].contract.id: 'c-1' stands twice, it {told}",
    ]
    record = Record.of(contract(), "upwork", [])
    with pytest.raises(DocumentError, match=r"contracts\[1\]\.contract\.id: 'c-1' stands twice"):
        native.dumps([record, record])


@pytest.mark.parametrize(
    ("whole", "message"),
    [
        ([], "document: [] is not an object; write it in braces"),
        ({}, "format: is missing; give it"),
        ({"format": "toggl"}, "format: 'toggl' is not workdiary's; "),
        ({"format": "workdiary"}, "version: is missing; give it"),
        ({"format": "workdiary", "version": 2}, "version: 2 is not 1, the one known here; "),
        ({"format": "workdiary", "version": True}, "version: True is not 1, the one known here; "),
        ({"format": "workdiary", "version": 1.0}, "version: 1.0 is not 1, the one known here; "),
        ({"format": "workdiary", "version": "1"}, "version: '1' is not 1, the one known here; "),
        ({"format": "workdiary", "version": 1, "contracts": {}}, "contracts: {} is not a list; write it in brackets"),
        ({"format": "workdiary", "version": 1, "contracts": [5]}, "contracts[0]: 5 is not an object; "),
    ],
)
def test_another_document_is_refused(whole: object, message: str) -> None:
    (found,) = problems(whole)
    assert found.startswith(message)


def test_a_run_that_is_no_object_is_named_by_its_own_path() -> None:
    whole = document()
    whole["contracts"][0]["segments"] = [5]
    assert problems(whole) == ["contracts[0].segments[0]: 5 is not an object; write it in braces"]


def test_a_file_that_holds_no_object_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        native.read(path)
    assert str(caught.value) == f"{path}: document: [] is not an object; write it in braces"


HALVES = "cut \ud83d"
"""A memo of which somebody cut an emoji in two."""


def test_half_a_surrogate_pair_is_written_and_read_back_exactly(tmp_path: Path) -> None:
    segments = (tracked(at(0), memo=HALVES), tracked(at(1), memo="\ude00", label="Prüfung \udfff"))
    record = Record.of(contract(id="c\ud800"), attrs.evolve(PLAIN, title="half \ud83d"), segments)
    native.write(tmp_path / "diary.json", [record])
    (back,) = native.read(tmp_path / "diary.json")
    assert back == record
    assert back.segments == segments


def test_what_is_written_is_plain_ascii_which_no_terminal_can_mistake() -> None:
    memo = "Prüfung \u202e\x9b31m \x7f😀"
    text = native.dumps([Record.of(contract(freelancer="Ana Ó"), "upwork", [tracked(at(0), memo=memo)])])
    assert text.isascii()
    assert native.loads(text)[0].segments[0].memo == memo


def broken(records: list[Record]) -> Iterator[Record]:
    yield from records
    raise RuntimeError("the disk is on fire")


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "diary.json"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(RuntimeError):
        native.write(path, broken([Record.of(contract(), "upwork", EVERY_KIND)]))
    assert path.read_text(encoding="utf-8") == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["diary.json"]


def test_a_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "diary.json"
    path.write_text("mine", encoding="utf-8")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("workdiary.files.os.replace", refuse)
    with pytest.raises(DocumentError, match=r"diary\.json: cannot be written \(Permission denied\); check the path"):
        native.write(path, [])
    assert path.read_text(encoding="utf-8") == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["diary.json"]


def test_a_replaced_file_keeps_its_permissions_and_its_links(tmp_path: Path) -> None:
    path, link = tmp_path / "diary.json", tmp_path / "link.json"
    path.write_text("mine", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    record = Record.of(contract(), "upwork", EVERY_KIND)
    native.write(link, [record])
    assert link.is_symlink()
    assert native.read(path) == (record,)
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    for path, why in (
        (tmp_path, "Is a directory"),
        (tmp_path / "absent" / "diary.json", "No such file or directory"),
    ):
        with pytest.raises(DocumentError) as caught:
            native.write(path, [])
        assert str(caught.value) == f"{path}: cannot be written ({why}); check the path"
    circle = tmp_path / "circle.json"
    circle.symlink_to(circle)
    for strange in ("a\0b", "a\ud800b", circle):
        with pytest.raises(DocumentError, match=r"cannot be written \("):
            native.write(strange, [])


def test_what_is_no_regular_file_is_written_in_place() -> None:
    native.write("/dev/null", [])
    assert not Path("/dev/null").is_file()


def test_a_missing_file_and_one_too_large_are_errors_that_name_it(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"absent.json: cannot be read \(No such file or directory\)"):
        native.read(tmp_path / "absent.json")
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with pytest.raises(DocumentError, match="'104857600 bytes' is over the limit of 67108864; split it by year"):
        native.read(large)


@pytest.mark.parametrize("label", ["", "  ", "\u2003", None])
def test_edit_6_a_blank_label_in_a_file_is_no_label_on_either_way(label: str | None) -> None:
    (record,) = native.loads(json.dumps(document(label=label)))
    assert [segment.label for segment in record.segments] == [None, None]
    assert [sheet for _, sheet in record.weeks()] == [Sheet.of(record.segments, WEEK)]
    assert record == Record.of(record.contract, record.policy, record.segments)


def test_an_empty_list_of_snapshots_is_none_on_either_way() -> None:
    (record,) = native.loads(json.dumps(document(snapshots=[[], [5]])))
    assert [bool(segment.snapshots) for segment in record.segments] == [False, True]
    assert [sheet for _, sheet in record.weeks()] == [Sheet.of(record.segments, WEEK)]
    assert record == Record.of(record.contract, record.policy, record.segments)
