"""The command line (extra ``cli``): ``workdiary statement``, ``show``, ``why``, ``policies``, ``import`` and more."""

from __future__ import annotations

from collections.abc import Sequence

from workdiary.errors import MissingExtra

__all__ = ["run_cli"]


def run_cli(arguments: Sequence[str]) -> int:
    """Run ``workdiary`` with `arguments` and return its exit status: 0, 1 for failed vectors, 2 for an error.

    Prints to standard output, and each error as one sentence to standard error. Raises `MissingExtra`
    when Typer or rich is not installed.
    """
    try:
        import rich
        import typer
    except ImportError as error:
        raise MissingExtra(
            "workdiary", error.name or "typer", "is not installed", 'pip install "workdiary[cli]"'
        ) from None
    del rich, typer
    from workdiary.cli.app import app

    try:
        app(args=list(arguments), prog_name="workdiary")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
