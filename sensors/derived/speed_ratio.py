"""Speed against that of the time before: a road where it collapses has an incident."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.derived.fixed_point import PER_UNIT
from sensors.derived.mean import rolling_mean

KEEPS: Final = 0.8  # of the highest mean of late the usual speed keeps so much, unless the row says otherwise [ours]


def usual_speed(
    total: NDArray[np.int64], parts: NDArray[np.int64], highest: NDArray[np.int64], keeps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The mean of the window before, but no less than a share of the highest such mean of late.

    Parameters
    ----------
    total : ndarray, shape (n,), int64, sum of the means of the parts before, millionths of the unit
    parts : ndarray, shape (n,), int64, how many of them hold an observation; 0 = none
    highest : ndarray, shape (n,), int64, millionths of the unit, `sensors.derived.peaks`; 0 = none known
    keeps : ndarray, shape (n,), float64, of the unit of `highest`: the share of it, 0 to 1

    Returns
    -------
    usual : ndarray, shape (n,), float64, unit of the input; NaN where there was none before, or their mean is 0 or less

    Notes
    -----
    Without the share a standing road is usual after one window, and its incident over.

    References
    ----------
    Ours.

    Examples
    --------
    >>> forty_five = np.full(2, 45_000_000)
    >>> usual_speed(np.array([80_000_000, 6_000_000]), np.array([2, 2]), forty_five, np.full(2, 0.8)).tolist()
    [40.0, 36.0]
    """
    mean = rolling_mean(total, parts)
    return np.where(mean > 0, np.maximum(mean, keeps * (highest / PER_UNIT)), np.nan)


def percent_of_usual(value: NDArray[np.float64], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """A value as a share of the usual one.

    Parameters
    ----------
    value : ndarray, shape (n,), float64, any unit
    usual : ndarray, shape (n,), float64, same unit; NaN = not known

    Returns
    -------
    ratio : ndarray, shape (n,), float64, percent; NaN where `usual` is, or is 0 or less

    References
    ----------
    Speed against its recent mean, after the California family of incident tests: Payne, H. J., Tignor, S. C. (1978),
    Freeway incident-detection algorithms based on decision trees with states, Transportation Research Record 682.  The
    share that is an incident is the city's.

    Examples
    --------
    >>> percent_of_usual(np.array([12.0, 12.0]), np.array([40.0, np.nan])).tolist()
    [30.0, nan]
    """
    known = usual > 0
    return np.where(known, 100.0 * value / np.where(known, usual, 1.0), np.nan)
