"""The terminal sessions of the documentation are run: each ``$`` line, with its output.

In the output ``...`` alone on a line stands for any lines, and inside a line for any text. A page is
one session, in a directory of its own that holds the examples. A command may be given a text by ``echo``.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]

SESSION = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def steps_of(page: Path) -> Iterator[tuple[str, str]]:
    """Yield each command of the page's sessions with the output that it shows."""
    for session in SESSION.findall(page.read_text(encoding="utf-8")):
        for step in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
            command, _, output = step.partition("\n")
            yield command, output


def run(command: str, place: Path) -> str:
    program, *words = shlex.split(command)
    given = None
    if program == "echo":
        given, pipe, program, *words = words
        assert pipe == "|", command
    assert program == "workdiary", command
    arguments = [found for word in words for found in expanded(word, place)]
    done = subprocess.run(
        [sys.executable, "-m", "workdiary", *arguments],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        env={"PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "COLUMNS": "120", "TZ": "UTC"},
        cwd=place,
        timeout=120,
        check=False,
    )
    assert done.returncode == (2 if done.stdout.startswith("workdiary: ") else 0), done.stdout
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines())


def expanded(word: str, place: Path) -> list[str]:
    if "*" not in word:
        return [word]
    return sorted(str(found.relative_to(place)) for found in place.glob(word))


def pattern_of(output: str) -> re.Pattern[str]:
    lines = [line.rstrip() for line in output.rstrip().splitlines()]
    parts = [r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n" for line in lines]
    return re.compile("".join(parts))


@pytest.mark.parametrize("page", [page for page in PAGES if any(steps_of(page))], ids=lambda page: page.name)
def test_a_session_runs_as_it_is_shown(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for command, output in steps_of(page):
        printed = run(command, tmp_path) + "\n"
        assert pattern_of(output).fullmatch(printed), f"$ {command}\n{printed}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_only_shown_exist(page: Path) -> None:
    from docs.generate import commands

    for block in SHELL.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            words = line.split("#")[0].split()
            if words[:3] == ["python", "-m", "workdiary"]:
                words = ["workdiary", *words[3:]]
            if words[:1] == ["workdiary"]:
                assert words[1] in commands() or " ".join(words[1:3]) in commands(), line
