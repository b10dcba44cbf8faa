"""The virtual devices' own health: a day's swing, clouds, and limits that nothing leaves."""

import numpy as np
from msgspec.structs import replace

from sensors.catalogue import Catalogue
from sensors.health_kinds import HEALTH_KINDS
from simulator.device_health import DeviceHealth
from simulator.devices import Devices
from tests.unit.simulator.cities import NOON, catalogue, plan, ticks

CITY = "mojokerto"
HOURS = np.arange(0.0, 24.0, 0.5)


def day(city: Catalogue, rain_mm_per_h: float, days: int = 1) -> dict[tuple[str, str], list[float]]:
    """Every half hour of the last day, by kind and unit."""
    health = DeviceHealth(city, 1)
    rain = np.full(len(city.stations), rain_mm_per_h)
    values = np.zeros(len(city.datastreams))
    seen: dict[tuple[str, str], list[float]] = {}
    for number in range(days):
        for hour in HOURS.tolist():
            health.step(hour, rain, 1800.0)
            health.fill(values, hour, rain)
            if number == days - 1:
                for i in health.position.tolist():
                    datastream = city.datastreams[i]
                    seen.setdefault((datastream.kind, datastream.unit), []).append(float(values[i]))
    return seen


def test_the_first_city_has_health_to_show() -> None:
    kinds = {d.kind for d in catalogue(CITY).datastreams}
    assert {"battery", "signal", "solar", "sim_quota"} <= kinds & set(HEALTH_KINDS)


def test_a_battery_swings_with_the_sun_and_falls_under_long_cloud() -> None:
    city = catalogue(CITY)
    clear, cloudy = day(city, 0.0, 4)["battery", "V"], day(city, 25.0, 4)["battery", "V"]
    assert 11.0 <= min(clear) < max(clear) <= 14.5
    assert np.mean(cloudy) < np.mean(clear) - 0.3


def test_rain_weakens_the_link_and_night_ends_the_sun() -> None:
    city = catalogue(CITY)
    assert np.mean(day(city, 30.0)["signal", "dBm"]) < np.mean(day(city, 0.0)["signal", "dBm"]) - 4
    solar = day(city, 0.0)["solar", "W"]
    assert min(solar) == 0.0
    assert max(solar) > 15


def test_devices_speak_of_themselves_less_often() -> None:
    devices = Devices(plan(CITY), NOON)
    topics = [m.topic for _, tick in ticks(devices, 60.0) for m in tick.messages]
    batteries = [topic for topic in topics if topic.endswith("/battery")]
    assert 1 <= len(batteries) / len(set(batteries)) <= 3


def test_a_city_without_health_needs_none() -> None:
    city = catalogue(CITY)
    bare = replace(city, datastreams=tuple(d for d in city.datastreams if d.kind not in HEALTH_KINDS))
    assert day(bare, 5.0) == {}
