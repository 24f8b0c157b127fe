"""Documents that are no work diary of Upwork's, in all the ways in which files go wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.upwork_documents import NINE, answer, cell
from workdiary.errors import DocumentError, InvalidValue, Problems, WorkdiaryError
from workdiary.formats.upwork import import_upwork


def error_of(document: Any) -> WorkdiaryError:
    with pytest.raises(Problems) as caught:
        import_upwork({"week.json": document})
    (error,) = caught.value
    return error


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "week.json: '' is empty; give one JSON value"),
        (b" \n", "week.json: b' ' is empty; give one JSON value"),
        ("{", "week.json: '{' is not JSON ("),
        ('{"data": {"d1_20261019"', "is not JSON ("),
        (b"\xff\xfe{", "week.json: "),
        ("[" * 100_000, "is nested too deeply; flatten it"),
        ('{"data": {}, "data": {}}', "stands twice in one object"),
        ('{"data": NaN}', "is not JSON"),
        ("3", "week.json: 3 is not a work diary; give an answer of Upwork with"),
        ("null", "week.json: None is not a work diary"),
        ("{}", "week.json: '{}' has no key of a work diary"),
        ('{"weeks": 1, "of": 2}', "week.json: 'weeks, of' has no key of a work diary; give an answer of Upwork with"),
        ("[3]", "week.json: [0]: 3 is not an object"),
    ],
)
def test_each_document_that_cannot_be_read_says_why(document: str | bytes, message: str) -> None:
    error = error_of(document)
    assert isinstance(error, DocumentError)
    assert message in str(error)


def test_a_document_of_100_megabytes_is_refused_unread() -> None:
    error = error_of(" " * 100_000_000)
    assert str(error) == "week.json: '100000000 characters' is over the limit of 67108864; split it"


def test_deeply_nested_values_inside_a_diary_are_refused_or_left_over_never_a_crash() -> None:
    for depth in (100, 900, 5_000):
        text = json.dumps(answer(cell())).replace('"manual": false', '"mood": ' + "[" * depth + "1" + "]" * depth)
        result = import_upwork({"week.json": text}, partial=True)
        if result.problems:
            assert [error.allowed for error in result.problems] == ["is nested too deeply"]
        else:
            assert len(result.segments_of("41815410")) == 1


def test_text_bytes_and_parsed_documents_are_the_same() -> None:
    document = answer(cell(memo="Größe prüfen"))
    text = json.dumps(document, ensure_ascii=False)
    expected = import_upwork([document])
    assert import_upwork([text]) == import_upwork([text.encode()]) == expected
    assert import_upwork(text).segments_by_contract == expected.segments_by_contract


def test_several_answers_may_stand_in_one_list() -> None:
    result = import_upwork({"week.json": [answer(cell(0)), answer(cell(1))]})
    assert len(result.segments_of("41815410")) == 2


def test_an_answer_without_its_envelope_is_read_too() -> None:
    assert len(import_upwork([answer(cell())["data"]]).segments_of("41815410")) == 1


def test_problems_of_all_documents_are_reported_and_the_good_ones_taken_in_part() -> None:
    documents: dict[str, Any] = {"a.json": "", "b.json": answer(cell()), "c.json": answer(cell(1, memo=3))}
    with pytest.raises(Problems) as caught:
        import_upwork(documents)
    assert [error.argument.split(":")[0] for error in caught.value] == ["a.json", "c.json"]
    result = import_upwork(documents, partial=True)
    assert [segment.slot * 600 for segment in result.segments_of("41815410")] == [NINE]
    assert len(result.problems) == 2


def test_a_parsed_value_too_deep_to_be_left_over_is_refused() -> None:
    mood: list[Any] = []
    for _ in range(20_000):
        mood = [mood]
    assert error_of(answer(cell(mood=mood))).allowed == "is nested too deeply"


def test_values_that_are_no_json_are_refused() -> None:
    error = error_of(answer(cell(mood={1, 2})))
    assert str(error).endswith("Cells[0].mood: {1, 2} is not JSON; give text, numbers, lists and objects")


def test_nothing_at_all_is_an_empty_import() -> None:
    assert import_upwork([]).segments_by_contract == ()


# A parsed document that is given as it is


@pytest.mark.parametrize("taken_out", [False, True])
def test_a_parsed_document_is_one_document_and_not_several_by_name(taken_out: bool) -> None:
    whole = answer(cell())
    document = whole["data"] if taken_out else whole
    result = import_upwork(document, partial=True)
    assert result.problems == ()
    assert result.segments_by_contract == import_upwork([document]).segments_by_contract
    assert [one.path.partition("data")[0] for one in result.assumptions] == ["document: "] * len(result.assumptions)


@pytest.mark.parametrize(
    ("document", "contracts"),
    [
        ({"snapshots": {"snapshot": []}}, ("7",)),
        ({"data": {"cells": []}, "server_time": "1795000200"}, ("7",)),
        ({"server_time": "1795000200", "snapshots": ""}, ("7",)),
        ({"data": {"workDiaryContract": None}, "errors": [{"message": "Too many requests"}]}, ()),
    ],
)
def test_every_shape_of_a_parsed_document_is_recognised(document: dict[str, Any], contracts: tuple[str, ...]) -> None:
    result = import_upwork(document, contract="7", partial=True)
    assert result.contracts == contracts
    assert len(result.problems) == len(document.get("errors", []))


def test_a_document_that_says_nothing_of_a_diary_is_named_as_one() -> None:
    with pytest.raises(Problems) as caught:
        import_upwork({"server_time": "1795000200"})
    assert [str(one) for one in caught.value] == [
        "document: 'server_time' has no key of a work diary; "
        "give an answer of Upwork with data.workDiaryContract, data.cells or snapshots"
    ]


def test_a_file_may_be_called_data() -> None:
    result = import_upwork({"data": json.dumps(answer(cell())), "errors": json.dumps(answer(cell(1))).encode()})
    assert len(result.segments_of("41815410")) == 2


# Documents that no JSON text could make


@pytest.mark.parametrize(
    ("document", "place", "key"),
    [
        ({5: {}}, "n: 5", 5),
        ({"data": {5: {}}}, "n: data.5", 5),
        ({"data": {"d1_20261118": {"workDiaryTimeCells": [], None: 1}}}, "n: data.d1_20261118.None", None),
        ({"data": {"cells": [{("a", 1): 1}], "contract": {"record_id": "1"}}}, "n: data.cells[0].('a', 1)", ("a", 1)),
        ([{"data": {b"x": 1}}], "n: [0].data.b'x'", b"x"),
    ],
)
def test_a_key_that_is_no_text_is_a_problem_with_its_path(document: Any, place: str, key: object) -> None:
    found = import_upwork({"n": document}, partial=True).problems
    assert [(one.argument, one.value, one.allowed) for one in found if one.value == key] == [
        (place, key, "is not a key of JSON")
    ]


@pytest.mark.parametrize("contract", ["", " ", 5, b"1", True])
def test_a_contract_that_is_no_id_is_refused(contract: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        import_upwork([answer(cell())], contract=contract)
    assert caught.value.argument == "contract"
    assert caught.value.value == contract
    assert caught.value.allowed == "is not a contract's id"


@pytest.mark.parametrize("scale", [5, True, 10.0, "10"])
def test_a_scale_is_10_or_100(scale: Any) -> None:
    with pytest.raises(InvalidValue, match="is not a scale of activity"):
        import_upwork([answer(cell())], scale=scale)
