"""Other rules in force: what is held or no longer held by them, and what is remembered."""

from typing import Any, Final

from sensors.catalogue import Level
from sensors.detector import next_due_us
from sensors.rules import NO_TIMER
from tests.unit.sensors.detector.gauges import Row, Story, gauge, levels, minute

TEN_MIN: Final[dict[str, Any]] = {"interval_calm_s": 600.0}  # silent after half an hour


def test_a_limit_that_moves_under_the_value() -> None:
    river = Story(gauge(100))
    river.hears((1, 150))
    assert river.installs(gauge(100, 140), at=2) == ["raised L2 catalogue @1!"]
    assert (river.told[-1].at_us, river.told[-1].value, river.told[-1].count) == (minute(2), 150.0, 1)
    assert river.installs(gauge(160, 170), at=3) == ["returned L2 catalogue @1!", "returned L1 catalogue @1!"]


def test_a_value_within_the_new_hysteresis_holds_what_it_held() -> None:
    river = Story(gauge(100))
    river.hears((1, 150))
    assert river.installs(gauge(*levels(160, hysteresis=10)), at=2) == []
    assert river.installs(gauge(*levels(160, hysteresis=9)), at=3) == ["returned L1 catalogue @1!"]


def test_an_old_value_makes_no_news_at_once_but_when_nothing_newer_comes() -> None:
    river = Story(gauge(200))
    river.hears((1, 150))
    assert river.installs(gauge(100), at=60) == ["raised L1 catalogue @1"]
    assert river.waits_until(60.1) == ["raised L1 still_held @1!"]


def test_the_same_rules_again_tell_nothing() -> None:
    river = Story(gauge(100))
    river.hears((1, 150))
    assert river.installs(gauge(100), at=2) == []
    assert river.hears((3, 90)) == ["returned L1 crossed @3!"]


def test_a_level_or_datastream_that_is_gone_is_returned_and_not_waited_for() -> None:
    city = Story(gauge(100, 140, **TEN_MIN), gauge(100, number=1, **TEN_MIN))
    city.hears((1, 150))
    city.waits_until(100)
    assert city.installs(gauge(100, **TEN_MIN), at=100) == [
        "returned L2 catalogue @1",
        "heard - catalogue @100! #1",
    ]
    assert city.installs(at=101) == ["heard - catalogue @101!", "returned L1 catalogue @1"]
    assert next_due_us(city.state) == NO_TIMER


def test_a_datastream_that_comes_back_is_new() -> None:
    both = gauge(100, **TEN_MIN), gauge(100, number=1, **TEN_MIN)
    city = Story(*both)
    city.hears((1, 150))
    assert city.installs(both[1], at=2) == ["returned L1 catalogue @1!"]
    assert city.installs(*both, at=20) == []
    assert city.waits_until(60) == ["silent - never_heard @30! #1", "silent - never_heard @50!"]


def test_more_datastreams_and_levels_leave_the_memory_as_it_is() -> None:
    city = Story(gauge(100))
    city.hears((1, 150), (2, 160))
    new = gauge(*levels(100), *levels(1, 200)[1:])
    assert city.installs(new, gauge(50, number=5), at=3) == []
    assert city.hears((3.5, 150, 1.5)) == []  # repeated: its time is remembered
    assert city.hears((4, 90), Row(4, 60, of=5)) == ["returned L1 crossed @4!", "raised L1 crossed @4! #5"]


def test_levels_are_known_by_name_wherever_they_stand_now() -> None:
    """A level is put in below: L1 moves to the second place, is held there, and was held before."""
    under = Level(level="L0", rank=1, severity=1, direction="rising", value=20.0)
    moved = Level(level="L1", rank=2, severity=1, direction="rising", value=100.0)
    river = Story(gauge(100))
    river.hears((1, 150), (2, 160))
    assert river.installs(gauge(under, moved), at=3) == ["raised L0 catalogue @2!"]
    river.hears((3.1, 10, 1.6))
    assert river.waits_until(4) == ["returned L1 late @1.5", "raised L1 late @2"]
    assert river.state.held.reached[0].tolist() == [True, True]


def test_an_on_delay_does_not_count_when_rules_change() -> None:
    river = Story(gauge(*levels(100, on_delay_s=300)))
    river.hears((2, 150))
    assert river.installs(gauge(*levels(100, on_delay_s=600)), at=4) == ["raised L1 catalogue @2!"]
    assert river.waits_until(60) == []


def test_a_doubt_ends_where_no_rising_level_is_held_any_longer() -> None:
    limited: dict[str, Any] = {"fall_limit_per_h": 60.0}
    river = Story(gauge(100, **limited))
    assert river.hears((0, 50), (10, 150), (11, 50))[-1] == "verify L1 too_fast @11!"
    assert river.installs(gauge(100, **limited), at=12) == []
    assert river.installs(at=13)[-1] == "returned L1 catalogue @11!"


def test_a_doubt_goes_on_under_other_rules_that_still_hold_the_level() -> None:
    river = Story(gauge(100, fall_limit_per_h=60.0))
    river.hears((0, 50), (10, 150), (11, 50))
    assert river.installs(gauge(100, 200, fall_limit_per_h=60.0), at=12) == []
    assert river.hears((20, 49), (30, 50), (41, 50)) == ["returned L1 borne_out @41!"]


def test_nothing_that_other_rules_make_due_is_told_before_them() -> None:
    river = Story(gauge(100, interval_calm_s=3600.0))
    river.hears((1, 50))
    assert river.installs(gauge(100, **TEN_MIN), at=100) == []
    assert river.waits_until(100) == ["silent - overdue @100!"]
    assert river.told[-1].at_us == minute(100)


def test_a_silence_stays_one_under_other_rules() -> None:
    river = Story(gauge(100, **TEN_MIN))
    river.hears((1, 50))
    assert river.waits_until(31) == ["silent - overdue @31!"]
    assert river.installs(gauge(100, interval_calm_s=3600.0), at=32) == []
    assert river.waits_until(300) == []
    assert river.hears((301, 50)) == ["heard - spoke @301!"]


def test_chatter_goes_on_counting_under_other_rules() -> None:
    river = Story(gauge(100))
    river.hears((1, 150), (1.2, 90), (1.4, 150))
    river.installs(gauge(100, 200), at=1.5)
    river.hears((1.6, 90), (1.8, 150))
    assert [t.count for t in river.told if t.kind == "raised"] == [1, 2, 3]
