"""What the commands of ``workdiary contract`` do: open diaries, list them, and change what they stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from workdiary.cli.changing import How, change
from workdiary.cli.files import policy_file
from workdiary.cli.importing import read_contracts
from workdiary.cli.journal import contract_of, now, opened
from workdiary.cli.logbook import DIGITS, terms_words
from workdiary.cli.results import print_json
from workdiary.cli.text import safe, say
from workdiary.cli.when import instant_of, moment_words, shown_zone
from workdiary.diary.changes import FactsChanged, StatusChanged, TermsChanged
from workdiary.diary.diary import Diary
from workdiary.diary.journal import Journal, Standing
from workdiary.errors import NOTHING, IdConflict, InvalidValue
from workdiary.model.contract import Actor, Contract, ContractStatus, Facts, Role, StatusChange, Terms
from workdiary.model.money import Hours, hours
from workdiary.model.policy import Policy
from workdiary.model.times import Instant, Zone
from workdiary.plain import destructure

__all__ = [
    "add_contract",
    "add_contracts",
    "change_facts",
    "change_status",
    "change_terms",
    "list_contracts",
    "open_all",
]

PLATFORM = Actor(id=Role.PLATFORM.value, role=Role.PLATFORM)
"""Who opens diaries here."""


def add_contracts(db: str | None, file: str, *, as_json: bool) -> None:
    """Open a diary for each contract in `file` that has none yet."""
    records = read_contracts(file)
    if not records:
        raise InvalidValue("--file", file, "has no contract", "give a list of contracts, or a diary")
    with opened(db) as journal:
        news = open_all(journal, [(record.contract, record.policy) for record in records])
        _say_opened(journal, [record.contract.id for record in records], news, as_json=as_json)


def open_all(journal: Journal, contracts: Sequence[tuple[Contract, str | Policy]]) -> frozenset[str]:
    """Open a diary for each of `contracts`, and return the ids of those that had none.

    Raises `IdConflict`, before any is opened, when one has a diary that was opened otherwise.
    """
    there = set(journal.contracts())
    for contract, policy in contracts:
        if contract.id in there:
            # Opened with the same content it is the same entry, and says so; else it is a conflict.
            Diary.open(journal, contract, policy, by=PLATFORM, id=_opening_id(contract.id))
    for contract, policy in contracts:
        Diary.open(journal, contract, policy, by=PLATFORM, id=_opening_id(contract.id))
    return frozenset(contract.id for contract, _ in contracts) - there


def _opening_id(contract: str) -> str:
    return f"open {contract}"[:200]


def add_contract(
    db: str | None,
    *,
    id: str | None,
    freelancer: str | None,
    client: str | None,
    currency: str,
    rate: str | None,
    limit: str | None,
    no_limit: bool,
    manual: bool,
    since: str | None,
    labels: Sequence[str],
    verified: bool,
    policy: str,
    zone: str | None,
    as_json: bool,
) -> None:
    """Open the diary of one contract."""
    needed = {"ID": id, "--freelancer": freelancer, "--client": client, "--rate": rate}
    for name, value in needed.items():
        if value is None:
            raise InvalidValue(name, NOTHING, "is missing", "a contract has an ID, a freelancer, a client and a rate")
    if limit is None and not no_limit:
        raise InvalidValue("--limit", NOTHING, "is missing", "give the weekly limit in hours, or --no-limit")
    assert id is not None and freelancer is not None and client is not None and rate is not None  # noqa: S101, PT018 - seen above
    chosen, own = _policy(policy)
    with opened(db) as journal:
        begins = own.week_of(now()).starts_at if since is None else instant_of(since, zone, "--since")
        known = journal.standing(id).contract if id in journal.contracts() else None
        if since is None and known is not None:
            begins = known.begins_at  # the same command, given again in a later week
        first = Terms(since=begins, rate=rate, weekly_limit=_limit(limit, no_limit, None), manual_time_allowed=manual)
        all_facts = Facts(since=begins, billing_verified=True, good_standing=True, identity_verified=True)
        contract = Contract(
            id=id,
            freelancer=freelancer,
            client=client,
            currency=currency,
            terms=[first],
            facts=[all_facts] if verified else (),
            labels=labels,
        )
        try:
            news = open_all(journal, [(contract, chosen)])
        except IdConflict:
            raise InvalidValue("ID", id, "has a diary already, opened otherwise", "see workdiary log") from None
        _say_opened(journal, [id], news, as_json=as_json)


def _policy(name: str) -> tuple[str | Policy, Policy]:
    """Return the policy as a diary keeps it, a preset by its name, and in its newest form."""
    from workdiary import policies

    newest = policy_file(name).at()
    return (name if name in policies.names() else newest), newest


def _limit(limit: str | None, no_limit: bool, before: Hours | None) -> Hours | None:
    if no_limit and limit is not None:
        raise InvalidValue("--limit", limit, "is given together with --no-limit", "give one of them")
    if no_limit:
        return None
    return before if limit is None else hours(limit, "--limit")


def _say_opened(journal: Journal, ids: Sequence[str], news: frozenset[str], *, as_json: bool) -> None:
    if as_json:
        found = [{**_plain(journal.standing(id)), "created": id in news} for id in ids]
        print_json({"contracts": found})
        return
    for id in ids:
        standing = journal.standing(id)
        contract = standing.contract
        words = "Opened the diary of" if id in news else "On record already:"
        terms = terms_words(contract.terms.values[-1], contract.currency)
        begins = contract.begins_at
        say(f"{words} {id}: {contract.freelancer} for {contract.client}, {terms}, from {begins}.")
        if id in news and not contract.facts:
            say("Nothing will be protected until the accounts are verified: workdiary contract facts (PROTECT-5).")


def _plain(standing: Standing) -> dict[str, Any]:
    policy = standing.policy if isinstance(standing.policy, str) else destructure(standing.policy)
    return {"contract": destructure(standing.contract), "policy": policy, "head": str(standing.head)}


def list_contracts(db: str | None, *, zone: str | None, as_json: bool) -> None:
    """Print each contract as it stands."""
    shown = shown_zone(zone)
    with opened(db) as journal:
        found = [journal.standing(id) for id in journal.contracts()]
        if as_json:
            print_json({"contracts": [_plain(standing) for standing in found]})
            return
        from workdiary.cli.screen import DIM, make_console, put, says

        console = make_console()
        if not found:
            put(console, "There is no contract yet; add one: workdiary contract add")
        at = now()
        for standing in found:
            contract = standing.contract
            parties = f"{safe(contract.freelancer)} for {safe(contract.client)}"
            policy = standing.policy if isinstance(standing.policy, str) else standing.policy.name
            put(
                console,
                says(
                    (safe(contract.id), "bold"),
                    f"  {parties}  ·  ",
                    _state(contract, at, shown),
                    f"  ·  {safe(policy)}",
                ),
            )
            terms = contract.terms.at(at) or contract.terms.values[0]
            last = f"last entry {moment_words(standing.at, shown)} {shown.name}"
            head = f"head {standing.head.version}:{standing.head.digest.hex()[:DIGITS]}…"
            put(console, f"  {terms_words(terms, contract.currency)}", says((f"  {head}, {last}", DIM)))


def _state(contract: Contract, at: Instant, zone: Zone) -> tuple[str, str]:
    status = contract.status_at(at)
    if status is None:
        return f"begins {moment_words(contract.begins_at, zone)}", "yellow"
    return status.value, {ContractStatus.ACTIVE: "green", ContractStatus.PAUSED: "yellow"}.get(status, "red")


def _standing(db: str | None, id: str | None, how: How, since: str | None) -> tuple[Contract, Instant]:
    """Return the contract as it stands, and from when a change of it is to hold."""
    with opened(db) as journal:
        contract = journal.standing(contract_of(journal, id, "ID")).contract
        if since is not None:
            return contract, instant_of(since, how.zone, "--since")
        # Given again with its id, a request means the moment that it meant at first.
        known = journal.find(contract.id, [how.id or ""]).get(how.id or "")
        before = None if known is None else known.change
        if isinstance(before, TermsChanged):
            return contract, before.terms.since
        if isinstance(before, FactsChanged):
            return contract, before.facts.since
        return contract, before.status.since if isinstance(before, StatusChanged) else now()


def change_terms(
    db: str | None,
    id: str | None,
    how: How,
    *,
    rate: str | None,
    limit: str | None,
    no_limit: bool,
    manual: bool | None,
    since: str | None,
) -> int:
    """Record other terms; what is not given is as before."""
    if rate is None and limit is None and not no_limit and manual is None:
        raise InvalidValue("terms", NOTHING, "are missing", "give --rate, --limit, --no-limit, --manual or --no-manual")
    contract, at = _standing(db, id, how, since)
    before = contract.terms.at(at) or contract.terms.values[0]
    new = attrs.evolve(
        before,
        since=at,
        rate=before.rate if rate is None else rate,
        weekly_limit=_limit(limit, no_limit, before.weekly_limit),
        manual_time_allowed=before.manual_time_allowed if manual is None else manual,
    )
    return change(db, contract.id, [TermsChanged(terms=new)], how, doing="This change of terms")


def change_facts(
    db: str | None, id: str | None, how: How, *, given: Mapping[str, bool | None], since: str | None
) -> int:
    """Record what is on record about the accounts; what is not given is as before."""
    new = {name: value for name, value in given.items() if value is not None}
    if not new:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InvalidValue("facts", NOTHING, "are missing", f"give one of: {options}")
    contract, at = _standing(db, id, how, since)
    before = contract.facts.at(at) or Facts(since=at)
    facts = attrs.evolve(before, since=at, **new)
    return change(db, contract.id, [FactsChanged(facts=facts)], how, doing="This change of facts")


def change_status(db: str | None, id: str | None, how: How, *, status: ContractStatus, since: str | None) -> int:
    """Record that the contract is paused, active again, or closed."""
    contract, at = _standing(db, id, how, since)
    new = StatusChanged(status=StatusChange(since=at, status=status))
    closing = f"Closed is the last status: contract {contract.id} is never opened again (EDIT-6)."
    final = closing if status is ContractStatus.CLOSED else ""
    return change(db, contract.id, [new], how, doing="This change of status", final=final)
