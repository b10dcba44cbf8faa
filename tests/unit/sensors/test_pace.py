"""A city that is played faster than life: the same story, only sooner."""

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, Derivation, Level, Reach
from sensors.city import load_city
from sensors.detector import install, judge
from sensors.pace import at_pace
from sensors.rules import compile_rules
from sensors.state import State, fresh_state
from sensors.times import NEVER, SECOND_US
from sensors.transition import Cause, Kind, Transition
from sensors.trend.rules import trend_window_s
from tests.oracle.cities import with_datastreams

PACE = 60.0
START_US = 1_800_000_000 * SECOND_US  # where a part of every trend begins
SILENT_NEVER = 1e6  # intervals


def window_s(datastream: Datastream) -> float:
    """Of its trend; 0 = it has none."""
    return trend_window_s(datastream) or 0.0


def gauge(number: int, station: str, **columns: object) -> Datastream:
    fixed = {"number": number, "station": station, "property": "level", "kind": "river_level", "unit": "cm"}
    return msgspec.convert({**fixed, "interval_calm_s": 120.0, **columns}, Datastream)


def level(value: float, **columns: object) -> Level:
    fixed = {"level": "siaga", "rank": 1, "severity": 2, "direction": "rising", "value": value}
    return msgspec.convert({**fixed, **columns}, Level)


def city() -> Catalogue:
    """Two gauges an hour apart; on the upper one's rate there is a level, too, and on the lower one's a delay."""
    rate = gauge(2, "HULU", property="rate", kind="river_rate", unit="cm/h", levels=[level(60.0, hysteresis=20.0)])
    rate = msgspec.structs.replace(rate, derivation=Derivation(method="rate", inputs=("HULU:level",)))
    streams = (
        gauge(0, "HULU", levels=[level(150.0, hysteresis=5.0)]),
        gauge(1, "HILIR", levels=[level(150.0, on_delay_s=600.0, off_delay_s=600.0)]),
        rate,
    )
    reach = Reach(upstream="HULU", downstream="HILIR", travel_min=60.0)
    return with_datastreams(streams, intervals=SILENT_NEVER, reaches=[reach])


def flood(pace: float) -> Batch:
    """A wave of some hours, which passes the lower gauge an hour later, read every two minutes; all of it sooner."""
    life_s = np.repeat(np.arange(0.0, 12 * 3600.0, 120.0), 2)
    number = np.tile(np.array([0, 1], np.int32), len(life_s) // 2)
    hours = life_s / 3600.0 - number - 4.0
    time_us = START_US + np.round(life_s / pace * SECOND_US).astype(np.int64)
    n = len(number)
    return Batch(
        datastream=number,
        time_us=time_us,
        value=100.0 + 120.0 * np.exp(-hours * hours),
        receive_us=time_us + number,
        device_us=np.full(n, NEVER, np.int64),
        origin=np.full(n, 3, np.uint8),
        quality=np.full(n, 2, np.uint8),
        reasons=np.zeros(n, np.uint16),
    )


def story(pace: float, in_force: float) -> list[tuple[object, ...]]:
    """What is found in a flood of this pace where the city in force has that one; times and limits as in life."""
    catalogue = at_pace(city(), in_force)
    batch = flood(pace)
    state = fresh_state(compile_rules(catalogue, START_US), START_US)
    found = judge(state, batch, int(batch.receive_us[-1]) + round(7200 / pace * SECOND_US)).transitions
    return [
        (
            one.datastream,
            one.kind,
            one.cause,
            one.level,
            round((one.time_us - START_US) * pace / SECOND_US / 60),
            None if one.limit is None else round(one.limit / (pace if one.datastream == 2 else 1.0), 6),
        )
        for one in found
    ]


def test_a_flood_that_is_played_faster_tells_the_same_story_sooner() -> None:
    in_life = story(1.0, 1.0)
    kinds = {(number, kind) for number, kind, *_ in in_life}
    assert kinds >= {(2, Kind.RAISED), (2, Kind.RETURNED), (1, Kind.RAISED), (1, Kind.RETURNED), (1, Kind.WAVE)}
    assert story(PACE, PACE) == in_life
    assert story(PACE, 1.0) != in_life  # judged at life's pace it is another story


def goes_live(until_h: float) -> tuple[State, tuple[Transition, ...]]:
    """The flood played up to an hour of its own; then the rivers get life's pace."""
    played = compile_rules(at_pace(city(), PACE), START_US)
    batch = flood(PACE)
    batch = batch.take(batch.time_us <= START_US + round(until_h * 3600 / PACE * SECOND_US))
    now_us = int(batch.receive_us[-1])
    state = judge(fresh_state(played, START_US), batch, now_us).state
    return install(state, compile_rules(at_pace(city(), 1.0), now_us), now_us)


@pytest.mark.parametrize(
    ("until_h", "was_held"),
    [
        (2.6, False),  # it rises by some 40 cm/h of its life, 2400 as it is played: below the limit of both
        (3.4, True),  # by some 100
    ],
)
def test_a_rate_of_the_exercise_is_not_judged_at_lifes_pace(until_h: float, was_held: bool) -> None:
    state, told = goes_live(until_h)
    ends = [(one.datastream, one.kind, one.cause, one.limit) for one in told if one.datastream == 2]
    assert ends == [(2, Kind.RETURNED, Cause.CATALOGUE, 60.0 * PACE)] * was_held
    assert not state.held.reached[2].any()
    assert state.newest.time_us[2] == NEVER
    assert state.newest.time_us[0] != NEVER  # a level of water is what it is at any pace
    later = moved_behind(flood(1.0), state.now_us)
    found = judge(state, later, int(later.receive_us[-1])).transitions
    assert (2, Kind.RAISED) in {(one.datastream, one.kind) for one in found}  # what rises in life is told


def moved_behind(batch: Batch, now_us: int) -> Batch:
    """The same batch, as if it began a minute after `now_us`."""
    by_us = now_us + 60 * SECOND_US - int(batch.time_us[0])
    return replace(batch, time_us=batch.time_us + by_us, receive_us=batch.receive_us + by_us)


def test_a_city_comes_back_to_life_as_it_was() -> None:
    catalogue = load_city("mojokerto")[0]
    played = at_pace(catalogue, PACE)
    assert played.pace == PACE
    assert at_pace(played, PACE) == played
    back = at_pace(played, 1.0)
    assert [r.travel_min for r in back.reaches] == pytest.approx([r.travel_min for r in catalogue.reaches])
    for one, before in zip(back.datastreams, catalogue.datastreams, strict=True):
        assert [lv.value for lv in one.levels] == pytest.approx([lv.value for lv in before.levels])
        assert window_s(one) == pytest.approx(window_s(before))
    assert back.city.detector.doubt_s == pytest.approx(catalogue.city.detector.doubt_s)


def test_air_roads_and_the_devices_intervals_keep_their_time() -> None:
    catalogue = load_city("mojokerto")[0]
    for one, before in zip(at_pace(catalogue, PACE).datastreams, catalogue.datastreams, strict=True):
        assert (one.interval_calm_s, one.interval_storm_s) == (before.interval_calm_s, before.interval_storm_s)
        if not before.kind.startswith("river_") and before.kind != "discharge":
            assert one == before
        elif before.kind == "river_level":
            assert [lv.value for lv in one.levels] == [lv.value for lv in before.levels]
            assert math.isclose(window_s(one) * PACE, window_s(before))


def test_the_minutes_to_come_and_what_a_rate_can_be_follow() -> None:
    eta = gauge(3, "HULU", property="eta", kind="river_eta", unit="min", levels=[level(30.0, direction="falling")])
    eta = msgspec.structs.replace(eta, derivation=Derivation(method="eta", inputs=("HULU:level",)))
    river = gauge(0, "HULU", rise_limit_per_h=300.0, trend_window_s=900.0)
    played = at_pace(with_datastreams((river, eta)), PACE).datastreams
    assert (played[0].rise_limit_per_h, played[0].fall_limit_per_h, played[0].trend_window_s) == (18_000.0, None, 15.0)
    assert played[1].levels[0].value == pytest.approx(0.5)
