"""Plain data in and out: dicts, lists and text of JSON and TOML to model values and back, by cattrs.

Everything that is wrong is reported, each with its path: ``contract.terms[1].since: '2026-13-01' is
not an instant``. Nothing is coerced: a number is no text, and text is no truth value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from typing import Any, Final, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.errors import (
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
    StructureHandlerNotFoundError,
)
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from workdiary.errors import NOTHING, DocumentError, InvalidValue, Problems, WorkdiaryError
from workdiary.model.contract import Terms
from workdiary.model.money import Hours, decimal, hours
from workdiary.model.policy import Policy, WeekRule
from workdiary.model.slots import Slots
from workdiary.model.timeline import Timeline
from workdiary.model.times import Instant, WallOffset, Zone, instant, slot_start, zone

__all__ = ["destructure", "structure"]

_T = TypeVar("_T")


def structure(data: object, shape: type[_T], path: str = "") -> _T:
    """Return the value of type `shape` that plain `data` describes.

    Raises `Problems` with everything that is wrong, each error's argument being its path below `path`.
    """
    try:
        return _CONVERTER.structure(data, shape)
    except MemoryError:
        raise  # says nothing about the data
    except Exception as error:
        if _is_lack_of_memory(error):
            raise MemoryError("no memory to read plain data with") from error
        problems = tuple(_problems(error, path, shape))
        if not problems:
            raise
        raise Problems("", problems) from None


def _is_lack_of_memory(error: BaseException) -> bool:
    # Every shape here has its hook. While cattrs looks for it, an allocation that fails looks like a shape without one.
    if isinstance(error, BaseExceptionGroup):
        return any(map(_is_lack_of_memory, error.exceptions))
    return isinstance(error, MemoryError | StructureHandlerNotFoundError)


def destructure(value: object) -> Any:
    """Return `value` as dicts, lists, text, numbers and truth values."""
    return _CONVERTER.unstructure(value)


_CONVERTER = cattrs.Converter(forbid_extra_keys=True, unstruct_collection_overrides={tuple: list})


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise InvalidValue("", value, "is not text", "write it in quotes")
    return value


def _whole(value: Any, _: Any) -> int:
    if type(value) is not int:
        raise InvalidValue("", value, "is not a whole number", "write it without quotes and without a point")
    return value


def _truth(value: Any, _: Any) -> bool:
    if type(value) is not bool:
        raise InvalidValue("", value, "is not true or false", "write true or false")
    return value


def _date(value: Any, _: Any) -> date:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidValue("", value, "is not a date", "write it like 2010-06-01") from None


def _member(value: Any, kind: type[Enum]) -> Enum:
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(str(member.value) for member in kind)
        raise InvalidValue("", value, "is not known", f"choose one of: {allowed}") from None


_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def _minute_of_day(value: Any, _: Any = None) -> int:
    shape = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if shape is None:
        raise InvalidValue("", value, "is not a time of day", "write it like 00:00 or 03:30")
    return int(shape[1]) * 60 + int(shape[2])


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _decimal(value: Any, _: Any) -> Decimal:
    # Figures are text in JSON and TOML, so that no parser makes floats of them on the way.
    if isinstance(value, str):
        return decimal(value, "")
    if isinstance(value, float):
        return decimal(value, "")  # type: ignore[arg-type]  # refused there, with the reason
    raise InvalidValue("", value, "is not a decimal number as text", 'write it in quotes, such as "30.00"')


def _hours(value: Any, _: Any) -> Hours:
    return hours(_decimal(value, None), "")


def _figure(value: Decimal) -> str:
    return f"{value:f}"


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _tuple_of(kind: Any) -> Callable[[Any, Any], tuple[Any, ...]]:
    """Return the hook for ``tuple[X, ...]``; cattrs' own takes text for a list of characters."""
    inside = get_args(kind)[0]
    hook = _CONVERTER.get_structure_hook(inside)

    def build(value: Any, _: Any) -> tuple[Any, ...]:
        made, errors = [], []
        for place, item in enumerate(_list(value)):
            try:
                made.append(hook(item, inside))
            except Exception as error:
                error.__notes__ = [*getattr(error, "__notes__", ()), IterableValidationNote("", place, inside)]
                errors.append(error)
        if errors:
            raise IterableValidationError("", errors, kind)
        return tuple(made)

    return build


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise InvalidValue("", value, "is not a list", "write it in brackets")
    return list(value)


def _slots(value: Any, _: Any) -> Slots:
    try:
        return Slots.from_runs((start, stop) for start, stop in _list(value))
    except (TypeError, ValueError) as error:
        if isinstance(error, WorkdiaryError):
            raise error.under("") from None
        raise InvalidValue("", value, "is not a list of runs", "write pairs of instants, from and to") from None


def _runs(slots: Slots) -> list[list[str]]:
    return [[str(slot_start(start)), str(slot_start(stop))] for start, stop in slots.runs()]


def _policy(value: Any, _: Any) -> str | Policy:
    return value if isinstance(value, str) else structure(value, Policy)


_TEXTS: Final = (Instant, WallOffset, Zone, Hours, Timeline, Slots)
"""The attrs classes and others that plain data holds as a text or a list, not as an object."""


def _register() -> None:
    # First the shapes with keys; what is more special comes later, and is asked first.
    _CONVERTER.register_structure_hook_factory(_is_shape, _reader_of)
    _CONVERTER.register_unstructure_hook_factory(_is_shape, _writer_of)
    hook = _CONVERTER.register_structure_hook
    for kind, read in (
        (str, _text),
        (int, _whole),
        (bool, _truth),
        (Decimal, _decimal),
        (Hours, _hours),
        (date, _date),
    ):
        hook(kind, read)
    hook(Instant, lambda value, _: instant(value, ""))
    hook(WallOffset, lambda value, _: WallOffset.parse(value, ""))
    hook(Zone, lambda value, _: zone(value, ""))
    hook(Slots, _slots)
    hook(str | Policy, _policy)
    _CONVERTER.register_structure_hook_func(_is_enum, _member)
    _CONVERTER.register_structure_hook_factory(_is_tuple, _tuple_of)
    _CONVERTER.register_structure_hook_factory(_is_timeline, _timeline_of)

    show = _CONVERTER.register_unstructure_hook
    for shown_as_text in (Instant, WallOffset, Zone, date):
        show(shown_as_text, str)
    show(Decimal, _figure)
    show(Hours, lambda value: _figure(value.amount))
    show(Slots, _runs)
    _CONVERTER.register_unstructure_hook_func(_is_timeline, lambda value: [*map(_CONVERTER.unstructure, value)])


def _is_shape(kind: Any) -> bool:
    return isinstance(kind, type) and attrs.has(kind) and kind not in _TEXTS


def _keys_of(shape: type[Any]) -> dict[str, Any]:
    """Return how the keys of `shape` differ from its attributes."""
    keys: dict[str, Any] = {field: override(rename=key) for field, key in _RENAMED.get(shape, {}).items()}
    if shape is WeekRule:
        keys["starts_at"] = override(struct_hook=_minute_of_day, unstruct_hook=_clock)
    return keys


def _reader_of(shape: type[Any]) -> Callable[[Any, Any], Any]:
    # cattrs takes overrides by the field's name, beside options of other types.
    make: Any = make_dict_structure_fn
    read = make(shape, _CONVERTER, _cattrs_forbid_extra_keys=True, **_keys_of(shape))

    def build(value: Any, kind: Any) -> Any:
        if not isinstance(value, Mapping):
            raise InvalidValue("", value, "is not an object", "write it in braces")
        return read(value, kind)

    return build


def _writer_of(shape: type[Any]) -> Callable[[Any], dict[str, Any]]:
    make: Any = make_dict_unstructure_fn
    write: Callable[[Any], dict[str, Any]] = make(shape, _CONVERTER, **_keys_of(shape))
    return write


_RENAMED: dict[type[Any], dict[str, str]] = {Terms: {"weekly_limit": "weekly_limit_hours"}}
"""The keys of plain data that are not called as the attribute: they carry the unit."""


def _is_timeline(kind: Any) -> bool:
    return get_origin(kind) is Timeline


def _timeline_of(kind: Any) -> Callable[[Any, Any], Timeline[Any]]:
    inside: Any = tuple.__class_getitem__((get_args(kind)[0], ...))

    def build(value: Any, _: Any) -> Timeline[Any]:
        return Timeline.of(_CONVERTER.structure(value, inside), "")

    return build


_register()


def _problems(error: BaseException, path: str, shape: type[Any]) -> Iterator[WorkdiaryError]:
    """Yield what is wrong below `path`, in the order of the data."""
    if isinstance(error, ClassValidationError):
        fields, others = error.group_exceptions()
        # A mistyped key first: that another is missing is only what follows from it.
        for inner in others:
            yield from _problems(inner, path, error.cl)
        for inner, note in fields:
            key = _RENAMED.get(error.cl, {}).get(note.name, note.name)
            yield from _problems(inner, f"{path}.{key}" if path else key, shape)
    elif isinstance(error, IterableValidationError):
        items, rest = error.group_exceptions()
        for inner, place in items:
            yield from _problems(inner, f"{path}[{place.index}]", shape)
        for inner in rest:
            yield from _problems(inner, path, shape)
    elif isinstance(error, ForbiddenExtraKeysError):
        for key in sorted(error.extra_fields, key=str):
            known = _keys(error.cl)
            near = get_close_matches(str(key), known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            yield DocumentError(f"{path}.{key}" if path else str(key), key, "is not a known key", hint)
    elif isinstance(error, Problems):
        for single in error:
            yield single.under(path)
    elif isinstance(error, WorkdiaryError):
        yield error.under(path) if path else error
    elif isinstance(error, MemoryError):
        raise error
    elif isinstance(error, KeyError):
        yield DocumentError(path, NOTHING, "is missing", "give it")
    else:
        yield DocumentError(path, str(error), "is not of the shape that is meant here", "give an object with its keys")


def _keys(shape: type[Any]) -> tuple[str, ...]:
    return tuple(_RENAMED.get(shape, {}).get(field.name, field.name) for field in attrs.fields(shape))
