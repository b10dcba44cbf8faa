"""The rules in force, as arrays that the detector reads: levels, silence, doubt, and those of its stages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors import units
from sensors.catalogue import Catalogue, Datastream, Level
from sensors.derived.holding import HoldingRules, holding_rules
from sensors.derived.rules import DerivedRules, derived_rules
from sensors.moments import moment_us
from sensors.pace import is_in_its_time, rivers_of
from sensors.quality_tests.stage import QualityRules, quality_rules
from sensors.times import MINUTE_US, SECOND_US
from sensors.trend.rules import TrendRules, trend_rules
from sensors.wave_rules import RIVER_KINDS, WaveRules, wave_rules

NO_TIMER: Final = 2**63 - 1  # a due time that never comes
SHORTEST_SHARE: Final = 60.0  # a device that tells its interval is waited for at least a sixtieth of the calm time
LONGEST_SHARE: Final = 24.0  # and at most 24 times as long
SINGLE_LEVEL_DROP: Final = 10.0  # times the hysteresis, which is some three times the noise of a gauge
HISTORICAL_AFTER_US: Final = 15 * MINUTE_US  # a crossing older than this when it is found is history, not news


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Levels of D datastreams (index = number) with up to K levels each, columns by rank.

    limit     (D, K) float64  limit times `sign`; NaN = no such level
    clear     (D, K) float64  limit less hysteresis, times `sign`: below it the level is left
    sign      (D, K) float64  +1 rising, −1 falling
    rank, severity (D, K) int16
    on_delay_us, off_delay_us (D, K) int64
    names     per datastream the names of its levels, K or fewer
    delayed   (D,) bool       some level has a delay; derived
    """

    limit: NDArray[np.float64]
    clear: NDArray[np.float64]
    sign: NDArray[np.float64]
    rank: NDArray[np.int16]
    severity: NDArray[np.int16]
    on_delay_us: NDArray[np.int64]
    off_delay_us: NDArray[np.int64]
    names: tuple[tuple[str, ...], ...]
    delayed: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "delayed", ((self.on_delay_us > 0) | (self.off_delay_us > 0)).any(axis=1))

    @property
    def shape(self) -> tuple[int, int]:
        """(D, K)."""
        return self.limit.shape[0], self.limit.shape[1]

    def band(
        self, numbers: NDArray[np.intp], reached: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(low, high) of m datastreams, shapes (m,), that hold the levels `reached`, shape (m, K).

        No value from `low` on and below `high` reaches or leaves a level; ±inf = no level there.
        """
        rising = self.sign.take(numbers, axis=0) > 0
        ends = np.where(reached, self.clear.take(numbers, axis=0), self.limit.take(numbers, axis=0))
        ends = np.where(rising, ends, np.nextafter(-ends, np.inf))  # a falling one moves at it, and stays beyond it
        is_level, is_high = ~np.isnan(ends), rising != reached
        high = np.where(is_level & is_high, ends, np.inf).min(axis=1, initial=np.inf)
        low = np.where(is_level & ~is_high, ends, -np.inf).max(axis=1, initial=-np.inf)
        return low, high


@dataclass(frozen=True, slots=True, eq=False)
class SilenceRules:
    """When D datastreams are silent.

    calm_us, storm_us  (D,) int64  so long without an observation; `NO_TIMER` where nobody waits (derived, holes)
    told_by      (D,) int32    datastream in which the device tells its interval; −1 = none does
    told_us      (D,) float64  allowed silence for each unit that it tells, in µs
    tells        (D,) bool     in it the device tells its interval
    listeners    of each of those the datastreams that it is for
    severity, rising_severity  1–4
    """

    calm_us: NDArray[np.int64]
    storm_us: NDArray[np.int64]
    told_by: NDArray[np.int32]
    told_us: NDArray[np.float64]
    tells: NDArray[np.bool_]
    listeners: Mapping[int, NDArray[np.intp]]
    severity: int
    rising_severity: int

    def by_interval(self, numbers: NDArray[np.intp], told: NDArray[np.float64]) -> NDArray[np.int64]:
        """The silence that intervals as `told`, shape (n,), in the unit of their teller, allow to datastreams, in µs.

        Within bounds of the calm one: a device that tells nonsense (milliseconds for seconds) must not switch off its
        own silence, nor be silent at every reading.
        """
        calm_us = self.calm_us[numbers].astype(np.float64)
        with np.errstate(over="ignore"):
            allowed_us = told * self.told_us[numbers]
        bounded_us = np.clip(allowed_us, calm_us / SHORTEST_SHARE, calm_us * LONGEST_SHARE)
        return np.rint(bounded_us).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class DoubtRules:
    """Whose falls may be in doubt.

    applies      (D,) bool     a river's, not behind a gate
    limit_per_h  (D,) float64  the fastest fall that is believed; NaN = by what it did of late
    least        (D,) float64  without such a limit: a smaller drop is never in doubt
    gap_us       (D,) int64    a longer time without observations is a gap
    factor       times the fastest move between two neighbours of late
    holds_us     so long a fall is in doubt at least
    """

    applies: NDArray[np.bool_]
    limit_per_h: NDArray[np.float64]
    least: NDArray[np.float64]
    gap_us: NDArray[np.int64]
    factor: float
    holds_us: int


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What is in force for D datastreams.

    known         (D,) bool  in the catalogue; the rest are holes in the numbering
    derived       (D,) bool  computed from others: never taken from a batch
    ranged        (D,) bool  has a valid range, by which ingest judged it
    paced         (D,) bool  how fast a river moves, or when it will have: says nothing at another pace
    pace                     of the catalogue: how many times as fast as life its rivers move
    quality_gates            a value that failed its quality tests cannot end a level; False in plain evaluation
    """

    levels: Levels
    silence: SilenceRules
    doubt: DoubtRules
    quality: QualityRules
    trend: TrendRules
    derivation: DerivedRules
    waves: WaveRules
    counts: HoldingRules
    known: NDArray[np.bool_]
    derived: NDArray[np.bool_]
    ranged: NDArray[np.bool_]
    paced: NDArray[np.bool_]
    pace: float
    chatter_us: int
    settle_us: int
    quality_gates: bool = True

    @property
    def shape(self) -> tuple[int, int]:
        """(D, K)."""
        return self.levels.shape


def levels_in_force(datastream: Datastream, now_us: int) -> tuple[Level, ...]:
    """Of each named level the version with the latest `effective_from` that is not after `now_us`, by rank."""
    newest: dict[str, Level] = {}
    for level in sorted(datastream.levels, key=lambda level: moment_us(level.effective_from)):
        if moment_us(level.effective_from) <= now_us:
            newest[level.level] = level
    return tuple(sorted(newest.values(), key=lambda level: level.rank))


def next_change_us(catalogue: Catalogue, now_us: int) -> int:
    """When the next version of any level takes effect after `now_us`; `NO_TIMER` where none is waiting."""
    times = (moment_us(level.effective_from) for d in catalogue.datastreams for level in d.levels)
    return min((time for time in times if time > now_us), default=NO_TIMER)


def compile_rules(catalogue: Catalogue, now_us: int, *, plain: bool = False) -> Rules:
    """The rules of a numbered catalogue in force at `now_us`.

    `plain`: no hysteresis, no delays, no doubt about falls, quality gates nothing.
    """
    size = 1 + max(catalogue.datastream_by_number, default=-1)
    known, derived, ranged, paced = (np.zeros(size, np.bool_) for _ in range(4))
    rivers = rivers_of(catalogue)
    for number, datastream in catalogue.datastream_by_number.items():
        known[number] = True
        derived[number] = datastream.derivation is not None
        ranged[number] = datastream.valid_min is not None or datastream.valid_max is not None
        paced[number] = is_in_its_time(datastream, rivers)
    city, levels = catalogue.city, _levels(catalogue, size, now_us, plain=plain)
    return Rules(
        levels=levels,
        silence=_silence(catalogue, size),
        doubt=_doubt(catalogue, levels, plain=plain),
        quality=quality_rules(catalogue),
        trend=trend_rules(catalogue),
        derivation=derived_rules(catalogue),
        waves=wave_rules(catalogue, {number for number, names in enumerate(levels.names) if names}),
        counts=holding_rules(catalogue),
        known=known,
        derived=derived,
        ranged=ranged,
        paced=paced,
        pace=catalogue.pace,
        chatter_us=round(city.detector.chatter_s * SECOND_US),
        settle_us=round(city.detector.settle_s * SECOND_US),
        quality_gates=not plain,
    )


def _levels(catalogue: Catalogue, size: int, now_us: int, *, plain: bool) -> Levels:
    in_force = {number: levels_in_force(d, now_us) for number, d in catalogue.datastream_by_number.items()}
    width = max((len(levels) for levels in in_force.values()), default=0)
    names: list[tuple[str, ...]] = [()] * size
    columns = {
        "limit": np.full((size, width), np.nan),
        "clear": np.full((size, width), np.nan),
        "sign": np.ones((size, width)),
        "rank": np.zeros((size, width), np.int16),
        "severity": np.zeros((size, width), np.int16),
        "on_delay_us": np.zeros((size, width), np.int64),
        "off_delay_us": np.zeros((size, width), np.int64),
    }
    for number, levels in in_force.items():
        names[number] = tuple(level.level for level in levels)
        for place, values in enumerate(_columns(levels, plain=plain)):
            for name, value in values.items():
                columns[name][number, place] = value
    return Levels(**columns, names=tuple(names))


def _columns(levels: Iterable[Level], *, plain: bool) -> Iterable[dict[str, float]]:
    for level in levels:
        sign = 1.0 if level.direction == "rising" else -1.0
        yield {
            "sign": sign,
            "limit": level.value * sign,
            "clear": level.value * sign - (0.0 if plain else level.hysteresis),
            "rank": level.rank,
            "severity": level.severity,
            "on_delay_us": 0 if plain else round(level.on_delay_s * SECOND_US),
            "off_delay_us": 0 if plain else round(level.off_delay_s * SECOND_US),
        }


def _silence(catalogue: Catalogue, size: int) -> SilenceRules:
    allowed = catalogue.city.silence
    calm_us, storm_us = np.full(size, NO_TIMER, np.int64), np.full(size, NO_TIMER, np.int64)
    told_by, told_us = np.full(size, -1, np.int32), np.zeros(size)
    tells = np.zeros(size, np.bool_)
    teller = {d.station: d for d in catalogue.datastreams if d.kind == "interval" and d.derivation is None}
    tells[[d.number for d in teller.values()]] = True
    for number, datastream in catalogue.datastream_by_number.items():
        if datastream.derivation is not None:
            continue
        calm_s = datastream.interval_calm_s
        storm_s = calm_s if datastream.interval_storm_s is None else datastream.interval_storm_s
        calm_us[number] = round(calm_s * allowed.intervals * SECOND_US)
        storm_us[number] = round(storm_s * allowed.intervals * SECOND_US)
        by = teller.get(datastream.station)
        to_s = units.conversion(by.unit, "s") if by is not None else None
        if by is not None and to_s is not None and by.number != number:
            told_by[number], told_us[number] = by.number, to_s.factor * allowed.intervals * SECOND_US
    listeners = {number: np.flatnonzero(told_by == number) for number in np.flatnonzero(tells).tolist()}
    severities = allowed.severity, allowed.rising_severity
    return SilenceRules(calm_us, storm_us, told_by, told_us, tells, listeners, *severities)


def _doubt(catalogue: Catalogue, levels: Levels, *, plain: bool) -> DoubtRules:
    size = levels.shape[0]
    applies, limit_per_h = np.zeros(size, np.bool_), np.full(size, np.nan)
    gap_us = np.full(size, NO_TIMER, np.int64)
    for number, datastream in catalogue.datastream_by_number.items():
        station = catalogue.station_by_id.get(datastream.station)
        gated = station is not None and station.gated
        is_river = datastream.kind in RIVER_KINDS and datastream.derivation is None
        applies[number] = is_river and not gated and not plain
        if datastream.fall_limit_per_h is not None:
            limit_per_h[number] = datastream.fall_limit_per_h
        gap_us[number] = round(datastream.interval_calm_s * catalogue.city.silence.intervals * SECOND_US)
    factor, holds_us = catalogue.city.detector.fall_factor, round(catalogue.city.detector.doubt_s * SECOND_US)
    return DoubtRules(applies, limit_per_h, _least_drop(levels), gap_us, factor, holds_us)


def _least_drop(levels: Levels) -> NDArray[np.float64]:
    """The smallest step from one rising level to the next; of a single one ten times its hysteresis; shape (D,)."""
    rising = np.where(levels.sign > 0, levels.limit, np.nan)
    steps = np.diff(np.sort(rising, axis=1), axis=1)  # NaN stands last
    step = np.where(np.isnan(steps), np.inf, steps).min(axis=1, initial=np.inf)
    with np.errstate(invalid="ignore"):
        hysteresis = np.where(np.isnan(rising), 0.0, levels.limit - levels.clear).max(axis=1, initial=0.0)
    single = np.where(hysteresis > 0, SINGLE_LEVEL_DROP * hysteresis, np.inf)
    return np.where(np.isinf(step), single, step)
