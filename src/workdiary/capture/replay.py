"""Replaying a trace through the whole tracker: on a virtual clock, with made-up pictures, as fast as it goes.

Without a database it goes into a diary in memory, which is forgotten; with one it is recorded there, at the times of
the trace: for tests and demonstrations. A diary in which there is time that was really tracked is refused, for a trace
claims whatever is written in it, locked weeks included. The same trace makes the same sessions under the same ids,
which begin with ``replay-``, so that a second replay adds nothing. What a replay keeps stays apart from what a tracker
keeps of this machine: a folder of one is refused, for its contracts and clocks are not made up.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

import attrs

from workdiary.capture.herald import Herald, sums
from workdiary.capture.jobs import inactive
from workdiary.capture.live import LiveEngine
from workdiary.capture.machine.images import Snapshots
from workdiary.capture.notice import NOTICE
from workdiary.capture.places import open_journal, tracker_folder
from workdiary.capture.runner import Runner
from workdiary.capture.script import Command, Script
from workdiary.capture.sender import Sender
from workdiary.capture.session import Options, ask_for_consent
from workdiary.capture.spool.spool import Spool
from workdiary.capture.trace import Begins, Ends, Labels, Notes, Replies, Trace, read_trace, trace_text
from workdiary.diary.changes import CaptureConsented
from workdiary.diary.diary import Diary
from workdiary.diary.journal import Journal
from workdiary.errors import InvalidValue, MissingExtra, WorkdiaryError
from workdiary.model.contract import Actor, Contract, Role, Terms
from workdiary.model.money import hours
from workdiary.model.times import Instant
from workdiary.store.memory import MemoryJournal
from workdiary.store.thumbnails import PictureFiles

__all__ = ["replay", "replay_file"]

_BEFORE = 14 * 86_400

_PREFIX = "replay-"
"""How the ids of the sessions of a replay begin."""

_APART: Final = "leave --folder out, or name a folder for replays alone"


def replay_file(options: Options, path: str) -> None:
    """Replay the trace at `path`, and say what the tracker did and what the diary came to."""
    trace = read_trace(path)
    script = Script(trace)
    with ExitStack() as stack:
        if options.folder == Path():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="workdiary-"))
            options = attrs.evolve(options, folder=Path(folder) / "tracker")
        elif _is_own(options.folder):
            raise InvalidValue("--folder", str(options.folder), "is the folder of your own tracker", _APART)
        journal = _journal(options, trace, script, stack)
        replay(trace, journal, options, script=script)


def replay(trace: Trace, journal: Journal, options: Options, *, script: Script | None = None) -> None:
    """Replay `trace` into `journal`, which has a diary for each of its contracts.

    `options` say where the tracker keeps what is its own, whether the freelancer consents, and to whom to say what
    happens. Raises `InvalidValue` for a contract without consent, and for a folder in which a tracker has kept what was
    really tracked.
    """
    script = script or Script(trace)
    # The clocks are those of no machine: kept as those of this one, they would look as though they had been set.
    with Spool(options.folder, machine="") as spool:
        if not spool.is_made_up(_PREFIX):
            raise InvalidValue("--folder", str(options.folder), "holds what was really tracked", _APART)
        files = PictureFiles(options.snapshots or options.folder / "snapshots")
        herald = Herald(options.say, zone=options.zone)
        sender = Sender(spool, lambda: journal, clocks=script.clocks, files=files, changed=herald.answered)
        sender.look_at_all()
        seed = sha256(trace_text(trace).encode("utf-8", "surrogatepass")).digest()
        if _is_there(journal, trace, _PREFIX + Random(seed).randbytes(16).hex()):  # noqa: S311 - a made-up day
            options.say("This trace is in the diary already: nothing is added.")
            _sum_up(journal, trace, trace.starts, options.say)
            return
        for contract in _contracts(trace):
            word = inactive(sender.book(contract), trace.starts)
            if word is not None:
                what = f"{word} when the trace begins, at {trace.starts}"
                remedy = "open it for that time: workdiary contract add --since, or replay into memory, without --db"
                raise InvalidValue("contract", contract, what, remedy)
            ask_for_consent(sender, contract, options)
        runner = Runner(
            clocks=script.clocks,
            inputs=script.inputs,
            camera=Snapshots(script.screen, files, options.images, clock=lambda: script.clocks.read().wall / 1000),
            spool=spool,
            sender=sender,
            hold=options.hold * 1000,
            idle_after=options.idle,
            in_background=False,
            chance=Random(seed).randbytes,  # noqa: S311 - made up, so that each replay draws the same
            prefix=_PREFIX,
            watch=herald.heard,
            tell=herald.troubled,
        )
        herald.begin(sender, lambda: runner.now)
        engine = LiveEngine(runner)
        for beat in script.play():
            runner.tick()
            for command in beat.commands:
                try:
                    _do(engine, command)
                except WorkdiaryError as error:
                    options.say(f"{runner.now}  refused: {error}")
        runner.end()
        herald.troubled(runner.troubles())
        _sum_up(journal, trace, runner.now, options.say)
        if isinstance(journal, MemoryJournal):
            options.say("Nothing is recorded: this was a made-up contract, in memory. --db FILE names a diary.")


def _do(engine: LiveEngine, command: Command) -> None:
    match command:
        case Begins():
            engine.start(command.contract, memo=command.memo, label=command.label)
        case Ends():
            engine.stop()
        case Notes():
            engine.memo(command.memo)
        case Labels():
            engine.label(command.label)
        case Replies():
            engine.answer(command.choice, command.to)


def _is_there(journal: Journal, trace: Trace, session: str) -> bool:
    """Return whether `session`, the first of `trace`, is in one of its diaries."""
    return any(session in journal.find(contract, [session]) for contract in _contracts(trace))


def _is_own(folder: Path) -> bool:
    """Return whether `folder` is where a tracker is by default, although it may not be there yet."""
    try:
        return folder.resolve() == tracker_folder(None).resolve()
    except (MissingExtra, OSError, RuntimeError):  # without a default, or with links that go round
        return False


def _refuse_what_is_real(journal: Journal, db: str) -> None:
    """Raise `InvalidValue` when something was tracked in `journal` that is no replay."""
    for contract in journal.contracts():
        for entry in journal.read(contract):
            own = f"track {_PREFIX}" if entry.id.startswith("track ") else _PREFIX
            if (b"time_tracked" in entry.body or b"capture_started" in entry.body) and not entry.id.startswith(own):
                raise InvalidValue(
                    "--db",
                    db,
                    f"has time in it that was really tracked, for {contract}: a replay would mix with what is paid",
                    "name a diary of its own: workdiary init --db demo.db",
                )


def _contracts(trace: Trace) -> list[str]:
    found = [event.what.contract for event in trace.events if isinstance(event.what, Begins)]
    found += [event.what.to for event in trace.events if isinstance(event.what, Replies) and event.what.to is not None]
    return list(dict.fromkeys(found))


def _journal(options: Options, trace: Trace, script: Script, stack: ExitStack) -> Journal:
    def clock() -> float:
        return script.clocks.read().wall / 1000

    if options.db is not None:
        journal = stack.enter_context(open_journal(options.db, clock=clock))
        missing = [one for one in _contracts(trace) if one not in journal.contracts()]
        if missing:
            known = ", ".join(journal.contracts()) or "none"
            raise InvalidValue("start", missing[0], "has no diary in this database", f"known contracts: {known}")
        _refuse_what_is_real(journal, options.db)
        return journal
    memory = MemoryJournal(clock=clock)
    platform, you = Actor(id="platform", role=Role.PLATFORM), Actor(id="you", role=Role.FREELANCER)
    for id in _contracts(trace):
        contract = Contract(
            id=id,
            freelancer=you.id,
            client="client",
            currency="USD",
            terms=[Terms(since=Instant(trace.starts - _BEFORE), rate="30", weekly_limit=hours(40))],
        )
        diary = Diary.open(memory, contract, "upwork", by=platform, id=f"open {id}")
        diary.record(CaptureConsented(notice=NOTICE), by=you, id=f"consent {id}")
    return memory


def _sum_up(journal: Journal, trace: Trace, now: Instant, say: Callable[[str], None]) -> None:
    for contract in _contracts(trace):
        diary = Diary(journal, contract)
        at: int = trace.starts
        while True:
            statement = diary.statement(Instant(at))
            say(f"{sums(statement)}.")
            at = int(statement.week.ends_at)
            if at >= now:
                break
