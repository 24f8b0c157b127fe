"""The tables of the reference pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs import generate


@pytest.mark.parametrize("page", generate.PAGES, ids=lambda page: str(page.relative_to(generate.DOCS)))
def test_a_page_is_what_the_code_makes_of_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == generate.generated(text), "run: python -m docs.generate"


def test_every_table_has_its_place_on_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in generate.PAGES)
    missing = [name for name in generate.REGIONS if f"<!-- generated: {name} -->" not in pages]
    assert missing == []


def test_every_public_name_is_described() -> None:
    silent = [
        f"{module.__name__}.{name}"
        for module in generate.modules()
        for name in generate.names_of(module)
        if not generate.sentence_of(name, getattr(module, name))
    ]
    assert silent == []
