"""Interpolation in tables, such as rating curves from level to discharge."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """C tables, one behind the other.

    start  (C,) intp     the first point of each
    count  (C,) intp     its points, 2 or more
    x, y   (T,) float64  the points; x strictly ascending within a table
    """

    start: NDArray[np.intp]
    count: NDArray[np.intp]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


def tables_of(points: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Tables:
    """The tables with these x and y."""
    count = np.array([len(x) for x, _ in points], np.intp)
    x = np.array([value for xs, _ in points for value in xs], np.float64)
    y = np.array([value for _, ys in points for value in ys], np.float64)
    return Tables(np.cumsum(count) - count, count, x, y)


def interpolate(
    tables: Tables, table: NDArray[np.intp], x: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Straight lines between the points of a table; beyond its ends the value at the end, and that is said.

    Parameters
    ----------
    tables : C tables
    table : ndarray, shape (n,), intp, which one
    x : ndarray, shape (n,), float64, unit of the table's x; NaN = missing

    Returns
    -------
    y : ndarray, shape (n,), float64, unit of the table's y; NaN where `x` is
    outside : ndarray, shape (n,), bool: `x` lies before the first point or beyond the last: a rating curve says
        nothing there, and the true value is not known

    Notes
    -----
    y = yb + (ya - yb) / (xa - xb) * (x - xb), in float64 and in this order; at a point of the table exactly its y.
    O(n log of the longest table).

    References
    ----------
    A rating beyond the gauged range is uncertain and to be marked: WMO-No. 1044, Manual on Stream Gauging (2010),
    volume II, Computation of Discharge.

    Examples
    --------
    >>> rating = tables_of([([100, 200, 300], [10, 30, 90])])
    >>> y, outside = interpolate(rating, np.zeros(4, np.intp), np.array([150.0, 300.0, 310.0, 20.0]))
    >>> y.tolist(), outside.tolist()
    ([20.0, 90.0, 90.0, 10.0], [False, False, True, True])
    """
    first = tables.start[table]
    last = first + tables.count[table] - 1
    low, high = first, last - 1  # a line begins at any point but the last
    for _ in range(int(tables.count.max(initial=1)).bit_length()):
        middle = (low + high + 1) // 2
        ahead = tables.x[middle] <= x
        low, high = np.where(ahead, middle, low), np.where(ahead, high, np.maximum(middle - 1, low))
    slope = (tables.y[low + 1] - tables.y[low]) / (tables.x[low + 1] - tables.x[low])
    y = tables.y[low] + slope * (x - tables.x[low])
    y = np.where(x >= tables.x[last], tables.y[last], np.where(x <= tables.x[first], tables.y[first], y))
    return y, (x < tables.x[first]) | (x > tables.x[last])
