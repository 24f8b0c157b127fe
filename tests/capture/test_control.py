"""The local socket: who may use it, what it survives, and how a stale one is replaced."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Semaphore
from typing import Any

import pytest

from tests.capture.stage import WEDNESDAY, staged
from tests.capture.xserver import until
from workdiary.capture.control import _AT_ONCE, LARGEST, NAME, Server, _line, ask, user_of
from workdiary.capture.live import LiveEngine
from workdiary.errors import DocumentError, InvalidValue, StoreError


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as made:
        Path(made).chmod(0o700)
        yield Path(made)


@contextmanager
def served(folder: Path, answer: Any = lambda request: {"heard": request}) -> Iterator[Server]:
    server = Server(folder, answer)
    server.begin()
    try:
        yield server
    finally:
        server.close()


def raw(folder: Path, data: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as other:
        other.settimeout(10)
        other.connect(str(folder / NAME))
        heard = b""
        with suppress(OSError):  # it may be refused already
            other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        try:
            while part := other.recv(4096):
                heard += part
        except ConnectionResetError:
            pass  # it was too much, and nobody reads on
        return heard


def test_a_question_is_answered(folder: Path) -> None:
    with served(folder):
        assert ask(folder, {"do": "status", "memo": "Grüße"}) == {
            "ok": True,
            "heard": {"do": "status", "memo": "Grüße"},
        }


def test_only_the_user_can_reach_it(folder: Path) -> None:
    before = os.umask(0)
    try:
        with served(folder):
            assert stat.S_IMODE((folder / NAME).lstat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_the_other_side_is_asked_who_it_is() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert user_of(one) in (os.geteuid(), None)


def test_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(folder):
        monkeypatch.setattr("workdiary.capture.control.user_of", lambda _: os.geteuid() + 1)
        assert b"another user's" in raw(folder, b'{"do": "status"}\n')
        with pytest.raises(StoreError, match="another user's"):
            ask(folder, {"do": "status"})


@pytest.mark.parametrize(
    "nonsense",
    [b"", b"\n", b"[]\n", b"{\n", b"\xff\xfe\n", b"[" * 60_000 + b"\n", b"no end", b"x" * (LARGEST + 10) + b"\n"],
)
def test_nonsense_is_answered_or_dropped_and_the_next_one_is_served(folder: Path, nonsense: bytes) -> None:
    with served(folder):
        said = raw(folder, nonsense)
        assert said == b"" or "error" in json.loads(said)
        assert ask(folder, {"do": "status"})["ok"]


def test_what_goes_wrong_inside_is_said_and_the_next_one_is_served(folder: Path) -> None:
    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "bug":
            raise ZeroDivisionError("inside")
        if request["do"] == "refuse":
            raise InvalidValue("contract", "c-9", "has no diary here", "choose one of: c-1")
        return {}

    with served(folder, answer):
        with pytest.raises(DocumentError, match="ZeroDivisionError"):
            ask(folder, {"do": "bug"})
        with pytest.raises(DocumentError, match="choose one of: c-1"):
            ask(folder, {"do": "refuse"})
        assert ask(folder, {"do": "fine"}) == {"ok": True}


def test_without_a_tracker_it_is_said_how_to_start_one(folder: Path) -> None:
    with pytest.raises(StoreError, match=r"python -m workdiary\.capture"):
        ask(folder, {"do": "status"})
    with served(folder):
        pass
    assert not (folder / NAME).exists()


def test_f66_a_stale_socket_of_a_killed_tracker_is_replaced(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(folder / NAME))
    with pytest.raises(StoreError, match="no running tracker"):
        ask(folder, {"do": "status"})
    with served(folder):
        assert ask(folder, {"do": "status"})["ok"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_t11_what_is_no_socket_is_neither_used_nor_removed(folder: Path, kind: str) -> None:
    target = folder / "target"
    target.write_text("precious")
    if kind == "file":
        (folder / NAME).write_text("precious")
    else:
        (folder / NAME).symlink_to(target)
    with pytest.raises(StoreError, match="no socket of yours"):
        Server(folder, lambda _: {})
    with pytest.raises(StoreError, match="no socket of yours"):
        ask(folder, {"do": "status"})
    assert target.read_text() == "precious"


def test_a_long_path_is_no_obstacle_on_linux(folder: Path) -> None:
    deep = folder / ("a" * 120)
    deep.mkdir(mode=0o700)
    if not Path("/proc/self/fd").is_dir():
        with pytest.raises(StoreError, match="longer"):
            Server(deep, lambda _: {})
        return
    with served(deep):
        assert ask(deep, {"do": "status"})["ok"]


def test_a_tracker_is_told_everything_over_it(folder: Path) -> None:
    with staged(None, "c-1", "c-2") as stage, served(folder, LiveEngine(stage.runner).asked):
        with pytest.raises(DocumentError, match="choose one of: c-1, c-2"):
            ask(folder, {"do": "start"})
        running = ask(folder, {"do": "start", "contract": "c-1", "memo": "First"})["running"]
        assert (running["contract"], running["memo"]) == ("c-1", "First")
        with pytest.raises(DocumentError, match="already"):
            ask(folder, {"do": "start", "contract": "c-1"})
        stage.work(60)
        assert ask(folder, {"do": "memo", "memo": "Second"})["running"]["memo"] == "Second"
        assert ask(folder, {"do": "label", "label": "Code"})["running"]["label"] == "Code"
        assert ask(folder, {"do": "status"})["running"]["seconds"] == 60
        assert ask(folder, {"do": "switch", "contract": "c-2"})["running"]["contract"] == "c-2"
        assert ask(folder, {"do": "stop"})["running"] is None
        with pytest.raises(DocumentError, match="switched off"):
            ask(folder, {"do": "memo", "memo": "Third"})
        with pytest.raises(DocumentError, match="known: start"):
            ask(folder, {"do": "dance"})


def test_a_segment_is_deleted_over_it(folder: Path) -> None:
    with staged() as stage, served(folder, LiveEngine(stage.runner).asked):
        ask(folder, {"do": "start"})
        stage.work(610)
        (waiting,) = ask(folder, {"do": "status"})["waiting"]
        assert waiting["segment"] == "2026-11-18T09:00:00Z"
        assert ask(folder, {"do": "delete", "contract": "c-1", "at": waiting["segment"]})["waiting"] == []
        with pytest.raises(DocumentError, match="no segment"):
            ask(folder, {"do": "delete", "contract": "c-1", "at": "2026-11-18T07:00:00Z"})
        stage.work(100)
        assert stage.recorded() == []
        assert stage.clocks.now > WEDNESDAY


def test_a_month_of_waiting_segments_fits_into_an_answer(folder: Path) -> None:
    month = [{"slot": slot, "memo": "Fix the login form" * 4} for slot in range(30 * 144)]
    with served(folder, lambda _: {"waiting": month}):
        assert ask(folder, {"do": "status"}) == {"ok": True, "waiting": month}


def test_who_is_silent_holds_up_no_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workdiary.capture.control._PATIENCE", 60.0)
    server = Server(folder, lambda _: {})
    server.begin()
    with socket.socket(socket.AF_UNIX) as silent:
        silent.settimeout(30)
        silent.connect(str(folder / NAME))
        until(lambda: server._open, "the silent one to be heard")
        assert server.close()
        assert not server._thread.is_alive()
        with suppress(ConnectionResetError):
            assert b"ok" not in silent.recv(4096)


def test_guests_that_hang_are_waited_for_two_seconds_in_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, waits = [0.0], []

    class Hanging:
        def join(self, timeout: float) -> None:
            waits.append(timeout)
            now[0] += min(timeout, 1.5)

    monkeypatch.setattr("workdiary.capture.control.monotonic", lambda: now[0])
    server = Server(folder, lambda _: {})
    server.begin()
    with ExitStack() as stack:
        for _ in range(8):
            guest = stack.enter_context(socket.socket(socket.AF_UNIX))
            server._open[guest] = Hanging()  # type: ignore[assignment]  # all that is used of a thread
        assert not server.close()
    assert waits == [2.0, 0.5, 0, 0, 0, 0, 0, 0]
    assert not (folder / NAME).exists()


def _hears(server: Server, number: int) -> bool:
    return len(server._open) == number


def test_who_is_silent_holds_up_nobody_else(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workdiary.capture.control._PATIENCE", 60.0)
    with served(folder) as server, ExitStack() as stack:
        for number in range(1, _AT_ONCE):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(folder / NAME))
            until(partial(_hears, server, number), "the silent one to be heard")
        assert ask(folder, {"do": "status"}, timeout=30)["heard"] == {"do": "status"}


def test_whoever_comes_while_all_places_are_taken_waits_for_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workdiary.capture.control._PATIENCE", 60.0)
    with served(folder) as server, ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        silent = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(_AT_ONCE)]
        for number, one in enumerate(silent, 1):
            one.connect(str(folder / NAME))
            until(partial(_hears, server, number), "the silent one to be heard")
        waits = pool.submit(ask, folder, {"do": "status"}, timeout=60)
        silent[0].close()
        assert waits.result()["heard"] == {"do": "status"}


def test_one_that_hangs_holds_up_no_other(folder: Path) -> None:
    began, goes_on = Event(), Event()

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "hang":
            began.set()
            goes_on.wait(60)
        return request

    with served(folder, answer), ThreadPoolExecutor(8) as pool:
        hangs = pool.submit(ask, folder, {"do": "hang"}, timeout=60)
        assert began.wait(60)
        answers = [*pool.map(lambda n: ask(folder, {"do": n})["do"], range(64))]
        assert not hangs.done()
        goes_on.set()
        assert hangs.result()["do"] == "hang"
    assert answers == [*range(64)]


def test_whoever_comes_while_all_places_hang_is_told_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, goes_on = Semaphore(0), Event()

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "hang":
            hanging.release()
            goes_on.wait(60)
        return request

    with served(folder, answer), ThreadPoolExecutor(_AT_ONCE) as pool:
        hangs = [pool.submit(ask, folder, {"do": "hang"}, timeout=60) for _ in range(_AT_ONCE)]
        for _ in hangs:
            assert hanging.acquire(timeout=60)
        monkeypatch.setattr("workdiary.capture.control._PATIENCE", 0.001)
        for _ in range(3):
            with pytest.raises(DocumentError, match="hears 16 at once"):
                ask(folder, {"do": "status"}, timeout=60)
        monkeypatch.undo()
        goes_on.set()
        assert all(one.result()["do"] == "hang" for one in hangs)
        assert ask(folder, {"do": "status"}, timeout=60)["do"] == "status"


def test_a_tracker_whose_diary_hangs_is_told_what_needs_no_diary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging, goes_on = Semaphore(0), Event()

    def hangs(*_: object) -> None:
        hanging.release()
        goes_on.wait(60)
        raise StoreError("diary.db", "", "cannot be reached", "try again")

    with staged() as stage, served(folder, LiveEngine(stage.runner).asked), ThreadPoolExecutor(3) as pool:
        ask(folder, {"do": "start"})
        stage.work(610)
        segment = {"contract": "c-1", "at": "2026-11-18T09:00:00Z"}
        monkeypatch.setattr("workdiary.capture.live.Diary", hangs)
        monkeypatch.setattr(stage.sender, "look", hangs)
        asked = [
            pool.submit(ask, folder, request, timeout=60)
            for request in (
                {"do": "price", **segment},
                {"do": "delete", **segment},
                {"do": "switch", "contract": "c-9"},  # of which nothing is known yet
            )
        ]
        for _ in asked:
            assert hanging.acquire(timeout=60)
        assert ask(folder, {"do": "memo", "memo": "On and on"})["running"]["memo"] == "On and on"
        assert ask(folder, {"do": "status"})["running"]["contract"] == "c-1"
        stage.work(1)
        assert ask(folder, {"do": "stop"})["running"] is None
        assert not any(one.done() for one in asked)
        goes_on.set()
        assert asked[0].result()["costs"] is None
        assert asked[1].result()["waiting"] == []
        with pytest.raises(DocumentError, match="cannot be reached"):
            asked[2].result()
        assert not hanging.acquire(blocking=False)  # and the loop itself has asked nothing


def test_of_two_starts_at_once_the_second_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with staged(None, "c-1", "c-2") as stage, served(folder, LiveEngine(stage.runner).asked):

        def meanwhile(*_: object) -> None:
            monkeypatch.undo()
            ask(folder, {"do": "start", "contract": "c-2"})

        monkeypatch.setattr("workdiary.capture.runner.look_again", meanwhile)
        with pytest.raises(DocumentError, match=r"c-2.*already"):
            ask(folder, {"do": "start", "contract": "c-1"})
        assert ask(folder, {"do": "status"})["running"]["contract"] == "c-2"


def test_f10_without_a_thread_to_be_had_everybody_is_served_in_turn(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_to_be_had(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with served(folder):
        monkeypatch.setattr("threading.Thread.start", none_to_be_had)
        assert [ask(folder, {"do": n})["heard"] for n in range(3)] == [{"do": n} for n in range(3)]


def test_who_drips_is_not_heard_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.4, 0.8, 1.2])
    monkeypatch.setattr("workdiary.capture.control.monotonic", lambda: next(clock))
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        received = iter([b"{", b'"', b"d"])

        class Dripping:
            def settimeout(self, _: float) -> None: ...
            def recv(self, _: int) -> bytes:
                return next(received)

        with pytest.raises(TimeoutError):
            _line(Dripping(), within=1.0)  # type: ignore[arg-type]  # all that is used of a socket
        assert next(received) == b"d"


def test_without_a_free_descriptor_it_rests_instead_of_running_in_circles(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workdiary.capture.control._REST", 60.0)
    server = Server(folder, lambda _: {})
    real, tried = server._socket, []

    class Full:
        def accept(self) -> None:
            tried.append(1)
            raise OSError(24, "Too many open files")

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    server._socket = Full()  # type: ignore[assignment]  # it passes on whatever else is asked
    server.begin()
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(str(folder / NAME))
        until(lambda: tried, "a try")
        server.close()
    assert tried == [1]
    assert not server._thread.is_alive()
