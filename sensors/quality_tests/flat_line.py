"""QARTOD test 8: a value that has not moved for too long."""

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality
from sensors.quality_tests.grading import NO_LIMIT_US, flags_of
from sensors.times import NEVER


def flat_line(
    values: NDArray[np.float64],
    times_us: NDArray[np.int64],
    since_us: NDArray[np.int64],
    suspect_us: NDArray[np.int64],
    fail_us: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Flag values at the end of a run that has lasted too long.  `sensors.quality_tests.flat_runs` finds the runs.

    Parameters
    ----------
    values : ndarray, shape (n,), float64, unit of the datastream; NaN = missing
    times_us : ndarray, shape (n,), int64, phenomenon time, microseconds since the epoch (UTC)
    since_us : ndarray, shape (n,), int64, that of the first value of its run; `NEVER` = nothing to compare with
    suspect_us, fail_us : ndarray, shape (n,), int64, microseconds, > 0; `NO_LIMIT_US` = no such limit

    Returns
    -------
    flags : ndarray, shape (n,), uint8 (`Quality`): MISSING for NaN, SUSPECT or FAIL where the run has lasted as long as
        the limit (inclusive), else PASS; NOT_EVALUATED without a limit or anything to compare with

    Notes
    -----
    By duration in the datastream's own time, not by count as in the manual (3 and 5 equal values): a gauge that reads
    whole centimetres stands still for days in the dry season, and one that sends twice as often fails twice as soon.

    References
    ----------
    QARTOD Water Level v2.1 (2021), test 8 "flat line test"; ioos_qc 3.0, `flat_line_test`, takes durations, too.

    Examples
    --------
    >>> six, nine, since = np.full(3, 6), np.full(3, 9), np.zeros(3, np.int64)
    >>> flat_line(np.full(3, 580.0), np.array([5, 6, 9]), since, six, nine).tolist()
    [1, 3, 4]
    """
    lasted_us = times_us - since_us  # wraps around for NEVER, which is masked
    judged = (since_us != NEVER) & (np.minimum(suspect_us, fail_us) != NO_LIMIT_US)
    failed = (lasted_us >= fail_us) & judged
    flags = flags_of(judged, (lasted_us >= suspect_us) & judged | failed, failed)
    flags[np.isnan(values)] = Quality.MISSING
    return flags
