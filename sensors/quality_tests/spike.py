"""QARTOD test 6: a value that jumps away from both its neighbours, and back."""

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality
from sensors.quality_tests.grading import graded


def spike(
    earlier: NDArray[np.float64],
    values: NDArray[np.float64],
    later: NDArray[np.float64],
    suspect: NDArray[np.float64],
    fail: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Flag values that stand out above, or below, the one before and the one after.

    It needs the value after: an observation can be judged when the next one is there, never at once.

    Parameters
    ----------
    earlier, later : ndarray, shape (n,), float64, unit of the datastream: neighbours in time; NaN = none near enough
    values : ndarray, shape (n,), float64, same unit: what is judged; NaN = missing
    suspect, fail : ndarray, shape (n,), float64, same unit, > 0; NaN = no such limit

    Returns
    -------
    flags : ndarray, shape (n,), uint8 (`Quality`): MISSING for NaN, SUSPECT or FAIL where the smaller of the two jumps,
        one up and one down, is more than the limit (strict), else PASS; NOT_EVALUATED without a neighbour or a limit

    Notes
    -----
    The manual measures from the mean of the neighbours, |v - (earlier + later) / 2|: then the first and the last value
    of every steep rise is a spike of half its height, and a flash flood's onset is flagged by design.  The smaller of
    the two jumps is 0 for any rise or fall; ioos_qc calls it the method "differential".

    References
    ----------
    QARTOD Water Level v2.1 (2021), test 6 "spike test"; ioos_qc 3.0, `spike_test(method="differential")`.

    Examples
    --------
    >>> fifty, hundred = np.full(3, 50.0), np.full(3, 100.0)
    >>> earlier, later = np.array([580.0, 580.0, 580.0]), np.array([580.0, 600.0, 900.0])
    >>> spike(earlier, np.array([10.0, 660.0, 700.0]), later, fifty, hundred).tolist()
    [4, 3, 1]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        above, below = values - np.maximum(earlier, later), np.minimum(earlier, later) - values
    flags = graded(np.maximum(above, below), suspect, fail)
    flags[np.isnan(values)] = Quality.MISSING
    return flags
