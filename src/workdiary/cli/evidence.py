"""What ``bundle`` does: the evidence of a week or a dispute, as one folder."""

from __future__ import annotations

from collections.abc import Callable

from workdiary.cli.files import calendar_week, moment_of
from workdiary.cli.journal import diary_of, entry_id, now, opened
from workdiary.cli.results import print_json
from workdiary.cli.text import say
from workdiary.diary.bundle import Bundle, write_bundle
from workdiary.diary.entry import START, Head
from workdiary.errors import NOTHING, InvalidValue

__all__ = ["write_evidence"]


def write_evidence(
    db: str | None,
    contract: str | None,
    folder: str,
    *,
    week: str | None,
    dispute: str | None,
    since: str | None,
    snapshots: str | None,
    as_json: bool,
) -> None:
    """Write the evidence into the new `folder`, and print what it is."""
    if (week is None) == (dispute is None):
        given = NOTHING if week is None else week
        raise InvalidValue("--week", given, "or --dispute is what a bundle is about", "give one of the two")
    with opened(db) as journal:
        diary = diary_of(journal, contract)
        made = write_bundle(
            journal,
            diary.contract.id,
            folder,
            week=None if week is None else calendar_week(diary.policy_of(now()), moment_of(week, "--week")),
            dispute=None if dispute is None else entry_id(journal, diary, dispute),
            snapshots=_images(snapshots),
            since=START if since is None else Head.parse(since, "--since"),
        )
    if as_json:
        print_json(
            {
                "folder": str(made.folder),
                "contract": made.contract,
                "week": str(made.week.nominal.date()),
                "dispute": made.dispute,
                "since": str(made.since),
                "head": str(made.head),
                "amount": None if made.closed is None else made.closed.amount,
                "missing": list(made.missing),
                "digest": made.digest,
            }
        )
        return
    for line in _lines(made):
        say(line)


def _images(folder: str | None) -> Callable[[str], bytes] | None:
    if folder is None:
        return None
    from workdiary.cli.images import image_files

    return image_files(folder).get


def _lines(made: Bundle) -> list[str]:
    about = "" if made.dispute is None else f", dispute {made.dispute}"
    bill = "not closed yet" if made.closed is None else f"billed {made.closed.amount}"
    missing = [f"{len(made.missing)} of its snapshots could not be had."] if made.missing else []
    return [
        f"Wrote {made.folder}: contract {made.contract}, week of {made.week.nominal.date()}{about}, {bill}.",
        *missing,
        f"Anyone can check it with: python {made.folder}/verify.py",
        f"Its digest: {made.digest}",
    ]
