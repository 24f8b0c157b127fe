"""Entries of one uploaded run, read by a pattern: what nine of ten entries of a diary are.

The pattern is the canonical bytes of such an entry and nothing else: what it matches needs not be written again
to be known as canonical, nor be read by a parser of all JSON. Whatever it does not match is read as every entry is,
with every error said; so it can only be slower here, never wrong.
"""

from __future__ import annotations

import re
from functools import lru_cache
from json import loads
from typing import Final, TypeAlias

from workdiary.diary.entry import Entry
from workdiary.errors import WorkdiaryError
from workdiary.formats.reading import slot_text
from workdiary.formats.runs import Run, maximal, read_run
from workdiary.model.activity import MINUTES
from workdiary.model.segment import MEMO_LENGTH, Source
from workdiary.model.slots import SECONDS_PER_SLOT
from workdiary.model.times import instant

__all__ = ["Upload", "upload_of"]

Upload: TypeAlias = tuple[tuple[int, str], Run]
"""When the texts of an upload were written, with the id of its entry, and its run."""

_TEXT: Final = r"[ !#-\[\]-~]*"
"""Text that stands in JSON as it is: printable ASCII without quotes and backslashes."""

_MOMENT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
_METER: Final = r"(?:\d|10|null)"
_DIGEST: Final = r'\{"at":(?:null|0|[1-9]\d{0,2}),"digest":"[0-9a-f]{64}"\}'
_SHOT: Final = rf"(?:null|0|[1-9]\d{{0,2}}|\[{_DIGEST}(?:,{_DIGEST})*\])"

_UPLOAD: Final = re.compile(
    rf'\{{"at":"({_MOMENT})","by":\{{"id":"{_TEXT}","role":"(?:freelancer|client|platform)"\}},'
    rf'"change":\{{"aside":\[\],"kind":"time_tracked","made_at":"({_MOMENT})","segments":\[\{{'
    rf'"activity":(null|\[{_METER}(?:,{_METER})*\]),"from":"({_MOMENT})","label":(?:null|"({_TEXT})"),'
    rf'"memo":"({_TEXT})","snapshots":(null|\[{_SHOT}(?:,{_SHOT})*\]),"source":"tracked","to":"({_MOMENT})"\}}\]\}},'
    rf'"contract":"({_TEXT})","id":"({_TEXT})","number":([1-9]\d*),"slots":\[(0|-?[1-9]\d*),(0|-?[1-9]\d*)\]\}}',
    re.ASCII,
)

_METERS: Final = {f"[{meter}]": (meter,) for meter in range(MINUTES + 1)}
_SECONDS: Final = {f"[{second}]": (second,) for second in range(SECONDS_PER_SLOT)}
_MINUTES: Final = {f":{minute:02}": minute * 60 for minute in range(60)}
_REST: Final = {f":{second:02}Z": second for second in range(60)}


def upload_of(entry: Entry) -> Upload | None:
    """Return the run that `entry` uploaded whole, or `None` for any entry that has to be read as all are.

    What is returned agrees with what stands beside the bytes; whether the digest is theirs was not looked at.
    """
    try:
        found = _UPLOAD.fullmatch(entry.body.decode("ascii"))
        if found is None:
            return None
        at, made_at, meters, begins, label, memo, shots, ends, contract, id, number, start, stop = found.groups()
        if (
            entry.start is None
            or entry.stop is None
            or (contract, id, int(number)) != (entry.contract, entry.id, entry.number)
            or (int(start), int(stop)) != (entry.start, entry.stop)
            or (begins, ends) != (slot_text(entry.start), slot_text(entry.stop))
            or _second(at) != entry.at
        ):
            return None
        written = (_second(made_at), id)
        activity, snapshots = _METERS.get(meters), _SECONDS.get(shots)
        usual = activity is not None and snapshots is not None and label is None and len(memo) <= MEMO_LENGTH
        if not usual or entry.stop - entry.start != 1:
            given = {"from": begins, "to": ends, "source": "tracked", "label": label, "memo": memo}
            run = read_run({**given, "activity": loads(meters), "snapshots": loads(shots)})
            return written, maximal([run])[0]
    except (WorkdiaryError, LookupError, ValueError):
        return None
    return written, Run(
        start=entry.start,
        stop=entry.stop,
        source=Source.TRACKED,
        memo=memo,
        label=None,
        activity=activity or (),
        snapshots=snapshots or (),
    )


@lru_cache(maxsize=4096)
def _hour(text: str) -> int:
    return instant(f"{text}:00:00Z")


def _second(text: str) -> int:
    """Return the Unix second that `text`, of the usual form, says; raises `LookupError` for none."""
    return _hour(text[:13]) + _MINUTES[text[13:16]] + _REST[text[16:]]
