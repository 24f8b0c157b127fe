"""The whole program as a group of commands: every error is one sentence on standard error, and exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
import typer.core

from workdiary.errors import WorkdiaryError

__all__ = ["OneSentence", "group_help", "new_group"]


class OneSentence(typer.core.TyperGroup):
    """The whole program: every error is one sentence on standard error, and exit status 2."""

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> NoReturn:
        """Run a command with `args` and leave the process with its exit status."""
        for stream in (sys.stdout, sys.stderr):
            # A memo must not stop the page on a terminal that lacks a letter.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        options["standalone_mode"] = False
        given = list(sys.argv[1:] if args is None else args)
        try:
            status = super().main(given, *rest, **options)
            sys.stdout.flush()
        except WorkdiaryError as error:
            _fail(error, as_json="--json" in given)
        except _usage_error() as error:
            _fail(_usage(error, self._named(given)), as_json=False)
        except BrokenPipeError:
            raise  # whoever read along has seen enough, and nothing more can be said there
        except OSError as error:
            _fail(f"{error.filename or 'standard output'}: {error.strerror or error}", as_json="--json" in given)
        except (typer.Abort, KeyboardInterrupt):
            sys.exit(130)
        sys.exit(status if isinstance(status, int) else 0)

    def _named(self, given: Sequence[str]) -> str:
        """Return the command that `given` asks for, as its help is called."""
        words, commands = ["workdiary"], self.commands
        for word in given:
            if word not in commands:
                break
            words.append(word)
            commands = getattr(commands[word], "commands", {})
        return " ".join(words)


def _usage_error() -> type[Exception]:
    # Typer brings its own copy of click's exceptions, or uses click's: their root is what comes first
    # after Exception among the ancestors of either's.
    line = typer.BadParameter.__mro__
    return line[line.index(Exception) - 1]


def _usage(error: Exception, command: str) -> str:
    message = str(getattr(error, "format_message", error.__str__)()).strip().rstrip(".")
    words = " ".join(message.split())
    return f"{words} See {command} --help" if words.endswith("?") else f"{words}; see {command} --help"


def _fail(error: WorkdiaryError | str, *, as_json: bool) -> NoReturn:
    from workdiary.cli.text import safe

    several = error.each if isinstance(error, WorkdiaryError) else ()
    if as_json:
        from workdiary.cli.results import print_json

        print_json({"error": str(error), "problems": [str(single) for single in several] or [str(error)]})
    words = safe(str(several[0] if several else error))
    more = len(several) - 1
    if more > 0:
        words += f" (and {more} more problem{'s' * (more > 1)}; --json lists them all)"
    print(f"workdiary: {words}", file=sys.stderr)
    sys.exit(2)


def group_help(context: typer.Context) -> None:
    """Print the help of a group that was called without a command."""
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


def new_group(words: str) -> typer.Typer:
    """Return a group of commands that prints its help, which is `words`, when it is called alone."""
    group = typer.Typer(rich_markup_mode=None, help=words)
    group.callback(invoke_without_command=True)(group_help)
    return group
