"""Reading JSON with paths: small steps into a parsed document, each of which can say where it went wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NoReturn

from workdiary.errors import NOTHING, DocumentError, InvalidValue
from workdiary.files import LARGEST, read_bytes
from workdiary.model.slots import Slot
from workdiary.model.times import slot_at, slot_start

__all__ = ["LARGEST", "entries", "field", "object_of", "parse_json", "read_bytes", "slot_of", "slot_text", "text_of"]


def parse_json(text: str | bytes, path: str, *, largest: int = LARGEST) -> Any:
    """Return the value of JSON `text`.

    `largest` is in bytes or characters. Raises `DocumentError` for text that is empty, too large, too deep,
    not UTF-8 or not JSON, for a key given twice in one object, and for ``NaN`` and the infinities, which
    JSON does not have.
    """
    if len(text) > largest:
        raise DocumentError(path, f"{len(text)} characters", f"is over the limit of {largest}", "split it")
    if not text.strip():
        raise DocumentError(path, text[:1], "is empty", "give one JSON value")
    try:
        given = text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass")
        if given.startswith("\ufeff"):
            raise json.JSONDecodeError("unexpected byte order mark", given, 0)
        return _DECODER.decode(given)
    except DocumentError as error:
        raise error.under(path) from None
    except RecursionError:
        raise DocumentError(path, "…", "is nested too deeply", "flatten it") from None
    except UnicodeDecodeError:
        raise DocumentError(path, text[:40], "is not UTF-8", "write the file in UTF-8") from None
    except json.JSONDecodeError as error:
        near = error.doc[max(error.pos - 20, 0) : error.pos + 20]
        raise DocumentError(
            path,
            near,
            f"is not JSON ({error.msg}, line {error.lineno}, column {error.colno})",
            "check that it is whole",
        ) from None
    except ValueError as error:  # an integer with more digits than Python parses
        raise DocumentError(path, "…", f"is not usable JSON ({error})", "check its numbers") from None


def _no_constant(name: str) -> NoReturn:
    raise DocumentError("", name, "is not JSON", "give a number, or null for unknown")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DocumentError(key, key, "stands twice in one object", "keep one of them")
            seen.add(key)
    return made


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_object)


def object_of(data: object, path: str) -> dict[str, Any]:
    """Return `data` if it is an object."""
    if not isinstance(data, dict):
        raise DocumentError(path, data, "is not an object", "write it in braces")
    return data


def field(data: object, key: str, path: str) -> Any:
    """Return ``data[key]``; raises `DocumentError` when `data` is no object or has no such key."""
    try:
        return object_of(data, path)[key]
    except KeyError:
        raise DocumentError(f"{path}.{key}" if path else key, NOTHING, "is missing", "give it") from None


def entries(data: object, path: str) -> Iterator[tuple[Any, str]]:
    """Yield the items of a list, each with its path."""
    if not isinstance(data, list | tuple):
        raise DocumentError(path, data, "is not a list", "write it in brackets")
    return ((item, f"{path}[{n}]") for n, item in enumerate(data))


def text_of(data: object, path: str) -> str:
    """Return `data` if it is text."""
    if not isinstance(data, str):
        raise DocumentError(path, data, "is not text", "write it in quotes")
    return data


# What follows the day in the usual spelling of a slot's start, and which slot of the day that is.
_TIMES: Final = tuple(f"T{n // 6:02}:{n % 6}0:00Z" for n in range(144))
_PLACES: Final = {text: n for n, text in enumerate(_TIMES)}


@lru_cache(maxsize=8192)
def _date(day: int) -> str:
    return str(slot_start(day * len(_TIMES)))[:10]


def slot_text(slot: int) -> str:
    """Return the instant at which `slot` starts, as results print it.

    >>> slot_text(2992392)
    '2026-11-23T12:00:00Z'
    """
    day, place = divmod(slot, len(_TIMES))
    return _date(day) + _TIMES[place]


@lru_cache(maxsize=8192)
def _midnight(day: str) -> Slot:
    return slot_at(f"{day}T00:00:00Z")


def slot_of(data: object, path: str) -> Slot:
    """Return the slot that starts at the instant `data`; a number is no instant."""
    if type(data) is str:
        place = _PLACES.get(data[10:])
        if place is not None:
            try:
                return Slot(_midnight(data[:10]) + place)
            except InvalidValue:
                pass  # said below, with the path
    return slot_at(text_of(data, path), path)
