"""Levels: reached at the limit, left beyond the clear point, each by itself."""

import numpy as np
import pytest

from sensors.batch import empty_batch
from sensors.catalogue import DetectorRules
from sensors.detector import step
from sensors.errors import BatchError
from tests.unit.sensors.detector.gauges import BEGIN_US, NAN, Row, Story, batch_of, every, gauge, levels, minute

MANGGARAI = (730, 740, 750, 940, 950, 940, 950)  # cm; Siaga 1 at 950: the flap of 18 January 2014


def test_a_flood_climbs_two_levels_at_once_and_falls_again() -> None:
    river = Story(gauge(100, 200, 300))
    assert river.hears((1, 50), (2, 250), (3, 199.9), (4, 10)) == [
        "raised L1 crossed @2!",
        "raised L2 crossed @2!",
        "returned L2 crossed @3!",
        "returned L1 crossed @4!",
    ]


def test_what_is_told_has_all_that_the_operator_needs() -> None:
    river = Story(gauge(100, 200))
    river.hears((1, 50), Row(2, 210.5, age=0.5, origin=1))
    worst = river.told[-1]
    assert (worst.datastream, worst.level, worst.rank, worst.severity, worst.limit) == (0, "L2", 2, 2, 200.0)
    assert (worst.time_us, worst.at_us, worst.value) == (minute(1.5), minute(2), 210.5)
    assert (worst.quality, worst.origin, worst.verify, worst.count) == (1, 1, False, 1)


def test_a_value_at_the_limit_has_reached_it() -> None:
    below = float(np.nextafter(100.0, 0.0))
    assert Story(gauge(100)).hears((1, below), (2, 100.0)) == ["raised L1 crossed @2!"]


def test_hysteresis_keeps_a_wave_from_ringing() -> None:
    river = Story(gauge(*levels(100, hysteresis=5)))
    assert river.hears((1, 101), (2, 96), (3, 103), (4, 95), (5, 94.9)) == [
        "raised L1 crossed @1!",
        "returned L1 crossed @5!",
    ]


def test_a_falling_level_is_the_mirror_of_a_rising_one() -> None:
    river = Story(gauge(*levels(20, direction="falling", hysteresis=2)))
    assert river.hears((1, 21), (2, 20), (3, 22), (4, 22.1)) == ["raised L1 crossed @2!", "returned L1 crossed @4!"]


def test_the_manggarai_flap_without_hysteresis_is_siaga_1_2_1() -> None:
    river = Story(gauge(*levels(750, 850, 950)))
    assert river.hears(*every(20, *MANGGARAI)) == [
        "raised L1 crossed @40!",
        "raised L2 crossed @60!",
        "raised L3 crossed @80!",
        "returned L3 crossed @100!",
        "raised L3 crossed @120!",
    ]


def test_the_manggarai_flap_with_15_cm_of_hysteresis_is_one_alarm() -> None:
    river = Story(gauge(*levels(750, 850, 950, hysteresis=15)))
    assert river.hears(*every(20, *MANGGARAI)) == [
        "raised L1 crossed @40!",
        "raised L2 crossed @60!",
        "raised L3 crossed @80!",
    ]


@pytest.mark.parametrize(
    ("apart_min", "counts"),
    [(0.5, [1, 2, 3]), (1 + 1 / 60e6, [1, 1, 1])],
)
def test_raises_up_to_a_minute_apart_are_counted_as_chatter(apart_min: float, counts: list[int]) -> None:
    river = Story(gauge(*levels(950)))
    for value in (950, 940, 950, 940, 950):
        river.hears((1 + apart_min / 2 * len(river.judged), value))
    assert [t.count for t in river.told if t.kind == "raised"] == counts


def test_chatter_is_counted_by_the_citys_window_and_for_each_level() -> None:
    river = Story(gauge(100, 200), detector=DetectorRules(chatter_s=600))
    river.hears((0, 50), (1, 150), (5, 250), (9, 150), (13, 250), (14, 90), (30, 250))
    assert [(t.level, t.count) for t in river.told if t.kind == "raised"] == [
        ("L1", 1),
        ("L2", 1),
        ("L2", 2),
        ("L1", 1),
        ("L2", 1),
    ]


def test_a_missing_value_says_nothing() -> None:
    assert Story(gauge(100)).hears((1, 150), (2, NAN), (3, 150)) == ["raised L1 crossed @1!"]


def test_time_does_not_run_back() -> None:
    with pytest.raises(BatchError, match=r"now: expected \d+ or later"):
        step(Story(gauge(100)).state, empty_batch(), BEGIN_US - 1)


def test_a_number_that_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(BatchError, match="datastream: expected 0 to 0, got 7 to 7"):
        Story(gauge(100)).takes(batch_of(Row(1, 5, of=7)))
