"""Inputs that are lost, fail or do not fit in time: what goes on without them, and what waits."""

import pytest

from sensors.quality import Reason
from sensors.times import MINUTE_US, SECOND_US
from tests.oracle.derived_loop import Observation
from tests.unit.sensors.derived.small_catalogue import (
    catalogue,
    datastream,
    derived,
)
from tests.unit.sensors.derived.told_city import HOUR_US, START, City, pair_city

INCOMPLETE = int(Reason.INCOMPLETE)


def indices_city() -> City:
    """Two sub-indices every 5 minutes: one is lost when it is over 15 minutes behind the other."""
    return City(
        catalogue(
            [datastream("pm25", "air", "1", 300.0), datastream("so2", "air", "1", 300.0)],
            [derived("ispu", "1", "ispu_max", "pm25", "so2"), derived("worst", "1", "dominant", "pm25", "so2")],
        )
    )


@pytest.mark.parametrize("fails", [False, True])
def test_a_pollutant_that_died_or_fails_does_not_freeze_the_index(fails: bool) -> None:
    city = indices_city()
    city.hear("so2", 0, 30.0)
    city.hear("pm25", 0, 60.0)
    told = []
    for minute in range(5, 30, 5):
        if fails:
            assert city.hear("so2", minute * MINUTE_US - 1, -9999.0, quality=4).keys() <= {"ispu", "worst"}
        found = city.hear("pm25", minute * MINUTE_US, 60.0 + minute)
        told.append(found.get("ispu"))
    assert told[:3] == [None] * 3  # it could still come
    assert [(one.value, one.quality, one.reasons) for one in told[3:] if one] == [
        (80.0, 2, INCOMPLETE),
        (85.0, 2, INCOMPLETE),
    ]
    assert found["ispu"].time_us == START + 25 * MINUTE_US
    assert found["worst"].value == 1.0


def test_a_pollutant_that_comes_back_counts_again() -> None:
    city = indices_city()
    city.hear("so2", 0, 30.0)
    for minute in range(0, 30, 5):
        city.hear("pm25", minute * MINUTE_US, 60.0)
    assert city.hear("so2", 12 * MINUTE_US, 99.0, receive_us=START + 29 * MINUTE_US) == {}  # stored: no news
    city.hear("so2", 29 * MINUTE_US, 90.0)
    found = city.hear("pm25", 30 * MINUTE_US, 60.0)["ispu"]
    assert (found.time_us - START, found.value, found.reasons) == (29 * MINUTE_US, 90.0, 0)


def test_a_pollutant_that_was_never_heard_is_waited_for_as_long_and_no_longer() -> None:
    city = indices_city()
    told = [city.hear("pm25", minute * MINUTE_US, 60.0) for minute in (0, 5, 10, 15, 20)]
    assert told[:4] == [{}] * 4
    assert (told[4]["ispu"].value, told[4]["ispu"].reasons, told[4]["worst"].value) == (60.0, INCOMPLETE, 1.0)


def test_that_nobody_measures_the_worst_any_more_does_not_end_it() -> None:
    """A suspect derived observation ends no level; one that is as bad without it is sound."""
    city = indices_city()
    city.hear("so2", 0, 210.0)
    city.hear("pm25", 0, 60.0)
    found = city.hear("pm25", 20 * MINUTE_US, 60.0)
    assert [(one.value, one.quality, one.reasons) for one in found.values()] == [
        (60.0, 3, INCOMPLETE),
        (1.0, 3, INCOMPLETE),
    ]
    found = city.hear("pm25", 25 * MINUTE_US, 220.0)
    assert [(one.value, one.quality) for one in found.values()] == [(220.0, 2), (1.0, 2)]


def test_a_sum_waits_for_what_is_lost() -> None:
    city = pair_city()
    city.hear("a", 0, 10.0)
    city.hear("b", 0, 4.0)
    assert city.hear("a", HOUR_US, 10.0) == {}


def road_city() -> City:
    return City(
        catalogue(
            [datastream("vc", "traffic", "1", 300.0), datastream("speed", "traffic", "km/h", 300.0)],
            [derived("los", "1", "los", "vc", "speed")],
        )
    )


def services(*pairs: tuple[float, float], lag_us: int = 6 * SECOND_US) -> list[tuple[float, float]]:
    """(minute, level) of what is told of a road that says volume over capacity and, a moment later, speed."""
    city, told = road_city(), []
    for n, (ratio, speed) in enumerate(pairs):
        at_us = 5 * n * MINUTE_US
        for name, value, when_us in (("vc", ratio, at_us), ("speed", speed, at_us + lag_us)):
            told += [((one.time_us - START) / MINUTE_US, one.value) for one in city.hear(name, when_us, value).values()]
    return told


def test_an_empty_road_at_night_is_free_and_one_whose_traffic_stopped_is_not() -> None:
    assert [level for _, level in services((0.25, 50.0), (0.1, 55.0), (0.0, 0.0), (0.03, 60.0), (0.0, 0.0))] == [
        2.0, 1.0, 1.0, 1.0, 1.0,
    ]  # fmt: skip
    assert [level for _, level in services((0.3, 40.0), *[(0.0, 0.0)] * 30)] == [2.0, *[6.0] * 30]


@pytest.mark.parametrize("lag_us", [0, 6 * SECOND_US, 140 * SECOND_US])
def test_a_volume_is_paired_with_the_speed_of_its_own_time(lag_us: int) -> None:
    """Not the volume of minute 5 with the speed of minute 0: the road that stopped was never free in between."""
    assert services((0.3, 40.0), (0.0, 0.0), (0.0, 0.0), lag_us=lag_us) == [(0.0, 2.0), (5.0, 6.0), (10.0, 6.0)]


def test_reports_that_come_more_seldom_than_declared_are_paired_all_the_same() -> None:
    city = road_city()
    told: list[Observation] = []
    for n in range(20):
        told += city.hear("vc", 10 * n * MINUTE_US, 0.5).values()
        told += city.hear("speed", (10 * n + 5) * MINUTE_US, 30.0).values()
    assert len(told) >= 20
