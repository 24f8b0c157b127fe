"""`LiveEngine`: the tracker at work as the interface, and the local socket, see it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import attrs

from workdiary.capture.engine import Running, Shot, Status, Waiting
from workdiary.capture.events import OF_SNAPSHOTS, Answered, Choice, Job, LabelChosen, Mark, MarkKind, MemoWritten
from workdiary.capture.jobs import check_label, job_for_idle_time
from workdiary.capture.machine.ports import together
from workdiary.capture.meters import deletion
from workdiary.capture.notice import NOTICE, TEXT
from workdiary.capture.runner import Runner
from workdiary.capture.spool.kept import Item, Kind, Standing
from workdiary.capture.wording import memo_of, text_of, text_or_none
from workdiary.diary.changes import TimeTracked
from workdiary.diary.diary import Diary
from workdiary.diary.wire import change_of
from workdiary.errors import NOTHING, DocumentError, InvalidValue, WorkdiaryError
from workdiary.model.activity import Counts
from workdiary.model.segment import Segment
from workdiary.model.slots import SECONDS_PER_SLOT, Slot, Slots
from workdiary.model.times import Instant, instant, slot_at, slot_start

__all__ = ["LiveEngine"]

_SHOTS: Final = 6
_WAITING: Final = Standing.WAITING
_MARKS: Final = 20


class LiveEngine:
    """The `workdiary.capture.engine.Engine` of a `Runner`; `thumbnail` returns the small picture of an image."""

    def __init__(self, runner: Runner, *, thumbnail: Callable[[str], bytes | None] = lambda _: None) -> None:
        self._runner, self._thumbnail = runner, thumbnail
        self._segments: dict[int, Segment] = {}
        self._sent: tuple[int, frozenset[tuple[str, Slot | None]]] = (-1, frozenset())
        self._small: dict[str, bytes | None] = {}

    def contracts(self) -> tuple[str, ...]:
        """Return the ids of the contracts that can be tracked for."""
        return self._runner.sender.contracts()

    def status(self) -> Status:
        """Return how things stand."""
        return self._runner.call(self._status)

    def _status(self) -> Status:
        runner = self._runner
        spool = runner.spool
        open_ones = spool.items(Standing.WAITING, Standing.REFUSED, Standing.CONFLICT)
        items = [item for item in open_ones if item.kind is Kind.TRACKED]
        now = Instant(runner.clocks.read().wall // 1000)
        # Whatever is in the diary by now is not wanted again, and a tracker may run for months.
        self._segments = {item.number: self._segment(item) for item in items}
        waiting = [
            Waiting(
                contract=item.contract,
                segment=self._segments[item.number],
                release_at=Instant(runner.sender.due_at(item) // 1000),
                refused=None if item.standing is Standing.WAITING else item.answer or item.standing.value,
            )
            for item in items
        ]
        shots = self._shots(items, now)
        return Status(
            now=now,
            running=None if runner.is_dead else self._running(),
            waiting=tuple(sorted(waiting, key=lambda one: one.segment.slot)),
            shots=shots,
            marks=self._marks(now),
            troubles=runner.troubles(open_ones),
            recorded=runner.sender.recorded,
            sent=self._sent_ones(items, shots),
        )

    def _sent_ones(self, items: list[Item], shots: tuple[Shot, ...]) -> frozenset[tuple[str, Slot]]:
        """Return which of the segments that are open, wait, or have one of `shots`, were sent before, in part at least.

        Or perhaps: the answer to a try may have been lost.
        """
        state = self._runner.state
        waiting = Counter((item.contract, item.slot) for item in items if item.slot is not None)
        found = {(item.contract, item.slot) for item in items if item.slot is not None and item.tries}
        places = {*waiting, *((shot.contract, shot.slot) for shot in shots)}
        if state.job is not None:
            places.add((state.job.contract, state.slot))
        for place in places - found:
            ledger = state.ledger(*place)
            sessions = {session for session, _ in ledger.sent} if ledger is not None else set()
            # A session hands out one item a segment, at most: where fewer wait, others were sent, or are in these.
            if len(sessions) > waiting[place] and (not waiting[place] or self._was_sent(*place)):
                found.add(place)
        return frozenset(found)

    def _was_sent(self, contract: str, slot: Slot) -> bool:
        """Return whether a part of the segment is in the diary, by what was sent; that is read when there is more."""
        recorded = self._runner.sender.recorded
        if recorded != self._sent[0]:
            sent = self._runner.spool.items(Standing.SENT)
            self._sent = recorded, frozenset((one.contract, one.slot) for one in sent if one.kind is Kind.TRACKED)
        return (contract, slot) in self._sent[1]

    def _running(self) -> Running | None:
        state = self._runner.state
        session = state.session
        if session is None:
            return None
        ledger = state.ledger(session.job.contract, state.slot)
        counts: Counts | None = (0, 0, 0)
        active: set[int] = set()
        for minute in ledger.minutes if ledger else ():
            counts = together(counts, minute.counts)
            if any(minute.counts or ()):
                active.add(minute.minute)
        return Running(
            contract=session.job.contract,
            session=session.session,
            since=session.since,
            seconds=state.session_seconds,
            credited=Slots(self._runner.finished),
            slot=state.slot,
            slot_seconds=state.slot_seconds,
            counts=counts,
            active=len(active),
            memo=state.memo,
            label=state.label,
            locked=state.is_locked,
            lost=state.is_lost,
            idle_since=state.idle_since,
            deleted=ledger is not None and ledger.is_deleted,
            idle_until=Instant(state.asked[-1][1]) if state.asked and not state.is_away else None,
            idle_seconds=state.idle_seconds,
        )

    def _segment(self, item: Item) -> Segment:
        found = self._segments.get(item.number)
        if found is None:
            change = change_of(item.data)
            assert isinstance(change, TimeTracked)  # noqa: S101 - what a tracked item holds
            found = change.segments[0]
        return found

    def _shots(self, items: list[Item], now: Instant) -> tuple[Shot, ...]:
        runner = self._runner
        standing = {(item.contract, item.slot): item for item in items}
        found: list[Shot] = []
        for contract in runner.spool.books():
            for kept in runner.spool.shots(contract, last=_SHOTS):
                shot = Shot(
                    contract=contract,
                    slot=kept.slot,
                    at=kept.at,
                    thumbnail=self._picture(kept.digests[0]) if kept.digests else None,
                    flags=kept.flags,
                )
                found.append(self._placed(shot, standing.get((contract, kept.slot))))
        seen = {(shot.contract, shot.slot) for shot in found}
        for mark in runner.spool.marks(_MARKS):
            if mark.kind is MarkKind.SNAPSHOT_FAILED and mark.contract and mark.slot is not None:
                place = (mark.contract, mark.slot)
                if place not in seen:
                    seen.add(place)
                    shot = Shot(contract=place[0], slot=place[1], at=mark.at, why=mark.what)
                    found.append(self._placed(shot, standing.get(place)))
        over = [shot for shot in found if self._is_over(shot.contract, shot.slot, now)]
        return tuple(sorted(over, key=lambda one: one.at)[-_SHOTS:])

    def _placed(self, shot: Shot, item: Item | None) -> Shot:
        """Return `shot` with until when it can be deleted; `item` is its segment, where that waits."""
        if item is not None:
            until = Instant(self._runner.sender.due_at(item) // 1000)
            return attrs.evolve(shot, until=until, gone=item.standing is not _WAITING)
        # What neither waits nor is still to be finished is in the diary, or not to be.
        ledger = self._runner.state.ledger(shot.contract, shot.slot)
        is_open = any(one is ledger for one in self._runner.state.open) and ledger is not None and not ledger.sent
        return attrs.evolve(shot, gone=not is_open)

    def _is_over(self, contract: str, slot: Slot, now: Instant) -> bool:
        """Return whether the segment is over, so that its snapshot may be spoken of.

        It is when its ten minutes are, or when it was finished before and nobody tracks on in it.
        """
        state = self._runner.state
        ledger = state.ledger(contract, slot)
        if now >= slot_start(slot + 1) or ledger is None or ledger.is_shown:
            return True
        goes_on = state.job is not None and state.job.contract == contract and state.slot == slot
        return bool(ledger.sent) and not goes_on

    def _marks(self, now: Instant) -> tuple[Mark, ...]:
        """Return the latest marks, without those on the snapshot of a segment that is not over."""
        return tuple(
            mark
            for mark in self._runner.spool.marks(_MARKS)
            if mark.kind not in OF_SNAPSHOTS
            or mark.contract is None
            or mark.slot is None
            or self._is_over(mark.contract, mark.slot, now)
        )

    def _picture(self, digest: str) -> bytes | None:
        if digest not in self._small:
            while len(self._small) > _SHOTS * 4:
                del self._small[next(iter(self._small))]
            try:
                self._small[digest] = self._thumbnail(digest)
            except WorkdiaryError:
                return None
        return self._small[digest]

    # Commands. Several may be given at once, for one that asks the diary must not hold up the others: what is looked
    # at and what is done by it are one call in the loop, and the diary is asked before.

    def notice(self, contract: str) -> str | None:
        """Return what is to be agreed to before anything of `contract` is captured; `None` once it has been."""
        return None if self._runner.sender.book(contract).consented == NOTICE else TEXT

    def consent(self, contract: str) -> None:
        """Record that the freelancer agrees to the notice for `contract`."""
        self._runner.sender.consent(contract, NOTICE, id=f"consent {os.urandom(16).hex()}")

    def start(self, contract: str, *, memo: str = "", label: str | None = None) -> None:
        """Switch on for `contract`; while it is on for another one, switch to this one."""
        self._runner.start(contract, memo=memo, label=label)

    def stop(self) -> None:
        """Switch off; an open idle prompt counts as discarded."""
        self._runner.stop()

    def memo(self, text: str) -> None:
        """Say what is worked on, from now on."""
        memo_of(text)

        def write() -> None:
            self._needs_to_be_on()
            self._runner.feed(MemoWritten(memo=text))

        self._runner.call(write)

    def label(self, label: str | None) -> None:
        """Choose an activity label, or none, from now on."""
        text_or_none(label, "label")

        def choose() -> None:
            contract, job = self._needs_to_be_on(), self._runner.state.job
            self.check(contract, label)
            if job is not None:
                check_label(job, self._runner.sender.book(contract), label)
            self._runner.feed(LabelChosen(label=label))

        self._runner.call(choose)

    def answer(self, choice: Choice, contract: str | None = None) -> None:
        """Answer the idle prompt; `contract` says where the time goes when it is reassigned."""
        self._needs_to_be_on()
        job = None
        if choice is Choice.REASSIGN:
            if contract is None:
                raise InvalidValue("contract", NOTHING, "is missing", "say where the time goes")
            job = self._job_for_idle_time(text_of(contract, "contract"))

        def take() -> None:
            if self._runner.state.idle_since is None:
                raise InvalidValue("choice", choice.value, "answers no question: there is no idle time", "leave it")
            self._runner.feed(Answered(choice=choice, job=job))

        self._runner.call(take)

    def takes_idle_time(self, contract: str) -> bool:
        """Return whether idle time can be reassigned to `contract` now."""
        try:
            self._job_for_idle_time(contract)
        except WorkdiaryError:
            return False
        return True

    def _job_for_idle_time(self, contract: str) -> Job:
        job = job_for_idle_time(self._runner.sender.book(contract), self._runner.now)
        since = self._runner.state.idle_since
        lock = None if since is None else self._runner.sender.locks.of(contract, Slot(since // SECONDS_PER_SLOT))
        if lock is not None and self._runner.now >= lock.at:
            # It would leave the one, and come to the other too late to be billed.
            what = f"has locked the week of that time, since {Instant(lock.at)}"
            raise InvalidValue("contract", contract, what, "keep the time, or discard it")
        return job

    def check(self, contract: str, label: str | None) -> None:
        """Raise an error, which says what there is, unless the contract is known and its client offers the label."""
        offered = self._runner.sender.book(contract).contract.labels
        if label is not None and offered and label not in offered:
            described = ", ".join(offered)
            raise InvalidValue("label", label, "is not one that the client offers", f"choose one of: {described}")

    def delete_snapshot(self, contract: str, slot: Slot) -> None:
        """Delete the snapshot of `slot` and with it the segment (EDIT-4)."""
        text_of(contract, "contract")
        self._needs_to_be_open(contract, slot)
        if not self._runner.delete(contract, slot):
            raise InvalidValue(
                "at", str(slot_start(slot)), "has no segment here to be deleted", "delete it in the diary"
            )

    def _needs_to_be_open(self, contract: str, slot: Slot) -> None:
        """Refuse what the diary would refuse: what it has, or may have, of a week that is locked (EDIT-3)."""
        items = [one for one in self._runner.spool.items() if (one.contract, one.slot) == (contract, slot)]
        tracked = [one for one in items if one.kind is Kind.TRACKED]
        lock = self._runner.sender.locks.of(contract, slot)
        if any(one.standing is Standing.LATE for one in tracked):
            what = "came after the lock of its week, and is kept as evidence"
        elif lock is None or self._runner.now < lock.at:
            return
        elif any(one.standing is Standing.SENT for one in tracked):
            what = f"is in the diary, and its week is locked since {Instant(lock.at)}"
        elif any(one.standing is Standing.WAITING and one.tries for one in tracked):
            what = f"may be in the diary, and its week is locked since {Instant(lock.at)}"
        else:
            return
        raise InvalidValue("at", str(slot_start(slot)), what, "nothing was deleted: it is evidence")

    def _needs_to_be_on(self) -> str:
        session = self._runner.state.session
        if session is None:
            raise InvalidValue("tracker", NOTHING, "is switched off", "switch it on first")
        return session.job.contract

    # The local socket.

    def asked(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what came over the local socket, and return what to answer."""
        what = request.get("do")
        if what in ("start", "switch"):
            self._start(request)
        elif what == "stop":
            self.stop()
        elif what == "memo":
            self.memo(memo_of(request.get("memo")))
        elif what == "label":
            self.label(text_or_none(request.get("label"), "label"))
        elif what == "answer":
            self.answer(_choice(_text(request, "choice")), text_or_none(request.get("contract"), "contract"))
        elif what in ("delete", "price"):
            contract, slot = _text(request, "contract"), slot_at(instant(_text(request, "at"), "at"), "at")
            costs = self._price(contract, slot)
            if what == "price":
                return {"costs": costs}
            self.delete_snapshot(contract, slot)
            return {**plain_status(self.status()), "costs": costs}
        elif what == "retry":
            count = self._runner.spool.retry()
            self._runner.sender.wake()
            return {"waiting": count}
        elif what != "status":
            known = "start, stop, switch, memo, label, answer, price, delete, retry, status"
            raise DocumentError("do", what, "is not known", f"known: {known}")
        return plain_status(self.status())

    def _price(self, contract: str, slot: Slot) -> str | None:
        """Return what it costs to delete the segment of `slot`, in words; `None` when the diary cannot be asked."""
        self._needs_to_be_open(contract, slot)
        runner = self._runner
        waiting = [one.segment for one in self.status().waiting if one.contract == contract and one.refused is None]
        tried = (item for item in runner.spool.items() if item.kind is Kind.TRACKED and item.tries)
        is_sent = any((item.contract, item.slot) == (contract, slot) for item in tried)
        try:
            statement = Diary(runner.sender.journal, contract).statement(slot_start(slot))
            costs = str(deletion(statement, waiting, slot, now=runner.now, is_sent=is_sent))
        except WorkdiaryError:
            return None
        is_open = runner.state.job is not None and (runner.state.job.contract, runner.state.slot) == (contract, slot)
        return f"{costs} at most" if is_open else costs

    def _start(self, request: dict[str, Any]) -> None:
        contract = request.get("contract")
        if contract is None:
            known = self.contracts()
            if len(known) != 1:
                described = ", ".join(known) or "none yet"
                raise InvalidValue("contract", NOTHING, "is needed", f"choose one of: {described}")
            contract = known[0]
        memo = request.get("memo")
        self._runner.start(
            text_of(contract, "contract"),
            memo="" if memo is None else memo_of(memo),
            label=text_or_none(request.get("label"), "label"),
            switches=request["do"] == "switch",
        )


def plain_status(status: Status) -> dict[str, Any]:
    """Return `status` as plain data, for the local socket."""
    running = status.running
    return {
        "now": str(status.now),
        "running": None
        if running is None
        else {
            "contract": running.contract,
            "session": running.session,
            "since": str(running.since),
            "seconds": running.seconds,
            "memo": running.memo,
            "label": running.label,
            "segment_seconds": running.slot_seconds,
            "counts": running.counts,
            "locked": running.locked,
            "capture_lost": running.lost,
            "deleted": running.deleted,
            "idle_since": None if running.idle_since is None else str(running.idle_since),
            "idle_until": None if running.idle_until is None else str(running.idle_until),
        },
        "waiting": [
            {
                "contract": one.contract,
                "segment": str(one.segment.starts_at),
                "release_at": str(one.release_at),
                "refused": one.refused,
            }
            for one in status.waiting
        ],
        "troubles": [*status.troubles],
    }


def _text(request: dict[str, Any], name: str) -> str:
    return text_of(request.get(name), name)


def _choice(text: str) -> Choice:
    try:
        return Choice(text)
    except ValueError:
        raise InvalidValue("choice", text, "is not known", "choose one of: keep, discard, reassign") from None
