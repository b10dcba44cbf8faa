"""Which observations are points, and the rate at each."""

import numpy as np
import pytest

from sensors.quality import Reason
from sensors.times import MINUTE_US, NEVER, SECOND_US
from sensors.trend.advance import Points, advance
from sensors.trend.rules import TrendRules
from sensors.trend.state import TrendState, fresh_trend
from tests.unit.sensors.trend.slow_trend import START_US, WINDOW_US, Seen, rows_in_order, rules_of

PART_US = WINDOW_US // 8
ONE = rules_of({0: WINDOW_US}, 1)
NAN = float("nan")


def judged(*seen: Seen, rules: TrendRules = ONE) -> tuple[TrendState, Points]:
    return advance(fresh_trend(rules), rules, rows_in_order(seen))


def ramp(*minutes: float, per_h: float = 60.0) -> list[Seen]:
    return [Seen(0, START_US + round(m * MINUTE_US), per_h * m / 60) for m in minutes]


def test_the_start_of_these_tests_is_the_edge_of_a_part() -> None:
    assert START_US % PART_US == 0


def test_the_first_of_each_part_is_a_point() -> None:
    _, points = judged(*(Seen(0, START_US + t * SECOND_US, 0.0) for t in (100, 224, 225, 226, 449, 451, 1000)))
    assert points.row.tolist() == [0, 2, 5, 6]


def test_three_points_over_a_quarter_of_the_window_have_a_rate() -> None:
    state, points = judged(*ramp(0, 3.75, 7.5, 11.25))
    np.testing.assert_array_equal(points.middle, [NAN, NAN, 60.0, 60.0])
    assert (state.rate[0], state.low[0], state.high[0]) == (60.0, 60.0, 60.0)
    assert state.rate_us.tolist() == [START_US + 3 * PART_US]


def test_three_points_in_less_say_nothing() -> None:
    _, points = judged(*ramp(3.7, 4, 7.5))
    np.testing.assert_array_equal(points.middle, [NAN, NAN, NAN])


def test_what_lies_a_window_back_counts_no_more() -> None:
    state, points = judged(*ramp(0, 10, 20, 30))
    np.testing.assert_array_equal(points.middle, [NAN, NAN, 60.0, 60.0])
    late, points = advance(state, ONE, rows_in_order(ramp(50)))
    assert np.isnan(points.middle).tolist() == [True]  # 30 and 50 are left: 20 lies a window back
    assert np.isnan([late.rate[0], late.low[0], late.high[0]]).all()
    assert late.rate_us.tolist() == [START_US + 50 * MINUTE_US]


def test_a_falling_limb_is_negative() -> None:
    state, _ = judged(*ramp(0, 5, 10, 15, per_h=-24.0))
    assert state.rate.tolist() == [-24.0]


@pytest.mark.parametrize(("quality", "value"), [(3, 1.0), (4, 1.0), (1, float("inf")), (2, -float("inf"))])
def test_what_cannot_be_trusted_opens_no_part(quality: int, value: float) -> None:
    _, points = judged(
        Seen(0, START_US, 0.0), Seen(0, START_US + PART_US, value, quality), Seen(0, START_US + PART_US + 1, 5.0)
    )
    assert points.row.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("also", "rows"), [(Reason.CLOCK_FAULT, [0, 1]), (Reason.FLAT_LINE, [0, 2]), (Reason.IMPLAUSIBLE_FALL, [0, 2])]
)
def test_what_is_suspect_for_nothing_but_its_rise_is_a_point(also: Reason, rows: list[int]) -> None:
    second = Seen(0, START_US + PART_US, 50.0, 3, int(Reason.RATE_OF_CHANGE | also))
    _, points = judged(Seen(0, START_US, 0.0), second, Seen(0, START_US + PART_US + 1, 5.0))
    assert points.row.tolist() == rows


def test_a_spike_does_not_move_the_rate() -> None:
    seen = ramp(*(3.75 * i for i in range(8)))
    seen[5] = seen[5]._replace(value=900.0)
    state, _ = judged(*seen)
    assert state.rate.tolist() == [60.0]


def test_before_the_epoch_parts_are_counted_on() -> None:
    _, points = judged(*(Seen(0, t, 0.0) for t in (-PART_US - 1, -PART_US, -1, 0, 1)))
    assert points.row.tolist() == [0, 1, 3]


def test_only_datastreams_with_a_trend_are_looked_at() -> None:
    rules = rules_of({1: WINDOW_US}, 3)
    seen = [Seen(n, START_US + i * PART_US, float(i)) for i in range(4) for n in (0, 1, 2)]
    state, points = judged(*seen, rules=rules)
    assert points.row.tolist() == [4, 5, 6, 7]
    assert state.time_us.shape == (1, 8)


def test_nothing_new_is_the_same_state() -> None:
    state, _ = judged(*ramp(0, 5, 10, 15))
    for seen in ([], ramp(17), [ramp(100)[0]._replace(quality=4)]):
        again, points = advance(state, ONE, rows_in_order(seen))
        assert again is state
        assert points.row.shape == (0,)
        assert points.row.dtype == np.intp
        assert all(a.shape == (0,) and a.dtype == np.float64 for a in (points.middle, points.low, points.high))


def test_no_trends_at_all() -> None:
    rules = rules_of({}, 2)
    state, points = judged(Seen(1, START_US, 1.0), rules=rules)
    assert len(points) == 0
    assert state.rate_us.shape == (0,)


def test_an_unheard_slot_has_no_time() -> None:
    state, _ = judged(Seen(1, START_US, 1.0), rules=rules_of({0: WINDOW_US, 1: WINDOW_US}, 2))
    assert state.rate_us.tolist() == [NEVER, START_US]
    assert state.next_us.tolist() == [NEVER, START_US + PART_US]


def test_a_long_batch_of_one_keeps_its_last_eight() -> None:
    seen = [Seen(0, START_US + i * PART_US, float(i % 7)) for i in range(5000)]
    state, points = judged(*seen)
    assert len(points) == 5000
    assert state.value[0].tolist() == [float(i % 7) for i in range(4992, 5000)]
