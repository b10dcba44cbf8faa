"""The median of the slopes of all pairs, and its bounds."""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from sensors.times import HOUR_US, MINUTE_US, NEVER
from sensors.trend.theil_sen import theil_sen
from tests.unit.sensors.trend.slow_trend import START_US, bits, slow_rate

EIGHT = np.arange(8, dtype=np.int64)
INVERSIONS_LEFT_OUT = {3: 1 / 6, 4: 4 / 24, 5: 5 / 120, 6: 20 / 720, 7: 76 / 5040, 8: 285 / 40320}  # at either end


def random_sets(seed: int, sets: int = 300) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    time_us = START_US + np.cumsum(rng.integers(1, 10 * MINUTE_US, (sets, 8)), axis=1)
    value = np.where(rng.random((sets, 1)) < 0.5, rng.normal(size=(sets, 8)), rng.integers(-3, 4, (sets, 8)))
    return time_us, np.where(rng.random((sets, 8)) < rng.random((sets, 1)) / 2, np.nan, value)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_loops_to_the_last_bit(seed: int) -> None:
    time_us, value = random_sets(seed)
    expected = [
        slow_rate([(int(t), float(v)) for t, v in zip(times, values, strict=True) if not np.isnan(v)])
        for times, values in zip(time_us, value, strict=True)
    ]
    assert bits(np.stack(theil_sen(time_us, value), axis=1)) == bits(np.array(expected))


def test_a_line_has_its_slope_however_irregular_its_points() -> None:
    time_us = START_US + np.array([[0, 1, 5, 7, 30, 31, 40, 44]]) * MINUTE_US
    value = 20.0 - 0.5 * (time_us - START_US) / MINUTE_US
    assert [found.tolist() for found in theil_sen(time_us, value)] == [[-30.0], [-30.0], [-30.0]]


@pytest.mark.parametrize("place", range(8))
def test_one_wild_point_moves_it_but_little(place: int) -> None:
    value = 10.0 * EIGHT.astype(np.float64) + np.array([0.2, -0.1, 0.3, 0.0, -0.2, 0.1, -0.3, 0.2])
    value[place] = 9999.0
    middle, low, high = theil_sen(EIGHT[None] * HOUR_US, value[None])
    assert middle[0] == pytest.approx(10.0, abs=0.15)
    assert low[0] <= middle[0] <= high[0]


@pytest.mark.parametrize("points", range(3, 9))
def test_the_bounds_leave_out_as_many_orders_as_the_docstring_says(points: int) -> None:
    orders = np.array(list(permutations(range(points))), np.float64)
    value = np.full((len(orders), 8), np.nan)
    value[:, 8 - points :] = orders
    _, low, high = theil_sen(np.broadcast_to(EIGHT * HOUR_US, value.shape), value)
    assert np.mean(low > 0) == pytest.approx(INVERSIONS_LEFT_OUT[points])
    assert np.mean(high < 0) == pytest.approx(INVERSIONS_LEFT_OUT[points])


@pytest.mark.parametrize("known", [[], [7], [2, 7]])
def test_fewer_than_three_points_say_nothing(known: list[int]) -> None:
    value = np.full((1, 8), np.nan)
    value[0, known] = 1.0
    time_us = np.where(np.isnan(value), NEVER, EIGHT)
    assert np.isnan(np.stack(theil_sen(time_us, value))).all()


def test_what_does_not_fit_into_a_float_says_nothing() -> None:
    value = np.array([[0.0, 1.7e308, -1.7e308, 1.7e308, -1.7e308, 0.0, 0.0, 0.0]])
    assert np.isnan(np.stack(theil_sen(EIGHT[None], value))).all()


def test_a_zero_has_no_sign() -> None:
    middle, low, high = theil_sen(EIGHT[None] * HOUR_US, np.array([[0.0, -0.0, 0.0, -5e-324, 0.0, -0.0, 0.0, -0.0]]))
    assert not np.signbit(np.stack([middle, low, high])).any()


def test_no_sets_give_none() -> None:
    found = theil_sen(np.empty((0, 8), np.int64), np.empty((0, 8)))
    assert all(f.shape == (0,) and f.dtype == np.float64 for f in found)
