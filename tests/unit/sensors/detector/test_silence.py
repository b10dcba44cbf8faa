"""Silence: by receive time and the interval in force; what was lost while it rose, and where it could be by now."""

from typing import Any, Final

import pytest

from sensors.quality import Quality, Reason
from tests.unit.sensors.detector.gauges import NAN, Row, Story, every, gauge

INSTANT = 1 / 60e6  # a microsecond, in minutes
TEN_MIN: Final[dict[str, Any]] = {"interval_calm_s": 600.0}  # silent after half an hour
RISING = every(10, 50, 60, 70, 80, 90)  # 60 cm/h, the last at 40
INTERVAL = gauge(number=1, station="S0", property="interval", kind="interval", unit="s")


def test_silence_is_told_at_its_due_time_and_ends_with_a_word() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 50))
    assert river.waits_until(31 - INSTANT) == []
    assert river.waits_until(40) == ["silent - overdue @31!"]
    assert river.waits_until(90) == []
    assert river.hears((95, 150)) == ["heard - spoke @95!", "raised L1 crossed @95!"]


def test_a_word_at_the_due_time_comes_in_time() -> None:
    river = Story(gauge(100, **TEN_MIN))
    assert river.hears((1, 50), (31, 50)) == []
    assert river.hears((61 + INSTANT, 50)) == ["silent - overdue @61!", "heard - spoke @61!"]


def test_silence_goes_by_receive_time_and_a_late_word_is_a_sign_of_life() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 50), (20, 50, 19.5))
    assert river.waits_until(49) == []
    assert river.waits_until(50) == ["silent - overdue @50!"]


def test_a_row_without_a_value_is_no_sign_of_life() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 50), Row(20, NAN, quality=Quality.MISSING))
    assert river.waits_until(50) == ["silent - overdue @31!"]


def test_what_was_never_heard_is_told_as_that() -> None:
    assert Story(gauge(100, **TEN_MIN)).waits_until(60) == ["silent - never_heard @30!"]


def test_a_gateways_pause_is_no_silence() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 50))
    river.is_paused_until(600)
    assert river.waits_until(629) == []
    assert river.waits_until(630) == ["silent - overdue @630!"]


def test_in_a_storm_less_silence_is_allowed() -> None:
    river = Story(gauge(100, kind="rain", interval_storm_s=60.0, **TEN_MIN))
    river.hears((1, 50), (11, 150))
    assert river.waits_until(20) == ["silent - overdue @14!"]
    river.hears((21, 50))
    assert river.waits_until(50.9) == []
    assert river.waits_until(51) == ["silent - overdue @51!"]


def test_the_device_tells_its_interval_itself() -> None:
    river = Story(gauge(100, interval_storm_s=60.0, **TEN_MIN), INTERVAL)
    river.hears((1, 150), Row(2, 1200, of=1))
    assert river.waits_until(60.9) == []
    assert river.waits_until(61) == ["silent - overdue @61!"]


def test_an_interval_counts_from_its_row_on_and_before_a_silence_that_is_due_by_it() -> None:
    river = Story(gauge(100, **TEN_MIN), INTERVAL)
    assert river.hears((1, 50), Row(10, 60, of=1)) == ["silent - overdue @10!"]


@pytest.mark.parametrize("told", [Row(2, 0.0, of=1), Row(2, 60.0, of=1, quality=4, reasons=2), Row(2, -5.0, of=1)])
def test_an_interval_that_cannot_be_is_ignored(told: Row) -> None:
    river = Story(gauge(100, **TEN_MIN), INTERVAL)
    river.hears((1, 50), told)
    assert river.waits_until(31) == ["silent - overdue @31!"]


def test_an_interval_told_in_nonsense_switches_no_silence_off() -> None:
    """It counts as 24 times the calm one at most: twelve hours after the last word."""
    river = Story(gauge(100, **TEN_MIN), INTERVAL)
    river.hears((1, 50), Row(2, 1e9, of=1))
    assert [word for word in river.waits_until(720.9) if "#1" not in word] == []
    assert river.waits_until(721) == ["silent - overdue @721!"]


def test_an_interval_told_too_short_counts_as_a_sixtieth_of_the_calm_one() -> None:
    river = Story(gauge(100, **TEN_MIN), INTERVAL)
    assert river.hears((1, 50), Row(1.1, 0.001, of=1)) == []
    assert river.waits_until(1.5 - INSTANT) == []
    assert river.waits_until(1.5) == ["silent - overdue @1.5!"]


def test_a_gauge_lost_while_it_rose_outranks_one_lost_flat() -> None:
    river = Story(gauge(500, **TEN_MIN), gauge(500, number=1, **TEN_MIN))
    river.hears(*sorted([*RISING, *every(10, 50, 50, 50, 50, 50, of=1)]))
    assert river.waits_until(70) == ["silent - lost_rising @70!", "silent - overdue @70! #1"]
    assert [(t.severity, t.rate_per_h) for t in river.told] == [(3, 60.0), (1, None)]


def test_the_city_says_how_bad_silence_is_and_rising_is_never_less() -> None:
    river = Story(gauge(500, **TEN_MIN), severity=2, rising_severity=1)
    river.hears(*RISING)
    river.waits_until(70)
    assert [(t.cause, t.severity) for t in river.told] == [("lost_rising", 2)]


def test_a_falling_gauge_is_lost_like_a_flat_one() -> None:
    river = Story(gauge(500, **TEN_MIN))
    river.hears(*every(10, 90, 80, 70, 60, 50))
    assert river.waits_until(1000) == ["silent - overdue @70!"]


def test_a_lost_gauge_could_have_reached_the_next_level_by_now() -> None:
    """90 cm at 40 and 60 cm/h: 100 at 50, before the silence; 150 at 100."""
    river = Story(gauge(80, 100, 150, **TEN_MIN))
    river.hears(*RISING)
    assert river.waits_until(99) == ["silent - lost_rising @70!", "possible L2 unseen @70!"]
    assert river.waits_until(1000) == ["possible L3 unseen @100!"]
    last = river.told[-1]
    assert (last.value, last.rate_per_h, last.severity, last.limit) == (90.0, 60.0, 3, 150.0)
    assert river.state.held.reached[0].tolist() == [True, False, False]


def test_beyond_a_day_nothing_is_said_to_be_possible() -> None:
    river = Story(gauge(90 + 24 * 60, 90 + 24 * 60 + 1, **TEN_MIN))
    river.hears(*RISING)
    assert river.waits_until(10_000) == ["silent - lost_rising @70!", "possible L1 unseen @1480!"]


def test_what_is_possible_goes_by_the_value_before_a_fall_in_doubt() -> None:
    """Lost a minute after it seemed to fall to 20 cm: from 90 cm at 41 it takes an hour to 150."""
    river = Story(gauge(80, 150, fall_limit_per_h=60.0, **TEN_MIN))
    assert river.hears(*RISING, (41, 20))[-1] == "verify L1 too_fast @41!"
    assert river.waits_until(200) == ["silent - lost_rising @71!", "possible L2 unseen @101!"]


def test_what_is_possible_is_told_once_a_silence() -> None:
    river = Story(gauge(150, **TEN_MIN))
    river.hears(*RISING)
    river.waits_until(120)
    assert river.hears((121, 91)) == ["heard - spoke @121!"]
    assert river.waits_until(121.5) == []


def dead(at: float, value: float = NAN) -> Row:
    """The device says that it is gone."""
    return Row(at, value, quality=Quality.MISSING, reasons=Reason.STALE)


def test_a_death_is_silence_at_once_until_something_is_heard() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 150))
    assert river.hears(dead(2, 50.0)) == ["silent - death @2!"]  # and its value returns no level
    assert river.hears(dead(3)) == []
    assert river.waits_until(20) == []
    assert river.hears((21, 50)) == ["heard - spoke @21!", "returned L1 crossed @21!"]


def test_a_rising_gauge_that_dies_is_lost_rising_though_the_cause_stays() -> None:
    river = Story(gauge(150, **TEN_MIN))
    river.hears(*RISING)
    assert river.hears(dead(45)) == ["silent - death @45!"]
    assert (river.told[-1].severity, river.told[-1].rate_per_h) == (3, 60.0)
    assert river.waits_until(200) == ["possible L1 unseen @100!"]


def test_a_death_after_the_silence_began_and_one_of_what_never_spoke() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 50))
    assert river.hears(dead(32)) == ["silent - overdue @31!"]
    other = Story(gauge(100, **TEN_MIN))
    assert other.hears(dead(2)) == ["silent - never_heard @2!"]
    assert other.hears((3, 50)) == ["heard - spoke @3!"]


def failed(at: float) -> Row:
    """What a sensor sends that is gone."""
    return Row(at, -9999, quality=Quality.FAIL, reasons=Reason.GROSS_RANGE)


def test_a_gauge_that_sends_failed_values_only_is_silent() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 50))
    assert river.hears(*map(failed, (11, 21))) == []
    assert river.hears(failed(41)) == ["silent - overdue @31!"]
    assert river.hears(failed(51)) == []
    assert river.hears((61, 50)) == ["heard - spoke @61!"]


def test_a_failed_value_that_comes_late_or_twice_is_no_sign_of_life() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 50), failed(2))
    assert river.hears(failed(12)._replace(age=10), failed(22)._replace(age=20.5)) == []
    assert river.waits_until(40) == ["silent - overdue @31!"]


def test_what_is_possible_goes_by_the_last_value_that_did_not_fail() -> None:
    """As in `test_a_lost_gauge_could_have_reached_the_next_level_by_now`."""
    river = Story(gauge(80, 100, 150, **TEN_MIN))
    river.hears(*RISING)
    assert river.hears(failed(50), failed(60)) == []
    assert river.waits_until(1000) == [
        "silent - lost_rising @70!",
        "possible L2 unseen @70!",
        "possible L3 unseen @100!",
    ]
