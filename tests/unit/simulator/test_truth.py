"""The ground truth file: readable, bounded, and no reason for the city to stop."""

import csv
from pathlib import Path

from simulator.truth import HEADER, TruthFile, TruthRow

ROW = TruthRow("2026-01-01T00:00:00Z", "A", "level", 12.3456789, "")


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_rows_are_there_as_soon_as_they_are_written(tmp_path: Path) -> None:
    with TruthFile(tmp_path / "simulator") as truth:
        truth.write([ROW, ROW._replace(event="level_crossed siaga")])
        assert rows(truth.path) == [
            list(HEADER),
            ["2026-01-01T00:00:00Z", "A", "level", "12.3457", ""],
            ["2026-01-01T00:00:00Z", "A", "level", "12.3457", "level_crossed siaga"],
        ]


def test_a_second_run_goes_on_in_the_same_file(tmp_path: Path) -> None:
    for _ in range(2):
        with TruthFile(tmp_path) as truth:
            truth.write([ROW])
    assert len(rows(tmp_path / "truth.csv")) == 1 + 2


def test_a_full_file_is_set_aside_and_only_one_of_these_is_kept(tmp_path: Path) -> None:
    with TruthFile(tmp_path, max_bytes=500) as truth:
        for number in range(100):
            truth.write([ROW._replace(true_value=float(number))])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["truth.1.csv", "truth.csv"]
    newer, older = rows(tmp_path / "truth.csv"), rows(tmp_path / "truth.1.csv")
    assert newer[0] == older[0] == list(HEADER)
    kept = [float(row[3]) for row in older[1:] + newer[1:]]
    assert kept == [float(number) for number in range(100 - len(kept), 100)]
    assert all(file.stat().st_size < 600 for file in tmp_path.iterdir())
