"""What the commands of the tracker do: track without a screen of its own, show the app, replay a trace."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

import attrs

from workdiary.capture.consent import consented, record_consent
from workdiary.capture.control import Server
from workdiary.capture.events import StopReason
from workdiary.capture.herald import Herald, sums
from workdiary.capture.live import LiveEngine
from workdiary.capture.machine.ports import Clocks, Inputs
from workdiary.capture.machine.shooting import Camera
from workdiary.capture.notice import NOTICE, TEXT, shown
from workdiary.capture.places import NOT_THERE, hold_of, open_journal, seconds_of, tracker_folder
from workdiary.capture.runner import Runner
from workdiary.capture.sender import Sender
from workdiary.capture.spool.folder import one_per_desktop
from workdiary.capture.spool.spool import Spool
from workdiary.capture.wording import text_or_none
from workdiary.diary.diary import Diary
from workdiary.errors import NOTHING, InvalidValue, StoreError, WorkdiaryError
from workdiary.model.times import Zone

__all__ = ["Options", "agree", "ask_for_consent", "headless", "interface", "only", "track_headless"]

_SIGNALS: Final = ("SIGTERM", "SIGINT", "SIGHUP")
_OTHERWISE: Final = "python -m workdiary.capture --replay FILE does without a screen"


@attrs.frozen(kw_only=True)
class Options:
    """What the command line says: `hold` and `idle` in seconds; `images` are an `ImageSettings`.

    `is_asking` says that the consent is all that was asked for.

    Raises `InvalidValue` for a contract, memo or label that cannot be written in UTF-8.
    """

    folder: Path
    db: str | None = None
    contract: str | None = attrs.field(default=None, validator=lambda _, __, given: _checked(given, "--contract"))
    memo: str = attrs.field(default="", validator=lambda _, __, given: _checked(given, "--memo"))
    label: str | None = attrs.field(default=None, validator=lambda _, __, given: _checked(given, "--label"))
    snapshots: Path | None = None
    hold: int = 60
    idle: int = 600
    consents: bool = False
    images: Any = None
    zone: Zone | None = None
    is_asking: bool = False
    say: Callable[[str], None] = print


@attrs.frozen(kw_only=True)
class Machine:
    """The tracker put together. `contract` is what it was told to track for, or the one that there is to choose."""

    runner: Runner
    engine: LiveEngine
    sender: Sender
    server: Server
    contract: str | None


def _checked(given: object, argument: str) -> None:
    text_or_none(given, argument)


@contextmanager
def _set_up(options: Options, *, chooses: bool = False) -> Iterator[Machine]:
    """Put the tracker together on this machine, for a block; at its end everything is kept and sent.

    With `chooses`, a contract is needed: the one that there is, when none is given.
    """
    _no_core_dump()
    with ExitStack() as stack:
        spool = stack.enter_context(Spool(options.folder))
        stack.enter_context(closing(one_per_desktop()))
        opened: list[Any] = []
        is_quiet = True

        def connect() -> Any:
            opened.append(open_journal(options.db))
            return opened[0]

        def close() -> None:
            if opened and is_quiet and not sender.is_at_work:  # whoever hangs in it would be torn
                opened[0].close()

        stack.callback(close)
        clocks = _own_clocks()
        files = _files(options)
        herald = Herald(options.say, zone=options.zone)
        sender = Sender(spool, connect, clocks=clocks, files=files, changed=herald.answered)
        try:
            sender.look_at_all()
        except StoreError as error:
            # A diary that is not there is a wrong name; one that was reached once will be again.
            if error.allowed == NOT_THERE or not sender.contracts():
                raise
            options.say(f"The diary cannot be reached: {error}. What is tracked waits until it can be.")
        contract = options.contract
        if contract is None and chooses:
            contract = only(sender.contracts())
        if contract is not None:
            ask_for_consent(sender, contract, options)
        inputs = _own_inputs()
        try:
            inputs.start()
        except WorkdiaryError as error:
            raise type(error)(error.argument, error.value, error.allowed, f"{error.remedy}; {_OTHERWISE}") from None
        stack.callback(inputs.close)
        camera = _camera(files, options, spool.announce)
        runner = Runner(
            clocks=clocks,
            inputs=inputs,
            camera=camera,
            spool=spool,
            sender=sender,
            hold=options.hold * 1000,
            idle_after=options.idle,
            size_of=lambda digest: _size(files.folder, digest),
            watch=herald.heard,
            tell=herald.troubled,
        )
        stack.callback(runner.end, timeout=1.0)  # whatever goes wrong from here on, nobody is left at work
        herald.begin(sender, lambda: runner.now)
        engine = LiveEngine(runner, thumbnail=getattr(camera, "thumbnail", lambda _: None))
        server = Server(options.folder, engine.asked)
        server.begin()
        try:
            yield Machine(runner=runner, engine=engine, sender=sender, server=server, contract=contract)
        finally:
            runner.switch_off(timeout=1.0)  # first, so that no guest who hangs costs a second
            is_quiet = server.close()
            runner.end(timeout=1.0)
            lost = runner.lost
            if not sender.is_through:
                options.say("Not everything is in the diary yet; it is kept, and goes there at the next start.")
            elif is_quiet and contract is not None:
                with suppress(WorkdiaryError):  # the diary may be away, and has said so
                    options.say(f"{sums(Diary(sender.journal, contract).statement(runner.now))}.")
        if lost:
            raise StoreError(str(options.folder), NOTHING, f"{lost}; this is lost", "free some space, or see the disk")


def _no_core_dump() -> None:
    """Have no image of the process's memory written when it crashes: secrets and memos are in it."""
    if sys.platform == "win32":  # pragma: no cover: another platform
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def track_headless(given: Mapping[str, str]) -> None:
    """Track as the plain options ``--headless --contract NAME …``, by name, say."""
    duration, snapshots = given.get("--for"), given.get("--snapshots")
    options = Options(
        folder=tracker_folder(given.get("--folder")),
        db=given.get("--db"),
        contract=given.get("--contract"),
        memo=given.get("--memo", ""),
        label=given.get("--label"),
        snapshots=None if snapshots is None else Path(snapshots).expanduser(),
        hold=hold_of(given.get("--hold", "60s")),
        idle=seconds_of(given.get("--idle", "10m"), "--idle"),
        consents="--consent" in given,
        say=lambda text: print(text, flush=True),  # noqa: T201 - the command line prints
    )
    headless(options, None if duration is None else seconds_of(duration, "--for"))


def headless(options: Options, seconds: int | None) -> None:
    """Track for the contract, without a screen of its own, for so many `seconds` or until a signal."""
    with _set_up(options, chooses=True) as machine, _signals(machine.runner.end_soon):
        assert machine.contract is not None  # noqa: S101 - `chooses` refuses to go on without
        machine.runner.start(machine.contract, memo=options.memo, label=options.label)
        machine.runner.run(seconds)
        if seconds is not None:
            machine.runner.stop(StopReason.SHUTDOWN)


def interface(options: Options) -> None:
    """Show the tracker's app in the terminal until the user leaves it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidValue("terminal", NOTHING, "is none: the app needs one", "run it in a terminal, or --headless")
    from workdiary.capture.terminal.app import TrackerApp
    from workdiary.model.times import UTC

    silent = attrs.evolve(options, say=lambda _: None)
    # The app asks for consent itself, when it is switched on.
    with _set_up(attrs.evolve(silent, contract=None)) as machine:
        contract = options.contract
        if contract is None and (options.memo or options.label is not None):
            contract = only(machine.engine.contracts())
        if contract is not None:
            machine.engine.check(contract, options.label)
            if options.consents:
                ask_for_consent(machine.sender, contract, silent)
        app = TrackerApp(
            machine.engine,
            lambda contract: Diary(machine.sender.journal, contract),
            zone=options.zone or UTC,
            contract=contract,
            memo=options.memo,
            label=options.label,
        )
        machine.runner.begin()
        with _signals(lambda _: app.exit()):
            app.run()
        if app.failure is not None:
            raise app.failure


def agree(options: Options) -> None:
    """Record the freelancer's consent for the contract, after the notice was shown.

    It goes into the diary, where a tracker that runs finds it, too.
    """
    with open_journal(options.db) as journal:
        contract = options.contract or only(journal.contracts())
        if consented(journal, contract) == NOTICE:
            options.say(f"Your consent for {contract} is on record.")
            return
        _ask(contract, options)
        record_consent(journal, contract, NOTICE, id=f"consent {os.urandom(16).hex()}")
        options.say(f"Your consent for {contract} is on record.")


def ask_for_consent(sender: Sender, contract: str, options: Options) -> None:
    """Ask for the consent for `contract` on the terminal, and record it, unless it is on record."""
    if sender.book(contract).consented == NOTICE:
        return
    _ask(contract, options)
    sender.consent(contract, NOTICE, id=f"consent {os.urandom(16).hex()}")
    options.say(f"Your consent for {contract} is on record.")


def _ask(contract: str, options: Options) -> None:
    """Show the notice, and return when the freelancer agrees to it. Raises `InvalidValue` otherwise."""
    options.say(shown(TEXT, shutil.get_terminal_size().columns) if sys.stdout.isatty() else TEXT)
    if not options.consents:
        if not sys.stdin.isatty():
            raise InvalidValue(
                "contract",
                contract,
                "has no consent on record: nothing is captured before you have agreed to what is",
                "read the notice above, and repeat this with"
                + (" --yes" if options.is_asking else " --consent")
                + " when you agree",
            )
        given = input(f"Do you agree to this for {contract}? Type yes: ").strip().lower()
        if given not in ("y", "yes"):
            raise InvalidValue("consent", given, "is no consent, so nothing was captured", "type yes when you agree")


def only(contracts: tuple[str, ...]) -> str:
    """Return the one contract that there is. Raises `InvalidValue` where it must be chosen."""
    if len(contracts) != 1:
        described = ", ".join(contracts) or "none yet: workdiary contract add"
        raise InvalidValue("--contract", NOTHING, "is needed", f"choose one of: {described}")
    return contracts[0]


@contextmanager
def _signals(end: Callable[[StopReason], None]) -> Iterator[None]:
    """Have the signals that ask a process to end call `end`, for a block: what was tracked is kept and sent."""

    def asked(number: int, _: FrameType | None) -> None:
        end(StopReason.USER if number == signal.SIGINT else StopReason.SHUTDOWN)

    known = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, asked) for number in known}
    try:
        yield
    finally:
        # Not given back: a second signal must not cut off what the first one has begun.
        for number in before:
            signal.signal(number, signal.SIG_IGN)


def _size(folder: Path, digest: str) -> int:
    with suppress(OSError):
        return (folder / digest[:2] / digest).stat().st_size
    return 0


def _files(options: Options) -> Any:
    from workdiary.store.thumbnails import PictureFiles

    return PictureFiles(options.snapshots or options.folder / "snapshots")


def _own_clocks() -> Clocks:
    from workdiary.capture.machine.clocks import own_clocks

    return own_clocks()


def _own_inputs() -> Inputs:
    from workdiary.capture.machine.inputs import own_inputs

    return own_inputs()


def _camera(files: Any, options: Options, announce: Callable[[str], None]) -> Camera:
    from workdiary.capture.machine.images import ImageSettings, Snapshots
    from workdiary.capture.machine.screen import MonitorScreen

    settings: ImageSettings = options.images or ImageSettings()
    screen = MonitorScreen(settings.which)
    if settings.redactions:
        # The command line cannot say how large a monitor is of which it hides a part: it is the one that is there now.
        settings = settings.drawn_for(screen.monitors())
    return Snapshots(screen, files, settings, clock=time.time, announce=announce)
