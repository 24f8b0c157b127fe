from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def example(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-W", "error", str(ROOT / "examples" / "week.py"), *arguments],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def words(picture: Path) -> list[str]:
    """Return the texts of a picture; how they are drawn is rich's affair, and changes with its version."""
    return re.findall(r">([^<>]*)</text>", picture.read_text(encoding="utf-8"))


def test_make_run_prints_both_diaries_with_their_bills_and_reasons() -> None:
    page = example()
    # 41815410: 40 hours, 15 at 30.00 before Wednesday and 25 at 34.50 from then on.
    assert "15.00 h × 30.00" in page
    assert "25.00 h × 34.50" in page
    assert re.search(r"40\.00 h billed +1312\.50 USD", page)
    # 38002177: 12.5 hours at 45.00.
    assert re.search(r"12\.50 h billed +562\.50 EUR", page)
    assert "2.33 h over the limit" in page
    assert "02:00 CEST" in page
    assert "02:00 CET " in page
    assert "Worth doing before the lock" in page
    for words in ("over the weekly limit and not billable", "manual and billable", "It was idle"):
        assert words in page
    assert max(map(len, page.splitlines())) <= 104


def test_make_run_keeps_edits_closes_and_verifies_both_diaries() -> None:
    end = example().partition("Kept, changed, billed, verified")[2]
    # Eight segments of Monday and Tuesday lack a memo, at 30.00 an hour: 40.00.
    before, after = re.findall(r"(\d+\.\d\d) USD", end.split("\nContract ")[0])
    assert "Memos for 8 segments: " in end
    assert float(after) - float(before) == 40.0
    assert "Contract 41815410, week of 2026-10-19: billed 1312.50 USD." in end
    assert "Contract 38002177, week of 2026-10-19: billed 562.50 EUR." in end
    assert "Closed again: 0 weeks. Nothing is billed twice." in end
    assert len(re.findall(r"^Contract \d+: sound, head \d+:[0-9a-f]+…$", end, re.MULTILINE)) == 2


def test_the_picture_in_the_readme_is_the_examples(tmp_path: Path) -> None:
    made = tmp_path / "week.svg"
    example("--svg", str(made))
    kept = ROOT / "docs" / "images" / "week.svg"
    assert words(made) == words(kept)


def test_the_picture_loads_nothing_and_is_small() -> None:
    picture = (ROOT / "docs" / "images" / "week.svg").read_text(encoding="utf-8")
    assert len(picture.encode()) < 200_000
    assert "@font-face" not in picture
    assert set(re.findall(r"https?://[^\"' )]+", picture)) == {"http://www.w3.org/2000/svg"}
