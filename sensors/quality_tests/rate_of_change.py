"""QARTOD test 7: a rise that is faster than water, air or traffic at this place can be."""

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality
from sensors.quality_tests.grading import flags_of
from sensors.times import HOUR_US


def rate_of_change(
    values: NDArray[np.float64],
    previous: NDArray[np.float64],
    step_us: NDArray[np.int64],
    rise_limit_per_h: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Flag rises that are faster than a fixed limit.  A fall passes: one that is too fast is the detector's to doubt.

    Parameters
    ----------
    values : ndarray, shape (n,), float64, unit of the datastream; NaN = missing
    previous : ndarray, shape (n,), float64, same unit: the value before; NaN = none near enough
    step_us : ndarray, shape (n,), int64, microseconds from the one to the other; > 0 where there is a value before
    rise_limit_per_h : ndarray, shape (n,), float64, same unit per hour, > 0; NaN = no limit

    Returns
    -------
    flags : ndarray, shape (n,), uint8 (`Quality`): MISSING for NaN, SUSPECT where the rise is faster than the limit
        (strict), else PASS; NOT_EVALUATED where there is no value before, no limit or no time between

    Notes
    -----
    The manual's own limit is three standard deviations of the last 25 hours.  A calm day makes them tiny, and the onset
    of every flash flood is suspect; a flood makes them huge, and nothing is.  So the limit is what the place allows,
    set by people, the same on both days.  Never FAIL: a rise that was never seen before is what this system is for.
    Judged as rise * hour > limit * step: products of round numbers are exact where a quotient is not.

    References
    ----------
    QARTOD Water Level v2.1 (2021), test 7 "rate of change test", of which only the flags are kept.

    Examples
    --------
    >>> tens = np.full(3, 600_000_000)
    >>> rate_of_change(np.array([520.0, 521.0, 10.0]), np.full(3, 500.0), tens, np.full(3, 120.0)).tolist()
    [1, 3, 1]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        climb, bound = (values - previous) * HOUR_US, rise_limit_per_h * step_us
    forward = step_us > 0
    bad = (climb > bound) & forward
    flags = flags_of((climb <= bound) & forward | bad, bad, np.zeros_like(bad))
    flags[np.isnan(values)] = Quality.MISSING
    return flags
