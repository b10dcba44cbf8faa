"""Which file an observation belongs into: its hour, its day or its month (UTC), by how long ago that was.

An hour's files become one of its day `SETTLE_DAY_US` after the day, a day's one of its month `SETTLE_MONTH_US` after
the month.  What comes later than that goes into a file of the day, or of the month, beside the one that is there.
"""

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.times import HOUR_US, to_datetime

Level = Literal["hour", "day", "month"]

DAY_US: Final = 24 * HOUR_US
SETTLE_DAY_US: Final = HOUR_US
SETTLE_MONTH_US: Final = DAY_US
_ABOVE: Final[dict[Level, Level]] = {"hour": "day", "day": "month"}


class Period(NamedTuple):
    """[start, end) in microseconds UTC."""

    level: Level
    start_us: int
    end_us: int

    @property
    def above(self) -> "Period | None":
        """The period that this one becomes a part of; None for a month."""
        return period_at(_ABOVE[self.level], self.start_us) if self.level in _ABOVE else None

    def is_settled(self, now_us: int) -> bool:
        """Whether the files within are to be one file of this period."""
        settle_us = {"hour": 0, "day": SETTLE_DAY_US, "month": SETTLE_MONTH_US}[self.level]
        return now_us >= self.end_us + settle_us


def period_at(level: Level, time_us: int) -> Period:
    """The hour, day or month in which a time lies."""
    if level == "month":
        months = int(np.datetime64(time_us, "us").astype("datetime64[M]").astype(np.int64))
        return Period(level, _month_start_us(months), _month_start_us(months + 1))
    length = HOUR_US if level == "hour" else DAY_US
    start_us = time_us // length * length
    return Period(level, start_us, start_us + length)


def period_for(time_us: int, now_us: int) -> Period:
    """Where an observation of `time_us` goes that is compacted at `now_us`."""
    for level in ("month", "day"):
        period = period_at(level, time_us)
        if period.is_settled(now_us):
            return period
    return period_at("hour", time_us)


def split(times_us: NDArray[np.int64], now_us: int) -> list[tuple[Period, NDArray[np.intp]]]:
    """The periods of times, shape (n,), ascending, and which of them lie in each."""
    hours = times_us // HOUR_US
    order = np.argsort(hours, kind="stable")
    starts = np.flatnonzero(np.diff(hours[order], prepend=np.iinfo(np.int64).min))
    found: dict[Period, list[NDArray[np.intp]]] = {}
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
        period = period_for(int(hours[order[start]]) * HOUR_US, now_us)
        found.setdefault(period, []).append(order[start:end])
    return [(period, np.concatenate(parts)) for period, parts in found.items()]


def name(period: Period) -> str:
    """A period in a file's name: `hour-2026-11-29T05`."""
    return f"{period.level}-{to_datetime(period.start_us):%Y-%m-%dT%H}"


def _month_start_us(months: int) -> int:
    return int(np.datetime64(months, "M").astype("datetime64[us]").astype(np.int64))
