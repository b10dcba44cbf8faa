"""Scenarios: which storms come, how strong and when, and what breaks."""

from dataclasses import dataclass

import numpy as np

from simulator.weather import Points, Storm, draw_storm

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named course of events.  Times are simulated; severities are multiples of the design storm's depth."""

    name: str
    first_start_s: float
    period_s: tuple[float, float]  # from the start of a storm to the start of the next one
    severity: tuple[float, float]  # mean over the catchments
    silent_chance: float  # that one gauge falls silent in a storm

    def storm(self, number: int, points_km: Points, seed: int) -> Storm:
        """Storm `number` (0 is the first) over the points; the same for the same seed, whenever it is asked for."""
        rng = np.random.default_rng([seed, number])
        severity = float(rng.uniform(*self.severity))
        return draw_storm(rng, points_km, self.start_s(number, seed), severity)

    def start_s(self, number: int, seed: int) -> float:
        """When storm `number` begins, simulated seconds."""
        periods = [np.random.default_rng([seed, k, 1]).uniform(*self.period_s) for k in range(number)]
        return self.first_start_s + float(sum(periods))


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("storm", 180.0, (15.0 * HOUR_S, 18.0 * HOUR_S), (0.82, 0.98), silent_chance=0.7),
        Scenario("calm", 0.5 * HOUR_S, (5.0 * HOUR_S, 9.0 * HOUR_S), (0.03, 0.05), silent_chance=0.0),
    )
}
