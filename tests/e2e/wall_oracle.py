"""What the wall must say of a few gauges after each of their readings: plain Python, one reading after the other.

Levels by the plain comparison of the value with the catalogue's limits; the rate by the slow oracle of the trend.
"""

import math
from dataclasses import dataclass, field

from sensors.catalogue import Catalogue, Level
from sensors.times import SECOND_US
from tests.oracle.gauge import Gauge, GaugeRules, Rate, Row, rules_of
from tests.oracle.trend_loop import take_point, trend, trend_window_us

DAY_MIN = 1440.0


@dataclass(frozen=True, slots=True)
class Ahead:
    """The next level, minutes from when they were found; None = not within a day."""

    level: str
    limit: float
    found_s: float
    earliest_min: float | None
    latest_min: float | None


@dataclass(slots=True)
class Told:
    """What is known of one gauge."""

    rules: GaugeRules
    gauge: Gauge = field(default_factory=lambda: Gauge(heard_us=0))
    value: float = float("nan")
    held: list[Level] = field(default_factory=list)
    rate: Rate | None = None  # the last that was known
    found: Ahead | None = None
    readings: list[tuple[int, float]] = field(default_factory=list)  # all of them, by time

    @property
    def worst(self) -> Level | None:
        """The highest level held."""
        return self.held[-1] if self.held else None

    @property
    def ahead(self) -> Ahead | None:
        """The next level; None where it is reached by now, too."""
        return None if self.found is None or self.value >= self.found.limit else self.found

    @property
    def direction(self) -> str:
        """Up or down where both bounds of the rate agree, and the newest readings do not say the opposite."""
        if self.rate is None or self.rate.low <= 0 <= self.rate.high or self._has_turned(self.rate.low > 0):
            return ""
        return "up" if self.rate.low > 0 else "down"

    def _has_turned(self, rose: bool) -> bool:
        """Of the newest quarter of the window at most 8 readings, evenly: nearly all slopes go the other way."""
        window_us = trend_window_us(self.rules) or 0
        newest = [one for one in self.readings if one[0] >= self.readings[-1][0] - window_us // 4]
        step = math.ceil(len(newest) / 8)
        kept = [one for n, one in enumerate(reversed(newest)) if n % step == 0]
        slopes = sorted((a[1] - b[1]) / (a[0] - b[0]) for n, a in enumerate(kept) for b in kept[n + 1 :])
        if len(kept) < 3:
            return False
        k = len(slopes)
        return slopes[k - 1 - k // 6] < 0 if rose else slopes[k // 6] > 0

    def highest(self, value: float) -> Level:
        """The highest level that a value reaches."""
        return [level for level in self.rules.levels if value >= level.value][-1]

    def hear(self, time_us: int, value: float) -> int:
        """One more reading; how many levels it reached."""
        row = Row(self.rules.number, time_us, value, time_us, 0, 2, False, 0)
        before, self.value = self.held, value
        self.held = [level for level in self.rules.levels if value >= level.value]
        self.readings.append((time_us, value))
        points = self.gauge.points
        self.gauge.sound = row
        take_point(self.rules, self.gauge, row)
        if self.gauge.points is not points:  # a rate is found where there is a new point, and stands until the next
            self._find(time_us, value)
        return len([level for level in self.held if level not in before])

    def _find(self, time_us: int, value: float) -> None:
        rate = trend(self.rules, self.gauge)
        if rate is None:
            return
        self.rate, self.found = rate, None
        above = [level for level in self.rules.levels if level.value > value]
        if not above:
            return
        earliest, middle, latest = (_minutes(above[0].value - value, r) for r in (rate.high, rate.middle, rate.low))
        if earliest is not None or middle is not None:
            self.found = Ahead(above[0].level, above[0].value, time_us / SECOND_US, earliest, latest)


class WallOracle:
    """The gauges of a catalogue, and how often somebody was called."""

    def __init__(self, catalogue: Catalogue, now_us: int) -> None:
        rules = rules_of(catalogue, now_us, plain=False).values()
        self.by_station = {r.datastream.station: Told(r) for r in rules if r.datastream.derivation is None}
        self.calls = 0
        self.alarmed: set[str] = set()  # stations at which a level was ever reached

    def hear(self, station: str, time_us: int, value: float) -> bool:
        """One more reading; whether a level is reached or left by it, or a gauge above one turns."""
        told = self.by_station[station]
        held, direction = told.held, told.direction
        reached = told.hear(time_us, value)
        self.calls += reached
        if reached:
            self.alarmed.add(station)
        return told.held != held or bool(held and told.direction != direction)

    @property
    def worst(self) -> dict[str, Level]:
        """By station, the level of the gravest severity that is held; several where equals are held."""
        worst = {station: told.worst for station, told in self.by_station.items() if told.worst is not None}
        most = max((level.severity for level in worst.values()), default=0)
        return {station: level for station, level in worst.items() if level.severity == most}


def _minutes(rise: float, rate_per_h: float) -> float | None:
    minutes = rise * 60 / rate_per_h if rate_per_h > 0 else DAY_MIN
    return minutes if minutes < DAY_MIN else None
