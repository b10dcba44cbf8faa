"""The flags of several tests as one: the worst wins."""

import numpy as np
from numpy.typing import NDArray

from sensors.quality import Quality


def rollup(flags: NDArray[np.uint8], more: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The worse of two flags.  A test that could not be evaluated leaves the other as it is.

    Parameters
    ----------
    flags, more : ndarray, shape (n,), uint8 (`Quality`), without unit; there is no NaN among flags

    Returns
    -------
    flags : ndarray, shape (n,), uint8 (`Quality`): by precedence, low to high, MISSING 9, NOT_EVALUATED 2, PASS 1,
        SUSPECT 3, FAIL 4.  Associative and commutative.

    References
    ----------
    QARTOD manuals' aggregate flag; the precedence is that of ioos_qc 3.0, `qartod_compare`.

    Examples
    --------
    >>> rollup(np.array([9, 2, 1, 3], np.uint8), np.array([2, 1, 3, 4], np.uint8)).tolist()
    [2, 1, 3, 4]
    """
    worst = np.maximum(_precedence(flags), _precedence(more))
    rolled_up: NDArray[np.uint8] = _swapped(worst) + (worst == 0).view(np.uint8) * _MISSING
    return rolled_up


_PASS, _NOT_EVALUATED, _MISSING = map(np.uint8, (Quality.PASS, Quality.NOT_EVALUATED, Quality.MISSING))


def _precedence(flags: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """9, 2, 1, 3, 4 -> 0, 1, 2, 3, 4.  Arithmetic of bytes: no table, no mask, many times faster than both."""
    precedence: NDArray[np.uint8] = _swapped(flags) * (flags != _MISSING).view(np.uint8)
    return precedence


def _swapped(flags: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """1 and 2 change places, others stay."""
    swapped: NDArray[np.uint8] = flags + (flags == _PASS).view(np.uint8) - (flags == _NOT_EVALUATED).view(np.uint8)
    return swapped
