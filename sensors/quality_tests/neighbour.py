"""QARTOD test 11: a value that disagrees with another gauge's."""

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality
from sensors.quality_tests.grading import graded


def neighbour(
    values: NDArray[np.float64],
    others: NDArray[np.float64],
    suspect: NDArray[np.float64],
    fail: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Flag values that are too far from what a neighbour measured.

    It cannot tell which of the two is wrong; each may name the other as its neighbour.

    Parameters
    ----------
    values : ndarray, shape (n,), float64, unit of the datastream; NaN = missing
    others : ndarray, shape (n,), float64, same unit: the neighbour's newest value; NaN = none that is new enough
    suspect, fail : ndarray, shape (n,), float64, same unit, > 0; NaN = no such limit

    Returns
    -------
    flags : ndarray, shape (n,), uint8 (`Quality`): MISSING for NaN, SUSPECT or FAIL where the difference is more than
        the limit (strict), else PASS; NOT_EVALUATED without a neighbour's value or a limit

    References
    ----------
    QARTOD Water Level v2.1 (2021), test 11 "neighbor or forecast test"; its examples are 3 cm and 5 cm.

    Examples
    --------
    >>> neighbour(np.array([103.0, 104.0, 94.0]), np.full(3, 100.0), np.full(3, 3.0), np.full(3, 5.0)).tolist()
    [1, 3, 4]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        apart = np.abs(values - others)
    flags = graded(apart, suspect, fail)
    flags[np.isnan(values)] = Quality.MISSING
    return flags
