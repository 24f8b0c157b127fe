"""Years of records for the comparison, the same for every tool, and each tool's own files of them.

The diary of one freelancer with two contracts: five days a week, 47 segments of ten minutes a day,
mornings for one contract and afternoons for the other, with a memo for 30 minutes to two hours.
Nothing is random, so every run, everywhere, has the same records.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from workdiary import Activity, Contract, Facts, Segment, Snapshot, Terms, hours, instant
from workdiary.formats import native

__all__ = ["CONTRACTS", "Row", "Totals", "records", "totals", "write_all"]

CONTRACTS: Final = ("contract-a", "contract-b")

Totals = dict[tuple[date, str], int]
"""Minutes by the Monday of the week and the contract."""

_FIRST_SLOT: Final = 2_419_776  # Monday 2016-01-04T00:00Z
_DAY: Final = 144
_MEMOS: Final = (
    "Fix the login form",
    "Review the payment branch",
    "Write tests for the importer",
    "Call with the client",
    "Plan the release",
    "Reproduce the rounding bug",
    "",
)


class Row(NamedTuple):
    """Ten minutes of work: the slot, the contract, what was done, and what the tracker saw."""

    slot: int
    contract: str
    memo: str
    meter: int
    second: int

    @property
    def start(self) -> datetime:
        """When it starts, in UTC."""
        return datetime.fromtimestamp(self.slot * 600, UTC)

    @property
    def stop(self) -> datetime:
        """When it ends, in UTC."""
        return datetime.fromtimestamp(self.slot * 600 + 600, UTC)


def records(years: int) -> list[Row]:
    """Return the records of `years` years of 52 weeks: 12,220 a year, in order of time."""
    return list(_rows(52 * years))


def _rows(weeks: int) -> Iterator[Row]:
    stretch, left = 0, 0
    for week in range(weeks):
        for day in range(5):
            # Between 29 and 39 segments of the 47 go to the first contract.
            first = 34 + (week * 5 + day * 3) % 11 - 5
            for n in range(47):
                if not left:
                    stretch += 1
                    left = 3 + stretch * 7 % 10
                left -= 1
                contract = CONTRACTS[n >= first]
                # From 08:00, with a break at noon and one between the contracts.
                place = 48 + n + (6 if n >= 24 else 0) + (3 if n >= first else 0)
                slot = _FIRST_SLOT + week * 7 * _DAY + day * _DAY + place
                meter = (n * 3 + day + week) % 8 + 3 if (n + week) % 29 else 0
                yield Row(slot, contract, _MEMOS[stretch % len(_MEMOS)], meter, (slot * 37) % 600)


def totals(rows: Iterable[Row]) -> Totals:
    """Return what every tool should say: the minutes of each week and contract."""
    found: Totals = {}
    for row in rows:
        day = row.start.date()
        key = (day - timedelta(days=day.weekday()), row.contract)
        found[key] = found.get(key, 0) + 10
    return found


def write_all(rows: list[Row], folder: Path) -> None:
    """Write the records under `folder`, once for each tool, in the format that it reads."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_native(rows, folder / "diary.json")
    _write_timeclock(rows, folder / "diary.timeclock")
    _write_timewarrior(rows, folder / "timewarrior")
    _write_watson(rows, folder / "watson")
    _write_aw(rows, folder / "aw-events.json")


def _write_native(rows: list[Row], path: Path) -> None:
    found = []
    for name, limit in zip(CONTRACTS, ("28", "12.5"), strict=True):
        contract = Contract(
            id=name,
            freelancer="ana",
            client=f"client of {name}",
            currency="USD",
            terms=[
                Terms(since="2015-12-28T00:00Z", rate="30.00", weekly_limit=hours(limit), manual_time_allowed=True),
                Terms(since="2016-07-06T00:00Z", rate="32.50", weekly_limit=hours(limit), manual_time_allowed=True),
                Terms(since="2020-03-04T00:00Z", rate="41.00", weekly_limit=hours(limit), manual_time_allowed=True),
            ],
            facts=[Facts(since="2015-12-28T00:00Z", billing_verified=True, good_standing=True, identity_verified=True)],
        )
        segments = [
            Segment.tracked(
                row.slot,
                memo=row.memo,
                activity=Activity.of_meter(row.meter),
                snapshots=[Snapshot(at=instant(row.start + timedelta(seconds=row.second)))],
            )
            for row in rows
            if row.contract == name
        ]
        found.append(native.Record.of(contract, "upwork", segments))
    native.write(path, found)


def _write_timeclock(rows: list[Row], path: Path) -> None:
    """Write the clock-in and clock-out lines that both ledger and hledger read."""
    shape = "%Y/%m/%d %H:%M:%S"
    lines = [
        f"i {row.start.strftime(shape)} {row.contract}  {row.memo}\no {row.stop.strftime(shape)}\n" for row in rows
    ]
    path.write_text("".join(lines), encoding="utf-8")


def _write_timewarrior(rows: list[Row], folder: Path) -> None:
    """Write Timewarrior's database: a file a month, an interval a line."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    (folder / "timewarrior.cfg").write_text("", encoding="utf-8")
    shape = "%Y%m%dT%H%M%SZ"
    months: dict[str, list[str]] = {}
    for row in rows:
        note = f' # "{row.memo}"' if row.memo else ""
        line = f"inc {row.start.strftime(shape)} - {row.stop.strftime(shape)} # {row.contract}{note}\n"
        months.setdefault(row.start.strftime("%Y-%m"), []).append(line)
    for month, lines in months.items():
        (data / f"{month}.data").write_text("".join(lines), encoding="utf-8")
    tags = {name: {"count": sum(row.contract == name for row in rows)} for name in CONTRACTS}
    (data / "tags.data").write_text(json.dumps(tags), encoding="utf-8")


def _write_watson(rows: list[Row], folder: Path) -> None:
    """Write Watson's frames: start, stop, project, id, tags, time of the last change."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = [
        [
            row.slot * 600,
            row.slot * 600 + 600,
            row.contract,
            f"{n:032x}",
            [row.memo] if row.memo else [],
            row.slot * 600,
        ]
        for n, row in enumerate(rows)
    ]
    (folder / "frames").write_text(json.dumps(frames, indent=1), encoding="utf-8")
    (folder / "state").write_text("{}", encoding="utf-8")


def _write_aw(rows: list[Row], path: Path) -> None:
    """Write the events that `scripts/aw_core_store.py` puts into aw-core's own database."""
    events = [
        {"timestamp": row.start.isoformat(), "duration": 600, "data": {"project": row.contract, "memo": row.memo}}
        for row in rows
    ]
    path.write_text(json.dumps(events), encoding="utf-8")
