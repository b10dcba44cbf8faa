"""`--levels`: the same record with other levels, side by side; refused where these make no sense."""

import re
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.evaluation.report import Comparison
from tests.unit.gateway.evaluated import HEADER, LEVELS, run, series, thresholds, transitions, write

YEAR_H = 8766


def compared(folder: Path, values: list[float], other: str, **limits: float) -> list[Comparison]:
    files = {"a.csv": HEADER + series(values, step_min=60), "thresholds.csv": thresholds(**limits)}
    record = write(folder / "record", files)
    (folder / "other.csv").write_text(other, encoding="utf-8")
    report = run(record, folder / "out", levels=folder / "other.csv")
    assert report.counterfactual_of == "other.csv"
    return report.counterfactual


def test_a_higher_limit_misses_the_lower_peaks_and_is_raised_later(tmp_path: Path) -> None:
    values = [100.0, 160, 190, 210, 100, 100, 160, 100, 100, 100, 100]
    (siaga3,) = compared(tmp_path, values, thresholds(siaga3=200), siaga3=150)
    assert siaga3.now is not None
    assert siaga3.other is not None
    assert (siaga3.now.limit, siaga3.other.limit) == (150.0, 200.0)
    assert (siaga3.now.alarms, siaga3.other.alarms) == (2, 1)
    assert (siaga3.now.hours_at_level, siaga3.other.hours_at_level) == (4.0, 1.0)
    assert siaga3.now.alarms_per_year == pytest.approx(2 * YEAR_H / 10)
    assert siaga3.now.alarms_per_month == pytest.approx(2 * YEAR_H / 120)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<td>2</td><td>–</td><td>–</td>" in re.sub(r" class=\S+?(?=>)", "", page)  # ten hours: no year is told of
    assert (siaga3.now.flaps, siaga3.other.flaps) == (1, 0)
    assert (siaga3.peaks, siaga3.peaks_hit, siaga3.peaks_missed, siaga3.beyond) == (2, 1, 1, 0)
    assert (siaga3.gained_min.n, siaga3.gained_min.median) == (1, -120.0)


@pytest.mark.parametrize(("hours", "told"), [(10, "–</td><td>–"), (800, "–</td><td>0"), (9000, "0</td><td>0")])
def test_that_nothing_is_raised_in_a_year_is_told_of_a_record_of_a_year_alone(
    hours: int, told: str, tmp_path: Path
) -> None:
    (siaga3,) = compared(tmp_path, [100.0] * hours, thresholds(siaga3=200), siaga3=150)
    assert siaga3.record_hours == hours - 1
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert f"<td>150</td><td>0</td><td>{told}</td>" in re.sub(r" class=\S+?(?=>)", "", page)


def test_a_lower_limit_gains_time_and_is_raised_beyond_the_peaks(tmp_path: Path) -> None:
    values = [100.0, 130, 160, 100, 130, 100]
    (siaga3,) = compared(tmp_path, values, thresholds(siaga3=120), siaga3=150)
    assert (siaga3.peaks_hit, siaga3.peaks_missed, siaga3.beyond) == (1, 0, 1)
    assert siaga3.gained_min.median == 60.0


def test_one_line_of_the_comparison_is_said_on_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compared(tmp_path, [100.0, 160, 190, 210, 100, 100, 160, 100, 100, 100, 100], thresholds(siaga3=200), siaga3=150)
    line = capsys.readouterr().out.splitlines()[-1]
    assert line == (
        "with other.csv: 1 alarms instead of 2, hours at a level 1 instead of 4; 1 of 2 peaks hit,"
        " raised -120 to -120 min earlier (medians)"
    )


def test_levels_that_come_and_go_stand_with_one_side_only(tmp_path: Path) -> None:
    old, new = compared(tmp_path, [100.0, 160], thresholds(awas=150), siaga3=150)
    assert (old.level, old.now is None, old.other is None) == ("awas", True, False)
    assert (new.level, new.now is None, new.other is None) == ("siaga3", False, True)
    assert (new.peaks, new.peaks_missed) == (1, 1)


def test_the_record_itself_is_judged_with_its_own_levels(tmp_path: Path) -> None:
    compared(tmp_path, [100.0, 160], thresholds(siaga3=200), siaga3=150)
    assert len(transitions(tmp_path / "out")) == 1
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "With other levels: other.csv" in html


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (LEVELS + "G-1,siaga3,1,1.5,m\n", r"other.csv: G-1, siaga3 1.5 m: the unit of G-1 here is cm"),
        (LEVELS + "G-1,siaga3,1,150,cm\nG-1,siaga2,2,150,cm\n", "expected a higher value for a higher rank"),
        (LEVELS + "G-1,siaga3,2,150,cm\nG-1,siaga2,1,200,cm\n", "expected a higher value for a higher rank"),
        (LEVELS + "G-9,siaga3,1,150,cm\n", "other.csv: none of its stations and units is in the record"),
        (LEVELS, "other.csv: none of its stations and units is in the record"),
        (LEVELS + "G-1,siaga3,1,high,cm\n", "other.csv:2: .*value.*the row has .*value 'high'"),
    ],
)
def test_levels_that_make_no_sense_are_refused_and_nothing_is_written(
    tmp_path: Path, other: str, complaint: str
) -> None:
    with pytest.raises(GatewayError, match=complaint):
        compared(tmp_path, [100.0, 160], other, siaga3=150)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("limit", [-1, 1001])
def test_a_limit_that_the_sensor_can_never_measure_is_refused(tmp_path: Path, limit: int) -> None:
    record = write(tmp_path / "record", {"a.csv": HEADER + series([400], station="BRANTAS-BETRO")})
    (tmp_path / "other.csv").write_text(f"{LEVELS}BRANTAS-BETRO,merah,1,{limit},cm\n", encoding="utf-8")
    with pytest.raises(GatewayError, match=f"merah {limit} cm can never be measured: the sensor's range is 0 to 1000"):
        run(record, tmp_path / "out", levels=tmp_path / "other.csv")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    record = write(tmp_path / "record", {"a.csv": HEADER + series([400])})
    with pytest.raises(GatewayError, match=r"--levels .*nowhere.csv: no such file"):
        run(record, tmp_path / "out", levels=tmp_path / "nowhere.csv")
