"""Speed against that of the time before: a road where it collapses has an incident."""

import numpy as np
from numpy.typing import NDArray

from sensors.derived.fixed_point import PER_UNIT


def percent_of_usual(
    value: NDArray[np.float64], total: NDArray[np.int64], parts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """A value as a share of the mean of the window before it.

    Parameters
    ----------
    value : ndarray, shape (n,), float64, any unit
    total : ndarray, shape (n,), int64, sum of the means of the parts before, millionths of the same unit
    parts : ndarray, shape (n,), int64, how many of them hold an observation; 0 = none

    Returns
    -------
    ratio : ndarray, shape (n,), float64, percent; NaN where there was none before, or where their mean is 0 or less

    References
    ----------
    Speed against its recent mean, after the California family of incident tests: Payne, H. J., Tignor, S. C. (1978),
    Freeway incident-detection algorithms based on decision trees with states, Transportation Research Record 682.  The
    share that is an incident is the city's.

    Examples
    --------
    >>> percent_of_usual(np.array([12.0, 12.0]), np.array([80_000_000, 0]), np.array([2, 0])).tolist()
    [30.0, nan]
    """
    known = (parts > 0) & (total > 0)
    usual = np.where(known, total, 1) / (np.maximum(parts, 1) * float(PER_UNIT))
    return np.where(known, 100.0 * value / usual, np.nan)
