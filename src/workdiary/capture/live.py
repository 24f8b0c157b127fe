"""`LiveEngine`: the tracker at work as the interface, and the local socket, see it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from workdiary.capture.engine import Running, Shot, Status, Waiting
from workdiary.capture.events import Answered, Choice, LabelChosen, MarkKind, MemoWritten
from workdiary.capture.jobs import job_for_idle_time
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
from workdiary.model.slots import Slot, Slots
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
        waiting = [
            Waiting(
                contract=item.contract,
                segment=self._segment(item),
                release_at=Instant(runner.sender.due_at(item) // 1000),
                refused=None if item.standing is Standing.WAITING else item.answer or item.standing.value,
            )
            for item in items
        ]
        return Status(
            now=now,
            running=None if runner.is_dead else self._running(),
            waiting=tuple(sorted(waiting, key=lambda one: one.segment.slot)),
            shots=self._shots(items),
            marks=spool.marks(_MARKS),
            troubles=runner.troubles(),
            recorded=runner.sender.recorded,
        )

    def _running(self) -> Running | None:
        state = self._runner.state
        session = state.session
        if session is None:
            return None
        ledger = state.ledger(session.job.contract, state.slot)
        counts: Counts | None = (0, 0, 0)
        for minute in ledger.minutes if ledger else ():
            counts = together(counts, minute.counts)
        return Running(
            contract=session.job.contract,
            session=session.session,
            since=session.since,
            seconds=state.session_seconds,
            credited=Slots(self._runner.finished),
            slot=state.slot,
            slot_seconds=state.slot_seconds,
            counts=counts,
            memo=state.memo,
            label=state.label,
            locked=state.is_locked,
            lost=state.is_lost,
            idle_since=state.idle_since,
            deleted=ledger is not None and ledger.is_deleted,
        )

    def _segment(self, item: Item) -> Segment:
        found = self._segments.get(item.number)
        if found is None:
            change = change_of(item.data)
            assert isinstance(change, TimeTracked)  # noqa: S101 - what a tracked item holds
            found = self._segments[item.number] = change.segments[0]
        return found

    def _shots(self, items: list[Item]) -> tuple[Shot, ...]:
        runner = self._runner
        standing = {(item.contract, item.slot): item for item in items}
        found: list[Shot] = []
        for contract in runner.spool.books():
            for kept in runner.spool.shots(contract, last=_SHOTS):
                item = standing.get((contract, kept.slot))
                ledger = runner.state.ledger(contract, kept.slot)
                # What is neither waiting nor still to be finished is in the diary.
                is_open = ledger is not None and not ledger.is_shown if item is None else item.standing is _WAITING
                until = None if item is None else Instant(runner.sender.due_at(item) // 1000)
                found.append(
                    Shot(
                        contract=contract,
                        slot=kept.slot,
                        at=kept.at,
                        thumbnail=self._picture(kept.digests[0]) if kept.digests else None,
                        flags=kept.flags,
                        until=until,
                        gone=not is_open,
                    )
                )
        seen = {(shot.contract, shot.slot) for shot in found}
        for mark in runner.spool.marks(_MARKS):
            if mark.kind is MarkKind.SNAPSHOT_FAILED and mark.contract and mark.slot is not None:
                place = (mark.contract, mark.slot)
                if place not in seen:
                    seen.add(place)
                    found.append(Shot(contract=place[0], slot=place[1], at=mark.at, why=mark.what))
        return tuple(sorted(found, key=lambda one: one.at)[-_SHOTS:])

    def _picture(self, digest: str) -> bytes | None:
        if digest not in self._small:
            while len(self._small) > _SHOTS * 4:
                del self._small[next(iter(self._small))]
            try:
                self._small[digest] = self._thumbnail(digest)
            except WorkdiaryError:
                return None
        return self._small[digest]

    # Commands.

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
        self._needs_to_be_on()
        self._runner.feed(MemoWritten(memo=text))

    def label(self, label: str | None) -> None:
        """Choose an activity label, or none, from now on."""
        text_or_none(label, "label")
        session = self._needs_to_be_on()
        contract = self._runner.sender.book(session).contract
        if label is not None and contract.labels and label not in contract.labels:
            offered = ", ".join(contract.labels)
            raise InvalidValue("label", label, "is not one that the client offers", f"choose one of: {offered}")
        self._runner.feed(LabelChosen(label=label))

    def answer(self, choice: Choice, contract: str | None = None) -> None:
        """Answer the idle prompt; `contract` says where the time goes when it is reassigned."""
        self._needs_to_be_on()
        job = None
        if choice is Choice.REASSIGN:
            if contract is None:
                raise InvalidValue("contract", NOTHING, "is missing", "say where the time goes")
            job = job_for_idle_time(self._runner.sender.book(text_of(contract, "contract")), self._runner.now)
        if self._runner.state.idle_since is None:
            raise InvalidValue("choice", choice.value, "answers no question: there is no idle time", "leave it")
        self._runner.feed(Answered(choice=choice, job=job))

    def delete_snapshot(self, contract: str, slot: Slot) -> None:
        """Delete the snapshot of `slot` and with it the segment (EDIT-4)."""
        text_of(contract, "contract")
        if not self._runner.delete(contract, slot):
            raise InvalidValue(
                "at", str(slot_start(slot)), "has no segment here to be deleted", "delete it in the diary"
            )

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
        waiting = [one.segment for one in self.status().waiting if one.contract == contract and one.refused is None]
        try:
            statement = Diary(self._runner.sender.journal, contract).statement(slot_start(slot))
            return str(deletion(statement, waiting, slot, now=self._runner.now))
        except WorkdiaryError:
            return None

    def _start(self, request: dict[str, Any]) -> None:
        contract = request.get("contract")
        if contract is None:
            known = self.contracts()
            if len(known) != 1:
                described = ", ".join(known) or "none yet"
                raise InvalidValue("contract", NOTHING, "is needed", f"choose one of: {described}")
            contract = known[0]
        session = self._runner.state.session
        if request["do"] == "start" and session is not None:
            raise InvalidValue("tracker", session.job.contract, "is being tracked for already", "use switch, or stop")
        memo = request.get("memo")
        self.start(
            text_of(contract, "contract"),
            memo="" if memo is None else memo_of(memo),
            label=text_or_none(request.get("label"), "label"),
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
