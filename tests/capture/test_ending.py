"""How a tracker ends that is put together: nothing is lost, whoever hangs, and nothing is torn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest

from tests.capture.stage import WEDNESDAY, Hands, Keys, Painter, a_journal, memory
from workdiary.capture.control import Server
from workdiary.capture.session import Machine, Options, _set_up
from workdiary.capture.spool.spool import Spool
from workdiary.errors import StoreBusy
from workdiary.store.memory import MemoryJournal
from workdiary.store.snapshots import SnapshotFiles


@attrs.define
class Desk:
    """A tracker on this machine, without its screen; its clocks are set by hand, and its diary is in memory."""

    clocks: Hands
    journal: MemoryJournal
    options: Options
    said: list[str]
    is_closed: bool = False

    def close(self) -> None:
        self.is_closed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.journal, name)

    @contextmanager
    def tracker(self) -> Iterator[Machine]:
        with _set_up(self.options, chooses=True) as machine:
            yield machine

    def stretches(self) -> list[tuple[tuple[int, int], ...]]:
        """Return what was tracked, minute by minute, as the folder has it."""
        with Spool(self.options.folder) as spool:
            return [minute.stretches for minute in spool.known().minutes]

    def work(self, machine: Machine, seconds: int) -> None:
        for _ in range(seconds):
            self.clocks.pass_by(1)
            machine.runner.tick()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with TemporaryDirectory(dir=memory()) as place:
        folder = Path(place)
        clocks, files, said = Hands(), SnapshotFiles(folder / "pictures"), list[str]()
        options = Options(folder=folder / "tracker", say=said.append)
        made = Desk(clocks, a_journal(lambda: clocks.wall / 1000), options, said)
        here = "workdiary.capture.session."
        monkeypatch.setattr(here + "open_journal", lambda _: made)
        monkeypatch.setattr(here + "one_per_desktop", Keys)  # all that is asked of it is to close
        monkeypatch.setattr(here + "_own_clocks", lambda: clocks)
        monkeypatch.setattr(here + "_own_inputs", Keys)
        monkeypatch.setattr(here + "_files", lambda _: files)
        monkeypatch.setattr(here + "_camera", lambda files, _, announce: Painter(files, announce))
        yield made


def test_guests_who_hang_when_it_ends_cost_no_second(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    close = Server.close

    def hangs(server: Server) -> None:
        desk.clocks.pass_by(16)  # more than a gap that is credited
        close(server)

    monkeypatch.setattr(Server, "close", hangs)
    with desk.tracker() as machine:
        machine.runner.start("c-1")
        desk.work(machine, 58)
        desk.clocks.pass_by(1)
    assert desk.stretches() == [((WEDNESDAY, WEDNESDAY + 59),)]


def test_who_asks_for_a_start_while_it_ends_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    close, refused = Server.close, list[StoreBusy]()

    def late(server: Server) -> None:
        with pytest.raises(StoreBusy, match="is ending") as error:
            runner.start("c-1")
        refused.append(error.value)
        close(server)

    monkeypatch.setattr(Server, "close", late)
    with desk.tracker() as machine:
        runner = machine.runner
    assert len(refused) == 1
    assert desk.stretches() == []
