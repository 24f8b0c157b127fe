"""Policies on the terminal: the presets, one with every rule's source and date, two compared in words."""

from __future__ import annotations

from typing import Any

from workdiary import policies
from workdiary.cli.files import moment_of, policy_file
from workdiary.cli.results import print_json
from workdiary.cli.text import safe
from workdiary.model.policy import Policy, RuleSource
from workdiary.plain import destructure

__all__ = ["print_diff", "print_names", "print_policy"]


def policy_at(name: str, at: str | None) -> Policy:
    """Return the policy called `name`, a preset or a TOML file, as it stood at `at`."""
    if at is None:
        return policy_file(name).at()
    when = moment_of(at, "--at")
    return policy_file(name).at(when if isinstance(when, int) else f"{when}T00:00:00Z")


def print_names(*, as_json: bool) -> None:
    """Print the presets with their titles and the dates at which their rules changed."""
    found = [policy_file(name) for name in policies.names()]
    if as_json:
        print_json({"policies": [{"name": one.name, "title": one.title, "dates": list(one.dates)} for one in found]})
        return
    from workdiary.cli.screen import DIM, make_console, put, says

    console = make_console()
    for one in found:
        put(console, says((f"{one.name:<18}", "bold"), f"{one.title}  ", (f"rules of {', '.join(one.dates)}", DIM)))


def print_policy(name: str, at: str | None, *, as_json: bool) -> None:
    """Print one policy: each section's values, since when they hold, where that is written, what they set."""
    found = policy_at(name, at)
    if as_json:
        print_json(destructure(found))
        return
    from rich.table import Table
    from rich.text import Text

    from workdiary.cli.screen import DIM, make_console, put, says

    console = make_console()
    put(console, says((safe(found.name), "bold"), f"  {safe(found.title)}"))
    plain = destructure(found)
    for source in found.sources:
        put(console, "", says((source.section, "bold")))
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        for key, value in _values(plain[source.section]):
            table.add_row(Text(f"  {key}"), Text(value))
        table.add_row(Text("  since", DIM), Text(_written(source), DIM))
        console.print(table)


def _written(source: RuleSource) -> str:
    sure = "" if source.confidence.value == "platform" else f" (known from {source.confidence.value})"
    sure = " (a decision: no source speaks)" if source.confidence.value == "decision" else sure
    return f"{source.since}, {safe(source.source)}{sure}: {', '.join(map(safe, source.rules))}"


def _values(section: Any, path: str = "") -> list[tuple[str, str]]:
    if not isinstance(section, dict):
        return [(path or "tiers", _words(section))]
    found = []
    for key, value in section.items():
        found += _values(value, f"{path}.{key}" if path else key)
    return found


def _words(value: Any) -> str:
    if isinstance(value, list):
        return (
            "; ".join(map(_words, value))
            if value and isinstance(value[0], dict)
            else ", ".join(map(_words, value)) or "none"
        )
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(inner)}" for key, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else safe(str(value))


def print_diff(name: str, other: str, at: str | None, *, as_json: bool) -> None:
    """Print in words where two policies differ."""
    ours, theirs = policy_at(name, at), policy_at(other, at)
    differences = policies.diff(ours, theirs)
    if as_json:
        print_json({"policies": [ours.name, theirs.name], "differences": list(differences)})
        return
    from workdiary.cli.screen import hanging, make_console, put, says

    console = make_console()
    if not differences:
        put(console, says(f"{safe(ours.name)} and {safe(theirs.name)} do not differ"))
    for line in differences:
        key, _, words = safe(line).partition(": ")
        console.print(hanging(says((f"{key}: ", "bold")), words))
