"""The commands that change recorded time: ``add``, ``memo``, ``label``, ``delete``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from workdiary.cli.options import (
    AsFreelancer,
    AsJson,
    Db,
    DryRun,
    OneContract,
    RequestId,
    Segments,
    Times,
    Yes,
    ZoneOfTimes,
)

if TYPE_CHECKING:
    from workdiary.cli.changing import How
    from workdiary.diary.deciding import Request
    from workdiary.model.slots import Slot

__all__ = ["add", "delete", "label", "memo"]


def add(
    times: Times = None,
    memo: Annotated[str, typer.Option("--memo", metavar="TEXT", help="What was done; manual time needs it.")] = "",
    label: Annotated[str | None, typer.Option("--label", metavar="TEXT", help="An activity label.")] = None,
    segments: Segments = False,
    contract: OneContract = None,
    zone: ZoneOfTimes = None,
    role: AsFreelancer = "freelancer",
    id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Add manual time.

    The policy says whether it fills only what is free, or replaces what is there. What other time it pushes over the
    weekly limit is said first.
    """
    from workdiary.model.edit import AddTime

    ranges = _ranges(times, zone, segments)
    requests = [AddTime(start=start, stop=stop, memo=memo, label=label) for start, stop in ranges]
    _change(db, contract, requests, _how(role, id, yes, dry_run, zone, json), "This manual entry")


def memo(
    times: Times = None,
    memo: Annotated[
        str | None, typer.Option("--memo", metavar="TEXT", help="The new memo; blank takes it away.")
    ] = None,
    segments: Segments = False,
    contract: OneContract = None,
    zone: ZoneOfTimes = None,
    role: AsFreelancer = "freelancer",
    id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Give recorded time another memo."""
    from workdiary.model.edit import EditMemo

    text = _given(memo, "--memo", "give the new memo; a blank one takes it away")
    requests = [EditMemo(start=start, stop=stop, memo=text) for start, stop in _ranges(times, zone, segments)]
    _change(db, contract, requests, _how(role, id, yes, dry_run, zone, json), "This memo")


def label(
    times: Times = None,
    label: Annotated[
        str | None, typer.Option("--label", metavar="TEXT", help="The new label; blank takes it away.")
    ] = None,
    segments: Segments = False,
    contract: OneContract = None,
    zone: ZoneOfTimes = None,
    role: AsFreelancer = "freelancer",
    id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Give recorded time another activity label."""
    from workdiary.model.edit import EditLabel

    text = _given(label, "--label", "give the new label; a blank one takes it away")
    requests = [EditLabel(start=start, stop=stop, label=text) for start, stop in _ranges(times, zone, segments)]
    _change(db, contract, requests, _how(role, id, yes, dry_run, zone, json), "This label")


def delete(
    times: Times = None,
    segments: Segments = False,
    snapshots: Annotated[
        str | None,
        typer.Option("--snapshots", metavar="FOLDER", help="The folder of the image files; those of the segments go."),
    ] = None,
    contract: OneContract = None,
    zone: ZoneOfTimes = None,
    role: AsFreelancer = "freelancer",
    id: RequestId = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Delete segments, with their activity and snapshots.

    Says first what that takes off the bill, and asks. With --snapshots the image files are deleted too, but for
    those that other segments or late evidence show; repeated with the same --id, what a crash has left is deleted.
    """
    from workdiary.model.edit import DeleteTime

    requests = [DeleteTime(start=start, stop=stop) for start, stop in _ranges(times, zone, segments)]
    how = _how(role, id, yes, dry_run, zone, json, snapshots)
    _change(db, contract, requests, how, "This deletion")


def _given(text: str | None, argument: str, remedy: str) -> str:
    if text is None:
        from workdiary.errors import NOTHING, InvalidValue

        raise InvalidValue(argument, NOTHING, "is missing", remedy)
    return text


def _how(
    role: str,
    id: str | None,
    yes: bool,
    dry_run: bool,
    zone: str | None,
    as_json: bool,
    snapshots: str | None = None,
) -> How:
    from workdiary.cli.changing import How

    return How(role=role, id=id, yes=yes, dry_run=dry_run, zone=zone, as_json=as_json, snapshots=snapshots)


def _ranges(times: list[str] | None, zone: str | None, segments: bool) -> tuple[tuple[Slot, Slot], ...]:
    from workdiary.cli.when import ranges_of

    return ranges_of(times or [], zone, segments=segments)


def _change(db: str | None, contract: str | None, requests: Sequence[Request], how: How, doing: str) -> None:
    from workdiary.cli.changing import change

    raise typer.Exit(change(db, contract, requests, how, doing=doing))
