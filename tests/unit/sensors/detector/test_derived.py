"""What follows from observations is in the judged batch, and can be given back from the log."""

import numpy as np
import pytest

from sensors.batch import Batch
from sensors.quality import Quality, Reason
from tests.unit.sensors.detector.gauges import Row, Story, computed, every, gauge, levels, minute

BASIN = (
    gauge(100, 200),
    gauge(100, 200, number=1),
    computed("holding", "S0:level", "S1:level", number=2, limits=levels(1, 2), severity=2),
)
RATED = (
    gauge(100, interval_calm_s=600.0, rise_limit_per_h=200.0, fall_limit_per_h=60.0, valid_min=0.0, valid_max=900.0),
    computed("rate", "S0:level", number=1, limits=levels(50)),
    computed("eta", "S0:level", number=2),
)
FLOOD = every(10, 40, 50, 60, 70, 80, 120, 30, 30, 999, 140)


def test_k_of_n_is_counted_where_levels_are_raised_and_returned() -> None:
    basin = Story(*BASIN)
    basin.hears((1, 150), Row(2, 150, of=1))
    assert basin.hears((3, 250)) == [
        "raised L2 crossed @3!",
        "raised L1 crossed @3! #2",
    ]
    assert basin.hears(Row(4, 250, of=1))[-1] == "raised L2 crossed @4! #2"
    assert basin.hears((5, 150)) == ["returned L2 crossed @5!", "returned L2 crossed @5! #2"]
    assert basin.value_of(2) == [0.0, 1.0, 2.0, 1.0]


def test_a_count_has_the_time_and_origin_of_what_it_counts() -> None:
    basin = Story(*BASIN)
    basin.hears((1, 150))
    basin.hears(Row(3, 250, age=1, origin=3))
    count = basin.batch.take(basin.batch.datastream == 2)
    assert count.value.tolist() == [0.0, 1.0]
    assert count.time_us.tolist() == count.receive_us.tolist() == [minute(1), minute(3)]
    assert (count.origin.tolist(), count.quality.tolist()) == ([0, 3], [Quality.NOT_EVALUATED] * 2)


def test_several_counts_of_one_moment_come_one_after_the_other() -> None:
    basin = Story(*BASIN)
    basin.hears((1, 150), Row(1, 150, of=1))
    basin.hears(Row(3, 250), Row(3, 250, of=1))
    count = basin.batch.take(basin.batch.datastream == 2)
    assert count.value.tolist() == [0.0, 1.0, 2.0]
    assert count.time_us.tolist() == [minute(1), minute(3), minute(3) + 1]


def test_a_count_is_suspect_while_a_level_in_it_is_in_doubt_and_confirmed_with_it() -> None:
    basin = Story(*BASIN)
    basin.hears((1, 150), Row(2, 250, of=1))
    assert basin.hears(Row(3, 250, quality=4)) == ["raised L2 crossed @3!?", "raised L2 crossed @3!? #2"]
    assert basin.hears((4, 240)) == ["confirmed L2 crossed @4!", "confirmed L2 crossed @4! #2"]
    count = basin.batch.take(basin.batch.datastream == 2)
    assert count.value.tolist() == [0.0, 1.0, 2.0, 2.0]
    assert count.quality.tolist() == [2, 2, Quality.SUSPECT, 2]
    assert basin.hears((5, 150))[-1] == "returned L2 crossed @5! #2"


def test_a_level_in_doubt_makes_no_count_doubtful_where_a_sure_one_counts_as_well() -> None:
    basin = Story(gauge(100, 200, 300), *BASIN[1:])
    basin.hears((1, 250))
    assert basin.hears(Row(2, 350, quality=4)) == ["raised L3 crossed @2!?"]
    count = basin.batch.take(basin.batch.datastream == 2)
    assert (count.value.tolist(), count.quality.tolist()) == ([0.0, 1.0], [2, 2])


def test_a_count_that_stays_in_doubt_ends_the_levels_that_even_the_doubtful_do_not_hold() -> None:
    basin = Story(*BASIN)
    basin.hears((1, 150), Row(2, 250, of=1), Row(3, 250, quality=4))
    assert basin.hears(Row(4, 150, of=1)) == ["returned L2 crossed @4! #1", "returned L2 crossed @4! #2"]
    assert (basin.value_of(2)[-1], basin.batch.quality[-1]) == (1.0, Quality.SUSPECT)
    assert basin.hears((5, 150)) == ["returned L2 crossed @5!", "returned L1 crossed @5! #2"]


def test_a_delay_that_runs_out_in_an_empty_tick_is_counted_then() -> None:
    slow = gauge(*levels(100), *levels(1, 200, on_delay_s=300)[1:])
    basin = Story(slow, *BASIN[1:])
    basin.hears((1, 250))
    assert basin.waits_until(10) == ["raised L2 delayed @6!", "raised L1 crossed @6! #2"]
    assert basin.value_of(2) == [0.0, 1.0]


def test_rate_and_minutes_to_the_next_level_stand_behind_the_observations() -> None:
    river = Story(*RATED)
    river.hears(*every(10, 40, 50, 60, 70, 80))
    assert river.batch.datastream[:5].tolist() == [0] * 5
    assert set(river.batch.datastream[5:].tolist()) == {1, 2}
    assert river.value_of(1)[-1] == 60.0
    assert river.value_of(2)[-1] == 20.0
    rates = river.batch.take(river.batch.datastream == 1)
    assert rates.time_us[-1] == minute(40)


def test_a_level_on_a_rate_is_reached_like_any_other() -> None:
    river = Story(*RATED)
    told = river.hears(*every(10, 40, 50, 60, 70, 80))
    assert [word.split(" @")[0] for word in told] == ["raised L1 crossed"]
    assert (river.told[0].datastream, river.told[0].value) == (1, 60.0)


@pytest.mark.parametrize("limit_per_h", [None, 60.0])
def test_a_limit_on_the_rise_does_not_mute_a_flash_flood(limit_per_h: float | None) -> None:
    """Its rate raises a level of its own, it is lost while rising, the next level could be reached: all the same."""
    river = Story(gauge(100, 200, interval_calm_s=300.0, rise_limit_per_h=limit_per_h), *RATED[1:])
    told = river.hears(*every(5, *[50] * 8, 60, 70, 80, 95, 110, 130, 150, 170))
    told += river.waits_until(100)
    doubt = "" if limit_per_h is None else "?"
    assert told == [
        f"raised L1 crossed @50!{doubt} #1",
        f"raised L1 crossed @60!{doubt}",
        "silent - lost_rising @90!",
        "possible L2 unseen @90!",
    ]
    assert river.value_of(1)[-4:] == [140.0, 168.0, 192.0, 220.0]
    rate = river.batch.quality[river.batch.datastream == 1]
    assert rate[-1] == (Quality.NOT_EVALUATED if limit_per_h is None else Quality.SUSPECT)


def test_what_was_judged_can_be_given_back_from_the_log() -> None:
    """Derived observations are passed over and derived anew, judged reasons are judged anew: all comes out the same."""
    first = Story(*RATED)
    told = first.hears(*FLOOD)
    reasons = np.bitwise_or.reduce(first.batch.reasons)
    for reason in (Reason.RATE_OF_CHANGE, Reason.IMPLAUSIBLE_FALL):
        assert reasons & reason
    again = Story(*RATED)
    assert again.takes(first.batch) == told
    assert again.told == first.told
    _assert_same(again.batch, first.batch)


def test_judged_batches_given_back_as_one_are_judged_the_same() -> None:
    first = Story(*RATED)
    for row in FLOOD:
        first.hears(row)
    again = Story(*RATED)
    again.takes(first.batch)
    assert again.told == first.told
    for number in range(3):
        _assert_same(_of(again.batch, number), _of(first.batch, number))


def test_counts_given_back_from_the_log_are_counted_anew() -> None:
    first, again = Story(*BASIN), Story(*BASIN)
    first.hears((1, 250), Row(2, 250, of=1), (3, 150))
    again.takes(first.batch)
    assert again.told == first.told
    _assert_same(again.batch, first.batch)


def test_a_derived_observation_that_somebody_sends_is_passed_over() -> None:
    river = Story(*RATED)
    assert river.hears((1, 50), Row(2, 999, of=1)) == []
    assert river.value_of(1) == []


def test_a_suspect_derived_observation_ends_no_level() -> None:
    """The fall of its input is in doubt, so it is suspect itself."""
    sum_of_one = computed("linear", "S0:level", number=1, limits=levels(100))
    river = Story(RATED[0], sum_of_one)
    assert river.hears(*every(20, 50, 110, 120)) == ["raised L1 crossed @20!", "raised L1 crossed @20! #1"]
    assert river.hears((41, 50)) == ["verify L1 too_fast @41!"]
    assert river.value_of(1)[-1] == 50.0
    assert river.batch.quality[-1] == Quality.SUSPECT


def _of(batch: Batch, number: int) -> Batch:
    return batch.take(batch.datastream == number)


def _assert_same(one: Batch, other: Batch) -> None:
    for name, column in one.columns().items():
        np.testing.assert_array_equal(column, other.columns()[name], err_msg=name)
