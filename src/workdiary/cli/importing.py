"""Importing other people's files: what was taken, assumed and left over, and the native diary made of it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workdiary import policies
from workdiary.cli.files import input_bytes
from workdiary.cli.results import print_json
from workdiary.cli.text import safe
from workdiary.errors import DocumentError, InvalidValue, OverlapError, Problems, WorkdiaryError
from workdiary.formats import native
from workdiary.formats.imported import Imported
from workdiary.formats.native import Record, refuse_twice
from workdiary.formats.reading import entries, field, parse_json, text_of
from workdiary.formats.upwork import import_upwork
from workdiary.model.contract import Contract
from workdiary.model.money import hours_text
from workdiary.model.policy import Policy
from workdiary.plain import structure

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["import_files", "read_contracts"]

_SHOWN = 12
"""Lines of a list that people read; --json has all of them."""


def read_contracts(path: str) -> tuple[Record, ...]:
    """Return the contracts in the JSON file at `path`: a native diary, or a list of contracts.

    An item of a list is a contract, or ``{"contract": {…}, "policy": "upwork"}``; the policy is Upwork's
    where none is named. Raises `Problems` with everything that is wrong, a contract that stands twice among it.
    """
    text = input_bytes(path)
    document = parse_json(text, path)
    if not isinstance(document, list):
        try:
            return native.loads(text)
        except WorkdiaryError as error:
            raise error.under(f"{path}: ") from None
    found: list[Record] = []
    problems: list[WorkdiaryError] = []
    ids: dict[str, str] = {}
    for item, place in entries(document, ""):
        try:
            record = _contract(item, place)
            refuse_twice(record.contract, ids, place, "contract.id" if "contract" in item else "id")
            found.append(record)
        except WorkdiaryError as error:
            problems.extend(error.each)
    if problems:
        raise Problems("", problems).under(f"{path}: ")
    return tuple(found)


def _contract(item: object, path: str) -> Record:
    wrapped = isinstance(item, dict) and "contract" in item
    if wrapped:
        contract = structure(field(item, "contract", path), Contract, f"{path}.contract")
    else:
        contract = structure(item, Contract, path)
    name = item.get("policy", "upwork") if wrapped and isinstance(item, dict) else "upwork"
    policy: str | Policy
    if isinstance(name, dict):
        policy = structure(name, Policy, f"{path}.policy")
    else:
        policy = text_of(name, f"{path}.policy")
        try:
            policies.get(policy)
        except WorkdiaryError as error:
            raise error.under(path) from None
    return Record.of(contract, policy, ())


def import_files(
    files: Sequence[str],
    contracts: str,
    *,
    out: str | None,
    contract: str | None,
    scale: int | None,
    partial: bool,
    replace: bool,
    as_json: bool,
) -> None:
    """Import Upwork's `files` for the contracts in the file `contracts`, and write the diary to `out`."""
    if out is not None and out != "-" and Path(out).exists() and not replace:
        raise InvalidValue("--out", out, "exists already", "give another name, or --replace")
    known = read_contracts(contracts)
    ids = [record.contract.id for record in known]
    if contract is not None and contract.strip() and contract not in ids:
        described = ", ".join(ids) or "none"
        raise InvalidValue("--contract", contract, "is not in --contracts", f"choose one of: {described}")
    documents, unread = _read_all(files)
    # What is wrong is collected either way: without `partial` all of it is told, and nothing is written.
    imported = import_upwork(documents, contract=contract, scale=scale, partial=True)
    records, taken, wrong = _merged(known, imported)
    problems = [*unread, *imported.problems, *wrong]
    # The good part of bad files is some segment; without any there is nothing to write.
    if problems and not (partial and taken):
        raise Problems("", problems)
    if out == "-":
        # The diary is what was asked for on standard output, in the bytes that a file would have; the report
        # would only be in its way.
        sys.stdout.flush()
        sys.stdout.buffer.write(native.dumps(records).encode("ascii"))
        return
    if out is not None:
        native.write(out, records)
    if as_json:
        print_json(_plain(imported, problems, out))
    else:
        from workdiary.cli.screen import make_console

        print_imported(make_console(), imported, problems)
        print(f"Wrote {safe(out)}." if out is not None else "Nothing was written; give --out DIARY to write the diary.")


def _read_all(paths: Sequence[str]) -> tuple[dict[str, bytes], list[WorkdiaryError]]:
    """Return what is in the files, by their paths, and what is wrong with those that cannot be read."""
    documents: dict[str, bytes] = {}
    unread: list[WorkdiaryError] = []
    for path in dict.fromkeys(paths):
        try:
            documents[path] = input_bytes(path)
        except WorkdiaryError as error:
            unread.append(error)
    return documents, unread


def _merged(known: Sequence[Record], imported: Imported) -> tuple[list[Record], int, list[WorkdiaryError]]:
    """Return the records with what was imported for each, how many segments that is, and what is wrong with it.

    Wrong is a contract that nobody described, and a segment that its diary has already, which it keeps.
    """
    ids = [record.contract.id for record in known]
    found = dict(imported.segments_by_contract)
    records: list[Record] = []
    count = 0
    wrong: list[WorkdiaryError] = []
    for record in known:
        own, new = record.segments, found.get(record.contract.id, ())
        taken = {segment.slot for segment in own}
        twice = [segment for segment in new if segment.slot in taken]
        if twice:
            more = f", and {len(twice) - 1} more" if len(twice) > 1 else ""
            allowed = f"is in the diary of --contracts already{more}"
            remedy = "take the diary before that import, or leave the files of that time out"
            wrong.append(OverlapError(f"contract {record.contract.id}", str(twice[0].starts_at), allowed, remedy))
        fresh = [segment for segment in new if segment.slot not in taken]
        count += len(fresh)
        records.append(Record.of(record.contract, record.policy, (*own, *fresh)))
    described = ", ".join(ids) or "none"
    wrong.extend(
        DocumentError("contract", name, f"is not described; there are {described}", "add it to --contracts")
        for name in found
        if name not in ids
    )
    return records, count, wrong


def _plain(imported: Imported, problems: Sequence[WorkdiaryError], out: str | None) -> dict[str, Any]:
    return {
        "contracts": [
            {
                "contract": contract,
                "segments": len(segments),
                "from": str(segments[0].starts_at) if segments else None,
                "to": str(segments[-1].ends_at) if segments else None,
            }
            for contract, segments in imported.segments_by_contract
        ],
        "assumptions": [
            {"contract": one.contract, "statement": one.statement, "path": one.path, "cells": one.cells}
            for one in imported.assumptions
        ],
        "left_over": [{"path": one.path, "value": one.value, "reason": one.reason} for one in imported.left_over],
        "problems": [str(problem) for problem in problems],
        "out": out,
    }


def print_imported(console: Console, imported: Imported, problems: Sequence[WorkdiaryError] = ()) -> None:
    """Print what was taken, what had to be assumed, and what was left over, in short."""
    from rich.text import Text

    from workdiary.cli.screen import DIM, hanging, put, says

    put(console, says(("Taken", "bold")))
    for contract, segments in imported.segments_by_contract:
        sources = Counter(segment.source.value for segment in segments)
        shares = ", ".join(f"{count} {source}" for source, count in sorted(sources.items(), reverse=True))
        words = f"{len(segments):>5} segments, {hours_text(len(segments))} h"
        put(console, says(f"  {safe(contract):<12}{words}", (f"  ({shares})" if shares else "", DIM)))
    for title, lines in (
        ("Assumed", [("  ", str(one)) for one in imported.assumptions]),
        ("Left over", _reasons(imported)),
        ("Problems", [("  ", str(problem)) for problem in problems]),
    ):
        if lines:
            put(console, says((title, "bold")))
        for sign, words in lines[:_SHOWN]:
            console.print(hanging(Text(sign, DIM), Text(safe(words), DIM)))
        if len(lines) > _SHOWN:
            put(console, says((f"  and {len(lines) - _SHOWN} more; --json lists them all", DIM)))


def _reasons(imported: Imported) -> list[tuple[str, str]]:
    """Return what was left over, a line a kind: how often, the key, and why."""
    kinds = Counter((_key(one.path), one.reason) for one in imported.left_over)
    return [(f"{count:>5} × ", f"{key}: {reason}") for (key, reason), count in kinds.most_common()]


def _key(path: str) -> str:
    """Return the key at the end of a path such as ``week.json: data.cells[3].memo``."""
    return path.rpartition(": ")[2].rpartition(".")[2] or path
