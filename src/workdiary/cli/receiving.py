"""The commands that take in requests by the file: ``ingest``, and ``quarantine`` for what could not be read."""

from __future__ import annotations

from typing import Annotated

import typer

from workdiary.cli.options import AsJson, Db, ZoneOfTimes
from workdiary.cli.program import new_group

__all__ = ["ingest", "quarantine"]


def ingest(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Requests, one JSON object a line, or a native diary; - is standard input."
        ),
    ],
    all_: Annotated[bool, typer.Option("--all", help="Print every item that was not recorded, not only 20.")] = False,
    zone: ZoneOfTimes = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Record a file of requests.

    Each is judged and answered by itself, and what cannot be read is kept in quarantine. The contracts of a native
    diary are opened where they are new. To ingest a file again changes nothing. The exit status is 1 when an item
    was refused, in conflict or quarantined.
    """
    from workdiary.cli.ingesting import ingest_file

    raise typer.Exit(ingest_file(db, file, whole=all_, zone=zone, as_json=json))


quarantine = new_group("What could not be read when it was ingested.")

Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="NUMBER…", show_default=False, help="Its numbers in the list.")
]


@quarantine.command(name="list")
def list_(zone: ZoneOfTimes = None, db: Db = None, json: AsJson = False) -> None:
    """List what is in quarantine, each with its number, what is wrong with it, and how it begins."""
    from workdiary.cli.ingesting import list_quarantine

    list_quarantine(db, zone=zone, as_json=json)


@quarantine.command()
def retry(
    numbers: Numbers = None,
    all_: Annotated[bool, typer.Option("--all", help="All that is there.")] = False,
    zone: ZoneOfTimes = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Ingest it once more; what is recorded now leaves the quarantine."""
    from workdiary.cli.ingesting import retry_quarantined

    raise typer.Exit(retry_quarantined(db, numbers or [], whole=all_, zone=zone, as_json=json))


@quarantine.command()
def discard(
    numbers: Numbers = None,
    all_: Annotated[bool, typer.Option("--all", help="All that is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Throw it away for good, after asking."""
    from workdiary.cli.ingesting import discard_quarantined

    raise typer.Exit(discard_quarantined(db, numbers or [], whole=all_, yes=yes, as_json=json))
