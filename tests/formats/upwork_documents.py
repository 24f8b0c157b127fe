"""Documents in Upwork's GraphQL shape, for tests. `NINE` is Monday 2026-10-19T09:00Z."""

from __future__ import annotations

from typing import Any

import pytest

from workdiary import Segment
from workdiary.errors import Problems
from workdiary.formats.imported import Imported
from workdiary.formats.upwork import import_upwork

NINE = 1792400400


def cell(n: int = 0, **fields: Any) -> dict[str, Any]:
    """The `n`-th cell after nine, tracked unless told otherwise."""
    return {"cellDateTime": {"rawValue": str(NINE + 600 * n)}, "manual": False, "hasScreenshot": False, **fields}


def answer(*cells: Any, alias: str = "d41815410_20261019", **beside: Any) -> dict[str, Any]:
    return {"data": {alias: {"workDiaryTimeCells": list(cells)}}, **beside}


def imported(*cells: Any, **options: Any) -> Imported:
    return import_upwork({"week.json": answer(*cells)}, **options)


def only(*cells: Any) -> Segment:
    (segment,) = imported(*cells).segments_of("41815410")
    return segment


def left(result: Imported) -> dict[str, Any]:
    """What was left over, by its path below the cells."""
    return {entry.path.removeprefix("week.json: data.d41815410_20261019."): entry.value for entry in result.left_over}


def problems(*cells: Any) -> list[str]:
    with pytest.raises(Problems) as caught:
        imported(*cells)
    return [str(error) for error in caught.value]
