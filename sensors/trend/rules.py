"""Which datastreams have a trend, and over how long."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.catalogue import Catalogue, Datastream
from sensors.times import SECOND_US

PARTS: Final = 8  # a window is cut into so many; the first observation of each is a point
RIVER_KINDS: Final = frozenset({"river_level", "discharge"})  # these have a trend without being asked
SHORTEST_S: Final = 1800.0  # default window: half an hour is short against the rise of a river, long against its waves,
INTERVALS: Final = 6  # and so many readings, where they come more seldom: fewer are no trend
LONGEST_US: Final = 100 * 366 * 86_400 * SECOND_US  # so that a mistyped window is a number that fits


@dataclass(frozen=True, slots=True, eq=False)
class TrendRules:
    """The trends of D datastreams (index = the datastream's number): S of them have one, each a slot.

    slot       (D,) int32  index of the datastream's slot; −1 = no trend
    number     (S,) int32  the datastream of each slot, ascending
    window_us  (S,) int64  how far back its trend looks, microseconds, `PARTS` or more
    """

    slot: NDArray[np.int32]
    number: NDArray[np.int32]
    window_us: NDArray[np.int64]

    @property
    def part_us(self) -> NDArray[np.int64]:
        """Width of a part, microseconds, shape (S,): an eighth of the window; parts begin at multiples of it."""
        return self.window_us // PARTS


def trend_window_s(datastream: Datastream) -> float | None:
    """How far back the trend of a datastream looks, seconds; None = it has no trend.

    Its own `trend_window_s`; without one, of the kinds of a river the longer of half an hour and six calm intervals.
    """
    if datastream.trend_window_s is not None:
        return datastream.trend_window_s
    if datastream.kind in RIVER_KINDS:
        return max(SHORTEST_S, INTERVALS * datastream.interval_calm_s)
    return None


def trend_rules(catalogue: Catalogue) -> TrendRules:
    """The trends of a numbered catalogue, of observed and of derived datastreams."""
    slot = np.full(1 + max(catalogue.datastream_by_number, default=-1), -1, np.int32)
    windows = {number: trend_window_s(d) for number, d in sorted(catalogue.datastream_by_number.items())}
    known = {number: window_s for number, window_s in windows.items() if window_s is not None}
    number = np.array(list(known), np.int32)
    slot[number] = np.arange(len(number), dtype=np.int32)
    return TrendRules(slot, number, np.array([_window_us(window_s) for window_s in known.values()], np.int64))


def _window_us(window_s: float) -> int:
    return max(PARTS, round(min(window_s * SECOND_US, LONGEST_US)))
