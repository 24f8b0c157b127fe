"""Canonical bytes and digests, against bytes written by hand and hashes made without the code under test."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.diary.canonical import (
    DOCUMENT_PREFIX,
    ENTRY_PREFIX,
    NO_DIGEST,
    canonical,
    document_digest,
    entry_digest,
)

BY_HAND: dict[str, tuple[Any, bytes]] = {
    "nothing": (None, b"null"),
    "truth": ([True, False], b"[true,false]"),
    "whole numbers": ([0, -1, 10**30], b"[0,-1,1000000000000000000000000000000]"),
    "no white space": ({"a": [1, {"b": 2}], "c": {}}, b'{"a":[1,{"b":2}],"c":{}}'),
    "keys in order": ({"b": 1, "a": 2, "B": 3, "": 4}, b'{"":4,"B":3,"a":2,"b":1}'),
    # By code point; in UTF-16 the crab would stand before U+FFFD.
    "keys beyond the first plane": ({"\U0001f980": 1, "\ufffd": 2}, b'{"\\ufffd":2,"\\ud83e\\udd80":1}'),
    "quotes and backslashes": ('"\\/', b'"\\"\\\\/"'),
    "control characters": ("\x00\b\t\n\v\f\r\x1f\x7f", b'"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\u007f"'),
    "beyond ASCII": ("Café\x80\u2028", b'"Caf\\u00e9\\u0080\\u2028"'),
    "astral": ("\U0001f980\U0010ffff", b'"\\ud83e\\udd80\\udbff\\udfff"'),
    "lone surrogates": ("\ud800x\udfff", b'"\\ud800x\\udfff"'),
    "not normalised": ("é e\u0301", b'"\\u00e9 e\\u0301"'),
    "not escaped for any page": ("</script>&'", b'"</script>&\'"'),
}

# Text as JSON can hold it; two halves of a pair side by side would be read as one character.
_texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(("\ud800", "\udfff x"))
_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | _texts,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(_texts, values, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("name", BY_HAND)
def test_canonical_bytes_are_those_written_by_hand(name: str) -> None:
    value, expected = BY_HAND[name]
    assert canonical(value) == expected
    assert json.loads(expected) == value


@given(_plain)
def test_canonical_bytes_are_ascii_and_hold_the_value(value: Any) -> None:
    body = canonical(value)
    assert body.isascii()
    assert json.loads(body) == value


@given(_plain)
def test_canonical_bytes_are_a_fixed_point(value: Any) -> None:
    body = canonical(value)
    assert canonical(json.loads(body)) == body


@given(st.dictionaries(_texts, st.integers(), max_size=8), st.randoms(use_true_random=False))
def test_the_order_in_which_a_key_was_put_in_does_not_matter(value: dict[str, int], chance: random.Random) -> None:
    items = list(value.items())
    chance.shuffle(items)
    assert canonical(dict(items)) == canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_what_json_does_not_have_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(value)


def test_the_prefixes_and_the_start_are_those_of_the_format() -> None:
    assert ENTRY_PREFIX == b"workdiary/entry/1\n"
    assert DOCUMENT_PREFIX == b"workdiary/document/1\n"
    assert NO_DIGEST == b"\0" * 32


def test_an_entrys_digest_is_sha256_over_prefix_past_and_content() -> None:
    # sha256sum of the 17 + 1 bytes of the prefix, 32 zero bytes, and {"at":1}.
    literal = b"workdiary/entry/1\n" + b"\x00" * 32 + b'{"at":1}'
    first = entry_digest(bytes(32), b'{"at":1}')
    assert first == sha256(literal).digest()
    second = sha256(b"workdiary/entry/1\n" + sha256(literal).digest() + b"{}").digest()
    assert entry_digest(first, b"{}") == second


def test_a_documents_digest_is_sha256_over_prefix_and_content_in_hexadecimal_digits() -> None:
    assert document_digest(b"{}") == sha256(b"workdiary/document/1\n{}").hexdigest()
    assert len(document_digest(b"")) == 64


def test_no_digest_of_one_kind_passes_as_another() -> None:
    body = bytes(32) + b"{}"
    assert document_digest(body) != entry_digest(bytes(32), b"{}").hex()
    assert sha256(body).hexdigest() not in (document_digest(body), entry_digest(bytes(32), b"{}").hex())
