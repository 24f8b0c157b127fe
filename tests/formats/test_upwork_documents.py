"""Documents that are no work diary of Upwork's, in all the ways in which files go wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.upwork_documents import NINE, answer, cell
from workdiary.errors import DocumentError, Problems, WorkdiaryError
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
