"""Minutes until a datastream reaches its next rising level, if it goes on as it rises now."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.trend.projection import HORIZON_MIN

OTHER_END: Final = np.array([0, 2, 1], np.uint8)  # the earliest moment (low) is at the upper bound of the rate (high)
MIN_PER_H: Final = 60.0


def minutes_to_limit(
    value: NDArray[np.float64], limit: NDArray[np.float64], rate_per_h: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minutes until a rising value reaches its next limit at a rate.

    Parameters
    ----------
    value, limit : ndarrays, shape (n,), float64, unit of the datastream; NaN = missing, no limit (`next_limit`)
    rate_per_h : ndarray, shape (n,), float64, unit per hour; its upper bound gives the earliest moment, its lower the
        latest; NaN = not known

    Returns
    -------
    minutes : ndarray, shape (n,), float64, minutes, 0 to 1440.  1440 = not within a day: it would take longer, the rate
        is zero, negative or NaN, there is no limit or no value.  0 = the value has reached the limit, whatever the rate

    Notes
    -----
    (limit - value) * 60 / rate, in this order of operations.

    References
    ----------
    Straight-line projection of the rate of `theil_sen`; ours.  The bounds are those of the rate, not of the river:
    where its rise quickens, as at the onset of a flash flood, it mostly comes before the earliest moment, and where its
    rise slackens after the latest.

    Examples
    --------
    >>> minutes_to_limit(np.full(3, 100.0), np.full(3, 130.0), np.array([60.0, 20.0, 0.0])).tolist()
    [30.0, 90.0, 1440.0]
    """
    with np.errstate(all="ignore"):
        minutes = (limit - value) * MIN_PER_H / rate_per_h
    minutes = np.where((rate_per_h > 0) & (minutes < HORIZON_MIN), minutes, HORIZON_MIN)
    return np.where(value >= limit, 0.0, minutes)
