"""Rate of rise or fall as a datastream of its own."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.trend.advance import Points

BOUNDS: Final = ("middle", "low", "high")
LOW, HIGH = 1, 2


def rate_per_h(points: Points, which: NDArray[np.intp], bound: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The rate at points of a trend, or one of its bounds.

    Parameters
    ----------
    points : m points of a trend
    which : ndarray, shape (n,), intp, the points asked for
    bound : ndarray, shape (n,), uint8, place in `BOUNDS`: 0 = middle, 1 = low, 2 = high

    Returns
    -------
    rate : ndarray, shape (n,), float64, unit of the input per hour, falling is negative; NaN = too few points

    References
    ----------
    Theil–Sen slope: `sensors.trend.theil_sen`.
    """
    rate = points.middle[which]
    for code, column in ((LOW, points.low), (HIGH, points.high)):
        asked = np.flatnonzero(bound == code)
        rate[asked] = column[which[asked]]
    return rate
