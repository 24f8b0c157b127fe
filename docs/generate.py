"""Write the tables of the reference pages from the code itself: ``python -m docs.generate``.

A page is written by hand, but for the stretches between ``<!-- generated: NAME -->`` and
``<!-- end -->``. A test compares every page with what this module makes of it.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_origin, get_type_hints

import attrs

import workdiary
from workdiary import Policy, Reason, ReasonCode, WallOffset, Zone, errors, instant, policies
from workdiary.explain import reason_words
from workdiary.model.policy import FeeTier, RuleSource
from workdiary.plain import destructure

DOCS = Path(__file__).parent
PAGES = tuple(sorted(DOCS.glob("**/*.md")))

_REGION = re.compile(r"(<!-- generated: (?P<name>[a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def generated(page: str) -> str:
    """Return the text of `page` with its generated stretches made anew."""
    return _REGION.sub(lambda found: f"{found[1]}\n{REGIONS[found['name']]()}\n\n{found[3]}", page)


def main() -> int:
    """Write every page that is out of date; return 0."""
    for path in PAGES:
        before = path.read_text(encoding="utf-8")
        after = generated(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"wrote {path.relative_to(DOCS.parent)}")
    return 0


def _table(*rows: tuple[str, ...]) -> str:
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


# Public names.

_NOT_LISTED = ("workdiary.__main__", "workdiary.cli")
"""The promise of the command line is its commands, not its modules."""

_OF_TRACKER = "workdiary.capture."

_TRACKER = {
    "events",
    "machine.images",
    "machine.inputs",
    "machine.ports",
    "machine.screen",
    "moments",
    "recovery",
    "script",
    "state",
    "trace",
    "tracker",
}
"""Of the tracker: the machine, and what one can put around it in another's place."""

_CONSTANTS = {
    "SECONDS_PER_SLOT": "The seconds of a segment: 600.",
    "SLOTS_PER_HOUR": "The segments of an hour: 6.",
    "UTC": "The zone UTC.",
    "VERSION": "The version of the native format that is written, and the only one read.",
}
"""What is said of names that have no room for a docstring of their own."""


@cache
def modules() -> tuple[ModuleType, ...]:
    """Return the public modules that list names, the front door first."""
    names = (found.name for found in pkgutil.walk_packages(workdiary.__path__, "workdiary."))
    public = (name for name in names if not name.startswith(_NOT_LISTED) and "._" not in name and _is_promised(name))
    found = (importlib.import_module(name) for name in ("workdiary", *public))
    return tuple(module for module in found if getattr(module, "__all__", None))


def _is_promised(name: str) -> bool:
    return not name.startswith(_OF_TRACKER) or name.removeprefix(_OF_TRACKER) in _TRACKER


def names_of(module: ModuleType) -> tuple[str, ...]:
    """Return the public names of `module`, in the order of the alphabet."""
    return tuple(sorted(module.__all__, key=str.lower))


@cache
def _documented_constants() -> dict[str, str]:
    """Return the strings that stand below assignments, by the name assigned."""
    texts: dict[str, str] = {}
    for module in modules():
        body = ast.parse(inspect.getsource(module)).body
        for node, below in pairwise(body):
            target: ast.expr | None = node.target if isinstance(node, ast.AnnAssign) else None
            if isinstance(node, ast.Assign):
                target = node.targets[0]
            text = below.value if isinstance(below, ast.Expr) else None
            if isinstance(target, ast.Name) and isinstance(text, ast.Constant):
                texts.setdefault(target.id, str(text.value))
    return texts


def sentence_of(name: str, value: object) -> str:
    """Return the first sentence of what is said of a public name; blank when nothing is."""
    value = inspect.unwrap(value) if callable(value) else value
    is_described = inspect.isclass(value) or inspect.isfunction(value) or inspect.ismodule(value)
    text = inspect.getdoc(value) if is_described else None
    text = text or _documented_constants().get(name) or _CONSTANTS.get(name, "")
    first = " ".join(text.split("\n\n")[0].split())
    return re.sub(r"``([^`]+)``", r"`\1`", first)


def _shown(name: str, value: object) -> str:
    function = inspect.unwrap(value) if callable(value) else value
    if not inspect.isfunction(function):
        return f"`{name}`"
    parts, starred = [], False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        parts.append(parameter.name)
    return f"`{name}({', '.join(parts)})`"


def _api() -> str:
    return "\n\n".join(_of_module(module) for module in modules())


def _of_module(module: ModuleType) -> str:
    title = f"### `{module.__name__}`"
    rows = [
        (_shown(name, getattr(module, name)), sentence_of(name, getattr(module, name))) for name in names_of(module)
    ]
    intro = sentence_of(module.__name__, module)
    return f"{title}\n\n{intro}\n\n{_table(('name', 'what it is'), *rows)}"


# Errors.


def _errors() -> str:
    rows = []
    for name in names_of(errors):
        value = getattr(errors, name)
        if inspect.isclass(value):
            bases = ", ".join(f"`{base.__name__}`" for base in value.__bases__)
            rows.append((f"`{name}`", bases, sentence_of(name, value)))
    return _table(("error", "is also", "raised for"), *rows)


# Reasons.

_GROUPS = (
    ("A change is refused", ReasonCode.ROLE_NOT_PERMITTED, ReasonCode.NOTHING_THERE),
    ("A segment is not protected", ReasonCode.MANUAL_TIME, ReasonCode.LIFETIME_CAP),
    ("A dispute is refused", ReasonCode.REVIEW_NOT_OPEN, ReasonCode.REVIEW_CLOSED),
    (
        "A week of a diary cannot be closed, disputed or claimed for",
        ReasonCode.WEEK_NOT_LOCKED,
        ReasonCode.ALREADY_RESOLVED,
    ),
    ("A session of the tracker cannot be ended", ReasonCode.UNKNOWN_SESSION, ReasonCode.ENDED_BEFORE_START),
)

_FACTS: tuple[tuple[str, object], ...] = (
    ("role", "client"),
    ("action", "add_time"),
    ("status", "paused"),
    ("begins_at", instant("2026-11-02T00:00Z")),
    ("closes_at", None),
    ("locks_at", instant("2026-11-23T12:00Z")),
    ("ends_at", instant("2026-11-18T11:00Z")),
    ("label", "Design"),
    ("labels", ("Build", "Review")),
    ("min_active_minutes", 5),
    ("moments", ("worked", "invoiced")),
    ("active_minutes", 97),
    ("segments", 24),
    ("min_average_active_minutes", Decimal("4.5")),
    ("invoiced_at", instant("2026-11-23T12:00Z")),
    ("review_ends_at", instant("2026-11-28T00:00Z")),
    ("session", "8e1f"),
    ("began", instant("2026-11-18T10:00Z")),
    ("ended", instant("2026-11-18T09:00Z")),
)


def _reasons() -> str:
    codes = list(ReasonCode)
    parts = []
    for title, first, last in _GROUPS:
        group = codes[codes.index(first) : codes.index(last) + 1]
        rows = [(f"`{code.value}`", code.rule, reason_words(Reason(code=code, facts=_FACTS))) for code in group]
        parts.append(f"### {title}\n\n{_table(('code', 'rule', 'in words, for example'), *rows)}")
    return "\n\n".join(parts)


# Policies.

MEANINGS = {
    "week.starts_on": "The weekday on which a week begins.",
    "week.starts_at": "The time of day at which it begins.",
    "week.zone": "The zone in which that weekday and time are meant.",
    "credit.rule": "How tracked time becomes segments.",
    "credit.min_seconds": "The tracked seconds that `threshold` asks of a slot.",
    "limit.order": "The order in which segments use up the weekly limit.",
    "limit.increase": "From when a raised limit counts.",
    "limit.decrease": "From when a lowered limit counts.",
    "editing.locks_after": "From the week's start to its lock.",
    "editing.statuses": "The contract statuses in which changes are possible.",
    "editing.permissions.freelancer": "What the freelancer may do.",
    "editing.permissions.client": "What the client may do.",
    "manual.needs_permission": "Whether manual time needs the client's permission.",
    "manual.on_taken": "What manual time does about slots that are recorded already.",
    "manual.memo_required": "Whether adding manual time needs a memo.",
    "protection.requires_snapshot": "Whether a tracked segment needs a snapshot.",
    "protection.min_active_minutes": "The active minutes that a tracked segment needs; 0 asks for none.",
    "protection.min_average_active_minutes": "The average of active minutes that the passing segments need.",
    "protection.memo": "Whether a memo is needed.",
    "protection.label": "Whether an activity label is needed.",
    "protection.requires": "The facts about the accounts that must be on record.",
    "protection.facts_checked": "At which moments these facts must hold.",
    "protection.rate_cap": "What limits the rate at which segments are protected.",
    "protection.lifetime_hours": "The hours that are protected in all, per client and freelancer.",
    "protection.lifetime_amount": "The amount that is protected in all, per client and freelancer.",
    "billing.rounding": "What becomes of half a minor unit on a line.",
    "billing.invoiced_after": "From the week's start to its invoice, when the review opens.",
    "billing.review_ends_after": "From the week's start to the end of the review.",
    "billing.available_after": "From the week's start to the day on which the money is available.",
    "fees.tiers": "The fee's rate on what one client has paid one freelancer beyond `above`.",
    "dispute.pauses_contract": "Whether a dispute pauses the contract.",
    "dispute.weekly_limit_zero": "Whether a dispute sets the weekly limit to 0.",
    "palette.tracked": "The colour of tracked, billable time; display only.",
    "palette.manual": "The colour of manual, billable time; display only.",
    "palette.over_limit": "The colour of time over the limit; display only.",
}

_SHAPES = {str: "text", int: "whole number", bool: "true, false", Decimal: "decimal as text"}
_SPECIAL = {
    "week.starts_at": "time of day, `00:00`",
    "limit.increase": "`whole_week`, `from_then_on`",
    "limit.decrease": "`next_week`, `from_then_on`",
    "credit.min_seconds": "1 to 600",
    "protection.min_active_minutes": "0 to 10",
    "palette.tracked": "`#rrggbb`",
    "palette.manual": "`#rrggbb`",
    "palette.over_limit": "`#rrggbb`",
}

_HEAD = ("name", "title", "sources")


@cache
def policy_keys() -> tuple[tuple[str, Any, bool], ...]:
    """Return every key of a policy file: its path, its type, and whether it may be left out."""
    return tuple(_keys(Policy, ""))


def _keys(shape: Any, path: str) -> Iterator[tuple[str, Any, bool]]:
    hints = get_type_hints(shape)
    for field in attrs.fields(shape):
        here = f"{path}.{field.name}" if path else field.name
        kind = hints[field.name]
        if here in _HEAD:
            continue
        if here == "fees":
            yield "fees.tiers", kind, True
        elif attrs.has(kind) and kind not in (WallOffset, Zone):
            yield from _keys(kind, here)
        else:
            yield here, kind, field.default is not attrs.NOTHING


def _allowed(path: str, kind: Any, optional: bool) -> str:
    arguments = [argument for argument in get_args(kind) if argument not in (type(None), Ellipsis)]
    if path in _SPECIAL:
        text = _SPECIAL[path]
    elif get_origin(kind) is tuple and attrs.has(arguments[0]):
        text = "list of `{above, rate}`" if arguments[0] is FeeTier else "list"
    elif get_origin(kind) is tuple:
        text = f"list of {_allowed('', arguments[0], False)}"
    elif arguments:
        text = _allowed("", arguments[0], False)
    elif inspect.isclass(kind) and issubclass(kind, Enum):
        text = ", ".join(f"`{member.value}`" for member in kind)
    else:
        text = {WallOffset: "wall-clock offset, `P7DT12H`", Zone: "zone name"}.get(kind) or _SHAPES[kind]
    return f"{text}; optional" if optional else text


def _policy_keys() -> str:
    rows = [(f"`{path}`", MEANINGS[path], _allowed(path, kind, optional)) for path, kind, optional in policy_keys()]
    return _table(("key", "meaning", "values"), *rows)


def _presets() -> str:
    chosen = [policies.get(name) for name in policies.names()]
    plain = [destructure(policy) for policy in chosen]
    rows = [(f"`{path}`", *(_value(policy, path) for policy in plain)) for path, _, _ in policy_keys()]
    return _table(("key", *(f"`{policy.name}`" for policy in chosen)), *rows)


def _value(plain: Any, path: str) -> str:
    value = plain
    for key in ["fees"] if path == "fees.tiers" else path.split("."):
        value = value[key]
    if isinstance(value, list):
        items = (f"{item['rate']} above {item['above']}" if isinstance(item, dict) else str(item) for item in value)
        return ", ".join(items) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _sources() -> str:
    parts = []
    for name in policies.names():
        dates = _dated_rows(name)
        rows = [
            (f"`{row.section}`", str(row.since), row.source, ", ".join(row.rules), row.confidence.value)
            for row in dates
        ]
        table = _table(("section", "since", "source", "rules", "confidence"), *rows)
        parts.append(f"### `{name}`: {policies.get(name).title}\n\n{table}")
    return "\n\n".join(parts)


def _dated_rows(name: str) -> list[RuleSource]:
    """Return the sources of all rows of a preset, the superseded ones too, by section and date."""
    from workdiary.policies.catalogue import preset

    sections = [section for section, _ in preset(name).sections]
    every: dict[RuleSource, None] = {}
    for day in preset(name).dates:
        try:
            every.update(dict.fromkeys(policies.get(name, at=f"{day}T00:00Z").sources))
        except errors.UnknownPolicy:  # a date on which not all its sections hold yet
            continue
    return sorted(every, key=lambda row: (sections.index(row.section), row.since))


# The command line.


def commands() -> dict[str, Any]:
    """Return the commands of the command line by their words, such as ``vectors check``."""
    from typer.main import get_command

    from workdiary.cli.app import app

    return dict(_commands(get_command(app), ()))


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(words), command
        return
    for name, child in inner.items():
        if not child.hidden:
            yield from _commands(child, (*words, name))


def _cli() -> str:
    return "\n\n".join(_of_command(words, command) for words, command in commands().items())


def _of_command(words: str, command: Any) -> str:
    from typer.core import TyperArgument

    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    options = [each for each in command.params if not isinstance(each, TyperArgument) and not each.hidden]
    usage = " ".join([f"workdiary {words}", *(_metavar(each) for each in arguments)])
    parts = [f"### `{usage}`", _plain(inspect.cleandoc(command.help or ""))]
    if arguments or options:
        rows = [(f"`{_metavar(each)}`", _plain(each.help or "")) for each in arguments]
        rows += [(_option(each), _plain(each.help or "")) for each in options]
        parts.append(_table(("argument or option", "meaning"), *rows))
    return "\n\n".join(parts)


def _metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    shown = name.strip("[]").removesuffix("...").removesuffix("…") + ("…" if argument.nargs == -1 else "")
    return shown if argument.required else f"[{shown}]"


def _option(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.required:
        return f"{names} `{option.metavar}` (required)"
    if option.is_flag:
        return names
    return f"{names} `{option.metavar or option.type.name.upper()}`"


def _plain(text: str) -> str:
    return " ".join(text.split())


REGIONS: dict[str, Callable[[], str]] = {
    "api": _api,
    "errors": _errors,
    "reasons": _reasons,
    "policy_keys": _policy_keys,
    "presets": _presets,
    "sources": _sources,
    "cli": _cli,
}


if __name__ == "__main__":
    sys.exit(main())
