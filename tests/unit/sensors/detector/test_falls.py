"""Falls that no river makes: look, and keep the alarm until the river is back or the fall is borne out."""

import pytest

from sensors.catalogue import DetectorRules, Level
from sensors.quality import Quality, Reason
from tests.unit.sensors.detector.gauges import Row, Said, Story, every, gauge, levels

INSTANT = 1 / 60e6  # a microsecond, in minutes
LIMITED = gauge(100, 200, fall_limit_per_h=60.0)  # 60 cm/h is believed, more is not
NOISY = gauge(*levels(100, hysteresis=3))  # a drop up to 30 cm is believed
FLOOD: tuple[Said, ...] = ((0, 50), (10, 150))


def test_a_fall_after_a_gap_ends_no_level() -> None:
    river = Story(gauge(100, interval_calm_s=600.0))
    assert river.hears((1, 150), (31 + INSTANT, 50)) == [
        "raised L1 crossed @1!",
        "silent - overdue @31!",
        "heard - spoke @31!",
        "verify L1 after_gap @31!",
    ]


def test_a_fall_within_the_allowed_silence_is_no_fall_after_a_gap() -> None:
    river = Story(gauge(100, interval_calm_s=600.0))
    assert river.hears((1, 150), (31, 50)) == ["raised L1 crossed @1!", "returned L1 crossed @31!"]


@pytest.mark.parametrize(("value", "told"), [(90.0, "returned L1 crossed @70!"), (89.9, "verify L1 too_fast @70!")])
def test_a_fall_faster_than_the_declared_limit(value: float, told: str) -> None:
    assert Story(LIMITED).hears(*FLOOD, (70, value))[1:] == [told]


@pytest.mark.parametrize(("value", "told"), [(70.0, "returned L1 crossed @30!"), (69.9, "verify L1 too_fast @30!")])
def test_a_fall_four_times_faster_than_the_fastest_move_of_late(value: float, told: str) -> None:
    assert Story(NOISY).hears(*every(10, 90, 100, 110, value))[1:] == [told]


def test_the_city_says_how_many_times_faster() -> None:
    river = Story(NOISY, detector=DetectorRules(fall_factor=3.0))
    assert river.hears(*every(10, 90, 100, 110, 79.9))[1:] == ["verify L1 too_fast @30!"]


def test_a_river_that_moved_as_fast_of_late_may_fall_so() -> None:
    assert Story(NOISY).hears(*every(10, 150, 110, 150, 65))[1:] == ["returned L1 crossed @30!"]


@pytest.mark.parametrize(("value", "told"), [(80.0, "returned L1 crossed @20!"), (79.9, "verify L1 too_fast @20!")])
def test_a_drop_up_to_the_step_between_two_levels_is_believed(value: float, told: str) -> None:
    assert Story(gauge(100, 130)).hears(*every(10, 110, 110, value))[1:] == [told]


@pytest.mark.parametrize(("value", "told"), [(80.0, "returned L1 crossed @20!"), (79.9, "verify L1 too_fast @20!")])
def test_a_drop_up_to_ten_times_the_hysteresis_of_a_single_level_is_believed(value: float, told: str) -> None:
    assert Story(NOISY).hears(*every(10, 110, 110, value))[1:] == [told]


def test_a_single_level_without_hysteresis_does_not_say_how_far_is_far() -> None:
    assert Story(gauge(100)).hears((1, 150), (2, 10))[1:] == ["returned L1 crossed @2!"]


def test_the_worst_level_that_was_passed_is_named_and_none_is_left() -> None:
    river = Story(LIMITED)
    assert river.hears((0, 50), (10, 250), (11, 150)) == [
        "raised L1 crossed @10!",
        "raised L2 crossed @10!",
        "verify L2 too_fast @11!",
    ]
    verify = river.told[-1]
    assert (verify.rank, verify.severity, verify.limit, verify.value) == (2, 2, 200.0, 150.0)
    assert river.hears((12, 40)) == []
    assert river.state.held.reached[0].tolist() == [True, True]


def test_where_no_level_is_held_there_is_no_doubt() -> None:
    assert Story(LIMITED).hears((0, 50), (10, 95), (11, 10), (12, 120)) == ["raised L1 crossed @12!"]


def test_observations_in_doubt_are_suspect_and_say_why() -> None:
    river = Story(gauge(100, fall_limit_per_h=60.0, valid_min=0.0, valid_max=900.0))
    river.hears((0, 50), (10, 150), (11, 50), (12, 50), (13, 150))
    assert river.batch.quality.tolist() == [1, 1, Quality.SUSPECT, Quality.SUSPECT, 1]
    assert [reasons == Reason.IMPLAUSIBLE_FALL for reasons in river.batch.reasons] == [False, False, True, True, False]


def test_a_fall_is_borne_out_by_three_observations_over_half_an_hour() -> None:
    river = Story(LIMITED)
    assert river.hears(*FLOOD, (11, 50), (20, 50), (30, 50), (41 - INSTANT, 50))[1:] == ["verify L1 too_fast @11!"]
    assert river.hears((41, 49)) == ["returned L1 borne_out @41!"]


def test_half_an_hour_without_three_observations_bears_nothing_out() -> None:
    river = Story(LIMITED)
    river.hears(*FLOOD, (11, 50), (50, 49), (51, 50))
    assert river.waits_until(60) == []
    assert river.hears((61, 50)) == ["returned L1 borne_out @61!"]


def test_what_failed_or_is_suspect_bears_nothing_out() -> None:
    river = Story(LIMITED)
    river.hears(*FLOOD, (11, 50), (20, 49), (30, 50))
    assert river.hears(Row(41, 50, quality=Quality.FAIL, reasons=Reason.GROSS_RANGE)) == []
    assert river.hears(Row(42, 50, quality=Quality.SUSPECT)) == []
    assert river.hears((43, 50)) == ["returned L1 borne_out @43!"]


def test_a_value_that_never_moves_bears_a_fall_out_after_six_hours_only() -> None:
    """A gauge that was washed away reads the same for ever."""
    river = Story(LIMITED)
    river.hears(*FLOOD, *every(10, *[50] * 36, begin=11))
    assert river.hears((371 - INSTANT, 50)) == []
    assert river.hears((371, 50)) == ["returned L1 borne_out @371!"]


def test_after_a_fall_is_borne_out_the_off_delay_begins() -> None:
    river = Story(gauge(*levels(100, off_delay_s=300), fall_limit_per_h=60.0))
    assert river.hears(*FLOOD, (11, 50), (20, 49), (30, 50), (41, 50))[1:] == ["verify L1 too_fast @11!"]
    assert river.waits_until(60) == ["returned L1 delayed @46!"]


def test_a_doubt_ends_when_the_river_is_back() -> None:
    river = Story(gauge(*levels(100, hysteresis=5), fall_limit_per_h=60.0))
    assert river.hears(*FLOOD, (11, 50), (12, 94), (13, 95))[1:] == ["verify L1 too_fast @11!"]
    assert river.hears((23, 90)) == ["returned L1 crossed @23!"]


def test_a_doubt_that_goes_on_is_told_once_and_a_second_fall_again() -> None:
    river = Story(LIMITED)
    assert river.hears(*FLOOD, (11, 50), (12, 40), (13, 150), (14, 50))[1:] == [
        "verify L1 too_fast @11!",
        "verify L1 too_fast @14!",
    ]


def test_a_loose_wire_is_in_doubt_each_time() -> None:
    """What it jumps to and back from is no move of the river, by which the next fall would be believed."""
    once = (170, 170, 170, 0, 172)
    river = Story(gauge(100, 150))
    told = river.hears(*every(1, *once, 0))
    assert told[2:] == ["verify L2 too_fast @3!", "verify L2 too_fast @5!"]
    split = Story(gauge(100, 150))
    assert [one for row in every(1, *once, 0) for one in split.hears(row)] == told


def test_a_failed_value_between_is_no_move_of_the_river_either() -> None:
    river = Story(gauge(100, 150))
    river.hears(*every(1, 150, 160, 170))
    assert river.hears(Row(3, -9999, quality=Quality.FAIL, reasons=Reason.GROSS_RANGE), (4, 0)) == [
        "verify L2 too_fast @4!"
    ]


def test_a_fall_to_a_failed_value_is_none_and_one_over_failed_values_is_over_a_gap() -> None:
    river = Story(gauge(100, interval_calm_s=600.0))
    river.hears((1, 150))
    failed = [Row(at, -9999, quality=Quality.FAIL, reasons=Reason.GROSS_RANGE) for at in (11, 21)]
    assert river.hears(*failed) == []
    assert river.hears((31 + INSTANT, 50))[-1] == "verify L1 after_gap @31!"


def test_a_failed_value_ends_no_doubt() -> None:
    river = Story(LIMITED)
    river.hears(*FLOOD, (11, 50))
    assert river.hears(Row(12, 65535, quality=Quality.FAIL, reasons=Reason.GROSS_RANGE), (13, 50)) == [
        "raised L2 crossed @12!?"
    ]
    assert river.state.held.reached[0].tolist() == [True, True]


def test_noise_within_the_tolerance_is_no_move() -> None:
    """A gauge that was washed away reads 50.0 and 50.1 for ever."""
    river = Story(gauge(100, fall_limit_per_h=60.0, flat_tolerance=0.2))
    assert river.hears(*FLOOD, *every(10, *[50, 50.1] * 5, begin=11))[1:] == ["verify L1 too_fast @11!"]
    assert river.hears((111, 50.3)) == ["returned L1 borne_out @111!"]


def test_behind_a_gate_any_fall_is_believed() -> None:
    river = Story(LIMITED, gated=["S0"])
    assert river.hears(*FLOOD, (11, 50))[1:] == ["returned L1 crossed @11!"]


def test_what_is_no_river_may_fall_as_it_likes() -> None:
    stream = gauge(100, kind="rain", fall_limit_per_h=60.0)
    assert Story(stream).hears(*FLOOD, (11, 50))[1:] == ["returned L1 crossed @11!"]


def test_plain_evaluation_believes_every_fall() -> None:
    assert Story(LIMITED, plain=True).hears(*FLOOD, (11, 50))[1:] == ["returned L1 crossed @11!"]


def test_falling_levels_are_reached_while_a_fall_is_in_doubt() -> None:
    dry = Level(level="kering", rank=2, severity=1, direction="falling", value=20.0)
    river = Story(gauge(*levels(100), dry, fall_limit_per_h=60.0))
    assert river.hears(*FLOOD, (11, 10))[1:] == ["verify L1 too_fast @11!", "raised kering crossed @11!?"]
