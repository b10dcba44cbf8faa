"""Fewer points for a chart, with every bucket's extremes among them: a peak is never thinned away.

What failed its tests is no peak: a bucket keeps the first of it besides, and its extremes are those of the rest.
"""

import numpy as np
from numpy.typing import NDArray

from command_center.picture.series import Rows
from sensors.quality import Quality


def thinned(rows: Rows, points: int) -> Rows:
    """At most `points` of `rows`, by time; all of them where they are not more.

    Parameters
    ----------
    rows : ndarray, shape (n,), dtype `ROW`, by time
    points : int, 2 or more

    Returns
    -------
    ndarray, shape (<= points,) : of each of `points // 2` time spans of equal length the lowest and the highest value
        that did not fail (the first of equal ones); of a span in which every one failed or is missing (NaN), its first
        observation.  Where anything failed and there are 3 points or more, there are `points // 3` spans, each with
        the first that failed besides

    Notes
    -----
    O(n) time, several temporaries of n.
    """
    if len(rows) <= points:
        return rows
    failed = rows["quality"] == Quality.FAIL
    marked = failed.any() and points >= 3
    bucket = _buckets(rows["time_us"], points // (3 if marked else 2))
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    value = np.where(failed, np.nan, rows["value"])
    kept = [_first_lowest(value, starts), _first_lowest(-value, starts)]
    if marked:
        failures = np.flatnonzero(failed)
        kept.append(failures[np.flatnonzero(np.diff(bucket[failures], prepend=-1))])
    few: Rows = rows[np.unique(np.concatenate(kept))]
    return few


def _first_lowest(value: NDArray[np.float64], starts: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where the lowest value is, the first of equal ones, of each run that begins at `starts`; NaN is beyond all."""
    known = ~np.isnan(value)
    low = np.minimum.reduceat(np.where(known, value, np.inf), starts)
    lengths = np.diff(starts, append=len(value))
    hits = np.flatnonzero(known & (value == np.repeat(low, lengths)))
    run = np.searchsorted(starts, hits, side="right") - 1
    lowest = starts.copy()  # where nothing is known: the first
    first = np.flatnonzero(np.diff(run, prepend=-1))
    lowest[run[first]] = hits[first]
    return lowest


def _buckets(times: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    span = int(times[-1] - times[0]) + 1
    width = -(-span // n)  # rounded up: bucket n - 1 is the last
    bucket: NDArray[np.int64] = (times - times[0]) // width
    return bucket
