"""The built-in cities, loaded once, and a day in their life without a broker."""

from collections.abc import Iterator
from functools import cache

from sensors.catalogue import Catalogue
from sensors.city import BUILT_IN, load_city
from simulator.city import CityPlan
from simulator.devices import Devices, Moment, Tick
from simulator.scenario import SCENARIOS

CITIES = sorted(folder.parent.name for folder in BUILT_IN.glob("*/city.toml"))
SPEED = 60.0  # the default
NOW_US = 1_800_000_000_000_000
NOON = 12.0


@cache
def catalogue(name: str) -> Catalogue:
    return load_city(name)[0].observed


def plan(name: str, *, scenario: str = "storm", seed: int = 1) -> CityPlan:
    return CityPlan(catalogue(name), SCENARIOS[scenario], seed, SPEED)


def ticks(devices: Devices, seconds: float, step_s: float = 0.5, hour: float = NOON) -> Iterator[tuple[float, Tick]]:
    """What the devices do for so many real seconds, tick by tick, with the real second of each tick."""
    for k in range(int(seconds / step_s)):
        elapsed_s = (k + 1) * step_s
        yield elapsed_s, devices.tick(Moment(elapsed_s, NOW_US + int(elapsed_s * 1e6), hour))
