"""Reading JSON: what is no document is refused by name, and nothing but our own errors comes out."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest

from tests.support import refusal
from workdiary import files
from workdiary.errors import NOTHING, DocumentError
from workdiary.formats.reading import field, parse_json, read_bytes


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


def test_what_is_no_object_is_named_by_the_path_that_was_given() -> None:
    words = "is not an object", "write it in braces"
    assert refusal(DocumentError, field, 5, "memo", "runs[3]") == ("runs[3]", 5, *words)
    assert refusal(DocumentError, field, 5, "memo", "") == ("", 5, *words)
    with pytest.raises(DocumentError) as caught:
        field(5, "memo", "")
    assert str(caught.value) == "5 is not an object; write it in braces"
    assert str(caught.value.under("runs[3]")) == "runs[3]: 5 is not an object; write it in braces"


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "some.bin"
    path.write_bytes(bytes(range(256)) * 300)
    assert read_bytes(path) == read_bytes(str(path)) == bytes(range(256)) * 300


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(b"x" * 100_000,))
    writer.start()
    assert read_bytes(path) == b"x" * 100_000
    writer.join()


def test_a_file_that_never_ends_is_read_no_farther_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    assert refusal(DocumentError, read_bytes, "/dev/zero") == (
        "/dev/zero",
        "more than 1000 bytes",
        "is over the limit of 1000",
        "split it by year",
    )


def test_a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    path = tmp_path / "some.bin"
    path.write_bytes(b"x" * 1000)
    assert len(read_bytes(path)) == 1000
    path.write_bytes(b"x" * 1001)
    assert refusal(DocumentError, read_bytes, path)[1] == "1001 bytes"


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"])
def test_a_path_that_no_file_can_have_is_an_error_that_names_it(path: str) -> None:
    place, given, allowed, remedy = refusal(DocumentError, read_bytes, path)
    assert (place, given, remedy) == (path, NOTHING, "check the path")
    assert allowed.startswith("cannot be read (")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refusal(DocumentError, read_bytes, tmp_path)[2] == "cannot be read (Is a directory)"
