"""The commands of ``python -m workdiary.capture``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from workdiary.capture.places import hold_of, seconds_of, tracker_folder
from workdiary.errors import NOTHING, InvalidValue

__all__ = ["app"]

app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,  # they show what is in variables, such as a password
    help="Track time for a contract into its diary.",
)

Db = Annotated[
    str | None, typer.Option("--db", metavar="FILE", help="The diary's database. Default: WORKDIARY_DB, or your own.")
]
Folder = Annotated[
    str | None,
    typer.Option("--folder", metavar="FOLDER", help="The tracker's own folder. Default: WORKDIARY_TRACKER, or yours."),
]
ContractName = Annotated[str | None, typer.Option("--contract", metavar="NAME", help="The contract's id.")]


@app.callback(invoke_without_command=True)
def track(
    context: typer.Context,
    headless: Annotated[bool, typer.Option("--headless", help="Track without an interface.")] = False,
    contract: ContractName = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="Stop after this time, such as 90s or 8h (headless).")
    ] = None,
    replay: Annotated[
        str | None, typer.Option("--replay", metavar="FILE", help="Replay a trace of JSON lines, without a screen.")
    ] = None,
    memo: Annotated[str, typer.Option("--memo", help="What you work on.")] = "",
    label: Annotated[str | None, typer.Option("--label", help="The activity label.")] = None,
    consent: Annotated[bool, typer.Option("--consent", help="You agree to the notice, for this contract.")] = False,
    hold: Annotated[str, typer.Option("--hold", metavar="TIME", help="Hold finished segments back so long.")] = "60s",
    idle: Annotated[str, typer.Option("--idle", metavar="TIME", help="Without an input so long, ask.")] = "10m",
    hide: Annotated[
        list[str] | None,
        typer.Option("--hide", metavar="MONITOR:LEFT,TOP,WIDTH,HEIGHT", help="Never show this area; repeatable."),
    ] = None,
    monitors: Annotated[str, typer.Option("--monitors", metavar="all|active", help="What a snapshot shows.")] = "all",
    longest: Annotated[
        int | None, typer.Option("--longest", metavar="PIXELS", help="Shrink snapshots to this.")
    ] = None,
    snapshots: Annotated[
        str | None, typer.Option("--snapshots", metavar="FOLDER", help="Where the images go. Default: in --folder.")
    ] = None,
    zone: Annotated[str | None, typer.Option("--zone", metavar="NAME", help="The zone to show times in.")] = None,
    db: Db = None,
    folder: Folder = None,
) -> None:
    """Track time for a contract: with an interface in the terminal, --headless, or --replay a trace."""
    if context.invoked_subcommand is not None:
        return
    from workdiary.capture.session import Options, interface
    from workdiary.capture.session import headless as run_headless
    from workdiary.model.times import zone as zone_of

    images = None
    if hide or longest is not None or monitors != "all":
        images = _images(hide or [], monitors, longest)
    options = Options(
        folder=tracker_folder(folder) if replay is None or folder else Path(),
        db=db,
        contract=contract,
        memo=memo,
        label=label,
        snapshots=None if snapshots is None else Path(snapshots).expanduser(),
        hold=hold_of(hold),
        idle=seconds_of(idle, "--idle"),
        consents=consent,
        images=images,
        zone=None if zone is None else zone_of(zone, "--zone"),
        say=_say,
    )
    if replay is not None:
        beside = {"--headless": headless, "--for": duration, "--contract": contract, "--memo": memo, "--label": label}
        if named := [name for name, given in beside.items() if given]:
            raise InvalidValue(named[0], NOTHING, "does not go with --replay: the trace says it", "leave it out")
        from workdiary.capture.replay import replay_file

        replay_file(options, replay)
    elif headless:
        run_headless(options, None if duration is None else seconds_of(duration, "--for"))
    elif duration is not None:
        raise InvalidValue("--for", duration, "goes with --headless", "add --headless")
    else:
        interface(options)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the command line prints


def _images(hide: list[str], monitors: str, longest: int | None) -> Any:
    from workdiary.capture.machine.images import ImageSettings, Redaction
    from workdiary.capture.machine.screen import Which

    redactions = []
    for text in hide:
        monitor, _, area = text.partition(":")
        try:
            left, top, width, height = (int(part) for part in area.split(","))
            number = int(monitor)
        except ValueError:
            remedy = "write it like 0:0,1040,1920,40"
            raise InvalidValue("--hide", text, "is not a monitor and an area", remedy) from None
        redactions.append(Redaction(monitor=number, left=left, top=top, width=width, height=height))
    try:
        which = Which(monitors)
    except ValueError:
        raise InvalidValue("--monitors", monitors, "is not known", "choose all or active") from None
    return ImageSettings(which=which, redactions=redactions, longest=longest)


def _tell(folder: str | None, request: dict[str, Any], as_json: bool = False, done: str = "") -> None:
    """Ask the tracker that runs, and say what it has `done`, and how things stand then."""
    import json

    from workdiary.capture.control import ask
    from workdiary.capture.wording import text_or_none

    for name, given in request.items():
        text_or_none(given, name)
    answer = ask(tracker_folder(folder), request)
    if as_json:
        _say(json.dumps(answer))
        return
    if done:
        costs = answer.get("costs")
        _say(f"{done}{f': {costs}' if costs else ''}.")
    for line in _standing(answer):
        _say(line)


def _standing(answer: dict[str, Any]) -> Iterator[str]:
    """Yield how things stand, in lines."""
    from workdiary.capture.timing import span

    running = answer.get("running")
    if running is None:
        yield "The tracker is off."
    else:
        memo = f", {running['memo']}" if running["memo"] else ""
        label = f" ({running['label']})" if running["label"] else ""
        yield f"Tracking for {running['contract']}{label}{memo}: {span(int(running['seconds']))} in this session."
        if running["deleted"]:
            yield "The segment that goes on was deleted: counting begins again with the next one."
        if running["locked"]:
            yield "The screen is locked: nothing is tracked at the moment."
        if running["capture_lost"]:
            yield "Capture is lost: activity is unknown at the moment. It connects again by itself."
        if running["idle_since"]:
            since, until = running["idle_since"], running["idle_until"]
            time = f"from {since} to {until}" if until else f"since {since}"
            yield f"No input {time}: answer keep, discard or reassign; without an answer it is discarded."
            yield "Its segments are not in the diary before that."
    waiting = answer.get("waiting") or []
    if isinstance(waiting, list) and waiting:
        number = len(waiting)
        yield f"{number} finished segment{' is' if number == 1 else 's are'} not in the diary yet."
    for trouble in answer.get("troubles") or ():
        yield f"Note: {trouble.rstrip('.')}."


Json = Annotated[bool, typer.Option("--json", help="Print plain data.")]


@app.command()
def start(
    contract: Annotated[str | None, typer.Argument(help="The contract's id; not needed when there is one.")] = None,
    memo: Annotated[str, typer.Option("--memo", help="What you work on.")] = "",
    label: Annotated[str | None, typer.Option("--label", help="The activity label.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Switch the running tracker on."""
    _tell(folder, {"do": "start", "contract": contract, "memo": memo, "label": label}, json)


@app.command()
def switch(
    contract: Annotated[str, typer.Argument(help="The contract's id.")],
    memo: Annotated[str, typer.Option("--memo", help="What you work on.")] = "",
    label: Annotated[str | None, typer.Option("--label", help="The activity label.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Track for another contract from now on."""
    _tell(folder, {"do": "switch", "contract": contract, "memo": memo, "label": label}, json)


@app.command()
def stop(folder: Folder = None, json: Json = False) -> None:
    """Switch the running tracker off."""
    _tell(folder, {"do": "stop"}, json)


@app.command()
def memo(
    text: Annotated[str, typer.Argument(help="What you work on.")], folder: Folder = None, json: Json = False
) -> None:
    """Say what you work on, from now on."""
    _tell(folder, {"do": "memo", "memo": text}, json)


@app.command()
def label(
    text: Annotated[str | None, typer.Argument(help="The activity label; left out, there is none from now on.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Choose an activity label, from now on."""
    done = f"The label is {text} from now on" if text else "No label from now on"
    _tell(folder, {"do": "label", "label": text}, json, done)


@app.command()
def answer(
    choice: Annotated[str, typer.Argument(help="keep, discard or reassign")],
    contract: Annotated[str | None, typer.Argument(help="Where the time goes when it is reassigned.")] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Say what becomes of idle time."""
    where = f" for {contract}" if contract else ""
    words = {"keep": "The idle time is kept", "discard": "The idle time is discarded"}
    done = words.get(choice, f"The idle time is recorded{where}")
    _tell(folder, {"do": "answer", "choice": choice, "contract": contract}, json, done)


@app.command()
def delete(
    contract: Annotated[str, typer.Argument(help="The contract's id.")],
    at: Annotated[str, typer.Argument(help="The start of the segment, such as 2026-11-18T09:10Z.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Delete a snapshot and with it the segment, which is not paid then."""
    if not yes:
        from workdiary.capture.control import ask

        if not sys.stdin.isatty():
            raise InvalidValue("delete", at, "is asked about in a terminal, and this is none", "repeat it with --yes")
        costs = ask(tracker_folder(folder), {"do": "price", "contract": contract, "at": at})["costs"]
        if not typer.confirm(f"Delete the segment of {at} for {contract}{f': {costs}' if costs else ''}?"):
            _say("Nothing was deleted.")
            return
    done = f"The segment of {at} for {contract} is deleted"
    _tell(folder, {"do": "delete", "contract": contract, "at": at}, json, done)


@app.command()
def retry(folder: Folder = None) -> None:
    """Send once more what the diary has refused."""
    from workdiary.capture.control import ask

    number = ask(tracker_folder(folder), {"do": "retry"})["waiting"]
    _say(f"{number} {'entry waits' if number == 1 else 'entries wait'} again.")


@app.command()
def status(folder: Folder = None, json: Json = False) -> None:
    """Say what the running tracker does."""
    _tell(folder, {"do": "status"}, json)


@app.command()
def consent(
    contract: ContractName = None,
    yes: Annotated[bool, typer.Option("--yes", help="You agree.")] = False,
    db: Db = None,
    folder: Folder = None,
) -> None:
    """Read what is captured for a contract, and agree to it."""
    from workdiary.capture.session import Options, agree

    agree(Options(folder=tracker_folder(folder), db=db, contract=contract, consents=yes, is_asking=True, say=_say))


@app.command()
def moments(contract: ContractName = None, db: Db = None, json: Json = False) -> None:
    """Check that the snapshots of a diary were taken at the moments that were drawn; status 1 if one was not."""
    from json import dumps

    from workdiary.capture.checking import lines_of, moments_of
    from workdiary.capture.places import open_journal
    from workdiary.capture.session import only
    from workdiary.diary.diary import Diary

    with open_journal(db) as journal:
        checked = moments_of(Diary(journal, contract or only(journal.contracts())))
    if json:
        _say(dumps(checked.dump()))
    else:
        for line in lines_of(checked):
            _say(line)
    if not checked.is_sound:
        raise typer.Exit(1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def doctor(context: typer.Context) -> None:
    """Say whether the tracker can work on this machine."""
    from importlib import import_module

    sys.exit(import_module("workdiary.capture.doctor.command").main(context.args))
