"""Minutes to the next level."""

import numpy as np
import pytest

from sensors.trend.projection import HORIZON_MIN, minutes_to_limit, next_limit

NAN = float("nan")


def one(value: float, limit: float, low: float, middle: float, high: float) -> list[float]:
    found = minutes_to_limit(*(np.array([x]) for x in (value, limit, low, middle, high)))
    assert all(f.shape == (1,) and f.dtype == np.float64 for f in found)
    return [float(f[0]) for f in found]


def test_the_highest_rate_is_the_earliest() -> None:
    assert one(100.0, 130.0, 15.0, 30.0, 60.0) == [30.0, 60.0, 120.0]


@pytest.mark.parametrize("rate", [0.0, -0.0, -5.0, NAN, 1e-300, -np.inf])
def test_a_rate_that_does_not_lead_there_is_not_within_a_day(rate: float) -> None:
    assert one(100.0, 130.0, rate, rate, rate) == [HORIZON_MIN] * 3


def test_a_day_is_the_horizon() -> None:
    assert one(0.0, 24.0, 0.99, 1.0, 1.01) == [24.0 * 60.0 / 1.01, HORIZON_MIN, HORIZON_MIN]


def test_without_a_limit_or_a_value_nothing_is_projected() -> None:
    assert one(100.0, NAN, 1.0, 2.0, 3.0) == [HORIZON_MIN] * 3
    assert one(NAN, 130.0, 1.0, 2.0, 3.0) == [HORIZON_MIN] * 3


@pytest.mark.parametrize("rate", [-5.0, 0.0, 5.0, NAN])
def test_what_is_reached_takes_no_time(rate: float) -> None:
    assert one(130.0, 130.0, rate, rate, rate) == [0.0] * 3


def test_absurd_numbers_are_no_warning() -> None:
    assert one(-1.7e308, 1.7e308, 1e-300, 1.0, 1.7e308) == [HORIZON_MIN] * 3
    assert one(1.0, np.inf, 1.0, 1.0, np.inf) == [HORIZON_MIN] * 3


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, 100.0), (100.0, 200.0), (99.999, 100.0), (150.0, 200.0), (200.0, NAN), (-500.0, 100.0), (NAN, NAN)],
)
def test_the_next_limit_is_the_lowest_rising_one_above(value: float, expected: float) -> None:
    limits = np.array([[200.0, 100.0, -20.0, 180.0, NAN]])
    sign = np.array([[1.0, 1.0, -1.0, -1.0, 1.0]])
    np.testing.assert_array_equal(next_limit(np.array([value]), limits, sign), [expected])


def test_nothing_gives_nothing() -> None:
    none = np.empty(0)
    assert next_limit(none, np.empty((0, 3)), np.empty((0, 3))).shape == (0,)
    assert [f.shape for f in minutes_to_limit(none, none, none, none, none)] == [(0,)] * 3
    assert np.isnan(next_limit(np.zeros(2), np.empty((2, 0)), np.empty((2, 0)))).tolist() == [True, True]


def test_each_row_stands_for_itself() -> None:
    rng = np.random.default_rng(1)
    value, limit, low, middle, high = rng.normal(size=(5, 100))
    found = minutes_to_limit(value, limit, low, middle, high)
    assert [[float(f[i]) for f in found] for i in range(100)] == [
        one(value[i], limit[i], low[i], middle[i], high[i]) for i in range(100)
    ]
