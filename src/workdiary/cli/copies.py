"""Copies of the database: ``backup`` writes one that verifies, ``restore`` puts one back and loses nothing unsaid.

::

    COPY ─→ a file beside the database ─→ verified ─→ compared with the heads that are known
                                                          │
         the database ─→ kept aside under another name ←──┴─→ the file takes its place, in one step
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from workdiary.cli.changing import ask
from workdiary.cli.checks import heads_of
from workdiary.cli.journal import CLOCK, is_url, now, opened, place_of
from workdiary.cli.results import print_json
from workdiary.cli.text import say
from workdiary.diary.entry import Head
from workdiary.diary.verify import verify_all
from workdiary.errors import NOTHING, InvalidValue, StoreBusy, StoreError, WorkdiaryError

if TYPE_CHECKING:
    from workdiary.store.sql import SqlJournal

__all__ = ["back_up", "put_back"]


def back_up(db: str | None, file: str, *, as_json: bool) -> int:
    """Write a copy to the new file `file`, verify it, and print its heads; return 1 when it does not verify."""
    with opened(db) as journal:
        journal.backup(file)
    with _open(file) as copy:
        faults, heads = _look_at(copy)
    if as_json:
        found = {id: str(head) for id, head in heads.items()}
        print_json({"file": file, "bytes": Path(file).stat().st_size, "heads": found, "faults": faults})
        return 1 if faults else 0
    say(f"Wrote {file}, {Path(file).stat().st_size} bytes.")
    for fault in faults:
        say(f"Fault: {fault}")
    if faults:
        say("The copy is faithful, and so is as faulty as the database: restore an older one that verifies.")
        return 1
    say("It verifies. Its heads, to be kept elsewhere:" if heads else "It verifies; there is no contract in it yet.")
    for id, head in heads.items():
        say(f"  {id}={head}")
    return 0


@contextmanager
def _open(path: str | Path) -> Iterator[SqlJournal]:
    from workdiary.store.sql import SqlJournal

    with SqlJournal.open(path, clock=lambda: CLOCK.get()(), create=False) as journal:
        yield journal


def _look_at(journal: SqlJournal) -> tuple[list[str], dict[str, Head]]:
    """Return every fault of `journal`, and the head of each contract."""
    found = list(verify_all(journal))
    # A copy of a live file can be torn in an index alone, which no chain shows.
    faults = [*journal.integrity(), *(str(fault) for one in found for fault in one.faults)]
    return faults, {one.contract: one.head for one in found}


@attrs.frozen(kw_only=True)
class Loss:
    """Entries that are known to have been recorded and are not in a copy."""

    contract: str
    known: Head
    copy: Head | None

    def __str__(self) -> str:
        if self.copy is None:
            return f"{self.contract}: all {self.known.version} entries"
        first, last = self.copy.version + 1, self.known.version
        if first > last:
            return f"{self.contract}: its history, for entry {last} of the copy is another one (a fork)"
        return f"{self.contract}: entry {last}" if first == last else f"{self.contract}: entries {first} to {last}"


def put_back(db: str | None, copy: str, heads: Sequence[str], *, lose_newer: bool, yes: bool, as_json: bool) -> int:
    """Put the file `copy` in the place of the database, unless it does not verify or is older than a known head."""
    place = place_of(db)
    if is_url(place):
        raise InvalidValue("--db", NOTHING, "is a server's", "restore it with pg_restore, then run workdiary verify")
    target, source = Path(os.path.abspath(place)), Path(os.path.abspath(copy))  # noqa: PTH100 - a link is to be seen
    beside = _copied(source, target)
    try:
        try:
            with _open(beside) as journal:
                faults, copied = _look_at(journal)
                given = [(id or _only(copied), head) for id, head in heads_of(heads)]
                losses = _losses(journal, [(id, head) for id, head in given if id])
        except StoreError as error:
            raise type(error)(copy, error.value, error.allowed, "give a copy that workdiary backup wrote") from None
        if faults:
            return _refused("the copy does not verify", faults, as_json=as_json)
        present = _present(target)
        with _open(beside) as journal:
            losses_said = [str(loss) for loss in (*losses, *_losses(journal, present.heads))]
            unread = present.unread - {one.body for one in journal.quarantined()}
        if unread:
            losses_said.append(f"{len(unread)} of what is in quarantine")
        if present.problem:
            losses_said.append(f"whatever the present file holds, for it cannot be read: {present.problem}")
        if losses_said and not lose_newer:
            why = "it would lose what the copy does not have; --lose-newer does it all the same"
            return _refused(why, losses_said, as_json=as_json)
        if losses_said and not yes:
            warning = f"This loses {'; '.join(losses_said)}."
            if not ask([warning], as_json=as_json, remedy="nothing was restored: give --yes to do it"):
                return 1
        aside = _swap(beside, target, present)
    finally:
        for name in ("", "-journal", "-wal", "-shm"):
            Path(f"{beside}{name}").unlink(missing_ok=True)
    if as_json:
        found = {id: str(head) for id, head in copied.items()}
        print_json({"restored": str(target), "aside": aside, "lost": losses_said, "heads": found})
        return 0
    say(f"Restored {target!s}; {len(copied)} contract{'s' * (len(copied) != 1)}.")
    for said in losses_said:
        say(f"Lost: {said}.")
    if aside is not None:
        say(f"What was there is kept as {aside}.")
    return 0


def _only(heads: Mapping[str, Head]) -> str:
    if len(heads) != 1:
        raise InvalidValue("--head", NOTHING, "names no contract, and there are several", "write it like ID=7:…")
    return next(iter(heads))


def _refused(why: str, details: Sequence[str], *, as_json: bool) -> int:
    if as_json:
        print_json({"restored": None, "refused": why, "details": list(details)})
    else:
        say(f"Nothing was restored: {why}:")
        for detail in details:
            say(f"  {detail}")
    return 1


def _copied(source: Path, target: Path) -> Path:
    """Return a file beside `target` with what is in `source`, on the disk, for its owner alone."""
    for left in ("-journal", "-wal"):
        if os.path.lexists(f"{source}{left}") and Path(f"{source}{left}").stat().st_size:
            raise StoreError(
                str(source),
                NOTHING,
                f"has a {left} file beside it: it is a live database, no copy",
                "copy it with workdiary backup, and restore that",
            )
    if source.exists() and target.exists() and source.samefile(target):
        raise StoreError(str(source), NOTHING, "is the database itself", "give a copy of it")
    beside = target.with_name(f".{target.name}-{os.urandom(8).hex()}.restore")
    try:
        if not target.parent.exists():
            target.parent.mkdir(mode=0o700, parents=True)
        with source.open("rb") as given:
            handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(handle, "wb") as file:
                shutil.copyfileobj(given, file)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        beside.unlink(missing_ok=True)
        what = error.filename or str(target)
        raise StoreError(str(what), NOTHING, f"cannot be copied ({error.strerror})", "check the paths") from None
    return beside


def _losses(copy: SqlJournal, known: Sequence[tuple[str, Head]]) -> list[Loss]:
    """Return which of the `known` heads `copy` does not reach, or has another entry at."""
    ids = set(copy.contracts())
    found = []
    for contract, head in known:
        if contract not in ids:
            if head.version:
                found.append(Loss(contract=contract, known=head, copy=None))
            continue
        last = copy.standing(contract).head
        at = next(copy.read(contract, since=head.version - 1), None) if 0 < head.version <= last.version else None
        if head.version and (at is None or at.digest != head.digest):
            found.append(Loss(contract=contract, known=head, copy=last))
    return found


@attrs.frozen(kw_only=True)
class Present:
    """The database that is there now: its heads, what it has in quarantine, and why it cannot be read, if it cannot."""

    heads: tuple[tuple[str, Head], ...] = ()
    unread: frozenset[bytes] = frozenset()
    problem: str = ""


def _present(target: Path) -> Present:
    if not os.path.lexists(target):
        return Present()
    try:
        with _open(target) as journal:
            return _state_of(journal)
    except StoreBusy:
        raise
    except WorkdiaryError as error:
        return Present(problem=error.allowed)


def _state_of(journal: SqlJournal) -> Present:
    heads = tuple((id, journal.standing(id).head) for id in journal.contracts())
    return Present(heads=heads, unread=frozenset(one.body for one in journal.quarantined()))


def _swap(beside: Path, target: Path, present: Present) -> str | None:
    """Put the file `beside` in the place of `target`, and return the name under which that is kept."""
    if not os.path.lexists(target):
        _rename(beside, target)
        return None
    aside = Path(f"{target}.before-{now().datetime.strftime('%Y%m%dT%H%M%SZ')}-{os.urandom(2).hex()}")
    if not present.problem:
        with _open(target) as journal:
            if journal.settings.get("journal_mode") == "wal" or os.name == "nt":
                pass  # what it holds besides its file is put into it when it is closed
            else:
                # Locked, so that nobody records anything between the comparison and the swap.
                with journal.writing(present.heads[0][0] if present.heads else "restore"):
                    _compare(journal, present)
                    return _replace(beside, target, aside)
    for name in ("-journal", "-wal", "-shm"):
        left = Path(f"{target}{name}")
        if left.exists():
            # It belongs to the file that goes, and would spoil the one that comes.
            left.rename(f"{aside}{name}")
    return _replace(beside, target, aside)


def _compare(journal: SqlJournal, present: Present) -> None:
    if _state_of(journal) != present:
        raise StoreError(journal.name, NOTHING, "was written meanwhile", "nothing was restored: try again")


def _replace(beside: Path, target: Path, aside: Path) -> str:
    try:
        os.link(target, aside, follow_symlinks=False)
    except OSError:
        _rename(target, aside)  # a file system without hard links
    _rename(beside, target)
    return str(aside)


def _rename(source: Path, target: Path) -> None:
    source.replace(target)
    if os.name != "nt":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
