"""Rainfall to discharge: a linear reservoir per catchment, and reaches that pass the water on with lag and attenuation.

Everything is linear and in excess of base flow, so twice the rain is twice the flood, and no water is made or lost:
what falls (times the runoff coefficient) leaves at the outlets, later and flatter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RUNOFF_COEFFICIENT = 0.5  # share of the rain that runs off; saturated farmland and town, a round figure
MM_PER_H_KM2_TO_M3_PER_S = 1.0 / 3.6  # 1 mm/h over 1 km2, exact
LAG_SHARE = 0.6  # of a reach's travel time is pure lag, the rest is storage, which flattens the wave

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Reaches:
    """Which node feeds which; every column has shape (m,).  `share` of the upstream node's water takes this reach."""

    upstream: Indices
    downstream: Indices
    travel_s: Floats
    share: Floats


class RiverNetwork:
    """The state of all rivers; one `step` is `step_s` simulated seconds.

    `area_km2` and `storage_s` (both (n,)) are each node's own catchment and the time constant of its reservoir.
    """

    def __init__(self, area_km2: Floats, storage_s: Floats, reaches: Reaches, step_s: float) -> None:
        self.step_s = step_s
        self._reaches = reaches
        self._inflow_per_rain = area_km2 * (RUNOFF_COEFFICIENT * MM_PER_H_KM2_TO_M3_PER_S)
        self._kept = np.exp(-step_s / storage_s)
        self._runoff = np.zeros(len(area_km2))
        self.discharge = np.zeros(len(area_km2))
        """m3/s over base flow at each node, after the last step."""
        lag = np.maximum(1, np.round(LAG_SHARE * reaches.travel_s / step_s)).astype(np.intp)
        storage = np.maximum(reaches.travel_s - lag * step_s, 0.25 * step_s)
        self._reach_kept = np.exp(-step_s / storage)
        self._outflow = np.zeros(len(lag))
        self._lag = lag
        self._delayed = np.zeros((len(lag), int(lag.max(initial=1))))
        self._row = np.arange(len(lag))
        self._steps = 0

    def step(self, rain_mm_per_h: Floats) -> Floats:
        """Let it rain for one step, shape (n,); returns `discharge`."""
        inflow = self._inflow_per_rain * rain_mm_per_h
        self._runoff = self._runoff * self._kept + inflow * (1.0 - self._kept)
        slot = self._steps % self._delayed.shape[1]
        arriving = self._delayed[self._row, (self._steps - self._lag) % self._delayed.shape[1]]
        self._outflow = self._outflow * self._reach_kept + arriving * (1.0 - self._reach_kept)
        discharge = self._runoff.copy()
        np.add.at(discharge, self._reaches.downstream, self._outflow)
        self._delayed[:, slot] = self._reaches.share * discharge[self._reaches.upstream]
        self._steps += 1
        self.discharge = discharge
        return discharge
