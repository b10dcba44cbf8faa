"""Derived datastreams the slow way: one observation after the other, every window summed anew, in whole numbers.

Written from docs/derived.md.  Only the trend is the project's own, one observation at a time; it has an oracle itself.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sensors.batch import Batch
from sensors.catalogue import Catalogue, Datastream, Derivation
from sensors.quality import Reason
from sensors.rows import rows_of
from sensors.times import MINUTE_US, NEVER, SECOND_US
from sensors.trend.advance import advance
from sensors.trend.rules import TrendRules
from sensors.trend.state import TrendState, fresh_trend, reset_trend

MILLION = 1_000_000
INCOMPLETE = int(Reason.INCOMPLETE)
FAST = int(Reason.RATE_OF_CHANGE)
DOUBTS = int(Reason.RATE_OF_CHANGE | Reason.FLAT_LINE | Reason.NEIGHBOUR | Reason.IMPLAUSIBLE_FALL)
ISPU: dict[str, list[tuple[float, float]]] = {
    "pm25": [(0, 0), (15.5, 50), (55.4, 100), (150.4, 200), (250.4, 300), (500, 500)],
    "pm10": [(0, 0), (50, 50), (150, 100), (350, 200), (420, 300), (500, 500)],
}


class Observation(NamedTuple):
    """One observation; `arrival` is that of the observed one which it came with."""

    arrival: int
    datastream: int
    time_us: int
    value: float
    receive_us: int
    quality: int
    reasons: int
    origin: int


@dataclass
class Memory:
    """What is remembered of one derived datastream."""

    last_us: int = NEVER
    receive_us: int = NEVER
    heard_us: int = NEVER  # of a window
    parts: dict[int, list[int]] = field(default_factory=dict)  # part → [total, observations, microseconds covered]
    peaks: dict[int, int] = field(default_factory=dict)  # block of a window's length → highest mean before, millionths
    newest: dict[int, Observation] = field(default_factory=dict)  # seat → newest of the input
    begun_us: int = NEVER  # time of the first observation of any input
    before_us: dict[int, int] = field(default_factory=dict)  # seat → time of the observation before the newest
    flowed: float = math.nan  # the last volume over capacity that was not next to nothing


class SlowDerived:
    """All derived datastreams of a catalogue."""

    def __init__(self, catalogue: Catalogue, trend: TrendRules, levels: dict[int, list[float]]) -> None:
        self.catalogue = catalogue
        self.trend_rules = trend
        self.trend: TrendState = fresh_trend(trend)
        self.levels = levels  # rising limits by number
        self.memory: dict[int, Memory] = defaultdict(Memory)
        self.curves = {curve.name: list(zip(curve.x, curve.y, strict=True)) for curve in catalogue.curves}
        self.by_depth: dict[int, list[Datastream]] = defaultdict(list)
        for datastream in catalogue.datastreams:
            if datastream.derivation is not None:
                self.by_depth[self.depth(datastream)].append(datastream)

    def depth(self, datastream: Datastream) -> int:
        """0 for an observed one."""
        if datastream.derivation is None:
            return 0
        return 1 + max(self.depth(self.catalogue.datastream_by_id[name]) for name in datastream.derivation.inputs)

    def hear(self, row: Observation) -> list[Observation]:
        """What follows from one observation."""
        came = {row.datastream: row}
        rates = {row.datastream: self.point(row, began_anew=False)}
        found = []
        for depth in sorted(self.by_depth):
            for datastream in self.by_depth[depth]:
                assert datastream.derivation is not None
                last_us = self.memory[datastream.number].last_us
                derived = self.derived(datastream, datastream.derivation, came, rates, row)
                if derived is not None:
                    found.append(derived)
                    came[datastream.number] = derived
                    rates[datastream.number] = self.point(derived, began_anew=derived.time_us < last_us)
        return found

    def point(self, row: Observation, *, began_anew: bool) -> tuple[float, float, float] | None:
        """(low, middle, high) rate if the observation is a point of a trend."""
        number = np.array([row.datastream], np.int32)
        if began_anew:
            self.trend = reset_trend(self.trend, self.trend_rules.slot[number])
        batch = Batch(
            number,
            np.array([row.time_us]),
            np.array([row.value]),
            np.array([row.receive_us]),
            np.array([NEVER]),
            np.array([row.origin], np.uint8),
            np.array([row.quality], np.uint8),
            np.array([row.reasons], np.uint16),
        )
        self.trend, points = advance(self.trend, self.trend_rules, rows_of(batch, np.zeros(1, np.intp)))
        if not len(points) or math.isnan(points.middle[0]):
            return None
        return float(points.low[0]), float(points.middle[0]), float(points.high[0])

    def derived(
        self,
        datastream: Datastream,
        derivation: Derivation,
        came: dict[int, Observation],
        rates: dict[int, tuple[float, float, float] | None],
        row: Observation,
    ) -> Observation | None:
        """The derived observation that completes now, if any."""
        inputs = [self.catalogue.datastream_by_id[name] for name in derivation.inputs]
        memory = self.memory[datastream.number]
        if derivation.method in ("rate", "eta"):
            source = came.get(inputs[0].number)
            rate = rates.get(inputs[0].number)
            if source is None or rate is None:
                return None
            bound = {"low": 0, "middle": 1, "high": 2}[derivation.bound]
            value = rate[bound] if derivation.method == "rate" else self.minutes(source, rate[2 - bound])
            found = source._replace(value=value, quality=3 if only_fast(source) else 2, reasons=source.reasons & FAST)
            return self.emit(memory, datastream.number, found)
        if derivation.method in ("mean", "accumulation", "speed_ratio"):
            source = came.get(inputs[0].number)
            if source is None or source.quality == 4 or not abs(source.value) <= 1e8:
                return None
            newer = self.emit(memory, datastream.number, source)
            return None if newer is None else self.window(newer, derivation, inputs[0], memory)
        return self.seats(datastream, derivation, inputs, came, row)

    def minutes(self, source: Observation, rate: float) -> float:
        """To the next rising level."""
        above = [limit for limit in self.levels.get(source.datastream, []) if limit > source.value]
        if not above or not rate > 0:
            return 1440.0
        minutes = (min(above) - source.value) * 60.0 / rate
        return minutes if minutes < 1440 else 1440.0

    def emit(self, memory: Memory, number: int, found: Observation) -> Observation | None:
        """The observation, if it is newer or its datastream is re-based."""
        if found.time_us == memory.last_us:
            return None
        if found.time_us < memory.last_us and memory.last_us <= found.receive_us + 5 * MINUTE_US:
            return None
        receive_us = max(found.receive_us, memory.receive_us + 1)
        if memory.receive_us > found.receive_us + 5 * MINUTE_US:
            receive_us = found.receive_us
        memory.last_us, memory.receive_us = found.time_us, receive_us
        value = found.value if math.isfinite(found.value) else math.nan
        quality = found.quality if math.isfinite(found.value) else 9
        return found._replace(datastream=number, receive_us=receive_us, value=value, quality=quality)

    def window(self, found: Observation, derivation: Derivation, source: Datastream, memory: Memory) -> Observation:
        """A mean, a sum, a share."""
        window_us, interval_us = (
            round((derivation.window_s or 0) * SECOND_US),
            round(source.interval_calm_s * SECOND_US),
        )
        is_sum = derivation.method == "accumulation"
        most = 60 if is_sum else 24
        parts = min(most, max(1, window_us // interval_us))
        part_us = window_us // parts
        part = found.time_us // part_us
        memory.parts = {p: held for p, held in memory.parts.items() if p <= part}
        covered = interval_us
        if memory.heard_us != NEVER and memory.heard_us < found.time_us:
            covered = min(found.time_us - memory.heard_us, 2 * interval_us)
        memory.heard_us = found.time_us
        adds = round(found.value * MILLION)
        if is_sum and source.unit.endswith("/h"):
            adds = round(found.value * covered / 3.6e9 * MILLION)
        held = memory.parts.setdefault(part, [0, 0, 0])
        memory.parts[part] = [held[0] + adds, held[1] + 1, held[2] + covered]
        quality = 3 if found.quality == 3 else 2
        value, complete = self.summed(found.value, derivation, parts, part_us, part, memory)
        reasons = (found.reasons & INCOMPLETE) | (0 if complete else INCOMPLETE) | (FAST if only_fast(found) else 0)
        if math.isnan(value):
            quality = 9
        return found._replace(value=value, quality=quality, reasons=reasons)

    @staticmethod
    def summed(
        value: float, derivation: Derivation, parts: int, part_us: int, part: int, memory: Memory
    ) -> tuple[float, bool]:
        """(value, whether it is complete)."""

        def mean(held: list[int]) -> int:
            return (2 * held[0] + held[1]) // (2 * held[1])

        inside = [held for p, held in sorted(memory.parts.items()) if part - parts < p <= part]
        if derivation.method == "accumulation":
            covered = sum(held[2] for held in inside)
            return sum(held[0] for held in inside) / 1e6, covered >= derivation.completeness * (parts * part_us)
        if derivation.method == "mean":
            total = sum(mean(held) for held in inside)
            return total / (len(inside) * 1e6), len(inside) >= derivation.completeness * parts
        before = [mean(held) for p, held in memory.parts.items() if part - parts <= p < part]
        complete = len(before) >= derivation.completeness * parts
        block = part // parts
        memory.peaks = {b: peak for b, peak in memory.peaks.items() if b <= block}
        if complete and before:
            mean_before = mean([sum(before), len(before)])
            memory.peaks[block] = max(memory.peaks.get(block, 0), mean_before)
        if not complete or not before or sum(before) <= 0:
            return math.nan, complete
        highest = max(peak for b, peak in memory.peaks.items() if b >= block - 6)
        usual = max(sum(before) / (len(before) * 1e6), (derivation.constant or 0.8) * (highest / 1e6))
        return 100.0 * value / usual, True

    def seats(
        self,
        datastream: Datastream,
        derivation: Derivation,
        inputs: list[Datastream],
        came: dict[int, Observation],
        row: Observation,
    ) -> Observation | None:
        """From the newest of each input."""
        memory = self.memory[datastream.number]
        receive_us = NEVER
        for seat, source in enumerate(inputs):
            heard = came.get(source.number)
            if heard is not None and heard.quality != 4:
                if seat in memory.newest:
                    memory.before_us[seat] = memory.newest[seat].time_us
                memory.newest[seat] = heard
                if seat == 0 and heard.value >= 0.02:
                    memory.flowed = heard.value
                receive_us = heard.receive_us if receive_us == NEVER else receive_us
        if receive_us == NEVER:
            return None
        now = [came[i.number] for i in inputs if i.number in came and came[i.number].quality != 4]
        if memory.begun_us == NEVER:
            memory.begun_us = now[0].time_us
        lost = self.lost(derivation, inputs, memory, max(one.time_us for one in now))
        if any(seat not in lost and seat not in memory.newest for seat in range(len(inputs))):
            return None
        newest = [memory.newest[seat] for seat in range(len(inputs)) if seat not in lost]
        if derivation.method == "los" and self.are_apart(memory, lost):
            return None
        x = [memory.newest[seat].value if seat in memory.newest else math.nan for seat in range(len(inputs))]
        value, beyond = self.computed(derivation, inputs, [nan_if(s in lost, v) for s, v in enumerate(x)], memory)
        doubted = bool(lost) and self.computed(derivation, inputs, x, memory)[0] != value
        receive_us = max(one.receive_us for one in now)
        suspect = [one for one in newest if one.quality == 3]
        incomplete = bool(lost) or any(one.reasons & INCOMPLETE for one in newest)
        is_fast = bool(suspect) and not (beyond or doubted) and all(only_fast(one) for one in suspect)
        found = Observation(
            arrival=row.arrival,
            datastream=datastream.number,
            time_us=min(one.time_us for one in newest),
            value=value,
            receive_us=receive_us,
            quality=3 if beyond or doubted or suspect else 2,
            reasons=(INCOMPLETE if incomplete else 0) | (FAST if is_fast else 0),
            origin=max(one.origin for one in newest),
        )
        return self.emit(memory, datastream.number, found)

    @staticmethod
    def are_apart(memory: Memory, lost: set[int]) -> bool:
        """Whether an input has an earlier observation nearer to the moment of the oldest."""
        heard_us = {seat: one.time_us for seat, one in memory.newest.items() if seat not in lost}
        moment_us = min(heard_us.values())
        return any(
            seat in memory.before_us and time_us - moment_us > max(moment_us - memory.before_us[seat], 0)
            for seat, time_us in heard_us.items()
        )

    def lost(self, derivation: Derivation, inputs: list[Datastream], memory: Memory, now_us: int) -> set[int]:
        """The seats that are too far behind what is heard now, where the method goes on without them."""
        if derivation.method not in ("ispu_max", "dominant", "los"):
            return set()
        heard_us = {seat: one.time_us for seat, one in memory.newest.items()}
        return {
            seat
            for seat, source in enumerate(inputs)
            if now_us - heard_us.get(seat, memory.begun_us)
            > round(self.catalogue.city.silence.intervals * source.interval_calm_s * SECOND_US)
        }

    def computed(
        self, derivation: Derivation, inputs: list[Datastream], x: list[float], memory: Memory
    ) -> tuple[float, bool]:
        """(value, whether it lies beyond its table)."""
        if derivation.method == "curve":
            return between(self.curves[derivation.curve], x[0])
        if derivation.method == "ispu":
            pollutant = inputs[0].property.split("-")[0]
            return (math.nan if memory.newest[0].reasons & INCOMPLETE else between(ISPU[pollutant], x[0])[0]), False
        if derivation.method == "gate":
            head, *openings = (value * {"cm": 0.01, "m": 1.0}[i.unit] for value, i in zip(x, inputs, strict=True))
            speed = math.sqrt(2.0 * 9.80665 * max(head, 0.0))
            total = 0.0
            for width, opening in zip(derivation.weights, openings, strict=True):
                total = total + derivation.constant * width * max(opening, 0.0) * speed
            return total, False
        if derivation.method == "linear":
            total = 0.0
            for weight, value in zip(derivation.weights or [1.0] * len(x), x, strict=True):
                total = total + weight * value
            return total + derivation.constant, False
        if derivation.method in ("ispu_max", "dominant"):
            known = [(value, -place) for place, value in enumerate(x, start=1) if not math.isnan(value)]
            if not known:
                return math.nan, False
            largest, place = max(known)
            return (largest if derivation.method == "ispu_max" else float(-place)), False
        assert derivation.method == "los"
        return self.service(x, derivation, memory.flowed), False

    @staticmethod
    def service(x: list[float], derivation: Derivation, flowed: float) -> float:
        """Inputs: volume over capacity, speed in km/h, water."""
        ratio, speed, water = x
        if math.isnan(ratio):
            return math.nan
        if ratio < 0.02 and ((speed < 5 and flowed >= 0.2) or water >= derivation.constant):
            return 6.0
        for level, bound in enumerate((0.2, 0.45, 0.75, 0.85), start=1):
            if ratio < bound:
                return float(level)
        return 5.0 if ratio <= 1 else 6.0


def nan_if(is_lost: bool, value: float) -> float:
    """The value, unless it is lost."""
    return math.nan if is_lost else value


def only_fast(one: Observation) -> bool:
    """Suspect, and for nothing but its rate of change."""
    return one.quality == 3 and one.reasons & DOUBTS == FAST


def between(points: list[tuple[float, float]], x: float) -> tuple[float, bool]:
    """(y by straight lines, whether x lies beyond the points)."""
    if math.isnan(x):
        return math.nan, False
    if x <= points[0][0]:
        return float(points[0][1]), x < points[0][0]
    for (xb, yb), (xa, ya) in pairwise(points):
        if xb <= x < xa:
            return yb + (ya - yb) / (xa - xb) * (x - xb), False
    return float(points[-1][1]), x > points[-1][0]


def told(observation: Observation) -> tuple[object, ...]:
    """The observation, to compare bit for bit: NaN equals NaN."""
    return tuple("nan" if isinstance(x, float) and math.isnan(x) else x for x in observation)
