"""Fewer points for a chart, with every bucket's extremes among them: a peak is never thinned away."""

import numpy as np
from numpy.typing import NDArray

from command_center.picture.series import Rows


def thinned(rows: Rows, points: int) -> Rows:
    """At most `points` of `rows`, by time; all of them where they are not more.

    Parameters
    ----------
    rows : ndarray, shape (n,), dtype `ROW`, by time
    points : int, 2 or more

    Returns
    -------
    ndarray, shape (<= points,) : of each of `points // 2` time spans of equal length the lowest and the highest value
        (the first of equal ones); of a span in which every value is missing (NaN), its first observation

    Notes
    -----
    O(n log n) time, several temporaries of n.
    """
    if len(rows) <= points:
        return rows
    bucket = _buckets(rows["time_us"], points // 2)
    value = rows["value"]
    rising = np.lexsort((value, bucket))  # NaN last within its bucket
    falling = np.lexsort((-value, bucket))
    firsts = np.flatnonzero(np.diff(bucket[rising], prepend=-1))
    kept: Rows = rows[np.unique(np.concatenate([rising[firsts], falling[firsts]]))]
    return kept


def _buckets(times: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    span = int(times[-1] - times[0]) + 1
    width = -(-span // n)  # rounded up: bucket n - 1 is the last
    bucket: NDArray[np.int64] = (times - times[0]) // width
    return bucket
