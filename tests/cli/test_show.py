from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.cli.conftest import Run
from tests.support import WEEK, contract, manual, policy, terms, tracked
from workdiary import Segment, Slot, WeekStatement, slot_at, week_statement, zone
from workdiary.cli.screen import make_recorder
from workdiary.cli.show import Meter, print_day, print_legend, print_week
from workdiary.formats import native

HOUR = [
    "       :00           :10           :20           :30           :40           :50",
    "09:00  T Fix the login form ────── T (no memo) ─ T Fix the lo… M Call ────── T Fix the lo…",
    "       ||||||||·· ◉✓ ||||||||·· ◉✓ ||||||||·· ◉✗ ·········· ◉✗ manual      ✗ unknown    ◉✗  60 min",
    "10:00  O Fix the login form",
    "       ||||||||·· ◉✗                                                                        10 min",
]


def test_a_day_is_hourly_rows_of_six_segments(run: Run, diary: str) -> None:
    page = run("show", diary, "--day", "2026-11-16", "--zone", "UTC").out.splitlines()
    assert page[2] == (
        "Monday 16 November 2026  1.00 h billable (0.17 manual)  0.17 h over the limit  0.33 h protected"
    )
    assert page[3:8] == HOUR
    assert page[8:13] == [
        "  ✗ 09:20–09:30  missing memo (PROTECT-4)",
        "  ✗ 09:30–09:40  no activity (PROTECT-2)",
        "  ✗ 09:40–09:50  manual time (MANUAL-1)",
        "  ✗ 09:50–10:00  activity unknown (PROTECT-2)",
        "  ✗ 10:00–10:10  over limit (LIMIT-1)",
    ]
    assert page[-2:] == [
        "  T tracked   M manual   O over the limit",
        "  |||· active minutes   ◉ snapshot   ○ no snapshot   ✓ protected   ✗ not protected",
    ]


def test_json_has_the_rows(run: Run, diary: str) -> None:
    page = run("show", diary, "--day", "2026-11-16", "--zone", "UTC", "--json").json
    assert page["zone"] == "UTC"
    (leaf,) = page["contracts"]
    (day,) = leaf["days"]
    assert day["date"] == "2026-11-16"
    assert day["hours"] == {
        "tracked": "0.83",
        "manual": "0.17",
        "over_limit": "0.17",
        "billable": "1.00",
        "protected": "0.33",
    }
    assert [(row["hour"], row["minutes"]) for row in day["rows"]] == [("09:00", 60), ("10:00", 10)]
    assert day["rows"][0]["segments"][3] == {
        "at": "2026-11-16T09:30:00Z",
        "status": "tracked",
        "source": "tracked",
        "memo": "Fix the login form",
        "label": None,
        "meter": 0,
        "snapshot": True,
        "protected": False,
        "reasons": [{"code": "no_activity", "rule": "PROTECT-2"}],
    }
    assert day["rows"][1]["segments"][0]["status"] == "over_limit"
    assert day["rows"][1]["segments"][1:] == [None] * 5


def test_in_kathmandu_the_columns_start_at_05(run: Run, diary: str) -> None:
    # 09:00Z is 14:45 in Kathmandu, the last but one segment of its hour.
    page = run("show", diary, "--zone", "Asia/Kathmandu", "--day", "2026-11-16").out.splitlines()
    assert page[3].split() == [":05", ":15", ":25", ":35", ":45", ":55"]
    assert [line.split()[0] for line in page if line[:2] in ("14", "15")] == ["14:00", "15:00"]
    assert "14:45–14:55" not in run("show", diary, "--zone", "Asia/Kathmandu").out


def test_without_day_and_week_it_is_the_latest_week(run: Run, weeks: str) -> None:
    page = run("show", weeks, "--zone", "UTC", "--json").json
    assert [(leaf["contract"], [day["date"] for day in leaf["days"]]) for leaf in page["contracts"]] == [
        ("c-1", ["2026-11-23"]),
        ("c-2", ["2026-11-23"]),
    ]
    page = run("show", weeks, "--zone", "UTC", "--week", "2026-11-16", "--contract", "c-1", "--json").json
    assert [day["date"] for leaf in page["contracts"] for day in leaf["days"]] == ["2026-11-16"]


def test_a_day_at_a_weeks_edge_shows_both_weeks(run: Run, tmp_path: Path) -> None:
    # Monday 2026-11-23 00:00Z is Sunday 19:00 in New York: one local day, two weeks, two limits.
    path = tmp_path / "edge.json"
    segments = [tracked("2026-11-22T23:50Z"), tracked("2026-11-23T00:00Z"), tracked("2026-11-23T00:10Z")]
    record = native.Record.of(contract(terms=[terms(limit="0.17")]), "upwork", segments)
    native.write(path, [record])
    page = run("show", str(path), "--day", "2026-11-22", "--zone", "America/New_York", "--json").json
    found = [cell["status"] for row in page["contracts"][0]["days"][0]["rows"] for cell in row["segments"] if cell]
    assert found == ["tracked", "tracked", "over_limit"]


def test_mine_is_the_zone_of_the_machine(process: Run, diary: str) -> None:
    page = process("show", diary, "--json", TZ="Asia/Tokyo").json
    assert page["zone"] == "Asia/Tokyo"
    assert [row["hour"] for row in page["contracts"][0]["days"][0]["rows"]] == ["18:00", "19:00"]


def day_of(console: Console, segments: list[Segment], **changes: Any) -> str:
    statement = week_statement(contract(**changes), segments, week=WEEK, policy=policy())
    print_day(console, [statement], date(2026, 11, 16), zone("UTC"))
    return console.export_text(styles=console.color_system is not None)


def test_bars_have_the_colours_of_the_palette() -> None:
    drawn = day_of(
        make_recorder(), [tracked("2026-11-16T09:00Z"), tracked("2026-11-16T09:10Z")], terms=[terms(limit="0.2")]
    )
    assert "\x1b[38;2;255;255;255;48;2;60;130;36m Fix the lo… " in drawn  # #3c8224
    # The text of the second goes on where the row is free; its colour ends with its ten minutes.
    assert "\x1b[38;2;255;255;255;48;2;201;48;44m Fix the logi\x1b[0mn form" in drawn  # #c9302c


def test_a_terminal_of_few_colours_has_green_yellow_and_red_by_name() -> None:
    console = Console(
        record=True, file=io.StringIO(), width=104, color_system="standard", force_terminal=True, no_color=False
    )
    segments = [tracked("2026-11-16T09:00Z"), manual("2026-11-16T09:10Z"), tracked("2026-11-16T09:20Z")]
    drawn = day_of(console, segments, terms=[terms(limit="0.34")])
    assert "\x1b[30;42m Fix the lo… " in drawn
    assert "\x1b[30;43m Call        " in drawn
    assert "\x1b[97;41m Fix the logi\x1b[0mn form" in drawn


def test_a_text_runs_into_the_free_cells_of_its_row_and_ends_before_the_next_bar() -> None:
    console = Console(record=True, file=io.StringIO(), width=60, color_system=None)
    segments = [
        tracked("2026-11-16T09:00Z", memo="Export the customers"),
        tracked("2026-11-16T09:20Z", memo="日本語" * 4),
        tracked("2026-11-16T09:50Z", memo="Import them again"),
    ]
    lines = day_of(console, segments).splitlines()
    # Cells of 7 columns: two, three and one are there, and one column is left free.
    assert lines[2] == "09:00  T Export the… T 日本語日本語日本 … T Imp…"


def test_a_memo_stands_once_over_its_bar_and_is_cut() -> None:
    segments = [
        tracked(Slot(slot_at("2026-11-16T09:50Z") + place), memo="A memo of thirty-two characters!")
        for place in range(8)
    ]
    console = Console(record=True, file=io.StringIO(), width=104, color_system=None)
    drawn = day_of(console, segments)
    bar = [line.rstrip() for line in drawn.splitlines()[2::2]]
    assert bar[0].endswith("T ────────────")
    assert bar[1].startswith("10:00  T A memo of thirty-two characters! ─")
    assert bar[2] == "11:00  T ───────────"


def example_week() -> WeekStatement:
    """A Monday from 02:00 to 19:00 with 40 minutes at each end, at 1000.00 an hour; the last ten are over the limit."""
    starts = [slot_at(f"2026-11-16T{hour}:{minute}0Z") for hour in ("02", "18") for minute in range(4)]
    changes = contract(terms=[terms(rate="1000.00", limit="1.17")])
    return week_statement(changes, [tracked(Slot(start)) for start in starts], week=WEEK, policy=policy())


GLANCES = {
    100: ("02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18   billed       USD", "TT·" + "···" * 15 + "TT·"),
    80: ("02  04  06  08  10  12  14  16  18   billed       USD", "Tt" + "··" * 15 + "To"),
    60: ("02 05 08 11 14 17   billed       USD", "t" + "·" * 15 + "t"),
}


@pytest.mark.parametrize("width", GLANCES)
def test_the_week_has_a_coarser_scale_where_it_is_narrow_and_its_sums_are_whole(width: int) -> None:
    console = Console(record=True, file=io.StringIO(), width=width, color_system=None)
    print_week(console, example_week(), zone("UTC"))
    head, day, legend = console.export_text().splitlines()
    hours, signs = GLANCES[width]
    assert head.split() == hours.split()
    assert day.split("Nov ")[1].startswith(signs)
    assert day.split()[-6:] == ["1.17", "h", "1166.67", "0.17", "h", "over"]
    assert legend.startswith(f"  a sign is {({100: 20, 80: 30, 60: 60})[width]} minutes; a small t, m or o is")


def test_sums_go_below_the_signs_where_nothing_else_fits() -> None:
    console = Console(record=True, file=io.StringIO(), width=40, color_system=None)
    print_week(console, example_week(), zone("UTC"))
    _, day, sums, _, _ = console.export_text().splitlines()
    assert day == "  Mon 16 t···············t"
    assert sums.split() == ["1.17", "h", "1166.67", "0.17", "h", "over"]


@pytest.mark.parametrize("width", [60, 80, 110])
def test_the_legend_is_whole_at_any_width(width: int) -> None:
    console = Console(record=True, file=io.StringIO(), width=width, color_system=None)
    print_legend(console, policy().palette, {Meter.BLOCK, Meter.STROKES, Meter.UNKNOWN})
    words = " ".join(console.export_text().split())
    assert words == (
        "T tracked M manual O over the limit |||· or ▅6 active minutes ? activity unknown "
        "◉ snapshot ○ no snapshot ✓ protected ✗ not protected"
    )


@pytest.mark.parametrize("width", [40, 60, 80, 104, 200])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    console = Console(record=True, file=io.StringIO(), width=width, color_system=None)
    segments = [tracked(Slot(slot_at("2026-11-16T09:00Z") + place), memo="日本語のメモ " * 9) for place in range(20)]
    statement = week_statement(contract(), segments, week=WEEK, policy=policy())
    print_week(console, statement, zone("UTC"))
    print_day(console, [statement], date(2026, 11, 16), zone("UTC"))
    from rich.cells import cell_len

    assert max(map(cell_len, console.export_text().splitlines())) <= width


def test_a_week_at_a_glance_has_letters_without_colour(run: Run, diary: str) -> None:
    page = run("show", diary, "--zone", "UTC").out.splitlines()
    assert page[1].split() == ["09", "10", "billed", "USD"]
    # Two segments a column: tracked, tracked, manual with tracked, then half a column over the limit.
    assert page[2].split() == ["Mon", "16", "Nov", "TTMo··", "1.00", "h", "30.00", "0.17", "h", "over"]


def test_no_color_is_obeyed(process: Run, diary: str) -> None:
    assert "\x1b" not in process("show", diary, NO_COLOR="1", TTY_COMPATIBLE="1").out.replace("\x1b[1m", "").replace(
        "\x1b[0m", ""
    ).replace("\x1b[2m", "")
    assert "\x1b" not in process("show", diary).out


def test_a_hostile_memo_can_only_be_shown(run: Run, hostile: str) -> None:
    for arguments in (["show", hostile], ["statement", hostile], ["why", "2026-11-16T09:00Z", hostile]):
        page = run(*arguments).out
        assert "[red]" in page
        assert not {char for char in page if not char.isprintable()} - {"\n"}
    plain = run("show", hostile, "--json")
    assert plain.out.isascii()
    assert "\x1b" not in plain.out
    cell = plain.json["contracts"][0]["days"][0]["rows"][0]["segments"][0]
    assert cell["memo"].startswith("Fix \x1b[31m")
