"""Hostile recordings: what is read of them, what is refused, and that nothing breaks."""

import os
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.recorded_series import MAX_SERIES, read_series
from sensors.recording import MAX_LINE
from tests.unit.gateway.evaluated import HEADER, TRUTH, at, moves, run, series, thresholds, write


def recording(folder: Path, text: str) -> Path:
    return write(folder / "record", {"a.csv": text, "thresholds.csv": thresholds(siaga3=150)})


def test_rows_out_of_order_are_judged_in_the_order_of_their_times(tmp_path: Path) -> None:
    rows = series([100, 160, 170, 100]).splitlines(keepends=True)
    run(recording(tmp_path, HEADER + "".join(reversed(rows))), tmp_path / "out")
    assert moves(tmp_path / "out", level="siaga3") == [("raised", at(10)), ("returned", at(30))]


def test_of_two_values_at_one_time_the_first_counts(tmp_path: Path) -> None:
    twice = series([100, 100]) + f"{at(10)},G-1,level,160,cm\n" + f"{at(20)},G-1,level,110,cm\n"
    report = run(recording(tmp_path, HEADER + twice), tmp_path / "out")
    assert moves(tmp_path / "out", level="siaga3") == []
    assert report.series[0].repeated == 1


def test_missing_values_end_nothing(tmp_path: Path) -> None:
    report = run(recording(tmp_path, HEADER + series([160, None, None, 160, 140])), tmp_path / "out")
    assert moves(tmp_path / "out", level="siaga3") == [("raised", at(0)), ("returned", at(40))]
    assert report.series[0].missing == 2


def test_a_series_of_nothing_but_missing_values_is_reported(tmp_path: Path) -> None:
    report = run(recording(tmp_path, HEADER + series([None, None, None])), tmp_path / "out")
    assert (report.series[0].missing, report.series[0].levels[0].crossings) == (3, 0)


@pytest.mark.parametrize("values", [[1e308, -1e308, 1e308], [1e300] * 30, [5e-324] * 5, [-0.0, 0.0]])
def test_numbers_that_no_river_has_do_no_harm(tmp_path: Path, values: list[float]) -> None:
    report = run(recording(tmp_path, HEADER + series(values)), tmp_path / "out")
    assert report.series[0].observations == len(values)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{t},G-1,level,nan,cm", "the value is not a finite number"),
        ("{t},G-1,level,-inf,cm", "the value is not a finite number"),
        ("{t},G-1,level,1_000,cm", "the value is not a number"),
        ('{t},G-1,level,"1,5,cm', "not CSV"),
        ("{t},,level,1,cm", "the station or the variable is missing"),
        ("{t},G-1", "cells are missing"),
        ("1799-12-31T23:59:59Z,G-1,level,1,cm", "the time is before 1800 or after 2199"),
        ("9999-12-31T23:59:60Z,G-1,level,1,cm", "the time is not RFC 3339"),
        ("2026-01-05T00:00:00,G-1,level,1,cm", "the time has no offset"),
        ("x" * (3 * MAX_LINE), f"longer than {MAX_LINE} characters"),
    ],
)
def test_a_row_that_cannot_be_read_costs_itself_only_and_is_named(tmp_path: Path, row: str, reason: str) -> None:
    text = HEADER + series([100, 160]) + row.format(t=at(20)) + "\n" + f"{at(30)},G-1,level,100,cm\n"
    report = run(recording(tmp_path, text), tmp_path / "out")
    assert report.series[0].observations == 3
    assert report.refused_row_count == 1
    assert report.refused_rows[0].startswith(f"a.csv:4: {reason}")


def test_a_byte_order_mark_other_line_ends_and_other_columns_do_no_harm(tmp_path: Path) -> None:
    text = "\ufeffunit,note,time,value,variable,station\r\n" + f"cm,x,{at(0)},160,level,G-1\r\n"
    run(recording(tmp_path, text), tmp_path / "out")
    assert moves(tmp_path / "out", level="siaga3") == [("raised", at(0))]


def test_refused_rows_are_named_up_to_a_bound_and_all_counted(tmp_path: Path) -> None:
    report = run(recording(tmp_path, HEADER + series([160]) + "x,G-1,level,1,cm\n" * 1000), tmp_path / "out")
    assert (len(report.refused_rows), report.refused_row_count) == (20, 1000)


def test_more_series_than_a_recording_has_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"{at(0)},G-{number},level,1,cm\n" for number in range(MAX_SERIES + 5))
    read = read_series(recording(tmp_path, HEADER + rows) / "a.csv")
    assert (len(read.series), read.refused_count) == (MAX_SERIES, 5)
    assert read.refused[0] == f"a.csv:{MAX_SERIES + 2}: one series more than {MAX_SERIES}"


def test_a_station_with_a_variable_in_two_units_has_two_series(tmp_path: Path) -> None:
    report = run(recording(tmp_path, HEADER + series([160]) + series([9], unit="m")), tmp_path / "out")
    assert [(one.unit, len(one.levels)) for one in report.series] == [("cm", 1), ("m", 0)]


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (["soon,"], "csv:2:"),
        ([f"{at(0)[:-1]},"], "csv:2: start: expected a time with an offset"),
        ([f"{at(60)},{at(0)}"], "csv:2: first_below_after: expected after"),
        ([f"{at(0)},", f"{at(60)},"], "two excursions overlap"),
    ],
)
def test_a_faulty_ground_truth_is_named(tmp_path: Path, rows: list[str], complaint: str) -> None:
    text = TRUTH + "".join(f"a.csv,G-1,siaga3,{row}\n" for row in rows)
    folder = write(recording(tmp_path, HEADER + series([160])), {"expected_excursions.csv": text})
    with pytest.raises(GatewayError, match=complaint):
        run(folder, tmp_path / "out")


def test_a_ground_truth_without_its_columns_is_named(tmp_path: Path) -> None:
    folder = write(recording(tmp_path, HEADER + series([160])), {"expected_excursions.csv": "file,level,start\n"})
    with pytest.raises(GatewayError, match="missing station, first_below_after"):
        run(folder, tmp_path / "out")


def test_a_pipe_in_the_folder_keeps_nobody_waiting(tmp_path: Path) -> None:
    folder = recording(tmp_path, HEADER + series([160]))
    os.mkfifo(folder / "pipe.csv")
    assert run(folder, tmp_path / "out").skipped == ["pipe.csv: expected a file"]
