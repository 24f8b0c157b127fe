"""What is typed is nowhere: not in a file, a log, a traceback or the memory of the process that counts it."""

from __future__ import annotations

import ast
import secrets
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.xserver import XServer, need_pynput, until, xdotool
from workdiary.capture.machine.inputs import Tally
from workdiary.capture.machine.record import Recorded, count_events

CAPTURE = Path(__file__).parents[2] / "src" / "workdiary" / "capture"
SOURCES = sorted(CAPTURE.rglob("*.py"))

# The source: nothing in it uses the key that a callback is handed.

CALLBACKS = {"on_press", "on_release", "on_click", "on_scroll", "on_move"}
MAY_BE_USED = {"pressed"}
"""Whether a button went down or up; every other argument of a callback says what, or where."""

TELLING = {"char", "vk", "keysym", "keycode", "KeyCode", "from_char", "from_vk", "lookup_string", "keycode_to_keysym"}
TELLING |= {"get_keyboard_mapping", "query_keymap", "GlobalHotKeys", "HotKey", "grab_keyboard"}


def handed_over(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield every expression that is given for a callback: by keyword, or under its name in a dict."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in CALLBACKS:
            yield node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in CALLBACKS:
                    yield value


def parameters(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    given = function.args
    several = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {one.arg for one in several if one is not None}


def leaks(source: str) -> list[str]:
    """Return everything in `source` by which a callback could look at what it is handed."""
    tree = ast.parse(source)
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found = []
    for value in handed_over(tree):
        function = value if isinstance(value, ast.Lambda) else functions.get(getattr(value, "id", ""))
        if function is None:
            found.append(f"line {value.lineno}: the callback is not a function of this file")
            continue
        hidden = parameters(function) - MAY_BE_USED
        body = [function.body] if isinstance(function, ast.Lambda) else function.body
        hidden |= {"locals", "vars", "eval", "exec", "inspect"}
        used = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name)]
        found += [f"line {name.lineno}: the callback uses {name.id}" for name in used if name.id in hidden]
    for node in ast.walk(tree):
        name = getattr(node, "attr", None) or getattr(node, "id", None)
        if isinstance(node, ast.Attribute | ast.Name) and name in TELLING:
            found.append(f"line {node.lineno}: {name} tells which key it was")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in TELLING:
            found.append(f"line {node.lineno}: {node.value!r} tells which key it was")
    return found


def test_the_sources_are_there() -> None:
    assert {"inputs.py", "listeners.py"} <= {path.name for path in SOURCES}
    assert any(list(handed_over(ast.parse(path.read_text()))) for path in SOURCES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CAPTURE)))
def test_b87_no_callback_looks_at_a_key(path: Path) -> None:
    assert leaks(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(key): print(key)\nListener(on_release=f)",
        "def f(key): log.debug('%s', locals())\nListener(on_press=f)",
        "def f(*args): q.put(args)\nlisteners = {'on_release': f}",
        "Listener(on_release=lambda key: seen.append(key))",
        "def f(x, y, button, pressed): keep(button)\nListener(on_click=f)",
        "def f(key=None):\n    def g(): return key\n    g()\nListener(on_release=f)",
        "Listener(on_release=seen.append)",
        "name = event.keysym",
        "name = getattr(key, 'char')",
        "display.keycode_to_keysym(38, 0)",
    ],
)
def test_the_lint_finds_each_way_to_look_at_a_key(source: str) -> None:
    assert leaks(source)


def test_nothing_else_listens_and_the_listeners_log_nothing() -> None:
    for path in SOURCES:
        if path.name != "listeners.py":
            source = path.read_text()
            assert "pynput.keyboard" not in source, path.name
            assert "record_create_context" not in source, path.name
        assert "record_enable_context" not in path.read_text(), "python-xlib would receive the events"
    for name in ("listeners.py", "record.py"):
        names = {getattr(node, "id", "") for node in ast.walk(ast.parse((CAPTURE / "machine" / name).read_text()))}
        assert not names & {"logging", "print", "warnings", "traceback"}


class Spied(bytearray):
    """A buffer that knows which of its bytes were read."""

    read: set[int]

    def __getitem__(self, index: object) -> int:  # type: ignore[override]  # as the code under test reads it
        assert isinstance(index, int)
        self.read.add(index)
        return super().__getitem__(index)


KEY_EVENT, BUTTON_EVENT, PRESS_EVENT = (
    bytes([kind, detail]) + bytes(30) for kind, detail in ((3, 38), (5, 1), (2, 38))
)


def test_of_an_event_of_a_key_the_type_is_read_and_nothing_else() -> None:
    events = Spied(KEY_EVENT + BUTTON_EVENT + PRESS_EVENT)
    events.read = set()
    count_events(events, Tally())
    assert events.read == {0, 32, 33, 64}


def test_b87_of_all_that_comes_in_the_heads_and_the_types_are_read_and_nothing_else() -> None:
    """Two replies: 32 bytes of head, then events. Of a head: what it is, its category, its length, its byte order."""
    head = bytes([1, 0, 0, 0]) + (24).to_bytes(4, sys.byteorder) + bytes(24)
    came = [head + KEY_EVENT + BUTTON_EVENT + PRESS_EVENT, b""]
    tally, buffer = Tally(), Spied(4096)
    buffer.read = set()

    def receive(room: memoryview) -> int:
        piece = came.pop(0)
        room[: len(piece)] = piece
        return len(piece)

    Recorded(tally, lambda: None, buffer).read(receive)
    assert tally.take() == (1, 1, 0)
    assert buffer.read == {0, 1, 4, 5, 6, 7, 9, 32, 64, 65, 96}


COPIES = {
    "bytes",
    "tobytes",
    "tolist",
    "hex",
    "join",
    "copy",
    "deepcopy",
    "decode",
    "from_bytes",
    "cast",
    "list",
    "tuple",
}
COPIES |= {"recv", "recvmsg", "recvfrom", "makefile", "unpack", "unpack_from", "iter_unpack", "str", "repr", "format"}
"""Whatever makes another object of what is in a buffer."""


def copies(source: str) -> list[str]:
    """Return what in `source` could bring an event out of the buffer: a call of a copier, or a slice of the buffer.

    A slice of a `memoryview` is no copy; the views are called `room` and `zeros`.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
            if name in COPIES:
                found.append(f"line {node.lineno}: {name} makes a copy")
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            if getattr(node.value, "id", None) not in ("room", "zeros"):
                found.append(f"line {node.lineno}: a slice makes a copy")
        elif isinstance(node, ast.JoinedStr):
            found.append(f"line {node.lineno}: a text could have it")
    return found


def test_b87_no_event_is_copied_out_of_the_buffer() -> None:
    assert copies((CAPTURE / "machine" / "record.py").read_text()) == []


@pytest.mark.parametrize(
    "source",
    ["x = bytes(data)", "x = room.tobytes()", "x = buffer[at : at + 32]", "s.recv(9)", "raise E(f'{data[0]}')"],
)
def test_the_lint_finds_each_way_to_copy_an_event(source: str) -> None:
    assert copies(source)


# The process: what is typed while it counts.

CHILD = """
import logging, sys, threading, traceback
logging.basicConfig(level=logging.DEBUG, filename="debug.log")
from workdiary import Activity, Actor, Contract, Facts, Role, Segment, Terms, hours
from workdiary.capture.machine import inputs
from workdiary.capture.machine import listeners
from workdiary.diary.changes import TimeTracked
from workdiary.diary.diary import Diary
from workdiary.model.times import instant
from workdiary.store.sql import SqlJournal
import time

failures = iter(range(3))
def clock():
    # The first inputs meet an error, so that a traceback could tell of them.
    if threading.current_thread().name not in ("MainThread", "workdiary-watchdog") and next(failures, None) is not None:
        raise ValueError("the clock failed")
    return time.monotonic()

watched = inputs.WatchedInputs(getattr(listeners, sys.argv[1]), clock=clock, every=0.2)
watched.start()
total = [0, 0, 0]
canary = ""
for line in sys.stdin:
    command, _, rest = line.strip().partition(" ")
    if command == "canary":
        canary = rest
    elif command == "count":
        total = [had + more for had, more in zip(total, watched.take())]
    elif command == "store":
        start = "2026-11-02T00:00Z"
        contract = Contract(id="c-1", freelancer="ana", client="acme", currency="USD",
            terms=[Terms(since=start, rate="30.00", weekly_limit=hours(1), manual_time_allowed=True)],
            facts=[Facts(since=start, billing_verified=True, good_standing=True, identity_verified=True)])
        with SqlJournal.open("diary.db", clock=lambda: instant("2026-11-18T18:00Z")) as journal:
            platform, ana = Actor(id="platform", role=Role.PLATFORM), Actor(id="ana", role=Role.FREELANCER)
            diary = Diary.open(journal, contract, "upwork", by=platform, id="open c-1")
            activity = Activity.of_minutes([tuple(total)] + [(0, 0, 0)] * 9)
            segment = Segment.tracked("2026-11-18T14:00Z", memo="Fix", activity=activity)
            diary.record(TimeTracked(segments=[segment], made_at=segment.ends_at), by=ana, id="u-1")
        try:
            raise RuntimeError("so that there is a traceback with everything that is in sight")
        except RuntimeError:
            logging.exception("an error")
            error = sys.exc_info()
            print("".join(traceback.TracebackException(*error, capture_locals=True).format()), file=sys.stderr)
            for frame in sys._current_frames().values():
                print(traceback.StackSummary.extract(traceback.walk_stack(frame), capture_locals=True).format(),
                      file=sys.stderr)
    elif command == "end":
        break
    print(total[0], flush=True)
watched.close()
"""

ENCODINGS = ("ascii", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
PIECE, STEP = 8, 4
"""Pieces of eight characters, each four after the one before: chance makes none, and eleven in a row have one."""


def traces_of(text: str, data: bytes) -> int:
    """Return how many pieces of `text` are in `data`, in any encoding."""
    pieces = [text[n : n + PIECE] for n in range(0, len(text) - PIECE + 1, STEP)]
    return sum(piece.encode(encoding) in data for piece in pieces for encoding in ENCODINGS)


def memory_of(pid: int) -> Iterator[bytes]:
    """Yield all the memory of a process but what it has mapped from files and cannot write."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, permissions, *_ = line.split()
            begins, ends = (int(edge, 16) for edge in span.split("-"))
            if not permissions.startswith("rw"):
                continue
            memory.seek(begins)
            yield memory.read(ends - begins)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("listener", ["XListener", "PynputListener"])
def test_b87_a_typed_secret_is_nowhere(xserver: XServer, tmp_path: Path, listener: str) -> None:
    if listener == "PynputListener":
        need_pynput()
    folder = tmp_path / "child"
    folder.mkdir()
    secret = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(24))
    canary = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(24))
    with (folder / "stderr.log").open("wb") as stderr:
        child = subprocess.Popen(
            [sys.executable, "-X", "dev", "-c", CHILD, listener],
            cwd=folder,
            env={**xserver.env, "PYTHONPATH": str(CAPTURE.parents[1])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert child.stdin is not None
    assert child.stdout is not None

    def ask(question: str) -> int:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(question + "\n")
        child.stdin.flush()
        return int(child.stdout.readline())

    with child:
        try:
            assert ask(f"canary {canary}") == 0
            xdotool("type", "--delay", "1", secret)
            until(lambda: ask("count") >= 24, "counting what was typed")
            assert ask("store") == 24
            seen = found = 0
            for part in memory_of(child.pid):
                seen += traces_of(canary, part)
                found += traces_of(secret, part)
            assert seen, "the search does not even find what is there"
            assert found == 0
            child.stdin.write("end\n")
            child.stdin.close()
            assert child.wait(30) == 0
        finally:
            child.kill()
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"diary.db", "debug.log", "stderr.log"} <= {path.name for path in files}
    assert b"the clock failed" not in (folder / "debug.log").read_bytes()
    assert b"ValueError" in (folder / "debug.log").read_bytes()  # one visible error (F11), by its type
    assert b"traceback with everything" in (folder / "stderr.log").read_bytes()
    assert [path.name for path in files if traces_of(secret, path.read_bytes())] == []
    assert traces_of(secret, (xserver.folder / "Xvfb.log").read_bytes()) == 0
