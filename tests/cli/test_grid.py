from __future__ import annotations

from datetime import date

from tests.support import WEEK, at, contract, manual, policy, tracked
from workdiary import instant, week_statement, zone
from workdiary.cli.grid import Status, bars, cells_of, day_slots, hour_rows


def test_grid_3_a_row_has_six_segments_from_the_full_hour() -> None:
    rows = hour_rows(date(2026, 11, 16), zone("UTC"))
    assert [str(row) for row in rows[:3]] == ["00:00", "01:00", "02:00"]
    assert len(rows) == 24
    assert rows[1].columns == tuple(at(place) for place in range(6, 12))


def test_grid_3_in_kathmandu_the_rows_start_at_05() -> None:
    # Local midnight is 18:15Z, inside a slot; the first slot that starts on the day is that of 18:20Z.
    rows = hour_rows(date(2026, 11, 16), zone("Asia/Kathmandu"))
    assert rows[0].columns[0] == instant("2026-11-15T18:20Z").slot
    assert [len(row.slots) for row in rows] == [6] * 24


def test_the_repeated_autumn_hour_is_two_rows() -> None:
    rows = hour_rows(date(2026, 10, 25), zone("Europe/Berlin"))
    assert [str(row) for row in rows[1:5]] == ["01:00", "02:00 CEST", "02:00 CET", "03:00"]
    assert rows[2].columns[0] == instant("2026-10-25T00:00Z").slot
    assert rows[3].columns[0] == instant("2026-10-25T01:00Z").slot
    assert len(day_slots(date(2026, 10, 25), zone("Europe/Berlin"))) == 150


def test_the_skipped_spring_hour_is_no_row() -> None:
    rows = hour_rows(date(2026, 3, 29), zone("Europe/Berlin"))
    assert [str(row) for row in rows[1:3]] == ["01:00", "03:00"]
    assert len(rows) == 23


def test_a_shift_of_half_an_hour_leaves_rows_of_three() -> None:
    # Lord Howe, 2026-04-05: at 02:00 +11:00 the clock goes back to 01:30 +10:30.
    rows = hour_rows(date(2026, 4, 5), zone("Australia/Lord_Howe"))
    assert [(row.hour, len(row.slots)) for row in rows[1:4]] == [(1, 6), (1, 3), (2, 6)]
    assert rows[2].columns[:3] == (None, None, None)


def test_a_day_that_a_zone_skipped_has_no_rows() -> None:
    assert hour_rows(date(2011, 12, 30), zone("Pacific/Apia")) == ()


def test_bars_join_consecutive_segments_with_one_memo_label_and_status() -> None:
    segments = [
        tracked(at(0)),
        tracked(at(1)),
        tracked(at(2), memo="Other"),
        manual(at(3), memo="Other"),
        tracked(at(5)),
    ]
    statement = week_statement(contract(), segments, week=WEEK, policy=policy())
    found = [(bar.start - at(0), bar.stop - at(0), bar.status, bar.memo) for bar in bars(cells_of([statement]))]
    assert found == [
        (0, 2, Status.TRACKED, "Fix the login form"),
        (2, 3, Status.TRACKED, "Other"),
        (3, 4, Status.MANUAL, "Other"),
        (5, 6, Status.TRACKED, "Fix the login form"),
    ]
