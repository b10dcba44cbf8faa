"""What breaks in the virtual city: a gauge that falls silent in a storm, a payload that no parser can read."""

from typing import NamedTuple

import numpy as np

from sensors.catalogue import Catalogue
from simulator.gauges import RIVER_KINDS
from simulator.scenario import Scenario

SILENT_INTERVALS = (
    5.0  # expected intervals without a word: past the three that a city allows, short enough to see both ends
)
START_AFTER_S = (900.0, 2100.0)  # into the storm, simulated: while the rivers rise

MALFORMED_PAYLOADS = (
    b"",
    b'{"ts": 1700000000000, "value": 12.',  # the link broke mid-message
    b'{"ts": "yesterday", "value": 120.5}',
    b'{"value": "ERR SENSOR"}',
    b"\x00\xff\xfe\x01",
    b"NaN",
)


class Silence(NamedTuple):
    """A station that says nothing between two simulated times."""

    station: str
    from_s: float
    until_s: float


def draw_silence(catalogue: Catalogue, scenario: Scenario, number: int, seed: int, speed: float) -> Silence | None:
    """The station that falls silent in storm `number`, or None; the same for the same seed.

    The silence lasts five of the station's own intervals of *real* time (`speed` simulated seconds each), because
    silence is judged in real time.  Only gauges that report often are picked, so that it ends within the storm's wake.
    """
    rng = np.random.default_rng([seed, number, 2])
    interval_s = {d.station: d.interval_calm_s for d in catalogue.datastreams if d.kind in RIVER_KINDS}
    if not interval_s or rng.uniform() >= scenario.silent_chance:
        return None
    quickest = min(interval_s.values())
    candidates = sorted(station for station, value in interval_s.items() if value <= 1.5 * quickest)
    station = candidates[int(rng.integers(len(candidates)))]
    from_s = scenario.start_s(number, seed) + float(rng.uniform(*START_AFTER_S))
    return Silence(station, from_s, from_s + SILENT_INTERVALS * interval_s[station] * speed)
