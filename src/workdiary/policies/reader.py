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

from workdiary.errors import NOTHING, DocumentError, InvalidValue, PolicyError, Problems, UnknownPolicy, WorkdiaryError
from workdiary.files import read_bytes
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
    try:
        text = read_bytes(path).decode()
    except UnicodeDecodeError as error:
        raise PolicyError(str(path), NOTHING, f"cannot be read ({error})", "check the path") from None
    except DocumentError as error:
        remedy = error.remedy if error.value is NOTHING else "check that it is a policy"
        raise PolicyError(error.argument, error.value, error.allowed, remedy) from None
    return parse(text, Path(path).name)


def parse(text: str, name: str = "policy") -> PolicyFile:
    """Return the policy that TOML `text` describes; `name` is what errors call it."""
    import tomllib  # here and below: a program that builds its policies itself needs no reader

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(name, str(error), "is not TOML", "check the line that it names") from None
    except ValueError as error:  # an integer with more digits than Python parses
        raise PolicyError(name, NOTHING, f"is not usable TOML ({error})", "check its numbers") from None
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
        given = document.get(key, "")
        if not isinstance(given, str) or (key == "name" and is_blank(given)):
            yield PolicyError(f"{name}: {key}", document.get(key), "is not a name", 'give one, such as name = "acme"')
    for key in (*_REQUIRED, *_OPTIONAL):
        rows = document.get(key)
        if rows is None and key in _REQUIRED:
            yield PolicyError(f"{name}: {key}", NOTHING, "is missing", f"write a [[{key}]] section")
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
        since = None if source is None else _reached(source, here, problems)
        values = read({key: value for key, value in row.items() if key not in _ROW}, shape, here)
        if source is None or since is None or values is None:
            continue
        if made and source.since <= made[-1].source.since:
            problems.append(
                PolicyError(f"{here}.since", str(source.since), "is not after the row before it", "put rows in order")
            )
        made.append(_Row(source=source, values=values.tiers if isinstance(values, _Fees) else values, since=since))
    if problems:
        raise Problems("", problems)
    return tuple(made)


def _reached(source: RuleSource, path: str, problems: list[WorkdiaryError]) -> Instant | None:
    """Return midnight UTC of a row's date, or `None` for one out of reach; note that and what the row leaves empty."""
    problems.extend(
        PolicyError(f"{path}.{key}", getattr(source, key), "is empty", "say where the rule is written")
        for key in ("source", "rules")
        if is_blank("".join(getattr(source, key)))
    )
    try:
        return moment(datetime.combine(source.since, time(), UTC))
    except InvalidValue as error:
        problems.append(PolicyError(f"{path}.since", str(source.since), error.allowed, error.remedy))
        return None


@attrs.frozen(kw_only=True)
class _Fees:
    """The one key of a row of ``[[fees]]``."""

    tiers: tuple[FeeTier, ...]

    def __attrs_post_init__(self) -> None:
        check_tiers(self.tiers, "tiers")


def _as_policy_error(error: WorkdiaryError) -> PolicyError:
    return PolicyError(error.argument, error.value, error.allowed, error.remedy)
