"""What the trend says of a datastream that fell silent."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sensors.times import MINUTE_US, NEVER
from sensors.trend.advance import advance
from sensors.trend.lost import lost_rising, widening_per_h
from sensors.trend.state import TrendState, fresh_trend
from tests.unit.sensors.trend.slow_trend import START_US, WINDOW_US, Seen, rows_in_order, rules_of

RULES = rules_of({0: WINDOW_US, 2: WINDOW_US, 3: WINDOW_US, 4: WINDOW_US}, 5)
NEWEST_US = START_US + 25 * MINUTE_US
ALL = np.arange(5, dtype=np.int32)
NAN = float("nan")


def state() -> TrendState:
    """0 rises, 2 falls, 3 goes up and down, 4 was never heard; 1 has no trend."""
    shapes = {0: [0, 5, 11, 16, 20, 26], 2: [9, 7, 6, 3, 2, 1], 3: [0, 9, 0, 9, 0, 9]}
    seen = [
        Seen(n, START_US + i * 5 * MINUTE_US, float(v)) for n, values in shapes.items() for i, v in enumerate(values)
    ]
    return advance(fresh_trend(RULES), RULES, rows_in_order(seen))[0]


def newest(after_us: int = 0) -> NDArray[np.int64]:
    return np.array([NEWEST_US + after_us] * 4 + [NEVER], np.int64)


@pytest.mark.parametrize("after_us", [0, 1, WINDOW_US])
def test_what_rises_without_a_doubt_is_lost_rising(after_us: int) -> None:
    found = lost_rising(state(), RULES, ALL, newest(after_us))
    assert found.dtype == np.bool_
    assert found.tolist() == [True, False, False, False, False]


def test_what_is_possible_widens_with_the_upper_bound() -> None:
    trend = state()
    found = widening_per_h(trend, RULES, ALL, newest())
    np.testing.assert_array_equal(found, [trend.high[0], NAN, trend.high[1], trend.high[2], NAN])
    assert found[0] > trend.rate[0] > 0
    assert found[2] < 0 < found[3]


def test_a_trend_older_than_its_window_says_nothing() -> None:
    old = newest(WINDOW_US + 1)
    assert not lost_rising(state(), RULES, ALL, old).any()
    assert np.isnan(widening_per_h(state(), RULES, ALL, old)).all()


def test_some_of_them_in_any_order() -> None:
    number = np.array([3, 0, 0, 1], np.int32)
    assert lost_rising(state(), RULES, number, np.full(4, NEWEST_US)).tolist() == [False, True, True, False]


def test_nobody_and_no_trends() -> None:
    none = rules_of({}, 5)
    assert lost_rising(fresh_trend(none), none, ALL, newest()).tolist() == [False] * 5
    assert np.isnan(widening_per_h(fresh_trend(none), none, ALL, newest())).all()
    assert lost_rising(state(), RULES, ALL[:0], newest()[:0]).shape == (0,)
