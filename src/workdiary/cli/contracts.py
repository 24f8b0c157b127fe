"""The commands of ``workdiary contract``: contracts are opened, listed, changed, paused, resumed and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workdiary.cli.options import AsClient, AsJson, AsPlatform, Db, DryRun, RequestId, Since, Yes, ZoneOfTimes
from workdiary.cli.program import new_group

if TYPE_CHECKING:
    from workdiary.model.contract import ContractStatus

__all__ = ["contract"]

contract = new_group("The contracts that the diary is kept for.")

Id = Annotated[
    str | None,
    typer.Argument(metavar="ID", show_default=False, help="The contract; needed when there are several."),
]
Rate = Annotated[str | None, typer.Option("--rate", metavar="AMOUNT", help="The hourly rate, such as 30.00.")]
Limit = Annotated[str | None, typer.Option("--limit", metavar="HOURS", help="The weekly limit, in hours.")]
NoLimit = Annotated[bool, typer.Option("--no-limit", help="There is no weekly limit.")]
Manual = Annotated[
    bool | None, typer.Option("--manual/--no-manual", help="Whether the client allows manual time.", show_default=False)
]


@contract.command()
def add(
    id: Annotated[
        str | None, typer.Argument(metavar="ID", show_default=False, help="The id of a new contract.")
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            "--file", metavar="CONTRACTS.json", help="Take the contracts of this file instead; - is standard input."
        ),
    ] = None,
    freelancer: Annotated[str | None, typer.Option(metavar="ID", help="Who works.")] = None,
    client: Annotated[str | None, typer.Option(metavar="ID", help="Who pays.")] = None,
    currency: Annotated[str, typer.Option(metavar="CODE", help="In which currency.")] = "USD",
    rate: Rate = None,
    limit: Limit = None,
    no_limit: NoLimit = False,
    manual: Manual = None,
    since: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="From when it runs. Default: the start of this week.")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="TEXT", help="An activity label on offer; repeat it for more."),
    ] = None,
    verified: Annotated[
        bool,
        typer.Option(
            "--verified", help="Billing, standing and identity are on record; without them nothing is protected."
        ),
    ] = False,
    policy: Annotated[
        str, typer.Option("--policy", metavar="NAME|FILE.toml", help="The policy that it is under.")
    ] = "upwork",
    zone: ZoneOfTimes = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Open a contract's diary.

    Either one contract by its ID and options, or all of a file: a native diary, or a list of contracts.
    """
    from workdiary.cli.opening import add_contract, add_contracts

    if file is not None:
        given = (id, freelancer, client, rate, limit, since, label or None, manual)
        if no_limit or verified or any(value is not None for value in given):
            from workdiary.errors import InvalidValue

            raise InvalidValue(
                "--file", file, "is given together with a contract's own options", "give one or the other"
            )
        add_contracts(db, file, as_json=json)
        return
    add_contract(
        db,
        id=id,
        freelancer=freelancer,
        client=client,
        currency=currency,
        rate=rate,
        limit=limit,
        no_limit=no_limit,
        manual=bool(manual),
        since=since,
        labels=label or [],
        verified=verified,
        policy=policy,
        zone=zone,
        as_json=json,
    )


@contract.command(name="list")
def list_(zone: ZoneOfTimes = None, db: Db = None, json: AsJson = False) -> None:
    """List the contracts: whose, on which terms, in which status, and the head of each diary's chain."""
    from workdiary.cli.opening import list_contracts

    list_contracts(db, zone=zone, as_json=json)


@contract.command()
def terms(
    id: Id = None,
    rate: Rate = None,
    limit: Limit = None,
    no_limit: NoLimit = False,
    manual: Manual = None,
    since: Since = None,
    zone: ZoneOfTimes = None,
    role: AsClient = "client",
    request_id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Change the rate, the weekly limit or the leave for manual time.

    What is not given stays as it is. Says first what that makes of the open weeks.
    """
    from workdiary.cli.changing import How
    from workdiary.cli.opening import change_terms

    how = How(role=role, id=request_id, yes=yes, dry_run=dry_run, zone=zone, as_json=json)
    raise typer.Exit(change_terms(db, id, how, rate=rate, limit=limit, no_limit=no_limit, manual=manual, since=since))


@contract.command()
def facts(
    id: Id = None,
    billing_verified: Annotated[
        bool | None,
        typer.Option(
            "--billing-verified/--no-billing-verified", show_default=False, help="Whether the client can be billed."
        ),
    ] = None,
    good_standing: Annotated[
        bool | None,
        typer.Option(
            "--good-standing/--no-good-standing", show_default=False, help="Whether both accounts are in good standing."
        ),
    ] = None,
    identity_verified: Annotated[
        bool | None,
        typer.Option(
            "--identity-verified/--no-identity-verified",
            show_default=False,
            help="Whether the freelancer's identity is verified.",
        ),
    ] = None,
    since: Since = None,
    zone: ZoneOfTimes = None,
    role: AsPlatform = "platform",
    request_id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Put on record what protection asks of the two accounts.

    What is not given stays as it is.
    """
    from workdiary.cli.changing import How
    from workdiary.cli.opening import change_facts

    how = How(role=role, id=request_id, yes=yes, dry_run=dry_run, zone=zone, as_json=json)
    given = {
        "billing_verified": billing_verified,
        "good_standing": good_standing,
        "identity_verified": identity_verified,
    }
    raise typer.Exit(change_facts(db, id, how, given=given, since=since))


@contract.command()
def pause(
    id: Id = None,
    since: Since = None,
    zone: ZoneOfTimes = None,
    role: AsClient = "client",
    request_id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Pause a contract: nothing more is recorded until it is resumed."""
    from workdiary.model.contract import ContractStatus

    _status(ContractStatus.PAUSED, db, id, since, zone, role, request_id, yes, dry_run, json)


@contract.command()
def resume(
    id: Id = None,
    since: Since = None,
    zone: ZoneOfTimes = None,
    role: AsClient = "client",
    request_id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Go on with a paused contract."""
    from workdiary.model.contract import ContractStatus

    _status(ContractStatus.ACTIVE, db, id, since, zone, role, request_id, yes, dry_run, json)


@contract.command()
def close(
    id: Id = None,
    since: Since = None,
    zone: ZoneOfTimes = None,
    role: AsClient = "client",
    request_id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """End a contract for ever.

    What is recorded stays, and its weeks are still billed. It asks first, for no contract is opened again.
    """
    from workdiary.model.contract import ContractStatus

    _status(ContractStatus.CLOSED, db, id, since, zone, role, request_id, yes, dry_run, json)


def _status(
    status: ContractStatus,
    db: str | None,
    id: str | None,
    since: str | None,
    zone: str | None,
    role: str,
    request_id: str | None,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    from workdiary.cli.changing import How
    from workdiary.cli.opening import change_status

    how = How(role=role, id=request_id, yes=yes, dry_run=dry_run, zone=zone, as_json=as_json)
    raise typer.Exit(change_status(db, id, how, status=status, since=since))
