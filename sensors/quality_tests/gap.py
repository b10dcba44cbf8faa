"""QARTOD test 1: observations that should have come before this one, and did not."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality
from sensors.quality_tests.grading import NO_LIMIT_US
from sensors.times import NEVER

_NOT_EVALUATED: Final = np.uint8(Quality.NOT_EVALUATED)  # one less is PASS
_FROM_PASS_TO_MISSING: Final = np.uint8(Quality.MISSING - Quality.PASS)


def gap(times_us: NDArray[np.int64], previous_us: NDArray[np.int64], limit_us: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Flag observations before which others are missing.

    That nothing comes at all is silence: the detector's timers see it when it happens, this test only afterwards.

    Parameters
    ----------
    times_us : ndarray, shape (n,), int64, phenomenon time, microseconds since the epoch (UTC)
    previous_us : ndarray, shape (n,), int64, that of the observation before; `NEVER` = none
    limit_us : ndarray, shape (n,), int64, microseconds, > 0; `NO_LIMIT_US` = no limit

    Returns
    -------
    flags : ndarray, shape (n,), uint8 (`Quality`): MISSING where more time than the limit has passed (strict), else
        PASS; NOT_EVALUATED where there is none before or no limit, or where time went backward.  It says nothing of the
        value itself, so it takes no part in `rollup`, where MISSING would count least in any case.

    References
    ----------
    QARTOD Water Level v2.1 (2021), test 1 "timing/gap test": if NOW - TIM_STMP > TIM_INC, flag = 9.

    Examples
    --------
    >>> times, limit = np.array([60, 61, 61]), np.full(3, 60)
    >>> gap(times, np.array([0, 0, NEVER]), limit).tolist()
    [1, 9, 2]
    """
    step_us = times_us - previous_us  # wraps around for NEVER, which is masked
    judged = (step_us > 0) & (previous_us != NEVER) & (limit_us != NO_LIMIT_US)
    is_after = judged & (step_us > limit_us)
    flags: NDArray[np.uint8] = _NOT_EVALUATED - judged.view(np.uint8) + is_after.view(np.uint8) * _FROM_PASS_TO_MISSING
    return flags
