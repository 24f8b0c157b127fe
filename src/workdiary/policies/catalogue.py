"""The presets by name, and the difference of two policies in words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from workdiary.errors import UnknownPolicy
from workdiary.model.policy import Policy
from workdiary.model.times import Moment
from workdiary.policies.reader import PolicyFile, parse

__all__ = ["diff", "get", "names", "preset"]

_NAMES = ("odesk", "upwork", "work_for_impact")


def names() -> tuple[str, ...]:
    """Return the names of the presets.

    >>> names()
    ('odesk', 'upwork', 'work_for_impact')
    """
    return _NAMES


def get(name: str, *, at: Moment | None = None) -> Policy:
    """Return the preset `name` as it stood at `at`; in its newest form for `None`.

    Judge a week by the policy in force when it starts: ``get("odesk", at=week_start)``. Raises
    `UnknownPolicy` for another name and for an instant before the preset's first rules.

    >>> str(get("odesk", at="2008-06-02T00:00Z").editing.locks_after)
    'P8D'
    """
    return _built(name, preset(name).places(at))


def preset(name: str) -> PolicyFile:
    """Return the preset `name` through time."""
    if name not in _NAMES:
        from difflib import get_close_matches

        near = get_close_matches(str(name), _NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else "or load your own by policies.load(path)"
        raise UnknownPolicy("policy", name, f"is not a preset; there are {', '.join(_NAMES)}", hint)
    return _preset(name)


@cache
def _preset(name: str) -> PolicyFile:
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return parse(text, f"{name}.toml")


@cache
def _built(name: str, places: tuple[int, ...]) -> Policy:
    """Return the preset of these rows; the same object for every week that they judge."""
    return preset(name).build(places)


def diff(a: Policy, b: Policy) -> tuple[str, ...]:
    """Return in words where two policies differ: a line a key, sources and titles left out.

    Two forms of one policy are told apart by the date of their newest rule.

    >>> for line in diff(get("upwork"), get("odesk"))[:2]:
    ...     print(line)
    limit.increase: upwork whole_week, odesk from_then_on
    manual.on_taken: upwork skip, odesk overwrite
    """
    from workdiary.plain import destructure

    mine, yours = _told_apart(a, b)
    ours, theirs = dict(_flat(destructure(a))), dict(_flat(destructure(b)))
    lines = []
    for key in (*ours, *(key for key in theirs if key not in ours)):
        one, other = ours.get(key, "none"), theirs.get(key, "none")
        if one != other:
            lines.append(f"{key}: {mine} {one}, {yours} {other}")
    return tuple(lines)


def _told_apart(a: Policy, b: Policy) -> tuple[str, str]:
    """Return what the two are called beside each other."""
    if a.name != b.name:
        return a.name, b.name
    first, second = (max((str(source.since) for source in policy.sources), default="") for policy in (a, b))
    if first and second and first != second:
        return f"{a.name} {first}", f"{b.name} {second}"
    return f"{a.name} (first)", f"{b.name} (second)"


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if path or key not in ("name", "title", "sources"):
                yield from _flat(inner, f"{path}.{key}" if path else key)
    else:
        yield path, _words(value)


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(_words(item) for item in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(inner)}" for key, inner in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
