"""Which level lies ahead."""

import numpy as np
import pytest

from sensors.trend.projection import next_limit

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, 100.0), (100.0, 200.0), (99.999, 100.0), (150.0, 200.0), (200.0, NAN), (-500.0, 100.0), (NAN, NAN)],
)
def test_the_next_limit_is_the_lowest_rising_one_above(value: float, expected: float) -> None:
    limits = np.array([[200.0, 100.0, -20.0, 180.0, NAN]])
    sign = np.array([[1.0, 1.0, -1.0, -1.0, 1.0]])
    np.testing.assert_array_equal(next_limit(np.array([value]), limits, sign), [expected])


def test_nothing_gives_nothing() -> None:
    assert next_limit(np.empty(0), np.empty((0, 3)), np.empty((0, 3))).shape == (0,)
    assert np.isnan(next_limit(np.zeros(2), np.empty((2, 0)), np.empty((2, 0)))).tolist() == [True, True]
