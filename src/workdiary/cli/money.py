"""The commands about money: ``close`` bills a week, ``dispute``, ``claim`` and ``resolve`` say who pays after all."""

from __future__ import annotations

from typing import Annotated

import typer

from workdiary.cli.options import (
    AsClient,
    AsJson,
    AsPlatform,
    ContractId,
    Db,
    DryRun,
    OneContract,
    RequestId,
    Segments,
    Times,
    WeekOf,
    Yes,
    ZoneOfTimes,
)

__all__ = ["claim", "close", "dispute", "resolve"]


def close(
    week: WeekOf = None,
    contract: ContractId = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Bill weeks: one, or all that are due.

    A week is closed once, after its lock, and its bill never changes. One whose figures do not agree is parked
    instead, without a bill, and is tried again the next time. The exit status is 1 when a week could not be closed.
    """
    from workdiary.cli.settling import close_weeks

    raise typer.Exit(close_weeks(db, contract, week, as_json=json))


def dispute(
    times: Times = None,
    week: WeekOf = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    segments: Segments = False,
    contract: OneContract = None,
    zone: ZoneOfTimes = None,
    role: AsClient = "client",
    id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Dispute time of a closed week.

    Ranges, single segments, or with --week alone all of it. Says first what a dispute does to the contract, and asks.
    """
    from workdiary.cli.changing import How
    from workdiary.cli.settling import dispute_time

    how = How(role=role, id=id, yes=yes, dry_run=dry_run, zone=zone, as_json=json)
    raise typer.Exit(dispute_time(db, contract, times or [], how, week=week, reason=reason, segments=segments))


def claim(
    week: Annotated[str, typer.Option("--week", metavar="DATE", help="The week of this date, or of this instant.")],
    contract: OneContract = None,
    zone: ZoneOfTimes = None,
    role: AsPlatform = "platform",
    id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Record that a closed week was not paid.

    The platform then pays what is protected of it.
    """
    from workdiary.cli.changing import How
    from workdiary.cli.settling import claim_week

    how = How(role=role, id=id, yes=yes, dry_run=dry_run, zone=zone, as_json=json)
    raise typer.Exit(claim_week(db, contract, week, how))


def resolve(
    of: Annotated[
        str | None,
        typer.Argument(
            metavar="ID", show_default=False, help="The id, or the entry's number, of a dispute or a claim."
        ),
    ] = None,
    contract: OneContract = None,
    zone: ZoneOfTimes = None,
    id: RequestId = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Settle a dispute or a claim by the rules.

    It says who pays for what. Without ID it lists those that are open. The week's bill stays what it is; this is its
    correction.
    """
    from workdiary.cli.settling import list_open, resolve_one

    if of is None:
        list_open(db, contract, zone=zone, as_json=json)
        return
    raise typer.Exit(resolve_one(db, contract, of, id=id, zone=zone, as_json=json))
