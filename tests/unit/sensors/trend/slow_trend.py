"""The trend as a slow, obvious loop over one observation at a time, and observations to try it with."""

from collections.abc import Iterable
from itertools import combinations
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.batch import Batch
from sensors.quality import Reason
from sensors.rows import Rows, rows_of
from sensors.segments import stable_order
from sensors.times import MINUTE_US, SECOND_US
from sensors.trend.rules import TrendRules

START_US = 1_760_000_400 * SECOND_US
WINDOW_US = 30 * MINUTE_US
DOUBTS = Reason.RATE_OF_CHANGE | Reason.FLAT_LINE | Reason.NEIGHBOUR | Reason.IMPLAUSIBLE_FALL


class Seen(NamedTuple):
    """One observation."""

    number: int
    time_us: int
    value: float
    quality: int = 1
    reasons: int = 0


Rate = tuple[float, float, float]  # middle, low, high
UNKNOWN: Rate = (nan, nan, nan)


class SlowTrend:
    """One datastream."""

    def __init__(self, window_us: int) -> None:
        self.window_us, self.part_us = window_us, window_us // 8
        self.part: int | None = None  # that of the last observation that counted
        self.points: list[tuple[int, float]] = []
        self.rate = UNKNOWN

    def see(self, time_us: int, value: float, quality: int, reasons: int) -> Rate | None:
        """The rate where the observation is a point, else None."""
        only_fast = quality == 3 and Reason(reasons) & DOUBTS == Reason.RATE_OF_CHANGE
        if not (quality in (1, 2) or only_fast) or not isfinite(value):
            return None
        part, self.part = self.part, time_us // self.part_us
        if part == self.part:
            return None
        self.points = [*self.points, (time_us, value)][-8:]
        used = [point for point in self.points if point[0] > time_us - self.window_us]
        spans = (used[-1][0] - used[0][0]) / self.window_us >= 0.25
        self.rate = slow_rate(used) if spans else UNKNOWN
        return self.rate


def slow_rate(points: Iterable[tuple[int, float]]) -> Rate:
    """Middle, low and high slope of all pairs, per hour."""
    slopes = sorted((v2 - v1) * 3.6e9 / (t2 - t1) for (t1, v1), (t2, v2) in combinations(points, 2))
    k = len(slopes)
    if k < 3:
        return UNKNOWN
    middle, low, high = (slopes[(k - 1) // 2] + slopes[k // 2]) / 2, slopes[k // 6], slopes[k - 1 - k // 6]
    return (middle + 0.0, low + 0.0, high + 0.0) if all(map(isfinite, (middle, low, high))) else UNKNOWN


def slow_rates(windows_us: dict[int, int], seen: Iterable[Seen]) -> list[tuple[int, Rate]]:
    """Place and rate of every point, in the order of `seen`; datastreams without a window have none."""
    trends = {number: SlowTrend(window_us) for number, window_us in windows_us.items()}
    found = []
    for place, (number, time_us, value, quality, reasons) in enumerate(seen):
        rate = trends[number].see(time_us, value, quality, reasons) if number in trends else None
        if rate is not None:
            found.append((place, rate))
    return found


def rules_of(windows_us: dict[int, int], size: int) -> TrendRules:
    """Rules for `size` datastreams, of which some have a window."""
    number = np.array(sorted(windows_us), np.int32)
    slot = np.full(size, -1, np.int32)
    slot[number] = np.arange(len(number))
    return TrendRules(slot, number, np.array([windows_us[int(n)] for n in number], np.int64))


def batch_of(seen: Iterable[Seen]) -> Batch:
    """Observations that came as soon as they were made."""
    columns = list(zip(*seen, strict=True)) or [()] * len(Seen._fields)
    number, time_us, value, quality, reasons = columns
    times = np.array(time_us, np.int64)
    return Batch(
        datastream=np.array(number, np.int32),
        time_us=times,
        value=np.array(value, np.float64),
        receive_us=times,
        device_us=times,
        origin=np.zeros(len(times), np.uint8),
        quality=np.array(quality, np.uint8),
        reasons=np.array(reasons, np.uint16),
    )


def rows_in_order(seen: Iterable[Seen]) -> Rows:
    """The same as the stages of the detector get it: sorted by datastream."""
    batch = batch_of(seen)
    order = stable_order(batch.datastream)
    return rows_of(batch.take(order), order)


def bits(array: NDArray[Any]) -> bytes:
    """An array's content to the last bit; every NaN is the same."""
    return np.where(np.isnan(array), np.nan, array).tobytes() if array.dtype == np.float64 else array.tobytes()
