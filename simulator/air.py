"""Air quality: each pollutant's daily cycle, and rain that washes it out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WASHOUT_PER_MM = {
    "pm25": 0.05,
    "pm10": 0.07,
    "so2": 0.03,
}  # share scavenged per mm of rain; gases that do not dissolve: 0
RECOVERY_S = 6.0 * 3600.0  # how slowly a washed sky fills again


class Cycle(NamedTuple):
    """Mean, and how much rush hours (07, 18), midday sun and night add, ug/m3."""

    mean: float
    rush: float
    sun: float
    night: float


# Round figures of an Indonesian town in the wet season, illustrative.
CYCLES = {
    "pm25": Cycle(18.0, 9.0, -4.0, 5.0),
    "pm10": Cycle(32.0, 16.0, -4.0, 6.0),
    "so2": Cycle(14.0, 5.0, 1.0, 0.0),
    "co": Cycle(700.0, 500.0, -100.0, 150.0),
    "o3": Cycle(28.0, -6.0, 42.0, -12.0),
    "no2": Cycle(18.0, 14.0, -5.0, 3.0),
}
UNKNOWN_CYCLE = Cycle(10.0, 2.0, 1.0, 1.0)


def dry_concentration(pollutant: str, hour: float) -> float:
    """Concentration at a local hour (0 to 24) without rain, ug/m3; never below 0.

    >>> dry_concentration("o3", 13.0) > dry_concentration("o3", 7.0)
    True
    """
    cycle = CYCLES.get(pollutant, UNKNOWN_CYCLE)
    rush = np.exp(-(((hour - 7.0) / 1.5) ** 2)) + np.exp(-(((hour - 18.0) / 2.0) ** 2))
    sun = np.exp(-(((hour - 13.0) / 3.0) ** 2))
    night = 0.5 * (1.0 + np.cos(2.0 * np.pi * (hour - 2.0) / 24.0))
    return max(float(cycle.mean + cycle.rush * rush + cycle.sun * sun + cycle.night * night), 0.0)


def washed(clean: Floats, rain_mm_per_h: Floats, scavenging_per_mm: Floats, step_s: float) -> Floats:
    """How much of the dry concentration is left after one more step, 0 to 1, shape (n,).

    `clean` is the same before the step; rain takes its share of what is there, dry air lets it come back.
    """
    left = clean * np.exp(-scavenging_per_mm * rain_mm_per_h * step_s / 3600.0)
    return np.asarray(1.0 - (1.0 - left) * np.exp(-step_s / RECOVERY_S), dtype=np.float64)
