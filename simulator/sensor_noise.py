"""What a sensor adds to the truth: noise, a slow drift of its surroundings, and the resolution it reports in."""

import numpy as np

from sensors.catalogue import Catalogue, Datastream
from simulator.rivers import Floats, Indices

_SHARE_OF_VALUE = {"discharge": 0.003, "rain": 0.04, "air": 0.02, "traffic": 0.02}  # standard deviations
_SHARE_OF_RANGE = {"river_level": 0.0005}  # 0.5 cm on a 10 m gauge; radar sensors are specified at 0.2 to 1 cm
_DECIMALS = {"m": 3, "cm": 1, "mm": 0, "ft": 2, "veh/h": 0}
DRIFT = 0.05


class SensorNoise:
    """The noise of every datastream of a catalogue, from one seeded generator."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        datastreams = catalogue.datastreams
        self._rng = np.random.default_rng([seed, 4])
        self._of_value = np.array([_SHARE_OF_VALUE.get(d.kind, 0.0) for d in datastreams])
        self._absolute = np.array([_SHARE_OF_RANGE.get(d.kind, 0.0) * _range(d) for d in datastreams])
        self._scale = np.array([10.0 ** _DECIMALS.get(d.unit, 1) for d in datastreams])
        self._low = np.array([d.valid_min if d.valid_min is not None else -np.inf for d in datastreams])
        self._high = np.array([d.valid_max if d.valid_max is not None else np.inf for d in datastreams])
        self._offset = 1.0 + self._rng.uniform(-DRIFT, DRIFT, len(datastreams))

    def drift(self, positions: Indices) -> Floats:
        """A constant factor near 1 for each of these datastreams: no two places are alike."""
        return np.asarray(self._offset[positions], dtype=np.float64)

    def observe(self, positions: Indices, true_values: Floats) -> Floats:
        """The true values with noise, in the sensor's range and resolution, shape (k,)."""
        sigma = self._absolute[positions] + self._of_value[positions] * np.abs(true_values)
        noisy = true_values + sigma * self._rng.standard_normal(len(positions))
        inside = np.clip(noisy, self._low[positions], self._high[positions])
        return np.asarray(np.round(inside * self._scale[positions]) / self._scale[positions], dtype=np.float64)


def _range(datastream: Datastream) -> float:
    if datastream.valid_min is None or datastream.valid_max is None:
        return 0.0
    return datastream.valid_max - datastream.valid_min
