"""From the catalogue to the limits in force."""

import math

import numpy as np

from sensors.quality_tests.grading import NO_LIMIT_US
from sensors.quality_tests.limits import NO_NEIGHBOUR
from sensors.quality_tests.stage import neighbour_faults, quality_rules
from sensors.times import SECOND_US
from tests.unit.sensors.quality_tests.observations import city_of

NEAR = {"neighbour_suspect": 3.0}


def test_limits_stand_at_the_number_of_their_datastream_and_holes_have_none() -> None:
    columns = {
        "rise_limit_per_h": 50.0,
        "spike_suspect": 20.0,
        "spike_fail": 40.0,
        "flat_suspect_s": 0.5,
        "flat_fail_s": 7200.0,
        "flat_tolerance": 2.0,
        "interval_calm_s": 600.0,
    }
    rules = quality_rules(city_of({1: {}, 3: columns}, intervals=2.5))
    assert len(rules) == 4
    assert rules.gap_us.tolist() == [NO_LIMIT_US, 9000 * SECOND_US, NO_LIMIT_US, 1500 * SECOND_US]
    assert (rules.rise_limit_per_h[3], rules.spike_suspect[3], rules.spike_fail[3]) == (50.0, 20.0, 40.0)
    assert (rules.flat_suspect_us[3], rules.flat_fail_us[3]) == (SECOND_US // 2, 7200 * SECOND_US)
    assert rules.flat_tolerance.tolist() == [0.0, 0.0, 0.0, 2.0]
    for name in ("rise_limit_per_h", "spike_suspect", "spike_fail", "neighbour_suspect", "neighbour_fail"):
        assert all(math.isnan(limit) for limit in getattr(rules, name)[:3])
    assert set(rules.flat_suspect_us[:3]) == set(rules.flat_fail_us[:3]) == {NO_LIMIT_US}
    assert rules.is_tracked.tolist() == [False, False, False, True]


def test_no_datastreams_no_limits() -> None:
    rules = quality_rules(city_of({}))
    assert len(rules) == 0
    has = [rules.has_rates, rules.has_spikes, rules.has_flats, rules.has_tolerances, rules.has_neighbours]
    assert has == [False] * 5


def test_one_limit_of_two_is_enough() -> None:
    rules = quality_rules(city_of({0: {"spike_fail": 5.0}, 1: {"flat_fail_s": 5.0}, 2: {"flat_tolerance": 5.0}}))
    assert rules.is_tracked.tolist() == [True, True, False]
    assert (rules.has_rates, rules.has_spikes, rules.has_flats, rules.has_neighbours) == (False, True, True, False)


def test_a_neighbour_is_remembered_though_it_has_no_limit_of_its_own() -> None:
    rules = quality_rules(city_of({0: {}, 1: NEAR | {"neighbour": "S0:level"}, 2: {}}))
    assert rules.neighbour.tolist() == [NO_NEIGHBOUR, 0, NO_NEIGHBOUR]
    assert rules.is_tracked.tolist() == [True, True, False]
    assert rules.neighbour.dtype == np.int32


def test_a_neighbour_that_cannot_be_compared_with_is_named_and_left_out() -> None:
    city = city_of(
        {
            0: NEAR | {"neighbour": "S1:level"},
            1: {"unit": "m"},
            2: NEAR | {"neighbour": "S9:level"},
            3: NEAR | {"neighbour": "s1:level"},
            4: NEAR | {"neighbour": "S4:level"},
            5: {"neighbour": "S0:level"},
            6: NEAR | {"neighbour": "S0:level"},
        }
    )
    assert neighbour_faults(city) == [
        ("S0:level", "expected a datastream in cm, got 'S1:level' in m"),
        ("S2:level", "no datastream 'S9:level'"),
        ("S3:level", "no datastream 's1:level'; did you mean 'S1:level'?"),
        ("S4:level", "expected another datastream, got 'S4:level' itself"),
        ("S5:level", "expected neighbour_suspect or neighbour_fail beside it, got 'S0:level' and neither"),
    ]
    assert quality_rules(city).neighbour.tolist() == [NO_NEIGHBOUR] * 6 + [0]


def test_a_sound_city_has_no_faults() -> None:
    assert neighbour_faults(city_of({0: {}, 1: NEAR | {"neighbour": "S0:level"}})) == []
