"""How a tracker ends that is put together: nothing is lost, whoever hangs, and nothing is torn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import attrs
import pytest

from tests.capture.stage import WEDNESDAY, Hands, Keys, Painter, a_journal, memory
from workdiary.capture.control import Server, ask
from workdiary.capture.runner import Runner
from workdiary.capture.sender import Sender
from workdiary.capture.session import Machine, Options, _set_up
from workdiary.capture.spool.spool import Spool
from workdiary.errors import StoreBusy, StoreError
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
    is_hanging: bool = False
    hangs: Event = attrs.field(init=False, factory=Event)
    goes_on: Event = attrs.field(init=False, factory=Event)

    def close(self) -> None:
        self.is_closed = True

    def __getattr__(self, name: str) -> Any:
        if self.is_hanging:
            self.hang()
        return getattr(self.journal, name)

    def hang(self, *_: object) -> None:
        """Do not answer until the test says so, and then badly."""
        self.hangs.set()
        self.goes_on.wait(60)
        raise StoreError("diary.db", "", "cannot be reached", "try again")

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


def test_a_socket_that_cannot_be_made_leaves_nobody_at_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    senders: list[Sender] = []

    def refuses(_folder: Path, asked: Any) -> None:
        senders.append(asked.__self__._runner.sender)
        raise StoreError("control", "", "cannot be made", "name another folder")

    monkeypatch.setattr("workdiary.capture.session.Server", refuses)
    with pytest.raises(StoreError, match="cannot be made"), desk.tracker():
        pass
    assert [sender.is_at_work for sender in senders] == [False]
    assert desk.is_closed


def test_in_the_end_everything_is_in_the_diary_which_is_closed(desk: Desk) -> None:
    with desk.tracker() as machine:
        machine.runner.start("c-1")
        desk.work(machine, 600)
    assert desk.is_closed
    assert not any("Not everything" in text for text in desk.said)
    assert "0.17 h tracked" in desk.said[-1]


@pytest.mark.parametrize("lost", ["", "3 changes could not be written"])
def test_a_diary_in_which_the_sender_hangs_is_not_closed_under_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    end = Sender.end
    monkeypatch.setattr(Sender, "end", lambda sender, _: end(sender, 0))
    monkeypatch.setattr(Runner, "lost", lost)
    with pytest.raises(StoreError, match="is lost") if lost else nullcontext(), desk.tracker() as machine:
        machine.runner.start("c-1")
        desk.is_hanging = True
        desk.clocks.pass_by(20)  # so that the contracts are to be looked at again
        machine.sender.wake()
        assert desk.hangs.wait(60)
    assert not desk.is_closed
    assert "Not everything is in the diary yet" in desk.said[-1]
    desk.goes_on.set()
    assert machine.sender._thread is not None
    machine.sender._thread.join(60)


def test_a_diary_in_which_a_guest_hangs_is_not_closed_under_them(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    question = {"do": "price", "contract": "c-1", "at": "2026-11-18T09:00:00Z"}
    monkeypatch.setattr("workdiary.capture.live.Diary", desk.hang)
    with ThreadPoolExecutor(1) as pool:
        with desk.tracker():
            guest = pool.submit(ask, desk.options.folder, question, timeout=60)
            assert desk.hangs.wait(60)
            monkeypatch.setattr("workdiary.capture.control._PATIENCE", 0.001)
        assert not desk.is_closed
        assert not any("Week of" in line for line in desk.said), "nor is it asked for the sums"
        desk.goes_on.set()
        assert guest.result()["costs"] is None
