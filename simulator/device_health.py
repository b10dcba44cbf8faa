"""How the virtual devices themselves are: batteries under sun and cloud, links in the rain, quotas that run down.

Simplified on purpose: enough that a maintainer's page has a day's swing, a cloudy spell and a slow decline to show.
"""

import numpy as np

from sensors.catalogue import Catalogue
from sensors.health_kinds import HEALTH_KINDS
from simulator.rivers import Floats, Indices

DAY_S = 86_400.0
SUNRISE_H, SUNSET_H = 5.5, 17.5  # near the equator, the whole year
CLOUD_HALF_MM_PER_H = 4.0  # rain at which half of the light is gone
GAIN_PER_DAY = 1.6  # of the battery's capacity, under a clear sky
LOAD_PER_DAY = 0.25
FULL_V, EMPTY_V, CHARGING_V = 12.9, 11.4, 0.9  # 12 V lead-acid, at rest; what the charger adds in full sun
CELL_PER_DAY = 0.002  # of a primary cell's charge
QUOTA_MB, QUOTA_PER_DAY_MB = 500.0, 14.0
PANEL_PEAK = {"W": 40.0, "V": 19.0, "A": 2.2}
CLEAR_SIGNAL = {"dBm": -84.0, "dB": 9.0, "%": 80.0}
FADE = {"dBm": 9.0, "dB": 5.0, "%": 18.0}  # lost in heavy rain
SWAY = 1.5


class DeviceHealth:
    """The health datastreams of a catalogue; `step` and `fill` move and write them."""

    def __init__(self, catalogue: Catalogue, seed: int) -> None:
        place = {s.station: i for i, s in enumerate(catalogue.stations)}
        rows = [(i, d) for i, d in enumerate(catalogue.datastreams) if d.kind in HEALTH_KINDS]
        self.position: Indices = np.array([i for i, _ in rows], dtype=np.intp)
        self._rows = [(d.kind, d.unit) for _, d in rows]
        self._place: Indices = np.array([place[d.station] for _, d in rows], dtype=np.intp)
        power = [catalogue.stations[i].power.casefold() for i in self._place.tolist()]
        self._is_solar = np.array(["solar" in text or "surya" in text for text in power], dtype=np.bool_)
        self._rng = np.random.default_rng([seed, 6])
        self._charge = self._rng.uniform(0.55, 1.0, len(rows))
        self._panel = self._rng.uniform(0.5, 1.1, len(rows))  # a dirty or shaded panel gives less
        self._offset = self._rng.normal(0.0, 3.0, len(rows))
        self._used_mb = self._rng.uniform(0.0, 0.6 * QUOTA_MB, len(rows))

    def step(self, hour: float, rain_mm_per_h: Floats, step_s: float) -> None:
        """Charge and discharge for `step_s` simulated seconds at a local hour; rain has shape (stations,)."""
        days = step_s / DAY_S
        light = self._light(hour, rain_mm_per_h)
        gain = np.where(self._is_solar, GAIN_PER_DAY * self._panel * light - LOAD_PER_DAY, -CELL_PER_DAY)
        self._charge = np.clip(self._charge + gain * days, 0.05, 1.0)
        self._used_mb = (self._used_mb + QUOTA_PER_DAY_MB * days) % QUOTA_MB  # topped up when it is gone

    def fill(self, values: Floats, hour: float, rain_mm_per_h: Floats) -> None:
        """Write the health into `values`, shape (datastreams,)."""
        light = self._light(hour, rain_mm_per_h)
        wet = rain_mm_per_h[self._place] / (rain_mm_per_h[self._place] + CLOUD_HALF_MM_PER_H)
        sway = self._rng.normal(0.0, SWAY, len(self.position))
        for i, (kind, unit) in enumerate(self._rows):
            values[self.position[i]] = self._value(i, kind, unit, float(light[i]), float(wet[i]), float(sway[i]))

    def _value(self, i: int, kind: str, unit: str, light: float, wet: float, sway: float) -> float:
        charge = float(self._charge[i])
        if kind == "battery":
            volts = EMPTY_V + (FULL_V - EMPTY_V) * charge + (CHARGING_V * light if self._is_solar[i] else 0.0)
            return volts if unit == "V" else 100.0 * charge
        if kind == "solar":
            return PANEL_PEAK.get(unit, 0.0) * float(self._panel[i]) * light
        if kind == "signal":
            return CLEAR_SIGNAL.get(unit, 0.0) + float(self._offset[i]) + sway - FADE.get(unit, 0.0) * wet
        if kind == "sim_quota":
            left_mb = QUOTA_MB - float(self._used_mb[i])
            return {"MB": left_mb, "GB": left_mb / 1000.0}.get(unit, 100.0 * left_mb / QUOTA_MB)
        return 0.0

    def _light(self, hour: float, rain_mm_per_h: Floats) -> Floats:
        """Light on each panel, 0 to 1."""
        sun = max(0.0, np.sin(np.pi * (hour - SUNRISE_H) / (SUNSET_H - SUNRISE_H))) if hour < 24 else 0.0
        rain = rain_mm_per_h[self._place]
        return np.asarray(sun * CLOUD_HALF_MM_PER_H / (CLOUD_HALF_MM_PER_H + rain), dtype=np.float64)
