"""``python -m workdiary.capture``: the tracker."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Final

from workdiary.errors import WorkdiaryError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tracker's command line with `arguments`, those of the process for `None`; return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # What a terminal cannot show must not end what is tracked.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    # What runs for days does without the library that reads the options of all the other commands: 7 MB less.
    plain = _plain_options(given)
    if plain is not None:
        from workdiary.capture.session import track_headless

        try:
            track_headless(plain)
        except WorkdiaryError as error:
            print(f"workdiary.capture: {error}", file=sys.stderr)  # noqa: T201 - the command line prints
            return 2
        except KeyboardInterrupt:
            return 130
        return 0
    try:
        import typer
    except ImportError:
        print('workdiary.capture: typer is not installed; pip install "workdiary[capture]"', file=sys.stderr)  # noqa: T201
        return 2
    from workdiary.capture.commands import app

    # Typer brings its own copy of click's exceptions, or uses click's: what comes first after Exception is their root.
    line = typer.BadParameter.__mro__
    usage: type[Exception] = line[line.index(Exception) - 1]
    try:
        status = app(given, prog_name="python -m workdiary.capture", standalone_mode=False)
    except WorkdiaryError as error:
        print(f"workdiary.capture: {error}", file=sys.stderr)  # noqa: T201 - the command line prints
        return 2
    except usage as error:
        words = str(getattr(error, "format_message", error.__str__)()).strip().rstrip(".")
        print(f"workdiary.capture: {words}; see python -m workdiary.capture --help", file=sys.stderr)  # noqa: T201
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130
    return status if isinstance(status, int) else 0


_WITH_VALUE: Final = ("--contract", "--db", "--for", "--memo", "--label", "--folder", "--hold", "--idle", "--snapshots")


def _plain_options(given: Sequence[str]) -> dict[str, str] | None:
    """Return the options of a plain ``--headless`` run by name, `None` for everything else."""
    found: dict[str, str] = {}
    rest = iter(given)
    for option in rest:
        value = "yes" if option in ("--headless", "--consent") else next(rest, None) if option in _WITH_VALUE else None
        if value is None:
            return None
        found[option] = value
    return found if "--headless" in found else None


if __name__ == "__main__":
    sys.exit(main())
