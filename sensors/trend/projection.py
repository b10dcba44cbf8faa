"""Which level lies ahead of a value, and how far a projection looks."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

HORIZON_MIN: Final = 1440.0  # a day: "not within a day"; a rate of half an hour says nothing of tomorrow


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
