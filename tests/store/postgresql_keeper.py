"""The keeper of a PostgreSQL server for tests: its parent process, which outlives nobody.

It does what it reads from its standard input, a word a line, and answers ``done`` or what went wrong.
When the input ends, because the tests have ended or were killed, it ends the server and removes its
folder. Run as a script with the bare interpreter: it imports nothing but the standard library.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

PATIENCE: Final = 60.0
"""How long the server may take to start, in seconds."""

_SETTINGS: Final = {
    # The machine is not going to lose its power: a test that is about durability cuts it by other means.
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
    # Something else than UTC, so that nobody relies on it.
    "timezone": "Asia/Kathmandu",
}


def environment() -> dict[str, str]:
    """Return this process's environment without anything that PostgreSQL listens to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG", "TZ"))}
    return {**kept, "LC_ALL": "C"}


class _Keeper:
    """The parent of the server: does what it reads from standard input, and ends the server when that ends."""

    def __init__(self, program: str, folder: str, user: str) -> None:
        self.folder = Path(folder)
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        data = self.folder / "data"
        self.command = [program, "-D", str(data), "-k", folder, *settings]
        self.pid_file = data / "postmaster.pid"
        self.owner: dict[str, Any] = {}
        if user:
            import pwd

            self.owner = {"user": int(user), "group": pwd.getpwuid(int(user)).pw_gid, "extra_groups": []}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=environment(),
                **self.owner,
            )
        end = monotonic() + PATIENCE
        while not self._is_ready():
            if self.process.poll() is not None or monotonic() > end:
                return (self.folder / "log").read_text(errors="replace")[-500:].replace("\n", " ")
            sleep(0.01)
        return "done"

    def _is_ready(self) -> bool:
        # The file's first line is the process, and its last one becomes "ready" when clients may come.
        try:
            lines = self.pid_file.read_text().split()
        except OSError:
            return False
        return self.process is not None and lines[:1] == [str(self.process.pid)] and lines[-1] == "ready"

    def end(self, how: signal.Signals) -> str:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None
        return "done"

    def run(self) -> None:
        try:
            for line in sys.stdin:
                answer = self.start() if line.strip() == "start" else self.end(signal.SIGQUIT)
                print(answer, flush=True)  # noqa: T201 - the answer
        finally:
            # Nothing in there is needed any more: end it the fast way.
            self.end(signal.SIGQUIT)
            shutil.rmtree(self.folder, ignore_errors=True)


if __name__ == "__main__":
    _Keeper(*sys.argv[1:]).run()
