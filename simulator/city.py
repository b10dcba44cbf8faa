"""The virtual city: weather, rivers, air and roads of whatever catalogue it is given.

Physics runs in simulated seconds since the start, in fixed steps; the local hour of the day, which roads and air
follow, is the real one and is passed in.  Same catalogue, scenario and seed: same city.
"""

from dataclasses import dataclass

import numpy as np

from sensors.catalogue import Catalogue
from simulator.air import WASHOUT_PER_MM, dry_concentration, washed
from simulator.crossings import Event, LevelWatch
from simulator.device_health import DeviceHealth
from simulator.faults import draw_silence
from simulator.gauges import build_rivers
from simulator.rivers import Floats, Indices
from simulator.roads import Roads
from simulator.scenario import Scenario
from simulator.sensor_noise import SensorNoise
from simulator.weather import local_km

STEP_S = 30.0
LOCAL_CATCHMENT_KM2 = 32.0  # up to here a catchment has the rain of its gauge's place alone
WET_MM_PER_H = 0.5  # from here it is raining
HOUR_STEPS = int(3600.0 / STEP_S)


@dataclass(frozen=True, slots=True)
class CityPlan:
    """What a virtual city is made from; `speed` is simulated seconds per real second."""

    catalogue: Catalogue
    scenario: Scenario
    seed: int
    speed: float


class VirtualCity:
    """State of the city after `time_s` simulated seconds; `values` are the true ones, shape (n datastreams,)."""

    def __init__(self, plan: CityPlan, hour: float) -> None:
        self.plan = plan
        self.time_s = 0.0
        catalogue = plan.catalogue
        stations = catalogue.stations
        place = {s.station: i for i, s in enumerate(stations)}
        self._points_km = local_km(np.array([s.lat for s in stations]), np.array([s.lon for s in stations]))
        self._place = np.array([place[d.station] for d in catalogue.datastreams], dtype=np.intp)
        self._rivers = build_rivers(catalogue, STEP_S)
        self._catchment = np.array([place[s] for s in self._rivers.stations], dtype=np.intp)
        # A large catchment reaches beyond its gauge: it gets the rain of the whole city rather than of one place.
        self._areal = np.clip(1.0 - LOCAL_CATCHMENT_KM2 / np.maximum(self._rivers.area_km2, 1e-9), 0.0, 1.0)
        self._rate, self._hourly = _rain_columns(catalogue)
        self._hour_of_rain = np.zeros((HOUR_STEPS, len(stations)))
        self._pollutants = [(i, d.property) for i, d in enumerate(catalogue.datastreams) if d.kind == "air"]
        self._air = np.array([i for i, _ in self._pollutants], dtype=np.intp)
        self._scavenging = np.array([WASHOUT_PER_MM.get(p, 0.0) for _, p in self._pollutants])
        self._clean = np.ones(len(self._pollutants))
        self._roads = Roads(catalogue, plan.seed)
        self._noise = SensorNoise(catalogue, plan.seed)
        self._health = DeviceHealth(catalogue, plan.seed)
        self._steps = 0
        self._silent = False
        self._begin_storm(0)
        self._wet = np.zeros(len(stations), dtype=bool)
        self.values = np.zeros(len(catalogue.datastreams))
        self._fill(np.zeros(len(stations)), hour)
        self._watch = LevelWatch(catalogue, self.values)

    def step(self, hour: float) -> list[Event]:
        """One step of STEP_S simulated seconds, at a local hour of the day (0 to 24); what happened in it."""
        self.time_s += STEP_S
        self._steps += 1
        if self.time_s >= self._next_storm_s:
            self._begin_storm(self._storm_number + 1)
        rain = self._storm.rate(self._points_km, self.time_s)
        self._hour_of_rain[self._steps % HOUR_STEPS] = rain * (STEP_S / 3600.0)
        local = rain[self._catchment]
        mean = float(local.mean()) if len(local) else 0.0
        self._rivers.network.step(self._areal * mean + (1.0 - self._areal) * local)
        self._clean = washed(self._clean, rain[self._place[self._air]], self._scavenging, STEP_S)
        self._roads.step()
        self._health.step(hour, rain, STEP_S)
        self._fill(rain, hour)
        return [*self._rain_events(rain), *self._silence_events(), *self._watch.step(self.values)]

    def is_silent(self, station: str) -> bool:
        """Whether the station says nothing now."""
        return self._silent and self.silence is not None and self.silence.station == station

    def observe(self, positions: Indices) -> Floats:
        """What the sensors at these places in the catalogue read now: true values with noise, rounded, shape (k,)."""
        return self._noise.observe(positions, self.values[positions])

    def _fill(self, rain: Floats, hour: float) -> None:
        """The true values of every datastream."""
        rating = self._rivers.rating
        self.values[rating.position] = rating.read(self._rivers.network.discharge)
        self.values[self._rate] = rain[self._place[self._rate]]
        self.values[self._hourly] = self._hour_of_rain.sum(axis=0)[self._place[self._hourly]]
        dry = np.array([dry_concentration(pollutant, hour) for _, pollutant in self._pollutants])
        self.values[self._air] = dry * self._clean * self._noise.drift(self._air)
        self._roads.fill(self.values, hour, rain)
        self._health.fill(self.values, hour, rain)

    def _begin_storm(self, number: int) -> None:
        """Take up storm `number`, with its rain still to come, and the fault that goes with it."""
        plan = self.plan
        at = self._points_km[self._catchment] if len(self._catchment) else self._points_km
        self._storm_number = number
        self._storm = plan.scenario.storm(number, at, plan.seed)
        self._next_storm_s = plan.scenario.start_s(number + 1, plan.seed)
        if not self._silent:  # at high speeds a silence may outlast its storm: one at a time
            self.silence = draw_silence(plan.catalogue, plan.scenario, number, plan.seed, plan.speed)

    def _rain_events(self, rain: Floats) -> list[Event]:
        """Rain gauges at which it began or stopped to rain."""
        wet = rain > WET_MM_PER_H
        events = [
            Event(int(i), "rain_start" if wet[self._place[i]] else "rain_stop", float(rain[self._place[i]]))
            for i in self._rate
            if wet[self._place[i]] != self._wet[self._place[i]]
        ]
        self._wet = wet
        return events

    def _silence_events(self) -> list[Event]:
        silence = self.silence
        silent = silence is not None and silence.from_s <= self.time_s < silence.until_s
        if silence is None or silent == self._silent:
            self._silent = silent
            return []
        self._silent = silent
        name = "fault_silent_start" if silent else "fault_silent_stop"
        return [
            Event(i, name, float(self.values[i]))
            for i, d in enumerate(self.plan.catalogue.datastreams)
            if d.station == silence.station
        ]


def _rain_columns(catalogue: Catalogue) -> tuple[Indices, Indices]:
    """Places in the catalogue of the rain rates and of the sums over an hour (told apart by their unit)."""
    rain = [(i, d) for i, d in enumerate(catalogue.datastreams) if d.kind == "rain"]
    rates = np.array([i for i, d in rain if d.unit.endswith("/h")], dtype=np.intp)
    sums = np.array([i for i, d in rain if not d.unit.endswith("/h")], dtype=np.intp)
    return rates, sums
