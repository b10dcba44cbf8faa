"""How long a battery, or a SIM's quota, lasts: a robust slope over days, and the day on which it meets its limit.

A battery under a solar panel swings every day by far more than it loses from day to day. So hours are compared with the
same hour of other days only, and the median of all these slopes is the slope: the sun's swing falls out, and a gap or a
few wrong values do not move it (Theil 1950 and Sen 1968 for the median of pairwise slopes; pairs of equal season as in
Hirsch, Slack and Smith 1982, Water Resources Research 18(1), the seasonal Kendall slope).

A new battery does: from a day to two days after it most pairs span it, and the median is its rise. So no pair spans an
upward step that is larger than the daily swing and lasts, and of a battery only what came after it counts.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.times import HOUR_US

DAYS: Final = 3  # looked back
MIN_PAIRS: Final = 6  # of hours a whole number of days apart; fewer say nothing
HOURS_PER_DAY: Final = 24
FLAT_SHARE: Final = 0.001  # of the limit a day: below this nothing falls that anybody should plan for
HORIZON_DAYS: Final = 365.0  # beyond it a projection is a guess
STEP_HOURS: Final = 3  # medians of so many hours before and after are compared: a wild hour is no step
MIN_HOURS_OF_DAY: Final = 12  # known ones, for a day's swing to be known


class Runway(NamedTuple):
    """What the last days say.  NaN = not known.

    slope_per_day   unit a day, negative while it falls
    lowest          the lowest hour's median of the newest day, unit: what meets the limit first; of what does not
                    swing, the newest hour's: a top-up counts at once
    days_left       until `lowest` meets the limit; 0 = it has, inf = it does not fall, or not within a year
    """

    slope_per_day: float
    lowest: float
    days_left: float


def hourly_medians(
    times_us: NDArray[np.int64], values: NDArray[np.float64], now_us: int, hours: int
) -> NDArray[np.float64]:
    """Medians of the last `hours` hours up to `now_us`, the oldest first, shape (hours,); NaN where nothing came.

    `times_us` and `values` have shape (n,), in any order; NaN in `values` is missing.  O(n log n).

    >>> hourly_medians(np.array([0, 1, 2, 3_600_000_000]), np.array([1.0, 3.0, 99.0, 5.0]), 7_200_000_000, 3)
    array([nan,  3.,  5.])
    """
    place = hours - 1 - (now_us - 1 - times_us) // HOUR_US
    inside = (place >= 0) & (place < hours) & np.isfinite(values)
    place, values = place[inside], values[inside]
    ordered = values[np.lexsort((values, place))]
    count = np.bincount(place, minlength=hours)
    medians = np.full(hours, np.nan)
    there = count > 0
    first, many = (np.cumsum(count) - count)[there], count[there]
    medians[there] = (ordered[first + (many - 1) // 2] + ordered[first + many // 2]) / 2
    return medians


def slope_per_day(*parts: NDArray[np.float64]) -> float:
    """The median slope of hours that are whole days apart, unit a day; NaN where too few pairs are there.

    Each part has one value an hour, the oldest first, NaN where there is none; no pair is of two parts.
    O(days x hours).

    >>> hours = np.arange(72.0)
    >>> round(slope_per_day(12.0 - 0.1 * hours / 24 + np.sin(hours * np.pi / 12)), 6)
    -0.1
    """
    slopes = [
        (hourly[apart:] - hourly[:-apart]) / (apart // HOURS_PER_DAY)
        for hourly in parts
        for apart in range(HOURS_PER_DAY, len(hourly), HOURS_PER_DAY)
    ]
    known = np.concatenate([np.empty(0), *slopes])
    known = known[np.isfinite(known)]
    return float(np.median(known)) if len(known) >= MIN_PAIRS else float("nan")


def step_up(hourly: NDArray[np.float64]) -> int:
    """The hour from which the newest record runs: that of the last upward step, 0 where there is none.

    A step is larger than the swing of a usual day, and lasts: a day later the same hours are higher by more than half
    of it.  O(hours x 24).

    >>> hours = np.arange(72.0)
    >>> step_up(np.where(hours < 42, 11.8, 12.9) - 0.01 * hours + 0.2 * np.sin(hours * np.pi / 12))
    42
    """
    swing = _daily_swing(hourly)
    known = np.flatnonzero(np.isfinite(hourly))
    if np.isnan(swing) or len(known) < 2 * STEP_HOURS:
        return 0
    around = np.lib.stride_tricks.sliding_window_view(hourly[known], STEP_HOURS)
    medians = np.median(around, axis=1)
    rises = medians[STEP_HOURS:] - medians[:-STEP_HOURS]
    for place in _last_peaks(rises, swing):
        near = np.arange(place + STEP_HOURS - 1, place + STEP_HOURS + 2)  # a median moves an hour early, or late
        near = near[near < len(known)]
        hour = int(known[near[np.argmax(hourly[known[near]] - hourly[known[near - 1]])]])
        later = hourly[max(hour, HOURS_PER_DAY) : hour + HOURS_PER_DAY]
        since = later - hourly[max(hour, HOURS_PER_DAY) - HOURS_PER_DAY :][: len(later)]
        since = since[np.isfinite(since)]
        if not len(since) or np.median(since) > swing / 2:
            return hour
    return 0


def _last_peaks(rises: NDArray[np.float64], least: float) -> list[int]:
    """Where each run of rises above `least` is steepest, the last run first."""
    places = np.flatnonzero(rises > least)
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
    return [int(run[np.argmax(rises[run])]) for run in reversed(runs)]


def _daily_swing(hourly: NDArray[np.float64]) -> float:
    """How far the value moves within a usual day: the lower median of the days' ranges, without their extreme hours."""
    days = [hourly[max(0, end - HOURS_PER_DAY) : end] for end in range(len(hourly), 0, -HOURS_PER_DAY)]
    ranges = sorted(
        float(np.subtract(*np.nanpercentile(day, [95, 5])))
        for day in days
        if np.isfinite(day).sum() >= MIN_HOURS_OF_DAY
    )
    return ranges[(len(ranges) - 1) // 2] if ranges else float("nan")


def runway(
    times_us: NDArray[np.int64], values: NDArray[np.float64], now_us: int, limit: float, *, swings: bool = True
) -> Runway:
    """How long something lasts above `limit` (its unit; NaN = no limit known).

    Parameters
    ----------
    times_us, values : shape (n,), any order, any span; NaN = missing.  Only the last `DAYS` days and an hour count
    swings      whether it goes up and down with the day, as a battery under the sun does, and a quota does not
    Notes       Less than a day and some hours of data, or since a new battery, gives NaN: within one day only the sun
                is seen.  A quota is used up after a top-up as before it: slopes of both sides count, none across.
    """
    hourly = hourly_medians(times_us, values, now_us, DAYS * HOURS_PER_DAY + 1)
    start = step_up(hourly)
    parts = (hourly[start:],) if swings else (hourly[start:], hourly[:start])
    newest = hourly[start:][-HOURS_PER_DAY:]
    if not np.isfinite(newest).any():
        return Runway(float("nan"), float("nan"), float("nan"))
    lowest = float(np.nanmin(newest) if swings else newest[np.isfinite(newest)][-1])
    slope = slope_per_day(*parts)
    if np.isnan(limit):
        return Runway(slope, lowest, float("nan"))
    if lowest <= limit:
        return Runway(slope, lowest, 0.0)
    if np.isnan(slope):
        return Runway(slope, lowest, float("nan"))
    if slope >= -FLAT_SHARE * max(abs(limit), 1.0):
        return Runway(slope, lowest, float("inf"))
    days = (lowest - limit) / -slope
    return Runway(slope, lowest, days if days <= HORIZON_DAYS else float("inf"))
