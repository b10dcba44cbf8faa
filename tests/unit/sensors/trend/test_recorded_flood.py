"""A recorded flash flood: Plumtree Run, 31 August 2018 (USGS 01581752), a reading every five minutes."""

import numpy as np
import pytest

from sensors.derived.eta import minutes_to_limit
from sensors.recording import Sample, read_recording
from sensors.times import MINUTE_US, parse_rfc3339
from sensors.trend.advance import advance
from sensors.trend.projection import next_limit
from sensors.trend.state import fresh_trend
from tests.e2e.recorded_city import recorded_floods
from tests.unit.sensors.trend.slow_trend import WINDOW_US, Seen, rows_in_order, rules_of, slow_rates

pytestmark = pytest.mark.recorded

STAGES_FT = (5.0, 6.0, 7.0, 10.0)  # action, minor, moderate, major: National Water Prediction Service
PROPERTY = "gage_height"


def recording() -> list[Seen]:
    samples = read_recording(recorded_floods() / "usgs_01581752_plumtree_run_5min_2018.csv")
    return [
        Seen(0, s.time_us, s.value)
        for s in samples
        if isinstance(s, Sample) and s.variable == PROPERTY and s.value is not None
    ]


def projected(seen: list[Seen], time: str) -> list[float]:
    """Earliest, middle and latest minutes to the next stage, at the reading of that time."""
    rules = rules_of({0: WINDOW_US}, 1)
    time_us = parse_rfc3339(time)
    assert time_us is not None
    until = [s for s in seen if s.time_us <= time_us]
    state, _ = advance(fresh_trend(rules), rules, rows_in_order(until))
    assert state.rate_us[0] == time_us
    value = np.array([until[-1].value])
    limit = next_limit(value, np.array([STAGES_FT]), np.ones((1, len(STAGES_FT))))
    return [float(minutes_to_limit(value, limit, rate)[0]) for rate in (state.high, state.rate, state.low)]


def minutes_until(seen: list[Seen], time: str, stage_ft: float) -> float:
    """How long it took until a reading was at the stage."""
    time_us = parse_rfc3339(time)
    assert time_us is not None
    return min(s.time_us - time_us for s in seen if s.time_us > time_us and s.value >= stage_ft) / MINUTE_US


def test_when_action_was_reached_the_minor_stage_was_minutes_away() -> None:
    seen, at = recording(), "2018-08-31T23:00:00Z"
    earliest, middle, latest = projected(seen, at)
    assert minutes_until(seen, at, 6.0) == 15.0
    assert earliest == pytest.approx(6.1, abs=0.1)
    assert middle == pytest.approx(6.9, abs=0.1)
    assert latest == pytest.approx(11.7, abs=0.1)  # the rise slackened: early by 3 to 9 minutes, on the safe side


def test_before_the_action_stage_the_truth_lay_between_the_bounds() -> None:
    seen, at = recording(), "2018-08-31T22:50:00Z"
    earliest, middle, latest = projected(seen, at)
    assert earliest < middle < minutes_until(seen, at, 5.0) < latest < 15.0


def test_past_its_peak_nothing_is_projected() -> None:
    assert projected(recording(), "2018-09-01T00:00:00Z") == [1440.0] * 3


def test_the_whole_recording_is_the_loops() -> None:
    seen = recording()
    rules = rules_of({0: WINDOW_US}, 1)
    _, points = advance(fresh_trend(rules), rules, rows_in_order(seen))
    expected = slow_rates({0: WINDOW_US}, seen)
    assert points.row.tolist() == [place for place, _ in expected]
    found = np.stack([points.middle, points.low, points.high], axis=1)
    np.testing.assert_array_equal(found, np.array([rate for _, rate in expected]))
