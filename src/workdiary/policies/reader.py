"""Reading a policy file: every section a list of dated rows, every row with its source.

::

    [[limit]]
    since = 2012-03-01
    source = "Upwork support, Contract Weekly Limit"
    rules = ["LIMIT-1", "LIMIT-2", "LIMIT-3", "LIMIT-4"]
    order = "chronological"
    increase = "whole_week"
    decrease = "next_week"

The row of a section that holds at an instant is the latest whose date is not after it: rules change
by date, and a week is judged by those in force when it starts, for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, get_type_hints

import attrs

from workdiary.errors import NOTHING, PolicyError, Problems, UnknownPolicy, WorkdiaryError
from workdiary.model.policy import FeeTier, Policy, RuleSource, check_tiers
from workdiary.model.text import is_blank
from workdiary.model.times import Instant, Moment, moment

__all__ = ["PolicyFile", "load", "parse"]

_REQUIRED = ("week", "credit", "limit", "editing", "manual", "protection", "billing")
_OPTIONAL = ("fees", "dispute", "palette")
_HEAD = ("name", "title")
_ROW = ("since", "source", "rules", "confidence")


@attrs.frozen(kw_only=True)
class _Row:
    """One dated row of a section: where it is written, and the values that it sets."""

    source: RuleSource
    values: Any
    since: Instant
    """Midnight UTC of the row's date."""


@attrs.frozen(kw_only=True)
class PolicyFile:
    """A policy through time: for each section its dated rows."""

    name: str
    title: str
    sections: tuple[tuple[str, tuple[_Row, ...]], ...]

    def at(self, at: Moment | None = None) -> Policy:
        """Return the policy in force at `at`; the newest rows for `None`.

        Raises `UnknownPolicy` before the first date at which all its sections hold.
        """
        return self.build(self.places(at))

    def places(self, at: Moment | None = None) -> tuple[int, ...]:
        """Return for each section the place of the row that holds at `at`, -1 where none does yet."""
        when = None if at is None else moment(at, "at")
        found = []
        for section, rows in self.sections:
            place = len(rows) - 1
            while place >= 0 and when is not None and rows[place].since > when:
                place -= 1
            if place < 0 and section in _REQUIRED:
                first = rows[0].source.since
                raise UnknownPolicy(
                    "at", str(when), f"is before {self.name}'s first {section} rule, {first}", "ask later"
                )
            found.append(place)
        return tuple(found)

    def build(self, places: tuple[int, ...]) -> Policy:
        """Return the policy of the rows at `places`."""
        chosen = [(name, rows[place]) for (name, rows), place in zip(self.sections, places, strict=True) if place >= 0]
        values = {section: row.values for section, row in chosen}
        sources = tuple(row.source for _, row in chosen)
        return Policy(name=self.name, title=self.title, sources=sources, **values)

    @property
    def dates(self) -> tuple[str, ...]:
        """The dates at which any of its rules changed, as text."""
        return tuple(sorted({str(row.source.since) for _, rows in self.sections for row in rows}))


def load(path: str | Path) -> PolicyFile:
    """Return the policy in the TOML file at `path`, a platform's own.

    Raises `Problems` of `PolicyError` with everything that is wrong: unknown keys and values, missing
    sources, rows out of order; each names the file and the path inside it.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise PolicyError(str(path), NOTHING, f"cannot be read ({why})", "check the path") from None
    return parse(text, place.name)


def parse(text: str, name: str = "policy") -> PolicyFile:
    """Return the policy that TOML `text` describes; `name` is what errors call it."""
    import tomllib  # here and below: a program that builds its policies itself needs no reader

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(name, str(error), "is not TOML", "check the line that it names") from None
    problems = tuple(_misplaced(document, name))
    sections: list[tuple[str, tuple[_Row, ...]]] = []
    for section in (*_REQUIRED, *_OPTIONAL):
        if isinstance(document.get(section), list):
            try:
                sections.append((section, _rows(section, document[section], f"{name}: {section}")))
            except Problems as found:
                problems = (*problems, *found)
    if problems:
        raise Problems("", (_as_policy_error(problem) for problem in problems))
    return PolicyFile(name=document["name"], title=document.get("title", document["name"]), sections=tuple(sections))


def _misplaced(document: Mapping[str, Any], name: str) -> Iterator[WorkdiaryError]:
    """Yield what is wrong with the document's own keys."""
    known = (*_HEAD, *_REQUIRED, *_OPTIONAL)
    for key in document:
        if key not in known:
            yield PolicyError(f"{name}: {key}", key, "is not a section", f"known: {', '.join(known)}")
    for key in _HEAD:
        if not isinstance(document.get(key, ""), str) or (key == "name" and not document.get(key)):
            yield PolicyError(f"{name}: {key}", document.get(key), "is not a name", 'give one, such as name = "acme"')
    for key in (*_REQUIRED, *_OPTIONAL):
        rows = document.get(key)
        if rows is None and key in _REQUIRED:
            yield PolicyError(f"{name}: {key}", None, "is missing", f"write a [[{key}]] section")
        elif rows is not None and (not isinstance(rows, list) or not rows):
            yield PolicyError(f"{name}: {key}", rows, "is not a list of dated rows", f"write it as [[{key}]]")


def _rows(section: str, rows: list[Any], path: str) -> tuple[_Row, ...]:
    from workdiary.plain import structure

    shape = _Fees if section == "fees" else get_type_hints(Policy)[section]
    problems: list[WorkdiaryError] = []

    def read(data: object, kind: Any, here: str) -> Any:
        try:
            return structure(data, kind, here)
        except Problems as found:
            problems.extend(found)
            return None

    made: list[_Row] = []
    for n, row in enumerate(rows):
        here = f"{path}[{n}]"
        if not isinstance(row, dict):
            problems.append(PolicyError(here, row, "is not a row", f"write it as a table under [[{section}]]"))
            continue
        source = read({"section": section, **{key: row[key] for key in _ROW if key in row}}, RuleSource, here)
        values = read({key: value for key, value in row.items() if key not in _ROW}, shape, here)
        if source is None or values is None:
            continue
        problems.extend(
            PolicyError(f"{here}.{key}", getattr(source, key), "is empty", "say where the rule is written")
            for key in ("source", "rules")
            if is_blank("".join(getattr(source, key)))
        )
        if made and source.since <= made[-1].source.since:
            problems.append(
                PolicyError(f"{here}.since", str(source.since), "is not after the row before it", "put rows in order")
            )
        since = moment(datetime.combine(source.since, time(), UTC))
        made.append(_Row(source=source, values=values.tiers if isinstance(values, _Fees) else values, since=since))
    if problems:
        raise Problems("", problems)
    return tuple(made)


@attrs.frozen(kw_only=True)
class _Fees:
    """The one key of a row of ``[[fees]]``."""

    tiers: tuple[FeeTier, ...]

    def __attrs_post_init__(self) -> None:
        check_tiers(self.tiers, "tiers")


def _as_policy_error(error: WorkdiaryError) -> PolicyError:
    return PolicyError(error.argument, error.value, error.allowed, error.remedy)
