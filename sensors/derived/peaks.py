"""The highest that a mean was of late: for each window by blocks of its own length, the open one and six before."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensors.segments import Segments, running_max, segments
from sensors.times import NEVER

BLOCKS: Final = 6  # of so many windows before the present one the highest mean is remembered
_KEPT: Final = BLOCKS + 1

Integers = NDArray[np.int64]


class Peaks(NamedTuple):
    """The last blocks of g windows in which a mean was known, each shape (g, 7), the newest last.

    block  int64  its number, counted from the epoch; `NEVER` = none there
    peak   int64  the highest mean in it, millionths of the unit; 0 = none there
    """

    block: Integers
    peak: Integers


def highest(peaks: Peaks, block: Integers, mean: Integers, groups: Segments) -> tuple[Peaks, Integers]:
    """The highest mean of the block that an observation is in, up to it, and of the six blocks before.

    Parameters
    ----------
    peaks : what was kept of g windows; not changed.  Blocks after the first new one (our clock was set back) are
        dropped
    block : ndarray, shape (n,), int64, the number of each observation's block, ascending within a window
    mean : ndarray, shape (n,), int64, millionths of the unit; 0 = not known
    groups : the windows

    Returns
    -------
    (peaks, highest) : what is kept then; and ndarray, shape (n,), int64, millionths of the unit, 0 = none known

    Notes
    -----
    O(n log n); whole numbers, exact whatever the split into batches.

    References
    ----------
    Ours: `docs/derived.md`, `speed_ratio`.

    Examples
    --------
    >>> none = Peaks(np.full((1, 7), NEVER), np.zeros((1, 7), np.int64))
    >>> one = segments(np.zeros(4, np.int32))
    >>> highest(none, np.array([1, 1, 7, 8]), np.array([30, 45, 20, 20]), one)[1].tolist()
    [30, 45, 45, 20]
    """
    first = block[groups.start]
    peaks = Peaks(*_shifted(peaks, (peaks.block > first[:, None]).sum(axis=1)))
    goes_on = peaks.block[:, -1] == first
    mean = mean.copy()
    mean[groups.start] = np.maximum(mean[groups.start], np.where(goes_on, peaks.peak[:, -1], 0))
    peaks = Peaks(*_shifted(peaks, goes_on.astype(np.int64)))
    opens = np.ones(len(block), np.bool_)
    opens[1:] = block[1:] != block[:-1]
    opens[groups.start] = True
    runs = segments((np.cumsum(opens) - 1).astype(np.int32))
    so_far = running_max(mean, runs)
    line_block, line_peak, place = _line(peaks, block[runs.start], so_far[runs.last], groups.of[runs.start])
    before = np.zeros(len(place), np.int64)
    for back in range(1, _KEPT):
        is_near = line_block[place - back] >= line_block[place] - BLOCKS
        before = np.maximum(before, np.where(is_near, line_peak[place - back], 0))
    kept = place[runs.of[groups.last]][:, None] - _KEPT + 1 + np.arange(_KEPT)
    return Peaks(line_block[kept], line_peak[kept]), np.maximum(so_far, before[runs.of])


def _shifted(peaks: Peaks, by: Integers) -> tuple[Integers, Integers]:
    """The rows without their `by`, shape (g,), newest blocks."""
    index = np.arange(_KEPT) - by[:, None]
    is_left, row = index >= 0, np.arange(len(by))[:, None]
    index = np.maximum(index, 0)
    return np.where(is_left, peaks.block[row, index], NEVER), np.where(is_left, peaks.peak[row, index], 0)


def _line(
    peaks: Peaks, block: Integers, peak: Integers, of: NDArray[np.intp]
) -> tuple[Integers, Integers, NDArray[np.intp]]:
    """Blocks and peaks of all windows one behind the other, the kept ones first; and where each new one stands."""
    size = len(peaks.block)
    place = np.arange(len(of)) + _KEPT * (of + 1)
    is_new = np.zeros(len(of) + _KEPT * size, np.bool_)
    is_new[place] = True
    columns = []
    for old, new in ((peaks.block, block), (peaks.peak, peak)):
        column = np.empty(len(is_new), np.int64)
        column[~is_new], column[place] = old.reshape(-1), new
        columns.append(column)
    return columns[0], columns[1], place
