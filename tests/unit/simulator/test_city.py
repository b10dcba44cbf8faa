"""The virtual city as its devices publish it: what a newcomer sees in the first minutes after `make run`."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest

from sensors.health_kinds import is_health
from simulator.broker import Message
from simulator.city import STEP_S, VirtualCity
from simulator.devices import OTHER_PERIOD_S, RIVER_PERIOD_S, Devices, Moment
from simulator.gauges import RIVER_KINDS
from tests.unit.simulator.cities import CITIES, NOON, NOW_US, SPEED, catalogue, plan, ticks


def river_crossings(city: str, seed: int, minutes: float) -> list[tuple[float, str]]:
    """Real second and event of every level that a river gauge truly reaches or leaves."""
    virtual = VirtualCity(plan(city, seed=seed), NOON)
    rivers = {i for i, d in enumerate(catalogue(city).datastreams) if d.kind in RIVER_KINDS}
    return [
        (virtual.time_s / SPEED, event.name)
        for _ in range(int(minutes * 60.0 * SPEED / STEP_S))
        for event in virtual.step(NOON)
        if event.name.startswith("level_") and event.datastream in rivers
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("city", CITIES)
def test_the_first_river_level_falls_between_20_and_50_seconds_and_worse_ones_follow(city: str, seed: int) -> None:
    crossings = river_crossings(city, seed, minutes=14.0)
    reached = [(second, name) for second, name in crossings if name.startswith("level_crossed")]
    left = [(second, name) for second, name in crossings if name.startswith("level_left")]
    assert 20.0 <= reached[0][0] <= 50.0
    assert len({name for _, name in reached}) >= 3  # e.g. the first, the second and the third level
    assert len(left) == len(reached)  # all has returned
    assert left[-1][0] <= 12.0 * 60.0


@pytest.mark.parametrize("city", CITIES)
def test_after_a_calm_period_the_next_storm_comes(city: str) -> None:
    reached = [second for second, name in river_crossings(city, 1, minutes=36.0) if name.startswith("level_crossed")]
    gap_s = max(after - before for before, after in pairwise(reached))
    assert gap_s > 4.0 * 60.0
    assert reached[-1] > 15.0 * 60.0


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("hour", [0.0, 7.0, 12.0, 17.0, 20.0])
def test_before_the_storm_nothing_holds_a_level_at_any_hour(city: str, hour: float) -> None:
    virtual = VirtualCity(plan(city), hour)
    for value, datastream in zip(virtual.values, catalogue(city).datastreams, strict=True):
        for level in datastream.levels:
            beyond = value >= level.value if level.direction == "rising" else value <= level.value
            assert not beyond, f"{datastream.id} {level.level} at {hour} h: {value}"


@pytest.mark.parametrize("city", CITIES)
def test_the_calm_scenario_crosses_nothing_in_a_simulated_day(city: str) -> None:
    virtual = VirtualCity(plan(city, scenario="calm"), 0.0)
    steps = int(24 * 3600.0 / STEP_S)
    events = [event for k in range(steps) for event in virtual.step(24.0 * k / steps)]
    assert {event.name for event in events} == {"rain_start", "rain_stop"}


def test_same_seed_same_messages_another_seed_others() -> None:
    def published(seed: int) -> list[bytes]:
        devices = Devices(plan(CITIES[0], seed=seed), NOON)
        return [m.payload for _, tick in ticks(devices, 20.0) for m in tick.messages]

    assert published(7) == published(7)
    assert published(7) != published(8)


@pytest.mark.parametrize("city", CITIES)
def test_every_datastream_reports_at_its_period_with_the_real_time_and_origin_simulated(city: str) -> None:
    devices = Devices(plan(city), NOON)
    heard: dict[str, list[float]] = {}
    for elapsed_s, tick in ticks(devices, 12.0):
        for message in tick.messages:
            payload = msgspec.json.decode(message.payload)
            assert payload["ts"] == NOW_US // 1000 + round(elapsed_s * 1000)
            assert payload["origin"] == "simulated"
            heard.setdefault(message.topic, []).append(elapsed_s)
    for datastream in catalogue(city).datastreams:
        topic = f"telemetry/{datastream.station}/{datastream.property}"
        if is_health(datastream.kind):  # more seldom than we look here
            assert len(heard.pop(topic, [])) <= 1
            continue
        times = heard.pop(topic)
        period_s = RIVER_PERIOD_S if datastream.kind in RIVER_KINDS else OTHER_PERIOD_S
        assert np.diff(times).tolist() == pytest.approx([period_s] * (len(times) - 1))
        assert 3.0 * datastream.interval_calm_s > period_s  # or the gateway would call it silent
    assert not heard


def test_readings_stay_in_their_sensors_range() -> None:
    for city in CITIES:
        devices = Devices(plan(city, seed=5), NOON)
        for _, tick in ticks(devices, 240.0, step_s=5.0):
            for message in tick.messages:
                try:
                    value = msgspec.json.decode(message.payload)["value"]
                except (msgspec.DecodeError, TypeError):
                    continue  # the rare malformed one
                _, station, property_ = message.topic.split("/")
                datastream = catalogue(city).datastream_by_id[f"{station}:{property_}"]
                if isinstance(value, float):
                    assert datastream.valid_min is not None
                    assert datastream.valid_max is not None
                    assert datastream.valid_min <= value <= datastream.valid_max


def test_a_gauge_falls_silent_in_some_storm_longer_than_the_city_allows_and_speaks_again() -> None:
    city = CITIES[0]
    devices = Devices(
        next(plan(city, seed=s) for s in range(20) if VirtualCity(plan(city, seed=s), NOON).silence), NOON
    )
    heard: dict[str, list[float]] = {}
    events: dict[str, tuple[float, str]] = {}
    for elapsed_s, tick in ticks(devices, 900.0, step_s=2.0):
        for message in tick.messages:
            heard.setdefault(message.topic.split("/")[1], []).append(elapsed_s)
        for row in tick.truth:
            if row.event.startswith("fault_silent"):
                events[row.event] = (elapsed_s, row.station)
    (from_s, station), (until_s, _) = events["fault_silent_start"], events["fault_silent_stop"]
    interval_s = min(d.interval_calm_s for d in catalogue(city).datastreams if d.station == station)
    assert until_s - from_s > catalogue(city).city.silence.intervals * interval_s
    assert not [s for s in heard[station] if from_s <= s < until_s]
    assert max(heard[station]) > until_s


def test_now_and_then_a_device_sends_nonsense_and_the_truth_says_so() -> None:
    devices = Devices(plan(CITIES[0]), NOON)
    events = [row.event for _, tick in ticks(devices, 1200.0, step_s=5.0) for row in tick.truth]
    assert 4 <= events.count("malformed_payload") <= 10  # every two to five minutes


@pytest.mark.parametrize("city", CITIES)
def test_a_reading_of_somebody_else_is_not_spoken_over_and_the_pause_is_no_silence(city: str) -> None:
    devices = Devices(plan(city, scenario="calm"), NOON)
    heard_s = 20.0
    topic_of = {f"telemetry/{d.station}/{d.property}": d for d in catalogue(city).datastreams}

    def times(begin_s: float, end_s: float) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for s in np.arange(begin_s, end_s, 0.5).tolist():
            for message in devices.tick(Moment(s, NOW_US + round(s * 1e6), NOON)).messages:
                found.setdefault(message.topic, []).append(s)
        return found

    own = devices.tick(Moment(10.0, NOW_US, NOON)).messages
    for message in own:
        devices.hear(message, 10.0)  # its own, back from the broker
    before = times(10.5, heard_s)
    observed = [topic for topic, datastream in topic_of.items() if not is_health(datastream.kind)]
    assert set(observed) <= before.keys()
    for topic in observed:
        devices.hear(Message(topic, b"1632"), heard_s)
    after = times(heard_s, heard_s + 140.0)
    for topic in observed:
        datastream = topic_of[topic]
        shortest_s = min(datastream.interval_calm_s, datastream.interval_storm_s or datastream.interval_calm_s)
        limit_s = catalogue(city).city.silence.intervals * shortest_s
        assert min(40.0, limit_s / 2) < after[topic][0] - heard_s < limit_s
