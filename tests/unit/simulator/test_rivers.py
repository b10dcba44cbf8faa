"""Rivers: no water made or lost, a flood arrives downstream later and flatter."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.rivers import MM_PER_H_KM2_TO_M3_PER_S, RUNOFF_COEFFICIENT, Reaches, RiverNetwork

STEP_S = 30.0
TRAVEL_MIN = [45.0, 60.0]


def reaches(*rows: tuple[int, int, float, float]) -> Reaches:
    """Reaches of (upstream, downstream, travel in minutes, share)."""
    up, down, travel_min, share = zip(*rows, strict=True)
    return Reaches(
        np.array(up, dtype=np.intp), np.array(down, dtype=np.intp), 60.0 * np.array(travel_min), np.array(share)
    )


CHAIN = reaches((0, 1, TRAVEL_MIN[0], 1.0), (1, 2, TRAVEL_MIN[1], 1.0))  # 0 -> 1 -> 2


def flood(network: RiverNetwork, rain: NDArray[np.float64], rain_steps: int, steps: int) -> NDArray[np.float64]:
    """Discharge at every node after each step, shape (steps, n)."""
    dry = np.zeros(len(rain))
    return np.array([network.step(rain if k < rain_steps else dry) for k in range(steps)])


def chain(area_km2: tuple[float, float, float]) -> RiverNetwork:
    return RiverNetwork(np.array(area_km2), np.full(3, 1800.0), CHAIN, STEP_S)


def test_all_rain_that_runs_off_leaves_at_the_outlet() -> None:
    area_km2 = (10.0, 4.0, 7.0)
    out = flood(chain(area_km2), np.array([30.0, 20.0, 10.0]), rain_steps=120, steps=6000)[:, 2]
    fallen_m3 = RUNOFF_COEFFICIENT * (30.0 * 10.0 + 20.0 * 4.0 + 10.0 * 7.0) * MM_PER_H_KM2_TO_M3_PER_S * 120 * STEP_S
    assert out.sum() * STEP_S == pytest.approx(fallen_m3, rel=1e-9)


def test_water_that_parts_is_shared_not_doubled() -> None:
    fork = reaches((0, 1, 10.0, 0.75), (0, 2, 10.0, 0.25))
    network = RiverNetwork(np.array([10.0, 0.0, 0.0]), np.full(3, 1800.0), fork, STEP_S)
    volume = flood(network, np.array([30.0, 0.0, 0.0]), rain_steps=60, steps=4000).sum(axis=0)
    assert volume[1] == pytest.approx(0.75 * volume[0], rel=1e-9)
    assert volume[2] == pytest.approx(0.25 * volume[0], rel=1e-9)


def test_the_wave_comes_after_the_travel_time_and_flatter() -> None:
    discharge = flood(chain((10.0, 0.0, 0.0)), np.array([30.0, 0.0, 0.0]), rain_steps=60, steps=4000)
    minutes = np.arange(1, len(discharge) + 1)[:, None] * STEP_S / 60.0
    centre = (discharge * minutes).sum(axis=0) / discharge.sum(axis=0)
    assert np.diff(centre).tolist() == pytest.approx(TRAVEL_MIN, abs=1.0)
    peak_lag = np.diff(discharge.argmax(axis=0)) * STEP_S / 60.0
    assert (peak_lag > 0.6 * np.array(TRAVEL_MIN)).all()
    assert (peak_lag < 1.1 * np.array(TRAVEL_MIN)).all()
    peak = discharge.max(axis=0)
    assert peak[0] > peak[1] > peak[2]


def test_twice_the_rain_is_twice_the_flood() -> None:
    rain = np.array([5.0, 15.0, 25.0])
    once = flood(chain((10.0, 4.0, 7.0)), rain, rain_steps=40, steps=500)
    twice = flood(chain((10.0, 4.0, 7.0)), 2.0 * rain, rain_steps=40, steps=500)
    np.testing.assert_allclose(twice, 2.0 * once, rtol=1e-12)


def test_a_reach_shorter_than_a_step_and_a_river_without_reaches_work() -> None:
    short = RiverNetwork(np.array([10.0, 0.0]), np.full(2, 1800.0), reaches((0, 1, 0.0, 1.0)), STEP_S)
    volume = flood(short, np.array([30.0, 0.0]), rain_steps=60, steps=2000).sum(axis=0)
    assert volume[1] == pytest.approx(volume[0], rel=1e-9)
    none = Reaches(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0), np.zeros(0))
    lone = RiverNetwork(np.array([10.0]), np.array([1800.0]), none, STEP_S)
    assert lone.step(np.array([30.0]))[0] > 0.0
