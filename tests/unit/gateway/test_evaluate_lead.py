"""Lead times and projection errors: of rises whose answers are known."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.evaluation.report import HorizonError, Lead, LevelReport, Report, Spread
from tests.unit.gateway.evaluated import HEADER, run, series, thresholds, write

RAMP = [10 + 10 * step for step in range(31)]  # 60 cm an hour, from the first observation on


def judged(folder: Path, values: Sequence[float | None], **limits: float) -> list[LevelReport]:
    files = {"a.csv": HEADER + series(values), "thresholds.csv": thresholds(**limits)}
    report: Report = run(write(folder / "record", files), folder / "out")
    return report.series[0].levels


def one(value: float) -> Spread:
    return Spread(n=1, min=value, q1=value, median=value, q3=value, max=value)


def test_a_straight_rise_is_announced_from_the_third_observation_on(tmp_path: Path) -> None:
    (level,) = judged(tmp_path, list(RAMP), siaga3=250)  # reached after 240 min; the first rate stands after 20
    told = Lead(crossings=1, told=1, min=one(220.0))
    assert (level.lead_by_rate, level.lead_by_naming, level.lead_by_projection) == (told, told, told)


def test_a_straight_rise_is_projected_without_error(tmp_path: Path) -> None:
    (level,) = judged(tmp_path, list(RAMP), siaga3=250)
    expected = [HorizonError(horizon_min=h, crossings=1, error_min=one(0.0)) for h in (15, 30, 60, 120)]
    assert level.projection == [*expected, HorizonError(horizon_min=240, crossings=1, error_min=Spread(n=0))]


def test_a_level_is_projected_from_when_the_one_below_it_is_reached(tmp_path: Path) -> None:
    _, upper = judged(tmp_path, list(RAMP), siaga3=200, siaga2=250)
    assert upper.lead_by_rate.min.median == 220.0
    assert upper.lead_by_naming.min.median == 50.0
    assert [error.error_min.n for error in upper.projection] == [1, 1, 0, 0, 0]


def test_a_jump_over_two_levels_gives_the_upper_no_projection(tmp_path: Path) -> None:
    lower, upper = judged(tmp_path, [10.0] * 20 + [300.0], siaga3=200, siaga2=250)
    assert (lower.hits, upper.hits) == (1, 1)
    assert (lower.lead_by_rate.told, upper.lead_by_naming.told) == (0, 0)


def test_a_rise_that_pauses_has_no_unbroken_lead_from_before_the_pause(tmp_path: Path) -> None:
    paused = [*RAMP[:12], *[RAMP[11]] * 12, *[RAMP[11] + 10 * step for step in range(1, 15)]]
    (level,) = judged(tmp_path, list(paused), siaga3=180)
    assert level.lead_by_rate.told == 1
    assert level.lead_by_rate.min.median is not None
    assert 0 < level.lead_by_rate.min.median < 60


def test_a_rise_that_quickens_is_projected_too_late_and_not_within_its_interval(tmp_path: Path) -> None:
    (level,) = judged(tmp_path, [10.0 + 2.0**step for step in range(10)], siaga3=500)  # 522 at step 9
    errors = {error.horizon_min: error.error_min for error in level.projection}
    assert errors[30].median is not None
    assert errors[30].median > 0
    assert level.lead_by_projection.told == 0 < level.lead_by_naming.told


def test_horizons_that_the_step_cannot_tell_apart_are_left_out(tmp_path: Path) -> None:
    files = {"a.csv": HEADER + series(RAMP, step_min=60), "thresholds.csv": thresholds(siaga3=250)}
    report = run(write(tmp_path / "record", files), tmp_path / "out")
    assert [error.horizon_min for error in report.series[0].levels[0].projection] == [60, 120, 240]


@pytest.mark.parametrize("values", [[300.0, 300.0], [None, None, 300.0]])
def test_a_record_that_begins_over_the_limit_has_a_crossing_without_a_lead(
    tmp_path: Path, values: list[float | None]
) -> None:
    (level,) = judged(tmp_path, values, siaga3=250)
    assert (level.hits, level.lead_by_rate.told, level.lead_by_projection.told) == (1, 0, 0)
