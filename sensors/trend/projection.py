"""When a value would reach its next level if it went on as it rises now."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

HORIZON_MIN: Final = 1440.0  # a day: "not within a day"; a rate of half an hour says nothing of tomorrow
MIN_PER_H: Final = 60.0


def next_limit(
    value: NDArray[np.float64], limits: NDArray[np.float64], sign: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The lowest limit of a rising level above a value.

    Parameters
    ----------
    value : ndarray, shape (n,), float64, unit of the datastream; NaN = missing
    limits : ndarray, shape (n, K), float64, same unit, times `sign`; NaN = no such level; in any order
    sign : ndarray, shape (n, K), float64, +1 rising, −1 falling: falling ones do not count

    Returns
    -------
    limit : ndarray, shape (n,), float64, same unit, > value (a value at its limit has reached it); NaN = there is none

    References
    ----------
    `docs/detector.md`, "Levels": reached at value >= limit.

    Examples
    --------
    >>> next_limit(np.array([300.0, 400.0]), np.full((2, 2), [300.0, 400.0]), np.ones((2, 2))).tolist()
    [400.0, nan]
    """
    ahead = (sign > 0) & (limits > value[:, None])
    lowest = np.where(ahead, limits, np.inf).min(axis=1, initial=np.inf)
    return np.where(ahead.any(axis=1), lowest, np.nan)


def minutes_to_limit(
    value: NDArray[np.float64],
    limit: NDArray[np.float64],
    low: NDArray[np.float64],
    middle: NDArray[np.float64],
    high: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Minutes until a rising value reaches its next limit, at the high, the middle and the low rate.

    Parameters
    ----------
    value, limit : ndarrays, shape (n,), float64, unit of the datastream; NaN = missing, no limit (`next_limit`)
    low, middle, high : ndarrays, shape (n,), float64, unit per hour; NaN = not known

    Returns
    -------
    earliest, middle, latest : ndarrays, shape (n,), float64, minutes, 0 to 1440, in ascending order where the rates
        are: at `high`, `middle` and `low`.  1440 = not within a day: it would take longer, the rate is zero, negative
        or NaN, there is no limit or no value.  0 = the value has reached the limit, whatever the rate

    Notes
    -----
    (limit - value) * 60 / rate, in this order of operations.

    References
    ----------
    Straight-line projection of the rate of `theil_sen`; ours.  The bounds are those of the rate, not of the river:
    where its rise quickens, as at the onset of a flash flood, it mostly comes before `earliest`, and where its rise
    slackens after `latest`.

    Examples
    --------
    >>> hundred = np.array([100.0])
    >>> [found.tolist() for found in minutes_to_limit(hundred, hundred + 30, hundred * 0, hundred * 0.2, hundred * 0.6)]
    [[30.0], [90.0], [1440.0]]
    """
    return _minutes(value, limit, high), _minutes(value, limit, middle), _minutes(value, limit, low)


def _minutes(
    value: NDArray[np.float64], limit: NDArray[np.float64], rate_per_h: NDArray[np.float64]
) -> NDArray[np.float64]:
    with np.errstate(all="ignore"):
        minutes = (limit - value) * MIN_PER_H / rate_per_h
    minutes = np.where((rate_per_h > 0) & (minutes < HORIZON_MIN), minutes, HORIZON_MIN)
    return np.where(value >= limit, 0.0, minutes)
