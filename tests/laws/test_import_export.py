"""Laws of the native format (RELIABILITY 47; what 48 says of text that comes from outside).

1. What is written reads back as the same contract, policy and segments.
2. Writing what was read is a fixed point, byte for byte.
3. The week that was read has the statement of the week that was written.
4. Any text read as an instant, a number, a zone, an offset, a case or a record gives a value or a `WorkdiaryError`.
5. A case with any of its values replaced by anything gives a result or an error, never an exception.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary import WallOffset, WorkdiaryError, instant, policies, week_statement, zone
from workdiary.formats import native
from workdiary.formats.cases import evaluate_line
from workdiary.model.money import decimal
from workdiary.testing import conformance
from workdiary.testing.strategies import WorkedWeek, worked_weeks

texts = st.text(max_size=40) | st.from_regex(
    r"\d{1,5}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", fullmatch=True
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
CASES = [json.loads(vector.line) for vector in conformance.load()]


@given(st.sampled_from(policies.names()).map(policies.get).flatmap(worked_weeks))
def test_what_is_written_reads_back(worked: WorkedWeek) -> None:
    """Laws 1 to 3."""
    record = native.Record.of(worked.contract, worked.policy.name, worked.segments)
    text = native.dumps([record])
    (found,) = native.loads(text)
    assert found.contract == worked.contract
    assert found.policy == worked.policy.name
    assert found.segments == tuple(sorted(worked.segments, key=lambda segment: segment.slot))
    assert native.dumps([found]) == text
    again = week_statement(found.contract, found.segments, week=worked.week, policy=worked.policy)
    assert again == worked.statement()


READERS: list[Callable[[Any], object]] = [instant, decimal, zone, WallOffset.parse, native.loads, policies.get]


@pytest.mark.parametrize("read", READERS, ids=["instant", "decimal", "zone", "offset", "record", "policy"])
@given(text=texts)
def test_any_text_gives_a_value_or_an_error_of_ours(read: Callable[[Any], object], text: str) -> None:
    """Law 4."""
    with suppress(WorkdiaryError):
        read(text)


@given(texts | st.builds(json.dumps, plain))
def test_any_line_has_an_answer(line: str) -> None:
    """Law 4."""
    assert isinstance(evaluate_line(line), dict)


@given(st.sampled_from(CASES), st.data(), plain)
def test_a_case_with_anything_in_it_has_an_answer(case: Any, data: st.DataObject, anything: object) -> None:
    """Law 5."""
    whole = json.loads(json.dumps(case))
    place = whole
    for _ in range(4):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = anything
            break
        place = place[key]
    assert isinstance(evaluate_line(json.dumps(whole)), dict)
