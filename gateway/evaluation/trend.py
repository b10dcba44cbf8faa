"""The rate and the projection of one series, as the detector gave them."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Level
from sensors.times import HOUR_US, MINUTE_US
from sensors.trend.projection import HORIZON_MIN, next_limit

DAY_US: Final = 24 * HOUR_US


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """Rates and projections at the p points of a series, ascending in time.

    time_us, value          (p,) int64 microseconds UTC, float64 unit of the series
    rate_low, rate          (p,) float64  unit per hour; NaN = too few points
    earliest, middle, latest (p,) float64  minutes to the next rising level, 0 to 1440 (= not within a day)
    """

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    rate_low: NDArray[np.float64]
    rate: NDArray[np.float64]
    earliest: NDArray[np.float64]
    middle: NDArray[np.float64]
    latest: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time_us)

    def names(self, level: Level, levels: tuple[Level, ...]) -> NDArray[np.bool_]:
        """At which points `level` is the next one, and is projected to be reached within a day.  Shape (p,)."""
        limits = np.array([one.value for one in levels if one.direction == "rising"])
        grid = np.broadcast_to(limits, (len(self), len(limits)))
        is_next: NDArray[np.bool_] = next_limit(self.value, grid, np.ones_like(grid)) == level.value
        return is_next & (self.middle < HORIZON_MIN)

    def before(self, time_us: int) -> int:
        """The number of points before a time."""
        return int(np.searchsorted(self.time_us, time_us))


class Leads(NamedTuple):
    """How long before a crossing something told of it, without a break until then, in microseconds; a day at most.

    0 where it was not so at the last point before the crossing.

    rate        the lower bound of the rate is over 0
    naming      the level is projected to be reached within a day
    projection  and the crossing lies between the earliest and the latest time that are projected
    """

    rate: int
    naming: int
    projection: int


def leads_us(trend: Trend, named: NDArray[np.bool_], below_us: int, crossing_us: int) -> Leads:
    """The leads of one crossing.

    Parameters
    ----------
    trend : rates and projections at p points
    named : ndarray, shape (p,), bool, `Trend.names` of the level that was crossed
    below_us, crossing_us : int, microseconds UTC, the last observation below the limit and the first one at or over it:
        the crossing lies after the one and not after the other

    Returns
    -------
    leads : microseconds before `crossing_us`, 0 to a day; points at or after it, and over a day before, do not count

    References
    ----------
    `docs/evaluation.md`, "How to read a lead time".
    """
    day = slice(trend.before(crossing_us - DAY_US), trend.before(crossing_us))
    time_us, latest = trend.time_us[day], trend.latest[day]
    earliest_us = time_us + (trend.earliest[day] * MINUTE_US).astype(np.int64)
    latest_us = time_us + (latest * MINUTE_US).astype(np.int64)
    holds = (earliest_us <= crossing_us) & ((latest >= HORIZON_MIN) | (latest_us > below_us))
    marks = (trend.rate_low[day] > 0, named[day], named[day] & holds)
    return Leads(*(_unbroken_us(one, time_us, crossing_us) for one in marks))


def _unbroken_us(marks: NDArray[np.bool_], time_us: NDArray[np.int64], until_us: int) -> int:
    """From the first of the marked points that go on without a break to the last one, until `until_us`; 0 = none.

    `marks`, bool, and `time_us`, int64, microseconds UTC, ascending: shape (p,) each.  The result is in microseconds.
    """
    unmarked = np.flatnonzero(~marks)
    first = int(unmarked[-1]) + 1 if len(unmarked) else 0
    return until_us - int(time_us[first]) if first < len(time_us) else 0


def projected_error_us(
    trend: Trend, named: NDArray[np.bool_], crossing_us: int, horizon_us: int, tolerance_us: int
) -> int | None:
    """Projected less actual time of a crossing, at the last point that lies the horizon before it.

    Parameters
    ----------
    trend : rates and projections at p points
    named : ndarray, shape (p,), bool, `Trend.names` of the level that was crossed
    crossing_us : int, microseconds UTC, the first observation at or over the limit
    horizon_us, tolerance_us : int, microseconds: the point lies between `horizon_us` and `horizon_us + tolerance_us`,
        both inclusive, before the crossing

    Returns
    -------
    error_us : int, microseconds, less than 0 is too early; None where there is no such point, or where it projects
        another level or none
    """
    place = trend.before(crossing_us - horizon_us + 1) - 1
    if place < 0 or trend.time_us[place] < crossing_us - horizon_us - tolerance_us or not named[place]:
        return None
    return int(trend.time_us[place]) + round(float(trend.middle[place]) * MINUTE_US) - crossing_us
