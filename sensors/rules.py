"""The levels and silence limits in force, as arrays that the detector reads."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Catalogue, Datastream, Level
from sensors.moments import moment_us
from sensors.times import MINUTE_US, SECOND_US

NO_TIMER: Final = 2**63 - 1  # a due time that never comes
HISTORICAL_AFTER_US: Final = 15 * MINUTE_US  # a crossing older than this when it is found is history, not news


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What is in force for D datastreams (index = the datastream's number) with up to K levels each.

    limit     (D, K) float64  limit times `sign`; NaN = no such level; columns by rank
    clear     (D, K) float64  limit less hysteresis, times `sign`: below it the level is left
    sign      (D, K) float64  +1 rising, −1 falling
    rank, severity (D, K) int16
    names     per datastream the names of its levels, K or fewer
    silence_us (D,) int64     after so long without an observation it is silent; `NO_TIMER` for holes in the numbering
    silence_severity          severity of silence, 1–4
    quality_gates             a value that failed its quality tests cannot end a level; False in plain evaluation
    lowest_rising, highest_falling (D,) float64  between them no level is reached; derived; ±inf = no such level
    """

    limit: NDArray[np.float64]
    clear: NDArray[np.float64]
    sign: NDArray[np.float64]
    rank: NDArray[np.int16]
    severity: NDArray[np.int16]
    names: tuple[tuple[str, ...], ...]
    silence_us: NDArray[np.int64]
    silence_severity: int
    quality_gates: bool = True
    lowest_rising: NDArray[np.float64] = field(init=False)
    highest_falling: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        rising = np.where(np.isnan(self.limit) | (self.sign < 0), np.inf, self.limit)
        falling = np.where(np.isnan(self.limit) | (self.sign > 0), np.inf, self.limit)
        object.__setattr__(self, "lowest_rising", rising.min(axis=1, initial=np.inf))
        object.__setattr__(self, "highest_falling", -falling.min(axis=1, initial=np.inf))

    @property
    def shape(self) -> tuple[int, int]:
        """(D, K)."""
        return self.limit.shape[0], self.limit.shape[1]


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
    """The rules of a numbered catalogue in force at `now_us`; `plain`: no hysteresis, quality gates nothing."""
    size = 1 + max(catalogue.datastream_by_number, default=-1)
    in_force = {number: levels_in_force(d, now_us) for number, d in catalogue.datastream_by_number.items()}
    width = max((len(levels) for levels in in_force.values()), default=0)
    rules = _blank(size, width, catalogue.city.silence.severity)
    names: list[tuple[str, ...]] = [()] * size
    for number, levels in in_force.items():
        names[number] = tuple(level.level for level in levels)
        _fill(rules, number, levels, plain=plain)
        interval_s = catalogue.datastream_by_number[number].interval_calm_s
        rules.silence_us[number] = round(interval_s * catalogue.city.silence.intervals * SECOND_US)
    return replace(rules, names=tuple(names), quality_gates=not plain)


def _blank(size: int, width: int, silence_severity: int) -> Rules:
    return Rules(
        limit=np.full((size, width), np.nan),
        clear=np.full((size, width), np.nan),
        sign=np.ones((size, width)),
        rank=np.zeros((size, width), np.int16),
        severity=np.zeros((size, width), np.int16),
        names=(),
        silence_us=np.full(size, NO_TIMER, np.int64),
        silence_severity=silence_severity,
    )


def _fill(rules: Rules, number: int, levels: Iterable[Level], *, plain: bool) -> None:
    for place, level in enumerate(levels):
        sign = 1.0 if level.direction == "rising" else -1.0
        rules.sign[number, place] = sign
        rules.limit[number, place] = level.value * sign
        rules.clear[number, place] = level.value * sign - (0.0 if plain else level.hysteresis)
        rules.rank[number, place] = level.rank
        rules.severity[number, place] = level.severity
