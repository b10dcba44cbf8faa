"""The road sections of a catalogue: how wide they are, how much they carry today."""

import numpy as np

from sensors.catalogue import Catalogue, Datastream
from simulator.rivers import Floats, Indices
from simulator.traffic import demand_share, road_state

USUAL_SHARE_OF_RANGE = 0.6  # capacity of a flow sensor's range, free speed of a speed sensor's range
COMMON_CAPACITY_VEH_PER_H = 2000.0
COMMON_FREE_SPEED_KM_PER_H = 45.0
SWAY = 0.04  # standard deviation of demand around its profile
SWAY_KEPT = 0.98  # of the deviation, per step


class Roads:
    """State of every road station that has traffic datastreams."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        traffic = [(i, d) for i, d in enumerate(catalogue.datastreams) if d.kind == "traffic"]
        stations = sorted({d.station for _, d in traffic})
        road = {station: i for i, station in enumerate(stations)}
        place = {s.station: i for i, s in enumerate(catalogue.stations)}
        self._rng = np.random.default_rng([seed, 3])
        self._place = np.array([place[s] for s in stations], dtype=np.intp)
        self._capacity = np.full(len(stations), COMMON_CAPACITY_VEH_PER_H)
        self._free_speed = np.full(len(stations), COMMON_FREE_SPEED_KM_PER_H)
        self._busy = self._rng.uniform(0.80, 1.05, len(stations))
        self._sway = np.zeros(len(stations))
        self._columns: list[tuple[str, Indices, Indices]] = []
        for name in ("flow", "speed", "occupancy"):
            rows = [(i, d) for i, d in traffic if d.property.startswith(name)]
            which = np.array([road[d.station] for _, d in rows], dtype=np.intp)
            self._columns.append((name, np.array([i for i, _ in rows], dtype=np.intp), which))
            if name == "flow":
                self._fit(self._capacity, which, [d for _, d in rows])
            elif name == "speed":
                self._fit(self._free_speed, which, [d for _, d in rows])

    def step(self) -> None:
        """Let demand sway a little."""
        shock = self._rng.normal(0.0, SWAY * np.sqrt(1.0 - SWAY_KEPT**2), len(self._sway))
        self._sway = SWAY_KEPT * self._sway + np.clip(shock, -SWAY, SWAY)

    def fill(self, values: Floats, hour: float, rain_mm_per_h: Floats) -> None:
        """Write flow, speed and occupancy at a local hour into `values` (n datastreams,); rain is per station."""
        demand = self._capacity * self._busy * demand_share(hour) * (1.0 + self._sway)
        state = road_state(demand, self._capacity, self._free_speed, rain_mm_per_h[self._place])
        for name, position, road in self._columns:
            values[position] = getattr(state, name)[road]

    @staticmethod
    def _fit(column: Floats, which: Indices, datastreams: list[Datastream]) -> None:
        for i, datastream in zip(which, datastreams, strict=True):
            if datastream.valid_max is not None:
                column[i] = USUAL_SHARE_OF_RANGE * datastream.valid_max
