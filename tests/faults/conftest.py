"""What the fault tests share: the shim, the server that suffers, and journals to begin with."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.faults import story
from tests.faults.kit import Lab, build_shim, fresh, opened
from tests.require import skip_or_fail


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A server of workloads, with the shim below its C library."""
    shim = build_shim(tmp_path_factory.mktemp("shim"))
    if shim is None:
        skip_or_fail("faults are injected with a C compiler, on Linux")
    with Lab(shim) as found:
        yield found


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed journal that holds what `story.BASE` names."""
    path = tmp_path_factory.mktemp("template") / "diary.db"
    with opened(path) as journal:
        story.begin(journal)
    return path


@pytest.fixture(scope="session")
def all_memory() -> Iterator[Path]:
    """A folder in memory where there is one: what is looked at here is what the calls do, not how long they take."""
    there = Path("/dev/shm")  # noqa: S108 - a disk in memory, on Linux
    with tempfile.TemporaryDirectory(dir=there if os.access(there, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture
def memory(all_memory: Path) -> Iterator[Path]:
    """A folder in there for one test."""
    with tempfile.TemporaryDirectory(dir=all_memory) as folder:
        yield Path(folder)


@pytest.fixture
def new(memory: Path, template: Path) -> Callable[[], Path]:
    """Return a fresh copy of the template, in a folder of its own, at each call."""
    numbers = count()
    return lambda: fresh(memory / f"journal-{next(numbers)}", template)


@pytest.fixture
def disk(memory: Path) -> Path:
    """A folder to lay the states of a disk out in."""
    folder = memory / "disk"
    folder.mkdir(mode=0o700)
    return folder
