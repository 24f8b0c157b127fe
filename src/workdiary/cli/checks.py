"""What ``init``, ``verify`` and ``doctor`` do: make a database, prove a diary, look a database over."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from workdiary.cli.journal import contract_of, is_url, now, opened, place_of
from workdiary.cli.results import print_json
from workdiary.cli.text import safe, say
from workdiary.cli.when import moment_words
from workdiary.diary.diary import Diary
from workdiary.diary.entry import START, Head
from workdiary.diary.journal import Journal, WeekState
from workdiary.diary.verify import Fault, Verification, verify, verify_all, verify_chain
from workdiary.errors import InvalidValue, StoreError, WorkdiaryError
from workdiary.model.slots import LAST
from workdiary.model.times import UTC, Instant, slot_start

__all__ = ["examine", "heads_of", "make_database", "verify_database"]


def make_database(db: str | None, *, force_network: bool, as_json: bool) -> None:
    """Make the database, or say that it is there."""
    place = place_of(db)
    was_there = not is_url(place) and os.path.lexists(place)
    with opened(db, create=True, force_network=force_network) as journal:
        name, version, contracts = journal.name, journal.schema_version, len(journal.contracts())
    if as_json:
        print_json({"database": name, "created": None if is_url(place) else not was_there, "schema": version})
        return
    if was_there:
        say(f"{name} is there already, with {contracts} contract{'s' * (contracts != 1)}; nothing was changed.")
    else:
        say(f"{'Ready' if is_url(place) else 'Created'}: {name}.")
        if not contracts:
            say("Next: workdiary contract add.")


def heads_of(texts: Sequence[str]) -> list[tuple[str, Head]]:
    """Return the heads that ``--head`` gives, each with its contract's id, blank where none is named."""
    found = []
    for text in texts:
        contract, _, head = text.rpartition("=")
        found.append((contract, Head.parse(head, "--head")))
    return found


def verify_database(
    db: str | None, contract: str | None, heads: Sequence[str], *, chain_only: bool, as_json: bool
) -> int:
    """Verify the diaries, or one of them, and print what was found; return 1 when there is a fault."""
    given = heads_of(heads)
    with opened(db) as journal:
        there = journal.contracts()
        nameless = [head for id, head in given if not id]
        only = contract if contract is not None else there[0] if len(there) == 1 else None
        if nameless and only is None:
            raise InvalidValue(
                "--head",
                str(nameless[0])[:20] + "…",
                "names no contract, and there are several",
                "write it like ID=7:…, or give --contract",
            )
        known = [(id or str(only), head) for id, head in given]
        found = _verified(journal, contract, known, chain_only)
        if not as_json:
            status = 0
            for one in found:
                for line in _verification_lines(one, chain_only):
                    say(line)
                status = max(status, 0 if one.is_sound else 1)
            if not there and not known:
                say("There is no contract to verify.")
            return status
        plain = [
            {
                "contract": one.contract,
                "head": str(one.head),
                "sound": one.is_sound,
                "weeks": one.weeks,
                "closed": one.closed,
                "faults": [{"entry": fault.number, "text": fault.what} for fault in one.faults],
            }
            for one in found
        ]
    print_json({"sound": all(one["sound"] for one in plain), "contracts": plain})
    return 0 if all(one["sound"] for one in plain) else 1


def _verified(
    journal: Journal, contract: str | None, known: Sequence[tuple[str, Head]], chain_only: bool
) -> Iterator[Verification]:
    if contract is None and not chain_only:
        yield from verify_all(journal, heads=known)
        return
    there = journal.contracts()
    ids = there if contract is None else (contract_of(journal, contract),)
    for id in ids:
        heads = [head for of, head in known if of == id]
        yield verify_chain(journal, id, heads=heads) if chain_only else verify(journal, id, heads=heads)
    if contract is None:
        for id in sorted({id for id, _ in known} - set(there)):
            gone = Fault(contract=id, number=1, what="has no diary here any more, although its head is known")
            yield Verification(contract=id, head=START, faults=(gone,))


def _verification_lines(found: Verification, chain_only: bool) -> Iterator[str]:
    if found.is_sound:
        entries = _count(found.head.version, "entry", "entries")
        rest = "" if chain_only else f", {_count(found.weeks, 'week')}, {found.closed} of them closed"
        yield f"{found.contract}: sound; {entries}{rest}."
        yield f"  head {found.head}"
        return
    numbers = [fault.number for fault in found.faults if fault.number is not None]
    first = f"; the first bad entry is number {min(numbers)}" if numbers else ""
    yield f"{found.contract}: {_count(len(found.faults), 'fault')}{first}."
    for fault in found.faults:
        yield f"  {fault.what}"


def _count(n: int, one: str, several: str | None = None) -> str:
    return f"{n} {one}" if n == 1 else f"{n} {several or one + 's'}"


Mark: TypeAlias = Literal["ok", "look", "bad"]
Finding: TypeAlias = "tuple[Mark, str, str]"
"""Whether it is well, what it is about, and what was found."""


def examine(db: str | None, *, snapshots: str | None = None, as_json: bool) -> int:
    """Look the database over and print what was found; return 1 when something is wrong.

    `snapshots` is the folder of the image files, to be compared with what the diaries name.
    """
    found = list(_findings(place_of(db), db, snapshots))
    status = 1 if any(mark == "bad" for mark, _, _ in found) else 0
    if as_json:
        plain = [{"state": mark, "name": name, "text": text} for mark, name, text in found]
        print_json({"well": status == 0, "findings": plain})
        return status
    from rich.text import Text

    from workdiary.cli.screen import hanging, make_console, says

    console = make_console()
    signs: dict[str, tuple[str, str]] = {"ok": ("✓", "green"), "look": ("·", "yellow"), "bad": ("✗", "red")}
    wide = max(len(name) for _, name, _ in found)
    for mark, name, text in found:
        sign, colour = signs[mark]
        words = Text(safe(text), overflow="fold")  # a head is of no use without its end
        console.print(hanging(says((f"{sign} ", colour), (f"{name:<{wide}}  ", "bold")), words))
    return status


def _findings(place: str, db: str | None, snapshots: str | None) -> Iterator[Finding]:
    if not is_url(place):
        yield from _of_the_file(Path(os.path.abspath(place)))  # noqa: PTH100 - a link is to be seen
        if not os.path.lexists(place):
            return
    try:
        with opened(db, force_network=True) as journal:
            if is_url(place):
                yield "ok", "database", journal.name
            settings = dict(journal.settings)
            version = settings.pop("sqlite", None)
            if version is not None:
                yield "ok", "SQLite", str(version)
            yield "ok", "schema", f"version {journal.schema_version}"
            settings.pop("user_version", None)
            yield "ok", "settings", ", ".join(f"{name}={value}" for name, value in sorted(settings.items()))
            yield from _of_the_diaries(journal)
            if snapshots is not None:
                yield from _of_the_images(journal, snapshots)
            if not is_url(place):
                wrong = "; ".join(journal.integrity())
                yield ("bad", "integrity", f"{wrong}; restore a backup") if wrong else ("ok", "integrity", "ok")
    except WorkdiaryError as error:
        yield "bad", "database", str(error)


def _of_the_file(path: Path) -> Iterator[Finding]:
    from workdiary.store._place import check_file_system, file_system

    if not os.path.lexists(path):
        yield "bad", "database", f"{path} does not exist; create it: workdiary init"
        return
    about = path.lstat()
    yield "ok", "database", f"{path}, {about.st_size} bytes"
    if os.name != "nt":
        mode, folder = stat.S_IMODE(about.st_mode), stat.S_IMODE(path.parent.stat().st_mode)
        words = f"file {mode:04o}, folder {folder:04o}"
        if mode & 0o077:
            yield "bad", "permissions", f"{words}: others can reach the file; run: chmod 600 {path}"
        else:
            yield "ok", "permissions", words
    try:
        check_file_system(path)
        yield "ok", "file system", file_system(path) or "unknown"
    except StoreError as error:
        yield "bad", "file system", error.allowed


def _of_the_diaries(journal: Journal) -> Iterator[Finding]:
    ids = journal.contracts()
    at = now()
    yield "ok", "contracts", str(len(ids))
    latest = Instant(0)
    for id in ids:
        standing = journal.standing(id)
        latest = max(latest, standing.at)
        last = next(journal.read(id, since=standing.head.version - 1), None)
        if last is None or last.head != standing.head:
            yield "bad", "head", f"{id}={standing.head} is not the last entry's: run workdiary verify"
        else:
            yield "ok", "head", f"{id}={standing.head}"
    yield "look", "chains", "not checked here: run workdiary verify"
    due = [*_due(journal, at)]
    parked = [f"{id} {slot_start(start)}" for id, start in journal.weeks(state=WeekState.PARKED, ends_by=LAST)]
    yield ("look" if due else "ok"), "weeks due", f"{'; '.join(due)}: run workdiary close" if due else "none"
    yield (
        ("bad" if parked else "ok"),
        "weeks parked",
        (f"{'; '.join(parked)}: run workdiary close for what differs" if parked else "none"),
    )
    waiting = len(journal.quarantined())
    yield (
        ("bad" if waiting else "ok"),
        "quarantine",
        (f"{_count(waiting, 'item')}: see workdiary quarantine list" if waiting else "empty"),
    )
    clock = f"{moment_words(at, UTC)} UTC"
    if latest > at:
        entry = f"the latest entry, {moment_words(latest, UTC)} UTC"
        why = "this clock is behind, or the entry was recorded by one that was ahead"
        then = (
            "set this clock right; if it is, restore a backup from before that entry and ingest again what came after"
        )
        yield "bad", "clock", f"{clock}, behind {entry}: {why}; {then}"
    else:
        after = f"; the latest entry {moment_words(latest, UTC)} UTC" if latest else ""
        yield "ok", "clock", f"{clock}{after}"


def _of_the_images(journal: Journal, folder: str) -> Iterator[Finding]:
    from workdiary.cli.images import image_files
    from workdiary.diary.pictures import live

    there, named = set(image_files(folder).digests()), live(journal)
    lost, left = sorted(named - there), len(there - named)
    some = f", such as {lost[0]}: restore them from a backup" if lost else ""
    yield ("bad" if lost else "ok"), "images", f"{len(named)} named by segments and evidence, {len(lost)} missing{some}"
    yield (
        ("look" if left else "ok"),
        "images left over",
        f"{left} that nothing names" + (": a sweep removes them" if left else ""),
    )


def _due(journal: Journal, at: Instant) -> Iterator[str]:
    diaries: dict[str, Diary] = {}
    for id, start in journal.weeks(state=WeekState.OPEN, ends_by=at.slot):
        diary = diaries.setdefault(id, Diary(journal, id))
        policy = diary.policy_of(slot_start(start))
        week = policy.week_of(slot_start(start))
        if policy.locks_at(week) <= at:
            yield f"{id} {week.nominal.date()}"
