"""What the stage makes of observations as they come in."""

from typing import Any

import numpy as np
import pytest

from sensors.quality import Quality, Reason
from sensors.quality_tests.stage import fresh_quality, judge_quality, quality_rules
from sensors.times import HOUR_US, MINUTE_US
from tests.unit.sensors.quality_tests.observations import START_US, as_rows, batch_of, city_of, flags, judged, told

FAST_RISE = {"rise_limit_per_h": 100.0}
SPIKE = {"spike_suspect": 50.0, "spike_fail": 100.0}
FLAT = {"flat_suspect_s": 2 * 3600.0, "flat_fail_s": 4 * 3600.0}
GOOD, UNKNOWN, SUSPECT, FAIL = Quality.PASS, Quality.NOT_EVALUATED, Quality.SUSPECT, Quality.FAIL


def test_without_limits_everything_stays_as_it_came() -> None:
    assert judged({}, [500.0, 900.0, 10.0], quality=[1, 2, 4]) == [(1, []), (2, []), (4, [])]


def test_a_rise_over_the_limit_is_suspect_and_a_fall_is_not() -> None:
    assert judged(FAST_RISE, [500.0, 600.0, 701.0, 200.0]) == [
        *[(GOOD, []), (GOOD, []), (SUSPECT, ["rate_of_change"]), (GOOD, [])],
    ]


def test_a_test_that_was_evaluated_counts_and_one_that_could_not_be_does_not() -> None:
    assert flags(FAST_RISE, [500.0, 501.0, 900.0], quality=UNKNOWN) == [UNKNOWN, GOOD, SUSPECT]


def test_what_came_as_suspect_stays_suspect() -> None:
    assert flags(FAST_RISE, [500.0, 501.0], quality=SUSPECT) == [SUSPECT, SUSPECT]


def test_a_failed_value_makes_the_next_good_one_not_suspect() -> None:
    limits = FAST_RISE | SPIKE | FLAT
    assert judged(limits, [500.0, -9999.0, 502.0, 503.0], quality=[1, 4, 1, 1]) == [
        *[(GOOD, []), (FAIL, []), (GOOD, []), (GOOD, [])],
    ]


def test_a_spike_is_told_by_the_observation_after_it_whose_quality_stays() -> None:
    assert judged(SPIKE, [580.0, 10.0, 580.0, 580.0]) == [(1, []), (1, []), (1, ["spike_before"]), (1, [])]


def test_a_small_spike_is_told_too_and_one_at_the_limit_is_not() -> None:
    assert told(Reason.SPIKE_BEFORE, SPIKE, [580.0, 640.0, 580.0]) == [2]
    assert told(Reason.SPIKE_BEFORE, SPIKE, [580.0, 630.0, 580.0]) == []
    assert told(Reason.SPIKE_BEFORE, {"spike_fail": 100.0}, [580.0, 690.0, 580.0]) == [2]


def test_the_onset_of_a_flash_flood_is_no_spike() -> None:
    assert told(Reason.SPIKE_BEFORE, SPIKE, [100.0, 100.0, 400.0, 700.0, 690.0, 680.0]) == []


def test_spike_and_rate_are_not_judged_over_a_gap_and_the_gap_is_told() -> None:
    limits = FAST_RISE | SPIKE
    assert judged(limits, [580.0, 900.0, 580.0], hours=[0, 3.001, 4]) == [(1, []), (1, ["after_gap"]), (1, [])]
    assert judged(limits, [580.0, 900.0, 580.0], hours=[0, 3, 4]) == [
        *[(1, []), (3, ["rate_of_change"]), (1, ["spike_before"])],
    ]
    assert judged(limits, [580.0, 10.0, 990.0], hours=[0, 1, 4.001]) == [(1, []), (1, []), (1, ["after_gap"])]


def test_a_gap_is_told_of_what_failed_and_a_failed_observation_ends_it() -> None:
    assert judged({}, [1.0, -9999.0, 1.0], hours=[0, 4, 5], quality=[1, 4, 1]) == [(1, []), (4, ["after_gap"]), (1, [])]


def test_a_sound_predecessor_behind_failed_ones_may_be_too_far_away() -> None:
    values, quality = [500.0, -1.0, -1.0, 900.0], [1, 4, 4, 1]
    assert judged(FAST_RISE, values, hours=[0, 2, 3.5, 5], quality=quality)[-1] == (1, [])
    assert judged(FAST_RISE, values, hours=[0, 1, 2, 3], quality=quality)[-1] == (3, ["rate_of_change"])


def test_a_value_that_does_not_move_is_suspect_then_fails() -> None:
    assert judged(FLAT, [580.0] * 6 + [581.0]) == [
        *[(GOOD, []), (GOOD, []), *[(SUSPECT, ["flat_line"])] * 2, *[(FAIL, ["flat_line"])] * 2, (GOOD, [])],
    ]


def test_a_flat_line_that_failed_goes_on_as_one() -> None:
    assert flags(FLAT | {"flat_suspect_s": None}, [580.0] * 7) == [1, 1, 1, 1, 4, 4, 4]


def test_a_change_up_to_the_tolerance_is_none_and_a_drift_is_no_flat_line() -> None:
    limits = FLAT | {"flat_tolerance": 1.0}
    assert told(Reason.FLAT_LINE, limits, [580.0, 581.0, 580.0, 579.0]) == [2, 3]
    assert told(Reason.FLAT_LINE, limits, [580.0, 580.75, 581.5, 582.25, 583.0, 583.75]) == []


def test_a_flat_line_goes_on_over_a_gap_and_over_what_failed() -> None:
    assert told(Reason.FLAT_LINE, FLAT, [580.0, 580.0, 580.0], hours=[0, 1, 9]) == [2]
    assert told(Reason.FLAT_LINE, FLAT, [580.0, -9999.0, 580.0], quality=[1, 4, 1]) == [2]


def test_our_clock_set_back_begins_everything_anew() -> None:
    limits = FAST_RISE | SPIKE | FLAT
    assert judged(limits, [580.0, 580.0, 580.0, 580.0], hours=[100, 101, 1, 2]) == [(1, []), (1, []), (1, []), (1, [])]
    assert judged(limits, [100.0, 900.0, 100.0], hours=[100, 1, 2]) == [(1, []), (1, []), (1, [])]


def neighbours(values: list[tuple[int, float]], minutes: list[int], quality: list[int] | int = 1) -> list[int]:
    """Flags of S0, which is compared with S1, in order of arrival; S1 sends every ten minutes, gap limit thirty."""
    streams: dict[int, dict[str, Any]] = {
        0: {"neighbour": "S1:level", "neighbour_suspect": 3.0, "neighbour_fail": 5.0},
        1: {"interval_calm_s": 600.0},
    }
    rules = quality_rules(city_of(streams))
    numbers = [number for number, _ in values]
    times = [START_US + minute * MINUTE_US for minute in minutes]
    batch = batch_of(numbers, times, [value for _, value in values], quality)
    rows = as_rows(batch)
    _, after = judge_quality(fresh_quality(rules), rules, rows)
    marked = after.reasons & np.uint16(Reason.NEIGHBOUR) != 0
    assert marked.tolist() == (after.quality > rows.batch.quality).tolist()
    return [int(flag) for flag, number in zip(after.quality, after.datastream, strict=True) if number == 0]


def test_a_neighbour_is_compared_with_as_of_arrival() -> None:
    assert neighbours([(0, 100.0)], [0], UNKNOWN) == [UNKNOWN]
    assert neighbours([(1, 103.0), (0, 100.0), (1, 104.0), (0, 100.0), (1, 94.0), (0, 100.0)], [0, 1, 2, 3, 4, 5]) == [
        *[GOOD, SUSPECT, FAIL],
    ]
    assert neighbours([(0, 100.0), (1, 200.0)], [1, 0]) == [GOOD]


def test_a_neighbour_too_old_or_failed_is_not_compared_with() -> None:
    assert neighbours([(1, 200.0), (0, 100.0), (0, 100.0)], [0, 30, 31], UNKNOWN) == [FAIL, UNKNOWN]
    assert neighbours([(1, 101.0), (1, -9999.0), (0, 100.0)], [0, 1, 2], [1, 4, 2]) == [GOOD]
    assert neighbours([(1, 101.0), (0, -9999.0)], [0, 1], [1, 4]) == [FAIL]


def test_a_neighbour_in_the_memory_is_compared_with() -> None:
    streams: dict[int, dict[str, Any]] = {0: {}, 5: {"neighbour": "S0:level", "neighbour_suspect": 3.0}}
    rules = quality_rules(city_of(streams))
    state, _ = judge_quality(fresh_quality(rules), rules, as_rows(batch_of([0], [START_US], [100.0])))
    _, after = judge_quality(state, rules, as_rows(batch_of([5], [START_US + HOUR_US], [104.0])))
    assert after.quality.tolist() == [SUSPECT]


def test_all_reasons_that_hold_are_kept_and_none_is_taken_away() -> None:
    rules = quality_rules(city_of({0: FAST_RISE}))
    batch = batch_of([0, 0], [START_US, START_US + HOUR_US], [100.0, 900.0])
    batch.reasons[:] = np.uint16(Reason.IMPLAUSIBLE_FALL | Reason.HISTORICAL)
    _, after = judge_quality(fresh_quality(rules), rules, as_rows(batch))
    assert Reason(int(after.reasons[1])).words == ["historical", "rate_of_change", "implausible_fall"]


def test_nothing_comes_in() -> None:
    rules = quality_rules(city_of({0: FAST_RISE}))
    state, batch = judge_quality(before := fresh_quality(rules), rules, as_rows(batch_of([], [], [])))
    assert len(batch) == 0
    assert state is before


@pytest.mark.parametrize("limits", [{}, FAST_RISE | SPIKE | FLAT, FLAT | {"flat_tolerance": 2.0}])
def test_the_largest_values_that_can_come_give_no_warning(limits: dict[str, float]) -> None:
    assert len(judged(limits, [1.7e308, -1.7e308, 1.7e308, 1.7e308, 5e-324, 0.0])) == 6
