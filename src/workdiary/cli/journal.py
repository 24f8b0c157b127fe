"""The diary in a database, as the commands use it: which one, opened by which clock, whose, and who acts."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Final

from workdiary.diary.diary import Diary
from workdiary.diary.journal import Journal
from workdiary.errors import NOTHING, InvalidValue, MissingExtra, StoreError
from workdiary.model.contract import Actor, Contract, Role
from workdiary.model.times import Instant

if TYPE_CHECKING:
    from workdiary.store.sql import SqlJournal

__all__ = [
    "CLOCK",
    "actor_of",
    "contract_of",
    "diary_of",
    "entry_id",
    "is_url",
    "new_id",
    "now",
    "opened",
    "place_of",
    "role_of",
]

CLOCK: ContextVar[Callable[[], float]] = ContextVar("clock", default=time)
"""The clock of the journals that are opened here; tests and examples set another one."""

VARIABLE: Final = "WORKDIARY_DB"


def now() -> Instant:
    """Return this moment by the clock of the journals."""
    return Instant(int(CLOCK.get()()))


def place_of(db: str | None) -> str:
    """Return where the diary is: what `db` says, else the variable WORKDIARY_DB, else a file in the data folder."""
    chosen = db if db is not None else os.environ.get(VARIABLE, "").strip()
    if not chosen and db is None:
        try:
            from platformdirs import user_data_path
        except ImportError:
            raise MissingExtra(
                "workdiary", "platformdirs", "is not installed", 'pip install "workdiary[cli]"'
            ) from None

        return str(user_data_path("workdiary", appauthor=False) / "diary.db")
    if not chosen:
        raise InvalidValue("--db", db, "is empty", "give a file, or postgresql://user@host/name")
    return chosen if is_url(chosen) else str(Path(chosen).expanduser())


def is_url(place: str) -> bool:
    """Return whether `place` is an address, not a path."""
    return "://" in place


@contextmanager
def opened(db: str | None, *, create: bool = False, force_network: bool = False) -> Iterator[SqlJournal]:
    """Open the journal at `db`, see `place_of`, for a block."""
    from workdiary.store.sql import SqlJournal

    place = place_of(db)
    if not create and not is_url(place) and not os.path.lexists(place):
        option = "" if db is None else f" --db {db}"
        raise StoreError(place, NOTHING, "does not exist", f"create it: workdiary init{option}")
    with SqlJournal.open(place, clock=lambda: CLOCK.get()(), create=create, force_network=force_network) as journal:
        yield journal


def contract_of(journal: Journal, contract: str | None, argument: str = "--contract") -> str:
    """Return the id of the contract that is meant: `contract`, or the only one there is."""
    ids = journal.contracts()
    if not ids:
        raise InvalidValue(
            argument,
            NOTHING if contract is None else contract,
            "has no diary: there is no contract yet",
            "add one: workdiary contract add",
        )
    described = ", ".join(ids[:8]) + (", …" if len(ids) > 8 else "")
    if contract is None:
        if len(ids) > 1:
            raise InvalidValue(
                argument, NOTHING, f"is needed, for there are {len(ids)} contracts", f"choose one of: {described}"
            )
        return ids[0]
    if contract not in ids:
        raise InvalidValue(argument, contract, "has no diary here", f"choose one of: {described}")
    return contract


def diary_of(journal: Journal, contract: str | None, argument: str = "--contract") -> Diary:
    """Return the diary of `contract`, or of the only one there is."""
    return Diary(journal, contract_of(journal, contract, argument))


def entry_id(journal: Journal, diary: Diary, text: str) -> str:
    """Return the id of the entry that `text` means: it is one, or it is the number of the entry."""
    contract = diary.contract.id
    if not text.isdecimal() or len(text) > 12 or journal.find(contract, [text]):
        return text
    return next((entry.id for entry in diary.entries(since=int(text) - 1) if entry.number == int(text)), text)


def role_of(text: str) -> Role:
    """Return the role that ``--as`` names."""
    try:
        return Role(text)
    except ValueError:
        known = ", ".join(role.value for role in Role)
        raise InvalidValue("--as", text, "is not a role", f"choose one of: {known}") from None


def actor_of(contract: Contract, role: Role) -> Actor:
    """Return who acts for `contract` in `role`: its own freelancer or client, or the platform."""
    ids = {Role.FREELANCER: contract.freelancer, Role.CLIENT: contract.client}
    return Actor(id=ids.get(role, role.value), role=role)


def new_id() -> str:
    """Return the id of a new request."""
    return str(uuid.uuid4())
