from __future__ import annotations

import pytest

from workdiary.cli.text import safe


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Fix the login form", "Fix the login form"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;2;0;0;0\x1b\\sixel", "sixel"),
        ("\x1b(0lqk", "lqk"),
        ("a\x1b", "a"),
        ("a\x00b\x07c\x08d\x7fe\x85f", "abcde f"),
        ("two\nlines\r\nand\ttabs", "two lines and tabs"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2066a\u2069\u200e\u200f\u061cb", "ab"),
        ("\ufeff\u200bnothing\xadhere", "nothinghere"),
        ("half \ud83d pair", "half \N{REPLACEMENT CHARACTER} pair"),
        ("line\u2028and\u2029paragraph", "line and paragraph"),
        ("日本語 naïve 👩\u200d💻", "日本語 naïve 👩\u200d💻"),
        ("   ", ""),
    ],
)
def test_a_memo_can_only_be_shown(given: str, shown: str) -> None:
    assert safe(given) == shown


def test_markup_is_text() -> None:
    assert safe("[bold red]x[/] :smile:") == "[bold red]x[/] :smile:"


@pytest.mark.parametrize("code", [*range(0x20), 0x7F, *range(0x80, 0xA0)])
def test_no_control_character_is_left(code: int) -> None:
    assert all(char.isprintable() for char in safe(f"a{chr(code)}b"))
