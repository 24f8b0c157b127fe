"""The lock of a desktop: one for all of its names and all folders, in one place that every process of a user finds."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from workdiary.capture.spool import folder
from workdiary.capture.spool.folder import one_per_desktop
from workdiary.errors import StoreBusy, StoreError


@pytest.fixture(autouse=True)
def spare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stands for that of the system, and nothing of the session in which the tests run."""
    found = tmp_path / "spare"
    found.mkdir()
    monkeypatch.setattr(folder, "_SPARE", found)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return found


def held(display: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Return whether a tracker that begins on `display` is turned away."""
    monkeypatch.setenv("DISPLAY", display)
    try:
        one_per_desktop().close()
    except StoreBusy:
        return True
    return False


@pytest.mark.parametrize("name", [":170", ":170.0", ":170.1", "unix:170", "unix/:170.0", "unix/unix:170", " :170 "])
def test_t5_all_names_of_a_desktop_are_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":170")
    with closing(one_per_desktop()):
        assert held(name.strip(), monkeypatch)
        monkeypatch.setenv("DISPLAY", name)
        with pytest.raises(StoreBusy):
            one_per_desktop()
    assert not held(name.strip(), monkeypatch), "it was let go"


@pytest.mark.parametrize("name", ["localhost:0", "LOCALHOST:0.0", "127.0.0.1:0", "tcp/localhost:0", "[::1]:0"])
def test_t5_a_desktop_of_this_machine_is_the_same_over_the_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0.0")
    with closing(one_per_desktop()):
        assert held(name, monkeypatch)


@pytest.mark.parametrize("name", [":1", ":1700", "studio:170", "localhost:170.0", "studio:170.0", "", "nonsense"])
def test_another_desktop_may_have_a_tracker_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":170")
    with closing(one_per_desktop()):
        assert not held(name, monkeypatch)


def test_each_machine_has_desktops_of_its_own_in_a_folder_that_they_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    machine = tmp_path / "machine"
    monkeypatch.setattr(folder, "_MACHINE", machine)
    with closing(one_per_desktop()):
        machine.write_text("12ab\n")
        assert not held(":0", monkeypatch)
        machine.unlink()
        assert held(":0", monkeypatch)


@pytest.mark.parametrize("value", [None, "", "/nowhere/at/all"])
def test_t5_no_variable_of_the_session_moves_it(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":170")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "session"))
    with closing(one_per_desktop()):
        assert [path.parent for path in tmp_path.rglob("tracker-*")] == [tmp_path / "workdiary" / "run"]
        if value is None:
            monkeypatch.delenv("XDG_RUNTIME_DIR")
        else:
            monkeypatch.setenv("XDG_RUNTIME_DIR", value)
        assert held(":170", monkeypatch)


def test_where_the_data_folder_cannot_be_used_it_is_elsewhere(
    tmp_path: Path, spare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workdiary").write_text("no folder")
    monkeypatch.setenv("DISPLAY", ":170")
    with closing(one_per_desktop()):
        assert len([*spare.rglob("tracker-*")]) == 1
        assert held(":170", monkeypatch)


def test_where_it_can_be_nowhere_both_places_and_the_variable_are_named(
    tmp_path: Path, spare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "workdiary").write_text("no folder")
    spare.rmdir()
    spare.write_text("no folder")
    monkeypatch.setenv("DISPLAY", ":170")
    with pytest.raises(StoreError) as caught:
        one_per_desktop()
    words = str(caught.value)
    assert not isinstance(caught.value, StoreBusy)
    assert str(tmp_path / "workdiary" / "run") in words
    assert str(spare / "workdiary-") in words
    assert "XDG_DATA_HOME" in words
    assert "name another folder" not in words


def test_on_macos_the_desktop_is_that_of_the_session() -> None:
    names = (":0", "", "/private/tmp/com.apple.launchd.x/org.xquartz:0")
    assert {folder._desktop(name, "darwin") for name in names} == {""}
