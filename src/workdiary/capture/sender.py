"""`Sender`: brings what waits in the spool into the diary, one item at a time, and removes images that are not to be.

It has a thread of its own, so that a diary that is busy, or cannot be reached, never holds up the counting: the
outbox waits, and is tried again after 1, 2, 4 … 60 seconds. One item that the diary refuses, or that breaks, does
not hold up the others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import attrs

from workdiary.capture.answers import is_early, request_of, standing_of, words_of
from workdiary.capture.consent import latest_consent, record_consent
from workdiary.capture.events import Reading
from workdiary.capture.locks import RELEASE, Locks
from workdiary.capture.machine.ports import Clocks
from workdiary.capture.spool.kept import Item, Kind, Standing
from workdiary.capture.spool.spool import Spool
from workdiary.diary.diary import Diary
from workdiary.diary.draft import Calendars
from workdiary.diary.journal import Journal
from workdiary.diary.pictures import delete_pictures, live
from workdiary.errors import JournalError, StoreError, WorkdiaryError
from workdiary.model.contract import Actor, Contract, Role
from workdiary.model.policy import Policy
from workdiary.model.times import Instant
from workdiary.plain import destructure, structure

__all__ = ["Book", "Files", "Sender"]

_LONGEST: Final = 60.0
"""The longest wait between two tries, in seconds."""

_SHORTEST: Final = 2.0
"""The wait between two tries when a week is about to lock, in seconds."""

_HASTE: Final = 120
"""How many seconds before its lock that is."""

_LOOK: Final = 15_000
"""How often it is asked how the contracts stand, in milliseconds."""

_AGAIN: Final = 60_000
"""After how long something is sent again that lies in the future by the clock of the diary, in milliseconds."""


class Files(Protocol):
    """The image files, such as `workdiary.store.snapshots.SnapshotFiles`."""

    def delete(self, digest: str) -> bool:
        """Remove the image with `digest` for good, and return whether it was there."""
        ...


@attrs.frozen(kw_only=True)
class Book:
    """What is known of a contract: as it stood when its diary was last reached.

    `consented` is the notice that the freelancer has last agreed to, `None` before the first time.
    """

    contract: Contract
    policy: str | Policy
    consented: str | None = None

    def policy_at(self, at: Instant) -> Policy:
        """Return the policy that judges the week of `at`."""
        calendars = Calendars(self.policy)
        return calendars.of(calendars.week_of(at))


class Sender:
    """The way from `spool` into the diaries of a journal, which `connect` opens when it is first needed.

    `files` are the images. `changed` is called after something was answered, in the thread of the sender. Made
    with `begin`, it works by itself until `end`; without, `work` does one round.
    """

    def __init__(
        self,
        spool: Spool,
        connect: Callable[[], Journal],
        *,
        clocks: Clocks,
        files: Files | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._spool, self._connect, self._clocks, self._files = spool, connect, clocks, files
        self._changed = changed
        self._journal: Journal | None = None
        self._due: dict[int, int] = {}
        self._early: set[int] = set()
        self._books: dict[str, Book] = {}
        self._origins: dict[str, str] = {}
        self.locks = Locks(self._policy_of)
        """When the weeks of its contracts lock."""
        self._consents: dict[str, tuple[str | None, int]] = {}
        self._looked_at: int | None = None
        self._one_at_a_time = threading.Lock()
        self._opening = threading.Lock()
        self._wake = threading.Condition()
        self._is_awake = False
        self._releases = False
        self._ends = False
        self._wait = 1.0
        self._lock: int | None = None
        self._next = 0
        self._thread: threading.Thread | None = None
        self.trouble: str | None = None
        """Why the diary does not take anything at the moment, in a sentence."""
        self.unheard: str | None = None
        """What went wrong when the latest answer was said, in a sentence: nothing waits for that."""
        self.recorded = 0
        """Grows whenever the diary has taken something."""

    # What is known of the contracts.

    def contracts(self) -> tuple[str, ...]:
        """Return the contracts that are known."""
        return self._spool.books()

    def book(self, contract: str) -> Book:
        """Return what is known of `contract`, asking its diary only when nothing is. Raises as the journal does."""
        found = self._books.get(contract) or self._kept_book(contract)
        if found is None:
            return self.look(contract)
        self._books[contract] = found
        return found

    def _policy_of(self, contract: str) -> str | Policy | None:
        """Return what judges `contract`, as far as it is known: nobody is asked."""
        found = self._books.get(contract) or self._kept_book(contract)
        return None if found is None else found.policy

    def look(self, contract: str) -> Book:
        """Ask the diary of `contract` how the contract stands, and keep that."""
        standing = self.journal.standing(contract)
        consented = self._consent(contract)
        book = Book(contract=standing.contract, policy=standing.policy, consented=consented)
        if book != self._books.get(contract):
            policy = book.policy if isinstance(book.policy, str) else destructure(book.policy)
            data = {"contract": destructure(book.contract), "policy": policy, "consented": consented}
            self._spool.keep_book(contract, self._origin(contract), data)
            self._books[contract] = book
        return book

    def look_at_all(self) -> None:
        """Ask the diaries of all contracts how they stand."""
        for contract in self.journal.contracts():
            self.look(contract)

    def consent(self, contract: str, notice: str, *, id: str) -> None:
        """Record that the freelancer agrees to `notice` for `contract`."""
        record_consent(self.journal, contract, notice, id=id)
        self.look(contract)

    def _consent(self, contract: str) -> str | None:
        """Return the notice that was last agreed to; what was read once is not read again."""
        known, since = self._consents.get(contract, (None, 0))
        found, since = latest_consent(self.journal, contract, since=since)
        self._consents[contract] = found or known, since
        return found or known

    def _kept_book(self, contract: str) -> Book | None:
        kept = self._spool.book(contract)
        if kept is None:
            return None
        _, data = kept
        policy = data["policy"]
        return Book(
            contract=structure(data["contract"], Contract),
            policy=policy if isinstance(policy, str) else structure(policy, Policy),
            consented=data["consented"],
        )

    def _origin(self, contract: str) -> str:
        """Return the digest of the first entry of the diary of `contract`: it tells one diary from another."""
        known = self._origins.get(contract)
        if known is None:
            known = self._origins[contract] = next(iter(self.journal.read(contract))).digest.hex()
        return known

    @property
    def journal(self) -> Journal:
        """The journal, opened when it is first needed."""
        with self._opening:
            if self._journal is None:
                self._journal = self._connect()
            return self._journal

    # Sending.

    def begin(self) -> None:
        """Work in a thread of its own, until `end`."""
        self._thread = threading.Thread(target=self._run, name="workdiary-sender", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at once whether there is something to do."""
        with self._wake:
            self._is_awake = True
            self._wake.notify_all()

    @property
    def early(self) -> int:
        """How many segments wait because the clock of the diary has not come to them yet."""
        return len(self._early)

    def end(self, timeout: float = 1.5) -> bool:
        """Send everything, held back or not, and stop; return whether that was done within `timeout` seconds.

        What was not sent waits for the next start.
        """
        self._releases = self._ends = True
        if self._thread is None:
            self.work()
        else:
            self.wake()
            self._thread.join(timeout)
        return self.is_through

    @property
    def is_through(self) -> bool:
        """Whether it has ended, and the diary has taken everything."""
        return self._ends and not self.is_at_work and self.trouble is None and not self._early

    @property
    def is_at_work(self) -> bool:
        """Whether its thread is there: then the journal is in its hands."""
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while True:
            ends = self._ends
            pause = self.work()
            if ends:
                return
            with self._wake:
                if not self._is_awake and not self._ends:
                    self._wake.wait(pause)

    def work(self) -> float:
        """Send what is due, once, and return after how many seconds there may be more to do."""
        with self._one_at_a_time:  # let go of whatever happens (A18)
            trouble: str | None = None
            self._is_awake = False
            try:
                trouble = self._round()
            except WorkdiaryError as error:
                trouble = str(error)
            except Exception as error:  # a fault of ours must not end the sending
                trouble = f"{type(error).__name__}: {error}"
            if trouble is None:
                self._wait = 1.0
            else:
                self._wait = min(self._wait * 2, _LONGEST)
            if trouble != self.trouble:
                self.trouble = trouble
                self._say_so()
            pause = self._pause() if trouble is None else self._patience()
            self._next = self._clocks.read().boot + int(pause * 1000)
            return pause

    @property
    def is_due(self) -> bool:
        """Whether `work` has something to do, as far as is known."""
        return self._is_awake or self._clocks.read().boot >= self._next

    def _say_so(self) -> None:
        """Say that something was answered; who hears it, a closed terminal for one, is never taken for the diary."""
        try:
            self._changed()
        except Exception as error:
            self.unheard = f"saying it went wrong: {type(error).__name__}: {error}"
        else:
            self.unheard = None

    def _patience(self) -> float:
        """Return after how many seconds it is tried again, while something is in the way.

        What one contract's items are up against holds up no other's, and a week that is about to lock makes haste.
        """
        now = self._clocks.read()
        pauses = [self._wait, *((due - now.boot) / 1000 for due in self._due.values() if due > now.boot)]
        if self._lock is not None and self._lock * 1000 > now.wall:
            pauses.append(self._lock - now.wall / 1000 - _HASTE)
        return max(min(pauses), min(self._wait, _SHORTEST))

    def _pause(self) -> float:
        """Return the seconds until something is due, or the contracts are to be looked at again."""
        boot = self._clocks.read().boot
        look = boot if self._looked_at is None else self._looked_at + _LOOK
        return max(min([look, *self._due.values()]) - boot, 100) / 1000

    def _round(self) -> str | None:
        """Send what is due; return what is in the way, in a sentence."""
        trouble: str | None = None
        held_up: set[str] = set()
        waiting = self._spool.items(Standing.WAITING)
        numbers = {item.number for item in waiting}
        self._due = {number: due for number, due in self._due.items() if number in numbers}
        self._early &= numbers
        self._lock = self._next_lock(waiting)
        for item in waiting:
            if item.contract in held_up or not self._is_due(item):
                continue
            try:
                self._send(item)
            except (JournalError, OSError) as error:
                # It is not known whether it was recorded: the same id, another time.
                held_up.add(item.contract)
                trouble = str(error)
                if isinstance(error, StoreError):
                    break
            except Exception as error:  # A19: the others must not wait for it
                trouble = f"{item.id}: {type(error).__name__}: {error}"
        boot = self._clocks.read().boot
        if trouble is None and (self._looked_at is None or boot - self._looked_at >= _LOOK):
            self._looked_at = boot
            self.look_at_all()
        self._remove_dropped()
        return trouble

    def _next_lock(self, waiting: Iterable[Item]) -> int | None:
        """Return when the next week locks of which something waits."""
        now = self._clocks.read().wall // 1000
        slots = ((item.contract, item.slot) for item in waiting if item.slot is not None)
        locks = (self.locks.of(*one) for one in dict.fromkeys(slots))
        return min((lock.at for lock in locks if lock is not None and lock.at > now), default=None)

    def _is_due(self, item: Item) -> bool:
        """Return whether the hold is over; a wall clock that was set does not stretch it."""
        now = self._clocks.read()
        is_over = now.boot >= self._due_by(item, now)
        return is_over or (self._releases and item.number not in self._early)

    def _due_by(self, item: Item, now: Reading) -> int:
        """Return when `item` is due by the boot clock, as it was found out when it was first looked at."""
        found = self._due.get(item.number)
        if found is None:
            left = min(max(item.made + item.hold - now.wall, 0), item.hold)
            lock = None if item.slot is None else self.locks.of(item.contract, item.slot)
            if lock is not None and now.wall < lock.at * 1000:
                # What is held back over the lock of its week would be late.
                left = min(left, max((lock.at - RELEASE) * 1000 - now.wall, 0))
            found = self._due[item.number] = now.boot + left
        return found

    def due_at(self, item: Item) -> int:
        """Return the Unix millisecond at which `item` is sent, by the wall clock of now."""
        now = self._clocks.read()
        return now.wall + max(self._due_by(item, now) - now.boot, 0)

    def _send(self, item: Item) -> None:
        if not self._spool.is_sound(item.number):
            self._say_so()
            return
        journal = self.journal
        contract = journal.standing(item.contract).contract
        if item.origin and item.origin != self._origin(item.contract):
            raise JournalError(
                item.contract, item.id, "is for another diary of that contract", "start the tracker with that diary"
            )
        taken = self._spool.try_item(item.number)
        if taken is None:
            return
        try:
            request: Any = request_of(taken)
            by = Actor(id=contract.freelancer, role=Role.FREELANCER)
            answer = Diary(journal, item.contract).record(request, by=by, id=item.id)
        except JournalError:
            raise
        except WorkdiaryError as error:
            self._answer(item, Standing.REFUSED, str(error))
            self._say_so()
            return
        if taken.kind is not Kind.DELETED and is_early(answer, others=bool(self._early - {item.number})):
            # By its own clock the diary would take it later, so that is no last word.
            self._early.add(item.number)
            self._due[item.number] = self._clocks.read().boot + _AGAIN
            self._say_so()
            return
        self._early.discard(item.number)
        if taken.kind is Kind.DELETED and answer.entry is not None and self._files is not None:
            delete_pictures(journal, _Others(self._spool, self._files), answer.entry)
        self._answer(item, standing_of(taken, answer), words_of(answer))
        self.recorded += answer.recorded
        self._say_so()

    def _answer(self, item: Item, standing: Standing, words: str) -> None:
        self._spool.answer(item.number, standing, words, now=self._clocks.read().wall)

    def _remove_dropped(self) -> None:
        """Remove the images of segments that are not to be; one that the diary may show stays while it does."""
        gone = self._spool.dropped()
        if self._files is None or not gone:
            return
        shown = [digest for digest in gone if self._spool.may_be_shown(digest)]
        for digest in gone:
            if digest not in shown:
                self._spool.remove(digest, self._files.delete)
        waits = any(item.kind is Kind.DELETED for item in self._spool.items(Standing.WAITING))
        if shown and not waits:
            needed = live(self.journal)
            for digest in shown:
                if digest in needed:
                    self._spool.removed(digest)
                else:
                    self._spool.remove(digest, self._files.delete)


class _Others:
    """The image files that the spool does not name: what it names, another segment may show as well.

    Those go with `Sender._remove_dropped`, which asks the spool and the diary.
    """

    def __init__(self, spool: Spool, files: Files) -> None:
        self._named, self._files = spool.digests(), files

    def delete(self, digest: str) -> bool:
        return digest not in self._named and self._files.delete(digest)
