"""Rolling means: of the means of a window's parts, so that a busy hour counts no more than a quiet one."""

import numpy as np
from numpy.typing import NDArray

from sensors.derived.fixed_point import PER_UNIT


def part_mean(total: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """The mean of the observations of a part, in millionths, halves up.

    Parameters
    ----------
    total : ndarray, shape (...,), int64, sum of the observations, millionths of the unit
    count : ndarray, shape (...,), int64, observations; 0 = none, its mean is 0 and counts nowhere

    Returns
    -------
    mean : ndarray, shape (...,), int64, millionths of the unit

    References
    ----------
    Hourly means first, then their mean: EPA, 40 CFR 50 appendix N, 24-hour values of PM2.5.

    Examples
    --------
    >>> part_mean(np.array([7, -7, 0]), np.array([2, 2, 0])).tolist()
    [4, -3, 0]
    """
    mean: NDArray[np.int64] = (2 * total + count) // (2 * np.maximum(count, 1))
    return mean


def rolling_mean(total: NDArray[np.int64], parts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean of a window.

    Parameters
    ----------
    total : ndarray, shape (n,), int64, sum of the means of the window's parts, millionths of the unit
    parts : ndarray, shape (n,), int64, how many parts hold an observation; 0 = none

    Returns
    -------
    mean : ndarray, shape (n,), float64, unit of the input; NaN where no part holds an observation

    Notes
    -----
    The sum is exact; one division rounds.

    References
    ----------
    As of `part_mean`.

    Examples
    --------
    >>> rolling_mean(np.array([30_000_000, 0]), np.array([4, 0])).tolist()
    [7.5, nan]
    """
    return np.where(parts > 0, total / (np.maximum(parts, 1) * float(PER_UNIT)), np.nan)
