"""Our quality tests beside those of ioos_qc: equal where they mean the same; each difference has a test with its name.

A column of ours goes through the whole stage, with quality PASS as it came, so that what is not evaluated is PASS as it
is in ioos_qc.  Values lie on a grid of eighths and limits are such that both sides compute without rounding.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ioos_qc import qartod  # type: ignore[import-untyped]
from numpy.typing import NDArray

from sensors.quality import Quality, Reason
from sensors.quality_tests.gross_range import gross_range
from sensors.quality_tests.rate_of_change import rate_of_change
from sensors.quality_tests.rollup import rollup
from sensors.quality_tests.spike import spike
from tests.unit.sensors.quality_tests.observations import NAN, flags, told

GOOD, UNKNOWN, SUSPECT, FAIL, MISSING = 1, 2, 3, 4, 9
HOUR_S = 3600
TINY = 2.0**-40  # their tolerance is never reached by a range of 0, and 0 itself never gives a flag

law = settings(max_examples=150, deadline=None)
values = st.lists(st.integers(-40, 40).map(lambda n: n / 8), min_size=3, max_size=40)
with_missing = st.lists(st.one_of(st.integers(-40, 40).map(lambda n: n / 8), st.just(NAN)), min_size=3, max_size=40)


def theirs(flag_arr: NDArray[Any]) -> list[int]:
    return np.ma.getdata(flag_arr).astype(int).tolist()  # type: ignore[no-any-return]


def times(n: int, step_s: float = HOUR_S) -> NDArray[np.datetime64]:
    return np.datetime64("2025-03-04T00:00:00", "ns") + (np.arange(n) * step_s * 1e9).astype("timedelta64[ns]")


@law
@given(some=with_missing, low=st.integers(-4, 0), high=st.integers(1, 4))
def test_gross_range_is_the_same(some: list[float], low: int, high: int) -> None:
    n = len(some)
    ours = gross_range(np.array(some), np.full(n, float(low)), np.full(n, float(high)))
    assert ours.tolist() == theirs(qartod.gross_range_test(some, fail_span=(low, high)))


@law
@given(some=with_missing, limit=st.sampled_from([0.125, 1.0, 2.0]))
def test_spike_is_the_same_as_their_differential_method(some: list[float], limit: float) -> None:
    column, n = np.array([NAN, *some, NAN]), len(some)
    ours = spike(column[:-2], column[1:-1], column[2:], np.full(n, limit), np.full(n, 2 * limit))
    assert ours.tolist() == theirs(qartod.spike_test(some, limit, 2 * limit, method="differential"))


@law
@given(some=values, limit=st.sampled_from([0.125, 1.0, 2.0]))
def test_spike_is_told_one_late_at_the_observation_after_it(some: list[float], limit: float) -> None:
    late = told(Reason.SPIKE_BEFORE, {"spike_suspect": limit, "spike_fail": 2 * limit}, some)
    found = theirs(qartod.spike_test(some, limit, 2 * limit, method="differential"))
    assert late == [place + 1 for place, flag in enumerate(found) if flag in (SUSPECT, FAIL)]


@law
@given(some=values, limit=st.sampled_from([1, 2, 4]), step_s=st.sampled_from([16, 64, 3600]))
def test_rate_of_change_of_rising_values_is_the_same(some: list[float], limit: int, step_s: int) -> None:
    rising = sorted(some)
    limit_per_s = limit / step_s
    found = qartod.rate_of_change_test(rising, times(len(rising), step_s), limit_per_s)
    hours = [place * step_s / HOUR_S for place in range(len(rising))]
    assert flags({"rise_limit_per_h": limit_per_s * HOUR_S}, rising, hours=hours) == theirs(found)


@law
@given(
    some=st.lists(st.sampled_from([5.0, 5.0, 5.0, 6.0]), min_size=3, max_size=40),
    suspect=st.integers(1, 4),
    more=st.integers(1, 4),
)
def test_flat_line_without_tolerance_is_the_same(some: list[float], suspect: int, more: int) -> None:
    limits = {"flat_suspect_s": suspect * HOUR_S, "flat_fail_s": (suspect + more) * HOUR_S}
    found = qartod.flat_line_test(some, times(len(some)), limits["flat_suspect_s"], limits["flat_fail_s"], TINY)
    assert flags(limits, some) == theirs(found)


@law
@given(columns=st.lists(st.lists(st.sampled_from([1, 2, 3, 4, 9]), min_size=5, max_size=5), min_size=2, max_size=4))
def test_rollup_is_the_same_as_qartod_compare(columns: list[list[int]]) -> None:
    arrays = [np.array(column, np.uint8) for column in columns]
    ours = arrays[0]
    for column in arrays[1:]:
        ours = rollup(ours, column)
    assert ours.tolist() == theirs(qartod.qartod_compare(arrays))


@law
@given(steps=st.lists(st.sampled_from([1, 2, 3, 4]), min_size=2, max_size=20))
def test_gap_is_the_same_but_it_is_a_reason_and_no_flag(steps: list[int]) -> None:
    hours = np.cumsum([0, *steps])
    found = theirs(qartod.time_gap_test(times(1)[0] + hours * np.timedelta64(HOUR_S, "s"), fail_span=3))
    after = told(Reason.AFTER_GAP, {}, [5.0] * len(hours), hours=hours.tolist())
    assert after == [place for place, flag in enumerate(found) if flag == FAIL and place > 0]
    assert flags({}, [5.0] * len(hours), hours=hours.tolist()) == [GOOD] * len(hours)


# The differences, one by one.


def test_difference_the_first_observation_is_never_after_a_gap() -> None:
    gap_then_none = times(1)[0] + np.array([0, 9, 10]) * np.timedelta64(HOUR_S, "s")
    assert theirs(qartod.time_gap_test(gap_then_none, fail_span=3)) == [FAIL, FAIL, GOOD]
    assert told(Reason.AFTER_GAP, {}, [5.0] * 3, hours=[0, 9, 10]) == [1]


def test_difference_one_bound_of_the_range_is_enough() -> None:
    with pytest.raises(TypeError):
        qartod.gross_range_test([5.0], (0, None))
    assert gross_range(np.array([5.0, -5.0]), np.zeros(2), np.full(2, NAN)).tolist() == [GOOD, FAIL]


def test_difference_a_step_is_no_spike_where_the_manuals_mean_of_neighbours_finds_two() -> None:
    onset = [100.0, 100.0, 100.0, 250.0, 400.0, 400.0, 400.0]
    assert theirs(qartod.spike_test(onset, 50, 100)) == [UNKNOWN, GOOD, SUSPECT, GOOD, SUSPECT, GOOD, UNKNOWN]
    assert told(Reason.SPIKE_BEFORE, {"spike_suspect": 50.0, "spike_fail": 100.0}, onset) == []


def test_difference_a_spike_limit_of_zero_is_a_limit() -> None:
    jump = np.array([5.0, 6.0, 5.0])
    zero, none = np.zeros(1), np.full(1, NAN)
    assert theirs(qartod.spike_test(jump, 0, None, method="differential"))[1] == GOOD
    assert spike(jump[:1], jump[1:2], jump[2:], zero, none).tolist() == [SUSPECT]


def test_difference_spike_and_rate_pass_over_a_missing_or_failed_value() -> None:
    gone = [580.0, 10.0, NAN, 580.0]
    assert theirs(qartod.spike_test(gone, 50, 100, method="differential")) == [UNKNOWN, UNKNOWN, MISSING, UNKNOWN]
    sound = [580.0, 10.0, -9999.0, 580.0]
    limits = {"spike_suspect": 50.0, "spike_fail": 100.0, "rise_limit_per_h": 100.0}
    assert told(Reason.SPIKE_BEFORE, limits, sound, quality=[1, 1, FAIL, 1]) == [3]
    assert theirs(qartod.rate_of_change_test(gone, times(4), 100 / HOUR_S))[3] == GOOD
    assert told(Reason.RATE_OF_CHANGE, limits, sound, quality=[1, 1, FAIL, 1]) == [3]


def test_difference_spike_and_rate_are_not_judged_over_a_gap() -> None:
    with_gap = times(1)[0] + np.array([0, 1, 9]) * np.timedelta64(HOUR_S, "s")
    assert theirs(qartod.rate_of_change_test([0.0, 0.0, 900.0], with_gap, 100 / HOUR_S)) == [GOOD, GOOD, SUSPECT]
    assert flags({"rise_limit_per_h": 100.0}, [0.0, 0.0, 900.0], hours=[0, 1, 9]) == [GOOD] * 3


def test_difference_only_a_rise_is_judged_by_rate_of_change() -> None:
    falling = [900.0, 500.0]
    assert theirs(qartod.rate_of_change_test(falling, times(2), 100 / HOUR_S)) == [GOOD, SUSPECT]
    assert flags({"rise_limit_per_h": 100.0}, falling) == [GOOD, GOOD]


def test_difference_rate_of_change_never_fails_a_value() -> None:
    rising = [0.0, 900.0]
    assert theirs(qartod.rate_of_change_test(rising, times(2), 100 / HOUR_S, 200 / HOUR_S)) == [GOOD, FAIL]
    assert flags({"rise_limit_per_h": 100.0}, rising) == [GOOD, SUSPECT]


def test_difference_sub_second_steps_keep_their_length() -> None:
    slow = [5.0, 5.004]  # in one and a half seconds: 9.6 an hour; they cut to one second: 14.4
    assert theirs(qartod.rate_of_change_test(slow, times(2, 1.5), 10 / HOUR_S)) == [GOOD, SUSPECT]
    assert flags({"rise_limit_per_h": 10.0}, slow, hours=[0, 1.5 / HOUR_S]) == [GOOD, GOOD]
    at_once = [5.0, 5.1]  # in half a second: 720 an hour; theirs has no length at all
    assert flags({"rise_limit_per_h": 400.0}, at_once, hours=[0, 0.5 / HOUR_S]) == [GOOD, SUSPECT]
    no_time = rate_of_change(np.full(1, 9.0), np.zeros(1), np.zeros(1, np.int64), np.full(1, 1.0))
    assert no_time.tolist() == [UNKNOWN]


def test_difference_the_first_observation_was_not_evaluated() -> None:
    assert theirs(qartod.rate_of_change_test([5.0, 5.0], times(2), 1.0)) == [GOOD, GOOD]
    assert flags({"rise_limit_per_h": 1.0}, [5.0, 5.0], quality=UNKNOWN) == [UNKNOWN, GOOD]
    assert theirs(qartod.flat_line_test([5.0, 6.0, 7.0], times(3), HOUR_S, 2 * HOUR_S)) == [GOOD] * 3
    assert flags({"flat_suspect_s": HOUR_S}, [5.0, 6.0, 7.0], quality=UNKNOWN) == [UNKNOWN, GOOD, GOOD]


def test_difference_a_flat_tolerance_of_zero_finds_equal_values() -> None:
    assert theirs(qartod.flat_line_test([5.0] * 4, times(4), HOUR_S, 9 * HOUR_S, 0)) == [GOOD] * 4
    assert flags({"flat_suspect_s": HOUR_S}, [5.0] * 4) == [GOOD, SUSPECT, SUSPECT, SUSPECT]


def test_difference_a_change_equal_to_the_flat_tolerance_is_none() -> None:
    moving = [5.0, 6.0, 5.0, 6.0]
    assert theirs(qartod.flat_line_test(moving, times(4), HOUR_S, 9 * HOUR_S, 1.0)) == [GOOD] * 4
    assert flags({"flat_suspect_s": HOUR_S, "flat_tolerance": 1.0}, moving) == [GOOD, SUSPECT, SUSPECT, SUSPECT]


def test_difference_a_slow_drift_breaks_a_flat_line_at_its_firsts_tolerance_not_within_a_moving_window() -> None:
    drift = [place / 4 for place in range(12)]
    assert theirs(qartod.flat_line_test(drift, times(12), 2 * HOUR_S, 20 * HOUR_S, 0.625))[2:] == [SUSPECT] * 10
    ours = flags({"flat_suspect_s": 2 * HOUR_S, "flat_tolerance": 0.625}, drift)
    assert ours == [GOOD, GOOD, SUSPECT] * 4  # each run begins at its first value, and ends before it is long


def test_difference_a_flat_line_lasts_by_the_clock_and_not_by_the_median_interval() -> None:
    irregular = times(1)[0] + np.array([0, 1, 2, 9]) * np.timedelta64(HOUR_S, "s")
    assert theirs(qartod.flat_line_test([5.0] * 4, irregular, 5 * HOUR_S, 20 * HOUR_S, TINY)) == [GOOD] * 4
    assert flags({"flat_suspect_s": 5 * HOUR_S}, [5.0] * 4, hours=[0, 1, 2, 9]) == [GOOD, GOOD, GOOD, SUSPECT]


def test_difference_a_flat_line_goes_on_over_a_value_that_failed() -> None:
    broken = [5.0, 5.0, -9999.0, 5.0]
    assert theirs(qartod.flat_line_test(broken, times(4), 2 * HOUR_S, 9 * HOUR_S, TINY)) == [GOOD] * 4
    assert flags({"flat_suspect_s": 3 * HOUR_S}, broken, quality=[1, 1, FAIL, 1]) == [GOOD, GOOD, FAIL, SUSPECT]


def test_no_difference_missing_is_nine_though_their_texts_say_unknown() -> None:
    assert theirs(qartod.rate_of_change_test([NAN, 5.0, 5.0], times(3), 1.0))[0] == MISSING == Quality.MISSING
    assert theirs(qartod.flat_line_test([NAN, 5.0, 5.0], times(3), HOUR_S, 2 * HOUR_S))[0] == MISSING
