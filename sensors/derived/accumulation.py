"""Amounts that fell, ran or passed within a window."""

import numpy as np
from numpy.typing import NDArray

from sensors.derived.fixed_point import PER_UNIT
from sensors.times import HOUR_US


def amount(
    value: NDArray[np.float64], covered_us: NDArray[np.int64], is_rate: NDArray[np.bool_], factor: NDArray[np.float64]
) -> NDArray[np.int64]:
    """What each observation adds.

    Parameters
    ----------
    value : ndarray, shape (n,), float64: an amount since the observation before, or a rate an hour; finite
    covered_us : ndarray, shape (n,), int64, microseconds that it stands for
    is_rate : ndarray, shape (n,), bool: `value` is a rate an hour
    factor : ndarray, shape (n,), float64: the result's unit in one of the input's (of a rate: in one of it in an hour)

    Returns
    -------
    amount : ndarray, shape (n,), int64, millionths of the result's unit

    References
    ----------
    Rainfall amount from intensity: WMO-No. 8, Guide to Instruments and Methods of Observation, volume I, chapter 6.

    Examples
    --------
    >>> amount(np.array([30.0, 0.2]), np.full(2, 120_000_000), np.array([True, False]), np.ones(2)).tolist()
    [1000000, 200000]
    """
    in_unit = value * factor
    whole = np.where(is_rate, in_unit * covered_us / float(HOUR_US), in_unit)
    return np.rint(whole * float(PER_UNIT)).astype(np.int64)


def accumulated(total: NDArray[np.int64]) -> NDArray[np.float64]:
    """The amount within a window.

    Parameters
    ----------
    total : ndarray, shape (n,), int64, millionths of the unit

    Returns
    -------
    amount : ndarray, shape (n,), float64, unit of the result; never NaN

    References
    ----------
    As of `amount`.

    Examples
    --------
    >>> accumulated(np.array([1_200_000])).tolist()
    [1.2]
    """
    return total / float(PER_UNIT)
