"""Nothing is missing from the documentation: names, reasons, policy keys, rules, commands, errors."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import workdiary
from docs import generate
from workdiary import ReasonCode, policies

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
SOURCES = sorted((ROOT / "src").glob("**/*.py"))

RULE = re.compile(
    r"\b(?:(?:GRID|WEEK|STATUS|LIMIT|EDIT|MANUAL|UPLOAD|ACTIVITY|PROTECT|BILL|DISPUTE|CLAIM|CAPTURE)-\d+"
    r"|CREDIT-(?:snapshot|threshold|carry))\b"
)


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def test_every_name_of_the_front_door_is_on_the_api_page() -> None:
    text = page("api.md")
    missing = [name for name in workdiary.__all__ if not re.search(rf"^\| `{name}[`(]", text, re.MULTILINE)]
    assert missing == []


@pytest.mark.parametrize("module", generate.modules(), ids=lambda module: module.__name__)
def test_every_public_module_is_on_the_api_page(module: ModuleType) -> None:
    section = page("api.md").partition(f"### `{module.__name__}`\n")[2].partition("\n### ")[0]
    missing = [name for name in generate.names_of(module) if not re.search(rf"^\| `{name}[`(]", section, re.MULTILINE)]
    assert missing == []


def test_every_reason_is_on_the_reasons_page_with_its_rule() -> None:
    text = page("reasons.md")
    missing = [code.value for code in ReasonCode if f"| `{code.value}` | {code.rule} |" not in text]
    assert missing == []


def test_every_policy_key_is_on_the_policies_page_and_has_a_meaning() -> None:
    text = page("policies.md")
    keys = [path for path, _, _ in generate.policy_keys()]
    assert [path for path in keys if text.count(f"| `{path}` |") != 2] == []
    assert sorted(generate.MEANINGS) == sorted(keys)


def test_every_key_that_a_preset_writes_is_on_the_policies_page() -> None:
    text = page("policies.md")
    for name in policies.names():
        document = tomllib.loads((ROOT / f"src/workdiary/policies/{name}.toml").read_text(encoding="utf-8"))
        for section, rows in document.items():
            if isinstance(rows, list):
                keys = {key for row in rows for key in row}
                missing = [key for key in keys if f"`{section}.{key}" not in text and f"| `{key}` |" not in text]
                assert (name, section, missing) == (name, section, [])


def test_every_rule_id_that_is_named_anywhere_is_on_the_rules_page() -> None:
    described = set(re.findall(r"^\| ([A-Z]+(?:-\w+)?) \|", page("rules.md"), re.MULTILINE))
    named = {rule for source in SOURCES for rule in RULE.findall(source.read_text(encoding="utf-8"))}
    named |= {code.rule for code in ReasonCode}
    named |= {rule for name in policies.names() for row in policies.get(name).sources for rule in row.rules}
    for path in (*ROOT.glob("docs/**/*.md"), *ROOT.glob("src/workdiary/testing/vectors/*.json"), ROOT / "README.md"):
        named |= set(RULE.findall(path.read_text(encoding="utf-8")))
    assert sorted(named - described) == []
    assert len(named) > 40


def test_every_error_is_on_the_errors_page() -> None:
    text = page("errors.md")
    classes = [name for name in workdiary.errors.__all__ if isinstance(getattr(workdiary.errors, name), type)]
    assert [name for name in classes if f"| `{name}` |" not in text] == []


def test_every_command_and_option_is_on_the_command_line_page() -> None:
    text = page("cli.md")
    commands = generate.commands()
    assert commands
    for words, command in commands.items():
        section = re.search(rf"^### `workdiary {words}[ `].*?(?=^### |\Z)", text, re.MULTILINE | re.DOTALL)
        assert section is not None, words
        options = [name for each in command.params if not getattr(each, "hidden", False) for name in each.opts]
        missing = [name for name in options if name.startswith("-") and f"`{name}`" not in section[0]]
        assert (words, missing) == (words, [])


def test_every_command_says_what_it_and_its_options_do() -> None:
    for words, command in generate.commands().items():
        assert (command.help or "").strip(), words
        silent = [each.name for each in command.params if not getattr(each, "help", None) and each.name != "help"]
        assert (words, silent) == (words, [])
