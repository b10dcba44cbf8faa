"""The slope that the sun's swing does not move, and the day on which a battery meets its limit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sensors.runway import hourly_medians, runway, slope_per_day
from sensors.times import HOUR_US, MINUTE_US

NOW = 1_780_000_000_000_000
DAY_US = 24 * HOUR_US


def times(hours: float, step_us: int = 10 * MINUTE_US) -> NDArray[np.int64]:
    return np.arange(NOW - round(hours * HOUR_US), NOW, step_us, dtype=np.int64)


def battery(at: NDArray[np.int64], per_day: float, swing: float = 0.6, now: float = 12.4) -> NDArray[np.float64]:
    days = (at - NOW) / DAY_US
    return np.asarray(now + per_day * days + swing * np.sin(2 * np.pi * days), dtype=np.float64)


def test_a_swing_of_the_sun_is_no_slope() -> None:
    at = times(72)
    found = runway(at, battery(at, -0.15), NOW, 11.6)
    assert found.slope_per_day == pytest.approx(-0.15, abs=1e-3)
    assert found.lowest == pytest.approx(12.4 - 0.6, abs=0.15)
    assert found.days_left == pytest.approx((found.lowest - 11.6) / 0.15, abs=0.1)


@given(per_day=st.floats(-1.0, 1.0), seed=st.integers(0, 100))
def test_gaps_and_wild_values_do_not_move_it(per_day: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = times(72)
    values = battery(at, per_day)
    values[rng.random(len(at)) < 0.03] = 0.0  # a loose contact
    keep = (at < NOW - 40 * HOUR_US) | (at > NOW - 36 * HOUR_US)
    assert slope_per_day(hourly_medians(at[keep], values[keep], NOW, 73)) == pytest.approx(per_day, abs=0.05)


def test_one_day_alone_says_nothing() -> None:
    at = times(20)
    found = runway(at, battery(at, -0.3), NOW, 11.6)
    assert np.isnan(found.slope_per_day)
    assert np.isnan(found.days_left)
    assert np.isfinite(found.lowest)


def test_what_stands_at_its_limit_has_no_days_left_however_short_the_record() -> None:
    assert runway(times(2), np.full(12, 11.5), NOW, 11.6).days_left == 0.0


def test_what_does_not_fall_or_not_within_a_year_has_no_end() -> None:
    at = times(72)
    assert runway(at, battery(at, 0.1), NOW, 11.0).days_left == np.inf
    assert runway(at, battery(at, -0.0001), NOW, 11.0).days_left == np.inf
    assert runway(at, battery(at, -0.012, now=20.0), NOW, 11.0).days_left == np.inf


def test_without_a_limit_or_values_nothing_is_known() -> None:
    at = times(72)
    assert np.isnan(runway(at, battery(at, -0.1), NOW, float("nan")).days_left)
    assert np.isnan(runway(at[:0], np.empty(0), NOW, 11.6)).all()
    assert np.isnan(runway(at, np.full(len(at), np.nan), NOW, 11.6)).all()
    old = at - 10 * DAY_US
    assert np.isnan(runway(old, battery(at, -0.1), NOW, 11.6)).all()


def test_the_order_of_values_does_not_matter_and_they_are_left_alone() -> None:
    at = times(72)
    values = battery(at, -0.2)
    before = values.copy()
    order = np.random.default_rng(1).permutation(len(at))
    shuffled = runway(at[order], values[order], NOW, 11.6)
    assert shuffled == pytest.approx(runway(at, values, NOW, 11.6))
    assert (values == before).all()


def test_a_quota_that_was_topped_up_counts_from_where_it_is_now() -> None:
    at = times(72)
    days = (at - NOW) / DAY_US
    quota = np.where(days < -0.4, 60.0 - 14.0 * (days + 1.0), 500.0 - 14.0 * days)
    assert np.isnan(runway(at, quota, NOW, 0.0).days_left)  # a battery would be a new one
    found = runway(at, quota, NOW, 0.0, swings=False)
    assert found.days_left == pytest.approx(500.0 / 14.0, abs=0.2)


@pytest.mark.parametrize("hours_ago", [26, 30, 36, 47, 60])
def test_a_new_battery_begins_the_record_anew(hours_ago: int) -> None:
    at = times(73)
    days = (at - NOW) / DAY_US
    swap = -hours_ago / 24
    values = np.where(days < swap, 11.7 - 0.05 * days, 12.9 - 0.3 * (days - swap)) + 0.25 * np.sin(2 * np.pi * days)
    found = runway(at, values, NOW, 11.6)
    if hours_ago < 30:
        assert np.isnan(found.days_left) or found.slope_per_day == pytest.approx(-0.3, abs=0.05)
    else:
        assert found.slope_per_day == pytest.approx(-0.3, abs=0.05)
        assert found.days_left == pytest.approx((found.lowest - 11.6) / 0.3, rel=0.2)


def test_a_battery_of_some_hours_says_nothing_yet() -> None:
    at = times(73)
    days = (at - NOW) / DAY_US
    found = runway(at, np.where(days < -0.4, 11.8, 12.9) + 0.2 * np.sin(2 * np.pi * days), NOW, 11.6)
    assert found.lowest > 12
    assert np.isnan(found.days_left)


def test_a_sunny_day_after_two_cloudy_ones_is_no_new_battery() -> None:
    at = times(73)
    days = (at - NOW) / DAY_US
    swing = np.where(days > -1, 0.5, 0.3) * np.sin(2 * np.pi * days)
    assert runway(at, 12.4 - 0.1 * days * -1 + swing, NOW, 11.6).slope_per_day == pytest.approx(0.1, abs=0.1)
    assert runway(at, 12.4 - 0.2 * days + swing, NOW, 11.6).slope_per_day == pytest.approx(-0.2, abs=0.1)


def test_a_quota_topped_up_thirty_hours_ago_is_used_up_as_before() -> None:
    at = times(73)
    days = (at - NOW) / DAY_US
    quota = np.where(days < -1.25, 40.0, 500.0) - 14.0 * days
    assert runway(at, quota, NOW, 0.0, swings=False).slope_per_day == pytest.approx(-14.0, abs=0.5)
