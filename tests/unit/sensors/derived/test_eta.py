"""Minutes to the next level."""

import numpy as np
import pytest

from sensors.derived.eta import minutes_to_limit
from sensors.trend.projection import HORIZON_MIN

NAN = float("nan")


def one(value: float, limit: float, rate: float) -> float:
    found = minutes_to_limit(np.array([value]), np.array([limit]), np.array([rate]))
    assert found.shape == (1,)
    assert found.dtype == np.float64
    return float(found[0])


def test_the_highest_rate_is_the_earliest() -> None:
    assert [one(100.0, 130.0, rate) for rate in (60.0, 30.0, 15.0)] == [30.0, 60.0, 120.0]


@pytest.mark.parametrize("rate", [0.0, -0.0, -5.0, NAN, 1e-300, -np.inf])
def test_a_rate_that_does_not_lead_there_is_not_within_a_day(rate: float) -> None:
    assert one(100.0, 130.0, rate) == HORIZON_MIN


def test_a_day_is_the_horizon() -> None:
    assert [one(0.0, 24.0, rate) for rate in (1.01, 1.0, 0.99)] == [24.0 * 60.0 / 1.01, HORIZON_MIN, HORIZON_MIN]


def test_without_a_limit_or_a_value_nothing_is_projected() -> None:
    assert one(100.0, NAN, 2.0) == HORIZON_MIN
    assert one(NAN, 130.0, 2.0) == HORIZON_MIN


@pytest.mark.parametrize("rate", [-5.0, 0.0, 5.0, NAN])
def test_what_is_reached_takes_no_time(rate: float) -> None:
    assert one(130.0, 130.0, rate) == 0.0


def test_absurd_numbers_are_no_warning() -> None:
    assert [one(-1.7e308, 1.7e308, rate) for rate in (1e-300, 1.0, 1.7e308)] == [HORIZON_MIN] * 3
    assert [one(1.0, np.inf, rate) for rate in (1.0, np.inf)] == [HORIZON_MIN] * 2


def test_nothing_gives_nothing() -> None:
    none = np.empty(0)
    assert minutes_to_limit(none, none, none).shape == (0,)


def test_each_row_stands_for_itself() -> None:
    rng = np.random.default_rng(1)
    value, limit, rate = rng.normal(size=(3, 100))
    found = minutes_to_limit(value, limit, rate)
    assert found.tolist() == [one(value[i], limit[i], rate[i]) for i in range(100)]
