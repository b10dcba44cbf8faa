"""What derived datastreams say in situations that an operator meets."""

from itertools import pairwise

import numpy as np
import pytest

from sensors.catalogue import Curve
from sensors.derived.holding import held_counts, holding_rules
from sensors.derived.rules import derived_rules
from sensors.derived.stage import derive
from sensors.errors import CatalogueError
from sensors.quality import Reason
from sensors.times import MINUTE_US, SECOND_US
from tests.oracle.derived_loop import Observation
from tests.unit.sensors.derived.small_catalogue import (
    CURVE,
    catalogue,
    datastream,
    derived,
    observations,
    rows,
)
from tests.unit.sensors.derived.told_city import HOUR_US, START, City, pair_city

INCOMPLETE, FAST = int(Reason.INCOMPLETE), int(Reason.RATE_OF_CHANGE)


def level_city() -> City:
    return City(
        catalogue(
            [datastream("level", "river_level", "cm", 60.0)],
            [
                derived("rate", "cm/h", "rate", "level"),
                derived("rate-high", "cm/h", "rate", "level", bound="high"),
                derived("eta", "min", "eta", "level"),
                derived("eta-early", "min", "eta", "level", bound="low"),
                derived("eta-late", "min", "eta", "level", bound="high"),
            ],
        ),
        {0: [200.0, 300.0]},
    )


def test_a_steady_rise_gives_its_rate_and_the_minutes_to_the_next_level() -> None:
    city = level_city()
    found: dict[str, Observation] = {}
    for minute in range(0, 60, 5):
        found = city.hear("level", minute * MINUTE_US, 100.0 + minute) or found  # 60 cm/h
    assert found["rate"].value == found["rate-high"].value == 60.0
    level = 100.0 + (found["rate"].time_us - START) / MINUTE_US
    assert found["eta"].value == found["eta-early"].value == found["eta-late"].value == 200.0 - level
    assert found["rate"].quality == 2


def test_the_earliest_moment_comes_before_the_likely_one_and_that_before_the_latest() -> None:
    city = level_city()
    found: dict[str, Observation] = {}
    for minute, value in zip(
        range(0, 60, 4), [100, 103, 109, 111, 119, 120, 131, 133, 141, 140, 152, 154], strict=False
    ):
        found = city.hear("level", minute * MINUTE_US, float(value)) or found
    early, likely, late = (found[name].value for name in ("eta-early", "eta", "eta-late"))
    assert early < likely < late < 1440.0


def test_where_no_level_is_left_or_the_water_falls_nothing_is_reached_within_a_day() -> None:
    for values in ([310.0 + minute for minute in range(60)], [190.0 - minute for minute in range(60)]):
        city = level_city()
        found: dict[str, Observation] = {}
        for minute, value in enumerate(values):
            found = city.hear("level", minute * MINUTE_US, value) or found
        assert found["eta"].value == found["eta-early"].value == 1440.0


def test_too_few_points_give_no_rate_rather_than_a_wrong_one() -> None:
    city = level_city()
    assert city.hear("level", 0, 100.0) == {}
    assert city.hear("level", 10 * MINUTE_US, 130.0) == {}


def rain_city(unit: str = "mm/h") -> City:
    return City(
        catalogue(
            [datastream("rain", "rain", unit, 60.0)],
            [derived("sum", "mm", "accumulation", "rain", window_s=600.0)],
        )
    )


def test_rain_of_ten_minutes_is_what_fell_in_them() -> None:
    city = rain_city()
    found = [city.hear("rain", minute * MINUTE_US, 60.0)["sum"] for minute in range(30)]  # 1 mm a minute
    assert [one.value for one in found[:4]] == [1.0, 2.0, 3.0, 4.0]
    assert {one.value for one in found[9:]} == {10.0}
    assert [bool(one.reasons) for one in found[:9]] == [True] * 7 + [False] * 2  # three quarters are eight minutes


def test_amounts_are_added_as_they_are() -> None:
    city = rain_city("mm")
    values = [city.hear("rain", minute * MINUTE_US, 0.2)["sum"].value for minute in range(12)]
    assert values[:3] == [0.2, 0.4, 0.6]  # not 0.6000000000000001
    assert values[-1] == 2.0


def test_rain_is_not_made_up_for_a_gap_and_the_gap_is_told() -> None:
    city = rain_city()
    for minute in range(20):
        city.hear("rain", minute * MINUTE_US, 60.0)
    found = city.hear("rain", 40 * MINUTE_US, 60.0)["sum"]
    assert (found.value, found.reasons) == (2.0, INCOMPLETE)  # it stands for two intervals at most


def air_city(completeness: float = 0.75) -> City:
    return City(
        catalogue(
            [datastream("pm25", "air", "ug/m3", 300.0)],
            [
                derived("mean", "ug/m3", "mean", "pm25", window_s=86_400.0, completeness=completeness),
                derived("hour", "ug/m3", "mean", "pm25", window_s=3600.0),
                derived("index", "1", "ispu", "mean", curve="pm25"),
                derived("ispu", "1", "ispu_max", "index"),
                derived("worst", "1", "dominant", "index"),
            ],
        )
    )


def day(city: City, hours: range, value: float) -> dict[str, Observation]:
    found: dict[str, Observation] = {}
    for hour in hours:
        found = city.hear("pm25", hour * HOUR_US, value)
    return found


def test_ispu_is_given_when_three_quarters_of_the_day_were_measured_and_not_before() -> None:
    city = air_city()
    before = day(city, range(17), 35.0)
    assert (before["mean"].value, before["mean"].quality, before["mean"].reasons) == (35.0, 2, INCOMPLETE)
    for name in ("index", "ispu", "worst"):
        assert np.isnan(before[name].value)
        assert (before[name].quality, before[name].reasons) == (9, INCOMPLETE)
    after = day(city, range(17, 18), 35.0)
    assert after["index"].value == pytest.approx(74.436, abs=0.001)
    assert (after["ispu"].value, after["worst"].value) == (after["index"].value, 1.0)
    assert after["ispu"].reasons == 0


def test_the_hour_shows_the_haze_at_once_where_the_day_lags() -> None:
    city = air_city()
    day(city, range(24), 20.0)
    found = day(city, range(24, 26), 200.0)
    assert found["hour"].value == 200.0
    assert found["mean"].value == 35.0  # (22 * 20 + 2 * 200) / 24


def test_a_busy_hour_counts_no_more_than_a_quiet_one() -> None:
    city = air_city(completeness=0.0)
    city.hear("pm25", 0, 10.0)
    for minute in range(60, 120):
        found = city.hear("pm25", minute * MINUTE_US, 40.0)
    assert found["mean"].value == 25.0


def test_a_speed_is_compared_with_the_whole_window_before_it_and_not_with_itself() -> None:
    whole = catalogue(
        [datastream("speed", "traffic", "km/h", 60.0)],
        [derived("ratio", "%", "speed_ratio", "speed", window_s=600.0, completeness=0.5, constant=0.1)],
    )
    city = City(whole)
    speeds = [100.0, *[50.0] * 9, 22.0, 20.0]
    told = [city.hear("speed", minute * MINUTE_US, speed)["ratio"] for minute, speed in enumerate(speeds)]
    assert [np.isnan(one.value) for one in told] == [True] * 5 + [False] * 7
    assert (told[4].quality, told[4].reasons) == (9, INCOMPLETE)
    assert told[10].value == 40.0  # of (100 + 9 * 50) / 10 = 55
    assert told[11].value == pytest.approx(100 * 20 / 47.2)  # (9 * 50 + 22) / 10


def ratios(speeds: list[float]) -> list[float]:
    """Percent of the usual, every 5 minutes, against the hour before."""
    city = City(
        catalogue(
            [datastream("speed", "traffic", "km/h", 300.0)],
            [derived("ratio", "%", "speed_ratio", "speed", window_s=3600.0, completeness=0.5)],
        )
    )
    return [city.hear("speed", 5 * n * MINUTE_US, speed)["ratio"].value for n, speed in enumerate(speeds)]


@pytest.mark.parametrize("stands", [3.0, 20.0, 25.0])
def test_a_road_that_stands_is_not_usual_after_an_hour_and_roadworks_are_after_a_day(stands: float) -> None:
    """An incident is raised at 60 %, and returned above 70 %."""
    jam = ratios([45.0] * 24 + [stands] * 288)[24:]
    assert max(jam[:72]) <= 70.0
    assert jam[0] == pytest.approx(100 * stands / 45)
    assert jam[-1] == 100.0


def test_the_incident_is_over_as_soon_as_the_road_is_free() -> None:
    assert ratios([45.0] * 24 + [3.0] * 40 + [45.0])[-1] > 100.0


def test_a_rush_hour_that_builds_up_over_two_hours_is_no_incident() -> None:
    slowing = [55.0 - 27.0 * n / 24 for n in range(25)]
    assert np.nanmin(ratios([55.0] * 24 + slowing + [28.0] * 24)) > 60.0


def test_one_sub_index_that_is_not_given_does_not_mute_the_others() -> None:
    whole = catalogue(
        [datastream("pm25", "air", "ug/m3", 300.0), datastream("pm10", "air", "ug/m3", 300.0)],
        [
            derived("a", "ug/m3", "mean", "pm25", window_s=86_400.0),
            derived("b", "ug/m3", "mean", "pm10", window_s=86_400.0, completeness=0.0),
            derived("pm25-index", "1", "ispu", "a", curve="pm25"),
            derived("pm10-index", "1", "ispu", "b", curve="pm10"),
            derived("ispu", "1", "ispu_max", "pm25-index", "pm10-index"),
            derived("worst", "1", "dominant", "pm25-index", "pm10-index"),
        ],
    )
    city = City(whole)
    city.hear("pm25", 0, 500.0)
    found = city.hear("pm10", 0, 100.0)
    assert (found["ispu"].value, found["ispu"].quality, found["ispu"].reasons) == (75.0, 2, INCOMPLETE)
    assert found["worst"].value == 2.0


def test_a_citys_own_breakpoints_take_the_place_of_ours() -> None:
    own = Curve(name="pm25", x=(0.0, 100.0), y=(0.0, 50.0))
    whole = catalogue([datastream("pm25-24h", "air", "mg/m3", 300.0)], [derived("index", "1", "ispu", "pm25-24h")], own)
    assert City(whole).hear("pm25-24h", 0, 0.05)["index"].value == 25.0


def test_discharge_beyond_the_rating_curve_is_suspect_not_extrapolated() -> None:
    whole = catalogue(
        [datastream("level", "river_level", "cm", 60.0)],
        [derived("discharge", "m3/s", "curve", "level", kind="discharge", curve="rating")],
        CURVE,
    )
    city = City(whole)
    told = [city.hear("level", at, value)["discharge"] for at, value in ((1, 300.0), (2, 340.0), (3, 60.0))]
    assert [(one.value, one.quality) for one in told] == [(80.25, 2), (80.25, 3), (2.0, 3)]


@pytest.mark.parametrize(("reasons", "rates"), [(FAST, [60.0] * 3), (FAST | int(Reason.FLAT_LINE), []), (0, [])])
def test_what_only_rises_fast_stays_in_the_trend_of_what_is_computed_from_it(reasons: int, rates: list[float]) -> None:
    city = City(
        catalogue(
            [datastream("level", "river_level", "cm", 60.0)],
            [
                derived("smooth", "cm", "mean", "level", kind="river_level", window_s=60.0),
                derived("discharge", "m3/s", "linear", "smooth", kind="discharge"),
                derived("rate", "m3/s/h", "rate", "discharge"),
            ],
        )
    )
    told = [city.hear("level", 5 * at * MINUTE_US, 100.0 + 5 * at, quality=3, reasons=reasons) for at in range(5)]
    assert [one["rate"].value for one in told if "rate" in one] == rates
    assert {(one.quality, one.reasons) for found in told for one in found.values()} == {(3, reasons if rates else 0)}


def test_a_discharge_beyond_its_curve_is_no_point_however_fast_it_rose() -> None:
    whole = catalogue(
        [datastream("level", "river_level", "cm", 60.0)],
        [derived("discharge", "m3/s", "curve", "level", kind="discharge", curve="rating")],
        CURVE,
    )
    told = City(whole).hear("level", 1, 340.0, quality=3, reasons=FAST)["discharge"]
    assert (told.quality, told.reasons) == (3, 0)  # the curve's end stands still, the river does not


def test_one_input_that_rose_fast_does_not_speak_for_another_that_is_doubted() -> None:
    city = pair_city()
    city.hear("a", 10, 10.0, quality=3, reasons=FAST)
    assert city.hear("b", 10, 4.0)["difference"].reasons == FAST
    city.hear("a", 20, 10.0, quality=3, reasons=FAST)
    found = city.hear("b", 20, 4.0, quality=3, reasons=int(Reason.NEIGHBOUR))["difference"]
    assert (found.quality, found.reasons) == (3, 0)


def test_several_inputs_speak_when_the_slowest_has_spoken() -> None:
    city = pair_city()
    assert city.hear("a", 60, 10.0) == {}  # b was never heard
    found = city.hear("b", 50, 4.0)["difference"]
    assert (found.time_us - START, found.value) == (50, 6.0)
    found = city.hear("b", 70, 5.0)["difference"]
    assert (found.time_us - START, found.value) == (60, 5.0)
    assert city.hear("b", 80, 1.0) == {}  # a stands still, and with it time
    found = city.hear("a", 200, 9.0)["difference"]
    assert (found.time_us - START, found.value) == (80, 8.0)


def test_what_failed_is_no_input_and_what_is_suspect_stays_suspect() -> None:
    city = pair_city()
    city.hear("a", 10, 10.0)
    assert city.hear("b", 10, 9999.0, quality=4) == {}
    assert city.hear("b", 20, 4.0, quality=3)["difference"].quality == 3
    found = city.hear("b", 30, 4.0)  # time stood at a's 10
    assert found == {}
    assert city.hear("a", 40, 10.0)["difference"].quality == 2


def test_an_exercise_stays_one() -> None:
    city = pair_city()
    city.hear("a", 10, 10.0, origin=3)
    assert city.hear("b", 10, 4.0)["difference"].origin == 3


def test_receive_times_strictly_increase_where_inputs_came_at_once() -> None:
    city = pair_city()
    city.hear("a", 10, 1.0, receive_us=START)
    first = city.hear("b", 5, 1.0, receive_us=START)["difference"]
    second = city.hear("b", 12, 1.0, receive_us=START)["difference"]
    assert (first.receive_us, second.receive_us) == (START, START + 1)


def test_a_value_that_no_float_holds_is_missing() -> None:
    whole = catalogue([datastream("a", "x", "cm", 60.0)], [derived("huge", "cm", "linear", "a", weights=(1e200,))])
    found = City(whole).hear("a", 1, 1e200)["huge"]
    assert np.isnan(found.value)
    assert found.quality == 9


def test_after_our_clock_was_set_back_a_sum_goes_on_at_once_and_counts_one_interval() -> None:
    """Handed over in one batch and in two, with what was heard before the clock ran ahead not far away."""
    history = [
        Observation(0, 0, START, 60.0, START, 1, 0, 0),
        Observation(1, 0, START + 3 * HOUR_US, 60.0, START + 1, 1, 0, 0),
        Observation(2, 0, START + 30 * SECOND_US, 60.0, START + 30 * SECOND_US, 1, 0, 0),
    ]
    for cuts in ([0, 1, 3], [0, 1, 2, 3], [0, 3]):
        city = rain_city()
        values = []
        for start, stop in pairwise(cuts):
            city.state, _, batch, arrival = derive(
                city.state, city.rules, (city.trend, city.trend_rules), city.limits, rows(history[start:stop])
            )
            values += [one.value for one in observations(batch, arrival)]
        assert values == [1.0, 2.0, 2.0]


def test_how_many_of_a_basin_hold_a_level() -> None:
    names = ("a", "b", "c")
    whole = catalogue(
        [datastream(name, "river_level", "cm", 60.0) for name in names],
        [derived("two", "1", "holding", *names, severity=2), derived("four", "1", "holding", "a", "c", severity=4)],
    )
    rules = holding_rules(whole)
    assert rules.number.tolist() == [3, 4]
    assert held_counts(rules, np.array([2, 1, 4, 0, 0], np.int16)).tolist() == [2, 1]
    assert len(derived_rules(whole).number) == 0  # the detector counts, not this stage


def test_a_circle_is_no_catalogue() -> None:
    whole = catalogue(
        [datastream("a", "x", "cm", 60.0)], [derived("b", "cm", "linear", "c"), derived("c", "cm", "linear", "b")]
    )
    with pytest.raises(CatalogueError, match="expected no circle, got S:b, S:c"):
        derived_rules(whole)


def test_a_window_of_one_interval_is_the_part_that_the_observation_is_in() -> None:
    whole = catalogue(
        [datastream("pm25", "air", "ug/m3", 3600.0)], [derived("hour", "ug/m3", "mean", "pm25", window_s=3600.0)]
    )
    city = City(whole)
    told = [city.hear("pm25", at * MINUTE_US, value)["hour"] for at, value in ((0, 10.0), (59, 20.0), (60, 70.0))]
    assert [(one.value, one.reasons) for one in told] == [(10.0, 0), (15.0, 0), (70.0, 0)]
