"""The doctor: what each check says of a machine, the exit status, and that nothing is changed by looking."""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest

from tests.capture.xserver import XServer, xdotool
from workdiary.capture.__main__ import main
from workdiary.capture.control import Server
from workdiary.capture.doctor import books, machine
from workdiary.capture.doctor import command as doctor
from workdiary.capture.doctor.findings import Finding, Level, plain, shown, summary
from workdiary.capture.machine.ports import Picture
from workdiary.capture.notice import NOTICE
from workdiary.capture.spool.chain import row_digest, seal
from workdiary.capture.spool.kept import SCHEMA
from workdiary.diary.changes import CaptureConsented
from workdiary.diary.diary import Diary
from workdiary.errors import NOTHING, InvalidValue, StoreBusy
from workdiary.model.activity import Counts
from workdiary.model.contract import Actor, Contract, Role, Terms
from workdiary.model.money import hours
from workdiary.model.times import Instant, instant
from workdiary.store.memory import MemoryJournal
from workdiary.store.sql import SqlJournal

MIB = 1024**2
NOON = int(instant("2026-11-18T12:00:00Z"))


class Heard:
    """Inputs that count what the test says, one `take` after another."""

    def __init__(self, counts: Iterable[Counts | None] = (), error: InvalidValue | None = None):
        self.counts, self.error, self.is_closed = [*counts], error, False

    def start(self) -> None:
        if self.error is not None:
            raise self.error

    def take(self) -> Counts | None:
        return self.counts.pop(0) if self.counts else (0, 0, 0)

    def idle(self) -> int | None:
        return None

    def locked(self) -> bool:
        return False

    def unsure(self) -> int:
        return 0

    def close(self) -> None:
        self.is_closed = True


def asked(heard: Heard, seconds: float | None = 20) -> tuple[Finding, list[str]]:
    now = [0.0]
    said: list[str] = []

    def pause(length: float) -> None:
        now[0] += length

    found = machine.counts(lambda: heard, seconds=seconds, say=said.append, clock=lambda: now[0], pause=pause)
    return found, said


def contract_of(id: str = "c-1") -> Contract:
    terms = Terms(since="2026-11-02T00:00Z", rate="30.00", weekly_limit=hours(40))
    return Contract(id=id, freelancer="ana", client="acme", currency="USD", terms=[terms])


def run(*arguments: str) -> int:
    """Run the command, and return the exit status of the process that it would have been."""
    try:
        return main(["doctor", *arguments])
    except SystemExit as ended:
        return int(ended.code or 0)


# Counts.


def test_a_key_and_a_click_that_arrive_are_well() -> None:
    heard = Heard([(9, 0, 0), (0, 0, 0), (1, 0, 0), (0, 0, 0), (0, 2, 0)])
    found, said = asked(heard)
    # The nine were there before it asked, such as the return key that has started it.
    assert (found.level, found.what) == (Level.OK, "They arrive: 1 keystroke, 2 clicks.")
    assert said == ["Press and release a key, then click somewhere, within 20 seconds."]
    assert heard.is_closed


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([], "Neither a key nor a click"),
        ([(0, 0, 0), (3, 0, 0)], "No click"),
        ([(0, 0, 0), (0, 1, 0)], "No key"),
    ],
)
def test_counts_that_do_not_arrive_are_a_problem(counts: list[Counts | None], words: str) -> None:
    heard = Heard(counts)
    found, _ = asked(heard)
    assert found.level is Level.PROBLEM
    assert words in found.what
    assert found.do
    assert heard.is_closed


def test_capture_that_is_lost_while_it_waits_is_a_problem() -> None:
    found, _ = asked(Heard([(0, 0, 0), None]))
    assert (found.level, found.what) == (Level.PROBLEM, "Capture was lost while it waited: nobody counts.")


def test_nobody_is_asked_unless_it_is_wanted() -> None:
    found, said = asked(Heard(), seconds=None)
    assert (found.level, said) == (Level.OK, [])


def test_a_system_that_does_not_let_it_listen_is_a_problem_with_its_remedy() -> None:
    error = InvalidValue("permission", "Input Monitoring", "is not granted to this program", "allow it")
    found, _ = asked(Heard(error=error))
    assert (found.level, found.do) == (Level.PROBLEM, "Allow it.")
    assert found.what == "permission Input Monitoring is not granted to this program."


@pytest.mark.usefixtures("xserver")
def test_real_inputs_are_asked_for_and_counted() -> None:
    def work(_: str) -> None:
        xdotool("key", "a", "click", "1")

    def move(_: float) -> None:
        xdotool("mousemove", "5", "5")

    heard = machine.counts(doctor._inputs, seconds=30, say=work, clock=time.monotonic, pause=move)
    assert (heard.level, heard.what) == (Level.OK, "They arrive: 1 keystroke, 1 click.")


# The display and the permissions.


@pytest.mark.parametrize("environment", [{"XDG_SESSION_TYPE": "wayland"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_b44_wayland_is_said_plainly(environment: dict[str, str]) -> None:
    found = machine.display({**environment, "DISPLAY": ":0"}, "linux")
    assert found.level is Level.PROBLEM
    assert found.what.startswith("This is a Wayland session")
    assert "X11" in found.do


def test_no_display_is_a_problem() -> None:
    found = machine.display({}, "linux")
    assert (found.level, found.what) == (Level.PROBLEM, "There is no display: DISPLAY is not set.")


def test_a_display_that_answers_is_well(xserver: XServer) -> None:
    found = machine.display({"DISPLAY": xserver.display}, "linux")
    assert (found.level, found.what) == (Level.OK, f"X server {xserver.display} answers and reports inputs.")


def test_a_display_that_does_not_answer_is_a_problem(xserver: XServer) -> None:
    xserver.kill()
    found = machine.display({"DISPLAY": xserver.display}, "linux")
    assert found.level is Level.PROBLEM
    assert "does not answer" in found.what


def mac(**granted: bool) -> Callable[[str], Any]:
    return lambda _: SimpleNamespace(**{name: lambda value=value: value for name, value in granted.items()})


@pytest.mark.parametrize(
    ("granted", "level", "words"),
    [
        ((True, True, True), Level.OK, "are granted"),
        ((False, True, True), Level.PROBLEM, "Screen Recording (snapshots are black)"),
        ((True, False, False), Level.PROBLEM, "Input Monitoring (nothing is counted), Accessibility"),
    ],
)
def test_the_permissions_of_macos_are_asked_for(granted: tuple[bool, ...], level: Level, words: str) -> None:
    names = ("CGPreflightScreenCaptureAccess", "CGPreflightListenEventAccess", "AXIsProcessTrusted")
    found = machine.permissions("darwin", mac(**dict(zip(names, granted, strict=True))))
    assert found.level is level
    assert words in found.what


def test_permissions_that_cannot_be_asked_for_are_unknown_and_not_granted() -> None:
    found = machine.permissions("darwin", mac(CGPreflightScreenCaptureAccess=True))
    assert (found.level, found.what) == (Level.WARNING, "Cannot be asked for: Input Monitoring, Accessibility.")


@pytest.mark.parametrize(("raised", "level"), [(0, Level.WARNING), (1, Level.OK)])
def test_windows_of_an_administrator_are_mentioned(raised: int, level: Level) -> None:
    shell = SimpleNamespace(windll=SimpleNamespace(shell32=SimpleNamespace(IsUserAnAdmin=lambda: raised)))
    assert machine.permissions("win32", lambda _: shell).level is level


def test_missing_packages_are_named_with_the_command() -> None:
    found = machine.packages("linux", lambda name: None if name in ("mss", "Xlib", "psutil") else object())
    assert (found.level, found.what) == (Level.PROBLEM, "Not installed: mss, python-xlib, psutil.")
    assert 'pip install "workdiary[capture]"' in found.do
    assert machine.packages("linux", lambda name: None if name == "textual" else object()).level is Level.WARNING


# The screen, the disk, the load.


def seen(*pictures: Picture) -> Finding:
    return machine.screen(lambda: SimpleNamespace(grab=lambda: pictures))


def test_a_screen_is_seen_blank_or_not() -> None:
    good = Picture(monitor=0, width=2, height=1, rgb=b"abcdef")
    black = Picture(monitor=1, width=2, height=1, rgb=bytes(6))
    gone = Picture.failed(1, "it was unplugged.")
    assert (seen(good).level, seen(good).what) == (Level.OK, "1 monitor can be seen: 2×1.")
    assert (seen(good, black).level, seen(good, black).what) == (
        Level.WARNING,
        "Seen: 2×1, 2×1, but monitor 1 shows one colour only.",
    )
    assert (seen(good, gone).level, seen(good, gone).what) == (
        Level.WARNING,
        "Seen: 2×1. Not seen: monitor 1: it was unplugged.",
    )
    assert (seen(gone).level, seen(gone).what) == (
        Level.PROBLEM,
        "No monitor can be seen (monitor 1: it was unplugged).",
    )


@pytest.mark.parametrize(
    ("free", "level"),
    [(64 * MIB, Level.PROBLEM), (64 * MIB + 1, Level.WARNING), (1024 * MIB, Level.OK)],
)
def test_a_disk_that_fills_up_is_said_before_snapshots_stop(tmp_path: Path, free: int, level: Level) -> None:
    looked: list[Path] = []

    def left(place: Path) -> int:
        looked.append(place)
        return free

    assert machine.disk(tmp_path / "not" / "there", left).level is level
    assert looked == [tmp_path]


@pytest.mark.parametrize(
    ("memory", "busy", "levels"),
    [
        (4096 * MIB, 20.0, [Level.OK, Level.OK]),
        (255 * MIB, 90.0, [Level.WARNING, Level.WARNING]),
        (63 * MIB, 100.0, [Level.PROBLEM, Level.WARNING]),
        (None, None, [Level.WARNING]),
    ],
)
def test_memory_and_processor_near_their_limits(memory: int | None, busy: float | None, levels: list[Level]) -> None:
    assert [found.level for found in machine.load(memory, busy)] == levels


def test_whether_a_lock_is_noticed_is_said() -> None:
    assert machine.lock({"XDG_SESSION_ID": "3"}, "linux", has_loginctl=True).level is Level.OK
    assert machine.lock({}, "linux", has_loginctl=True).level is Level.WARNING


# The diary and what waits.


@pytest.mark.parametrize(
    ("ahead", "level"), [(-86_400, Level.OK), (300, Level.OK), (301, Level.PROBLEM), (86_400, Level.PROBLEM)]
)
def test_a_clock_that_is_far_behind_the_diary_is_a_problem(ahead: int, level: Level) -> None:
    assert books.clock(Instant(NOON + ahead), NOON).level is level


def test_a_clock_outside_of_its_years_is_a_problem() -> None:
    assert books.clock(None, int(instant("2014-12-31T23:59:59Z"))).level is Level.PROBLEM
    assert books.clock(None, int(instant("2100-01-01T00:00:00Z"))).level is Level.PROBLEM
    assert books.clock(None, int(instant("2015-01-01T00:00:00Z"))).level is Level.OK


def test_consent_is_looked_for_in_each_diary() -> None:
    journal = MemoryJournal(clock=lambda: NOON)
    assert books.consent(journal).level is Level.PROBLEM
    for id in ("c-1", "c-2"):
        by = Actor(id="platform", role=Role.PLATFORM)
        Diary.open(journal, contract_of(id), "upwork", by=by, id=f"open {id}")
    ana = Actor(id="ana", role=Role.FREELANCER)
    Diary(journal, "c-1").record(CaptureConsented(notice=NOTICE), by=ana, id="yes 1")
    Diary(journal, "c-2").record(CaptureConsented(notice="another notice"), by=ana, id="yes 2")
    found = books.consent(journal)
    assert (found.level, found.what) == (Level.WARNING, "Not on record for c-2: nothing is captured before.")
    assert found.do.endswith("python -m workdiary.capture consent --contract c-2")
    Diary(journal, "c-2").record(CaptureConsented(notice=NOTICE), by=ana, id="yes 3")
    assert books.consent(journal).level is Level.OK


def spool_file(folder: Path, *rows: tuple[str, int], shot: int | None = None) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "spool.db"
    path.touch(0o600)
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    digest = ""
    for number, (state, made) in enumerate(rows, 1):
        values = [number, digest, "c-1", str(number), "tracked", None, "{}", "[]", '["ab12"]', made * 1000, 60_000, ""]
        digest = row_digest(values)
        row = (*values, digest, state, 0, "", 0, seal(digest, state, 0, "", 0))
        connection.execute("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.execute("INSERT INTO head VALUES (1, ?, ?)", (len(rows), digest))
    if shot is not None:
        connection.execute("INSERT INTO shots VALUES ('c-1', 1, ?, '[\"ab12\"]', '[]', '')", (shot,))
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize(
    ("rows", "level", "words"),
    [
        ([], Level.OK, "0 entries wait for the diary"),
        ([("sent", NOON - 86_400), ("waiting", NOON - 60)], Level.OK, "1 entry waits for the diary, the oldest for 1"),
        ([("waiting", NOON - 7200)], Level.WARNING, "the oldest for 2 h"),
        ([("refused", NOON - 60)], Level.WARNING, "did not take 1"),
        ([("refused", NOON - 40 * 86_400)], Level.WARNING, "did not take 1"),
        ([("altered", NOON - 60)], Level.PROBLEM, "are not those that were kept"),
        ([("waiting", NOON - 30 * 86_400)], Level.PROBLEM, "no snapshots are taken any more"),
    ],
)
def test_what_waits_is_judged(tmp_path: Path, rows: list[tuple[str, int]], level: Level, words: str) -> None:
    spool_file(tmp_path / "t", *rows)
    kept = books.kept_in(tmp_path / "t")
    found = books.spool(kept, now=NOON, free=10**12, size_of=lambda _: 1000)
    assert (found.level, words in found.what) == (level, True), found.what


def test_t4_a_spool_that_somebody_has_changed_is_a_problem(tmp_path: Path) -> None:
    path = spool_file(tmp_path / "t", ("sent", NOON - 60), ("waiting", NOON - 60))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM outbox WHERE number = 1")
        connection.commit()
    found = books.spool(books.kept_in(tmp_path / "t"), now=NOON, free=10**12, size_of=lambda _: 1000)
    assert (found.level, "entry 1 of the outbox is missing" in found.what) == (Level.PROBLEM, True), found.what


def test_a_spool_that_is_full_stops_snapshots(tmp_path: Path) -> None:
    spool_file(tmp_path / "t", ("waiting", NOON - 60))
    kept = books.kept_in(tmp_path / "t")
    assert books.spool(kept, now=NOON, free=10**12, size_of=lambda _: 2 * 1024**3).level is Level.PROBLEM
    assert books.spool(kept, now=NOON, free=10**12, size_of=lambda _: 1800 * MIB).level is Level.WARNING
    assert books.spool(kept, now=NOON, free=64 * MIB, size_of=lambda _: 0).level is Level.PROBLEM


def test_a_spool_that_is_none_of_ours_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_load", lambda: (None, None))
    (tmp_path / "t").mkdir(mode=0o700)
    (tmp_path / "t" / "spool.db").write_bytes(b"no database at all" * 100)
    assert run("--no-ask", "--folder", str(tmp_path / "t"), "--db", str(tmp_path / "d"), "--json") == 1
    rows = {row["check"]: row for row in json.loads(capsys.readouterr().out)["checks"]}
    assert rows["spool"]["level"] == "problem"
    assert "cannot be read" in rows["spool"]["what"]


@pytest.mark.parametrize(
    ("age", "running", "there", "level"),
    [
        (600, None, True, Level.OK),
        (86_400, None, True, Level.OK),
        (600, 7200, True, Level.OK),
        (1801, 1801, True, Level.PROBLEM),
        (86_400, 60, True, Level.OK),
        (600, None, False, Level.WARNING),
    ],
)
def test_the_last_snapshot_has_an_age(tmp_path: Path, age: int, running: int | None, there: bool, level: Level) -> None:
    spool_file(tmp_path / "t", shot=NOON - age)
    kept = books.kept_in(tmp_path / "t")
    found = books.last_snapshot(kept, now=NOON, running_seconds=running, is_there=lambda _: there)
    assert found.level is level
    assert found.what.startswith("The last one is of 2026-11-1")


def test_no_snapshot_in_half_an_hour_of_tracking_is_a_problem() -> None:
    def level(running: int | None) -> Level:
        return books.last_snapshot(None, now=NOON, running_seconds=running, is_there=lambda _: True).level

    assert (level(None), level(60), level(1801)) == (Level.OK, Level.OK, Level.PROBLEM)


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        ({"running": None, "troubles": []}, Level.OK, "It runs, and is switched off."),
        ({"running": {"contract": "c-1", "seconds": 9}}, Level.OK, "It runs, on for c-1."),
        ({"running": None, "troubles": ["room is short"]}, Level.WARNING, "room is short"),
        ({"running": {"contract": "c-1", "seconds": 9, "capture_lost": True}}, Level.PROBLEM, "Capture is lost"),
    ],
)
def test_the_tracker_that_runs_is_asked(status: dict[str, Any], level: Level, words: str) -> None:
    with TemporaryDirectory() as made:  # the path of a socket must be short
        assert books.tracker(Path(made)) == (Finding.well("tracker", "None is running."), None)
        server = Server(Path(made), lambda request: status if request == {"do": "status"} else {})
        server.begin()
        try:
            found, answer = books.tracker(Path(made))
        finally:
            server.close()
    assert (found.level, words in found.what, answer) == (level, True, {"ok": True, **status})


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_what_others_may_read_is_a_problem(tmp_path: Path) -> None:
    folder, outside = tmp_path / "t", tmp_path / "elsewhere"
    path = spool_file(folder)
    assert books.modes(folder, folder / "snapshots").level is Level.OK
    diary = tmp_path / "diary.db"
    diary.touch(0o600)
    assert books.modes(folder, folder / "snapshots", str(diary)).level is Level.OK
    diary.chmod(0o644)
    found = books.modes(folder, folder / "snapshots", str(diary))
    assert (found.level, "mode 0644" in found.what, "chmod 600" in found.do) == (Level.WARNING, True, True)
    path.chmod(0o640)
    found = books.modes(folder, folder / "snapshots")
    assert (found.level, found.what) == (Level.PROBLEM, f"{path} can be reached by others (mode 0640).")
    path.chmod(0o600)
    outside.mkdir(mode=0o755)
    outside.chmod(0o755)
    assert books.modes(folder, outside).level is Level.PROBLEM
    (folder / "snapshots").symlink_to(outside)
    found = books.modes(folder, folder / "snapshots")
    assert found.what == f"{folder / 'snapshots'} is a symbolic link."


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert books.modes(tmp_path / "t", tmp_path / "t" / "snapshots").level is Level.OK
    assert [*tmp_path.iterdir()] == []


# All of it.


def test_the_exit_status_is_0_with_warnings_alone(
    xserver: XServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_load", lambda: (None, None))
    place = tmp_path / "d.db"
    with SqlJournal.open(place) as journal:
        Diary.open(journal, contract_of(), "upwork", by=Actor(id="p", role=Role.PLATFORM), id="open")
    before = sorted(tmp_path.rglob("*"))
    assert run("--no-ask", "--db", str(place), "--folder", str(tmp_path / "t")) == 0
    printed = capsys.readouterr().out
    assert "warning  consent" in printed
    assert "problem  " not in printed
    assert printed.splitlines()[-1].startswith("No problem, ")
    assert sorted(tmp_path.rglob("*")) == before


def test_without_a_diary_it_is_1_and_the_same_as_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "_load", lambda: (None, None))
    monkeypatch.delenv("DISPLAY", raising=False)
    options = ["--db", str(tmp_path / "none.db"), "--folder", str(tmp_path / "t"), "--json"]
    assert run(*options) == 1
    data = json.loads(capsys.readouterr().out)
    rows = {row["check"]: row for row in data["checks"]}
    assert (data["ok"], rows["diary"]["level"], rows["display"]["level"]) == (False, "problem", "problem")
    assert {row["level"] for row in data["checks"]} <= {"ok", "warning", "problem"}
    assert all(row["do"] for row in data["checks"] if row["level"] != "ok")
    # Without a display, nothing is asked of it.
    assert not {"counts", "screen"} & rows.keys()


def test_a_diary_without_a_name_is_one_finding_among_the_others(tmp_path: Path) -> None:
    found = [*doctor._of_books(tmp_path / "t", "", tmp_path / "t" / "snapshots", NOON)]
    assert [one.what for one in found if one.check == "diary"] == ["--db is empty."]
    assert found[-1].check == "modes"


def test_a_diary_that_somebody_writes_to_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_: object) -> None:
        raise StoreBusy("d.db", NOTHING, "is locked by another process", "try again")

    monkeypatch.setattr(doctor, "open_journal", busy)
    found = [*doctor._of_books(tmp_path / "t", None, tmp_path / "t" / "snapshots", NOON)]
    assert [(one.check, one.level) for one in found if one.level is not Level.OK] == [("diary", Level.WARNING)]


@pytest.mark.parametrize("options", [["--nothing"], ["--wait", "soon", "--ask"], ["--folder", ""]])
def test_it_is_2_when_it_is_called_wrongly(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*options) == 2
    assert capsys.readouterr().err.startswith("workdiary.capture: ")


def test_the_help_says_the_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        doctor.main(["--help"])
    assert "exit status: 0 when there is no problem (warnings count as none)" in " ".join(
        capsys.readouterr().out.split()
    )


# How it is shown.


def test_lines_fit_the_width_and_commands_stay_whole() -> None:
    found = [
        Finding.well("disk", "Enough."),
        Finding.problem("consent", "It is " + "long " * 12 + "now.", "Run it: python -m workdiary.capture consent"),
    ]
    lines = shown(found, 60).splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[0] == "ok       disk     Enough."
    assert lines[1].startswith("problem  consent  It is long")
    assert [line.strip()[:1] for line in lines].count("→") == 1
    assert summary(found) == "1 problem, no warning."
    assert plain(found)["ok"] is False
