"""The commands. Each imports what it needs when it runs, so that none pays for another."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from workdiary.cli import contracts, edits, money, receiving, safety
from workdiary.cli.options import AsJson, Book, ContractId, Db, PolicyName, WeekOf
from workdiary.cli.program import OneSentence, group_help, new_group
from workdiary.errors import InvalidValue

__all__ = ["app"]


app = typer.Typer(
    cls=OneSentence,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="What a work diary says: which segments are billed, which are protected, what the week costs, and why.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"workdiary {version('workdiary')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _workdiary(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version  # its callback has answered
    group_help(context)


@app.command()
def statement(
    diary: Book = None,
    week: WeekOf = None,
    contract: ContractId = None,
    policy: PolicyName = None,
    zone: Annotated[
        str,
        typer.Option(
            metavar="mine|UTC|NAME",
            show_default=False,
            help="The zone in which days and instants are shown; mine is this machine's. Default: UTC.",
        ),
    ] = "UTC",
    at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Say what is still worth doing at this instant.")
    ] = None,
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Print week statements: hours, bill, protection.

    Hours by status, the bill, what is protected of it and why the rest is not, the calendar. One week is
    printed in full, several as a table with a line a week. Without --week these are all weeks of the diary.
    """
    from workdiary.cli.books import books_of
    from workdiary.cli.files import moment_of, statements_of, zone_of
    from workdiary.model.times import moment

    shown, now = zone_of(zone), None if at is None else moment(at, "--at")
    with books_of(diary, db, contract=contract, policy=policy) as books:
        if week is not None:
            weeks = [[single] for single in statements_of(books, moment_of(week, "--week"))]
        else:
            weeks = [list(book.statements()) for book in books]
    in_full = all(len(found) <= 1 for found in weeks)
    if json:
        from workdiary.cli.results import full, print_json, summary

        flat = [single for found in weeks for single in found]
        print_json({"statements": [full(single, shown, now) if in_full else summary(single) for single in flat]})
        return
    from workdiary.cli.statement import print_statement, print_weeks
    from workdiary.cli.text import safe

    if not any(weeks):
        print("nothing is recorded in this diary")
    elif in_full:
        from workdiary.cli.screen import make_console, put
        from workdiary.cli.show import print_title

        console = make_console()
        for found in weeks:
            for single in found:
                print_title(console, single, shown)
                print_statement(console, single, shown, now)
                put(console, "")
    else:
        for found in weeks:
            print_weeks(found)
    if any(weeks) and week is None:
        for book, found in zip(books, weeks, strict=True):
            if not found:
                print(f"Contract {safe(book.contract.id)}: nothing is recorded")


@app.command()
def show(
    diary: Book = None,
    day: Annotated[str | None, typer.Option(metavar="DATE", help="Only this local day.")] = None,
    week: WeekOf = None,
    contract: ContractId = None,
    policy: PolicyName = None,
    zone: Annotated[
        str,
        typer.Option(
            metavar="mine|UTC|NAME",
            show_default=False,
            help="The zone of the page; mine is this machine's. Default: mine.",
        ),
    ] = "mine",
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Print the diary's page, hour by hour.

    Each row has six segments with their memos, activity, snapshots and protection. Without --day and --week
    this is the diary's latest week.
    """
    from workdiary.cli.books import books_of
    from workdiary.cli.files import date_of, moment_of, zone_of
    from workdiary.cli.page import print_page, read_page

    if day is not None and week is not None:
        raise InvalidValue("--day", day, "is given together with --week", "give one of them")
    shown = zone_of(zone)
    wanted = None if day is None else date_of(day, "--day")
    around = None if week is None else moment_of(week, "--week")
    with books_of(diary, db, contract=contract, policy=policy) as books:
        page = read_page(books, day=wanted, week=around, zone=shown)
    if json:
        from workdiary.cli.results import print_json

        print_json(page.plain())
        return
    from workdiary.cli.screen import make_console

    print_page(make_console(), page)


@app.command()
def why(
    segment: Annotated[str, typer.Argument(metavar="SEGMENT", help="The instant at which the segment starts.")],
    diary: Book = None,
    contract: ContractId = None,
    policy: PolicyName = None,
    zone: Annotated[
        str,
        typer.Option(
            metavar="mine|UTC|NAME",
            show_default=False,
            help="Say the segment's time in this zone too; mine is this machine's. Default: UTC.",
        ),
    ] = "UTC",
    db: Db = None,
    json: AsJson = False,
) -> None:
    """Explain one segment, rule by rule.

    Its status, its price, its protection, and until when it can be changed or disputed.
    """
    from workdiary.cli.books import books_of
    from workdiary.cli.files import statements_of, zone_of
    from workdiary.model.times import slot_at, slot_start

    shown = zone_of(zone)
    slot = slot_at(segment, "SEGMENT")
    with books_of(diary, db, contract=contract, policy=policy) as books:
        found = statements_of(books, slot_start(slot))
    # Where one contract has recorded it, the others have nothing to say.
    found = tuple(one for one in found if slot in one.sheet.worked) or found
    if json:
        from workdiary.cli.results import print_json
        from workdiary.cli.why import plain_why

        print_json({"segments": [plain_why(one, slot, shown) for one in found]})
        return
    from workdiary.cli.screen import make_console
    from workdiary.cli.why import print_why

    console = make_console()
    for one in found:
        print_why(console, one, slot, shown)


# A diary in a database, in the order of a life: made, filled, changed, billed, disputed, looked after.
app.command()(safety.init)
app.add_typer(contracts.contract, name="contract")
app.command()(edits.add)
app.command()(edits.memo)
app.command()(edits.label)
app.command()(edits.delete)
app.command()(receiving.ingest)
app.add_typer(receiving.quarantine, name="quarantine")
app.command()(money.close)
app.command()(money.dispute)
app.command()(money.claim)
app.command()(money.resolve)
app.command()(safety.log)
app.command()(safety.verify)
app.command()(safety.bundle)
app.command()(safety.backup)
app.command()(safety.restore)
app.command()(safety.doctor)


@app.command()
def policies(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A preset, or a policy's TOML file.")] = None,
    diff: Annotated[
        str | None, typer.Option(metavar="OTHER", help="Say how this policy differs, a preset or a TOML file.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="As the rules stood at this date or instant.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List the policies, show one, or compare two.

    One is shown with the source and the date of every rule; of two it is said in words where they differ.
    """
    from workdiary.cli import policy as show_policy

    if name is None:
        if diff is not None:
            raise InvalidValue("--diff", diff, "is given without a policy to compare", "write NAME before it")
        show_policy.print_names(as_json=json)
    elif diff is None:
        show_policy.print_policy(name, at, as_json=json)
    else:
        show_policy.print_diff(name, diff, at, as_json=json)


imports = new_group("Import other people's files.")
app.add_typer(imports, name="import")


@imports.command()
def upwork(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="Answers of Upwork's work diary, as JSON.")],
    contracts: Annotated[
        str, typer.Option(metavar="CONTRACTS.json", help="The contracts, which the files do not hold.")
    ],
    out: Annotated[
        str | None, typer.Option(metavar="DIARY", help="Write the diary to this file; - is standard output.")
    ] = None,
    contract: Annotated[
        str | None, typer.Option(metavar="ID", help="The contract of the files that do not name theirs.")
    ] = None,
    scale: Annotated[
        int | None, typer.Option(metavar="10|100", help="The highest activityLevel, where you know it.")
    ] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Take the good part of bad files.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace DIARY when it exists.")] = False,
    json: AsJson = False,
) -> None:
    """Import Upwork's work diary, in any of its shapes.

    Says what was taken, what had to be assumed, and what was left over. Nothing is written without --out.
    """
    from workdiary.cli.importing import import_files

    import_files(
        files, contracts, out=out, contract=contract, scale=scale, partial=partial, replace=replace, as_json=json
    )


@app.command()
def evaluate() -> None:
    """Answer cases from standard input.

    A case is one JSON object a line, and so is its result on standard output. It needs no extra.
    """
    from workdiary.formats.evaluate import run

    raise typer.Exit(run(sys.stdin.buffer, sys.stdout))


vectors = new_group("The rulebook as cases with their results.")
app.add_typer(vectors, name="vectors")


@vectors.command()
def check(
    command: Annotated[
        str, typer.Option(metavar="CMD", help='The program to check, such as "python -m workdiary evaluate".')
    ],
    timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", show_default=False, help="End the program after this long. Default: 60."),
    ] = 60.0,
    all_: Annotated[bool, typer.Option("--all", help="Print every failure, not only the first 20.")] = False,
    json: AsJson = False,
) -> None:
    """Check a program against the vectors.

    The program speaks the protocol of workdiary evaluate; the exit status is 1 when a vector fails.
    """
    from workdiary.cli.checking import check_command

    raise typer.Exit(check_command(command, timeout, whole=all_, as_json=json))


@vectors.command(name="list")
def list_(json: AsJson = False) -> None:
    """List the vectors with their rules."""
    from workdiary.cli.checking import list_vectors

    list_vectors(as_json=json)
