"""New observations in: which of them are points, and the rate at each."""

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality, is_only_fast
from sensors.rows import Rows
from sensors.segments import Segments, segments
from sensors.trend.rules import PARTS, TrendRules
from sensors.trend.state import TrendState
from sensors.trend.theil_sen import theil_sen

S = TypeVar("S", bound=np.generic)

SPAN_SHARE: Final = 4  # the points must span a quarter of the window: a burst is no trend
_CARRIED: Final = PARTS - 1  # of the points that are kept so many stand before the first new one


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The m new points of a batch and the rates there.

    row        (m,) intp     index into the rows, ascending
    middle, low, high (m,) float64  rate and its bounds, unit per hour, falling is negative; NaN = too few points
    """

    row: NDArray[np.intp]
    middle: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.row)


def advance(state: TrendState, rules: TrendRules, rows: Rows) -> tuple[TrendState, Points]:
    """Take the rows in, and give the rate at each that is a point.

    Parameters
    ----------
    state : the state after all earlier rows; not changed
    rules : S slots for D datastreams
    rows : n observations, newer than all before of their datastream (after a re-base call `reset_trend` first), their
        numbers less than D; those of datastreams without a slot are passed over

    Returns
    -------
    (state, points) : the same state where no row is a point

    Notes
    -----
    Time is cut into parts of window / 8 (whole microseconds), counted from the epoch.  A point is the first observation
    of a part that is finite and of quality 1 or 2, or suspect for nothing but its rate of change (the onset of a flash
    flood is; a lone spike moves the median little); all others say nothing.  The rate at a point is `theil_sen` of the
    last 8 points, itself among them, without those at or before its time less the window; NaN where these are fewer
    than 3 or span less than a quarter of the window.  Rows that begin no part cost a
    comparison per datastream; O(n) besides.  How rows are split into batches changes no bit.

    References
    ----------
    `theil_sen`; `docs/detector.md`, "Rate, projection, derived datastreams".
    """
    row, slot = _new_points(state, rules, rows)
    if not len(row):
        return state, Points(row, np.empty(0), np.empty(0), np.empty(0))
    groups = segments(slot)
    time_us = _last_points(state.time_us[groups.key], rows.batch.time_us[row], groups)
    value = _last_points(state.value[groups.key], rows.batch.value[row], groups)
    middle, low, high = _rates(time_us, value, rules.window_us[slot])
    last, part_us = groups.last, rules.part_us[groups.key]
    newest_us = time_us[-1, last]
    new = state.put(
        groups.key,
        time_us=time_us[:, last].T,
        value=value[:, last].T,
        next_us=(newest_us // part_us + 1) * part_us,
        rate=middle[last],
        low=low[last],
        high=high[last],
    )
    return new, Points(row, middle, low, high)


def _new_points(state: TrendState, rules: TrendRules, rows: Rows) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The rows that are points, ascending, and the slot of each; shapes (m,)."""
    batch, groups = rows.batch, rows.groups
    nothing = np.empty(0, np.intp), np.empty(0, np.int32)
    if not len(rows) or not len(rules.number):
        return nothing
    slot_of_group = rules.slot[groups.key]
    opens = (slot_of_group >= 0) & (batch.time_us[groups.last] >= state.next_us[slot_of_group])  # where −1: masked
    if not opens.any():
        return nothing
    row = np.flatnonzero(opens[groups.of])
    slot = slot_of_group[groups.of[row]]
    quality = batch.quality[row]
    counts = (quality == Quality.PASS) | (quality == Quality.NOT_EVALUATED)
    counts |= is_only_fast(quality, batch.reasons[row])
    counts &= np.isfinite(batch.value[row]) & (batch.time_us[row] >= state.next_us[slot])
    row, slot = row[counts], slot[counts]
    part = batch.time_us[row] // rules.part_us[slot]
    first = np.ones(len(row), np.bool_)
    first[1:] = (part[1:] != part[:-1]) | (slot[1:] != slot[:-1])
    return row[first], slot[first]


def _last_points(kept: NDArray[S], new: NDArray[S], groups: Segments) -> NDArray[S]:
    """At each new point the last 8 of its slot, the newest last.  Shapes (g, 8), (m,) -> (8, m).

    The slots stand one behind the other, each with what it kept and then what is new; a point's last 8 are a window.
    """
    before_group = _CARRIED * np.arange(1, len(groups.key) + 1)
    begin = groups.start + before_group - _CARRIED
    place = np.arange(len(new)) + before_group[groups.of]
    line = np.empty(len(new) + _CARRIED * len(groups.key), new.dtype)
    line[begin[:, None] + np.arange(_CARRIED)] = kept[:, 1:]
    line[place] = new
    last: NDArray[S] = line[place - _CARRIED + np.arange(PARTS)[:, None]]
    return last


def _rates(
    time_us: NDArray[np.int64], value: NDArray[np.float64], window_us: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Rates through the points in the window before the newest.  Shapes (8, m), (8, m), (m,) -> three of (m,)."""
    newest_us = time_us[-1]
    used = time_us > newest_us - window_us
    oldest_us = np.where(used, time_us, newest_us).min(axis=0)
    used &= SPAN_SHARE * (newest_us - oldest_us) >= window_us
    return theil_sen(time_us.T, np.where(used, value, np.nan).T)
