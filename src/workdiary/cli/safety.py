"""The commands that look after the database: ``init``, ``log``, ``verify``, ``backup``, ``restore``, ``doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

from workdiary.cli.options import AsJson, ContractId, Db, OneContract, ZoneOfTimes

__all__ = ["backup", "bundle", "doctor", "init", "log", "restore", "verify"]

Heads = Annotated[
    list[str] | None,
    typer.Option(
        "--head",
        metavar="[ID=]N:DIGEST",
        help="A head of a diary that somebody kept, with the contract's ID if there are several; repeatable.",
    ),
]
ForceNetwork = Annotated[
    bool, typer.Option("--force-network", help="Also on a network file system, at the risk of the diary.")
]


def init(
    force_network: ForceNetwork = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Make the database.

    One that is there already stays as it is.
    """
    from workdiary.cli.checks import make_database

    make_database(db, force_network=force_network, as_json=json)


def log(
    contract: OneContract = None,
    since: Annotated[int, typer.Option(metavar="N", help="Only the entries after this one.")] = 0,
    last: Annotated[int | None, typer.Option(metavar="N", help="Only the last so many entries.")] = None,
    zone: ZoneOfTimes = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Say who changed what, and when.

    An entry a line, with the first digits of the digest that chains it to the one before it.
    """
    from workdiary.cli.logbook import print_log

    print_log(db, contract, since=since, last=last, zone=zone, as_json=json)


def verify(
    contract: ContractId = None,
    head: Heads = None,
    chain_only: Annotated[
        bool, typer.Option("--chain-only", help="Only the chain of digests, not what the entries come to.")
    ] = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Check that the diary is what was recorded.

    The chain of digests, then each week, bill and contract against the entries. Only a head that was kept elsewhere
    shows that the end was cut off, or everything rewritten. The exit status is 1 when a fault is found.
    """
    from workdiary.cli.checks import verify_database

    raise typer.Exit(verify_database(db, contract, head or [], chain_only=chain_only, as_json=json))


def bundle(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="The new folder; nothing is overwritten.")],
    week: Annotated[
        str | None, typer.Option("--week", metavar="DATE", help="About the week of this date, or of this instant.")
    ] = None,
    dispute: Annotated[
        str | None, typer.Option("--dispute", metavar="ID", help="About the dispute or claim with this id or number.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="N:DIGEST", help="Begin after this head. Default: with the first entry."),
    ] = None,
    snapshots: Annotated[
        str | None, typer.Option("--snapshots", metavar="FOLDER", help="The folder of the image files to put in.")
    ] = None,
    contract: OneContract = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Write the evidence of a week, or of a dispute.

    One folder that a stranger can check offline: the entries, the bill, the policy, and a verifier to run.
    """
    from workdiary.cli.evidence import write_evidence

    write_evidence(db, contract, folder, week=week, dispute=dispute, since=since, snapshots=snapshots, as_json=json)


def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The new file; nothing is overwritten.")],
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Copy the database, and verify the copy.

    It may be in use meanwhile. Prints the head of each contract: kept elsewhere, they show later whether a copy is
    an old one.
    """
    from workdiary.cli.copies import back_up

    raise typer.Exit(back_up(db, file, as_json=json))


def restore(
    copy: Annotated[str, typer.Argument(metavar="COPY", help="A file that backup has written.")],
    head: Heads = None,
    lose_newer: Annotated[
        bool,
        typer.Option("--lose-newer", help="Also when entries are lost by it, which it names."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Put a copy in the place of the database.

    The copy is verified first, and refused when it is older than a head that is known: those of the present database,
    and those given. The present file is kept aside under another name.
    """
    from workdiary.cli.copies import put_back

    raise typer.Exit(put_back(db, copy, head or [], lose_newer=lose_newer, yes=yes, as_json=json))


def doctor(
    snapshots: Annotated[
        str | None,
        typer.Option("--snapshots", metavar="FOLDER", help="The folder of the image files, to be looked over too."),
    ] = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Say how the database is.

    Where it is and who may read it, its settings, schema and integrity, the heads, what is due, parked and in
    quarantine, and whether the clock goes right. The exit status is 1 when something is wrong.
    """
    from workdiary.cli.checks import examine

    raise typer.Exit(examine(db, snapshots=snapshots, as_json=json))
