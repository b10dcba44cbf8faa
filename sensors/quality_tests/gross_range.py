"""QARTOD test 4: values that their sensor cannot have measured."""

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality


def gross_range(
    values: NDArray[np.float64], valid_min: NDArray[np.float64], valid_max: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Flag values outside the range in which their sensor can be right.

    Parameters
    ----------
    values : ndarray, shape (n,), float64, unit of the datastream; NaN = missing
    valid_min, valid_max : ndarray, shape (n,), float64, same unit, inclusive; NaN = no such bound

    Returns
    -------
    flags : ndarray, shape (n,), uint8 (`Quality`): MISSING for NaN, FAIL outside, PASS inside, NOT_EVALUATED where
        neither bound is given

    References
    ----------
    QARTOD Water Level v2.1, test 4 "gross range test", sensor span.  A failed value is kept and still judged:
    quality never mutes a flood.

    Examples
    --------
    >>> bounds = np.array([0.0, 0.0, 0.0, np.nan]), np.array([900.0, 900.0, 900.0, np.nan])
    >>> gross_range(np.array([10.0, 901.0, np.nan, 5.0]), *bounds).tolist()
    [1, 4, 9, 2]
    """
    flags = np.full(values.shape, Quality.PASS, dtype=np.uint8)
    flags[np.isnan(valid_min) & np.isnan(valid_max)] = Quality.NOT_EVALUATED
    flags[(values < valid_min) | (values > valid_max)] = Quality.FAIL
    flags[np.isnan(values)] = Quality.MISSING
    return flags
