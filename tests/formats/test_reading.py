"""Reading JSON: what is no document is refused by name, and nothing but our own errors comes out."""

from __future__ import annotations

import pytest

from workdiary.errors import DocumentError
from workdiary.formats.reading import parse_json


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it: '' is empty; give one JSON value"),
        (b" \n ", "it: b' ' is empty; give one JSON value"),
        ('{"a": [1, 2', "it: '{\"a\": [1, 2' is not JSON (Expecting ',' delimiter, line 1, column 12); "),
        ("[" * 100_000, "it: '…' is nested too deeply; flatten it"),
        ('{"a":' * 100_000, "it: '…' is nested too deeply; flatten it"),
        (b"\xff\xfe\xfa", "it: b'\\xff\\xfe\\xfa' is not UTF-8; write the file in UTF-8"),
        ("[NaN]", "it: 'NaN' is not JSON; give a number, or null for unknown"),
        ("[-Infinity]", "it: '-Infinity' is not JSON; give a number, or null for unknown"),
        ('{"a": 1, "b": 2, "a": 3}', "it.a: 'a' stands twice in one object; keep one of them"),
        ("[" + "9" * 5000 + "]", "it: '…' is not usable JSON ("),
        ("x" * 11, "it: '11 characters' is over the limit of 10; split it"),
    ],
)
def test_what_is_no_document_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_json(text, "it", largest=10 if text == "x" * 11 else 10_000_000)
    assert str(caught.value).startswith(message)


def test_a_document_is_read() -> None:
    assert parse_json('{"a": [1, "ü", null]}', "it") == {"a": [1, "ü", None]}
