"""The same cases give the same bytes under every hash seed, locale, TZ and tz database (RELIABILITY 4, 28).

Each combination is one process over a sample of the shipped vectors, and of further cases where a
checkout has them beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import pytest

from tests.determinism.digest import digest_of
from tests.require import skip_or_fail
from workdiary.testing import conformance

ROOT = Path(__file__).resolve().parents[2]
FURTHER = ROOT.parent / "shared" / "vectors" / "open.jsonl"
TZDATA = ROOT / "build" / "tzdata"
LOCALES = ROOT / "build" / "locales"
SAMPLE = 40


@cache
def sample() -> tuple[str, ...]:
    """About forty cases, evenly out of all, the unreadable ones among them."""
    shipped = [vector.line for vector in conformance.load()]
    further = FURTHER.read_text(encoding="utf-8").splitlines() if FURTHER.exists() else []
    return (*shipped[:: max(1, len(shipped) // 20)], *further[:: max(1, len(further) // (SAMPLE - 20))])


@cache
def expected() -> str:
    """The digest in this process, whatever its environment."""
    return digest_of(sample())


def answer(**environment: str) -> list[str]:
    """What `digest.py` prints in a process with `environment`: the digest, the tz path, the locale."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.determinism.digest"],
        input="\n".join(sample()),
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_sample_is_not_empty() -> None:
    assert len(sample()) >= 20


@pytest.mark.parametrize("seed", ["0", "1", "2", "3", "7", "42", "1000", "65535", "123456789", "4294967295"])
def test_a_hash_seed_changes_no_byte(seed: str) -> None:
    assert answer(PYTHONHASHSEED=seed)[0] == expected()


@pytest.mark.parametrize("name", ["C", "tr_TR.UTF-8", "ar_SA.UTF-8"])
def test_a_locale_changes_no_byte(name: str) -> None:
    where = {} if name == "C" or _installed(name) else _compiled(name)
    digest, _, found = answer(LC_ALL=name, PYTHONCOERCECLOCALE="0", **where)
    assert name in found
    assert digest == expected()


def _installed(name: str) -> bool:
    code = "import locale, sys; locale.setlocale(locale.LC_ALL, sys.argv[1])"
    return subprocess.run([sys.executable, "-c", code, name], capture_output=True, check=False).returncode == 0


def _compiled(name: str) -> dict[str, str]:
    """Return the environment in which locale `name` is found, compiled for the tests where that is possible."""
    LOCALES.mkdir(parents=True, exist_ok=True)
    command = ["localedef", "--no-archive", "-i", name.partition(".")[0], "-f", "UTF-8", str(LOCALES / name)]
    try:
        subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        skip_or_fail(f"the locale {name} is neither installed nor can it be compiled here")
    return {"LOCPATH": str(LOCALES)}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Apia", "Australia/Lord_Howe"])
def test_the_machines_zone_changes_no_byte(zone: str) -> None:
    assert answer(TZ=zone)[0] == expected()


@pytest.mark.parametrize("version", ["2021.5", "2024.1", "2025.1"])
def test_the_year_of_the_tz_database_changes_no_byte(version: str) -> None:
    place = _tz_database(version)
    digest, used, _ = answer(PYTHONTZPATH=str(place))
    assert used == str(place)
    assert digest == expected()


def _tz_database(version: str) -> Path:
    """Return the folder of the zones of tzdata `version`, fetched once."""
    folder = TZDATA / version
    place = folder / "tzdata" / "zoneinfo"
    if not place.is_dir():
        fetch = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--quiet",
            "-d",
            str(TZDATA),
            f"tzdata=={version}",
        ]
        done = subprocess.run(fetch, capture_output=True, text=True, check=False)
        wheels = sorted(TZDATA.glob(f"tzdata-{version}-*.whl"))
        if done.returncode or not wheels:
            skip_or_fail(f"tzdata {version} cannot be fetched")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(folder)
    return place
