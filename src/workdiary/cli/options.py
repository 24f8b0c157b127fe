"""The options that several commands share, said once, so that they are called and explained alike everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = [
    "AsClient",
    "AsFreelancer",
    "AsJson",
    "AsPlatform",
    "Book",
    "ContractId",
    "Db",
    "DryRun",
    "OneContract",
    "PolicyName",
    "RequestId",
    "Segments",
    "Since",
    "Times",
    "WeekOf",
    "Yes",
    "ZoneOfTimes",
]

Book = Annotated[
    str | None,
    typer.Argument(
        metavar="DIARY",
        show_default=False,
        help="A diary in the native JSON (- is standard input), or a database. Default: the database of --db.",
    ),
]
Db = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="FILE|URL",
        help="The database: an SQLite file, or postgresql://…. "
        "Default: that of the variable WORKDIARY_DB, else diary.db in your data folder.",
    ),
]
ContractId = Annotated[str | None, typer.Option("--contract", metavar="ID", help="Only this contract of the diary.")]
OneContract = Annotated[
    str | None, typer.Option("--contract", metavar="ID", help="The contract; needed when there are several.")
]
PolicyName = Annotated[
    str | None,
    typer.Option("--policy", metavar="NAME|FILE.toml", help="Judge by this policy, not by the diary's own."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WeekOf = Annotated[
    str | None, typer.Option("--week", metavar="DATE", help="The week of this date, or of this instant.")
]
AsFreelancer = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="freelancer|client|platform",
        show_default=False,
        help="Act in this role; who that is, the contract says. Default: freelancer.",
    ),
]
AsClient = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="freelancer|client|platform",
        show_default=False,
        help="Act in this role; who that is, the contract says. Default: client.",
    ),
]
AsPlatform = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="freelancer|client|platform",
        show_default=False,
        help="Act in this role; who that is, the contract says. Default: platform.",
    ),
]
RequestId = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="TEXT",
        help="The id of this request; repeated with the same id, it is recorded once. Default: a new one.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="Record it without asking, also when it costs money.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would become of it, and record nothing.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="INSTANT", help="From when it holds. Default: this moment.")
]
ZoneOfTimes = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="mine|UTC|NAME",
        help="The zone of times that are given without one, and of those that are shown; mine is this machine's. "
        "Default: UTC is shown, and times need their own.",
    ),
]
Times = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FROM TO",
        show_default=False,
        help="A range, or several: 2026-11-18T09:00Z 10:30. A time without a date takes that of the time before.",
    ),
]
Segments = Annotated[
    bool, typer.Option("--segments", help="The times are the starts of single segments, not ranges; all or none.")
]
