"""On-delays and off-delays: in the datastream's own time, to the microsecond, heard or not."""

from sensors.detector import next_due_us
from tests.unit.sensors.detector.gauges import Row, Story, gauge, levels, minute

INSTANT = 1 / 60e6  # a microsecond, in minutes
SLOW = levels(100, on_delay_s=300)
STICKY = levels(100, off_delay_s=300)


def test_an_on_delay_runs_out_at_its_time_though_nothing_is_heard() -> None:
    river = Story(gauge(*SLOW))
    assert river.hears((1, 50), (2, 120)) == []
    assert next_due_us(river.state) == minute(7)
    assert river.waits_until(7 - INSTANT) == []
    assert river.waits_until(7) == ["raised L1 delayed @7!"]
    assert (river.told[0].value, river.told[0].at_us) == (120.0, minute(7))
    assert river.waits_until(60) == []


def test_with_observations_the_time_is_the_same_and_the_value_the_newest_before() -> None:
    river = Story(gauge(*SLOW))
    assert river.hears((2, 120), (4, 130), (9, 140)) == ["raised L1 delayed @7!"]
    assert (river.told[0].value, river.told[0].at_us) == (130.0, minute(7))


def test_an_observation_at_the_very_moment_comes_after_it() -> None:
    river = Story(gauge(*SLOW))
    assert river.hears((2, 120), (7, 50)) == ["raised L1 delayed @7!", "returned L1 crossed @7!"]


def test_a_rise_that_is_over_before_the_delay_is_none() -> None:
    river = Story(gauge(*SLOW))
    assert river.hears((2, 120), (7 - INSTANT, 50)) == []
    assert river.waits_until(60) == []


def test_a_value_between_clear_point_and_limit_ends_the_run() -> None:
    river = Story(gauge(*levels(100, on_delay_s=300, hysteresis=10)))
    assert river.hears((2, 120), (4, 95), (5, 120)) == []
    assert river.waits_until(60) == ["raised L1 delayed @10!"]


def test_an_off_delay_runs_out_at_its_time_though_nothing_is_heard() -> None:
    river = Story(gauge(*STICKY))
    assert river.hears((1, 120), (2, 90)) == ["raised L1 crossed @1!"]
    assert river.waits_until(7 - INSTANT) == []
    assert river.waits_until(7) == ["returned L1 delayed @7!"]


def test_an_off_delay_with_observations_and_one_that_begins_anew() -> None:
    river = Story(gauge(*STICKY))
    assert river.hears((1, 120), (2, 90), (4, 101), (5, 95), (9, 94), (11, 93)) == [
        "raised L1 crossed @1!",
        "returned L1 delayed @10!",
    ]
    assert river.told[-1].value == 94.0


def test_an_off_delay_does_not_run_out_in_a_gap() -> None:
    """Nobody knows what the river does while nobody hears it."""
    river = Story(gauge(*levels(100, off_delay_s=3600), interval_calm_s=600.0))
    assert river.hears((1, 150), (11, 90))[1:] == []
    assert river.waits_until(100) == ["silent - overdue @41!"]
    assert river.hears((101, 90)) == ["heard - spoke @101!", "returned L1 crossed @101!"]


def test_after_a_gap_the_river_may_be_back() -> None:
    river = Story(gauge(*levels(100, off_delay_s=3600), interval_calm_s=600.0))
    river.hears((1, 150), (11, 90))
    assert river.hears((101, 150)) == ["silent - overdue @41!", "heard - spoke @101!"]
    assert river.state.held.reached[0].tolist() == [True]


def test_failed_values_carry_no_off_delay_over_a_gap() -> None:
    river = Story(gauge(*levels(100, off_delay_s=3600), interval_calm_s=600.0))
    failed = [Row(at, -9999, quality=4, reasons=2) for at in range(21, 101, 10)]
    assert river.hears((1, 150), (11, 90), *failed)[1:] == ["silent - overdue @41!"]
    assert river.waits_until(100) == []


def test_own_time_goes_on_as_ours_does() -> None:
    """Observations that are two minutes old when they come: due at 7 by their own time, at 9 by ours."""
    river = Story(gauge(*SLOW))
    assert river.hears(Row(4, 120, age=2)) == []
    assert river.waits_until(9 - INSTANT) == []
    assert river.waits_until(9) == ["raised L1 delayed @7!"]
    assert river.told[0].at_us == minute(9)


def test_a_backlog_runs_its_delays_out_in_its_own_time() -> None:
    """Received within a second: the delay ran out before the return, and is told before it."""
    river = Story(gauge(*SLOW))
    assert river.hears((60, 50, 45), (60.01, 120, 40.01), (60.02, 60, 30.02)) == [
        "raised L1 delayed @25",
        "returned L1 crossed @30",
    ]


def test_delays_of_levels_run_side_by_side() -> None:
    river = Story(gauge(*levels(100, on_delay_s=300), *levels(100, 200, on_delay_s=600)[1:]))
    assert river.hears((1, 250)) == []
    assert river.waits_until(60) == ["raised L1 delayed @6!", "raised L2 delayed @11!"]


def test_plain_evaluation_knows_no_delays_and_no_hysteresis() -> None:
    river = Story(gauge(*levels(100, on_delay_s=300, off_delay_s=300, hysteresis=10)), plain=True)
    assert river.hears((1, 100), (2, 99)) == ["raised L1 crossed @1!", "returned L1 crossed @2!"]


def test_a_pause_of_the_gateway_does_not_put_a_delay_off() -> None:
    """It fell due while nobody listened: its time stays, it is found when somebody listens again."""
    river = Story(gauge(*SLOW))
    river.hears((2, 120))
    river.is_paused_until(10)
    assert river.waits_until(10) == ["raised L1 delayed @7!"]
    assert river.told[0].at_us == minute(10)
