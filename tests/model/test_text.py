"""PROTECT-4: white space is Unicode's White_Space."""

from __future__ import annotations

from typing import Any

import pytest

from workdiary.model.text import WHITE_SPACE, is_blank, label_or_none

# From the Unicode Character Database, PropList.txt, White_Space.
PROPERTY = [
    *range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
]  # fmt: skip


def test_protect_4_the_white_space_characters_are_those_of_the_property() -> None:
    assert sorted(map(ord, WHITE_SPACE)) == PROPERTY
    assert len(WHITE_SPACE) == 25


@pytest.mark.parametrize("code", PROPERTY)
def test_protect_4_white_space_alone_is_blank(code: int) -> None:
    assert is_blank(chr(code))
    assert is_blank(f" {chr(code)} ")
    assert not is_blank(f"{chr(code)}x{chr(code)}")


@pytest.mark.parametrize("code", [0x1C, 0x1D, 0x1E, 0x1F, 0x00, 0x08, 0x180E, 0x200B, 0x200C, 0x2060, 0xFEFF])
def test_protect_4_what_has_not_the_property_is_not_blank(code: int) -> None:
    assert not is_blank(chr(code))


def test_protect_4_absent_and_empty_text_is_blank() -> None:
    assert is_blank(None)
    assert is_blank("")
    assert not is_blank(".")


def test_edit_6_a_blank_label_is_none_and_another_stays_as_it_is() -> None:
    assert [label_or_none(text) for text in (None, "", " \u3000", "a", " a ", "\u200b")] == [
        None, None, None, "a", " a ", "\u200b",
    ]  # fmt: skip


def test_a_label_that_is_no_text_is_left_for_the_segment_to_refuse() -> None:
    wrong: Any = 5
    label: Any = label_or_none(wrong)
    assert label == 5
