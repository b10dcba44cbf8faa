"""Minutes until a datastream reaches its next rising level, if it goes on as it rises now."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.trend.projection import minutes_to_limit

OTHER_END: Final = np.array([0, 2, 1], np.uint8)  # the earliest moment (low) is at the upper bound of the rate (high)


def minutes_left(
    rate_per_h: NDArray[np.float64], value: NDArray[np.float64], limit: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minutes to the next rising level at a rate.

    Parameters
    ----------
    rate_per_h : ndarray, shape (n,), float64, unit of the input per hour; its upper bound gives the earliest moment,
        its lower the latest
    value : ndarray, shape (n,), float64, unit of the input
    limit : ndarray, shape (n,), float64, same unit, the next rising level above it; NaN = there is none

    Returns
    -------
    minutes : ndarray, shape (n,), float64, minutes, 0 to 1440; 1440 = not within a day, or there is no level above

    References
    ----------
    `sensors.trend.projection.minutes_to_limit`.

    Examples
    --------
    >>> minutes_left(np.array([40.0, -3.0]), np.full(2, 110.0), np.full(2, 150.0)).tolist()
    [60.0, 1440.0]
    """
    return minutes_to_limit(value, limit, rate_per_h, rate_per_h, rate_per_h)[1]
