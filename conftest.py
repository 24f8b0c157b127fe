"""Everything executable in the documentation is executed: README, docs and the docstrings in src."""

from __future__ import annotations

from contextlib import suppress
from doctest import ELLIPSIS

import pytest
from sybil import Document, Sybil
from sybil.example import SybilFailure
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

# A page is one story: its blocks share their names, from the first to the last.
_PAGES = Sybil(parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS)], patterns=["*.md"], name="page")
_DOCSTRINGS = Sybil(
    parsers=[DocTestParser(optionflags=ELLIPSIS)], path="src/workdiary", patterns=["*.py"], name="docstring"
)

pytest_collect_file = (_PAGES + _DOCSTRINGS).pytest()

_REACHED: dict[Document, int] = {}
"""How far each document has been run in this process."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Run the steps before this one that did not run here: it may be selected alone, or run by another worker."""
    example = getattr(item, "example", None)
    if example is None:
        return
    place, reached = example.region.start, _REACHED.get(example.document, -1)
    for earlier in example.document.examples():
        if reached < earlier.region.start < place:
            with suppress(SybilFailure):  # reported where it is a test of its own
                earlier.evaluate()
    _REACHED[example.document] = place
