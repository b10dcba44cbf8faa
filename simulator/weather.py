"""Storms over the virtual city: rain cells that form, drift and die over the catalogue's own places."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

DESIGN_RATE_MM_PER_H = 35.0  # the storm that gauges are scaled by; very heavy by BMKG's words (over 20 mm/h)
DESIGN_HOURS = 2.0
DESIGN_DEPTH_MM = DESIGN_RATE_MM_PER_H * DESIGN_HOURS

_KM_PER_DEGREE = 111.2  # of latitude, mean Earth radius 6371 km
_DEPTH_STEP_S = 120.0


def local_km(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> Points:
    """Places as kilometres east and north of their middle, shape (n, 2); flat, good for a city and its regency."""
    if not len(lat):
        return np.zeros((0, 2))
    lat0, lon0 = float(lat.mean()), float(lon.mean())
    east = (lon - lon0) * _KM_PER_DEGREE * np.cos(np.radians(lat0))
    return np.column_stack([east, (lat - lat0) * _KM_PER_DEGREE])


@dataclass(frozen=True, slots=True)
class Storm:
    """One storm; times in simulated seconds, rates in mm/h.

    A frontal rain over everything plus cells: `centre_km` (m, 2) at each cell's own start, `drift_km_per_h` (2,),
    `radius_km` (m,), `peak` (m,), `begin_s` and `last_s` (m,).  `scale` multiplies it all.
    """

    start_s: float
    front_rate: float
    front_s: float
    centre_km: Points
    drift_km_per_h: NDArray[np.float64]
    radius_km: NDArray[np.float64]
    peak: NDArray[np.float64]
    begin_s: NDArray[np.float64]
    last_s: NDArray[np.float64]
    ramp_s: float = 1300.0
    scale: float = 1.0

    @property
    def end_s(self) -> float:
        """When its last rain has fallen."""
        return self.start_s + max(self.front_s, float((self.begin_s + self.last_s).max(initial=0.0)))

    def rate(self, points_km: Points, time_s: float) -> NDArray[np.float64]:
        """Rain rate at each point, mm/h, shape (n,); 0 outside the storm."""
        if not self.start_s <= time_s <= self.end_s:
            return np.zeros(len(points_km))
        since_s = time_s - self.start_s
        front = self.front_rate * _envelope(np.array([since_s]), np.array([self.front_s]), self.ramp_s)[0]
        age_s = since_s - self.begin_s
        strength = self.peak * _envelope(age_s, self.last_s, self.ramp_s)
        centre = self.centre_km + self.drift_km_per_h * (age_s / 3600.0)[:, None]
        distance2 = ((points_km[:, None, :] - centre[None, :, :]) ** 2).sum(axis=2)
        cells = (strength * np.exp(-distance2 / (2.0 * self.radius_km**2))).sum(axis=1)
        return np.asarray(self.scale * (front + cells), dtype=np.float64)

    def depth_mm(self, points_km: Points) -> NDArray[np.float64]:
        """Rain of the whole storm at each point, mm, shape (n,)."""
        times_s = np.arange(self.start_s, self.end_s + _DEPTH_STEP_S, _DEPTH_STEP_S)
        total = np.zeros(len(points_km))
        for time_s in times_s:
            total += self.rate(points_km, float(time_s))
        return total * (_DEPTH_STEP_S / 3600.0)


def _envelope(age_s: NDArray[np.float64], last_s: NDArray[np.float64], ramp_s: float) -> NDArray[np.float64]:
    """0 before and after, 1 in between, straight ramps of `ramp_s` (at most half of it) at both ends."""
    ramp = np.minimum(ramp_s, last_s / 2.0)
    return np.clip(np.minimum(age_s, last_s - age_s) / ramp, 0.0, 1.0)


def draw_storm(rng: np.random.Generator, points_km: Points, start_s: float, severity: float) -> Storm:
    """A storm drawn over the points, scaled so that they get `severity` times the design depth on average.

    Every number of the storm comes from `rng`, in a fixed order: the same seed gives the same storm.
    """
    extent_km = float(np.ptp(points_km, axis=0).max(initial=1.0)) if len(points_km) else 1.0
    extent_km = max(extent_km, 4.0)
    cells = int(rng.integers(3, 6))
    heading = rng.uniform(0.0, 2.0 * np.pi)
    pick = rng.integers(0, max(len(points_km), 1), cells)
    around = rng.normal(0.0, 0.08 * extent_km, (cells, 2))
    centre = (points_km[pick] if len(points_km) else np.zeros((cells, 2))) + around
    storm = Storm(
        start_s=start_s,
        front_rate=rng.uniform(18.0, 24.0),
        front_s=rng.uniform(2.4, 3.0) * 3600.0,
        centre_km=centre,
        drift_km_per_h=rng.uniform(0.05, 0.15) * extent_km * np.array([np.cos(heading), np.sin(heading)]),
        radius_km=rng.uniform(0.15, 0.35, cells) * extent_km,
        peak=rng.uniform(15.0, 30.0, cells),
        begin_s=np.concatenate([[0.0], rng.uniform(0.0, 2400.0, cells - 1)]),
        last_s=rng.uniform(1.3, 2.2, cells) * 3600.0,
    )
    depth_mm = storm.depth_mm(points_km)
    mean_mm = float(depth_mm.mean()) if len(depth_mm) else 0.0
    if mean_mm <= 0.0:
        return storm
    return _scaled(storm, severity * DESIGN_DEPTH_MM / mean_mm)


def _scaled(storm: Storm, scale: float) -> Storm:
    return Storm(**{name: getattr(storm, name) for name in Storm.__slots__ if name != "scale"}, scale=scale)
